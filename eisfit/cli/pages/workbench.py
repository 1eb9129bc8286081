"""What the workbench page asks for: read, fit, identify, track, simulate, report, export, session.

`handle` takes one JSON object and returns one. It knows nothing of a network and keeps nothing between two
questions: the local server of `eisfit view` and the browser build call the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.cli.pages.describe import describe_fit
from eisfit.cli.pages.files import build_report, export, read_files
from eisfit.cli.pages.html_report import compute_curve, make_item
from eisfit.cli.pages.questions import (
    MOST_PARAMETERS,
    Ask,
    check_question,
    complete_values,
    estimate_values,
    find_used_points,
    make_fit_options,
    select_free_values,
)
from eisfit.cli.pages.recipes import make_slider, write_command, write_python
from eisfit.cli.pages.session import open_session
from eisfit.errors import CircuitError, EisfitError, UsageError
from eisfit.model import COMMON
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.schema import ClosedModel, Field, validate
from eisfit.records import dataclass
from eisfit.spectra import WEIGHTING
from eisfit.spectra.axes import AXIS_UNITS
from eisfit.spectra.spectrum import Spectrum


@dataclass(frozen=True)
class Workbench:
    """How the page's questions are answered.

    Parameters
    ----------
    circuit
        One that is known under its name or string besides the catalogue: with the bounds, fixed values and
        expressions of the command line.
    named
        That circuit as the command line names it.
    arguments, circuit_arguments
        Further options of the command line, for the command that the page shows: of the data, and of that
        circuit alone.
    """

    circuit: Circuit | None = None
    named: str = ""
    arguments: tuple[str, ...] = ()
    circuit_arguments: tuple[str, ...] = ()

    def handle(self, request: Any) -> dict[str, Any]:
        """Answer a question; ``{"error": sentence}`` where it cannot be answered.

        Parameters
        ----------
        request
            A JSON object with ``op``, the name of an operation, and what that takes.
        """
        try:
            if not isinstance(request, Mapping):
                raise UsageError("the request is not a JSON object")
            name = request.get("op")
            if not isinstance(name, str) or name not in _OPERATIONS:
                raise UsageError(f"there is no operation {str(name)[:40]!r}: use {', '.join(_OPERATIONS)}")
            return _OPERATIONS[name](self, dict(request))
        except EisfitError as error:
            return {"error": str(error)}
        except RecursionError:
            return {"error": "the request is nested too deeply"}

    def page(
        self, spectra: Sequence[Spectrum], weighting: str = WEIGHTING, unread: Sequence[str] = ()
    ) -> str:
        """Return the page of `eisfit view`; each spectrum is fitted when it is looked at.

        `unread`: why other files could not be read.

        Raises
        ------
        UsageError
            Without a spectrum.
        """
        from eisfit.display.pages.workbench import build_workbench_page, group_measured
        from eisfit.display.report.names import tell_apart
        from eisfit.model.files.library import circuits

        if not spectra:
            raise UsageError("there is no spectrum to view")
        names = list(dict.fromkeys(s.name.partition("#")[0] for s in spectra))
        title = f"View {names[0]}" if len(names) == 1 else f"View {len(spectra)} spectra"
        documents = [spectrum.to_dict() for spectrum in spectra]
        named = tell_apart(documents)
        return build_workbench_page(
            [
                group_measured(label, [documents[k] for k in places], [named[k] for k in places])
                for label, places in _group(spectra)
            ],
            title=title,
            engine="server",
            circuits=[(name, find_circuit(name).title) for name in circuits()],
            first=self.circuit.name if self.circuit is not None else "",
            weighting=weighting,
            axes=AXIS_UNITS,
            unread=unread,
        )

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a circuit's parameters with bounds for sliders and values of the spectrum's size."""
        ask, spectrum = check_question(request)
        chosen = self.choose(ask.circuit or COMMON)
        from eisfit.model.drawing import draw_for_page

        size = float(np.median(np.abs(spectrum.impedance)))
        values = {**estimate_values(chosen, size), **select_free_values(chosen, ask.values)}
        return {
            "circuit": {"name": chosen.name, "string": chosen.string, "title": chosen.title},
            "drawing": draw_for_page(chosen.string),
            "parameters": [make_slider(p, values[name]) for name, p in chosen.parameters.items()],
        }

    def simulate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the circuit's curve for these values, and how far the data is from it."""
        ask, spectrum = check_question(request)
        chosen = self.choose(ask.circuit or COMMON)
        values = complete_values(chosen, ask.values)
        whole = {name: float(np.squeeze(value)) for name, value in chosen.resolve(values).items()}
        away = (spectrum.impedance - chosen.impedance(spectrum.frequency, values)) / np.abs(
            spectrum.impedance
        )
        used = find_used_points(ask, spectrum)
        return {
            "curve": compute_curve(spectrum, chosen, values),
            "residual_real_percent": (100 * away.real).tolist(),
            "residual_imag_percent": (100 * away.imag).tolist(),
            "rms_relative_residual": float(np.sqrt(np.mean(np.abs(away[used]) ** 2))),
            "values": whole,
            **self._write_recipes(ask, chosen, spectrum),
        }

    def fit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fit, from the values where they are given, the held ones fixed; blind without any.

        Without a circuit the data chooses it; `like` names one that served another spectrum, which is asked
        first.
        """
        from eisfit.fitting.fit import fit
        from eisfit.fitting.fit_alike import fit_like

        ask, whole = check_question(request)
        spectrum = whole.keep(find_used_points(ask, whole))
        chosen = None if ask.circuit is None else self.choose(ask.circuit)
        if chosen is None and ask.like is not None:
            result = fit_like(spectrum, self.choose(ask.like), weighting=ask.weighting)
        else:
            options = {} if chosen is None else make_fit_options(ask, chosen)
            result = fit(spectrum, chosen, weighting=ask.weighting, validate=True, **options)
        return {
            **describe_fit(result),
            **self._write_recipes(ask, result.circuit if chosen is None else chosen, whole),
        }

    def identify(self, request: dict[str, Any]) -> dict[str, Any]:
        """Rank circuits by what the data supports."""
        from eisfit.display.pages.entries import make_ranking
        from eisfit.fitting.identify.identify import identify

        ask, spectrum = check_question(request)
        found = identify(spectrum.keep(find_used_points(ask, spectrum)), weighting=ask.weighting)
        document = found.to_dict(data=False)
        return {"document": document, **make_ranking(document)}

    def track(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fit one circuit to all spectra in a row, with the laws that the parameters follow."""
        from eisfit.display.pages.entries import make_entry
        from eisfit.display.pages.trends import list_trends
        from eisfit.fitting.failure import FitFailure
        from eisfit.spectra.series import Series
        from eisfit.tracking.track import track

        ask = validate(request, _Track, "the request")
        spectra = tuple(Spectrum.from_dict(one) for one in ask.spectra)
        chosen = None if ask.circuit is None else self.choose(ask.circuit)
        found = track(Series(spectra), chosen, by=ask.by, weighting=ask.weighting)
        document = found.to_dict(data=False)
        results = [one.to_dict() for one in found]
        entries = [
            make_entry({"fit": d} if isinstance(r, FitFailure) else make_item(r))
            for r, d in zip(found, results, strict=True)
        ]
        return {"document": document, "results": results, "entries": entries, "trends": list_trends(document)}

    def choose(self, text: str) -> Circuit:
        """Return a circuit by name or string; the page opens no files.

        Raises
        ------
        CircuitError
            For another text, or more parameters than the page shows.
        """
        wanted = text.strip()
        if self.circuit is not None and wanted in (self.circuit.name, self.circuit.string):
            return self.circuit
        if wanted.lower().endswith(".toml") or any(letter in wanted for letter in "/\\"):
            raise CircuitError(
                "the page takes a circuit's name or string; name a file with eisfit view --circuit"
            )
        found = find_circuit(wanted)
        if len(found.names) > MOST_PARAMETERS:
            raise CircuitError(
                f"this circuit has {len(found.names)} parameters; the page shows {MOST_PARAMETERS}"
            )
        return found

    def _write_recipes(self, ask: Ask, chosen: Circuit, spectrum: Spectrum) -> dict[str, str]:
        """Return what repeats a fit in a shell, and in Python."""
        own = chosen is self.circuit
        name = (self.named if own else "") or chosen.name
        more = (*self.arguments, *(self.circuit_arguments if own else ()))
        start = {n: v for n, v in ask.values.items() if n not in ask.held}
        told = {
            "source": spectrum.source,
            "index": spectrum.index,
            "circuit": name,
            "weighting": ask.weighting,
            "masks": ask.masks,
            "range": ask.range,
            "start": start,
            "fix": {n: ask.values[n] for n in ask.held if n in ask.values},
        }
        return {"command": write_command(told, more), "python": write_python(told)}


def _group(spectra: Sequence[Spectrum]) -> list[tuple[str, list[int]]]:
    """Return the folders that spectra lie in, a cell each as a rule: their names, and whose they are."""
    from eisfit.display.report.names import tell_apart
    from eisfit.display.report.words import name_of

    found: dict[str, list[int]] = {}
    for k, spectrum in enumerate(spectra):
        found.setdefault(spectrum.source.replace("\\", "/").rpartition("/")[0], []).append(k)
    names = map(name_of, tell_apart([{"source": path or "spectra"} for path in found]))
    return list(zip(names, found.values(), strict=True))


class _Track(ClosedModel):
    op: str
    spectra: list[dict[str, Any]] = Field(min_length=1, max_length=5_000)
    circuit: str | None = Field(default=None, min_length=1, max_length=400)
    by: str | None = None
    weighting: str = WEIGHTING


_OPERATIONS: dict[str, Callable[[Workbench, dict[str, Any]], dict[str, Any]]] = {
    "read": lambda _, request: read_files(request),
    "circuit": Workbench.describe,
    "simulate": Workbench.simulate,
    "fit": Workbench.fit,
    "identify": Workbench.identify,
    "track": Workbench.track,
    "report": lambda _, request: build_report(request),
    "export": lambda _, request: export(request),
    "session": lambda _, request: open_session(request),
}

handle = Workbench().handle

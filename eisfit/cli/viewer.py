"""What the page of `eisfit view` asks for: circuits, curves, fits. It knows nothing of a network."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from eisfit.cli.html_report import fitted_curve, page_item
from eisfit.errors import CircuitError, EisfitError, UsageError
from eisfit.fitting.fit import fit
from eisfit.model.circuit import Circuit, CircuitParameter
from eisfit.model.library import circuit as find_circuit
from eisfit.model.library import circuits
from eisfit.schema import ClosedModel, Field, Limits, validate
from eisfit.spectra.spectrum import Spectrum

__all__ = ["Viewer"]

_MOST = 30  # parameters; more than anybody moves by hand
_DECADES = 1e3  # a slider reaches so many times up and down where the parameter has no bound
_DIGITS = 5  # of a start value, on the page and in the command


class _Ask(ClosedModel):
    """A request of the page; sizes are limited, other keys refused."""

    spectrum: int = Field(default=0, ge=0)
    circuit: str = Field(min_length=1, max_length=400)
    values: dict[str, Annotated[float, Limits(finite=True)]] = Field(default_factory=dict, max_length=_MOST)
    held: list[Annotated[str, Limits(max_length=80)]] = Field(default_factory=list, max_length=_MOST)


@dataclass(frozen=True)
class Viewer:
    """Spectra to look at, and how they are fitted.

    Parameters
    ----------
    spectra
        At least one; what shall not be fitted is left out already.
    circuit
        The first one shown, with the bounds, fixed values and expressions of the command line.
    named
        The circuit as the command line names it; its name or string where empty.
    weighting
        As for `eisfit.fit`.
    arguments, circuit_arguments
        Further options of the command line, for the command that the page shows: of the data, and of the
        first circuit alone.

    Raises
    ------
    UsageError
        Without a spectrum.
    """

    spectra: tuple[Spectrum, ...]
    circuit: Circuit
    named: str = ""
    weighting: str = "modulus"
    arguments: tuple[str, ...] = ()
    circuit_arguments: tuple[str, ...] = ()
    answers: Mapping[str, Callable[[Any], dict[str, Any]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.spectra:
            raise UsageError("there is no spectrum to view")
        answers = {"circuit": self.describe, "impedance": self.impedance, "fit": self.fit}
        object.__setattr__(self, "answers", answers)

    def page(self) -> str:
        """Return the page."""
        from eisfit.display.pages import view_page

        documents = [{"spectrum": s.summary(), "data": s.to_dict()["data"]} for s in self.spectra]
        known = [(name, find_circuit(name).title) for name in circuits()]
        return view_page(documents, known, self.circuit.name)

    def describe(self, request: Any) -> dict[str, Any]:
        """Return a circuit's parameters, bounds for the sliders, and the best fit's values to start from."""
        from eisfit.display.pages import drawing

        ask = _checked(request)
        spectrum, chosen = self._spectrum(ask), self._circuit(ask.circuit)
        values, note = self._start(spectrum, chosen)
        rows = [_slider(p, values[name]) for name, p in chosen.parameters.items()]
        named: dict[str, str | None] = {"name": chosen.name, "string": chosen.string, "title": chosen.title}
        named["drawing"] = drawing(chosen.string)
        return {"circuit": named, "parameters": rows, "note": note}

    def impedance(self, request: Any) -> dict[str, Any]:
        """Return the circuit's curve for these values, and how far the data is from it."""
        ask = _checked(request)
        spectrum, chosen = self._spectrum(ask), self._circuit(ask.circuit)
        values = _values(chosen, ask.values)
        z = chosen.impedance(spectrum.frequency, values)
        away = (spectrum.impedance - z) / np.abs(spectrum.impedance)
        whole = {name: float(np.squeeze(value)) for name, value in chosen.resolve(values).items()}
        return {
            "curve": fitted_curve(spectrum, chosen, values),
            "residual_real_percent": (100 * away.real).tolist(),
            "residual_imag_percent": (100 * away.imag).tolist(),
            "rms_relative_residual": float(np.sqrt(np.mean(np.abs(away) ** 2))),
            "values": whole,
            "command": self._command(ask, chosen),
        }

    def fit(self, request: Any) -> dict[str, Any]:
        """Fit from these values, the held ones fixed, and return what the page shows and saves of it."""
        from eisfit.display.pages import entry

        ask = _checked(request)
        spectrum, chosen = self._spectrum(ask), self._circuit(ask.circuit)
        values = _values(chosen, ask.values)
        chosen.check_names(ask.held)
        fixed = {name: values[name] for name in ask.held if name in values}
        start = {name: value for name, value in values.items() if name not in fixed}
        result = fit(
            spectrum, chosen, weighting=self.weighting, start=start, fix=fixed or None, validate=True
        )
        return {
            "entry": entry(page_item(result)),
            "values": result.values,
            "document": {"schema": "eisfit.fit/2", "results": [result.to_dict()]},
            "command": self._command(ask, chosen),
        }

    def _spectrum(self, ask: _Ask) -> Spectrum:
        if ask.spectrum >= len(self.spectra):
            raise UsageError(f"there is no spectrum {ask.spectrum}: there are {len(self.spectra)}")
        return self.spectra[ask.spectrum]

    def _circuit(self, text: str) -> Circuit:
        """Return a circuit by name or string; the page opens no files."""
        wanted = text.strip()
        if wanted in (self.circuit.name, self.circuit.string):
            return self.circuit
        if wanted.lower().endswith(".toml") or any(letter in wanted for letter in "/\\"):
            raise CircuitError(
                "the page takes a circuit's name or string; name a file with eisfit view --circuit"
            )
        chosen = find_circuit(wanted)
        if len(chosen.names) > _MOST:
            raise CircuitError(f"this circuit has {len(chosen.names)} parameters; the page shows {_MOST}")
        return chosen

    def _start(self, spectrum: Spectrum, chosen: Circuit) -> tuple[dict[str, float], str]:
        """Return the blind fit's values, or, where there is none, values of the spectrum's size."""
        try:
            return fit(spectrum, chosen, weighting=self.weighting).values, ""
        except EisfitError as error:
            size = float(np.median(np.abs(spectrum.impedance)))
            return _plain_values(chosen, size), f"no fit to start from: {error}"

    def _command(self, ask: _Ask, chosen: Circuit) -> str:
        """Return the line that repeats this fit in a shell."""
        own = chosen is self.circuit
        source = self.spectra[ask.spectrum].source
        words = ["eisfit", "fit", "-" if source == "<stdin>" else source]
        words += ["--circuit", (self.named if own else "") or chosen.name]
        words += [*self.arguments, *(self.circuit_arguments if own else ())]
        if self.weighting != "modulus":
            words += ["--weighting", self.weighting]
        for name, value in _values(chosen, ask.values).items():
            words += ["--fix" if name in ask.held else "--start", f"{name}={value!r}"]
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _checked(request: Any) -> _Ask:
    if not isinstance(request, dict):
        raise UsageError("the request is not a JSON object")
    return validate(request, _Ask, "the request")


def _values(chosen: Circuit, given: Mapping[str, float]) -> dict[str, float]:
    """Return the values of the free parameters, the circuit's fixed and tied ones left out.

    Raises
    ------
    ParameterError
        For a name that the circuit has not, or a value outside its bounds.
    """
    chosen.check_names(given)
    free = {name: float(value) for name, value in given.items() if chosen.parameters[name].free}
    chosen.constrain(start=free)
    return free


def _slider(p: CircuitParameter, value: float) -> dict[str, Any]:
    """Return a parameter as the page shows it; `low` and `high` are the slider's ends."""
    shown = _rounded(min(max(value, p.min), p.max))
    if p.scale == "log":
        base = shown if shown > 0 else 1e-6
        low, high = max(p.min, base / _DECADES), min(p.max, base * _DECADES)
    else:
        reach = 10 * abs(shown) or 1.0
        low, high = max(p.min, shown - reach), min(p.max, shown + reach)
    mode = "tied" if p.expr else "free" if p.vary else "fixed"
    return {"name": p.name, "unit": p.unit, "describe": p.describe, "value": shown, "low": low, "high": high,
            "min": p.min, "max": p.max, "scale": p.scale, "mode": mode, "expr": p.expr}  # fmt: skip


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _plain_values(chosen: Circuit, size: float) -> dict[str, float]:
    """Return values to begin with: resistances of the spectrum's size, exponents near 1, times near 1 s."""
    guesses = {"ohm": size, "": 0.9, "s": 1.0, "ohm s^-1/2": size}
    rows = chosen.parameters.items()
    return {n: p.value if p.value is not None else min(max(guesses.get(p.unit, 1e-4), p.min), p.max)
            for n, p in rows}  # fmt: skip

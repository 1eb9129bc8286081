"""The same circuit, cycle after cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np

from eisfit.display.progress import Progress, steps
from eisfit.errors import UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.library import circuit as find_circuit
from eisfit.spectra.given import spectra_of
from eisfit.spectra.series import CycleSeries
from eisfit.spectra.spectrum import Spectrum
from eisfit.tracking.identity import Candidate, Features, cheapest_path
from eisfit.tracking.jumps import judge_jumps
from eisfit.tracking.series_fits import FINISH, Fits
from eisfit.tracking.series_result import SeriesResult

__all__ = ["track"]


def track(
    series: CycleSeries | Iterable[Any] | str | PathLike[str],
    circuit: str | PathLike[str] | Circuit,
    *,
    joint: Mapping[str, str] | None = None,
    strength: float | Mapping[str, float] | None = None,
    finish: str = "kernel",
    progress: Progress = None,
    **options: Any,
) -> SeriesResult:
    """Fit a circuit to every spectrum of a series.

    Each spectrum is started blind; then what the cycles around it lead to, and its optima with their arcs
    exchanged, are tried as well, until nothing better is found anywhere (see `eisfit.tracking.optima`). The
    path
    through the series that explains the data best and moves least is taken (see `eisfit.tracking.identity`):
    one
    cycle's bad luck with start values does not show, a clearly better optimum always wins, and the SEI arc
    stays the SEI arc. What jumps, merges or would continue better when exchanged is flagged.

    Parameters
    ----------
    series
        From `eisfit.read_series`, or what it reads (a folder, a list of files), or any spectra, each in
        a form that `eisfit.fit` takes.
    circuit
        As for `eisfit.fit`.
    joint
        Parameter -> ``shared`` (one value for all cycles), ``smooth`` (over the cycles) or ``free``: all
        cycles are then fitted once more, at once; see `eisfit.tracking.joint.joint`.
    strength
        Of smoothness, for all smooth parameters or by name; None: chosen by cross-validation.
    finish
        ``kernel`` (default): the batched solver's optimum, with errors from the exact Jacobian; ``lmfit``:
        every fit is finished in lmfit, which gives the same numbers and lmfit's objects, ten times slower.
    progress
        None: a bar in a notebook; True: in a terminal too; or a function; see `eisfit.display.progress`.
    **options
        Passed to `eisfit.fit`: weighting, fix, start, bound, expr, params, fmin, fmax, seed.

    Raises
    ------
    UsageError
        For an unknown circuit, parameter or option. A spectrum that cannot be fitted is a `FitFailure` in
        its place.
    """
    if finish not in FINISH:
        raise UsageError(f"no finish is called {finish!r}; use {' or '.join(FINISH)}")
    chosen = find_circuit(circuit).constrain(
        **{key: options.pop(key) for key in ("fix", "start", "bound", "expr", "params") if key in options}
    )
    series = spectra_of(series)
    unread = tuple(getattr(series, "failures", ()))
    spectra = list(series)
    with steps("tracking", 3 if joint else 2, progress) as done:
        fits = Fits.of(spectra, chosen, options, finish)
        done()
        results, told = _identified(fits, chosen)
        done()
        failures = [FitFailure(failure.source, failure.error) for failure in unread]
        tracked = SeriesResult(
            circuit=chosen,
            results=(*results, *failures),
            label=getattr(series, "label", ""),
            notes=(*getattr(series, "notes", ()), *told, *_simulated(spectra)),
        )
        if joint:
            tracked = tracked.fit_jointly(joint, strength=strength)
            done()
        return tracked


def _simulated(spectra: list[Spectrum]) -> list[str]:
    count = sum(bool(spectrum.metadata.get("simulated")) for spectrum in spectra)
    return [f"simulated: {count} of {len(spectra)} spectra are simulated, not measured"] if count else []


def _identified(fits: Fits, circuit: Circuit) -> tuple[list[FitResult | FitFailure], list[str]]:
    """Return what became of every spectrum along the cheapest path, and a note of what was replaced."""
    made = fits.results([row[0] for row in fits.candidates])
    lost = {k: one for k, one in enumerate(made) if isinstance(one, FitFailure)}
    places = [k for k in range(len(made)) if k not in lost]
    best = [one for one in made if isinstance(one, FitResult)]
    features = Features(circuit)
    if len(best) < 2 or not features.names:
        return fits.in_places(best, lost), []
    found = [fits.candidates[k] for k in places]
    errors = np.array([features.errors(fit) for fit in best])
    path = cheapest_path(found, errors, fits.nfree[places])
    chosen = [row[k] for row, k in zip(found, path, strict=True)]
    moved = [k for k, step in enumerate(path) if step]
    again = fits.results([chosen[k] for k in moved], [places[k] for k in moved])
    for k, one in zip(moved, again, strict=True):
        best[k] = one if isinstance(one, FitResult) else best[k]
    return fits.in_places(judge_jumps(best, features), lost), _replaced(best, chosen)


def _replaced(fits: list[FitResult], chosen: list[Candidate]) -> list[str]:
    replaced = [fit.spectrum for fit, one in zip(fits, chosen, strict=True) if not one.blind]
    # In nearly every cycle it says nothing of any of them: the circuit has optima that are as good.
    if not replaced or len(replaced) > len(fits) / 2:
        return []
    places = [spectrum.cycle if spectrum.cycle is not None else spectrum.index for spectrum in replaced]
    shown = ", ".join(f"{place:g}" for place in places[:8]) + (", ..." if len(places) > 8 else "")
    where = f"{len(places)} of {len(fits)} cycles: {shown}"
    return [f"neighbours led to another optimum than the blind fit at {where}"]

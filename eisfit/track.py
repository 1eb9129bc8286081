"""The same circuit, cycle after cycle."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from os import PathLike
from typing import Any

from eisfit.circuit import Circuit
from eisfit.fit import fit, fit_or_failure
from eisfit.library import circuit as find_circuit
from eisfit.result import FitFailure, FitResult
from eisfit.series import CycleSeries
from eisfit.series_result import SeriesResult
from eisfit.spectrum import Spectrum

__all__ = ["track"]

_BETTER = 1e-6  # relative fall of chisqr that makes a neighbour's start the better one


def track(
    series: CycleSeries | Iterable[Spectrum], circuit: str | PathLike[str] | Circuit, **options: Any
) -> SeriesResult:
    """Fit a circuit to every spectrum of a series.

    Each spectrum is fitted blind, then once more from the values of the cycle before and after it; the
    lowest chisqr wins, so that one cycle's bad luck with start values does not show as a jump.

    Parameters
    ----------
    series
        From `eisfit.read_series`, or any spectra.
    circuit
        As for `eisfit.fit`.
    **options
        Passed to `eisfit.fit`: weighting, fix, bound, expr, fmin, fmax, seed.

    Raises
    ------
    UsageError
        For an unknown circuit, parameter or option. A spectrum that cannot be fitted is a `FitFailure` in
        its place.
    """
    chosen = find_circuit(circuit).constrain(
        **{key: options.pop(key) for key in ("fix", "start", "bound", "expr") if key in options}
    )
    unread = tuple(getattr(series, "failures", ()))
    spectra = list(series)
    first = [fit_or_failure(spectrum, chosen, **options) for spectrum in spectra]
    fits = [result for result in first if isinstance(result, FitResult)]
    second = iter(_from_neighbours(fits, chosen, options))
    results = [next(second) if isinstance(result, FitResult) else result for result in first]
    failures = [FitFailure(failure.source, failure.error) for failure in unread]
    return SeriesResult(
        circuit=chosen,
        results=(*results, *failures),
        label=getattr(series, "label", ""),
        notes=(*getattr(series, "notes", ()), *_simulated(spectra)),
    )


def _simulated(spectra: list[Spectrum]) -> list[str]:
    count = sum(bool(spectrum.metadata.get("simulated")) for spectrum in spectra)
    return [f"simulated: {count} of {len(spectra)} spectra are simulated, not measured"] if count else []


def _from_neighbours(fits: list[FitResult], circuit: Circuit, options: dict[str, Any]) -> list[FitResult]:
    """Return the fits, each replaced where a neighbour's values lead to a lower chisqr."""
    best = list(fits)
    for order in (range(1, len(best)), range(len(best) - 2, -1, -1)):
        step = 1 if order.step > 0 else -1
        for k in order:
            best[k] = _better(best[k], best[k - step], circuit, options)
    return best


def _better(current: FitResult, neighbour: FitResult, circuit: Circuit, options: dict[str, Any]) -> FitResult:
    start = {name: p.value for name, p in neighbour.parameters.items() if p.vary}
    again = fit(current.spectrum, circuit, start=start, **options)
    lower = again.statistics.chisqr < current.statistics.chisqr * (1 - _BETTER)
    return dataclasses.replace(again, circuit=circuit) if lower else current

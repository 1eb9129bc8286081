"""The same circuit, cycle after cycle."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np

from eisfit.circuit import Circuit
from eisfit.fit import fit, fit_or_failure
from eisfit.identity import Candidate, Features, candidates, cheapest_path
from eisfit.joint import Joint, joint_fit
from eisfit.jumps import judged
from eisfit.library import circuit as find_circuit
from eisfit.result import FitFailure, FitResult
from eisfit.series import CycleSeries
from eisfit.series_result import SeriesResult
from eisfit.spectrum import Spectrum

__all__ = ["track"]

_ALREADY_LEFT_OUT = ("drop", "drop_inductive", "fmin", "fmax")  # in the spectrum of a finished fit


def track(
    series: CycleSeries | Iterable[Spectrum],
    circuit: str | PathLike[str] | Circuit,
    *,
    joint: Mapping[str, str] | None = None,
    strength: float | Mapping[str, float] | None = None,
    **options: Any,
) -> SeriesResult:
    """Fit a circuit to every spectrum of a series.

    Each spectrum is fitted blind; then what the cycles before and after it lead to, and the blind optimum
    with its arcs exchanged, are tried as well. The path through the series that explains the data best and
    moves least is taken (see `eisfit.identity`): one cycle's bad luck with start values does not show, a
    clearly better optimum always wins, and the SEI arc stays the SEI arc. What jumps, merges or would
    continue better when exchanged is flagged.

    Parameters
    ----------
    series
        From `eisfit.read_series`, or any spectra.
    circuit
        As for `eisfit.fit`.
    joint
        Parameter -> ``shared`` (one value for all cycles), ``smooth`` (over the cycles) or ``free``: all
        cycles are then fitted once more, at once; see `eisfit.joint`.
    strength
        Of smoothness, for all smooth parameters or by name; None: chosen by cross-validation.
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
    second, told = _identified(fits, chosen, options)
    told_of_joint: Joint | None = None
    if joint and second:
        together, told_of_joint = joint_fit(second, chosen, joint, strength=strength)
        second = judged(together, Features(chosen))
        told = [*told, *told_of_joint.notes]
    followed = iter(second)
    results = [next(followed) if isinstance(result, FitResult) else result for result in first]
    failures = [FitFailure(failure.source, failure.error) for failure in unread]
    return SeriesResult(
        circuit=chosen,
        results=(*results, *failures),
        label=getattr(series, "label", ""),
        notes=(*getattr(series, "notes", ()), *told, *_simulated(spectra)),
        joint=told_of_joint,
    )


def _simulated(spectra: list[Spectrum]) -> list[str]:
    count = sum(bool(spectrum.metadata.get("simulated")) for spectrum in spectra)
    return [f"simulated: {count} of {len(spectra)} spectra are simulated, not measured"] if count else []


def _identified(
    fits: list[FitResult], circuit: Circuit, options: dict[str, Any]
) -> tuple[list[FitResult], list[str]]:
    """Return the fits along the cheapest path, with the series' flags, and a note of what was replaced."""
    features = Features(circuit)
    if len(fits) < 2 or not features.names:
        return fits, []
    # The result may carry bounds of its own; neighbours are tried within the series' bounds.
    found = candidates([dataclasses.replace(fit, circuit=circuit) for fit in fits], features)
    errors = np.array([features.errors(fit) for fit in fits])
    nfree = np.array([max(fit.statistics.nfree, 1) for fit in fits], dtype=float)
    path = cheapest_path(found, errors, nfree)
    chosen = [row[k] for row, k in zip(found, path, strict=True)]
    again = [fit if c.blind else _from(fit, c, circuit, options) for fit, c in zip(fits, chosen, strict=True)]
    replaced = [fit for fit, c in zip(again, chosen, strict=True) if not c.blind]
    return judged(again, features), _replaced(replaced, len(fits))


def _from(current: FitResult, better: Candidate, circuit: Circuit, options: dict[str, Any]) -> FitResult:
    values = dict(zip(circuit.names, better.values.tolist(), strict=True))
    start = {name: min(max(values[name], p.min), p.max) for name, p in circuit.parameters.items() if p.free}
    left = {key: value for key, value in options.items() if key not in _ALREADY_LEFT_OUT}
    return dataclasses.replace(fit(current.spectrum, circuit, start=start, **left), circuit=circuit)


def _replaced(fits: list[FitResult], total: int) -> list[str]:
    if not fits:
        return []
    places = [fit.spectrum.cycle if fit.spectrum.cycle is not None else fit.spectrum.index for fit in fits]
    shown = ", ".join(f"{place:g}" for place in places[:8]) + (", ..." if len(places) > 8 else "")
    return [f"neighbours led to another optimum than the blind fit at {len(fits)} of {total} cycles: {shown}"]

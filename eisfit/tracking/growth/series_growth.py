"""Growth of the parameters of a tracked series, from values that do not lean on each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import FitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.tracking.growth.growth import Growth, fit_growth
from eisfit.tracking.joint.joint import Joint

__all__ = ["growth_of", "growths"]

Results = Sequence[FitResult | FitFailure]

_BAND_POINTS = 25


def growth_of(
    results: Results,
    circuit: Circuit,
    joint: Joint | None,
    name: str,
    *,
    law: str = "auto",
    over: str = "cycle",
) -> Growth:
    """Return how fast a parameter grows; see `SeriesResult.growth`.

    Raises
    ------
    UsageError
        For an unknown law or axis.
    FitError
        When fewer than two cycles have a trustworthy value, or all share one.
    """
    if over not in ("cycle", "time", "index"):
        raise UsageError(f"growth over {over!r}: say cycle, time or index")
    fits = [one for one in results if isinstance(one, FitResult)]
    values, errors = _independent(fits, joint, name)
    usable = [fit.ok and fit[name].verdict in ("determined", "fixed") for fit in fits]
    rows = np.array(usable, dtype=bool) & (errors > 0)
    unit = circuit.parameters[name].unit
    return fit_growth(_places(fits, over)[rows], values[rows], errors[rows], name=name, unit=unit, law=law)


def growths(results: Results, circuit: Circuit, joint: Joint | None) -> dict[str, Any]:
    """Return the growth of every positive free parameter that has one, as a document with its band."""
    found = {}
    over = "index" if _is_unnumbered(results) else "cycle"
    for name, p in circuit.parameters.items():
        if p.free and p.scale == "log":
            try:
                growth = growth_of(results, circuit, joint, name, over=over)
            except FitError:
                continue  # fewer than two usable cycles, or one value for all: there is no growth to tell
            places = np.linspace(growth.first, growth.last, _BAND_POINTS)
            found[name] = {**growth.to_dict(), "over": over, "band": growth.band(places).to_dict()}
    return found


def _is_unnumbered(results: Results) -> bool:
    """Return whether these are the spectra of one file in their order, without cycle numbers."""
    spectra = [one.spectrum for one in results if isinstance(one, FitResult)]
    places = {(spectrum.source, spectrum.index) for spectrum in spectra}
    ordered = len({source for source, _ in places}) == 1 and len(places) == len(spectra)
    return ordered and all(spectrum.cycle is None for spectrum in spectra)


def _independent(fits: Sequence[FitResult], joint: Joint | None, name: str) -> tuple[FloatArray, FloatArray]:
    """Return values and errors (N,) of one parameter that do not lean on other cycles; NaN if unknown.

    The errors are the noise's: what a circuit that is only nearly true adds is common to the cycles of a
    cell, and no part of their differences.
    """
    mode = "free" if joint is None else joint.modes.get(name, "free")
    if mode == "shared":
        raise FitError(f"{name}: all cycles share one value, which does not grow")
    columns: tuple[Sequence[float | None], Sequence[float | None]]
    columns = [fit[name].value for fit in fits], [fit[name].stderr_noise for fit in fits]
    if joint is not None and mode == "smooth":
        columns = joint.alone[name], joint.alone[f"{name}_stderr"]
    return np.array(columns[0], dtype=float), np.array(columns[1], dtype=float)


def _places(fits: Sequence[FitResult], over: str) -> FloatArray:
    """Return the cycles (N,) of some fits, or their times from the first spectrum on; NaN where unknown."""
    if over == "index":
        return np.array([fit.spectrum.index for fit in fits], dtype=float)
    if over == "cycle":
        return np.array([fit.spectrum.cycle for fit in fits], dtype=float)
    times = np.array([fit.spectrum.time_s for fit in fits], dtype=float)
    return times - np.nanmin(times) if np.isfinite(times).any() else times

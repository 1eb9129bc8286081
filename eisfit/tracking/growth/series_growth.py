"""Growth of the parameters of a tracked series, from values that do not lean on each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import FitError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.spectra.axes import axis_of, axis_values
from eisfit.tracking.growth.growth import Growth, fit_growth
from eisfit.tracking.growth.values import unit_of, usable_values
from eisfit.tracking.joint.joint import Joint

__all__ = ["growth_of", "growths"]

Results = Sequence[FitResult | FitFailure]


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
    fits = [one for one in results if isinstance(one, FitResult)]
    if joint is not None and joint.modes.get(name) == "shared":
        raise FitError(f"{name}: all cycles share one value, which does not grow")
    values, errors = usable_values(fits, joint, name)
    unit = unit_of(circuit, name)
    return fit_growth(_places(fits, over), values, errors, name=name, unit=unit, law=law)


def growths(results: Results, circuit: Circuit, joint: Joint | None, axis: str = "cycle") -> dict[str, Any]:
    """Return the growth of every positive free parameter that has one, as a document with its band."""
    found = {}
    over = "index" if axis == "cycle" and _is_unnumbered(results) else axis
    for name, p in circuit.parameters.items():
        if p.free and p.scale == "log":
            try:
                growth = growth_of(results, circuit, joint, name, over=over)
            except FitError:
                continue  # fewer than two usable cycles, or one value for all: there is no growth to tell
            found[name] = growth.document_over(over)
    return found


def _is_unnumbered(results: Results) -> bool:
    """Return whether these are the spectra of one file in their order, without cycle numbers."""
    spectra = [one.spectrum for one in results if isinstance(one, FitResult)]
    places = {(spectrum.source, spectrum.index) for spectrum in spectra}
    ordered = len({source for source, _ in places}) == 1 and len(places) == len(spectra)
    return ordered and all(spectrum.cycle is None for spectrum in spectra)


def _places(fits: Sequence[FitResult], over: str) -> FloatArray:
    """Return the cycles (N,) of some fits, or their times from the first spectrum on; NaN where unknown."""
    if over == "index":
        return np.array([fit.spectrum.index for fit in fits], dtype=float)
    values = axis_values((fit.spectrum for fit in fits), axis_of(over))
    if over != "time":
        return values
    return values - np.nanmin(values) if np.isfinite(values).any() else values

"""What is given as a series, in the order of its axes, and where each of it stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.spectra.axes import Axis, find_axis_value
from eisfit.spectra.given import to_spectra
from eisfit.spectra.series import Series
from eisfit.spectra.spectrum import Spectrum


def place_in_order(source: Any, by: str | Sequence[str] | None) -> tuple[list[Any], Series]:
    """Return what is given, in the order of its axes, and the series that it is (or would be).

    Parameters
    ----------
    source
        A series, what `eisfit.read_series` takes, or spectra, fits and failures.
    by
        One axis or two; None: those of the series, or the order as it is.

    Raises
    ------
    UsageError
        For one spectrum, or an axis that none of them knows.
    """
    given = to_spectra(source)
    if isinstance(given, Series):
        series = given if by is None else given.along(by)
        return list(series), series
    rows = list(given)
    if by is None:
        return rows, Series(())
    spectra = [row.spectrum if isinstance(row, FitResult) else row for row in rows]
    series = Series(tuple(row for row in spectra if isinstance(row, Spectrum))).along(by)
    return [*series, *(row for row in rows if isinstance(row, FitFailure))], series


def locate(one: Any, axis: Axis) -> float | None:
    """Return where a spectrum, a fit or a failure stands on an axis; None where it does not say."""
    if isinstance(one, FitFailure):
        return one.cycle if axis.name == "cycle" else None
    return find_axis_value(one.spectrum if isinstance(one, FitResult) else one, axis)

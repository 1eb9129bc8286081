"""Spectra of a system that changes while it is measured: interpolated in time to one moment for each sweep.

A sweep takes minutes, and its lowest frequencies are measured when the state is no longer that of the
highest. Where sweeps follow each other, every frequency has been measured before and after, and a spline over
time gives what it would have been at the middle of each sweep (Z. B. Stoynov, B. S. Savova-Stoynov,
J. Electroanal. Chem. 183 (1985) 133). The spline goes through ln|Z| and the phase: what grows by a share in
each sweep, as a film or an activated resistance does, is a straight line there, and where |Z| changes little
both ways agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import EisfitError, SpectrumError, UsageError
from eisfit.records import DRIFT_SCHEMA, dataclass
from eisfit.spectra.given import to_spectra
from eisfit.spectra.series import Series
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig import check_once
from eisfit.validation.points import FEWEST

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd

_SAME = 1e-3  # largest relative difference of frequencies that are one
_LEAST = 3  # sweeps: one before and one after


@dataclass(frozen=True)
class Correction:
    """What became of one sweep.

    Attributes
    ----------
    source, index
        Where it came from.
    moment
        s, the middle of the sweep, to which its points were interpolated.
    largest_change
        Of a point, fraction of |Z|.
    residual_before, residual_after
        Root mean square of the Kramers-Kronig test's residual, fraction of |Z|.
    ok_before, ok_after
        Whether it passes the test.
    """

    source: str
    index: int
    moment: float
    largest_change: float
    residual_before: float
    residual_after: float
    ok_before: bool
    ok_after: bool


@dataclass(frozen=True, eq=False, repr=False)
class DriftCorrection:
    """A series whose sweeps were interpolated to one moment each.

    Attributes
    ----------
    series
        The corrected spectra: all but the first and the last, which lack a sweep before or after.
    rows
        What became of each.
    """

    series: Series
    rows: tuple[Correction, ...]

    @property
    def summary(self) -> str:
        """What was done, in one sentence."""
        return _summarise(self.rows)

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return a JSON-ready document; without `data` it lacks the corrected spectra."""
        rows = [vars(row) for row in self.rows]
        document: dict[str, Any] = {"schema": DRIFT_SCHEMA, "summary": self.summary, "rows": rows}
        return {**document, "series": self.series.to_dict()} if data else document

    def to_frame(self) -> pd.DataFrame:
        """Return one row a sweep."""
        import pandas as pd

        return pd.DataFrame([vars(row) for row in self.rows])

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__


def correct_drift(series: Series | str | PathLike[str] | Iterable[Spectrum]) -> DriftCorrection:
    """Interpolate the points of every sweep to the middle of it, from the sweeps before and after.

    Each frequency that all sweeps share is interpolated by a cubic spline over time, ln|Z| and phase each;
    the noise, where known, goes with it. Neighbouring corrected spectra share some of their points'
    noise, and a change that is fast against the time from sweep to sweep is not seen. The Kramers-Kronig test
    is made before and after; smooth drift below 2 % it does not see.

    Parameters
    ----------
    series
        Sweeps of one cell, one after the other, whose points have `times`: what `eisfit.read_series` returns,
        or takes, or spectra.

    Raises
    ------
    UsageError
        With fewer than three sweeps.
    SpectrumError
        Where points have no times, times do not go on from sweep to sweep, or frequencies differ.

    Examples
    --------
    >>> f = np.logspace(4, 0, 13)
    >>> t = np.linspace(0, 60, 13)
    >>> def sweep(start):
    ...     r = 10 + (start + t) / 100  # grows by 0.6 ohm in a sweep
    ...     return Spectrum(f, 1 + r / (1 + 2j * np.pi * f * r * 1e-4), times=start + t)
    >>> done = correct_drift([sweep(60.0 * k) for k in range(5)])
    >>> truth = 10 + 90 / 100  # at the middle of the second sweep
    >>> bool(abs(done.series[0].impedance[-1].real - 1 - truth) < 0.01)
    True
    """
    listed = to_spectra(series)
    given = listed if isinstance(listed, Series) else Series(tuple(listed))
    sweeps = _sort_by_time(given)
    frequency, columns = _find_shared(sweeps)
    times = np.array([_get_times(s)[c] for s, c in zip(sweeps, columns, strict=True)])
    logarithms = _compute_logarithms(np.array([s.impedance[c] for s, c in zip(sweeps, columns, strict=True)]))
    middles = np.array([(_get_times(s).min() + _get_times(s).max()) / 2 for s in sweeps])
    weights = np.stack([_compute_weights(times[:, j], middles[1:-1]) for j in range(frequency.size)])
    moved = np.exp(np.einsum("jmn,nj->mj", weights, logarithms))
    corrected, rows = [], []
    for k, (one, z) in enumerate(zip(sweeps[1:-1], moved, strict=True), 1):
        kept = one.replace(**_select_columns(one, columns[k]))
        relative = _compute_relative_noise(sweeps, columns, weights[:, k - 1])
        done = _make_corrected(kept, z, None if relative is None else relative * np.abs(z), float(middles[k]))
        corrected.append(done)
        rows.append(_make_row(kept, done, float(middles[k])))
    notes = (*given.notes, _summarise(rows))
    return DriftCorrection(
        Series(tuple(corrected), given.failures, given.label, notes, given.axes), tuple(rows)
    )


def _summarise(rows: Sequence[Correction]) -> str:
    before, after = (
        100 * float(np.median([getattr(row, f"residual_{when}") for row in rows]))
        for when in ("before", "after")
    )
    passed = [sum(getattr(row, f"ok_{when}") for row in rows) for when in ("before", "after")]
    largest = 100 * max(row.largest_change for row in rows)
    return (
        f"drift: each point of {len(rows)} sweeps was interpolated over time to the middle of its "
        f"sweep (by up to {largest:.2g} % of |Z|); median Kramers-Kronig residual {before:.2g} % before, "
        f"{after:.2g} % after; {passed[0]} passed before, {passed[1]} after; the first and the last "
        "sweep lack one before or after, and are left out"
    )


def _sort_by_time(series: Series) -> list[Spectrum]:
    """Return the sweeps in the order of their times; they must follow each other."""
    if len(series) < _LEAST:
        raise UsageError(
            f"drift is interpolated from the sweeps before and after: {len(series)} are too few, 3 the least"
        )
    for one in series:
        _get_times(one)
    sweeps = sorted(series, key=lambda one: float(_get_times(one).min()))
    for before, after in pairwise(sweeps):
        if _get_times(after).min() < _get_times(before).max():
            raise SpectrumError(
                f"{before.name} and {after.name} overlap in time: drift needs sweeps one after the other, on "
                "one clock; where each file's times start anew, put them in one file or add each one's start"
            )
    return sweeps


def _get_times(spectrum: Spectrum) -> FloatArray:
    if spectrum.times is None:
        raise SpectrumError(
            f"{spectrum.name}: its points have no times of their own, so drift within the sweep cannot be "
            "interpolated: export a time column (s), or give Spectrum(..., times=)"
        )
    return spectrum.times


def _find_shared(sweeps: Sequence[Spectrum]) -> tuple[FloatArray, list[Any]]:
    """Return the frequencies that all sweeps share, and their places in each."""
    wanted = np.log(sweeps[0].frequency)
    nearest = [np.argmin(np.abs(np.log(s.frequency)[:, np.newaxis] - wanted), axis=0) for s in sweeps]
    same = [np.abs(np.log(s.frequency)[c] - wanted) < _SAME for s, c in zip(sweeps, nearest, strict=True)]
    common = np.logical_and.reduce(same)
    if common.sum() < FEWEST:
        raise SpectrumError(
            f"the sweeps share {int(common.sum())} frequencies, and drift is interpolated at each: measure "
            f"the same frequencies in all (at least {FEWEST})"
        )
    return sweeps[0].frequency[common], [c[common] for c in nearest]


def _compute_weights(times: FloatArray, moments: FloatArray) -> FloatArray:
    """Return the weights (M, N) by which a cubic spline through N values gives those at moments."""
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(times, np.eye(times.size))(moments))


def _select_columns(one: Spectrum, places: Any) -> dict[str, Any]:
    columns = {name: getattr(one, name) for name in ("frequency", "impedance", "noise", "times")}
    return {name: None if column is None else column[places] for name, column in columns.items()}


def _compute_logarithms(impedance: ComplexArray) -> ComplexArray:
    """Return ln Z of sweeps (N, F), with phases that go on from sweep to sweep."""
    return np.asarray(np.log(np.abs(impedance)) + 1j * np.unwrap(np.angle(impedance), axis=0))


def _compute_relative_noise(
    sweeps: Sequence[Spectrum], columns: Sequence[Any], weights: FloatArray
) -> FloatArray | None:
    """Return the noise (F,), fraction of |Z|, of a sum of ln Z by `weights` (F, N); None where not known."""
    if any(s.noise is None for s in sweeps):
        return None
    shares = [
        s.noise[c] / np.abs(s.impedance[c])
        for s, c in zip(sweeps, columns, strict=True)
        if s.noise is not None
    ]
    return np.asarray(np.sqrt(np.sum((weights * np.transpose(shares)) ** 2, axis=1)))


def _make_corrected(one: Spectrum, z: ComplexArray, noise: FloatArray | None, moment: float) -> Spectrum:
    note = f"drift: interpolated over time to {moment:.6g} s, the middle of the sweep"
    times = np.full(z.size, moment)
    return one.replace(impedance=z, noise=noise, times=times, time_s=moment, notes=(*one.notes, note))


def _make_row(before: Spectrum, after: Spectrum, moment: float) -> Correction:
    (residual_before, ok_before), (residual_after, ok_after) = _test_spectrum(before), _test_spectrum(after)
    change = np.abs(after.impedance - before.impedance) / np.abs(before.impedance)
    return Correction(
        source=before.source,
        index=before.index,
        moment=moment,
        largest_change=float(change.max()),
        residual_before=residual_before,
        residual_after=residual_after,
        ok_before=ok_before,
        ok_after=ok_after,
    )


def _test_spectrum(spectrum: Spectrum) -> tuple[float, bool]:
    try:
        result = check_once(spectrum)
    except EisfitError as error:
        raise SpectrumError(f"{spectrum.name}: drift is told by Kramers-Kronig: {error}") from None
    return result.rms_residual, result.ok

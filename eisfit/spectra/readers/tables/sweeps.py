"""Whether the numbers of a column look like the frequencies of a sweep."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray, median

_FEWEST_ROWS = 3
_EVEN = 0.3


def looks_like_frequency(values: FloatArray) -> bool:
    """Whether numbers look like frequencies: none negative, and monotonic over long stretches."""
    good = _drop_repeats(values[np.isfinite(values) & (values != 0)])
    if good.size < _FEWEST_ROWS or (good < 0).any() or good.max() < 1.5 * good.min():
        return False
    steps = np.sign(np.diff(good))
    turns = int((np.diff(steps[steps != 0]) != 0).sum())
    return bool(turns <= max(2, 0.2 * good.size) and (steps == 0).sum() < 0.3 * good.size)


def runs_one_way(frequency: FloatArray) -> bool:
    """Whether every frequency is above, or every one below, the one before it."""
    steps = np.diff(frequency)
    return bool((steps > 0).all() or (steps < 0).all())


def is_spaced_like_sweep(values: FloatArray) -> bool:
    """Whether numbers are spaced evenly on a logarithmic scale, as sweeps are: over a decade, or exactly."""
    steps = np.abs(np.diff(np.log(_drop_repeats(values[np.isfinite(values) & (values > 0)]))))
    if steps.size < 2 or steps.sum() < np.log(2):
        return False
    typical = float(median(steps))
    even = _EVEN if steps.sum() > np.log(9.5) else 0.01
    return bool(typical > 0 and median(np.abs(steps - typical)) < even * typical)


def looks_like_sweep(values: FloatArray) -> bool:
    """Whether numbers look like frequencies, and are spaced as those of a sweep."""
    return looks_like_frequency(values) and is_spaced_like_sweep(values)


def is_sweep(values: FloatArray) -> bool:
    """Whether numbers fall or rise all the time, evenly on a logarithmic scale."""
    return bool((values > 0).all()) and runs_one_way(values) and is_spaced_like_sweep(values)


def _drop_repeats(values: FloatArray) -> FloatArray:
    """Return one number of each run, where every number stands equally often in a row."""
    begins = np.flatnonzero(np.diff(values, prepend=np.nan))
    lengths = np.diff(begins, append=values.size)
    return values[begins] if begins.size and lengths.min() == lengths.max() else values


def has_triplets(matrix: FloatArray) -> bool:
    """Whether the numbers of the first column come again in every third one, as frequencies do."""
    first, others = matrix[:, 0], matrix[:, 3::3].T
    same = all(np.allclose(first, other, rtol=1e-6, equal_nan=True) for other in others)
    return same and matrix.shape[1] % 3 == 0 and runs_one_way(first) and first.size >= _FEWEST_ROWS

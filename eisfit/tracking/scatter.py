"""Points of a series that scatter about their law by more than their errors say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.fitting.result import FitResult
from eisfit.validation.quantiles import chi2_above, normal_quantile, t_quantile
from eisfit.verdict import LEVEL

# Chance of a chi-square as large, below which the size of the errors is taken from the scatter. Where the
# errors are right, 95 % intervals then hold in 95.8 %, whatever the number of points. Where they are too
# small, intervals hold in 92 % or more of series of seven points, in 87.7 % or more of four. A prior of the
# scatter (half-Cauchy, half-normal, log-uniform, with half of its weight on none or without) integrated out
# does worse: of four points with right errors it holds in 98 %, or else in fewer where they are too small.
_CHANCE = 0.15
_MAX_STEPS = 100
_PRECISION = 1e-9


def compute_reach(scatter: float | None, free: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the factor by which the scatter widens standard errors, and how many of these an interval takes.

    Widened errors were taken from the scatter: Student's t. Else they are known: the normal distribution.

    Parameters
    ----------
    scatter
        Root of chi-square over `free`; None where there are no degrees of freedom.
    free
        Degrees of freedom that the law leaves.
    level
        Of the interval.

    >>> [round(one, 3) for one in compute_reach(1.1, 5)]  # chance explains that
    [1.0, 1.96]
    >>> [round(one, 3) for one in compute_reach(3.0, 2)]
    [3.0, 4.303]
    """
    p = 0.5 * (1 + level)
    if scatter is None or is_chance(free * scatter**2, free):
        return 1.0, normal_quantile(p)
    return scatter, t_quantile(free, p)


def is_chance(chisqr: float, free: int) -> bool:
    """Return whether chance explains a chi-square, so that the errors are as large as they say."""
    return free <= 0 or chi2_above(free, chisqr) >= _CHANCE


def find_common_variance(design: FloatArray, value: FloatArray, stderr: FloatArray) -> float:
    """Return the variance that all points have in common beside the squares of their errors; 0 by chance.

    What a spectrum's noise does not know, a chamber some tenths of a degree off or a contact made anew, is as
    large where the noise leaves 0.05 % as where it leaves 5 %. A factor on the errors would leave the first
    nearly all the weight, and intervals that hold half of the time. R. C. Paule, J. Mandel, J. Res. NBS 87
    (1982) 377: the variance with which chi-square is the number of degrees of freedom.

    Parameters
    ----------
    design
        (N, p): value = design @ coefficients.
    value, stderr
        (N,).
    """
    free, variance = value.size - design.shape[1], 0.0
    if is_chance(compute_chisqr(design, value, stderr**2)[0], free):
        return 0.0
    for _ in range(_MAX_STEPS):  # convex and falling: Newton's steps from 0 never go too far
        chisqr, slope = compute_chisqr(design, value, stderr**2 + variance)
        if chisqr - free <= _PRECISION * free:
            break
        variance += (chisqr - free) / slope
    return variance


def compute_chisqr(design: FloatArray, value: FloatArray, variance: FloatArray) -> tuple[float, float]:
    """Return chi-square of the best coefficients, and how fast it falls with a variance in common."""
    error = np.sqrt(variance)
    basis, _ = np.linalg.qr(design / error[:, np.newaxis])
    residual = value / error - basis @ (basis.T @ (value / error))
    return float(residual @ residual), float(residual**2 @ (1 / variance))


def compute_weights(fits: Sequence[FitResult]) -> FloatArray:
    """Return the factors (N,) that make weights in a law of errors that nu degrees of freedom estimate.

    1/error^2 is on average nu/(nu - 2) times what it should be (mean of an inverse chi-square): without the
    root of this, a law through such values would look too certain.
    """
    freedom = np.array([max(fit.statistics.nfree, 3) for fit in fits], dtype=np.float64)
    return np.sqrt(freedom / (freedom - 2))

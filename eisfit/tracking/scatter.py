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


def reach(scatter: float | None, free: int, level: float = LEVEL) -> tuple[float, float]:
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

    >>> [round(one, 3) for one in reach(1.1, 5)]  # chance explains that
    [1.0, 1.96]
    >>> [round(one, 3) for one in reach(3.0, 2)]
    [3.0, 4.303]
    """
    p = 0.5 * (1 + level)
    if scatter is None or chi2_above(free, free * scatter**2) >= _CHANCE:
        return 1.0, normal_quantile(p)
    return scatter, t_quantile(free, p)


def compute_weights(fits: Sequence[FitResult]) -> FloatArray:
    """Return the factors (N,) that make weights in a law of errors that nu degrees of freedom estimate.

    1/error^2 is on average nu/(nu - 2) times what it should be (mean of an inverse chi-square): without the
    root of this, a law through such values would look too certain.
    """
    freedom = np.array([max(fit.statistics.nfree, 3) for fit in fits], dtype=np.float64)
    return np.sqrt(freedom / (freedom - 2))

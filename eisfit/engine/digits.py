"""Data without noise: from the ends of a search to an optimum that reproduces their digits.

Where every amplitude is the best there is (`eisfit.engine.descent`), most descents arrive in ten or twenty
steps. What is then missing is one branch in the right place: far above the sweep, or close to another that
has taken it in. So each branch in turn is put at several places, the rest left where it is.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.descent import Descents
from eisfit.engine.optima import find_different
from eisfit.engine.solver import Problem
from eisfit.engine.starts.moved_branch import move_each_branch

_MAX_ENDS = 4
_MAX_TURNS = 2
_PATIENCE, _STEPS = 15, 40  # of many descents at once
_ENDS_COMPARED, _ENDS_CONTINUED = 6, 3  # of their ends that are looked at, and that go on
_SAME_SHARE = 1e-2  # of chisqr
_POOR_FIT_RMS = 1e-3  # relative rms above which no branch is the only one out of place
_WORTHWHILE_GAIN = 2.0  # in chisqr, that is worth another turn


def fit_to_digits(
    problem: Problem, ends: FloatArray, enough: float, hopeless: float = np.inf
) -> tuple[FloatArray, float]:
    """Return theta (V,) and chisqr of one spectrum without noise, the lowest of several descents.

    Parameters
    ----------
    problem
        Of one spectrum.
    ends
        (n, V) where a search has ended, best first.
    enough
        The chisqr at which nothing is left to look for.
    hopeless
        The chisqr above which no branch is moved.
    """
    size = float(np.sum(problem.weighted_modulus**2))
    hopeless = min(hopeless, _POOR_FIT_RMS**2 * size)
    theta, cost = _find_lowest_end(problem, ends[:_MAX_ENDS], enough)
    for _ in range(_MAX_TURNS):
        if not enough < cost < hopeless:
            break
        before, (theta, cost) = cost, _try_moved_branches(problem, theta, cost, enough)
        if cost > before / _WORTHWHILE_GAIN:
            break
    return theta, cost


def approach_digits(problem: Problem, ends: FloatArray) -> tuple[FloatArray, float]:
    """Return theta (V,) and chisqr of one spectrum without noise after a few steps from `ends` (n, V)."""
    theta, cost = Descents(problem, ends).finish(_PATIENCE, _STEPS)
    return theta[np.argmin(cost)], float(cost.min())


def _find_lowest_end(problem: Problem, starts: FloatArray, enough: float) -> tuple[FloatArray, float]:
    """Return the lowest end (V,) of descents from starts (n, V), and its chisqr.

    What is low with a negative amplitude is seldom low without: that shows before any goes to its end.
    """
    many = Descents(problem, starts)
    many.run(_PATIENCE, _STEPS, enough)
    some = find_different(many.cost, _SAME_SHARE)[:_ENDS_COMPARED]
    theta, cost, negative = many.theta[some], many.cost[some], many.has_negative_amplitude[some]
    if negative.any():
        plain = Descents(problem, many.physical[some[negative]], eliminate=False)
        plain.run(_PATIENCE, _STEPS, enough)
        theta[negative], cost[negative] = plain.theta, plain.cost
    low = find_different(cost, _SAME_SHARE)[:_ENDS_CONTINUED]
    apart = (low[~negative[low]], True), (low[negative[low]], False)
    ends = [
        Descents(problem, theta[k], eliminate=eliminate).finish(low=enough)
        for k, eliminate in apart
        if k.size
    ]
    theta, cost = (np.concatenate(part) for part in zip(*ends, strict=True))
    return theta[np.argmin(cost)], float(cost.min())


def _try_moved_branches(
    problem: Problem, theta: FloatArray, cost: float, enough: float
) -> tuple[FloatArray, float]:
    """Return the lowest end with one branch moved, or the given one where that is lower."""
    c = problem.coordinates
    modulus, omega = np.abs(problem.target[0]), problem.grid.omega.reshape(-1)
    starts = move_each_branch(c.circuit, c.physical(theta[np.newaxis])[0], omega, modulus)
    if not len(starts):
        return theta, cost
    moved = _find_lowest_end(problem, c.internal(starts), enough)
    return moved if moved[1] < cost else (theta, cost)

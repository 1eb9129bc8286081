"""Data without noise: from where a search has been to an optimum at their digits.

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
from eisfit.engine.starts.moved_branch import with_branch_moved

_ENDS = 4
_TURNS = 2
_PATIENCE, _STEPS = 15, 40  # of many descents at once
_PROMISING, _LOWEST = 6, 3  # of their ends that are looked at, and that go on
_SAME = 1e-2  # of chisqr
_FAR = 1e-3  # relative rms above which no branch is the only one out of place
_GAIN = 2.0  # in chisqr, that is worth another turn


def reach_digits(
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
    hopeless = min(hopeless, _FAR**2 * size)
    theta, cost = _lowest(problem, ends[:_ENDS], enough)
    for _ in range(_TURNS):
        if not enough < cost < hopeless:
            break
        before, (theta, cost) = cost, _with_branch_moved(problem, theta, cost, enough)
        if cost > before / _GAIN:
            break
    return theta, cost


def go_near_digits(problem: Problem, ends: FloatArray) -> tuple[FloatArray, float]:
    """Return theta (V,) and chisqr of one spectrum without noise after a few steps from `ends` (n, V)."""
    theta, cost = Descents(problem, ends).finish(_PATIENCE, _STEPS)
    return theta[np.argmin(cost)], float(cost.min())


def _lowest(problem: Problem, starts: FloatArray, enough: float) -> tuple[FloatArray, float]:
    """Return the lowest end (V,) of descents from starts (n, V), and its chisqr.

    What is low with a negative amplitude is seldom low without: that shows before any goes to its end.
    """
    many = Descents(problem, starts)
    many.run(_PATIENCE, _STEPS, enough)
    some = find_different(many.cost, _SAME)[:_PROMISING]
    theta, cost, negative = many.theta[some], many.cost[some], many.negative[some]
    if negative.any():
        plain = Descents(problem, many.physical[some[negative]], eliminate=False)
        plain.run(_PATIENCE, _STEPS, enough)
        theta[negative], cost[negative] = plain.theta, plain.cost
    low = find_different(cost, _SAME)[:_LOWEST]
    apart = (low[~negative[low]], True), (low[negative[low]], False)
    ends = [
        Descents(problem, theta[k], eliminate=eliminate).finish(low=enough)
        for k, eliminate in apart
        if k.size
    ]
    theta, cost = (np.concatenate(part) for part in zip(*ends, strict=True))
    return theta[np.argmin(cost)], float(cost.min())


def _with_branch_moved(
    problem: Problem, theta: FloatArray, cost: float, enough: float
) -> tuple[FloatArray, float]:
    """Return the lowest end with one branch elsewhere, or what is given."""
    c = problem.coordinates
    modulus, omega = np.abs(problem.target[0]), problem.grid.omega.reshape(-1)
    starts = with_branch_moved(c.circuit, c.physical(theta[np.newaxis])[0], omega, modulus)
    if not len(starts):
        return theta, cost
    moved = _lowest(problem, c.internal(starts), enough)
    return moved if moved[1] < cost else (theta, cost)

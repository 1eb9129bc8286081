"""Ratios of a finer model's impedance to a quicker one's, row by row: defect correction of a search.

The solid beside channels is expanded in modes, and what M of them leave out falls with M^0.6 to M^1.5, for
currents crowd at the edges: where the solid conducts little six miss up to 2 % of Z, and the limit from 6, 12
and 24 of them up to 0.2 %.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.coating.inference.likelihood import Corrections, Likelihood
from eisfit.coating.inference.problem import MODES, Problem

_SLOWEST = 0.75  # of a change that the next doubling repeats: it is 0.35 to 0.66


def correct_to_finer(
    likelihood: Likelihood, u: FloatArray, which: IntArray, modes: int
) -> Corrections | None:
    """Return what corrects the quick model at each row, or None where there is no finer one."""
    quick, final = likelihood.problem, likelihood.problem.finish(modes, slopes=False)
    if final is quick:
        return None
    fine = likelihood.replace_support(final).impedances(u, which)
    return [a / b for a, b in zip(fine, likelihood.impedances(u, which), strict=True)]


def correct_to_limit(
    problem: Problem, final: Likelihood, u: FloatArray, which: IntArray
) -> Corrections | None:
    """Return what corrects the final model at each row to the limit of infinitely many modes of the solid."""
    if final.problem is problem:
        return None
    every = (problem.finish(times * MODES, slopes=False) for times in (1, 2, 4))
    own = [final.replace_support(one).impedances(u, which) for one in every]
    return [extrapolate(*z) / z[0] for z in zip(*own, strict=True)]


def correct_near_to_limit(
    problem: Problem, final: Likelihood, u: FloatArray, which: IntArray, near: IntArray
) -> Corrections | None:
    """Return what `correct_to_limit` does for the rows `near`; the others take the first one's correction.

    The limit costs twenty times the final model, and of what is hopeless nobody asks it.
    """
    own = correct_to_limit(problem, final, u[near], which[near])
    if own is None:
        return None
    place = np.zeros(len(u), dtype=int)
    place[near] = np.arange(len(near))
    return [correction[place] for correction in own]


def extrapolate(first: ComplexArray, second: ComplexArray, third: ComplexArray) -> ComplexArray:
    """Return the limit of what changes by a constant factor from each to the next: Aitken's delta-squared.

    What M modes leave falls with a power of M, so it does that when M is doubled.

    >>> extrapolate(*(np.array([2 + 8 * 0.5**k]) for k in range(3))).tolist()
    [2.0]
    """
    change, last = second - first, third - second
    size = np.abs(change) ** 2
    ratio = np.divide((last * change.conj()).real, size, out=np.zeros(size.shape), where=size > 0)
    ratio = np.clip(ratio, 0.0, _SLOWEST)
    return np.asarray(third + last * ratio / (1 - ratio))

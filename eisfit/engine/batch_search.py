"""The global search for many spectra at once: a few look around, others follow, who is in doubt looks too.

Spectra of one lot resemble each other. So one in four is a scout and starts from its own best grid points;
then every spectrum starts where its nearest scouts have ended, scaled to its own size, which costs little and
spreads the better optimum where two are found. A spectrum is settled when enough of its ends are one optimum;
one whose noise does not explain what is left, or whose ends differ, starts from its own grid and from its
settled neighbours, before it is left to `eisfit.engine.search`, alone.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eisfit.engine.arcs_order import arcs_in_order
from eisfit.engine.batch_starts import GroupStarts
from eisfit.engine.solver import NO_BETTER, SAME, Problem, solve
from eisfit.model.notation import components

__all__ = ["search_many"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_EVERY = 4  # one spectrum in so many, at random: lots are often made of several cells in turn
_FEW = 32  # spectra: so few are all scouts
_NEAREST = 5
#: Root mean square difference of two forms, up to which the one's optimum is a start of the other.
_ALIKE = 0.3
_STEPS = 60
_ROUGH = 1e-6
_DOUBTFUL = 1.25  # chisqr over what the noise explains: the best end may not be the best there is
_PERFECT = 1.1
# By the grid's difficulty: how many ends must agree, starts after each round; a scout has the first round.
_EFFORT = {2: (3, (3, 8, 16)), 3: (4, (6, 12, 24)), 4: (5, (8, 20, 40))}


class _Ends:
    """All ends so far, (B, n, V) and their chisqr (B, n): infinite where a spectrum was left out."""

    def __init__(self, problem: Problem, attainable: FloatArray) -> None:
        self.problem, self.attainable = problem, attainable
        self.coordinates = problem.coordinates
        count = len(attainable)
        self.theta = np.zeros((count, 1, self.coordinates.size))
        self.chisqr = np.full((count, 1), np.inf)
        self.tried = np.zeros(count, dtype=np.intp)

    def start(self, rows: IntArray, values: FloatArray) -> None:
        """Go on from parameters (len(rows), n, P)."""
        if not rows.size:
            return
        count = values.shape[1]
        begin = self.coordinates.internal(values.reshape(-1, values.shape[2]))
        task = self.problem.rows(np.repeat(rows, count))
        found = solve(task, begin, max_iterations=_STEPS, tolerance=_ROUGH)
        theta = np.zeros((len(self.theta), count, self.coordinates.size))
        chisqr = np.full((len(theta), count), np.inf)
        theta[rows] = found.theta.reshape(rows.size, count, -1)
        chisqr[rows] = np.nan_to_num(found.chisqr, nan=np.inf, posinf=np.inf).reshape(rows.size, count)
        self.theta = np.concatenate([self.theta, theta], axis=1)
        self.chisqr = np.concatenate([self.chisqr, chisqr], axis=1)
        self.tried[rows] += count

    def best(self) -> FloatArray:
        """Return the best end (B, V) of each; of those that the data cannot tell apart, one in order."""
        nfree = max(self.problem.weight.shape[1] - self.coordinates.size, 1)
        lowest = self.chisqr.min(axis=1, keepdims=True)
        alike = np.isfinite(self.chisqr) & (self.chisqr <= lowest * (1 + NO_BETTER / nfree))
        row, end = np.nonzero(alike)
        values = self.coordinates.physical(self.theta[row, end])
        alike[row, end] = arcs_in_order(self.coordinates.circuit, values)
        cost = np.where(alike | ~alike.any(axis=1, keepdims=True), self.chisqr, np.inf)
        return np.asarray(self.theta[np.arange(len(cost)), np.argmin(cost, axis=1)], dtype=np.float64)

    def agreed(self, needed: int, *, last: bool = False) -> IntArray:
        """Return how many ends are the best one, zero where too few; in doubt it takes twice as many."""
        lowest = self.chisqr.min(axis=1)
        same = np.sum(self.chisqr <= lowest[:, np.newaxis] * (1 + SAME), axis=1)
        enough = np.where(lowest > _DOUBTFUL * self.attainable, 2 * needed, needed)
        if last:  # few that explain all but the noise can hardly be bettered
            enough = np.where(lowest < _PERFECT * self.attainable, (needed + 1) // 2, enough)
        return np.where(np.isfinite(lowest) & (same >= enough), same, 0)

    def left(self, needed: int) -> IntArray:
        """Return the rows whose ends do not agree."""
        return np.flatnonzero(self.agreed(needed) == 0)


def search_many(problem: Problem, attainable: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return theta (B, V) of the best ends, starts (B,) and how many agreed (B,), zero where too few.

    Parameters
    ----------
    problem
        Spectra on one frequency grid.
    attainable
        (B,) chisqr that the noise explains.
    """
    grid = GroupStarts(problem.coordinates.circuit, problem.grid.omega, problem.target, problem.weight)
    needed, rounds = _EFFORT[min(max(grid.difficulty, min(_EFFORT)), max(_EFFORT))]
    ends, near, rows = _Ends(problem, attainable), _Neighbours(problem), np.arange(len(attainable))
    scouts = rows if rows.size < _FEW else np.random.default_rng(0).permutation(rows)[::_EVERY]
    ends.start(scouts, grid.best(rounds[0], scouts))
    left = rows if rows.size > scouts.size else ends.left(needed)
    near.help(ends, left, scouts)
    _look_around(ends, grid, scouts, needed, rounds)
    left = ends.left(needed)
    near.help(ends, left, np.setdiff1d(rows, left))
    return ends.best(), ends.tried, ends.agreed(needed, last=True)


def _look_around(
    ends: _Ends, grid: GroupStarts, scouts: IntArray, needed: int, rounds: tuple[int, ...]
) -> None:
    """Start whoever is left from grid points of its own, round by round; scouts know the first already."""
    left = ends.left(needed)
    if not left.size:
        return
    starts = grid.best(rounds[-1], left)
    for begin, end in pairwise((0, *rounds)):
        still = ends.agreed(needed)[left] == 0
        if begin == 0:
            still &= ~np.isin(left, scouts)
        ends.start(left[still], starts[still, begin:end])


class _Neighbours:
    """Which spectra look alike, whatever their size."""

    def __init__(self, problem: Problem) -> None:
        circuit = problem.coordinates.circuit
        modulus = np.abs(problem.target)
        self.size = np.exp(np.mean(np.log(modulus), axis=1))
        form = problem.target / self.size[:, np.newaxis]
        level = np.median(np.abs(form), axis=0)
        self.form = np.ascontiguousarray(form / level).view(np.float64)
        parts = [p for c in components(circuit.tree) for p in c.element.parameters]
        self.powers = np.array([p.impedance_power for p in parts])

    def help(self, ends: _Ends, rows: IntArray, others: IntArray) -> None:
        """Start `rows` where the nearest of `others` have ended."""
        count = min(_NEAREST, others.size - 1)
        if count < 1 or not rows.size:
            return
        a, b = self.form[rows], self.form[others]
        apart = np.sum(a * a, axis=1)[:, np.newaxis] + np.sum(b * b, axis=1) - 2 * a @ b.T
        apart[rows[:, np.newaxis] == others] = np.inf
        places = np.argpartition(apart, count - 1, axis=1)[:, :count]
        farthest = np.take_along_axis(apart, places, axis=1).max(axis=1)
        alike = farthest < _ALIKE**2 * self.form.shape[1]
        rows, nearest = rows[alike], others[places[alike]]
        scale = (self.size[rows, np.newaxis] / self.size[nearest])[:, :, np.newaxis] ** self.powers
        ends.start(rows, ends.coordinates.physical(ends.best())[nearest] * scale)

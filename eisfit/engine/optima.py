"""The ends of a search: of each spectrum, best first, during the search and after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, FloatArray, IntArray
from eisfit.engine.arcs_order import are_arcs_in_order, order_arcs
from eisfit.engine.solver import RIVAL_GAIN, SAME_OPTIMUM, Problem
from eisfit.records import dataclass

_MAX_ENDS = 32  # ends of one spectrum, beside those that came last


@dataclass(frozen=True, eq=False, repr=False)
class Basin:
    """The optima of one spectrum.

    Attributes
    ----------
    theta
        (V,) coordinates of the best optimum.
    chisqr
        There.
    ends
        (n, V) and `ends_chisqr` (n,): the ends of the search, best first.
    agreed
        How many starts ended in the best optimum.
    starts
        How many were tried.
    """

    theta: FloatArray
    chisqr: float
    ends: FloatArray
    ends_chisqr: FloatArray
    agreed: int
    starts: int


@dataclass(frozen=True, eq=False, repr=False)
class Optima:
    """The optima of many spectra.

    Attributes
    ----------
    theta
        (B, E, V) coordinates, best first.
    chisqr
        (B, E) there; infinite where there is none.
    fine
        (B, E) whether it is the bottom of its valley.
    starts, agreed
        (B,) how many starts were tried, and how many ended in the best optimum.
    settled
        (B,) whether they agree as the search demands.
    """

    theta: FloatArray
    chisqr: FloatArray
    fine: BoolArray
    starts: IntArray
    agreed: IntArray
    settled: BoolArray

    @classmethod
    def join(cls, lots: Sequence[Optima]) -> Optima:
        """Return the optima of several lots as one; ends of infinite chisqr fill up where there are fewer."""
        return cls(
            join_ends([lot.theta for lot in lots], 0.0),
            join_ends([lot.chisqr for lot in lots], np.inf),
            join_ends([lot.fine for lot in lots], False),
            *(np.concatenate([getattr(lot, n) for lot in lots]) for n in ("starts", "agreed", "settled")),
        )

    def basin(self, row: int) -> Basin:
        """Return the optima of one spectrum."""
        there = np.isfinite(self.chisqr[row])
        there[0] = True
        theta, chisqr = self.theta[row, there], self.chisqr[row, there]
        agreed, starts = int(self.agreed[row]), int(self.starts[row])
        return Basin(theta[0], float(chisqr[0]), theta, chisqr, agreed, starts)


def order_best_ends(problem: Problem, theta: FloatArray, chisqr: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return parameters (B, P) of the best ends, arcs by their time constants, and which (B,) they are.

    Of ends that the data cannot tell apart, one with its roles from fast to slow.

    Parameters
    ----------
    problem
        Of the search.
    theta, chisqr
        (B, E, V) and (B, E), best first; infinite where there is none.
    """
    circuit, coordinates = problem.coordinates.circuit, problem.coordinates
    nfree = max(problem.weight.shape[1] - coordinates.size, 1)
    alike = np.isfinite(chisqr) & (chisqr <= chisqr[:, :1] * (1 + RIVAL_GAIN / nfree))
    alike[:, 0] = True
    row, end = np.nonzero(alike)
    values = order_arcs(circuit, coordinates.physical(theta[row, end]))
    good = np.zeros(alike.shape, dtype=bool)
    good[row, end] = are_arcs_in_order(circuit, values)
    best = np.argmax(good, axis=1)  # 0, the best, where none is
    found = np.full(alike.shape, -1)
    found[row, end] = np.arange(row.size)
    return values[found[np.arange(len(found)), best]], np.asarray(best)


def join_ends(columns: Sequence[NDArray[Any]], by: float) -> NDArray[Any]:
    """Return columns (B, n, ...) of ends under each other, filled up where there are fewer."""
    most, rows = max(column.shape[1] for column in columns), sum(len(column) for column in columns)
    found, first = np.full((rows, most, *columns[0].shape[2:]), by, dtype=columns[0].dtype), 0
    for column in columns:
        found[first : first + len(column), : column.shape[1]] = column
        first += len(column)
    return found


def find_different(cost: FloatArray, share: float) -> IntArray:
    """Return which of ends with chisqr (n,) differ by more than a share of it, from the lowest up."""
    order = np.argsort(cost, kind="stable")[: max(int(np.isfinite(cost).sum()), 1)]
    apart = np.diff(cost[order], prepend=-np.inf) > share * cost[order]
    return np.asarray(order[apart | (np.arange(order.size) == 0)])


class Ends:
    """The ends of a search so far, best first.

    Parameters
    ----------
    floor
        (B,) chisqr below which two ends of a spectrum are one.
    size
        Number of coordinates V.

    Attributes
    ----------
    theta, chisqr
        (B, n, V) and (B, n); infinite where there is none.
    votes, fine
        (B, n) whether an end counts where starts are to agree, and whether it is the bottom of its valley.
    tried
        (B,) starts.
    """

    def __init__(self, floor: FloatArray, size: int) -> None:
        rows = len(floor)
        self.floor = floor
        self.theta, self.chisqr = np.zeros((rows, 0, size)), np.zeros((rows, 0))
        self.votes = self.fine = np.zeros((rows, 0), dtype=bool)
        self.tried = np.zeros(rows, dtype=np.intp)

    def count_agreeing(self) -> IntArray:
        """Return how many voting ends of each spectrum are its best one."""
        limit = self.chisqr[:, :1] * (1 + SAME_OPTIMUM) + self.floor[:, np.newaxis]
        return np.asarray(np.sum(self.votes & (self.chisqr <= limit), axis=1))

    def add(
        self,
        rows: IntArray,
        theta: FloatArray,
        chisqr: FloatArray,
        tried: int,
        *,
        votes: bool,
        fine: BoolArray | bool = False,
    ) -> None:
        """Keep ends (len(rows), n, V) of so many starts, beside the best of those that are known."""
        shape = len(self.tried), chisqr.shape[1]
        more, cost = np.zeros((*shape, theta.shape[2])), np.full(shape, np.inf)
        more[rows], cost[rows] = theta, chisqr
        at_rest = np.zeros(shape, dtype=bool)
        at_rest[rows] = fine
        self.theta = np.concatenate([self.theta[:, :_MAX_ENDS], more], axis=1)
        self.chisqr = np.concatenate([self.chisqr[:, :_MAX_ENDS], cost], axis=1)
        self.votes = np.concatenate([self.votes[:, :_MAX_ENDS], np.full(shape, votes)], axis=1)
        self.fine = np.concatenate([self.fine[:, :_MAX_ENDS], at_rest], axis=1)
        self.tried[rows] += tried
        self.sort()

    def sort(self) -> None:
        """Put the best first."""
        rows = np.flatnonzero((self.chisqr[:, 1:] < self.chisqr[:, :-1]).any(axis=1))
        if not rows.size:
            return
        order = np.argsort(self.chisqr[rows], axis=1, kind="stable")
        for name in ("theta", "chisqr", "votes", "fine"):
            ends = getattr(self, name)
            ends[rows] = ends[rows[:, np.newaxis], order]

"""Where a search ended: all distinct ends of each spectrum, best first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eisfit.arrays import BoolArray, FloatArray, IntArray
from eisfit.engine.arcs_order import arcs_in_order, ordered
from eisfit.engine.solver import NO_BETTER, Problem

__all__ = ["Basin", "Optima"]


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

    def basin(self, row: int) -> Basin:
        """Return the optima of one spectrum."""
        there = np.isfinite(self.chisqr[row])
        there[0] = True
        theta, chisqr = self.theta[row, there], self.chisqr[row, there]
        agreed, starts = int(self.agreed[row]), int(self.starts[row])
        return Basin(theta[0], float(chisqr[0]), theta, chisqr, agreed, starts)

    def in_order(self, problem: Problem) -> tuple[FloatArray, IntArray]:
        """Return parameters (B, P) of the best optima, arcs by their time constants, and which (B,) they are.

        Of ends that the data cannot tell apart, one with its roles from fast to slow.
        """
        circuit, coordinates = problem.coordinates.circuit, problem.coordinates
        nfree = max(problem.weight.shape[1] - coordinates.size, 1)
        alike = np.isfinite(self.chisqr) & (self.chisqr <= self.chisqr[:, :1] * (1 + NO_BETTER / nfree))
        alike[:, 0] = True
        row, end = np.nonzero(alike)
        values = ordered(circuit, coordinates.physical(self.theta[row, end]))
        good = np.zeros(alike.shape, dtype=bool)
        good[row, end] = arcs_in_order(circuit, values)
        best = np.argmax(good, axis=1)  # 0, the best, where none is
        found = np.full(alike.shape, -1)
        found[row, end] = np.arange(row.size)
        return values[found[np.arange(len(found)), best]], np.asarray(best)

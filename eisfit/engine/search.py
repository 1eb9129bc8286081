"""The global search: grid starts first, then scattered ones, until independent starts agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eisfit.engine.exchange import rearranged
from eisfit.engine.guess import StartGrid
from eisfit.engine.solver import SAME, Problem, solve

__all__ = ["Basin", "search"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_ROUNDS = 5
_STEPS = 60
_DOUBTFUL = 1.25
_HOPELESS = 100.0  # times the chisqr that noise explains: the circuit is wrong, not the start
_ROUGH = 1e-6  # tolerance of the search; the best ends are then taken to the bottom of their valleys
_POLISHED = 4
_POLISH_STEPS = 150
_FINE = 1e-12
_NEAR = 1.2
# (starts from the grid, scattered starts, how many must agree) by the grid's difficulty:
# measured on random spectra of every circuit, see benchmarks/blind_starts.py.
_EFFORT = {0: (1, 3, 2), 1: (4, 10, 4), 2: (4, 8, 3), 3: (6, 26, 6), 4: (10, 40, 8)}


@dataclass(frozen=True)
class Basin:
    """The best optimum found.

    Attributes
    ----------
    theta
        (V,) coordinates of the optimum.
    chisqr
        There.
    ends
        (n, V) and `ends_chisqr` (n,): all ends of the search, best first.
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


def search(problem: Problem, grid: StartGrid, *, expected: float = 0.0, seed: int = 0) -> Basin:
    """Return the best optimum of one spectrum.

    Parameters
    ----------
    problem
        With one target row.
    grid
        Start values for the same circuit and spectrum.
    expected
        The chisqr that the data's own noise explains. Where the best end is well above it, more starts are
        tried before agreement is believed.
    seed
        Of the scattered starts: the same spectrum always gives the same answer.
    """
    rng = np.random.default_rng(seed)
    coordinates = problem.coordinates
    from_grid, scattered, agree = _EFFORT[min(grid.difficulty, max(_EFFORT))]
    starts = np.concatenate([grid.starts(from_grid), grid.scattered(scattered, rng)])
    theta, chisqr = np.empty((0, coordinates.size)), np.empty(0)
    for turn in range(_ROUNDS):
        # Later rounds look for something else than the first found: none of their starts is cut short.
        early = agree if turn == 0 else None
        ends = solve(
            problem,
            coordinates.internal(starts),
            max_iterations=_STEPS,
            tolerance=_ROUGH,
            agree=early,
        )
        theta = np.concatenate([theta, ends.theta])
        chisqr = np.concatenate([chisqr, ends.chisqr])
        agreed = int(np.sum(chisqr <= chisqr.min() * (1 + SAME)))
        ratio = float(chisqr.min()) / expected if expected > 0 else 1.0
        if agreed >= agree * (2 if _DOUBTFUL < ratio < _HOPELESS else 1) and (ratio < _DOUBTFUL or turn > 0):
            break
        starts = grid.scattered(scattered, rng, exchange=len(grid.arcs) > 1)
    theta, chisqr = _with_exchanged(problem, grid, theta, chisqr)
    order = np.argsort(chisqr)
    best = _worth_polishing(order, chisqr)
    polished = solve(problem, theta[best], max_iterations=_POLISH_STEPS, tolerance=_FINE, damping=1e-6)
    theta[best], chisqr[best] = polished.theta, polished.chisqr
    order = np.argsort(chisqr)
    return Basin(theta[order[0]], float(chisqr[order[0]]), theta[order], chisqr[order], agreed, len(chisqr))


def _with_exchanged(
    problem: Problem, grid: StartGrid, theta: FloatArray, chisqr: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Add where the best end leads with its arcs exchanged: the grid cannot tell which has the Warburg."""
    best = problem.coordinates.physical(theta[np.argmin(chisqr)][np.newaxis])[0]
    starts = rearranged(grid.circuit, best)
    if not len(starts):
        return theta, chisqr
    inside = problem.coordinates.internal(starts)
    ends = solve(problem, inside, max_iterations=_STEPS, tolerance=_ROUGH)
    return np.concatenate([theta, ends.theta]), np.concatenate([chisqr, ends.chisqr])


def _worth_polishing(order: IntArray, chisqr: FloatArray) -> IntArray:
    """Return the best end, and the next ones that may still turn out lower: near it, but not one with it."""
    lowest = chisqr[order[0]]
    others = [k for k in order[1:] if lowest * (1 + SAME) < chisqr[k] < lowest * _NEAR]
    return np.array([order[0], *others[: _POLISHED - 1]])

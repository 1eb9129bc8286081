"""A short search, for a circuit that is probably not the answer: few starts of its own, some from inside it.

A search for every optimum of a circuit that is too large for the data takes most of the time, and in vain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.optima import Basin
from eisfit.engine.solver import SAME, solve
from eisfit.engine.starts.guess import StartGrid
from eisfit.engine.task import Task

__all__ = ["glance"]

_NESTED = 5
_OWN = 3
_ROUGH = 1e-4
_FINE = 1e-10
_STEPS = 25
_AGREE = 4


def glance(task: Task, smaller: Sequence[tuple[Task, FloatArray]], seed: int) -> Basin:
    """Return the best end from the best points of the grid, and from the optimum of a smaller circuit.

    Parameters
    ----------
    task
        What to fit.
    smaller
        Tasks of other circuits with their optima (V,), from the smallest to the largest: the largest whose
        parameters are all among the circuit's serves, with what is new beside it at several places, and
        any that has the same parameters at other places.
    seed
        Of the scattered starts.
    """
    rng = np.random.default_rng(seed)
    grid = StartGrid(task.circuit, task.spectrum.omega, task.spectrum.impedance, task.weight)
    own = np.concatenate([grid.starts(_OWN), grid.scatter(_OWN, rng)])
    inside = [one for one in smaller if set(one[0].circuit.names) < set(task.circuit.names)]
    alike = [one for one in smaller if set(one[0].circuit.names) == set(task.circuit.names)]
    starts = [own, *(_nest(task, *one, grid.scatter(_NESTED, rng)) for one in inside[-1:])]
    starts += [_nest(task, *one, own[:1].copy()) for one in alike]
    theta = task.coordinates.internal(np.concatenate(starts))
    ends = solve(task.problem, theta, max_iterations=_STEPS, tolerance=_ROUGH, agree=_AGREE)
    order = np.argsort(ends.chisqr)
    best = solve(task.problem, ends.theta[order[:1]], max_iterations=_STEPS, tolerance=_FINE, damping=1e-6)
    theta, chisqr = ends.theta[order], ends.chisqr[order]
    theta[0], chisqr[0] = best.theta[0], best.chisqr[0]
    agreed = int(np.sum(chisqr <= chisqr[0] * (1 + SAME)))
    return Basin(theta[0], float(chisqr[0]), theta, chisqr, agreed, len(order))


def _nest(task: Task, inside: Task, optimum: FloatArray, rows: FloatArray) -> FloatArray:
    """Return starts (n, P) with the smaller circuit at its optimum and what is new as in `rows`."""
    values = inside.coordinates.physical(optimum[np.newaxis])[0]
    known = dict(zip(inside.circuit.names, values.tolist(), strict=True))
    for k, name in enumerate(task.circuit.names):
        if name in known:
            rows[:, k] = known[name]
    return rows

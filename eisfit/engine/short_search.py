"""A short search, for a circuit that is probably not the answer: few starts of its own, some from inside it.

A search for every optimum of a circuit that is too large for the data takes most of the time, and in vain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.optima import Basin
from eisfit.engine.solver import SAME_OPTIMUM, solve
from eisfit.engine.starts.blocks import DIFFUSION
from eisfit.engine.starts.guess import StartGrid
from eisfit.engine.starts.moved_branch import HIDDEN_ENDS
from eisfit.engine.starts.random_numbers import Random
from eisfit.engine.swapped_arcs import exchange_in_coordinates, exchange_unequal_arcs
from eisfit.engine.task import Task
from eisfit.model.notation import components

_NESTED = 5
_OWN = 3
_ROUGH = 1e-4
_FINE = 1e-10
_STEPS = 25
_AGREEING = 4


def run_short_search(task: Task, smaller: Sequence[tuple[Task, FloatArray]], seed: int) -> Basin:
    """Return the best end from the best points of the grid, and from the optimum of a smaller circuit.

    Parameters
    ----------
    task
        What to fit.
    smaller
        Tasks of other circuits with their optima (V,), from the smallest to the largest: the largest whose
        parameters are all among the circuit's serves, with what is new beside it at several places, and
        any that has the same parameters at other places, or a Warburg where the circuit's diffusion ends.
    seed
        Of the scattered starts.
    """
    rng = Random(seed)
    grid = StartGrid(task.circuit, task.spectrum.omega, task.spectrum.impedance, task.weight)
    own = np.concatenate([grid.starts(_OWN), grid.scatter(_OWN, rng)])
    inside = [one for one in smaller if set(one[0].circuit.names) < set(task.circuit.names)]
    alike = [one for one in smaller if set(one[0].circuit.names) == set(task.circuit.names)]
    starts = [own, *(_nest(task, *one, grid.scatter(_NESTED, rng)) for one in inside[-1:])]
    starts += [_nest_in_every_order(task, *one, own[:1].copy()) for one in alike]
    starts += [_replace_warburg(task, *one, own[0]) for one in smaller]
    theta = task.coordinates.internal(np.concatenate(starts))
    ends = solve(task.problem, theta, max_iterations=_STEPS, tolerance=_ROUGH, agree=_AGREEING)
    theta, chisqr = _add_exchanged_arcs(task, ends.theta, ends.chisqr)
    order = np.argsort(chisqr)
    best = solve(task.problem, theta[order[:1]], max_iterations=_STEPS, tolerance=_FINE, damping=1e-6)
    theta, chisqr = theta[order], chisqr[order]
    theta[0], chisqr[0] = best.theta[0], best.chisqr[0]
    agreed = int(np.sum(chisqr <= chisqr[0] * (1 + SAME_OPTIMUM)))
    return Basin(theta[0], float(chisqr[0]), theta, chisqr, agreed, len(order))


def _add_exchanged_arcs(task: Task, theta: FloatArray, chisqr: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ends (n, V) and chisqr (n,) with where the best leads with its arcs exchanged.

    Starts that agree on which arc has the Warburg may all be wrong.
    """
    best = np.argmin(chisqr)
    start = exchange_in_coordinates(task.coordinates, theta[best])
    if not len(start):
        return theta, chisqr
    ceiling = np.full(len(start), chisqr[best])
    other = solve(task.problem, start, max_iterations=_STEPS, tolerance=_ROUGH, ceiling=ceiling)
    return np.concatenate([theta, other.theta]), np.concatenate([chisqr, other.chisqr])


def _nest(task: Task, inside: Task, optimum: FloatArray, rows: FloatArray) -> FloatArray:
    """Return starts (n, P) with the smaller circuit at its optimum and what is new as in `rows`."""
    known = dict(zip(inside.circuit.names, inside.values_at(optimum).tolist(), strict=True))
    for k, name in enumerate(task.circuit.names):
        if name in known:
            rows[:, k] = known[name]
    return rows


def _nest_in_every_order(task: Task, alike: Task, optimum: FloatArray, row: FloatArray) -> FloatArray:
    """Return starts (n, P) with another circuit's optimum, a Warburg in each of the arcs."""
    found = _nest(task, alike, optimum, row)
    return np.concatenate([found, exchange_unequal_arcs(task.circuit, found)[1]])


def _replace_warburg(task: Task, other: Task, optimum: FloatArray, row: FloatArray) -> FloatArray:
    """Return starts (n, P) with another circuit's Warburg as a diffusion that ends just out of sight."""
    circuit, names = task.circuit, list(task.circuit.names)
    new = [c for c in components(circuit.tree) if c.symbol in DIFFUSION]
    old = [c for c in components(other.circuit.tree) if c.symbol == "W"]
    if len(new) != 1 or len(old) != 1:
        return np.empty((0, row.size))
    (size, time), (sigma,) = new[0].parameter_names, old[0].parameter_names
    if set(names) - {size, time} != set(other.circuit.names) - {sigma}:
        return np.empty((0, row.size))
    rows = _nest(task, other, optimum, np.tile(row, (len(HIDDEN_ENDS), 1)))
    tau = np.array(HIDDEN_ENDS) / task.spectrum.omega.min()
    slope = other.values_at(optimum)[other.circuit.names.index(sigma)]
    rows[:, names.index(time)], rows[:, names.index(size)] = tau, slope * np.sqrt(2 * tau)
    return rows

"""The optima of many spectra on one frequency grid, in one batch, with the rows that are settled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eisfit.arcs_order import ordered, role_times
from eisfit.batch_result import Optima
from eisfit.batch_starts import GroupStarts
from eisfit.circuit import Circuit
from eisfit.coordinates import Coordinates, Scales
from eisfit.elements import FrequencyGrid
from eisfit.noise import ladder
from eisfit.solver import SAME, Problem, solve
from eisfit.spectrum import Spectrum

__all__ = ["find_optima"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_DOUBTFUL = 1.4  # chisqr over what the noise explains: the best end may not be the best there is
# (first start, last start, how many ends must agree) of each round; more where the best end is doubtful.
_ROUNDS = ((0, 3, 3), (3, 8, 4), (8, 16, 5))
_PERFECT = 1.1


def find_optima(
    spectra: Sequence[Spectrum], circuit: Circuit, weighting: str, weight: FloatArray
) -> tuple[IntArray, Optima | None]:
    """Return the optima of spectra on one frequency grid, and which rows they are of: those settled here.

    Parameters
    ----------
    spectra, circuit, weighting
        What to fit.
    weight
        (B, 2F), 1/ohm.
    """
    omega, target = spectra[0].omega, np.stack([s.impedance for s in spectra])
    coordinates = Coordinates(circuit, Scales.of(omega, target))
    if not 0 < coordinates.size < 2 * omega.size:
        return np.arange(0), None
    problem = Problem(coordinates, FrequencyGrid(omega), target, weight)
    attainable = _attainable(omega, target, weight)
    given = all(p.value is not None for p in circuit.parameters.values() if p.free)
    search = _from_given if given else _blind
    theta, starts, agreed = search(problem, attainable)
    end = solve(problem, theta, tolerance=1e-13, damping=1e-8, max_iterations=100)
    values = ordered(circuit, coordinates.physical(end.theta))
    settled = (agreed > 0) & end.converged & _inside(coordinates, omega, target, values)
    if not given:
        settled &= _in_order(circuit, values)  # eisfit.fit looks for another optimum before it says so
    rows = np.flatnonzero(settled)
    optima = Optima(
        circuit,
        [spectra[k] for k in rows.tolist()],
        weighting,
        weight[rows],
        values[rows],
        attainable[rows],
        starts[rows],
        agreed[rows],
    )
    return rows, optima if rows.size else None


def _from_given(problem: Problem, attainable: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return theta, starts and agreed (zero where it did not converge) from the circuit's own values."""
    circuit = problem.coordinates.circuit
    values = circuit.resolve({})
    start = problem.coordinates.internal(np.array([[values[name] for name in circuit.names]]))
    end = solve(problem, np.tile(start, (len(attainable), 1)), max_iterations=200, tolerance=1e-7)
    ones = np.ones(len(attainable), dtype=np.intp)
    return end.theta, ones, end.converged.astype(np.intp)


def _blind(problem: Problem, attainable: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return theta, starts and agreed (zero where the starts do not agree) from a common grid of starts."""
    coordinates, count = problem.coordinates, len(attainable)
    grid = GroupStarts(coordinates.circuit, problem.grid.omega, problem.target, problem.weight)
    values = grid.best(_ROUNDS[-1][1])
    theta = np.empty((count, 0, coordinates.size))
    chisqr = np.empty((count, 0))
    best = np.zeros((count, coordinates.size))
    starts, agreed = np.zeros(count, dtype=np.intp), np.zeros(count, dtype=np.intp)
    rows = np.arange(count)
    for begin, end, agree in _ROUNDS:
        tried = values[rows, begin:end].reshape(-1, values.shape[2])
        picked = problem.rows(np.repeat(rows, end - begin))
        solution = solve(picked, coordinates.internal(tried), max_iterations=60, tolerance=1e-6)
        theta = np.concatenate([theta, solution.theta.reshape(rows.size, end - begin, -1)], axis=1)
        chisqr = np.concatenate([chisqr, solution.chisqr.reshape(rows.size, -1)], axis=1)
        place = _best(coordinates, theta, chisqr)
        lowest = chisqr[np.arange(rows.size), place]
        best[rows], starts[rows] = theta[np.arange(rows.size), place], chisqr.shape[1]
        same = np.sum(chisqr <= lowest[:, np.newaxis] * (1 + SAME), axis=1)
        needed = np.where(lowest > _DOUBTFUL * attainable[rows], 2 * agree, agree)
        if end == _ROUNDS[-1][1]:  # two that explain all but the noise can hardly be bettered
            needed = np.where(lowest < _PERFECT * attainable[rows], 2, needed)
        agreed[rows] = np.where(same >= needed, same, 0)
        left = agreed[rows] == 0
        rows, theta, chisqr = rows[left], theta[left], chisqr[left]
        if not rows.size:
            break
    return best, starts, agreed


def _best(coordinates: Coordinates, theta: FloatArray, chisqr: FloatArray) -> IntArray:
    """Return the best of each row's ends (b, n); of equal ones, the first whose arcs are in order."""
    cost = np.where(np.isfinite(chisqr), chisqr, np.inf)
    place = np.argmin(cost, axis=1)
    equal = cost <= cost.min(axis=1, keepdims=True) * (1 + SAME)
    values = coordinates.physical(theta.reshape(-1, coordinates.size))
    equal &= _in_order(coordinates.circuit, values).reshape(equal.shape)
    found: IntArray = np.where(equal.any(axis=1), np.argmax(equal, axis=1), place)
    return found


def _in_order(circuit: Circuit, values: FloatArray) -> NDArray[np.bool_]:
    """Return the rows (B,) whose arcs are in the order of their roles, from fast to slow."""
    inside = np.ones(len(values), dtype=bool)
    for fast, slow in pairwise(role_times(circuit, values).values()):
        inside &= fast <= slow
    return inside


def _inside(
    coordinates: Coordinates, omega: FloatArray, target: NDArray[np.complex128], values: FloatArray
) -> NDArray[np.bool_]:
    """Return the rows (B,) that are finite and at no bound but that of a free linear parameter."""
    modulus = np.abs(target)
    tight = Scales(
        float(modulus.min(axis=1).max()),
        float(modulus.max(axis=1).min()),
        float(omega.min()),
        float(omega.max()),
    )
    inside = np.asarray(np.isfinite(values).all(axis=1))
    for k, p in enumerate(coordinates.circuit.parameters.values()):
        if p.free and p.scale == "log":
            low, high = tight.range(p.unit)
            inside &= values[:, k] > max(p.min, low * 10) * (1 + 1e-5)
            inside &= values[:, k] < min(p.max, high / 10) * (1 - 1e-5)
        elif p.expr is not None:
            inside &= (values[:, k] > p.min) & (values[:, k] < p.max)
    return inside


def _attainable(omega: FloatArray, target: NDArray[np.complex128], weight: FloatArray) -> FloatArray:
    """Return (B,) `eisfit.noise.attainable_chisqr` of spectra on one frequency grid."""
    points = omega.size
    columns = ladder(omega)
    left = 2 * points - len(columns)
    if left < 2:
        return np.zeros(len(target))
    data = np.ascontiguousarray(target).view(np.float64) * weight
    design = columns * weight[:, np.newaxis, :]
    normal = design @ design.transpose(0, 2, 1)
    np.einsum("bkk->bk", normal)[...] *= 1 + 1e-11
    solution = np.linalg.solve(normal, design @ data[:, :, np.newaxis])
    residual = (solution.transpose(0, 2, 1) @ design)[:, 0] - data
    return np.asarray(np.einsum("bf,bf->b", residual, residual) * 2 * points / left)

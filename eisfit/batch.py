"""Fit a chunk of spectra at once; what the batch cannot settle goes to `eisfit.fit`, one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arcs_order import ordered
from eisfit.batch_result import Optima, results
from eisfit.batch_starts import GroupStarts
from eisfit.circuit import Circuit
from eisfit.coordinates import Coordinates, Scales
from eisfit.elements import FrequencyGrid
from eisfit.errors import EisfitError, UsageError
from eisfit.fit import fit, fit_or_failure
from eisfit.masks import without
from eisfit.noise import ladder, weights
from eisfit.result import FitFailure, FitResult
from eisfit.solver import SAME, Problem, solve
from eisfit.spectrum import Spectrum

__all__ = ["Compared", "Result", "fit_chunk"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Result = FitResult | FitFailure

AUDIT_EVERY = 100
_BATCHED = {"weighting", "fmin", "fmax", "drop", "drop_inductive", "seed"}
_DOUBTFUL = 1.4  # chisqr over what the noise explains: the best end may not be the best there is
# (first start, last start, how many ends must agree) of each round; more where the best end is doubtful.
_ROUNDS = ((0, 3, 3), (3, 8, 4), (8, 16, 5))
_PERFECT = 1.1


@dataclass(frozen=True)
class Compared:
    """One fit of the kernel held against lmfit's: the largest relative differences of each kind."""

    name: str
    chisqr: float
    value: float
    stderr: float


def fit_chunk(
    spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any], finish: str, first: int = 0
) -> tuple[list[Result], list[Compared]]:
    """Fit spectra, in order.

    Parameters
    ----------
    spectra, circuit
        What to fit.
    options
        Of `eisfit.fit`, without those that change the circuit.
    finish
        ``kernel`` or ``lmfit``.
    first
        Index of the first spectrum in the whole series; every hundredth is held against lmfit.

    Returns
    -------
    results, audit
        One result or failure for each spectrum; comparisons with lmfit.
    """
    found = _by_batch(spectra, circuit, options)
    audit = []
    for k, spectrum in enumerate(spectra):
        result = found.get(k)
        if result is None:
            found[k] = fit_or_failure(spectrum, circuit, **options)
        elif finish == "lmfit":
            found[k] = _by_lmfit(spectrum, result, options)
        elif (first + k) % AUDIT_EVERY == 0:
            audit.append(_compared(result, _by_lmfit(spectrum, result, options)))
    return [found[k] for k in range(len(spectra))], audit


def _by_batch(spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any]) -> dict[int, Result]:
    """Return index -> result for the spectra that the batch could settle."""
    if circuit.expressions or not set(options) <= _BATCHED:
        return {}
    weighting = options.get("weighting", "modulus")
    groups: dict[bytes, list[tuple[int, Spectrum, FloatArray]]] = {}
    for k, spectrum in enumerate(spectra):
        try:
            kept = without(
                spectrum, options.get("drop"), drop_inductive=options.get("drop_inductive", False)
            ).select(options.get("fmin"), options.get("fmax"))
            weight = weights(kept, weighting)
        except UsageError:
            raise
        except EisfitError:
            continue  # eisfit.fit says what is wrong with it
        groups.setdefault(kept.frequency.tobytes(), []).append((k, kept, weight))
    found: dict[int, Result] = {}
    for members in groups.values():
        places, kept_ones, weight_rows = zip(*members, strict=True)
        for row, result in _group(list(kept_ones), circuit, weighting, np.stack(weight_rows)).items():
            found[places[row]] = result
    return found


def _group(
    spectra: list[Spectrum], circuit: Circuit, weighting: str, weight: FloatArray
) -> dict[int, FitResult]:
    """Return row -> result of spectra on one frequency grid."""
    omega, target = spectra[0].omega, np.stack([s.impedance for s in spectra])
    coordinates = Coordinates(circuit, Scales.of(omega, target))
    if not 0 < coordinates.size < 2 * omega.size:
        return {}
    problem = Problem(coordinates, FrequencyGrid(omega), target, weight)
    attainable = _attainable(omega, target, weight)
    given = all(p.value is not None for p in circuit.parameters.values() if p.free)
    search = _from_given if given else _blind
    theta, starts, agreed = search(problem, attainable)
    end = solve(problem, theta, tolerance=1e-13, damping=1e-8, max_iterations=100)
    values = ordered(circuit, coordinates.physical(end.theta))
    settled = (agreed > 0) & end.converged & _inside(coordinates, omega, target, values)
    rows = np.flatnonzero(settled)
    optima = Optima(
        circuit,
        [spectra[k] for k in rows],
        weighting,
        weight[rows],
        values[rows],
        attainable[rows],
        starts[rows],
        agreed[rows],
    )
    return dict(zip(rows.tolist(), results(optima), strict=True)) if rows.size else {}


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
        place = np.argmin(np.where(np.isfinite(chisqr), chisqr, np.inf), axis=1)
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


def _inside(
    coordinates: Coordinates, omega: FloatArray, target: NDArray[np.complex128], values: FloatArray
) -> NDArray[np.bool_]:
    """Return the rows (B,) that are at no bound but a linear parameter's own."""
    modulus = np.abs(target)
    tight = Scales(
        float(modulus.min(axis=1).max()),
        float(modulus.max(axis=1).min()),
        float(omega.min()),
        float(omega.max()),
    )
    inside = np.ones(len(values), dtype=bool)
    for k, p in enumerate(coordinates.circuit.parameters.values()):
        if p.free and p.scale == "log":
            low, high = tight.range(p.unit)
            inside &= values[:, k] > max(p.min, low * 10) * (1 + 1e-5)
            inside &= values[:, k] < min(p.max, high / 10) * (1 - 1e-5)
    return inside


def _attainable(omega: FloatArray, target: NDArray[np.complex128], weight: FloatArray) -> FloatArray:
    """Return (B,) `eisfit.noise.attainable_chisqr` of spectra on one frequency grid."""
    points = omega.size
    columns = ladder(omega)
    left = 2 * points - len(columns)
    if left < 2:
        return np.zeros(len(target))
    found = []
    data = np.ascontiguousarray(target).view(np.float64) * weight
    for w, b in zip(weight, data, strict=True):
        design = columns * w
        normal = design @ design.T
        normal.flat[:: len(normal) + 1] *= 1 + 1e-11
        residual = np.linalg.solve(normal, design @ b) @ design - b
        found.append(residual @ residual)
    return np.array(found) * 2 * points / left


def _by_lmfit(spectrum: Spectrum, result: Result, options: Mapping[str, Any]) -> Result:
    """Return the fit that lmfit makes from where the kernel ended."""
    if not isinstance(result, FitResult):
        return result
    start = {name: p.value for name, p in result.parameters.items() if p.vary}
    again = fit(spectrum, result.circuit, start=start, **options)
    return dataclasses.replace(again, circuit=result.circuit, starts=result.starts, agreed=result.agreed)


def _compared(kernel: Result, lmfit: Result) -> Compared:
    assert isinstance(kernel, FitResult)
    assert isinstance(lmfit, FitResult)
    pairs = [(p, lmfit[name]) for name, p in kernel.parameters.items() if p.vary]
    errors = [(a.stderr, b.stderr) for a, b in pairs if a.stderr and b.stderr]
    return Compared(
        kernel.spectrum.name,
        abs(kernel.statistics.chisqr / lmfit.statistics.chisqr - 1) if lmfit.statistics.chisqr else 0.0,
        max(abs(a.value - b.value) / abs(b.value) for a, b in pairs),
        max((abs(a - b) / b for a, b in errors), default=0.0),
    )

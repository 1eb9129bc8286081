"""Levenberg-Marquardt over a whole batch: many starts of one spectrum, or many spectra, at once.

Method: J. J. More, in Lecture Notes in Mathematics 630 (1978) 105 (scaling by the diagonal); damping after
H. B. Nielsen, IMM-REP-1999-05 (Technical University of Denmark, 1999); bounds by projection: a coordinate
at its bound that wants to leave the box is held there for the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, IntArray, are_all_rows
from eisfit.engine.coordinates import Box, Coordinates, Scales
from eisfit.engine.evaluation.compiled import Engine, minimise, uses_compiled_loop
from eisfit.engine.evaluation.kernel import evaluate
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.records import dataclass

_MAX_DAMPING = 1e10
#: Relative chisqr within which two ends count as one optimum.
SAME_OPTIMUM = 3e-4
#: Fall of chisqr, in units of redchi, that does not make another order of the arcs the better: three sigma.
RIVAL_GAIN = 9.0
_MIN_DAMPING = 1e-12
_INERTIA = 0.1
_SHORT_STEP = 1e-2  # of a logarithm: so short a step goes where the linear model says
_MAX_GAIN, _TRUSTED = 4.0, 1e-2  # times what a step promises that it may bring, and up to which damping
_ONE = np.ones((1, 1), dtype=np.complex128)


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """What is to be fitted.

    Attributes
    ----------
    coordinates
        Of the circuit.
    grid
        Angular frequencies, (F,) or (B, F).
    target
        Measured impedance, (1, F) or (B, F), ohm.
    weight
        Real weights of the real and imaginary parts in turn, (1, 2F) or (B, 2F), 1/ohm.
    box
        Where coordinates may move, of all rows or of each; by default the box of `coordinates`.
    """

    coordinates: Coordinates
    grid: FrequencyGrid
    target: ComplexArray
    weight: FloatArray
    box: Box | None = None

    @classmethod
    def of(cls, circuit: Circuit, omega: FloatArray, target: ComplexArray, weight: FloatArray) -> Problem:
        """Return the problem of a search: coordinates scaled by all the spectra, a box for each.

        Parameters
        ----------
        circuit
            What is fitted.
        omega
            (F,) or (B, F) rad/s.
        target, weight
            (B, F) ohm and (B, 2F) 1/ohm.
        """
        coordinates = Coordinates(circuit, Scales.of(omega, target))
        return cls(coordinates, FrequencyGrid(omega), target, weight, Box.search(coordinates, omega, target))

    @property
    def bounds(self) -> Box:
        """The box that the solver keeps to, (1 or B, V)."""
        return self.coordinates.known if self.box is None else self.box

    @cached_property
    def seed(self) -> ComplexArray | None:
        """The weights (1 or B, F) as complex numbers where real and imaginary part have the same."""
        real, imaginary = self.weight[:, ::2], self.weight[:, 1::2]
        return real.astype(np.complex128) if np.array_equal(real, imaginary) else None

    def rows(self, chosen: IntArray) -> Problem:
        """Return the problem of some rows of the batch; all of them in their order are the problem itself."""
        if are_all_rows(chosen, self.target.shape[0]):
            return self
        box = None if self.box is None else self.box.take(chosen)
        if self.target.shape[0] == 1:
            return self if box is self.box else replace(self, box=box)
        return replace(
            self,
            grid=self.grid.rows(chosen),
            target=self.target[chosen],
            weight=self.weight[chosen],
            box=box,
        )

    @classmethod
    def join(cls, parts: Sequence[Problem]) -> Problem:
        """Return problems on one frequency grid (F,), each row with a box of its own, as one."""
        boxes = [part.bounds for part in parts]
        box = Box(np.concatenate([b.low for b in boxes]), np.concatenate([b.high for b in boxes]))
        target, weight = (np.concatenate([getattr(part, n) for part in parts]) for n in ("target", "weight"))
        return replace(parts[0], target=target, weight=weight, box=box)

    @property
    def weighted_modulus(self) -> FloatArray:
        """|Z| of the data (B, 2F) in units of the weights, for either part of Z."""
        return np.asarray(self.weight * np.repeat(np.abs(self.target), 2, axis=1))

    def evaluate(self, theta: FloatArray, buffer: ComplexArray) -> tuple[FloatArray, FloatArray]:
        """Return the weighted residual (B, 2F) and Jacobian (B, V, 2F) at theta (B, V).

        `buffer` is room for (at least B, P, F) complex numbers; the Jacobian may live in it.
        """
        coordinates, seed = self.coordinates, self.seed
        slopes = buffer[: theta.shape[0]]
        if coordinates.circuit.expressions:
            values = coordinates.physical(theta)
            z = coordinates.circuit.evaluate(self.grid, values, slopes)
            slopes = coordinates.apply_chain_rule(slopes, values, theta)
        else:
            slopes = slopes[:, : coordinates.size]
            z = evaluate(coordinates, self.grid, theta, _ONE if seed is None else seed, slopes)
        jacobian, residual = slopes.view(np.float64), (z - self.target).view(np.float64)
        residual *= self.weight
        if seed is None or coordinates.circuit.expressions:
            jacobian *= self.weight[:, np.newaxis, :]
        return residual, jacobian

    def at(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the weighted residual (2F,) and Jacobian (V, 2F) of the only spectrum at theta (V,)."""
        residual, jacobian = self.evaluate(theta[np.newaxis], self.buffer(1))
        return residual[0], jacobian[0]

    def products(self, theta: FloatArray, buffer: ComplexArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return chisqr (B,), J^T J (B, V, V) and J^T r (B, V); one that cannot be evaluated is infinite."""
        residual, jacobian = self.evaluate(theta, buffer)
        cost = np.einsum("bf,bf->b", residual, residual)
        finite = np.isfinite(cost)
        if not finite.all():
            jacobian[~finite], residual[~finite], cost[~finite] = 0.0, 0.0, np.inf
        normal = jacobian @ jacobian.transpose(0, 2, 1)
        gradient = (jacobian @ residual[:, :, np.newaxis])[:, :, 0]
        return cost, normal, gradient

    def buffer(self, rows: int) -> ComplexArray:
        """Return room for `evaluate`."""
        return np.empty((rows, self.coordinates.log.size, self.target.shape[1]), dtype=np.complex128)


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """Where the batch ended: theta (B, V), chisqr (B,), whether it converged (B,), iterations used.

    The chisqr of a row that cannot be evaluated is infinite, none is NaN.
    """

    theta: FloatArray
    chisqr: FloatArray
    converged: NDArray[np.bool_]
    iterations: int


class _State:
    """Everything the iteration knows of each row."""

    def __init__(self, problem: Problem, theta: FloatArray, damping: float) -> None:
        rows = theta.shape[0]
        self.problem = problem
        self.buffer = problem.buffer(rows)
        self.theta = problem.bounds.clip(theta)
        self.damping = np.full(rows, damping)
        self.growth = np.full(rows, 2.0)
        self.active = np.arange(rows)
        self.ceiling: FloatArray | None = None
        self.rows, self.current = self.active, problem
        self.converged = np.zeros(rows, dtype=bool)
        self.cost, self.normal, self.gradient = self.measure(self.active, self.theta)

    def retire(self, owner: IntArray, agree: int) -> None:
        """Leave the rows of an owner where they are when enough of them have converged to its lowest cost."""
        lowest = np.full(int(owner[-1]) + 1, np.inf)
        np.minimum.at(lowest, owner, self.cost)
        best = self.converged & (self.cost <= lowest[owner] * (1 + SAME_OPTIMUM))
        enough = np.bincount(owner[best], minlength=lowest.size) >= agree
        self.active = self.active[~enough[owner[self.active]]]

    def measure(self, rows: IntArray, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return `Problem.products` of some rows."""
        if rows.size < self.rows.size:
            self.rows, self.current = rows, self.problem.rows(rows)
        return self.current.products(theta, self.buffer)


def solve(
    problem: Problem,
    theta: FloatArray,
    *,
    max_iterations: int = 80,
    tolerance: float = 1e-9,
    agree: int | None = None,
    owner: IntArray | None = None,
    damping: float = 1e-3,
    ceiling: FloatArray | None = None,
    engine: Engine | None = None,
) -> Solution:
    """Minimise chisqr from each row of `theta` (B, V), staying in the box of the problem.

    Parameters
    ----------
    problem
        One spectrum for all rows, or one for each.
    theta
        Start values.
    max_iterations
        Upper limit of steps.
    tolerance
        A row has converged when a step promises, or brings, less than this share of its chisqr.
    agree
        For many starts of one spectrum: stop as soon as this many rows have converged to the lowest chisqr
        of all; the other rows are left where they are.
    owner
        (B,) rising: which rows are starts of one spectrum, for `agree`; by default all are.
    damping
        To begin with; small where the start is near the optimum.
    ceiling
        (B,) chisqr above which an end is of no interest: a row whose linear model promises nothing near it is
        left where it is.
    engine
        ``numpy`` or ``numba``. By itself, large batches go to numba, where it is installed, as soon as
        loading it is worth while (see `eisfit.engine.evaluation.compiled`); both reach the same ends.
        Circuits that the compiled loop does not know are solved in numpy in any case.

    Raises
    ------
    UsageError
        For an unknown engine, or where numba is asked for and cannot be imported.
    """
    rows, points = len(theta), problem.target.shape[1]
    owner = np.zeros(rows, dtype=np.intp) if owner is None else owner
    if type(problem) is Problem and uses_compiled_loop(problem.coordinates, rows, points, engine):
        limits = tolerance, _INERTIA, _SHORT_STEP, _MIN_DAMPING, _MAX_DAMPING, _MAX_GAIN, _TRUSTED, damping
        parts = problem.coordinates, problem.grid, problem.target, problem.weight, problem.bounds
        enough = partial(_count_steps_needed, owner, agree) if agree and rows else None
        most = max_iterations
        ended = minimise(*parts, theta, ceiling=ceiling, limits=limits, max_iterations=most, enough=enough)
        return Solution(*ended)
    with np.errstate(all="ignore"):
        state = _State(problem, theta, damping)
        state.ceiling = ceiling
        steps = 0
        while state.active.size and steps < max_iterations:
            _iterate(state, tolerance)
            steps += 1
            if agree and rows:
                state.retire(owner, agree)
    return Solution(state.theta, state.cost, state.converged, steps)


def _count_steps_needed(
    owner: IntArray, agree: int, cost: FloatArray, converged: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return after how many steps (B,) `_State.retire` leaves each row.

    From costs (B, n) after each step, the first before any, and after how many a row (B,) converged.
    """
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    place = np.cumsum(np.diff(owner, prepend=owner[0]) > 0)
    lowest = np.minimum.reduceat(cost, first, axis=0)[place]
    best = (converged[:, np.newaxis] <= np.arange(cost.shape[1])) & (cost <= lowest * (1 + SAME_OPTIMUM))
    enough = np.add.reduceat(best, first, axis=0, dtype=np.intp) >= agree
    enough[:, 0] = False
    needed = np.where(enough.any(axis=1), np.argmax(enough, axis=1), cost.shape[1])
    return np.asarray(needed[place], dtype=np.int64)


def _iterate(state: _State, tolerance: float) -> None:
    rows = state.active
    step, promised = _compute_step(state, rows)
    if state.ceiling is not None:
        lost = state.cost[rows] - _MAX_GAIN * promised > state.ceiling[rows]
        lost &= state.damping[rows] <= _TRUSTED
        rows, step, promised = rows[~lost], step[~lost], promised[~lost]
        state.active = rows
        if not rows.size:
            return
    length = np.abs(step / state.problem.coordinates.size_at(state.theta[rows])).max(axis=1)
    final = (promised <= tolerance * state.cost[rows]) & (length < _SHORT_STEP)
    if final.any():
        _take_last_step(state, rows[final], step[final], promised[final])
        rows, step, promised = rows[~final], step[~final], promised[~final]
        state.active = rows
        if not rows.size:
            return
    trial = state.problem.bounds.take(rows).clip(state.theta[rows] + step)
    cost, normal, gradient = state.measure(rows, trial)
    old = state.cost[rows]
    gain = (old - cost) / np.maximum(promised, 1e-300)
    better = cost < old
    accepted = rows[better]
    state.theta[accepted], state.cost[accepted] = trial[better], cost[better]
    state.normal[accepted], state.gradient[accepted] = normal[better], gradient[better]
    _update_damping(state, rows, better, gain)
    still = promised <= tolerance * old
    settled = better & (old - cost <= tolerance * old) & (gain > 0.25)
    stuck = state.damping[rows] > _MAX_DAMPING
    state.converged[rows[still | settled]] = True
    state.active = rows[~(still | settled | stuck)]


def _take_last_step(state: _State, rows: IntArray, step: FloatArray, promised: FloatArray) -> None:
    """Take a last, short step that promises next to nothing, without the cost of looking where it ends."""
    state.theta[rows] = state.problem.bounds.take(rows).clip(state.theta[rows] + step)
    state.cost[rows] -= promised
    state.converged[rows] = True


def _compute_step(state: _State, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the damped step (b, V) and the fall of chisqr that the linear model promises (b,)."""
    coordinates = state.problem.coordinates
    normal, gradient, theta = state.normal[rows], state.gradient[rows], state.theta[rows]
    box = state.problem.bounds.take(rows)
    held = ((theta <= box.low) & (gradient > 0)) | ((theta >= box.high) & (gradient < 0))
    gradient = np.where(held, 0.0, gradient)
    loose = ~held
    normal *= loose[:, :, np.newaxis] & loose[:, np.newaxis, :]
    diagonal = np.einsum("bii->bi", normal)
    # A share of chisqr keeps a parameter that has become invisible from running away to infinity.
    scale = diagonal + _INERTIA * state.cost[rows, np.newaxis] / coordinates.size_at(theta) ** 2 + 1e-300
    extra = state.damping[rows, np.newaxis] * scale
    diagonal += extra + held
    step = -_solve_linear(normal, gradient)
    promised: FloatArray = np.einsum("bi,bi->b", step, extra * step - gradient)
    return step, promised


def _solve_linear(normal: FloatArray, right: FloatArray) -> FloatArray:
    """Solve (b, V, V) x = (b, V); a singular row takes no step."""
    try:
        found = np.linalg.solve(normal, right[:, :, np.newaxis])[:, :, 0]
    except np.linalg.LinAlgError:
        singular = ~np.isfinite(np.linalg.cond(normal))
        safe = np.where(singular[:, np.newaxis, np.newaxis], np.eye(normal.shape[1]), normal)
        found = np.where(
            singular[:, np.newaxis], 0.0, np.linalg.solve(safe, right[:, :, np.newaxis])[:, :, 0]
        )
    return np.asarray(found, dtype=np.float64)


def _update_damping(state: _State, rows: IntArray, better: NDArray[np.bool_], gain: FloatArray) -> None:
    growth = state.growth[rows]
    factor = np.maximum(0.1, 1 - (2 * np.minimum(gain, 1.0) - 1) ** 3)
    state.damping[rows] = np.maximum(state.damping[rows] * np.where(better, factor, growth), _MIN_DAMPING)
    state.growth[rows] = np.where(better, 2.0, 2 * growth)

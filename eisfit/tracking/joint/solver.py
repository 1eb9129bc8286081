"""The minimum of a joint fit: Gauss-Newton steps on a banded system with a border.

The system is solved by `eisfit.tracking.joint.bordered`.
Damping: D. W. Marquardt, J. Soc. Ind. Appl. Math. 11 (1963) 431, by the data's part of the matrix alone.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.records import dataclass
from eisfit.tracking.joint.bordered import Bordered
from eisfit.tracking.joint.problem import JointProblem, Measured

_MAX_STEPS = 60
_CONVERGED_SHARE = 1e-8
_MAX_DAMPING = 1e8


@dataclass(frozen=True)
class System:
    """The same with the penalty: cost, normal equations, gradient, and which parameters a bound holds."""

    cost: float
    matrix: Bordered
    gradient: FloatArray
    held: NDArray[np.bool_]

    def solve(
        self, problem: JointProblem, damping: float = 0.0, stiffness: FloatArray | None = None
    ) -> FloatArray:
        """Return the step (N, V) to the minimum of the linear model.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where the matrix is not positive definite.
        """
        own, common, matrix = problem.local, problem.shared, self.matrix
        if stiffness is not None:
            matrix = _add_damping(matrix, damping, stiffness)
        pull = np.einsum("kv,kvs->s", self.gradient[:, common], problem.design)
        local, shared = matrix.solve(-self.gradient[:, own], -pull)
        step = np.empty_like(self.gradient)
        step[:, own], step[:, common] = local, problem.design @ shared
        return np.where(self.held, 0.0, step)


@dataclass(frozen=False)
class State:
    """Where the minimisation stands: coordinates (N, V), their cost, and how it went."""

    theta: FloatArray
    cost: float
    steps: int = 0
    converged: bool = False


def minimise_banded(problem: JointProblem, bands: FloatArray) -> State:
    """Return the minimum, from the single fits on.

    Parameters
    ----------
    problem
        All cycles.
    bands
        (3, N, L) of the penalty: its diagonals for each local parameter.
    """
    theta = problem.start(bands)
    system = make_linear_system(problem, theta, problem.measure(theta), bands)
    state, damping = State(theta, system.cost), 1e-4
    while state.steps < _MAX_STEPS and not state.converged and damping < _MAX_DAMPING:
        state.steps += 1
        try:
            step = system.solve(problem, damping, bands[0])
        except np.linalg.LinAlgError:  # so little damped, the matrix is beyond the accuracy of numbers
            damping = max(8 * damping, 1e-8)
            continue
        trial = problem.coordinates.clip(state.theta + step)
        new = make_linear_system(problem, trial, problem.measure(trial), bands)
        if not new.cost <= state.cost:
            damping *= 8
            continue
        state.converged = state.cost - new.cost <= _CONVERGED_SHARE * state.cost
        state.theta, state.cost, system = trial, new.cost, new
        damping = max(damping / 8, 1e-12)
    state.converged |= damping >= _MAX_DAMPING  # no step leads lower
    return state


def make_linear_system(problem: JointProblem, theta: FloatArray, data: Measured, bands: FloatArray) -> System:
    """Return the normal equations at theta (N, V) with a penalty (3, N, L)."""
    gradient, local = data.gradient.copy(), theta[:, problem.local]
    energy, pulled = _compute_penalty(local, bands)
    gradient[:, problem.local] += pulled
    held = problem.find_held(theta, gradient)
    normal = np.where(held[:, :, np.newaxis] | held[:, np.newaxis, :], 0.0, data.normal)
    index = np.arange(theta.shape[1])
    normal[:, index, index] += np.where(held, 1e12, 0.0)
    own, common = problem.local, problem.shared
    blocks = normal[:, own[:, np.newaxis], own]
    blocks[:, np.arange(own.size), np.arange(own.size)] += bands[0]
    design = problem.design
    corner = (design.transpose(0, 2, 1) @ normal[:, common[:, np.newaxis], common] @ design).sum(axis=0)
    border = normal[:, own[:, np.newaxis], common] @ design
    matrix = Bordered(blocks, bands[1:], border, corner)
    return System(float(data.each.sum()) + energy, matrix, np.where(held, 0.0, gradient), held)


def _compute_penalty(local: FloatArray, bands: FloatArray) -> tuple[float, FloatArray]:
    """Return x B x and B x of a penalty (3, N, L) that constants cost nothing.

    Its rows sum to zero, so that differences of x say it all. With x itself a strong penalty is the small
    difference of large numbers: its rounding exceeded what the last steps gain.
    """
    energy, pulled = 0.0, np.zeros_like(local)
    for d in (1, 2):
        step = local[d:] - local[:-d]
        pull = bands[d][:-d] * step
        pulled[:-d] += pull
        pulled[d:] -= pull
        energy -= float(np.sum(pull * step))
    return energy, pulled


def _add_damping(matrix: Bordered, damping: float, stiffness: FloatArray) -> Bordered:
    blocks, corner = matrix.blocks.copy(), matrix.corner.copy()
    index = np.arange(blocks.shape[1])
    # Damped by what the data says, not by the penalty: that would stop a smooth parameter as a whole.
    blocks[:, index, index] += damping * (blocks[:, index, index] - stiffness + 0.1) + 1e-12
    corner[np.diag_indices(len(corner))] *= 1 + damping
    return dataclasses.replace(matrix, blocks=blocks, corner=corner)

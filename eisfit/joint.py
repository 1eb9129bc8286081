"""All cycles fitted at once, with parameters that are shared, smooth over the cycles, or free.

Minimised is  sum over cycles of chisqr_k / s_k^2  +  sum over smooth parameters of strength * |second
derivative|^2, with s_k^2 the reduced chisqr of cycle k by itself, or of all cycles where
they scatter no more than chance has it (1 where the noise was measured). Steps are
Gauss-Newton with Levenberg-Marquardt damping on a banded system with a border (`eisfit.bordered`). Errors are
the inverse of the Hessian: with the penalty read as a prior they contain its bias on average over the cycles
(D. Nychka, J. Am. Stat. Assoc. 83 (1988) 1134).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.bordered import Bordered
from eisfit.circuit import Circuit
from eisfit.errors import UsageError
from eisfit.joint_problem import JointProblem
from eisfit.joint_result import as_results
from eisfit.result import FitResult
from eisfit.rounding import significant
from eisfit.smoothness import Strength, axis, cross_validated, penalty

__all__ = ["MODES", "Joint", "joint_fit"]

FloatArray = NDArray[np.float64]

MODES = ("shared", "smooth", "free")
_STEPS = 60
_DONE = 1e-8
_MAX_DAMPING = 1e8


@dataclass(frozen=True)
class Joint:
    """What a joint fit decided.

    Attributes
    ----------
    modes
        Name -> ``shared``, ``smooth`` or ``free``, of every free parameter.
    strengths
        Of the smooth ones, with their cross-validation.
    cost
        The minimum.
    iterations
        Steps taken.
    converged
        False where the last step still promised an improvement.
    """

    modes: Mapping[str, str]
    strengths: Mapping[str, Strength]
    cost: float
    iterations: int
    converged: bool

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "modes": dict(self.modes),
            "strengths": {name: s.to_dict() for name, s in self.strengths.items()},
            "cost": self.cost,
            "iterations": self.iterations,
            "converged": self.converged,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Joint:
        """Rebuild from `to_dict`'s document."""
        strengths = {name: Strength.from_dict(row) for name, row in document["strengths"].items()}
        return cls(**{**document, "strengths": strengths})

    @property
    def notes(self) -> list[str]:
        """What is said of it in a report."""
        shared = [name for name, mode in self.modes.items() if mode == "shared"]
        notes = [f"joint fit: {', '.join(shared)} shared by all cycles"] if shared else []
        for name, s in self.strengths.items():
            chosen = f"chosen by {s.folds}-fold cross-validation over the cycles" if s.folds else "as given"
            notes.append(f"joint fit: {name} smooth, strength {significant(s.strength, 2)}, {chosen}")
        if not self.converged:
            notes.append("joint fit: not converged; share or smooth less, or give a strength")
        return notes


def joint_fit(
    fits: Sequence[FitResult],
    circuit: Circuit,
    joint: Mapping[str, str],
    *,
    strength: float | Mapping[str, float] | None = None,
) -> tuple[list[FitResult], Joint]:
    """Fit all cycles at once, starting from fits of each by itself.

    Parameters
    ----------
    fits
        Of `eisfit.track`, in the order of the cycles.
    joint
        Parameter -> ``shared``, ``smooth`` or ``free`` (as all that are not named).
    strength
        Of smoothness, for all smooth parameters or by name; None: cross-validated.

    Raises
    ------
    UsageError
        For an unknown mode or parameter, one that does not vary, fewer than three cycles for a smooth one,
        or a strength that is not positive.
    """
    modes = _modes(circuit, joint, len(fits))
    if any(fit.loss != "linear" for fit in fits):
        raise UsageError("a joint fit minimises squares: robust losses cannot be combined with it")
    problem = JointProblem.of(fits, circuit, modes)
    x = axis(np.array([np.nan if f.spectrum.cycle is None else f.spectrum.cycle for f in fits], dtype=float))
    strengths = {
        name: _strength(name, strength, problem, x) for name, mode in modes.items() if mode == "smooth"
    }
    weight = np.array(
        [strengths[name].strength if name in strengths else 0.0 for name in problem.local_names]
    )
    bands = penalty(x)[:, :, np.newaxis] * weight
    state = _minimised(problem, bands)
    told = Joint(modes, strengths, state.cost, state.steps, state.converged)
    return as_results(problem, state.theta, state.system.covariance()), told


def _modes(circuit: Circuit, joint: Mapping[str, str], cycles: int) -> dict[str, str]:
    circuit.check_names(joint)
    for name, mode in joint.items():
        if mode not in MODES:
            raise UsageError(f"{name}: no mode {mode!r}; there are {', '.join(MODES)}")
        if not circuit.parameters[name].free:
            raise UsageError(f"{name} does not vary: it cannot be {mode}")
        if mode == "smooth" and cycles < 3:
            raise UsageError(f"{name}: smooth over {cycles} cycles has no meaning; three are the least")
    return {name: joint.get(name, "free") for name, p in circuit.parameters.items() if p.free}


def _strength(
    name: str, given: float | Mapping[str, float] | None, problem: JointProblem, x: FloatArray
) -> Strength:
    value = given.get(name) if isinstance(given, Mapping) else given
    if value is None:
        return cross_validated(x, *problem.values_and_errors(name))
    if not value > 0:
        raise UsageError(f"{name}: the strength of smoothness must be positive, not {value:g}")
    return Strength(float(value))


@dataclass
class _State:
    theta: FloatArray
    cost: float
    system: Bordered
    steps: int = 0
    converged: bool = False


def _minimised(problem: JointProblem, bands: FloatArray) -> _State:
    theta = problem.start(bands)
    cost, system, gradient, held = _measured(problem, theta, bands)
    state, damping = _State(theta, cost, system), 1e-4
    while state.steps < _STEPS and not state.converged and damping < _MAX_DAMPING:
        state.steps += 1
        step = _step(state, problem, (gradient, held), damping, bands[0])
        trial = problem.clip(state.theta + step)
        new = _measured(problem, trial, bands)
        if not new[0] <= state.cost:
            damping *= 8
            continue
        state.converged = state.cost - new[0] <= _DONE * state.cost
        state.theta, state.cost, state.system = trial, new[0], new[1]
        gradient, held = new[2], new[3]
        damping = max(damping / 8, 1e-12)
    state.converged |= damping >= _MAX_DAMPING  # no step leads lower
    return state


def _measured(
    problem: JointProblem, theta: FloatArray, bands: FloatArray
) -> tuple[float, Bordered, FloatArray, NDArray[np.bool_]]:
    """Return the cost, the normal equations, the gradient (N, V) and which parameters are held at bounds."""
    cost, normal, gradient = problem.measured(theta)
    local = theta[:, problem.local]
    pulled = bands[0] * local
    for d in (1, 2):
        pulled[:-d] += bands[d][:-d] * local[d:]
        pulled[d:] += bands[d][:-d] * local[:-d]
    gradient[:, problem.local] += pulled
    held = problem.held(theta, gradient)
    normal = np.where(held[:, :, np.newaxis] | held[:, np.newaxis, :], 0.0, normal)
    index = np.arange(theta.shape[1])
    normal[:, index, index] += np.where(held, 1e12, 0.0)
    own, common = problem.local, problem.shared
    blocks = normal[:, own[:, np.newaxis], own]
    blocks[:, np.arange(own.size), np.arange(own.size)] += bands[0]
    corner = normal[:, common[:, np.newaxis], common].sum(axis=0)
    border = normal[:, own[:, np.newaxis], common]
    gradient = np.where(held, 0.0, gradient)
    return cost + float(np.sum(local * pulled)), Bordered(blocks, bands[1:], border, corner), gradient, held


def _step(
    state: _State,
    problem: JointProblem,
    pull: tuple[FloatArray, NDArray[np.bool_]],
    damping: float,
    stiffness: FloatArray,
) -> FloatArray:
    own, common, system = problem.local, problem.shared, state.system
    gradient, held = pull
    blocks, corner = system.blocks.copy(), system.corner.copy()
    index = np.arange(own.size)
    # Damped by what the data says, not by the penalty: that would stop a smooth parameter as a whole.
    blocks[:, index, index] += damping * (blocks[:, index, index] - stiffness + 0.1) + 1e-12
    corner[np.diag_indices(common.size)] *= 1 + damping
    damped = dataclasses.replace(system, blocks=blocks, corner=corner)
    local, shared = damped.solve(-gradient[:, own], -gradient[:, common].sum(axis=0))
    step = np.empty_like(gradient)
    step[:, own], step[:, common] = local, shared
    return np.where(held, 0.0, step)

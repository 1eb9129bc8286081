"""All cycles fitted at once, with parameters that are shared, smooth over the cycles, or free.

Minimised (by `eisfit.joint_solver`) is  sum over cycles of chisqr_k / s_k^2  +  sum over smooth parameters of
strength * |second derivative|^2, with s_k^2 the reduced chisqr of cycle k by itself, or of all cycles where
they scatter no more than chance has it (1 where the noise was measured). Errors are those of
`eisfit.joint_errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.circuit import Circuit
from eisfit.errors import UsageError
from eisfit.joint_errors import Smoothing
from eisfit.joint_problem import JointProblem
from eisfit.joint_result import as_results
from eisfit.joint_solver import minimised
from eisfit.result import FitResult
from eisfit.smoothness import Strength, axis, cross_validated, penalty

__all__ = ["MODES", "Joint", "joint_fit"]

FloatArray = NDArray[np.float64]

MODES = ("shared", "smooth", "free")


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
            notes.append(f"joint fit: {name} smooth, {s}")
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
    smoothing = Smoothing(problem, penalty(x), strengths)
    state = minimised(problem, smoothing.bands())
    told = Joint(modes, strengths, state.cost, state.steps, state.converged)
    return as_results(problem, state.theta, smoothing.covariance(state.theta)), told


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

"""Profile likelihood of what follows from the parameters, such as a time constant or R_p.

The fit is written anew with the quantity u = ln g(theta) in the place of a parameter: chisqr is minimised
over everything that leaves u at a value. That is done by one more residual, (u - aim) times a large
number, whose share is then taken off; where u ends is a little beside its aim, but chisqr there is the least
for that u, because the added residual depends on nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import field

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.objective import FormProblem
from eisfit.engine.propagation import Formula
from eisfit.engine.solver import Solution
from eisfit.fitting.errors.profile import Profile, ProfileWalk
from eisfit.fitting.errors.refit import Refit
from eisfit.records import dataclass

#: theta (B, V) -> u (B,)
Quantity = Callable[[FloatArray], FloatArray]

_STEP = 1e-5  # of a coordinate: central differences of ln g, to 1e-10
_STIFF = 100.0  # of the root of the limit, at one half width beside the aim
_EDGE = 1e-6  # of a coordinate
_FAR = 14.0  # a factor of a million


def compute_derived_profiles(
    refit: Refit, formulas: Mapping[str, Formula], quantile: float, *, rough: bool
) -> list[Profile]:
    """Return the profile of each of `formulas`, positive.

    See `eisfit.fitting.errors.profile.compute_profiles`.
    """
    return _DerivedProfileWalk(refit, formulas, quantile, rough=rough).run() if formulas else []


class _DerivedProfileWalk(ProfileWalk):
    def __init__(
        self, refit: Refit, formulas: Mapping[str, Formula], quantile: float, *, rough: bool
    ) -> None:
        self.quantities = [_make_logarithm(refit, formula) for formula in formulas.values()]
        super().__init__(refit, tuple(formulas), quantile, rough=rough)
        self.stiffness = _STIFF * np.sqrt(self.limit) / self.half

    def _find_directions(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        theta = self.refit.theta[np.newaxis]
        centre = np.concatenate([u(theta) for u in self.quantities])
        gradient = np.concatenate([_differentiate(u, theta) for u in self.quantities])
        return centre, gradient, centre - _FAR, centre + _FAR

    def _hold(self, tasks: IntArray, aims: FloatArray) -> FormProblem:
        base = self.refit.problem
        kept = (base.coordinates, base.grid, base.target, base.weight, base.box, base.form)
        return _AimedProblem(*kept, tuple(self.quantities), tasks // 2, aims, self.stiffness[tasks])

    def _locate(self, theta: FloatArray) -> FloatArray:
        return np.stack([quantity(theta) for quantity in self.quantities], axis=1)

    def _measure_rises(
        self, tasks: IntArray, aims: FloatArray, solved: Solution
    ) -> tuple[FloatArray, FloatArray]:
        reached = _evaluate(self.quantities, tasks // 2, solved.theta)
        return reached, solved.chisqr - (self.stiffness[tasks] * (reached - aims)) ** 2

    def _set_aim(self, task: int, aim: float, start: FloatArray) -> FloatArray:
        return start

    def _find_end(self, task: int) -> float | None:
        """Return the end; none where the way there leads along the edge of what the data can tell."""
        crossing = self._find_crossing(task)
        if crossing is None:
            return None
        beside = [theta for d, _, theta in self.walked[task] if d in (crossing[0][0], crossing[1][0])]
        return None if any(self._is_at_natural_edge(theta) for theta in beside) else super()._find_end(task)

    def _is_at_natural_edge(self, theta: FloatArray) -> bool:
        box, table = self.refit.problem.coordinates, self.refit.result.circuit.parameters
        rows = [table[name] for name in self.refit.free_names]
        low = np.array([row.scale == "log" and row.min == 0 for row in rows]) & (theta <= box.low + _EDGE)
        high = np.array([np.isinf(row.max) for row in rows]) & (theta >= box.high - _EDGE)
        return bool((low | high).any())

    def _describe_form(self, k: int) -> tuple[bool, float, float]:
        return True, 0.0, np.inf


@dataclass(frozen=True, eq=False, repr=False)
class _AimedProblem(FormProblem):
    """A problem with one residual more in each row: how far its quantity is from its aim."""

    quantities: tuple[Quantity, ...] = ()
    which: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    aims: FloatArray = field(default_factory=lambda: np.zeros(0))
    stiffness: FloatArray = field(default_factory=lambda: np.zeros(0))

    def rows(self, chosen: IntArray) -> _AimedProblem:
        picked = (self.which[chosen], self.aims[chosen], self.stiffness[chosen])
        return dataclasses.replace(self, which=picked[0], aims=picked[1], stiffness=picked[2])

    def evaluate(self, theta: FloatArray, buffer: ComplexArray) -> tuple[FloatArray, FloatArray]:
        residual, jacobian = super().evaluate(theta, buffer)
        beside = self.stiffness * (_evaluate(self.quantities, self.which, theta) - self.aims)
        slopes = np.empty_like(theta)
        for k in np.unique(self.which):
            rows = np.flatnonzero(self.which == k)
            slopes[rows] = _differentiate(self.quantities[k], theta[rows])
        slopes *= self.stiffness[:, np.newaxis]
        return (
            np.concatenate([residual, beside[:, np.newaxis]], axis=1),
            np.concatenate([jacobian, slopes[:, :, np.newaxis]], axis=2),
        )


def _make_logarithm(refit: Refit, formula: Formula) -> Quantity:
    names, coordinates = refit.result.circuit.names, refit.problem.coordinates

    def quantity(theta: FloatArray) -> FloatArray:
        values = coordinates.physical(theta)
        with np.errstate(all="ignore"):
            return np.asarray(np.log(formula(dict(zip(names, values.T, strict=True)))))

    return quantity


def _evaluate(
    quantities: list[Quantity] | tuple[Quantity, ...], which: IntArray, theta: FloatArray
) -> FloatArray:
    found = np.empty(len(theta))
    for k in np.unique(which):
        rows = np.flatnonzero(which == k)
        found[rows] = quantities[k](theta[rows])
    return found


def _differentiate(quantity: Quantity, theta: FloatArray) -> FloatArray:
    """Return du/dtheta (B, V)."""
    size = theta.shape[1]
    moved = np.concatenate([theta[:, np.newaxis] + s * np.eye(size) for s in (_STEP, -_STEP)], axis=1)
    up, down = np.split(quantity(moved.reshape(-1, size)).reshape(len(theta), 2 * size), 2, axis=1)
    return np.asarray((up - down) / (2 * _STEP))

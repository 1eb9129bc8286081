"""To the bottom of a valley: the solver's last steps, and by SVD where the data are free of noise.

The amplitudes of the branches in series are eliminated (`eisfit.engine.amplitudes`), after L. Kaufman, BIT 15
(1975) 49: arcs beyond the sweep, of which the data hold R^2 Q, and resistances in series, of which they hold
the sum, make valleys so narrow and bent that a descent in all parameters takes thousands of steps.

Normal equations square the condition of the Jacobian, so that they stall where the residual is some 1e-9 of
the data; an orthogonal factorisation does not (A. Bjorck, Numerical Methods for Least Squares Problems, SIAM
1996, sec. 2.4). Its damping follows H. B. Nielsen, IMM-REP-1999-05 (Technical University of Denmark, 1999);
its steps are bent by the second derivative along them (M. K. Transtrum, J. P. Sethna, arXiv:1201.5885, 2012).
A step changes parameters by shares of themselves, not by exponents: where an amplitude cannot be eliminated,
resistances of which the data hold the sum then move along a straight line.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.engine.amplitudes import Amplitudes
from eisfit.engine.solver import Problem, solve
from eisfit.records import dataclass

__all__ = ["FINE", "NOISE_FREE", "descend", "polish", "to_the_digits"]


_STEPS = 150
FINE = 1e-13
NOISE_FREE = 1e8  # times the chisqr of the digits: a relative rms of 1e-4
_BY_SVD = 300
_PATIENCE = 150  # steps within which chisqr halves: slower is creeping, not arriving
_LESS = 60  # where a descent before has been as low, or many circuits are looked at
_SETTLED = 1e-5  # share of chisqr that a step promises: the digits show nothing finer
_DAMPING = (1e-16, 1e-12, 1e6)  # least, first and most, of columns of length one
_KICKED = 2  # weakest directions
_KICK = 0.3  # of a logarithm
_WITHIN = 30.0  # times the chisqr that is enough: a valley's bend hides no more
_LEAST = 1e-3  # of an amplitude in one step
_DEAD = 1e-14  # of the largest singular value: rounding
_AHEAD = 0.1  # of a step: where the curvature of the valley is looked up
_MOST_BENT = 0.4  # of a step's length
_MOST_LOST = 0.9  # of a parameter in one step


def polish(
    problem: Problem, theta: FloatArray, digits: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return theta (B, V), chisqr (B,) and whether it has converged (B,) at the bottom of the valleys.

    Parameters
    ----------
    problem
        One spectrum for all rows, or one for each.
    theta
        Near there.
    digits
        (B,) chisqr of the last digits of the data.
    """
    end = solve(problem, theta, max_iterations=_STEPS, tolerance=FINE, damping=1e-8)
    found, cost, done = end.theta, end.chisqr.copy(), end.converged.copy()
    for row in np.flatnonzero(cost < NOISE_FREE * digits).tolist():
        descent = _Descent(problem.rows(np.array([row])), found[row])
        done[row] = descent.run()
        found[row], cost[row] = descent.theta, descent.cost
    return found, cost, done


def descend(problem: Problem, theta: FloatArray) -> tuple[FloatArray, float]:
    """Return theta (V,) and chisqr of one spectrum without noise, for as long as that gets on quickly."""
    descent = _Descent(problem, theta)
    descent.run(_LESS)
    return descent.theta, descent.cost


def to_the_digits(problem: Problem, ends: FloatArray, enough: float) -> tuple[FloatArray, float]:
    """Return theta (V,) and chisqr of one spectrum without noise, from the best of `ends` (n, V).

    Where that is above `enough`, but not far, the descent goes on from either side along the directions that
    the data hold weakest.
    """
    best = _Descent(problem, ends[0])
    best.run()
    for theta in ends[1:]:
        best = _lower(best, problem, theta, enough)
    near = _KICKED if best.cost < _WITHIN * enough else 0
    for weak in range(1, 1 + min(near, best.theta.size)):
        for side in (_KICK, -_KICK):
            best = _lower(best, problem, best.theta + side * best.weak(weak), enough)
    return best.theta, best.cost


def _lower(best: _Descent, problem: Problem, theta: FloatArray, enough: float) -> _Descent:
    """Return the lower of a descent and of one from `theta`, which is not made where the first is enough."""
    if best.cost <= enough:
        return best
    other = _Descent(problem, theta)
    other.run(_LESS)
    return other if other.cost < best.cost else best


@dataclass(frozen=True, eq=False, repr=False)
class _Point:
    """Where a descent is: coordinates (V,), signs of the branches' amplitudes (A,), and what is left there.

    Residual (2F,), Jacobian (V, 2F), and the branches' shapes (2F, A), orthonormal; none where something of
    them is left.
    """

    theta: FloatArray
    sign: FloatArray
    residual: FloatArray
    jacobian: FloatArray
    shapes: FloatArray

    @property
    def cost(self) -> float:
        """Chi-square."""
        return float(self.residual @ self.residual)

    @property
    def is_physical(self) -> bool:
        """Whether no amplitude is negative."""
        return bool((self.sign > 0).all())


class _Descent:
    """Levenberg-Marquardt from one point by singular values of the scaled Jacobian.

    At every point the amplitudes of the branches in series are the best there are, also where those are
    negative: what is left to go down in is neither as narrow nor as bent. What ends at negative ones goes on
    without that, from where none was.
    """

    def __init__(self, problem: Problem, theta: FloatArray) -> None:
        self.problem, self.box, self.buffer = problem, problem.bounds, problem.buffer(1)
        self.log = problem.coordinates.log[problem.coordinates.free]
        self.amplitudes = Amplitudes.of(problem.coordinates)
        start = self.box.clip(theta[np.newaxis])[0]
        with np.errstate(all="ignore"):
            self.physical = self.point = self._evaluated(start, np.ones(len(self.amplitudes.powers)))
            best = self._at(start, self.point.sign)
        if best.cost < self.point.cost:
            self._take(best)

    @property
    def theta(self) -> FloatArray:
        """Where it is (V,)."""
        return self.point.theta

    @property
    def cost(self) -> float:
        """Chi-square there."""
        return self.point.cost

    def run(self, patience: int = _PATIENCE) -> bool:
        """Go down; return whether nothing is left to gain."""
        with np.errstate(all="ignore"):
            done = self._go_down(patience)
            if not self.point.is_physical:
                self.amplitudes = self.amplitudes.none()
                self.point = self._evaluated(self.physical.theta, np.ones(0))
                done = self._go_down(patience)
        return done

    def _go_down(self, patience: int) -> bool:
        damping, growth = _DAMPING[1], 2.0
        half, since = self.cost / 2, 0
        for turn in range(_BY_SVD):
            if self.cost <= half:
                half, since = self.cost / 2, turn
            lost = not (np.isfinite(self.cost) and np.isfinite(self.point.jacobian).all())
            if lost or turn - since > patience:
                return False
            step, promised, left = self._step(damping)
            if left <= _SETTLED * self.cost:
                return True
            gain = self._try(step) / promised
            if gain > 0:
                damping *= max(0.1, 1 - (2 * min(gain, 1.0) - 1) ** 3)
                damping, growth = max(damping, _DAMPING[0]), 2.0
            else:
                damping, growth = damping * growth, 2 * growth
            if damping > _DAMPING[2]:
                return True  # no step, however short, gains anything
        return False

    def weak(self, rank: int) -> FloatArray:
        """Return the direction (V,) that the data hold `rank`-th weakest, its largest part 1."""
        direction = self._factors()[2][-rank]
        return np.asarray(direction / max(float(np.abs(direction).max()), 1e-300))

    def _moved(self, step: FloatArray) -> FloatArray:
        """Return theta (V,) after a step along which parameters, not their logarithms, move evenly."""
        share = np.maximum(np.where(self.log, step, 0.0), -_MOST_LOST)
        theta = self.theta + np.where(self.log, np.log1p(share), step)
        return np.asarray(self.box.clip(theta[np.newaxis])[0])

    def _evaluated(self, theta: FloatArray, sign: FloatArray) -> _Point:
        """Return a point with the amplitudes as they are."""
        residual, jacobian = self.problem.evaluate(theta[np.newaxis], self.buffer)
        branches = self.amplitudes.powers @ jacobian[0]
        signs = self.amplitudes.of_coordinates(sign)
        left = residual[0] + (sign - 1) @ branches
        return _Point(theta, sign, left, jacobian[0] * signs[:, np.newaxis], np.zeros((left.size, 0)))

    def _at(self, theta: FloatArray, sign: FloatArray) -> _Point:
        """Return a point with the amplitudes that leave least."""
        point = self._evaluated(theta, sign)
        if not (sign.size and np.isfinite(point.residual).all() and np.isfinite(point.jacobian).all()):
            return point
        branches = self.amplitudes.powers @ point.jacobian
        size = np.maximum(np.linalg.norm(branches, axis=1), 1e-300)
        shapes, mixed = np.linalg.qr((branches / size[:, np.newaxis]).T)
        along = point.residual @ shapes
        amplitudes = 1 - np.linalg.lstsq(mixed, along, rcond=_DEAD)[0] / size
        moved = theta + np.log(np.maximum(np.abs(amplitudes), _LEAST)) @ self.amplitudes.powers
        sign = np.where(amplitudes < 0, -sign, sign)
        inside = self.box.clip(moved[np.newaxis])[0]
        if not np.array_equal(inside, moved):
            return self._evaluated(inside, sign)
        jacobian = point.jacobian * self.amplitudes.of_coordinates(amplitudes)[:, np.newaxis]
        return _Point(moved, sign, point.residual - shapes @ along, jacobian, shapes)

    def _factors(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the left singular vectors (2F, V), the values, and the right vectors (V, V) in theta.

        Of what the Jacobian has beside the branches' shapes, its columns made one long; a coordinate held at
        its bound has none.
        """
        point, jacobian = self.point, self.point.jacobian
        uphill = jacobian @ point.residual
        low, high = self.box.low[0], self.box.high[0]
        held = ((self.theta <= low) & (uphill > 0)) | ((self.theta >= high) & (uphill < 0))
        columns = self._beside_shapes(jacobian)
        size = np.linalg.norm(columns, axis=0)
        held |= size <= _DEAD * np.linalg.norm(jacobian, axis=1)
        size = np.where(held, 1.0, size)
        left, values, right = np.linalg.svd(columns / size * ~held, full_matrices=False)
        return left, values, right * ~held / size

    def _beside_shapes(self, rows: FloatArray) -> FloatArray:
        """Return what rows (n, 2F) have beside the branches' shapes, as columns (2F, n)."""
        shapes, columns = self.point.shapes, rows.T
        for _ in range(2):  # once more for what rounding left
            columns = columns - shapes @ (shapes.T @ columns)
        return columns

    def _step(self, damping: float) -> tuple[FloatArray, float, float]:
        """Return the damped step (V,), bent along the valley, its promised gain, and that of a whole step."""
        left, values, right = self._factors()
        share = values**2 / (values**2 + damping)
        inverse = np.where(values > 0, share / np.where(values > 0, values, 1.0), 0.0)
        along = self.point.residual @ left
        step = -(along * inverse) @ right
        ahead = self._at(self._moved(_AHEAD * step), self.point.sign).residual
        straight = self._beside_shapes(step[np.newaxis] @ self.point.jacobian)[:, 0]
        curved = 2 / _AHEAD * ((ahead - self.point.residual) / _AHEAD - straight)
        bend = -(curved @ left * inverse) @ right / 2
        if np.linalg.norm(bend) < _MOST_BENT * np.linalg.norm(step):
            step = step + bend
        seen = values > _DEAD * values[0]
        return step, float(np.sum(along**2 * share * (2 - share))), float(np.sum(along[seen] ** 2))

    def _try(self, step: FloatArray) -> float:
        """Take a step where it gains; return what it gains."""
        trial = self._at(self._moved(step), self.point.sign)
        gained = self.cost - trial.cost
        if not gained > 0:
            return -1.0
        self._take(trial)
        return gained

    def _take(self, point: _Point) -> None:
        self.point = point
        if point.is_physical:
            self.physical = point

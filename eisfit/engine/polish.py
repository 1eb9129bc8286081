"""To the bottom of a valley: the solver's last steps, and by SVD where the data are free of noise.

Normal equations square the condition of the Jacobian, so that they stall where the residual is some 1e-9 of
the data; an orthogonal factorisation does not (A. Bjorck, Numerical Methods for Least Squares Problems, SIAM
1996, sec. 2.4). Its damping follows H. B. Nielsen, IMM-REP-1999-05 (Technical University of Denmark, 1999);
its steps are bent by the second derivative along them (M. K. Transtrum, J. P. Sethna, arXiv:1201.5885, 2012).
A step changes parameters by shares of themselves, not by exponents: resistances in series, of which the data
hold the sum, then move along a straight line, and their valley is crossed in fifty steps, not in a thousand.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.engine.solver import Problem, solve

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


class _Descent:
    """Levenberg-Marquardt from one point by singular values of the scaled Jacobian."""

    def __init__(self, problem: Problem, theta: FloatArray) -> None:
        self.problem, self.box, self.buffer = problem, problem.bounds, problem.buffer(1)
        self.log = problem.coordinates.log[problem.coordinates.free]
        self.theta = self.box.clip(theta[np.newaxis])[0]
        with np.errstate(all="ignore"):
            self.residual, self.jacobian = self._evaluated(self.theta)
        self.cost = _square(self.residual)

    def run(self, patience: int = _PATIENCE) -> bool:
        """Go down; return whether nothing is left to gain."""
        damping, growth = _DAMPING[1], 2.0
        half, since = self.cost / 2, 0
        with np.errstate(all="ignore"):
            for turn in range(_BY_SVD):
                if self.cost <= half:
                    half, since = self.cost / 2, turn
                lost = not (np.isfinite(self.cost) and np.isfinite(self.jacobian).all())
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
        return np.asarray(self.theta + np.where(self.log, np.log1p(share), step))

    def _evaluated(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        residual, jacobian = self.problem.evaluate(theta[np.newaxis], self.buffer)
        return residual[0].copy(), jacobian[0].copy()

    def _factors(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the left singular vectors (2F, V), the values, and the right vectors (V, V) in theta.

        Of the Jacobian with columns of length one; a coordinate held at its bound has none.
        """
        uphill = self.jacobian @ self.residual
        low, high = self.box.low[0], self.box.high[0]
        held = ((self.theta <= low) & (uphill > 0)) | ((self.theta >= high) & (uphill < 0))
        size = np.linalg.norm(self.jacobian, axis=1)
        size = np.where(size > 0, size, 1.0)
        columns = (self.jacobian / size[:, np.newaxis]) * ~held[:, np.newaxis]
        left, values, right = np.linalg.svd(columns.T, full_matrices=False)
        return left, values, right * ~held / size

    def _step(self, damping: float) -> tuple[FloatArray, float, float]:
        """Return the damped step (V,), bent along the valley, its promised gain, and that of a whole step."""
        left, values, right = self._factors()
        share = values**2 / (values**2 + damping)
        inverse = np.where(values > 0, share / np.where(values > 0, values, 1.0), 0.0)
        along = self.residual @ left
        step = -(along * inverse) @ right
        ahead = self._evaluated(self._moved(_AHEAD * step))[0]
        curved = 2 / _AHEAD * ((ahead - self.residual) / _AHEAD - step @ self.jacobian)
        bend = -(curved @ left * inverse) @ right / 2
        if np.linalg.norm(bend) < _MOST_BENT * np.linalg.norm(step):
            step = step + bend
        seen = values > _DEAD * values[0]
        return step, float(np.sum(along**2 * share * (2 - share))), float(np.sum(along[seen] ** 2))

    def _try(self, step: FloatArray) -> float:
        """Take a step where it gains; return what it gains."""
        trial = self.box.clip(self._moved(step)[np.newaxis])[0]
        residual, jacobian = self._evaluated(trial)
        gained = self.cost - _square(residual)
        if not gained > 0:
            return -1.0
        self.theta, self.residual, self.jacobian = trial, residual, jacobian
        self.cost -= gained
        return gained


def _square(residual: FloatArray) -> float:
    return float(residual @ residual)

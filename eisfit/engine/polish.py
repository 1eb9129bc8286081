"""To the bottom of a valley: the solver's last steps, and by QR where the data are free of noise.

Normal equations square the condition of the Jacobian, so that they stall where the residual is some 1e-9 of
the data; an orthogonal factorisation does not (A. Bjorck, Numerical Methods for Least Squares Problems, SIAM
1996, sec. 2.4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.engine.solver import Problem, solve

__all__ = ["polish"]

Mask = NDArray[np.bool_]

_STEPS = 150
_FINE = 1e-13
_NOISE_FREE = 1e8  # times the chisqr of the digits: a relative rms of 1e-4
_BY_QR = 30
_HALVINGS = 8


def polish(problem: Problem, theta: FloatArray, digits: FloatArray) -> tuple[FloatArray, FloatArray, Mask]:
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
    end = solve(problem, theta, max_iterations=_STEPS, tolerance=_FINE, damping=1e-8)
    found, cost = end.theta, end.chisqr.copy()
    for row in np.flatnonzero(cost < _NOISE_FREE * digits).tolist():
        one = problem.rows(np.array([row]))
        found[row], cost[row] = _by_qr(one, found[row], float(cost[row]))
    return found, cost, end.converged


def _by_qr(problem: Problem, theta: FloatArray, cost: float) -> tuple[FloatArray, float]:
    """Go on by Gauss-Newton steps, each halved until chisqr falls, while it falls."""
    box, buffer = problem.bounds, problem.buffer(1)
    with np.errstate(all="ignore"):
        for _ in range(_BY_QR):
            residual, jacobian = problem.evaluate(theta[np.newaxis], buffer)
            step = _step(jacobian[0], residual[0])
            for halving in range(_HALVINGS):
                trial = box.clip((theta + step / 2**halving)[np.newaxis])[0]
                now = float(np.sum(problem.evaluate(trial[np.newaxis], buffer)[0] ** 2))
                if now < cost:
                    break
            else:
                return theta, cost
            fallen, theta, cost = cost - now, trial, now
            if fallen < 1e-3 * cost:
                return theta, cost
    return theta, cost


def _step(jacobian: FloatArray, residual: FloatArray) -> FloatArray:
    """Return the Gauss-Newton step; none where the Jacobian cannot be used."""
    size = np.linalg.norm(jacobian, axis=1)
    size = np.where(size > 0, size, 1.0)
    if not (np.isfinite(size).all() and np.isfinite(residual).all()):
        return np.zeros(len(jacobian))
    return np.asarray(-np.linalg.lstsq((jacobian / size[:, np.newaxis]).T, residual, rcond=1e-15)[0] / size)

"""To the bottom of a valley: the solver's last steps, and by singular values where data are free of noise."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.engine.descent import Descents
from eisfit.engine.solver import Problem, solve

_MAX_STEPS = 150
FINE_TOLERANCE = 1e-13
NOISE_FREE = 1e8  # times the chisqr of the digits: a relative rms of 1e-4


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
    end = solve(problem, theta, max_iterations=_MAX_STEPS, tolerance=FINE_TOLERANCE, damping=1e-8)
    found, cost, done = end.theta, end.chisqr.copy(), end.converged.copy()
    clean = np.flatnonzero(cost < NOISE_FREE * digits)
    if clean.size:
        descents = Descents(problem.rows(clean), found[clean])
        found[clean], cost[clean] = descents.finish()
        done[clean] = descents.done
    return found, cost, done

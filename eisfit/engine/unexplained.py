"""How much of a fit's residual another circuit, or an inductance, could explain, without fitting one."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.solver import Problem
from eisfit.spectra.noise import make_ladder

#: Chi-square, in units of the noise, that two shapes out of thirty explain by chance at most.
BY_CHANCE = 14.0
_TINY = 1e-6  # of the longest shape: less is rounding
_SHAPE_COUNT = 2


def find_explainable(problem: Problem, theta: FloatArray) -> float:
    """Return how much of chi-square an impedance that is added could explain, about.

    What is left after the circuit's own derivatives is fitted with the two shapes of a ladder of RC elements,
    R, L and C that take most of it.

    Parameters
    ----------
    problem
        Of one spectrum, with the errors of its numbers for weights.
    theta
        (V,) its optimum.
    """
    left, base = _project_out_derivatives(problem, theta)
    shapes = make_ladder(problem.grid.omega.reshape(-1)) * problem.weight
    gain = 0.0
    for _ in range(_SHAPE_COUNT):
        shapes = shapes - (shapes @ base) @ base.T
        lengths = np.linalg.norm(shapes, axis=1)
        shares = np.where(lengths > _TINY * lengths.max(), (shapes @ left) / np.maximum(lengths, 1e-300), 0)
        best = int(np.argmax(np.abs(shares)))
        gain += float(shares[best]) ** 2
        base = (shapes[best] / max(lengths[best], 1e-300))[:, np.newaxis]
        left = left - base[:, 0] * shares[best]
    return gain


def estimate_with_inductance(problem: Problem, theta: FloatArray) -> float:
    """Return about the chisqr that a fit would leave with an inductance in series: to first order.

    Parameters
    ----------
    problem
        Of one spectrum.
    theta
        (V,) its optimum.
    """
    left, base = _project_out_derivatives(problem, theta)
    omega = problem.grid.omega.reshape(-1)
    shape = (1j * omega / omega[0]).view(np.float64) * problem.weight[0]
    shape = shape - base @ (base.T @ shape)
    gain = max(-float(shape @ left), 0.0) ** 2 / max(float(shape @ shape), 1e-300)
    return float(left @ left) - gain


def _project_out_derivatives(problem: Problem, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the residual (2F,) less what the circuit's derivatives explain, and a base (2F, V) of these."""
    residual, jacobian = problem.at(theta)
    size = np.maximum(np.linalg.norm(jacobian, axis=1), 1e-300)
    base = np.linalg.qr((jacobian / size[:, np.newaxis]).T)[0]
    return residual - base @ (base.T @ residual), base

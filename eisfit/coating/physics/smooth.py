"""Functions of s^2 that are accurate at zero, each with its derivative by s^2; s has a positive real part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray
from eisfit.model.elements._hyperbolic import Wedge

_ZERO = 1e-30  # of s^2: there the limits are reached


def _root(s2: ComplexArray) -> Wedge:
    return Wedge(np.sqrt(np.where(np.abs(s2) < _ZERO, _ZERO, s2)))


def tanh_over(s2: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return tanh(s)/s and its derivative by s^2."""
    s = _root(s2)
    return s.tanh / s.x, s.tanh_slope() / (2 * s.x**2)


def sphere(s2: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return tanh(s)/(s - tanh s) and its derivative by s^2; it has a pole 3/s^2 at zero."""
    s = _root(s2)
    H = 1 / (s.x * s.langevin())
    return H, -(H**2) * s.coth_rise() / 2


def coth_csch(s2: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return s coth(s) and s/sinh(s), real where s^2 is; both are 1 at zero."""
    if np.isrealobj(s2):
        x = np.sqrt(np.maximum(s2, _ZERO))
        per_lack = x / -np.expm1(-2 * x)
        return per_lack * (1 + np.exp(-2 * x)), 2 * per_lack * np.exp(-x)
    s = _root(s2)
    return s.x * s.coth, s.x * s.csch

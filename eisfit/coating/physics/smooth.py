"""Functions of s^2 that stay right at zero and at infinity, each with its derivative by s^2.

They take a complex s^2 with a non-negative real part of s; near zero they go by their Taylor series.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray

__all__ = ["coth_csch", "sphere", "tanh_over"]


_NEAR = 1e-2
# tanh(s)/s and tanh(s)/(s - tanh s) - 3/s^2 in powers of s^2 (DLMF 4.33.3; its reciprocal series).
_TANH = (1.0, -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925)
_SPHERE = (1 / 5, -1 / 175, 2 / 7875, -37 / 3031875, 118 / 197071875)


def tanh_over(s2: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return tanh(s)/s and its derivative by s^2."""
    near = np.abs(s2) < _NEAR
    safe = np.where(near, 1.0, s2)
    s = np.sqrt(safe)
    e = np.exp(-2 * s)
    th = (1 - e) / (1 + e)
    T = th / s
    dT = (1 - th**2 - T) / (2 * safe)
    return _patch_zero(near, s2, _TANH, T, dT)


def sphere(s2: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return tanh(s)/(s - tanh s) and its derivative by s^2; it has a pole 3/s^2 at zero."""
    near = np.abs(s2) < _NEAR
    safe = np.where(near, 1.0, s2)
    s = np.sqrt(safe)
    e = np.exp(-2 * s)
    th = (1 - e) / (1 + e)
    below = s - th
    H = th / below
    dH = ((1 - th**2) * s - th) / (below**2 * 2 * s)
    rest, slope = _patch_zero(near, s2, _SPHERE, H, dH)
    pole = np.where(near, s2, 1.0)
    return rest + np.where(near, 3 / pole, 0), slope - np.where(near, 3 / pole**2, 0)


def coth_csch(s2: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return s coth(s) and s/sinh(s); both are 1 at zero."""
    s = np.sqrt(np.where(np.abs(s2) < 1e-30, 1e-30, s2))
    fall = -np.expm1(-2 * s)
    e = np.exp(-s)
    return np.asarray(s * (1 + e * e) / fall), np.asarray(2 * s * e / fall)


def _patch_zero(
    near: NDArray[np.bool_],
    x: ComplexArray,
    series: tuple[float, ...],
    value: ComplexArray,
    slope: ComplexArray,
) -> tuple[ComplexArray, ComplexArray]:
    if not near.any():
        return value, slope
    small = np.where(near, x, 0)
    f, df = np.zeros_like(small), np.zeros_like(small)
    for c in reversed(series):
        df = df * small + f
        f = f * small + c
    return np.where(near, f, value), np.where(near, df, slope)

"""Bessel functions of order 0 and 1 of positive numbers, and the zeros of J1: scipy's take 80 ms to load.

Below 25 Bessel's integral, J_n(x) = 1/pi int_0^pi cos(n t - x sin t) dt, by the midpoint rule, which
converges faster than any power; the second kind by its series of the first, summed under that integral (M.
Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 9.1.21, 9.1.88). Above, Hankel's
expansion (9.2.5 to 9.2.10), there exact to the last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from eisfit.arrays import FloatArray

_FAR = 25.0
_NODES, _SERIES = 80, 36
_HANKEL = 16
_EULER = 0.57721566490153286061
_SINE = np.sin(np.pi * (np.arange(_NODES) + 0.5) / _NODES)


def j0(x: FloatArray) -> FloatArray:
    """Return J0 (n,)."""
    return _evaluate(x, lambda near: np.cos(near[:, np.newaxis] * _SINE).mean(axis=1), 0)


def j1(x: FloatArray) -> FloatArray:
    """Return J1 (n,)."""
    return _evaluate(x, lambda near: (_SINE * np.sin(near[:, np.newaxis] * _SINE)).mean(axis=1), 1)


def y0(x: FloatArray) -> FloatArray:
    """Return Y0 (n,)."""

    def integrate(near: FloatArray) -> FloatArray:
        rest = np.cos(near[:, np.newaxis] * _SINE) @ _compute_weights(0)
        return 2 / np.pi * (np.log(near / 2) + _EULER) * j0(near) - rest

    return _evaluate(x, integrate, 0, second=True)


def y1(x: FloatArray) -> FloatArray:
    """Return Y1 (n,)."""

    def integrate(near: FloatArray) -> FloatArray:
        rest = np.sin(near[:, np.newaxis] * _SINE) @ _compute_weights(1)
        return 2 / np.pi * ((np.log(near / 2) + _EULER - 1) * j1(near) - j0(near) / near) - rest

    return _evaluate(x, integrate, 1, second=True)


@lru_cache(maxsize=8)
def find_zeros(count: int) -> FloatArray:
    """Return the first positive zeros of J1 (count,), from McMahon's expansion by Newton's steps (9.5.12)."""
    beta = np.pi * (np.arange(1, count + 1) + 0.25)
    x = beta - 3 / (8 * beta) + 3 / (128 * beta**3)
    for _ in range(4):
        at = j1(x)
        x = x - at / (j0(x) - at / x)
    x.setflags(write=False)
    return np.asarray(x)


def _evaluate(
    x: FloatArray, integrate: Callable[[FloatArray], FloatArray], order: int, *, second: bool = False
) -> FloatArray:
    """Return the function below `_FAR` by its integral, above by Hankel's expansion: of J or of Y."""
    found, near = np.empty(x.shape), x < _FAR
    found[near] = integrate(x[near])
    found[~near] = _expand(x[~near], order, second=second)
    return found


def _expand(x: FloatArray, order: int, *, second: bool) -> FloatArray:
    term, parts = np.ones(x.shape), [np.ones(x.shape), np.zeros(x.shape)]
    for k in range(1, _HANKEL):
        term = term * (4 * order**2 - (2 * k - 1) ** 2) / (8 * k * x)
        parts[k % 2] += term * (1 if k % 4 < 2 else -1)
    # cos(x - a) and sin(x - a), a = pi/4 or 3 pi/4, times the root of two: a difference would cost digits
    plus, minus = np.cos(x) + np.sin(x), np.sin(x) - np.cos(x)
    along, across = (minus, -plus) if order else (plus, minus)
    whole = parts[0] * across + parts[1] * along if second else parts[0] * along - parts[1] * across
    return np.asarray(whole / np.sqrt(np.pi * x))


@lru_cache(maxsize=2)
def _compute_weights(order: int) -> FloatArray:
    """Return weights (nodes,) of the series of Y under the integral."""
    t, k = np.pi * (np.arange(_NODES) + 0.5) / _NODES, np.arange(1, _SERIES)[:, np.newaxis]
    factor = 2 / np.pi * (-1.0) ** k * (order + 2 * k) / (k * (order + k))
    shape = np.sin((2 * k + 1) * t) if order else np.cos(2 * k * t)
    return np.asarray((factor * shape).sum(axis=0) / _NODES)

"""Hyperbolic and logistic functions of complex arguments: nothing overflows, nothing cancels.

Every argument x of an element lies in the wedge |arg x| <= pi/4, being the square root of an admittance
times a resistance; there 1 + exp(-2x) has no zero near, and only decaying exponentials are needed.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray
from eisfit.model.elements._complex_parts import complex_log1p

_SERIES_BELOW = 0.5


class Wedge:
    """What the transmission lines need of x: coth, 1/sinh, tanh and the small differences of them.

    Parameters
    ----------
    x
        Complex, |arg x| <= pi/4, not zero.
    """

    def __init__(self, x: ComplexArray) -> None:
        self.x = x
        p, q = x.real, x.imag
        fall = np.expm1(-2 * p)  # -(1 - t), t = exp(-2p)
        t = fall + 1
        self.lack = np.empty(x.shape, dtype=np.complex128)  # 1 - exp(-2x), a sum of positive terms
        self.lack.real = -fall + 2 * t * np.sin(q) ** 2
        self.lack.imag = t * np.sin(2 * q)

    @cached_property
    def decay(self) -> ComplexArray:
        """exp(-x)."""
        return np.asarray(np.exp(-self.x.real) * np.exp(-1j * self.x.imag))

    @property
    def coth(self) -> ComplexArray:
        """The hyperbolic cotangent."""
        return np.asarray((2 - self.lack) / self.lack)

    @property
    def tanh(self) -> ComplexArray:
        """The hyperbolic tangent."""
        return np.asarray(self.lack / (2 - self.lack))

    @property
    def half_tanh(self) -> ComplexArray:
        """The hyperbolic tangent of x/2."""
        return np.asarray(self.lack / (1 + self.decay) ** 2)

    @property
    def csch(self) -> ComplexArray:
        """1/sinh."""
        return np.asarray(2 * self.decay / self.lack)

    @property
    def sech(self) -> ComplexArray:
        """1/cosh."""
        return np.asarray(2 * self.decay / (2 - self.lack))

    def coth_rise(self) -> ComplexArray:
        """Return coth x / x - 1/sinh^2 x: 2/3 at x = 0, where the two terms cancel."""
        return self._difference(self.coth / self.x - self.csch**2, +1.0)

    def tanh_slope(self) -> ComplexArray:
        """Return 1/cosh^2 x - tanh x / x: -2 x^2/3 at x = 0, where the two terms cancel."""
        return self._difference(self.sech**2 - self.tanh / self.x, -1.0)

    def langevin(self) -> ComplexArray:
        """Return coth x - 1/x: x/3 at x = 0, where the two terms cancel."""
        far = self.coth - 1 / self.x
        small = np.abs(self.x) < _SERIES_BELOW
        if small.any():
            far[small] = cosh_excess(self.x[small]) * self.csch[small]
        return far

    def _difference(self, far: ComplexArray, sign: float) -> ComplexArray:
        """Return `far`, or near zero sign (sinh 2x - 2x) / (2x f^2) with f = sinh x or cosh x."""
        small = np.abs(self.x) < _SERIES_BELOW
        if small.any():
            x = self.x[small]
            below = self.csch[small] if sign > 0 else self.sech[small]
            far[small] = sign * sinh_cosh_excess(x) * below**2
        return far


def sinh_cosh_excess(x: ComplexArray) -> ComplexArray:
    """Return sinh x cosh x / x - 1 = (sinh 2x - 2x) / (2x) for small x, by its power series."""
    square = (2 * x) ** 2
    tail = np.ones_like(x)
    for n in (8, 7, 6, 5, 4, 3, 2):
        tail = 1 + tail * square / ((2 * n) * (2 * n + 1))
    return np.asarray(square / 6 * tail)


def cosh_excess(x: ComplexArray) -> ComplexArray:
    """Return cosh x - sinh x / x for small x, by its power series: the sum of 2n x^2n / (2n + 1)!."""
    square = x**2
    tail = np.ones_like(x)
    for n in (9, 8, 7, 6, 5, 4, 3, 2):
        tail = 1 + tail * square / ((2 * n - 2) * (2 * n + 1))
    return np.asarray(square / 3 * tail)


def logistic(a: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return 1 / (1 + s) and s / (1 + s) for s = exp(a), |imag a| <= pi/2, for any real part."""
    large, w = _exp_decay(a)
    one = 1 / (1 + w)
    other = w * one
    return np.where(large, other, one), np.where(large, one, other)


def log1p_exp(a: ComplexArray) -> ComplexArray:
    """Return ln(1 + exp(a)) for |imag a| <= pi/2, for any real part."""
    large, w = _exp_decay(a)
    return complex_log1p(w) + np.where(large, a, 0.0)


def _exp_decay(a: ComplexArray) -> tuple[BoolArray, ComplexArray]:
    """Return where exp(a) is larger than one, and there exp(-a), elsewhere exp(a)."""
    large = a.real > 0
    return large, np.exp(-np.abs(a.real)) * np.exp(1j * np.where(large, -a.imag, a.imag))

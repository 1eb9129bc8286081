"""An electrode's impedance from that of its interface: sampled where that is real, continued to complex ones.

An electrode is a network of resistors and of its interface, everywhere the same z: as a network of resistors
and inductors in s, so Z(z)/z is a Stieltjes function (R. M. Foster, Bell System Tech. J. 3 (1924) 259). From
values at x_0, x_1, ... > 0 such a function has the continued fraction::

    a_0 / (1 + a_1 (z - x_0) / (1 + a_2 (z - x_1) / (1 + ...))),    all a_k >= 0

whose poles are negative as its own are (G. A. Baker, P. Graves-Morris, Pade Approximants (1996), ch. 5.4): it
converges geometrically wherever z is not negative. Samples cost real arithmetic, and a dozen serve a spectrum
however many its frequencies are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray

SAMPLES = 13
_BEYOND = 0.5  # of ln|z|, to which samples reach beyond the spectrum's ends
_MIN_SPAN = 2.0  # of ln|z|, between the ends of the samples
_ROUNDING = 1e-12  # of a step of the fraction: what is left is nothing


def place_samples(z: ComplexArray, largest: FloatArray) -> FloatArray:
    """Return real impedances (B, N) that span those of rows (B, F), in an order that keeps digits.

    Those above the `largest` (B,), beside which the electrode's own resistances are small, are left: there
    Z(z)/z hardly changes, and the rounding of samples would cost more than they tell.
    """
    size = np.log(np.abs(z))
    low, high = size.min(axis=1) - _BEYOND, size.max(axis=1) + _BEYOND
    high = np.maximum(np.minimum(high, np.log(largest)), low + _MIN_SPAN)
    return np.asarray(np.exp(np.linspace(low, high, SAMPLES, axis=1)[:, _order_places(SAMPLES)]))


def continue_impedance(
    x: FloatArray, Z: FloatArray, z: ComplexArray, slopes: Sequence[FloatArray] = ()
) -> tuple[ComplexArray, ...]:
    """Return impedances (B, F) of interfaces z from those of real ones x (B, N), and derivatives of them.

    Those follow by z, and by what the impedances Z have `slopes` by (B, N); without `slopes` there are none.
    """
    steps, tangents = _expand(x.T[..., None], Z, slopes)
    by_z = np.zeros((tangents.shape[1], 1, 1))
    by_z[:1] = 1.0
    below, change = np.ones_like(z), np.zeros((len(by_z), *z.shape), dtype=np.complex128)
    for k in range(len(steps) - 1, 0, -1):
        above = z - x.T[k - 1, :, None]
        inverse = 1 / below
        term = steps[k] * above * inverse
        change = (tangents[k] * above + steps[k] * by_z - term * change) * inverse
        below = 1 + term
    whole = steps[0] * z / below
    changes = (tangents[0] * z + steps[0] * by_z - whole * change) / below
    return whole, *changes


def _expand(x: FloatArray, Z: FloatArray, slopes: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the fraction's steps (N, B, 1) of samples at x (N, B, 1), and their derivatives (N, T, B, 1).

    The first of those is by z, on which no step depends.
    """
    rest = Z.T[..., None] / x
    turned = np.stack([np.zeros_like(rest), *(slope.T[..., None] / x for slope in slopes)], axis=1)
    turned = turned if slopes else turned[:, :0]
    steps, tangents = np.empty(x.shape), np.empty(turned.shape)
    for k in range(len(x)):
        steps[k], tangents[k] = np.maximum(rest[0], 0.0), np.where(rest[0] > 0, turned[0], 0.0)
        rest, turned = rest[1:], turned[1:]
        inverse = np.divide(1.0, rest, out=np.zeros_like(rest), where=rest > 0)
        ratio = steps[k] * inverse - 1
        apart = np.where(np.abs(ratio) > _ROUNDING, 1 / (x[k + 1 :] - x[k]), 0.0) * (inverse > 0)
        turned = (tangents[k] - (ratio + 1)[:, None] * turned) * (inverse * apart)[:, None]
        rest = ratio * apart
    return steps, tangents


@lru_cache(maxsize=2)
def _order_places(count: int) -> IntArray:
    """Return places on a line, the ends first and each next one farthest from those before (Leja)."""
    order = [0, count - 1]
    while len(order) < count:
        left = np.array([k for k in range(count) if k not in order])
        apart = np.log(np.abs(left[:, None] - order)).sum(axis=1)
        order.append(int(left[np.argmax(apart)]))
    return np.array(order)

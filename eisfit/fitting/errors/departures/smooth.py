"""Smooth departures: ln Z_e plus a random function of ln omega, with its Kramers-Kronig phase."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.fitting.errors.departures.shapes import Change, Element, Shape, list_elements
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass

_BUMP_ENDS, _KERNEL_ENDS = 7, 40  # lengths, and in ln omega, where nothing is left of either
_ENDLESS = 0.1  # of a smooth departure, for elements that are a distributed process themselves
_WIDE_ENDLESS = 0.5  # standard deviation of ln Z where such a one is what departs: a factor of 1.6


@dataclass(frozen=True, eq=False, repr=False)
class Smooth:
    """Bumps a `length` apart in ln omega, of standard deviation ``size``; of one element it may be `wide`."""

    circuit: Circuit
    omega: FloatArray
    length: float
    size: float = 1.0
    wide: Element | None = None
    nested = True

    @cached_property
    def bumps(self) -> ComplexArray:
        """U + jv (K, F) of a single element."""
        return _place_bumps(np.log(self.omega), self.length)

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return len(self.bumps) * len(list_elements(self.circuit))

    def of(self, element: Element) -> ComplexArray:
        """Return the bumps (K, F) of an element, in its own size."""
        if element == self.wide:
            return self.bumps * (1.0 if element.is_storage else _WIDE_ENDLESS)
        return self.bumps * (self.size * (1.0 if element.is_storage else _ENDLESS))

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what it does to the elements."""
        each = len(self.bumps)
        found = []
        for element in list_elements(self.circuit):
            columns = self.of(element)
            first = each * element.place
            # Of real numbers: after OpenBLAS' product of complex ones numpy's exp takes twenty times as long.
            log = (c[:, first : first + each] @ columns.view(np.float64)).view(np.complex128)
            found.append(Change(element, np.exp(log), columns[np.newaxis], first))
        return found

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return it to first order."""
        return [(element, self.of(element)[np.newaxis]) for element in list_elements(self.circuit)]


@lru_cache(maxsize=4)
def _compute_bump(length: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return x, one bump, and the phase that goes with it: in Fourier space i tanh(k pi/2) times the bump.

    That is its convolution with -1/(pi sinh x), which is summed at odd steps to either side: to all digits.
    """
    step = length / 32
    count, pairs = int((_BUMP_ENDS * length + _KERNEL_ENDS) / step), int(_KERNEL_ENDS / step / 2)
    x = np.arange(-count, count + 1) * step
    bump = np.exp(-((x / length) ** 2) / 2) / np.pi**0.25
    kernel = np.zeros(4 * pairs - 1)
    kernel[::2] = -2 * step / np.pi / np.sinh(np.arange(1 - 2 * pairs, 2 * pairs, 2) * step)
    return x, bump, np.convolve(bump, kernel, mode="same")


def _place_bumps(log_omega: FloatArray, length: float) -> ComplexArray:
    """Return bumps u + jv (K, F), a length apart, which together vary as much everywhere."""
    x, bump, phase = _compute_bump(length)
    low, high = log_omega.min() - 2 * length, log_omega.max() + 2 * length
    at = log_omega - np.arange(low, high + 0.999 * length, length)[:, np.newaxis]
    return np.asarray(np.interp(at, x, bump) + 1j * np.interp(at, x, phase))

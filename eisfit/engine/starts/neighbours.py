"""Which spectra of a lot look alike: one starts where those like it have ended.

This saves time and decides nothing: such ends agree because they began together. Who looks around itself
first (`choose_scouts`) is told by what is in a spectrum, not by its place in the lot.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray, median
from eisfit.model.circuit import Circuit
from eisfit.model.notation import components

__all__ = ["Known", "Neighbours", "choose_scouts"]


_FEW = 24  # spectra: so few all look around themselves
_SCOUTS = (8, 32)  # of a lot: at least so many, and one spectrum in so many
_NEAREST = 5
_REMEMBERED = 64
#: Root mean square difference of two forms, up to which the one's optimum is a start of the other.
_ALIKE = 0.3


def choose_scouts(target: ComplexArray) -> IntArray:
    """Return the rows of spectra (B, F) that look around themselves; the others follow them."""
    count = len(target)
    if count < _FEW:
        return np.arange(count)
    told = [crc32(row.tobytes()) for row in target]
    return np.sort(np.argsort(told, kind="stable")[: max(_SCOUTS[0], count // _SCOUTS[1])])


@dataclass
class Known:
    """What earlier lots on one frequency grid have shown: `ends`, spectra (n, F) and where they ended (n, P).

    One attribute, replaced as a whole: threads may share it.
    """

    ends: tuple[ComplexArray, FloatArray] | None = None

    def remember(self, target: ComplexArray, values: FloatArray) -> None:
        """Keep some of a lot's spectra in place of those before."""
        if len(target):
            every = -(-len(target) // _REMEMBERED)
            self.ends = target[::every].copy(), values[::every].copy()


class Neighbours:
    """Spectra that have ended, by their form, whatever their size.

    Parameters
    ----------
    circuit
        That is fitted.
    target, values
        Their impedance (n, F), and where they ended (n, P).
    """

    def __init__(self, circuit: Circuit, target: ComplexArray, values: FloatArray) -> None:
        self.size, form = _form(target)
        self.level = median(np.abs(form), axis=0)
        self.form, self.values = self._scaled(form), values
        parts = [p for c in components(circuit.tree) for p in c.element.parameters]
        self.powers = np.array([p.impedance_power for p in parts])

    def _scaled(self, form: ComplexArray) -> FloatArray:
        return np.ascontiguousarray(form / self.level).view(np.float64)

    def starts(self, target: ComplexArray) -> tuple[IntArray, FloatArray]:
        """Return which of the spectra (B, F) are like some of these, and starts (n, k, P), nearest first."""
        count = min(_NEAREST, len(self.form) - 1)
        if count < 1 or not len(target):
            return np.empty(0, dtype=np.intp), np.empty((0, 0, self.values.shape[1]))
        size, form = _form(target)
        a, b = self._scaled(form), self.form
        apart = np.sum(a * a, axis=1)[:, np.newaxis] + np.sum(b * b, axis=1) - 2 * a @ b.T
        places = np.argpartition(apart, count - 1, axis=1)[:, :count]
        far = np.take_along_axis(apart, places, axis=1)
        places = np.take_along_axis(places, np.argsort(far, axis=1), axis=1)
        rows = np.flatnonzero(far.max(axis=1) < _ALIKE**2 * a.shape[1])
        nearest = places[rows]
        scale = (size[rows, np.newaxis] / self.size[nearest])[:, :, np.newaxis] ** self.powers
        return rows, self.values[nearest] * scale


def _form(target: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Return the size (B,) of spectra, ohm, and their form (B, F)."""
    size = np.exp(np.mean(np.log(np.abs(target)), axis=1))
    return size, target / size[:, np.newaxis]

"""Which spectra of a lot look alike: one starts where those like it have ended.

This saves time and decides nothing: such ends agree because they began together. Who looks around itself
first (`choose_scouts`) is told by what is in a spectrum, not by its place in the lot.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.solver import Problem
from eisfit.model.notation import components

__all__ = ["Neighbours", "choose_scouts"]


_FEW = 24  # spectra: so few all look around themselves
_SCOUTS = (8, 32)  # of a lot: at least so many, and one spectrum in so many
_NEAREST = 5
#: Root mean square difference of two forms, up to which the one's optimum is a start of the other.
_ALIKE = 0.3


def choose_scouts(problem: Problem) -> IntArray:
    """Return the rows that look around themselves; the others follow them."""
    count = len(problem.target)
    if count < _FEW:
        return np.arange(count)
    told = [crc32(row.tobytes()) for row in problem.target]
    return np.sort(np.argsort(told, kind="stable")[: max(_SCOUTS[0], count // _SCOUTS[1])])


class Neighbours:
    """The spectra of a lot by their form, whatever their size."""

    def __init__(self, problem: Problem) -> None:
        modulus = np.abs(problem.target)
        self.size = np.exp(np.mean(np.log(modulus), axis=1))
        form = problem.target / self.size[:, np.newaxis]
        level = np.median(np.abs(form), axis=0)
        self.form = np.ascontiguousarray(form / level).view(np.float64)
        parts = [p for c in components(problem.coordinates.circuit.tree) for p in c.element.parameters]
        self.powers = np.array([p.impedance_power for p in parts])

    def starts(self, rows: IntArray, others: IntArray, values: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return those of `rows` that are like some of `others`, and starts (n, k, P) for them.

        `values` (B, P) is where each spectrum has ended.
        """
        count = min(_NEAREST, others.size - 1)
        if count < 1 or not rows.size:
            return rows[:0], np.empty((0, 0, values.shape[1]))
        a, b = self.form[rows], self.form[others]
        apart = np.sum(a * a, axis=1)[:, np.newaxis] + np.sum(b * b, axis=1) - 2 * a @ b.T
        places = np.argpartition(apart, count - 1, axis=1)[:, :count]
        farthest = np.take_along_axis(apart, places, axis=1).max(axis=1)
        alike = farthest < _ALIKE**2 * self.form.shape[1]
        rows, nearest = rows[alike], others[places[alike]]
        scale = (self.size[rows, np.newaxis] / self.size[nearest])[:, :, np.newaxis] ** self.powers
        return rows, values[nearest] * scale

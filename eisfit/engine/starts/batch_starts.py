"""Start values for a whole group of spectra on one frequency grid: one grid of time constants for them all.

`eisfit.engine.starts.guess.StartGrid` solves its grid for one spectrum with that spectrum's weights. Here
every spectrum is brought to the same size and weighted like the typical one of its group, so that the small
linear problems of the grid are inverted once for all spectra. The starts are a little rougher; their
agreement judges them.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.starts.guess import StartGrid
from eisfit.model.circuit import Circuit

__all__ = ["GroupStarts"]


_ROWS = 64  # spectra whose whole grid is held at once
_CANDIDATES = (150, 12)  # at least, and for each start wanted
_RIDGE = 1e-9


class GroupStarts(StartGrid):
    """The grid of a group.

    Parameters
    ----------
    circuit
        The circuit to start.
    omega
        (F,) rad/s.
    impedance
        (B, F) complex ohm.
    weight
        (B, 2F).
    """

    def __init__(
        self, circuit: Circuit, omega: FloatArray, impedance: ComplexArray, weight: FloatArray
    ) -> None:
        size = np.abs(impedance).max(axis=1)
        form = np.log(np.abs(impedance) / size[:, np.newaxis])
        typical = int(np.argmin(np.sum((form - np.median(form, axis=0)) ** 2, axis=1)))
        common = np.median(weight * size[:, np.newaxis], axis=0)
        super().__init__(circuit, omega, impedance[typical] / size[typical], common)
        self.size = size
        self.targets = np.ascontiguousarray(impedance / size[:, np.newaxis]).view(np.float64) * common
        self.scale = float(size.min())
        self.amplitude = self.amplitude * self.scale  # only its smallest values are used, as floors

    def best(self, count: int, rows: IntArray | None = None) -> FloatArray:
        """Return start parameters (B, count, P): good grid points apart from each other, of some spectra."""
        table, column, normal, inverse = self._linear
        chosen = self.targets if rows is None else self.targets[rows]
        sizes = self.size if rows is None else self.size[rows]
        found = []
        for first in range(0, len(chosen), _ROWS):
            targets = chosen[first : first + _ROWS]
            right = (table @ targets.T)[column]  # (M, K, b)
            amplitude = np.maximum(inverse @ right, 0.0)
            chisqr = np.sum(amplitude * (normal @ amplitude - 2 * right), axis=1)
            points = self._apart(chisqr.T, count)
            places = np.arange(len(targets))[:, np.newaxis]
            size = sizes[first : first + _ROWS, np.newaxis, np.newaxis]
            found.append(self._rows(points, amplitude[points, :, places] * size))
        return np.concatenate(found)

    @cached_property
    def _linear(self) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
        """Shapes, the columns (M, K) of each grid point among them, normal matrices and their inverses."""
        table = np.concatenate([self._shapes(k, options) for k, options in enumerate(self.options)])
        column = self.choice + np.cumsum([0, *(len(options) for options in self.options[:-1])])
        gram = table @ table.T
        normal = gram[column[:, :, np.newaxis], column[:, np.newaxis, :]]
        diagonal = np.einsum("mii->mi", normal)
        eye = np.eye(normal.shape[1])
        return table, column, normal, np.linalg.inv(normal + _RIDGE * diagonal[:, :, np.newaxis] * eye)

    def _rows(self, points: IntArray, amplitude: FloatArray) -> FloatArray:
        flat = points.ravel()
        options = [self.options[k][self.choice[flat, k]] for k in range(len(self.blocks))]
        values = self._physical(options, amplitude.reshape(flat.size, -1))
        return values.reshape(*points.shape, -1)

    def _apart(self, chisqr: FloatArray, count: int) -> IntArray:
        """Return grid points (b, count) that differ by more than a step, best first."""
        most = min(max(_CANDIDATES[0], _CANDIDATES[1] * count), chisqr.shape[1])
        near = np.argpartition(chisqr, most - 1, axis=1)[:, :most]
        near = np.take_along_axis(near, np.argsort(np.take_along_axis(chisqr, near, 1), axis=1), 1)
        choices = np.ascontiguousarray(np.moveaxis(self.choice.astype(np.int16)[near], 2, 0))  # (K, b, most)
        free, unused = np.ones(near.shape, dtype=bool), np.ones(near.shape, dtype=bool)
        rows, chosen = np.arange(len(near)), []
        for _ in range(count):
            # Where nothing is far enough away, at least no point is taken twice, unless there are too few.
            place = np.argmax(np.where(free.any(axis=1, keepdims=True), free, unused), axis=1)
            unused[rows, place] = False
            chosen.append(near[rows, place])
            steps = [np.abs(choice - choice[rows, place][:, np.newaxis]) for choice in choices]
            free &= np.max(steps, axis=0) > 1
        return np.stack(chosen, axis=1)

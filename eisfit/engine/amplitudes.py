"""The part of a circuit that is linear: the amplitude of each of its branches in series.

An impedance in series is a sum, and every branch can be made larger or smaller as a whole: its resistances
by a factor, its capacitances by the inverse, its time constants and exponents as they are. These factors are
linear, and least squares has them in one step (G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413).
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.coordinates import Coordinates
from eisfit.model.notation import Node, components, parameter_names, serial_parts
from eisfit.records import dataclass


@dataclass(frozen=True, eq=False, repr=False)
class Amplitudes:
    """The branches in series that can be scaled as a whole.

    Attributes
    ----------
    powers
        (A, V): by how much each coordinate changes as the logarithm of a branch's amplitude does.
    owner
        (V,): the branch that a coordinate belongs to, -1 for none of them.
    """

    powers: FloatArray
    owner: IntArray

    @classmethod
    def of(cls, coordinates: Coordinates) -> Amplitudes:
        """Return those whose parameters are all free, none of them of either sign or given by others."""
        owner, powers = np.full(coordinates.size, -1), np.zeros((0, coordinates.size))
        if not coordinates.circuit.expressions:
            for part in serial_parts(coordinates.circuit.tree):
                row = _find_powers(coordinates, part)
                if row is not None:
                    owner[_find_columns(coordinates, part)] = len(powers)
                    powers = np.concatenate([powers, row[np.newaxis]])
        return cls(powers, owner)

    @property
    def other_coordinates(self) -> IntArray:
        """The coordinates (K,) that the circuit has beside its amplitudes: all but one of each branch."""
        other = np.ones(self.owner.size, dtype=bool)
        other[np.argmax(self.powers != 0, axis=1)] = False
        return np.flatnonzero(other)

    def without_branches(self) -> Amplitudes:
        """Return the same without any branch."""
        return Amplitudes(self.powers[:0], np.full_like(self.owner, -1))

    def expand(self, amplitudes: FloatArray) -> FloatArray:
        """Return (B, V): for each coordinate one of (B, A) numbers, that of its branch, or 1."""
        padded = np.concatenate([amplitudes, np.ones((len(amplitudes), 1))], axis=1)
        return np.asarray(padded[:, self.owner])


def _find_powers(coordinates: Coordinates, part: Node) -> FloatArray | None:
    """Return a row of `Amplitudes.powers` for a branch, None where it cannot be scaled."""
    times = {q for q, _, _ in coordinates.ties}
    row = np.zeros(coordinates.size)
    for component in components(part):
        for parameter, kind in zip(component.parameter_names, component.element.parameters, strict=True):
            position = coordinates.position[parameter]
            if kind.impedance_power and position not in times:
                if position not in coordinates.column or not coordinates.log[position]:
                    return None
                row[coordinates.column[position]] = kind.impedance_power
    return row if row.any() else None


def _find_columns(coordinates: Coordinates, part: Node) -> list[int]:
    """Return the coordinates of a branch."""
    positions = [coordinates.position[name] for name in parameter_names(part)]
    return [coordinates.column[k] for k in positions if k in coordinates.column]

"""A cell that changes while it is measured: each element by a share that grows in proportion to the time.

A sweep runs from high to low frequency and spends the same number of periods on each point, so that time is
known up to a factor: tau_k = sum of 1/f up to point k over that of all. To first order any smooth change is
straight in it (Z. B. Stoynov, B. S. Savova-Stoynov, J. Electroanal. Chem. 183 (1985) 133). What fits is meant
to be the cell as it was at the first point.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.fitting.errors.departures.shapes import Change, Element, Shape, list_elements, list_resistors
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass

_SHARE = 0.05  # standard deviation of what an element changes by in one sweep: less is what "steady" means


@dataclass(frozen=True, eq=False, repr=False)
class Drifting:
    """Every resistance and every dispersive element changes by itself: one number each."""

    circuit: Circuit
    omega: FloatArray
    nested = True

    @cached_property
    def _changing_elements(self) -> tuple[Element, ...]:
        return (*list_elements(self.circuit), *list_resistors(self.circuit))

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return len(self._changing_elements)

    @cached_property
    def _slope(self) -> ComplexArray:
        """Return d ln Z_e / dc (1, 1, F)."""
        seconds = np.cumsum(1 / self.omega)
        return np.asarray(_SHARE * seconds / seconds[-1] + 0j)[np.newaxis, np.newaxis]

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what it does to the elements."""
        factors = np.exp(c[:, :, np.newaxis] * self._slope)
        return [Change(e, factors[:, k], self._slope, k) for k, e in enumerate(self._changing_elements)]

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return it to first order."""
        return [(element, self._slope) for element in self._changing_elements]

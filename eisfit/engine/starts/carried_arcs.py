"""A start from the optimum of another circuit: its arcs, whatever they and their storage are called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs import arcs, name_columns
from eisfit.engine.starts.moved_branch import DECADES_BEYOND
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, serial_parts


def carry_arcs_over(
    circuit: Circuit, rows: FloatArray, other: Circuit, values: Mapping[str, float], fastest: float
) -> FloatArray:
    """Return starts (n, P) of a circuit that is to do what another does.

    Each arc of the other becomes one of the circuit's, the least flat those with a capacitor. What it
    has more is put beyond the fast end of the sweep, as large as the series resistance that it lacks.

    Parameters
    ----------
    circuit, rows
        Of which (P,) is taken what the other circuit does not tell.
    other, values
        The other circuit, fitted.
    fastest
        The highest rad/s.
    """
    new = sorted(arcs(circuit.tree), key=lambda arc: arc.storage.symbol != "C")
    old = sorted(arcs(other.tree), key=lambda arc: -arc.alpha(values))
    if not old or len(new) < len(old):
        return np.empty((0, rows.size))
    count = len(DECADES_BEYOND) if len(new) > len(old) else 1
    found = np.tile(rows, (count, 1))
    inside, p = {name for arc in (*new, *old) for name in arc.names}, name_columns(circuit, found)
    for name, column in p.items():
        if name not in inside and name in values:
            column[:] = values[name]
    for arc, source in zip(new, old, strict=False):
        size = values[source.resistor.name]
        arc.write(p, np.full(count, source.tau(values)), source.alpha(values), np.full(count, size))
    lacking = _sum_series_resistance(other, values) - _sum_series_resistance(circuit, values)
    for arc in new[len(old) :]:
        size = lacking if lacking > 0 else rows[circuit.names.index(arc.resistor.name)]
        arc.write(p, 10.0 ** -np.array(DECADES_BEYOND) / fastest, 1.0, np.full(count, size))
    return found


def _sum_series_resistance(circuit: Circuit, values: Mapping[str, float]) -> float:
    """Return the sum of the resistors in series that have a value."""
    parts = serial_parts(circuit.tree)
    return sum(values.get(p.name, 0.0) for p in parts if isinstance(p, Component) and p.symbol == "R")

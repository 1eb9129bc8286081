"""A start from the optimum of another circuit: its arcs, whatever they and their storage are called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.coordinates import arcs
from eisfit.engine.starts.moved_branch import BEYOND, Arc, write_arc
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, serial_parts

__all__ = ["with_arcs_of"]


def with_arcs_of(
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
    new = sorted(arcs(circuit.tree), key=lambda arc: arc[1].symbol != "C")
    old = sorted((_read(arc, values) for arc in arcs(other.tree)), key=lambda place: -place[1])
    if not old or len(new) < len(old):
        return np.empty((0, rows.size))
    count = len(BEYOND) if len(new) > len(old) else 1
    found = np.tile(rows, (count, 1))
    pairs = (*arcs(circuit.tree), *arcs(other.tree))
    inside = {name for arc in pairs for part in arc for name in part.parameter_names}
    for column, name in enumerate(circuit.names):
        if name not in inside and name in values:
            found[:, column] = values[name]
    for arc, (tau, alpha, size) in zip(new, old, strict=False):
        write_arc(circuit, arc, found, (np.full(count, tau), alpha, np.full(count, size)))
    lacking = _series_resistance(other, values) - _series_resistance(circuit, values)
    for arc in new[len(old) :]:
        size = lacking if lacking > 0 else rows[circuit.names.index(arc[0].name)]
        write_arc(circuit, arc, found, (10.0 ** -np.array(BEYOND) / fastest, 1.0, np.full(count, size)))
    return found


def _read(arc: Arc, values: Mapping[str, float]) -> tuple[float, float, float]:
    """Return time constant, exponent and resistance of an arc."""
    resistor, storage = arc
    amount, *exponents = storage.parameter_names
    size, alpha = values[resistor.name], values[exponents[0]] if exponents else 1.0
    return (size * values[amount]) ** (1 / alpha), alpha, size


def _series_resistance(circuit: Circuit, values: Mapping[str, float]) -> float:
    """Return the sum of the resistors in series that have a value."""
    parts = serial_parts(circuit.tree)
    return sum(values.get(p.name, 0.0) for p in parts if isinstance(p, Component) and p.symbol == "R")

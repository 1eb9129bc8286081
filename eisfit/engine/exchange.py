"""One fit with its arcs exchanged: another optimum, where the arcs are not alike."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs_order import ordered
from eisfit.engine.coordinates import arcs
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component

__all__ = ["exchange_arcs", "exchange_unequal_arcs"]

Arc = tuple[Component, Component]

_MOST = 3  # arcs: all orders of more are too many to try


def exchange_arcs(circuit: Circuit, values: FloatArray) -> FloatArray:
    """Return parameters (k, P) with the arcs of one fit (P,) in every other order.

    What is exchanged is R and the time constant, and the exponent between two CPEs. Arcs with a fixed
    parameter stay where they are.
    """
    moved = [arc for arc in arcs(circuit.tree) if _is_free(circuit, arc)]
    if not 2 <= len(moved) <= _MOST:
        return np.empty((0, values.size))
    position = {name: k for k, name in enumerate(circuit.names)}
    taken = [_read(arc, values, position) for arc in moved]
    orders = list(permutations(range(len(moved))))[1:]
    rows = [values.copy() for _ in orders]
    for row, order in zip(rows, orders, strict=True):
        for place, source in enumerate(order):
            _write(moved[place], taken[source], taken[place], row, position)
    return np.array(rows)


def exchange_unequal_arcs(circuit: Circuit, values: FloatArray) -> FloatArray:
    """Return those rows of `exchange_arcs` that are another spectrum, not the same one by other names."""
    rows = exchange_arcs(circuit, values)
    same = np.isclose(ordered(circuit, rows), ordered(circuit, values[np.newaxis]), rtol=1e-6, atol=0.0)
    return np.asarray(rows[~same.all(axis=1)])


def _is_free(circuit: Circuit, arc: Arc) -> bool:
    """Return whether an arc is all free, and nothing of it may be negative: it then has a time constant."""
    rows = [circuit.parameters[name] for name in (arc[0].name, *arc[1].parameter_names)]
    return all(p.free and p.min >= 0 for p in rows)


def _read(arc: Arc, values: FloatArray, position: dict[str, int]) -> tuple[float, float, float | None]:
    """Return R, tau and the exponent (None of a capacitor) of one arc."""
    names = arc[1].parameter_names
    r, q = float(values[position[arc[0].name]]), float(values[position[names[0]]])
    alpha = float(values[position[names[1]]]) if len(names) > 1 else None
    return r, (r * q) ** (1 / (alpha or 1.0)), alpha


def _write(
    arc: Arc,
    taken: tuple[float, float, float | None],
    own: tuple[float, float, float | None],
    row: FloatArray,
    position: dict[str, int],
) -> None:
    """Give an arc what was read from another; a CPE that gets a capacitor's keeps its own exponent."""
    names, (r, tau, alpha) = arc[1].parameter_names, taken
    exponent = 1.0 if len(names) == 1 else (alpha if alpha is not None else own[2] or 1.0)
    row[position[arc[0].name]] = r
    row[position[names[0]]] = tau**exponent / r
    if len(names) > 1:
        row[position[names[1]]] = exponent

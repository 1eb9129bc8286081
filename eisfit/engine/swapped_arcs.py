"""One fit with its arcs exchanged: another optimum, where the arcs are not alike."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.arcs_order import order_arcs
from eisfit.engine.coordinates import arcs
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component
from eisfit.model.once import keep_per_circuit
from eisfit.verdict import limit

__all__ = ["exchange_arcs", "exchange_unequal_arcs", "rival_excess"]

Arc = tuple[Component, Component]
_Read = tuple[FloatArray, FloatArray, FloatArray | None]

_MOST = 3  # arcs: all orders of more are too many to try
_FEWEST = 4.0  # numbers that residuals count for at least


def exchange_arcs(circuit: Circuit, values: FloatArray) -> FloatArray:
    """Return parameters (n, k, P) with the arcs of fits (n, P) in every other order.

    What is exchanged is R and the time constant, and the exponent between two CPEs. Arcs with a fixed
    parameter stay where they are.
    """
    moved = _free_arcs(circuit)
    if not 2 <= len(moved) <= _MOST:
        return np.empty((len(values), 0, values.shape[1]))
    position = {name: k for k, name in enumerate(circuit.names)}
    taken = [_read(arc, values, position) for arc in moved]
    orders = list(permutations(range(len(moved))))[1:]
    rows = np.repeat(values[:, np.newaxis], len(orders), axis=1)
    for k, order in enumerate(orders):
        for place, source in enumerate(order):
            _write(moved[place], taken[source], taken[place], rows[:, k], position)
    return rows


def exchange_unequal_arcs(circuit: Circuit, values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return those rows of `exchange_arcs` that are another spectrum, not the same one by other names.

    First (m,) which of the fits (n, P) each belongs to, in rising order, then their parameters (m, P).
    """
    rows = exchange_arcs(circuit, values)
    whole = order_arcs(circuit, rows.reshape(-1, values.shape[1])).reshape(rows.shape)
    same = np.isclose(whole, order_arcs(circuit, values)[:, np.newaxis], rtol=1e-6, atol=0.0).all(axis=2)
    return np.nonzero(~same)[0], rows[~same]


def rival_excess(nfree: int, lag1: FloatArray | float) -> FloatArray:
    """Return by how much (B,) chisqr of another optimum may be above the best, in units of redchi.

    The ratio of likelihoods is the odds between optima of one circuit. Residuals that follow each other count
    for fewer numbers: n (1 - r) / (1 + r) (M. S. Bartlett, J. R. Stat. Soc. 98 (1935) 536).

    Parameters
    ----------
    nfree
        Degrees of freedom.
    lag1
        (B,) the correlation r of neighbouring residuals.
    """
    lag1 = np.clip(lag1, 0.0, 0.99)
    share = np.maximum((1 - lag1) / (1 + lag1), _FEWEST / nfree)
    return np.asarray(2 * np.log(limit("ambiguous")) / share)


@keep_per_circuit
def _free_arcs(circuit: Circuit) -> list[Arc]:
    return [arc for arc in arcs(circuit.tree) if _is_free(circuit, arc)]


def _is_free(circuit: Circuit, arc: Arc) -> bool:
    """Return whether an arc is all free, and nothing of it may be negative: it then has a time constant."""
    rows = [circuit.parameters[name] for name in (arc[0].name, *arc[1].parameter_names)]
    return all(p.free and p.min >= 0 for p in rows)


def _read(arc: Arc, values: FloatArray, position: dict[str, int]) -> _Read:
    """Return R, tau and the exponent (None of a capacitor) of one arc, each (n,)."""
    names = arc[1].parameter_names
    r, q = values[:, position[arc[0].name]], values[:, position[names[0]]]
    alpha = values[:, position[names[1]]] if len(names) > 1 else None
    return r, r * q if alpha is None else (r * q) ** (1 / np.where(alpha == 0, 1.0, alpha)), alpha


def _write(arc: Arc, taken: _Read, own: _Read, rows: FloatArray, position: dict[str, int]) -> None:
    """Give an arc what was read from another; a CPE that gets a capacitor's keeps its own exponent."""
    names, (r, tau, alpha) = arc[1].parameter_names, taken
    exponent: FloatArray | float = 1.0
    if len(names) > 1:
        kept = np.ones_like(r) if own[2] is None else np.where(own[2] == 0, 1.0, own[2])
        exponent = kept if alpha is None else alpha
        rows[:, position[names[1]]] = exponent
    rows[:, position[arc[0].name]] = r
    rows[:, position[names[0]]] = tau**exponent / r

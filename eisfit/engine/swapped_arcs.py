"""One fit with its arcs exchanged: another optimum, where the arcs are not alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.arcs import Arc, arcs, name_columns
from eisfit.engine.arcs_order import order_arcs
from eisfit.engine.coordinates import Coordinates
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_cache import cache_per_circuit
from eisfit.verdict import limit

_MAX_ARCS = 3  # arcs: all orders of more are too many to try
_MIN_COUNT = 4.0  # numbers that residuals count for at least


def exchange_arcs(circuit: Circuit, values: FloatArray, *, given: bool = False) -> FloatArray:
    """Return parameters (n, k, P) with the arcs of fits (n, P) in every other order.

    What is exchanged is R and the time constant, and the exponent between two CPEs. Arcs with a fixed
    parameter stay where they are; with `given`, an exponent that is given or tied does so alone.
    """
    moved = _find_movable_arcs(circuit) if given else _find_free_arcs(circuit)
    if not 2 <= len(moved) <= _MAX_ARCS:
        return np.empty((len(values), 0, values.shape[1]))
    orders = list(permutations(moved))[1:]
    rows = np.repeat(values[:, np.newaxis], len(orders), axis=1)
    p = name_columns(circuit, values)
    exponents = [name for arc in moved for name in arc.names[2:]]
    sound = {**p, **{name: np.where(p[name] == 0, 1.0, p[name]) for name in exponents}}
    for k, order in enumerate(orders):
        into = name_columns(circuit, rows[:, k])
        for arc, source in zip(moved, order, strict=True):
            # A CPE that gets a capacitor's time constant keeps its own exponent, as one that is given does.
            keeps = source.storage.symbol == "C" or not _are_free(circuit, arc.names[2:])
            alpha = arc.alpha(sound) if keeps else source.alpha(p)
            arc.write(into, source.tau(sound), alpha, p[source.resistor.name])
    return rows


def exchange_unequal_arcs(circuit: Circuit, values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return those rows of `exchange_arcs` that are another spectrum, not the same one by other names.

    First (m,) which of the fits (n, P) each belongs to, in rising order, then their parameters (m, P).
    """
    rows = exchange_arcs(circuit, values, given=True)
    whole = order_arcs(circuit, rows.reshape(-1, values.shape[1])).reshape(rows.shape)
    same = np.isclose(whole, order_arcs(circuit, values)[:, np.newaxis], rtol=1e-6, atol=0.0).all(axis=2)
    return np.nonzero(~same)[0], rows[~same]


def exchange_in_coordinates(coordinates: Coordinates, theta: FloatArray) -> FloatArray:
    """Return coordinates (n, V) of one fit (V,) with its unequal arcs in every other order."""
    values = coordinates.physical(theta[np.newaxis])
    return coordinates.internal(exchange_unequal_arcs(coordinates.circuit, values)[1])


def find_rival_excess(nfree: int, lag1: FloatArray | float) -> FloatArray:
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
    share = np.maximum((1 - lag1) / (1 + lag1), _MIN_COUNT / nfree)
    return np.asarray(2 * np.log(limit("ambiguous")) / share)


@cache_per_circuit
def _find_free_arcs(circuit: Circuit) -> list[Arc]:
    """Return the arcs of which all is free and nothing may be negative: they then have a time constant."""
    return [arc for arc in _find_movable_arcs(circuit) if _are_free(circuit, arc.names)]


@cache_per_circuit
def _find_movable_arcs(circuit: Circuit) -> list[Arc]:
    """Return the arcs that have a time constant which is free, whatever their exponents are."""
    table = circuit.parameters
    sound = [arc for arc in arcs(circuit.tree) if all(table[name].min >= 0 for name in arc.names)]
    return [arc for arc in sound if _are_free(circuit, arc.names[:2])]


def _are_free(circuit: Circuit, names: Sequence[str]) -> bool:
    return all(circuit.parameters[name].free for name in names)

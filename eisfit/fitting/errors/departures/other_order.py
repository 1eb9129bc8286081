"""Fits whose arcs came out against the order of their roles, and the same with their arcs exchanged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.engine.arcs_order import are_arcs_in_order
from eisfit.engine.swapped_arcs import exchange_arcs
from eisfit.fitting.errors.departures.fitted import MAX_SIZE, Departed
from eisfit.fitting.errors.departures.linearised import Linearised
from eisfit.fitting.errors.departures.shapes import list_resistors


def put_in_order(fits: Linearised) -> tuple[NDArray[np.intp], FloatArray]:
    """Return which fits (b,) have arcs against the order of their roles, and their parameters in order."""
    orders = exchange_arcs(fits.circuit, fits.values)
    rows, found = [], []
    for b in np.flatnonzero(~are_arcs_in_order(fits.circuit, fits.values)).tolist():
        right = np.flatnonzero(are_arcs_in_order(fits.circuit, orders[b]) & _are_near(fits, orders[b], b))
        if right.size:
            rows.append(b)
            found.append(orders[b, right[0]])
    return np.array(rows, dtype=np.intp), np.array(found).reshape(len(rows), fits.values.shape[1])


def _are_near(fits: Linearised, orders: FloatArray, b: int) -> NDArray[np.bool_]:
    """Return which orders (n, P) leave the resistances of fit b as near as a departure may move them.

    Arcs of quite other sizes are no rivals: that they stand against their roles is told (`arcs_swapped`).
    """
    columns = [element.columns[0] for element in list_resistors(fits.circuit)]
    far = np.abs(np.log(orders[:, columns] / fits.values[b, columns]))
    return np.asarray((far <= MAX_SIZE).all(axis=1))


def place_among(plain: Departed, rows: NDArray[np.intp], part: Departed) -> Departed:
    """Return fits of some rows among all: the others have no evidence."""
    evidence = np.full(len(plain.evidence), -np.inf)
    evidence[rows] = part.evidence
    arrays = {name: getattr(plain, name).copy() for name in ("variance", "left", "shift", "covar")}
    for name, array in arrays.items():
        array[rows] = getattr(part, name)
    return Departed(evidence, **arrays)

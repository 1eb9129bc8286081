"""An arc put somewhere else, small: where all else is in place, only this arc has to be found a place.

In data of next to no noise a search with as many arcs as the truth may end with two that the truth has close
together told as one, and the spare one out of sight. Starts anew would have to find everything at once.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.coordinates import arcs
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component

__all__ = ["put_arc", "with_arc_moved"]

_PLACES = 8
_SHARE = 0.03  # of |Z| there: small beside what is in place
_ALPHA = 0.9


def with_arc_moved(
    circuit: Circuit, values: FloatArray, omega: FloatArray, modulus: FloatArray
) -> FloatArray:
    """Return starts (n, P): a fit with each of its arcs in turn at each of several places.

    Parameters
    ----------
    circuit
        Arcs with a parameter that is given or tied stay where they are.
    values
        (P,) the fit.
    omega, modulus
        (F,) rad/s and |Z|, ohm.
    """
    found = [np.empty((0, values.size))]
    for arc in arcs(circuit.tree):
        if _is_free(circuit, *arc):
            rows = np.tile(values, (_PLACES, 1))
            put_arc(circuit, arc, rows, omega, _SHARE * modulus)
            found.append(rows)
    return np.concatenate(found)


def put_arc(
    circuit: Circuit, arc: tuple[Component, Component], rows: FloatArray, omega: FloatArray, size: FloatArray
) -> None:
    """Write an arc into starts (n, P), at n places over the sweep and a decade beyond either end.

    Parameters
    ----------
    circuit, arc
        The arc's resistor and its storage, one of those that `eisfit.engine.coordinates.arcs` yields.
    rows
        Changed in place.
    omega, size
        (F,) rad/s, and how large the arc is to be where it peaks there, ohm.
    """
    (resistor, storage), position = arc, {name: k for k, name in enumerate(circuit.names)}
    times = np.geomspace(0.1 / omega.max(), 10 / omega.min(), len(rows))
    order = np.argsort(omega)
    here = np.exp(np.interp(-np.log(times), np.log(omega[order]), np.log(size[order])))
    amount, *exponents = storage.parameter_names
    alpha = _ALPHA if exponents else 1.0
    rows[:, position[resistor.name]] = here
    rows[:, position[amount]] = times**alpha / here
    for name in exponents:
        rows[:, position[name]] = alpha


def _is_free(circuit: Circuit, resistor: Component, storage: Component) -> bool:
    """Return whether nothing of an arc is given, tied or may be negative."""
    rows = [circuit.parameters[name] for name in (resistor.name, *storage.parameter_names)]
    return all(row.free and row.value is None and row.min >= 0 for row in rows)

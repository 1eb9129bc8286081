"""A branch put somewhere else, small: where all else is in place, only this branch has to be found a place.

In data of next to no noise a search with as many arcs as the truth may end with two that the truth has close
together told as one, and the spare one out of sight. Starts anew would have to find everything at once.
So it is with noise too where a circuit has as many arcs as a full cell.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs import Arc, arcs, name_columns
from eisfit.engine.starts.blocks import DIFFUSION
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, components

_PLACES = 8
_SHARE = 0.03  # of |Z| there: small beside what is in place
_ALPHA, _FLAT = 0.9, 0.7
#: Decades beyond the fast end, where only the rise of a flat arc is seen.
BEYOND = (1.0, 3.0)

#: Times the slowest period over 2 pi: where the end of a diffusion just shows, and hardly.
UNSEEN = (3.0, 30.0)


def with_branch_moved(
    circuit: Circuit, values: FloatArray, omega: FloatArray, modulus: FloatArray
) -> FloatArray:
    """Return starts (n, P): a fit with each arc, and each element with a time constant, at several places.

    Parameters
    ----------
    circuit
        Branches with a parameter that is given or tied stay where they are.
    values
        (P,) the fit.
    omega, modulus
        (F,) rad/s and |Z|, ohm.
    """
    size = _SHARE * modulus
    found = [
        _with_arc(circuit, arc, values, omega, size) for arc in arcs(circuit.tree) if _is_free(circuit, *arc)
    ]
    found += [
        _with_element(circuit, element, values, omega, size)
        for element in components(circuit.tree)
        if (element.element.scan or element.symbol in DIFFUSION) and _is_free(circuit, element)
    ]
    return np.concatenate([np.empty((0, values.size)), *found])


def put_arc(circuit: Circuit, arc: Arc, rows: FloatArray, omega: FloatArray, size: FloatArray) -> None:
    """Write an arc into starts (n, P), at n places over the sweep and a decade beyond either end.

    Parameters
    ----------
    circuit, arc
        One of the circuit's arcs.
    rows
        Changed in place.
    omega, size
        (F,) rad/s, and how large the arc is to be where it peaks there, ohm.
    """
    times = _places(omega, len(rows))
    arc.write(name_columns(circuit, rows), times, _ALPHA, _size_at(times, omega, size))


def _with_arc(
    circuit: Circuit, arc: Arc, values: FloatArray, omega: FloatArray, size: FloatArray
) -> FloatArray:
    """Return starts (n, P) with an arc elsewhere."""
    rows = np.tile(values, (_PLACES + len(BEYOND), 1))
    put_arc(circuit, arc, rows[:_PLACES], omega, size)
    times = 10.0 ** -np.array(BEYOND) / omega.max()
    arc.write(name_columns(circuit, rows[_PLACES:]), times, _FLAT, _size_at(times, omega, size))
    return rows


def _with_element(
    circuit: Circuit, component: Component, values: FloatArray, omega: FloatArray, size: FloatArray
) -> FloatArray:
    """Return starts (n, P) with an element that says itself how to scan it."""
    times = _places(omega, _PLACES)
    scan = component.element.scan
    shapes = np.stack([np.ones(times.size), times], axis=1) if scan is None else scan(times)
    shapes = shapes[np.unique(np.linspace(0, len(shapes) - 1, _PLACES).astype(int))]
    rows, mean = np.tile(values, (len(shapes), 1)), np.exp(np.mean(np.log(size)))
    for name, column, kind in zip(
        component.parameter_names, shapes.T, component.element.parameters, strict=True
    ):
        rows[:, circuit.names.index(name)] = column * mean**kind.impedance_power
    return rows if scan else np.concatenate([rows, _with_end_in_sight(circuit, component, values, omega)])


def _with_end_in_sight(
    circuit: Circuit, component: Component, values: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return starts (n, P) with a diffusion's end where it shows, and all before it as it is."""
    size, time = (circuit.names.index(name) for name in component.parameter_names)
    rows, times = np.tile(values, (len(UNSEEN), 1)), np.array(UNSEEN) / omega.min()
    rows[:, size] *= np.sqrt(times / values[time])
    rows[:, time] = times
    return rows


def _places(omega: FloatArray, count: int) -> FloatArray:
    """Return time constants (count,) over the sweep and a decade beyond either end."""
    return np.geomspace(0.1 / omega.max(), 10 / omega.min(), count)


def _size_at(times: FloatArray, omega: FloatArray, size: FloatArray) -> FloatArray:
    order = np.argsort(omega)
    return np.asarray(np.exp(np.interp(-np.log(times), np.log(omega[order]), np.log(size[order]))))


def _is_free(circuit: Circuit, *parts: Component) -> bool:
    """Return whether nothing of some components is given, tied or may be negative."""
    rows = [circuit.parameters[name] for part in parts for name in part.parameter_names]
    return all(row.free and row.value is None and row.min >= 0 for row in rows)

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

_PLACE_COUNT = 8
_SMALL_SHARE = 0.03  # of |Z| there: small beside what is in place
_ALPHA, _FLAT = 0.9, 0.7
#: Decades beyond the fast end, where only the rise of a flat arc is seen.
DECADES_BEYOND = (1.0, 3.0)

#: Times the slowest period over 2 pi: where the end of a diffusion just shows, and hardly.
HIDDEN_ENDS = (3.0, 30.0)


def move_each_branch(
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
    size = _SMALL_SHARE * modulus
    found = [
        _move_arc(circuit, arc, values, omega, size) for arc in arcs(circuit.tree) if _are_free(circuit, *arc)
    ]
    found += [
        _move_element(circuit, element, values, omega, size)
        for element in components(circuit.tree)
        if (element.element.scan or element.symbol in DIFFUSION) and _are_free(circuit, element)
    ]
    return np.concatenate([np.empty((0, values.size)), *found])


def write_arc(circuit: Circuit, arc: Arc, rows: FloatArray, omega: FloatArray, size: FloatArray) -> None:
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
    times = _list_places(omega, len(rows))
    arc.write(name_columns(circuit, rows), times, _ALPHA, _interpolate_size(times, omega, size))


def _move_arc(
    circuit: Circuit, arc: Arc, values: FloatArray, omega: FloatArray, size: FloatArray
) -> FloatArray:
    """Return starts (n, P) with an arc elsewhere."""
    rows = np.tile(values, (_PLACE_COUNT + len(DECADES_BEYOND), 1))
    write_arc(circuit, arc, rows[:_PLACE_COUNT], omega, size)
    times = 10.0 ** -np.array(DECADES_BEYOND) / omega.max()
    arc.write(name_columns(circuit, rows[_PLACE_COUNT:]), times, _FLAT, _interpolate_size(times, omega, size))
    return rows


def _move_element(
    circuit: Circuit, component: Component, values: FloatArray, omega: FloatArray, size: FloatArray
) -> FloatArray:
    """Return starts (n, P) with an element that says itself how to scan it."""
    times = _list_places(omega, _PLACE_COUNT)
    scan = component.element.scan
    shapes = np.stack([np.ones(times.size), times], axis=1) if scan is None else scan(times)
    shapes = shapes[np.unique(np.linspace(0, len(shapes) - 1, _PLACE_COUNT).astype(int))]
    rows, mean = np.tile(values, (len(shapes), 1)), np.exp(np.mean(np.log(size)))
    for name, column, kind in zip(
        component.parameter_names, shapes.T, component.element.parameters, strict=True
    ):
        rows[:, circuit.names.index(name)] = column * mean**kind.impedance_power
    return rows if scan else np.concatenate([rows, _move_diffusion_end(circuit, component, values, omega)])


def _move_diffusion_end(
    circuit: Circuit, component: Component, values: FloatArray, omega: FloatArray
) -> FloatArray:
    """Return starts (n, P) with a diffusion's end where it shows, and all before it as it is."""
    size, time = (circuit.names.index(name) for name in component.parameter_names)
    rows, times = np.tile(values, (len(HIDDEN_ENDS), 1)), np.array(HIDDEN_ENDS) / omega.min()
    rows[:, size] *= np.sqrt(times / values[time])
    rows[:, time] = times
    return rows


def _list_places(omega: FloatArray, count: int) -> FloatArray:
    """Return time constants (count,) over the sweep and a decade beyond either end."""
    return np.geomspace(0.1 / omega.max(), 10 / omega.min(), count)


def _interpolate_size(times: FloatArray, omega: FloatArray, size: FloatArray) -> FloatArray:
    order = np.argsort(omega)
    return np.asarray(np.exp(np.interp(-np.log(times), np.log(omega[order]), np.log(size[order]))))


def _are_free(circuit: Circuit, *parts: Component) -> bool:
    """Return whether nothing of some components is given, tied or may be negative."""
    rows = [circuit.parameters[name] for part in parts for name in part.parameter_names]
    return all(row.free and row.value is None and row.min >= 0 for row in rows)

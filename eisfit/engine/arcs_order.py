"""Which arc is which: arcs that can swap are put in the order of their time constants."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.arcs import Arc, arcs, name_columns
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_cache import cache_per_circuit
from eisfit.model.notation import Component, Node, Part, Series, components, parameter_names

#: Processes from fast to slow, as they follow each other in a battery.
ROLE_ORDER = ("film", "sei", "charge_transfer")


def order_arcs(circuit: Circuit, values: FloatArray) -> FloatArray:
    """Return parameters (n, P) with interchangeable arcs in rising order of their time constants.

    Arcs can be interchanged where they stand in one series, have the same elements in the same places, and
    no start value, bound or expression of the user tells them apart: the impedance is the same either way.
    A bound of one of them that all would keep tells nothing apart.
    """
    result = values.copy()
    for group, columns, (low, high) in _find_groups(circuit):
        p = _take_magnitudes(circuit, result)
        times = np.stack([_compute_time(arc, p) for arc in group], axis=1)
        order = np.argsort(times, axis=1, kind="stable")
        taken = result[:, columns]  # (n, arcs, parameters of one arc)
        free = np.asarray(((taken > low) & (taken < high)).all(axis=(1, 2)))
        ordered = np.take_along_axis(taken, order[:, :, np.newaxis], axis=1)
        result[:, columns] = np.where(free[:, np.newaxis, np.newaxis], ordered, taken)
    return result


def _intersect_bounds(circuit: Circuit, columns: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return low and high (parameters of one arc,): where arcs differ in a bound, the strictest of them.

    A bound that all of them have keeps none in its place.
    """
    rows = [[circuit.parameters[circuit.names[k]] for k in arc] for arc in columns.tolist()]
    low, high = (np.array([[getattr(p, end) for p in arc] for arc in rows]) for end in ("min", "max"))
    return (
        np.where((low == low[0]).all(axis=0), -np.inf, low.max(axis=0)),
        np.where((high == high[0]).all(axis=0), np.inf, high.min(axis=0)),
    )


@cache_per_circuit
def _find_groups(circuit: Circuit) -> list[tuple[list[Part], IntArray, tuple[FloatArray, FloatArray]]]:
    """Return the arcs that can be interchanged, fast to slow by their roles, their columns, a box for all."""
    position = {name: k for k, name in enumerate(circuit.names)}
    groups = [_sort_by_role(circuit, found) for found in _iterate_interchangeable(circuit, circuit.tree)]
    columns = [np.asarray([[position[n] for n in parameter_names(arc)] for arc in group]) for group in groups]
    return [(group, at, _intersect_bounds(circuit, at)) for group, at in zip(groups, columns, strict=True)]


def _sort_by_role(circuit: Circuit, group: list[Part]) -> list[Part]:
    """Return the arcs in the order of their roles where all have one, else as they stand in the string."""
    roles = [circuit.parameters[parameter_names(arc)[0]].role for arc in group]
    if not all(role in ROLE_ORDER for role in roles):
        return group
    rank = [ROLE_ORDER.index(role) for role in roles]
    return [group[k] for k in sorted(range(len(group)), key=rank.__getitem__)]


def compute_role_times(circuit: Circuit, values: FloatArray) -> dict[str, FloatArray]:
    """Return the time constant (n,) of the arc of each role in `ROLE_ORDER` that the circuit has."""
    p = _take_magnitudes(circuit, values)
    return {role: arc.tau(p) for role, arc in _find_arcs_by_role(circuit).items()}


@cache_per_circuit
def _find_arcs_by_role(circuit: Circuit) -> dict[str, Arc]:
    """Return the arc of each role, from fast to slow."""
    found = {circuit.parameters[arc.resistor.name].role: arc for arc in arcs(circuit.tree)}
    return {role: found[role] for role in ROLE_ORDER if role in found}


def are_arcs_in_order(circuit: Circuit, values: FloatArray) -> NDArray[np.bool_]:
    """Return whether the arcs (n,) of parameters (n, P) are in the order of their roles, fast to slow."""
    inside = np.ones(len(values), dtype=bool)
    for fast, slow in pairwise(compute_role_times(circuit, values).values()):
        inside &= fast <= slow
    return inside


def _iterate_interchangeable(circuit: Circuit, node: Node) -> Iterator[list[Part]]:
    if isinstance(node, Component):
        return
    parts: tuple[Node, ...] = node.children
    if isinstance(node, Series):
        shapes: dict[str, list[Part]] = {}
        for child in node.children:
            if _has_time(child) and _is_untouched(circuit, child):
                shapes.setdefault(_describe_shape(child), []).append(child)
        yield from (group for group in shapes.values() if len(group) > 1)
    for part in parts:
        yield from _iterate_interchangeable(circuit, part)


def _has_time(node: Part) -> bool:
    """Return whether a time constant orders it: that of its arc, or one that the element has itself."""
    if isinstance(node, Component):
        return any(row.symbol == "tau" for row in node.element.parameters)
    return next(arcs(node), None) is not None


def _is_untouched(circuit: Circuit, arc: Part) -> bool:
    """Return whether nothing but its name tells this arc from another of its shape."""
    tied = {name for expression in circuit.expressions.values() for name in expression.names}
    for component in components(arc):
        for name in component.parameter_names:
            p = circuit.parameters[name]
            if not p.free or name in tied or p.value is not None:
                return False
    return True


def _describe_shape(node: Node) -> str:
    if isinstance(node, Component):
        return node.symbol
    joint = "-" if isinstance(node, Series) else ","
    return "(" + joint.join(_describe_shape(child) for child in node.children) + ")"


def _take_magnitudes(circuit: Circuit, values: FloatArray) -> dict[str, FloatArray]:
    """Return parameters (n, P) in columns, without their signs: a negative resistance has a time too."""
    return name_columns(circuit, np.abs(values))


def _compute_time(part: Part, p: dict[str, FloatArray]) -> FloatArray:
    time = p[f"{part.name}_tau"] if isinstance(part, Component) else next(arcs(part)).tau(p)
    return np.asarray(time)

"""Names for what was found: roles where time constants and capacitances support them, numbers elsewhere.

A film is told from charge transfer by what both agree on: the film's arc is the faster, and its effective
capacitance (G. J. Brug et al., J. Electroanal. Chem. 176 (1984) 275, in the form Q^(1/a) R^(1/a - 1)) the
smaller, by more than a factor of three. That is an assignment, not a measurement, and is not made beside an
element that holds the reaction itself, nor where an arc is none of an interface: below an exponent of 0.6 it
is diffusion or a porous electrode, below a nanofarad a bulk or a grain boundary (J. T. S. Irvine, D. C.
Sinclair, A. R. West, Adv. Mater. 2 (1990) 132) rather than the double layer of 1e-4 cm2.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import cast

from eisfit.fitting.identify.structures import DIFFUSIONS, Arc, Structure
from eisfit.model.notation import Component, Node, Parallel, Part, Series, components
from eisfit.records import dataclass

_APART = 3.0  # times: capacitances of film and double layer at least
_FLAT = 0.6  # exponent
_LEAST = 1e-9  # F
_REACTING = ("TLM", "G")
_TURNS, _NEVER = 40, 1e30  # of an iteration, and the seconds at which one that does not end is left


@dataclass(frozen=True)
class Named:
    """A structure with its final names.

    Attributes
    ----------
    structure
        In the order L, R, arcs from fast to slow, tail.
    values
        Parameters by the new names.
    assigned
        Whether arcs have roles, which is an assignment.
    """

    structure: Structure
    values: dict[str, float]
    assigned: bool


def name_parts(structure: Structure, values: Mapping[str, float]) -> Named:
    """Put the parts in order and name them.

    Parameters
    ----------
    structure, values
        As the search leaves them.
    """
    in_order = sorted(structure, key=lambda part: _rank_part(part, values))
    every = [c for part in in_order for c in components(part)]
    arcs = [arc for part in in_order for arc in _list_arcs(part)]
    # A pore or a Gerischer element has the reaction within it: an arc beside it is not known to be that.
    reacts = any(c.symbol in _REACTING for c in every)
    roles = _number_arcs(arcs) if reacts else _find_roles(arcs, values)
    labels = {
        c.name: role for arc, role in zip(arcs, roles, strict=True) for c in (arc.resistor, arc.storage)
    }
    numbers = count(len(arcs) + 1)
    for component in every:
        if component.name not in labels:
            label = _choose_label(component, in_order)
            labels[component.name] = str(next(numbers)) if label is None else label
    table = _make_unique({c.name: f"{c.symbol}{labels[c.name]}" for c in every})
    renamed = {new: values[old] for old, new in _iterate_parameters(in_order, table)}
    return Named(tuple(_rename_part(part, table) for part in in_order), renamed, "_ct" in roles)


def _choose_label(component: Component, top: list[Part]) -> str | None:
    """Return the label of what belongs to no arc's R or storage, None for a number."""
    if component.symbol in DIFFUSIONS:
        return "_d"
    return {"L": "", "R": "_s"}.get(component.symbol) if component in top else None


def _list_arcs(part: Part) -> list[Arc]:
    """Return an arc and the one within it."""
    arc = Arc.of(part)
    return [] if arc is None else [arc, *(_list_arcs(arc.inner) if arc.inner else [])]


def _number_arcs(arcs: list[Arc]) -> list[str]:
    return [str(k + 1) for k in range(len(arcs))]


def _find_roles(arcs: list[Arc], values: Mapping[str, float]) -> list[str]:
    """Return the label of each arc: a role, or its number."""
    numbers = _number_arcs(arcs)
    if any(arc.loop or arc.exponent(values) < _FLAT for arc in arcs):
        return numbers
    if arcs and _compute_capacitance(arcs[-1], values) < _LEAST:
        return numbers
    if len(arcs) == 1:
        return ["_ct"]
    if len(arcs) != 2 or any(isinstance(arc.inner, Component) for arc in arcs[:1]):
        return numbers
    fast, slow = arcs
    ordered = _compute_time(fast, values) < _compute_time(slow, values)
    grows = _compute_capacitance(slow, values) > _APART * _compute_capacitance(fast, values)
    return ["_sei", "_ct"] if ordered and grows else numbers


def _get_charge(arc: Arc, values: Mapping[str, float]) -> float:
    return values[arc.storage.parameter_names[0]]


def compute_crossover(arc: Arc, values: Mapping[str, float]) -> float:
    """Return 1/omega at which the storage of an arc carries as much as its resistor and diffusion, s.

    Where a diffusion is far larger than the resistor beside it the data hold no R, and no R C: this they do.
    """
    time, inner = _compute_time(arc, values), arc.inner
    for _ in range(_TURNS if isinstance(inner, Component) else 0):
        size = values[arc.resistor.name] + _compute_diffusion(cast("Component", inner), time, values)
        time = min((size * _get_charge(arc, values)) ** (1 / arc.exponent(values)), _NEVER)
    return float(time)


def _compute_diffusion(component: Component, time: float, values: Mapping[str, float]) -> float:
    """Return the size of a diffusion at omega = 1/time, to a factor near one.

    Of one that ends at a wall it is too small below the corner: it goes on there as above, as a root of time.
    """
    if component.symbol == "W":
        return float(values[component.parameter_names[0]] * (2 * time) ** 0.5)
    size, slowest, *power = (values[name] for name in component.parameter_names)
    share = (time / slowest) ** (power[0] if power else 0.5)
    return float(size * (min(share, 1.0) if component.symbol in ("Ws", "Wsp") else share))


def _compute_time(arc: Arc, values: Mapping[str, float]) -> float:
    return float((values[arc.resistor.name] * _get_charge(arc, values)) ** (1 / arc.exponent(values)))


def _compute_capacitance(arc: Arc, values: Mapping[str, float]) -> float:
    return _compute_time(arc, values) / values[arc.resistor.name]


def _rank_part(part: Part, values: Mapping[str, float]) -> tuple[int, float]:
    arc = Arc.of(part)
    if arc is not None:
        return 2, compute_crossover(arc, values)
    symbol = part.symbol if isinstance(part, Component) else ""
    return {"L": 0, "R": 1, "G": 3, "TLM": 3}.get(symbol, 4), 0.0


def _make_unique(table: Mapping[str, str]) -> dict[str, str]:
    """Return old name -> new name with a number behind names that occur twice."""
    seen: set[str] = set()
    result = {}
    for old, new in table.items():
        name, number = new, 1
        while name in seen:
            number += 1
            name = f"{new}{number}" if "_" in new or new[-1].isalpha() else f"{new}_{number}"
        seen.add(name)
        result[old] = name
    return result


def _iterate_parameters(parts: list[Part], table: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (old, new) parameter names."""
    pairs = []
    for part in parts:
        for component in components(part):
            new = Component(table[component.name], component.symbol)
            pairs += list(zip(component.parameter_names, new.parameter_names, strict=True))
    return pairs


def _rename_part(part: Node, table: Mapping[str, str]) -> Part:
    changed = _rename_node(part, table)
    assert isinstance(changed, (Component, Parallel))
    return changed


def _rename_node(node: Node, table: Mapping[str, str]) -> Node:
    if isinstance(node, Component):
        return Component(table[node.name], node.symbol)
    children = tuple(_rename_node(child, table) for child in node.children)
    return Parallel(children) if isinstance(node, Parallel) else Series(children)  # type: ignore[arg-type]

"""The polarisation resistance of a circuit: its impedance at rest less that at the highest frequencies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from operator import itemgetter
from typing import Any, Literal, TypeAlias

import numpy as np

from eisfit.engine.arcs import arcs
from eisfit.engine.propagation import Formula
from eisfit.model.notation import Component, Line, Node, Series, components, serial_parts

End: TypeAlias = Literal["low", "high"]
Kind: TypeAlias = Literal["short", "open", "resistance"]

_FAR: Mapping[End, tuple[float, float]] = {"low": (1e-12, 1e-15), "high": (1e12, 1e15)}
_NO_STORAGE = ("R", "L", "La")
_CHANGES = 1.5  # over a factor of 1000 in frequency: less is a resistance


def polarisation_resistance(tree: Node) -> Formula | None:
    """Return the formula of R_p; None where no part of the circuit polarises.

    Each part in series counts with the difference of its two limits: an arc with its R, one with an inductive
    loop with R_1 beside R_2, a transmissive Warburg or a pore with its resistance to a direct current. A part
    that stops a direct current counts with the resistances of its arcs, where these end.
    """
    terms = [term for part in serial_parts(tree) for term in _iterate_formulas(part)]
    return partial(_add, terms) if terms else None


def _iterate_formulas(part: Node) -> Iterator[Formula]:
    low, high = _find_limit(part, "low"), _find_limit(part, "high")
    if callable(low) and high == "short":
        yield low
    elif callable(low) and callable(high):
        if any(one.symbol not in _NO_STORAGE for one in components(part)):
            yield partial(_subtract, low, high)
    else:
        for arc in arcs(part):
            yield itemgetter(arc.resistor.name)


def _find_limit(node: Node, end: End) -> Formula | Kind | None:
    """Return the resistance that a part becomes, or a short or open; None where that is not known."""
    if isinstance(node, Component):
        kind = _find_kind(node.element, end)
        return partial(_evaluate_limit, node, end) if kind == "resistance" else kind
    if isinstance(node, Line):
        return None
    children = [_find_limit(child, end) for child in node.children]
    series = isinstance(node, Series)
    through, stopped = ("short", "open") if series else ("open", "short")
    if None in children or stopped in children:
        return None if None in children else stopped  # type: ignore[return-value]
    formulas = [child for child in children if callable(child)]
    if not formulas:
        return through  # type: ignore[return-value]
    return partial(_add if series else _add_in_parallel, formulas)


@cache
def _find_kind(element: Any, end: End) -> Kind:
    """Return what an element becomes at one end of the frequencies, from its formula there."""
    impedance: Callable[..., Any] = getattr(element, end).impedance
    near, far = (abs(impedance(w, *(p.typical for p in element.parameters))) for w in _FAR[end])
    if far > _CHANGES * near:
        return "open"
    return "short" if near > _CHANGES * far else "resistance"


def _evaluate_limit(component: Component, end: End, p: Mapping[str, Any]) -> Any:
    values = [p[name] for name in component.parameter_names]
    found = getattr(component.element, end).impedance(_FAR[end][1], *values)
    return found if any(map(np.iscomplexobj, values)) else np.real(found)  # complex steps go through


def _subtract(low: Formula, high: Formula, p: Mapping[str, Any]) -> Any:
    return low(p) - high(p)


def _add(formulas: list[Formula], p: Mapping[str, Any]) -> Any:
    return sum(formula(p) for formula in formulas)


def _add_in_parallel(formulas: list[Formula], p: Mapping[str, Any]) -> Any:
    return 1 / sum(1 / formula(p) for formula in formulas)

"""From a structure to its neighbours: an element more or less, or one in another place or of another kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from eisfit.fitting.identify.structures import DIFFUSIONS, Arc, Structure, iterate_fresh_numbers
from eisfit.model.notation import Component, Part, Series

_TAILS = (*DIFFUSIONS, "CPE", "C", "TLMQ")
_NEW_TAILS = ("W", "Wo", "Ws", "CPE")
_KINDS = {
    "W": ("Wo", "Ws", "CPE"),
    "Wo": ("W", "Ws", "Wop", "CPE"),
    "Ws": ("W", "Wo", "Wsp", "G"),
    "Wop": ("Wo", "Wsp"),
    "Wsp": ("Ws", "Wop"),
    "CPE": ("C", "W", "TLMQ", "Wo"),
    "C": ("CPE",),
    "TLMQ": ("CPE", "Wo"),
    "G": ("TLM", "Ws"),
    "TLM": ("G",),
}
IDEAL = 0.93  # of an exponent: the storage may be a plain capacitor
_FLAT = 0.65  # the arc may be a diffusion


def list_moves(structure: Structure, values: Mapping[str, float], *, inductive: bool) -> Iterator[Structure]:
    """Yield the structures one move away.

    Parameters
    ----------
    structure
        Where to start.
    values
        Its parameters at the optimum, by name: exponents decide on some moves.
    inductive
        Whether the data turn inductive at low frequency, so that R-L branches are tried.
    """
    yield from _add_part(structure)
    for k, part in enumerate(structure):
        rest = structure[:k], structure[k + 1 :]
        if len(structure) > 1:
            yield rest[0] + rest[1]
        arc = Arc.of(part)
        changed = (
            _replace_component(part, structure)
            if arc is None
            else _replace_arc(arc, structure, values, inductive)
        )
        for parts in changed:
            yield rest[0] + parts + rest[1]
        yield from _nest_neighbour(k, structure)


def _make_component(symbol: str, label: int | str) -> Component:
    return Component(f"{symbol}{label}", symbol)


def _new_arc(structure: Structure) -> Arc:
    number = next(iterate_fresh_numbers(structure))
    return Arc(_make_component("R", number), _make_component("CPE", number))


def _add_part(structure: Structure) -> Iterator[Structure]:
    """Yield the structure with one more part in series."""
    number = next(iterate_fresh_numbers(structure))
    top = {part.symbol for part in structure if isinstance(part, Component)}
    yield (*structure, _new_arc(structure).node)
    if not top & set(_TAILS):
        yield from ((*structure, _make_component(symbol, number)) for symbol in _NEW_TAILS)
    for symbol in ("L", "R"):
        if symbol not in top:
            yield (_make_component(symbol, number), *structure)


def _replace_component(part: Part, structure: Structure) -> Iterator[Structure]:
    """Yield what may stand in the place of an element in series."""
    if isinstance(part, Component) and part.symbol in _KINDS:
        yield from ((_make_component(symbol, part.label),) for symbol in _KINDS[part.symbol])
        if part.symbol in ("CPE", "W", "G", "TLM"):
            yield (_new_arc(structure).node,)


def _replace_arc(
    arc: Arc, structure: Structure, values: Mapping[str, float], inductive: bool
) -> Iterator[Structure]:
    """Yield what may stand in the place of an arc."""
    nested = any(Arc.of(found.inner) for part in structure if (found := Arc.of(part)))
    for changed in _change_arc(arc, structure, values, nested=nested):
        yield (changed.node,)
    number = next(iterate_fresh_numbers(structure))
    if arc.loop is not None:
        yield (dataclasses.replace(arc, loop=None).node,)
    elif inductive:
        loop = Series((_make_component("R", number), _make_component("L", number)))
        yield (dataclasses.replace(arc, loop=loop).node,)
    yield from _open_arc(arc, structure, values)


def _open_arc(arc: Arc, structure: Structure, values: Mapping[str, float]) -> Iterator[Structure]:
    """Yield an arc with what it holds beside it, or something of one piece in its place."""
    number = next(iterate_fresh_numbers(structure))
    plain = dataclasses.replace(arc, inner=None).node
    inner = Arc.of(arc.inner)
    if inner is not None:
        yield plain, inner.node
    elif arc.inner is not None:
        if not any(isinstance(part, Component) and part.symbol in _TAILS for part in structure):
            yield plain, arc.inner
    elif arc.loop is None:
        flat = ("W", "Wo", "Ws") if arc.exponent(values) < _FLAT else ()
        # An arc that the sweep does not close is a blocking electrode, its resistor not seen.
        yield from ((_make_component(symbol, number),) for symbol in ("CPE", "G", "TLM", *flat))


def _change_arc(
    arc: Arc, structure: Structure, values: Mapping[str, float], *, nested: bool
) -> Iterator[Arc]:
    """Yield the arc with another storage, and with something else in series with its resistor."""
    number = next(iterate_fresh_numbers(structure))
    if arc.storage.symbol == "C":
        yield dataclasses.replace(arc, storage=_make_component("CPE", arc.storage.label))
    elif arc.exponent(values) > IDEAL:
        yield dataclasses.replace(arc, storage=_make_component("C", arc.storage.label))
    inner = Arc.of(arc.inner)
    if arc.inner is None:
        yield from (
            dataclasses.replace(arc, inner=_make_component(symbol, number)) for symbol in DIFFUSIONS[:3]
        )
        if not nested:
            yield dataclasses.replace(arc, inner=_new_arc(structure).node)
        return
    yield dataclasses.replace(arc, inner=None)
    if inner is not None:
        for changed in _change_arc(inner, structure, values, nested=True):
            yield dataclasses.replace(arc, inner=changed.node)
    elif isinstance(arc.inner, Component):
        kinds = [symbol for symbol in _KINDS[arc.inner.symbol] if symbol in DIFFUSIONS]
        yield from (
            dataclasses.replace(arc, inner=_make_component(symbol, arc.inner.label)) for symbol in kinds
        )


def _nest_neighbour(k: int, structure: Structure) -> Iterator[Structure]:
    """Yield the structure with an arc, or the tail, taken into arc k."""
    outer = Arc.of(structure[k])
    if outer is None or outer.inner is not None:
        return
    nested = any(Arc.of(found.inner) for part in structure if (found := Arc.of(part)))
    for i, part in enumerate(structure):
        inside = Arc.of(part)
        diffusion = isinstance(part, Component) and part.symbol in DIFFUSIONS
        takes = inside is not None and inside.loop is None and not nested
        if i != k and (diffusion or takes):
            parts = list(structure)
            parts[k] = dataclasses.replace(outer, inner=part).node
            del parts[i]
            yield tuple(parts)

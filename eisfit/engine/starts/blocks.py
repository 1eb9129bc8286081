"""A circuit seen from afar: blocks in series, each of one amplitude and at most one thing to scan."""

from __future__ import annotations

from collections.abc import Iterator

from eisfit.engine.arcs import iterate_parallels
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, Line, Node, Parallel, Series, components, lines
from eisfit.records import dataclass

DIFFUSION = ("Wo", "Ws")
OWN = ("own", "beside")  # kinds whose first element says itself what to scan
_ARCS = ("K", "Zarc")
_MANY_TIMES = 4  # time constants: then the search is as large as a grid allows
_OF_LINES = 4  # parameters: a rail, and the interface's arc


@dataclass(frozen=True)
class Block:
    """A piece of the flattened circuit: one amplitude and at most one thing to scan.

    Attributes
    ----------
    kind
        ``R, L, C, W, Wo, Ws, CPE``, ``arc`` (resistor beside storage, or one element that is an arc),
        ``loop`` (resistor beside inductor), ``own`` (an element that says itself what to scan) or ``beside``
        (such an element beside storage, no resistor there).
    first
        Component whose (first) parameter the amplitude is.
    second
        The storage element or inductor beside it, or None.
    """

    kind: str
    first: Component
    second: Component | None = None

    @property
    def scanned(self) -> bool:
        """True where a time constant (or an exponent) is scanned."""
        return self.kind in ("arc", "loop", "CPE", *OWN, *DIFFUSION)


def iterate_blocks(node: Node) -> Iterator[Block]:
    """Flatten a tree into blocks in series."""
    if isinstance(node, Component):
        yield Block(_classify(node), node)
    elif isinstance(node, Series):
        for child in node.children:
            yield from iterate_blocks(child)
    else:
        yield from _iterate_parallel_blocks(node)


def estimate_difficulty(circuit: Circuit) -> int:
    """Return how many things are to be scanned, one more where they hide each other."""
    pieces = list(iterate_blocks(circuit.tree))
    scanned, kinds = sum(block.scanned for block in pieces), {block.kind for block in pieces}
    # A finite diffusion behind two arcs has many near-optima, and an inductance hides a fast arc; what beside
    # an arc has an arc of its own, a transmission line, may have taken that one's.
    lines = any(block.kind in OWN and len(block.first.parameter_names) >= _OF_LINES for block in pieces)
    hidden = (scanned > 2 and bool(kinds & set(DIFFUSION))) or (scanned > 1 and "L" in kinds)
    return scanned + (hidden or (1 < scanned < _MANY_TIMES and lines))


def _classify(component: Component) -> str:
    if component.symbol in _ARCS:
        return "arc"
    return component.symbol if component.element.scan is None else "own"


def _iterate_parallel_blocks(node: Parallel | Line) -> Iterator[Block]:
    loose = [c for child in node.children for c in components(child)]
    direct = [c for c in node.children if isinstance(c, Component)]
    resistor = next((c for c in (*direct, *loose) if c.symbol == "R"), None)
    storage = next((c for c in direct if c.symbol in ("CPE", "C")), None)
    beside = storage or next((c for c in loose if c.symbol in ("CPE", "C", "L")), None)
    own = None if resistor or not storage else next((c for c in loose if _classify(c) == "own"), None)
    used = {id(c) for c in (resistor, own, beside) if c is not None}
    if resistor is not None:
        kind = "R" if beside is None else "loop" if beside.symbol == "L" else "arc"
        yield Block(kind, resistor, beside)
    elif own is not None:
        yield Block("beside", own, storage)
    elif beside is not None:
        yield Block(beside.symbol, beside)
    for child in node.children:
        for block in iterate_blocks(child):
            if id(block.first) not in used and (block.second is None or id(block.second) not in used):
                yield block


def relaxes(circuit: Circuit) -> bool:
    """Return whether time constants and positive amplitudes describe a circuit, as the grid takes it to be.

    Every parallel connection is then one storage element beside one branch with a resistance, no inductance
    within, and nothing may be negative.
    """
    signed = any(p.min < 0 and p.unit for p in circuit.parameters.values() if p.free)
    return (
        not signed
        and next(lines(circuit.tree), None) is None
        and all(_is_arc(node) for node in iterate_parallels(circuit.tree))
    )


def _is_arc(node: Parallel) -> bool:
    storage = [c for c in node.children if isinstance(c, Component) and c.symbol in ("C", "CPE")]
    inside = [c.symbol for c in components(node)]
    return len(storage) == 1 and len(node.children) == 2 and not {"L", "La"} & set(inside)


def resonates(circuit: Circuit) -> bool:
    """Return whether an inductance within a parallel connection can exchange energy with a capacitance."""
    symbols = {c.symbol for node in iterate_parallels(circuit.tree) for c in components(node)}
    return bool({"L", "La"} & symbols) and bool({"C", "CPE"} & symbols)

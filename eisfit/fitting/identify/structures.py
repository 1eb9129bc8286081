"""The grammar of identified circuits: parts in series, of which an arc is the richest.

A structure is a tuple of parts in series: R, L, arcs, Gerischer elements and lines, and at most one tail
(diffusion or a blocking CPE). An arc is one storage element beside one resistive branch, which is R, R with
a diffusion, or R with another arc; where the data turn inductive at low frequency, an R-L branch beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import factorial

from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, Node, Parallel, Part, Series, components, parse, serial_parts
from eisfit.records import dataclass

Structure = tuple[Part, ...]

DIFFUSIONS = ("W", "Wo", "Ws", "Wop", "Wsp")


@dataclass(frozen=True)
class Arc:
    """One storage element beside one resistive branch.

    Attributes
    ----------
    resistor, storage
        R, and C or CPE.
    inner
        In series with the resistor: a diffusion, another arc, or nothing.
    loop
        A branch R-L beside both, or nothing.
    """

    resistor: Component
    storage: Component
    inner: Part | None = None
    loop: Series | None = None

    @classmethod
    def of(cls, part: Node | None) -> Arc | None:
        """Read an arc as `node` writes it; None for anything else."""
        if not isinstance(part, Parallel):
            return None
        branch, storage, *loop = part.children
        resistor, *inner = serial_parts(branch)
        if not (isinstance(resistor, Component) and isinstance(storage, Component)):
            return None
        beside = loop[0] if loop and isinstance(loop[0], Series) else None
        return cls(resistor, storage, inner[0] if inner else None, beside)

    def exponent(self, values: Mapping[str, float]) -> float:
        """Return the exponent of the storage, of a capacitor 1."""
        return values.get(f"{self.storage.name}_alpha", 1.0)

    @property
    def node(self) -> Parallel:
        """The arc as a parallel connection."""
        branch = self.resistor if self.inner is None else Series((self.resistor, self.inner))
        loop = () if self.loop is None else (self.loop,)
        return Parallel((branch, self.storage, *loop))


def structure_of(*parts: str) -> Structure:
    """Return the parts in series, written in the common notation; empty ones are left out."""
    return serial_parts(parse("-".join(filter(None, parts))))


def circuit_of(structure: Structure) -> Circuit:
    """Return the structure as a circuit."""
    return Circuit(tree=structure[0] if len(structure) == 1 else Series(structure))


def shape_of(node: Node | Structure) -> str:
    """Return what two structures have in common that differ in names and order only.

    >>> from eisfit.model.notation import parse
    >>> shape_of(parse("p(CPE1,R1)-R0")) == shape_of(parse("R_s-p(R_ct,CPE_ct)"))
    True
    """
    if isinstance(node, Component):
        return node.symbol
    children = node if isinstance(node, tuple) else node.children
    opening, closing = ("p(", ")") if isinstance(node, Parallel) else ("[", "]")
    return opening + ",".join(sorted(shape_of(child) for child in children)) + closing


def count_parameters(structure: Structure) -> int:
    """Return the number of parameters."""
    return sum(len(c.element.parameters) for part in structure for c in components(part))


def iterate_fresh_numbers(structure: Structure) -> Iterator[int]:
    """Yield numbers that no component of a structure has."""
    number = max((int(c.label or 0) for part in structure for c in components(part)), default=0)
    while True:
        number += 1
        yield number


def count_orders(structure: Structure) -> int:
    """Return in how many orders equal parts can stand: so many optima are one and the same."""
    count = 1
    for times in Counter(shape_of(part) for part in structure).values():
        count *= factorial(times)
    return count


def count_features(structure: Structure) -> Counter[str]:
    """Count what a structure's prior probability goes by: nested arcs, loops, diffusions, rare elements."""
    found: Counter[str] = Counter()
    found["no_series"] += not any(isinstance(part, Component) and part.symbol == "R" for part in structure)
    for part in structure:
        for component in components(part):
            found["diffusion"] += component.symbol in DIFFUSIONS
            found["rare"] += component.symbol in ("G", "TLM", "TLMQ", "Wop", "Wsp")
        arc = Arc.of(part)
        while arc is not None:
            found["loop"] += arc.loop is not None
            inner = Arc.of(arc.inner)
            found["nested"] += inner is not None
            arc = inner
    return found

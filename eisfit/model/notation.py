"""Circuit strings: text to tree and back.

Grammar (blanks are ignored)::

    circuit   = branch
    branch    = part { "-" part }              series
    part      = component | "p(" branch "," branch { "," branch } ")"      parallel
              | "line(" rail "," rail "," wall [ "," face [ "," face ] ] ")"
    rail      = branch | "0"                   no resistance; not both
    wall      = branch
    face      = branch | "open"                at the far, then at the near end
    component = symbol [ digits | "_" label ]  R, R0, R_ct, CPE_sei, Wo1

Strings written for impedance.py read unchanged. Boukamp's circuit description code, such as
``R(RQ)([RW]Q)``, is recognised by its shape and read too; its components are numbered as they come.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NoReturn

from eisfit.errors import CircuitError, NotationError, did_you_mean
from eisfit.model.elements import ELEMENTS, Element
from eisfit.model.scanner import Scanner
from eisfit.records import dataclass

_WORD = re.compile(r"[A-Za-z_]\w*")
_LABEL = re.compile(r"\d+|_\w+")
_BOUKAMP = re.compile(r"[RCLQWTO()\[\]]+")
_DEEPEST = 50
# Boukamp's T and O name the admittances: T (tanh) is the reflective, O (coth) the transmissive boundary.
_BOUKAMP_SYMBOL = {"R": "R", "C": "C", "L": "L", "Q": "CPE", "W": "W", "T": "Wo", "O": "Ws"}


@dataclass(frozen=True)
class Component:
    """One element in a circuit, by its full name, e.g. ``CPE_ct``."""

    name: str
    symbol: str

    @property
    def element(self) -> Element:
        """The element that it is."""
        try:
            return ELEMENTS[self.symbol]
        except KeyError:
            raise CircuitError(
                f"the element {self.symbol} ({self.name}) is not known here: what a notebook registers "
                "must be registered in every process; what a package offers is known in all"
            ) from None

    @property
    def label(self) -> str:
        """What follows the symbol, without the underscore."""
        return self.name[len(self.symbol) :].lstrip("_")

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of its parameters: its own for R, C, L, else ``component_symbol``."""
        rows = self.element.parameters
        return tuple(f"{self.name}_{row.symbol}" if row.symbol else self.name for row in rows)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Series:
    """Parts one after the other."""

    children: tuple[Component | Parallel | Line, ...]

    def __str__(self) -> str:
        return "-".join(map(str, self.children))


@dataclass(frozen=True)
class Parallel:
    """Branches side by side."""

    children: tuple[Component | Parallel | Series | Line, ...]

    def __str__(self) -> str:
        return f"p({','.join(map(str, self.children))})"


@dataclass(frozen=True)
class Line:
    """A transmission line: two rails with a wall between them, each of any sub-circuit.

    The current enters on the first rail and leaves at the other end of the second; a pore of electrolyte in
    an electrode is ``line(R_ion,R_el,p(R_ct,CPE_dl))``. Each part is the impedance of the whole depth.

    Attributes
    ----------
    rails
        The two; None: without resistance.
    wall
        Between them, over the whole depth.
    faces
        From the far end of the first rail to the contact of the second, and from the near end of the second
        to that of the first; None: open.
    """

    rails: tuple[Node | None, Node | None]
    wall: Node
    faces: tuple[Node | None, Node | None] = (None, None)

    @property
    def parts(self) -> tuple[Node | None, ...]:
        """All five in the order of the string."""
        return (*self.rails, self.wall, *self.faces)

    @property
    def children(self) -> tuple[Node, ...]:
        """Those that there are."""
        return tuple(part for part in self.parts if part is not None)

    def __str__(self) -> str:
        rails = ["0" if rail is None else str(rail) for rail in self.rails]
        faces = ["open" if face is None else str(face) for face in self.faces]
        while faces and faces[-1] == "open":
            faces.pop()
        return f"line({','.join([*rails, str(self.wall), *faces])})"


Part = Component | Parallel | Line
Node = Part | Series


def components(node: Node) -> Iterator[Component]:
    """Yield the components of a tree in the order of the string."""
    if isinstance(node, Component):
        yield node
    else:
        for child in node.children:
            yield from components(child)


def parameter_names(node: Node) -> list[str]:
    """Return the names of the parameters of a tree in the order of the string."""
    return [name for component in components(node) for name in component.parameter_names]


def lines(node: Node) -> Iterator[Line]:
    """Yield the transmission lines of a tree."""
    if isinstance(node, Line):
        yield node
    if not isinstance(node, Component):
        for child in node.children:
            yield from lines(child)


def parse(string: str) -> Node:
    """Read a circuit string.

    Raises
    ------
    NotationError
        Shows the string, a caret under the place and what was expected there.

    Examples
    --------
    >>> str(parse("R_s - p(R_ct - W_d, CPE_ct)"))
    'R_s-p(R_ct-W_d,CPE_ct)'
    >>> str(parse("R(RQ)([RW]Q)"))
    'R1-p(R2,CPE1)-p(R3-W1,CPE2)'
    """
    reader = _Reader(string)
    tight = re.sub(r"\s", "", string)
    is_boukamp = len(tight) > 1 and _BOUKAMP.fullmatch(tight)
    node = reader.read_boukamp() if is_boukamp or tight == "Q" else reader.read_circuit()
    if node is None:
        reader.fail("this is empty: expected a circuit such as R_s-p(R_ct,CPE_ct)")
    return node


class _Reader(Scanner):
    """Recursive descent over one string."""

    def __init__(self, string: str) -> None:
        super().__init__(re.sub(r"\s", " ", string))
        self.depth = 0
        self.seen: set[str] = set()
        self.counts: Counter[str] = Counter()

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raise the error for this place."""
        raise NotationError(self.text, self.place if position is None else position, message)

    def describe_next(self) -> str:
        """Return what comes next, for an error."""
        return repr(self.peek()) if self.peek() else "the end"

    def enter_bracket(self, start: int) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"brackets are nested more than {_DEEPEST} deep", start)

    def close_bracket(self) -> None:
        """Read the end of what ``p(`` or ``line(`` has begun."""
        if not self.take(")"):
            self.fail(f"expected '-', ',' or ')', not {self.describe_next()}")
        self.depth -= 1

    def read_circuit(self) -> Node | None:
        if not self.peek():
            return None
        node = self.read_branch()
        if self.peek():
            self.fail(f"expected '-' or the end of the circuit, not {self.peek()!r}")
        return node

    def read_branch(self) -> Node:
        parts = self.repeat(self.read_part, "-")
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def read_part(self) -> Part:
        if not self.peek() or not (self.peek().isalpha() or self.peek() == "_"):
            self.fail(f"expected an element or p(...), not {self.describe_next()}")
        match = _WORD.match(self.text, self.place)
        if match is None:
            self.fail("expected an element such as R_ct")
        start, word = self.place, match.group()
        self.place = match.end()
        if word in ("p", "line") and self.peek() == "(":
            return self.read_parallel(start) if word == "p" else self.read_line(start)
        return self.read_component(word, start)

    def read_parallel(self, start: int) -> Parallel:
        self.take("(")
        self.enter_bracket(start)
        branches = self.repeat(self.read_branch, ",")
        self.close_bracket()
        if len(branches) < 2:
            self.fail("p(...) needs at least two branches with a comma between", start)
        return Parallel(tuple(branches))

    def read_line(self, start: int) -> Line:
        self.take("(")
        self.enter_bracket(start)
        parts = [self.read_line_part("0")]
        while self.take(","):
            parts.append(self.read_line_part({1: "0", 2: ""}.get(len(parts), "open")))
        self.close_bracket()
        first, second, wall, far, near = [*parts, *[None] * (5 - len(parts))][:5]
        if wall is None or len(parts) > 5 or (first is None and second is None):
            self.fail(
                "line(...) is two rails, a wall, and at most two faces: line(R_ion,R_el,p(R_ct,CPE_ct))",
                start,
            )
        return Line((first, second), wall, (far, near))

    def read_line_part(self, nothing: str) -> Node | None:
        """Read a branch, or the word that stands for none here: ``0`` for a rail, ``open`` for a face."""
        self.peek()  # goes to what is not blank
        word = re.compile(r"\w*").match(self.text, self.place)
        if nothing and word is not None and word.group() == nothing:
            self.place = word.end()
            return None
        return self.read_branch()

    def read_component(self, word: str, start: int) -> Component:
        symbol = _find_symbol(word, ELEMENTS) or _find_symbol(word, ELEMENTS.complete())
        if symbol is not None:
            return self.add_component(Component(word, symbol), start)
        return self.fail(f"{word!r} is not an element{_suggest(word)}", start)

    def add_component(self, component: Component, start: int) -> Component:
        if component.name in self.seen:
            self.fail(f"{component.name!r} occurs twice: give each its own label, as in R_1 and R_2", start)
        self.seen.add(component.name)
        return component

    def read_boukamp(self) -> Node:
        parts = self.read_boukamp_parts("")
        return parts[0] if len(parts) == 1 else Series(_flatten(parts))

    def read_boukamp_parts(self, closing: str) -> list[Node]:
        parts: list[Node] = []
        while self.peek() and self.peek() not in ")]":
            parts.append(self.read_boukamp_part())
        if self.peek() != closing:
            expected = f"expected {closing!r}" if closing else "expected an element or '('"
            self.fail(f"{expected}, not {self.describe_next()}")
        if not parts:
            self.fail("expected an element, not an empty bracket")
        return parts

    def read_boukamp_part(self) -> Node:
        start, character = self.place, self.peek()
        self.place += 1
        if character in "([":
            self.enter_bracket(start)
            parts = self.read_boukamp_parts(")" if character == "(" else "]")
            self.place += 1
            if len(parts) < 2:
                self.fail("a bracket needs at least two elements", start)
            self.depth -= 1
            return Parallel(tuple(parts)) if character == "(" else Series(_flatten(parts))
        symbol = _BOUKAMP_SYMBOL[character]
        self.counts[symbol] += 1
        return Component(f"{symbol}{self.counts[symbol]}", symbol)


def serial_parts(node: Node) -> tuple[Part, ...]:
    """Return the parts of a series; of anything else, itself."""
    return node.children if isinstance(node, Series) else (node,)


def _flatten(parts: list[Node]) -> tuple[Part, ...]:
    """Return the parts of a series, a series within it opened."""
    return tuple(one for part in parts for one in serial_parts(part))


def _find_symbol(word: str, known: Iterable[str]) -> str | None:
    """Return the symbol that a component's name begins with, before nothing or a label."""
    for symbol in sorted(known, key=len, reverse=True):
        label = word.removeprefix(symbol)
        if word.startswith(symbol) and (not label or _LABEL.fullmatch(label)):
            return symbol
    return None


def _suggest(word: str) -> str:
    """Return what to write instead of `word`."""
    for symbol in sorted(ELEMENTS, key=len, reverse=True):
        rest = word[len(symbol) :].lstrip("_")
        if word.upper().startswith(symbol.upper()) and rest:
            return (
                f": did you mean '{symbol}_{rest}' or '{symbol}1'?"
                if not rest.isdigit()
                else (f": did you mean '{symbol}{rest}'?")
            )
    known = ", ".join(sorted(ELEMENTS))
    return did_you_mean(word, ELEMENTS) or f"; the elements are {known}, with a label as in R_ct or R1"

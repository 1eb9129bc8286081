"""Circuits drawn: as SVG, on matplotlib axes, and in lines of text for a terminal.

Every function takes the string that all documents carry (``circuit.string``: the common notation, as
`eisfit.circuit` prints it) and needs nothing else of a circuit. schemdraw draws the symbols; where they
stand is decided here: series side by side, branches one below the other, room for every label.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from eisfit.errors import CircuitError
from eisfit.files import write_atomic
from eisfit.records import dataclass

__all__ = ["CircuitDrawing", "draw_on_axes", "svg", "text"]

#: A component's name, or how its parts are put together.
Tree = str | tuple[Literal["series", "parallel"], tuple["Tree", ...]]

_TOKEN = re.compile(r"[^\W\d]\w*|0|[-(),]")
_NAME = re.compile(r"(?P<symbol>[A-Za-z]+)(_?)(?P<label>\w*)")
_GLYPHS = {"R": "ResistorIEC", "C": "Capacitor", "CPE": "CPE", "L": "Inductor2", "La": "Inductor2"}
_BODY, _LEAD, _STUB = 1.0, 0.4, 0.35  # schemdraw's units: an element's body, the wire beside it, and a bus's
_ABOVE, _BELOW = 1.0, 0.4  # room over a wire, with the label, and under it
_LETTER = 0.27  # the width of a label's letter
_POINTS, _UNIT = 13.0, 0.5  # size of labels; inches per unit
_WIRE, _MARGIN, _TERMINAL = 1.5, 0.1, 0.07


@dataclass(frozen=True, repr=False)
class CircuitDrawing:
    """A drawing that a notebook shows as a picture and a terminal as text.

    Attributes
    ----------
    string
        The circuit in the common notation.
    """

    string: str

    def __str__(self) -> str:
        return text(self.string)

    def __repr__(self) -> str:
        return text(self.string)

    def _repr_svg_(self) -> str:
        return svg(self.string)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to an SVG, PNG or PDF file.

        Raises
        ------
        UsageError
            When the file name ends in none of these.
        EisfitError
            When the file cannot be written.
        """
        if Path(path).suffix.lower() == ".svg":
            return write_atomic(path, svg(self.string, color="black", background="white"))
        from eisfit.display import plot

        box = _measure(_tree(self.string))
        ax = plot.new_axes(_UNIT * (box.width + 1.0), _UNIT * (box.up + box.down + 0.4))
        return plot.save(draw_on_axes(self.string, ax), path)


@lru_cache(maxsize=64)
def svg(circuit: str, *, color: str = "currentColor", background: str | None = None) -> str:
    """Return a circuit as one ``<svg>`` element, for pages, notebooks and files.

    Parameters
    ----------
    circuit
        Circuit string in the common notation.
    color
        Of lines and letters; by default that of the text around it, so that it reads on dark pages too.
    background
        Colour behind it; none by default.

    Raises
    ------
    CircuitError
        When it is no circuit string.

    Examples
    --------
    >>> svg("R_s-p(R_ct,CPE_ct)").startswith("<svg")
    True
    """
    drawing = _schematic(_tree(circuit), "svg", color, background)
    made: str = drawing.get_imagedata("svg").decode("utf-8")
    made = made[made.index("<svg") :].strip()
    # Not every viewer knows baseline-shift; a label ends with its subscript, so nothing has to come back up.
    made = made.replace('baseline-shift="-2" font-size="smaller"', 'dy="0.25em" font-size="78%"')
    title = f'role="img" aria-label="circuit {circuit}" style="max-width: 100%; height: auto"'
    return made.replace("<svg", f"<svg {title}", 1)


def draw_on_axes(circuit: str, ax: Any) -> Any:
    """Draw a circuit on matplotlib axes, which are emptied of their frame, and return them."""
    _schematic(_tree(circuit), ax, "black")
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.margins(0.02)
    return ax


def text(circuit: str, *, width: int = 100, plain: bool = False) -> str:
    """Return a circuit in lines of text; a long one goes on below itself.

    Parameters
    ----------
    circuit
        Circuit string in the common notation.
    width
        Columns of the terminal.
    plain
        With letters that every terminal has.

    Examples
    --------
    >>> print(text("R_s-p(R_ct-W_d,CPE_ct)"))
    o──R_s──┬──R_ct──W_d──┬──o
            └──CPE_ct─────┘
    """
    tree = _tree(circuit)
    parts = [
        _block(part) for part in (tree[1] if isinstance(tree, tuple) and tree[0] == "series" else (tree,))
    ]
    rows: list[list[list[str]]] = [[]]
    for part in parts:
        taken = sum(len(block[0]) + 2 for block in rows[-1])
        if rows[-1] and taken + len(part[0]) + 6 > width:
            rows.append([])
        rows[-1].append(part)
    lines: list[str] = []
    for number, row in enumerate(rows):
        first, last = number == 0, number == len(rows) - 1
        lines += _join_beside([["o" if first else "─"], *row, ["o" if last else "─"]])
    whole = "\n".join(line.rstrip() for line in lines)
    return whole.translate(str.maketrans("─│┬├└┤┘", "-|+++++")) if plain else whole


def _block(tree: Tree) -> list[str]:
    """Return the lines of a part; the wire enters and leaves on the first."""
    if isinstance(tree, str):
        return [tree]
    blocks = [_block(part) for part in tree[1]]
    if tree[0] == "series":
        return _join_beside(blocks)
    inner = max(len(block[0]) for block in blocks)
    return [
        line
        for number, block in enumerate(blocks)
        for line in _branch(block, inner, number == 0, number == len(blocks) - 1)
    ]


def _join_beside(blocks: Sequence[list[str]]) -> list[str]:
    height = max(len(block) for block in blocks)
    padded = [[*block, *[" " * len(block[0])] * (height - len(block))] for block in blocks]
    return [("──" if row == 0 else "  ").join(lines) for row, lines in enumerate(zip(*padded, strict=True))]


def _branch(block: list[str], inner: int, first: bool, last: bool) -> Iterator[str]:
    left, right = ("┬", "┬") if first else ("└", "┘") if last else ("├", "┤")
    yield f"{left}──{block[0].ljust(inner, '─')}──{right}"
    bus = " " if last else "│"
    for line in block[1:]:
        yield f"{bus}  {line.ljust(inner)}  {bus}"


def _tree(string: str) -> Tree:
    """Return the tree of a string in the common notation; `eisfit.model.notation` reads what users write."""
    tokens = _TOKEN.findall(string)
    if "".join(tokens) != re.sub(r"\s", "", string) or not tokens:
        raise CircuitError(f"{string!r}: is no circuit string, and cannot be drawn")
    try:
        tree = _series(tokens)
    except (IndexError, ValueError):
        raise CircuitError(f"{string!r}: is no circuit string, and cannot be drawn") from None
    if tokens:
        raise CircuitError(f"{string!r}: is no circuit string, and cannot be drawn")
    return tree


def _series(tokens: list[str]) -> Tree:
    parts = [_part(tokens)]
    while tokens[:1] == ["-"]:
        del tokens[0]
        parts.append(_part(tokens))
    return parts[0] if len(parts) == 1 else ("series", tuple(parts))


def _part(tokens: list[str]) -> Tree:
    name = tokens.pop(0)
    if name in "-(),":
        raise ValueError(name)
    if name == "line" and tokens[:1] == ["("]:
        return name + _bracket(tokens)
    if name != "p" or tokens[:1] != ["("]:
        return name
    branches = []
    while tokens.pop(0) in "(,":
        branches.append(_series(tokens))
        if tokens[0] == ")":
            del tokens[0]
            return "parallel", tuple(branches)
    raise ValueError(name)


def _bracket(tokens: list[str]) -> str:
    """Return what stands from here to the closing bracket: a transmission line is drawn as one box."""
    taken, depth = "", 0
    while True:
        token = tokens.pop(0)
        depth += {"(": 1, ")": -1}.get(token, 0)
        taken += token
        if depth == 0:
            return taken


@dataclass(frozen=True)
class _Box:
    """The room that a part takes: along its wire, above and below it."""

    width: float
    up: float
    down: float


def _measure(tree: Tree) -> _Box:
    if isinstance(tree, str):
        return _Box(max(_BODY, _LETTER * len(tree)) + 2 * _LEAD, _ABOVE, _BELOW)
    boxes = [_measure(part) for part in tree[1]]
    if tree[0] == "series":
        return _Box(sum(b.width for b in boxes), max(b.up for b in boxes), max(b.down for b in boxes))
    heights = _heights(boxes)
    width = max(box.width for box in boxes) + 2 * _STUB
    return _Box(width, heights[0] + boxes[0].up, boxes[-1].down - heights[-1])


def _heights(boxes: Sequence[_Box]) -> list[float]:
    """Return the heights of the branches' wires about that of the wire they branch from."""
    heights = [0.0]
    for above, below in pairwise(boxes):
        heights.append(heights[-1] - above.down - below.up)
    return [height - heights[-1] / 2 for height in heights]


def _schematic(tree: Tree, canvas: Any, color: str, background: str | None = None) -> Any:
    """Return schemdraw's drawing of a tree, drawn."""
    import schemdraw
    from schemdraw import elements

    drawing = schemdraw.Drawing(canvas=canvas, show=False)
    drawing.config(fontsize=_POINTS, inches_per_unit=_UNIT, lw=_WIRE, color=color, margin=_MARGIN)
    if background is not None:
        drawing.config(bgcolor=background)
    pen = _Pen(drawing, elements, math=canvas != "svg")
    end = pen.draw(tree, 0.0, 0.0)
    for x in (-_TERMINAL, end + _TERMINAL):
        drawing.add(elements.Dot(open=True, radius=_TERMINAL, fill=None).at((x, 0.0)))
    drawing.draw(show=False)
    return drawing


@dataclass(frozen=True)
class _Pen:
    """Puts the parts of a tree onto a schemdraw drawing."""

    drawing: Any
    elements: Any
    math: bool

    def draw(self, tree: Tree, x: float, y: float) -> float:
        """Draw a part from here to the right and return where it ends."""
        if isinstance(tree, str):
            return self.component(tree, x, y)
        if tree[0] == "series":
            for part in tree[1]:
                x = self.draw(part, x, y)
            return x
        return self.parallel(tree[1], x, y)

    def parallel(self, branches: Sequence[Tree], x: float, y: float) -> float:
        boxes = [_measure(branch) for branch in branches]
        inner, heights = max(box.width for box in boxes), [y + height for height in _heights(boxes)]
        left, right = x + _STUB, x + _STUB + inner
        for branch, box, height in zip(branches, boxes, heights, strict=True):
            start = left + (inner - box.width) / 2
            self.wire((left, height), (start, height))
            self.wire((self.draw(branch, start, height), height), (right, height))
        for bus, end in ((left, x), (right, right + _STUB)):
            self.wire((bus, heights[0]), (bus, heights[-1]))
            self.wire((bus, y), (end, y))
        return right + _STUB

    def wire(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        if start != end:
            self.drawing.add(self.elements.Line().at(start).to(end))

    def component(self, name: str, x: float, y: float) -> float:
        match = _NAME.fullmatch(name)
        symbol, label = (match["symbol"], match["label"]) if match else (name, "")
        symbol, _, inside = symbol.partition("(")
        inside = inside.removesuffix(")").replace(",", ", ")
        end = x + _measure(name).width
        glyph = getattr(self.elements, _GLYPHS.get(symbol, "ResistorIEC"))().at((x, y)).to((end, y))
        if symbol not in _GLYPHS:
            glyph.label(
                symbol, loc="center", ofst=(0.0, 0.0), fontsize=_POINTS - (2 if len(symbol) < 4 else 4)
            )
        if inside:
            glyph.label(inside, loc="top", ofst=0.17, fontsize=_POINTS - 3)
        elif symbol in _GLYPHS or label:
            glyph.label(self.subscript(symbol, label), loc="top", ofst=0.17)
        self.drawing.add(glyph)
        return end

    def subscript(self, symbol: str, label: str) -> str:
        below = label.replace("_", ",")
        if not self.math:
            return f"${symbol}_{{{below}}}$" if below else symbol
        return rf"$\mathrm{{{symbol}}}_\mathrm{{{below}}}$" if below else rf"$\mathrm{{{symbol}}}$"

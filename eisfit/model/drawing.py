"""Circuits drawn: as SVG, on matplotlib axes, and in lines of text for a terminal.

Every function takes the string that all documents carry (``circuit.string``). schemdraw draws the symbols;
where they stand is decided here: series side by side, branches one below the other, room for every label.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from eisfit.errors import CircuitError
from eisfit.files import write_atomic
from eisfit.model.notation import Component, Line, Node, Parallel, Series, parse, serial_parts
from eisfit.records import dataclass

_NAMESPACE = re.compile(r' xmlns(?::\w+)?="[^"]*"')
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
        return draw_text(self.string)

    def __repr__(self) -> str:
        return draw_text(self.string)

    def _repr_svg_(self) -> str:
        return draw_svg(self.string)

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
            return write_atomic(path, draw_svg(self.string, color="black", background="white"))
        from eisfit.display import plot

        box = _measure(parse(self.string))
        ax = plot.new_axes(_UNIT * (box.width + 1.0), _UNIT * (box.up + box.down + 0.4))
        return plot.save(draw_on_axes(self.string, ax), path)


@lru_cache(maxsize=64)
def draw_svg(circuit: str, *, color: str = "currentColor", background: str | None = None) -> str:
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
        When it is no circuit string, or has an element that this process does not know.

    Examples
    --------
    >>> draw_svg("R_s-p(R_ct,CPE_ct)").startswith("<svg")
    True
    """
    drawing = _draw_schematic(parse(circuit), "svg", color, background)
    made: str = drawing.get_imagedata("svg").decode("utf-8")
    made = made[made.index("<svg") :].strip()
    # Not every viewer knows baseline-shift; a label ends with its subscript, so nothing has to come back up.
    made = made.replace('baseline-shift="-2" font-size="smaller"', 'dy="0.25em" font-size="78%"')
    title = f'role="img" aria-label="circuit {circuit}" style="max-width: 100%; height: auto"'
    return made.replace("<svg", f"<svg {title}", 1)


def draw_for_page(circuit: str) -> str | None:
    """Return the same without XML's namespaces, which look like addresses; None for what is no circuit."""
    try:
        return _NAMESPACE.sub("", draw_svg(circuit))
    except CircuitError:
        return None


def draw_on_axes(circuit: str, ax: Any) -> Any:
    """Draw a circuit on matplotlib axes, which are emptied of their frame, and return them."""
    _draw_schematic(parse(circuit), ax, "black")
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.margins(0.02)
    return ax


def draw_text(circuit: str, *, width: int = 100, plain: bool = False) -> str:
    """Return a circuit in lines of text; a long one continues in further lines.

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
    >>> print(draw_text("R_s-p(R_ct-W_d,CPE_ct)"))
    o──R_s──┬──R_ct──W_d──┬──o
            └──CPE_ct─────┘
    """
    parts = [_draw_block(part) for part in serial_parts(parse(circuit))]
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


def _draw_block(tree: Node) -> list[str]:
    """Return the lines of a part; the wire enters and leaves on the first."""
    if isinstance(tree, (Component, Line)):
        return [str(tree)]
    blocks = [_draw_block(part) for part in tree.children]
    if isinstance(tree, Series):
        return _join_beside(blocks)
    inner = max(len(block[0]) for block in blocks)
    return [
        line
        for number, block in enumerate(blocks)
        for line in _draw_branch(block, inner, number == 0, number == len(blocks) - 1)
    ]


def _join_beside(blocks: Sequence[list[str]]) -> list[str]:
    height = max(len(block) for block in blocks)
    padded = [[*block, *[" " * len(block[0])] * (height - len(block))] for block in blocks]
    return [("──" if row == 0 else "  ").join(lines) for row, lines in enumerate(zip(*padded, strict=True))]


def _draw_branch(block: list[str], inner: int, first: bool, last: bool) -> Iterator[str]:
    left, right = ("┬", "┬") if first else ("└", "┘") if last else ("├", "┤")
    yield f"{left}──{block[0].ljust(inner, '─')}──{right}"
    bus = " " if last else "│"
    for line in block[1:]:
        yield f"{bus}  {line.ljust(inner)}  {bus}"


@dataclass(frozen=True)
class _Box:
    """The size of a part: along its wire, above and below it."""

    width: float
    up: float
    down: float


def _measure(tree: Node) -> _Box:
    if isinstance(tree, (Component, Line)):
        return _Box(max(_BODY, _LETTER * len(str(tree))) + 2 * _LEAD, _ABOVE, _BELOW)
    boxes = [_measure(part) for part in tree.children]
    if isinstance(tree, Series):
        return _Box(sum(b.width for b in boxes), max(b.up for b in boxes), max(b.down for b in boxes))
    heights = _compute_heights(boxes)
    width = max(box.width for box in boxes) + 2 * _STUB
    return _Box(width, heights[0] + boxes[0].up, boxes[-1].down - heights[-1])


def _compute_heights(boxes: Sequence[_Box]) -> list[float]:
    """Return the heights of the branches' wires about that of the wire they branch from."""
    heights = [0.0]
    for above, below in pairwise(boxes):
        heights.append(heights[-1] - above.down - below.up)
    return [height - heights[-1] / 2 for height in heights]


def _draw_schematic(tree: Node, canvas: Any, color: str, background: str | None = None) -> Any:
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


def _split_label(tree: Component | Line) -> tuple[str, str, str]:
    """Return symbol, label and what stands above the box of a transmission line."""
    if isinstance(tree, Component):
        return tree.symbol, tree.label, ""
    symbol, _, inside = str(tree).partition("(")
    return symbol, "", inside.removesuffix(")").replace(",", ", ")


@dataclass(frozen=True)
class _Pen:
    """Puts the parts of a tree onto a schemdraw drawing."""

    drawing: Any
    elements: Any
    math: bool

    def draw(self, tree: Node, x: float, y: float) -> float:
        """Draw a part from here to the right and return where it ends."""
        if isinstance(tree, Parallel):
            return self.draw_parallel(tree.children, x, y)
        if isinstance(tree, Series):
            for part in tree.children:
                x = self.draw(part, x, y)
            return x
        return self.draw_component(tree, x, y)

    def draw_parallel(self, branches: Sequence[Node], x: float, y: float) -> float:
        boxes = [_measure(branch) for branch in branches]
        inner, heights = max(box.width for box in boxes), [y + height for height in _compute_heights(boxes)]
        left, right = x + _STUB, x + _STUB + inner
        for branch, box, height in zip(branches, boxes, heights, strict=True):
            start = left + (inner - box.width) / 2
            self.draw_wire((left, height), (start, height))
            self.draw_wire((self.draw(branch, start, height), height), (right, height))
        for bus, end in ((left, x), (right, right + _STUB)):
            self.draw_wire((bus, heights[0]), (bus, heights[-1]))
            self.draw_wire((bus, y), (end, y))
        return right + _STUB

    def draw_wire(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        if start != end:
            self.drawing.add(self.elements.Line().at(start).to(end))

    def draw_component(self, tree: Component | Line, x: float, y: float) -> float:
        symbol, label, inside = _split_label(tree)
        end = x + _measure(tree).width
        glyph = getattr(self.elements, _GLYPHS.get(symbol, "ResistorIEC"))().at((x, y)).to((end, y))
        if symbol not in _GLYPHS:
            glyph.label(
                symbol, loc="center", ofst=(0.0, 0.0), fontsize=_POINTS - (2 if len(symbol) < 4 else 4)
            )
        if inside:
            glyph.label(inside, loc="top", ofst=0.17, fontsize=_POINTS - 3)
        elif symbol in _GLYPHS or label:
            glyph.label(self.format_label(symbol, label), loc="top", ofst=0.17)
        self.drawing.add(glyph)
        return end

    def format_label(self, symbol: str, label: str) -> str:
        below = label.replace("_", ",")
        if not self.math:
            return f"${symbol}_{{{below}}}$" if below else symbol
        return rf"$\mathrm{{{symbol}}}_\mathrm{{{below}}}$" if below else rf"$\mathrm{{{symbol}}}$"

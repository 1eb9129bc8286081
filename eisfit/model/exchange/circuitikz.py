"""A circuit as a figure in LaTeX (package circuitikz): series side by side, branches below each other."""

from __future__ import annotations

from dataclasses import field
from itertools import pairwise

from eisfit.model.notation import Component, Line, Node, Parallel
from eisfit.records import dataclass

_GLYPHS = {"R": "R", "C": "C", "L": "L", "La": "L", "CPE": "cpe"}
_BODY, _STUB, _APART = 2.0, 0.5, 1.5


def write_picture(tree: Node) -> str:
    r"""Return a ``circuitikz`` environment; an element without a symbol of its own is a box with its name.

    Examples
    --------
    >>> from eisfit.model.notation import parse
    >>> print(write_picture(parse("R_s-C_dl")))
    \begin{circuitikz}
    \draw (0,0) to[short,o-] (0.5,0);
    \draw (0.5,0) to[R,l=$R_\mathrm{s}$] (2.5,0);
    \draw (2.5,0) to[C,l=$C_\mathrm{dl}$] (4.5,0);
    \draw (4.5,0) to[short,-o] (5,0);
    \end{circuitikz}
    """
    pen = _Pen()
    end = pen.draw(tree, _STUB, 0.0)
    lines = [_wire(0.0, 0.0, _STUB, 0.0, ",o-"), *pen.lines, _wire(end, 0.0, end + _STUB, 0.0, ",-o")]
    return "\n".join([r"\begin{circuitikz}", *lines, r"\end{circuitikz}"])


@dataclass(frozen=False)
class _Pen:
    lines: list[str] = field(default_factory=list)

    def draw(self, node: Node, x: float, y: float) -> float:
        """Draw a part from here to the right and return where it ends."""
        if isinstance(node, (Component, Line)):
            self.lines.append(f"\\draw ({x:g},{y:g}) to[{_choose_glyph(node)}] ({x + _BODY:g},{y:g});")
            return x + _BODY
        if not isinstance(node, Parallel):
            for child in node.children:
                x = self.draw(child, x, y)
            return x
        return self.draw_parallel(node, x, y)

    def draw_parallel(self, node: Parallel, x: float, y: float) -> float:
        left, right = x + _STUB, x + _STUB + max(_measure_width(child) for child in node.children)
        height = y + (_measure_height(node) - 1) * _APART / 2
        heights = []
        for child in node.children:
            middle = height - (_measure_height(child) - 1) * _APART / 2
            heights.append(middle)
            end = self.draw(child, left, middle)
            if end != right:
                self.lines.append(_wire(end, middle, right, middle))
            height -= _measure_height(child) * _APART
        for bus in (left, right):
            places = sorted({*heights, y})
            self.lines += [_wire(bus, low, bus, high) for low, high in pairwise(places)]
        self.lines += [_wire(x, y, left, y), _wire(right, y, right + _STUB, y)]
        return right + _STUB


def _wire(x: float, y: float, to_x: float, to_y: float, ends: str = "") -> str:
    return f"\\draw ({x:g},{y:g}) to[short{ends}] ({to_x:g},{to_y:g});"


def _measure_width(node: Node) -> float:
    if isinstance(node, (Component, Line)):
        return _BODY
    widths = [_measure_width(child) for child in node.children]
    return max(widths) + 2 * _STUB if isinstance(node, Parallel) else sum(widths)


def _measure_height(node: Node) -> int:
    """Return how many rows a part takes."""
    if isinstance(node, (Component, Line)):
        return 1
    heights = [_measure_height(child) for child in node.children]
    return sum(heights) if isinstance(node, Parallel) else max(heights)


def _choose_glyph(node: Component | Line) -> str:
    if isinstance(node, Line):
        return r"generic,l={\ttfamily " + str(node).replace("_", r"\_") + "}"
    below = rf"_\mathrm{{{node.label.replace('_', ',')}}}" if node.label else ""
    symbol = node.symbol if len(node.symbol) == 1 else rf"\mathrm{{{node.symbol}}}"
    return f"{_GLYPHS.get(node.symbol, 'generic')},l=${symbol}{below}$"

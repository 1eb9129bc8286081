"""A figure of few lines and points, as SVG text.

Coordinates are written to a tenth of a pixel; all words from outside are escaped, and a page shows the
figure as an image, which runs no script.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import field
from html import escape
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.display.svg.axis import Axis
from eisfit.errors import EisfitError
from eisfit.records import dataclass

_LEFT, _RIGHT, _BELOW, _LEGEND = 54, 10, 34, 16  # pixels round the axes
_SIDE = "display:flex;flex-wrap:wrap;align-items:flex-start;gap:1em"
_TABLE = "min-width:0;overflow-x:auto"
# On a card of its own, so that it reads the same under a dark theme.
_CARD = "background:#fff;border-radius:6px;padding:4px;max-width:100%"
_SHAPE = (0.5, 1.1)  # least and greatest height over width of equal axes
_FONT = 'font-family="DejaVu Sans,Helvetica,Arial,sans-serif" font-size="11" fill="#111"'

_DIRECTIONS = np.array([[0, -1], [0.7, -1], [-0.7, -1], [1, -0.4], [-1, -0.4], [0, 1], [0.7, 1], [-0.7, 1]])
_CORNERS = np.array([[x, y] for x in (-1, -0.5, 0, 0.5, 1) for y in (-1, 0, 1)])

Draw = Callable[[Axis, Axis], str]


@dataclass(frozen=False)
class Panel:
    """Axes with what is drawn on them, in the order of the calls.

    Attributes
    ----------
    xlabel, ylabel
        Plain text.
    height
        Pixels of the axes; of equal ones it follows from what they show.
    log_x, equal
        The kinds of axes.
    names
        In place of numbers on the y axis, from the top.
    """

    xlabel: str
    ylabel: str
    height: float = 120.0
    log_x: bool = False
    equal: bool = False
    names: Sequence[str] = ()
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    _x: list[Any] = field(default_factory=list)
    _y: list[Any] = field(default_factory=list)
    _draws: list[Draw] = field(default_factory=list)
    _legend: list[tuple[str, str]] = field(default_factory=list)

    def points(
        self, x: Any, y: Any, color: str, *, label: str = "", filled: Any = False, size: float = 3
    ) -> None:
        """Draw circles, filled or hollow, all or (N,) of them."""
        x, y = np.atleast_1d(x), np.atleast_1d(y)
        full = np.broadcast_to(np.asarray(filled, dtype=bool), x.shape)

        def draw(across: Axis, up: Axis) -> str:
            full_shape = f' fill="{color}" fill-opacity="1"/>'
            shapes = [
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size}"' + (full_shape if solid else "/>")
                for a, b, solid in zip(across.place(x), up.place(y), full, strict=True)
                if np.isfinite(a + b)
            ]
            return f'<g fill="#fff" fill-opacity=".6" stroke="{color}">{"".join(shapes)}</g>'

        self._append(draw, x, y, label, f'<circle cx="6" cy="-4" r="3" fill="none" stroke="{color}"/>')

    def line(self, x: Any, y: Any, color: str, *, label: str = "", width: float = 1.4) -> None:
        """Draw a line, broken where a value is not finite."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)

        def draw(across: Axis, up: Axis) -> str:
            path = _draw_path(across.place(x), up.place(y))
            return f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>'

        self._append(draw, x, y, label, f'<path d="M0-4h12" stroke="{color}" stroke-width="{width}"/>')

    def band(self, x: Any, low: Any, high: Any, color: str, *, label: str = "", opacity: float = 0.3) -> None:
        """Fill the area between two curves."""
        x, low, high = (np.asarray(v, dtype=float) for v in (x, low, high))

        def draw(across: Axis, up: Axis) -> str:
            there = np.isfinite(across.place(x) + up.place(low) + up.place(high))
            a, b = across.place(x[there]), up.place(np.concatenate([low[there], high[there][::-1]]))
            path = _draw_path(np.concatenate([a, a[::-1]]), b)
            return f'<path d="{path}z" fill="{color}" fill-opacity="{opacity}"/>' if path else ""

        sample = f'<rect x="0" y="-9" width="12" height="9" fill="{color}" fill-opacity="{opacity}"/>'
        self._append(draw, x, np.concatenate([low, high]), label, sample)

    def span(self, low: float, high: float, color: str, *, label: str = "") -> None:
        """Shade a range of x over the whole height."""

        def draw(across: Axis, up: Axis) -> str:
            a, b = (float(across.place(edge)) for edge in (low, high))
            box = f'x="{min(a, b):.1f}" y="{up.end:.1f}" width="{abs(b - a):.1f}"'
            return f'<rect {box} height="{up.start - up.end:.1f}" fill="{color}" fill-opacity=".25"/>'

        sample = f'<rect x="0" y="-9" width="12" height="9" fill="{color}" fill-opacity=".25"/>'
        self._append(draw, [low, high], [], label, sample)

    def bar(
        self, place: int, start: float, end: float, color: str, *, filled: bool = True, thick: float = 12
    ) -> None:
        """Draw a horizontal bar beside one of the `names`."""
        look = f'fill="{color}"' if filled else f'fill="none" stroke="{color}" stroke-dasharray="3 2"'

        def draw(across: Axis, up: Axis) -> str:
            a, b = (float(across.place(edge)) for edge in (start, end))
            box = f'x="{min(a, b):.1f}" y="{float(up.place(place)) - thick / 2:.1f}" width="{abs(b - a):.1f}"'
            return f'<rect {box} height="{thick}" {look}/>'

        self._append(draw, [start, end], [])

    def word(
        self, x: float, y: float, text: str, *, dx: float = 0, dy: float = 0, anchor: str = "middle"
    ) -> None:
        """Write beside a point, shifted by pixels to the right and down."""

        def draw(across: Axis, up: Axis) -> str:
            at = f'x="{float(across.place(x)) + dx:.1f}" y="{float(up.place(y)) + dy:.1f}"'
            return f'<text {at} text-anchor="{anchor}" font-size="9" fill="#444">{escape(text)}</text>'

        self._append(draw, [], [])

    def tags(self, x: FloatArray, y: FloatArray, texts: Sequence[str]) -> None:
        """Write beside points where that covers neither points nor other tags; an empty one is left out."""

        def draw(across: Axis, up: Axis) -> str:
            taken = [np.stack([across.place(x), up.place(y)], axis=1)]
            parts = []
            for (a, b), text in zip(taken[0], texts, strict=True):
                if not text:
                    continue
                half = np.array([2.8 * len(text) + 2, 6.0])
                for turn in _DIRECTIONS:
                    centre = np.array([a, b]) + turn * (half + 5)
                    if any((np.abs(other - centre) < half).all(axis=1).any() for other in taken):
                        continue
                    if not across.start < centre[0] - half[0] < centre[0] + half[0] < across.end + 8:
                        continue
                    if not up.end < centre[1] - half[1] < centre[1] + half[1] < up.start:
                        continue
                    taken.append(centre + half * _CORNERS)
                    at = f'x="{centre[0]:.1f}" y="{centre[1] + 3:.1f}" text-anchor="middle"'
                    parts.append(f'<text {at} font-size="9" fill="#444">{escape(text)}</text>')
                    break
            return "".join(parts)

        self._append(draw, [], [])

    def _append(self, draw: Draw, x: Any, y: Any, label: str = "", sample: str = "") -> None:
        self._x.append(x)
        self._y.append(y)
        self._draws.append(draw)
        if label:
            self._legend.append((label, sample))

    def draw(self, width: float, top: float) -> tuple[str, float]:
        """Return the SVG of the panel whose upper edge is at `top`, and where it ends."""
        top += _LEGEND if self._legend else 8
        left = _LEFT if not self.names else 16 + 6.2 * max(len(name) for name in self.names)
        across, up = self._make_axes(left, width - _RIGHT, top)
        inside = "".join(draw(across, up) for draw in self._draws)
        return self._draw_frame(across, up) + self._draw_legend(left, top) + inside, up.start + _BELOW

    def _make_axes(self, left: float, right: float, top: float) -> tuple[Axis, Axis]:
        across = Axis.round(self._x, left, right, log=self.log_x, margin=0.04)
        up = Axis.round(self._y, top + self.height, top, margin=0.07)
        if self.names:
            up = Axis(len(self.names) - 0.5, -0.5, top + self.height, top)
        if self.xlim is not None:
            across = Axis(*self.xlim, left, right, log=self.log_x)
        if self.ylim is not None:
            up = Axis(*self.ylim, top + self.height, top)
        return _equalise(across, up) if self.equal else (across, up)

    def _draw_frame(self, across: Axis, up: Axis) -> str:
        corner = f"M{across.start:.1f} {up.end:.1f}V{up.start:.1f}H{across.end:.1f}"
        parts = [f'<path d="{corner}" fill="none" stroke="#111"/>']
        for value, text in across.ticks(6):
            x = float(across.place(value))
            parts.append(f'<path d="M{x:.1f} {up.start:.1f}v4" stroke="#111"/>')
            parts.append(f'<text x="{x:.1f}" y="{up.start + 15:.1f}" text-anchor="middle">{text}</text>')
        named = [(float(k), escape(name)) for k, name in enumerate(self.names)]
        for value, text in named or up.ticks(max(2, int((up.start - up.end) / 28))):
            y = float(up.place(value))
            parts.append(f'<path d="M{across.start:.1f} {y:.1f}h-4" stroke="#111"/>')
            parts.append(f'<text x="{across.start - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
        below = f'x="{(across.start + across.end) / 2:.1f}" y="{up.start + 29:.1f}"'
        parts.append(f'<text {below} text-anchor="middle">{escape(self.xlabel)}</text>')
        turned = f'transform="translate(12 {(up.start + up.end) / 2:.1f}) rotate(-90)"'
        parts.append(f'<text {turned} text-anchor="middle">{escape(self.ylabel)}</text>')
        return "".join(parts)

    def _draw_legend(self, left: float, top: float) -> str:
        parts, x = [], left + 4
        for label, sample in self._legend:
            words = f'<text x="16" y="0">{escape(label)}</text>'
            parts.append(f'<g transform="translate({x:.1f} {top - 4:.1f})">{sample}{words}</g>')
            x += 28 + 6.2 * len(label)
        return "".join(parts)


def _equalise(across: Axis, up: Axis) -> tuple[Axis, Axis]:
    """Return axes on which one unit is as long either way, zero among them where it is near."""
    left, right = (min(0.0, across.low) if across.low < 0.35 * across.high else across.low), across.high
    low, high = min(up.low, 0.0), max(up.high, 0.0)
    high = max(high, low + _SHAPE[0] * (right - left))
    right = max(right, left + (high - low) / _SHAPE[1])
    height = (across.end - across.start) * (high - low) / (right - left)
    return Axis(left, right, across.start, across.end), Axis(low, high, up.end + height, up.end)


def _draw_path(x: FloatArray, y: FloatArray) -> str:
    steps, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if not np.isfinite(a + b):
            pen = "M"
            continue
        steps.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L"
    return "".join(steps)


def to_svg(panels: Sequence[Panel], *, width: float = 330.0, columns: int = 1) -> tuple[str, float, float]:
    """Return panels side by side in rows as one SVG text, with its width and height in pixels."""
    parts, top = [], 0.0
    for first in range(0, len(panels), columns):
        row = [panel.draw(width, top) for panel in panels[first : first + columns]]
        parts += [
            f'<g transform="translate({k * width:.1f} 0)">{text}</g>' for k, (text, _) in enumerate(row)
        ]
        top = max(end for _, end in row)
    size = width * min(columns, max(len(panels), 1)), top + 2
    view = f'viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" width="{size[0]:.0f}" height="{size[1]:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view} {_FONT}>{"".join(parts)}</svg>', *size


def place_beside(
    table: str, draw: Callable[[], Sequence[Panel]], *, columns: int = 1, alt: str = "figure"
) -> str:
    """Return an HTML table with a figure beside it, or below where the page is narrow.

    Parameters
    ----------
    table
        HTML of one of eisfit's tables.
    draw
        Returns the panels; where it finds nothing to draw (`EisfitError`), the table stands alone.
    columns
        Panels in a row.
    alt
        What the figure is, for who cannot see it.
    """
    try:
        panels = draw()
    except EisfitError:
        return table
    svg, width, height = to_svg(panels, columns=columns, width=330.0 if columns == 1 else 250.0)
    address = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
    size = f'width="{width:.0f}" height="{height:.0f}"'
    picture = f'<img src="{address}" alt="{escape(alt)}" {size} style="{_CARD}">'
    return f'<div style="{_SIDE}"><div style="{_TABLE}">{table}</div>{picture}</div>'

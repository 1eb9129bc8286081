"""Parameters over the cycles of one or several cells, a small figure each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eisfit.display.pages.entries import rounded
from eisfit.display.pages.figures import MARKED, draw, new_figure
from eisfit.display.plot.style import COLORS, ORANGE
from eisfit.display.report.words import Document, clean, resistances_first

if TYPE_CHECKING:
    from bokeh.plotting import figure as Figure  # noqa: N812

__all__ = ["series_color", "trend_figures", "trend_rows"]

_MANY = 60  # cycles; of more the points are drawn small
_WILD = 5  # an error bar of so many spans of the values does not decide the axis


def series_color(place: int) -> str:
    """Return the colour of a cell; not orange, which marks the cycle that is shown."""
    usable = [color for color in COLORS if color != ORANGE]
    return usable[place % len(usable)]


def trend_rows(track: Document) -> dict[str, dict[str, Any]]:
    """Return each parameter's values over the cycles: x, y, low, high, ok, and the band of its growth."""
    rows = [row for row in track.get("rows") or [] if not row.get("error")]
    units = track.get("units") or {}
    axis = (track.get("axes") or [{"name": "cycle"}])[0]["name"]
    known = [row.get(axis) for row in rows]
    places = known if None not in known else list(range(1, len(rows) + 1))
    found = {}
    for name in resistances_first(list(units), units):
        values = [row.get(name) for row in rows]
        errors = [row.get(f"{name}_stderr") for row in rows]
        if rows and None not in values and any(values[0] != value for value in values):
            found[name] = {
                "x": places,
                "y": [rounded(y) for y in values],
                "low": [rounded(y - (e or 0.0)) for y, e in zip(values, errors, strict=True)],
                "high": [rounded(y + (e or 0.0)) for y, e in zip(values, errors, strict=True)],
                "ok": [bool(row.get("ok")) for row in rows],
                "unit": clean(units[name]),
                "band": ((track.get("growth") or {}).get(name) or {}).get("band"),
            }
    return found


def trend_figures(cells: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Figure]:
    """Return parameter -> figure, with a colour for each cell and a mark that follows the slider."""
    from bokeh.models import Range1d

    names = list(dict.fromkeys(name for cell in cells for name in cell))
    figures = {}
    for name in names:
        rows = [cell.get(name) for cell in cells]
        shown = [row for row in rows if row]
        unit = shown[0]["unit"]
        low, high = _span(shown)
        label = f"{name} / {unit}" if unit else name
        plot = new_figure("cycle", label, y_range=Range1d(start=low, end=high))
        plot.name = f"trend {name}"
        for place, row in enumerate(rows):
            if row:
                _cell(plot, row, series_color(place))
        _mark(plot, name)
        figures[name] = plot
    return figures


def _cell(plot: Figure, row: Mapping[str, Any], color: str) -> None:
    from bokeh.models import ColumnDataSource

    if row["band"]:
        columns = ("cycle", "value", "low", "high")
        band = ColumnDataSource({key: [rounded(v) for v in row["band"][key]] for key in columns})
        draw(plot, "VArea", band, x="cycle", y1="low", y2="high", fill_color=color, fill_alpha=0.15)
        draw(plot, "Line", band, x="cycle", y="value", line_color=color, line_alpha=0.6)
    size = 7 if len(row["x"]) <= _MANY else 4
    faces = [color if ok else "white" for ok in row["ok"]]
    points = ColumnDataSource({**{key: row[key] for key in ("x", "y", "low", "high")}, "face": faces})
    draw(plot, "Segment", points, x0="x", y0="low", x1="x", y1="high", line_color=color, line_width=1.2)
    draw(
        plot, "Scatter", points, x="x", y="y", size=size, line_color=color, fill_color="face", line_width=1.2
    )


def _mark(plot: Figure, name: str) -> None:
    """Ring the value of the cycle that is shown; the script moves it."""
    from bokeh.models import ColumnDataSource

    source = ColumnDataSource({"x": [], "y": []}, name=f"mark {name}")
    draw(plot, "Scatter", source, x="x", y="y", size=13, **MARKED)


def _span(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    values = [y for row in rows for y in row["y"]]
    wide = max(values) - min(values) or abs(values[0]) or 1.0
    near = [edge for row in rows for key in ("low", "high") for edge in row[key]]
    near = [edge for edge in near if min(values) - _WILD * wide <= edge <= max(values) + _WILD * wide]
    low, high = min([*values, *near]), max([*values, *near])
    return low - 0.08 * (high - low), high + 0.08 * (high - low)

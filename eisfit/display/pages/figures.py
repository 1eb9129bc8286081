"""The linked figures of a page, as Bokeh describes them; the page's script fills and moves them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eisfit.display.plot.style import BLACK, BLUE, ORANGE, VERMILION

if TYPE_CHECKING:
    from bokeh.plotting import figure as Figure  # noqa: N812

__all__ = ["MARKED", "document", "draw", "new_figure", "panels"]

#: How the point under the pointer looks, and the cycle that is shown.
MARKED = {"fill_color": ORANGE, "fill_alpha": 0.7, "line_color": BLACK, "line_width": 2}
_GUIDE = "#bdbdbd"
_POINT = ("f", "re", "im", "mag", "phase", "res_re", "res_im")


def panels() -> dict[str, Figure]:
    """Return the four panels, place -> figure, which share the columns of their points.

    Named sources: ``points``, ``line`` (the fit), ``others`` (the other cycles), ``lit`` (the point under the
    pointer), ``decades`` (points to be labelled), ``noise`` (of the residuals), ``fails`` (ranges that fail
    the Kramers-Kronig test).
    """
    from bokeh.models import FixedTicker, Range1d

    sources = _sources()
    frequency = Range1d(start=0.01, end=1e5, name="frequency")
    nyquist = new_figure("Z′", "−Z″", x_range=Range1d(start=0, end=1), y_range=Range1d(start=0, end=1))
    draw(nyquist, "MultiLine", sources["others"], xs="re", ys="im", line_color=_GUIDE)
    _curves(nyquist, sources, "re", "im")
    _decades(nyquist, sources)
    upper = _over_frequency("|Z|", frequency, y_axis_type="log", y_range=Range1d(start=1, end=10))
    upper.yaxis.ticker = FixedTicker(ticks=[], name="magnitude ticks")
    lower = _over_frequency("phase / °", frequency, y_range=Range1d(start=-90, end=0))
    for plot, column in ((upper, "mag"), (lower, "phase")):
        _shade(plot, sources)
        _curves(plot, sources, "f", column)
    residuals = _over_frequency("residual / % of |Z|", frequency, y_range=Range1d(start=-1, end=1))
    _shade(residuals, sources)
    _residuals(residuals, sources)
    found = {"nyquist": nyquist, "magnitude": upper, "phase": lower, "residuals": residuals}
    for name, plot in found.items():
        plot.name = name
    return found


def document(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return Bokeh's JSON of the figures and the place of each on the page: the same for the same input.

    Bokeh numbers its models through the whole life of a program; they are numbered again from 1 here.
    """
    from bokeh.document import Document

    whole = Document()
    with whole.models.freeze():  # count the models once, not again for each figure
        for plot in figures.values():
            whole.add_root(plot)
    renumbered = _renumbered(whole.to_json(deferred=False), {})
    roots = [root["id"] for root in renumbered["roots"]]
    return {"document": renumbered, "places": dict(zip(roots, figures, strict=True))}


def new_figure(xlabel: str, ylabel: str, **options: Any) -> Figure:
    """Return an empty figure in the pages' style, as large as its place on the page."""
    from bokeh.models import BoxZoomTool, PanTool, ResetTool, SaveTool, WheelZoomTool
    from bokeh.plotting import figure

    box = BoxZoomTool(match_aspect=xlabel == "Z′")
    tools = [PanTool(), box, WheelZoomTool(), ResetTool(), SaveTool()]
    # No tool is active at first: a finger then scrolls the page, and a pointer shows values.
    settings: dict[str, Any] = {
        "tools": tools,
        "active_drag": None,
        "active_scroll": None,
        "sizing_mode": "stretch_both",
        "toolbar_location": "above",
        "x_axis_label": xlabel,
        "y_axis_label": ylabel,
        "min_border_left": 66,  # the widest numbers: the frame keeps its place when they change
        "min_border_right": 12,
        "outline_line_color": None,
    }
    plot = figure(**settings, **options)
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.grid.grid_line_color = "#ececec"
    for axis in plot.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = "14px"
        axis.major_label_text_font_size = "12px"
        axis.axis_label_text_color = axis.major_label_text_color = "#111111"
        axis.minor_tick_line_color = None
    return plot


def _sources() -> dict[str, Any]:
    from bokeh.models import ColumnDataSource

    columns: dict[str, Sequence[str]] = {
        "points": _POINT,
        "line": ("f", "re", "im", "mag", "phase"),
        "others": ("re", "im"),
        "lit": (*_POINT, "label", "re_align", "re_dx", "f_align", "f_dx"),
        "decades": ("re", "im", "x", "y", "label"),
        "noise": ("f", "low", "high"),
        "fails": ("low", "high"),
    }
    return {name: ColumnDataSource({column: [] for column in names}, name=name)
            for name, names in columns.items()}  # fmt: skip


def _over_frequency(ylabel: str, frequency: Any, **options: Any) -> Figure:
    return new_figure("frequency / Hz", ylabel, x_axis_type="log", x_range=frequency, **options)


def draw(plot: Figure, glyph: str, source: Any, **fields: Any) -> None:
    """Add one of Bokeh's glyphs; without the variants for selections that `figure` would add."""
    from bokeh import models

    plot.add_glyph(source, getattr(models, glyph)(**fields))


def _curves(plot: Figure, sources: Mapping[str, Any], x: str, y: str) -> None:
    """Draw the measured points, the fit, and the point under the pointer with its frequency."""
    hollow = {"fill_color": "white", "fill_alpha": 0.6, "line_color": BLUE, "line_width": 1.5}
    draw(plot, "Line", sources["line"], x=x, y=y, line_color=BLACK, line_width=1.6)
    draw(plot, "Scatter", sources["points"], x=x, y=y, size=7, **hollow)
    _light(plot, sources, x, y)


def _decades(plot: Figure, sources: Mapping[str, Any]) -> None:
    """Fill and label the points at whole decades of frequency."""
    source = sources["decades"]
    draw(plot, "Scatter", source, x="re", y="im", size=7, fill_color=BLUE, line_color=BLUE)
    small = {"text_align": "center", "text_baseline": "middle", "text_font_size": "11px"}
    draw(plot, "Text", source, x="x", y="y", text="label", text_color="#444444", **small)


def _residuals(plot: Figure, sources: Mapping[str, Any]) -> None:
    from bokeh.models import ColumnDataSource

    grey = {"fill_color": "#dddddd", "fill_alpha": 0.7}
    draw(plot, "VArea", sources["noise"], x="f", y1="low", y2="high", **grey)
    draw(plot, "HSpan", ColumnDataSource({"y": [0]}), y="y", line_color=BLACK, line_width=1)
    for column, marker, color in (("res_re", "circle", BLUE), ("res_im", "square", VERMILION)):
        look = {"marker": marker, "fill_color": "white", "line_color": color}
        draw(plot, "Line", sources["points"], x="f", y=column, line_color=color, line_width=0.8)
        draw(plot, "Scatter", sources["points"], x="f", y=column, size=5, **look)
    _light(plot, sources, "f", "res_re")
    ring = {"fill_color": None, "line_color": BLACK, "line_width": 2}
    draw(plot, "Scatter", sources["lit"], x="f", y="res_im", size=12, **ring)


def _light(plot: Figure, sources: Mapping[str, Any], x: str, y: str) -> None:
    words = {"text_font_size": "13px", "text_font_style": "bold", "text_color": BLACK}
    behind = {"background_fill_color": "white", "background_fill_alpha": 0.8, "padding": 2}
    side = {"text_align": {"field": f"{x}_align"}, "x_offset": {"field": f"{x}_dx"}}  # where there is room
    draw(plot, "Scatter", sources["lit"], x=x, y=y, size=13, **MARKED)
    draw(plot, "Text", sources["lit"], x=x, y=y, text="label", y_offset=-9, **side, **words, **behind)


def _shade(plot: Figure, sources: Mapping[str, Any]) -> None:
    look = {"fill_color": ORANGE, "fill_alpha": 0.25, "line_color": None}
    draw(plot, "VStrip", sources["fails"], x0="low", x1="high", **look)


def _renumbered(node: Any, known: dict[str, str]) -> Any:
    """Return Bokeh's JSON with the names of its models in the order in which they appear."""
    if isinstance(node, list):
        return [_renumbered(item, known) for item in node]
    if not isinstance(node, Mapping):
        return node
    changed = {}
    for key, value in node.items():
        if key == "id" and isinstance(value, str) and re.fullmatch(r"p\d+", value):
            changed[key] = known.setdefault(value, f"e{len(known) + 1}")
        else:
            changed[key] = _renumbered(value, known)
    return changed

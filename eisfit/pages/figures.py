"""The linked figures of a page, as Bokeh describes them; the page's script fills and moves them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eisfit.plot.style import BLACK, BLUE, ORANGE, VERMILION

if TYPE_CHECKING:
    from bokeh.plotting import figure as Figure  # noqa: N812

__all__ = ["document", "panels"]

_LINE, _GUIDE = "#d9d9d9", "#bdbdbd"
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
    nyquist.multi_line("re", "im", source=sources["others"], color=_GUIDE, line_width=1)
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
        "lit": (*_POINT, "label"),
        "decades": ("re", "im", "x", "y", "label"),
        "noise": ("f", "low", "high"),
        "fails": ("low", "high"),
    }
    return {name: ColumnDataSource({column: [] for column in names}, name=name)
            for name, names in columns.items()}  # fmt: skip


def _over_frequency(ylabel: str, frequency: Any, **options: Any) -> Figure:
    return new_figure("frequency / Hz", ylabel, x_axis_type="log", x_range=frequency, **options)


def _curves(plot: Figure, sources: Mapping[str, Any], x: str, y: str) -> None:
    """Draw the measured points, the fit, and the point under the pointer with its frequency."""
    plot.line(x, y, source=sources["line"], color=BLACK, line_width=1.6)
    plot.scatter(x, y, source=sources["points"], size=7, fill_color="white", fill_alpha=0.6,
                 line_color=BLUE, line_width=1.5)  # fmt: skip
    _light(plot, sources, x, y)


def _decades(plot: Figure, sources: Mapping[str, Any]) -> None:
    """Fill and label the points at whole decades of frequency."""
    source = sources["decades"]
    plot.scatter("re", "im", source=source, size=7, color=BLUE)
    plot.text("x", "y", "label", source=source, text_align="center", text_baseline="middle",
              text_font_size="11px", text_color="#444444")  # fmt: skip


def _residuals(plot: Figure, sources: Mapping[str, Any]) -> None:
    plot.varea("f", "low", "high", source=sources["noise"], fill_color="#dddddd", fill_alpha=0.7)
    plot.hspan(y=[0], line_color=BLACK, line_width=1)
    for column, marker, color in (("res_re", "circle", BLUE), ("res_im", "square", VERMILION)):
        plot.line("f", column, source=sources["points"], color=color, line_width=0.8)
        plot.scatter("f", column, source=sources["points"], size=5, marker=marker, fill_color="white",
                     line_color=color)  # fmt: skip
    _light(plot, sources, "f", "res_re")
    plot.scatter(
        "f", "res_im", source=sources["lit"], size=12, fill_color=None, line_color=BLACK, line_width=2
    )


def _light(plot: Figure, sources: Mapping[str, Any], x: str, y: str) -> None:
    lit = sources["lit"]
    plot.scatter(x, y, source=lit, size=13, fill_color=ORANGE, fill_alpha=0.7, line_color=BLACK, line_width=2)
    words: dict[str, Any] = {
        "x_offset": 10,
        "y_offset": -9,
        "text_font_size": "13px",
        "text_font_style": "bold",
        "background_fill_color": "white",
        "background_fill_alpha": 0.8,
        "padding": 2,
    }
    plot.text(x, y, "label", source=lit, **words)


def _shade(plot: Figure, sources: Mapping[str, Any]) -> None:
    plot.vstrip("low", "high", source=sources["fails"], fill_color=ORANGE, fill_alpha=0.25, line_color=None)


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

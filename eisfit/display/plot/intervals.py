"""Intervals side by side, and the profile that made each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.display.plot.style import (
    GREY,
    VERMILION,
    WIDTH,
    apply_style,
    axes_or_new,
    figure_or_new,
    prettify,
    to_column,
)
from eisfit.display.report.words import append_unit
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_RISE = 4.0  # times the limit: higher points of a profile are left out
_COLUMNS = 3
_WIDEST = 100.0  # percent


@apply_style
def intervals(document: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """Draw intervals as deviations from the fitted values in percent; an open side ends in an arrow.

    Parameters
    ----------
    document
        What ``Intervals.to_dict()`` gives.
    ax
        Axes to draw on; a new pyplot figure where None.
    """
    deviations, reach = measure_deviations(document)
    ends = list(deviations.values())
    ax = axes_or_new(ax, WIDTH, 0.6 + 0.3 * len(ends))
    for place, pair in enumerate(ends):
        at = [side * reach if end is None else end for side, end in zip((-1, 1), pair, strict=True)]
        ax.plot(np.clip(at, -reach, reach), [place, place], "-", color="C0", lw=2.0, solid_capstyle="butt")
        for end, x, arrow in zip(pair, at, ("<", ">"), strict=True):
            marker, color = (arrow, VERMILION) if end is None else ("|" if abs(x) <= reach else arrow, "C0")
            ax.plot(np.clip(x, -reach, reach), place, marker, color=color, ms=8)
        ax.plot(0.0, place, "o", color="C0", ms=4)
    ax.axvline(0.0, color=GREY, lw=0.7, zorder=0)
    ax.set_yticks(range(len(ends)), [prettify(name) for name in deviations])
    ax.set_ylim(len(ends) - 0.5, -0.5)
    title = f"{100 * float(document['level']):g} % interval, deviation from the fitted value / %"
    ax.set(xlim=(-1.03 * reach, 1.03 * reach), xlabel=title)
    if any(end is None for pair in ends for end in pair):
        ax.plot([], [], ">", color=VERMILION, label="open: the data sets no limit")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax


def measure_deviations(document: Mapping[str, Any]) -> tuple[dict[str, list[float | None]], float]:
    """Return the ends of each interval in percent of its value, and how far the axis reaches.

    Raises
    ------
    EisfitError
        When there is no interval.
    """
    rows: Mapping[str, Any] = document.get("intervals") or {}
    if not rows:
        raise EisfitError("there are no intervals to draw")
    ends = {name: [_compute_deviation(row, end) for end in ("low", "high")] for name, row in rows.items()}
    closed = [abs(end) for pair in ends.values() for end in pair if end is not None]
    # An interval many times its value would flatten all others: it leaves the figure as an arrow.
    return ends, 1.15 * max([end for end in closed if end <= _WIDEST] or closed, default=_WIDEST) or 1.0


def _compute_deviation(row: Mapping[str, Any], end: str) -> float | None:
    return None if row[end] is None else 100 * (row[end] / (float(row["value"]) or 1.0) - 1)


@apply_style
def profiles(document: Mapping[str, Any], *, figure: Figure | None = None) -> tuple[Axes, ...]:
    """Draw the rise of chisqr over every parameter, the limit and the interval; returns the axes.

    Parameters
    ----------
    document
        What ``Intervals.to_dict()`` gives for the method ``profile``.
    figure
        To draw on; a new pyplot figure where None.
    """
    traces: Mapping[str, Any] = document.get("profiles") or {}
    if not traces:
        raise EisfitError("there are no profiles to draw: make the intervals with method='profile'")
    columns = min(_COLUMNS, len(traces))
    lines = -(-len(traces) // columns)
    figure = figure_or_new(figure, 2.5 * columns, 2.0 * lines)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, (name, trace) in zip(panels, traces.items(), strict=False):
        _draw_profile(panel, name, trace, document["intervals"][name])
    for panel in panels[len(traces) :]:
        panel.set_visible(False)
    figure.supylabel("rise of chisqr / limit", fontsize=9.5)
    return tuple(panels[: len(traces)])


def _draw_profile(ax: Axes, name: str, trace: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    values = to_column(trace["values"], name)
    rise = to_column([np.nan if r is None else r for r in trace["rise"]], name, values.size)
    rise = rise / (float(trace["limit"]) or 1.0)
    shown = rise <= _MAX_RISE
    ax.plot(values[shown], rise[shown], "o-", ms=2.5, lw=1.2)
    ax.axhline(1.0, color=GREY, lw=0.8, ls="--")
    for end in (row["low"], row["high"]):
        if end is not None:
            ax.axvline(end, color=VERMILION, lw=0.9)
    ax.set(xlabel=prettify(append_unit(name, row.get("unit"))), ylim=(-0.1, _MAX_RISE))
    if values[shown].size and values[shown].min() > 0 and values[shown].max() > 20 * values[shown].min():
        ax.set_xscale("log")
        return
    ax.locator_params(axis="x", nbins=4)
    ax.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)

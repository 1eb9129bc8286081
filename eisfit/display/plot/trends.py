"""One parameter over cycles, with its standard errors and the line that it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.display.plot.style import (
    WIDTH,
    apply_style,
    axes_or_new,
    prettify,
    sanitise,
    to_column,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOUBTFUL = "not usable or not determined"
_MANY = 40  # points


@apply_style
def trend(
    x: ArrayLike,
    y: ArrayLike,
    stderr: ArrayLike | None = None,
    *,
    ok: ArrayLike | None = None,
    within: tuple[float, float] = (-np.inf, np.inf),
    label: str | None = None,
    color: str | None = None,
    ax: Axes | None = None,
    xlabel: str = "cycle",
    ylabel: str = "",
) -> Axes:
    """Draw a parameter over cycles with its standard errors.

    Parameters
    ----------
    x, y
        (N,) cycle numbers and values; NaN is left out. No cycle known at all: counted from 1.
    stderr
        (N,) standard errors; NaN where unknown.
    ok
        (N,) bool: points of fits that cannot be trusted are drawn hollow.
    within
        Bounds of the parameter, at which error bars end: an exponent is never above 1.
    label, color
        For the legend, and of the points; the next of the cycle where None.
    ax
        Axes to draw on; a new pyplot figure where None. Several parameters or cells may share one.
    xlabel, ylabel
        Written with subscripts and units as on paper.
    """
    from matplotlib.colors import to_hex

    values = to_column(y, "values")
    places = to_column(x, xlabel, values.size)
    errors = None if stderr is None else to_column(stderr, "standard errors", values.size)
    numbered = xlabel == "cycle"
    if not np.isfinite(places).any():
        numbered, places, xlabel = True, np.arange(1.0, values.size + 1), "spectrum"
    trusted = np.ones(values.size, bool) if ok is None else np.asarray(ok, dtype=bool)
    ax = axes_or_new(ax, WIDTH, 3.4)
    color = color or to_hex(ax.plot([], [])[0].get_color())  # a cycle of colours may hold numbers
    shown = np.isfinite(places) & np.isfinite(values)
    for chosen, face, name in ((shown & trusted, color, label), (shown & ~trusted, "white", None)):
        if chosen.any():
            bars = None if errors is None else _compute_bars(values[chosen], errors[chosen], within)
            ax.errorbar(
                places[chosen],
                values[chosen],
                bars,
                fmt="o",
                color=color,
                mfc=face,
                label=None if name is None else sanitise(name),
                zorder=3,
                **_choose_sizes(int(shown.sum())),
            )
    if numbered and shown.any() and (places[shown] == np.round(places[shown])).all():
        _use_whole_ticks(ax)
    ax.set(xlabel=prettify(xlabel), ylabel=prettify(ylabel))
    ax.ticklabel_format(axis="y", scilimits=(-2, 5), useMathText=True)
    _frame_axes(ax)
    _add_legend(ax, doubtful=bool((shown & ~trusted).any()))
    return ax


def _compute_bars(values: FloatArray, errors: FloatArray, within: tuple[float, float]) -> FloatArray:
    """Return the lengths (2, N) of error bars downwards and upwards, cut at the bounds."""
    size = np.nan_to_num(np.abs(errors))
    room = np.maximum(np.array([values - within[0], within[1] - values]), 0.0)
    return np.asarray(np.minimum(size, room))


def get_bounds(document: Mapping[str, Any], name: str) -> tuple[float, float]:
    """Return a parameter's bounds in a track document; where it does not tell them, none."""
    for row in document.get("results") or []:
        block = (row.get("parameters") or {}).get(name) or {}
        if block.get("min") is not None or block.get("max") is not None:
            low, high = block.get("min"), block.get("max")
            return -np.inf if low is None else float(low), np.inf if high is None else float(high)
    return (0.0, 1.0) if name.endswith("_alpha") else (-np.inf, np.inf)


def _choose_sizes(points: int) -> dict[str, Any]:
    """Return sizes of markers and bars: many of them must not cover each other."""
    return (
        {"elinewidth": 1.0} if points <= _MANY else {"elinewidth": 0.5, "capsize": 0.0, "ms": 2.8, "mew": 0.7}
    )


def _add_legend(ax: Axes, *, doubtful: bool) -> None:
    """Name the series, and say what hollow means where there are hollow points."""
    known = ax.get_legend_handles_labels()[1]
    if known and doubtful:
        explain_hollow(ax)
    elif known:
        ax.legend(loc="best")


def explain_hollow(ax: Axes) -> None:
    """Say in the legend what hollow points mean."""
    if _DOUBTFUL not in ax.get_legend_handles_labels()[1]:
        ax.plot([], [], "o", color="0.4", mfc="white", label=_DOUBTFUL)
    ax.legend(loc="best")


def _use_whole_ticks(ax: Axes) -> None:
    """Keep ticks such as 1.5 off an axis of cycle numbers."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def _frame_axes(ax: Axes) -> None:
    """Set the y limits so that one large error bar does not flatten the points of any series."""
    from matplotlib.container import ErrorbarContainer

    drawn = [c for c in ax.containers if isinstance(c, ErrorbarContainer)]
    values = np.concatenate([np.asarray(c.lines[0].get_ydata(), float) for c in drawn] or [np.zeros(0)])
    bars = [bar for c in drawn for lines in c.lines[2] for bar in lines.get_segments()]
    if not values.size or not bars:
        return
    span = float(np.ptp(values)) or abs(float(values[0])) or 1.0
    if max(np.ptp(bar[:, 1]) for bar in bars) > 10 * span:
        ax.set_ylim(float(values.min()) - 1.5 * span, float(values.max()) + 1.5 * span)
    elif values.min() < min(ax.get_ylim()) or values.max() > max(ax.get_ylim()):  # framed for those before
        ax.autoscale(axis="y")

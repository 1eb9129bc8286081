"""Figures of the coating's story: the waterfall of a change, and predictions over thickness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.display.plot.style import (
    BLACK,
    COLORS,
    GREEN,
    GREY,
    VERMILION,
    axes_or_new,
    column,
    legible,
    pretty,
    styled,
)
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["thickness_scan", "waterfall"]


@styled
def waterfall(
    start: float,
    steps: Sequence[Mapping[str, Any]],
    end: float,
    *,
    ax: Axes | None = None,
    start_label: str = "bare",
    end_label: str = "coated",
    ylabel: str = "R_ct / ohm",
    note: str | None = None,
) -> Axes:
    """Draw how a value goes from `start` to `end`, step by step.

    Parameters
    ----------
    start, end
        The first and the last value.
    steps
        Each ``{label, value, low95, high95}``: the change and its 95 % interval (None: not drawn).
    ax
        Axes to draw on; a new pyplot figure where None.
    start_label, end_label, ylabel
        Words under the first and the last bar, and beside the axis.
    note
        Small print above the axes, such as what bars and whiskers are.
    """
    ax = axes_or_new(ax, 1.6 + 1.15 * (len(steps) + 2), 3.6)
    levels = start + np.concatenate([[0.0], np.cumsum([float(step["value"]) for step in steps])])
    last = len(steps) + 1
    for place, value in ((0, start), (last, end)):
        ax.bar(place, value, width=0.62, color=GREY, zorder=2)
    for place, step in enumerate(steps, start=1):
        _step(ax, place, float(levels[place - 1]), step)
    for place, level in enumerate(levels):
        ax.plot([place + 0.31, place + 0.69], [level, level], "-", color=GREY, lw=0.8, zorder=1)
    _write(ax, start, steps, end, levels)
    words = [start_label, *(str(step.get("label", "")) for step in steps), end_label]
    ax.set_xticks(range(last + 1), [_wrapped(word) for word in words])
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.55, last + 0.55), ylabel=pretty(ylabel))
    if ax.get_ylim()[0] < 0:
        ax.axhline(0, color=BLACK, lw=0.8)
    if note:
        ax.set_title(legible(note), loc="left", fontsize="small", color=GREY)
    return ax


def _step(ax: Axes, place: int, base: float, step: Mapping[str, Any]) -> None:
    value = float(step["value"])
    ax.bar(place, value, bottom=base, width=0.62, color=VERMILION if value > 0 else GREEN, zorder=2)
    low, high = step.get("low95"), step.get("high95")
    if low is not None and high is not None:
        bars = [[max(value - low, 0.0)], [max(high - value, 0.0)]]
        ax.errorbar(
            [place], [base + value], bars, fmt="none", ecolor=BLACK, elinewidth=1.0, capsize=3, zorder=4
        )


def _write(ax: Axes, start: float, steps: Sequence[Mapping[str, Any]], end: float, levels: Any) -> None:
    """Write every number above its bar and whatever error bar rises from it."""
    tops = [start, *(_top(levels[i], step) for i, step in enumerate(steps)), end]
    words = [
        f"{start:.1f}",
        *(f"{float(step['value']):+.1f}".replace("-", "−") for step in steps),
        f"{end:.1f}",
    ]
    for place, (top, word) in enumerate(zip(tops, words, strict=True)):
        ax.annotate(
            word, (place, top), (0, 3), textcoords="offset points", ha="center", va="bottom", zorder=5
        )
    ax.margins(y=0.1)


def _top(base: float, step: Mapping[str, Any]) -> float:
    value, high = float(step["value"]), step.get("high95")
    return max(base, base + value, base + (value if high is None else float(high)))


def _wrapped(text: str) -> str:
    import textwrap

    words = pretty(text) if text.startswith("R_") else legible(text.replace("_", " "))
    return "\n".join(textwrap.wrap(words, 14)) if "$" not in words else words


@styled
def thickness_scan(rows: Sequence[Mapping[str, Any]], *, ax: Axes | None = None) -> Axes:
    """Draw R_ct predicted over the film's thickness, a line with its 95 % band for each supposition.

    Parameters
    ----------
    rows
        Each with ``thickness_nm`` and, for every supposition NAME, either a number (ohm; with optional
        ``NAME_low95`` and ``NAME_high95``) or ``{"median", "low95", "high95"}``. Other entries are ignored.
    ax
        Axes to draw on; a new pyplot figure where None.

    Raises
    ------
    EisfitError
        When no row has a thickness and a value.
    """
    names = _suppositions(rows)
    if not names:
        raise EisfitError(
            "nothing to draw: the thickness scan needs rows with thickness_nm and a predicted R_ct"
        )
    ax = axes_or_new(ax, 4.8, 3.4)
    ordered = sorted(rows, key=lambda row: float(row["thickness_nm"]))
    thickness = column([row["thickness_nm"] for row in ordered], "thickness")
    for place, name in enumerate(names):
        color, dashes = COLORS[place % len(COLORS)], ("-", "--", "-.", ":")[place % 4]
        low, middle, high = (
            column([_part(row, name, part) for row in ordered], name)
            for part in ("low95", "median", "high95")
        )
        ax.plot(thickness, middle, dashes, color=color, label=_words(name), zorder=3)
        ax.fill_between(thickness, low, high, color=color, alpha=0.15, lw=0, zorder=1)
    ax.set(xlabel="film thickness / nm", ylabel=pretty("R_ct / ohm"))
    ax.legend(loc="best")
    return ax


def _suppositions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names: dict[str, None] = {}
    for row in rows:
        for name in row:
            if not name.startswith("thickness") and not name.endswith(("_low95", "_high95", "_stderr")):
                value = _part(row, name, "median")
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    names[name] = None
    return list(names)


def _part(row: Mapping[str, Any], name: str, part: str) -> Any:
    entry = row.get(name)
    if isinstance(entry, Mapping):
        return entry.get(part)
    return entry if part == "median" else row.get(f"{name}_{part}")


def _words(name: str) -> str:
    if name.startswith("R_"):
        return pretty(name)
    return legible(name.removesuffix("_ohm").replace("_", " "))

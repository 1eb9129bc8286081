"""Joint fits: the smooth course among the single fits, and how its smoothness was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eisfit.arrays import NORMAL_95
from eisfit.display.plot.style import (
    COLORS,
    GREY,
    WIDTH,
    apply_style,
    axes_or_new,
    figure_or_new,
    prettify,
    to_column,
)
from eisfit.display.report.words import Document, append_unit
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MANY_POINTS = 60  # points: above it their error bars would cover each other


@apply_style
def joint_course(document: Document, name: str, *, ax: Axes | None = None, label: bool = True) -> Axes:
    """Draw a shared or smooth parameter with its 95 % band, and the fits of each cycle by itself as points.

    Parameters
    ----------
    document
        What ``SeriesResult.to_dict()`` gives (``eisfit.track/2``), of a joint fit.
    name
        Of the parameter.
    ax
        Axes to draw on; a new pyplot figure where None.
    label
        Name points and line in a legend.

    Raises
    ------
    EisfitError
        When the track is of no joint fit, or the parameter was free in it.
    """
    alone = _get_joint(document).get("alone") or {}
    if name not in alone:
        raise EisfitError(f"nothing to draw: {name} was neither shared nor smooth in this joint fit")
    rows = [row for row in document["rows"] if row.get(name) is not None]
    x = to_column([row.get("cycle") for row in rows], "cycle")
    counted = not np.isfinite(x).all()
    x = np.arange(1.0, x.size + 1) if counted else x
    value, error = (to_column([row.get(key) for row in rows], key) for key in (name, f"{name}_stderr"))
    single, its_error = to_column(alone[name], name), to_column(alone[f"{name}_stderr"], name)
    ax = axes_or_new(ax, WIDTH, 3.4)
    bars = None if x.size > _MANY_POINTS else np.nan_to_num(its_error)
    mode = _get_joint(document)["modes"][name]
    ax.errorbar(
        x,
        single,
        bars,
        fmt="o",
        ms=3,
        color=GREY,
        elinewidth=0.8,
        capsize=0,
        zorder=2,
        label="each cycle by itself",
    )
    ax.plot(x, value, "-", color=COLORS[0], zorder=3, label=f"{mode}, 95 %")
    band = NORMAL_95 * error
    ax.fill_between(x, value - band, value + band, color=COLORS[0], alpha=0.25, lw=0, zorder=1)
    unit = (document.get("units") or {}).get(name)
    ax.set(xlabel="spectrum" if counted else "cycle", ylabel=prettify(append_unit(name, unit)))
    ax.ticklabel_format(axis="y", scilimits=(-2, 5), useMathText=True)
    if label:
        ax.legend(loc="best")
    return ax


@apply_style
def strength_curve(document: Document, name: str, *, ax: Axes | None = None) -> Axes:
    """Draw how well each strength of smoothness predicts the cycles left out, and mark the one chosen.

    Parameters
    ----------
    document, name, ax
        As for `joint_course`.

    Raises
    ------
    EisfitError
        When the parameter was not smooth.
    """
    found = (_get_joint(document).get("strengths") or {}).get(name)
    if found is None:
        raise EisfitError(f"nothing to draw: {name} was not smooth in this joint fit")
    ax = axes_or_new(ax, WIDTH, 3.4)
    if found["tried"]:
        scores = np.array(found["scores"], dtype=float)
        ax.plot(found["tried"], scores, "-", color=GREY, zorder=2)
        lowest, usual = float(scores.min()), float(np.median(scores))
        top = max(min(float(scores.max()), lowest + 4 * (usual - lowest)), lowest + 0.1)
        ax.set_ylim(lowest - 0.06 * (top - lowest), top)  # a hopeless end must not flatten the minimum
        place = int(np.argmin(np.abs(np.log(np.array(found["tried"]) / found["strength"]))))
        ax.plot(found["strength"], scores[place], "o", color=COLORS[0], zorder=3)
    else:
        ax.axvline(found["strength"], color=COLORS[0])
    ax.set(xscale="log", xlabel=prettify(f"strength of {name}"), ylabel="-2 ln(density) a cycle")
    ax.set_title(_describe_choice(found), color=COLORS[0], fontsize="medium", loc="right")
    return ax


def _describe_choice(found: Document) -> str:
    if not found["tried"]:
        return "as given"
    freedom = found.get("freedom")
    return "chosen" if freedom is None else f"{freedom:.3g} of {found['folds']} degrees of freedom"


@apply_style
def joint_overview(document: Document, *, figure: Figure | None = None) -> tuple[Axes, ...]:
    """Draw every shared or smooth parameter, one line of panels each, with the choice of its strength.

    Parameters
    ----------
    document
        As for `joint_course`.
    figure
        An empty figure; a new pyplot figure where None.

    Raises
    ------
    EisfitError
        When the track is of no joint fit.
    """
    joint = _get_joint(document)
    names = [name for name, mode in joint["modes"].items() if mode != "free"]
    if not names:
        raise EisfitError("nothing to draw: every parameter was free in this joint fit")
    figure = figure_or_new(figure, 7.6, 0.5 + 2.3 * len(names))
    grid = figure.subplots(len(names), 2, squeeze=False, width_ratios=(3, 2))
    for ax in grid[1:, 0]:
        ax.sharex(grid[0, 0])
    drawn = []
    for place, (name, (left, right)) in enumerate(zip(names, grid, strict=True)):
        drawn.append(joint_course(document, name, ax=left, label=place == 0))
        if joint["modes"][name] == "smooth":
            drawn.append(strength_curve(document, name, ax=right))
        else:
            right.set_visible(False)
    for ax in grid[:-1, 0]:
        ax.set_xlabel("")
    return tuple(drawn)


def _get_joint(document: Document) -> Document:
    joint: Document | None = document.get("joint")
    if not joint:
        raise EisfitError("nothing to draw: this track is of no joint fit; give eisfit.track joint={...}")
    return joint

"""How far each circuit stands behind the best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eisfit.display.plot.style import BLUE, GREY, VERMILION, apply_style, axes_or_new, legible
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["comparison", "comparison_height"]


def comparison_height(document: Mapping[str, Any]) -> float:
    """Return how high the figure must be for its lines, inches."""
    names = [
        str(row["circuit"]["name"]) for row in document.get("ranked") or [] if row.get("bic") is not None
    ]
    return 0.9 + sum(max(0.34, 0.05 + 0.15 * len(_fold(name).splitlines())) for name in names)


_LONGEST = 30  # letters of a line


def _fold(name: str) -> str:
    """Return a circuit string in lines short enough to stand beside a bar, broken behind - , and )."""
    lines = [""]
    for part in re.findall(r"[^-,)]*(?:[-,]|\)+-?|$)", name):
        if lines[-1] and len(lines[-1]) + len(part) > _LONGEST:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


@apply_style
def comparison(document: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """Draw the BIC of every circuit above the best one's; refused circuits are hatched.

    Parameters
    ----------
    document
        What ``Comparison.to_dict()`` gives.
    ax
        Axes to draw on; a new pyplot figure where None.
    """
    rows = [row for row in document.get("ranked") or [] if row.get("bic") is not None]
    if not rows:
        raise EisfitError("there is nothing to draw: no circuit could be fitted")
    ax = axes_or_new(ax, 4.8, comparison_height(document))
    lowest = next((row["bic"] for row in rows if not row["refused"]), rows[0]["bic"])
    for place, row in enumerate(rows):
        refused, behind = bool(row["refused"]), row["bic"] - lowest
        fits = row["fits"]
        style: dict[str, Any] = {"color": BLUE if fits else VERMILION}
        if refused:
            style = {"facecolor": "white", "edgecolor": GREY, "hatch": "////"}
        ax.barh(place, behind, height=0.6, **style)
        note = f"{100 * row['rms_relative_residual']:.2g} % rms" + (
            ", refused" if refused else "" if fits else ", misses the data"
        )
        ax.annotate(note, (max(behind, 0.0), place), (4, 0), textcoords="offset points", va="center", size=8)
    ax.set_xscale("symlog", linthresh=10.0)
    ax.axvline(0.0, color="black", lw=0.8)
    names = ["\n".join(map(legible, _fold(str(row["circuit"]["name"])).splitlines())) for row in rows]
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    low = min(0.0, *(1.5 * (row["bic"] - lowest) for row in rows))
    high = max(10.0, *(row["bic"] - lowest for row in rows))
    ax.set(xlabel="BIC above the best circuit", xlim=(low, 40 * high))
    return ax

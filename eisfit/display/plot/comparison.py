"""How far each circuit stands behind the best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eisfit.display.plot.style import BLUE, GREY, VERMILION, WIDTH, apply_style, axes_or_new, sanitise
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compute_comparison_height(document: Mapping[str, Any]) -> float:
    """Return how high the figure must be for its lines, inches."""
    names = [str(row["circuit"]["name"]) for row in _list_fitted(document)]
    return 0.9 + sum(max(0.34, 0.05 + 0.15 * len(_fold(name).splitlines())) for name in names)


def rank_fitted(document: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], float, str]]:
    """Return each fitted circuit's row, its BIC above that of the best, and what is written beside its bar.

    Raises
    ------
    EisfitError
        When no circuit could be fitted.
    """
    rows = _list_fitted(document)
    if not rows:
        raise EisfitError("there is nothing to draw: no circuit could be fitted")
    lowest = next((row["bic"] for row in rows if not row["refused"]), rows[0]["bic"])
    return [(row, row["bic"] - lowest, _describe_fit(row)) for row in rows]


def _list_fitted(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in document.get("ranked") or [] if row.get("bic") is not None]


def _describe_fit(row: Mapping[str, Any]) -> str:
    doubt = ", refused" if row["refused"] else "" if row["fits"] else ", misses the data"
    return f"{100 * row['rms_relative_residual']:.2g} % rms{doubt}"


_LINE_LENGTH = 30  # letters of a line


def _fold(name: str) -> str:
    """Return a circuit string in lines short enough to stand beside a bar, broken behind - , and )."""
    lines = [""]
    for part in re.findall(r"[^-,)]*(?:[-,]|\)+-?|$)", name):
        if lines[-1] and len(lines[-1]) + len(part) > _LINE_LENGTH:
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
    bars = rank_fitted(document)
    ax = axes_or_new(ax, WIDTH, compute_comparison_height(document))
    for place, (row, behind, note) in enumerate(bars):
        style: dict[str, Any] = {"color": BLUE if row["fits"] else VERMILION}
        if row["refused"]:
            style = {"facecolor": "white", "edgecolor": GREY, "hatch": "////"}
        ax.barh(place, behind, height=0.6, **style)
        ax.annotate(note, (max(behind, 0.0), place), (4, 0), textcoords="offset points", va="center", size=8)
    ax.set_xscale("symlog", linthresh=10.0)
    ax.axvline(0.0, color="black", lw=0.8)
    names = ["\n".join(map(sanitise, _fold(str(row["circuit"]["name"])).splitlines())) for row, _, _ in bars]
    ax.set_yticks(range(len(bars)), names)
    ax.set_ylim(len(bars) - 0.5, -0.5)
    low = min(0.0, *(1.5 * behind for _, behind, _ in bars))
    high = max(10.0, *(behind for _, behind, _ in bars))
    ax.set(xlabel="BIC above the best circuit", xlim=(low, 40 * high))
    return ax

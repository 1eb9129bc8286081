"""What each effect of a film contributes to the change of R_ct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eisfit.display.plot.style import BLUE, GREY, VERMILION, apply_style, axes_or_new
from eisfit.display.report.explanation import name_effect, select_shares
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@apply_style
def contributions(document: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """Draw the shares of the change of R_ct, medians with their central 95 %.

    Parameters
    ----------
    document
        What ``Explanation.to_dict()`` gives.
    ax
        Axes to draw on; a new pyplot figure where None.

    Raises
    ------
    EisfitError
        When no effect changes anything.
    """
    rows = {name_effect(name, row).replace(", ", "\n"): row for name, row in select_shares(document).items()}
    if not rows:
        raise EisfitError("nothing to draw: no effect changes R_ct")
    ax = axes_or_new(ax, 5.2, 0.9 + 0.36 * len(rows))
    for place, share in enumerate(rows.values()):
        color = VERMILION if share["median"] > 0 else BLUE
        ax.barh(place, share["median"], height=0.55, color=color)
        ax.plot([share["low95"], share["high95"]], [place, place], color=GREY, linewidth=1.5, zorder=3)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    simulated = " (simulated cells)" if document["simulated"] else ""
    ax.set_xlabel(f"share of the change\nof $R_\\mathrm{{ct}}$ / Ω{simulated}")
    return ax

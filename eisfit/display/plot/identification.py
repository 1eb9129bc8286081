"""How probable each identified circuit is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eisfit.display.plot.style import BLUE, GREY, apply_style, axes_or_new, sanitise
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 8


@apply_style
def identification(document: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """Draw the probability of the first circuits, each with its name, grade and residual.

    Parameters
    ----------
    document
        What ``Identification.to_dict()`` gives.
    ax
        Axes to draw on; a new pyplot figure where None.
    """
    rows = list(document.get("circuits") or [])[:_SHOWN]
    if not rows:
        raise EisfitError("there is nothing to draw: the data allow no ranking of circuits")
    ax = axes_or_new(ax, 5.6, 0.9 + 0.5 * len(rows))
    for place, row in enumerate(rows):
        share = 100 * row["probability"]
        ax.barh(place + 0.18, share, height=0.28, color=GREY if row["grade"] == "D" else BLUE)
        note = f"{share:.0f} %, grade {row['grade']}, {100 * row['rms_relative_residual']:.2g} % rms"
        ax.annotate(note, (share, place + 0.18), (4, 0), textcoords="offset points", va="center", size=8)
        name = sanitise(str(row["circuit"]["string"]))
        ax.annotate(name, (0, place - 0.16), (2, 0), textcoords="offset points", va="center", size=8)
    ax.set_yticks(range(len(rows)), [str(k + 1) for k in range(len(rows))])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set(xlabel="probability / %", xlim=(0, 145), xticks=(0, 25, 50, 75, 100))
    return ax

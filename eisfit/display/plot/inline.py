"""Small figures inside HTML, beside the tables that a notebook shows of itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from eisfit.display.plot.style import new_figure, style, styled
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline_png", "place_beside"]

_DPI = 144  # sharp on fine screens, and small
_PAGE = 72  # CSS pixels that an inch of the figure takes
_COLORS = 64
_SIDE = "display:flex;flex-wrap:wrap;align-items:flex-start;gap:1em"
_TABLE = "min-width:0;overflow-x:auto"
# On a card of its own, so that it reads the same under a dark theme.
_CARD = "background:#fff;border-radius:6px;padding:4px;max-width:100%"


def place_beside(
    table: str,
    draw: Callable[[Figure], object],
    *,
    width: float = 4.4,
    height: float = 3.3,
    alt: str = "figure",
) -> str:
    """Return an HTML table with a figure beside it, or below where the page is narrow.

    Parameters
    ----------
    table
        HTML of one of eisfit's tables.
    draw
        Draws on the empty figure that it is given; where it finds nothing to draw (`EisfitError`), the table
        stands alone.
    width, height
        Inches.
    alt
        What the figure is, for who cannot see it.
    """
    figure = new_figure(width, height)
    try:
        with style():
            draw(figure)
    except EisfitError:
        return table
    address, (wide, high) = inline_png(figure)
    picture = f'<img src="{address}" alt="{escape(alt)}" width="{wide}" height="{high}" style="{_CARD}">'
    return f'<div style="{_SIDE}"><div style="{_TABLE}">{table}</div>{picture}</div>'


@styled
def inline_png(figure: Figure) -> tuple[str, tuple[int, int]]:
    """Return a figure as the address of an image that holds all its data, and its size in CSS pixels.

    It is a PNG of few colours: small, and shown by everything that shows notebooks.
    """
    from PIL import Image  # matplotlib needs it, too

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(
        drawn, format="png", dpi=_DPI, metadata={"Software": "eisfit"}, bbox_inches="tight", pad_inches=0.05
    )
    with Image.open(drawn) as image:
        size = image.width * _PAGE // _DPI, image.height * _PAGE // _DPI
        image.convert("RGB").quantize(_COLORS).save(small, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode("ascii"), size

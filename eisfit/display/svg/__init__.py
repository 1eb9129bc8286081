"""Small figures as SVG text of our own, for notebooks and pages: documents in, text out, no matplotlib.

What a paper takes is drawn by ``eisfit.display.plot``.
"""

from __future__ import annotations

from eisfit.display.svg.faces import (
    draw_check,
    draw_comparison,
    draw_contributions,
    draw_drt,
    draw_fit,
    draw_intervals,
    draw_spectra,
    draw_trends,
)
from eisfit.display.svg.panel import Panel, place_beside, to_svg

__all__ = [
    "Panel",
    "draw_check",
    "draw_comparison",
    "draw_contributions",
    "draw_drt",
    "draw_fit",
    "draw_intervals",
    "draw_spectra",
    "draw_trends",
    "place_beside",
    "to_svg",
]

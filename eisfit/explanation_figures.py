"""The figures of a coating study's report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eisfit.plot import new_axes, save, thickness_scan, waterfall

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["figures", "waterfall_of"]


def figures(document: Mapping[str, Any]) -> dict[str, str]:
    """Return every figure that the document has the numbers for, as SVG text by its title."""
    drawings: dict[str, Callable[[Any], Any]] = {}
    if document["infeasible"] < document["draws"]:
        drawings["From the bare to the coated cell"] = lambda ax: waterfall_of(document, ax)
        drawings["Predicted over the film's thickness"] = lambda ax: thickness_scan(
            document["thickness_scan"], ax=ax
        )
    return {title: _svg(drawing) for title, drawing in drawings.items()}


def waterfall_of(document: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw the contributions; means, which add up to the measured change exactly, with 95 % intervals."""
    names = document["contributions"].items()
    steps = [
        {"label": name, "value": c["mean"], "low95": c["low95"], "high95": c["high95"]} for name, c in names
    ]
    return waterfall(document["r_ct"]["bare"], steps, document["r_ct"]["coated"], ax=ax)


def _svg(drawing: Callable[[Any], Any]) -> str:
    ax = new_axes(6.4, 4.0)
    drawing(ax)
    with tempfile.TemporaryDirectory() as folder:
        return save(ax, Path(folder) / "figure.svg").read_text(encoding="utf-8")

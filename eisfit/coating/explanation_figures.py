"""The figures of a coating study's report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eisfit.coating.verdicts import words
from eisfit.display.plot import fit_overview, new_axes, save, thickness_scan, waterfall
from eisfit.display.plot.explanation import deciding, foretold, foretold_spectra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Drawing = Callable[[Any], Any]

__all__ = ["figures", "waterfall_of"]

_BARS = "bars: means over the draws, which add up; whiskers: 95 % of the draws"


def figures(document: Mapping[str, Any]) -> dict[str, str]:
    """Return every figure that the document has the numbers for, as SVG text by its title."""
    drawings: dict[str, Drawing] = {}
    if document["infeasible"] < document["draws"]:
        drawings["From the bare to the coated cell"] = lambda ax: waterfall_of(document, ax)
        drawings |= _deciding(document["sensitivity"], document["inputs"])
        drawings["Predicted over the film's thickness"] = lambda ax: thickness_scan(
            document["thickness_scan"], ax=ax
        )
        drawings |= _foretold(document["predictions"])
        drawings |= _cycling(document["cycling"])
    drawings |= _fits(document["cells"])
    return {title: _svg(drawing) for title, drawing in drawings.items()}


def _deciding(sensitivity: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Drawing]:
    rows, best = sensitivity["over_most_informative"], sensitivity["most_informative"]
    if not rows:
        return {}
    entry = inputs[best["input"]]
    label = f"{words(best['input'])} / {entry['unit']}"
    log = entry.get("scale") == "log"
    return {"What the answer hangs on most": lambda ax: deciding(rows, label, log=log, ax=ax)}


def _foretold(predictions: Mapping[str, Any]) -> dict[str, Drawing]:
    depth, temperature, curves = (
        predictions["depth"],
        predictions["temperature"],
        predictions["spectrum"].get("curves"),
    )
    drawings: dict[str, Drawing] = {
        "Predicted over the channels' depth": lambda ax: foretold(depth, "depth_um", "depth / µm", ax=ax)
    }
    if temperature:
        drawings["Predicted over temperature"] = lambda ax: foretold(
            temperature, "temperature_C", "temperature / °C", log=True, ax=ax
        )
    if curves:
        drawings["Predicted spectra of the electrode"] = lambda ax: foretold_spectra(curves, ax=ax)
    return drawings


def _cycling(cycling: Mapping[str, Any] | None) -> dict[str, Drawing]:
    if not cycling or len(cycling["rows"]) < 2:
        return {}
    kept = {"bare interface": "bare_interface_ohm_cm2", "under the film": "coated_reaction_ohm_cm2"}
    rows = [
        {"cycle": row["cycle"], **{label: row[name] for label, name in kept.items()}}
        for row in cycling["rows"]
    ]
    return {
        "Over the cycles": lambda ax: foretold(
            rows, "cycle", "cycle", ylabel="interface / ohm cm2 of true area", ax=ax
        )
    }


def _fits(cells: Mapping[str, Any]) -> dict[str, Drawing]:
    drawings: dict[str, Drawing] = {}
    for which, cell in cells.items():
        for number, fit in enumerate(cell["fits"], start=1):
            several = f" {number}" if len(cell["fits"]) > 1 else ""
            drawings[f"Fit of the {which} cell{several}"] = partial(_fit, fit)
    return drawings


def _fit(document: Mapping[str, Any], ax: Axes) -> Any:
    figure: Any = ax.figure
    figure.clear()
    return fit_overview(document, figure=figure)


def waterfall_of(document: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw the contributions; means, which add up to the measured change exactly, with 95 % intervals."""
    names = document["contributions"].items()
    steps = [
        {"label": name, "value": c["mean"], "low95": c["low95"], "high95": c["high95"]} for name, c in names
    ]
    return waterfall(document["r_ct"]["bare"], steps, document["r_ct"]["coated"], ax=ax, note=_BARS)


def _svg(drawing: Drawing) -> str:
    ax = new_axes(6.4, 4.0)
    figure = ax.figure
    drawing(ax)
    with tempfile.TemporaryDirectory() as folder:
        return save(figure, Path(folder) / "figure.svg").read_text(encoding="utf-8")

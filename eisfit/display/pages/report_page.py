"""The page of `eisfit report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eisfit._version import __version__
from eisfit.display.pages.entries import drawing, entry
from eisfit.display.pages.figures import document, panels
from eisfit.display.pages.page import page
from eisfit.display.pages.trends import series_color, trend_figures, trend_rows
from eisfit.display.report.words import clean, count

__all__ = ["report_page"]

_SCRIPTS = ("panels.js", "tables.js", "report.js")

PANELS = """<main id="shown">
<section id="verdict" class="verdict" aria-live="polite"></section>
<p id="readout" class="readout" aria-live="polite"></p>
<section class="panels">
<div class="panel" id="panel-nyquist"></div>
<div class="panel" id="panel-magnitude"></div>
<div class="panel low" id="panel-residuals"></div>
<div class="panel low" id="panel-phase"></div>
</section>
<p class="legend"><span class="key point"></span>measured
<span class="key line"></span><span id="line-name">fit</span>
<span id="others-key" hidden><span class="key others"></span>other cycles</span>
<span class="key real"></span>real and <span class="key imaginary"></span>imaginary residual
<span id="noise-key" hidden><span class="key noise"></span>noise, ±1 s.d.</span>
<span id="fails-key" hidden><span class="key fails"></span>fails the Kramers-Kronig test</span></p>"""

_TABLES = """<section class="tables">
<div><h2>Parameters</h2><div id="parameters" class="scroll"></div></div>
<div><h2>Derived</h2><div id="derived" class="scroll"></div></div>
<div class="wide"><h2>Fit and data</h2>
<img id="drawing" class="drawing" alt="" hidden><ul id="facts"></ul></div>
</section>"""


def report_page(groups: Sequence[Mapping[str, Any]], *, title: str = "Impedance report") -> str:
    """Return a page with linked panels, tables and trends.

    Parameters
    ----------
    groups
        One a file or a series: ``label``; ``items``, see `eisfit.display.pages.entries.entry`; for a series
        ``track``, the document of ``SeriesResult.to_dict(data=False)``; ``notes``.
    title
        Of the page.
    """
    shown = [_group(group) for group in groups]
    cells = [trend_rows(group["track"]) if group.get("track") else {} for group in groups]
    trends = trend_figures([cell for cell in cells if cell])
    places = {f"trend-{number}": plot for number, plot in enumerate(trends.values())}
    figures = {f"panel-{name}": plot for name, plot in panels().items()} | places
    colors = iter(range(len(groups)))
    for group, cell in zip(shown, cells, strict=True):
        group["color"] = series_color(next(colors)) if cell else None
        group["trends"] = {name: {"x": row["x"], "y": row["y"]} for name, row in cell.items()}
    strings = {one["circuit"] for group in shown for one in group["entries"] if one["circuit"]}
    drawings = {string: drawing(string) for string in sorted(strings)}
    data = {"groups": shown, "trends": list(trends), "drawings": drawings, "grids": _shared_grids(shown)}
    return page(title, _body(title, shown, len(trends)), data, document(figures), _SCRIPTS)


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": clean(group.get("label")) or "spectra",
        "series": bool(group.get("track")),
        "notes": [clean(note) for note in group.get("notes") or []],
        "entries": [entry(item) for item in group.get("items") or []],
    }


def _shared_grids(groups: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Return the lists of frequencies, and put in their places their numbers: cycles share the same ones."""
    known: dict[tuple[float, ...], int] = {}
    for one in (one for group in groups for one in group["entries"]):
        for columns in (one.get("points"), one.get("line")):
            if columns:
                columns["f"] = known.setdefault(tuple(columns["f"]), len(known))
    return [list(grid) for grid in known]


def _body(title: str, groups: Sequence[Mapping[str, Any]], trends: int) -> str:
    """Return the markup; texts of files come in by script, except for the title."""
    plots = "\n".join(f'<div class="panel small" id="trend-{number}"></div>' for number in range(trends))
    entries = [one for group in groups for one in group["entries"]]
    simulated = sum(one["simulated"] for one in entries)
    badge = ""
    if simulated:
        which = "" if simulated == len(entries) else f"{simulated} of {len(entries)}: "
        badge = f' <span class="badge">{which}simulated data, not measured</span>'
    return f"""<header><h1>{escape(clean(title))}{badge}</h1></header>
<noscript><p class="verdict bad">
This page draws its figures with JavaScript, which is switched off here.</p></noscript>
<nav id="controls" aria-label="What is shown">
<label id="choose" hidden>Spectrum <select id="group"></select></label>
<span id="cycle-control" hidden><button id="before" type="button" aria-label="the one before">◀</button>
<input id="cycle" type="range" min="0" max="0" value="0" step="1" aria-label="cycle">
<button id="after" type="button" aria-label="the next one">▶</button></span>
<output id="what" for="cycle"></output>
</nav>
{PANELS}
{_TABLES}
<section id="trends" hidden><h2>Over the cycles</h2>
<p class="legend" id="cells"></p>
<div class="grid">
{plots}
</div>
<p class="legend">Bars: one standard error. Line and band: growth law and its 95 % interval.
Hollow: the fit is not usable. Click a point to show its cycle.</p></section>
<section id="notes" hidden><h2>Notes</h2><ul></ul></section>
</main>
<footer>{count(len(entries), "spectrum") if len(entries) == 1 else f"{len(entries)} spectra"}. Made by eisfit
{escape(__version__)}. This file is complete: it loads nothing from anywhere.</footer>"""

"""The page of `eisfit view`: the panels of a report, with a slider for every parameter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from eisfit._version import __version__
from eisfit.display.pages.entries import entry
from eisfit.display.pages.figures import document, panels
from eisfit.display.pages.page import page
from eisfit.display.pages.report_page import PANELS
from eisfit.display.report.words import Document, clean

__all__ = ["view_page"]

_SCRIPTS = ("panels.js", "tables.js", "view.js")

_BODY = """<header><h1>{title}{badge}</h1></header>
<noscript><p class="verdict bad">This page needs JavaScript, which is switched off here.</p></noscript>
<nav id="controls" class="bench-nav" aria-label="What is shown">
<label id="choose" hidden>Spectrum <select id="spectrum"></select></label>
<label>Circuit <select id="known"></select></label>
<form id="circuit-form"><label>or a string <input id="circuit" type="text" size="38" maxlength="400"
spellcheck="false" autocomplete="off" aria-label="circuit string"></label>
<button type="submit">Use it</button></form>
</nav>
<p id="problem" class="problem" role="alert" hidden></p>
<div class="bench">
{panels}
<p id="stale" class="stale" hidden>The sliders have moved since this fit: its
table and verdict are of the values it found.</p>
<section class="tables" id="result" hidden>
<div><h2>Parameters</h2><div id="parameters" class="scroll"></div></div>
<div><h2>Derived</h2><div id="derived" class="scroll"></div></div>
<div class="wide"><h2>Fit and data</h2><ul id="facts"></ul></div>
</section>
</main>
<aside aria-label="Parameters">
<p><b id="string"></b></p><p id="about" class="soft"></p>
<img id="drawing" class="drawing" alt="" hidden>
<p class="actions"><button id="fit" type="button" class="main">Fit from these values</button>
<button id="back" type="button">Start values again</button></p>
<p class="soft">rms residual of these values: <b id="rms"></b> of |Z|</p>
<div id="sliders"></div>
<p class="soft">Hold: fixed at its value in the fit. A slider reaches a factor 1000 up and down,
or to the bound.</p>
<h2>As a command</h2>
<pre id="command"></pre>
<p class="actions"><button id="copy" type="button">Copy as command</button>
<button id="save" type="button" disabled>Download the fit (JSON)</button></p>
</aside>
</div>
<footer>Made by eisfit {version}. The page talks to eisfit on this machine alone; Ctrl-C in its terminal ends
it.</footer>"""


def view_page(spectra: Sequence[Document], circuits: Sequence[tuple[str, str]], first: str) -> str:
    """Return the page; it asks its server, beside it, for circuits, curves and fits.

    Parameters
    ----------
    spectra
        Each with ``spectrum`` (its summary) and ``data``.
    circuits
        Names and titles to choose from.
    first
        The circuit to begin with: a name or a string.
    """
    entries = [entry({"fit": {**spectrum, "ok": True}}) for spectrum in spectra]
    names = list(dict.fromkeys(one["name"].partition("#")[0] for one in entries))
    title = f"View {names[0]}" if len(names) == 1 else f"View {len(entries)} spectra"
    badge = ' <span class="badge">simulated data, not measured</span>'
    body = _BODY.format(
        title=escape(title),
        badge=badge if any(one["simulated"] for one in entries) else "",
        panels=PANELS.replace(">fit<", ">circuit with these values<"),
        version=escape(__version__),
    )
    known = [[clean(name), clean(about)] for name, about in circuits]
    data = {"spectra": entries, "circuits": known, "first": first}
    figures = {f"panel-{name}": plot for name, plot in panels().items()}
    return page(title, body, data, document(figures), _SCRIPTS, connect="'self'")

"""The page of an ``eisfit.explain/2`` document: complete, offline, light and dark."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from html import escape
from itertools import zip_longest
from typing import Any

from eisfit.display.report.explanation import (
    AT_WORK,
    LETTERS,
    NAMES,
    OUTSIDE,
    SILENT,
    VOLTAGES,
    Table,
    choose_decimals,
    find_farther_end,
    format_capped,
    format_probability,
    format_signed,
    list_tables,
    name_effect,
    select_shares,
    sort_hypotheses,
)
from eisfit.display.report.words import Document
from eisfit.rounding import significant

_STYLE = """
:root{--bg:#fff;--fg:#1b1f24;--mut:#5b636d;--line:#d9dde2;--pos:#0072B2;--neg:#C24E00;--negbg:#f7dcc8;
--band:#56B4E9;--warn:#8a5200;--warnbg:#fff5e0}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e8eaed;--mut:#a2abb6;--line:#343b44;--pos:#6cc0f0;
--neg:#f2985a;--negbg:#5a3318;--warn:#f0c36a;--warnbg:#2c2413}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);
font:15px/1.45 Helvetica,Arial,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:22px 24px 40px}h1{font-size:27px;line-height:1.2;margin:0 0 14px}
ol{padding-left:1.3em;font-size:16.5px}li{margin:0 0 8px}.sim{border:1px solid var(--warn);color:var(--warn);
border-radius:3px;padding:0 6px;margin-left:8px;font-size:12px;font-weight:600;vertical-align:middle}
.warn{margin:10px 0;
padding:8px 12px;background:var(--warnbg);border-left:3px solid var(--warn);font-size:14px}
.warn ul{margin:4px 0 0;padding-left:1.2em}
figure{margin:28px 0 0;overflow-x:auto}
figcaption{font-size:14px;color:var(--mut);margin-bottom:8px;max-width:86ch}
figcaption b{color:var(--fg)}table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{padding:5px 8px 5px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:bottom}
.ledger th,.ledger td{text-align:center;padding:5px 4px}.ledger th[scope=row]{text-align:left;min-width:150px;
position:sticky;left:0;background:var(--bg)}
.pos{color:var(--pos)}.neg{color:var(--neg)}.cut{background:var(--negbg);font-weight:700}
.mut th,.mut td{color:var(--mut);font-weight:400}.ledger .mut td{text-align:left}
.total th,.total td{border-top:2px solid var(--fg);font-weight:650}.let{display:block;color:var(--mut)}
.bar{display:block;position:relative;height:7px;
background:linear-gradient(var(--line),var(--line)) 50% 0/1px 100% no-repeat}
.bar i{position:absolute;top:0;height:100%;background:var(--neg)}.pos .bar i{background:var(--pos)}
.bar u{position:absolute;top:calc(50% - 1px);height:2px;background:var(--fg)}
.wide .bar{height:10px;min-width:80px}.wide td{white-space:nowrap}.wide td:last-child{width:45%}
.grid{display:grid;grid-template-columns:1fr 1fr;gap:22px}
svg{display:block;width:100%;height:auto}svg text{fill:var(--mut);font-size:12px}
.axis{stroke:var(--mut);fill:none}
.band{fill:var(--band);opacity:.45}.model{stroke:var(--band);stroke-width:1.5;fill:none}.bare{fill:var(--bg);stroke:var(--fg)}.coated{fill:var(--fg)}
details{border-top:1px solid var(--line);margin-top:16px;padding-top:8px}
summary{cursor:pointer;color:var(--pos)}
footer{margin-top:24px;color:var(--mut);font-size:12.5px}
@media screen and (max-width:760px){main{padding:14px}h1{font-size:22px}.grid{grid-template-columns:1fr}
.ledger th[scope=row]{min-width:96px}
.wide td{white-space:normal}.wide td:last-child{width:30%}}
@media print{details>*{display:block}}
"""
_RANGE = re.compile(r"(from )?(?<![\w.+-])([\d.]+) to (?=\d)")
"""A range, but not what changed from one value to another; with a sign in it, the word stays."""
_MINUS = re.compile(r"(?<![\w.-])-(?=\d)")
_PRINTED = {
    "R_ct": "<i>R</i><sub>ct</sub>",
    "R_s": "<i>R</i><sub>s</sub>",
    "R_i": "<i>R</i><sub>i</sub>",
    "R(0) - R(inf)": "<i>R</i>(0)\u00a0\u2212\u00a0<i>R</i>(\u221e)",
    "R(0)": "<i>R</i>(0)",
    "R(inf)": "<i>R</i>(\u221e)",
    "log10": "log<sub>10</sub>",
    " ohm": "\u00a0Ω",
    " °C": "\u00a0°C",
    " %": "\u00a0%",
    "≥ ": "≥\u00a0",
    "≤ ": "≤\u00a0",
    "&lt; ": "&lt;\u00a0",
    "&gt; ": "&gt;\u00a0",
}
_FAR = 0.3  # of the largest Z': a spectrum that begins beyond is drawn without the zero
_UNFOLD = "addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=true))"


def explanation_html(document: Document) -> str:
    """Return the page; what is drawn is the document's and nothing else."""
    title = escape(document["title"])
    mark = "<span class='sim'>simulated</span>" if document["simulated"] else ""
    body = [
        f"<h1>{title}{mark}</h1>",
        "<ol>" + "".join(f"<li>{_tidy(s)}</li>" for s in document["headline"]) + "</ol>",
    ]
    if document["contradictions"]:
        told = "".join(f"<li>{_tidy(row['text'])}</li>" for row in document["contradictions"])
        body.append(f"<div class='warn'><b>Contradictions</b><ul>{told}</ul></div>")
    body += [_draw_ledger(document)] if document["ledger"] else []
    body += [*([_draw_shares(document)] if document["fits"] else []), _draw_spectra(document)]
    shown = {
        "What each datum says",
        SILENT if document["ledger"] else "",
        "Shares of the change of R_ct / ohm",
    }
    open_too = {"Next measurement, by expected gain", VOLTAGES, "How much is prior?", "No hypothesis fits"}
    open_too.add(OUTSIDE)
    for table in list_tables(document):
        if table.title in open_too:
            end = "" if table.title.endswith("?") else "."
            caption = f"<b>{_tidy(table.title)}{end}</b> {_tidy(table.note)}"
            body.append(f"<figure><figcaption>{caption}</figcaption>{_draw_table(table)}</figure>")
        elif table.title not in shown:
            body.append(f"<details><summary>{_tidy(table.title)}</summary>{_draw_table(table)}</details>")
    body += [f"<p>Note. {_tidy(note)}</p>" for note in document.get("notes", [])]
    body += [f"<p>{escape(r)}</p>" for r in document["references"]]
    said = (
        " The cells are simulated: nothing here is evidence about real ones." if document["simulated"] else ""
    )
    body.append(f"<footer>Made by eisfit {document['eisfit']}, seed {document['seed']}.{said}</footer>")
    head = (
        "<meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<meta name='color-scheme' content='light dark'><title>{title}</title><style>{_STYLE}</style>"
    )
    page = "\n".join(body)
    return (
        f"<!doctype html>\n<html lang='en'><head>{head}</head>\n<body><main>\n{page}\n</main>"
        f"<script>{_UNFOLD}</script></body></html>\n"
    )


def explanation_summary_html(document: Document) -> str:
    """Return the three sentences, the contradictions and the first table for a notebook."""
    told = [*document["headline"], *(f"Contradiction. {row['text']}" for row in document["contradictions"])]
    sentences = "".join(f"<p>{_tidy(sentence)}</p>" for sentence in told)
    return f"<div>{sentences}{_draw_table(list_tables(document)[0])}</div>"


def _tidy(text: str) -> str:
    """Return a text with its quantities as in print."""
    words = _RANGE.sub(lambda m: m[0] if m[1] else f"{m[2]}\u2013", escape(text))
    for plain, printed in _PRINTED.items():
        words = words.replace(plain, printed)
    return _MINUS.sub("\u2212", words)


def _draw_ledger(document: Document) -> str:
    order = sort_hypotheses(document)
    heads = "".join(
        f"<th scope='col'>{NAMES[name]}<span class='let'>{LETTERS[name]}</span></th>" for name in order
    )
    rows = "".join(
        f"<tr><th scope='row'>{_tidy(datum)}</th>" + "".join(_odds(row[name]) for name in order) + "</tr>"
        for datum, row in document["ledger"].items()
    )
    rows += "".join(
        f"<tr class='mut'><th scope='row'>{_tidy(fact)}</th><td colspan='{len(order)}'>{_tidy(why)}</td></tr>"
        for fact, why in document.get("silent", {}).items()
    )
    last = "".join(
        f"<td>{_tidy(format_probability(document['hypotheses'][name]['probability']))}</td>" for name in order
    )
    caption = (
        "<b>Figure 1. What each datum says.</b> Change of log<sub>10</sub> odds of each hypothesis against "
        "all the others, by each datum after those above it. All were equally likely before; columns add up."
    )
    top = f"<thead><tr><th></th>{heads}</tr></thead>"
    return (
        f"<figure><figcaption>{caption}</figcaption><table class='ledger'>{top}"
        f"<tbody>{rows}<tr class='total'><th scope='row'>probability</th>{last}</tr></tbody></table></figure>"
    )


def _odds(value: float) -> str:
    kind = "" if abs(value) < 0.05 else "pos" if value > 0 else "neg"
    cut = " cut" if value <= -3 else ""
    text = format_capped(value).replace("-", "\u2212")
    return f"<td class='{kind}{cut}'>{text}{_draw_bar(value, 3.0)}</td>"


def _draw_bar(value: float, most: float, ends: tuple[float, float] | None = None) -> str:
    """Return a bar from the middle, and on it a line between two ends."""
    left, right = sorted((50.0, 50 + 50 * max(min(value / most, 1.0), -1.0)))
    line = ""
    if ends is not None:
        low, high = (50 + 50 * end / most for end in ends)
        line = f"<u style='left:{low:.1f}%;width:{high - low:.1f}%'></u>"
    bar = f"<i style='left:{left:.1f}%;width:{right - left:.1f}%'></i>"
    return f"<span class='bar' aria-hidden='true'>{bar}{line}</span>"


def _draw_shares(document: Document) -> str:
    entries = select_shares(document)
    most, rows, held = max(map(find_farther_end, entries.values()), default=1.0), "", ""
    places = choose_decimals(document)
    for name, c in entries.items():
        middle, low, high = (format_signed(c[key], places) for key in ("median", "low95", "high95"))
        span = f"{middle} ({low} to {high})".replace("-", "\u2212")
        kind = "neg" if c["median"] > 0 else "pos"
        bar = f"<td class='{kind}'>{_draw_bar(c['median'], most, (c['low95'], c['high95']))}</td>"
        held = held if c["at_work"] > 0.99 else f" {AT_WORK}"
        rows += f"<tr><th scope='row'>{_tidy(name_effect(name, c))}</th><td>{span}</td>{bar}</tr>"
    caption = (
        "<b>Figure 2. Shares of the change of <i>R</i><sub>ct</sub> / Ω</b>, Shapley values: median, "
        "and as a line the central 95 %." + held
    )
    body = f"<table><tbody>{rows}</tbody></table>"
    return f"<figure class='wide'><figcaption>{caption}</figcaption>{body}</figure>"


def _draw_spectra(document: Document) -> str:
    rows = document["predictions"]["spectra"]
    if not rows:
        return ""
    # Two of each side: a film is seen beside the cell without it.
    sides = [[row for row in rows if row["coated"] is coated][:2] for coated in (False, True)]
    panels = "".join(_draw_panel(row) for pair in zip_longest(*sides) for row in pair if row)
    caption = (
        f"<b>Figure {3 if document['fits'] else 1}. Measured over predicted.</b> Points: measured; line: the "
        "best hypothesis; boxes: central 95 % over all hypotheses by their probability. Equal scales; "
        "percentage: how far points and line are apart, rms of |Z|."
    )
    return f"<figure><figcaption>{caption}</figcaption><div class='grid'>{panels}</div></figure>"


def _choose_ticks(left: float, right: float) -> list[float]:
    """Four to eight round numbers between two ends."""
    size = 10 ** math.floor(math.log10((right - left) / 4))
    step = max((k * size for k in (1, 2, 5, 10) if (right - left) / (k * size) >= 4), default=size)
    return [round(k * step, 12) for k in range(math.ceil(left / step), math.floor(right / step) + 1)]


def _draw_panel(row: Mapping[str, Any]) -> str:
    x, y = row["Z_real_ohm"], [-v for v in row["Z_imag_ohm"]]
    left, right, top = min(0.0, *x), max(x), max(*y, 1e-9)
    if min(x) > _FAR * right:  # what lies between zero and the spectrum shows nothing
        left = min(x) - 0.1 * (right - min(x))
    scale = min(360 / (right - left), 220 / top)
    height = top * scale + 60

    def place(a: float, b: float) -> tuple[float, float]:
        return 40 + (a - left) * scale, height - 38 - b * scale

    boxes, points = "", ""
    model = [place(a, -b) for a, b in zip(row["Z_real_model_ohm"], row["Z_imag_model_ohm"], strict=True)]
    kind = "coated" if row["coated"] else "bare"
    ends = zip(*(row[f"Z_{p}_{e}95_ohm"] for p in ("real", "imag") for e in ("low", "high")), strict=True)
    for a, b, low, high in ends:
        (x0, y1), (x1, y0) = place(a, -high), place(b, -low)
        boxes += (
            f"<rect class='band' x='{x0:.1f}' y='{y0:.1f}' width='{x1 - x0:.1f}' height='{y1 - y0:.1f}'/>"
        )
    for a, b in zip(x, y, strict=True):
        px, py = place(a, b)
        points += f"<circle class='{kind}' cx='{px:.1f}' cy='{py:.1f}' r='2.4'/>"
    (ax, ay), (bx, _) = place(left, 0), place(right, 0)
    label = f"{row['cell']}, {row['temperature_K'] - 273.15:.0f} °C"
    line = f"<polyline class='model' points='{' '.join(f'{a:.1f},{b:.1f}' for a, b in model)}'/>"
    axis = f"<path class='axis' d='M{ax:.1f},{ay:.1f} H{bx:.1f}'/>"
    ticks = "".join(
        f"<path class='axis' d='M{place(at, 0)[0]:.1f},{ay:.1f} v4'/>"
        f"<text x='{place(at, 0)[0]:.1f}' y='{ay + 16:.1f}' text-anchor='middle'>{at:g}</text>"
        for at in _choose_ticks(left, right)
    )
    words = "Z′ / Ω (vertical: −Z″, same scale)"
    name = f"<text x='{(ax + bx) / 2:.1f}' y='{ay + 31:.1f}' text-anchor='middle'>{words}</text>"
    head = f"<b>{escape(label)}</b>: {significant(_measure_distance(row), 2)} %"
    return (
        f"<div>{head}<svg viewBox='0 0 420 {height:.0f}' role='img' "
        f"aria-label='Spectrum of {escape(label)}, measured and predicted'>"
        f"{axis}{ticks}{name}{boxes}{line}{points}</svg></div>"
    )


def _measure_distance(row: Mapping[str, Any]) -> float:
    """Return how far measured points are from the model's, rms in percent of |Z|."""
    squares = []
    for place, size in enumerate(map(math.hypot, row["Z_real_ohm"], row["Z_imag_ohm"])):
        for part in ("real", "imag"):
            value, model = (row[f"Z_{part}_{which}ohm"][place] for which in ("", "model_"))
            squares.append(((value - model) / size) ** 2)
    return 100 * math.sqrt(2 * sum(squares) / len(squares))


def _draw_table(table: Table) -> str:
    head = "".join(f"<th scope='col'>{_tidy(cell)}</th>" for cell in table.head)
    rows = "".join(
        f"<tr><th scope='row'>{_tidy(row[0])}</th>"
        + "".join(f"<td>{_tidy(c)}</td>" for c in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

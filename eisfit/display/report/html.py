"""Tables for notebooks and web pages; every string from outside is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import starmap
from typing import Any

from eisfit.display.report.along_axis import describe_laws, place_text
from eisfit.display.report.words import (
    Document,
    append_unit,
    axes_of,
    clean,
    count,
    cycle_of,
    describe_outcome,
    describe_verdict,
    explain_failure,
    flag_name,
    flag_text,
    flags_of,
    format_cycle,
    format_judged,
    format_number_of_law,
    format_points,
    format_tracked,
    list_goodness,
    list_parameter_rows,
    name_of,
    percent,
    points_of,
    rate_unit,
    span_of,
    title_of,
    tracked_units,
)
from eisfit.rounding import hertz, significant

_GOOD, _BAD = "#00664b", "#b34700"  # Okabe-Ito's green and vermilion, darkened to carry white letters
_BADGE = "color:#fff;border-radius:4px;padding:0.1em 0.5em"
_LEFT = "text-align:left"  # notebooks set numbers and words alike to the right
_NARROW = "max-width:38em"  # a long sentence must not push the figure beside a table away
_WORDS = frozenset({"cause", "circuit", "meaning", "parameter", "role", "spectrum", "unit", "verdict"})
_MAX_ROWS = 60  # rows; a notebook cell is no place for thousands


def fit_html(document: Document) -> str:
    """Return one fit as an HTML fragment, the verdict first."""
    parts = [_draw_verdict(document)]
    if not document.get("error"):
        circuit = document.get("circuit") or {}
        weighting = document.get("weighting")
        said = [clean(circuit.get("string")), f"weighting {clean(weighting)}" if weighting else ""]
        parts.append(html_line("; ".join(text for text in said if text)))
        parts.append(
            html_table(["parameter", "value", "unit", "verdict", "meaning"], list_parameter_rows(document))
        )
        derived = [
            [name, format_judged(row), row.get("unit")]
            for name, row in (document.get("derived") or {}).items()
        ]
        parts.append(html_table(["derived", "value", "unit"], derived) if derived else "")
        parts.append(html_line(", ".join(list_goodness(document.get("statistics") or {}))))
    return html_fragment(parts)


def track_html(document: Document) -> str:
    """Return parameters over cycles as an HTML table, a row a cycle, and their growth."""
    units = tracked_units(document)
    cells = [
        [
            *(place_text(row, axis) for axis in axes_of(document)),
            name_of({"spectrum": row}),
            describe_outcome(row),
            *(format_tracked(row, name) for name in units),
        ]
        for row in document.get("rows") or []
    ]
    growth = [
        [
            name,
            format_number_of_law(law.get("slope"), law.get("slope_stderr")),
            f"{law.get('unit') or ''} per {rate_unit(law)}",
        ]
        for name, law in (document.get("growth") or {}).items()
        if law
    ]
    heads = [axis["name"] for axis in axes_of(document)]
    tables = [html_table([*heads, "spectrum", "verdict", *starmap(append_unit, units.items())], cells)]
    told = (document.get("label"), *describe_laws(document), *(document.get("notes") or []))
    said = [html_line(clean(text)) for text in told]
    return html_fragment([*said, *tables, html_table(["growth", "slope", ""], growth) if growth else ""])


def spectrum_html(document: Document) -> str:
    """Return one spectrum as an HTML fragment: what it is, what the reader noted, and its ends."""
    data = document.get("data") or {}
    points = points_of(document)
    facts = [
        count(points, "point") if points is not None else "",
        span_of(document),
        f"cycle {format_cycle(document['cycle'])}" if document.get("cycle") is not None else "",
    ]
    columns = (data.get(key) or [] for key in ("frequency_Hz", "Z_real_ohm", "Z_imag_ohm"))
    rows = list(zip(*columns, strict=False))
    shown = rows if len(rows) <= 8 else [*rows[:4], *rows[-3:]]
    cells = [[hertz(f), significant(real, 5), significant(imag, 5)] for f, real, imag in shown]
    if len(rows) > 8:
        cells.insert(4, ["...", "...", "..."])
    parts = [f"<b>{escape(title_of(document))}</b>", html_line("; ".join(fact for fact in facts if fact))]
    parts += [html_line(clean(note)) for note in document.get("notes") or []]
    return html_fragment([*parts, html_table(["frequency", "Z' / ohm", "Z'' / ohm"], cells) if cells else ""])


def series_html(document: Document | Sequence[Document]) -> str:
    """Return a series of spectra as an HTML table, a row each.

    Parameters
    ----------
    document
        Spectrum documents, or one document with them under ``spectra``, and ``failures``, ``notes`` besides.
    """
    whole = document if isinstance(document, Mapping) else {"spectra": document}
    rows = [
        [title_of(one), format_cycle(cycle_of(one)), format_points(one), span_of(one)]
        for one in whole.get("spectra") or []
    ]
    rows += [[name_of(failed), "", "", describe_outcome(failed)] for failed in whole.get("failures") or []]
    said = [html_line(clean(note)) for note in whole.get("notes") or []]
    return html_fragment([*said, html_table(["spectrum", "cycle", "points", "range"], rows)])


def check_html(document: Document) -> str:
    """Return one Kramers-Kronig check as an HTML fragment, the verdict first."""
    facts: list[list[object]] = [
        ["RC elements", document.get("rc_elements")],
        ["noise, of |Z|", percent(document.get("noise_relative"))],
        ["residual, rms", percent(document.get("rms_residual"))],
        ["largest residual", percent(document.get("max_residual"))],
    ]
    rows = [
        [hertz(failing.get("low_Hz")), hertz(failing.get("high_Hz")), clean(failing.get("cause"))]
        for failing in document.get("ranges") or []
    ]
    parts = [_draw_verdict(document), html_table(["parameter", "value"], facts)]
    return html_fragment([*parts, html_table(["fails from", "to", "cause"], rows) if rows else ""])


def circuit_html(document: Document) -> str:
    """Return a circuit as an HTML fragment: string, title and parameter table."""
    rows = [
        [
            name,
            row.get("unit"),
            row.get("role"),
            row.get("describe"),
            _describe_given(row),
            *(_format_bound(row.get(end)) for end in ("min", "max")),
        ]
        for name, row in (document.get("parameters") or {}).items()
    ]
    parts = [f"<b>{escape(clean(document.get('name')))}</b>", html_line(clean(document.get("title")))]
    parts.append(f"<div><code>{escape(clean(document.get('string')))}</code></div>")
    return html_fragment(
        [*parts, html_table(["parameter", "unit", "role", "meaning", "value", "min", "max"], rows)]
    )


def _describe_given(row: Mapping[str, Any]) -> str:
    """Return what a circuit says of a parameter's value."""
    if row.get("expr"):
        return f"= {row['expr']}"
    if row.get("value") is None:
        return ""
    return significant(row["value"], 5) + ("" if row.get("vary", True) else " (fixed)")


def _format_bound(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else significant(value, 3)


def _draw_verdict(document: Document) -> str:
    color = _GOOD if document.get("ok") else _BAD
    words = f'<span style="background:{color};{_BADGE}">{escape(describe_verdict(document))}</span>'
    lines = [f"<b>{escape(title_of(document))} {words}</b>"]
    if document.get("error"):
        lines.append(html_line(explain_failure(document)))
    lines += [html_line(f"{flag_name(flag)}: {flag_text(flag)}") for flag in flags_of(document)]
    return "\n".join(lines)


def html_line(text: str, *, bold: bool = False) -> str:
    """Return one line of text; nothing for nothing."""
    inner = f"<b>{escape(text)}</b>" if bold else escape(text)
    return f'<div style="{_NARROW}">{inner}</div>' if text else ""


def html_table(head: Iterable[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of texts that are escaped here, cut off where it grows too long for a notebook."""
    titles = [clean(title) for title in head]
    starts = [f' style="{_LEFT}"' if title in _WORDS else "" for title in titles]
    top = "".join(f"<th{start}>{escape(title)}</th>" for title, start in zip(titles, starts, strict=True))
    body = [
        "<tr>" + "".join(_cell(clean(cell), start) for cell, start in zip(row, starts, strict=True)) + "</tr>"
        for row in rows[:_MAX_ROWS]
    ]
    left = len(rows) - _MAX_ROWS
    more = [html_line(f"and {count(left, 'row')} more")] if left > 0 else []
    return "\n".join([f"<table><thead><tr>{top}</tr></thead><tbody>", *body, "</tbody></table>", *more])


def _cell(text: str, start: str) -> str:
    style = ' style="white-space:nowrap"' if "±" in text else start  # a value stays beside its error
    return f"<td{style}>{escape(text)}</td>"


def html_fragment(parts: Iterable[str]) -> str:
    """Return the parts as one block; those that are empty are left out."""
    return '<div class="eisfit">\n' + "\n".join(part for part in parts if part) + "\n</div>\n"

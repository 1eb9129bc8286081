"""Tables for notebooks and web pages; every string from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from eisfit.report.words import (
    Document,
    clean,
    count,
    cycle_words,
    failure,
    flag_name,
    flag_words,
    flags_of,
    hertz,
    mark,
    meaning,
    measured,
    name_of,
    percent,
    points_of,
    span_of,
    title_of,
    tracked,
    units_of,
    verdict,
)
from eisfit.rounding import MISSING, significant, value_with_error

__all__ = [
    "check_html",
    "circuit_html",
    "fit_html",
    "fits_html",
    "series_html",
    "spectrum_html",
    "track_html",
]

_GOOD, _BAD = "#00664b", "#b34700"  # Okabe-Ito's green and vermilion, darkened to read on white
_SHOWN = 60  # rows; a notebook cell is no place for thousands


def fit_html(document: Document) -> str:
    """Return one fit as an HTML fragment, the verdict first."""
    parts = [_verdict(document)]
    if not document.get("error"):
        circuit = document.get("circuit") or {}
        weighting = document.get("weighting")
        said = [clean(circuit.get("string")), f"weighting {clean(weighting)}" if weighting else ""]
        parts.append(_line("; ".join(text for text in said if text)))
        rows = [
            [name, measured(row), row.get("unit"), mark(row), meaning(row)]
            for name, row in (document.get("parameters") or {}).items()
        ]
        parts.append(_table(["parameter", "value", "unit", "", "meaning"], rows))
        derived = [
            [name, value_with_error(row.get("value"), row.get("stderr")), row.get("unit")]
            for name, row in (document.get("derived") or {}).items()
        ]
        parts.append(_table(["derived", "value", "unit"], derived) if derived else "")
        parts.append(_line(_statistics(document.get("statistics") or {})))
    return _fragment(parts)


def fits_html(documents: Sequence[Document]) -> str:
    """Return many fits as one HTML table, a row each."""
    names = units_of(documents)
    rows = []
    for document in documents:
        parameters = document.get("parameters") or {}
        cycle = cycle_words((document.get("spectrum") or {}).get("cycle"))
        cells = [measured(parameters[name]) if parameters.get(name) else "" for name in names]
        rows.append([title_of(document), cycle, _reason(document), *cells])
    return _fragment([_table(["spectrum", "cycle", "verdict", *_titles(names)], rows)])


def track_html(document: Document) -> str:
    """Return parameters over cycles as an HTML table, a row a cycle, and their growth."""
    rows = list(document.get("rows") or [])
    units = document.get("units") or {}
    names = {name: clean(unit) for name, unit in units.items() if any(r.get(name) is not None for r in rows)}
    cells = [
        [
            cycle_words(row.get("cycle")),
            name_of({"spectrum": row}),
            _reason(row),
            *(tracked(row, name) for name in names),
        ]
        for row in rows
    ]
    growth = [
        [
            name,
            value_with_error(law.get("slope"), law.get("slope_stderr")),
            f"{law.get('unit') or ''} per cycle",
        ]
        for name, law in (document.get("growth") or {}).items()
        if law
    ]
    tables = [_table(["cycle", "spectrum", "verdict", *_titles(names)], cells)]
    said = [_line(clean(text)) for text in (document.get("label"), *(document.get("notes") or []))]
    return _fragment([*said, *tables, _table(["growth", "slope", ""], growth) if growth else ""])


def spectrum_html(document: Document) -> str:
    """Return one spectrum as an HTML fragment: what it is, what the reader noted, and its ends."""
    data = document.get("data") or {}
    points = points_of(document)
    facts = [
        count(points, "point") if points is not None else "",
        span_of(document),
        f"cycle {cycle_words(document['cycle'])}" if document.get("cycle") is not None else "",
    ]
    columns = (data.get(key) or [] for key in ("frequency_Hz", "Z_real_ohm", "Z_imag_ohm"))
    rows = list(zip(*columns, strict=False))
    shown = rows if len(rows) <= 8 else [*rows[:4], *rows[-3:]]
    cells = [[hertz(f), significant(real, 5), significant(imag, 5)] for f, real, imag in shown]
    if len(rows) > 8:
        cells.insert(4, ["...", "...", "..."])
    parts = [f"<b>{escape(title_of(document))}</b>", _line("; ".join(fact for fact in facts if fact))]
    parts += [_line(clean(note)) for note in document.get("notes") or []]
    return _fragment([*parts, _table(["frequency", "Z' / ohm", "Z'' / ohm"], cells) if cells else ""])


def series_html(document: Document | Sequence[Document]) -> str:
    """Return a series of spectra as an HTML table, a row each.

    Parameters
    ----------
    document
        Spectrum documents, or one document with them under ``spectra``, and ``failures``, ``notes`` besides.
    """
    whole = document if isinstance(document, Mapping) else {"spectra": document}
    spectra = whole.get("spectra") or []
    rows = []
    for spectrum in spectra:
        points = points_of(spectrum)
        cycle = cycle_words(spectrum.get("cycle", (spectrum.get("spectrum") or {}).get("cycle")))
        rows.append(
            [title_of(spectrum), cycle, MISSING if points is None else str(points), span_of(spectrum)]
        )
    rows += [[name_of(failed), "", "", _reason(failed)] for failed in whole.get("failures") or []]
    said = [_line(clean(note)) for note in whole.get("notes") or []]
    return _fragment([*said, _table(["spectrum", "cycle", "points", "range"], rows)])


def check_html(document: Document) -> str:
    """Return one Kramers-Kronig check as an HTML fragment, the verdict first."""
    elements = document.get("rc_elements")
    facts = [
        f"{elements} RC elements" if elements is not None else "",
        f"noise {percent(document.get('noise_relative'))} of |Z|",
        f"residual rms {percent(document.get('rms_residual'))}",
        f"largest {percent(document.get('max_residual'))}",
    ]
    rows = [
        [hertz(failing.get("low_Hz")), hertz(failing.get("high_Hz")), clean(failing.get("cause"))]
        for failing in document.get("ranges") or []
    ]
    parts = [_verdict(document), _line(", ".join(fact for fact in facts if fact))]
    return _fragment([*parts, _table(["fails from", "to", "cause"], rows) if rows else ""])


def circuit_html(document: Document) -> str:
    """Return a circuit as an HTML fragment: string, title and parameter table."""
    rows = [
        [
            name,
            row.get("role"),
            row.get("describe"),
            *(significant(row.get(end), 3) for end in ("min", "max")),
        ]
        for name, row in (document.get("parameters") or {}).items()
    ]
    parts = [f"<b>{escape(clean(document.get('name')))}</b>", _line(clean(document.get("title")))]
    parts.append(f"<div><code>{escape(clean(document.get('string')))}</code></div>")
    return _fragment([*parts, _table(["parameter", "role", "meaning", "min", "max"], rows)])


def _verdict(document: Document) -> str:
    color = _GOOD if verdict(document) == "ok" else _BAD
    words = f'<span style="color:{color}">{escape(verdict(document))}</span>'
    lines = [f"<b>{escape(title_of(document))}: {words}</b>"]
    if document.get("error"):
        lines.append(_line(failure(document)))
    lines += [_line(f"{flag_name(flag)}: {flag_words(flag)}") for flag in flags_of(document)]
    return "\n".join(lines)


def _reason(document: Document) -> str:
    return f"FAILED: {failure(document)}" if document.get("error") else verdict(document)


def _statistics(statistics: Mapping[str, Any]) -> str:
    parts = [
        f"{key} {significant(statistics[key], 4)}"
        for key in ("chisqr", "redchi", "aic", "bic")
        if statistics.get(key) is not None
    ]
    if statistics.get("rms_relative_residual") is not None:
        parts.append(f"rms residual {percent(statistics['rms_relative_residual'])} of |Z|")
    return ", ".join(parts)


def _titles(names: Mapping[str, str]) -> list[str]:
    return [f"{name} / {unit}" if unit else name for name, unit in names.items()]


def _line(text: str) -> str:
    return f"<div>{escape(text)}</div>" if text else ""


def _table(head: Iterable[object], rows: Sequence[Sequence[object]]) -> str:
    titles = "".join(f"<th>{escape(clean(title))}</th>" for title in head)
    body = [
        "<tr>" + "".join(f"<td>{escape(clean(cell))}</td>" for cell in row) + "</tr>" for row in rows[:_SHOWN]
    ]
    left = len(rows) - _SHOWN
    more = [_line(f"and {count(left, 'row')} more")] if left > 0 else []
    return "\n".join([f"<table><thead><tr>{titles}</tr></thead><tbody>", *body, "</tbody></table>", *more])


def _fragment(parts: Iterable[str]) -> str:
    return '<div class="eisfit">\n' + "\n".join(part for part in parts if part) + "\n</div>\n"

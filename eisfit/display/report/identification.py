"""What was identified, in words: the answer first, then the ranking."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.display.report.html import html_fragment, html_line, html_table
from eisfit.display.report.table import tabulate, wrap, wrap_all
from eisfit.display.report.words import WIDTH, Document, clean, explain_failure, flags_of, percent, title_of
from eisfit.rounding import significant

_HEAD = ["#", "circuit", "free", "residual", "grade", "probability"]
_MIN_CHANCE = 0.01
_MAX_SHOWN = 6


def identification_text(document: Document, *, width: int = WIDTH, everything: bool = False) -> str:
    """Return an identification as text.

    Parameters
    ----------
    document
        What ``Identification.to_dict()`` gives.
    width
        Columns of the terminal.
    everything
        Also circuits below 1 %, and every drawing of the same impedance.
    """
    if document.get("error"):
        return "\n".join(wrap(f"{title_of(document)}: {explain_failure(document)}", width=width)) + "\n"
    lines = wrap(_write_headline(document), width=width)
    rows = _select_shown(document, everything)
    if rows:
        cells = [_list_cells(k, row) for k, row in rows]
        lines += ["", *tabulate(_HEAD, cells, width=width, right=(0, 2, 3, 5), flexible=1), ""]
        lines += wrap_all(_list_notes(document, rows, everything), width=width)
    for flag in flags_of(document):
        word = "forbids" if flag["name"] == "no_ranking" else "tells  "
        lines += wrap(f"{word} {clean(flag['cause'])}; {clean(flag['cure'])}", width=width)
    return "\n".join(lines) + "\n"


def identification_html(document: Document) -> str:
    """Return an identification as an HTML fragment."""
    rows = _select_shown(document, False)
    said = [html_line(text) for text in _list_notes(document, rows, False)] if rows else []
    flags = [html_line(f"{clean(f['cause'])}; {clean(f['cure'])}") for f in flags_of(document)]
    ranking = [html_table(_HEAD, [_list_cells(k, row) for k, row in rows])] if rows else []
    return html_fragment([html_line(_write_headline(document), bold=True), *ranking, *said, *flags])


def format_chance(probability: float) -> str:
    """Return a probability in words that say no more than is known.

    >>> format_chance(0.743), format_chance(0.004), format_chance(0.9996)
    ('74 %', '< 1 %', '> 99 %')
    """
    if probability < _MIN_CHANCE:
        return "< 1 %"
    return "> 99 %" if probability > 1 - _MIN_CHANCE else f"{100 * probability:.0f} %"


def _write_headline(document: Document) -> str:
    rows = document.get("circuits") or []
    if not rows:
        return f"{title_of(document)}: no circuit is named: the data break the Kramers-Kronig relations"
    best = rows[0]
    name, grade = clean(best["circuit"]["string"]), clean(best["grade"])
    if grade == "D":
        missed = percent(best["rms_relative_residual"])
        return f"{title_of(document)}: no circuit fits; the closest, {name}, misses the data by {missed} rms"
    return f"{title_of(document)}: {name}, {format_chance(best['probability'])}; grade {grade}"


def _select_shown(document: Document, everything: bool) -> list[tuple[int, Document]]:
    rows = list(enumerate(document.get("circuits") or [], 1))
    if everything:
        return rows
    return [row for row in rows[:_MAX_SHOWN] if row[0] <= 2 or row[1]["probability"] >= _MIN_CHANCE]


def _list_cells(number: int, row: Document) -> list[str]:
    bound = " (at a limit)" if row.get("at_bound") else ""
    return [
        str(number),
        clean(row["circuit"]["string"]) + bound,
        str(row["free"]),
        percent(row.get("rms_relative_residual")),
        clean(row["grade"]),
        format_chance(row["probability"]),
    ]


def _list_notes(document: Document, rows: Sequence[tuple[int, Document]], everything: bool) -> list[str]:
    ranked = document.get("circuits") or []
    noise, fit = significant(100 * float(document.get("noise") or 0.0), 2), ranked[0]
    found = [
        f"{document.get('tried')} circuits tried, {len(ranked)} in full; noise {noise} % of |Z| in each "
        f"part; the first leaves {significant(fit['misfit'], 2)} times what the noise does"
    ]
    for number, row in rows:
        others = [clean(text) for text in row["drawings"][1:]]
        if others:
            shown = ", ".join(others if everything else others[:2]) + (
                f" and {len(others) - 2} more (--all)" if len(others) > 2 and not everything else ""
            )
            found.append(f"{number} cannot be told from {shown}")
    if fit.get("assigned"):
        found.append("names such as sei and ct are an assignment, by time constants and capacitances")
    return found

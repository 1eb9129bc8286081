"""Several cells side by side: one table with a cell column, then how their growth compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eisfit.display.report.fits import short_verdict
from eisfit.display.report.table import blocks, wrapped
from eisfit.display.report.words import WIDTH, Document, clean, cycle_words, resistances_first, tracked

__all__ = ["cells_html", "cells_text"]


def cells_text(document: Document, *, width: int = WIDTH) -> str:
    """Return a study table (``eisfit.cells/1``) as text: one row a cell and cycle, then the comparison."""
    rows, names, titles = _columns(document)
    if not rows:
        return "no spectra\n"
    cells = [[*_head(row), *(tracked(row, name) for name in names)] for row in rows]
    lines = blocks(["cell", "cycle", "verdict", *titles], cells, width=width, fixed=3)
    after = [line for text in _said(document) for line in wrapped(clean(text), width=width)]
    return "\n".join([*lines, *([""] if after else []), *after]) + "\n"


def cells_html(document: Document) -> str:
    """Return the same as an HTML fragment."""
    rows, names, titles = _columns(document)
    cells = [[*_head(row), *(tracked(row, name) for name in names)] for row in rows]
    said = "\n".join(f"<div>{escape(clean(text))}</div>" for text in _said(document))
    return f'<div class="eisfit">\n{_table(["cell", "cycle", "verdict", *titles], cells)}\n{said}\n</div>\n'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([f"<table><thead><tr>{titles}</tr></thead><tbody>", *body, "</tbody></table>"])


def _columns(document: Document) -> tuple[Sequence[Mapping[str, Any]], list[str], list[str]]:
    rows, units = list(document.get("rows") or []), document.get("units") or {}
    names = resistances_first([n for n in units if any(row.get(n) is not None for row in rows)], units)
    return rows, names, [f"{clean(name)} / {clean(units[name])}".removesuffix(" / ") for name in names]


def _head(row: Mapping[str, Any]) -> list[str]:
    return [clean(row.get("cell")), cycle_words(row.get("cycle")) or "?", short_verdict(row)]


def _said(document: Document) -> list[str]:
    compared = [row["text"] for rows in (document.get("comparison") or {}).values() for row in rows]
    return [*compared, *(document.get("notes") or [])]

"""Several cells side by side: one table with a cell column, then how their growth compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eisfit.display.report.fits import list_reasons, short_verdict
from eisfit.display.report.html import html_fragment, html_line, html_table
from eisfit.display.report.names import tell_apart
from eisfit.display.report.table import list_blocks, wrap_all
from eisfit.display.report.tracks import describe_swapped
from eisfit.display.report.words import (
    WIDTH,
    Document,
    clean,
    format_cycle,
    format_tracked,
    title_columns,
    tracked_units,
)


def cells_text(document: Document, *, width: int = WIDTH) -> str:
    """Return a study table (``eisfit.cells/1``) as text: one row a cell and cycle, then the comparison."""
    head, rows = _build_table(document)
    if not rows:
        return "no spectra\n"
    lines = list_blocks(head, rows, width=width, fixed=3)
    after = wrap_all([*_describe_flags(document), *describe_swapped(document["rows"])], width=width)
    bad = tell_apart([{**row, "spectrum": row} for row in document["rows"]])
    return "\n".join([*lines, *([""] if after else []), *after, *list_reasons(bad, width=width)]) + "\n"


def cells_html(document: Document) -> str:
    """Return the same as an HTML fragment."""
    return html_fragment([html_table(*_build_table(document)), *map(html_line, _describe_flags(document))])


def _build_table(document: Document) -> tuple[list[str], list[list[str]]]:
    titles = title_columns(tracked_units(document))
    cells = [[*_head(row), *(format_tracked(row, n) for n in titles)] for row in document.get("rows") or []]
    return ["cell", "cycle", "verdict", *titles.values()], cells


def _head(row: Mapping[str, Any]) -> list[str]:
    return [clean(row.get("cell")), format_cycle(row.get("cycle")) or "?", short_verdict(row)]


def _describe_flags(document: Document) -> list[str]:
    compared = [row["text"] for rows in (document.get("comparison") or {}).values() for row in rows]
    return [clean(text) for text in (*compared, *(document.get("notes") or []))]

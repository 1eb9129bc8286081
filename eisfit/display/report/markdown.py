"""Markdown: texts that it shows as they are, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eisfit.display.report.words import clean


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown; what the cells hold is shown as it is."""
    return markdown_lines([escape_md(title) for title in head], [map(escape_md, row) for row in rows])


def markdown_lines(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *rows))


def escape_md(value: object) -> str:
    """Return a text that Markdown shows as it is."""
    text = clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|#~$])", r"\\\1", text)

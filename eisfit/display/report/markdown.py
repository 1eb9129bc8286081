"""Markdown: texts that it shows as they are, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eisfit.display.report.words import clean


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown; what the cells hold is shown as it is."""
    lines = [head, *rows]
    cells = ["| " + " | ".join(map(markdown, line)) + " |\n" for line in lines]
    return "".join([cells[0], "|" + " --- |" * len(head) + "\n", *cells[1:]])


def markdown(value: object) -> str:
    """Return a text that Markdown shows as it is."""
    text = clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|#~$])", r"\\\1", text)

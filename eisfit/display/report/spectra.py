"""Spectra as plain text: what was read, and what to know of how."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.display.report.names import tell_apart
from eisfit.display.report.table import tabulate, wrap_all
from eisfit.display.report.words import (
    WIDTH,
    Document,
    clean,
    cycle_of,
    explain_failure,
    format_cycle,
    format_points,
    name_of,
    short_titles,
    shorten,
    span_of,
)


def spectra_text(documents: Sequence[Document], *, width: int = WIDTH) -> str:
    """Return what was read (``eisfit info``): source, points, range, cycle, and what the reader noted.

    Parameters
    ----------
    documents
        What ``Spectrum.to_dict()`` gives; one with `error` could not be read.
    width
        Columns of the terminal.
    """
    if not documents:
        return "no spectra\n"
    documents = tell_apart(documents)
    head = ["spectrum", "points", "range", "cycle", ""]
    names = short_titles(documents, width // 2)
    rows = [_make_row(document, name) for document, name in zip(documents, names, strict=True)]
    lines = tabulate(head, rows, width=width, right=(1, 3), flexible=4)
    for document in documents:
        said = [f"FAILED: {explain_failure(document)}"] if document.get("error") else []
        said += [clean(note) for note in document.get("notes") or []]
        if said:
            lines += ["", f"{shorten(name_of(document), width - 1)}:"]
            lines += wrap_all(said, width=width, indent="  ")
    return "\n".join(lines) + "\n"


def _make_row(document: Document, name: str) -> list[str]:
    if document.get("error"):
        return [name, "", "FAILED", "", ""]
    cycle = format_cycle(cycle_of(document))
    noise = "measured noise" if (document.get("data") or {}).get("noise_ohm") is not None else ""
    return [name, format_points(document), span_of(document), cycle, noise]

"""The JSON documents of the command line as one flat table: CSV and TSV for spreadsheets, Markdown for notes.

Numbers are written as they are in the JSON document: exact, with a decimal point, and empty where unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from eisfit.display.report.fit_tables import fit_columns, fit_row
from eisfit.display.report.markdown import markdown_lines
from eisfit.display.report.words import Document, clean, flag_name
from eisfit.files import format_cell, to_csv

#: What `make_flat_table` can make.
FORMS = ("csv", "tsv", "md")
Row = Mapping[str, Any]


def make_flat_table(document: Document, form: str) -> str:
    r"""Return what a command prints with ``--json`` as one table, a line for each row.

    Parameters
    ----------
    document
        With its `schema`; a fit gives a row a spectrum, a track a row a cycle, a comparison a row a circuit,
        a distribution a row a peak, circuits a row a parameter, a study a row a contribution.
    form
        One of `FORMS`.

    Examples
    --------
    >>> make_flat_table({"schema": "eisfit.info/1", "results": [{"source": "a.csv", "cycle": None}]}, "tsv")
    'source\tcycle\na.csv\t\n'
    """
    rows = [{name: _format_cell(value) for name, value in row.items()} for row in _iterate_rows(document)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name, "") for name in names] for row in rows]
    if form != "md":
        return to_csv(names, cells, "\t" if form == "tsv" else ",")
    head, *lines = ([cell.replace("|", "\\|") for cell in row] for row in (names, *cells))
    return markdown_lines(head, lines)


def _iterate_rows(document: Document) -> Iterator[Row]:
    kind = str(document.get("schema", "")).removeprefix("eisfit.").partition("/")[0]
    if kind in _INNER:
        return _iterate_inner(document.get("results") or [], _INNER[kind])
    return _OWN.get(kind, _iterate_results)(document)


def _iterate_fits(document: Document) -> Iterator[Row]:
    results = document.get("results") or []
    columns = fit_columns(results)
    yield from ({name: row.get(name) for name in columns} for row in map(fit_row, results))


def _iterate_cells(document: Document) -> Iterator[Row]:
    for cell in document.get("cells") or []:
        yield from ({"cell": cell.get("label"), **row} for row in cell.get("rows") or [])


def _iterate_contributions(document: Document) -> Iterator[Row]:
    for name, row in ((document.get("contributions") or {}).get("r_ct") or {}).items():
        yield {"contribution": name, **_flatten(row)}


def _iterate_counts(document: Document) -> Iterator[Row]:
    yield {name: value for name, value in _flatten(document).items() if not isinstance(value, list)}


def _iterate_results(document: Document) -> Iterator[Row]:
    yield from (_flatten(result) for result in _find_list(document))


#: Documents whose results have a table of their own each.
_INNER = {"compare": "ranked", "drt": "peaks"}


def _iterate_inner(results: Iterable[Document], key: str) -> Iterator[Row]:
    for result in results:
        spectrum = result.get("spectrum") or {}
        about = {"source": spectrum.get("source"), "cycle": spectrum.get("cycle")}
        for row in result.get(key) or [{}]:
            yield {**about, **_flatten(row), "error": result.get("error")}


def _iterate_parameters(document: Document) -> Iterator[Row]:
    for circuit in document.get("circuits") or []:
        about = {"circuit": circuit.get("name"), "string": circuit.get("string")}
        for row in circuit.get("parameters") or []:
            own = {key: value for key, value in row.items() if key != "name"}
            yield {**about, "parameter": row.get("name"), **own}


_OWN: dict[str, Callable[[Document], Iterator[Row]]] = {
    "fit": _iterate_fits,
    "track": lambda document: iter(document.get("rows") or []),
    "cells": _iterate_cells,
    "explain": _iterate_contributions,
    "batch": _iterate_counts,
    "circuits": _iterate_parameters,
}


def _find_list(document: Document) -> Sequence[Any]:
    """Return the only list of the document, whatever its name; its texts become rows too."""
    lists = [value for value in document.values() if isinstance(value, list)]
    return [row if isinstance(row, Mapping) else {"name": row} for row in (lists[0] if lists else [document])]


def _flatten(row: Row, prefix: str = "") -> dict[str, Any]:
    """Return the row with its blocks opened: ``circuit: {name}`` becomes ``circuit_name``."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key == "spectrum" and isinstance(value, Mapping):
            flat = {**_flatten(value), **flat}
        elif isinstance(value, Mapping):
            flat |= {} if key in ("metadata", "data", "distribution") else _flatten(value, f"{prefix}{key}_")
        elif key != "schema" and not _is_table(value):
            flat[f"{prefix}{key}"] = value
    return flat


def _is_table(value: Any) -> bool:
    """Return whether it is a list of blocks that no cell can hold; flags are named in theirs."""
    return isinstance(value, list) and any(isinstance(v, Mapping) and "name" not in v for v in value)


def _format_cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(flag_name(item) for item in value)
    return clean(format_cell(value))

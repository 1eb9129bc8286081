"""Results of a batch into one file as they come: CSV (columns of `fit_tables`), JSON lines, Parquet."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from eisfit.display.report.fit_tables import fits_csv
from eisfit.errors import UsageError
from eisfit.files import to_json, write_beside
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult

_AT_ONCE = 1000
_SUFFIXES = (".csv", ".jsonl", ".parquet")

Results = Iterable[FitResult | FitFailure]


def check_export(path: Path) -> None:
    """Raise UsageError, before anything is fitted, for a file that cannot be exported to."""
    if path.suffix not in _SUFFIXES:
        raise UsageError(f"--export {path}: must end in {', '.join(_SUFFIXES)}")
    if not os.path.isdir(path.parent):
        raise UsageError(f"--export {path}: there is no folder {path.parent}")
    if path.suffix == ".parquet":
        try:
            import_module("pyarrow")
        except ImportError:
            raise UsageError(
                f"--export {path}: Parquet needs another package: "
                'pip install "eisfit-toolkit[parquet]" (or export to .csv)'
            ) from None


def export_results(results: Results, path: Path) -> int:
    """Write results one after the other, under the final name only when all are there; return how many.

    Raises
    ------
    UsageError
        For a suffix that is not .csv, .jsonl or .parquet.
    EisfitError
        When the file cannot be written.
    """
    check_export(path)
    if path.suffix == ".parquet":
        with write_beside(path) as name:
            return _parquet(results, name)
    with (
        write_beside(path) as name,
        name.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        return _lines(results, stream) if path.suffix == ".jsonl" else _table(results, stream)


def _lines(results: Results, stream: TextIO) -> int:
    count = 0
    for result in results:
        # Through the strict writer: NaN and infinity become null.
        document = json.loads(to_json(result.to_dict(data=False)))
        stream.write(json.dumps(document, ensure_ascii=False) + "\n")
        count += 1
    return count


def _table(results: Results, stream: TextIO) -> int:
    count = 0
    for head, rows, number in _blocks(results):
        stream.write(rows if count else head + rows)
        count += number
    return count


def _blocks(results: Results) -> Iterator[tuple[str, str, int]]:
    """Yield CSV in blocks: head, rows, their number.

    The columns are those of all results (the area may be known of a few only), so that these wait in a
    nameless file until the last has come.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        template = _spool(results, spool)
        spool.seek(0)
        while lines := list(islice(spool, _AT_ONCE)):
            yield *_split(template, [json.loads(line) for line in lines]), len(lines)


def _spool(results: Results, spool: TextIO) -> dict[str, Any]:
    """Write the documents, and return one that has every name that occurs in them."""
    template: dict[str, Any] = {}
    for result in results:
        document = result.to_dict(data=False)
        spool.write(json.dumps(document, default=str) + "\n")
        if not template or (template["error"] is not None and document["error"] is None):
            template = document
        elif document["error"] is None and not document["derived"].keys() <= template["derived"].keys():
            template["derived"] = {**template["derived"], **document["derived"]}
    return template


def _split(template: dict[str, Any], documents: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the head, and the rows; the template stands before them only to give the columns."""
    known = fits_csv([template])
    return known.splitlines(keepends=True)[0], fits_csv([template, *documents])[len(known) :]


def _parquet(results: Results, name: Path) -> int:
    """Write a block of rows at a time, each column with its own type."""
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    count, writer = 0, None
    try:
        for head, rows, number in _blocks(results):
            names, *lines = csv.reader(
                io.StringIO((head + rows).encode("utf-8", "backslashreplace").decode("utf-8"))
            )
            columns = [list(column) for column in zip(*lines, strict=True)]
            schema = pyarrow.schema([(n, getattr(pyarrow, _type(n))()) for n in names])
            typed = [[_convert(_type(n), x) for x in c] for n, c in zip(names, columns, strict=True)]
            writer = writer or parquet.ParquetWriter(name, schema)
            writer.write_table(pyarrow.table(dict(zip(names, typed, strict=True)), schema=schema))
            count += number
    finally:
        if writer is not None:
            writer.close()
    return count


def _type(name: str) -> str:
    """Return what pyarrow calls the type of a column."""
    if name in ("source", "circuit", "weighting", "grade", "flags", "error") or name.endswith("_verdict"):
        return "string"
    if name in ("index", "ndata", "nvarys"):
        return "int64"
    return "bool_" if name == "ok" else "float64"


def _convert(kind: str, text: str) -> Any:
    if kind == "string":
        return text
    if not text:
        return None
    if kind == "bool_":
        return text == "true"
    return int(text) if kind == "int64" else float(text)

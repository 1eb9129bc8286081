"""Results of a batch into one file as they come: CSV (columns of `fit_tables`), JSON lines, Parquet."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from eisfit.display.report.fit_tables import column_type, fit_columns, fit_row
from eisfit.errors import UsageError
from eisfit.files import to_csv, to_json, write_beside
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult

_BLOCK_ROWS = 1000
_SUFFIXES = (".csv", ".jsonl", ".parquet")
_ARROW = {str: "string", int: "int64", bool: "bool_", float: "float64"}

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
            return _write_parquet(results, name)
    with (
        write_beside(path) as name,
        name.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        return _write_lines(results, stream) if path.suffix == ".jsonl" else _write_table(results, stream)


def _write_lines(results: Results, stream: TextIO) -> int:
    count = 0
    for result in results:
        # Through the strict writer: NaN and infinity become null.
        document = json.loads(to_json(result.to_dict(data=False)))
        stream.write(json.dumps(document, ensure_ascii=False) + "\n")
        count += 1
    return count


def _write_table(results: Results, stream: TextIO) -> int:
    count = 0
    for columns, rows in _iterate_blocks(results):
        text = to_csv(columns, ([row.get(name) for name in columns] for row in rows))
        stream.write(text if not count else text.partition("\n")[2])
        count += len(rows)
    return count


def _iterate_blocks(results: Results) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
    """Yield the table in blocks: its columns, and rows.

    The columns are those of all results (the area may be known of a few only), so that these wait in a
    nameless file until the last has come.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        columns = fit_columns([_spool_documents(results, spool)])
        spool.seek(0)
        while lines := list(islice(spool, _BLOCK_ROWS)):
            yield columns, [fit_row(json.loads(line)) for line in lines]


def _spool_documents(results: Results, spool: TextIO) -> dict[str, Any]:
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


def _write_parquet(results: Results, name: Path) -> int:
    """Write a block of rows at a time, each column with its own type."""
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    count, writer = 0, None
    try:
        for columns, rows in _iterate_blocks(results):
            schema = pyarrow.schema(
                [(column, getattr(pyarrow, _ARROW[column_type(column)])()) for column in columns]
            )
            cells = {column: [_convert_cell(column, row.get(column)) for row in rows] for column in columns}
            writer = writer or parquet.ParquetWriter(name, schema)
            writer.write_table(pyarrow.table(cells, schema=schema))
            count += len(rows)
    finally:
        if writer is not None:
            writer.close()
    return count


def _convert_cell(column: str, value: Any) -> Any:
    """Return a cell as pyarrow takes it: texts without lone surrogates, and no null among them."""
    if column_type(column) is not str:
        return None if value != value else value  # noqa: PLR0124 (NaN)
    return str(value or "").encode("utf-8", "backslashreplace").decode("utf-8")

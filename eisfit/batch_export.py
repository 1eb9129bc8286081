"""Results into one file as they come: CSV, JSON lines, Parquet."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from eisfit.errors import EisfitError, UsageError
from eisfit.files import to_json
from eisfit.report import fits_csv
from eisfit.result import FitFailure, FitResult

__all__ = ["check_export", "export_results"]

_AT_ONCE = 1000
_SUFFIXES = (".csv", ".jsonl", ".parquet")

Results = Iterable[FitResult | FitFailure]


def check_export(path: Path) -> None:
    """Raise UsageError, before anything is fitted, for a file that cannot be exported to."""
    if path.suffix not in _SUFFIXES:
        raise UsageError(f"--export {path}: must end in {', '.join(_SUFFIXES)}")
    if not path.parent.is_dir():
        raise UsageError(f"--export {path}: there is no folder {path.parent}")
    if path.suffix == ".parquet":
        try:
            import_module("pyarrow")
        except ImportError:
            raise UsageError(
                f"--export {path}: Parquet needs another package: pip install pyarrow (or export to .csv)"
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
    with _replaced(path) as stream:
        if path.suffix == ".jsonl":
            return _lines(results, stream)
        count = _table(results, stream)
    if path.suffix == ".parquet":
        _to_parquet(path)
    return count


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    """Open a file beside `path` that takes its name when it is complete."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise EisfitError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _lines(results: Results, stream: TextIO) -> int:
    count = 0
    for result in results:
        # Through the strict writer: NaN and infinity become null.
        document = json.loads(to_json(result.to_dict(data=False)))
        stream.write(json.dumps(document, ensure_ascii=False) + "\n")
        count += 1
    return count


def _table(results: Results, stream: TextIO) -> int:
    """Write CSV; the columns are those of the first result that is no failure."""
    count, first, waiting = 0, None, []
    source = iter(results)
    while part := [result.to_dict(data=False) for result in islice(source, _AT_ONCE)]:
        count += len(part)
        waiting += part
        if first is None:
            first = next((d for d in waiting if d["error"] is None), None)
            if first is None:
                continue
            stream.write(fits_csv([first]).splitlines(keepends=True)[0])
        stream.write(_rows(first, waiting))
        waiting = []
    if waiting:
        stream.write(fits_csv(waiting))
    return count


def _rows(first: dict[str, Any], documents: list[dict[str, Any]]) -> str:
    """Return the rows without the head; `first` stands before them only to give the columns."""
    text = fits_csv([first, *documents])
    head = fits_csv([first])
    return text[len(head) :]


def _to_parquet(path: Path) -> None:
    import pandas as pd

    frame = pd.read_csv(io.BytesIO(path.read_bytes()))
    frame.to_parquet(path, index=False)

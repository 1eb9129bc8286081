"""A manifest: which cycle every file of a folder belongs to."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from eisfit.errors import ReadError
from eisfit.files import read_text

__all__ = ["file_key", "manifest_columns", "manifest_cycles"]


def manifest_columns(path: Path) -> list[str]:
    """Return the column names in lower case."""
    rows = _rows(path)
    return [name.strip().lower() for name in rows[0]] if rows else []


def _rows(path: Path) -> list[list[str]]:
    try:
        text = read_text(path, ReadError, encoding="utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        return list(csv.reader(lines))
    except csv.Error as error:
        raise ReadError(f"{path}: the manifest cannot be read: {error}") from None


def manifest_cycles(path: Path) -> dict[str, float | None]:
    """Return the cycle of every file that the manifest names."""
    columns, rows = manifest_columns(path), _rows(path)[1:]
    if not {"file", "cycle"} <= set(columns):
        raise ReadError(
            f"{path}: a manifest needs the columns file and cycle, it has {', '.join(columns) or 'none'}"
        )
    at_file, at_cycle = columns.index("file"), columns.index("cycle")
    cycles: dict[str, float | None] = {}
    for line, row in enumerate(rows, start=2):
        if len(row) <= max(at_file, at_cycle):
            raise ReadError(f"{path}: row {line} of the manifest has {len(row)} of {len(columns)} columns")
        cycles[file_key(row[at_file])] = _cycle_number(path, line, row[at_cycle])
    return cycles


def _cycle_number(path: Path, line: int, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ReadError(f"{path}: row {line} of the manifest: {text.strip()!r} is not a cycle number")
    return value


def file_key(name: str) -> str:
    """Return what a file is looked up under: its name without folders."""
    return name.strip().replace("\\", "/").rsplit("/", 1)[-1]

"""Rows of several cells or conditions in one table, told apart by a column: ``cell,freq,Zre,Zim``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.spectra.readers._columns import Column
from eisfit.spectra.readers._header import Table

__all__ = ["split_by_label"]

_FEWEST_ROWS = 3
_MAY_TELL = ("", "cycle", "temperature", "potential", "index")


def split_by_label(
    table: Table, lines: Sequence[str], columns: Mapping[int, Column]
) -> list[tuple[str, Table]]:
    """Return a table for each value of the column that tells the rows of several spectra apart.

    That is a column of words, or one of numbers whose values alternate, such that no frequency comes twice
    under one value although it does in the table. One table, labelled "", where there is none.
    """
    place = next((i for i, meaning in columns.items() if meaning.quantity == "frequency"), None)
    rows, width = table.matrix.shape
    if place is None or place >= width or rows < 2 * _FEWEST_ROWS or _all_differ(table.matrix[:, place]):
        return [("", table)]
    for index in (i for i, meaning in columns.items() if meaning.quantity in _MAY_TELL):
        labels = _labels(table, lines, index)
        if labels is not None and _is_telling(table.matrix[:, place], labels):
            name = table.names[index] if index < len(table.names) else f"column {index + 1}"
            return [(f"{name} {label}", _rows(table, labels == label)) for label in dict.fromkeys(labels)]
    return [("", table)]


def _labels(table: Table, lines: Sequence[str], index: int) -> NDArray[np.str_] | None:
    """Return what a column says in each row; None where it says too much or leaves a row out."""
    if index >= table.matrix.shape[1]:
        return None
    values = table.matrix[:, index]
    if np.isfinite(values).all():
        alternates = np.count_nonzero(np.diff(values)) >= np.unique(values).size
        return np.array([f"{value:g}" for value in values]) if alternates else None
    if not np.isnan(values).all() or not table.rows:
        return None
    words = np.array([table.cell(lines, row, index) for row in range(values.size)])
    return words if all(words) else None


def _is_telling(frequency: FloatArray, labels: NDArray[np.str_]) -> bool:
    distinct, counts = np.unique(labels, return_counts=True)
    if distinct.size < 2 or counts.min() < _FEWEST_ROWS:
        return False
    return all(_all_differ(frequency[labels == label]) for label in distinct)


def _all_differ(frequency: FloatArray) -> bool:
    used = frequency[np.isfinite(frequency)]
    return len(set(used.tolist())) == used.size


def _rows(table: Table, mask: NDArray[np.bool_]) -> Table:
    rows = [row for row, kept in zip(table.rows, mask, strict=True) if kept]
    return replace(table, matrix=table.matrix[mask], rows=rows)

"""The ends of a table: a first row that numbers the columns, a last one that was cut off, means below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.spectra.readers._columns import column
from eisfit.spectra.readers._header import Table
from eisfit.spectra.readers._headerless import is_spaced_like_sweep
from eisfit.spectra.readers._numbers import number, split
from eisfit.spectra.readers._refusals import CONDITIONS
from eisfit.spectra.readers._sweep import ASSUMED, plural

__all__ = ["drop_column_numbers", "drop_lone_ends", "drop_tail"]

_FEWEST_ROWS = 3
_LONGEST_FOOT = 5  # lines
_NEARLY_ALL = 0.9
_FEWEST_OF_A_SWEEP = 8  # rows, of which the first and the last are in question
_FAR_WIDER = 5.0  # than any other step of log f


def drop_column_numbers(table: Table) -> bool:
    """Drop a first row that numbers the columns, where the other rows hold no whole numbers alone."""
    matrix = table.matrix
    steps = matrix[0] - np.arange(matrix.shape[1])
    if not table.names or matrix.shape[1] < _FEWEST_ROWS or set(steps.tolist()) not in ({0.0}, {1.0}):
        return False
    if not (table.units or (matrix[1:, 1:] % 1).any()):
        return False
    table.matrix, table.rows = matrix[1:], table.rows[1:]
    return True


def drop_tail(table: Table, lines: Sequence[str]) -> list[str]:
    """Drop last rows that a word marks as something else, or the last one where it is cut off; say so."""
    rows = len(table.rows)
    if rows <= _FEWEST_ROWS:
        return []
    foot = _foot(table, lines)
    if foot:
        table.matrix, table.rows = table.matrix[:-foot], table.rows[:-foot]
        return [f"left aside: {plural(foot, 'line')} below the table that begin with a word"]
    if table.rows[-1] == len(lines) - 1 and _is_cut(table, lines):
        table.matrix, table.rows = table.matrix[:-1], table.rows[:-1]
        return ["the last line of the file is cut off and was dropped"]
    return []


def drop_lone_ends(table: Table) -> list[str]:
    """Drop a first or last row of numbers without header that the frequencies between do not go on to."""
    matrix = table.matrix
    swept = (values for values in matrix.T if _is_sweep(values[1:-1]))
    f = next(swept, None) if not table.names and len(matrix) > _FEWEST_OF_A_SWEEP else None
    if f is None:
        return []
    steps = np.diff(np.log(np.maximum(f, 1e-300))) * np.sign(f[2] - f[1])
    widest = _FAR_WIDER * steps[1:-1].max()
    first, last = (not 0 <= step < widest for step in (steps[0], steps[-1]))
    kept = slice(int(first), len(f) - last)
    table.matrix, table.rows = matrix[kept], table.rows[kept]
    return [f"{ASSUMED} {plural(first + last, 'row')} beside the sweep is none: left aside"] * (first or last)


def _is_sweep(f: FloatArray) -> bool:
    """Whether numbers fall or rise all the time, evenly on a logarithmic scale."""
    steps = np.diff(f)
    return bool((f > 0).all() and ((steps > 0).all() or (steps < 0).all())) and is_spaced_like_sweep(f)


def _foot(table: Table, lines: Sequence[str]) -> int:
    """Return how many of the last rows begin with a word (``mean``) where the others begin with a number."""
    numbers = np.isfinite(table.matrix[:, 0])
    foot = int(np.argmax(numbers[::-1])) if numbers.any() else 0
    words = (table.cell(lines, row, 0) for row in range(len(table.rows) - foot, len(table.rows)))
    marked = all(word[:1].isalpha() and number(word, table.style) is None for word in words)
    return foot if 0 < foot <= _LONGEST_FOOT and numbers[:-foot].all() and marked else 0


def _is_cut(table: Table, lines: Sequence[str]) -> bool:
    """Whether a last row without line end has fewer cells, or fewer digits at its end, than the others."""
    cells = [split(lines[row], table.style.delimiter) for row in table.rows]
    if len(cells[-1]) < min(map(len, cells[:-1])):
        return True
    if table.names and column(table.names[-1]).quantity in ("frequency", *CONDITIONS):
        return False  # round numbers may end such a column
    parts = [re.split("[eE]", row[-1]) for row in cells]
    digits = [sum(map(str.isdigit, mantissa.lstrip(" +-0.,"))) for mantissa, *_ in parts]
    exponents = [len("".join(rest)) for _, *rest in parts]
    if exponents[-1] < min(exponents[:-1]):
        return bool(exponents[-1]) or 1 <= abs(number(cells[-1][-1], table.style) or 1) < 10  # no 0.000117
    if exponents[-1]:
        return False  # a whole exponent ends its number
    marked = [table.style.decimal in mantissa for mantissa, *_ in parts]
    if not marked[-1] and np.mean(marked[:-1]) > _NEARLY_ALL:
        return digits[-1] < min(digits[:-1])
    return digits[-1] < min(digits[:-1]) - 1 and len(set(digits[:-1])) == 1

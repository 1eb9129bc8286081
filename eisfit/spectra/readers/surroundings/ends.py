"""The ends of a table: a first row that numbers the columns, a last one that was cut off, means below it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import takewhile
from math import isnan

import numpy as np

from eisfit.arrays import median
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import is_unit
from eisfit.spectra.readers.surroundings.refusals import BESIDE_IMPEDANCE
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.readers.tables.numbers import split, to_number
from eisfit.spectra.readers.tables.sweeps import is_sweep
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

CUT = "the last line of the file is cut off and was dropped"
_CUT_CELL = regex(r"[(\d][\d.,+-]*(?:[eE][+-]?)?[+-]?\s?")  # of a complex number: 1103.3-38
_FEWEST_ROWS = 3
_LOOKED_AT = 60  # last lines
_MANY_FEWER = 3  # digits: zeros that were not written are hardly ever so many
_LONGEST_FOOT = 5  # lines
_STATISTICS = regex(
    r"mean|average|avg|std|stdev|stddev|sd|min(?:imum)?|max(?:imum)?|median|sum|total|count|mittel(?:wert)?"
    r"|stdabw|summe|moyenne|moy|média|media|promedio|平均值?|最[大小]值|标准差",
    re.IGNORECASE,
)
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


def drop_ends(table: Table) -> list[str]:
    """Drop rows at the ends that are none of the sweep; say so."""
    told = [*_drop_head(table), *_drop_tail(table), *_drop_lone_ends(table)]
    return [*told, *_note_empty_ends(table)]


def _drop_head(table: Table) -> list[str]:
    """Drop first rows that a word for a statistic begins, where frequencies must stand; say so."""
    if not table.names or not np.isnan(table.matrix[:1, 0]).all():
        return []
    if parse_name(table.names[0]).quantity != "frequency":
        return []
    first = (table.cell(row, 0).strip(' "') for row in range(len(table.rows) - _FEWEST_ROWS))
    head = sum(1 for _ in takewhile(_STATISTICS.fullmatch, first))
    table.matrix, table.rows = table.matrix[head:], table.rows[head:]
    return [f"left aside: {plural(head, 'line')} above the frequencies that begin with a word"] * (head > 0)


def _drop_tail(table: Table) -> list[str]:
    """Drop last rows that a word marks as something else, or the last one where it is cut off; say so."""
    rows = len(table.rows)
    if rows <= _FEWEST_ROWS:
        return []
    foot = _count_foot_rows(table)
    if foot:
        table.matrix, table.rows = table.matrix[:-foot], table.rows[:-foot]
        return [f"left aside: {plural(foot, 'line')} below the table that begin with a word"]
    if table.rows[-1] == len(table.lines) - 1 and _is_cut(table):
        table.matrix, table.rows = table.matrix[:-1], table.rows[:-1]
        return [CUT]
    return [CUT] if _begins_a_row(table) else []


def _begins_a_row(table: Table) -> bool:
    """Whether a number without a line's end, and at most a part of another, stands under the last row."""
    first, *others = table.split(table.lines[-1]) or [""]
    plain = first.replace(",", table.style.decimal)  # only whole complex numbers have it replaced
    begun = (
        bool(first) and to_number(plain, table.style) is not None and all(map(_CUT_CELL.fullmatch, others))
    )
    return table.rows[-1] == len(table.lines) - 2 and begun


def _note_empty_ends(table: Table) -> list[str]:
    """Say how many rows next to the first and the last have a frequency alone, or no number at all."""
    if not table.rows or not table.names:
        return []
    names = len(table.preamble) + 1  # R's begin with an empty one
    above, below = table.lines[names : table.rows[0]][::-1], table.lines[table.rows[-1] + 1 :]
    found = sum(1 for near in (above, below) for _ in takewhile(partial(_is_empty, table), near))
    return [f"dropped {plural(found, 'row')} at the ends without a finite number"] if found else []


def _is_empty(table: Table, line: str) -> bool:
    """Whether a line has as many cells as the table has columns, and at most one number: ``0.1,nan,nan``."""
    mark = table.style.delimiter
    cells = split(line, mark)
    values = [to_number(cell, table.style) for cell in cells]
    known = sum(1 for value in values if value is not None and not isnan(value))
    whole = len(cells) == table.width or (mark != " " and line.count(mark) + 1 == table.width)
    units = any(
        is_unit(cell.strip("[]() ")) for cell in cells
    )  # of a row of units that begins with columns without one
    header = whole and cells[:1] == [""] and None in values  # names, of which the first is empty
    return whole and known < 2 and any(cells) and values[0] is not None and not (units or header)


def _drop_lone_ends(table: Table) -> list[str]:
    """Drop a first or last row of numbers without header that the frequencies between do not go on to."""
    matrix = table.matrix
    swept = (values for values in matrix.T if is_sweep(values[1:-1]))
    f = next(swept, None) if not table.names and len(matrix) > _FEWEST_OF_A_SWEEP else None
    if f is None:
        return []
    steps = np.diff(np.log(np.maximum(f, 1e-300))) * np.sign(f[2] - f[1])
    widest = _FAR_WIDER * steps[1:-1].max()
    first, last = (not 0 <= step < widest for step in (steps[0], steps[-1]))
    kept = slice(int(first), len(f) - last)
    table.matrix, table.rows = matrix[kept], table.rows[kept]
    return [f"{ASSUMED} {plural(first + last, 'row')} beside the sweep is none: left aside"] * (first or last)


def drop_padding(sweeps: Iterable[Sweep]) -> None:
    """Drop rows without a number at the end of each sweep: those of a longer table beside it."""
    for sweep in sweeps:
        filled = np.flatnonzero(np.isfinite(sweep.frequency) | np.isfinite(sweep.impedance))
        if filled.size:
            sweep.keep(np.arange(sweep.frequency.size) <= filled[-1])


def _count_foot_rows(table: Table) -> int:
    """Return how many of the last rows begin with a word (``mean``) where the others begin with a number."""
    firsts = (next(filter(None, table.split(table.lines[row])), "") for row in table.rows[::-1])
    found = len(list(takewhile(lambda cell: _STATISTICS.fullmatch(cell.strip(' ":.')), firsts)))
    if 0 < found <= min(_LONGEST_FOOT, len(table.rows) // 2):
        return found
    numbers = np.isfinite(table.matrix[:, 0])
    foot = int(np.argmax(numbers[::-1])) if numbers.any() else 0
    words = (table.cell(row, 0) for row in range(len(table.rows) - foot, len(table.rows)))
    marked = all(word[:1].isalpha() and to_number(word, table.style) is None for word in words)
    return foot if 0 < foot <= _LONGEST_FOOT and numbers[:-foot].all() and marked else 0


def _is_cut(table: Table) -> bool:
    """Whether a last row without line end has fewer cells, or fewer digits at its end, than the others."""
    cells = [table.split(table.lines[row]) for row in table.rows]
    if len(cells[-1]) < min(map(len, cells[:-1])):
        return True
    place = len(cells[-1]) - 1  # the others may have a remark behind it
    *others, last = [row[place] for row in cells if len(row) > place]
    name = table.names[place] if place < len(table.names) else ""
    if not others or parse_name(name).quantity in ("frequency", *BESIDE_IMPEDANCE):
        return _ends_in_mark(last, others, table.style.decimal)  # round numbers may end such a column
    return is_cut_number(last, others, table.style.decimal)


def _ends_in_mark(text: str, others: Sequence[str], decimal: str) -> bool:
    return text.endswith(decimal) and not any(other.endswith(decimal) for other in others)


def is_cut_number(text: str, others: Sequence[str], decimal: str = ".") -> bool:
    """Whether the last number of a file without a line end has lost digits or its exponent, as others tell.

    >>> is_cut_number("10.", ["9.87", "9.912"]), is_cut_number("1.5", ["1.2E-01", "1.4E-01"])
    (True, True)
    """
    parts = [re.split("[eE]", cell) for cell in (*others, text)]
    digits = [sum(map(str.isdigit, mantissa.lstrip(" +-0.,"))) for mantissa, *_ in parts]
    exponents = [len("".join(rest)) for _, *rest in parts]
    if exponents[-1]:
        return has_lost_exponent(text, others)  # a whole one ends its number
    if min(exponents[:-1]):
        return 1 <= abs(_parse_value(text, decimal)) < 10  # no 0.000117
    marked = [decimal in mantissa for mantissa, *_ in parts]
    if not marked[-1] and np.mean(marked[:-1]) > _NEARLY_ALL:
        return digits[-1] < min(digits[:-1])
    if _ends_in_mark(text, others, decimal):
        return True
    fewer = digits[-1] < min(digits[:-1])
    alike = digits[-1] < min(digits[:-1]) - 1 and len(set(digits[:-1])) == 1
    return bool(alike or (fewer and digits[-1] <= median(np.array(digits[:-1])) - _MANY_FEWER))


def has_lost_exponent(text: str, others: Sequence[str]) -> bool:
    """Whether the exponent of a number is shorter than all others' are: ``1.2e+0`` below ``1.1e+01``."""
    *known, last = (len(cell.lower().partition("e")[2].strip()) for cell in (*others, text))
    return 0 < last < min(filter(None, known), default=0)


def _parse_value(text: str, decimal: str) -> float:
    try:
        return float(text.replace(decimal, "."))
    except ValueError:
        return 1.0


def drop_cut_line(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return lines of plain rows without a last one that is cut off, and the note that says so."""
    rows = [line.split() for line in lines[-_LOOKED_AT:] if line.strip()[:1].isdigit()]
    if len(rows) <= _FEWEST_ROWS or not lines[-1].strip() or lines[-1].split() != rows[-1]:
        return lines, []
    *before, last = rows
    if len(last) < min(map(len, before)) or is_cut_number(last[-1], [row[-1] for row in before]):
        return lines[:-1], [CUT]
    return lines, []

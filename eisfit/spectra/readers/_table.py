"""Finding the table in a text: delimiter, decimal sign, the block of numeric rows and its header."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isnan

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.readers._columns import column, is_units_row
from eisfit.spectra.readers._file import MAX_ROWS, File
from eisfit.spectra.readers._numbers import Style, number, row_of_numbers, split

__all__ = ["STRAY", "Table", "find_table"]

#: Stands last in a row of units of which nobody knows whose they are.
STRAY = "?"

_PREFIXED_ANYWHERE = re.compile(r"\d[pnuµmkMG](?=[\s;,]|$)")
_COMMENT = re.compile(r"^\s*(?:#(?!NAME|VALUE|REF)|%|;;|//|!)+\s?")
_COLONS = re.compile(r"^[^:\s]+(?::[^:\s]+){2,}:?$", re.MULTILINE)
_TWO_NUMBERS = re.compile(r"\d[^\d]+\d")
_SAMPLE = 100
_NEARLY_ALL = 0.85
_LARGEST_SAMPLE = 500_000  # characters
_LONGEST_HEADER = 8000
Rows = list[list[float] | None]
_WANTED = {"frequency", "real", "imag", "modulus", "phase"}


@dataclass
class Table:
    """A block of numbers with what stands above it.

    Parameters
    ----------
    style
        How it is written.
    names
        Header names, one a column; empty where there is no header.
    matrix
        (rows, columns); NaN where a cell holds no number.
    preamble
        Lines above the header.
    skipped
        Rows within the block that are no numbers (row number from 1, text).
    mixed
        Names and columns did not count the same.
    units
        The units row, where there is one: a unit a column, empty where a column has none.
    rows
        Line (from 0) of each row of `matrix`.
    wider
        Lines (from 0) with more numbers than the table has columns.
    """

    style: Style
    names: list[str]
    matrix: NDArray[np.float64]
    preamble: list[str] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    mixed: bool = False
    units: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    wider: list[int] = field(default_factory=list)

    def cell(self, lines: Sequence[str], row: int, index: int) -> str:
        """Return the text of one cell of `matrix`."""
        cells = split(lines[self.rows[row]], self.style.delimiter)
        return cells[index] if index < len(cells) else ""


def find_table(file: File, lines: Sequence[str] | None = None) -> Table | None:
    """Return the largest table of numbers in `lines` (default: the file's), None where there is none."""
    lines = file.lines if lines is None else lines
    style, parsed = _style(lines)
    if style is None:
        return None
    if len(lines) > MAX_ROWS:
        raise file.error(f"more than {MAX_ROWS} lines")
    numeric = _numeric_lines(lines, style, parsed)
    if not numeric.rows.size:
        return None
    table = Table(style, [], np.empty((0, 0)))
    width, first = _fill(table, numeric, lines)
    _attach_header(table, lines[:first], width)
    return table


@dataclass
class _Numeric:
    """Lines of numbers: where they stand, how many numbers each has, and the numbers in a row."""

    rows: NDArray[np.intp]  # indices: of 32 bits where pointers are, else `bincount` refuses them
    widths: NDArray[np.intp]
    flat: NDArray[np.float64]


def _numeric_lines(lines: Sequence[str], style: Style, parsed: Rows) -> _Numeric:
    """Return the numbers of all lines; `parsed` has those of the lines with more than white space, or few."""
    rows, widths, flat = array("q"), array("q"), array("d")
    filled = [index for index, line in enumerate(lines) if line and not line.isspace()]
    if len(parsed) != len(filled):
        parsed = [row_of_numbers(lines[index], style) for index in filled]
    for index, values in zip(filled, parsed, strict=True):
        if values is not None:
            rows.append(index)
            widths.append(len(values))
            flat.extend(values)
    return _Numeric(np.array(rows, np.intp), np.array(widths, np.intp), np.array(flat, np.float64))


def _fill(table: Table, numeric: _Numeric, lines: Sequence[str]) -> tuple[int, int]:
    """Fill the matrix with the rows of the most frequent width; return that and the first line."""
    counts = np.bincount(numeric.widths)
    width = int(np.flatnonzero(counts == counts.max())[-1])
    main = numeric.rows[numeric.widths == width]
    followers = set(numeric.rows[numeric.widths < width].tolist())
    first, last = _start(main[:4].tolist(), main.size, lines), int(main[-1])
    while last + 1 in followers:  # of spectra side by side, the longer ones go on
        last += 1
    inside = np.flatnonzero((numeric.rows >= first) & (numeric.rows <= last))
    ends = np.cumsum(numeric.widths)
    matrix = np.full((inside.size, width), np.nan)
    same = numeric.widths[inside] == width
    starts = (ends - numeric.widths)[inside]
    matrix[same] = numeric.flat[starts[same][:, None] + np.arange(width)]
    for place in np.flatnonzero(~same):
        part = numeric.flat[starts[place] : ends[inside[place]]]
        if np.isfinite(part[width:]).any():
            table.wider.append(int(numeric.rows[inside[place]]))
        part = part[:width]
        matrix[place, : part.size] = part
    kept = np.isfinite(matrix).sum(axis=1) >= min(2, width)
    table.matrix, table.rows = matrix[kept], numeric.rows[inside[kept]].tolist()
    read = set(table.rows)
    table.skipped = [(i + 1, lines[i]) for i in range(first, last + 1) if i not in read and lines[i].strip()]
    return width, first


def _style(lines: Sequence[str]) -> tuple[Style | None, Rows]:
    """Return the style with which most lines are rows of numbers, and the rows of the lines looked at."""
    filled = [line for line in lines if line.strip()]
    sample = filled
    if len(filled) > 3 * _SAMPLE:
        middle = len(filled) // 2 - _SAMPLE // 2
        sample = filled[:_SAMPLE] + filled[middle : middle + _SAMPLE] + filled[-_SAMPLE:]
    if sum(map(len, sample)) > _LARGEST_SAMPLE:
        sample = [*sample[:3], *sample[-3:]]
    highest = 3.0 * sum(1 for line in sample if _TWO_NUMBERS.search(line))
    best: tuple[float, Style, Rows] | None = None
    for style in _candidates("\n".join(sample), _COLONS.search("\n".join(sample[-3:])) is not None):
        needed = 0.0 if best is None else best[0] * (1.5 if style.prefixed else 1.05)
        if needed >= highest:
            continue  # no other style can be that much better
        if best is not None and best[0] >= _NEARLY_ALL * highest and not style.prefixed:
            continue  # what is left are lines of the header
        rows = [row_of_numbers(line, style) for line in sample]
        score = _score(rows)
        if score > needed:
            best = (score, style, rows)
    return (None, []) if best is None else best[1:]


def _candidates(text: str, colons: bool) -> list[Style]:
    """Return the styles that the characters in `text` allow, the likelier first."""
    delimiters = [mark for mark in "\t;,|" if mark in text] + [" ", *([":"] if colons else [])]
    decimals = [mark for mark in ".," if mark == "." or mark in text]
    prefixed = [False, True] if _PREFIXED_ANYWHERE.search(text) else [False]
    quoted = '","' in text or '", "' in text
    return [Style(d, m, p) for p in prefixed for d in delimiters for m in decimals if d != m or quoted]


def _score(rows: Rows) -> float:
    widths: dict[int, float] = {}
    for values in rows:
        if values is not None:
            filled = 1 - sum(map(isnan, values)) / len(values)
            widths[len(values)] = widths.get(len(values), 0.0) + filled
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: item[1])
    return count * min(width, 3)


def _start(rows: list[int], total: int, lines: Sequence[str]) -> int:
    """First row of the main run: a lone numeric row far above belongs to the preamble."""
    start = rows[0]
    for before, after in pairwise(rows):
        if total > 8 and sum(1 for line in lines[before:after] if line.strip()) > 3:
            start = after
    return start


def _attach_header(table: Table, above: Sequence[str], width: int) -> None:
    table.preamble = list(above)
    near = [i for i in range(len(above) - 1, -1, -1) if above[i].strip()][:5]
    marks = ("#", "%") if _counts(table.matrix[:, 0]) else ()  # a comment's mark may name the number column
    for lookup in (_known_names, _unknown_names):
        for back in near:
            bare = _COMMENT.sub("", above[back])
            if is_units_row(split(bare, table.style.delimiter)) or _is_rule(bare, table.style.delimiter):
                continue
            units = _units_row(above[back + 1 :], table.style, width)
            table.names, table.mixed = lookup(above[back], table.style, width, units, marks)
            if table.names:
                table.units = units
                if len(table.units) != len(table.names) and is_units_row(table.units):
                    table.units = _aligned(table.units, table.names) or [*table.units, STRAY]
                table.preamble = list(above[:back])
                return


def _is_rule(line: str, delimiter: str) -> bool:
    """Whether a line is a row of dashes or of gaps, with at most a number."""
    cells = split(line, delimiter)
    style = Style(delimiter, ".")
    return bool(cells) and all(not cell.strip("-:=") or number(cell, style) is not None for cell in cells)


def _counts(values: NDArray[np.float64]) -> bool:
    """Whether a column counts the rows."""
    return values.size > 2 and bool(np.mean(np.diff(values) == 1) > 0.8)


def _known_names(
    line: str, style: Style, width: int, units: list[str], marks: Sequence[str]
) -> tuple[list[str], bool]:
    """Return the cells of a line that names quantities, and whether they are not as many as the columns."""
    if len(line) > _LONGEST_HEADER:
        return [], False
    bare = _COMMENT.sub("", line)
    ways = _cell_ways(bare, style)
    ways[:0] = [cells for cells in _cell_ways(line, style) if len(cells) == width and cells[0] in marks]
    known = [_quantities(cells, units) for cells in ways]
    for fits in (_one_a_column, _with_empty_columns, _with_complex_column):
        for cells, row in zip(ways, known, strict=True):
            if fits(row, width, style):
                return cells[:width], fits is _with_complex_column
    for cells, row in zip(ways, known, strict=True):
        if sum(map(_is_useful, row)) >= 3 and len(set(row) & _WANTED) >= 2:
            return cells, True
    return [], False


def _is_useful(quantity: str) -> bool:
    return quantity not in ("", "index")


def _one_a_column(row: Sequence[str], width: int, _: Style) -> bool:
    useful = sum(map(_is_useful, row))
    return len(row) == width and (useful >= 2 or (useful > 0 and width <= 3))


def _with_empty_columns(row: Sequence[str], width: int, style: Style) -> bool:
    """Whether the last names are of nothing known: their columns are empty, or hold words in some rows."""
    few = style.delimiter != " " and 0 < len(row) - width <= 3
    return few and not any(row[width:]) and len(set(row) & _WANTED) >= 3


def _with_complex_column(row: Sequence[str], width: int, _: Style) -> bool:
    alone = row.count("modulus") == 1 and not {"real", "imag", "phase"} & set(row)
    return len(row) == width - 1 and "frequency" in row and alone


def _quantities(names: list[str], units: list[str]) -> list[str]:
    """Return what each name means, some of them only with the unit that stands below."""
    each = units if len(units) == len(names) else _aligned(units, names) if is_units_row(units) else []
    known = [column(name).quantity for name in names]
    return [found or column(f"{name} [{unit}]").quantity if unit else found
            for found, name, unit in zip(known, names, each or [""] * len(names), strict=True)]  # fmt: skip


def _unknown_names(
    line: str, style: Style, width: int, units: list[str], marks: Sequence[str]
) -> tuple[list[str], bool]:
    """Return the cells of a line of words, one a column, although none is known."""
    if len(line) > _LONGEST_HEADER:
        return [], False
    cells = split(line, style.delimiter)
    plain = not _COMMENT.match(line) or cells[0] in marks or (bool(units) and is_units_row(units))
    is_header = len(cells) == width and width >= 2 and plain and not _prose(cells)
    return (cells, False) if is_header else ([], False)


def _cell_ways(line: str, style: Style) -> list[list[str]]:
    if style.delimiter == "|":
        line = re.sub(r"\|\|([ZY])\|", r"|abs(\1)", line)  # |Z| between bars
    ways = [split(line, style.delimiter)]
    if style.delimiter in " \t" or len(ways[0]) == 1:
        ways.append([cell for cell in ways[0] if cell])
        ways.append(re.split(r"\s*\t\s*|\s{2,}", line.strip()))
        ways.append(line.strip().strip('"').split())
        ways.append(re.sub(r"\s+(?=[\[(/])", "", line.strip()).split())
        ways.append(re.sub(r"\s+in\s+", "_in_", line.strip()).split())
    ways += [split(line, other) for other in ",;\t" if other != style.delimiter and other in line]
    return [[cell.strip().strip('"').replace('""', '"').strip() for cell in way] for way in ways]


def _prose(cells: list[str]) -> bool:
    """Whether cells read like a sentence or a `key: value` line rather than a header."""
    return any(cell.endswith(":") or "=" in cell or ": " in cell or len(cell) > 40 for cell in cells)


def _aligned(units: list[str], names: list[str]) -> list[str]:
    """Return a unit for each name where some have none: as they stand, else each to the next it suits."""
    padded = [*units, *[""] * (len(names) - len(units))]
    if len(padded) == len(names) and all(map(_suits, padded, names)):
        return padded
    aligned, left = [], list(units)
    for name in names:
        fits = bool(left) and _suits(left[0], name) and bool(column(f"{name} [{left[0]}]").quantity)
        aligned.append(left.pop(0) if fits else "")
    return [] if left else aligned


def _suits(unit: str, name: str) -> bool:
    """Whether a unit can be that of a column: of a known quantity, the one that it measures."""
    return not unit or column(name).quantity in ("", column(f"{name} [{unit}]").quantity)


def _units_row(between: Sequence[str], style: Style, width: int) -> list[str]:
    for line in between:
        raw = split(line, style.delimiter)
        cells = raw if len(raw) == width else split(_COMMENT.sub("", line), style.delimiter)
        if (
            len(cells) >= 2
            and len(cells) <= width + 1
            and not any(number(cell, style) == 0 for cell in cells)
        ):
            return [cell.strip("[]() ") for cell in cells]
    return []

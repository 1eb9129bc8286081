"""Finding the table in a text: delimiter, decimal sign, and the block of numeric rows."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from itertools import pairwise
from math import isnan

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import MAX_ROWS, File
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.tables.header import attach_header
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.readers.tables.numbers import Style, count_marks, is_remark, parse_row, split, to_number
from eisfit.spectra.readers.tables.table import Table

_PREFIXED_ANYWHERE = regex(r"[pnuµmkMG](?<=\d.)(?=[\s;,]|$)")
_COLONS = regex(r"^[^:\s]+(?::[^:\s]+){2,}:?$", re.MULTILINE)
_TWO_NUMBERS = regex(r"\d[^\d]+\d")
_COMPARED = 20
_FEWEST_ROWS = 3
_WORD = regex(r"\S+")
_WORDS = regex(r"\W*[^\W\d]")
_SAMPLE = 100
_NEARLY_ALL = 0.85
_MOST_OF_A_STEP = 3.0  # the first step of log f by the second
_LARGEST_SAMPLE = 500_000  # characters
Rows = list[list[float] | None]


def find_table(file: File, lines: Sequence[str] | None = None) -> Table | None:
    """Return the largest table of numbers in `lines` (default: the file's), None where there is none."""
    lines = file.lines if lines is None else lines
    style, parsed = _find_style(lines)
    if style is None:
        return None
    if len(lines) > MAX_ROWS:
        raise file.error(f"more than {MAX_ROWS} lines")
    numeric = _parse_lines(lines, style, parsed)
    if not numeric.rows.size:
        return None
    table = Table(style, lines, [], np.empty((0, 0)))
    first = _fill_matrix(table, numeric)
    summary = _take_summary(table, numeric, first)
    first = table.rows[0] if summary else first
    attach_header(table, lines[:first])
    if summary and table.mixed:
        table.further, table.mixed = table.names[table.width :], False
        table.names = table.names[: table.width]
    table.wider = sorted({*_find_wider_rows(table, numeric), *table.wider})
    table.narrower = [*_find_narrower_rows(table, numeric), *table.narrower]
    return table


@dataclass(frozen=False)
class _Numbers:
    """Lines of numbers: where they stand, how many numbers each has, and the numbers in a row."""

    rows: NDArray[np.intp]  # indices: of 32 bits where pointers are, else `bincount` refuses them
    widths: NDArray[np.intp]
    flat: NDArray[np.float64]


def _parse_lines(lines: Sequence[str], style: Style, parsed: Rows) -> _Numbers:
    """Return the numbers of all lines; `parsed` has those of the lines with more than white space, or few."""
    rows, widths, flat = array("q"), array("q"), array("d")
    filled = [index for index, line in enumerate(lines) if line and not line.isspace()]
    if len(parsed) != len(filled):
        parsed = [parse_row(lines[index], style) for index in filled]
    marked: set[int] = set()
    if any(values and isnan(values[0]) for values in parsed):
        marked = {index for index in filled if is_remark(lines[index], style.delimiter)}
        marked = marked if 2 * len(marked) < len(filled) else set()
    for index, values in zip(filled, parsed, strict=True):
        if values is not None and index not in marked:
            rows.append(index)
            widths.append(len(values))
            flat.extend(values)
    return _Numbers(np.array(rows, np.intp), np.array(widths, np.intp), np.array(flat, np.float64))


def _fill_matrix(table: Table, numeric: _Numbers) -> int:
    """Fill the matrix with the rows of the most frequent width; return the first line."""
    rows, size, lines = numeric.rows, int(numeric.widths[0]), table.lines
    if (
        rows[-1] - rows[0] + 1 == rows.size
        and (numeric.widths == size).all()
        and np.isfinite(numeric.flat).all()
    ):
        table.matrix, table.rows = numeric.flat.reshape(-1, size), rows.tolist()
        return int(rows[0])
    counts = np.bincount(numeric.widths)
    width = _find_named_width(table, numeric) or int(np.flatnonzero(counts == counts.max())[-1])
    needed = _find_needed_width(numeric, width)
    main = numeric.rows[(numeric.widths >= needed) & (numeric.widths <= width)]
    followers = set(numeric.rows[numeric.widths < width].tolist())
    ends = np.cumsum(numeric.widths)
    skipped = _is_title(numeric, ends, main[:2], needed)
    first, last = _find_start(main[skipped : skipped + 4].tolist(), main.size, lines), int(main[-1])
    first = _pass_gaps(first, -1, set(numeric.rows.tolist()), lines, table.style)
    first = _pass_remarks(numeric, lines, first, needed, -1)
    last = _pass_remarks(numeric, lines, last, needed, 1)
    inside = numeric.rows[(numeric.rows >= first) & (numeric.rows <= last)]
    apart = int(np.diff(inside).min()) if inside.size > 1 else 1  # where an empty line follows each row: 2
    while last + apart in followers:  # of spectra side by side, the longer ones go on
        last += apart
    last = _pass_gaps(last, 1, followers | _find_remarked_rows(numeric, width), lines, table.style)
    inside = np.flatnonzero((numeric.rows >= first) & (numeric.rows <= last))
    matrix = np.full((inside.size, width), np.nan)
    whole = [lines[row] for row in main[:_COMPARED]]
    same = numeric.widths[inside] == width
    starts = (ends - numeric.widths)[inside]
    matrix[same] = numeric.flat[starts[same][:, None] + np.arange(width)]
    headed = np.isfinite(matrix[same, 0]).all()  # rows begin with a number: Page 2 of 2 is none
    for place in np.flatnonzero(~same):
        part = numeric.flat[starts[place] : ends[inside[place]]]
        if np.isfinite(part[width:]).any() and not isnan(part[width]) and not (isnan(part[0]) and headed):
            table.wider.append(int(numeric.rows[inside[place]]))
        else:
            table.beyond += int(np.isfinite(part[width:]).sum())
            table.remarked += [int(numeric.rows[inside[place]])] * bool(np.isnan(part[width:]).any())
        part, row = part[:width], int(numeric.rows[inside[place]])
        below = _locate_below(whole, lines[row]) if table.style.delimiter == " " and part.size < width else []
        if len(below) != part.size < needed and (
            table.style.delimiter == " " or _lacks_marks(row, main, table)
        ):
            table.narrower.append(row)
        matrix[place, below if len(below) == part.size else slice(part.size)] = part
    kept = np.isfinite(matrix).sum(axis=1) >= min(2, width)
    table.matrix, table.rows = matrix[kept], numeric.rows[inside[kept]].tolist()
    read = set(table.rows)
    table.skipped = [(i + 1, lines[i]) for i in range(first, last + 1) if i not in read and lines[i].strip()]
    return first


def _is_title(numeric: _Numbers, ends: NDArray[np.intp], two: NDArray[np.intp], needed: int) -> bool:
    """Whether the first row has words where the next, below other lines, has numbers: ``Cell,7,8``."""
    starts = (ends - numeric.widths)[np.searchsorted(numeric.rows, two)]
    first, *rest = (np.isfinite(numeric.flat[start : start + needed]).all() for start in starts)
    return bool(not first and rest and rest[0] and two[1] > two[0] + 1)


def _find_needed_width(numeric: _Numbers, width: int) -> int:
    """Return the width without last columns of words alone: remarks, which rows may lack."""
    ends = np.cumsum(numeric.widths)[numeric.widths == width]
    filled = np.isfinite(numeric.flat[ends[:, None] - width + np.arange(width)]).any(axis=0)
    return int(np.flatnonzero(filled)[-1]) + 1 if filled[:2].all() else width


def _find_named_width(table: Table, numeric: _Numbers) -> int:
    """Return the width of the first rows, where a line above names so many columns and later rows end before.

    Of spectra side by side the longest may go on beyond the others for most of the rows. Where all rows have
    as many marks it is that of the widest, the last cells of the others being empty. 0: it is not so.
    """
    width = int(numeric.widths[0])
    if table.style.delimiter != " " and (
        widest := _find_marked_width(numeric, table.lines, table.style.delimiter)
    ):
        return widest
    few = np.bincount(numeric.widths)[width] < _FEWEST_ROWS and table.style.delimiter not in "\t;"
    if table.style.delimiter == " " or width <= 3 or few:  # few beside it: a result, or thousands' commas
        return 0
    falls = bool((np.diff(numeric.widths) <= 0).all() and numeric.widths[-1] < width)
    first = int(numeric.rows[0])
    above = [table.split(line) for line in table.lines[max(0, first - _FEWEST_ROWS) : first]]
    return width if falls and any(len(cells) == width for cells in above) else 0


def _find_marked_width(numeric: _Numbers, lines: Sequence[str], delimiter: str) -> int:
    """Return the most numbers of a row where rows of fewer have as many marks; 0 where they have not."""
    widest = int(numeric.widths.max())
    last = np.cumsum(numeric.widths)[numeric.widths == widest] - 1
    if np.isfinite(numeric.flat[last]).sum() < _FEWEST_ROWS or any('"' in lines[row] for row in numeric.rows):
        return 0
    return widest if len({lines[row].count(delimiter) for row in numeric.rows}) == 1 else 0


def _lacks_marks(row: int, main: NDArray[np.intp], table: Table) -> bool:
    """Whether a row between whole ones has fewer marks: a cell is gone, and those behind it moved."""
    marks = [table.lines[place].count(table.style.delimiter) for place in main[:_COMPARED]]
    return row < int(main[-1]) and table.lines[row].count(table.style.delimiter) < min(marks)


def _find_narrower_rows(table: Table, numeric: _Numbers) -> list[int]:
    """Return lines of fewer numbers between the header and the table: rows that lost a cell."""
    if not table.rows:
        return []
    if not table.names:
        return _find_declared_rows(table, numeric)
    place = int(np.searchsorted(numeric.rows, table.rows[0]))
    found: list[int] = []
    for row, size in zip(numeric.rows[:place][::-1], numeric.widths[:place][::-1], strict=True):
        if row != table.rows[0] - len(found) - 1 or row <= len(table.preamble) or size >= table.width:
            break
        found.append(int(row))
    return found


def _find_declared_rows(table: Table, numeric: _Numbers) -> list[int]:
    """Return lines of fewer numbers above a table without header whose number a header above them has."""
    sizes = dict(zip(numeric.rows.tolist(), numeric.widths.tolist(), strict=True))
    row, width = table.rows[0] - 1, table.width
    size = sizes.get(row, width)
    while sizes.get(row) == size:
        row -= 1
    cells = table.split(table.preamble[row]) if 2 < size < width and row >= 0 else []
    named = {parse_name(cell).quantity for cell in cells} & WANTED
    return [*range(row + 1, table.rows[0])] if len(cells) == size and len(named) > 1 else []


def _take_summary(table: Table, numeric: _Numbers, first: int) -> bool:
    """Take a first row that has more numbers, under further names, as one; return whether there is one.

    A result or a condition stands there: ``f,Zre,Zim,Rct``. It goes on as the rows below do, which one with
    marks between thousands does not.
    """
    width, wide = table.width, set(numeric.rows[numeric.widths > table.width].tolist())
    row = first if first in wide else first - 1
    above = [table.split(line) for line in table.lines[max(0, row - 2) : row]]
    if row not in wide or len(table.rows) <= _FEWEST_ROWS:
        return False
    place = int(np.searchsorted(numeric.rows, row))
    end = int(np.cumsum(numeric.widths)[place])
    values = numeric.flat[end - numeric.widths[place] : end]
    named = any(len(cells) >= values.size and all(map(_WORDS.match, cells)) for cells in above)
    below = table.matrix[row == first :]
    if not (named and np.isfinite(values).all() and _continues_rows(values[:width], *below[:2])):
        return False
    table.matrix, table.rows = np.vstack([values[:width], below]), sorted({row, *table.rows})
    table.wider = [line for line in table.wider if line != row]
    table.beyond += values.size - width
    return True


def _continues_rows(first: FloatArray, second: FloatArray, third: FloatArray) -> bool:
    """Whether a row of a frequency and an impedance is about where those below lead to."""
    one, two, three = np.log(np.abs([first[0], second[0], third[0]]))
    steps = 0 < (one - two) * np.sign(two - three) < _MOST_OF_A_STEP * abs(two - three)
    change, next_ = (float(np.linalg.norm(a[1:] - b[1:])) for a, b in ((first, second), (second, third)))
    return bool(steps) and change < _MOST_OF_A_STEP * next_ + 0.1 * float(np.linalg.norm(second[1:]))


def _find_wider_rows(table: Table, numeric: _Numbers) -> list[int]:
    """Return lines of more numbers beside the table that are rows of it: by its header, or many."""
    if not table.rows:
        return []
    wide = set(numeric.rows[numeric.widths > table.width].tolist())
    above, below = [table.rows[0] - 1], [table.rows[-1] + 1]
    while above[-1] in wide:
        above.append(above[-1] - 1)
    while below[-1] in wide:
        below.append(below[-1] + 1)
    headed = bool(table.names) and len(table.preamble) == above[-1]
    found = above[-2::-1] if headed or len(above) > _FEWEST_ROWS else []
    return [*found, *(below[:-1] if table.names else [])]


def _pass_gaps(edge: int, step: int, rows: set[int], lines: Sequence[str], style: Style) -> int:
    """Return the farthest of `rows` by `step` from `edge` with as many marks, of which some cells are empty.

    Rows of marks alone may lie between: of spectra side by side none has a number there. So may points that
    could not be measured, and remarks.
    """
    marks = count_marks(lines[edge], style.delimiter) if style.delimiter != " " else 0
    place, blank, own = edge + step, False, split(lines[edge], style.delimiter)
    while marks > 1 and 0 <= place < len(lines):
        cells, count = split(lines[place], style.delimiter), count_marks(lines[place], style.delimiter)
        if count != marks and (cells or not count):
            break
        pairs = zip(cells, own, strict=False)
        filled = [
            (cell, known) for cell, known in pairs if cell and known
        ]  # not what stands beside the table
        words = any(
            to_number(cell, style) is None and to_number(known, style) is not None for cell, known in filled
        )
        if place in rows and not (blank and words):
            edge = place
        elif len(filled) > 1 and words:
            break
        blank = blank or not filled
        place += step
    return edge


def _pass_remarks(numeric: _Numbers, lines: Sequence[str], edge: int, needed: int, step: int) -> int:
    """Return the last line, going by `step` from a table's `edge`, of rows with more behind their numbers."""
    ends = np.cumsum(numeric.widths)
    starts = ends - numeric.widths
    place = int(np.searchsorted(numeric.rows, edge))
    filled = np.isfinite(numeric.flat[starts[place] : starts[place] + needed])
    while 0 <= place + step < numeric.rows.size:
        row = int(numeric.rows[place + step])
        if row != edge + step and (row != edge + 2 * step or lines[edge + step].strip()):
            break  # an empty line may follow each row
        place += step
        values = numeric.flat[starts[place] : ends[place]]
        is_row = values.size >= needed and (np.isfinite(values[:needed]) == filled).all()
        if not is_row or not np.isnan(values[needed : needed + 1]).all():
            break
        edge = row
    return edge


def _find_remarked_rows(numeric: _Numbers, width: int) -> set[int]:
    """Return the lines of more numbers than a width of which none behind it is a number: remarks."""
    ends = np.cumsum(numeric.widths)
    wider = np.flatnonzero(numeric.widths > width)
    begin = ends[wider] - numeric.widths[wider] + width
    pairs = zip(wider.tolist(), begin.tolist(), strict=True)
    return {int(numeric.rows[i]) for i, start in pairs if np.isnan(numeric.flat[start : ends[i]]).all()}


def _locate_below(whole: Sequence[str], line: str) -> list[int]:
    """Return the column of each number of a line with gaps, by what it stands below; none where unclear.

    The last number must stand in the last column, or the columns be padded: free lines tell no gap.
    """
    spans = [match.span() for match in _WORD.finditer(whole[0])]
    columns: list[int] = []
    for match in _WORD.finditer(line):
        found = [i for i, (start, stop) in enumerate(spans) if match.start() < stop and start < match.end()]
        if len(found) != 1 or (columns and found[0] <= columns[-1]):
            return []
        columns += found
    return columns if columns[-1:] == [len(spans) - 1] or _is_padded(whole) else []


def _is_padded(whole: Sequence[str]) -> bool:
    """Whether numbers of different lengths begin or end in the same places."""
    rows = [[match.span() for match in _WORD.finditer(line)] for line in whole]
    starts, stops = ({tuple(span[end] for span in row) for row in rows} for end in (0, 1))
    return (len(starts) == 1) != (len(stops) == 1)


def _find_style(lines: Sequence[str]) -> tuple[Style | None, Rows]:
    """Return the style with which most lines are rows of numbers, and the rows of the lines looked at."""
    filled = [line for line in lines if line.strip()]
    sample = filled
    if len(filled) > 3 * _SAMPLE:
        middle = len(filled) // 2 - _SAMPLE // 2
        sample = filled[:_SAMPLE] + filled[middle : middle + _SAMPLE] + filled[-_SAMPLE:]
    if sum(map(len, sample)) > _LARGEST_SAMPLE:
        sample = [*sample[:3], *sample[-3:]]
    highest = 3.0 * len(sample)
    counted = False
    best: tuple[float, Style, Rows] | None = None
    for style in _list_styles("\n".join(sample), _COLONS.search("\n".join(sample[-3:])) is not None):
        if best is not None and not counted and best[0] < _NEARLY_ALL * highest:
            highest, counted = 3.0 * sum(1 for line in sample if _TWO_NUMBERS.search(line)), True
        needed = 0.0 if best is None else best[0] * 1.05
        if needed >= highest:
            continue  # no other style can be that much better
        if best is not None and best[0] >= _NEARLY_ALL * highest and not style.prefixed:
            continue  # what is left are lines of the header
        rows = [parse_row(line, style) for line in sample]
        score = _score_rows(rows)
        if score > needed:
            best = (score, style, rows)
    return (None, []) if best is None else best[1:]


def _list_styles(text: str, colons: bool) -> list[Style]:
    """Return the styles that the characters in `text` allow, the likelier first."""
    delimiters = [mark for mark in "\t;,|" if mark in text] + [" ", *([":"] if colons else [])]
    likelier = ",." if text.count(",") > text.count(".") else ".,"  # a wrong guess takes three times as long
    decimals = [mark for mark in likelier if mark == "." or mark in text]
    prefixed = [False, True] if _PREFIXED_ANYWHERE.search(text) else [False]
    quoted = '","' in text or '", "' in text
    styles = [Style(d, m, p) for p in prefixed for d in delimiters for m in decimals if d != m or quoted]
    return sorted(styles, key=lambda style: style.delimiter == style.decimal)  # the same for both comes last


def _score_rows(rows: Rows) -> float:
    widths: dict[int, float] = {}
    for values in rows:
        if values is not None:
            full = len(values) > 2 and not isnan(values[0] + values[1] + values[2])
            numbers = len(values) - (0 if full else sum(map(isnan, values)))
            filled = min(numbers, 3) if 2 * numbers >= len(values) else 0.5  # more count no more, words less
            widths[len(values)] = widths.get(len(values), 0.0) + filled
    return max(widths.values(), default=0.0)


def _find_start(rows: list[int], total: int, lines: Sequence[str]) -> int:
    """First row of the main run: a lone numeric row far above belongs to the preamble."""
    start = rows[0]
    for before, after in pairwise(rows):
        if total > 8 and sum(1 for line in lines[before:after] if line.strip()) > 3:
            start = after
    return start

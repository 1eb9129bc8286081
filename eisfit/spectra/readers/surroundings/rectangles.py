"""Tables anywhere in a grid of cells, each under a header of its own: found by where a frequency is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from math import isnan

import numpy as np

from eisfit.errors import ReadError
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.labels.constants import name_by_titles
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import is_unit
from eisfit.spectra.readers.surroundings.stacked import Reader, is_model
from eisfit.spectra.readers.sweep import Sweep, asks_for_unit, plural
from eisfit.spectra.readers.tables.numbers import Style, split, to_number
from eisfit.spectra.readers.tables.pages import Named, join_pages
from eisfit.spectra.readers.tables.rewritten import split_complex
from eisfit.spectra.spectrum import ASSUMED

_FEWEST_ROWS = 3
_MOST_BELOW = 4  # lines below a name that may hold units
_MOST_ABOVE = 6
_LONGEST_NAME = 60
_LETTER = regex(r"[^\W\d_eE]")
_PARTS = {"real": "Z'", "imag": "Z''", "modulus": "|Z|", "phase": "Phase"}
_UNITS_OF_IMAGINARY = ("i", "j", "I", "J")
_DELIMITERS = "\t;,|"

Grid = list[list[str]]


@dataclass(frozen=True)
class Rectangle:
    """A table in a grid: the line of its names, that after its end, its columns."""

    head: int
    stop: int
    columns: list[int]


def read_rectangles(
    file: File, lines: Sequence[str], read_table: Callable[[], list[Sweep]], read: Reader
) -> list[Sweep]:
    """Return what `read_table` reads, or, where that is fewer points, the sweeps of every table in the grid.

    Parameters
    ----------
    file
        The file.
    lines
        Its lines.
    read_table
        What reads them as one table, or as tables below each other.
    read
        What reads the lines of any table.

    Raises
    ------
    ReadError
        Where neither can be read, or a unit is to be asked for.
    """
    named = _find_frequencies(lines)
    if len(named) > 1 and (joined := join_pages(lines, named)):
        return read_rectangles(file, joined, partial(read, file, joined), read)
    try:
        sweeps = read_table()
    except ReadError:
        found, failed = _read_each(file, lines, named, read)
        if failed or not found:
            raise
        return found
    gaps = len(named) > 1 and any(np.isnan(sweep.impedance).any() for sweep in sweeps)
    notes = {note for sweep in sweeps for note in sweep.notes}
    told = any("left aside" in note and "words behind" not in note for note in notes)
    if len(named) > len(sweeps) or gaps or told:
        found, _ = _read_each(file, lines, named, read)
        return found if _rank_sweeps(found) > _rank_sweeps(sweeps) else sweeps
    return sweeps


def _rank_sweeps(sweeps: Sequence[Sweep]) -> tuple[int, int]:
    """Return the number of points that are no gaps, and how little was assumed of them."""
    points = sum(
        int((np.isfinite(s.impedance) & (s.impedance != 0) & (s.frequency > 0)).sum()) for s in sweeps
    )
    return points, -max((sum(note.startswith(ASSUMED) for note in s.notes) for s in sweeps), default=0)


def _find_frequencies(lines: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return where cells name a frequency: line, column, and what parts the cells of the line."""
    found = []
    for place, line in enumerate(lines):
        if not _LETTER.search(line):
            continue
        mark = max(_DELIMITERS, key=line.count)
        held = {i: cell for i, cell in enumerate(split(line, mark)) if _names_frequency(cell)}
        plain = [i for i, cell in held.items() if not parse_name(cell.strip('"')).base]
        found += [(place, i, mark) for i in plain or held]  # log f beside f begins no table
    cells = {one[:2] for one in found}
    return [one for one in found if (one[0] - 1, one[1]) not in cells]  # a unit below its name


def _names_frequency(cell: str) -> bool:
    named = len(cell) < _LONGEST_NAME and _LETTER.search(cell)
    return bool(named) and parse_name(cell.strip('"')).quantity == "frequency"


def _read_each(file: File, lines: Sequence[str], named: Named, read: Reader) -> tuple[list[Sweep], list[str]]:
    """Return the sweeps of all tables of a grid and why others are none; none where it is one table."""
    marks = {mark for *_, mark in named}
    if len(marks) != 1:
        return [], []
    style = _find_style(lines, named)
    grid = [split(line, style.delimiter) for line in lines]
    tables = _sort_tables(_iterate_tables(grid, style, {(row, place) for row, place, _ in named}))
    left = sum(map(len, _numbers(grid, style))) - sum(_count_numbers(grid, style, one) for one in tables)
    if not tables or (len(tables) == 1 and not left) or _is_ragged(grid, style, tables):
        return [], []
    if any(_has_other_sign_below(grid, style, one) for one in tables):
        return [], []
    measured = [one for one in tables if not _is_model(grid, style, one)]
    heads = (style.delimiter.join(_cut_cells(grid[one.head], one)) for one in tables)
    file = file.with_words([*heads, *_iterate_words(grid, style, tables)])
    blocks: list[list[Sweep]] = []
    failed: list[str] = []
    for one in measured:
        try:
            blocks.append(read(file, _write_lines(grid, style, one)))
        except ReadError as error:
            if asks_for_unit(error) and not _is_modulus_alone(grid, one):
                raise
            blocks.append([])
            failed.append(f"left aside: the table at line {one.head + 1}, column {one.columns[0] + 1}")
    name_by_titles(blocks, [[" ".join(cells) for cells in _titles(grid, style, one)] for one in measured])
    sweeps = [sweep for block in blocks for sweep in block]
    notes = [*failed, *[f"left aside: {plural(left, 'number')} beside the tables"] * (left > 0)]
    notes += ["left aside: a fit or a model, by its name"] * (len(measured) < len(tables))
    for sweep in sweeps:
        sweep.notes += notes
    return sweeps, failed


def _is_modulus_alone(grid: Grid, one: Rectangle) -> bool:
    """Whether a table holds no more than moduli, as a plot does: whatever their unit, it is no spectrum."""
    return {parse_name(name).quantity for name in _cut_cells(grid[one.head], one)} == {"frequency", "modulus"}


def _iterate_words(grid: Grid, style: Style, tables: Sequence[Rectangle]) -> Iterator[str]:
    """Yield the rows above all tables, and cells of words beside them that are no names of numbers."""
    first, held = min(one.head for one in tables), _list_cells(tables)
    for row, cells in enumerate(grid):
        if row < first:
            yield " ".join(cells)
            continue
        for place, cell in enumerate(cells):
            names = place + 1 < len(cells) and _is_number(cells[place + 1], style)
            if _LETTER.search(cell) and (row, place) not in held and not names:
                yield cell


def _is_ragged(grid: Grid, style: Style, tables: Sequence[Rectangle]) -> bool:
    """Whether rows of a table go on behind its last column: nothing tells what they hold."""
    beside = {(row, one.columns[-1] + 1) for one in tables for row in range(one.head + 1, one.stop)}
    outside = beside - _list_cells(tables)
    return any(place < len(grid[row]) and _is_number(grid[row][place], style) for row, place in outside)


def _has_other_sign_below(grid: Grid, style: Style, one: Rectangle) -> bool:
    """Whether the row below a table has numbers in its columns with the other decimal sign."""
    other = style.turned
    cells = _cut_cells(grid[one.stop], one) if one.stop < len(grid) and style.delimiter != "," else []
    turned = (_is_number(cell, other) and not _is_number(cell, style) for cell in cells)
    return any(turned) and all(_is_number(cell, other) for cell in cells)


def _list_cells(tables: Sequence[Rectangle]) -> set[tuple[int, int]]:
    """Return the cells of tables: row, column."""
    return {(row, place) for one in tables for row in range(one.head, one.stop) for place in one.columns}


def _find_style(lines: Sequence[str], named: Named) -> Style:
    """Return how the numbers below the first name are written."""
    row, _, mark = named[0]
    text = "\n".join(lines[row + 1 : row + 50])
    return Style(mark, "," if mark != "," and len(re.findall(r"\d,\d", text)) > text.count(".") else ".")


def _numbers(grid: Grid, style: Style) -> list[list[int]]:
    """Return the columns of each row that hold a number."""
    return [[i for i, cell in enumerate(row) if _is_number(cell, style)] for row in grid]


def _is_number(cell: str, style: Style) -> bool:
    """Whether a cell holds a number, or a complex one."""
    if cell[-1:] in _UNITS_OF_IMAGINARY:
        return split_complex(cell.replace(",", ".")) is not None
    value = to_number(cell, style) if cell else None
    return value is not None and not isnan(value)


def _iterate_tables(grid: Grid, style: Style, named: set[tuple[int, int]]) -> Iterator[Rectangle]:
    """Yield every table: columns whose numbers begin below a row that names a frequency."""
    filled: dict[int, list[int]] = {}
    for row, places in enumerate(_numbers(grid, style)):
        for place in places:
            filled.setdefault(place, []).append(row)
    heads = sorted({row for row, _ in named})
    ends_of: dict[int, int] = {}
    for head in heads:
        words = (place for place, name in enumerate(grid[head]) if name and not _is_number(name, style))
        names = [place for place in words if ends_of.get(place, 0) <= head]
        ends = {place: _find_next_header(grid, style, heads, head, place) for place in names}
        below = {place: [row for row in filled.get(place, []) if head < row < ends[place]] for place in names}
        runs = {
            place: rows
            for place, rows in below.items()
            if len(rows) >= _FEWEST_ROWS and not any(map(any, _list_between(grid, place, head, rows[0])))
        }
        anchors = [place for row, place in sorted(named) if row == head and place in runs]
        for group in _group_columns(sorted(runs), anchors, grid[head]):
            stop = max(runs[place][-1] for place in group) + 1
            ends_of.update(dict.fromkeys(group, stop))
            yield Rectangle(head, stop, _add_remarks(group, [place for place in names if not below[place]]))


def _list_between(grid: Grid, place: int, head: int, first: int) -> Grid:
    """Return the cells of a column between its name and its first number, but those of units right below."""
    return [row[place : place + 1] for row in grid[head + _MOST_BELOW : first]]


def _sort_tables(tables: Iterable[Rectangle]) -> list[Rectangle]:
    """Return tables from above to below, and those that stand beside each other from left to right."""
    ordered: list[list[Rectangle]] = []
    for one in tables:
        beside = ordered and one.head < max(other.stop for other in ordered[-1])
        ordered = [*ordered[:-1], [*ordered[-1], one]] if beside else [*ordered, [one]]
    return [one for row in ordered for one in sorted(row, key=lambda one: (one.columns[0], one.head))]


def _find_next_header(grid: Grid, style: Style, heads: Sequence[int], head: int, place: int) -> int:
    """Return the next header that has a name over a column, or the end."""
    for row in heads:
        cell = grid[row][place] if row > head and place < len(grid[row]) else ""
        if _LETTER.search(cell) and not _is_number(cell, style) and not is_unit(cell):
            return row
    return len(grid)


def _add_remarks(group: list[int], words: Sequence[int]) -> list[int]:
    """Return columns with those of words that follow the last one or stand between them."""
    columns = list(group)
    for place in words:
        if place - 1 in columns:
            columns = sorted([*columns, place])
    return columns


def _group_columns(columns: Sequence[int], anchors: Sequence[int], names: Sequence[str]) -> list[list[int]]:
    """Return the columns of each of the tables under one header, by where their frequencies stand."""
    if not anchors:
        return []
    places = [columns.index(anchor) for anchor in anchors]
    size = len(places)
    if 1 < size < len(columns) and places == list(range(size)) and len(columns) % size == 0:
        return [list(columns[start::size]) for start in range(size)]  # f, f, Z', Z', Z'', Z''
    starts = [0, *(_find_begin(columns, names, place, places[0]) for place in places[1:])]
    groups = [list(columns[start:stop]) for start, stop in pairwise([*starts, len(columns)])]
    return groups if min(map(len, groups)) > 1 else [list(columns)]


def _find_begin(columns: Sequence[int], names: Sequence[str], place: int, first: int) -> int:
    """Return where a table begins: before its frequency may stand an index, or what is before the first's."""
    begin = place
    while begin > 1 and columns[begin - 1] == columns[begin] - 1:
        before, ahead = names[columns[begin - 1]], first - (place - begin) - 1
        alike = ahead >= 0 and names[columns[ahead]] == before
        if not alike and parse_name(before).quantity != "index":
            break
        begin -= 1
    return begin


def _count_numbers(grid: Grid, style: Style, one: Rectangle) -> int:
    return sum(map(len, _numbers([_cut_cells(row, one) for row in grid[one.head + 1 : one.stop]], style)))


def _cut_cells(row: Sequence[str], one: Rectangle) -> list[str]:
    return [row[place] if place < len(row) else "" for place in one.columns]


def _is_model(grid: Grid, style: Style, one: Rectangle) -> bool:
    """Whether every frequency, or the title, of a table is by its name a fit's."""
    near = _titles(grid, style, one)[-1:]
    return any(map(is_model, [*_cut_cells(grid[one.head], one), *chain(*near)]))


def _titles(grid: Grid, style: Style, one: Rectangle) -> Grid:
    """Return what stands above a table's names in its columns, up to numbers or another table."""
    titles: Grid = []
    for row in reversed(grid[max(0, one.head - _MOST_ABOVE) : one.head]):
        words = [cell for cell in _cut_cells(row, one) if cell]
        if len(words) > 2 or (words and _is_number(words[0], style)):
            break
        titles += [words] if words else []
    return titles[::-1]


def _drop_label(name: str, plain: Collection[str]) -> str:
    """Return a part's name without a cell's letter or number, where no other column is this part `plain`.

    ``E Real`` beside ``Z Real`` is a voltage.
    """
    told = parse_name(name, labelled=True)
    if not told.label or told.quantity not in _PARTS or told.quantity in plain:
        return name
    unit = f" ({told.unit})" if told.unit else ""
    return f"{'-' * (told.scale < 0)}{_PARTS[told.quantity]}{unit}"


def _write_lines(grid: Grid, style: Style, one: Rectangle) -> list[str]:
    """Return the lines of one table, each in its place; below its names without empty ones."""
    titles = _titles(grid, style, one)
    lines = [""] * len(grid)
    for place, title in enumerate(titles, one.head - len(titles)):
        lines[place] = style.delimiter.join(title)
    for place in range(one.head, one.stop):
        cells = _cut_cells(grid[place], one)
        lines[place] = style.delimiter.join(cells) if any(cells) else ""
    names = lines[one.head].split(style.delimiter)
    plain = {parse_name(name).quantity for name in names}
    lines[one.head] = style.delimiter.join(_drop_label(name, plain) for name in names)
    last = [*lines[: one.head], *filter(None, lines[one.head : one.stop])]
    return [*last, ""]

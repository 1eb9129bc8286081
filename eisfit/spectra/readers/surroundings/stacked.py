"""Tables below each other, each with its header: where they begin, read one by one, named by lines above."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from eisfit.arrays import drop_nan
from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.cuts import are_overlapping
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.labels.constants import name_by_titles
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.not_measured_words import WHAT, find_kind, is_certain
from eisfit.spectra.readers.names.units import is_units_row
from eisfit.spectra.readers.surroundings.refusals import BESIDE_IMPEDANCE
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.readers.tables.numbers import parse_row
from eisfit.spectra.readers.tables.sweeps import is_sweep
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

#: What reads the lines of any table.
Reader = Callable[[File, Sequence[str]], list[Sweep]]
#: Where each of several tables begins, and the line after its end.
Parts = Sequence[tuple[int, int]]

_GLUED = regex(
    r"\s*(?:[+-]?\.?\d[-+.\deE]*[^\S\t]*[,;\t]\s*)+[-+.\deE]*\d[A-Za-z][^,;\t]*(?:[,;\t]\s*-?[A-Za-z][^,;\t]*){2,}$"
)  # the last line of a file without an end, and the header of the next; a tab is taken in one way alone
_VALUE, _PARTED = regex(r"[\t;,]\s*\d"), regex(r"[\t;,|]")
_FEWEST_COLUMNS, _FEWEST_POINTS = 3, 5
_LOOKED_AT = 8  # rows
_NEAR = 3  # lines above a header that may name its table
_MOST_ABOVE = 6  # lines
_SWEPT = {"frequency", "period"}
_FEWEST_ROWS = 3
_BELOW = 5  # lines below a header within which numbers begin
_MOST_NAMES = 60


def read_stacked(file: File, plain: Sequence[str], parts: Parts, read_lines: Reader) -> list[Sweep]:
    """Return the sweeps of tables below each other, each with its header; lines keep their numbers."""
    blocks: list[list[Sweep]] = []
    titles = {part: _find_title(plain, *part) for part in parts}
    measured = [part for part, title in titles.items() if not is_model(title)]
    models = [title.strip() for part, title in titles.items() if measured and part not in measured]
    parts = measured or parts
    read = list(parts)
    heads = [next(filter(str.strip, plain[start:stop]), "") for start, stop in parts]
    file = file.with_words(dict.fromkeys(heads))
    _refuse_glued(file, plain)
    of_else: ReadError | None = None
    for start, stop in parts:
        try:
            below = [""] if stop < len(plain) else []  # its last line is not the file's
            blocks.append(read_lines(file, [*[""] * start, *plain[start:stop], *below]))
        except ReadError as error:
            table = find_table(file, plain[start:stop])
            if table is None or (table.names and not _is_other_table(table)):
                raise
            read.remove((start, stop))  # or numbers without a header above a table that has one
            of_else = error
    if of_else is not None and not blocks:
        raise of_else
    name_by_titles(blocks, [_find_lines_above(file, plain, *part) for part in read])
    sweeps = [sweep for block in blocks for sweep in block]
    left = sum(1 for line in plain if line.strip()) - sum(
        1 for start, stop in read for line in plain[start:stop] if line.strip()
    )
    told = f"left aside: {plural(left, 'line')} of another table without a frequency"
    if any(may_be_points(file, plain[start:stop]) for start, stop in {*parts} - {*read}):
        told = f"{ASSUMED} a table below or above another is no spectrum: left aside ({plural(left, 'line')})"
    if models:
        told = f"left aside: {', '.join(map(repr, models))}, {WHAT['model']}"
    for sweep in sweeps if left else []:
        sweep.notes.append(told)
    return sweeps


def is_model(line: str) -> bool:
    """Whether a line without a value is the title of a fit or a model, for certain."""
    return not _VALUE.search(line) and find_kind(line) == "model" and is_certain(line)


def may_be_points(file: File, lines: Sequence[str]) -> bool:
    """Whether lines hold three columns or more, of which one is spaced as the frequencies of a sweep are."""
    table = find_table(file, lines)
    if table is None or table.width < _FEWEST_COLUMNS or len(table.matrix) < _FEWEST_POINTS:
        return False
    return any(map(is_sweep, table.matrix[:_LOOKED_AT].T))


def _refuse_glued(file: File, lines: Sequence[str]) -> None:
    """Refuse a header that stands right behind the last number of a file without an end."""
    for line, text in enumerate(lines):
        if _GLUED.match(text):
            raise file.error(
                f"line {line + 1}: a header right behind a number: {quote(text)}; part the lines"
            )


def _find_line_above(lines: Sequence[str], line: int) -> str:
    return next((text for text in lines[:line][::-1][:_NEAR] if text.strip()), "")


def _find_title(lines: Sequence[str], start: int, stop: int) -> str:
    """Return the line above a table; of a file's first one, the first line, where it is no row of names."""
    first = next(filter(str.strip, lines[start:stop]), "") if not start else ""
    return _find_line_above(lines, start) if start else "" if _PARTED.search(first) else first


def _find_lines_above(file: File, lines: Sequence[str], start: int, stop: int) -> Sequence[str]:
    """Return the lines above a table's header, up to the rows of the table before it."""
    table = find_table(file, lines[start:stop])
    if table is None:
        return []
    above = [*lines[max(0, start - _MOST_ABOVE) : start], *table.preamble]
    rows = [i for i, line in enumerate(above) if parse_row(line, table.style)]
    return above[rows[-1] + 1 :] if rows else above


def _is_other_table(table: Table) -> bool:
    """Whether the names of a table name no part of an impedance or an admittance, such as a calibration's."""
    named = {parse_name(name).quantity for name in table.names} - {"", "index", *BESIDE_IMPEDANCE}
    return named <= {"frequency", "phase"}


def find_stacked_tables(table: Table) -> list[tuple[int, int]]:
    """Return where each table of a spectrum begins, and the line after its end; none where there is but one.

    A table begins with another header, or the same over a new sweep; `table` is the largest of numbers, which
    may hold something else.
    """
    if not table.rows:
        return []
    is_one = not table.names or _find_frequency(table) is not None
    first = 0 if is_one else len(table.preamble)
    places = (*range(first), *range(table.rows[0], len(table.lines)))
    begins = {
        i: bool(_SWEPT & _find_quantities(table.lines[i], table))
        for i in places
        if _begins_other_table(table, i)
    }
    begins = dict(sorted({**begins, first: is_one}.items()))
    edges = [*begins, len(table.lines)]
    if not table.names and sum(1 for row in table.rows if row < edges[1]) < _FEWEST_ROWS:
        begins[first] = False  # numbers of columns above a header
    parts = [part for part in pairwise(edges) if begins[part[0]]]
    return parts if len(edges) > 2 else []


def _begins_other_table(table: Table, line: int) -> bool:
    """Whether a line over numbers is another header than the table's, or that again over a new sweep."""
    if not table.lines[line].strip() or line in table.places:
        return False
    if (
        is_units_row(table.split(table.lines[line]))
        and line
        and len(_find_quantities(table.lines[line - 1], table) - {""}) > 1
    ):
        return False  # below its names
    known = _find_quantities(table.lines[line], table) - {"", "index"}
    if not (len(known) > 1 or _is_foreign_header(table, line)) or not _is_over_numbers(line, table):
        return False
    header = table.lines[len(table.preamble)] if len(table.preamble) < len(table.lines) else ""
    own = {_strip_header(table.style.delimiter.join(table.names)), _strip_header(header)}
    return _strip_header(table.lines[line]) not in own or _begins_again(table, line)


def _is_foreign_header(table: Table, line: int) -> bool:
    """Whether a line between the rows has a word for every column, such as ``tau,gamma,error``.

    That of a narrower table has one for every cell of the row below it.
    """
    if line <= table.rows[0]:
        return False
    words = _list_filled(table.lines[line], table)
    whole = len(words) == table.width
    if table.style.delimiter != " " and not whole and len(words) > 2:
        below = next((text for text in table.lines[line + 1 : line + _BELOW] if text.strip()), "")
        whole = len(words) == len(_list_filled(below, table))
    distinct = len(words) == len(set(words)) > 1
    return whole and distinct and all(word[:1].isalpha() for word in words) and not is_units_row(words)


def _list_filled(line: str, table: Table) -> list[str]:
    """Return the cells of a line that hold something, without quotation marks."""
    return [cell for each in table.split(line) if (cell := each.strip('"'))]


def _strip_header(text: str) -> str:
    """Return a header without gaps and quotation marks: names may hold gaps where gaps part the columns."""
    return re.sub(r'[\s"]', "", text)


def _find_quantities(line: str, table: Table) -> set[str]:
    return {parse_name(name).quantity for name in table.split(line)[:_MOST_NAMES]}


def _is_over_numbers(line: int, table: Table) -> bool:
    return any(parse_row(below, table.style) for below in table.lines[line + 1 : line + 1 + _BELOW])


def _find_frequency(table: Table) -> int | None:
    return next((i for i, name in enumerate(table.names) if parse_name(name).quantity in _SWEPT), None)


def _begins_again(table: Table, line: int) -> bool:
    """Whether the frequencies below a line go over those above it again."""
    place = _find_frequency(table)
    if place is None:
        return False
    rows, f = np.array(table.rows), table.matrix[:, place]
    here = int(np.searchsorted(rows, line))
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    first, last = max([0, *breaks[breaks < here]]), min([rows.size, *breaks[breaks > here]])
    if are_overlapping(f[first:here], f[here:last]):
        return True
    above, below = drop_nan(f[rows < line]), drop_nan(f[rows > line])
    if above.size < 3 or below.size < 3:
        return False
    rises = above[-1] > above[0]
    return bool(below[0] < above[-1] if rises else below[0] > above[-1] and above.min() < below.max())

"""Rows of numbers that a table leaves over: read as tables of their own, or told."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from itertools import groupby

import numpy as np

from eisfit.errors import ReadError
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.surroundings.stacked import Parts, Reader, may_be_points, read_stacked
from eisfit.spectra.readers.sweep import Sweep, asks_for_unit, plural
from eisfit.spectra.readers.tables.numbers import Style, parse_row
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_FEWEST_ROWS = 3
#: A line of two numbers or more, whatever parts them.
_NUMBERS = regex(r"[\s\"]*[-+.]?\d[-+\d.,;|\s\"eE]*[\s,;|][-+\d.,;|\s\"eE]*\d[.,;|\s\"]*")

#: A point that could not be measured.
_LACKING = regex(r"[\s\"]*[-+.]?\d[-+\d.,eE\"]*[\s,;|]")


def find_unused(lines: Sequence[str], used: Set[int], style: Style, near: Sequence[int] = ()) -> list[int]:
    r"""Return the lines of numbers beside those that were used, where three follow each other.

    Those `near` the table are some however few they are.

    >>> find_unused(["f;Z", "1;2", "3;4", "5;6", "f,Z", "1,2", "3,4", "5,6"], {1, 2, 3}, Style(";", "."))
    [5, 6, 7]
    """
    few = [row for row in near if row not in used and _is_row(lines[row], style)]
    if len(lines) - len(used) < _FEWEST_ROWS:
        return few
    left: list[int] = []
    run: list[int] = []
    for place, line in enumerate(lines):
        if place not in used and (not line or line.isspace()):
            continue
        if place not in used and _is_row(line, style):
            run.append(place)
            continue
        left += run if len(run) >= _FEWEST_ROWS else []
        run = []
    return sorted({*few, *left, *(run if len(run) >= _FEWEST_ROWS else [])})


def find_near(table: Table, used: Set[int], lines: Sequence[str]) -> list[int]:
    """Return lines between the names and the first row, and whole ones right below the last."""
    last, width = max(used), table.width
    above = range(len(table.preamble) + 1, table.rows[0]) if table.names else range(0)
    below = (parse_row(lines[row], table.style) for row in range(last + 1, min(last + 4, len(lines))))
    numbers = enumerate((np.array(values or [], float)[:width] for values in below), last + 1)
    return [*above, *(row for row, values in numbers if values.size == width and np.isfinite(values).all())]


def _is_row(line: str, style: Style) -> bool:
    return bool(_NUMBERS.fullmatch(line)) or parse_row(line, style) is not None


@dataclass(frozen=True)
class Rest:
    """What a table leaves of a file's lines.

    Parameters
    ----------
    lines
        All lines.
    used
        Those that are rows of the table.
    left
        Those of numbers that are none.
    """

    lines: Sequence[str]
    used: Set[int]
    left: Sequence[int]


def read_with_rest(
    file: File, rest: Rest, read_table: Callable[[], list[Sweep]], read: Reader
) -> list[Sweep]:
    """Return the sweeps of a table and of those that its rest holds; else of the table, with a note.

    Parameters
    ----------
    file
        The file.
    rest
        Lines of numbers that the table does not hold.
    read_table
        What reads the table.
    read
        What reads the lines of any table.

    Raises
    ------
    ReadError
        Where neither can be read, or a unit is to be asked for.
    """
    try:
        sweeps = read_table()
    except ReadError as error:
        found = [] if asks_for_unit(error) else _read_each(file, rest, read)
        if not found:
            raise
        return found
    found = _read_each(file, rest, read)
    if len(found) > len(sweeps):
        return found
    if rest.left:
        where = f"lines {rest.left[0] + 1} to {rest.left[-1] + 1}"
        lines = f"{plural(len(rest.left), 'line')} of numbers"
        told = f"left aside: {lines} beside the table ({where})"
        if _are_of_table(rest):  # points of the spectrum, for all that is known
            told = f"{ASSUMED} {lines} right beside the table's rows ({where}) are none: left aside"
        elif len(rest.left) < _FEWEST_ROWS or may_be_points(file, [rest.lines[row] for row in rest.left]):
            told = f"{ASSUMED} {lines} beside the table ({where}) are no spectrum: left aside"
        for sweep in sweeps:
            sweep.notes.append(told)
    return sweeps


def _read_each(file: File, rest: Rest, read: Reader) -> list[Sweep]:
    """Return the sweeps of tables below each other; none where there is one, or another cannot be read."""
    if not rest.left or _are_of_table(rest):
        return []
    try:
        return read_stacked(file, rest.lines, _find_tables(rest.used, rest.left, len(rest.lines)), read)
    except ReadError as error:
        if asks_for_unit(error):
            raise
        return []


def _are_of_table(rest: Rest) -> bool:
    """Whether rows of the rest stand right beside the table's: the same table, with a cell more or less."""
    return any(row - 1 in rest.used or row + 1 in rest.used for row in rest.left) or any(
        row - 2 in rest.used and _LACKING.match(rest.lines[row - 1]) for row in rest.left
    )


def _find_tables(used: Set[int], left: Sequence[int], end: int) -> Parts:
    """Return where each table begins, with the lines above its numbers, and the line after its end."""
    rows = sorted([*((row, False) for row in used), *((row, True) for row in left)])
    last = [list(run)[-1][0] + 1 for _, run in groupby(rows, key=lambda row: row[1])]
    return list(zip([0, *last[:-1]], [*last[:-1], end], strict=True))

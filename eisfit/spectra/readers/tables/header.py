"""The header of a table: names and units of its columns, found among the lines above it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import DIGATRON, is_unit, is_units_row
from eisfit.spectra.readers.tables.header_names import (
    COMMENT,
    LONGEST_HEADER,
    WANTED,
    align_units,
    are_column_numbers,
    are_spectrum_names,
    are_units_and_a_word,
    find_quantities,
    is_bracketed_unit,
    is_of_digatron,
    is_unit_alone,
    is_unit_of,
    join_name_lines,
    make_names_of_units,
    read_legend,
    split_at_units,
    unquote,
)
from eisfit.spectra.readers.tables.numbers import Style, split, to_number
from eisfit.spectra.readers.tables.table import Table

#: Stands last in a row of units of which nobody knows whose they are.
STRAY = "?"

_ROW_OF_NAMES = regex(
    r"^\s*(?:(?:columns?|fields?|header|names?|spalten|data)\s*:|WAVES(?:/[A-BD-Z])*(?=\s))\s+", re.IGNORECASE
)
_CONDITIONS = {"cycle", "temperature", "potential", "time"}
#: Below names, as R, Julia, polars and databases print tables.
_TYPE = regex(
    r"<[a-z]{3,4}>|[fi](?:64|32)|(?:float|double|real|numeric|number|decimal|int(?:eger)?)\d*", re.IGNORECASE
)
_UNITS = regex(r"\W*(?:units?|einheit(?:en)?|unités?|unidad(?:es)?)\W*$", re.IGNORECASE)


def attach_header(table: Table, above: Sequence[str]) -> None:
    """Find the names of the columns, and their units, in the lines above the numbers."""
    table.preamble = list(above)
    table.names = read_legend(above, table.width) or _find_names_above(table, above)
    if not table.names:
        _search_header(table, above)


def _find_names_above(table: Table, above: Sequence[str]) -> list[str]:
    """Return names that end where the numbers below them end, the first column being pandas' bare index."""
    line = above[-1].rstrip() if above else ""
    row = table.lines[table.rows[0]] if table.rows else ""
    ends = [match.end() for match in re.finditer(r"\S+", row)]
    if table.style.delimiter != " " or len(ends) != table.width or len(line) != ends[-1]:
        return []
    if line[: ends[0]].strip() or not _is_count(table.matrix[:, 0]):
        return []
    names = ["", *(line[start:end].strip() for start, end in pairwise(ends))]
    if not all(names[1:]) or not are_spectrum_names(names):
        return []
    table.preamble = list(above[:-1])
    return names


def _search_header(table: Table, above: Sequence[str]) -> None:
    near = [i for i in range(len(above) - 1, -1, -1) if above[i].strip()][:5]
    marks = ("#", "%") if _is_count(table.matrix[:, 0]) else ()  # a comment's mark may name the number column
    for lookup in (_read_names, _read_unknown):
        for place, back in enumerate(near):
            higher = above[near[place + 1]] if place + 1 < len(near) else ""
            if _is_no_header(table, above[back], _find_names_line(table, above, near[place + 1 :])):
                continue
            below = [line for line in above[back + 1 :] if not _is_rule(line, table.style.delimiter)]
            units = _find_units_below(table, below) or _find_units_above(table, higher)
            table.names, table.mixed = lookup(table, above[back], units, marks)
            if len(found := WANTED & {*find_quantities(table.names)}) < 2 or "frequency" not in found:
                upper = [above[line] for line in near[place : place + 3]][::-1]
                spanning = join_name_lines(table, upper[-2:]) or join_name_lines(table, upper)
                table.names, table.mixed = (spanning, False) if spanning else (table.names, table.mixed)
            if table.names:
                _fit_names(table)
                table.preamble = list(above[:back])
                _attach_units(table, units)
                return
            if lookup is _read_unknown:
                break  # words further up are no header
    if near:
        table.names = make_names_of_units(table, above[near[0]])


def _find_names_line(table: Table, above: Sequence[str], near: Sequence[int]) -> str:
    """Return the next line above that is no row of units: comments may stand below both."""
    lines = (above[back] for back in near[:2])
    return next((line for line in lines if not is_units_row(table.split(line))), "")


def _is_no_header(table: Table, line: str, higher: str) -> bool:
    """Whether a line holds units alone, or dashes, or is a remark below the header."""
    bare = COMMENT.sub("", line)
    cells = table.split(bare)
    if is_units_row(cells) or is_units_row(_drop_title(cells)) or _is_rule(bare, table.style.delimiter):
        return True
    names = table.split(higher)
    if len(names) != table.width or not are_spectrum_names(names):
        return False
    known = set(find_quantities(cells)) - {"", "index"}
    if len(cells) <= table.width and known and known <= _CONDITIONS:
        return True  # cycle 1, cycle 1: of the columns named above
    alone = table.style.delimiter not in (" ", *line)  # parted otherwise than the numbers and the names above
    remark = len(cells) != table.width and (bare != line or alone) and not COMMENT.match(higher)
    return remark or (len(cells) == table.width and are_units_and_a_word(cells))


def _fit_names(table: Table) -> None:
    """Set names behind the numbers aside; give a first column that counts the rows an empty name it lacks."""
    if not table.mixed:
        table.names, table.further = table.names[: table.width], table.names[table.width :]
    if len(table.names) != table.width - 1 or parse_name(table.names[0]).quantity in ("", "index"):
        return
    first = table.matrix[:, 0]
    steps = set(np.diff(first).tolist())
    rises = first[:1] in (0.0, 1.0) and min(steps, default=0.0) > 0  # rows may be left out
    numbers = not (first % 1).any() and (rises or steps in ({1.0}, {-1.0}))
    if np.isnan(first).all() or numbers:
        table.names, table.mixed = ["", *table.names], False


def _attach_units(table: Table, units: list[str]) -> None:
    while len(units) > len(table.names) and not units[-1]:  # below an empty column of remarks
        units = units[:-1]
    table.units = units
    if not any(units) and is_of_digatron(table.names, table.preamble):
        table.units = [DIGATRON] * len(table.names)
    if len(units) != len(table.names) and (is_units_row(units) or sum(map(is_unit, units)) > 1):
        table.units = align_units(units, table.names) or [*units, STRAY]


def _is_count(values: NDArray[np.float64]) -> bool:
    """Whether a column counts the rows, up or down."""
    return values.size > 2 and bool(np.mean(np.abs(np.diff(values)) == 1) > 0.8)


def _is_rule(line: str, delimiter: str) -> bool:
    """Whether a line is a row of dashes or of gaps, with at most a number."""
    cells = split(line, delimiter)
    style = Style(delimiter, ".")
    return bool(cells) and all(
        not cell.strip("-:=") or _TYPE.fullmatch(cell) or to_number(cell, style) is not None for cell in cells
    )


def _read_names(table: Table, line: str, units: list[str], marks: Sequence[str]) -> tuple[list[str], bool]:
    """Return the cells of a line that names quantities, and whether they are not as many as the columns."""
    if len(line) > LONGEST_HEADER:
        return [], False
    mark, width = table.style.delimiter, table.width
    is_row = line[:1] == mark and line.count(mark) + 1 == width  # ;;f;Zre: no remark
    bare = _ROW_OF_NAMES.sub("", line if is_row else COMMENT.sub("", line))
    ways = _list_splits(bare, mark)
    ways[0] += [""] * _count_nameless(table, bare, ways[0])
    ways = [cells for cells in ways if cells and not (cells[0].endswith(":") and len(cells) > 1)]  # col3: Im
    spaced = mark == " "
    first = [cells for cells in ways[:1] if not (spaced and any(map(is_bracketed_unit, cells)))]
    ways = [*first, *(cells for cells in ways[1:] if not any(map(is_unit_alone, cells)))]
    numbered = _drop_comment_mark(table, line, units, marks) if marks else []
    known = [find_quantities(cells, units) for cells in ways]
    whole = any(_has_complex_column(row, table) and all(map(_is_known, row)) for row in known)
    gaps = bool(known) and _has_empty_columns(known[0], table)  # those between its names are columns
    if numbered or gaps:
        return numbered or ways[0], False
    others = (_has_empty_columns, _has_complex_column, _has_known_name)
    for fits in others if whole else (_has_name_per_column, *others):  # freq (Hz)   Global impedance (ohm)
        for cells, row in zip(ways, known, strict=True):
            as_numbers = cells is ways[0] or spaced  # parted as they are, not at its gaps
            if fits(row, table) and (as_numbers or fits is not _has_known_name):
                return cells, fits is _has_complex_column
    for cells, row in zip(ways, known, strict=True):
        if sum(map(_is_known, row)) >= 3 and len(set(row) & WANTED) >= 2:
            return cells, True
    return [], False


def _count_nameless(table: Table, line: str, names: Sequence[str]) -> int:
    """Return how many last columns have no name: of marks there are as many as between the numbers."""
    mark = table.style.delimiter
    whole = mark != " " and line.count(mark) + 1 == table.width
    return table.width - len(names) if whole and sum(map(bool, names)) > 1 else 0


def _drop_comment_mark(table: Table, line: str, units: list[str], marks: Sequence[str]) -> list[str]:
    """Return the names where the first is a comment's mark over a column that counts the rows; else none."""
    for cells in _list_splits(line, table.style.delimiter):
        row = find_quantities(cells, units) if len(cells) >= table.width and cells[0] in marks else []
        if row and (_has_name_per_column(row, table) or _has_empty_columns(row, table)):
            return cells[: table.width]
    return []


def _is_known(quantity: str) -> bool:
    return quantity not in ("", "index")


def _has_name_per_column(row: Sequence[str], table: Table) -> bool:
    return len(row) == table.width and sum(map(_is_known, row)) >= 2


def _has_known_name(row: Sequence[str], table: Table) -> bool:
    """Whether there is a name for each column, of which one is known."""
    parted = table.style.delimiter != " " and "frequency" in row
    return len(row) == table.width and sum(map(_is_known, row)) > 0 and (table.width <= 3 or parted)


def _has_empty_columns(row: Sequence[str], table: Table) -> bool:
    """Whether the last names are of nothing known: their columns are empty, or hold words in some rows."""
    few = table.style.delimiter != " " and 0 < len(row) - table.width <= 3
    return few and not any(row[table.width :]) and "frequency" in row and sum(map(_is_known, row)) >= 3


def _has_complex_column(row: Sequence[str], table: Table) -> bool:
    alone = row.count("modulus") == 1 and not {"real", "imag", "phase"} & set(row)
    return len(row) == table.width - 1 and "frequency" in row and alone


def _read_unknown(table: Table, line: str, units: list[str], marks: Sequence[str]) -> tuple[list[str], bool]:
    """Return the cells of a line of words, one a column, although none is known."""
    if len(line) > LONGEST_HEADER:
        return [], False
    cells = table.split(line)
    marked = bool(cells) and cells[0] in marks
    plain = not COMMENT.match(line) or marked or (bool(units) and is_units_row(units))
    signs = (table.style, table.style.turned)  # no word in either
    written = (to_number(cell, sign) for cell in cells for sign in signs)
    numbered = any(np.isfinite(found) for found in written if found is not None)
    is_header = len(cells) == table.width >= 2 and plain and not (_is_prose(cells) or numbered)
    return (cells, False) if is_header and not are_column_numbers(cells) else ([], False)


def _list_splits(line: str, mark: str) -> list[list[str]]:
    if mark == "|":
        line = re.sub(r"^\|(?=[ZY]\|\s*[\[(/])", "||", line.lstrip())
        line = re.sub(r"\|\|([ZY])\|", r"|abs(\1)", line).removeprefix("|")  # |Z| between bars
    ways = [split(line, mark)]
    if mark in " \t" or len(ways[0]) == 1:
        ways.append([cell for cell in ways[0] if cell])
        ways.append(re.split(r"\s*\t\s*|\s{2,}", line.strip()))
        ways.append(line.strip().strip('"').split())
        ways.append(re.sub(r"\s+(?=[\[(/])", "", line.strip()).split())
        ways.append(re.split(r"\s{2,}", re.sub(r"\s+(?=[\[(/])", " ", line.strip())))
        ways.append(re.sub(r"\s+in\s+", "_in_", line.strip()).split())
        ways.append(split_at_units(line))
    ways += [split(line, other) for other in ",;\t" if other != mark and other in line]
    ways += [ways[0][1:]] if ways[0][:1] in (["C"], ["c"]) else []  # Fortran's mark of a comment
    ways.append(_join_units(ways[0]))
    return [[unquote(cell.strip()).replace('""', '"').strip(" ,;") for cell in way] for way in ways]


def _join_units(cells: list[str]) -> list[str]:
    """Return names joined with the units that the mark between columns cut off: ``Z real, Ohm``."""
    joined: list[str] = []
    for cell in cells:
        unit = cell.strip('" ')
        bare = joined and joined[-1][-1:] != "]" and not parse_name(joined[-1]).unit
        if bare and is_unit(unit) and is_unit_of(unit, joined[-1]):
            joined[-1] += f" [{cell.strip()}]"
        else:
            joined.append(cell)
    return joined


def _is_prose(cells: list[str]) -> bool:
    """Whether cells read like a sentence or a `key: value` line rather than a header."""
    return any(cell.endswith(":") or "=" in cell or ": " in cell or len(cell) > 40 for cell in cells)


def _drop_title(cells: list[str]) -> list[str]:
    """Return a row of units with an empty first cell in place of the word ``Units``."""
    return ["", *cells[1:]] if cells and _UNITS.match(cells[0]) else cells


def _find_units_below(table: Table, between: Sequence[str]) -> list[str]:
    for line in sorted(between, key=lambda line: not is_units_row(table.split(line))):
        raw = table.split(line)
        cells = table.split(COMMENT.sub("", line))
        cells = raw if len(raw) == table.width != len(cells) else cells  # a mark may name the number column
        is_titled = len(cells) == table.width + 1 and _UNITS.match(cells[0])
        cells = cells[1:] if is_titled else _drop_title(cells)
        if (
            len(cells) >= 2
            and len(cells) <= table.width + 1
            and not any(to_number(cell, table.style) == 0 for cell in cells)
        ):
            return [cell.strip('[]() "') for cell in cells]
    return []


def _find_units_above(table: Table, line: str) -> list[str]:
    bare = COMMENT.sub("", line)
    cells = table.split(bare)
    cells += [""] * _count_nameless(table, bare, cells)
    return (
        [cell.strip('[]() "') for cell in cells] if len(cells) == table.width and is_units_row(cells) else []
    )

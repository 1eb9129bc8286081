"""Marks between thousands, as spreadsheets show them: 1.226 is 1226 where 821 stands in the same column.

One cell may be either number; a column's cells together tell, and so do the marks of the other columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.errors import ReadError
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.readers.tables.numbers import Style, to_number
from eisfit.spectra.readers.tables.sweeps import runs_one_way
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_OTHER = {".": ",", ",": "."}
_GROUPED = {mark: regex(rf"[+-]?[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+") for mark in ".,"}
_WHOLE = regex(r"[+-]?\d+")
_MOST_BARE = 1e4  # from here on some write marks: 9999, but 10.000
_MOST_MARKED = 1e6  # from here on a number has two marks, which are none of decimals
_LOOKED_AT = 3
_CERTAIN = 1.0  # decades by which the numbers run on more smoothly


def may_be_grouped(cell: str) -> bool:
    """Whether a cell is a number whose marks, all alike, each have three digits behind them."""
    return any(pattern.fullmatch(cell) for pattern in _GROUPED.values())


@dataclass(frozen=True)
class _CellMarks:
    """How the cells of a column are written: which marks part groups of three digits only, which others."""

    cells: list[str]
    grouped: str  # the mark of which each stands before three digits; empty where there is none
    decimal: str  # the mark that parts decimals for certain
    bare: bool  # whether whole numbers stand beside

    def values(self, thousands: str, decimal: str) -> NDArray[np.float64]:
        """Return the numbers where `thousands` parts groups; NaN for a gap."""
        style = Style(" ", decimal)
        plain = (cell.replace(thousands, "") if thousands else cell for cell in self.cells)
        found = (to_number(cell, style) for cell in plain)
        return np.array([np.nan if value is None else value for value in found])


def settle_thousands(file: File, table: Table) -> list[str]:
    """Take marks between thousands out of the columns that have them; return the sentence that says so.

    Raises
    ------
    ReadError
        Where the marks of a column may be either, or are decimal signs in some columns and not in others.
    """
    written = _list_columns(table) if _may_have_thousands(table) else {}
    settled = {i: told for i, one in written.items() if (told := _decide_by_run(file, table, i, one))}
    parted = [i for i, told in settled.items() if told == "thousands"]
    decimals = {one.decimal for one in written.values()} - {""}
    marks = {written[i].grouped for i in parted}
    for mark in ".,":
        same = [i for i, one in written.items() if one.grouped == mark and i not in settled]
        if mark not in decimals and (mark in marks or _OTHER[mark] in decimals):
            parted += same
        elif same and (mark in marks or mark != table.style.decimal) and _is_wanted(table, same[0]):
            raise _make_unclear_error(file, table, written[same[0]], same[0])
    _refuse_two_signs(file, table, written)
    if not parted:
        return _note_every_mark(table, written, decimals)
    _write_numbers(table, written, parted)
    return [_make_note(table, written, sorted(parted), bool(marks))]


def _may_have_thousands(table: Table) -> bool:
    """Whether a column has numbers of at most three decimals beside whole ones, or the other mark."""
    values = table.matrix
    if not table.rows:
        return False
    size, whole, missing = np.abs(values), values % 1 == 0, np.isnan(values)
    fits = missing | (size < _MOST_BARE) & (np.abs(values * 1000 % 1 - 0.5) > 0.499)
    fits |= whole & (size >= _MOST_MARKED)
    mixed = np.flatnonzero(fits.all(axis=0) & (whole & (size > 0)).any(axis=0)).tolist()
    parted = [(np.flatnonzero(~whole[:, i] & (size[:, i] >= 1)), i) for i in mixed]
    jumps = {i: _find_largest_jump(size[:, i]) for rows, i in parted if not rows.size}
    every = bool((whole | missing | (fits & (size >= 1))).all())
    signs = table.style.decimal

    def grouped(row: int, index: int) -> bool:
        cell = table.cell(row, index)
        return signs in cell and _GROUPED[signs].fullmatch(cell.strip('"')) is not None

    parts = np.argwhere(~whole & ~missing)[: _LOOKED_AT * every].tolist()
    if parts and all(grouped(row, i) for row, i in parts):
        return True
    if any(rows.size and all(grouped(row, i) for row in rows[:_LOOKED_AT].tolist()) for rows, i in parted):
        return True
    places = [(row, i) for i, rows in jumps.items() for row in rows]
    places += [(row, i) for row, i in np.argwhere(whole & (size >= _MOST_MARKED)).tolist()]
    if any(grouped(row, i) for row, i in places):
        return True
    gaps = [(row, int(i)) for i in np.flatnonzero(missing.any(axis=0)) for row in _two(missing[:, i])]
    return any(_OTHER[signs] in table.cell(*at) for at in gaps)


def _find_largest_jump(size: NDArray[np.float64]) -> tuple[int, ...]:
    """Return the rows on both sides of the largest ratio of neighbours: of 1.000, 821 that of 1 and 821."""
    steps = np.abs(np.diff(np.log10(size)))
    steps[~np.isfinite(steps)] = 0.0
    place = int(np.argmax(steps)) if steps.size else 0
    return (place, place + 1) if steps.size and steps[place] > _CERTAIN else ()


def _two(missing: NDArray[np.bool_]) -> list[int]:
    places = np.flatnonzero(missing)
    return [int(places[0]), int(places[-1])]


def _list_columns(table: Table) -> dict[int, _CellMarks]:
    """Return how the columns of numbers are written; none where rows are cut otherwise than the table."""
    width = table.width
    rows = [[cell.strip('" ') for cell in table.split(table.lines[row])] for row in table.rows]
    if table.style.delimiter == " " and any(len(row) != width for row in rows):
        return {}
    cells = [[row[i] if i < len(row) else "" for row in rows] for i in range(width)]
    return {i: one for i, column in enumerate(cells) if (one := _examine_column(column)) is not None}


def _examine_column(cells: list[str]) -> _CellMarks | None:
    """Return how the cells of a column are written; None where no number of them has a mark."""
    filled = [cell for cell in cells if cell.lstrip("+-.,")[:1].isdigit()]
    grouped, decimal = set(), set()
    for cell in filled:
        mark = max(".,", key=cell.rfind)
        if mark not in cell:
            continue
        if _OTHER[mark] not in cell and _GROUPED[mark].fullmatch(cell):
            grouped.add(mark)
        elif to_number(cell, Style(" ", mark)) is not None:
            decimal.add(mark)
        else:
            return None  # a date
    if not any(cell.count(mark) > 1 for mark in grouped & decimal for cell in filled):
        grouped -= decimal
    if len(decimal) > 1 or len(grouped) > 1 or not decimal | grouped:
        return None
    bare = any(_WHOLE.fullmatch(cell) and cell.strip("+-0") for cell in filled)
    return _CellMarks(cells, "".join(grouped), "".join(decimal), bare)


def _decide_by_run(file: File, table: Table, index: int, one: _CellMarks) -> str:
    """Return ``thousands`` or ``decimal``, as the numbers of a column run on; empty where nothing tells."""
    if one.grouped and one.decimal == one.grouped:
        raise _make_unclear_error(file, table, one, index)
    if (
        not one.grouped
        or one.decimal
        or not (one.bare or any(cell.count(one.grouped) > 1 for cell in one.cells))
    ):
        return ""
    decimal, thousands = one.values("", one.grouped), one.values(one.grouped, _OTHER[one.grouped])
    ordered = [runs_one_way(one[np.isfinite(one)]) for one in (decimal, thousands)]
    if sum(ordered) == 1 and _find_quantity(table, index) == "frequency":
        return "decimal" if ordered[0] else "thousands"
    gain = _path_length(decimal) - _path_length(thousands)
    if abs(gain) > _CERTAIN:
        return "thousands" if gain > 0 else "decimal"
    if not _is_wanted(table, index):
        return ""
    raise _make_unclear_error(file, table, one, index)


def _find_quantity(table: Table, index: int) -> str:
    return parse_name(table.names[index]).quantity if index < len(table.names) else ""


def _is_wanted(table: Table, index: int) -> bool:
    """Whether a spectrum needs a column, as far as its name tells."""
    return not table.names or _find_quantity(table, index) in WANTED


def _path_length(values: NDArray[np.float64]) -> float:
    """Return how many decades numbers go up and down from one to the next."""
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.abs(np.diff(np.log10(size))).sum())


def _name(table: Table, index: int) -> str:
    return repr(table.names[index]) if index < len(table.names) else f"column {index + 1}"


def _find_example(one: _CellMarks) -> tuple[int, str]:
    """Return the first cell with a mark, and its place."""
    return next((i, cell) for i, cell in enumerate(one.cells) if one.grouped in cell)


def _make_note(table: Table, written: Mapping[int, _CellMarks], parted: Sequence[int], assumed: bool) -> str:
    mark, (_, cell) = written[parted[0]].grouped, _find_example(written[parted[0]])
    names = ", ".join(_name(table, i) for i in parted[:4])
    proof = "only so do the numbers run on" if assumed else f"{_OTHER[mark]!r} is the decimal sign"
    says = f"{mark!r} parts thousands ({cell} is {cell.replace(mark, '')}) in {names}: {proof}"
    return f"{ASSUMED} {says}" if assumed else says


def _note_every_mark(table: Table, written: Mapping[int, _CellMarks], decimals: set[str]) -> list[str]:
    """Say of a table in which each mark has three digits behind it that it is taken for the decimal sign."""
    told = [one for i, one in written.items() if one.grouped and _is_wanted(table, i)]
    if decimals or not told:
        return []
    mark, (_, cell) = told[0].grouped, _find_example(told[0])
    return [
        f"{ASSUMED} {mark!r} is the decimal sign, not a mark between thousands ({cell} is not "
        f"{cell.replace(mark, '')}): each has three digits behind it"
    ]


def _make_unclear_error(file: File, table: Table, one: _CellMarks, index: int) -> ReadError:
    place, cell = _find_example(one)
    whole = cell.replace(one.grouped, "")
    return file.error(
        f"line {table.rows[place] + 1}: {cell!r} may be {whole} or {cell.replace(one.grouped, '.')} "
        f"({_name(table, index)}): take the marks between thousands out"
    )


def _refuse_two_signs(file: File, table: Table, written: Mapping[int, _CellMarks]) -> None:
    """Refuse columns of which some have one decimal sign and some the other, for certain."""
    wanted = [i for i, one in written.items() if one.decimal and _is_wanted(table, i)]
    first = {written[i].decimal: i for i in wanted[::-1]}
    if len(first) > 1:
        own, other = sorted(first.values())
        raise file.error(
            f"{written[own].decimal!r} is the decimal sign in {_name(table, own)}, and "
            f"{written[other].decimal!r} in {_name(table, other)}: write all numbers alike"
        )


def _write_numbers(table: Table, written: Mapping[int, _CellMarks], parted: Sequence[int]) -> None:
    """Write the numbers into the matrix, and the decimal sign into the style."""
    for i, one in written.items():
        decimal = one.decimal or (_OTHER[one.grouped] if i in parted else one.grouped)
        if i in parted or decimal != table.style.decimal:
            table.matrix[:, i] = one.values(one.grouped if i in parted else "", decimal)
    signs = {one.decimal for one in written.values()} - {""}
    table.style = replace(table.style, decimal=max(signs, default="."))

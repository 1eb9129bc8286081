"""Any text table: CSV, TSV, white space or semicolons, with or without header, decided by what it holds."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from eisfit.readers._assemble import (
    Chosen,
    boundaries,
    choose,
    count_note,
    describe_sign,
    impedance,
    settle_sign,
    sweeps_of,
)
from eisfit.readers._columns import Column, column
from eisfit.readers._file import File
from eisfit.readers._metadata import apply_conditions, header_text, key_values
from eisfit.readers._sign import kramers_kronig_sign
from eisfit.readers._sweep import Sweep, plural
from eisfit.readers._table import Table, find_table, number, split

__all__ = ["NAME", "RANK", "SUFFIXES", "parse", "recognise", "table_sweeps"]

NAME = "text table"
SUFFIXES = (".csv", ".txt", ".tsv", ".dat", ".asc")
RANK = 100  # asked last: every text looks like a table to it

_FEWEST_ROWS = 3
_COMPLEX = re.compile(
    r"\(?\s*([+-]?\d[\d.]*(?:[eE][+-]?\d+)?)\s*([+-]\s*\d[\d.]*(?:[eE][+-]?\d+)?)\s*\*?[ij]\s*\)?"
)
_CONDITIONS = ("time", "temperature", "potential", "current", "cycle", "index", "noise")


def recognise(file: File) -> bool:
    """Whether `file` is text at all."""
    return file.encoding is not None


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of a text table.

    Raises
    ------
    ReadError
        When there is no table, or its columns cannot be told for certain.
    """
    lines = [_complex_to_pair(line) for line in file.lines]
    table = find_table(file, lines)
    if table is None:
        raise file.error("no table of numbers in it")
    if table.matrix.shape[0] < _FEWEST_ROWS:
        raise file.error(f"no table of numbers in it (only {plural(table.matrix.shape[0], 'row')})")
    return table_sweeps(file, table, lines)


def table_sweeps(file: File, table: Table, lines: list[str]) -> list[Sweep]:
    """Return the sweeps of `table`, with notes and metadata."""
    sweeps = [
        sweep for columns in _column_sets(file, table) for sweep in _sweeps(file, table, lines, columns)
    ]
    pairs = key_values(table.preamble)
    apply_conditions(sweeps, pairs)
    for sweep in sweeps:
        sweep.metadata = {**pairs, "header": header_text([*table.preamble, *_header_lines(table)])}
        sweep.notes[:0] = [*file.encoding_notes(), *table.style.notes()]
    count_note(sweeps)
    return sweeps


def _sweeps(file: File, table: Table, lines: list[str], columns: dict[int, Column]) -> list[Sweep]:
    chosen = choose(columns, table.matrix)
    if "frequency" not in chosen:
        raise file.error(_no_frequency(table))
    _refuse_words(file, table, lines, columns)
    z = _impedance(file, table, chosen, columns)
    _note_table(table, chosen)
    sweeps = sweeps_of(chosen, z, boundaries(chosen["frequency"], chosen.get("cycle")))
    if table.names:
        settle_sign(file, sweeps, describe_sign(chosen))
    elif settle_sign(file, sweeps, _order_in_words(columns)) == 0 and table.matrix.shape[1] > 4:
        raise file.error(
            f"{table.matrix.shape[1]} columns without header, and the first three are no impedance spectrum "
            "that obeys Kramers-Kronig: add a header line such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm'"
        )
    return sweeps


def _order_in_words(columns: dict[int, Column]) -> str:
    first = columns[min(columns)].quantity
    return "no header: taken as " + ("frequency, Z', Z''" if first == "frequency" else "Z', Z'', frequency")


def _impedance(
    file: File, table: Table, chosen: Chosen, columns: dict[int, Column]
) -> NDArray[np.complex128]:
    """Return Z; a header that a spreadsheet turned into #NAME? is -Im(Z) where the other columns prove it."""
    lost = [i for i, meaning in columns.items() if meaning.quantity == "excel_error"]
    if "imag" in chosen or "real" not in chosen or not lost:
        return impedance(file, chosen)
    if not ("phase" in chosen and "modulus" in chosen):
        raise file.error(
            "the header of a column is #NAME? (a spreadsheet's error) and nothing tells what it holds"
        )
    chosen.columns["imag"] = Column(columns[lost[0]].name, "imag", -1.0)
    chosen.values["imag"] = -table.matrix[:, lost[0]]
    chosen.notes.append("the column headed #NAME? is -Im(Z): it agrees with the modulus and the phase")
    z = impedance(file, chosen)
    if np.nanmedian(np.abs(np.abs(z) / chosen["modulus"] - 1)) > 0.03:
        raise file.error(
            "the header of a column is #NAME? (a spreadsheet's error) and it does not fit the modulus"
        )
    return z


def _column_sets(file: File, table: Table) -> list[dict[int, Column]]:
    """Return the meaning of the columns; several sets where spectra stand side by side."""
    if not table.names:
        return [_without_header(file, table)]
    names = _expand_complex(table)
    columns = {i: _with_unit(name, table.units, i, len(names)) for i, name in enumerate(names)}
    count = {q: sum(c.quantity == q for c in columns.values()) for q in ("frequency", "real", "imag")}
    if len(set(count.values())) == 1 and count["frequency"] > 1:
        return _side_by_side(columns)
    return [columns]


def _side_by_side(columns: dict[int, Column]) -> list[dict[int, Column]]:
    starts = [i for i, meaning in columns.items() if meaning.quantity == "frequency"]
    edges = [*starts[1:], max(columns) + 1]
    return [
        {i: columns[i] for i in range(start, stop)}
        for start, stop in zip([0, *starts[1:]], edges, strict=True)
    ]


def _with_unit(name: str, units: list[str], index: int, width: int) -> Column:
    meaning = column(name)
    if meaning.unit or len(units) != width or not units[index]:
        return meaning
    combined = column(f"{name} [{units[index]}]")
    return combined if combined.quantity else meaning


def _expand_complex(table: Table) -> list[str]:
    """Give a column that held complex text (split into two by now) two names."""
    names, width = table.names, table.matrix.shape[1]
    if len(names) != width - 1:
        return names
    for i, name in enumerate(names):
        meaning = column(name)
        if meaning.quantity == "modulus":
            unit = f" [{meaning.unit}]" if meaning.unit else ""
            return [*names[:i], f"Z_real{unit}", f"Z_imag{unit}", *names[i + 1 :]]
    return names


def _without_header(file: File, table: Table) -> dict[int, Column]:
    matrix = table.matrix
    if matrix.shape[1] > max(12, matrix.shape[0]):
        raise file.error(
            f"a matrix of {matrix.shape[0]} x {matrix.shape[1]} numbers without frequencies: "
            "give the frequencies, read(path, frequency=...)"
        )
    start = 1 if _is_index(matrix[:, 0]) and matrix.shape[1] >= 4 else 0
    if matrix.shape[1] - start < 3:
        raise file.error("a table without header needs three columns: frequency, real part, imaginary part")
    order = _order(matrix[:, start : start + 3])
    if order is None:
        raise file.error(
            "a table without header must start with the frequency, but the numbers of its first column "
            "are none: add a header line such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm'"
        )
    where = {name: start + place for name, place in zip(("frequency", "real", "imag"), order, strict=True)}
    values = matrix[:, [where["real"], where["imag"]]]
    constant = [i for i in (0, 1) if np.nanmax(values[:, i]) == np.nanmin(values[:, i])]
    if constant and matrix.shape[0] > _FEWEST_ROWS:
        raise file.error(
            f"a table without header whose column {start + order[1 + constant[0]] + 1} never changes "
            "cannot be frequency, real part, imaginary part: add a header line"
        )
    return {place: Column(f"column {place + 1}", name) for name, place in where.items()}


def _order(three: NDArray[np.float64]) -> tuple[int, int, int] | None:
    """Return where frequency, real and imaginary part stand: in this order, or with the frequency last.

    The second order (EIS Spectrum Analyser, Ivium) is taken only where Kramers-Kronig proves it.
    """
    usual = (0, 1, 2) if _is_frequency(three[:, 0]) else None
    if not _is_frequency(three[:, 2]):
        return usual
    last = kramers_kronig_sign(three[:, 2], three[:, 0] + 1j * three[:, 1])
    first = kramers_kronig_sign(three[:, 0], three[:, 1] + 1j * three[:, 2]) if usual else None
    if last is None or last.verdict == 0:
        return usual
    if first is None or min(last.as_written, last.turned) < 0.3 * min(first.as_written, first.turned):
        return (2, 0, 1)
    return usual


def _is_index(values: NDArray[np.float64]) -> bool:
    return bool(values.size > 2 and values[0] in (0, 1) and (np.diff(values) == 1).all())


def _is_frequency(values: NDArray[np.float64]) -> bool:
    """Whether numbers look like frequencies: none negative, and monotonic over long stretches."""
    good = values[np.isfinite(values) & (values != 0)]
    if good.size < _FEWEST_ROWS or (good < 0).any() or good.max() < 1.5 * good.min():
        return False
    steps = np.sign(np.diff(good))
    turns = int((np.diff(steps[steps != 0]) != 0).sum())
    return bool(turns <= max(2, 0.2 * good.size) and (steps == 0).sum() < 0.3 * good.size)


def _refuse_words(file: File, table: Table, lines: list[str], columns: dict[int, Column]) -> None:
    """Refuse words, times of day and the like where numbers must stand."""
    needed = [i for i, c in columns.items() if c.quantity and c.quantity not in _CONDITIONS]
    for index in (i for i in needed if i < table.matrix.shape[1] and columns[i].quantity != "excel_error"):
        for row in np.flatnonzero(np.isnan(table.matrix[:, index]))[:1000]:
            text = table.cell(lines, int(row), index)
            if number(text, table.style) is None:
                raise file.error(
                    f"line {table.rows[row] + 1}: {text[:40]!r} is not a number ({columns[index].name!r})"
                )
        if table.rows and np.isnan(table.matrix[:, index]).all():
            raise file.error(f"the column {columns[index].name!r} holds no number")
    for line, text in table.skipped:
        cells = split(text, table.style.delimiter)
        if len(cells) == table.matrix.shape[1] and any(character.isdigit() for character in text):
            raise file.error(f"line {line}: {text.strip()[:60]!r} cannot be read as a row of numbers")


def _note_table(table: Table, chosen: Chosen) -> None:
    if table.skipped:
        chosen.notes.append(f"skipped {plural(len(table.skipped), 'line')} between the rows of numbers")
    if table.mixed:
        chosen.notes.append(
            "the header has not as many names as the rows have columns; names count from the left"
        )
    for quantity in ("frequency", "real", "imag", "modulus"):
        meaning = chosen.columns.get(quantity)
        if meaning is not None and abs(meaning.scale) != 1:
            chosen.notes.append(f"{meaning.name!r} in {meaning.unit or 'rad/s'}")
    ohms = [chosen.columns[name] for name in ("real", "imag", "modulus") if name in chosen.columns]
    if not any(meaning.unit for meaning in ohms):
        chosen.notes.append("no unit given for the impedance: taken as ohm")
    if any("cm" in meaning.unit for meaning in chosen.columns.values()):
        chosen.notes.append("impedance per area, ohm cm2, as written")


def _header_lines(table: Table) -> list[str]:
    delimiter = "\t" if table.style.delimiter == " " else table.style.delimiter
    return [delimiter.join(cells) for cells in (table.names, table.units) if cells]


def _no_frequency(table: Table) -> str:
    names = ", ".join(table.names[:8])
    return f"no column for the frequency (columns: {names}); call it 'frequency_Hz'"


def _complex_to_pair(line: str) -> str:
    if not ("j" in line or "i" in line) or not _COMPLEX.search(line):
        return line
    delimiter = next((mark for mark in "\t;," if mark in line), " ")
    return _COMPLEX.sub(lambda m: f"{m[1]}{delimiter}{m[2].replace(' ', '')}", line)

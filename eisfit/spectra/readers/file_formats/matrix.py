"""Text tables that lie on their side: a quantity a row, with or without its name; or impedances alone."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.file_formats._shaped_arrays import read_at_frequency
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.swept_names import rename_swept
from eisfit.spectra.readers.names.units import is_unit
from eisfit.spectra.readers.sweep import Sweep, drop_notes
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.readers.tables.headerless import read_headerless
from eisfit.spectra.readers.tables.numbers import PARTED_BY
from eisfit.spectra.readers.tables.plain_signs import NUMPY_SCALAR
from eisfit.spectra.readers.tables.sweeps import has_triplets, looks_like_frequency
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.readers.tables.wide import unpivot_spectra

NAME = "text matrix"
SUFFIXES = ()
RANK = 90

_FEWEST_COLUMNS = 13
_MOST_ROWS = 10_000
_MOST_NAMED = 40
_MULTIPLIED = regex(r"\s*\)?\s*\.?[*/]\s*[\d.]")
#: A name that is no number, then at least five numbers; a comma within them where it parts none.
_NAMED = regex(
    r"^\s*(?![-+]?\.?\d)[^,;\t]+([,;\t])(?:[^\d,;\t]{1,9}\1)?(?:\s*[-+]?\.?\d(?:[\d.eE+-]|(?!\1),)*\s*(?:\1|$)){5}"
)
_ASSIGNS = regex(r"[:=]\s*(?:[\w.]+\()?\[|(?:<-|=)\s*c\(")
#: ``f = [1 2 3]``, ``Z_re: [1, 2]``, ``Z = np.array([1, 2])``, ``"f": [1, 2]``, ``f <- c(1, 2)``.
_ASSIGNED = regex(
    r"""(?:^|[{,\n])[ \t]*["']?([^\W\d][^\n=:;,\[\]{}"]{0,40}?)["']?[ \t]{0,9}"""
    r"""(?:[:=]|<-)\s*(?:(?:[\w.]+\()?\[([^\[\]]{9,})\]|c\(([^()]{9,})\))"""
)


def recognise(file: File) -> bool:
    """Whether rows begin with names of quantities, or there is no header and more columns than rows."""
    if file.encoding is None or len(file.lines) > _MOST_ROWS or re.match(r"\s*\[\s*\[", file.head):
        return False
    if _find_named_rows(file) or unpivot_spectra(file.lines):
        return True
    first = next((line for line in file.lines if line.strip()), "")
    if len(re.split(r"[\s,;]+", first.strip())) < _FEWEST_COLUMNS or any(
        character.isalpha() for character in first.lower().replace("e", "")
    ):
        return False
    table = find_table(file)
    if table is None or table.names or has_triplets(table.matrix):
        return False
    return bool(table.width > table.matrix.shape[0])


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of rows that are named, or of three rows that Kramers-Kronig proves.

    Raises
    ------
    ReadError
        Where nothing proves the first row to be frequencies: it says what to give.
    """
    cells = _find_named_rows(file)
    if cells:
        lines = ["\t".join(row[i].strip() for row in cells) for i in range(len(cells[0]))]
        others = (line for line in file.lines if "[" in line or not _NAMED.match(line))
        words = [line.rpartition("]")[2] if "[" in line else line for line in others]  # f = [...]; % kHz
        sweeps = text.parse(file.with_lines(lines).with_words(words))
        return _note_layout(sweeps, "the rows are the quantities")
    if points := unpivot_spectra(file.lines):
        return _note_layout(text.read_lines(file, points), "each row is a spectrum")
    table = find_table(file)
    if table is not None and table.matrix.shape[0] == 3 and looks_like_frequency(table.matrix[0]):
        on_its_side = Table(table.style, [], [], np.ascontiguousarray(table.matrix.T))
        if read_headerless(file, on_its_side.matrix).proven:
            return _begin_notes(text.read_table(file, on_its_side), "the rows are the quantities")
    shape = "" if table is None else f" of {table.matrix.shape[0]} x {table.width} numbers"
    raise file.error(f"a matrix{shape} without frequencies: give them, read(path, frequency=...)")


def parse_matrix(file: File, frequency: NDArray[np.float64]) -> list[Sweep]:
    """Return one sweep a row at the frequencies given by the user.

    Raises
    ------
    ReadError
        When the rows are not twice as long as there are frequencies.
    """
    table = find_table(file)
    if table is None:
        raise file.error("no table of numbers in it")
    return read_at_frequency(file, table.matrix, frequency)


def _find_named_rows(file: File) -> list[list[str]]:
    """Return a quantity's name and its numbers, row by row; none where no frequency is among them.

    Raises
    ------
    ReadError
        When there are not as many numbers of an impedance as frequencies.
    """
    filled = [line for line in file.lines if line.strip()]
    if ("[" in file.text or "c(" in file.text) and _ASSIGNS.search(file.text):
        rows = _find_assigned_rows(file)
    elif 3 <= len(filled) <= _MOST_NAMED:
        named_rows = ((line, match[1]) for line in filled if (match := _NAMED.match(line)))
        rows = [line.rstrip(f"{mark} ").split(mark) for line, mark in named_rows]
    else:
        return []
    rows = [[f"{row[0]} [{row[1]}]", *row[2:]] if is_unit(row[1].strip()) else row for row in rows]
    names = rename_swept([row[0].strip().strip('"') for row in rows])
    rows = [[name, *row[1:]] for name, row in zip(names, rows, strict=True)]
    named = [parse_name(name).quantity for name in names]
    if "frequency" not in named or len(set(named) - {""}) < 2:
        return []
    size = len(rows[named.index("frequency")])
    for row, quantity in zip(rows, named, strict=True):
        if quantity in WANTED and len(row) != size:
            raise file.error(f"{row[0].strip()!r} has {len(row) - 1} numbers for {size - 1} frequencies")
    return [row for row in rows if len(row) == size]


def _find_assigned_rows(file: File) -> list[list[str]]:
    """Return the names and numbers of arrays as programs write them: ``f = [1, 2, 3];``, over lines too."""
    rows = []
    for match in list(_ASSIGNED.finditer(file.text))[:_MOST_NAMED]:
        if parse_name(match[1].strip()).quantity and _MULTIPLIED.match(file.text, match.end()):
            raise file.error(f"{match[1].strip()!r} is multiplied behind its numbers: write the product")
        body = NUMPY_SCALAR.sub(r"\1", (match[2] or match[3]).replace("...", " ")).strip(" ,;\n")
        mark = r"\s*[,;]\s*" if re.search("[,;]", body) else r"(?<![+-])\s+(?![+-]\s)"  # 1 - 2i holds gaps
        rows.append([match[1].strip(), *re.split(mark, body)])
    return rows


def _note_layout(sweeps: list[Sweep], note: str) -> list[Sweep]:
    """Say first how the numbers lie, in place of what parts the columns that they were turned into."""
    drop_notes(sweeps, PARTED_BY)
    return _begin_notes(sweeps, note)


def _begin_notes(sweeps: list[Sweep], note: str) -> list[Sweep]:
    for sweep in sweeps:
        sweep.notes.insert(0, note)
    return sweeps

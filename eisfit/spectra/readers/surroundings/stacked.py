"""Tables below each other, each with its header: read one by one, and named by the line above each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.labels.constants import name_by_titles
from eisfit.spectra.readers.names.columns import column
from eisfit.spectra.readers.names.not_measured_words import WHAT, is_sure, kind_of
from eisfit.spectra.readers.surroundings.refusals import BESIDE_IMPEDANCE
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.readers.tables.numbers import row_of_numbers
from eisfit.spectra.readers.tables.sweeps import is_sweep
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

#: What reads the lines of any table.
Reader = Callable[[File, Sequence[str]], list[Sweep]]
#: Where each of several tables begins, and the line after its end.
Parts = Sequence[tuple[int, int]]

_GLUED = regex(
    r"\s*(?:[+-]?\.?\d[-+.\deE]*\s*[,;\t]\s*)+[-+.\deE]*\d[A-Za-z][^,;\t]*(?:[,;\t]\s*-?[A-Za-z][^,;\t]*){2,}$"
)  # the last line of a file without an end, and the header of the next
_VALUE, _PARTED = regex(r"[\t;,]\s*\d"), regex(r"[\t;,|]")
_FEWEST_COLUMNS, _FEWEST_POINTS = 3, 5
_LOOKED_AT = 8  # rows
_NEAR = 3  # lines above a header that may name its table
_MOST_ABOVE = 6  # lines


def read_stacked(file: File, plain: Sequence[str], parts: Parts, read_lines: Reader) -> list[Sweep]:
    """Return the sweeps of tables below each other, each with its header; lines keep their numbers."""
    blocks: list[list[Sweep]] = []
    titles = {part: _title(plain, *part) for part in parts}
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
            if table is None or (table.names and not _is_of_something_else(table)):
                raise
            read.remove((start, stop))  # or numbers without a header above a table that has one
            of_else = error
    if of_else is not None and not blocks:
        raise of_else
    name_by_titles(blocks, [_lines_above(file, plain, *part) for part in read])
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
    return not _VALUE.search(line) and kind_of(line) == "model" and is_sure(line)


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


def _line_above(lines: Sequence[str], line: int) -> str:
    return next((text for text in lines[:line][::-1][:_NEAR] if text.strip()), "")


def _title(lines: Sequence[str], start: int, stop: int) -> str:
    """Return the line above a table; of a file's first one, the first line, where it is no row of names."""
    first = next(filter(str.strip, lines[start:stop]), "") if not start else ""
    return _line_above(lines, start) if start else "" if _PARTED.search(first) else first


def _lines_above(file: File, lines: Sequence[str], start: int, stop: int) -> Sequence[str]:
    """Return the lines above a table's header, up to the rows of the table before it."""
    table = find_table(file, lines[start:stop])
    if table is None:
        return []
    above = [*lines[max(0, start - _MOST_ABOVE) : start], *table.preamble]
    rows = [i for i, line in enumerate(above) if row_of_numbers(line, table.style)]
    return above[rows[-1] + 1 :] if rows else above


def _is_of_something_else(table: Table) -> bool:
    """Whether the names of a table name no part of an impedance or an admittance, such as a calibration's."""
    named = {column(name).quantity for name in table.names} - {"", "index", *BESIDE_IMPEDANCE}
    return named <= {"frequency", "phase"}

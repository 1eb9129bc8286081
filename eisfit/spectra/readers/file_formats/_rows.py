"""Tables with named columns and a known layout: only the columns that matter are turned into numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from eisfit.records import dataclass
from eisfit.spectra.readers.conversion.assemble import find_sweep_starts, make_sweeps, note_area
from eisfit.spectra.readers.conversion.chosen import Chosen, pick_columns
from eisfit.spectra.readers.conversion.imag_sign import FROM_PHASE, settle_sign
from eisfit.spectra.readers.conversion.impedance import compute_impedance
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.labels.key_values import apply_conditions, join_header, read_pairs
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.surroundings.ends import CUT, has_lost_exponent
from eisfit.spectra.readers.sweep import Sweep, plural, refuse_many
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.readers.tables.numbers import Style, split, to_number


@dataclass(frozen=False)
class Block:
    """Rows of a named table.

    Parameters
    ----------
    columns
        Meaning of the columns, by position.
    matrix
        (rows, columns); NaN where the column does not matter.
    skipped
        Number of lines that are no row of numbers.
    cut
        Whether the last line was cut off in the file.
    decimal
        The decimal sign.
    """

    columns: dict[int, Column]
    matrix: NDArray[np.float64]
    skipped: int
    cut: bool
    decimal: str


def find_decimal_sign(lines: Sequence[str]) -> str:
    """Return the decimal sign of rows parted by tabs or spaces: a comma where commas prevail."""
    text = "\n".join(lines[:50])
    if "," not in text:
        return "."
    points, commas = (len(re.findall(rf"\d{mark}\d", text)) for mark in (r"\.", ","))
    return "," if commas > 2 * points else "."


def read_rows(
    file: File,
    lines: Sequence[str],
    first: int,
    names: Sequence[str],
    *,
    delimiter: str = "\t",
    stop: Callable[[str], bool] | None = None,
) -> Block:
    """Read the rows from line `first` on; `stop` tells the line that ends the table.

    Raises
    ------
    ReadError
        When there are more than `MAX_ROWS` rows, or all rows have more cells than there are names.
    """
    columns = {i: meaning for i, name in enumerate(names) if (meaning := parse_name(name)).quantity}
    needed = [i for i, c in columns.items() if c.quantity in WANTED]
    last = _find_last(lines, first, stop)
    style = Style(delimiter, "." if delimiter == "," else find_decimal_sign(lines[first:last]))
    cut = last == len(lines) and bool(lines[-1].strip())
    file.limit(rows=last - first, cells=(last - first) * len(names))
    matrix, skipped = np.full((max(last - first, 0), len(names)), np.nan), 0
    used = whole = 0
    sizes: list[int] = []
    below_another = False  # the header of a narrower table below it
    for index in range(first, last):
        cells = split(lines[index], delimiter)
        sizes.append(0)
        values = _parse_cells(cells, columns, style, style.decimal == "." and "_" not in lines[index])
        below_another = len(cells) < whole and (below_another or _are_words(cells, style))
        if below_another:
            skipped += bool(cells)
            continue
        incomplete = cut and index == last - 1 and _is_incomplete(cells, lines[first:index], delimiter)
        if not cells or incomplete or all(np.isnan(values.get(i, np.nan)) for i in needed):
            skipped += bool(cells) and not incomplete
            cut = cut and not (index == last - 1 and not incomplete)
            continue
        for i, value in values.items():
            matrix[used, i] = value
        used += 1
        sizes[-1] = len(cells)
        whole = whole or len(cells)
        cut = cut and index != last - 1
    _refuse_moved_cells(file, lines[first:last], sizes, first, style)
    _refuse_lost_names(file, names, sizes)
    return Block(columns, matrix[:used], skipped, cut, style.decimal)


def _refuse_lost_names(file: File, names: Sequence[str], sizes: Sequence[int]) -> None:
    """Refuse rows that all have more cells than there are names: a name is lost, and others moved."""
    fewest = min(filter(None, sizes), default=0)
    if fewest > len(names):
        raise file.error(
            f"{fewest} cells in each row under {len(names)} names of columns, and nothing tells which name "
            "is missing: mend the header"
        )


def _refuse_moved_cells(
    file: File, rows: Sequence[str], sizes: Sequence[int], first: int, style: Style
) -> None:
    """Refuse a row of fewer cells, or more numbers, than those beside it, where they have as many."""
    for place in range(1, len(sizes) - 1):
        size, beside = sizes[place], sizes[place - 1]
        if size == beside or min(size, beside) < 3 or beside != sizes[place + 1]:
            continue
        last = to_number(split(rows[place], style.delimiter)[-1], style)
        if size < beside or (last is not None and np.isfinite(last)):  # a word behind a row moves nothing
            told, which = ("fewer cells", "is missing") if size < beside else ("more numbers", "is none")
            raise file.error(
                f"line {first + place + 1}: {told} than the lines beside it, and nothing tells which "
                f"{which}: {quote(rows[place])}; delete the line"
            )


def read_named_sweeps(
    file: File, block: Block, header: Sequence[str], parts: list[int] | None = None
) -> tuple[list[Sweep], Chosen]:
    """Turn a block into sweeps with notes and metadata; `parts` are further rows where a sweep begins."""
    chosen = pick_columns(block.columns, block.matrix)
    if "frequency" not in chosen:
        raise file.error("no frequency column: it holds no impedance")
    z = compute_impedance(file, chosen)
    cuts = sorted({*find_sweep_starts(chosen, z), *(parts or [])})
    refuse_many(file, len(cuts))
    chosen.notes[:0] = [*file.encoding_notes(), *(["decimal comma"] if block.decimal == "," else [])]
    if block.skipped:
        chosen.notes.append(f"skipped {plural(block.skipped, 'line')} that are no row of numbers")
    chosen.notes += note_area(chosen)
    sweeps = make_sweeps(chosen, z, cuts)
    if any(note.startswith(FROM_PHASE) for note in chosen.notes):
        settle_sign(file, sweeps, "as the phase says")
    if block.cut:
        sweeps[-1].notes.append(CUT)
    pairs = read_pairs(header)
    apply_conditions(sweeps, pairs)
    for sweep in sweeps:
        sweep.metadata = {**pairs, "header": join_header(header)}
    return sweeps, chosen


def number_loops(sweeps: Sequence[Sweep], loops: Sequence[int]) -> None:
    """Take the loops' numbers as cycles where the file tells none that part the sweeps."""
    if len(sweeps) > 1 and len(loops) == len(sweeps) and len({sweep.cycle for sweep in sweeps}) == 1:
        for sweep, loop in zip(sweeps, loops, strict=True):
            sweep.cycle = float(loop)
            sweep.notes.append("cycle is the loop's number")


def _are_words(cells: Sequence[str], style: Style) -> bool:
    """Whether several cells are words, and none a number or a gap."""
    return len(cells) > 1 and all(cell and to_number(cell, style) is None for cell in cells)


def _is_incomplete(cells: Sequence[str], above: Sequence[str], delimiter: str) -> bool:
    """Whether the last line lacks cells, or its last number lacks digits that the row above has."""
    before = split(next(filter(str.strip, reversed(above)), ""), delimiter)
    if not (cells and before) or len(cells) < len(before):
        return len(cells) < len(before)
    return len(cells[-1]) < len(before[-1]) - 1 or has_lost_exponent(cells[-1], before[-1:])


def _parse_cells(
    cells: Sequence[str], columns: dict[int, Column], style: Style, plain: bool
) -> dict[int, float]:
    """Return the numbers of the columns that matter; `plain`: Python may read them as they stand."""
    held = {i: cells[i] for i in columns if i < len(cells)}
    if plain:
        with suppress(ValueError):
            return {i: float(cell) for i, cell in held.items()}
    found = {i: to_number(cell, style) for i, cell in held.items()}
    return {i: float("nan") if value is None else value for i, value in found.items()}


def _find_last(lines: Sequence[str], first: int, stop: Callable[[str], bool] | None) -> int:
    if stop is None:
        return len(lines)
    return next((i for i in range(first, len(lines)) if stop(lines[i])), len(lines))

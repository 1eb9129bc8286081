"""Tables of a spectrum a row whose cells are lists: ``1,"[1000.0, 100.0]","[5.1, 6.2]","[-1.0, -0.5]"``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import MAX_ROWS, File

_LIST = regex(r"\s*(?:np\.)?(?:array)?\(?\s*\[([^\[\]]*)\]\s*(?:,\s*dtype=\w+)?\s*\)?\s*")
_MARK = regex(r"[,;\s]+")
_DELIMITERS = (",", ";", "\t")
_FEWEST = 3  # lists in a row: a frequency and two parts


def unpack_lists(file: File) -> list[str]:
    """Return the lines of the same table with a row for each number of the lists; [] without lists.

    Raises
    ------
    ReadError
        When the lists of a row are not of one length.
    """
    head, _, rest = file.text.partition("\n")
    if rest.count("[") < _FEWEST or "..." in rest:
        return []
    mark = max(_DELIMITERS, key=head.count)
    try:
        names, *rows = csv.reader(io.StringIO(file.text), delimiter=mark)
    except csv.Error:
        return []
    held = [[_split_list(cell) for cell in row] for row in rows if len(row) == len(names)]
    sizes = [{len(cell) for cell in row if isinstance(cell, list)} for row in held]
    counts = [sum(isinstance(cell, list) for cell in row) for row in held]
    if min(counts, default=0) < _FEWEST:
        return []
    for number, lengths in enumerate(sizes, 1):
        if len(lengths) != 1:
            raise file.error(f"row {number}: its lists are not of one length")
    return ["\t".join(names), *("\t".join(row) for cells in held for row in _iterate_rows(cells))]


def _split_list(cell: str) -> list[str] | str:
    found = _LIST.fullmatch(cell)
    return [number for number in _MARK.split(found[1]) if number] if found else " ".join(cell.split())


def _iterate_rows(cells: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Return a row for each place of the lists, with the other cells in every one."""
    size = next(len(cell) for cell in cells if isinstance(cell, list))
    columns = (cell if isinstance(cell, list) else [cell] * size for cell in cells)
    return zip(*columns, strict=True)


def explode_lists(file: File, columns: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """Return columns of which some hold lists with a row for each of their elements.

    Raises
    ------
    ReadError
        When the lists of a row are not of one length, or too long.
    """
    if not any(isinstance(value, list) for values in columns.values() for value in values):
        return columns
    rows: list[tuple[Any, ...]] = []
    for number, cells in enumerate(zip(*columns.values(), strict=True), 1):
        sizes = {len(cell) for cell in cells if isinstance(cell, list)}
        if len(sizes) != 1 or len(rows) + max(sizes) > MAX_ROWS:
            raise file.error(
                f"row {number}: its lists are not of one length, or longer than {MAX_ROWS} in all"
            )
        rows += _iterate_rows(cells)
    return dict(zip(columns, map(list, zip(*rows, strict=True)), strict=False))

"""A table that a program printed in pages, each with the header again: the header is left out but once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile
from math import log

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.tables.numbers import split

#: Where cells name a frequency: line, column, and what parts the cells of the line.
Named = Sequence[tuple[int, int, str]]

_NUMBER_OF_PAGE = regex(
    r"[\W\d_]*(?:(?:[Pp]age|[Ss]eite|[Pp][aá]gina|[Bb]latt)?[\W\d_]*(?:of|von|de)?)[\W\d_]*"
)
_NEAR = 12  # lines
_WIDER = 2.5  # than the steps of log f beside it


def join_pages(lines: Sequence[str], named: Named) -> list[str]:
    """Return the lines without headers that come again where the frequency goes on; none where none does.

    >>> join_pages(["f,Z", "3,1", "2,1", "Page 2", "f,Z", "1,1"], [(0, 0, ","), (4, 0, ",")])
    ['f,Z', '3,1', '2,1', ',', ',', '1,1']
    """
    first: dict[tuple[int, str], int] = {}
    joined = list(lines)
    for line, place, mark in named:
        cells = _split(lines[line], mark)
        head = first.setdefault((place, cells[place]), line)
        block = _find_block(cells, place)
        alike = cells[block] == _split(lines[head], mark)[block] and line > head
        if not alike or sum(bool(parse_name(cell).quantity) for cell in cells[block]) < 2:
            continue
        above = _find_last_row(lines, line, place, block, mark)
        if above is None:
            continue
        units = _split(lines[line + 1], mark)[block] == _split(lines[head + 1], mark)[block]
        for row in range(above + 1, line + 1 + units):
            joined[row] = _blank_cells(joined[row], block, mark, lines[line].count(mark))
    return joined if joined != list(lines) else []


def _split(line: str, mark: str) -> list[str]:
    return [cell.strip('"') for cell in split(line, mark)]


def _find_block(cells: Sequence[str], place: int) -> slice:
    """Return the columns of a header around its frequency, up to a gap or another frequency."""
    before = list(takewhile(bool, reversed(cells[:place])))
    behind = takewhile(lambda cell: cell and parse_name(cell).quantity != "frequency", cells[place + 1 :])
    return slice(place - len(before), place + 1 + len(list(behind)))


def _find_last_row(lines: Sequence[str], line: int, place: int, block: slice, mark: str) -> int | None:
    """Return the last row above a header if the column goes on below it, and only pages stand between."""
    above: list[tuple[int, float]] = []
    for row in range(line - 1, max(-1, line - _NEAR), -1):
        cells = _split(lines[row], mark)
        value = _parse_value(cells[place]) if place < len(cells) else None
        if value is not None:
            above.append((row, value))
        elif above or not _NUMBER_OF_PAGE.fullmatch(" ".join(cells[block])):
            break
        if len(above) > 1:
            break
    cells_below = (_split(text, mark) for text in lines[line + 1 : line + _NEAR])
    below = [_parse_value(cells[place]) for cells in cells_below if place < len(cells)]
    after = [value for value in below if value is not None][:2]
    if len(above) < 2 or not after:
        return None
    (row, last), (_, last_but_one) = above
    return row if _is_continued([last_but_one, last, *after]) else None


def _is_continued(values: Sequence[float]) -> bool:
    """Whether numbers above zero run one way, the step in question as wide as its neighbours about."""
    if min(values) <= 0:
        return False
    steps = [log(one / other) for one, other in pairwise(values)]
    before, here, *later = steps if steps[0] > 0 else [-step for step in steps]
    return before > 0 and min(here, *later, 1) > 0 and here < _WIDER * max(before, *later, 0)


def _blank_cells(text: str, block: slice, mark: str, count: int) -> str:
    """Return a line without the cells of a block, with so many marks."""
    cells = _split(text, mark)
    cells[block] = [""] * len(cells[block])
    return mark.join([*cells, *[""] * (count + 1 - len(cells))])


def _parse_value(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None

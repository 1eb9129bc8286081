"""Plain text tables that fit a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from eisfit.display.report.words import shorten

_GAP = "  "
_MIN_NAME = 16  # letters of a name that has to make room: with less, it is no name any more


def tabulate(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    right: Sequence[int] = (),
    flexible: int | None = None,
) -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    head, rows
        Titles and cells.
    width
        Columns of the terminal.
    right
        Places of the columns set flush right.
    flexible
        The column that is shortened where the table is too wide, and left out where little remains of it.
    """
    keep = [place for place, title in enumerate(head) if title or any(row[place] for row in rows)]
    cells = [[row[place] for place in keep] for row in (head, *rows)]
    sizes = [max(len(row[place]) for row in cells) for place in range(len(keep))]
    excess = sum(sizes) + len(_GAP) * (len(sizes) - 1) - width
    if flexible in keep and excess > 0:
        place = keep.index(flexible)
        if sizes[place] - excess < max(6, len(head[flexible])):
            fewer = [[cell for at, cell in enumerate(row) if at != flexible] for row in (head, *rows)]
            moved = [at - (at > flexible) for at in right if at != flexible]
            return tabulate(fewer[0], fewer[1:], width=width, right=moved)
        sizes[place] -= excess
        cells = [
            [_cut(cell, sizes[at]) if at == place else cell for at, cell in enumerate(row)] for row in cells
        ]
    elif excess > 0:
        sizes[0] = max(_MIN_NAME, sizes[0] - excess)
        if sum(sizes) + len(_GAP) * (len(sizes) - 1) > width or not _are_distinct(cells, sizes[0]):
            return list_records(cells[0], cells[1:], width=width)
    flush = {keep.index(place) for place in right if place in keep}
    lines = [_format_line(row, sizes, flush) for row in cells]
    return [lines[0], _GAP.join("-" * size for size in sizes), *lines[1:]]


def list_records(head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> list[str]:
    """Return what no table can hold at this width: each row's name, and below it a line for every cell."""
    size = max(len(title) for title in head[1:])
    lines: list[str] = []
    for row in rows:
        lines += wrap(row[0], width=width)
        for title, cell in zip(head[1:], row[1:], strict=True):
            lines += _format_record(title, cell, size, width) if cell else []
    return lines


def _format_record(title: str, cell: str, size: int, width: int) -> list[str]:
    """Return a title and its cell on one line where there is room; a number is never broken."""
    for side in (f"  {title.ljust(size)}{_GAP}{cell}", f"  {title}: {cell}"):
        if len(side) <= width:
            return [side]
    return [f"  {title}", *wrap(cell, width=width, indent="    ")]


def _are_distinct(rows: Sequence[Sequence[str]], size: int) -> bool:
    """Return whether the names of rows can be told apart when they are shortened."""
    return len({shorten(row[0], size) for row in rows}) == len({row[0] for row in rows})


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3].rstrip()}..."


def _format_line(row: Sequence[str], sizes: Sequence[int], flush: set[int]) -> str:
    fitted = [shorten(cell, size) for cell, size in zip(row, sizes, strict=True)]
    return _GAP.join(
        cell.rjust(size) if place in flush else cell.ljust(size)
        for place, (cell, size) in enumerate(zip(fitted, sizes, strict=True))
    ).rstrip()


def list_blocks(head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int, fixed: int) -> list[str]:
    """Return a table too wide for the terminal in pieces, each with the first `fixed` columns."""
    sizes = [max(len(row[place]) for row in (head, *rows)) + len(_GAP) for place in range(len(head))]
    excess = sum(sizes[:fixed]) + max(sizes[fixed:], default=0) - len(_GAP) - width
    if excess > 0:  # the same short name in every piece
        short = max(_MIN_NAME + len(_GAP), sizes[0] - excess)
        if sizes[0] - excess < short or not _are_distinct(rows, short - len(_GAP)):
            return list_records(head, rows, width=width)
        sizes[0] = short
        rows = [[shorten(row[0], sizes[0] - len(_GAP)), *row[1:]] for row in rows]
    groups: list[list[int]] = [[]]
    room = width + len(_GAP) - sum(sizes[:fixed])
    left = room
    for place in range(fixed, len(head)):
        if sizes[place] > left and groups[-1]:
            groups.append([])
            left = room
        groups[-1].append(place)
        left -= sizes[place]
    lines: list[str] = []
    for group in groups:
        chosen = [[row[place] for place in (*range(fixed), *group)] for row in (head, *rows)]
        lines += ["", *tabulate(chosen[0], chosen[1:], width=width)]
    return lines[1:]


def wrap_all(texts: Iterable[str], *, width: int, indent: str = "") -> list[str]:
    """Return the lines of all texts, each of which begins a line."""
    return [line for text in texts for line in wrap(text, width=width, indent=indent)]


def wrap(text: str, *, width: int, indent: str = "") -> list[str]:
    """Return the text in lines; every line after the first is indented two columns more."""
    return textwrap.wrap(
        text, max(width, 20), initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )

"""Tables of the parts of an impedance below each other: Z' over the frequency, then Z''; |Z|, then phase."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.words import PAIRED, PARTS
from eisfit.spectra.readers.tables.numbers import Style, split, to_number

_FEWEST_ROWS = 3
_NEAR = 5  # lines above the numbers that may name them
_VERSUS = regex(r"\s+(?:vs\.?|versus|over|against|gegen|über)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class _Block:
    """Numbers without anything between them, as text, and the lines that stand above."""

    rows: list[list[str]]
    above: list[str]

    @property
    def frequencies(self) -> list[str]:
        """The first column."""
        return [row[0] for row in self.rows]


def join_parts(lines: Sequence[str], style: Style) -> list[str]:
    r"""Return a table with both parts of each spectrum in a row; none where the lines hold no such tables.

    >>> rows = ["1000,2", "100,3", "10,4"]
    >>> join_parts(["f/Hz,Z'/ohm", *rows, "f/Hz,Z''/ohm", *rows], Style(",", "."))[:2]
    ["spectrum\tf/Hz\tZ'/ohm\tZ''/ohm", '\t1000\t2\t2']
    """
    blocks = list(_iterate_blocks(lines, style))
    if len(blocks) < 2 or len(blocks) % 2 or len({len(block.rows[0]) for block in blocks}) > 1:
        return []
    table: list[str] = []
    for first, second in zip(blocks[::2], blocks[1::2], strict=True):
        names = [_find_names(block, style) for block in (first, second)]
        if not all(names) or first.frequencies != second.frequencies:
            return []
        for place, pair in enumerate(zip(*(name[1:] for name in names), strict=True), 1):
            (of_first, label), (of_second, other) = pair
            head = "\t".join(["spectrum", names[0][0][0], of_first, of_second])
            found = {parse_name(of_first).quantity, parse_name(of_second).quantity}
            if found not in map(set, PAIRED) or label != other or table[:1] not in ([], [head]):
                return []
            table += [] if table else [head]
            table += [
                "\t".join([label, *row[:1], row[place], below[place]])
                for row, below in zip(first.rows, second.rows, strict=True)
            ]
    return table


def _iterate_blocks(lines: Sequence[str], style: Style) -> Iterator[_Block]:
    rows: list[list[str]] = []
    above: list[str] = []
    for line in [*lines, ""]:
        cells = split(line, style.delimiter)
        same = not rows or len(cells) == len(rows[0])
        if len(cells) > 1 and same and all(to_number(cell, style) is not None for cell in cells):
            rows.append(cells)
            continue
        if len(rows) >= _FEWEST_ROWS:
            yield _Block(rows, above)
        if rows:
            rows, above = [], []
        above += [line] if line.strip() else []


def _find_names(block: _Block, style: Style) -> list[tuple[str, str]]:
    """Return the name of each column and whose it is, of the frequency first; none where nothing tells."""
    near = [line.strip().strip('#%"' + style.delimiter).strip() for line in block.above[-_NEAR:]][::-1]
    width = len(block.rows[0])
    heads = [cells for line in near if len(cells := split(line, style.delimiter)) == width]
    head = next((cells for cells in heads if parse_name(cells[0]).quantity == "frequency"), [])
    titles = [one.strip(" :") for line in near for one in _VERSUS.split(line)]
    over = head[0] if head else next((t for t in titles if parse_name(t).quantity == "frequency"), "")
    part = next((title for title in titles if parse_name(title).quantity in PARTS), "")
    own = [name if parse_name(name).quantity in PARTS else "" for name in head[1:]] or [""] * (width - 1)
    if not over or (not all(own or [part]) and not part):
        return []
    labels = head[1:] if head and width > 2 else [""] * (width - 1)
    return [
        (over, ""),
        *((name or part, "" if name else label) for name, label in zip(own, labels, strict=True)),
    ]

"""Tables of one value a row, whose name stands in a column: ``frequency,quantity,value``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from eisfit.spectra.readers.names.columns import attach_unit, parse_name
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.readers.tables.table import Table

_MOST_NAMES = 8
_MARK = "\t"


def pivot_names(table: Table) -> list[str]:
    """Return the lines of the same table with a column for each name; none where no column holds names.

    The last column that nothing names holds the values; the other columns tell which rows are of one point.
    """
    named = [parse_name(name).quantity for name in table.names]
    if "frequency" not in named or set(named) & {"real", "imag", "phase"}:
        return []
    width = table.width
    cells = [[*table.split(table.lines[row]), *[""] * width][:width] for row in table.rows]
    place = next((i for i in range(width) if _holds_names(table, cells, i)), None)
    values = [i for i in range(width) if named[i : i + 1] in ([""], ["modulus"]) and i != place]
    if place is None or not values or not np.isfinite(table.matrix[:, values[-1]]).any():
        return []
    value = values[-1]
    keys = [i for i in range(width) if i not in (place, value)]
    names = list(dict.fromkeys(row[place] for row in cells))
    points = _list_points(cells, keys, place, value)
    unit = parse_name(table.names[value]).unit
    head = [*(table.names[i] for i in keys), *(attach_unit(name, unit) for name in names)]
    decimal = str.maketrans(",", ".") if table.style.decimal == "," else {}
    rows = [[*key, *(held.get(name, "") for name in names)] for key, held in points]
    return [
        *table.preamble,
        _MARK.join(head),
        *(_MARK.join(cell.strip('"').translate(decimal) for cell in row) for row in rows),
    ]


def _holds_names(table: Table, cells: Sequence[Sequence[str]], index: int) -> bool:
    """Whether a column holds a few words, two of them parts of an impedance."""
    if not np.isnan(table.matrix[:, index]).all():
        return False
    words = {row[index] for row in cells}
    return len(words) <= _MOST_NAMES and len({parse_name(word).quantity for word in words} & WANTED) >= 2


def _list_points(
    cells: Sequence[Sequence[str]], keys: Sequence[int], place: int, value: int
) -> list[tuple[list[str], dict[str, str]]]:
    """Return (the other cells, value by name) of every point; a name that comes again begins another."""
    points: dict[tuple[tuple[str, ...], int], dict[str, str]] = {}
    counts: Counter[tuple[tuple[str, ...], str]] = Counter()
    for row in cells:
        key, name = tuple(row[i] for i in keys), row[place]
        points.setdefault((key, counts[key, name]), {})[name] = row[value]
        counts[key, name] += 1
    return [(list(key), held) for (key, _), held in points.items()]

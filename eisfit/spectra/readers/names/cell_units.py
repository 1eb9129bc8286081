"""Units that stand in each cell of a column, converted to one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eisfit.spectra.readers.names.units import AMBIGUOUS, AMBIGUOUS_FREQUENCY, parse_unit

#: M in capitals throughout is milli to some.
_AMBIGUOUS_FREQUENCIES = {AMBIGUOUS_FREQUENCY, AMBIGUOUS_FREQUENCY.upper()}
_BASE = {"frequency": "Hz", "ohm": "ohm", "angle": "deg", "siemens": "S", "farad": "F", "henry": "H"}


def convert_to_one_unit(cells: Sequence[tuple[str, str, str]]) -> tuple[str, list[str]] | None:
    """Return the unit in brackets and the numbers in it; None where units of two kinds, or doubtful, mix."""
    written = {unit for *_, unit in cells}
    if len(written) == 1:
        (unit,) = written
        return f" [{unit}]" if unit else "", [number for _, number, _ in cells]
    if written & _AMBIGUOUS_FREQUENCIES:
        return _convert_in_order(cells)
    units = [parse_unit(unit) for *_, unit in cells]
    doubtful = any(AMBIGUOUS.match(unit) for unit in written)
    kinds = {unit.kind if unit else "" for unit in units}
    if doubtful or len(kinds) > 1 or not kinds <= set(_BASE):
        return None
    scaled = [repr(float(n) * unit.scale) for (_, n, _), unit in zip(cells, units, strict=True) if unit]
    return f" [{_BASE[kinds.pop()]}]", scaled


def tabulate(names: Sequence[str], rows: Sequence[Sequence[tuple[str, str, str]]]) -> list[str]:
    """Return the lines of a table of cells of (name, number, unit), with the units told in its header.

    Parameters
    ----------
    names
        What the columns are called.
    rows
        The cells of each row.

    Returns
    -------
    list of str
        The header and the rows, parted by tabs; empty where the units of a column are not one.
    """
    columns = [convert_to_one_unit(cells) for cells in zip(*rows, strict=True)]
    told = [column for column in columns if column is not None]
    if len(told) < len(columns):
        return []
    head = "\t".join(name + unit for name, (unit, _) in zip(names, told, strict=True))
    return [head, *map("\t".join, zip(*(values for _, values in told), strict=True))]


def _convert_in_order(cells: Sequence[tuple[str, str, str]]) -> tuple[str, list[str]] | None:
    """Return frequencies in hertz among which ``100 MHZ`` may be milli- or megahertz: as they run one way."""
    ways = []
    for plain in ("mHz", "MHz"):
        told = [(a, n, plain if unit in _AMBIGUOUS_FREQUENCIES else unit) for a, n, unit in cells]
        if way := convert_to_one_unit(told):
            steps = [float(b) - float(a) for a, b in pairwise(way[1])]
            ways += [way] * (all(step > 0 for step in steps) or all(step < 0 for step in steps))
    return ways[0] if len(ways) == 1 else None

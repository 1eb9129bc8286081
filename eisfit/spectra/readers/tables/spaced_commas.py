"""Rows whose comma parts columns where a blank is beside it, else decimals: ``1500, 3,39, -0,7``."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.tables.titled_header import MOST_LINES

_NUMBER = r"[+-]?\d+(?:,\d+)?(?:[eE][+-]?\d+)?"
_ROW = regex(rf"\s*{_NUMBER}(?:(?:\s+,\s*|\s*,\s+){_NUMBER})+\s*,?\s*")
_PARTING = regex(r"\s+,\s*|\s*,\s+")
_DECIMAL = regex(r"\d,\d")
_FEWEST_ROWS = 3


def part_spaced_commas(lines: Sequence[str]) -> list[str]:
    """Return the lines parted by semicolons where every row has as many cells as there are names.

    >>> part_spaced_commas(["f,Zre,Zim", "10, 3,5, -1,5", "20, 3,2, -1,2", "30 , 3,1 ,-1,1"])
    ['f;Zre;Zim', '10;3,5;-1,5', '20;3,2;-1,2', '30;3,1;-1,1']
    """
    if len(lines) > MOST_LINES:
        return []
    rows = [i for i, line in enumerate(lines) if _ROW.fullmatch(line)]
    if len(rows) < _FEWEST_ROWS or not rows[0] or not any(_DECIMAL.search(lines[i]) for i in rows):
        return []
    parted = {i: _PARTING.split(lines[i].strip().rstrip(", ")) for i in rows}
    names = [name.strip() for name in lines[rows[0] - 1].rstrip(", ").split(",")]
    if {len(cells) for cells in parted.values()} != {len(names)}:
        return []
    parted[rows[0] - 1] = names
    return [";".join(parted[i]) if i in parted else line for i, line in enumerate(lines)]

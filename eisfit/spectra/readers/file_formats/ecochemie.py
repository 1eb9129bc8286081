"""Eco Chemie's FRA data files (`.dfr`, Autolab), version 8.0: a number a line, nine lines a point."""

from __future__ import annotations

import re

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.numbers import Style, to_number

NAME = "Eco Chemie .dfr"
SUFFIXES = (".dfr",)

_FIRST = regex(r"\s*version\d+\.\d+\s*[\r\n]", re.IGNORECASE)
_MARK = "version8.0"
#: Frequency, Z', -Z'', dc potential, dc current, time and three more; the layout that pyimpspec reads.
_LINES_A_POINT = 9
_HEAD = 3  # version, number of points, one more


def recognise(file: File) -> bool:
    """Whether the first line is the version, as these files have it."""
    return file.encoding is not None and bool(_FIRST.match(file.head))


def parse(file: File) -> list[Sweep]:
    """Return the one sweep.

    Raises
    ------
    ReadError
        For another version, or where there are not nine numbers for each point.
    """
    lines = [line.strip() for line in file.lines if line.strip()]
    if lines[0].lower() != _MARK:
        raise file.error(f"{quote(lines[0], 30)} is not version 8.0: export it as text from FRA or NOVA")
    count = int(lines[1]) if len(lines) > 1 and lines[1].isdecimal() else 0
    cells = lines[_HEAD : _HEAD + count * _LINES_A_POINT]
    values = [to_number(cell, Style(" ", "." if "." in cell else ",")) for cell in cells]
    if not count or len(values) < count * _LINES_A_POINT or None in values:
        raise file.error(f"not {_LINES_A_POINT} numbers for each of {count} points: cut off or damaged")
    table = np.array(values, dtype=np.float64).reshape(count, _LINES_A_POINT)
    sweep = Sweep(table[:, 0], table[:, 1] - 1j * table[:, 2], times=table[:, 5])
    sweep.potential_V = float(np.median(table[:, 3]))
    settle_sign(file, [sweep], "the third number of a point holds -Im Z")
    return [sweep]

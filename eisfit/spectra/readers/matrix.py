"""Text matrices of impedances without frequencies: a spectrum a row, Z' and Z'' in turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.readers._file import File
from eisfit.spectra.readers._named_arrays import with_frequency
from eisfit.spectra.readers._sweep import Sweep
from eisfit.spectra.readers._table import find_table

__all__ = ["NAME", "RANK", "SUFFIXES", "parse", "parse_matrix", "recognise"]

NAME = "text matrix"
SUFFIXES = ()
RANK = 90

_FEWEST_COLUMNS = 13


def recognise(file: File) -> bool:
    """Whether there is no header and more columns than any table of one spectrum has."""
    if file.encoding is None or len(file.lines) > 10_000:
        return False
    first = next((line for line in file.lines if line.strip()), "")
    if len(first.split()) < _FEWEST_COLUMNS or any(
        character.isalpha() for character in first.lower().replace("e", "")
    ):
        return False
    table = find_table(file)
    return table is not None and not table.names and table.matrix.shape[1] > table.matrix.shape[0]


def parse(file: File) -> list[Sweep]:
    """Refuse: the file has no frequencies.

    Raises
    ------
    ReadError
        Always; it says what to give.
    """
    table = find_table(file)
    shape = "" if table is None else f" of {table.matrix.shape[0]} x {table.matrix.shape[1]} numbers"
    raise file.error(f"a matrix{shape} without frequencies: give them, read(path, frequency=...)")


def parse_matrix(file: File, frequency: NDArray[np.float64]) -> list[Sweep]:
    """Return one sweep a row at the frequencies given by the user.

    Raises
    ------
    ReadError
        When the rows are not twice as long as there are frequencies.
    """
    table = find_table(file)
    if table is None:
        raise file.error("no table of numbers in it")
    return with_frequency(file, table.matrix, frequency)

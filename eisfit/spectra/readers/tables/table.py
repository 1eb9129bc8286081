"""A table that was found: its columns and numbers, and the lines that it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eisfit.records import dataclass
from eisfit.spectra.readers.tables.numbers import Style, split


@dataclass(frozen=False)
class Table:
    """A block of numbers with what stands above it.

    Parameters
    ----------
    style
        How it is written.
    lines
        All that it was found in.
    names
        Header names, one a column; empty where there is no header.
    matrix
        (rows, columns); NaN where a cell holds no number.
    preamble
        Lines above the header.
    skipped
        Rows within the block that are no numbers (row number from 1, text).
    mixed
        Names and columns did not count the same.
    units
        The units row, where there is one: a unit a column, empty where a column has none.
    rows
        Line (from 0) of each row of `matrix`.
    wider
        Lines (from 0) with more numbers than the table has columns.
    narrower
        Lines (from 0) with fewer numbers than the table has columns, of which nothing tells which is missing.
    beyond
        How many numbers stand behind words or gaps beyond the last column.
    remarked
        Lines (from 0) of rows with a word beyond the last column.
    polar
        Unit of the angle where cells held modulus and angle (``2∠-30°``); None where they did not.
    alone
        Whether its columns are of one spectrum.
    others
        Places of the columns of its other spectra, while one is taken.
    further
        Names of columns behind the last of numbers: remarks, marks.
    """

    style: Style
    lines: Sequence[str]
    names: list[str]
    matrix: NDArray[np.float64]
    preamble: list[str] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    mixed: bool = False
    units: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    wider: list[int] = field(default_factory=list)
    narrower: list[int] = field(default_factory=list)
    beyond: int = 0
    remarked: list[int] = field(default_factory=list)
    polar: str | None = None
    alone: bool = True
    others: set[int] = field(default_factory=set)
    further: list[str] = field(default_factory=list)

    @cached_property
    def places(self) -> frozenset[int]:
        """The places of `rows`, to look one up."""
        return frozenset(self.rows)

    @property
    def width(self) -> int:
        """How many columns it has."""
        columns: int = self.matrix.shape[1]
        return columns

    def split(self, line: str) -> list[str]:
        """Return the cells of a line."""
        return split(line, self.style.delimiter)

    @property
    def between(self) -> Sequence[str]:
        """The lines between the names and the first row."""
        return self.lines[len(self.preamble) + 1 : self.rows[0]] if self.names and self.rows else []

    def cell(self, row: int, index: int) -> str:
        """Return the text of one cell of `matrix`, empty where it is of no line."""
        if row >= len(self.rows):
            return ""
        cells = self.split(self.lines[self.rows[row]])
        return cells[index] if index < len(cells) else ""

    def list_values(self, index: int) -> Sequence[float] | Sequence[str]:
        """Return the numbers of a column, the words of one without numbers; of a mixed one nothing."""
        values = self.matrix[:, index] if index < self.width else np.full(len(self.rows), np.nan)
        if np.isfinite(values).all():
            return values.tolist()
        return self.column(index) if np.isnan(values).all() else []

    def column(self, index: int) -> list[str]:
        """Return the text of a column's cells."""
        return [self.cell(row, index) for row in range(len(self.rows))]

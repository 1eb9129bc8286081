"""Two cells side by side: whether one ages faster than the other, by how much, and how certain that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.errors import EisfitError, FitError, UsageError
from eisfit.growth import Growth
from eisfit.rounding import significant, value_with_error
from eisfit.series_result import SeriesResult, column_units

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["CellTable", "GrowthComparison", "compare_growth", "compare_series"]

_CERTAIN = 0.05
_PANELS = 4  # small ones, beside a notebook's table


@dataclass(frozen=True)
class GrowthComparison:
    """Growth rates of one parameter in two cells.

    Attributes
    ----------
    name, unit
        Of the parameter; rates are in `unit` per cycle.
    first, last
        The common cycles, over which the mean rate is taken (a straight line's slope).
    labels, laws, rates, stderrs
        Of both cells.
    difference, difference_stderr, difference_low, difference_high
        Second rate minus first, with its interval.
    ratio, ratio_low, ratio_high
        Second rate over first, Fieller's interval; an open end is None, both where the first rate is not
        certain at all.
    level
        Of the intervals.
    dof, p
        Welch-Satterthwaite degrees of freedom, and the two-sided probability of such a difference by chance.
    """

    name: str
    unit: str
    first: float
    last: float
    labels: tuple[str, str]
    laws: tuple[str, str]
    rates: tuple[float, float]
    stderrs: tuple[float, float]
    difference: float
    difference_stderr: float
    difference_low: float
    difference_high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    level: float
    dof: float
    p: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> GrowthComparison:
        """Rebuild from `to_dict`'s document."""
        row: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items()}
        return cls(**row)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell, then the difference; ``frame.attrs["units"]`` has the unit of the rates."""
        import pandas as pd

        rows = [*zip(self.labels, self.laws, self.rates, self.stderrs, strict=True)]
        rows.append(("difference", "", self.difference, self.difference_stderr))
        frame = pd.DataFrame(rows, columns=["cell", "law", "rate", "stderr"])
        frame.attrs["units"] = dict.fromkeys(("rate", "stderr"), f"{self.unit} per cycle".strip())
        return frame

    def __str__(self) -> str:
        unit = f"{self.unit} per cycle".strip()
        cells = [
            f"{value_with_error(rate, stderr)} ({label})"
            for label, rate, stderr in zip(self.labels, self.rates, self.stderrs, strict=True)
        ]
        text = f"{self.name} grows by {cells[0]} and {cells[1]} {unit} over cycles "
        text += f"{self.first:g} to {self.last:g}; difference "
        text += value_with_error(self.difference, self.difference_stderr)
        if self.ratio is not None and None not in (self.ratio_low, self.ratio_high):
            low, high = significant(self.ratio_low, 3), significant(self.ratio_high, 3)
            text += f", ratio {significant(self.ratio, 3)} ({100 * self.level:g} %: {low} to {high})"
        verdict = "they differ" if self.p < _CERTAIN else "no difference is certain"
        return f"{text}; {verdict} (p = {significant(self.p, 2)})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"


def compare_growth(
    one: Growth, other: Growth, *, labels: tuple[str, str] = ("first", "second"), level: float = 0.95
) -> GrowthComparison:
    """Compare the growth of one parameter in two cells.

    Parameters
    ----------
    one, other
        Growths, each of any law, with errors; the cycles must overlap.
    labels
        Names of the cells.
    level
        Of the intervals.

    Raises
    ------
    UsageError
        When a growth has no errors (two cycles only), or no cycles are common.
    """
    first, last = max(one.first, other.first), min(one.last, other.last)
    if first >= last:
        raise UsageError(
            f"{one.name}: {labels[0]} (cycles {one.first:g} to {one.last:g}) and {labels[1]} (cycles "
            f"{other.first:g} to {other.last:g}) have no cycles in common to compare"
        )
    (a, sa), (b, sb) = one.rate(first, last), other.rate(first, last)
    for label, error in zip(labels, (sa, sb), strict=True):
        if error is None:
            raise UsageError(
                f"{one.name} of {label}: too few cycles give no error of the growth to compare with"
            )
    assert sa is not None
    assert sb is not None
    from scipy.special import stdtr, stdtrit

    spread = float(np.hypot(sa, sb))
    dof = spread**4 / (sa**4 / one.dof + sb**4 / other.dof) if spread > 0 else 1.0
    quantile = float(stdtrit(dof, 0.5 * (1 + level)))
    p = float(2 * stdtr(dof, -abs(b - a) / spread)) if spread > 0 else float(a == b)
    low, high = _fieller(a, sa, b, sb, quantile)
    return GrowthComparison(
        one.name, one.unit, first, last, labels, (one.law, other.law), (a, b), (sa, sb),
        b - a, spread, b - a - quantile * spread, b - a + quantile * spread,
        b / a if a else None, low, high, level, float(dof), p,
    )  # fmt: skip


def _fieller(a: float, sa: float, b: float, sb: float, q: float) -> tuple[float | None, float | None]:
    """Return the interval of b/a: all ratios r with |b - r a| <= q sqrt(sb^2 + r^2 sa^2)."""
    lead = a**2 - (q * sa) ** 2
    root = (a * b) ** 2 - lead * (b**2 - (q * sb) ** 2)
    if lead <= 0 or root < 0:
        return None, None  # the denominator may be zero: any ratio goes
    ends = (a * b - np.sqrt(root)) / lead, (a * b + np.sqrt(root)) / lead
    return float(min(ends)), float(max(ends))


@dataclass(frozen=True, eq=False, repr=False)
class CellTable(Sequence[SeriesResult]):
    """Tracked series of several cells in one table, each compared with the first.

    Attributes
    ----------
    cells
        The series, each with a label of its own.
    comparison
        Parameter -> one `GrowthComparison` for each further cell, where both cells have a growth.
    level
        Of the intervals.
    """

    cells: tuple[SeriesResult, ...]
    comparison: Mapping[str, tuple[GrowthComparison, ...]]
    level: float = 0.95

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, index: Any) -> Any:
        """Return a cell by its place or its label."""
        if not isinstance(index, str):
            return self.cells[index]
        labels = [cell.label for cell in self.cells]
        if index not in labels:
            raise EisfitError(f"no cell {index!r}; there are {', '.join(labels)}")
        return self.cells[labels.index(index)]

    def __iter__(self) -> Iterator[SeriesResult]:
        return iter(self.cells)

    @property
    def ok(self) -> bool:
        """True where every spectrum of every cell gave a fit that can be used."""
        return all(cell.ok for cell in self.cells)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell and cycle; the units of the columns are in ``frame.attrs["units"]``."""
        import pandas as pd

        frame = pd.DataFrame(self._rows())
        frame.attrs["units"] = {k: u for cell in self.cells for k, u in column_units(cell.circuit).items()}
        return frame

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"cell": cell.label, **row} for cell in self.cells for row in cell.to_dict(data=False)["rows"]
        ]

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the JSON document; without `data` it holds the rows but cannot be read back."""
        units = {n: p.unit for cell in self.cells for n, p in cell.circuit.parameters.items()}
        notes = [f"{cell.label}: {note}" for cell in self.cells for note in cell.notes]
        document = {
            "schema": "eisfit.cells/1",
            "units": units,
            "rows": self._rows(),
            "comparison": {
                name: [{**row.to_dict(), "text": str(row)} for row in rows]
                for name, rows in self.comparison.items()
            },
            "notes": notes,
            "level": self.level,
        }
        return document | {"cells": [cell.to_dict(data) for cell in self.cells]}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> CellTable:
        """Rebuild from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document holds the rows only.
        """
        cells = [SeriesResult.from_dict(cell) for cell in document["cells"]]
        return compare_series(cells, level=document["level"])

    def plot(self, name: str = "R_ct", ax: Axes | None = None) -> Axes:
        """Draw one parameter of all cells over the cycles with bands on `ax` (a new one where None)."""
        from eisfit.plot.series import cells_trend

        return cells_trend([cell.to_dict(data=False) for cell in self.cells], name, ax=ax)

    def plot_all(self, **options: Any) -> tuple[Axes, ...]:
        """Draw every parameter of all cells, a small panel each."""
        from eisfit.plot.series import cells_trends

        return cells_trends([cell.to_dict(data=False) for cell in self.cells], **options)

    def __str__(self) -> str:
        from eisfit.report.cells import cells_text

        return cells_text(self.to_dict(data=False))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from eisfit import plot
        from eisfit.report.cells import cells_html

        document = self.to_dict(data=False)
        names = [name for name in self.comparison if document["units"][name] == "ohm"][:_PANELS]
        draw = partial(plot.cells_trends, document["cells"], names=names or None)
        return plot.beside(cells_html(document), lambda figure: draw(figure=figure), alt="cells compared")

    def _ipython_key_completions_(self) -> list[str]:
        return [cell.label for cell in self.cells]


def compare_series(series: Sequence[SeriesResult], *, level: float = 0.95) -> CellTable:
    """Put several cells into one table and compare the growth of each with the first cell's.

    Parameters
    ----------
    series
        Two or more, with different labels.
    level
        Of the intervals.

    Raises
    ------
    UsageError
        For fewer than two cells, or labels that are empty or alike.
    """
    labels = [cell.label for cell in series]
    if len(series) < 2:
        raise UsageError("a comparison of cells needs two series")
    if len(set(labels)) < len(labels) or "" in labels:
        raise UsageError(f"every cell needs a label of its own, not {', '.join(map(repr, labels))}")
    first = series[0]
    names = [n for n, p in first.circuit.parameters.items() if p.free and p.scale == "log"]
    found = {name: _against_first(name, first, series[1:], level) for name in names}
    return CellTable(tuple(series), {name: rows for name, rows in found.items() if rows}, level)


def _against_first(
    name: str, first: SeriesResult, others: Sequence[SeriesResult], level: float
) -> tuple[GrowthComparison, ...]:
    rows = []
    for other in others:
        if name not in other.circuit.parameters:
            continue
        try:
            pair = first.growth(name), other.growth(name)
            rows.append(compare_growth(*pair, labels=(first.label, other.label), level=level))
        except (FitError, UsageError):
            continue  # too few usable cycles, or none in common: there is nothing to compare
    return tuple(rows)

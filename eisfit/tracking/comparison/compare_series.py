"""Two cells side by side: whether one ages faster than the other, by how much, and how certain that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from eisfit.errors import EisfitError, FitError, UsageError, expect_document
from eisfit.records import CELLS_SCHEMA, ShownAsText, dataclass
from eisfit.tracking.comparison.compare_growth import GrowthComparison, compare_growth
from eisfit.tracking.comparison.replicates import check_groups, compare_replicates
from eisfit.tracking.growth.growth import Growth
from eisfit.tracking.series_result import PANELS, SeriesResult
from eisfit.tracking.table_rows import list_units
from eisfit.verdict import LEVEL

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class CellTable(ShownAsText, Sequence[SeriesResult]):
    """Tracked series of several cells in one table, each compared with the first.

    Attributes
    ----------
    cells
        The series, each with a label of its own.
    comparison
        Parameter -> one `GrowthComparison` for each further cell, where both cells have a growth.
    level
        Of the intervals.
    groups
        Name -> labels of its cells, where groups of replicates are compared instead of cells.
    """

    cells: tuple[SeriesResult, ...]
    comparison: Mapping[str, tuple[GrowthComparison, ...]]
    level: float = LEVEL
    groups: Mapping[str, tuple[str, ...]] | None = None

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
        frame.attrs["units"] = {k: u for cell in self.cells for k, u in list_units(cell.circuit).items()}
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
            "schema": CELLS_SCHEMA,
            "units": units,
            "rows": self._rows(),
            "comparison": {
                name: [{**row.to_dict(), "text": str(row)} for row in rows]
                for name, rows in self.comparison.items()
            },
            "notes": notes,
            "level": self.level,
            "groups": None if self.groups is None else {n: list(cells) for n, cells in self.groups.items()},
        }
        return document | {"cells": [cell.to_dict(data) for cell in self.cells]}

    @classmethod
    @expect_document("cells")
    def from_dict(cls, document: Mapping[str, Any]) -> CellTable:
        """Rebuild from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document holds the rows only.
        """
        cells = [SeriesResult.from_dict(cell) for cell in document["cells"]]
        return compare_series(cells, groups=document.get("groups"), level=document["level"])

    def plot(self, name: str = "R_ct", ax: Axes | None = None) -> Axes:
        """Draw one parameter of all cells over the cycles with bands on `ax` (a new one where None)."""
        from eisfit.display.plot.series import add_groups, cells_trend

        cells = [cell.to_dict(data=False) for cell in self.cells]
        return cells_trend(add_groups(cells, self.groups), name, ax=ax)

    def plot_all(self, **options: Any) -> tuple[Axes, ...]:
        """Draw every parameter of all cells, a small panel each."""
        from eisfit.display.plot.series import add_groups, cells_trends

        cells = [cell.to_dict(data=False) for cell in self.cells]
        return cells_trends(add_groups(cells, self.groups), **options)

    def __str__(self) -> str:
        from eisfit.display.report.cells import cells_text

        return cells_text(self.to_dict(data=False))

    def _repr_html_(self) -> str:
        from eisfit.display.report.cells import cells_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_trends

        document = self.to_dict(data=False)
        names = [name for name in self.comparison if document["units"][name] == "ohm"][:PANELS]
        draw = partial(draw_trends, document["cells"], names or None)
        return place_beside(cells_html(document), draw, columns=2, alt="cells compared")

    def _ipython_key_completions_(self) -> list[str]:
        return [cell.label for cell in self.cells]


def compare_series(
    series: SeriesResult | Sequence[SeriesResult] | Mapping[str, SeriesResult],
    *more: SeriesResult,
    groups: Mapping[str, Sequence[str]] | None = None,
    level: float = LEVEL,
) -> CellTable:
    """Put several cells into one table and compare their growth.

    Parameters
    ----------
    series, more
        Two or more, one after the other or in a list, with different labels; or by name.
    groups
        Replicates: name -> labels of its cells. Each further group is then compared with the first (see
        `eisfit.tracking.comparison.replicates`); else each further cell with the first cell.
    level
        Of the intervals.

    Raises
    ------
    UsageError
        For fewer than two cells, labels that are empty or alike, fewer than two groups, or a group of no or
        unknown cells, or of one that is in another group too.
    """
    if isinstance(series, Mapping):
        series = [dataclasses.replace(cell, label=label) for label, cell in series.items()]
    series = [series, *more] if isinstance(series, SeriesResult) else [*series, *more]
    for one in series:
        if not isinstance(one, SeriesResult):
            raise UsageError(f"{type(one).__name__}: cells are compared by what eisfit.track returns")
    labels = [cell.label for cell in series]
    if len(series) < 2:
        raise UsageError("a comparison of cells needs two series")
    if len(set(labels)) < len(labels) or "" in labels:
        raise UsageError(
            f"every cell needs a label of its own, not {', '.join(map(repr, labels))}: give them by name, "
            "compare_series({'bare': ..., 'coated': ...})"
        )
    chosen = None if groups is None else check_groups(groups, labels)
    names = [n for n, p in series[0].circuit.parameters.items() if p.free and p.scale == "log"]
    by_label = dict(zip(labels, series, strict=True))
    members = chosen or {label: (label,) for label in labels}
    compared = {title: [by_label[label] for label in cells] for title, cells in members.items()}
    found = {name: _compare_with_first(name, compared, level) for name in names}
    return CellTable(tuple(series), {name: rows for name, rows in found.items() if rows}, level, chosen)


def _compare_with_first(
    name: str, groups: Mapping[str, Sequence[SeriesResult]], level: float
) -> tuple[GrowthComparison, ...]:
    (first, one), *others = ((title, _fit_growths(name, cells)) for title, cells in groups.items())
    rows = []
    for title, two in others:
        try:
            if len(one) == len(two) == 1:
                rows.append(compare_growth(one[0], two[0], labels=(first, title), level=level))
            elif one and two:
                rows.append(compare_replicates(one, two, labels=(first, title), level=level))
        except UsageError:
            continue  # no cycles in common, or no errors: there is nothing to compare
    return tuple(rows)


def _fit_growths(name: str, cells: Sequence[SeriesResult]) -> list[Growth]:
    """Return the growth of one parameter in the cells that tell it."""
    found = []
    for cell in cells:
        if name in cell.circuit.parameters:
            try:
                found.append(cell.growth(name))
            except FitError:
                continue  # too few usable cycles
    return found

"""Cycling data beside the impedance: capacities, voltage drops and charging times of one cell.

A table is a CSV file with the column ``cycle`` and any of the columns in `COLUMNS`; empty cells are allowed.
Numbers are read as they are printed: ``3.81`` stands for 3.805 to 3.815, and whatever is calculated from it
carries that along, so that a printed figure which its own inputs cannot give is found.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eisfit.errors import EisfitError, ReadError, UsageError, did_you_mean
from eisfit.files import read_text
from eisfit.records import CYCLE_TABLE_SCHEMA, Document, ShownAsText, dataclass
from eisfit.tracking.cycles.figures import Figure, Number, find_retention_crossing, list_figures

if TYPE_CHECKING:
    import pandas as pd

#: What a table may hold, and its unit.
COLUMNS: Mapping[str, str] = {
    "cycle": "",
    "c_rate": "1/h",
    "capacity_mAh_g": "mAh/g",
    "retention_percent": "%",
    "rate_ratio_percent": "%",
    "voltage_drop_V": "V",
    "current_A": "A",
    "average_voltage_V": "V",
    "voltage_fall_V": "V",
    "cc_time_s": "s",
    "cv_time_s": "s",
    "cc_share_percent": "%",
}


_END_OF_LIFE = 80.0  # percent of the first capacity


@dataclass(frozen=True, repr=False)
class CycleTable(ShownAsText, Document):
    """Cycling data of one cell.

    Attributes
    ----------
    rows
        In the order of their cycles: column -> `Number`, without the empty cells.
    label
        Of the cell.
    """

    rows: tuple[Mapping[str, Number], ...]
    label: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Everything that follows from the table's own numbers, held against what is printed.

        The cycle life at 80 % is among them where the capacity falls so far.
        """
        try:
            life = [self.retention_crossing(_END_OF_LIFE)]
        except EisfitError:
            life = []  # no two retentions, or it never falls so far
        return (*list_figures(self.rows), *life)

    @property
    def contradictions(self) -> tuple[Figure, ...]:
        """Printed figures that their own inputs, rounded as printed, cannot give."""
        return tuple(figure for figure in self.figures if figure.agrees is False)

    def retention_crossing(self, percent: float = _END_OF_LIFE) -> Figure:
        """Return the cycle at which the capacity has fallen to so many percent.

        Raises
        ------
        EisfitError
            When the table has no two retentions, or it never falls so far.
        """
        return find_retention_crossing(self.rows, percent)

    def column(self, name: str) -> dict[float, Number]:
        """Return cycle -> number of one column.

        Raises
        ------
        UsageError
            For an unknown column.
        """
        if name not in COLUMNS:
            raise UsageError(f"no column {name!r}{did_you_mean(name, COLUMNS)}")
        return {row["cycle"].value: row[name] for row in self.rows if name in row}

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "schema": CYCLE_TABLE_SCHEMA,
            "label": self.label,
            **super().to_dict(),
            "figures": [figure.to_dict() for figure in self.figures],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the table itself, with units in ``frame.attrs["units"]``; `figures` follows from it."""
        import pandas as pd

        frame = pd.DataFrame([{name: number.value for name, number in row.items()} for row in self.rows])
        frame.attrs["units"] = {str(name): COLUMNS[str(name)] for name in frame.columns}
        return frame

    def __str__(self) -> str:
        head = f"{self.label or 'cycling'}: {len(self.rows)} cycles"
        return "\n".join([head, *(f"  {figure}" for figure in self.figures)])

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<li>{escape(str(figure))}</li>" for figure in self.figures)
        return f"<b>{escape(self.label)}</b><ul>{rows}</ul>"


def read_cycle_table(source: str | PathLike[str], *, label: str | None = None) -> CycleTable:
    """Read the cycling data of one cell from a CSV file.

    Raises
    ------
    ReadError
        When the file cannot be read, has no column ``cycle``, an unknown column, or a cell that is no number.
    """
    path = Path(source)
    text = read_text(path, ReadError, encoding="utf-8-sig")
    return _read_rows(text, str(path), path.stem if label is None else label)


def _read_rows(text: str, name: str, label: str) -> CycleTable:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    reader = csv.DictReader(lines, skipinitialspace=True)
    columns = [column.strip() for column in reader.fieldnames or ()]
    _require_known(columns, name)
    reader.fieldnames = columns
    rows = [_read_row(row, name) for row in reader]
    if not rows:
        raise ReadError(f"{name}: the table has no rows")
    return CycleTable(tuple(sorted(rows, key=lambda row: row["cycle"].value)), label)


def _require_known(columns: Sequence[str], name: str) -> None:
    for column in columns:
        if column not in COLUMNS:
            near = did_you_mean(column, COLUMNS) or f"; there are {', '.join(COLUMNS)}"
            raise ReadError(f"{name}: no column is called {column!r}{near}")
    if "cycle" not in columns:
        raise ReadError(f"{name}: the column 'cycle' is missing")


def _read_row(row: Mapping[str, str | None], name: str) -> dict[str, Number]:
    found = {}
    for column, text in row.items():
        if text is None or not text.strip():
            continue
        try:
            found[column] = parse_printed(text.strip(), exact=column in ("cycle", "c_rate"))
        except InvalidOperation:
            raise ReadError(f"{name}: {column}: {text!r} is no number") from None
    if "cycle" not in found:
        raise ReadError(f"{name}: a row has no cycle")
    return found


def parse_printed(text: str, *, exact: bool = False) -> Number:
    """Return a number as it is printed, with half a unit of its last digit to either side.

    >>> parse_printed("3.81")
    Number(value=3.81, half=0.005)
    """
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidOperation
    return Number(float(number), 0.0 if exact else 0.5 * 10.0**exponent)


def find_polarisation(table: CycleTable, cycle: float) -> Figure:
    """Return the polarisation resistance, voltage drop over current, of one cycle.

    Raises
    ------
    EisfitError
        When the table has no voltage drop or no current for this cycle.
    """
    for figure in table.figures:
        if figure.name == "polarisation resistance" and figure.cycle == cycle:
            return figure
    raise EisfitError(
        f"{table.label or 'table'}: cycle {cycle:g} has no voltage_drop_V with a current_A beside it"
    )

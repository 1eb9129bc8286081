"""What follows from cycling data, by interval arithmetic on numbers as they are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, product

from eisfit.errors import EisfitError
from eisfit.records import Document, dataclass
from eisfit.rounding import significant

_SLACK = 1e-9


@dataclass(frozen=True)
class Number(Document):
    """A printed number and half a unit of its last digit."""

    value: float
    half: float

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and largest number that is printed so."""
        return self.value - self.half, self.value + self.half


Row = Mapping[str, Number]


@dataclass(frozen=True)
class Figure(Document):
    """One figure calculated from a table.

    Attributes
    ----------
    name, unit, cycle
        What, and at which cycle.
    value, low, high
        From the numbers as printed, and what their rounding leaves open.
    printed
        What the table itself says of it, or None.
    agrees
        Whether the printed figure can be had from the inputs; None where none is printed.
    """

    name: str
    unit: str
    cycle: float
    value: float
    low: float
    high: float
    printed: float | None = None
    agrees: bool | None = None

    def __str__(self) -> str:
        ends = f"{significant(self.low, 4)} to {significant(self.high, 4)}"
        place = "" if self.name.startswith("cycle at") else f" at cycle {self.cycle:g}"
        text = f"{self.name}{place}: {significant(self.value, 4)} {self.unit}".rstrip() + f" ({ends})"
        if self.agrees is False:
            text += f"; {self.printed:g} {self.unit} is printed: the rounded inputs do not give that"
        return text + ("; as printed" if self.agrees else "")


def calculate_figures(
    name: str,
    unit: str,
    cycle: float,
    formula: Callable[..., float],
    inputs: Sequence[Number],
    *,
    printed: Number | None = None,
) -> Figure:
    """Return a figure whose formula is monotonic in each input: its extremes lie in the corners."""
    values = [formula(*corner) for corner in product(*(number.ends for number in inputs))]
    low, high = min(values), max(values)
    agrees = (
        None
        if printed is None
        else bool(printed.ends[0] <= high + _SLACK * abs(high) and printed.ends[1] >= low - _SLACK * abs(low))
    )
    value = formula(*(number.value for number in inputs))
    return Figure(name, unit, cycle, value, low, high, None if printed is None else printed.value, agrees)


def list_figures(rows: Sequence[Row]) -> tuple[Figure, ...]:
    """Return everything that the rows of a table give, in the order of the cycles."""
    return tuple(figure for place, row in enumerate(rows) for figure in _iterate_figures(rows, place, row))


def _iterate_figures(rows: Sequence[Row], place: int, row: Row) -> Iterator[Figure]:
    yield from _iterate_capacities(rows, place, row)
    yield from _iterate_voltages(rows, row)
    yield from _iterate_charging(row)


def _iterate_capacities(rows: Sequence[Row], place: int, row: Row) -> Iterator[Figure]:
    cycle = row["cycle"].value
    capacity, retention = row.get("capacity_mAh_g"), row.get("retention_percent")
    first = _find_first_capacity(rows, row)
    if capacity and first and first is not capacity:
        yield calculate_figures(
            "retention", "%", cycle, lambda c, f: 100 * c / f, [capacity, first], printed=retention
        )
    elif capacity and retention and first is capacity:
        yield calculate_figures(
            "initial capacity", "mAh/g", cycle, lambda c, r: 100 * c / r, [capacity, retention]
        )
    slow = _find_slow_capacity(rows, place)
    if capacity and slow and (rate := row.get("c_rate")) and rate.value > slow[0]:
        told = row.get("rate_ratio_percent")
        name = f"{rate.value:g}C capacity relative to {slow[0]:g}C"
        yield calculate_figures(name, "%", cycle, lambda c, s: 100 * c / s, [capacity, slow[1]], printed=told)


def _find_first_capacity(rows: Sequence[Row], row: Row) -> Number | None:
    """Return the first capacity at the same rate; a printed retention there means an even earlier one."""
    same = [other for other in rows if "capacity_mAh_g" in other and _get_rate(other) == _get_rate(row)]
    return same[0]["capacity_mAh_g"] if same else None


def _get_rate(row: Row) -> float | None:
    return row["c_rate"].value if "c_rate" in row else None


def _find_slow_capacity(rows: Sequence[Row], place: int) -> tuple[float, Number] | None:
    """Return the slowest rate and its last capacity up to this row."""
    known = [r for r in rows[: place + 1] if "capacity_mAh_g" in r and "c_rate" in r]
    if not known:
        return None
    slowest = min(r["c_rate"].value for r in known)
    last = [r for r in known if r["c_rate"].value == slowest][-1]
    return slowest, last["capacity_mAh_g"]


def _iterate_voltages(rows: Sequence[Row], row: Row) -> Iterator[Figure]:
    cycle = row["cycle"].value
    drop, current = row.get("voltage_drop_V"), row.get("current_A")
    if drop and current:
        yield calculate_figures("polarisation resistance", "ohm", cycle, lambda v, i: v / i, [drop, current])
    first = next((r["average_voltage_V"] for r in rows if "average_voltage_V" in r), None)
    here = row.get("average_voltage_V")
    if first and here and here is not first:
        told = row.get("voltage_fall_V")
        yield calculate_figures(
            "fall of the average voltage", "V", cycle, lambda a, b: a - b, [first, here], printed=told
        )


def _iterate_charging(row: Row) -> Iterator[Figure]:
    cycle = row["cycle"].value
    cc, cv, share = (row.get(name) for name in ("cc_time_s", "cv_time_s", "cc_share_percent"))
    if cc and cv:
        yield calculate_figures(
            "CC share", "%", cycle, lambda a, b: 100 * a / (a + b), [cc, cv], printed=share
        )
    elif cc and share:
        yield calculate_figures("charging time", "s", cycle, lambda a, s: 100 * a / s, [cc, share])
        yield calculate_figures("CV time", "s", cycle, lambda a, s: 100 * a / s - a, [cc, share])


def find_retention_crossing(rows: Sequence[Row], percent: float) -> Figure:
    """Return where retention falls to `percent`, straight between two cycles; see `CycleTable`."""
    points = [(row["cycle"].value, number) for row in rows if (number := _retention(rows, row)) is not None]
    if len(points) < 2:
        raise EisfitError("no retention to follow: give retention_percent or capacity_mAh_g at two cycles")
    for (before, high), (after, low) in pairwise(points):
        if low.value < percent <= high.value:
            found = [
                before + (after - before) * min(max((a - percent) / (a - b), 0.0), 1.0)
                for a in high.ends
                for b in low.ends
                if a != b
            ]
            value = before + (after - before) * (high.value - percent) / (high.value - low.value)
            name = f"cycle at {percent:g} % retention"
            return Figure(name, "", value, value, min(found), max(found))
    lowest = min(number.value for _, number in points)
    raise EisfitError(f"the capacity never falls to {percent:g} %: the lowest retention is {lowest:.4g} %")


def _retention(rows: Sequence[Row], row: Row) -> Number | None:
    if "retention_percent" in row:
        return row["retention_percent"]
    capacity, first = row.get("capacity_mAh_g"), _find_first_capacity(rows, row)
    fastest = max((r["c_rate"].value for r in rows if "c_rate" in r), default=None)
    if capacity is None or first is None or _get_rate(row) != fastest:
        return None
    ends = [100 * c / f for c in capacity.ends for f in first.ends]
    return Number(100 * capacity.value / first.value, (max(ends) - min(ends)) / 2)

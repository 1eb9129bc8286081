"""Two growths side by side: difference and ratio of their rates, with intervals and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eisfit.errors import UsageError
from eisfit.records import Document, ShownAsText, dataclass
from eisfit.rounding import significant, value_with_error
from eisfit.tracking.growth.growth import Growth
from eisfit.validation.quantiles import t_below, t_quantile
from eisfit.verdict import LEVEL, limit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class GrowthComparison(ShownAsText, Document):
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
    cells
        How many cells each rate is the mean of.
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
    cells: tuple[int, int] = (1, 1)

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
        rows = zip(self.labels, self.rates, self.stderrs, self.cells, strict=True)
        cells = [
            f"{value_with_error(rate, stderr)} ({label}{f', {count} cells' if count > 1 else ''})"
            for label, rate, stderr, count in rows
        ]
        text = f"{self.name} changes by {cells[0]} and {cells[1]} {unit} over cycles "
        text += f"{self.first:g} to {self.last:g}; difference "
        text += value_with_error(self.difference, self.difference_stderr)
        if self.ratio is not None and None not in (self.ratio_low, self.ratio_high):
            low, high = significant(self.ratio_low, 3), significant(self.ratio_high, 3)
            text += f", ratio {significant(self.ratio, 3)} ({100 * self.level:g} %: {low} to {high})"
        verdict = "they differ" if self.p < limit("cells_differ") else "no difference is certain"
        return f"{text}; {verdict} (p = {significant(self.p, 2)})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"


def compare_growth(
    one: Growth, other: Growth, *, labels: tuple[str, str] = ("first", "second"), level: float = LEVEL
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
    rates = Rates((a, b), (sa, sb), (float(one.dof), float(other.dof)), labels, (one.law, other.law))
    return rates.compare(one.name, one.unit, (first, last), level)


@dataclass(frozen=True)
class Rates:
    """Two rates: values, standard errors, their degrees of freedom, labels, laws, and cells behind each."""

    values: tuple[float, float]
    stderrs: tuple[float, float]
    dofs: tuple[float, float]
    labels: tuple[str, str]
    laws: tuple[str, str]
    cells: tuple[int, int] = (1, 1)

    def compare(
        self, name: str, unit: str, cycles: tuple[float, float], level: float, dof: float | None = None
    ) -> GrowthComparison:
        """Return difference and ratio with intervals and Welch's test; `dof`: where the errors are pooled."""
        (a, b), (sa, sb) = self.values, self.stderrs
        spread = float(np.hypot(sa, sb))
        if dof is None:
            dof = spread**4 / (sa**4 / self.dofs[0] + sb**4 / self.dofs[1]) if spread > 0 else 1.0
        quantile = t_quantile(dof, 0.5 * (1 + level))
        p = 2 * t_below(dof, -abs(b - a) / spread) if spread > 0 else float(a == b)
        low, high = _bound_ratio(a, sa, b, sb, quantile)
        return GrowthComparison(
            name,
            unit,
            *cycles,
            self.labels,
            self.laws,
            self.values,
            self.stderrs,
            b - a,
            spread,
            b - a - quantile * spread,
            b - a + quantile * spread,
            b / a if a else None,
            low,
            high,
            level,
            float(dof),
            p,
            self.cells,
        )


def _bound_ratio(a: float, sa: float, b: float, sb: float, q: float) -> tuple[float | None, float | None]:
    """Return the interval of b/a: all ratios r with |b - r a| <= q sqrt(sb^2 + r^2 sa^2)."""
    lead = a**2 - (q * sa) ** 2
    root = (a * b) ** 2 - lead * (b**2 - (q * sb) ** 2)
    if lead <= 0 or root < 0:
        return None, None  # the denominator may be zero: any ratio goes
    ends = (a * b - np.sqrt(root)) / lead, (a * b + np.sqrt(root)) / lead
    return float(min(ends)), float(max(ends))

"""Two cells side by side: whether one ages faster than the other, by how much, and how certain that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.errors import UsageError
from eisfit.growth import Growth
from eisfit.rounding import significant, value_with_error

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GrowthComparison", "compare_growth"]

_CERTAIN = 0.05


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
        """Return one row a cell, then the difference."""
        import pandas as pd

        rows = [*zip(self.labels, self.laws, self.rates, self.stderrs, strict=True)]
        rows.append(("difference", "", self.difference, self.difference_stderr))
        return pd.DataFrame(rows, columns=["cell", "law", "rate", "stderr"])

    def __str__(self) -> str:
        unit = f"{self.unit} per cycle".strip()
        cells = [
            f"{label} {value_with_error(rate, stderr)}"
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

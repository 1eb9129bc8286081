"""Groups of like cells: whether one kind of cell ages faster than another, judged by the cells' own scatter.

The rate of a group is the mean over its cells. Its variance is the scatter from cell to cell, over their
number, and never less than the errors of the single rates explain; where one group has a single cell, the
scatter of the other one is taken for both. Test and intervals are Welch's (B. L. Welch, Biometrika 34
(1947) 28), with pooled scatter Student's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import UsageError
from eisfit.tracking.comparison.compare_growth import GrowthComparison, Rates
from eisfit.tracking.growth.growth import Growth
from eisfit.verdict import LEVEL


def compare_replicates(
    one: Sequence[Growth],
    other: Sequence[Growth],
    *,
    labels: tuple[str, str] = ("first", "second"),
    level: float = LEVEL,
) -> GrowthComparison:
    """Compare the growth of one parameter in two groups of cells, at least one of which has several.

    Parameters
    ----------
    one, other
        Of each cell; rates are mean rates over the cycles that all of them have in common.
    labels
        Of the groups.
    level
        Of the intervals.

    Raises
    ------
    UsageError
        When there are no cycles in common, or no group has two cells.
    """
    everything = [*one, *other]
    first, last = max(g.first for g in everything), min(g.last for g in everything)
    if first >= last:
        raise UsageError(
            f"{one[0].name}: the cells of {labels[0]} and {labels[1]} have no cycles in common to compare"
        )
    if max(len(one), len(other)) < 2:
        raise UsageError("replicates are compared where a group has two cells or more")
    groups = [np.array([g.rate(first, last) for g in group], dtype=float) for group in (one, other)]
    means = tuple(float(rates[:, 0].mean()) for rates in groups)
    counts = len(one), len(other)
    scatter, dof = _estimate_scatter(groups)
    errors = tuple(
        float(np.sqrt(max(s, np.nanmean(rates[:, 1] ** 2)) / n))
        for s, rates, n in zip(scatter, groups, counts, strict=True)
    )
    laws = tuple(" or ".join(dict.fromkeys(g.law for g in group)) for group in (one, other))
    rates = Rates(
        (means[0], means[1]),
        (errors[0], errors[1]),
        (counts[0] - 1.0, counts[1] - 1.0),
        labels,
        (laws[0], laws[1]),
        counts,
    )
    return rates.compare(one[0].name, one[0].unit, (first, last), level, dof)


def _estimate_scatter(groups: Sequence[FloatArray]) -> tuple[tuple[float, float], float | None]:
    """Return the variance from cell to cell of both groups; degrees of freedom where it is pooled."""
    if min(len(rates) for rates in groups) > 1:
        return (float(groups[0][:, 0].var(ddof=1)), float(groups[1][:, 0].var(ddof=1))), None
    pooled = max(groups, key=len)[:, 0]
    variance = float(pooled.var(ddof=1))
    return (variance, variance), pooled.size - 1.0


def check_groups(groups: Mapping[str, Sequence[str]], labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups, each of known cells that are in no other.

    Raises
    ------
    UsageError
        Where that is not so.
    """
    if len(groups) < 2:
        raise UsageError("a comparison of groups needs two of them")
    named = [label for cells in groups.values() for label in cells]
    for name, cells in groups.items():
        if not cells:
            raise UsageError(f"group {name}: has no cells")
        for label in cells:
            if label not in labels:
                raise UsageError(f"group {name}: no cell {label!r}; there are {', '.join(labels)}")
    twice = sorted({label for label in named if named.count(label) > 1})
    if twice:
        raise UsageError(f"cell {twice[0]} is in more than one group")
    return {name: tuple(cells) for name, cells in groups.items()}

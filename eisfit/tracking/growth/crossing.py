"""When a growing parameter reaches a value: the end of life, with the interval that the data allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.records import Document, ShownAsText, dataclass
from eisfit.rounding import significant, value_with_error
from eisfit.tracking.growth.laws import LAWS

if TYPE_CHECKING:
    from eisfit.tracking.growth.growth import Growth

_MAX_SPANS = 10.0  # measured spans: no extrapolation further out can be trusted
_GRID_POINTS = 1001


@dataclass(frozen=True, repr=False)
class Crossing(ShownAsText, Document):
    """Where a law reaches a value.

    Attributes
    ----------
    name
        Of the parameter.
    target, factor
        The value; the factor where it is a multiple of the value at cycle 0.
    cycle, stderr
        None where the value is not reached as far as was looked.
    low, high
        Fieller's interval; an open end is None.
    level
        Of the interval.
    extrapolated
        Whether the cycle lies beyond the measured ones.
    searched_to
        The last cycle looked at.
    """

    name: str
    target: float
    factor: float | None
    cycle: float | None
    stderr: float | None
    low: float | None
    high: float | None
    level: float
    extrapolated: bool
    searched_to: float

    def __str__(self) -> str:
        what = f"{self.name} {self._describe_verb()}"
        if self.cycle is None:
            return f"{what} not before cycle {significant(self.searched_to, 4, trailing_zeros=False)}"
        ends = [
            significant(end, 4, trailing_zeros=False) if end is not None else "open"
            for end in (self.low, self.high)
        ]
        text = f"{what} at cycle {value_with_error(self.cycle, self.stderr)}"
        text += f" ({100 * self.level:g} %: {ends[0]} to {ends[1]})" if self.stderr is not None else ""
        return text + (", extrapolated" if self.extrapolated else "")

    def _describe_verb(self) -> str:
        if self.factor == 2:
            return "doubles"
        if self.factor is not None:
            return f"reaches {self.factor:g} times its value at cycle 0"
        return f"reaches {significant(self.target, 4, trailing_zeros=False)}"


def find_crossing(
    growth: Growth, value: float | None, factor: float | None, level: float, extrapolate: bool
) -> Crossing:
    """Return the first crossing from the first measured cycle on; see `Growth.crossing`."""
    target, excess, weights = _make_excess(growth, value, factor)
    end = growth.last + (_MAX_SPANS * (growth.last - growth.first) if extrapolate else 0.0)
    grid = np.linspace(growth.first, end, _GRID_POINTS)
    values = excess(grid)
    change = np.flatnonzero(np.signbit(values[1:]) != np.signbit(values[:-1]))
    nothing = Crossing(growth.name, target, factor, None, None, None, None, level, False, end)
    if change.size == 0:
        return nothing
    cycle = _find_root(excess, grid[change[0]], grid[change[0] + 1])
    stderr, low, high = _find_interval(growth, excess, weights, cycle, level)
    return Crossing(
        growth.name, target, factor, cycle, stderr, low, high, level, bool(cycle > growth.last), end
    )


def _make_excess(
    growth: Growth, value: float | None, factor: float | None
) -> tuple[float, Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]:
    """Return the target, the excess over it, and the derivatives of that by the coefficients."""
    law, theta, zero = LAWS[growth.law], np.array(growth.coefficients), np.zeros(1)
    target, slopes = float(value or 0.0), np.zeros((1, theta.size))
    if factor is not None:
        target, slopes = factor * float(law.value(zero, theta)[0]), factor * law.gradient(zero, theta)
    return target, (lambda x: law.value(x, theta) - target), (lambda x: law.gradient(x, theta) - slopes)


def _find_root(excess: Callable[[FloatArray], FloatArray], low: float, high: float) -> float:
    below = excess(np.array([low]))[0] < 0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if (excess(np.array([middle]))[0] < 0) == below:
            low = middle
        else:
            high = middle
    return float(0.5 * (low + high))


def _find_interval(
    growth: Growth,
    excess: Callable[[FloatArray], FloatArray],
    weights: Callable[[FloatArray], FloatArray],
    cycle: float,
    level: float,
) -> tuple[float | None, float | None, float | None]:
    """Return the standard error to first order, and the ends between which the target is not excluded."""
    error = growth.error(weights(np.array([cycle])))
    if error is None:
        return None, None, None
    step = 1e-4 * (growth.last - growth.first)
    ends = excess(np.array([max(cycle - step, growth.first), cycle + step]))
    slope = float(ends[1] - ends[0]) / (cycle + step - max(cycle - step, growth.first))
    quantile = growth.quantile(level)

    def measure_distance(x: FloatArray) -> FloatArray:
        sigma = growth.error(weights(x))
        assert sigma is not None
        return np.abs(excess(x)) - quantile * sigma

    far = max(cycle, growth.last) + _MAX_SPANS * (growth.last - growth.first)
    low = _find_edge(measure_distance, np.linspace(cycle, min(0.0, growth.first), _GRID_POINTS))
    high = _find_edge(measure_distance, np.linspace(cycle, far, 2 * _GRID_POINTS))
    return float(error[0] / abs(slope)) if slope else None, low, high


def _find_edge(measure_distance: Callable[[FloatArray], FloatArray], grid: FloatArray) -> float | None:
    """Return where the distance along the grid becomes positive; None where it never does."""
    sure = np.flatnonzero(measure_distance(grid) > 0)
    if sure.size == 0:
        return None
    k = int(sure[0])
    return float(grid[0]) if k == 0 else _find_root(measure_distance, float(grid[k - 1]), float(grid[k]))

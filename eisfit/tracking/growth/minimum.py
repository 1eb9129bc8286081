"""The minimum of a function of one variable between two ends, without scipy: its import takes 0.2 s.

R. P. Brent, Algorithms for Minimization without Derivatives (Prentice-Hall 1973), ch. 5: parabolas through
the best three points, golden sections where these lead nowhere. Step for step `scipy.optimize.fminbound`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_GOLDEN = 0.5 * (3 - math.sqrt(5))
_ROUNDING = math.sqrt(2.2e-16)
_MAX_CALLS = 500
_Points = tuple[tuple[float, float], ...]


def find_bounded_minimum(
    function: Callable[[float], float], low: float, high: float, precision: float
) -> tuple[float, float]:
    """Return the place of a minimum between `low` and `high`, to a `precision`, and its value.

    Examples
    --------
    >>> place, value = find_bounded_minimum(lambda x: (x - 2) ** 2 + 1, 0.0, 5.0, 1e-9)
    >>> round(place, 6), round(value, 6)
    (2.0, 1.0)
    """
    first = low + _GOLDEN * (high - low)
    points: _Points = ((first, function(first)),) * 3
    step = before = 0.0
    for _ in range(_MAX_CALLS - 1):
        best, middle = points[0][0], 0.5 * (low + high)
        least = _ROUNDING * abs(best) + precision / 3
        if abs(best - middle) <= 2 * least - 0.5 * (high - low):
            break
        parabola = _step_to_vertex(points, low, high, before) if abs(before) > least else None
        if parabola is None:
            before = (low if best >= middle else high) - best
            step = _GOLDEN * before
        else:
            before, step = step, parabola
            if min(best + step - low, high - best - step) < 2 * least:
                step = math.copysign(least, 1 if middle >= best else -1)
        place = best + math.copysign(max(abs(step), least), 1 if step >= 0 else -1)
        new = place, function(place)
        if (place >= best) == (new[1] <= points[0][1]):
            low = min(place, best)
        else:
            high = max(place, best)
        points = _insert_point(points, new)
    return points[0]


def _insert_point(points: _Points, new: tuple[float, float]) -> _Points:
    """Return the best three points in order, places and values; a repeated place is dropped."""
    best, second, third = points
    if new[1] <= best[1]:
        return new, best, second
    if new[1] <= second[1] or second[0] == best[0]:
        return best, new, second
    if new[1] <= third[1] or third[0] in (best[0], second[0]):
        return best, second, new
    return points


def _step_to_vertex(points: _Points, low: float, high: float, before: float) -> float | None:
    """Return the step to the vertex of a parabola; None where that is no useful step."""
    (x, fx), (second, at_second), (third, at_third) = points
    r, q = (x - second) * (fx - at_third), (x - third) * (fx - at_second)
    p, q = (x - third) * q - (x - second) * r, 2 * (q - r)
    p, q = -p if q > 0 else p, abs(q)
    useful = abs(p) < abs(0.5 * q * before) and q * (low - x) < p < q * (high - x)
    return p / q if useful else None

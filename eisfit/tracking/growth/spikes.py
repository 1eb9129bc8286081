"""Single cycles off both their neighbours: a contact, a warm day, a spectrum of another cell.

No law is needed to see them, and none to judge: a knee or a step is off one side only, and stays. The first
and the last cycle have one neighbour; they stay too.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.validation.quantiles import t_quantile

_MAX_SHARE = 10  # one in so many may be set aside
_MIN_POINTS = 8  # points
_CHANCE = 1e-4
_MIN_PULL = 0.5  # of what is expected of the neighbours, at least
_MEDIAN_FACTOR = 1.4826  # standard deviations in a median of absolute deviations


def find_followers(x: FloatArray, y: FloatArray, stderr: FloatArray) -> BoolArray:
    """Return which points (n,), in the order of x, are not single outliers between their neighbours."""
    keep = np.ones(x.size, dtype=bool)
    for _ in range(max(1, x.size // _MAX_SHARE) if x.size >= _MIN_POINTS else 0):
        kept = np.flatnonzero(keep)
        worst = _find_worst(x[kept], y[kept], stderr[kept])
        if worst is None:
            break
        keep[kept[worst]] = False
    return keep


def _find_worst(x: FloatArray, y: FloatArray, stderr: FloatArray) -> int | None:
    """Return the point farthest off its neighbours, where that is significant and it alone is off."""
    off, error, share = _compare_neighbours(x, y, stderr)
    worst = int(np.argmax(np.abs(off) / error))
    others = np.delete(np.abs(off) / error, np.arange(max(worst - 1, 0), min(worst + 2, off.size)))
    if abs(off[worst]) <= _compute_limit(others) * error[worst]:
        return None
    # A point alone pulls the lines beside it to the other side; a bend, a knee and a step do not.
    pulled = [-off[worst] * share[worst - 1]] if worst else []
    seen = [off[worst - 1]] if worst else []
    if worst + 1 < off.size:
        pulled, seen = [*pulled, -off[worst] * (1 - share[worst + 1])], [*seen, off[worst + 1]]
    # Of a neighbour at the same place nothing is expected.
    alone = all(found * by >= _MIN_PULL * by**2 for found, by in zip(seen, pulled, strict=True))
    return worst + 1 if alone else None


def is_end_apart(x: FloatArray, y: FloatArray, stderr: FloatArray) -> bool:
    """Return whether the first or the last point is far off where its two neighbours lead."""
    off, usual, _ = _compare_neighbours(x, y, stderr)
    limit = _compute_limit(np.abs(off) / usual)
    for end in (slice(0, 3), slice(-1, -4, -1)):
        (a, b, c), value, error = x[end], y[end], stderr[end]
        ahead = (a - b) / (b - c) if b != c else 0.0
        weights = np.array([1.0, -1 - ahead, ahead])
        if abs(weights @ value) > limit * np.sqrt(weights**2 @ error**2):
            return True
    return False


def _compute_limit(others: FloatArray) -> float:
    """Return how many errors a distance may reach, given those of the others."""
    usual = max(1.0, _MEDIAN_FACTOR * float(np.median(others)))
    return usual * t_quantile(max(others.size // 2, 2), 1 - _CHANCE)


def _compare_neighbours(
    x: FloatArray, y: FloatArray, stderr: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how far inner points (n - 2,) lie off the line between their neighbours, and the later's share.

    In the middle the error of the first.
    """
    span = x[2:] - x[:-2]
    share = np.where(span > 0, (x[1:-1] - x[:-2]) / np.where(span > 0, span, 1.0), 0.5)
    between = (1 - share) * y[:-2] + share * y[2:]
    variance = stderr[1:-1] ** 2 + ((1 - share) * stderr[:-2]) ** 2 + (share * stderr[2:]) ** 2
    return y[1:-1] - between, np.sqrt(variance), share

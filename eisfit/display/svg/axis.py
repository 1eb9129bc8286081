"""One axis of a panel: its range, its ticks, and where a value stands."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.records import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MAX_DECADES = 7  # decades that are all labelled


@dataclass(frozen=True)
class Axis:
    """A range drawn from `start` to `end` (pixels); of a logarithmic one, `low` and `high` are positive."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def round(
        cls, values: Iterable[FloatArray], start: float, end: float, *, margin: float, log: bool = False
    ) -> Axis:
        """Return an axis around all finite values, a share `margin` wider."""
        joined = np.concatenate([np.empty(0), *(np.ravel(np.asarray(v, dtype=float)) for v in values)])
        known = joined[np.isfinite(joined) & ((joined > 0) | (not log))]
        low, high = (float(known.min()), float(known.max())) if known.size else (1.0, 10.0)
        if log:
            room = max(high / low, 1.01) ** margin
            return cls(low / room, high * room, start, end, log=True)
        room = margin * (high - low) or 0.05 * abs(high) or 1.0
        return cls(low - room, high + room, start, end)

    def place(self, values: FloatArray | float) -> FloatArray:
        """Return pixels of values; NaN where there is none."""
        x, low, high = np.asarray(values, dtype=float), self.low, self.high
        if self.log:
            x = np.log(np.where(x > 0, x, np.nan))
            low, high = math.log(low), math.log(high)
        return np.asarray(self.start + (x - low) / (high - low) * (self.end - self.start))

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return (value, SVG text) of about so many ticks, and of two at least: one alone tells no scale."""
        if self.log:
            found = self._list_decades(most)
            if len(found) > 1:
                return found
        least, count = (self.high - self.low) / most, 0
        while count < 2:
            step = _choose_step(least)
            first = math.ceil(self.low / step - 1e-9)
            count = math.floor(self.high / step + 1e-9) - first + 1
            least = 0.5 * step
        return [((first + k) * step, format_tick((first + k) * step, step)) for k in range(count)]

    def _list_decades(self, most: int) -> list[tuple[float, str]]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, -(-(last - first + 1) // min(most, _MAX_DECADES)))
        kept = [k for k in range(first, last + 1) if k % every == 0]
        return [(10.0**k, f'10<tspan dy="-4" font-size="8">{_use_minus(str(k))}</tspan>') for k in kept]


def _choose_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def format_tick(value: float, step: float = 0.0) -> str:
    """Return a number as the axes write it, no finer than a step needs."""
    rounded = round(value / step) * step if step else value
    return _use_minus(escape(f"{rounded:.6g}" if rounded else "0"))


def _use_minus(text: str) -> str:
    return text.replace("-", "−")

"""Where one sweep of a table ends and the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.spectra.readers._file import MAX_SWEEPS
from eisfit.spectra.readers._header import Table

__all__ = ["boundaries", "gaps_of", "overlap"]


_FEWEST_ROWS = 3
_SAME_FREQUENCY = 0.005  # relative: instruments set a frequency within this


def boundaries(
    frequency: FloatArray, cycle: FloatArray | None = None, *conditions: FloatArray | None
) -> list[int]:
    """Return the rows at which a new sweep begins: where the frequency jumps back and comes again.

    `conditions` are further columns that must stay as they are within one sweep: temperature, potential.

    A row with f = 0 (rest, or the end of a loop) parts nothing by itself. A change of the cycle column alone
    does not part either: instruments count half cycles within one spectrum.
    """
    rows = np.flatnonzero(np.isfinite(frequency) & (frequency > 0))
    steps = np.diff(np.log(frequency[rows]))
    cuts: list[int] = []
    direction = 0.0
    for i, step in enumerate(steps):
        changed = cycle is not None and cycle[rows[i + 1]] != cycle[rows[i]]
        back = direction * step < 0 and (changed or _jumps_back(steps, i, direction))
        back = back or (step == 0 and direction != 0 and _turns(steps[i + 1 : i + 3], direction))
        if back or (step == 0 and changed):
            cuts.append(int(rows[i + 1]))
            direction = 0.0
            if len(cuts) > MAX_SWEEPS:
                break  # `finish` refuses so many
        elif direction == 0.0 and step != 0:
            direction = float(np.sign(step))
    return [] if cuts and _is_one_sweep(frequency, cuts, cycle, conditions) else cuts


def gaps_of(table: Table, lines: Sequence[str], frequency: FloatArray) -> list[int]:
    """Return the rows below an empty line at which the frequencies go over those above it again.

    A band of frequencies of its own, or more of the same sweep, is none: programs make pages.
    """
    if len(table.rows) != frequency.size or "" not in lines[table.rows[0] : table.rows[-1]]:
        return []
    gaps = [
        row
        for row, (above, below) in enumerate(pairwise(table.rows), 1)
        if below > above + 1 and not any(line.strip() for line in lines[above + 1 : below])
    ]
    parts = [frequency[a:b] for a, b in pairwise([0, *gaps, frequency.size])]
    again = [overlap(above, below) for above, below in pairwise(parts)]
    return [gap for gap, is_again in zip(gaps, again, strict=True) if is_again]


def overlap(above: FloatArray, below: FloatArray) -> bool:
    """Whether frequencies are a few each, and share more than a third of the narrower range of log f."""
    above, below = np.log(above[above > 0]), np.log(below[below > 0])
    if min(above.size, below.size) < _FEWEST_ROWS:
        return False
    shared = min(above.max(), below.max()) - max(above.min(), below.min())
    return bool(shared > 0.34 * min(np.ptp(above), np.ptp(below)) > 0)


def _is_one_sweep(
    frequency: FloatArray, cuts: list[int], cycle: FloatArray | None, conditions: Sequence[FloatArray | None]
) -> bool:
    """Whether pieces are one sweep in any order, interlaced or in bands: hardly a frequency comes twice."""
    for values in (cycle, *conditions):
        known = values[np.isfinite(values)] if values is not None else np.empty(0)
        if known.size and np.ptp(known) > 1e-3 * max(np.abs(known).max(), 1.0):
            return False
    piece = np.searchsorted(cuts, np.arange(frequency.size), side="right")
    good = np.isfinite(frequency) & (frequency > 0)
    order = np.argsort(frequency[good], kind="stable")
    f, piece = np.log(frequency[good][order]), piece[good][order]
    twice = int(((np.diff(f) < _SAME_FREQUENCY) & (np.diff(piece) != 0)).sum())
    return twice <= min(2, len(cuts)) + 0.02 * f.size


def _jumps_back(steps: FloatArray, i: int, direction: float) -> bool:
    """Whether step `i` starts a new sweep: a wide jump, or the first of a run the other way."""
    return abs(float(steps[i])) > np.log(3.0) or _turns(steps[i + 1 : i + 3], direction)


def _turns(following: FloatArray, direction: float) -> bool:
    return following.size == 2 and bool((following * direction < 0).all())

"""Where one sweep of a table ends and the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray, FloatArray, IntArray, median
from eisfit.spectra.readers.file import MAX_SWEEPS, File
from eisfit.spectra.readers.sweep import make_one_frequency_error
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_FEWEST_ROWS = 3
_MOST_OF_A_SHORT_ONE = 8  # points: too few to see whether pieces continue each other
_WHOLE = 0.6  # of the range of log f: so much each of several sweeps has in common
_FEWEST_OF_A_PASS = 5  # points; of random order a piece has two or three
_NONE = 1e18  # Hz and above: an analyser's mark for over-range
_SAME_FREQUENCY = 0.005  # relative: instruments set a frequency within this
_DRIFT = 0.01  # relative, of one frequency
_EVENLY = 1.3  # the longest step of a grid by the shortest
_WIDE, _FAR = 2.0, 0.5  # a step among those of a sweep, relative to them and to |Z|
_ON_ITS_PLACE, _ONE_STEP = 0.01, 0.1  # in log f; of a step
_NEAR = np.log(2.5)  # of f: farther off nothing tells how Z goes on
_LEAST_LEAP, _MANY_TIMES = 0.1, 1.5  # relative to |Z|; to those near it
_LEAP = 0.01  # relative: a system that drifts less between two passes has given one spectrum


def note_misplaced(frequency: FloatArray) -> list[str]:
    """Say which frequencies lie powers of ten off the middle of neighbours that two steps part."""
    log = np.log10(frequency)
    steps = np.diff(log)
    if steps.size < _FEWEST_OF_A_PASS:
        return []
    off = log[1:-1] - (log[2:] + log[:-2]) / 2
    gap = np.abs(log[2:] - log[:-2]) / (2 * median(np.abs(steps)))
    lost = (
        (np.abs(off - np.round(off)) < _ON_ITS_PLACE) & (np.round(off) != 0) & (np.abs(gap - 1) < _ONE_STEP)
    )
    lost = lost & _find_steady_pairs(steps) if lost.any() else lost
    shown = {i: f"{frequency[i]:.6g}" for place in np.flatnonzero(lost)[:3] for i in range(place, place + 3)}
    return [
        f"{ASSUMED} {shown[place + 1]} Hz between {shown[place]} and {shown[place + 2]} Hz is right: "
        "a lost decimal mark or exponent?"
        for place in np.flatnonzero(lost)[:3]
    ]


def _find_steady_pairs(steps: FloatArray) -> BoolArray:
    """Return the pairs of steps near which all others but one run one way, as those of a sweep do."""
    places = np.arange(steps.size - 1)[:, np.newaxis]
    near = places + np.array([-4, -3, -2, -1, 2, 3, 4, 5])
    held = (near >= 0) & (near < steps.size)
    signs = np.where(held, np.sign(steps[near.clip(0, steps.size - 1)]), 0.0)
    way = np.sign(steps[:-1] + steps[1:])
    return np.asarray((signs == way[:, np.newaxis]).sum(axis=1) >= held.sum(axis=1) - 1)


def find_boundaries(
    frequency: FloatArray,
    z: ComplexArray,
    cycle: FloatArray | None = None,
    *conditions: FloatArray | None,
) -> list[int]:
    """Return the rows at which a new sweep begins: where the frequency jumps back and comes again.

    `conditions` are further columns that must stay as they are within one sweep: temperature, potential.
    Pieces between whose points the impedances `z` leap are sweeps of their own.

    A row with f = 0 (rest, or the end of a loop) parts nothing by itself. A change of the cycle column alone
    does not part either: instruments count half cycles within one spectrum.
    """
    rows = np.flatnonzero((frequency > 0) & (frequency < _NONE))
    swept = frequency[rows]
    steps = np.diff(np.log(swept))
    cuts: list[int] = []
    direction, first = 0.0, 0
    for i, step in enumerate(steps):
        changed = cycle is not None and cycle[rows[i + 1]] != cycle[rows[i]]
        again = direction * step < 0 and _begins_again(swept, first, i + 1)
        back = again or (direction * step < 0 and (changed or _jumps_back(steps, i, direction)))
        back = back or (step == 0 and direction != 0 and _is_turn(steps[i + 1 : i + 3], direction))
        if back or (step == 0 and changed):
            first = i + 1 - (not (changed or again) and _turn_begins_sweep(steps, i))
            cuts.append(int(rows[first]))
            direction = 0.0
            if len(cuts) > MAX_SWEEPS:
                break  # `make_spectra` refuses so many
        elif direction == 0.0 and step != 0:
            direction = float(np.sign(step))
            is_first = i == 0 or cuts[-1:] == [int(rows[i])]
            if is_first and _is_turn(steps[i + 1 : i + 4], direction):
                exchanged = abs(step) < abs(steps[i + 1])  # with the second row; else it is above the sweep
                cuts += [] if exchanged else [int(rows[i + 1])]
                direction = -direction if exchanged else 0.0
    known = [values for values in (cycle, *conditions) if values is not None and _is_changing(values)]
    if not cuts:
        return next((found for values in known if (found := _find_leaping_changes(frequency, z, values))), [])
    if not known:
        return [] if _is_one_sweep(frequency, z, cuts) else cuts
    return next((runs for values in known if (runs := _find_single_sweeps(frequency, z, values))), cuts)


def _find_leaping_changes(f: FloatArray, z: ComplexArray, values: FloatArray) -> list[int]:
    """Return where a condition changes, if the impedance leaps each time: spectra whose frequencies go on."""
    changes = find_changes(values.tolist(), _FEWEST_ROWS + 1)
    return changes if find_leaps(f, z, changes) == changes else []


def find_changes(told: Sequence[object], fewest: int) -> list[int]:
    """Return the rows at which what is told of each changes, where all is told of `fewest` rows in one run.

    >>> find_changes("aaabbb", 3), find_changes("aaabbb", 4), find_changes("aabbaa", 2)
    ([3], [], [])
    """
    changes = [row for row, (above, below) in enumerate(pairwise(told), 1) if above != below]
    apart = len(set(told)) == len(changes) + 1
    return changes if apart and np.diff([0, *changes, len(told)]).min() >= fewest else []


def find_leaps(f: FloatArray, z: ComplexArray, rows: Sequence[int]) -> list[int]:
    """Return those of the rows at which Z goes on from neither side as it does at those near it.

    >>> f = np.geomspace(1e3, 1.0, 20)
    >>> z = f**-0.5 * (1 - 1j)
    >>> find_leaps(f, np.append(z[:10], 20 * z[10:]), [5, 10]), find_leaps(f, z, [5, 10])
    ([10], [])
    """
    if not len(rows) or not (np.isfinite(z).all() and (f > 0).all()):
        return []
    x = np.log(f)
    near = (row for row in rows if abs(x[row] - x[row - 1]) < _NEAR)
    down, up = _extrapolation_error(x, z), _extrapolation_error(x[::-1], z[::-1])[::-1]
    return [
        row
        for row in near
        if min(down[row], up[row - 1])
        > max(_LEAST_LEAP, _MANY_TIMES * max(*down[max(0, row - 3) : row], *up[row : row + 3], 0.0))
    ]


def _extrapolation_error(x: FloatArray, z: ComplexArray) -> FloatArray:
    """Return how far each point is from the line through the two before it, relative to |z|."""
    steps = np.diff(x)
    share = steps[1:] / np.where(steps[:-1] == 0, np.inf, steps[:-1])
    off = np.abs(z[2:] - z[1:-1] - share * np.diff(z)[:-1]) / np.maximum(np.abs(z[1:-1]), 1e-300)
    bend = np.maximum(1.0, share * (1 + share) / 2)  # over a row that is missing any curve goes farther off
    return np.append([0.0, 0.0], off / bend)


def _is_changing(values: FloatArray) -> bool:
    known = values[np.isfinite(values)]
    return bool(known.size and np.ptp(known) > 1e-3 * max(np.abs(known).max(), 1.0))


def _find_single_sweeps(frequency: FloatArray, z: ComplexArray, values: FloatArray) -> list[int]:
    """Return where a condition changes, if what it stays the same for is one sweep each, in whatever order.

    Half cycles, which instruments count within one spectrum, do not go over the same frequencies again.
    """
    runs = [int(row) for row in np.flatnonzero(np.diff(values)) + 1]
    edges = [0, *runs, values.size]
    if not 0 < len(runs) < values.size / _FEWEST_OF_A_PASS or len(set(values[edges[:-1]].tolist())) <= len(
        runs
    ):
        return []
    parts = [slice(a, b) for a, b in pairwise(edges)]
    again = all(are_overlapping(frequency[a], frequency[b], _WHOLE) for a, b in pairwise(parts))
    return runs if again and not any(find_boundaries(frequency[part], z[part]) for part in parts) else []


def find_gaps(table: Table, frequency: FloatArray, z: ComplexArray) -> list[int]:
    """Return the rows below an empty line at which the frequencies go over those above it again.

    A band of frequencies of its own, or more of the same sweep, is none: programs make pages. The last row or
    two are some where they are no part of the sweep.
    """
    if len(table.rows) != frequency.size:
        return []
    if "" not in table.lines[table.rows[0] : table.rows[-1]]:
        return []
    gaps = [
        row
        for row, (above, below) in enumerate(pairwise(table.rows), 1)
        if below > above + 1 and not any(line.strip() for line in table.lines[above + 1 : below])
    ]
    if 2 * len(gaps) >= frequency.size:
        return []  # below each row: they part nothing
    sweeps = find_boundaries(frequency, z) if gaps else []  # of which pages know nothing
    edges = sorted({0, *gaps, *sweeps, frequency.size})
    parts = [frequency[a:b] for a, b in pairwise(edges)]
    again = [are_overlapping(above, below) for above, below in pairwise(parts)]
    found = {edge for edge, is_again in zip(edges[1:-1], again, strict=True) if is_again} & set(gaps)
    if gaps and frequency.size - gaps[-1] < _FEWEST_ROWS:
        end = slice(max(gaps[-1] - 6, 0), gaps[-1] + 1)
        steps = np.diff(frequency[end])
        back = bool(steps[:-1].size and (steps[:-1] * steps[-1] < 0).all())
        found |= {gaps[-1]} if back or _is_of_other_sweep(frequency[end], z[end]) else set()
    return sorted(found)


def _is_of_other_sweep(f: FloatArray, z: ComplexArray) -> bool:
    """Whether the last point is no part of the sweep of those before it: a step in f or Z is too wide."""
    if f.size < _FEWEST_ROWS + 2 or not np.isfinite(z).all() or (f <= 0).any():
        return False
    steps, leaps = np.abs(np.diff(np.log(f))), np.abs(np.diff(z)) / np.maximum(np.abs(z[:-1]), 1e-300)
    wide = steps[-1] > _WIDE * steps[:-1].max()
    return bool(wide or leaps[-1] > max(_FAR, _WIDE * leaps[:-1].max()))


def are_overlapping(above: FloatArray, below: FloatArray, least: float = 0.34) -> bool:
    """Whether frequencies are a few each, and share more than `least` of the narrower range of log f."""
    above, below = np.log(above[above > 0]), np.log(below[below > 0])
    if min(above.size, below.size) < _FEWEST_ROWS:
        return False
    shared = min(above.max(), below.max()) - max(above.min(), below.min())
    return bool(shared > least * min(np.ptp(above), np.ptp(below)) > 0)


def _is_one_sweep(frequency: FloatArray, z: ComplexArray, cuts: list[int]) -> bool:
    """Whether pieces are one sweep in any order, interlaced or in bands: hardly a frequency comes twice."""
    if _are_short_sweeps(frequency, cuts):
        return False
    piece = np.searchsorted(cuts, np.arange(frequency.size), side="right")
    good = (frequency > 0) & (frequency < _NONE)
    order = np.argsort(frequency[good], kind="stable")
    f, piece = np.log(frequency[good][order]), piece[good][order]
    twice = int(((np.diff(f) < _SAME_FREQUENCY) & (np.diff(piece) != 0)).sum())
    few = twice <= min(2, len(cuts)) + 0.02 * f.size or (len(cuts) == 1 and _are_bands(frequency, cuts[0]))
    return few and _are_interlaced(f, z[good][order], piece)


def _are_bands(frequency: FloatArray, cut: int) -> bool:
    """Whether two pieces share the frequencies at one end of either alone."""
    above, below = frequency[:cut], frequency[cut:]
    return min(above.size, below.size) >= _FEWEST_OF_A_PASS and not are_overlapping(above, below)


def _are_short_sweeps(frequency: FloatArray, cuts: list[int]) -> bool:
    """Whether each piece runs the same way over most of the range in few points, as no random order does."""
    pieces = [np.log(frequency[a:b]) for a, b in pairwise([0, *cuts, frequency.size]) if a < b]
    if not all(_FEWEST_ROWS < piece.size <= _MOST_OF_A_SHORT_ONE for piece in pieces):
        return False
    ways = {float(way) for piece in pieces for way in np.sign(np.diff(piece))}
    whole = max(piece.max() for piece in pieces) - min(piece.min() for piece in pieces)
    steps = np.diff(np.sort(np.concatenate(pieces)))
    if steps.max() < _EVENLY * steps.min():
        return False  # the points of one grid, taken in turns
    return len(ways) == 1 and min(np.ptp(piece) for piece in pieces) > _WHOLE * whole


def _are_interlaced(f: FloatArray, z: ComplexArray, piece: IntArray) -> bool:
    """Whether points lie between those of other pieces about as they do between those of their own."""
    pieces = np.unique(piece)
    if f.size < _FEWEST_OF_A_PASS * pieces.size:
        return True  # random order
    if _has_foreign_end(f, z, piece):
        return False
    own = np.concatenate([_interpolation_error(f[piece == one], z[piece == one]) for one in pieces])
    among = _interpolation_error(f, z)[(piece[:-2] != piece[1:-1]) & (piece[1:-1] != piece[2:])]
    return not among.size or bool(median(among) < _LEAP + 1.5 * median(own))


def _has_foreign_end(f: FloatArray, z: ComplexArray, piece: IntArray) -> bool:
    """Whether a lone point of another piece at an end of the range does not go on where the sweep ends."""
    return any(
        end[2][-1] != end[2][-2] and _is_of_other_sweep(np.exp(end[0]), end[1])
        for end in ((f[-7:], z[-7:], piece[-7:]), (f[6::-1], z[6::-1], piece[6::-1]))
    )


def _interpolation_error(f: FloatArray, z: ComplexArray) -> FloatArray:
    """Return how far each inner point is from the line between its neighbours, relative to |z|."""
    share = (f[1:-1] - f[:-2]) / np.maximum(f[2:] - f[:-2], 1e-12)
    off = np.abs(z[1:-1] - z[:-2] - share * (z[2:] - z[:-2])) / np.maximum(np.abs(z[1:-1]), 1e-300)
    return np.where(np.isfinite(off), off, 0.0)


def _jumps_back(steps: FloatArray, i: int, direction: float) -> bool:
    """Whether step `i` starts a new sweep: a wide jump, or the first of a run the other way."""
    return abs(float(steps[i])) > np.log(3.0) or _is_turn(steps[i + 1 : i + 3], direction)


def _begins_again(f: FloatArray, first: int, row: int) -> bool:
    """Whether three frequencies from `row` on are those that the sweep began with, however near."""
    return row - first >= _FEWEST_ROWS and bool(np.array_equal(f[row : row + 3], f[first : first + 3]))


def _turn_begins_sweep(steps: FloatArray, i: int) -> bool:
    """Whether a sweep the other way begins before step `i`, by how evenly either spaces its frequencies."""
    if not 2 < i < steps.size - 2 or abs(steps[i]) > np.log(3.0):
        return False
    before, after = np.abs(steps[i - 3 : i]), np.abs(steps[i : i + 3])
    uneven = [np.ptp(run[1:]) + 1e-3 * run[1] for run in (before[::-1], after)]
    return bool(abs(before[2] - before[1]) > 5 * uneven[0] and abs(after[0] - after[1]) <= 2 * uneven[1])


def _is_turn(following: FloatArray, direction: float) -> bool:
    return following.size > 1 and bool((following * direction < 0).all())


def refuse_disorder(file: File, frequency: FloatArray, cuts: list[int]) -> None:
    """Refuse rows of several spectra in no order: cut where the frequency turns they are no spectra.

    Those at one frequency that drifts, as a monitor prints it, are none either.
    """
    known = frequency[np.isfinite(frequency) & (frequency > 0)]
    narrow = known.size > 2 * _FEWEST_ROWS and known.max() - known.min() < _DRIFT * known.min()
    if narrow and np.count_nonzero(np.diff(np.sign(np.diff(known)))) > known.size / 5:
        raise make_one_frequency_error(file, known.size, known[0], "about ")
    if not cuts:
        return
    pieces = [tuple(sorted(piece.tolist())) for piece in np.split(frequency, cuts)]
    size = sorted(map(len, pieces))[len(pieces) // 2]
    if len(set(pieces)) > 2 * _FEWEST_ROWS >= 2 * size:
        raise file.error(
            f"the frequency goes up and down without order ({len(pieces)} stretches of about {size} rows): "
            "sort the rows by spectrum and by frequency"
        )

"""Which peak of one spectrum is which peak of the next: the cheapest path through all ways to number them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from eisfit.arrays import FloatArray, IntArray, robust_spread
from eisfit.tracking.identity import Candidate, find_path
from eisfit.validation.drt_peaks import Peak

_MAX_PROCESSES = 8  # processes: of more, a distribution's smallest peaks are ripples
_MIN_MOVEMENT = (0.3, 0.7)  # ln units: the least movement of a peak's place and area that counts as usual
_DEFAULT_MOVEMENT = 0.7  # where no two neighbours have equally many peaks
_NEW_COST = 4.0  # what a new process costs for its place and for its area: a jump of two standard deviations
_SPARE_PROCESSES = 3  # more processes than the richest spectrum shows


def follow_peaks(peaks: Sequence[Sequence[Peak]], places: FloatArray) -> IntArray:
    """Return the peak (N, K) that each of K processes has in each of N spectra, -1 where it has none.

    Of all ways to number the peaks of each spectrum in their order, that series is taken in which time
    constants and resistances move least from one spectrum to the next (`eisfit.tracking.identity`); a process
    that a spectrum does not show is held against the last that did, and one that would have to jump by more
    than two standard deviations of the usual movement is another process.
    What all peaks do together along the axis, as they are all activated, is taken off before.

    Parameters
    ----------
    peaks
        Of each spectrum, from fast to slow.
    places
        (N,) in which the logarithms move about evenly, such as 1/T.
    """
    kept = [_select_largest(row) for row in peaks]
    shown = [k for k, row in enumerate(kept) if row]
    if not shown:
        return np.full((len(kept), 0), -1, dtype=np.intp)
    most = min(max(len(row) for row in kept) + _SPARE_PROCESSES, _MAX_PROCESSES)
    numbered = np.full((len(kept), most), -1, dtype=np.intp)
    features = _detrend([_compute_features(peaks[k], kept[k]) for k in shown], places[shown])
    slots = [list(combinations(range(most), len(kept[k]))) for k in shown]
    found = [[_candidate(row, way, most) for way in ways] for row, ways in zip(features, slots, strict=True)]
    flat = np.zeros((len(shown), 2 * most))
    usual = np.tile(_measure_usual_movement(features), most)
    path = find_path(found, flat, np.ones(len(shown)), usual=usual, new=_NEW_COST)
    for k, ways, step in zip(shown, slots, path, strict=True):
        numbered[k, list(ways[step])] = kept[k]
    used = [j for j in range(most) if (numbered[:, j] >= 0).any()]
    return numbered[:, sorted(used, key=lambda j: _find_median_time(peaks, numbered[:, j]))]


def _find_median_time(peaks: Sequence[Sequence[Peak]], column: IntArray) -> float:
    """Return the median ln tau of a process."""
    return float(np.median([np.log(row[k].tau) for row, k in zip(peaks, column, strict=True) if k >= 0]))


def _select_largest(row: Sequence[Peak]) -> list[int]:
    order = sorted(range(len(row)), key=lambda k: -row[k].resistance)[:_MAX_PROCESSES]
    return sorted(order)


def _compute_features(row: Sequence[Peak], kept: Sequence[int]) -> FloatArray:
    """Return ln tau and ln R (n, 2)."""
    return np.log([[row[k].tau, max(row[k].resistance, 1e-300)] for k in kept])


def _steps(features: Sequence[FloatArray]) -> list[tuple[int, FloatArray]]:
    """Return the movements (n, 2) between neighbours that have equally many peaks, and where."""
    pairs = enumerate(pairwise(features))
    return [(k, after - before) for k, (before, after) in pairs if len(before) == len(after)]


def _detrend(features: list[FloatArray], places: FloatArray) -> list[FloatArray]:
    """Return the features without the usual slope over the places."""
    slopes = [
        step / gap for k, step in _steps(features) if (gap := places[k + 1] - places[k]) and np.isfinite(gap)
    ]
    if not slopes:
        return features
    slope = np.median(np.concatenate(slopes), axis=0)
    return [row - slope * place for row, place in zip(features, np.nan_to_num(places), strict=True)]


def _measure_usual_movement(features: Sequence[FloatArray]) -> FloatArray:
    steps = [step for _, step in _steps(features)]
    if not steps:
        return np.full(2, _DEFAULT_MOVEMENT)
    return np.maximum(robust_spread(np.concatenate(steps)), _MIN_MOVEMENT)


def _candidate(row: FloatArray, way: Sequence[int], most: int) -> Candidate:
    features = np.full((most, 2), np.nan)
    features[list(way)] = row
    return Candidate(features.ravel(), 1.0, features.ravel(), 0.0, blind=True)

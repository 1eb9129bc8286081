"""What a tracked series warns of: arcs that merge, arcs that would fit better exchanged, and jumps."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations, compress

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.fitting.result import FitResult
from eisfit.rounding import significant
from eisfit.spectra.axes import Axis, find_axis_value
from eisfit.tracking.identity import Features, measure_movement
from eisfit.verdict import FORBIDS, TELLS, Flag, limit

_BLURRED, _APART = limit("series_blurred"), limit("series_apart")
_JUMP, _UNUSUAL = np.log(limit("series_jump")), limit("series_unusual")
_EXCHANGED = limit("series_exchanged")


def judge_jumps(
    fits: Sequence[FitResult],
    features: Features,
    axis: Axis,
    errors: FloatArray | None = None,
) -> list[FitResult]:
    """Return the fits of a series with the flags that only the series can tell.

    `errors` (N, m) are those of the features, where they are known already.
    """
    if not fits or not features.names:
        return list(fits)
    values = np.array([[fit.values[name] for name in features.circuit.names] for fit in fits])
    path = features.of(values)
    errors = np.array([features.errors(fit) for fit in fits]) if errors is None else errors
    merged = [_flag_merged(row, error, features, axis) for row, error in zip(path, errors, strict=True)]
    result = [_flag(fit, [flag] if flag else [], bad=True) for fit, flag in zip(fits, merged, strict=True)]
    usual = measure_movement(path)
    usable = [k for k, fit in enumerate(result) if fit.ok]
    last: int | None = None
    for k in usable:
        if last is not None:
            scale = np.sqrt(usual**2 + errors[k] ** 2 + errors[last] ** 2)
            swapped = _flag_swapped(path[last], path[k], scale, features, _name_place(fits[last], axis))
            if swapped is not None:
                result[k] = _flag(result[k], [swapped], bad=True)
                continue
            result[k] = _flag(
                result[k],
                _flag_jumps(path[last], path[k], scale, features, _name_place(fits[last], axis)),
                bad=False,
            )
        last = k
    return result


def _flag(fit: FitResult, flags: list[Flag], *, bad: bool) -> FitResult:
    level = FORBIDS if bad else TELLS
    levelled = [dataclasses.replace(flag, level=level) for flag in flags]
    return fit.replace_flags((*fit.flags, *levelled)) if flags else fit


def _flag_merged(row: FloatArray, error: FloatArray, features: Features, axis: Axis) -> Flag | None:
    """Flag a pair of arcs that one spectrum does not tell apart."""
    for (r1, t1), (r2, t2) in combinations(features.arcs, 2):
        pair = features.names[r1], features.names[r2]
        apart = abs(row[t1] - row[t2])
        width = float(np.hypot(error[t1], error[t2]))
        blurred = max(error[r1], error[r2])
        if not (np.isfinite(width) and np.isfinite(blurred)):
            continue
        alike = apart < _APART * width, blurred > _BLURRED
        if any(alike):
            times = f"their time constants, a factor {significant(float(np.exp(apart)), 2)} apart,"
            what = compress((times, "their resistances"), alike)
            return Flag(
                "arcs_merged",
                f"the arcs of {pair[0]} and {pair[1]} have run into one: {' and '.join(what)} "
                "are not told apart",
                f"use {pair[0]}+{pair[1]} at this {axis.words}, or a joint fit (--smooth {pair[0]})",
            )
    return None


def _flag_swapped(
    before: FloatArray, here: FloatArray, scale: FloatArray, features: Features, last: str
) -> Flag | None:
    for one, other in combinations(features.arcs, 2):
        a, b = list(one), list(other)
        both = np.maximum(scale[a], scale[b])
        straight = np.sum(((here[a] - before[a]) / both) ** 2) + np.sum(((here[b] - before[b]) / both) ** 2)
        crossed = np.sum(((here[a] - before[b]) / both) ** 2) + np.sum(((here[b] - before[a]) / both) ** 2)
        if crossed + _EXCHANGED < straight:
            return Flag(
                "arcs_swapped",
                f"the arcs of {features.names[one[0]]} and {features.names[other[0]]} continue those of "
                f"{last} better when exchanged",
                "do not follow the two across this point; a joint fit (--smooth) keeps them apart",
            )
    return None


def _flag_jumps(
    before: FloatArray, here: FloatArray, scale: FloatArray, features: Features, last: str
) -> list[Flag]:
    moved = np.abs(here - before)
    found = np.flatnonzero((moved > _JUMP) & (moved > _UNUSUAL * scale)).tolist()
    if not found:
        return []
    told = ", ".join(
        f"{features.names[k]} times {significant(float(np.exp(here[k] - before[k])), 3)}" for k in found
    )
    return [
        Flag(
            "jump",
            f"from {last} to here: {told}, far more than is usual in this series",
            "look at both spectra: the cell, the contact or the temperature changed, or another optimum won",
        )
    ]


def _name_place(fit: FitResult, axis: Axis) -> str:
    value = find_axis_value(fit.spectrum, axis)
    if value is None:
        return f"spectrum {fit.spectrum.index}"
    return f"cycle {value:g}" if axis.name == "cycle" else axis.format(value)

"""Departures to first order about a fit: with their size and the noise given, all is in closed form.

The residual tells a departure's mean and covariance, and those what it adds to the parameters (M. C. Kennedy,
A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425). The noise is taken by restricted maximum likelihood
(D. A. Harville, J. Am. Stat. Assoc. 72 (1977) 320).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.fitting.errors.departures.fitted import Departed
from eisfit.fitting.errors.departures.linearised import Linearised
from eisfit.fitting.errors.departures.shapes import Departure
from eisfit.records import dataclass

#: A departure that is the circuit itself where its numbers are zero, and the sizes of it to be tried.
Sizes = tuple[Departure, tuple[float, ...]]

_NOISES = np.geomspace(1e-4, 1.0, 33)  # of the noise's variance, relative to the residual's
# What is enough to see which fits come near a departure: a few noises, axes that hold some of the signal, at
# least so many fits whose parameters are within a tenth, and a third of the likelihood ratio that counts.
_FEW_NOISES = np.array([0.5, 0.7, 0.85, 1.0])
_SEEN, _FEWEST, _APART, _MARGIN = 1e-2, 8, 0.1, 3.0
_AT_ONCE = 64  # fits of departures


def are_worth_trying(fits: Linearised, departures: Sequence[Sizes], counts: float) -> NDArray[np.bool_]:
    """Return for which fits (B,) the average of the likelihood ratios may be above what `counts`.

    Fits that are alike share the columns of one of them: each residual is held against these. A fit that
    comes near is worked out by itself, as are those that are like few others.
    """
    worth = np.ones(len(fits.values), dtype=bool)
    optimum, groups = fits.beyond_parameters, list(_iterate_alike(fits))
    shared = _list_columns(optimum.rows(np.array([group[0] for group in groups], dtype=np.intp)), departures)
    for place, group in enumerate(groups):
        theirs = [(sizes, power[:, place], columns[:, place]) for sizes, power, columns in shared]
        worth[group] = _average_ratio(optimum, group, theirs) > counts / _MARGIN
    return worth


def _iterate_alike(fits: Linearised) -> Iterator[NDArray[np.intp]]:
    """Yield rows of fits whose parameters are nearly those of the first of them."""
    left = np.arange(len(fits.values))
    size = np.where(fits.values != 0, np.abs(fits.values), 1.0)
    while left.size >= _FEWEST:
        apart = np.abs(fits.values[left] - fits.values[left[0]]) / size[left[0]]
        near = np.asarray((apart <= _APART).all(axis=1))
        near[0] = True
        if np.sum(near) >= _FEWEST:
            yield left[near]
        left = left[~near]


def _average_ratio(
    fits: Linearised, rows: IntArray, shared: Sequence[tuple[tuple[float, ...], FloatArray, FloatArray]]
) -> FloatArray:
    """Return the average likelihood ratio (B,) of departures for rows of shared `_list_columns`."""
    residual, nfree = fits.residual[rows].T, fits.nfree[rows]
    total = np.einsum("fb,fb->b", residual, residual)
    best = np.ones(len(rows)) if fits.known_noise else total / np.maximum(nfree, 1)
    none = _compute_plain_evidence(nfree, total, best)
    variance = best * (np.ones((1, 1)) if fits.known_noise else _FEW_NOISES[:, np.newaxis])
    least = _SEEN * variance.min()
    found: list[FloatArray] = []
    for sizes, power, columns in shared:
        kept = (max(sizes) ** 2 * power > least).any(axis=0)
        along = columns[:, kept].reshape(-1, len(residual)) @ residual
        square = along.reshape(len(columns), -1, len(rows)).transpose(1, 0, 2) ** 2
        for size in sizes:
            excess = size * size * power[:, kept].T[:, :, np.newaxis]
            told = (excess > least).any(axis=(1, 2))
            excess = np.where(excess > least, excess, 0.0)[told]
            seen = square[told] * (excess > 0)
            likelihood = _compute_likelihood(nfree, excess, seen, total - np.sum(seen, axis=0), variance)
            found += list(likelihood.max(axis=1) - none)
    return np.asarray(np.mean(np.exp(np.nan_to_num(found, nan=np.inf)), axis=0))


def _list_columns(
    fits: Linearised, departures: Sequence[Sizes]
) -> list[tuple[tuple[float, ...], FloatArray, FloatArray]]:
    """Return departures of fits along their axes, those of one number together.

    Their sizes, powers (D, B, K), and the axes (D, B, K, 2F), of length one.
    """
    found, count = [], len(fits.values)
    for some in _group_by_count([departure for departure, _ in departures], 1) if count else ():
        part = fits.rows(np.tile(np.arange(count), len(some)))
        space = Space.of(part, [departures[k][0] for k in some])
        axes = _Axes.of(part, space)
        along = axes.turned.transpose(0, 2, 1) @ (space.design - space.moved @ part.jacobian)
        along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-300)
        shape = len(some), count, axes.power.shape[1]
        found.append((departures[some[0]][1], axes.power.reshape(shape), along.reshape(*shape, -1)))
    return found


def try_departures(fits: Linearised, departures: Sequence[Sizes]) -> list[Departed]:
    """Return what departures make of fits; first that there is none, then each in every size.

    Of few fits what takes time is how often something is called: departures of as many numbers go together.
    """
    optimum, count = fits.beyond_parameters, len(fits.values)
    found: dict[int, list[Departed]] = {}
    for some in _group_by_count([departure for departure, _ in departures], count):
        rows = np.tile(np.arange(count), len(some))
        part = optimum if len(some) == 1 else optimum.rows(rows)
        axes = _Axes.of(part, Space.of(part, [departures[k][0] for k in some]))
        for size in departures[some[0]][1]:
            trial = _try_size(part, axes, size * size)
            for place, k in enumerate(some):
                found.setdefault(k, []).append(trial.rows(slice(place * count, (place + 1) * count)))
    return [_make_no_departure(optimum), *(trial for k in range(len(departures)) for trial in found[k])]


def _group_by_count(departures: Sequence[Departure], count: int) -> list[list[int]]:
    """Return the places of departures that go together: those of one number, where the fits are few."""
    single = [k for k, one in enumerate(departures) if one.count == 1]
    apart = [[k] for k, one in enumerate(departures) if one.count > 1]
    at_once = max(1, _AT_ONCE // max(count, 1))
    return [*apart, *(single[first : first + at_once] for first in range(0, len(single), at_once))]


@dataclass(frozen=True, eq=False, repr=False)
class Space:
    """A departure to first order, in what the parameters cannot make up for.

    `design` (B, K, 2F) is what its numbers change, `seen` (B, K) what of that is in the residual, `moved`
    (B, K, V) what each does to the parameters, `normal` (B, K, K) their products.
    """

    design: FloatArray
    seen: FloatArray
    moved: FloatArray
    normal: FloatArray

    @classmethod
    def of(cls, fits: Linearised, departures: Sequence[Departure]) -> Space:
        """Return the spaces of departures of one count: of each for as many rows of the fits, in turn."""
        each = len(fits.values) // len(departures)
        rows = (slice(k * each, (k + 1) * each) for k in range(len(departures)))
        parts = [_compute_design(fits, some, one) for some, one in zip(rows, departures, strict=True)]
        design = (parts[0] if len(parts) == 1 else np.concatenate(parts)).view(np.float64)
        design[~np.isfinite(design)] = 0.0  # an arc of negative resistance has no shape
        across = design @ fits.jacobian.transpose(0, 2, 1)
        moved = across @ fits.inverse
        # The residual is the model's less the data's: what the data has beyond the model has the other sign.
        seen = -(design @ fits.residual[:, :, np.newaxis])[:, :, 0]
        normal = design @ design.transpose(0, 2, 1) - moved @ across.transpose(0, 2, 1)
        return cls(design, seen, moved, normal)


def _compute_design(fits: Linearised, rows: slice, departure: Departure) -> ComplexArray:
    """Return what the numbers of a departure change (b, K, F), in units of the weights."""
    weight = fits.weight[rows, np.newaxis, ::2]  # of both parts: the noise is in proportion to |Z|, or known
    shapes = departure.first_order(fits.values[rows])
    columns = [fits.by_amplitude[rows, [e.place]] * weight * column for e, column in shapes]
    return np.concatenate(columns, axis=1)


def _compute_plain_evidence(nfree: IntArray, left: FloatArray, variance: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (nfree * np.log(variance) + left / variance))


def _make_no_departure(fits: Linearised) -> Departed:
    left, variance = np.sum(fits.residual**2, axis=1), fits.variance
    return Departed(
        _compute_plain_evidence(fits.nfree, left, variance),
        variance,
        left,
        np.zeros(fits.inverse.shape[:2]),
        variance[:, np.newaxis, np.newaxis] * fits.inverse,
    )


@dataclass(frozen=True, eq=False, repr=False)
class _Axes:
    """A `Space` along its axes i: there `seen` (B, K) has the variance noise + s^2 `power` (B, K).

    `turned` (B, K, K) are the axes; `moved` (B, K, V) is what each does to the parameters; in `left` (B,), a
    sum of squares, is noise alone.
    """

    turned: FloatArray
    power: FloatArray
    seen: FloatArray
    moved: FloatArray
    left: FloatArray

    @classmethod
    def of(cls, fits: Linearised, space: Space) -> _Axes:
        power, axes = np.linalg.eigh(space.normal)
        there = power > 1e-12 * power.max(axis=1, keepdims=True)
        power = np.where(there, power, 0.0)
        seen = np.einsum("bkj,bk->bj", axes, space.seen) / np.sqrt(np.where(there, power, 1.0)) * there
        left = np.maximum(np.sum(fits.residual**2, axis=1) - np.sum(seen**2, axis=1), 0.0)
        return cls(axes, power, seen, axes.transpose(0, 2, 1) @ space.moved, left)


def _try_size(fits: Linearised, axes: _Axes, square: float) -> Departed:
    """Return what a discrepancy of variance `square` makes of the fits."""
    likelihood, variance = _estimate_noise(fits, square * axes.power, axes)
    total = variance[:, np.newaxis] + square * axes.power
    shift = -np.einsum("bj,bjv->bv", square * np.sqrt(axes.power) * axes.seen / total, axes.moved)
    spread = square * variance[:, np.newaxis] / total
    covar = axes.moved.transpose(0, 2, 1) @ (spread[:, :, np.newaxis] * axes.moved)
    covar += variance[:, np.newaxis, np.newaxis] * fits.inverse
    left = axes.left + np.sum((axes.seen * variance[:, np.newaxis] / total) ** 2, axis=1)
    return Departed(likelihood, variance, left, shift, covar)


def _compute_likelihood(
    nfree: IntArray, excess: FloatArray, square: FloatArray, left: FloatArray, variance: FloatArray
) -> FloatArray:
    """Return the restricted likelihood (..., n, B) at variances of the noise (n, B).

    Axes with an excess of variance (K, ..., B) have a `square` (K, ..., B), all others `left` (..., B).
    """
    total = variance + excess[..., np.newaxis, :]
    along = np.sum(np.log(total) + square[..., np.newaxis, :] / total, axis=0)
    rest = (nfree - len(excess)) * np.log(variance)
    return np.asarray(-0.5 * (along + rest + left[..., np.newaxis, :] / variance))


def _estimate_noise(fits: Linearised, excess: FloatArray, axes: _Axes) -> tuple[FloatArray, FloatArray]:
    """Return the restricted likelihood (B,) at its largest over the noise's variance (B,), and that."""
    square = np.ascontiguousarray(axes.seen.T) ** 2

    def likelihood(variance: FloatArray) -> FloatArray:
        return _compute_likelihood(fits.nfree, np.ascontiguousarray(excess.T), square, axes.left, variance)

    if fits.known_noise:
        one = np.ones(len(excess))
        return likelihood(one[np.newaxis])[0], one
    variance = _NOISES[:, np.newaxis] * fits.unexplained
    found = likelihood(variance)
    best = np.clip(np.argmax(found, axis=0), 1, _NOISES.size - 2)
    row = np.arange(len(best))
    before, at, after = (found[best + k, row] for k in (-1, 0, 1))
    bend = before - 2 * at + after
    step = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    finer = variance[best, row] * (_NOISES[1] / _NOISES[0]) ** np.clip(step, -1, 1)
    return likelihood(finer[np.newaxis])[0], finer

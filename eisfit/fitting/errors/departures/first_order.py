"""Departures to first order about a fit: with their size and the noise given, all is in closed form.

The residual tells a departure's mean and covariance, and those what it adds to the parameters (M. C. Kennedy,
A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425). The noise is taken by restricted maximum likelihood
(D. A. Harville, J. Am. Stat. Assoc. 72 (1977) 320).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.fitting.errors.departures.linearised import Linearised
from eisfit.fitting.errors.departures.shapes import Departure
from eisfit.fitting.errors.departures.to_the_end import Departed

__all__ = ["try_departures"]

_NOISES = np.geomspace(1e-4, 1.0, 33)  # of the noise's variance, relative to the residual's


def try_departures(fits: Linearised, departures: list[tuple[Departure, tuple[float, ...]]]) -> list[Departed]:
    """Return what departures, each with the sizes to be tried, make of fits; first that none is there.

    A departure is the circuit itself where its numbers are zero.
    """
    optimum = fits.beyond_parameters
    found = [_nothing(optimum)]
    for departure, sizes in departures:
        axes = _Axes.of(optimum, _Space.of(optimum, departure))
        found += [_trial(optimum, axes, size * size) for size in sizes]
    return found


@dataclass(frozen=True)
class _Space:
    """A departure to first order, in what the parameters cannot make up for.

    `normal` (B, K, K) of their columns, `seen` (B, K) of them in the residual, `moved` (B, K, V) what each
    does to the parameters.
    """

    normal: FloatArray
    seen: FloatArray
    moved: FloatArray

    @classmethod
    def of(cls, fits: Linearised, departure: Departure) -> _Space:
        changes = departure.changes(fits.values, np.zeros((len(fits.values), departure.count)))
        columns = np.concatenate(
            [fits.by_amplitude[:, [x.element.place]] * x.by_numbers for x in changes], axis=1
        )
        columns = np.where(np.isfinite(columns), columns, 0.0)  # an arc of negative resistance has no shape
        design = np.ascontiguousarray(columns).view(np.float64) * fits.weight[:, np.newaxis, :]
        across = design @ fits.jacobian.transpose(0, 2, 1)
        moved = across @ fits.inverse
        normal = design @ design.transpose(0, 2, 1) - moved @ across.transpose(0, 2, 1)
        # The residual is the model's less the data's: what the data has beyond the model has the other sign.
        seen = -np.einsum("bkf,bf->bk", design, fits.residual)
        return cls(normal, seen, moved)


def _nothing(fits: Linearised) -> Departed:
    left = np.sum(fits.residual**2, axis=1)
    variance = np.ones(len(left)) if fits.known_noise else left / fits.nfree
    return Departed(
        -0.5 * (fits.nfree * np.log(variance) + left / variance),
        variance,
        np.zeros(fits.inverse.shape[:2]),
        variance[:, np.newaxis, np.newaxis] * fits.inverse,
    )


@dataclass(frozen=True)
class _Axes:
    """A `_Space` along its axes i: there `seen` (B, K) has the variance noise + s^2 `power` (B, K).

    `moved` (B, K, V) is what each does to the parameters; in `left` (B,), a sum of squares, is noise alone.
    """

    power: FloatArray
    seen: FloatArray
    moved: FloatArray
    left: FloatArray

    @classmethod
    def of(cls, fits: Linearised, space: _Space) -> _Axes:
        power, axes = np.linalg.eigh(space.normal)
        there = power > 1e-12 * power.max(axis=1, keepdims=True)
        power = np.where(there, power, 0.0)
        seen = np.einsum("bkj,bk->bj", axes, space.seen) / np.sqrt(np.where(there, power, 1.0)) * there
        left = np.maximum(np.sum(fits.residual**2, axis=1) - np.sum(seen**2, axis=1), 0.0)
        return cls(power, seen, axes.transpose(0, 2, 1) @ space.moved, left)


def _trial(fits: Linearised, axes: _Axes, square: float) -> Departed:
    """Return what a discrepancy of variance `square` makes of the fits."""
    likelihood, variance = _noise(fits, square * axes.power, axes)
    total = variance[:, np.newaxis] + square * axes.power
    shift = -np.einsum("bj,bjv->bv", square * np.sqrt(axes.power) * axes.seen / total, axes.moved)
    spread = square * variance[:, np.newaxis] / total
    covar = axes.moved.transpose(0, 2, 1) @ (spread[:, :, np.newaxis] * axes.moved)
    covar += variance[:, np.newaxis, np.newaxis] * fits.inverse
    return Departed(likelihood, variance, shift, covar)


def _noise(fits: Linearised, excess: FloatArray, axes: _Axes) -> tuple[FloatArray, FloatArray]:
    """Return the restricted likelihood (B,) at its largest over the noise's variance (B,), and that."""

    def likelihood(variance: FloatArray) -> FloatArray:
        total = variance[:, :, np.newaxis] + excess[:, np.newaxis, :]
        along = np.sum(np.log(total) + axes.seen[:, np.newaxis, :] ** 2 / total, axis=2)
        rest = (fits.nfree - excess.shape[1])[:, np.newaxis]
        return np.asarray(-0.5 * (along + rest * np.log(variance) + axes.left[:, np.newaxis] / variance))

    if fits.known_noise:
        one = np.ones((len(excess), 1))
        return likelihood(one)[:, 0], one[:, 0]
    variance = fits.unexplained[:, np.newaxis] * _NOISES
    found = likelihood(variance)
    best = np.clip(np.argmax(found, axis=1), 1, _NOISES.size - 2)
    row = np.arange(len(best))
    before, at, after = (found[row, best + k] for k in (-1, 0, 1))
    bend = before - 2 * at + after
    step = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    finer = variance[row, best] * (_NOISES[1] / _NOISES[0]) ** np.clip(step, -1, 1)
    return likelihood(finer[:, np.newaxis])[:, 0], finer

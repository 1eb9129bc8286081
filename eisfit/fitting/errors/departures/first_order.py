"""Departures to first order about a fit: with their size and the noise given, all is in closed form.

The residual tells a departure's mean and covariance, and those what it adds to the parameters (M. C. Kennedy,
A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425). The noise is taken by restricted maximum likelihood
(D. A. Harville, J. Am. Stat. Assoc. 72 (1977) 320).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.fitting.errors.departures.linearised import Linearised
from eisfit.fitting.errors.departures.shapes import Change, Departure
from eisfit.fitting.errors.departures.to_the_end import Departed

__all__ = ["Sizes", "try_departures", "worth_trying"]

#: A departure that is the circuit itself where its numbers are zero, and the sizes of it to be tried.
Sizes = tuple[Departure, tuple[float, ...]]

_NOISES = np.geomspace(1e-4, 1.0, 33)  # of the noise's variance, relative to the residual's
_SCREEN = 0.5  # standard score below which the data hardly makes a departure more probable than before


def worth_trying(fits: Linearised, departures: Sequence[Sizes]) -> NDArray[np.bool_]:
    """Return in which fits (B,) the residual may speak for a departure: without most of the work."""
    optimum = fits.beyond_parameters
    products = _Products(optimum)
    return np.asarray(np.any([_Space.of(products, one).may_be_seen for one, _ in departures], axis=0))


def try_departures(fits: Linearised, departures: Sequence[Sizes]) -> list[Departed]:
    """Return what departures make of fits; first that there is none."""
    optimum = fits.beyond_parameters
    products = _Products(optimum)
    found = [_nothing(optimum)]
    for departure, sizes in departures:
        axes = _Axes.of(optimum, _Space.of(products, departure))
        found += [_trial(optimum, axes, size * size) for size in sizes]
    return found


class _Products:
    """The products of a departure's columns with the Jacobian and the residual, once for each element."""

    def __init__(self, fits: Linearised) -> None:
        self.fits = fits
        self.weight = fits.weight[:, ::2]  # of both parts: the noise is in proportion to |Z|, or known
        slopes = fits.jacobian.view(np.complex128)
        # The residual is the model's less the data's: what the data has beyond the model has the other sign.
        data = -np.ascontiguousarray(fits.residual).view(np.complex128)
        self.both = np.concatenate([slopes, data[:, np.newaxis]], axis=1)
        self._along: dict[int, ComplexArray] = {}

    def along(self, place: int) -> ComplexArray:
        """Return the Jacobian and the residual (B, V + 1, F) times an element's amplitude."""
        if place not in self._along:
            self._along[place] = (self.fits.by_amplitude[:, place].conj() * self.weight)[
                :, np.newaxis
            ] * self.both
        return self._along[place]

    def of(self, change: Change) -> tuple[FloatArray, FloatArray]:
        """Return the products (B, k, V + 1) of a change's columns, and their squares (B, k)."""
        along, columns = self.along(change.element.place), change.by_numbers
        square = np.abs(self.fits.by_amplitude[:, change.element.place] * self.weight) ** 2
        if len(columns) > 1:
            found = np.einsum("bvf,bkf->bkv", along.conj(), columns).real
            return found, np.einsum("bf,bkf->bk", square, np.abs(columns) ** 2)
        shape = along.shape
        flat = along.view(np.float64).reshape(-1, 2 * shape[2]) @ _parts(columns[0]).T
        return flat.reshape(*shape[:2], -1).transpose(0, 2, 1), square @ (np.abs(columns[0]) ** 2).T


def _parts(columns: ComplexArray) -> FloatArray:
    return np.ascontiguousarray(columns).view(np.float64)


@dataclass(frozen=True)
class _Space:
    """A departure to first order, in what the parameters cannot make up for.

    `seen` (B, K) of its columns in the residual, `moved` (B, K, V) what each does to the parameters, `across`
    (B, K, V) their products with the Jacobian, `diagonal` (B, K) of their own products.
    """

    fits: Linearised
    changes: list[Change]
    seen: FloatArray
    moved: FloatArray
    across: FloatArray
    diagonal: FloatArray

    @classmethod
    def of(cls, products: _Products, departure: Departure) -> _Space:
        fits = products.fits
        changes = departure.changes(fits.values, np.zeros((len(fits.values), departure.count)))
        found = [products.of(change) for change in changes]
        both = np.nan_to_num(np.concatenate([part for part, _ in found], axis=1))
        across, seen = both[:, :, :-1], both[:, :, -1]
        moved = across @ fits.inverse
        square = np.nan_to_num(np.concatenate([part for _, part in found], axis=1))
        diagonal = square - np.einsum("bkv,bkv->bk", moved, across)
        return cls(fits, changes, seen, moved, across, diagonal)

    @property
    def may_be_seen(self) -> NDArray[np.bool_]:
        """Where the residual may agree with the columns more than by chance (B,).

        The score is standard under noise alone, its spread at least that of the diagonal.
        """
        variance = np.ones(len(self.seen)) if self.fits.known_noise else self.fits.unexplained
        excess = np.sum(self.seen**2, axis=1) / variance - np.sum(self.diagonal, axis=1)
        return np.asarray(excess > _SCREEN * np.sqrt(2 * np.sum(self.diagonal**2, axis=1)))

    @property
    def normal(self) -> FloatArray:
        """The products (B, K, K) of the columns."""
        amplitude = self.fits.by_amplitude
        columns = np.concatenate(
            [amplitude[:, [x.element.place]] * x.by_numbers for x in self.changes], axis=1
        )
        columns = np.where(np.isfinite(columns), columns, 0.0)  # an arc of negative resistance has no shape
        design = _parts(columns) * self.fits.weight[:, np.newaxis, :]
        return np.asarray(design @ design.transpose(0, 2, 1) - self.moved @ self.across.transpose(0, 2, 1))


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

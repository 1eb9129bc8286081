"""How far a circuit that is only nearly true may have moved the parameters: one linear step from the fit.

The amplitude of every dispersive element is let be a smooth random function of x = ln omega,
Z_e -> Z_e exp(u + jv), with v the phase that goes with u by the Kramers-Kronig relations. Tails, skewed and
spread arcs, two arcs in one, porous electrodes are such functions; resistances stay constant, so that each
stays the DC resistance of its arc. With u = sum_k c_k b_k(x), c_k normal with standard deviation s, the fit's
residual is linear in c, and given s and the noise everything is in closed form: mean and covariance of what
the discrepancy adds to the parameters (M. C. Kennedy, A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425).
The noise is taken by restricted maximum likelihood (D. A. Harville, J. Am. Stat. Assoc. 72 (1977) 320), and
the results for some s, with zero among them, are averaged by their likelihood and `_TRUE`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.fitting.errors.linearised import Linearised
from eisfit.verdict import limit

__all__ = ["Discrepancy", "find_discrepancy"]

_LENGTHS = (2.3, 4.6)  # of the bumps, in ln omega: one and two decades
_SIZES = (0.1, 0.3, 1.0)  # s: standard deviation of ln amplitude
_TRUE = 0.9  # prior probability that the circuit is true
_SCREEN = 1.5  # standard score below which a row needs no step
_NOISES = np.geomspace(1e-4, 1.0, 33)  # of the noise's variance, relative to the residual's
_AT_ONCE = 256
_BEST_BY = 1.92  # of the log likelihood: half the 95 % point of chi-square with one degree of freedom


@dataclass(frozen=True)
class Discrepancy:
    """What the circuit's own error may have done to B fits.

    Where the size of the noise is not known, it is taken to be in proportion to |Z|, whatever the weights
    were: in other weights a noise of another shape would be taken for a discrepancy.

    Attributes
    ----------
    probability
        (B,) that the circuit is only nearly true.
    noise_share
        (B,) of the residual's variance that is noise; 1 where the noise is known.
    covar
        (B, V, V) to be added to the noise's covariance; it holds the shift.
    hidden
        (B, V) standard error that a discrepancy as large as the noise would hide makes; NaN where not asked.
    """

    probability: FloatArray
    noise_share: FloatArray
    covar: FloatArray
    hidden: FloatArray

    @property
    def systematic(self) -> NDArray[np.bool_]:
        """(B,) whether the circuit is more probably nearly true than true."""
        return np.asarray(self.probability > limit("nearly_true"))


def find_discrepancy(fits: Linearised, *, hidden: bool = False) -> Discrepancy:
    """Return how far each fit may be moved by a circuit that is only nearly true.

    Parameters
    ----------
    fits
        At their optima.
    hidden
        Whether `Discrepancy.hidden` is wanted, of all rows; else most rows of true circuits cost nothing.
    """
    count, size = fits.inverse.shape[:2]
    found = Discrepancy(
        np.zeros(count),
        np.ones(count),
        np.zeros((count, size, size)),
        np.full((count, size), np.nan),
    )
    if not fits.by_amplitude.shape[1]:
        return found
    for first in range(0, count, _AT_ONCE):
        _fill(found, fits, np.arange(first, min(first + _AT_ONCE, count)), hidden)
    return found


def _fill(found: Discrepancy, fits: Linearised, chosen: NDArray[np.intp], hidden: bool) -> None:
    part = fits.rows(chosen)
    size = np.sqrt(np.mean(np.abs(part.relative) ** 2, axis=1))
    sound = np.isfinite(part.inverse).all(axis=(1, 2)) & (part.nfree > 0) & (size > limit("rounding"))
    chosen, part = chosen[sound], part.rows(np.flatnonzero(sound)).of_relative_noise.beyond_parameters
    if not chosen.size:
        return
    spaces = _Space.of_lengths(part)
    if not hidden:
        likely = np.flatnonzero(np.any([space.may_be_seen(part) for space in spaces], axis=0))
        if not likely.size:
            return
        chosen, part = chosen[likely], part.rows(likely)
        spaces = [space.rows(likely) for space in spaces]
    spaces = [space.with_normal(part) for space in spaces]
    seen = np.max([space.score(part) for space in spaces], axis=0, initial=-np.inf) > _SCREEN
    wanted = np.flatnonzero(np.ones_like(seen) if hidden else seen)
    if not wanted.size:
        return
    step = _step(part.rows(wanted), [space.rows(wanted) for space in spaces])
    rows, use = chosen[wanted], step.systematic
    found.hidden[rows] = step.hidden
    found.probability[rows] = step.probability
    # Below that, the errors are the noise's: what it may hide is told beside them, not mixed into them.
    found.noise_share[rows[use]] = step.noise_share[use]
    found.covar[rows[use]] = step.covar[use]


@dataclass(frozen=True)
class _Space:
    """The discrepancies of one length, in what the parameters cannot make up for.

    `seen` (B, K) of their columns in the residual, `across` and `moved` (B, K, V) their products with the
    Jacobian and what each does to the parameters, `diagonal` (B, K) of `normal` (B, K, K), which comes last.
    """

    bumps: ComplexArray
    seen: FloatArray
    across: FloatArray
    moved: FloatArray
    diagonal: FloatArray
    normal: FloatArray

    @classmethod
    def of_lengths(cls, fits: Linearised) -> list[_Space]:
        bumps = [_bumps(np.log(fits.omega), length) for length in _LENGTHS]
        amplitude = fits.by_amplitude.conj() * fits.weight[:, np.newaxis, ::2]  # (B, E, F)
        slopes = fits.jacobian.view(np.complex128)[:, np.newaxis]
        # The residual is the model's less the data's: what the data has beyond the model has the other sign.
        data = -np.ascontiguousarray(fits.residual).view(np.complex128)[:, np.newaxis]
        along = np.concatenate(
            [amplitude[:, :, np.newaxis] * slopes, (amplitude * data)[:, :, np.newaxis]], 2
        )
        square = amplitude.real**2 + amplitude.imag**2
        return [cls._of(fits, one, along, square) for one in bumps]

    @classmethod
    def _of(cls, fits: Linearised, bumps: ComplexArray, along: ComplexArray, square: FloatArray) -> _Space:
        rows, dispersive, count, points = along.shape
        products = along.view(np.float64).reshape(-1, 2 * points) @ bumps.view(np.float64).T
        products = products.reshape(rows, dispersive, count, -1).transpose(0, 1, 3, 2)
        products = np.ascontiguousarray(products).reshape(rows, -1, count)
        across, seen = products[:, :, :-1], products[:, :, -1]
        moved = across @ fits.inverse
        lengths = (square.reshape(-1, points) @ (bumps.real**2 + bumps.imag**2).T).reshape(rows, -1)
        diagonal = lengths - np.einsum("bkv,bkv->bk", moved, across)
        return cls(bumps, seen, across, moved, diagonal, np.empty((rows, 0, 0)))

    def with_normal(self, fits: Linearised) -> _Space:
        columns = fits.by_amplitude[:, :, np.newaxis, :] * self.bumps
        columns = columns.reshape(len(columns), -1, self.bumps.shape[1])
        design = np.ascontiguousarray(columns).view(np.float64) * fits.weight[:, np.newaxis, :]
        normal = design @ design.transpose(0, 2, 1) - self.moved @ self.across.transpose(0, 2, 1)
        return replace(self, normal=normal)

    def score(self, fits: Linearised) -> FloatArray:
        """Return the residual's agreement (B,) with the columns: standard under noise alone."""
        spread = np.sqrt(2 * np.einsum("bij,bij->b", self.normal, self.normal))
        return np.asarray(self._excess(fits) / spread)

    def may_be_seen(self, fits: Linearised) -> NDArray[np.bool_]:
        """Return where `score` can be above `_SCREEN`: `normal` is at least as large as its diagonal."""
        least = np.sqrt(2 * np.sum(self.diagonal**2, axis=1))
        return np.asarray(~(self._excess(fits) < 0.999 * _SCREEN * least))

    def _excess(self, fits: Linearised) -> FloatArray:
        variance = np.ones(len(self.seen)) if fits.known_noise else fits.unexplained
        return np.asarray(np.sum(self.seen**2, axis=1) / variance - np.sum(self.diagonal, axis=1))

    def rows(self, chosen: NDArray[np.intp]) -> _Space:
        names = ("seen", "across", "moved", "diagonal", "normal")
        return _Space(self.bumps, **{name: getattr(self, name)[chosen] for name in names})


@lru_cache(maxsize=4)
def _bump(length: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return x, one bump, and the phase that goes with it: in Fourier space i tanh(k pi/2) times the bump."""
    step = length / 32
    x = (np.arange(4096) - 2048) * step
    bump = np.exp(-((x / length) ** 2) / 2) / np.pi**0.25
    turn = 1j * np.tanh(np.pi * np.pi * np.fft.fftfreq(x.size, step))
    return (
        x,
        bump,
        np.fft.ifft(turn * np.fft.fft(bump)).real,
    )


def _bumps(log_omega: FloatArray, length: float) -> ComplexArray:
    """Return bumps u + jv (K, F), a length apart, which together vary as much everywhere."""
    x, bump, phase = _bump(length)
    low, high = log_omega.min() - 2 * length, log_omega.max() + 2 * length
    at = log_omega - np.arange(low, high + 0.999 * length, length)[:, np.newaxis]
    return np.asarray(np.interp(at, x, bump) + 1j * np.interp(at, x, phase))


@dataclass(frozen=True)
class _Trial:
    """One (length, s): restricted log likelihood (B,), noise (B,), shift (B, V), covariance (B, V, V)."""

    likelihood: FloatArray
    variance: FloatArray
    shift: FloatArray
    covar: FloatArray


def _step(fits: Linearised, spaces: list[_Space]) -> Discrepancy:
    trials = [_nothing(fits)]
    for space in spaces:
        axes = _Axes.of(fits, space)
        trials += [_trial(fits, axes, s * s) for s in _SIZES]
    prior = np.array([_TRUE, *[(1 - _TRUE) / (len(trials) - 1)] * (len(trials) - 1)])
    likelihood = np.stack([trial.likelihood for trial in trials], axis=1)
    weight = prior * np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    variance = np.stack([t.variance for t in trials], axis=1)
    moved = [t.covar + t.shift[:, :, np.newaxis] * t.shift[:, np.newaxis, :] for t in trials]
    return Discrepancy(
        probability=1 - weight[:, 0],
        noise_share=np.einsum("bt,bt->b", weight, variance) / variance[:, 0],
        covar=np.einsum("bt,btij->bij", weight, np.stack(moved, axis=1)),
        hidden=_hidden(fits, trials, likelihood),
    )


def _hidden(fits: Linearised, trials: list[_Trial], likelihood: FloatArray) -> FloatArray:
    """Return the largest standard error (B, V) of the trials that the data does not speak against."""
    possible = likelihood >= likelihood.max(axis=1, keepdims=True) - _BEST_BY
    noise = np.einsum("bii->bi", fits.inverse)
    spread = np.stack(
        [np.einsum("bii->bi", t.covar) + t.variance[:, np.newaxis] * noise for t in trials], axis=1
    )
    return np.asarray(
        np.sqrt(np.max(np.where(possible[:, :, np.newaxis], np.maximum(spread, 0.0), 0.0), axis=1))
    )


def _nothing(fits: Linearised) -> _Trial:
    left = np.sum(fits.residual**2, axis=1)
    variance = np.ones(len(left)) if fits.known_noise else left / fits.nfree
    return _Trial(
        -0.5 * (fits.nfree * np.log(variance) + left / variance),
        variance,
        np.zeros(fits.inverse.shape[:2]),
        np.zeros_like(fits.inverse),
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


def _trial(fits: Linearised, axes: _Axes, square: float) -> _Trial:
    """Return what a discrepancy of variance `square` makes of the fits."""
    likelihood, variance = _noise(fits, square * axes.power, axes)
    total = variance[:, np.newaxis] + square * axes.power
    shift = -np.einsum("bj,bjv->bv", square * np.sqrt(axes.power) * axes.seen / total, axes.moved)
    spread = square * variance[:, np.newaxis] / total
    covar = axes.moved.transpose(0, 2, 1) @ (spread[:, :, np.newaxis] * axes.moved)
    return _Trial(likelihood, variance, shift, covar)


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

"""The grade of a fit, from its residuals: columns over any number of fits of spectra with as many points.

Whether residuals are systematic is seen from their size over the noise, from their runs of one sign over the
frequencies and from the correlation of neighbours. The limits are `eisfit.verdict.THRESHOLDS`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, ComplexArray, FloatArray
from eisfit.records import dataclass
from eisfit.verdict import limit

_FEWEST_FOR_NOISE = 20  # points from which noise above the ceiling is believed to be noise
_POWERS = np.linspace(0.0, 1.0, 21)  # a constant error in ohm, to a constant relative error


@dataclass(frozen=True, eq=False, repr=False)
class Residuals:
    """What the residuals of B fits look like.

    Attributes
    ----------
    rms, rms_inner
        (B,) root mean square of |Z_model - Z| / |Z|; the second without the worst points.
    low, high
        (B,) quartiles of |Z_model - Z| / |Z|; where these go with a power of |Z|, of what that leaves.
    lag1
        (B,) correlation of neighbours in frequency, real and imaginary parts pooled.
    runs
        (B,) standard score of the number of sign changes; negative: too few.
    one_way
        (B,) rms of the residuals in the direction where they are least over that where they are largest, of
        directions in the plane of Z and of those along and across Z; NaN up to `usable_rms`.
    kuiper
        (B,) Kuiper's statistic of the residuals' periodogram over the points: how far some of its waves make
        them up; NaN up to `usable_rms`.
    power
        (B,) of |Z| with which the residuals scatter, where that is not what the weights `modulus` or `unit`
        suppose; else NaN.
    points
        Of each spectrum.
    statistics
        Of `describe_residuals`.
    """

    rms: FloatArray
    rms_inner: FloatArray
    low: FloatArray
    high: FloatArray
    lag1: FloatArray
    runs: FloatArray
    one_way: FloatArray
    kuiper: FloatArray
    power: FloatArray
    points: int
    statistics: Mapping[str, FloatArray]

    @classmethod
    def of(cls, relative: ComplexArray, impedance: ComplexArray, weighting: str = "") -> Residuals:
        """Describe what a fit with weights left of spectra: (Z_model - Z)/|Z| (B, F), beside Z (B, F)."""
        parts, modulus = np.ascontiguousarray(relative).view(np.float64), np.abs(impedance)
        square = np.abs(relative) ** 2
        points = square.shape[1]
        rising = np.sort(square, axis=1)
        of_relative = _estimate_powers(square, modulus, 1.0)
        level, told = _flatten(relative, modulus, of_relative)
        even = rising.copy() if told.any() else rising
        even[told] = np.sort(np.abs(level[told]) ** 2, axis=1)
        power = of_relative if weighting == "modulus" else estimate_scatter_power(square, modulus, weighting)
        inner = rising[:, : points - int(limit("end_points") * points)]
        pairs = max(2 * (points - 1), 1)
        below = np.signbit(parts)  # neighbours are two numbers apart
        changes = np.count_nonzero(below[:, 2:] != below[:, :-2], axis=1)
        statistics = describe_residuals(relative)
        rms = statistics["rms_relative_residual"]
        above = np.isfinite(rms) & (rms > limit("usable_rms"))
        return cls(
            rms=rms,
            rms_inner=np.sqrt(np.mean(inner, axis=1)),
            low=np.sqrt(even[:, points // 4]),
            high=np.sqrt(even[:, 3 * points // 4]),
            lag1=statistics["lag1_autocorrelation"],
            runs=(changes - pairs / 2) / np.sqrt(pairs / 4),
            one_way=_compare_directions(level, impedance, above),
            kuiper=_compute_kuiper(level, above),
            power=power,
            points=points,
            statistics=statistics,
        )

    @property
    def structured(self) -> BoolArray:
        """(B,) whether neighbours agree more than chance allows."""
        chance = 3 / np.sqrt(max(2 * (self.points - 1), 1))
        seen = (self.runs < limit("runs")) | (self.lag1 > max(limit("lag1"), chance))
        return np.asarray(seen & (self.rms > limit("rounding")))


def describe_residuals(relative: ComplexArray) -> dict[str, FloatArray]:
    """Return the `Statistics` (B,) that hang on the residuals (Z_model - Z)/|Z| (B, F) alone, by name."""
    parts = np.ascontiguousarray(relative).view(np.float64)
    with np.errstate(all="ignore"):
        lag1 = correlate_neighbours(parts.reshape(len(parts), -1, 2))
    return {
        "rms_relative_residual": np.sqrt(np.mean(np.abs(relative) ** 2, axis=1)),
        "lag1_autocorrelation": np.nan_to_num(lag1),
    }


def correlate_neighbours(residual: FloatArray) -> FloatArray:
    """Return the correlation (...) of neighbouring residuals (..., F, 2), real and imaginary."""
    alike = np.einsum("...fk,...fk->...", residual[..., 1:, :], residual[..., :-1, :])
    return np.asarray(alike / np.einsum("...fk,...fk->...", residual, residual))


def _compare_directions(relative: ComplexArray, impedance: ComplexArray, rows: BoolArray) -> FloatArray:
    """Return how much less residuals scatter one way than another (B,): 1 for none; NaN but for `rows`.

    With x the residual along a direction and y across it, the axes of their ellipse follow from the mean of
    |x + jy|^2 and of (x + jy)^2.
    """
    found = np.full(len(relative), np.nan)
    turned = np.stack([relative[rows], relative[rows] * np.exp(-1j * np.angle(impedance[rows]))])
    size, skew = np.mean(np.abs(turned) ** 2, axis=2), np.abs(np.mean(turned**2, axis=2))
    found[rows] = np.sqrt(np.maximum(np.min((size - skew) / (size + skew), axis=0), 0.0))  # of rounding
    return found


def _compute_kuiper(relative: ComplexArray, rows: BoolArray) -> FloatArray:
    """Return Kuiper's statistic (B,) of the cumulative periodogram of residuals: NaN but for `rows`.

    Noise has all waves alike (J. Durbin, Biometrika 56 (1969) 1); two sweeps in turn have one from point to
    point, which runs of one sign do not show.
    """
    found, points = np.full(len(relative), np.nan), relative.shape[1]
    if not rows.any():  # numpy's package of Fourier transforms is not loaded for nothing
        return found
    waves = np.cumsum(np.abs(np.fft.fft(relative[rows], axis=1)) ** 2, axis=1)
    even = np.arange(1, points + 1) / points
    above = waves / waves[:, -1:] - even
    found[rows] = np.sqrt(points) * (np.max(above, axis=1) + np.max(1 / points - above, axis=1))
    return found


def estimate_scatter_power(square: FloatArray, modulus: FloatArray, weighting: str) -> FloatArray:
    """Return the power of |Z| (B, F) with which residuals scatter (B,): see `Residuals.power`."""
    supposed = {"modulus": 1.0, "unit": 0.0}.get(weighting)
    return np.full(len(square), np.nan) if supposed is None else _estimate_powers(square, modulus, supposed)


def _estimate_powers(square: FloatArray, modulus: FloatArray, supposed: float) -> FloatArray:
    """Return the power of |Z| (B,) with which residuals scatter, NaN where the one supposed is as probable.

    Of normal residuals whose variance goes with |Z|^(2 p), p is the most probable between 0 (a constant error
    in ohm) and 1 (a constant relative error); what is asked first is the score of the power supposed (R. D.
    Cook and S. Weisberg, Biometrika 70 (1983) 1). `square` (B, F) is of residuals over |Z|.
    """
    found = np.full(len(square), np.nan)
    noisy = np.mean(square, axis=1) > limit("rounding") ** 2
    if square.shape[1] < _FEWEST_FOR_NOISE or not noisy.any():
        return found
    with np.errstate(all="ignore"):
        x = np.log(modulus)
        x = x - np.mean(x, axis=1, keepdims=True)
        own = square if supposed == 1 else square * np.exp(2 * (1 - supposed) * x)
        share = own / np.mean(own, axis=1, keepdims=True) - 1
        score = np.einsum("bf,bf->b", share, x) / np.sqrt(np.einsum("bf,bf->b", x, x))
        doubted = np.flatnonzero(noisy & (np.abs(score) > limit("error_structure")))
        if doubted.size:
            found[doubted] = _find_most_probable(square[doubted], x[doubted], supposed)
    return found


def _find_most_probable(square: FloatArray, x: FloatArray, supposed: float) -> FloatArray:
    """Return the most probable power (B,), NaN where that supposed is as probable; `x` is ln |Z|, centred."""
    spread = [np.log(np.mean(square * np.exp(2 * (1 - p) * x), axis=1)) for p in (*_POWERS, supposed)]
    best = np.argmin(spread[:-1], axis=0)
    gained = 2 * square.shape[1] * (spread[-1] - np.min(spread[:-1], axis=0))
    return np.where(gained > limit("error_structure") ** 2, _POWERS[best], np.nan)


def _flatten(
    relative: ComplexArray, modulus: FloatArray, power: FloatArray
) -> tuple[ComplexArray, BoolArray]:
    """Return residuals (B, F), those of rows with a `power` over their size by it, the mean square kept.

    And which rows those are.
    """
    told = np.isfinite(power)
    if not told.any():
        return relative, told
    level, own = relative.copy(), relative[told]
    scaled = own * modulus[told] ** (1 - power[told, np.newaxis])
    kept = np.sum(np.abs(own) ** 2, axis=1, keepdims=True) / np.sum(
        np.abs(scaled) ** 2, axis=1, keepdims=True
    )
    level[told] = scaled * np.sqrt(kept)
    return level, told


def grades(residuals: Residuals, misfit: FloatArray, systematic: BoolArray | None = None) -> NDArray[np.str_]:
    """Return the grades (B,) of fits, ``A`` to ``D``.

    Parameters
    ----------
    residuals
        Of the fits.
    misfit
        (B,) rms residual over what the noise alone leaves; NaN where the noise is not known.
    systematic
        (B,) what else is known to be systematic.
    """
    known = np.isfinite(misfit)
    off = residuals.structured if systematic is None else residuals.structured | systematic
    off = off | (known & (misfit > limit("misfit")) & (residuals.rms > limit("rounding")))
    plain = known & ~off
    # Beyond the ceiling it must be noise by every sign of it.
    noisy = plain & (misfit <= limit("plain_noise")) & (residuals.points >= _FEWEST_FOR_NOISE)
    noisy &= residuals.rms <= limit("most_noise")
    noisy &= residuals.high >= limit("many_noisy") * residuals.rms
    noisy &= residuals.low >= limit("few_quiet") * residuals.rms
    noisy &= ~(residuals.one_way < limit("one_way")) & ~(residuals.kuiper > limit("kuiper"))
    under = residuals.rms <= limit("usable_rms")
    within = np.where(under, plain, noisy)
    good = under & (residuals.rms_inner <= limit("good_rms"))
    return np.select([within, good, under], ["A", "B", "C"], "D")

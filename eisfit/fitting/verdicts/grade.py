"""The grade of a fit, from its residuals: columns over any number of fits of spectra with as many points.

Whether residuals are systematic is seen from their size over the noise, from their runs of one sign over the
frequencies and from the correlation of neighbours. The limits are `eisfit.verdict.THRESHOLDS`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, ComplexArray, FloatArray
from eisfit.records import dataclass
from eisfit.verdict import limit

__all__ = ["Residuals", "grades"]


_FEWEST_FOR_NOISE = 20  # points from which noise above the ceiling is believed to be noise


@dataclass(frozen=True, eq=False, repr=False)
class Residuals:
    """What the residuals of B fits look like.

    Attributes
    ----------
    rms, rms_inner
        (B,) root mean square of |Z_model - Z| / |Z|; the second without the worst points.
    low, high
        (B,) quartiles of |Z_model - Z| / |Z|.
    lag1
        (B,) correlation of neighbours in frequency, real and imaginary parts pooled.
    runs
        (B,) standard score of the number of sign changes; negative: too few.
    points
        Of each spectrum.
    """

    rms: FloatArray
    rms_inner: FloatArray
    low: FloatArray
    high: FloatArray
    lag1: FloatArray
    runs: FloatArray
    points: int

    @classmethod
    def of(cls, relative: ComplexArray) -> Residuals:
        """Describe relative residuals (B, F)."""
        square = np.abs(relative) ** 2
        points = square.shape[1]
        rising = np.sort(square, axis=1)
        inner = rising[:, : points - int(limit("end_points") * points)]
        parts = np.stack([relative.real, relative.imag])
        pairs = max(2 * (points - 1), 1)
        with np.errstate(all="ignore"):
            lag1 = np.sum(parts[:, :, 1:] * parts[:, :, :-1], axis=(0, 2)) / np.sum(parts**2, axis=(0, 2))
        changes = np.sum(np.signbit(parts[:, :, 1:]) != np.signbit(parts[:, :, :-1]), axis=(0, 2))
        return cls(
            rms=np.sqrt(np.mean(square, axis=1)),
            rms_inner=np.sqrt(np.mean(inner, axis=1)),
            low=np.sqrt(rising[:, points // 4]),
            high=np.sqrt(rising[:, 3 * points // 4]),
            lag1=np.nan_to_num(lag1),
            runs=(changes - pairs / 2) / np.sqrt(pairs / 4),
            points=points,
        )

    @property
    def structured(self) -> BoolArray:
        """(B,) whether neighbours agree more than chance allows."""
        chance = 3 / np.sqrt(max(2 * (self.points - 1), 1))
        seen = (self.runs < limit("runs")) | (self.lag1 > max(limit("lag1"), chance))
        return np.asarray(seen & (self.rms > limit("rounding")))


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
    under = residuals.rms <= limit("usable_rms")
    within = np.where(under, plain, noisy)
    good = under & (residuals.rms_inner <= limit("good_rms"))
    return np.select([within, good, under], ["A", "B", "C"], "D")

"""Weights, *the* residual, and a quick estimate of how well any model could fit.

The residual of point k is, for the real and the imaginary part in turn::

    r = (Z_model - Z_measured) * w

with real weights w that never depend on the model:

============  =============================================================================
modulus       w = 1 / |Z_k| for both parts (default): a constant relative error
proportional  w = 1 / |Z'_k| and 1 / |Z''_k|, each part at least 1 % of |Z_k|
unit          w = 1 / root mean square of |Z|, the same everywhere: a constant error in ohm
noise         w = 1 / noise_k, the standard deviation of each part, measured or from `eisfit.check`
============  =============================================================================

**The noise** of a spectrum is one thing throughout: the standard deviation of each part, as a fraction
of |Z|, that the nearest spectrum obeying Kramers-Kronig leaves, per degree of freedom:
`estimate_noise_level`, for `eisfit.check`, for `eisfit.fit` and its companions alike. That spectrum is a
ladder of RC elements of fixed length, which is solved for thousands of spectra at once; of 60 points its
noise is right to 7 %. Where RC elements are no help (resonances, drift) it leaves at least twice the chisqr
of something else that obeys Kramers-Kronig, a fitted circuit or the chain of `eisfit.check`, and that counts:
`estimate_noise_chisqr`.

The sum of squares is lmfit's ``chisqr``. For the first three only the shape of the error is known, so the
covariance is rescaled by ``redchi``; with ``noise`` it is not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import SpectrumError, UsageError, did_you_mean
from eisfit.spectra import WEIGHTING, WEIGHTINGS
from eisfit.spectra.spectrum import Spectrum

_LEAST_PART = 0.01
_LADDER = 24
_BLOCK = 256  # spectra, whose normal equations the processor's cache holds
_SPARE = 8  # numbers measured beyond those of the ladder that the noise is estimated with
_NO_HELP = 2.0  # chisqr over another's: with the degrees of freedom of 20 points and more beyond chance
_MOST_DIGITS = 12  # that rounding is looked for in: the last of a float's fifteen are arithmetic's
_EXACT = 2e-15  # relative error of a number that is a multiple of a power of ten
_FINEST = 1e-10  # of |Z|, what arithmetic leaves at worst


def compute_weights(spectrum: Spectrum, weighting: str = WEIGHTING) -> FloatArray:
    """Return the weights (2F,) of the real and imaginary parts in turn, 1/ohm.

    Raises
    ------
    UsageError
        For an unknown weighting.
    SpectrumError
        For ``noise`` without a measured noise, or where |Z| is zero.
    """
    noise = None if spectrum.noise is None else spectrum.noise[np.newaxis]
    if weighting == "noise" and noise is None:
        raise SpectrumError(
            f"{spectrum.name}: has no measured noise; give it one with "
            "spectrum.replace(noise=eisfit.check(spectrum).noise)"
        )
    found: FloatArray = compute_many_weights(spectrum.impedance[np.newaxis], weighting, noise)[0]
    if not np.isfinite(found).all():
        raise SpectrumError(f"{spectrum.name}: the impedance is zero at {_name_first_zero(spectrum)} Hz")
    return np.asarray(found)


def compute_many_weights(
    impedance: NDArray[np.complex128], weighting: str, noise: FloatArray | None = None
) -> FloatArray:
    """Return the weights (B, 2F), 1/ohm, of spectra (B, F); infinite where |Z| is zero.

    Parameters
    ----------
    impedance
        (B, F) ohm.
    weighting
        One of `WEIGHTINGS`.
    noise
        (B, F) ohm, for ``noise``.

    Raises
    ------
    UsageError
        For an unknown weighting.
    """
    if weighting not in WEIGHTINGS:
        near = did_you_mean(weighting, WEIGHTINGS) or f"; they are {', '.join(WEIGHTINGS)}"
        raise UsageError(f"no weighting is called {weighting!r}{near}")
    modulus = np.abs(impedance)
    with np.errstate(divide="ignore"):
        found = np.reciprocal(_compute_errors(impedance, weighting, modulus, noise))
    found[(modulus == 0).any(axis=1)] = np.inf
    return repeat_for_parts(found) if found.shape == modulus.shape else np.asarray(found)


def repeat_for_parts(values: FloatArray) -> FloatArray:
    """Return numbers (B, 2F) of the real and imaginary parts in turn, from what both parts have (B, F).

    >>> repeat_for_parts(np.array([[1.0, 2.0]])).tolist()
    [[1.0, 1.0, 2.0, 2.0]]
    """
    return np.asarray((values * (1 + 1j)).view(np.float64))


def _compute_errors(
    impedance: NDArray[np.complex128], weighting: str, modulus: FloatArray, noise: FloatArray | None
) -> FloatArray:
    """Return the errors (B, 2F) of both parts in turn, or (B, F) where they have the same."""
    if weighting == "noise" and noise is not None:
        return noise
    if weighting == "unit":
        return np.broadcast_to(np.sqrt(np.mean(modulus**2, axis=1, keepdims=True)), modulus.shape)
    if weighting == "modulus":
        return modulus
    parts = np.abs(np.ascontiguousarray(impedance).view(np.float64))
    return np.maximum(parts, _LEAST_PART * np.repeat(modulus, 2, axis=1))


def _name_first_zero(spectrum: Spectrum) -> str:
    return f"{spectrum.frequency[int(np.argmax(np.abs(spectrum.impedance) == 0))]:g}"


def make_ladder(omega: FloatArray) -> FloatArray:
    """Return the columns (K, 2F) of `attainable_chisqr`'s model, real and imaginary parts in turn.

    `omega` (F,) falls, as in a `Spectrum`. Nobody writes to them: spectra of one sweep share them.
    """
    return _compute_ladder(omega.tobytes())


@lru_cache(maxsize=16)
def _compute_ladder(sweep: bytes) -> FloatArray:
    omega = np.frombuffer(sweep, dtype=np.float64)
    count = max(1, min(_LADDER, omega.size // 2, round(3 * np.log10(omega[0] / omega[-1])) + 2))
    tau = np.geomspace(0.5 / omega[0], 2 / omega[-1], count)
    ends = np.stack([np.ones(omega.size), 1j * omega / omega[0], -1j * omega[-1] / omega])
    columns = np.concatenate([ends, 1 / (1 + 1j * omega * tau[:, np.newaxis])]).view(np.float64)
    columns.setflags(write=False)
    return columns


def attainable_chisqr(spectrum: Spectrum, weight: FloatArray) -> float:
    """Return the chisqr that the best smooth, causal model leaves: about what the noise alone explains.

    A ladder of RC elements, dense enough for any arc, with a series resistance, inductance and capacitance,
    is fitted linearly; its chisqr is scaled from its own degrees of freedom to those of the data.
    """
    columns = make_ladder(spectrum.omega)
    design = columns * weight
    target = np.ascontiguousarray(spectrum.impedance).view(np.float64) * weight
    points = spectrum.points
    left = 2 * points - len(columns)
    if left < 2:
        return 0.0
    # Normal equations with a trace of ridge: five times faster than an SVD, and exact enough for a scale.
    normal = design @ design.T
    normal[np.diag_indices_from(normal)] *= 1 + 1e-12
    solution = np.linalg.lstsq(normal, design @ target, rcond=1e-13)[0]
    residual = solution @ design - target
    return float(residual @ residual) * 2 * points / left


def attainable_of_many(omega: FloatArray, target: NDArray[np.complex128], weight: FloatArray) -> FloatArray:
    """Return (B,) `attainable_chisqr` of spectra on one frequency grid, all at once.

    Parameters
    ----------
    omega
        (F,) rad/s, falling.
    target
        (B, F) impedance, ohm.
    weight
        (B, 2F), 1/ohm.
    """
    points = omega.size
    columns = make_ladder(omega)
    left = 2 * points - len(columns)
    if left < 2:
        return np.zeros(len(target))
    products = _Products(columns)
    found = [
        _compute_residual(products, target[first : first + _BLOCK], weight[first : first + _BLOCK])
        for first in range(0, len(target), _BLOCK)
    ]
    return np.concatenate([np.zeros(0), *found]) * (2 * points / left)


def _compute_residual(products: _Products, target: NDArray[np.complex128], weight: FloatArray) -> FloatArray:
    """Return the sums of squares (b,) that the ladder leaves of a few spectra."""
    data = np.ascontiguousarray(target).view(np.float64) * weight
    normal, right = products.normal_equations(weight, data)
    np.einsum("bkk->bk", normal)[...] *= 1 + 1e-11
    residual = (_solve(normal, right) @ products.columns) * weight - data
    return np.asarray(np.einsum("bf,bf->b", residual, residual))


def _solve(normal: FloatArray, right: FloatArray) -> FloatArray:
    """Solve (b, K, K) x = (b, K), positive definite: by Cholesky, two thirds of the time of `solve`."""
    try:
        factor = np.ascontiguousarray(np.linalg.cholesky(normal).transpose(1, 2, 0))
    except np.linalg.LinAlgError:  # rounding has left nothing of the ridge
        return np.asarray(np.linalg.solve(normal, right[:, :, np.newaxis])[:, :, 0])
    found, inverse = np.ascontiguousarray(right.T), 1 / np.einsum("kkb->kb", factor)
    for k in range(len(found)):
        found[k] *= inverse[k]
        found[k + 1 :] -= factor[k + 1 :, k] * found[k]
    for k in range(len(found) - 1, -1, -1):
        found[k] *= inverse[k]
        found[:k] -= factor[k, :k] * found[k]
    return found.T


class _Products:
    """Columns (K, N) and the products of each two of them, formed once for all spectra."""

    def __init__(self, columns: FloatArray) -> None:
        self.columns, count = columns, len(columns)
        one, other = np.triu_indices(count)
        products = columns[one] * columns[other]
        self.parts, self.both = products, products[:, ::2] + products[:, 1::2]
        place = np.empty((count, count), dtype=np.intp)
        place[one, other] = place[other, one] = np.arange(one.size)
        self.place = place.ravel()

    def normal_equations(self, weight: FloatArray, data: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (b, K, K) and (b, K) with each row's weights (b, N), data (b, N) weighted."""
        half, count = weight[:, ::2], len(self.columns)
        if np.array_equal(half, weight[:, 1::2]):  # both parts of Z have one weight
            found = (half * half) @ self.both.T
        else:
            found = (weight * weight) @ self.parts.T
        normal = np.take(found, self.place, axis=1).reshape(-1, count, count)
        return normal, (data * weight) @ self.columns.T


def estimate_noise_chisqr(attainable: FloatArray | float, *left: FloatArray | float) -> FloatArray:
    """Return the chisqr (B,) that is the noise's: the ladder's, another where that is far less.

    >>> estimate_noise_chisqr(np.array([1.0, 1.0]), np.array([0.9, 0.1])).tolist()
    [1.0, 0.1]
    """
    least = np.min(np.stack(np.broadcast_arrays(attainable, *left)), axis=0)
    return np.where(attainable > _NO_HELP * least, least, attainable)


def estimate_noise_level(
    omega: FloatArray, weight: FloatArray, modulus: FloatArray, attainable: FloatArray, *left: FloatArray
) -> FloatArray:
    """Return the noise (B,) of each part, fraction of |Z|; NaN where the points are too few to tell it.

    Parameters
    ----------
    omega
        (F,) rad/s, falling.
    weight, modulus
        (B, 2F), 1/ohm, and |Z| (B, F), ohm.
    attainable, left
        (B,) each: chisqr that the ladder and other descriptions which obey Kramers-Kronig leave, as
        `attainable_chisqr` scales it.
    """
    if not _can_estimate_noise(omega):
        return np.full(len(weight), np.nan)
    least = estimate_noise_chisqr(attainable, *left)
    size = np.mean(1 / (weight * repeat_for_parts(modulus)) ** 2, axis=-1)
    noise = np.sqrt(least / weight.shape[-1] * size)
    return np.asarray(np.where(least > 0, noise, np.nan))


def _can_estimate_noise(omega: FloatArray) -> bool:
    """Return whether a sweep has points enough to part its noise from any smooth spectrum.

    The ladder of RC elements needs three a decade, and numbers to spare.
    """
    wanted = 3 * np.log10(omega[0] / omega[-1])
    return bool(omega.size // 2 >= wanted and 2 * omega.size - len(make_ladder(omega)) >= _SPARE)


def rounding_error(frequency: FloatArray, impedance: ComplexArray) -> FloatArray:
    """Return the standard deviation (2F,), ohm, that the digits of a table alone leave in each part of Z.

    A number rounded to a unit u is off by u / sqrt(12) (W. F. Sheppard, Proc. London Math. Soc. 29 (1898)
    353). The unit is read off the numbers: a fixed count of decimals, or of significant digits. A rounded
    frequency puts Z off by its slope.

    Examples
    --------
    >>> z = np.array([1.25 - 0.5j, 2.31 - 1.07j, 3.14 - 0.25j])
    >>> bool(rounding_error(np.array([100.0, 10.0, 1.0]), z)[0] >= 0.01 / 12**0.5)
    True
    """
    modulus = np.abs(impedance)
    parts = np.stack([_find_last_place(impedance.real), _find_last_place(impedance.imag)], axis=1)
    found = np.hypot(parts.ravel() / np.sqrt(12), _FINEST * np.repeat(modulus, 2))
    if frequency.size < 2:
        return np.asarray(found)
    slope = np.gradient(impedance, np.log(frequency))
    by_frequency = slope * _find_last_place(frequency) / frequency / np.sqrt(12)
    return np.asarray(np.hypot(found, np.abs(by_frequency.view(np.float64))))


def _find_last_place(numbers: FloatArray) -> FloatArray:
    """Return the last place (n,) of rounded numbers; 0 where they are not rounded.

    Where both forms of rounding hold, the coarser: the finer would leave its last places empty by chance.
    """
    size = np.abs(numbers)
    power = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    highest = float(power.max())
    for digits in range(1, _MOST_DIGITS + 1):
        for places in (np.full(numbers.shape, highest - digits + 1), power - digits + 1):
            unit = 10.0**places
            if np.all(np.abs(np.rint(numbers / unit) * unit - numbers) <= _EXACT * size):
                return np.asarray(unit)
    return np.zeros(numbers.shape)

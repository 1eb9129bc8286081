"""Warburg impedances: semi-infinite, reflective and transmissive boundary."""

from __future__ import annotations

import numpy as np

from eisfit.model.elements.base import (
    Asymptote,
    ComplexArray,
    Element,
    Evaluation,
    FloatArray,
    FrequencyGrid,
    Parameter,
)

__all__ = ["ELEMENTS"]

_SERIES_BELOW = 0.5


def _warburg(grid: FrequencyGrid, sigma: FloatArray) -> Evaluation:
    return sigma * grid.warburg, (grid.warburg,)


def _root(grid: FrequencyGrid, tau: FloatArray) -> tuple[FloatArray, ComplexArray]:
    """Return y and x = sqrt(j omega tau) = (1 + j) y."""
    y = np.sqrt(0.5 * grid.omega * tau)
    return y, (1 + 1j) * y


def _ratio(y: FloatArray, sign: float) -> ComplexArray:
    """Return coth(x) (sign +1) or tanh(x) (sign -1) for x = (1 + j) y, without overflow for any y >= 0.

    Both are (1 - t^2 -+ 2 j t sin 2y) / (1 + t^2 -+ 2 t cos 2y) with t = exp(-2y); the denominator is
    written as a sum of positive terms, so that nothing cancels at small y.
    """
    fall = np.expm1(-2 * y)
    t = fall + 1
    odd = np.sin(y) if sign > 0 else np.cos(y)
    denominator = fall**2 + 4 * t * odd**2
    result = np.empty(y.shape, dtype=complex)
    result.real = -fall * (2 + fall) / denominator
    result.imag = -sign * 2 * t * np.sin(2 * y) / denominator
    return result


def _reflective(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    y, x = _root(grid, tau)
    coth = _ratio(y, +1.0)
    shape = coth / x
    # d(coth x / x)/dx = -(coth^2 x - 1)/x - coth x / x^2, and dx/dtau = x / (2 tau).
    return R * shape, (shape, R / (2 * tau) * (1 - coth**2 - shape))


def _transmissive(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    y, x = _root(grid, tau)
    tanh = _ratio(y, -1.0)
    shape = tanh / x
    return R * shape, (shape, R / (2 * tau) * _transmissive_slope(x, tanh, shape))


def _transmissive_slope(x: ComplexArray, tanh: ComplexArray, shape: ComplexArray) -> ComplexArray:
    """Return 1 - tanh^2 x - tanh x / x, by its power series where the three terms would cancel."""
    slope = 1 - tanh**2 - shape
    small = np.abs(x) < _SERIES_BELOW
    if small.any():
        slope[small] = _slope_series(x[small])
    return slope


def _slope_series(x: ComplexArray) -> ComplexArray:
    """Return 1 - tanh^2 x - tanh x / x = (2x - sinh 2x) / (2x cosh^2 x) for small x."""
    square = (2 * x) ** 2
    tail = np.ones_like(x)
    for n in (8, 7, 6, 5, 4, 3, 2):
        tail = 1 + tail * square / ((2 * n) * (2 * n + 1))
    return np.asarray(-square / 6 * tail / np.cosh(x) ** 2)


_TAU = Parameter("tau", "s", "diffusion time L^2/D", 0.0, np.inf, "log", 100.0)
_REFERENCE = "D. R. Franceschetti, J. R. Macdonald, J. Electroanal. Chem. 101 (1979) 307"

ELEMENTS = (
    Element(
        symbol="W",
        title="semi-infinite Warburg diffusion",
        formula="Z = sigma (1 - j) / sqrt(omega)",
        parameters=(Parameter("sigma", "ohm s^-1/2", "Warburg coefficient", 0.0, np.inf, "log", 5.0),),
        evaluate=_warburg,
        low=Asymptote("infinite, as sigma (1 - j) / sqrt(omega)", lambda w, s: s * (1 - 1j) / np.sqrt(w)),
        high=Asymptote("0, as sigma (1 - j) / sqrt(omega)", lambda w, s: s * (1 - 1j) / np.sqrt(w)),
        reference="E. Warburg, Ann. Phys. 303 (1899) 493",
    ),
    Element(
        symbol="Wo",
        title="finite diffusion, reflective boundary (coth)",
        formula="Z = R coth(sqrt(j omega tau)) / sqrt(j omega tau)",
        parameters=(
            Parameter("R", "ohm", "diffusion resistance (3 times its real limit)", 0.0, np.inf, "log", 30.0),
            _TAU,
        ),
        evaluate=_reflective,
        low=Asymptote("R/3 + R / (j omega tau)", lambda w, R, tau: R / 3 + R / (1j * w * tau)),
        high=Asymptote("R / sqrt(j omega tau)", lambda w, R, tau: R / np.sqrt(1j * w * tau)),
        reference=_REFERENCE,
    ),
    Element(
        symbol="Ws",
        title="finite diffusion, transmissive boundary (tanh)",
        formula="Z = R tanh(sqrt(j omega tau)) / sqrt(j omega tau)",
        parameters=(Parameter("R", "ohm", "diffusion resistance", 0.0, np.inf, "log", 30.0), _TAU),
        evaluate=_transmissive,
        low=Asymptote("R", lambda w, R, tau: R + 0j * w),
        high=Asymptote("R / sqrt(j omega tau)", lambda w, R, tau: R / np.sqrt(1j * w * tau)),
        reference=_REFERENCE,
    ),
)

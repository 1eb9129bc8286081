"""Diffusion in particles: spheres and cylinders, as `Wo` is for a plane.

With x = sqrt(j omega tau) and tau = r^2/D::

    sphere    f = 1 / (x coth x - 1),        x f' = -x (x / tanh x - x^2 / sinh^2 x) / (x coth x - 1)^2
    cylinder  f = I0(x) / (x I1(x)) = q/x,   x f' = 1 - q^2

Between slow and fast, both behave as a plane of the same surface: f = 1/x at high frequency.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements._hyperbolic import Wedge
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter, make_scan

_FAR = 30.0  # |x| beyond which the asymptotic series of I0/I1 is exact to rounding
_TERMS, _DEPTH = 20, 80


def _sphere(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    wedge = Wedge(grid.root(tau))
    shape = 1 / (wedge.x * wedge.langevin())
    return R * shape, (shape, -R / (2 * tau) * (wedge.x * shape) ** 2 * wedge.coth_rise())


def _cylinder(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    x = grid.root(tau)
    excess = _bessel_ratio(x)  # q - 1, which is what 1 - q^2 needs at large x
    shape = (1 + excess) / x
    return R * shape, (shape, -R / (2 * tau) * excess * (2 + excess))


def _bessel_ratio(x: ComplexArray) -> ComplexArray:
    """Return I0(x)/I1(x) - 1: the continued fraction of Gauss, and the asymptotic series far out.

    Abramowitz and Stegun, 9.1.73 and 9.7; the series solves q' = 1 - q^2 + q/x.
    """
    far = np.abs(x) > _FAR
    near = np.where(far, 1.0, x)
    fraction = np.asarray(2 * _DEPTH / near, dtype=np.complex128)
    for n in range(_DEPTH - 1, 0, -1):
        fraction = 2 * n / near + 1 / fraction
    if not far.any():
        return fraction - 1
    inverse = 1 / np.where(far, x, _FAR)
    series = np.zeros_like(fraction)
    for c in reversed(_compute_coefficients()):
        series = (series + c) * inverse
    return np.where(far, series, fraction - 1)


def _compute_coefficients() -> list[float]:
    """Return c_1, c_2, ... of I0/I1 = 1 + c_1/x + c_2/x^2 + ..."""
    c = [1.0]
    for n in range(1, _TERMS + 1):
        c.append((n * c[-1] - sum(c[i] * c[n - i] for i in range(1, n))) / 2)
    return c[1:]


_TAU = Parameter("tau", "s", "diffusion time r^2/D", 0.0, np.inf, "log", 100.0)
_HIGH = Asymptote("R / sqrt(j omega tau)", lambda w, R, tau: R / np.sqrt(1j * w * tau))
_REFERENCE = "T. Jacobsen, K. West, Electrochim. Acta 40 (1995) 255"

ELEMENTS = (
    Element(
        symbol="Wsph",
        role="diffusion",
        title="diffusion in a sphere, reflective centre",
        formula="Z = R tanh(x) / (x - tanh(x)) with x = sqrt(j omega tau)",
        parameters=(
            Parameter("R", "ohm", "diffusion resistance (5 times its real limit)", 0.0, np.inf, "log", 50.0),
            _TAU,
        ),
        evaluate=_sphere,
        low=Asymptote("R/5 + 3 R / (j omega tau)", lambda w, R, tau: R / 5 + 3 * R / (1j * w * tau)),
        high=_HIGH,
        reference=_REFERENCE,
        scan=make_scan(),
    ),
    Element(
        symbol="Wcyl",
        role="diffusion",
        title="diffusion in a cylinder, reflective axis",
        formula="Z = R I0(x) / (x I1(x)) with x = sqrt(j omega tau)",
        parameters=(
            Parameter("R", "ohm", "diffusion resistance (4 times its real limit)", 0.0, np.inf, "log", 40.0),
            _TAU,
        ),
        evaluate=_cylinder,
        low=Asymptote("R/4 + 2 R / (j omega tau)", lambda w, R, tau: R / 4 + 2 * R / (1j * w * tau)),
        high=_HIGH,
        reference=_REFERENCE,
        scan=make_scan(),
    ),
)

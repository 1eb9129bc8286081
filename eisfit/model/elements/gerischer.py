"""Gerischer impedances: diffusion with a homogeneous reaction, semi-infinite and of finite length."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements._hyperbolic import Wedge, logistic
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter, make_scan

_PHIS = (0.3, 1.0, 3.0)


def _root(grid: FrequencyGrid, tau: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """Return s = sqrt(1 + j omega tau) and d ln(s^2) / d ln tau."""
    return np.sqrt(1 + grid.j_omega * tau), logistic(grid.log_j_omega + np.log(tau))[1]


def _gerischer(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    s, share = _root(grid, tau)
    shape = 1 / s
    return R * shape, (shape, R * shape * share / (-2 * tau))


def _finite(grid: FrequencyGrid, R: FloatArray, tau: FloatArray, phi: FloatArray) -> Evaluation:
    s, share = _root(grid, tau)
    wedge = Wedge(phi * s)
    shape = wedge.coth / s
    by_phi = -R * wedge.csch**2
    # dZ/ds = phi by_phi / s - R shape / s, and ds/dtau = s share / (2 tau).
    return R * shape, (shape, (phi * by_phi - R * shape) * share / (2 * tau), by_phi)


def _finite_absorbing(grid: FrequencyGrid, R: FloatArray, tau: FloatArray, phi: FloatArray) -> Evaluation:
    s, share = _root(grid, tau)
    wedge = Wedge(phi * s)
    shape = wedge.tanh / s
    # dZ/ds = R phi (1/cosh^2 x - tanh x / x) / s with x = phi s, and ds/dtau = s share / (2 tau).
    return R * shape, (shape, R * phi * wedge.tanh_slope() * share / (2 * tau), R * wedge.sech**2)


_R = Parameter("R", "ohm", "resistance of diffusion and reaction", 0.0, np.inf, "log", 20.0)
_TAU = Parameter("tau", "s", "reciprocal of the reaction's rate", 0.0, np.inf, "log", 0.1)
_PHI = Parameter("phi", "", "length over the depth that the reaction reaches", 0.0, np.inf, "log", 0.8)
_HIGH = Asymptote("R / sqrt(j omega tau)", lambda w, R, tau, *_: R / np.sqrt(1j * w * tau))

ELEMENTS = (
    Element(
        symbol="G",
        role="diffusion",
        title="Gerischer impedance",
        formula="Z = R / sqrt(1 + j omega tau)",
        parameters=(_R, _TAU),
        evaluate=_gerischer,
        low=Asymptote("R", lambda w, R, tau: R + 0j * w),
        high=_HIGH,
        reference="H. Gerischer, Z. Phys. Chem. 198 (1951) 286",
        scan=make_scan(),
    ),
    Element(
        symbol="Gs",
        role="diffusion",
        title="Gerischer impedance of finite length",
        formula="Z = R coth(phi sqrt(1 + j omega tau)) / sqrt(1 + j omega tau)",
        parameters=(_R, _TAU, _PHI),
        evaluate=_finite,
        low=Asymptote("R / tanh(phi)", lambda w, R, tau, phi: R / np.tanh(phi) + 0j * w),
        high=_HIGH,
        reference="R. D. Green, C.-C. Liu, S. B. Adler, Solid State Ionics 179 (2008) 647",
        scan=make_scan(_PHIS),
    ),
    Element(
        symbol="Gt",
        role="diffusion",
        title="Gerischer impedance of finite length, absorbing end (tanh)",
        formula="Z = R tanh(phi sqrt(1 + j omega tau)) / sqrt(1 + j omega tau)",
        parameters=(_R, _TAU, _PHI),
        evaluate=_finite_absorbing,
        low=Asymptote("R tanh(phi)", lambda w, R, tau, phi: R * np.tanh(phi) + 0j * w),
        high=_HIGH,
        reference="B. A. Boukamp, H. J. M. Bouwmeester, Solid State Ionics 157 (2003) 29",
        scan=make_scan(_PHIS),
    ),
)

"""Warburg impedances: semi-infinite, reflective and transmissive boundary, and these with a free exponent."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements._hyperbolic import Wedge
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter, make_scan


def _warburg(grid: FrequencyGrid, sigma: FloatArray) -> Evaluation:
    return sigma * grid.warburg, (grid.warburg,)


def _reflective(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    wedge = Wedge(grid.root(tau))
    coth = wedge.coth
    shape = coth / wedge.x
    # d(coth x / x)/dx = -(coth^2 x - 1)/x - coth x / x^2, and dx/dtau = x / (2 tau).
    return R * shape, (shape, R / (2 * tau) * (1 - coth**2 - shape))


def _transmissive(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    wedge = Wedge(grid.root(tau))
    shape = wedge.tanh / wedge.x
    return R * shape, (shape, R / (2 * tau) * wedge.tanh_slope())


def _power(grid: FrequencyGrid, tau: FloatArray, p: FloatArray) -> tuple[Wedge, ComplexArray]:
    """Return (j omega tau)^p, |arg| < pi/2, and its logarithm's derivative by p."""
    log_time = np.asarray(grid.log_j_omega + np.log(tau))
    return Wedge(np.exp(p * log_time)), log_time


def _reflective_power(grid: FrequencyGrid, R: FloatArray, tau: FloatArray, p: FloatArray) -> Evaluation:
    wedge, log_time = _power(grid, tau, p)
    coth = wedge.coth / wedge.x
    slope = -R * (wedge.csch**2 + coth)  # by ln x
    return R * coth, (coth, slope * (p / tau), slope * log_time)


def _transmissive_power(grid: FrequencyGrid, R: FloatArray, tau: FloatArray, p: FloatArray) -> Evaluation:
    wedge, log_time = _power(grid, tau, p)
    tanh = wedge.tanh / wedge.x
    slope = R * wedge.tanh_slope()
    return R * tanh, (tanh, slope * (p / tau), slope * log_time)


_P = Parameter("p", "", "exponent: 0.5 diffusion in a plane, less a spread of it", 0.2, 0.6, "linear", 0.42)
_POWERS = (0.33, 0.42, 0.5)
_TAU = Parameter("tau", "s", "diffusion time L^2/D", 0.0, np.inf, "log", 100.0)
_ANOMALOUS = "J. Bisquert, A. Compte, J. Electroanal. Chem. 499 (2001) 112"
_REFERENCE = "D. R. Franceschetti, J. R. Macdonald, J. Electroanal. Chem. 101 (1979) 307"

ELEMENTS = (
    Element(
        symbol="W",
        role="diffusion",
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
        role="diffusion",
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
        role="diffusion",
        title="finite diffusion, transmissive boundary (tanh)",
        formula="Z = R tanh(sqrt(j omega tau)) / sqrt(j omega tau)",
        parameters=(Parameter("R", "ohm", "diffusion resistance", 0.0, np.inf, "log", 30.0), _TAU),
        evaluate=_transmissive,
        low=Asymptote("R", lambda w, R, tau: R + 0j * w),
        high=Asymptote("R / sqrt(j omega tau)", lambda w, R, tau: R / np.sqrt(1j * w * tau)),
        reference=_REFERENCE,
    ),
    Element(
        symbol="Wop",
        role="diffusion",
        title="finite diffusion, reflective boundary (coth), free exponent",
        formula="Z = R coth((j omega tau)^p) / (j omega tau)^p",
        parameters=(Parameter("R", "ohm", "diffusion resistance", 0.0, np.inf, "log", 30.0), _TAU, _P),
        evaluate=_reflective_power,
        low=Asymptote(
            "R/3 + R / (j omega tau)^(2 p)", lambda w, R, tau, p: R / 3 + R / (1j * w * tau) ** (2 * p)
        ),
        high=Asymptote("R / (j omega tau)^p", lambda w, R, tau, p: R / (1j * w * tau) ** p),
        reference=_ANOMALOUS,
        scan=make_scan(_POWERS),
    ),
    Element(
        symbol="Wsp",
        role="diffusion",
        title="finite diffusion, transmissive boundary (tanh), free exponent",
        formula="Z = R tanh((j omega tau)^p) / (j omega tau)^p",
        parameters=(Parameter("R", "ohm", "diffusion resistance", 0.0, np.inf, "log", 30.0), _TAU, _P),
        evaluate=_transmissive_power,
        low=Asymptote("R", lambda w, R, tau, p: R + 0j * w),
        high=Asymptote("R / (j omega tau)^p", lambda w, R, tau, p: R / (1j * w * tau) ** p),
        reference=_ANOMALOUS,
        scan=make_scan(_POWERS),
    ),
)

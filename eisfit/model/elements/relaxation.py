"""Arcs by their time constant: RC (Voigt), ZARC (Cole-Cole) and Havriliak-Negami.

A ZARC is a resistor beside a CPE with Q = tau^alpha / R; a K is one beside a capacitor C = tau / R.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements._hyperbolic import log1p_exp, logistic
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter, make_scan

_ALPHAS = (0.7, 0.92)
_BETAS = (0.55, 0.9)


def _log_time(grid: FrequencyGrid, tau: FloatArray) -> ComplexArray:
    """Return ln(j omega tau)."""
    return np.asarray(grid.log_j_omega + np.log(tau))


def _voigt(grid: FrequencyGrid, R: FloatArray, tau: FloatArray) -> Evaluation:
    shape, rest = logistic(_log_time(grid, tau))
    return R * shape, (shape, R * shape * rest / -tau)


def _zarc(grid: FrequencyGrid, R: FloatArray, tau: FloatArray, alpha: FloatArray) -> Evaluation:
    log_time = _log_time(grid, tau)
    shape, rest = logistic(alpha * log_time)
    slope = np.asarray(-R * shape * rest, dtype=np.complex128)
    z = np.asarray(R * shape, dtype=np.complex128)
    return z, (shape, slope * alpha / tau, slope * log_time)


def _havriliak_negami(
    grid: FrequencyGrid, R: FloatArray, tau: FloatArray, alpha: FloatArray, beta: FloatArray
) -> Evaluation:
    log_time = _log_time(grid, tau)
    log_sum = log1p_exp(alpha * log_time)
    shape = np.exp(-beta * log_sum)
    z = np.asarray(R * shape, dtype=np.complex128)
    slope = -beta * z * logistic(alpha * log_time)[1]
    return z, (shape, slope * alpha / tau, slope * log_time, -z * log_sum)


_R = Parameter("R", "ohm", "resistance of the arc", 0.0, np.inf, "log", 20.0)
_TAU = Parameter("tau", "s", "time constant", 0.0, np.inf, "log", 1e-3)
_ALPHA = Parameter("alpha", "", "exponent: 1 a semicircle, less a depressed arc", 0.2, 1.0, "linear", 0.85)
_BETA = Parameter(
    "beta", "", "skewness: 1 symmetric, less a longer tail to high frequency", 0.1, 1.0, "linear", 0.7
)
_RESISTANCE = Asymptote("R", lambda w, R, *_: R + 0j * w)

ELEMENTS = (
    Element(
        symbol="K",
        title="RC arc by its time constant (Voigt element)",
        formula="Z = R / (1 + j omega tau)",
        parameters=(_R, _TAU),
        evaluate=_voigt,
        low=_RESISTANCE,
        high=Asymptote("R / (j omega tau)", lambda w, R, tau: R / (1j * w * tau)),
        reference="B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885",
        scan=make_scan(),
    ),
    Element(
        symbol="Zarc",
        title="depressed arc by its time constant (ZARC, Cole-Cole)",
        formula="Z = R / (1 + (j omega tau)^alpha)",
        parameters=(_R, _TAU, _ALPHA),
        evaluate=_zarc,
        low=_RESISTANCE,
        high=Asymptote("R / (j omega tau)^alpha", lambda w, R, tau, alpha: R / (1j * w * tau) ** alpha),
        reference="K. S. Cole, R. H. Cole, J. Chem. Phys. 9 (1941) 341",
        scan=make_scan(_ALPHAS),
    ),
    Element(
        symbol="HN",
        title="skewed arc (Havriliak-Negami)",
        formula="Z = R / (1 + (j omega tau)^alpha)^beta",
        parameters=(_R, _TAU, _ALPHA, _BETA),
        evaluate=_havriliak_negami,
        low=_RESISTANCE,
        high=Asymptote(
            "R / (j omega tau)^(alpha beta)",
            lambda w, R, tau, alpha, beta: R / (1j * w * tau) ** (alpha * beta),
        ),
        reference="S. Havriliak, S. Negami, Polymer 8 (1967) 161",
        scan=make_scan(_ALPHAS, _BETAS),
    ),
)

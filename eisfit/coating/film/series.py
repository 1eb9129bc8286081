"""A film's numbers from several films, or from several temperatures: straight lines with their covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.coating.film.film import BOLTZMANN_EV
from eisfit.errors import StudyError

__all__ = ["activation_energy", "thickness_series"]


def thickness_series(
    thickness: ArrayLike,
    area_resistance: ArrayLike,
    stderr: ArrayLike,
    thickness_stderr: ArrayLike = 0.0,
) -> dict[str, Any]:
    """Conductivity and interface offset from films of several thicknesses: R A = offset + t / s.

    Weighted least squares with the effective variance of both errors (J. Orear, Am. J. Phys. 50 (1982) 912).

    Parameters
    ----------
    thickness, thickness_stderr
        cm.
    area_resistance, stderr
        ohm cm^2.

    Returns
    -------
    dict
        ``ionic_conductivity_S_per_cm``, ``offset_ohm_cm2`` with their ``_stderr``, ``covariance`` of (offset,
        1/s), ``chisqr``, ``nfree``.

    Raises
    ------
    StudyError
        With fewer than three films, of fewer than two thicknesses, or where resistance does not rise.
    """
    x, y, sy, sx = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (thickness, area_resistance, stderr, thickness_stderr))
    )
    if x.size < 3 or np.unique(x).size < 2:
        raise StudyError("a thickness series needs three films or more, of at least two thicknesses")
    slope = 0.0
    for _ in range(50):
        (offset, new), covariance, chisqr = _line(x, y, sy**2 + (slope * sx) ** 2)
        if abs(new - slope) <= 1e-12 * abs(new):
            break
        slope = new
    if slope <= 0:
        raise StudyError(
            "the area resistance does not rise with the thickness: the films cannot share a conductivity"
        )
    return {
        "ionic_conductivity_S_per_cm": 1 / slope,
        "ionic_conductivity_S_per_cm_stderr": math.sqrt(covariance[1, 1]) / slope**2,
        "offset_ohm_cm2": offset,
        "offset_ohm_cm2_stderr": math.sqrt(covariance[0, 0]),
        "covariance": covariance.tolist(),
        "chisqr": chisqr,
        "nfree": int(x.size - 2),
    }


def activation_energy(
    temperature: ArrayLike, conductivity: ArrayLike, stderr: ArrayLike, *, times_temperature: bool = False
) -> dict[str, Any]:
    """Activation energy from a temperature series: ln s = ln s0 - E/(k T).

    Parameters
    ----------
    temperature
        K.
    conductivity, stderr
        In any unit; of a resistance, give 1/R and its error.
    times_temperature
        Fit ln(s T) instead, as hopping demands.

    Returns
    -------
    dict
        ``activation_energy_eV``, ``ln_prefactor`` with their ``_stderr``, ``covariance`` of (ln s0, E),
        ``chisqr``, ``nfree``.

    Raises
    ------
    StudyError
        With fewer than three temperatures or values that are not positive.
    """
    T, s, ds = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (temperature, conductivity, stderr))
    )
    if np.unique(T).size < 3:
        raise StudyError("an activation energy needs three temperatures or more")
    if (s <= 0).any() or (T <= 0).any():
        raise StudyError("an activation energy needs positive conductivities, and temperatures in kelvin")
    y = np.log(s * T) if times_temperature else np.log(s)
    (ln_s0, slope), covariance, chisqr = _line(-1 / (BOLTZMANN_EV * T), y, (ds / s) ** 2)
    return {
        "activation_energy_eV": slope,
        "activation_energy_eV_stderr": math.sqrt(covariance[1, 1]),
        "ln_prefactor": ln_s0,
        "ln_prefactor_stderr": math.sqrt(covariance[0, 0]),
        "covariance": covariance.tolist(),
        "chisqr": chisqr,
        "nfree": int(T.size - 2),
    }


def _line(
    x: FloatArray, y: FloatArray, variance: FloatArray
) -> tuple[tuple[float, float], FloatArray, float]:
    """Weighted straight line: (offset, slope), their covariance, chisqr."""
    if (variance <= 0).any():
        raise StudyError("every point of a series needs a standard error above zero")
    # Centred and scaled: 1/(k T) and thicknesses in cm differ by nine orders of magnitude from 1.
    centre, scale = float(np.average(x, weights=1 / variance)), float(np.ptp(x)) or 1.0
    design = np.stack([np.ones_like(x), (x - centre) / scale], axis=1)
    weighted = design / np.sqrt(variance)[:, None]
    normal = np.linalg.inv(weighted.T @ weighted)
    a, b = normal @ (weighted.T @ (y / np.sqrt(variance)))
    back = np.array([[1.0, -centre / scale], [0.0, 1 / scale]])
    offset, slope = back @ np.array([a, b])
    residual = (y - offset - slope * x) / np.sqrt(variance)
    return (float(offset), float(slope)), back @ normal @ back.T, float(residual @ residual)

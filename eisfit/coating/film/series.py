"""A film's numbers from several films: a straight line with its covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.errors import StudyError

__all__ = ["thickness_series"]


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


def _line(
    x: FloatArray, y: FloatArray, variance: FloatArray
) -> tuple[tuple[float, float], FloatArray, float]:
    """Weighted straight line: (offset, slope), their covariance, chisqr."""
    if (variance <= 0).any():
        raise StudyError("every point of a series needs a standard error above zero")
    # Centred and scaled: thicknesses in cm differ by seven orders of magnitude from 1.
    centre, scale = float(np.average(x, weights=1 / variance)), float(np.ptp(x)) or 1.0
    design = np.stack([np.ones_like(x), (x - centre) / scale], axis=1)
    weighted = design / np.sqrt(variance)[:, None]
    normal = np.linalg.inv(weighted.T @ weighted)
    a, b = normal @ (weighted.T @ (y / np.sqrt(variance)))
    back = np.array([[1.0, -centre / scale], [0.0, 1 / scale]])
    offset, slope = back @ np.array([a, b])
    residual = (y - offset - slope * x) / np.sqrt(variance)
    return (float(offset), float(slope)), back @ normal @ back.T, float(residual @ residual)

"""Impedance of one cell from its local quantities, with exact derivatives.

The interface of true area, the electrode on its support (`eisfit.coating.physics`), and what lies in series.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eisfit.coating.physics import Support

__all__ = ["COUNTER_ALPHA", "LOCALS", "LOG_LOCALS", "Response", "respond"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Array = NDArray[Any]

# What one spectrum is computed from: logarithms of the first, the last two as they are.
LOG_LOCALS = (
    "area",  # cm^2, projected
    "thickness",  # cm, of the film
    "resistivity",  # ohm cm, of the film
    "s_i",  # S/cm, the film's ionic conductivity
    "chi",  # F/cm^2, the film's chemical capacitance
    "kappa",  # S/cm
    "sigma_s",  # S/cm
    "R_i",  # ohm cm^2, reaction
    "Q",  # S s^alpha/cm^2
    "W",  # ohm cm^2 s^-1/2
    "g",  # area gain
    "R_s",  # ohm
    "counter_R",  # ohm
    "counter_tau",  # s
    "native_R",  # ohm cm^2
    "native_C",  # F/cm^2
    "contact_R",  # ohm
    "contact_tau",  # s
)
LOCALS = (*LOG_LOCALS, "alpha", "R_more")
_AT = {name: k for k, name in enumerate(LOCALS)}

COUNTER_ALPHA = 0.85  # depressed as graphite's arc usually is


class Response(NamedTuple):
    """Impedance (B, F), ohm, and its derivatives (B, F, L) by `LOCALS`."""

    impedance: ComplexArray
    derivative: ComplexArray


def respond(support: Support, omega: FloatArray, local: FloatArray, *, film: bool, access: bool) -> Response:
    """Return the cell's impedance for rows of local quantities.

    Parameters
    ----------
    support
        Geometry of the electrode.
    omega
        (F,) rad/s; 0 gives the resistance without diffusion.
    local
        (B, L) in the order of `LOCALS`, logarithms where `LOG_LOCALS` says so.
    film
        Whether ions cross a film.
    access
        Whether a film carries electrons along the wall.
    """
    value = {name: np.exp(local[:, _AT[name], None]) for name in LOG_LOCALS}
    value["alpha"], value["R_more"] = local[:, _AT["alpha"], None], local[:, _AT["R_more"], None]
    derivative = np.zeros((local.shape[0], omega.size, len(LOCALS)), dtype=np.complex128)
    z = _interface(omega, value, derivative, film)
    Z = _electrode(support, value, z, derivative, access)
    Z = Z + _series(omega, value, derivative)
    return Response(Z, derivative)


def _interface(omega: FloatArray, v: dict[str, Array], d: ComplexArray, film: bool) -> ComplexArray:
    """Return z of true area, ohm cm^2; `d` receives its derivatives (scaled later by `_electrode`)."""
    jw = 1j * omega[None, :]
    moving = omega[None, :] > 0
    log_jw = np.log(np.where(moving, jw, 1.0))
    warburg = np.where(moving, v["W"] * np.exp(-0.5 * log_jw), 0.0)
    cpe = np.where(moving, v["Q"] * np.exp(v["alpha"] * log_jw), 0.0)
    faradaic = v["R_i"] + warburg
    z = 1 / (1 / faradaic + cpe)
    through = (z / faradaic) ** 2
    d[..., _AT["R_i"]] = through * v["R_i"]
    d[..., _AT["W"]] = through * warburg
    d[..., _AT["Q"]] = -z * z * cpe
    d[..., _AT["alpha"]] = -z * z * cpe * log_jw
    native = v["native_R"] / (1 + jw * v["native_R"] * v["native_C"])
    d[..., _AT["native_R"]] = native**2 / v["native_R"]
    d[..., _AT["native_C"]] = -(native**2) * jw * v["native_C"]
    z = z + native
    if film:
        R = v["thickness"] / v["s_i"]
        s = np.sqrt(jw * R * v["chi"])
        ratio, slope = _tanh_ratio(s)
        across = v["resistivity"] * v["thickness"]
        layer, half = R * ratio, R * slope / 2
        z = z + layer + across
        d[..., _AT["chi"]] = half
        d[..., _AT["s_i"]] = -(layer + half)
        d[..., _AT["thickness"]] = layer + half + across
        d[..., _AT["resistivity"]] = across
    d /= v["g"][..., None]
    d[..., _AT["g"]] = -z / v["g"]
    return np.asarray(z / v["g"])


def _tanh_ratio(s: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """tanh(s)/s and s times its derivative."""
    small = np.abs(s) < 1e-3
    safe = np.where(small, 1.0, s)
    e = np.exp(-2 * safe)
    tanh = (1 - e) / (1 + e)
    ratio = np.where(small, 1 - s * s / 3, tanh / safe)
    slope = np.where(small, -2 * s * s / 3, 1 - tanh**2 - tanh / safe)
    return ratio, slope


def _electrode(
    support: Support, v: dict[str, Array], z: ComplexArray, d: ComplexArray, access: bool
) -> ComplexArray:
    sheet = (v["thickness"] / v["resistivity"])[:, 0] if access else None
    G = support.impedance(v["kappa"][:, 0], v["sigma_s"][:, 0], sheet, z)
    d *= (G.by_z / v["area"])[..., None]
    d[..., _AT["kappa"]] = G.by_log_kappa / v["area"]
    d[..., _AT["sigma_s"]] = G.by_log_sigma / v["area"]
    if access:
        d[..., _AT["thickness"]] += G.by_log_sheet / v["area"]
        d[..., _AT["resistivity"]] -= G.by_log_sheet / v["area"]
    Z = np.asarray(G.value / v["area"])
    d[..., _AT["area"]] = -Z
    return Z


def _series(omega: FloatArray, v: dict[str, Array], d: ComplexArray) -> ComplexArray:
    """Return what lies in series: ohmic, the counter electrode's arc, the contact's."""
    Z = (v["R_s"] + v["R_more"]).astype(np.complex128)
    d[..., _AT["R_s"]], d[..., _AT["R_more"]] = v["R_s"], 1.0
    for name, alpha in (("counter", COUNTER_ALPHA), ("contact", 1.0)):
        R, x = v[f"{name}_R"], np.power(1j * omega * v[f"{name}_tau"], alpha)
        arc = R / (1 + x)
        Z = Z + arc
        d[..., _AT[f"{name}_R"]] = arc
        d[..., _AT[f"{name}_tau"]] = -arc * alpha * x / (1 + x)
    return Z

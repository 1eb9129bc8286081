"""Impedance of one cell from its local quantities, with exact derivatives.

The electrode is a plate with straight channels, a flat face, or one interface. For a channel, ions enter at the
mouth, electrons at the collector; the solid's current spreads between wall, floor and collector. With unit
current, I(x) the current left in the electrolyte, m = m_i + m_s and z per length::

    I = p + A exp(-g x) + B exp(-g (L - x)),   p = m_s / m,   g = sqrt(m / z),   eta = -z I'

closed by the interface of the top face and of the floor. A film that carries electrons is an equipotential
(its own rail is kept) that meets the collector through the solid and the base. Every derivative is that of a
reciprocal network: dZ = sum over its elements of (current through it)^2 d(element) (Tellegen's theorem; Penfield,
Spence, Duinker, Tellegen's Theorem and Electrical Networks, MIT Press 1970).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOCALS", "LOG_LOCALS", "Geometry", "Response", "respond"]

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

_COUNTER_ALPHA = 0.85  # depressed as graphite's arc usually is


@dataclass(frozen=True)
class Geometry:
    """The electrode: straight channels of equal radius, or a flat face where `depth` is zero.

    Parameters
    ----------
    pitch, depth, mouth_radius, floor_radius, base
        cm; `base` is the solid below the floors.
    hexagonal
        Packing of the channels.
    """

    depth: float = 0.0
    pitch: float = 1.0
    mouth_radius: float = 0.0
    floor_radius: float = 0.0
    base: float = 0.0
    hexagonal: bool = False

    @property
    def cell(self) -> float:
        """Projected area of one channel's cell, cm^2."""
        return float(np.sqrt(3) / 2 if self.hexagonal else 1.0) * self.pitch**2

    @property
    def wall(self) -> float:
        """Lateral area of one channel, cm^2."""
        slant = np.hypot(self.depth, self.mouth_radius - self.floor_radius)
        return float(np.pi * (self.mouth_radius + self.floor_radius) * slant)

    @property
    def roughness(self) -> float:
        """True over projected area."""
        if self.depth == 0:
            return 1.0
        return (self.wall + self.cell - np.pi * (self.mouth_radius**2 - self.floor_radius**2)) / self.cell

    @property
    def solid(self) -> float:
        """Mean cross-section of the solid around a channel, cm^2."""
        r1, r2 = self.mouth_radius, self.floor_radius
        return float(self.cell - np.pi * (r1 * r1 + r1 * r2 + r2 * r2) / 3)


class Response(NamedTuple):
    """Impedance (B, F), ohm, and its derivatives (B, F, L) by `LOCALS`."""

    impedance: ComplexArray
    derivative: ComplexArray


def respond(geometry: Geometry, omega: FloatArray, local: FloatArray, *, film: bool, access: bool) -> Response:
    """Return the cell's impedance for rows of local quantities.

    Parameters
    ----------
    geometry
        Of the electrode.
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
    Z = _electrode(geometry, value, z, derivative, access)
    Z = Z + _series(omega, value, derivative)
    return Response(Z, derivative)


def _interface(omega: FloatArray, v: dict[str, Array], d: ComplexArray, film: bool) -> ComplexArray:
    """Return z of true area, ohm cm^2; `d` receives its derivatives (scaled later by `_electrode`)."""
    jw = 1j * omega[None, :]
    moving = omega[None, :] > 0
    log_jw = np.log(np.where(moving, jw, 1.0))
    warburg = np.where(moving, v["W"] * np.sqrt(2) * np.exp(-0.5 * log_jw), 0.0)
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
    geometry: Geometry, v: dict[str, Array], z: ComplexArray, d: ComplexArray, access: bool
) -> ComplexArray:
    if geometry.depth == 0:
        d /= v["area"][..., None]
        Z = z / v["area"]
    else:
        Z = _channels(geometry, v, z, d, access)
    d[..., _AT["area"]] = -Z
    return np.asarray(Z)


def _channels(  # noqa: PLR0914 - the symbols of the derivation
    geometry: Geometry, v: dict[str, Array], z: ComplexArray, d: ComplexArray, access: bool
) -> ComplexArray:
    L, S, P = geometry.depth, geometry.solid, geometry.wall / geometry.depth
    mouth, floor = np.pi * geometry.mouth_radius**2, np.pi * geometry.floor_radius**2
    top, kappa, sigma = geometry.cell - mouth, v["kappa"], v["sigma_s"]
    m_i = 1 / (kappa * np.pi * geometry.mouth_radius * geometry.floor_radius)
    spread, ff, fs, ss, to_film = _spreading(geometry)
    if access:
        spread, ff, fs, ss = 0.0, 0.0, 0.0, 0.0
        m_s = v["resistivity"] / (P * v["thickness"])
    else:
        m_s = 1 / (sigma * S)
    per_length = z / P + spread / sigma + 1 / (8 * np.pi * kappa)
    I0, IL, one, square, slope, eta0 = _line(
        L, m_i, m_s, per_length, top / z, z / floor + (ff - 2 * fs + ss) / sigma, (ss - fs) / sigma
    )
    N = v["area"] / geometry.cell
    Z = eta0 + m_s * (L - one) + (fs * IL + ss * (1 - IL)) / sigma
    along_solid = L - 2 * one + square
    ends = ff * IL**2 + 2 * fs * IL * (1 - IL) + ss * (1 - IL) ** 2
    by_z = slope / P + (1 - I0) ** 2 / top + IL**2 / floor
    d *= (by_z / N)[..., None]
    d[..., _AT["kappa"]] = -(m_i * square + slope / (8 * np.pi * kappa)) / N
    if access:
        d[..., _AT["resistivity"]] += m_s * along_solid / N
        d[..., _AT["thickness"]] -= m_s * along_solid / N
        Z = Z + to_film / sigma
        d[..., _AT["sigma_s"]] = -to_film / sigma / N
    else:
        d[..., _AT["sigma_s"]] = -(m_s * along_solid + slope * spread / sigma + ends / sigma) / N
    return np.asarray(Z / N)


def _line(  # noqa: PLR0917 - in the order of the derivation
    L: float, m_i: Array, m_s: Array, z: Array, top: Array, end: Array, source: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """I(0), I(L), and the integrals of I, I^2 and I'^2, and eta(0)."""
    m = m_i + m_s
    gamma, Zc, p = np.sqrt(m / z), np.sqrt(m * z), m_s / m
    e = np.exp(-gamma * L)
    a11, a12, b1 = 1 + top * Zc, e * (1 - top * Zc), 1 - p
    a21, a22, b2 = e * (Zc - end), -(Zc + end), end * p - source
    det = a11 * a22 - a12 * a21
    A, B = (b1 * a22 - a12 * b2) / det, (a11 * b2 - a21 * b1) / det
    one = p * L + (A + B) * (1 - e) / gamma
    bowed, cross = (A * A + B * B) * (1 - e * e) / (2 * gamma), 2 * A * B * e * L
    square = p * p * L + 2 * p * (A + B) * (1 - e) / gamma + bowed + cross
    return p + A + B * e, p + A * e + B, one, square, gamma**2 * (bowed - cross), Zc * (A - B * e)


@lru_cache(maxsize=64)
def _spreading(geometry: Geometry) -> tuple[float, float, float, float, float]:
    """Resistances of the solid times its conductivity: wall to solid (1), base (3), film to collector (1/cm).

    The cell is taken as a circle of equal area, R_c, and the channel as a cylinder of mean square radius r0;
    with eps = r0/R_c the wall meets the solid's mean through [ln(1/eps)/(1-eps^2)^2 - (3-eps^2)/(4(1-eps^2))]/2pi,
    and the base's Bessel series is that of an annulus and a disc on one face and an equipotential on the other.
    """
    from scipy.special import j0, j1, jn_zeros

    a = geometry.cell
    R_c = np.sqrt(a / np.pi)
    floor = a - geometry.solid
    eps = np.sqrt(floor / np.pi) / R_c
    left = 1 - eps**2
    spread = (np.log(1 / eps) / left**2 - (3 - eps**2) / (4 * left)) / (2 * np.pi)
    zeros = jn_zeros(1, 400)
    K = R_c * np.sum(4 * j1(zeros * eps) ** 2 * np.tanh(zeros * geometry.base / R_c) / (zeros**3 * j0(zeros) ** 2))
    S, straight = geometry.solid, geometry.base / a
    ff, fs, ss = straight + K / floor, straight - K / S, straight + K * floor / S**2
    up = np.sqrt(spread / S) * np.tanh(geometry.depth / np.sqrt(spread * S))
    share = (ss + up - fs) / (ff - 2 * fs + ss + up)
    return float(spread), float(ff), float(fs), float(ss), float(share * ff + (1 - share) * fs)


def _series(omega: FloatArray, v: dict[str, Array], d: ComplexArray) -> ComplexArray:
    """Return what lies in series: ohmic, the counter electrode's arc, the contact's."""
    Z = (v["R_s"] + v["R_more"]).astype(np.complex128)
    d[..., _AT["R_s"]], d[..., _AT["R_more"]] = v["R_s"], 1.0
    for name, alpha in (("counter", _COUNTER_ALPHA), ("contact", 1.0)):
        R, x = v[f"{name}_R"], np.power(1j * omega * v[f"{name}_tau"], alpha)
        arc = R / (1 + x)
        Z = Z + arc
        d[..., _AT[f"{name}_R"]] = arc
        d[..., _AT[f"{name}_tau"]] = -arc * alpha * x / (1 + x)
    return Z

"""The plate with channels in closed form, for searches: within some 10 % of `ChannelPlate`, and far faster.

Ions enter at the mouth, electrons at the collector; the solid's current spreads between wall, floor and
collector. With unit current, I(x) the current left in the electrolyte, m = m_i + m_s and z per length::

    I = p + A exp(-g x) + B exp(-g (L - x)),   p = m_s / m,   g = sqrt(m / z),   eta = -z I'

closed by the interface of the top face and of the floor. A film that carries electrons is taken as an
equipotential that meets the collector through the solid and the base. Every derivative is that of a
reciprocal network: dZ = sum over its elements of (current through it)^2 d(element) (Tellegen's theorem;
Penfield, Spence, Duinker, Tellegen's Theorem and Electrical Networks, MIT Press 1970).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.coating.physics.bessel import find_zeros, j0, j1
from eisfit.coating.physics.geometry import Plate
from eisfit.coating.physics.spreading import annulus_resistance
from eisfit.coating.physics.supports import AreaImpedance
from eisfit.records import dataclass

Array = NDArray[Any]


@dataclass(frozen=True)
class QuickChannels(Plate):
    """A plate with equal channels, in the closed form that searches use; `ChannelPlate` finishes."""

    def impedance(
        self, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: Array
    ) -> AreaImpedance:
        """Area-specific impedance and its derivatives; see `eisfit.coating.physics.supports`."""
        L, P, floor, top = self.depth, self.wall_area / self.depth, self.floor_area, self.top_area
        spread, ff, fs, ss, to_film = _compute_spreading(self)
        k, s = kappa[:, None], sigma[:, None]
        m_i = 1 / (k * np.pi * self.mouth_radius * self.floor_radius)
        m_s = 1 / (s * self.solid_area)
        if sheet is not None:
            spread = ff = fs = ss = 0.0
            m_s = 1 / (P * sheet[:, None])
        per_length = z / P + spread / s + 1 / (8 * np.pi * k)
        end, source = z / floor + (ff - 2 * fs + ss) / s, (ss - fs) / s
        I0, IL, one, square, slope, eta0 = _solve_line(L, m_i, m_s, per_length, top / z, end, source)
        Z = eta0 + m_s * (L - one) + (fs * IL + ss * (1 - IL)) / s
        by_z = slope / P + (1 - I0) ** 2 / top + IL**2 / floor
        by_kappa = -(m_i * square + slope / (8 * np.pi * k))
        along, base = m_s * (L - 2 * one + square), ff * IL**2 + 2 * fs * IL * (1 - IL) + ss * (1 - IL) ** 2
        by_sigma, by_sheet = -(along + (slope * spread + base) / s), np.zeros_like(Z)
        if sheet is not None:
            by_sigma, by_sheet = -to_film / s + np.zeros_like(Z), -along
            Z = Z + to_film / s
        return AreaImpedance(
            *(
                np.asarray(self.cell_area * part, dtype=np.complex128)
                for part in (Z, by_z, by_kappa, by_sigma, by_sheet)
            )
        )


def _solve_line(  # noqa: PLR0917 - in the order of the derivation
    L: float, m_i: Array, m_s: Array, z: Array, top: Array, end: Array, source: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """I(0), I(L), and the integrals of I, I^2 and I'^2, and eta(0)."""
    m = m_i + m_s
    gamma, p = np.sqrt(m / z), m_s / m
    Zc = gamma * z
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
def _compute_spreading(plate: QuickChannels) -> tuple[float, float, float, float, float]:
    """Resistances of the solid times its conductivity: wall to solid (1), base (3), film to collector (1/cm).

    The cell is taken as a circle of equal area, R_c, and the channel as a cylinder of mean square radius r0;
    the base's Bessel series is that of an annulus and a disc on one face and an equipotential on the other.
    """
    a, r0 = plate.cell_area, plate.radius
    R_c, floor = float(np.sqrt(a / np.pi)), np.pi * r0**2
    spread = annulus_resistance(r0, R_c)
    zeros = find_zeros(400)
    K = R_c * np.sum(
        4 * j1(zeros * r0 / R_c) ** 2 * np.tanh(zeros * plate.base / R_c) / (zeros**3 * j0(zeros) ** 2)
    )
    S, straight = plate.solid_area, plate.base / a
    ff, fs, ss = straight + K / floor, straight - K / S, straight + K * floor / S**2
    up = np.sqrt(spread / S) * np.tanh(plate.depth / np.sqrt(spread * S))
    share = (ss + up - fs) / (ff - 2 * fs + ss + up)
    return spread, float(ff), float(fs), float(ss), float(share * ff + (1 - share) * fs)

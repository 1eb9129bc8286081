"""Spreading of current in the solid of a plate with channels: modes of the annulus, and the base below.

The cell that belongs to one channel is taken as the equal-area circle R_c; the solid around the channel is
the annulus r0 < r < R_c, the base a disc of radius R_c and thickness b on an equipotential collector. All
quantities are for a conductivity of 1 S/cm and scale with its inverse. With the annulus' Neumann modes

    psi_k = J0(mu r) Y1(mu R_c) - Y0(mu r) J1(mu R_c),    psi_k'(r0) = 0

the resistance from the wall to the annulus' mean, per length, is the sum over k of psi_k(r0)^2/(N_k mu_k^2)
with N_k the integral of psi_k^2; in closed form, with e = r0/R_c (solve the Poisson equation with a uniform
sink)::

    [ln(1/e)/(1 - e^2)^2 - (3 - e^2)/(4 (1 - e^2))] / (2 pi)

The base takes currents through ports on its upper face, each with a shape of flux of unit current: the floor
(uniform), modes of the floor J0(nu r), J1(nu r_f) = 0, the annulus (uniform), modes of the annulus. Expanded
in J0(l_n r/R_c), J1(l_n) = 0, a port p has the coefficients T_pn, and

    R_pq = b/(pi R_c^2) [where both carry current] + sum_n T_pn T_qn tanh(l_n b/R_c) / (l_n pi R_c J0(l_n)^2)
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.physics.bessel import find_zeros, j0, j1, y0, y1
from eisfit.records import dataclass

_TERMS = 600
_SECANTS = 7


@dataclass(frozen=True)
class Modes:
    """Neumann modes of a ring or a disc: wave number mu (1/cm), value at the wall, norm (cm^2); each (M,)."""

    mu: FloatArray
    at_wall: FloatArray
    norm: FloatArray


def annulus_resistance(inner: float, outer: float) -> float:
    """Resistance times conductivity from the wall to the mean of the annulus, per length (dimensionless)."""
    e2 = (inner / outer) ** 2
    return float((-np.log(e2) / 2 / (1 - e2) ** 2 - (3 - e2) / (4 * (1 - e2))) / (2 * np.pi))


@lru_cache(maxsize=64)
def annulus_modes(inner: float, outer: float, count: int) -> Modes:
    """First modes of the annulus between two radii (cm)."""

    def slope(mu: FloatArray) -> FloatArray:
        return np.asarray(j1(mu * inner) * y1(mu * outer) - y1(mu * inner) * j1(mu * outer))

    gap = np.pi / (outer - inner)
    grid = np.linspace(0.3, count + 1.0, 40 * (count + 1)) * gap
    at = slope(grid)
    places = np.flatnonzero(np.sign(at[1:]) * np.sign(at[:-1]) < 0)[:count]
    before, mu, f, g = grid[places], grid[places + 1], at[places], at[places + 1]
    for _ in range(_SECANTS):  # to rounding: a step of the grid is 0.025 of the gap
        flat = f == g
        step = np.where(flat, 0.0, g * (mu - before) / np.where(flat, 1.0, g - f))
        before, mu, f = mu, mu - step, g
        g = slope(mu)

    def psi(r: float) -> FloatArray:
        return np.asarray(j0(mu * r) * y1(mu * outer) - y0(mu * r) * j1(mu * outer))

    norm = np.pi * ((outer * psi(outer)) ** 2 - (inner * psi(inner)) ** 2)
    return Modes(mu, psi(inner), norm)


@lru_cache(maxsize=64)
def disc_modes(radius: float, count: int) -> Modes:
    """First modes of a disc."""
    zeros = find_zeros(count)
    return Modes(zeros / radius, np.asarray(j0(zeros)), np.pi * (radius * j0(zeros)) ** 2)


@lru_cache(maxsize=64)
def _bessel_zeros() -> tuple[FloatArray, FloatArray]:
    zeros = find_zeros(_TERMS)
    return zeros, j0(zeros) ** 2


def base_resistance(inner: float, floor: float, outer: float, base: float, count: int) -> FloatArray:
    """Resistance times conductivity between the ports of the base, 1/cm.

    Parameters
    ----------
    inner, floor, outer
        Radii of the channel (mean), of its floor, and of the cell, cm.
    base
        Thickness of the solid below the floor, cm.
    count
        Number of modes of the annulus, and of the floor.

    Returns
    -------
    (2 + 2 count, 2 + 2 count), symmetric; ports in the order annulus, its modes, floor, its modes.
    """
    zeros, squares = _bessel_zeros()
    k = zeros / outer
    ring, disc = annulus_modes(inner, outer, count), disc_modes(floor, count)
    at_ring, at_floor = 2 * np.pi * inner * j1(k * inner), 2 * np.pi * floor * j1(k * floor)
    ring_area = np.pi * (outer**2 - inner**2)
    ports = [-at_ring / k / ring_area]
    ports += [-at_ring * k * ring.at_wall[i] / ring.norm[i] / (k**2 - ring.mu[i] ** 2) for i in range(count)]
    ports += [at_floor / k / (np.pi * floor**2)]
    ports += [at_floor * k * disc.at_wall[i] / disc.norm[i] / (k**2 - disc.mu[i] ** 2) for i in range(count)]
    T = np.array(ports)
    carries = np.zeros(len(ports))
    carries[[0, 1 + count]] = 1
    weights = np.tanh(k * base) / (zeros * np.pi * outer * squares)
    return np.asarray(np.outer(carries, carries) * base / (np.pi * outer**2) + (T * weights) @ T.T)


def disc_spreading(spot: float, outer: float, thickness: float) -> float:
    """Constriction times conductivity of a spot of uniform flux on a disc, beyond the disc's own, 1/cm.

    For a small spot on a thick disc it tends to 8/(3 pi^2 spot): H. S. Carslaw, J. C. Jaeger, Conduction of
    Heat in Solids (1959), 8.2.
    """
    zeros, squares = _bessel_zeros()
    k = zeros / outer
    T = 2 * j1(k * spot) / (k * spot)
    return float(np.sum(T**2 * np.tanh(k * thickness) / (zeros * np.pi * outer * squares)))

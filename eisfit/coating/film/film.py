"""Transport in a thin mixed-conducting film, across it and along it; what surfaces and grains do to it.

>>> film = Film(thickness=5e-7, resistivity=70e-6, ionic_conductivity=3.8e-8)
>>> round(film.ionic_crossing, 1), round(film.sheet_resistance, 1)   # ohm cm^2, ohm per square
(13.2, 140.0)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.records import dataclass

EPSILON_0 = 8.8541878128e-14  # F/cm, CODATA 2018


@dataclass(frozen=True)
class Film:
    """A homogeneous film; numbers, or arrays over draws.

    Parameters
    ----------
    thickness
        cm.
    resistivity
        Electronic resistivity, ohm cm.
    ionic_conductivity
        S/cm.
    """

    thickness: Any
    resistivity: Any
    ionic_conductivity: Any

    @property
    def ionic_crossing(self) -> Any:
        """Resistance to ions across the film, t / s_i, ohm cm^2."""
        return self.thickness / self.ionic_conductivity

    @property
    def electronic_crossing(self) -> Any:
        """Resistance to electrons across the film, t rho, ohm cm^2."""
        return self.thickness * self.resistivity

    @property
    def sheet_resistance(self) -> Any:
        """Resistance to electrons along the film, rho / t, ohm per square."""
        return self.resistivity / self.thickness

    @property
    def electronic_conductivity(self) -> Any:
        """1 / rho, S/cm."""
        return 1 / self.resistivity

    @property
    def ionic_transference(self) -> Any:
        """Share of the ions in the conductivity, s_i / (s_i + s_e)."""
        return self.ionic_conductivity / (self.ionic_conductivity + self.electronic_conductivity)

    @property
    def electronic_transference(self) -> Any:
        """Share of the electrons in the conductivity, s_e / (s_i + s_e)."""
        return self.electronic_conductivity / (self.ionic_conductivity + self.electronic_conductivity)

    @property
    def ambipolar_conductivity(self) -> Any:
        """Conductivity for ions and electrons moving together, s_i s_e / (s_i + s_e), S/cm (Wagner 1933)."""
        return self.ionic_conductivity * self.electronic_transference


def fuchs_sondheimer(
    bulk: ArrayLike, mean_free_path: ArrayLike, thickness: ArrayLike, specularity: float = 0.0
) -> FloatArray:
    """Resistivity of a thin metal film whose surfaces scatter electrons; in the unit of `bulk`.

    Exact integral of Sondheimer, Adv. Phys. 1 (1952) 1, eq. 26, with k = thickness / mean free path and
    `specularity` p (0: diffuse)::

        rho_0 / rho = 1 - 3 (1 - p) / (2 k) * integral_1^inf g(s) ds
        g(s) = (1/s^3 - 1/s^5) (1 - e^(-k s)) / (1 - p e^(-k s))

    >>> round(float(fuchs_sondheimer(7.0, 6.6, 5.0)), 2)   # ruthenium, uohm cm and nm
    11.29
    """
    k = np.asarray(thickness, dtype=np.float64) / np.asarray(mean_free_path)
    # With x = 1/s, (x - x^3) over 0..1; tenfold squeezed towards x = 0, where e^(-k/x) lives for small k.
    nodes, weights = np.polynomial.legendre.leggauss(120)
    y = (nodes + 1) / 2
    x, dx = y**4, 4 * y**3 * weights / 2
    e = np.exp(-k[..., None] / x)
    integral = ((x - x**3) * (1 - e) / (1 - specularity * e) * dx).sum(axis=-1)
    return np.asarray(np.asarray(bulk) / (1 - 1.5 * (1 - specularity) / k * integral))


def mayadas_shatzkes(
    bulk: ArrayLike, mean_free_path: ArrayLike, grain_size: ArrayLike, reflection: ArrayLike
) -> FloatArray:
    """Resistivity of a metal whose grain boundaries reflect electrons; in the unit of `bulk`.

    Mayadas and Shatzkes, Phys. Rev. B 1 (1970) 1382, eq. 5, with the mean free path l, grain size D and
    reflection R: a = (l / D) R / (1 - R), rho_0 / rho = 3 [1/3 - a/2 + a^2 - a^3 ln(1 + 1/a)].

    >>> round(float(mayadas_shatzkes(7.0, 6.6, 5.0, 0.0)), 9)
    7.0
    """
    R = np.asarray(reflection, dtype=np.float64)
    a = np.asarray(np.asarray(mean_free_path) / np.asarray(grain_size) * R / (1 - R))
    # The bracket is 3 times the integral of x^3/(x + a) over 0..1, which has no cancellation for large a.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    y = (nodes + 1) / 2
    x, dx = y**2, y * weights
    share = 3 * (x**3 / (x + a[..., None]) * dx).sum(axis=-1)
    return np.asarray(np.asarray(bulk) / share)

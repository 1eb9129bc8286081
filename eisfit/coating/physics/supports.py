"""Supports: what an electrode makes of an interface, as area-specific impedance with its derivatives.

Every support answers `impedance(kappa, sigma, sheet, z)`: conductivities of the electrolyte and of the
solid (B,), sheet conductance t/rho of a film that conducts (B,) or None, and the interface per true area
(B, F). The electrode's impedance is the answer over its projected area.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics.spreading import disc_spreading
from eisfit.errors import EisfitError
from eisfit.model.elements._two_rails import solve_two_rails
from eisfit.records import dataclass


class AreaImpedance(NamedTuple):
    """Impedance per projected area (ohm cm^2), its derivatives by z and by three logarithms; each (B, F)."""

    value: ComplexArray
    by_z: ComplexArray
    by_log_kappa: ComplexArray
    by_log_sigma: ComplexArray
    by_log_sheet: ComplexArray


class Support(Protocol):
    """What all supports have in common; `particles` says that diffusion ends in a particle's centre."""

    @property
    def particles(self) -> bool:
        """Whether diffusion ends in a particle's centre."""

    def impedance(
        self, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: ComplexArray
    ) -> AreaImpedance:
        """Area-specific impedance, see the module."""


def check_sizes(support: str, **sizes: float) -> None:
    """Raise an `EisfitError` where a size is not positive and finite."""
    for name, size in sizes.items():
        if not (np.isfinite(size) and size > 0):
            raise EisfitError(f"support {support}: {name} is {size:g}; it must be positive and finite.")


@dataclass(frozen=True)
class Flat:
    """A flat electrode: the interface alone."""

    particles: bool = False

    def impedance(
        self, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: ComplexArray
    ) -> AreaImpedance:
        """Area-specific impedance; the conductivities do not matter."""
        none = np.zeros_like(z)
        return AreaImpedance(z, none + 1, none, none, none)


@dataclass(frozen=True)
class Pellet:
    """A solid electrolyte with an interface: z over the share in contact, its bulk, and its constriction.

    Parameters
    ----------
    thickness
        Of the pellet, cm; `kappa` is its conductivity.
    contact
        Share of the face that is in contact, at most 1.
    spot_radius
        Radius of a contact spot, cm; each spot feeds the circle of its share (isoflux).
    """

    thickness: float
    contact: float = 1.0
    spot_radius: float | None = None
    particles: bool = False

    def __post_init__(self) -> None:
        check_sizes("pellet", thickness=self.thickness, contact=self.contact)
        if self.contact > 1:
            raise EisfitError(f"support pellet: contact is {self.contact:g}; a share is at most 1.")
        if self.contact < 1 and self.spot_radius is None:
            raise EisfitError("support pellet: a share in contact below 1 needs spot_radius.")

    @property
    def bulk(self) -> float:
        """Bulk and constriction per projected area for a conductivity of 1 S/cm, cm."""
        if self.contact == 1 or self.spot_radius is None:
            return self.thickness
        outer = self.spot_radius / np.sqrt(self.contact)
        extra = disc_spreading(self.spot_radius, outer, self.thickness)
        return float(self.thickness + extra * np.pi * outer**2)

    def impedance(
        self, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: ComplexArray
    ) -> AreaImpedance:
        """Area-specific impedance; the solid's conductivity does not matter."""
        bulk = np.broadcast_to((self.bulk / kappa)[:, None], z.shape)
        none = np.zeros_like(z)
        return AreaImpedance(
            z / self.contact + bulk, np.full_like(z, 1 / self.contact), none - bulk, none, none
        )


@dataclass(frozen=True)
class Porous:
    """A porous electrode as a two-rail line: the interface everywhere, no faces at its ends.

    Parameters
    ----------
    thickness
        cm.
    porosity, tortuosity
        The pores conduct kappa porosity/tortuosity.
    area_density
        True area per volume, 1/cm.
    percolation
        A film conducts percolation area_density t/rho: 2/3 where all of it hangs together and its
        surface lies in every direction alike, 0 where it does not.
    """

    thickness: float
    porosity: float
    tortuosity: float
    area_density: float
    percolation: float = 0.0
    particles: bool = False

    def __post_init__(self) -> None:
        names = ("thickness", "porosity", "tortuosity", "area_density")
        check_sizes("porous", **{name: getattr(self, name) for name in names})

    def impedance(
        self, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: ComplexArray
    ) -> AreaImpedance:
        """Area-specific impedance, a line of two rails without faces."""
        ionic = (self.thickness * self.tortuosity / (self.porosity * kappa))[:, None]
        film = np.zeros_like(sigma) if sheet is None else self.percolation * self.area_density * sheet
        electronic = (self.thickness / (sigma + film))[:, None]
        film_share = np.zeros_like(sigma)
        np.divide(film, sigma + film, out=film_share, where=np.isfinite(sigma))
        wall = self.area_density * self.thickness / z
        value, (by_ionic, by_electronic, by_wall, *_) = solve_two_rails(ionic, electronic, wall, 0.0, 0.0)
        by_solid = -electronic * by_electronic
        by_film = by_solid * film_share[:, None]
        return AreaImpedance(value, -by_wall * wall / z, -ionic * by_ionic, by_solid - by_film, by_film)


@dataclass(frozen=True)
class Particles(Porous):
    """A porous electrode of particles: the same line, with diffusion that ends in a particle's centre."""

    particles: bool = True

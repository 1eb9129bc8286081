"""A plate with channels: electrolyte, film, and the solid's mean and modes as rails; faces and base as ends.

Each Neumann mode of the solid's annulus is a rail of its own with conductance sigma N_k along the depth,
which loses sigma N_k mu_k^2 per length; what the first M modes leave of the wall's resistance stays between
the wall and the solid. A film that conducts is a rail at the wall. On the upper face and on the floor it is
a thin sheet: there it has the same modes, and joins the wall's film at the edge. Without such a film the
interface and what lies between wall and solid are in series.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics.continuation import SAMPLES, continue_impedance, place_samples
from eisfit.coating.physics.geometry import Plate
from eisfit.coating.physics.rails import solve_rails
from eisfit.coating.physics.spreading import (
    Modes,
    annulus_modes,
    annulus_resistance,
    base_resistance,
    disc_modes,
)
from eisfit.coating.physics.supports import AreaImpedance, check_sizes
from eisfit.errors import EisfitError
from eisfit.records import dataclass

_THINNEST_BASE = 2e-4
_NONE, _PERFECT = 1e-10, 1e7  # sheet conductances of a film, over what the solid beside it has
_LARGE = 5.0  # an interface's resistance over those of electrolyte and solid
_EDGE_OF_DISC = 1 / (8 * np.pi)
"""Resistance times conductivity and length from the edge to the mean of a disc that takes a uniform flux."""


@dataclass(frozen=True)
class ChannelPlate(Plate):
    """A plate with identical channels, truncated cones, above a base on the collector.

    The base is 2 um thick at least: below that a film on the floor would meet the collector itself.

    Parameters
    ----------
    modes
        Number of modes of the solid that are rails of their own. 0 is fast and good to 10 % of R_ct, 2 to
        about 2 %.
    slopes
        Whether derivatives are computed; without, they are zero.
    sampled
        Whether spectra are continued from a few real interfaces (`eisfit.coating.physics.continuation`): to
        1e-5 of themselves, in a fifth of the time.

    Raises
    ------
    EisfitError
        A size that is not positive, channels that touch, or a base below 2 um.
    """

    modes: int = 2
    slopes: bool = True
    sampled: bool = False

    def __post_init__(self) -> None:
        names = ("pitch", "depth", "mouth_radius", "floor_radius", "base")
        check_sizes("channels", **{name: getattr(self, name) for name in names})
        if max(self.mouth_radius, self.floor_radius) >= self.pitch / 2:
            raise EisfitError("support channels: the channels touch; pitch must exceed their diameter.")
        if self.base < _THINNEST_BASE:
            raise EisfitError(
                f"support channels: base is {self.base * 1e4:g} um; below 2 um a film on the floor meets the"
                " collector, which this model does not describe."
            )

    def impedance(
        self, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: ComplexArray
    ) -> AreaImpedance:
        """Area-specific impedance; `sheet` None is a wall without a film that conducts.

        Rows that are alike, as those of a search often are, are solved once.
        """
        columns = [kappa, sigma, *([] if sheet is None else [sheet])]
        rows = np.column_stack([*columns, z.real, z.imag])
        _, first, place = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        k, s = kappa[first], sigma[first]
        g = None if sheet is None else sheet[first]
        net = _build_network(self, sheet is not None)
        found = (
            self._continue_samples(net, k, s, g, z[first])
            if self.sampled and z.shape[1] > SAMPLES
            else _solve(net, k, s, g, z[first], self.slopes)
        )
        parts = [np.asarray(self.cell_area * part[place.ravel()], dtype=np.complex128) for part in found]
        return AreaImpedance(*parts, *[np.zeros_like(parts[0])] * (5 - len(parts)))

    def _continue_samples(
        self, net: _Network, kappa: FloatArray, sigma: FloatArray, sheet: FloatArray | None, z: ComplexArray
    ) -> tuple[ComplexArray, ...]:
        """Return what `_solve` does, continued from real interfaces."""
        own = self.depth / (kappa * net.pore) + (self.depth / self.solid_area + 1 / self.base) / sigma
        x = place_samples(z, _LARGE * own * (self.wall_area + self.top_area + self.floor_area))
        Z, *slopes = _solve(net, kappa, sigma, sheet, x, self.slopes)
        return continue_impedance(x, Z, z, slopes[1:])


@dataclass(frozen=True)
class _Network:
    """Constants of one channel: areas, modes, and which node is which.

    Nodes are electrolyte, film (where it conducts), the solid's mean and its modes; the end at the base has
    the floor's mean and modes behind them. `surface`, `floor_edge` are the combinations of nodes that are
    the solid's surface at the wall and the floor's edge; `base` the base's admittance for 1 S/cm.
    """

    depth: float
    pore: float
    perimeter: float
    top: float
    floor: float
    ring: Modes
    disc: Modes
    rest: float
    rest_floor: float
    solid: FloatArray
    base: FloatArray
    film: bool

    @property
    def n(self) -> int:
        return 1 + self.film + len(self.solid)

    @property
    def solid_nodes(self) -> slice:
        return slice(1 + self.film, self.n)

    @property
    def mode_nodes(self) -> slice:
        return slice(2 + self.film, self.n)

    @property
    def size(self) -> int:
        return self.n + len(self.solid)

    @property
    def base_nodes(self) -> slice:
        return slice(1 + self.film, self.size)

    @property
    def floor_modes(self) -> slice:
        return slice(self.n + 1, self.size)

    def surface(self, size: int) -> FloatArray:
        c = np.zeros(size)
        c[self.solid_nodes] = np.append(1, self.ring.at_wall)
        return c

    def floor_edge(self) -> FloatArray:
        c = np.zeros(self.size)
        c[self.n :] = np.append(1, self.disc.at_wall)
        return c


@lru_cache(maxsize=64)
def _build_network(plate: ChannelPlate, film: bool) -> _Network:
    M, radius, outer = plate.modes, plate.radius, float(np.sqrt(plate.cell_area / np.pi))
    ring, disc = annulus_modes(radius, outer, M), disc_modes(plate.floor_radius, M)
    resistance = base_resistance(radius, plate.floor_radius, outer, plate.base, M)
    return _Network(
        depth=plate.depth,
        pore=np.pi * plate.mouth_radius * plate.floor_radius,
        perimeter=plate.wall_area / plate.depth,
        top=plate.top_area,
        floor=plate.floor_area,
        ring=ring,
        disc=disc,
        rest=annulus_resistance(radius, outer) - _compute_quasi_static(ring),
        rest_floor=_EDGE_OF_DISC - _compute_quasi_static(disc),
        solid=np.append(plate.solid_area, ring.norm),
        base=np.asarray(np.linalg.inv(resistance), dtype=np.float64),
        film=film,
    )


def _compute_quasi_static(modes: Modes) -> float:
    """Part of the modes in the resistance from the wall to the mean, times conductivity and length."""
    return float(np.sum(modes.at_wall**2 / (modes.norm * modes.mu**2)))


def _solve(  # noqa: PLR0917 - as the support is asked
    net: _Network,
    kappa: FloatArray,
    sigma: FloatArray,
    sheet: FloatArray | None,
    z: NDArray[Any],
    slopes: bool,
) -> tuple[NDArray[Any], ...]:
    """Impedance of one channel, real where z is, and with `slopes` what else `AreaImpedance` has."""
    k, s = kappa[:, None], sigma[:, None]
    # Beyond `perfect` a film is an equipotential to 1e-7 of Z, and its potential's differences drown in
    # rounding; below `none` it changes Z by less than 1e-9, and in its eigenvalue the others' would drown.
    none, perfect = (share * s * net.solid[0] / net.perimeter for share in (_NONE, _PERFECT))
    g = None if sheet is None else np.clip(sheet[:, None], none, perfect)
    wall = z / net.perimeter + _EDGE_OF_DISC / k
    y = 1 / (wall if net.film else wall + net.rest / s)
    faces, film, floor_faces, floor_film = _build_end_shapes(net)
    Y = (1 / z)[..., None, None]
    start, end = Y * faces, Y * floor_faces
    end[..., net.base_nodes, net.base_nodes] += s[..., None, None] * net.base
    link, behind = _build_links(net)
    between = _build_admittances(net, s, behind)
    if g is not None:
        start, end = start + g[..., None, None] * film, end + g[..., None, None] * floor_film
    solved = solve_rails(_compute_conductances(net, k, s, g), between, link, y, net.depth, start, end)
    if not slopes:
        return (solved.impedance,)

    over = solved.integrals()
    gradient = over.gradient()
    through = y**2 * over.product(link)
    spread = over.squares()[..., net.mode_nodes] @ (net.ring.norm * net.ring.mu**2)
    to_wall = over.product(behind) / net.rest if net.film else through * net.rest / s**2
    by_sigma = (
        gradient[..., net.solid_nodes] @ net.solid
        + spread
        + to_wall
        + _form(solved.end[..., net.base_nodes], net.base)
    )
    by_kappa = net.pore * gradient[..., 0] + through * _EDGE_OF_DISC / k**2
    by_Y = _form(solved.start, faces) + _form(solved.end, floor_faces)
    by_z = through / net.perimeter + by_Y / z**2
    by_sheet = np.zeros_like(through)
    if g is not None:
        by_sheet = net.perimeter * gradient[..., 1] + _form(solved.start, film)
        by_sheet = np.where((none < g) & (g < perfect), -g * (by_sheet + _form(solved.end, floor_film)), 0)
    return solved.impedance, by_z, -k * by_kappa, -s * by_sigma, by_sheet


def _build_links(net: _Network) -> tuple[FloatArray, FloatArray]:
    """Differences of potential that drive the interface, and the current from the film into the solid."""
    electrolyte, film = np.zeros(net.n), np.zeros(net.n)
    electrolyte[0] = 1
    if not net.film:
        return electrolyte - net.surface(net.n), film
    film[1] = 1
    return electrolyte - film, film - net.surface(net.n)


def _build_admittances(net: _Network, s: FloatArray, behind: FloatArray) -> FloatArray:
    """Admittances between the film, the solid's mean and its modes, per length, (B, n, n)."""
    solid = _fill_diagonal(net.n, net.mode_nodes, net.ring.norm * net.ring.mu**2)
    if net.film:
        solid = solid + np.outer(behind, behind) / net.rest
    return np.asarray(s[..., None] * solid)


def _compute_conductances(net: _Network, k: FloatArray, s: FloatArray, g: FloatArray | None) -> FloatArray:
    """Rails' conductance times length, (B, n)."""
    film = [] if g is None else [g * net.perimeter]
    return np.concatenate([k * net.pore, *film, s * net.solid], axis=1)


def _build_end_shapes(net: _Network) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Interface and film on the upper face; interface and film on the floor: each for 1 S/cm^2, or 1 S."""
    face, floor = -np.eye(net.n)[1 + net.film], -np.eye(net.size)[net.n]
    face[0] = floor[0] = 1
    ring, disc = net.ring, net.disc
    faces = net.top * np.outer(face, face) + _fill_diagonal(net.n, net.mode_nodes, ring.norm)
    floors = net.floor * np.outer(floor, floor) + _fill_diagonal(net.size, net.floor_modes, disc.norm)
    if not net.film:
        return faces, np.zeros_like(faces), floors, np.zeros_like(floors)
    _, behind = _build_links(net)
    edge = -net.floor_edge()
    edge[1] = 1
    film = np.outer(behind, behind) / net.rest + _fill_diagonal(net.n, net.mode_nodes, ring.norm * ring.mu**2)
    below = np.outer(edge, edge) / net.rest_floor
    return faces, film, floors, below + _fill_diagonal(net.size, net.floor_modes, disc.norm * disc.mu**2)


def _fill_diagonal(size: int, places: slice, values: FloatArray) -> FloatArray:
    full = np.zeros(size)
    full[places] = values
    return np.diag(full)


def _form(u: ComplexArray, matrix: FloatArray) -> ComplexArray:
    """Return u^T matrix u over the last axis."""
    return np.asarray(np.einsum("bfi,bfi->bf", u @ matrix, u))

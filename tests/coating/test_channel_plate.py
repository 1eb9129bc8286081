"""The plate with channels against an independent solution in two dimensions, direct and alternating current.

The finite volumes here share nothing with the package: one channel and the solid around it, axisymmetric, on
a graded grid. Electrolyte fills the channel; its mouth and all that lies above are at one potential, the
collector below is at zero; the interface lies on wall, floor and upper face, with a node of its own that a
conducting film joins to its neighbours. Twice the cells change it by less than 0.2 %.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.spreading import (
    annulus_modes,
    annulus_resistance,
    disc_modes,
    disc_spreading,
)

UM = 1e-4
PITCH, DEPTH, RADIUS, KAPPA = 100 * UM, 60 * UM, 15 * UM, 9e-3
AREA = np.pi * 0.6**2
SHEET = 5.25e-7 / 70e-6
FILM = 13.8


def graded(low: float, high: float, count: int, strength: float = 2.2) -> np.ndarray:
    """Edges between two ends, denser towards both."""
    s = np.linspace(-1, 1, count + 1)
    return low + (high - low) * (1 + np.tanh(strength * s) / np.tanh(strength)) / 2


class Assembly:
    """Conductances between numbered nodes; nodes -1 is at one volt and -2 at zero."""

    def __init__(self) -> None:
        self.size, self.rows, self.columns, self.values = 0, [], [], []
        self.diagonal, self.source = [], []

    def nodes(self, *shape: int) -> np.ndarray:
        found = self.size + np.arange(int(np.prod(shape))).reshape(shape)
        self.size += found.size
        return found

    def join(self, a, b, g) -> None:
        a, b, g = (np.ravel(x) for x in np.broadcast_arrays(a, b, g))
        self.rows += [a, b, a, b]
        self.columns += [b, a, a, b]
        self.values += [-g, -g, g, g]

    def to(self, a, g, volt) -> None:
        a, g = (np.ravel(x) for x in np.broadcast_arrays(a, g))
        self.rows.append(a)
        self.columns.append(a)
        self.values.append(g)
        if volt:
            self.source.append((a, g))

    def current(self) -> complex:
        """Current that leaves the electrode of one volt."""
        rows, columns, values = (np.concatenate(x) for x in (self.rows, self.columns, self.values))
        matrix = coo_matrix((values.astype(complex), (rows, columns)), shape=(self.size,) * 2).tocsc()
        right = np.zeros(self.size, dtype=complex)
        for a, g in self.source:
            np.add.at(right, a, g)
        u = spsolve(matrix, right)
        return complex(sum(np.sum(g * (1 - u[a])) for a, g in self.source))


def block(net: Assembly, r: np.ndarray, x: np.ndarray, sigma: float) -> np.ndarray:
    """Cells (radius, depth) of one material, joined with each other."""
    dr, dx = np.diff(r), np.diff(x)
    cells = net.nodes(len(dr), len(dx))
    middle = (r[1:] + r[:-1]) / 2
    radial = sigma * 2 * np.pi * r[1:-1, None] * dx / np.diff(middle)[:, None]
    axial = sigma * np.pi * np.diff(r**2)[:, None] / (np.diff((x[1:] + x[:-1]) / 2))
    net.join(cells[1:], cells[:-1], radial)
    net.join(cells[:, 1:], cells[:, :-1], axial)
    return cells


def film(net: Assembly, nodes: np.ndarray, places: np.ndarray, perimeter, sheet: float) -> None:
    """Join the nodes of a surface along itself."""
    if sheet:
        net.join(nodes[1:], nodes[:-1], sheet * perimeter / np.diff(places))


def channel_impedance(
    base, sigma, z, sheet=0.0, *, pitch=PITCH, depth=DEPTH, radius=RADIUS, kappa=KAPPA, area=AREA
) -> complex:
    """Impedance of a plate of straight channels in square packing, ohm; lengths in cm, z in ohm cm^2."""
    outer = pitch / np.sqrt(np.pi)
    n_in, n_out, n_deep, n_base = 14, 26, 34, 22
    r_in, r_out = graded(0, radius, n_in), graded(radius, outer, n_out)
    x, x_base = graded(0, depth, n_deep), graded(depth, depth + base, n_base)
    net = Assembly()
    pore, ring = block(net, r_in, x, kappa), block(net, r_out, x, sigma)
    below = block(net, np.r_[r_in, r_out[1:]], x_base, sigma)
    f_in, f_out = np.pi * np.diff(r_in**2), np.pi * np.diff(r_out**2)
    dx, dr_in, dr_out, top_dx = np.diff(x), np.diff(r_in), np.diff(r_out), np.diff(x_base)[0]
    # ring on base, base on collector, mouth
    net.join(ring[:, -1], below[n_in:, 0], sigma * f_out / ((dx[-1] + top_dx) / 2))
    net.to(below[:, -1], sigma * np.r_[f_in, f_out] / (np.diff(x_base)[-1] / 2), volt=False)
    net.to(pore[:, 0], kappa * f_in / (dx[0] / 2), volt=True)
    wall, floor, top = net.nodes(n_deep), net.nodes(n_in), net.nodes(n_out)
    band = 2 * np.pi * radius * dx
    net.join(pore[-1], wall, band / (z + radial_half(r_in[-2], radius) / kappa))
    net.join(wall, ring[0], sigma * band / radial_half(radius, r_out[1], True))
    net.join(pore[:, -1], floor, f_in / (z + dx[-1] / 2 / kappa))
    net.join(floor, below[:n_in, 0], sigma * f_in / (top_dx / 2))
    net.to(top, f_out / z, volt=True)
    net.join(top, ring[:, 0], sigma * f_out / (dx[0] / 2))
    film(net, wall, (x[1:] + x[:-1]) / 2, 2 * np.pi * radius, sheet)
    film(net, floor, (r_in[1:] + r_in[:-1]) / 2, 2 * np.pi * r_in[1:-1], sheet)
    film(net, top, (r_out[1:] + r_out[:-1]) / 2, 2 * np.pi * r_out[1:-1], sheet)
    if sheet:
        edge = sheet * 2 * np.pi * radius
        net.join(wall[-1], floor[-1], edge / ((dx[-1] + dr_in[-1]) / 2))
        net.join(wall[0], top[0], edge / ((dx[0] + dr_out[0]) / 2))
    return pitch**2 / area / net.current()


def radial_half(inner: float, outer: float, from_inner: bool = False) -> float:
    """Distance from the middle of a ring to the wall, as the wall's area sees it."""
    wall = inner if from_inner else outer
    middle = (inner + outer) / 2
    return wall * abs(np.log(wall / middle)) if inner > 0 else (outer - inner) / 2


def plate(base, modes=2):
    return ChannelPlate(PITCH, DEPTH, RADIUS, RADIUS, base * UM, modes=modes)


def model(support, sigma, z, sheet=0.0):
    film = None if sheet == 0 else np.array([sheet])
    found = support.impedance(np.array([KAPPA]), np.array([sigma]), film, np.atleast_2d(z).astype(complex))
    return found.value[0] / AREA


def two_dimensional(base, sigma, z, sheet=0.0):
    return channel_impedance(base * UM, sigma, z, sheet)


@pytest.mark.parametrize(("modes", "allowed"), [(0, 0.10), (1, 0.035), (2, 0.02), (4, 0.01)])
@pytest.mark.parametrize("base", [5, 10, 40, 100])
def test_direct_current_is_that_of_two_dimensions(base, modes, allowed):
    for sigma in (1e-5, 1e-4, 1e-3):
        for sheet, z in ((0.0, 60.0), (SHEET, 60 + FILM)):
            low, high = (two_dimensional(base, sigma, r, sheet).real for r in (z, 1e-9))
            found = model(plate(base, modes), sigma, [z, 1e-9], sheet).real
            assert found[0] - found[1] == pytest.approx(low - high, rel=allowed)
            assert found[1] == pytest.approx(high, rel=allowed)


@pytest.mark.parametrize("base", [5, 40])
@pytest.mark.parametrize("sheet", [0.0, SHEET])
def test_alternating_current_is_that_of_two_dimensions(base, sheet):
    z = 60 / (1 + (1j * 60 * 2e-5 * 2 * np.pi * np.array([3.0, 100.0, 1e4])) ** 0.9)
    for sigma in (1e-5, 1e-3):
        expected = np.array([two_dimensional(base, sigma, one, sheet) for one in z])
        np.testing.assert_allclose(model(plate(base), sigma, z, sheet), expected, rtol=0.02)


def r_ct(solution, z, sheet=0.0):
    return (solution(z, sheet) - solution(1e-9, sheet)).real


def unchanged_kinetics_give(solution):
    """Coated R_ct whose kinetics are those of a bare electrode of 51.9 ohm."""
    z = np.exp(brentq(lambda x: r_ct(solution, np.exp(x)) - 51.9, 2.0, 6.0, xtol=1e-4))
    return r_ct(solution, z + FILM, SHEET)


@pytest.mark.parametrize("base", [5, *(pytest.param(k, marks=pytest.mark.slow) for k in (10, 40, 100))])
def test_conductivity_at_which_access_alone_explains_the_paper(base):
    def change(sigma):
        return unchanged_kinetics_give(lambda z, s: model(plate(base), sigma, z, s)[0]) - 36.8

    threshold = brentq(change, 2e-5, 2e-4, rtol=1e-3)
    ends = [
        unchanged_kinetics_give(lambda z, s, sigma=sigma: two_dimensional(base, sigma, z, s)) - 36.8
        for sigma in (0.95 * threshold, 1.05 * threshold)
    ]
    assert ends[0] * ends[1] < 0


def test_modes_sum_to_the_closed_form():
    # Bessel series against the logarithm; both are exact.
    ring = annulus_modes(15.0, 56.0, 400)
    assert np.sum(ring.at_wall**2 / (ring.norm * ring.mu**2)) == pytest.approx(
        annulus_resistance(15.0, 56.0), rel=2e-3
    )
    disc = disc_modes(15.0, 4000)
    assert np.sum(disc.at_wall**2 / (disc.norm * disc.mu**2)) == pytest.approx(1 / (8 * np.pi), rel=1e-3)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_constriction_is_the_published_correlation(share):
    # Uniform flux on a circular flux tube, mean temperature of the spot: 4 k a R = 32/(3 pi^2) - 1.41042 e
    # + 0.26604 e^3 - 0.00016 e^5 + 0.058266 e^7 (K. J. Negus, M. M. Yovanovich, ASME HTD-36 (1984) 53;
    # M. M. Yovanovich, Thermal Contact Resistance, in Handbook of Heat Transfer (1998), ch. 3).
    e = share
    expected = 1.08076 - 1.41042 * e + 0.26604 * e**3 - 0.00016 * e**5 + 0.058266 * e**7
    assert 4 * 1.0 * disc_spreading(1.0, 1.0 / e, 100.0) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("modes", [6, 24])
@pytest.mark.parametrize("sigma", [1e-3, 0.1, 10.0, 1e4])
def test_a_film_that_hardly_conducts_along_the_wall_is_as_none(modes, sigma):
    """Its rail has by far the largest eigenvalue, in whose rounding others were lost: nan, or off by 27 %."""
    plate = ChannelPlate(PITCH, 4 * DEPTH, RADIUS, RADIUS, 30 * UM, modes=modes)
    z = 100 / (1 + 1e-3 * 1j * np.geomspace(1e5, 1e-2, 9))[None]
    kappa, solid = np.array([KAPPA]), np.array([sigma])
    without = plate.impedance(kappa, solid, None, z)
    for sheet in 10.0 ** np.arange(-24, -12):
        found = plate.impedance(kappa, solid, np.array([min(sheet, 1e-13 * sigma)]), z)
        np.testing.assert_allclose(found.value, without.value, rtol=1e-8)
        assert all(np.isfinite(part).all() for part in found)

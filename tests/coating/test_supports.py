"""Porous, particles, pellet, flat and layers: each against a solution in another notation, or published."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import solve_bvp
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

from eisfit.coating.physics.cell import Cell, cell_impedance
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.layers import diffusion, layer
from eisfit.coating.physics.parameters import coordinates
from eisfit.coating.physics.spreading import disc_spreading
from eisfit.coating.physics.supports import Flat, Particles, Pellet, Porous

UM = 1e-4
OMEGA = 2 * np.pi * np.logspace(-3, 5, 9)


def one(support, z, kappa=9e-3, sigma=1e-4, sheet=None):
    film = None if sheet is None else np.array([sheet])
    return support.impedance(
        np.array([kappa]), np.array([sigma]), film, np.atleast_2d(z).astype(complex)
    ).value[0]


def two_potentials(z, m_i, m_e, P):
    """Z of a two-rail line of unit length by its boundary value problem: ions at 0, electrons at 1."""

    def slopes(_, y):
        through = (y[0] - y[1]) * P / z
        return np.vstack([-m_i * y[2], -m_e * y[3], -through, through])

    def ends(a, b):
        return np.array([a[2] - 1, a[3], b[2], b[1]])

    x = np.linspace(0, 1, 200)
    found = solve_bvp(slopes, ends, x, np.ones((4, x.size)), tol=1e-8, max_nodes=100000)
    assert found.success
    return found.sol(0)[0]


@pytest.mark.parametrize("sigma", [1e-5, 1e-3, 10.0])
@pytest.mark.parametrize("z", [3.0, 300.0, 3e5])
def test_porous_line_is_its_boundary_value_problem(sigma, z):
    support = Porous(60 * UM, 0.3, 3.0, 1e4)
    m_i, m_e = 60 * UM * 3 / (0.3 * 9e-3), 60 * UM / sigma
    expected = two_potentials(z, m_i, m_e, 1e4 * 60 * UM)
    assert one(support, z, sigma=sigma)[0] == pytest.approx(expected, rel=1e-5)


def test_film_in_a_porous_electrode_adds_to_the_solid():
    # percolation a_v t/rho beside sigma_s: 1e-4 + 0.5 * 1e4 * 1e-7 = 6e-4 S/cm.
    support = Porous(60 * UM, 0.3, 3.0, 1e4, percolation=0.5)
    alone = Porous(60 * UM, 0.3, 3.0, 1e4)
    assert one(support, 30.0, sheet=1e-7) == pytest.approx(one(alone, 30.0, sigma=6e-4), rel=1e-12)


@pytest.mark.parametrize("sigma", [1e9, 1e-3])
def test_porous_line_between_the_published_limits(sigma):
    # A blocking electrode is charged evenly at low frequency: a third of each rail in series with its
    # capacitance (J. Landesfeind et al., J. Electrochem. Soc. 163 (2016) A1373, for the ionic one;
    # Z. Siroma et al., J. Power Sources 316 (2016) 215, for both).
    support = Porous(100 * UM, 0.4, 2.5, 2e4)
    R_ion, R_el, C = 100 * UM * 2.5 / (0.4 * 9e-3), 100 * UM / sigma, 1e-5 * 2e4 * 100 * UM
    omega = 1e-4 / ((R_ion + R_el) * C)
    found = one(support, 1 / (1j * omega * 1e-5), sigma=sigma)[0]
    assert found.real == pytest.approx((R_ion + R_el) / 3, rel=1e-6)
    assert -1 / (omega * found.imag) == pytest.approx(C, rel=1e-6)


def sphere_by_volumes(s, count=4000):
    """Z of diffusion into a sphere of unit radius, time and reaction: 1/(c flux), by finite volumes."""
    r = np.linspace(0, 1, count + 1)
    volume, face = np.diff(r**3) / 3, r[1:-1] ** 2 / (1 / count)
    main = s * volume + np.r_[face, 0] + np.r_[0, face]
    main[-1] += 1 / (0.5 / count)
    right = np.zeros(count, dtype=complex)
    right[-1] = 1 / (0.5 / count)
    c = spsolve(diags([-face, main, -face], [-1, 0, 1], format="csc"), right)
    return 1 / ((1 - c[-1]) / (0.5 / count))


@pytest.mark.parametrize("s", [0.001j, 0.3j, 10j, 300j])
def test_diffusion_into_a_sphere_is_that_of_volumes(s):
    W, tau = 5.0, 7.0
    found, *_ = diffusion(np.array([[W]]), np.array([[tau]]), np.array([abs(s) / tau]))
    assert found[0, 0] == pytest.approx(W * np.sqrt(2 * tau) * sphere_by_volumes(s), rel=2e-3)


def test_diffusion_into_a_sphere_begins_as_into_the_depth():
    fast = np.array([1e9])
    sphere, *_ = diffusion(np.array([[5.0]]), np.array([[7.0]]), fast)
    flat, *_ = diffusion(np.array([[5.0]]), None, fast)
    assert sphere[0, 0] == pytest.approx(flat[0, 0], rel=1e-4)


def test_particles_have_the_porous_line_around_them():
    cell = Cell(Particles(60 * UM, 0.3, 3.0, 1e4))
    given = {"kappa": 9e-3, "sigma_s": 1e-3, "R_i": 40.0, "Q": 1e-5, "alpha": 0.9, "W": 3.0, "tau_d": 50.0}
    found = cell_impedance(cell, coordinates(given), OMEGA).impedance[0]
    for w, Z in zip(OMEGA, found, strict=True):
        s = mp.sqrt(mp.mpc(0, w * 50))
        z_d = 3 * mp.sqrt(100) / (s * mp.coth(s) - 1)
        z = 1 / (1 / (40 + z_d) + mp.mpf("1e-5") * mp.mpc(0, w) ** mp.mpf("0.9"))
        a, b = mp.mpf(60 * UM) * 3 / (0.3 * 9e-3), mp.mpf(60 * UM) / 1e-3
        u = mp.sqrt((a + b) * 1e4 * 60 * UM / z)
        expected = a * b / (a + b) * (1 + 2 / (u * mp.sinh(u))) + (a**2 + b**2) / (a + b) * mp.coth(u) / u
        assert pytest.approx(complex(expected), rel=1e-9) == Z


@pytest.mark.parametrize("C", [1e-5, 1e-2])
def test_mixed_conductor_is_its_line_of_elements(C):
    # The ionic rail in n pieces with the chemical capacitance to the one potential of the electrons
    # (J. Jamnik, J. Maier, Phys. Chem. Chem. Phys. 3 (2001) 1668); ions leave into the reaction.
    R, n = 14.0, 2000
    found, *_ = layer("mixed", np.array([[R]]), np.array([[C]]), OMEGA)
    for w, Z in zip(OMEGA, found[0], strict=True):
        ladder = 0j
        for _ in range(n):
            ladder = R / n / 2 + 1 / (1j * w * C / n + 1 / (R / n / 2 + ladder))
        if w * R * C < n / 10:
            assert pytest.approx(ladder, rel=1e-3) == Z


def test_dielectric_layer_is_an_arc():
    found, *_ = layer("dielectric", np.array([[14.0]]), np.array([[2e-6]]), OMEGA)
    np.testing.assert_allclose(found[0], 1 / (1 / 14.0 + 1j * OMEGA * 2e-6), rtol=1e-12)


@pytest.mark.parametrize(("thickness", "resistance"), [(5e-7, 13.158), (5.5e-7, 14.474), (40e-7, 105.26)])
def test_thickness_series_of_a_film_is_a_straight_line(thickness, resistance):
    # t/s_i with 3.8e-8 S/cm, K. M. Kwon et al., J. Mater. Chem. A 14 (2026) 9966: 13.2, 14.5 and 105 ohm cm2.
    cell = Cell(Flat(), "dielectric")  # of no capacitance
    theta = coordinates({"R_i": 40.0, "thickness": thickness, "s_i": 3.8e-8, "resistivity": 70e-6})
    found = cell_impedance(cell, theta, [1.0]).impedance[0, 0]
    assert found == pytest.approx(40 + resistance, rel=1e-4)


@pytest.mark.parametrize(("resistivity", "resistance"), [("7.8e6", 78.0), ("913e6", 9130.0)])
def test_a_nanometre_of_alumina_stands_in_the_way_as_published(resistivity, resistance):
    # Resistivities of nominal Al2O3 that others' cells gave, ohm m (S. Xu et al., J. Mater. Chem. A 3 (2015)
    # 17248): 1e-9 m of them.
    cell, conductivity = Cell(Flat(), "dielectric"), 1 / (100 * float(resistivity))
    theta = coordinates({"R_i": 40.0, "thickness": 1e-7, "s_i": conductivity, "chi": 2e-6})
    found = cell_impedance(cell, theta, [0.0]).impedance[0, 0]
    assert found.real == pytest.approx(40 + resistance, rel=1e-6)


@pytest.mark.parametrize(("share", "depth"), [(0.1, 100.0), (0.4, 100.0), (0.4, 0.7)])
def test_constriction_in_a_pellet_is_that_of_volumes(share, depth):
    # A disc of radius 1/e with uniform flux through the spot of radius 1, collector below.
    outer, n_in, n_out, n_deep = 1 / np.sqrt(share), 60, 90, 160
    r = np.r_[np.linspace(0, 1, n_in + 1), np.linspace(1, outer, n_out + 1)[1:]]
    x = min(depth, 8 * outer) * np.linspace(0, 1, n_deep + 1) ** 2
    depth = x[-1]
    area, middle, dx = np.pi * np.diff(r**2), (r[1:] + r[:-1]) / 2, np.diff(x)
    shape = (len(area), n_deep)
    number = np.arange(shape[0] * shape[1]).reshape(shape)
    radial = 2 * np.pi * r[1:-1, None] * dx / np.diff(middle)[:, None]
    axial = area[:, None] / ((dx[1:] + dx[:-1]) / 2)
    main = np.zeros(shape)
    for g, (a, b) in ((radial, (np.s_[1:], np.s_[:-1])), (axial, (np.s_[:, 1:], np.s_[:, :-1]))):
        main[a] += g
        main[b] += g
    main[:, -1] += area / (dx[-1] / 2)
    up, right = np.zeros(shape), np.zeros(shape)
    up[:-1], right[:, :-1] = radial, axial
    side, along = up.ravel()[:-n_deep], right.ravel()[:-1]
    matrix = diags([-side, -along, main.ravel(), -along, -side], [-n_deep, -1, 0, 1, n_deep], format="csc")
    source = np.zeros(shape)
    source[:n_in, 0] = area[:n_in] / np.pi
    u = spsolve(matrix, source.ravel())[number[:n_in, 0]]
    spot = np.sum(u * area[:n_in]) / np.pi + dx[0] / 2 / np.pi
    assert disc_spreading(1.0, outer, depth) == pytest.approx(spot - depth / (np.pi * outer**2), rel=0.01)


def test_pellet_is_bulk_interface_and_constriction():
    full = one(Pellet(0.1), 900.0, kappa=1e-3)[0]
    assert full == pytest.approx(900 + 100)
    partial = one(Pellet(0.1, 0.04, 10 * UM), 900.0, kappa=1e-3)[0]
    # 32/(3 pi^2) - 1.41042 e + 0.26604 e^3 over 4 kappa a, on one spot's share of the area.
    spot = (1.08076 - 1.41042 * 0.2 + 0.26604 * 0.2**3) / (4e-3 * 10 * UM)
    assert partial == pytest.approx(900 / 0.04 + 100 + spot * np.pi * (50 * UM) ** 2, rel=1e-3)


@pytest.mark.parametrize("modes", [0, 2])
@pytest.mark.parametrize("sheet", [None, 7.5e-3])
def test_a_perfect_plate_is_flat_with_its_true_area(modes, sheet):
    # Nothing resists but the interface: Z per projected area = z a/(wall + top + floor), and what the solid,
    # of 10 S/cm, and the electrolyte, of 1e3 S/cm, leave is below 1e-4.
    plate = ChannelPlate(100 * UM, 60 * UM, 15 * UM, 15 * UM, 10 * UM, modes=modes)
    area = 1e4 + 2 * np.pi * 15 * 60
    assert one(plate, 50.0, 1e3, 1e2, sheet)[0] == pytest.approx(50 * 1e4 / area, rel=1e-4)


@pytest.mark.parametrize("modes", [0, 1, 2, 3])
def test_current_goes_through_a_plate_without_reaction_resistance(modes):
    # z -> 0 on the face: electrolyte and solid meet there, what is left lies between the slab's own
    # resistance with, and without, its channels.
    plate = ChannelPlate(100 * UM, 60 * UM, 15 * UM, 15 * UM, 40 * UM, modes=modes)
    found = one(plate, 1e-9, kappa=1e-6, sigma=1e-3)[0].real
    solid = 1 - np.pi * 15**2 / 1e4
    assert 100 * UM / 1e-3 < found < 1.02 * (60 * UM / solid + 40 * UM * 1.05) / 1e-3

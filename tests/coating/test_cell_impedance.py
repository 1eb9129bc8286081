"""The cell's impedance: derivatives against differences, closed forms of its parts, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eisfit.coating.physics.cell import Cell, cell_impedance
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.continuation import continue_impedance, place_samples
from eisfit.coating.physics.parameters import INDEX, PARAMETERS, coordinates
from eisfit.coating.physics.quick_channels import QuickChannels
from eisfit.coating.physics.supports import Flat, Particles, Pellet, Porous, Support
from eisfit.errors import EisfitError

UM = 1e-4
GIVEN = {
    "area": 1.13, "R_s": 3.0, "R_more": 0.3, "kappa": 9e-3, "sigma_s": 1e-4, "R_i": 25.0, "g": 1.3, "Q": 2e-5,
    "alpha": 0.9, "W": 5.0, "tau_d": 100.0, "thickness": 5.25e-7, "resistivity": 70e-6, "s_i": 3.8e-8,
    "chi": 1e-4, "behind": 0.3, "shorted": 0.4, "native_R": 7.0, "native_C": 2e-6, "contact_R": 4.0,
    "contact_tau": 2e-5, "counter_R": 10.0, "counter_tau": 3e-3, "further_R": -2.0, "further_tau": 0.3,
    "leads": 5e-7, "film_alpha": 0.92, "native_alpha": 0.85, "contact_alpha": 0.95, "further_alpha": 0.97,
}  # fmt: skip
PLATE = ChannelPlate(100 * UM, 60 * UM, 20 * UM, 10 * UM, 10 * UM)
SUPPORTS: list[Support] = [
    Flat(),
    Pellet(0.05, 0.3, 10 * UM),
    Porous(60 * UM, 0.3, 3.0, 1e4, 0.1),
    Particles(60 * UM, 0.3, 3.0, 1e4),
    PLATE,
    ChannelPlate(100 * UM, 60 * UM, 15 * UM, 15 * UM, 40 * UM, hexagonal=True, modes=0),
    QuickChannels(100 * UM, 60 * UM, 20 * UM, 10 * UM, 10 * UM),
]
OMEGA = 2 * np.pi * np.logspace(-2, 6, 7)


@pytest.mark.parametrize("support", SUPPORTS, ids=lambda s: f"{type(s).__name__}{getattr(s, 'modes', '')}")
@pytest.mark.parametrize("film", [None, "mixed", "dielectric"])
def test_derivatives_by_every_coordinate_are_those_of_differences(support, film):
    cell = Cell(support, film, access=film == "mixed")
    theta = coordinates(GIVEN)
    found = cell_impedance(cell, theta, OMEGA)
    h, size = 1e-4, np.abs(found.impedance).max()
    for k in range(len(PARAMETERS)):
        low, high = theta.copy(), theta.copy()
        low[:, k] -= h
        high[:, k] += h
        pair = [cell_impedance(cell, side, OMEGA).impedance for side in (low, high)]
        expected = (pair[1] - pair[0]) / (2 * h)
        # A difference is right to h^2, and to the rounding of Z (1e-10 with a film) over h.
        np.testing.assert_allclose(found.derivative[:, k], expected, rtol=2e-5, atol=1e-6 * size)


def test_rows_do_not_know_of_each_other():
    several = coordinates(GIVEN | {"sigma_s": [1e-5, 1e-3, 1e-1], "R_i": [1.0, 30.0, 900.0]})
    cell = Cell(PLATE, "mixed", access=True)
    together = cell_impedance(cell, several, OMEGA)
    for k in range(3):
        alone = cell_impedance(cell, several[k : k + 1], OMEGA)
        np.testing.assert_allclose(together.impedance[k], alone.impedance[0], rtol=1e-9)
        np.testing.assert_allclose(together.derivative[k], alone.derivative[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("modes", [0, 2])
def test_extremes_stay_finite_and_smooth(modes):
    # Everything 50 times larger or smaller, drawn independently: a search comes there.
    rng = np.random.default_rng(5)
    moved = [k for name, k in INDEX.items() if name in GIVEN and PARAMETERS[k].transform == "log"]
    theta = np.repeat(coordinates(GIVEN), 200, axis=0)
    theta[:, moved] += rng.normal(0, 4, (200, len(moved)))
    plate = ChannelPlate(100 * UM, 60 * UM, 20 * UM, 10 * UM, 10 * UM, modes=modes)
    found = cell_impedance(Cell(plate, "mixed", access=True), theta, OMEGA)
    assert np.isfinite(found.derivative).all()
    assert (found.impedance.real > 0).all()
    near = theta.copy()
    near[:, INDEX["sigma_s"]] += 1e-9
    change = cell_impedance(Cell(plate, "mixed", access=True), near, OMEGA).impedance / found.impedance - 1
    assert np.abs(change).max() < 1e-4


def test_flat_cell_is_the_sum_of_its_parts():
    # (R_i || CPE + film + native)/(g A) + R_s + contact + counter + loop + leads, in complex arithmetic.
    p = GIVEN | {"W": 0.0, "behind": 0.0, "shorted": 0.0}
    jw = 1j * OMEGA
    double_layer = 1 / (25.0**-1 + 2e-5 * jw**0.9)
    R = 5.25e-7 / 3.8e-8
    s = np.sqrt(jw * R * 1e-4)
    film = R * np.tanh(s) / s
    native = 7 / (1 + (jw * 14e-6) ** 0.85)
    counter = 10 / (1 + (jw * 3e-3) ** 0.85)
    contact = 4 / (1 + (jw * 2e-5) ** 0.95)
    loop, leads = -2 / (1 + (jw * 0.3) ** 0.97), jw * 5e-7
    expected = (double_layer + film + native) / (1.3 * 1.13) + 3.3 + contact + counter + loop + leads
    found = cell_impedance(Cell(Flat(), "mixed", access=True), coordinates(p), OMEGA)
    np.testing.assert_allclose(found.impedance[0], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("build", "word"),
    [
        (lambda: ChannelPlate(100 * UM, 60 * UM, 60 * UM, 10 * UM, 10 * UM), "touch"),
        (lambda: ChannelPlate(100 * UM, 60 * UM, 20 * UM, 10 * UM, 1 * UM), "below 2 um"),
        (lambda: ChannelPlate(100 * UM, -60 * UM, 20 * UM, 10 * UM, 10 * UM), "depth"),
        (lambda: Pellet(0.1, 0.5), "spot_radius"),
        (lambda: Pellet(0.1, 1.5, 0.1), "at most 1"),
        (lambda: Porous(60 * UM, 0.0, 3.0, 1e4), "porosity"),
        (lambda: coordinates({"Rct": 1.0}), "Rct"),
        (lambda: coordinates({"R_i": -1.0}), "R_i"),
        (lambda: coordinates({"R_i": float("nan")}), "R_i"),
        (lambda: cell_impedance(Cell(Flat()), coordinates(GIVEN), [-1.0]), "positive"),
        (lambda: cell_impedance(Cell(Flat()), coordinates(GIVEN)[:, :3], [1.0]), "theta"),
    ],
)
def test_bad_input_is_told_in_a_sentence(build, word):
    with pytest.raises(EisfitError, match=word):
        build()


@pytest.mark.parametrize("access", [False, True])
def test_channels_without_slopes_have_the_same_impedance(access):
    sizes, theta = (100 * UM, 60 * UM, 20 * UM, 10 * UM, 10 * UM), coordinates(GIVEN)
    with_slopes, without = (
        cell_impedance(Cell(ChannelPlate(*sizes, slopes=slopes), "mixed", access), theta, OMEGA)
        for slopes in (True, False)
    )
    np.testing.assert_allclose(without.impedance, with_slopes.impedance, rtol=1e-12)
    assert not without.derivative[:, INDEX["sigma_s"]].any()


@pytest.mark.parametrize("access", [False, True])
@pytest.mark.parametrize("sigma", [1e-6, 1e-4, 1e-1])
@pytest.mark.parametrize("given", [{}, {"W": 0.0, "R_i": 1e9}])
def test_a_spectrum_continued_from_real_interfaces_is_the_spectrum(access, sigma, given):
    omega, theta = 2 * np.pi * np.logspace(-3, 6, 90), coordinates(GIVEN | {"sigma_s": sigma} | given)
    exact, continued = (
        cell_impedance(Cell(replace(PLATE, sampled=sampled), "mixed", access), theta, omega)
        for sampled in (False, True)
    )
    np.testing.assert_allclose(continued.impedance, exact.impedance, rtol=3e-4)
    size = np.abs(exact.impedance)[:, None]
    np.testing.assert_allclose(continued.derivative / size, exact.derivative / size, rtol=0, atol=2e-3)


def test_a_line_is_continued_from_real_values_to_complex_ones():
    """Pores alone: Z = sqrt(R z) coth(sqrt(R/z))."""
    z = np.geomspace(0.1, 1e5, 50)[None] * np.exp(-1j * np.linspace(0.1, 1.5, 50))
    R = 10.0

    def line(z):
        return np.sqrt(R * z) / np.tanh(np.sqrt(R / z))

    x = place_samples(z, np.array([5 * R]))
    np.testing.assert_allclose(continue_impedance(x, line(x), z)[0], line(z), rtol=1e-4)
    # A resistor, and an interface alone: nothing is left after a step or two.
    for simple in (lambda z: 0 * z + R, lambda z: 3 * z, lambda z: R + 3 * z):
        np.testing.assert_allclose(continue_impedance(x, simple(x), z)[0], simple(z), rtol=1e-9)


def test_absent_parameters_have_no_derivative():
    found = cell_impedance(Cell(Flat()), coordinates({"R_i": 1.0}), OMEGA)
    assert np.isfinite(found.derivative).all()
    assert not found.derivative[:, INDEX["W"]].any()


def test_at_rest_a_flat_cell_is_the_sum_of_its_resistances():
    Z = cell_impedance(Cell(Flat(), "mixed"), coordinates(GIVEN), [0.0]).impedance[0, 0]
    layers = 25 + 7 + 5.25e-7 / 3.8e-8
    assert pytest.approx(layers / (1.3 * 1.13) + 3.3 + 10 + 4 - 2) == Z


@pytest.mark.parametrize("access", [False, True])
@pytest.mark.parametrize("sigma_s", [1e-4, 1e-3, 1e-2])
def test_the_search_s_channels_are_near_those_that_finish(access, sigma_s):
    sizes = (100 * UM, 60 * UM, 20 * UM, 10 * UM, 20 * UM)
    theta = coordinates(GIVEN | {"sigma_s": sigma_s, "R_i": 80.0, "g": 1.2, "counter_R": 4.0})
    film = "mixed" if access else None
    Z = [
        cell_impedance(Cell(support, film, access), theta, OMEGA).impedance
        for support in (QuickChannels(*sizes), ChannelPlate(*sizes, modes=2))
    ]
    assert np.abs(Z[0] / Z[1] - 1).max() < 0.08


def test_a_film_with_the_double_layer_on_it_takes_no_part_at_high_frequency():
    """1/(1/(R_film + R_i + W (1 - j)/sqrt(omega)) + Q (j omega)^alpha), as of a metal that lets ions pass."""
    given = {"area": 2.0, "R_i": 25.0, "Q": 2e-5, "alpha": 0.9, "W": 5.0, "chi": 1e-4, "behind": 1.0}
    theta = coordinates(given | {"thickness": 5e-7, "s_i": 5e-8})  # 10 ohm cm^2
    expected = 1 / (1 / (35.0 + 5.0 * (1 - 1j) / np.sqrt(OMEGA)) + 2e-5 * (1j * OMEGA) ** 0.9) / 2.0
    found = cell_impedance(Cell(Flat(), "mixed"), theta, OMEGA).impedance[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def climb(R, C, z, rungs=4000):
    """A ladder's impedance from rung to rung: resistance in line, capacitance from it to where z ends."""
    for k in range(rungs + 1):
        z = 1 / (1 / z + 1j * OMEGA * C / rungs * (0.5 if k in {0, rungs} else 1.0))
        z = z + R / rungs * (k < rungs)
    return z


def test_a_film_whose_electrons_are_shorted_to_the_solid_is_a_ladder_ended_by_the_reaction():
    given = {"area": 2.0, "R_i": 25.0, "Q": 2e-5, "alpha": 0.9, "W": 5.0, "shorted": 1.0}
    z = 1 / (1 / (25.0 + 5.0 * (1 - 1j) / np.sqrt(OMEGA)) + 2e-5 * (1j * OMEGA) ** 0.9)

    def film(R, C, behind=0.0):
        theta = coordinates(given | {"thickness": R * 1e-8, "s_i": 1e-8, "chi": C, "behind": behind})
        return cell_impedance(Cell(Flat(), "mixed"), theta, OMEGA).impedance[0] * 2.0

    slow = OMEGA < 1e6  # above, a rung is no longer short beside what the capacitance lets through
    np.testing.assert_allclose(film(10.0, 1e-4)[slow], climb(10.0, 1e-4, z)[slow], rtol=1e-5)
    np.testing.assert_allclose(film(10.0, 0.0), 10.0 + z, rtol=1e-12)
    np.testing.assert_allclose(film(0.0, 1e-4), 1 / (1 / z + 1j * OMEGA * 1e-4), rtol=1e-12)
    np.testing.assert_allclose(film(10.0, 1e-4)[-1], np.sqrt(10.0 / (1j * OMEGA[-1] * 1e-4)), rtol=1e-6)
    below = 25.0 + 5.0 * (1 - 1j) / np.sqrt(OMEGA)
    on_it = 1 / (1 / climb(10.0, 1e-4, below) + 2e-5 * (1j * OMEGA) ** 0.9)  # the double layer on the film
    np.testing.assert_allclose(film(10.0, 1e-4, behind=1.0)[slow], on_it[slow], rtol=1e-5)

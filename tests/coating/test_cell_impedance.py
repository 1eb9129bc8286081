"""The cell's impedance: derivatives against differences, closed forms of its parts, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.coating.physics import (
    INDEX,
    PARAMETERS,
    Cell,
    ChannelPlate,
    Flat,
    Particles,
    Pellet,
    Porous,
    Support,
    cell_impedance,
    coordinates,
    values,
)
from eisfit.errors import EisfitError

UM = 1e-4
GIVEN = {
    "area": 1.13, "R_s": 3.0, "kappa": 9e-3, "sigma_s": 1e-4, "R_i": 50.0, "f": 2.0, "g": 1.3, "Q": 2e-5,
    "alpha": 0.9, "W": 5.0, "tau_d": 100.0, "t": 5.25e-7, "rho": 70e-6, "s_i": 3.8e-8, "chi": 1e-4,
    "native_R": 7.0, "native_C": 2e-6, "contact_R": 4.0, "contact_tau": 2e-5, "counter_R": 10.0,
    "counter_Q": 1e-3, "counter_alpha": 0.8, "E_R_i": 0.6, "E_kappa": 0.15, "E_sigma_s": 0.2, "E_s_i": 0.45,
    "E_native": 0.4, "E_contact": 0.01, "E_counter": 0.5,
}  # fmt: skip
PLATE = ChannelPlate(100 * UM, 60 * UM, 20 * UM, 10 * UM, 10 * UM)
SUPPORTS: list[Support] = [
    Flat(1.2),
    Pellet(0.05, 0.3, 10 * UM),
    Porous(60 * UM, 0.3, 3.0, 1e4, 0.5, 0.1),
    Particles(60 * UM, 0.3, 3.0, 1e4),
    PLATE,
    ChannelPlate(100 * UM, 60 * UM, 15 * UM, 15 * UM, 40 * UM, hexagonal=True, modes=0),
]
OMEGA = 2 * np.pi * np.logspace(-2, 6, 7)


@pytest.mark.parametrize("support", SUPPORTS, ids=lambda s: f"{type(s).__name__}{getattr(s, 'modes', '')}")
@pytest.mark.parametrize("film", [None, "mixed", "dielectric", "ohmic"])
def test_derivatives_by_every_coordinate_are_those_of_differences(support, film):
    cell = Cell(support, film, native=film is None, contact=True, counter=True, temperature=310.0)
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
        np.testing.assert_allclose(found.derivative[..., k], expected, rtol=2e-5, atol=1e-6 * size)


def test_rows_do_not_know_of_each_other():
    several = coordinates(GIVEN | {"sigma_s": [1e-5, 1e-3, 1e-1], "R_i": [1.0, 30.0, 900.0]})
    cell = Cell(PLATE, "mixed", counter=True)
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
    found = cell_impedance(Cell(plate, "mixed"), theta, OMEGA)
    assert np.isfinite(found.derivative).all()
    assert (found.impedance.real > 0).all()
    near = theta.copy()
    near[:, INDEX["sigma_s"]] += 1e-9
    change = cell_impedance(Cell(plate, "mixed"), near, OMEGA).impedance / found.impedance - 1
    assert np.abs(change).max() < 1e-4


def test_a_conductivity_rises_and_a_resistance_falls_with_temperature():
    warm, k = values(coordinates(GIVEN), 320.0), 8.617333262e-5
    factor = np.exp(0.6 / k * (1 / 320 - 1 / 298.15))
    assert warm["R_i"][0] == pytest.approx(50 * factor)
    assert warm["kappa"][0] == pytest.approx(9e-3 * np.exp(-0.15 / k * (1 / 320 - 1 / 298.15)))
    assert warm["t"][0] == pytest.approx(5.25e-7)


def test_flat_cell_is_the_sum_of_its_parts():
    # (R_i/f || CPE + film)/(g A) + R_s + contact + counter, in plain complex arithmetic.
    p = GIVEN | {"W": 0.0}
    jw = 1j * OMEGA
    double_layer = 1 / (25.0**-1 + 2e-5 * jw**0.9)
    R = 5.25e-7 / 3.8e-8
    s = np.sqrt(jw * R * 1e-4)
    film = R * np.tanh(s) / s
    counter = 1 / (1 / 10 + 1e-3 * jw**0.8)
    expected = (double_layer + film) / (1.3 * 1.13) + 3 + 4 / (1 + jw * 2e-5) + counter
    found = cell_impedance(Cell(Flat(), "mixed", contact=True, counter=True), coordinates(p), OMEGA)
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
        (lambda: cell_impedance(Cell(Flat()), coordinates(GIVEN), [0.0]), "positive"),
        (lambda: cell_impedance(Cell(Flat()), coordinates(GIVEN)[:, :3], [1.0]), "theta"),
    ],
)
def test_bad_input_is_told_in_a_sentence(build, word):
    with pytest.raises(EisfitError, match=word):
        build()


def test_absent_parameters_have_no_derivative():
    found = cell_impedance(Cell(Flat()), coordinates({"R_i": 1.0}), OMEGA)
    assert np.isfinite(found.derivative).all()
    assert not found.derivative[..., INDEX["W"]].any()

"""Activation energies: against closed forms, numpy's own weighted line, and the scatter of repeats."""

import numpy as np
import pytest

from eisfit.errors import FitError, UsageError
from eisfit.tracking.arrhenius import Arrhenius, fit_arrhenius

#: J/K over C, both exact in the SI of 2019.
K_EV = 1.380649e-23 / 1.602176634e-19
T = np.array([-20.0, -5, 10, 20, 30, 40, 50])
KELVIN = T + 273.15
RELATIVE = np.array([0.05, 0.02, 0.01, 0.01, 0.01, 0.02, 0.03])


def resistance(energy, factor=0.0):
    return 1e-6 * KELVIN**factor * np.exp(energy / (K_EV * KELVIN))


def fitted(values, **options):
    return fit_arrhenius(T, values, RELATIVE * values, name="R_ct", unit="ohm", **options)


def test_exact_data():
    law = fitted(resistance(0.5), form="plain")
    assert law.activation_energy_eV == pytest.approx(0.5, abs=1e-9)
    assert law.prefactor == pytest.approx(1e-6, rel=1e-6)
    law = fitted(resistance(0.5, 1.0), form="times_temperature")
    assert law.activation_energy_eV == pytest.approx(0.5, abs=1e-9)
    # Hopping read as plain is higher by about k T at the middle of the weights.
    low = law.other_activation_energy_eV
    assert 0.5 - K_EV * 300 * 1.1 < low < 0.5 - K_EV * 270 * 0.9


def test_covariance_is_that_of_a_weighted_line():
    values = resistance(0.5) * (1 + RELATIVE * [0.5, -0.3, 0.2, 0.1, -0.6, 0.9, -0.2])
    law = fitted(values, form="plain")
    line, covariance = np.polyfit(1 / (K_EV * KELVIN), np.log(values), 1, w=1 / RELATIVE, cov="unscaled")
    assert law.activation_energy_eV == pytest.approx(line[0], rel=1e-7)
    assert law.stderr == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-6)
    assert law.covariance[0][1] == pytest.approx(covariance[0, 1], rel=1e-5)


@pytest.mark.parametrize("factor", [0.0, 1.0])
def test_forms_told_apart_where_the_data_allow(factor):
    values = resistance(0.5, factor)
    law = fit_arrhenius(T, values, 1e-4 * values, name="R_ct")
    assert law.told_apart
    assert law.form == ("times_temperature" if factor else "plain")
    blurred = fit_arrhenius(T, values, 0.05 * values, name="R_ct")
    assert not blurred.told_apart
    assert "do not tell" in str(blurred)


def test_an_outlier_weighs_nothing_and_is_named():
    values = resistance(0.5) * (1 + RELATIVE * [0.5, -0.3, 0.2, 0.1, -0.6, 0.9, -0.2])
    values[2] *= 2
    law = fitted(values, form="plain")
    assert law.left_out == (10.0,)
    assert (law.points, law.of) == (6, 7)
    assert law.activation_energy_eV == pytest.approx(0.5, abs=4 * law.stderr)


@pytest.mark.slow
def test_coverage_of_repeats():
    rng = np.random.default_rng(20261128)
    inside = 0
    for _ in range(2000):
        values = resistance(0.5) * np.exp(RELATIVE * rng.normal(size=T.size))
        law = fitted(values)
        inside += law.low <= 0.5 <= law.high
    # At most 96 % where the errors are right, with twice the binomial error of 2000, 1 %
    assert 0.94 <= inside / 2000 <= 0.97


def test_scatter_beyond_the_errors_widens_them():
    rng = np.random.default_rng(3)
    values = resistance(0.5) * np.exp(8 * RELATIVE * rng.normal(size=T.size))
    assert fitted(values, form="plain").stderr > 3 * fitted(resistance(0.5), form="plain").stderr


@pytest.mark.parametrize("kelvin", [0.1, 0.3])
def test_intervals_hold_where_the_cell_was_some_tenths_of_a_degree_off(kelvin):
    """Such scatter is alike at all temperatures, the errors are not: with a factor on them, 47 % held."""
    rng = np.random.default_rng(20261130)
    celsius = np.array([-20.0, -10, 0, 10, 20, 30, 40, 50, 60])
    relative = np.array([3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 0.01, 0.02, 0.05])
    inside, repeats = 0, 150
    for _ in range(repeats):
        true = np.exp(0.55 / (K_EV * (celsius + 273.15 + kelvin * rng.normal(size=celsius.size))))
        values = true * np.exp(relative * rng.normal(size=celsius.size))
        law = fit_arrhenius(celsius, values, relative * values, name="R_ct", form="plain")
        inside += law.low <= 0.55 <= law.high
        assert not law.left_out  # such a point is no outlier
    assert inside >= 0.88 * repeats


def test_a_wrong_temperature_is_named_where_its_spectrum_is_the_most_exact():
    relative = np.array([5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.02])
    values = resistance(0.5) * (1 + relative * [0.5, -0.3, 0.2, 0.1, -0.6, 0.9, -0.2])
    values[0] *= 1.4  # 4 K
    law = fit_arrhenius(T, values, relative * values, name="R_ct", form="plain")
    assert law.left_out == (-20.0,)


def test_round_trip_and_refusals():
    law = fitted(resistance(0.5))
    assert Arrhenius.from_dict(law.to_dict()) == law
    band = law.band(T)
    assert np.all(np.array(band["low"]) < law(T)) and np.all(law(T) < np.array(band["high"]))
    with pytest.raises(FitError, match="three temperatures"):
        fit_arrhenius(T[:2], [1, 2], [0.1, 0.1], name="R_ct")
    with pytest.raises(UsageError, match="no form"):
        fitted(resistance(0.5), form="sideways")

"""From spectra to the film: closed forms, Monte Carlo over the covariance, scipy's own regressions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from eisfit.coating.film.arc import FilmCell, area_of, film_from_fit
from eisfit.coating.film.series import thickness_series
from eisfit.errors import FitError, StudyError
from eisfit.tracking.arrhenius import fit_arrhenius
from eisfit.units import Uncertain, UnitError

EPS0 = 8.8541878128e-14  # F/cm
AREA = Uncertain("normal", 1.67, 0.05, "cm^2")
PERMITTIVITY = Uncertain("normal", 20.0, 2.0)


def document(R=13.2, Q=3e-6, alpha=0.9, relative=(0.01, 0.05, 0.004), correlation=-0.98, **changes):
    """A fit's document as `FitResult.to_dict` makes it, with a strongly correlated Q and alpha."""
    s = np.array([R, Q, alpha]) * relative
    covariance = np.diag(s**2)
    covariance[1, 2] = covariance[2, 1] = correlation * s[1] * s[2]
    names = ["R_film", "CPE_film_Q", "CPE_film_alpha"]
    values = dict(zip(names, (R, Q, alpha), strict=True))
    return {
        "parameters": {name: {"value": value} for name, value in values.items()},
        "covariance": {"names": names, "matrix": covariance.tolist()},
        "spectrum": {"frequency_min_Hz": 0.01, "frequency_max_Hz": 1e6},
        "flags": [],
        **changes,
    }


def monte_carlo(fit, n=400_000):
    rng = np.random.default_rng(4)
    mean = [fit["parameters"][name]["value"] for name in fit["covariance"]["names"]]
    R, Q, alpha = rng.multivariate_normal(mean, fit["covariance"]["matrix"], n).T
    C = (R * Q) ** (1 / alpha) / R
    area, eps = rng.normal(1.67, 0.05, n), rng.normal(20, 2, n)
    t = EPS0 * eps * area / C
    return np.log(np.array([R * area, C / area, t, t / (R * area)]))


def test_thickness_and_conductivity_with_the_full_covariance():
    fit = document()
    estimate = film_from_fit(fit, FilmCell(AREA), permittivity=PERMITTIVITY)
    R, Q, alpha = 13.2, 3e-6, 0.9
    C = Q ** (1 / alpha) * R ** ((1 - alpha) / alpha)  # Hsu and Mansfeld's own form
    assert estimate.values["area_resistance_ohm_cm2"] == pytest.approx(R * 1.67)
    assert estimate.values["thickness_cm"] == pytest.approx(EPS0 * 20 * 1.67 / C)
    assert estimate.values["ionic_conductivity_S_per_cm"] == pytest.approx(EPS0 * 20 / (R * C))
    assert estimate.values["peak_Hz"] == pytest.approx(1 / (2 * math.pi * R * C))
    np.testing.assert_allclose(estimate.log_covariance, np.cov(monte_carlo(fit)), rtol=0.06, atol=2e-5)
    assert estimate.basis == "thickness from the capacitance"


def test_without_the_correlation_the_error_would_be_far_too_large():
    """PEERS.md: quadrature without corr(Q, alpha) is what others do."""
    right = film_from_fit(
        document(), FilmCell(Uncertain("exact", 1.0)), permittivity=Uncertain("exact", 20.0)
    )
    wrong = film_from_fit(
        document(correlation=0.0), FilmCell(Uncertain("exact", 1.0)), permittivity=Uncertain("exact", 20.0)
    )
    assert wrong.stderr["thickness_cm"] > 3 * right.stderr["thickness_cm"]


def test_a_symmetric_cell_has_two_films_in_series():
    one = film_from_fit(document(), FilmCell(AREA, 1), permittivity=PERMITTIVITY)
    two = film_from_fit(document(), FilmCell(AREA, 2), permittivity=PERMITTIVITY)
    key = "area_resistance_ohm_cm2"
    assert two.values[key] == pytest.approx(one.values[key] / 2)
    assert two.values["thickness_cm"] == pytest.approx(one.values["thickness_cm"] / 2)
    key = "ionic_conductivity_S_per_cm"
    assert two.values[key] == pytest.approx(one.values[key])
    with pytest.raises(StudyError, match="1 or 2 films between its leads, not 3"):
        FilmCell(AREA, 3)


@pytest.mark.parametrize(
    "metadata",
    [
        {"area_cm2": 2.0},
        {"area_cm2": "2.0"},
        {"area": "2.0 cm²"},
        {"area": "200 mm2"},
        {"geometry": {"area": "2.0 cm^2"}},
    ],
)
def test_the_area_travels_with_the_spectrum(metadata):
    assert area_of(metadata).a == pytest.approx(2.0)


def test_a_cell_without_an_area_is_refused():
    with pytest.raises(StudyError, match="does not say its electrode's area"):
        area_of({})
    with pytest.raises(StudyError, match=r"1 cm.2 is what instruments write where none was entered"):
        area_of({"area_cm2": 1.0})
    with pytest.raises(UnitError, match="area: '2 nm' is in 'nm', but an area is due"):
        area_of({"area": "2 nm"})


def test_a_known_thickness_is_preferred_and_none_is_said():
    t = Uncertain("normal", 5e-7, 0.2e-7, "cm")
    estimate = film_from_fit(document(), FilmCell(Uncertain("exact", 1.0)), thickness=t)
    assert estimate.values["ionic_conductivity_S_per_cm"] == pytest.approx(5e-7 / 13.2)  # the paper's 3.8e-8
    relative = estimate.stderr["ionic_conductivity_S_per_cm"] / estimate.values["ionic_conductivity_S_per_cm"]
    assert relative == pytest.approx(math.hypot(0.01, 0.04), rel=2e-3)
    bare = film_from_fit(document(), FilmCell(AREA))
    assert "thickness_cm" not in bare.values
    assert "neither a permittivity nor a thickness" in bare.to_dict()["basis"]


@pytest.mark.parametrize("unknown", [Uncertain("uniform", 10.0, 30.0), Uncertain("loguniform", 10.0, 30.0)])
def test_ranges_enter_with_their_variance(unknown):
    estimate = film_from_fit(
        document(relative=(0, 0, 0)), FilmCell(Uncertain("exact", 1.0)), permittivity=unknown
    )
    uniform = unknown.kind == "uniform"
    expected = stats.uniform(10, 20).std() / 20 if uniform else math.log(3) / math.sqrt(12)
    assert estimate.stderr["thickness_cm"] / estimate.values["thickness_cm"] == pytest.approx(expected)


def test_a_capacitor_instead_of_a_cpe():
    fit = {
        "parameters": {"R_film": {"value": 10.0}, "C_film": {"value": 1e-6}},
        "covariance": {"names": ["R_film", "C_film"], "matrix": [[0.01, 0.0], [0.0, 1e-16]]},
        "spectrum": {"frequency_min_Hz": 0.01, "frequency_max_Hz": 1e6},
    }
    estimate = film_from_fit(fit, FilmCell(Uncertain("exact", 2.0)), permittivity=Uncertain("exact", 10.0))
    assert estimate.values["thickness_cm"] == pytest.approx(EPS0 * 10 * 2 / 1e-6)
    assert estimate.stderr["thickness_cm"] / estimate.values["thickness_cm"] == pytest.approx(0.01)


REFUSED = [
    ({"covariance": {"names": [], "matrix": None}}, "the fit gives no covariance"),
    ({"parameters": {"R_ct": {"value": 1.0}}}, r"no arc labelled 'film' \(R_film is missing\)"),
    ({"relative": (0.8, 0.05, 0.004)}, "R_film is 13.2 with a standard error of 11"),
    (
        {"spectrum": {"frequency_min_Hz": 0.01, "frequency_max_Hz": 100.0}},
        "lies outside the measured 0.0100 to 100 Hz",
    ),
    (
        {"flags": [{"name": "undetermined", "cause": "R_film is not determined"}]},
        "undetermined: R_film is not",
    ),
    ({"flags": [{"name": "misfit", "cause": "the model misses the data"}]}, "misfit: the model misses"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_an_arc_that_the_data_does_not_resolve_yields_nothing(changes, message):
    with pytest.raises(StudyError, match=message):
        film_from_fit(document(**changes), FilmCell(AREA), permittivity=PERMITTIVITY)


def test_a_flag_on_another_arc_does_not_matter():
    fit = document(flags=[{"name": "undetermined", "cause": "R_ct is not determined"}])
    assert film_from_fit(fit, FilmCell(AREA)).values["peak_Hz"] > 0


def test_a_fit_that_can_be_used_is_not_refused_for_missing_the_data():
    told = {"name": "misfit", "cause": "the circuit misses the data by 0.4 % rms", "level": "tells"}
    assert film_from_fit(document(flags=[told]), FilmCell(AREA)).values["peak_Hz"] > 0


def test_thickness_series_against_scipy():
    """Its curve_fit."""
    t = np.array([5.0, 10, 20, 40]) * 1e-7
    y = np.array([20.1, 31.9, 60.2, 110.5])
    sy = np.array([0.5, 0.7, 1.0, 2.0])
    series = thickness_series(t, y, sy)
    (offset, slope), covariance = optimize.curve_fit(
        lambda x, a, b: a + b * x * 1e7, t, y, sigma=sy, absolute_sigma=True
    )
    assert series["offset_ohm_cm2"] == pytest.approx(offset)
    # Chance makes films scatter so in 15 % of such series: the errors are Student's, from that scatter.
    chisqr = np.sum(((y - offset - slope * t * 1e7) / sy) ** 2)
    assert stats.chi2(2).sf(chisqr) == pytest.approx(0.146, abs=0.001)
    wider = math.sqrt(chisqr / 2) * stats.t(2).ppf(0.975) / stats.norm.ppf(0.975)
    assert series["offset_ohm_cm2_stderr"] == pytest.approx(wider * math.sqrt(covariance[0, 0]))
    right = thickness_series(t, y, 2 * sy)
    assert right["offset_ohm_cm2_stderr"] == pytest.approx(2 * math.sqrt(covariance[0, 0]))
    assert series["ionic_conductivity_S_per_cm"] == pytest.approx(1e-7 / slope)


def test_activation_energy_against_scipy():
    T = np.array([283.15, 298.15, 313.15, 333.15])
    s = 1e-3 * np.exp(-0.45 / (8.617333262e-5 * T)) * np.array([1.01, 0.99, 1.0, 1.005])
    celsius = T - 273.15
    series = fit_arrhenius(celsius, 1 / s, 0.01 / s, name="R", form="plain")
    fit = stats.linregress(-1 / (8.617333262e-5 * T), np.log(s))
    assert series.activation_energy_eV == pytest.approx(fit.slope, rel=1e-9)
    assert -math.log(series.prefactor) == pytest.approx(fit.intercept, rel=1e-9)
    hopping = fit_arrhenius(celsius, T / s, 0.01 * T / s, name="R", form="times_temperature")
    assert hopping.activation_energy_eV == pytest.approx(fit.slope, rel=1e-9)


def test_series_that_cannot_be_are_refused():
    with pytest.raises(StudyError, match="three films or more"):
        thickness_series([1e-7, 2e-7], [1.0, 2.0], 0.1)
    with pytest.raises(StudyError, match="does not rise"):
        thickness_series([1e-7, 2e-7, 3e-7], [3.0, 2.0, 1.0], 0.1)
    with pytest.raises(StudyError, match="standard error above zero"):
        thickness_series([1e-7, 2e-7, 3e-7], [1.0, 2.0, 3.0], 0.0)
    with pytest.raises(FitError, match="three temperatures"):
        fit_arrhenius([25, 25, 37], [1.0, 1.1, 2.0], [0.1] * 3, name="R")
    with pytest.raises(FitError, match="three temperatures"):  # what is not positive is no resistance
        fit_arrhenius([25, 32, 37], [1.0, -1.1, 2.0], [0.1] * 3, name="R")


@pytest.mark.parametrize("verdict", ["open", "extrapolated", "ambiguous"])
def test_an_arc_that_is_not_determined_yields_no_film(verdict):
    """Its standard error is that of one optimum, and does not know of the others."""
    fit = document()
    fit["parameters"]["R_film"]["verdict"] = verdict
    with pytest.raises(StudyError, match=f"R_film is {verdict}"):
        film_from_fit(fit, FilmCell(AREA), permittivity=PERMITTIVITY)


def test_a_metal_film_has_no_arc():
    with pytest.raises(StudyError, match="such as a metal, makes none"):
        film_from_fit(document(), FilmCell(AREA), label="ruthenium")

"""`eisfit.film`: from simulated arcs, thickness and temperature series back to what they were made from."""

import json
import pickle

import numpy as np
import pytest

import eisfit
from eisfit.coating.film.estimates import FilmResult
from eisfit.errors import StudyError

K_EV = 1.380649e-23 / 1.602176634e-19
EPS0 = 8.8541878128e-14  # F/cm
FREQUENCY = np.logspace(6, -1, 50)
CIRCUIT = "R_s-p(R_film,C_film)"


def spectrum(rng, conductivity, nm=10.0, interface=0.0, area=0.5, **place):
    """Return a film: t/(s A) plus an interface (ohm cm^2), beside the capacitance of eps_r 20."""
    t = nm * 1e-7
    R, C = (t / conductivity + interface) / area, EPS0 * 20 * area / t
    z = 3 + R / (1 + 2j * np.pi * FREQUENCY * R * C)
    z = z * (1 + 1e-3 * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size)))
    return eisfit.Spectrum(FREQUENCY, z, metadata={"area_cm2": area}, **place)


def held(found, name, truth):
    return abs(found.values[name] - truth) <= 4 * found.stderr[name]


def test_one_arc():
    fit = eisfit.fit(spectrum(np.random.default_rng(1), 2e-9), CIRCUIT)
    by_thickness = eisfit.film(fit, thickness="10 nm")
    assert held(by_thickness, "ionic_conductivity_S_per_cm", 2e-9)
    assert held(by_thickness, "relative_permittivity", 20.0)
    by_permittivity = eisfit.film(fit, permittivity=20)
    assert held(by_permittivity, "thickness_cm", 1e-6)
    twice = eisfit.film(fit, thickness="10 nm", films=2)
    ratio = twice.values["ionic_conductivity_S_per_cm"] / by_thickness.values["ionic_conductivity_S_per_cm"]
    assert ratio == pytest.approx(2)
    assert pickle.loads(pickle.dumps(twice)) == twice
    assert FilmResult.from_dict(json.loads(json.dumps(twice.to_dict()))) == twice


def test_thickness_series():
    rng = np.random.default_rng(2)
    films = [spectrum(rng, 2e-9, nm, 100.0, axes={"thickness": nm}) for nm in (5.0, 10.0, 20.0, 40.0)]
    found = eisfit.film(eisfit.track(films, CIRCUIT, by="thickness"))
    assert found.basis == "thickness series"
    assert held(found, "ionic_conductivity_S_per_cm", 2e-9)
    assert held(found, "offset_ohm_cm2", 100.0)
    assert len(found.to_frame()) == 4


def test_films_of_different_areas():
    """The first one's area was taken for all: 1.7e-8 in place of 2e-9 S/cm."""
    rng = np.random.default_rng(11)
    sizes = ((5.0, 0.5), (10.0, 0.8), (20.0, 1.1), (40.0, 2.0))
    films = [spectrum(rng, 2e-9, nm, 100.0, area, axes={"thickness": nm}) for nm, area in sizes]
    found = eisfit.film(eisfit.track(films, CIRCUIT, by="thickness"))
    assert held(found, "ionic_conductivity_S_per_cm", 2e-9)
    assert held(found, "offset_ohm_cm2", 100.0)


def test_temperature_series():
    rng = np.random.default_rng(3)
    films = [
        spectrum(rng, 2e-9 * np.exp(-0.5 / K_EV * (1 / (t + 273.15) - 1 / 298.15)), temperature_C=t)
        for t in (10.0, 20.0, 30.0, 40.0)
    ]
    tracked = eisfit.track(films, CIRCUIT, by="temperature")
    found = eisfit.film(tracked)
    assert held(found, "activation_energy_eV", 0.5)
    assert "ionic conductivity" not in str(found)
    told = str(eisfit.film(tracked, thickness="10 nm")).split("temperature / degC", 1)[1].splitlines()
    assert "ionic conductivity / S/cm" in told[0]
    assert [line.split()[0] for line in told[2:6]] == ["10", "20", "30", "40"]


def test_what_shows_no_film_is_refused():
    fit = eisfit.fit(spectrum(np.random.default_rng(1), 2e-9), CIRCUIT)
    with pytest.raises(StudyError, match="such as a metal"):
        eisfit.film(fit, label="ruthenium")
    with pytest.raises(StudyError, match=r"what eisfit\.fit or eisfit\.track returns"):
        eisfit.film(3)
    with pytest.raises(StudyError, match="not over cycle"):
        eisfit.film(eisfit.track([fit.spectrum, fit.spectrum], CIRCUIT))

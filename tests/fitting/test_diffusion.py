"""Diffusion coefficients: Fick's law solved by mpmath, the formulas of the papers, and errors drawn."""

from __future__ import annotations

import json

import mpmath
import numpy as np
import pytest

import eisfit
from eisfit.errors import SchemaError, UsageError
from eisfit.fitting.derived import compute_derived, list_formulas
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import Geometry, relative_error
from eisfit.units import Uncertain, UnitError

F, R = 96485.33212331, 8.31446261815324
SOLID = {"area": "1.54 cm^2", "molar_volume": "20.4 cm^3/mol", "slope": "-0.35 V"}


def host(omega, d, length=None):
    """Z of a host with E(x), mpmath: Fick's law in a plane, flux at one side, none at the other.

    dE/dx times the change of x at the surface over the current; semi-infinite where no length is given.
    """
    s = mpmath.mpc(0, omega)
    slope, volume, area = mpmath.mpf("0.35"), mpmath.mpf("20.4"), mpmath.mpf("1.54")
    z = slope * volume / (F * area) / mpmath.sqrt(s * d)
    return complex(z if length is None else z * mpmath.coth(length * mpmath.sqrt(s / d)))


def value(string, parameters, geometry):
    return compute_derived(Circuit.from_string(string), parameters, (), None, Geometry.of(geometry))


@pytest.mark.parametrize("d", [1e-8, 3.7e-12])
def test_warburg_in_a_solid_is_ficks_law(d):
    omega = 0.3
    z = host(omega, d)
    assert z.real == pytest.approx(-z.imag)
    found = value("R_s-W_d", {"R_s": 1.0, "W_d_sigma": z.real * np.sqrt(omega)}, SOLID)["D_d"]
    assert found["value"] == pytest.approx(d, rel=1e-12)
    assert found["unit"] == "cm^2 s^-1"


def test_finite_diffusion_is_ficks_law_in_a_layer():
    """Both coefficients of one spectrum: L^2/tau of the Wo; the layer's R needs no geometry."""
    d, length = 2e-11, 5e-4
    f = np.geomspace(1.0, 1e-5, 40)
    z = np.array([host(2 * np.pi * x, d, length) for x in f])
    s = eisfit.Spectrum(f, 3.0 + z)
    row = eisfit.fit(s, "R_s-Wo_d", geometry={"length": "5 um"}).derived["D_d"]
    assert row["value"] == pytest.approx(d, rel=1e-6)


def test_warburg_in_a_solution_is_the_textbooks():
    """sigma = R T / (n^2 F^2 A sqrt(2)) / (sqrt(D) c): Bard and Faulkner, section 10.3; potassium
    ferricyanide's D = 7.6e-6 cm^2/s, 5 mM, 0.071 cm^2."""
    sigma = R * 298.15 / (F**2 * 0.071 * np.sqrt(2)) / (np.sqrt(7.6e-6) * 5e-6)
    geometry = {"area": "0.071 cm^2", "concentration": "5 mol/m^3"}
    found = value("R_s-W1", {"R_s": 1.0, "W1_sigma": sigma}, geometry)
    assert found["D_1"]["value"] == pytest.approx(7.6e-6, rel=1e-9)
    two = value("R_s-W1", {"R_s": 1.0, "W1_sigma": sigma / 4}, {**geometry, "electrons": 2})
    assert two["D_1"]["value"] == pytest.approx(7.6e-6, rel=1e-9)
    warm = value("R_s-W1", {"R_s": 1.0, "W1_sigma": sigma}, {**geometry, "temperature": "50 degC"})
    assert warm["D_1"]["value"] == pytest.approx(7.6e-6 * (323.15 / 298.15) ** 2, rel=1e-9)


def test_the_error_has_the_parts_of_the_fit_and_of_what_was_given():
    """Against normal draws of sigma, area and slope through the formula of the paper."""
    circuit = Circuit.from_string("R_s-W_d")
    given = {
        "area": {"value": "1.54 cm^2", "stderr": "0.03 cm^2"},
        "molar_volume": "20.4 cm^3/mol",
        "slope": {"value": "-0.35 V", "stderr": "0.01 V"},
    }
    covar = np.array([[0.04**2]])
    row = compute_derived(circuit, {"R_s": 1.0, "W_d_sigma": 2.0}, ("W_d_sigma",), covar, Geometry.of(given))[
        "D_d"
    ]
    rng = np.random.default_rng(1)
    sigma, area = rng.normal(2.0, 0.04, 200_000), rng.normal(1.54, 0.03, 200_000)
    slope = rng.normal(-0.35, 0.01, 200_000)
    drawn = 0.5 * (20.4 / (F * area * sigma) * slope) ** 2
    assert row["stderr"] == pytest.approx(drawn.std(), rel=0.02)
    assert row["value"] == pytest.approx(drawn.mean(), rel=0.01)
    assert list_formulas(circuit, Geometry.of(given))["R_s_area"].given == pytest.approx(0.03 / 1.54)


def test_what_is_not_known_is_not_derived():
    circuit = Circuit.from_string("R_s-W_d-Wo_e")
    assert not any(name.startswith("D_") for name in list_formulas(circuit))
    assert "D_d" not in list_formulas(circuit, Geometry.of({"area": "1 cm^2", "length": "5 um"}))
    assert "D_e" in list_formulas(circuit, Geometry.of({"length": "5 um"}))
    assert "D_d" not in list_formulas(circuit, Geometry.of({"concentration": "1 mol/m^3"}))


def test_elements_that_share_a_label_keep_their_own_coefficient():
    found = list_formulas(Circuit.from_string("Wo1-Ws_1"), Geometry.of({"length": "5 um"}))
    assert set(found) >= {"D_1", "D_Ws_1"}


def test_geometry_travels_with_the_result(tmp_path):
    s = eisfit.simulate("R_s-W_d", {"R_s": 1.0, "W_d_sigma": 2.0}, noise=0.001)
    s = s.replace(metadata={**s.metadata, "area_cm2": 1.54})
    path = tmp_path / "cell.toml"
    path.write_text('molar_volume = "20.4 cm^3/mol"\nslope = "-0.35 V"\n', encoding="utf-8")
    result = eisfit.fit(s, "R_s-W_d", geometry=path)
    assert result.derived["D_d"]["value"] == pytest.approx(
        0.5 * (20.4 * 0.35 / F / 1.54 / 2.0) ** 2, rel=0.02
    )
    assert result.derived["D_d"]["stderr"] > 0
    back = eisfit.FitResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert Geometry.of_metadata(back.spectrum.metadata).slope.median == -0.35
    assert "cm^2 s^-1" in str(result)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, 0.0),
        (Uncertain("exact", 2.0), 0.0),
        (Uncertain("normal", 2.0, 0.1), 0.05),
        (Uncertain("uniform", 1.0, 3.0), 2 / np.sqrt(12) / 2),  # standard deviation of a box, over its mean
        (Uncertain("loguniform", 1.0, np.e), 1 / np.sqrt(12)),
    ],
)
def test_relative_errors(value, error):
    assert relative_error(value) == pytest.approx(error)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"lenght": "5 um"}, "did you mean 'length'"),
        ({"foo": 1}, "there are area, length"),
        ({**SOLID, "concentration": "1 mol/m^3"}, "not both"),
        ({"area": "1 cm^2", "electrons": 0}, "a whole number, 1 or more"),
        ({"area": 1.54}, r"geometry.area: 1.54 has no unit; an area is due, for example '1.13 cm\^2'"),
        ({"area": "5 um"}, "geometry.area: '5 um' is in 'um', but an area is due"),
        ({"slope": "3 ohm"}, "a potential is due"),
        ({"concentration": "3 ohm"}, "a concentration is due"),
    ],
)
def test_wrong_geometry_is_refused(table, words):
    with pytest.raises((UsageError, UnitError), match=words):
        Geometry.of(table)


def test_a_wrong_key_in_a_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "cell.toml"
    path.write_text('area = "1 cm^2"\nlenght = "5 um"\n', encoding="utf-8")
    with pytest.raises(SchemaError, match=r"line 2: lenght: unknown key; did you mean 'length'"):
        Geometry.of(path)


def test_an_area_that_nobody_entered_is_passed_over():
    """Instruments write 1 cm^2 by default; a real one is used, and what is no area is none."""
    assert Geometry.of_metadata({"area_cm2": 1.0}).area is None
    assert Geometry.of_metadata({"area_cm2": "1.54"}).area.median == 1.54
    assert Geometry.of_metadata({"area_cm2": "round"}).area is None
    assert Geometry.of_metadata({"area_cm2": -2.0}).area is None


def test_tortuosity_of_a_symmetric_cell():
    """De Levie's blocking pores, coth in another notation than the element's, of two electrodes in series."""
    area, length, kappa, porosity, tortuosity = 1.13, 60e-4, 9.5e-3, 0.36, 4.2
    ionic = tortuosity * length / (porosity * kappa * area)  # of one electrode, ohm
    f = np.geomspace(1e5, 1e-1, 50)
    x = np.sqrt(2j * np.pi * f * 2e-3 * ionic)
    z = 1.5 + 2 * ionic / (x * np.tanh(x))
    known = {"area": "1.13 cm^2", "length": {"value": "60 um", "stderr": "3 um"}, "kappa": "9.5 mS/cm"}
    geometry = {**known, "porosity": 0.36, "electrodes": 2}
    found = eisfit.fit((f, z), "rs-tlmq", geometry=geometry).derived
    assert found["tortuosity_ion"]["value"] == pytest.approx(tortuosity, rel=1e-6)
    assert found["N_M_ion"]["value"] == pytest.approx(tortuosity / porosity, rel=1e-6)
    assert found["N_M_ion"]["stderr"] == pytest.approx(0.05 * tortuosity / porosity, rel=1e-3)
    one = eisfit.fit((f, z), "rs-tlmq", geometry=known).derived
    assert one["N_M_ion"]["value"] == pytest.approx(2 * tortuosity / porosity, rel=1e-6)
    assert "tortuosity_ion" not in one and "N_M_ion" not in eisfit.fit((f, z), "rs-tlmq").derived
    with pytest.raises(UsageError, match="electrodes: 0 must be a whole number"):
        Geometry.of({"electrodes": 0})

"""Derived quantities and their errors, against the `uncertainties` package and against simulated draws."""

from __future__ import annotations

import numpy as np
import pytest
import uncertainties
from uncertainties import unumpy

import eisfit
from eisfit.fitting.derived import compute_derived, list_formulas
from eisfit.model.circuit import Circuit

CIRCUIT = Circuit.from_string("R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)")
VALUES = {
    "R_s": 4.2,
    "R_sei": 12.5,
    "CPE_sei_Q": 2.5e-5,
    "CPE_sei_alpha": 0.87,
    "R_ct": 51.9,
    "W_d_sigma": 3.1,
    "CPE_ct_Q": 4e-3,
    "CPE_ct_alpha": 0.82,
}
FREQUENCY = np.geomspace(1e5, 1e-2, 60)


def model(p, omega):
    s = 1j * omega
    sei = 1 / (p["CPE_sei_Q"] * s ** p["CPE_sei_alpha"] + 1 / p["R_sei"])
    faradaic = p["R_ct"] + p["W_d_sigma"] * (1 - 1j) / np.sqrt(omega)
    return p["R_s"] + sei + 1 / (p["CPE_ct_Q"] * s ** p["CPE_ct_alpha"] + 1 / faradaic)


def covariance(noise=0.003):
    """Covariance of a fit with modulus weights, from differences of the formulas above."""
    omega = 2 * np.pi * FREQUENCY
    columns = []
    for name, value in VALUES.items():
        h = 1e-5 * value
        d = (model(VALUES | {name: value + h}, omega) - model(VALUES | {name: value - h}, omega)) / (2 * h)
        d = d / np.abs(model(VALUES, omega)) / noise
        columns.append(np.concatenate([d.real, d.imag]))
    jacobian = np.stack(columns, axis=1)
    return np.linalg.inv(jacobian.T @ jacobian)


def by_uncertainties(p):
    """The same quantities from correlated numbers of the `uncertainties` package."""
    found = {"R_p": p["R_sei"] + p["R_ct"]}
    for arc in ("sei", "ct"):
        tau = (p[f"R_{arc}"] * p[f"CPE_{arc}_Q"]) ** (1 / p[f"CPE_{arc}_alpha"])
        found |= {f"tau_{arc}": tau, f"f_peak_{arc}": 1 / (2 * np.pi * tau), f"C_{arc}": tau / p[f"R_{arc}"]}
    parallel = 1 / p["R_s"] + 1 / p["R_ct"]
    alpha = p["CPE_ct_alpha"]
    return found | {"C_brug_ct": (p["CPE_ct_Q"] * parallel ** (alpha - 1)) ** (1 / alpha)}


def test_values_and_errors_are_those_of_the_uncertainties_package():
    covar = covariance()
    correlated = uncertainties.correlated_values(list(VALUES.values()), covar)
    reference = by_uncertainties(dict(zip(VALUES, correlated, strict=True)))
    found = compute_derived(CIRCUIT, VALUES, tuple(VALUES), covar)
    assert set(found) == set(reference)
    for name, row in found.items():
        assert row["value"] == pytest.approx(reference[name].nominal_value, rel=1e-12)
        assert row["stderr"] == pytest.approx(reference[name].std_dev, rel=1e-6)


def test_errors_are_those_of_simulated_draws():
    """Within 5 %: the standard deviation of 20000 draws is itself good to 0.5 %, and the errors are small."""
    covar = covariance(1e-4)
    draws = np.random.default_rng(1).multivariate_normal(list(VALUES.values()), covar, 20000)
    spread = {k: np.std(v) for k, v in by_uncertainties(dict(zip(VALUES, draws.T, strict=True))).items()}
    for name, row in compute_derived(CIRCUIT, VALUES, tuple(VALUES), covar).items():
        assert row["stderr"] == pytest.approx(spread[name], rel=0.05), name


def test_without_the_correlations_the_errors_would_be_several_times_too_large():
    covar = covariance()
    independent = unumpy.uarray(list(VALUES.values()), np.sqrt(np.diag(covar)))
    wrong = by_uncertainties(dict(zip(VALUES, independent, strict=True)))
    right = compute_derived(CIRCUIT, VALUES, tuple(VALUES), covar)
    assert 7 < wrong["C_sei"].std_dev / right["C_sei"]["stderr"] < 10
    assert 1.5 < wrong["C_ct"].std_dev / right["C_ct"]["stderr"] < 3


def test_effective_capacitance_by_hsu_and_mansfeld():
    """C = Q (omega_max'')^(alpha - 1) (C. H. Hsu, F. Mansfeld, Corrosion 57 (2001) 747, eq. 3)."""
    circuit = Circuit.from_string("R_s-p(R_ct,CPE_ct)")
    p = {"R_s": 1.0, "R_ct": 100.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.8}
    frequency = np.geomspace(1.0, 1e4, 200001)
    z = 1.0 + 1 / (1e-4 * (2j * np.pi * frequency) ** 0.8 + 1 / 100.0)
    peak = frequency[np.argmin(z.imag)]
    found = compute_derived(circuit, p, (), None)
    assert found["f_peak_ct"]["value"] == pytest.approx(peak, rel=1e-4)
    assert found["C_ct"]["value"] == pytest.approx(1e-4 * (2 * np.pi * peak) ** -0.2, rel=1e-4)
    assert found["tau_ct"]["value"] == pytest.approx(1 / (2 * np.pi * peak), rel=1e-4)


def test_units_and_what_a_circuit_implies():
    assert {name: unit for name, (unit, _, _) in list_formulas(CIRCUIT).items()} == {
        "tau_sei": "s",
        "f_peak_sei": "Hz",
        "C_sei": "F",
        "tau_ct": "s",
        "f_peak_ct": "Hz",
        "C_ct": "F",
        "C_brug_ct": "F",
        "R_p": "ohm",
    }
    assert set(list_formulas(Circuit.from_string("R0-p(R1,C1)"))) == {"tau_1", "f_peak_1", "R_p"}
    assert list_formulas(Circuit.from_string("R0-L0-W1")) == {}
    assert "C_1" not in list_formulas(Circuit.from_string("p(R_1,CPE_1)-C_1"))


@pytest.mark.parametrize(
    ("string", "expected"),
    [
        # An adsorbed intermediate on corroding iron: at rest both branches conduct (I. Epelboin, M. Keddam,
        # J. Electrochem. Soc. 117 (1970) 1052). The sum of the arcs was R_1 alone.
        ("R_s-p(R_1,C_1,R_2-L_2)", 120 * 80 / 200),
        ("R_s-p(R_1-Ws_d,CPE_1)", 120 + 30),
        ("R_s-p(R_1,C_1)-Ws_d", 120 + 30),
        ("R_s-p(R_1-W_d,CPE_1)", 120),  # no end: where the arc has its own
        ("R_s-p(R_1,C_1)-C_2", 120),
        ("p(L_1,R_3)-R_s-p(R_1,C_1)", 120),  # leads
        ("p(R_1,R_2-C_2)", 120 - 120 * 80 / 200),
        ("R_s-TLM_a", 60 / np.tanh(0.5)),  # sqrt(30 120) coth(sqrt(30 / 120))
        ("p(R_s-p(R_1,C_1),C_2)", 2 + 120),
    ],
)
def test_the_polarisation_resistance_is_the_difference_of_the_ends(string, expected):
    given = {"R_s": 2.0, "R_1": 120.0, "R_2": 80.0, "Ws_d_R": 30.0, "TLM_a_R_ion": 30.0, "TLM_a_R_ct": 120.0}
    circuit = Circuit.from_string(string)
    formula = list_formulas(circuit)["R_p"].formula
    p = {name: given.get(name, 0.5) for name in circuit.names}
    assert formula(p) == pytest.approx(expected, rel=1e-6)
    for name in circuit.names:  # complex steps, by which errors are found, give the slope
        moved = formula({**p, name: p[name] + 1e-30j})
        up, down = formula({**p, name: p[name] * 1.00001}), formula({**p, name: p[name] * 0.99999})
        assert np.imag(moved) * 1e30 == pytest.approx((up - down) / (2e-5 * p[name]), rel=1e-4, abs=1e-6)


def test_two_arcs_with_one_label_do_not_hide_each_other():
    """R1 in an arc and R_1 in another: two time constants, two names."""
    found = list_formulas(Circuit.from_string("p(R1,C1)-p(R_1,C_1)"))
    assert sum(name.startswith("tau") for name in found) == 2


def test_without_covariance_there_is_no_error():
    assert all(row["stderr"] is None for row in compute_derived(CIRCUIT, VALUES, (), None).values())


def test_a_covariance_that_is_not_finite_gives_no_error():
    covar = np.full((8, 8), np.nan)
    assert compute_derived(CIRCUIT, VALUES, tuple(VALUES), covar)["tau_ct"]["stderr"] is None


def test_fixed_parameters_add_nothing():
    circuit = Circuit.from_string("R_s-p(R_ct,C_dl)").constrain(fix={"C_dl": 2e-5})
    values = {"R_s": 1.0, "R_ct": 50.0, "C_dl": 2e-5}
    covar = np.diag([0.01, 0.25])
    found = compute_derived(circuit, values, ("R_s", "R_ct"), covar)
    assert found["tau_ct"]["stderr"] == pytest.approx(0.5 * 2e-5)
    assert found["R_p"]["stderr"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "value", "slope"),
    [("3*R_sei", 30.0, 3.0), ("R_sei**2", 100.0, 20.0), ("1/R_sei + 2", 2.1, -0.01)],
)
def test_tied_parameters_move_along(text, value, slope):
    circuit = Circuit.from_string("p(R_sei,C_sei)-p(R_ct,C_ct)").constrain(expr={"R_ct": text})
    values = {"R_sei": 10.0, "C_sei": 1e-5, "R_ct": value, "C_ct": 1e-3}
    found = compute_derived(circuit, values, ("R_sei", "C_sei", "C_ct"), np.diag([0.04, 0.0, 0.0]))
    assert found["tau_ct"]["stderr"] == pytest.approx(0.2 * abs(slope) * 1e-3)
    assert found["R_p"]["stderr"] == pytest.approx(0.2 * (1 + slope))


@pytest.mark.parametrize("R_ct", [0.0, -5.0])
def test_a_time_constant_of_zero_or_of_a_negative_resistance_is_no_error(R_ct):
    circuit = Circuit.from_string("R_s-p(R_ct,CPE_ct)")
    values = {"R_s": 1.0, "R_ct": R_ct, "CPE_ct_Q": 1e-5, "CPE_ct_alpha": 0.8}
    found = compute_derived(circuit, values, tuple(values), np.eye(4))
    assert not np.isfinite(found["f_peak_ct"]["value"])
    assert found["f_peak_ct"]["stderr"] is None


def test_brug_capacitance_is_that_of_the_paper():
    """G. J. Brug et al. 1984, written with C = [Q (R_s^-1 + R_ct^-1)^(alpha-1)]^(1/alpha)."""
    circuit = eisfit.circuit("rs-ct")
    values = {"R_s": 10.0, "R_ct": 90.0, "CPE_ct_Q": 2e-5, "CPE_ct_alpha": 0.9}
    found = compute_derived(circuit, values, (), None)["C_brug_ct"]["value"]
    together = 10.0 * 90.0 / (10.0 + 90.0)  # 1/R_s + 1/R_ct = 1/9: the two in parallel
    assert found == pytest.approx(2e-5 ** (1 / 0.9) * together ** ((1 - 0.9) / 0.9), rel=1e-12)
    ideal = compute_derived(circuit, {**values, "CPE_ct_alpha": 1.0}, (), None)["C_brug_ct"]["value"]
    assert ideal == pytest.approx(2e-5, rel=1e-12)


def test_values_per_area_where_the_area_is_known():
    values = {"R_s": 10.0, "R_ct": 90.0, "CPE_ct_Q": 2e-5, "CPE_ct_alpha": 0.9}
    p = eisfit.simulate("rs-ct", values, noise=0.001)
    without = eisfit.fit(p, "rs-ct").derived
    assert not any(name.endswith("_area") for name in without)
    result = eisfit.fit(p.replace(metadata={**p.metadata, "area_cm2": 2.5}), "rs-ct")
    r_ct, per_area = result["R_ct"], result.derived["R_ct_area"]
    assert per_area["unit"] == "ohm cm2"
    assert per_area["value"] == pytest.approx(2.5 * r_ct.value, rel=1e-12)
    assert per_area["stderr"] == pytest.approx(2.5 * r_ct.stderr, rel=1e-9)
    c = result.derived["C_ct"]["value"]
    assert result.derived["C_ct_area"]["value"] == pytest.approx(c / 2.5, rel=1e-12)

"""Everything that `fit`'s result carries, `fit_many`'s carries too: field by field, here and from workers."""

from __future__ import annotations

import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

import eisfit
from eisfit.batch import many as many_fits
from eisfit.fitting.many import errors_and_flags
from eisfit.fitting.many.chunks import fit_chunk
from eisfit.fitting.verdicts import assess as verdicts

FREQUENCY = np.geomspace(1e5, 1e-2, 40)
SEI_CT = {"R_s": 2.0, "R_sei": 10.0, "CPE_sei_Q": 2e-5, "CPE_sei_alpha": 0.9, "R_ct": 40.0}
SEI_CT |= {"CPE_ct_Q": 3e-3, "CPE_ct_alpha": 0.85}
AREA = {"area_cm2": 1.13}
GEOMETRY = {"geometry": {"area": {"value": "2.0 cm^2", "stderr": "0.1 cm^2"}, "electrons": 1}}


def spectra(circuit, truth, count=4, noise=0.003, spread=0.1, **fields):
    rng = np.random.default_rng(3)
    found = []
    for k in range(count):
        scale = {
            name: 1.0 if name.endswith("alpha") else np.exp(spread * rng.standard_normal()) for name in truth
        }
        z = circuit.impedance(FREQUENCY, {name: truth[name] * scale[name] for name in truth})
        z = z * (1 + noise * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)))
        told = fields.get("metadata", {})
        told = told[k % len(told)] if isinstance(told, list) else told
        found.append(
            eisfit.Spectrum(
                FREQUENCY,
                z,
                source=f"c{k}.csv",
                index=k,
                cycle=10.0 * k,
                time_s=5.0 * k,
                temperature_C=25.0,
                metadata={"simulated": True, **told},
                notes=("made here",),
            )
        )
    return found


def assert_same(many, one):
    """Compare two results field by field."""
    told = {f.name for f in dataclasses.fields(one)} - {"lmfit"}
    same = ("spectrum", "circuit", "weighting", "covariance_rescaled", "loss", "representation", "grade")
    for name in same:
        assert getattr(many, name) == getattr(one, name), name
    assert many.ok == one.ok
    for here, there in zip(many.alternatives, one.alternatives, strict=True):
        assert here["chisqr"] == pytest.approx(there["chisqr"], rel=1e-6)
        assert here["values"] == pytest.approx(there["values"], rel=1e-3)
    assert many.chosen_by == one.chosen_by == "user"
    assert [(flag.name, flag.level) for flag in many.flags] == [(f.name, f.level) for f in one.flags]
    assert [flag.name for flag in many.flags] == [flag.name for flag in one.flags]
    assert many.var_names == one.var_names
    if one.covar is None:
        assert many.covar is None
    else:
        spread = np.sqrt(np.outer(np.diag(one.covar), np.diag(one.covar)))
        assert many.covar / spread == pytest.approx(one.covar / spread, abs=2e-3)
    _same_parameters(many.parameters, one.parameters)
    _same_numbers(vars(many.statistics), vars(one.statistics))
    assert set(many.derived) == set(one.derived)
    for name, row in one.derived.items():
        assert many.derived[name]["unit"] == row["unit"]
        assert many.derived[name]["value"] == pytest.approx(row["value"], rel=1e-5)
        assert many.derived[name]["stderr"] == pytest.approx(row["stderr"], rel=2e-3)
        assert many.derived[name]["verdict"] == row["verdict"], name
    assert many.starts > 0
    assert many.agreed > 0
    compared = set(same)
    compared |= {"alternatives", "chosen_by", "flags", "var_names", "covar", "parameters", "statistics"}
    compared |= {"derived", "starts", "agreed"}
    assert compared == told, "a field that is not compared here"


def _same_parameters(many, one):
    assert list(many) == list(one)
    for name, expected in one.items():
        found = many[name]
        assert type(found) is type(expected)
        for field in dataclasses.fields(expected):
            a, b = getattr(found, field.name), getattr(expected, field.name)
            if field.name in ("value", "stderr", "stderr_noise", "stderr_model") and b is not None:
                assert a == pytest.approx(b, rel=1e-5 if field.name == "value" else 2e-3), (name, field.name)
            elif field.name == "hidden":
                assert a is None or a == pytest.approx(b, rel=2e-3)  # a batch does not ask for it
            elif field.name == "interval" and b is not None:
                assert _ends(a) == pytest.approx(_ends(b), rel=1e-2), name
            else:
                assert a == b, (name, field.name)


def _ends(interval):
    return [np.inf if interval[end] is None else interval[end] for end in ("low", "high")]


def _same_numbers(many, one):
    assert set(many) == set(one)
    for name, expected in one.items():
        near = {"rel": 1e-6} | ({"abs": 1e-5} if name == "lag1_autocorrelation" else {})
        assert many[name] == (expected if expected is None else pytest.approx(expected, **near)), name


CASES = {
    "plain": ({}, {}, {}),
    "area": ({}, AREA, {}),
    "an area with an error": ({}, GEOMETRY, {}),
    "areas of some": ({}, [AREA, {}, {"area_cm2": "2.5"}, {"area_cm2": "unknown"}], {}),
    "an exponent at 1": ({"CPE_ct_alpha": 1.0}, {}, {"bound": {"CPE_ct_alpha": (0.5, 1.0)}}),
    "an exponent held at a bound": ({}, AREA, {"bound": {"CPE_ct_alpha": (0.3, 0.7)}}),
    "tied": ({}, AREA, {"expr": {"R_ct": "4*R_sei"}}),
    "tied exponents": ({"CPE_ct_alpha": 0.9}, {}, {"expr": {"CPE_ct_alpha": "CPE_sei_alpha"}}),
    "tied to a fixed one": ({}, {}, {"fix": {"R_s": 2.0}, "expr": {"R_sei": "5*R_s + 1e-3*R_ct"}}),
    "fixed": ({}, {}, {"fix": {"R_s": 2.0}}),
    "part of the frequencies": ({}, {}, {"fmin": 0.1, "fmax": 3e4, "drop": [1e5]}),
    "proportional": ({}, {}, {"weighting": "proportional"}),
    "swapped": ({"CPE_sei_Q": 5.0}, {}, {"start": {**SEI_CT, "CPE_sei_Q": 5.0}}),
}


@cache
def one_by_one(case):
    changed, metadata, options = CASES[case]
    circuit = eisfit.circuit("rs-sei-ct")
    some = spectra(circuit, {**SEI_CT, **changed}, metadata=metadata)
    return some, [eisfit.fit(spectrum, circuit, **options) for spectrum in some]


@pytest.mark.parametrize("where", ["here", "worker"])
@pytest.mark.parametrize("case", CASES)
def test_field_by_field(case, where):
    options, circuit = CASES[case][2], eisfit.circuit("rs-sei-ct")
    some, alone = one_by_one(case)
    if where == "here":
        found = list(eisfit.fit_many(some, circuit, **options))
    else:
        with ThreadPoolExecutor(1) as pool:
            found = list(eisfit.fit_many(some, circuit, workers=pool, **options))
    for one, many in zip(alone, found, strict=True):
        assert_same(many, one)


def test_known_noise():
    circuit = eisfit.circuit("rs-sei-ct")
    some = [s.replace(noise=0.003 * np.abs(s.impedance)) for s in spectra(circuit, SEI_CT)]
    for spectrum, many in zip(some, eisfit.fit_many(some, circuit, weighting="noise"), strict=True):
        assert_same(many, eisfit.fit(spectrum, circuit, weighting="noise"))
        assert many.statistics.p_value is not None


def test_diffusion_coefficients_too():
    circuit = eisfit.circuit("rs-ct-w")
    told = {"area": "1.13 cm^2", "molar_volume": "20.4 cm^3/mol", "slope": "-0.35 V"}
    truth = {"R_s": 4.0, "R_ct": 50.0, "CPE_ct_Q": 1e-5, "CPE_ct_alpha": 0.9, "W_d_sigma": 5.0}
    some = spectra(circuit, truth, metadata={"geometry": told})
    for spectrum, many in zip(some, eisfit.fit_many(some, circuit), strict=True):
        one = eisfit.fit(spectrum, circuit)
        assert any(name.startswith("D_") for name in one.derived)
        assert_same(many, one)


def test_a_geometry_given_for_all(tmp_path):
    circuit = eisfit.circuit("rs-sei-ct")
    some = spectra(circuit, SEI_CT)
    for told in ({"area": "2.0 cm^2"}, {"area": "3.0 cm^2"}):  # the store tells them apart
        found = eisfit.fit_many(some, circuit, geometry=told, store=tmp_path / "results.sqlite")
        for spectrum, many in zip(some, found, strict=True):
            assert_same(many, eisfit.fit(spectrum, circuit, geometry=told))


@pytest.mark.parametrize("expr", [{"R_ct": "4*R_sei"}, {"CPE_ct_alpha": "CPE_sei_alpha"}], ids=str)
@pytest.mark.parametrize("started", [True, False])
def test_circuits_with_expressions_are_settled_in_the_batch(expr, started, monkeypatch):
    """Not by the single fits that stand in where the batch cannot."""
    start = {name: value for name, value in SEI_CT.items() if name not in expr}
    circuit = eisfit.circuit("rs-sei-ct")
    some = spectra(circuit, SEI_CT | {"CPE_ct_alpha": 0.9}, count=6, spread=0.0)
    tied = circuit.constrain(expr=expr, start=start if started else None)
    monkeypatch.setattr(many_fits, "AUDIT_FIRST", 0)
    fitted = fit_chunk(some, tied, {}, "kernel")
    assert sum(len(places) for places, _ in fitted.tables) == 6
    assert fitted.single == {}
    run = eisfit.fit_many(some, tied)
    assert len(list(run)) == 6
    assert run.audit.count == 1
    assert run.audit.value < 1e-6
    assert run.audit.stderr < 1e-3


def test_an_expression_that_leads_nowhere_is_a_failure_as_in_fit():
    circuit = eisfit.circuit("rs-sei-ct").constrain(expr={"R_ct": "log(-R_sei)"})
    (found,) = eisfit.fit_many(spectra(eisfit.circuit("rs-sei-ct"), SEI_CT, count=1), circuit)
    assert "lead to values that cannot be fitted" in found.error


def test_an_expression_cut_off_at_a_bound_is_left_to_lmfit():
    circuit = eisfit.circuit("rs-sei-ct").constrain(bound={"R_ct": (1.0, 20.0)}, expr={"R_ct": "4*R_sei"})
    some = spectra(eisfit.circuit("rs-sei-ct"), SEI_CT, count=2)
    for spectrum, many in zip(some, eisfit.fit_many(some, circuit), strict=True):
        one = eisfit.fit(spectrum, circuit)
        assert many.lmfit is not None
        assert many.statistics.chisqr == pytest.approx(one.statistics.chisqr, rel=1e-9)


def test_json_of_a_batch_comes_back():
    circuit = eisfit.circuit("rs-sei-ct")
    (one,) = eisfit.fit_many(spectra(circuit, SEI_CT, count=1, metadata=AREA), circuit)
    again = type(one).from_dict(one.to_dict())
    assert again.to_dict() == one.to_dict()
    assert "R_ct_area" in again.derived


def test_of_many_alike_those_that_may_depart_are_tried_when_someone_asks(monkeypatch):
    circuit, asked, names = eisfit.circuit("rs-sei-ct"), [], ("screen_departures", "follow_departures")
    for name in names:
        told = getattr(errors_and_flags, name)
        monkeypatch.setattr(
            errors_and_flags,
            name,
            lambda *a, name=name, told=told, **k: (asked.append(name), told(*a, **k))[1],
        )
    some = spectra(circuit, SEI_CT, count=40, spread=0.0)
    without = spectra(circuit, SEI_CT | {"R_ct": 1e-6, "CPE_ct_Q": 1.0}, count=40, spread=0.0)[20]
    skewed = 60 / (1 + (2j * np.pi * FREQUENCY * 0.4) ** 0.9) ** 0.8
    some[20] = without.replace(impedance=without.impedance + skewed)
    results = list(eisfit.fit_many(some, circuit))
    assert (all(results[k].ok for k in (0, 19, 39)), asked) == (True, [])
    assert (results[20].ok, asked) == (True, [*names])
    assert_same(results[20], eisfit.fit(some[20], circuit))


def test_results_travel_though_none_of_those_that_might_depart_does(monkeypatch):
    """A worker of thousands of good spectra was lost with all of them."""
    circuit = eisfit.circuit("rs-sei-ct")
    some = spectra(circuit, SEI_CT, count=40)
    monkeypatch.setattr(errors_and_flags, "find_departing", lambda linear: np.array([20]))
    found = pickle.loads(pickle.dumps(fit_chunk(some, circuit, {}, "kernel")))
    assert_same(found.results(some, circuit)[20], eisfit.fit(some[20], circuit))


def test_unusual_fits_are_looked_at_when_someone_asks(monkeypatch):
    """Who takes the values of thousands of fits does not wait for the verdicts of the few in doubt."""
    circuit, asked = eisfit.circuit("rs-sei-ct"), []
    looked = (errors_and_flags, "follow_departures"), (verdicts, "find_all"), (verdicts, "add_verdicts")
    for module, name in looked:
        told = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, name=name, told=told, **k: (asked.append(name), told(*a, **k))[1]
        )
    skewed = 60 / (1 + (2j * np.pi * FREQUENCY * 0.4) ** 0.9) ** 0.8  # Havriliak and Negami's arc
    arcs = {"R_ct": 1e-6, "CPE_ct_Q": 1.0}
    (sei,) = spectra(circuit, SEI_CT | arcs, count=1, spread=0.0)
    some = [sei.replace(impedance=sei.impedance + skewed)]
    (nearly,) = eisfit.fit_many(some, circuit)
    assert (nearly.spectrum, nearly.error, asked) == (some[0], None, [])
    assert (nearly.ok, asked) == (True, ["follow_departures", "find_all"])  # not what follows from it
    there = pickle.loads(pickle.dumps(nearly))
    assert there.to_dict() == nearly.to_dict()
    assert asked == ["follow_departures", "find_all", "add_verdicts"]
    assert_same(nearly, eisfit.fit(some[0], circuit))

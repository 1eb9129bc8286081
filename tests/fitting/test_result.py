"""What a fit returns: frozen, to tables, to JSON and back, and honest about what it lost on the way."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest

import eisfit
from eisfit.errors import EisfitError
from eisfit.files import to_json
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag

FREQUENCY = np.geomspace(1e4, 1.0, 30)


@pytest.fixture(scope="module")
def result():
    s = 2j * np.pi * FREQUENCY
    rng = np.random.default_rng(0)
    z = (2 + 50 / (1 + 50 * 1e-4 * s**0.9)) * (1 + 0.003 * (rng.normal(size=30) + 1j * rng.normal(size=30)))
    spectrum = Spectrum(FREQUENCY, z, source="cell.mpt", cycle=3, metadata={"area": 1.1})
    return eisfit.fit(spectrum, "rs-ct", expr={"R_ct": "25*R_s"}, fix={"CPE_ct_alpha": 0.9})


def test_items(result):
    assert result["R_ct"].value == result.values["R_ct"] == result.params["R_ct"].value
    with pytest.raises(EisfitError, match=r"no parameter 'R_tc'; did you mean 'R_ct'\?"):
        _ = result["R_tc"]
    with pytest.raises(EisfitError, match=r"'C_ct' is derived, no parameter: result.derived\['C_ct'\]"):
        _ = result["C_ct"]
    assert "R_ct" in result and "C_ct" not in result
    assert list(result) == list(dict(result)) == list(result.parameters)


def test_frozen(result):
    for change in ({"ok": False}, {"covar": None}):
        for name, value in change.items():
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(result, name, value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result["R_ct"].value = 3.0


def test_fitted_and_residuals(result):
    s = 2j * np.pi * FREQUENCY
    v = result.values
    z = v["R_s"] + 1 / (v["CPE_ct_Q"] * s ** v["CPE_ct_alpha"] + 1 / v["R_ct"])
    assert result.fitted == pytest.approx(z, rel=1e-10)
    measured = result.spectrum.impedance
    assert result.residuals == pytest.approx((z - measured) / np.abs(measured), abs=1e-10)


def test_document_has_the_promised_keys(result):
    """The keys of DESIGN.md's ``eisfit fit --json``."""
    document = json.loads(to_json(result.to_dict(data=False)))
    keys = {"spectrum", "circuit", "weighting", "parameters", "statistics", "derived", "ok", "flags", "error"}
    assert keys <= set(document)
    assert set(document["spectrum"]) == {
        *("source", "index", "cycle", "points", "frequency_min_Hz", "frequency_max_Hz")
    }
    assert {"name", "string"} <= set(document["circuit"])
    row = {"value", "stderr", "unit", "min", "max", "vary", "expr", "at_bound", "role"}
    assert all(row <= set(parameter) for parameter in document["parameters"].values())
    statistics = {"chisqr", "redchi", "aic", "bic", "ndata", "nvarys", "rms_relative_residual"}
    assert statistics <= set(document["statistics"])
    assert all({"value", "stderr", "unit"} <= set(row) for row in document["derived"].values())
    assert document["error"] is None
    assert document["parameters"]["R_ct"]["max"] is None


def test_there_and_back(result):
    document = json.loads(to_json(result.to_dict()))
    again = FitResult.from_dict(document)
    assert to_json(again.to_dict()) == to_json(result.to_dict())
    assert again.spectrum == result.spectrum
    assert again.circuit == result.circuit
    assert again["R_ct"].max == np.inf
    assert again.covar == pytest.approx(result.covar)
    with pytest.raises(EisfitError, match=r"no objects of lmfit.*use result\.parameters"):
        _ = again.params


def test_a_document_without_data_cannot_come_back(result):
    with pytest.raises(EisfitError, match=r"not a complete fit document: .*data.* missing"):
        FitResult.from_dict(result.to_dict(data=False))


def test_a_document_of_a_later_or_an_earlier_version_is_read(result):
    """Versions add keys: those that are unknown are left out, a statistic that is not there is not known."""
    document = json.loads(to_json(result.to_dict()))
    later = json.loads(to_json(document))
    for block in (later, later["statistics"], later["parameters"]["R_ct"], later["spectrum_document"]):
        block["of_a_later_version"] = 1.0
    assert to_json(FitResult.from_dict(later).to_dict()) == to_json(document)
    del document["statistics"]["redchi"]
    assert np.isnan(FitResult.from_dict(document).statistics.redchi)


def test_every_field_of_a_fit_is_in_its_document(result):
    whole = result.to_dict()
    fields = {row.name for row in dataclasses.fields(result)} - {"lmfit"}
    elsewhere = {"covar": "covariance", "var_names": "covariance", "chosen_by": "circuit"}
    assert {elsewhere.get(name, name) for name in fields} <= set(whole)


def test_correlations_of_a_known_covariance(result):
    covar = np.array([[4.0, 3.0, 0.0], [3.0, 9.0, -2.4], [0.0, -2.4, 1.0]])
    made = dataclasses.replace(result, covar=covar, var_names=("a", "b", "c"))
    assert made.correlations == [
        ("b", "c", pytest.approx(-0.8)),
        ("a", "b", pytest.approx(0.5)),
        ("a", "c", pytest.approx(0.0)),
    ]
    assert dataclasses.replace(result, covar=None).correlations == []


def test_frame(result):
    frame = result.to_frame()
    assert list(frame.index) == ["R_s", "R_ct", "CPE_ct_Q", "CPE_ct_alpha"]
    assert frame.loc["R_ct", "value"] == result["R_ct"].value
    assert {"stderr", "unit", "at_bound", "role"} <= set(frame.columns)


def test_another_verdict(result):
    flag = Flag("kk_failed", "drift", "wait", "forbids")
    other = result.replace_flags((flag,))
    assert (other.ok, other.flags) == (False, (flag,))
    assert result.ok


def test_prints(result):
    assert "R_ct" in repr(result)
    assert repr(result) == str(result)
    assert "R_ct" in result._repr_html_()


def test_failure():
    failure = FitFailure("cell.mpt", "is empty", cycle=3)
    document = json.loads(to_json(failure.to_dict()))
    assert document["error"] == "is empty"
    assert document["spectrum"]["source"] == "cell.mpt"
    assert document["spectrum"]["cycle"] == 3
    assert document["ok"] is False
    assert document["parameters"] is None
    assert not failure.ok
    assert failure.flags == ()


def test_a_failure_has_the_keys_of_a_fit(result):
    failed, found = FitFailure("x", "y").to_dict(), result.to_dict(data=False)
    assert set(failed) == set(found)
    assert set(failed["spectrum"]) == set(found["spectrum"]) - {"simulated", "assumed"}


@pytest.mark.parametrize(
    "name, place",
    [
        *(("redchi", "result.statistics.redchi"), ("best_fit", "result.fitted"), ("success", "result.ok")),
        *(("rmse", "result.statistics.rms_relative_residual"), ("R_ct", "result['R_ct']")),
    ],
)
def test_a_name_of_lmfit_says_where_the_result_has_it(result, name, place):
    with pytest.raises(AttributeError, match=re.escape(f"has no attribute {name!r}: it is {place}")):
        getattr(result, name)
    assert not hasattr(result, name)
    assert eval(place, {"result": result}) is not None


@pytest.mark.parametrize(
    "name, place",
    [("kk", "eisfit.check"), ("plot_bode", "spectrum.plot(kind='bode')"), ("load", "eisfit.read")],
)
def test_a_name_of_other_programs_says_what_it_is_here(name, place):
    with pytest.raises(AttributeError, match=re.escape(f"has no attribute {name!r}: it is {place}")):
        getattr(eisfit, name)

"""Simulated spectra: the circuit's own values, noise of the size asked for, the label, the table."""

from __future__ import annotations

import json

import numpy as np
import pytest

import eisfit
from eisfit.errors import EisfitError, UsageError
from eisfit.model.simulate import frequencies, simulate
from eisfit.spectra.writers.plain_csv import to_csv

RC = "R_s-p(R_ct,C_dl)"
VALUES = {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-5}


def test_without_noise_it_is_the_closed_form():
    f = np.array([1e4, 1e3, 100.0, 1.0])
    spectrum = simulate(RC, VALUES, frequency=f, noise=0)
    expected = 2.0 + 50.0 / (1 + 2j * np.pi * f * 50.0 * 1e-5)
    np.testing.assert_allclose(spectrum.impedance, expected, rtol=1e-14)
    assert spectrum.noise is None


def test_noise_has_the_size_asked_for_in_both_parts_and_no_more():
    f = np.geomspace(1e5, 1e-2, 20_000)
    spectrum = simulate(RC, VALUES, frequency=f, noise=0.01, seed=3)
    exact = 2.0 + 50.0 / (1 + 2j * np.pi * f * 50.0 * 1e-5)
    scaled = (spectrum.impedance - exact) / np.abs(exact)
    for part in (scaled.real, scaled.imag):  # standard error of a standard deviation: 0.01/sqrt(40000)
        assert part.std() == pytest.approx(0.01, rel=0.02)
        assert abs(part.mean()) < 4 * 0.01 / np.sqrt(f.size)
    assert abs(np.corrcoef(scaled.real, scaled.imag)[0, 1]) < 4 / np.sqrt(f.size)
    np.testing.assert_allclose(spectrum.noise, 0.01 * np.abs(exact))


def test_a_seed_repeats_and_another_does_not():
    one, same, other = (simulate(RC, VALUES, seed=seed).impedance for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_frequencies_run_down_and_include_both_ends():
    f = frequencies(1e-2, 1e5, 10)
    assert f.size == 71
    assert f[0] == pytest.approx(1e5)
    assert f[-1] == pytest.approx(1e-2)
    np.testing.assert_allclose(np.diff(np.log10(f)), -0.1, atol=1e-12)


@pytest.mark.parametrize("limits", [(10, 1, 5), (0, 1, 5), (-1, 1, 5), (1, np.inf, 5), (1, 10, 0)])
def test_a_range_that_is_none_is_refused(limits):
    with pytest.raises(UsageError, match="make no sweep"):
        frequencies(*limits)


@pytest.mark.parametrize("noise", [-0.1, 1.0, np.nan])
def test_a_noise_that_is_no_fraction_is_refused(noise):
    with pytest.raises(UsageError, match="is not a fraction of"):
        simulate(RC, VALUES, noise=noise)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"R_ct": -1.0}, "R_ct: the value -1 lies outside its bounds 0 to inf"),
        ({"R_ct": "a"}, "R_ct: 'a' is no number"),
        ({"R_ct": np.nan}, "R_ct: the value nan lies outside"),
        ({"R_tc": 1.0}, "no parameter 'R_tc'; did you mean 'R_ct'"),
    ],
)
def test_a_value_that_cannot_be_is_refused(change, message):
    with pytest.raises(EisfitError, match=message):
        simulate(RC, {**VALUES, **change})


def test_values_may_be_a_list_in_the_circuits_order():
    names = eisfit.circuit(RC).names
    assert simulate(RC, [VALUES[name] for name in names]) == simulate(RC, VALUES)
    with pytest.raises(EisfitError, match="or as a list in the order"):
        simulate(RC, [1.0])


def test_a_missing_value_is_named():
    with pytest.raises(EisfitError, match="no value for C_dl"):
        simulate(RC, {"R_s": 1.0, "R_ct": 2.0})


def test_the_table_is_read_back_with_its_label(tmp_path):
    spectrum = simulate(RC, VALUES, noise=0.01, cycle=50)
    (tmp_path / "cell.csv").write_text(to_csv(spectrum), encoding="utf-8")
    back = eisfit.read(tmp_path / "cell.csv")
    np.testing.assert_allclose(back.frequency, spectrum.frequency, rtol=1e-7)
    np.testing.assert_allclose(back.impedance, spectrum.impedance, rtol=1e-7)
    assert back.cycle == 50
    assert back.metadata["simulated"].startswith("not measured")


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_converted_spectrum_keeps_what_is_known_of_it(tmp_path, ending):
    plain = simulate("rs-ct", {"R_s": 1, "R_ct": 9, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9})
    whole = plain.replace(
        noise=0.01 * np.abs(plain.impedance), cycle=7.0, temperature_C=35.0, potential_V=3.9,
        axes={"soc": 50.0}, metadata={"simulated": "not measured", "instrument": "IFC 1010", "area_cm2": 1.5},
    )  # fmt: skip
    path = tmp_path / f"cell.{ending}"
    path.write_text(to_csv(whole) if ending == "csv" else json.dumps(whole.to_dict()), encoding="utf-8")
    back = eisfit.read(path)
    assert (back.cycle, back.temperature_C, back.potential_V) == (7.0, 35.0, 3.9)
    assert back.noise == pytest.approx(whole.noise, rel=1e-7)
    assert back.summary()["simulated"] and back.metadata["instrument"] == "IFC 1010"
    assert float(back.metadata["soc"]) == 50 and float(back.metadata["area_cm2"]) == 1.5


def test_facts_beside_a_table_in_json_belong_to_its_spectrum(tmp_path):
    table = {"freq": [100, 10, 1], "re": [1, 2, 3], "im": [-0.5, -1, -0.4]}
    cells = [
        {"name": name, "temperature": hot, "data": table}
        for name, hot in (("A", 25), ("B", "318.15 K"))
    ]  # fmt: skip
    path = tmp_path / "cells.json"
    path.write_text(json.dumps({"operator": "me", "cells": cells}), encoding="utf-8")
    spectra = eisfit.read_series(path).spectra
    assert [one.temperature_C for one in spectra] == [25.0, 45.0]
    assert [one.metadata["operator"] for one in spectra] == ["me", "me"]

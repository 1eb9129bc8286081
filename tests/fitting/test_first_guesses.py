"""What a user tries first: it works, or one sentence says what would; never an error of Python's own."""

from __future__ import annotations

import io
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import eisfit
from eisfit.errors import EisfitError, UsageError

VALUES = {"R_s": 2.0, "R_ct": 50.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}
F = np.geomspace(1e4, 0.1, 40)


@pytest.fixture(scope="module")
def spectrum():
    return eisfit.simulate("rs-ct", VALUES, frequency=F, seed=3, cycle=1)


@pytest.fixture(scope="module")
def result(spectrum):
    return eisfit.fit(spectrum, "rs-ct")


@pytest.fixture(scope="module")
def series(spectrum):
    rows = [eisfit.simulate("rs-ct", VALUES | {"R_ct": 50.0 + k}, F, seed=k, cycle=10 * k) for k in range(4)]
    return eisfit.Series(tuple(rows), label="cell")


@pytest.fixture(scope="module")
def track(series):
    return eisfit.track(series, "rs-ct")


def test_values_of_a_circuit_wherever_they_are(result):
    circuit, expected = result.circuit, result.fitted
    forms = [result, result.params, result.parameters, result.values, pd.Series(result.values)]
    forms.append(pd.DataFrame([result.values]).iloc[0])
    for form in forms:
        np.testing.assert_allclose(circuit.impedance(F, form), expected, rtol=1e-12)
    assert eisfit.simulate(circuit, result.params, F, noise=0).impedance == pytest.approx(expected)


def test_numbers_as_objects_and_text_and_rows(spectrum):
    f, z = spectrum.frequency, spectrum.impedance
    for pair in (
        (f.astype(object), z.astype(object)),
        (f.astype(str), z.astype(str)),
        list(zip(f, z, strict=True)),
    ):
        assert eisfit.fit(pair, "rs-ct")["R_ct"].value == pytest.approx(50, rel=0.02)


def test_tables_with_more_than_the_spectrum(series):
    """Columns beside frequency and impedance were dropped: groupby("cycle") gave spectra without a cycle."""
    long = series.to_frame()
    indexed = long.set_index(["cycle", "frequency_Hz"])[["Z_real_ohm", "Z_imag_ohm"]]
    forms = [long, long.groupby("cycle"), [one for _, one in long.groupby("cycle")], indexed]
    for form in forms:
        found = eisfit.track(form, "rs-ct")
        assert found.cycles.tolist() == [0, 10, 20, 30]
        assert [round(one["R_ct"].value) for one in found] == [50, 51, 52, 53]
    with pytest.raises(EisfitError, match="4 spectra where one belongs"):
        eisfit.fit(long, "rs-ct")
    f, z = series[0].frequency, series[0].impedance
    beside = pd.DataFrame({"frequency": f, "impedance": z, "cycle": 7, "name": "anna"})
    assert eisfit.fit(beside, "rs-ct").spectrum.cycle == 7


def test_tables_of_xarray(series):
    xarray = pytest.importorskip("xarray")
    data = series.to_xarray()
    assert isinstance(data, xarray.Dataset)
    assert eisfit.track(data, "rs-ct").cycles.tolist() == [0, 10, 20, 30]
    assert eisfit.fit(data.isel(cycle=1), "rs-ct").spectrum.cycle == 10


def test_a_circuit_is_what_an_identification_or_a_comparison_puts_first(spectrum):
    compared = eisfit.compare(spectrum, ["rs-rc", "rs-ct"])
    assert eisfit.circuit(compared).name == "rs-ct"
    found = eisfit.identify(spectrum)
    assert eisfit.circuit(found) is found.best


def test_what_stands_on_one_axis_may_be_chosen_by_a_mask(series, track):
    later = series[series.cycles > 10]
    assert [one.cycle for one in later] == [20, 30]
    assert (type(later), later.label) == (eisfit.Series, "cell")
    assert [one.cycle for one in series[[3, 0]]] == [30, 0]
    assert [one.spectrum.cycle for one in track[track.cycles > 10]] == [20, 30]


def test_cells_by_name(track):
    table = eisfit.compare_series({"bare": track, "coated": track})
    assert [cell.label for cell in table.cells] == ["bare", "coated"]


def test_fields_of_a_spectrum_are_numbers(spectrum):
    told = eisfit.Spectrum(F, spectrum.impedance, cycle="3", temperature_C=np.float32(25))
    assert (told.cycle, told.temperature_C) == (3.0, 25.0)
    assert type(told.temperature_C) is float
    assert "cycle 3" in repr(told)


def test_a_track_without_a_charge_transfer_draws_what_it_has():
    rows = [eisfit.simulate("R_s-p(R_1,C_1)", [1, 10 + k, 1e-4], F, cycle=k) for k in range(3)]
    ax = eisfit.track(rows, "R_s-p(R_1,C_1)").plot()
    assert "1" in ax.get_ylabel()
    plt.close("all")


def test_documents_are_json_and_come_back(spectrum, result, track):
    """Bounds that are none were infinite: json.dumps wrote a word that no other program reads."""
    for one in (result, track, result.circuit, eisfit.compare(spectrum, ["rs-rc", "rs-ct"])):
        text = json.dumps(one.to_dict(), allow_nan=False)
        assert json.dumps(type(one).from_dict(json.loads(text)).to_dict()) == text
    assert result.to_frame().loc["R_s", "max"] == np.inf
    for one in (eisfit.check(spectrum), eisfit.drt(spectrum)):
        document = one.to_dict()
        assert document["spectrum"]["simulated"]
        assert type(one).from_dict(document).to_dict()["spectrum"] == document["spectrum"]


CALLS = {
    "fit weighting none": (lambda s, r, t: eisfit.fit(s, "rs-ct", weighting=None), "is called None"),
    "fit fmin text": (lambda s, r, t: eisfit.fit(s, "rs-ct", fmin="low"), "fmin: 'low' is not a number"),
    "fit order": (lambda s, r, t: eisfit.fit(s, "rs-ct", order="R_ct"), "arcs are told as"),
    "fit peak": (lambda s, r, t: eisfit.fit(s, "rs-ct", peak=3), "arcs are told as"),
    "fit area": (lambda s, r, t: eisfit.fit(s, "rs-ct", area=2), "geometry={'area'"),
    "fit seed": (lambda s, r, t: eisfit.fit(s, "rs-ct", seed=None), "seed: a whole number, not None"),
    "fit geometry": (lambda s, r, t: eisfit.fit(s, "rs-ct", geometry=3), "geometry: a mapping such as"),
    "fit empty": (lambda s, r, t: eisfit.fit(([], []), "rs-ct"), "frequency: is empty"),
    "cycle": (lambda s, r, t: eisfit.Spectrum(F, s.impedance, cycle="x"), "cycle: 'x' is not a number"),
    "impedance sign": (lambda s, r, t: r.circuit.impedance(-F, r), "frequency: must be positive"),
    "impedance text": (lambda s, r, t: r.circuit.impedance("x", r), "frequency: not a list of numbers"),
    "impedance value": (lambda s, r, t: r.circuit.impedance(F, ["x", 1, 1, 1]), "R_s: 'x' is not a number"),
    "intervals level": (lambda s, r, t: eisfit.intervals(r, "R_ct"), r"names=\('R_ct',\)"),
    "intervals of a spectrum": (lambda s, r, t: eisfit.intervals(s), "intervals are of a fit"),
    "growth": (lambda s, r, t: t.growth(["R_ct"]), "one parameter by its name"),
    "crossing": (lambda s, r, t: t.crossing("R_ct", "2x"), "twice as large is factor=2"),
    "plot names": (lambda s, r, t: t.plot("R_ct", "R_s"), "plot draws one parameter"),
    "joint list": (lambda s, r, t: t.fit_jointly(["R_s"]), "joint goes by the parameters' names"),
    "cells alike": (lambda s, r, t: eisfit.compare_series(t, t), r"give them by name, compare_series\(\{"),
    "cells of text": (lambda s, r, t: eisfit.compare_series("a", "b"), "str: cells are compared by"),
    "series by name": (lambda s, r, t: eisfit.Series((s,))["x"], "spectra have numbers"),
    "track by name": (lambda s, r, t: t["R_ct"], r"to_frame\(\)\['R_ct'\]"),
    "read text": (lambda s, r, t: eisfit.read("f,Z\n1,2"), r"io.StringIO\(...\)"),
    "read bytes": (lambda s, r, t: eisfit.read(b"f,Z\n1,2"), r"io.BytesIO\(...\)"),
    "read a table": (lambda s, r, t: eisfit.read(s.to_frame()), "take a table as it is"),
    "read nothing": (lambda s, r, t: eisfit.read(""), "not an empty text"),
    "read a pattern": (lambda s, r, t: eisfit.read("nowhere/*.csv"), "all that a pattern means"),
    "read_series spectra": (lambda s, r, t: eisfit.read_series([s, s]), "Spectrum: read_series takes files"),
    "report": (lambda s, r, t: eisfit.html_report(s, "x.html"), "not Spectrum: fit it first"),
    "no axes": (lambda s, r, t: s.plot(ax=3), "3 is no axes of matplotlib"),
    "a figure": (lambda s, r, t: r.plot(ax=plt.Figure()), r"ax=figure.subplots\(\)"),
    "fits in a document": (lambda s, r, t: eisfit.FitResult.from_dict({"results": []}), "these are several"),
    "no identification": (lambda s, r, t: eisfit.Identification.from_dict({}), "complete identification"),
    "no comparison": (lambda s, r, t: eisfit.Comparison.from_dict({}), "'ranked' is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "sentence"), CALLS.values(), ids=CALLS)
def test_what_cannot_be_meant_is_one_sentence(spectrum, result, track, call, sentence):
    with pytest.raises(EisfitError, match=sentence):
        call(spectrum, result, track)


def test_a_parameter_by_its_name_alone(result):
    assert list(eisfit.intervals(result, names="R_ct")) == list(eisfit.intervals(result, names=("R_ct",)))


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("phase", "np.angle"),
        ("fit", r"eisfit.fit\(spec"),
        ("to_df", "to_frame"),
        ("Z_real", "impedance.real"),
    ],
)
def test_attributes_of_others(spectrum, name, ours):
    with pytest.raises(AttributeError, match=ours):
        getattr(spectrum, name)


def test_an_axes_of_several(spectrum):
    figure, axes = plt.subplots(1, 2)
    with pytest.raises(UsageError, match=r"takes one axes, not 2: give it one of them, ax=axes\[0\]"):
        spectrum.plot(ax=axes)
    plt.close(figure)


def test_text_in_memory_is_read(spectrum):
    text = spectrum.to_frame().to_csv(index=False)
    assert eisfit.read(io.StringIO(text)).points == spectrum.points

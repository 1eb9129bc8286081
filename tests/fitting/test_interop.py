"""To impedance.py and back, and what lmfit's Parameters say; held against the real programs."""

from __future__ import annotations

import json
from pathlib import Path

import lmfit
import numpy as np
import pytest

import eisfit
from eisfit.errors import CircuitError, EisfitError, ParameterError, UsageError
from eisfit.model.elements import ELEMENTS
from eisfit.model.exchange.impedance_py import SHARED_ELEMENTS, ImpedanceCircuit, map_names

SPECTRA = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml"
FREQUENCY = np.logspace(5, -2, 36)
ABSENT = set(ELEMENTS) - SHARED_ELEMENTS

pytestmark = pytest.mark.filterwarnings("ignore:Simulating circuit based on initial parameters")


@pytest.fixture(scope="module")
def theirs():
    return pytest.importorskip("impedance.models.circuits")


@pytest.fixture(scope="module")
def spectrum():
    return eisfit.read(SPECTRA / "bare" / "bare_cycle_003.csv")


@pytest.fixture(scope="module")
def result(spectrum):
    return eisfit.fit(spectrum, "rs-sei-ct-w")


def with_values(string):
    circuit = eisfit.circuit(string)
    values = {}
    for place, (name, p) in enumerate(circuit.parameters.items()):
        rows = {row.symbol: row for row in ELEMENTS[_symbol(circuit, p.component)].parameters}
        values[name] = rows[p.symbol].typical * (1 + 0.03 * place)
    return circuit.constrain(start={n: min(v, circuit.parameters[n].max) for n, v in values.items()})


def _symbol(circuit, component):
    from eisfit.model.notation import components

    return next(part.symbol for part in components(circuit.tree) if part.name == component)


# ---- to impedance.py


def test_a_fit_as_their_circuit(theirs, result):
    custom = eisfit.to_impedance(result)
    assert type(custom) is theirs.CustomCircuit
    assert custom.circuit == "R0-p(R1,CPE1)-p(R2-W1,CPE2)"
    assert custom.name == "rs-sei-ct-w"
    np.testing.assert_allclose(
        custom.predict(FREQUENCY), result.circuit.impedance(FREQUENCY, result.values), 1e-12
    )
    order, _ = custom.get_param_names()
    ours = {theirs: name for name, theirs in map_names(result.circuit).items()}
    assert [ours[name] for name in order] == list(result.values)
    np.testing.assert_array_equal(custom.parameters_, list(result.values.values()))
    np.testing.assert_array_equal(custom.conf_, [p.stderr for p in result.parameters.values()])
    assert "R2 = 5.18e+01  (+/- 6.60e-02) [Ohm]" in str(custom)


def test_it_can_be_fitted_there(result, spectrum):
    custom = eisfit.to_impedance(result)
    custom.fit(spectrum.frequency, spectrum.impedance, weight_by_modulus=True)
    assert custom.parameters_[4] == pytest.approx(result["R_ct"].value, rel=1e-3)


def test_which_elements_both_have(theirs):
    assert set(ELEMENTS) & set(theirs.elements.circuit_elements) == SHARED_ELEMENTS


@pytest.mark.parametrize("symbol", sorted(SHARED_ELEMENTS))
def test_every_element_that_both_have(theirs, symbol):
    circuit = with_values(f"R_s-{symbol}_x")
    custom = eisfit.to_impedance(circuit)
    ours = circuit.impedance(FREQUENCY, {})
    np.testing.assert_allclose(custom.predict(FREQUENCY, use_initial=True), ours, 1e-12)
    again = eisfit.from_impedance(custom)
    assert list(again.values.values()) == pytest.approx(list(circuit.resolve({}).values()), rel=1e-13)
    np.testing.assert_allclose(again.impedance(FREQUENCY), ours, 1e-12)


TREES = (
    "R_s",
    "p(R_a,C_b)",
    "p(R_a,C_b)-p(R_c,C_d)",
    "L_x-R_s-p(R_a-p(R_b,CPE_b)-W_c,CPE_d)-Wo_e",
    "p(p(R_a,C_a)-p(R_b,C_b),C_c)",
    "p(R_a,p(C_b,L_c),CPE_d-R_d)",
    "R_s-p(C_a,R_b-p(C_c,R_d-p(C_e,R_f)))",
    "R1-p(R_ct,CPE3)-p(R_2,CPE_2)",
)


@pytest.mark.parametrize("string", TREES)
def test_every_shape_of_a_circuit(theirs, string):
    circuit = with_values(string)
    custom = eisfit.to_impedance(circuit)
    assert len(set(custom.get_param_names()[0])) == len(circuit.names)
    ours = circuit.impedance(FREQUENCY, {})
    np.testing.assert_allclose(custom.predict(FREQUENCY, use_initial=True), ours, 1e-12)
    assert eisfit.from_impedance(custom).circuit.string == circuit.string  # its own names come back


@pytest.mark.parametrize("symbol", sorted(ABSENT))
def test_what_they_do_not_have_is_refused(symbol):
    with pytest.raises(CircuitError, match=rf"impedance.py has no element {symbol} \({symbol}_x\)"):
        eisfit.to_impedance(with_values(f"R_s-{symbol}_x"))


def test_fixed_values_become_constants(theirs, spectrum):
    result = eisfit.fit(spectrum, "rs-sei-ct-w", fix={"R_s": 3.6, "CPE_ct_alpha": 0.85})
    custom = eisfit.to_impedance(result)
    assert custom.constants == {"R0": 3.6, "CPE2_1": 0.85}
    assert len(custom.parameters_) == 6
    np.testing.assert_allclose(custom.predict(spectrum.frequency), result.fitted, 1e-12)
    again = eisfit.from_impedance(custom)
    assert not again.circuit.parameters["R_s"].vary
    assert again.circuit.parameters["R_s"].value == 3.6
    assert again.stderr["R_s"] is None


def test_expressions_are_refused_or_frozen(theirs, spectrum):
    result = eisfit.fit(spectrum, "rs-sei-ct-w", expr={"CPE_sei_alpha": "CPE_ct_alpha"})
    with pytest.raises(ParameterError, match=r"no expressions \(CPE_sei_alpha = CPE_ct_alpha\).*freeze_expr"):
        eisfit.to_impedance(result)
    custom = eisfit.to_impedance(result, freeze_expressions=True)
    assert custom.constants == {"CPE1_1": result["CPE_ct_alpha"].value}
    np.testing.assert_allclose(custom.predict(spectrum.frequency), result.fitted, 1e-12)


def test_a_circuit_without_values_asks_for_them():
    with pytest.raises(ParameterError, match=r"needs a start value for R_ct, C_dl: give start="):
        eisfit.to_impedance("R_s-p(R_ct,C_dl)", start={"R_s": 1.0})
    custom = eisfit.to_impedance("R_s-p(R_ct,C_dl)", start={"R_s": 1.0, "R_ct": 9.0, "C_dl": 1e-5})
    assert custom.initial_guess == [1.0, 9.0, 1e-5]
    assert custom.parameters_ is None


def test_the_error_of_their_inductance_is_that_of_a_thousand_draws():
    # L' = L^(1/alpha): linear propagation against drawing (L, alpha) from their covariance.
    truth = {"La_1_L": 3e-6, "La_1_alpha": 0.85, "R_s": 2.0, "R_ct": 30.0, "C_dl": 1e-4}
    noisy = eisfit.simulate(
        "La_1-R_s-p(R_ct,C_dl)", truth, frequency=np.logspace(6, 0, 60), noise=0.002, seed=3
    )
    result = eisfit.fit(noisy, "La_1-R_s-p(R_ct,C_dl)")
    custom = eisfit.to_impedance(result)
    drawn = np.random.default_rng(0).multivariate_normal([result["La_1_L"].value, result["La_1_alpha"].value],
                                                         result.covar[:2, :2], 20_000)  # fmt: skip
    assert custom.conf_[0] == pytest.approx(np.std(drawn[:, 0] ** (1 / drawn[:, 1])), rel=0.05)


# ---- from impedance.py


def test_a_circuit_fitted_there(theirs, spectrum, result):
    custom = theirs.CustomCircuit(
        "R0-p(R1,CPE1)-p(R2-W1,CPE2)", initial_guess=[3, 6, 2e-5, 0.9, 50, 3, 2e-4, 0.85]
    )
    custom.fit(spectrum.frequency, spectrum.impedance, weight_by_modulus=True)
    read = eisfit.from_impedance(custom)
    assert read.fitted
    assert read.circuit.string == custom.circuit
    assert list(read.values) == ["R0", "R1", "CPE1_Q", "CPE1_alpha", "R2", "W1_sigma", "CPE2_Q", "CPE2_alpha"]
    np.testing.assert_array_equal(list(read.values.values()), custom.parameters_)
    np.testing.assert_array_equal(list(read.stderr.values()), custom.conf_)
    np.testing.assert_allclose(read.impedance(spectrum.frequency), custom.predict(spectrum.frequency), 1e-12)
    again = eisfit.fit(spectrum, read.circuit)
    assert again["R2"].value == pytest.approx(result["R_ct"].value, rel=1e-6)
    assert again.starts == 1


def test_their_object_is_a_circuit_everywhere(theirs, spectrum, result):
    custom = theirs.CustomCircuit(
        "R0-p(R1,CPE1)-p(R2-W1,CPE2)", initial_guess=[3, 6, 2e-5, 0.9, 50, 3, 2e-4, 0.85]
    )
    assert eisfit.circuit(custom).parameters["R2"].value == 50
    assert eisfit.fit(spectrum, custom)["R2"].value == pytest.approx(result["R_ct"].value, rel=1e-6)


def test_their_randles_circuit(theirs):
    read = eisfit.from_impedance(theirs.Randles(CPE=True, initial_guess=[1, 2, 3, 4, 1e-4, 0.9]))
    assert read.circuit.string == "R0-p(R1-Wo1,CPE1)"
    assert not read.fitted


def test_constants_are_fixed(theirs):
    custom = theirs.CustomCircuit("R0-p(R1,CPE1)", initial_guess=[1.0, 2e-5, 0.9], constants={"R1": 20.0})
    read = eisfit.from_impedance(custom)
    assert not read.circuit.parameters["R1"].vary
    assert read.values == {"R0": 1.0, "R1": 20.0, "CPE1_Q": 2e-5, "CPE1_alpha": 0.9}


def test_a_constant_inductance_with_a_free_exponent_is_an_expression(theirs):
    custom = theirs.CustomCircuit("R0-La0", initial_guess=[1.0, 0.9], constants={"La0_0": 1e-6})
    read = eisfit.from_impedance(custom)
    assert read.circuit.parameters["La0_L"].expr == "1e-06 ** La0_alpha"
    np.testing.assert_allclose(read.impedance(FREQUENCY), custom.predict(FREQUENCY, use_initial=True), 1e-12)
    half = theirs.CustomCircuit("R0-La0", initial_guess=[1.0, 1e-6], constants={"La0_1": 0.5})
    assert eisfit.from_impedance(half).values["La0_L"] == pytest.approx(1e-3)


def test_errors_that_they_do_not_have(theirs):
    custom = theirs.CustomCircuit("R0-C1", initial_guess=[1.0, 1e-5])
    custom.parameters_ = np.array([1.0, 1e-5])
    assert eisfit.from_impedance(custom).stderr == {"R0": None, "C1": None}
    custom.conf_ = np.array([0.1, np.inf])
    assert eisfit.from_impedance(custom).stderr == {"R0": 0.1, "C1": None}


def test_values_outside_the_usual_bounds_widen_them(theirs):
    custom = theirs.CustomCircuit("R0-CPE1", initial_guess=[0.0, 1e-5, 0.15])
    read = eisfit.from_impedance(custom)
    assert read.circuit.parameters["CPE1_alpha"].min == 0.15
    np.testing.assert_allclose(read.impedance(FREQUENCY), custom.predict(FREQUENCY, use_initial=True), 1e-12)


def test_a_saved_file(theirs, tmp_path, result):
    path = tmp_path / "cell.json"
    eisfit.to_impedance(result).save(str(path))
    read = eisfit.from_impedance(path)
    assert read.circuit.name == "rs-sei-ct-w"
    assert dict(read.values) == result.values
    assert dict(read.stderr) == {name: p.stderr for name, p in result.parameters.items()}
    assert eisfit.circuit(path).parameters["R_ct"].value == result["R_ct"].value
    assert eisfit.circuit(str(path)).string == result.circuit.string


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # theirs
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_they_wrote(theirs, tmp_path):
    path = tmp_path / "theirs.json"
    theirs.CustomCircuit("R_0 - p(R_1, C_1)", initial_guess=[1, 2, 1e-5], name="dummy").save(str(path))
    read = eisfit.from_impedance(path)
    assert read.circuit.string == "R_0-p(R_1,C_1)"
    loaded = theirs.CustomCircuit()
    eisfit.to_impedance(read).save(str(path))
    loaded.load(str(path))
    assert loaded.initial_guess == [1, 2, 1e-5]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "not a circuit saved by impedance.py"),
        ({"circuit": "R0"}, "not a circuit saved by impedance.py: it has no 'Circuit String'"),
        ({"Circuit String": "R0-XY1"}, "(?s)impedance.py's 'R0-XY1': 'XY1' is not an element"),
        ({"Circuit String": "R0-HN1"}, "impedance.py has no element HN"),
        ({"Circuit String": "R0-C1", "Initial Guess": [1.0]}, "1 values for 2 parameters"),
        (
            {"Circuit String": "R0-C1", "Initial Guess": [1.0], "Constants": {"CPE1_3": 1e-5}},
            "the constant 'CPE1_3' is no parameter; it has R0, C1",
        ),
        ({"Circuit String": "R0-C1", "Initial Guess": [-1.0, 1e-5]}, "R0 is -1, and cannot be negative"),
        (
            {"Circuit String": "R0", "Fit": True, "Parameters": [1.0], "Confidence": [0.1, 0.2]},
            "2 errors for 1 parameters",
        ),
        ({"Circuit String": "R0", "Fit": True, "Parameters": None}, "it holds no values"),
    ],
)
def test_wrong_files_are_refused_in_one_sentence(tmp_path, document, message):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(EisfitError, match=message) as caught:
        eisfit.from_impedance(path)
    assert str(caught.value).startswith(str(path))


def test_files_that_are_none(tmp_path):
    with pytest.raises(CircuitError, match=r"none\.json: there is no such file"):
        eisfit.circuit(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("R0-C1", encoding="utf-8")
    with pytest.raises(CircuitError, match=r"text\.json: is not valid JSON"):
        eisfit.from_impedance(tmp_path / "text.json")
    with pytest.raises(CircuitError, match=r"7 is no circuit of impedance\.py"):
        eisfit.from_impedance(7)


def test_what_was_read_prints_and_travels(theirs):
    custom = theirs.CustomCircuit("R0-p(R1,C1)", initial_guess=[1.0, 20.0], constants={"C1": 1e-5})
    read = eisfit.from_impedance(custom)
    again = ImpedanceCircuit.from_dict(json.loads(json.dumps(read.to_dict())))
    assert again.circuit == read.circuit
    assert (again.values, again.stderr, again.fitted) == (read.values, read.stderr, False)
    assert repr(read).startswith("<ImpedanceCircuit R0-p(R1,C1): initial guess>")
    assert "<table" in read._repr_html_()
    assert list(read.to_frame().columns) == ["value", "stderr", "unit", "vary", "impedance.py"]


# ---- lmfit


def parameters(**rows):
    params = lmfit.Parameters()
    for name, row in rows.items():
        params.add(name, **row)
    return params


def test_lmfit_sets_values_bounds_vary_and_expr(spectrum):
    params = parameters(
        R_s={"value": 3.6, "vary": False},
        R_ct={"value": 50.0, "min": 10.0, "max": 100.0},
        CPE_ct_alpha={"value": 0.85, "min": -1.0},
        CPE_sei_alpha={"expr": "CPE_ct_alpha"},
    )
    result = eisfit.fit(spectrum, "rs-sei-ct-w", params=params)
    assert result["R_s"].value == 3.6
    assert (result["R_ct"].min, result["R_ct"].max) == (10.0, 100.0)
    assert result["CPE_sei_alpha"].value == result["CPE_ct_alpha"].value
    assert result["R_sei"].vary  # what the Parameters do not hold is the circuit's


def test_the_parameters_of_a_fit_start_the_next(spectrum, result):
    again = eisfit.fit(spectrum, "rs-sei-ct-w", params=result.params)
    assert again.starts == 1
    assert again.values == pytest.approx(result.values, rel=1e-6)


def test_infinite_bounds_and_values_say_nothing():
    circuit = eisfit.circuit("rs-ct").constrain(params=parameters(CPE_ct_alpha={}, R_ct={"value": 3.0}))
    assert circuit.parameters["CPE_ct_alpha"] == eisfit.circuit("rs-ct").parameters["CPE_ct_alpha"]
    assert circuit.parameters["R_ct"].min == 0.0


def test_words_go_before_lmfit():
    params = parameters(R_ct={"value": 3.0, "expr": None})
    circuit = eisfit.circuit("rs-ct").constrain(params=params, start={"R_ct": 9.0})
    assert circuit.parameters["R_ct"].value == 9.0


def test_an_unknown_name_is_said(spectrum):
    with pytest.raises(UsageError, match="no parameter 'R_tc'; did you mean 'R_ct'"):
        eisfit.fit(spectrum, "rs-ct", params=parameters(R_tc={"value": 1.0}))


def test_an_expression_beyond_arithmetic_is_refused(spectrum):
    params = parameters(R_s={"value": 1.0}, R_ct={"expr": "arctan(R_s)"})
    with pytest.raises(ParameterError, match="arctan"):
        eisfit.fit(spectrum, "rs-ct", params=params)


def test_numbers_and_parameters_are_not_mixed_up():
    circuit = eisfit.circuit("rs-ct")
    with pytest.raises(ParameterError, match=r"start takes numbers: give lmfit's Parameters as params="):
        circuit.constrain(start=parameters(R_ct={"value": 3.0}))
    with pytest.raises(
        ParameterError, match=r"params takes lmfit's Parameters, not 3\.0: give numbers as start="
    ):
        circuit.constrain(params={"R_ct": 3.0})


def test_series_and_many_take_them_too(spectrum):
    params = parameters(R_s={"value": 3.6, "vary": False})
    series = eisfit.read_series(SPECTRA / "bare")[:2]
    assert [r["R_s"].value for r in eisfit.track(series, "rs-sei-ct-w", params=params)] == [3.6, 3.6]
    assert [r["R_s"].value for r in eisfit.fit_many(series, "rs-sei-ct-w", params=params)] == [3.6, 3.6]


# ---- xarray


def uneven():
    one = eisfit.Spectrum(
        frequency=[100.0, 10.0, 1.0], impedance=[1 - 1j, 2 - 2j, 3 - 3j], cycle=5, time_s=60.0
    )
    rounded = one.replace(
        frequency=[100.00001, 1.0, 0.1], impedance=[4 - 1j, 5 - 2j, 6 - 3j], cycle=6, time_s=None
    )
    return eisfit.Series((one, rounded), label="cell", notes=("as found",))


def test_a_series_as_a_dataset():
    xarray = pytest.importorskip("xarray")
    dataset = uneven().to_xarray()
    assert isinstance(dataset, xarray.Dataset)
    assert dict(dataset.sizes) == {"cycle": 2, "frequency": 4}
    np.testing.assert_allclose(dataset.frequency, [100.0, 10.0, 1.0, 0.1], rtol=1e-6)
    np.testing.assert_array_equal(dataset.Z_real, [[1, 2, 3, np.nan], [4, np.nan, 5, 6]])
    np.testing.assert_array_equal(dataset.Z_imag.sel(cycle=6), [-1, np.nan, -2, -3])
    units = {name: variable.attrs.get("units") for name, variable in dataset.variables.items()}
    assert units["frequency"] == "Hz"
    assert units["Z_real"] == units["Z_imag"] == "ohm"
    assert units["time"] == "s"
    np.testing.assert_array_equal(dataset.time, [60.0, np.nan])
    assert dataset.attrs == {"title": "cell", "notes": "as found", "made_by": "eisfit"}
    assert "temperature" not in dataset.coords
    assert "noise" not in dataset


def test_a_track_as_a_dataset(tmp_path):
    xarray = pytest.importorskip("xarray")
    good = eisfit.read_series(SPECTRA / "bare")[:2]
    bad = eisfit.Spectrum(frequency=[2.0, 1.0], impedance=[1 - 1j, 2 - 1j], cycle=70)
    tracked = eisfit.track([*good, bad], "rs-sei-ct-w")
    dataset = tracked.to_xarray()
    assert dict(dataset.sizes) == {"cycle": 3, "frequency": 71, "parameter": 8}
    at = dataset.sel(cycle=50, parameter="R_ct")
    assert float(at.value) == tracked[1]["R_ct"].value
    assert float(at.stderr) == tracked[1]["R_ct"].stderr
    assert str(at.unit.values) == "ohm"
    assert list(dataset.ok.values) == [True, True, False]
    assert dataset.value.sel(cycle=70).isnull().all()
    fitted = dataset.fit_real + 1j * dataset.fit_imag
    np.testing.assert_array_equal(fitted.sel(cycle=3), tracked[0].fitted)
    np.testing.assert_array_equal(dataset.Z_real[0], good[0].impedance.real)
    assert dataset.attrs["circuit"] == "rs-sei-ct-w"
    path = tmp_path / "track.nc"
    dataset.to_netcdf(path, engine="scipy")
    with xarray.open_dataset(path, engine="scipy") as again:
        xarray.testing.assert_equal(again.value.load(), dataset.value)


def test_an_empty_series_and_unknown_cycles():
    pytest.importorskip("xarray")
    assert dict(eisfit.Series(()).to_xarray().sizes) == {"cycle": 0, "frequency": 0}
    unknown = eisfit.Series(tuple(s.replace(cycle=None) for s in uneven())).to_xarray()
    assert np.isnan(unknown.cycle).all()
    assert list(unknown["index"]) == [0, 0]


def test_without_xarray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    with pytest.raises(UsageError, match=r'pip install "eisfit-toolkit\[xarray\]"'):
        uneven().to_xarray()


# ---- pandas


def test_frames_carry_units(result):
    assert list(result.spectrum.to_frame().columns) == ["frequency_Hz", "Z_real_ohm", "Z_imag_ohm"]
    assert result.to_frame().loc["R_ct", "unit"] == "ohm"
    bare, coated = (
        eisfit.track(eisfit.read_series(SPECTRA / n)[:3], "rs-sei-ct-w") for n in ("bare", "coated")
    )
    units = bare.to_frame().attrs["units"]
    assert units["R_ct"] == units["R_ct_stderr"] == "ohm"
    assert units["W_d_sigma"] == "ohm s^-1/2"
    cells = eisfit.compare_series([bare, coated])
    assert cells.to_frame().attrs["units"] == units
    assert set(units) < set(cells.to_frame().columns)
    assert cells.comparison["R_ct"][0].to_frame().attrs["units"]["rate"] == "ohm per cycle"

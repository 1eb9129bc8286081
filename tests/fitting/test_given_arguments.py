"""Every call takes what people have in their hands, and an option that it lacks is told by its own name."""

from __future__ import annotations

import lmfit
import numpy as np
import pandas as pd
import pytest

import eisfit
from eisfit.errors import CircuitError, EisfitError, ParameterError, SpectrumError, UsageError
from eisfit.spectra.given import to_spectra, to_spectrum
from eisfit.spectra.writers.plain_csv import to_csv

VALUES = {"R_s": 2.0, "R_ct": 50.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}


@pytest.fixture(scope="module")
def spectrum():
    return eisfit.simulate("rs-ct", VALUES, frequency=np.geomspace(1e4, 0.1, 40), seed=3)


@pytest.fixture(scope="module")
def forms(spectrum, tmp_path_factory):
    path = tmp_path_factory.mktemp("calls") / "cell.csv"
    path.write_text(to_csv(spectrum), encoding="utf-8")
    f, z = spectrum.frequency, spectrum.impedance
    foreign = pd.DataFrame({"freq/Hz": f, "Re(Z)/Ohm": z.real, "-Im(Z)/Ohm": -z.imag})
    return {
        "path": path,
        "text": str(path),
        "pair": (f, z),
        "lists": [list(f), list(z)],
        "shuffled": (f[::-1], z[::-1]),
        "complex array": np.array([f, z]),
        "rows": np.array([f, z]).T,
        "list of a path": [path],
        "frame": spectrum.to_frame(),
        "headers": foreign,
        "complex column": pd.DataFrame({"frequency": f, "impedance": z}),
        "mapping": {"frequency": f, "impedance": z},
        "frequency as index": pd.DataFrame({"Z": z}, index=pd.Index(f, name="freq")),
        "document": spectrum.to_dict(),
        "series": eisfit.read_series(path),
        "list of one": [spectrum],
    }


def test_every_form_is_the_same_spectrum(spectrum, forms):
    for name, form in forms.items():
        one = to_spectrum(form)
        np.testing.assert_allclose(one.frequency, spectrum.frequency, rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(one.impedance, spectrum.impedance, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("form", ["path", "pair", "frame", "headers"])
def test_calls_take_every_form(spectrum, forms, form):
    given = forms[form]
    assert eisfit.fit(given, "rs-ct").values == pytest.approx(eisfit.fit(spectrum, "rs-ct").values, rel=1e-4)
    assert eisfit.fit(spectrum=given, circuit="rs-ct").grade == "A"
    assert eisfit.check(given).ok
    assert eisfit.compare(given, ["rs-ct"]).best.name == "rs-ct"
    assert len(eisfit.drt(given, samples=5).peaks) == 1


@pytest.mark.slow
def test_identify_takes_a_pair(forms):
    assert eisfit.identify(forms["pair"]).best.string == "R_s-p(R_ct,CPE_ct)"


def test_a_fit_stands_for_its_spectrum(spectrum):
    result = eisfit.fit(spectrum, "rs-ct")
    assert eisfit.check(result).spectrum is result.spectrum


def test_series_of_every_form(spectrum, forms, tmp_path):
    (tmp_path / "c1.csv").write_text(to_csv(spectrum), encoding="utf-8")
    for several in (str(tmp_path), tmp_path, [tmp_path / "c1.csv"], [forms["pair"]], iter([spectrum])):
        assert len(eisfit.track(several, "rs-ct")) == 1
        if not hasattr(several, "__next__"):
            assert [r.grade for r in eisfit.fit_many(several, "rs-ct")] == ["A"]
    with pytest.raises(UsageError, match="several spectra belong here"):
        eisfit.track(spectrum, "rs-ct")
    with pytest.raises(UsageError, match="several spectra belong here"):
        to_spectra(forms["frame"])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (3.0, "float is no spectrum: give a path, a pair"),
        (([1.0, 2.0], [1.0, 2.0]), "the impedances are real numbers: give real"),
        (([1 - 1j, 2], [1.0, 2.0]), "the frequencies are complex: the pair is"),
        (([1.0], [1.0], [1.0]), "three columns do not say whether the last is Z'' or -Z''"),
        (np.ones((9, 3)), "three columns do not say whether the last is Z'' or -Z''"),
        (([1.0], [1.0], [1.0], [1.0]), "a tuple of 4 is no spectrum"),
        ({"frequency_Hz": [1.0]}, "the table's columns"),
        (([1.0, 2.0], [1 - 1j]), "impedance: has 1 values for 2 frequencies"),
        ([], "a list of 0 is no spectrum"),
    ],
)
def test_what_is_no_spectrum_is_said(given, sentence):
    with pytest.raises(EisfitError) as told:
        eisfit.fit(given, "rs-ct")
    assert sentence in str(told.value)


def test_one_of_several_is_not_guessed(spectrum):
    with pytest.raises(SpectrumError, match=r"2 spectra where one belongs: .*fit_many"):
        eisfit.fit([spectrum, spectrum], "rs-ct")


def test_arrays_in_the_place_of_a_circuit(spectrum):
    with pytest.raises(CircuitError, match=r"not ndarray; frequencies and impedances go together, as a pair"):
        eisfit.fit(spectrum, spectrum.impedance)
    with pytest.raises(UsageError, match=r"fit: frequencies and impedances go together, as a pair"):
        eisfit.fit(spectrum.frequency, spectrum.impedance, "rs-ct")
    with pytest.raises(UsageError, match=r"check: too many positional arguments; it takes spectrum"):
        eisfit.check(spectrum, "rs-ct", 3, 4)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("initial_guess", "start values are start="),
        ("constants", "fixed values are fix="),
        ("bounds", "None leaves a side as it is"),
        ("weight_by_modulus", "weighting='modulus'"),
        ("global_opt", "searched globally: leave it out"),
        ("wieghting", "did you mean 'weighting'"),
        ("banana", "it has spectrum, circuit, weighting"),
    ],
)
def test_the_names_of_others_are_told_ours(spectrum, option, sentence):
    with pytest.raises(UsageError, match=f"fit has no option '{option}'") as told:
        eisfit.fit(spectrum, "rs-ct", **{option: 1})
    assert sentence in str(told.value)
    with pytest.raises(UsageError, match=f"fit_many has no option '{option}'"):
        eisfit.fit_many([spectrum], "rs-ct", **{option: 1})
    with pytest.raises(UsageError, match=f"track has no option '{option}'"):
        eisfit.track([spectrum], "rs-ct", **{option: 1})


def test_an_axis_by_another_name_or_none_at_all(spectrum):
    with pytest.raises(UsageError, match="track has no option 'axis': the axis of a series is by="):
        eisfit.track([spectrum], "rs-ct", axis="temperature")
    with pytest.raises(UsageError, match="by takes names of axes"):
        eisfit.track([spectrum], "rs-ct", by=[1, 2])


# ---- start values, bounds


def test_start_values_in_every_form(spectrum):
    once = eisfit.fit(spectrum, "rs-ct")
    for start in (
        VALUES,
        list(VALUES.values()),
        tuple(VALUES.values()),
        np.array(list(VALUES.values())),
        once,
    ):
        again = eisfit.fit(spectrum, "rs-ct", start=start)
        assert again.starts == 1
        assert again.values == pytest.approx(once.values, rel=1e-6)


def test_a_list_may_leave_out_what_is_fixed():
    circuit = eisfit.circuit("rs-ct").constrain(fix={"R_s": 2.0})
    started = circuit.constrain(start=[50.0, 1e-4, 0.9])
    assert [p.value for p in started.parameters.values()] == [2.0, 50.0, 1e-4, 0.9]
    assert not started.parameters["R_s"].vary


def test_a_fit_of_another_circuit_starts_what_they_share(spectrum):
    once = eisfit.fit(spectrum, "rs-ct")
    circuit = eisfit.circuit("rs-ct-w").constrain(start=once)
    assert circuit.parameters["R_ct"].value == once.values["R_ct"]
    assert circuit.parameters["W_d_sigma"].value is None
    with pytest.raises(ParameterError, match="the fit has none of the parameters R0"):
        eisfit.circuit("R0-C0").constrain(start=once)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"start": [1.0, 2.0]}, "start has 2 values for 4 parameters: R_s, R_ct, CPE_ct_Q, CPE_ct_alpha"),
        ({"start": "R_s"}, "start is a dict, a list or a fit, not str"),
        ({"start": {"R_s": "two"}}, "R_s: 'two' is not a number"),
        ({"start": {"R_tc": 1.0}}, "did you mean 'R_ct'"),
        ({"bound": {"R_s": 5}}, "R_s: bounds are a pair"),
        ({"bound": [(0, 1), (0, 2)]}, "bound goes by the parameters' names, bound={'R_ct': (0, 100)}"),
        ({"fix": ["R_s"]}, "fix goes by the parameters' names, fix={'R_ct': 1.5}, not a list"),
        ({"bound": {"R_s": (5, 1)}}, "the lower bound 5 is not below the upper bound 1"),
        ({"fix": {"R_s": 1.0}, "start": {"R_s": 2.0}}, "R_s: is fixed at 1.0 and starts at 2.0"),
        ({"fix": {"R_s": 1.0}, "expr": {"R_s": "R_ct"}}, "R_s: is fixed and has an expression"),
        ({"start": {"R_s": 1.0}, "expr": {"R_s": "R_ct"}}, "R_s: has an expression, so that its start"),
    ],
)
def test_what_says_nothing_or_two_things_is_refused(options, sentence):
    with pytest.raises(ParameterError) as told:
        eisfit.circuit("rs-ct").constrain(**options)
    assert sentence in str(told.value)


def test_the_best_of_a_comparison_and_a_fit_stand_for_their_circuit(spectrum):
    best = eisfit.compare(spectrum, ["rs-ct", "rs-rc"]).best
    assert eisfit.fit(spectrum, best).circuit == best.circuit
    assert eisfit.circuit(eisfit.fit(spectrum, "rs-ct")).string == eisfit.circuit("rs-ct").string


def test_an_open_side_of_a_bound_stays_as_it_is():
    p = eisfit.circuit("rs-ct").constrain(bound={"R_ct": (500, None), "CPE_ct_alpha": (None, 0.9)}).parameters
    assert (p["R_ct"].min, p["R_ct"].max) == (500.0, np.inf)
    assert (p["CPE_ct_alpha"].min, p["CPE_ct_alpha"].max) == (0.2, 0.9)


def test_parameters_of_lmfit_may_be_negative_where_they_say_so():
    params = lmfit.Parameters()
    params.add("R1", value=-4.0, min=-10.0, max=0.0)
    p = eisfit.circuit("R0-p(R1,C1)").constrain(params=params).parameters["R1"]
    assert (p.min, p.max, p.value, p.scale) == (-10.0, 0.0, -4.0, "linear")


# ---- what comes back


def test_a_fit_predicts_anywhere(spectrum):
    result = eisfit.fit(spectrum, "rs-ct")
    v = result.values
    s = 2j * np.pi * np.array([3.0, 1e6])
    expected = v["R_s"] + v["R_ct"] / (1 + v["R_ct"] * v["CPE_ct_Q"] * s ** v["CPE_ct_alpha"])
    assert result.predict([3.0, 1e6]) == pytest.approx(expected, rel=1e-12)
    assert result.predict() == pytest.approx(result.fitted)
    assert "R_ct" in result.summary()
    for wrong, sentence in (
        ("abc", "not a list of numbers"),
        ([1.0, -1.0], "must be positive, but -1 Hz"),
    ):
        with pytest.raises(SpectrumError, match=f"frequency: {sentence}"):
            result.predict(wrong)


@pytest.mark.slow
def test_plots_by_kind(spectrum):
    import matplotlib.pyplot as plt

    result = eisfit.fit(spectrum, "rs-ct")
    for one in (spectrum, result):
        assert len(one.plot(kind="bode")) == 2
        assert one.plot().get_xlabel() == one.plot(kind="nyquist").get_xlabel()
        with pytest.raises(
            UsageError, match=r"no plot is called 'bodee'; use nyquist.* bode.*; did you mean 'bode'"
        ):
            one.plot(kind="bodee")
        with pytest.raises(UsageError, match="the kind goes by name: kind='bode'"):
            one.plot("bode")
    left = result.residuals
    real, imaginary = (line.get_ydata() for line in result.plot(kind="residuals").lines[1:])
    assert real == pytest.approx(-100 * left.real) and imaginary == pytest.approx(-100 * left.imag)
    plt.close("all")


def test_slices_of_a_spectrum(spectrum):
    assert spectrum[5:].frequency.tolist() == spectrum.frequency[5:].tolist()
    assert spectrum[::2].points == 20
    assert spectrum[spectrum.frequency < 1].frequency.max() < 1
    assert spectrum[-1].impedance.tolist() == [spectrum.impedance[-1]]
    assert spectrum[5:].noise.tolist() == spectrum.noise[5:].tolist()
    assert next(iter(spectrum)) == (spectrum.frequency[0], spectrum.impedance[0])
    for wrong in (400, "a", slice(400, None)):
        with pytest.raises(SpectrumError):
            spectrum[wrong]


def test_from_frame(spectrum):
    assert eisfit.Spectrum.from_frame(spectrum.to_frame()).noise.tolist() == spectrum.noise.tolist()
    assert eisfit.Spectrum.from_frame(spectrum.to_frame(), cycle=7).cycle == 7
    with pytest.raises(
        SpectrumError, match="the table has no column Z_imag_ohm; it has frequency_Hz, Z_real_ohm"
    ):
        eisfit.Spectrum.from_frame(spectrum.to_frame()[["frequency_Hz", "Z_real_ohm"]])
    with pytest.raises(SpectrumError, match="int is no table: give a DataFrame"):
        eisfit.Spectrum.from_frame(5)


# ---- expressions and bounds


def test_an_expression_is_never_held_in_silence(spectrum):
    """R_s = 2 ohm in the data, so that R_s - 5 is negative."""
    result = eisfit.fit(spectrum, "rs-ct", expr={"R_ct": "R_s-5"})
    held = next(flag for flag in result.flags if flag.name == "expression_held")
    assert held.level == "forbids" and not result.ok
    assert "R_ct = R_s-5 gives -" in held.cause and "was held at 0" in held.cause
    allowed = eisfit.fit(spectrum, "rs-ct", expr={"R_ct": "R_s-5"}, bound={"R_ct": (-100, None)})
    assert "expression_held" not in {flag.name for flag in allowed.flags}
    assert allowed["R_ct"].value == pytest.approx(allowed["R_s"].value - 5)
    inside = eisfit.fit(spectrum, "rs-ct", expr={"R_ct": "25*R_s"})
    assert "expression_held" not in {flag.name for flag in inside.flags}


def test_a_circuit_asked_for_what_an_expression_cannot_be_says_so():
    circuit = eisfit.circuit("rs-ct").constrain(expr={"R_ct": "R_s-5"})
    with pytest.raises(ParameterError, match=r"R_ct = R_s-5 gives -3, outside its bounds 0 to inf"):
        circuit.impedance([1.0], {"R_s": 2.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9})


def test_negative_amplitudes_from_the_shell(capsys, tmp_path):
    """An inductive loop as a negative arc (simulated): R1 and C1 below zero by --bound."""
    from eisfit.cli import app

    f = np.geomspace(1e4, 1e-2, 50)
    s = 2j * np.pi * f
    z = 3 + 20 / (1 + 20 * 1e-4 * s) - 6 / (1 + 0.5 * s)
    (tmp_path / "loop.csv").write_text(to_csv(eisfit.Spectrum(f, z)), encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        app(
            ["fit", str(tmp_path / "loop.csv"), "-c", "R0-p(R2,C2)-p(R1,C1)", "--json",
             "--bound", "R1=-1e5:0", "--bound", "C1=-1e3:0"]
        )  # fmt: skip
    assert not end.value.code
    import json

    rows = json.loads(capsys.readouterr().out)["results"][0]["parameters"]
    assert rows["R1"]["value"] == pytest.approx(-6, rel=1e-4)
    assert rows["C1"]["value"] == pytest.approx(-0.5 / 6, rel=1e-4)


# ---- what others call things


def test_open_files(spectrum, forms):
    with forms["path"].open(encoding="utf-8") as stream:
        assert to_spectrum(stream).frequency == pytest.approx(spectrum.frequency)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Z", "spectrum.impedance"),
        ("freq", "spectrum.frequency"),
        ("real", "spectrum.impedance.real"),
        ("crop", "select"),
    ],
)
def test_attributes_of_a_spectrum_by_other_names_are_told(spectrum, name, ours):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': it is .*{ours}"):
        getattr(spectrum, name)
    assert not hasattr(spectrum, "banana")


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("chi2", r"result\.statistics\.chisqr"),
        ("interval", r"eisfit\.intervals"),
        ("to_json", "to_dict"),
        ("rms", "statistics"),
    ],
)
def test_attributes_of_a_fit_by_other_names_are_told(spectrum, name, ours):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': it is .*{ours}"):
        getattr(eisfit.fit(spectrum, "rs-ct"), name)


def test_values_of_a_circuit_in_its_order_and_what_else_is_said(spectrum):
    circuit, f = eisfit.circuit("R0-p(R1,C1)"), spectrum.frequency
    named = circuit.impedance(f, {"R0": 1.0, "R1": 2.0, "C1": 1e-3})
    np.testing.assert_array_equal(circuit.impedance(f, [1.0, 2.0, 1e-3]), named)
    np.testing.assert_array_equal(
        eisfit.simulate("R0-p(R1,C1)", {"R0": 1.0, "R1": 2.0, "C1": 1e-3}, f, noise=0).impedance, named
    )
    with pytest.raises(ParameterError, match="in the order R0, R1, C1"):
        circuit.impedance(f, [1.0])
    row = pd.Series({"C1": 1e-3, "R0": 1.0, "R1": 2.0})  # by its names, whatever their order
    np.testing.assert_array_equal(circuit.impedance(f, row), named)
    with pytest.raises(ParameterError, match="no parameter 0"):
        circuit.impedance(f, pd.Series([1.0, 2.0, 1e-3]))
    for unordered in ({1.0, 2.0, 3.0}, np.array(1.0), "abc"):
        with pytest.raises(ParameterError, match="by name, or as a list"):
            circuit.impedance(f, unordered)
    with pytest.raises(ParameterError, match="takes the frequency first"):
        circuit.impedance({"R0": 1.0, "R1": 2.0, "C1": 1e-3}, f)
    with pytest.raises(ParameterError, match=r"eisfit\.circuit\('R0-p\(R1,C1\)'\) builds one"):
        eisfit.Circuit("R0-p(R1,C1)")


def test_a_column_called_read_makes_no_open_file(spectrum):
    frame = spectrum.to_frame().assign(read=1)
    np.testing.assert_allclose(to_spectrum(frame).impedance, spectrum.impedance)

"""`track` over temperature, thickness, state of charge, and over two axes at once."""

import json

import numpy as np
import pytest

import eisfit
from eisfit.display.plot.series import cells_trend, series_waterfall
from eisfit.errors import UsageError
from eisfit.spectra.axes import AXES
from eisfit.spectra.series import Series
from eisfit.tracking.growth.axis_laws import fit_smooth_curve
from eisfit.tracking.series_result import SeriesResult

K_EV = 1.380649e-23 / 1.602176634e-19
CIRCUIT = "R_s-p(R_ct,C_ct)"
FREQUENCY = np.logspace(5, -2, 36)


def spectrum(rng, r_s=5.0, r_ct=20.0, noise=3e-3, **place):
    z = r_s + r_ct / (1 + 2j * np.pi * FREQUENCY * r_ct * 1e-4)
    z = z * (1 + noise * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size)))
    return eisfit.Spectrum(FREQUENCY, z, **place)


def activated(celsius, energy=0.5):
    return 20 * np.exp(energy / K_EV * (1 / (celsius + 273.15) - 1 / 298.15))


@pytest.fixture(scope="module")
def warm():
    rng = np.random.default_rng(7)
    places = (50.0, -20.0, 10.0, 20.0, -5.0, 30.0, 40.0)
    return [spectrum(rng, r_ct=activated(t), temperature_C=t) for t in places]


def test_temperature(warm):
    t = eisfit.track(warm, CIRCUIT, by="temperature")
    document = json.loads(json.dumps(t.to_dict()))
    assert document["axis"] == "temperature"
    assert [row["temperature"] for row in document["rows"]] == [-20, -5, 10, 20, 30, 40, 50]
    found = document["arrhenius"]["R_ct"]
    assert abs(found["activation_energy_eV"] - 0.5) < 4 * found["stderr"]
    assert found["stderr"] < 0.002
    assert t.arrhenius("R_ct").activation_energy_eV == pytest.approx(found["activation_energy_eV"])
    assert "-20 °C" in str(t) and "Ea / eV" in str(t) and "R_ct: activation energy" in str(t)
    assert SeriesResult.from_dict(document).to_dict() == t.to_dict()
    assert t.to_frame().columns[0] == "temperature"


def test_law_inside_the_fit(warm):
    alone = eisfit.track(warm, CIRCUIT, by="temperature")
    t = alone.fit_jointly({"R_ct": "arrhenius"})
    law = t.arrhenius("R_ct")
    assert abs(law.activation_energy_eV - 0.5) < 4 * law.stderr
    assert law.stderr <= 1.05 * alone.arrhenius("R_ct").stderr
    # the factor T is worth k times a temperature of the range: 0.0218 to 0.0278 eV
    assert 0.0218 < abs(law.other_activation_energy_eV - law.activation_energy_eV) < 0.0278
    # what the law says is what every spectrum was fitted with
    temperature = [row["temperature"] for row in t.to_dict(data=False)["rows"]]
    assert [fit["R_ct"].value for fit in t] == pytest.approx(law(temperature).tolist(), rel=1e-6)
    assert SeriesResult.from_dict(t.to_dict()).to_dict() == t.to_dict()


def test_a_temperature_is_one_wherever_it_stands(warm):
    moved = [s.replace(temperature_C=None, axes={"temperature": s.temperature_C}) for s in warm]
    for joint in (None, {"R_ct": "arrhenius"}):
        laws = [
            eisfit.track(s, CIRCUIT, by="temperature", joint=joint).arrhenius("R_ct") for s in (warm, moved)
        ]
        assert laws[0] == laws[1]


def test_law_needs_temperatures(warm):
    cold = [s.replace(temperature_C=None) for s in warm]
    with pytest.raises(UsageError, match="temperature of every spectrum"):
        eisfit.track(cold, CIRCUIT, joint={"R_ct": "arrhenius"})


def test_the_sum_has_a_law_where_its_parts_are_not_told_apart():
    """A pellet between blocking electrodes whose arc peaks above the sweep, at all temperatures but one."""
    rng, pellets = np.random.default_rng(29), []
    s = 2j * np.pi * np.logspace(6, 0, 40)
    for t in (-20.0, 0.0, 20.0, 40.0):
        share = activated(t, 0.35) / 20  # both parts are activated alike, and so is their sum
        z = 30 * share + 70 * share / (1 + s * 1.5e-7 * share) + 1 / (1e-6 * s**0.9)
        z = z * (1 + 2e-3 * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size)))
        pellets.append(eisfit.Spectrum(s.imag / (2 * np.pi), z, temperature_C=t))
    t = eisfit.track(pellets, "R_s-p(R_1,C_1)-CPE_d", by="temperature")
    assert any(fit["R_1"].verdict == "extrapolated" for fit in t)
    found = t.to_dict(data=False)["arrhenius"]["R_s+R_1"]
    assert (found["points"], found["of"]) == (4, 4)
    assert abs(found["activation_energy_eV"] - 0.35) < 4 * found["stderr"] < 0.02
    law = t.arrhenius("R_s+R_1")
    assert law.activation_energy_eV == found["activation_energy_eV"]
    assert law(20.0) == pytest.approx(100 * activated(20.0, 0.35) / 20, rel=0.01)
    assert "R_s+R_1: activation energy" in str(t)
    with pytest.raises(UsageError, match="only resistances add up, and C_1 is none"):
        t.arrhenius("R_s+C_1")


def test_a_sum_that_says_no_more_than_its_parts_is_not_told(warm):
    assert set(eisfit.track(warm, CIRCUIT, by="temperature").to_dict()["arrhenius"]) == {"R_s", "R_ct"}


def test_thickness_lines():
    rng = np.random.default_rng(11)
    films = [
        spectrum(rng, r_ct=30 + 2.0 * d, noise=1e-3, axes={"thickness": d}, metadata={"area_cm2": 0.5})
        for d in (5.0, 10.0, 20.0, 40.0)
    ]
    line = eisfit.track(films, CIRCUIT, by="thickness").to_dict()["lines"]["R_ct"]
    assert abs(line["slope"] - 2.0) < 4 * line["slope_stderr"]
    assert abs(line["offset"] - 30.0) < 4 * line["offset_stderr"]
    # ohm/nm times cm^2 times 1e7 nm/cm
    assert line["resistivity_ohm_cm"] == pytest.approx(line["slope"] * 0.5e7)
    known = {"area": {"value": 2.0, "stderr": 0.1, "unit": "cm^2"}}
    line = eisfit.track(films, CIRCUIT, by="thickness", geometry=known).to_dict()["lines"]["R_ct"]
    assert line["resistivity_ohm_cm"] == pytest.approx(line["slope"] * 2e7)
    relative = np.hypot(line["slope_stderr"] / line["slope"], 0.05)
    assert line["resistivity_ohm_cm_stderr"] / line["resistivity_ohm_cm"] == pytest.approx(relative)


def test_scatter_about_a_line_is_told_and_covered():
    rng = np.random.default_rng(12)
    films = [
        spectrum(rng, r_ct=(30 + 2.0 * d) * off, noise=1e-3, axes={"thickness": d})
        for d, off in ((5.0, 1.03), (10.0, 0.98), (20.0, 1.02), (40.0, 0.99))
    ]
    t = eisfit.track(films, CIRCUIT, by="thickness")
    line = t.to_dict()["lines"]["R_ct"]
    # Student's t of two degrees of freedom: 4.303 standard errors (M. Abramowitz, I. Stegun, table 26.10)
    assert line["slope_high"] - line["slope"] == pytest.approx(4.303 * line["slope_stderr"], rel=1e-3)
    assert line["slope_low"] < 2.0 < line["slope_high"]
    assert "which scatter by" in " ".join(str(t).split())
    assert "the films scatter about the line" in str(eisfit.film(t, label="ct", area=1.0))


def test_curve_over_state_of_charge():
    rng = np.random.default_rng(13)
    soc = np.arange(10.0, 100.0, 10.0)
    cells = [spectrum(rng, r_ct=20 + 0.01 * (x - 50) ** 2, axes={"soc": x}) for x in soc]
    band = eisfit.track(cells, CIRCUIT, by="state of charge").to_dict()["curves"]["R_ct"]["band"]
    assert band["soc"] == soc.tolist()
    assert band["value"] == pytest.approx((20 + 0.01 * (soc - 50) ** 2).tolist(), rel=0.01)


def test_values_at_one_place_count_together():
    """Two repeats of five places: the first ones were taken, so the order decided."""
    soc, rng = np.tile([0.0, 25.0, 50.0, 75.0, 100.0], 2), np.random.default_rng(1)
    value = 10 * np.exp(0.1 * rng.standard_normal(10))
    turned = np.roll(np.arange(10), 5)
    one = fit_smooth_curve(soc, value, 0.1 * value, AXES["soc"])
    other = fit_smooth_curve(soc[turned], value[turned], 0.1 * value[turned], AXES["soc"])
    assert one["points"] == 10
    np.testing.assert_allclose(one["band"]["value"], other["band"]["value"], rtol=1e-12)
    mean = np.exp(np.log(value).reshape(2, 5).mean(axis=0))
    merged = fit_smooth_curve(soc[:5], mean, 0.1 / np.sqrt(2) * mean, AXES["soc"])
    np.testing.assert_allclose(one["band"]["high"], merged["band"]["high"], rtol=1e-9)


def test_grid():
    rng = np.random.default_rng(17)
    cells = [
        spectrum(rng, r_ct=activated(t, energy), temperature_C=t, axes={"soc": x})
        for x, energy in ((20.0, 0.4), (80.0, 0.6))
        for t in (0.0, 15.0, 30.0, 45.0)
    ]
    t = eisfit.track(cells, CIRCUIT, by="temperature,soc")
    document = t.to_dict()
    assert document["axes"] == [{"name": "temperature", "unit": "degC"}, {"name": "soc", "unit": "%"}]
    found = [(part["soc"], part["arrhenius"]["R_ct"]["activation_energy_eV"]) for part in document["grid"]]
    assert found == [(20.0, pytest.approx(0.4, abs=0.01)), (80.0, pytest.approx(0.6, abs=0.01))]
    assert len(t.plot("R_ct").lines) > 1
    assert [words.get_text() for words in t.plot_spectra().texts if words.get_text()] == ["20 %", "80 %"]
    with pytest.raises(UsageError, match="one axis"):
        t.fit_jointly({"R_ct": "shared"})


def test_same_order_without_an_axis(warm):
    t = eisfit.track(Series(tuple(warm)), CIRCUIT)
    assert [fit.spectrum.temperature_C for fit in t] == [s.temperature_C for s in warm]
    assert t.to_dict()["axis"] == "cycle"


def test_figures_are_coloured_and_framed_by_the_axis():
    row = {"ok": True, "error": None, "R_ct_verdict": "determined", "R_ct_stderr": 1e-3}
    rows = [{**row, "temperature": 10.0 * k, "R_ct": 10.0 ** (3 - k)} for k in range(4)]
    rows.append({**row, "temperature": 50.0, "R_ct": 1e9, "ok": False})
    data = {"frequency_Hz": [10.0, 1.0], "Z_imag_ohm": [-1.0, -2.0]}
    fits = [{"error": None, "data": {**data, "Z_real_ohm": [1.0, 10.0**k]}} for k in range(5)]
    document = {
        "axes": [{"name": "temperature", "unit": "degC"}],
        "units": {"R_ct": "ohm"},
        "rows": rows,
        "results": fits,
    }
    ax = cells_trend([document], "R_ct")
    assert ax.get_yscale() == "log" and 1e3 < ax.get_ylim()[1] < 1e4  # the misfit is no part of the frame
    ax = series_waterfall(document)
    bar = ax.figure.axes[-1]
    assert (bar.get_ylabel(), bar.get_ylim()) == ("temperature / °C", (0.0, 50.0))
    assert ax.get_xlabel() == "Z′ / largest |Z|"

"""Distributions of relaxation times along a series: which peak is which, and what law it obeys."""

import json
from math import exp

import numpy as np
import pytest

import eisfit
from eisfit.display import plot
from eisfit.tracking.relaxation.follow_peaks import follow_peaks
from eisfit.validation.drt_peaks import Peak

F = np.logspace(5.5, -2, 50)
KELVIN = 8.617333262e-5  # eV, CODATA 2018
CELSIUS = (-20.0, -5.0, 10.0, 20.0, 30.0, 40.0, 50.0)
CIRCUIT = "R_s-p(R_sei,CPE_sei)-p(R_ct,CPE_ct)"


def activated(celsius, value, energy):
    return value * exp(energy / KELVIN * (1 / (celsius + 273.15) - 1 / 298.15))


@pytest.fixture(scope="module")
def track():
    """Two arcs of 0.30 and 0.55 eV over temperature, simulated."""
    rng, spectra, s = np.random.default_rng(1), [], 2j * np.pi * F
    for t in CELSIUS:
        sei, ct = activated(t, 8, 0.30), activated(t, 20, 0.55)
        z = 4 + sei / (1 + s**0.85 * sei * 1e-5) + ct / (1 + s**0.85 * ct * 2e-3)
        z += 3e-3 * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
        spectra.append(eisfit.Spectrum(F, z, temperature_C=t, metadata={"simulated": True}))
    return eisfit.track(spectra, CIRCUIT, by="temperature")


@pytest.fixture(scope="module")
def along(track):
    return track.drt(samples=30)


def test_each_peak_has_the_activation_energy_of_its_arc(along):
    fast, slow = along.processes
    for process, truth in ((fast, 0.30), (slow, 0.55)):
        law = process.laws["resistance"]["arrhenius"]
        assert process.seen == len(CELSIUS)
        assert law["activation_energy_eV"] == pytest.approx(truth, abs=max(4 * law["stderr"], 0.01))
        assert law["stderr"] < 0.02
    at_20 = fast.resistance[0][3], slow.resistance[0][3]
    assert at_20 == pytest.approx((activated(20, 8, 0.30), activated(20, 20, 0.55)), rel=0.08)


def test_arcs_of_the_circuit_are_told_which_peak_they_are(along):
    sei, ct = along.arcs
    assert (sei.resistance, sei.process, ct.resistance, ct.process) == ("R_sei", 1, "R_ct", 2)
    assert ct.energies["same"] is True
    assert ct.area_ratio == pytest.approx(1, abs=0.05)
    assert ct.sentence.startswith("R_ct: peak 2 is its arc, with 10")


def test_table_figure_and_document(along, tmp_path):
    document = json.loads(json.dumps(along.to_dict(), allow_nan=False))
    assert document["schema"] == "eisfit.drt_series/1"
    assert [row["temperature"] for row in document["rows"]] == list(CELSIUS)
    assert {len(row) for row in document["map"]["gamma_ohm"]} == {len(document["map"]["tau_s"])}
    assert list(along.to_frame()["R_2"]) == pytest.approx(list(along.processes[1].resistance[0]))
    text = str(along)
    assert "peak 2: activation energy 0.5" in text and max(map(len, text.splitlines())) <= 100
    figure = plot.new_figure()
    left, right = along.plot(figure)[:2]
    assert left.get_xscale() == "log" and len(right.get_legend().get_texts()) == 2
    plot.save(figure, tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000


@pytest.mark.slow
def test_a_series_over_a_curve_or_a_grid_has_no_energies(track):
    spectra = [one.spectrum.replace(axes={"soc": 10.0 * k}) for k, one in enumerate(track)]
    over = eisfit.track(spectra, CIRCUIT, by="soc").drt(samples=6)
    assert set(over.processes[1].laws["resistance"]) == {"curves"}
    assert over.arcs[1].process == 2 and over.arcs[1].energies is None
    grid = eisfit.track(spectra[:4], CIRCUIT, by="temperature,soc").drt(samples=6)
    assert len(grid.to_dict()["axes"]) == 2 and not grid.processes[0].laws


def peak(log_tau, resistance):
    return Peak(10**log_tau, resistance, 0.3, 0.01, 0.1)


def test_a_peak_that_leaves_the_sweep_does_not_give_its_name_to_the_next():
    # All move by one and a half decades a step; at the last two places the fast one has left the sweep, and
    # the slow one stands where the fast one stood before.
    rows = [[peak(-3 - 1.5 * k, 10 * 0.3**k), peak(-1.5 - 1.5 * k, 30 * 0.3**k)] for k in range(3)] + [
        [peak(-1.5 - 1.5 * k, 30 * 0.3**k)] for k in (3, 4)
    ]
    found = follow_peaks(rows, np.arange(5.0))
    assert found.tolist() == [[0, 1], [0, 1], [0, 1], [-1, 0], [-1, 0]]


def test_a_peak_that_one_spectrum_lacks_is_known_again():
    rows = [[peak(-4, 5), peak(-2, 20), peak(0, 9)] for _ in range(5)]
    rows[2] = [rows[2][0], rows[2][2]]
    rows[3] = []
    found = follow_peaks(rows, np.array([0.0, 1.0, 2.0, np.nan, 4.0]))
    assert found.tolist() == [[0, 1, 2], [0, 1, 2], [0, -1, 1], [-1, -1, -1], [0, 1, 2]]


def test_a_peak_that_would_have_to_jump_is_another_process():
    # The slow one of the last two stands 1.3 decades later; the fast one goes on.
    rows = [[peak(-6.6, 20), peak(-2.8, 100)] for _ in range(4)] + [[peak(-6.6, 22), peak(-1.5, 180)]] * 2
    found = follow_peaks(rows, np.arange(6.0))
    assert found.tolist() == [[0, 1, -1]] * 4 + [[0, -1, 1]] * 2

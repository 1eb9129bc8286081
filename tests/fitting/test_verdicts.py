"""Grades and verdicts: what misses is never usable, what holds is never refused; simulated spectra."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.display.report.grades import grades_text
from eisfit.fitting.verdicts.grade import Residuals, grades
from eisfit.verdict import GRADES, THRESHOLDS, VERDICTS

FREQUENCY = np.geomspace(1e5, 1e-2, 60)
ARC = {"R_s": 2.0, "R_ct": 20.0, "CPE_ct_Q": 1e-3, "CPE_ct_alpha": 0.85}


def arc(noise=0.003, seed=0):
    return eisfit.simulate("rs-ct", ARC, frequency=FREQUENCY, noise=noise, seed=seed)


def changed(z, f=FREQUENCY):
    return eisfit.Spectrum(f, z)


def forbidding(result):
    return {flag.name for flag in result.flags if flag.forbids}


def test_white_residuals_are_within_the_noise_and_a_wave_is_not():
    rng = np.random.default_rng(1)
    white = 0.003 * (rng.normal(size=(1, 60)) + 1j * rng.normal(size=(1, 60)))
    wave = np.linspace(0, 6, 60)
    rows = np.concatenate([white, 0.004 * np.exp(1j * wave)[None], 0.02 * np.exp(1j * wave)[None]])
    assert grades(Residuals.of(rows, np.ones(rows.shape)), np.ones(3)).tolist() == ["A", "B", "C"]


def test_the_ceiling_holds_where_the_noise_is_not_known_or_the_residual_has_structure():
    rng = np.random.default_rng(2)
    white = 0.05 * (rng.normal(size=(1, 60)) + 1j * rng.normal(size=(1, 60)))
    wave = 0.05 * np.exp(1j * np.linspace(0, 6, 60))[None]
    assert grades(Residuals.of(white, np.ones(white.shape)), np.array([1.0])).tolist() == ["A"]  # truly noisy
    assert grades(Residuals.of(white, np.ones(white.shape)), np.array([np.nan])).tolist() == ["D"]
    assert grades(Residuals.of(wave, np.ones(wave.shape)), np.array([1.0])).tolist() == ["D"]


def test_what_scatters_one_way_alone_is_no_noise_above_the_ceiling():
    rng = np.random.default_rng(4)
    impedance = np.exp(-1j * np.linspace(0.1, 1.4, 60))[None]
    across = 0.001 * (rng.normal(size=(3, 60)) + 1j * rng.normal(size=(3, 60)))
    gain = 0.05 * rng.normal(size=(1, 60)) * impedance
    real = 0.05 * rng.normal(size=(1, 60))
    both = 0.04 * (rng.normal(size=(1, 60)) + 1j * rng.normal(size=(1, 60)))
    rows = across + np.concatenate([gain, real, both])
    assert grades(Residuals.of(0.1 * impedance, impedance), np.ones(1)).tolist() == ["D"]  # to the last digit
    assert grades(Residuals.of(rows, impedance.repeat(3, axis=0)), np.ones(3)).tolist() == ["D", "D", "A"]


def test_residuals_that_turn_or_alternate_from_point_to_point_are_no_noise_above_the_ceiling():
    rng, points = np.random.default_rng(6), np.arange(60)
    noise = 0.002 * (rng.normal(size=(2, 60)) + 1j * rng.normal(size=(2, 60)))
    turning = 0.05 * np.exp(2.5j * points)
    two_sweeps = np.where(points % 2, 0.06, -0.06) * np.exp(1j * np.linspace(0, 2.5, 60))
    rows = noise + np.stack([turning, two_sweeps])
    assert grades(Residuals.of(rows, np.ones(rows.shape) + 0j), np.ones(2)).tolist() == ["D", "D"]


def test_two_sweeps_in_turn_of_a_cell_that_changed_are_not_usable():
    rng, f = np.random.default_rng(90), np.logspace(5, -1.5, 56)
    w = 2j * np.pi * f

    def cell(slow, tau):
        return 3 + 12 / (1 + (w * 2e-4) ** 0.85) + slow / (1 + (w * tau) ** 0.8)

    z = np.where(np.arange(f.size) % 2, cell(33, 0.02), cell(42, 0.035))
    z *= 1 + 0.002 * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size))
    result = eisfit.fit(changed(z, f), "rs-sei-ct")
    assert result.statistics.rms_relative_residual > 0.03
    assert (result.grade, result.ok) == ("D", False)


def test_a_gain_that_ripples_from_point_to_point_is_no_noise():
    f = np.logspace(5.4, -0.65, 39)
    ripple = 1 + 0.09 * np.sin(5.8 * np.log(f))
    rng = np.random.default_rng(5)
    z = (10 + 85 / (1 + (2j * np.pi * f * 4e-4) ** 0.72)) * ripple
    z *= 1 + 0.002 * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size))
    assert eisfit.fit(changed(z, f), "rs-sei-ct").grade == "D"


def test_noisy_data_that_fits_is_of_grade_a_with_large_errors():
    result = eisfit.fit(arc(noise=0.05, seed=3), "rs-ct")
    assert (result.grade, result.ok) == ("A", True)
    assert result["R_ct"].stderr > 0.01 * result["R_ct"].value


@pytest.mark.parametrize("points", [6, 10])
def test_few_points_that_miss_are_not_usable(points):
    """10 + two RC arcs, fitted with one: 50 % rms, and no estimate of the noise to hide behind."""
    f = np.geomspace(1e5, 1e-2, points)
    w = 2j * np.pi * f
    result = eisfit.fit(changed(10 + 50 / (1 + w * 5e-4) + 500 / (1 + w * 0.5), f), "rs-rc")
    assert (result.grade, result.ok) == ("D", False)
    assert result.statistics.noise is None
    assert not any(p.verdict == "determined" for p in result.parameters.values())


@pytest.mark.slow
def test_faults_of_the_data_are_named():
    z = arc().impedance
    assert {"real_only"} <= forbidding(eisfit.fit(changed(z.real + 0j), "rs-ct"))
    assert {"imaginary_sign"} <= forbidding(eisfit.fit(changed(z.conj()), "rs-ct"))
    mark = z.copy()
    mark[20] = 1e30
    result = eisfit.fit(changed(mark), "rs-ct")
    assert forbidding(result) == {"absurd_point", "misfit"}  # the fit of all points misses that one
    assert f"{FREQUENCY[20]:.4g} Hz" in str(result.flags[0])
    assert not result.ok


def test_what_lives_on_a_drifting_end_is_not_determined():
    """The arc peaks at 1.6 Hz; |Z| grows by 30 % below 0.5 Hz. The series resistance does not live there."""
    z = arc().impedance
    z = z * (1 + 0.3 * np.clip(np.log(0.5 / FREQUENCY) / np.log(50), 0, None))
    result = eisfit.fit(changed(z), "rs-ct")
    assert not result.ok
    assert result["R_ct"].verdict != "determined"


def test_a_series_resistance_that_is_not_there_spoils_nothing_else():
    """1e5 ohm beside 1 nF, in closed form."""
    f = np.geomspace(1e5, 1e-1, 40)
    result = eisfit.fit(changed(1e5 / (1 + 2j * np.pi * f * 1e-4), f), "rs-rc")
    assert result.ok
    assert {n: p.verdict for n, p in result.parameters.items()} == {
        "R_s": "open", "R_ct": "determined", "C_dl": "determined",
    }  # fmt: skip


def test_the_two_parts_of_an_error_make_the_whole():
    """A depressed arc fitted by an ideal one: systematic, so that the model has its part."""
    spectrum = eisfit.simulate("rs-ct", {**ARC, "CPE_ct_alpha": 0.985}, frequency=FREQUENCY, noise=0.001)
    result = eisfit.fit(spectrum, "R_s-p(R_ct,C_dl)")
    assert result.grade in ("B", "C")
    for p in result.parameters.values():
        assert p.stderr_model > 0
        assert np.hypot(p.stderr_noise, p.stderr_model) == pytest.approx(p.stderr)


def test_a_document_of_the_first_version_is_read():
    document = eisfit.fit(arc(), "rs-ct").to_dict()
    for key in ("grade", "alternatives"):
        del document[key]
    del document["circuit"]["chosen_by"]
    for row in document["parameters"].values():
        for key in ("stderr_noise", "stderr_model", "verdict"):
            del row[key]
    for row in document["derived"].values():
        del row["verdict"]
    again = eisfit.FitResult.from_dict(document)
    assert (again.ok, again.grade, again["R_ct"].verdict) == (True, "B", "determined")
    assert not eisfit.FitResult.from_dict({**document, "ok": False}).ok


def test_every_limit_is_told_with_its_source():
    text = grades_text()
    for words in (*GRADES.values(), *VERDICTS, *THRESHOLDS):
        assert words in text
    assert text.count("source: ") == len(THRESHOLDS)
    assert all(row.meaning and row.source for row in THRESHOLDS.values())


def test_noise_that_is_a_few_points_is_no_excuse_for_a_misfit():
    """White noise of 0.3 %, simulated, with two points off by 80 %: above 3 % rms, and the others agree."""
    z = arc().impedance * (
        1 + 0.003 * np.random.default_rng(5).standard_normal((2, FREQUENCY.size)).T @ [1, 1j]
    )
    z[[8, 25]] *= 1.8
    result = eisfit.fit(changed(z), "rs-ct")
    assert result.statistics.rms_relative_residual > 0.03
    assert result.grade == "D"
    assert not result.ok


def test_an_error_holds_the_drift_that_a_sweep_shows():
    """R_ct grows by 5 % with the time that the periods take; its value is meant for the first point.

    The mean of both ends is off by half of it, which is what the model's part of the error must reach; a
    steady cell with the same noise, simulated, keeps the noise's error.
    """
    f = np.geomspace(1e5, 1e-2, 60)
    time = np.cumsum(1 / f) / np.sum(1 / f)
    noise = 1 + 0.002 * np.random.default_rng(8).standard_normal((2, 60)).T @ [1, 1j]
    found = [
        eisfit.fit(
            changed((5 + 50 * (1 + g * time) / (1 + 2j * np.pi * f * 0.05 * (1 + g * time))) * noise, f),
            "rs-ct",
        )
        for g in (0.05, 0.0)
    ]
    drifting, steady = (fit["R_ct"] for fit in found)
    assert abs(drifting.value - 50) < 2 * drifting.stderr
    assert 0.5 < drifting.stderr < 5
    assert abs(drifting.value - 50) > 4 * drifting.stderr_noise
    assert steady.stderr < 1.1 * steady.stderr_noise


def test_a_mixture_of_two_cells_is_not_believed_to_be_noise():
    """Simulated: points taken at random are another cell's; without structure, and far above 3 % rms."""
    f, rng = np.geomspace(1e5, 1e-2, 60), np.random.default_rng(5)
    one, other = (5 + 50 / (1 + 2j * np.pi * f * tau) for tau in (1e-3, 1e-1))
    z = np.where(rng.random(60) < 0.4, other, one)
    (many,) = eisfit.fit_many([changed(z, f)], "rs-ct")
    for result in (
        eisfit.fit(changed(z, f), "rs-ct", validate=False),
        eisfit.fit(changed(z, f), "rs-ct"),
        many,
    ):
        assert result.statistics.rms_relative_residual > 0.03
        assert not result.ok


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_residuals_too_large_to_be_squared_are_the_worst():
    rows = np.full((1, 30), 1e200 + 0j)
    with np.errstate(over="ignore"):
        seen = Residuals.of(rows, np.ones(rows.shape) + 0j)
    assert grades(seen, np.ones(1)).tolist() == ["D"]

"""Sweeps of a drifting cell against what the cell is at the middle of each, known in closed form."""

import json

import numpy as np
import pytest

import eisfit
from eisfit.errors import SpectrumError, UsageError
from eisfit.spectra.series import Series
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.drift import correct_drift

F = np.logspace(4, -1.5, 30)
AT = np.cumsum(3 / F + 0.5)  # three periods a point, and half a second of the instrument
LASTS = float(AT[-1]) + 10
NOISE = 2e-3


def impedance(time, frequency=F):
    """R_ct grows by 80 % and bends, R_s by 10 %, over eight sweeps."""
    u, s = time / (8 * LASTS), 2j * np.pi * frequency
    r_ct = 12 * np.exp(0.6 * u) + 2 * u**2
    return 5 + 0.5 * u + r_ct / (1 + s**0.9 * r_ct * 2e-3)


def sweeps(count=8, noise=NOISE, seed=1):
    rng, found = np.random.default_rng(seed), []
    for k in range(count):
        z = impedance(k * LASTS + AT)
        scale = noise * np.abs(z)
        z = z + scale * (rng.normal(size=F.size) + 1j * rng.normal(size=F.size))
        known = {"index": k, "metadata": {"simulated": True}}
        found.append(Spectrum(F, z, times=k * LASTS + AT, noise=scale, **known))
    return found


def test_the_points_are_those_of_the_middle_of_the_sweep():
    done = correct_drift([one.replace(noise=None) for one in sweeps(noise=1e-12)])
    for row, spectrum in zip(done.rows, done.series, strict=True):
        truth = impedance(row.moment)
        assert np.abs(spectrum.impedance - truth).max() < 2e-3 * np.abs(truth).max()
        assert row.moment == pytest.approx(LASTS * spectrum.index + (AT[0] + AT[-1]) / 2)
        assert row.largest_change > 0.02


def test_kramers_kronig_fails_before_and_holds_after():
    done = correct_drift(sweeps())
    assert sum(row.ok_before for row in done.rows) <= 2
    assert sum(row.ok_after for row in done.rows) >= 5
    assert np.median([r.residual_after for r in done.rows]) < np.median(
        [r.residual_before for r in done.rows]
    )
    assert "the first and the last sweep lack one before or after" in done.series.notes[-1]


@pytest.mark.slow
def test_the_noise_goes_with_the_points():
    scaled = []
    for seed in range(8):
        done = correct_drift(sweeps(8, seed=seed))
        for row, one in zip(done.rows, done.series, strict=True):
            scaled.append((one.impedance - impedance(row.moment)) / one.noise)
    inner = np.array(scaled)[:, 2:-2]
    assert np.sqrt(np.mean(np.abs(inner) ** 2) / 2) == pytest.approx(1, abs=0.1)


def test_what_cannot_be_corrected_is_said():
    rows = sweeps(3)
    with pytest.raises(UsageError, match="2 are too few"):
        correct_drift(rows[:2])
    with pytest.raises(SpectrumError, match="have no times of their own"):
        correct_drift([rows[0], rows[1].replace(times=None), rows[2]])
    with pytest.raises(SpectrumError, match="overlap in time"):
        correct_drift([rows[0], rows[0].replace(index=1), rows[2]])
    other = Spectrum(F * 1.3, rows[1].impedance, times=rows[1].times)
    with pytest.raises(SpectrumError, match="share 0 frequencies"):
        correct_drift([rows[0], other, rows[2]])


def test_series_and_document():
    done = correct_drift(Series(tuple(sweeps(4)), label="cell"))
    document = json.loads(json.dumps(done.to_dict(), allow_nan=False))
    assert (document["schema"], len(document["rows"])) == ("eisfit.drift/1", 2)
    assert done.series.label == "cell" and done.series[0].time_s == done.rows[0].moment
    assert list(done.to_frame()["ok_after"]) == [row.ok_after for row in done.rows]
    assert eisfit.correct_drift is correct_drift


def test_files_are_taken_as_everywhere(tmp_path):
    rows = sweeps(4)
    paths = [tmp_path / f"sweep_{k}.csv" for k in range(4)]
    for path, one in zip(paths, rows, strict=True):
        one.to_frame().to_csv(path, index=False)
    truth = correct_drift(rows).rows
    for given in (paths, str(tmp_path)):
        assert [row.moment for row in correct_drift(given).rows] == [row.moment for row in truth]


def test_times_travel_with_their_points():
    one = Spectrum([1.0, 100.0, 10.0], [3 - 1j, 1 - 1j, 2 - 1j], times=[30.0, 10.0, 20.0])
    assert (one.times.tolist(), one.time_s) == ([10, 20, 30], 10)
    assert one.select(fmin=5).times.tolist() == [10, 20]
    assert Spectrum.from_dict(one.to_dict()) == one and Spectrum.from_frame(one.to_frame()).times is not None
    with pytest.raises(SpectrumError, match="must be 3 finite numbers"):
        one.replace(times=[1.0, 2.0])
    twice = Spectrum.averaged([10.0, 10.0, 1.0], [1 - 1j, 3 - 1j, 4 - 2j], times=[0.0, 2.0, 5.0])
    assert twice.times.tolist() == [1, 5]

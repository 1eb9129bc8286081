"""Noise that goes with another power of |Z| than the weights suppose: errors hold, and it is told."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.fitting.verdicts.grade import Residuals

CIRCUIT = "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)"
TRUTH = {"R_s": 10.0, "R_1": 50.0, "CPE_1_alpha": 0.8, "R_2": 30.0, "CPE_2_alpha": 0.8}
FREQUENCY = np.geomspace(1e6, 1e-2, 61)


def spectra(count, seed, *, ohm=0.0, share=0.0):
    """Two arcs (simulated) with a constant error of each part, ohm, or one in proportion to |Z|."""
    rng = np.random.default_rng(seed)
    s = 2j * np.pi * FREQUENCY
    z = 10 + 50 / (1 + (1e-4 * s) ** 0.8) + 30 / (1 + (0.1 * s) ** 0.8)
    size = ohm + share * np.abs(z)
    noise = rng.normal(size=(count, 2, s.size))
    return [eisfit.Spectrum(FREQUENCY, z + size * (a + 1j * b)) for a, b in noise]


def pulls(results, name):
    return np.array([(r[name].value - TRUTH[name]) / r[name].stderr for r in results])


def flagged(results):
    return [any(flag.name == "error_structure" for flag in r.flags) for r in results]


@pytest.mark.parametrize("weighting", ["modulus", "unit"])
@pytest.mark.parametrize("noise", [{"ohm": 0.1}, {"share": 0.003}], ids=["constant", "relative"])
def test_errors_are_true_whatever_the_noise_and_the_weights(noise, weighting):
    results = list(eisfit.fit_many(spectra(120, 5, **noise), CIRCUIT, weighting=weighting))
    assert all(r.ok for r in results)
    for name in TRUTH:  # of 120 the root mean square is right to 6.5 %; before, R_s had 2.2 and R_2 0.45
        assert np.sqrt(np.mean(pulls(results, name) ** 2)) == pytest.approx(1.0, abs=0.25), name
    right = ("ohm" in noise) == (weighting == "unit")
    assert np.mean(flagged(results)) <= 0.05 if right else np.mean(flagged(results)) >= 0.9


def test_one_and_many_say_the_same():
    some = spectra(3, 6, ohm=0.2)
    for spectrum, other in zip(some, eisfit.fit_many(some, CIRCUIT), strict=True):
        one = eisfit.fit(spectrum, CIRCUIT)
        assert (one.grade, one.flags) == (other.grade, other.flags)
        told = next(flag for flag in one.flags if flag.name == "error_structure")
        assert "the noise goes with |Z|^" in told.cause and "--weighting unit" in told.cure
        for name in one.values:
            assert one[name].stderr == pytest.approx(other[name].stderr, rel=1e-4)


def test_noise_at_the_small_impedances_alone_is_no_misfit():
    result = eisfit.fit(spectra(1, 7, ohm=0.7)[0], CIRCUIT)
    assert result.statistics.rms_relative_residual > 0.03  # 7 % at 10 ohm, 0.8 % at 90
    assert result.grade == "A" and result.ok


def test_a_misfit_at_the_small_impedances_stays_one():
    """One arc to two: the residual is no noise, however it goes with |Z|."""
    result = eisfit.fit(spectra(1, 8, ohm=0.02)[0], "rs-ct")
    assert result.grade == "D" and not flagged([result])[0]


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_power(power):
    modulus = np.geomspace(1.0, 100.0, 60)[np.newaxis].repeat(200, axis=0)
    noise = np.random.default_rng(1).normal(size=(2, *modulus.shape))
    relative = 0.01 * (noise[0] + 1j * noise[1]) * modulus ** (power - 1)
    found = Residuals.of(relative, modulus, "modulus").power
    assert np.nanmedian(found) == pytest.approx(power, abs=0.06)
    assert np.isfinite(found).mean() > 0.95
    plain = Residuals.of(0.01 * (noise[0] + 1j * noise[1]), modulus, "modulus").power
    assert np.isfinite(plain).sum() <= 2

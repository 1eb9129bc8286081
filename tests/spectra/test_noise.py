"""Weights by their formulas, written out again; the chisqr that noise alone explains, by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import SpectrumError, UsageError
from eisfit.spectra.noise import WEIGHTINGS, attainable_chisqr, compute_weights
from eisfit.spectra.spectrum import Spectrum

SPECTRUM = Spectrum(
    [1.0, 10.0, 100.0, 1000.0], [30 - 40j, 20 - 0.001j, 0.001 - 5j, 1 + 1j], noise=[0.4, 0.3, 0.2, 0.1]
)


def by_hand(weighting):
    rows = []
    rms = np.sqrt(sum(abs(z) ** 2 for z in SPECTRUM.impedance) / SPECTRUM.points)
    for z, noise in zip(SPECTRUM.impedance, SPECTRUM.noise, strict=True):
        size = abs(z)
        rows += {
            "modulus": [1 / size, 1 / size],
            "unit": [1 / rms, 1 / rms],
            "noise": [1 / noise, 1 / noise],
            "proportional": [1 / max(abs(z.real), 0.01 * size), 1 / max(abs(z.imag), 0.01 * size)],
        }[weighting]
    return rows


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weights(weighting):
    found = compute_weights(SPECTRUM, weighting)
    assert found.shape == (8,)
    assert found == pytest.approx(by_hand(weighting), rel=1e-14)


def test_modulus_is_the_default():
    assert compute_weights(SPECTRUM).tolist() == compute_weights(SPECTRUM, "modulus").tolist()
    assert WEIGHTINGS[0] == "modulus"


def test_impossible_weights():
    with pytest.raises(UsageError, match=r"no weighting is called 'modolus'; did you mean 'modulus'\?"):
        compute_weights(SPECTRUM, "modolus")
    with pytest.raises(
        UsageError, match="no weighting is called 'x'; they are modulus, proportional, unit, noise"
    ):
        compute_weights(SPECTRUM, "x")
    with pytest.raises(
        SpectrumError, match=r"spectrum: has no measured noise; give it one with spectrum\.replace"
    ):
        compute_weights(SPECTRUM.replace(noise=None), "noise")


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_zero_has_no_relative_residual_and_is_refused_with_every_weighting(weighting):
    with pytest.raises(SpectrumError, match="the impedance is zero at 10 Hz"):
        compute_weights(Spectrum([1.0, 10.0], [1.0, 0.0], noise=0.1), weighting)


def simulated(noise, seed, points=70):
    """Two arcs, one of them depressed, with inductance and Warburg: nothing of the ladder's own shapes."""
    f = np.geomspace(1e5, 1e-2, points)
    s = 2j * np.pi * f
    z = 2 + s * 3e-7 + 10 / (1 + (s * 1e-4) ** 0.8) + 1 / (4e-3 * s**0.85 + 1 / (50 + 3 * np.sqrt(2 / s)))
    rng = np.random.default_rng(seed)
    kick = rng.normal(size=points) + 1j * rng.normal(size=points)
    return Spectrum(f, z + noise * np.abs(z) * kick)


@pytest.mark.parametrize("noise", [1e-3, 3e-3, 1e-2])
def test_attainable_chisqr_is_what_the_noise_gives(noise):
    """With weights 1/|Z| the noise's own chisqr is 2 F noise^2 on average."""
    ratios = []
    for seed in range(40):
        s = simulated(noise, seed)
        ratios.append(attainable_chisqr(s, compute_weights(s)) / (2 * s.points * noise**2))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.15)
    assert 0.5 < min(ratios) < max(ratios) < 2.0


def test_attainable_chisqr_of_very_few_points_is_unknown():
    s = Spectrum([1.0, 10.0], [3 - 1j, 2 - 1j])
    assert attainable_chisqr(s, compute_weights(s)) == 0.0


def test_attainable_chisqr_scales_with_the_weights():
    s = simulated(1e-3, 1)
    one = attainable_chisqr(s, compute_weights(s))
    assert attainable_chisqr(s, 3 * compute_weights(s)) == pytest.approx(9 * one, rel=1e-6)

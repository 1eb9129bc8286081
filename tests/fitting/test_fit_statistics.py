"""Are the standard errors true? Against the scatter of simulated repeats and the Cramer-Rao bound.

With 300 repeats the scatter itself is known to 1/sqrt(600) = 4 % (one sigma), and a coverage of 95 % to
sqrt(0.95 * 0.05 / 300) = 1.3 %; the bounds are the project's promise (0.9-1.1, 93-97 %) for the mean over
the parameters, and three of those sigmas beyond it for each single one.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import eisfit
from eisfit.spectra.spectrum import Spectrum

FREQUENCY = np.geomspace(1e5, 1e-2, 60)
OMEGA = 2 * np.pi * FREQUENCY
REPEATS = 300
NOISE = 0.005


def rs_ct_w(p, omega=OMEGA):
    r_s, r_ct, sigma, q, alpha = p
    s = 1j * omega
    return r_s + 1 / (q * s**alpha + 1 / (r_ct + sigma * (1 - 1j) / np.sqrt(omega)))


def rs_sei_ct_w(p, omega=OMEGA):
    r_s, r_sei, q_sei, a_sei, *rest = p
    return 1 / (q_sei * (1j * omega) ** a_sei + 1 / r_sei) + rs_ct_w([r_s, *rest], omega)


CASES = {
    "rs-ct-w": (rs_ct_w, np.array([2.0, 51.9, 4.0, 2e-4, 0.87])),
    "rs-sei-ct-w": (rs_sei_ct_w, np.array([4.2, 12.5, 2.5e-5, 0.87, 51.9, 3.1, 4e-3, 0.82])),
}


def repeats(name, weighting):
    """Return values and stderr, both (repeats, parameters), of blind fits of one truth with fresh noise."""
    model, truth = CASES[name]
    z = model(truth)
    spread = NOISE * np.abs(z)
    rng = np.random.default_rng(20260101)
    kicks = [rng.normal(size=z.size) + 1j * rng.normal(size=z.size) for _ in range(REPEATS)]
    spectra = [Spectrum(FREQUENCY, z + spread * kick, noise=spread) for kick in kicks]
    fits = [r.parameters.values() for r in eisfit.fit_many(spectra, name, weighting=weighting)]
    return np.array([[p.value for p in fit] for fit in fits]), np.array(
        [[p.stderr for p in fit] for fit in fits]
    )


def cramer_rao(name):
    """Return the least standard deviation that any unbiased estimate can have: inverse Fisher information."""
    model, truth = CASES[name]
    columns = []
    for k, value in enumerate(truth):
        step = np.zeros(truth.size)
        step[k] = 1e-5 * value
        slope = (model(truth + step) - model(truth - step)) / (2e-5 * value) / (NOISE * np.abs(model(truth)))
        columns.append(np.concatenate([slope.real, slope.imag]))
    jacobian = np.stack(columns, axis=1)
    return np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)))


@pytest.fixture(scope="module", params=["modulus", "noise"])
def plain(request):
    return "rs-ct-w", *repeats("rs-ct-w", request.param), request.param


@pytest.fixture(scope="module")
def two_arcs():
    return "rs-sei-ct-w", *repeats("rs-sei-ct-w", "modulus"), "modulus"


def check_scatter(name, values, errors, _weighting):
    ratio = values.std(axis=0, ddof=1) / np.median(errors, axis=0)
    assert 0.9 <= ratio.mean() <= 1.1, ratio
    assert np.all((ratio > 0.88) & (ratio < 1.12)), ratio


def check_coverage(name, values, errors, weighting):
    truth = CASES[name][1]
    quantile = stats.norm.ppf(0.975) if weighting == "noise" else stats.t.ppf(0.975, 120 - truth.size)
    covered = np.mean(np.abs(values - truth) <= quantile * errors, axis=0)
    assert 0.93 <= covered.mean() <= 0.97, covered
    assert np.all(np.abs(covered - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / REPEATS)), covered


def check_bias(name, values, errors, _weighting):
    off = (values.mean(axis=0) - CASES[name][1]) / errors.mean(axis=0)
    assert np.all(np.abs(off) <= 4 / np.sqrt(REPEATS) + 0.05), off


def check_cramer_rao(name, values, errors, _weighting):
    bound = cramer_rao(name)
    # The median: of some hundred fits of a true circuit one is taken to be nearly true, with a larger error.
    assert np.median(errors, axis=0) == pytest.approx(bound, rel=0.05)
    scatter = values.std(axis=0, ddof=1) / bound
    assert np.all(scatter > 1 - 3 / np.sqrt(2 * REPEATS)), scatter  # no estimate can do better
    assert np.all(scatter < 1.15), scatter


CHECKS = [check_scatter, check_coverage, check_bias, check_cramer_rao]


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_errors_are_true(plain, check):
    check(*plain)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_errors_are_true_for_two_arcs(two_arcs, check):
    check(*two_arcs)


def test_rescaled_errors_do_not_need_the_size_of_the_noise():
    """With modulus weights the noise is estimated from the misfit: the errors follow a threefold noise."""
    model, truth = CASES["rs-ct-w"]
    z = model(truth)
    kick = np.random.default_rng(5).normal(size=(2, z.size)).T @ [1, 1j] * np.abs(z)
    small, large = (eisfit.fit(Spectrum(FREQUENCY, z + n * kick), "rs-ct-w") for n in (1e-4, 3e-4))
    for one, three in zip(small.parameters.values(), large.parameters.values(), strict=True):
        assert three.stderr == pytest.approx(3 * one.stderr, rel=0.02)


def test_given_noise_is_taken_at_its_word():
    """With weighting noise a threefold noise gives threefold errors for the same data."""
    model, truth = CASES["rs-ct-w"]
    z = model(truth)
    kick = np.random.default_rng(5).normal(size=(2, z.size)).T @ [1, 1j] * np.abs(z)
    s = Spectrum(FREQUENCY, z + 1e-3 * kick, noise=1e-3 * np.abs(z))
    one = eisfit.fit(s, "rs-ct-w", weighting="noise")
    three = eisfit.fit(s.replace(noise=3 * s.noise), "rs-ct-w", weighting="noise")
    for a, b in zip(one.parameters.values(), three.parameters.values(), strict=True):
        assert b.stderr == pytest.approx(3 * a.stderr, rel=1e-4)
        assert b.value == pytest.approx(a.value, rel=1e-6)

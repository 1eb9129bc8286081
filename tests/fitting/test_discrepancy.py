"""What a circuit that is only nearly true does to the errors; all spectra here are simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import eisfit
from eisfit.fitting.errors.discrepancy import _SCREEN, _bump, _Space
from eisfit.fitting.errors.linearised import linearise

FREQUENCY = np.geomspace(1e5, 1e-2, 61)
S = 2j * np.pi * FREQUENCY


def spectrum(z, noise, seed):
    scatter = np.random.default_rng(seed).standard_normal((2, z.size))
    return eisfit.Spectrum(
        frequency=FREQUENCY,
        impedance=z + noise * np.abs(z) * (scatter[0] + 1j * scatter[1]),
        source="simulated",
    )


def arc(resistance, tau, alpha, beta=1.0):
    return resistance / (1 + (S * tau) ** alpha) ** beta


def true(seed, noise=0.002):
    return spectrum(5 + arc(20, 1e-4, 0.9) + arc(100, 0.05, 0.85), noise, seed)


def skewed(seed, noise=0.002):
    """The slow arc is Havriliak and Negami's: its DC resistance is 100 ohm, but it is no R beside a CPE."""
    return spectrum(5 + arc(20, 1e-5, 0.9) + arc(100, 0.05, 0.9, 0.85), noise, seed)


@pytest.mark.parametrize("x", [-3.0, 0.4, 2.0, 6.0])
def test_the_phase_of_a_bump_is_bodes(x):
    """Bode (1945), ch. 14: the phase is 1/pi times the integral of du/dx ln coth |x - x'|/2."""
    length = 2.3
    at, _, phase = _bump(length)

    def slope(y):
        return -y / length**2 * np.exp(-((y / length) ** 2) / 2) / np.pi**0.25

    kernel = lambda y: slope(y) * -np.log(np.tanh(abs(x - y) / 2)) if y != x else 0.0  # noqa: E731
    expected = (quad(kernel, -25, x, limit=200)[0] + quad(kernel, x, 25, limit=200)[0]) / np.pi
    assert np.interp(x, at, phase) == pytest.approx(expected, abs=1e-4)


def test_a_true_circuit_keeps_the_errors_of_the_noise():
    for fit in eisfit.fit_many([true(seed) for seed in range(30)], "rs-sei-ct"):
        assert fit.grade == "A"
        for p in fit.parameters.values():
            assert p.stderr_model == 0
            assert p.stderr == p.stderr_noise


def test_a_skewed_arc_is_seen_and_its_resistance_lies_within_the_error():
    fits = list(eisfit.fit_many([skewed(seed) for seed in range(30)], "rs-sei-ct"))
    covered = [abs(fit["R_ct"].value - 100) < 2 * fit["R_ct"].stderr for fit in fits]
    by_noise = [abs(fit["R_ct"].value - 100) < 2 * fit["R_ct"].stderr_noise for fit in fits]
    assert {fit.grade for fit in fits} <= {"B", "C"}
    assert np.mean(covered) > 0.9
    assert np.mean(by_noise) < 0.1
    assert all(fit["R_ct"].stderr < 25 for fit in fits)
    # Derived quantities hold the model's part too.
    assert all(fit.derived["tau_ct"]["stderr"] > fit.derived["tau_ct"]["value"] * 0.01 for fit in fits)


@pytest.mark.parametrize("weighting", ["modulus", "unit", "noise"])
def test_one_fit_gives_the_errors_that_many_give(weighting):
    given = [s.replace(noise=0.002 * np.abs(s.impedance)) for s in (true(1), skewed(2), skewed(3))]
    for one, row in zip(given, eisfit.fit_many(given, "rs-sei-ct", weighting=weighting), strict=True):
        alone = eisfit.fit(one, "rs-sei-ct", weighting=weighting)
        assert alone.grade == row.grade
        for name, p in alone.parameters.items():
            for part in ("stderr", "stderr_noise", "stderr_model"):
                assert getattr(p, part) == pytest.approx(
                    getattr(row[name], part), rel=1e-3, abs=1e-9 * p.value
                )
        for name, found in alone.derived.items():
            assert found["stderr"] == pytest.approx(row.derived[name]["stderr"], rel=1e-3)


def test_what_the_noise_hides_is_told_and_covers_an_arc_that_looks_true():
    """In noise of 2 % most fits are within it, and R_ct is still moved by more than its error."""
    off, hidden, plain = [], [], []
    for seed in range(12):
        fit = eisfit.fit(skewed(seed, noise=0.02), "rs-sei-ct", validate=False)
        if fit.grade == "A":
            off.append(abs(fit["R_ct"].value - 100))
            hidden.append(fit["R_ct"].hidden)
            plain.append(fit["R_ct"].stderr)
    assert len(off) >= 3
    assert all(more >= less for more, less in zip(hidden, plain, strict=True))
    assert np.mean(np.array(off) < 2 * np.array(hidden)) > 0.9


def test_noise_of_another_shape_than_the_weights_is_no_discrepancy():
    for seed in range(5):
        fit = eisfit.fit(true(seed), "rs-sei-ct", weighting="proportional")
        assert fit["R_ct"].stderr_model == 0


def test_the_errors_of_two_resistors_alone_are_the_noises():
    fit = eisfit.fit(spectrum(np.full(61, 7.0 + 0j), 0.01, 0), "R0")
    assert fit["R0"].stderr == fit["R0"].stderr_noise


@pytest.mark.parametrize("lot", [true, skewed])
def test_the_screen_by_traces_loses_nothing_that_the_score_would_see(lot):
    """The score needs a matrix for each spectrum; what is left out before is below its limit for certain."""
    some = [lot(seed) for seed in range(40)]
    circuit = eisfit.circuit("rs-sei-ct")
    values = np.array([list(r.values.values()) for r in eisfit.fit_many(some, circuit)])
    target = np.stack([s.impedance for s in some])
    weight = np.repeat(1 / np.abs(target), 2, axis=1)
    held = np.zeros(values.shape, dtype=bool)
    columns = list(range(values.shape[1]))
    fits = linearise(
        circuit, some[0].omega, target, weight, values, free=columns, held=held, known_noise=False
    )
    part = fits.of_relative_noise.beyond_parameters
    for space in _Space.of_lengths(part):
        seen = space.with_normal(part).score(part) > _SCREEN
        assert not (seen & ~space.may_be_seen(part)).any()
        assert space.diagonal == pytest.approx(np.einsum("bkk->bk", space.with_normal(part).normal), rel=1e-6)

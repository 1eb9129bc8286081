"""Other optima that the data allows; all spectra here are simulated."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.fitting.errors.intervals import intervals

FREQUENCY = np.geomspace(1e5, 1e-2, 25)
S = 2j * np.pi * FREQUENCY
CIRCUIT = "R0-p(R1,CPE1)-p(R2-W1,CPE2)"


def cell(seed, noise=0.02, sigma=4.0):
    """20 ohm and 60 ohm, the Warburg behind the second: a weak one does not show which arc has it."""
    z = 5 + 20 / (1 + (S * 1e-4) ** 0.85)
    z = z + 1 / (1 / (60 + sigma * np.sqrt(2 / S)) + (S * 5e-3) ** 0.9 / 60)
    scatter = np.random.default_rng(seed).standard_normal((2, z.size))
    z = z + noise * np.abs(z) * (scatter[0] + 1j * scatter[1])
    return eisfit.Spectrum(frequency=FREQUENCY, impedance=z, source="simulated")


@pytest.mark.parametrize("seed", range(6))
def test_exchanged_arcs_are_ambiguous_and_both_sets_of_numbers_are_given(seed):
    fit = eisfit.fit(cell(seed), CIRCUIT)
    assert fit["R1"].verdict == fit["R2"].verdict == "ambiguous" or fit.grade == "D"
    assert "other_optimum" in {flag.name for flag in fit.flags}
    both = [fit.values, *(other["values"] for other in fit.alternatives)]
    assert min(abs(values["R2"] - 60) for values in both) < 6
    assert min(abs(values["R1"] - 60) for values in both) < 6
    if fit.grade != "D":
        assert fit.derived["tau_2"]["verdict"] == "ambiguous"
        assert fit.derived["R_p"]["verdict"] == "determined"  # the sum is the same in both
    # An alternative is an optimum of the same spectrum: its chisqr, from its values, is what it says.
    other = fit.alternatives[0]
    z = fit.circuit.impedance(FREQUENCY, other["values"])
    measured = fit.spectrum.impedance
    assert np.sum(np.abs((z - measured) / measured) ** 2) == pytest.approx(other["chisqr"], rel=1e-6)
    assert eisfit.FitResult.from_dict(fit.to_dict()).alternatives == fit.alternatives


def test_roles_decide_which_arc_is_which_and_the_other_way_is_told():
    """The same spectra by a circuit that says which arc is the surface layer's: the faster one."""
    for fit in eisfit.fit_many([cell(seed) for seed in range(3)], "rs-sei-ct-w"):
        flags = {flag.name: flag for flag in fit.flags}
        assert "other_optimum" not in flags
        assert not flags["roles_decide"].forbids
        assert fit["R_ct"].verdict == "determined"
        assert {row["verdict"] for row in fit.derived.values()} == {"determined"}
        assert abs(fit.values["R_ct"] - 60) < 6
        assert any(abs(other["values"]["R_sei"] - 60) < 6 for other in fit.alternatives)


@pytest.mark.slow
def test_bootstrap_and_profile_hold_both_optima():
    fit = eisfit.fit(cell(1), CIRCUIT)
    for method in ("profile", "bootstrap"):
        found = intervals(fit, method=method)
        row = found.rows["R1"]
        assert row.low < 25
        assert row.high > 55
        told = "reaches to another optimum" in " ".join(found.notes)
        assert told == (method == "profile")


def test_an_interval_has_no_optimum_with_the_arcs_against_their_roles():
    """The surface layer is the faster arc: with the arcs exchanged R_ct would be 20 ohm, another naming."""
    fit = eisfit.fit(cell(1), "rs-sei-ct-w")
    assert any(other["values"]["R_ct"] < 25 for other in fit.alternatives)
    for method in ("profile", "bootstrap"):
        row = intervals(fit, method=method, names=("R_ct",)).rows["R_ct"]
        assert 50 < row.low < fit["R_ct"].value < row.high < 70


@pytest.mark.slow
def test_many_find_the_same_alternatives_as_one():
    spectra = [cell(seed) for seed in range(4)]
    for spectrum, row in zip(spectra, eisfit.fit_many(spectra, CIRCUIT), strict=True):
        one = eisfit.fit(spectrum, CIRCUIT)
        assert len(row.alternatives) == len(one.alternatives)
        for a, b in zip(row.alternatives, one.alternatives, strict=True):
            assert a["values"] == pytest.approx(b["values"], rel=1e-3)


def test_without_noise_there_is_one_optimum():
    fit = eisfit.fit(cell(1, noise=1e-4, sigma=20.0), CIRCUIT)
    assert fit.alternatives == ()
    assert fit["R2"].verdict == "determined"


def test_start_values_and_an_order_say_which_is_meant():
    spectrum = cell(1)
    free = eisfit.fit(spectrum, CIRCUIT)
    assert free.alternatives
    assert eisfit.fit(spectrum, CIRCUIT, start=free).alternatives == ()
    meant = eisfit.fit(spectrum, CIRCUIT, order=["R1", "R2"])
    assert meant.alternatives == ()
    assert meant["R2"].value == pytest.approx(60, rel=0.2)


def skewed(seed=1):
    """50 ohm fast, 100 ohm slow and skewed (Havriliak and Negami), and a Warburg in series with both."""
    f = np.geomspace(1e5, 1e-2, 61)
    s = 2j * np.pi * f
    z = 10 + 50 / (1 + (s * 5e-4) ** 0.9) + 100 / (1 + (s * 0.05) ** 0.95) ** 0.8
    z = z + 100 * (s / abs(s[-1])) ** -0.5
    scatter = np.random.default_rng(seed).standard_normal((2, z.size))
    z = z + 0.002 * np.abs(z) * (scatter[0] + 1j * scatter[1])
    return eisfit.Spectrum(frequency=f, impedance=z, source="simulated")


def test_arcs_that_only_a_departure_puts_in_order_are_ambiguous_with_both_sets_of_numbers():
    """The circuit has its tail behind the slow arc: it fits best with the fast one in its place."""
    one, (row,) = eisfit.fit(skewed(), "rs-sei-ct-w"), eisfit.fit_many([skewed()], "rs-sei-ct-w")
    for fit in (one, row):
        assert fit["R_ct"].verdict == fit["R_sei"].verdict == "ambiguous"
        assert {flag.name: flag.forbids for flag in fit.flags}["other_optimum"]
        (other,) = fit.alternatives
        assert other["departs"]
        assert other["chisqr"] < fit.statistics.chisqr
        assert other["values"]["R_ct"] == pytest.approx(100, rel=0.1)
        assert other["values"]["R_sei"] == pytest.approx(50, rel=0.1)
        assert fit.derived["R_p"]["verdict"] == "determined"
        assert "undetermined" not in {flag.name for flag in fit.flags}
    meant = eisfit.fit(skewed(), "rs-sei-ct-w", order=["R_ct", "R_sei"])
    assert meant.alternatives == ()

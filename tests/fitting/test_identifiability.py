"""Flags of what the data cannot say: open sides, arcs out of range or too close; each with cause and cure."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.errors import FitError, ParameterError

TWO_ARCS = {
    "R_s": 2.0, "R_sei": 5.0, "CPE_sei_Q": 1e-5, "CPE_sei_alpha": 0.9,
    "R_ct": 20.0, "CPE_ct_Q": 1e-3, "CPE_ct_alpha": 0.85,
}  # fmt: skip
RC = "R_s-p(R_ct,C_dl)"


def flags(result, name):
    return [flag for flag in result.flags if flag.name == name]


def sweep(high, low, points=40):
    return np.geomspace(high, low, points)


def test_a_well_measured_spectrum_has_none_of_these():
    result = eisfit.fit(eisfit.simulate("rs-sei-ct", TWO_ARCS), "rs-sei-ct")
    assert result.ok
    assert not [f for f in result.flags if f.name in ("undetermined", "arc_outside", "arcs_overlap")]


def test_an_arc_just_below_the_range_is_told_without_spoiling_the_fit():
    """f_peak = 1/(2 pi (20 * 1e-3)^(1/0.85)) = 15.9 Hz, measured down to 30 Hz; R_ct is known to 2 %."""
    s = eisfit.simulate("rs-sei-ct", TWO_ARCS, frequency=sweep(1e5, 30), noise=0.002)
    result = eisfit.fit(s, "rs-sei-ct")
    (flag,) = flags(result, "arc_outside")
    assert "below the measured 30 Hz: R_ct is extrapolated" in flag.cause
    assert flag.cure.startswith("measure down to")
    assert result.ok


@pytest.mark.parametrize(
    ("high", "low", "words", "name"), [(1e5, 200, "down to", "R_ct"), (1e3, 1e-2, "up to", "R_sei")]
)
def test_an_arc_far_outside_is_extrapolated(high, low, words, name):
    """Where it is that of charge transfer, the fit cannot be used; without the film's, it can."""
    s = eisfit.simulate("rs-sei-ct", TWO_ARCS, frequency=sweep(high, low), noise=0.01)
    result = eisfit.fit(s, "rs-sei-ct")
    (flag,) = flags(result, "arc_outside")
    assert words in flag.cure
    assert result[name].verdict in ("extrapolated", "open")
    assert result.ok == (name != "R_ct")


def test_a_resistance_that_only_has_a_lower_limit_says_so():
    """1e6 ohm beside 1 mF, measured down to 3 Hz: |Z_C| there is 53 ohm, so R_ct is anything large."""
    s = eisfit.simulate(RC, {"R_s": 2.0, "R_ct": 1e6, "C_dl": 1e-3}, frequency=sweep(1e5, 3))
    result = eisfit.fit(s, RC)
    causes = [f.cause for f in result.flags if "R_ct" in f.cause and f.name in ("undetermined", "at_bound")]
    assert any("R_ct is not determined: > " in cause for cause in causes), causes
    assert not result.ok


def test_an_element_that_is_not_there_has_an_upper_limit_only():
    s = eisfit.simulate("rs-sei-ct", TWO_ARCS)
    result = eisfit.fit(s, "rs-sei-ct-w")
    (flag,) = [f for f in result.flags if "W_d_sigma" in f.cause.split() and f.name != "correlated"]
    assert "W_d_sigma is not determined: < " in flag.cause


@pytest.mark.slow
def test_one_arc_fitted_with_two_is_not_two_arcs():
    truth = {"R_s": 2, "R_ct": 20, "CPE_ct_Q": 1e-3, "CPE_ct_alpha": 0.85}
    fits = [eisfit.fit(eisfit.simulate("rs-ct", truth, seed=seed), "rs-sei-ct") for seed in range(4)]
    names = [{flag.name for flag in fit.flags} for fit in fits]
    assert sum(bool(seen & {"arcs_overlap", "undetermined", "at_bound"}) for seen in names) >= 3
    assert sum(not fit.ok for fit in fits) >= 2


@pytest.mark.slow
def test_two_close_arcs_are_told_with_their_sum():
    """Equal arcs, time constants a factor 1.5 apart, 1 % noise: only the sum of 10 ohm is known."""
    truth = {"R_s": 1.0, "R_1": 5.0, "C_1": 1e-3, "R_2": 5.0, "C_2": 1.2e-3}
    found = []
    for seed in range(4):
        s = eisfit.simulate("R_s-p(R_1,C_1)-p(R_2,C_2)", truth, noise=0.01, seed=seed)
        found += flags(eisfit.fit(s, "R_s-p(R_1,C_1)-p(R_2,C_2)"), "arcs_overlap")
    assert found
    assert all("closer than this data can separate" in f.cause for f in found)
    assert all("read only their sum, " in f.cure for f in found)


def test_swapped_arcs_are_flagged():
    """The arc with the Warburg is the fast one: the roles of the circuit are exchanged."""
    truth = {
        "R_s": 2.0, "R_sei": 5.0, "CPE_sei_Q": 1e-2, "CPE_sei_alpha": 0.9,
        "R_ct": 20.0, "CPE_ct_Q": 1e-5, "CPE_ct_alpha": 0.9, "W_d_sigma": 5.0,
    }  # fmt: skip
    s = eisfit.simulate("rs-sei-ct-w", truth, noise=0.002)
    result = eisfit.fit(s, "rs-sei-ct-w", start=truth)  # no search, which would prefer the usual order
    assert flags(result, "arcs_swapped")


ROLES = {
    "R_s": 2.0, "R_sei": 5.0, "CPE_sei_Q": 1e-5, "CPE_sei_alpha": 0.9,
    "R_ct": 20.0, "CPE_ct_Q": 1e-3, "CPE_ct_alpha": 0.85, "W_d_sigma": 3.0,
}  # fmt: skip


def test_peak_and_order_choose_among_the_optima():
    """f_peak of R_ct: 1/(2 pi (20 * 1e-3)^(1/0.85)) = 15.9 Hz."""
    s = eisfit.simulate("rs-sei-ct-w", ROLES, noise=0.002)
    plain = eisfit.fit(s, "rs-sei-ct-w")
    chosen = eisfit.fit(s, "rs-sei-ct-w", peak={"R_ct": (10, 25)}, order=("R_sei", "R_ct"))
    assert chosen["R_ct"].value == pytest.approx(plain["R_ct"].value, rel=1e-6)
    other = eisfit.fit(s, "rs-sei-ct-w", peak={"R_ct": (10, 25)}, representation="admittance")
    assert other["R_ct"].value == pytest.approx(plain["R_ct"].value, rel=0.01)
    assert chosen.derived["f_peak_ct"]["value"] == pytest.approx(15.9, rel=0.02)


def test_what_no_optimum_satisfies_is_said():
    s = eisfit.simulate("rs-sei-ct", TWO_ARCS)
    with pytest.raises(FitError, match=r"peak of R_ct between 1e\+06 and 2e\+06 Hz \(the best has it at 1"):
        eisfit.fit(s, "rs-sei-ct", peak={"R_ct": (1e6, 2e6)})
    with pytest.raises(FitError, match="R_ct before R_sei from fast to slow"):
        eisfit.fit(s, "rs-sei-ct", order=("R_ct", "R_sei"))
    with pytest.raises(ParameterError, match="no arc belongs to 'R_s'"):
        eisfit.fit(s, "rs-sei-ct", peak={"R_s": (1, 2)})

"""Circuits that the spectrum does not tell apart, and starts that one gives another."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit

SWEEP = np.geomspace(1e5, 1e-2, 60)


def noisy(z, seed):
    """Return Z with 0.5 % noise."""
    kick = np.random.default_rng(seed).normal(size=(2, SWEEP.size))
    return z * (1 + 0.005 * (kick[0] + 1j * kick[1]))


@pytest.fixture(scope="module")
def out_of_sight():
    """Two arcs and a diffusion whose end is out of sight (closed form), with what is compared."""
    s = 2j * np.pi * SWEEP
    root = np.sqrt(s * 150.0)
    z = (
        0.4
        + 0.74 / (1 + 0.74 * 6e-4 * s**0.89)
        + 1.4 / (1 + 1.4 * 0.14 * s**0.78)
        + 0.85 / np.tanh(root) / root
    )
    given = SWEEP, noisy(z, 0)
    return given, eisfit.compare(given, ["rs-sei-ct", "rs-sei-ct-then-w", "rs-sei-ct-wo"])


def test_what_the_spectrum_does_not_show_is_not_ruled_out(out_of_sight):
    """A Warburg is enough, and the truth is told beside it."""
    found = out_of_sight[1]
    assert found.best.name == "rs-sei-ct-then-w"
    assert [c.name for c in found.alike] == found.to_dict()["alike"] == ["rs-sei-ct-wo"]
    assert "rs-sei-ct-wo fit no closer" in found.verdict[-1]
    assert "neither shows nor rules out" in found.verdict[-1]


def test_a_diffusion_with_an_end_starts_from_one_without(out_of_sight):
    """A short search of its own ended with a diffusion of no size, 2.1 times as far from the data."""
    given, found = out_of_sight
    row = next(c for c in found.ranked if c.name == "rs-sei-ct-wo")
    whole = eisfit.fit(given, "rs-sei-ct-wo").statistics.chisqr
    assert row.result.statistics.chisqr == pytest.approx(whole, rel=1e-6)


def test_the_short_search_tries_the_warburg_in_the_other_arc():
    """It stands in the slow, small one (closed form): starts agreed on the fast one, 5 % further off."""
    s = 2j * np.pi * SWEEP
    charge = 0.14 + 0.02 * np.sqrt(2 / s)
    z = 1.4e-7 * s + 0.12 + 0.98 / (1 + 0.98 * 5.7e-3 * s**0.83) + charge / (1 + charge * 6.2 * s**0.96)
    given = SWEEP, noisy(z, 10)
    best = eisfit.compare(given, ["l-rs-sei-ct", "l-rs-sei-ct-w"]).best
    assert best.name == "l-rs-sei-ct-w"
    whole = eisfit.fit(given, "l-rs-sei-ct-w").statistics.chisqr
    assert best.result.statistics.chisqr == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("seed", [3, 8])
def test_circuits_of_the_same_elements_start_from_each_other_whichever_comes_first(seed):
    """The Warburg stands in the slow arc (closed form): a short search ended four times as far off."""
    s = 2j * np.pi * SWEEP
    charge = 0.284 + 0.117 * np.sqrt(2 / s)
    arcs = 0.48 / (1 + 0.48 * 0.0174 * s**0.793) + charge / (1 + charge * 1.19 * s**0.98)
    given = SWEEP, noisy(3.3e-7 * s + 0.75 + arcs, seed)
    rows = eisfit.compare(given, ["l-rs-sei-ct", "l-rs-sei-ct-w", "l-rs-sei-ct-then-w"]).ranked
    left = next(row.result for row in rows if row.name == "l-rs-sei-ct-w").statistics.chisqr
    assert left == pytest.approx(eisfit.fit(given, "l-rs-sei-ct-w").statistics.chisqr, rel=1e-6)

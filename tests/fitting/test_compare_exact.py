"""Comparing circuits where the data has no noise but its digits: made here from closed forms in numpy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import eisfit
from eisfit.fitting.comparison.exact import refuse_tiny_inductance
from eisfit.spectra.noise import rounding_error

FREQUENCY = np.geomspace(1e5, 0.1, 41)
S = 2j * np.pi * FREQUENCY
ONE, TWO = "L_1-R_1-p(R_2,CPE_2)", "L_1-R_1-p(R_2,CPE_2)-p(R_3,CPE_3)"
BARE, RELAXING = "p(R_1,CPE_1)-p(R_2,CPE_2)", "p(R_1,C_1)-p(R_2,CPE_2)"


def arc(r, q, alpha):
    return r / (1 + r * q * S**alpha)


def rounded(z, decimals):
    return eisfit.Spectrum(FREQUENCY, np.round(z.real, decimals) + 1j * np.round(z.imag, decimals))


def test_the_digits_of_a_table_are_read_off_it():
    """Eight decimals: errors uniform within half a unit have a standard deviation of a unit / sqrt(12)."""
    z = 3 + arc(40.0, 1e-4, 0.9)
    found = rounding_error(np.round(FREQUENCY, 6), rounded(z, 6).impedance)
    assert np.median(found) == pytest.approx(1e-6 / np.sqrt(12), rel=0.05)
    exact = rounding_error(FREQUENCY, z)
    assert np.max(exact / np.repeat(np.abs(z), 2)) < 2e-10


def test_significant_digits_are_told_from_decimals():
    """Five significant digits: a unit is 1e-4 of the power of ten of each number."""
    z = 1 + arc(1e6, 1e-9, 1.0)
    text = [complex(float(f"{v.real:.4e}"), float(f"{v.imag:.4e}")) for v in z]
    found = rounding_error(FREQUENCY, np.array(text))[::2] * np.sqrt(12)
    unit = 10.0 ** (np.floor(np.log10(np.abs(np.real(text)))) - 4)
    assert found == pytest.approx(unit, rel=0.01)


@pytest.mark.parametrize("decimals", [pytest.param(4, marks=pytest.mark.slow), 8])
@pytest.mark.parametrize(
    ("truth", "z"),
    [
        (ONE, 3e-6 * S + 1 + arc(40.0, 1e-4, 0.9)),
        (TWO, 3e-6 * S + 1 + arc(40.0, 1e-4, 0.9) + arc(8.0, 0.02, 0.8)),
        (BARE, arc(40.0, 1e-4, 0.9) + arc(8.0, 0.02, 0.8)),
        (RELAXING, arc(40.0, 1e-4, 1.0) + arc(8.0, 0.02, 0.8)),
    ],
)
def test_the_circuit_that_a_table_without_noise_was_made_with(truth, z, decimals):
    found = eisfit.compare(rounded(z, decimals), [ONE, TWO, BARE, RELAXING])
    assert found.best.name == truth
    assert found.ok


@pytest.mark.parametrize(
    ("inductance", "behind", "refused"), [(1e-12, 5, True), (1e-12, 20, False), (1e-8, 5, False)]
)
def test_an_inductance_smaller_than_any_wire_is_not_preferred(inductance, behind, refused):
    """1e-12 H is a micrometre of wire; refused unless the best circuit without it is clearly worse."""
    s = rounded(inductance * S + 1 + arc(40.0, 1e-4, 0.9), 8)
    named = eisfit.compare(s, [ONE]).best
    fitted = dataclasses.replace(
        named, result=eisfit.fit(s, ONE, fix={"L_1": inductance}, validate=False), bic=100.0
    )
    other = dataclasses.replace(named, circuit=eisfit.circuit(BARE), bic=100.0 + behind)
    assert bool(refuse_tiny_inductance([fitted, other])[0].refused) is refused


def test_little_noise_is_not_taken_for_digits():
    """0.01 % of |Z|, 1000 times the eighth digit: the noise is what the closest circuit leaves."""
    rng = np.random.default_rng(3)
    z = 1 + arc(40.0, 1e-4, 0.9)
    z *= 1 + 1e-4 * (rng.normal(size=41) + 1j * rng.normal(size=41))
    found = eisfit.compare(
        rounded(z, 8), ["R_1-p(R_2,CPE_2)", "R_1-p(R_2,CPE_2)-p(R_3,CPE_3)", "R_1-p(R_2,C_2)"]
    )
    assert found.best.name == "R_1-p(R_2,CPE_2)"
    assert found.best.misfit == pytest.approx(1, rel=0.2)


@pytest.mark.slow
def test_two_arcs_close_together_are_told_apart():
    """Half a decade apart, one seventy times smaller: a search may tell them as one, the third arc idle."""
    f = np.geomspace(1e6, 1e-2, 80)
    s = 2j * np.pi * f
    z = 1.738 / (1 + s * 1.738 * 3.183e-8) + 0.02467 / (1 + s * 0.02467 * 3.696e-6)
    z = z + 0.0813 / (1 + 0.0813 * 2.779e-5 * s**0.9) + 5860 / (1 + 5860 * 0.05697 * s**0.558)
    spectrum = eisfit.Spectrum(f, np.round(z.real, 8) + 1j * np.round(z.imag, 8))
    fitted = eisfit.fit(spectrum, "p(R_1,C_1)-p(R_2,C_2)-p(R_3,CPE_3)-p(R_4,CPE_4)", validate=False)
    assert sorted(fitted[f"R_{k}"].value for k in (1, 2)) == pytest.approx([0.02467, 1.738], rel=1e-3)
    assert fitted.statistics.rms_relative_residual < 1e-7


def test_a_capacity_of_picofarads_stays_where_the_search_has_found_it():
    """A solver that begins no nearer than 1e-10 to the bound at zero ended at 1e-5 of the data from 4e-9."""
    f = np.geomspace(1995262.31, 10.0, 42)
    s = 2j * np.pi * f
    parts = [(8.384, 7.04e-12, 0.9255), (0.04005, 1.199e-7, 0.9936), (559.3, 2.64e-6, 0.805)]
    z = sum(r / (1 + r * q * s**alpha) for r, q, alpha in [*parts, (5643.0, 0.02485, 0.9714)])
    spectrum = eisfit.Spectrum(f, np.round(z.real, 8) + 1j * np.round(z.imag, 8))
    string = "p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-p(R_4,CPE_4)"
    fitted = eisfit.fit(spectrum, string, validate=False)
    assert fitted.statistics.rms_relative_residual < 1e-7

"""Measured spectra whose answer others have published: blind fits reproduce it (MANIFEST, known_fit)."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.spectra.spectrum import Spectrum

# impedance.py's dummy cells: a resistor board, fitted in its documentation with R0-p(R1,C1), unit weights.
DUMMIES = [
    ("Circuit1_EIS_2.z", {"R0": 29.14, "R1": 46.65, "C1": 1.043e-5}),
    ("Circuit2_EIS_1.z", {"R0": 150.0, "R1": 502.0, "C1": 3.12e-8}),
    ("Circuit2_EIS_2.z", {"R0": 150.0, "R1": 502.0, "C1": 3.12e-8}),
    ("Circuit3_EIS_1.z", {"R0": 1510.0, "R1": 4630.0, "C1": 2.02e-8}),
    ("Circuit3_EIS_2.z", {"R0": 1510.0, "R1": 4630.0, "C1": 2.02e-8}),
]


@pytest.mark.parametrize(("file", "known"), DUMMIES, ids=[row[0] for row in DUMMIES])
@pytest.mark.parametrize("weighting", ["modulus", "unit"])
def test_dummy_cells(real_spectra, file, known, weighting):
    """To 1 %: the parts' own scatter is 0.8-1 % rms, and the published values have three digits."""
    s = eisfit.read(real_spectra / "ECSHackWeek+impedance.py" / "data" / file)
    r = eisfit.fit(s, "R0-p(R1,C1)", weighting=weighting)
    assert r.values == pytest.approx(known, rel=0.01)
    assert r.statistics.rms_relative_residual < 0.02


@pytest.mark.parametrize(
    "path",
    [
        "ciuccislab+pyDRTtools/EIS data/text files/LIB_data.txt",
        pytest.param("jdhuang-csm+bayes-drt/data/experimental/DRTtools_LIB_data.txt", marks=pytest.mark.slow),
    ],
)
def test_lithium_ion_cell_with_three_arcs(real_spectra, path):
    """The MANIFEST's fit: 0.085 % rms with an inductance, a resistance and three ZARCs.

    To 10 % for the arcs, which overlap, so that different weights move them; closer for the rest.
    """
    s = eisfit.read(real_spectra / path)
    r = eisfit.fit(s, "L1-R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)")
    assert r.statistics.rms_relative_residual < 0.00095
    assert r["R0"].value == pytest.approx(0.10941, rel=0.01)
    assert r["L1"].value == pytest.approx(8.09e-7, rel=0.02)
    found = sorted((r[f"R{k}"].value, r[f"CPE{k}_Q"].value, r[f"CPE{k}_alpha"].value) for k in (1, 2, 3))
    known = sorted([(0.015316, 10.794, 0.94144), (0.041590, 611.83, 0.79678), (0.014156, 3.5278, 0.48034)])
    for row, reference in zip(found, known, strict=True):
        assert row == pytest.approx(reference, rel=0.1)


@pytest.mark.parametrize("file", ["example_eis_data.csv", "example_eis_data_eu.csv"])
def test_simulated_spectrum_with_the_truth_in_its_header(real_spectra, file):
    """Rs=10, R0=1e5, Q0=(1e-6, 0.6), R1=8e5, Q1=(3e-5, 0.43), noise 1 %.

    Its noise is not quite what the header says: the truth itself lies 15.5 redchi above the optimum of 7
    parameters (2.2 % of noises do), so the inner arc is held to 4 standard errors; R1's arc peaks at
    0.00035 Hz, below all data, so R1 is an extrapolation, and the result must say so.
    """
    s = eisfit.read(real_spectra / "chmelat+eis_analysis" / "example" / file)
    r = eisfit.fit(s, "R_s-p(R_0,CPE_0)-p(R_1,CPE_1)")
    for name, value in {
        "R_s": 10.0,
        "R_0": 1e5,
        "CPE_0_Q": 1e-6,
        "CPE_0_alpha": 0.6,
        "CPE_1_Q": 3e-5,
    }.items():
        assert abs(r[name].value - value) < 4 * r[name].stderr, name
    assert any("R_1" in flag.cause for flag in r.flags)
    assert r["CPE_1_alpha"].value == pytest.approx(0.43, abs=0.05)


@pytest.mark.slow
def test_fifty_spectra_of_a_redox_couple(real_spectra):
    """pymultieis' fits of its own data (popt_true.npy: Rs, Qh, nh, Rct, Wct, Rw), median 0.75 % rms."""
    folder = real_spectra / "richinex+pymultieis"
    frequency = np.load(folder / "data" / "redox_exp_50" / "freq_50.npy").real
    z = 1 / np.load(folder / "data" / "redox_exp_50" / "Y_50.npy")
    rms = []
    for row in (z if z.shape[1] == frequency.size else z.T)[::5]:
        r = eisfit.fit(Spectrum(frequency, row), "R_s-p(R_ct-W_d,CPE_dl)")
        rms.append(r.statistics.rms_relative_residual)
    assert np.median(rms) < 0.012

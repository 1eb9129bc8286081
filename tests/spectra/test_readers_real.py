"""Readers on measured files: number of spectra, points and frequency range of every file of the manifest.

The manifest was made without eisfit. Where eisfit reads otherwise on purpose, `ELSEWHERE` says why.
"""

from __future__ import annotations

import csv
import importlib
import math
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from eisfit.errors import EisfitError
from eisfit.spectra.readers import read, read_all

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("EISFIT_REAL_SPECTRA", ROOT.parent / "shared" / "real_spectra"))

# What the manifest counts and eisfit does not, or the other way round.
ELSEWHERE = {
    "exampleDataBioLogic_NoImZ.mpt": "refused: a column name was deleted from the header, not its column",
    "CSV_Example.v296fcc2.csv": "refused: spoilt by Excel, frequencies up to 1e13 Hz",
    "COLUMBIA_TXT_example.txt": "refused: three rows of three numbers that nothing calls an impedance",
    "examples/example_data.csv": "refused: 1 to 25 and numbers at random without a header",
    "EISCVLaTeX/EIS.csv": "25 points: numbers such as 1.5k are read, the manifest counts plain ones",
    "Sample2_PEIS_AtRest.csv": "89 points a sweep: the row with f = 0 is no point",
}


def rows():
    if not (FOLDER / "MANIFEST.csv").is_file():
        return []
    with (FOLDER / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def unread(row):
    """Files that hold no frequencies: they are read with those that the user gives, see `GIVEN`."""
    return row["instrument_format"].startswith(UNREAD) or row["oddities"] == "simulated"


UNREAD = ("nleis matrix", "numpy admittance")
ROWS = rows()
SPECTRA = [r for r in ROWS if int(r["n_spectra"] or 0) and not unread(r)]
OTHERS = [r for r in ROWS if not int(r["n_spectra"] or 0)]


def elsewhere(row):
    return next((why for name, why in ELSEWHERE.items() if row["path"].endswith(name)), None)


@pytest.mark.parametrize("row", SPECTRA, ids=lambda row: row["path"][-60:])
def test_counts_and_range(row):
    why = elsewhere(row)
    if why is not None and why.startswith("refused"):
        with pytest.raises(EisfitError, match=r".+"):
            read_all(FOLDER / row["path"])
        return
    spectra = read_all(FOLDER / row["path"])
    if why is not None:
        assert spectra
        return
    assert len(spectra) == int(row["n_spectra"])
    low, _, high = row["points_per_spectrum"].partition("-")
    points = [s.points for s in spectra]
    assert int(low) <= min(points) <= max(points) <= int(high or low)
    assert min(s.frequency[-1] for s in spectra) == pytest.approx(float(row["fmin_Hz"]), rel=1e-5)
    assert max(s.frequency[0] for s in spectra) == pytest.approx(float(row["fmax_Hz"]), rel=1e-5)


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row["path"][-60:])
def test_files_without_spectra_are_refused_in_one_sentence(row):
    with pytest.raises(EisfitError) as caught:
        read_all(FOLDER / row["path"])
    message = str(caught.value)
    assert message.startswith(str(FOLDER / row["path"]))
    assert "\n" not in message


GIVEN = [
    ("redox_exp_50/Y_50.npy", "redox_exp_50/freq_50.npy"),
    ("her_50/Y_50.npy", "her_50/freq_50.npy"),
    ("redox_sim_50/Z_50.npy", "redox_sim_50/freq_50.npy"),
    ("redox_100/Z_100.npy", "redox_100/freq_100.npy"),
    ("part_ii/Z1s_10f.txt", "part_ii/freq_10a.txt"),
    ("part_ii/Z1s_50a.txt", "part_ii/freq_10a.txt"),
    ("nleis/data/Z1s_30a.txt", "nleis/data/freq_30a.txt"),
]


@pytest.mark.parametrize(("name", "frequencies"), GIVEN)
def test_files_without_frequencies(name, frequencies):
    path, listed = find(name), find(frequencies)
    with pytest.raises(EisfitError, match=r"without frequencies.*frequency="):
        read_all(path)
    f = np.load(listed) if listed.suffix == ".npy" else np.loadtxt(listed)
    row = next(row for row in ROWS if row["path"].endswith(name))
    spectra = read_all(path, frequency=f)
    assert len(spectra) == int(row["n_spectra"])
    assert {s.points for s in spectra} == {int(row["points_per_spectrum"])}
    assert spectra[0].frequency[0] == pytest.approx(float(row["fmax_Hz"]), rel=1e-5)
    assert np.median([s.impedance.imag for s in spectra]) < 0


def find(name):
    found = [FOLDER / row["path"] for row in ROWS if row["path"].endswith(name)]
    if not found:
        pytest.skip("the measured spectra are not on this machine")
    return found[0]


def witness(function, path):
    """impedance.py's reader, an independent implementation."""
    preprocessing = importlib.import_module("impedance.preprocessing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f, z = getattr(preprocessing, function)(str(path))
    order = np.argsort(-np.asarray(f, dtype=float), kind="stable")
    return np.asarray(f, dtype=float)[order], np.asarray(z, dtype=complex)[order]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("readGamry", "Chalco-in-buffer-50mV.DTA"),
        ("readGamry", "exampleDataGamryABORT.DTA"),
        ("readGamry", "550C.0.5V.DTA"),
        ("readGamry", "EISGALV_EISTest3.DTA"),
        ("readBioLogic", "data/exampleDataBioLogic.mpt"),
        ("readZPlot", "data/Circuit1_EIS_2.z"),
        ("readZPlot", "data/Circuit3_EIS_1.z"),
        ("readZPlot", "data/exampleDataZPlot.z"),
        ("readParstat", "exampleDataParstat.txt"),
        ("readPowerSuite", "exampleDataPowersuite.txt"),
        ("readVersaStudio", "exampleDataVersaStudio.par"),
        ("readVersaStudio", "Versastudio EIS Example.par"),
        ("readCHInstruments", "exampleDataCHInstruments.txt"),
    ],
)
def test_values_against_impedance_py(function, name):
    path = find(name)
    f, z = witness(function, path)
    keep = f > 0
    spectrum = read(path)
    np.testing.assert_allclose(spectrum.frequency, f[keep], rtol=1e-9)
    np.testing.assert_allclose(spectrum.impedance, z[keep], rtol=1e-9)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("AutoEIS/assets/test_data.csv", "AutoEIS/assets/test_data.txt"),
        ("example/example_eis_data.csv", "example/example_eis_data_eu.csv"),
        ("data/exampleDataBioLogic.mpt", "data/exampleDataBioLogic.txt"),
        ("experimental/DRTtools_LIB_data.txt", "pyDRTtools/EIS data/text files/LIB_data.txt"),
        ("mat file/data_1.mat", "pyDRTtools/EIS data/text files/LIB_data.txt"),
        ("data/exampleDataBioLogic.mpt", "data/exampleDataBioLogic.mpr"),
        ("data/PEIS_LPSCl_IonBlocking_-25C.txt", "data/PEIS_LPSCl_IonBlocking_-25C.mpr"),
        ("data/PEIS_LPSCl_IonBlocking_-25C.txt", "data/PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt"),
        ("measured_spectras/000_mvdc.ism", "000_mvdc/fit_samples.ism"),
    ],
)
def test_twins(a, b):
    first, second = read(find(a)), read(find(b))
    np.testing.assert_allclose(first.frequency, second.frequency, rtol=1e-6)
    np.testing.assert_allclose(first.impedance, second.impedance, rtol=1e-3 if "test_data" in a else 1e-6)


def test_lost_signs_are_found():
    """The column Imag holds |Im| there; the phase column has the sign (checked by hand in the file)."""
    spectrum = read(find("ML621_100%.csv"))
    assert spectrum.impedance[0] == pytest.approx(48.0 + 7.32j)
    assert spectrum.impedance[-1] == pytest.approx(160 - 25.7j)


def test_known_fit_of_a_dummy_cell():
    """impedance.py's documentation gives 29.14 ohm, 46.65 ohm, 1.043e-5 F for this board."""
    spectrum = read(find("data/Circuit1_EIS_2.z"))
    model = 29.14 + 46.65 / (1 + 2j * math.pi * spectrum.frequency * 46.65 * 1.043e-5)
    assert np.median(np.abs(spectrum.impedance / model - 1)) < 0.01


def test_sweeps_carry_their_cycles():
    spectra = read_all(find("geis/geis.mpt"))
    assert [s.cycle for s in spectra] == list(range(1, 62))
    assert spectra[0].metadata["instrument"].startswith("VMP3")
    loops = read_all(find("Sample2_PEIS_AtRest.csv"))
    assert [s.cycle for s in loops] == list(range(10))

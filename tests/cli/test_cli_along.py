"""``eisfit track`` along an axis: distributions beside the arcs."""

import csv
import json
from math import exp

import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path):
    """Four temperatures of one simulated arc of 0.4 eV."""
    rng, f = np.random.default_rng(4), np.logspace(4, -1, 30)
    (tmp_path / "cell").mkdir()
    for celsius in (10, 20, 30, 40):
        r = 20 * exp(0.4 / 8.617333e-5 * (1 / (celsius + 273.15) - 1 / 298.15))
        z = 3 + r / (1 + (2j * np.pi * f) ** 0.8 * r * 1e-3)
        z += 2e-3 * np.abs(z) * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size))
        rows = [f"{a!r},{b!r},{c!r}" for a, b, c in np.column_stack([f, z.real, z.imag]).tolist()]
        text = "\n".join(["# simulated", "frequency_Hz,Z_real_ohm,Z_imag_ohm", *rows]) + "\n"
        (tmp_path / "cell" / f"cell_{celsius}C.csv").write_text(text)
    return tmp_path / "cell"


@pytest.mark.slow
def test_track_with_distributions(run, folder, tmp_path):
    options = ("track", folder, "--by", "temperature", "--circuit", "R_s-p(R_ct,CPE_ct)", "--drt")
    code, out, _ = run(*options, "--json", "--output", tmp_path / "results")
    assert code == 0
    (along,) = json.loads(out)["drt"]
    assert (along["schema"], along["arcs"][0]["process"]) == ("eisfit.drt_series/1", 1)
    energies = along["arcs"][0]["energies"]
    assert energies["peak"] == pytest.approx(0.4, abs=4 * energies["peak_stderr"] + 0.005)
    with (tmp_path / "results" / "drt.csv").open(encoding="utf-8") as file:
        assert [float(row["temperature"]) for row in csv.DictReader(file)] == [10, 20, 30, 40]
    assert (tmp_path / "results" / "drt.png").stat().st_size > 10_000
    code, out, _ = run(*options)
    assert code == 0 and "R_ct: peak 1 is its arc" in out


@pytest.mark.slow
def test_distributions_without_a_circuit(run, folder, tmp_path):
    code, out, _ = run("drt", folder, "--by", "temperature", "--json", "--output", tmp_path / "results")
    assert code == 0
    along = json.loads(out)
    assert (along["schema"], along["arcs"]) == ("eisfit.drt_series/1", [])
    assert [row["temperature"] for row in along["rows"]] == [10, 20, 30, 40]
    law = along["processes"][0]["laws"]["resistance"]["arrhenius"]
    assert law["activation_energy_eV"] == pytest.approx(0.4, abs=4 * law["stderr"] + 0.005)
    names = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"drt.json", "drt.csv", "drt.png"} <= names
    code, out, _ = run("drt", folder, "--by", "temperature")
    assert code == 0 and "peak 1: activation energy" in out
    code, _, err = run("drt", folder, "--axis-pattern", r"(\d+)C")
    assert code == 2 and "give --by" in err


def test_track_per_area(run, folder):
    options = ("track", folder, "--by", "temperature", "--circuit", "R_s-p(R_ct,CPE_ct)", "--area", "2 cm2")
    code, out, _ = run(*options, "--json")
    assert code == 0
    for row in json.loads(out)["rows"]:
        assert row["R_ct_area"] == pytest.approx(2 * row["R_ct"])
        assert row["R_ct_area_stderr"] == pytest.approx(2 * row["R_ct_stderr"])


@pytest.mark.slow
def test_track_without_the_drift_within_sweeps(run, tmp_path):
    f = np.logspace(3, -1, 20)
    at = np.cumsum(3 / f)
    lines = ["time_s,frequency_Hz,Z_real_ohm,Z_imag_ohm"]
    for k in range(5):
        t = k * (at[-1] + 5) + at
        z = 3 + (10 + t / 50) / (1 + 2j * np.pi * f * 0.02)
        lines += [
            f"{a!r},{b!r},{c!r},{d!r}" for a, b, c, d in np.column_stack([t, f, z.real, z.imag]).tolist()
        ]
    (tmp_path / "operando.csv").write_text("\n".join(lines) + "\n")
    options = ("track", "operando.csv", "--by", "time", "--circuit", "R_s-p(R_ct,C_dl)", "--correct-drift")
    code, out, _ = run(*options, "--json")
    assert code == 0
    document = json.loads(out)
    middles = [row["moment"] for row in document["drift"][0]["rows"]]
    assert [row["time"] for row in document["rows"]] == pytest.approx(middles)
    assert [row["R_ct"] for row in document["rows"]] == pytest.approx(
        [10 + t / 50 for t in middles], rel=2e-3
    )
    code, out, _ = run(*options)
    assert code == 0 and "interpolated over time to the middle" in " ".join(out.split())

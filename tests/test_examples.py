"""The example spectra: made again they are the same, they say what they are, and fits find their truth."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.coating.study import load_study

ROOT = Path(__file__).resolve().parent.parent
RRML = ROOT / "example_spectra" / "rrml"


def script(name):
    """Return a script of the examples' folder as a module."""
    spec = importlib.util.spec_from_file_location(name, RRML.parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def maker():
    return script("make_examples")


def test_the_physical_cells_made_again_are_the_same(tmp_path):
    script("make_physical").make(tmp_path)
    made = sorted(p.name for p in tmp_path.glob("*.csv"))
    assert made == sorted(p.name for p in (RRML / "physical").glob("*.csv"))
    for name in made:
        one, other = eisfit.read(tmp_path / name), eisfit.read(RRML / "physical" / name)
        np.testing.assert_allclose(one.impedance, other.impedance, rtol=1e-5)  # six digits are written
        assert "simulated" in (RRML / "physical" / name).read_text(encoding="utf-8").splitlines()[0]


def test_the_study_states_the_voltages_of_its_truth():
    facts = load_study(RRML / "study.toml").file.dc
    assert [row.cell for row in facts] == ["bare", "coated"]
    for row in facts:
        made = script("make_physical").drop(f"{row.cell} 1", row.current.median)
        assert row.voltage.median == pytest.approx(made, abs=1e-3)  # whole millivolts are written


@pytest.fixture(scope="module")
def manifest():
    with (RRML / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_made_again_they_are_the_same(maker, tmp_path):
    maker.make(tmp_path)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*.csv"))
    shipped = sorted(p.relative_to(RRML) for p in RRML.rglob("*.csv") if p.parent.name != "physical")
    assert made == shipped
    for name in made:
        if name.name == "manifest.csv":
            assert (tmp_path / name).read_text() == (RRML / name).read_text()
            continue
        one, other = eisfit.read(tmp_path / name), eisfit.read(RRML / name)
        # Another machine's exp and sin may differ in their last digit, and with them the file's eighth.
        np.testing.assert_allclose(one.impedance, other.impedance, rtol=1e-7)
        assert one.cycle == other.cycle


def test_the_manifest_lists_every_file_and_only_these(manifest):
    listed = {row["file"] for row in manifest}
    present = {p.relative_to(RRML).as_posix() for cell in ("bare", "coated") for p in (RRML / cell).iterdir()}
    assert listed == present
    cycles = {cell: [int(r["cycle"]) for r in manifest if r["cell"] == cell] for cell in ("bare", "coated")}
    assert cycles["bare"] == [3, *range(50, 251, 50)]
    assert cycles["coated"] == [3, *range(50, 501, 50)]


def test_every_file_says_that_it_is_simulated(manifest):
    for row in manifest:
        first = (RRML / row["file"]).read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# simulated: not measured")
        assert row["origin"] == "simulated"
        assert eisfit.read(RRML / row["file"]).metadata["simulated"]
    assert "SIMULATED" in (RRML / "README.md").read_text(encoding="utf-8")


def test_the_growth_keeps_to_the_paper(maker):
    """K. M. Kwon et al., J. Mater. Chem. A 14 (2026) 9966: the numbers, by the README's assumptions."""
    truth = {cell: {n: maker.truth(cell, n) for n in (3, 53, 253, 280, 453)} for cell in ("bare", "coated")}
    assert truth["bare"][3]["R_ct"] == 51.9
    assert truth["coated"][3]["R_ct"] == 36.8
    total = {cell: sum(truth[cell][280][n] for n in ("R_s", "R_sei", "R_ct")) for cell in truth}
    assert total["bare"] / total["coated"] == pytest.approx(0.253 / 0.096, rel=1e-5)
    points_per_ohm = (94.7 - 90.6) / (truth["bare"][253]["R_ct"] - truth["bare"][53]["R_ct"])
    loss = points_per_ohm * (truth["coated"][453]["R_ct"] - truth["coated"][53]["R_ct"])
    assert loss == pytest.approx(95.2 - 94.9, rel=1e-4)


@pytest.mark.parametrize("cell", ["bare", "coated"])
def test_tracking_finds_the_truth(cell, manifest):
    result = eisfit.track(eisfit.read_series(RRML / cell), "rs-sei-ct-w")
    assert result.ok
    rows = {float(r["cycle"]): r for r in manifest if r["cell"] == cell}
    assert list(result.cycles) == sorted(rows)
    names = [name for name in result.circuit.names if name in manifest[0]]
    assert len(names) == 8
    pulls = np.array(
        [(fit[n].value - float(rows[fit.spectrum.cycle][n])) / fit[n].stderr for fit in result for n in names]
    )
    assert np.abs(pulls).max() < 4.5
    assert 0.7 < np.sqrt(np.mean(pulls**2)) < 1.35  # 1 where the standard errors are right; 48 and 88 values


def test_the_formation_spectra_give_the_papers_resistances(manifest):
    for cell, expected in (("bare", 51.9), ("coated", 36.8)):
        result = eisfit.fit(eisfit.read(RRML / cell / f"{cell}_cycle_003.csv"), "rs-sei-ct-w")
        assert result.ok
        assert abs(result["R_ct"].value - expected) < 2 * result["R_ct"].stderr


def test_the_study_names_spectra_that_exist():
    text = (RRML / "study.toml").read_text(encoding="utf-8")
    for name in ("physical/bare_1_25C.csv", "physical/coated_1_25C.csv"):
        assert name in text
        assert (RRML / name).is_file()

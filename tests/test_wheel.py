"""An installed copy, outside the checkout, has its circuits and examples and does the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


def call(*command, cwd, check=True):
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=clean, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built by the hatchling that is installed, else in pip's own environment (network)."""
    target = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    call(sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", target, ROOT, cwd=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel, and with this one's packages for the dependencies: no network."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "env", with_pip=False)
    python = home / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    places = call(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=home).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:  # what pip does with a pure wheel
        archive.extractall(places)
    borrowed = [p for p in sys.path if p.endswith("site-packages")]
    (Path(places) / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return python


def test_the_wheel_holds_what_it_needs_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "eisfit/_data/circuits/rs-sei-ct-w.toml" in names
    assert "eisfit/_data/example_spectra/rrml/study.toml" in names
    assert "eisfit/_data/example_spectra/rrml/bare/bare_cycle_003.csv" in names
    assert "eisfit/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"eisfit", "eisfit_toolkit"}
    assert not [name for name in names if "__pycache__" in name or name.startswith("eisfit/tests")]


def test_installed_it_is_not_the_checkout(installed, tmp_path):
    out = call(
        installed, "-c", "import eisfit; print(eisfit.__file__, len(eisfit.circuits()))", cwd=tmp_path
    ).stdout
    assert not Path(out).is_relative_to(ROOT)
    assert int(out.split()[-1]) == len(list((ROOT / "circuits").glob("*.toml")))


def test_installed_it_is_whole_and_draws_and_reports(installed, tmp_path):
    whole = json.loads(call(installed, "-m", "eisfit", "doctor", "--json", cwd=tmp_path).stdout)
    assert whole["ok"] is True
    assert {check["area"] for check in whole["checks"]} >= {"packages", "optional", "circuits", "examples"}
    call(installed, "-m", "eisfit", "circuits", "rs-ct", "-o", "rs-ct.svg", cwd=tmp_path)
    assert (tmp_path / "rs-ct.svg").read_text(encoding="utf-8").startswith("<svg")
    call(installed, "-m", "eisfit", "circuits", "--new", "mine", "R_s-p(R_ct,CPE_ct)", cwd=tmp_path)
    values = [f"-p{value}" for value in ("R_s=2", "R_ct=50", "CPE_ct_Q=1e-4", "CPE_ct_alpha=0.9")]
    call(installed, "-m", "eisfit", "simulate", "-c", "mine", *values, "-o", "Zelle 1.csv", cwd=tmp_path)
    call(installed, "-m", "eisfit", "report", "Zelle 1.csv", "-c", "mine", "-o", "page.html", cwd=tmp_path)
    assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")[:2000].lower()


def test_installed_it_finds_its_examples_and_explains_them(installed, tmp_path):
    listed = json.loads(call(installed, "-m", "eisfit", "examples", "--json", cwd=tmp_path).stdout)
    assert not Path(listed["folder"]).is_relative_to(ROOT)
    call(installed, "-m", "eisfit", "examples", "--copy", "mine", cwd=tmp_path)
    spectrum = "mine/rrml/coated/coated_cycle_003.csv"
    fit = json.loads(call(installed, "-m", "eisfit", "fit", spectrum, "--json", cwd=tmp_path).stdout)
    r_ct = fit["results"][0]["parameters"]["R_ct"]
    assert abs(r_ct["value"] - 36.8) < 4 * r_ct["stderr"]
    call(
        installed,
        "-m",
        "eisfit",
        "explain",
        "mine/other_coatings/flat_film.toml",
        "--output",
        "results",
        cwd=tmp_path,
    )
    assert (tmp_path / "results" / "explain.html").is_file()

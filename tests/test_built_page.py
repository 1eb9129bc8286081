"""The page that runs Python in the browser: built, opened from disk, and held against this Python.

Needs Pyodide's release in a folder (environment variable EISFIT_PYODIDE), node, a Chromium and playwright,
and for the wheels a network or a folder (EISFIT_WHEELS).
"""

import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

import eisfit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "tools/build_page.py"
SPECTRUM = ROOT / "example_spectra/rrml/bare/bare_cycle_003.csv"
MOST_BYTES = 38_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    output = tmp_path_factory.mktemp("built")
    pyodide = os.environ.get("EISFIT_PYODIDE")
    if not pyodide:
        pytest.skip("EISFIT_PYODIDE names no folder with Pyodide's release")
    if not shutil.which("node"):
        pytest.skip("node, which runs Pyodide to compile modules, is not installed")
    wheels = os.environ.get("EISFIT_WHEELS")
    command = [sys.executable, BUILD, "--pyodide", pyodide, "--output", output]
    done = subprocess.run(
        [*command, *(["--wheels", wheels] if wheels else [])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return output / "eisfit.html"


@pytest.fixture(scope="module")
def page(built, browser):
    """Return the page, ready, with the requests and complaints that it made."""
    page = browser.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
    page.goto(built.as_uri())
    page.wait_for_selector("body[data-engine=complete]", timeout=300_000)
    return page


CALL = """async ([op, payload]) => {
  const engine = window.testEngine || (window.testEngine = eisfit.engines.worker());
  return engine.call(op, payload);
}"""


def test_it_is_small_enough_and_forbids_connections(built):
    text = built.read_text(encoding="utf-8")
    assert built.stat().st_size <= MOST_BYTES
    assert "connect-src 'none'" in text
    for name in ("Mozilla Public License", "=== lmfit", "=== numpy-2", "=== scipy-1", "=== uncertainties"):
        assert name in text


def test_the_same_sources_give_the_same_bytes(built):
    """Two of the archives, compiled once more in another process; the rest is packing without a clock."""
    spec = importlib.util.spec_from_file_location("build_page", BUILD)
    build_page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build_page)
    core, wheels = build_page.pyodide_parts(Path(os.environ["EISFIT_PYODIDE"]))
    folder = os.environ.get("EISFIT_WHEELS")
    wheels += build_page.pure_wheels(Path(folder) if folder else None)
    first = build_page.site_packages(wheels)["first.zip"]  # numpy and eisfit
    sources = {"python_stdlib.zip": core["python_stdlib.zip"], "first.zip": first}
    again = build_page.compiled(core, sources)
    for name, source in sources.items():
        built_first = gzip.decompress((built.parent / f"eisfit-page/engine/{name}.bin").read_bytes())
        assert hashlib.sha256(source).digest() != hashlib.sha256(built_first).digest()
        assert hashlib.sha256(again[name]).digest() == hashlib.sha256(built_first).digest()


def test_a_dropped_file_is_fitted_as_here_without_a_request(page, built):
    page.set_input_files("#files", SPECTRUM)
    page.wait_for_function("() => document.body.dataset.fits", timeout=300_000)
    shown = page.evaluate("() => JSON.stringify(document.getElementById('parameters').innerText)")
    assert "51.8" in shown
    told = page.evaluate(
        CALL, ["read", {"files": [{"name": "a.csv", "base64": b64encode(SPECTRUM.read_bytes()).decode()}]}]
    )  # fmt: skip
    spectrum = told["spectra"][0]["spectrum"]
    found = page.evaluate(CALL, ["fit", {"spectrum": spectrum, "circuit": "rs-sei-ct-w"}])["document"]
    native = eisfit.fit(SPECTRUM, "rs-sei-ct-w").to_dict()
    assert found["grade"] == native["grade"]
    for name, row in native["parameters"].items():
        assert found["parameters"][name]["value"] == pytest.approx(row["value"], rel=1e-6)
        assert found["parameters"][name]["stderr"] == pytest.approx(row["stderr"], rel=1e-5)
    asked = [url for url in page.asked if not url.startswith(("blob:", "data:"))]
    assert asked == [built.as_uri()]
    assert page.complaints == []


def test_cancelled_work_ends_and_the_next_question_is_answered(page):
    told = page.evaluate(
        """async () => {
          const engine = window.testEngine || (window.testEngine = eisfit.engines.worker());
          const wanted = engine.call("circuit", { spectrum: {}, circuit: "rs-ct-w" });
          setTimeout(() => engine.cancel(), 0);
          const first = await wanted.then(() => "answered", (error) => error.message);
          const second = await engine.call("nothing", {}).catch((error) => error.message);
          return [first, second];
        }"""
    )
    assert told[0] == "cancelled"
    assert told[1].startswith("there is no operation 'nothing'")


def test_a_hostile_session_ends_no_worker(page):
    told = page.evaluate(
        """async () => {
          let deep = 1;
          for (let k = 0; k < 3000; k += 1) deep = [deep];
          return window.testEngine.call("session", { session: deep }).catch((error) => error.message);
        }"""
    )
    assert "nested too deeply" in told


def test_a_file_that_is_asked_for_at_once_is_read_and_fitted(page, built):
    """A question that comes before scipy is there is answered when it is."""
    other = page.context.browser.new_page()
    other.goto(built.as_uri())
    other.set_input_files("#files", SPECTRUM)
    told = "() => document.body.dataset.fits || document.querySelector('#problem').innerText"
    other.wait_for_function(told, timeout=300_000)
    assert other.evaluate("() => document.body.dataset.fits") == "1", other.inner_text("#problem")
    other.close()

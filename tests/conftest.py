"""What several test files share."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a run in the background of a script: its children
    signal.signal(signal.SIGINT, signal.default_int_handler)  # would ignore the Ctrl-C that tests send them

sys.dont_write_bytecode = False  # hundreds of processes are started: what one has compiled the others read
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("eisfit", deadline=None)  # tests never time anything: a machine may be busy
settings.load_profile("eisfit")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the circuits and the terminal of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)  # pytest-xdist sets it
        for name in ("XDG_CONFIG_HOME", "APPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="module")
def searched_once() -> Iterator[None]:
    """Search for a spectrum's circuits once in a file of tests: who asks again gets the same answer."""
    import eisfit

    identify = eisfit.identify  # the package's own name stays what it is
    answers: list[tuple[Any, Any, Any]] = []

    def ask(spectrum: Any, **options: Any) -> Any:
        for known, asked, answer in answers:
            if asked == options and known == spectrum:
                return answer
        answers.append((spectrum, options, identify(spectrum, **options)))
        return answers[-1][2]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eisfit.fitting.identify.identify.identify", ask)
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a headless Chromium; without one, or without playwright, a test is skipped with the reason."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    with playwright.sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        except playwright.Error as error:
            pytest.skip(f"no Chromium can be started: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="session")
def real_spectra() -> Path:
    """Folder with measured files from many instruments; they are not the project's, so it may be absent."""
    default = ROOT.parent / "shared" / "real_spectra"
    folder = Path(os.environ.get("EISFIT_REAL_SPECTRA", default))
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("the measured spectra are not on this machine (set EISFIT_REAL_SPECTRA)")
    return folder


@pytest.fixture(scope="session")
def manifest(real_spectra: Path) -> list[dict[str, str]]:
    """Rows of the measured spectra's manifest."""
    with (real_spectra / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))

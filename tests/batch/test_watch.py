"""`eisfit batch --watch`: a file is fitted when it has come to rest, never half-written, again when it grows.

The folder is a real one and so are the events; tests wait for what must come, with a limit, and time nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.batch.store import Store
from eisfit.batch.watch import Watcher
from eisfit.errors import UsageError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FREQUENCY = np.geomspace(1e4, 0.1, 15)
CIRCUIT = "R_s-p(R_ct,C_dl)"
LIMIT = 60  # s after which a test gives up


def text(r_ct, points=15):
    kick = np.random.default_rng(int(r_ct)).standard_normal((2, FREQUENCY.size))
    z = 2 + r_ct / (1 + 2j * np.pi * FREQUENCY * r_ct * 1e-4) * (1 + 1e-3 * (kick[0] + 1j * kick[1]))
    rows = [f"{f},{v.real},{v.imag}" for f, v in zip(FREQUENCY[:points], z[:points], strict=True)]
    return "\n".join(["frequency_Hz,Z_real_ohm,Z_imag_ohm", *rows]) + "\n"


@pytest.fixture
def watcher(tmp_path):
    with Watcher([tmp_path], settle=0.4) as found:
        yield found


def test_what_is_there_and_what_comes(tmp_path, watcher):
    (tmp_path / "b.csv").write_text("b")
    assert watcher.wait_for_settled(LIMIT) == [tmp_path / "b.csv"]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.csv").write_text("a")
    assert watcher.wait_for_settled(LIMIT) == [tmp_path / "deep" / "a.csv"]
    assert watcher.wait_for_settled(0.6) == []


def test_a_file_written_in_pieces_is_told_of_once_when_it_is_whole(tmp_path, watcher):
    path, done = tmp_path / "slow.csv", threading.Event()

    def write():
        with path.open("w") as stream:
            for _ in range(12):
                stream.write("0123456789")
                stream.flush()
                done.wait(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    assert watcher.wait_for_settled(LIMIT) == [path]
    assert path.stat().st_size == 120
    writer.join()
    assert watcher.is_unchanged(path)
    assert watcher.wait_for_settled(0.6) == []


def test_a_rename_into_place(tmp_path, watcher):
    hidden = tmp_path / ".cell.csv.x7"
    hidden.write_text("all of it")
    part = tmp_path / "other.csv.part"
    part.write_text("all of it")
    assert watcher.wait_for_settled(0.8) == []
    hidden.rename(tmp_path / "cell.csv")
    assert watcher.wait_for_settled(LIMIT) == [tmp_path / "cell.csv"]
    part.rename(tmp_path / "other.csv")
    assert watcher.wait_for_settled(LIMIT) == [tmp_path / "other.csv"]


def test_a_file_that_grows_is_told_of_again(tmp_path, watcher):
    path = tmp_path / "cell.csv"
    path.write_text("one")
    assert watcher.wait_for_settled(LIMIT) == [path]
    with path.open("a") as stream:
        stream.write(" two")
    assert not watcher.is_unchanged(path)
    assert watcher.wait_for_settled(LIMIT) == [path]


def test_a_change_while_it_is_read_is_not_lost(tmp_path, watcher):
    path = tmp_path / "cell.csv"
    path.write_text("one")
    assert watcher.wait_for_settled(LIMIT) == [path]
    path.write_text("one and more")
    assert not watcher.is_unchanged(path)
    assert watcher.wait_for_settled(LIMIT) == [path]
    assert watcher.is_unchanged(path)


def test_empty_unwanted_and_removed_files(tmp_path):
    with Watcher([tmp_path], settle=0.3, wanted=lambda path: path.suffix == ".csv") as watcher:
        (tmp_path / "empty.csv").touch()
        (tmp_path / "notes.txt").write_text("no spectrum")
        (tmp_path / "gone.csv").write_text("for a moment")
        watcher.wait_for_settled(0.1)
        (tmp_path / "gone.csv").unlink()
        assert watcher.wait_for_settled(0.6) == []


def test_a_folder_without_events_is_looked_through(tmp_path, monkeypatch):
    """As on network drives, which tell of nothing that another machine has written."""
    monkeypatch.setattr("eisfit.batch.watch._SCAN_INTERVAL", 0.2)
    watcher = Watcher([tmp_path], settle=0.2)  # not entered: the observer is not running
    assert watcher.wait_for_settled(0.1) == []
    (tmp_path / "cell.csv").write_text("one")
    assert watcher.wait_for_settled(LIMIT) == [tmp_path / "cell.csv"]


def test_wrong_requests(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"--watch needs folders: .* is none"):
        Watcher([tmp_path / "nowhere"], settle=1)

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr("eisfit.batch.watch.import_module", absent)
    with pytest.raises(
        UsageError, match=r'--watch needs another package: pip install "eisfit-toolkit\[watch\]"'
    ):
        Watcher([tmp_path], settle=1)


@pytest.fixture
def running():
    """Start commands that do not outlive their test, whatever becomes of it."""
    started = []

    def start(*arguments):
        started.append(Running(*arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait(LIMIT)
        one.reader.join()
        one.process.stdout.close()
        one.process.stderr.close()


class Running:
    """The command in a process of its own; its lines as they come."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "eisfit", "batch", *map(str, arguments), "--circuit", CIRCUIT]
        self.process = subprocess.Popen(
            [*command, "--watch", "--settle", "0.5"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def line(self):
        return self.lines.get(timeout=LIMIT)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(LIMIT)
        self.reader.join()
        with self.process.stderr as stream:
            said = stream.read()
        self.process.stdout.close()
        rest = []
        with contextlib.suppress(queue.Empty):
            while True:
                rest.append(self.lines.get_nowait())
        return code, rest, said


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process in another way there")
def test_the_command_fits_what_comes_and_stops_cleanly(tmp_path, running):
    cells, store = tmp_path / "cells", tmp_path / "cells" / "results.sqlite"
    cells.mkdir()
    (cells / "cycle_1.csv").write_text(text(40))
    (cells / "manifest.csv").write_text("file,cycle\ncycle_2.csv,20\n")
    watching = running(cells, "--store", store)
    assert "Ctrl-C to stop" in watching.line()
    assert watching.line() == f"{cells / 'cycle_1.csv'}: B, usable"  # too few points to know the noise
    hidden = cells / ".cycle_2.csv"
    hidden.write_text(text(50))
    hidden.rename(cells / "cycle_2.csv")
    assert watching.line() == f"{cells / 'cycle_2.csv'}: B, usable"
    (cells / "cycle_3.csv").write_text(text(60, points=11))
    assert watching.line().startswith(f"{cells / 'cycle_3.csv'}: ")
    (cells / "cycle_3.csv").write_text(text(60))
    assert watching.line() == f"{cells / 'cycle_3.csv'}: B, usable (the file has changed)"
    (tmp_path / "elsewhere.csv").write_text(text(70))
    (cells / "linked.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert watching.line() == f"{cells / 'linked.csv'}: B, usable"
    (cells / "broken.csv").write_text("nothing here\n")
    assert watching.line().startswith(f"{cells / 'broken.csv'}: failed: ")
    code, rest, said = watching.stop()
    assert code == 1
    assert f"with --export FILE.csv in place of --watch, and --circuit '{CIRCUIT}', writes them" in rest[-1]
    assert "5 files; 5 fits (1 of changed files), 0 from the store, 1 failed" in rest[-1]
    assert said == ""
    with Store(store) as opened:
        documents = {Path(d["spectrum"]["source"]).name: d for d in opened.documents()}
        assert len(opened) == 4, "what was fitted of the shorter file is gone"
    assert documents["cycle_2.csv"]["spectrum"]["cycle"] == 20.0
    assert documents["cycle_3.csv"]["spectrum"]["points"] == 15
    assert documents["cycle_3.csv"]["parameters"]["R_ct"]["value"] == pytest.approx(60, rel=3e-3)


def test_what_watchdog_says_while_it_stops_is_not_printed(tmp_path):
    code = (  # a process of its own: pytest's handlers would take it
        "import logging, sys\n"
        "from eisfit.batch.watch import Watcher\n"
        "with Watcher([__import__('pathlib').Path(sys.argv[1])], settle=1):\n"
        "    logging.getLogger('watchdog.observers.inotify').error('called when the thread is inactive')\n"
    )
    call = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process in another way there")
def test_json_at_the_end_and_what_the_store_has_is_not_fitted_again(tmp_path, running):
    cells, store = tmp_path / "cells", tmp_path / "results.sqlite"
    cells.mkdir()
    (cells / "cycle_1.csv").write_text(text(40))
    spectra = eisfit.read_series(cells)
    list(eisfit.fit_many(spectra, CIRCUIT, store=store))
    watching = running(cells, "--store", store, "--json")
    (cells / "cycle_2.csv").write_text(text(50))
    with Store(store) as opened:
        while len(opened) < 2:
            threading.Event().wait(0.1)
    code, rest, said = watching.stop()
    document = json.loads("\n".join(rest))
    assert (code, said) == (0, "")
    assert (document["fitted"], document["reused"], document["failed"]) == (1, 1, [])
    assert document["watched"] == [str(cells)]


@pytest.mark.parametrize("arguments", [[], ["--store", "s.sqlite", "--export", "a.csv"]])
def test_watching_needs_a_store_and_no_export(tmp_path, monkeypatch, arguments):
    from click.testing import CliRunner

    from eisfit.cli.app import app

    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["batch", str(tmp_path), "--watch", *arguments])
    assert done.exit_code == 2
    assert "--watch needs --store, and writes no --export" in done.stderr


def test_a_folder_that_goes_and_comes_back_is_told(tmp_path, capsys):
    """A network drive vanishes over night: it was silent, as if no file had come."""
    from eisfit.cli.watching import _Fits

    (tmp_path / "cells").mkdir()
    fits = _Fits([tmp_path / "cells"], None, None, {}, {}, False)
    for _ in range(2):
        (tmp_path / "cells").rename(tmp_path / "away")
        fits.tell_gone()
        (tmp_path / "away").rename(tmp_path / "cells")
        fits.tell_gone()
        fits.tell_gone()
    told = [line.rpartition(": ")[2] for line in capsys.readouterr().err.splitlines()]
    assert told == ["waiting for it", "is there again"] * 2

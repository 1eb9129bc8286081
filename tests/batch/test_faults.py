"""Faults around a run: a full disk, a store of another version or damaged, Ctrl-C, clocks that jump."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import eisfit
from eisfit import files
from eisfit.__main__ import _exit_with_sentence
from eisfit.batch.store import Store
from eisfit.batch.watch import Watcher
from eisfit.cli import app
from eisfit.cli.all_commands import Commands
from eisfit.errors import EisfitError

CIRCUIT = "R_s-p(R_ct,C_dl)"
FREQUENCY = np.geomspace(1e4, 1, 15)
ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60  # s after which a test gives up


def spectrum(k):
    z = 2 + (40 + k) / (1 + 2j * np.pi * FREQUENCY * (40 + k) * 1e-4)
    kick = np.random.default_rng(k).standard_normal((2, FREQUENCY.size))
    return eisfit.Spectrum(FREQUENCY, z * (1 + 1e-3 * (kick[0] + 1j * kick[1])), source=f"c{k}.csv")


def filled(path, count=6):
    list(eisfit.fit_many([spectrum(k) for k in range(count)], CIRCUIT, store=path))


def test_a_full_disk_ends_a_run_in_a_sentence_and_keeps_what_was_written(tmp_path, monkeypatch):
    path = tmp_path / "s.sqlite"
    monkeypatch.setattr("eisfit.batch.many.CHUNK", 5)
    with Store(path) as store:
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 8}")  # SQLite's own word for a full disk
        many = eisfit.fit_many([spectrum(k) for k in range(60)], CIRCUIT, store=store)
        with pytest.raises(EisfitError, match=r"s\.sqlite: cannot be written: database or disk is full"):
            list(many)
        kept = len(store)
    assert 0 < kept < 60
    assert kept % 5 == 0, "a chunk is there as a whole or not at all"
    again = eisfit.fit_many([spectrum(k) for k in range(60)], CIRCUIT, store=path)
    assert len(list(again)) == 60
    assert (again.fitted, again.reused) == (60 - kept, kept)


def test_a_store_of_a_later_version(tmp_path):
    filled(tmp_path / "s.sqlite")
    with sqlite3.connect(tmp_path / "s.sqlite") as db:
        db.execute("PRAGMA user_version = 3")
    db.close()
    with pytest.raises(EisfitError, match=r"of another version of eisfit \(layout 3, this one reads 2\)"):
        Store(tmp_path / "s.sqlite")


@pytest.mark.parametrize("spoilt", ["document = zeroblob(9)", "numbers = zeroblob(9)", "circuit = 'none'"])
def test_a_damaged_store_is_told(tmp_path, spoilt):
    filled(tmp_path / "s.sqlite")
    with sqlite3.connect(tmp_path / "s.sqlite") as db:
        db.execute(f"UPDATE results SET {spoilt}")
    db.close()
    with Store(tmp_path / "s.sqlite") as store, pytest.raises(EisfitError, match=r"s\.sqlite: is damaged"):
        list(store.documents())


def test_a_damaged_file_is_told(tmp_path):
    filled(tmp_path / "s.sqlite", 40)
    data = bytearray((tmp_path / "s.sqlite").read_bytes())
    data[4096 * 2 :] = os.urandom(len(data) - 4096 * 2)
    (tmp_path / "s.sqlite").write_bytes(data)
    told = pytest.raises(EisfitError, match=r"s\.sqlite: (is damaged|cannot be used as a store)")
    with told, Store(tmp_path / "s.sqlite") as store:
        list(store.documents())


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch, error):
    (tmp_path / "r.json").write_text("old")

    def fails(*_):
        raise error

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(EisfitError if isinstance(error, OSError) else KeyboardInterrupt):
        files.write_atomic(tmp_path / "r.json", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]
    assert (tmp_path / "r.json").read_text() == "old"


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from eisfit.__main__ import main
sys.argv[0] = "eisfit"
main()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit of the size of files on this system")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "a.csv", "--output", "out"], "cannot be written|nothing can be written"),
        (["convert", "a.csv", "--output", "out"], "cannot be written|nothing can be written"),
        (["batch", ".", "--circuit", CIRCUIT, "--store", "s.sqlite"], "cannot be used as a store"),
        (
            ["fit", "a.csv", "--circuit", CIRCUIT, "--output", "out"],
            "no folder for temporary files|cannot be",
        ),
    ],
)
def test_no_room_at_all_is_a_sentence(tmp_path, arguments, said):
    one = spectrum(1)
    rows = zip(one.frequency, one.impedance.real, one.impedance.imag, strict=True)
    (tmp_path / "a.csv").write_text("f/Hz,Zre/ohm,Zim/ohm\n" + "".join(f"{f},{x},{y}\n" for f, x, y in rows))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-c", FULL, *arguments]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    (sentence,) = done.stderr.splitlines()
    assert any(word in sentence for word in said.split("|")), sentence
    assert not [p for p in tmp_path.rglob(".*") if p.is_file()]


def test_ctrl_c_while_a_command_is_imported(monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Commands, "get_command", stopped)
    done = CliRunner().invoke(app, ["fit", "a.csv"])
    assert done.exit_code == 130
    assert done.stderr.strip() == "eisfit: stopped"


STOPPED = """
import os, signal, sys
from eisfit.__main__ import main
from eisfit.cli.all_commands import Commands
Commands.get_command = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
sys.argv = ["eisfit", "fit", "a.csv"]
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM to be handled on this system")
def test_a_scheduler_that_ends_a_run_is_as_good_as_ctrl_c():
    run, there = [sys.executable, "-c", STOPPED], {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(run, env=there, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (130, "eisfit: stopped")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "the system allows no more (ulimit -a"),
        (MemoryError(), "there is not enough memory"),
        (ValueError("x"), "internal error, please report it: ValueError: x"),
    ],
)
def test_what_the_system_refuses_is_no_internal_error(capsys, error, said):
    with pytest.raises(SystemExit) as end:
        _exit_with_sentence(error)
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"eisfit: {said}")


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be removed on this system")
def test_a_folder_that_is_gone_is_told(capsys, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SystemExit):
        _exit_with_sentence(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert "the folder in which this was started is gone" in capsys.readouterr().err


@pytest.mark.parametrize("moment", [0, 1, 4_000_000_000])
def test_times_of_files_that_lie_in_the_past_or_the_future(tmp_path, moment):
    """Clocks of instruments are wrong, and jump: a file is told of by having stood still, not by its age."""
    pytest.importorskip("watchdog")
    (tmp_path / "a.csv").write_text("a")
    os.utime(tmp_path / "a.csv", (moment, moment))
    with Watcher([tmp_path], settle=0.2) as watcher:
        assert watcher.wait_for_settled(LIMIT) == [tmp_path / "a.csv"]
        os.utime(tmp_path / "a.csv", (5, 5))  # the clock was put back, and the file written again
        assert watcher.wait_for_settled(LIMIT) == [tmp_path / "a.csv"]

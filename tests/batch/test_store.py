"""The store: found again by content, whole after kill -9, shared by two runs."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.batch.store import Store, compute_key, digest_settings, restore_result
from eisfit.errors import EisfitError
from eisfit.fitting.failure import FitFailure

CIRCUIT = eisfit.circuit("R_s-p(R_ct,C_dl)")
FREQUENCY = np.geomspace(1e4, 0.1, 20)
ROOT = Path(__file__).resolve().parents[2]


def spectra(count, first=0):
    found = []
    for k in range(first, first + count):
        z = 2 + (40 + k) / (1 + 2j * np.pi * FREQUENCY * (40 + k) * 1e-4)
        kick = np.random.default_rng(k).standard_normal((2, FREQUENCY.size))
        noisy = z * (1 + 0.002 * (kick[0] + 1j * kick[1]))
        found.append(eisfit.Spectrum(FREQUENCY, noisy, source=f"cell_{k}.csv", cycle=k))
    return found


def run(found, store, circuit=CIRCUIT, **options):
    many = eisfit.fit_many(found, circuit, store=store, **options)
    return list(many), many


def test_a_second_run_fits_only_what_is_new(tmp_path):
    store = tmp_path / "results.sqlite"
    first, many = run(spectra(4), store)
    assert (many.fitted, many.reused) == (4, 0)
    again, many = run(spectra(6), store)
    assert (many.fitted, many.reused) == (2, 4)
    assert [r.to_dict() for r in again[:4]] == [r.to_dict() for r in first]
    with Store(store) as opened:
        assert len(opened) == 6
        assert [d["spectrum"]["source"] for d in opened.documents()] == [f"cell_{k}.csv" for k in range(6)]


def test_a_file_that_was_renamed_is_known_under_its_new_name(tmp_path):
    store = tmp_path / "results.sqlite"
    (one,) = spectra(1)
    run([one], store)
    (result,), many = run([one.replace(source="other.csv", cycle=7.0)], store)
    assert many.reused == 1
    assert (result.spectrum.source, result.spectrum.cycle) == ("other.csv", 7.0)


@pytest.mark.parametrize(
    "options",
    [{"weighting": "unit"}, {"fmin": 1.0}, {"fix": {"R_s": 2.0}}, {"finish": "lmfit"}, {"drop": [1e4]}],
    ids=lambda options: next(iter(options)),
)
def test_other_settings_are_another_result(tmp_path, options):
    store = tmp_path / "results.sqlite"
    run(spectra(2), store)
    _, many = run(spectra(2), store, **options)
    assert (many.fitted, many.reused) == (2, 0)
    _, many = run(spectra(2), store, **options)
    assert (many.fitted, many.reused) == (0, 2)


def test_the_key_hangs_on_every_number_and_on_the_version(monkeypatch):
    (one,) = spectra(1)
    digest = digest_settings(CIRCUIT, {}, "kernel")
    changed = one.impedance.copy()
    changed[3] += 1e-12
    keys = {
        compute_key(one, digest),
        compute_key(one.replace(impedance=changed), digest),
        compute_key(one.replace(noise=0.1), digest),
        compute_key(one.replace(frequency=one.frequency * 1.001), digest),
    }
    assert len(keys) == 4
    assert compute_key(one.replace(source="elsewhere"), digest) in keys
    monkeypatch.setattr("eisfit.batch.store.__version__", "0.0.0")
    assert digest_settings(CIRCUIT, {}, "kernel") != digest


def test_failures_are_kept_too_but_not_those_of_reading(tmp_path):
    store = tmp_path / "results.sqlite"
    short = eisfit.Spectrum([10.0], [1 - 1j], source="short.csv")
    unread = FitFailure("broken.csv", "broken.csv: is no spectrum")
    found, many = run([short, unread], store)
    assert (many.fitted, many.failed) == (1, 2)
    found, many = run([short, unread], store)
    assert (many.fitted, many.reused, many.failed) == (0, 1, 2)
    assert "cannot determine" in found[0].error
    with Store(store) as opened:
        assert len(opened) == 1


def test_what_is_no_store_is_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("these are not results, but a text that is long enough to be looked at\n" * 20)
    with pytest.raises(EisfitError, match=r"notes\.txt: cannot be used as a store of results"):
        Store(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    with pytest.raises(EisfitError, match=r"other\.sqlite: is a database, but not a store of results"):
        Store(other)
    with sqlite3.connect(other) as db:  # its only table has the name of ours: it is not called damaged
        db.execute("ALTER TABLE mine RENAME TO results")
    with pytest.raises(EisfitError, match=r"other\.sqlite: is a database, but not a store of results"):
        Store(other)
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("results",)]
    db.close()
    with pytest.raises(EisfitError, match="cannot be used as a store"):
        Store(tmp_path / "nowhere" / "results.sqlite")


def test_no_connection_is_left_open(tmp_path, monkeypatch):
    """Python 3.13 and later warn of it."""
    opened = []

    class Connection(sqlite3.Connection):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            opened.append(self)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kw: connect(*args, factory=Connection, **kw))
    (tmp_path / "notes.txt").write_text("no database, but a text that is long enough to be looked at\n" * 20)
    with pytest.raises(EisfitError):
        Store(tmp_path / "notes.txt")
    eisfit.fit_many(spectra(1), CIRCUIT, store=tmp_path / "results.sqlite").close()  # before its first fit
    run(spectra(1), tmp_path / "results.sqlite")
    assert len(opened) == 3
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    store = Store(tmp_path / "results.sqlite")
    results, _ = run(spectra(1), None)
    store.close()
    with pytest.raises(EisfitError, match=r"results\.sqlite: cannot be written"):
        _write_closed(tmp_path / "results.sqlite", results)


def _write_closed(path, results):
    with Store(path) as store:
        store._db.execute("PRAGMA query_only = ON")
        store.put([("key", results[0])])


def test_a_result_comes_back_whole(tmp_path):
    (spectrum,) = spectra(1)
    (result,), _ = run([spectrum], None)
    with Store(tmp_path / "results.sqlite") as store:
        store.put([("key", result)])
        (document,) = store.get(["key", "other"]).values()
    assert restore_result(document, spectrum).to_dict() == result.to_dict()


@pytest.mark.parametrize("noise", [None, 0.1])
def test_what_is_stored_is_what_fit_many_gave(tmp_path, noise):
    """Also of failures, of flagged results, of a known noise, and of a parameter held at its bound."""
    found = [s if noise is None else s.replace(noise=noise) for s in spectra(2)]
    found.append(eisfit.Spectrum([10.0], [1 - 1j], source="short.csv"))
    first, _ = run(found, tmp_path / "results.sqlite", bound={"R_ct": (1.0, 40.5)})
    assert any(r.error is None and r["R_ct"].at_bound for r in first)
    again, many = run(found, tmp_path / "results.sqlite", bound={"R_ct": (1.0, 40.5)})
    assert (many.fitted, many.reused) == (0, 3)
    assert [r.to_dict() for r in again] == [r.to_dict() for r in first]
    with Store(tmp_path / "results.sqlite") as store:
        documents = list(store.documents())
    assert documents == sorted((r.to_dict() for r in first), key=lambda d: d["spectrum"]["source"])


def test_a_store_of_another_layout_is_refused(tmp_path):
    path = tmp_path / "results.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE results (key TEXT)")
        db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(
        EisfitError, match=r"a store of another version of eisfit \(layout 1, this one reads 2\)"
    ):
        Store(path)


@pytest.mark.slow
def test_two_runs_on_one_store(tmp_path):
    store = tmp_path / "results.sqlite"
    Store(store).close()
    errors = []

    def work(first):
        try:
            run(spectra(40, first), store)
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Store(store) as opened:
        assert len(opened) == 60
        assert opened._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
def test_two_processes_on_one_store(tmp_path):
    """Both begin with the same spectra; neither waits for the other to end."""
    store = tmp_path / "results.sqlite"
    code = KILLED.format(root=str(ROOT), tests=str(Path(__file__).parent), store=str(store))
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        out, error = process.communicate(timeout=120)
        assert (process.returncode, error) == (0, "")
        assert out.count("done\n") == 60
    with Store(store) as opened:
        assert len(opened) == 60
        assert opened._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    _, many = run(spectra(60), store)
    assert (many.fitted, many.reused) == (0, 60)


def test_results_can_be_forgotten(tmp_path):
    path = tmp_path / "results.sqlite"
    _, many = run(spectra(3), path)
    with Store(path) as store:
        store.remove([many.key(spectra(3)[1]), "unknown"])
        assert [d["spectrum"]["source"] for d in store.documents()] == ["cell_0.csv", "cell_2.csv"]
        store._db.execute("PRAGMA query_only = ON")
        with pytest.raises(EisfitError, match=r"results\.sqlite: cannot be written"):
            store.remove(["key"])


KILLED = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import eisfit.batch.many
from test_store import CIRCUIT, spectra
eisfit.batch.many.CHUNK = 5
print("ready", flush=True)
for result in eisfit.fit_many(spectra(60), CIRCUIT, store={store!r}):
    print("done", flush=True)
"""


def killed_after(store, results, delay):
    """Start a run and kill it (kill -9) some time after so many results; return how many were printed."""
    code = KILLED.format(root=str(ROOT), tests=str(Path(__file__).parent), store=str(store))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        seen = 0
        for line in process.stdout:
            seen += line == "done\n"
            if seen >= results:
                break
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        return seen + process.stdout.read().count("done\n")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_kill_9_loses_no_finished_chunk(tmp_path):
    store, rng = tmp_path / "results.sqlite", np.random.default_rng(4)
    kept = 0
    for results in (1, 8, 25):
        seen = killed_after(store, results, rng.uniform(0, 0.03))
        with Store(store) as opened:
            assert opened._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert len(opened) >= max(seen, kept)
            assert len(opened) % 5 == 0, "a chunk is there as a whole or not at all"
            kept = len(opened)
    found, many = run(spectra(60), store)
    assert (many.fitted, many.reused) == (60 - kept, kept)
    alone, _ = run(spectra(60), None)
    for one, other in zip(found, alone, strict=True):
        assert one.spectrum == other.spectrum
        assert one.statistics.chisqr == pytest.approx(other.statistics.chisqr, rel=1e-9)
    with Store(store) as opened:
        assert len(opened) == 60

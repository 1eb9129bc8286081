"""Kill -9 a batch that writes to a store, 50 times at random moments: what was finished is all there.

    python benchmarks/kill.py [--kills 50]

One store, one series of spectra. Each run is killed at a random moment, mostly while it fits and writes
something new; then the store must be whole (as SQLite checks it) and hold every chunk that the run had told
of, each chunk as a whole. When all are fitted, the store begins anew. At the end an undisturbed run must give
what a run without a store gives.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import eisfit
from eisfit.batch.store import Store

COUNT, CHUNK = 400, 8
FREQUENCY = np.geomspace(1e4, 0.1, 20)
CIRCUIT = "R_s-p(R_ct,C_dl)"
RUN = """
import sys
sys.path.insert(0, {here!r})
import eisfit.batch.many, kill
eisfit.batch.many.CHUNK = kill.CHUNK
print("ready", flush=True)
for result in eisfit.fit_many(kill.spectra(), kill.CIRCUIT, store={store!r}):
    print("done", flush=True)
"""


def spectra():
    """Return simulated spectra, all different."""
    rng = np.random.default_rng(0)
    r_ct = np.arange(40.0, 40.0 + COUNT)
    z = 2 + r_ct[:, None] / (1 + 2j * np.pi * FREQUENCY * r_ct[:, None] * 1e-4)
    z = z * (1 + 0.002 * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)))
    return [eisfit.Spectrum(FREQUENCY, row, source=f"simulated {k}") for k, row in enumerate(z)]


def killed(store: Path, results: int, delay: float) -> tuple[int, bool]:
    """Run, kill `delay` s after so many results; return how many it told of, and whether it had ended."""
    code = RUN.format(here=str(Path(__file__).parent), store=str(store))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        seen = 0
        while seen < results and process.stdout.readline():
            seen += 1
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        told = seen + process.stdout.read().count("done\n")
        return told, process.wait() == 0


def checked(store: Path, told: int, before: int) -> int:
    """Return how many results the store has, all of them whole."""
    with Store(store) as opened:
        assert opened._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = len(opened)
        assert len(list(opened.documents())) == kept
    assert kept >= max(told, before), f"{told} told of, {before} before, {kept} there"
    assert kept % CHUNK == 0, f"{kept}: part of a chunk"
    return kept


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    given = parser.parse_args()
    rng, kills, refilled, moments = np.random.default_rng(1), 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        store, kept = Path(folder) / "results.sqlite", 0
        while kills < given.kills:
            if kept == COUNT:
                store.unlink()
                kept, refilled = 0, refilled + 1
            told, finished = killed(
                store, int(rng.integers(kept, min(kept + 60, COUNT))), rng.uniform(0.0, 0.02)
            )
            was, kept = kept, checked(store, told, kept)
            kills += not finished
            moments += [kept - was] if not finished else []
        results = list(eisfit.fit_many(spectra(), CIRCUIT, store=store))
        alone = list(eisfit.fit_many(spectra(), CIRCUIT))
    for one, other in zip(results, alone, strict=True):
        assert one.spectrum == other.spectrum
        assert abs(one.statistics.chisqr / other.statistics.chisqr - 1) < 1e-9
    stored = sum(m > 0 for m in moments)
    print(
        f"{kills} kills, the store filled anew {refilled} times: whole each time; {stored} "
        f"runs had stored something (up to {max(moments)} results) before they were killed; nothing lost, "
        "nothing doubled"
    )


if __name__ == "__main__":
    main()

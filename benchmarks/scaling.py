"""How `eisfit.fit_many` grows with the number of spectra and workers, and what 10^8 would take.

    python benchmarks/scaling.py [--largest 10000] [--alone 100000] [--workers 2] [--dask]

Simulated spectra (60 points, 8 parameters, R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct), 0.2 % noise) are made one
chunk at a time, so that memory is that of the fit; each case runs in a process of its own, whose peak memory
is read at its end. Results are consumed and dropped; the last row writes them to a SQLite file too.

The rate is that after the first result: the workers have begun by then, which takes each some seconds of
imports. Efficiency is the CPU time of one process over that of all, workers included, for the same spectra:
it holds on a machine that others use too, where the clock does not. Both include the making of the spectra.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import eisfit

BASE = [4.2, 12.5, 2.5e-5, 0.87, 51.9, 3.1, 4e-3, 0.82]
FREQUENCY = np.geomspace(1e5, 1e-2, 60)
AT_ONCE = 256


def spectra(count):
    """Yield simulated spectra of a slowly ageing cell."""
    circuit = eisfit.circuit("rs-sei-ct-w")
    linear = np.array([circuit.parameters[n].scale == "linear" for n in circuit.names])
    rng = np.random.default_rng(0)
    for first in range(0, count, AT_ONCE):
        rows = min(AT_ONCE, count - first)
        spread = np.where(linear, 0.02, 0.15) * rng.standard_normal((rows, len(BASE)))
        p = np.where(linear, np.minimum(BASE * np.exp(spread), 0.97), BASE * np.exp(spread))
        z = circuit.impedance(FREQUENCY, dict(zip(circuit.names, p.T, strict=True)))
        z = z * (1 + 0.002 * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)))
        for k, row in enumerate(z, first):
            yield eisfit.Spectrum(FREQUENCY, row, source=f"simulated {k}")


def one_case(count, workers, dask, store):
    """Print seconds (clock and CPU), peak MB and the audit of one case as JSON."""
    import resource

    pool = None if workers == 0 else workers
    if dask:
        import distributed

        cluster = distributed.LocalCluster(workers, threads_per_worker=1, dashboard_address=None)
        client = distributed.Client(cluster)
        pool = client.get_executor()
    list(eisfit.fit_many(spectra(1), "rs-sei-ct-w"))  # imports
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.sqlite" if store else None
        begin, cpu = time.perf_counter(), os.times()
        many = eisfit.fit_many(spectra(count), "rs-sei-ct-w", workers=pool, store=path)
        good = next(many).ok
        first = time.perf_counter() - begin
        good += sum(result.ok for result in many)
        seconds = time.perf_counter() - begin
        size = path.stat().st_size if path else 0
    if dask:
        client.close()
        cluster.close()
    now = os.times()  # after the workers have gone: only then do their times count
    used = sum(now[:4]) - sum(cpu[:4])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    audit = many.audit.to_dict()
    told = {
        "own": sum(now[:2]) - sum(cpu[:2]),
        "s": seconds,
        "first": first,
        "cpu": used,
        "MB": peak,
        "good": good,
        "audit": audit,
        "bytes": size,
    }
    print(json.dumps(told))


def dask_overhead(workers, tasks=200):
    """Return seconds that Dask adds to a task that does nothing."""
    import distributed

    with (
        distributed.LocalCluster(workers, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        list(executor.map(abs, range(workers)))
        begin = time.perf_counter()
        for future in [executor.submit(abs, k + 1000) for k in range(tasks)]:
            future.result()
        return (time.perf_counter() - begin) / tasks


def measured(count, workers, dask=False, store=False):
    command = [sys.executable, __file__, "--case", str(count), "--workers", str(workers)]
    command += ["--dask"] * dask + ["--store"] * store
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(count, label, seen, reference=None):
    rest = max(seen["s"] - seen["first"], 1e-9)
    rate = f"{(count - AT_ONCE) / rest:.0f}" if count > 2 * AT_ONCE else ""
    share = "" if reference is None else f"{reference['cpu'] / seen['cpu']:.2f}"
    told = [
        count,
        label,
        f"{seen['s']:.1f}",
        f"{seen['first']:.1f}",
        rate,
        f"{1e3 * seen['cpu'] / count:.2f}",
    ]
    told += [share, f"{seen['MB']:.0f}", f"{seen['good']}/{count}"]
    print("| " + " | ".join(map(str, told)) + " |", flush=True)


def projection(seen, count, size):
    per = seen["cpu"] / count
    hours = 1e8 * per / 3600
    print(
        f"\n10^8 spectra, projected from {count}: {per * 1e3:.2f} ms of CPU each, so {hours:.0f} core hours "
        f"({hours / 64:.1f} h on 64 cores), {1e8 * size / 1e12:.2f} TB in stores at {size:.0f} bytes each."
    )
    print(
        "Assumed: spectra of the same kind (points, parameters, share that eisfit.fit must finish one by\n"
        "one as here); reading the files costs nothing; cores as fast as this one, while it is shared; and\n"
        "the process that hands out chunks and takes results keeps up: it has its own share of the work, so\n"
        "that from some ten workers on the files are better split between runs, each with its own store."
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=int, default=10_000)
    parser.add_argument("--alone", type=int, default=0, help="one process with so many, too")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case is not None:
        one_case(given.case, given.workers, given.dask, given.store)
        return
    print(
        "| spectra | where | s | first result, s | a second, then | CPU ms each | efficiency | peak MB | ok |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    counts = [10**k for k in range(2, 9) if 10**k <= given.largest]
    for count in counts:
        alone = measured(count, 0)
        row(count, "this process", alone)
        for workers in sorted({1, given.workers}):
            row(count, f"{workers} worker{'s' * (workers > 1)}", measured(count, workers), alone)
        if given.dask:
            row(count, f"Dask, {given.workers} workers", measured(count, given.workers, dask=True), alone)
    kept = measured(counts[-1], 0, store=True)
    row(counts[-1], "this process, store", kept, alone)
    largest = counts[-1]
    if given.alone > largest:
        largest, alone = given.alone, measured(given.alone, 0)
        row(largest, "this process", alone)
    print(f"\naudit of the largest: {alone['audit']}")
    if given.dask:
        print(
            f"Dask adds {1e3 * dask_overhead(given.workers):.1f} ms a task (a task is a chunk of 256 spectra)"
        )
    projection(alone, largest, kept["bytes"] / counts[-1])


if __name__ == "__main__":
    main()

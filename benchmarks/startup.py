"""What a user waits for: commands in processes of their own, against scripts that do the same.

    python benchmarks/startup.py [--turns 5] [--spectra 3000]

CPU time (user and system) of whole processes, the shortest of several turns. The peer of the commands is a
script that reads the same file with numpy and fits the same circuit from given starts by scipy, with standard
errors; that of `fit_many` is impedance.py on ten of the same spectra, from the first spectrum's
true values, its import left out. `fit_many` starts blind, in a fresh process; its import, and one result of a
hundred looked at, are counted. The unusual fits are looked at when someone asks for them: the second time is
with the verdict of every one.

Each process runs once before it is counted, and may keep what it compiles (PYTHONDONTWRITEBYTECODE is not
handed on): an installation has its modules as bytecode, and Python without it takes half as long again.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "example_spectra" / "rrml"
FILE = EXAMPLES / "bare" / "bare_cycle_003.csv"
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

SCIPY = """
import sys
import numpy as np
from scipy.optimize import least_squares
f, re, im = np.loadtxt(sys.argv[1], delimiter=",", skiprows=3, unpack=True)
z, w = re + 1j * im, 2j * np.pi * f
def model(p):
    r_s, r_sei, q_sei, r_ct, sigma, q_ct = np.exp(p[:6])
    warburg = sigma * (1 - 1j) / np.sqrt(w.imag)
    return r_s + 1 / (1 / r_sei + q_sei * w ** p[6]) + 1 / (1 / (r_ct + warburg) + q_ct * w ** p[7])
def residual(p):
    d = (model(p) - z) / np.abs(z)
    return np.concatenate([d.real, d.imag])
start = [*np.log([4.0, 10.0, 1e-5, 40.0, 3.0, 1e-3]), 0.85, 0.8]
found = least_squares(residual, start, x_scale="jac")
covar = np.linalg.inv(found.jac.T @ found.jac) * 2 * found.cost / (found.fun.size - found.x.size)
print(found.x, np.sqrt(np.diag(covar)), 2 * found.cost)
"""
MANY = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
z, f = np.load(sys.argv[2]), np.geomspace(1e5, 1e-2, 60)
import time
begin = time.process_time()
import eisfit
spectra = [eisfit.Spectrum(f, one) for one in z]
results = list(eisfit.fit_many(spectra, "rs-sei-ct-w"))
seen = [r["R_ct"].value for r in results[::100]]
taken = time.process_time() - begin
print(taken, sum(r.ok for r in results), time.process_time() - begin)
"""
THEIRS = """
import sys
sys.path.insert(0, sys.argv[1])
import throughput
circuit, true, z = throughput.simulated("rs-sei-ct-w", int(sys.argv[3]))
np = throughput.np
np.save(sys.argv[2], z)
picked = np.linspace(0, len(z) - 1, 10).astype(int)
spent, _ = throughput.theirs(throughput.THEIRS["rs-sei-ct-w"], z[picked], true[[0] * 10])
print(spent.sum() / 10)
"""


def seconds(*command, turns):
    """Return the CPU seconds of a process, the shortest of several after one that is not counted."""
    spent = []
    for _ in range(turns + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(sum(after[k] - before[k] for k in (0, 1)))
    return min(spent[1:])


def of_many(kept, engine, turns):
    """Return seconds of `fit_many`, the shortest of several as above, how many fits are usable, and seconds
    with that question."""
    words = [sys.executable, "-c", MANY, str(HERE), str(kept)]
    environment = ENVIRONMENT | {"EISFIT_ENGINE": engine}
    turn = (
        subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout.split()
        for _ in range(turns + 1)
    )
    return min([(float(spent), int(usable), float(asked)) for spent, usable, asked in turn][1:])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--spectra", type=int, default=3000)
    arguments = parser.parse_args()
    fit = ["fit", str(FILE), "--circuit", "rs-sei-ct-w"]
    commands = {
        "--help": ["--help"],
        "info": ["info", str(FILE)],
        "check": ["check", str(FILE)],
        "fit": fit,
        "fit --finish kernel": [*fit, "--finish", "kernel"],
        "track of six files": ["track", str(EXAMPLES / "bare"), "--circuit", "rs-sei-ct-w"],
        "explain": ["explain", str(EXAMPLES / "study.toml")],
    }
    script = [sys.executable, "-c", SCIPY, str(FILE)]
    print("| command | CPU s | of the scipy script |\n|---|---|---|")
    peer = seconds(*script, turns=arguments.turns)
    print(f"| scipy script | {peer:.2f} | 1 |")
    for name, words in commands.items():
        spent = seconds(sys.executable, "-m", "eisfit", *words, turns=arguments.turns)
        print(f"| {name} | {spent:.2f} | {spent / peer:.2f} |", flush=True)
    kept = Path(os.environ.get("TMPDIR", "/tmp")) / f"startup_{os.getpid()}.npy"
    try:
        for engine in ("numpy", "numba", ""):
            told = [sys.executable, "-c", THEIRS, str(HERE), str(kept), str(arguments.spectra)]
            each = float(subprocess.run(told, check=True, capture_output=True, text=True).stdout)
            spent, usable, asked = of_many(kept, engine, arguments.turns)
            print(
                f"fit_many, {arguments.spectra} unseen spectra, engine {engine or 'by itself'}: "
                f"{arguments.spectra / spent:,.0f} a second, {each * arguments.spectra / spent:,.0f} times "
                f"impedance.py ({1 / each:.1f}); {usable} usable. "
                f"Every verdict asked for: {arguments.spectra / asked:,.0f}, "
                f"{each * arguments.spectra / asked:,.0f} times",
                flush=True,
            )
    finally:
        kept.unlink(missing_ok=True)


if __name__ == "__main__":
    main()

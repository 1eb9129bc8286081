"""Many spectra against impedance.py: warm-started, from one common start value, and blind, in one run.

    python benchmarks/throughput.py [--spectra 2048] [--theirs 12] [--circuit rs-sei-ct-w]

Simulated spectra of one ageing cell: 60 points, 100 kHz to 10 mHz, 8 or 9 parameters that drift together over
the series, 0.2 % noise, modulus weights for both. Times are CPU times of one process with one BLAS thread
(`time.process_time`), which hold on a busy machine better than the clock; the two programs take turns.

warm     each fit begins at the values of the spectrum before it (impedance.py too)
common   all begin at the values of the first spectrum
blind    eisfit only: no start value; impedance.py, which cannot, begins at the common one

kernel   `eisfit.solver` alone, what the issue's targets are about
fit_many the results that `eisfit.fit_many` gives: errors, flags, derived quantities, audit
"""

from __future__ import annotations

import argparse
import time
import warnings

import random_spectra  # sets OPENBLAS_NUM_THREADS first

# isort: split

import numpy as np
from impedance.models.circuits import CustomCircuit

import eisfit
from eisfit.coordinates import Coordinates, Scales
from eisfit.elements import FrequencyGrid
from eisfit.solver import Problem, solve

BASE = {
    "R_s": 4.2, "R_sei": 12.5, "CPE_sei_Q": 2.5e-5, "CPE_sei_alpha": 0.87, "R_ct": 51.9, "W_d_sigma": 3.1,
    "CPE_ct_Q": 4e-3, "CPE_ct_alpha": 0.82, "Wo_d_R": 40.0, "Wo_d_tau": 60.0,
}  # fmt: skip
THEIRS = {
    "rs-sei-ct-w": "R0-p(R1,CPE1)-p(R2-W2,CPE2)",
    "R_s-p(R_sei,CPE_sei)-p(R_ct-Wo_d,CPE_ct)": "R0-p(R1,CPE1)-p(R2-Wo2,CPE2)",
}
CHUNK = 256
FREQUENCY = np.geomspace(1e5, 1e-2, 60)


def simulated(name: str, count: int):
    """Return the circuit, true parameters (count, P) that drift, and noisy impedances."""
    circuit = eisfit.circuit(name)
    rng = np.random.default_rng(1)
    linear = np.array([circuit.parameters[n].scale == "linear" for n in circuit.names])
    base = np.array([BASE[n] for n in circuit.names])
    age = np.linspace(0, 1, count)[:, np.newaxis]
    drift = rng.uniform(-0.7, 0.7, base.size) * np.where(linear, 0.1, 1.0)
    scatter = np.where(linear, 0.002, 0.02) * rng.standard_normal((count, base.size))
    true = base * np.exp(drift * age + scatter)
    true[:, linear] = np.minimum(true[:, linear], 0.98)
    omega = 2 * np.pi * FREQUENCY
    z = np.array(
        [
            random_spectra.impedance(circuit.tree, omega, dict(zip(circuit.names, p, strict=True)))
            for p in true
        ]
    )
    kick = rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)
    return circuit, true, z * (1 + 0.002 * kick)


def kernel(circuit, z, starts, **options):
    """Return seconds and chisqr of the solver alone, chunk by chunk."""
    omega = 2 * np.pi * FREQUENCY
    coordinates, grid = Coordinates(circuit, Scales.of(omega, z)), FrequencyGrid(omega)
    begin, ends = time.process_time(), []
    for first in range(0, len(z), CHUNK):
        part = z[first : first + CHUNK]
        weight = np.repeat(1 / np.abs(part), 2, axis=1)
        theta = coordinates.internal(starts[first : first + CHUNK])
        ends.append(solve(Problem(coordinates, grid, part, weight), theta, **options).chisqr)
    return time.process_time() - begin, np.concatenate(ends)


def theirs(string, z, starts):
    """Return seconds and chisqr of impedance.py, spectrum by spectrum."""
    begin, ends = time.process_time(), []
    for one, start in zip(z, starts, strict=True):
        model = CustomCircuit(string, initial_guess=list(start))
        model.fit(FREQUENCY, one, sigma=np.tile(np.abs(one), 2))
        ends.append(np.sum(np.abs(model.predict(FREQUENCY) / one - 1) ** 2))
    return time.process_time() - begin, np.array(ends)


def many(circuit, z, start):
    """Return seconds of `eisfit.fit_many`, its results and its audit."""
    spectra = [eisfit.Spectrum(FREQUENCY, one) for one in z]
    begin = time.process_time()
    found = eisfit.fit_many(spectra, circuit, start=start)
    results = list(found)
    return time.process_time() - begin, results, found.audit


def row(name, seconds, ends, other_rate, best):
    rate = len(ends) / seconds
    reached = np.sum(ends <= best * (1 + 1e-6))
    print(f"| {name} | {rate:.1f} | {rate / other_rate:.0f} | {reached}/{len(ends)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--spectra", type=int, default=2048)
    parser.add_argument("--theirs", type=int, default=12)
    parser.add_argument("--circuit", default="rs-sei-ct-w", choices=list(THEIRS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    circuit, true, z = simulated(arguments.circuit, arguments.spectra)
    common = np.tile(true[0], (len(z), 1))
    before = np.concatenate([true[:1], true[:-1]])
    picked = np.linspace(0, len(z) - 1, arguments.theirs).astype(int)
    kernel(circuit, z[:CHUNK], true[:CHUNK])
    best = kernel(circuit, z, true, tolerance=1e-14)[1]
    print(f"{circuit.string}: {len(circuit.names)} parameters, {FREQUENCY.size} points, {len(z)} spectra\n")
    print("| | spectra a second | times impedance.py | reached the optimum |\n|---|---|---|---|")
    for name, starts in (("warm", before), ("common", common)):
        string = THEIRS[arguments.circuit]
        half = len(picked) // 2
        first = theirs(string, z[picked[:half]], starts[picked[:half]])
        mine = min((kernel(circuit, z, starts) for _ in range(3)), key=lambda pair: pair[0])
        second = theirs(string, z[picked[half:]], starts[picked[half:]])
        rate = len(picked) / (first[0] + second[0])
        row(
            f"impedance.py, {name}",
            len(picked) / rate,
            np.concatenate([first[1], second[1]]),
            rate,
            best[picked],
        )
        row(f"eisfit kernel, {name}", *mine, rate, best)
    if not hasattr(eisfit, "fit_many"):
        return
    for name, start in (("common", dict(zip(circuit.names, true[0], strict=True))), ("blind", None)):
        seconds, results, audit = many(circuit, z, start)
        ends = np.array([r.statistics.chisqr for r in results])
        row(f"eisfit.fit_many, {name}", seconds, ends, rate, best)
        print(f"\n{audit}\n")


if __name__ == "__main__":
    main()

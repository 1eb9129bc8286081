"""Many spectra against impedance.py: warm-started, from one common start value, and blind, in one run.

    python benchmarks/throughput.py [--spectra 2048] [--theirs 12] [--wide 200] [--circuit NAME ...]
                                    [--engine numpy numba]

Simulated spectra of one ageing cell: 60 points, 100 kHz to 10 mHz, parameters that drift together over
the series, 0.2 % noise, modulus weights for both. Times are CPU times of one process with one BLAS thread
(`time.process_time`), which hold on a busy machine better than the clock; the programs take turns, and of
several turns each one's shortest time counts (impedance.py's for each spectrum).

warm     each fit begins at the true values of the spectrum before it (impedance.py too)
common   all begin at the true values of the first spectrum (impedance.py too)
blind    eisfit only: no start value; impedance.py, which cannot, begins at the common one

impedance.py: `CustomCircuit(...).fit(frequency, Z, sigma=|Z| twice)`, on spectra spread over the series.
kernel   `eisfit.engine.solver` alone, in numpy and compiled by numba (loaded before the clock starts); blind:
with
         the starts, the search and the noise that is attainable (`eisfit.fitting.many.fit.find_optima`)
fit_many the results that `eisfit.fit_many` gives: errors, flags, derived quantities, audit

Reached: chisqr within 1e-8 of what the kernel reaches from each spectrum's own truth (blind: 1e-4).
Every row is held against lmfit on some spectra: `lmfit.minimize` from the truth, on an impedance written
out again, without derivatives of eisfit. Shown are the largest relative differences of chisqr, parameters and
standard errors; the tolerance of the kernel's rows is 1e-11.

At the end, spectra that have nothing in common (family wide of `blind_starts.py`), in one batch: how many the
batch settles (the others are left to `eisfit.fit`), and how many of these are within 0.01 % of the optimum
that scipy's least_squares reaches from the truth.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from dataclasses import dataclass

import random_spectra  # sets OPENBLAS_NUM_THREADS first

# isort: split

import lmfit
import numpy as np
from impedance.models.circuits import CustomCircuit

import eisfit
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.solver import Problem, solve
from eisfit.fitting.many.fit import find_optima
from eisfit.model.elements import FrequencyGrid

BASE = {
    "R_s": 4.2, "R_sei": 12.5, "CPE_sei_Q": 2.5e-5, "CPE_sei_alpha": 0.87, "R_ct": 51.9, "W_d_sigma": 3.1,
    "CPE_ct_Q": 4e-3, "CPE_ct_alpha": 0.82, "Wo_d_R": 40.0, "Wo_d_tau": 60.0, "L_cell": 1e-6,
}  # fmt: skip
THEIRS = {
    "rs-sei-ct-w": "R0-p(R1,CPE1)-p(R2-W2,CPE2)",
    "l-rs-sei-ct-w": "L0-R0-p(R1,CPE1)-p(R2-W2,CPE2)",
    "rs-sei-ct-wo": "R0-p(R1,CPE1)-p(R2,CPE2)-Wo2",
    "R_s-p(R_sei,CPE_sei)-p(R_ct-Wo_d,CPE_ct)": "R0-p(R1,CPE1)-p(R2-Wo2,CPE2)",
}
CHUNK = 256  # as `eisfit.fit_many`
KERNEL_CHUNK = 1024
TOLERANCE = 1e-11
TURNS = 3
FREQUENCY = np.geomspace(1e5, 1e-2, 60)
OMEGA = 2 * np.pi * FREQUENCY


@dataclass(frozen=True)
class Series:
    """A series, with the chisqr of each spectrum's optimum and what lmfit finds for some of them."""

    circuit: eisfit.Circuit
    true: np.ndarray
    z: np.ndarray
    best: np.ndarray
    picked: np.ndarray
    lmfits: list


def simulated(name, count):
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
    z = np.array(
        [
            random_spectra.impedance(circuit.tree, OMEGA, dict(zip(circuit.names, p, strict=True)))
            for p in true
        ]
    )
    kick = rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)
    return circuit, true, z * (1 + 0.002 * kick)


def kernel(circuit, z, starts, **options):
    """Return seconds, chisqr and parameters of the solver alone, chunk by chunk."""
    coordinates, grid = Coordinates(circuit, Scales.of(OMEGA, z)), FrequencyGrid(OMEGA)
    begin, chisqr, values = time.process_time(), [], []
    for first in range(0, len(z), KERNEL_CHUNK):
        part = z[first : first + KERNEL_CHUNK]
        weight = np.repeat(1 / np.abs(part), 2, axis=1)
        theta = coordinates.internal(starts[first : first + KERNEL_CHUNK])
        end = solve(Problem(coordinates, grid, part, weight), theta, **options)
        chisqr.append(end.chisqr)
        values.append(coordinates.physical(end.theta))
    return time.process_time() - begin, np.concatenate(chisqr), np.concatenate(values)


def blind_kernel(circuit, z):
    """Return seconds, chisqr and parameters of the blind search, chunk by chunk; NaN where it is not sure."""
    spectra = [eisfit.Spectrum(FREQUENCY, one) for one in z]
    begin, values = time.process_time(), np.full((len(z), len(circuit.names)), np.nan)
    for first in range(0, len(z), CHUNK):
        some, part = spectra[first : first + CHUNK], z[first : first + CHUNK]
        weight = np.repeat(1 / np.abs(part), 2, axis=1)
        rows, found = find_optima(some, part, circuit, "modulus", weight)
        if found is not None:
            values[first + rows] = found.values
    return time.process_time() - begin, chisqr_of(circuit, z, values), values


def chisqr_of(circuit, z, values):
    p = dict(zip(circuit.names, values.T[:, :, np.newaxis], strict=True))
    return np.sum(np.abs(random_spectra.impedance(circuit.tree, OMEGA, p) / z - 1) ** 2, axis=1)


def theirs(string, z, starts):
    """Return seconds (N,) and chisqr (N,) of impedance.py, spectrum by spectrum."""
    spent, ends = [], []
    for one, start in zip(z, starts, strict=True):
        begin = time.process_time()
        model = CustomCircuit(string, initial_guess=list(start))
        model.fit(FREQUENCY, one, sigma=np.tile(np.abs(one), 2))
        spent.append(time.process_time() - begin)
        ends.append(np.sum(np.abs(model.predict(FREQUENCY) / one - 1) ** 2))
    return np.array(spent), np.array(ends)


def many(circuit, z, start):
    """Return seconds of `eisfit.fit_many`, its results and its audit."""
    spectra = [eisfit.Spectrum(FREQUENCY, one) for one in z]
    begin = time.process_time()
    found = eisfit.fit_many(spectra, circuit, start=start)
    results = list(found)
    return time.process_time() - begin, results, found.audit


def by_lmfit(circuit, z, true):
    """Return lmfit's (chisqr, values, standard errors) from the truth, in logarithms of what is positive."""
    logs = np.array([circuit.parameters[n].scale == "log" for n in circuit.names])

    def physical(x):
        return np.where(logs, np.exp(np.where(logs, x, 0.0)), x)

    def residual(params):
        p = physical(np.array([params[n].value for n in circuit.names]))
        values = dict(zip(circuit.names, p, strict=True))
        r = random_spectra.impedance(circuit.tree, OMEGA, values) / z - 1
        return np.concatenate([r.real, r.imag])

    params = lmfit.Parameters()
    for name, value, log in zip(circuit.names, true, logs, strict=True):
        params.add(name, value=np.log(value) if log else value)
    options = {"jac": "3-point", "x_scale": "jac", "ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
    for _ in range(3):  # from where it stopped, until it is at rest
        found = lmfit.minimize(residual, params, method="least_squares", max_nfev=1000, **options)
        params = found.params
    rows = [found.params[name] for name in circuit.names]
    values, errors = physical(np.array([p.value for p in rows])), np.array([p.stderr for p in rows])
    return found.chisqr, values, errors * np.where(logs, values, 1.0)


def errors_of(circuit, z, p, chisqr):
    """Return the standard errors that follow from the exact Jacobian."""
    slopes = circuit.impedance(FREQUENCY, dict(zip(circuit.names, p, strict=True)), derivative=True)[1]
    slopes = slopes / np.abs(z)[:, np.newaxis]
    jacobian = np.concatenate([slopes.real, slopes.imag])
    size = np.linalg.norm(jacobian, axis=0)
    covariance = np.linalg.inv((jacobian / size).T @ (jacobian / size))
    return np.sqrt(np.diag(covariance) * chisqr / (2 * z.size - p.size)) / size


def differences(series, chisqr, values):
    """Return the largest relative differences from lmfit as text."""
    worst = np.zeros(3)
    for (c, v, e), k in zip(series.lmfits, series.picked, strict=True):
        if np.isnan(values[k]).any():
            continue
        mine = errors_of(series.circuit, series.z[k], values[k], chisqr[k])
        worst = np.maximum(
            worst, [abs(chisqr[k] / c - 1), np.abs(values[k] / v - 1).max(), np.abs(mine / e - 1).max()]
        )
    return " / ".join(f"{x:.0e}" for x in worst)


def row(series, name, spent, chisqr, rate, *, within=1e-8, values=None, goal=None):
    mine = len(chisqr) / spent
    best = series.best if len(chisqr) == len(series.best) else series.best[series.picked]
    reached = np.sum(chisqr <= best * (1 + within))
    differs = "" if values is None else differences(series, chisqr, values)
    asked = "" if goal is None else f" (goal {goal})"
    print(
        f"| {name} | {mine:,.1f} | {mine / rate:,.0f}{asked} | {reached}/{len(chisqr)} | {differs} |",
        flush=True,
    )


def compared(series, name, starts, engines, goal):
    """Print the rows of one kind of start; return impedance.py's spectra a second."""
    z, picked = series.z, series.picked
    mine = {engine: [] for engine in engines}
    times, ends = [], None
    for _ in range(TURNS):
        spent, ends = theirs(THEIRS[name[1]], z[picked], starts[picked])
        times.append(spent)
        for engine, found in mine.items():
            options = {"engine": engine, "tolerance": TOLERANCE}
            found.extend(kernel(series.circuit, z, starts, **options) for _ in range(3))
    spent = np.sum(np.min(times, axis=0))
    rate = len(picked) / spent
    row(series, f"impedance.py, {name[0]}", spent, ends, rate, within=1e-6)
    for engine, found in mine.items():
        seconds, chisqr, values = min(found, key=lambda turn: turn[0])
        row(series, f"kernel, {engine}, {name[0]}", seconds, chisqr, rate, values=values, goal=goal)
    return rate


def prepared(name, spectra, sample):
    circuit, true, z = simulated(name, spectra)
    picked = np.linspace(0, spectra - 1, sample).astype(int)
    best = kernel(circuit, z, true, tolerance=1e-14)[1]
    return Series(circuit, true, z, best, picked, [by_lmfit(circuit, z[k], true[k]) for k in picked])


def run(name, arguments):
    series = prepared(name, arguments.spectra, arguments.theirs)
    circuit, z, true = series.circuit, series.z, series.true
    for engine in arguments.engine:
        kernel(circuit, z[:CHUNK], true[:CHUNK], engine=engine)
    print(f"\n{name}, {circuit.string}: {len(circuit.names)} parameters, {len(z)} spectra\n")
    print("| | spectra a second | times impedance.py | reached | from lmfit: chisqr / values / errors |")
    print("|---|---|---|---|---|")
    compared(series, ("warm", name), np.concatenate([true[:1], true[:-1]]), arguments.engine, 5000)
    rate = compared(series, ("common", name), np.tile(true[0], (len(z), 1)), arguments.engine, 3000)
    audits = []
    for engine in arguments.engine:
        os.environ["EISFIT_ENGINE"] = engine
        seconds, chisqr, values = min((blind_kernel(circuit, z) for _ in range(2)), key=lambda t: t[0])
        row(series, f"kernel, {engine}, blind", seconds, chisqr, rate, within=1e-4, values=values, goal=300)
        for kind, start in (("common", dict(zip(circuit.names, true[0], strict=True))), ("blind", None)):
            seconds, results, audit = many(circuit, z, start)
            chisqr = np.array([r.statistics.chisqr for r in results])
            values = np.array([[r[n].value for n in circuit.names] for r in results])
            row(series, f"fit_many, {engine}, {kind}", seconds, chisqr, rate, within=1e-4, values=values)
            audits.append(f"{engine}, {kind}: {audit}")
    print("\n" + "\n".join(audits), flush=True)


def wide(name, count):
    """Print how many spectra of the wide family a batch settles, and how many of these are at the optimum."""
    cases = [random_spectra.draw(name, random_spectra.WIDE, seed) for seed in range(count)]
    z = np.stack([case.spectrum.impedance for case in cases])
    seconds, chisqr, values = blind_kernel(eisfit.circuit(name), z)
    settled = np.flatnonzero(np.isfinite(values).all(axis=1))
    best = np.array([random_spectra.fit_from_truth(name, cases[k]) for k in settled])
    reached = np.sum(chisqr[settled] <= best * (1 + 1e-4))
    print(
        f"| {name} | {settled.size}/{count} | {reached}/{settled.size} | {count / seconds:,.0f} |", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--spectra", type=int, default=2048)
    parser.add_argument("--theirs", type=int, default=12)
    parser.add_argument("--wide", type=int, default=200)
    parser.add_argument("--circuit", nargs="*", default=list(THEIRS), choices=list(THEIRS))
    parser.add_argument("--engine", nargs="*", default=["numpy", "numba"], choices=["numpy", "numba"])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in arguments.circuit:
        run(name, arguments)
    named = [name for name in arguments.circuit if name in eisfit.circuits()]
    if arguments.wide and named:
        print("\n| wide family | settled in the batch | of these at the optimum | spectra a second |")
        print("|---|---|---|---|")
        for name in named:
            wide(name, arguments.wide)


if __name__ == "__main__":
    main()

"""Forty spectra of one circuit, fitted by eisfit, impedance.py and programs outside this environment.

    python benchmarks/peers.py spectra.json                    # writes the spectra, fits, prints the table
    python benchmarks/peers.py spectra.json other.json ...     # the same, with results of other programs

Simulated (family `WIDE` of random_spectra.py: 60 points, 0.5 % noise, arcs 10 to 1000 times apart):
R_s-p(R_sei,CPE_sei)-p(R_ct,CPE_ct)-W_d. All programs fit with modulus weights. Starts:

sensible  the truth, each value off by a random factor of 1.65 (one standard deviation); exponents 0.85
poor      each value off by up to a factor 10 either way; exponents 0.85
none      no start values at all, for programs that can (their own defaults, where they have some)

Success: chisqr, computed here, at most 1 % above that of scipy's least_squares from the truth, and the arcs
under their own names: the faster one is the SEI's. In the basin: chisqr at most 1.5 times the optimum's,
for programs that minimise something else than the sum of squares. Error ratio: the median of |fitted - true|
over the reported standard error, divided by 0.6745, over all parameters of the fits in the basin with their
arcs in order; 1 is right.

Programs under the GPL are run elsewhere, from a file outside this repository, and leave a JSON document:
``[{"program", "start", "fits": [{"values", "stderr", "seconds"}, ...]}, ...]``, values and errors in the
order of ``names`` in spectra.json, null where the fit failed.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import random_spectra  # sets OPENBLAS_NUM_THREADS first

# isort: split

import numpy as np
from impedance.models.circuits import CustomCircuit
from random_spectra import WIDE, draw, fit_from_truth

import eisfit

CIRCUIT = "rs-sei-ct-then-w"
THEIRS = "R0-p(R1,CPE1)-p(R2,CPE2)-W3"
COUNT = 40
GOOD, NEAR = 1.01, 1.5
STARTS = ("sensible", "poor", "none")


def written(path: Path) -> dict:
    """Return the document of the spectra, written where it is not there yet."""
    if path.exists():
        return json.loads(path.read_text())
    circuit = eisfit.circuit(CIRCUIT)
    document = {"names": list(circuit.names), "string": circuit.string, "simulated": True, "spectra": []}
    for seed in range(COUNT):
        case, rng = draw(CIRCUIT, WIDE, seed), np.random.default_rng([seed, 7])
        spectrum = case.spectrum
        document["spectra"].append(
            {
                "frequency_Hz": spectrum.frequency.tolist(),
                "Z_real_ohm": spectrum.impedance.real.tolist(),
                "Z_imag_ohm": spectrum.impedance.imag.tolist(),
                "truth": case.truth,
                "optimum": fit_from_truth(CIRCUIT, case),
                "sensible": off(case.truth, rng.normal(0, 0.5, len(case.truth))),
                "poor": off(case.truth, rng.uniform(-np.log(10), np.log(10), len(case.truth))),
            }
        )
    path.write_text(json.dumps(document))
    return document


def off(truth, kicks):
    pairs = zip(truth.items(), kicks, strict=True)
    return [0.85 if name.endswith("alpha") else float(value * np.exp(kick)) for (name, value), kick in pairs]


def by_eisfit(spectrum, start, names):
    one = eisfit.Spectrum(*spectrum)
    begin = time.perf_counter()
    result = eisfit.fit(one, CIRCUIT, start=None if start is None else dict(zip(names, start, strict=True)))
    seconds = time.perf_counter() - begin
    rows = [result[name] for name in names]
    return [p.value for p in rows], [p.stderr for p in rows], seconds


def by_impedance_py(spectrum, start, names):
    frequency, z = spectrum
    begin = time.perf_counter()
    model = CustomCircuit(THEIRS, initial_guess=start)
    model.fit(frequency, z, weight_by_modulus=True)
    seconds = time.perf_counter() - begin
    return model.parameters_.tolist(), model.conf_.tolist(), seconds


def runs(document, program, fit, starts):
    """Return the runs of a program of this environment, in the form of the others' documents."""
    found = []
    for start in starts:
        fits = []
        for row in document["spectra"]:
            z = np.array(row["Z_real_ohm"]) + 1j * np.array(row["Z_imag_ohm"])
            try:
                done = fit((np.array(row["frequency_Hz"]), z), row.get(start), document["names"])
            except Exception as error:  # of a program that is not ours: counted as a failure
                done = None, None, None
                print(f"{program}, {start}: {str(error)[:100]}", flush=True)
            fits.append(dict(zip(("values", "stderr", "seconds"), done, strict=True)))
        found.append({"program": program, "start": start, "fits": fits})
    return found


def judged(document, fit, row):
    """Return (reached, in the basin, swapped, |error| / stderr of each parameter) of one fit."""
    if fit["values"] is None or not np.isfinite(fit["values"]).all():
        return False, False, False, []
    names = document["names"]
    values = dict(zip(names, np.array(fit["values"]), strict=True))
    z = np.array(row["Z_real_ohm"]) + 1j * np.array(row["Z_imag_ohm"])
    tree = eisfit.circuit(CIRCUIT).tree
    with np.errstate(all="ignore"):
        model = random_spectra.impedance(tree, 2 * np.pi * np.array(row["frequency_Hz"]), values)
        excess = float(np.sum(np.abs(model / z - 1) ** 2)) / row["optimum"]
        times = [
            (values[f"R_{arc}"] * values[f"CPE_{arc}_Q"]) ** (1 / values[f"CPE_{arc}_alpha"])
            for arc in ("sei", "ct")
        ]
    swapped = excess <= NEAR and times[0] > times[1]
    errors = []
    if excess <= NEAR and not swapped and fit["stderr"] is not None:
        triples = zip(names, fit["values"], fit["stderr"], strict=True)
        errors = [abs(v - row["truth"][n]) / s for n, v, s in triples if s and np.isfinite(s)]
    return excess <= GOOD and not swapped, excess <= NEAR, swapped, errors


def table(document, found):
    count = len(document["spectra"])
    lines = ["| program | start | success | in the basin | of these swapped | median ms | error ratio |"]
    lines.append("|---|---|---|---|---|---|---|")
    for run in found:
        rows = [judged(document, *pair) for pair in zip(run["fits"], document["spectra"], strict=True)]
        success, basin, swapped = (sum(row[k] for row in rows) for k in (0, 1, 2))
        errors = [e for row in rows for e in row[3]]
        seconds = [fit["seconds"] for fit in run["fits"] if fit["seconds"] is not None]
        ratio = f"{np.median(errors) / 0.6745:.2f}" if errors else "no errors"
        lines.append(
            f"| {run['program']} | {run['start']} | {success}/{count} | {basin} | {swapped} "
            f"| {1e3 * np.median(seconds):.0f} | {ratio} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("spectra", type=Path)
    parser.add_argument("others", type=Path, nargs="*")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    document = written(given.spectra)
    found = runs(document, f"eisfit {eisfit.__version__}", by_eisfit, STARTS)
    found += runs(document, "impedance.py", by_impedance_py, STARTS[:2])
    for other in given.others:
        found += json.loads(other.read_text())
    print(table(document, found))


if __name__ == "__main__":
    main()

"""One blind fit against impedance.py's, which is given start values a factor 3 off.

    python benchmarks/blind_fit.py [--repeats 20]

Both fit the same simulated 60-point spectrum with R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct), in turns, in
one run on one core. eisfit gets no start values and returns errors, flags and derived quantities too;
impedance.py gets the truth, each parameter times or divided by 3 (exponents within their bounds), and modulus
weights.
"""

from __future__ import annotations

import argparse
import time
import warnings

from random_spectra import impedance  # first: it sets OPENBLAS_NUM_THREADS

# isort: split

import numpy as np
from impedance.models.circuits import CustomCircuit

import eisfit
from eisfit.model.notation import parse

STRING = "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"
TRUTH = {
    "R_s": 4.2,
    "R_sei": 12.5,
    "CPE_sei_Q": 2.5e-5,
    "CPE_sei_alpha": 0.87,
    "R_ct": 51.9,
    "W_d_sigma": 3.1,
    "CPE_ct_Q": 4e-3,
    "CPE_ct_alpha": 0.82,
}


def spectrum(seed):
    frequency = np.geomspace(1e5, 1e-2, 60)
    z = impedance(parse(STRING), 2 * np.pi * frequency, TRUTH)
    rng = np.random.default_rng(seed)
    noise = 0.005 * np.abs(z) * (rng.normal(size=60) + 1j * rng.normal(size=60))
    return eisfit.Spectrum(frequency, z + noise)


def off_by_three(seed):
    signs = np.random.default_rng(seed).choice([-1, 1], len(TRUTH))
    start = {n: v * 3.0**s for (n, v), s in zip(TRUTH.items(), signs, strict=True)}
    return [min(v, 0.95) if n.endswith("alpha") else v for n, v in start.items()]


def rms(fitted, s):
    return float(np.sqrt(np.mean(np.abs(fitted / s.impedance - 1) ** 2)))


def theirs(s, start):
    """Return seconds and rms relative residual of impedance.py's fit."""
    model = CustomCircuit("R0-p(R1,CPE1)-p(R2-W2,CPE2)", initial_guess=start)
    weight = np.tile(np.abs(s.impedance), 2)
    begin = time.process_time()
    model.fit(s.frequency, s.impedance, sigma=weight)
    spent = time.process_time() - begin
    return spent, rms(model.predict(s.frequency), s)


def ours(s):
    begin = time.process_time()
    result = eisfit.fit(s, "rs-sei-ct-w")
    return time.process_time() - begin, result.statistics.rms_relative_residual


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    warnings.simplefilter("ignore")
    ours(spectrum(10**6))  # imports and caches
    rows = []
    for seed in range(repeats):
        s = spectrum(seed)
        rows.append((*ours(s), *theirs(s, off_by_three(seed))))
    mine, mine_rms, other, other_rms = np.array(rows).T
    print("| | median ms | slowest ms | median rms residual | reached the lower chisqr |")
    print("|---|---|---|---|---|")
    best = 1.001 * np.minimum(mine_rms, other_rms)
    for name, spent, left in (("eisfit, blind", mine, mine_rms), ("impedance.py", other, other_rms)):
        share = f"{np.sum(left <= best)}/{repeats}"
        times = f"{1e3 * np.median(spent):.1f} | {1e3 * spent.max():.0f}"
        print(f"| {name} | {times} | {100 * np.median(left):.3f} % | {share} |")
    print(f"\nratio of the medians: {np.median(other) / np.median(mine):.1f} (target: at least 20)")


if __name__ == "__main__":
    main()

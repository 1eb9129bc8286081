"""Are the standard errors true? Scatter of simulated repeats over the mean error, and coverage, by circuit.

    python benchmarks/coverage.py [--repeats 300] [--circuit NAME ...]

One random truth per circuit (family "wide", seed 1), fresh noise of 0.5 % of |Z| in every repeat, blind
fits with modulus weights. Expected: scatter / error within 0.9-1.1 (known to 4 % from 300 repeats) and
coverage of the 95 % interval within 93-97 % (known to 1.3 %).
"""

from __future__ import annotations

import argparse
import warnings

from random_spectra import WIDE, draw, impedance  # first: it sets OPENBLAS_NUM_THREADS

# isort: split

import numpy as np
from scipy import stats

import eisfit


def run(name, repeats):
    """Return scatter/error and coverage per parameter, and how many repeats were left out."""
    circuit = eisfit.circuit(name)
    case = draw(name, WIDE, 1)
    z = impedance(circuit.tree, case.spectrum.omega, case.truth)
    rng = np.random.default_rng(7)
    values, errors, doubtful = [], [], 0
    for _ in range(repeats):
        noisy = z + 0.005 * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
        result = eisfit.fit(case.spectrum.replace(impedance=noisy), name)
        if not result.ok or any(p.stderr is None for p in result.parameters.values()):
            doubtful += (
                1  # says itself that its errors are not to be used (or has none: a parameter at its bound)
            )
            continue
        values.append(list(result.values.values()))
        errors.append([p.stderr for p in result.parameters.values()])
    values, errors = np.array(values), np.array(errors)
    quantile = stats.t.ppf(0.975, 2 * z.size - len(circuit.names))
    truth = np.array([case.truth[n] for n in circuit.names])
    ratio = values.std(axis=0, ddof=1) / errors.mean(axis=0)
    return ratio, np.mean(np.abs(values - truth) <= quantile * errors, axis=0), doubtful


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--circuit", nargs="*", default=list(eisfit.circuits()))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| circuit | scatter / error: mean (lowest-highest) | coverage: mean (lowest-highest) | left out |")
    print("|---|---|---|---|")
    for name in options.circuit:
        ratio, covered, doubtful = run(name, options.repeats)
        low, high = 100 * covered.min(), 100 * covered.max()
        print(
            f"| {name} | {ratio.mean():.2f} ({ratio.min():.2f}-{ratio.max():.2f}) "
            f"| {100 * covered.mean():.1f} % ({low:.1f}-{high:.1f}) | {doubtful} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

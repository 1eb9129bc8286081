"""Are the standard errors true? Scatter of repeats, the Cramer-Rao bound, and coverage, by circuit.

    python benchmarks/standard_errors.py [--repeats 1000] [--circuit NAME ...]

One truth per circuit: the first of random_spectra's family "wide" that the data determines, that is where
the Cramer-Rao bound of every parameter is below 5 % of it and every exponent lies at least four bounds below
1, at which it would be cut off. Fresh noise of 0.5 % of |Z| in every repeat, blind fits with modulus weights.
Expected: scatter / error within 0.9-1.1, error / bound within 0.95-1.05, coverage of the 95 % interval
93-97 % (known to 0.7 % from 1,000 repeats). The bound is computed from the formulas in random_spectra.py.
"""

from __future__ import annotations

import argparse
import warnings

from random_spectra import WIDE, draw, impedance  # first: it sets OPENBLAS_NUM_THREADS

# isort: split

import numpy as np
from scipy import stats

import eisfit

NOISE = 0.005
DETERMINED = 0.05  # relative bound
CLEAR = 4.0  # bounds between an exponent and 1


def bound(circuit, case):
    """Return the Cramer-Rao bound (P,) of the standard errors, by central differences."""
    omega, z = case.spectrum.omega, impedance(circuit.tree, case.spectrum.omega, case.truth)
    rows = []
    for name, value in case.truth.items():
        step = 1e-5 * value
        moved = [impedance(circuit.tree, omega, case.truth | {name: value + s}) for s in (step, -step)]
        slope = (moved[0] - moved[1]) / (2 * step) / (NOISE * np.abs(z))
        rows.append(np.concatenate([slope.real, slope.imag]))
    jacobian = np.array(rows)
    size = np.linalg.norm(jacobian, axis=1)
    scaled = jacobian / size[:, None]
    return np.sqrt(np.diag(np.linalg.pinv(scaled @ scaled.T, hermitian=True))) / size


def determined(name):
    """Return the first random case whose parameters the data determines, its seed, and the bound."""
    circuit = eisfit.circuit(name)
    for seed in range(1, 1000):
        case = draw(name, WIDE, seed)
        limit = bound(circuit, case)
        truth = np.array(list(case.truth.values()))
        exponent = np.array([n.endswith("_alpha") for n in case.truth])
        if (limit < DETERMINED * truth).all() and (truth + CLEAR * limit < 1)[exponent].all():
            return seed, case, limit
    raise SystemExit(f"{name}: no truth that the data determines in 1000 seeds")


def run(name, repeats):
    """Return the seed, scatter/error, error/bound and coverage per parameter, and how many were left out."""
    circuit = eisfit.circuit(name)
    seed, case, limit = determined(name)
    z = impedance(circuit.tree, case.spectrum.omega, case.truth)
    rng = np.random.default_rng(7)
    values, errors, doubtful = [], [], 0
    for _ in range(repeats):
        noisy = z + NOISE * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
        result = eisfit.fit(case.spectrum.replace(impedance=noisy), name)
        if not result.ok or any(p.stderr is None for p in result.parameters.values()):
            doubtful += 1  # says itself that its errors are not to be used, or has none
            continue
        values.append(list(result.values.values()))
        errors.append([p.stderr for p in result.parameters.values()])
    values, errors = np.array(values), np.array(errors)
    quantile = stats.t.ppf(0.975, 2 * z.size - len(circuit.names))
    truth = np.array([case.truth[n] for n in circuit.names])
    ratio = values.std(axis=0, ddof=1) / errors.mean(axis=0)
    covered = np.mean(np.abs(values - truth) <= quantile * errors, axis=0)
    return seed, ratio, errors.mean(axis=0) / limit, covered, doubtful


def span(values, digits=2, unit=""):
    return f"{values.mean():.{digits}f}{unit} ({values.min():.{digits}f}-{values.max():.{digits}f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--circuit", nargs="*", default=list(eisfit.circuits()))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("mean (lowest-highest) over the parameters\n")
    print("| circuit | seed | scatter / error | error / Cramer-Rao bound | coverage | left out |")
    print("|---|---|---|---|---|---|")
    for name in options.circuit:
        seed, ratio, efficiency, covered, doubtful = run(name, options.repeats)
        cells = [name, str(seed), span(ratio), span(efficiency), span(100 * covered, 1, " %"), str(doubtful)]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

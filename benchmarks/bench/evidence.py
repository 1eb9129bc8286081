"""Laplace's approximation of the evidence against importance sampling: does `eisfit.identify` weigh right?

    python benchmarks/bench/evidence.py [spectra] [first seed] [samples]

For each simulated spectrum the four best circuits are sampled from a Student distribution of 5 degrees of
freedom, centred on the optimum with the curvature there (T. Kloek and H. van Dijk, Econometrica 46 (1978)
1), against likelihood and prior as `eisfit.fitting.identify.evidence` states them. Printed: the error of ln
of the ratio of two circuits' evidences, on which probabilities hang, and that of the first's probability.
Circuits whose samples are too uneven to say anything (fewer than 100 effective ones) are counted and left
out.
"""

from __future__ import annotations

import sys
from math import lgamma, log, pi

import numpy as np
from structures import KINDS, draw

import eisfit
from eisfit.fitting.identify import search
from eisfit.fitting.identify.evidence import compute_evidence
from eisfit.fitting.identify.trials import Workbench
from eisfit.spectra.noise import compute_weights

_NOISE = 0.003  # of |Z|, that `draw` adds and modulus weights divide by
_FREEDOM = 5
_CIRCUITS = 4
_FEWEST = 100


def terms(problem, theta, prior, scale):
    """Return ln of likelihood and prior at (n, V) points, and where they are outside the bounds -inf."""
    coordinates = problem.coordinates
    residual, _ = problem.evaluate(theta, problem.buffer(len(theta)))
    mean, width = prior.describe_circuit(coordinates)
    likelihood = -0.5 * np.sum(residual**2, axis=1) / scale
    from_prior = -0.5 * np.sum(((theta - mean) / width) ** 2 + np.log(2 * pi * width**2), axis=1)
    inside = np.all((theta >= coordinates.low) & (theta <= coordinates.high), axis=1)
    return np.where(inside, likelihood + from_prior, -np.inf)


def sampled(trial, prior, scale, count, rng):
    """Return ln of the integral of likelihood times prior, and the number of effective samples."""
    problem, size = trial.problem, trial.theta.size
    _, jacobian = problem.evaluate(trial.theta[np.newaxis], problem.buffer(1))
    _, width = prior.describe_circuit(problem.coordinates)
    factor = np.linalg.cholesky(jacobian[0] @ jacobian[0].T / scale + np.diag(1 / width**2))
    normal = np.linalg.solve(factor.T, rng.standard_normal((size, count))).T
    stretch = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, count))
    step = normal * stretch[:, np.newaxis]
    square = np.sum((step @ factor) ** 2, axis=1)
    proposal = (
        lgamma((_FREEDOM + size) / 2)
        - lgamma(_FREEDOM / 2)
        - 0.5 * size * log(_FREEDOM * pi)
        + np.sum(np.log(np.diag(factor)))
        - 0.5 * (_FREEDOM + size) * np.log1p(square / _FREEDOM)
    )
    weight = np.concatenate(
        [terms(problem, trial.theta + part, prior, scale) for part in np.array_split(step, 20)]
    )
    weight = weight - proposal
    top = weight.max()
    share = np.exp(weight - top)
    return top + log(share.mean()), share.sum() ** 2 / np.sum(share**2)


def laplace(trial, prior, scale):
    """Return what `compute_evidence` says of the same integral: without the structure's prior."""
    residual, jacobian = trial.problem.evaluate(trial.theta[np.newaxis], trial.problem.buffer(1))
    mean, width = prior.describe_circuit(trial.problem.coordinates)
    scaled = jacobian[0] * width[:, np.newaxis] / np.sqrt(scale)
    volume = np.linalg.slogdet(np.eye(len(mean)) + scaled @ scaled.T)[1]
    square = float(residual[0] @ residual[0]) / scale
    return -0.5 * (square + np.sum(((trial.theta - mean) / width) ** 2) + volume)


def main(spectra: int = 24, first: int = 0, samples: int = 20000) -> None:
    rng, ratios, chances, uneven, count = np.random.default_rng(0), [], [], 0, 0
    for number in range(spectra):
        case = draw(number % len(KINDS), first + number // len(KINDS))
        spectrum = eisfit.Spectrum(frequency=case.frequency, impedance=case.impedance)
        bench = Workbench(spectrum, compute_weights(spectrum, "modulus"), _NOISE**2)
        bench, found = search.explore(bench, inductive="R2-L2" in case.string)
        trials = [trial for trial in found if trial.full]
        rows = []
        for trial in trials[:_CIRCUITS]:
            by_samples, effective = sampled(trial, bench.prior, bench.scale, samples, rng)
            by_laplace = laplace(trial, bench.prior, bench.scale)
            whole = compute_evidence(trial.problem, trial.theta, bench.prior, bench.scale)
            count += 1
            uneven += effective < _FEWEST
            if effective >= _FEWEST:
                rows.append((whole, by_samples - by_laplace))
        if len(rows) > 1:
            score, error = np.array(rows).T
            ratios += (error[1:] - error[0]).tolist()
            said, true = (np.exp(s - np.logaddexp.reduce(s))[0] for s in (score, score + error))
            chances.append(said - true)
    print(f"{spectra} spectra, {count} circuits, {uneven} sampled too unevenly to count")
    print(f"error of ln(ratio): median {np.median(np.abs(ratios)):.2f}, nine in ten below ", end="")
    print(f"{np.quantile(np.abs(ratios), 0.9):.2f}, mean {np.mean(ratios):+.2f}")
    print(f"error of the first's probability: mean |.| {np.mean(np.abs(chances)):.3f}", end="")
    print(f", most {np.max(np.abs(chances)):.3f}")


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:]))

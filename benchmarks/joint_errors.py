"""Joint fits: are the standard errors of shared and smooth parameters the scatter about the truth?

    python benchmarks/joint_errors.py [--cycles 2000] [--lengths 5 10 20 50 200]

Every series is simulated anew (26 points, 1 % noise), with a charge-transfer resistance that follows one of
the courses below; about `cycles` cycles for each course and length. Printed is, of all cycles and each kind
of parameter, the root mean square of (estimate - truth) / standard error, which should be 1; the share of
truths within the 95 % interval; and the rms error of the smooth R_ct next to that of single fits. The
simulation writes its own formulas down.
"""

from __future__ import annotations

import argparse

import numpy as np

import eisfit
from eisfit.tracking.joint.joint import fit_jointly

CIRCUIT = "R_s-p(R_ct,CPE_ct)"
FREQUENCY = np.geomspace(1e4, 0.1, 26)
MODES = {"R_s": "shared", "R_ct": "smooth", "CPE_ct_Q": "smooth", "CPE_ct_alpha": "shared"}
NOISE = 0.01


def _walk(u: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random integrated walk, what a penalised second difference takes for granted."""
    steps = rng.standard_normal(u.size) * 0.3 / u.size**1.5
    return np.cumsum(np.cumsum(steps))


COURSES = {
    "constant": lambda u, rng: 0 * u,
    "line": lambda u, rng: 0.7 * u,
    "curve": lambda u, rng: 0.8 * u**2,
    "root": lambda u, rng: 0.7 * np.sqrt(u),
    "knee": lambda u, rng: 0.2 * u + 2.0 * np.maximum(u - 0.6, 0),
    "wave": lambda u, rng: 0.15 * np.sin(2 * np.pi * u),
    "fast wave": lambda u, rng: 0.15 * np.sin(6 * np.pi * u),
    "walk": _walk,
}


def series(course: str, length: int, seed: int) -> tuple[list[eisfit.Spectrum], list[dict[str, float]]]:
    """Return simulated spectra and their true parameters."""
    rng = np.random.default_rng([seed, length, list(COURSES).index(course)])
    u = np.linspace(0, 1, length)
    growth = np.exp(COURSES[course](u, rng))
    spectra, truths = [], []
    for k in range(length):
        p = {"R_s": 2.0, "R_ct": 40 * growth[k], "CPE_ct_Q": 1e-4 * (1 + 0.2 * u[k]), "CPE_ct_alpha": 0.9}
        q = p["CPE_ct_Q"] * (2j * np.pi * FREQUENCY) ** p["CPE_ct_alpha"]
        z = p["R_s"] + p["R_ct"] / (1 + p["R_ct"] * q)
        scatter = rng.standard_normal((2, z.size)) * NOISE * np.abs(z)
        spectra.append(eisfit.Spectrum(FREQUENCY, z + scatter[0] + 1j * scatter[1], cycle=10.0 * k))
        truths.append(p)
    return spectra, truths


def pulls(course: str, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (estimate - truth) / stderr (length, 4), and errors of ln R_ct, joint and single (2, length)."""
    spectra, truths = series(course, length, seed)
    single = eisfit.track(spectra, CIRCUIT, start=truths[0])
    together, _ = fit_jointly(single.results, single.circuit, MODES)
    pairs = list(zip(together, single, truths, strict=True))
    found = [[(fit[n].value - p[n]) / fit[n].stderr for n in MODES] for fit, _, p in pairs]
    errors = [[np.log(both[k]["R_ct"].value / both[2]["R_ct"]) for both in pairs] for k in (0, 1)]
    return np.array(found), np.array(errors)


def main() -> None:
    """Print one line a course and length."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cycles", type=int, default=2000)
    parser.add_argument("--lengths", type=int, nargs="+", default=[5, 10, 20, 50, 200])
    parser.add_argument("--courses", nargs="+", default=list(COURSES))
    given = parser.parse_args()
    print("rms pull                        R_s  R_ct     Q alpha   95 % of R_ct   rms error: joint, single")
    everything: dict[int, list[np.ndarray]] = {}
    for length in given.lengths:
        for course in given.courses:
            runs = [pulls(course, length, seed) for seed in range(max(given.cycles // length, 4))]
            found = np.concatenate([run[0] for run in runs])
            errors = np.sqrt(np.mean(np.concatenate([run[1] for run in runs], axis=1) ** 2, axis=1))
            rms = np.sqrt(np.mean(found**2, axis=0))
            inside = 100 * np.mean(np.abs(found[:, 1]) < 1.96)
            numbers = " ".join(f"{x:5.2f}" for x in rms)
            print(f"{length:5d} {course:16s} {len(runs):4d} {numbers} {inside:8.1f} %   "
                  f"{100 * errors[0]:8.3f} % {100 * errors[1]:8.3f} %", flush=True)  # fmt: skip
            everything.setdefault(length, []).append(rms)
    for length, rows in everything.items():
        print(f"{length:5d} all: " + " ".join(f"{x:5.2f}" for x in np.sqrt(np.mean(np.square(rows), axis=0))))


if __name__ == "__main__":
    main()

"""Whether a spectrum's fit hangs on its company: `fit` against `fit_many`, a lot alone, split and shuffled.

    python benchmarks/parity.py [--count 60] [--circuit NAME ...] [--family wide|hard]

Simulated spectra of random_spectra.py, each on a frequency grid shared by its lot, so that `fit_many` takes
them together. Printed: spectra whose optimum differs by more than 1e-6 of chisqr (`other`), those of them
where the second has the worse one (`worse`), the largest distance in standard errors of the rest, differing
verdicts, and CPU ms a spectrum.
"""

from __future__ import annotations

import argparse
import time
import warnings

from random_spectra import HARD, WIDE, draw, impedance  # first: it sets OPENBLAS_NUM_THREADS

# isort: split

import numpy as np

import eisfit

_OTHER = 1e-6


def lot(name, family, count):
    """Return simulated spectra of random cells, on one frequency grid."""
    frequency = np.geomspace(1e5, 1e-2, 60)
    tree = eisfit.circuit(name).tree
    found = []
    for seed in range(count):
        case = draw(name, family, seed)
        rng = np.random.default_rng([seed, 7])
        # The truth moves with the sweep it was drawn for: every frequency of that one is mapped onto this.
        own = case.spectrum.frequency
        z = impedance(tree, 2 * np.pi * np.geomspace(own[0], own[-1], 60), case.truth)
        z = z * (1 + case.noise * (rng.normal(size=60) + 1j * rng.normal(size=60)))
        found.append(eisfit.Spectrum(frequency, z, source=f"{name} lot {seed} simulated"))
    return found


def many(spectra, name):
    """Return results of `fit_many` and CPU ms a spectrum."""
    begin = time.process_time()
    results = list(eisfit.fit_many(spectra, name))
    return results, 1e3 * (time.process_time() - begin) / len(spectra)


def differences(one, other):
    """Return (other, worse, largest distance in standard errors, verdicts that differ)."""
    different = worse = verdicts = 0
    apart = 0.0
    for a, b in zip(one, other, strict=True):
        if a.error or b.error:
            different += bool(a.error) != bool(b.error)
            continue
        ratio = b.statistics.chisqr / a.statistics.chisqr
        verdicts += (a.ok, sorted(f.name for f in a.flags)) != (b.ok, sorted(f.name for f in b.flags))
        if abs(ratio - 1) > _OTHER:
            different += 1
            worse += ratio > 1
            continue
        for name, p in a.parameters.items():
            if p.vary and p.stderr:
                apart = max(apart, abs(p.value - b[name].value) / p.stderr)
    return different, worse, apart, verdicts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--circuit", nargs="*", default=["rs-ct", "rs-sei-ct-w", "rs-3arcs"])
    parser.add_argument("--family", choices=("wide", "hard"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| family | circuit | against | other | worse | errors apart | verdicts | ms fit, fit_many |")
    print("|---|---|---|---|---|---|---|---|")
    for family in (WIDE, HARD):
        if options.family not in (None, family.name):
            continue
        for name in options.circuit:
            compare(name, family, options.count)


def compare(name, family, count) -> None:
    """Print the rows of one circuit and family."""
    spectra = lot(name, family, count)
    list(eisfit.fit_many(spectra[:2], name))
    together, ms = many(spectra, name)
    begin = time.process_time()
    single = [eisfit.fit(s, name) for s in spectra]
    alone = 1e3 * (time.process_time() - begin) / count
    order = np.random.default_rng(0).permutation(count)
    shuffled = many([spectra[k] for k in order], name)[0]
    back = [shuffled[k] for k in np.argsort(order)]
    half = count // 2
    split = many(spectra[:half], name)[0] + many(spectra[half:], name)[0]
    for label, one, other in (
        ("fit", single, together),
        ("shuffled", together, back),
        ("split", together, split),
    ):
        different, worse, apart, verdicts = differences(one, other)
        row = f"{different} | {worse} | {apart:.1g} | {verdicts} | {alone:.1f}, {ms:.1f}"
        print(f"| {family.name} | {name} | {label} | {row} |", flush=True)


if __name__ == "__main__":
    main()

"""How often does `eisfit.compare` name the circuit that a simulated spectrum was made with?

    python benchmarks/compare.py [spectra] [first seed]
    python benchmarks/compare.py [spectra] [first seed] --library

Five candidates, or with ``--library`` those of circuits/ that eisfit takes by default; truth drawn in turn by
random_spectra.draw (wide family: 100 kHz to 10 mHz, 60 points, arcs at least a factor 10 apart, 0.5 % noise),
written out in numpy there, without eisfit's elements. Nothing is counted as right but the truth. What is
named in its place is then held against an independent fit of the truth, begun at the true parameters: where
that has the lower BIC eisfit has missed it; else the data themselves prefer the other circuit, because they
show too little of what the truth has more, or of the difference of two as large. Such circuits are told
beside the one that is named (`Comparison.alike`): how often the truth is among both is counted too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from random_spectra import WIDE, draw, fit_from_truth

# isort: split

import numpy as np

from eisfit.fitting.comparison.compare import compare
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import circuits as library

CIRCUITS = ("rs-ct", "rs-ct-w", "rs-sei-ct", "rs-sei-ct-w", "rs-film-ct-w")
GOAL = 0.95


def behind(truth: str, case, named) -> float:
    """Return by how much the BIC of the truth, fitted from its parameters, is above that of what is named."""
    free, count = len(case.truth), 2 * case.spectrum.points
    deviance = count * np.log(fit_from_truth(truth, case) / count)
    return float(deviance + np.log(count) * (free + 1) - named.bic)


def main(spectra: int = 500, first: int = 0, candidates: tuple[str, ...] | None = CIRCUITS) -> float:
    truths = candidates or tuple(library())
    right, told, by_aicc, wrong, missed = Counter(), 0, 0, Counter(), []
    seconds = 0.0
    for number in range(spectra):
        truth, seed = truths[number % len(truths)], first + number // len(truths)
        case = draw(truth, WIDE, seed)
        began = time.process_time()
        found = compare(case.spectrum, candidates)
        seconds += time.process_time() - began
        string = find_circuit(truth).string
        is_right = found.best is not None and found.best.circuit.string == string
        right[truth] += is_right
        told += is_right or string in [c.circuit.string for c in found.alike]
        by_aicc += min(found.ranked, key=lambda c: c.aicc).circuit.string == string
        if not is_right:
            wrong[truth, found.best.name if found.best else None] += 1
            if found.best is None or behind(truth, case, found.best) < 0:
                missed.append(f"{truth} seed {seed}")
    tell(spectra, right, by_aicc, wrong, missed)
    print(f"named, or told as describing the spectrum as well: {100 * told / spectra:.1f} %")
    print(f"{1e3 * seconds / spectra:.0f} ms of CPU a spectrum")
    return sum(right.values()) / spectra


def tell(spectra, right, by_aicc, wrong, missed) -> None:
    share = sum(right.values()) / spectra
    print(f"right circuit named: {100 * share:.1f} % of {spectra} (goal {100 * GOAL:g} %)")
    print(f"lowest AICc alone:   {100 * by_aicc / spectra:.1f} %")
    for name, times in right.items():
        print(f"  {name:18s} {times}")
    for (truth, named), count in wrong.most_common():
        print(f"  wrong: {truth} taken for {named}: {count}")
    print(
        f"of {sum(wrong.values())} others the truth has the lower BIC in {len(missed)}: {', '.join(missed)}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spectra", nargs="?", type=int, default=500)
    parser.add_argument("first", nargs="?", type=int, default=0)
    parser.add_argument("--library", action="store_true")
    given = parser.parse_args()
    sys.exit(int(main(given.spectra, given.first, None if given.library else CIRCUITS) < GOAL))

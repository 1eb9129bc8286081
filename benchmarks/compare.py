"""How often does `eisfit.compare` name the circuit that a simulated spectrum was made with?

    python benchmarks/compare.py [spectra] [first seed]

Five candidates; truth drawn in turn by random_spectra.draw (wide family: 100 kHz to 10 mHz, 60 points,
arcs at least a factor 10 apart, 0.5 % noise), written out in numpy there, without eisfit's elements.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from random_spectra import WIDE, draw

from eisfit.fitting.comparison.compare import compare

CIRCUITS = ("rs-ct", "rs-ct-w", "rs-sei-ct", "rs-sei-ct-w", "rs-film-ct-w")
GOAL = 0.95


def main(spectra: int = 500, first: int = 0) -> float:
    right, by_aicc, wrong = Counter(), 0, Counter()
    began = time.process_time()
    for number in range(spectra):
        truth = CIRCUITS[number % len(CIRCUITS)]
        case = draw(truth, WIDE, first + number // len(CIRCUITS))
        found = compare(case.spectrum, CIRCUITS)
        named = found.best.name if found.best else None
        right[truth] += named == truth
        by_aicc += min(found.ranked, key=lambda c: c.aicc).name == truth
        if named != truth:
            wrong[truth, named] += 1
    share = sum(right.values()) / spectra
    each = spectra // len(CIRCUITS)
    print(f"right circuit named: {100 * share:.1f} % of {spectra} (goal {100 * GOAL:g} %)")
    print(f"lowest AICc alone:   {100 * by_aicc / spectra:.1f} %")
    for name in CIRCUITS:
        print(f"  {name:14s} {right[name]} of {each}")
    for (truth, named), count in wrong.most_common():
        print(f"  wrong: {truth} taken for {named}: {count}")
    print(f"{1e3 * (time.process_time() - began) / spectra:.0f} ms of CPU a spectrum (five circuits)")
    return share


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    sys.exit(int(main(*numbers) < GOAL))

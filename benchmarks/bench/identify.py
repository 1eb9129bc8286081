"""How often `eisfit.identify` finds the structure, how long it takes, and whether its probabilities hold.

    python benchmarks/bench/identify.py [spectra] [first seed] [noise] [points]

Right: the structure that a spectrum was made with, or another drawing of it with as many parameters that
fits as well, is named first. Expected calibration error: mean over ten bins of what was said, of
|said - right|, weighted by how many are in each (M. Naeini et al., AAAI 2015).
"""

from __future__ import annotations

import sys
import time
from collections import Counter

import numpy as np
from structures import KINDS, draw

import eisfit
from eisfit.fitting.identify.structures import shape_of
from eisfit.model.notation import parse


def main(spectra: int = 60, first: int = 0, noise: float = 0.003, points: int = 61) -> None:
    said, right, seconds, wrong = [], [], [], Counter()
    exact = 0
    for number in range(spectra):
        case = draw(number % len(KINDS), first + number // len(KINDS), noise)
        kept = np.linspace(0, case.frequency.size - 1, points).round().astype(int)
        began = time.process_time()
        found = eisfit.identify(eisfit.Spectrum(case.frequency[kept], case.impedance[kept]))
        seconds.append(time.process_time() - began)
        truth = shape_of(parse(case.string))
        drawings = [shape_of(parse(text)) for text in found.first.drawings] if found.first else []
        exact += drawings[:1] == [truth]
        said.append(found.probability)
        right.append(truth in drawings)
        if truth not in drawings:
            wrong[case.string, str(found.best and found.best.string), f"{found.probability:.2f}"] += 1
    said, right = np.array(said), np.array(right)
    bins = np.minimum((said * 10).astype(int), 9)
    error = sum(abs(said[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / spectra
    print(f"named, or equal: {right.mean():.1%} of {spectra}; exactly: {exact / spectra:.1%}")
    print(f"said {said.mean():.3f} on average; expected calibration error {error:.3f}")
    print(f"Brier {np.mean((said - right) ** 2):.3f}")
    print(f"CPU: median {np.median(seconds):.2f} s, most {max(seconds):.2f} s")
    for b in sorted(set(bins.tolist())):
        here = bins == b
        print(f"  said {said[here].mean():.2f}: right {right[here].mean():.2f} of {here.sum()}")
    for (truth, named, chance), count in wrong.most_common():
        print(f"  wrong: {truth} taken for {named} ({chance}): {count}")


if __name__ == "__main__":
    numbers = sys.argv[1:]
    main(*(int(n) for n in numbers[:2]), *(float(n) for n in numbers[2:3]), *(int(n) for n in numbers[3:4]))

"""How often does `eisfit.compare` name the circuit that a simulated spectrum was made with?

    python benchmarks/compare.py [spectra] [first seed]
    python benchmarks/compare.py [spectra] [first seed] --library [--noise 0.002]

Five candidates, or with ``--library`` those of circuits/ that eisfit takes by default; truth drawn in turn
by random_spectra.draw (wide family: 100 kHz to 10 mHz, 60 points, arcs at least a factor 10 apart), written
out in numpy there, without eisfit's elements. The noise is 0.5 % or what ``--noise`` says; parameters and
random numbers stay the same. Nothing is counted as right but the truth. Many draws do not show what their
truth has more than a smaller circuit, or of the difference of two as large: `decidable.py` says from the
spectrum without noise which do, and of the others with what chance, at most, BIC names the truth. What is
named in place of the truth is also held against an independent fit of the truth, begun at the true
parameters: where that has the lower BIC eisfit has missed it. Circuits that describe the spectrum as well
are told beside the one that is named (`Comparison.alike`): how often the truth is among both is counted too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from random_spectra import WIDE, Case, Family, draw, fit_from_truth

# isort: split

import numpy as np
from decidable import CERTAIN, lead_of_truth, to_chance

from eisfit.fitting.comparison.compare import compare
from eisfit.fitting.comparison.table import Candidate
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import circuits as library

CIRCUITS = ("rs-ct", "rs-ct-w", "rs-sei-ct", "rs-sei-ct-w", "rs-film-ct-w")
GOAL, GOAL_OF_LIBRARY = 0.95, 0.93


@dataclass(frozen=True)
class Row:
    """One spectrum: what it was made with, what was named, and whether that could be known."""

    truth: str
    seed: int
    named: str | None
    is_right: bool
    told: bool
    by_aicc: bool
    missed: bool
    lead: float
    seconds: float

    @property
    def decidable(self) -> bool:
        """Whether noise can hardly hide the truth."""
        return self.lead > CERTAIN


def behind(truth: str, case: Case, named: Candidate) -> float:
    """Return by how much the BIC of the truth, fitted from its parameters, is above that of what is named."""
    free, count = len(case.truth), 2 * case.spectrum.points
    deviance = count * np.log(fit_from_truth(truth, case) / count)
    return float(deviance + np.log(count) * (free + 1) - named.bic)


def judge(truth: str, seed: int, candidates: tuple[str, ...] | None, family: Family = WIDE) -> Row:
    """Draw a spectrum and compare."""
    case = draw(truth, family, seed)
    began = time.process_time()
    found = compare(case.spectrum, candidates)
    seconds = time.process_time() - began
    circuit, best = find_circuit(truth), found.best
    right = best is not None and best.circuit.string == circuit.string
    return Row(
        truth,
        seed,
        best.name if best else None,
        right,
        told=right or _has(found.alike, circuit.string),
        by_aicc=_has([min(found.ranked, key=lambda c: c.aicc)], circuit.string),
        missed=not right and (best is None or behind(truth, case, best) < 0),
        lead=lead_of_truth(circuit, case, [c.circuit for c in found.ranked]),
        seconds=seconds,
    )


def _has(candidates: Iterable[Candidate], string: str) -> bool:
    return string in [c.circuit.string for c in candidates]


def main(
    spectra: int = 500, first: int = 0, candidates: tuple[str, ...] | None = CIRCUITS, family: Family = WIDE
) -> bool:
    """Judge so many spectra, tell, and return whether the goal is met."""
    goal = GOAL if candidates else GOAL_OF_LIBRARY
    truths = candidates or tuple(library())
    places = [(truths[k % len(truths)], first + k // len(truths)) for k in range(spectra)]
    rows = [judge(truth, seed, candidates, family) for truth, seed in places]
    tell(rows, goal)
    print(f"named, or told as describing the spectrum as well: {percent(row.told for row in rows)}")
    print(f"{1e3 * np.mean([row.seconds for row in rows]):.0f} ms of CPU a spectrum")
    return bool(np.mean([row.is_right for row in rows]) >= goal)


def percent(shares: Iterable[float]) -> str:
    """Return a mean in percent."""
    return f"{100 * np.mean(list(shares) or [np.nan]):.1f} %"


def tell(rows: list[Row], goal: float) -> None:
    """Print what was named, of those that can be known and of the others."""
    print(f"right circuit named: {percent(r.is_right for r in rows)} of {len(rows)} (goal {100 * goal:g} %)")
    known, others = [r for r in rows if r.decidable], [r for r in rows if not r.decidable]
    print(f"  decidable: {percent(r.is_right for r in known)} of {len(known)}")
    print(f"  others:    {percent(r.is_right for r in others)} of {len(others)}", end="")
    print(f", BIC by chance at most {percent(to_chance(r.lead) for r in others)}")
    print(f"lowest AICc alone:   {percent(r.by_aicc for r in rows)}")
    for name in dict.fromkeys(r.truth for r in rows):
        own = [r for r in rows if r.truth == name]
        print(f"  {name:18s} {sum(r.is_right for r in own)} of {len(own)}", end="")
        print(f", decidable {sum(r.is_right for r in own if r.decidable)} of {sum(r.decidable for r in own)}")
    wrong = [r for r in rows if not r.is_right]
    for (truth, named), count in Counter((r.truth, r.named) for r in wrong).most_common():
        print(f"  wrong: {truth} taken for {named}: {count}")
    print(f"wrong though decidable: {', '.join(f'{r.truth} {r.seed}' for r in wrong if r.decidable)}")
    missed = [f"{r.truth} {r.seed}" for r in wrong if r.missed]
    print(f"of {len(wrong)} others the truth has the lower BIC in {len(missed)}: {', '.join(missed)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spectra", nargs="?", type=int, default=500)
    parser.add_argument("first", nargs="?", type=int, default=0)
    parser.add_argument("--library", action="store_true")
    parser.add_argument("--noise", type=float, default=WIDE.noise[0], help="relative, of every point")
    given = parser.parse_args()
    names = None if given.library else CIRCUITS
    sys.exit(not main(given.spectra, given.first, names, replace(WIDE, noise=(given.noise, given.noise))))

"""How often a fit without start values reaches the optimum that a start at the truth reaches.

    python benchmarks/blind_starts.py [--count 300] [--from SEED] [--circuit NAME ...]
                                      [--family wide|hard|"any order"]

Each spectrum is simulated (see random_spectra.py). The judge is scipy's least_squares, started at the true
parameters, on an impedance written independently of eisfit. A blind fit has reached the optimum when its
chisqr is at most 0.01 % above the judge's. Where the data cannot tell two optima apart, a fit takes the one
whose roles go from fast to slow, and says so (`roles_decide`): counted apart. Prints one table row per
circuit and the seeds that failed.
"""

from __future__ import annotations

import argparse
import time
import warnings

from random_spectra import ANY_ORDER, HARD, WIDE, draw, fit_from_truth  # first: it sets OPENBLAS_NUM_THREADS

# isort: split

import eisfit

_REACHED = 1e-4


def run(name, family, seeds):
    """Return (reached, chosen by roles, better, ms, failures) of one circuit."""
    reached = chosen = better = 0
    spent, failures = [], []
    chisqr_of(draw(name, WIDE, 10**6), name)  # imports and caches
    for seed in seeds:
        case = draw(name, family, seed)
        start = time.perf_counter()
        chisqr, by_roles = chisqr_of(case, name)
        spent.append(time.perf_counter() - start)
        ratio = chisqr / fit_from_truth(name, case)
        reached += ratio <= 1 + _REACHED
        better += ratio < 1 - _REACHED
        chosen += by_roles and ratio > 1 + _REACHED
        if ratio > 1 + _REACHED and not by_roles:
            failures.append((seed, ratio))
    return reached, chosen, better, spent, failures


def chisqr_of(case, name):
    """Return the chisqr of a blind fit, and whether roles decided; what raises has failed."""
    try:
        fitted = eisfit.fit(case.spectrum, name)
        return fitted.statistics.chisqr, any(flag.name == "roles_decide" for flag in fitted.flags)
    except Exception as error:
        print(f"{case.spectrum.source}: {type(error).__name__}: {str(error)[:90]}", flush=True)
        return float("inf"), False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--circuit", nargs="*", default=list(eisfit.circuits()))
    parser.add_argument("--family", choices=("wide", "hard", "any order"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| family | circuit | reached | share | by roles | better than judge | mean ms | slowest ms |")
    print("|---|---|---|---|---|---|---|---|")
    for family in (WIDE, HARD, ANY_ORDER):
        if options.family not in (None, family.name):
            continue
        for name in options.circuit:
            reached, chosen, better, spent, failures = run(
                name, family, range(options.first, options.first + options.count)
            )
            share = f"{100 * reached / options.count:.1f} %"
            counts = f"{reached}/{options.count} | {share} | {chosen} | {better}"
            times = f"{1e3 * sum(spent) / len(spent):.1f} | {1e3 * max(spent):.0f}"
            print(f"| {family.name} | {name} | {counts} | {times} |")
            if failures:
                print("failed:", ", ".join(f"{s} (x{r:.5g})" for s, r in failures), flush=True)


if __name__ == "__main__":
    main()

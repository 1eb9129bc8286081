"""Does R_ct stay within its stated error where the lowest or the highest half decade is left out?

    python benchmarks/half_decades.py FOLDER [--circuit NAME ...] [--each 6]
    python benchmarks/half_decades.py --simulated [--count 24]

Measured files below FOLDER (at most `--each` spectra of a file, 25 to 200 points): each spectrum is fitted
with every circuit; of those of grade A or B the one of lowest BIC counts, if it is B with R_ct determined.
`--simulated` takes the nearly true cells of `nearly_true.py` at 0.2 % noise, of which the true R_ct is known:
what the shift by half a decade is worth as a judge of errors. A row: how many lie within the 95 %, R_ct's
stated relative error, and how far it moves in stated errors.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from nearly_true import KINDS, simulate

# isort: split

import numpy as np

import eisfit

CIRCUITS = ("rs-ct", "rs-ct-w", "rs-sei-ct", "rs-sei-ct-w", "l-rs-sei-ct-w")
T = 1.98  # two-sided 95 % of about 100 degrees of freedom


def measured(folder: Path, each: int) -> list[eisfit.Spectrum]:
    """Return the spectra of all files that can be read; the same one in several files counts once."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            some = list(eisfit.read_series(path))
        except (eisfit.EisfitError, UnicodeDecodeError):
            continue
        step = max(1, len(some) // each)
        for s in some[::step][:each]:
            if 25 <= len(s.frequency) <= 200:
                ends = np.round(np.abs(s.impedance[[0, -1]]), 4)
                found.setdefault((len(s.frequency), *ends.tolist()), s)
    return list(found.values())


def chosen(spectra: list[eisfit.Spectrum], circuits: list[str]) -> list[tuple[str, eisfit.FitResult]]:
    """Return circuit and fit of each spectrum whose best circuit is of grade B with R_ct determined."""
    table = {name: list(eisfit.fit_many(spectra, name)) for name in circuits}
    found = []
    for k in range(len(spectra)):
        good = [(fits[k].statistics.bic, name) for name, fits in table.items() if fits[k].grade in ("A", "B")]
        if good:
            name = min(good)[1]
            fit = table[name][k]
            if fit.grade == "B" and fit["R_ct"].verdict == "determined":
                found.append((name, fit))
    return found


def without(spectrum: eisfit.Spectrum, side: str) -> eisfit.Spectrum:
    """Return the spectrum without its lowest or highest half decade."""
    f = spectrum.frequency
    return (
        spectrum.select(fmin=f.min() * 10**0.5) if side == "low" else spectrum.select(fmax=f.max() / 10**0.5)
    )


def moved(fits: list[eisfit.FitResult], circuit: str) -> np.ndarray:
    """Return by how many stated errors R_ct moves (2, B): lowest, highest half decade left out."""
    rows = []
    for side in ("low", "high"):
        again = eisfit.fit_many([without(fit.spectrum, side) for fit in fits], circuit)
        rows.append(
            [
                (a["R_ct"].value - fit["R_ct"].value) / fit["R_ct"].stderr
                for a, fit in zip(again, fits, strict=True)
            ]
        )
    return np.array(rows)


def said(name: str, fits: list[eisfit.FitResult], shift: np.ndarray) -> str:
    """Return one row of the table."""
    error = np.array([fit["R_ct"].stderr / fit["R_ct"].value for fit in fits])
    low, high = np.median(np.abs(shift), axis=1)
    return (
        f"| {name} | {len(fits)} | {100 * np.mean(np.abs(shift) < T):.0f} % | {100 * np.median(error):.2g} % "
        f"| {100 * error.min():.2g} to {100 * error.max():.2g} % | {low:.2f}, {high:.2f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--circuit", nargs="*", default=list(CIRCUITS))
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--count", type=int, default=24)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| kind | fits | inside | median error | errors | moved, median: lowest, highest left out |")
    print("|---|---|---|---|---|---|")
    if given.simulated:
        for kind in (kind for kind in KINDS if not kind.exact):
            spectra = [simulate(kind, 0.002, seed)[0] for seed in range(given.count)]
            some = [f for _, f in chosen(spectra, [kind.circuit])]
            print(said(kind.name, some, moved(some, kind.circuit)), flush=True)
        return
    found = chosen(measured(given.folder, given.each), given.circuit)
    for name in given.circuit:
        some = [fit for circuit, fit in found if circuit == name]
        if some:
            print(said(name, some, moved(some, name)), flush=True)


if __name__ == "__main__":
    main()

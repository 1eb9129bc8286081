"""Does R_ct stay within its stated error where the lowest or the highest half decade is left out?

    python benchmarks/half_decades.py FOLDER [--circuit NAME ...] [--each 6] [--identify]
    python benchmarks/half_decades.py --simulated [--count 24]

Measured files below FOLDER (at most `--each` spectra of a file, 25 to 200 points): each spectrum is fitted
with every circuit; of those of grade A or B the one of lowest BIC counts, if it is B with R_ct determined.
`--simulated` takes the nearly true cells of `nearly_true.py` at 0.2 % noise, of which the true R_ct is known:
what the shift by half a decade is worth as a judge of errors. A row: how many lie within the 95 %, R_ct's
stated relative error, and how far it moves in stated errors; then the same for all circuits together, and
for those fits whose arcs follow each other as their roles do. `--identify` takes the circuit that `eisfit fit
FILE` chooses for each (seconds a spectrum), with every resistance that it determines.
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


def identified(spectra: list[eisfit.Spectrum]) -> tuple[np.ndarray, np.ndarray]:
    """Return relative errors (n,) and shifts (2, n) of what resistances identified circuits determine."""
    error, shift = [], []
    for spectrum in spectra:
        try:
            fit = eisfit.fit(spectrum)
        except eisfit.EisfitError:
            continue
        if fit.grade != "B" or not fit.ok:
            continue
        cut = [next(iter(eisfit.fit_many([without(fit.spectrum, k)], fit.circuit))) for k in ("low", "high")]
        for name, p in fit.parameters.items():
            if p.unit == "ohm" and name != "R_s" and p.verdict == "determined":
                error.append(p.stderr / p.value)
                shift.append([(one[name].value - p.value) / p.stderr for one in cut])
    return np.array(error), np.array(shift).T


def errors(fits: list[eisfit.FitResult]) -> np.ndarray:
    """Return the relative errors of R_ct (B,)."""
    return np.array([fit["R_ct"].stderr / fit["R_ct"].value for fit in fits])


def said(name: str, error: np.ndarray, shift: np.ndarray) -> str:
    """Return one row of the table."""
    low, high = np.median(np.abs(shift), axis=1)
    inside, middle = 100 * np.mean(np.abs(shift) < T), 100 * np.median(error)
    return (
        f"| {name} | {len(error)} | {inside:.0f} % | {middle:.2g} % "
        f"| {100 * error.min():.2g} to {100 * error.max():.2g} % | {low:.2f}, {high:.2f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--circuit", nargs="*", default=list(CIRCUITS))
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--identify", action="store_true")
    parser.add_argument("--count", type=int, default=24)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| kind | fits | inside | median error | errors | moved, median: lowest, highest left out |")
    print("|---|---|---|---|---|---|")
    if given.simulated:
        for kind in (kind for kind in KINDS if not kind.exact):
            spectra = [simulate(kind, 0.002, seed)[0] for seed in range(given.count)]
            some = [f for _, f in chosen(spectra, [kind.circuit])]
            print(said(kind.name, errors(some), moved(some, kind.circuit)), flush=True)
        return
    spectra = measured(given.folder, given.each)
    if given.identify:
        print(said("as identified", *identified(spectra)), flush=True)
        return
    found = chosen(spectra, given.circuit)
    rows = {name: [fit for circuit, fit in found if circuit == name] for name in given.circuit}
    shifts = {name: moved(some, name) for name, some in rows.items() if some}
    for name, shift in shifts.items():
        print(said(name, errors(rows[name]), shift))
    fits = [fit for some in rows.values() for fit in some]
    shift = np.concatenate(list(shifts.values()), axis=1)
    print(said("all", errors(fits), shift))
    right = [not any(flag.name == "arcs_swapped" for flag in fit.flags) for fit in fits]
    print(said("arcs in order", errors(fits)[right], shift[:, right]))


if __name__ == "__main__":
    main()

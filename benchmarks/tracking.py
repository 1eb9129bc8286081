"""Track measured series: the share of usable cycles, jumps, swaps and redchi of each.

    python benchmarks/tracking.py FOLDER_WITH_MEASURED_SPECTRA [--every N]

The folder is laid out as the one that the tests call EISFIT_REAL_SPECTRA. `every` takes one spectrum in N.
A swap is counted where, from one usable cycle to the next, the arcs (R and time constant, in logarithms)
continue closer when exchanged; this count does not come from eisfit's own flags.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

import eisfit

AUTODIAL = "AUTODIAL+AutoEIS/src/autoeis/assets/battery_data.npy"
MULTIEIS = "richinex+pymultieis/data/"
NLEIS = "yuefan98+impedance-studio/service/sample_data/manuscript_part_ii/"
SERIES = (
    (AUTODIAL, "rs-sei-ct-w", {}),
    (AUTODIAL, "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,C_3)-CPE_d", {}),
    (AUTODIAL, "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-CPE_d", {}),
    (MULTIEIS + "redox_exp_50", "R_s-p(CPE_h,R_ct-W_d)", {}),
    (MULTIEIS + "her_50", "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {}),
    (NLEIS + "Z1s_30a.txt", "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {"drop_inductive": True}),
    (NLEIS + "Z1s_30f.txt", "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {"drop_inductive": True}),
)


def load(folder: Path, place: str, every: int) -> list[eisfit.Spectrum]:
    """Return the spectra of one series, numbered from 1 where the data tells no cycle."""
    path = folder / place
    if place.startswith(MULTIEIS):
        admittance, frequency = np.load(path / "Y_50.npy"), np.load(path / "freq_50.npy")
        rows = [eisfit.Spectrum(frequency=frequency, impedance=1 / y) for y in admittance.T]
    elif place.startswith(NLEIS):
        table = np.loadtxt(path)
        frequency = np.loadtxt(path.with_name("freq_10a.txt")).ravel()
        rows = [eisfit.Spectrum(frequency=frequency, impedance=r[::2] + 1j * r[1::2]) for r in table]
    else:
        rows = list(eisfit.read_series(path))
    return [row.replace(cycle=float(k + 1)) for k, row in enumerate(rows)][::every]


def swaps(result) -> int:
    """Count exchanges of two arcs between usable cycles that bear no flag."""
    names = [name.removeprefix("tau_") for name in (result[0].derived if result else ()) if "tau_" in name]
    rows = [
        [(np.log(fit[f"R_{n}"].value), np.log(fit.derived[f"tau_{n}"]["value"])) for n in names]
        for fit in result
        if fit.ok and not any(flag.name == "jump" for flag in fit.flags)
    ]
    count = 0
    for before, here in pairwise(np.array(rows)):
        for i in range(len(names)):
            for j in range(i + 1, len(names)):
                straight = np.sum((here[i] - before[i]) ** 2 + (here[j] - before[j]) ** 2)
                crossed = np.sum((here[i] - before[j]) ** 2 + (here[j] - before[i]) ** 2)
                count += bool(crossed < straight)
    return count


def main() -> None:
    """Print one line a series."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    print(f"{'series':20s} {'circuit':48s} {'n':>4s}  ok % jump swap merged redchi")
    for place, circuit, options in SERIES:
        series = load(given.folder, place, given.every)
        began = time.perf_counter()
        result = eisfit.track(series, circuit, **options)
        took = time.perf_counter() - began
        fits = [fit for fit in result if fit.error is None]
        named = [flag.name for fit in fits for flag in fit.flags]
        redchi = np.median([fit.statistics.redchi for fit in fits]) if fits else np.nan
        ok = 100 * np.mean([fit.ok for fit in fits]) if fits else 0.0
        print(
            f"{Path(place).name[:20]:20s} {circuit:48s} {len(fits):4d} {ok:5.0f} {named.count('jump'):4d} "
            f"{swaps(fits):4d} {named.count('arcs_merged'):6d} {redchi:.2g} {took:.0f} s"
        )
        print(
            "    ", {name: named.count(name) for name in sorted(set(named))}, *result.notes[-2:], flush=True
        )


if __name__ == "__main__":
    main()

"""Track measured series: the share of usable cycles, jumps, swaps and redchi of each.

    python benchmarks/tracking.py FOLDER_WITH_MEASURED_SPECTRA [--every N]
    python benchmarks/tracking.py --simulated 1000

The folder is laid out as the one that the tests call EISFIT_REAL_SPECTRA. `every` takes one spectrum in N.
`simulated` tracks so many simulated cycles of rs-sei-ct-w and fits them jointly, for the time it takes.
Times are those of the processor, in this process. A swap is counted where, from one usable cycle to the
next, the arcs (R and time constant, in logarithms) continue closer when exchanged; this count does not come
from eisfit's own flags.
"""

from __future__ import annotations

import argparse
import re
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

import eisfit
from eisfit.model.simulate import simulate

AUTODIAL = "AUTODIAL+AutoEIS/src/autoeis/assets/battery_data.npy"
MULTIEIS = "richinex+pymultieis/data/"
NLEIS = "yuefan98+impedance-studio/service/sample_data/manuscript_part_ii/"
DIODE = "Zahner-elektrik+Zahner-Analysis-Python/Examples/ImpedanceVsVoltageSeriesFit/measured_spectras"
ARCS = "p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-CPE_d"
SERIES = (
    (AUTODIAL, "rs-sei-ct-w", {}),
    (AUTODIAL, "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,C_3)-CPE_d", {}),
    (AUTODIAL, "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-CPE_d", {}),
    (MULTIEIS + "redox_exp_50", "R_s-p(CPE_h,R_ct-W_d)", {}),
    (MULTIEIS + "her_50", "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {}),
    (NLEIS + "Z1s_30a.txt", "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {"drop_inductive": True}),
    (NLEIS + "Z1s_30f.txt", "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {"drop_inductive": True}),
    ("Sheyigold+EISFitpython/EIS_Data/Example-3-4", "p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", {}),
    ("jdhuang-csm+hybrid-drt/webinar/data/LPSCl", ARCS, {}),
    ("jdhuang-csm+hybrid-drt/webinar/data/SSB/Sample2_PEIS_AtRest.csv", ARCS, {}),
    ("ciuccislab+EIS-DCT/EIS-DCT/experimental data", "L_0-R_s-" + ARCS, {}),
    (DIODE, "rs-rc", {}),
    ("cheminfo+biologic-converter/src/__tests__/data/all/geis/geis.mpt", "rs-ct", {}),
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
        known = list(eisfit.read_series(path))
        rows = [
            s for s in known if not re.search(r"\.v[0-9a-f]{7}\.", s.source)
        ]  # earlier versions of a file
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


def simulated(cycles: int) -> None:
    """Print how long a series takes whose parameters all grow."""
    circuit = eisfit.circuit("rs-sei-ct-w")
    spectra = []
    for k in range(cycles):
        u = k / max(cycles - 1, 1)
        p = {"R_s": 2 + 0.2 * u, "R_sei": 12 + 4 * u, "CPE_sei_Q": 2e-4, "CPE_sei_alpha": 0.9,
             "R_ct": 40 + 60 * u, "CPE_ct_Q": 2e-3, "CPE_ct_alpha": 0.88, "W_d_sigma": 3 + u}  # fmt: skip
        spectra.append(simulate(circuit, p, noise=0.005, seed=k, cycle=k + 1))
    began = time.process_time()
    result = eisfit.track(spectra, circuit)
    tracked = time.process_time()
    smooth = dict.fromkeys(("R_s", "R_sei", "R_ct"), "smooth")
    together = result.fit_jointly({**smooth, "CPE_ct_alpha": "shared", "CPE_sei_alpha": "shared"})
    joined = time.process_time()
    assert together.joint is not None
    print(f"{cycles} cycles: tracked in {tracked - began:.2f} s, {sum(f.ok for f in result)} ok; then fitted "
          f"jointly in {joined - tracked:.2f} s, {sum(f.ok for f in together)} ok")  # fmt: skip


def main() -> None:
    """Print one line a series."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--simulated", type=int, default=0)
    given = parser.parse_args()
    if given.simulated:
        simulated(given.simulated)
    if given.folder is None:
        return
    print(f"{'series':20s} {'circuit':48s} {'n':>4s}  ok % jump swap merged redchi")
    for place, circuit, options in SERIES:
        series = load(given.folder, place, given.every)
        began = time.process_time()
        result = eisfit.track(series, circuit, **options)
        took = time.process_time() - began
        fits = [fit for fit in result if fit.error is None]
        named = [flag.name for fit in fits for flag in fit.flags]
        redchi = np.median([fit.statistics.redchi for fit in fits]) if fits else np.nan
        ok = 100 * np.mean([fit.ok for fit in fits]) if fits else 0.0
        print(
            f"{Path(place).name[:20]:20s} {circuit:48s} {len(fits):4d} {ok:5.0f} {named.count('jump'):4d} "
            f"{swaps(fits):4d} {named.count('arcs_merged'):6d} {redchi:.2g} {took:.1f} s"
        )
        print(
            "    ", {name: named.count(name) for name in sorted(set(named))}, *result.notes[-2:], flush=True
        )


if __name__ == "__main__":
    main()

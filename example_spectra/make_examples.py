"""Make the spectra in ``rrml/``: SIMULATED cells with the resistances of a published coating study.

Run ``python example_spectra/make_examples.py`` after a change; fixed seeds give the same files every time.
``rrml/README.md`` says in words what is taken from the paper and what is assumed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from eisfit.files import write_atomic
from eisfit.model.simulate import frequencies, simulate
from eisfit.spectra.writers.plain_csv import to_csv

CIRCUIT = "rs-sei-ct-w"
NOISE = 0.003  # of |Z|, in each part
FORMED = 3  # cycles of formation
CYCLES = {"bare": range(50, 251, 50), "coated": range(50, 501, 50)}
SEEDS = {"bare": 0, "coated": 2000}  # plus the cycle

# K. M. Kwon et al., J. Mater. Chem. A 14 (2026) 9966
R_CT = {"bare": 51.9, "coated": 36.8}  # ohm, after formation
DROP = {"bare": 0.253, "coated": 0.096}  # V, at the start of the 1C discharge of cycle 280
RATIO_FALL = 94.7 - 90.6, 253 - 53  # bare: points of the 1C/0.2C capacity ratio, over so many cycles
RATIO_FLAT = 95.2 - 94.9, 453 - 53  # coated: at most so much

# Assumed, the same in both cells: typical of a coin cell. R_sei grows as graphite's surface layer does.
R_S, R_S_GROWTH = 3.6, 0.002  # ohm, ohm per cycle
R_SEI, R_SEI_GROWTH = 6.4, 0.01
SHAPE = {
    "CPE_sei_Q": 2.0e-5,
    "CPE_sei_alpha": 0.88,
    "CPE_ct_Q": 2.0e-4,
    "CPE_ct_alpha": 0.85,
    "W_d_sigma": 3.5,
}


def growth() -> dict[str, float]:
    """Return how fast R_ct grows in each cell, ohm per cycle, from the paper's voltages and capacities.

    The drop is I (R_s + R_sei + R_ct), with the same I in both cells; what a cell's 1C/0.2C ratio loses is
    proportional to what its R_ct gains. See rrml/README.md.
    """
    share = (RATIO_FLAT[0] / RATIO_FLAT[1]) / (RATIO_FALL[0] / RATIO_FALL[1])
    ratio, n = DROP["bare"] / DROP["coated"], 280 - FORMED
    other = series(280)["R_s"] + series(280)["R_sei"]
    bare = (ratio * (other + R_CT["coated"]) - other - R_CT["bare"]) / (n * (1 - ratio * share))
    return {"bare": bare, "coated": share * bare}


def series(cycle: float) -> dict[str, float]:
    """Return R_s and R_sei at a cycle, ohm."""
    n = cycle - FORMED
    return {"R_s": R_S + R_S_GROWTH * n, "R_sei": R_SEI + R_SEI_GROWTH * n}


def truth(cell: str, cycle: float) -> dict[str, float]:
    """Return the parameters of a cell at a cycle, in ohm, S s^alpha and ohm s^-1/2."""
    resistance = R_CT[cell] + growth()[cell] * (cycle - FORMED)
    return {name: round(value, 4) for name, value in {**series(cycle), "R_ct": resistance}.items()} | SHAPE


def make(folder: Path) -> None:
    """Write every spectrum and the manifest into a folder."""
    rows = []
    for cell, later in CYCLES.items():
        (folder / cell).mkdir(parents=True, exist_ok=True)
        for cycle in (FORMED, *later):
            values, name = truth(cell, cycle), f"{cell}/{cell}_cycle_{cycle:03d}.csv"
            spectrum = simulate(
                CIRCUIT, values, frequency=frequencies(), noise=NOISE, seed=SEEDS[cell] + cycle, cycle=cycle
            )
            write_atomic(folder / name, to_csv(spectrum))
            rows.append(f"{name},{cell},{cycle},simulated," + ",".join(f"{v:g}" for v in values.values()))
    head = "file,cell,cycle,origin," + ",".join(truth("bare", FORMED))
    write_atomic(folder / "manifest.csv", "\n".join([head, *rows]) + "\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "rrml")

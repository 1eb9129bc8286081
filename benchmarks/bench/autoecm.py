"""Labelled, noise-free spectra of AutoECM: is the true circuit's optimum reached, and which circuit is named?

    python benchmarks/bench/autoecm.py FILE.csv [every] [first]                # compare, nine circuits given
    python benchmarks/bench/autoecm.py FILE.csv [every] [first] --identify     # identify, no list

Every tenth spectrum unless said otherwise. Data: J. Schaeffer et al., J. Electrochem. Soc. 170 (2023) 060512
(CC-BY 4.0, QuantumScape), not part of this repository: give the file where it lies. Right with
``--identify``: the circuit of the label, or one with no more parameters that fits as well.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

import eisfit
from eisfit.fitting.identify.structures import shape_of
from eisfit.model.notation import parse

CIRCUITS = {
    "L-R-RCPE": "L_1-R_1-p(R_2,CPE_2)",
    "L-R-RCPE-RCPE": "L_1-R_1-p(R_2,CPE_2)-p(R_3,CPE_3)",
    "L-R-RCPE-RCPE-RCPE": "L_1-R_1-p(R_2,CPE_2)-p(R_3,CPE_3)-p(R_4,CPE_4)",
    "RC-G-G": "p(R_1,C_1)-G_1-G_2",
    "RC-RC-RCPE-RCPE": "p(R_1,C_1)-p(R_2,C_2)-p(R_3,CPE_3)-p(R_4,CPE_4)",
    "RCPE-RCPE": "p(R_1,CPE_1)-p(R_2,CPE_2)",
    "RCPE-RCPE-RCPE": "p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)",
    "RCPE-RCPE-RCPE-RCPE": "p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-p(R_4,CPE_4)",
    "Rs_Ws": "R_1-Wsp_1",
}
_REACHED = 1e-6  # relative rms: far below any other optimum, far above the rounding of the file
_AS_WELL = 1.5  # times the residual of the label's own circuit
_MISFIT = 100.0  # times the closest candidate's residual


class Outcome(NamedTuple):
    """Of one spectrum."""

    label: str
    named: str
    right: bool
    reached: bool
    misfit: bool
    seconds: float


def spectra(path: str):
    """Yield (label, Spectrum)."""
    csv.field_size_limit(10**7)
    with Path(path).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            frequency = np.array([float(x) for x in row["freq"].strip("[]").split(",")])
            texts = row["Z"].strip("[]").split(",")
            impedance = np.array([complex(x.replace(" ", "")) for x in texts])
            yield row["Circuit"], eisfit.Spectrum(frequency=frequency, impedance=impedance)


def residual(fitted) -> float:
    return fitted.statistics.rms_relative_residual


def with_list(label: str, spectrum, fitted) -> tuple[str, bool, bool]:
    """Return what `eisfit.compare` names, whether that is right, and whether it crowned a misfit."""
    found = eisfit.compare(spectrum, list(CIRCUITS.values()))
    if not found.best:
        return "none", False, False
    name = next(name for name, string in CIRCUITS.items() if string == found.best.name)
    least = min(residual(row.result) for row in found.ranked if row.result)
    return name, name == label, residual(found.best.result) > _MISFIT * max(least, 1e-8)


def without_list(label: str, spectrum, fitted) -> tuple[str, bool, bool]:
    """Return what `eisfit.identify` names, and whether that is right or as good."""
    first = eisfit.identify(spectrum).first
    if first is None:
        return "none", False, False
    exact = shape_of(parse(CIRCUITS[label])) in [shape_of(parse(drawing)) for drawing in first.drawings]
    as_good = first.free <= fitted.statistics.nvarys and first.rms <= _AS_WELL * max(residual(fitted), 1e-8)
    return first.circuit.string, exact or as_good, False


def one(label: str, spectrum, ask) -> Outcome:
    try:
        fitted = eisfit.fit(spectrum, CIRCUITS[label], validate=False)
        began = time.process_time()
        named, right, misfit = ask(label, spectrum, fitted)
    except eisfit.EisfitError as error:
        return Outcome(label, f"error: {error}", False, False, False, 0.0)
    seconds = time.process_time() - began
    return Outcome(label, named, right, residual(fitted) < _REACHED, misfit, seconds)


def tell(rows: list[Outcome]) -> None:
    seconds = [row.seconds for row in rows]
    print(f"optimum of the true circuit reached: {sum(row.reached for row in rows)} of {len(rows)}")
    print(f"named right: {sum(row.right for row in rows)} of {len(rows)}", end="; ")
    print(f"misfits crowned: {sum(row.misfit for row in rows)}", end="; ")
    print(f"errors: {sum(row.named.startswith('error') for row in rows)}")
    print(f"CPU of a naming: median {np.median(seconds):.2f} s, most {max(seconds):.2f} s")
    for label in CIRCUITS:
        mine = [row.right for row in rows if row.label == label]
        print(f"  {label:22s} {sum(mine)} of {len(mine)}")
    for (label, name), times in Counter((r.label, r.named) for r in rows if not r.right).most_common():
        print(f"  {label} taken for {name}: {times}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("every", nargs="?", type=int, default=10)
    parser.add_argument("first", nargs="?", type=int, default=0)
    parser.add_argument("--identify", action="store_true")
    given = parser.parse_args()
    ask = without_list if given.identify else with_list
    chosen = list(spectra(given.file))[given.first :: given.every]
    tell([one(label, spectrum, ask) for label, spectrum in chosen])


if __name__ == "__main__":
    main()

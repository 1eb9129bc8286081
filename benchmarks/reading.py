"""CPU time of reading against impedance.py's readers, and galvani's of .mpr, file by file, in one run.

    EISFIT_REAL_SPECTRA=... python benchmarks/reading.py

Uses measured files that are not ours (the folder with their MANIFEST.csv); without them there is nothing to
time. impedance.py has to be told the instrument; eisfit recognises it, looks for several sweeps and checks
the sign of the imaginary part. galvani is under the GPL: no part of eisfit, timed where it happens to be
installed.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
from functools import partial
from pathlib import Path

import eisfit.spectra.readers

_FILES = {
    "exampleDataBioLogic.mpt": "biologic",
    "exampleDataGamryABORT.DTA": "gamry",
    "exampleDataZPlot.z": "zplot",
    "exampleDataVersaStudio.par": "versastudio",
    "exampleDataParstat.txt": "parstat",
    "exampleDataPowersuite.txt": "powersuite",
    "exampleDataCHInstruments.txt": "chinstruments",
}
_MPR = ("exampleDataBioLogic.mpr", "exampleDataBioLogic.v0b692be.mpr")
_REPEATS = 15


def median_ms(action) -> float:
    spent = []
    for _ in range(_REPEATS):
        start = time.process_time()
        action()
        spent.append(1e3 * (time.process_time() - start))
    return statistics.median(spent)


def compare(root: Path, name: str, program: str, read) -> None:
    """Print a row: eisfit and another program on one file."""
    path = next(root.rglob(name), None)
    if path is None:
        print(f"| {name} | not on this machine | | | |")
        return
    ours = median_ms(lambda: eisfit.spectra.readers.read_all(path))
    theirs = median_ms(lambda: read(str(path)))
    print(f"| {name} | {ours:.2f} | {program} | {theirs:.2f} | {ours / theirs:.1f} |")


def main() -> None:
    from impedance.preprocessing import readFile

    warnings.simplefilter("ignore")
    default = Path(__file__).resolve().parents[2] / "shared" / "real_spectra"
    root = Path(os.environ.get("EISFIT_REAL_SPECTRA", default))
    print("| file | eisfit ms | program | its ms | ratio |")
    print("|---|---|---|---|---|")
    for name, instrument in _FILES.items():
        compare(root, name, "impedance.py", partial(readFile, instrument=instrument))
    try:
        from galvani import BioLogic
    except ImportError:
        print("| .mpr | galvani is not installed | | | |")
        return
    for name in _MPR:
        compare(root, name, "galvani", BioLogic.MPRfile)


if __name__ == "__main__":
    main()

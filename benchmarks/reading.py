"""CPU time of reading against impedance.py's readers, file by file, in one run.

    EISFIT_REAL_SPECTRA=... python benchmarks/reading.py

Uses measured files that are not ours (the folder with their MANIFEST.csv); without them there is nothing to
time. impedance.py has to be told the instrument; eisfit recognises it, looks for several sweeps and checks
the sign of the imaginary part.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
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
_REPEATS = 15


def median_ms(action) -> float:
    spent = []
    for _ in range(_REPEATS):
        start = time.process_time()
        action()
        spent.append(1e3 * (time.process_time() - start))
    return statistics.median(spent)


def main() -> None:
    from impedance.preprocessing import readFile

    warnings.simplefilter("ignore")
    default = Path(__file__).resolve().parents[2] / "shared" / "real_spectra"
    root = Path(os.environ.get("EISFIT_REAL_SPECTRA", default))
    print("| file | eisfit ms | impedance.py ms | ratio |")
    print("|---|---|---|---|")
    for name, instrument in _FILES.items():
        path = next(root.rglob(name), None)
        if path is None:
            print(f"| {name} | not on this machine | | |")
            continue
        ours = median_ms(lambda path=path: eisfit.spectra.readers.read_all(path))
        theirs = median_ms(lambda path=path, kind=instrument: readFile(str(path), instrument=kind))
        print(f"| {name} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.1f} |")


if __name__ == "__main__":
    main()

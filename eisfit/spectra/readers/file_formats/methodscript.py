"""PalmSens MethodSCRIPT: the data packages that EmStat, Nexus and Sensit devices send, saved as text.

A package is a line ``P`` with variables parted by semicolons: two letters for the kind, seven hexadecimal
digits for the value plus 2^27, a letter for the SI prefix, then metadata after commas (PalmSens, MethodSCRIPT
manual, "Measurement data packages").
"""

from __future__ import annotations

import re

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._named_arrays import read_names
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.spectrum import ASSUMED

NAME = "PalmSens MethodSCRIPT"
SUFFIXES = ()
RANK = 20

_VARIABLE = r"[a-z]{2}(?:[0-9A-F]{7}[afpnum kMGTPEi]|     nan)(?:,[0-9A-F]+)*"
_PACKAGE = regex(rf"P{_VARIABLE}(?:;{_VARIABLE})*\s*$")
_DAMAGED = regex(r"P[a-z]{2}[0-9A-F ]")
_HEAD = regex(rf"^P{_VARIABLE};", re.MULTILINE)
_PREFIX = dict(zip("afpnum kMGTPE", 10.0 ** np.arange(-18, 19, 3), strict=True)) | {"i": 1.0}
#: Kinds of variables that matter.
_KINDS = {
    "dc": "frequency [Hz]",
    "cc": "Z_real [ohm]",
    "cd": "Z_imag [ohm]",
    "cb": "Z_modulus [ohm]",
    "ca": "Z_phase [deg]",
    "ed": "temperature [degC]",
    "eb": "time [s]",
}
_OVERLOAD = 2  # bit of the status, the metadata that begin with 1


def recognise(file: File) -> bool:
    """Whether a line is a data package of several variables."""
    return file.encoding is not None and _HEAD.search(file.head) is not None


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a measurement loop.

    Raises
    ------
    ReadError
        When no loop measured an impedance.
    """
    loops: list[list[dict[str, float]]] = [[]]
    dropped, damaged = 0, 0
    for line in file.lines:
        if re.match(r"M[0-9A-F]{4}\s*$", line):
            loops.append([])
        elif _PACKAGE.match(line):
            values, overload = _parse_package(line)
            dropped += overload
            if not overload:
                loops[-1].append(values)
        elif _DAMAGED.match(line):
            damaged += 1
    sweeps = [sweep for loop in loops for sweep in _read_loop(file, loop)]
    if not sweeps:
        raise file.error("MethodSCRIPT data without an impedance (no variables dc, cc and cd)")
    for sweep in sweeps:
        sweep.notes += [f"dropped {plural(dropped, 'point')} marked as overload"] if dropped else []
        sweep.notes += [f"{ASSUMED} {plural(damaged, 'damaged package')} left out"] if damaged else []
    return sweeps


def _parse_package(line: str) -> tuple[dict[str, float], bool]:
    values: dict[str, float] = {}
    overload = False
    for text in line.rstrip()[1:].split(";"):
        variable, *metadata = text.split(",")
        kind, number, prefix = variable[:2], variable[2:9], variable[9:10] or " "
        values.setdefault(kind, np.nan if "nan" in variable else (int(number, 16) - 2**27) * _PREFIX[prefix])
        status = [int(one[1], 16) for one in metadata if len(one) == 2 and one[0] == "1"]
        overload |= kind in ("cc", "cd") and any(one & _OVERLOAD for one in status)
    return values, overload


def _read_loop(file: File, loop: list[dict[str, float]]) -> list[Sweep]:
    rows = [values for values in loop if "dc" in values]
    kinds = [kind for kind in _KINDS if rows and all(kind in values for values in rows)]
    if not ({"cc", "cd"} <= set(kinds) or {"cb", "ca"} <= set(kinds)):
        return []
    columns: dict[str, FloatArray] = {_KINDS[kind]: np.array([row[kind] for row in rows]) for kind in kinds}
    return read_names(file, columns)

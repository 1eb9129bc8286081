"""Zurich Instruments LabOne: the sweeper's CSV with one line a field (`chunk;timestamp;size;fieldname;...`).

The fields are those of the API's structure ``ZISweeperImpedanceWave``: ``grid, frequency, realz, imagz, absz,
phasez``; what ends in ``stddev`` or ``pwr`` is not used.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.spectra.readers._file import File
from eisfit.spectra.readers._named_arrays import from_names
from eisfit.spectra.readers._sweep import Sweep

NAME = "Zurich Instruments LabOne"
SUFFIXES = ()
RANK = 20

_FIRST = ("chunk", "timestamp", "size", "fieldname")
#: What the fields are called here; all are in Hz, ohm and (phasez) radians.
_FIELDS = {
    "frequency": "frequency [Hz]",
    "realz": "Z_real [ohm]",
    "imagz": "Z_imag [ohm]",
    "absz": "Z_modulus [ohm]",
    "phasez": "phasez",
    "bias": "potential [V]",
}


def recognise(file: File) -> bool:
    """Whether the first line is ``chunk;timestamp;size;fieldname``."""
    return (
        file.encoding is not None and file.head.lstrip("\ufeff").startswith(_FIRST[0]) and bool(_mark(file))
    )


def _mark(file: File) -> str:
    first = file.head.splitlines()[0]
    return next((mark for mark in ";,\t" if tuple(first.split(mark)[:4]) == _FIRST), "")


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a chunk.

    Raises
    ------
    ReadError
        When a chunk has no impedance, or a line is no list of numbers.
    """
    chunks: dict[str, dict[str, FloatArray]] = {}
    mark = _mark(file)
    for number, line in enumerate(file.lines[1:], 2):
        cells = line.rstrip(" \r").split(mark)
        if len(cells) > 4 and cells[3] in (*_FIELDS, "grid"):
            chunks.setdefault(cells[0], {})[cells[3]] = _numbers(file, number, cells)
    sweeps = [sweep for fields in chunks.values() for sweep in _sweeps(file, fields)]
    if not sweeps:
        raise file.error("no field realz, imagz, absz or phasez: a sweep of something else than an impedance")
    return sweeps


def _numbers(file: File, number: int, cells: list[str]) -> FloatArray:
    try:
        size = int(cells[2])
        return np.array([float(cell) for cell in cells[4 : 4 + size]])
    except ValueError:
        raise file.error(f"line {number}: the field {cells[3]!r} holds something that is no number") from None


def _sweeps(file: File, fields: dict[str, FloatArray]) -> list[Sweep]:
    if "frequency" not in fields and "grid" in fields:
        fields["frequency"] = fields["grid"]
    if not ({"realz", "imagz"} <= set(fields) or {"absz", "phasez"} <= set(fields)):
        return []
    return from_names(file, {_FIELDS[name]: values for name, values in fields.items() if name in _FIELDS})

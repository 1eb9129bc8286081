"""Zurich Instruments LabOne: the sweeper's CSV with one line a field (`chunk;timestamp;size;fieldname;...`).

The fields are those of the API's structure ``ZISweeperImpedanceWave``: ``grid, frequency, realz, imagz, absz,
phasez``; what ends in ``stddev`` or ``pwr`` is not used.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._named_arrays import read_names
from eisfit.spectra.readers.sweep import Sweep

_SIZED = 3  # the place of the name behind a size
NAME = "Zurich Instruments LabOne"
SUFFIXES = ()
RANK = 20

#: How lines begin; not all say how many values follow.
_FIRST = (("chunk", "timestamp", "size", "fieldname"), ("chunk", "timestamp", "fieldname"))
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
    """Whether the first line is ``chunk;timestamp;size;fieldname``, or so without the size."""
    begins = file.encoding is not None and file.head.lstrip("\ufeff").startswith("chunk")
    return begins and bool(_find_style(file)[0])


def _find_style(file: File) -> tuple[str, int]:
    """Return the mark between cells and the column of the field's name; nothing where it is another file."""
    first = file.head.lstrip("\ufeff").splitlines()[0]
    found = (
        (mark, len(names))
        for mark in ";,\t"
        for names in _FIRST
        if tuple(first.split(mark)[: len(names)]) == names
    )
    mark, count = next(found, ("", 1))
    return mark, count - 1


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a chunk.

    Raises
    ------
    ReadError
        When a chunk has no impedance, or a line is no list of numbers.
    """
    chunks: dict[str, dict[str, FloatArray]] = {}
    mark, place = _find_style(file)
    for number, line in enumerate(file.lines[1:], 2):
        cells = line.rstrip(" \r").split(mark)
        if len(cells) > place + 1 and cells[place] in (*_FIELDS, "grid"):
            chunks.setdefault(cells[0], {})[cells[place]] = _parse_numbers(file, number, cells, place)
    sweeps = [sweep for fields in chunks.values() for sweep in _make_sweeps(file, fields)]
    if not sweeps:
        raise file.error("no field realz, imagz, absz or phasez: a sweep of something else than an impedance")
    return sweeps


def _parse_numbers(file: File, number: int, cells: list[str], place: int) -> FloatArray:
    first = place + 1
    try:
        last = first + int(cells[2]) if place == _SIZED else len(cells)
        return np.array([float(cell) for cell in cells[first:last] if cell or place == _SIZED])
    except ValueError:
        told = f"line {number}: the field {cells[place]!r} holds something that is no number"
        raise file.error(told) from None


def _make_sweeps(file: File, fields: dict[str, FloatArray]) -> list[Sweep]:
    if "frequency" not in fields and "grid" in fields:
        fields["frequency"] = fields["grid"]
    if not ({"realz", "imagz"} <= set(fields) or {"absz", "phasez"} <= set(fields)):
        return []
    return read_names(file, {_FIELDS[name]: values for name, values in fields.items() if name in _FIELDS})

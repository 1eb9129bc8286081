"""LTspice: an AC analysis exported as text, ``Freq.<tab>V(n001)/I(V1)`` with complex cells.

A cell is ``1.0e+0,-2.0e+0`` (real and imaginary part) or ``(6.0e+0dB,-9.0e+1°)``. LTspice counts the
current of a source into its plus pin, so ``V(n001)/I(V1)`` is the negative impedance of what it drives.
"""

from __future__ import annotations

import re

import numpy as np

from eisfit.arrays import ComplexArray
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.file_formats._traces import read_traces
from eisfit.spectra.readers.sweep import Sweep

NAME = "LTspice AC export"
SUFFIXES = ()
RANK = 20

_NUMBER = r"[+-]?\d\.\d+[eE][+-]?\d{2,}"  # always as C writes %.14e
_HEADER = regex(r"^Freq\.?\t", re.MULTILINE)
_STEP = regex(r"Step Information:\s*(.*?)\s*(?:\(Run:.*\)\s*)?$")
_PARTS = regex(rf"({_NUMBER}),({_NUMBER})$")
_POLAR = regex(rf"\(({_NUMBER})dB,({_NUMBER})\D*\)$")


def recognise(file: File) -> bool:
    """Whether a line ``Freq.``, tab, names of traces stands above a row with complex cells."""
    found = _HEADER.search(file.head) if file.encoding is not None else None
    if found is None:
        return False
    below = [line.split("\t") for line in file.head[found.end() :].splitlines()[1:4] if "\t" in line]
    return bool(below) and all(
        _PARTS.match(row[1].strip()) or _POLAR.match(row[1].strip()) for row in below[:1]
    )


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a trace of V/I and a step.

    Raises
    ------
    ReadError
        When no trace is a voltage over a current, or a cell is no complex number.
    """
    start = next(i for i, line in enumerate(file.lines) if _HEADER.match(line))
    names = file.lines[start].rstrip().split("\t")[1:]
    rows: list[list[str]] = []
    steps = {}
    for line in file.lines[start + 1 :]:
        if step := _STEP.match(line):
            steps[len(rows)] = ", ".join(step[1].split())
        elif line.strip():
            rows.append(line.split("\t"))
    frequency = np.array([float(row[0]) for row in rows])
    traces = {name: _parse_complex(file, rows, place) for place, name in enumerate(names, 1)}
    return read_traces(file, frequency, traces, steps)


def _parse_complex(file: File, rows: list[list[str]], place: int) -> ComplexArray:
    values: ComplexArray = np.empty(len(rows), dtype=np.complex128)
    for i, row in enumerate(rows):
        cell = row[place].strip() if place < len(row) else ""
        if match := _PARTS.match(cell):
            values[i] = complex(float(match[1]), float(match[2]))
        elif match := _POLAR.match(cell):
            values[i] = 10 ** (float(match[1]) / 20) * np.exp(1j * np.radians(float(match[2])))
        else:
            raise file.error(f"{quote(cell)} is no complex number of LTspice")
    return values

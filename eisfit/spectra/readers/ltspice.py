"""LTspice: an AC analysis exported as text, ``Freq.<tab>V(n001)/I(V1)`` with complex cells.

A cell is ``1.0e+0,-2.0e+0`` (real and imaginary part) or ``(6.0e+0dB,-9.0e+1°)``. LTspice counts the
current of a source into its plus pin, so ``V(n001)/I(V1)`` is the negative impedance of what it drives.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from eisfit.arrays import ComplexArray
from eisfit.spectra.readers._assemble import settle_sign
from eisfit.spectra.readers._cuts import boundaries
from eisfit.spectra.readers._file import File
from eisfit.spectra.readers._sweep import ASSUMED, GIVEN_UNIT, Sweep
from eisfit.spectra.readers._units import IMPEDANCE_UNITS

__all__ = ["NAME", "SUFFIXES", "parse", "recognise"]

NAME = "LTspice AC export"
SUFFIXES = ()
RANK = 20

_NUMBER = r"[+-]?\d\.\d+[eE][+-]?\d+"  # always as C writes %.14e
_HEADER = re.compile(r"^Freq\.?\t", re.MULTILINE)
_PARTS = re.compile(rf"({_NUMBER}),({_NUMBER})$")
_POLAR = re.compile(rf"\(({_NUMBER})dB,({_NUMBER})\D*\)$")
_CURRENT = re.compile(r"/\s*\(?\s*-?\s*I[a-z]?\(", re.IGNORECASE)
_OF_SOURCE = re.compile(r"^V\([^)]*\)/I\(V[^)]*\)$", re.IGNORECASE)


def recognise(file: File) -> bool:
    """Whether a line ``Freq.``, tab, names of traces stands above a row with complex cells."""
    found = _HEADER.search(file.head) if file.encoding is not None else None
    if found is None:
        return False
    below = [line.split("\t") for line in file.head[found.end() :].splitlines()[1:4] if "\t" in line]
    return bool(below) and all(_PARTS.match(row[1]) or _POLAR.match(row[1]) for row in below[:1])


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a trace of V/I and a step.

    Raises
    ------
    ReadError
        When no trace is a voltage over a current, or a cell is no complex number.
    """
    start = next(i for i, line in enumerate(file.lines) if _HEADER.match(line))
    names = file.lines[start].rstrip().split("\t")[1:]
    rows = [
        line.split("\t") for line in file.lines[start + 1 :] if line.strip() and not line.startswith("Step")
    ]
    frequency = np.array([float(row[0]) for row in rows])
    chosen = _impedances(file, names)
    cuts = [0, *boundaries(frequency), frequency.size]
    sweeps = []
    for place in chosen:
        z, notes = _oriented(_complex(file, rows, place + 1), names[place])
        z = np.asarray(z * _scale(file), dtype=np.complex128)
        notes += _given(file)
        parts = [slice(a, b) for a, b in pairwise(cuts)]
        label = {"label": names[place]}
        sweeps += [Sweep(frequency[part], z[part], notes=list(notes), metadata=dict(label)) for part in parts]
    settle_sign(file, sweeps, "complex numbers as written")
    return sweeps


def _scale(file: File) -> float:
    return IMPEDANCE_UNITS[file.reading.impedance_unit or "ohm"]


def _given(file: File) -> list[str]:
    return [f"{GIVEN_UNIT} {file.reading.impedance_unit}"] if file.reading.impedance_unit else []


def _impedances(file: File, names: list[str]) -> list[int]:
    """Return the traces that are impedances; a lone voltage is one where the user says so."""
    found = [i for i, name in enumerate(names) if _CURRENT.search(name)]
    voltages = [i for i, name in enumerate(names) if re.match(r"V\(", name, re.IGNORECASE)]
    if not found and voltages and file.reading.impedance_unit:
        return voltages
    if not found:
        raise file.error(
            f"the traces {', '.join(names[:5])} are no impedance: plot V(node)/I(source) and export that; "
            "where the AC source is a current of 1 A, say --impedance-unit ohm"
        )
    return found


def _oriented(z: ComplexArray, name: str) -> tuple[ComplexArray, list[str]]:
    """Return Z, turned where the current is the source's own and every real part is negative."""
    if _OF_SOURCE.match(name.replace(" ", "")) and (z.real < 0).all():
        return -z, [
            f"{ASSUMED} {name} turned by 180 degrees: LTspice counts a source's current into its plus pin"
        ]
    return z, []


def _complex(file: File, rows: list[list[str]], place: int) -> ComplexArray:
    values: ComplexArray = np.empty(len(rows), dtype=np.complex128)
    for i, row in enumerate(rows):
        cell = row[place].strip() if place < len(row) else ""
        if match := _PARTS.match(cell):
            values[i] = complex(float(match[1]), float(match[2]))
        elif match := _POLAR.match(cell):
            values[i] = 10 ** (float(match[1]) / 20) * np.exp(1j * np.radians(float(match[2])))
        else:
            raise file.error(f"{cell[:40]!r} is no complex number of LTspice")
    return values

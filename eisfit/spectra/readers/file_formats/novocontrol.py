"""Novocontrol WinDETA text with permittivities: impedance from the sample's geometry in the header.

Exports with ``Zs'`` and ``Zs''`` are plain tables and read as such. Here Z = 1/(j omega C0 (eps' - j eps''))
with C0 = eps0 A/d of the disc; WinDETA has already taken spacer and edge capacity off the permittivity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import pi

import numpy as np

from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.assemble import choose, sweeps_of
from eisfit.spectra.readers.conversion.cuts import boundaries
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.labels.key_values import header_text
from eisfit.spectra.readers.names.columns import Column, column
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.header import Table
from eisfit.spectra.readers.tables.table import find_table

NAME = "Novocontrol text"
SUFFIXES = ()

_VACUUM = 8.8541878128e-12  # F/m, CODATA 2018
_DIAMETER = regex(r"Diameter\s*\[mm\][\s:=,;]*([-+.\deE]+)")
_THICKNESS = regex(r"(?<!Electrode )Thickness\s*\[mm\][\s:=,;]*([-+.\deE]+)")


def recognise(file: File) -> bool:
    """Whether the table is one of permittivities under Novocontrol's header."""
    head = file.head
    return file.encoding is not None and "Freq." in head and "Eps'" in head and "Zs'" not in head


def parse(file: File) -> list[Sweep]:
    """Return the sweeps, one a temperature.

    Raises
    ------
    ReadError
        When the header has no geometry.
    """
    table = find_table(file)
    if table is None or not table.names:
        raise file.error("no table of permittivities in it")
    diameter, thickness = (_length(pattern, table.preamble) for pattern in (_DIAMETER, _THICKNESS))
    if not (diameter and thickness):
        try:
            return text.parse(file)  # Cp and Rp beside them
        except ReadError:
            told = "permittivities without the sample's diameter and thickness give no impedance"
            raise file.error(told) from None
    capacity = _VACUUM * pi * (diameter / 2) ** 2 / thickness
    sweeps = _sweeps(file, table, capacity)
    for sweep in sweeps:
        sweep.metadata = {
            "instrument": "Novocontrol",
            "diameter_mm": diameter * 1e3,
            "thickness_mm": thickness * 1e3,
            "area_cm2": pi * (diameter / 2) ** 2 * 1e4,
            "header": header_text(table.preamble),
        }
    return sweeps


def _sweeps(file: File, table: Table, capacity: float) -> list[Sweep]:
    columns = {i: _meaning(name) for i, name in enumerate(table.names)}
    chosen = choose(columns, table.matrix)
    if not {"frequency", "eps_real", "eps_imag"} <= set(chosen.values):
        raise file.error("no columns for frequency, Eps' and Eps''")
    omega = 2 * pi * chosen["frequency"]
    admittance = 1j * omega * capacity * (chosen["eps_real"] - 1j * chosen["eps_imag"])
    chosen.notes.append(
        f"impedance from Eps', Eps'' and the geometry (C0 = {capacity:.4g} F); Eps'' > 0 is a loss"
    )
    z = np.reciprocal(admittance)
    return sweeps_of(chosen, z, boundaries(chosen["frequency"], z))


def _meaning(name: str) -> Column:
    bare = name.strip()
    quantity = {"Eps'": "eps_real", "Eps''": "eps_imag"}.get(bare)
    if quantity:
        return Column(name, quantity)
    # "Temp." is the set point that parts the sweeps, "M Temp" the measured one.
    return Column(name, "") if bare.startswith("M Temp") else column(name)


def _length(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    for line in lines:
        match = pattern.search(line)
        if match is not None:
            try:
                return max(float(match[1]), 0.0) * 1e-3
            except ValueError:
                return 0.0
    return 0.0

"""Novocontrol WinDETA text with permittivities, or with the parallel equivalents ``Zp'`` and ``Zp''``.

Exports with ``Zs'`` and ``Zs''`` are plain tables and read as such. Here Z = 1/(j omega C0 (eps' - j eps''))
with C0 = eps0 A/d of the disc; WinDETA has already taken spacer and edge capacity off the permittivity.
Without a geometry Z = 1/(1/Zp' + j/Zp''): they are 1/G and 1/B, no parts of Z, and Zp''/Zp' is eps''/eps'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import pi

import numpy as np

from eisfit.arrays import median, relative_differences
from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.assemble import make_sweeps
from eisfit.spectra.readers.conversion.chosen import Chosen, pick_columns
from eisfit.spectra.readers.conversion.cuts import find_boundaries
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.labels.key_values import join_header
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.sign import misfit
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

NAME = "Novocontrol text"
SUFFIXES = ()

_VACUUM = 8.8541878128e-12  # F/m, CODATA 2018
_DIAMETER = regex(r"Diameter\s*\[mm\][\s:=,;]*([-+.\deE]+)")
_PARALLEL = regex(r"\s*Zp('{1,2}) \[Ohms\]\s*")
_APART, _CLEARLY = 0.2, 3.0  # of a loss tangent; of residuals
_THICKNESS = regex(r"(?<!Electrode )Thickness\s*\[mm\][\s:=,;]*([-+.\deE]+)")


def recognise(file: File) -> bool:
    """Whether the table is one of permittivities, or parallel equivalents, under Novocontrol's header."""
    head = file.head
    named = "Eps'" in head or ("Zp' [Ohms]" in head and "Zp'' [Ohms]" in head)
    return file.encoding is not None and "Freq." in head and named and "Zs'" not in head


def parse(file: File) -> list[Sweep]:
    """Return the sweeps, one a temperature.

    Raises
    ------
    ReadError
        When the header has no geometry, and no column is of an impedance.
    """
    table = find_table(file)
    if table is None or not table.names:
        raise file.error("no table of permittivities in it")
    diameter, thickness = (_find_length(pattern, table.preamble) for pattern in (_DIAMETER, _THICKNESS))
    quantities = {_parse_column(name).quantity for name in table.names}
    if not (diameter and thickness and "Eps'" in file.head):
        try:
            return text.parse(file)  # Cp and Rp beside them
        except ReadError:
            if {"Zp_real", "Zp_imag"} <= quantities:
                return _read_parallel(file, table)
            if "eps_real" not in quantities:
                raise
            told = "permittivities without the sample's diameter and thickness give no impedance"
            raise file.error(told) from None
    capacity = _VACUUM * pi * (diameter / 2) ** 2 / thickness
    sweeps = _read_permittivity(file, table, capacity)
    for sweep in sweeps:
        sweep.metadata = {
            "instrument": "Novocontrol",
            "diameter_mm": diameter * 1e3,
            "thickness_mm": thickness * 1e3,
            "area_cm2": pi * (diameter / 2) ** 2 * 1e4,
            "header": join_header(table.preamble),
        }
    return sweeps


def _read_permittivity(file: File, table: Table, capacity: float) -> list[Sweep]:
    columns = {i: _parse_column(name) for i, name in enumerate(table.names)}
    chosen = pick_columns(columns, table.matrix)
    if not chosen.has_all("frequency", "eps_real", "eps_imag"):
        raise file.error("no columns for frequency, Eps' and Eps''")
    omega = 2 * pi * chosen["frequency"]
    admittance = 1j * omega * capacity * (chosen["eps_real"] - 1j * chosen["eps_imag"])
    chosen.notes.append(
        f"impedance from Eps', Eps'' and the geometry (C0 = {capacity:.4g} F); Eps'' > 0 is a loss"
    )
    z = np.reciprocal(admittance)
    return make_sweeps(chosen, z, find_boundaries(chosen["frequency"], z))


def _read_parallel(file: File, table: Table) -> list[Sweep]:
    """Return the sweeps of Zp' and Zp''.

    Raises
    ------
    ReadError
        When there is no frequency, or what stands beside them or Kramers-Kronig says that they are none.
    """
    chosen = pick_columns({i: _parse_column(name) for i, name in enumerate(table.names)}, table.matrix)
    if "frequency" not in chosen:
        raise file.error("no column for the frequency beside Zp' and Zp''")
    proven = _has_same_loss(file, chosen)
    told = "impedance from Zp' and Zp'', the parallel equivalents 1/G and 1/B"
    chosen.notes.append(
        f"{told}, as Eps''/Eps' is" if proven else f"{ASSUMED} {told}, as WinDETA writes them"
    )
    z = np.asarray(1 / (1 / chosen["Zp_real"] + 1j / chosen["Zp_imag"]), dtype=np.complex128)
    sweeps = make_sweeps(chosen, z, find_boundaries(chosen["frequency"], z))
    if not proven and any(map(_are_parts, sweeps)):
        raise file.error(
            "Zp' and Zp'' of WinDETA are 1/G and 1/B, but by Kramers-Kronig these are the parts of Z: "
            "mend the header"
        )
    settle_sign(file, sweeps, "Zp'' > 0 is capacitive")
    for sweep in sweeps:
        sweep.metadata = {"instrument": "Novocontrol", "header": join_header(table.preamble)}
    return sweeps


def _has_same_loss(file: File, chosen: Chosen) -> bool:
    """Whether permittivities beside Zp' and Zp'' have their loss; they are refused where it is another."""
    if not chosen.has_all("eps_real", "eps_imag"):
        return False
    loss, other = chosen["Zp_imag"] / chosen["Zp_real"], chosen["eps_imag"] / chosen["eps_real"]
    apart = relative_differences(np.abs(loss), np.abs(other))
    if apart.size and median(apart) > _APART:
        raise file.error("Zp''/Zp' is not Eps''/Eps', as it is of the parallel equivalents: mend the header")
    return bool(apart.size)


def _are_parts(sweep: Sweep) -> bool:
    """Whether what was taken as 1/G and 1/B obeys Kramers-Kronig as the real and the imaginary part of Z."""
    admittance = 1 / sweep.impedance
    parts = np.asarray(1 / admittance.real - 1j / admittance.imag, dtype=np.complex128)
    as_read, as_parts = (misfit(sweep.frequency, z) for z in (sweep.impedance, parts))
    return as_parts < as_read / _CLEARLY


def _parse_column(name: str) -> Column:
    bare = name.strip()
    quantity = {"Eps'": "eps_real", "Eps''": "eps_imag"}.get(bare)
    if quantity:
        return Column(name, quantity)
    if parallel := _PARALLEL.fullmatch(name):
        return Column(name, "Zp_real" if parallel[1] == "'" else "Zp_imag", unit="Ohms")
    # "Temp." is the set point that parts the sweeps, "M Temp" the measured one.
    return Column(name, "") if bare.startswith("M Temp") else parse_name(name)


def _find_length(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    for line in lines:
        match = pattern.search(line)
        if match is not None:
            try:
                return max(float(match[1]), 0.0) * 1e-3
            except ValueError:
                return 0.0
    return 0.0

"""Gamry Framework `.DTA`: the ZCURVE table of EISPOT, GALVEIS and hybrid experiments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._rows import read_named_sweeps, read_rows
from eisfit.spectra.readers.labels.key_values import join_header, parse_leading_number
from eisfit.spectra.readers.names.units import PER_AREA, parse_unit
from eisfit.spectra.readers.sweep import Sweep

NAME = "Gamry .DTA"
SUFFIXES = (".dta",)

_TABLE = regex(r"^ZCURVE\w*\s+TABLE")
_ROW = regex(r"\s+\d")
_ABORTED = regex(r"EXPERIMENTABORTED\s+TOGGLE\s+(?:T|TRUE|1)\b", re.IGNORECASE)
_KEPT = {
    "DATE": "date",
    "TIME": "time",
    "PSTAT": "instrument",
    "AREA": "area_cm2",
    "VAC": "amplitude_mV_rms",
    "IAC": "amplitude_A_rms",
    "VDC": "dc_potential_V",
    "TITLE": "title",
    "TAG": "technique",
}


def recognise(file: File) -> bool:
    """Whether its second line is Gamry's TAG."""
    return file.encoding is not None and bool(re.match(r"\ufeff?\s*\w+\s*\n\s*TAG\s", file.head))


def parse(file: File) -> list[Sweep]:
    """Return one sweep for every ZCURVE table (more where a table holds several).

    Raises
    ------
    ReadError
        When the experiment is no impedance measurement.
    """
    ended = [""] * (not file.lines[-1].strip())  # its last row is whole, however short its last number
    lines = [*filter(str.strip, file.lines), *ended]
    places = [i for i, line in enumerate(lines) if _TABLE.match(line)]
    about = _read_metadata(lines[: places[0]] if places else lines[:200])
    if not places:
        raise file.error(
            f"a Gamry {about.get('technique', 'file')} experiment without impedance (no ZCURVE table)"
        )
    sweeps = [sweep for place in places for sweep in _read_table(file, lines, place)]
    aborted = any(map(_ABORTED.match, lines))
    for sweep in sweeps:
        sweep.metadata = {**about, "header": join_header(lines[: places[0]])}
        if aborted:
            sweep.notes.append("the experiment was aborted: the sweep may be incomplete")
    return sweeps


def _read_table(file: File, lines: Sequence[str], place: int) -> list[Sweep]:
    if place + 1 >= len(lines):
        raise file.error("the file ends before the impedance table")
    lines = _indent_remarks(_restore_indents(lines, place), place)
    delimiter = "\t" if "\t" in lines[place + 1].strip() else " "
    names = _split_cells(lines[place + 1], delimiter)
    units = _split_cells(lines[place + 2], delimiter) if place + 2 < len(lines) else []
    block = read_rows(
        file, _restore_tabs(lines), place + 3, _add_units(names, units), delimiter=delimiter, stop=_ends_table
    )
    sweeps, _ = read_named_sweeps(file, block, lines[:place])
    if any(name.startswith("ZrealDrCor") for name in names):
        for sweep in sweeps:
            sweep.notes.append(
                "the drift-corrected columns ZrealDrCor, ZimagDrCor were left aside: Zreal, Zimag read"
            )
    return sweeps


def _split_cells(line: str, delimiter: str) -> list[str]:
    return line.split() if delimiter == " " else [cell.strip() for cell in line.rstrip().split("\t")]


def _add_units(names: Sequence[str], units: Sequence[str]) -> list[str]:
    """Name the unit where it is one that changes the scale; the degree sign is written in many encodings."""
    below = [*units, *[""] * len(names)]
    with_units = [
        f"{name} [{unit}]" if _changes_scale(unit) else name for name, unit in zip(names, below, strict=False)
    ]
    # Temp reads -327.67, which no temperature is, without a thermometer; Zphz is always in degrees.
    renamed = {
        "Zphz": "Zphz [deg]",
        "Temp": "Temp [degC]",
        "Pt": "",
        "Vdc": "Vdc [V]",
        "Time": "Time [s]",
        "T": "",
    }
    return [renamed.get(name, name) for name in with_units]


def _changes_scale(unit: str) -> bool:
    told = parse_unit(unit)
    return told is not None and (told.scale != 1 or bool(PER_AREA.search(unit)))


def _restore_indents(lines: Sequence[str], place: int) -> Sequence[str]:
    """Return the lines with the tab that each row of a table begins with, where a program stripped it."""
    if lines[place + 1][:1].isspace():
        return lines
    rows = (f"\t{line}" if i < 2 or line[:1].isdigit() else line for i, line in enumerate(lines[place + 1 :]))
    return [*lines[: place + 1], *rows]


def _indent_remarks(lines: Sequence[str], place: int) -> Sequence[str]:
    """Return the lines with those indented that a person or a program wrote between a table's rows."""
    indented, is_row_below = list(lines), False
    for i in range(len(lines) - 1, place, -1):
        if is_row_below and not lines[i][:1].isspace() and "\tTABLE" not in lines[i]:
            indented[i] = f"\t{lines[i]}"
        else:
            is_row_below = bool(_ROW.match(lines[i])) or (is_row_below and lines[i][:1].isspace())
    return indented


def _restore_tabs(lines: Sequence[str]) -> list[str]:
    """Editors turn the tabs of a few rows into spaces; no cell of the table holds a space."""
    return ["\t" + "\t".join(line.split()) if line.startswith(" ") else line for line in lines]


def _ends_table(line: str) -> bool:
    return bool(line.strip()) and not line[:1].isspace()


def _read_metadata(lines: Sequence[str]) -> dict[str, Any]:
    about: dict[str, Any] = {}
    for line in lines:
        cells = line.split("\t")
        name = _KEPT.get(cells[0])
        if name is None or len(cells) < 2:
            continue
        value = cells[1] if cells[0] == "TAG" else cells[2] if len(cells) > 2 else ""
        about.setdefault(name, _parse_value(name, value.strip()))
    return about


def _parse_value(name: str, text: str) -> str | float:
    number = parse_leading_number(text) if name.endswith(("_cm2", "_rms", "_V")) else None
    return text if number is None else number

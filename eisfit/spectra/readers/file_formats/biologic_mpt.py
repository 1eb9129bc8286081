"""BioLogic EC-Lab and BT-Lab text export (`.mpt`, also as `.txt`): any number of sweeps, any header length.

The header's line count ("Nb header lines") is often wrong after editing, so the table is found by its column
names. Columns follow the EC-Lab manual: ``freq/Hz``, ``Re(Z)/Ohm``, ``-Im(Z)/Ohm``, ...
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.file_formats._rows import Block, number_loops, read_named_sweeps, read_rows
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.spectrum import ASSUMED

NAME = "BioLogic .mpt"
SUFFIXES = (".mpt",)

_MARKS = ("ec-lab ascii file", "bt-lab ascii file")
_LOOP = regex(r"^\s*Loop (\d+) from point number (\d+) to (\d+)", re.IGNORECASE)
#: Of the counter electrode, or of the cell, beside the working electrode's.
_FREQUENCY = regex(r"(?<![^\W_])freq/[kM]?Hz(?!\w)")
_ELECTRODE = regex(r"-?(?:Re|Im)\(Z\w[\w-]*\)/Ohm")
_ORDER = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg")


def recognise(file: File) -> bool:
    """Whether the text has EC-Lab's first line, or is called `.mpt`."""
    return file.encoding is not None and (file.suffix == ".mpt" or not _has_no_header(file))


def parse(file: File) -> list[Sweep]:
    """Return all sweeps.

    Raises
    ------
    ReadError
        When the file holds no impedance (another technique), or its columns contradict each other.
    """
    found = _find_header(file.lines)
    if found is None:
        return _read_headerless(file)
    place, names = found
    block = read_rows(file, file.lines, place + 1, _stretch_names(names, file.lines, place))
    header = file.lines[: place + 1]
    sweeps, _ = read_named_sweeps(file, block, header, _find_loop_starts(header, block))
    for sweep in sweeps:
        sweep.metadata = {**_summarise(header, sweep.metadata), **sweep.metadata}
    number_loops(sweeps, [int(match[1]) for line in header if (match := _LOOP.match(line))])
    others = [name for name in names if _ELECTRODE.match(name)]
    for sweep in sweeps if others else []:
        sweep.notes.append(f"{ASSUMED} Re(Z) is what is asked for; left aside: {', '.join(others[:4])}")
    return sweeps


def _find_header(lines: Sequence[str]) -> tuple[int, list[str]] | None:
    for place, line in enumerate(lines):
        if "freq/" in line and "\t" in line and _FREQUENCY.search(line):
            return place, [name.strip().strip('"') for name in line.rstrip("\t \r").split("\t")]
    return None


def _stretch_names(names: list[str], lines: Sequence[str], place: int) -> list[str]:
    """Rows longer than the header get nameless columns at the end; a shift shows in the phase check."""
    width = max((len(line.rstrip("\t").split("\t")) for line in lines[place + 1 : place + 20]), default=0)
    return names + [""] * (width - len(names))


def _read_headerless(file: File) -> list[Sweep]:
    table = find_table(file)
    technique = next((line.strip() for line in file.lines[1:8] if _is_technique(line)), "unknown technique")
    named = [
        line
        for line in file.lines
        if line.count("\t") > 2 and any(parse_name(c).quantity for c in line.split("\t"))
    ]
    another = _has_no_header(file) or (table is not None and _ORDER[0] in table.names)  # or parted otherwise
    if table is not None and (named or table.names) and another:
        return text.parse(file)  # of another program
    if table is None or not _has_no_header(file):
        raise file.error(f"no 'freq/Hz' column, so no impedance in it ({technique})")
    names = [*_ORDER[: table.width], *[""] * (table.width - len(_ORDER))]
    block = read_rows(file, file.lines, table.rows[0], names, delimiter=table.style.delimiter)
    sweeps, _ = read_named_sweeps(file, block, [])
    settle_sign(file, sweeps, "no header: taken as EC-Lab's usual order freq, Re(Z), -Im(Z)")
    return sweeps


def _has_no_header(file: File) -> bool:
    head = file.head.lower()
    return not any(mark in head for mark in _MARKS)


def _is_technique(line: str) -> bool:
    return len(line.strip()) > 3 and not line.lower().startswith(
        ("nb header", "run on", "user", "ec-lab", "bt-lab")
    )


def _find_loop_starts(header: Sequence[str], block: Block) -> list[int]:
    """Rows at which a loop begins, where the next loop really starts its sweep anew."""
    column_f = next(i for i, meaning in block.columns.items() if meaning.quantity == "frequency")
    f = block.matrix[:, column_f]
    starts = [int(match[2]) for line in header if (match := _LOOP.match(line))]
    return [
        row for row in starts if 0 < row < f.size and f[row] > 0 and f[row - 1] > 0 and f[row] != f[row - 1]
    ]


def _summarise(header: Sequence[str], pairs: dict[str, Any]) -> dict[str, Any]:
    """Return instrument, date, area, amplitude and technique under plain names."""
    setting = {line[:20].strip(): line[20:].strip() for line in header if len(line) > 20 and line[19] == " "}
    found = {
        "instrument": pairs.get("Device"),
        "date": pairs.get("Acquisition started on") or pairs.get("Technique started on"),
        "area": pairs.get("Electrode surface area"),
        "technique": next((line.strip() for line in header[1:8] if _is_technique(line)), None),
        "amplitude_mV": setting.get("Va (mV)"),
        "amplitude_mA": setting.get("Ia"),
    }
    return {name: value for name, value in found.items() if value}

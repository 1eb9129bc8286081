"""Scribner ZPlot and ZView `.z` files, with ("ZPLOT2 ASCII") and without a comment block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File, shorten
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.file_formats._rows import read_named_sweeps, read_rows
from eisfit.spectra.readers.sign import kramers_kronig_sign
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.readers.tables.numbers import Style, split, to_number
from eisfit.spectra.spectrum import ASSUMED

NAME = "ZPlot/ZView .z"
SUFFIXES = (".z", ".z60")

_MARK = regex(
    r"^\ufeff?\"?\s*(?:ZPLOT2 ASCII|ZPlotW Data File|Z60W Data File|ZView|CORRW ASCII)", re.IGNORECASE
)
_NAMES = ("Freq(Hz)", "Ampl", "potential [V]", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")
#: ``Freq(Hz)``, ``Z'(a)``; with other spaces, or another unit, in copies: ``Freq (Hz)``, ``Z'(kOhm)``.
_HEADER, _GAP = regex(r"Freq\W.*Z' ?\(", re.IGNORECASE), regex(r"\s+(?=\()")
_KEPT = {"Date": "date", "Time": "time", "Surface Area": "area_cm2", "Potential-AC": "amplitude_mV"}


def recognise(file: File) -> bool:
    """Whether the first line is ZPlot's, or the comment block ends the way ZPlot ends it."""
    if file.encoding is None:
        return False
    begin = file.text[:200_000]
    named = "Z''(b)" in begin and re.search(r"^[ \t]*End Comments", begin, re.MULTILINE)
    return bool(named or _MARK.match(file.head))


def parse(file: File) -> list[Sweep]:
    """Return the sweeps.

    Raises
    ------
    ReadError
        When there is no row of numbers, or the columns named in the header are not ZPlot's.
    """
    lines = file.lines
    if ",\t" in file.text:  # some versions write both marks
        lines = [line.replace(",\t", "\t") for line in lines]
    first = _find_first_row(lines)
    if first is None and find_table(file) is None:
        raise file.error("a ZPlot file without a row of numbers")
    if first is None:
        return _read_other(file)
    delimiter = _find_delimiter(lines[first])
    header = next((line for line in reversed(lines[:first]) if _HEADER.search(line)), "")
    names = _split_names(header) if header else list(_NAMES)
    numbers = len([cell for cell in split(lines[first], delimiter) if cell.strip()])
    if header and len(names) > numbers:
        return text.parse(file)
    notes: list[str] = []
    if header and len(names) < min(numbers, len(_NAMES)):
        names, notes = _complete_names(file, names, numbers, first)
    names += [""] * (numbers - len(names))  # columns behind the nine that matter
    block = read_rows(file, lines, first, names, delimiter=delimiter)
    sweeps, _ = read_named_sweeps(file, block, lines[:first])
    if _is_of_corrware(file):
        _refuse_polarisation(file, sweeps[0])
    for sweep in sweeps:
        sweep.metadata = {**_summarise(sweep.metadata), **sweep.metadata}
        sweep.notes += notes
    return sweeps


def _read_other(file: File) -> list[Sweep]:
    """Return the sweeps of another program's table under ZPlot's mark; CorrWare's is named as what it is."""
    try:
        return text.parse(file)
    except ReadError:
        if not _is_of_corrware(file):
            raise
    told = re.search(r"^\s*Experiment Type:[ \t]*(.*\S)", file.head, re.MULTILINE)
    kind = f" ({shorten(told[1])})" if told else ""
    raise file.error(f"is a CorrWare file{kind}: potential and current over time, no impedance spectrum")


def _is_of_corrware(file: File) -> bool:
    return file.lines[0].lstrip('\ufeff" ').startswith("CORRW")


def _complete_names(
    file: File, names: Sequence[str], numbers: int, first: int
) -> tuple[list[str], list[str]]:
    """Return ZPlot's nine names, of which a header lacks some, and what was assumed; else refuse the row."""
    left, whole, lacking = list(names), [], []
    for name in _NAMES:
        named = bool(left) and _drop_unit(left[0]) == _drop_unit(name)
        whole.append(left.pop(0) if named else name)
        lacking += [] if named else [name]
    if left or numbers != len(_NAMES):
        raise file.error(f"line {first + 1}: {numbers} numbers below {len(names)} names of columns")
    return whole, [
        f"{ASSUMED} the header names {len(names)} of 9 columns; not {', '.join(lacking)}, as in ZPlot's"
    ]


def _drop_unit(name: str) -> str:
    return re.split(r"[(\[]", name)[0].strip().lower()


def _refuse_polarisation(file: File, sweep: Sweep) -> None:
    """Refuse CorrWare's potential and current; ZPlot's columns under its head must prove themselves."""
    test = kramers_kronig_sign(sweep.frequency, sweep.impedance)
    if test is None or not test.verdict:
        raise file.error("a CorrWare file whose columns are no impedance spectrum that obeys Kramers-Kronig")


def _find_first_row(lines: Sequence[str]) -> int | None:
    """Return the first row of the table, which stands below the comments and the header."""
    ends = [i for i, line in enumerate(lines) if line.strip().lower() == "end comments"]
    ends = ends or [i for i, line in enumerate(lines) if _HEADER.search(line)]
    rows = (i for i in range(ends[0] + 1 if ends else 0, len(lines)) if _is_row(lines[i]))
    found = [*islice(rows, 2)]  # above all others may stand the sweep's settings
    settings = len({_find_delimiter(lines[row]) for row in found}) > 1
    settings |= not ends and len({len(split(lines[row], _find_delimiter(lines[row]))) for row in found}) > 1
    return found[settings] if found else None


def _is_row(line: str) -> bool:
    delimiter = _find_delimiter(line)
    cells = split(line, delimiter)
    style = Style(delimiter, "." if delimiter == "," or "," not in line else ",")
    return len(cells) >= 6 and sum(to_number(cell, style) is not None for cell in cells) >= 6


def _find_delimiter(line: str) -> str:
    """Return what parts the columns; a comma within a number that white space follows is a decimal comma."""
    if "\t" in line:
        return "\t"
    return "," if "," in line and not re.search(r"\d,\d+(?:[eE][-+]?\d+)?\s+[-+\d]", line) else " "


def _split_names(line: str) -> list[str]:
    clean = line.strip().strip('"').strip()
    cells = [cell for cell in re.split(r"[,;\s]+", _GAP.sub("", clean)) if cell]
    # Ampl and Bias are volts of the sweep's set-up; Bias is the DC potential.
    return ["potential [V]" if cell == "Bias" else cell for cell in cells]


def _summarise(pairs: dict[str, Any]) -> dict[str, Any]:
    return {name: pairs[key] for key, name in _KEPT.items() if key in pairs}

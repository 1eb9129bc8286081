"""Ivium `.idf` and `.ids`: text settings and tables between binary blocks.

Every data object is called ``primary_data`` and followed by the number of columns, the number of rows and the
rows: for impedance Z', Z'' and the frequency.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.sweep import Sweep

NAME = "Ivium .idf"
SUFFIXES = (".idf", ".ids", ".ixf")

_TABLE = re.compile(rb"primary_data[^0-9]{0,40}(\d{1,9})[ \t]*\r?\n[ \t]*(\d{1,9})[ \t]*\r?\n")
_METHOD = re.compile(rb"\bMethod=([^\r\n]*)")
_KEPT = {"starttime": "date", "serialnumber": "serial number", "Technique": "technique", "Title": "title"}


def recognise(file: File) -> bool:
    """Whether settings and a data object of Ivium are in it."""
    return b"primary_data" in file.data and b"Method=" in file.data


def parse(file: File) -> list[Sweep]:
    """Return one sweep for every impedance table.

    Raises
    ------
    ReadError
        When the method is another, or a table is cut off.
    """
    sweeps = []
    methods = [(match.start(), match[1].strip()) for match in _METHOD.finditer(file.data)]
    for match in _TABLE.finditer(file.data):
        method = next((name for place, name in reversed(methods) if place < match.start()), b"")
        if method.lower() == b"impedance" and int(match[1]) == 3:
            sweeps.append(_read_sweep(file, match))
    if not sweeps:
        found = ", ".join(sorted({name.decode("latin-1") for _, name in methods})) or "none named"
        raise file.error(f"an Ivium file without impedance (method: {found})")
    return sweeps


def _read_sweep(file: File, match: re.Match[bytes]) -> Sweep:
    count = int(match[2])
    file.limit(rows=count)
    lines = file.data[match.end() : match.end() + 120 * count].decode("latin-1").split("\n")[:count]
    rows = [line.split()[:3] for line in lines]
    if len(rows) < count or any(len(row) < 3 for row in rows):
        raise file.error(f"the Ivium table is cut off: {count} rows are announced")
    try:
        real, imag, f = np.array(rows, dtype=np.float64).T
    except ValueError:
        raise file.error("the Ivium table holds something else than numbers") from None
    before = file.data[: match.start()].decode("latin-1")
    notes = ["imaginary sign: Ivium's second column holds Z''"]
    return Sweep(f, real + 1j * imag, metadata={"instrument": "Ivium", **_read_metadata(before)}, notes=notes)


def _read_metadata(text: str) -> dict[str, Any]:
    lines = re.findall(r"[\x20-\x7e]{4,}", text)
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    about: dict[str, Any] = {name: pairs[key] for key, name in _KEPT.items() if pairs.get(key)}
    about["header"] = "\n".join(line for line in lines if "=" in line and ".freq[" not in line)[:20_000]
    return about

"""SPICE's raw file of an AC analysis, as text or binary: ngspice, LTspice (UTF-16), Xyce, Qucs-S."""

from __future__ import annotations

import re

import numpy as np

from eisfit.arrays import ComplexArray
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import MAX_ROWS, File
from eisfit.spectra.readers.file_formats._traces import read_traces
from eisfit.spectra.readers.sweep import Sweep

NAME = "SPICE raw file"
SUFFIXES = (".raw",)
RANK = 20

_LONGEST_HEAD = 2**20
_TITLE = re.compile(rb"\s*T\0?i\0?t\0?l\0?e\0?:")
_FIELD = regex(r"^(Plotname|Flags|No\. Variables|No\. Points):[ \t]*(.*?)\s*$", re.MULTILINE)
_MARK = regex(r"^(Values|Binary):[ \t]*\r?\n", re.MULTILINE)


def recognise(file: File) -> bool:
    """Whether the head has the fields of a raw file."""
    return _TITLE.match(file.data) is not None and "Plotname:" in _decode_head(file)[0]


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a trace and a step.

    Raises
    ------
    ReadError
        When it is no AC analysis, is cut off, or its traces give no impedance.
    """
    head, width = _decode_head(file)
    mark = _MARK.search(head)
    fields = dict(_FIELD.findall(head[: mark.start()] if mark else head))
    if mark is None or "complex" not in fields.get("Flags", ""):
        raise file.error(f"holds {fields.get('Plotname') or 'no plot'!r}, not an AC analysis")
    names = [line.split()[1] for line in head[head.index("\nVariables:") : mark.start()].splitlines()[2:]]
    count, points = int(fields["No. Variables"]), int(fields["No. Points"])
    if len(names) != count or not 0 < points <= MAX_ROWS:
        raise file.error(f"{len(names)} names for {count} traces of {points} points")
    read = _read_binary if mark[1] == "Binary" else _read_text
    values = read(file, width * mark.end(), count, points)
    return read_traces(file, values[:, 0].real, dict(zip(names[1:], values[:, 1:].T, strict=True)))


def _decode_head(file: File) -> tuple[str, int]:
    """Return the beginning as text, byte for character, and the bytes a character takes."""
    start = file.data[:_LONGEST_HEAD]
    wide = start[1:2] == b"\0"
    return start.decode("utf-16-le" if wide else "latin-1", "replace"), 1 + wide


def _read_binary(file: File, start: int, count: int, points: int) -> ComplexArray:
    needed = 16 * count * points
    if len(file.data) < start + needed:
        raise file.error(f"is cut off: {points} points of {count} traces take {needed} bytes")
    return np.frombuffer(file.data, "<c16", count * points, start).reshape(points, count)


def _read_text(file: File, start: int, count: int, points: int) -> ComplexArray:
    body = file.data[start:].decode("utf-16-le" if _decode_head(file)[1] == 2 else "latin-1")
    words = [word for word in body.split() if "," in word]  # the others number the points
    if len(words) != count * points:
        raise file.error(f"{len(words)} numbers for {points} points of {count} traces")
    pairs = np.array([word.split(",") for word in words], np.float64)
    return np.asarray(pairs[:, 0] + 1j * pairs[:, 1], np.complex128).reshape(points, count)

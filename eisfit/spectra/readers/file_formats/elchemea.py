"""Elchemea Analytical `.i2b`: lines of words, the number of points, then frequency, Z', Z'' in each line."""

from __future__ import annotations

from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats.text import read_lines
from eisfit.spectra.readers.sweep import Sweep

NAME = "Elchemea .i2b"
SUFFIXES = (".i2b",)


def recognise(file: File) -> bool:
    """Whether a text has the extension; nothing in it tells more."""
    return file.suffix in SUFFIXES and file.encoding is not None


def parse(file: File) -> list[Sweep]:
    """Return the sweep below the line that counts its points: the words above it are no header.

    Raises
    ------
    ReadError
        As a text table without header.
    """
    counted = next((i for i, line in enumerate(file.lines) if line.strip().isdecimal()), 0)
    return read_lines(file, [*[""] * counted, *file.lines[counted:]])

"""RelaxIS text export ("RelaxIS 3.0 Spectrum export"): spectra, each under a line of conditions."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._rows import read_named_sweeps, read_rows
from eisfit.spectra.readers.labels.key_values import join_header
from eisfit.spectra.readers.sweep import Sweep

NAME = "RelaxIS text"
SUFFIXES = (".rlx",)

_MARK = regex(r"^\ufeff?RelaxIS [\d.]+ Spectrum export")
_POTENTIAL = regex(r"\bDC=([-+]?[\d.]+(?:[eE][-+]?\d+)?)")


def recognise(file: File) -> bool:
    """Whether the first line is RelaxIS'."""
    return file.encoding is not None and bool(_MARK.match(file.head))


def parse(file: File) -> list[Sweep]:
    """Return the spectra.

    Raises
    ------
    ReadError
        When the export has no line of column names.
    """
    lines = file.lines
    heads = [i for i, line in enumerate(lines) if line.startswith("Data: Frequency\t")]
    if not heads:
        raise file.error("a RelaxIS export without the columns 'Data: Frequency', 'Data: Z'', 'Data: Z'''")
    sweeps = []
    for number, head in enumerate(heads):
        end = heads[number + 1] if number + 1 < len(heads) else len(lines)
        sweeps += _read_spectra(file, lines[:end], head)
    return sweeps


def _read_spectra(file: File, lines: Sequence[str], head: int) -> list[Sweep]:
    names = [_strip_prefix(name) for name in lines[head].split("\t")]
    conditions = lines[head + 1] if head + 1 < len(lines) else ""
    sweeps, _ = read_named_sweeps(file, read_rows(file, lines, head + 2, names), [])
    found = _POTENTIAL.search(conditions)
    for sweep in sweeps:
        sweep.potential_V = float(found[1]) if found else None
        sweep.metadata = {"conditions": conditions.strip(), "header": join_header(lines[: head + 2])}
    return sweeps


def _strip_prefix(name: str) -> str:
    """Strip RelaxIS' prefix; its angle is in degrees."""
    bare = name.removeprefix("Data: ").strip()
    return "Phase (deg)" if bare == "Theta (Z)" else bare

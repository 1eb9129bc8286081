"""Princeton Applied Research VersaStudio `.par`: sections in angle brackets, data in `<Segment1>`, ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._rows import read_named_sweeps, read_rows
from eisfit.spectra.readers.sweep import Sweep

NAME = "VersaStudio .par"
SUFFIXES = (".par",)

_HEAD = regex(r"<Application>[^<]*VersaStudio")
_SEGMENT = regex(r"^<Segment(\d+)>")
_KEPT = {
    "DateAcquired": "date",
    "TimeAcquired": "time",
    "Amplitude (mV RMS)": "amplitude_mV_rms",
    "Working Electrode Area": "area_cm2",
}
_RENAMED = {"Frequency(Hz)": "Frequency (Hz)", "E(V)": "E (V)", "Elapsed Time(s)": "Elapsed Time (s)"}


def recognise(file: File) -> bool:
    """Whether it starts with VersaStudio's application section."""
    return file.encoding is not None and bool(_HEAD.search(file.head))


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of all segments that hold impedances.

    Raises
    ------
    ReadError
        When no segment does.
    """
    lines = file.lines
    places = [i for i, line in enumerate(lines) if _SEGMENT.match(line)]
    about = _read_metadata(lines)
    sweeps = [sweep for place in places for sweep in _read_segment(file, place)]
    if not sweeps:
        raise file.error("a VersaStudio file without impedance (no segment with frequency and Z)")
    for sweep in sweeps:
        sweep.metadata = dict(about)
    return sweeps


def _read_segment(file: File, place: int) -> list[Sweep]:
    lines = file.lines
    for row in range(place + 1, min(place + 40, len(lines))):
        if lines[row].startswith("Definition="):
            names = [name.strip() for name in lines[row].split("=", 1)[1].split(",")]
            if not {"Frequency(Hz)", "Z Real", "Z Imag"} <= set(names):
                return []
            renamed = [_RENAMED.get(name, name if name.startswith("Z ") else "") for name in names]
            block = read_rows(
                file, lines, row + 1, renamed, delimiter=",", stop=lambda line: line.startswith("<")
            )
            if not block.matrix.size or np.isnan(block.matrix[:, names.index("Frequency(Hz)")]).all():
                return []
            return read_named_sweeps(file, block, [])[0]
    return []


def _read_metadata(lines: Sequence[str]) -> dict[str, Any]:
    header = [line for line in lines[:400] if "=" in line and not line.startswith(("Definition", "Color"))]
    pairs: dict[str, str] = {}
    for line in header:
        key, _, value = line.partition("=")
        pairs.setdefault(key, value)
    about: dict[str, Any] = {name: pairs[key] for key, name in _KEPT.items() if pairs.get(key)}
    return {"instrument": f"Princeton Applied Research {pairs.get('Type', '')}".strip(), **about}

"""Cycle numbers in file names, and counts that are none."""

from __future__ import annotations

import re
from pathlib import Path

from eisfit.errors import UsageError
from eisfit.spectra.patterns import regex
from eisfit.spectra.spectrum import Spectrum

#: How notes say where a place on an axis is from: "cycle from the manifest".
FROM_NAME, FROM_MANIFEST = "from the file's name", "from the manifest"
FROM_FOLDER = "from the folder's name"
FROM_LABEL, FROM_SHEET, FROM_LINE = "from its label", "from the sheet's name", "from the line"

_PATTERNS = (
    regex(
        r"(?<!life)(?<!motor)(?<!bi)cyc(?:le|l|les)?[ _\-=#.]*0*(\d+(?:\.\d+)?)(?!\d|e\d|[°º]?[ck](?![a-z]))",
        re.IGNORECASE,
    ),
    regex(r"(?:^|[ _\-.])(?:c|n|zyklus|loop)[ _\-=#]?0*(\d+)(?=$|[ _\-.])", re.IGNORECASE),
    regex(
        r"(?:^|[ _\-.])0*(\d+)(?:st|nd|rd|th)?[ _\-]?(?:cyc(?:les?|l)?|zykl(?:us|en))(?=$|[ _\-.])",
        re.IGNORECASE,
    ),
)

_CHANNEL = regex(r"_C\d\d$")
#: A cell or a channel behind other words: ``LFP_c01``, ``pouch_C02_25C``; C0050 is a cycle.
_CELL = regex(r"(?<=[ _\-.])(?:c0\d|C\d\d)(?=$|[ _\-.])")
_AS_CELL = regex(r"(?<=[ _\-.])c\d\d(?=$|[ _\-.])")
#: A channel behind the name of a technique, wherever it stands.
_OF_ECLAB = regex(r"(?<![^\W_])(S?[PG]EIS)_C\d\d(?![^\W_])")
_WORDS = "cycles?|cyc|zykl(?:us|en)|ciclos?|loop|循环|循環|サイクル|사이클"
_LABEL = regex(
    rf"(?<!duty[ _-])(?<!half[ _-])(?:{_WORDS})(?:[ _]*(?:number|num|index|count|no|nr)\.?)?[ _\-=#:.,;]*"
    r"(\d+)(?![\d.,]*\d|e\d| ?(?:to|-|–|\.\.) ?\d)"
    r"|(?<![\d.,–-])(?<![^\W_])(\d+)(?:st|nd|rd|th|\.)?[ _-]*(?:cycles?|zykl(?:us|en)|ciclos?)"
    r"(?![^\W_]| ?[/@]| at)",
    re.IGNORECASE,
)


def find_label_cycle(label: str) -> float | None:
    """Return the cycle in the name of a sheet or a group, or in a line above a table.

    >>> find_label_cycle("Cycle no. 005"), find_label_cycle("cell_A/cycle_12"), find_label_cycle("cycles 1-5")
    (5.0, 12.0, None)
    >>> find_label_cycle("after 10 cycles"), find_label_cycle("Z'_10th cycle"), find_label_cycle("1-5 cycles")
    (10.0, 10.0, None)
    >>> find_label_cycle("Aging cycle 3"), find_label_cycle("Duty cycle 50")
    (3.0, None)
    """
    found = {float(match[1] or match[2]) for match in _LABEL.finditer(label)}
    return found.pop() if len(found) == 1 else None


def is_counter(spectrum: Spectrum, named: float = 2.0) -> bool:
    """Whether the cycle is EC-Lab's count within a technique: 0 or 1 says nothing against the name."""
    from_eclab = str(spectrum.metadata.get("format", "")).startswith("BioLogic")
    return spectrum.cycle in (0.0, 1.0) and from_eclab and named > 1


def drop_counters(spectra: list[Spectrum]) -> list[Spectrum]:
    """Forget EC-Lab's count where several files have the same: it starts anew in every file."""
    counts = [s for s in spectra if is_counter(s) and f"cycle {FROM_NAME}" not in s.notes]
    sources = {(s.cycle, s.source) for s in counts}
    repeated = {c for c in (0.0, 1.0) if sum(cycle == c for cycle, _ in sources) > 1}
    lone = {s.source for s in counts if sum(other.source == s.source for other in spectra) == 1}
    note = "cycle unknown: EC-Lab counts anew in every file"
    return [
        s.replace(cycle=None, notes=(*s.notes, note))
        if any(s is c for c in counts) and s.cycle in repeated and s.source in lone
        else s
        for s in spectra
    ]


def drop_cells(spectra: list[Spectrum]) -> list[Spectrum]:
    """Forget the cycles of c10, c11, ... where c01, ... stand beside them: they number cells, may be."""
    stems = [Path(s.source or "").stem for s in spectra]
    if not any(map(_CELL.search, stems)):
        return spectra
    return [
        s.replace(cycle=None, notes=(*s.notes, f"cycle unknown: {match[0]} may be a cell"))
        if f"cycle {FROM_NAME}" in s.notes and (match := _AS_CELL.search(stem))
        else s
        for s, stem in zip(spectra, stems, strict=True)
    ]


def find_name_cycle(file: Path, pattern: re.Pattern[str] | None, of_eclab: bool = False) -> float | None:
    """Return the cycle in a file's name; `pattern` replaces the built-in ones.

    EC-Lab ends the names of its files with the channel: ``_C05``.
    """
    of_eclab = of_eclab or file.suffix.lower() in (".mpt", ".mpr")
    bare = _OF_ECLAB.sub(r"\1", file.stem)
    plain = _CELL.sub("", _CHANNEL.sub("", bare) if of_eclab else bare)
    stem = file.stem if pattern is not None else plain
    for candidate in (pattern,) if pattern is not None else _PATTERNS:
        match = candidate.search(stem)
        if match is not None:
            try:
                return float(match[1])
            except (TypeError, ValueError):
                raise UsageError(
                    f"cycle_pattern: found {match[1]!r} in {file.name}, which is no number"
                ) from None
    return None


def compile_pattern(pattern: str | None, name: str = "cycle_pattern") -> re.Pattern[str] | None:
    """Return the user's pattern compiled, or refuse it."""
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{name}: {pattern!r} is no regular expression: {error}") from None
    if compiled.groups < 1:
        raise UsageError(f"{name}: {pattern!r} needs a group around the number, such as r'cell_(\\d+)'")
    return compiled

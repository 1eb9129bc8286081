"""What is told of a table that was read: lines and columns left aside, units, what was assumed."""

from __future__ import annotations

import re

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.conversion.stated_quantity import note_stated_quantity
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.not_measured_words import WHAT, find_kind, is_certain
from eisfit.spectra.readers.names.swept_names import SWEPT
from eisfit.spectra.readers.surroundings.stated import ANGULAR, HERTZ, note_assumed_units
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.readers.tables.numbers import PARTED_BY
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

#: A name that says impedance, of which nothing more is understood: of the counter electrode, for instance.
_OF_Z = regex(
    r"(?<![^\W_])(?:Z|Z?Re(?:al)?|Z?Im(?:ag)?|impedance)(?![a-z])|Z\W*_?ce(?![a-z])|ohm|[ΩΩ]", re.IGNORECASE
)
_LONGEST_TITLE = 80
_NO_TITLE = regex(r"[:=;,\t|]|\d$")  # a pair, cells, a setting
#: An angular frequency, but not that over 2 pi.
_OMEGA = regex(rf"(?:{ANGULAR.pattern}|^\W*w\b)(?!.*/ ?\(? ?2)", re.IGNORECASE)


def note_table(file: File, table: Table, chosen: Chosen) -> None:
    """Note in `chosen` what the user should know of how its table was taken."""
    if table.skipped:
        texts = (" ".join(text.split()) for _, text in table.skipped)
        first = next((text for text in texts if text.strip(" ,;|")), "")
        what = f", {'such as ' * (len(table.skipped) > 1)}{quote(first, 40)}" if first else ""
        count = plural(len(table.skipped), "line")
        chosen.notes.append(f"skipped {count} between the rows of numbers{what}")
    chosen.notes += note_stated_quantity(chosen.columns.values())
    chosen.notes += _note_title(table)
    aside = _note_left_aside(table, chosen)
    if aside:
        chosen.notes.append(f"left aside: {', '.join(aside)}")
    if table.mixed:
        chosen.notes.append(
            "the header has not as many names as the rows have columns; names count from the left"
        )
    for quantity in ("frequency", "real", "imag", "modulus"):
        meaning = chosen.columns.get(quantity)
        if meaning is not None and meaning.name in SWEPT:
            chosen.notes.append(f"{ASSUMED} {SWEPT[meaning.name]}")
        elif meaning is not None and abs(meaning.scale) != 1:
            chosen.notes.append(f"{meaning.name!r} in {meaning.unit or 'rad/s'}")
    chosen.notes += [*_note_angular(chosen.columns["frequency"]), *_note_zero_conditions(chosen)]
    if not file.reading.impedance_unit:
        chosen.notes += note_assumed_units(table, chosen)


def note_unnamed(table: Table) -> list[str]:
    """Say how many numbers stand in columns without a name, or beyond them; a first one numbers the rows."""
    beyond = [f"left aside: {plural(table.beyond, 'number')} beyond the table's columns"] * (table.beyond > 0)
    names = [] if table.mixed else table.names
    width = table.width
    width = width if names and len(names) != width - 1 else 0  # one less: a complex one makes two
    unnamed = [i for i in range(1, width) if not "".join(names[i : i + 1])]
    held = [i for i in unnamed if np.isfinite(table.matrix[:, i]).any()]
    unread = [f"left aside: {plural(len(held), 'column')} of numbers without a name"] if held else []
    return unread + beyond


def _note_title(table: Table) -> list[str]:
    """Say of a table under a title of a fit or an error that it is taken for a spectrum."""
    line = next((line.strip(' #%;,!*\t"') for line in table.preamble[::-1] if line.strip()), "")
    if not line or len(line) > _LONGEST_TITLE or _NO_TITLE.search(line):
        return []
    first, *others = line.split()
    for name in (first, f"{first} {' '.join(others[:1])}"):  # Simulation of ..., Standard deviation of ...
        if (kind := find_kind(name)) in ("model", "error") and is_certain(name):
            return [f"{ASSUMED} {line!r}, {WHAT[kind]}, is a spectrum"]
    return []


def _note_angular(frequency: Column) -> list[str]:
    """Say that an angular frequency in hertz is taken as its unit says."""
    told = frequency.unit and frequency.scale in HERTZ and _OMEGA.search(frequency.name)
    return [f"{ASSUMED} {frequency.name!r} is in {frequency.unit}, not in rad/s"] if told else []


def _note_zero_conditions(chosen: Chosen) -> list[str]:
    """Say of a temperature and a cycle that are zero in every row that they are taken so."""
    zero = [q for q in ("temperature", "cycle") if q in chosen and (chosen[q] == 0).all()]
    return [f"{ASSUMED} {chosen.columns[q].name!r}, zero in every row, is the {q}" for q in zero]


def _note_left_aside(table: Table, chosen: Chosen) -> list[str]:
    """Return further columns that could be the real or the imaginary part too."""
    used = [chosen.columns[q] for q in ("real", "imag") if q in chosen.columns]
    taken = {meaning.name.split(" [")[0] for meaning in used}
    taken |= {meaning.name for meaning in chosen.columns.values()}  # as an admittance
    names = (n for i, n in enumerate(table.names) if i not in table.others)
    others = [
        n for n in names if parse_name(n).quantity in ("real", "imag") and n.split(" [")[0] not in taken
    ]
    unknown = [n for n in chosen.unknown if _OF_Z.search(n)]
    return list(dict.fromkeys([*others, *unknown]))[:6]


def note_commas(sweeps: list[Sweep]) -> list[Sweep]:
    """Tell that commas beside blanks part the columns, where they were read as semicolons."""
    said = {f"{PARTED_BY} semicolon": f"{PARTED_BY} a comma beside a blank"}
    for sweep in sweeps:
        sweep.notes = [said.get(note, note) for note in sweep.notes]
    return sweeps

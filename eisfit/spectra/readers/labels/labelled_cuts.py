"""Where one spectrum ends and another begins whose frequencies go on: by a label, or a line between them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.spectra.cycle_numbers import find_label_cycle
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.conversion.cuts import find_changes, find_leaps
from eisfit.spectra.readers.labels.groups import names_owner
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_FEWEST_OF_A_RUN = 5
_CONDITIONS = ("cycle", "temperature", "potential")
_MAY_TELL = ("", "index", *_CONDITIONS)
_CONDITION = regex(r"\W*(?:soc|sod|measurement|messung|run|scan|sweep|loop|file)(?![a-z])", re.IGNORECASE)
_TITLE = regex(r"[\W_]*([^\W\d_]+)[ _:#=-]*[^\W_]{1,12}[\W_]*")  # Cell B


def find_label_cuts(
    table: Table, chosen: Chosen, columns: Mapping[int, Column], z: ComplexArray
) -> list[int]:
    """Return the rows at which a column, or a line between the rows, begins to tell of another spectrum.

    A column of cells or samples, and a line that names one or a cycle, part them; a condition, the header
    again or an empty line, where the impedance leaps too; else a change of a condition is told in the notes.
    """
    f = chosen["frequency"]
    if by_lines := _find_line_cuts(table, f, z):
        return by_lines
    known = range(min(len(table.names), table.width))
    quantities = {i: columns[i].quantity if i in columns else "" for i in known}
    names = {i: table.names[i] for i in known if quantities[i] in _MAY_TELL}
    for index, name in {**names, **dict(enumerate(table.further, table.width))}.items():
        changes = _find_label_changes(table, index)
        is_condition = _CONDITION.match(name) or quantities.get(index) in _CONDITIONS
        if changes and (names_owner(name) or (is_condition and find_leaps(f, z, changes) == changes)):
            return changes
        if changes and is_condition:
            told = f"{ASSUMED} {name!r} changes within one spectrum: frequency and impedance go on"
            chosen.notes.append(told)
    return []


def _find_label_changes(table: Table, index: int) -> list[int]:
    """Return the rows at which a column's value changes, where each value stands in a few rows; or none."""
    told = table.list_values(index)
    return find_changes(told, _FEWEST_OF_A_RUN) if "" not in told else []


def _find_line_cuts(table: Table, f: FloatArray, z: ComplexArray) -> list[int]:
    """Return the rows above which a line names a cell or a cycle, or the header or nothing where Z leaps."""
    titled: list[int] = []
    plain: list[int] = []
    for row in (np.flatnonzero(np.diff(table.rows) > 1) + 1).tolist():
        between = [
            text for text in table.lines[table.rows[row - 1] + 1 : table.rows[row]] if text.strip(" ,;\t")
        ]
        if any(map(_is_title, between)):
            titled.append(row)
        elif all(_is_header(text, table) for text in between):
            plain.append(row)
    cuts = sorted([*titled, *find_leaps(f, z, plain)])
    return cuts if np.diff([0, *cuts, z.size]).min() >= _FEWEST_OF_A_RUN else []


def _is_title(text: str) -> bool:
    match = _TITLE.fullmatch(text.strip(" ,;\t#%"))
    return find_label_cycle(text) is not None or bool(match and names_owner(match[1]))


def _is_header(text: str, table: Table) -> bool:
    return "frequency" in {parse_name(name).quantity for name in table.split(text)}

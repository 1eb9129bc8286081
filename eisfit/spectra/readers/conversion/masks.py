"""Points that the file itself marks as none: a column of yes and no, and a number that stands for nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray, FloatArray
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.file import quote
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.sweep import plural
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_FEWEST_FURTHER = 3  # rows: the last points may lack a cycle
#: What a column of yes and no is called: where yes leaves the point out, and where no does.
_OUT = regex(
    r"(?:is[ _]?)?(?:mask(?:ed)?|exclude[d]?|outliers?|reject(?:ed)?|bad|invalid|disabled?|ignored?)"
    r"|is[ _](?:bad|invalid|outlier|masked|excluded)[ _]\w+"
)
_IN = regex(
    r"(?:is[ _]?)?(?:valid|used?|enabled?|good|included?|accepted|select(?:ed)?|keep|kept|weights?)"
    r"|is[ _](?:valid|good)[ _]\w+"
)
#: A column of words, and those of an instrument that could not measure.
_STATUS = regex(r"(?:\w+[ _])?(?:status|state|quality|error|flag|remark|info|note|comment)s?")
_FAILED = regex(
    r"ol|over(?:load|range|flow|ld)?\w*|ovl\w*|ovrg|saturat\w+|clip\w*|fail\w*|error|invalid|bad|outlier|exclu\w*"
    r"|reject\w*|discard\w*|mask(?:ed)?|time[- ]?out"
    r"|out of range|unstable"
)
_YES = frozenset({"1", "1.0", "true", "yes", "y", "x", "ja", "wahr"})
_NO = frozenset({"0", "0.0", "false", "no", "n", "", "nein", "falsch"})
_NINES = regex(r"9{3,}(?:\.0*)?")
_FEWEST_ALIKE = 2
_MOST_TOLD = 3


def leave_out_marked(table: Table, columns: Mapping[int, Column], chosen: Chosen, z: ComplexArray) -> None:
    """Make the impedances of marked rows no numbers, note how many there are, and which.

    Parameters
    ----------
    table, lines
        The table, and the lines it stands in.
    columns
        The meaning of its columns, by place.
    chosen
        Those that were taken; notes are added.
    z
        (rows,) ohm; changed in place.
    """
    unknown = {i: c.name for i, c in columns.items() if not c.quantity or c.quantity == "quality"}
    unknown |= dict(enumerate(table.further, table.width))
    for index, name in unknown.items():
        marked = _find_marked(table, index, name)
        if marked is not None and 0 < marked.sum() < marked.size:
            _leave_out(chosen, z, marked)
            chosen.notes.append(f"left out {plural(int(marked.sum()), 'point')} that {name!r} marks")
    mark = _find_placeholders(chosen)
    if mark is not None and mark.any():
        shown = _undo_scale(chosen, "real")[mark][0]
        _leave_out(chosen, z, mark)
        chosen.notes.append(
            f"{ASSUMED} {shown:g} in both parts is no value: {plural(int(mark.sum()), 'row')} left out"
        )


def note_remarks(table: Table) -> list[str]:
    """Say what words stand behind rows in no column, row by row where an instrument could not measure."""
    width = table.width
    words = {
        row: " ".join(table.split(table.lines[row])[width:]).strip('" ')
        for row in table.remarked
        if not table.further and row in table.places
    }
    failed = {row: word for row, word in words.items() if _FAILED.fullmatch(word.lower())}
    told = [
        f"{ASSUMED} line {row + 1} is a point as the others are, although {quote(word, 20)} stands behind it"
        for row, word in [*failed.items()][:_MOST_TOLD]
    ]
    more = len(failed) - len(told)
    told += [f"{ASSUMED} the same of {plural(more, 'further line')}"] * (more > 0)
    others = [word for row, word in words.items() if row not in failed and word]
    shown = (
        f"left aside: words behind {plural(len(others), 'row')}, such as {quote(others[0])}" if others else ""
    )
    return [*told, shown] if shown else told


def _leave_out(chosen: Chosen, z: ComplexArray, marked: BoolArray) -> None:
    z[marked] = np.nan
    chosen.left_out = marked if chosen.left_out is None else chosen.left_out | marked


def _find_marked(table: Table, index: int, name: str) -> BoolArray | None:
    """Return the rows that a column of yes and no, or of states, leaves out; None where it is neither."""
    name = name.strip(" ?#").lower()
    leaves_out, is_status = _OUT.fullmatch(name), _STATUS.fullmatch(name)
    if not (leaves_out or is_status or _IN.fullmatch(name)):
        return None
    cells = [cell.strip('"').lower() for cell in table.column(index)]
    if is_status:
        return np.array([_FAILED.fullmatch(cell) is not None for cell in cells])
    if not set(cells) <= _YES | _NO:
        return None
    return np.array([(cell in _YES) == bool(leaves_out) for cell in cells])


def _find_placeholders(chosen: Chosen) -> BoolArray | None:
    """Return the rows with one number in both parts that no measurement gives: 9999, or -1 again."""
    if not chosen.has_all("real", "imag"):
        return None
    real, imag = _undo_scale(chosen, "real"), _undo_scale(chosen, "imag")
    alike = (real == imag) & (real != 0)
    if not alike.any():
        return None
    values, counts = np.unique(real[alike], return_counts=True)
    told = [
        value
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
        if (value < 0 and count >= _FEWEST_ALIKE) or _NINES.fullmatch(f"{abs(value):.10g}")
    ]
    marked: BoolArray = alike & np.isin(real, told)
    return marked


def _undo_scale(chosen: Chosen, part: str) -> FloatArray:
    return chosen[part] / chosen.columns[part].scale


def drop_short_conditions(chosen: Chosen) -> None:
    """Leave out a condition that ends long before the frequencies: of a shorter table beside them."""
    size = np.flatnonzero(np.isfinite(chosen.values.get("frequency", np.array([])))).size
    for quantity in ("cycle", "temperature", "potential"):
        values = chosen.get(quantity)
        known = np.isfinite(values) if values is not None else np.array([])
        count = np.count_nonzero(known)
        if 1 < count < size - _FEWEST_FURTHER and known[:count].all():
            chosen.drop(quantity)

"""Columns that stay the same within a sweep: what it was measured at (``soc``, ``bias_v``), whose it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from eisfit.spectra.axes import AXES, Axis
from eisfit.spectra.cycle_numbers import find_label_cycle
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.labels.key_values import apply_conditions, apply_prose, read_pairs
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.units import is_units_row, parse_unit
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.table import Table

_UNIT = regex(
    r"[\s_]*(?:(?<=[\s_])|[(\[/])\s*([mkMGunµμ]?(?:[Vv]|[Pp]a|m|bar)|%|pct|percent)\s*[)\]]?$|\s*(%)$"
)
_AXES = {word.lower(): axis for axis in AXES.values() for word in (axis.name, *axis.also) if word != "T"}
#: A letter is an axis by its unit alone: ``t (nm)``, ``d (um)``.
_LENGTHS = dict.fromkeys(("t", "d"), AXES["thickness"])
#: ``Time of immersion (hours)``, ``Exposure / days``: since when, in a unit of time.
_SINCE = regex(
    r"(?:^|\b|_)(?:time|exposure|immersion|ag(?:e|eing|ing)|storage|stored|duration|aged|zeit|dauer|alter\w*|temps|durée"
    r"|tiempo|tempo|immersions?zeit|auslagerung\w*|时间|時間|시간)(?:\b|_|$)",
    re.IGNORECASE,
)
_LONG = {"d": 86400.0, "day": 86400.0, "week": 604800.0, "weeks": 604800.0}
_TIME_UNIT = regex(r"[\s_]*[(\[/_]\s*([^()\[\]/]{1,9}?)\s*[)\]]?$")
_MOST_LABELS = 4
_NUMBERS = regex(r"(?<![^\W\d_])[-−+]?\d+(?:[.,]\d+)?|\d+")
_MARKS = regex(r"^[\s#%;,!*=\"]*(?:-{2,}[\s>]*)?|\s*-*[\s#%;,!*=\"]*$")  # around a title
_NO_UNIT = regex(r"\s*(?:\(\s*[-–1#]?\s*\)|\[\s*[-–1#]?\s*\]|/\s*[-–1])\s*$")  # of a count
_MAY_NAME = ("", "index")
_AS_WORDS = ("temperature", "potential", "cycle")


def name_constants(
    table: Table,
    columns: Mapping[int, Column],
    cuts: Sequence[int],
    sweeps: list[Sweep],
) -> None:
    """Write what columns say of whole sweeps into their metadata, under the names of the axes of series.

    Those that differ from sweep to sweep and are no axis name it: ``cell 3, side left``.
    """
    edges = [*pairwise([0, *cuts, table.matrix.shape[0]])]
    if not table.names or len(edges) != len(sweeps):
        return
    worded = {i: c.name for i, c in columns.items() if c.quantity in _AS_WORDS}
    for sweep, edge in zip(sweeps, edges, strict=True):  # 25 °C in each cell
        words = {name: _find_constant(table, index, *edge) for index, name in worded.items()}
        apply_conditions([sweep], {name: word for name, word in words.items() if word})
    labels: list[list[str]] = [[] for _ in sweeps]
    named = (i for i, c in columns.items() if c.quantity in _MAY_NAME and i < len(table.names))
    names = {i: table.names[i] for i in named}
    for index, name in {**names, **dict(enumerate(table.further, table.width))}.items():
        told = [_find_constant(table, index, *edge) for edge in edges]
        if None in told or not name:
            continue
        if axis := _find_axis(name):
            _set_places(sweeps, told, axis, name)
        elif len(set(told)) == 1:
            _set_cycle(sweeps, str(told[0]), name)
        else:
            bare = _NO_UNIT.sub("", name)
            labels = [[*label, f"{bare} {value}"] for label, value in zip(labels, told, strict=True)]
    for sweep, label in zip(sweeps, labels, strict=True):
        _label_sweep(sweep, ", ".join(label[:_MOST_LABELS]))


def _set_cycle(sweeps: Sequence[Sweep], value: str, name: str) -> None:
    """Give sweeps the cycle of a column that is the same throughout, as one that changes names it."""
    cycle = find_label_cycle(f"{_NO_UNIT.sub('', name)} {value}")
    for sweep in sweeps:
        if sweep.cycle is None and cycle is not None:
            sweep.cycle = cycle
            sweep.notes.append(f"cycle from the column {name!r}")


def name_by_lines(table: Table, cuts: Sequence[int], sweeps: list[Sweep]) -> None:
    """Write what ``key: value`` lines between sweeps say into the metadata of the sweep below them.

    What the lines above the table say under such a key is of the first sweep alone.
    """
    if not cuts or not table.rows or len(cuts) + 1 != len(sweeps):
        return
    parted = [table.lines[table.rows[at - 1] + 1 : table.rows[at]] for at in cuts]
    first = [*table.preamble, *table.lines[len(table.preamble) + bool(table.names) : table.rows[0]]]
    name_by_titles([[sweep] for sweep in sweeps], [first, *parted])
    between = [read_pairs(part) for part in parted]
    keys = dict.fromkeys(key for pairs in between for key in pairs)
    for sweep, pairs in zip(sweeps, (read_pairs(table.preamble), *between), strict=True):
        own = {key: pairs.get(key, "") for key in keys}
        sweep.metadata |= own
        apply_conditions([sweep], own)


def name_by_titles(blocks: Sequence[Sequence[Sweep]], above: Sequence[Sequence[str]]) -> None:
    """Label the sweeps of tables by a line above each: the only one, or alike but for numbers."""
    for found, title in zip(blocks, _find_titles_above(above), strict=False):
        for sweep in found:
            _label_sweep(sweep, title)
            apply_conditions([sweep], read_pairs([title]))
            apply_prose([sweep], [title])


def find_titles(table: Table, sets: Sequence[Mapping[int, Column]]) -> tuple[list[str], str]:
    """Return the titles of tables beside each other, and their row, which has one over each; or none.

    A title may be a key, its number and a unit in cells of their own: ``T (°C),25,,,T (°C),45``. It may stand
    below the names (Origin's comments), and over each of a table's columns.
    """
    above = [line for line in table.preamble if line.strip()][-2:] if len(sets) > 1 else []
    if len(sets) > 1:
        above += [line for line in table.between if not is_units_row(table.split(line))]
    own = [set(one).difference(*(set(other) for other in sets if other is not one)) for one in sets]
    taken = set().union(*own)
    for line in above[::-1]:
        cells = {i: cell.strip('"') for i, cell in enumerate(table.split(line)) if cell}
        held = [
            [i for i in cells if places and min(places) - 1 <= i <= max(places) and i not in taken - places]
            for places in own
        ]
        titles = [_join_title([cells[i] for i in places]) for places in held]
        whole = sorted(i for places in held for i in places) == sorted(cells)
        if whole and all(titles) and len({*titles}) > 1:
            return titles, line
    return [""] * len(sets), ""


def find_shared_lines(table: Table, over: str) -> list[str]:
    """Return the lines above a table that tell of all its sweeps; none where one between rows does too."""
    told = any("°C" in line for _, line in table.skipped)
    return [line for line in table.preamble if line != over and not told]


def _join_title(cells: Sequence[str]) -> str:
    """Return a cell over a table, or a key, its number and unit in two or three, as one; else nothing."""
    key, *told = dict.fromkeys(cells) or [""]
    named = key[:1].isalpha() and 0 < len(told) < 3 and _NUMBERS.match(told[0])
    return f"{key}: {' '.join(told)}" if named else "" if told else key


def _find_titles_above(above: Sequence[Sequence[str]]) -> list[str]:
    """Return the nearest line above each table that differs from table to table; none where some has none."""
    if len(above) < 2:
        return []
    lines = [[bare for line in held[::-1] if (bare := _MARKS.sub("", line))] for held in above]
    for candidates in zip(*lines, strict=False):
        alike = len({_NUMBERS.sub("#", line) for line in candidates}) == 1
        if 1 < len(set(candidates)) == len(above) and (alike or all(len(held) == 1 for held in lines)):
            return list(candidates)
    return []


def label_rows(sweeps: Sequence[Sweep], label: str, title: str) -> None:
    """Label sweeps by what a column says of their rows, else by the title over their columns.

    A condition in the title (``T = 45 °C``) is theirs, not that of the first title in the row.
    """
    pairs = read_pairs([title])
    apply_conditions(sweeps, {"temperature" if key == "T" else key: value for key, value in pairs.items()})
    apply_prose(sweeps, [title])
    for sweep in sweeps:
        sweep.metadata = {**pairs, **sweep.metadata}
        if label:
            sweep.metadata["label"] = label
            sweep.notes.append(f"rows of {label!r}")
        _label_sweep(sweep, title)


def _label_sweep(sweep: Sweep, label: str) -> None:
    if label and "label" not in sweep.metadata:
        sweep.metadata["label"] = label
        sweep.notes.append(f"rows of {label!r}")


def _find_constant(table: Table, index: int, start: int, stop: int) -> str | None:
    """Return the number or the word of every row from `start`, or the word of the first alone; else None."""
    values = table.matrix[start:stop, index : index + 1]
    if values.size and np.isfinite(values).all():
        return f"{values[0, 0]:g}" if (values == values[0]).all() else None
    first, last = (table.cell(row, index) for row in (start, stop - 1))
    if not first or last not in (first, ""):
        return None
    return first if all(table.cell(row, index) == last for row in range(start + 1, stop)) else None


def _find_axis(name: str) -> Axis | None:
    """Return the axis that a column's name and unit say; None where its unit is another's."""
    unit, plain = _UNIT.search(name.strip()), _UNIT.sub("", name.strip()).strip().lower()
    found = _AXES.get(plain.replace(" ", "_").replace("-", "_")) or (_LENGTHS.get(plain) if unit else None)
    if found is None:
        return AXES["time"] if _find_time_scale(name) else None
    suits = unit is None or not found.suffixes or found.factor(unit[1] or unit[2]) is not None
    return found if suits else None


def _find_time_scale(name: str) -> float | None:
    """Return the seconds in the unit of a column that says since when; None of others."""
    match = _TIME_UNIT.search(name.strip()) if _SINCE.search(name) else None
    if match is None:
        return None
    unit = parse_unit(match[1])
    return unit.scale if unit and unit.kind == "time" else _LONG.get(match[1].lower())


def _set_places(sweeps: Sequence[Sweep], told: Sequence[str | None], axis: Axis, name: str) -> None:
    """Write values of an axis, in its unit, under its name; fractions of a charge are per cent."""
    try:
        values = np.array(told, np.float64)
    except ValueError:
        return
    match, since = _UNIT.search(name.strip()), _find_time_scale(name)
    factor = since or (match and axis.factor(match[1] or match[2])) or 1.0
    if axis.name == "soc" and match is None and 0 < values.max() <= 1 and values.min() >= 0:
        factor = 100.0
    for sweep, value in zip(sweeps, values, strict=True):
        sweep.metadata[axis.name] = float(f"{value * factor:.10g}")

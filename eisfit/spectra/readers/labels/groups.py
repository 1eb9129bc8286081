"""Whose rows and columns are: several cells in one table, told apart by a column or by columns' names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.spectra.axes import read_name
from eisfit.spectra.cycle_numbers import find_label_cycle
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.labels.key_values import apply_conditions
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.words import IN_OHM, PARTS
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.readers.tables.sweeps import runs_one_way
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_FEWEST_ROWS = 3
_MANY_TURNS = 1 / 3  # of the rows: a random order turns at two of three
_PREFIXES = {"k", "m", "g", "u", "µ"}  # Zre_k: kiloohm?
_ONE_IN_BRACKETS = regex(r"[(\[]\s*1\s*[)\]]\s*$")
#: ``re(Z(1,1)) [] - L='1mm' W='4mm'``: HFSS over values of the user's variables.
_VARIABLES = regex(r"(?<=\s)[^\W\d]\w*\s*=\s*'[^']*'(?:[\s,]+[^\W\d]\w*\s*=\s*'[^']*')*$")
_TEN_FOLD = regex(r"(x?)10+$")
#: What rows of several sweeps are of; a range or a filter changes within one.
_WHOSE = regex(
    r"(?:channel|chan|ch|kanal|cell|zelle|sample|probe|specimen|electrode|battery|file|datei)"
    r"(?:[ _.#-]*(?:no|nr|num|number|nummer|id|name|index)?[.#]?)",
    re.IGNORECASE,
)
#: Of what is measured at each point: kelvin, volt.
_SCATTER = {"temperature": 0.5, "potential": 0.005}
_MAY_TELL = ("", "cycle", "temperature", "potential", "index")


def split_by_label(table: Table, columns: Mapping[int, Column]) -> list[tuple[str, Table]]:
    """Return a table for each value of the column that tells the rows of several spectra apart.

    That is a column of words, or one of numbers whose values alternate, such that no frequency comes twice
    under one value although it does in the table; where none comes twice in the table either, every value's
    rows run one way and take turns. One table, labelled "", where there is none.
    """
    place = next((i for i, meaning in columns.items() if meaning.quantity == "frequency"), None)
    rows = len(table.matrix)
    if place is None or rows < 2 * _FEWEST_ROWS:
        return [("", table)]
    frequency = table.matrix[:, place]
    is_telling = _are_alternating if _are_distinct(frequency) else _is_unique
    turns = np.count_nonzero(np.diff(np.sign(np.diff(frequency))))
    disordered = bool(turns > _MANY_TURNS * rows)
    told: list[NDArray[np.str_]] = []
    for index in (i for i, meaning in columns.items() if meaning.quantity in _MAY_TELL):
        labels = _read_labels(table, index, _SCATTER.get(columns[index].quantity, 0.0), disordered)
        name = table.names[index] if index < len(table.names) else f"column {index + 1}"
        if labels is not None:
            told.append(np.array([f"{name} {label}" for label in labels]))
        if is_telling is _are_alternating and runs_one_way(frequency) and not names_owner(name):
            continue
        if labels is not None and is_telling(frequency, labels):
            return [
                (f"{name} {label}", _take_rows(table, labels == label)) for label in dict.fromkeys(labels)
            ]
    for one, other in combinations(told, 2) if is_telling is _is_unique else ():
        both = np.array([f"{first}, {second}" for first, second in zip(one, other, strict=True)])
        if _are_equal_sweeps(frequency, both):
            return [(str(label), _take_rows(table, both == label)) for label in dict.fromkeys(both)]
    return [("", table)]


def names_owner(name: str) -> bool:
    """Whether a column's name says that it tells whose the rows are: a cell's, a sample's, a channel's."""
    return bool(_WHOSE.fullmatch(name.strip()))


def _read_labels(table: Table, index: int, scatter: float, disordered: bool) -> NDArray[np.str_] | None:
    """Return what a column says in each row; None where it says too much or leaves a row out.

    Values that do not alternate tell of rows in whose frequencies there is no order.

    Numbers that lie within the `scatter` of a measured one are one: the middle of them.
    """
    if index >= table.width:
        return None
    values = table.matrix[:, index]
    if np.isfinite(values).all():
        values = _merge_scatter(values, scatter) if scatter else values
        alternates = np.count_nonzero(np.diff(values)) >= np.unique(values).size
        told = alternates or (disordered and values[0] != values[-1])
        return np.array([f"{value:g}" for value in values]) if told else None
    if not np.isnan(values).all():
        return None
    words = np.array(table.column(index))
    return words if all(words) else None


def _merge_scatter(values: FloatArray, scatter: float) -> FloatArray:
    """Return numbers of which those within the scatter of their next are the same."""
    held = np.unique(values)
    runs = np.split(held, np.flatnonzero(np.diff(held) > scatter) + 1)
    middle = np.concatenate([np.full(run.size, np.median(run)) for run in runs])
    return np.asarray(middle[np.searchsorted(held, values)], np.float64)


def _split_frequencies(frequency: FloatArray, labels: NDArray[np.str_], fewest: int) -> list[FloatArray]:
    """Return the frequencies of each label; none where it is one, or has too few."""
    distinct, counts = np.unique(labels, return_counts=True)
    enough = distinct.size > 1 and counts.min() >= fewest
    return [frequency[labels == label] for label in distinct] if enough else []


def _is_unique(frequency: FloatArray, labels: NDArray[np.str_]) -> bool:
    """Whether no frequency comes twice under one label."""
    parts = _split_frequencies(frequency, labels, _FEWEST_ROWS)
    return bool(parts) and all(map(_are_distinct, parts))


def _are_equal_sweeps(frequency: FloatArray, labels: NDArray[np.str_]) -> bool:
    """Whether the rows of each label are a sweep of one way, all of one length."""
    parts = _split_frequencies(frequency, labels, _FEWEST_ROWS + 1)
    return len({part.size for part in parts}) == 1 and all(map(runs_one_way, parts))


def _are_alternating(frequency: FloatArray, labels: NDArray[np.str_]) -> bool:
    """Whether rows of several sweeps, each of which runs one way, take turns."""
    turns = np.count_nonzero(labels[1:] != labels[:-1]) >= labels.size / 2
    parts = _split_frequencies(frequency, labels, _FEWEST_ROWS + 1) if turns else []
    return bool(parts) and all(map(runs_one_way, parts))


def _are_distinct(frequency: FloatArray) -> bool:
    used = frequency[np.isfinite(frequency)]
    return len(set(used.tolist())) == used.size


def _take_rows(table: Table, mask: NDArray[np.bool_]) -> Table:
    rows = [row for row, kept in zip(table.rows, mask, strict=True) if kept]
    return replace(table, matrix=table.matrix[mask], rows=rows)


def _refuse_single(file: File, columns: dict[int, Column]) -> None:
    for name in (c.name for c in columns.values() if _ONE_IN_BRACKETS.search(c.name)):
        raise file.error(
            f"(1) in {name!r} may be the number of a run, or the unit of numbers without one: "
            "say --impedance-unit"
        )


def name_by_label(file: File, sweeps: list[Sweep], columns: dict[int, Column], alone: bool) -> None:
    """Label sweeps by what the names of their columns say beside the quantity; ask where it may be a unit."""
    labels = {c.label for c in columns.values() if c.quantity in PARTS}
    bare = {c.label for c in columns.values() if c.quantity in IN_OHM and not c.unit}
    bare |= {c.label for c in columns.values() if c.quantity == "frequency" and not c.unit}
    for label in sorted(
        (labels & {"f", "h"} if len(labels) == 1 else set()) | (bare & _PREFIXES if alone else set())
    ):
        raise file.error(
            f"'({label.upper()})' behind the names may be a unit or a cell: call the cell otherwise"
        )
    if alone and labels == bare == {"1"} and not file.reading.impedance_unit:
        _refuse_single(file, columns)
    for c in columns.values() if alone else []:
        factor = _TEN_FOLD.match(c.label)
        if factor and (factor[1] or c.name.lstrip("-− ").startswith(c.label) or f"in {c.label}" in c.name):
            raise file.error(f"'{c.label}' in {c.name!r} may be a factor: apply it, or take it out")
    whose = [label for label in labels if label and not (alone and label.isdigit())]
    words = ", ".join(repr(label) for label in whose if len(label) > 1)  # ZView's are Z'(a), Z''(b)
    for sweep in sweeps if words and alone else []:
        sweep.notes.append(f"{ASSUMED} {words} in the header says whose the columns are")
    if len(labels) == 1 and whose:
        names = [c.name for c in columns.values() if c.label == whose[0]]
        cycles = {find_label_cycle(name) for name in names}
        told = read_name(names[0]) if not alone else {}
        label = next((match[0] for name in names if (match := _VARIABLES.search(name))), whose[0])
        for sweep in sweeps:
            sweep.cycle = cycles.copy().pop() if sweep.cycle is None and len(cycles) == 1 else sweep.cycle
            sweep.metadata |= {**told, "label": label}
            apply_conditions([sweep], told)
            sweep.notes.append(f"columns of {label!r}")

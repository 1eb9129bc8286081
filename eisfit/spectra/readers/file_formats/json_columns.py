"""JSON: columns by name, a list of rows, or pandas' ``to_json`` in any of its orders; also several in a list.

Where an object has a ``mask`` (pyimpspec: place of a point, true where it is left out), those points go.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.errors import ReadError
from eisfit.files import parse_json
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.attribute_units import iterate_title_units
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._frames import read_frame
from eisfit.spectra.readers.file_formats._named_arrays import SCALE, read_names
from eisfit.spectra.readers.labels.key_values import apply_conditions
from eisfit.spectra.readers.names.columns import attach_unit, parse_name
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.swept_names import rename_swept
from eisfit.spectra.readers.names.units import is_unit
from eisfit.spectra.readers.names.words import PARTS, can_make_impedance
from eisfit.spectra.readers.sweep import Sweep, asks_for_unit, plural
from eisfit.spectra.readers.tables.header_names import WANTED

NAME = "JSON"
SUFFIXES = (".json",)
RANK = 30

_DEEPEST = 6
_MOST_FACTS, _LONGEST_FACT = 300, 20_000
_ONE_A_LINE = regex(r"\s*\{[^\n]*\}\s*\n\s*\{[^\n]*\}\s*(?:\n|$)")
#: What a list of names and one of rows are called; pandas: columns, data.
_HEADERS = ("columns", "header", "headers", "fields", "names")
_ROWS = ("data", "rows", "points", "values", "records")
_CALLED = ("name", "label", "quantity", "title")
_VALUES = ("values", "data", "value")
Table = dict[str, list[Any]]


def recognise(file: File) -> bool:
    """Whether the text begins as a JSON object or a list of objects does."""
    head = file.head.lstrip("\ufeff \t\r\n") if file.encoding is not None else ""
    return re.match(r"\{\s*[\"}]|\[\s*\{", head) is not None


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all tables that name a frequency.

    Raises
    ------
    ReadError
        When the JSON is broken, or holds no such table.
    """
    text = file.text.lstrip("\ufeff")
    if _ONE_A_LINE.match(text):
        text = f"[{','.join(line for line in text.splitlines() if line.strip())}]"
    return read_document(file, parse_json(text, file.name, ReadError))


def read_document(file: File, document: Any) -> list[Sweep]:
    """Return the spectra of all tables of a document that name a frequency.

    Raises
    ------
    ReadError
        When it holds none.
    """
    sweeps: list[Sweep] = []
    reasons: list[str] = []
    file = file.with_words(iterate_words(document))
    for label, table, dropped, pairs in _iterate_tables(document):
        try:
            sweeps += _read_labelled(file, label, table, dropped, pairs)
        except ReadError as error:
            if asks_for_unit(error):
                raise
            reasons.append(file.reason(error))
    if not sweeps:
        if arrays := _find_arrays(document):
            return read_names(file, arrays)
        raise file.error("; ".join(reasons[:3]) or "no columns or rows in it that name a frequency")
    for sweep in sweeps:
        sweep.notes += [f"left out a table: {reason}" for reason in reasons[:3]]
    return sweeps


def _read_labelled(
    file: File, label: str, table: Table, dropped: int, pairs: Mapping[str, Any]
) -> list[Sweep]:
    """Return the sweeps of one table, with its label, what is said of it and what was left out."""
    found = read_frame(file.with_words(iterate_title_units(label)), table)
    apply_conditions(found, pairs)
    for sweep in found:
        sweep.metadata = {**pairs, **sweep.metadata, **({"label": label} if label else {})}
        sweep.notes += [f"left out {plural(dropped, 'point')} masked in the file"] if dropped else []
    return found


def iterate_words(value: Any, name: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the texts of the document, each behind its name."""
    if name and (isinstance(value, str) or (isinstance(value, (int, float)) and SCALE.search(name))):
        yield f"{name}: {value}"
    elif isinstance(value, Mapping) and depth <= _DEEPEST:
        for key, item in value.items():
            yield from iterate_words(item, str(key), depth + 1)
    elif isinstance(value, list) and depth <= _DEEPEST:
        for item in value:
            yield from iterate_words(item, "", depth + 1)


def _find_arrays(value: Any, depth: int = 0) -> dict[str, NDArray[Any]]:
    """Return the arrays of the first object that names a frequency and holds nested lists of numbers."""
    if depth > _DEEPEST or not isinstance(value, (Mapping, list)):
        return {}
    held = value if isinstance(value, Mapping) else {}
    nested = any(isinstance(item, list) and item and isinstance(item[0], list) for item in held.values())
    if nested and "frequency" in {parse_name(name).quantity for name in rename_swept(list(map(str, held)))}:
        arrays = {
            str(name): _to_array(str(name), item) for name, item in held.items() if isinstance(item, list)
        }
        return {name: array for name, array in arrays.items() if array.size}
    parts = value.values() if isinstance(value, Mapping) else value
    return next(filter(None, (_find_arrays(item, depth + 1) for item in parts)), {})


def _to_array(name: str, item: list[Any]) -> NDArray[Any]:
    """Return nested lists as an array, pairs of parts as complex numbers; empty where they are none."""
    try:
        array = np.array(item, dtype=np.float64)
    except (ValueError, TypeError):
        return np.empty(0)
    if array.ndim > 1 and array.shape[-1] == 2 and parse_name(name).quantity == "modulus":
        array = array[..., 0] + 1j * array[..., 1]
    return array


def _iterate_tables(
    value: Any, depth: int = 0, label: str = "", pairs: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[tuple[str, Table, int, Mapping[str, Any]]]:
    """Yield (label, columns, number of masked points, facts beside) of whatever in it is a table."""
    if depth > _DEEPEST:
        return
    table = _columns(value)
    pairs = {**pairs, **_find_facts(value)}
    if table and _shares_frequency(value, table):
        value, table = list(_iterate_inner(value, table)), {}
    if table:
        out = _find_masked(value)
        kept = {name: [cell for i, cell in enumerate(cells) if i not in out] for name, cells in table.items()}
        dropped = max(len(cells) - len(kept[name]) for name, cells in table.items())
        own = value.get("label") or value.get("name") if isinstance(value, Mapping) else None
        yield str(own or label), kept, dropped, pairs
    elif isinstance(value, Mapping):
        for name, item in value.items():
            own = f"{label} {name}" if str(name).isdigit() and label else str(name)
            yield from _iterate_tables(item, depth + 1, own, pairs)
    elif isinstance(value, list):
        for item in value:
            yield from _iterate_tables(item, depth + 1, label, pairs)


def _shares_frequency(value: Any, table: Table) -> bool:
    """Whether a table has no part of an impedance, and objects within it have."""
    alone = not {parse_name(name).quantity for name in table} & (WANTED - {"frequency", "period"})
    return alone and isinstance(value, Mapping) and any(map(_columns, _iterate_inner(value, table)))


def _iterate_inner(value: Mapping[str, Any], table: Table) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in an object, and those in its lists, with the columns that they share."""
    for name, item in value.items():
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, Mapping) and not _columns(one):
                yield {**table, **({} if isinstance(item, list) else {"label": name}), **one}


def _find_facts(value: Any) -> dict[str, Any]:
    """Return the single words and numbers of an object, and of objects in it that hold nothing else."""
    if not isinstance(value, Mapping):
        return {}
    held = [item for item in value.values() if isinstance(item, Mapping)]
    found: dict[str, Any] = {}
    for one in (*(item for item in held if all(map(_is_fact, item.values()))), value):
        found |= {str(name): item for name, item in one.items() if _is_fact(item) and item is not None}
    return dict(itertools.islice(found.items(), _MOST_FACTS))


def _is_fact(value: Any) -> bool:
    return value is None or (isinstance(value, (str, int, float)) and len(str(value)) <= _LONGEST_FACT)


def _columns(value: Any) -> Table:
    """Return the columns of an object or a list of rows; empty where none of them is a frequency."""
    indexed = isinstance(value, Mapping) and "0" in value  # pandas: index
    return _read_columns(_name_columns(list(value.values()) if indexed else value))


def _read_columns(value: Any) -> Table:
    columns: Table = {}
    if isinstance(value, Mapping):
        told = value.get("units", value.get("unit"))
        names, held = (_find_first_list(value, keys) for keys in (_HEADERS, _ROWS))
        names = [attach_unit(_name_of(name), _unit_of(name)) if _name_of(name) else name for name in names]
        if names and held and all(isinstance(name, str) for name in names):  # pandas: split
            rows = [row for row in held if isinstance(row, list)]
            below = told if isinstance(told, list) and len(told) == len(names) else [None] * len(names)
            for i, (name, unit) in enumerate(zip(names, below, strict=True)):
                columns[attach_unit(str(name), unit)] = [row[i] for row in rows if i < len(row)]
        else:
            units = told if isinstance(told, Mapping) else {}
            columns = {
                attach_unit(name, _unit_of(item) or units.get(name)): cells
                for name, item in _iterate_parts(value)
                if (cells := _list_cells(item)) and name != "mask"
            }
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):  # records
        columns = _read_columns({name: [row.get(name) for row in value] for name in value[0]})
    columns = dict(zip(rename_swept(list(columns)), columns.values(), strict=True))
    sizes = {parse_name(name).quantity: len(cells) for name, cells in reversed(columns.items())}
    size = sizes.get("frequency") or sizes.get("period") or 0
    return (
        {
            name: cells
            for name, cells in columns.items()
            if len(cells) == size or parse_name(name).quantity in WANTED
        }
        if size
        else {}
    )


def _name_of(item: Any) -> Any:
    """Return the name that an object tells of itself: ``{"name": "z_re", "unit": "mohm"}``; else None."""
    return next(filter(None, map(item.get, _CALLED)), None) if isinstance(item, Mapping) else None


def _find_first_list(value: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    return next((value[name] for name in names if isinstance(value.get(name), list)), [])


def _name_columns(value: Any) -> Any:
    """Return a list of columns, each with its name and values, as an object of columns; else the value."""
    if not (isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value)):
        return value
    names = [_name_of(item) for item in value]
    told = len(set(map(str, names))) == len(names) and all(isinstance(name, str) for name in names)
    return dict(zip(names, value, strict=True)) if told and all(map(_list_cells, value)) else value


def _iterate_parts(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the entries, parts of an impedance by both names: ``"Z": {"real": [...], "imag": [...]}``."""
    for name, cells_or_parts in value.items():
        item = _unpack_unit(_merge_cells(cells_or_parts))
        held = item if isinstance(item, Mapping) else {}
        parts = {part: cells for part, cells in held.items() if isinstance(cells, (list, Mapping))}
        told = {parse_name(part).quantity for part in parts}
        if told <= {*PARTS} and can_make_impedance(told):
            core, own = split_units(name)[0] if parse_name(name).unit else (name, "")  # Z_mohm
            for part, cells in parts.items():
                of_all = None if parse_name(part).quantity == "phase" else _unit_of(held) or own
                yield attach_unit(f"{core} {part}", held.get(f"{part}_unit") or of_all), cells
        else:
            yield name, item


def _unpack_unit(item: Any) -> Any:
    """Return what stands alone under a unit, with it: ``{"mohm": {"re": [...], "im": [...]}}``."""
    if isinstance(item, Mapping) and len(item) == 1 and is_unit(str(next(iter(item)))):
        ((unit, held),) = item.items()
        return {"unit": unit, **held} if isinstance(held, Mapping) else item
    return item


def _merge_cells(item: Any) -> Any:
    """Return cells that are objects of the same names as one object of columns: each name may tell a unit.

    >>> _merge_cells([{"re": 1, "unit": "mohm"}, {"re": 2, "unit": "mohm"}])
    {'re': [1, 2], 'unit': 'mohm'}
    """
    if not (isinstance(item, list) and len(item) > 1 and all(isinstance(cell, Mapping) for cell in item)):
        return item
    columns = {str(name): [cell.get(name) for cell in item] for name in item[0]}
    return {name: cells[0] if _is_unit(name, cells) else cells for name, cells in columns.items()}


def _is_unit(name: str, cells: list[Any]) -> bool:
    return "unit" in name.lower() and isinstance(cells[0], str) and cells.count(cells[0]) == len(cells)


def _unit_of(item: Any) -> Any:
    """Return the unit that stands beside values: ``{"unit": "Hz", "values": [...]}``."""
    return (item.get("unit") or item.get("units")) if isinstance(item, Mapping) else None


def _list_cells(item: Any) -> list[Any]:
    """Return a column's cells: a list of numbers or words, or pandas' object of row and cell."""
    cells = list(item.values()) if isinstance(item, Mapping) else item
    if isinstance(item, Mapping) and (held := [item[name] for name in _VALUES if name in item]):
        cells = held[0]
    if not isinstance(cells, list) or len(cells) < 2:
        return []
    cells = [_join_complex(cell) for cell in cells]
    return [] if any(isinstance(cell, (list, Mapping)) for cell in cells) else cells


def _join_complex(cell: Any) -> Any:
    """Return the complex number that a cell stands for: ``[1, 2]``, ``{"re": 1, "im": 2}``; else the cell."""
    if isinstance(cell, Mapping) and len(cell) == 2:
        parts = {parse_name(str(name)).quantity: part for name, part in cell.items()}
        cell = [parts.get("real"), parts.get("imag")]
    pair = isinstance(cell, Sequence) and not isinstance(cell, str) and len(cell) == 2
    return complex(*cell) if pair and all(isinstance(part, (int, float)) for part in cell) else cell


def _find_masked(value: Any) -> set[int]:
    """Return the places that are masked; columns of unlike lengths stay so, and are refused."""
    mask = value.get("mask") if isinstance(value, Mapping) else None
    return {int(place) for place, masked in mask.items() if masked} if isinstance(mask, Mapping) else set()

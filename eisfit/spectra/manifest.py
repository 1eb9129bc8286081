"""A manifest: which cycle (temperature, thickness, ...) every file of a folder belongs to."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from eisfit.errors import ReadError, UsageError
from eisfit.files import read_text
from eisfit.spectra.axes import AXES, Axis, find_axis
from eisfit.spectra.readers.names.units import parse_unit
from eisfit.units import ZERO_CELSIUS

#: Under which name a manifest is found by itself.
NAME = "manifest.csv"
_FILE = "file"


def is_manifest_name(path: Path) -> bool:
    """Return whether a file bears the name of manifests, in any case of letters."""
    return path.name.lower() == NAME


def lists_files(path: Path, *axes: str) -> bool:
    """Return whether a table has the column of files, and those of `axes`."""
    return {_FILE, *axes} <= set(_read_columns(path))


def _read_columns(path: Path) -> list[str]:
    """Return the column names in lower case."""
    rows = _read_rows(path)
    return [name.strip().lower() for name in rows[0]] if rows else []


def _read_rows(path: Path) -> list[list[str]]:
    try:
        text = read_text(path, ReadError, encoding="utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        return list(csv.reader(lines))
    except csv.Error as error:
        raise ReadError(f"{path}: the manifest cannot be read: {error}") from None


class Listing:
    """What a manifest says of files: by folder and name where it names folders, else by name alone."""

    def __init__(self, path: Path) -> None:
        self._home = path.parent
        self._rows: dict[str, list[tuple[str, dict[str, float]]]] = {}
        for name, values in read_manifest(path):
            self._rows.setdefault(name.rpartition("/")[2], []).append((name, values))

    def find(self, file: Path) -> dict[str, float] | None:
        """Return the places of a file; None where it is not listed, or two rows of its name may be meant."""
        named, whole = self._rows.get(file.name, []), file.resolve().as_posix()
        within = [row for row in named if "/" in row[0] and f"/{whole}".endswith(f"/{row[0].lstrip('./')}")]
        if within:
            return max(within, key=lambda row: len(row[0]))[1]
        # A row of a folder that is not there may be of another machine's.
        loose = [values for name, values in named if "/" not in name or not (self._home / name).exists()]
        return loose[-1] if loose and all(values == loose[0] for values in loose) else None


def read_manifest(path: Path) -> list[tuple[str, dict[str, float]]]:
    """Return the files as the manifest names them, folders with slashes, and their places."""
    columns, rows = _read_columns(path), _read_rows(path)[1:]
    axes = {place: found for place, name in enumerate(columns) if (found := _find_axis(name))}
    if _FILE not in columns or not axes:
        raise ReadError(
            f"{path}: a manifest needs the columns file and cycle, it has {', '.join(columns) or 'none'}; "
            "instead of cycle: temperature, soc, thickness, ..."
        )
    for place, (axis, factor, _) in axes.items():
        if np.isnan(factor):
            raise ReadError(
                f"{path}: {columns[place]!r} of the manifest: {axis} in {AXES[axis].unit}, please"
            )
    at_file = columns.index(_FILE)
    found_rows = []
    for line, row in enumerate(rows, start=2):
        if len(row) <= max(at_file, *axes):
            raise ReadError(f"{path}: row {line} of the manifest has {len(row)} of {len(columns)} columns")
        values = {}
        for place, (axis, factor, shift) in axes.items():
            number = _parse_number(path, line, row[place], axis)
            if number is not None:
                values[axis] = number * factor - shift
        found_rows.append((row[at_file].strip().replace("\\", "/"), values))
    return found_rows


def _find_axis(column: str) -> tuple[str, float, float] | None:
    """Return the axis of a column's header, and factor and shift to its unit; None for other columns.

    >>> _find_axis("temperature / K"), _find_axis("thickness_um"), _find_axis("file")
    (('temperature', 1.0, 273.15), ('thickness', 1000.0, 0.0), None)
    """
    if column == _FILE or not column:
        return None
    name, unit = [*re.split(r"\s*[/(\[]\s*", column, maxsplit=1), ""][:2]
    unit = unit.strip(" )]")
    head, _, tail = name.strip().rpartition("_")
    if not unit and head:
        for axis in AXES.values():
            if find_axis(head) is axis and axis.factor(tail) is not None:
                name, unit = head, tail
    try:
        axis = find_axis(name)
    except UsageError:
        return None
    return axis.name, *_find_factor_and_shift(axis, unit)


def _find_factor_and_shift(axis: Axis, unit: str) -> tuple[float, float]:
    """Return what a number in `unit` is multiplied by, and what is then taken off; NaN for another unit."""
    told = parse_unit(unit)
    if axis.name == "temperature" and told and told.kind in ("kelvin", "fahrenheit"):
        return (1.0, ZERO_CELSIUS) if told.kind == "kelvin" else (1 / 1.8, 32 / 1.8)
    if axis.name == "time" and told and told.kind == "time":
        return told.scale, 0.0
    word = unit.partition(" ")[0]  # V vs. Li
    factor = axis.factor(word) if word and axis.suffixes else 1.0
    return np.nan if factor is None else factor, 0.0


def _parse_number(path: Path, line: int, text: str, axis: str = "cycle") -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        if axis not in AXES:  # remarks, operators, ...
            return None
        value = float("nan")
    if not np.isfinite(value):
        number = " number" if axis == "cycle" else ""
        raise ReadError(f"{path}: row {line} of the manifest: {text.strip()!r} is not a {axis}{number}")
    return value

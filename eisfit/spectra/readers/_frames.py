"""Columns that come with names and no text (JSON, Parquet): read as the text table of the same columns is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.spectra.readers import text
from eisfit.spectra.readers._columns import column
from eisfit.spectra.readers._file import MAX_ROWS, File
from eisfit.spectra.readers._sweep import Sweep

__all__ = ["attach_unit", "frame_sweeps"]

_MARK = "\t"


def attach_unit(name: str, unit: Any) -> str:
    """Return a column's name with the unit that its container tells, where it has none itself.

    >>> attach_unit("Zre", "mohm"), attach_unit("Zre/ohm", "ohm"), attach_unit("Zre", None)
    ('Zre [mohm]', 'Zre/ohm', 'Zre')
    """
    return f"{name} [{unit}]" if isinstance(unit, str) and unit and not column(name).unit else name


def frame_sweeps(file: File, columns: Mapping[str, Sequence[Any]]) -> list[Sweep]:
    """Return the sweeps of named columns of one length; cells may be numbers, complex numbers, words, None.

    Raises
    ------
    ReadError
        When the lengths differ, or the columns hold no spectrum.
    """
    columns = dict(part for name, values in columns.items() for part in _parts(name, values))
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in list(lengths.items())[:6])
        raise file.error(f"the columns are not of one length ({shown})")
    if max(lengths.values(), default=0) > MAX_ROWS:
        raise file.error(f"more than {MAX_ROWS} rows")
    rows = (_MARK.join(map(_cell, row)) for row in zip(*columns.values(), strict=True))
    lines = [_MARK.join(" ".join(str(name).split()) for name in columns), *rows]
    sweeps = text.parse(File(file.name, ("\n".join(lines) + "\n").encode(), file.reading, file.beside))
    for sweep in sweeps:
        sweep.notes = [note for note in sweep.notes if not note.startswith("columns parted by")]
    return sweeps


def _parts(name: str, values: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    """Return a column, or the two that a column of complex numbers makes."""
    if not any(isinstance(value, complex) for value in values):
        return [(name, values)]
    meaning = column(name)
    letter = "Y" if meaning.quantity.startswith("admittance") else "Z"
    unit = f" [{meaning.unit}]" if meaning.unit else ""
    pairs = [(value.real, value.imag) if value is not None else (None, None) for value in values]
    return [
        (f"{letter}_{part}{unit}", [pair[i] for pair in pairs]) for i, part in enumerate(("real", "imag"))
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "nan"
    return repr(float(value)) if isinstance(value, (int, float)) else " ".join(str(value).split())

"""Columns that come with names and no text (JSON, Parquet): read as the text table of the same columns is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from numpy.typing import NDArray

from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.file_formats._list_cells import explode_lists
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.sweep import Sweep, drop_notes
from eisfit.spectra.readers.tables.numbers import PARTED_BY

#: Of a voltage and a current that are written as complex numbers.
_OTHER_PHASORS = {"potential", "current", "voltage"}
_MARK = "\t"


def read_frame(file: File, columns: Mapping[str, Sequence[Any]]) -> list[Sweep]:
    """Return the sweeps of named columns of one length; cells may be numbers, complex numbers, words, None.

    Raises
    ------
    ReadError
        When the lengths differ, or the columns hold no spectrum.
    """
    columns = explode_lists(file, columns)
    whole = [name for name, values in columns.items() if any(isinstance(v, complex) for v in values)]
    parts = (
        _split_column(name, values, len(whole) == 1) if name in whole else [(name, values)]
        for name, values in columns.items()
    )
    columns = dict(chain.from_iterable(parts))
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in list(lengths.items())[:6])
        raise file.error(f"the columns are not of one length ({shown})")
    file.limit(rows=max(lengths.values(), default=0))
    rows = (_MARK.join(map(_format_cell, row)) for row in zip(*columns.values(), strict=True))
    lines = [_MARK.join(" ".join(str(name).split()) for name in columns), *rows]
    sweeps = text.parse(file.with_lines(lines))
    drop_notes(sweeps, PARTED_BY)
    return sweeps


def make_part_names(name: str, *, alone: bool) -> tuple[str, str]:
    """Return what the parts of complex numbers are called, which may stand `alone` or beside others.

    >>> make_part_names("Z [mohm]", alone=False), make_part_names("Z_fit", alone=True)
    (('Z_real [mohm]', 'Z_imag [mohm]'), ('Z_real', 'Z_imag'))
    >>> make_part_names("V", alone=True)
    ('V real', 'V imag')
    """
    meaning = parse_name(name)
    if meaning.quantity in _OTHER_PHASORS or (not alone and (meaning.label or not meaning.quantity)):
        return f"{name} real", f"{name} imag"
    if not meaning.quantity and name.endswith("]") and (core := parse_name(name[: name.rfind("[")])).quantity:
        unit = name[name.rfind("[") :]  # which is none of that quantity: Z [S]
        return f"{core.name.strip()} real {unit}", f"{core.name.strip()} imag {unit}"
    letter = "Y" if meaning.quantity.startswith("admittance") else "Z"
    unit = f" [{meaning.unit}]" if meaning.unit else ""
    return f"{letter}_real{unit}", f"{letter}_imag{unit}"


def _split_column(name: str, values: Sequence[Any], alone: bool) -> list[tuple[str, Sequence[Any]]]:
    """Return the two columns that one of complex numbers makes."""
    pairs = [(value.real, value.imag) if value is not None else (None, None) for value in values]
    return [(part, [pair[i] for pair in pairs]) for i, part in enumerate(make_part_names(name, alone=alone))]


def _format_cell(value: Any) -> str:
    if value is None:
        return "nan"
    return repr(float(value)) if isinstance(value, (int, float)) else " ".join(str(value).split())


def group_by_length(
    arrays: Mapping[str, NDArray[Any]], flat: Mapping[str, NDArray[Any]]
) -> list[dict[str, NDArray[Any]]]:
    """Return the arrays of each length of which there are frequencies; none where these are alike."""
    frequencies = [values for name, values in flat.items() if parse_name(name).quantity == "frequency"]
    sizes = list(dict.fromkeys(values.size for values in frequencies if values.ndim == 1 and values.size > 2))
    parts = [{name: v for name, v in arrays.items() if size in v.shape} for size in sizes]
    return parts if len(parts) > 1 else []

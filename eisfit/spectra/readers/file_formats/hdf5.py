"""HDF5 (`.h5`, MATLAB 7.3): datasets with names in one group, or one table, by h5py (extra `hdf5`).

Links to other files and data stored outside the file are not followed: a shared file must not read others.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.file_formats._frames import read_frame
from eisfit.spectra.readers.file_formats._named_arrays import Arrays, iterate_words, name_columns, read_groups
from eisfit.spectra.readers.names.columns import attach_unit
from eisfit.spectra.readers.sweep import Sweep

NAME = "HDF5"
SUFFIXES = (".h5", ".hdf5", ".hdf")

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_UNITS = ("unit", "units", "einheit")
_PACKED = ("scale_factor", "add_offset")  # as netCDF packs numbers
_USER_BLOCK = 512  # MATLAB 7.3 puts a text before
_MOST_OBJECTS = 5000
_MOST_TEXTS = 100  # of an attribute
_DEEPEST = 8
_LONGEST_FACT = 2000


def recognise(file: File) -> bool:
    """Whether it has HDF5's signature, at the start or behind MATLAB's text."""
    return file.data.startswith(_SIGNATURE) or file.data[_USER_BLOCK:].startswith(_SIGNATURE)


def parse(file: File) -> list[Sweep]:
    """Return the spectra of every group whose datasets are named as a spectrum's, or of every table.

    Raises
    ------
    ReadError
        When h5py is missing, the file is damaged or too large, or its names tell nothing.
    """
    try:
        import h5py
    except ImportError:
        raise file.error(
            "HDF5 needs h5py: pip install 'eisfit-toolkit[hdf5]' (or export the table as CSV; "
            "MATLAB: save(..., '-v7'))"
        ) from None
    try:
        with h5py.File(io.BytesIO(file.data), "r") as content:
            found = list(_iterate_datasets(file, content))
            held = _list_objects(content)
            facts = _find_facts(held)
            file = file.with_words(_iterate_attributes(held))
    except (OSError, RuntimeError, KeyError) as error:
        raise file.error(f"the HDF5 file is damaged ({str(error).splitlines()[0][:100]})") from None
    tables = [values for _, _, values in found if values.dtype.names]
    if tables:
        return [sweep for values in tables for sweep in _read_table(file, values)]
    groups: dict[str, Arrays] = {}
    for group, name, values in found:
        groups.setdefault(group, {})[name] = values
    return read_groups(file, groups, facts)


def _read_table(file: File, values: Any) -> list[Sweep]:
    return read_frame(file, {name: values[name].tolist() for name in values.dtype.names})


def _list_objects(content: Any) -> dict[str, Any]:
    """Return the file itself and the groups and datasets in it, by path, up to the limit."""
    held = {"": content}

    def collect(path: str, one: Any) -> Any:
        held[path] = one
        return one if len(held) >= _MOST_OBJECTS else None  # which ends the way

    content.visititems(collect)
    return held


def _find_facts(held: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the attributes of groups that are one number or one text, by the path of the group."""
    found: dict[str, dict[str, Any]] = {}
    for path, group in held.items():
        if not hasattr(group, "keys"):
            continue
        told = {key: _read_attribute(group.attrs, key) for key in group.attrs}
        found[path] = {
            key: value.item() if isinstance(value, np.generic) else value
            for key, value in told.items()
            if isinstance(value, (str, int, float, np.number)) and len(str(value)) <= _LONGEST_FACT
        }
    return found


def _iterate_datasets(file: File, content: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield (group, name, values) of the datasets of numbers, within the limits."""
    unpacked = 0
    for path, name, one in _iterate_objects(file, content):
        if one.external or one.is_virtual or not one.size:
            continue
        unpacked += one.size * one.dtype.itemsize
        file.limit(unpacked=unpacked)
        if one.dtype.kind in "fiuc" or (_is_numeric(one.dtype) and _has_disjoint_fields(one.dtype)):
            values = _join_complex(one[()])
            factor, offset = (_read_number(file, one.attrs, key) for key in _PACKED)
            if values.dtype.kind in "iufc" and not (factor is None and offset is None):  # as netCDF packs
                values = values * (1.0 if factor is None else factor) + (offset or 0.0)
            yield from ((path, *named) for named in _name_columns(name, one.attrs, values))


def _name_columns(name: str, attributes: Any, values: Any) -> Iterator[tuple[str, Any]]:
    """Yield a dataset behind its name and unit; of a matrix whose attribute names its columns, these."""
    told = (_read_attribute(attributes, key) for key in attributes)
    names = [[_decode(one) for one in value.ravel()] for value in told if _are_texts(value)]
    named = name_columns({name: values}, names)
    yield from named.items() if name not in named else [(_add_unit(name, attributes), values)]


def _read_number(file: File, attributes: Any, key: str) -> float | None:
    """Return an attribute that is one number; None where there is none."""
    if key not in attributes:
        return None
    told = np.asarray(_read_attribute(attributes, key))
    if told.size != 1 or told.dtype.kind not in "iuf":
        raise file.error(f"{key} of a dataset is no number, but {quote(str(told))}")
    return float(told.reshape(()))


def _iterate_attributes(held: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts among the attributes of groups and datasets, each behind its name."""
    for one in held.values():
        told = [(key, _read_attribute(one.attrs, key)) for key in one.attrs]
        yield from (f"{key}: {value}" for key, value in told if isinstance(value, str))
        numbers = ((key, np.asarray(value)) for key, value in told if not isinstance(value, str))
        yield from chain.from_iterable(
            iterate_words(key, value) for key, value in numbers if key not in _PACKED
        )
        yield from (f"{key}: {', '.join(map(_decode, value))}" for key, value in told if _are_texts(value))
        if one.name and hasattr(one, "dtype") and one.shape == () and one.dtype.kind in "OSfiu":
            value = one[()]
            text = _decode(value) if isinstance(value, bytes) else value
            yield from iterate_words(one.name.rsplit("/", 1)[-1], np.asarray(text))


def _are_texts(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "OSU" and 0 < value.size <= _MOST_TEXTS


def _decode(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _add_unit(name: str, attributes: Any) -> str:
    """Return the name with the unit that the dataset's attributes tell."""
    told = next((_read_attribute(attributes, key) for key in attributes if key.lower() in _UNITS), None)
    return attach_unit(name, _decode(told) if isinstance(told, bytes) else told)


def _iterate_objects(file: File, content: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield (group, name, dataset) of all datasets of the file itself."""
    import h5py

    pending, seen = [("", content, 0)], 0
    while pending:
        path, group, depth = pending.pop(0)
        for name in group:
            seen += 1
            if seen > _MOST_OBJECTS:
                raise file.error(f"more than {_MOST_OBJECTS} objects")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink) or name.startswith("#"):
                continue  # '#refs#': MATLAB's cells
            one = group[name]
            if isinstance(one, h5py.Dataset):
                yield path, name, one
            elif isinstance(one, h5py.Group) and depth < _DEEPEST:
                pending.append((f"{path}/{name}".strip("/"), one, depth + 1))


def _read_attribute(attributes: Any, key: str) -> Any:
    """Return an attribute's value; None for a table."""
    return attributes[key] if attributes.get_id(key).dtype.names is None else None


def _has_disjoint_fields(dtype: Any) -> bool:
    """Whether a table's fields lie one behind the other: others HDF5 writes beyond the memory it has."""
    fields = sorted(dtype.fields.values(), key=lambda field: field[1])
    ends = [field[1] + field[0].itemsize for field in fields]
    begins = [*(field[1] for field in fields[1:]), dtype.itemsize]
    return all(end <= begin for end, begin in zip(ends, begins, strict=True))


def _is_numeric(dtype: Any) -> bool:
    """Whether a table's fields are all numbers or short text."""
    return dtype.names is not None and all(dtype[name].kind in "fiucS" for name in dtype.names)


def _join_complex(values: Any) -> Any:
    """Return complex numbers where MATLAB wrote pairs of real and imag."""
    if values.dtype.names == ("real", "imag"):
        return np.asarray(values["real"] + 1j * values["imag"])
    return values

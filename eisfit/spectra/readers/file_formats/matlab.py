"""MATLAB `.mat` (version 5 to 7): arrays with obvious names, also in structs, read with SciPy."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.readers.file import MAX_BYTES, File
from eisfit.spectra.readers.file_formats._named_arrays import Arrays, iterate_words, name_columns, read_groups
from eisfit.spectra.readers.sweep import Sweep

NAME = "MATLAB .mat"
SUFFIXES = (".mat",)

_HEADER = 128
_COMPRESSED = 15
_MATRIX = 14
_DEEPEST = 4
_MOST_STRUCTS = 10_000
_MOST_VARIABLES = 10_000
_MOST_NAMES = 1000  # of columns
_MOST_DIMENSIONS = 32  # of a NumPy array
_TYPES = frozenset((*range(1, 8), 9, *range(12, 19)))  # SciPy looks others up beyond its table, and crashes
_INTEGERS = (5, 6)  # int32, uint32: array flags, dimensions
# Elements of an array of text, of a sparse one and of numbers by its class, one more where it is complex:
# SciPy reads on behind the array where one is missing, and crashes at an array in its place.
_ELEMENTS = {4: 4, 5: 6, **dict.fromkeys(range(6, 16), 4)}
_COMPLEX = 0x800


def recognise(file: File) -> bool:
    """Whether it starts with MATLAB's line; version 7.3 is HDF5."""
    return file.data.startswith(b"MATLAB ") and not file.data.startswith(b"MATLAB 7.3")


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of arrays such as ``freq``, ``Z_prime``, ``Z_double_prime``, or of structs of them.

    Raises
    ------
    ReadError
        When the file is damaged, holds a table or an object, or its names tell nothing.
    """
    if not recognise(file):
        raise file.error("no MATLAB file of version 5 to 7; an older one? save it again: save(..., '-v7')")
    for variable in _unpack(file):
        _refuse_announced(file, variable)
    variables = _load(file)
    groups: dict[str, Arrays] = {"": {name: value for name, value in variables.items() if _is_numeric(value)}}
    for name, value in variables.items():
        groups.update(_find_structs(name, value))
    if not any(groups.values()) and "__function_workspace__" in variables:
        raise file.error(
            "it holds a MATLAB table or object, whose layout is not public: writetable(T, 'cell.csv'), or "
            "save(..., '-struct', 's') with s = table2struct(T, 'ToScalar', true)"
        )
    below = [pair for name, value in variables.items() for pair in _iterate_fields(name, value)]
    names = [texts for _, value in below if (texts := _list_texts(value))]
    groups = {name: name_columns(arrays, names) for name, arrays in groups.items()}
    words = (word for name, value in below for word in iterate_words(name, value))
    return read_groups(file.with_words(words), groups)


def _find_structs(name: str, value: Any, depth: int = 0) -> dict[str, Arrays]:
    """Return the numeric fields of every struct at and below a value, by its path."""
    if not isinstance(value, np.ndarray) or depth > _DEEPEST:
        return {}
    found: dict[str, Arrays] = {}
    if value.dtype.kind == "O":  # cells
        for number, one in enumerate(value.ravel()[:_MOST_STRUCTS], 1):
            found.update(_find_structs(f"{name}{{{number}}}", one, depth + 1))
        return found
    if not value.dtype.names:
        return {}
    for number, one in enumerate(value.ravel()[:_MOST_STRUCTS], 1):
        path = name if value.size == 1 else f"{name}({number})"
        fields = {field: one[field] for field in value.dtype.names}
        found[path] = {field: held for field, held in fields.items() if _is_numeric(held)}
        for field, held in fields.items():
            found.update(_find_structs(f"{path}.{field}", held, depth + 1))
    return found


def _iterate_fields(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield an array, and the fields of structs in it and below, each behind its name."""
    if not isinstance(value, np.ndarray) or depth > _DEEPEST:
        return
    yield name, value
    for field in value.dtype.names or ():
        for one in value.ravel()[:_MOST_STRUCTS]:
            yield from _iterate_fields(field, one[field], depth + 1)


def _list_texts(value: NDArray[Any]) -> list[str]:
    """Return the texts of a list of them, of cells or rows of characters; of anything else none."""
    if not 1 < value.size <= _MOST_NAMES or value.dtype.kind not in "OU":
        return []
    held = [one.item() if isinstance(one, np.ndarray) and one.size == 1 else one for one in value.ravel()]
    return [one.strip() for one in held] if all(isinstance(one, str) for one in held) else []


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiuc" and value.size > 0


def _load(file: File) -> dict[str, NDArray[Any]]:
    from scipy.io import loadmat

    try:
        variables = loadmat(io.BytesIO(file.data))  # type: ignore[arg-type]
    except Exception as error:  # SciPy raises nearly anything for a damaged file
        raise file.error(f"the MATLAB file is damaged ({type(error).__name__})") from None
    kept = ("__function_workspace__",)
    return {name: value for name, value in variables.items() if not name.startswith("__") or name in kept}


def _unpack(file: File) -> Iterator[bytes]:
    """Yield the content of every variable; compressed ones are unpacked once, up to the limit."""
    place, unpacked, count = _HEADER, 0, 0
    order = ">" if file.data[126:128] == b"MI" else "<"
    while place + 8 <= len(file.data):
        kind, size = struct.unpack_from(f"{order}II", file.data, place)
        content = file.data[place + 8 : place + 8 + size]
        if kind == _COMPRESSED:
            try:
                content = zlib.decompressobj().decompress(content, MAX_BYTES - unpacked + 1)
            except zlib.error:
                raise file.error("the MATLAB file is damaged (zlib)") from None
            unpacked += len(content)
            file.limit(unpacked=unpacked)
            content = content[8:]
        yield content
        place += 8 + size
        count += 1
        if count > _MOST_VARIABLES:
            raise file.error(f"more than {_MOST_VARIABLES} variables")


def _refuse_announced(file: File, matrix: bytes) -> None:
    """Refuse an array that announces more elements than there are bytes: SciPy would make room for them.

    The tags are those of MATLAB's "MAT-File Format", level 5: an element takes a byte at least.
    """
    order = ">" if file.data[126:128] == b"MI" else "<"
    pending = [matrix]
    while pending:
        parts = list(_iterate_elements(pending.pop(), order))
        if any(kind not in _TYPES for kind, _ in parts):
            raise file.error("the MATLAB file is damaged (an element of no known type)")
        kinds = [content for kind, content in parts if kind in _INTEGERS]
        if len(kinds) < 2 or len(kinds[0]) < 4:
            continue
        (flags,) = struct.unpack(f"{order}I", kinds[0][:4])
        due = _ELEMENTS.get(flags & 0xFF, 0)
        if due and (len(parts) < due + bool(flags & _COMPLEX) or any(kind == _MATRIX for kind, _ in parts)):
            raise file.error("the MATLAB file is damaged (an array without all of its parts)")
        space = sum(len(content) for _, content in parts)
        shape = struct.unpack(f"{order}{len(kinds[1]) // 4}i", kinds[1][: len(kinds[1]) // 4 * 4])
        if len(shape) > _MOST_DIMENSIONS or min(shape, default=0) < 0:  # SciPy crashes on some
            raise file.error(f"the MATLAB file announces an array of {len(shape)} dimensions that cannot be")
        count = math.prod(shape)
        if count > space:
            raise file.error(f"the MATLAB file announces {count} elements and holds {space} bytes of them")
        pending += [content for kind, content in parts if kind == _MATRIX]


def _iterate_elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield (type, content) of the elements in `data`; small ones carry their content in the tag."""
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:
            yield kind & 0xFFFF, data[place + 4 : place + 4 + (kind >> 16)]
            place += 8
        else:
            yield kind, data[place + 8 : place + 8 + size]
            place += 8 + size + (-size % 8 if kind != _COMPRESSED else 0)

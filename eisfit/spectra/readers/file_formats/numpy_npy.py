"""NumPy `.npy`: one array. Read without pickle, and only where the announced size is really there."""

from __future__ import annotations

import io
import tokenize
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._named_arrays import read_names
from eisfit.spectra.readers.file_formats._shaped_arrays import read_array, read_at_frequency
from eisfit.spectra.readers.sweep import Sweep

NAME = "NumPy .npy"
SUFFIXES = (".npy",)

_MAGIC = b"\x93NUMPY"


def recognise(file: File) -> bool:
    """Whether it starts with NumPy's magic."""
    return file.data.startswith(_MAGIC)


def parse(file: File) -> list[Sweep]:
    """Return the sweeps where the array's shape has a place for frequencies.

    Raises
    ------
    ReadError
        When it has none, or the array is of objects.
    """
    return read_any_array(file, load_array(file, file.data))


def read_any_array(file: File, array: NDArray[Any]) -> list[Sweep]:
    """Return the sweeps of one array: of named columns, or of a shape that has a place for frequencies."""
    if array.dtype.names:
        return read_names(file, {name: array[name] for name in array.dtype.names})
    return read_array(file, array)


def parse_matrix(file: File, frequency: NDArray[np.float64]) -> list[Sweep]:
    """Return the sweeps at frequencies given by the user: complex (n, F) or (F, n).

    Raises
    ------
    ReadError
        When the shape does not fit.
    """
    return read_at_frequency(file, load_array(file, file.data), frequency)


def load_array(file: File, data: bytes) -> NDArray[Any]:
    """Return the array in `data`, refusing objects and sizes that the bytes do not bear out.

    Raises
    ------
    ReadError
        When it is damaged or holds objects.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an old header or name of a type is no fault of the data
            shape, by_columns, dtype = read(stream)
        count = int(np.prod([int(n) for n in shape], dtype=object))
        if dtype.hasobject or count * dtype.itemsize > len(data) - stream.tell():
            raise file.error("the NumPy array holds objects, or less than it announces")
        if count * dtype.itemsize < len(data) - stream.tell():
            raise file.error(
                "more follows the NumPy array than it announces: it is damaged, or there are several arrays, "
                "which belong in an .npz (numpy.savez)"
            )
        values = np.frombuffer(data, dtype, count, stream.tell())
        return values.reshape(shape, order="F" if by_columns else "C")
    except (ValueError, EOFError, OSError, TypeError, SyntaxError, tokenize.TokenError) as error:
        raise file.error(f"the NumPy array is damaged or of a kind that is not read ({error})") from None

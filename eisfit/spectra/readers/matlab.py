"""MATLAB `.mat` (version 5 to 7) with arrays of obvious names, read with SciPy."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.readers._file import MAX_BYTES, File
from eisfit.spectra.readers._named_arrays import from_names
from eisfit.spectra.readers._sweep import Sweep

__all__ = ["NAME", "SUFFIXES", "parse", "recognise"]

NAME = "MATLAB .mat"
SUFFIXES = (".mat",)

_HEADER = 128
_COMPRESSED = 15


def recognise(file: File) -> bool:
    """Whether it starts with MATLAB's line."""
    return file.data.startswith(b"MATLAB ")


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of arrays such as ``freq``, ``Z_prime``, ``Z_double_prime``, or of a struct of them.

    Raises
    ------
    ReadError
        When the file is of version 7.3, damaged, or its names tell nothing.
    """
    if file.data.startswith(b"MATLAB 7.3"):
        raise file.error("a MATLAB 7.3 file (HDF5): save it with save(..., '-v7')")
    _refuse_bombs(file)
    variables = _load(file)
    arrays = {name: value for name, value in variables.items() if _numeric(value)}
    for value in variables.values():
        if isinstance(value, np.ndarray) and value.dtype.names and value.size == 1:
            arrays.update({n: value[n].item() for n in value.dtype.names if _numeric(value[n].item())})
    return from_names(file, arrays)


def _numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiuc" and value.size > 0


def _load(file: File) -> dict[str, NDArray[Any]]:
    from scipy.io import loadmat

    try:
        variables = loadmat(io.BytesIO(file.data))  # type: ignore[arg-type]
    except Exception as error:  # SciPy raises nearly anything for a damaged file
        raise file.error(f"the MATLAB file is damaged ({type(error).__name__})") from None
    return {name: value for name, value in variables.items() if not name.startswith("__")}


def _refuse_bombs(file: File) -> None:
    """Unpack every compressed variable once, up to the limit, before SciPy does."""
    place, left = _HEADER, MAX_BYTES
    while place + 8 <= len(file.data):
        kind, size = struct.unpack_from("<II", file.data, place)
        if kind == _COMPRESSED:
            try:
                left -= len(
                    zlib.decompressobj().decompress(file.data[place + 8 : place + 8 + size], left + 1)
                )
            except zlib.error:
                raise file.error("the MATLAB file is damaged (zlib)") from None
            if left < 0:
                raise file.error(f"unpacks to more than {MAX_BYTES // 2**20} MiB")
        place += 8 + size

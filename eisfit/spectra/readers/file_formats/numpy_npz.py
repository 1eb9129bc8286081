"""NumPy `.npz`: named arrays in a ZIP archive; its announced size is checked before anything is unpacked."""

from __future__ import annotations

from eisfit.spectra.readers.archive import read_members
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._named_arrays import iterate_words, name_columns, read_groups
from eisfit.spectra.readers.file_formats.numpy_npy import load_array, read_any_array
from eisfit.spectra.readers.sweep import Sweep

NAME = "NumPy .npz"
SUFFIXES = (".npz",)


def recognise(file: File) -> bool:
    """Whether it is a ZIP archive whose first member is an `.npy`."""
    return file.data.startswith(b"PK\x03\x04") and b".npy" in file.data[30:300]


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of arrays with obvious names (``frequency``, ``Z``, ``Z_real``, ``Z_imag``, ...).

    Raises
    ------
    ReadError
        When the archive is damaged or too large, or the names tell nothing.
    """
    content = read_members(file, lambda name: name.endswith(".npy"))
    arrays = {name[:-4]: load_array(file, data) for name, data in content.items()}
    for array in arrays.values() if len(arrays) == 1 else []:  # saved without a name
        if array.dtype.names or array.ndim > 1:
            return read_any_array(file, array)
    words = (word for name, held in arrays.items() for word in iterate_words(name, held))
    names = [held.ravel().tolist() for held in arrays.values() if held.dtype.kind == "U" and held.ndim]
    return read_groups(file.with_words(words), {"": name_columns(arrays, names)})

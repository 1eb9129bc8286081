"""Octave's text format (what its `save` writes unless told otherwise): named matrices, also in structs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import MAX_ROWS, File
from eisfit.spectra.readers.file_formats._named_arrays import Arrays, read_groups
from eisfit.spectra.readers.file_formats._shaped_arrays import read_array
from eisfit.spectra.readers.sweep import Sweep

NAME = "Octave text"
SUFFIXES = ()

_ENTRY = regex(r"^# name: (.*)\n# type: (.*)\n", re.MULTILINE)
_SHAPE = regex(r"# rows: (\d+)\n# columns: (\d+)\n")
_COMPLEX = regex(r"\(([^,()]*),([^,()]*)\)")


def recognise(file: File) -> bool:
    """Whether the first line is Octave's."""
    return file.encoding is not None and file.head.startswith("# Created by Octave")


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of matrices such as ``f`` and ``Z``, or of one with f, Z', Z''.

    Raises
    ------
    ReadError
        When a matrix is shorter than it says, or the names tell nothing.
    """
    text = file.text
    groups: dict[str, Arrays] = {"": {}}
    group = ""
    entries = list(_ENTRY.finditer(text))
    for entry, stop in zip(entries, [*(e.start() for e in entries[1:]), len(text)], strict=True):
        name, kind = entry[1].strip(), entry[2].strip()
        if kind == "scalar struct":
            group = name
            groups[group] = {}
        elif kind in ("matrix", "complex matrix"):
            groups[group][name] = _read_matrix(file, text[entry.end() : stop], name)
    arrays = [array for held in groups.values() for array in held.values()]
    if len(arrays) == 1:
        return read_array(file, arrays[0])
    return read_groups(file, groups)


def _read_matrix(file: File, text: str, name: str) -> NDArray[Any]:
    shape = _SHAPE.match(text)
    if shape is None:
        raise file.error(f"the matrix {name!r} says no rows and columns")
    rows, columns = int(shape[1]), int(shape[2])
    body = text[shape.end() :].split("\n# ", maxsplit=1)[0]
    if pairs := _COMPLEX.findall(body):
        values: NDArray[Any] = np.array([complex(float(re_), float(im)) for re_, im in pairs])
    else:
        values = np.array([float(word) for word in body.replace("NA", "nan").split()])
    if rows * columns != values.size or values.size > MAX_ROWS:
        raise file.error(f"the matrix {name!r} says {rows} x {columns} and holds {values.size} numbers")
    return values.reshape(rows, columns)

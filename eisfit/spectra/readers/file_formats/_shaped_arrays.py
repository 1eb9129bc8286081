"""Arrays without names, of a shape that tells what they hold: f, Z', Z'', or f and complex Z."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.spectra.readers.conversion.assemble import TAKEN_AS_OHM, TAKEN_AS_S
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.names.units import IMPEDANCE_UNITS
from eisfit.spectra.readers.surroundings.stated import refuse_unclear
from eisfit.spectra.readers.sweep import GIVEN_UNIT, Sweep, drop_notes, plural
from eisfit.spectra.readers.tables.numbers import PARTED_BY
from eisfit.spectra.readers.tables.sweeps import looks_like_frequency
from eisfit.spectra.spectrum import ASSUMED

_WORDS = "frequency, complex impedance: the two columns (or rows) of the array"


def read_array(file: File, array: NDArray[Any]) -> list[Sweep]:
    """Return the sweeps of one array: (n, 2, F) or (2, F) f and complex Z, (F, 3) or (3, F) f, Z', Z''.

    Those of f, Z', Z'' may lie in layers: (n, F, 3), (n, 3, F), (F, 3, n).

    Raises
    ------
    ReadError
        When the shape has no place for the frequencies.
    """
    if array.ndim == 2 and array.shape[1] == 2 and not array[:, 0].imag.any():
        array = array.T
    if array.ndim == 2 and array.shape[0] == 2 and np.iscomplexobj(array):
        array = array[None]
    if array.ndim == 3 and array.shape[1] == 2 and np.iscomplexobj(array):
        return [_read_pair(file, pair) for pair in array]
    if array.ndim == 3 and (layers := _find_layers(array)):
        return [sweep for layer in layers for sweep in read_array(file, layer)]
    if array.ndim == 2 and not np.iscomplexobj(array) and array.dtype.kind in "fiu" and 3 in array.shape:
        rows = array.T if array.shape[1] == 3 else array
        if looks_like_frequency(rows[0].astype(np.float64)):
            return _read_as_text(file, rows)
    table = array.dtype.kind in "fiu" and array.ndim == 2 and 3 < array.shape[1] < array.shape[0] / 2
    if table and looks_like_frequency(array[:, 0].astype(np.float64)):
        return _read_as_text(file, array.T)  # which proves itself, or not
    raise file.error(
        f"an array of shape {array.shape} without frequencies: give them, read(path, frequency=...), "
        "if it holds impedances"
    )


def _find_layers(array: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the tables of f, Z', Z'' in layers of an array, where the frequencies tell which way."""
    ways = [array, np.moveaxis(array, 2, 0)] if array.dtype.kind in "fiu" else []
    tables = [[one.T if one.shape[1] == 3 else one for one in way] for way in ways if 3 in way.shape[1:]]
    whole = [way for way in tables if all(looks_like_frequency(one[0].astype(np.float64)) for one in way)]
    return whole[0] if len(whole) == 1 else []


def _read_as_text(file: File, rows: NDArray[Any]) -> list[Sweep]:
    """Return the sweeps of three rows as those of a text table without a header, with its proofs."""
    lines = ["\t".join(map(repr, point)) for point in rows.T.tolist()]
    sweeps = text.read_lines(file.with_lines(lines), lines)
    drop_notes(sweeps, PARTED_BY)
    return sweeps


def read_at_frequency(file: File, array: NDArray[Any], frequency: NDArray[np.float64]) -> list[Sweep]:
    """Return the sweeps of complex Z, or of Re and Im after each other in turn, at the given frequencies.

    Raises
    ------
    ReadError
        When no axis of the array has as many entries as there are frequencies.
    """
    f = np.asarray(frequency, dtype=np.float64)
    z, note = _make_complex_rows(file, np.squeeze(array), f)
    refuse_unclear(file, {"ohm"})
    scale, told = _find_unit(file, of_admittance=note.startswith("1/Y"))
    sweeps = [Sweep(f[..., i] if f.ndim == 2 else f, scale * row, notes=[told]) for i, row in enumerate(z)]
    settle_sign(file, sweeps, note)
    for sweep in sweeps:
        sweep.notes.insert(0, "frequencies given by the user")
    return sweeps


def _make_complex_rows(
    file: File, array: NDArray[Any], f: NDArray[np.float64]
) -> tuple[list[NDArray[np.complex128]], str]:
    size = f.shape[0] if f.ndim else 0
    array = array[None] if array.ndim == 1 else array
    if array.ndim == 2 and size and np.iscomplexobj(array) and size in array.shape:
        rows = array.T if array.shape[0] == size else array
        if file.stem.startswith("Y"):
            return [1 / row for row in rows.astype(np.complex128)], "1/Y: the file's name says admittance"
        return list(rows.astype(np.complex128)), "complex numbers as written"
    if array.ndim == 2 and size and not np.iscomplexobj(array) and 2 * size == array.shape[1]:
        pairs = array.astype(np.float64)
        return [row[::2] + 1j * row[1::2] for row in pairs], "Z' and Z'' in turn"
    raise file.error(
        f"an array of shape {array.shape} does not fit {plural(size, 'frequency').replace('ys', 'ies')}"
    )


def _read_pair(file: File, pair: NDArray[np.complex128]) -> Sweep:
    f = pair[0].real.astype(np.float64)
    if np.abs(pair[0].imag).max() > 0 or not looks_like_frequency(f):
        raise file.error("the first column (or row) of the two should be frequencies, but it is none")
    refuse_unclear(file, {"ohm", "frequency"})
    scale, told = _find_unit(file)
    return Sweep(f, scale * pair[1].astype(np.complex128), notes=[_WORDS, told])


def _find_unit(file: File, *, of_admittance: bool = False) -> tuple[float, str]:
    """Return the factor to ohm of numbers without a name, and the note that says who told it."""
    if unit := file.reading.impedance_unit:
        return IMPEDANCE_UNITS[unit], f"{GIVEN_UNIT} {unit}"
    return 1.0, f"{ASSUMED} no unit given for the {TAKEN_AS_S if of_admittance else TAKEN_AS_OHM}"

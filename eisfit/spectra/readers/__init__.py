"""Reading instrument files: one module per format, found by being there, chosen by content.

From the ground up: `names` (what a column is called), `tables` (lines to columns), `conversion` (columns to
the impedance), `labels` (whose, at what), `surroundings` (ends, remarks, further tables) and `file_formats`.

A format is a module of `file_formats` whose name has no underscore in front. It has

- ``NAME``: what to call the format,
- ``SUFFIXES``: its usual extensions, asked only where no content is recognised,
- ``RANK`` (optional): the order of asking, small first; the text table has 100,
- ``recognise(file) -> bool``: whether the content is of this format,
- ``parse(file) -> list[Sweep]``: the sweeps, or a `ReadError`; a format of another package (entry points of
  the group ``eisfit.readers``) may give `Spectrum` too.
"""

from __future__ import annotations

import pkgutil
import struct
import tokenize
import zlib
from functools import lru_cache
from importlib import import_module
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.errors import EisfitError, ReadError, UsageError
from eisfit.extensions import is_offered, list_extensions
from eisfit.spectra.readers import file_formats
from eisfit.spectra.readers.archive import find_only_member
from eisfit.spectra.readers.conversion.measured import select_measured
from eisfit.spectra.readers.file import File, check_file, load_file
from eisfit.spectra.readers.reading import Reading
from eisfit.spectra.readers.surroundings.ends import drop_padding
from eisfit.spectra.readers.sweep import GIVEN_SIGN, GIVEN_UNIT, Sweep, make_spectra
from eisfit.spectra.spectrum import ASSUMED, Spectrum

__all__ = ["ASSUMED", "formats", "read", "read_all", "read_bytes"]


def read(
    path: str | PathLike[str],
    *,
    index: int | None = None,
    frequency: ArrayLike | None = None,
    average_duplicates: bool = False,
    impedance_unit: str | None = None,
    imag_sign: str = "auto",
) -> Spectrum:
    """Read the one spectrum of a file.

    Parameters
    ----------
    path
        The file, or one that is open for reading; ``-`` reads standard input.
    index
        Which of several spectra, from 0 (negative: from the end).
    frequency
        (F,) Hz, for files that hold impedances without frequencies.
    average_duplicates
        Average points that share a frequency (with a note) instead of refusing them.
    impedance_unit
        ``uohm, mohm, ohm, kohm, Mohm`` or ``Gohm``, where the file does not say it, or says it wrongly.
    imag_sign
        ``auto``: the header is believed, but where the data contradict it and are certainly of a passive
        system; ``header``: always; ``+``: the imaginary column holds Im Z; ``-``: it holds -Im Z.

    Raises
    ------
    ReadError
        When the file cannot be read, or holds several spectra and `index` is not given.
    UsageError
        For an index that is no whole number.
    """
    if not (index is None or isinstance(index, (int, np.integer))):
        raise UsageError(f"read: index is a whole number, not {index!r}")
    spectra = read_all(
        path,
        frequency=frequency,
        average_duplicates=average_duplicates,
        impedance_unit=impedance_unit,
        imag_sign=imag_sign,
    )
    if index is None and len(spectra) > 1:
        raise ReadError(
            f"{path}: holds {len(spectra)} spectra; read_series reads them all, "
            f"index=0 to {len(spectra) - 1} one of them"
        )
    try:
        return spectra[index or 0]
    except IndexError:
        raise ReadError(f"{path}: has no spectrum {index}, it holds {len(spectra)}") from None


def read_all(
    path: str | PathLike[str],
    *,
    frequency: ArrayLike | None = None,
    average_duplicates: bool = False,
    impedance_unit: str | None = None,
    imag_sign: str = "auto",
) -> tuple[Spectrum, ...]:
    """Read all spectra of one file, in the file's order; parameters as in `read`.

    Raises
    ------
    ReadError
        When the file cannot be read as impedance spectra; one sentence that starts with its path.
    """
    reading = Reading(average_duplicates, impedance_unit, imag_sign)
    return _read(_open_given(path, reading), frequency)


def _open_given(path: Any, reading: Reading) -> File:
    """Return the file at a path, or of an open stream."""
    if hasattr(path, "read"):
        data = path.read()
        name = str(getattr(path, "name", "<stream>"))
        return check_file(File(name, data.encode() if isinstance(data, str) else bytes(data), reading))
    _refuse_content(path)
    return load_file(Path(path).expanduser() if str(path) != "-" else "-", reading)


def _refuse_content(path: Any) -> None:
    """Refuse what is no path: a table, several paths, the content of a file."""
    content = isinstance(path, bytes) or (isinstance(path, str) and "\n" in path)
    if isinstance(path, (str, PathLike)) and not content and path != "":
        return
    cure = ", not an empty text" if isinstance(path, str) else ""
    if content:
        kind = "BytesIO" if isinstance(path, bytes) else "StringIO"
        cure = f"; the content of a file goes in as io.{kind}(...)"
    elif isinstance(path, (list, tuple)):
        cure = "; read_series reads a list of files"
    elif hasattr(path, "columns"):
        cure = "; eisfit.fit, check, ... take a table as it is"
    raise ReadError(f"{type(path).__name__}: read takes the path of a file, or an open one{cure}")


def read_bytes(
    data: bytes,
    name: str = "<bytes>",
    *,
    frequency: ArrayLike | None = None,
    average_duplicates: bool = False,
    impedance_unit: str | None = None,
    imag_sign: str = "auto",
) -> tuple[Spectrum, ...]:
    r"""Read all spectra of a file's content given as bytes; `name` stands for the path, its extension helps.

    Raises
    ------
    ReadError
        As `read_all`.

    Examples
    --------
    >>> (s,) = read_bytes(b"f/Hz;Zre/Ohm;-Zim/Ohm\n1000;2;0,1\n100;3;0,5\n10;4;0,2\n", "cell.csv")
    >>> complex(s.impedance[1])
    (3-0.5j)
    >>> s.notes[1]
    'decimal comma'
    """
    reading = Reading(average_duplicates, impedance_unit, imag_sign)
    return _read(check_file(File(name, bytes(data), reading)), frequency)


def formats() -> tuple[str, ...]:
    """Return the names of all formats that are read.

    >>> "text table" in formats()
    True
    """
    return tuple(module.NAME for module in (*_list_modules(), *list_extensions("readers").values()))


# What a damaged file makes parsers raise.
_DAMAGE = (
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    MemoryError,
    StopIteration,
    RuntimeError,
    OSError,
    struct.error,
    zlib.error,
    tokenize.TokenError,
)


@lru_cache(maxsize=1)
def _list_modules() -> tuple[ModuleType, ...]:
    names = [one.name for one in pkgutil.iter_modules(file_formats.__path__) if not one.name.startswith("_")]
    modules = [import_module(f"{file_formats.__name__}.{name}") for name in sorted(names)]
    return tuple(sorted(modules, key=lambda module: getattr(module, "RANK", 10)))


@np.errstate(all="ignore")  # files hold zeros, gaps and numbers beyond all range
def _read(file: File, frequency: ArrayLike | None) -> tuple[Spectrum, ...]:
    """Return the spectra; another package's reader that claims the file goes first: it knows its lab."""
    try:
        if module := _find_offered(file) or _find_own(file):
            return _parse(file, module, frequency)
        inner, name = find_only_member(file)
        found = _parse(inner, _choose_format(inner), frequency)
        told = (f"from {name!r} in the ZIP archive",) if name else ()
        return tuple(one.replace(notes=(*one.notes, *told)) for one in found)
    except EisfitError:
        raise
    except _DAMAGE as error:
        # A damaged file can break any assumption of any format: still one sentence for the user.
        detail = f"{type(error).__name__}: {error}".splitlines()[0][:120]
        raise file.error(f"the file is damaged or of an unknown variant ({detail})") from error


def _find_offered(file: File) -> Any:
    """Return the reader of another package that recognises a file, or None."""
    if not is_offered("readers"):
        return None
    return next((one for one in list_extensions("readers").values() if one.recognise(file)), None)


def _parse(file: File, module: Any, frequency: ArrayLike | None) -> tuple[Spectrum, ...]:
    if frequency is None:
        sweeps = [_make_sweep(one) for one in module.parse(file)]
    elif hasattr(module, "parse_matrix"):
        sweeps = module.parse_matrix(file, np.asarray(frequency, dtype=np.float64))
    else:
        raise file.error(f"frequencies were given, but this {module.NAME} file has its own")
    for sweep in sweeps:
        sweep.metadata.setdefault("format", module.NAME)
    _refuse_unused_options(file, sweeps, module.NAME)
    drop_padding(sweeps if len(sweeps) > 1 else ())
    return make_spectra(file, select_measured(file, sweeps))


def _make_sweep(found: Sweep | Spectrum) -> Sweep:
    if isinstance(found, Sweep):
        return found
    fields = {name: getattr(found, name) for name in Sweep.__dataclass_fields__ if hasattr(found, name)}
    return Sweep(**{**fields, "metadata": dict(found.metadata), "notes": list(found.notes)})


def _refuse_unused_options(file: File, sweeps: list[Sweep], name: str) -> None:
    """Refuse what the user said of the file where its format says it itself."""
    notes = [note for sweep in sweeps for note in sweep.notes]
    given = {GIVEN_UNIT: file.reading.impedance_unit, GIVEN_SIGN: file.reading.imag_sign in ("+", "-")}
    for begins, value in given.items():
        if value and not any(note.startswith(begins) for note in notes):
            what = "impedance_unit" if begins == GIVEN_UNIT else "imag_sign"
            told = (
                f"{name} files say it themselves" if name != "text table" else "no column in it asks for it"
            )
            raise file.error(f"{told}: leave {what} out")


def _find_own(file: File) -> Any:
    return next((module for module in _list_modules() if module.recognise(file)), None)


def _choose_format(file: File) -> Any:
    if module := _find_own(file):
        return module
    what = file.foreign()
    if what is not None:
        raise file.error(f"is {what}, not a spectrum")
    for module in _list_modules():
        if file.suffix in module.SUFFIXES and module.NAME != "text table":
            return module
    raise file.error("is a binary file of no known format")

"""What people hand to a call, as spectra: a path, two arrays, a DataFrame, a fit; and their options."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from numbers import Number
from os import PathLike
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeGuard, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from eisfit.errors import ReadError, SpectrumError, UsageError, did_you_mean
from eisfit.files import printable_name
from eisfit.spectra import WEIGHTING, WEIGHTINGS
from eisfit.spectra.spectrum import COLUMNS, Spectrum

if TYPE_CHECKING:
    import pandas as pd

    from eisfit.spectra.series import Series

P = ParamSpec("P")
T = TypeVar("T")

#: What `to_spectrum` takes. A fit stands for the spectrum that was fitted.
SpectrumLike: TypeAlias = "Spectrum | str | PathLike[str] | tuple[ArrayLike, ArrayLike] | pd.DataFrame | Any"

_CANONICAL = ({*COLUMNS}, {"frequency", "impedance"})
_BESIDE = ("noise_ohm", "time_s")
_CURE = (
    "give a path, a pair (frequency, impedance) with complex impedances, a DataFrame with the columns "
    f"{', '.join(COLUMNS)}, or a Spectrum"
)
#: Names of options in impedance.py, lmfit, scipy and pyimpspec -> what eisfit calls it.
_THEIRS = {
    "model": "the circuit goes second, or by name: circuit='R0-p(R1,C1)'",
    **dict.fromkeys(
        ("initial_guess", "p0", "x0", "guess"),
        "start values are start={...} (by name) or start=[...] (in order), and none are needed",
    ),
    "axis": "the axis of a series is by='temperature', 'cycle', 'soc', ...",
    **dict.fromkeys(("constants", "vary", "fixed", "fix_params"), "fixed values are fix={'NAME': value}"),
    "bounds": "bounds are bound={'NAME': (low, high)}; None leaves a side as it is",
    **dict.fromkeys(
        ("weight_by_modulus", "weight", "weights"),
        f"weights are weighting={', '.join(map(repr, WEIGHTINGS))}; {WEIGHTING!r} where none is given",
    ),
    "sigma": "the data's noise is Spectrum(frequency, impedance, noise=...) with weighting='noise'",
    "global_opt": "every fit is searched globally: leave it out",
    "method": "every fit is searched globally and finished by lmfit's least_squares: leave it out",
    **dict.fromkeys(("maxfev", "max_nfev"), "the search ends by itself: leave it out"),
    **dict.fromkeys(("n_jobs", "processes", "max_workers"), "fit_many(..., workers=8) has processes"),
    **dict.fromkeys(("shared", "smooth"), "a joint fit is joint={'NAME': 'shared'} (or 'smooth', ...)"),
    **dict.fromkeys(("freq_range", "frequency_range", "f_range"), "the range is fmin=... and fmax=..., Hz"),
    **dict.fromkeys(("lam", "lambda_", "reg_param"), "the regularisation is regularisation=..."),
    "area": "what is known of the cell is geometry={'area': '1.13 cm2', ...}",
    "parameters": "start values are start={...}, lmfit's Parameters are params=...",
    **dict.fromkeys(
        ("frequencies", "frequency", "impedance", "Z", "f"),
        "frequencies and impedances go together, as a pair: fit((frequency, impedance), circuit)",
    ),
}


def to_spectrum(source: SpectrumLike) -> Spectrum:
    """Return the one spectrum that is meant.

    Parameters
    ----------
    source
        A `Spectrum`; the path of a file with one, or an open one; a pair ``(frequency, impedance)``, (F,) Hz
        and (F,) complex ohm; a pandas DataFrame or a mapping of columns, by any header that files may have; a
        fit; a series of one spectrum; or what `Spectrum.to_dict` gives.

    Raises
    ------
    SpectrumError
        When it is none of these; says what would be.
    ReadError
        For a file that cannot be read, or holds several spectra.

    Examples
    --------
    >>> to_spectrum(([100.0, 1.0], [2 - 1j, 5 - 0.1j]))
    <Spectrum spectrum: 2 points, 1 Hz to 100 Hz>
    """
    if isinstance(source, Spectrum):
        return source
    if isinstance(source, (str, PathLike)) or callable(getattr(source, "read", None)):  # open files too
        from eisfit.spectra.readers import read

        path: Any = source
        return read(path)
    fitted = getattr(source, "spectrum", None)
    if isinstance(fitted, Spectrum):
        return fitted
    if _are_paths(source):
        return _take_only(_read_series(source))
    if _is_series(source) or _are_spectra(source):
        return _take_only(source)
    return _take_only(_read_tables(source)) if _is_table(source) else _read_pair(source)


def to_spectra(source: Any) -> Iterable[Any]:
    """Return the spectra that are meant, a `Series` where files are named.

    Parameters
    ----------
    source
        What `eisfit.read_series` takes, a series, or any iterable of what `to_spectrum` takes; what could not
        be read or fitted stays in its place.

    Raises
    ------
    UsageError
        For one spectrum where several belong.
    ReadError
        When files cannot be read.
    """
    if _is_series(source):
        return source
    if isinstance(source, (str, PathLike)):
        return _read_series(source)
    if _is_table(source) and not isinstance(source, dict) and len(found := _read_tables(source)) > 1:
        return found  # of a table with a column of cycles, or the like
    if isinstance(source, Spectrum) or _is_table(source) or not isinstance(source, Iterable):
        raise UsageError(
            f"{type(source).__name__}: several spectra belong here: a folder, a list of files or of spectra, "
            "or what read_series gives; one spectrum is fitted by eisfit.fit"
        )
    if isinstance(source, Iterator):
        first = list(islice(source, 1))
        paths = _are_paths(first)
        source = [*first, *source] if paths else chain(first, source)
    if _are_paths(source):
        return _read_series(source)
    return list(_iterate_spectra(source)) if isinstance(source, (list, tuple)) else _iterate_spectra(source)


def to_spectra_as_named(source: Any) -> Iterable[Any]:
    """Return the spectra that are meant; those of files in the order in which the files are named.

    What cannot be read is an `UnreadFile`: in its place, or last in a folder or of a glob.

    Parameters
    ----------
    source
        As for `to_spectra`, which says what is raised.
    """
    if isinstance(source, (str, PathLike)):
        series = _read_series(source)
        return [*series, *series.failures]
    if _are_paths(source):
        return list(_iterate_spectra(source))
    return _iterate_spectra(source) if isinstance(source, Iterator) else to_spectra(source)


def _iterate_spectra(source: Iterable[Any]) -> Iterator[Any]:
    for place, one in enumerate(source):
        if isinstance(one, Spectrum) or getattr(one, "error", None) is not None:
            yield one
        elif isinstance(one, (str, PathLike)):
            yield from _iterate_file(one)
        else:
            keyed = isinstance(one, tuple) and len(one) == 2 and hasattr(one[1], "columns")
            try:
                yield to_spectrum(one[1] if keyed else one)  # of groupby
            except (ReadError, SpectrumError) as error:
                raise type(error)(f"spectrum {place} (from 0): {error}") from None


def _iterate_file(path: str | PathLike[str]) -> Iterator[Any]:
    """Yield the spectra of a file, a folder or a glob, then what could not be read of it."""
    from eisfit.spectra.series import UnreadFile

    try:
        series = _read_series(path)
    except ReadError as error:
        yield UnreadFile(printable_name(str(path)), str(error))
    else:
        yield from (*series, *series.failures)


def takes_spectrum(
    function: Callable[Concatenate[Spectrum, P], T],
) -> Callable[Concatenate[SpectrumLike, P], T]:
    """Return the function with whatever `to_spectrum` takes as its first argument.

    An option that it does not have is told by the name that it has here, as a `UsageError`.
    """
    signed = functools.cache(lambda: inspect.signature(function))  # when it is called: a start is to be short
    call_it: Callable[..., T] = function

    @functools.wraps(function)
    def call(*given: Any, **options: Any) -> T:
        known = list(signed().parameters)
        for name in options:
            if name not in known:
                raise make_option_error(function.__name__, name, known)
        if len(given) > 1 and all(map(_are_numbers, given[:2])):
            raise UsageError(f"{function.__name__}: {_THEIRS['f']}")
        try:
            signed().bind(*given, **options)
        except TypeError as error:
            raise UsageError(f"{function.__name__}: {error}; it takes {', '.join(known)}") from None
        if given:
            return call_it(to_spectrum(given[0]), *given[1:], **options)
        if known[0] in options:
            options[known[0]] = to_spectrum(options[known[0]])
        return call_it(**options)

    return call


def make_option_error(function: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for an option that a function does not have.

    >>> str(make_option_error("fit", "constants", ["fix", "start"]))
    "fit has no option 'constants': fixed values are fix={'NAME': value}"
    """
    said = f": {_THEIRS[name]}" if name in _THEIRS else did_you_mean(name, known)
    return UsageError(f"{function} has no option {name!r}{said or '; it has ' + ', '.join(known)}")


def _is_series(source: Any) -> TypeGuard[Series]:
    """Return whether this is a `Series`: nothing is one before its module is there."""
    known = sys.modules.get("eisfit.spectra.series")
    return known is not None and isinstance(source, known.Series)


def _read_series(source: Any) -> Series:
    from eisfit.spectra.series import read_series  # it loads all readers: where files are named

    return read_series(source)


def _are_paths(source: Any) -> TypeGuard[Sequence[str | PathLike[str]]]:
    return (
        isinstance(source, (list, tuple))
        and bool(source)
        and all(isinstance(one, (str, PathLike)) for one in source)
    )


def _are_numbers(source: Any) -> bool:
    is_vector = isinstance(source, (np.ndarray, list)) and np.ndim(source) == 1
    return is_vector and len(source) > 0 and isinstance(source[0], Number)


def _are_spectra(source: Any) -> bool:
    return isinstance(source, (list, tuple)) and bool(source) and all(isinstance(s, Spectrum) for s in source)


def _take_only(several: Any) -> Spectrum:
    if len(several) != 1:
        raise SpectrumError(
            f"{len(several)} spectra where one belongs: take one of them, or eisfit.track or eisfit.fit_many "
            "for all"
        )
    first: Spectrum = several[0]
    return first


def _is_table(source: Any) -> bool:
    return isinstance(source, Mapping) or hasattr(source, "columns")


def _read_tables(table: Any) -> list[Spectrum]:
    """Return the spectra of a table: by the canonical columns, else by its headers as those of a file."""
    if isinstance(table, Mapping) and "data" in table:
        return [Spectrum.from_dict(table)]
    for name in ("to_dataframe", "to_pandas"):  # of xarray, of Arrow
        if hasattr(table, name):
            table = getattr(table, name)()
            break
    names = {str(name) for name in (table.columns if hasattr(table, "columns") else table)}
    if any(canonical <= names <= {*canonical, *_BESIDE} for canonical in _CANONICAL):
        return [Spectrum.from_frame(table)]
    import pandas as pd

    from eisfit.spectra.readers import read_bytes

    frame = pd.DataFrame(table)
    index = [name for name in frame.index.names if name is not None and name not in frame]
    frame = frame.reset_index(level=index) if index else frame  # the frequency may be the index
    try:
        found = read_bytes(frame.to_csv(index=False).encode(), "the table's columns")
    except ReadError:
        if any(canonical <= names for canonical in _CANONICAL):
            return [Spectrum.from_frame(table)]
        raise
    return [one.replace(source="") for one in found]


def _to_numbers(column: Any) -> Any:
    """Return a column of objects or text as the numbers that it holds; what holds none as it is."""
    array = column if np.ma.isMaskedArray(column) else np.asarray(column)
    if array.dtype.kind not in "OUS":
        return column
    try:
        numbers = array.astype(np.complex128)
    except (TypeError, ValueError):
        return column
    return numbers if numbers.imag.any() else numbers.real


def _read_pair(source: Any) -> Spectrum:
    if not isinstance(source, (tuple, list, np.ndarray)):
        raise SpectrumError(f"{type(source).__name__} is no spectrum: {_CURE}")
    frequency, impedance = map(_to_numbers, _split_pair(source))
    if np.size(frequency) == 0:
        raise SpectrumError("frequency: is empty")
    if np.iscomplexobj(frequency):
        if np.iscomplexobj(impedance) and not np.imag(frequency).any():
            frequency = np.real(frequency)  # both in one complex array
        else:
            raise SpectrumError(
                "the frequencies are complex: the pair is (frequency, impedance), in this order"
            )
    elif not np.iscomplexobj(impedance):
        raise SpectrumError(
            "the impedances are real numbers: give real + 1j * imaginary, with Z'' < 0 for a capacitor"
        )
    return Spectrum(frequency=frequency, impedance=impedance)


def _split_pair(source: Any) -> Any:
    """Return frequency and impedance of a pair, or of rows with both."""
    rows = isinstance(source, np.ndarray) or all(isinstance(one, (tuple, list)) for one in source)
    if rows and len(source) > 3 and all(np.size(one) in (2, 3) for one in source):
        source = list(zip(*source, strict=False))  # one row for each frequency
    if len(source) == 3:
        raise SpectrumError(
            "three columns do not say whether the last is Z'' or -Z'': give "
            "(frequency, real + 1j * imaginary) with a negative imaginary part for a capacitor"
        )
    if len(source) != 2:
        raise SpectrumError(f"a {type(source).__name__} of {len(source)} is no spectrum: {_CURE}")
    return source

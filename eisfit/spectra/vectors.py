"""Vectors of a spectrum: turned into arrays of numbers, and refused where they cannot be a spectrum's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.errors import SpectrumError

_LARGEST = 1e40  # Hz, ohm, and its inverse the smallest: sixth powers of the ratios still are numbers


def make_vector(values: ArrayLike, name: str, dtype: Any) -> NDArray[Any]:
    """Return a vector of numbers; `name` stands in the error.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    try:
        array = np.array(values, dtype=dtype)
    except (TypeError, ValueError):
        raise SpectrumError(f"{name}: not a list of numbers") from None
    if array.ndim != 1:
        raise SpectrumError(f"{name}: must be one-dimensional, not of shape {array.shape}")
    if array.size == 0:
        raise SpectrumError(f"{name}: is empty")
    return array


def make_number(value: Any, name: str) -> float:
    """Return one number; `name` stands in the error.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError):
        raise SpectrumError(f"{name}: {value!r} is not a number") from None


def make_sweep(values: ArrayLike) -> FloatArray:
    """Return a vector of frequencies, of which nobody but `sort_grid` takes the content: no copy of an array.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    plain = type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1 and values.size
    return values if plain else make_vector(values, "frequency", np.float64)  # type: ignore[return-value]


def make_noise(values: ArrayLike, size: int) -> FloatArray:
    """Return the noise of every point, positive and finite.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    noise = make_vector(np.full(size, values) if np.ndim(values) == 0 else values, "noise", np.float64)
    if noise.size != size:
        raise SpectrumError(f"noise: has {noise.size} values for {size} frequencies")
    if not (np.isfinite(noise).all() and (noise > 0).all()):
        raise SpectrumError(
            "noise: must be positive and finite everywhere (the impedance is one: real + 1j * imaginary)"
        )
    return noise


def make_times(values: ArrayLike, size: int) -> FloatArray:
    """Return the time of every point, s.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    times = make_vector(values, "times", np.float64)
    if times.size != size or not np.isfinite(times).all():
        raise SpectrumError(f"times: must be {size} finite numbers, one for each frequency")
    return times


def check_spectrum(frequency: FloatArray, impedance: ComplexArray) -> None:
    """Refuse lengths, numbers and magnitudes that are no spectrum's.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    check_length(frequency, impedance)
    _check_frequency(frequency)
    check_impedance(impedance)


def check_length(frequency: FloatArray, impedance: ComplexArray) -> None:
    """Refuse vectors of two lengths.

    Raises
    ------
    SpectrumError
        When they are.
    """
    if frequency.size != impedance.size:
        raise SpectrumError(f"impedance: has {impedance.size} values for {frequency.size} frequencies")


def check_impedance(impedance: ComplexArray) -> None:
    """Refuse numbers and magnitudes that no spectrum has.

    Raises
    ------
    SpectrumError
        When there are any.
    """
    size = np.abs(impedance)
    # by their places, which a third of the time finds; nan is both, and neither
    if not (size.item(size.argmin()) >= 1 / _LARGEST and size.item(size.argmax()) <= _LARGEST):
        _check_finite("impedance", impedance)
        _check_range("impedance", "ohm", size[size > 0])


@lru_cache(maxsize=64)
def sort_grid(frequency: bytes) -> tuple[FloatArray, IntArray | None]:
    """Return frequencies from high to low, one array for all spectra that have them, and their order.

    Parameters
    ----------
    frequency
        Hz, the array's content: the same sweep is looked at once.

    Returns
    -------
    tuple
        (F,), which nobody writes to, and the places (F,) that they came from; None where they were in order.

    Raises
    ------
    SpectrumError
        When a number is no frequency, or occurs twice.
    """
    given = np.frombuffer(frequency, dtype=np.float64)
    _check_frequency(given)
    order = np.argsort(-given, kind="stable")
    ordered = given[order]
    same = np.flatnonzero(np.diff(ordered) == 0)
    if same.size:
        raise SpectrumError(
            f"frequency: {ordered[same[0]]:g} Hz occurs more than once; average repeated points on request "
            "(Spectrum.averaged, or --average-duplicates) or split the sweeps"
        )
    return freeze(ordered), None if np.array_equal(ordered, given) else order


def _check_frequency(frequency: FloatArray) -> None:
    _check_finite("frequency", frequency)
    if (frequency <= 0).any():
        row = int(np.argmax(frequency <= 0))
        raise SpectrumError(f"frequency: must be positive, but row {row + 1} has {frequency[row]:g} Hz")
    _check_range("frequency", "Hz", frequency)


def _check_finite(name: str, values: NDArray[Any]) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        raise SpectrumError(f"{name}: not a finite number in row {int(np.argmax(bad)) + 1}")


def _check_range(name: str, unit: str, size: FloatArray) -> None:
    beyond = size[(size < 1 / _LARGEST) | (size > _LARGEST)]
    if beyond.size:
        raise SpectrumError(
            f"{name}: {beyond[0]:.3g} {unit} lies beyond anything measured "
            f"({1 / _LARGEST:g} to {_LARGEST:g} {unit}): check the column and its unit"
        )


def freeze(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, that nobody writes to any more."""
    array.setflags(write=False)
    return array

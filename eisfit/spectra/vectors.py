"""Vectors of a spectrum: turned into arrays of numbers, and refused where they cannot be a spectrum's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import SpectrumError

__all__ = ["check", "check_duplicates", "frozen", "noise_of", "times_of", "vector"]

_LARGEST = 1e40  # Hz, ohm, and its inverse the smallest: sixth powers of the ratios still are numbers


def vector(values: ArrayLike, name: str, dtype: Any) -> NDArray[Any]:
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


def noise_of(values: ArrayLike, size: int) -> FloatArray:
    """Return the noise of every point, positive and finite.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    noise = vector(np.full(size, values) if np.ndim(values) == 0 else values, "noise", np.float64)
    if noise.size != size:
        raise SpectrumError(f"noise: has {noise.size} values for {size} frequencies")
    if not (np.isfinite(noise).all() and (noise > 0).all()):
        raise SpectrumError("noise: must be positive and finite everywhere")
    return noise


def times_of(values: ArrayLike, size: int) -> FloatArray:
    """Return the time of every point, s.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    times = vector(values, "times", np.float64)
    if times.size != size or not np.isfinite(times).all():
        raise SpectrumError(f"times: must be {size} finite numbers, one for each frequency")
    return times


def check(frequency: FloatArray, impedance: ComplexArray) -> None:
    """Refuse lengths, numbers and magnitudes that are no spectrum's.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    if frequency.size != impedance.size:
        raise SpectrumError(f"impedance: has {impedance.size} values for {frequency.size} frequencies")
    for name, bad in (
        ("frequency", ~np.isfinite(frequency)),
        ("impedance", ~np.isfinite(impedance)),
    ):
        if bad.any():
            raise SpectrumError(f"{name}: not a finite number in row {int(np.argmax(bad)) + 1}")
    if (frequency <= 0).any():
        row = int(np.argmax(frequency <= 0))
        raise SpectrumError(f"frequency: must be positive, but row {row + 1} has {frequency[row]:g} Hz")
    size = np.abs(impedance)
    for name, unit, values in (("frequency", "Hz", frequency), ("impedance", "ohm", size[size > 0])):
        beyond = values[(values < 1 / _LARGEST) | (values > _LARGEST)]
        if beyond.size:
            raise SpectrumError(
                f"{name}: {beyond[0]:.3g} {unit} lies beyond anything measured "
                f"({1 / _LARGEST:g} to {_LARGEST:g} {unit}): check the column and its unit"
            )


def check_duplicates(ordered: FloatArray) -> None:
    """Refuse a frequency that occurs twice among ordered ones.

    Raises
    ------
    SpectrumError
        When it is none.
    """
    same = np.flatnonzero(np.diff(ordered) == 0)
    if same.size:
        raise SpectrumError(
            f"frequency: {ordered[same[0]]:g} Hz occurs more than once; average repeated points on request "
            "(Spectrum.averaged, or --average-duplicates) or split the sweeps"
        )


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, that nobody writes to any more."""
    array.setflags(write=False)
    return array

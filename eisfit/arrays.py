"""The types of arrays that signatures name, whose shapes stand in the docstrings; median, what is missing."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any, SupportsIndex, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

BoolArray: TypeAlias = NDArray[np.bool_]
ComplexArray: TypeAlias = NDArray[np.complex128]
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
T = TypeVar("T")

# Where the C library is glibc, what a large array leaves goes back to the system, and the next is written to
# pages that are fetched and cleared one by one: 50,000 in a study. Once an array of the first size has gone,
# which costs nothing as long as nobody writes to it, what smaller ones leave is kept, up to twice of it. The
# two others have then come from there, and numpy has asked for pages of 2 MB in their place: a fifteenth of
# `fit_many` was to fetch small ones.
if sys.platform == "linux":
    with suppress(MemoryError):
        np.empty(26 << 20, dtype=np.uint8)
        _ = [np.empty(24 << 20, dtype=np.uint8) for _ in range(2)]
        del _

#: Standard errors on either side of a normal distribution's mean that hold 95 % of it.
NORMAL_95 = 1.959964


_UNMASKED = {np.ndarray, type(None)}


def drop_masked(*arrays: Any) -> tuple[list[Any], int]:
    """Return numpy's masked arrays without what is masked in any of them, and how many places that is.

    Arrays that have no mask, and None, take part; the others are returned as they are.
    """
    if {*map(type, arrays)} <= _UNMASKED:  # as most are: there are many spectra
        return list(arrays), 0
    masks = [np.asarray(a.mask) for a in arrays if hasattr(a, "mask") and hasattr(a, "filled")]
    shapes = {np.shape(a) for a in arrays if a is not None} if masks else set()
    if len(shapes) != 1:
        return list(arrays), 0
    out = np.logical_or.reduce([np.broadcast_to(mask, *shapes) for mask in masks])
    kept = [None if a is None else np.asarray(getattr(a, "data", a))[~out] for a in arrays]
    return kept, int(out.sum())


def drop_nan(values: FloatArray) -> FloatArray:
    """Return the numbers of an array that are not NaN; numpy's nan functions warn where there are none."""
    return np.asarray(values[~np.isnan(values)])


def relative_differences(values: FloatArray | ComplexArray, others: FloatArray | ComplexArray) -> FloatArray:
    """Return by how much numbers differ from others, relative to these, where both are there."""
    return drop_nan(np.abs(values / others - 1))


def from_polar(modulus: FloatArray, radians: FloatArray) -> ComplexArray:
    """Return the complex numbers of a modulus and an angle."""
    return np.asarray(modulus * np.exp(1j * radians), dtype=np.complex128)


def distinct(values: ArrayLike) -> FloatArray:
    """Return the numbers that occur, rising; numpy's `unique` loads its masked arrays at the first call.

    >>> distinct([3.0, 1.0, 3.0]).tolist()
    [1.0, 3.0]
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=None)
    return np.asarray(ordered[np.diff(ordered, prepend=np.nan) != 0])


def select_items(
    items: tuple[T, ...], index: SupportsIndex | slice | NDArray[Any] | list[Any]
) -> T | tuple[T, ...]:
    """Return one item by its number, or those that a slice, a mask or a list of numbers means.

    >>> select_items(("a", "b", "c"), np.array([True, False, True])), select_items(("a", "b", "c"), 1)
    (('a', 'c'), 'b')
    """
    if isinstance(index, (list, np.ndarray)):
        return tuple(items[k] for k in np.arange(len(items))[index].ravel())
    return items[index]


def make_mask(rows: IntArray, count: int) -> BoolArray:
    """Return which of so many rows are among some; numpy's sets load its masked arrays at the first call.

    >>> make_mask(np.array([2, 0]), 4).tolist()
    [True, False, True, False]
    """
    found = np.zeros(count, dtype=bool)
    found[rows] = True
    return found


def are_all_rows(chosen: IntArray, count: int) -> bool:
    """Return whether chosen rows are all of so many in their order: large arrays need no copy then.

    >>> are_all_rows(np.array([0, 1, 2]), 3), are_all_rows(np.array([0, 2, 1]), 3)
    (True, False)
    """
    return len(chosen) == count and bool((chosen == np.arange(count)).all())


def finite(number: float) -> float | None:
    """Return a number, as Python's, None for one that is not finite: JSON has no word for it.

    >>> finite(np.float64(1.5)), finite(np.nan)
    (1.5, None)
    """
    return float(number) if np.isfinite(number) else None


def median(values: ArrayLike, axis: int = 0) -> FloatArray:
    """Return the median of finite numbers along an axis; numpy's loads its masked arrays at the first call.

    >>> median([3.0, 1.0, 2.0, 10.0]).item()
    2.5
    """
    ordered = np.moveaxis(np.sort(np.asarray(values, dtype=np.float64), axis=axis), axis, 0)
    count = len(ordered)
    return np.asarray((ordered[(count - 1) // 2] + ordered[count // 2]) / 2)


def robust_spread(residuals: FloatArray, axis: int = 0) -> FloatArray:
    """Return the standard deviation of normal residuals about zero along an axis, whatever some of them are.

    >>> round(robust_spread(np.array([-1.0, 0.5, 2.0, 1e9, -0.1])).item(), 4)
    1.4826
    """
    spread = 1.4826 * median(np.abs(residuals), axis=axis)
    return np.where(np.isnan(residuals).any(axis=axis), np.nan, spread)

"""The types of arrays that signatures name, whose shapes stand in the docstrings; and their median."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["BoolArray", "ComplexArray", "FloatArray", "IntArray", "median"]

BoolArray: TypeAlias = NDArray[np.bool_]
ComplexArray: TypeAlias = NDArray[np.complex128]
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]


def median(values: ArrayLike, axis: int = 0) -> FloatArray:
    """Return the median of finite numbers along an axis; numpy's loads its masked arrays at the first call.

    >>> median([3.0, 1.0, 2.0, 10.0]).item()
    2.5
    """
    ordered = np.moveaxis(np.sort(np.asarray(values, dtype=np.float64), axis=axis), axis, 0)
    count = len(ordered)
    return np.asarray((ordered[(count - 1) // 2] + ordered[count // 2]) / 2)

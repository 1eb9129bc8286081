"""Random numbers for starts: the same seeds give the same, and numpy's package of them is not loaded.

SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, ACM SIGPLAN Not. 49 (2014) 453): counted in steps of the golden
ratio, each count mixed. numpy.random takes 9 ms to be imported, a twentieth of a fit.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.errors import UsageError

_STEP = 0x9E3779B97F4A7C15
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
_DIGITS = np.uint64(11)  # of 64, that a float has no room for
_BUFFERED = 1024  # numbers mixed at a time: sixteen alone take as long

Size = int | tuple[int, ...]


class Random:
    """A stream of random numbers, named as those of `numpy.random.Generator`.

    Parameters
    ----------
    seeds
        Whole numbers.

    Examples
    --------
    >>> bool((Random(0, 1).random(3) == Random(0, 1).random(3)).all())
    True
    """

    def __init__(self, *seeds: int) -> None:
        self._count = 0
        if not all(isinstance(seed, (int, np.integer)) for seed in seeds):
            raise UsageError(f"seed: a whole number, not {seeds[0]!r}: with the same one a fit is the same")
        for seed in seeds:
            self._count = int(_mix(np.array([(self._count + int(seed) + _STEP) % 2**64], dtype=np.uint64))[0])
        self._ahead, self._used = np.empty(0), 0

    def random(self, size: Size) -> FloatArray:
        """Return uniform numbers from 0 to 1, without the latter."""
        count, first = size if isinstance(size, int) else prod(size), self._used
        if count > len(self._ahead) - first:
            self._mix_more(count)
            first = 0
        self._used = first + count
        return self._ahead[first : self._used].reshape(size)

    def _mix_more(self, count: int) -> None:
        left = self._ahead[self._used :]
        more = max(count - len(left), _BUFFERED)
        steps = np.arange(1, more + 1, dtype=np.uint64) * np.uint64(_STEP)
        found = (_mix(steps + np.uint64(self._count)) >> _DIGITS) * 2.0**-53
        self._ahead = np.concatenate([left, found])
        self._count = (self._count + _STEP * more) % 2**64

    def normal(self, mean: float, deviation: float, size: Size) -> FloatArray:
        """Return normal numbers (G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29 (1958) 610)."""
        length, angle = np.sqrt(-2 * np.log1p(-self.random(size))), 2 * np.pi * self.random(size)
        return np.asarray(mean + deviation * length * np.cos(angle))

    def choice(self, values: NDArray[np.intp], count: int) -> IntArray:
        """Return so many of some values, with replacement."""
        return np.asarray(values[(self.random(count) * len(values)).astype(np.intp)])

    def permutation(self, values: ArrayLike) -> IntArray:
        """Return values in any order."""
        given = np.asarray(values, dtype=np.intp)
        return np.asarray(given[np.argsort(self.random(given.size))])


def _mix(count: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in zip(_SHIFTS, _FACTORS, strict=False):
        count = (count ^ (count >> shift)) * factor
    return count ^ (count >> _SHIFTS[-1])

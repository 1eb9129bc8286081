"""Mixtures of phases: which conductivities they allow (Hashin and Shtrikman), and the middle (Bruggeman)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.errors import StudyError


def volume_fractions(parts: ArrayLike, molar_volumes: ArrayLike) -> FloatArray:
    """Volume fractions of phases from molar parts (XPS areas of one element's states) and molar volumes.

    >>> volume_fractions([1.5, 1.0], [8.17, 19.0]).round(2)
    array([0.39, 0.61])
    """
    volumes = np.asarray(parts, dtype=np.float64) * np.asarray(molar_volumes)
    return np.asarray(volumes / volumes.sum(axis=-1, keepdims=True))


def hashin_shtrikman(conductivities: ArrayLike, fractions: ArrayLike) -> tuple[float, float]:
    """Lowest and highest conductivity of any isotropic mixture of these phases.

    Hashin and Shtrikman, J. Appl. Phys. 33 (1962) 3125: with the poorest (best) phase's s,
    [sum f_k / (s_k + 2 s)]^-1 - 2 s.

    >>> hashin_shtrikman([0.0, 1e-8], [0.4, 0.6])
    (0.0, 4.99...e-09)
    """
    s, f = _read_phases(conductivities, fractions)
    return _expand_around(s, f, float(s.min())), _expand_around(s, f, float(s.max()))


def bruggeman(conductivities: ArrayLike, fractions: ArrayLike) -> float:
    """Conductivity of a symmetric effective medium of these phases: sum f_k (s_k - s) / (s_k + 2 s) = 0.

    Bruggeman, Ann. Phys. 416 (1935) 636. A blocking phase stops percolation at
    2/3 of the volume.

    >>> round(bruggeman([0.0, 1.0], [0.5, 0.5]), 6)
    0.25
    """
    s, f = _read_phases(conductivities, fractions)
    low, high = float(s.min()), float(s.max())
    for _ in range(200):
        middle = np.sqrt(low * high) if low > 0 else (low + high) / 2
        # Rises through zero as the trial falls: above the answer the sum is negative.
        excess = float((f * (s - middle) / (s + 2 * middle)).sum()) if middle > 0 else 0.0
        low, high = (middle, high) if excess > 0 else (low, middle)
    return float((low + high) / 2)


def _expand_around(s: FloatArray, f: FloatArray, reference: float) -> float:
    below = s + 2 * reference
    if (below[f > 0] == 0).any():
        return 0.0
    return float(1 / (f[f > 0] / below[f > 0]).sum() - 2 * reference)


def _read_phases(conductivities: ArrayLike, fractions: ArrayLike) -> tuple[FloatArray, FloatArray]:
    s = np.asarray(conductivities, dtype=np.float64)
    f = np.asarray(fractions, dtype=np.float64)
    if s.shape != f.shape or (s < 0).any() or (f < 0).any() or not np.isclose(f.sum(), 1):
        raise StudyError(
            "a mixture needs one conductivity and one volume fraction per phase, the fractions adding to 1"
        )
    return s, f

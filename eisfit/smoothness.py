"""How smooth a parameter is over the cycles: penalised second differences, their strength cross-validated.

Method: E. T. Whittaker, Proc. Edinburgh Math. Soc. 41 (1923) 63; P. H. C. Eilers, Anal. Chem. 75 (2003)
3631, here with divided differences, so that the cycles need not be evenly spaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Strength", "axis", "cross_validated", "penalty"]

FloatArray = NDArray[np.float64]

_FOLDS = 10
_GRID = 10.0 ** np.arange(-3, 9.01, 0.5)  # times the median weight of the values
_SAME = 1e-3


@dataclass(frozen=True)
class Strength:
    """Chosen strength of a smooth parameter.

    Attributes
    ----------
    strength
        Of the penalty strength * sum of squared second derivatives (in the logarithm of a positive
        parameter, per median distance of two cycles).
    tried, scores
        What cross-validation looked at: the mean squared error of prediction, in units of the standard
        errors; empty where the strength was given.
    folds
        How many groups of cycles were left out in turn; 0 where the strength was given.
    """

    strength: float
    tried: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    folds: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {"strength": self.strength, "tried": list(self.tried), "scores": list(self.scores),
                "folds": self.folds}  # fmt: skip

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Strength:
        """Rebuild from `to_dict`'s document."""
        return cls(
            document["strength"], tuple(document["tried"]), tuple(document["scores"]), document["folds"]
        )


def axis(cycles: FloatArray) -> FloatArray:
    """Return the axis (N,) of smoothness: the cycles, in units of their median distance, or 0, 1, 2, ..."""
    steps = np.diff(cycles)
    if not (np.isfinite(cycles).all() and steps.size and (steps > 0).all()):
        return np.arange(len(cycles), dtype=float)
    return np.asarray((cycles - cycles[0]) / np.median(steps))


def penalty(x: FloatArray) -> FloatArray:
    """Return the diagonals (3, N) of D^T D: element (k, k), (k, k + 1), (k, k + 2)."""
    bands = np.zeros((3, x.size))
    if x.size < 3:
        return bands
    left, right, both = x[1:-1] - x[:-2], x[2:] - x[1:-1], x[2:] - x[:-2]
    rows = np.stack([2 / (left * both), -2 / (left * right), 2 / (right * both)]) * np.sqrt(both / 2)
    for i in range(3):
        for j in range(i, 3):
            bands[j - i, i : x.size - 2 + i] += rows[i] * rows[j]
    return bands


def cross_validated(x: FloatArray, y: FloatArray, stderr: FloatArray) -> Strength:
    """Return the strength that predicts left-out cycles best.

    Parameters
    ----------
    x
        (N,) from `axis`.
    y, stderr
        (N,) values and standard errors; a cycle with an infinite error counts nothing.
    """
    weight = np.where(np.isfinite(stderr) & (stderr > 0), 1 / np.where(stderr > 0, stderr, 1.0) ** 2, 0.0)
    known = np.flatnonzero(weight > 0)
    if known.size < 5:
        return Strength(float(_GRID[-1] * (np.median(weight[known]) if known.size else 1.0)))
    folds = min(_FOLDS, known.size)
    group = np.full(x.size, -1)
    group[known] = np.arange(known.size) % folds
    tried = _GRID * np.median(weight[known])
    bands = penalty(x)
    scores = np.array([_score(strength * bands, y, weight, group) for strength in tried])
    best = np.flatnonzero(scores <= scores.min() * (1 + _SAME))[-1]  # of equals the smoothest
    return Strength(float(tried[best]), tuple(tried.tolist()), tuple(scores.tolist()), folds)


def _score(bands: FloatArray, y: FloatArray, weight: FloatArray, group: NDArray[np.intp]) -> float:
    from scipy.linalg import solveh_banded

    total = 0.0
    for fold in range(int(group.max()) + 1):
        out = group == fold
        kept = np.where(out, 0.0, weight)
        matrix = bands.copy()
        matrix[0] += kept + 1e-12 * bands[0].max()
        smooth = solveh_banded(matrix, kept * y, lower=True)
        total += float(np.sum(weight[out] * (y[out] - smooth[out]) ** 2))
    return total / int(np.sum(group >= 0))

"""How smooth a parameter is over the cycles: penalised second differences, their strength cross-validated.

Method: E. T. Whittaker, Proc. Edinburgh Math. Soc. 41 (1923) 63; P. H. C. Eilers, Anal. Chem. 75 (2003)
3631, here with divided differences, so that the cycles need not be evenly spaced. Leaving one out: G.
Wahba, Spline Models for Observational Data (SIAM 1990), 4.2. A value's own share h in its smooth curve
gives what the others predict of it, without another fit: residual / (1 - h), variance / (1 - h).
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.records import Document, dataclass
from eisfit.rounding import significant
from eisfit.tracking.joint.bordered import Bordered, iterate_covariances

_ROUGHEST, _SMOOTHEST = 1e-4, 1e3  # strength times the largest (smallest) curvature, over the median weight
_LARGEST, _SMALLEST = 16.0, 500.6  # eigenvalues of D^T D: 16 and about 500.6 / N^4 (a beam with free ends)
_MAX_WEIGHT = 1e10  # times the median weight: beyond it the linear systems lose their accuracy
_SAME_SCORE = 0.02  # 2 ln(predictive density) in which two strengths are equally good
_PRIOR_POWER = 0.25  # power of the strength by which a smoother curve is the more probable beforehand


@dataclass(frozen=True)
class Strength(Document):
    """Chosen strength of a smooth parameter.

    Attributes
    ----------
    strength
        Of the penalty strength * sum of squared second derivatives (in the logarithm of a positive
        parameter, per median distance of two cycles).
    tried, scores
        What cross-validation looked at: the mean of -2 ln(predictive density) of each cycle from all others,
        where 0 is what its own standard error would give; empty where the strength was given.
    folds
        How many cycles were left out, one after the other; 0 where the strength was given.
    freedom
        Effective degrees of freedom of the smooth curve: 2 of a straight line, one a cycle of no smoothing.
    """

    strength: float
    tried: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    folds: int = 0
    freedom: float | None = None

    @property
    def weights(self) -> FloatArray:
        """How probable each strength tried is (sums to 1), by its predictive density.

        Prior odds grow with the fourth root of the strength: with even odds the errors of straight courses
        come out too large (`benchmarks/joint_errors.py`).
        """
        log = -0.5 * self.folds * np.array(self.scores) + _PRIOR_POWER * np.log(np.array(self.tried))
        odds = np.exp(log - log.max(initial=-np.inf))
        return np.asarray(odds / odds.sum())

    def __str__(self) -> str:
        chosen = f"chosen by leaving out each of {self.folds} spectra in turn" if self.folds else "as given"
        text = f"strength {significant(self.strength, 2)}, {chosen}"
        if self.freedom is None:
            return text
        return f"{text}; it moves with {significant(self.freedom, 3)} of {self.folds} degrees of freedom"


def compute_axis(cycles: FloatArray) -> FloatArray:
    """Return the axis (N,) of smoothness: the cycles, in units of their median distance, or 0, 1, 2, ..."""
    steps = np.diff(cycles)
    if not (np.isfinite(cycles).all() and steps.size and (steps > 0).all()):
        return np.arange(len(cycles), dtype=float)
    return np.asarray((cycles - cycles[0]) / np.median(steps))


def compute_penalty(x: FloatArray) -> FloatArray:
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


def list_strengths(cycles: int) -> FloatArray:
    """Return the strengths to try, in units of the weights: from no smoothing at all to a straight line."""
    highest = min(_SMOOTHEST * cycles**4 / _SMALLEST, _MAX_WEIGHT)
    lowest = _ROUGHEST / _LARGEST
    return np.geomspace(lowest, highest, 1 + round(2 * np.log10(highest / lowest)))


def cross_validate(x: FloatArray, y: FloatArray, stderr: FloatArray) -> Strength:
    """Return the strength with which all other cycles predict each one best.

    The density of its value is judged, not the distance alone: a straight line that misses by fifty standard
    errors is no prediction, however badly anything else does, and an uncertain one that says so is.

    Parameters
    ----------
    x
        (N,) from `compute_axis`.
    y, stderr
        (N,) values and standard errors; a cycle with an infinite error counts nothing.
    """
    weight = np.where(np.isfinite(stderr) & (stderr > 0), 1 / np.where(stderr > 0, stderr, 1.0) ** 2, 0.0)
    known = weight > 0
    count = int(np.count_nonzero(known))
    usual = float(np.median(weight[known])) if count else 1.0
    tried = list_strengths(x.size) * usual
    if count < 3:
        return Strength(float(tried[-1]))
    curves, share = _smooth_curves(compute_penalty(x), np.where(known, y, 0.0), weight, tried)
    left = np.maximum(1 - share[:, known], 1e-12)
    miss = (y[known] - curves[:, known]) ** 2 * weight[known]
    scores = np.mean(miss / left - np.log(left), axis=1)
    best = int(np.flatnonzero(count * (scores - scores.min()) <= _SAME_SCORE)[-1])  # of equals the smoothest
    freedom = float(share[best].sum())
    return Strength(float(tried[best]), tuple(tried.tolist()), tuple(scores.tolist()), count, freedom)


def _smooth_curves(
    bands: FloatArray, y: FloatArray, weight: FloatArray, strengths: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return smooth curves (J, N), and the share (J, N) that each value has in its own point of the curve."""
    from scipy.linalg import solveh_banded

    systems, curves = [], []
    for strength in strengths:
        matrix = strength * bands
        matrix[0] += weight + 1e-14 * matrix[0].max()
        curves.append(solveh_banded(matrix, weight * y, lower=True))
        none = np.zeros((y.size, 1, 0))
        systems.append(Bordered(matrix[0][:, None, None], matrix[1:, :, None], none, np.zeros((0, 0))))
    inverse = np.array([block[:, 0, 0] for block in iterate_covariances(systems)])
    return np.array(curves), inverse * weight

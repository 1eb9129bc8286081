"""The errors of a joint fit, the uncertainty of its smoothness among them.

With the penalty read as a prior, the inverse of the Hessian contains the bias of smoothing on average over
the cycles (D. Nychka, J. Am. Stat. Assoc. 83 (1988) 1134), as if the strength of smoothness were known. It
is not: few cycles leave it open over decades. Every strength that cross-validation finds possible therefore
counts with its weight, by its own covariance and by how far its minimum lies from the one chosen, the mean
squared error of a mixture (J. A. Hoeting et al., Stat. Sci. 14 (1999) 382). The other minima are one linear
step away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.records import dataclass
from eisfit.tracking.joint.bordered import iterate_covariances
from eisfit.tracking.joint.problem import JointProblem
from eisfit.tracking.joint.smoothness import Strength
from eisfit.tracking.joint.solver import System, make_linear_system

_MIN_PROBABILITY = 0.01  # a strength less probable does not count
_BATCH = 8  # systems whose covariances are computed at once
_MIN_SHARE = 0.5  # of the plain variance: rounding must not make an error vanish


@dataclass(frozen=True)
class Smoothing:
    """The penalties of a joint fit.

    Attributes
    ----------
    problem
        All cycles.
    curvature
        (3, N) from `eisfit.tracking.joint.smoothness.compute_penalty`.
    strengths
        Of the smooth parameters.
    """

    problem: JointProblem
    curvature: FloatArray
    strengths: Mapping[str, Strength]

    def bands(self, **other: float) -> FloatArray:
        """Return the diagonals (3, N, L) of the penalty; by name, strengths other than those chosen."""
        chosen = {name: s.strength for name, s in self.strengths.items()} | other
        weight = np.array([chosen.get(name, 0.0) for name in self.problem.local_names])
        return np.asarray(self.curvature[:, :, np.newaxis] * weight)

    def covariance(self, theta: FloatArray) -> FloatArray:
        """Return the covariance (N, V, V) at the minimum theta (N, V): local coordinates, then shared."""
        data = self.problem.measure(theta)
        system = make_linear_system(self.problem, theta, data, self.bands())
        plain = self._expand(system.matrix.covariance())
        mixed = plain.copy()
        others = [(w, make_linear_system(self.problem, theta, data, b)) for w, b in self._iterate_others()]
        for first in range(0, len(others), _BATCH):
            part = others[first : first + _BATCH]
            found = iterate_covariances([one.matrix for _, one in part])
            for (weight, one), shared in zip(part, found, strict=True):
                matrix = self._expand(shared)
                away = self._find_step(one)
                mixed += weight * (matrix - plain + away[:, :, np.newaxis] * away[:, np.newaxis, :])
        before, after = (np.einsum("kii->ki", matrix) for matrix in (plain, mixed))
        lost = (after < _MIN_SHARE * before).any(axis=1)
        mixed[lost] = plain[lost]
        return mixed

    def _expand(self, covariance: FloatArray) -> FloatArray:
        """Return the covariance (N, V, V) of every spectrum's coordinates from that of what all share."""
        design, own = self.problem.design, self.problem.local.size
        if design.shape[1] == design.shape[2]:
            return covariance
        each = np.zeros((len(design), own + design.shape[1], own + design.shape[2]))
        each[:, np.arange(own), np.arange(own)] = 1.0
        each[:, own:, own:] = design
        return np.asarray(each @ covariance @ each.transpose(0, 2, 1))

    def estimate_shared(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what all share (S,), such as ln A and the activation energy, and its covariance (S, S)."""
        problem, own = self.problem, self.problem.local.size
        system = make_linear_system(problem, theta, problem.measure(theta), self.bands())
        found = np.linalg.lstsq(
            problem.design.reshape(-1, problem.design.shape[2]),
            (theta[:, problem.shared] - problem.offset).ravel(),
            rcond=None,
        )[0]
        return np.asarray(found, dtype=np.float64), system.matrix.covariance()[0][own:, own:]

    def _iterate_others(self) -> Iterator[tuple[float, FloatArray]]:
        """Yield the weight and the bands of every strength that is possible but was not chosen."""
        for name, s in self.strengths.items():
            if not s.folds:
                continue
            possible = s.weights > _MIN_PROBABILITY
            share = s.weights[possible] / s.weights[possible].sum()
            for weight, tried in zip(share, np.array(s.tried)[possible], strict=True):
                if tried != s.strength:
                    yield float(weight), self.bands(**{name: float(tried)})

    def _find_step(self, system: System) -> FloatArray:
        """Return the way (N, V) to another minimum: local coordinates, then shared ones."""
        step = system.solve(self.problem)
        return np.concatenate([step[:, self.problem.local], step[:, self.problem.shared]], axis=1)

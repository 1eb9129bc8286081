"""Optimum, covariance and evidence of every hypothesis on one problem.

With standard normal priors u the evidence by Laplace's method is ln E = -chi2/2 - ln det(H)/2, where chi2
holds data and priors and H = 1 + J'J; what is left out is the same for every hypothesis (MacKay,
Information Theory, Inference, and Learning Algorithms, 2003, ch. 27).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eisfit.coating.joint.problem import HYPOTHESES, Hypothesis, Problem
from eisfit.coating.physics import Flat

__all__ = ["Posterior", "posteriors", "probabilities"]

FloatArray = NDArray[np.float64]

_STARTS, _SEARCH, _FINISH, _BEST = 24, 12, 40, 4
_FARTHEST = 3.0  # standard deviations of the prior that one step may go


@dataclass(frozen=True)
class Posterior:
    """One hypothesis after the data.

    Parameters
    ----------
    hypothesis
        Its name in `HYPOTHESES`.
    names
        (P,) free parameters.
    u
        (P,) their optimum, in standard deviations of the prior from its mean.
    covariance
        (P, P) of u.
    chi2
        Of the data and the priors together, at the optimum.
    log_evidence
        By Laplace's method, up to a constant that all hypotheses share.
    count
        Numbers measured: the degrees of freedom of `chi2`.
    """

    hypothesis: str
    names: tuple[str, ...]
    u: FloatArray
    covariance: FloatArray
    chi2: float
    log_evidence: float
    count: int

    @property
    def p_value(self) -> float:
        """Chance of a chi2 at least as large if the hypothesis and the priors hold."""
        from scipy.special import gammaincc

        return float(gammaincc(self.count / 2, self.chi2 / 2))

    def draws(self, n: int, rng: np.random.Generator, problem: Problem | None = None) -> FloatArray:
        """Return (n, P) draws of u.

        With a problem each draw is the optimum for data and priors moved by draws of their errors: right
        where
        the model is linear, and on the data where it is not (randomised maximum likelihood: Oliver, He,
        Reynolds, Proc. 5th European Conf. Mathematics of Oil Recovery, 1996).
        """
        if problem is not None:
            shift = rng.standard_normal((n, len(self.names))), rng.standard_normal((n, self.count))
            start = np.repeat(self.u[None], n, axis=0)
            hypothesis = HYPOTHESES[self.hypothesis]
            return _minimise(problem, hypothesis, self.names, start, _FINISH, shift)
        return rng.multivariate_normal(self.u, self.covariance, size=n, method="eigh")


def posteriors(
    problem: Problem, seed: int = 1, near: Mapping[str, Posterior] | None = None, *, finish: bool = True
) -> dict[str, Posterior]:
    """Return every hypothesis after the data.

    Parameters
    ----------
    problem
        Data and priors.
    seed
        Of the starts.
    near
        Posteriors of a problem alike, from which to start instead of at random.
    finish
        Whether to end on the support that results are computed from, rather than on the quick one.
    """
    tried = {name: _names(problem, name) for name in _distinct(problem)}
    found: dict[str, FloatArray] = {}
    for name, free in tried.items():
        starts = _starts(len(free), seed) if near is None else _moved(near, free)
        found[name] = _search(problem, HYPOTHESES[name], free, starts)
    first = {name: _laplace(problem, name, tried[name], u) for name, u in found.items()}
    best: dict[str, Posterior] = {}
    finished = problem.finished() if finish else problem
    for name, free in tried.items():
        u = _minimise(problem, HYPOTHESES[name], free, _moved(first, free), _SEARCH)
        u = _minimise(problem, HYPOTHESES[name], free, u[:2], _FINISH)
        u = _minimise(finished, HYPOTHESES[name], free, u[:1], _FINISH) if finished is not problem else u
        best[name] = _laplace(finished, name, free, u[0])
    return best


def probabilities(found: Mapping[str, Posterior]) -> dict[str, float]:
    """Return posterior probabilities for hypotheses equally likely beforehand."""
    logs = np.array([posterior.log_evidence for posterior in found.values()])
    odds = np.exp(logs - logs.max())
    return dict(zip(found, (odds / odds.sum()).tolist(), strict=True))


def _names(problem: Problem, name: str) -> tuple[str, ...]:
    return problem.names(HYPOTHESES[name])


def _distinct(problem: Problem) -> list[str]:
    """Hypotheses that differ: along an insulator, or on a flat face, no electrons reach anything new."""
    reaches = problem.conducting and not isinstance(problem.support, Flat)
    return [name for name, hypothesis in HYPOTHESES.items() if reaches or not hypothesis.access]


def _starts(size: int, seed: int) -> FloatArray:
    """Return the prior's mean, and draws from it kept within two standard deviations."""
    rng = np.random.default_rng(seed)
    drawn = np.clip(rng.standard_normal((_STARTS, size)), -2, 2)
    drawn[0] = 0.0
    return drawn


def _moved(found: Mapping[str, Posterior], free: tuple[str, ...]) -> FloatArray:
    """Optima of all hypotheses as starts of one: what they lack starts at its prior's mean."""
    rows = np.zeros((len(found), len(free)))
    for row, posterior in zip(rows, found.values(), strict=True):
        known = dict(zip(posterior.names, posterior.u, strict=True))
        row[:] = [known.get(name, 0.0) for name in free]
    return rows


def _search(
    problem: Problem, hypothesis: Hypothesis, names: tuple[str, ...], starts: FloatArray
) -> FloatArray:
    rough = _minimise(problem, hypothesis, names, starts, _SEARCH)
    return np.asarray(_minimise(problem, hypothesis, names, rough[:_BEST], _SEARCH)[0])


def _minimise(  # noqa: PLR0917 - a fit's parts in order
    problem: Problem,
    hypothesis: Hypothesis,
    names: tuple[str, ...],
    starts: FloatArray,
    steps: int,
    shift: tuple[FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """Levenberg and Marquardt's method for all rows at once; they return in order of chi2."""
    u = starts.copy()
    moved = shift or (0.0, 0.0)
    damping = np.full(len(u), 1.0)
    value, gradient, normal = _normal_equations(problem, hypothesis, names, u, moved)
    eye = np.eye(u.shape[1])
    for _ in range(steps):
        step = np.linalg.solve(normal + damping[:, None, None] * eye, -gradient[..., None])[..., 0]
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / _FARTHEST)
        trial = u + step
        new, new_gradient, new_normal = _normal_equations(problem, hypothesis, names, trial, moved)
        better = new < value
        gained = np.where(better, value - new, 0.0)
        u[better], gradient[better], normal[better] = trial[better], new_gradient[better], new_normal[better]
        value = np.where(better, new, value)
        damping = np.clip(np.where(better, damping * 0.15, damping * 6), 1e-8, 1e12)
        if steps > _SEARCH and better.all() and gained.max() < 1e-3:
            break
    return u if shift else np.asarray(u[np.argsort(value, kind="stable")])


def _normal_equations(
    problem: Problem,
    hypothesis: Hypothesis,
    names: tuple[str, ...],
    u: FloatArray,
    moved: tuple[FloatArray | float, FloatArray | float] = (0.0, 0.0),
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r, J = problem.residuals(hypothesis, names, u)
    r, v = r - moved[1], u - moved[0]
    chi2 = (r * r).sum(axis=1) + (v * v).sum(axis=1)
    chi2 = np.where(np.isfinite(chi2), chi2, np.inf)
    transposed = J.transpose(0, 2, 1)
    gradient = (transposed @ r[..., None])[..., 0] + v
    return chi2, gradient, transposed @ J + np.eye(u.shape[1])


def _laplace(problem: Problem, name: str, names: tuple[str, ...], u: FloatArray) -> Posterior:
    chi2, _, normal = _normal_equations(problem, HYPOTHESES[name], names, u[None])
    _, log_det = np.linalg.slogdet(normal[0])
    count = sum(block.data.size for block in problem.blocks) + len(problem.ratios)
    log_evidence = -0.5 * float(chi2[0]) - 0.5 * float(log_det)
    return Posterior(name, names, u, np.linalg.inv(normal[0]), float(chi2[0]), log_evidence, count)

"""Search for the optimum of every hypothesis, and its evidence.

With standard normal priors u the evidence by Laplace's method is ln E = -chi2/2 - ln det(H)/2, where chi2
holds data and priors and H = 1 + J'J; what is left out is the same for every hypothesis (MacKay,
Information Theory, Inference, and Learning Algorithms, 2003, ch. 27). Where scalars are the data it is not
good enough, see `eisfit.coating.scalars`.

Channels are searched with a quick model, whose impedance is corrected at the optimum by the ratio of the
final model's to its own until the two meet (defect correction); the final model ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.likelihood import Likelihood
from eisfit.coating.physics import Flat, Pellet
from eisfit.coating.posterior import Posterior
from eisfit.coating.problem import HYPOTHESES, Problem
from eisfit.coating.scalars import sampled

__all__ = ["posteriors", "refitted"]

_STARTS, _SEARCH, _FINISH, _BEST = 24, 12, 400, 4
_ENOUGH = 1e-3  # of chi2 still to be gained by Newton's step: less changes no odds
_FARTHEST = 3.0  # standard deviations of the prior that one step may go
_CORRECTIONS = 2
_STUCK = 1e10  # damping at which no step gains anything: rounding


def posteriors(problem: Problem, seed: int = 1) -> dict[str, Posterior]:
    """Return every hypothesis after the data: found blindly on one pair of cells, ended on all of them.

    Parameters
    ----------
    problem
        Data and priors.
    seed
        Of the starts.
    """
    tried = {name: problem.names(HYPOTHESES[name]) for name in _distinct(problem)}
    pair = problem if problem.scalar else problem.with_blocks(problem.pair, problem.ratios)
    rough = {name: _blind(pair, name, free, seed) for name, free in tried.items()}
    found = _from_each_other(pair, tried, rough)
    if len(pair.blocks) < len(problem.blocks):
        found = _from_each_other(problem, tried, found)
    ended = {name: _ended(problem, name, free, found[name][1]) for name, free in tried.items()}
    return {name: sampled(problem, p, seed) for name, p in ended.items()} if problem.scalar else ended


def refitted(part: Problem, whole: Problem, near: Mapping[str, Posterior], seed: int) -> dict[str, Posterior]:
    """Return hypotheses on part of the data, each from its own optimum on the whole and with its corrections.

    Parameters
    ----------
    part, whole
        Problems; the blocks of the part are the whole's, or pieces of them, by the same names.
    near
        Posteriors of the whole.
    seed
        Of draws, where scalars are the data.
    """
    places = {block.name: k for k, block in enumerate(whole.blocks)}
    found = {}
    for name, p in near.items():
        ratios = None
        if p.corrections is not None:
            ratios = [
                p.corrections[k][np.isin(whole.blocks[k].omega, block.omega)]
                for block in part.blocks
                for k in (places[block.name],)
            ]
        found[name] = _laplace(Likelihood(part, HYPOTHESES[name], p.names, ratios), name, p.names, p.u)
    return {name: sampled(part, p, seed) for name, p in found.items()} if part.scalar else found


Found = dict[str, tuple[tuple[str, ...], FloatArray, float]]
"""Free parameters, optimum and chi2 of each hypothesis."""


def _blind(
    problem: Problem, name: str, free: tuple[str, ...], seed: int
) -> tuple[tuple[str, ...], FloatArray, float]:
    likelihood = Likelihood(problem, HYPOTHESES[name], free)
    starts, _ = _minimise(likelihood, _starts(len(free), seed), _SEARCH)
    u, chi2 = _minimise(likelihood, starts[:_BEST], _SEARCH)
    return free, u[0], float(chi2[0])


def _from_each_other(problem: Problem, tried: Mapping[str, tuple[str, ...]], rough: Found) -> Found:
    """Search every hypothesis again from the optima of all."""
    found = {}
    for name, free in tried.items():
        # Nearest in chi2 first; with many spectra the others only cost time.
        order = sorted(rough, key=lambda key: (key != name, rough[key][2]))
        starts = _moved([rough[key][:2] for key in order[: 24 // len(problem.blocks)]], free)
        u, chi2 = _minimise(Likelihood(problem, HYPOTHESES[name], free), starts, _SEARCH)
        found[name] = (free, u[0], float(chi2[0]))
    return found


def _distinct(problem: Problem) -> list[str]:
    """Hypotheses that differ: along an insulator, or on a flat face, no electrons reach anything new."""
    reaches = problem.film == "mixed" and not isinstance(problem.support, (Flat, Pellet))
    return [name for name, hypothesis in HYPOTHESES.items() if reaches or not hypothesis.access]


def _starts(size: int, seed: int) -> FloatArray:
    """Return the prior's mean, and draws from it kept within two standard deviations."""
    rng = np.random.default_rng(seed)
    drawn = np.clip(rng.standard_normal((_STARTS, size)), -2, 2)
    drawn[0] = 0.0
    return drawn


def _moved(found: list[tuple[tuple[str, ...], FloatArray]], free: tuple[str, ...]) -> FloatArray:
    """Optima of all hypotheses as starts of one: what they lack starts at its prior's mean."""
    rows = np.zeros((len(found), len(free)))
    for row, (names, u) in zip(rows, found, strict=True):
        known = dict(zip(names, u, strict=True))
        row[:] = [known.get(name, 0.0) for name in free]
    return rows


def _ended(problem: Problem, name: str, free: tuple[str, ...], u: FloatArray) -> Posterior:
    """Return the optimum near `u` in the final model, by corrections of the quick one, and its evidence."""
    hypothesis, finished = HYPOTHESES[name], problem.finished()
    quick = Likelihood(problem, hypothesis, free)
    if problem.scalar or finished is problem:
        return _laplace(quick, name, free, u)
    final = Likelihood(finished, hypothesis, free)
    for _ in range(_CORRECTIONS):
        corrected = Likelihood(problem, hypothesis, free, _ratios(final, quick, u))
        u = _minimise(corrected, u[None], _SEARCH)[0][0]
    ended = _laplace(final, name, free, u)
    return replace(ended, corrections=tuple(_ratios(final, quick, ended.u)))


def _ratios(final: Likelihood, quick: Likelihood, u: FloatArray) -> list[ComplexArray]:
    return [a / b for a, b in zip(final.impedances(u), quick.impedances(u), strict=True)]


def _laplace(likelihood: Likelihood, name: str, free: tuple[str, ...], u: FloatArray) -> Posterior:
    u = _minimise(likelihood, u[None], _FINISH)[0][0]
    chi2, _, normal = likelihood(u[None])
    _, log_det = np.linalg.slogdet(normal[0])
    log_evidence = -0.5 * float(chi2[0]) - 0.5 * float(log_det)
    covariance = np.linalg.inv(normal[0])
    return Posterior(name, free, u, covariance, float(chi2[0]), log_evidence, likelihood.count)


def _minimise(likelihood: Likelihood, starts: FloatArray, steps: int) -> tuple[FloatArray, FloatArray]:
    """Levenberg and Marquardt's method for all rows at once; they return in order of chi2, with it.

    A row has arrived when Newton's step promises less than `_ENOUGH`: in a curved valley the gain of the last
    step says nothing, it is small all the way.
    """
    u, damping = starts.copy(), np.ones(len(starts))
    value, gradient, normal = likelihood(u)
    eye = np.eye(u.shape[1])
    for _ in range(steps):
        promised = (gradient * np.linalg.solve(normal, gradient[..., None])[..., 0]).sum(axis=1)
        if (promised < _ENOUGH).all() or (damping > _STUCK).all():
            break
        step = np.linalg.solve(normal + damping[:, None, None] * eye, -gradient[..., None])[..., 0]
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / _FARTHEST)
        trial = u + step
        new, new_gradient, new_normal = likelihood(trial)
        better = new < value
        u[better], gradient[better], normal[better] = trial[better], new_gradient[better], new_normal[better]
        value = np.where(better, new, value)
        damping = np.clip(np.where(better, damping * 0.15, damping * 6), 1e-8, 1e12)
    order = np.argsort(value, kind="stable")
    return u[order], value[order]

"""What each datum, each prior and each further experiment does to the odds of the hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.coating.joint.posterior import Posterior, posteriors, probabilities
from eisfit.coating.joint.problem import HYPOTHESES, Block, Prior, Problem, activation_energies

__all__ = ["ledger", "next_experiments", "prior_swing"]

FloatArray = NDArray[np.float64]

_MODEL_ERROR = 0.01  # relative, of new data: beyond that the model itself is not known
_FLOOR = 1e-12  # of a probability, where only its logarithm is wanted


def ledger(problem: Problem, final: Mapping[str, Posterior], seed: int) -> dict[str, dict[str, float]]:
    """Return log10 odds of each hypothesis against all others that each datum brings after those before it.

    Rows add up to the odds of all the data: hypotheses are equally likely beforehand.
    """
    rows: dict[str, dict[str, float]] = {}
    before = _log_odds(dict.fromkeys(final, 1 / len(final)))
    stages = _stages(problem)
    for number, (name, blocks, ratios) in enumerate(stages):
        if number == len(stages) - 1:
            found: Mapping[str, Posterior] = final
        else:
            near = None if blocks and blocks[0].combine is not None else final
            found = posteriors(problem.with_blocks(blocks, ratios), seed, near=near, finish=False)
        after = _log_odds(probabilities(found))
        rows[name] = {key: after[key] - before[key] for key in final}
        before = after
    return rows


def _log_odds(probability: Mapping[str, float]) -> dict[str, float]:
    p = {name: min(max(value, _FLOOR), 1 - _FLOOR) for name, value in probability.items()}
    return {name: float(np.log10(value / (1 - value))) for name, value in p.items()}


Stage = tuple[str, list[Block], tuple[tuple[str, float, float], ...]]


def _stages(problem: Problem) -> list[Stage]:
    """Return the data in the order of the ledger: each stage holds all before it."""
    if problem.blocks[0].combine is not None:
        return _scalar_stages(problem)
    first = [next(b for b in problem.blocks if b.coated == coated) for coated in (False, True)]
    edges = _edges(first[0])
    stages: list[Stage] = [
        ("arc: its size and peak", [_band(b, edges[0], edges[1]) for b in first], ()),
        ("high-frequency end, 45° part", [_band(b, edges[0], np.inf) for b in first], ()),
        ("low frequencies: diffusion", first, ()),
    ]
    held = list(first)
    groups = (
        (
            "cells alike",
            lambda b: b.film in {None, first[1].film} and abs(b.temperature - first[0].temperature) < 1,
        ),
        ("other temperatures", lambda b: b.film in {None, first[1].film}),
        ("other films", lambda b: True),
    )
    for name, belongs in groups:
        more = [b for b in problem.blocks if b not in held and belongs(b)]
        if more:
            held = held + more
            stages.append((name, list(held), ()))
    return stages


def _scalar_stages(problem: Problem) -> list[Stage]:
    only = []
    for block in problem.blocks:
        assert block.combine is not None  # scalars alone come here
        only.append(replace(block, data=block.data[:1], error=block.error[:1], combine=block.combine[:1]))
    stages: list[Stage] = [("R_ct", only, ())]
    if any(block.data.size > 1 for block in problem.blocks):
        stages.append(("high-frequency end", list(problem.blocks), ()))
    if problem.ratios:
        stages.append(("C ratio", list(problem.blocks), problem.ratios))
    return stages


def _edges(block: Block) -> tuple[float, float]:
    """Angular frequencies between which the main arc lies: a decade and a half about its peak."""
    minus = -block.data.reshape(-1, 2)[:, 1]
    slow = block.omega > 4 * block.omega.min()
    peak = block.omega[slow][np.argmax(minus[slow])]
    return peak / 10, peak * 10


def _band(block: Block, low: float, high: float) -> Block:
    inside = (block.omega >= low) & (block.omega <= high)
    both = np.repeat(inside, 2)
    return replace(block, omega=block.omega[inside], data=block.data[both], error=block.error[both])


def prior_swing(found: Mapping[str, Posterior], problem: Problem) -> dict[str, dict[str, float]]:
    """Return the probability of the first hypothesis with each prior half and twice as wide.

    Where the posterior is N(m, v) in standard deviations of the prior, a prior s times as wide multiplies the
    evidence by exp(-a m^2 / (2 (1 + a v))) / (s sqrt(1 + a v)), a = 1/s^2 - 1.
    """
    stated = probabilities(found)
    best = max(stated, key=lambda name: stated[name])
    swing = {}
    for name in problem.priors:
        entry = {}
        for label, s in (("half", 0.5), ("double", 2.0)):
            changed = {
                key: replace(p, log_evidence=p.log_evidence + _gain(p, name, s)) for key, p in found.items()
            }
            entry[label] = probabilities(changed)[best]
        swing[name] = entry
    order = sorted(swing, key=lambda name: -max(abs(v - stated[best]) for v in swing[name].values()))
    return {name: swing[name] for name in order[:8]}


def _gain(posterior: Posterior, name: str, s: float) -> float:
    if name not in posterior.names:
        return 0.0
    k = posterior.names.index(name)
    m, v, a = posterior.u[k], posterior.covariance[k, k], 1 / s**2 - 1
    inside = max(1 + a * v, 1e-6)
    return float(-a * m * m / (2 * inside) - np.log(s) - 0.5 * np.log(inside))


def next_experiments(problem: Problem, found: Mapping[str, Posterior], seed: int) -> list[dict[str, Any]]:
    """Rank further measurements by the information (bit) they are expected to bring about the hypotheses.

    Each hypothesis foretells new data as a normal distribution, linear about its optimum; the gain is the
    mutual information between hypothesis and data (Lindley, Ann. Math. Stat. 27 (1956) 986), from draws.
    """
    probability = {name: p for name, p in probabilities(found).items() if p > 0.003}
    total = sum(probability.values())
    probability = {name: p / total for name, p in probability.items()}
    open_bits = _entropy(np.array([list(probability.values())]))[0]
    rows = []
    for name, effort, blocks, priors in _candidates(problem):
        wider = replace(problem, blocks=tuple(blocks), priors={**problem.priors, **priors}, ratios=())
        gain = _information(wider, found, probability, np.random.default_rng(seed))
        rows.append(
            {"experiment": name, "expected_bits": gain, "open_bits": float(open_bits), "effort": effort}
        )
    return sorted(rows, key=lambda row: -row["expected_bits"])


def _candidates(problem: Problem) -> list[tuple[str, str, list[Block], dict[str, Prior]]]:
    first = [next(b for b in problem.blocks if b.coated == coated) for coated in (False, True)]
    omega = 2 * np.pi * np.geomspace(1e5, 1e-2, 15)
    blank = [replace(b, omega=omega, data=np.zeros(30), error=np.zeros(30), combine=None) for b in first]
    rows: list[tuple[str, str, list[Block], dict[str, Prior]]] = []
    if first[0].combine is not None:
        rows.append(("whole spectra of both cells", "same cells, a day", blank, {}))
    if len({b.temperature for b in problem.blocks}) == 1:
        hot = [replace(b, temperature=T) for b in blank for T in (278.15, 308.15)]
        rows.append(
            ("spectra of both cells at 5 and 35 °C too", "same cells, two days", hot, activation_energies())
        )
    fresh = [replace(b, cell=f"{b.cell}, new {k}") for b in blank for k in (1, 2)]
    rows.append(("two more cells of each kind", "four new cells", fresh, _scatter(problem, fresh)))
    if len({b.film for b in problem.blocks if b.coated}) == 1:
        rows.append(_thicker(problem, blank[1]))
    return rows


def _thicker(problem: Problem, block: Block) -> tuple[str, str, list[Block], dict[str, Prior]]:
    old = problem.priors[f"thickness:{block.film}"]
    film = f"{block.film}, thicker"
    cells = [replace(block, film=film, cell=f"{block.cell}, thicker {k}") for k in (1, 2)]
    thickness = np.exp(old.mean) * 8 * 1e7
    own = {
        f"{n}:{film}": problem.priors[f"{n}:{block.film}"]
        for n in ("s_i", "resistivity")
        if f"{n}:{block.film}" in problem.priors
    }
    priors = {f"thickness:{film}": replace(old, mean=old.mean + np.log(8)), **own, **_scatter(problem, cells)}
    return (f"a film eight times as thick ({thickness:.0f} nm)", "two new cells", cells, priors)


def _scatter(problem: Problem, blocks: Sequence[Block]) -> dict[str, Prior]:
    kinds = ("dR_s", "dR_i", "dQ", "dcounter")
    old = problem.cells[0]
    return {f"{kind}:{b.cell}": problem.priors[f"{kind}:{old}"] for b in blocks for kind in kinds}


def _information(
    problem: Problem,
    found: Mapping[str, Posterior],
    probability: Mapping[str, float],
    rng: np.random.Generator,
) -> float:
    names = list(probability)
    foretold = [_foretold(problem, found[name]) for name in names]
    weights = np.array([probability[name] for name in names])
    left = 0.0
    for weight, (mean, factor) in zip(weights, foretold, strict=True):
        y = mean + rng.standard_normal((120, mean.size)) @ factor.T
        logs = np.stack([_log_density(y, *other) for other in foretold], axis=1) + np.log(weights)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True))
        left += weight * float(_entropy(odds / odds.sum(axis=1, keepdims=True)).mean())
    return max(float(_entropy(weights[None])[0]) - left, 0.0)


def _foretold(problem: Problem, posterior: Posterior) -> tuple[FloatArray, FloatArray]:
    """Mean and Cholesky factor of what a hypothesis foretells for the problem's blocks."""
    hypothesis = HYPOTHESES[posterior.hypothesis]
    names = problem.names(hypothesis)
    known = {name: k for k, name in enumerate(posterior.names)}
    u, covariance = np.zeros(len(names)), np.eye(len(names))
    at = [(k, known[name]) for k, name in enumerate(names) if name in known]
    here, there = (np.array(column) for column in zip(*at, strict=True))
    u[here] = posterior.u[there]
    covariance[np.ix_(here, here)] = posterior.covariance[np.ix_(there, there)]
    means, slopes, errors = [], [], []
    for block in problem.blocks:
        value, slope = problem.predict(block, hypothesis, names, u[None])
        Z = value[0].reshape(-1, 2) @ np.array([1, 1j])
        logs = (slope[0].reshape(Z.size, 2, -1).transpose(0, 2, 1) @ np.array([1, 1j])) / Z[:, None]
        means.append(np.log(Z).view(np.float64))
        slopes.append(np.stack([logs.real, logs.imag], axis=1).reshape(2 * Z.size, -1))
        errors.append(np.full(2 * Z.size, _MODEL_ERROR))
    J = np.concatenate(slopes)
    spread = J @ covariance @ J.T + np.diag(np.concatenate(errors) ** 2)
    return np.concatenate(means), np.linalg.cholesky(spread)


def _log_density(y: FloatArray, mean: FloatArray, factor: FloatArray) -> FloatArray:
    z = np.linalg.solve(factor, (y - mean).T)
    return np.asarray(-0.5 * (z * z).sum(axis=0) - np.log(np.diag(factor)).sum())


def _entropy(p: FloatArray) -> FloatArray:
    return np.asarray(np.abs((p * np.log2(np.maximum(p, 1e-300))).sum(axis=1)))

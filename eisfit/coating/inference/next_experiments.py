"""Which further measurements would tell the hypotheses apart, and how much of each can be expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.posterior import Posterior, compute_probabilities
from eisfit.coating.inference.problem import Block, Prior, Problem, make_energy_priors
from eisfit.coating.physics.parameters import SCATTER

_MODEL_ERROR = 0.01  # relative, of new data: beyond that the model itself is not known
_EXPERIMENTS = 300  # experiments drawn from each hypothesis
_FEATURES = 8  # principal components of them that are looked at


def rank_experiments(problem: Problem, found: Mapping[str, Posterior], seed: int) -> list[dict[str, Any]]:
    """Rank further measurements by the information (bit) they are expected to bring about the hypotheses.

    Experiments are drawn from every hypothesis' posterior. A classifier learns from one half of them which
    hypothesis they came from, and is asked about the other half: what it gains is a lower bound of the mutual
    information between hypothesis and data (D. Barber, F. Agakov, Adv. Neural Inf. Process. Syst. 16 (2003)).
    """
    probability = {name: p for name, p in compute_probabilities(found).items() if p > 0.003}
    total = sum(probability.values())
    weights = np.array([p / total for p in probability.values()])
    open_bits = _compute_entropy(weights)
    rows = []
    for name, effort, blocks, priors in _list_candidates(problem):
        wider = replace(problem, blocks=tuple(blocks), priors={**problem.priors, **priors}, ratios=())
        rng = np.random.default_rng(seed)
        drawn = np.stack([_draw_experiments(wider, found[name], rng) for name in probability])
        gain = min(_compute_information(drawn, weights), open_bits)
        rows.append({"experiment": name, "expected_bits": gain, "open_bits": open_bits, "effort": effort})
    return sorted(rows, key=lambda row: -row["expected_bits"])


def _list_candidates(problem: Problem) -> list[tuple[str, str, list[Block], dict[str, Prior]]]:
    first = problem.pair
    omega = 2 * np.pi * np.geomspace(1e5, 1e-2, 15)
    blank = [replace(b, omega=omega, data=np.zeros(30), error=np.zeros(30), combine=None) for b in first]
    rows: list[tuple[str, str, list[Block], dict[str, Prior]]] = []
    if problem.scalar:
        rows.append(("whole spectra of both cells", "same cells, a day", blank, {}))
    if len({b.temperature for b in problem.blocks}) == 1:
        hot = [replace(b, temperature=T) for b in blank for T in (278.15, 308.15)]
        rows.append(
            ("spectra of both cells at 5 and 35 °C too", "same cells, two days", hot, make_energy_priors())
        )
    fresh = [replace(b, cell=f"{b.cell}, new {k}") for b in blank for k in (1, 2)]
    rows.append(("two more cells of each kind", "four new cells", fresh, _scatter(problem, fresh)))
    if len({b.film for b in problem.blocks if b.coated}) == 1:
        rows.append(_propose_thicker(problem, blank[1]))
    return rows


def _propose_thicker(problem: Problem, block: Block) -> tuple[str, str, list[Block], dict[str, Prior]]:
    old = problem.priors[f"thickness:{block.film}"]
    film = f"{block.film}, thicker"
    cells = [replace(block, film=film, cell=f"{block.cell}, thicker {k}") for k in (1, 2)]
    thickness = np.exp(old.mean) * 8 * 1e7
    own = {
        f"{n}:{film}": problem.priors[f"{n}:{block.film}"]
        for n in ("s_i", "resistivity", "chi")
        if f"{n}:{block.film}" in problem.priors
    }
    priors = {f"thickness:{film}": replace(old, mean=old.mean + np.log(8)), **own, **_scatter(problem, cells)}
    return (f"a film eight times as thick ({thickness:.0f} nm)", "two new cells", cells, priors)


def _scatter(problem: Problem, blocks: Sequence[Block]) -> dict[str, Prior]:
    old = problem.cells[0]
    kinds = [kind for kind in SCATTER if f"{kind}:{old}" in problem.priors]
    return {f"{kind}:{b.cell}": problem.priors[f"{kind}:{old}"] for b in blocks for kind in kinds}


def _draw_experiments(problem: Problem, posterior: Posterior, rng: np.random.Generator) -> FloatArray:
    """Return draws (n, N) of the logarithms of what a hypothesis foretells for the problem's blocks."""
    names = problem.names(HYPOTHESES[posterior.hypothesis])
    u = rng.standard_normal((_EXPERIMENTS, len(names)))  # what is new follows its prior
    known = [k for k, name in enumerate(names) if name in posterior.names]
    u[:, known] = posterior.draws(_EXPERIMENTS, rng)[:, [posterior.names.index(names[k]) for k in known]]
    parts = []
    for block in problem.blocks:
        Z = problem.predict(block, HYPOTHESES[posterior.hypothesis], names, u).view(np.complex128)
        parts.append(np.log(Z).view(np.float64))
    y = np.concatenate(parts, axis=1)
    return np.asarray(y + _MODEL_ERROR * rng.standard_normal(y.shape))


def _compute_information(drawn: FloatArray, weights: FloatArray) -> float:
    """Return the bits that a Gaussian classifier gains on experiments (H, n, N) it has not learned from."""
    mean = np.tensordot(weights, drawn.mean(axis=1), 1)
    centred = drawn - mean
    scatter = np.einsum("h,hni,hnj->ij", weights, centred, centred) / drawn.shape[1]
    between = np.einsum("h,hi,hj->ij", weights, *[centred.mean(axis=1)] * 2)
    within = scatter - between + _MODEL_ERROR**2 * np.eye(len(mean))
    # Directions in which the hypotheses differ most beside their own spread, then those that spread most.
    root = np.linalg.inv(np.linalg.cholesky(within))
    _, apart = np.linalg.eigh(root @ (scatter + between) @ root.T)
    axes = apart[:, ::-1][:, :_FEATURES].T @ root
    features = centred @ axes.T
    half = drawn.shape[1] // 2
    logs = np.stack([_log_density(features[:, half:], learned) for learned in features[:, :half]], axis=-1)
    # A classifier that is too sure gains less: it is softened by the factor that gains most.
    return max(_compute_gain(soft * logs + np.log(weights), weights) for soft in np.geomspace(0.01, 1, 15))


def _compute_gain(logs: FloatArray, weights: FloatArray) -> float:
    told = np.einsum("hnh->hn", logs) - np.logaddexp.reduce(logs, axis=-1)
    return max(_compute_entropy(weights) + float(weights @ told.mean(axis=1)) / float(np.log(2)), 0.0)


def _log_density(y: FloatArray, learned: FloatArray) -> FloatArray:
    """Logarithm of the normal density of y (..., k) with the mean and covariance of rows (n, k)."""
    mean, covariance = learned.mean(axis=0), np.cov(learned.T) + 1e-9 * np.eye(learned.shape[1])
    off = y - mean
    _, log_det = np.linalg.slogdet(covariance)
    return np.asarray(
        -0.5 * np.einsum("...i,ij,...j->...", off, np.linalg.inv(covariance), off) - 0.5 * log_det
    )


def _compute_entropy(p: FloatArray) -> float:
    return float(abs(np.sum(p * np.log2(np.maximum(p, 1e-300)))))

"""What each datum and each prior does to the odds of the hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eisfit.coating.inference.posterior import Posterior
from eisfit.coating.inference.problem import Block, Problem
from eisfit.coating.inference.search import refit


def build_ledger(
    problem: Problem,
    final: Mapping[str, Posterior],
    seed: int,
    facts: Mapping[str, Mapping[str, float]],
) -> dict[str, dict[str, float]]:
    """Return log10 odds of each hypothesis against all others that each datum brings after those before it.

    Rows add up to the odds of all the data: hypotheses are equally likely beforehand. `facts` come last, with
    the logarithms of what they multiply each evidence by; `final` is without them.
    """
    rows: dict[str, dict[str, float]] = {}
    before = dict.fromkeys(final, -float(np.log10(len(final) - 1)))
    stages = _list_stages(problem)
    for number, (name, blocks, ratios) in enumerate(stages):
        last = number == len(stages) - 1
        found = final if last else refit(problem.with_blocks(blocks, ratios), problem, final, seed)
        after = log_odds({key: p.log_evidence for key, p in found.items()})
        rows[name] = {key: after[key] - before[key] for key in final}
        before = after
    evidence = {key: p.log_evidence for key, p in final.items()}
    for name, logs in facts.items():
        evidence = {key: evidence[key] + logs[key] for key in final}
        after = log_odds(evidence)
        rows[name if name not in rows else f"{name}, under current"] = {
            key: after[key] - before[key] for key in final
        }
        before = after
    return rows


def log_odds(log_evidence: Mapping[str, float]) -> dict[str, float]:
    """Return log10 odds of each hypothesis against all the others, however small."""
    odds = {}
    for name, value in log_evidence.items():
        others = np.array([other for key, other in log_evidence.items() if key != name])
        odds[name] = float((value - np.logaddexp.reduce(others)) / np.log(10))
    return odds


Stage = tuple[str, list[Block], tuple[tuple[str, float, float], ...]]


def _list_stages(problem: Problem) -> list[Stage]:
    """Return the data in the order of the ledger: each stage holds all before it."""
    if problem.scalar:
        return _list_scalar_stages(problem)
    first = list(problem.pair)
    edges = _find_edges(first[0])
    stages: list[Stage] = [
        ("arc: its size and peak", [_select_band(b, edges[0], edges[1]) for b in first], ()),
        ("high-frequency end, 45° part", [_select_band(b, edges[0], np.inf) for b in first], ()),
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


def _list_scalar_stages(problem: Problem) -> list[Stage]:
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


def _find_edges(block: Block) -> tuple[float, float]:
    """Angular frequencies between which the main arc lies: a decade and a half about its peak."""
    minus = -block.data.reshape(-1, 2)[:, 1]
    slow = block.omega > 4 * block.omega.min()
    peak = block.omega[slow][np.argmax(minus[slow])]
    return peak / 10, peak * 10


def _select_band(block: Block, low: float, high: float) -> Block:
    inside = (block.omega >= low) & (block.omega <= high)
    both = np.repeat(inside, 2)
    return replace(block, omega=block.omega[inside], data=block.data[both], error=block.error[both])


def compute_prior_swing(found: Mapping[str, Posterior], problem: Problem) -> dict[str, dict[str, float]]:
    """Return what each prior half and twice as wide adds to the log10 odds of the first hypothesis.

    Where the posterior is N(m, V) in standard deviations of the prior, priors s times as wide of k parameters
    multiply the evidence by exp(-a m'(1 + aV)^-1 m/2)/(s^k sqrt(det(1 + aV))), a = 1/s^2 - 1; where it is
    drawn, by the mean of the priors' ratio over the draws. The scatter between cells is one prior for all of
    them. Odds, because a probability near one shows no prior at work.
    """
    stated = log_odds({name: posterior.log_evidence for name, posterior in found.items()})
    best = max(stated, key=lambda name: stated[name])
    groups: dict[str, list[str]] = {}
    for name, prior in problem.priors.items():
        groups.setdefault(name.partition(":")[0] if prior.source == "scatter" else name, []).append(name)
    swing = {}
    for group, names in groups.items():
        swing[group] = {
            label: log_odds({key: _evidence(p, names, s) for key, p in found.items()})[best] - stated[best]
            for label, s in (("half", 0.5), ("double", 2.0))
        }
    order = sorted(swing, key=lambda name: -max(abs(change) for change in swing[name].values()))
    return {name: swing[name] for name in order[:8]}


def _evidence(posterior: Posterior, names: Sequence[str], s: float) -> float:
    """Logarithm of the evidence with some priors s times as wide."""
    places = [k for k, name in enumerate(posterior.names) if name in names]
    if not places:
        return posterior.log_evidence
    a, narrower = 1 / s**2 - 1, len(places) * np.log(s)
    if posterior.sample is not None:
        square = (posterior.sample[:, places] ** 2).sum(axis=1)
        ratios = -0.5 * a * square - np.log(len(square))
        return posterior.log_evidence + float(np.logaddexp.reduce(ratios) - narrower)
    logs = []
    for mode in posterior.modes:
        m, inside = mode.u[places], np.eye(len(places)) + a * mode.covariance[np.ix_(places, places)]
        _, log_det = np.linalg.slogdet(inside)
        logs.append(mode.log_evidence - 0.5 * a * (m @ np.linalg.solve(inside, m)) - narrower - 0.5 * log_det)
    return float(np.logaddexp.reduce(logs))

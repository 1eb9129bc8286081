"""Shares of the film's effects in the change from the bare to the coated cell, over the posterior.

Each effect's share is its Shapley value: its step, averaged over every order in which the effects can be
switched on (Shapley, Contributions to the Theory of Games II, 1953, 307). Shares of one draw add up exactly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.inference.hypotheses import ACCESS, BARE_ARCS, EFFECTS, HYPOTHESES, Hypothesis
from eisfit.coating.inference.posterior import Posterior, compute_probabilities
from eisfit.coating.inference.problem import INFINITE, Block, Problem
from eisfit.coating.physics.parameters import INDEX
from eisfit.display.report.explanation import FACTORS
from eisfit.records import dataclass

QUANTITIES = ("r_ct", "r_hf", "r_total")
_OF_SCATTER = ("R_more", "R_s", "R_i", "Q", "W", "counter_R")
_FAST = -30.0  # ln(ohm cm2): a reaction without resistance
_NO_BARRIER = 40.0  # ln(S/cm): ions cross the film freely
_LIKELY = 0.01  # probability of a hypothesis whose shares are looked at
_DRAWN, _FEWEST = 130, 50  # draws of all hypotheses, and at least of each: an interval needs some


@dataclass(frozen=True)
class Draw:
    """Draws (n, P) of one hypothesis, as many as its probability asks for."""

    posterior: Posterior
    u: FloatArray


def draw_samples(found: Mapping[str, Posterior], n: int, seed: int) -> list[Draw]:
    """Return draws of all hypotheses in proportion to their probability."""
    rng = np.random.default_rng(seed)
    counts = {name: round(n * p) for name, p in compute_probabilities(found).items()}
    return [Draw(found[name], found[name].draws(count, rng)) for name, count in counts.items() if count]


def thin(drawn: Draw) -> Draw:
    """Return every third draw: enough for an interval where each draw is expensive."""
    return Draw(drawn.posterior, drawn.u[::3])


def summarise(values: FloatArray, weights: FloatArray | None = None) -> dict[str, float]:
    """Return the median and the central 95 % of values (n,), equally likely without weights (n,)."""
    ends = np.array([0.025, 0.5, 0.975])
    if weights is None:
        low, middle, high = np.quantile(values, ends)
    else:
        order = np.argsort(values, kind="stable")
        upto = np.cumsum(weights[order]) - 0.5 * weights[order]
        low, middle, high = np.interp(ends, upto / weights.sum(), values[order])
    return {"median": float(middle), "low95": float(low), "high95": float(high)}


def compute_resistances(problem: Problem, block: Block, drawn: Draw) -> dict[str, FloatArray]:
    """Return a cell's resistances for every draw, ohm.

    `r_total` is R(0), `r_hf` R(inf), `r_other` the other electrode's arc, `r_ct` what is left.
    """
    return _ends(problem, block, HYPOTHESES[drawn.posterior.hypothesis], _to_local(problem, block, drawn))


def compute_layers(problem: Problem, block: Block, drawn: Draw) -> FloatArray:
    """Return `r_ct` with a reaction without resistance: that of films and layers alone, ohm."""
    local = _to_local(problem, block, drawn)
    local[:, INDEX["R_i"]] = _FAST
    return _ends(problem, block, HYPOTHESES[drawn.posterior.hypothesis], local)["r_ct"]


def compute_contributions(problem: Problem, found: Mapping[str, Posterior], seed: int) -> dict[str, Any]:
    """Return ``{quantity: {factor: {median, low95, high95, at_work}}}``, ohm.

    Each is of the hypotheses that hold the factor, by their probabilities; `at_work` is that of all of them
    together. A median over hypotheses that deny it too would be zero wherever it is no more likely than not.
    """
    p = compute_probabilities(found)
    likely = {name: p[name] for name in found if p[name] >= _LIKELY}
    rng, total = np.random.default_rng(seed), sum(likely.values())
    parts: dict[tuple[str, str], list[tuple[FloatArray, FloatArray]]] = {}
    for name, chance in likely.items():
        n = max(_FEWEST, round(_DRAWN * chance / total))
        draw = Draw(found[name], found[name].draws(n, rng))
        shares = _shapley(problem, *problem.isothermal, draw)
        for quantity, factor in ((q, f) for q in QUANTITIES for f in shares[q]):
            weights = np.full(n, chance / total / n)
            parts.setdefault((quantity, factor), []).append((shares[quantity][factor], weights))
    return {q: {f: _collect_share(parts.get((q, f), [])) for f in FACTORS} for q in QUANTITIES}


def _collect_share(parts: Sequence[tuple[FloatArray, FloatArray]]) -> dict[str, float]:
    """Return values and weights of the hypotheses that hold a factor as a row; zeros where none does."""
    if not parts:
        return {"median": 0.0, "low95": 0.0, "high95": 0.0, "at_work": 0.0}
    values, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {**summarise(values, weights), "at_work": float(weights.sum())}


def _to_local(problem: Problem, block: Block, drawn: Draw) -> FloatArray:
    offset, matrix = problem.affine(block, drawn.posterior.names)
    return offset + drawn.u @ matrix.T


def _ends(problem: Problem, block: Block, hypothesis: Hypothesis, local: FloatArray) -> dict[str, FloatArray]:
    Z = problem.compute_impedance(hypothesis, block, local, np.array([0.0, INFINITE])).impedance.real
    other = np.exp(local[:, INDEX["counter_R"]])
    return {"r_ct": Z[:, 0] - Z[:, 1] - other, "r_hf": Z[:, 1], "r_total": Z[:, 0], "r_other": other}


def _shapley(problem: Problem, bare: Block, coated: Block, draw: Draw) -> dict[str, dict[str, FloatArray]]:
    start, end = _to_local(problem, bare, draw), _to_local(problem, coated, draw)
    free = HYPOTHESES[draw.posterior.hypothesis]
    effects = [name for name in free.effects if name != ACCESS or problem.film == "mixed"]
    players = ["ions_through_film", "cell_to_cell", *effects]
    own = draw.posterior.names, draw.u
    shifts = {name: problem.compute_shifts(coated, EFFECTS.get(name, ()), *own) for name in effects}
    subsets = [c for size in range(len(players) + 1) for c in itertools.combinations(players, size)]
    value = {}
    for access in (False, True):
        same = [chosen for chosen in subsets if (ACCESS in chosen) == access]
        if not same:
            continue
        local = np.concatenate([_switch_effects(start, end, shifts, chosen) for chosen in same])
        ends = _ends(problem, coated, replace(free, access=access), local)
        for k, chosen in enumerate(same):
            rows = slice(k * len(start), (k + 1) * len(start))
            value[frozenset(chosen)] = {name: values[rows] for name, values in ends.items()}
    return {q: {p: _compute_share(value, players, p, q) for p in players} for q in QUANTITIES}


def _switch_effects(
    start: FloatArray, end: FloatArray, shifts: Mapping[str, FloatArray], chosen: Sequence[str]
) -> FloatArray:
    """Return the bare cell's coordinates with some of the effects switched on; `shifts`: what each adds."""
    local, at = start.copy(), INDEX
    for name in ("thickness", "resistivity", "s_i", "chi", "behind", "shorted"):
        local[:, at[name]] = end[:, at[name]]
    if "ions_through_film" not in chosen:
        local[:, at["s_i"]] = _NO_BARRIER
    if "cell_to_cell" in chosen:
        for name in _OF_SCATTER:  # by what it changes beyond the effects
            local[:, at[name]] = end[:, at[name]] - sum(part[:, at[name]] for part in shifts.values())
    for effect in shifts.keys() & chosen:
        local += shifts[effect]
        for name in BARE_ARCS.get(effect, ()):
            local[:, at[name]] = end[:, at[name]]
    return local


def _compute_share(
    value: Mapping[frozenset[str], Mapping[str, FloatArray]],
    players: Sequence[str],
    player: str,
    quantity: str,
) -> FloatArray:
    others = [p for p in players if p != player]
    n, total = len(players), np.zeros(1)
    for size in range(n):
        weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
        for chosen in itertools.combinations(others, size):
            before = frozenset(chosen)
            total = total + weight * (value[before | {player}][quantity] - value[before][quantity])
    return total

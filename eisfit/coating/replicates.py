"""Replicates: how much cells alike differ where a study shows it, and the cell that differs from its like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.coating.inference.posterior import LEAST_P, Posterior, find_most_probable
from eisfit.coating.inference.problem import Problem
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.physics.parameters import SCATTER
from eisfit.rounding import significant
from eisfit.validation.quantiles import chi2_above


def examine_replicates(
    problem: Problem, found: Mapping[str, Posterior], seed: int
) -> tuple[Problem, dict[str, Posterior], list[dict[str, Any]]]:
    """Return problem and posteriors with the scatter that replicates show, and what is odd about them.

    Where none of the hypotheses fits and one does without a cell, that cell is odd. Where cells alike differ
    by more than the scatter that was taken, all that is told of a gain would be too sure: the mean of three
    cells of which one is odd would count as known to a third of the wrong scatter.
    """
    best = found[find_most_probable(found)]
    groups = _group_replicates(problem)
    rows = _find_odd_cells(problem, groups, seed) if best.p_value < LEAST_P else []
    if rows:
        return problem, dict(found), rows
    priors = dict(problem.priors)
    for kind in SCATTER if groups else ():
        apart = _list_scatter(best, kind, groups)
        freedom = sum(u.size - 1 for u in apart)
        off = sum(float(((u - u.mean()) ** 2).sum()) for u in apart)
        if not apart or chi2_above(freedom, off) >= LEAST_P:
            continue
        factor = math.sqrt(off / freedom)
        widest = max(range(len(apart)), key=lambda k: float(np.ptp(apart[k])))
        rows.append(_describe_widened(problem, kind, factor, groups[widest], apart[widest]))
        for name in (name for name in priors if name.startswith(f"{kind}:")):
            priors[name] = replace(priors[name], sd=priors[name].sd * factor)
    if not rows:
        return problem, dict(found), []
    wider = replace(problem, priors=priors)
    return wider, find_posteriors(wider, seed), rows


def _list_scatter(best: Posterior, kind: str, groups: Sequence[Sequence[str]]) -> list[np.ndarray[Any, Any]]:
    """Return what the cells of each group differ by, in standard deviations; [] where that is not free."""
    names = [[f"{kind}:{cell}" for cell in group] for group in groups]
    free = [group for group in names if set(group) <= set(best.names)]
    return [best.u[[best.names.index(name) for name in group]] for group in free]


def _group_replicates(problem: Problem) -> list[list[str]]:
    """Return the cells alike, where there are two at least."""
    groups: dict[str | None, list[str]] = {}
    for cell, film in {block.cell: block.film for block in problem.blocks}.items():
        groups.setdefault(film, []).append(cell)
    return [group for group in groups.values() if len(group) > 1]


def _describe_widened(
    problem: Problem, kind: str, factor: float, group: Sequence[str], u: np.ndarray[Any, Any]
) -> dict[str, Any]:
    """Return what replicates differ by in place of what was taken, and which differ most."""
    prior = problem.priors[f"{kind}:{group[0]}"]
    stated = prior.sd * math.sqrt(2)
    high, low = group[int(np.argmax(u))], group[int(np.argmin(u))]
    apart = float(np.ptp(u)) * prior.sd
    if prior.log:
        told, taken = (f"{significant(100 * size, 2)} %" for size in (factor * stated, stated))
        most = f"{significant(math.exp(apart), 3)} times that of {low}"
    else:
        told, taken = (f"{significant(size, 2)} {prior.unit}" for size in (factor * stated, stated))
        most = f"{significant(apart, 2)} {prior.unit} above that of {low}"
    text = (
        f"Replicates differ by {told} in {SCATTER[kind]}, not by the {taken} that cells alike were taken to "
        f"differ by: the larger is used; that of {high} is {most}."
    )
    return {"what": kind, "text": text, "stated": stated, "needed": factor * stated, "widened": True}


def _find_odd_cells(problem: Problem, groups: Sequence[Sequence[str]], seed: int) -> list[dict[str, Any]]:
    """Return the replicates without which some hypothesis fits, where none fits all cells."""
    rows = []
    for cell in (cell for group in groups for cell in group):
        rest = [block for block in problem.blocks if block.cell != cell]
        found = find_posteriors(problem.with_blocks(rest, problem.ratios), seed)
        best = found[find_most_probable(found)]
        if best.p_value >= LEAST_P:
            rows.append(
                {
                    "what": cell,
                    "without": best.hypothesis,
                    "p_value": best.p_value,
                    "text": f"Without {cell} the data fits (p = {significant(best.p_value, 1)}).",
                }
            )
    return sorted(rows, key=lambda row: -row["p_value"])

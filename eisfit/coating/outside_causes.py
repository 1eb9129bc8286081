"""Causes outside the hypotheses that would explain the spectra, and inconsistent spectra, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from eisfit.coating.inference.departures import CHANGES, Outside, find_outside_causes
from eisfit.coating.inference.posterior import LEAST_P, Posterior
from eisfit.coating.inference.problem import Problem
from eisfit.rounding import hertz, significant
from eisfit.verdict import limit

_MAX_SHOWN = 5
_MORE_OR_LESS = {
    "temperature": ("the coated cells are {size} K {sense} than stated", "warmer", "cooler"),
    "alpha": ("the double layer's exponent is {sense} by {size} in the coated cells", "larger", "smaller"),
    "series": ("the coated cells have {size} ohm {sense} in series", "more", "less"),
}
_SHARES = (0.2, 1.2)  # of a film's resistance that may lie behind the double layer, errors and all
_LADDER = (
    "the film's electrons are shorted to the solid, so that its capacitance lies across the reaction too"
)
_LOOP = 1 / (2 * math.pi * 30)  # s: what is negative and faster is no inductive loop of an electrode


def describe_outside(problem: Problem, found: Mapping[str, Posterior], misses: bool) -> dict[str, Any]:
    """Return ``{tried, causes}``: how many causes were tried, and those that are told, the likeliest first.

    Each is ``{what, cells, hypothesis, gain, text, p_value, log10_odds, fits, misfit_left}``: `gain` is that
    of the hypothesis beside the cause, the odds are against the best hypothesis, and `misfit_left` is the
    share that is left of what the best hypothesis exceeds the count of data by.
    """
    tried, causes = find_outside_causes(problem, found, misses)
    best_chi2 = min(p.chi2 for p in found.values())
    most = max(p.log_evidence for p in found.values())
    rows: list[dict[str, Any]] = []
    for cause in causes:
        p = cause.posterior
        if cause.size < 0 and (cause.what == "leads" or (cause.what == "arc" and cause.where < _LOOP)):
            continue  # leads have no negative inductance
        if cause.what == "behind" and not _SHARES[0] < cause.size < _SHARES[1]:
            continue  # no share
        excess = max(best_chi2 - p.count, 1e-9)
        rows.append(
            {
                "what": cause.what,
                "cells": cause.cells,
                "hypothesis": cause.hypothesis,
                "gain": find_gain(problem, p),
                "text": _describe_cause(cause),
                "p_value": p.p_value,
                "log10_odds": (p.log_evidence - most) / math.log(10),
                "fits": p.p_value >= LEAST_P,
                "misfit_left": min(max(p.chi2 - p.count, 0.0) / excess, 1.0),
            }
        )
    fitting = [row for row in rows if row["fits"]]
    nearest = [row for row in rows if row["misfit_left"] < limit("study_mends")]
    return {"tried": tried, "causes": (fitting or nearest)[:_MAX_SHOWN]}


def _describe_cause(cause: Outside) -> str:
    size = significant(abs(cause.size), 2)
    if cause.what in CHANGES:
        return CHANGES[cause.what][1].format(size)
    if cause.what in _MORE_OR_LESS:
        text, more, less = _MORE_OR_LESS[cause.what]
        return text.format(size=size, sense=more if cause.size > 0 else less)
    if cause.what == "behind":
        share = significant(100 * cause.size, 2)
        return (
            f"{share} % of the film's resistance lies behind the double layer, as where that is on the film"
        )
    if cause.what == "shorted":
        return _LADDER
    if cause.what == "leads":
        return f"the leads have an inductance of {significant(cause.size * 1e6, 2)} uH"
    kind = "a further arc" if cause.size > 0 else "an inductive loop"
    cells = {"all": "all cells have", "coated": "the coated cells have", "bare": "the bare cells have"}
    at = float(f"{1 / (2 * math.pi * cause.where):.2g}")
    return f"{cells[cause.cells]} {kind} of {size} ohm at {hertz(at)}"


def find_gain(problem: Problem, posterior: Posterior) -> float | None:
    """Return what a hypothesis multiplies the reaction or the area by; None where it does not."""
    for k, name in enumerate(posterior.names):
        if name in {"f", "g"}:
            u = posterior.u[k] if posterior.sample is None else np.median(posterior.sample[:, k])
            return float(problem.priors[name].value(u))
    return None


def list_broken_spectra(problem: Problem) -> list[dict[str, Any]]:
    """Return the spectra that break Kramers-Kronig, in the form of contradictions."""
    return [
        {
            "what": block.name,
            "breaks": block.breaks,
            "text": f"{block.name} breaks Kramers-Kronig: {block.breaks}.",
        }
        for block in problem.blocks
        if block.breaks
    ]

"""Competing readings of a coating's effect, weighed by how well each foretold the coated cell.

Each hypothesis gives a probability density of the coated cell's R_ct before it was looked at: from the ranges
of the inputs, from the bare cell, and, where the hypothesis leaves something free (a gain of activity or of
area), from its stated prior. The density at what was measured is its evidence; evidences in proportion are
the posterior odds (Kass and Raftery, J. Am. Stat. Assoc. 90 (1995) 773) for hypotheses equally likely
beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.attribution import median_and_interval
from eisfit.coating.electrode import interface_resistance, resistance_slope
from eisfit.coating.predictions import Fitted
from eisfit.units import Uncertain

__all__ = ["HYPOTHESES", "weigh"]


HYPOTHESES = {
    "barrier_only": "the film only stands in the ions' way",
    "electronic_access": "the film also carries electrons along the wall; the kinetics are unchanged",
    "intrinsic_activity": "the film stands in the ions' way and makes the reaction faster or slower",
    "area_gain": "the film stands in the ions' way and lets more of the surface "
    "take part (wetting, roughness)",
    "access_and_activity": "the film carries electrons along the wall and changes the kinetics",
}


_WITH_ACCESS = ("electronic_access", "access_and_activity")


def weigh(fitted: Fitted, stderr: float, activity_gain: Uncertain, area_gain: Uncertain) -> dict[str, Any]:
    """Evidence and posterior probability of every hypothesis.

    Parameters
    ----------
    fitted
        The model over draws.
    stderr
        Standard error of the coated cell's R_ct, ohm; at least 0.5 % of R_ct is taken, or an exact number
        would be an infinite demand on the model.
    activity_gain, area_gain
        Priors of the free gains (uniform or log-uniform ranges).

    Returns
    -------
    dict
        ``{NAME: {statement, evidence, probability, prior, predicted, needed}}``; evidence per ohm, and
        ``predicted``, where nothing is free, is the median R_ct with its interval.
    """
    model = fitted.model
    error = max(stderr, 0.005 * float(np.median(model.r_coated)))
    foretold = {
        "barrier_only": fitted.coated("barrier_only"),
        "electronic_access": fitted.coated("unchanged_kinetics"),
    }
    free = {
        "intrinsic_activity": activity_gain,
        "area_gain": area_gain,
        "access_and_activity": activity_gain,
    }
    entries: dict[str, dict[str, Any]] = {}
    # A film that carries no electrons to speak of has no reading of its own with them.
    idle = np.abs(foretold["electronic_access"] - foretold["barrier_only"]) < 0.01 * error
    left_out = _WITH_ACCESS if idle.all() else ()
    for name, statement in HYPOTHESES.items():
        if name in left_out:
            continue
        if name in foretold:
            evidence = _density(foretold[name], model.r_coated, error)
            more: dict[str, Any] = {"prior": "", "predicted": median_and_interval(foretold[name])}
        else:
            gain, slope = _needed(fitted, name)
            evidence = float(np.nan_to_num(_prior_density(free[name], gain) * slope).mean())
            needed = median_and_interval(np.atleast_1d(gain))
            more = {"prior": f"gain {free[name]}", "predicted": None, "needed": needed}
        entries[name] = {"statement": statement, "evidence": evidence, **more}
    total = sum(entry["evidence"] for entry in entries.values())
    best = max(entry["evidence"] for entry in entries.values())
    for entry in entries.values():
        entry["probability"] = entry["evidence"] / total if total > 0 else 0.0
        entry["odds_to_best"] = entry["evidence"] / best if best > 0 else 0.0
    return entries


def _density(predicted: FloatArray, measured: FloatArray, error: float) -> float:
    """Mean over the draws of the normal density of what was measured around what was predicted, 1/ohm."""
    centre = float(np.median(measured))
    good = predicted[np.isfinite(predicted)]
    if not good.size:
        return 0.0
    # A cell known far better than it is foretold would be seen by a few draws only: widen the kernel, to less
    # than half of what Silverman's rule allows, which leaves a smooth density as it is.
    low, high = np.quantile(good, [0.16, 0.84])
    width = np.hypot(error, 0.4 * (high - low) / 2 * good.size**-0.2)
    z = (centre - good) / width
    return float(np.exp(-z * z / 2).sum() / (width * np.sqrt(2 * np.pi)) / predicted.size)


def _needed(fitted: Fitted, name: str) -> tuple[FloatArray, FloatArray]:
    """Return the gain that the measured coated cell needs in every draw, and |d gain / d R_ct|, 1/ohm."""
    model, access = fitted.model, name in _WITH_ACCESS
    rails = model.rails(access=access)
    interface = interface_resistance(model.channels, *rails, model.r_coated)
    per_ohm = interface / (model.r_coated * resistance_slope(model.channels, *rails, interface))
    if name == "area_gain":
        gain = (fitted.R_i + model.crossing) / interface
        return gain, gain / interface * per_ohm
    reaction = interface - model.crossing
    reaction = np.where(reaction > 0, reaction, np.nan)
    return fitted.R_i / reaction, fitted.R_i / reaction**2 * per_ohm


def _prior_density(prior: Uncertain, value: FloatArray) -> FloatArray:
    if prior.kind == "normal":
        return np.asarray(np.exp(-(((value - prior.a) / prior.b) ** 2) / 2) / (prior.b * np.sqrt(2 * np.pi)))
    inside = (value >= prior.a) & (value <= prior.b)
    flat = 1 / (prior.b - prior.a) if prior.kind == "uniform" else 1 / (value * np.log(prior.b / prior.a))
    return np.where(inside, flat, 0.0)

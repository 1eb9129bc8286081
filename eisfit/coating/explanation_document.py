"""The ``eisfit.explain/2`` document: what changed, what explains it, what would settle the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit import __version__
from eisfit.arrays import FloatArray
from eisfit.coating.circuit_fit import measure_resistances
from eisfit.coating.contributions import (
    Draw,
    compute_contributions,
    compute_resistances,
    draw_samples,
    summarise,
    thin,
)
from eisfit.coating.film.checks import describe_film, find_contradictions
from eisfit.coating.headline import write_headline
from eisfit.coating.inference.evidence import build_ledger, compute_prior_swing
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.next_experiments import rank_experiments
from eisfit.coating.inference.posterior import LEAST_P, Posterior, compute_probabilities, find_most_probable
from eisfit.coating.inference.problem import Block, Problem
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.outside_causes import describe_outside, find_gain, list_broken_spectra
from eisfit.coating.physics.parameters import PARAMETERS, SCATTER
from eisfit.coating.replicates import examine_replicates
from eisfit.coating.study import Study
from eisfit.coating.voltages import list_contradictions, list_stated, predict_voltages, weigh_facts
from eisfit.records import EXPLAIN_SCHEMA
from eisfit.verdict import limit

_DRAWS = 400
_SEEN_EV = 0.01
"""Of a change of activation energy: half a kelvin between two chambers, over 40 K, makes as much."""
_WORDS = {
    **{parameter.name: parameter.meaning for parameter in PARAMETERS},
    "dT": "temperature beyond the stated one",
    "f": "gain of activity",
}


def build_document(study: Study, problem: Problem) -> dict[str, Any]:
    """Return the whole document of a study."""
    seed = study.file.study.seed
    problem, alone, odd = examine_replicates(problem, find_posteriors(problem, seed), seed)
    exact = problem.finish(slopes=False)
    found, facts, silent = weigh_facts(study, exact, alone, seed)
    drawn = draw_samples(found, _DRAWS, seed)
    voltages = predict_voltages(study, exact, drawn)
    coated = problem.pair[1]
    misses = max(p.p_value for p in found.values()) < LEAST_P
    none = misses or max(p.feasible for p in found.values()) < limit("study_feasible")
    document: dict[str, Any] = {
        "schema": EXPLAIN_SCHEMA,
        "eisfit": __version__,
        "title": study.file.study.title,
        "references": list(study.file.study.references),
        "simulated": study.file.study.simulated,
        "seed": seed,
        "notes": [f"a study of schema 1: {note}" for note in study.notes],
        "r_ct": measure_resistances(study, problem),
        "electrode": _describe_electrode(exact, drawn),
        "fits": not none,
        "hypotheses": _hypotheses(found, problem, none),
        "ledger": {} if none else build_ledger(problem, alone, seed, facts),
        "silent": silent,
        "contradictions": [
            *(row for film in study.file.film for row in find_contradictions(film)),
            *list_broken_spectra(problem),
            *list_contradictions(study, voltages, silent),
            *odd,
            *_list_moved(found, problem, none),
        ],
        "outside": describe_outside(problem, alone, misses),
        "contributions": compute_contributions(exact, found, seed),
        "parameters": _describe_parameters(problem, drawn),
        "gains": _compute_gains(problem, drawn),
        "swing": {} if none else _name_parameters(compute_prior_swing(found, problem)),
        "next_experiments": [] if none else rank_experiments(problem, found, seed),
        "predictions": {
            "thickness": _predict_thickness(exact, coated, drawn),
            "spectra": _compute_bands(problem, drawn),
            "voltages": voltages,
        },
        "films": [
            describe_film(film) for film in study.file.film if film.ionic_conductivity and film.resistivity
        ],
        "inputs": {**_list_inputs(problem), **list_stated(study)},
    }
    return {**document, "headline": write_headline(document)}


def _describe_electrode(problem: Problem, drawn: Sequence[Draw]) -> dict[str, dict[str, Any]]:
    """Return the electrode's own R_ct by the model, and the other electrode's arc, ohm."""
    both = [[compute_resistances(problem, block, thin(d)) for d in drawn] for block in problem.isothermal]
    b, c, other = (
        np.concatenate([row[key] for row in rows])
        for rows, key in ((both[0], "r_ct"), (both[1], "r_ct"), (both[0], "r_other"))
    )
    spans = {"bare": b, "coated": c, "change": c - b, "other_electrode": other}
    return {name: summarise(values) for name, values in spans.items()}


def _hypotheses(found: Mapping[str, Posterior], problem: Problem, misses: bool) -> dict[str, dict[str, Any]]:
    p = compute_probabilities(found)
    return {
        name: {
            "statement": HYPOTHESES[name].statement,
            "probability": None if misses else p[name],
            "log_evidence": posterior.log_evidence,
            "p_value": posterior.p_value,
            "gain": find_gain(problem, posterior),
        }
        for name, posterior in found.items()
    }


def _list_moved(found: Mapping[str, Posterior], problem: Problem, misses: bool) -> list[dict[str, Any]]:
    """Return the inputs that the best hypothesis moves farthest from where the study puts them.

    What the hypothesis itself frees is its claim, not an input. Where spectra are missed an input is named
    only if it holds most of the misfit: others have gone astray to make up for what the model does not know.
    """
    best = found[find_most_probable(found)]
    rows: list[dict[str, Any]] = []
    claimed = () if misses else HYPOTHESES[best.hypothesis].free
    least = 3.0
    if misses:
        least = 0.0 if problem.scalar else max(least, math.sqrt((best.chi2 - best.count) / 2))
    for k in (k for k in np.argsort(-np.abs(best.u)) if best.names[k] not in claimed):
        if abs(best.u[k]) < (3.0 if rows else least):
            break
        row = _describe_difference(best, k, problem) or _describe_moved(best, k, problem)
        rows += [row] * (row["text"] not in {told["text"] for told in rows})
    return rows[:4]


def _describe_moved(best: Posterior, k: int, problem: Problem) -> dict[str, Any]:
    """Return where an input would have to lie."""
    name, u = best.names[k], float(best.u[k])
    prior = problem.priors[name]
    stated, needed = prior.value([0.0, u]).tolist()
    own = " (not stated: taken by the program)" if prior.source.startswith(("default", "size")) else ""
    told = (
        f"The {plain_name(name)} would have to be {needed:.3g} {_unit(prior.unit)}, {abs(u):.1f} standard "
        f"deviations from {stated:.3g} {_unit(prior.unit)}{own}.".replace(" ,", ",").replace(" .", ".")
    )
    return {"what": name, "text": told, "stated": stated, "needed": needed, "deviations": abs(u)}


def _describe_difference(best: Posterior, k: int, problem: Problem) -> dict[str, Any] | None:
    """Return how far two cells would have to differ, where both depart from cells alike: said once."""
    head, _, cell = best.names[k].partition(":")
    if head not in SCATTER or not cell:
        return None
    alike = [j for j, name in enumerate(best.names) if name.startswith(f"{head}:")]
    high, low = (int(pick(alike, key=lambda j: float(best.u[j]))) for pick in (max, min))
    if k not in {high, low} or min(best.u[high], -best.u[low]) < abs(best.u[k]) / 2:
        return None
    more, less = (best.names[j].partition(":")[2] for j in (high, low))
    prior, deviations = problem.priors[best.names[k]], float(best.u[high] - best.u[low]) / math.sqrt(2)
    stated, needed = prior.value([0.0, deviations * math.sqrt(2)]).tolist()
    much = f"{needed:.3g} times that" if prior.log else f"{needed:.3g} {prior.unit} above that"
    told = (
        f"The {SCATTER[head]} of {more} would have to be {much} of {less}, {deviations:.1f} standard "
        "deviations of what cells alike differ by."
    )
    return {"what": best.names[k], "text": told, "stated": stated, "needed": needed, "deviations": deviations}


def _describe_parameters(problem: Problem, drawn: Sequence[Draw]) -> dict[str, dict[str, Any]]:
    rows = {}
    for name, prior in problem.priors.items():
        columns = [d.u[:, d.posterior.names.index(name)] for d in drawn if name in d.posterior.names]
        if not columns:
            continue
        drawn_u = np.concatenate(columns)
        rows[name] = {
            **summarise(prior.value(drawn_u)),
            "unit": prior.unit,
            "meaning": plain_name(name),
            "learned": float(1 - drawn_u.std()),
        }
    return rows


def _compute_gains(problem: Problem, drawn: Sequence[Draw]) -> dict[str, dict[str, Any]]:
    """Return gains of the most probable hypothesis, and whether they exceed twice the cells' scatter."""
    most = max(drawn, key=lambda d: len(d.u))
    number = {coated: len({b.cell for b in problem.blocks if b.coated == coated}) for coated in (False, True)}
    rows: dict[str, dict[str, Any]] = {}
    for name in (n for n in ("f", "g") if n in most.posterior.names):
        span = summarise(problem.priors[name].value(most.u[:, most.posterior.names.index(name)]))
        one = problem.priors[f"dR_i:{problem.pair[0].cell}"].sd
        scatter = float(one * math.sqrt(1 / number[False] + 1 / number[True]))
        seen = abs(math.log(span["median"])) > 2 * scatter
        rows[name] = {**span, "meaning": plain_name(name), "scatter": scatter, "seen": seen}
        rows[name]["replicated"] = min(number.values()) > 1
    if "Ea:gain" in most.posterior.names:
        span = summarise(problem.priors["Ea:gain"].value(most.u[:, most.posterior.names.index("Ea:gain")]))
        seen = span["low95"] * span["high95"] > 0 and abs(span["median"]) > _SEEN_EV
        rows["Ea:gain"] = {**span, "meaning": plain_name("Ea:gain"), "scatter": 0.0, "seen": seen}
        rows["Ea:gain"]["replicated"] = min(number.values()) > 1
    return rows


def _predict_thickness(problem: Problem, coated: Block, drawn: Sequence[Draw]) -> list[dict[str, Any]]:
    """Return the coated electrode's R_ct over the film's thickness, a fifth to twelve times the study's."""
    name = f"thickness:{coated.film}"
    own, rows = problem.priors[name], []
    for factor in np.geomspace(0.2, 12, 8):
        priors = {**problem.priors, name: replace(own, mean=own.mean + np.log(factor))}
        changed = replace(problem, priors=priors)
        values = np.concatenate([compute_resistances(changed, coated, thin(d))["r_ct"] for d in drawn])
        rows.append({"thickness_nm": float(np.exp(own.mean) * factor * 1e7), **summarise(values)})
    return rows


def _compute_bands(problem: Problem, drawn: Sequence[Draw]) -> list[dict[str, Any]]:
    """Measured spectra, the optimum of the best hypothesis, and the central 95 % of the posterior's."""
    best = max((d.posterior for d in drawn), key=lambda p: p.log_evidence)
    rows = []
    for place, block in enumerate(problem.blocks[:12]):
        if block.combine is not None:
            continue
        parts = [_predict(problem, place, d) for d in drawn]
        low, high = np.quantile(np.concatenate(parts), [0.025, 0.975], axis=0).reshape(2, -1, 2)
        model = _predict(problem, place, Draw(best, best.u[None])).reshape(-1, 2)
        measured = block.data.reshape(-1, 2)
        columns = {"real": 0, "imag": 1}
        rows.append(
            {
                "name": block.name,
                "cell": block.cell,
                "coated": block.coated,
                "temperature_K": block.temperature,
                "frequency_Hz": (block.omega / (2 * np.pi)).tolist(),
                **{f"Z_{part}_ohm": measured[:, k].tolist() for part, k in columns.items()},
                **{f"Z_{part}_model_ohm": model[:, k].tolist() for part, k in columns.items()},
                **{f"Z_{part}_low95_ohm": low[:, k].tolist() for part, k in columns.items()},
                **{f"Z_{part}_high95_ohm": high[:, k].tolist() for part, k in columns.items()},
            }
        )
    return rows


def _predict(problem: Problem, place: int, drawn: Draw) -> FloatArray:
    """Return what draws make of a spectrum (n, N), corrected to the final model where there is one."""
    own = drawn.posterior
    Z = problem.predict(problem.blocks[place], HYPOTHESES[own.hypothesis], own.names, drawn.u)
    if own.corrections is None:
        return Z
    return (Z.view(np.complex128) * own.corrections[place]).view(np.float64)


def _list_inputs(problem: Problem) -> dict[str, dict[str, Any]]:
    rows = {}
    for name, prior in problem.priors.items():
        centre, low, high = prior.value([0.0, -1.0, 1.0]).tolist()
        entry = {"value": centre, "low68": low, "high68": high, "unit": prior.unit, "source": prior.source}
        rows[name] = {**entry, "meaning": plain_name(name)}
    return rows


def _name_parameters(swing: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    return {name: {**entry, "meaning": plain_name(name)} for name, entry in swing.items()}


def plain_name(name: str) -> str:
    """Return a parameter's name in words."""
    head, _, which = name.partition(":")
    if head in SCATTER and not which:
        return f"scatter of {SCATTER[head]} between cells alike"
    if head in SCATTER:
        return f"{SCATTER[head]} of {which} over that of cells alike"
    if head == "thickness":
        return f"thickness of {which}"
    if name == "Ea:gain":
        return "change of the reaction's activation energy by the film"
    if head == "Ea":
        return f"activation energy ({which})"
    return _WORDS.get(head, head) + (f" ({which})" if which else "")


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit

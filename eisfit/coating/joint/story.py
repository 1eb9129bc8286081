"""The ``eisfit.explain/2`` document: what changed, what explains it, what would settle the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eisfit._version import __version__
from eisfit.coating.joint.contributions import (
    Draw,
    contributions,
    draws,
    resistances,
    summary,
)
from eisfit.coating.joint.evidence import ledger, next_experiments, prior_swing
from eisfit.coating.joint.posterior import Posterior, posteriors, probabilities
from eisfit.coating.joint.problem import HYPOTHESES, Block, Problem
from eisfit.coating.joint.study import JointStudy

__all__ = ["LEAST_P", "SCHEMA", "document_of"]

SCHEMA = "eisfit.explain/2"
LEAST_P = 1e-3
"""Below this chance of a chi2 as large, the best hypothesis misses and no odds are told."""

_DRAWS = 400
_PLAIN = {
    "sigma_s": "conductivity of the solid",
    "s_i": "ionic conductivity of the film",
    "kappa": "conductivity of the electrolyte",
    "area": "area of the electrode",
    "resistivity": "resistivity of the film",
    "R_i": "resistance of the reaction",
    "Q": "double layer",
    "alpha": "exponent of the double layer",
    "W": "diffusion",
    "R_s": "series resistance",
    "counter_R": "other electrode's resistance",
    "counter_tau": "other electrode's time constant",
    "chi": "chemical capacitance of the film",
    "f": "gain of activity",
    "g": "gain of area",
    "native_R": "layer on the bare cell",
    "native_C": "capacitance of the layer on the bare cell",
    "contact_R": "contact of the bare cell",
    "contact_tau": "time constant of the contact",
}
_SCATTER = {"dR_s": "R_s", "dR_i": "R_i", "dQ": "Q", "dcounter": "other electrode"}
_SHORT = {
    "barrier_only": "the barrier alone",
    "electronic_access": "electrons along the film",
    "intrinsic_activity": "a faster reaction",
    "area_gain": "a larger area",
    "access_and_activity": "electrons along the film and a faster reaction",
    "access_and_area": "electrons along the film and a larger area",
    "native_layer": "a layer on the bare cell that the film replaces",
    "contact": "a poorer contact of the bare cell",
}


def document_of(study: JointStudy, problem: Problem) -> dict[str, Any]:
    """Return the whole document of a study."""
    seed, exact = study.file.study.seed, problem.finished()
    found = _after_all_data(problem, seed)
    drawn = draws(problem, found, _DRAWS, seed)
    bare, coated = (next(b for b in problem.blocks if b.coated == is_coated) for is_coated in (False, True))
    misses = max(p.p_value for p in found.values()) < LEAST_P
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "eisfit": __version__,
        "title": study.file.study.title,
        "references": list(study.file.study.references),
        "simulated": study.file.study.simulated,
        "seed": seed,
        "r_ct": _resistances(_own(problem, exact), bare, coated, drawn),
        "fits": not misses,
        "hypotheses": _hypotheses(found, misses),
        "ledger": {} if misses else ledger(problem, found, seed),
        "contradictions": [
            *_voltages(study, _own(problem, exact), problem, drawn),
            *_gives_way(found, exact, misses),
        ],
        "contributions": contributions(problem, bare, coated, drawn),
        "parameters": _parameters(exact, drawn),
        "swing": {} if misses else _named(prior_swing(found, problem)),
        "next_experiments": [] if misses else next_experiments(problem, found, seed),
        "predictions": {"thickness": _thickness(problem, coated, drawn), "spectra": _bands(problem, drawn)},
        "inputs": _inputs(problem),
    }
    return {**document, "headline": _headline(document)}


def _after_all_data(problem: Problem, seed: int) -> dict[str, Posterior]:
    """Search blindly on one pair of cells, then go on from there with everything."""
    pair = [next(b for b in problem.blocks if b.coated == coated) for coated in (False, True)]
    if len(problem.blocks) == len(pair):
        return posteriors(problem, seed)
    rough = posteriors(problem.with_blocks(pair), seed, finish=False)
    return posteriors(problem, seed, near=rough)


def _own(problem: Problem, exact: Problem) -> Problem:
    """Return the problem whose support the draws were made for."""
    return problem if problem.blocks[0].combine is not None else exact


def _resistances(
    problem: Problem, bare: Block, coated: Block, drawn: Sequence[Draw]
) -> dict[str, dict[str, float]]:
    few = [Draw(d.posterior, d.u[: max(1, len(d.u) // 4)]) for d in drawn]
    b, c = (np.concatenate([resistances(problem, x, d)["r_ct"] for d in few]) for x in (bare, coated))
    return {"bare": summary(b), "coated": summary(c), "change": summary(c - b)}


def _hypotheses(found: Mapping[str, Posterior], misses: bool) -> dict[str, dict[str, Any]]:
    p = probabilities(found)
    return {
        name: {
            "statement": HYPOTHESES[name].statement,
            "probability": None if misses else p[name],
            "log_evidence": posterior.log_evidence,
            "p_value": posterior.p_value,
        }
        for name, posterior in found.items()
    }


def _gives_way(found: Mapping[str, Posterior], problem: Problem, misses: bool) -> list[dict[str, Any]]:
    """Return the inputs that the best hypothesis moves farthest from where the study puts them."""
    best = found[_best(found)]
    rows: list[dict[str, Any]] = []
    for k in np.argsort(-np.abs(best.u)):
        u = float(best.u[k])
        if abs(u) < 3 and not (misses and not rows):
            break
        name, prior = best.names[k], problem.priors[best.names[k]]
        value = prior.mean + prior.sd * u
        stated, needed = (math.exp(x) if prior.log else x for x in (prior.mean, value))
        told = (
            f"The {plain(name)} would have to be {needed:.3g} {_unit(prior.unit)}, {abs(u):.1f} standard "
            f"deviations from {stated:.3g} {_unit(prior.unit)}.".replace(" ,", ",").replace(" .", ".")
        )
        rows.append({"what": name, "text": told, "stated": stated, "needed": needed, "deviations": abs(u)})
    return rows[:4]


def _voltages(
    study: JointStudy, exact: Problem, problem: Problem, drawn: Sequence[Draw]
) -> list[dict[str, Any]]:
    """Voltages under current whose resistance does not meet that of the spectra."""
    rows = []
    cells = {cell.name: cell for cell in study.file.cell}
    few = [Draw(d.posterior, d.u[: max(1, len(d.u) // 4)]) for d in drawn]
    grid = np.random.default_rng(study.file.study.seed).uniform(size=(2, 2000))
    for row in study.file.dc:
        asked = summary(row.voltage.draw(grid[0]) / row.current.draw(grid[1]))
        seen = summary(_of_cell(exact, problem, row.cell, cells, few))
        if asked["low95"] <= seen["high95"] and seen["low95"] <= asked["high95"]:
            continue
        told = (
            f"{row.what}: {row.voltage} at {row.current} asks for {asked['low95']:.2g} to "
            f"{asked['high95']:.2g} ohm, the impedance says {seen['low95']:.3g} to {seen['high95']:.3g} ohm: "
            "the two can't both hold for the same state, so it is set aside."
        )
        rows.append({"what": row.what, "text": told, "asked": asked, "seen": seen})
    return rows


def _of_cell(
    exact: Problem, problem: Problem, name: str, cells: Mapping[str, Any], drawn: Sequence[Draw]
) -> np.ndarray[Any, Any]:
    def total(block: Block) -> np.ndarray[Any, Any]:
        key = "r_ct" if block.combine is not None and block.data.size == 1 else "r_total"
        return np.concatenate([resistances(exact, block, d)[key] for d in drawn])

    blocks = {b.coated: b for b in reversed(problem.blocks)}
    if name == "difference":
        return np.asarray(total(blocks[False]) - total(blocks[True]))
    return total(next(b for b in problem.blocks if b.cell.startswith(cells[name].name)))


def _parameters(problem: Problem, drawn: Sequence[Draw]) -> dict[str, dict[str, Any]]:
    rows = {}
    for name, prior in problem.priors.items():
        columns = [d.u[:, d.posterior.names.index(name)] for d in drawn if name in d.posterior.names]
        if not columns:
            continue
        value = prior.mean + prior.sd * np.concatenate(columns)
        rows[name] = {
            **summary(np.exp(value) if prior.log else value),
            "unit": prior.unit,
            "meaning": plain(name),
            "learned": float(1 - np.concatenate(columns).std()),
        }
    return rows


def _thickness(problem: Problem, coated: Block, drawn: Sequence[Draw]) -> list[dict[str, Any]]:
    """R_ct of the coated cell over the film's thickness, from a fifth of the study's own to twelve times."""
    from dataclasses import replace

    name = f"thickness:{coated.film}"
    own, rows = problem.priors[name], []
    for factor in np.geomspace(0.2, 12, 15):
        changed = replace(
            problem, priors={**problem.priors, name: replace(own, mean=own.mean + np.log(factor))}
        )
        values = np.concatenate([resistances(changed, coated, d)["r_ct"] for d in drawn])
        rows.append({"thickness_nm": float(np.exp(own.mean) * factor * 1e7), **summary(values)})
    return rows


def _bands(problem: Problem, drawn: Sequence[Draw]) -> list[dict[str, Any]]:
    """Measured spectra and the central 95 % of what the posterior makes of them."""
    rows = []
    for block in problem.blocks[:8]:
        if block.combine is not None:
            continue
        parts = [
            problem.predict(block, HYPOTHESES[d.posterior.hypothesis], d.posterior.names, d.u)[0]
            for d in drawn
        ]
        low, high = np.quantile(np.concatenate(parts), [0.025, 0.975], axis=0).reshape(2, -1, 2)
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
                **{f"Z_{part}_low95_ohm": low[:, k].tolist() for part, k in columns.items()},
                **{f"Z_{part}_high95_ohm": high[:, k].tolist() for part, k in columns.items()},
            }
        )
    return rows


def _inputs(problem: Problem) -> dict[str, dict[str, Any]]:
    rows = {}
    for name, prior in problem.priors.items():
        centre, low, high = prior.mean, prior.mean - prior.sd, prior.mean + prior.sd
        if prior.log:
            centre, low, high = math.exp(centre), math.exp(low), math.exp(high)
        entry = {"value": centre, "low68": low, "high68": high, "unit": prior.unit, "source": prior.source}
        rows[name] = {**entry, "meaning": plain(name)}
    return rows


def _named(swing: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    return {name: {**entry, "meaning": plain(name)} for name, entry in swing.items()}


def plain(name: str) -> str:
    """Return a parameter's name in words."""
    head, _, which = name.partition(":")
    if head in _SCATTER:
        return f"{_SCATTER[head]} of {which} beside cells alike"
    if head == "thickness":
        return f"thickness of {which}"
    if head == "Ea":
        return f"activation energy ({which})"
    return _PLAIN.get(head, head) + (f" ({which})" if which else "")


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _best(found: Mapping[str, Posterior]) -> str:
    return max(found, key=lambda name: found[name].log_evidence)


def _headline(document: Mapping[str, Any]) -> list[str]:
    r = document["r_ct"]
    kind = " (simulated cells)" if document["simulated"] else ""
    verb = "fell" if r["change"]["median"] < 0 else "rose"
    changed = (
        f"R_ct {verb} from {_span(r['bare'])} to {_span(r['coated'])} ohm{kind}: "
        f"{r['change']['median']:+.1f} ohm ({r['change']['low95']:+.1f} to {r['change']['high95']:+.1f})."
    )
    if not document["fits"]:
        way = document["contradictions"][-1]["text"] if document["contradictions"] else ""
        tried = len(document["hypotheses"])
        missed = f"None of the {tried} hypotheses fits the data (p < 0.001){kind}: no odds are told."
        return [changed, missed, way or "Check the spectra and the noise first."]
    return [changed, _explained(document, kind), _settle(document)]


def _explained(document: Mapping[str, Any], kind: str) -> str:
    p = {name: h["probability"] for name, h in document["hypotheses"].items()}
    order = sorted(p, key=lambda name: -p[name])
    best, second = order[0], order[1]
    verb = "explain" if best.startswith(("electronic", "access")) else "explains"
    reach = f"{verb} it" if p[best] >= 0.9 else f"{verb} it best"
    text = f"{_SHORT[best][:1].upper()}{_SHORT[best][1:]} {reach}, probability {_percent(p[best])}{kind}"
    text += f"; next {_SHORT[second]}, {_percent(p[second])}"
    rows = {name: row[best] for name, row in document["ledger"].items()}
    deciding = max(rows, key=lambda name: rows[name])
    gain = document["parameters"].get("f" if "activity" in best else "g" if "area" in best else "")
    size = f"; the gain is {_span(gain)}" if gain else ""
    return f"{text}{size}. What speaks most for it: {deciding}."


def _settle(document: Mapping[str, Any]) -> str:
    rows = document["next_experiments"]
    if not rows or rows[0]["open_bits"] < 0.1:
        return "Among these hypotheses hardly anything is left to settle; others were not tried."
    first = rows[0]
    return (
        f"What would settle the rest: {first['experiment']} "
        f"({first['expected_bits']:.2f} of {first['open_bits']:.2f} bit still open)."
    )


def _span(entry: Mapping[str, float]) -> str:
    return f"{entry['median']:.3g} ({entry['low95']:.3g} to {entry['high95']:.3g})"


def _percent(p: float) -> str:
    return "above 99 %" if p > 0.99 else "below 1 %" if p < 0.01 else f"{100 * p:.0f} %"

"""Facts under direct current compared with the impedance: contradictions, and their effect on the odds.

What a current makes at an electrode is ohmic in part (electrolyte, solid, film, layer, contact) and follows
Butler and Volmer's equation where a reaction is: with symmetry 1/2, eta = (2 kT/e) asinh(I R e / (2 kT)) (J.
Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, ch. 8). 29 ohm of reaction at 4 mA are
4.5 kT/e, where that is 0.70 of I R; so a layer and a slow reaction of one resistance make different voltages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.contributions import Draw, compute_layers, compute_resistances, summarise, thin
from eisfit.coating.inference.assembly import LAST_DIGIT
from eisfit.coating.inference.posterior import Posterior
from eisfit.coating.inference.problem import REFERENCE_K, Block, Problem
from eisfit.coating.study import DirectCurrent, Study
from eisfit.units import BOLTZMANN_EV, Uncertain

_DRAWN = 2000
_DRAWN_EACH = 130  # draws of a hypothesis that facts are foretold from
_NO_EFFECT = 0.1  # log10 odds that a fact moves at most where it is said to tell nothing

_ALIKE = {True: "all foretell the same", False: "one hypothesis is left, and meets it"}

Facts = dict[str, dict[str, float]]
"""Logarithm of what each fact multiplies the evidence of each hypothesis by."""


def butler_volmer(
    current: FloatArray, resistance: FloatArray, temperature: float = REFERENCE_K
) -> FloatArray:
    """Return the overpotential, V, of a reaction of charge-transfer resistance (ohm) at a current (A).

    Examples
    --------
    >>> round(float(butler_volmer(np.array(4e-3), np.array(36.8))), 3)
    0.091
    """
    kT = BOLTZMANN_EV * temperature
    return np.asarray(2 * kT * np.arcsinh(current * resistance / (2 * kT)))


def weigh_facts(
    study: Study, problem: Problem, found: Mapping[str, Posterior], seed: int
) -> tuple[dict[str, Posterior], Facts, dict[str, str]]:
    """Return the posteriors with the facts in their evidence, what each fact did, and why some did nothing.

    A fact's likelihood is the mean over a hypothesis' draws of a normal density about the voltage that they
    foretell, as wide as its error, its current and its `width` say. What no hypothesis meets, of those that
    the spectra leave, belongs to another state of the cells: it is set aside. Parameters stay those of the
    spectra: a fact of such a width narrows none.

    Parameters
    ----------
    study
        With its facts.
    problem
        In the final model.
    found
        Posteriors without the facts.
    seed
        Of the draws.
    """
    rows: Facts = {}
    silent: dict[str, str] = {}
    most = max(p.log_evidence for p in found.values())
    likely = [name for name, p in found.items() if p.log_evidence > most - np.log(1e3)]
    rng = np.random.default_rng(seed)
    drawn = {name: Draw(p, p.draws(_DRAWN_EACH, rng)) for name, p in found.items()} if study.file.dc else {}
    for row in study.file.dc:
        if row.life is not None:
            silent[row.what] = "no impedance foretells it"
            continue
        asked = _draw_asked(row, seed)
        held = {name: _find_density(problem, row, asked, drawn[name], seed) for name in likely}
        if not any(meets for _, meets in held.values()):
            silent[row.what] = "set aside: no hypothesis meets it"
            continue
        known = [log for log, _ in held.values()]
        if (max(known) - min(known)) / np.log(10) < _NO_EFFECT:
            silent[row.what] = f"tells nothing: {_ALIKE[len(likely) > 1]}"
            continue
        held |= {n: _find_density(problem, row, asked, d, seed) for n, d in drawn.items() if n not in likely}
        rows[row.what] = {name: held[name][0] for name in found}
    total = {name: sum(logs[name] for logs in rows.values()) for name in found}
    return {name: _raise_evidence(p, total[name]) for name, p in found.items()}, rows, silent


def _raise_evidence(posterior: Posterior, by: float) -> Posterior:
    """Return a posterior with another evidence and the same parameters."""
    modes = tuple(replace(mode, log_evidence=mode.log_evidence + by) for mode in posterior.modes)
    sampled = posterior.sampled_evidence
    return replace(posterior, modes=modes, sampled_evidence=None if sampled is None else sampled + by)


def _find_density(
    problem: Problem, row: DirectCurrent, asked: tuple[FloatArray, FloatArray], drawn: Draw, seed: int
) -> tuple[float, bool]:
    """Return the logarithm of a fact's mean density over draws, and whether they meet it within 95 %.

    The resistances of each cell may have moved: a difference is as uncertain as both its voltages.
    """
    voltage, current = asked
    parts = _compute_fact_voltages(problem, [drawn], row, current)[1]
    foretold, moved = parts.sum(axis=0), row.width.median * np.sqrt(np.sum(parts**2, axis=0))
    error = np.hypot(moved, LAST_DIGIT * np.abs(voltage))
    logs = -0.5 * ((voltage - foretold) / error) ** 2 - np.log(error)
    spread = foretold + error * np.random.default_rng(seed).standard_normal(len(error))
    meets = _overlap(summarise(voltage), summarise(spread))
    return float(np.logaddexp.reduce(logs) - np.log(len(logs))), meets


def _draw_asked(row: DirectCurrent, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return draws of the voltage that a fact states, or its share of the capacity costs, and current."""
    grid = np.random.default_rng(seed).uniform(size=(3, _DRAWN))
    assert row.current is not None  # a life is not asked
    if row.voltage is not None:
        return row.voltage.draw(grid[0]), row.current.draw(grid[1])
    assert row.share is not None  # the schema looks
    assert row.slope is not None
    return row.share.draw(grid[0]) * row.slope.draw(grid[2]), row.current.draw(grid[1])


def list_stated(study: Study) -> dict[str, dict[str, Any]]:
    """Return the facts as a study's inputs are listed: the voltage that each states, and its width."""
    rows: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(study.file.dc, 1):
        if row.life is not None:
            continue
        low, middle, high = np.quantile(_draw_asked(row, study.file.study.seed)[0], [0.1587, 0.5, 0.8413])
        key = row.voltage if row.voltage is not None else row.share
        source = row.source or (key.source if key is not None else "")
        rows[f"dc:{number}"] = {
            "value": float(middle),
            "low68": float(low),
            "high68": float(high),
            "unit": "V",
            "source": source or "study",
            "meaning": f"{row.what}; resistances held within {100 * row.width.median:.0f} %",
        }
    return rows


def predict_voltages(study: Study, problem: Problem, drawn: Sequence[Draw]) -> list[dict[str, Any]]:
    """Return what each fact states and what the impedance makes of its current, linear and curved.

    Each is ``{what, measured, linear, butler_volmer, resistance, holds}``: V, in `resistance` (ohm) what a
    linear reading asks for, and in `holds` whether each of the two readings meets it.
    """
    rows: list[dict[str, Any]] = []
    thinned = [thin(d) for d in drawn]
    for row in (row for row in study.file.dc if row.life is None):
        voltage, current = _draw_asked(row, study.file.study.seed)
        measured = summarise(voltage)
        least = _has_unknown_end(problem, row)
        parts = _compute_fact_voltages(problem, thinned, row, current, least=least)
        linear, curved = (summarise(voltages) for voltages in parts.sum(axis=1))
        holds = {
            name: bool(_overlap(measured, made) or (least and measured["low95"] > made["high95"]))
            for name, made in (("linear", linear), ("butler_volmer", curved))
        }
        entry = {"measured": measured, "linear": linear, "butler_volmer": curved}
        rows.append({"what": row.what, **entry, "resistance": summarise(voltage / current), "holds": holds})
    return rows


def list_contradictions(
    study: Study, told: Sequence[Mapping[str, Any]], silent: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the facts that the impedance does not make in both readings, each with its sentence (`text`).

    `told` is from `predict_voltages`; `silent` says which facts moved no odds, and why.
    """
    facts = {row.what: row for row in study.file.dc}
    return [
        {"what": row["what"], "text": _describe_contradiction(facts[row["what"]], row, row["what"] in silent)}
        | {key: row[key] for key in ("measured", "linear", "butler_volmer", "resistance")}
        for row in told
        if not all(row["holds"].values())
    ]


def _has_unknown_end(problem: Problem, row: DirectCurrent) -> bool:
    """Return whether a cell's ohmic part is unknown: it may then add any voltage, but subtract none."""
    unknown = all(b.combine is not None and b.data.size == 1 for b in problem.pair)
    return unknown and row.cell != "difference"


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one["low95"] <= other["high95"] and other["low95"] <= one["high95"]


def _describe_contradiction(row: DirectCurrent, entry: Mapping[str, Any], silent: bool) -> str:
    holds = entry["holds"]
    assert row.current is not None  # a life is not told here
    asked, current = _range(entry["resistance"], 1.0, "ohm"), _format_thousandths(row.current, "mA")
    stated = _range(entry["measured"], 1e3, "mV")
    text = f"{row.what}: {stated} at {current} need {asked}; impedance makes"
    linear, curved = entry["linear"], entry["butler_volmer"]
    if any(holds.values()):
        both = f"{_range(linear, 1e3, 'mV')} if linear, {_range(curved, 1e3, 'mV')} by Butler-Volmer"
        return f"{text} {both}: only {'the former' if holds['linear'] else 'the latter'} meets it."
    either = {
        "low95": min(linear["low95"], curved["low95"]),
        "high95": max(linear["high95"], curved["high95"]),
    }
    leeway = f"met within {100 * row.width.median:.0f} % only"
    return f"{text} {_range(either, 1e3, 'mV')}: {'not met, set aside' if silent else leeway}."


def _format_thousandths(value: Uncertain, unit: str) -> str:
    return str(replace(value, a=1e3 * value.a, b=1e3 * value.b, unit=unit))


def _range(entry: Mapping[str, float], factor: float, unit: str) -> str:
    low, high = (f"{float(f'{factor * entry[key]:.2g}'):g}" for key in ("low95", "high95"))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _compute_fact_voltages(
    problem: Problem, drawn: Sequence[Draw], row: DirectCurrent, current: FloatArray, *, least: bool = False
) -> FloatArray:
    """Voltages (2, cells, n) that the impedance makes: linear, and with the reaction by Butler and Volmer, V.

    The cells are those that a fact is about: one, or the bare one and, turned, the coated one. `least` leaves
    the ohmic part before the interface out.
    """
    blocks: tuple[Block, ...] = problem.isothermal
    signs = np.array([[1.0], [-1.0]])
    if row.cell != "difference":
        name = re.compile(rf"{re.escape(row.cell)}( \d+)?")  # and its replicates
        own = (b for b in problem.blocks if name.fullmatch(b.cell))
        nearest = min(own, key=lambda b: (b.cell != row.cell, abs(b.temperature - REFERENCE_K)))
        blocks, signs = (nearest,), signs[:1]
    voltages = [_compute_voltages(problem, block, drawn, current, least) for block in blocks]
    return np.asarray(signs * np.stack(voltages, axis=1))


def _compute_voltages(
    problem: Problem, block: Block, drawn: Sequence[Draw], current: FloatArray, least: bool
) -> FloatArray:
    """Voltages (2, n) of one cell."""
    found = [compute_resistances(problem, block, d) for d in drawn]
    total, other, ohmic = (np.concatenate([row[key] for row in found]) for key in ("r_ct", "r_other", "r_hf"))
    films = np.concatenate([compute_layers(problem, block, d) for d in drawn])
    places = np.arange(len(current)) % len(total)
    reaction, other, ohmic = (
        (total - films)[places],
        other[places],
        (films + (0.0 if least else ohmic))[places],
    )
    T, n = block.temperature, problem.electrodes
    curved = n * butler_volmer(current, reaction / n, T) + butler_volmer(current, other, T)
    return np.stack([current * (reaction + other + ohmic), curved + current * ohmic])

"""Facts under direct current held against the impedance, and the contradictions between them.

A voltage that a current makes at an electrode is ohmic in part and follows Butler and Volmer's equation in
the reaction's part: with symmetry 1/2, eta = (2 kT/e) asinh(I R_ct e / (2 kT)) (J. Newman, K. E.
Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, ch. 8). 36.8 ohm at 4 mA is 5.7 kT/e, where that is 0.62
of I R. Both readings are told: linear is the most that a resistance makes, Butler-Volmer the least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.contributions import Draw, resistances, summary, thin
from eisfit.coating.inference.problem import REFERENCE_K, Block, Problem
from eisfit.coating.study import DirectCurrent, Study
from eisfit.units import BOLTZMANN_EV

__all__ = ["butler_volmer", "contradictions"]

_DRAWN = 2000


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


def contradictions(study: Study, problem: Problem, drawn: Sequence[Draw]) -> list[dict[str, Any]]:
    """Return voltages under current that the impedance does not make in both readings, linear and curved.

    Each is ``{what, text, measured, linear, butler_volmer, resistance}``: V, and in `resistance` (ohm) what a
    linear reading asks for.
    """
    rows = []
    grid = np.random.default_rng(study.file.study.seed).uniform(size=(2, _DRAWN))
    for row in study.file.dc:
        voltage, current = row.voltage.draw(grid[0]), row.current.draw(grid[1])
        measured = summary(voltage)
        linear, curved = (summary(v) for v in _foretold(study, problem, drawn, row, current))
        asked = summary(voltage / current)
        holds = [_meet(measured, foretold) for foretold in (linear, curved)]
        if all(holds):
            continue
        entry = {"measured": measured, "linear": linear, "butler_volmer": curved, "resistance": asked}
        rows.append({"what": row.what, "text": _told(row, entry, holds), **entry})
    return rows


def _meet(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one["low95"] <= other["high95"] and other["low95"] <= one["high95"]


def _told(row: DirectCurrent, entry: Mapping[str, Any], holds: Sequence[bool]) -> str:
    linear, curved = (
        f"{1e3 * entry[key]['low95']:.3g} to {1e3 * entry[key]['high95']:.3g} mV"
        for key in ("linear", "butler_volmer")
    )
    asked = f"{entry['resistance']['low95']:.2g} to {entry['resistance']['high95']:.2g} ohm"
    text = (
        f"{row.what}: {row.voltage} at {row.current} asks for {asked}; the impedance makes {linear} if "
        f"linear, {curved} by Butler-Volmer"
    )
    if holds[0]:
        return f"{text}: the two hold together only if the reaction stays linear."
    if holds[1]:
        return f"{text}: the two hold together only by Butler-Volmer, not if linear."
    return f"{text}: the two can't both hold for the same state of the cells, so it is set aside."


def _foretold(
    study: Study, problem: Problem, drawn: Sequence[Draw], row: DirectCurrent, current: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Voltage that the impedance makes: linear, and with the reaction by Butler and Volmer, V."""
    if row.cell == "difference":
        bare, coated = problem.pair
        parts = [_voltages(problem, block, drawn, current) for block in (bare, coated)]
        return parts[0][0] - parts[1][0], parts[0][1] - parts[1][1]
    name = next(cell.name for cell in study.file.cell if cell.name == row.cell)
    block = next(b for b in problem.blocks if b.cell == name or b.cell.startswith(f"{name} "))
    return _voltages(problem, block, drawn, current)


def _voltages(
    problem: Problem, block: Block, drawn: Sequence[Draw], current: FloatArray
) -> tuple[FloatArray, FloatArray]:
    found = [resistances(problem, block, thin(d)) for d in drawn]
    reaction = np.concatenate([row["r_ct"] + row["r_other"] for row in found])
    # Scalars without a high-frequency end say nothing about the ohmic part.
    silent = block.combine is not None and block.data.size == 1
    ohmic = np.zeros_like(reaction) if silent else np.concatenate([row["r_hf"] for row in found])
    places = np.arange(len(current)) % len(reaction)
    reaction, ohmic = reaction[places], ohmic[places]
    return current * (reaction + ohmic), butler_volmer(current, reaction) + current * ohmic

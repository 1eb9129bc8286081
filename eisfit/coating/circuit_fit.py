"""The charge-transfer resistance as it is usually read: one arc of an equivalent circuit, for each cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.coating.inference.problem import Block, Problem
from eisfit.coating.study import Study
from eisfit.units import ZERO_CELSIUS


def measure_resistances(study: Study, problem: Problem) -> dict[str, Any]:
    """Return ``{bare, coated, change: {median, low95, high95}, source, verdict, usable}``, ohm.

    They are the study's published numbers, or those of fits of the study's circuit to the spectra of the
    problem's pair.
    """
    if problem.scalar:
        found = [(float(b.data[0]), float(b.error[0]), "determined") for b in problem.pair]
    else:
        found = _fit_spectra(study, problem.pair)
    (b, db, good), (c, dc, fine) = found
    entries = {"bare": (b, db), "coated": (c, dc), "change": (c - b, math.hypot(db, dc))}
    spans = {
        name: {"median": value, "low95": value - 1.96 * error, "high95": value + 1.96 * error}
        for name, (value, error) in entries.items()
    }
    source = "published" if problem.scalar else f"fit of {study.file.study.circuit}{_describe(problem.pair)}"
    verdict = next((word for word in (good, fine) if word != "determined"), "determined")
    return {**spans, "source": source, "verdict": verdict, "usable": math.isfinite(db + dc)}


def _fit_spectra(study: Study, blocks: Sequence[Block]) -> list[tuple[float, float, str]]:
    """Return resistance, error and verdict of spectra."""
    from eisfit.batch.many import fit_many
    from eisfit.model.files.library import circuit

    fits = fit_many([study.read(block.name) for block in blocks], circuit(study.file.study.circuit))
    return [_find_resistance(result.to_dict().get("parameters") or {}) for result in fits]


def _describe(pair: Sequence[Block]) -> str:
    """Return at which temperatures the pair was measured, where not at 25 degC alone."""
    bare, coated = (f"{block.temperature - ZERO_CELSIUS:.0f}" for block in pair)
    if bare != coated:
        return f", bare at {bare} and coated at {coated} °C"
    return "" if bare == "25" else f" at {bare} °C"


def _find_resistance(parameters: Mapping[str, Mapping[str, Any]]) -> tuple[float, float, str]:
    for entry in parameters.values():
        if entry.get("role") == "charge_transfer" and entry["unit"] == "ohm":
            error = entry["stderr"]
            known = error is not None and math.isfinite(error)
            verdict = str(entry.get("verdict", "open")) if known else "open"
            return entry["value"], error if known else math.nan, verdict
    return math.nan, math.nan, "open"

"""The charge-transfer resistance as everybody reads it: one arc of an equivalent circuit, for each cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eisfit.coating.inference.assembly import published_error
from eisfit.coating.inference.problem import Problem
from eisfit.coating.study import Cell, Study

__all__ = ["measure_resistances"]


def measure_resistances(study: Study, problem: Problem) -> dict[str, Any]:
    """Return ``{bare, coated, change: {median, low95, high95}, source, verdict, usable}``, ohm.

    They are the study's published numbers, or those of fits of the study's circuit to the first spectrum of
    the first bare and the first coated cell.
    """
    bare = next(cell for cell in study.file.cell if not cell.coated_by)
    coated = next(cell for cell in study.file.cell if cell.coated_by)
    fitted = _fit_cells(study, [cell for cell in (bare, coated) if cell.r_ct is None])
    found = [
        next(fitted) if (r := cell.r_ct) is None else (r.median, published_error(r), "determined")
        for cell in (bare, coated)
    ]
    (b, db, good), (c, dc, fine) = found
    entries = {"bare": (b, db), "coated": (c, dc), "change": (c - b, math.hypot(db, dc))}
    spans = {
        name: {"median": value, "low95": value - 1.96 * error, "high95": value + 1.96 * error}
        for name, (value, error) in entries.items()
    }
    source = "published" if problem.scalar else f"fit of {study.file.study.circuit}"
    verdict = next((word for word in (good, fine) if word != "determined"), "determined")
    return {**spans, "source": source, "verdict": verdict, "usable": math.isfinite(db + dc)}


def _fit_cells(study: Study, cells: Sequence[Cell]) -> Iterator[tuple[float, float, str]]:
    """Yield resistance, error and verdict of each cell's spectrum nearest to 25 degC."""
    from eisfit.batch.many import fit_many
    from eisfit.model.files.library import circuit

    files = [min(c.spectra, key=lambda entry: abs(entry.temperature.median - 298.15)).file for c in cells]
    for result in fit_many([study.read(file) for file in files], circuit(study.file.study.circuit)):
        yield _resistance(result.to_dict().get("parameters", {}))


def _resistance(parameters: Mapping[str, Mapping[str, Any]]) -> tuple[float, float, str]:
    for entry in parameters.values():
        if entry.get("role") == "charge_transfer" and entry["unit"] == "ohm":
            error = entry["stderr"]
            known = error is not None and math.isfinite(error)
            verdict = str(entry.get("verdict", "open")) if known else "open"
            return entry["value"], error if known else math.nan, verdict
    return math.nan, math.nan, "open"

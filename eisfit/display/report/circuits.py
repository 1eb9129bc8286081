"""Circuits as plain text: many in a table, or one with its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.display.report.table import tabulate, wrap, wrap_all
from eisfit.display.report.words import WIDTH, clean
from eisfit.rounding import significant


def circuits_text(circuits: Sequence[Mapping[str, Any]], *, width: int = WIDTH) -> str:
    """Return the circuits that can be named, each with its string and parameters.

    Parameters
    ----------
    circuits
        Each with `name`, `title`, `string` and `parameters` (names, or rows as ``Circuit.to_dict()`` gives
        them with their names); a single circuit's rows are shown as a table.
    width
        Columns of the terminal.
    """
    if not circuits:
        return "no circuits\n"
    lines: list[str] = []
    for circuit in circuits:
        lines += wrap(f"{clean(circuit.get('name'))}: {clean(circuit.get('title'))}", width=width)
        lines += wrap(clean(circuit.get("string")), width=width, indent="    ")
        lines += _list_parameters(circuit.get("parameters") or (), width, whole=len(circuits) == 1)
        if len(circuits) == 1:
            cited = [f"reference: {clean(text)}" for text in circuit.get("references") or ()]
            lines += wrap_all(cited, width=width)
        lines.append("")
    return "\n".join(lines)


def _list_parameters(rows: Sequence[Any], width: int, *, whole: bool) -> list[str]:
    named = [row if isinstance(row, Mapping) else {"name": row} for row in rows]
    if not (whole and any("describe" in row for row in named)):
        return wrap(" ".join(clean(row["name"]) for row in named), width=width, indent="    ")
    head = ["parameter", "unit", "bounds", "role", "meaning"]
    cells = [[clean(row.get(key)) for key in ("name", "unit", "role", "describe")] for row in named]
    for cell, row in zip(cells, named, strict=True):
        cell.insert(2, _describe_bounds(row))
    return ["", *tabulate(head, cells, width=width, flexible=4)]


def _describe_bounds(row: Mapping[str, Any]) -> str:
    if row.get("expr"):
        return f"= {clean(row['expr'])}"
    if row.get("vary") is False:
        return f"fixed at {significant(row.get('value'))}"
    low, high = row.get("min"), row.get("max")
    at_least, at_most = low is not None and math.isfinite(low), high is not None and math.isfinite(high)
    if at_least and at_most:
        return f"{low:g} to {high:g}"
    return f">= {low:g}" if at_least else f"<= {high:g}" if at_most else "any"

"""A series as a table: one row a spectrum, with the same columns for a fit and for a failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit


def list_units(circuit: Circuit) -> dict[str, str]:
    """Return the unit of every column of a table that holds a circuit's parameters and their errors."""
    return {f"{name}{end}": p.unit for name, p in circuit.parameters.items() for end in ("", "_stderr")}


def list_area_units(results: Iterable[FitResult | FitFailure]) -> dict[str, str]:
    """Return name -> unit of what the fits give per area; nothing where the area is not known."""
    for one in results:
        if isinstance(one, FitResult):
            return {name: row["unit"] for name, row in one.derived.items() if name.endswith("_area")}
    return {}


def make_row(result: FitResult | FitFailure, circuit: Circuit, areas: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of the table, with the same columns for any result; `areas` is from `list_area_units`."""
    fitted = result if isinstance(result, FitResult) else None
    place = result.spectrum if isinstance(result, FitResult) else result
    row: dict[str, Any] = {
        "cycle": place.cycle,
        "source": place.source,
        "index": place.index,
        "grade": result.grade,
        "ok": result.ok,
        "error": result.error,
        "flags": [flag.name for flag in result.flags],
        "redchi": fitted.statistics.redchi if fitted else None,
        "rms_relative_residual": fitted.statistics.rms_relative_residual if fitted else None,
    }
    for name in circuit.names:
        row[name] = fitted[name].value if fitted else None
        row[f"{name}_stderr"] = fitted[name].stderr if fitted else None
        row[f"{name}_stderr_noise"] = fitted[name].stderr_noise if fitted else None
        row[f"{name}_verdict"] = fitted[name].verdict if fitted else None
    for name in areas:
        known = fitted.derived.get(name, {}) if fitted else {}
        row[name], row[f"{name}_stderr"] = known.get("value"), known.get("stderr")
    return row

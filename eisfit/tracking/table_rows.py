"""A series as a table: one row a spectrum, with the same columns for a fit and for a failure."""

from __future__ import annotations

from typing import Any

from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit

__all__ = ["column_units", "row_of"]


def column_units(circuit: Circuit) -> dict[str, str]:
    """Return the unit of every column of a table that holds a circuit's parameters and their errors."""
    return {f"{name}{end}": p.unit for name, p in circuit.parameters.items() for end in ("", "_stderr")}


def row_of(result: FitResult | FitFailure, circuit: Circuit) -> dict[str, Any]:
    """Return one row of the table, with the same columns for a fit and for a failure."""
    fitted = result if isinstance(result, FitResult) else None
    summary = result.to_dict(data=False)["spectrum"]
    row: dict[str, Any] = {
        "cycle": summary["cycle"],
        "source": summary["source"],
        "index": summary["index"],
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
    return row

"""What lmfit's ``Parameters`` say of a circuit's parameters; lmfit itself is not needed to read them."""

from __future__ import annotations

from typing import Any

import numpy as np

from eisfit.errors import ParameterError

__all__ = ["changes_of"]


def changes_of(p: Any, *, positive: bool) -> dict[str, Any]:
    """Return the fields of a circuit's parameter that one parameter of lmfit sets.

    Parameters
    ----------
    p
        An ``lmfit.Parameter``. An infinite bound or value is lmfit's way to say nothing.
    positive
        Whether the circuit's parameter cannot be negative: a lower bound below zero is then zero.

    Raises
    ------
    ParameterError
        When it is something else than a parameter of lmfit.
    """
    if not hasattr(p, "vary"):
        raise ParameterError(f"params takes lmfit's Parameters, not {p!r}: give numbers as start=")
    said: dict[str, Any] = {"vary": bool(p.vary), "expr": None}
    if np.isfinite(p.min):
        said["min"] = max(float(p.min), 0.0) if positive else float(p.min)
    if np.isfinite(p.max):
        said["max"] = float(p.max)
    if p.expr:
        return {**said, "expr": str(p.expr).strip(), "vary": False}
    return {**said, "value": float(p.value)} if np.isfinite(p.value) else said

"""What the user says of a circuit's parameters: start values, bounds, fixed values, expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import ParameterError
from eisfit.model.circuit_parameters import CircuitParameter

Rows = Mapping[str, CircuitParameter]


_FORMS = {"fix": "1.5", "bound": "(0, 100)", "expr": "'R_s / 2'"}


def refuse_forms(**options: Any) -> None:
    """Refuse constraints that are not given by the parameters' names.

    Raises
    ------
    ParameterError
        For a list where a mapping must stand.
    """
    for name, given in options.items():
        if given is not None and not isinstance(given, Mapping):
            raise ParameterError(
                f"{name} goes by the parameters' names, {name}={{'R_ct': {_FORMS[name]}}}, "
                f"not a {type(given).__name__}"
            )


def list_changes(
    rows: Rows, *, fix: Any, start: Any, bound: Any, expr: Any, params: Any
) -> dict[str, dict[str, Any]]:
    """Return name -> the fields of a circuit's parameter that change.

    Parameters
    ----------
    rows
        The circuit's parameters.
    fix, start, bound, expr, params
        As for `constrain` of a circuit.

    Raises
    ------
    ParameterError
        For a form that says nothing, or two options that contradict each other.
    """
    _refuse_contradictions(fix or {}, start, expr or {})
    changes: dict[str, dict[str, Any]] = {}
    for name, p in (params or {}).items():
        changes[name] = _read_lmfit(p, rows.get(name))
    for name, pair in (bound or {}).items():
        changes.setdefault(name, {}).update(_read_bounds(name, pair))
    for name, value in _read_starts(start, rows).items():
        changes.setdefault(name, {}).update(value=_read_number(name, value))
    for name, value in (fix or {}).items():
        changes.setdefault(name, {}).update(value=_read_number(name, value), vary=False)
    for name, text in (expr or {}).items():
        changes.setdefault(name, {}).update(expr=str(text).strip(), vary=False)
    return changes


def _refuse_contradictions(fix: Mapping[str, Any], start: Any, expr: Mapping[str, Any]) -> None:
    """Refuse what would be ignored; a start value equal to the fixed one does not contradict it."""
    started = start if isinstance(start, Mapping) else {}
    for name in fix:
        if name in expr:
            raise ParameterError(f"{name}: is fixed and has an expression: leave one of them out")
        if name in started and started[name] != fix[name]:
            raise ParameterError(
                f"{name}: is fixed at {fix[name]} and starts at {started[name]}: leave one of them out"
            )
    for name in expr:
        if name in started:
            raise ParameterError(
                f"{name}: has an expression, so that its start value says nothing: leave it out"
            )


def _read_starts(start: Any, rows: Rows) -> Mapping[str, Any]:
    """Return start values by name from a mapping, a sequence in the circuit's order, or a fit."""
    if start is None:
        return {}
    if isinstance(start, Mapping):
        if any(hasattr(value, "vary") for value in start.values()):
            raise ParameterError("start takes numbers: give lmfit's Parameters as params=")
        return start
    values = getattr(start, "values", None)
    if isinstance(values, Mapping):
        return _read_result(values, rows)
    try:
        numbers = np.asarray(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"start is a dict, a list or a fit, not {type(start).__name__}") from None
    free = [name for name, p in rows.items() if p.free]
    for names in (list(rows), free):
        if numbers.shape == (len(names),):
            return {n: v for n, v in zip(names, numbers.tolist(), strict=True) if rows[n].expr is None}
    raise ParameterError(f"start has {numbers.size} values for {len(free)} parameters: {', '.join(free)}")


def _read_result(values: Mapping[str, float], rows: Rows) -> dict[str, float]:
    """Return the values of a fit, perhaps of another circuit, that this one can start from."""
    known = {n: v for n, v in values.items() if n in rows and rows[n].expr is None}
    if not known:
        raise ParameterError(f"start: the fit has none of the parameters {', '.join(rows)}")
    return {
        n: v
        for n, v in known.items()
        if rows[n].min <= v <= rows[n].max and (v > 0 or rows[n].scale != "log")
    }


def _read_bounds(name: str, pair: Any) -> dict[str, float]:
    """Return the bounds that are given; None leaves a side as it is."""
    try:
        low, high = pair
    except (TypeError, ValueError):
        raise ParameterError(
            f"{name}: bounds are a pair (low, high) with None for an open side, not {pair!r}"
        ) from None
    sides = {"min": low, "max": high}
    return {key: _read_number(name, value) for key, value in sides.items() if value is not None}


def values_by_name(circuit: str, names: Sequence[str], params: Any) -> Mapping[str, Any]:
    """Return values by name: of a mapping, a fit, lmfit's Parameters, a row of a table, or a list in order.

    Raises
    ------
    ParameterError
        For something else, or a list that is shorter or longer.
    """
    held = getattr(params, "values", None)
    if isinstance(held, Mapping):  # of a fit
        return held
    if hasattr(params, "keys"):
        return {name: getattr(params[name], "value", params[name]) for name in list(params.keys())}
    listed = np.atleast_1d(params) if isinstance(params, np.ndarray) else params
    if not isinstance(listed, (list, tuple, np.ndarray)) or len(listed) != len(names):
        order = ", ".join(names)
        raise ParameterError(f"{circuit}: values are given by name, or as a list in the order {order}")
    return dict(zip(names, listed, strict=True))


def read_array(name: str, value: Any) -> FloatArray:
    """Return a parameter's value, or several, as numbers.

    Raises
    ------
    ParameterError
        When it is none.
    """
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name}: {value!r} is not a number") from None


def _read_number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ParameterError(f"{name}: {value!r} is not a number") from None


def _read_lmfit(p: Any, row: CircuitParameter | None) -> dict[str, Any]:
    """Return the fields that one ``lmfit.Parameter`` sets; an infinite bound or value says nothing.

    A finite lower bound below zero lets an amplitude be negative, as `bound` does; where nothing can be
    negative it is zero.
    """
    if not hasattr(p, "vary"):
        raise ParameterError(f"params takes lmfit's Parameters, not {p!r}: give numbers as start=")
    said: dict[str, Any] = {"vary": bool(p.vary), "expr": None}
    if np.isfinite(p.min):
        positive = row is not None and row.scale == "log" and not row.is_amplitude
        said["min"] = max(float(p.min), 0.0) if positive else float(p.min)
    if np.isfinite(p.max):
        said["max"] = float(p.max)
    if p.expr:
        return {**said, "expr": str(p.expr).strip(), "vary": False}
    return {**said, "value": float(p.value)} if np.isfinite(p.value) else said

"""What the data cannot say about a fitted circuit: open parameters, arcs out of range, arcs too close.

These need the whole covariance, and where a parameter is not determined its profile too, which tells the one
side that the data does limit. "Not determined: > 120 ohm" is an answer; 1e7 +- 1e9 is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from eisfit.engine.coordinates import arcs
from eisfit.engine.propagation import standard_error
from eisfit.fitting.errors.interval import Interval
from eisfit.fitting.errors.likelihood import profile_intervals
from eisfit.fitting.flags import UNDETERMINED_CURE
from eisfit.fitting.result import FitResult
from eisfit.model.notation import Component
from eisfit.rounding import significant, value_with_error
from eisfit.verdict import Flag

__all__ = ["examined"]

_LEVEL = 0.95
_QUANTILE = 1.96
_DOUBTFUL = 0.3  # relative error from which a profile can be open, while t times it stays below one
_USABLE = 0.1  # relative error up to which an arc outside the range, or beside another, is only told
_OPEN = ("undetermined", "at_bound")


def examined(result: FitResult, *, profiles: bool = True) -> FitResult:
    """Return the result with what its covariance and profiles say of identifiability among its flags.

    Profiles cost more than all the rest, and can be left out where the covariance says enough. An open
    parameter spoils the fit (`ok`); an arc outside the range or beside another one does where a
    resistance of it is uncertain by more than 10 %.
    """
    rows = _profiled(result) if profiles else {}
    flags = [_sharper(flag, rows) if flag.name in _OPEN else flag for flag in result.flags]
    found = [*_open(result, rows), *_outside(result), *_overlapping(result)]
    if not found and flags == list(result.flags):
        return result
    grave = [flag for flag, spoils in found if spoils]
    told = [flag for flag, spoils in found if not spoils]
    return result.replace_flags((*grave, *flags, *told), result.ok and not grave)


def _profiled(result: FitResult) -> Mapping[str, Interval]:
    """Return the profile intervals of the doubtful parameters; none where the fit admits no likelihood."""
    known = _flagged(result)
    names = tuple(
        name
        for name, p in result.circuit.parameters.items()
        if p.free and p.scale == "log" and (name in known or _relative_error(result, name) > _DOUBTFUL)
    )
    # Of a circuit that misses the data, a profile would tell nothing.
    if not names or result.loss != "linear" or any(flag.name == "misfit" for flag in result.flags):
        return {}
    return profile_intervals(result, _LEVEL, names, rough=True).rows


def _flagged(result: FitResult) -> set[str]:
    """Return the parameters that have a flag of their own."""
    return {word for flag in result.flags if flag.name in _OPEN for word in flag.cause.split()}


def _sharper(flag: Flag, rows: Mapping[str, Interval]) -> Flag:
    """Return the flag of an undetermined parameter with the side that the data does limit."""
    name = next((name for name in rows if name in flag.cause.split()), None)
    return flag if name is None else Flag(flag.name, f"{flag.cause}; {_said(rows[name])}", flag.cure)


def _open(result: FitResult, rows: Mapping[str, Interval]) -> Iterator[tuple[Flag, bool]]:
    """Yield a flag for every parameter whose profile is open though its standard error looks harmless."""
    known = _flagged(result)
    for row in rows.values():
        if not row.determined and row.name not in known:
            yield Flag("undetermined", _said(row), UNDETERMINED_CURE), True


def _said(row: Interval) -> str:
    unit = f" {row.unit}" if row.unit else ""
    ends = [significant(end, 2) for end in (row.low, row.high) if end is not None]
    if len(ends) == 2:
        return f"{row.name} is {ends[0]} to {ends[1]}{unit} (95 %, profile)"
    if ends:
        sign = ">" if row.high is None else "<"
        return f"{row.name} is not determined: {sign} {ends[0]}{unit} (95 %, profile)"
    return f"{row.name} is not determined at all: any value fits (95 %, profile)"


@dataclass(frozen=True)
class _Arc:
    """An arc of the circuit: its resistor, the storage beside it, and its time constant, s."""

    resistor: str
    storage: tuple[str, ...]
    tau: float

    @classmethod
    def of(cls, resistor: Component, storage: Component, values: Mapping[str, float]) -> _Arc:
        names = storage.parameter_names
        return cls(resistor.name, names, float(np.exp(_log_tau(resistor.name, names, values))))

    def log_tau(self, p: Mapping[str, Any]) -> Any:
        return _log_tau(self.resistor, self.storage, p)


def _log_tau(resistor: str, storage: tuple[str, ...], p: Mapping[str, Any]) -> Any:
    exponent = p[storage[1]] if len(storage) > 1 else 1.0
    return (np.log(p[resistor]) + np.log(p[storage[0]])) / exponent


def _arcs(result: FitResult) -> list[_Arc]:
    """Return the arcs that are there at all, from fast to slow."""
    bounded = {name for name, p in result.parameters.items() if p.at_bound and not name.endswith("_alpha")}
    found = [
        _Arc.of(resistor, storage, result.values)
        for resistor, storage in arcs(result.circuit.tree)
        if not bounded & {resistor.name, *storage.parameter_names}
        and all(result.values[name] > 0 for name in (resistor.name, *storage.parameter_names))
    ]
    return sorted(found, key=lambda arc: arc.tau)


def _relative_error(result: FitResult, name: str) -> float:
    """Return the relative standard error of a parameter; zero for one that was not fitted."""
    p = result.parameters[name]
    if p.stderr is None:
        return np.inf if p.vary else 0.0
    return p.stderr / abs(p.value) if p.value else np.inf


def _outside(result: FitResult) -> Iterator[tuple[Flag, bool]]:
    low, high = float(result.spectrum.frequency[-1]), float(result.spectrum.frequency[0])
    for arc in _arcs(result):
        peak = 1 / (2 * np.pi * arc.tau)
        if low <= peak <= high:
            continue
        side, end = ("below", low) if peak < low else ("above", high)
        cure = (
            f"measure down to {significant(peak / 5, 1)} Hz"
            if peak < low
            else f"measure up to {significant(5 * peak, 1)} Hz"
        )
        flag = Flag(
            "arc_outside",
            f"the arc of {arc.resistor} peaks at {significant(peak, 2)} Hz, {side} the measured "
            f"{significant(end, 2)} Hz: {arc.resistor} is extrapolated",
            f"{cure}, or use a circuit with one arc less",
        )
        yield flag, _relative_error(result, arc.resistor) > _USABLE


def _overlapping(result: FitResult) -> Iterator[tuple[Flag, bool]]:
    for fast, slow in pairwise(_arcs(result)):
        gap = float(np.log(slow.tau / fast.tau))
        error = _error_of_gap(result, fast, slow)
        if error is None or gap >= _QUANTILE * error:
            continue
        factor = float(np.exp(min(_QUANTILE * error, 14.0)))
        total = _total(result, fast, slow)
        flag = Flag(
            "arcs_overlap",
            f"the arcs of {fast.resistor} and {slow.resistor} have time constants of "
            f"{significant(fast.tau, 2)} s and {significant(slow.tau, 2)} s, a ratio of "
            f"{significant(np.exp(gap), 2)} that is uncertain by a factor {significant(factor, 2)}: "
            "closer than this data can separate",
            f"read only their sum, {total} ohm, or use a circuit with one arc less",
        )
        worst = max(_relative_error(result, name) for name in (fast.resistor, slow.resistor))
        yield flag, worst > _USABLE


def _error_of_gap(result: FitResult, fast: _Arc, slow: _Arc) -> float | None:
    def gap(p: Mapping[str, Any]) -> Any:
        return slow.log_tau(p) - fast.log_tau(p)

    return standard_error(gap, result.circuit, result.values, result.var_names, result.covar)


def _total(result: FitResult, fast: _Arc, slow: _Arc) -> str:
    def total(p: Mapping[str, Any]) -> Any:
        return p[fast.resistor] + p[slow.resistor]

    error = standard_error(total, result.circuit, result.values, result.var_names, result.covar)
    return value_with_error(float(total(result.values)), error)

"""What the data cannot say about a fitted circuit: open parameters, arcs out of range, arcs too close.

These need the whole covariance, and where a parameter is not determined its profile too, which tells the one
side that the data does limit. "Not determined: > 120 ohm" is an answer; 1e7 +- 1e9 is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np

from eisfit.engine.arcs import Arc, arcs
from eisfit.engine.propagation import standard_error
from eisfit.fitting.errors.intervals_result import Interval
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.findings import Finding
from eisfit.fitting.verdicts.flag_kinds import get_kind
from eisfit.fitting.verdicts.flags import UNDETERMINED_CURE
from eisfit.rounding import hertz, significant, value_with_error
from eisfit.verdict import Flag, limit

_QUANTILE = limit("arcs_overlap")


def find_open_parameters(
    result: FitResult, findings: Sequence[Finding], rows: Mapping[str, Interval]
) -> list[Finding]:
    """Return the findings of a fit with what its covariance and profiles say of identifiability.

    Parameters
    ----------
    result
        With errors and covariance.
    findings
        Of `eisfit.fitting.verdicts.flags`.
    rows
        Of `profile_doubtful`.
    """
    known = _collect_names(findings)
    return [
        *_find_open(rows, known),
        *(_sharpen_finding(finding, rows) for finding in findings),
        *_find_outside(result),
        *_find_overlapping(result),
    ]


def profile_doubtful(result: FitResult, findings: Sequence[Finding]) -> Mapping[str, Interval]:
    """Return the profile intervals of the doubtful parameters; none where the fit admits no likelihood."""
    known = _collect_names(findings)
    names = tuple(
        name
        for name, p in result.circuit.parameters.items()
        if p.free
        and p.scale == "log"
        and (name in known or _relative_error(result, name) > limit("doubtful"))
    )
    # Of a circuit that misses the data, a profile would tell nothing.
    if not names or result.loss != "linear" or result.grade == "D":
        return {}
    from eisfit.fitting.errors.likelihood import profile_intervals

    return profile_intervals(result, limit("open_side"), names, rough=True).rows


def _collect_names(findings: Sequence[Finding]) -> set[str]:
    """Return the parameters that have a flag of their own."""
    return {name for finding in findings if get_kind(finding.flag).open_side for name in finding.names}


def _sharpen_finding(finding: Finding, rows: Mapping[str, Interval]) -> Finding:
    """Return the finding of an undetermined parameter with the bound that the data does give."""
    name = next((name for name in rows if name in finding.names), None)
    if name is None or not get_kind(finding.flag).open_side:
        return finding
    flag = dataclasses.replace(finding.flag, cause=f"{finding.flag.cause}; {_describe_ends(rows[name])}")
    return dataclasses.replace(finding, flag=flag)


def _find_open(rows: Mapping[str, Interval], known: set[str]) -> Iterator[Finding]:
    """Yield a finding for every parameter whose profile is open though its standard error looks harmless."""
    for row in rows.values():
        if not row.determined and row.name not in known:
            yield Finding(Flag("undetermined", _describe_ends(row), UNDETERMINED_CURE), (row.name,), "open")


def _describe_ends(row: Interval) -> str:
    unit = f" {row.unit}" if row.unit else ""
    ends = [significant(end, 2) for end in (row.low, row.high) if end is not None]
    if len(ends) == 2:
        return f"were the circuit true, {row.name} would be {ends[0]} to {ends[1]}{unit} (95 %, profile)"
    if ends:
        sign = ">" if row.high is None else "<"
        return f"{row.name} is not determined: {sign} {ends[0]}{unit} (95 %, profile)"
    return f"{row.name} is not determined at all: any value fits (95 %, profile)"


def _list_arcs(result: FitResult) -> list[tuple[Arc, float]]:
    """Return the arcs that are there at all, and their time constants (s), from fast to slow."""
    bounded = {name for name, p in result.parameters.items() if p.at_bound and not name.endswith("_alpha")}
    found = [
        (arc, float(np.exp(arc.log_tau(result.values))))
        for arc in arcs(result.circuit.tree)
        if not bounded & set(arc.names) and all(result.values[name] > 0 for name in arc.names)
    ]
    return sorted(found, key=itemgetter(1))


def _relative_error(result: FitResult, name: str) -> float:
    """Return the relative standard error of a parameter; zero for one that was not fitted."""
    p = result.parameters[name]
    if p.stderr is None:
        return np.inf if p.vary else 0.0
    return p.stderr / abs(p.value) if p.value else np.inf


def _find_outside(result: FitResult) -> Iterator[Finding]:
    low, high = float(result.spectrum.frequency[-1]), float(result.spectrum.frequency[0])
    for arc, tau in _list_arcs(result):
        peak, resistor = 1 / (2 * np.pi * tau), arc.resistor.name
        if low <= peak <= high:
            continue
        side, end = ("below", low) if peak < low else ("above", high)
        cure = (
            f"measure down to {hertz(peak / 5, 1)}" if peak < low else f"measure up to {hertz(5 * peak, 1)}"
        )
        flag = Flag(
            "arc_outside",
            f"the arc of {resistor} peaks at {hertz(peak, 2)}, {side} the measured "
            f"{hertz(end, 2)}: {resistor} is extrapolated",
            f"{cure}, or use a circuit with one arc less",
        )
        mild = _relative_error(result, resistor) <= limit("extrapolated")
        free = tuple(name for name in arc.names if result.circuit.parameters[name].free)
        yield Finding(flag, free, "extrapolated", mild)


def _find_overlapping(result: FitResult) -> Iterator[Finding]:
    for (fast, short), (slow, long) in pairwise(_list_arcs(result)):
        pair, gap = (fast.resistor.name, slow.resistor.name), float(np.log(long / short))
        error = _compute_gap_error(result, fast, slow)
        if error is None or gap >= _QUANTILE * error:
            continue
        factor = float(np.exp(min(_QUANTILE * error, 14.0)))
        total = _describe_total(result, *pair)
        flag = Flag(
            "arcs_overlap",
            f"the arcs of {pair[0]} and {pair[1]} have time constants of "
            f"{significant(short, 2)} s and {significant(long, 2)} s, a ratio of "
            f"{significant(np.exp(gap), 2)} that is uncertain by a factor {significant(factor, 2)}: "
            "closer than this data can separate",
            f"read only their sum, {total} ohm, or use a circuit with one arc less",
        )
        worst = max(_relative_error(result, name) for name in pair)
        # Exchanged, the two describe the data as well: their resistances are not told apart.
        yield Finding(flag, pair, "ambiguous") if worst > limit("extrapolated") else Finding(flag)


def _compute_gap_error(result: FitResult, fast: Arc, slow: Arc) -> float | None:
    def gap(p: Mapping[str, Any]) -> Any:
        return slow.log_tau(p) - fast.log_tau(p)

    return standard_error(gap, result.circuit, result.values, result.var_names, result.covar)


def _describe_total(result: FitResult, fast: str, slow: str) -> str:
    def total(p: Mapping[str, Any]) -> Any:
        return p[fast] + p[slow]

    error = standard_error(total, result.circuit, result.values, result.var_names, result.covar)
    return value_with_error(float(total(result.values)), error)

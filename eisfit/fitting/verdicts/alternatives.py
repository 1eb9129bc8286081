"""Other optima that the data allows: exchanged arcs, and other ends of the search, within the noise.

The search has tried every order of the arcs; of where it ended, what is no less probable by much
(`swapped_arcs.find_rival_excess`) and puts a parameter elsewhere is another optimum. Where the arcs
came out against the order of their roles, a circuit that is only nearly true may have put them there: arcs in
order, with a departure from the circuit that describes the data about as well, are another optimum too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.engine.arcs_order import are_arcs_in_order, order_arcs
from eisfit.engine.solver import Problem, solve
from eisfit.engine.swapped_arcs import find_rival_excess
from eisfit.fitting.errors.departures.discrepancy import Discrepancy
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.findings import Finding
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.rounding import significant
from eisfit.verdict import Flag, limit

_STEPS, _FINE = 40, 1e-10
_MAX_ALTERNATIVES = 3  # alternatives of one fit
_SAME = 0.01  # of a value, up to which two alternatives are one, where the error is small or unknown


@dataclass(frozen=True, eq=False, repr=False)
class Rivals:
    """Fits at their optima, and the other ends of their search.

    Attributes
    ----------
    problem
        One spectrum for each row.
    values, chisqr
        (B, P) and (B,) of the optima.
    stderr
        (B, P), NaN where there is none.
    lag1
        (B,) correlation of neighbouring residuals.
    ends, ends_chisqr
        (B, E, V) coordinates and (B, E).
    known_noise
        Whether chisqr is in units of the noise.
    """

    problem: Problem
    values: FloatArray
    chisqr: FloatArray
    stderr: FloatArray
    lag1: FloatArray
    ends: FloatArray
    ends_chisqr: FloatArray
    known_noise: bool

    @property
    def most(self) -> FloatArray:
        """(B,) chisqr up to which another optimum is allowed."""
        nfree = max(self.problem.weight.shape[1] - self.problem.coordinates.size, 1)
        excess = find_rival_excess(nfree, self.lag1)
        return np.asarray(self.chisqr + excess if self.known_noise else self.chisqr * np.exp(excess / nfree))


def find_alternatives(rivals: Rivals) -> dict[int, tuple[dict[str, Any], ...]]:
    """Return row -> the other optima, best first, each a document {chisqr, values}."""
    coordinates = rivals.problem.coordinates
    if all(p.value is not None for p in coordinates.circuit.parameters.values() if p.free):
        return {}  # the start values say which is meant
    with np.errstate(all="ignore"):
        row, end = np.nonzero(rivals.ends_chisqr <= rivals.most[:, np.newaxis])
        theta = rivals.ends[row, end]
        others = _are_outside(rivals, row, theta)
        row, theta = row[others], theta[others]
        if not row.size:
            return {}
        found = solve(rivals.problem.rows(row), theta, max_iterations=_STEPS, tolerance=_FINE, damping=1e-6)
        kept = (found.chisqr <= rivals.most[row]) & _are_outside(rivals, row, found.theta)
    values = order_arcs(coordinates.circuit, coordinates.physical(found.theta))
    documents: dict[int, list[tuple[float, FloatArray]]] = {}
    for k in np.flatnonzero(kept)[np.argsort(found.chisqr[kept])].tolist():
        known = documents.setdefault(int(row[k]), [])
        same = np.maximum(2 * np.nan_to_num(rivals.stderr[row[k]]), _SAME * np.abs(values[k]))
        if len(known) < _MAX_ALTERNATIVES and all((np.abs(values[k] - one) > same).any() for _, one in known):
            known.append((float(found.chisqr[k]), values[k]))
    names = coordinates.circuit.names
    return {b: tuple(_document(names, c, v) for c, v in found_here) for b, found_here in documents.items()}


def find_departed(
    circuit: Circuit, values: FloatArray, chisqr: FloatArray, off: Discrepancy
) -> dict[int, tuple[dict[str, Any], ...]]:
    """Return row -> the optimum with its arcs in order that a departure from the circuit allows.

    Its chisqr is what circuit and departure leave. No finer than by a tenth, as for all alternatives.
    """
    free = circuit.free_columns
    if all(circuit.parameters[circuit.names[k]].value is not None for k in free):
        return {}
    tenth = limit("extrapolated") * np.abs(values[:, free])
    apart = off.apart & (np.abs(off.in_order - values)[:, free] > tenth)
    names = np.array(circuit.names)[free]
    return {
        b: (_document(circuit.names, off.ratio[b] * chisqr[b], off.in_order[b], names[apart[b]].tolist()),)
        for b in np.flatnonzero(apart.any(axis=1)).tolist()
    }


def _document(
    names: Sequence[str], chisqr: float, values: FloatArray, departs: Sequence[str] = ()
) -> dict[str, Any]:
    by_name = dict(zip(names, values.tolist(), strict=True))
    return {"chisqr": float(chisqr), "values": by_name, "departs": list(departs)}


def _are_outside(rivals: Rivals, row: NDArray[np.intp], theta: FloatArray) -> NDArray[np.bool_]:
    """Return which coordinates (n, V) put a parameter outside the interval that the fit of `row` gives it."""
    coordinates = rivals.problem.coordinates
    values = order_arcs(coordinates.circuit, coordinates.physical(theta))
    off = np.abs(values - rivals.values[row]) > 2 * rivals.stderr[row]
    return np.asarray((off & np.isfinite(values)).any(axis=1))


def find_differing(result: FitResult, other: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parameters that an alternative puts elsewhere: outside the interval, and by a tenth."""
    if other.get("departs"):
        return tuple(other["departs"])
    tenth, values = limit("extrapolated"), other["values"]
    return tuple(
        name
        for name, p in result.parameters.items()
        if p.vary
        and p.stderr is not None
        and abs(values[name] - p.value) > max(2 * p.stderr, tenth * abs(p.value))
    )


def find_ambiguous(result: FitResult) -> Iterator[Finding]:
    """Yield a finding for each alternative of a fit."""
    for other in result.alternatives:
        names = find_differing(result, other)
        if not names:
            continue
        shown = [n for n in names if result.parameters[n].unit == "ohm"] or list(names)
        said = ", ".join(
            f"{n} = {significant(other['values'][n], 3)} {result.parameters[n].unit}".rstrip() for n in shown
        )
        ratio = other["chisqr"] / result.statistics.chisqr
        if other.get("departs"):
            yield Finding(_flag_departure(ratio, said), names, "ambiguous")
            continue
        if are_decided_by_roles(result, other["values"]):
            cause = f"with the arcs the other way round it fits as well (chisqr times {ratio:.3f}): {said}"
            cure = "the roles decide, the surface layer's arc being the faster one; --order says it otherwise"
            yield Finding(Flag("roles_decide", cause, cure))
            continue
        flag = Flag(
            "other_optimum",
            f"another optimum {_describe_how(result, ratio)} (chisqr times {ratio:.3f}): {said}",
            "read both (alternatives), say which arc is meant (--order, --peak), or use a circuit with one "
            "arc less",
        )
        yield Finding(flag, names, "ambiguous")


def _describe_how(result: FitResult, ratio: float) -> str:
    """Return how another optimum is allowed: by the noise, or by residuals that follow each other."""
    nfree = max(result.statistics.nfree, 1)
    excess = float(find_rival_excess(nfree, 0.0))
    noise = np.exp(excess / nfree) if result.covariance_rescaled else 1 + excess / result.statistics.chisqr
    return (
        "fits within the noise too"
        if ratio <= noise
        else "cannot be ruled out while the circuit misses the data"
    )


def drop_open(result: FitResult, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings without those that call a parameter open that has one value here and another there."""
    both = {name for other in result.alternatives for name in other.get("departs", ())}
    return [f for f in findings if f.flag.name != "undetermined" or not both.issuperset(f.names)]


def _flag_departure(ratio: float, said: str) -> Flag:
    return Flag(
        "other_optimum",
        f"with the arcs in the order of their roles, and an arc or a tail of another shape than the "
        f"circuit's, it fits as well (chisqr times {ratio:.2g}): {said}",
        "read both (alternatives), say which arc is meant (--order, --peak), or choose a circuit that fits "
        "closer (eisfit compare)",
    )


def are_decided_by_roles(result: FitResult, values: Mapping[str, float]) -> bool:
    """Return whether the fit has its arcs in the order of their roles, and other values have not."""
    names = result.circuit.names
    rows = np.array([[result.values[name] for name in names], [values[name] for name in names]])
    ours, others = are_arcs_in_order(result.circuit, rows)
    return bool(ours and not others)

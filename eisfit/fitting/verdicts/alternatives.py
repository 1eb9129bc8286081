"""Other optima that the data allows: exchanged arcs, and other ends of the search, within the noise.

The search has tried every order of the arcs; of where it ended, what is no less probable by much
(`eisfit.engine.exchange.rival_excess`) and puts a parameter elsewhere is another optimum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.engine.arcs_order import arcs_in_order, ordered
from eisfit.engine.exchange import rival_excess
from eisfit.engine.solver import Problem, solve
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.flags import Finding
from eisfit.records import dataclass
from eisfit.rounding import significant
from eisfit.verdict import Flag, limit

__all__ = ["Rivals", "differing", "find_alternatives", "find_ambiguous", "roles_decide"]

_STEPS, _FINE = 40, 1e-10
_MOST = 3  # alternatives of one fit


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
        excess = rival_excess(nfree, self.lag1)
        return np.asarray(self.chisqr + excess if self.known_noise else self.chisqr * np.exp(excess / nfree))


def find_alternatives(rivals: Rivals) -> dict[int, tuple[dict[str, Any], ...]]:
    """Return row -> the other optima, best first, each a document {chisqr, values}."""
    coordinates = rivals.problem.coordinates
    if all(p.value is not None for p in coordinates.circuit.parameters.values() if p.free):
        return {}  # the start values say which is meant
    with np.errstate(all="ignore"):
        row, end = np.nonzero(rivals.ends_chisqr <= rivals.most[:, np.newaxis])
        theta = rivals.ends[row, end]
        others = _elsewhere(rivals, row, theta)
        row, theta = row[others], theta[others]
        if not row.size:
            return {}
        found = solve(rivals.problem.rows(row), theta, max_iterations=_STEPS, tolerance=_FINE, damping=1e-6)
        kept = (found.chisqr <= rivals.most[row]) & _elsewhere(rivals, row, found.theta)
    values = ordered(coordinates.circuit, coordinates.physical(found.theta))
    documents: dict[int, list[tuple[float, FloatArray]]] = {}
    for k in np.flatnonzero(kept)[np.argsort(found.chisqr[kept])].tolist():
        known = documents.setdefault(int(row[k]), [])
        error = np.nan_to_num(rivals.stderr[row[k]])
        if len(known) < _MOST and all((np.abs(values[k] - one) > 2 * error).any() for _, one in known):
            known.append((float(found.chisqr[k]), values[k]))
    names = coordinates.circuit.names
    return {
        b: tuple({"chisqr": c, "values": dict(zip(names, v.tolist(), strict=True))} for c, v in found_here)
        for b, found_here in documents.items()
    }


def _elsewhere(rivals: Rivals, row: NDArray[np.intp], theta: FloatArray) -> NDArray[np.bool_]:
    """Return which coordinates (n, V) put a parameter outside the interval that the fit of `row` gives it."""
    coordinates = rivals.problem.coordinates
    values = ordered(coordinates.circuit, coordinates.physical(theta))
    off = np.abs(values - rivals.values[row]) > 2 * rivals.stderr[row]
    return np.asarray((off & np.isfinite(values)).any(axis=1))


def differing(result: FitResult, values: Mapping[str, float]) -> tuple[str, ...]:
    """Return the fitted parameters that other values put elsewhere: outside the interval, and by a tenth."""
    tenth = limit("extrapolated")
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
        names = differing(result, other["values"])
        if not names:
            continue
        shown = [n for n in names if result.parameters[n].unit == "ohm"] or list(names)
        said = ", ".join(
            f"{n} = {significant(other['values'][n], 3)} {result.parameters[n].unit}".rstrip() for n in shown
        )
        ratio = other["chisqr"] / result.statistics.chisqr
        if roles_decide(result, other["values"]):
            cause = f"with the arcs the other way round it fits as well (chisqr times {ratio:.3f}): {said}"
            cure = "the roles decide, the surface layer's arc being the faster one; --order says it otherwise"
            yield Finding(Flag("roles_decide", cause, cure))
            continue
        flag = Flag(
            "other_optimum",
            f"another optimum fits within the noise too (chisqr times {ratio:.3f}): {said}",
            "read both (alternatives), say which arc is meant (--order, --peak), or use a circuit with one "
            "arc less",
        )
        yield Finding(flag, names, "ambiguous")


def roles_decide(result: FitResult, values: Mapping[str, float]) -> bool:
    """Return whether the fit has its arcs in the order of their roles, and other values have not."""
    names = result.circuit.names
    rows = np.array([[result.values[name] for name in names], [values[name] for name in names]])
    ours, others = arcs_in_order(result.circuit, rows)
    return bool(ours and not others)

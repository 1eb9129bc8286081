"""The end of a joint fit as one `FitResult` a cycle, with errors, flags and derived quantities.

All of it is computed in columns over the cycles; only a cycle of which a flag could be said is judged by
itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.coordinates import Scales
from eisfit.engine.propagation import Propagation
from eisfit.fitting.derived import derive
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter, Statistics, compute_statistics
from eisfit.fitting.verdicts.assess import add_verdicts, make_judgement
from eisfit.fitting.verdicts.findings import Finding
from eisfit.fitting.verdicts.flag_kinds import get_kind
from eisfit.fitting.verdicts.flags import Batch, are_silent, find_at_bound, find_findings
from eisfit.model.geometry import Geometry, find_geometry
from eisfit.records import dataclass, make_record
from eisfit.rounding import significant
from eisfit.tracking.joint.problem import JointProblem
from eisfit.verdict import FORBIDS, TELLS, Flag

T = TypeVar("T")

_MAX_STRAIN = 25.0  # 2 ln(likelihood ratio) that a constraint may cost one cycle


def make_results(problem: JointProblem, theta: FloatArray, covariance: FloatArray) -> list[FitResult]:
    """Return one result a cycle.

    Parameters
    ----------
    theta
        (N, V) where the joint fit ended.
    covariance
        (N, V, V) of the local coordinates, then the shared ones.
    """
    values, free = problem.coordinates.physical(theta), problem.coordinates.free
    order = np.argsort(np.concatenate([problem.local, problem.shared]))
    slope = np.where(problem.coordinates.log[free], values[:, free], 1.0)  # from logarithms to parameters
    covar = covariance[:, order[:, np.newaxis], order] * (slope[:, :, np.newaxis] * slope[:, np.newaxis, :])
    statistics = _compute_statistics(problem, problem.chisqr(theta), values)
    found: dict[int, FitResult] = {}
    for rows, bounded in _iterate_groups(problem, values):
        keep = np.array([v for v, name in enumerate(problem.names) if name not in bounded], dtype=np.intp)
        matrices = covar[rows][:, keep[:, np.newaxis], keep]
        part = _Group(problem, rows, bounded, keep, values[rows], matrices)
        found.update(zip(rows.tolist(), part.results([statistics[k] for k in rows]), strict=True))
    return [found[k] for k in range(len(values))]


def _compute_statistics(problem: JointProblem, chisqr: FloatArray, values: FloatArray) -> list[Statistics]:
    """Return each cycle's statistics; points and freedom are those of its own fit, which weighs it too."""
    alone = [fit.statistics for fit in problem.fits]
    ndata, nfree = (np.array([getattr(one, name) for one in alone]) for name in ("ndata", "nfree"))
    known = not problem.fits[0].covariance_rescaled
    found = compute_statistics(chisqr, ndata, nfree, known_noise=known)
    columns = {name: column.tolist() for name, column in found.items()} | {
        "ndata": ndata.tolist(),
        "noise": [one.noise for one in alone],
        **{name: column.tolist() for name, column in problem.residual_statistics(values).items()},
    }
    columns.setdefault("p_value", [None] * len(alone))
    return [Statistics(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _iterate_groups(problem: JointProblem, values: FloatArray) -> Iterator[tuple[IntArray, frozenset[str]]]:
    """Yield the cycles with the same parameters at their bounds and one geometry, and these parameters."""
    groups: dict[tuple[frozenset[str], str], list[int]] = {}
    cells = [repr(find_geometry(fit.spectrum.metadata)) for fit in problem.fits]
    for k, key in enumerate(zip(_find_bounds(problem, values), cells, strict=True)):
        groups.setdefault(key, []).append(k)
    for (bounded, _), rows in groups.items():
        yield np.array(rows, dtype=np.intp), bounded


def _find_bounds(problem: JointProblem, values: FloatArray) -> list[frozenset[str]]:
    """Return the parameters of each cycle that are at their bounds."""
    circuit, names = problem.circuit, problem.circuit.names
    extremes = values.min(axis=0), values.max(axis=0)
    # Where neither the least nor the largest value is at a bound of all cycles' narrowest scales, none is.
    if not any(
        find_at_bound(circuit, problem.narrowest, dict(zip(names, row, strict=True))) for row in extremes
    ):
        return [frozenset()] * len(values)
    scales = [Scales.of(fit.spectrum.omega, fit.spectrum.impedance) for fit in problem.fits]
    named = [dict(zip(names, row, strict=True)) for row in values.tolist()]
    return [frozenset(find_at_bound(circuit, s, row)) for s, row in zip(scales, named, strict=True)]


@dataclass(frozen=True)
class _Group:
    """Cycles (B,) of one geometry with the same parameters at their bounds.

    Attributes
    ----------
    rows
        (B,) which cycles.
    bounded, keep
        Parameters at a bound, and the other coordinates (v,), which have errors.
    values, covar
        (B, P) and (B, v, v).
    """

    problem: JointProblem
    rows: IntArray
    bounded: frozenset[str]
    keep: IntArray
    values: FloatArray
    covar: FloatArray

    @property
    def varied(self) -> IntArray:
        """Columns (v,) of the parameters that have errors."""
        return self.problem.coordinates.free[self.keep]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.problem.circuit.names[k] for k in self.varied)

    @cached_property
    def stderr(self) -> FloatArray:
        """(B, v)."""
        return np.asarray(np.sqrt(np.maximum(np.einsum("bii->bi", self.covar), 0.0)))

    def results(self, statistics: list[Statistics]) -> list[FitResult]:
        """Return the cycles' results, judged."""
        fits = [self.problem.fits[k] for k in self.rows]
        columns = zip(fits, self._list_fitted(fits), statistics, self.covar, self._derive(fits), strict=True)
        same = {"circuit": self.problem.circuit, "var_names": self.names, "lmfit": None}
        moved = [
            _replace(fit, **same, parameters=parameters, statistics=s, covar=covar.copy(), derived=derived)
            for fit, parameters, s, covar, derived in columns
        ]
        rows = zip(moved, fits, self._are_faultless().tolist(), strict=True)
        return [_judge_again(here, alone, quiet) for here, alone, quiet in rows]

    def _list_fitted(self, fits: list[FitResult]) -> list[dict[str, FittedParameter]]:
        found: list[dict[str, FittedParameter]] = [{} for _ in fits]
        place = {name: v for v, name in enumerate(self.names)}
        for k, name in enumerate(self.problem.circuit.names):
            known = name in place
            errors = self.stderr[:, place[name]].tolist() if known else [None] * len(fits)
            same = {"at_bound": name in self.bounded, "interval": None}
            for row, fit, value, noise in zip(found, fits, self.values[:, k].tolist(), errors, strict=True):
                alone = fit.parameters[name]
                # The circuit's own error is common to the cycles: a joint fit does not make it smaller.
                model = None if noise is None else alone.stderr_model or 0.0
                total = None if noise is None or model is None else float(np.hypot(noise, model))
                parts = {"stderr": total, "stderr_noise": noise, "stderr_model": model}
                row[name] = _replace(alone, value=value, **parts, **same)
        return found

    def _derive(self, fits: list[FitResult]) -> list[dict[str, dict[str, Any]]]:
        circuit, geometry = self.problem.circuit, fits[0].geometry
        propagated = Propagation(circuit, self.values, self.varied.tolist(), self.covar)
        by_model = _compute_model_variance(fits, geometry)
        columns = {
            name: dataclasses.replace(column, error=np.sqrt(column.error**2 + by_model.get(name, 0.0)))
            for name, column in derive(propagated, geometry).items()
        }
        return [{name: column.document(b) for name, column in columns.items()} for b in range(len(fits))]

    def _are_faultless(self) -> NDArray[np.bool_]:
        """Return the cycles (B,) that `eisfit.fitting.verdicts.flags` has nothing to say of."""
        bounded = np.full(len(self.values), bool(self.bounded))
        errors = self.stderr, self.stderr, self.covar
        return are_silent(Batch(self.problem.circuit, self.values, self.names, *errors, bounded))


def _compute_model_variance(fits: list[FitResult], geometry: Geometry) -> dict[str, FloatArray]:
    """Return what the circuit's own error adds to the variances (B,) of the derived quantities, by name.

    It is common to the cycles, so that a joint fit has that of the fits by themselves: their whole variance
    less what noise and geometry make of it.
    """
    found: dict[str, FloatArray] = {}
    for names in {fit.var_names for fit in fits if any(p.stderr_model for p in fit.parameters.values())}:
        rows = [b for b, fit in enumerate(fits) if fit.var_names == names and fit.covar is not None]
        some, circuit = [fits[b] for b in rows], fits[0].circuit
        values, covar = np.array([list(fit.values.values()) for fit in some]), [fit.covar for fit in some]
        apart = Propagation(circuit, values, [circuit.names.index(n) for n in names], np.array(covar))
        for name, column in derive(apart, geometry).items():
            total = np.array([fit.derived[name]["stderr"] for fit in some], dtype=np.float64)
            more = np.nan_to_num(np.maximum(total**2 - column.error**2, 0.0), posinf=0.0)
            found.setdefault(name, np.zeros(len(fits)))[rows] = more
    return found


def _replace(one: T, **changed: Any) -> T:
    """Return a changed copy of a frozen dataclass."""
    return make_record(type(one), vars(one) | changed)


def _judge_again(moved: FitResult, alone: FitResult, quiet: bool) -> FitResult:
    """Judge again what the joint fit changes, keep what only the fit of the single cycle determines."""
    moved = _replace(moved, grade=alone.grade)
    kept = [_keep_flag(flag, alone) for flag in alone.flags if get_kind(flag).joint != "again"]
    strained = [Finding(flag) for flag in _flag_strain(moved, alone)]
    found = (
        []
        if quiet
        else [f for f in find_findings(make_judgement(moved, np.nan)) if get_kind(f.flag).joint == "again"]
    )
    return add_verdicts(moved, [*kept, *strained, *found])


def _keep_flag(flag: Flag, alone: FitResult) -> Finding:
    """Return a flag of the fit by itself; what it said of identifiability, the joint fit can mend."""
    if flag.name != "arc_outside":
        return Finding(_replace(flag, level=TELLS) if get_kind(flag).joint == "told" else flag)
    outside = tuple(name for name, p in alone.parameters.items() if p.verdict == "extrapolated")
    return Finding(_replace(flag, level=TELLS), outside, "extrapolated", mild=True)


def _flag_strain(moved: FitResult, alone: FitResult) -> tuple[Flag, ...]:
    before, after = alone.statistics.chisqr, moved.statistics.chisqr
    worse = alone.statistics.nfree * np.log(max(after, 1e-300) / max(before, 1e-300))
    if worse <= _MAX_STRAIN:
        return ()
    return (
        Flag(
            "strained",
            f"what is shared or smooth makes the fit of this cycle worse: chisqr {significant(after, 3)} "
            f"instead of {significant(before, 3)}",
            "let a parameter go free here (joint={...: 'free'}), or make it smooth instead of shared",
            FORBIDS,
        ),
    )

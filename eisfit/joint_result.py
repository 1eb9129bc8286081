"""The end of a joint fit as one `FitResult` a cycle, with errors, flags and derived quantities."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from eisfit.coordinates import Scales
from eisfit.derived import derived
from eisfit.flags import Judgement, at_bound, judge
from eisfit.geometry import Geometry
from eisfit.joint_problem import JointProblem
from eisfit.result import FitResult, FittedParameter
from eisfit.rounding import significant
from eisfit.verdict import Flag

__all__ = ["as_results"]

FloatArray = NDArray[np.float64]

_AGAIN = ("undetermined", "correlated", "at_bound", "arcs_swapped", "arcs_merged", "jump")
_STRONG = 0.9  # below it nobody is told of a correlation
_STRAINED = 25.0  # 2 ln(likelihood ratio) that a constraint may cost one cycle


def as_results(problem: JointProblem, theta: FloatArray, covariance: FloatArray) -> list[FitResult]:
    """Return one result a cycle.

    Parameters
    ----------
    theta
        (N, V) where the joint fit ended.
    covariance
        (N, V, V) of the local coordinates, then the shared ones.
    """
    values = problem.coordinates.physical(theta)
    chisqr = problem.chisqr(theta)
    order = np.argsort(np.concatenate([problem.local, problem.shared]))
    matrices = covariance[:, order[:, np.newaxis], order]
    return [
        _result(problem, fit, values[k], float(chisqr[k]), matrices[k]) for k, fit in enumerate(problem.fits)
    ]


def _result(
    problem: JointProblem, fit: FitResult, values: FloatArray, chisqr: float, covariance: FloatArray
) -> FitResult:
    circuit = problem.circuit
    named = dict(zip(circuit.names, values.tolist(), strict=True))
    free = problem.coordinates.free
    slope = np.where(problem.coordinates.log[free], values[free], 1.0)  # from logarithms to parameters
    bounded = at_bound(circuit, Scales.of(fit.spectrum.omega, fit.spectrum.impedance), named)
    keep = [k for k, name in enumerate(problem.names) if name not in bounded]
    names = tuple(problem.names[k] for k in keep)
    covar = (covariance * np.outer(slope, slope))[np.ix_(keep, keep)]
    stderr = dict(zip(names, np.sqrt(np.maximum(np.diag(covar), 0.0)).tolist(), strict=True))
    parameters = {
        name: _parameter(fit.parameters[name], named[name], stderr.get(name), name in bounded)
        for name in circuit.names
    }
    relative = np.abs(circuit.impedance(fit.spectrum.frequency, named) / fit.spectrum.impedance - 1)
    statistics = dataclasses.replace(
        fit.statistics, chisqr=chisqr, redchi=chisqr / max(fit.statistics.nfree, 1),
        rms_relative_residual=float(np.sqrt(np.mean(relative**2))),
    )  # fmt: skip
    geometry = Geometry.of_metadata(fit.spectrum.metadata)
    moved = dataclasses.replace(
        fit, circuit=circuit, parameters=parameters, statistics=statistics, covar=covar, var_names=names,
        derived=derived(circuit, named, names, covar, geometry), lmfit=None,
    )  # fmt: skip
    return _judged(moved, fit)


def _parameter(old: FittedParameter, value: float, stderr: float | None, bounded: bool) -> FittedParameter:
    return dataclasses.replace(old, value=value, stderr=stderr, at_bound=bounded, interval=None)


def _judged(moved: FitResult, alone: FitResult) -> FitResult:
    """Judge again what the joint fit changes, keep what only the fit of the cycle by itself can tell."""
    spectrum = moved.spectrum
    seen = Judgement(
        circuit=moved.circuit, scales=Scales.of(spectrum.omega, spectrum.impedance), values=moved.values,
        stderr={name: p.stderr for name, p in moved.parameters.items()}, correlations=_strong(moved),
        converged=True, message="", rms=moved.statistics.rms_relative_residual, misfit=0.0,
    )  # fmt: skip
    flags, ok = judge(seen)
    kept = tuple(flag for flag in alone.flags if flag.name not in _AGAIN)
    strained = _strained(moved, alone)
    grave = any(flag.name in ("misfit", "not_converged", "imaginary_sign") for flag in kept) or bool(strained)
    return moved.replace_flags((*kept, *strained, *flags), ok and not grave)


def _strong(fit: FitResult) -> list[tuple[str, str, float]]:
    """Return the pairs of parameters that may be flagged, strongest first; most fits have none."""
    if fit.covar is None:
        return []
    spread = np.sqrt(np.maximum(np.diag(fit.covar), 1e-300))
    matrix = np.abs(fit.covar) / np.outer(spread, spread)
    np.fill_diagonal(matrix, 0.0)
    return fit.correlations if matrix.max(initial=0.0) > _STRONG else []


def _strained(moved: FitResult, alone: FitResult) -> tuple[Flag, ...]:
    before, after = alone.statistics.chisqr, moved.statistics.chisqr
    worse = alone.statistics.nfree * np.log(max(after, 1e-300) / max(before, 1e-300))
    if worse <= _STRAINED:
        return ()
    return (
        Flag(
            "strained",
            f"what is shared or smooth makes the fit of this cycle worse: chisqr {significant(after, 3)} "
            f"instead of {significant(before, 3)}",
            "let a parameter go free here (joint={...: 'free'}), or make it smooth instead of shared",
        ),
    )

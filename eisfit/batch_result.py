"""Results for a batch of optima: errors, derived quantities and flags computed for all spectra at once.

What `eisfit.fit` asks of lmfit for one spectrum follows here from the exact Jacobian: the covariance is
(J^T J)^-1, times redchi where the noise is not known. Spectra of which any flag could be said are handed to
`eisfit.flags` and `eisfit.identifiability` one by one; the others cannot have one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arcs_order import role_times
from eisfit.circuit import Circuit
from eisfit.coordinates import Scales, arcs
from eisfit.derived import formulas
from eisfit.elements import FrequencyGrid
from eisfit.flags import Judgement, judge
from eisfit.identifiability import examined
from eisfit.result import FitResult, FittedParameter, Statistics
from eisfit.spectrum import Spectrum

__all__ = ["Optima", "results"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Mask = NDArray[np.bool_]
Formula = Callable[[Mapping[str, Any]], Any]

_STEP = 1e-30
_DOUBTFUL = 0.25  # a little below what eisfit.identifiability calls doubtful
_CORRELATED = 0.97  # a little below eisfit.flags
_MISFIT = 1.9
_APART = 2.1  # standard errors between time constants, a little more than eisfit.identifiability asks for
_AT_LIMIT = 1e-6


@dataclass(frozen=True)
class Optima:
    """Optima of a group of spectra on one frequency grid.

    Attributes
    ----------
    circuit, spectra, weighting
        What was fitted; the circuit has no expressions.
    weight
        (B, 2F), 1/ohm.
    values
        (B, P) parameters.
    attainable
        (B,) chisqr that the noise alone explains.
    starts, agreed
        (B,) of the search.
    """

    circuit: Circuit
    spectra: Sequence[Spectrum]
    weighting: str
    weight: FloatArray
    values: FloatArray
    attainable: FloatArray
    starts: NDArray[np.intp]
    agreed: NDArray[np.intp]


@dataclass(frozen=True)
class _Table:
    """What is known of all rows: `free` columns, `held` (B, V) at their limit, covariance (B, V, V)."""

    free: list[int]
    held: Mask
    chisqr: FloatArray
    rms: FloatArray
    covar: FloatArray
    stderr: FloatArray
    derived: dict[str, tuple[str, FloatArray, FloatArray]]
    quiet: Mask


def results(optima: Optima) -> list[FitResult]:
    """Return one result per spectrum, as `eisfit.fit` would give it but for lmfit's own objects."""
    with np.errstate(all="ignore"):
        table = _table(optima)
    return [_result(optima, table, b) for b in range(len(optima.spectra))]


def _table(optima: Optima) -> _Table:
    circuit, values = optima.circuit, optima.values
    rows = list(circuit.parameters.values())
    free = [k for k, p in enumerate(rows) if p.free]
    held = _held(circuit, values, free)
    omega = optima.spectra[0].omega
    slopes = np.empty((len(values), len(rows), omega.size), dtype=np.complex128)
    z = circuit.evaluate(FrequencyGrid(omega), values, slopes)
    target = np.stack([s.impedance for s in optima.spectra])
    difference = np.ascontiguousarray(z - target)
    residual = difference.view(np.float64) * optima.weight
    chisqr = np.sum(residual**2, axis=1)
    rms = np.sqrt(np.mean(np.abs(difference / target) ** 2, axis=1))
    jacobian = slopes[:, free].view(np.float64) * optima.weight[:, np.newaxis, :]
    covar = _covariance(jacobian, held)
    if optima.weighting != "noise":
        nfree = residual.shape[1] - np.sum(~held, axis=1)
        covar *= (chisqr / nfree)[:, np.newaxis, np.newaxis]
    stderr = np.sqrt(np.einsum("bii->bi", covar))
    derived = {
        name: (unit, *_propagated(formula, circuit, values, free, covar))
        for name, (unit, formula) in formulas(circuit).items()
    }
    quiet = _quiet(optima, free, held, covar, stderr, chisqr, rms)
    return _Table(free, held, chisqr, rms, covar, stderr, derived, quiet)


def _held(circuit: Circuit, values: FloatArray, free: list[int]) -> Mask:
    """Return which linear parameters are at their bounds; they have no error, as in `eisfit.fit`."""
    held = np.zeros((len(values), len(free)), dtype=bool)
    for v, k in enumerate(free):
        p = circuit.parameters[circuit.names[k]]
        if p.scale == "linear":
            margin = _AT_LIMIT * (min(p.max, 1e300) - p.min)
            held[:, v] = (values[:, k] >= p.max - margin) | (values[:, k] <= p.min + margin)
    return held


def _covariance(jacobian: FloatArray, held: Mask) -> FloatArray:
    """Return (J J^T)^-1 (B, V, V) of Jacobians (B, V, 2F): zero where held, NaN where singular."""
    loose = ~held
    size = np.sqrt(np.einsum("bvf,bvf->bv", jacobian, jacobian))
    size = np.where((size > 0) & loose, size, 1.0)
    scaled = jacobian / size[:, :, np.newaxis] * loose[:, :, np.newaxis]
    normal = scaled @ scaled.transpose(0, 2, 1)
    np.einsum("bii->bi", normal)[...] += held
    try:
        inverse = np.linalg.inv(normal)
    except np.linalg.LinAlgError:
        singular = np.linalg.cond(normal) > 1e14
        normal[singular] = np.eye(normal.shape[1])
        inverse = np.linalg.inv(normal)
        inverse[singular] = np.nan
    inverse *= loose[:, :, np.newaxis] & loose[:, np.newaxis, :]
    return np.asarray(inverse / (size[:, :, np.newaxis] * size[:, np.newaxis, :]))


def _propagated(
    formula: Formula, circuit: Circuit, values: FloatArray, free: list[int], covar: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return a formula of the parameters (B,) and its standard error (B,), by complex steps."""
    named: dict[str, Any] = {name: values[:, k] for k, name in enumerate(circuit.names)}
    gradient = np.zeros((len(values), len(free)))
    for v, k in enumerate(free):
        name, step = circuit.names[k], _STEP * np.maximum(np.abs(values[:, k]), 1e-200)
        moved = formula({**named, name: values[:, k] + 1j * step})
        gradient[:, v] = np.imag(moved) / step
    variance = np.einsum("bi,bij,bj->b", gradient, covar, gradient)
    return np.asarray(formula(named), dtype=np.float64), np.sqrt(variance)


def _quiet(  # noqa: PLR0917
    optima: Optima,
    free: list[int],
    held: Mask,
    covar: FloatArray,
    stderr: FloatArray,
    chisqr: FloatArray,
    rms: FloatArray,
) -> Mask:
    """Return the spectra (B,) that nothing can be said against; the others are looked at one by one."""
    values = optima.values
    quiet = np.isfinite(stderr).all(axis=1) & ~held.any(axis=1)
    quiet &= (stderr < _DOUBTFUL * np.abs(values[:, free])).all(axis=1)
    quiet &= ~((chisqr > _MISFIT**2 * optima.attainable) & (rms > 0.002) & (optima.attainable > 0))
    correlation = covar / (stderr[:, :, np.newaxis] * stderr[:, np.newaxis, :])
    parts = [optima.circuit.parameters[optima.circuit.names[k]].component for k in free]
    for i, j in combinations(range(len(free)), 2):
        if parts[i] != parts[j]:
            quiet &= np.abs(correlation[:, i, j]) < _CORRELATED
    times = list(role_times(optima.circuit, values).values())
    for fast, slow in pairwise(times):
        quiet &= fast < slow
    for loud in _arcs_in_doubt(optima, free, covar):
        quiet &= ~loud
    return quiet


def _arcs_in_doubt(optima: Optima, free: list[int], covar: FloatArray) -> Iterator[Mask]:
    """Yield masks (B,) of spectra with an arc near the edge of the range, or two near each other."""
    frequency = optima.spectra[0].frequency
    found = [_log_tau(r.name, s.parameter_names) for r, s in arcs(optima.circuit.tree)]
    for formula in found:
        named = {name: optima.values[:, k] for k, name in enumerate(optima.circuit.names)}
        peak = np.exp(-formula(named)) / (2 * np.pi)
        yield (peak <= frequency[-1]) | (peak >= frequency[0])
    for one, other in combinations(found, 2):
        ratio = _difference(one, other)
        gap, error = _propagated(ratio, optima.circuit, optima.values, free, covar)
        yield ~(np.abs(gap) > _APART * error)


def _difference(one: Formula, other: Formula) -> Formula:
    return lambda p: one(p) - other(p)


def _log_tau(resistor: str, storage: tuple[str, ...]) -> Formula:
    def formula(p: Mapping[str, Any]) -> Any:
        exponent = p[storage[1]] if len(storage) > 1 else 1.0
        return (np.log(p[resistor]) + np.log(p[storage[0]])) / exponent

    return formula


def _result(optima: Optima, table: _Table, b: int) -> FitResult:
    circuit, spectrum = optima.circuit, optima.spectra[b]
    loose = np.flatnonzero(~table.held[b])
    covar = table.covar[b][np.ix_(loose, loose)]
    valid = bool(np.isfinite(covar).all())
    result = FitResult(
        spectrum=spectrum,
        circuit=circuit,
        weighting=optima.weighting,
        parameters=_parameters(optima, table, b),
        statistics=_statistics(optima, table, b),
        covar=covar if valid else None,
        var_names=tuple(circuit.names[table.free[v]] for v in loose),
        covariance_rescaled=optima.weighting != "noise",
        derived={
            name: {"value": float(value[b]), "stderr": _finite(error[b]), "unit": unit}
            for name, (unit, value, error) in table.derived.items()
        },
        ok=True,
        flags=(),
        starts=int(optima.starts[b]),
        agreed=int(optima.agreed[b]),
    )
    return result if table.quiet[b] else _judged(result, float(optima.attainable[b]))


def _judged(result: FitResult, attainable: float) -> FitResult:
    chisqr = result.statistics.chisqr
    seen = Judgement(
        circuit=result.circuit,
        scales=Scales.of(result.spectrum.omega, result.spectrum.impedance),
        values=result.values,
        stderr={name: p.stderr for name, p in result.parameters.items()},
        correlations=result.correlations,
        converged=True,
        message="",
        rms=result.statistics.rms_relative_residual,
        misfit=float(np.sqrt(chisqr / attainable)) if attainable > 0 else 0.0,
    )
    return examined(result.replace_flags(*judge(seen)))


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _parameters(optima: Optima, table: _Table, b: int) -> dict[str, FittedParameter]:
    place = {k: v for v, k in enumerate(table.free)}
    values = optima.values[b].tolist()
    found = {}
    for k, (name, p) in enumerate(optima.circuit.parameters.items()):
        v = place.get(k)
        held = v is not None and bool(table.held[b, v])
        found[name] = FittedParameter(
            name=name,
            value=values[k],
            stderr=None if v is None or held else _finite(table.stderr[b, v]),
            unit=p.unit,
            min=p.min,
            max=p.max,
            vary=p.free,
            expr=p.expr,
            at_bound=held,
            role=p.role,
            describe=p.describe,
        )
    return found


def _statistics(optima: Optima, table: _Table, b: int) -> Statistics:
    """Return the statistics as lmfit defines them."""
    from scipy.special import gammaincc

    chisqr, ndata = float(table.chisqr[b]), 2 * optima.spectra[b].points
    nvarys = int(np.sum(~table.held[b]))
    nfree = ndata - nvarys
    likelihood = ndata * float(np.log(max(chisqr, 1e-250 * ndata) / ndata))
    return Statistics(
        chisqr=chisqr,
        redchi=chisqr / nfree,
        aic=likelihood + 2 * nvarys,
        bic=likelihood + float(np.log(ndata)) * nvarys,
        ndata=ndata,
        nvarys=nvarys,
        nfree=nfree,
        p_value=float(gammaincc(nfree / 2, chisqr / 2)) if optima.weighting == "noise" else None,
        rms_relative_residual=float(table.rms[b]),
    )

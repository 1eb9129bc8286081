"""Fits that outliers do not pull: iteratively reweighted in the kernel, with standard errors that stay true.

A residual r counts as rho((r/C)^2) C^2 with C = c s: s is the standard deviation of the good residuals and c
the constant that keeps 95 % of the efficiency of least squares where the noise is normal: 1.345 for Huber's
loss and 2.385 for Cauchy's (P. J. Huber, E. M. Ronchetti, Robust Statistics, 2nd ed., Wiley 2009, ch. 4;
P. W. Holland, R. E. Welsch, Commun. Stat. A 6 (1977) 813), 1.287 for soft_l1 (from the same integral).
s is 1 where the noise is measured, else 1.4826 times the median absolute residual.
"""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray, robust_spread
from eisfit.engine.objective import FormProblem
from eisfit.engine.propagation import standard_error
from eisfit.engine.solver import solve
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass

TUNING = {"huber": 1.345, "soft_l1": 1.287, "cauchy": 2.385}
_ROUNDS = 40
_CONVERGED_CHANGE = 1e-7  # relative change of the cost
_MIN_SCALE = 1e-12  # noise-free data: residuals are relative


@dataclass(frozen=True, eq=False, repr=False)
class RobustEnd:
    """Where the reweighted fits ended: theta (B, V), scale s (B,), cost (B,) at the smallest scale of all."""

    theta: FloatArray
    scale: FloatArray
    cost: FloatArray


def solve_robust(
    problem: FormProblem, theta: FloatArray, loss: str, *, known_noise: bool, common: bool = True
) -> RobustEnd:
    """Minimise a robust loss from each row of `theta`.

    Parameters
    ----------
    problem
        One spectrum for all rows, or one for each.
    theta
        (B, V), from least squares for instance.
    loss
        ``huber``, ``soft_l1`` or ``cauchy``.
    known_noise
        Whether residuals are in units of a measured noise already, so that s = 1.
    common
        Rows are starts of one spectrum: their costs are taken at one scale, so that they can be compared.
    """
    rows = theta.shape[0]
    target = np.broadcast_to(problem.target, (rows, problem.target.shape[1]))
    weight = np.broadcast_to(problem.weight, (rows, problem.weight.shape[1]))
    whole = dataclasses.replace(problem, target=target, weight=weight)
    cost = np.full(rows, np.inf)
    for _ in range(_ROUNDS):
        residual = _compute_residual(whole, theta)
        scale = _estimate_scale(residual, theta.shape[1], known_noise)
        share = _compute_weight_share(loss, residual / (TUNING[loss] * scale[:, np.newaxis]))
        solution = solve(dataclasses.replace(whole, weight=weight * np.sqrt(share)), theta, max_iterations=10)
        theta, old, cost = solution.theta, cost, solution.chisqr
        if np.all(np.abs(old - cost) <= _CONVERGED_CHANGE * cost):
            break
    residual = _compute_residual(whole, theta)
    scale = _estimate_scale(residual, theta.shape[1], known_noise)
    width = TUNING[loss] * (np.full(rows, scale.min()) if common else scale)
    return RobustEnd(theta, scale, np.asarray(_rho(loss, residual / width[:, np.newaxis]).sum(axis=1)))


def covariance(loss: str, residual: FloatArray, jacobian: FloatArray, scale: float) -> FloatArray | None:
    """Return the asymptotic covariance (V, V) of an M-estimate, or None where it has none.

    K^2 [sum psi^2 / (n - p)] / [sum psi' / n]^2 (J^T J)^-1 with K = 1 + (p / n) var(psi') / mean(psi')^2
    (P. J. Huber, Ann. Stat. 1 (1973) 799, eq. 6.5). It needs no estimate of the noise besides the residuals.

    Parameters
    ----------
    loss
        As in `solve_robust`.
    residual, jacobian
        Weighted, (n,) and (n, V), without the loss.
    scale
        The standard deviation s of the good residuals.
    """
    n, p = jacobian.shape
    x = residual / (TUNING[loss] * scale)
    bend = _compute_psi_slope(loss, x)
    mean = float(bend.mean())
    correction = 1 + p / n * float(bend.var()) / mean**2
    spread = float(np.sum((residual * _compute_weight_share(loss, x)) ** 2)) / (n - p)
    size = np.sqrt(np.sum(jacobian**2, axis=0))
    try:
        inverse = np.linalg.inv((jacobian / size).T @ (jacobian / size)) / np.outer(size, size)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(correction**2 * spread / mean**2 * inverse)


def set_standard_errors(outcome: Any, circuit: Circuit, covar: FloatArray | None) -> None:
    """Put a covariance (V, V) and what follows from it into lmfit's result, whose own is least squares'."""
    outcome.covar = covar
    values = {name: float(outcome.params[name].value) for name in circuit.names}
    names = tuple(outcome.var_names)
    spread = None if covar is None else np.sqrt(np.diag(covar))
    for k, name in enumerate(names):
        row = () if covar is None or spread is None else (covar[k] / (spread[k] * spread)).tolist()
        pairs = zip(names, row, strict=False)
        outcome.params[name].correl = {other: value for other, value in pairs if other != name}
    for name, p in circuit.parameters.items():
        if name in names or p.expr:
            outcome.params[name].stderr = standard_error(
                operator.itemgetter(name), circuit, values, names, covar
            )


def _compute_residual(problem: FormProblem, theta: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        residual: FloatArray = problem.evaluate(theta, problem.buffer(theta.shape[0]))[0]
    return residual


def _estimate_scale(residual: FloatArray, varied: int, known_noise: bool) -> FloatArray:
    if known_noise:
        return np.ones(residual.shape[0])
    n = residual.shape[1]
    spread = robust_spread(residual, axis=1) * np.sqrt(n / max(n - varied, 1))
    return np.asarray(np.maximum(spread, _MIN_SCALE))


def _compute_weight_share(loss: str, x: FloatArray) -> FloatArray:
    """Return rho'(x^2), the share of its weight that a residual keeps."""
    if loss == "huber":
        return np.asarray(1 / np.maximum(np.abs(x), 1.0))
    return np.asarray(1 / np.sqrt(1 + x**2) if loss == "soft_l1" else 1 / (1 + x**2))


def _compute_psi_slope(loss: str, x: FloatArray) -> FloatArray:
    """Return psi'(x), with psi(x) = x rho'(x^2)."""
    if loss == "huber":
        return np.asarray(np.abs(x) <= 1, dtype=np.float64)
    return np.asarray((1 + x**2) ** -1.5 if loss == "soft_l1" else (1 - x**2) / (1 + x**2) ** 2)


def _rho(loss: str, x: FloatArray) -> FloatArray:
    """Return rho(x^2)."""
    z = x**2
    if loss == "huber":
        return np.asarray(np.where(z <= 1, z, 2 * np.sqrt(z) - 1))
    return np.asarray(2 * (np.sqrt(1 + z) - 1) if loss == "soft_l1" else np.log1p(z))

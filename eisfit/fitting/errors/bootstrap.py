"""Bootstrap: the fit repeated on simulated data with the noise of the measured, in batches of the solver.

``residual``: the fitted impedance with its own residuals, drawn with replacement. The complex residual of a
point is drawn as one, divided by its error bar, so that real and imaginary part stay together; residuals are
inflated by sqrt(n / (n - p)), since a fit leaves them too small. ``parametric``: normal noise instead.
B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (Chapman & Hall 1993), ch. 9 and 13.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, robust_spread
from eisfit.engine.objective import FormProblem
from eisfit.engine.robust import TUNING, solve_robust
from eisfit.engine.solver import solve
from eisfit.errors import UsageError, did_you_mean
from eisfit.fitting.errors.refit import Refit

KINDS = ("residual", "parametric")
_CHUNK = 256  # rows that the solver takes fastest


def repeat_fits(refit: Refit, count: int, kind: str, seed: int) -> FloatArray:
    """Return the parameters (n, P) of the repeated fits that converged; n is `count` or a little less.

    Parameters
    ----------
    refit
        The fit to repeat, from its own optimum.
    count
        How often.
    kind
        ``residual`` or ``parametric``.
    seed
        Of the draws.

    Raises
    ------
    UsageError
        For another kind.
    """
    if kind not in KINDS:
        raise UsageError(f"no bootstrap is called {kind!r}{did_you_mean(kind, KINDS) or '; use ' + KINDS[0]}")
    rng = np.random.default_rng(seed)
    found = []
    for first in range(0, count, _CHUNK):
        rows = min(_CHUNK, count - first)
        theta, good = _solve_targets(refit, _draw_targets(refit, rows, kind, rng))
        found.append(refit.problem.coordinates.physical(theta[good]))
    return np.concatenate(found)


def _draw_targets(refit: Refit, rows: int, kind: str, rng: np.random.Generator) -> ComplexArray:
    """Return impedances (B, F): the fit plus errors of the size and shape that the weights assume."""
    residual = refit.evaluate(refit.theta[np.newaxis])[0][0]
    n, free = residual.size, max(residual.size - refit.theta.size, 1)
    if kind == "residual":
        pairs = residual.reshape(-1, 2) - residual.reshape(-1, 2).mean(axis=0)
        drawn = pairs[rng.integers(len(pairs), size=(rows, len(pairs)))].reshape(rows, n)
        drawn = drawn * np.sqrt(n / free)
    else:
        drawn = _estimate_noise(refit, residual, free) * rng.standard_normal((rows, n))
    fitted = refit.result.fitted
    kick = (drawn / refit.problem.weight).view(np.complex128)  # of g(Z); dZ = dg / g'(Z)
    return np.asarray(fitted + kick / refit.problem.form.slope(fitted))


def _estimate_noise(refit: Refit, residual: FloatArray, free: int) -> float:
    """Return the standard deviation of the weighted residuals."""
    if refit.settings.weighting == "noise":
        return 1.0
    if refit.settings.loss != "linear":
        return float(robust_spread(residual) * np.sqrt(residual.size / free))
    return float(np.sqrt(residual @ residual / free))


def _solve_targets(refit: Refit, target: ComplexArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    rows = target.shape[0]
    weight = np.broadcast_to(refit.problem.weight, (rows, refit.problem.weight.shape[1]))
    problem: FormProblem = dataclasses.replace(refit.problem, target=target, weight=weight)
    optima = refit.optima  # each repeat is fitted from all of them, and the lowest end counts
    repeated = problem.rows(np.repeat(np.arange(rows), len(optima)))
    solution = solve(repeated, np.tile(optima, (rows, 1)), max_iterations=60)
    if refit.settings.loss not in TUNING:
        lowest = np.argmin(solution.chisqr.reshape(rows, -1), axis=1)
        best = np.arange(rows) * len(optima) + lowest
        return solution.theta[best], solution.converged[best]
    known = refit.settings.weighting == "noise"
    end = solve_robust(problem, solution.theta, refit.settings.loss, known_noise=known, common=False)
    return end.theta, np.isfinite(end.cost)

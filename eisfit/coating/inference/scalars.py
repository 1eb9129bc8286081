"""Evidence and draws of a hypothesis where published scalars are the data.

Two resistances leave most parameters as open as their priors, so the posterior is far from Gaussian and
Laplace's method ranks wrongly. What is open is therefore drawn from the prior; what multiplies the reaction's
resistance (R_i itself, the gain f, every cell's scatter) is integrated in closed form: for each draw a cell's
resistance, drawn within its error, is solved for the local ln R_i, in which those parameters are linear and
Gaussian. The evidence is the mean of that density over the draws, which is exact up to their number
(Rao-Blackwellised importance sampling: Robert, Casella, Monte Carlo Statistical Methods, 2004, ch. 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.inference.posterior import Posterior
from eisfit.coating.inference.problem import HYPOTHESES, INFINITE, Block, Problem
from eisfit.coating.physics import INDEX

__all__ = ["sampled"]

_DRAWS, _KEPT = 4000, 400
_R_I = INDEX["R_i"]
_ENDS = np.array([0.0, INFINITE])
_NEVER = -1e6  # logarithm of the density of a draw that no R_i can bring to the measured resistance


def sampled(problem: Problem, laplace: Posterior, seed: int) -> Posterior:
    """Return the posterior with its evidence, and its draws, by sampling instead of Laplace's method.

    Parameters
    ----------
    problem
        Whose blocks are scalars.
    laplace
        The optimum, which keeps its chi2.
    seed
        Of the draws.
    """
    names, rng = laplace.names, np.random.default_rng(seed)
    u = rng.standard_normal((_DRAWS, len(names)))
    linear = np.array([name in {"R_i", "f"} or name.startswith(("dR_i:", "dR_s:", "dQ:")) for name in names])
    u[:, linear] = 0.0  # integrated below
    rows = [
        _row(problem, laplace, block, u, block.data[0] + block.error[0] * rng.standard_normal(_DRAWS))
        for block in problem.blocks
    ]
    rows += [_end_row(problem, laplace, block, u) for block in problem.blocks if block.data.size > 1]
    rows += [_ratio_row(problem, names, ratio, u) for ratio in problem.ratios]
    shift, slopes, error, log_jacobian = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    known = slopes[..., linear]
    spread = known @ known.transpose(0, 2, 1) + np.eye(len(rows)) * (error**2)[:, None, :]
    solved = np.linalg.solve(spread, shift[..., None])[..., 0]
    _, log_det = np.linalg.slogdet(spread)
    logs = -0.5 * (shift * solved).sum(axis=1) - 0.5 * log_det + log_jacobian.sum(axis=1)
    logs = np.where(np.isfinite(logs), np.maximum(logs, _NEVER), _NEVER)
    weights = np.exp(logs - logs.max())
    kept = rng.choice(_DRAWS, _KEPT, p=weights / weights.sum())
    # What was integrated, drawn given the rest: a Gaussian conditioned by Matheron's rule.
    prior = rng.standard_normal((_KEPT, int(linear.sum())))
    noise = rng.standard_normal((_KEPT, len(rows))) * error[kept]
    missing = shift[kept] - (known[kept] @ prior[..., None])[..., 0] - noise
    u = u[kept]
    u[:, linear] = (
        prior + (known[kept].transpose(0, 2, 1) @ np.linalg.solve(spread[kept], missing[..., None]))[..., 0]
    )
    feasible = float((log_jacobian > _NEVER / 2).all(axis=1).mean())
    evidence = float(np.log(weights.mean()) + logs.max())
    return replace(laplace, sample=u, sampled_evidence=evidence, feasible=feasible)


Row = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""What the linear parameters must add (B,), slopes by u (B, P), error (B,), ln of the Jacobian (B,)."""


def _row(problem: Problem, found: Posterior, block: Block, u: FloatArray, wanted: FloatArray) -> Row:
    """Return what ln R_i lacks to make a cell's R_ct `wanted` (B,), ohm.

    Near the film's own resistance ln R_i is no linear function of R_ct: its error is drawn, not carried over.
    """
    offset, matrix = problem.affine(block, found.names)
    local = offset + u @ matrix.T
    start, measured = local[:, _R_I].copy(), np.maximum(wanted, 1e-9 * block.data[0])
    value, slope = _resistance(problem, found, block, local)
    for _ in range(30):  # R(0) - R(inf) rises with ln R_i: Newton's method in its logarithm
        left = np.flatnonzero(np.abs(value / measured - 1) > 1e-9)
        if not left.size:
            break
        step = (
            np.log(measured[left] / value[left]) * value[left] / np.maximum(slope[left], 1e-9 * value[left])
        )
        local[left, _R_I] += np.clip(step, -2.0, 2.0)
        value[left], slope[left] = _resistance(problem, found, block, local[left])
    met = (np.abs(value / measured - 1) < 1e-6) & (slope > 0)
    jacobian = np.where(met, -np.log(np.where(met, slope, 1.0)), _NEVER)
    shift = np.where(met, local[:, _R_I] - start, 0.0)
    slopes = np.broadcast_to(matrix[_R_I], (len(u), len(found.names)))
    return shift, slopes, np.zeros(len(u)), jacobian


def _resistance(
    problem: Problem, found: Posterior, block: Block, local: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """R(0) - R(inf), ohm (B,), and its slope by ln R_i."""
    answer = problem.answer(HYPOTHESES[found.hypothesis], block, local, _ENDS)
    value, slope = answer.impedance.real, answer.derivative[:, _R_I].real
    return value[:, 0] - value[:, 1], slope[:, 0] - slope[:, 1]


def _end_row(problem: Problem, found: Posterior, block: Block, u: FloatArray) -> Row:
    """Return a cell's high-frequency end: linear in its own scatter."""
    value = problem.predict(block, HYPOTHESES[found.hypothesis], found.names, u)
    own = np.zeros(u.shape)
    own[:, found.names.index(f"dR_s:{block.cell}")] = problem.priors[f"dR_s:{block.cell}"].sd
    none = np.zeros(len(u))
    return block.data[1] - value[:, 1], own, none + block.error[1], none


def _ratio_row(problem: Problem, names: Sequence[str], ratio: tuple[str, float, float], u: FloatArray) -> Row:
    """Return a published capacitance ratio: the area's gain and both cells' scatter."""
    factor, shift = problem.ratio_slopes(ratio[0], names)
    none = np.zeros(len(u))
    gap = ratio[1] - shift - u @ factor
    return gap, np.broadcast_to(factor, (len(u), len(names))), none + ratio[2], none

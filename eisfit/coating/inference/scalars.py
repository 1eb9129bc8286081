"""Evidence and draws of a hypothesis where published scalars are the data.

Two resistances leave most parameters as open as their priors, so the posterior is far from Gaussian and
Laplace's method ranks wrongly. What is open is therefore drawn; what multiplies the reaction's resistance
(R_i itself, the gain f, every cell's scatter) is integrated in closed form: for each draw a cell's
resistance, drawn within its error, is solved for the local ln R_i, in which those parameters are linear and
Gaussian. The evidence is the mean of that density over the prior, which is exact up to the number of draws
(Rao-Blackwellised importance sampling: Robert, Casella, Monte Carlo Statistical Methods, 2004, ch. 4).

The prior alone may hit a narrow posterior with one draw in thousands. So draws come in rounds: half from the
prior, half from a normal distribution that the rounds before have told, and all are weighted by the prior
over the mixture that they come from (J.-M. Cornuet et al., Scand. J. Stat. 39 (2012) 798).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.posterior import Posterior
from eisfit.coating.inference.problem import INFINITE, Block, Problem
from eisfit.coating.physics.parameters import INDEX

_ROUND, _ROUNDS, _KEPT = 1000, 10, 400
_MIN_COUNTING = 400  # draws of all rounds that count
_MIN_LEARNED = 60  # draws that count, of those that tell the next round's normal distribution
_WIDENING = 1.5  # of its variance, so that it reaches the tails
_R_I = INDEX["R_i"]
_NO_RESISTANCE = -30.0  # ln(ohm cm2)
_ENDS = np.array([0.0, INFINITE])
_IMPOSSIBLE = -1e6  # logarithm of the density of a draw that no R_i can bring to the measured resistance


def sample_posterior(problem: Problem, laplace: Posterior, seed: int) -> Posterior:
    """Return the posterior with its evidence, and its draws, by sampling instead of Laplace's method.

    Parameters
    ----------
    problem
        Whose blocks are scalars.
    laplace
        The optimum, which keeps its chi2; the first round looks there.
    seed
        Of the draws.
    """
    rng, names = np.random.default_rng(seed), laplace.names
    linear = np.array([n in {"R_i", "f"} or n.startswith(("dR_i:", "dR_s:", "dQ:")) for n in names])
    told = _make_normal(laplace.u[~linear], laplace.covariance[np.ix_(~linear, ~linear)])
    normals, rounds = [], []
    for _ in range(_ROUNDS):
        normals.append(told)
        rounds.append(_draw_measured(problem, laplace, linear, _draw_round(told, linear, rng), rng))
        u, shift, known, error, log_jacobian, log_density = map(np.concatenate, zip(*rounds, strict=True))
        logs = log_density - _compute_log_mixture(u[:, ~linear], normals)
        logs = np.where(np.isfinite(logs), np.maximum(logs, _IMPOSSIBLE), _IMPOSSIBLE)
        if 1 / (_normalise_weights(logs) ** 2).sum() >= _MIN_COUNTING:
            break
        told = _learn_normal(u[:, ~linear], logs)
    kept = rng.choice(len(logs), _KEPT, p=_normalise_weights(logs))
    sample = u[kept]
    sample[:, linear] = _draw_conditioned(shift[kept], known[kept], error[kept], rng)
    from_prior = log_jacobian.reshape(len(rounds), _ROUND, -1)[:, _ROUND // 2 :]
    feasible = float((from_prior > _IMPOSSIBLE / 2).all(axis=-1).mean())
    evidence = float(np.logaddexp.reduce(logs) - np.log(len(logs)))
    return replace(laplace, sample=sample, sampled_evidence=evidence, feasible=feasible)


Normal = tuple[FloatArray, FloatArray]
"""Mean (k,) and Cholesky factor (k, k)."""


def _make_normal(mean: FloatArray, covariance: FloatArray) -> Normal:
    return mean, np.asarray(np.linalg.cholesky(_WIDENING * covariance + 1e-12 * np.eye(len(mean))))


def _draw_round(told: Normal, linear: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Return draws (n, P): half from a normal distribution, half from the prior; zero where linear."""
    drawn = rng.standard_normal((_ROUND, int((~linear).sum())))
    half = _ROUND // 2
    drawn[:half] = told[0] + drawn[:half] @ told[1].T
    u = np.zeros((_ROUND, len(linear)))
    u[:, ~linear] = drawn
    return u


def _compute_log_mixture(u: FloatArray, normals: Sequence[Normal]) -> FloatArray:
    """Logarithm of the density that draws (n, k) of all rounds come from, over the prior's."""
    of_prior = 0.5 * (u * u).sum(axis=1)
    over = [np.full(len(u), np.log(len(normals)))]
    for mean, root in normals:
        off = np.linalg.solve(root, (u - mean).T)
        over.append(of_prior - 0.5 * (off * off).sum(axis=0) - np.log(np.diag(root)).sum())
    return np.asarray(np.logaddexp.reduce(over) - np.log(2 * len(normals)))


def _normalise_weights(logs: FloatArray) -> FloatArray:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _learn_normal(u: FloatArray, logs: FloatArray) -> Normal:
    """Return the normal distribution of weighted draws, weights softened until enough of them count."""
    shares = _normalise_weights(logs)
    while 1 / (shares**2).sum() < _MIN_LEARNED:
        logs = 0.8 * logs
        shares = _normalise_weights(logs)
    mean = shares @ u
    off = u - mean
    return _make_normal(mean, (shares[:, None] * off).T @ off)


def _draw_measured(
    problem: Problem, laplace: Posterior, linear: BoolArray, u: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, ...]:
    """Return draws, what the data ask of the linear parameters (each `Row`, (n, rows)), and their density."""
    rows = [
        _make_row(problem, laplace, block, u, block.data[0] + block.error[0] * rng.standard_normal(len(u)))
        for block in problem.blocks
    ]
    rows += [_end_row(problem, laplace, block, u) for block in problem.blocks if block.data.size > 1]
    rows += [_ratio_row(problem, laplace.names, ratio, u) for ratio in problem.ratios]
    shift, slopes, error, log_jacobian = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    known = slopes[..., linear]
    return u, shift, known, error, log_jacobian, _log_density(shift, known, error, log_jacobian)


def _compute_covariance(known: FloatArray, error: FloatArray) -> FloatArray:
    """Covariance (n, rows, rows) of what the linear parameters add."""
    return np.asarray(known @ known.swapaxes(1, 2) + np.eye(error.shape[1]) * (error**2)[:, None, :])


def _log_density(
    shift: FloatArray, known: FloatArray, error: FloatArray, log_jacobian: FloatArray
) -> FloatArray:
    """Return the logarithm (n,) of the data's density with the linear parameters integrated."""
    spread = _compute_covariance(known, error)
    solved = np.linalg.solve(spread, shift[..., None])[..., 0]
    _, log_det = np.linalg.slogdet(spread)
    return np.asarray(-0.5 * (shift * solved).sum(axis=1) - 0.5 * log_det + log_jacobian.sum(axis=1))


def _draw_conditioned(
    shift: FloatArray, known: FloatArray, error: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw what was integrated given the rest: a Gaussian conditioned by Matheron's rule."""
    prior = rng.standard_normal((len(shift), known.shape[2]))
    noise = rng.standard_normal(shift.shape) * error
    missing = shift - (known @ prior[..., None])[..., 0] - noise
    solved = np.linalg.solve(_compute_covariance(known, error), missing[..., None])
    return np.asarray(prior + (known.swapaxes(1, 2) @ solved)[..., 0])


Row = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""What the linear parameters must add (B,), slopes by u (B, P), error (B,), ln of the Jacobian (B,)."""


def _make_row(problem: Problem, found: Posterior, block: Block, u: FloatArray, wanted: FloatArray) -> Row:
    """Return by how much ln R_i must change to make a cell's R_ct `wanted` (B,), ohm.

    Near the film's own resistance ln R_i is no linear function of R_ct: its error is drawn, not carried over.
    """
    offset, matrix = problem.affine(block, found.names)
    local = offset + u @ matrix.T
    start, measured = local[:, _R_I].copy(), np.maximum(wanted, 1e-9 * block.data[0])
    value, slope = _compute_resistance(problem, found, block, local)
    never = _find_least_resistance(problem, found, block, local) > wanted
    for _ in range(30):  # R(0) - R(inf) rises with ln R_i: Newton's method in its logarithm
        left = np.flatnonzero((np.abs(value / measured - 1) > 1e-9) & ~never)
        if not left.size:
            break
        reached = np.maximum(value[left], 1e-12 * measured[left])  # a difference: rounding may leave less
        step = np.log(measured[left] / reached) * reached / np.maximum(slope[left], 1e-9 * reached)
        local[left, _R_I] += np.clip(step, -2.0, 2.0)
        value[left], slope[left] = _compute_resistance(problem, found, block, local[left])
    met = (np.abs(value / measured - 1) < 1e-6) & (slope > 0)
    jacobian = np.where(met, -np.log(np.where(met, slope, 1.0)), _IMPOSSIBLE)
    shift = np.where(met, local[:, _R_I] - start, 0.0)
    slopes = np.broadcast_to(matrix[_R_I], (len(u), len(found.names)))
    return shift, slopes, np.zeros(len(u)), jacobian


def _compute_resistance(
    problem: Problem, found: Posterior, block: Block, local: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """R(0) - R(inf), ohm (B,), and its slope by ln R_i."""
    answer = problem.compute_impedance(HYPOTHESES[found.hypothesis], block, local, _ENDS)
    value, slope = answer.impedance.real, answer.derivative[:, _R_I].real
    return value[:, 0] - value[:, 1], slope[:, 0] - slope[:, 1]


def _find_least_resistance(problem: Problem, found: Posterior, block: Block, local: FloatArray) -> FloatArray:
    """R(0) - R(inf), ohm (B,), of a reaction without resistance: the least for any R_i."""
    least = local.copy()
    least[:, _R_I] = _NO_RESISTANCE
    return _compute_resistance(problem, found, block, least)[0]


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

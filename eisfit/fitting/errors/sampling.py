"""Markov-chain Monte Carlo: an ensemble of walkers whose moves do not depend on the parameters' scales.

Half of the walkers move at a time, each by a difference of two of the other half (C. J. F. ter Braak, Stat.
Comput. 16 (2006) 239; as an ensemble B. Nelson, E. B. Ford, M. J. Payne, Astrophys. J. Suppl. 210 (2014) 11),
which is affine-invariant in the sense of J. Goodman, J. Weare, Commun. Appl. Math. Comput. Sci. 5 (2010) 65.
Where the data allows several optima, every tenth move leads from one to another, by the affine map of their
covariances; else it takes the whole difference.

The likelihood is lmfit's: normal, exp(-chisqr / 2) where the noise is measured. Where it is not, lmfit
samples ln(noise) with a flat prior, which is integrated out here: chisqr^(-n/2). The prior is flat in the
coordinates of the fit, that is in the logarithm of a positive parameter, between its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.evaluation.kernel import impedance
from eisfit.fitting.errors.refit import Refit

#: Steps of each walker, at most, where the chain decides itself how long it must be.
MOST = 16000
_FIRST_STEPS = 2000
_BURN = 0.3  # of a Markov chain, left out
_THIN = 5
_UNCORRELATED = 50  # autocorrelation times that a chain must be long: then their estimate is sound
_WINDOW = 5.0  # autocorrelation times that are added up
_WHOLE = 10  # every so manieth move takes a whole difference
_SCALE = 2.38  # over the root of twice the coordinates: ter Braak's, best for a normal density
_JITTER = 1e-5  # of a difference, so that the walkers reach every place

LogDensity = Callable[[FloatArray], FloatArray]


def draw_posterior(refit: Refit, steps: int | None, seed: int) -> tuple[FloatArray, float]:
    """Return parameters (n, P) drawn from the posterior, and the longest autocorrelation time in steps.

    Parameters
    ----------
    refit
        With plain coordinates.
    steps
        Of each walker, the first 30 % of which are left out; None: until the rest is 50 autocorrelation
        times long, `MOST` at most.
    seed
        The same seed gives the same chain.
    """
    walkers = max(16, 4 * refit.theta.size)
    rng, optima = np.random.default_rng(seed), refit.optima
    shares = [len(part) for part in np.array_split(np.arange(walkers), len(optima))]
    places = [replace(refit, theta=one) for one in optima]
    balls = [_draw_starts(one, n, rng) for one, n in zip(places, shares, strict=True)]
    density, chain = make_log_density(refit), np.concatenate(balls)[np.newaxis]
    jump = Jump([(one.theta, _estimate_covariance(one)) for one in places]) if len(places) > 1 else None
    wanted, memory = _FIRST_STEPS if steps is None else steps, np.inf
    while len(chain) - 1 < wanted:
        more = run_walkers(density, chain[-1], wanted + 1 - len(chain), rng, jump)
        chain = np.concatenate([chain, more])
        memory = autocorrelation_time(chain[1 + int(_BURN * wanted) :])
        enough = _UNCORRELATED * memory / (1 - _BURN)
        if steps is None and wanted < enough:
            wanted = min(int(1.1 * enough) + 1, MOST)
    kept = chain[1 + int(_BURN * wanted) :: _THIN]
    return refit.problem.coordinates.physical(kept.reshape(-1, kept.shape[2])), memory


def run_walkers(
    density: LogDensity, start: FloatArray, steps: int, rng: np.random.Generator, jump: Jump | None = None
) -> FloatArray:
    """Return the places (steps, W, V) of walkers that draw from a density.

    Parameters
    ----------
    density
        Coordinates (n, V) -> its logarithm (n,), of which -inf is never entered.
    start
        (W, V), W even or odd, at least four.
    steps
        How many.
    rng
        Of the moves.
    jump
        Every tenth move, in place of a whole difference.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> chain = run_walkers(lambda x: -0.5 * (x**2).sum(axis=1), rng.normal(size=(16, 2)), 4000, rng)
    >>> bool(abs(chain.var() - 1) < 0.05)
    True
    """
    place, chain = start.copy(), np.empty((steps, *start.shape))
    height = density(place)
    halves = np.array_split(np.arange(len(place)), 2)
    for step in range(steps):
        for mine, others in (halves, halves[::-1]):
            whole = step % _WHOLE == _WHOLE - 1
            if whole and jump is not None:
                trial, gain = jump.of(place[mine], rng)
            else:
                trial = place[mine] + _draw_difference(place[others], len(mine), whole, rng)
                gain = np.zeros(len(mine))
            there = density(trial)
            accepted = np.log(rng.random(len(mine))) < there - height[mine] + gain
            place[mine[accepted]], height[mine[accepted]] = trial[accepted], there[accepted]
        chain[step] = place
    return chain


def _draw_difference(others: FloatArray, count: int, whole: bool, rng: np.random.Generator) -> FloatArray:
    """Return steps (count, V), each along the difference of two others (n, V)."""
    pairs = rng.random((count, len(others))).argpartition(1, axis=1)[:, :2]
    apart = others[pairs[:, 0]] - others[pairs[:, 1]]
    scale = 1.0 if whole else _SCALE / np.sqrt(2 * others.shape[1])
    return np.asarray((scale + _JITTER * rng.standard_normal(apart.shape)) * apart)


class Jump:
    """Moves from the neighbourhood of one optimum to that of another.

    Parameters
    ----------
    optima
        Two or more (mean (V,), covariance (V, V)).
    """

    def __init__(self, optima: Sequence[tuple[FloatArray, FloatArray]]) -> None:
        self.means = np.stack([mean for mean, _ in optima])
        self.roots = np.stack([np.linalg.cholesky(covariance) for _, covariance in optima])
        self.inverses = np.linalg.inv(self.roots)
        self.sizes = np.log(np.einsum("kii->ki", self.roots)).sum(axis=1)

    def of(self, theta: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return new places (n, V), and ln of the map's determinant (n,), which the acceptance needs.

        A walker takes any pair of optima either way with one probability, so that every move has its reverse.
        """
        pairs = rng.random((len(theta), len(self.means))).argpartition(1, axis=1)[:, :2]
        old, new = pairs.T
        within = np.einsum("nij,nj->ni", self.inverses[old], theta - self.means[old])
        return self.means[new] + np.einsum("nij,nj->ni", self.roots[new], within), (
            self.sizes[new] - self.sizes[old]
        )


def autocorrelation_time(chain: FloatArray) -> float:
    """Return the longest integrated autocorrelation time of a chain (steps, W, V), in steps.

    Added up over a window of five times itself (A. Sokal, Monte Carlo Methods in Statistical Mechanics,
    1989).
    """
    steps = len(chain)
    away = chain - chain.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(away, 2 * steps, axis=0)) ** 2
    correlation = np.fft.irfft(spectrum, axis=0)[:steps]
    size = correlation[0]
    correlation = np.mean(correlation / np.where(size > 0, size, 1.0), axis=1)  # of the walkers
    times = 2 * np.cumsum(correlation, axis=0) - 1
    far = np.arange(steps)[:, np.newaxis] >= _WINDOW * times
    window = np.where(far.any(axis=0), far.argmax(axis=0), steps - 1)
    return float(np.max(np.take_along_axis(times, window[np.newaxis], axis=0)))


def _estimate_covariance(refit: Refit) -> FloatArray:
    return np.asarray(refit.noise(refit.chisqr) * refit.covariance() + 1e-12 * np.eye(refit.theta.size))


def _draw_starts(refit: Refit, walkers: int, rng: np.random.Generator) -> FloatArray:
    """Return starts spread as the covariance says, inside the box."""
    values, vectors = np.linalg.eigh(_estimate_covariance(refit))
    spread = np.sqrt(np.clip(values, 0.0, 1.0))
    starts = refit.theta + (rng.standard_normal((walkers, spread.size)) * spread) @ vectors.T
    box = refit.problem.coordinates
    inside = 1e-6 * np.minimum(box.high - box.low, 1.0)
    return np.asarray(np.clip(starts, box.low + inside * rng.random(starts.shape), box.high - inside))


def make_log_density(refit: Refit) -> LogDensity:
    """Return the logarithm of the posterior of coordinates (n, V), -inf outside their box."""
    problem, numbers = refit.problem, refit.problem.target.shape[1] * 2
    box, rescaled = problem.coordinates, refit.result.covariance_rescaled

    def density(theta: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            off = problem.form.residual(impedance(box, problem.grid, theta), problem.target)
            residual = np.ascontiguousarray(off).view(np.float64) * problem.weight
            chisqr = np.einsum("bf,bf->b", residual, residual)
            value = -0.5 * (numbers * np.log(chisqr) if rescaled else chisqr)
        inside = ((theta >= box.low) & (theta <= box.high)).all(axis=1) & np.isfinite(value)
        return np.where(inside, value, -np.inf)

    return density

"""Markov-chain Monte Carlo through lmfit's ``emcee``, all walkers in one batch.

The likelihood is lmfit's: normal, exp(-chisqr / 2) where the noise is measured. Where it is not, lmfit
samples ln(noise) with a flat prior, which is integrated out here: chisqr^(-n/2). The prior is flat in the
coordinates of the fit, that is in the logarithm of a positive parameter, between its bounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eisfit.errors import EisfitError
from eisfit.fit import walked
from eisfit.refit import Refit

__all__ = ["MOST", "sampled"]

FloatArray = NDArray[np.float64]

#: Steps of each walker, at most, where the chain decides itself how long it must be.
MOST = 16000
_FIRST = 2000
_IMPOSSIBLE = -1e300  # lmfit refuses an infinite logarithm


def sampled(refit: Refit, steps: int | None, seed: int) -> tuple[FloatArray, float]:
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

    Raises
    ------
    EisfitError
        When emcee is not installed.
    """
    try:
        import emcee  # noqa: F401  # lmfit needs it, an extra
    except ImportError:
        raise EisfitError(
            "errors by MCMC need the package emcee: pip install 'eisfit-toolkit[mcmc]'"
        ) from None
    walkers = max(16, 4 * refit.theta.size)
    box = refit.problem.coordinates
    first, most = (_FIRST, MOST) if steps is None else (steps, steps)
    positions = _ball(refit, walkers, np.random.default_rng(seed))
    chain, memory = walked(
        _LogPosterior(refit), positions, (box.low, box.high), steps=first, most=most, seed=seed
    )
    return box.physical(chain), memory


def _ball(refit: Refit, walkers: int, rng: np.random.Generator) -> FloatArray:
    """Return starts spread as the covariance says, inside the box."""
    residual = refit.evaluate(refit.theta[np.newaxis])[0][0]
    noise = residual @ residual / max(refit.result.statistics.nfree, 1) if _rescaled(refit) else 1.0
    covariance = noise * refit.covariance() + 1e-12 * np.eye(refit.theta.size)
    values, vectors = np.linalg.eigh(covariance)
    spread = np.sqrt(np.clip(values, 0.0, 1.0))
    starts = refit.theta + (rng.standard_normal((walkers, spread.size)) * spread) @ vectors.T
    box = refit.problem.coordinates
    inside = 1e-6 * np.minimum(box.high - box.low, 1.0)
    return np.asarray(np.clip(starts, box.low + inside * rng.random(starts.shape), box.high - inside))


def _rescaled(refit: Refit) -> bool:
    return refit.result.covariance_rescaled


class _LogPosterior:
    """The logarithm of the posterior for all walkers."""

    def __init__(self, refit: Refit) -> None:
        self.refit = refit
        self.numbers = refit.problem.target.shape[1] * 2

    def __call__(self, theta: FloatArray) -> FloatArray:
        residual = self.refit.evaluate(self.refit.problem.coordinates.clip(theta))[0]
        chisqr = np.einsum("bf,bf->b", residual, residual)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = -0.5 * (self.numbers * np.log(chisqr) if _rescaled(self.refit) else chisqr)
        return np.where(np.isfinite(value), value, _IMPOSSIBLE)

"""Markov-chain Monte Carlo by emcee, the sampler behind lmfit's ``emcee`` method, all walkers in one batch.

The likelihood is lmfit's: normal, exp(-chisqr / 2) where the noise is measured. Where it is not, lmfit
samples ln(noise) with a flat prior, which is integrated out here: chisqr^(-n/2). The prior is flat in the
coordinates of the fit, that is in the logarithm of a positive parameter, between its bounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.errors import EisfitError
from eisfit.refit import Refit

__all__ = ["sampled"]

FloatArray = NDArray[np.float64]

_BURN = 0.3  # of the chain, left out
_THIN = 5


def sampled(refit: Refit, steps: int, seed: int) -> tuple[FloatArray, float]:
    """Return parameters (n, P) drawn from the posterior, and the longest autocorrelation time in steps.

    Parameters
    ----------
    refit
        With plain coordinates.
    steps
        Of each walker; the first 30 % are left out.
    seed
        The same seed gives the same chain.

    Raises
    ------
    EisfitError
        When emcee is not installed.
    """
    emcee = _emcee()
    walkers = max(32, 4 * refit.theta.size)
    rng = np.random.default_rng(seed)
    sampler = emcee.EnsembleSampler(walkers, refit.theta.size, _LogPosterior(refit), vectorize=True)
    sampler.random_state = np.random.RandomState(seed).get_state()  # emcee knows no Generator
    sampler.run_mcmc(_ball(refit, walkers, rng), steps, skip_initial_state_check=True)
    chain = sampler.get_chain(discard=int(_BURN * steps), thin=_THIN, flat=True)
    longest = float(np.max(sampler.get_autocorr_time(tol=0, quiet=True)))
    return refit.problem.coordinates.physical(chain), longest


def _emcee() -> Any:
    try:
        import emcee  # an extra
    except ImportError:
        raise EisfitError(
            "errors by MCMC need the package emcee: pip install 'eisfit-toolkit[mcmc]'"
        ) from None
    return emcee


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
        box = self.refit.problem.coordinates
        inside = np.all((theta >= box.low) & (theta <= box.high), axis=1)
        residual = self.refit.evaluate(box.clip(theta))[0]
        chisqr = np.einsum("bf,bf->b", residual, residual)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = -0.5 * (self.numbers * np.log(chisqr) if _rescaled(self.refit) else chisqr)
        return np.where(inside & np.isfinite(value), value, -np.inf)

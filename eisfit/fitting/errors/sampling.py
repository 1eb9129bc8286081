"""Markov-chain Monte Carlo through lmfit's ``emcee``, all walkers in one batch.

The likelihood is lmfit's: normal, exp(-chisqr / 2) where the noise is measured. Where it is not, lmfit
samples ln(noise) with a flat prior, which is integrated out here: chisqr^(-n/2). The prior is flat in the
coordinates of the fit, that is in the logarithm of a positive parameter, between its bounds.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import EisfitError
from eisfit.fitting.errors.refit import Refit

__all__ = ["MOST", "run_emcee"]


#: Steps of each walker, at most, where the chain decides itself how long it must be.
MOST = 16000
_FIRST = 2000
_BURN = 0.3  # of a Markov chain, left out
_THIN = 5
_UNCORRELATED = 50  # autocorrelation times that a chain must be long (emcee's manual)
_IMPOSSIBLE = -1e300  # lmfit refuses an infinite logarithm


def run_emcee(refit: Refit, steps: int | None, seed: int) -> tuple[FloatArray, float]:
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
    rng, optima = np.random.default_rng(seed), refit.optima
    shares = [len(part) for part in np.array_split(np.arange(walkers), len(optima))]
    # Walkers seldom cross from one optimum to another: each begins with its share of them.
    balls = [_ball(replace(refit, theta=one), n, rng) for one, n in zip(optima, shares, strict=True)]
    positions = np.concatenate(balls)
    chain, memory = _run_chain(
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


def _run_chain(
    log_posterior: Callable[[FloatArray], FloatArray],
    positions: FloatArray,
    box: tuple[FloatArray, FloatArray],
    *,
    steps: int,
    most: int,
    seed: int,
) -> tuple[FloatArray, float]:
    """Return the chain of lmfit's ``Minimizer.emcee`` and its longest autocorrelation time, in steps.

    Parameters
    ----------
    log_posterior
        Coordinates (W, V) of all walkers -> (W,), finite.
    positions
        (W, V) to start from.
    box
        (V,) lower and upper bounds, kept by lmfit.
    steps, most
        Of each walker; where the chain is shorter than 50 autocorrelation times, it goes on, up to `most`.
    seed
        The same seed gives the same chain.

    Returns
    -------
    tuple
        (n, V) draws, without the first 30 % of the chain and thinned to one in five, and the time.
    """
    import lmfit

    params = lmfit.Parameters()
    for k, (value, low, high) in enumerate(zip(positions[0], *box, strict=True)):
        params.add(f"theta_{k}", value=value, min=low, max=high)
    walkers = _Walkers(log_posterior, positions)
    minimizer = lmfit.Minimizer(walkers.residual, params)
    done, wanted = 0, steps
    while done < min(wanted, most):
        more = min(wanted, most) - done
        options: dict[str, Any] = {"reuse_sampler": True} if done else {"pos": positions, "seed": seed}
        done += more
        options |= {"burn": int(_BURN * done), "thin": _THIN, "workers": walkers, "progress": False}
        options["run_mcmc_kwargs"] = {"skip_initial_state_check": True}
        with redirect_stdout(io.StringIO()):  # lmfit prints where it finds the chain short
            outcome = minimizer.emcee(steps=more, nwalkers=len(positions), **options)
        times = minimizer.sampler.get_autocorr_time(discard=options["burn"], tol=0, quiet=True)
        memory = float(np.max(times))
        enough = _UNCORRELATED * memory / (1 - _BURN)
        wanted = done if done >= enough else int(1.1 * enough) + 1
    return np.asarray(outcome.chain.reshape(-1, outcome.chain.shape[-1])), memory


class _Walkers:
    """A pool for emcee that evaluates all walkers in one batch, and the residual that lmfit then asks for."""

    def __init__(self, log_posterior: Callable[[FloatArray], FloatArray], positions: FloatArray) -> None:
        self.log_posterior = log_posterior
        self.now = float(log_posterior(positions[:1])[0])

    def map(self, function: Callable[[FloatArray], Any], positions: Iterable[FloatArray]) -> list[Any]:
        """Return lmfit's log-probability of each walker; lmfit sees to the bounds."""
        places = np.array(list(positions))
        found = []
        for place, value in zip(places, self.log_posterior(places), strict=True):
            self.now = float(value)
            found.append(function(place))
        return found

    def residual(self, params: Any) -> float:
        """Return the log-posterior of the walker whose turn it is."""
        return self.now

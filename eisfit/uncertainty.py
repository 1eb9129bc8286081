"""Intervals of the parameters, four ways; a side that the data leaves open is said to be open.

===========  =========================================================================================
covariance   value -+ t stderr: fast, right where the fit is nearly linear in the parameter
profile      profile likelihood (`eisfit.profile`): right where it is bent, and finds open sides
bootstrap    percentiles of repeated fits (`eisfit.bootstrap`): needs no normal noise
mcmc         percentiles of the posterior (`eisfit.sampling`): needs emcee
===========  =========================================================================================

t has nfree degrees of freedom where the noise is estimated from the residuals; where it is measured
(weighting ``noise``), t is the normal quantile.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.bootstrap import repeated
from eisfit.errors import FitError, ParameterError, UsageError, did_you_mean
from eisfit.interval import Interval, Intervals
from eisfit.profile import profiles
from eisfit.refit import Refit
from eisfit.result import FitResult

__all__ = ["METHODS", "intervals", "with_intervals"]

FloatArray = NDArray[np.float64]

METHODS = ("covariance", "profile", "bootstrap", "mcmc")
_AT_EDGE = 0.1  # of a coordinate: samples this near the edge of what the data can tell


def intervals(
    result: FitResult,
    level: float = 0.95,
    method: str = "covariance",
    *,
    names: tuple[str, ...] | None = None,
    count: int | None = None,
    kind: str = "residual",
    seed: int = 0,
    rough: bool = False,
) -> Intervals:
    """Return the intervals of a fit's parameters.

    Parameters
    ----------
    result
        Of `eisfit.fit`; one read back from JSON will do.
    level
        Between 0 and 1.
    method
        ``covariance``, ``profile``, ``bootstrap`` or ``mcmc``; see the top of this module.
    names
        Only these parameters; all free ones where None (and, but for ``profile``, those tied to them).
    count
        Repeated fits of the bootstrap (1000 where None), or steps of each walker of mcmc (4000).
    kind
        Of bootstrap: ``residual`` or ``parametric``.
    seed
        Of the draws; the same seed gives the same intervals.
    rough
        Profiles to about 2 % of their width, in a third of the time.

    Raises
    ------
    UsageError
        For an unknown method or parameter, a level outside 0 to 1, too few repeats, or profile or mcmc of a
        fit with a robust loss.
    EisfitError
        For mcmc without emcee.

    Examples
    --------
    >>> from eisfit import fit, simulate
    >>> s = simulate("R_s-p(R_ct,C_dl)", {"R_s": 1, "R_ct": 10, "C_dl": 1e-4}, noise=0.01)
    >>> found = intervals(fit(s, "R_s-p(R_ct,C_dl)"), method="profile")
    >>> found["R_ct"].low < 10 < found["R_ct"].high
    True
    """
    count = {"mcmc": 4000}.get(method, 1000) if count is None else count
    _check(result, level, method, count)
    chosen = _chosen(result, names, tied=method != "profile")
    if method == "covariance":
        return _from_covariance(result, level, chosen)
    if method == "profile":
        return _from_profile(result, level, chosen, rough)
    return _from_samples(result, level, method, chosen, count, kind, seed)


def with_intervals(result: FitResult, found: Intervals) -> FitResult:
    """Return the result with each parameter's interval in its `interval` (and in the JSON)."""
    parameters = {
        name: dataclasses.replace(p, interval=_block(found, name)) if name in found else p
        for name, p in result.parameters.items()
    }
    return dataclasses.replace(result, parameters=parameters)


def _block(found: Intervals, name: str) -> dict[str, Any]:
    row = found[name]
    return {"level": found.level, "low": row.low, "high": row.high, "method": found.method}


def _check(result: FitResult, level: float, method: str, count: int) -> None:
    if method not in METHODS:
        near = did_you_mean(method, METHODS) or f"; there are {', '.join(METHODS)}"
        raise UsageError(f"no method of errors is called {method!r}{near}")
    if not 0 < level < 1:
        raise UsageError(f"interval {level:g}: the level must lie between 0 and 1, for instance 0.95")
    if method in ("profile", "mcmc") and result.loss != "linear":
        raise UsageError(
            f"{method} intervals need a likelihood, which the loss {result.loss!r} is not; "
            "use covariance or bootstrap"
        )
    if method == "bootstrap" and count * (1 - level) < 10:
        least = int(np.ceil(10 / (1 - level)))
        raise UsageError(f"{count} repeats are too few for {100 * level:g} % intervals; use {least} or more")
    if method == "mcmc" and count < 100:
        raise UsageError(f"{count} steps are too few for mcmc; use 1000 or more")


def _chosen(result: FitResult, names: tuple[str, ...] | None, *, tied: bool) -> tuple[str, ...]:
    table = result.circuit.parameters
    result.circuit.check_names(names or ())
    possible = [name for name, p in table.items() if p.free or (tied and p.expr)]
    for name in names or ():
        if name not in possible:
            raise ParameterError(f"{name} has no interval: it is {'tied' if table[name].expr else 'fixed'}")
    return tuple(name for name in possible if names is None or name in names)


def _quantile(result: FitResult, level: float) -> float:
    """Return the two-sided quantile of t, or of the normal distribution where the noise is measured."""
    from scipy.special import ndtri, stdtrit

    upper = 0.5 + 0.5 * level
    return float(stdtrit(result.statistics.nfree, upper) if result.covariance_rescaled else ndtri(upper))


def _interval(result: FitResult, name: str, low: float | None, high: float | None) -> Interval:
    p = result.parameters[name]
    return Interval(name, p.value, p.unit, low, high)


def _from_covariance(result: FitResult, level: float, names: tuple[str, ...]) -> Intervals:
    width = _quantile(result, level)
    rows, without = {}, []
    for name in names:
        if result[name].stderr is None:
            without.append(name)
        else:
            rows[name] = _interval(result, name, *_symmetric(result, name, width))
    notes = [f"no standard error for {', '.join(without)}: use the profile method"] if without else []
    scaled = "scaled by redchi" if result.covariance_rescaled else "from the measured noise"
    words = f"value -+ {width:.3f} standard errors ({scaled})"
    return Intervals(level, "covariance", words, rows, tuple(notes))


def _symmetric(result: FitResult, name: str, width: float) -> tuple[float | None, float | None]:
    """Return the ends; where the linear picture would reach below zero, that side is open."""
    p, row = result[name], result.circuit.parameters[name]
    error = p.stderr or 0.0
    if row.scale == "log" and row.free and error > abs(p.value):
        return None, None
    low, high = p.value - width * error, p.value + width * error
    is_open = row.scale == "log" and row.free and row.min == 0 and low <= 0
    return None if is_open else max(low, row.min), min(high, row.max)


def _from_profile(result: FitResult, level: float, names: tuple[str, ...], rough: bool) -> Intervals:
    quantile = _quantile(result, level)
    found = profiles(Refit.of(result, plain=True), names, quantile, rough=rough)
    better = [profile.name for profile in found if profile.better]
    notes = []
    if better:
        notes.append(
            f"the profile of {', '.join(better)} met a lower chisqr than the fit's: "
            "fit again from other start values (start=...)"
        )
    law = "(chisqr/chisqr_min - 1) nfree <= F(1, nfree)" if result.covariance_rescaled else (
        "chisqr - chisqr_min <= chi2(1)")  # fmt: skip
    rows = {profile.name: _interval(result, profile.name, profile.low, profile.high) for profile in found}
    traces = {
        profile.name: {
            "values": profile.values.tolist(),
            "rise": [r if np.isfinite(r) else None for r in profile.rise.tolist()],
            "limit": profile.limit,
        }
        for profile in found
    }
    return Intervals(level, "profile", f"{law} = {quantile**2:.3f}", rows, tuple(notes), traces)


def _from_samples(  # noqa: PLR0917  # all of the request
    result: FitResult, level: float, method: str, names: tuple[str, ...], count: int, kind: str, seed: int
) -> Intervals:
    refit = Refit.of(result, plain=method == "mcmc")
    if method == "mcmc":
        from eisfit.sampling import sampled

        samples, memory = sampled(refit, count, seed)
        words = f"percentiles of {len(samples)} draws by emcee"
        notes = _chain_notes(count, memory)
    else:
        samples = repeated(refit, count, kind, seed)
        words = f"percentiles of {len(samples)} fits ({kind} bootstrap)"
        notes = [f"{count - len(samples)} of {count} fits did not converge"] if len(samples) < count else []
    if len(samples) < 0.9 * (count if method == "bootstrap" else 1):
        raise FitError(
            f"only {len(samples)} of {count} repeated fits converged: the circuit has no stable fit"
        )
    ends = np.quantile(samples, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    rows = {}
    for name in names:
        k = result.circuit.names.index(name)
        left, right = _open_sides(refit, name, ends[:, k])
        rows[name] = _interval(
            result, name, None if left else float(ends[0, k]), None if right else float(ends[1, k])
        )
    return Intervals(level, method, words, rows, tuple(notes), samples=samples)


def _chain_notes(steps: int, memory: float) -> list[str]:
    if steps >= 50 * memory:
        return []
    return [
        f"the chain is short: {steps} steps for an autocorrelation time of {memory:.0f}; "
        f"use {round(60 * memory, -2):.0f} steps or more"
    ]


def _open_sides(refit: Refit, name: str, ends: FloatArray) -> tuple[bool, bool]:
    """Return whether the lower and the upper end lie where data can no longer tell values apart."""
    p = refit.result.circuit.parameters[name]
    if not p.free or p.scale != "log":
        return False, False
    coordinates = refit.problem.coordinates
    column = refit.free_names.index(name)
    if any(q == refit.problem.coordinates.free[column] for q, _, _ in coordinates.ties):
        coordinates = Refit.of(refit.result, plain=True).problem.coordinates
    low, high = coordinates.low[column], coordinates.high[column]
    with np.errstate(divide="ignore"):
        at = np.log(ends)
    return bool(at[0] <= low + _AT_EDGE and p.min == 0), bool(at[1] >= high - _AT_EDGE and np.isinf(p.max))

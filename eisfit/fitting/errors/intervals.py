"""Intervals of the parameters, four ways; a side that the data leaves open is said to be open.

===========  =========================================================================================
covariance   value -+ t stderr: fast, right where the fit is nearly linear in the parameter
profile      profile likelihood (`eisfit.fitting.errors.profile`): right where it is bent, and finds open
sides
bootstrap    percentiles of repeated fits (`eisfit.fitting.errors.bootstrap`): needs no normal noise
mcmc         percentiles of the posterior, by Markov chains (`eisfit.fitting.errors.sampling`)
===========  =========================================================================================

t has nfree degrees of freedom where the noise is estimated from the residuals; where it is measured
(weighting ``noise``), t is the normal quantile. Quantities that follow from the parameters (time constants,
effective capacitances, R_p, ...) get theirs in the same way: from their own error, their own profile
(`eisfit.fitting.errors.profile_derived`), or the same draws.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.propagation import Formula
from eisfit.errors import FitError, ParameterError, UsageError, did_you_mean
from eisfit.fitting.derived import Derived, list_formulas
from eisfit.fitting.errors.bootstrap import repeat_fits
from eisfit.fitting.errors.intervals_result import Interval, Intervals
from eisfit.fitting.errors.likelihood import profile_intervals, quantile
from eisfit.fitting.errors.refit import Refit
from eisfit.fitting.result import FitResult
from eisfit.records import dataclass
from eisfit.verdict import LEVEL

METHODS = ("covariance", "profile", "bootstrap", "mcmc")
_REPEATS = 1000
_AT_EDGE = 0.1  # of a coordinate: samples this near the edge of what the data can tell


def intervals(
    result: FitResult,
    level: float = LEVEL,
    method: str = "covariance",
    *,
    names: str | Collection[str] | None = None,
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
        Only these parameters and derived quantities; where None, all free parameters (and, but for
        ``profile``, those tied to them) and all derived quantities.
    count
        Repeated fits of the bootstrap (1000 where None), or steps of each walker of mcmc (None: as many
        as the chain's autocorrelation time asks for).
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

    Examples
    --------
    >>> from eisfit import fit, simulate
    >>> s = simulate("R_s-p(R_ct,C_dl)", {"R_s": 1, "R_ct": 10, "C_dl": 1e-4}, noise=0.01)
    >>> found = intervals(fit(s, "R_s-p(R_ct,C_dl)"), method="profile")
    >>> found["R_ct"].low < 10 < found["R_ct"].high
    True
    """
    if not isinstance(result, FitResult):
        raise UsageError(f"{type(result).__name__}: intervals are of a fit, what eisfit.fit returns")
    _check_options(result, level, method, count)
    names = (names,) if isinstance(names, str) else names
    chosen, derived = _choose_names(result, names, tied=method != "profile")
    if method == "covariance":
        return _from_covariance(result, level, chosen, derived)
    if method == "profile":
        return profile_intervals(result, level, chosen, derived, rough=rough)
    return _from_samples(result, level, _draw(result, method, count, kind, seed), chosen, derived)


def add_intervals(result: FitResult, found: Intervals) -> FitResult:
    """Return the result with the intervals of parameters and derived quantities in it (and in the JSON)."""
    parameters = {
        name: dataclasses.replace(p, interval=_make_block(found, name)) if name in found else p
        for name, p in result.parameters.items()
    }
    derived = {
        name: {**row, "interval": _make_block(found, name)} if name in found.derived else row
        for name, row in result.derived.items()
    }
    return dataclasses.replace(result, parameters=parameters, derived=derived)


def _make_block(found: Intervals, name: str) -> dict[str, Any]:
    row = found[name]
    return {"level": found.level, "low": row.low, "high": row.high, "method": found.method}


def _check_options(result: FitResult, level: float, method: str, count: int | None) -> None:
    if method not in METHODS:
        near = did_you_mean(method, METHODS) or f"; there are {', '.join(METHODS)}"
        raise UsageError(f"no method of errors is called {method!r}{near}")
    if isinstance(level, str):
        raise UsageError(f"the second argument is the level, 0.95; parameters are names=({level!r},)")
    if not 0 < level < 1:
        raise UsageError(f"interval {level:g}: the level must lie between 0 and 1, for instance 0.95")
    if method in ("profile", "mcmc") and result.loss != "linear":
        raise UsageError(
            f"{method} intervals need a likelihood, which the loss {result.loss!r} is not; "
            "use covariance or bootstrap"
        )
    if count is None:
        return
    if method == "bootstrap" and count * (1 - level) < 10:
        least = int(np.ceil(10 / (1 - level)))
        raise UsageError(f"{count} repeats are too few for {100 * level:g} % intervals; use {least} or more")
    if method == "mcmc" and count < 100:
        raise UsageError(f"{count} steps are too few for mcmc; use 1000 or more")


def _choose_names(
    result: FitResult, names: Collection[str] | None, *, tied: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parameters and the derived quantities to give an interval."""
    table = result.circuit.parameters
    result.circuit.check_names([name for name in names or () if name not in result.derived])
    possible = [name for name, p in table.items() if p.free or (tied and p.expr)]
    for name in names or ():
        if name not in possible and name not in result.derived:
            raise ParameterError(f"{name} has no interval: it is {'tied' if table[name].expr else 'fixed'}")
    whole = [name for name, row in result.derived.items() if np.isfinite(row["value"]) and row["value"] > 0]
    chosen = [[n for n in group if names is None or n in names] for group in (possible, whole)]
    return tuple(chosen[0]), tuple(chosen[1])


def _from_covariance(
    result: FitResult, level: float, names: tuple[str, ...], derived: tuple[str, ...]
) -> Intervals:
    width = quantile(result, level)
    rows, without = {}, []
    for name in names:
        if result[name].stderr is None:
            without.append(name)
        else:
            rows[name] = Interval.of(result, name, *_make_symmetric(result, name, width))
    more = {
        name: Interval.of(result, name, *_bound_positive(row["value"], row["stderr"], width))
        for name, row in result.derived.items()
        if name in derived and row["stderr"] is not None
    }
    notes = [f"no standard error for {', '.join(without)}: use the profile method"] if without else []
    scaled = "scaled by redchi" if result.covariance_rescaled else "from the measured noise"
    words = f"value -+ {width:.3f} standard errors ({scaled})"
    return Intervals(level, "covariance", words, rows, tuple(notes), derived=more)


def _make_symmetric(result: FitResult, name: str, width: float) -> tuple[float | None, float | None]:
    """Return the ends; where the linear picture would reach below zero, that side is open."""
    p, row = result[name], result.circuit.parameters[name]
    error = p.stderr or 0.0
    if row.scale == "log" and row.free and row.min == 0:
        low, high = _bound_positive(p.value, error, width)
        return low, None if high is None else min(high, row.max)
    if row.scale == "log" and row.free and error > abs(p.value):
        return None, None
    return max(p.value - width * error, row.min), min(p.value + width * error, row.max)


def _bound_positive(value: float, error: float, width: float) -> tuple[float | None, float | None]:
    if error > value:
        return None, None
    low = value - width * error
    return None if low <= 0 else low, value + width * error


@dataclass(frozen=True)
class _Draws:
    """Parameters (n, P) drawn by bootstrap or mcmc, and what to say of them."""

    method: str
    refit: Refit
    samples: FloatArray
    words: str
    notes: tuple[str, ...]
    rng: np.random.Generator


def _draw(result: FitResult, method: str, count: int | None, kind: str, seed: int) -> _Draws:
    refit, rng = Refit.of(result, plain=method == "mcmc"), np.random.default_rng([seed, 1])
    if method == "mcmc":
        from eisfit.fitting.errors.sampling import draw_posterior

        samples, memory = draw_posterior(refit, count, seed)
        words = f"percentiles of {len(samples)} draws of a Markov chain"
        return _Draws(method, refit, samples, words, _note_chain(count, memory), rng)
    count = _REPEATS if count is None else count
    samples = repeat_fits(refit, count, kind, seed)
    if len(samples) < 0.9 * count:
        raise FitError(
            f"only {len(samples)} of {count} repeated fits converged: the circuit has no stable fit"
        )
    notes = (f"{count - len(samples)} of {count} fits did not converge",) if len(samples) < count else ()
    words = f"percentiles of {len(samples)} fits ({kind} bootstrap)"
    return _Draws(method, refit, samples, words, notes, rng)


def _from_samples(
    result: FitResult, level: float, draws: _Draws, names: tuple[str, ...], derived: tuple[str, ...]
) -> Intervals:
    sides = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
    rows, open_sides = {}, {}
    for name, column in zip(result.circuit.names, draws.samples.T, strict=True):
        ends = np.quantile(column, sides)
        open_sides[name] = _find_open_sides(draws.refit, name, ends)
        rows[name] = Interval.of(result, name, *_close_ends(ends, open_sides[name]))
    table = list_formulas(result.circuit, result.geometry)
    columns = dict(zip(result.circuit.names, draws.samples.T, strict=True))
    more = {}
    for name in derived:
        ends = np.quantile(_draw_derived(table[name], columns, draws.rng), sides)
        is_open = _inherit_openness(result, table[name].formula, open_sides)
        more[name] = Interval.of(result, name, *_close_ends(ends, is_open))
    rows = {name: rows[name] for name in names}
    return Intervals(level, draws.method, draws.words, rows, draws.notes, samples=draws.samples, derived=more)


def _close_ends(ends: FloatArray, is_open: tuple[bool, bool]) -> tuple[float | None, float | None]:
    left, right = is_open
    return None if left else float(ends[0]), None if right else float(ends[1])


def _draw_derived(
    derived: Derived, columns: Mapping[str, FloatArray], rng: np.random.Generator
) -> FloatArray:
    """Return a derived quantity (n,) of all draws, with the given geometry of the cell drawn too."""
    with np.errstate(all="ignore"):
        drawn = np.asarray(derived.formula(columns))
        return drawn * np.exp(derived.given * rng.standard_normal(drawn.size))


def _inherit_openness(
    result: FitResult, formula: Formula, open_sides: Mapping[str, tuple[bool, bool]]
) -> tuple[bool, bool]:
    """Return the open sides of a derived quantity: it rises, or falls, with a parameter that is open."""
    sides = [False, False]
    for parameter, (left, right) in open_sides.items():
        moved = {**result.values, parameter: result.values[parameter] * (1 + 1e-6)}
        slope = float(formula(moved) / formula(result.values) - 1)
        if abs(slope) > 1e-9:
            rising = slope > 0
            sides[0] |= left if rising else right
            sides[1] |= right if rising else left
    return sides[0], sides[1]


def _note_chain(steps: int | None, memory: float) -> tuple[str, ...]:
    from eisfit.fitting.errors.sampling import MOST

    steps = MOST if steps is None else steps
    if 0.7 * steps >= 50 * memory:  # the first 30 % are left out
        return ()
    return (
        f"the chain is short: {steps} steps for an autocorrelation time of {memory:.0f}; "
        f"use {round(75 * memory, -2) + 100:.0f} steps or more",
    )


def _find_open_sides(refit: Refit, name: str, ends: FloatArray) -> tuple[bool, bool]:
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

"""What residuals, values, errors and correlations say against a fit, or against many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.engine.arcs_order import are_arcs_in_order, compute_role_times
from eisfit.engine.coordinates import Scales
from eisfit.fitting.verdicts.findings import Finding
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import CircuitParameter
from eisfit.records import dataclass
from eisfit.rounding import significant
from eisfit.spectra import WEIGHTING
from eisfit.verdict import FORBIDS, Flag, limit

#: The same for every parameter, so that a report says it once.
UNDETERMINED_CURE = "do not use it; fix it (--fix), use a simpler circuit, or measure a wider frequency range"


_BOUND_MARGIN = 0.01  # below the limit of correlation, where many fits are looked through at once
_NEAR = limit("at_bound")


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """What is known of a finished fit.

    Attributes
    ----------
    circuit, scales
        The circuit and the data's scales.
    values, stderr
        All parameters; errors None where unknown.
    correlations
        Pairs of varied parameters, strongest first.
    converged
        Whether lmfit says so.
    message
        lmfit's words.
    rms
        Root mean square relative residual.
    misfit
        Root of chisqr over the chisqr that the noise alone explains; NaN where unknown.
    grade
        See `eisfit.fitting.verdicts.grade`.
    weighting, power
        Of the fit, and that of |Z| with which its residuals scatter; NaN where the weights suppose it.
    """

    circuit: Circuit
    scales: Scales
    values: Mapping[str, float]
    stderr: Mapping[str, float | None]
    correlations: list[tuple[str, str, float]]
    converged: bool
    message: str
    rms: float
    misfit: float
    grade: str
    weighting: str = WEIGHTING
    power: float = np.nan


@dataclass(frozen=True, eq=False, repr=False)
class Batch:
    """What is known of the values of many fits of one circuit, as `Judgement` of one.

    Attributes
    ----------
    circuit
        Of all.
    values
        (B, P) of all parameters.
    names, stderr, noise, covar
        Of the parameters (v,) that have errors: these, (B, v); the noise's part of them, and its (B, v, v).
    bounded
        (B,) whether a parameter is at a bound.
    """

    circuit: Circuit
    values: FloatArray
    names: Sequence[str]
    stderr: FloatArray
    noise: FloatArray
    covar: FloatArray
    bounded: BoolArray


@dataclass(frozen=True)
class Check:
    """One thing that values, errors or correlations may say against a fit.

    Of thousands of fits nobody asks one by one what is to be said: a check says in one go of which it says
    nothing. Where it called a row silent that it has something to say of, batches and series would lack the
    flag without a word (`tests/fitting/test_flags.py` looks).

    Attributes
    ----------
    one
        What it says of one fit.
    silent
        Rows (B,) of which it certainly says nothing.
    """

    one: Callable[[Judgement], Iterable[Finding]]
    silent: Callable[[Batch], BoolArray]


def find_findings(seen: Judgement) -> list[Finding]:
    """Return what residuals, values, errors and correlations say against a fit, the gravest first."""
    residuals = (*_flag_convergence(seen), *_flag_misfit(seen), *_flag_scatter(seen))
    return [*map(Finding, residuals), *(finding for check in CHECKS for finding in check.one(seen))]


def are_silent(batch: Batch) -> BoolArray:
    """Return the rows (B,) of which no check of `CHECKS` has anything to say."""
    return np.asarray(np.logical_and.reduce([check.silent(batch) for check in CHECKS]))


def _find_reach(p: CircuitParameter, scales: Scales, value: float) -> tuple[float, float, float]:
    """Return the bounds of a parameter within the range of the data, and how near counts as at a bound."""
    if p.scale == "log":
        low, high = scales.range(p.unit)
        return max(p.min, low * 10), min(p.max, high / 10), _NEAR * value
    if p.unit:  # an amplitude that may be negative: near zero is where the data no longer see it
        least, most = scales.range(p.unit)
        return max(p.min, -most / 10), min(p.max, most / 10), max(_NEAR * abs(value), least * 10)
    return p.min, p.max, _NEAR * (min(p.max, 1e300) - p.min)


def find_at_bound(circuit: Circuit, scales: Scales, values: Mapping[str, float]) -> dict[str, str]:
    """Return name -> ``lower`` or ``upper`` for every free parameter that ended at a bound.

    Zero and infinity are bounds too: a resistance a million times below the smallest |Z| is zero to the data.
    """
    found = {}
    for name, p in circuit.parameters.items():
        if not p.free:
            continue
        low, high, margin = _find_reach(p, scales, values[name])
        if values[name] <= low + margin:
            found[name] = "lower"
        elif values[name] >= high - margin:
            found[name] = "upper"
    return found


def is_physical_limit(circuit: Circuit, name: str, side: str) -> bool:
    """Return whether a bound is nature's own: an exponent of 1, beyond which nothing is left out."""
    p = circuit.parameters[name]
    return p.scale == "linear" and side == "upper" and p.max == 1.0


def _flag_convergence(seen: Judgement) -> Iterator[Flag]:
    if not seen.converged:
        yield Flag(
            "not_converged",
            f"the fit stopped before its minimum: {seen.message}",
            "try a simpler circuit, or give start values (--start NAME=VALUE)",
            FORBIDS,
        )


def _flag_misfit(seen: Judgement) -> Iterator[Flag]:
    if seen.grade == "A":
        return
    known = np.isfinite(seen.misfit)
    if seen.grade == "B" and not known:
        return  # too few points to part misfit from noise, and the residual is small: nothing was seen
    # A residual no larger than the noise is systematic by its shape alone.
    larger = known and seen.misfit > limit("misfit")
    times = f", {seen.misfit:.1f} times its noise" if larger else ""
    cause = f"the circuit misses the data by {100 * seen.rms:.2g} % rms{times}"
    if seen.grade != "D":
        shape = ", with a shape that noise does not have" if known and not larger else ", more than by chance"
        yield Flag(
            "misfit",
            f"{cause}{shape}",
            "usable; another circuit may describe it closer (eisfit compare)",
        )
        return
    yield Flag(
        "misfit",
        cause,
        "another circuit is needed (eisfit compare), or a part of the data is not of this cell "
        "(eisfit check, --fmin, --fmax)",
        FORBIDS,
    )


def _flag_scatter(seen: Judgement) -> Iterator[Flag]:
    if seen.grade != "A" or np.isnan(seen.power):
        return
    nearer = "unit" if seen.power < 0.5 else "modulus"
    better = "noise" if nearer == seen.weighting else nearer
    yield Flag(
        "error_structure",
        f"the noise goes with |Z|^{seen.power:.2g}, not as the weights ({seen.weighting}) suppose; the "
        "errors hold for it as it is",
        f"weights that are nearer to it use the data better (--weighting {better})",
    )


def _flag_order(seen: Judgement) -> Iterator[Finding]:
    row = np.array([[seen.values[name] for name in seen.circuit.names]])
    times = {role: float(tau[0]) for role, tau in compute_role_times(seen.circuit, row).items()}
    roles = list(times)
    for fast, slow in pairwise(roles):
        if times[fast] > times[slow]:
            cause = (
                f"the {_name_role(fast)} arc ({significant(times[fast], 2)} s) came out slower than the "
                f"{_name_role(slow)} arc ({significant(times[slow], 2)} s)"
            )
            cure = (
                "read the two as exchanged, say the order that is meant (--order), or use a circuit with one "
                "arc less"
            )
            yield Finding(Flag("arcs_swapped", cause, cure))


def _name_role(role: str) -> str:
    return {"sei": "SEI", "charge_transfer": "charge-transfer"}.get(role, role)


def _find_held(seen: Judgement) -> Iterator[Finding]:
    """Yield the expressions whose value lies outside the parameter's bounds, and which were held there."""
    for name, (given, kept) in seen.circuit.expressions_held(seen.values).items():
        row = seen.circuit.parameters[name]
        bounds = f"{row.min:g} to {row.max:g}"
        cause = f"{name} = {row.expr} gives {given:.3g}, outside {bounds}, and was held at {kept:.3g}"
        cure = "allow the value (--bound), or tie it otherwise"
        flag = Flag("expression_held", f"{cause}: not what the expression asks for", cure, FORBIDS)
        yield Finding(flag, (name,), "open")


def _flag_bounds(seen: Judgement, harmless: bool) -> Iterator[Finding]:
    for name, side in find_at_bound(seen.circuit, seen.scales, seen.values).items():
        is_limit = is_physical_limit(seen.circuit, name, side)
        if is_limit != harmless:
            continue
        cure = (
            "its error reaches to one side only; a plain capacitor would do"
            if is_limit
            else _cure_at_bound(side)
        )
        flag = Flag("at_bound", f"{name} = {seen.values[name]:.3g} is at its {side} bound", cure)
        yield Finding(flag) if is_limit else Finding(flag, (name,), "open")


def _cure_at_bound(side: str) -> str:
    wider = "lower" if side == "lower" else "raise"
    return f"leave its element out of the circuit, fix it (--fix), or {wider} the bound (--bound)"


def _find_undetermined(seen: Judgement) -> Iterator[Finding]:
    bounded = find_at_bound(seen.circuit, seen.scales, seen.values)
    for name, p in seen.circuit.parameters.items():
        error = seen.stderr.get(name)
        if not p.free or name in bounded:
            continue
        if error is None or not np.isfinite(error):
            cause = f"{name} has no finite standard error: the data does not determine it"
        elif error > limit("determined") * abs(seen.values[name]):
            cause = f"the error of {name} is larger than its value: the data does not determine it"
        else:
            continue
        yield Finding(Flag("undetermined", cause, UNDETERMINED_CURE), (name,), "open")


def _find_correlated(seen: Judgement) -> Iterator[Finding]:
    """Yield one flag for each group of parameters that make up for each other."""
    strong = [pair for pair in seen.correlations if _is_strong(seen, pair)]
    place = {name: k for k, name in enumerate(seen.circuit.names)}
    groups = _group_pairs([{first, second} for first, second, _ in strong])
    for group in sorted(groups, key=lambda group: min(place[name] for name in group)):
        first, second, value = next(pair for pair in strong if pair[0] in group)  # the strongest
        if len(group) == 2:
            cause = f"{first} and {second} are correlated by {value:+.3f}"
            cure = "use their combination rather than either alone, or fix one of them"
        else:
            names = sorted(group, key=place.__getitem__)
            cause = (
                f"{', '.join(names[:-1])} and {names[-1]} are correlated with each other, "
                f"{first} and {second} by {value:+.3f}"
            )
            cure = (
                "use a simpler circuit, fix one of them, or read only what they have in common, such as R_p"
            )
        yield Finding(Flag("correlated", cause, cure))


def _is_strong(seen: Judgement, pair: tuple[str, str, float]) -> bool:
    """Return whether a correlation is strong, and not that of one element's own parameters."""
    components = {seen.circuit.parameters[name].component for name in pair[:2]}
    return abs(pair[2]) >= limit("correlated") and len(components) > 1


def _hold_no_expression(batch: Batch) -> BoolArray:
    if not batch.circuit.expressions:
        return np.ones(len(batch.values), dtype=bool)
    rows = (dict(zip(batch.circuit.names, row, strict=True)) for row in batch.values.tolist())
    return np.array([not batch.circuit.expressions_held(row) for row in rows], dtype=bool)


def _are_determined(batch: Batch) -> BoolArray:
    size = np.abs(batch.values[:, [batch.circuit.names.index(name) for name in batch.names]])
    least = limit("determined") * size
    return np.asarray((np.isfinite(batch.stderr) & (batch.stderr <= least)).all(axis=1))


def _are_uncorrelated(batch: Batch) -> BoolArray:
    """Return the rows (B,) of which no correlation comes near a flag."""
    with np.errstate(all="ignore"):  # without an error there is no correlation: such a row is judged
        correlation = np.abs(batch.covar) / (batch.noise[:, :, np.newaxis] * batch.noise[:, np.newaxis, :])
    parts = [batch.circuit.parameters[name].component for name in batch.names]
    quiet = np.ones(len(batch.noise), dtype=bool)
    for i, j in combinations(range(len(parts)), 2):
        if parts[i] != parts[j]:
            quiet &= correlation[:, i, j] < limit("correlated") - _BOUND_MARGIN
    return quiet


def _group_pairs(pairs: list[set[str]]) -> list[set[str]]:
    """Return what hangs together, each group in one set."""
    groups: list[set[str]] = []
    for pair in pairs:
        touching = [group for group in groups if group & pair]
        groups = [group for group in groups if group not in touching] + [pair.union(*touching)]
    return groups


def _are_unbounded(batch: Batch) -> BoolArray:
    return ~batch.bounded


#: The gravest first.
CHECKS = (
    Check(_flag_order, lambda batch: are_arcs_in_order(batch.circuit, batch.values)),
    Check(_find_held, _hold_no_expression),
    Check(lambda seen: _flag_bounds(seen, False), _are_unbounded),
    Check(_find_undetermined, _are_determined),
    Check(lambda seen: _flag_bounds(seen, True), _are_unbounded),
    Check(_find_correlated, _are_uncorrelated),
)

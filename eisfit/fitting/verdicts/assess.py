"""One way from a finished fit to its verdicts: findings, grade, parameters, derived quantities."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.coordinates import Scales
from eisfit.engine.objective import Settings
from eisfit.engine.propagation import standard_error
from eisfit.fitting.errors.departures.discrepancy import Discrepancy, find_discrepancy
from eisfit.fitting.errors.departures.linearised import Linearised, linearise
from eisfit.fitting.errors.intervals_result import Interval
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter
from eisfit.fitting.verdicts.alternatives import (
    are_decided_by_roles,
    drop_open,
    find_ambiguous,
    find_departed,
)
from eisfit.fitting.verdicts.findings import Finding, find_verdicts, set_levels
from eisfit.fitting.verdicts.flag_kinds import get_kind
from eisfit.fitting.verdicts.flags import Judgement, find_findings
from eisfit.fitting.verdicts.grade import Residuals, estimate_scatter_power, grades
from eisfit.fitting.verdicts.identifiability import find_open_parameters, profile_doubtful
from eisfit.fitting.verdicts.soundness import cure_data_first, find_turned_sign, find_unsound
from eisfit.verdict import Flag, limit


def assess(result: FitResult, attainable: float, *, validate: bool) -> FitResult:
    """Return a fit with its grade, its flags and the verdicts of parameters and derived quantities.

    Parameters
    ----------
    result
        With values, errors, covariance and statistics.
    attainable
        The chisqr that the noise alone would leave.
    validate
        Whether the data is tested too (`eisfit.fitting.verdicts.soundness`).
    """
    return find_and_assess(result, attainable, validate=validate)[1]


def find_and_assess(
    result: FitResult,
    attainable: float,
    *,
    profiles: bool = True,
    validate: bool,
    departures: bool = True,
) -> tuple[list[Finding], FitResult]:
    """Return what was found beside what `assess` returns; `departures` as for `grade_fit`.

    `profiles`: whether doubtful parameters are profiled, which costs more than all the rest.
    """
    result = grade_fit(result, attainable, departures=departures)
    findings, rows = find_all(result, attainable, profiles=profiles, validate=validate)
    return findings, add_verdicts(result, findings, rows)


def find_all(
    result: FitResult, attainable: float, *, profiles: bool = True, validate: bool = True
) -> tuple[list[Finding], Mapping[str, Interval]]:
    """Return what is found of a fit that has its grade, and the profiles of doubtful parameters."""
    findings = find_findings(make_judgement(result, compute_misfit(result, attainable)))
    rows = profile_doubtful(result, findings) if profiles else {}
    findings = drop_open(result, find_open_parameters(result, findings, rows))
    findings += [*find_ambiguous(result), *find_turned_sign(result.spectrum)]
    if validate:
        findings = cure_data_first([*findings, *find_unsound(result)])
    return findings, rows


def compute_misfit(result: FitResult, attainable: float) -> float:
    """Return the root of chisqr over what the noise alone leaves; NaN where the noise is not known."""
    known = result.statistics.noise is not None and attainable > 0
    return float(np.sqrt(result.statistics.chisqr / attainable)) if known else np.nan


def grade_fit(result: FitResult, attainable: float, *, departures: bool = True) -> FitResult:
    """Return a fit with its grade, and its errors with what the circuit's own error adds to them.

    Without `departures` that is not asked: where a circuit is known to be wrong, it costs much for nothing.
    """
    if result.grade:
        return result
    fits = _linearise(result) if departures else None
    off = None if fits is None else find_discrepancy(fits, hidden=True)
    misfit = compute_misfit(result, attainable)
    impedance = result.spectrum.impedance[np.newaxis]
    relative = result.residuals[np.newaxis] if fits is None else fits.relative
    seen = Residuals.of(relative, impedance, result.weighting)
    systematic = None if off is None else off.systematic
    grade = str(grades(seen, np.array([misfit]), systematic)[0])
    result = dataclasses.replace(result, grade=grade)
    if fits is not None and grade == "A":
        result = _rescale_errors(result, fits, seen.power)
    return split_errors(result, None) if off is None else _add_departures(result, off)


def _add_departures(result: FitResult, off: Discrepancy) -> FitResult:
    """Return the result with the errors and alternatives that departures give it."""
    values, chisqr = np.array([list(result.values.values())]), np.array([result.statistics.chisqr])
    others = find_departed(result.circuit, values, chisqr, off).get(0, ())
    return split_errors(dataclasses.replace(result, alternatives=(*result.alternatives, *others)), off)


def _rescale_errors(result: FitResult, fits: Linearised, power: FloatArray) -> FitResult:
    """Return the result with the covariance of noise that goes with |Z|^power, where that is known."""
    if result.covar is None or np.isnan(power[0]):
        return result
    free = result.circuit.free_names
    place = np.ix_(*[[free.index(name) for name in result.var_names]] * 2)
    return dataclasses.replace(result, covar=fits.inverse_for(power)[0][place] * fits.unexplained[0])


def _linearise(result: FitResult) -> Linearised | None:
    """Return a fit to first order; None where it is no least squares."""
    if result.covar is None or result.loss != "linear":
        return None
    circuit, spectrum = result.circuit, result.spectrum
    settings = Settings(result.weighting, result.loss, result.representation)
    free = circuit.free_columns
    return linearise(
        circuit,
        spectrum.omega,
        spectrum.impedance[np.newaxis],
        settings.search_weights(spectrum)[np.newaxis],
        np.array([list(result.values.values())]),
        free=free,
        held=np.array([[circuit.names[k] not in result.var_names for k in free]]),
        known_noise=not result.covariance_rescaled,
    )


def split_errors(result: FitResult, off: Discrepancy | None) -> FitResult:
    """Return the result with what noise and model discrepancy make of its errors, and with what follows."""
    errors = {name: p.stderr for name, p in result.parameters.items()}
    if off is None or result.covar is None:
        parameters, derived = _split_errors(result, errors, errors, {}), _derive(result, result.covar)
        return dataclasses.replace(result, parameters=parameters, derived=derived)
    by_noise = result.covar * float(off.noise_share[0])
    place = [result.circuit.free_names.index(name) for name in result.var_names]
    total = by_noise + off.covar[0][np.ix_(place, place)]
    noise, errors = _compute_errors(result, by_noise), _compute_errors(result, total)
    hidden = dict(zip(result.circuit.free_names, off.hidden[0].tolist(), strict=True))
    known = {name: hidden[name] for name in result.var_names if np.isfinite(hidden[name])}
    parameters, derived = _split_errors(result, errors, noise, known), _derive(result, total)
    return dataclasses.replace(result, parameters=parameters, covar=by_noise, derived=derived)


def _derive(result: FitResult, covar: FloatArray | None) -> dict[str, dict[str, Any]]:
    """Return what follows from the parameters, with errors by their covariance."""
    from eisfit.fitting.derived import compute_derived  # many fits need no derived quantities

    return compute_derived(result.circuit, result.values, result.var_names, covar, result.geometry)


def _compute_errors(result: FitResult, covar: FloatArray) -> dict[str, float | None]:
    """Return the standard errors of all parameters, those of tied ones among them."""
    found: dict[str, float | None] = dict.fromkeys(result.parameters)
    with np.errstate(invalid="ignore"):  # a covariance of data without noise may be rounded below zero
        found |= dict(zip(result.var_names, np.sqrt(np.diag(covar)).tolist(), strict=True))
    for name in result.circuit.expressions:
        tied = itemgetter(name)
        found[name] = standard_error(tied, result.circuit, result.values, result.var_names, covar)
    return found


def _split_errors(
    result: FitResult,
    errors: Mapping[str, float | None],
    noise: Mapping[str, float | None],
    hidden: Mapping[str, float],
) -> dict[str, FittedParameter]:
    """Return the parameters with their errors, the noise's part of these, and what the noise may hide."""
    found = {}
    for name, p in result.parameters.items():
        whole, part = errors[name], noise[name]
        model = None if whole is None or part is None else float(np.sqrt(max(whole**2 - part**2, 0.0)))
        found[name] = dataclasses.replace(
            p, stderr=whole, stderr_noise=part, stderr_model=model, hidden=hidden.get(name)
        )
    return found


def make_judgement(result: FitResult, misfit: float) -> Judgement:
    """Return the judgement from which the findings are made."""
    outcome, modulus = result.lmfit, np.abs(result.spectrum.impedance)
    square = np.abs(result.residuals) ** 2
    return Judgement(
        circuit=result.circuit,
        scales=Scales.of(result.spectrum.omega, result.spectrum.impedance),
        values=result.values,
        stderr={name: p.stderr for name, p in result.parameters.items()},
        correlations=result.correlations,
        converged=True if outcome is None else bool(outcome.success),
        message="" if outcome is None else str(outcome.message),
        rms=result.statistics.rms_relative_residual,
        misfit=misfit,
        grade=result.grade,
        weighting=result.weighting,
        power=float(estimate_scatter_power(square[np.newaxis], modulus[np.newaxis], result.weighting)[0]),
    )


def add_verdicts(
    result: FitResult, findings: Sequence[Finding], rows: Mapping[str, Interval] | None = None
) -> FitResult:
    """Return the result with flags, grade and verdicts as findings make them; `rows` are profiles.

    Of data that is unusable the grade is D, and of a fit of grade D nothing is determined.
    """
    grade, flags = find_flags(result, findings)
    verdicts = find_verdicts(result.circuit, findings)
    if grade == "D":
        verdicts = {name: "open" if found != "fixed" else found for name, found in verdicts.items()}
    parameters = {
        name: _judge_one(p, verdicts[name], (rows or {}).get(name)) for name, p in result.parameters.items()
    }
    derived = _judge_derived(result, verdicts)
    for name in result.circuit.expressions:
        error = parameters[name].stderr, parameters[name].value
        found = _judge_follower(result.circuit.untie([name]), verdicts, *error)
        parameters[name] = dataclasses.replace(parameters[name], verdict=found)
    return dataclasses.replace(result, grade=grade, flags=flags, parameters=parameters, derived=derived)


def find_flags(result: FitResult, findings: Sequence[Finding]) -> tuple[str, tuple[Flag, ...]]:
    """Return the grade and the flags of `add_verdicts`: they say whether a fit can be used."""
    flags = set_levels(result.circuit, findings)
    data = any(flag.forbids and get_kind(flag).of_data for flag in flags)
    return "D" if data else result.grade, flags


def _judge_one(p: FittedParameter, verdict: str, row: Interval | None) -> FittedParameter:
    """Return a parameter with its verdict; an open one with the side that the data limits.

    Both sides are limited only as far as the circuit is true, where its own error is what leaves it open.
    """
    if verdict != "open" or row is None or row.determined or p.interval is not None:
        return dataclasses.replace(p, verdict=verdict)
    interval = {"level": limit("open_side"), "low": row.low, "high": row.high, "method": "profile"}
    return dataclasses.replace(p, verdict=verdict, interval=interval)


def _judge_derived(result: FitResult, verdicts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    from eisfit.fitting.derived import compute_derived, list_dependencies

    geometry = result.geometry
    inputs = list_dependencies(result.circuit, geometry)
    rivals = [one["values"] for one in result.alternatives if not are_decided_by_roles(result, one["values"])]
    others = [compute_derived(result.circuit, values, (), None, geometry) for values in rivals]
    found = {}
    for name, row in result.derived.items():
        verdict = _judge_follower(inputs.get(name, frozenset()), verdicts, row["stderr"], row["value"])
        far = max(2 * (row["stderr"] or np.inf), limit("extrapolated") * abs(row["value"]))
        if verdict == "determined" and any(abs(one[name]["value"] - row["value"]) > far for one in others):
            verdict = "ambiguous"
        found[name] = {**row, "verdict": verdict}
    return found


def _judge_follower(
    inputs: frozenset[str], verdicts: Mapping[str, str], stderr: float | None, value: float
) -> str:
    """Return the verdict of what follows from parameters: a sum can be determined where its parts are not."""
    parts = {verdicts[name] for name in inputs if name in verdicts}
    if parts <= {"fixed"}:
        return "fixed"
    error = np.inf if stderr is None or not value else stderr / abs(value)
    if error > limit("determined"):
        return "open"
    if parts <= {"open", "fixed"}:
        return "open"
    if "extrapolated" in parts:
        return "extrapolated"
    if "ambiguous" in parts and error > limit("extrapolated"):
        return "ambiguous"
    return "open" if "open" in parts and error > limit("doubtful") else "determined"

"""Fit a circuit to a spectrum: the batched solver finds the basin, lmfit finishes there.

lmfit is imported here alone, when a fit is made.
"""

from __future__ import annotations

import dataclasses
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.objective import Objective, Settings
from eisfit.engine.optima import Basin
from eisfit.engine.robust import TUNING, covariance, set_standard_errors
from eisfit.engine.starts.arc_limits import select_by_arcs
from eisfit.engine.task import Task, find_start, make_expressions_error, refit_in_form
from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fitted_points import add_noise, select_points
from eisfit.fitting.from_lmfit import make_result
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.alternatives import Rivals, find_alternatives
from eisfit.fitting.verdicts.assess import assess, grade_fit
from eisfit.fitting.verdicts.flags import find_at_bound, is_physical_limit
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import is_given, parse_rank
from eisfit.model.geometry import Geometry
from eisfit.spectra import WEIGHTING
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.masks import Drop
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag, limit, usable

if TYPE_CHECKING:
    from eisfit.fitting.identify.choice import Choice

TIGHT = 1e-10
_CLEAN = 1e-4  # relative rms below which lmfit, which begins at the bottom, would go over the digits for ever
_MOST_CLEAN = 200  # evaluations then
_MOST = 2000  # else: lmfit begins at the bottom, and what takes longer does not arrive
_NEAR = 1e-10  # of a bound: scipy's trf begins no nearer (make_strictly_feasible)
_AS_LOW = 1.001  # times the chisqr that identify has seen: more, and its values are the start
_kept = threading.local()


@takes_spectrum
def fit(
    spectrum: Spectrum,
    circuit: str | PathLike[str] | Circuit | None = None,
    *,
    weighting: str = WEIGHTING,
    fix: Mapping[str, float] | None = None,
    start: Any = None,
    bound: Mapping[str, tuple[float | None, float | None]] | None = None,
    expr: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    peak: Mapping[str, tuple[float, float]] | None = None,
    order: Sequence[str] = (),
    fmin: float | None = None,
    fmax: float | None = None,
    drop: Drop | None = None,
    drop_inductive: bool = False,
    drop_invalid: bool = False,
    loss: str = "linear",
    representation: str = "impedance",
    validate: bool = True,
    geometry: Geometry | Mapping[str, Any] | str | PathLike[str] | None = None,
    seed: int = 0,
) -> FitResult:
    """Fit a circuit to a spectrum; no start values are needed.

    Parameters
    ----------
    spectrum
        What was measured: a `Spectrum`, the path of a file, a pair ``(frequency, impedance)``, a DataFrame;
        see `eisfit.spectra.given.to_spectrum`.
    circuit
        A name in ``circuits/``, the path of a ``.toml`` file, a circuit string, or a `Circuit`. Without one,
        `eisfit.identify` chooses it, and a flag says which and how probable it is; ``#2`` is the second
        of its ranking. Where the data do not determine the parameters of the most probable, a smaller one
        that serves, or a rival, takes its place, and the flag says so.
    weighting
        ``modulus`` (default), ``proportional``, ``unit`` or ``noise``; see `eisfit.spectra.noise`. With
        ``noise``, a spectrum without a measured one gets the estimate of `eisfit.check`; `redchi` is then
        near 1, and `p_value` not small, where the circuit fits to within the noise.
    fix, start, bound, expr
        By parameter name: fixed values, start values, (low, high) bounds with None for a side that stays as
        it is, expressions in other parameters. `start` may be a list in the circuit's order, or a fit.
        Parameters with a start value are searched from there; when all have one, nothing else is tried.
    params
        lmfit's ``Parameters``, of some or all of the circuit's parameters: what they say of value, bounds,
        `vary` and `expr` counts, and the four above go before them.
    peak, order
        Which optimum is meant, where there are several: the range (Hz) of the peak frequency of a resistor's
        arc, and resistors from the fastest arc to the slowest; see `eisfit.engine.starts.arc_limits`.
    fmin, fmax
        Use only this range of frequencies, Hz.
    drop
        Points to leave out: a mask (F,), or frequencies in Hz.
    drop_inductive
        Leave out the inductive tail, the points with Z'' > 0 at the highest frequencies.
    drop_invalid
        Leave out the points that fail the Kramers-Kronig test (`eisfit.check`); a flag says which.
    loss
        ``linear`` (default, least squares), or ``soft_l1``, ``huber``, ``cauchy``, which outliers pull less;
        see `eisfit.engine.robust`.
    representation
        Compare ``impedance`` (default), ``admittance`` or ``modulus_phase``; see `eisfit.engine.objective`.
    validate
        Test the data too, for plain faults and, where the circuit leaves more than noise, against the
        Kramers-Kronig relations (`eisfit.check`); what is found is among the flags, and touches the
        parameters that hang on it.
    geometry
        Of the cell, for values per area and diffusion coefficients among the derived quantities, such as
        ``{"area": "1.13 cm^2", "length": "5 um"}``, or the path of a TOML file; see `eisfit.model.geometry`.
    seed
        Of the random part of the search for start values; the same input always gives the same result.

    Returns
    -------
    FitResult
        With `grade`, `ok`, `flags` and every parameter's `verdict`: how far it can be believed.

    Raises
    ------
    UsageError
        For an unknown circuit, parameter, weighting, loss or representation, a dropped frequency that was
        not measured, or bounds that exclude the start value.
    FitError
        When the spectrum has too few points for the circuit, or no optimum satisfies `peak` and `order`.
    """
    kept = select_points(spectrum, fmin=fmin, fmax=fmax, drop=drop, drop_inductive=drop_inductive)
    if geometry is not None:
        kept = Geometry.of(geometry).attach_to(kept)
    kept, dropped = _drop_invalid(kept) if drop_invalid else (kept, ())
    choice = None
    if is_given(circuit):
        chosen = find_circuit(circuit)
    else:
        from eisfit.fitting.identify.choice import choose

        choice = choose(kept, parse_rank(circuit) or 1, weighting=weighting, seed=seed)
        chosen, kept = choice.circuit, choice.spectrum
    constrained = any(said is not None for said in (fix, start, bound, expr, params))
    if constrained:
        chosen = chosen.constrain(fix=fix, start=start, bound=bound, expr=expr, params=params)
    kept = add_noise(kept, weighting)
    settings = Settings(weighting, loss, representation)
    task = Task.of(kept, chosen, settings)
    theta, basin = find_start(task, seed)
    if peak or order:
        basin = select_by_arcs(task.coordinates, basin, peak or {}, order)
        theta = basin.theta
    fitted = finish_in_lmfit(task, theta, basin)
    if choice is not None:
        fitted = _search_as_low(choice, fitted, task, seed)
    fitted = grade_fit(fitted, task.attainable)
    alternatives = () if peak or order else (*_find_alternatives(task, basin, fitted), *fitted.alternatives)
    result = assess(
        dataclasses.replace(fitted, alternatives=alternatives), task.attainable, validate=validate
    )
    if choice is not None:
        held = constrained or bool(peak or order)
        result, choice = _try_others(result, choice, settings, held=held, validate=validate, seed=seed)
        dropped = (*dropped, *choice.flags)
    return result.replace_flags((*result.flags, *dropped)) if dropped else result


def _try_others(
    result: FitResult, choice: Choice, settings: Settings, *, held: bool, **options: Any
) -> tuple[FitResult, Choice]:
    """Return a fit and the choice of its circuit: another one where only that can be used.

    Where the user has `held` something, or the fit is refused by its residual or its data, it stays.
    """
    if held or result.grade == "D" or usable(result.grade, result.flags):
        return result, choice
    for row in choice.others:
        other = fit(choice.spectrum, row.circuit, **dataclasses.asdict(settings), **options)
        if usable(other.grade, other.flags):
            return dataclasses.replace(other, chosen_by="identify"), choice.choose_instead(row)
    return result, choice


def _find_alternatives(task: Task, basin: Basin, fitted: FitResult) -> tuple[dict[str, Any], ...]:
    """Return the other optima that the data allows; none for another loss or form, where none were sought."""
    if not task.settings.plain or fitted.covar is None:
        return ()
    rivals = Rivals(
        problem=task.problem,
        values=np.array([list(fitted.values.values())]),
        chisqr=np.array([fitted.statistics.chisqr]),
        stderr=np.array([[p.stderr for p in fitted.parameters.values()]], dtype=float),  # NaN of None
        lag1=np.array([fitted.statistics.lag1_autocorrelation]),
        ends=basin.ends[np.newaxis],
        ends_chisqr=basin.ends_chisqr[np.newaxis],
        known_noise=not fitted.covariance_rescaled,
    )
    return find_alternatives(rivals).get(0, ())


def _search_as_low(choice: Choice, fitted: FitResult, task: Task, seed: int) -> FitResult:
    """Return a fit as low as the one of identify, and note how the circuit was chosen."""
    if fitted.statistics.chisqr > _AS_LOW * choice.answer.chisqr:
        at_best = Task.of(task.spectrum, task.circuit.constrain(start=choice.answer.values), task.settings)
        fitted = finish_in_lmfit(at_best, *find_start(at_best, seed))
    return dataclasses.replace(fitted, chosen_by="identify")


def finish_in_lmfit(task: Task, theta: FloatArray, basin: Basin, *, tolerance: float = TIGHT) -> FitResult:
    """Return lmfit's fit from the search's best end, without verdicts (`eisfit.fitting.verdicts.assess`)."""
    theta, scale = (theta, 1.0) if task.settings.plain else refit_in_form(task, theta, basin)
    values = task.values_at(theta)
    with _guard_expressions(task.circuit):
        return make_result(task, _run_lmfit(task, values, scale, tolerance), basin)


def fit_or_failure(
    spectrum: Spectrum, circuit: Circuit | str | None, **options: Any
) -> FitResult | FitFailure:
    """Return `fit`'s result, or a `FitFailure` where this spectrum cannot be fitted."""
    try:
        return fit(spectrum, circuit, **options)
    except UsageError:
        raise
    except EisfitError as error:
        return FitFailure.of(spectrum, str(error))


def fit_each(
    spectra: Sequence[Spectrum | FitFailure], circuit: str | Circuit, **options: Any
) -> Iterator[FitResult | FitFailure]:
    """Yield the fits of spectra with one circuit, in order; what could not be read is handed on."""
    for spectrum in spectra:
        yield spectrum if isinstance(spectrum, FitFailure) else fit_or_failure(spectrum, circuit, **options)


def _drop_invalid(spectrum: Spectrum) -> tuple[Spectrum, tuple[Flag, ...]]:
    """Return the points that pass the Kramers-Kronig test, and a flag that says which were left out."""
    from eisfit.validation.kramers_kronig import check_once

    invalid = check_once(spectrum).invalid
    if not invalid.any():
        return spectrum, ()
    where = ", ".join(f"{f:.4g}" for f in spectrum.frequency[invalid])
    cause = f"{int(invalid.sum())} of {spectrum.points} points fail the Kramers-Kronig test: {where} Hz"
    return spectrum.keep(~invalid), (Flag("points_dropped", cause, "look at them with eisfit check"),)


def _run_lmfit(task: Task, values: FloatArray, scale: float, tolerance: float) -> Any:
    """Finish in lmfit: least_squares with the exact Jacobian, in physical units, scaled by the Jacobian.

    A parameter that the search left at a bound is held there. It has no standard error, the errors of the
    others are then valid (they would not be with it among them), and it does not count in `nvarys`. An
    exponent at its physical limit of 1 keeps its error, from the curvature there: the truth may lie below.
    """
    from lmfit import Minimizer

    named = dict(zip(task.circuit.names, values.tolist(), strict=True))
    bounded = find_at_bound(task.circuit, task.scales, named)
    held = {name for name, side in bounded.items() if not is_physical_limit(task.circuit, name, side)}
    if len(held) == task.coordinates.size:
        held = set()
    params = _make_parameters(task.circuit, named, frozenset(held))
    varied = [k for k, p in enumerate(task.circuit.parameters.values()) if p.free and p.name not in held]
    settings = task.settings
    weight = settings.form.weights(task.spectrum, settings.weighting)
    objective = Objective(task.problem, varied, settings.form, weight)
    minimizer = Minimizer(objective.residual, params, scale_covar=task.rescaled)
    tight: dict[str, Any] = {"x_scale": "jac", **dict.fromkeys(("ftol", "xtol", "gtol"), tolerance)}
    clean = _relative_rms(task, objective.residual(params)) < _CLEAN
    tight["max_nfev"] = _MOST_CLEAN if clean else _MOST
    if bounded or _is_near_bound(params):
        # It keeps a parameter exactly on its bound, where trf only creeps towards it, and begins where it is
        # told: trf moves what is nearer than 1e-10 away, 1 pF for instance.
        tight["method"] = "dogbox"
    if settings.loss != "linear":
        tight |= {"loss": settings.loss, "f_scale": TUNING[settings.loss] * scale}
    with np.errstate(all="ignore"):
        outcome = minimizer.least_squares(jac=objective.jacobian, **tight)
    if not outcome.success and settings.plain and _relative_rms(task, outcome.residual) < limit("rounding"):
        outcome.success, outcome.message = True, "the residual is the rounding of the data"
    if settings.loss != "linear":
        parts = objective.residual(outcome.params), objective.jacobian(outcome.params)
        set_standard_errors(outcome, task.circuit, covariance(settings.loss, *parts, scale))
    return outcome


def _is_near_bound(params: Any) -> bool:
    """Return whether scipy's trf would not begin at the values of lmfit's parameters."""
    varied = [p for p in params.values() if p.vary]
    ends = [(p.value, end) for p in varied for end in (p.min, p.max) if np.isfinite(end)]
    return any(abs(value - end) <= _NEAR * max(1.0, abs(end)) for value, end in ends)


def _relative_rms(task: Task, residual: FloatArray) -> float:
    """Return the rms of a weighted residual over that of the data with the same weights."""
    whole = task.weight * np.repeat(np.abs(task.spectrum.impedance), 2)
    return float(np.sqrt(residual @ residual / (whole @ whole)))


def _make_parameters(circuit: Circuit, values: Mapping[str, float], held: frozenset[str]) -> Any:
    """Return lmfit's Parameters with these values.

    To build them takes lmfit a millisecond, so that each thread keeps those of the circuit it fitted last;
    lmfit works on a copy of its own.
    """
    import lmfit

    inside = {name: min(max(values[name], p.min), p.max) for name, p in circuit.parameters.items()}
    key = (id(circuit), held)
    if getattr(_kept, "key", None) == key and not circuit.expressions:
        for name, value in inside.items():
            _kept.params[name].value = value
        return _kept.params
    params = lmfit.Parameters()
    # lmfit wants the parameters of an expression there before it.
    for name in (*(n for n, p in circuit.parameters.items() if not p.expr), *circuit.expressions):
        p = circuit.parameters[name]
        vary = p.vary and name not in held
        params.add(name, value=inside[name], vary=vary, min=p.min, max=p.max, expr=p.expr)
    _kept.key, _kept.params, _kept.circuit = key, params, circuit  # the circuit too: its id must stay its own
    return params


@contextmanager
def _guard_expressions(circuit: Circuit) -> Iterator[None]:
    """Turn errors and warnings of lmfit about an expression without finite values into one sentence."""
    if not circuit.expressions:
        yield
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    except EisfitError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1][:200]
        raise make_expressions_error(circuit, reason) from None

"""Fit a circuit to a spectrum: the batched solver finds the basin, lmfit finishes there.

The only module that imports lmfit, and only when a fit is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arcs_order import ordered, role_times
from eisfit.circuit import Circuit
from eisfit.coordinates import Coordinates, Scales
from eisfit.derived import derived
from eisfit.elements import FrequencyGrid
from eisfit.errors import EisfitError, FitError, ParameterError, SpectrumError, UsageError
from eisfit.flags import Judgement, at_bound, judge
from eisfit.guess import StartGrid
from eisfit.identifiability import examined
from eisfit.kramers_kronig import KramersKronigResult, check
from eisfit.library import circuit as find_circuit
from eisfit.masks import Drop, without
from eisfit.noise import attainable_chisqr
from eisfit.objective import FormProblem, Objective, Settings
from eisfit.result import FitFailure, FitResult, FittedParameter, Statistics
from eisfit.robust import TUNING, covariance, put_errors, solve_robust
from eisfit.search import Basin, search
from eisfit.solver import Problem, solve
from eisfit.spectrum import Spectrum
from eisfit.verdict import Flag

__all__ = ["fit", "fit_or_failure"]

FloatArray = NDArray[np.float64]

_TIGHT = 1e-12
_ENDS = 7  # of the search that are tried again in another form or with another loss


def fit(
    spectrum: Spectrum,
    circuit: str | PathLike[str] | Circuit,
    *,
    weighting: str = "modulus",
    fix: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
    bound: Mapping[str, tuple[float, float]] | None = None,
    expr: Mapping[str, str] | None = None,
    fmin: float | None = None,
    fmax: float | None = None,
    drop: Drop | None = None,
    drop_inductive: bool = False,
    loss: str = "linear",
    representation: str = "impedance",
    validate: bool = False,
    seed: int = 0,
) -> FitResult:
    """Fit a circuit to a spectrum; no start values are needed.

    Parameters
    ----------
    spectrum
        What was measured.
    circuit
        A name in ``circuits/``, the path of a ``.toml`` file, a circuit string, or a `Circuit`.
    weighting
        ``modulus`` (default), ``proportional``, ``unit`` or ``noise``; see `eisfit.noise`.
    fix, start, bound, expr
        By parameter name: fixed values, start values, (low, high) bounds, expressions in other parameters.
        Parameters with a start value are searched from there; when all have one, nothing else is tried.
    fmin, fmax
        Use only this range of frequencies, Hz.
    drop
        Points to leave out: a mask (F,), or frequencies in Hz.
    drop_inductive
        Leave out the inductive tail, the points with Z'' > 0 at the highest frequencies.
    loss
        ``linear`` (default, least squares), or ``soft_l1``, ``huber``, ``cauchy``, which outliers pull less;
        see `eisfit.robust`.
    representation
        Compare ``impedance`` (default), ``admittance`` or ``modulus_phase``; see `eisfit.objective`.
    validate
        Test the spectrum against the Kramers-Kronig relations too (`eisfit.check`) and add what it finds to
        the flags.
    seed
        Of the random part of the search for start values; the same input always gives the same result.

    Returns
    -------
    FitResult
        With `ok` and `flags` that say how far it can be believed.

    Raises
    ------
    UsageError
        For an unknown circuit, parameter, weighting, loss or representation, a dropped frequency that was
        not measured, or bounds that exclude the start value.
    FitError
        When the spectrum has too few points for the circuit.
    """
    chosen = find_circuit(circuit).constrain(fix=fix, start=start, bound=bound, expr=expr)
    kept = without(spectrum, drop, drop_inductive=drop_inductive).select(fmin, fmax)
    task = _Task.of(kept, chosen, Settings(weighting, loss, representation))
    theta, basin = _best_start(task, seed)
    theta, scale = (theta, 1.0) if task.settings.plain else _in_chosen_form(task, theta, basin)
    values = task.coordinates.physical(theta[np.newaxis])[0]
    result = examined(_result(task, _lmfit(task, values, scale), basin))
    return _validated(result) if validate else result


def fit_or_failure(spectrum: Spectrum, circuit: Circuit, **options: Any) -> FitResult | FitFailure:
    """Return `fit`'s result, or a `FitFailure` where this spectrum cannot be fitted."""
    try:
        return fit(spectrum, circuit, **options)
    except UsageError:
        raise
    except EisfitError as error:
        return FitFailure(spectrum.source, str(error), spectrum.index, spectrum.cycle)


def _validated(result: FitResult) -> FitResult:
    """Add the verdict of the Kramers-Kronig test; too few points for one are said, not hidden."""
    try:
        tested = check(result.spectrum)
    except SpectrumError as error:
        flag = Flag("not_validated", str(error), "measure more frequencies")
        return result.replace_flags((*result.flags, flag), result.ok)
    return result.replace_flags((*result.flags, *tested.flags), result.ok and not _is_mirrored(tested))


def _is_mirrored(tested: KramersKronigResult) -> bool:
    """Return whether the data itself is unusable; smaller failures show as a misfit of the circuit."""
    return any(flag.name == "imaginary_sign" for flag in tested.flags)


@dataclass(frozen=True)
class _Task:
    """One spectrum and circuit, made ready."""

    spectrum: Spectrum
    circuit: Circuit
    settings: Settings
    weight: FloatArray
    scales: Scales
    coordinates: Coordinates
    problem: Problem
    attainable: float

    @classmethod
    def of(cls, spectrum: Spectrum, circuit: Circuit, settings: Settings) -> _Task:
        weight = settings.search_weights(spectrum)
        scales = Scales.of(spectrum.omega, spectrum.impedance)
        coordinates = Coordinates(circuit, scales)
        _check_size(spectrum, circuit, coordinates.size)
        grid = FrequencyGrid(spectrum.omega)
        problem = Problem(coordinates, grid, spectrum.impedance[np.newaxis], weight[np.newaxis])
        return cls(
            spectrum,
            circuit,
            settings,
            weight,
            scales,
            coordinates,
            problem,
            attainable_chisqr(spectrum, weight),
        )

    @property
    def rescaled(self) -> bool:
        """Whether the covariance takes the size of the noise from the residuals."""
        return self.settings.weighting != "noise" or self.settings.loss != "linear"


def _check_size(spectrum: Spectrum, circuit: Circuit, varied: int) -> None:
    if varied == 0:
        raise ParameterError(f"{circuit.name}: every parameter is fixed; there is nothing to fit")
    if 2 * spectrum.points <= varied:
        raise FitError(
            f"{spectrum.name}: {spectrum.points} points ({2 * spectrum.points} numbers) cannot determine the "
            f"{varied} parameters of {circuit.name}; use a simpler circuit or a wider frequency range"
        )


def _best_start(task: _Task, seed: int) -> tuple[FloatArray, Basin]:
    """Return the coordinates of the best optimum, interchangeable arcs in order, and the search's story."""
    given = [p.value for p in task.circuit.parameters.values() if p.free]
    if all(value is not None for value in given):
        basin = _from_given(task)
    else:
        grid = StartGrid(task.circuit, task.spectrum.omega, task.spectrum.impedance, task.weight)
        basin = search(task.problem, grid, expected=task.attainable, seed=seed)
    if not np.isfinite(basin.chisqr):
        raise _unstartable(task.circuit)
    ends = ordered(task.circuit, task.coordinates.physical(basin.ends))
    best = _in_order_of_roles(task, ends, basin.ends_chisqr)
    return task.coordinates.internal(ends[best : best + 1])[0], basin


def _unstartable(circuit: Circuit) -> FitError:
    reason = "no start value gives a finite impedance"
    if circuit.expressions:
        return _leads_nowhere(circuit, reason)
    return FitError(f"{circuit.name}: {reason}; check the fixed values and bounds")


def _from_given(task: _Task) -> Basin:
    values = task.circuit.resolve({})
    theta = task.coordinates.internal(np.array([[values[name] for name in task.circuit.names]]))
    solution = solve(task.problem, theta, max_iterations=200)
    return Basin(solution.theta[0], float(solution.chisqr[0]), solution.theta, solution.chisqr, 1, 1)


def _in_order_of_roles(task: _Task, ends: FloatArray, chisqr: FloatArray) -> int:
    """Return the best end; of ends that the data cannot tell apart, one with its roles from fast to slow."""
    times = list(role_times(task.circuit, ends).values())
    if len(times) < 2:
        return 0
    in_order = np.all(np.diff(np.stack(times), axis=0) >= 0, axis=0)
    nfree = max(2 * task.spectrum.points - task.coordinates.size, 1)
    as_good = chisqr <= chisqr[0] * (1 + 1 / nfree)
    return int(np.argmax(in_order & as_good)) if (in_order & as_good).any() else 0


def _in_chosen_form(task: _Task, theta: FloatArray, basin: Basin) -> tuple[FloatArray, float]:
    """Go on from the search's ends in the chosen form and loss; return the best and its noise scale."""
    settings, old = task.settings, task.problem
    weight = settings.form.weights(task.spectrum, settings.weighting)[np.newaxis]
    problem = FormProblem(old.coordinates, old.grid, old.target, weight, settings.form)
    ends = solve(problem, np.concatenate([theta[np.newaxis], basin.ends[:_ENDS]])).theta
    if settings.loss == "linear":
        cost, scale = solve(problem, ends).chisqr, np.ones(len(ends))
    else:
        known = settings.weighting == "noise"
        robust = solve_robust(problem, ends, settings.loss, known_noise=known)
        ends, cost, scale = robust.theta, robust.cost, robust.scale
    best = int(np.argmax(cost <= np.nanmin(cost) * (1 + 1e-6)))  # the first: its arcs are in order
    return ends[best], float(scale[best])


def _lmfit(task: _Task, values: FloatArray, scale: float) -> Any:
    """Finish in lmfit: least_squares with the exact Jacobian, in physical units, scaled by the Jacobian.

    A parameter that the search left at a bound is held there. It has no standard error, the errors of the
    others are then valid (they would not be with it among them), and it does not count in `nvarys`.
    """
    import lmfit

    named = dict(zip(task.circuit.names, values.tolist(), strict=True))
    held = set(at_bound(task.circuit, task.scales, named))
    if len(held) == task.coordinates.size:
        held = set()
    params = lmfit.Parameters()
    for name, p in task.circuit.parameters.items():
        inside = min(max(named[name], p.min), p.max)
        params.add(name, value=inside, vary=p.vary and name not in held, min=p.min, max=p.max, expr=p.expr)
    varied = [k for k, p in enumerate(task.circuit.parameters.values()) if p.free and p.name not in held]
    settings = task.settings
    weight = settings.form.weights(task.spectrum, settings.weighting)
    objective = Objective(task.problem, varied, settings.form, weight)
    minimizer = lmfit.Minimizer(objective.residual, params, scale_covar=task.rescaled)
    tight: dict[str, Any] = {"x_scale": "jac", "ftol": _TIGHT, "xtol": _TIGHT, "gtol": _TIGHT}
    if settings.loss != "linear":
        tight |= {"loss": settings.loss, "f_scale": TUNING[settings.loss] * scale}
    outcome = _least_squares(minimizer, task.circuit, {"jac": objective.jacobian, **tight})
    if settings.loss != "linear":
        parts = objective.residual(outcome.params), objective.jacobian(outcome.params)
        put_errors(outcome, task.circuit, covariance(settings.loss, *parts, scale))
    return outcome


def _least_squares(minimizer: Any, circuit: Circuit, options: dict[str, Any]) -> Any:
    try:
        with np.errstate(all="ignore"):
            return minimizer.least_squares(**options)
    except Exception as error:
        # lmfit evaluates expressions by itself and raises whatever they lead to.
        if not circuit.expressions:
            raise
        reason = str(error).strip().splitlines()[-1][:200]
        raise _leads_nowhere(circuit, reason) from None


def _leads_nowhere(circuit: Circuit, reason: str) -> FitError:
    given = ", ".join(f"{name} = {e.text}" for name, e in circuit.expressions.items())
    return FitError(
        f"{circuit.name}: the expressions ({given}) lead to values that cannot be fitted: {reason}"
    )


def _result(task: _Task, outcome: Any, basin: Basin) -> FitResult:
    values = {name: float(outcome.params[name].value) for name in task.circuit.names}
    stderr = {name: _finite(outcome.params[name].stderr) for name in task.circuit.names}
    covar = getattr(outcome, "covar", None)
    names = tuple(outcome.var_names)
    relative = np.abs(task.circuit.impedance(task.spectrum.frequency, values) / task.spectrum.impedance - 1)
    rms = float(np.sqrt(np.mean(relative**2)))
    result = FitResult(
        spectrum=task.spectrum,
        circuit=task.circuit,
        weighting=task.settings.weighting,
        loss=task.settings.loss,
        representation=task.settings.representation,
        parameters=_parameters(task, values, stderr),
        statistics=_statistics(outcome, rms),
        covar=covar,
        var_names=names,
        covariance_rescaled=task.rescaled,
        derived=derived(task.circuit, values, names, covar),
        ok=True,
        flags=(),
        starts=basin.starts,
        agreed=basin.agreed,
        lmfit=outcome,
    )
    flags, ok = judge(_judgement(task, result))
    return result.replace_flags(flags, ok)


def _judgement(task: _Task, result: FitResult) -> Judgement:
    chisqr = result.statistics.chisqr
    return Judgement(
        circuit=task.circuit,
        scales=task.scales,
        values=result.values,
        stderr={name: p.stderr for name, p in result.parameters.items()},
        correlations=result.correlations,
        converged=bool(result.lmfit.success),
        message=str(result.lmfit.message),
        rms=result.statistics.rms_relative_residual,
        misfit=float(np.sqrt(chisqr / task.attainable)) if task.attainable > 0 else 0.0,
    )


def _finite(number: Any) -> float | None:
    return float(number) if number is not None and np.isfinite(number) else None


def _parameters(
    task: _Task, values: Mapping[str, float], stderr: Mapping[str, float | None]
) -> dict[str, FittedParameter]:
    bounded = at_bound(task.circuit, task.scales, values)
    return {
        name: FittedParameter(
            name=name,
            value=values[name],
            stderr=None if name in bounded or not (p.free or p.expr) else stderr[name],
            unit=p.unit,
            min=p.min,
            max=p.max,
            vary=p.free,
            expr=p.expr,
            at_bound=name in bounded,
            role=p.role,
            describe=p.describe,
        )
        for name, p in task.circuit.parameters.items()
    }


def _statistics(outcome: Any, rms: float) -> Statistics:
    return Statistics(
        chisqr=float(outcome.chisqr),
        redchi=float(outcome.redchi),
        aic=float(outcome.aic),
        bic=float(outcome.bic),
        ndata=int(outcome.ndata),
        nvarys=int(outcome.nvarys),
        nfree=int(outcome.nfree),
        rms_relative_residual=rms,
    )

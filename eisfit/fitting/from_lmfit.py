"""What lmfit found, as a `FitResult`; derived quantities and verdicts come with its errors, after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eisfit.arrays import finite
from eisfit.engine.optima import Basin
from eisfit.engine.task import Task
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter, Statistics
from eisfit.fitting.verdicts.flags import find_at_bound
from eisfit.fitting.verdicts.grade import describe_residuals
from eisfit.spectra.noise import estimate_noise_level
from eisfit.validation.quantiles import chi2_above


def make_result(task: Task, outcome: Any, basin: Basin) -> FitResult:
    """Return the result of a task: `outcome` is lmfit's, `basin` the search's."""
    values = {name: float(outcome.params[name].value) for name in task.circuit.names}
    stderr = {name: _to_error(outcome.params[name].stderr) for name in task.circuit.names}
    names = tuple(outcome.var_names)
    return FitResult(
        spectrum=task.spectrum,
        circuit=task.circuit,
        weighting=task.settings.weighting,
        loss=task.settings.loss,
        representation=task.settings.representation,
        parameters=_make_parameters(task, values, stderr, names),
        statistics=_make_statistics(task, outcome, values),
        covar=getattr(outcome, "covar", None),
        var_names=names,
        covariance_rescaled=task.rescaled,
        derived={},
        grade="",
        flags=(),
        starts=basin.starts,
        agreed=basin.agreed,
        lmfit=outcome,
    )


def _to_error(stderr: float | None) -> float | None:
    return None if stderr is None else finite(stderr)


def _make_parameters(
    task: Task, values: Mapping[str, float], stderr: Mapping[str, float | None], varied: tuple[str, ...]
) -> dict[str, FittedParameter]:
    bounded = find_at_bound(task.circuit, task.scales, values)
    return {
        name: FittedParameter(
            name=name,
            value=values[name],
            stderr=stderr[name] if name in varied or p.expr else None,
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


def _make_statistics(task: Task, outcome: Any, values: Mapping[str, float]) -> Statistics:
    spectrum = task.spectrum
    difference = task.circuit.impedance(spectrum.frequency, values) - spectrum.impedance
    relative = difference / np.abs(spectrum.impedance)
    return Statistics(
        chisqr=float(outcome.chisqr),
        redchi=float(outcome.redchi),
        aic=float(outcome.aic),
        bic=float(outcome.bic),
        ndata=int(outcome.ndata),
        nvarys=int(outcome.nvarys),
        nfree=int(outcome.nfree),
        p_value=None if task.rescaled else chi2_above(int(outcome.nfree), float(outcome.chisqr)),
        noise=_estimate_noise(task, float(outcome.chisqr) * int(outcome.ndata) / max(int(outcome.nfree), 1)),
        **{name: float(column[0]) for name, column in describe_residuals(relative[np.newaxis]).items()},
    )


def _estimate_noise(task: Task, left: float) -> float | None:
    modulus, weight = np.abs(task.spectrum.impedance)[np.newaxis], task.weight[np.newaxis]
    explained = np.array([task.attainable]), np.array([left])
    return finite(estimate_noise_level(task.spectrum.omega, weight, modulus, *explained)[0])

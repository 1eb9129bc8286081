"""What lmfit found, as a `FitResult` with its derived quantities; its verdicts come after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eisfit.engine.optima import Basin
from eisfit.engine.task import Task
from eisfit.fitting.derived import compute_derived
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter, Statistics
from eisfit.fitting.verdicts.flags import find_at_bound
from eisfit.fitting.verdicts.grade import Residuals
from eisfit.model.geometry import Geometry
from eisfit.spectra.noise import noise_level
from eisfit.validation.distributions import chi2_above

__all__ = ["result_of"]


def result_of(task: Task, outcome: Any, basin: Basin) -> FitResult:
    """Return the result of a task: `outcome` is lmfit's, `basin` the search's."""
    values = {name: float(outcome.params[name].value) for name in task.circuit.names}
    stderr = {name: _finite(outcome.params[name].stderr) for name in task.circuit.names}
    covar = getattr(outcome, "covar", None)
    names = tuple(outcome.var_names)
    return FitResult(
        spectrum=task.spectrum,
        circuit=task.circuit,
        weighting=task.settings.weighting,
        loss=task.settings.loss,
        representation=task.settings.representation,
        parameters=_parameters(task, values, stderr, names),
        statistics=_statistics(task, outcome, values),
        covar=covar,
        var_names=names,
        covariance_rescaled=task.rescaled,
        derived=compute_derived(
            task.circuit, values, names, covar, Geometry.of_metadata(task.spectrum.metadata)
        ),
        grade="",
        flags=(),
        starts=basin.starts,
        agreed=basin.agreed,
        lmfit=outcome,
    )


def _finite(number: Any) -> float | None:
    return float(number) if number is not None and np.isfinite(number) else None


def _parameters(
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


def _p_value(chisqr: float, nfree: int) -> float:
    """Return the probability of a chisqr this large from noise alone."""
    return chi2_above(nfree, chisqr)


def _statistics(task: Task, outcome: Any, values: Mapping[str, float]) -> Statistics:
    spectrum = task.spectrum
    difference = task.circuit.impedance(spectrum.frequency, values) - spectrum.impedance
    modulus = np.abs(spectrum.impedance)
    seen = Residuals.of((difference / modulus)[np.newaxis], spectrum.impedance[np.newaxis])
    return Statistics(
        chisqr=float(outcome.chisqr),
        redchi=float(outcome.redchi),
        aic=float(outcome.aic),
        bic=float(outcome.bic),
        ndata=int(outcome.ndata),
        nvarys=int(outcome.nvarys),
        nfree=int(outcome.nfree),
        p_value=None if task.rescaled else _p_value(float(outcome.chisqr), int(outcome.nfree)),
        rms_relative_residual=float(seen.rms[0]),
        noise=_noise(task, float(outcome.chisqr) * int(outcome.ndata) / max(int(outcome.nfree), 1)),
        lag1_autocorrelation=float(seen.lag1[0]),
    )


def _noise(task: Task, left: float) -> float | None:
    modulus, weight = np.abs(task.spectrum.impedance)[np.newaxis], task.weight[np.newaxis]
    explained = np.array([task.attainable]), np.array([left])
    return _finite(noise_level(task.spectrum.omega, weight, modulus, *explained)[0])

"""One spectrum and circuit made ready, and the best optimum that the search finds for them."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.objective import FormProblem, Settings
from eisfit.engine.optima import Basin, order_best_ends
from eisfit.engine.robust import solve_robust
from eisfit.engine.search import search
from eisfit.engine.solver import Problem, solve
from eisfit.errors import FitError, ParameterError
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.spectra.noise import attainable_chisqr
from eisfit.spectra.spectrum import Spectrum

_MAX_ENDS = 7  # of the search that are tried again in another form or with another loss


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """One spectrum and circuit, made ready."""

    spectrum: Spectrum
    circuit: Circuit
    settings: Settings
    weight: FloatArray
    problem: Problem
    attainable: float

    @classmethod
    def of(cls, spectrum: Spectrum, circuit: Circuit, settings: Settings) -> Task:
        """Make ready; raises FitError for too few points, ParameterError where nothing is left to fit."""
        _check_size(spectrum, circuit)
        weight = settings.search_weights(spectrum)
        target = spectrum.impedance[np.newaxis]
        problem = Problem.of(circuit, spectrum.omega, target, weight[np.newaxis])
        return cls(spectrum, circuit, settings, weight, problem, attainable_chisqr(spectrum, weight))

    @property
    def coordinates(self) -> Coordinates:
        """Of the problem."""
        return self.problem.coordinates

    def values_at(self, theta: FloatArray) -> FloatArray:
        """Return all parameters (P,) at coordinates (V,)."""
        return np.asarray(self.coordinates.physical(theta[np.newaxis])[0])

    @property
    def scales(self) -> Scales:
        """Of the spectrum."""
        return self.coordinates.scales

    @property
    def rescaled(self) -> bool:
        """Whether the covariance takes the size of the noise from the residuals."""
        return self.settings.weighting != "noise" or self.settings.loss != "linear"


def can_be_fitted(points: int, varied: int) -> bool:
    """Return whether there is something to fit, and are more numbers (two a point) than free parameters."""
    return 0 < varied < 2 * points


def _check_size(spectrum: Spectrum, circuit: Circuit) -> None:
    varied = len(circuit.free_names)
    if can_be_fitted(spectrum.points, varied):
        return
    if varied == 0:
        raise ParameterError(f"{circuit.name}: every parameter is fixed; there is nothing to fit")
    raise FitError(
        f"{spectrum.name}: {spectrum.points} points ({2 * spectrum.points} numbers) cannot determine the "
        f"{varied} parameters of {circuit.name}; use a simpler circuit, or measure more frequencies"
    )


def find_start(task: Task, seed: int) -> tuple[FloatArray, Basin]:
    """Return the coordinates of the best optimum, interchangeable arcs in order, and the search's story."""
    basin = search(task.problem, np.array([task.attainable]), seed=seed).basin(0)
    return pick_end(task, basin), basin


def pick_end(task: Task, basin: Basin) -> FloatArray:
    """Return the coordinates of a search's best end, interchangeable arcs and roles in order."""
    if not np.isfinite(basin.chisqr):
        raise _make_start_error(task.circuit)
    values, _ = order_best_ends(task.problem, basin.ends[np.newaxis], basin.ends_chisqr[np.newaxis])
    return np.asarray(task.coordinates.internal(values)[0])


def _make_start_error(circuit: Circuit) -> FitError:
    reason = "no start value gives a finite impedance"
    if circuit.expressions:
        return make_expressions_error(circuit, reason)
    return FitError(f"{circuit.name}: {reason}; check the fixed values and bounds")


def refit_in_form(task: Task, theta: FloatArray, basin: Basin) -> tuple[FloatArray, float]:
    """Go on from the search's ends in the chosen form and loss; return the best and its noise scale."""
    settings, old = task.settings, task.problem
    weight = settings.form.weights(task.spectrum, settings.weighting)[np.newaxis]
    problem = FormProblem(old.coordinates, old.grid, old.target, weight, old.box, settings.form)
    ends = solve(problem, np.concatenate([theta[np.newaxis], basin.ends[:_MAX_ENDS]])).theta
    if settings.loss == "linear":
        cost, scale = solve(problem, ends).chisqr, np.ones(len(ends))
    else:
        known = settings.weighting == "noise"
        robust = solve_robust(problem, ends, settings.loss, known_noise=known)
        ends, cost, scale = robust.theta, robust.cost, robust.scale
    best = int(np.argmax(cost <= np.nanmin(cost) * (1 + 1e-6)))  # the first: its arcs are in order
    return ends[best], float(scale[best])


def make_expressions_error(circuit: Circuit, reason: str) -> FitError:
    """Return the error for expressions whose values cannot be fitted."""
    given = ", ".join(f"{name} = {e.text}" for name, e in circuit.expressions.items())
    return FitError(
        f"{circuit.name}: the expressions ({given}) lead to values that cannot be fitted: {reason}"
    )

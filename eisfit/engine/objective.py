"""What a fit minimises: the form of the data that is compared, its weights, and the loss.

The forms are analytic functions g of the impedance, so that one complex residual and one factor for the exact
Jacobian serve them all, residual = g(Z_model) - g(Z_measured) and d residual = g'(Z_model) dZ_model:

=============  =============================  ======  =======================================================
impedance      g = Z                          1       weights as in `eisfit.spectra.noise`
admittance     g = 1/Z                        -1/Z^2  the same rules for Y = 1/Z; noise becomes noise / |Z|^2
modulus_phase  g = ln Z = ln|Z| + j arg Z     1/Z     an error of Z, divided by |Z|: relative, and radians
=============  =============================  ======  =======================================================

The loss is scipy's: rho(r^2) with rho(z) = z (linear), 2 (sqrt(1 + z) - 1) (soft_l1), Huber's, ln(1 + z)
(cauchy), of residuals divided by a scale; see `eisfit.engine.robust`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.coordinates import Coordinates
from eisfit.engine.solver import Problem
from eisfit.errors import UsageError, did_you_mean
from eisfit.model.elements import FrequencyGrid
from eisfit.records import dataclass
from eisfit.spectra import WEIGHTING
from eisfit.spectra.noise import compute_weights
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.quantiles import f_above

LOSSES = ("linear", "soft_l1", "huber", "cauchy")
_HUGE = 1e60
_PERFECT, _DOUBTFUL = 1.1, 1.25  # times the attainable chisqr: what any noise leaves, and what none does
_EXCEEDANCE = 1e-3


@dataclass(frozen=True)
class Representation:
    """One form g(Z) in which model and data are compared.

    Attributes
    ----------
    name
        See the table above.
    residual
        (model, measured) impedance -> g(model) - g(measured).
    slope
        Impedance -> g'(Z).
    """

    name: str
    residual: Callable[[ComplexArray, ComplexArray], ComplexArray]
    slope: Callable[[ComplexArray], ComplexArray]

    def __reduce__(self) -> tuple[Any, ...]:
        return _get_representation, (self.name,)  # functions of their own cannot be pickled

    def weights(self, spectrum: Spectrum, weighting: str) -> FloatArray:
        """Return the weights (2F,) of the real and imaginary parts of g in turn."""
        if self.name == "admittance":
            noise = None if spectrum.noise is None else spectrum.noise / np.abs(spectrum.impedance) ** 2
            compute_weights(spectrum, weighting)  # refuses a zero impedance and an unknown weighting
            return compute_weights(spectrum.replace(impedance=1 / spectrum.impedance, noise=noise), weighting)
        if self.name == "modulus_phase":
            if weighting == "proportional":
                raise UsageError(
                    "weighting 'proportional' has no meaning for modulus and phase; use 'modulus' "
                    "(a constant relative error, the same in radians)"
                )
            modulus = np.abs(spectrum.impedance)
            return np.asarray(compute_weights(spectrum, weighting) * np.repeat(modulus, 2))
        return compute_weights(spectrum, weighting)


REPRESENTATIONS: Mapping[str, Representation] = {
    form.name: form
    for form in (
        Representation("impedance", lambda z, target: z - target, np.ones_like),
        Representation("admittance", lambda z, target: 1 / z - 1 / target, lambda z: -1 / z**2),
        # The logarithm of the ratio: a phase beyond 180 degrees has no jump next to the measured one.
        Representation("modulus_phase", lambda z, target: np.log(z / target), lambda z: 1 / z),
    )
}


def _get_representation(name: str) -> Representation:
    return REPRESENTATIONS[name]


@dataclass(frozen=True)
class Settings:
    """How a spectrum is fitted; every name is checked.

    Raises
    ------
    UsageError
        For an unknown loss or representation.
    """

    weighting: str = WEIGHTING
    loss: str = "linear"
    representation: str = "impedance"

    def __post_init__(self) -> None:
        _require_known("loss", self.loss, LOSSES)
        _require_known("representation", self.representation, tuple(REPRESENTATIONS))

    @property
    def form(self) -> Representation:
        """The form of the data."""
        return REPRESENTATIONS[self.representation]

    @property
    def plain(self) -> bool:
        """Whether this is least squares on the impedance, which the search itself minimises."""
        return self.loss == "linear" and self.representation == "impedance"

    def search_weights(self, spectrum: Spectrum) -> FloatArray:
        """Return weights (2F,) of the impedance, 1/ohm, that are the chosen form's to first order."""
        chosen = self.form.weights(spectrum, self.weighting)
        if self.representation == "impedance":
            return chosen
        both = np.sqrt(np.mean(chosen.reshape(-1, 2) ** 2, axis=1))  # g' turns the parts into each other
        return np.repeat(both * np.abs(self.form.slope(spectrum.impedance)), 2)


def _require_known(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        near = did_you_mean(name, names) or f"; there are {', '.join(names)}"
        raise UsageError(f"no {what} is called {name!r}{near}")


@dataclass(frozen=True, eq=False, repr=False)
class FormProblem(Problem):
    """A `Problem` of the solver in another form than impedance; `weight` belongs to the form."""

    form: Representation = REPRESENTATIONS["impedance"]

    @classmethod
    def of_spectra(
        cls, coordinates: Coordinates, spectra: Sequence[Spectrum], settings: Settings
    ) -> FormProblem:
        """Return that of spectra with equally many points, in the box of the coordinates."""
        omega, target = stack_spectra(spectra)
        weight = np.array([settings.form.weights(one, settings.weighting) for one in spectra])
        return cls(coordinates, FrequencyGrid(omega), target, weight, form=settings.form)

    def evaluate(self, theta: FloatArray, buffer: ComplexArray) -> tuple[FloatArray, FloatArray]:
        """Return the weighted residual (B, 2F) and Jacobian (B, V, 2F); see `Problem.evaluate`."""
        slopes = buffer[: theta.shape[0]]
        values = self.coordinates.physical(theta)
        z = self.coordinates.circuit.evaluate(self.grid, values, slopes)
        by_theta = self.coordinates.apply_chain_rule(slopes, values, theta)
        by_theta *= self.form.slope(z)[:, np.newaxis, :]
        jacobian = by_theta.view(np.float64)
        jacobian *= self.weight[:, np.newaxis, :]
        residual = np.ascontiguousarray(self.form.residual(z, self.target)).view(np.float64)
        return residual * self.weight, jacobian


def stack_spectra(spectra: Sequence[Spectrum]) -> tuple[FloatArray, ComplexArray]:
    """Return omega, (F,) where it is the same for all, else (B, F), and impedances (B, F)."""
    omega = np.array([one.omega for one in spectra])
    same = bool((omega == omega[0]).all())
    return omega[0] if same else omega, np.array([one.impedance for one in spectra])


class Objective:
    """lmfit's residual and Jacobian by the varied parameters, from one evaluation for both.

    Parameters
    ----------
    problem
        Of one spectrum.
    varied
        Columns of the parameters that vary.
    form, weight
        The form compared and its weights (2F,).
    """

    def __init__(self, problem: Problem, varied: list[int], form: Representation, weight: FloatArray) -> None:
        self.problem = problem
        self.varied = varied
        self.form = form
        self.weight = weight
        self.names = problem.coordinates.circuit.names
        self.slopes = problem.buffer(1)
        self.at: FloatArray | None = None
        self.residual_vector: FloatArray = np.empty(0)
        self.matrix: FloatArray = np.empty(0)

    def _evaluate(self, params: Any) -> None:
        values = np.array([[params[name].value for name in self.names]])
        if self.at is not None and np.array_equal(values, self.at):
            return
        problem = self.problem
        z = problem.coordinates.circuit.evaluate(problem.grid, values, self.slopes)
        problem.coordinates.add_chain_of_expressions(self.slopes, values)
        difference = self.form.residual(z, problem.target)
        residual = np.ascontiguousarray(difference).view(np.float64)[0] * self.weight
        slopes = self.slopes[:, self.varied]
        if self.form.name != "impedance":
            slopes *= self.form.slope(z)[:, np.newaxis, :]
        jacobian = slopes.view(np.float64)[0] * self.weight
        # A step to where the circuit has no finite impedance is answered with a wall, not with a NaN.
        self.residual_vector = np.nan_to_num(residual, nan=_HUGE, posinf=_HUGE, neginf=-_HUGE)
        self.matrix = np.nan_to_num(jacobian.T, posinf=_HUGE, neginf=-_HUGE)
        self.at = values

    def residual(self, params: Any) -> FloatArray:
        """Return the weighted residual (2F,), the caller's own: scipy's robust losses scale it in place."""
        self._evaluate(params)
        return self.residual_vector.copy()

    def jacobian(self, params: Any) -> FloatArray:
        """Return its derivatives (2F, V) by the varied parameters, the caller's own as well."""
        self._evaluate(params)
        return self.matrix.copy()


@lru_cache(maxsize=64)
def compute_noise_ceiling(points: int, columns: int, parameters: int) -> float:
    """Return the ratio of chisqr to the attainable one that noise alone exceeds once in a thousand times.

    The attainable chisqr is that of a ladder (`eisfit.spectra.noise`), scaled to all numbers. A circuit of
    fewer parameters leaves more; that, over what the ladder leaves, is Fisher's F.

    Parameters
    ----------
    points
        Of the sweep.
    columns
        Of the ladder.
    parameters
        Of the circuit.

    Examples
    --------
    >>> round(compute_noise_ceiling(60, 27, 8), 2)
    1.2
    """
    left, fewer = 2 * points - columns, columns - parameters
    low, high = _PERFECT, _DOUBTFUL
    if left < 2 or fewer < 1:
        return low
    for _ in range(12):
        middle = 0.5 * (low + high)
        ratio = (middle * 2 * points / left - 1) * left / fewer
        low, high = (middle, high) if f_above(fewer, left, ratio) > _EXCEEDANCE else (low, middle)
    return low

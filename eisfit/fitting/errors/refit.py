"""A finished fit as a problem of the solver again, from which profiles, bootstrap and sampling start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs_order import are_arcs_in_order
from eisfit.engine.coordinates import Box, Coordinates, PlainCoordinates, Scales
from eisfit.engine.objective import FormProblem, Settings
from eisfit.fitting.result import FitResult
from eisfit.records import dataclass


@dataclass(frozen=True, eq=False, repr=False)
class Refit:
    """A fit made ready to be repeated.

    Attributes
    ----------
    result, settings
        The fit, and how it was made.
    problem
        In the fit's own form, weights and data.
    theta
        (V,) the optimum in the coordinates of `problem`.
    """

    result: FitResult
    settings: Settings
    problem: FormProblem
    theta: FloatArray

    @classmethod
    def of(cls, result: FitResult, *, plain: bool = False) -> Refit:
        """Build the problem of a result; `plain`: a Q moves as Q, not as the time constant of its arc."""
        settings = Settings(result.weighting, result.loss, result.representation)
        spectrum = result.spectrum
        kind = PlainCoordinates if plain else Coordinates
        coordinates = kind(result.circuit, Scales.of(spectrum.omega, spectrum.impedance))
        problem = FormProblem.of_spectra(coordinates, [spectrum], settings)
        if not plain:
            problem = replace(problem, box=Box.search(coordinates, spectrum.omega, problem.target))
        values = np.array([[result.values[name] for name in result.circuit.names]])
        return cls(result, settings, problem, problem.bounds.clip(coordinates.internal(values))[0])

    @property
    def optima(self) -> FloatArray:
        """Coordinates (k, V) of the optimum and of the alternatives that the data allows too.

        Not of those that have the arcs against the order of their roles, where the optimum has them in it:
        they are another naming (flag `roles_decide`), and an interval would hold R_sei in that of R_ct.
        """
        circuit = self.result.circuit
        rivals = [one["values"] for one in self.result.alternatives if not one.get("departs")]
        rows = [[values[name] for name in circuit.names] for values in (self.result.values, *rivals)]
        values = np.array(rows)
        ordered = are_arcs_in_order(circuit, values)
        others = values[1:][ordered[1:] | ~ordered[0]]
        theta = self.problem.bounds.clip(self.problem.coordinates.internal(others))
        return np.concatenate([self.theta[np.newaxis], theta])

    @property
    def chisqr(self) -> float:
        """What the optimum leaves."""
        residual = self.evaluate(self.theta[np.newaxis])[0][0]
        return float(residual @ residual)

    def noise(self, chisqr: float) -> float:
        """Return the variance of weighted residuals by the chisqr of the optimum, 1 where it is measured."""
        rescaled = self.result.covariance_rescaled
        return chisqr / max(self.result.statistics.nfree, 1) if rescaled else 1.0

    @property
    def free_names(self) -> tuple[str, ...]:
        """Names of the coordinates, in order."""
        return tuple(self.result.circuit.names[k] for k in self.problem.coordinates.free)

    def evaluate(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return weighted residuals (B, 2F) and Jacobian (B, V, 2F) at theta (B, V)."""
        with np.errstate(all="ignore"):
            return self.problem.evaluate(theta, self.problem.buffer(theta.shape[0]))

    def covariance(self) -> FloatArray:
        """Return (J J^T)^-1 (V, V) at the optimum, not rescaled; zero for coordinates at the box's edge."""
        jacobian = self.evaluate(self.theta[np.newaxis])[1][0]
        edges = self.problem.bounds
        inside = np.flatnonzero((self.theta > edges.low[0] + 1e-9) & (self.theta < edges.high[0] - 1e-9))
        size = np.sqrt(np.sum(jacobian[inside] ** 2, axis=1)) + 1e-300
        scaled = jacobian[inside] / size[:, np.newaxis]
        found = np.zeros((self.theta.size, self.theta.size))
        inverse = np.linalg.pinv(scaled @ scaled.T, hermitian=True)
        with np.errstate(all="ignore"):  # a coordinate without any effect has an infinite variance
            found[np.ix_(inside, inside)] = inverse / np.outer(size, size)
        return found

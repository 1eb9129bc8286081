"""How probable a structure is: Laplace's approximation of its evidence, from the exact Jacobian.

    ln p = -chi2 / 2 - d' S d / 2 - ln det(1 + S^-1 H) / 2 + ln(orders) + ln(prior of the structure)

chi2 is in units of the known noise, H = J' J the curvature at the optimum, d how far the optimum stands from
the centre of the parameters' prior and S the inverse covariance of that (D. J. C. MacKay, Neural Computation
4 (1992) 415). The prior of a parameter is a wide Gaussian about the size that the data's own scales give it;
the structure's falls with every parameter and with what is rare. Both are stated in `STRUCTURE` and `Prior`.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.coordinates import Coordinates
from eisfit.engine.solver import Problem
from eisfit.fitting.identify.structures import count_features, count_orders
from eisfit.model.elements.base import UNITS
from eisfit.model.notation import serial_parts
from eisfit.records import dataclass

#: ln of the prior of a structure, for each parameter, nested arc, R-L branch, second diffusion, rarity.
STRUCTURE = {"parameter": -0.8, "nested": -1.5, "loop": -1.5, "second_diffusion": -3.0, "rare": -2.0}
STRUCTURE |= {"no_series": -1.5}  # every cell has a series resistance, though it may not be seen
_AT_BOUND = -3.0
_SPAN = 3.5  # standard deviations in a span that is all but sure to hold the parameter
_DECADE = np.log(10)
_EXPONENTS = {"alpha": (0.8, 0.15), "p": (0.45, 0.06)}
_RATIO = 1.5


@dataclass(frozen=True)
class Prior:
    """Centre and width of ln|Z| and of ln omega in the data."""

    size: float
    size_width: float
    omega: float
    omega_width: float

    @classmethod
    def of(cls, omega: FloatArray, impedance: ComplexArray) -> Prior:
        """Read them off a spectrum."""
        size, rate = np.log(np.abs(impedance)), np.log(omega)
        spread = float(np.ptp(size)) / _SPAN + _DECADE
        return cls(float(np.mean(size)), spread, float(np.mean(rate)), float(np.ptp(rate)) / _SPAN + 0.5)

    def describe_coordinate(self, unit: str, symbol: str, *, time: bool) -> tuple[float, float]:
        """Return mean and standard deviation of a coordinate; `time` where it is an arc's ln tau."""
        if symbol in _EXPONENTS and unit == "":
            return _EXPONENTS[symbol]
        a, seconds, _ = UNITS.get("s" if time else unit, UNITS[""])
        b = -(_EXPONENTS["alpha"][0] if isinstance(seconds, str) else seconds)
        if (a, b) == (0, 0):
            return 0.0, _RATIO
        return a * self.size + b * self.omega, float(np.hypot(a * self.size_width, b * self.omega_width))

    def describe_circuit(self, coordinates: Coordinates) -> tuple[FloatArray, FloatArray]:
        """Return means and standard deviations (V,) of the free coordinates."""
        rows = list(coordinates.circuit.parameters.values())
        times = {q for q, _, _ in coordinates.ties}
        found = [
            self.describe_coordinate(rows[k].unit, rows[k].symbol, time=k in times)
            for k in coordinates.free.tolist()
        ]
        mean, width = np.array(found).T
        return mean, width


def compute_evidence(problem: Problem, theta: FloatArray, prior: Prior, scale: float) -> float:
    """Return ln p of a structure at its optimum, up to a constant that all structures share.

    Parameters
    ----------
    problem
        Of one spectrum.
    theta
        (V,) the optimum.
    scale
        The chisqr that stands for one unit: the square of the noise in the residuals' units.
    """
    coordinates = problem.coordinates
    residual, jacobian = problem.at(theta)
    mean, width = prior.describe_circuit(coordinates)
    from_prior = (theta - mean) / width
    volume = np.log1p(_compute_gains(jacobian, width, scale) ** 2).sum()
    fit = -0.5 * float(residual @ residual) / scale
    return fit - 0.5 * float(from_prior @ from_prior) - 0.5 * float(volume) + _structure_prior(problem, theta)


def _compute_gains(jacobian: FloatArray, width: FloatArray, scale: float) -> FloatArray:
    """Return width of the prior over width of the data along each principal direction.

    They are singular values: of a determinant of 1 + 1e20, rounding may leave nothing.
    """
    scaled = jacobian * width[:, np.newaxis] / np.sqrt(scale)
    return np.asarray(np.linalg.svd(scaled, compute_uv=False))


def _structure_prior(problem: Problem, theta: FloatArray) -> float:
    coordinates = problem.coordinates
    structure = serial_parts(coordinates.circuit.tree)
    found = count_features(structure)
    rows = list(coordinates.circuit.parameters.values())
    limits = (theta <= coordinates.low + 1e-9) | (theta >= coordinates.high - 1e-9)
    bounded = sum(
        bool(limit) and rows[k].symbol != "alpha"
        for limit, k in zip(limits, coordinates.free.tolist(), strict=True)
    )
    return float(
        STRUCTURE["parameter"] * coordinates.size
        + STRUCTURE["nested"] * found["nested"]
        + STRUCTURE["loop"] * found["loop"]
        + STRUCTURE["second_diffusion"] * max(found["diffusion"] - 1, 0)
        + STRUCTURE["rare"] * found["rare"]
        + STRUCTURE["no_series"] * found["no_series"]
        + np.log(count_orders(structure))
        + _AT_BOUND * bounded
    )

"""Fits of a circuit that may depart from itself: `eisfit.fitting.errors.departures.shapes`, to the end.

Parameters and the numbers c of a departure are fitted together, each c with its standard normal prior; the
evidence is Laplace's (D. J. C. MacKay, Neural Comput. 4 (1992) 415), the noise that of restricted likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.coordinates import Box, Coordinates, Scales
from eisfit.engine.solver import Problem, solve
from eisfit.fitting.errors.departures.linearised import Linearised, invert
from eisfit.fitting.errors.departures.shapes import Change, Departure, Reshaped, Together
from eisfit.model.elements import FrequencyGrid
from eisfit.records import Columns, dataclass

_ITERATIONS = (6, 12)  # before and after the noise is estimated again
_SOLVER: dict[str, Any] = {"tolerance": 1e-5, "damping": 1e-3, "engine": "numpy"}
MAX_SIZE = 3.0  # a parameter moves from the fit, as a logarithm
_MAX_ITERATIONS = 12.0  # standard deviations
_HOPELESS = 40.0  # of the log evidence, behind the best departure: those go no further than the first steps
_AT_ONCE = 256  # rows
_SMALL = 8  # numbers: departures of no more go together, each with numbers that change nothing


@dataclass(frozen=True, eq=False, repr=False)
class Departed(Columns):
    """Fits with a departure.

    `evidence` (B,) is the logarithm, to one common constant; `variance` (B,) the noise's, and `left` (B,) the
    residual's sum of squares, in units of the weights; `shift` (B, V) from the fit without a departure;
    `covar` (B, V, V), noise and departure together.
    """

    evidence: FloatArray
    variance: FloatArray
    left: FloatArray
    shift: FloatArray
    covar: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class _Part:
    """A departure by itself, and the place (D,) of its first number in each of D departures, or -1."""

    departure: Departure
    first: IntArray

    @classmethod
    def all_of(cls, departures: Sequence[Departure]) -> list[_Part]:
        """Return the parts of departures, each once."""
        first: dict[int, tuple[Departure, IntArray]] = {}
        for k, whole in enumerate(departures):
            place = 0
            for one in whole.parts if isinstance(whole, Together) else (whole,):
                row = first.setdefault(id(one), (one, np.full(len(departures), -1)))[1]
                row[k], place = place, place + one.count
        return [cls(*part) for part in first.values()]


@dataclass(frozen=True, eq=False, repr=False)
class _Problem(Problem):
    """Coordinates (B, V + K): those of the circuit, then the numbers of the departure, which have a prior.

    `which` (B,) of the departures each row has; one of fewer than K numbers leaves the last alone. `parts`
    are the departures taken apart: what several have in common is worked out once for all their rows.
    """

    parts: Sequence[_Part] = ()
    which: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    def rows(self, chosen: IntArray) -> _Problem:
        """Return the problem of some rows."""
        box = None if self.box is None else self.box.take(chosen)
        arrays = {name: getattr(self, name)[chosen] for name in ("target", "weight", "which")}
        return replace(self, box=box, **arrays)

    @cached_property
    def _places(self) -> list[list[tuple[Departure, IntArray, IntArray]]]:
        """Parts, the rows (b,) that have each, and there the places (b, k) of its numbers; by their form."""
        found: dict[int, list[tuple[Departure, IntArray, IntArray]]] = {}
        for part in self.parts:
            first = part.first[self.which]
            row = np.flatnonzero(first >= 0)
            if row.size:
                one = part.departure
                form = one.form if isinstance(one, Reshaped) else one
                places = first[row, np.newaxis] + np.arange(one.count)
                found.setdefault(id(form), []).append((one, row, places))
        return list(found.values())

    def evaluate(self, theta: FloatArray, buffer: ComplexArray) -> tuple[FloatArray, FloatArray]:
        """Return the residual (B, 2F), over the noise, and its Jacobian (B, V + K, 2F), without the prior."""
        inner = self.coordinates.size
        values = self.coordinates.physical(theta[:, :inner])
        z, slopes = self.compute_impedance(values, theta[:, inner:])
        own = values.shape[1]
        by_theta = self.coordinates.apply_chain_rule(slopes[:, :own], values, theta[:, :inner])
        if inner < own:
            slopes = np.concatenate([by_theta, slopes[:, own:]], axis=1)
        return self.weigh(z, slopes)

    def products(self, theta: FloatArray, buffer: ComplexArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what `Problem.products` does, with the prior of the numbers."""
        cost, normal, gradient = super().products(theta, buffer)
        inner = self.coordinates.size
        cost += np.sum(theta[:, inner:] ** 2, axis=1)
        gradient[:, inner:] += theta[:, inner:]
        np.einsum("bii->bi", normal)[:, inner:] += 1
        return cost, normal, gradient

    def compute_impedance(self, values: FloatArray, c: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        """Return Z (B, F), and dZ/dp and behind it dZ/dc (B, P + K, F)."""
        own, shape = values.shape[1], (len(values), values.shape[1] + c.shape[1], self.target.shape[1])
        whole = np.empty(shape, dtype=np.complex128)
        slopes, by_numbers = whole[:, :own], whole[:, own:]
        by_numbers[...] = 0.0
        changes = []
        for alike in self._places:
            given = [(one, values[row], c[row[:, np.newaxis], places]) for one, row, places in alike]
            found = _list_changes(given)
            changes += [
                (row, places, x)
                for (_, row, places), of_one in zip(alike, found, strict=True)
                for x in of_one
            ]
        factors: dict[int, ComplexArray] = {}
        for row, _, x in changes:
            k = x.element.columns[0]
            if k not in factors:
                factors[k] = np.ones(self.target.shape, complex)
            factors[k][row] *= x.factor
        z = self.coordinates.circuit.evaluate(self.grid, values, slopes, factors)
        changed = {x.element.place: x.element for *_, x in changes}
        by_logarithm = {k: element.differentiate(values, slopes) for k, element in changed.items()}
        for row, places, x in changes:
            by = by_logarithm[x.element.place][row]
            theirs = places[:, x.first : x.first + x.by_numbers.shape[1]]
            by_numbers[row[:, np.newaxis], theirs] = by[:, np.newaxis] * x.by_numbers
            for k, column in (x.by_parameters or {}).items():
                slopes[row, k] += by * column
        return z, whole

    def weigh(self, z: ComplexArray, slopes: ComplexArray) -> tuple[FloatArray, FloatArray]:
        """Return the residual and the Jacobian, in place of the slopes, in units of the weights."""
        residual = np.ascontiguousarray(z - self.target).view(np.float64) * self.weight
        jacobian = slopes.view(np.float64)
        jacobian *= self.weight[:, np.newaxis, :]
        return residual, jacobian


def _list_changes(alike: Sequence[tuple[Departure, FloatArray, FloatArray]]) -> list[list[Change]]:
    """Return what departures of one form do, each at parameters (b, P) and numbers (b, k)."""
    if len(alike) == 1:
        return [one.changes(values, c) for one, values, c in alike]
    return Reshaped.changes_of([(one, values, c) for one, values, c in alike if isinstance(one, Reshaped)])


def fit_departures(
    fits: Linearised, departures: Sequence[Departure], values: FloatArray | None = None
) -> list[Departed]:
    """Fit departures, one at a time, beside the parameters; in few batches.

    Parameters
    ----------
    fits
        Without a departure.
    departures
        Of the circuit.
    values
        (B, P) to start from, where not those of the fits.
    """
    values, found = fits.values if values is None else values, dict[int, Departed]()
    at_once, sizes = max(1, _AT_ONCE // max(len(values), 1)), [max(one.count, _SMALL) for one in departures]
    for size in sorted(set(sizes)):
        same = [k for k, one in enumerate(sizes) if one == size]
        for first in range(0, len(same), at_once):
            part = same[first : first + at_once]
            trials = _fit_alike([departures[k] for k in part], fits, values)
            found.update(zip(part, trials, strict=True))
    return [found[k] for k in range(len(departures))]


def _fit_alike(same: Sequence[Departure], fits: Linearised, values: FloatArray) -> list[Departed]:
    count, places = len(values), np.tile(np.arange(len(values)), len(same))
    start = _Start.of(fits.rows(places), same, np.repeat(np.arange(len(same)), count), values[places])
    theta, found = start.advance(start.theta, fits.variance[places], _ITERATIONS[0])
    for iterations in _ITERATIONS[1:]:
        evidence = np.nan_to_num(found.evidence, nan=-np.inf).reshape(-1, count)
        near = np.flatnonzero(evidence >= evidence.max(axis=0) - _HOPELESS)
        theta[near], ended = start.rows(near).advance(theta[near], found.variance[near], iterations)
        found.put(near, ended)
    return [found.rows(slice(first, first + count)) for first in range(0, len(places), count)]


def fit_undeparted(fits: Linearised) -> Departed:
    """Return the fits as they are, for comparison."""
    start = _Start.of(fits, (), np.zeros(len(fits.values), dtype=np.intp), fits.values)
    return start.finish(start.theta, fits.variance, known=True)


@dataclass(frozen=True, eq=False, repr=False)
class _Start:
    """What a departure is fitted with: fits, coordinates, box, and where it begins (B, V + K)."""

    fits: Linearised
    parts: Sequence[_Part]
    which: IntArray
    coordinates: Coordinates
    theta: FloatArray
    box: Box

    @classmethod
    def of(
        cls, fits: Linearised, departures: Sequence[Departure], which: IntArray, values: FloatArray
    ) -> _Start:
        coordinates = Coordinates(fits.circuit, Scales.of(fits.omega, fits.target))
        box = Box.search(coordinates, fits.omega, fits.target)
        inside = coordinates.internal(values)
        low = np.where(fits.held, inside, np.maximum(box.low, inside - MAX_SIZE))
        high = np.where(fits.held, inside, np.minimum(box.high, inside + MAX_SIZE))
        numbers = np.zeros((len(values), max((one.count for one in departures), default=0)))
        return cls(
            fits,
            _Part.all_of(departures),
            which,
            coordinates,
            np.concatenate([inside, numbers], axis=1),
            Box(
                np.concatenate([np.minimum(low, inside), numbers - _MAX_ITERATIONS], axis=1),
                np.concatenate([np.maximum(high, inside), numbers + _MAX_ITERATIONS], axis=1),
            ),
        )

    def rows(self, chosen: IntArray) -> _Start:
        """Return some rows."""
        if len(chosen) == len(self.which):
            return self
        fits, which, theta = self.fits.rows(chosen), self.which[chosen], self.theta[chosen]
        return _Start(fits, self.parts, which, self.coordinates, theta, self.box.take(chosen))

    @cached_property
    def grid(self) -> FrequencyGrid:
        return FrequencyGrid(self.fits.omega)

    def problem(self, variance: FloatArray) -> _Problem:
        """Return the problem at a variance (B,) of the noise."""
        weight = self.fits.weight / np.sqrt(variance)[:, np.newaxis]
        of_circuit = self.coordinates, self.grid, self.fits.target, weight, self.box
        return _Problem(*of_circuit, self.parts, self.which)

    def advance(
        self, theta: FloatArray, variance: FloatArray, iterations: int
    ) -> tuple[FloatArray, Departed]:
        """Return where so many steps lead at a variance of the noise, and what the fits say there."""
        found = solve(self.problem(variance), theta, max_iterations=iterations, **_SOLVER).theta
        return found, self.finish(found, variance)

    def finish(self, theta: FloatArray, variance: FloatArray, *, known: bool = False) -> Departed:
        """Return what the fits that end at theta say; of a variance that is not `known`, estimated there."""
        residual, inside = self._measure(theta)
        data, free, inner = self.fits.weight.shape[1], list(self.fits.free), self.coordinates.size
        left = np.sum(residual**2, axis=1)
        if not (known or self.fits.known_noise):
            used = np.einsum("bij,bji->b", invert(self._compute_normal(inside, variance)), inside) / variance
            found = left / np.maximum(data - used, 1.0)  # less the numbers used up
            variance = np.where(np.isfinite(found) & (found > 0), found, variance)
        normal = self._compute_normal(inside, variance)
        _, size = np.linalg.slogdet(normal)
        prior = np.sum(theta[:, inner:] ** 2, axis=1)
        cost = left / variance + prior + data * np.log(variance) + size
        values = self.coordinates.physical(theta[:, :inner])
        unit = self._find_unit(values)
        covar = invert(normal)[:, :inner, :inner] * unit[:, :, np.newaxis] * unit[:, np.newaxis, :]
        covar = covar * ~self.fits.held[:, :, np.newaxis] * ~self.fits.held[:, np.newaxis, :]
        return Departed(-0.5 * cost, variance, left, (values - self.fits.values)[:, free], covar)

    def _measure(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return residuals, and J J^T by ln p or p and by the numbers, in units of the weights."""
        problem, inner = self.problem(np.ones(len(theta))), self.coordinates.size
        values = self.coordinates.physical(theta[:, :inner])
        z, slopes = problem.compute_impedance(values, theta[:, inner:])
        own = values.shape[1]
        self.coordinates.add_chain_of_expressions(slopes[:, :own], values)
        by_free = slopes[:, list(self.fits.free)] * self._find_unit(values)[:, :, np.newaxis]
        by_free = by_free * ~self.fits.held[:, :, np.newaxis]
        residual, jacobian = problem.weigh(z, np.concatenate([by_free, slopes[:, own:]], axis=1))
        inside = jacobian @ jacobian.transpose(0, 2, 1)
        lost = ~np.isfinite(inside).all(axis=(1, 2))  # no finite impedance: without evidence
        inside[lost], residual[lost] = np.eye(inside.shape[1]), np.inf
        return residual, inside

    def _compute_normal(self, inside: FloatArray, variance: FloatArray) -> FloatArray:
        """Return J J^T at a variance of the noise, with the prior."""
        normal, inner = inside / variance[:, np.newaxis, np.newaxis], self.coordinates.size
        diagonal = np.einsum("bii->bi", normal)
        diagonal[:, :inner] += self.fits.held
        diagonal[:, inner:] += 1
        return normal

    def _find_unit(self, values: FloatArray) -> FloatArray:
        """Return what one step of a parameter is (B, V): its value where it moves as a logarithm."""
        free = list(self.fits.free)
        return np.where(self.coordinates.log[free], values[:, free], 1.0)

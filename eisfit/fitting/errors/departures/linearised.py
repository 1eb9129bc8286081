"""Finished fits of any number of spectra to first order: what their errors follow from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, ComplexArray, FloatArray, are_all_rows
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.evaluation.compiled import linearise_rows, uses_compiled_loop
from eisfit.fitting.errors.departures.shapes import list_elements, list_resistors
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.records import dataclass
from eisfit.spectra.noise import repeat_for_parts

_BLOCK = 128  # fits, whose derivatives the processor's cache holds


@dataclass(frozen=True, eq=False, repr=False)
class Linearised:
    """Finished fits of B spectra on one frequency grid, to first order.

    Attributes
    ----------
    circuit, free
        What was fitted, and the columns (V,) of its free parameters.
    omega
        (F,) rad/s.
    target, values, held
        Measured Z (B, F), ohm; all parameters (B, P); which free ones (B, V) are held at a bound.
    residual, weight
        (B, 2F) weighted, and 1/ohm.
    inverse
        (J J^T)^-1 (B, V, V) of `jacobian`: zero for parameters held at a bound.
    nfree
        (B,) numbers measured less parameters fitted.
    known_noise
        Whether the weights are those of a known noise: its variance is then 1.
    """

    circuit: Circuit
    free: tuple[int, ...]
    omega: FloatArray
    target: ComplexArray
    values: FloatArray
    held: BoolArray
    residual: FloatArray
    weight: FloatArray
    inverse: FloatArray
    nfree: NDArray[np.intp]
    known_noise: bool
    _jacobian: FloatArray | None = None
    _beyond: FloatArray | None = None
    _amplitudes: ComplexArray | None = None

    def rows(self, chosen: NDArray[np.intp]) -> Linearised:
        """Return some rows; all of them in their order are the fits themselves."""
        if are_all_rows(chosen, len(self.values)):
            return self
        names = ("target", "values", "held", "residual", "weight", "inverse", "nfree", "_jacobian", "_beyond")
        arrays: dict[str, Any] = {
            n: None if (array := getattr(self, n)) is None else array[chosen] for n in names
        }
        known = self._amplitudes
        if known is None and len(chosen) >= len(self.values):  # several times the same
            known = self.by_amplitude
        return replace(self, **arrays, _amplitudes=None if known is None else known[chosen])

    @cached_property
    def jacobian(self) -> FloatArray:
        """(B, V, 2F) weighted: zero for parameters held at a bound. Of many fits it is asked of few."""
        return _evaluate(self)[1] if self._jacobian is None else self._jacobian

    @cached_property
    def by_amplitude(self) -> ComplexArray:
        """(B, E, F) derivative by the logarithm of the impedance of every element that may depart, ohm.

        It is asked for of few fits of many.
        """
        if self._amplitudes is not None:
            return self._amplitudes
        slopes = np.empty((*self.values.shape, self.omega.size), dtype=np.complex128)
        with np.errstate(all="ignore"):
            self.circuit.evaluate(FrequencyGrid(self.omega), self.values, slopes)
        found = [
            e.differentiate(self.values, slopes)
            for e in (*list_elements(self.circuit), *list_resistors(self.circuit))
        ]
        empty = np.zeros((len(slopes), 0, self.omega.size), dtype=np.complex128)
        return np.stack(found, axis=1) if found else empty

    @cached_property
    def modulus(self) -> FloatArray:
        """(B, F) measured |Z|, ohm."""
        return np.abs(self.target)

    @cached_property
    def relative(self) -> ComplexArray:
        """(B, F) residual over |Z|."""
        size = self.weight * repeat_for_parts(self.modulus)
        return np.asarray(np.divide(self.residual, size, out=size).view(np.complex128))

    @property
    def of_relative_noise(self) -> Linearised:
        """The same fits weighted for a noise in proportion to |Z|; as they are where the noise is known."""
        of_point = 1 / self.modulus
        same = (self.weight[:, ::2] == of_point).all() and (self.weight[:, 1::2] == of_point).all()
        if self.known_noise or same:
            return self
        weight = repeat_for_parts(of_point)
        factor = weight / self.weight
        jacobian = self.jacobian * factor[:, np.newaxis, :]
        return replace(
            self,
            residual=self.residual * factor,
            weight=weight,
            inverse=_invert_normal(jacobian, self.held),
            _jacobian=jacobian,
            _beyond=None,
        )

    def inverse_for(self, power: FloatArray) -> FloatArray:
        """Return what `inverse` is where the noise goes with |Z|^power (B,); as it is where that is NaN.

        (J J^T)^-1 J V J^T (J J^T)^-1 with V the variance of the weighted residuals over `unexplained`: what
        least squares have with other weights than the noise's (H. White, Econometrica 48 (1980) 817).
        """
        told = np.flatnonzero(np.isfinite(power))
        if self.known_noise or not told.size:
            return self.inverse
        part, found = self.rows(told), self.inverse.copy()
        size = np.repeat(part.modulus ** power[told, np.newaxis], 2, axis=1) * part.weight
        level = np.sum((part.residual / size) ** 2, axis=1) / np.maximum(part.nfree, 1)
        spread = size * np.sqrt(level / part.unexplained)[:, np.newaxis]
        root = part.inverse @ (part.jacobian * spread[:, np.newaxis, :])
        found[told] = root @ root.transpose(0, 2, 1)
        return found

    @property
    def beyond_parameters(self) -> Linearised:
        """The same fits without what a change of the parameters would still take off their residuals."""
        if self._beyond is not None:
            return replace(self, residual=self._beyond)
        step = self.inverse @ (self.jacobian @ self.residual[:, :, np.newaxis])
        return replace(self, residual=self.residual - (step.transpose(0, 2, 1) @ self.jacobian)[:, 0])

    @cached_property
    def chisqr(self) -> FloatArray:
        """(B,) sum of squares of the residual."""
        return np.asarray(np.einsum("bf,bf->b", self.residual, self.residual))

    @property
    def unexplained(self) -> FloatArray:
        """(B,) `chisqr` over its degrees of freedom."""
        return np.asarray(self.chisqr / np.maximum(self.nfree, 1))

    @property
    def variance(self) -> FloatArray:
        """(B,) of the noise in the residuals: 1 where it is known, else what is left."""
        return np.ones(len(self.values)) if self.known_noise else self.unexplained


def linearise(
    circuit: Circuit,
    omega: FloatArray,
    target: ComplexArray,
    weight: FloatArray,
    values: FloatArray,
    *,
    free: Sequence[int],
    held: BoolArray,
    known_noise: bool,
    coordinates: Coordinates | None = None,
) -> Linearised:
    """Return fits at their optima to first order.

    Parameters
    ----------
    circuit, omega, target, weight
        What was fitted: omega (F,), impedance (B, F), weights (B, 2F).
    values
        (B, P).
    free, held
        Columns (V,) of the fitted parameters, and which (B, V) are held at a bound.
    known_noise
        Whether the weights are those of a known noise.
    coordinates
        Of the search, where there was one: what is compiled for that serves here too.
    """
    empty = np.zeros(0)
    nfree = weight.shape[1] - np.sum(~held, axis=1)
    of_fits = circuit, tuple(free), omega, target, values, held
    found = Linearised(*of_fits, empty, weight, empty, nfree, known_noise)
    rows, points = target.shape
    if coordinates is not None and not held.any() and uses_compiled_loop(coordinates, rows, points, None):
        described = _read_compiled(found, coordinates)
        if described is not None:
            return described
    residual, jacobian = _evaluate(found)
    return replace(found, residual=residual, inverse=_invert_normal(jacobian, held), _jacobian=jacobian)


def _read_compiled(fits: Linearised, coordinates: Coordinates) -> Linearised | None:
    """Return fits with what the compiled loop knows of them; None where a fit is not determined."""
    theta = coordinates.internal(fits.values)
    grid = FrequencyGrid(fits.omega)
    residual, beyond, by_theta = linearise_rows(coordinates, grid, fits.target, fits.weight, theta)
    if not np.isfinite(beyond).all():
        return None
    slopes = coordinates.differentiate(fits.values, theta)
    inverse = slopes @ by_theta @ slopes.transpose(0, 2, 1)
    return replace(fits, residual=residual, inverse=inverse, _beyond=beyond)


def _evaluate(fits: Linearised) -> tuple[FloatArray, FloatArray]:
    """Return the weighted residual (B, 2F) and Jacobian (B, V, 2F) of fits."""
    circuit, target, weight, values = fits.circuit, fits.target, fits.weight, fits.values
    grid, slopes = FrequencyGrid(fits.omega), np.empty((*values.shape, fits.omega.size), dtype=np.complex128)
    difference = np.empty(target.shape, dtype=np.complex128)
    chained = Coordinates(circuit, Scales.of(fits.omega, target)) if circuit.expressions else None
    for first in range(0, len(values), _BLOCK):
        rows = slice(first, first + _BLOCK)
        difference[rows] = circuit.evaluate(grid, values[rows], slopes[rows]) - target[rows]
        if chained is not None:
            chained.add_chain_of_expressions(slopes[rows], values[rows])
        weighed = slopes[rows].view(np.float64)
        weighed *= weight[rows, np.newaxis, :]
    by_free = slopes if len(fits.free) == slopes.shape[1] else slopes[:, list(fits.free)]
    jacobian = by_free.view(np.float64)
    if fits.held.any():
        jacobian *= ~fits.held[:, :, np.newaxis]
    return difference.view(np.float64) * weight, jacobian


def _invert_normal(jacobian: FloatArray, held: BoolArray) -> FloatArray:
    """Return (J J^T)^-1 (B, V, V) of Jacobians (B, V, 2F): zero where held, NaN where singular."""
    normal = jacobian @ jacobian.transpose(0, 2, 1)
    if not held.any():
        return _invert_scaled(normal)
    loose = ~held[:, :, np.newaxis] & ~held[:, np.newaxis, :]
    normal *= loose
    np.einsum("bii->bi", normal)[...] += held
    return np.asarray(_invert_scaled(normal) * loose)


def _invert_scaled(normal: FloatArray) -> FloatArray:
    """Return the inverses of J J^T (B, V, V), each parameter in its own size."""
    size = np.sqrt(np.einsum("bii->bi", normal))
    size = np.where(size > 0, size, 1.0)
    both = size[:, :, np.newaxis] * size[:, np.newaxis, :]
    return np.asarray(invert(normal / both) / both)


def invert(normal: FloatArray) -> FloatArray:
    """Return the inverses of matrices (B, V, V): NaN where singular."""
    try:
        return np.asarray(np.linalg.inv(normal))
    except np.linalg.LinAlgError:
        singular = np.linalg.cond(normal) > 1e14
        inverse = np.linalg.inv(
            np.where(singular[:, np.newaxis, np.newaxis], np.eye(normal.shape[1]), normal)
        )
        inverse[singular] = np.nan
        return inverse

"""Finished fits of any number of spectra to first order: what their errors follow from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, ComplexArray, FloatArray
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.fitting.errors.departures.shapes import elements, resistors
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.records import dataclass

__all__ = ["Linearised", "inverted", "linearise"]


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
    jacobian, inverse
        (B, V, 2F) weighted, and (J J^T)^-1 (B, V, V): zero for parameters held at a bound.
    by_amplitude
        (B, E, F) derivative by the logarithm of the impedance of every element that may depart, ohm.
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
    jacobian: FloatArray
    inverse: FloatArray
    by_amplitude: ComplexArray
    nfree: NDArray[np.intp]
    known_noise: bool

    def rows(self, chosen: NDArray[np.intp]) -> Linearised:
        """Return some rows; all of them in their order are the fits themselves."""
        if np.array_equal(chosen, np.arange(len(self.values))):
            return self
        names = ("target", "values", "held", "residual", "weight", "jacobian", "inverse", "nfree")
        arrays = {name: getattr(self, name)[chosen] for name in (*names, "by_amplitude")}
        return replace(self, **arrays)

    @property
    def modulus(self) -> FloatArray:
        """(B, F) measured |Z|, ohm."""
        return np.abs(self.target)

    @property
    def relative(self) -> ComplexArray:
        """(B, F) residual over |Z|."""
        return np.asarray((self.residual / self.weight).view(np.complex128) / self.modulus)

    @property
    def of_relative_noise(self) -> Linearised:
        """The same fits weighted for a noise in proportion to |Z|; as they are where the noise is known."""
        weight = np.repeat(1 / self.modulus, 2, axis=1)
        if self.known_noise or np.array_equal(weight, self.weight):
            return self
        factor = weight / self.weight
        jacobian = self.jacobian * factor[:, np.newaxis, :]
        return replace(
            self,
            residual=self.residual * factor,
            weight=weight,
            jacobian=jacobian,
            inverse=_inverse(jacobian, self.held),
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
        made_up = np.einsum("bvf,bf->bv", self.jacobian, self.residual)
        step = np.einsum("bvw,bw->bv", self.inverse, made_up)
        return replace(self, residual=self.residual - np.einsum("bvf,bv->bf", self.jacobian, step))

    @property
    def unexplained(self) -> FloatArray:
        """(B,) sum of squares of the residual over its degrees of freedom."""
        return np.asarray(np.sum(self.residual**2, axis=1) / np.maximum(self.nfree, 1))


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
    """
    slopes = np.empty((*values.shape, omega.size), dtype=np.complex128)
    z = circuit.evaluate(FrequencyGrid(omega), values, slopes)
    by_amplitude = _by_amplitude(circuit, values, slopes)
    if circuit.expressions:
        Coordinates(circuit, Scales.of(omega, target)).chain_expressions(slopes, values)
    difference = np.ascontiguousarray(z - target)
    by_free = slopes if len(free) == slopes.shape[1] else slopes[:, list(free)]
    jacobian = by_free.view(np.float64)
    jacobian *= weight[:, np.newaxis, :]
    if held.any():
        jacobian *= ~held[:, :, np.newaxis]
    return Linearised(
        circuit=circuit,
        free=tuple(free),
        omega=omega,
        target=target,
        values=values,
        held=held,
        residual=difference.view(np.float64) * weight,
        weight=weight,
        jacobian=jacobian,
        inverse=_inverse(jacobian, held),
        by_amplitude=by_amplitude,
        nfree=weight.shape[1] - np.sum(~held, axis=1),
        known_noise=known_noise,
    )


def _by_amplitude(circuit: Circuit, values: FloatArray, slopes: ComplexArray) -> ComplexArray:
    """Return dZ/d ln Z_e (B, E, F) of all that may depart, from dZ/dp (B, P, F) and p (B, P)."""
    found = [e.by_logarithm(values, slopes) for e in (*elements(circuit), *resistors(circuit))]
    return np.stack(found, axis=1) if found else np.zeros((len(values), 0, slopes.shape[2]), dtype=complex)


def _inverse(jacobian: FloatArray, held: BoolArray) -> FloatArray:
    """Return (J J^T)^-1 (B, V, V) of Jacobians (B, V, 2F): zero where held, NaN where singular."""
    loose = ~held
    normal = jacobian @ jacobian.transpose(0, 2, 1)
    size = np.sqrt(np.einsum("bii->bi", normal))
    size = np.where((size > 0) & loose, size, 1.0)
    both = size[:, :, np.newaxis] * size[:, np.newaxis, :]
    normal = normal / both * (loose[:, :, np.newaxis] & loose[:, np.newaxis, :])
    np.einsum("bii->bi", normal)[...] += held
    inverse = inverted(normal)
    inverse *= loose[:, :, np.newaxis] & loose[:, np.newaxis, :]
    return np.asarray(inverse / both)


def inverted(normal: FloatArray) -> FloatArray:
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

"""The optima of many spectra on one frequency grid, in one batch, with the rows that are settled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.arcs_order import order_arcs
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.optima import order_best_ends
from eisfit.engine.search import search
from eisfit.engine.solver import Problem, solve
from eisfit.engine.starts.neighbours import EarlierSpectra
from eisfit.engine.task import can_be_fitted
from eisfit.fitting.many.errors_and_flags import Optima
from eisfit.model.circuit import Circuit
from eisfit.spectra.noise import attainable_of_many
from eisfit.spectra.spectrum import Spectrum


def find_optima(
    spectra: Sequence[Spectrum],
    target: ComplexArray,
    circuit: Circuit,
    weighting: str,
    weight: FloatArray,
    *,
    seed: int = 0,
    known: EarlierSpectra | None = None,
) -> tuple[IntArray, Optima | None]:
    """Return the optima of spectra on one frequency grid, and which rows they are of.

    Parameters
    ----------
    spectra, target, circuit, weighting
        What to fit; their impedance (B, F), ohm.
    weight
        (B, 2F), 1/ohm.
    seed
        Of the random starts.
    known
        Of earlier lots on the same frequency grid; this one's are added.
    """
    omega = spectra[0].omega
    problem = Problem.of(circuit, omega, target, weight)
    coordinates = problem.coordinates
    # An amplitude that may be negative is judged by `eisfit.fit`: the columns here know no such bounds.
    if coordinates.signed or not can_be_fitted(omega.size, coordinates.size):
        return np.arange(0), None
    attainable = attainable_of_many(omega, target, weight)
    found = search(problem, attainable, seed=seed, known=known)
    values, best = order_best_ends(problem, found.theta, found.chisqr)
    converged = found.fine[np.arange(len(best)), best]
    open_ = np.flatnonzero(~converged)
    if open_.size:
        theta = coordinates.internal(values[open_])
        end = solve(problem.rows(open_), theta, tolerance=1e-13, damping=1e-8, max_iterations=100)
        values[open_], converged[open_] = order_arcs(circuit, coordinates.physical(end.theta)), end.converged
    rows = np.flatnonzero(converged & _are_inside(coordinates, omega, target, values))
    search_ends = found.starts, found.agreed, problem, found.theta, found.chisqr
    optima = Optima(circuit, spectra, weighting, weight, values, attainable, *search_ends)
    return rows, optima.rows(rows) if rows.size else None


def _are_inside(
    coordinates: Coordinates, omega: FloatArray, target: NDArray[np.complex128], values: FloatArray
) -> NDArray[np.bool_]:
    """Return the rows (B,) that are finite and at no bound but that of a free linear parameter."""
    tight = Scales.common(omega, target)
    inside = np.asarray(np.isfinite(values).all(axis=1))
    for k, p in enumerate(coordinates.circuit.parameters.values()):
        if p.free and p.scale == "log":
            low, high = tight.range(p.unit)
            inside &= values[:, k] > max(p.min, low * 10) * (1 + 1e-5)
            inside &= values[:, k] < min(p.max, high / 10) * (1 - 1e-5)
        elif p.expr is not None:
            inside &= (values[:, k] > p.min) & (values[:, k] < p.max)
    return inside

"""The spectra of a series as rows of the solver: any cycles from any starts, in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.coordinates import Coordinates
from eisfit.engine.objective import FormProblem, Settings, stack_spectra
from eisfit.engine.optima import Optima
from eisfit.engine.search import search
from eisfit.engine.solver import Problem, solve
from eisfit.engine.starts.neighbours import EarlierSpectra
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.spectra.noise import attainable_chisqr, attainable_of_many
from eisfit.spectra.spectrum import Spectrum

Block = tuple[IntArray, IntArray, "_Group"]

_BATCH_ROWS = 256  # of one batch
_SAME_SWEEP = 0.02  # largest difference of ln omega between spectra that are searched together


@dataclass(frozen=True)
class Ends:
    """Where rows ended: parameters (n, P), chisqr (n,), whether it converged (n,)."""

    values: FloatArray
    chisqr: FloatArray
    converged: NDArray[np.bool_]


@dataclass(frozen=True)
class _Group:
    """Cycles with one frequency grid, nearly, and their problem."""

    cycles: IntArray
    problem: Problem
    weight: FloatArray


class SeriesProblem:
    """All spectra of a series, made ready.

    Parameters
    ----------
    spectra
        As they are to be fitted.
    circuit
        What is fitted to all.
    settings
        How; a loss counts as linear here, for whoever finishes the fit to put right.

    Attributes
    ----------
    nfree
        (N,) degrees of freedom of each spectrum.
    attainable
        (N,) chisqr that the noise alone explains.
    """

    def __init__(self, spectra: Sequence[Spectrum], circuit: Circuit, settings: Settings) -> None:
        self.spectra, self.circuit, self.settings = spectra, circuit, settings
        # In these weights the impedance itself is compared, as the search does.
        self.weights = [settings.search_weights(spectrum) for spectrum in spectra]
        self.groups = [self._make_group(np.array(rows)) for rows in _iterate_alike(spectra)]
        varied = len(circuit.free_names)
        self.nfree = np.array([max(2 * s.points - varied, 1) for s in spectra], dtype=float)
        self.attainable = np.empty(len(spectra))
        for group in self.groups:
            self.attainable[group.cycles] = self._estimate_attainable(group)
        self._place = np.empty((len(spectra), 2), dtype=np.intp)
        for g, group in enumerate(self.groups):
            self._place[group.cycles, 0] = g
            self._place[group.cycles, 1] = np.arange(group.cycles.size)

    def _make_group(self, rows: IntArray) -> _Group:
        chosen = [self.spectra[k] for k in rows]
        omega, target = stack_spectra(chosen)
        weight = np.array([self.weights[k] for k in rows])
        problem = Problem.of(self.circuit, omega, target, weight)
        if self.settings.representation == "impedance":
            return _Group(rows, problem, weight)
        form = self.settings.form
        own = np.array([form.weights(s, self.settings.weighting) for s in chosen])
        in_form = FormProblem(problem.coordinates, problem.grid, target, own, problem.box, form)
        return _Group(rows, in_form, weight)

    def _estimate_attainable(self, group: _Group) -> FloatArray:
        omega, target, cycles = group.problem.grid.omega, group.problem.target, group.cycles
        if omega.ndim > 1:
            return np.array([attainable_chisqr(self.spectra[k], self.weights[k]) for k in cycles])
        parts = [slice(first, first + _BATCH_ROWS) for first in range(0, cycles.size, _BATCH_ROWS)]
        return np.concatenate([attainable_of_many(omega, target[p], group.weight[p]) for p in parts])

    def solve(self, cycles: IntArray, starts: FloatArray, *, fine: bool = False) -> Ends:
        """Solve some cycles (n,), any of them several times, from parameters (n, P)."""
        values, chisqr = starts.copy(), np.full(cycles.size, np.inf)
        converged = np.zeros(cycles.size, dtype=bool)
        for rows, members, group in self._iterate_batches(cycles):
            coordinates = group.problem.coordinates
            start = coordinates.internal(starts[rows])
            problem = group.problem.rows(members)
            if fine:
                end = solve(problem, start, max_iterations=100, tolerance=1e-13, damping=1e-8)
            else:
                end = solve(problem, start, max_iterations=60, tolerance=1e-6)
            values[rows], chisqr[rows] = coordinates.physical(end.theta), end.chisqr
            converged[rows] = end.converged
        return Ends(values, chisqr, converged)

    def _iterate_batches(self, cycles: IntArray) -> Iterator[Block]:
        """Yield rows of `cycles`, their places in a group, and that group, a batch at a time."""
        for g, group in enumerate(self.groups):
            rows = np.flatnonzero(self._place[cycles, 0] == g)
            for first in range(0, rows.size, _BATCH_ROWS):
                part = rows[first : first + _BATCH_ROWS]
                yield part, self._place[cycles[part], 1], group

    def search(self, seed: int) -> Iterator[tuple[IntArray, Coordinates, Optima]]:
        """Yield cycles (n,), their coordinates, and the optima that the search finds, a batch at a time."""
        for group in self.groups:
            known = EarlierSpectra()
            for first in range(0, group.cycles.size, _BATCH_ROWS):
                part = np.arange(first, min(first + _BATCH_ROWS, group.cycles.size))
                cycles = group.cycles[part]
                found = search(group.problem.rows(part), self.attainable[cycles], seed=seed, known=known)
                yield cycles, group.problem.coordinates, found


def _iterate_alike(spectra: Sequence[Spectrum]) -> list[list[int]]:
    """Return the places of spectra with equally many points at nearly the same frequencies."""
    groups: list[list[int]] = []
    firsts: list[FloatArray] = []
    for k, spectrum in enumerate(spectra):
        log = np.log(spectrum.omega)
        same = [g for g, other in enumerate(firsts) if _is_one_sweep(log, other)]
        if same:
            groups[same[0]].append(k)
        else:
            groups.append([k])
            firsts.append(log)
    return groups


def _is_one_sweep(one: FloatArray, other: FloatArray) -> bool:
    return one.size == other.size and float(np.abs(one - other).max()) < _SAME_SWEEP

"""The spectra of all cycles as one problem: residuals, normal matrices, start values, bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.coordinates import PlainCoordinates, Scales
from eisfit.engine.objective import FormProblem, Settings
from eisfit.engine.solver import Problem
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.grade import describe_residuals
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.spectra.axes import AXES, list_axis_values
from eisfit.tracking.arrhenius import compute_coordinates

_CHUNK_CYCLES = 128
_SAME_NOISE_RATIO = 1.5
_MIN_REDCHI_SHARE = 0.1  # of the series' usual redchi: a redchi that is low by chance must not dominate


@dataclass(frozen=True)
class Measured:
    """What the data says at a point: costs (N,), normal matrices (N, V, V) and gradients (N, V)."""

    each: FloatArray
    normal: FloatArray
    gradient: FloatArray


@dataclass(frozen=True)
class JointProblem:
    """All cycles, in plain coordinates: the logarithm of what is positive, everything else as it is.

    Attributes
    ----------
    fits
        Of each cycle by itself.
    circuit
        Of the series.
    groups
        Cycles with equally many points, and their problem.
    scale
        (N,) s_k of each cycle.
    local, shared
        Columns of the parameters that each cycle has for itself, and of the common ones.
    smooth
        (L,) whether a local parameter is smooth.
    design
        (N, V_shared, S): common coordinates = offset + design @ what all cycles share (S,): of a shared
        parameter its value, of one that obeys a law ln A and the activation energy.
    offset
        (N, V_shared) what the law adds: ln T of the form with T.
    """

    fits: Sequence[FitResult]
    circuit: Circuit
    coordinates: PlainCoordinates
    groups: tuple[tuple[IntArray, FormProblem], ...]
    scale: FloatArray
    local: IntArray
    shared: IntArray
    smooth: NDArray[np.bool_]
    design: FloatArray
    offset: FloatArray

    @classmethod
    def of(
        cls,
        fits: Sequence[FitResult],
        circuit: Circuit,
        modes: Mapping[str, str],
        forms: Mapping[str, str] | None = None,
    ) -> JointProblem:
        """Make ready; `forms`: of `eisfit.tracking.arrhenius`, where a parameter obeys it."""
        omegas = np.concatenate([fit.spectrum.omega for fit in fits])
        scales = Scales.of(omegas, np.concatenate([fit.spectrum.impedance for fit in fits]))
        coordinates = PlainCoordinates(circuit, scales)
        names = [circuit.names[k] for k in coordinates.free]
        common = np.array([modes[name] in ("shared", "arrhenius") for name in names], dtype=bool)
        local = np.flatnonzero(~common)
        smooth = np.array([modes[names[k]] == "smooth" for k in local], dtype=bool)
        shared = np.flatnonzero(common)
        laws = [None if modes[names[k]] == "shared" else (forms or {}).get(names[k], "plain") for k in shared]
        return cls(
            fits,
            circuit,
            coordinates,
            _group_cycles(fits, coordinates),
            _compute_scale(fits),
            local,
            shared,
            smooth,
            *_design(fits, laws),
        )

    @property
    def names(self) -> list[str]:
        """Names of the coordinates (V,)."""
        return [self.circuit.names[k] for k in self.coordinates.free]

    @property
    def local_names(self) -> list[str]:
        """Names of the local coordinates (L,)."""
        names = self.names
        return [names[k] for k in self.local]

    @cached_property
    def own(self) -> FloatArray:
        """Coordinates (N, V) of the fits of each cycle by itself."""
        values = np.array([[p.value for p in fit.parameters.values()] for fit in self.fits])
        return self.coordinates.internal(values)

    def values_and_errors(self, name: str) -> tuple[FloatArray, FloatArray]:
        """Return a coordinate (N,) of the single fits and its errors, infinite where it is not to be used."""
        column = self.names.index(name)
        log = bool(self.coordinates.log[self.coordinates.free[column]])
        errors = []
        for fit in self.fits:
            p = fit.parameters[name]
            size = abs(p.value) if log else 1.0
            errors.append(p.stderr_noise / size if p.stderr_noise is not None and size > 0 else np.inf)
        return self.own[:, column], np.array(errors)

    @property
    def narrowest(self) -> Scales:
        """Scales inside those of every cycle."""
        inside = [Scales.common(problem.grid.omega, problem.target) for _, problem in self.groups]
        low, high = (pick(np.stack([s.ends[:, 0] for s in inside]), axis=0) for pick in (np.max, np.min))
        return Scales(low[0], high[1], low[2], high[3])

    def residual_statistics(self, values: FloatArray) -> dict[str, FloatArray]:
        """Return what `describe_residuals` says (N,) at parameters (N, P)."""
        found: dict[str, FloatArray] = {}
        for rows, part in self._iterate_chunks():
            with np.errstate(all="ignore"):
                z = self.circuit.evaluate(part.grid, values[rows], part.buffer(len(rows)))
                relative = (z - part.target) / np.abs(part.target)
            for name, column in describe_residuals(relative).items():
                found.setdefault(name, np.empty(len(values)))[rows] = column
        return found

    def start(self, bands: FloatArray) -> FloatArray:
        """Return the start (N, V): shared ones at their weighted median, smooth ones smoothed."""
        from scipy.linalg import solveh_banded

        theta = self.own.copy()
        names = self.names
        for place, column in enumerate(self.shared):
            values, errors = self.values_and_errors(names[column])
            known = np.isfinite(errors)
            self._common_start(theta, place, values, known if known.sum() > 1 else np.ones_like(known))
        for place, column in enumerate(self.local):
            if not self.smooth[place]:
                continue
            values, errors = self.values_and_errors(names[column])
            weight = np.where(np.isfinite(errors) & (errors > 0), 1 / np.maximum(errors, 1e-12) ** 2, 0.0)
            if np.count_nonzero(weight) > 2:
                matrix = bands[:, :, place].copy()
                matrix[0] += weight + 1e-9 * matrix[0].max()
                theta[:, column] = solveh_banded(matrix, weight * values, lower=True)
        return self.coordinates.clip(theta)

    def _common_start(
        self, theta: FloatArray, place: int, values: FloatArray, known: NDArray[np.bool_]
    ) -> None:
        """Put a common coordinate at its median, or on the line through the single fits."""
        design = self.design[:, place]
        used = design.any(axis=0)
        if used.sum() == 1:
            theta[:, self.shared[place]] = np.median(values[known])
            return
        rows, target = design[:, used], values - self.offset[:, place]
        line = np.linalg.lstsq(rows[known], target[known], rcond=None)[0]
        away = np.abs(target - rows @ line)
        near = known & (away <= 3 * np.median(away[known]) + 1e-9)  # a single fit that went astray
        line = np.linalg.lstsq(rows[near], target[near], rcond=None)[0] if near.sum() > 2 else line
        theta[:, self.shared[place]] = rows @ line + self.offset[:, place]

    def measure(self, theta: FloatArray) -> Measured:
        """Return what the data says at theta (N, V)."""
        cycles, size = theta.shape
        cost, gradient = np.zeros(cycles), np.zeros((cycles, size))
        normal = np.zeros((cycles, size, size))
        for rows, part in self._iterate_chunks():
            with np.errstate(all="ignore"):
                residual, jacobian = part.evaluate(theta[rows], part.buffer(len(rows)))
            residual = residual / self.scale[rows, np.newaxis]
            jacobian = jacobian / self.scale[rows, np.newaxis, np.newaxis]
            cost[rows] = np.sum(residual**2, axis=1)
            normal[rows] = jacobian @ jacobian.transpose(0, 2, 1)
            gradient[rows] = (jacobian @ residual[:, :, np.newaxis])[:, :, 0]
        cost[~np.isfinite(cost)] = np.inf
        return Measured(cost, normal, gradient)

    def chisqr(self, theta: FloatArray) -> FloatArray:
        """Return chisqr (N,) of each cycle in the units of its own fit."""
        return np.asarray(self.measure(theta).each * self.scale**2)

    def _iterate_chunks(self) -> Iterator[tuple[IntArray, Problem]]:
        """Yield some cycles at a time, and their problem."""
        for cycles, problem in self.groups:
            for first in range(0, len(cycles), _CHUNK_CYCLES):
                inside = np.arange(first, min(first + _CHUNK_CYCLES, len(cycles)))
                yield cycles[inside], problem.rows(inside)

    def find_held(self, theta: FloatArray, gradient: FloatArray) -> NDArray[np.bool_]:
        """Return which coordinates are at a bound and would leave the box; a shared one as a whole."""
        box = self.coordinates
        pull = gradient.copy()
        pull[:, self.shared] = gradient[:, self.shared].sum(axis=0)
        low, high = theta <= box.low + 1e-12, theta >= box.high - 1e-12
        held = np.asarray((low & (pull > 0)) | (high & (pull < 0)))
        lawful = self.shared[self.design.any(axis=0).sum(axis=1) > 1]
        held[:, lawful] = held[:, lawful].any(axis=0)
        return held


def _group_cycles(
    fits: Sequence[FitResult], coordinates: PlainCoordinates
) -> tuple[tuple[IntArray, FormProblem], ...]:
    sizes = np.array([fit.spectrum.points for fit in fits])
    settings = Settings(fits[0].weighting, "linear", fits[0].representation)
    groups = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    chosen = [[fits[k].spectrum for k in rows.tolist()] for rows in groups]
    problems = [FormProblem.of_spectra(coordinates, spectra, settings) for spectra in chosen]
    return tuple(zip(groups, problems, strict=True))


def _design(fits: Sequence[FitResult], laws: Sequence[str | None]) -> tuple[FloatArray, FloatArray]:
    """Return the design (N, V_shared, S) and the offset (N, V_shared); of each law two columns.

    1/(k T) is taken from its mean: ln A and the energy would else be told apart by rounding alone.
    """
    columns = [1 if law is None else 2 for law in laws]
    design = np.zeros((len(fits), len(laws), sum(columns)))
    offset = np.zeros((len(fits), len(laws)))
    temperature = list_axis_values((fit.spectrum for fit in fits), AXES["temperature"])
    for row, law in enumerate(laws):
        first = sum(columns[:row])
        design[:, row, first] = 1.0
        if law is not None:
            x, offset[:, row] = compute_coordinates(temperature, law)
            design[:, row, first + 1] = x - x.mean()
    return design, offset


def _compute_scale(fits: Sequence[FitResult]) -> FloatArray:
    if not any(fit.covariance_rescaled for fit in fits):
        return np.ones(len(fits))
    redchi = np.array([fit.statistics.redchi for fit in fits])
    nfree = np.array([max(fit.statistics.nfree, 1) for fit in fits], dtype=float)
    # Where the cycles' redchi scatter no more than chi-squared variables do, the noise is one and the same.
    if np.std(np.log(np.maximum(redchi, 1e-300))) <= _SAME_NOISE_RATIO * np.sqrt(2 / np.median(nfree)):
        redchi = np.full(len(fits), float(np.average(redchi, weights=nfree)))
    return np.asarray(np.sqrt(np.maximum(redchi, max(_MIN_REDCHI_SHARE * float(np.median(redchi)), 1e-300))))

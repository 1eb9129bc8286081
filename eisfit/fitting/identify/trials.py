"""One structure fitted: roughly from its parent's optimum, in full from many starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.arcs import arcs
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.digits import fit_to_digits
from eisfit.engine.polish import polish
from eisfit.engine.solver import Problem, solve
from eisfit.engine.starts.draws import draw_random_starts
from eisfit.engine.starts.moved_branch import write_arc
from eisfit.engine.starts.random_numbers import Random
from eisfit.engine.swapped_arcs import exchange_in_coordinates
from eisfit.engine.unexplained import BY_CHANCE, find_explainable
from eisfit.fitting.identify.evidence import Prior, compute_evidence
from eisfit.fitting.identify.structures import Structure, circuit_of, shape_of
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.model.notation import components, serial_parts
from eisfit.records import dataclass
from eisfit.spectra.noise import rounding_error
from eisfit.spectra.spectrum import Spectrum

_WARM, _DRAWN = 8, 8  # starts of a rough fit
_NEW_ARC = 0.3  # of |Z| there
_TINY = 1e-7
_FIRST_LOOK = 9  # iterations after which hopeless ones are given up
_KEPT = 5
_STEPS, _ROUGH = 20, 1e-5
_FULL = 32  # more starts of a full one
_AGREE = 4
_AMOUNTS = {"C": "Q"}
_IDEAL = {"alpha": ("Q", 0.97), "p": ("tau", 0.5)}  # beside what else, where an element takes another's place
_BEST = 10
#: Relative rms from which the digits may be reached.
NEAR = 1e-4
_REACHED = 4.0  # times the chisqr of the digits: there is nothing left to look for
_BEHIND, _PROMISING = 10.0, 1e3  # times the chisqr of the closest, and of the digits
_FULL_STEPS, _FINE = 150, 1e-9
_MORE = 50  # where what is near the digits is then taken there
_SIMULATED = 3e-4  # relative noise below any instrument's
_NO_NOISE = 3e-5


@dataclass(frozen=True, eq=False)
class Trial:
    """A structure at the best optimum found.

    Attributes
    ----------
    problem
        Its circuit and the spectrum.
    theta
        (V,) the optimum, in the solver's coordinates.
    chisqr
        There.
    score
        Logarithm of the structure's evidence.
    ends
        (n, V) other ends of the search, best first.
    full
        Whether many starts were made.
    exact
        Whether the data are of next to no noise.
    """

    problem: Problem
    theta: FloatArray
    chisqr: float
    score: float
    ends: FloatArray
    full: bool = False
    exact: bool = False

    @cached_property
    def shape(self) -> str:
        """What it has in common with other names of the same circuit."""
        return shape_of(self.structure)

    @property
    def circuit(self) -> Circuit:
        """The structure as a circuit."""
        return self.problem.coordinates.circuit

    @property
    def structure(self) -> Structure:
        """The circuit's parts in series."""
        return serial_parts(self.circuit.tree)

    @property
    def size(self) -> int:
        """Number of free parameters."""
        return self.problem.coordinates.size

    @cached_property
    def values(self) -> dict[str, float]:
        """Parameters by name."""
        values = self.problem.coordinates.physical(self.theta[np.newaxis])[0]
        return dict(zip(self.circuit.names, values.tolist(), strict=True))

    @cached_property
    def relative(self) -> ComplexArray:
        """Residuals (1, F) over Z."""
        z = self.circuit.impedance(self.problem.grid.omega / (2 * np.pi), self.values)
        return np.asarray(z / self.problem.target - 1, dtype=np.complex128)

    @cached_property
    def rms(self) -> float:
        """Root mean square of |residual| / |Z|."""
        return float(np.sqrt(np.mean(np.abs(self.relative) ** 2)))

    @cached_property
    def at_bound(self) -> bool:
        """Whether a parameter stands at its limit, a capacitor's exponent of one left aside.

        In data of next to no noise that is where the search ends: an arc far outside the sweep shows there.
        """
        c = self.problem.coordinates
        box = self.problem.bounds
        least, most = (box.low[0], box.high[0]) if self.exact else (c.low, c.high)
        low, high = self.theta <= least + 1e-6, self.theta >= most - 1e-6
        rows = [list(self.circuit.parameters.values())[k] for k in c.free.tolist()]
        ideal = np.array([row.symbol == "alpha" and row.max == 1 for row in rows])
        return bool(np.any(low | (high & ~ideal)))


@dataclass(frozen=True)
class Workbench:
    """A spectrum made ready for many circuits.

    Attributes
    ----------
    spectrum
        What was measured.
    weight
        (2F,) 1/ohm.
    scale
        chisqr that stands for one unit of noise squared: the chisqr that the noise leaves over its count.
    seed
        Of the starts.
    consistent
        Whether the data obey Kramers-Kronig: else `scale` holds what breaks it too.
    is_exact
        Whether the rounding of the numbers is taken for all their noise.
    """

    spectrum: Spectrum
    weight: FloatArray
    scale: float
    seed: int = 0
    consistent: bool = True
    is_exact: bool = False

    @cached_property
    def prior(self) -> Prior:
        """Of the parameters."""
        return Prior.of(self.spectrum.omega, self.spectrum.impedance)

    @property
    def numbers(self) -> int:
        """How many real numbers the spectrum has."""
        return 2 * self.spectrum.points

    @property
    def noise(self) -> float:
        """Noise of Z over |Z|."""
        return float(np.sqrt(2 * self.scale))

    @cached_property
    def is_simulated(self) -> bool:
        """Whether the noise is below any instrument's."""
        return self.noise < _SIMULATED

    @property
    def is_free_of_noise(self) -> bool:
        """Whether what the Kramers-Kronig test leaves is its own coarseness."""
        return self.noise < _NO_NOISE

    @cached_property
    def digits_left(self) -> float:
        """The chisqr that the rounding of the numbers leaves."""
        return float(
            np.sum((rounding_error(self.spectrum.frequency, self.spectrum.impedance) * self.weight) ** 2)
        )

    def use_digits(self) -> Workbench:
        """Return the bench with the rounding of the numbers for noise."""
        return replace(self, scale=self.digits_left / self.weight.size, is_exact=True)

    def score_again(self, trial: Trial) -> Trial:
        """Return a trial of another bench with its score by this one's noise."""
        score = compute_evidence(trial.problem, trial.theta, self.prior, self.scale)
        return replace(trial, score=score)

    @cached_property
    def _scales_and_grid(self) -> tuple[Scales, FrequencyGrid]:
        return Scales.of(self.spectrum.omega, self.spectrum.impedance), FrequencyGrid(self.spectrum.omega)

    def fit_roughly(self, structure: Structure, parents: Sequence[Trial], hopeless: float = -np.inf) -> Trial:
        """Fit from the parents' optima with what is new at random, and from random starts.

        Parameters
        ----------
        structure, parents
            What to fit, and where it comes from.
        hopeless
            A score: what is below it after a glance is left there.
        """
        problem = self._make_problem(structure)
        drawn = self._draw(problem.coordinates.circuit, _WARM * max(len(parents), 1) + _DRAWN, 0)
        for k, parent in enumerate(parents):
            own = slice(k * _WARM, (k + 1) * _WARM)
            drawn[own] = self._inherit(problem.coordinates.circuit, parent.values, drawn[own])
        glance = self._fit(problem, problem.coordinates.internal(drawn), steps=_FIRST_LOOK)
        if glance.score < hopeless:
            return glance
        return self._fit(problem, glance.ends[:_KEPT], steps=_STEPS, agree=3)

    def fit_in_full(self, trial: Trial, closest: float = np.inf) -> Trial:
        """Fit again from many more starts, to the bottom.

        Parameters
        ----------
        trial
            What a rough fit found.
        closest
            The chisqr of the closest circuit that is no larger: without noise, no branch is put elsewhere in
            one that is far behind it, and far from the digits.
        """
        problem = trial.problem
        resonant = {"L", "C"} <= {c.symbol for c in components(trial.circuit.tree)}
        drawn = self._draw(trial.circuit, _FULL, 1, together=resonant)
        rough = solve(problem, problem.coordinates.internal(drawn), max_iterations=_STEPS, tolerance=_ROUGH)
        ends = np.concatenate([trial.ends[:_KEPT], rough.theta[np.argsort(rough.chisqr)][:_BEST]])
        steps = _MORE if self.is_exact else _FULL_STEPS
        found = self._exchange_arcs(self._fit(problem, ends, steps=steps, agree=_AGREE))
        if not self.is_exact:
            return self.finish(found)
        return self._go_to_digits(found, max(_BEHIND * closest, _PROMISING * self.digits_left))

    def _exchange_arcs(self, found: Trial) -> Trial:
        """Go on from where the best end leads with its arcs exchanged, where that is better."""
        starts = exchange_in_coordinates(found.problem.coordinates, found.theta)
        if not len(starts):
            return found
        other = self._fit(found.problem, starts, steps=_STEPS)
        if other.chisqr >= found.chisqr:
            return found
        return replace(other, ends=np.concatenate([other.ends[:1], found.ends]))

    def exchange_arcs(self, trial: Trial) -> list[Trial]:
        """Return a trial at the optima to which other orders of its arcs lead."""
        starts = exchange_in_coordinates(trial.problem.coordinates, trial.theta)
        if not len(starts):
            return []
        found = solve(trial.problem, starts, max_iterations=_FULL_STEPS, tolerance=_FINE)
        ends = zip(found.theta, found.chisqr.tolist(), strict=True)
        return [replace(trial, theta=end, chisqr=chisqr) for end, chisqr in ends]

    def reduce(self, structure: Structure, parent: Trial) -> Trial:
        """Fit a part of a parent from its optimum alone, to the bottom where that is near the digits."""
        problem = self._make_problem(structure)
        circuit = problem.coordinates.circuit
        start = self._inherit(circuit, parent.values, self._draw(circuit, 1, 0))
        found = self._fit(problem, problem.coordinates.internal(start), steps=_MORE)
        if found.rms > NEAR:
            return found
        return self._go_to_digits(found, 0.0) if self.is_exact else self.finish(found)

    def finish(self, found: Trial) -> Trial:
        """Go on to the bottom from the best ends."""
        ends = found.ends[:2]
        if self.is_simulated:
            ends = polish(found.problem, ends, np.array([self.digits_left]))[0]
        return self._fit(found.problem, ends, steps=_FULL_STEPS, tolerance=_FINE, full=True)

    def _go_to_digits(self, found: Trial, hopeless: float) -> Trial:
        """Go on to the digits from ends that are near; above `hopeless` no branch is put elsewhere."""
        if found.rms > NEAR:
            return replace(found, full=True)
        goal = _REACHED * self.digits_left
        theta, chisqr = fit_to_digits(found.problem, found.ends[:_KEPT], goal, hopeless)
        score = compute_evidence(found.problem, theta, self.prior, self.scale)
        ends = np.concatenate([theta[np.newaxis], found.ends[1:]])
        return replace(found, theta=theta, chisqr=chisqr, score=score, ends=ends, full=True)

    def explains(self, trial: Trial) -> bool:
        """Return whether nothing that an impedance can show is left in a trial's residual."""
        return find_explainable(trial.problem, trial.theta) < BY_CHANCE * self.scale

    def _make_problem(self, structure: Structure) -> Problem:
        scales, grid = self._scales_and_grid
        target = self.spectrum.impedance[np.newaxis]
        coordinates = Coordinates(circuit_of(structure), scales)
        return Problem(coordinates, grid, target, self.weight[np.newaxis], coordinates.widest)

    def _draw(self, circuit: Circuit, count: int, turn: int, *, together: bool = False) -> FloatArray:
        rng = Random(self.seed, turn)
        spectrum = self.spectrum
        target = spectrum.impedance[np.newaxis]
        starts = draw_random_starts(circuit, spectrum.omega, target, count, rng, together=together)
        return np.asarray(starts[0], dtype=np.float64)

    def _inherit(self, circuit: Circuit, known: dict[str, float], rows: FloatArray) -> FloatArray:
        """Return starts (n, P) with the parent's values where names are the same; a CPE takes over a C.

        An arc that is new stands at another place in each. Without noise what is new may be as small as it
        likes, and a start is no farther from the optimum than the parent where it is small.
        """
        rows, omega = rows.copy(), self.spectrum.omega
        share = np.geomspace(1, _TINY, len(rows)) if self.is_exact else np.ones(len(rows))
        beside = {}  # storage that is new beside a resistor that is not: as good as absent where it is small
        for arc in arcs(circuit.tree):
            beside[arc[1].name] = -1 if arc[0].name in known else 1
            if arc[0].name not in known:
                write_arc(circuit, arc, rows, omega, _NEW_ARC * np.abs(self.spectrum.impedance))
        powers = [p.impedance_power for c in components(circuit.tree) for p in c.element.parameters]
        taken = {_split_name(name): value for name, value in known.items()}
        for k, name in enumerate(circuit.names):
            parameter = circuit.parameters[name]
            if name in known:
                rows[:, k] = known[name]
            elif (value := _find_source(name, taken)) is not None:
                rows[:, k] = value
            else:
                rows[:, k] *= share ** (beside.get(parameter.component, 1) * powers[k])
        return rows

    def _fit(
        self,
        problem: Problem,
        theta: FloatArray,
        *,
        steps: int,
        tolerance: float = _ROUGH,
        agree: int | None = None,
        full: bool = False,
    ) -> Trial:
        found = solve(problem, theta, max_iterations=steps, tolerance=tolerance, agree=agree)
        order = np.argsort(found.chisqr)
        ends, best = found.theta[order], float(found.chisqr[order[0]])
        score = compute_evidence(problem, ends[0], self.prior, self.scale) if np.isfinite(best) else -np.inf
        return Trial(problem, ends[0], best, score, ends, full, self.is_simulated)


def _split_name(name: str) -> tuple[str, str]:
    """Return label and symbol of a parameter: ("2", "tau") of Wo2_tau, ("1", "Q") of CPE1_Q and of C1."""
    component, _, symbol = name.partition("_")
    kind = component.rstrip("0123456789")
    return component.removeprefix(kind), symbol or _AMOUNTS.get(kind, kind)


def _find_source(name: str, taken: Mapping[tuple[str, str], float]) -> float | None:
    """Return what an element takes over from another in its place: a CPE from a C, Wo from Wop."""
    label, symbol = _split_name(name)
    if (label, symbol) in taken:
        return taken[label, symbol]
    beside, ideal = _IDEAL.get(symbol, ("", None))
    return ideal if (label, beside) in taken else None

"""Profile likelihood: how far a parameter can go while all others are refitted.

One parameter is held at a value, chisqr minimised over all others; the interval is where the rise of chisqr
stays below its quantile. Every point of every profile is a row of one batch of the solver.

The criterion is that of lmfit's `conf_interval`, (chisqr / chisqr_min - 1) nfree <= F(1, nfree), where the
noise is estimated from the residuals (covariance rescaled by redchi); it is chisqr - chisqr_min <= chi2(1)
where the noise is measured. D. M. Bates, D. G. Watts, Nonlinear Regression Analysis (Wiley 1988), ch. 6.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.coordinates import Box
from eisfit.engine.objective import FormProblem
from eisfit.engine.solver import Solution, solve
from eisfit.fitting.errors.refit import Refit
from eisfit.records import dataclass

_WIDENINGS = 24


@dataclass(frozen=True, eq=False, repr=False)
class _Effort:
    """First points in half widths of the linear interval, then how the crossing is refined."""

    distances: FloatArray
    refinements: int
    precise: float  # of the root of the rise
    steps: int
    tolerance: float


_FINE = _Effort(np.array([0.25, 0.5, 0.75, 1.0, 1.3, 1.7, 2.5]), 8, 1e-5, 60, 1e-10)
_ROUGH = _Effort(np.array([0.7, 1.4]), 3, 0.02, 60, 1e-7)
_MIN_POINTS = 1e-3  # of a coordinate: half width where the linear one is zero


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """The profile of one parameter.

    Attributes
    ----------
    name
        Of the parameter.
    low, high
        Ends of the interval; None where the data sets no limit on that side.
    values, rise
        (n,) points in rising order and chisqr - chisqr_min there, for a figure.
    limit
        Of the rise.
    better
        Whether a lower chisqr than the fit's was met on the way.
    """

    name: str
    low: float | None
    high: float | None
    values: FloatArray
    rise: FloatArray
    limit: float
    better: bool

    @property
    def parted(self) -> bool:
        """Whether the interval has a gap: it holds another optimum, and a rise above the limit before it."""
        inside = np.flatnonzero(self.rise < self.limit)
        return bool((self.rise[inside[0] : inside[-1]] > self.limit).any())


def compute_profiles(refit: Refit, names: tuple[str, ...], quantile: float, *, rough: bool) -> list[Profile]:
    """Return the profile of each of `names`.

    Parameters
    ----------
    refit
        With plain coordinates.
    names
        Free parameters.
    quantile
        Of |t| with nfree degrees of freedom, or of the normal distribution: the F or chi2 criterion's root.
    rough
        Fewer points and steps: good enough to tell an open side and the size of the other.
    """
    return ProfileWalk(refit, names, quantile, rough=rough).run()


class ProfileWalk:
    """All profiles at once: two tasks for each coordinate, one for each side.

    A subclass walks along something else than a coordinate; see `eisfit.fitting.errors.profile_derived`.
    """

    def __init__(self, refit: Refit, names: tuple[str, ...], quantile: float, *, rough: bool) -> None:
        self.effort = _ROUGH if rough else _FINE
        self.refit = refit
        self.names = names
        self.sign = np.tile([-1.0, 1.0], len(names))
        self.lowest = refit.chisqr
        noise = refit.noise(self.lowest)
        self.limit = quantile**2 * noise
        centre, gradient, low, high = (np.repeat(part, 2, axis=0) for part in self._find_directions())
        along = gradient @ refit.covariance()
        variance = np.einsum("tv,tv->t", along, gradient)
        self.half = np.maximum(quantile * np.sqrt(noise * np.maximum(variance, 0.0)), 1e-3 * _MIN_POINTS)
        self.half[variance <= 0] = _MIN_POINTS
        # How all coordinates follow, to first order, when this one moves.
        with np.errstate(divide="ignore", invalid="ignore"):
            self.follow = np.nan_to_num(along / variance[:, np.newaxis], posinf=0.0, neginf=0.0)
        self.centre = centre
        self.room = np.maximum((np.where(self.sign < 0, low, high) - centre) * self.sign, 0.0)
        # Per task: distances walked, rises there, and the ends, for the trace and for warm starts.
        self.walked: list[list[tuple[float, float, FloatArray]]] = [[(0.0, 0.0, refit.theta)] for _ in centre]
        self._add_alternatives()
        self.better = np.zeros(centre.size, dtype=bool)

    def _find_directions(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return, for each name, its value (N,), its gradient (N, V) by the coordinates, and its limits."""
        self.column = np.array([self.refit.free_names.index(name) for name in self.names], dtype=np.intp)
        box, theta = self.refit.problem.coordinates, self.refit.theta
        gradient = np.eye(theta.size)[self.column]
        return theta[self.column], gradient, box.low[self.column], box.high[self.column]

    def _locate(self, theta: FloatArray) -> FloatArray:
        """Return what is walked along (k, N) at some coordinates (k, V)."""
        return theta[:, self.column]

    def _add_alternatives(self) -> None:
        """Begin the walks with the other optima too, where they lie within the interval's limit."""
        others = self.refit.optima[1:]
        if not len(others):
            return
        rises = np.sum(self.refit.evaluate(others)[0] ** 2, axis=1) - self.lowest
        for theta, rise, place in zip(others, rises.tolist(), self._locate(others), strict=True):
            distances = (np.repeat(place, 2) - self.centre) * self.sign
            for task in np.flatnonzero((distances > 0) & (rise < self.limit)).tolist():
                self.walked[task].append((float(distances[task]), rise, theta))
                self.walked[task].sort(key=lambda point: point[0])

    def _hold(self, tasks: IntArray, aims: FloatArray) -> FormProblem:
        """Return the problem in which each task is held at its aim."""
        base, rows = self.refit.problem, np.arange(tasks.size)
        low, high = (np.repeat(end, tasks.size, axis=0) for end in (base.bounds.low, base.bounds.high))
        held = self.column[tasks // 2]
        low[rows, held] = high[rows, held] = aims
        return dataclasses.replace(base, box=Box(low, high))

    def _measure_rises(
        self, tasks: IntArray, aims: FloatArray, solved: Solution
    ) -> tuple[FloatArray, FloatArray]:
        """Return where the tasks came to (n,), and chisqr there."""
        return aims, solved.chisqr

    def _set_aim(self, task: int, aim: float, start: FloatArray) -> FloatArray:
        start[self.column[task // 2]] = aim  # exactly
        return start

    def _describe_form(self, k: int) -> tuple[bool, float, float]:
        """Return whether number k is a logarithm, and its bounds."""
        p = self.refit.result.circuit.parameters[self.names[k]]
        return p.scale == "log", p.min, p.max

    def run(self) -> list[Profile]:
        """Walk, and return the profiles."""
        first = self.effort.distances
        tasks = np.repeat(np.arange(self.sign.size), first.size)
        distances = np.minimum(np.tile(first, self.sign.size) * self.half[tasks], self.room[tasks])
        self._measure(tasks, distances)
        self._widen()
        self._refine()
        return [self._make_profile(k) for k in range(len(self.names))]

    def _measure(self, tasks: IntArray, distances: FloatArray) -> None:
        """Minimise over the others at these distances from the optimum, from the nearest point known."""
        if tasks.size == 0:
            return
        starts = np.stack([self._pick_start(int(t), float(d)) for t, d in zip(tasks, distances, strict=True)])
        aims = self.centre[tasks] + self.sign[tasks] * distances
        problem = self._hold(tasks, aims)
        solution = solve(problem, starts, max_iterations=self.effort.steps, tolerance=self.effort.tolerance)
        reached, chisqr = self._measure_rises(tasks, aims, solution)
        distances, rises = (reached - self.centre[tasks]) * self.sign[tasks], chisqr - self.lowest
        for task, distance, rise, theta in zip(
            tasks.tolist(), distances.tolist(), rises.tolist(), solution.theta, strict=True
        ):
            self.better[task] |= rise < -1e-3 * self.limit
            self.walked[task].append((distance, rise if np.isfinite(rise) else np.inf, theta))
            self.walked[task].sort(key=lambda point: point[0])

    def _pick_start(self, task: int, distance: float) -> FloatArray:
        near = min(self.walked[task], key=lambda point: abs(point[0] - distance))
        start = near[2] + self.follow[task] * self.sign[task] * (distance - near[0])
        return np.asarray(self._set_aim(task, self.centre[task] + self.sign[task] * distance, start))

    def _find_crossing(self, task: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return the last point below the limit and the one after it, None where there is none above.

        Between two optima the profile may rise above the limit: the interval holds both.
        """
        points = self.walked[task]
        below = max(k for k, point in enumerate(points) if point[1] < self.limit)
        return None if below + 1 == len(points) else (points[below][:2], points[below + 1][:2])

    def _widen(self) -> None:
        for _ in range(_WIDENINGS):
            short = [
                t
                for t in range(self.sign.size)
                if self._find_crossing(t) is None and self.walked[t][-1][0] < self.room[t]
            ]
            if not short:
                return
            tasks = np.array(short, dtype=np.intp)
            last = np.array([self.walked[t][-1][0] for t in short])
            self._measure(tasks, np.minimum(np.maximum(2.0 * last, self.half[tasks]), self.room[tasks]))

    def _refine(self) -> None:
        for _ in range(self.effort.refinements):
            wanted = {task: d for task in range(self.sign.size) if (d := self._choose_next(task)) is not None}
            if not wanted:
                return
            self._measure(np.array(list(wanted), dtype=np.intp), np.array(list(wanted.values())))

    def _choose_next(self, task: int) -> float | None:
        """Return where to evaluate next for the crossing: the root of the rise is nearly a straight line."""
        crossing = self._find_crossing(task)
        if crossing is None:
            return None
        (d0, r0), (d1, r1) = crossing
        goal = np.sqrt(self.limit)
        u0, u1 = np.sqrt(max(r0, 0.0)), np.sqrt(r1)
        near = min(abs(u0 - goal), abs(u1 - goal)) <= self.effort.precise * goal
        if near or d1 - d0 <= 1e-9 * max(d1, 1e-12):
            return None
        share = (goal - u0) / (u1 - u0) if np.isfinite(u1) and u1 > u0 else 0.5
        return float(d0 + (d1 - d0) * min(max(share, 0.02), 0.98))

    def _find_end(self, task: int) -> float | None:
        """Return the coordinate where the rise reaches the limit, None where it never does."""
        crossing = self._find_crossing(task)
        if crossing is None:
            return None
        (d0, r0), (d1, r1) = crossing
        u0, u1, goal = np.sqrt(max(r0, 0.0)), np.sqrt(min(r1, 1e300)), np.sqrt(self.limit)
        distance = d0 + (d1 - d0) * (goal - u0) / (u1 - u0) if u1 > u0 else d1
        return float(self.centre[task] + self.sign[task] * distance)

    def _make_profile(self, k: int) -> Profile:
        is_log, *bounds = self._describe_form(k)
        ends: list[float | None] = []
        for side, bound in enumerate(bounds):
            end = self._find_end(2 * k + side)
            physical = None if end is None else float(np.exp(end)) if is_log else end
            natural = not np.isfinite(bound) or (is_log and bound == 0)
            ends.append(float(bound) if physical is None and not natural else physical)
        left, right = self.walked[2 * k][:0:-1], self.walked[2 * k + 1]
        at = self.centre[2 * k] + np.array([-p[0] for p in left] + [p[0] for p in right])
        rise = np.array([point[1] for point in [*left, *right]])
        better = bool(self.better[2 * k] or self.better[2 * k + 1])
        values = np.exp(at) if is_log else at
        return Profile(self.names[k], ends[0], ends[1], values, rise, self.limit, better)

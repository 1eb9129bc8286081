"""The global search, for one spectrum or many: rounds of starts until independent ones agree.

Two makers of starts take part. The grid of time constants (`eisfit.engine.starts.guess`) finds the optima
of whatever relaxes; random starts of each element (`eisfit.engine.starts.draws`) find all others,
resonances, inductive branches and negative resistances. What ends agree on is judged against the noise that
is attainable. A spectrum gets the same starts alone, in a lot, and in any order; in a lot it may be settled
before by its neighbours, where their optimum explains all but the noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray, FloatArray, IntArray, make_mask
from eisfit.engine.evaluation.compiled import count_expected_work
from eisfit.engine.objective import REPRESENTATIONS, FormProblem, compute_noise_ceiling
from eisfit.engine.optima import Ends, Optima, find_different
from eisfit.engine.polish import FINE_TOLERANCE, NOISE_FREE, polish
from eisfit.engine.solver import SAME_OPTIMUM, Problem, solve
from eisfit.engine.starts.blocks import estimate_difficulty, iterate_blocks, relaxes, resonates
from eisfit.engine.starts.guess import StartGrid
from eisfit.engine.starts.neighbours import EarlierSpectra, Neighbours, choose_representatives
from eisfit.engine.starts.random_numbers import Random
from eisfit.engine.swapped_arcs import exchange_unequal_arcs, find_rival_excess
from eisfit.spectra.noise import make_ladder, rounding_error

_LOT = 512  # spectra: what they show, the next begin with
_ROUNDS = 5
_STEPS = 60
_DOUBTFUL = 1.25
# From a neighbour's end to the bottom of the valley.
_LAST_STEPS: dict[str, Any] = {"max_iterations": _STEPS, "tolerance": FINE_TOLERANCE, "damping": 1e-6}
_HOPELESS = 100.0  # times the chisqr that noise explains: the circuit is wrong, not the start
_ROUGH = 1e-6  # tolerance of the search; the best ends are then taken to the bottom of their valleys
_MAX_POLISHED = 4
_RIVAL_RATIO = 1.2
_MOST_LAG = 0.8  # correlation of neighbouring residuals that are no more than noise
#: Relative rms below which two ends are one, and below which data are taken for noise-free: no rounded table
#: of eight digits tells such ends apart, and the attainable noise is estimated no better than the latter.
_DIGITS = 1e-8
CLEAN = 3e-4
_EXACT, _AT_DIGITS = 1e-6, 4.0  # so near, or at their digits, noise-free data leave nothing to be looked for
_PRECISE_RMS = 1e-3  # relative rms that hides no other optimum in noise
_WORTHWHILE_GAIN = 2.0  # in chisqr, that is worth another round
_RESONANCE_MISFIT = 0.03
# (starts from the grid, scattered starts, how many must agree) by the grid's difficulty:
# measured on random spectra of every circuit, see benchmarks/blind_starts.py.
_EFFORT = {0: (1, 3, 2), 1: (4, 10, 4), 2: (4, 8, 3), 3: (6, 26, 6), 4: (10, 40, 8)}
_TOO_DIFFICULT = 5  # difficulty: as many time constants are more than a grid of any size holds
# Starts of each round at random, for circuits that no grid serves: see benchmarks/blind_topologies.py.
_RANDOM_STARTS = (48, 144, 400)
_AGREEING = 4
_PASS_1 = (25, 1e-5)  # steps and tolerance, after which the best quarter goes on
_PASS_2 = (150, 1e-9)
_MIN_CONTINUED = 12
_FROM_GRID = 4
_MOVED = 8  # ends that differ, of which each branch is moved: one of them is a move or two from the best


def search(
    problem: Problem,
    attainable: FloatArray,
    *,
    seed: int = 0,
    known: EarlierSpectra | None = None,
) -> Optima:
    """Return the optima of each spectrum of a problem.

    Parameters
    ----------
    problem
        Spectra (B, F), and one circuit. Where it has a value for every free parameter, each spectrum is
        fitted from there and nothing else is tried.
    attainable
        (B,) chisqr that the data's own noise explains. Where the best end is well above it, more starts are
        tried before agreement is believed.
    seed
        Of the random starts: the same spectrum always gives the same answer.
    known
        Earlier spectra on the same frequency grid: starts for those like them. This lot's are added.
    """
    free = [p.value for p in problem.coordinates.circuit.parameters.values() if p.free]
    if all(value is not None for value in free):
        return _fit_from_given_starts(problem)
    known, count = known or EarlierSpectra(), len(problem.target)
    count_expected_work(problem.coordinates, count, problem.target.shape[1])
    if count <= _LOT:
        return _Search(problem, attainable, seed, known).run()
    lots = (np.arange(first, min(first + _LOT, count)) for first in range(0, count, _LOT))
    return Optima.join([_Search(problem.rows(lot), attainable[lot], seed, known).run() for lot in lots])


def _fit_from_given_starts(problem: Problem) -> Optima:
    circuit, rows = problem.coordinates.circuit, len(problem.target)
    values = circuit.resolve({})
    start = problem.coordinates.internal(np.array([[values[name] for name in circuit.names]]))
    end = solve(problem, np.repeat(start, rows, axis=0), max_iterations=200)
    ones = np.ones(rows, dtype=np.intp)
    found = end.theta[:, np.newaxis], end.chisqr[:, np.newaxis], np.zeros((rows, 1), dtype=bool)
    return Optima(*found, ones, ones, end.converged)


class _Search(Ends):
    """Rounds of starts for spectra of one circuit, and where they have ended so far."""

    def __init__(self, problem: Problem, attainable: FloatArray, seed: int, known: EarlierSpectra) -> None:
        self.problem, self.coordinates, self.seed = problem, problem.coordinates, seed
        self.known = known
        self.circuit = self.coordinates.circuit
        rows = len(problem.target)
        self.omega = np.broadcast_to(problem.grid.omega, problem.target.shape)
        self.grids: dict[int, StartGrid] = {}
        size = np.sum(problem.weighted_modulus**2, axis=1)
        self.size = size
        super().__init__(_DIGITS**2 * size, self.coordinates.size)
        clean = attainable < CLEAN**2 * size
        self.expected = np.where(clean, np.minimum(attainable, self.floor), attainable)
        self.expected[attainable <= 0] = 0.0
        self.exact = np.zeros(rows)
        for row in np.flatnonzero(clean).tolist():
            digits = rounding_error(self.omega[row] / (2 * np.pi), problem.target[row]) * problem.weight[row]
            self.exact[row] = min(_EXACT**2 * size[row], _AT_DIGITS * np.sum(digits**2))
        columns = len(make_ladder(self.omega[0]))
        self.perfect = np.where(
            clean, 1.0, compute_noise_ceiling(self.omega.shape[1], columns, self.coordinates.size)
        )
        self.difficulty = estimate_difficulty(self.circuit) if relaxes(self.circuit) else _TOO_DIFFICULT
        self.unmeasured = any(block.kind == "beside" for block in iterate_blocks(self.circuit.tree))
        self.crowded = relaxes(self.circuit) and self.difficulty >= _TOO_DIFFICULT
        self.resonant = resonates(self.circuit)
        if self.resonant:  # the estimate knows nothing of resonances, which it misses by far
            self.expected[attainable > _RESONANCE_MISFIT**2 * size] = 0.0
        self.bottom = np.full(rows, np.inf)  # chisqr of the last best end that was polished
        self.settled = np.zeros(rows, dtype=bool)

    def run(self) -> Optima:
        """Search all spectra, and return their optima."""
        rows = np.arange(len(self.tried))
        if self.known.ends is not None:
            self._start_from_neighbours(rows, *self.known.ends)
            rows = rows[~self.settled]
        first = rows[choose_representatives(self.problem.target[rows])]
        self._search_without_neighbours(first)
        followers = np.flatnonzero(make_mask(rows, len(self.tried)) & ~make_mask(first, len(self.tried)))
        if followers.size:
            self._exchange_arcs(first)
            values = self.coordinates.physical(self.theta[first, 0])
            self._start_from_neighbours(followers, self.problem.target[first], values)
            self._search_without_neighbours(followers[~self.settled[followers]])
        self._exchange_arcs(np.arange(len(self.tried)))
        self._polish_ends()
        agreed = np.maximum(self.count_agreeing(), 1)
        sure = self.settled & self._is_explained(rows := np.arange(len(self.tried)))
        self.known.remember(self.problem.target[sure], self.coordinates.physical(self.theta[sure, 0]))
        return Optima(self.theta, self.chisqr, self.fine, self.tried, agreed, self.settled)

    def _compute_excess_ratio(self) -> FloatArray:
        """Return the best chisqr of each spectrum over what the noise explains; 1 where that is unknown."""
        known = self.expected > 0
        return np.where(known, self.chisqr[:, 0] / np.where(known, self.expected, 1.0), 1.0)

    def _solve(
        self, rows: IntArray, theta: FloatArray, steps: int, tolerance: float, agree: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Go on from theta (len(rows), n, V); return the ends and their chisqr (len(rows), n)."""
        count = theta.shape[1]
        owner = np.repeat(np.arange(rows.size), count)
        end = solve(
            self.problem.rows(rows[owner]),
            theta.reshape(-1, theta.shape[2]),
            max_iterations=steps,
            tolerance=tolerance,
            agree=agree,
            owner=None if rows.size == 1 else owner,
        )
        return end.theta.reshape(theta.shape), end.chisqr.reshape(rows.size, count)

    def _to_coordinates(self, values: FloatArray) -> FloatArray:
        """Return coordinates for parameters (b, n, P)."""
        flat = self.coordinates.internal(values.reshape(-1, values.shape[-1]))
        return flat.reshape(*values.shape[:2], -1)

    def _get_grid(self, row: int) -> StartGrid:
        if row not in self.grids:
            target, weight = self.problem.target[row], self.problem.weight[row]
            self.grids[row] = StartGrid(self.circuit, self.omega[row], target, weight)
        return self.grids[row]

    def _search_without_neighbours(self, rows: IntArray) -> None:
        """Search these spectra from their own data alone, round by round, until their ends agree."""
        if not rows.size:
            return
        if self.difficulty < _TOO_DIFFICULT:
            self._search_grid(rows, *_EFFORT[self.difficulty])
            self._move_branches(self._find_doubtful(rows))
            self._search_randomly(self._find_doubtful(rows), go_on=False)
        else:
            self._search_randomly(rows)
            crowded = self.crowded
            self._move_branches(rows if crowded else self._find_doubtful(rows), ends=_MOVED if crowded else 1)
        for row in rows.tolist():
            del self.grids[row]

    def _search_grid(self, rows: IntArray, from_grid: int, scattered: int, agree: int) -> None:
        left = rows
        for turn in range(_ROUNDS):
            starts = np.stack([self._grid_starts(row, from_grid, scattered, turn) for row in left.tolist()])
            # Later rounds look for something else than the first found: none of their starts is cut short.
            early = agree if turn == 0 else None
            ends = self._solve(left, self._to_coordinates(starts), _STEPS, _ROUGH, early)
            self.add(left, *ends, starts.shape[1], votes=True)
            ratio = self._compute_excess_ratio()[left]
            needed = agree * np.where((ratio > _DOUBTFUL) & (ratio < _HOPELESS), 2, 1)
            done = (self.count_agreeing()[left] >= needed) & ((ratio < _DOUBTFUL) | (turn > 0))
            done |= self._is_exact(left)
            self.settled[left[done]] = True
            left = left[~done]
            if not left.size:
                return

    def _grid_starts(self, row: int, count: int, scattered: int, turn: int) -> FloatArray:
        grid, rng = self._get_grid(row), Random(self.seed, turn)
        if turn == 0:
            own = grid.starts(count)
            return np.concatenate([own, grid.scatter(count + scattered - len(own), rng)])
        return grid.scatter(scattered, rng, exchange=len(grid.arcs) > 1)

    def _find_doubtful(self, rows: IntArray) -> IntArray:
        """Return almost noise-free spectra whose best end leaves more than their noise explains.

        Of any noise where an element of one's own stands beside storage: how many of its starts must agree
        nobody has measured.
        """
        best = self.chisqr[rows, 0]
        precise = (self.exact[rows] > 0) | (best < _PRECISE_RMS**2 * self.size[rows]) | self.unmeasured
        doubtful = precise & (best > _DOUBTFUL * self.expected[rows]) & ~self._is_exact(rows)
        return np.asarray(rows[doubtful], dtype=np.intp)

    def _search_randomly(self, rows: IntArray, *, go_on: bool = True) -> None:
        """Start from anywhere, round by round; without `go_on` as long as that finds something better."""
        left = rows
        for turn, count in enumerate(_RANDOM_STARTS):
            if not left.size:
                return
            before = self.chisqr[left, 0] if self.chisqr.shape[1] else np.full(left.size, np.inf)
            theta = self._draw_starts(left, count, turn)
            tried = theta.shape[1]
            theta, cost = self._solve(left, theta, *_PASS_1)
            best = np.argsort(cost, axis=1)[:, : max(_MIN_CONTINUED, tried // 4)]
            theta = np.take_along_axis(theta, best[:, :, np.newaxis], axis=1)
            self.add(left, *self._solve(left, theta, *_PASS_2), tried, votes=True)
            ratio, agreed = self._compute_excess_ratio()[left], self.count_agreeing()[left]
            known = self.expected[left] > 0
            done = known & (ratio <= _DOUBTFUL) & (agreed >= _AGREEING - 1)
            done |= (agreed >= _AGREEING * (turn + 1)) & ((turn > 0) | (known & (ratio > _HOPELESS)))
            done |= self._is_exact(left)
            if not go_on:
                done |= self.chisqr[left, 0] > before / _WORTHWHILE_GAIN
            self.settled[left[done]] = True
            left = left[~done]

    def _move_branches(self, rows: IntArray, *, ends: int = 1) -> None:
        """Start where the best ends lead with a branch moved, as long as that finds something better.

        From so many ends that differ, then from the best. Where the data are free of noise that was done on
        the way to their digits.
        """
        gain, rows = 1 + SAME_OPTIMUM if self.crowded else _WORTHWHILE_GAIN, rows[self.exact[rows] == 0]
        if rows.size:
            from eisfit.engine.starts.moved_branch import move_each_branch  # few spectra need it
        for row in rows.tolist():
            one, modulus = np.array([row]), np.abs(self.problem.target[row])
            for turn in range(_ROUNDS):
                before = self.chisqr[row, 0]
                chosen = find_different(self.chisqr[row], SAME_OPTIMUM)[: ends if turn == 0 else 1]
                values = self.coordinates.physical(self.theta[row, chosen])
                starts = np.concatenate(
                    [move_each_branch(self.circuit, best, self.omega[row], modulus) for best in values]
                )
                if not len(starts):
                    break
                moved = self._solve(one, self._to_coordinates(starts[np.newaxis]), _STEPS, _ROUGH)
                self.add(one, *moved, len(starts), votes=False)
                if self.chisqr[row, 0] > before / gain:
                    break

    def _draw_starts(self, rows: IntArray, count: int, turn: int) -> FloatArray:
        """Return coordinates (b, n, V) of a round's starts."""
        from eisfit.engine.starts.draws import draw_random_starts

        rng = Random(self.seed, turn)
        together = self.resonant and turn % 2 == 1
        z = self.problem.target[rows]
        drawn = draw_random_starts(self.circuit, self.omega[rows], z, count, rng, together=together)
        from_grid = [self._grid_starts(row, _FROM_GRID, count // 4, turn) for row in rows.tolist()]
        values = np.concatenate([drawn, np.stack(from_grid)], axis=1)
        theta = self._to_coordinates(values)
        return self._add_resonance_starts(rows, theta) if self.resonant else theta

    def _add_resonance_starts(self, rows: IntArray, theta: FloatArray) -> FloatArray:
        """Add the best third of the starts after some steps in ln Z, which shows a peak and a dip alike."""
        count = theta.shape[1]
        owner = np.repeat(rows, count)
        part = self.problem.rows(owner)
        weight = part.weighted_modulus
        form = REPRESENTATIONS["modulus_phase"]
        log = FormProblem(self.coordinates, part.grid, part.target, weight, part.box, form)
        end = solve(log, theta.reshape(-1, theta.shape[2]), max_iterations=_PASS_1[0], tolerance=_PASS_1[1])
        cost = end.chisqr.reshape(rows.size, count)
        best = np.argsort(cost, axis=1)[:, : max(1, count // 3), np.newaxis]
        return np.concatenate(
            [theta, np.take_along_axis(end.theta.reshape(theta.shape), best, axis=1)], axis=1
        )

    def _exchange_arcs(self, rows: IntArray) -> None:
        """Add where the best ends lead with arcs exchanged: the grid cannot tell which has the Warburg."""
        if not rows.size:
            return
        best = self.coordinates.physical(self.theta[rows, 0])
        fit, others = exchange_unequal_arcs(self.circuit, best)
        if not fit.size:
            return
        owner = rows[fit]
        start, ceiling = self.coordinates.internal(others), self._compute_rival_ceiling()[owner]
        end = solve(self.problem.rows(owner), start, max_iterations=_STEPS, tolerance=_ROUGH, ceiling=ceiling)
        most = int(np.bincount(owner).max())
        place = np.arange(fit.size) - np.searchsorted(fit, fit)  # within those of one fit
        shape = len(self.tried), most
        wide, costs = np.zeros((*shape, start.shape[1])), np.full(shape, np.inf)
        wide[owner, place], costs[owner, place] = end.theta, end.chisqr
        self.add(np.arange(len(self.tried)), wide, costs, 0, votes=False)
        np.add.at(self.tried, owner, 1)

    def _compute_rival_ceiling(self) -> FloatArray:
        """Return chisqr (B,) above which no end is another optimum that the data allows.

        Where the best end leaves more than noise, its residuals may follow each other however closely.
        """
        nfree = max(self.problem.weight.shape[1] - self.coordinates.size, 1)
        above = max(_RIVAL_RATIO, float(np.exp(find_rival_excess(nfree, _MOST_LAG) / nfree)))
        explained = self._is_explained(np.arange(len(self.tried)))
        return np.where(explained, above * self.chisqr[:, 0], np.inf)

    def _start_from_neighbours(self, rows: IntArray, target: ComplexArray, values: FloatArray) -> None:
        """Start `rows` where the nearest of others ended; what explains all but the noise settles them."""
        neighbours = Neighbours(self.problem, target, values)
        alike = neighbours.find_alike(self.problem.target[rows])
        near = rows[alike.rows]
        for which in (slice(1), slice(1, None)):
            left = np.flatnonzero(~self.settled[near])
            starts = neighbours.starts(alike, left, which)
            if not starts.size:
                break
            chosen, shape = near[left], starts.shape[:2]
            owner = np.repeat(chosen, shape[1])
            end = solve(self.problem.rows(owner), starts.reshape(owner.size, -1), **_LAST_STEPS)
            ends = end.theta.reshape(*shape, -1), end.chisqr.reshape(shape)
            self.add(chosen, *ends, shape[1], votes=True, fine=end.converged.reshape(shape))
            self.settled[chosen] = self._is_explained(chosen)
        self.votes[near[~self.settled[near]]] = False
        if self.crowded:  # an optimum among many may explain all but the noise, and not be the lowest
            self._move_branches(near[self.settled[near]])

    def _is_explained(self, rows: IntArray) -> BoolArray:
        """Return which spectra's best end leaves no more than noise does."""
        return np.asarray(self.chisqr[rows, 0] <= self.perfect[rows] * self.expected[rows])

    def _is_exact(self, rows: IntArray) -> BoolArray:
        """Return which spectra, free of noise, are fitted to their digits once the best ends go there."""
        clean = rows[(self.exact[rows] > 0) & (self.chisqr[rows, 0] < self.bottom[rows] / _WORTHWHILE_GAIN)]
        if clean.size:
            from eisfit.engine.digits import fit_to_digits  # measured data have noise
        for row in clean.tolist():
            one = np.array([row])
            theta, cost = fit_to_digits(self.problem.rows(one), self.theta[row], float(self.exact[row]))
            if cost < self.chisqr[row, 0]:
                self.add(one, theta[np.newaxis, np.newaxis], np.array([[cost]]), 1, votes=False, fine=True)
            self.bottom[row] = self.chisqr[row, 0]
        return np.asarray(self.chisqr[rows, 0] <= self.exact[rows])

    def _polish_ends(self) -> None:
        """Take the best end, and near ones that may still turn out lower, to the bottom of their valleys."""
        lowest = self.chisqr[:, :1]
        limit = lowest * (1 + SAME_OPTIMUM) + self.floor[:, np.newaxis]
        others = (self.chisqr > limit) & (self.chisqr < lowest * _RIVAL_RATIO)
        others &= np.cumsum(others, axis=1) < _MAX_POLISHED
        others[:, 0] = np.isfinite(lowest[:, 0])
        others &= ~(self.fine & (self.chisqr > NOISE_FREE * self.floor[:, np.newaxis]))
        row, end = np.nonzero(others)
        if not row.size:
            return
        theta, cost, done = polish(self.problem.rows(row), self.theta[row, end], self.floor[row])
        self.fine[row, end] = done
        # The rough chisqr may be what a last step promised, a trace lower than what it is.
        better = cost <= self.chisqr[row, end] * (1 + SAME_OPTIMUM)
        row, end = row[better], end[better]
        self.theta[row, end], self.chisqr[row, end] = theta[better], cost[better]
        self.sort()

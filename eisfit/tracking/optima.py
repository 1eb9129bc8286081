"""The optima of every cycle of a series: from blind starts, and from what the other cycles found.

All cycles are searched blind in one lot, as `eisfit.fit_many` does. Every optimum is then tried at the cycles
around it, as is each optimum with its arcs exchanged, until nothing new is found anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.arcs_order import order_arcs
from eisfit.engine.solver import SAME_OPTIMUM
from eisfit.engine.swapped_arcs import exchange_arcs
from eisfit.tracking.identity import Candidate, Features
from eisfit.tracking.series_problem import SeriesProblem

Found = Sequence[tuple[int, Candidate]]

_MAX_DIFFERENCE = 0.02  # largest change of ln R or ln tau within one optimum
_MIN_DISTANCE = 0.1  # a start so near a known optimum or start ends there too
_MAX_EXCESS = 60.0  # 2 ln(likelihood ratio) below the best
_MAX_OPTIMA = 8  # optima of one cycle
_MAX_STARTS = 60  # starts of one cycle from others
_NEIGHBOUR_STEPS = (1, 3, 9, 27)  # cycles to either side
_ROUNDING = 1e-14  # of |Z|: optima that miss by less are as good, whichever way the processor rounded


class SeriesOptima:
    """What is known so far.

    Parameters
    ----------
    rows
        All spectra.
    features
        By which optima are recognised.

    Attributes
    ----------
    found
        The candidates of every cycle.
    starts
        (N,) of the blind search.
    """

    def __init__(self, rows: SeriesProblem, features: Features) -> None:
        self.rows, self.features = rows, features
        count = len(rows.spectra)
        data = zip(rows.weights, rows.spectra, strict=True)
        sizes = (weight * np.repeat(np.abs(one.impedance), 2) for weight, one in data)
        self.least = np.array([_ROUNDING**2 * (size @ size) for size in sizes])
        self.found: list[list[Candidate]] = [[] for _ in range(count)]
        self.blind, self.starts = np.full(count, np.inf), np.ones(count, dtype=np.intp)
        self.voted, self.settled = self.starts, np.zeros(count, dtype=bool)
        self.tried: list[list[FloatArray]] = [[] for _ in range(count)]

    def search(self, seed: int) -> Found:
        """Search every cycle without start values, and return the optima."""
        cycles, values, chisqr = [], [], []
        self.starts, self.voted = self.starts.copy(), self.voted.copy()
        for where, coordinates, found in self.rows.search(seed):
            self.starts[where], self.voted[where] = found.starts, found.agreed
            lowest = np.maximum(found.chisqr[:, 0], self.least[where])
            self.blind[where], self.settled[where] = lowest, found.settled
            row, end = np.nonzero(np.isfinite(found.chisqr))
            cycles.append(where[row])
            values.append(coordinates.physical(found.theta[row, end]))
            chisqr.append(found.chisqr[row, end])
        where, ends = np.concatenate(cycles), order_arcs(self.rows.circuit, np.concatenate(values))
        return self._keep_optima(where, ends, np.concatenate(chisqr), np.ones(where.size, dtype=bool))

    def try_starts(self, cycles: Sequence[int], starts: FloatArray) -> Found:
        """Solve cycles (n,) from parameters (n, P), keep what is new, and return it."""
        if not len(cycles):
            return []
        where = np.asarray(cycles, dtype=np.intp)
        ends = self.rows.solve(where, starts)
        return self._keep_optima(where, ends.values, ends.chisqr, np.zeros(where.size, dtype=bool))

    def add_fits(self, values: FloatArray) -> Found:
        """Solve every cycle from the fit (N, P) that was made of it; an end elsewhere is not that fit's."""
        ends = self.rows.solve(np.arange(len(values)), values)
        with np.errstate(all="ignore"):
            moved = np.abs(self.features.of(ends.values) - self.features.of(values))
        stayed = np.all(moved <= _MAX_DIFFERENCE, axis=1)
        self.blind = np.maximum(ends.chisqr, self.least)
        return self._keep_optima(np.arange(len(values)), ends.values, ends.chisqr, stayed)

    def _keep_optima(
        self, cycles: IntArray, values: FloatArray, chisqr: FloatArray, blind: NDArray[np.bool_]
    ) -> Found:
        with np.errstate(all="ignore"):
            features, disorder = self.features.of(values), self.features.disorder(values)
        chisqr = np.maximum(chisqr, self.least[cycles])
        fresh = []
        for row, k in enumerate(cycles.tolist()):
            if np.isfinite(chisqr[row]) and np.isfinite(features[row]).all():
                told = float(chisqr[row]), features[row], float(disorder[row]), bool(blind[row])
                one = Candidate(values[row], *told)
                if self._is_new(k, one):
                    fresh.append((k, one))
        return fresh

    def _is_new(self, cycle: int, one: Candidate) -> bool:
        known = self.found[cycle]
        if known and self.compute_excess(cycle, one) > _MAX_EXCESS:
            return False
        for place, other in enumerate(known):
            if _measure_distance(one.features, other.features) <= _MAX_DIFFERENCE:
                if one.chisqr < other.chisqr:
                    known[place] = one.make_blind_like(other)
                return False
        known.append(one)
        known.sort(key=lambda c: c.chisqr)
        del known[_MAX_OPTIMA:]
        return any(one is c for c in known)

    def compute_excess(self, cycle: int, one: Candidate) -> float:
        """Return 2 ln(likelihood ratio) of the best optimum of a cycle and another."""
        return float(
            self.rows.nfree[cycle] * np.log(max(one.chisqr, 1e-300) / max(self.find_lowest(cycle), 1e-300))
        )

    def find_lowest(self, cycle: int) -> float:
        """Return the lowest chisqr of a cycle."""
        return min((c.chisqr for c in self.found[cycle]), default=np.inf)

    def count_agreeing(self, cycle: int) -> int:
        """Return how many blind starts of a cycle ended at the best that is known."""
        best = self.blind[cycle] <= self.find_lowest(cycle) * (1 + SAME_OPTIMUM)
        return int(self.voted[cycle]) if best else 0

    def try_exchanged_arcs(self, cycles: Iterable[int]) -> Found:
        """Try the best optimum of some cycles with its arcs exchanged, and return what is new."""
        places, starts = [], []
        for k in cycles:
            if self.found[k]:
                others = exchange_arcs(self.rows.circuit, self.found[k][0].values[np.newaxis])[0]
                places += [k] * len(others)
                starts += list(others)
        return self.try_starts(places, np.array(starts))

    def try_neighbours(self, fresh: Found) -> None:
        """Try new optima at the neighbouring cycles, repeatedly, until no further optimum is found."""
        alone = self._find_unique()
        while fresh:
            places, starts = [], []
            for k, one in fresh:
                if self.compute_excess(k, one) > _MAX_EXCESS:
                    continue
                for target in (k + step for reach in _NEIGHBOUR_STEPS for step in (-reach, reach)):
                    if target in alone or not 0 <= target < len(self.found):
                        continue
                    if self._is_worth_trying(target, one.features):
                        self.tried[target].append(one.features)
                        places.append(target)
                        starts.append(one.values)
            fresh = self.try_starts(places, np.array(starts))

    def _find_unique(self) -> set[int]:
        """Return the cycles that have one optimum: one arc, and a search whose starts agree."""
        if len(self.features.arcs) > 1:
            return set()
        return {k for k in np.flatnonzero(self.settled).tolist() if self.count_agreeing(k)}

    def _is_worth_trying(self, cycle: int, features: FloatArray) -> bool:
        if len(self.tried[cycle]) >= _MAX_STARTS:
            return False
        near = [*(c.features for c in self.found[cycle]), *self.tried[cycle]]
        return not near or float(np.abs(np.array(near) - features).max(axis=1).min()) > _MIN_DISTANCE

    def candidates(self) -> list[list[Candidate]]:
        """Return every cycle's optima; first one found blind, if it is as good as any, else the best."""
        return [_sort_candidates(row) for row in self.found]


def _measure_distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.abs(one - other).max(initial=0.0))


def _sort_candidates(row: list[Candidate]) -> list[Candidate]:
    limit = min((c.chisqr for c in row), default=0.0) * (1 + SAME_OPTIMUM)
    best = [c for c in row if c.chisqr <= limit]
    best.sort(key=lambda c: (c.disorder, not c.blind, c.chisqr))
    return [*best, *sorted((c for c in row if c.chisqr > limit), key=lambda c: c.chisqr)]


def find_all_optima(rows: SeriesProblem, features: Features, seed: int) -> SeriesOptima:
    """Return the optima of all cycles without any start values."""
    known = SeriesOptima(rows, features)
    fresh = known.search(seed)
    known.try_neighbours([*fresh, *known.try_exchanged_arcs(range(len(rows.spectra)))])
    return known


def find_exchanged_optima(
    rows: SeriesProblem, features: Features, values: FloatArray, others: bool
) -> SeriesOptima:
    """Return the optima of all cycles from one each, parameters (N, P); just those unless `others`."""
    known = SeriesOptima(rows, features)
    fresh = known.add_fits(values)
    if others:
        known.try_neighbours([*fresh, *known.try_exchanged_arcs(range(len(values)))])
    return known

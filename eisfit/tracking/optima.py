"""The optima of every cycle of a series: from blind starts, and from what the other cycles found.

Each cycle is started blind a few times, all cycles in one batch. Every optimum is then tried at the cycles
around it, as is each optimum with its arcs exchanged, until nothing new is found anywhere. Where the blind
starts of a cycle do not agree with the best that is known for it, more of them follow; where they never do,
the whole search of a single fit is made at some of those cycles, and again as long as it finds anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.exchange import exchange_arcs
from eisfit.engine.solver import SAME
from eisfit.tracking.identity import Candidate, Features
from eisfit.tracking.series_problem import SeriesProblem

__all__ = ["SeriesOptima", "all_optima", "exchanged_optima"]

Found = Sequence[tuple[int, Candidate]]

_ROUNDS = ((0, 3), (3, 8), (8, 16))  # first and last blind start of each round
_AGREE = 2
_PERFECT = 1.1  # times what the noise explains: one blind start that ends there settles it
_ONE = 0.02  # largest change of ln R or ln tau within one optimum
_NEAR = 0.1  # a start so near a known optimum or start leads nowhere else
_HOPELESS = 60.0  # 2 ln(likelihood ratio) below the best
_KEPT = 8  # optima of one cycle
_TRIED = 60  # starts of one cycle from others
_REACH = (1, 3, 9, 27)  # cycles to either side
_SEARCHES = 16  # cycles that get the whole search at a time
_TURNS = 8


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
    blind
        chisqr of the ends of every cycle's blind starts.
    """

    def __init__(self, rows: SeriesProblem, features: Features) -> None:
        self.rows, self.features = rows, features
        count = len(rows.spectra)
        self.found: list[list[Candidate]] = [[] for _ in range(count)]
        self.blind: list[list[float]] = [[] for _ in range(count)]
        self.tried: list[list[FloatArray]] = [[] for _ in range(count)]

    def try_starts(self, cycles: Sequence[int] | IntArray, starts: FloatArray, *, blind: bool) -> Found:
        """Solve cycles (n,) from parameters (n, P), keep what is new, and return it."""
        if not len(cycles):
            return []
        where = np.asarray(cycles, dtype=np.intp)
        ends = self.rows.solve(where, starts)
        values = self.rows.in_order(ends.values) if blind else ends.values
        if blind:
            for k, chisqr in zip(where.tolist(), ends.chisqr.tolist(), strict=True):
                self.blind[k].append(chisqr)
        return self._kept(where, values, ends.chisqr, np.full(where.size, blind))

    def take(self, values: FloatArray) -> Found:
        """Solve every cycle from the fit (N, P) that was made of it; an end elsewhere is not that fit's."""
        ends = self.rows.solve(np.arange(len(values)), values)
        with np.errstate(all="ignore"):
            moved = np.abs(self.features.of(ends.values) - self.features.of(values))
        stayed = np.all(moved <= _ONE, axis=1)
        for known, chisqr in zip(self.blind, ends.chisqr.tolist(), strict=True):
            known.append(chisqr)
        return self._kept(np.arange(len(values)), ends.values, ends.chisqr, stayed)

    def _kept(
        self, cycles: IntArray, values: FloatArray, chisqr: FloatArray, blind: NDArray[np.bool_]
    ) -> Found:
        with np.errstate(all="ignore"):
            features, disorder = self.features.of(values), self.features.disorder(values)
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
        if known and self.worse(cycle, one) > _HOPELESS:
            return False
        for place, other in enumerate(known):
            if _apart(one.features, other.features) <= _ONE:
                if one.chisqr < other.chisqr:
                    known[place] = one.of_the_kind_of(other)
                return False
        known.append(one)
        known.sort(key=lambda c: c.chisqr)
        del known[_KEPT:]
        return any(one is c for c in known)

    def worse(self, cycle: int, one: Candidate) -> float:
        """Return 2 ln(likelihood ratio) of the best optimum of a cycle and another."""
        return float(
            self.rows.nfree[cycle] * np.log(max(one.chisqr, 1e-300) / max(self.lowest(cycle), 1e-300))
        )

    def lowest(self, cycle: int) -> float:
        """Return the lowest chisqr of a cycle."""
        return min((c.chisqr for c in self.found[cycle]), default=np.inf)

    def agreed(self, cycle: int) -> int:
        """Return how many blind starts of a cycle ended at the best that is known."""
        limit = self.lowest(cycle) * (1 + SAME)
        return sum(chisqr <= limit for chisqr in self.blind[cycle])

    def unsettled(self) -> list[int]:
        """Return the cycles whose blind starts do not agree with the best that is known."""
        needed = [
            1 if self.lowest(k) < _PERFECT * self.rows.attainable[k] else _AGREE
            for k in range(len(self.found))
        ]
        return [k for k, n in enumerate(needed) if self.agreed(k) < n]

    def with_arcs_exchanged(self, cycles: Iterable[int]) -> Found:
        """Try the best optimum of some cycles with its arcs exchanged, and return what is new."""
        places, starts = [], []
        for k in cycles:
            if self.found[k]:
                others = exchange_arcs(self.rows.circuit, self.found[k][0].values[np.newaxis])[0]
                places += [k] * len(others)
                starts += list(others)
        return self.try_starts(places, np.array(starts), blind=False)

    def spread(self, fresh: Found) -> None:
        """Try new optima at the cycles around, and what that finds again, until there is nothing new."""
        alone = self._alone()
        while fresh:
            places, starts = [], []
            for k, one in fresh:
                if self.worse(k, one) > _HOPELESS:
                    continue
                for target in (k + step for reach in _REACH for step in (-reach, reach)):
                    if target in alone or not 0 <= target < len(self.found):
                        continue
                    if self._is_worth(target, one.features):
                        self.tried[target].append(one.features)
                        places.append(target)
                        starts.append(one.values)
            fresh = self.try_starts(places, np.array(starts), blind=False)

    def _alone(self) -> set[int]:
        """Return the cycles that have one optimum: one arc, at the noise, where all blind starts ended."""
        if len(self.features.arcs) > 1:
            return set()
        starts = _ROUNDS[0][1]
        return {
            k
            for k, ends in enumerate(self.blind)
            if len(ends) >= starts
            and self.lowest(k) < _PERFECT * self.rows.attainable[k]
            and self.agreed(k) == len(ends)
        }

    def _is_worth(self, cycle: int, features: FloatArray) -> bool:
        if len(self.tried[cycle]) >= _TRIED:
            return False
        near = [*(c.features for c in self.found[cycle]), *self.tried[cycle]]
        return not near or float(np.abs(np.array(near) - features).max(axis=1).min()) > _NEAR

    def candidates(self) -> list[list[Candidate]]:
        """Return every cycle's optima; first one found blind, if it is as good as any, else the best."""
        return [_best_first(row) for row in self.found]


def _apart(one: FloatArray, other: FloatArray) -> float:
    return float(np.abs(one - other).max(initial=0.0))


def _best_first(row: list[Candidate]) -> list[Candidate]:
    limit = min((c.chisqr for c in row), default=0.0) * (1 + SAME)
    best = [c for c in row if c.chisqr <= limit]
    best.sort(key=lambda c: (c.disorder, not c.blind, c.chisqr))
    return [*best, *sorted((c for c in row if c.chisqr > limit), key=lambda c: c.chisqr)]


def all_optima(rows: SeriesProblem, features: Features, seed: int) -> SeriesOptima:
    """Return the optima of all cycles without any start values."""
    known = SeriesOptima(rows, features)
    starts = rows.blind(_ROUNDS[-1][1])
    left = list(range(len(rows.spectra)))
    for begin, end in _ROUNDS:
        chosen = np.repeat(np.array(left, dtype=np.intp), end - begin)
        picked = starts[left, begin:end].reshape(chosen.size, -1)
        fresh = [*known.try_starts(chosen, picked, blind=True), *known.with_arcs_exchanged(left)]
        known.spread(fresh)
        left = known.unsettled()
        if not left:
            return known
    _searched(known, seed)
    return known


def exchanged_optima(
    rows: SeriesProblem, features: Features, values: FloatArray, others: bool = True
) -> SeriesOptima:
    """Return the optima of all cycles from one each, parameters (N, P); just those unless `others`."""
    known = SeriesOptima(rows, features)
    fresh = known.take(values)
    if others:
        known.spread([*fresh, *known.with_arcs_exchanged(range(len(values)))])
    return known


def _searched(known: SeriesOptima, seed: int) -> None:
    """Make the whole search at cycles that the blind starts leave open, as long as it finds better optima."""
    done: set[int] = set()
    for _ in range(_TURNS):
        left = [k for k in known.unsettled() if k not in done]
        if not left:
            return
        chosen = sorted({left[int(i)] for i in np.linspace(0, len(left) - 1, _SEARCHES)})
        done.update(chosen)
        before = [known.lowest(k) for k in range(len(known.found))]
        fresh: list[tuple[int, Candidate]] = []
        for k in chosen:
            ends = known.rows.searched(k, seed)[:_KEPT]
            fresh += known.try_starts([k] * len(ends), ends, blind=True)
        known.spread([*fresh, *known.with_arcs_exchanged({k for k, _ in fresh})])
        if all(known.lowest(k) > b * (1 - SAME) for k, b in enumerate(before)):
            return

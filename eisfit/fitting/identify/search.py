"""From plain structures outwards: the best are fitted in full, and their neighbours roughly."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from eisfit.fitting.identify.digits import drop_needless, reaches_digits, search_by_size
from eisfit.fitting.identify.moves import list_moves
from eisfit.fitting.identify.plain import fit_plain_circuits
from eisfit.fitting.identify.ranking import MANY, find_size_limit, find_smallest
from eisfit.fitting.identify.structures import Structure, count_parameters, shape_of, structure_of
from eisfit.fitting.identify.trials import Trial, Workbench
from eisfit.records import dataclass

_SEEDS = (
    "R0-p(R1,CPE1)",
    "R0-CPE1",
    "R0-W1",
    "R0-p(R1,CPE1)-W2",
    "R0-p(R1,CPE1)-p(R2,CPE2)",
    "L3-R0-p(R1,CPE1)",
)
_BEAM = 3
_FULL_FITS = 40
_PROMISING = 6  # neighbours of a round that are fitted in full
_HOPELESS = 25.0  # in ln: a rough fit so far behind the best is not fitted in full
_BEHIND = 12.0  # in ln: neighbours of what is so far behind the best are not looked at once that fits
_ROUGH_LIMIT = 100.0
_LOOKS = 90  # circuits looked at where data of next to no noise do not reach their digits


def explore(bench: Workbench, *, inductive: bool) -> tuple[Workbench, list[Trial]]:
    """Return the bench they are scored by, and every structure tried: first those in full, by falling score.

    Data of next to no noise are looked at by their digits first, and where no circuit reaches these by what
    the Kramers-Kronig test leaves.

    Parameters
    ----------
    bench
        The spectrum.
    inductive
        Whether branches R-L are tried.
    """
    found: dict[str, Trial] = {}
    plain_first = not (bench.is_simulated or inductive)
    search = _Search(bench, found, inductive, MANY - 1 if plain_first else np.inf)
    if plain_first:
        fit_plain_circuits(bench, found)
        search.grow()
        return bench, rank_trials(found.values())
    for seed in _SEEDS:
        search.fit_roughly([structure_of(seed)])
    if not bench.is_simulated:
        search.fit_promising()
        search.grow()
        return bench, rank_trials(found.values())
    exact, finer = bench.use_digits(), dict(found)
    if search_by_size(exact, finer, inductive=inductive, free_of_noise=bench.is_free_of_noise):
        return exact, rank_trials(finer.values())
    search.fit_promising()
    search.grow(_LOOKS)
    finer |= {name: exact.score_again(trial) for name, trial in found.items()}
    if any(reaches_digits(trial, exact) for trial in finer.values()):
        drop_needless(exact, finer, rank_trials(finer.values())[0], inductive=inductive)
        return exact, rank_trials(finer.values())
    return bench, rank_trials(bench.score_again(trial) for trial in finer.values())


def rank_trials(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials fitted in full by falling score, then the others."""
    return sorted(trials, key=lambda trial: (not trial.full, -trial.score))


@dataclass(frozen=True)
class _Search:
    """The trials so far, by shape, and the choice of those to fit next.

    Nothing with more than `widest` parameters, but beside what explains the data, where one more counts.
    """

    bench: Workbench
    found: dict[str, Trial]
    inductive: bool
    widest: float

    def grow(self, most: float = np.inf) -> None:
        """Fit the neighbours of the best, round by round, until all neighbours of the best are known."""
        expanded: set[str] = set()
        most_full = _FULL_FITS + self._full_fits
        while self._full_fits < most_full and len(self.found) < most:
            beam = self._select_best(expanded)
            if not beam:
                break
            for trial in beam:
                expanded.add(trial.shape)
                near = list_moves(trial.structure, trial.values, inductive=self.inductive)
                widest = trial.size + 1 if self.bench.explains(trial) else self.widest
                most_size = min(find_size_limit(self.found.values(), self.bench), widest)
                self.fit_roughly((s for s in near if count_parameters(s) <= most_size), trial)
            self.fit_promising()

    @property
    def _full_fits(self) -> int:
        return sum(trial.full for trial in self.found.values())

    @property
    def _small_trials(self) -> list[Trial]:
        """The trials no larger than the data can ask for, or than `widest` where none explains them."""
        most = find_size_limit(self.found.values(), self.bench)
        within = [trial for trial in self.found.values() if trial.size <= most]
        best = rank_trials(within)[:1]
        if best and np.isfinite(self.widest) and not self.bench.explains(best[0]):
            return [trial for trial in within if trial.size <= self.widest] or best
        return within

    def _select_best(self, expanded: set[str]) -> list[Trial]:
        """Return the best trials whose neighbours are not known: three, or those near one that fits."""
        best, *others = rank_trials(self._small_trials)[:_BEAM]
        if self.bench.explains(best):
            others = [trial for trial in others if trial.score > best.score - _BEHIND]
        return [trial for trial in (best, *others) if trial.shape not in expanded]

    def fit_roughly(self, structures: Iterable[Structure], parent: Trial | None = None) -> None:
        """Fit structures roughly; one that is known already only where nothing better than a look was had."""
        hopeless = max((trial.score for trial in self._small_trials), default=-np.inf) - _ROUGH_LIMIT
        for structure in structures:
            known = self.found.get(shape_of(structure))
            if (known is not None and known.full) or self.bench.numbers <= count_parameters(structure) + 1:
                continue
            trial = self.bench.fit_roughly(structure, [parent] if parent else [], hopeless)
            if known is None or trial.score > known.score:
                self.found[trial.shape] = trial

    def fit_promising(self) -> None:
        """Fit in full what came close in a look, and the smallest that is close enough."""
        within = self._small_trials
        best = max(trial.score for trial in within)
        promising = sorted((t for t in within if not t.full), key=lambda t: -t.score)[:_PROMISING]
        for trial in promising:
            if trial.score > best - _HOPELESS:
                full = self.bench.fit_in_full(trial)
                self.found[full.shape] = full
                best = max(best, full.score)
        while (least := find_smallest(self.found.values(), self.bench)) is not None and not least.full:
            self.found[least.shape] = self.bench.fit_in_full(least)

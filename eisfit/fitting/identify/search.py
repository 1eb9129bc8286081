"""From the simplest structures outwards: the best are fitted in full, and their neighbours looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from eisfit.fitting.identify.moves import neighbours, unlikely_neighbours
from eisfit.fitting.identify.ranking import is_smooth, largest, misfit, smallest
from eisfit.fitting.identify.structures import Structure, shape, size
from eisfit.fitting.identify.trials import Trial, Workbench
from eisfit.model.notation import Series, parse

__all__ = ["explore"]

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
_GLIMPSE = 100.0
# Of data without noise, size by size:
_NO_NOISE = 3e-5  # relative: what the Kramers-Kronig test leaves is its own coarseness
_REACHED = 10.0  # times what the digits leave: they are reached, as far as the ends of descents can tell
_FIRST_SIZE, _AHEAD = 4, 3  # parameters up to which circuits are fitted in full: at first, beyond the parent
_LARGEST, _STEPS, _EXACT_FITS = 12, 24, 90  # most parameters, parents, circuits fitted in full
_OF_A_SIZE, _MOST_OF_A_SIZE = 2, 20  # rough fits that are then fitted in full, in a step and in all


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
    _look_at_seeds(bench, found)
    if bench.is_simulated:
        exact = bench.by_digits()
        finer = dict(found)
        if _go_through_sizes(exact, finer, inductive=inductive, free_of_noise=bench.noise < _NO_NOISE):
            _cut_down(exact, finer, inductive=inductive)
            return exact, ranked(finer.values())
    _fit_promising(bench, found)
    _grow(bench, found, inductive=inductive)
    if bench.is_simulated:
        _cut_down(bench, found, inductive=inductive)
        finer = {name: exact.scored(trial) for name, trial in found.items()}
        if any(_reaches(trial, exact) for trial in finer.values()):
            _cut_down(exact, finer, inductive=inductive)
            return exact, ranked(finer.values())
    return bench, ranked(found.values())


def _look_at_seeds(bench: Workbench, found: dict[str, Trial]) -> None:
    for seed in _SEEDS:
        node = parse(seed)
        assert isinstance(node, Series)
        _look(bench, found, [node.children], None)


def _grow(bench: Workbench, found: dict[str, Trial], *, inductive: bool) -> None:
    """Look at the neighbours of the best, round by round, until the best have none that is not known."""
    expanded: set[str] = set()
    while sum(trial.full for trial in found.values()) < _FULL_FITS:
        beam = _beam(bench, found, expanded)
        if not beam:
            break
        for trial in beam:
            expanded.add(trial.shape)
            near = neighbours(trial.structure, trial.values, inductive=inductive)
            most = min(largest(found.values(), bench), trial.size + 1 if bench.explains(trial) else 1000)
            _look(bench, found, (s for s in near if size(s) <= most), trial)
        _fit_promising(bench, found)


def _go_through_sizes(
    bench: Workbench, found: dict[str, Trial], *, inductive: bool, free_of_noise: bool
) -> bool:
    """Look for the smallest circuit that reaches the digits, from the closest of each size; tell if there is.

    Without noise the closest of all is the largest, and says nothing of what is near the true circuit. Unless
    the data are known to be `free_of_noise`, what is not smooth in what the closest leaves is noise, and no
    circuit reaches the digits.
    """
    expanded: set[str] = set()
    ahead = _FIRST_SIZE
    for _ in range(_STEPS):
        most = min((t.size for t in found.values() if _reaches(t, bench)), default=_LARGEST)
        _fit_each_size(bench, found, min(most, ahead))
        full = sorted((t for t in found.values() if t.full), key=lambda t: t.chisqr)
        closest = {trial.size: trial for trial in reversed(full) if trial.size <= most}
        left = [closest[count] for count in sorted(closest) if closest[count].shape not in expanded]
        if (
            not left
            or len(full) > _EXACT_FITS
            or not (free_of_noise or _reaches(full[0], bench) or is_smooth(full[0]))
        ):
            break
        parent = left[0]
        expanded.add(parent.shape)
        ahead = max(ahead, parent.size + _AHEAD)
        near = neighbours(parent.structure, parent.values, inductive=inductive)
        near = itertools.chain(unlikely_neighbours(parent.structure), near)
        _look(bench, found, (s for s in near if size(s) <= most), parent)
    return any(_reaches(trial, bench) for trial in found.values())


def _reaches(trial: Trial, bench: Workbench) -> bool:
    """Return whether a trial reaches the digits."""
    return trial.full and misfit(trial, bench) < _REACHED


def _fit_each_size(bench: Workbench, found: dict[str, Trial], most: int) -> None:
    """Fit the closest rough ones of each size in full, up to as many as are enough."""
    for count in {trial.size for trial in found.values() if trial.size <= most}:
        alike = [trial for trial in found.values() if trial.size == count]
        rough = sorted((trial for trial in alike if not trial.full), key=lambda trial: trial.chisqr)
        left = _MOST_OF_A_SIZE - (len(alike) - len(rough))
        for trial in rough[: max(min(_OF_A_SIZE, left), 0)]:
            found[trial.shape] = bench.full(trial)


def _cut_down(bench: Workbench, found: dict[str, Trial], *, inductive: bool) -> None:
    """Fit in full what is one element smaller than the best, as long as that is better.

    In data of next to no noise a rough fit of the true circuit is as far off as one of a wrong circuit.
    """
    best = ranked(found.values())[0]
    while bench.explains(best) or (bench.is_exact and _reaches(best, bench)):
        near = neighbours(best.structure, best.values, inductive=inductive)
        smaller = {shape(s): s for s in near if size(s) < best.size}
        for name, structure in smaller.items():
            if name not in found or not found[name].full:
                found[name] = bench.full(bench.rough(structure, best))
        last, best = best, ranked(found.values())[0]
        if best is last:
            return


def _within(bench: Workbench, found: dict[str, Trial]) -> list[Trial]:
    """Return the trials that are no larger than the data can ask for."""
    most = largest(found.values(), bench)
    return [trial for trial in found.values() if trial.size <= most]


def _beam(bench: Workbench, found: dict[str, Trial], expanded: set[str]) -> list[Trial]:
    """Return the best trials whose neighbours are not known: three, or those near one that fits."""
    best, *others = ranked(_within(bench, found))[:_BEAM]
    if bench.explains(best):
        others = [trial for trial in others if trial.score > best.score - _BEHIND]
    return [trial for trial in (best, *others) if trial.shape not in expanded]


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials fitted in full by falling score, then the others."""
    return sorted(trials, key=lambda trial: (not trial.full, -trial.score))


def _look(
    bench: Workbench, found: dict[str, Trial], structures: Iterable[Structure], parent: Trial | None
) -> None:
    """Fit structures roughly; one that is known already only where nothing better than a look was had."""
    hopeless = max((trial.score for trial in found.values()), default=-np.inf) - _GLIMPSE
    for structure in structures:
        known = found.get(shape(structure))
        if known is not None and known.full:
            continue
        if 2 * bench.spectrum.points <= size(structure) + 1:
            continue
        trial = bench.rough(structure, parent, hopeless)
        if known is None or trial.score > known.score:
            found[trial.shape] = trial


def _fit_promising(bench: Workbench, found: dict[str, Trial]) -> None:
    within = _within(bench, found)
    best = max(trial.score for trial in within)
    promising = sorted((t for t in within if not t.full), key=lambda t: -t.score)[:_PROMISING]
    for trial in promising:
        if trial.score > best - _HOPELESS:
            full = bench.full(trial)
            found[full.shape] = full
            best = max(best, full.score)
    while (least := smallest(found.values(), bench)) is not None and not least.full:
        found[least.shape] = bench.full(least)

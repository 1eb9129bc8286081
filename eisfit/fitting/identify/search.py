"""From the simplest structures outwards: the best are fitted in full, and their neighbours looked at."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from eisfit.fitting.identify.moves import neighbours
from eisfit.fitting.identify.ranking import is_simulated, largest, smallest
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


def explore(bench: Workbench, *, inductive: bool) -> list[Trial]:
    """Return every structure tried, those fitted in full first, each part by falling score.

    Parameters
    ----------
    bench
        The spectrum.
    inductive
        Whether branches R-L are tried.
    """
    found: dict[str, Trial] = {}
    expanded: set[str] = set()
    for seed in _SEEDS:
        node = parse(seed)
        assert isinstance(node, Series)
        _look(bench, found, [node.children], None)
    _fit_promising(bench, found)
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
    if is_simulated(bench):
        _cut_down(bench, found, inductive=inductive)
    return ranked(found.values())


def _cut_down(bench: Workbench, found: dict[str, Trial], *, inductive: bool) -> None:
    """Fit in full what is one element smaller than the best, as long as that is better.

    In data of next to no noise a rough fit of the true circuit is as far off as one of a wrong circuit.
    """
    best = ranked(found.values())[0]
    while bench.explains(best):
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

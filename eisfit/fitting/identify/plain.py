"""Plain circuits, from the smallest up: L and R, arcs in series, a tail; in the last arc diffusion or an arc.

They are few, each grows from smaller ones, and the optimum of each is found from any random starts. So the
search begins with them: where one explains the data the rest is done near it, and where none does that is
what the data are described by, for larger circuits with more to choose from are found by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

import numpy as np

from eisfit.fitting.identify.moves import IDEAL
from eisfit.fitting.identify.ranking import find_size_limit, find_smallest
from eisfit.fitting.identify.structures import Arc, Structure, count_parameters, shape_of, structure_of
from eisfit.fitting.identify.trials import Trial, Workbench
from eisfit.model.notation import Component
from eisfit.records import dataclass

_MOST_ARCS = 4
_TAILS, _INSIDE = ("", "W9", "CPE9", "Ws9", "Wo9"), ("W9", "Ws9", "Wo9")
_ENDED = ("Ws9", "Wo9")
_NESTED = "arc"
_BEHIND = 100.0  # times the least chisqr so far: further off is not fitted in full


@dataclass(frozen=True)
class _Place:
    arcs: int
    tail: str = ""
    inside: str = ""

    @property
    def structure(self) -> Structure:
        arcs = [f"p(R{k},CPE{k})" for k in range(1, self.arcs + 1)]
        if self.inside:
            inner = f"p(R{self.arcs + 1},CPE{self.arcs + 1})" if self.inside == _NESTED else self.inside
            arcs[-1] = f"p(R{self.arcs}-{inner},CPE{self.arcs})"
        return structure_of("L0", "R0", *arcs, self.tail)

    @property
    def smaller(self) -> Iterator[_Place]:
        """The smaller places that it contains."""
        yield _Place(self.arcs - 1, self.tail, self.inside)
        if self.inside == _NESTED:
            yield _Place(self.arcs + 1, self.tail)
        elif self.tail in _ENDED or self.inside in _ENDED:
            yield _Place(self.arcs, self.tail and "W9", self.inside and "W9")
        else:
            yield _Place(self.arcs)


def _count_parameters(place: _Place) -> int:
    return count_parameters(place.structure)


def _iterate_places() -> Iterator[_Place]:
    for arcs in range(_MOST_ARCS + 1):
        yield from (_Place(arcs, tail) for tail in _TAILS)
        if arcs:
            yield from (_Place(arcs, inside=inside) for inside in _INSIDE)
    for arcs in range(1, _MOST_ARCS):
        yield from (_Place(arcs, tail, _NESTED) for tail in _TAILS[:4])


def fit_plain_circuits(bench: Workbench, found: dict[str, Trial]) -> None:
    """Fit plain circuits in full, by size, until one explains the data or the data support no larger one.

    Parameters
    ----------
    bench
        The spectrum.
    found
        What is known, by shape; added to.
    """
    at: dict[_Place, Trial] = {}
    most = np.inf
    for count, alike in groupby(sorted(_iterate_places(), key=_count_parameters), key=_count_parameters):
        if count > most or count - _count_saved(found, bench) > find_size_limit(found.values(), bench):
            return
        if bench.numbers <= count + 1:
            return
        for place in alike:
            _fit_place(bench, at, place)
            if at[place].full:
                _keep_reduced(bench, found, at[place])
        best = max(found.values(), key=lambda trial: trial.score)
        if bench.explains(best):
            most = min(most, count + 1)  # what has one more may be the true one


def _fit_place(bench: Workbench, at: dict[_Place, Trial], place: _Place) -> None:
    """Fit one, in full where it comes about as near as the others."""
    trial = bench.fit_roughly(place.structure, [at[smaller] for smaller in place.smaller if smaller in at])
    least = min((other.chisqr for other in at.values()), default=np.inf)
    at[place] = bench.fit_in_full(trial) if trial.chisqr <= _BEHIND * least else trial


def _count_saved(found: Mapping[str, Trial], bench: Workbench) -> int:
    """Return how many parameters the smallest that is close enough has less than it would in full."""
    least = find_smallest(found.values(), bench)
    if least is None:
        return 0
    ideal = sum(arc is not None and arc.storage.symbol == "C" for arc in map(Arc.of, least.structure))
    return ideal + 2 - sum(1 for _ in drop_leads(least.structure))


def _keep_reduced(bench: Workbench, found: dict[str, Trial], trial: Trial) -> None:
    """Keep a trial, and the same without the elements that it does not need."""
    found[trial.shape] = trial
    price = 1 + np.log(bench.numbers) / bench.numbers
    for structure in _iterate_reduced(trial):
        if (known := found.get(shape_of(structure))) is None:
            known = bench.reduce(structure, trial)
            if known.chisqr <= price * trial.chisqr:
                _keep_reduced(bench, found, bench.finish(known))
                return


def _iterate_reduced(trial: Trial) -> Iterator[Structure]:
    """Yield a structure without L or R, or with a capacitor for a CPE."""
    yield from drop_leads(trial.structure)
    for k, part in enumerate(trial.structure):
        arc = Arc.of(part)
        if arc is None or arc.storage.symbol == "C":
            continue
        if arc.exponent(trial.values) > IDEAL:
            label = arc.storage.label
            node = Arc(arc.resistor, Component(f"C{label}", "C"), arc.inner, arc.loop).node
            yield (*trial.structure[:k], node, *trial.structure[k + 1 :])


def drop_leads(structure: Structure) -> Iterator[Structure]:
    """Yield a structure without L, and without R, in series."""
    for part in structure if len(structure) > 1 else ():
        if isinstance(part, Component) and part.symbol in ("L", "R"):
            yield tuple(other for other in structure if other is not part)

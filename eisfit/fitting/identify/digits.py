"""Data without noise: the smallest circuit that reaches their digits.

Without noise the closest of all circuits is the largest, and says little of what is near the true one. What
does is the richest circuit of each size: L, R, arcs with CPE and a tail with a free exponent hold plain
capacitors, arcs without a resistor in series and ideal diffusion as special cases. They are gone through from
the smallest up, each from the optima of those inside it; from the first that reaches the digits everything
is left out that it does not need.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, product

import numpy as np

from eisfit.fitting.identify.moves import list_moves
from eisfit.fitting.identify.plain import drop_leads
from eisfit.fitting.identify.ranking import compute_misfit, is_smooth
from eisfit.fitting.identify.structures import Structure, count_parameters, shape_of, structure_of
from eisfit.fitting.identify.trials import NEAR, Trial, Workbench

#: Residual over the standard deviation of a rounded number, u / sqrt(12), that the true circuit can leave: no
#: number is off by more than u / 2, that is sqrt(3) of it. The rest is for where a descent ends.
_REACHED = 2.0
_NEARLY = 10.0  # where all sizes were gone through: a descent ended on its way
_TAILS = ("", "CPE5", "G5", "Wop5", "Wsp5", "G5-G6", "p(R5,C5)", "p(R5,C5)-p(R6,C6)")
_INSIDE = {"G5-G6": "G5", "p(R5,C5)-p(R6,C6)": "p(R5,C5)"}  # what a tail grows from; none for the others
_MOST_ARCS, _LARGEST = 4, 12  # parameters, L and R left aside
_BEHIND = 100.0  # times the residual of the closest of a size: further off is not fitted in full
_AS_WELL = 1.5  # times chisqr, that leaving something out may cost where the digits are not reached


def search_by_size(
    bench: Workbench, found: dict[str, Trial], *, inductive: bool, free_of_noise: bool
) -> bool:
    """Search for the smallest circuit that reaches the digits; return whether there is one.

    Parameters
    ----------
    bench
        That takes the digits for all noise.
    found
        What is known, by shape; added to.
    inductive
        Whether branches R-L are tried.
    free_of_noise
        Whether the data are known to be so: else what is not smooth in what the closest leaves is noise, and
        no circuit reaches the digits.
    """
    at: dict[tuple[int, str], Trial] = {}
    for count, alike in groupby(sorted(_iterate_places(), key=_count_parameters), key=_count_parameters):
        places = list(alike)
        if _find_preferred_size(bench, found) <= count:
            break
        for arcs, tail in places:
            inside = [at[place] for place in ((arcs - 1, tail), (arcs, _INSIDE.get(tail, ""))) if place in at]
            structure = _build_structure(arcs, tail)
            if bench.numbers > count_parameters(structure) + 1:
                at[arcs, tail] = bench.fit_roughly(structure, inside)
        no_larger = [trial.chisqr for trial in found.values() if trial.full and trial.size <= count + 2]
        _fit_in_full(bench, at, places, min(no_larger, default=np.inf))
        for trial in (at[place] for place in places if place in at):
            found[trial.shape] = trial
            if trial.full and trial.rms < NEAR:
                drop_needless(bench, found, trial, inductive=inductive)
        closest = min((trial for trial in at.values() if trial.full), key=lambda t: t.chisqr, default=None)
        if closest and not (free_of_noise or is_smooth(closest)):
            break
    return any(reaches_digits(trial, bench, _NEARLY) for trial in found.values())


def _find_preferred_size(bench: Workbench, found: dict[str, Trial]) -> float:
    """Return the size of the circuit that BIC prefers of those at the digits, infinite without any."""
    each = float(np.log(bench.numbers)) * bench.scale
    reached = [trial for trial in found.values() if reaches_digits(trial, bench)]
    return min(((t.chisqr + each * t.size, t.size) for t in reached), default=(0.0, np.inf))[1]


def _iterate_places() -> Iterator[tuple[int, str]]:
    for place in product(range(_MOST_ARCS + 1), _TAILS):
        if 0 < _count_parameters(place) <= _LARGEST:
            yield place


def _count_parameters(place: tuple[int, str]) -> int:
    return count_parameters(_build_structure(*place)) - 2


def _build_structure(arcs: int, tail: str) -> Structure:
    return structure_of("L0", "R0", *(f"p(R{k},CPE{k})" for k in range(1, arcs + 1)), tail)


def _fit_in_full(
    bench: Workbench, at: dict[tuple[int, str], Trial], places: list[tuple[int, str]], closest: float
) -> None:
    """Fit in full those of one size that come about as near as any; `closest` is the least chisqr so far."""
    tried = sorted((place for place in places if place in at), key=lambda place: at[place].rms)
    least = min((at[place].rms for place in tried), default=0.0)
    for place in tried:
        if at[place].rms < max(_BEHIND * least, NEAR):
            at[place] = bench.fit_in_full(at[place], closest)
            least, closest = min(least, at[place].rms), min(closest, at[place].chisqr)


def reaches_digits(trial: Trial, bench: Workbench, most: float = _REACHED) -> bool:
    """Return whether a trial reaches the digits."""
    return trial.full and compute_misfit(trial, bench) < most


def drop_needless(bench: Workbench, found: dict[str, Trial], trial: Trial, *, inductive: bool) -> Trial:
    """Remove, one by one, elements that a trial of noise-free data does not need; return the reduced trial.

    Where it does not reach the digits, L and R in series only: what is at odds with the data slows a descent.
    """
    is_there = reaches_digits(trial, bench)
    leads = {shape_of(structure): structure for structure in drop_leads(trial.structure)}
    near = list_moves(trial.structure, trial.values, inductive=inductive) if is_there else ()
    smaller = leads | {
        shape_of(structure): structure for structure in near if count_parameters(structure) < trial.size
    }
    for name, structure in smaller.items():
        other = found.get(name)
        if other is None or not other.full:
            other = bench.reduce(structure, trial)
            if is_there and name in leads and not reaches_digits(other, bench):
                other = bench.fit_in_full(other)  # an arc takes the resistance over, and moves far for that
        if reaches_digits(other, bench) or other.chisqr <= _AS_WELL * trial.chisqr:
            found[name] = other
            return drop_needless(bench, found, other, inductive=inductive)
    return trial

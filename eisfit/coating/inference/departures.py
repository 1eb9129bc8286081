"""Causes outside the hypotheses: mistakes and effects that a study may contain, tried one at a time.

Each is one more thing about some of the cells: another temperature or area than stated, another electrolyte,
a further arc, an inductive loop, leads. Where no hypothesis fits, the few that miss least are searched again
with each of them. Where one fits, it is asked whether its cause is needed: the hypothesis without it is
searched with each of them, and what is as likely is told; and what Newton's step promises most beside any
other hypothesis is searched, and told where it is far more likely. Priors are wide, for mistakes are large;
the evidence holds them against the hypotheses.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.coating.inference.descent import Optima
from eisfit.coating.inference.hypotheses import BARE_ARCS, HYPOTHESES, Hypothesis
from eisfit.coating.inference.likelihood import Likelihood
from eisfit.coating.inference.posterior import Posterior, compute_probabilities, find_most_probable
from eisfit.coating.inference.problem import ARC_ALPHA, UNITY, Departure, Prior, Problem, list_warming
from eisfit.coating.inference.search import (
    exchange_electrodes,
    finish_in_quick_model,
    move_arcs,
    reorder,
    search_from,
)
from eisfit.records import dataclass
from eisfit.verdict import limit

_BASES = 3  # hypotheses that are searched again where none fits, and causes that all others begin with
_SIMPLEST = "barrier_only"
_MIN_PROBABILITY = 0.5  # probability of a hypothesis whose cause is held against others
_EXCESS = 40.0  # of chi2 above the best hypothesis: causes that the quick model leaves farther away are left
_REFINED = 6  # causes that are refined to their optima
_PLACES = (-1.5, 0.0, 1.5)  # standard deviations of the prior: where in time an arc begins
_HOPELESS = 0.01  # of what a row lies above the best one: where a step gains less it ends, where one fits
_FAR_STEPS = 60  # steps, where none fits
_MAX_RATIO = 2.0  # of the least chi2: causes farther away are not refined
_ROUNDS = 3  # of moves of small arcs, where none fits
_PROMISING_CAUSES = 3  # causes of each other hypothesis that are refined
_MAX_STEP = 3.0  # standard deviations of the prior, the longest step that is trusted
_START_SIZE = 0.1  # standard deviations of the prior: an arc's size where it begins
_MAX_LOG_RATIO = 3.0  # of log evidence below the best: a cause not twenty times less likely is told
_SHORTED = "shorted:coated"  # where it is not so no step tells what it mends
_REACTION = "R_i:coated"  # beside the barrier alone that is a hypothesis
_LEADS_FROM_HZ = 1e4  # leads are looked for in spectra that go higher
CHANGES = {
    "area": (0.3, "the coated cells have {} times the area stated"),
    "kappa": (0.5, "the electrolyte in the coated cells conducts {} times as well"),
    "sigma_s": (1.5, "the solid of the coated cells conducts {} times as well"),
    "counter_R": (1.0, "the other electrode of the coated cells has {} times the resistance"),
    "W": (
        0.7,
        "diffusion in the coated cells has {} times the Warburg coefficient, as at another state of charge",
    ),
    "R_i": (0.9, "the reaction in the coated cells has {} times the resistance"),
    "Q": (0.5, "the double layer of the coated cells is {} times as large"),
    "s_i": (1.5, "the film conducts ions {} times as well as stated"),
}
"""Standard deviations of the logarithm by which a quantity of the coated cells may be another one, and how
that is told."""


@dataclass(frozen=True)
class Outside:
    """One thing more, under one hypothesis.

    Parameters
    ----------
    what, cells
        Its name, and the cells it is about.
    hypothesis
        What it is added to.
    size
        The value of its parameter: a ratio, or in the unit of its prior.
    where
        Time constant of an arc or a loop, s; nan where it has none.
    posterior
        After the data.
    """

    what: str
    cells: str
    hypothesis: str
    size: float
    where: float
    posterior: Posterior


def find_outside_causes(
    problem: Problem, found: Mapping[str, Posterior], misses: bool
) -> tuple[int, list[Outside]]:
    """Return how many causes outside the hypotheses were tried, and which explain the spectra.

    The likeliest comes first, each once.

    Parameters
    ----------
    problem
        Data and priors; spectra.
    found
        Posteriors of the hypotheses.
    misses
        Whether none of them fits: then all that were tried come back.
    """
    best = find_most_probable(found)
    nearest = sorted(found, key=lambda name: found[name].chi2)[:_BASES]
    bases = list(dict.fromkeys((_SIMPLEST, *nearest))) if misses else _leave_cause_out(best, found)
    if problem.scalar:
        return 0, []
    tried = _list_departures(problem)
    if not misses and BARE_ARCS.keys() & HYPOTHESES[best].effects:
        tried = {key: departure for key, departure in tried.items() if not key.startswith("arc:bare")}
    whole = replace(
        problem,
        departures=tuple(tried.values()),
        priors={**problem.priors, **{k: p for d in tried.values() for k, p in d.priors.items()}},
    )
    keys = [f"{base}|{name}" for base in bases for name in tried if _can_join(name, base)]
    promising = _list_promising(whole, found, tried, bases)
    table = {
        f"{base}|{name}": _join(base, tried[name])
        for base in found
        for name in tried
        if _can_join(name, base)
    }
    likelihood = Likelihood(whole, list(table), table)
    begun = _list_starts(likelihood, keys, promising, found, misses)
    near = search_from(likelihood, *begun, afar=0.0 if misses else _HOPELESS)
    if misses:
        near = _refine_optima(near)
    else:
        near = near.join(search_from(likelihood, *_exchange_causes(near))).best(1)
        near = near.rows(np.flatnonzero(near.chi2 < found[best].chi2 + 2 * _EXCESS))
        if near.chi2.size:
            near = search_from(likelihood, near.u, near.which, steps=_FAR_STEPS)
            near = near.rows(np.flatnonzero(near.chi2 < found[best].chi2 + _EXCESS))
    if not near.chi2.size:
        return len(tried), []
    rows = [_describe(key, tried, p) for key, p in finish_in_quick_model(near, _REFINED).items()]
    rows.sort(key=lambda row: -row.posterior.log_evidence)
    first = {(row.what, row.cells): row for row in reversed(rows)}
    kept = [row for row in first.values() if misses or _is_reported(row, found[best].log_evidence, bases)]
    return len(tried), sorted(kept, key=lambda row: -row.posterior.log_evidence)


def _can_join(name: str, base: str) -> bool:
    """Return whether a cause is none of the hypothesis' own, and does not make another one of it."""
    own = HYPOTHESES[base]
    return name != _REACTION or (bool(own.free) and "reaction" not in own.effects)


def _is_reported(row: Outside, log_evidence: float, bases: Sequence[str]) -> bool:
    """Return whether a cause is reported where some hypothesis fits.

    In place of the best one's own cause, where it is about as likely; beside another hypothesis, where both
    are so much more likely that it is not for the many that were tried.
    """
    least = -_MAX_LOG_RATIO if row.hypothesis in bases else limit("study_outside") * np.log(10)
    return row.posterior.log_evidence > log_evidence + least


def _refine_optima(near: Optima) -> Optima:
    """Return optima after further descent, then with small arcs of the likely ones at other places.

    Each base is searched from what mends most, too. What mends all may lie at the end of a long valley.
    """
    close = near.rows(np.flatnonzero(near.chi2 < _MAX_RATIO * near.chi2.min()))
    near = near.join(search_from(close.likelihood, close.u, close.which, steps=_FAR_STEPS)).best(1)
    near = near.join(search_from(near.likelihood, *_exchange_causes(near))).best(1)
    for _ in range(_ROUNDS):
        moved = search_from(near.likelihood, *move_arcs(near.best(1)), steps=_FAR_STEPS)
        gained = near.chi2.min() - moved.chi2.min() if moved.chi2.size else 0.0
        near = near.join(moved).best(1)
        if gained < 1.0:
            break
    return near.join(search_from(near.likelihood, *_exchange_causes(near))).best(1)


def _list_promising(
    whole: Problem, found: Mapping[str, Posterior], tried: Mapping[str, Departure], bases: Sequence[str]
) -> list[str]:
    """Return, for every other hypothesis than the bases, the causes that gain most by one Newton step.

    All causes are free at once in one derivative at each optimum; a step takes those of one. Arcs are held at
    three times.
    """
    others = {name: found[name] for name in found if name not in bases}
    if not others:
        return []
    tried = {name: departure for name, departure in tried.items() if name != _SHORTED}
    every = tuple(name for departure in tried.values() for name in departure.priors)
    table = {name: replace(HYPOTHESES[name], free=(*HYPOTHESES[name].free, *every)) for name in others}
    likelihood = Likelihood(whole, list(others), table)
    held = [posterior.corrections for posterior in others.values()]
    known = [own for own in held if own is not None]
    corrections = [np.stack(parts) for parts in zip(*known, strict=True)] if len(known) == len(held) else None
    times = [k for k, name in enumerate(likelihood.names) if name.startswith("further_tau")]
    u = np.array([_locate(likelihood, posterior) for posterior in others.values()])
    owned = {name: np.isin(likelihood.names, list(departure.priors)) for name, departure in tried.items()}
    held_by = [np.isin(likelihood.names, posterior.names) for posterior in others.values()]
    gains: dict[str, dict[str, float]] = {base: dict.fromkeys(tried, 0.0) for base in others}
    for place in _PLACES:
        u[:, times] = place
        _, gradient, normal = likelihood(u, np.arange(len(others)), corrections)
        for h, base in enumerate(others):
            for name, own in owned.items():
                free = own | held_by[h]
                gain = _predict_gain(np.where(own, gradient[h], 0.0)[free], normal[h][np.ix_(free, free)])
                gains[base][name] = max(gain, gains[base][name])
    return [
        f"{base}|{name}"
        for base, gained in gains.items()
        for name in sorted((n for n in gained if _can_join(n, base)), key=lambda n: -gained[n])[
            :_PROMISING_CAUSES
        ]
    ]


def _predict_gain(gradient: FloatArray, normal: FloatArray) -> float:
    """Return what Newton's step gains of chi2; a step that goes far is shortened."""
    step = np.linalg.solve(normal, gradient)
    share = min(1.0, _MAX_STEP / max(float(np.abs(step).max()), 1e-12))
    return (2 * share - share**2) * float(gradient @ step)


def _locate(likelihood: Likelihood, posterior: Posterior) -> FloatArray:
    (row,) = reorder(posterior.u[None], posterior.names, likelihood.names)
    return np.asarray(row)


def _leave_cause_out(best: str, found: Mapping[str, Posterior]) -> list[str]:
    """Return the hypothesis that the best one becomes without its own cause, where one is decided."""
    own = HYPOTHESES[best]
    if compute_probabilities(found)[best] < _MIN_PROBABILITY:
        return []
    simpler = "electronic_access" if own.access and own.free else "barrier_only"
    return [simpler] if simpler in found and simpler != best else []


def _join(base: str, departure: Departure) -> Hypothesis:
    own = HYPOTHESES[base]
    return replace(own, free=(*own.free, *departure.priors))


def _list_departures(problem: Problem) -> dict[str, Departure]:
    """Return the departures to try, by "what:cells", and for arcs by where they are looked for."""
    bare = problem.pair[0]
    others = ("alpha", "series", "temperature", "behind", "shorted")
    change = {name: f"change:{name}" for name in (*CHANGES, *others)}
    tried = {
        f"{name}:coated": Departure({change[name]: Prior(0.0, sd)}, ((name, change[name], 1.0),))
        for name, (sd, _) in CHANGES.items()
        if name != "counter_R" or "counter_R" in problem.priors
    }
    exponent = Prior(0.0, 0.07, log=False)
    tried["alpha:coated"] = Departure({change["alpha"]: exponent}, (("alpha", change["alpha"], 1.0),))
    size = 0.3 * float(np.ptp(bare.data[::2]))
    series = Prior(0.0, size, "ohm", log=False)
    tried["series:coated"] = Departure({change["series"]: series}, (("R_more", change["series"], 1.0),))
    shares = {"behind": Prior(0.0, 1.0, log=False), "shorted": UNITY} if problem.film == "mixed" else {}
    for name, prior in ((name, prior) for name, prior in shares.items() if name not in problem.priors):
        tried[f"{name}:coated"] = Departure({change[name]: prior}, ((name, change[name], 1.0),))
    kelvin = Prior(0.0, 10.0, "K", log=False)
    warmer = list_warming(change["temperature"], problem.priors)
    tried["temperature:coated"] = Departure({change["temperature"]: kelvin}, warmer)
    if bare.omega.max() > 2 * np.pi * _LEADS_FROM_HZ and "leads" not in problem.priors:
        inductance = Prior(0.0, 1e-6, "H", log=False)
        tried["leads:all"] = Departure({"change:leads": inductance}, (("leads", "change:leads", 1.0),), "all")
    return {**tried, **_list_arcs(problem, size)}


def _list_arcs(problem: Problem, size: float) -> dict[str, Departure]:
    """Return further arcs, slower and faster than the main one, of all cells and of either kind."""
    omega = problem.pair[0].omega
    ends = np.log(1 / omega.max()), np.log(1 / omega.min())
    arcs = {}
    for cells in ("coated", "bare", "all"):
        for place, share in (("fast", 0.3), ("slow", 0.75)):
            tau = Prior(ends[0] + share * (ends[1] - ends[0]), 0.12 * (ends[1] - ends[0]), "s")
            names = {n: f"further_{n}:{cells} {place}" for n in ("R", "tau", "alpha")}
            priors = {
                names["R"]: Prior(0.0, size, "ohm", log=False),
                names["tau"]: tau,
                names["alpha"]: ARC_ALPHA,
            }
            terms = tuple((f"further_{n}", name, 1.0) for n, name in names.items())
            arcs[f"arc:{cells} {place}"] = Departure(priors, terms, cells)
    return arcs


def _list_starts(
    likelihood: Likelihood,
    keys: Sequence[str],
    promising: Sequence[str],
    found: Mapping[str, Posterior],
    misses: bool,
) -> tuple[FloatArray, IntArray]:
    """Return rows at each base's own optimum, arcs at a small size of either sign.

    Of the bases that all causes are asked of, arcs begin at three places, and where nothing fits all do;
    they begin at the best hypothesis' optimum too, and where nothing fits at the means of the priors, for
    optima may have gone far astray. A film whose electrons are shorted to the solid begins with three
    capacitances, beside the best hypothesis too: that of a film whose are not may be anything.
    """
    best, rows, which = find_most_probable(found), [], []
    means = np.zeros(len(likelihood.names))
    for h, key in enumerate(likelihood.hypotheses):
        base, _, name = key.partition("|")
        arc = name.startswith("arc")
        own = _locate(likelihood, found[base])
        moved = ("chi",) if name == _SHORTED else ("further_tau", "change:")
        if name == _SHORTED and (misses or base == best or key in keys):
            begun = list(itertools.product((own, means) if misses else (own,), _PLACES))
        elif key in keys:
            begun = [(own, place) for place in (_PLACES if arc or misses else (0.0,))]
            begun += [(_locate(likelihood, found[best]), place) for place in (_PLACES if misses else (0.0,))]
            begun += [(means, place) for place in _PLACES] if misses else []
        else:
            begun = [(own, 0.0)] if key in promising or name == _REACTION else []
        if name == _REACTION:  # what was the other electrode's change may be the reaction's
            exchanged = list(exchange_electrodes(likelihood, own[None], np.array([h])))
            rows += exchanged
            which += [h] * len(exchanged)
        for (start, place), sign in itertools.product(begun, (1.0, -1.0) if arc else (0.0,)):
            rows.append(_make_start(likelihood.names, start, moved, place, sign) * likelihood.free[h])
            which.append(h)
    return np.array(rows), np.array(which)


def _make_start(
    names: Sequence[str], start: FloatArray, moved: tuple[str, ...], place: float, sign: float
) -> FloatArray:
    """Return a row with some parameters at a place, in standard deviations; arcs small, of a given sign."""
    row = start.copy()
    for k, label in enumerate(names):
        if label.startswith("further_R"):
            row[k] = _START_SIZE * sign
        elif label.startswith(moved):
            row[k] = place
    return row


def _exchange_causes(near: Optima) -> tuple[FloatArray, IntArray]:
    """Return rows of every base with the causes that gain most, from where these are best."""
    keys, free = near.likelihood.hypotheses, near.likelihood.free
    rows, which = [], []
    seen: set[str] = set()
    for k in np.argsort(near.chi2, kind="stable"):
        name = keys[near.which[k]].partition("|")[2]
        if name in seen or len(seen) == _BASES:
            continue
        seen.add(name)
        for h in (h for h, key in enumerate(keys) if key.endswith(f"|{name}") and h != near.which[k]):
            rows.append(near.u[k] * free[h])
            which.append(h)
    return np.array(rows), np.array(which)


def _describe(key: str, tried: Mapping[str, Departure], posterior: Posterior) -> Outside:
    base, _, name = key.partition("|")
    what, _, cells = name.partition(":")
    values = [
        float(prior.value(posterior.u[posterior.names.index(parameter)]))
        for parameter, prior in tried[name].priors.items()
    ]
    return Outside(what, cells.partition(" ")[0], base, values[0], (*values, np.nan)[1], posterior)

"""Search for the optima of every hypothesis, and its evidence.

With standard normal priors u the evidence by Laplace's method is ln E = -chi2/2 - ln det(H)/2, where chi2
holds data and priors and H = 1 + J'J; what is left out is the same for every hypothesis, and optima that lie
apart add up (MacKay, Information Theory, Inference, and Learning Algorithms, 2003, ch. 27). Where scalars are
the data it is not good enough, see `eisfit.coating.inference.scalars`.

Channels are searched with a quick model. Blind starts meet data with the quick model's own error added; then
its impedance is corrected, for every row at its own place, by the ratio of the final model's to its own
(defect correction); the final model ends it. Every hypothesis is searched again from the optima of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eisfit.arrays import BoolArray, FloatArray, IntArray
from eisfit.coating.inference.corrections import (
    correct_near_to_limit,
    correct_to_finer,
    correct_to_limit,
)
from eisfit.coating.inference.descent import Optima, invert, minimise
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.likelihood import Corrections, Likelihood
from eisfit.coating.inference.posterior import LEAST_P, Mode, Posterior
from eisfit.coating.inference.problem import CHANGED_REACTION, MODES, SEARCH_MODES, Problem
from eisfit.coating.inference.scalars import sample_posterior
from eisfit.coating.physics.supports import Flat, Pellet
from eisfit.validation.quantiles import chi2_above

_STARTS, _SEARCH, _FINISH, _BEST = 24, 12, 400, 4
_MORE_STARTS = 96  # where no hypothesis fits the pair
_ROUNDS, _ANOTHER = 3, 1.0  # rounds of moves, while each leads so many standard deviations away
_ENOUGH_AFAR = 1e-3  # of what a refitted row's chi2 lies above the best
_QUICK_ERROR = 0.015  # of the quick model's |Z|, relative: its rms where the solid conducts least
_ONE_PEAK = 4.0  # of chi2: two normal distributions less than two deviations apart have one maximum, not two
_RIVALS = 15.0  # of chi2 above the best optimum: beyond, another one adds less than a thousandth
_KEPT = 2  # optima of a hypothesis that go on
_DONORS = 3  # hypotheses whose optima start the others on all the data: the pair has been searched from all
_MOVES: dict[str, tuple[tuple[float, ...], str | None]] = {
    "sigma_s": ((-0.75, 1.0), None),
    "counter_tau": ((-4.5, -3.0, -1.5, 1.5, 3.0), "counter_R"),
    "chi": ((-1.5, 1.5), None),
    "native_C": ((-1.5, 1.5), "native_R"),
    "contact_tau": ((-1.5, 1.5), "contact_R"),
    "Ea:series": ((-1.5, 1.5), None),
}
"""Standard deviations of the prior to where else the solid, or an arc, may take its part of the spectrum, the
series resistance its part of what falls with temperature; and the arc's resistance, which begins at its
prior's mean there."""
_EXCHANGED = ("R_i", "Q", "alpha", "counter_R", "counter_tau", "counter_alpha")
_RISES = {"f": -1.0, CHANGED_REACTION: 1.0}  # what makes the coated cells' R_i rise
_OUTERMOST = 4.0  # standard deviations of the prior, where arcs that have been exchanged begin
_REDRAWN = 16  # starts of a likely hypothesis with what the pair does not tell drawn
_ROUGH_EXCESS = 100.0  # of chi2 above the best where the quick model is corrected far from the end
_HOPELESS = 60.0  # of chi2 above the best hypothesis: e^-30, not worth the final model
_SETTLINGS, _SETTLED = 5, 0.02  # rounds of the limit of many modes, while one moves so many deviations
_NEAR = 1e-3  # damping where a search begins beside its end


def find_posteriors(problem: Problem, seed: int = 1) -> dict[str, Posterior]:
    """Return every hypothesis after the data: found blindly on one pair of cells, ended on all of them.

    Parameters
    ----------
    problem
        Data and priors.
    seed
        Of the starts.
    """
    tried = _list_distinct(problem)
    pair = problem if problem.scalar else problem.with_blocks(problem.pair, problem.ratios)
    found = _search_pair(pair, tried, seed)
    if len(pair.blocks) < len(problem.blocks):
        found = _exchange_optima(problem, found.best(_KEPT, _RIVALS), _DONORS, seed)
    ended = _finish_all(problem, found)
    return (
        {name: sample_posterior(problem, p, seed) for name, p in ended.items()} if problem.scalar else ended
    )


def refit(part: Problem, whole: Problem, near: Mapping[str, Posterior], seed: int) -> dict[str, Posterior]:
    """Return hypotheses on part of the data, each from its own optimum on the whole and with its corrections.

    Parameters
    ----------
    part, whole
        Problems; the blocks of the part are the whole's, or pieces of them, by the same names.
    near
        Posteriors of the whole.
    seed
        Of draws, where scalars are the data.
    """
    places = {block.name: k for k, block in enumerate(whole.blocks)}
    likelihood = Likelihood(part, list(near))
    corrections: Corrections | None = None
    held = [p.corrections for p in near.values() if p.corrections is not None]
    if held:
        corrections = [
            np.stack([own[k][np.isin(whole.blocks[k].omega, block.omega)] for own in held])
            for block in part.blocks
            for k in (places[block.name],)
        ]
    u = np.concatenate([reorder(p.u[None], p.names, likelihood.names) for p in near.values()])
    ended = minimise(likelihood, u, np.arange(len(near)), _FINISH, corrections, afar=_ENOUGH_AFAR)
    found = _make_posteriors(ended, corrections)
    return {name: sample_posterior(part, p, seed) for name, p in found.items()} if part.scalar else found


def search_from(
    likelihood: Likelihood, u: FloatArray, which: IntArray, *, steps: int = _SEARCH, afar: float = 0.0
) -> Optima:
    """Return the best optimum of each hypothesis that the rows begin at, roughly; `afar` as in `minimise`."""
    return _descend(likelihood, u, which, steps=steps, afar=afar).best(1)


def finish_in_quick_model(near: Optima, count: int) -> dict[str, Posterior]:
    """Return the posteriors of the best `count` of rough optima, ended in the corrected quick model."""
    likelihood = near.likelihood
    final = likelihood.replace_support(likelihood.problem.finish())
    corrections = correct_to_finer(likelihood, near.u, near.which, MODES)
    best = minimise(likelihood, near.u, near.which, _SEARCH, corrections, damping=_NEAR)
    best = best.rows(np.argsort(best.chi2, kind="stable")[:count])
    limit = correct_near_to_limit(likelihood.problem, final, best.u, best.which, np.zeros(1, dtype=int))
    for steps in (_FINISH, 0):
        corrections = correct_to_finer(likelihood, best.u, best.which, MODES)
        if corrections is not None and limit is not None:
            corrections = [a * b for a, b in zip(corrections, limit, strict=True)]
        best = minimise(likelihood, best.u, best.which, steps, corrections, damping=_NEAR)
    return _make_posteriors(best, corrections)


def _search_pair(pair: Problem, tried: Sequence[str], seed: int) -> Optima:
    """Return every hypothesis on one pair of cells; more starts are tried before none is said to fit."""
    blind = _search_blind(_soften_errors(pair), tried, seed, _STARTS)
    found = _exchange_optima(pair, blind, len(tried), seed)
    if chi2_above(found.likelihood.count, float(found.chi2.min())) >= LEAST_P:
        return found
    more = _search_blind(_soften_errors(pair), tried, seed + 1, _MORE_STARTS)
    return _exchange_optima(pair, blind.join(more).best(_KEPT), len(tried), seed)


def _search_blind(problem: Problem, tried: Sequence[str], seed: int, starts: int) -> Optima:
    likelihood = Likelihood(problem, tried)
    rng = np.random.default_rng(seed)
    drawn = np.clip(rng.standard_normal((starts, len(likelihood.names))), -2, 2)
    drawn[0] = 0.0  # the prior's mean
    which = np.repeat(np.arange(len(tried)), starts)
    drawn = np.tile(drawn, (len(tried), 1)) * likelihood.free[which]
    best = minimise(likelihood, drawn, which, _SEARCH).best(_BEST)
    return minimise(likelihood, best.u, best.which, _SEARCH).best(_KEPT)


def _exchange_optima(problem: Problem, rough: Optima, donors: int, seed: int) -> Optima:
    """Search every hypothesis from its own optima and from the best ones of the `donors` best hypotheses.

    What the data of `rough` did not touch is drawn for the likeliest of them: no optimum knows it yet.
    """
    likelihood = Likelihood(problem, rough.likelihood.hypotheses)
    u = reorder(rough.u, rough.likelihood.names, likelihood.names)
    own = Optima(likelihood, u, rough.which, rough.chi2)
    new = np.array([name not in rough.likelihood.names for name in likelihood.names])
    found = _descend(likelihood, *_collect_starts(own, donors))
    if new.any():
        found = found.join(_descend(likelihood, *_draw_new(own, found, new, seed)))
        found = found.best(_BEST, _ROUGH_EXCESS)
    else:
        found = found.best(_KEPT, _RIVALS)
    if problem.scalar:
        return found
    starts = _collect_starts(found, 1) if new.any() else (found.u, found.which)
    for _ in range(_ROUNDS):
        both = zip(starts, move_arcs(found.best(1)), strict=True)
        ended = _descend(likelihood, *(np.concatenate(part) for part in both))
        if not _has_moved(found, ended):
            break
        found = ended.best(_KEPT, _RIVALS)  # a move has found what the others do not know yet
        starts = _collect_starts(found, 1)
    return ended


def _has_moved(before: Optima, after: Optima) -> bool:
    """Return whether the best optimum of a likely hypothesis is another than before."""
    names, old, new = before.likelihood.names, before.best(1), after.best(1)
    places = [names.index(name) for name in _MOVES if name in names]
    near = new.chi2 < new.chi2.min() + _HOPELESS
    return bool((np.abs(new.u - old.u)[near][:, places] > _ANOTHER).any())


def _descend(
    likelihood: Likelihood, u: FloatArray, which: IntArray, *, steps: int = _SEARCH, afar: float = 0.0
) -> Optima:
    """Return where rows end, the quick model corrected at each one's start."""
    corrections = correct_to_finer(likelihood, u, which, SEARCH_MODES)
    return minimise(likelihood, u, which, steps, corrections, afar=afar)


def _draw_new(own: Optima, found: Optima, new: BoolArray, seed: int) -> tuple[FloatArray, IntArray]:
    """Return starts of the likeliest hypotheses at their `own` optima, the `new` parameters (P,) drawn.

    Activation energies share the slopes of the resistances with temperature in more than one way; from the
    means of their priors one of these is reached.
    """
    best = found.best(1)
    likely = best.which[np.argsort(best.chi2, kind="stable")[:_DONORS]]
    first = own.best(1)
    first = first.rows(np.flatnonzero(np.isin(first.which, likely)))
    u, which = np.repeat(first.u, _REDRAWN, axis=0), np.repeat(first.which, _REDRAWN)
    drawn = np.clip(np.random.default_rng(seed).standard_normal(u.shape), -2, 2)
    return np.where(new & own.likelihood.free[which], drawn, u), which


def move_arcs(best: Optima) -> tuple[FloatArray, IntArray]:
    """Return likely optima with the solid's part of the spectrum, or a small arc, moved."""
    names, free = best.likelihood.names, best.likelihood.free
    near = best.rows(np.flatnonzero(best.chi2 < best.chi2.min() + _HOPELESS))
    rows, which = [best.u[:0]], [best.which[:0]]
    exchanged = exchange_electrodes(best.likelihood, near.u, near.which)
    rows.append(exchanged)
    which.append(near.which[: len(exchanged)])
    for name, (steps, size) in ((n, move) for n, move in _MOVES.items() if n in names):
        held = free[near.which, names.index(name)]
        for step in steps:
            u = near.u[held]
            u[:, names.index(name)] += step
            u[:, [k for k, other in enumerate(names) if other == size]] = 0.0
            rows.append(u)
            which.append(near.which[held])
    return np.concatenate(rows), np.concatenate(which)


def exchange_electrodes(likelihood: Likelihood, u: FloatArray, which: IntArray) -> FloatArray:
    """Return rows in which the electrode's arc and the other electrode's have exchanged their places.

    None where no other electrode's is seen. What the other one changed by from the bare to the coated cells
    is the reaction's gain, or scatter, then.
    """
    priors, names = likelihood.problem.priors, likelihood.names
    if not set(_EXCHANGED) <= set(names):
        return u[:0]
    at = {name: k for k, name in enumerate(names)}
    R, Q, alpha, other, tau, exponent = (priors[n].value(u[:, at[n]]) for n in _EXCHANGED)
    area = likelihood.problem.true_area
    new = {
        "R_i": other * area,
        "Q": tau**exponent / (other * area),
        "alpha": exponent,
        "counter_R": R / area,
        "counter_tau": (R * Q) ** (1 / alpha),
        "counter_alpha": alpha,
    }
    moved = u.copy()
    for name, value in new.items():
        prior = priors[name]
        moved[:, at[name]] = ((np.log(value) if prior.log else value) - prior.mean) / prior.sd
    kinds = {block.cell: block.coated for block in likelihood.problem.blocks}
    cells = list(kinds)
    both = {key: [at[f"{key}:{cell}"] for cell in cells] for key in ("dR_i", "dcounter")}
    scale = priors[f"dcounter:{cells[0]}"].sd / priors[f"dR_i:{cells[0]}"].sd
    moved[:, both["dR_i"]] = u[:, both["dcounter"]] * scale
    moved[:, [k for n, k in at.items() if n.startswith(("dcounter", "dQ:"))]] = 0.0
    coated = np.array([kinds[cell] for cell in cells])
    own, sd = moved[:, both["dR_i"]], priors[f"dR_i:{cells[0]}"].sd
    rise = (own[:, coated].mean(axis=1) - own[:, ~coated].mean(axis=1)) * sd
    for name, sign in (item for item in _RISES.items() if item[0] in at):
        free = likelihood.free[which, at[name]]
        moved[free, at[name]] = (sign * rise[free] - priors[name].mean) / priors[name].sd
        moved[np.ix_(free, both["dR_i"])] = 0.0
    return np.asarray(np.clip(moved, -_OUTERMOST, _OUTERMOST) * likelihood.free[which])


def _collect_starts(found: Optima, donors: int) -> tuple[FloatArray, IntArray]:
    """Own optima, and the best of other hypotheses: what a hypothesis lacks starts at its prior's mean."""
    best, free = found.best(1), found.likelihood.free
    best = best.rows(np.argsort(best.chi2, kind="stable")[:donors])
    rows, which = [found.u], [found.which]
    for h in range(len(free)):
        others = best.u[best.which != h]
        rows.append(others * free[h])
        which.append(np.full(len(others), h))
    return np.concatenate(rows), np.concatenate(which)


def _list_distinct(problem: Problem) -> list[str]:
    """Hypotheses that differ: along an insulator, or on a flat face, no electrons reach anything new."""
    reaches = problem.film == "mixed" and not isinstance(problem.support, (Flat, Pellet))
    return [name for name, hypothesis in HYPOTHESES.items() if reaches or not hypothesis.access]


def reorder(u: FloatArray, names: Sequence[str], onto: Sequence[str]) -> FloatArray:
    """Rows of parameters in the order of other names: what they lack is zero, the prior's mean."""
    wide = np.zeros((len(u), len(onto)))
    known = [k for k, name in enumerate(onto) if name in names]
    wide[:, known] = u[:, [names.index(onto[k]) for k in known]]
    return wide


def _soften_errors(problem: Problem) -> Problem:
    """Return a problem whose errors hold the quick model's own, where there is a finer one."""
    if problem.finish() is problem:
        return problem
    size = [
        np.repeat(np.abs(b.data.view(np.complex128)), 2) if b.combine is None else 0 for b in problem.blocks
    ]
    blocks = [
        replace(b, error=np.hypot(b.error, _QUICK_ERROR * s))
        for b, s in zip(problem.blocks, size, strict=True)
    ]
    return problem.with_blocks(blocks, problem.ratios)


def _finish_all(problem: Problem, found: Optima) -> dict[str, Posterior]:
    """Return the optima in the final model, and the evidence of every hypothesis.

    Those far from the best are judged where the corrected model left them.
    """
    near = found.best(_BEST, _RIVALS)
    likelihood = found.likelihood.replace_support(problem.finish())
    close = near.chi2 < near.chi2.min() + _HOPELESS
    led = _find_quick_optima(near.rows(np.flatnonzero(close)))
    far = near.rows(np.flatnonzero(~close))
    ended = _iterate_to_limit(problem, replace(led, likelihood=likelihood)).join(far)
    ended = ended.best(_BEST, _RIVALS)
    likely = np.argsort(ended.chi2, kind="stable")
    likely = likely[ended.chi2[likely] < ended.chi2.min() + _HOPELESS]
    limit = correct_near_to_limit(problem, likelihood, ended.u, ended.which, likely)
    posterior = _make_posteriors(ended, limit)
    _, main = np.unique(ended.which, return_index=True)  # the best of each come first
    corrections = correct_to_finer(found.likelihood, ended.u[main], ended.which[main], MODES)
    if corrections is None or limit is None:
        return posterior
    return {
        name: replace(
            p, corrections=tuple(c[h] * d[main[h]] for c, d in zip(corrections, limit, strict=True))
        )
        for h, (name, p) in enumerate(posterior.items())
    }


def _iterate_to_limit(problem: Problem, near: Optima) -> Optima:
    """Return the optima of the final model in the limit of many modes, which depends on the parameters.

    At the limit of a place that the optimum has left chi2 says nothing: over temperatures a tenth of a
    standard deviation is worth a hundred.
    """
    likelihood, u, chi2 = near.likelihood, near.u.copy(), near.chi2.copy()
    moving = np.arange(len(u))
    for _ in range(_SETTLINGS):
        limit = correct_to_limit(problem, likelihood, u[moving], near.which[moving])
        ended = minimise(likelihood, u[moving], near.which[moving], _FINISH, limit, damping=_NEAR)
        far = np.abs(ended.u - u[moving]).max(axis=1) > _SETTLED
        u[moving], chi2[moving] = ended.u, ended.chi2
        moving = moving[far]
        if limit is None or not moving.size:
            break
    return Optima(likelihood, u, near.which, chi2)


def _find_quick_optima(near: Optima) -> Optima:
    """Return the optima of the quick model, corrected at each one's start by the final one.

    A long valley is walked at a twentieth of the final model's cost, and optima that were one before they had
    arrived are one here.
    """
    corrections = correct_to_finer(near.likelihood, near.u, near.which, MODES)
    if corrections is None:
        return near
    ended = minimise(near.likelihood, near.u, near.which, _FINISH, corrections, damping=_NEAR)
    return ended.best(_BEST, _RIVALS)


def _make_posteriors(optima: Optima, corrections: Corrections | None) -> dict[str, Posterior]:
    likelihood = optima.likelihood
    chi2, _, normal = likelihood(optima.u, optima.which, corrections)
    found = {}
    for h, name in enumerate(likelihood.hypotheses):
        free = likelihood.free[h]
        modes: list[Mode] = []
        for k in np.flatnonzero(optima.which == h):
            own, u = normal[k][np.ix_(free, free)], optima.u[k][free]
            if any((u - other.u) @ own @ (u - other.u) < _ONE_PEAK for other in modes):
                continue
            log_det, covariance = invert(own)
            log_evidence = -0.5 * float(chi2[k]) - 0.5 * log_det
            modes.append(Mode(u, covariance, float(chi2[k]), log_evidence))
        if not modes:
            continue  # this hypothesis was not asked
        names = tuple(n for n, is_free in zip(likelihood.names, free, strict=True) if is_free)
        found[name] = Posterior(name, names, tuple(modes), likelihood.count)
    return found

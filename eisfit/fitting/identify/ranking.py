"""From trials to answers: equal circuits are one answer, and each answer has its probability.

Where a circuit explains the data to within their noise, the noise is the measure of every misfit. Where none
does that is not far larger than the smallest of a usable grade, what is left is systematic, and a larger
circuit would only imitate it: then the residual of the smallest circuit that serves is the measure, widened
by the correlation of neighbouring residuals. Data whose noise is below any instrument's hold nothing
systematic; a circuit of any size may be true of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.fitting.identify.evidence import compute_evidence
from eisfit.fitting.identify.roles import compute_crossover
from eisfit.fitting.identify.structures import Arc, count_features
from eisfit.fitting.identify.trials import Trial, Workbench
from eisfit.fitting.verdicts.grade import Residuals, correlate_neighbours, grades
from eisfit.model.notation import Component
from eisfit.records import dataclass
from eisfit.verdict import limit

_EXPLAINED = 1.2  # residual over what the noise leaves, up to which nothing is left to explain
_SERVES = 1.5
_AS_CLOSE = 1.25  # times the closest circuit's residual
_MUCH_CLOSER, _WORTH = 0.7, 2  # residual, and how many more parameters are worth it
_FURTHER = 4  # parameters beyond the smallest usable circuit: more only imitate what is systematic
_ALIKE = 4.0  # standard deviations of the correlation of noise
_EVER = 4.0  # the same of a chi-square, below its mean
_FLAT, _TAIL = 0.45, 2  # an arc with a lower exponent is a tail, and counts as so many parameters more
#: Parameters from which on a circuit that leaves more than noise is one of many, and named only if plain.
MANY = 9
#: Of chi-square, between circuits of one size: a factor of 10^(1/2) in likelihood, "not worth more than a
#: bare mention" (H. Jeffreys, Theory of Probability, 1961, appendix B). Less, and the data cannot tell.
_SAME = float(np.log(10))
_TOLD = 0.01  # probability from which the arcs of an answer are put in order


@dataclass(frozen=True, eq=False)
class Answer:
    """One answer: a trial, the circuits of the same impedance, and its probability."""

    trial: Trial
    equal: tuple[Trial, ...]
    probability: float = 0.0


def compute_misfit(trial: Trial, bench: Workbench) -> float:
    """Return the residual over what the noise leaves: near 1 where the circuit is true."""
    return float(np.sqrt(_compute_mean_square(trial, bench) / bench.scale))


def _compute_mean_square(trial: Trial, bench: Workbench) -> float:
    """Return the mean square that a trial leaves of each number that is not used up."""
    return trial.chisqr / max(bench.numbers - trial.size, 1)


def estimate_noise(trials: Iterable[Trial], bench: Workbench) -> float:
    """Return the mean square that stands for noise: `bench.scale`, or less where a circuit leaves too little.

    Of circuits that leave less than noise of that size ever does, the smallest tells the size; others may
    again leave less than that.
    """
    scale = bench.scale
    for trial in sorted((t for t in trials if t.full), key=lambda trial: trial.size):
        spare = bench.numbers - trial.size
        if spare > 0 and trial.chisqr < scale * spare * _find_least_share(spare):
            scale = trial.chisqr / spare
    return scale


def _find_least_share(spare: int) -> float:
    """Return what share of its mean a chi-square keeps (E. Wilson, M. Hilferty, PNAS 17 (1931) 684)."""
    return max(1 - 2 / (9 * spare) - _EVER * float(np.sqrt(2 / (9 * spare))), 0.0) ** 3


def grade_trial(trial: Trial, bench: Workbench) -> str:
    """Return the grade that a fit gets, see `eisfit.fitting.verdicts.grade`."""
    systematic = None if bench.consistent else np.array([True])
    over_noise = np.array([compute_misfit(trial, bench)])
    impedance = bench.spectrum.impedance[np.newaxis]
    return str(grades(Residuals.of(trial.relative, impedance), over_noise, systematic)[0])


def _select_usable(trials: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in trials if not trial.at_bound]


def _compute_cost(trial: Trial) -> tuple[int, float]:
    """Return the cost of a trial: its number of parameters, more for a flat arc, then chisqr."""
    return trial.size + _TAIL * _is_flat(trial), trial.chisqr


def find_smallest(trials: Iterable[Trial], bench: Workbench) -> Trial | None:
    """Return the smallest circuit that is close enough, None where none is usable."""
    usable = _select_usable(trials)
    closest = min((trial.rms for trial in usable), default=np.inf)
    most = max(limit("good_rms"), _SERVES * bench.noise, _AS_CLOSE * closest)
    near = [trial for trial in usable if trial.rms <= most]
    return min(near, key=_compute_cost, default=None)


def find_size_limit(trials: Iterable[Trial], bench: Workbench) -> float:
    """Return how many parameters the data support; infinite where no circuit is usable yet."""
    found = None if bench.is_simulated else find_smallest(trials, bench)
    return np.inf if found is None else found.size + _FURTHER


def _find_serving(trials: Sequence[Trial], bench: Workbench) -> Trial | None:
    """Return the smallest circuit that is close enough, and no two parameters away from a much closer one."""
    usable, most, found = _select_usable(trials), find_size_limit(trials, bench), find_smallest(trials, bench)
    while found is not None and found.rms > _EXPLAINED * bench.noise:
        near = [t for t in usable if t.size <= most and _is_worth(t, found)]
        if not near:
            break
        found = min(near, key=_compute_cost)
    return found


def _is_worth(trial: Trial, than: Trial) -> bool:
    """Return whether a trial is enough closer than another to be worth its further parameters."""
    further = max((_compute_cost(trial)[0] - _compute_cost(than)[0]) / _WORTH, 1.0)
    return bool(trial.rms < than.rms * _MUCH_CLOSER**further)


def find_closer(answers: Sequence[Answer]) -> Trial | None:
    """Return the closest trial where it has more parameters than the first and is much closer."""
    first, nearest = answers[0].trial, min((a.trial for a in answers), key=lambda trial: trial.chisqr)
    more = nearest.size > first.size and nearest.rms < _MUCH_CLOSER * first.rms
    return nearest if more else None


def _is_flat(trial: Trial) -> bool:
    arcs = [arc for part in trial.structure if (arc := Arc.of(part))]
    return any(arc.exponent(trial.values) < _FLAT for arc in arcs)


def make_answers(trials: Sequence[Trial], bench: Workbench) -> list[Answer]:
    """Return the answers, most probable first.

    Parameters
    ----------
    trials
        What `explore` returns.
    bench
        The spectrum.
    """
    full = [trial for trial in trials if trial.full]
    if not bench.is_simulated:
        full = _drop_fanciful(full, bench)
    measure = _find_measure(full, bench)
    prior = bench.prior
    if bench.is_exact:
        full = [trial for trial in full if not _is_needless(trial, full, measure)]
    scored = [(t, compute_evidence(t.problem, t.theta, prior, measure)) for t in full]
    groups = _group_equal(scored, measure)
    if not bench.is_exact:
        likely = {
            t.shape: _move_diffusion(t, bench, _SAME * measure)
            for group, share in zip(groups, _compute_shares(groups), strict=True)
            if share > _TOLD
            for t, _ in group
        }
        moved = [t for t in likely.values() if t not in full]
        new = {t.shape: (t, compute_evidence(t.problem, t.theta, prior, measure)) for t in moved}
        groups = _group_equal([new.get(t.shape, (t, score)) for t, score in scored], measure)
    found = []
    for group, share in zip(groups, _compute_shares(groups), strict=True):
        first, *others = sorted(
            group, key=lambda pair: (_complexity(pair[0]), _count_slower(pair[0]), -pair[1])
        )
        found.append(Answer(first[0], tuple(trial for trial, _ in others), float(share)))
    return sorted(found, key=lambda answer: -answer.probability)


def _compute_shares(groups: Sequence[Sequence[tuple[Trial, float]]]) -> FloatArray:
    """Return the probability of each group."""
    scores = np.array([np.logaddexp.reduce([score for _, score in group]) for group in groups])
    share = np.exp(scores - scores.max())
    return np.asarray(share / share.sum())


def _is_needless(trial: Trial, others: Iterable[Trial], measure: float) -> bool:
    """Return whether a smaller circuit is preferred by BIC: without noise priors count for nothing."""
    each = float(np.log(2 * trial.problem.target.size)) * measure
    return any(
        other.size < trial.size and other.chisqr <= trial.chisqr + each * (trial.size - other.size)
        for other in others
    )


def _find_measure(full: Sequence[Trial], bench: Workbench) -> float:
    """Return chisqr that stands for one unit: of the noise, or of what is systematic.

    Where the digits are all the noise, it is what the closest leaves: descents end a little above them.
    """
    if bench.is_exact:
        return max(bench.scale, min(_compute_mean_square(trial, bench) for trial in full))
    if _is_explained(full, bench):
        return bench.scale
    served = _find_serving(full, bench) or min(full, key=lambda trial: trial.chisqr)
    lag = min(max(_correlate_residuals(served), 0.0), 0.9)
    return max(_compute_mean_square(served, bench) * (1 + lag) / (1 - lag), bench.scale)


def _is_explained(full: Sequence[Trial], bench: Workbench) -> bool:
    """Return whether a circuit leaves no more than noise, of no more parameters than can be asked for."""
    explaining = [trial.size for trial in full if compute_misfit(trial, bench) <= _EXPLAINED]
    return bool(explaining) and min(explaining) <= find_size_limit(full, bench)


def _drop_fanciful(full: Sequence[Trial], bench: Workbench) -> list[Trial]:
    """Return the trials without those of many parameters that are not plain and get no better grade."""
    plain = [trial for trial in full if trial.size < MANY or _is_plain(trial)]
    best = min((grade_trial(trial, bench) for trial in _select_usable(plain)), default="F")
    return [trial for trial in full if trial in plain or grade_trial(trial, bench) < best]


def _is_plain(trial: Trial) -> bool:
    """Return whether a circuit is of L, R, arcs of which one may hold another, and one diffusion."""
    found = count_features(trial.structure)
    return not (found["loop"] or found["rare"]) and found["nested"] <= 1 and found["diffusion"] <= 1


def _correlate_residuals(trial: Trial) -> float:
    """Return the correlation of neighbouring residuals."""
    return float(correlate_neighbours(trial.problem.at(trial.theta)[0].reshape(-1, 2)))


def is_smooth(trial: Trial) -> bool:
    """Return whether what a trial leaves is no noise, for neighbouring residuals are alike."""
    return bool(_correlate_residuals(trial) > _ALIKE / np.sqrt(2 * trial.problem.target.size))


def _group_equal(scored: Sequence[tuple[Trial, float]], measure: float) -> list[list[tuple[Trial, float]]]:
    """Return groups of as many parameters whose chi-square is the same as far as the data can tell."""
    groups: list[list[tuple[Trial, float]]] = []
    for trial, score in sorted(scored, key=lambda pair: -pair[1]):
        for group in groups:
            first = group[0][0]
            if first.size == trial.size and abs(trial.chisqr - first.chisqr) <= _SAME * measure:
                group.append((trial, score))
                break
        else:
            groups.append([(trial, score)])
    return groups


def _move_diffusion(trial: Trial, bench: Workbench, same: float) -> Trial:
    """Return a trial with its diffusion in the slowest arc in which it leaves no more by `same`."""
    if not _count_slower(trial):
        return trial
    ends = [trial, *bench.exchange_arcs(trial)]
    most = min(end.chisqr for end in ends) + same
    return min((end for end in ends if end.chisqr <= most), key=lambda end: (_count_slower(end), end.chisqr))


def _count_slower(trial: Trial) -> int:
    """Return how many arcs are slower than the one that holds a diffusion; of equal ones, fewest is named."""
    arcs = [arc for part in trial.structure if (arc := Arc.of(part))]
    times = [compute_crossover(arc, trial.values) for arc in arcs if isinstance(arc.inner, Component)]
    return sum(compute_crossover(arc, trial.values) > min(times) for arc in arcs) if times else 0


def _complexity(trial: Trial) -> tuple[int, int]:
    """Return how far a structure is from parts in series: of equal ones the plainest is named."""
    found = count_features(trial.structure)
    return found["nested"] + found["rare"], found["loop"]

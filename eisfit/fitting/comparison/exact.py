"""Candidates for data without noise: their digits are the noise, and their smallest difference counts.

A table made by a program, or an instrument's of few digits, shows nothing but its rounding. From the smallest
to the largest each circuit is searched in full and taken to the digits, and chi-square by them decides; once
one leaves nothing that an impedance can show, larger ones are looked at shortly. Nothing is refused: BIC with
a noise that is known leaves out what is not needed. Where none reaches the digits the closest sets the noise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.digits import approach_digits, fit_to_digits
from eisfit.engine.objective import Settings
from eisfit.engine.optima import Basin
from eisfit.engine.search import CLEAN
from eisfit.engine.short_search import run_short_search
from eisfit.engine.starts.carried_arcs import carry_arcs_over
from eisfit.engine.task import Task, find_start, pick_end
from eisfit.engine.unexplained import BY_CHANCE, find_explainable
from eisfit.fitting.comparison.candidates import (
    LOOSE,
    UNFITTED,
    compute_criteria,
    describe_unfitted,
    judge_fit,
)
from eisfit.fitting.comparison.table import Candidate
from eisfit.fitting.fit import TIGHT, finish_in_lmfit
from eisfit.fitting.verdicts.grade import correlate_neighbours
from eisfit.model.circuit import Circuit
from eisfit.model.notation import components
from eisfit.records import dataclass
from eisfit.spectra.noise import rounding_error
from eisfit.spectra.spectrum import Spectrum

_NOISE = 3e-5  # relative rms: an instrument's is no smaller
_ALIKE = 4.0  # standard deviations of the correlation of noise
_AS_MUCH = 2.0  # times chi-square: parameters that describe noise save a share of it
_NOISY = 100.0  # times the chi-square of the digits at the closest fit: the rest is not the digits'
_REACHED = 1.5  # chi-square over the count of numbers: the digits are reached
_NEAR = 1e-4  # relative rms of an end from which the digits may be reached
_FAR = 1e-2  # the same where no branch has been put elsewhere
_NORMAL = 1.2  # chi-square over the count of numbers: no optimum is looked for below it
_WITHIN = 45.0  # the same: from farther away, moving branches has not helped
_AS_LARGE = 2  # more parameters: BIC may prefer another circuit so much larger for a small gain by the digits
_ENDS = 4  # of a search that are then taken to the digits
_LEAST_INDUCTANCE = 1e-10  # henry: of a tenth of a millimetre of wire (about 1 nH a millimetre)
_UNDECIDED = 8.0  # of BIC


def is_exact(spectrum: Spectrum, weighting: str, chisqr: float) -> bool:
    """Return whether a spectrum that a smooth model leaves `chisqr` of may have no noise but its digits."""
    size = 2 * spectrum.points  # of a residual of the size of the data
    return weighting != "noise" and 0 < chisqr < CLEAN**2 * size


@dataclass(frozen=True)
class _Fitted:
    """A circuit at its optimum by the digits."""

    task: Task
    theta: FloatArray
    deviance: float
    basin: Basin
    suffices: bool = False  # at the digits, of which it leaves nothing that an impedance can show


def make_exact_candidates(
    spectrum: Spectrum, circuits: Sequence[Circuit], weighting: str, seed: int
) -> tuple[list[Candidate], float] | None:
    """Return a candidate for each circuit, and the chi-square (of `weighting`) that the noise leaves.

    None where the closest leaves what is no impedance, and a larger circuit about as much: that is the noise.

    Where the closest circuit misses the digits by far, the noise is something else: of the kind that
    `weighting` supposes, and as large as the closest leaves it.

    Parameters
    ----------
    spectrum, weighting, seed
        As for `eisfit.fit`.
    circuits
        In any order.
    """
    digits = rounding_error(spectrum.frequency, spectrum.impedance)
    settings, refused = Settings(weighting), []
    fitted: list[_Fitted] = []
    for circuit in sorted(circuits, key=lambda circuit: len(circuit.free_names)):
        try:
            fitted.append(_fit(Task.of(spectrum, circuit, settings), digits, fitted, seed))
        except UNFITTED as error:
            refused.append(describe_unfitted(circuit, error))
        if _have_stopped_at_noise(fitted):
            return None
    if not fitted:
        return refused, 0.0
    if _leaves_noise(min(fitted, key=lambda one: one.basin.chisqr)):
        return None
    chisqr = float(np.sum((digits * fitted[0].task.weight) ** 2))
    deviances = [one.deviance for one in fitted]
    scale = max(1.0, _estimate_scale(fitted, deviances))
    if scale > _NOISY:
        chisqr, deviances = float(digits.size), [one.basin.chisqr for one in fitted]
        scale = _estimate_scale(fitted, deviances)
    noise = chisqr * scale
    rows = [_make_row(one, noise, left / scale) for one, left in zip(fitted, deviances, strict=True)]
    return [*refuse_tiny_inductance(rows), *refused], noise


def _have_stopped_at_noise(fitted: Sequence[_Fitted]) -> bool:
    """Return whether larger circuits leave as much as a smaller one among the closest, and that is noise."""
    closest = min(fitted, key=lambda one: one.basin.chisqr, default=None)
    if closest is None:
        return False
    about = [one for one in fitted if one.basin.chisqr <= _AS_MUCH * closest.basin.chisqr]
    return len({one.task.coordinates.size for one in about}) > 1 and _leaves_noise(closest)


def _leaves_noise(closest: _Fitted) -> bool:
    """Return whether a residual is noise: larger than a program's rounding, neighbours uncorrelated."""
    problem = closest.task.problem
    residual = problem.at(closest.theta)[0].reshape(-1, 2)
    if closest.basin.chisqr < _NOISE**2 * residual.size:
        return False
    lag = float(correlate_neighbours(residual))
    return closest.basin.chisqr < CLEAN**2 * residual.size and lag < _ALIKE / np.sqrt(residual.size)


def _estimate_scale(fitted: Sequence[_Fitted], deviances: Sequence[float]) -> float:
    """Return the least chi-square for each number that is left."""
    spare = [max(2 * one.task.spectrum.points - one.task.coordinates.size, 1) for one in fitted]
    return max(min(left / count for left, count in zip(deviances, spare, strict=True)), 1e-300)


def _fit(task: Task, digits: FloatArray, others: Sequence[_Fitted], seed: int) -> _Fitted:
    """Search, and go on to the digits from the best ends where they are near.

    Beside a smaller circuit that suffices, one far larger or one that holds it is only looked at; one hardly
    larger may still be preferred, and goes to the digits where a look ends near them.
    """
    by_digits, size = dataclasses.replace(task.problem, weight=1 / digits[np.newaxis]), task.coordinates.size
    smaller = [one for one in others if one.task.coordinates.size < size]
    enough = [one for one in smaller if one.suffices]
    hopeless = np.inf
    if enough:
        basin = run_short_search(task, [(one.task, one.theta) for one in smaller], seed)
        theta = pick_end(task, basin)
    else:
        theta, basin = find_start(task, seed)
        if is_exact(task.spectrum, task.settings.weighting, task.attainable):  # the search knew it was
            hopeless = _WITHIN * digits.size
    if not enough and basin.chisqr > (_NEAR if hopeless < np.inf else _FAR) ** 2 * digits.size:
        residual, _ = by_digits.at(theta)
        return _Fitted(task, theta, float(residual @ residual), basin)
    ends = np.concatenate([theta[np.newaxis], basin.ends[1:_ENDS]])
    if enough:
        theta, deviance = approach_digits(
            by_digits, np.concatenate([_carry_arcs(task, theta, enough[0]), ends])
        )
        if _is_needless(task, enough) or deviance > _WITHIN * digits.size:
            return _Fitted(task, theta, deviance, basin)
        ends = theta[np.newaxis]
    theta, deviance = fit_to_digits(by_digits, ends, _NORMAL * digits.size, hopeless)
    # The digits that a file shows are the noise at most: no share of less is worth another circuit.
    unit = max(1.0, deviance / max(digits.size - size, 1))
    suffices = deviance <= _REACHED * digits.size and find_explainable(by_digits, theta) < BY_CHANCE * unit
    return _Fitted(task, theta, deviance, basin, suffices)


def _carry_arcs(task: Task, theta: FloatArray, other: _Fitted) -> FloatArray:
    """Return starts (n, V) that do what another circuit does at its optimum."""
    circuit, fastest = other.task.circuit, float(task.spectrum.omega.max())
    values = dict(zip(circuit.names, other.task.values_at(other.theta).tolist(), strict=True))
    starts = carry_arcs_over(task.circuit, task.values_at(theta), circuit, values, fastest)
    return task.coordinates.internal(starts)


def _is_needless(task: Task, enough: Sequence[_Fitted]) -> bool:
    """Return whether a circuit is too large to be preferred to one that is enough, or holds that."""
    return any(
        set(one.task.circuit.names) < set(task.circuit.names)
        or task.coordinates.size > one.task.coordinates.size + _AS_LARGE
        for one in enough
    )


def _make_row(one: _Fitted, noise: float, deviance: float) -> Candidate:
    """Return the row of a circuit; `deviance` is chi-square in units of what the closest leaves."""
    explains = deviance <= _REACHED * 2 * one.task.spectrum.points
    try:
        result = finish_in_lmfit(one.task, one.theta, one.basin, tolerance=TIGHT if explains else LOOSE)
        row = judge_fit(result, noise, profiles=False, departures=explains)
    except UNFITTED as error:
        return describe_unfitted(one.task.circuit, error)
    aicc, bic = compute_criteria(deviance, one.task.coordinates.size, 2 * one.task.spectrum.points)
    return dataclasses.replace(row, aicc=aicc, bic=bic, refused="", reserved=row.refused)


def refuse_tiny_inductance(rows: list[Candidate]) -> list[Candidate]:
    """Refuse the best row where its inductance is too small for a wire and one without is about as good."""
    ranked = sorted((row for row in rows if not row.refused), key=lambda row: row.bic)
    if not ranked or not _has_tiny_inductance(ranked[0]):
        return rows
    others = [r for r in ranked if r.bic < ranked[0].bic + _UNDECIDED and not _list_inductances(r)]
    if not others:
        return rows
    why = f"its inductance is smaller than any wire's, and {others[0].name} fits about as well"
    least = others[0].bic
    return [
        dataclasses.replace(r, refused=why) if r.bic < least and _has_tiny_inductance(r) else r for r in rows
    ]


def _has_tiny_inductance(row: Candidate) -> bool:
    values = row.result.values if row.result else {}
    return any(0 <= values[name] < _LEAST_INDUCTANCE for name in _list_inductances(row))


def _list_inductances(row: Candidate) -> list[str]:
    return [c.parameter_names[0] for c in components(row.circuit.tree) if c.symbol == "L"]

"""The candidates of a comparison: a short search for each circuit, a full one for those that may be best.

Each circuit, from the smallest to the largest, first gets a short search (`eisfit.engine.short_search`), and
a whole one where it ends near the best without being larger: it may have missed its optimum. Those that then
come near the best by BIC get the whole search, unless independent starts agree already, and their doubtful
parameters are profiled; all do where none fits to within the noise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np

from eisfit.engine.objective import Settings
from eisfit.engine.optima import Basin
from eisfit.engine.short_search import run_short_search
from eisfit.engine.solver import SAME_OPTIMUM, solve
from eisfit.engine.task import Task, find_start, pick_end
from eisfit.engine.unexplained import BY_CHANCE, find_explainable
from eisfit.errors import EisfitError
from eisfit.fitting.comparison.table import Candidate
from eisfit.fitting.errors.refit import Refit
from eisfit.fitting.fit import finish_in_lmfit
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.assess import find_and_assess
from eisfit.fitting.verdicts.findings import Finding
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.spectra.spectrum import Spectrum

_FOLDS = 5
#: What a circuit that cannot describe the data may end in.
UNFITTED = (EisfitError, np.linalg.LinAlgError)
#: Tolerance of lmfit where a circuit is far behind.
LOOSE = 1e-4
_MAX_RATIO = 1.5  # times the chisqr that the noise leaves: nothing is left for another circuit to explain
_CLOSE = 4.0  # of BIC: a circuit this near the best is looked at in full
_DOUBTFUL = 64.0  # times the chisqr of the best
_ROUGH = 1e-4
_FEW_POINTS = 10
_AGREEING = 4


def search_briefly(
    spectrum: Spectrum, circuits: Iterable[Circuit], weighting: str, seed: int
) -> tuple[list[Entry], list[Candidate]]:
    """Return each circuit, from the smallest to the largest, with what a short search finds.

    Those that cannot be fitted are candidates already.

    Parameters
    ----------
    spectrum, weighting, seed
        As for `eisfit.fit`.
    circuits
        In any order.
    """
    settings = Settings(weighting)
    found, unfitted = list[Entry](), list[Candidate]()
    for circuit in sorted(circuits, key=lambda circuit: len(circuit.free_names)):
        try:
            found.append(_search_entry(Task.of(spectrum, circuit, settings), found, seed))
        except UNFITTED as error:
            unfitted.append(describe_unfitted(circuit, error))
    for k, entry in enumerate(found):
        if any(_is_alike(entry, other) and other.bic < entry.bic for other in found[k + 1 :]):
            with suppress(*UNFITTED):
                again = _search_entry(entry.task, found[:k] + found[k + 1 :], seed)
                found[k] = min(entry, again, key=lambda one: one.bic)
    for k in _find_doubtful(found):
        found[k] = _search_in_full(found[k], seed)
    return found, unfitted


def _find_doubtful(found: list[Entry]) -> list[int]:
    """Return the circuits, no larger than the best, whose short search ended near it, but far behind by BIC.

    An arc or a diffusion at the wrong place leaves up to some tens of times the noise; what is no description
    leaves more.
    """
    if not found:
        return []
    best = min(found, key=lambda entry: entry.bic)
    most = len(best.circuit.free_names)
    return [
        k
        for k, entry in enumerate(found)
        if entry.bic > best.bic + _CLOSE
        and entry.chisqr <= _DOUBTFUL * best.chisqr
        and len(entry.circuit.free_names) <= most
    ]


def _search_in_full(entry: Entry, seed: int) -> Entry:
    """Return an entry with the end of a whole search, where that is lower."""
    try:
        basin = find_start(entry.task, seed)[1]
    except UNFITTED:
        return entry
    if basin.chisqr >= entry.chisqr * (1 - SAME_OPTIMUM):
        return entry
    return dataclasses.replace(entry, bic=_compute_bic(entry.task, basin), basin=basin)


def make_candidates(entered: Sequence[Entry], noise: float, seed: int) -> list[Candidate]:
    """Return a candidate for each circuit of `search_briefly` that can be fitted.

    Parameters
    ----------
    entered
        What `search_briefly` returned of them.
    noise
        The chisqr that the noise alone leaves; 0 where unknown.
    seed
        As for `eisfit.fit`.
    """
    found = list(entered)
    while waiting := _select_near(found, noise):
        for k in waiting:
            found[k] = _make_candidate(found[k], noise, seed)
    return [entry.row or _make_distant_candidate(entry) for entry in found]


@dataclass(frozen=True)
class Entry:
    """A circuit on its way to a candidate: what the short search found, then the row."""

    task: Task
    basin: Basin
    bic: float
    row: Candidate | None = None

    @property
    def circuit(self) -> Circuit:
        """Which it is."""
        return self.task.circuit

    @property
    def chisqr(self) -> float:
        """What the short search leaves."""
        return self.basin.chisqr


def describe_unfitted(circuit: Circuit, error: Exception) -> Candidate:
    """Return a row for a circuit that cannot be fitted: the others go on."""
    reason = str(error) if isinstance(error, EisfitError) else f"{circuit.name}: cannot be fitted ({error})"
    return Candidate(circuit, refused=reason)


def _search_entry(task: Task, smaller: list[Entry], seed: int) -> Entry:
    basin = run_short_search(task, [(entry.task, entry.basin.theta) for entry in smaller], seed)
    return Entry(task, basin, _compute_bic(task, basin))


def _compute_bic(task: Task, basin: Basin) -> float:
    ndata = 2 * task.spectrum.points
    deviance, count = _find_deviance(basin.chisqr, ndata, len(task.circuit.free_names), task.rescaled)
    return compute_criteria(deviance, count, ndata)[1]


def _is_alike(one: Entry, other: Entry) -> bool:
    """Return whether two circuits have the same parameters: the optimum of one is a start for the other."""
    return set(one.circuit.names) == set(other.circuit.names)


def _select_near(found: list[Entry], noise: float) -> list[int]:
    """Return which to search in full: those near the best, or all that may fit where it does not."""
    best = min((e for e in found if e.row and not e.row.refused), key=lambda entry: entry.bic, default=None)
    left = [k for k, entry in enumerate(found) if not entry.row]
    if best is not None and best.chisqr <= _MAX_RATIO * noise:
        if _is_noise(best):
            return [k for k in left if found[k].bic <= best.bic + _CLOSE]
        size = len(best.circuit.free_names)
        left = [k for k in left if len(found[k].circuit.free_names) > size]
    lowest = min((found[k].bic for k in left), default=0.0)
    return [k for k in left if found[k].bic <= lowest + _CLOSE]


def _is_noise(entry: Entry) -> bool:
    """Return whether the residual holds nothing that another circuit could explain."""
    unit = entry.chisqr / max(2 * entry.task.spectrum.points - len(entry.circuit.free_names), 1)
    return find_explainable(entry.task.problem, entry.basin.theta) < BY_CHANCE * unit


def _make_candidate(entry: Entry, noise: float, seed: int) -> Entry:
    try:
        agrees = entry.basin.agreed >= _AGREEING and entry.chisqr <= _MAX_RATIO * noise and _is_noise(entry)
        theta, basin = pick_end(entry.task, entry.basin), entry.basin
        if not agrees:
            whole = find_start(entry.task, seed)
            theta, basin = whole if whole[1].chisqr <= basin.chisqr * (1 + SAME_OPTIMUM) else (theta, basin)
        row = judge_fit(finish_in_lmfit(entry.task, theta, basin), entry.task.attainable)
    except UNFITTED as error:
        return dataclasses.replace(entry, row=describe_unfitted(entry.circuit, error))
    return dataclasses.replace(entry, bic=row.bic, basin=basin, row=row)


def _make_distant_candidate(entry: Entry) -> Candidate:
    try:
        result = finish_in_lmfit(entry.task, pick_end(entry.task, entry.basin), entry.basin, tolerance=LOOSE)
    except UNFITTED as error:
        return describe_unfitted(entry.circuit, error)
    return judge_fit(result, entry.task.attainable, profiles=False)


def judge_fit(
    result: FitResult, attainable: float, *, profiles: bool = True, departures: bool = True
) -> Candidate:
    """Return the row of a fit with its verdicts; `profiles` and `departures` cost most."""
    # What the data says against itself is the same for every circuit, and no ground to rank them by.
    findings, result = find_and_assess(
        result, attainable, profiles=profiles, validate=False, departures=departures
    )
    count, ndata = len(result.circuit.free_names), result.statistics.ndata
    deviance, parameters = _find_deviance(result.statistics.chisqr, ndata, count, result.covariance_rescaled)
    aicc, bic = compute_criteria(deviance, parameters, ndata)
    return Candidate(
        result.circuit,
        result,
        free=count,
        aicc=aicc,
        bic=bic,
        cross_validation=_cross_validate(result),
        refused=_find_reason(findings),
    )


def _find_deviance(chisqr: float, ndata: int, count: int, rescaled: bool) -> tuple[float, int]:
    """Return -2 ln L up to a constant, and the parameters it was maximised over."""
    if not rescaled:
        return chisqr, count
    return float(ndata * np.log(max(chisqr, 1e-300) / ndata)), count + 1


def compute_criteria(deviance: float, parameters: int, ndata: int) -> tuple[float, float]:
    """Return AICc and BIC of -2 ln L, the parameters it was maximised over, and the numbers fitted."""
    spare = ndata - parameters - 1
    aicc = deviance + 2 * parameters + 2 * parameters * (parameters + 1) / spare if spare > 0 else np.inf
    return aicc, deviance + np.log(ndata) * parameters


def _find_reason(findings: list[Finding]) -> str:
    """Return why a fit cannot be taken as an answer, empty where it can."""
    for finding in findings:
        if (finding.verdict and not finding.mild) or finding.flag.name == "not_converged":
            return finding.flag.cause
    return ""


def _cross_validate(result: FitResult) -> float | None:
    """Return the root mean square of the weighted residuals at frequencies that the fit had not seen.

    Five interleaved folds, all refitted in one batch from the optimum of the whole.
    """
    refit = Refit.of(result)
    points = result.spectrum.points
    folds = min(_FOLDS, points)
    left_out = np.arange(points) % folds == np.arange(folds)[:, np.newaxis]
    seen = np.repeat(~left_out, 2, axis=1)
    weight = refit.problem.weight * seen
    target = np.tile(refit.problem.target, (folds, 1))
    problem = dataclasses.replace(refit.problem, target=target, weight=weight)
    theta = solve(
        problem, np.tile(refit.theta, (folds, 1)), max_iterations=_FEW_POINTS, tolerance=_ROUGH, damping=1e-6
    ).theta
    residual = refit.evaluate(theta)[0][~seen]
    return float(np.sqrt(np.mean(residual**2))) if np.isfinite(residual).all() else None

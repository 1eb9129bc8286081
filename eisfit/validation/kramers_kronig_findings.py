"""Which points of a spectrum can be trusted: outliers, varying noise, the part that breaks Kramers-Kronig.

Works on the algebra of `eisfit.validation.linear_kk`; `eisfit.validation.kramers_kronig_flags` turns its
findings into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray, FloatArray, median
from eisfit.records import dataclass
from eisfit.validation.linear_kk import (
    PATIENCE,
    Basis,
    Evidence,
    LinearFit,
    choose_elements,
    estimate_local_noise,
    fit,
    measure_evidence,
)
from eisfit.validation.points import FEWEST
from eisfit.validation.quantiles import f_above
from eisfit.validation.resonances import find_strongest, is_inside, refine_resonances
from eisfit.verdict import limit

FALSE_ALARM = 5e-4  # of each test, but for the ends
# Of the slow end, where cells drift, of any place, of the fast end, where little but inductance goes wrong,
# of a step.
_UNLIKELY = (6 * FALSE_ALARM, FALSE_ALARM, FALSE_ALARM / 2, FALSE_ALARM)
OUTLIER = 1e-4  # of each search for single points: of chains of five or so lengths that serve, one is taken
TOLERANCE = 2e-3  # of |Z|: what a good analyser keeps over its whole range
EVERY = 10**6  # a patience that outlasts every scan
_TOLERATED = limit("kk_breach")
_MOST_RESONANCES = 4
_FALLS_FASTER = 0.01  # of |Z|: 1.7 standard errors of the median of four points at a noise of 1 %
_STRONG = 10.0  # of the criterion, "very strong" (R. Kass, A. Raftery, JASA 90 (1995) 773)
_MENDED_SHARE = (
    0.02,
    0.02,
    0.01,
    0.02,
)  # probabilities above which a cut-off end has taken the deviation with it


@dataclass(frozen=True)
class Finding:
    """Something wrong (``low``, ``high``, ``middle`` or ``all``) with the points `first` to `last`."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """A linear Kramers-Kronig test to be solved: (F,) data, (F,) weights, and the caller's wishes."""

    basis: Basis
    data: ComplexArray
    weight: FloatArray
    sign: float = 1.0
    rc_elements: int | None = None
    slow: bool = True
    mu: float = 0.85
    tolerance: float = TOLERANCE
    patience: int = PATIENCE

    @property
    def size(self) -> int:
        """Number of points."""
        return int(self.data.size)

    def keep(self, mask: BoolArray) -> Problem:
        """Return the problem of the points where `mask` is true."""
        return replace(self, basis=self.basis.keep(mask), data=self.data[mask], weight=self.weight[mask])

    def settle(self) -> Problem:
        """Return the problem without terms for slow processes where an arc closes within the sweep.

        There Z'' dies out towards the lowest frequencies; slow terms would only take on the shape of drift.
        """
        if self.sign < 0 or self.size < 12:
            return self
        share = np.abs(self.data.imag) / np.abs(self.data)
        end, before = median(share[-4:]), median(share[-8:-4])
        closed = bool(end < 0.05 and (end < 0.65 * before or end < 0.01) and not self._turns_inductive())
        return replace(self, basis=replace(self.basis, slow=self.slow and not closed))

    def _turns_inductive(self) -> bool:
        """Return whether -Z'' falls faster than f at the low end, which no relaxation of positive R does."""
        share = -self.data.imag / np.abs(self.data)
        end, before = median(share[-4:]), median(share[-8:-4])
        slowest = before * float(np.prod(self.basis.omega[-4:] / self.basis.omega[-8:-4]) ** 0.25)
        return bool(end < slowest - _FALLS_FASTER)

    def elements(self) -> int:
        """Return the number of RC elements wished for, or else found."""
        if self.rc_elements is not None:
            return self.rc_elements
        return choose_elements(
            self.basis, self.data, self.weight, self.mu, sign=self.sign, patience=self.patience
        ).elements

    def solve(self, elements: int) -> tuple[LinearFit, Evidence]:
        """Fit, and look for what speaks against the fit."""
        solved = fit(self.basis, self.data, self.weight, elements, self.sign)
        return solved, measure_evidence(self.basis, self.data, self.weight, solved)

    def fraction(self, scaled: ComplexArray) -> FloatArray:
        """Return the size of residuals in units of the weights as a fraction of the data's modulus."""
        return np.asarray(np.abs(scaled) / (self.weight * np.abs(self.data)))


@dataclass(frozen=True, eq=False, repr=False)
class Trust:
    """Points `kept` (F,) of all; `weight` (F,) of all; problem, fit and evidence of the kept ones."""

    kept: BoolArray
    weight: FloatArray
    problem: Problem
    solved: LinearFit
    found: Evidence


def find_trusted(problem: Problem) -> Trust:
    """Find the points that are no outliers, the weights that the noise asks for, and the fit to go with them.

    Before anything is held against the spectrum, every number of elements is tried, not only those up to
    where the residual seemed to stagnate.
    """
    trust = _find_trusted(problem)
    if trust.kept.all() and not _fails(trust.problem, trust.found):
        return trust
    return _find_trusted(replace(problem, patience=EVERY))


def add_resonances(problem: Problem, trust: Trust) -> Trust:
    """Return the test with the resonances that the spectrum asks for, none where it asks for none.

    A drift, or a single point that is wrong, can be imitated by resonances too: each must describe the
    spectrum with fewer numbers than the test does without it.
    """
    resonances: tuple[tuple[float, float], ...] = ()
    omega, weight, alone = problem.basis.omega, problem.weight, _fit_sparsely(problem)
    for _ in range(_MOST_RESONANCES):
        solved = _fit_sparsely(_set_resonances(problem, resonances))
        at = find_strongest(omega, weight, solved.q, solved.scaled)
        resonances = refine_resonances(omega, weight, alone.q, alone.scaled, (*resonances, at))
        found = find_trusted(_set_resonances(problem, resonances))
        inside = all(is_inside(omega, one) for one in resonances)
        if inside and _compute_criterion(found) < _compute_criterion(trust) - _STRONG:
            trust = found
            if trust.kept.all() and not find_breaches(trust):
                break
        elif len(resonances) > len(trust.problem.basis.resonances) + 1:
            break  # one may help only together with the next; two that do not are enough
    return trust


def _compute_criterion(trust: Trust) -> float:
    """Return -2 ln(likelihood) and ln N for each number that a description is made of (Schwarz, 1978).

    A resonance is four numbers, two of which are columns of the fit; a point that was left out is two.
    """
    size, lost = 2 * trust.kept.size, int((~trust.kept).sum())
    kept = 2 * (trust.kept.size - lost)
    scaled = trust.solved.scaled
    numbers = trust.solved.q.shape[1] + 2 * len(trust.problem.basis.resonances) + 2 * lost
    variance = max(float(scaled @ scaled) / kept, np.finfo(float).tiny)
    spread = size * np.log(variance) - 4 * float(np.log(trust.weight).sum())
    return float(spread + numbers * np.log(size))


def _set_resonances(problem: Problem, resonances: Sequence[tuple[float, float]]) -> Problem:
    return replace(problem, basis=replace(problem.basis, resonances=tuple(resonances)))


def _fit_sparsely(problem: Problem) -> LinearFit:
    """Fit with so few RC elements that they cannot imitate a resonance."""
    elements = min(max(2, round(problem.basis.decades)), problem.basis.most_elements())
    return fit(problem.basis, problem.data, problem.weight, elements, problem.sign)


def find_breaches(trust: Trust) -> list[Finding]:
    """Return the breaches: the shortest end without which the rest passes, else where the deviation is seen.

    Where it is seen nearly everywhere, an end without which the rest keeps what the field puts up with is
    the part that matters.
    """
    problem, found = trust.problem, trust.found
    if not _fails(problem, found):
        return []
    if end := _find_worst_end(trust, problem):
        return [end]
    seen = np.abs(found.systematic) > 2.5 * found.spread
    runs = list(_iterate_runs(seen & (problem.fraction(found.systematic) > problem.tolerance)))
    if not runs or sum(last - first + 1 for first, last in runs) > problem.size / 2:
        much = float(problem.fraction(found.systematic).max()) > _TOLERATED
        end = _find_worst_end(trust, replace(problem, tolerance=2 * _TOLERATED)) if much else None
        return [end or Finding("all", 0, problem.size - 1)]
    return [Finding(_name_place(first, last, problem.size), first, last) for first, last in runs]


def _find_worst_end(trust: Trust, problem: Problem) -> Finding | None:
    """Return the shortest end without which the rest passes at half the tolerance, None without one."""
    elements = trust.solved.elements
    cuts = [(count, side) for side in ("low", "high") if (count := _find_cut(problem, elements, side))]
    if not cuts:
        return None
    count, side = min(cuts)
    first = problem.size - count if side == "low" else 0
    return Finding(side, first, first + count - 1)


def _find_trusted(problem: Problem) -> Trust:
    trust = _drop_outliers(problem)
    omega, distance = problem.basis.omega, _measure_distances(problem, trust)
    if (estimate_local_noise(omega, distance) == 1).all():
        return trust
    # The noise varies: what looked like outliers may be its large part. Start again, halfway between what the
    # curve through all points says, which an outlier draws off its neighbours, and that through those kept,
    # by which a noisy stretch is quieter than it is.
    whole = problem.solve(trust.solved.elements)[1].distance
    local = estimate_local_noise(omega, np.sqrt(whole * distance), level=1.0)
    return _drop_outliers(replace(problem, weight=problem.weight / local))


def _measure_distances(problem: Problem, trust: Trust) -> FloatArray:
    """Return how far all points lie off the curve through the kept ones, squared: see `Evidence`."""
    columns = trust.problem.basis.columns(trust.solved.elements, problem.basis.omega)
    off = np.abs(problem.data - columns @ trust.solved.coefficients) * problem.weight
    found = np.asarray(off**2)
    found[trust.kept] = trust.found.distance
    return found


def _drop_outliers(problem: Problem) -> Trust:
    kept = np.ones(problem.size, dtype=bool)
    most = max(1, problem.size // 6)
    while True:
        before = int(kept.sum())
        inner = problem.keep(kept)
        elements = inner.elements()
        solved, found = inner.solve(elements)
        while (worst := _find_outlier(inner, found)) is not None and problem.size - int(kept.sum()) < most:
            kept[np.flatnonzero(kept)[worst]] = False
            inner = problem.keep(kept)
            solved, found = inner.solve(min(elements, inner.basis.most_elements()))
        if int(kept.sum()) == before:
            return Trust(kept, problem.weight, inner, solved, found)


def _find_outlier(problem: Problem, found: Evidence) -> int | None:
    left = found.freedom - 2
    if left < 4 or problem.size <= FEWEST:
        return None
    worst = int(np.argmax(found.distance))
    squared = float(found.distance[worst])
    rest = max((found.noise**2 * found.freedom - squared) / left, np.finfo(float).tiny)
    chance = problem.size * f_above(2, left, squared / 2 / rest)
    # The root of `distance` lies between what is left at the point and how far it is off its neighbours.
    off = float(np.sqrt(squared) / (problem.weight * np.abs(problem.data))[worst])
    return None if chance > OUTLIER * _compute_strictness(found) or off < problem.tolerance else worst


def _compute_strictness(found: Evidence) -> float:
    # With few degrees of freedom the best of many sizes looks better than it is: ask for stronger evidence.
    return min(1.0, found.freedom / 40) ** 2


def _fails(problem: Problem, found: Evidence, levels: tuple[float, ...] = _UNLIKELY) -> bool:
    chances = found.p_low, found.p_smooth, found.p_high, found.p_step
    unlikely = any(p < level * _compute_strictness(found) for p, level in zip(chances, levels, strict=True))
    return unlikely and float(problem.fraction(found.systematic).max()) > problem.tolerance


def _find_cut(problem: Problem, elements: int, side: str) -> int | None:
    fails, good = 0, min(problem.size // 2, problem.size - FEWEST)
    if good < 1 or not _is_mended(problem, elements, side, good):
        return None
    while good - fails > 1:
        middle = (fails + good) // 2
        fails, good = (fails, middle) if _is_mended(problem, elements, side, middle) else (middle, good)
    while good < problem.size // 2 and not _passes(_shorten(problem, side, good)):
        good += 1
    return good


def _shorten(problem: Problem, side: str, count: int) -> Problem:
    mask = np.ones(problem.size, dtype=bool)
    mask[slice(problem.size - count, None) if side == "low" else slice(count)] = False
    return problem.keep(mask).settle()


def _is_mended(problem: Problem, elements: int, side: str, count: int) -> bool:
    inner = replace(_shorten(problem, side, count), tolerance=problem.tolerance / 2)
    return not _fails(inner, inner.solve(_scale_elements(problem, inner, elements))[1], _MENDED_SHARE)


def _passes(problem: Problem) -> bool:
    for patience in (PATIENCE, EVERY):
        trial = replace(problem, patience=patience)
        if not _fails(trial, trial.solve(trial.elements())[1]):
            return True
    return False


def _scale_elements(whole: Problem, part: Problem, elements: int) -> int:
    share = part.basis.decades / whole.basis.decades
    return max(1, min(round((elements - 1) * share) + 1, part.basis.most_elements()))


def _iterate_runs(seen: BoolArray) -> Iterator[tuple[int, int]]:
    # Gaps of one or two points are bridged: the deviation passes through zero there.
    places = np.flatnonzero(seen)
    for group in np.split(places, np.flatnonzero(np.diff(places) > 3) + 1):
        if group.size:
            yield int(group[0]), int(group[-1])


def _name_place(first: int, last: int, size: int) -> str:
    if last >= size - 2:
        return "low"
    return "high" if first <= 1 else "middle"

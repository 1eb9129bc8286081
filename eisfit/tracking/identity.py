"""Which optimum, and which arc is which, at every cycle: the cheapest path through all candidates.

Each cycle has several candidates (see `eisfit.tracking.optima`): its blind optima, the same with their arcs
exchanged,
and what the optima of the cycles around it lead to. A path through the series costs, at each cycle, how much
worse the candidate explains the data than the best one (in units of the noise), and from cycle to cycle how
far the arcs' resistances and time constants move (in units of their usual movement and their errors), up to
a limit: a clearly better optimum is never given up for smoothness. The cheapest path is found exactly by
dynamic programming (A. J. Viterbi, IEEE Trans. Inf. Theory 13 (1967) 260).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, robust_spread
from eisfit.engine.arcs import arcs, name_columns
from eisfit.engine.arcs_order import compute_role_times, order_arcs
from eisfit.engine.propagation import standard_error
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass

_DIGITS = 8  # of a cost: of paths that cost as much the first candidates' is taken, not what rounding says
_MAX_COST = 16.0  # what a move can cost at most: four standard deviations
_NAME_COST = 0.01  # of an arc against its role
_DISORDER_COST = 0.5  # for arcs against the order of their roles: decides where nothing else does
_FORBIDDEN = 1e6  # in its place: no path
_ROLES_COST = 9.0  # which a path against the roles everywhere must save: three standard deviations
_TINY = 1e-200  # is enough of nothing for a logarithm
_MIN_MOVEMENT = 0.05  # ln units: the least movement that counts as usual


class Features:
    """Logarithms by which a fit is recognised: of every arc R and tau, of everything else that is positive.

    Attributes
    ----------
    names
        Of the features.
    arcs
        Per arc the columns (R, tau) of its features, and the parameters that make it.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.pairs = list(arcs(circuit.tree))
        taken = {name for arc in self.pairs for name in arc.names}
        free = [name for name, p in circuit.parameters.items() if p.free and p.scale == "log"]
        self.plain = [name for name in free if name not in taken]
        labels = [(r.name, f"tau of {r.name}") for r, _ in self.pairs]
        self.names = [*(name for pair in labels for name in pair), *self.plain]
        self.arcs = [(2 * k, 2 * k + 1) for k in range(len(self.pairs))]

    def of(self, values: FloatArray) -> FloatArray:
        """Return the features (n, m) of parameters (n, P)."""
        columns = []
        p = name_columns(self.circuit, np.maximum(values, _TINY))  # what is held at a bound may be zero
        for arc in self.pairs:
            columns += [np.log(p[arc.resistor.name]), arc.log_tau(p)]
        columns += [np.log(p[name]) for name in self.plain]
        return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0))

    def errors(self, result: FitResult) -> FloatArray:
        """Return the relative standard errors (m,) of a fit's features; infinite where unknown.

        They are the noise's: the circuit's own error is common to the cycles of a cell.
        """
        found = []
        for arc in self.pairs:
            found.append(_compute_relative_error(result.parameters[arc.resistor.name]))
            known = not result.parameters[arc.names[1]].at_bound
            fitted = self.circuit, result.values, result.var_names, result.covar
            error = standard_error(arc.log_tau, *fitted) if known else None
            found.append(np.inf if error is None else error)
        found += [_compute_relative_error(result.parameters[name]) for name in self.plain]
        return np.array(found)

    def disorder(self, values: FloatArray) -> FloatArray:
        """Return how many arcs (n,) stand against the order of their roles; a little for that of the string.

        Arcs without roles that could be exchanged are one impedance either way: rounding decided.
        """
        times = list(compute_role_times(self.circuit, values).values())
        if len(times) < 2:
            return np.asarray(_NAME_COST * (order_arcs(self.circuit, values) != values).any(axis=1))
        return np.asarray(np.sum(np.diff(np.stack(times), axis=0) < 0, axis=0), dtype=float)


def _compute_relative_error(parameter: FittedParameter) -> float:
    if not parameter.vary:
        return 0.0
    known = parameter.stderr_noise is not None and parameter.value != 0
    return (parameter.stderr_noise or 0.0) / abs(parameter.value) if known else float("inf")


@dataclass(frozen=True)
class Candidate:
    """One optimum of one cycle: parameters (P,), chisqr, features (m,), disorder, whether the blind one."""

    values: FloatArray
    chisqr: float
    features: FloatArray
    disorder: float
    blind: bool

    def make_blind_like(self, other: Candidate) -> Candidate:
        """Return this one marked blind as another is: the same optimum, a little lower."""
        return replace(self, blind=other.blind)


def measure_movement(path: FloatArray) -> FloatArray:
    """Return the usual movement (m,) of features (n, m) from one cycle to the next, robustly."""
    if len(path) < 3:
        return np.full(path.shape[1], 0.3)
    return np.asarray(np.maximum(robust_spread(np.diff(path, axis=0)), _MIN_MOVEMENT))


def find_path(
    found: list[list[Candidate]],
    errors: FloatArray,
    nfree: FloatArray,
    *,
    usual: FloatArray | None = None,
    new: float = 0.0,
) -> list[int]:
    """Return which candidate to take at every cycle.

    A feature that a candidate does not show (NaN) costs nothing there, and is remembered as it was last seen
    on the way to it. A path on which the arcs stand against the order of their roles at every cycle has seen
    none cross another: the roles decide, as in a single fit, unless it costs less by more than chance.

    Parameters
    ----------
    found
        Candidates of each of n cycles.
    errors
        (n, m) standard errors of the features.
    nfree
        (n,) degrees of freedom.
    usual
        (m,) movement from one cycle to the next; where None, that of the first candidates.
    new
        What it costs that a feature shows for the first time.
    """
    if usual is None:
        usual = measure_movement(np.array([row[0].features for row in found]))
    path, cost = _find_cheapest(found, errors, nfree, usual, new, _DISORDER_COST)
    if all(row[k].disorder >= 1 for row, k in zip(found, path, strict=True)):
        in_order, its_cost = _find_cheapest(found, errors, nfree, usual, new, _FORBIDDEN)
        return in_order if its_cost <= cost + _ROLES_COST else path
    return path


def _find_cheapest(  # noqa: PLR0917 - the costs of one path
    found: list[list[Candidate]],
    errors: FloatArray,
    nfree: FloatArray,
    usual: FloatArray,
    new: float,
    disorder_cost: float,
) -> tuple[list[int], float]:
    """Return the cheapest path and its cost."""
    total = _compute_local_costs(found[0], nfree[0], disorder_cost)
    before = np.array([c.features for c in found[0]])
    back: list[NDArray[np.intp]] = []
    for k in range(1, len(found)):
        scale = np.sqrt(usual**2 + errors[k] ** 2 + errors[k - 1] ** 2)
        here = np.array([c.features for c in found[k]])
        moved = ((here[:, np.newaxis] - before[np.newaxis]) / scale) ** 2
        first = np.sum(np.isnan(before)[np.newaxis] & ~np.isnan(here)[:, np.newaxis], axis=2)
        # Where features come and go, one that jumps must not let the others jump for nothing.
        moved = np.nan_to_num(moved) if new else np.nansum(moved, axis=2, keepdims=True)
        cost = total[np.newaxis] + np.sum(_MAX_COST * (1 - np.exp(-moved / _MAX_COST)), axis=2) + new * first
        cost = np.round(cost, _DIGITS)
        back.append(np.argmin(cost, axis=1))
        before = np.where(np.isnan(here), before[back[-1]], here)
        total = cost.min(axis=1) + _compute_local_costs(found[k], nfree[k], disorder_cost)
    path = [int(np.argmin(total))]
    for choice in reversed(back):
        path.append(int(choice[path[-1]]))
    return path[::-1], float(total.min())


def _compute_local_costs(row: list[Candidate], nfree: float, disorder_cost: float) -> FloatArray:
    chisqr = np.maximum([c.chisqr for c in row], 1e-300)
    worse = nfree * np.log(chisqr / chisqr.min())
    return np.asarray(worse + disorder_cost * np.array([c.disorder for c in row]))

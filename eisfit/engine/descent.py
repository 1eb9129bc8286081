"""Levenberg-Marquardt by singular values, with the amplitudes of branches in series eliminated.

For data free of noise. Normal equations square the condition of the Jacobian, so that they stall where the
residual is some 1e-9 of the data; an orthogonal factorisation does not (A. Bjorck, Numerical Methods for
Least Squares Problems, SIAM 1996, sec. 2.4). The damping follows H. B. Nielsen, IMM-REP-1999-05 (Technical
University of Denmark, 1999); steps are bent by the second derivative along them (M. K. Transtrum, J. P.
Sethna, arXiv:1201.5885, 2012).

The amplitudes (`eisfit.engine.amplitudes`) are eliminated after L. Kaufman, BIT 15 (1975) 49: arcs beyond the
sweep, of which the data hold R^2 Q, and resistances in series, of which they hold the sum, make valleys so
narrow and bent that a descent in all parameters takes thousands of steps. On the way an amplitude may be
negative; what ends so goes on without elimination, from where none was. A step changes parameters by shares
of themselves, not by exponents: where an amplitude cannot be eliminated, resistances of which the data hold
the sum then move along a straight line.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import BoolArray, FloatArray, IntArray
from eisfit.engine.amplitudes import Amplitudes
from eisfit.engine.solver import Problem
from eisfit.records import Columns, dataclass

_MAX_STEPS = 300
_PATIENCE = 150  # steps within which chisqr halves: slower is creeping, not arriving
_SLOW_GAIN = (20, 1e-3)  # steps within which what is low enough gains such a share of that
_STALLED_GAIN = (40, 1e-2)  # steps within which chisqr falls by such a share: less seldom finds a way out
_MIN_GAIN, _GAIN_STEPS = 1e-3, 20  # below `enough`: the share of it to be gained within so many steps
_CONVERGED_SHARE = 1e-5  # share of chisqr that a step promises: the digits show nothing finer
_DAMPING = (1e-16, 1e-12, 1e6)  # least, first and most, of columns of length one
_MIN_AMPLITUDE_FACTOR = 1e-3  # of an amplitude in one step
_RANK_TOLERANCE = 1e-14  # of the largest singular value: rounding
_PROBE_SHARE = 0.1  # of a step: where the curvature of the valley is looked up
_MAX_BEND = 0.4  # of a step's length
_MAX_DECREASE = 0.9  # of a parameter in one step


@dataclass(frozen=True, eq=False, repr=False)
class _Points(Columns):
    """Points of descents: coordinates (B, V), signs of the branches' amplitudes (B, A), residuals there.

    Residual (B, 2F), its square, Jacobian (B, V, 2F), and the branches' shapes (B, 2F, A), orthonormal;
    zero where something of them is left.
    """

    theta: FloatArray
    sign: FloatArray
    residual: FloatArray
    cost: FloatArray
    jacobian: FloatArray
    shapes: FloatArray


class _Pace:
    """Which of several descents still gain enough to go on."""

    def __init__(self, cost: FloatArray, patience: int, steps: int, low: float = 0.0) -> None:
        self.patience, self.steps, self.low = patience, steps, low
        self.half, self.since = cost / 2, np.zeros(len(cost))
        self.before, self.long_before = cost.copy(), cost.copy()  # some steps ago
        self.on = np.ones(len(cost), dtype=bool)

    def select_continuing(self, turn: int, cost: FloatArray) -> BoolArray:
        """Return which descents (B,) are to take another step, after so many."""
        halved = cost <= self.half
        self.half, self.since = np.where(halved, cost / 2, self.half), np.where(halved, turn, self.since)
        self.on &= turn - self.since <= self.patience
        every, share = _SLOW_GAIN
        if turn and turn % every == 0:
            self.on &= (cost > self.low) | (self.before - cost > share * self.low)
            self.before = cost.copy()
        every, share = _STALLED_GAIN
        if turn and turn % every == 0:
            self.on &= self.long_before - cost > share * cost
            self.long_before = cost.copy()
        return self.on


class Descents:
    """Descents from several points of one spectrum, or one of each of several.

    Parameters
    ----------
    problem
        One spectrum for all rows, or one for each.
    theta
        (B, V) where they begin.
    eliminate
        Whether amplitudes are eliminated.

    Attributes
    ----------
    done
        (B,) whether nothing is left to gain.
    """

    def __init__(self, problem: Problem, theta: FloatArray, *, eliminate: bool = True) -> None:
        self.problem, self.buffer = problem, problem.buffer(len(theta))
        self.log = problem.coordinates.log[problem.coordinates.free]
        found = Amplitudes.of(problem.coordinates)
        self.amplitudes = found if eliminate else found.without_branches()
        self.kept = self.amplitudes.other_coordinates
        self.done = np.zeros(len(theta), dtype=bool)
        rows = np.arange(len(theta))
        start = problem.bounds.clip(theta)
        with np.errstate(all="ignore"):
            self.points = self._evaluate(rows, start, np.ones((len(theta), len(self.amplitudes.powers))))
            self.physical = start.copy()
            best = self._evaluate_best(rows, start, self.points.sign)
        self._replace_points(rows[best.cost < self.points.cost], best.rows(best.cost < self.points.cost))

    @property
    def theta(self) -> FloatArray:
        """Where they are (B, V)."""
        return self.points.theta

    @property
    def cost(self) -> FloatArray:
        """Chi-square there (B,)."""
        return self.points.cost

    @property
    def has_negative_amplitude(self) -> BoolArray:
        """Where an amplitude is negative (B,)."""
        return np.asarray((self.points.sign < 0).any(axis=1))

    def run(self, patience: int = _PATIENCE, steps: int = _MAX_STEPS, enough: float = -1.0) -> None:
        """Descend from every point.

        Parameters
        ----------
        patience
            Steps within which chi-square has to halve.
        steps
            At most.
        enough
            All stop as soon as one is as low.
        """
        with np.errstate(all="ignore"):
            self._descend(_Pace(self.cost, patience, steps), enough)

    def finish(
        self, patience: int = _PATIENCE, steps: int = _MAX_STEPS, low: float = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Descend to the minimum, where no amplitude is negative.

        Parameters
        ----------
        patience, steps
            As for `run`.
        low
            The chi-square below which small gains are not worth more steps.

        Returns
        -------
        tuple
            Coordinates (B, V) and chi-square (B,).
        """
        with np.errstate(all="ignore"):
            self._descend(_Pace(self.cost, patience, steps, low))
        theta, cost = self.theta.copy(), self.cost.copy()
        negative = np.flatnonzero(self.has_negative_amplitude)
        if negative.size:
            plain = Descents(self.problem.rows(negative), self.physical[negative], eliminate=False)
            theta[negative], cost[negative] = plain.finish(patience, steps, low)
            self.done[negative] = plain.done
        return theta, cost

    def _descend(self, pace: _Pace, enough: float = -1.0) -> None:
        count = len(self.theta)
        damping, growth = np.full(count, _DAMPING[1]), np.full(count, 2.0)
        active = np.flatnonzero(np.isfinite(self.cost))
        for turn in range(pace.steps):
            active = active[pace.select_continuing(turn, self.cost)[active]]
            if not active.size or (self.cost <= enough).any():
                return
            step, promised, left = self._find_steps(active, damping[active])
            self.done[active] = settled = left <= _CONVERGED_SHARE * self.cost[active]
            active, step, promised = active[~settled], step[~settled], promised[~settled]
            if not active.size:
                return
            gain = self._accept_gaining_steps(active, step) / promised
            better = gain > 0
            shrink = np.maximum(0.1, 1 - (2 * np.minimum(gain, 1.0) - 1) ** 3)
            damping[active] *= np.where(better, shrink, growth[active])
            growth[active] = np.where(better, 2.0, 2 * growth[active])
            damping[active] = np.maximum(damping[active], _DAMPING[0])
            stuck = damping[active] > _DAMPING[2]  # no step, however short, gains anything
            self.done[active[stuck]] = True
            active = active[~stuck]

    def _move(self, theta: FloatArray, step: FloatArray, rows: IntArray) -> FloatArray:
        """Return theta (b, V) after a step along which parameters, not their logarithms, move evenly."""
        share = np.maximum(np.where(self.log, step, 0.0), -_MAX_DECREASE)
        moved = theta + np.where(self.log, np.log1p(share), step)
        return self.problem.bounds.take(rows).clip(moved)

    def _evaluate(self, rows: IntArray, theta: FloatArray, sign: FloatArray) -> _Points:
        """Return points with the amplitudes as they are."""
        residual, jacobian = self.problem.rows(rows).evaluate(theta, self.buffer)
        lost = ~(np.isfinite(residual).all(axis=1) & np.isfinite(jacobian).all(axis=(1, 2)))
        residual[lost], jacobian[lost] = 0.0, 0.0
        branches = self.amplitudes.powers @ jacobian
        left = residual + ((sign - 1)[:, np.newaxis] @ branches)[:, 0]
        cost = np.where(lost, np.inf, np.einsum("bn,bn->b", left, left))
        signed = jacobian * self.amplitudes.expand(sign)[:, :, np.newaxis]
        shapes = np.zeros((*left.shape, sign.shape[1]))
        return _Points(theta.copy(), sign.copy(), left, cost, signed, shapes)

    def _evaluate_best(self, rows: IntArray, theta: FloatArray, sign: FloatArray) -> _Points:
        """Return points with the amplitudes of the lowest chi-square."""
        points = self._evaluate(rows, theta, sign)
        if not sign.shape[1]:
            return points
        branches = self.amplitudes.powers @ points.jacobian
        size = np.maximum(np.linalg.norm(branches, axis=2), 1e-300)
        shapes, mixed = np.linalg.qr((branches / size[:, :, np.newaxis]).transpose(0, 2, 1))
        along = points.residual[:, np.newaxis] @ shapes
        inverse = np.linalg.pinv(mixed, rcond=_RANK_TOLERANCE)
        amplitudes = 1 - (inverse @ along.transpose(0, 2, 1))[:, :, 0] / size
        moved = theta + np.log(np.maximum(np.abs(amplitudes), _MIN_AMPLITUDE_FACTOR)) @ self.amplitudes.powers
        inside, sign = self.problem.bounds.take(rows).clip(moved), np.where(amplitudes < 0, -sign, sign)
        residual = points.residual - (along @ shapes.transpose(0, 2, 1))[:, 0]
        cost = np.where(np.isfinite(points.cost), np.einsum("bn,bn->b", residual, residual), np.inf)
        jacobian = points.jacobian * self.amplitudes.expand(amplitudes)[:, :, np.newaxis]
        found = _Points(inside, sign, residual, cost, jacobian, shapes)
        clipped = (inside != moved).any(axis=1)
        if clipped.any():
            found.put(clipped, self._evaluate(rows[clipped], inside[clipped], sign[clipped]))
        return found

    def _decompose_jacobian(self, rows: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return left singular vectors (b, 2F, K), the values, and right vectors (b, K, V) in theta.

        Of what the Jacobian has beside the branches' shapes, its columns made one long; a coordinate held at
        its bound has none.
        """
        theta, box = self.theta[rows][:, self.kept], self.problem.bounds.take(rows)
        jacobian = self.points.jacobian[rows][:, self.kept]
        uphill = (jacobian @ self.points.residual[rows][:, :, np.newaxis])[:, :, 0]
        low, high = box.low[:, self.kept], box.high[:, self.kept]
        held = ((theta <= low) & (uphill > 0)) | ((theta >= high) & (uphill < 0))
        columns = self._project_out(rows, jacobian)
        size = np.linalg.norm(columns, axis=1)
        held |= size <= _RANK_TOLERANCE * np.linalg.norm(jacobian, axis=2)
        size = np.where(held, 1.0, size)
        free = ~held / size
        left, values, right = np.linalg.svd(columns * free[:, np.newaxis], full_matrices=False)
        whole = np.zeros((*values.shape, self.theta.shape[1]))
        whole[:, :, self.kept] = right * free[:, np.newaxis]
        return left, values, whole

    def _project_out(self, rows: IntArray, vectors: FloatArray) -> FloatArray:
        """Return what vectors (b, n, 2F) have beside the branches' shapes, as columns (b, 2F, n)."""
        shapes, columns = self.points.shapes[rows], vectors.transpose(0, 2, 1)
        for _ in range(2):  # once more for what rounding left
            columns = columns - shapes @ (shapes.transpose(0, 2, 1) @ columns)
        return columns

    def _find_steps(self, rows: IntArray, damping: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return damped steps (b, V), bent along the valley, their promised gain, and that of whole steps."""
        left, values, right = self._decompose_jacobian(rows)
        residual, theta = self.points.residual[rows], self.theta[rows]
        share = values**2 / (values**2 + damping[:, np.newaxis])
        inverse = np.where(values > 0, share / np.where(values > 0, values, 1.0), 0.0)
        along = (residual[:, np.newaxis] @ left)[:, 0]
        step = -((along * inverse)[:, np.newaxis] @ right)[:, 0]
        ahead = self._evaluate_best(
            rows, self._move(theta, _PROBE_SHARE * step, rows), self.points.sign[rows]
        ).residual
        straight = self._project_out(rows, step[:, np.newaxis] @ self.points.jacobian[rows])[:, :, 0]
        curved = 2 / _PROBE_SHARE * ((ahead - residual) / _PROBE_SHARE - straight)
        bend = -(((curved[:, np.newaxis] @ left)[:, 0] * inverse)[:, np.newaxis] @ right)[:, 0] / 2
        little = np.linalg.norm(bend, axis=1) < _MAX_BEND * np.linalg.norm(step, axis=1)
        step = step + np.where(little[:, np.newaxis], bend, 0.0)
        seen = values > _RANK_TOLERANCE * values[:, :1]
        promised = np.sum(along**2 * share * (2 - share), axis=1)
        return step, promised, np.sum(np.where(seen, along**2, 0.0), axis=1)

    def _accept_gaining_steps(self, rows: IntArray, step: FloatArray) -> FloatArray:
        """Take the steps that gain; return what they gain, -1 where they do not."""
        trial = self._evaluate_best(rows, self._move(self.theta[rows], step, rows), self.points.sign[rows])
        gained = self.cost[rows] - trial.cost
        better = gained > 0
        self._replace_points(rows[better], trial.rows(better))
        return np.where(better, gained, -1.0)

    def _replace_points(self, rows: IntArray, points: _Points) -> None:
        self.points.put(rows, points)
        physical = (points.sign > 0).all(axis=1)
        self.physical[rows[physical]] = points.theta[physical]

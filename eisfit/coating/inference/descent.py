"""Levenberg and Marquardt's method for rows of parameters under many hypotheses at once."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.coating.inference.likelihood import Corrections, Likelihood, put_packed, take_packed
from eisfit.records import dataclass

_MIN_GAIN = 1e-3  # of chi2 still to be gained by Newton's step: less changes no odds
_MAX_STEP = 3.0  # standard deviations of the prior that one step may go
_ROUNDING = 1e-13  # of the largest second derivative
_EASING = 0.7  # of the damping, where the trial before failed: in a curved valley much less would fail again
_DISTINCT = 0.1  # standard deviations of the prior between optima that are not the same
_MAX_DAMPING = 1e10  # damping at which no step gains anything: rounding


@dataclass(frozen=True)
class Optima:
    """Rows of parameters u (B, P) under hypotheses `which` (B,) of a likelihood, with their chi2 (B,)."""

    likelihood: Likelihood
    u: FloatArray
    which: IntArray
    chi2: FloatArray

    def best(self, count: int, within: float = np.inf) -> Optima:
        """Return at most `count` optima of each hypothesis that differ, the best first."""
        kept: list[int] = []
        for h in range(len(self.likelihood.hypotheses)):
            own: list[int] = []
            rows = np.flatnonzero(self.which == h)
            for k in rows[np.argsort(self.chi2[rows], kind="stable")]:
                apart = all(np.abs(self.u[k] - self.u[other]).max() > _DISTINCT for other in own)
                if apart and len(own) < count and (not own or self.chi2[k] < self.chi2[own[0]] + within):
                    own.append(int(k))
            kept += own
        return self.rows(np.array(kept))

    def join(self, more: Optima) -> Optima:
        """Return these and more of the same likelihood."""
        parts = zip((self.u, self.which, self.chi2), (more.u, more.which, more.chi2), strict=True)
        u, which, chi2 = (np.concatenate(part) for part in parts)
        return Optima(self.likelihood, u, which, chi2)

    def rows(self, places: IntArray) -> Optima:
        """Return some of the rows."""
        return Optima(self.likelihood, self.u[places], self.which[places], self.chi2[places])


def minimise(  # noqa: PLR0917 - the last three are given by name
    likelihood: Likelihood,
    starts: FloatArray,
    which: IntArray,
    steps: int,
    corrections: Corrections | None = None,
    damping: float = 1.0,
    afar: float = 0.0,
) -> Optima:
    """Levenberg and Marquardt's method for all rows at once: where they end, and their chi2.

    A row ends when Newton's step promises less than `_MIN_GAIN`: in a curved valley the gain of the last
    step says nothing, it is small all the way. Of a row that lies far above the best one less is asked.
    """
    packed, free = likelihood.packed
    u, damped = take_packed(starts, free[which]), np.full(len(starts), damping)
    value, gradient, normal = packed(u, which, corrections)
    (arrived, refused), eye = np.zeros((2, len(u)), dtype=bool), np.eye(u.shape[1])
    for _ in range(steps):
        moving = np.flatnonzero(~arrived & (damped <= _MAX_DAMPING))
        enough = np.maximum(_MIN_GAIN, afar * (value[moving] - value.min()))
        step = _compute_step(gradient[moving], normal[moving] + damped[moving, None, None] * eye)
        # What is predicted is at most what Newton's own step promises.
        near = np.flatnonzero(_predict_gain(gradient[moving], step) < enough)
        whole = _compute_step(gradient[moving[near]], normal[moving[near]])
        arrived[moving[near]] = _predict_gain(gradient[moving[near]], whole) < enough[near]
        step, moving = step[~arrived[moving]], moving[~arrived[moving]]
        if not moving.size:
            break
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / _MAX_STEP)
        trial = u[moving] + step
        own = None if corrections is None else [c[moving] for c in corrections]
        new, new_gradient, new_normal = packed(trial, which[moving], own)
        better = new < value[moving]
        at = moving[better]
        u[at], value[at] = trial[better], new[better]
        gradient[at], normal[at] = new_gradient[better], new_normal[better]
        easier = np.where(refused[moving], _EASING, 0.15)
        damped[moving] = np.clip(damped[moving] * np.where(better, easier, 6.0), 1e-8, 1e12)
        refused[moving] = ~better
    return Optima(likelihood, put_packed(u, free[which], starts.shape[1]), which, value)


def _compute_step(gradient: FloatArray, normal: FloatArray) -> FloatArray:
    """Return Newton's steps, (B, P); what the priors hold may drown in rounding beside the data's part."""
    try:
        return np.asarray(np.linalg.solve(normal, -gradient[..., None])[..., 0])
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.solve(_raise_diagonal(normal), -gradient[..., None])[..., 0])


def invert(normal: FloatArray) -> tuple[float, FloatArray]:
    """Return the logarithm of the determinant of second derivatives (P, P), and their inverse."""
    try:
        return float(np.linalg.slogdet(normal)[1]), np.asarray(np.linalg.inv(normal))
    except np.linalg.LinAlgError:
        raised = _raise_diagonal(normal[None])[0]
        return float(np.linalg.slogdet(raised)[1]), np.asarray(np.linalg.inv(raised))


def _raise_diagonal(normal: FloatArray) -> FloatArray:
    most = np.einsum("bii->bi", normal).max(axis=1, initial=0.0)[:, None, None]
    return np.asarray(normal + _ROUNDING * most * np.eye(normal.shape[1]))


def _predict_gain(gradient: FloatArray, step: FloatArray) -> FloatArray:
    """Return what steps would gain of chi2, (B,)."""
    return np.asarray(-(gradient * step).sum(axis=1))

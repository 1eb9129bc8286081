"""Which spectra of a lot look alike: one starts where those like it have ended.

This saves time and decides nothing: such ends agree because they began together. Which spectra are searched
first (`choose_representatives`) depends on what is in them, not on their place in the lot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray, median
from eisfit.engine.solver import Problem
from eisfit.model.notation import components
from eisfit.records import dataclass
from eisfit.spectra.noise import repeat_for_parts

_FEW_SPECTRA = 24  # spectra: so few are all searched without neighbours
_REPRESENTATIVES = (4, 128)  # of a lot: at least so many, and one spectrum in so many
_NEAREST = 5
_REMEMBERED = 64
#: Root mean square difference of two forms, up to which the one's optimum is a start of the other.
_MAX_DIFFERENCE = 0.3
_MAX_STEP = 0.3  # of a coordinate, that a linear model is followed
_RIDGE = 1e-10


def choose_representatives(target: ComplexArray) -> IntArray:
    """Return the rows of spectra (B, F) that are searched first; the others start where those ended."""
    count = len(target)
    if count < _FEW_SPECTRA:
        return np.arange(count)
    told = [crc32(row.tobytes()) for row in target]
    return np.sort(np.argsort(told, kind="stable")[: max(_REPRESENTATIVES[0], count // _REPRESENTATIVES[1])])


@dataclass(frozen=False)
class EarlierSpectra:
    """What earlier lots on one frequency grid have shown: `ends`, spectra (n, F) and where they ended (n, P).

    One attribute, replaced as a whole: threads may share it.
    """

    ends: tuple[ComplexArray, FloatArray] | None = None

    def remember(self, target: ComplexArray, values: FloatArray) -> None:
        """Keep some of a lot's spectra in place of those before."""
        if len(target):
            every = -(-len(target) // _REMEMBERED)
            self.ends = target[::every].copy(), values[::every].copy()


class Similar(NamedTuple):
    """Spectra like others: their rows (n,), the places (n, k) of these, their size (n,) and form (n, F)."""

    rows: IntArray
    places: IntArray
    size: FloatArray
    form: ComplexArray


class Neighbours:
    """Spectra that have ended, by their form, whatever their size.

    Parameters
    ----------
    problem
        Of the spectra that are to start here.
    target, values
        Those that have ended: their impedance (n, F), and where (n, P).
    """

    def __init__(self, problem: Problem, target: ComplexArray, values: FloatArray) -> None:
        self.problem, self.coordinates = problem, problem.coordinates
        self.size, self.whole = _compute_form(target)
        self.level = repeat_for_parts(median(np.abs(self.whole), axis=0))
        self.form, self.values = self._scale_form(self.whole), values
        parts = [p for c in components(self.coordinates.circuit.tree) for p in c.element.parameters]
        self.powers = np.array([p.impedance_power for p in parts])

    def _scale_form(self, form: ComplexArray) -> FloatArray:
        return np.asarray(form.view(np.float64) / self.level)

    def find_alike(self, target: ComplexArray) -> Similar:
        """Return which of the spectra (B, F) are like some of these, and like which, nearest first."""
        count = min(_NEAREST, len(self.form) - 1)
        if count < 1 or not len(target):
            return Similar(
                np.empty(0, dtype=np.intp), np.empty((0, 0), dtype=np.intp), *_compute_form(target)
            )
        size, form = _compute_form(target)
        a, b = self._scale_form(form), self.form
        apart = np.sum(a * a, axis=1)[:, np.newaxis] + np.sum(b * b, axis=1) - 2 * a @ b.T
        places = np.argpartition(apart, count - 1, axis=1)[:, :count]
        far = np.take_along_axis(apart, places, axis=1)
        places = np.take_along_axis(places, np.argsort(far, axis=1), axis=1)
        rows = np.flatnonzero(far.max(axis=1) < _MAX_DIFFERENCE**2 * a.shape[1])
        return Similar(rows, places[rows], size[rows], form[rows])

    def starts(self, near: Similar, chosen: IntArray, which: slice) -> FloatArray:
        """Return starts (n, k, V) of chosen rows of those that are near: from which of their neighbours.

        The first one goes on from the nearest by the linear model that this one had at its end.
        """
        nearest = near.places[chosen, which]
        scale = (near.size[chosen, np.newaxis] / self.size[nearest])[:, :, np.newaxis] ** self.powers
        values = self.values[nearest] * scale
        theta = self.coordinates.internal(values.reshape(-1, values.shape[2]))
        theta = theta.reshape(*nearest.shape, self.coordinates.size)
        if which.start is None and theta.size and self.problem.grid.omega.ndim == 1:
            step = self._predict_steps(nearest[:, 0], near.form[chosen])
            theta[:, 0] += np.where(np.abs(step).max(axis=1, keepdims=True) < _MAX_STEP, step, 0.0)
        return theta

    def _predict_steps(self, nearest: IntArray, form: ComplexArray) -> FloatArray:
        """Return the steps (n, V) that the linear models of the nearest make of the difference of forms.

        Each is linear in the form (n, F): those that go on from one neighbour are one product.
        """
        order = np.argsort(nearest, kind="stable")
        first = np.flatnonzero(np.diff(nearest[order], prepend=-1))
        told = nearest[order[first]]
        residual, inverse = self._linearise(told)
        modulus = repeat_for_parts(np.abs(self.whole[told]))
        from_nothing = residual + self.whole[told].view(np.float64) / modulus
        begin = (inverse @ from_nothing[:, :, np.newaxis])[:, :, 0]
        inverse /= modulus[:, np.newaxis]
        parts, found = form.view(np.float64), np.empty((len(form), inverse.shape[1]))
        for k, rows in enumerate(np.split(order, first[1:])):
            found[rows] = parts[rows] @ inverse[k].T - begin[k]
        return found

    def _linearise(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return relative residuals (n, 2F) of some that have ended, the inverses (n, V, 2F) of Jacobians."""
        target = self.whole[rows] * self.size[rows, np.newaxis]
        weight = repeat_for_parts(1 / np.abs(target))
        problem = replace(self.problem, target=target, weight=weight, box=None)
        with np.errstate(all="ignore"):
            theta = self.coordinates.internal(self.values[rows])
            residual, jacobian = problem.evaluate(theta, problem.buffer(len(target)))
            normal = jacobian @ jacobian.transpose(0, 2, 1)
            np.einsum("bii->bi", normal)[...] *= 1 + _RIDGE
            lost = ~np.isfinite(normal).all(axis=(1, 2)) | (np.einsum("bii->bi", normal) == 0).any(axis=1)
            normal[lost], jacobian[lost], residual[lost] = np.eye(normal.shape[1]), 0.0, 0.0
            return residual, np.linalg.inv(normal) @ jacobian


def _compute_form(target: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Return the size (B,) of spectra, ohm, and their form (B, F)."""
    size = np.exp(np.mean(np.log(np.abs(target)), axis=1))
    return size, (np.ascontiguousarray(target).view(np.float64) / size[:, np.newaxis]).view(np.complex128)

"""Chi-square of hypotheses on a problem, with its gradient and normal matrix, for rows of parameters.

One row is one set of parameters under one hypothesis; rows of all hypotheses are computed together. What a
hypothesis does not free has no derivative, so its standard normal prior keeps it at zero and takes no part in
chi2 or in the determinant. Blocks at the same frequencies of cells alike are computed in one call.
Derivatives stay in the cells' own coordinates until the last step: with D the weighted derivative of a block
and M its map from the study's parameters, J'J = M' (D'D) M.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.coating.inference.hypotheses import HYPOTHESES, Hypothesis
from eisfit.coating.inference.problem import Block, Problem
from eisfit.records import dataclass

Corrections = Sequence[ComplexArray]
"""(B, F) complex factors of the impedance, one array a block: a finer model's over this one's, by row."""


_MAX_SPECTRA = 480  # spectra: what is computed of more leaves the processor's cache


@dataclass(frozen=True)
class _Group:
    """G blocks alike under H hypotheses: offsets (H, G, L), maps (H, G, K, P) of the K coordinates used."""

    first: Block
    places: tuple[int, ...]
    offset: FloatArray
    matrix: FloatArray
    used: IntArray
    data: FloatArray
    error: FloatArray


class Likelihood:
    """Data and standard normal priors of some hypotheses.

    Parameters
    ----------
    problem
        Data and priors.
    hypotheses
        Names in the table; a row says by its place here which one it belongs to.
    table
        What the hypotheses are.

    Attributes
    ----------
    names
        (P,) parameters that are free under any of them.
    free
        (H, P) which are, under each.
    count
        Numbers measured.
    """

    def __init__(
        self, problem: Problem, hypotheses: Sequence[str], table: Mapping[str, Hypothesis] = HYPOTHESES
    ) -> None:
        self.problem, self.hypotheses, self.table = problem, tuple(hypotheses), table
        own = [frozenset(problem.names(table[name])) for name in self.hypotheses]
        self.names = tuple(name for name in problem.priors if any(name in free for free in own))
        self.free = np.array([[name in free for name in self.names] for free in own])
        self.count = sum(block.data.size for block in problem.blocks) + len(problem.ratios)
        self._access = np.array([table[name].access for name in self.hypotheses])
        members: dict[tuple[bytes, bool, bytes], list[int]] = {}
        for k, block in enumerate(problem.blocks):
            combine = b"" if block.combine is None else block.combine.tobytes()
            members.setdefault((block.omega.tobytes(), block.coated, combine), []).append(k)
        self._groups = [self._make_group(places) for places in members.values()]
        self._ratios = [(*self._compute_ratio(cell), ratio, error) for cell, ratio, error in problem.ratios]
        self._at_once = max(1, _MAX_SPECTRA // max(1, len(problem.blocks)))

    @cached_property
    def packed(self) -> tuple[Likelihood, IntArray]:
        """The same for rows of what is free under their own hypothesis alone, and which that is, (H, Q).

        Where hypotheses free a few parameters each, most columns of a row move nothing. P among the places
        stands for none.
        """
        columns = np.full((len(self.free), int(self.free.sum(axis=1).max(initial=0))), len(self.names))
        for own, free in zip(columns, self.free, strict=True):
            own[: free.sum()] = np.flatnonzero(free)
        packed = copy.copy(self)
        packed._groups = [
            replace(group, matrix=take_packed(group.matrix, columns[:, None, None])) for group in self._groups
        ]
        packed._ratios = [
            (take_packed(slopes, columns), shifts, ratio, error)
            for slopes, shifts, ratio, error in self._ratios
        ]
        return packed, columns

    def replace_support(self, problem: Problem) -> Likelihood:
        """Return the same of a problem that differs by its support alone."""
        other = copy.copy(self)
        vars(other).pop("packed", None)
        other.problem = problem
        return other

    def _make_group(self, places: Sequence[int]) -> _Group:
        blocks = [self.problem.blocks[k] for k in places]
        parts = [self.problem.affines(block, self.names, self.free) for block in blocks]
        offset, matrix = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
        used = np.flatnonzero(matrix.any(axis=(0, 1, 3)))
        data, error = (np.stack([getattr(block, key) for block in blocks]) for key in ("data", "error"))
        return _Group(blocks[0], tuple(places), offset, matrix[:, :, used], used, data, error)

    def __call__(
        self, u: FloatArray, which: IntArray, corrections: Corrections | None = None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return chi2 (B,) of data and priors, half its gradient (B, P) and half its Hessian (B, P, P).

        Parameters
        ----------
        u
            (B, P) parameters; zero where they are not free.
        which
            (B,) places of the rows' hypotheses.
        corrections
            See `Corrections`.
        """
        if len(u) > self._at_once:
            parts = [self(*part) for part in _split(self._at_once, u, which, corrections)]
            chi2, gradient, normal = (np.concatenate(part) for part in zip(*parts, strict=True))
            return chi2, gradient, normal
        chi2, gradient = (u * u).sum(axis=1), u.copy()
        normal = np.repeat(np.eye(u.shape[1])[None], len(u), axis=0)
        for group in self._groups:
            matrix = group.matrix[which]
            r, D = self._residuals(group, matrix, u, which, corrections)
            chi2 = chi2 + (r * r).sum(axis=(1, 2))
            # The blocks of a group are one long matrix: one large product each in place of many small ones.
            mapped = matrix.reshape(len(u), -1, u.shape[1]).swapaxes(-1, -2)
            gradient += (mapped @ (D @ r[..., None]).reshape(len(u), -1, 1))[..., 0]
            normal += mapped @ (D @ D.swapaxes(-1, -2) @ matrix).reshape(len(u), -1, u.shape[1])
        for every_slope, shifts, ratio, error in self._ratios:
            slopes = every_slope[which]
            off = ((u * slopes).sum(axis=1) + shifts[which] - ratio) / error
            chi2 = chi2 + off * off
            gradient += off[:, None] * slopes / error
            normal += slopes[:, :, None] * slopes[:, None, :] / error**2
        return np.where(np.isfinite(chi2), chi2, np.inf), gradient, normal

    def _compute_ratio(self, cell: str) -> tuple[FloatArray, FloatArray]:
        """Slopes (H, P) and offsets (H,) of the logarithm of a capacitance ratio."""
        slopes, shifts = np.zeros(self.free.shape), np.zeros(len(self.free))
        for h, free in enumerate(self.free):
            names = [name for name, is_free in zip(self.names, free, strict=True) if is_free]
            slopes[h, free], shifts[h] = self.problem.ratio_slopes(cell, names)
        return slopes, shifts

    def _residuals(
        self,
        group: _Group,
        matrix: FloatArray,
        u: FloatArray,
        which: IntArray,
        corrections: Corrections | None,
    ) -> tuple[FloatArray, FloatArray]:
        """Return residuals (B, G, N) in errors, and their derivatives (B, G, K, N) by coordinates."""
        Z, D = self._compute_answers(group, u, which, matrix)
        if corrections is not None:
            ratio = np.stack([corrections[k] for k in group.places], axis=1)
            Z, D = Z * ratio, D * ratio[:, :, None]
        combine = group.first.combine
        value = Z.view(np.float64) if combine is None else Z.real @ combine.T
        slope = D.view(np.float64) if combine is None else D.real @ combine.T
        return (value - group.data) / group.error, slope / group.error[:, None]

    def _compute_answers(
        self, group: _Group, u: FloatArray, which: IntArray, matrix: FloatArray
    ) -> tuple[ComplexArray, ComplexArray]:
        """Return impedances (B, G, F) and their derivatives (B, G, K, F)."""
        local = group.offset[which]
        local[..., group.used] += (matrix @ u[:, None, :, None])[..., 0]
        B, G, L = local.shape
        Z = np.empty((B, G, group.first.omega.size), dtype=np.complex128)
        D = np.empty((B, G, group.used.size, group.first.omega.size), dtype=np.complex128)
        along = self._access[which] & group.first.coated
        for access in (False, True):
            rows = np.flatnonzero(along == access)
            if not rows.size:
                continue
            hypothesis = self.table[self.hypotheses[which[rows[0]]]]
            answer = self.problem.compute_impedance(hypothesis, group.first, local[rows].reshape(-1, L))
            Z[rows] = answer.impedance.reshape(len(rows), G, -1)
            D[rows] = answer.derivative[:, group.used].reshape(len(rows), G, len(group.used), -1)
        return Z, D

    def impedances(self, u: FloatArray, which: IntArray) -> list[ComplexArray]:
        """Return every block's impedance (B, F) for rows, in the order of the problem."""
        if len(u) > self._at_once:
            parts = [self.impedances(rows, own) for rows, own, _ in _split(self._at_once, u, which, None)]
            return [np.concatenate(part) for part in zip(*parts, strict=True)]
        found: dict[int, ComplexArray] = {}
        for group in self._groups:
            Z, _ = self._compute_answers(group, u, which, group.matrix[which])
            found.update({place: Z[:, k] for k, place in enumerate(group.places)})
        return [found[k] for k in range(len(found))]


def _split(
    size: int, u: FloatArray, which: IntArray, corrections: Corrections | None
) -> Iterator[tuple[FloatArray, IntArray, Corrections | None]]:
    """Yield rows, so many at once."""
    for first in range(0, len(u), size):
        own = slice(first, first + size)
        yield u[own], which[own], None if corrections is None else [c[own] for c in corrections]


def put_packed(u: FloatArray, columns: IntArray, count: int) -> FloatArray:
    """Return all parameters (B, P) of packed rows."""
    whole = np.zeros((len(u), count + 1))
    np.put_along_axis(whole, columns, u, axis=1)
    return whole[:, :count]


def take_packed(values: FloatArray, columns: IntArray) -> FloatArray:
    """Return the columns (..., Q) of values (..., P), zeros where a column is none."""
    none = np.zeros((*values.shape[:-1], 1))
    return np.take_along_axis(np.concatenate((values, none), axis=-1), columns, axis=-1)

"""Least squares with nothing negative, for many right-hand sides of one matrix at once.

Block principal pivoting (J. J. Judice, F. M. Pires, Comput. Oper. Res. 21 (1994) 587; J. Kim, H. Park, SIAM
J. Sci. Comput. 33 (2011) 3261): all unknowns and multipliers of the wrong sign change sides at once; where
that no longer makes them fewer, the last of them alone. With the inverse of the normal matrix at hand, each
right-hand side costs a system as large as its number of zeros. The solution is refined by its residual
(A. Bjorck, Linear Algebra Appl. 88/89 (1987) 31). Where the normal equations are too near singular, and where
it does not end soon, `scipy.optimize.nnls` solves one right-hand side after the other by an orthogonal
factorisation.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from eisfit.arrays import BoolArray, FloatArray, IntArray

_RIDGE = 1e-9  # of the longest column: it keeps the problem regular where two columns do the same
_MOST_ALIKE = (
    1e5  # column over what those before it do not make of it, squared: beyond, signs drown in rounding
)
_TURNS = 16
_FEW = 0.65  # share of zeros from which the few others are found faster one after the other
_PATIENCE = 3


class NonNegative:
    """Minimise |M x - b|^2 over x >= 0.

    Parameters
    ----------
    matrix
        M (m, n).
    """

    def __init__(self, matrix: FloatArray) -> None:
        self.matrix = matrix
        self._normal = matrix.T @ matrix
        diagonal = np.einsum("ii->i", self._normal)
        self._ridge = _RIDGE * float(np.sqrt(diagonal.max()))
        diagonal += self._ridge**2

    def solve(self, b: FloatArray) -> FloatArray:
        """Return x (B, n) for right-hand sides (B, m)."""
        right = b @ self.matrix
        x, left = np.zeros(right.shape), np.arange(len(b))
        if self._inverse is not None:
            x, zero, left = self._pivot(right, self._inverse)
            off = right - (x @ self.matrix.T) @ self.matrix - self._ridge**2 * x
            x = np.maximum(x + _solve_bounded(off, zero, self._inverse)[0], 0.0)
        for row in left.tolist():
            x[row] = self._solve_singly(right[row])
        return x

    @cached_property
    def _inverse(self) -> FloatArray | None:
        """Of the normal matrix, (n, n); None where it is too near singular."""
        try:
            beside = np.diagonal(np.linalg.cholesky(self._normal)) ** 2
        except np.linalg.LinAlgError:
            return None
        alike = (np.diagonal(self._normal) > _MOST_ALIKE * beside).any()
        return None if alike else np.asarray(np.linalg.inv(self._normal), dtype=np.float64)

    def _pivot(self, right: FloatArray, inverse: FloatArray) -> tuple[FloatArray, BoolArray, IntArray]:
        """Return x (B, n), where it is zero, and the rows that have not come to an end."""
        x, zero = np.zeros(right.shape), np.zeros(right.shape, dtype=bool)
        fewest, patience = np.full(len(right), right.shape[1] + 1), np.full(len(right), _PATIENCE)
        rows = np.arange(len(right))
        for _ in range(_TURNS):
            x[rows], multiplier = _solve_bounded(right[rows], zero[rows], inverse)
            wrong = np.where(zero[rows], multiplier, x[rows]) < 0
            count = np.count_nonzero(wrong, axis=1)
            rows, wrong, count = rows[count > 0], wrong[count > 0], count[count > 0]
            if not rows.size:
                break
            patience[rows] = np.where(count < fewest[rows], _PATIENCE, patience[rows] - 1)
            fewest[rows] = np.minimum(count, fewest[rows])
            alone = patience[rows] < 0
            last = wrong.shape[1] - 1 - np.argmax(wrong[alone, ::-1], axis=1)
            wrong[alone] = np.arange(wrong.shape[1]) == last[:, np.newaxis]
            zero[rows] ^= wrong
            if np.count_nonzero(zero[rows]) > _FEW * wrong.size:
                break
        return x, zero, rows

    @cached_property
    def _triangle(self) -> FloatArray:
        whole = np.concatenate([self.matrix, self._ridge * np.eye(self.matrix.shape[1])])
        return np.asarray(np.linalg.qr(whole, mode="r"))

    def _solve_singly(self, right: FloatArray) -> FloatArray:
        from scipy.linalg import solve_triangular
        from scipy.optimize import nnls

        known = solve_triangular(self._triangle, right, trans="T")
        return np.asarray(nnls(self._triangle, known, maxiter=30 * right.size)[0])


def _solve_bounded(right: FloatArray, zero: BoolArray, inverse: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return x (B, n) that is zero where told and least elsewhere, and the multipliers (B, n) there."""
    counts, x = np.count_nonzero(zero, axis=1), right @ inverse
    row, most = np.arange(len(zero))[:, np.newaxis], int(counts.max(initial=0))
    place = np.argsort(~zero, axis=1, kind="stable")[:, :most]
    system = np.take(inverse.ravel(), place[:, :, np.newaxis] * len(inverse) + place[:, np.newaxis, :])
    known = x[row, place]
    if (counts < most).any():  # fewer zeros than others: unknowns that are left at zero
        there = zero[row, place]
        system *= there[:, :, np.newaxis] & there[:, np.newaxis, :]
        np.einsum("bii->bi", system)[...] += ~there
        known *= there
    multiplier = np.zeros(x.shape)
    multiplier[row, place] = -np.linalg.solve(system, known[:, :, np.newaxis])[:, :, 0]
    return np.where(zero, 0.0, x + multiplier @ inverse), multiplier

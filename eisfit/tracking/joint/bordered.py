"""Linear systems of a joint fit: blocks along the cycles, coupled to their next two neighbours, and a border.

        [ B   C ] [x]   [g]         B: banded, the cycles' own parameters
        [ C^T D ] [y] = [h]         D: what all cycles share

B is factored by LAPACK's banded Cholesky (`scipy.linalg.cholesky_banded`), the border by its Schur
complement; the blocks of the inverse follow from the block-tridiagonal recursions of G. Meurant, SIAM J.
Matrix Anal. Appl. 13 (1992) 707. All costs are linear in the number of cycles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.records import dataclass


@dataclass(frozen=True)
class Bordered:
    """A symmetric positive definite bordered system.

    Attributes
    ----------
    blocks
        (N, n, n) diagonal blocks of B, one a cycle.
    coupling
        (2, N, n): the element between cycle k and k + 1 (k + 2) of each parameter; diagonal in parameters.
    border
        C, (N, n, s).
    corner
        D, (s, s).
    """

    blocks: FloatArray
    coupling: FloatArray
    border: FloatArray
    corner: FloatArray

    def solve(self, local: FloatArray, shared: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return x (N, n) and y (s,) for right-hand sides of the same shapes.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where the matrix is not positive definite.
        """
        from scipy.linalg import cho_solve_banded, cholesky_banded

        cycles, n, s = self.border.shape
        if n == 0:
            return np.zeros_like(local), np.asarray(np.linalg.solve(self.corner, shared), dtype=np.float64)
        factor = cholesky_banded(self._pack_banded(), lower=True, overwrite_ab=True, check_finite=False)
        right = np.concatenate([local.reshape(-1, 1), self.border.reshape(cycles * n, s)], axis=1)
        solved = cho_solve_banded((factor, True), right, check_finite=False)
        if s == 0:
            return solved[:, 0].reshape(cycles, n), shared
        border = self.border.reshape(cycles * n, s)
        schur = self.corner - border.T @ solved[:, 1:]
        y = np.asarray(np.linalg.solve(schur, shared - border.T @ solved[:, 0]), dtype=np.float64)
        return (solved[:, 0] - solved[:, 1:] @ y).reshape(cycles, n), y

    def _pack_banded(self) -> FloatArray:
        """Return B in LAPACK's lower banded form (2n + 1, N n)."""
        cycles, n = self.blocks.shape[:2]
        band = np.zeros((2 * n + 1, cycles * n))
        for row in range(n):
            for column in range(row + 1):
                band[row - column, column::n] = self.blocks[:, row, column]
        for distance in (1, 2):
            band[distance * n] += self.coupling[distance - 1].ravel()
        return band

    def covariance(self) -> FloatArray:
        """Return the inverse's blocks (N, n + s, n + s): each cycle's parameters with the shared ones."""
        cycles, n = self.blocks.shape[:2]
        return self._add_border(self._diagonal_blocks() if n else np.zeros((cycles, 0, 0)))

    def _add_border(self, own: FloatArray) -> FloatArray:
        """Return the inverse's blocks from those (N, n, n) of B's inverse."""
        cycles, n, s = self.border.shape
        border = self._solve_border()
        schur = self.corner - np.einsum("kns,knt->st", self.border, border)
        shared = np.linalg.inv(schur) if s else np.zeros((0, 0))
        full = np.empty((cycles, n + s, n + s))
        full[:, :n, :n] = own + border @ shared @ border.transpose(0, 2, 1)
        full[:, :n, n:] = -border @ shared
        full[:, n:, :n] = full[:, :n, n:].transpose(0, 2, 1)
        full[:, n:, n:] = shared
        return full

    def _solve_border(self) -> FloatArray:
        from scipy.linalg import solveh_banded

        cycles, n, s = self.border.shape
        if n == 0 or s == 0:
            return np.zeros((cycles, n, s))
        solved = solveh_banded(self._pack_banded(), self.border.reshape(cycles * n, s), lower=True)
        return np.asarray(solved.reshape(cycles, n, s))

    def _diagonal_blocks(self) -> FloatArray:
        """Return the diagonal blocks (N, n, n) of B's inverse."""
        diagonal, lower = self._pair_blocks()
        return _unpair(invert_blocks(diagonal[np.newaxis], lower[np.newaxis])[0], *self.blocks.shape[:2])

    def _pair_blocks(self) -> tuple[FloatArray, FloatArray]:
        """Return B as a block-tridiagonal matrix of blocks of two cycles: diagonal and lower blocks."""
        cycles, n = self.blocks.shape[:2]
        even = cycles + cycles % 2
        blocks = np.concatenate([self.blocks, np.broadcast_to(np.eye(n), (even - cycles, n, n))])
        next_one, next_two = np.zeros((2, even, n))
        next_one[: cycles - 1], next_two[: max(cycles - 2, 0)] = (
            self.coupling[0, : cycles - 1],
            self.coupling[1, : max(cycles - 2, 0)],
        )
        first, index = blocks.reshape(even // 2, 2, n, n), np.arange(n)
        diagonal = np.zeros((even // 2, 2 * n, 2 * n))
        diagonal[:, :n, :n], diagonal[:, n:, n:] = first[:, 0], first[:, 1]
        diagonal[:, index, n + index] = diagonal[:, n + index, index] = next_one[::2]
        lower = np.zeros((even // 2 - 1, 2 * n, 2 * n))
        lower[:, index, index] = next_two[:-2:2]
        lower[:, n + index, n + index] = next_two[1:-1:2]
        lower[:, index, n + index] = next_one[1:-1:2]
        return diagonal, lower


def iterate_covariances(systems: Sequence[Bordered]) -> Iterator[FloatArray]:
    """Yield `Bordered.covariance` of systems of one shape; together they cost little more than one."""
    cycles, n = systems[0].blocks.shape[:2]
    if n == 0:
        yield from (system.covariance() for system in systems)
        return
    pairs = [system._pair_blocks() for system in systems]
    inverse = invert_blocks(np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))
    for system, blocks in zip(systems, inverse, strict=True):
        yield system._add_border(_unpair(blocks, cycles, n))


def invert_blocks(diagonal: FloatArray, lower: FloatArray) -> FloatArray:
    """Return the diagonal blocks (J, M, b, b) of the inverses of J block-tridiagonal matrices.

    Parameters
    ----------
    diagonal
        (J, M, b, b).
    lower
        (J, M - 1, b, b), below the diagonal.
    """
    count = diagonal.shape[1]
    inverse, step = np.empty_like(diagonal), np.empty_like(lower)
    inverse[:, 0] = np.linalg.inv(diagonal[:, 0])
    for k in range(1, count):  # inverses of the Schur complements from above
        step[:, k - 1] = lower[:, k - 1] @ inverse[:, k - 1]
        inverse[:, k] = np.linalg.inv(diagonal[:, k] - step[:, k - 1] @ lower[:, k - 1].transpose(0, 2, 1))
    for k in range(count - 2, -1, -1):
        inverse[:, k] += step[:, k].transpose(0, 2, 1) @ inverse[:, k + 1] @ step[:, k]
    return inverse


def _unpair(pairs: FloatArray, cycles: int, n: int) -> FloatArray:
    """Return the blocks (N, n, n) of single cycles from those (M, 2n, 2n) of two at a time."""
    return np.stack([pairs[:, :n, :n], pairs[:, n:, n:]], axis=1).reshape(-1, n, n)[:cycles]

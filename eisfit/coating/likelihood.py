"""Chi-square of a hypothesis on a problem, with its gradient and normal matrix, for rows of parameters.

Blocks at the same frequencies of cells alike are computed in one call. Derivatives stay in the cells' own
coordinates until the last step: with D the weighted derivative of a block and M its map from the study's
parameters, J'J = M' (D'D) M.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.problem import Block, Hypothesis, Problem

__all__ = ["Likelihood"]


@dataclass(frozen=True)
class _Group:
    """Blocks alike: offsets (G, L), maps (G, L, P), data and errors (G, N)."""

    first: Block
    places: tuple[int, ...]
    offset: FloatArray
    matrix: FloatArray
    data: FloatArray
    error: FloatArray
    ratio: ComplexArray | None


class Likelihood:
    """Data and standard normal priors of one hypothesis.

    Parameters
    ----------
    problem, hypothesis
        Data, and what is free.
    names
        (P,) free parameters.
    corrections
        (F,) complex factors of the impedance, one a block: the final model's over this one's, where this one
        is the quick one.
    """

    def __init__(
        self,
        problem: Problem,
        hypothesis: Hypothesis,
        names: Sequence[str],
        corrections: Sequence[ComplexArray] | None = None,
    ) -> None:
        self._problem, self._hypothesis, self._names = problem, hypothesis, tuple(names)
        members: dict[tuple[bytes, bool, bytes], list[int]] = {}
        for k, block in enumerate(problem.blocks):
            combine = b"" if block.combine is None else block.combine.tobytes()
            members.setdefault((block.omega.tobytes(), block.coated, combine), []).append(k)
        self._groups = [self._group(places, corrections) for places in members.values()]
        self.count = sum(block.data.size for block in problem.blocks) + len(problem.ratios)

    def _group(self, places: Sequence[int], corrections: Sequence[ComplexArray] | None) -> _Group:
        blocks = [self._problem.blocks[k] for k in places]
        offset, matrix = zip(*(self._problem.affine(block, self._names) for block in blocks), strict=True)
        ratio = None if corrections is None else np.stack([corrections[k] for k in places])
        data, error = (np.stack([getattr(block, key) for block in blocks]) for key in ("data", "error"))
        return _Group(blocks[0], tuple(places), np.stack(offset), np.stack(matrix), data, error, ratio)

    def __call__(self, u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return chi2 (B,) of data and priors, half its gradient (B, P) and half its Hessian (B, P, P)."""
        chi2, gradient = (u * u).sum(axis=1), u.copy()
        normal = np.repeat(np.eye(u.shape[1])[None], len(u), axis=0)
        for group in self._groups:
            r, D = self._residuals(group, u)
            chi2 = chi2 + (r * r).sum(axis=(0, 2))
            mapped = group.matrix.transpose(0, 2, 1)[:, None]
            gradient += (mapped @ (D @ r[..., None]))[..., 0].sum(axis=0)
            normal += (mapped @ (D @ D.swapaxes(-1, -2)) @ group.matrix[:, None]).sum(axis=0)
        for cell, ratio, error in self._problem.ratios:
            factor, shift = self._problem.ratio_slopes(cell, self._names)
            off = (u @ factor + shift - ratio) / error
            chi2 = chi2 + off * off
            gradient += off[:, None] * factor / error
            normal += np.outer(factor, factor) / error**2
        return np.where(np.isfinite(chi2), chi2, np.inf), gradient, normal

    def _residuals(self, group: _Group, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return residuals (G, B, N) in errors, and their derivatives (G, B, L, N) by coordinates."""
        local = group.offset[:, None] + u @ group.matrix.transpose(0, 2, 1)
        G, B, L = local.shape
        answer = self._problem.answer(self._hypothesis, group.first, local.reshape(G * B, L))
        Z = answer.impedance.reshape(G, B, -1)
        D = answer.derivative.reshape(G, B, L, -1)
        if group.ratio is not None:
            Z, D = Z * group.ratio[:, None], D * group.ratio[:, None, None]
        combine = group.first.combine
        value = Z.view(np.float64) if combine is None else Z.real @ combine.T
        slope = D.view(np.float64) if combine is None else D.real @ combine.T
        return (value - group.data[:, None]) / group.error[:, None], slope / group.error[:, None, None]

    def impedances(self, u: FloatArray) -> list[ComplexArray]:
        """Return every block's impedance (F,) at one row (P,), in the order of the problem."""
        found: dict[int, ComplexArray] = {}
        for group in self._groups:
            local = group.offset + group.matrix @ u
            Z = self._problem.answer(self._hypothesis, group.first, local).impedance
            found.update(zip(group.places, Z, strict=True))
        return [found[k] for k in range(len(found))]

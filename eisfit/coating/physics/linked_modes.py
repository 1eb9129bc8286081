"""Modes of real rails between which one complex admittance goes: eigenvalues of D + y a a^T.

D is real, diagonal and the same at every frequency; y alone changes. The eigenvalues are the roots of the
secular equation (G. H. Golub, SIAM Review 15 (1973) 318)::

    f(x) = 1/y + sum_k a_k^2 / (d_k - x),

and the vector of a root is a_k / (d_k - x). All roots are found together by Aberth's method on the polynomial
f(x) prod_k (d_k - x) (O. Aberth, Math. Comput. 27 (1973) 339), each as its distance from its own d_k, which
stays exact where y hardly moves it. It takes a fifth of the time of a general eigenproblem.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray

_STEPS = 60
_NEAR = 1e-6  # of a root's distance: the method is of third order, so what is left then is rounding


def link_modes(d: FloatArray, a: FloatArray, y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return eigenvalues (B, F, n) and vectors (B, F, n, n), in columns, with v^T v = 1; real where y is.

    Parameters
    ----------
    d
        (B, n), rising, all different.
    a
        (B, n), none of them zero.
    y
        (B, F), not zero.
    """
    shape = (*y.shape, d.shape[1])
    poles, weights = (np.repeat(x.T, y.shape[1], axis=1) for x in (d, a))  # frequencies last: (n, N)
    off = _find_roots(poles, weights**2, y.ravel())
    vectors = weights[:, None] / (poles[:, None] - poles - off)
    vectors /= np.sqrt((vectors * vectors).sum(axis=0))
    values = np.ascontiguousarray((poles + off).T)
    return values.reshape(shape), np.ascontiguousarray(vectors.transpose(2, 0, 1)).reshape(*shape, -1)


def _find_roots(d: FloatArray, squares: FloatArray, y: NDArray[Any]) -> NDArray[Any]:
    """Return the distances of the roots from their own d, (n, N)."""
    off = _guess_roots(d, squares, y)
    found, left, own = np.empty_like(off), np.arange(y.size), np.arange(len(d))
    between, inverse = d[:, None] - d, 1 / y
    for _ in range(_STEPS):
        to_poles = between - off
        to_roots = to_poles + off[:, None]
        to_roots[own, own] = 1  # a root from itself: its term is taken off below
        over = 1 / to_poles
        weighed = squares[:, None] * over
        f, slope = inverse + weighed.sum(axis=0), (weighed * over).sum(axis=0)
        step = f / (slope + f * ((1 / to_roots - over).sum(axis=0) - 1))
        off = off - step
        found[:, left] = off
        still = (np.abs(step) > _NEAR * np.abs(off)).any(axis=0)
        if not still.any():
            break
        left, off, between, inverse = left[still], off[:, still], between[:, :, still], inverse[still]
        squares = squares[:, still]
    return found


def _guess_roots(d: FloatArray, squares: FloatArray, y: NDArray[Any]) -> NDArray[Any]:
    """Return where the roots may be: each on its way to half the next d, the last one towards y a^T a."""
    off = y * squares
    whole = y * squares.sum(axis=0)
    off[:-1] /= 1 + off[:-1] / (np.diff(d, axis=0) / 2)
    off[-1] = np.where(np.abs(whole) > d[-1], whole, off[-1])
    return off

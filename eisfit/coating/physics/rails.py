"""A line of several rails, with a network at each end: its impedance, and what every part of it dissipates.

Potentials u (n rails) obey d/dx (G du/dx) = Y u with a diagonal G (conductance times length) and a symmetric
Y (conductance per length), constant along 0 < x < L. With S = G^-1/2 Y G^-1/2 = V lambda^2 V^-1 the line is
the admittance [[A, B], [B, A]] between its two ends::

    A = G^1/2 V (lambda coth(lambda L)) V^-1 G^1/2,    B = -G^1/2 V (lambda / sinh(lambda L)) V^-1 G^1/2

and with the end networks added, unit current into the first rail at x = 0 gives Z = u_0. The network is
reciprocal, so by Tellegen's theorem (P. Penfield, R. Spence, S. Duinker, Tellegen's Theorem and Electrical
Networks (1970), ch. 4)::

    dZ/dp = -[int (u'T dG/dp u' + uT dY/dp u) dx + u_0T dE_0/dp u_0 + u_LT dE_L/dp u_L]

without a conjugate: one solution gives every derivative. `Solved.gradient` and `Solved.product` are the
integrals of u_k'^2 and of (c^T u)^2, by Gauss-Legendre points enough for the steepest rail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eisfit.coating.physics.smooth import ComplexArray, coth_csch

__all__ = ["Solved", "solve_rails"]

FloatArray = NDArray[np.float64]

_POINTS = 10
_STEEPEST = 120


@dataclass(frozen=True)
class Solved:
    """Potentials of a solved line.

    Attributes
    ----------
    impedance
        (B, F) ohm.
    start, end
        Potentials at x = 0 (B, F, n), and at x = L with the further nodes of that end (B, F, n + m).
    gradient
        (B, F, n) integrals of (du_k/dx)^2 over the line.
    inside, weights
        (B, F, n, q) potentials at the quadrature's points, and its weights (q,), cm.
    """

    impedance: ComplexArray
    start: ComplexArray
    end: ComplexArray
    gradient: ComplexArray
    inside: ComplexArray
    weights: FloatArray

    def product(self, c: FloatArray) -> ComplexArray:
        """Integral of (c^T u)^2 over the line, (B, F)."""
        return np.asarray(np.einsum("k,bfkq->bfq", c, self.inside) ** 2 @ self.weights)


def solve_rails(
    G: FloatArray, Y: ComplexArray, length: float, start: ComplexArray, end: ComplexArray
) -> Solved:
    """Solve a line with unit current into its first rail at x = 0.

    Parameters
    ----------
    G
        (B, n) S cm, positive.
    Y
        (B, F, n, n) S/cm, symmetric.
    length
        cm.
    start, end
        (B, F, n, n) and (B, F, n + m, n + m) admittances of the end networks, S; those of the end have
        their own m nodes behind the rails, and a way to the collector, which is at zero.

    Returns
    -------
    Solved
    """
    n = G.shape[-1]
    root = np.sqrt(G)[:, None, :]
    squares, V = np.linalg.eig(Y / (root[..., :, None] * root[..., None, :]))
    s2: ComplexArray = np.asarray(squares * length**2, dtype=np.complex128)
    inverse = np.linalg.inv(V) * root[..., None, :]
    V = V * root[..., :, None]
    coth, csch = coth_csch(s2)
    across = (V * (csch / length)[..., None, :]) @ -inverse
    own = (V * (coth / length)[..., None, :]) @ inverse
    size = n + end.shape[-1]
    network = np.zeros((*Y.shape[:2], size, size), dtype=np.complex128)
    network[..., :n, :n] = own + start
    network[..., n:, n:] = end
    network[..., n : 2 * n, n : 2 * n] += own
    network[..., :n, n : 2 * n] = across
    network[..., n : 2 * n, :n] = across
    source = np.zeros((size, 1))
    source[0] = 1
    u = np.linalg.solve(network, np.broadcast_to(source, (*Y.shape[:2], size, 1)))[..., 0]
    first, last = (np.einsum("bfij,bfj->bfi", inverse, u[..., k : k + n]) for k in (0, n))
    values, slopes, weights = _profiles(s2, first, last, length)
    shape = V / (root**2)[..., :, None]
    gradient = (shape @ slopes) ** 2 @ weights
    return Solved(u[..., 0], u[..., :n], u[..., n:], gradient, shape @ values, weights)


def _profiles(
    s2: ComplexArray, first: ComplexArray, last: ComplexArray, length: float
) -> tuple[ComplexArray, ComplexArray, FloatArray]:
    """Amplitudes and slopes of the modes (B, F, n, q) between their values at the ends."""
    s = np.sqrt(np.where(np.abs(s2) < 1e-30, 1e-30, s2))[..., None]
    steepest = min(float(s.real.max()), _STEEPEST)
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS + int(4 * np.sqrt(2 * steepest)))
    x, w = (nodes + 1) / 2, weights / 2
    fall = np.expm1(-2 * s)
    down, up = np.exp(-s * x), np.exp(-s * (1 - x))
    a, b = first[..., None] / fall, last[..., None] / fall
    values = a * down * np.expm1(-2 * s * (1 - x)) + b * up * np.expm1(-2 * s * x)
    slopes = s / length * (a * down * (1 + up**2) - b * up * (1 + down**2))
    return values, slopes, w * length

"""A line of several rails, with a network at each end: its impedance, and what every part of it dissipates.

Potentials u (n rails) obey d/dx (G du/dx) = Y u with a diagonal G (conductance times length) and a symmetric
Y (conductance per length), constant along 0 < x < L. Here Y = K + y l l^T: K is real, y is the interface's
admittance between the first rail and the others. With S = G^-1/2 Y G^-1/2 = V lambda^2 V^-1 the line is the
admittance [[A, B], [B, A]] between its two ends::

    A = G^1/2 V (lambda coth(lambda L)) V^-1 G^1/2,    B = -G^1/2 V (lambda / sinh(lambda L)) V^-1 G^1/2

and with the end networks added, unit current into the first rail at x = 0 gives Z = u_0. The network is
reciprocal, so by Tellegen's theorem (P. Penfield, R. Spence, S. Duinker, Tellegen's Theorem and Electrical
Networks (1970), ch. 4)::

    dZ/dp = -[int (u'T dG/dp u' + uT dY/dp u) dx + u_0T dE_0/dp u_0 + u_LT dE_L/dp u_L]

without a conjugate: one solution gives every derivative. In the modes of V, with end values a and b, v =
lambda^2 L^2, f(v) = sqrt(v) coth(sqrt(v)) and h(v) = sqrt(v)/sinh(sqrt(v)), the integrals are::

    int c_j c_k dx = L [f[v_j, v_k] (a_j a_k + b_j b_k) - h[v_j, v_k] (a_j b_k + b_j a_k)]

with divided differences, which become derivatives where two modes meet; of the slopes alike, with
(v_k f_j - v_j f_k)/(v_k - v_j) in place of f[v_j, v_k], and over L^2. Both are smooth through v = 0, the mode
in which all rails move together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics.linked_modes import link_modes
from eisfit.coating.physics.smooth import coth_csch
from eisfit.records import dataclass

_NEAR = 1e-2
_MEETING = 1e-4
# f'(v) and h'(v) in powers of v (DLMF 4.33.3, 4.33.5).
_F_SLOPE = (1 / 3, -2 / 45, 6 / 945, -4 / 4725)
_H_SLOPE = (-1 / 6, 14 / 360, -93 / 15120, 508 / 604800)


@dataclass(frozen=True)
class Solved:
    """Potentials of a solved line.

    Attributes
    ----------
    impedance
        (B, F) ohm.
    start, end
        Potentials at x = 0 (B, F, n), and at x = L with the further nodes of that end (B, F, n + m).
    length
        cm.
    shape
        (B, F, n, n) potentials of the rails in each mode.
    squares, inverse
        (B, F, n) lambda^2 L^2 of the modes, and (B, F, n, n) the modes in the rails' potentials.
    """

    impedance: NDArray[Any]
    start: NDArray[Any]
    end: NDArray[Any]
    length: float
    shape: NDArray[Any]
    squares: NDArray[Any]
    inverse: NDArray[Any]

    def integrals(self) -> Integrals:
        """Return what the derivatives are made of."""
        n = self.start.shape[-1]
        ends = (self.start, self.end[..., :n])
        first, last = (np.einsum("bfij,bfj->bfi", self.inverse, u) for u in ends)
        products, slopes = _compute_integrals(self.squares, *coth_csch(self.squares), first, last)
        return Integrals(self.shape, products * self.length, slopes / self.length)


@dataclass(frozen=True)
class Integrals:
    """Integrals over a line: of the modes' products and of their slopes' (B, F, n, n), with their shapes."""

    shape: ComplexArray
    products: ComplexArray
    slopes: ComplexArray

    def product(self, c: FloatArray) -> ComplexArray:
        """Integral of (c^T u)^2 over the line, (B, F)."""
        r = (c @ self.shape)[..., None, :]
        return np.asarray((r @ self.products @ np.swapaxes(r, -1, -2))[..., 0, 0])

    def squares(self) -> ComplexArray:
        """Integrals of u_k^2, (B, F, n)."""
        return _compute_squares(self.shape, self.products)

    def gradient(self) -> ComplexArray:
        """Integrals of (du_k/dx)^2, (B, F, n)."""
        return _compute_squares(self.shape, self.slopes)


def solve_rails(  # noqa: PLR0917 - in the order of the derivation
    G: FloatArray,
    K: FloatArray,
    link: FloatArray,
    y: NDArray[Any],
    length: float,
    start: NDArray[Any],
    end: NDArray[Any],
) -> Solved:
    """Solve a line with unit current into its first rail at x = 0; all is real where y and the ends are.

    Parameters
    ----------
    G
        (B, n) S cm, positive.
    K
        (B, n, n) S/cm, symmetric: between all rails but the first, which it does not touch.
    link, y
        (n,) difference of potentials, 1 in the first rail, that drives the current of admittance y (B, F),
        S/cm. Where all potentials that belong to K are one, it drives none.
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
    squares, V = _solve_modes(G, K, link, y)
    root, s2 = np.sqrt(G)[:, None, :, None], squares * length**2
    inverse = V.swapaxes(-1, -2) * root.swapaxes(-1, -2)
    coth, csch = coth_csch(s2)
    across = (root * V * (csch / length)[..., None, :]) @ -inverse
    own = (root * V * (coth / length)[..., None, :]) @ inverse
    size = n + end.shape[-1]
    network = np.zeros((*y.shape, size, size), dtype=y.dtype)
    network[..., :n, :n] = own + start
    network[..., n:, n:] = end
    network[..., n : 2 * n, n : 2 * n] += own
    network[..., :n, n : 2 * n] = across
    network[..., n : 2 * n, :n] = across
    source = np.zeros((size, 1))
    source[0] = 1
    u = np.linalg.solve(network, np.broadcast_to(source, (*y.shape, size, 1)))[..., 0]
    return Solved(u[..., 0], u[..., :n], u[..., n:], length, V / root, s2, inverse)


def _solve_modes(
    G: FloatArray, K: FloatArray, link: FloatArray, y: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return lambda^2 (B, F, n) and V (B, F, n, n), V^T V = 1.

    K leaves two modes without force: the first rail's own, and that of the others together. One combination
    of the two, all rails at one potential, has none from the link either; the other modes y joins.
    """
    root = np.sqrt(G)
    d, basis = np.linalg.eigh(K / (root[:, :, None] * root[:, None, :]))
    a = ((link / root)[:, None, :] @ basis)[:, 0]
    force = np.hypot(a[:, 0], a[:, 1])
    cosine, sine = (a[:, k, None] / force[:, None] for k in (0, 1))
    idle, first = basis[..., 0] * sine - basis[..., 1] * cosine, basis[..., 0] * cosine + basis[..., 1] * sine
    basis[..., 0], basis[..., 1] = idle, first
    d[:, 1], a[:, 1] = 0, force
    squares, V = np.zeros((*y.shape, G.shape[1]), y.dtype), np.empty((*y.shape, *K.shape[1:]), y.dtype)
    squares[..., 1:], vectors = link_modes(d[:, 1:], a[:, 1:], y)
    V[..., 0] = basis[:, None, :, 0]
    V[..., 1:] = basis[:, None, :, 1:] @ vectors
    return squares, V


def _compute_squares(shape: ComplexArray, integrals: ComplexArray) -> ComplexArray:
    return np.asarray(((shape @ integrals) * shape).sum(axis=-1))


def _compute_integrals(
    v: ComplexArray, f: ComplexArray, h: ComplexArray, a: ComplexArray, b: ComplexArray
) -> tuple[ComplexArray, ComplexArray]:
    """Integrals of the modes' products, and of their slopes', for a length of one, (B, F, n, n)."""
    same = a[..., :, None] * a[..., None, :] + b[..., :, None] * b[..., None, :]
    crossed = a[..., :, None] * b[..., None, :]
    crossed = crossed + np.swapaxes(crossed, -1, -2)
    df, dh = _compute_slopes(v, f, h)
    over_f, under_f = _divide_differences(v, f, df)
    over_h, under_h = _divide_differences(v, h, dh)
    return over_f * same - over_h * crossed, under_f * same - under_h * crossed


def _divide_differences(
    v: ComplexArray, f: ComplexArray, slope: ComplexArray
) -> tuple[ComplexArray, ComplexArray]:
    """Return f[v_j, v_k] and (v_k f_j - v_j f_k)/(v_k - v_j)."""
    vj, vk, fj, fk = v[..., :, None], v[..., None, :], f[..., :, None], f[..., None, :]
    gap, middle = vk - vj, (vk + vj) / 2
    meeting = np.abs(gap) < _MEETING * (1 + np.abs(middle))
    gap = np.where(meeting, 1, gap)
    between = (slope[..., :, None] + slope[..., None, :]) / 2
    over = np.where(meeting, between, (fk - fj) / gap)
    under = np.where(meeting, (fj + fk) / 2 - middle * between, (vk * fj - vj * fk) / gap)
    return over, under


def _compute_slopes(v: ComplexArray, f: ComplexArray, h: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return f'(v) and h'(v)."""
    near = np.abs(v) < _NEAR
    twice, small = 2 * np.where(near, 1, v), np.where(near, v, 0)
    df, dh = ((((c[3] * small + c[2]) * small + c[1]) * small + c[0]) for c in (_F_SLOPE, _H_SLOPE))
    return np.where(near, df, (f - h * h) / twice), np.where(near, dh, h * (1 - f) / twice)

"""A line of two rails with a wall between them, of any impedances, and faces at its ends.

Over the depth 0 to 1, with rails A and B (ohm, whole), the wall's admittance Y (whole), a face from rail B's
near end to the contact of rail A (admittance N), another from rail A's far end to the contact of rail B (F);
M = A + B, u = sqrt(M Y). The voltage between the rails is v, their currents are i_A and i_B = 1 - i_A::

    v = [v0 sinh(u (1 - x)) + v1 sinh(u x)] / sinh u
    i_A = B/M + w,  w = [w0 sinh(u (1 - x)) + w1 sinh(u x)] / sinh u
    (u coth u + M N) v0 - u v1 / sinh u = A,   (u coth u + M F) v1 - u v0 / sinh u = B
    w0 = A/M - N v0,  w1 = F v1 - B/M,  Z = (A B + A v0 + B v1) / M

J. Bisquert et al., J. Phys. Chem. B 104 (2000) 2287, for open ends; the faces follow from Kirchhoff's laws.
Derivatives are those of any reciprocal network (B. D. H. Tellegen, Philips Res. Rep. 7 (1952) 259): dZ is the
sum of (current through a part)^2 dZ_part, here integrals of i_A^2, i_B^2 and v^2 along the depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import ComplexArray
from eisfit.model.elements._hyperbolic import Wedge

#: Z, and its derivatives by all that a line is made of.
Solved = tuple[ComplexArray, tuple[ComplexArray, ...]]

_PERFECT = 1e-30  # ohm, of a rail without resistance beside another one: the limit is reached


def two_rail_line(parts: Sequence[ComplexArray | None], shape: tuple[int, int]) -> Solved:
    """Return the impedance (B, F) of a line of sub-circuits and its derivatives by their impedances.

    Parameters
    ----------
    parts
        Impedances, complex ohm: rails A and B (None: no resistance), the wall, the faces at the far and at
        the near end (None: open).
    shape
        (B, F), to which they broadcast.
    """
    nothing = np.zeros(shape, dtype=np.complex128)
    A, B = (nothing if z is None else np.broadcast_to(z, shape) for z in parts[:2])
    Y, F, N = (nothing if z is None else 1 / np.broadcast_to(z, shape) for z in parts[2:])
    z, (by_A, by_B, by_Y, by_N, by_F) = solve_two_rails(A, B, Y, N, F)
    return z, (by_A, by_B, -by_Y * Y**2, -by_F * F**2, -by_N * N**2)


def solve_two_rails(A: ArrayLike, B: ArrayLike, Y: ComplexArray, N: ArrayLike, F: ArrayLike) -> Solved:
    """Return the impedance of a line and its derivatives by the same five.

    Parameters
    ----------
    A, B
        Impedances of the rails, ohm; either or both may be zero.
    Y, N, F
        Admittances of the wall and of the faces at the near and the far end, S. All broadcast to the shape of
        `Y`, (B, F).
    """
    A, B, N, F = (np.asarray(part, dtype=np.complex128) for part in (A, B, N, F))
    A = np.where(A + B == 0, _PERFECT, A)
    M = A + B
    line = Wedge(np.sqrt(M * Y))
    u, s = line.x, line.csch
    uc, us = u * line.coth, u * s
    determinant = u**2 + uc * (M * (N + F)) + M**2 * N * F
    v0 = (A * (uc + M * F) + B * us) / determinant
    v1 = (B * (uc + M * N) + A * us) / determinant
    a, b = A / M, B / M
    w0, w1 = a - N * v0, F * v1 - b
    own, cross = line.coth_rise() / 2, s * line.langevin() / 2
    sum_w = (w0 + w1) * line.half_tanh / u
    sum_w2 = (w0**2 + w1**2) * own + 2 * w0 * w1 * cross
    by_rails = b**2 + 2 * b * sum_w + sum_w2, a**2 - 2 * a * sum_w + sum_w2
    by_wall = (v0**2 + v1**2) * own + 2 * v0 * v1 * cross
    return a * B + a * v0 + b * v1, (*by_rails, -by_wall, -(v0**2), -(v1**2))

"""A line with two rails that ends in faces: an electrode with channels, its upper face and floors included.

Electrolyte in a channel carries ions (rail i), the solid carries electrons (rail e); the interface joins them
along the wall, and closes the line at the top face and at the channel's floor. With overpotential eta, unit
current, z = interface / P and m = m_i + m_e per length::

    eta'' = m eta / z,    I = (m_e - eta') / m,    I(0) = 1 - eta(0) A_t Y,    I(L) = eta(L) A_f Y

where Y is the interface's admittance per true area. With M_i = m_i L, M_e = m_e L, M = M_i + M_e,
v = M Y A_w, C = sqrt(v) coth(sqrt(v)) and E = tanh(sqrt(v)/2) / sqrt(v), its solution is::

    Z = M_i M_e / M + F
    F = [C - 2 E Y A_w M_i M_e / M + (M_i^2 A_f + M_e^2 A_t) Y / M]
        / [Y A_w + Y (A_t + A_f) C + M Y^2 A_t A_f]

C and E are smooth in v down to v = 0 (a flat or perfectly conducting electrode), where F = 1 / (Y A), and
need only exponentials of a negative real part, so nothing overflows. One rail perfect and no end faces is
de Levie's pore (Adv. Electrochem. Electrochem. Eng. 6 (1967) 329), Z = sqrt(M / (Y A)) coth(sqrt(M Y A)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter

__all__ = ["ELEMENTS", "line", "line_with_shares", "shape_functions"]

Array = NDArray[Any]

_SMALL = 1e-2
# Coefficients of v^n: u coth u, (u / sinh u)^2 by its own square, tanh(u/2)/u.  DLMF 4.33.3, 4.19.
_COTH = (1.0, 1 / 3, -1 / 45, 2 / 945, -1 / 4725, 2 / 93555)
_TANH = (1 / 2, -1 / 24, 1 / 240, -17 / 40320, 31 / 725760, -691 / 159667200)


def line(
    ionic: ArrayLike, electronic: ArrayLike, wall: ArrayLike, top: ArrayLike, floor: ArrayLike
) -> tuple[Array, tuple[Array, ...]]:
    """Return F of the module's formula and its five derivatives.

    Parameters
    ----------
    ionic, electronic
        Resistances of the two rails over the depth, M_i and M_e, ohm; not negative.
    wall, top, floor
        Admittances of the interface on each, Y A, S: real, or complex with a positive real part. All
        broadcast.

    Returns
    -------
    F
        Impedance beyond that of the two rails alone, ohm.
    derivatives
        dF/dM_i, dF/dM_e, dF/d(wall), dF/d(top), dF/d(floor).
    """
    a, b = np.asarray(ionic, dtype=np.float64), np.asarray(electronic, dtype=np.float64)
    w, t, g = np.asarray(wall), np.asarray(top), np.asarray(floor)
    total = a + b
    # Where both rails are perfect the shares do not matter, but 0/0 would.
    p = np.divide(a, total, out=np.full(total.shape, 0.5), where=total > 0)
    q = 1 - p
    v = total * w
    C, dC, E, dE = shape_functions(v)
    ends = t + g
    numerator = C - 2 * w * E * (p * b) + p * a * g + q * b * t
    denominator = w + ends * C + total * t * g
    F = numerator / denominator

    def slope(of_numerator: Array, of_denominator: Array) -> Array:
        return np.asarray((of_numerator - F * of_denominator) / denominator)

    per_total = w * dC - 2 * w * w * dE * (p * b)
    below = ends * w * dC + t * g
    return F, (
        slope(per_total - 2 * w * E * q**2 + (2 * p - p**2) * g - q**2 * t, below),
        slope(per_total - 2 * w * E * p**2 - p**2 * g + (2 * q - q**2) * t, below),
        slope(total * dC - 2 * (E + v * dE) * (p * b), 1 + ends * total * dC),
        slope(q * b, C + total * g),
        slope(p * a, C + total * t),
    )


def line_with_shares(  # noqa: PLR0917 - a circuit element's parameters come in order
    grid: FrequencyGrid,
    R_ion: FloatArray,
    R_el: FloatArray,
    R_ct: FloatArray,
    Q: FloatArray,
    alpha: FloatArray,
    top: FloatArray,
    floor: FloatArray,
) -> Evaluation:
    """Return Z and its derivatives; `top` and `floor` are shares of the whole true area."""
    storage = np.exp(alpha * grid.log_j_omega)
    Y = 1 / R_ct + Q * storage
    wall = 1 - top - floor
    F, (by_ion, by_el, by_wall, by_top, by_floor) = line(R_ion, R_el, wall * Y, top * Y, floor * Y)
    total = R_ion + R_el
    p = np.divide(R_ion, total, out=np.full(np.shape(total), 0.5), where=np.asarray(total > 0))
    by_Y = wall * by_wall + top * by_top + floor * by_floor
    derivatives = (
        by_ion + (1 - p) ** 2,
        by_el + p**2,
        -by_Y / R_ct**2,
        by_Y * storage,
        by_Y * Q * storage * grid.log_j_omega,
        Y * (by_top - by_wall),
        Y * (by_floor - by_wall),
    )
    return np.asarray(F + p * R_el), tuple(np.asarray(d, dtype=np.complex128) for d in derivatives)


def _evaluate(  # noqa: PLR0917 - a circuit element's parameters come in order
    grid: FrequencyGrid,
    R_ion: FloatArray,
    R_el: FloatArray,
    R_ct: FloatArray,
    Q: FloatArray,
    alpha: FloatArray,
    top: FloatArray,
    floor: FloatArray,
) -> Evaluation:
    whole = 1 + np.asarray(top + floor)
    t, g = top / whole, floor / whole
    Z, (*others, by_top, by_floor) = line_with_shares(grid, R_ion, R_el, R_ct, Q, alpha, t, g)
    mean = t * by_top + g * by_floor
    return Z, (*others, (by_top - mean) / whole, (by_floor - mean) / whole)


def _rows(times: FloatArray) -> FloatArray:
    return np.array(
        [
            (1.0, rail, k, tau**alpha / k, alpha, 1.0, 0.1)
            for tau in times
            for alpha in (0.75, 0.95)
            for k in (0.03, 0.3, 3.0, 30.0)
            for rail in (0.1, 0.7)
        ]
    )


def _low(w: FloatArray, *p: FloatArray) -> ComplexArray:
    R_ion, R_el, R_ct, _, _, top, floor = p
    whole = 1 + top + floor
    Y = 1 / (R_ct * whole)
    return np.asarray(line(R_ion, R_el, Y, top * Y, floor * Y)[0] + R_ion * R_el / (R_ion + R_el) + 0j * w)


def _high(w: FloatArray, *p: FloatArray) -> ComplexArray:
    R_ion, R_el, _, Q, alpha, top, floor = p
    M = R_ion + R_el
    Y = Q * (1j * w) ** alpha / (1 + top + floor)
    u = np.sqrt(M * Y)
    faces = (R_ion**2 * floor + R_el**2 * top) * Y / M
    F = (u - 2 * Y / u * R_ion * R_el / M + faces) / (Y + Y * (top + floor) * u + M * Y**2 * top * floor)
    return np.asarray(F + R_ion * R_el / M)


ELEMENTS = (
    Element(
        symbol="TLMf",
        title="transmission line with a resistive electronic rail, charge transfer, and faces at both ends",
        formula=(
            "Z = R_ion R_el / M + (C - 2 E w R_ion R_el / M + (R_ion^2 floor + R_el^2 top) w / M)"
            " / (w + (top + floor) w C + M w^2 top floor) with C = u coth(u) with E = tanh(u/2) / u"
            " with u = sqrt(M w) with M = R_ion + R_el"
            " with w = (1/R_ct + Q (j omega)^alpha) / (1 + top + floor)"
        ),
        parameters=(
            Parameter(
                "R_ion", "ohm", "ionic resistance of the pores over the depth", 0.0, np.inf, "log", 30.0
            ),
            Parameter(
                "R_el", "ohm", "electronic resistance of the solid over the depth", 0.0, np.inf, "log", 8.0
            ),
            Parameter(
                "R_ct", "ohm", "charge-transfer resistance of the whole interface", 0.0, np.inf, "log", 50.0
            ),
            Parameter(
                "Q", "S s^alpha", "pseudo-capacitance of the whole interface", 0.0, np.inf, "log", 1e-3
            ),
            Parameter("alpha", "", "exponent of the interface's CPE", 0.2, 1.0, "linear", 0.9),
            Parameter(
                "top", "", "area of the face towards the electrolyte over the wall's", 0.0, np.inf, "log", 1.6
            ),
            Parameter("floor", "", "area of the pores' floors over the wall's", 0.0, np.inf, "log", 0.1),
        ),
        evaluate=_evaluate,
        low=Asymptote("the same with w = 1 / (R_ct (1 + top + floor))", _low),
        high=Asymptote("the same with C = u, E = 1/u, w = Q (j omega)^alpha / (1 + top + floor)", _high),
        reference="eisfit's theory page; without faces G. Paasch et al., Electrochim. Acta 38 (1993) 2653",
        scan=_rows,
    ),
)


def shape_functions(v: Array) -> tuple[Array, Array, Array, Array]:
    """C = u coth u, dC/dv, E = tanh(u/2)/u, dE/dv for u = sqrt(v), from series where v is small."""
    small = np.abs(v) < _SMALL
    safe = np.where(small, 1.0, v)
    u = np.sqrt(safe)
    e = np.exp(-u)
    C = u * (1 + e * e) / (1 - e * e)
    S = 2 * u * e / (1 - e * e)
    th = (1 - e) / (1 + e)
    E = th / u
    dC = (C - S * S) / (2 * safe)
    dE = ((1 - th * th) / 2 - E) / (2 * safe)
    if not small.any():
        return C, dC, E, dE
    x = np.where(small, v, 0.0)
    near = (*_series(_COTH, x), *_series(_TANH, x))
    C, dC, E, dE = (np.where(small, n, f) for n, f in zip(near, (C, dC, E, dE), strict=True))
    return C, dC, E, dE


def _series(coefficients: tuple[float, ...], x: Array) -> tuple[Array, Array]:
    """Return the power series and its derivative at `x`."""
    value, slope = np.zeros_like(x), np.zeros_like(x)
    for c in reversed(coefficients):
        slope = slope * x + value
        value = value * x + c
    return value, slope

"""Transmission lines of porous electrodes: de Levie's, and those with two rails that both resist.

In circuit parameters, for the whole electrode: the rails' resistances over its depth, and the interface
between them, a charge-transfer resistance beside a constant phase element, over its whole area. With the
interface's admittance Y, the total M of the rails and v = M Y, u = sqrt(v), all lines are made of::

    f(v) = coth(u) / u,    g(v) = 1 / (u sinh u),    v f' = -(f + 1/sinh^2 u)/2,    v g' = -g (1 + u coth u)/2

`TLMf` is a line of two rails that ends in faces (an electrode with channels, its upper face and its floors
included), `TLMe` the same without. The latter's impedance stays the same when its two rails are exchanged: no
spectrum tells R_ion from R_el, and knowledge has to name them.
`T` is the same line in the parameters of Paasch, and of impedance.py, which leave the constant
R_ion R_el / (R_ion + R_el) = B/2 to the series resistance. impedance.py cuts 1/sinh off at 1e-10 for
u > 100 where the true value is far below; otherwise the two agree.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements._complex_parts import j_power
from eisfit.model.elements._hyperbolic import Wedge
from eisfit.model.elements._two_rails import solve_two_rails
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter

_ALPHAS = (0.75, 0.95)
_RATIOS = (0.03, 0.3, 3.0, 30.0)
_RAILS = (0.1, 0.7)


def _blocking(grid: FrequencyGrid, R_ion: FloatArray, Q: FloatArray, alpha: FloatArray) -> Evaluation:
    storage = j_power(grid.log_omega, alpha)
    Y = Q * storage
    z, by_rail, by_Y = _line(R_ion, Y)
    return z, (by_rail, by_Y * storage, by_Y * Y * grid.log_j_omega)


def _charge_transfer(
    grid: FrequencyGrid, R_ion: FloatArray, R_ct: FloatArray, Q: FloatArray, alpha: FloatArray
) -> Evaluation:
    storage = j_power(grid.log_omega, alpha)
    z, by_rail, by_Y = _line(R_ion, 1 / R_ct + Q * storage)
    return z, (by_rail, *_by_reaction(grid, R_ct, Q, storage, by_Y))


def _two_rails(  # noqa: PLR0917 - a circuit element's parameters come in order
    grid: FrequencyGrid,
    R_ion: FloatArray,
    R_el: FloatArray,
    R_ct: FloatArray,
    Q: FloatArray,
    alpha: FloatArray,
) -> Evaluation:
    storage = j_power(grid.log_omega, alpha)
    z, (by_ion, by_el, by_Y, *_) = solve_two_rails(R_ion, R_el, 1 / R_ct + Q * storage, 0.0, 0.0)
    return z, (by_ion, by_el, *_by_reaction(grid, R_ct, Q, storage, by_Y))


def _with_faces(  # noqa: PLR0917 - a circuit element's parameters come in order
    grid: FrequencyGrid,
    R_ion: FloatArray,
    R_el: FloatArray,
    R_ct: FloatArray,
    Q: FloatArray,
    alpha: FloatArray,
    top: FloatArray,
    floor: FloatArray,
) -> Evaluation:
    storage, whole = j_power(grid.log_omega, alpha), 1 + np.asarray(top + floor)
    Y = (1 / R_ct + Q * storage) / whole  # of the wall
    z, (by_ion, by_el, by_wall, by_top, by_floor) = solve_two_rails(R_ion, R_el, Y, top * Y, floor * Y)
    by_Y = (by_wall + top * by_top + floor * by_floor) / whole
    by_shares = (
        Y * (by_top - by_wall + floor * (by_top - by_floor)) / whole,
        Y * (by_floor - by_wall + top * (by_floor - by_top)) / whole,
    )
    return z, (by_ion, by_el, *_by_reaction(grid, R_ct, Q, storage, by_Y), *by_shares)


def _by_reaction(
    grid: FrequencyGrid, R_ct: FloatArray, Q: FloatArray, storage: ComplexArray, by_Y: ComplexArray
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Return derivatives by R_ct, Q and alpha of what depends on them by Y = 1/R_ct + Q (j omega)^alpha."""
    by_storage = by_Y * storage
    return by_Y / -(R_ct**2), by_storage, by_storage * Q * grid.log_j_omega


def _paasch(grid: FrequencyGrid, A: FloatArray, B: FloatArray, a: FloatArray, b: FloatArray) -> Evaluation:
    v = a + grid.j_omega * b
    line = Wedge(np.sqrt(v))
    f = line.coth / line.x
    g = line.csch / line.x
    by_v = (A * (f + line.csch**2) + B * g * (1 + line.x * line.coth)) / (-2 * v)
    return A * f + B * g, (f, g, by_v, by_v * grid.j_omega)


def _line(rail: FloatArray, Y: ComplexArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Return Z = rail f(rail Y) and its derivatives by the rail and by Y."""
    line = Wedge(np.sqrt(rail * Y))
    f = line.coth / line.x
    return rail * f, line.coth_rise() / 2, rail * (f + line.csch**2) / (-2 * Y)


def _blocking_rows(times: FloatArray) -> FloatArray:
    return np.array([(1.0, tau**alpha, alpha) for tau in times for alpha in _ALPHAS])


def _charge_transfer_rows(times: FloatArray) -> FloatArray:
    return np.array([(1.0, k, tau**alpha / k, alpha) for tau in times for alpha in _ALPHAS for k in _RATIOS])


def _two_rail_rows(times: FloatArray) -> FloatArray:
    one_rail = _charge_transfer_rows(times)
    return np.array([(row[0], rail, *row[1:]) for row in one_rail for rail in _RAILS])


def _paasch_rows(times: FloatArray) -> FloatArray:
    return np.array([(1.0, rail, a, tau * a) for tau in times for a in _RATIOS for rail in _RAILS])


def _faces_rows(times: FloatArray) -> FloatArray:
    return np.array([(*row, 1.0, 0.1) for row in _two_rail_rows(times)])


def _open_faces(*p: FloatArray) -> tuple[FloatArray, ...]:
    """Return the seven parameters of a line with faces, also from the five of one without."""
    return (*p, *[np.zeros(1)] * (7 - len(p)))


def _two_rail_low(w: FloatArray, *p: FloatArray) -> ComplexArray:
    """Return a line of two rails at zero frequency."""
    R_ion, R_el, R_ct, _, _, top, floor = _open_faces(*p)
    Y = 1 / (R_ct * (1 + top + floor)) + 0j * w
    return solve_two_rails(R_ion, R_el, Y, top * Y, floor * Y)[0]


def _two_rail_high(w: FloatArray, *p: FloatArray) -> ComplexArray:
    """Return it where u is so large that coth u = 1 and 1/sinh u = 0, and the reaction is short-circuited."""
    R_ion, R_el, _, Q, alpha, top, floor = _open_faces(*p)
    M, Y = R_ion + R_el, Q * (1j * w) ** alpha / (1 + top + floor)
    u = np.sqrt(M * Y)
    faces = (R_ion**2 * floor + R_el**2 * top) * Y / M
    beyond = (u - 2 * Y / u * R_ion * R_el / M + faces) / (Y + Y * (top + floor) * u + M * Y**2 * top * floor)
    return np.asarray(beyond + R_ion * R_el / M)


_ION = Parameter("R_ion", "ohm", "ionic resistance of the pores over the depth", 0.0, np.inf, "log", 30.0)
_EL = Parameter("R_el", "ohm", "electronic resistance of the solid over the depth", 0.0, np.inf, "log", 8.0)
_CT = Parameter("R_ct", "ohm", "charge-transfer resistance of the whole interface", 0.0, np.inf, "log", 50.0)
_Q = Parameter("Q", "S s^alpha", "pseudo-capacitance of the whole interface", 0.0, np.inf, "log", 1e-3)
_ALPHA = Parameter("alpha", "", "exponent of the interface's CPE", 0.2, 1.0, "linear", 0.9)
_TOP = Parameter(
    "top", "", "area of the face towards the electrolyte over the wall's", 0.0, np.inf, "log", 1.6
)
_FLOOR = Parameter("floor", "", "area of the pores' floors over the wall's", 0.0, np.inf, "log", 0.1)
_DE_LEVIE = "R. de Levie, Adv. Electrochem. Electrochem. Eng. 6 (1967) 329; "
_LANDESFEIND = "J. Landesfeind et al., J. Electrochem. Soc. 163 (2016) A1373"
_PAASCH = "G. Paasch, K. Micka, P. Gersdorf, Electrochim. Acta 38 (1993) 2653"
_INTERFACE = "1/R_ct + Q (j omega)^alpha"

ELEMENTS = (
    Element(
        symbol="TLMQ",
        title="transmission line of a pore, blocking interface (CPE)",
        formula="Z = R_ion coth(u) / u with u = sqrt(R_ion Q (j omega)^alpha)",
        parameters=(_ION, _Q, _ALPHA),
        evaluate=_blocking,
        low=Asymptote(
            "R_ion/3 + 1 / (Q (j omega)^alpha)",
            lambda w, R_ion, Q, alpha: R_ion / 3 + 1 / (Q * (1j * w) ** alpha),
        ),
        high=Asymptote(
            "sqrt(R_ion / (Q (j omega)^alpha))",
            lambda w, R_ion, Q, alpha: np.sqrt(R_ion / (Q * (1j * w) ** alpha)),
        ),
        reference=_DE_LEVIE + _LANDESFEIND + ", eq. 11",
        scan=_blocking_rows,
    ),
    Element(
        symbol="TLM",
        title="transmission line of a pore with charge transfer (de Levie)",
        formula=f"Z = R_ion coth(u) / u with u = sqrt(R_ion Y) with Y = {_INTERFACE}",
        parameters=(_ION, _CT, _Q, _ALPHA),
        evaluate=_charge_transfer,
        low=Asymptote(
            "sqrt(R_ion R_ct) coth(sqrt(R_ion / R_ct))",
            lambda w, R_ion, R_ct, *_: np.sqrt(R_ion * R_ct) / np.tanh(np.sqrt(R_ion / R_ct)) + 0j * w,
        ),
        high=Asymptote(
            "sqrt(R_ion / (Q (j omega)^alpha))",
            lambda w, R_ion, R_ct, Q, alpha: np.sqrt(R_ion / (Q * (1j * w) ** alpha)),
        ),
        reference=_DE_LEVIE + _LANDESFEIND,
        scan=_charge_transfer_rows,
    ),
    Element(
        symbol="TLMe",
        title="transmission line with a resistive electronic rail and charge transfer",
        formula=(
            "Z = R_ion R_el / (R_ion + R_el) (1 + 2 / (u sinh(u)))"
            " + (R_ion^2 + R_el^2) / (R_ion + R_el) coth(u) / u"
            f" with u = sqrt((R_ion + R_el) Y) with Y = {_INTERFACE}"
        ),
        parameters=(_ION, _EL, _CT, _Q, _ALPHA),
        evaluate=_two_rails,
        low=Asymptote(
            "the same with Y = 1/R_ct",
            _two_rail_low,
        ),
        high=Asymptote(
            "R_ion R_el / (R_ion + R_el) + (R_ion^2 + R_el^2) / sqrt((R_ion + R_el)^3 Q (j omega)^alpha)",
            _two_rail_high,
        ),
        reference=_PAASCH + "; J. Bisquert et al., J. Phys. Chem. B 104 (2000) 2287",
        scan=_two_rail_rows,
    ),
    Element(
        symbol="TLMf",
        title="transmission line with a resistive electronic rail, charge transfer, and faces at both ends",
        formula=(
            "Z = R_ion R_el / M + (C - 2 E w R_ion R_el / M + (R_ion^2 floor + R_el^2 top) w / M)"
            " / (w + (top + floor) w C + M w^2 top floor) with C = u coth(u) with E = tanh(u/2) / u"
            " with u = sqrt(M w) with M = R_ion + R_el"
            " with w = (1/R_ct + Q (j omega)^alpha) / (1 + top + floor)"
        ),
        parameters=(_ION, _EL, _CT, _Q, _ALPHA, _TOP, _FLOOR),
        evaluate=_with_faces,
        low=Asymptote("the same with w = 1 / (R_ct (1 + top + floor))", _two_rail_low),
        high=Asymptote(
            "the same with C = u, E = 1/u, w = Q (j omega)^alpha / (1 + top + floor)", _two_rail_high
        ),
        reference="eisfit's theory page; without faces G. Paasch et al., Electrochim. Acta 38 (1993) 2653",
        scan=_faces_rows,
    ),
    Element(
        symbol="T",
        title="porous electrode with two rails (Paasch)",
        formula="Z = A coth(u) / u + B / (u sinh(u)) with u = sqrt(a + j omega b)",
        parameters=(
            Parameter("A", "ohm", "(R_ion^2 + R_el^2) / (R_ion + R_el)", 0.0, np.inf, "log", 20.0),
            Parameter("B", "ohm", "2 R_ion R_el / (R_ion + R_el)", 0.0, np.inf, "log", 6.0),
            Parameter("a", "", "(R_ion + R_el) / R_ct", 0.0, np.inf, "log", 0.8),
            Parameter("b", "s", "time in which the line is charged", 0.0, np.inf, "log", 0.05),
        ),
        evaluate=_paasch,
        low=Asymptote(
            "A coth(sqrt(a)) / sqrt(a) + B / (sqrt(a) sinh(sqrt(a)))",
            lambda w, A, B, a, b: (A + B / np.cosh(np.sqrt(a))) / np.tanh(np.sqrt(a)) / np.sqrt(a) + 0j * w,
        ),
        high=Asymptote("A / sqrt(j omega b)", lambda w, A, B, a, b: A / np.sqrt(1j * w * b)),
        reference=_PAASCH,
        scan=_paasch_rows,
    ),
)

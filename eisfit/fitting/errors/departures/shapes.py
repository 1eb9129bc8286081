"""How a cell may depart from a circuit that is only nearly true: a factor on its dispersive elements.

A factor hangs on one or more numbers c, which are standard normal beforehand; resistances are left as the DC
resistances of their arcs:

- smooth: ln Z_e plus a smooth random function of ln omega with its Kramers-Kronig phase, of a standard
  deviation ``size``; one element may depart more than the others.
- skewed: an arc becomes Havriliak and Negami's (Polymer 8 (1967) 161), ln beta = 0.5 c: Gerischer and
  Cole-Davidson among them.
- split: an arc becomes two alike with time constants a factor k^2 apart, (k + 1/k) / 2 = exp(0.5 c): a factor
  of nine at c = 1; a negative c makes it sharper. To lowest order any spread of time constants is such.
- porous: an arc becomes a porous electrode's, which reacts at its wall (R. de Levie, Adv. Electrochem.
  Electrochem. Eng. 6 (1967) 329; A. Lasia, Mod. Aspects Electrochem. 32 (1999) 143),
  R_ion / R_ct = exp(1.5 c).
- tilted: a diffusion has another exponent, -1/2 + 0.05 c.
- ended: an endless diffusion (`W`) is that of a layer with an end, closed or open: ln factor is ln coth x or
  ln tanh x, x = sqrt(j omega T) (J. R. Macdonald, Impedance Spectroscopy (Wiley 1987), ch. 2.1), T = exp(c)
  times what makes the lowest point differ by a fourth. To first order about no end at all, c exp(-2x).
- together: all arcs skewed and split, or porous, and a tail at once: a cell need not depart in one way alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.arcs import arcs
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_cache import cache_per_circuit
from eisfit.model.elements._complex_parts import complex_log1p, complex_root, j_power
from eisfit.model.notation import Component, components
from eisfit.records import dataclass

_NOT_DISPERSIVE = ("R", "L", "La", "K")
_DIFFUSIONS = ("W", "Wo", "Ws")
_SKEW = 0.5  # standard deviation of ln beta: Cole-Davidson's of glasses are 0.3 to 0.7, Gerischer's is 0.5
_SPLIT = 0.5  # of ln cosh ln k: arcs further apart than a factor of a hundred are seen as two
_POROUS = 1.5  # of ln(R_ion / R_ct): a factor of twenty either way
_TILT = 0.05  # of a diffusion's exponent: 0.4 to 0.6 are fitted to tails that are called Warburg's
_END, _FAR = 2.0, 8.0  # omega_min T of a layer with an end: the lowest point then differs by a fourth
_DEEP = 18.0  # from where tanh is 1


@dataclass(frozen=True)
class Element:
    """An element of a circuit that may change: its place among those, and its parameters' columns.

    `powers` are those of ohm in the parameters' units: the impedance is homogeneous in them.
    """

    place: int
    component: Component
    columns: tuple[int, ...]
    powers: tuple[float, ...]

    @property
    def is_storage(self) -> bool:
        """Whether it is a capacitance or a CPE, not a distributed process itself."""
        return self.component.symbol in ("CPE", "C")

    def differentiate(self, values: FloatArray, slopes: ComplexArray) -> ComplexArray:
        """Return dZ/d ln Z_e (B, F) from p (B, P) and dZ/dp (B, P, F)."""
        terms = (
            power * values[:, k, np.newaxis] * slopes[:, k]
            for k, power in zip(self.columns, self.powers, strict=True)
            if power
        )
        return np.asarray(sum(terms), dtype=np.complex128)


@cache_per_circuit
def list_elements(circuit: Circuit) -> tuple[Element, ...]:
    """Return the dispersive elements of a circuit."""
    place = {name: k for k, name in enumerate(circuit.names)}
    found: list[Element] = []
    for component in components(circuit.tree):
        powers = tuple(p.impedance_power for p in component.element.parameters)
        if component.symbol not in _NOT_DISPERSIVE and any(powers):
            columns = tuple(place[name] for name in component.parameter_names)
            found.append(Element(len(found), component, columns, powers))
    return tuple(found)


@cache_per_circuit
def list_resistors(circuit: Circuit) -> tuple[Element, ...]:
    """Return the resistances of a circuit; their places follow those of the dispersive elements."""
    place = {name: k for k, name in enumerate(circuit.names)}
    found = [part for part in components(circuit.tree) if part.symbol == "R"]
    return tuple(
        Element(k, part, (place[part.name],), (1.0,))
        for k, part in enumerate(found, start=len(list_elements(circuit)))
    )


class Change(NamedTuple):
    """What a departure does to one element.

    `factor` (B, F) of its impedance; `by_numbers` (B or 1, k, F) is d ln factor / dc for the k numbers from
    the column `first` on; `by_parameters` the same by columns (B, F) of the circuit's parameters.
    """

    element: Element
    factor: ComplexArray
    by_numbers: ComplexArray
    first: int = 0
    by_parameters: Mapping[int, ComplexArray] | None = None


#: An element, and d ln Z_e / dc (B or 1, k, F) at c = 0.
Shape = tuple[Element, ComplexArray]


class Departure(Protocol):
    """A way to depart from a circuit."""

    @property
    def count(self) -> int:
        """How many numbers it has."""

    @property
    def nested(self) -> bool:
        """Whether it has a first order, about the circuit itself."""

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what it does to the elements at parameters (B, P) and numbers (B, K)."""

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return the same to first order about the circuit itself, in the order of the numbers."""


#: y(st, c) with its derivatives by ln st and c: R / Z - 1 of an arc, st where Z is R / (1 + st).
Form = Callable[[ComplexArray, FloatArray], tuple[ComplexArray, ComplexArray, ComplexArray]]


@dataclass(frozen=True, eq=False, repr=False)
class Reshaped:
    """An arc whose storage makes another shape of it: one number."""

    omega: FloatArray
    element: Element
    resistor: int
    form: Form
    tangent: Callable[[ComplexArray], ComplexArray] | None
    count = 1

    @property
    def nested(self) -> bool:
        """Whether it has a first order: it is the circuit itself where its number is zero."""
        return self.tangent is not None

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what it does to the arc's storage."""
        return self.changes_of([(self, values, c)])[0]

    @staticmethod
    def changes_of(some: Sequence[tuple[Reshaped, FloatArray, FloatArray]]) -> list[list[Change]]:
        """Return what arcs of one form do, each at parameters (b, P) and numbers (b, 1), all at once."""
        log_jw = some[0][0]._log_jw
        with np.errstate(all="ignore"):
            st = np.concatenate([one._compute_power(values, log_jw) for one, values, _ in some])
            y, by_st, by_c = some[0][0].form(st, np.concatenate([c for *_, c in some]))
            inverse = 1 / y
            steep, factor, by_number = 1 - by_st * inverse, st * inverse, (-by_c * inverse)[:, np.newaxis]
            found, first = [], 0
            for one, values, _ in some:
                rows = slice(first, first := first + len(values))
                by = one._differentiate(values, steep[rows], log_jw)
                found.append([Change(one.element, factor[rows], by_number[rows], 0, by)])
        return found

    def _differentiate(
        self, values: FloatArray, steep: ComplexArray, log_jw: ComplexArray
    ) -> dict[int, ComplexArray]:
        columns = self.element.columns
        found = {k: steep / values[:, k, np.newaxis] for k in (self.resistor, columns[0])}
        return found if len(columns) == 1 else {**found, columns[1]: steep * log_jw}

    @cached_property
    def _log_jw(self) -> ComplexArray:
        return np.asarray(np.log(self.omega) + 0.5j * np.pi)

    def _compute_power(self, values: FloatArray, log_jw: ComplexArray) -> ComplexArray:
        columns = self.element.columns
        exponent = values[:, columns[1], np.newaxis] if len(columns) > 1 else np.ones((1, 1))
        rq = np.log(values[:, self.resistor] * values[:, columns[0]])[:, np.newaxis]  # nan of a negative R
        return np.exp(rq) * j_power(log_jw.real, exponent)

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return it to first order; nothing where it is not the circuit itself at c = 0."""
        if self.tangent is None:
            return []
        with np.errstate(all="ignore"):
            column = self.tangent(self._compute_power(values, self._log_jw))
        return [(self.element, column[:, np.newaxis])]


def _skew(st: ComplexArray, c: FloatArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    beta = np.exp(_SKEW * c)
    log = complex_log1p(st)
    power = np.exp(beta * log)
    y = np.where(np.abs(beta * log) < 1e-5, beta * log, power - 1)
    return y, beta * power * st / (1 + st), _SKEW * beta * log * power


def _skew_tangent(st: ComplexArray) -> ComplexArray:
    """Return -dy/dc / y of `_skew` at c = 0, where y is st."""
    return np.asarray(-_SKEW * (1 + 1 / st) * complex_log1p(st))


def _split(st: ComplexArray, c: FloatArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    apart = np.exp(_SPLIT * c)
    one, by_one, by_other = apart + st, 1 / (apart + st), 1 / (1 + apart * st)
    y, ahead = st * one * by_other, st * by_other
    return y, y * (1 + st * by_one - apart * ahead), _SPLIT * apart * y * (by_one - ahead)


def _split_tangent(st: ComplexArray) -> ComplexArray:
    """Return -dy/dc / y of `_split` at c = 0."""
    return np.asarray(_SPLIT * (st - 1) / (st + 1))


def _make_porous(st: ComplexArray, c: FloatArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    x0 = np.exp(0.5 * _POROUS * c)
    x = x0 * complex_root(1 + st)
    (g, steep), (g0, steep0) = _compute_x_tanh(x), _compute_x_tanh(x0.astype(np.complex128))
    by_c = 0.5 * _POROUS * (steep * g0 - g * steep0) / g0**2
    small = np.abs(st) < 1e-7  # there g / g0 - 1 is lost in rounding
    y = np.where(small, 0.5 * st * steep0 / g0, g / g0 - 1)
    return y, 0.5 * steep * st / (1 + st) / g0, by_c


def _compute_x_tanh(x: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return x tanh x and x times its derivative."""
    inside = np.where(x.real < _DEEP, x, _DEEP)
    tanh = np.where(x.real < _DEEP, np.tanh(inside), 1.0)
    return x * tanh, x * (tanh + np.where(x.real < _DEEP, x * (1 - tanh**2), 0.0))


def reshape_arcs(circuit: Circuit, omega: FloatArray) -> list[Reshaped]:
    """Return the other shapes of the arcs of a circuit, those that hold the circuit itself first."""
    place = {name: k for k, name in enumerate(circuit.names)}
    storages = {element.component.name: element for element in list_elements(circuit)}
    pairs = [(storages[s.name], place[r.name]) for r, s in arcs(circuit.tree) if s.name in storages]
    forms = ((_skew, _skew_tangent), (_split, _split_tangent), (_make_porous, None))
    return [Reshaped(omega, s, r, form, tangent) for form, tangent in forms for s, r in pairs]


@dataclass(frozen=True, eq=False, repr=False)
class Tilted:
    """A diffusion with another exponent: one number."""

    omega: FloatArray
    element: Element
    count, nested = 1, True

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what it does to the diffusion."""
        column = self._slope
        return [Change(self.element, np.exp(c * column), column[np.newaxis, np.newaxis])]

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return it to first order."""
        return [(self.element, self._slope[np.newaxis, np.newaxis])]

    @property
    def _slope(self) -> ComplexArray:
        log = np.log(self.omega)
        return np.asarray(-_TILT * (log - log.mean() + 0.5j * np.pi))


@dataclass(frozen=True)
class Ended:
    """An endless diffusion that is that of a closed layer, or of an open one: one number."""

    omega: FloatArray
    element: Element
    closed: bool
    count = 1

    @property
    def nested(self) -> bool:
        """Whether it has a first order: the same of both but for the sign, so that one of them does."""
        return self.closed

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what it does to the diffusion."""
        sign, x = (1 if self.closed else -1), self._compute_depth(np.exp(np.clip(c, -_FAR, _FAR)))
        less = np.exp(-2 * x)
        factor = ((1 + less) / (1 - less)) ** sign
        by_c = -2 * sign * x * less / (1 - less**2)
        return [Change(self.element, factor, by_c[:, np.newaxis])]

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return it to first order about a layer without an end."""
        return [(self.element, 2 * np.exp(-2 * self._compute_depth(np.ones((1, 1))))[np.newaxis])]

    def _compute_depth(self, longer: FloatArray) -> ComplexArray:
        return np.asarray(np.sqrt(self.omega * _END / (2 * self.omega.min()) * longer) * (1 + 1j))


def list_diffusions(circuit: Circuit) -> list[Element]:
    """Return the diffusions of a circuit, which have a tail or end as one."""
    return [e for e in list_elements(circuit) if e.component.symbol in _DIFFUSIONS]


def bend_tails(circuit: Circuit, omega: FloatArray) -> list[Tilted | Ended]:
    """Return the other tails of the diffusions of a circuit."""
    found = list_diffusions(circuit)
    endless = [e for e in found if e.component.symbol == "W"]
    ended = (Ended(omega, e, closed) for closed in (True, False) for e in endless)
    return [*(Tilted(omega, e) for e in found), *ended]


@dataclass(frozen=True)
class Together:
    """Departures at once, each with its own numbers: a cell need not depart in one way alone."""

    parts: tuple[Departure, ...]

    @property
    def count(self) -> int:
        """How many numbers they have."""
        return sum(part.count for part in self.parts)

    @property
    def nested(self) -> bool:
        """Whether all have a first order."""
        return all(part.nested for part in self.parts)

    def changes(self, values: FloatArray, c: FloatArray) -> list[Change]:
        """Return what they do to the elements."""
        found, first = [], 0
        for part in self.parts:
            some = part.changes(values, c[:, first : first + part.count])
            found += [change._replace(first=change.first + first) for change in some]
            first += part.count
        return found

    def first_order(self, values: FloatArray) -> list[Shape]:
        """Return them to first order."""
        return [shape for part in self.parts for shape in part.first_order(values)]


def combine(shapes: Sequence[Reshaped], tails: Sequence[Tilted | Ended]) -> list[Together]:
    """Return departures of all arcs at once: of `reshape_arcs` and `bend_tails`.

    Skewed and split, with each kind of tail, and porous, with the first.
    """
    nested, porous = ([one for one in shapes if one.nested is wanted] for wanted in (True, False))
    found = [(*nested, *tail) for tail in ([[one] for one in tails] or [[]])]
    found.append((*porous, *tails[:1]))
    return [Together(parts) for parts in found if len(parts) > 1]

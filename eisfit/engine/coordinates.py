"""The coordinates in which the solver moves: logarithms, and time constants in place of pseudo-capacitances.

A CPE (or a capacitor) beside a resistor is moved as ln tau with tau = (R Q)^(1/alpha) instead of ln Q,
because tau is what a spectrum shows; the two are strongly correlated otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.arcs import arcs, iterate_parallels
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import CircuitParameter
from eisfit.model.notation import Component, Node
from eisfit.records import dataclass

_BEYOND = 1e6  # a magnitude this far outside the data's own scale cannot be told from zero or infinity
_BEYOND_TIME = 1e4
# On the way to an optimum, and in data without noise, arcs lie far outside the sweep and elements are small.
_BEYOND_IN_SEARCH, _BEYOND_TIME_IN_SEARCH = 1e10, 1e14


@dataclass(frozen=True)
class Scales:
    """Extremes of |Z| (ohm) and omega (rad/s) in the data: they bound what a spectrum can show."""

    z_low: float
    z_high: float
    omega_low: float
    omega_high: float

    @classmethod
    def of(cls, omega: FloatArray, impedance: ComplexArray) -> Scales:
        """Read the scales off spectra of any batch shape."""
        modulus = np.abs(impedance)
        smallest = modulus[modulus > 0].min() if (modulus > 0).any() else 1.0
        return cls(float(smallest), float(modulus.max() or 1.0), float(omega.min()), float(omega.max()))

    @classmethod
    def common(cls, omega: FloatArray, impedance: ComplexArray) -> Scales:
        """Return scales inside those of every spectrum (B, F); omega is (F,) or (B, F)."""
        modulus, omega = np.abs(impedance), np.atleast_2d(omega)
        least = np.where(modulus > 0, modulus, np.inf).min(axis=1).max()
        slow, fast = omega.min(axis=1).max(), omega.max(axis=1).min()
        return cls(float(least), float(modulus.max(axis=1).min()), float(slow), float(fast))

    def range(self, unit: str) -> tuple[float, float]:
        """Return the span of values that data of these scales can tell apart, for a parameter's unit."""
        low, high = self._known_spans[unit]
        return float(low[0]), float(high[0])

    @cached_property
    def _known_spans(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        return _compute_spans(self.ends)

    @cached_property
    def _widest_spans(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        return _compute_spans(self.ends, _BEYOND_IN_SEARCH, _BEYOND_TIME_IN_SEARCH)

    @property
    def ends(self) -> FloatArray:
        """The four of them, (4, 1)."""
        return np.array([[self.z_low], [self.z_high], [self.omega_low], [self.omega_high]])

    def size(self, unit: str) -> float:
        """Return the middle of `range`, in logarithms."""
        low, high = self.range(unit)
        return float(np.sqrt(low) * np.sqrt(high))


def _compute_spans(
    scales: FloatArray, size: float = _BEYOND, beyond: float = _BEYOND_TIME
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return unit -> the span of values (B,), for the scales (4, B) of B spectra."""
    z_low, z_high, w0, w1 = scales
    z0, z1 = z_low / size, z_high * size
    ratio = np.full(z0.shape, beyond)
    return {
        "ohm": (z0, z1),
        "F": (1 / (z1 * w1), 1 / (z0 * w0)),
        "H": (z0 / w1, z1 / w0),
        "S s^alpha": (1 / (z1 * np.maximum(w1, 1.0)), 1 / (z0 * np.minimum(w0, 1.0))),
        "ohm s^-1/2": (z0 * np.sqrt(w0), z1 * np.sqrt(w1)),
        "ohm s^alpha": (z0 / np.maximum(w1, 1.0), z1 / np.minimum(w0, 1.0)),
        "s": (1 / (w1 * beyond), beyond / w0),
        "": (1 / ratio, ratio),  # a ratio of lengths or of resistances
    }


@dataclass(frozen=True, eq=False, repr=False)
class Box:
    """Where coordinates are searched, low and high (1 or B, V).

    What the data can tell apart (`Coordinates.low`, `high`) is narrower: an optimum beyond that is said to be
    at a bound, but a search that ends there would miss what lies inside.
    """

    low: FloatArray
    high: FloatArray

    @classmethod
    def search(cls, coordinates: Coordinates, omega: FloatArray, impedance: ComplexArray) -> Box:
        """Return the box of each spectrum (B, F); omega is (F,) or (B, F)."""
        modulus = np.abs(impedance)
        least = np.where(modulus > 0, modulus, np.inf).min(axis=1)
        most = np.where(modulus.max(axis=1) > 0, modulus.max(axis=1), 1.0)
        omega = np.broadcast_to(omega, modulus.shape)
        least = np.where(np.isfinite(least), least, 1.0)
        scales = np.stack([least, most, omega.min(axis=1), omega.max(axis=1)])
        return cls(*coordinates.box(_compute_spans(scales, _BEYOND_IN_SEARCH, _BEYOND_TIME_IN_SEARCH)))

    def take(self, rows: IntArray) -> Box:
        """Return the box of some rows."""
        return self if len(self.low) == 1 else Box(self.low[rows], self.high[rows])

    def clip(self, theta: FloatArray) -> FloatArray:
        """Return theta (B, V) moved into the box."""
        return np.asarray(np.minimum(np.maximum(theta, self.low), self.high), dtype=np.float64)


def may_be_negative(circuit: Circuit) -> bool:
    """Return whether a free parameter moves as itself, with either sign: an amplitude, no exponent."""
    return any(p.free and p.scale == "linear" and p.unit for p in circuit.parameters.values())


class Coordinates:
    """Maps free coordinates theta (B, V) to physical parameters (B, P) and derivatives back.

    Parameters
    ----------
    circuit
        Its fixed parameters and expressions are honoured.
    scales
        Of the data; they keep theta in a box where the data can tell values apart.
    """

    def __init__(self, circuit: Circuit, scales: Scales) -> None:
        self.circuit, self.scales = circuit, scales
        rows = list(circuit.parameters.values())
        self.position = {row.name: k for k, row in enumerate(rows)}
        self.free = np.array([k for k, row in enumerate(rows) if row.free], dtype=np.intp)
        self.log = np.array([row.scale == "log" for row in rows])
        self.linear = np.flatnonzero(~self.log)
        self.constant = {k: row.value for k, row in enumerate(rows) if not row.vary and row.expr is None}
        self.column = {int(k): v for v, k in enumerate(self.free)}
        self.ties = list(self._iterate_ties())
        self._simple_arcs = dict(self._find_simple_arcs())
        #: Ties of one resistor beside one CPE and nothing else, its exponent free.
        self.simple = set(self._simple_arcs.values())
        self.known = Box(*self.box(scales._known_spans))
        self.low, self.high = self.known.low[0], self.known.high[0]
        self.widest = Box(*self.box(scales._widest_spans))  # of one spectrum, where it is searched
        self._sizes = np.array(
            [
                scales.size(rows[k].unit) if rows[k].scale == "linear" and rows[k].unit else 0
                for k in self.free
            ]
        )
        self.signed = may_be_negative(circuit)

    def __reduce__(self) -> tuple[type[Coordinates], tuple[Circuit, Scales]]:
        """Make a copy anew: nodes are known by their identity, which a copied tree does not share."""
        return Coordinates, (self.circuit, self.scales)

    def size_at(self, theta: FloatArray) -> FloatArray | float:
        """Return by how much a coordinate changes when it changes a lot, (B, V): 1, or its own magnitude.

        A parameter that may be negative moves as itself; all others as logarithms or exponents.
        """
        if not self.signed:
            return 1.0
        return np.where(self._sizes > 0, np.hypot(theta, self._sizes), 1.0)

    @property
    def size(self) -> int:
        """Number of free coordinates V."""
        return int(self.free.size)

    def _iterate_ties(self) -> Iterator[tuple[int, int, int | None]]:
        """Yield columns (Q, R, alpha) of the arcs moved as time constants; alpha None for a capacitor."""
        table = self.circuit.parameters
        for resistor, storage in arcs(self.circuit.tree):
            names = storage.parameter_names
            q = table[names[0]]
            row = storage.element.parameters[0]
            unbounded = (q.min, q.max) == (row.min, row.max) and table[resistor.name].scale == "log"
            tied_alpha = len(names) > 1 and table[names[1]].expr is not None
            if q.free and unbounded and table[resistor.name].free and not tied_alpha:
                alpha = self.position[names[1]] if len(names) > 1 else None
                yield self.position[names[0]], self.position[resistor.name], alpha

    def _find_simple_arcs(self) -> Iterator[tuple[int, tuple[int, int, int]]]:
        """Yield the identity of each node of the circuit's tree that is a `simple` arc, and its tie."""
        for node in iterate_parallels(self.circuit.tree):
            parts = {c.symbol: c for c in node.children if isinstance(c, Component)}
            if len(node.children) == 2 and set(parts) == {"R", "CPE"}:
                q, alpha = (self.position[name] for name in parts["CPE"].parameter_names)
                tie = q, self.position[parts["R"].name], alpha
                if tie in self.ties and alpha in self.column:
                    yield id(node), tie

    def find_simple_arc(self, node: Node) -> tuple[int, int, int] | None:
        """Return columns (Q, R, alpha) of a node of the circuit's tree that is a `simple` arc, else None."""
        return self._simple_arcs.get(id(node))

    def box(self, spans: Mapping[str, tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
        """Return low and high (B, V) of the coordinates for spans (B,) by unit, within the bounds given."""
        rows, times = list(self.circuit.parameters.values()), {q for q, _, _ in self.ties}
        ends = [self._find_ends(rows[k], spans, is_time=int(k) in times) for k in self.free]
        count = len(spans["ohm"][0])
        low, high = np.empty((count, self.size)), np.empty((count, self.size))
        for v, (least, most) in enumerate(ends):
            low[:, v], high[:, v] = least, most
        return low, high

    def _find_ends(
        self, row: CircuitParameter, spans: Mapping[str, tuple[FloatArray, FloatArray]], *, is_time: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Return low and high (B,) of one coordinate."""
        if row.scale == "linear":
            most = spans[row.unit][1] if row.unit else np.full(spans["ohm"][0].shape, np.inf)
            return np.maximum(row.min, -most), np.minimum(row.max, most)
        if is_time:
            low, high = spans["s"]
            return np.log(low), np.log(high)
        low, high = (np.maximum(spans[row.unit][0], row.min), np.minimum(spans[row.unit][1], row.max))
        outside = low >= high
        low = np.where(outside, row.min or row.max / _BEYOND, low)
        return np.log(low), np.log(np.where(outside, row.max, high))

    def clip(self, theta: FloatArray) -> FloatArray:
        """Return theta (B, V) moved to where the data can tell values apart."""
        return self.known.clip(theta)

    def physical(self, theta: FloatArray) -> FloatArray:
        """Return the physical parameters (B, P)."""
        full = np.zeros((theta.shape[0], self.log.size))
        full[:, self.free] = theta
        for q, r, alpha in self.ties:
            full[:, q] = full[:, q] * (1.0 if alpha is None else self._get_alpha(full, alpha)) - full[:, r]
        with np.errstate(all="ignore"):  # a column that is no logarithm is put in its place below
            values = np.exp(full)
        values[:, self.linear] = full[:, self.linear]
        for k, constant in self.constant.items():
            values[:, k] = constant
        for name, expression in self.circuit.expressions.items():
            row = self.circuit.parameters[name]
            value = expression.evaluate(self._split_by_name(values))[0]
            values[:, self.position[name]] = np.clip(value, row.min, row.max)  # as lmfit does
        return values

    def internal(self, values: FloatArray) -> FloatArray:
        """Return theta (B, V) in the widest box for parameters (B, P); the inverse of `physical`."""
        # An expression may give a negative value here: it is no coordinate and its logarithm is not used.
        with np.errstate(divide="ignore", invalid="ignore"):
            full = np.where(self.log, np.log(np.where(self.log, values, 1.0)), values)
        for q, r, alpha in self.ties:
            full[:, q] = (full[:, q] + full[:, r]) / (1.0 if alpha is None else values[:, alpha])
        return self.widest.clip(full[:, self.free])

    def _get_alpha(self, full: FloatArray, column: int) -> FloatArray | float:
        """Return the exponents, before expressions are evaluated: a tie is only made where this is enough."""
        row = self.circuit.parameters[self.circuit.names[column]]
        return full[:, column] if row.free else float(self.constant.get(column) or 1.0)

    def differentiate(self, values: FloatArray, theta: FloatArray) -> FloatArray:
        """Return dp/dtheta (B, V, V) of the free parameters at values (B, P) and theta (B, V)."""
        found = np.zeros((*theta.shape, self.size))
        np.einsum("bvv->bv", found)[...] = np.where(self.log, values, 1.0)[:, self.free]
        for q, r, alpha in self.ties:
            v = self.column[q]
            found[:, v, self.column[r]] = -values[:, q]
            if alpha in self.column:
                found[:, v, self.column[alpha]] = theta[:, v] * values[:, q]
            if alpha is not None:
                found[:, v, v] *= values[:, alpha]
        return found

    def apply_chain_rule(self, slopes: ComplexArray, values: FloatArray, theta: FloatArray) -> ComplexArray:
        """Turn dZ/dp (B, P, F) into dZ/dtheta (B, V, F), using up `slopes`."""
        self.add_chain_of_expressions(slopes, values)
        factor = values.copy()
        factor[:, self.linear] = 1.0
        parts = slopes.view(np.float64)
        parts *= factor[:, :, np.newaxis]
        for q, r, alpha in self.ties:
            by_q = slopes[:, q]
            slopes[:, r] -= by_q
            if alpha is None:
                continue
            v = self.column[q]
            slopes[:, alpha] += theta[:, v : v + 1] * by_q
            by_q *= values[:, alpha, np.newaxis]
        return slopes if self.size == self.log.size else slopes[:, self.free]

    def add_chain_of_expressions(self, slopes: ComplexArray, values: FloatArray) -> None:
        """Add what flows through the expressions to the derivatives by the free parameters, in place."""
        for name, expression in reversed(self.circuit.expressions.items()):
            k, row = self.position[name], self.circuit.parameters[name]
            inside = (values[:, k] > row.min) & (values[:, k] < row.max)
            through = slopes[:, k] * inside[:, np.newaxis]
            for other, slope in expression.evaluate(self._split_by_name(values))[1].items():
                slopes[:, self.position[other]] += np.reshape(slope, (-1, 1)) * through

    def _split_by_name(self, values: FloatArray) -> dict[str, FloatArray]:
        return {name: values[:, k] for name, k in self.position.items()}


class PlainCoordinates(Coordinates):
    """Every parameter by itself, so that one can be held, shared or smooth: a Q is a Q, no time constant."""

    def _iterate_ties(self) -> Iterator[tuple[int, int, int | None]]:
        return iter(())

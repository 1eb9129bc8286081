"""A circuit's tree written out as a tape of instructions, for the compiled loop.

A register holds what an instruction gives, an impedance or an admittance; going back along the tape, the
derivative of the whole by each register follows from that by the register that took it in, and with it the
derivatives by the parameters (reverse accumulation, as in `eisfit.engine.evaluation.kernel`).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.engine.coordinates import Coordinates
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_cache import cache_per_circuit
from eisfit.model.notation import Component, Node, Series, components, lines
from eisfit.records import dataclass

IntArray = NDArray[np.int64]

_MONOMIALS = {"L": (1, 0), "C": (-1, 2), "W": (1, 4)}  # power, row of the shape in a grid
_ADMITTANCES = {0: 2, 2: 0, 4: 6}
_DIRECT = {
    **{"K": "ARC", "Zarc": "ARC", "G": "GERISCHER", "Wo": "REFLECTIVE", "Ws": "TRANSMISSIVE"},
    **{"Wop": "REFLECTIVE_POWER", "Wsp": "TRANSMISSIVE_POWER"},
}
_LINES = ("TLM", "TLMQ")  # a rail, along which R_ct and a CPE, or a CPE alone, are spread
#: Elements that the compiled loop knows.
SYMBOLS = frozenset({"R", "CPE", *_MONOMIALS, *_DIRECT, *_LINES})
_INSTRUCTIONS = (
    *("ADD", "INVERSE", "RESISTOR", "MONOMIAL", "CONSTANT_PHASE", "ARC", "GERISCHER", "REFLECTIVE"),
    *("TRANSMISSIVE", "REFLECTIVE_POWER", "TRANSMISSIVE_POWER", "LINE"),
)


def is_supported(coordinates: Coordinates) -> bool:
    """Return whether the compiled loop knows all of a circuit; it knows no expressions and no signs."""
    circuit = coordinates.circuit
    return (
        not circuit.expressions
        and not coordinates.signed
        and next(lines(circuit.tree), None) is None
        and {c.symbol for c in components(circuit.tree)} <= SYMBOLS
    )


@dataclass(frozen=True)
class _Instruction:
    """One line of the tape: what to do, with which registers, parameters and adjoints."""

    name: str
    a: int = 0
    b: int = 0
    k: tuple[int, ...] = ()
    sign: int = 1
    adjoint: int = 0
    inner: int = 0


@dataclass(frozen=False)
class Tape:
    """A circuit's tree as instructions, each of which writes a register of its own number.

    What stands in series or parallel shares an adjoint; each inversion begins a new one. Registers, adjoints
    and derivatives are rows of the loop's working array.
    """

    coordinates: Coordinates
    lines: list[_Instruction] = field(default_factory=list)
    adjoints: int = 1

    @classmethod
    def of(cls, coordinates: Coordinates) -> Tape:
        """Write the tape of a circuit."""
        tape = cls(coordinates)
        tape._write_branch(coordinates.circuit.tree, 1, 0)
        return tape

    def _append(self, line: _Instruction) -> int:
        self.lines.append(line)
        return len(self.lines) - 1

    def _new_adjoint(self) -> int:
        self.adjoints += 1
        return self.adjoints - 1

    def _write_branch(self, node: Node, sign: int, adjoint: int) -> int:
        """Write the impedance (sign 1) or admittance (sign -1) of a branch; return its register."""
        if isinstance(node, Component):
            return self._write_component(node, sign, adjoint)
        arc = self.coordinates.find_simple_arc(node)
        if arc is not None:
            q, r, alpha = arc
            return self._write_impedance("ARC", (r, q, alpha), sign, adjoint)
        own = 1 if isinstance(node, Series) else -1
        inner = adjoint if own == sign else self._new_adjoint()
        total = self._write_branch(node.children[0], own, inner)
        for child in node.children[1:]:
            total = self._append(_Instruction("ADD", total, self._write_branch(child, own, inner)))
        return total if own == sign else self._write_inverse(total, adjoint, inner)

    def _write_inverse(self, register: int, adjoint: int, inner: int) -> int:
        return self._append(_Instruction("INVERSE", register, adjoint=adjoint, inner=inner))

    def _write_impedance(self, name: str, k: tuple[int, ...], sign: int, adjoint: int) -> int:
        """Write an element that is known by its impedance."""
        if sign > 0:
            return self._append(_Instruction(name, k=k, adjoint=adjoint))
        inner = self._new_adjoint()
        return self._write_inverse(self._append(_Instruction(name, k=k, adjoint=inner)), adjoint, inner)

    def _write_component(self, component: Component, sign: int, adjoint: int) -> int:
        k = tuple(self.coordinates.position[name] for name in component.parameter_names)
        if component.symbol == "R":
            return self._append(_Instruction("RESISTOR", k=k, sign=sign, adjoint=adjoint))
        if component.symbol == "CPE":
            return self._append(_Instruction("CONSTANT_PHASE", k=k, sign=sign, adjoint=adjoint))
        if component.symbol in _MONOMIALS:
            power, shape = _MONOMIALS[component.symbol]
            shape = shape if sign > 0 else _ADMITTANCES[shape]
            return self._append(_Instruction("MONOMIAL", shape, k=k, sign=power * sign, adjoint=adjoint))
        if component.symbol in _LINES:
            return self._write_line(k, sign, adjoint)
        return self._write_impedance(_DIRECT[component.symbol], k, sign, adjoint)

    def _write_line(self, k: tuple[int, ...], sign: int, adjoint: int) -> int:
        """Write a line: its rail, and the admittance that is spread along it."""
        if sign < 0:
            inner = self._new_adjoint()
            return self._write_inverse(self._write_line(k, 1, inner), adjoint, inner)
        rail, *transfer, q, alpha = k
        spread = self._new_adjoint()
        y = self._append(_Instruction("CONSTANT_PHASE", k=(q, alpha), sign=-1, adjoint=spread))
        for r in transfer:
            beside = self._append(_Instruction("RESISTOR", k=(r,), sign=-1, adjoint=spread))
            y = self._append(_Instruction("ADD", y, beside))
        return self._append(_Instruction("LINE", y, k=(rail,), adjoint=adjoint, inner=spread))

    @property
    def adjoint(self) -> int:
        """First row of the adjoints, behind the registers and what is set aside with each."""
        return 4 * len(self.lines)

    @property
    def jacobian(self) -> int:
        """First row of the Jacobian; the residual follows it, then what belongs to no free parameter."""
        return self.adjoint + 2 * self.adjoints

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.jacobian + 2 * self.coordinates.size + 4

    @property
    def one(self) -> int:
        """A parameter behind the last, fixed at one: the exponent of a capacitor."""
        return int(self.coordinates.log.size)

    def slope(self, k: int) -> int:
        """Return the row of the derivative by parameter k."""
        return self.jacobian + 2 * self.coordinates.column.get(k, self.coordinates.size + 1)

    def code(self) -> IntArray:
        """Return the instructions with row numbers, in the columns of ``compiled_loop``."""
        count, found = len(self.lines), []
        for i, line in enumerate(self.lines):
            first = line.a if line.name == "MONOMIAL" else 2 * line.a
            k = (*line.k, self.one, self.one, self.one)[:3]
            rows = [2 * i, first, 2 * line.b, 2 * (count + i)]
            adjoints = [self.adjoint + 2 * line.adjoint, self.adjoint + 2 * line.inner]
            slopes = [self.slope(place) for place in k]
            found.append([_INSTRUCTIONS.index(line.name), *rows, *adjoints, line.sign, *k, *slopes])
        return np.array(found, dtype=np.int64)

    def ties(self) -> IntArray:
        """Return parameters (Q, R, alpha), their rows, and the coordinate of Q, of ties not `simple`."""
        c, found = self.coordinates, []
        for tie in c.ties:
            if tie not in c.simple:
                k = [self.one if place is None else place for place in tie]
                found.append([*k, *(self.slope(place) for place in k), c.column[tie[0]]])
        return np.array(found, dtype=np.int64).reshape(-1, 7)

    def fill_fixed(self) -> FloatArray:
        """Return the values of what is fixed, as logarithms where the parameter is one."""
        values = np.zeros(self.one + 1)
        values[self.one] = 1.0
        with np.errstate(divide="ignore"):
            for k, value in self.coordinates.constant.items():
                values[k] = value
                if self.coordinates.log[k]:
                    values[k] = np.log(values[k])
        return values


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """What the loop reads of a circuit, and the first rows in its working array."""

    arrays: tuple[NDArray[Any], ...]
    size: int
    adjoint: int
    jacobian: int
    rows: int

    @classmethod
    def of(cls, coordinates: Coordinates) -> Plan:
        """Return the plan of a circuit in a kind of coordinates."""
        plans, kind = _get_plans(coordinates.circuit), type(coordinates)
        if kind not in plans:
            tape = Tape.of(coordinates)
            free = coordinates.free.astype(np.int64)
            logs = np.append(coordinates.log, False).astype(np.int64)
            arrays = tape.code(), free, logs, tape.ties(), tape.fill_fixed()
            plans[kind] = cls(arrays, coordinates.size, tape.adjoint, tape.jacobian, tape.rows)
        return plans[kind]

    def sizes(self, room: tuple[NDArray[Any], ...]) -> tuple[int, ...]:
        """Return how large the plan and its working arrays are: see ``compiled_loop.iterate``."""
        w, jacobian, normal = room[0], room[1], room[4]
        plan = self.size, self.arrays[-1].size, w.shape[1], len(normal), len(w), len(jacobian)
        return *plan, len(self.arrays[0]), len(self.arrays[3])

    def allocate(self, points: int) -> tuple[NDArray[Any], ...]:
        """Return the loop's working arrays."""
        size, parameters = self.size, self.arrays[-1].size
        even = size + 1 + (size + 1) % 2
        w = np.zeros((self.rows, points))
        w[self.adjoint] = 1.0
        jacobian = w[self.jacobian :].reshape(-1, 2 * points)
        values, logs = np.empty(parameters), np.empty(parameters)
        new_normal, normal = np.zeros((even, even)), np.zeros((even, even))
        step, trial, extra = np.empty(size), np.empty(size), np.empty(size)
        matrix, held = np.empty((size, size)), np.empty(size, dtype=np.int64)
        return w, jacobian, values, logs, normal, new_normal, matrix, step, trial, extra, held


@cache_per_circuit
def _get_plans(circuit: Circuit) -> dict[type, Plan]:
    """Return the plans of a circuit, by the kind of coordinates."""
    return {}

"""The solver's compiled path: the circuit's tree as a tape of instructions, which a loop of numba reads.

numba is an extra (``pip install "eisfit-toolkit[fast]"``), never required. No code is generated from
circuits: `eisfit.compiled_loop` is compiled once, kept in numba's cache, and reads the tapes of all circuits
made of the elements in `SYMBOLS`. The algorithm and its stopping rules are those of `eisfit.solver`; both
reach the same ends to rounding.

To load numba takes about a second, to compile the loop for the first time 10 to 30 s. So it is not taken
before this process has solved so many rows in numpy that the wait is no more than what was spent already
(`_WORTH_LOADING`, `_WORTH_COMPILING`: at most twice the best choice, whatever is still to come). The
environment variable ``EISFIT_ENGINE`` says ``numpy`` or ``numba`` from the beginning.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eisfit.coordinates import Coordinates
from eisfit.elements import FrequencyGrid
from eisfit.errors import UsageError, did_you_mean
from eisfit.notation import Component, Node, Series, components

__all__ = ["SYMBOLS", "Engine", "Tape", "chosen", "minimise", "supported"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
IntArray = NDArray[np.int64]
Engine = Literal["numpy", "numba"]

_MONOMIALS = {"L": (1, 0), "C": (-1, 2), "W": (1, 4)}  # power, row of the shape in a grid
_ADMITTANCES = {0: 2, 2: 0, 4: 6}
_DIRECT = {"Wo": "REFLECTIVE", "Ws": "TRANSMISSIVE", "G": "GERISCHER", "K": "ARC", "Zarc": "ARC"}
#: Elements that the compiled loop knows.
SYMBOLS = frozenset({"R", "CPE", *_MONOMIALS, *_DIRECT})
_INSTRUCTIONS = (
    *("ADD", "INVERSE", "RESISTOR", "MONOMIAL", "CONSTANT_PHASE", "ARC", "REFLECTIVE", "TRANSMISSIVE"),
    "GERISCHER",
)
_LEAST_ROWS = 32
# Rows solved in numpy, of 60 points and 8 parameters, at 12,000 a second.
_WORTH_LOADING = 10_000
_WORTH_COMPILING = 200_000
_VARIABLE = "EISFIT_ENGINE"


@dataclass
class _Meter:
    """What this process has solved in numpy, in rows of ordinary size, and why numba cannot be loaded."""

    rows: float = 0.0
    loop: Any = None
    missing: str | None = None


_METER = _Meter()


def supported(coordinates: Coordinates) -> bool:
    """Return whether the compiled loop knows all elements of a circuit; it knows no expressions."""
    circuit = coordinates.circuit
    return not circuit.expressions and {c.symbol for c in components(circuit.tree)} <= SYMBOLS


def chosen(coordinates: Coordinates, rows: int, points: int, engine: Engine | None, *, whole: bool) -> bool:
    """Return whether a batch goes the compiled way, and count it if it does not.

    Parameters
    ----------
    coordinates, rows, points
        The circuit, and the size of the batch.
    engine
        The caller's wish; without one the environment's; without that by the work done so far.
    whole
        All rows are to be taken to their end.

    Raises
    ------
    UsageError
        For an unknown engine, or where numba is asked for and cannot be imported.
    """
    wish = _wish(engine)
    if wish == "numba":
        if _loop() is None:
            raise UsageError(f"the engine numba cannot be used: {_METER.missing}")
        return supported(coordinates)
    if wish == "numpy" or not whole or rows < _LEAST_ROWS or not supported(coordinates):
        return False
    _METER.rows += rows * (points / 60) * (coordinates.size / 8)
    return _METER.rows > _WORTH_LOADING and _loop() is not None and _worth_calling()


def _wish(engine: str | None) -> str | None:
    wish = engine or os.environ.get(_VARIABLE) or None
    if wish is not None and wish not in get_args(Engine):
        near = did_you_mean(wish, get_args(Engine)) or "; there are numpy and numba"
        place = "" if engine else f" (environment variable {_VARIABLE})"
        raise UsageError(f"no engine is called {wish!r}{place}{near}")
    return wish


def _loop() -> Any:
    """Return the module of the compiled loop, or None where numba is absent or does not load."""
    if _METER.loop is None and _METER.missing is None:
        if find_spec("numba") is None:
            _METER.missing = 'numba is not installed; pip install "eisfit-toolkit[fast]"'
            return None
        try:
            _METER.loop = import_module("eisfit.compiled_loop")
        except (
            ImportError,
            AttributeError,
        ) as error:  # a numba that does not fit the numpy, or half installed
            _METER.missing = f"numba does not load ({error})"
    return _METER.loop


def _worth_calling() -> bool:
    """Return whether the loop is compiled, or in numba's cache, or the work so far worth compiling it."""
    iterate = _METER.loop.iterate
    if iterate.signatures or _METER.rows > _WORTH_COMPILING:
        return True
    source, folder = Path(_METER.loop.__file__), iterate.stats.cache_path
    kept = Path(folder).glob(f"{source.stem}.iterate-*.nbc") if folder else ()
    return any(file.stat().st_mtime > source.stat().st_mtime for file in kept)


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


@dataclass
class Tape:
    """A circuit's tree as instructions, each of which writes a register of its own number.

    What stands in series or parallel shares an adjoint; each inversion begins a new one.
    """

    coordinates: Coordinates
    lines: list[_Instruction] = field(default_factory=list)
    adjoints: int = 1

    @classmethod
    def of(cls, coordinates: Coordinates) -> Tape:
        """Write the tape of a circuit."""
        tape = cls(coordinates)
        tape._branch(coordinates.circuit.tree, 1, 0)
        return tape

    def _add(self, line: _Instruction) -> int:
        self.lines.append(line)
        return len(self.lines) - 1

    def _new_adjoint(self) -> int:
        self.adjoints += 1
        return self.adjoints - 1

    def _branch(self, node: Node, sign: int, adjoint: int) -> int:
        """Write the impedance (sign 1) or admittance (sign -1) of a branch; return its register."""
        if isinstance(node, Component):
            return self._component(node, sign, adjoint)
        arc = self.coordinates.simple_arc(node)
        if arc is not None:
            q, r, alpha = arc
            return self._by_impedance("ARC", (r, q, alpha), sign, adjoint)
        own = 1 if isinstance(node, Series) else -1
        inner = adjoint if own == sign else self._new_adjoint()
        total = self._branch(node.children[0], own, inner)
        for child in node.children[1:]:
            total = self._add(_Instruction("ADD", total, self._branch(child, own, inner)))
        return total if own == sign else self._inverted(total, adjoint, inner)

    def _inverted(self, register: int, adjoint: int, inner: int) -> int:
        return self._add(_Instruction("INVERSE", register, adjoint=adjoint, inner=inner))

    def _by_impedance(self, name: str, k: tuple[int, ...], sign: int, adjoint: int) -> int:
        """Write an element that is known by its impedance."""
        if sign > 0:
            return self._add(_Instruction(name, k=k, adjoint=adjoint))
        inner = self._new_adjoint()
        return self._inverted(self._add(_Instruction(name, k=k, adjoint=inner)), adjoint, inner)

    def _component(self, component: Component, sign: int, adjoint: int) -> int:
        k = tuple(self.coordinates.position[name] for name in component.parameter_names)
        if component.symbol == "R":
            return self._add(_Instruction("RESISTOR", k=k, sign=sign, adjoint=adjoint))
        if component.symbol == "CPE":
            return self._add(_Instruction("CONSTANT_PHASE", k=k, sign=sign, adjoint=adjoint))
        if component.symbol in _MONOMIALS:
            power, shape = _MONOMIALS[component.symbol]
            shape = shape if sign > 0 else _ADMITTANCES[shape]
            return self._add(_Instruction("MONOMIAL", shape, k=k, sign=power * sign, adjoint=adjoint))
        return self._by_impedance(_DIRECT[component.symbol], k, sign, adjoint)


@dataclass(frozen=True)
class _Layout:
    """Where everything stands among the rows of the loop's working array."""

    coordinates: Coordinates
    tape: Tape

    @property
    def adjoint(self) -> int:
        """First row of the adjoints, behind the registers and what is set aside with each."""
        return 4 * len(self.tape.lines)

    @property
    def jacobian(self) -> int:
        """First row of the Jacobian; the residual follows it, then what belongs to no free parameter."""
        return self.adjoint + 2 * self.tape.adjoints

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
        """Return the instructions with row numbers, in the columns that `eisfit.compiled_loop` names."""
        count, found = len(self.tape.lines), []
        for i, line in enumerate(self.tape.lines):
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

    def fixed(self) -> FloatArray:
        """Return the values of what is fixed, as logarithms where the parameter is one."""
        values = np.zeros(self.one + 1)
        values[self.one] = 1.0
        with np.errstate(divide="ignore"):
            for k, value in self.coordinates.constant.items():
                values[k] = value
                if self.coordinates.log[k]:
                    values[k] = np.log(values[k])
        return values

    def room(self, points: int) -> tuple[NDArray[Any], ...]:
        """Return the loop's working arrays."""
        size, parameters = self.coordinates.size, self.one + 1
        even = size + 1 + (size + 1) % 2
        w = np.zeros((self.rows, points))
        w[self.adjoint] = 1.0
        jacobian = w[self.jacobian :].reshape(-1, 2 * points)
        values, logs = np.empty(parameters), np.empty(parameters)
        new_normal, normal = np.zeros((even, even)), np.zeros((even, even))
        step, trial, extra = np.empty(size), np.empty(size), np.empty(size)
        matrix, held = np.empty((size, size)), np.empty(size, dtype=np.bool_)
        return w, jacobian, values, logs, normal, new_normal, matrix, step, trial, extra, held


def _grid(omega: FloatArray) -> FloatArray:
    """Return (1 or B, 11, F): shapes of L, C, W and of W's admittance, omega, ln omega, 1/sqrt(omega)."""
    omega = np.atleast_2d(omega)
    zero, root = np.zeros_like(omega), np.sqrt(omega)
    monomials = [zero, omega, zero, -1 / omega, 1 / root, -1 / root, 0.5 * root, 0.5 * root]
    return np.stack([*monomials, omega, np.log(omega), 1 / root], axis=1)


def _halves(pairs: FloatArray) -> FloatArray:
    """Return rows of real and imaginary parts in turn with the real ones first."""
    return np.concatenate([pairs[:, ::2], pairs[:, 1::2]], axis=1)


def minimise(
    coordinates: Coordinates,
    grid: FrequencyGrid,
    target: ComplexArray,
    weight: FloatArray,
    theta: FloatArray,
    *,
    damping: float,
    limits: Sequence[float],
    max_iterations: int,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], int]:
    """Return theta, chisqr, whether converged, and the largest number of steps, as `eisfit.solver.solve`.

    Parameters
    ----------
    coordinates, grid, target, weight
        Of a `eisfit.solver.Problem`.
    theta
        Start values (B, V).
    damping
        To begin with.
    limits
        Tolerance, inertia, what counts as a short step, least and most damping.
    max_iterations
        Upper limit of steps.
    """
    layout = _Layout(coordinates, Tape.of(coordinates))
    free, logs = coordinates.free.astype(np.int64), np.append(coordinates.log, False)
    plan = layout.code(), free, logs, layout.ties(), layout.fixed()
    measured = _halves(np.ascontiguousarray(target).view(np.float64)), _halves(weight)
    problem = plan, _grid(grid.omega), *measured, np.stack([coordinates.low, coordinates.high])
    theta, state = np.ascontiguousarray(coordinates.clip(theta)), np.zeros((len(theta), 2))
    room = layout.room(target.shape[1])
    numbers = tuple(float(limit) for limit in limits)
    steps = _loop().iterate(problem, theta, state, room, float(damping), numbers, int(max_iterations))
    return theta, state[:, 0], state[:, 1] > 0, int(steps)

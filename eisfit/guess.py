"""Start values from the spectrum alone.

The tree is flattened into blocks in series (a Warburg inside an arc counts as one after it). For a grid of
time constants every block is then a known shape times one unknown, non-negative amplitude, and all grid
points are solved at once as small linear least-squares problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from eisfit.circuit import Circuit
from eisfit.elements import ELEMENTS, FrequencyGrid
from eisfit.notation import Component, Node, Parallel, Series, components

__all__ = ["Block", "StartGrid", "blocks"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
IntArray = NDArray[np.intp]

_POINTS_PER_BLOCK = 14
_LARGEST_GRID = 3000
_ALPHAS = (0.7, 0.92)
_DIFFUSION = ("Wo", "Ws")
_ARCS = ("K", "Zarc")
_LEAST_SHARE = 1e-3  # of the largest |Z|: an amplitude that came out as zero starts here


@dataclass(frozen=True)
class Block:
    """A piece of the flattened circuit: one amplitude and at most one thing to scan.

    Attributes
    ----------
    kind
        ``R, L, C, W, Wo, Ws, CPE``, ``arc`` (resistor beside storage, or one element that is an arc),
        ``loop`` (resistor beside inductor) or ``own`` (an element that says itself what to scan).
    first
        Component whose (first) parameter the amplitude is.
    second
        The storage element or inductor beside it, or None.
    """

    kind: str
    first: Component
    second: Component | None = None

    @property
    def scanned(self) -> bool:
        """True where a time constant (or an exponent) is scanned."""
        return self.kind in ("arc", "loop", "CPE", "own", *_DIFFUSION)


def blocks(node: Node) -> Iterator[Block]:
    """Flatten a tree into blocks in series."""
    if isinstance(node, Component):
        yield Block(_kind(node), node)
    elif isinstance(node, Series):
        for child in node.children:
            yield from blocks(child)
    else:
        yield from _parallel_blocks(node)


def _kind(component: Component) -> str:
    if component.symbol in _ARCS:
        return "arc"
    return component.symbol if component.element.scan is None else "own"


def _parallel_blocks(node: Parallel) -> Iterator[Block]:
    loose = [c for child in node.children for c in components(child)]
    direct = [c for c in node.children if isinstance(c, Component)]
    resistor = next((c for c in direct if c.symbol == "R"), None) or next(
        (c for c in loose if c.symbol == "R"), None
    )
    beside = next((c for c in direct if c.symbol in ("CPE", "C")), None)
    beside = beside or next((c for c in loose if c.symbol in ("CPE", "C", "L")), None)
    used = {id(c) for c in (resistor, beside) if c is not None}
    if resistor is not None:
        kind = "R" if beside is None else "loop" if beside.symbol == "L" else "arc"
        yield Block(kind, resistor, beside)
    elif beside is not None:
        yield Block(beside.symbol, beside)
    for child in node.children:
        for block in blocks(child):
            if id(block.first) not in used and (block.second is None or id(block.second) not in used):
                yield block


class StartGrid:
    """All grid points for one spectrum and circuit, best first.

    Parameters
    ----------
    circuit
        The circuit to start.
    omega
        (F,) rad/s.
    impedance
        (F,) complex ohm.
    weight
        (2F,) weights of real and imaginary parts in turn.

    Attributes
    ----------
    order
        Grid points, best first.
    chisqr
        Weighted sum of squares at each grid point.
    """

    def __init__(
        self, circuit: Circuit, omega: FloatArray, impedance: ComplexArray, weight: FloatArray
    ) -> None:
        self.circuit = circuit
        self.blocks = list(blocks(circuit.tree))
        self.scanned = sum(block.scanned for block in self.blocks)
        self.scale = float(np.abs(impedance).max()) or 1.0
        self.options = self._options(omega)
        self.choice = _choices(self.blocks, [len(options) for options in self.options])
        self.amplitude, self.chisqr = self._solve(FrequencyGrid(omega), impedance, weight)
        self.order = np.argsort(self.chisqr)

    def _options(self, omega: FloatArray) -> list[FloatArray]:
        count = _points(self.blocks)
        times = np.geomspace(0.5 / omega.max(), 2 / omega.min(), count)
        slow = times * (omega.max() / omega.min()) ** 0.25
        return [_scan(block, times, slow) for block in self.blocks]

    def _solve(
        self, grid: FrequencyGrid, impedance: ComplexArray, weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        shapes = [
            _shape(block, grid, options) for block, options in zip(self.blocks, self.options, strict=True)
        ]
        table = np.concatenate(shapes).view(np.float64) * weight
        target = np.ascontiguousarray(impedance).view(np.float64) * weight
        gram, moment = table @ table.T, table @ target
        first = np.cumsum([0, *(len(options) for options in self.options[:-1])])
        column = self.choice + first
        return _non_negative(gram, moment, column, float(target @ target))

    def starts(self, count: int) -> FloatArray:
        """Return the physical parameters (count, P) of the best grid points that differ from each other."""
        chosen: list[int] = []
        for candidate in self.order[:400]:
            far = all(np.abs(self.choice[candidate] - self.choice[k]).max() > 1 for k in chosen)
            if far:
                chosen.append(int(candidate))
            if len(chosen) == count:
                break
        return self.physical(np.array(chosen), None)

    def scattered(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Return random starts (count, P): good grid points with their exponents and times shaken."""
        pool = self.order[: max(count, self.order.size // 4)]
        return self.physical(rng.choice(pool, count), rng)

    def physical(self, points: IntArray, rng: np.random.Generator | None) -> FloatArray:
        """Return physical parameters (n, P) at grid points, shaken where a generator is given."""
        values: dict[str, FloatArray] = {}
        for k, block in enumerate(self.blocks):
            option = self.options[k][self.choice[points, k]]
            amplitude = np.maximum(self.amplitude[points, k], _least(block, self.scale, self.amplitude[:, k]))
            values.update(_values(block, amplitude, option, rng))
        return np.stack([self._fill(name, values, points.size) for name in self.circuit.names], axis=1)

    def _fill(self, name: str, values: Mapping[str, FloatArray], count: int) -> FloatArray:
        """Return one parameter: the value that the circuit gives it, else the start found, within bounds."""
        row = self.circuit.parameters[name]
        if row.value is not None:
            return np.full(count, row.value)
        if name in values:
            return np.clip(values[name], row.min, row.max)
        return np.full(count, 1.0)


def _points(pieces: list[Block]) -> int:
    """Return how many grid values each scanned block gets, so that the whole grid stays small."""
    arcs = sum(block.kind == "arc" for block in pieces)
    own = [len(_own(block, np.ones(1))) for block in pieces if block.kind == "own"]
    others = sum(block.scanned for block in pieces) - arcs
    for count in range(_POINTS_PER_BLOCK, 4, -1):
        options = count * len(_ALPHAS)
        if comb(options + arcs - 1, arcs) * count**others * prod(own) <= _LARGEST_GRID:
            return count
    return 4


def _own(block: Block, times: FloatArray) -> FloatArray:
    """Return what an element says of itself: rows (n, P) of parameters at an amplitude of one."""
    scan = block.first.element.scan
    return np.ones((1, len(block.first.element.parameters))) if scan is None else scan(times)


def _scan(block: Block, times: FloatArray, slow: FloatArray) -> FloatArray:
    """Return the options (n, 2) of a block: time constant (s) and exponent; of an ``own`` one, its rows."""
    if block.kind == "own":
        return _own(block, times)
    if block.kind == "arc":
        # The arcs share one list of times, in which a capacitor's exponent is one throughout.
        ideal = (block.second or block.first).symbol in ("C", "K")
        return np.array([(tau, 1.0 if ideal else alpha) for tau in times for alpha in _ALPHAS])
    if block.kind in _DIFFUSION:
        times = slow
    if block.kind == "CPE":
        return np.array([(1.0, alpha) for alpha in (0.5, 0.7, 0.95)])
    return np.stack([times, np.ones(times.size)], axis=1) if block.scanned else np.ones((1, 2))


def _choices(pieces: list[Block], sizes: list[int]) -> IntArray:
    """Return the grid (M, K) of option indices, the time constants of arcs in rising order."""
    arcs = [k for k, block in enumerate(pieces) if block.kind == "arc"]
    others = [k for k in range(len(pieces)) if k not in arcs]
    ordered = (
        np.array(list(combinations_with_replacement(range(sizes[arcs[0]]), len(arcs)))) if arcs else None
    )
    mesh = np.meshgrid(*(np.arange(sizes[k]) for k in others), indexing="ij")
    rest = np.stack([axis.ravel() for axis in mesh], axis=1) if others else np.zeros((1, 0), dtype=int)
    ordered = np.zeros((1, 0), dtype=int) if ordered is None else ordered
    choice = np.empty((len(ordered) * len(rest), len(pieces)), dtype=np.intp)
    choice[:, arcs] = np.repeat(ordered, len(rest), axis=0)
    choice[:, others] = np.tile(rest, (len(ordered), 1))
    return choice


def _shape(block: Block, grid: FrequencyGrid, options: FloatArray) -> ComplexArray:
    """Return the shapes (n, F) of a block of amplitude one."""
    option, alpha = options[:, :1], options[:, 1:]
    if block.kind == "arc":
        return np.asarray(1 / (1 + (1j * grid.omega * option) ** alpha))
    if block.kind == "loop":
        return np.asarray(1j * grid.omega * option / (1 + 1j * grid.omega * option))
    if block.kind == "own":
        z = block.first.element.evaluate(grid, *np.hsplit(options, options.shape[1]))[0]
        return np.broadcast_to(z, (len(options), grid.omega.size))
    element = ELEMENTS[block.kind]
    one = np.ones_like(option)
    arguments = (one, alpha if block.kind == "CPE" else option) if block.scanned else (one,)
    return np.broadcast_to(element.evaluate(grid, *arguments)[0], (len(options), grid.omega.size))


def _non_negative(
    gram: FloatArray, moment: FloatArray, column: IntArray, total: float
) -> tuple[FloatArray, FloatArray]:
    """Solve every grid point (M, K) for non-negative amplitudes; return them and the sums of squares.

    Negative amplitudes are set to zero and the rest solved again, which for starts is as good as true NNLS.
    """
    normal = gram[column[:, :, np.newaxis], column[:, np.newaxis, :]]
    right = moment[column]
    diagonal = np.einsum("mii->mi", normal).copy()
    kept = np.ones(column.shape, dtype=bool)
    amplitude: FloatArray = np.zeros(column.shape)
    for _ in range(column.shape[1]):
        reduced = normal * (kept[:, :, np.newaxis] & kept[:, np.newaxis, :])
        np.einsum("mii->mi", reduced)[...] += np.where(kept, 1e-9 * diagonal, 1.0)
        kept_right = np.where(kept, right, 0.0)[:, :, np.newaxis]
        amplitude = np.asarray(np.linalg.solve(reduced, kept_right)[:, :, 0], dtype=np.float64)
        negative = amplitude < 0
        if not negative.any():
            break
        kept &= ~negative
    amplitude = np.maximum(amplitude, 0.0)
    fitted = np.einsum("mi,mij,mj->m", amplitude, normal, amplitude)
    return amplitude, total - 2 * np.einsum("mi,mi->m", amplitude, right) + fitted


def _least(block: Block, scale: float, amplitudes: FloatArray) -> float:
    """Return the smallest amplitude to start from."""
    if block.kind in ("R", "arc", "loop", "own", *_DIFFUSION):
        return _LEAST_SHARE * scale
    largest = float(amplitudes.max())
    return 1e-3 * largest if largest > 0 else 1e-12 * scale


def _values(
    block: Block, amplitude: FloatArray, option: FloatArray, rng: np.random.Generator | None
) -> dict[str, FloatArray]:
    """Return the parameters of a block, (n,) each."""
    names = block.first.parameter_names
    if block.kind == "own":
        return _own_values(block.first, amplitude, option, rng)
    tau, alpha = option[:, 0], option[:, 1]
    if rng is not None:
        amplitude = amplitude * np.exp(rng.normal(0, 0.3, amplitude.size))
        tau = tau * np.exp(rng.normal(0, 0.7, tau.size))
        alpha = np.clip(alpha + rng.normal(0, 0.1, alpha.size), 0.5, 1.0)
    if block.kind == "C":
        return {names[0]: 1 / amplitude}
    if block.kind == "CPE":
        return {names[0]: 1 / amplitude, names[1]: alpha}
    if block.kind in _DIFFUSION:
        return {names[0]: amplitude, names[1]: tau}
    if block.second is None:
        return dict(zip(names, (amplitude, tau, alpha), strict=False))
    values = {names[0]: amplitude}
    return values | _beside(block.second, amplitude, tau, alpha)


def _own_values(
    component: Component, amplitude: FloatArray, rows: FloatArray, rng: np.random.Generator | None
) -> dict[str, FloatArray]:
    """Return an element's parameters at these amplitudes, (n,) each, from its rows (n, P) at one ohm."""
    values = {}
    amplitude = amplitude if rng is None else amplitude * np.exp(rng.normal(0, 0.3, amplitude.size))
    for k, row in enumerate(component.element.parameters):
        value = rows[:, k] * amplitude**row.impedance_power
        if rng is not None:
            noise = rng.normal(0, 1, value.size)
            value = value * np.exp(0.7 * noise) if row.scale == "log" else value + 0.1 * noise
        values[component.parameter_names[k]] = value
    return values


def _beside(second: Component, R: FloatArray, tau: FloatArray, alpha: FloatArray) -> dict[str, FloatArray]:
    names = second.parameter_names
    if second.symbol == "L":
        return {names[0]: R * tau}
    if second.symbol == "C":
        return {names[0]: tau / R}
    return {names[0]: tau**alpha / R, names[1]: alpha}

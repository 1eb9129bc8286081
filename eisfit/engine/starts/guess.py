"""Start values from the spectrum alone.

The tree is flattened into blocks in series (a Warburg inside an arc counts as one after it). For a grid of
time constants every block is then a known shape times one unknown, non-negative amplitude, and all grid
points are solved at once as small linear least-squares problems.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import combinations_with_replacement, product
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.starts.blocks import DIFFUSION, OWN, Block, iterate_blocks
from eisfit.engine.starts.random_numbers import Random
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_cache import cache_per_circuit
from eisfit.model.elements import ELEMENTS, FrequencyGrid
from eisfit.model.elements._complex_parts import j_power
from eisfit.model.notation import Component

_POINTS_PER_BLOCK = 14
_LARGEST_GRID = 3000
_ALPHAS = (0.7, 0.92)
_MANY_EQUATIONS = 64  # equations of a few unknowns each, from where numpy's solver is not the fastest
_RIDGE = 1e-9
_MAX_EXACT = 400  # grid points whose non-negative amplitudes are sought
_GOOD_SHARE = 10  # one in so many grid points is good enough to start near
_LONG_SWEEP = 500  # points of a sweep, of more of which a scan takes megabytes and is not kept
_LEAST_SHARE = 1e-3  # of the largest |Z|: an amplitude that came out as zero starts here


class _Scan:
    """What a circuit's grid is on one sweep, whatever is measured there."""

    def __init__(self, circuit: Circuit, omega: FloatArray) -> None:
        self.blocks = list(iterate_blocks(circuit.tree))
        self.arcs = [k for k, block in enumerate(self.blocks) if block.kind == "arc"]
        self.told_apart = _are_told_apart(circuit, self.blocks)
        count = _count_grid_values(self.blocks, self.told_apart)
        times = np.geomspace(0.5 / omega.max(), 2 / omega.min(), count)
        slow = times * (omega.max() / omega.min()) ** 0.25
        self.options = [_list_options(block, times, slow) for block in self.blocks]
        sizes = tuple(len(options) for options in self.options)
        self.choice = _list_choices(tuple(self.arcs), sizes, self.told_apart)
        self.column = np.ascontiguousarray((self.choice + np.cumsum([0, *sizes[:-1]])).T)
        self.grid = FrequencyGrid(omega)
        self.shapes = np.concatenate([self.shape(k, options) for k, options in enumerate(self.options)])

    def shape(self, k: int, options: FloatArray) -> FloatArray:
        """Return the shapes (n, 2F) of block k for options (n, 2)."""
        return np.ascontiguousarray(_compute_shape(self.blocks[k], self.grid, options)).view(np.float64)


@cache_per_circuit
def _cache_scans(circuit: Circuit) -> Callable[[bytes], _Scan]:
    """Return what gives the scan of a sweep, omega's content; the last ones are kept."""
    return lru_cache(maxsize=2)(lambda sweep: _Scan(circuit, np.frombuffer(sweep, dtype=np.float64)))


def _get_scan(circuit: Circuit, omega: FloatArray) -> _Scan:
    if omega.size > _LONG_SWEEP:
        return _Scan(circuit, omega)
    return _cache_scans(circuit)(np.ascontiguousarray(omega).tobytes())


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
        self.circuit, scan = circuit, _get_scan(circuit, omega)
        self.scan, self.blocks, self.arcs = scan, scan.blocks, scan.arcs
        self.options, self.choice = scan.options, scan.choice
        self.scale = float(np.abs(impedance).max()) or 1.0
        self.weight = weight
        self.target = np.ascontiguousarray(impedance).view(np.float64) * weight
        self.amplitude, self.chisqr = self._solve()
        self.order = np.argsort(self.chisqr)

    def _solve(self) -> tuple[FloatArray, FloatArray]:
        """Return amplitudes (M, K) and chisqr (M,) of all grid points."""
        table, column = self.scan.shapes * self.weight, self.scan.column
        gram, moment = table @ table.T, table @ self.target
        total = float(self.target @ self.target)
        if column.shape[1] <= _MAX_EXACT:
            return _solve_non_negative(*_equations(gram, moment, column), total)
        # Negative amplitudes put to zero are a fair first look; the best points by that are then done well.
        normal, right = gram[column[:, np.newaxis], column], moment[column]
        found = np.maximum(_eliminate(_add_ridge(gram)[column[:, np.newaxis], column], right.copy()), 0.0)
        ahead = np.einsum("ijm,jm->im", normal, found) - 2 * right
        amplitude, chisqr = found.T, total + np.einsum("im,im->m", found, ahead)
        best = np.argpartition(chisqr, _MAX_EXACT)[:_MAX_EXACT]
        amplitude[best], chisqr[best] = _solve_non_negative(*_equations(gram, moment, column[:, best]), total)
        return amplitude, chisqr

    def starts(self, count: int) -> FloatArray:
        """Return the physical parameters (count, P) of the best grid points that differ from each other."""
        chosen: list[int] = []
        for candidate in self.order[:400]:
            far = all(np.abs(self.choice[candidate] - self.choice[k]).max() > 1 for k in chosen)
            if far:
                chosen.append(int(candidate))
            if len(chosen) == count:
                break
        points = np.array(chosen)
        options = [self.options[k][self.choice[points, k]] for k in range(len(self.blocks))]
        return self._to_physical(options, self.amplitude[points])

    def scatter(self, count: int, rng: Random, *, exchange: bool = False) -> FloatArray:
        """Return random starts (count, P): good grid points, shaken, with their amplitudes solved again.

        With `exchange`, the arcs of every other start are dealt out anew, so that any of them may be the slow
        one: the grid cannot tell them apart where a Warburg stands in one of them.
        """
        points = rng.choice(self.order[: max(count, self.order.size // _GOOD_SHARE)], count)
        picked = [self.options[k][self.choice[points, k]] for k in range(len(self.blocks))]
        if exchange:
            picked = _exchange_arcs(picked, self.arcs, rng)
        options = [_perturb(block, option, rng) for block, option in zip(self.blocks, picked, strict=True)]
        table = (
            np.stack([self.scan.shape(k, option) for k, option in enumerate(options)], axis=1) * self.weight
        )
        amplitude, _ = _solve_non_negative(table @ table.transpose(0, 2, 1), table @ self.target, 0.0)
        return self._to_physical(options, amplitude)

    def _to_physical(self, options: list[FloatArray], amplitude: FloatArray) -> FloatArray:
        """Return physical parameters (n, P) for options (n, 2) of each block and amplitudes (n, K)."""
        values: dict[str, FloatArray] = {}
        for k, block in enumerate(self.blocks):
            least = _find_least_amplitude(block, self.scale, self.amplitude[:, k])
            values.update(_compute_values(block, np.maximum(amplitude[:, k], least), options[k]))
        return np.stack([self._fill(name, values, len(amplitude)) for name in self.circuit.names], axis=1)

    def _fill(self, name: str, values: Mapping[str, FloatArray], count: int) -> FloatArray:
        """Return one parameter: the value that the circuit gives it, else the start found, within bounds."""
        row = self.circuit.parameters[name]
        if row.value is not None:
            return np.full(count, row.value)
        if name in values:
            return np.clip(values[name], row.min, row.max)
        return np.full(count, 1.0)


def _are_told_apart(circuit: Circuit, pieces: list[Block]) -> bool:
    """Return whether the user has given an arc a value, bound or tie: then any may be the slow one."""
    parts = [
        c for block in pieces if block.kind == "arc" for c in (block.first, block.second) if c is not None
    ]
    rows = [circuit.parameters[name] for component in parts for name in component.parameter_names]
    defaults = [row for component in parts for row in component.element.parameters]
    return any(
        not p.free or p.value is not None or (p.min, p.max) != (row.min, row.max)
        for p, row in zip(rows, defaults, strict=True)
    )


def _count_grid_values(pieces: list[Block], told_apart: bool) -> int:
    """Return how many grid values each scanned block gets, so that the whole grid stays small."""
    arcs = sum(block.kind == "arc" for block in pieces)
    own = [len(_list_own_rows(block, np.ones(1))) for block in pieces if block.kind in OWN]
    beside = [block.kind for block in pieces].count("beside")
    others = sum(block.scanned for block in pieces) - arcs + beside
    for count in range(_POINTS_PER_BLOCK, 4, -1):
        options = count * len(_ALPHAS)
        orders = options**arcs if told_apart else comb(options + arcs - 1, arcs)
        if orders * count**others * prod(own) * len(_ALPHAS) ** beside <= _LARGEST_GRID:
            return count
    return 4


def _list_own_rows(block: Block, times: FloatArray) -> FloatArray:
    """Return what an element says of itself: rows (n, P) of parameters at an amplitude of one."""
    scan, count = block.first.element.scan, len(block.first.element.parameters)
    # One without a time of its own says the same at each.
    return np.ones((1, count)) if scan is None else np.unique(scan(times), axis=0)


def _list_options(block: Block, times: FloatArray, slow: FloatArray) -> FloatArray:
    """Return the options (n, 2) of a block: time constant (s) and exponent; after an own element's rows."""
    if block.kind == "own":
        return _list_own_rows(block, times)
    storage = _list_arc_options(block, times)
    if block.kind == "beside":
        rows = _list_own_rows(block, times)
        return np.hstack([np.repeat(rows, len(storage), axis=0), np.tile(storage, (len(rows), 1))])
    if block.kind == "arc":
        return storage
    if block.kind in DIFFUSION:
        times = slow
    if block.kind == "CPE":
        return np.array([(1.0, alpha) for alpha in (0.5, 0.7, 0.95)])
    return np.stack([times, np.ones(times.size)], axis=1) if block.scanned else np.ones((1, 2))


def _list_arc_options(block: Block, times: FloatArray) -> FloatArray:
    """Return the options (n, 2) of an arc: all share one list, in which a capacitor's exponent is one."""
    ideal = (block.second or block.first).symbol in ("C", "K")
    return np.array([(tau, 1.0 if ideal else alpha) for tau in times for alpha in _ALPHAS])


@lru_cache(maxsize=32)
def _list_choices(arcs: tuple[int, ...], sizes: tuple[int, ...], told_apart: bool) -> IntArray:
    """Return the grid (M, K) of option indices, the arcs in rising order unless they are told apart."""
    others = [k for k in range(len(sizes)) if k not in arcs]
    size = range(sizes[arcs[0]]) if arcs else range(0)
    several = (
        product(size, repeat=len(arcs)) if told_apart else combinations_with_replacement(size, len(arcs))
    )
    ordered = np.array(list(several)) if arcs else np.zeros((1, 0), dtype=int)
    mesh = np.meshgrid(*(np.arange(sizes[k]) for k in others), indexing="ij")
    rest = np.stack([axis.ravel() for axis in mesh], axis=1) if others else np.zeros((1, 0), dtype=int)
    choice = np.empty((len(ordered) * len(rest), len(sizes)), dtype=np.intp)
    choice[:, arcs] = np.repeat(ordered, len(rest), axis=0)
    choice[:, others] = np.tile(rest, (len(ordered), 1))
    choice.setflags(write=False)  # one array serves all fits of this shape
    return choice


def _compute_shape(block: Block, grid: FrequencyGrid, options: FloatArray) -> ComplexArray:
    """Return the shapes (n, F) of a block of amplitude one."""
    if block.kind in OWN:
        return _compute_own_shape(block, grid, options)
    option, alpha = options[:, :1], options[:, 1:]
    if block.kind == "arc":
        return np.asarray(1 / (1 + j_power(grid.log_omega + np.log(option), alpha)))
    if block.kind == "loop":
        return np.asarray(1j * grid.omega * option / (1 + 1j * grid.omega * option))
    element, one = ELEMENTS[block.kind], np.ones_like(option)
    arguments = (one, alpha if block.kind == "CPE" else option) if block.scanned else (one,)
    return np.broadcast_to(element.evaluate(grid, *arguments)[0], (len(options), grid.omega.size))


def _compute_own_shape(block: Block, grid: FrequencyGrid, options: FloatArray) -> ComplexArray:
    """Return the shapes (n, F) of an own element of one ohm, alone or beside storage."""
    rows, storage = _split_options(block, options)
    z = block.first.element.evaluate(grid, *np.hsplit(rows, rows.shape[1]))[0]
    if block.second is not None:
        z = z / (1 + z * j_power(grid.log_omega + np.log(storage[:, :1]), storage[:, 1:]))
    return np.broadcast_to(z, (len(options), grid.omega.size))


def _split_options(block: Block, options: FloatArray) -> list[FloatArray]:
    """Return the options of an own element (n, P), and of the storage beside it (n, 2)."""
    return np.split(options, [len(block.first.element.parameters)], axis=1)


def _solve_non_negative(normal: FloatArray, right: FloatArray, total: float) -> tuple[FloatArray, FloatArray]:
    """Solve normal equations (M, K, K), (M, K) for non-negative amplitudes; also return the sums of squares.

    Negative amplitudes are set to zero and the rest solved again, which for starts is as good as true NNLS.
    """
    amplitude = np.zeros(right.shape)
    kept = np.ones(right.shape, dtype=bool)
    rows = np.arange(len(right))
    while rows.size:
        solved = _solve_restricted(normal[rows], right[rows], kept[rows])
        amplitude[rows] = solved
        negative = solved < 0
        kept[rows] &= ~negative
        rows = rows[negative.any(axis=1)]
    return amplitude, total - np.einsum("mi,mi->m", amplitude, right)


def _equations(gram: FloatArray, moment: FloatArray, column: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return normal equations (M, K, K), (M, K) of columns (K, M), from those of all of them."""
    places = column.T
    return gram[places[:, :, np.newaxis], places[:, np.newaxis, :]], moment[places]


def _add_ridge(normal: FloatArray) -> FloatArray:
    """Return normal equations (..., K, K) that have a solution; that of a zero column is zero."""
    found = normal.copy()
    diagonal = np.einsum("...ii->...i", found)
    diagonal += np.where(diagonal > 0, _RIDGE * diagonal, 1.0)
    return found


def _solve_restricted(normal: FloatArray, right: FloatArray, kept: NDArray[np.bool_]) -> FloatArray:
    """Solve normal equations (M, K, K), (M, K) with only the `kept` (M, K) unknowns, the others zero."""
    reduced = _add_ridge(normal * (kept[:, :, np.newaxis] & kept[:, np.newaxis, :]))
    wanted = np.where(kept, right, 0.0)
    if len(reduced) > _MANY_EQUATIONS:
        return _eliminate(np.ascontiguousarray(reduced.transpose(1, 2, 0)), np.ascontiguousarray(wanted.T)).T
    return np.asarray(np.linalg.solve(reduced, wanted[:, :, np.newaxis])[:, :, 0], dtype=np.float64)


def _eliminate(a: FloatArray, x: FloatArray) -> FloatArray:
    """Solve (K, K, M) x = (K, M), positive definite, in place: of few unknowns a third of numpy's time."""
    for k in range(len(a)):
        share = a[k + 1 :, k] / a[k, k]
        a[k + 1 :, k + 1 :] -= share[:, np.newaxis] * a[k, k + 1 :]
        x[k + 1 :] -= share * x[k]
    for k in reversed(range(len(a))):
        x[k] /= a[k, k]
        x[:k] -= a[:k, k] * x[k]
    return x


def _find_least_amplitude(block: Block, scale: float, amplitudes: FloatArray) -> float:
    """Return the smallest amplitude to start from."""
    if block.kind in ("R", "arc", "loop", *OWN, *DIFFUSION):
        return _LEAST_SHARE * scale
    largest = float(amplitudes.max())
    return 1e-3 * largest if largest > 0 else 1e-12 * scale


def _exchange_arcs(picked: list[FloatArray], arcs: list[int], rng: Random) -> list[FloatArray]:
    """Return the options of each block (n, 2) with those of the arcs permuted in every other row."""
    dealt = [option.copy() for option in picked]
    for row in range(0, len(picked[0]), 2):
        order = rng.permutation(arcs)
        if np.array_equal(order, arcs):
            order = order[::-1]
        for place, source in zip(arcs, order, strict=True):
            dealt[place][row] = picked[source][row]
    return dealt


def _perturb(block: Block, options: FloatArray, rng: Random) -> FloatArray:
    """Return options (n, 2 or P) moved at random, so that starts do not all sit on the grid."""
    if block.kind in OWN:
        own, storage = _split_options(block, options)
        noise = rng.normal(0, 1, own.shape)
        logs = np.array([row.scale == "log" for row in block.first.element.parameters])
        own = np.where(logs, own * np.exp(0.7 * noise), own + 0.1 * noise)
        return own if block.second is None else np.hstack([own, _perturb_arc(block, storage, rng)])
    return _perturb_arc(block, options, rng)


def _perturb_arc(block: Block, options: FloatArray, rng: Random) -> FloatArray:
    tau, alpha = options[:, 0], options[:, 1]
    if block.scanned:
        tau = tau * np.exp(rng.normal(0, 0.7, tau.size))
    if (block.second or block.first).symbol in ("CPE", "Zarc"):
        alpha = np.clip(alpha + rng.normal(0, 0.1, alpha.size), 0.5, 1.0)
    return np.stack([tau, alpha], axis=1)


def _compute_values(block: Block, amplitude: FloatArray, option: FloatArray) -> dict[str, FloatArray]:
    """Return the parameters of a block, (n,) each."""
    if block.kind in OWN:
        own, storage = _split_options(block, option)
        return _own_values(block.first, amplitude, own) | (
            _size_storage(block.second, amplitude, *storage.T) if block.second else {}
        )
    names, (tau, alpha) = block.first.parameter_names, option.T
    if block.kind == "C":
        return {names[0]: 1 / amplitude}
    if block.kind == "CPE":
        return {names[0]: 1 / amplitude, names[1]: alpha}
    if block.kind in DIFFUSION:
        return {names[0]: amplitude, names[1]: tau}
    if block.second is None:
        return dict(zip(names, (amplitude, tau, alpha), strict=False))
    values = {names[0]: amplitude}
    return values | _size_storage(block.second, amplitude, tau, alpha)


def _own_values(component: Component, amplitude: FloatArray, rows: FloatArray) -> dict[str, FloatArray]:
    """Return an element's parameters at these amplitudes, (n,) each, from its rows (n, P) at one ohm."""
    named = zip(component.parameter_names, component.element.parameters, strict=True)
    powers = {name: row.impedance_power for name, row in named}
    return {name: rows[:, k] * amplitude**power for k, (name, power) in enumerate(powers.items())}


def _size_storage(
    second: Component, R: FloatArray, tau: FloatArray, alpha: FloatArray
) -> dict[str, FloatArray]:
    names = second.parameter_names
    if second.symbol in ("L", "C"):
        return {names[0]: R * tau if second.symbol == "L" else tau / R}
    return {names[0]: tau**alpha / R, names[1]: alpha}

"""A circuit as a SPICE netlist: R, C and L as they are, everything else as a chain that has its impedance.

Diffusion, constant phase elements and lines have no finite network; each is written as a chain of R beside C
(and R beside L, where it is inductive), the Foster form of its impedance, with non-negative elements found by
least squares (C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, SIAM 1995, ch. 23) over the range
asked for. How near the chain comes stands beside it as a comment; one that misses by a percent is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import partial

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.errors import CircuitError
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.model.notation import Component, Line, Node, Parallel
from eisfit.records import dataclass

_PER_DECADE = 10  # time constants of a chain
_POINTS = 12  # frequencies a decade at which it is fitted
_BEYOND = 1.5  # decades that its time constants reach beyond the frequencies
_MAX_DEVIATION = 0.01
_GOOD = 1e-3  # a chain of one kind as near as this is taken: both kinds together make it ill-conditioned
#: Share of the impedance below which a part of the chain is left out: parts of very different size make the
#: equations of a solver ill-conditioned, which costs more than they are worth.
_NEGLIGIBLE = 1e-4


def write_netlist(circuit: Circuit, values: Mapping[str, float], *, fmin: float, fmax: float) -> str:
    r"""Return a netlist: the circuit as subcircuit ``cell``, and an AC analysis in which V(in) is Z in ohm.

    Parameters
    ----------
    circuit, values
        The circuit and a value for each of its parameters.
    fmin, fmax
        Frequencies, Hz, between which it has the circuit's impedance.

    Raises
    ------
    CircuitError
        For an element that no chain of positive elements describes within one percent.

    Examples
    --------
    >>> text = write_netlist(Circuit.from_string("R_s-p(R_ct,C_dl)"), {"R_s": 2, "R_ct": 50, "C_dl": 1e-5},
    ...     fmin=1, fmax=1e4)
    >>> print("\n".join(text.splitlines()[2:7]))
    .subckt cell p n
    R_s p n1 2
    R_ct n1 n 50
    C_dl n1 n 1e-05
    .ends cell
    """
    writer = _Writer(circuit, circuit.resolve(values), fmin, fmax)
    writer.write_branch(circuit.tree, "p", "n")
    head = [f"* {circuit.name}", f"* {circuit.string}, valid from {fmin:g} to {fmax:g} Hz"]
    run = ["Xcell in 0 cell", "I1 0 in DC 0 AC 1", f".ac dec 20 {fmin:g} {fmax:g}", ".end"]
    return "\n".join([*head, ".subckt cell p n", *writer.lines, ".ends cell", *run]) + "\n"


@dataclass(frozen=False)
class _Writer:
    circuit: Circuit
    values: Mapping[str, float]
    fmin: float
    fmax: float
    lines: list[str] = field(default_factory=list)
    nodes: int = 0

    def add_node(self) -> str:
        self.nodes += 1
        return f"n{self.nodes}"

    def write_branch(self, node: Node, a: str, b: str) -> None:
        """Write a part between two nodes."""
        if isinstance(node, Component):
            self.write_component(node, a, b)
        elif isinstance(node, Line):
            self.write_chain(node, f"line{self.nodes}", a, b)
        elif isinstance(node, Parallel):
            for child in node.children:
                self.write_branch(child, a, b)
        else:
            for child in node.children[:-1]:
                here = self.add_node()
                self.write_branch(child, a, here)
                a = here
            self.write_branch(node.children[-1], a, b)

    def write_component(self, component: Component, a: str, b: str) -> None:
        if component.symbol == "K":
            R, tau = (float(self.values[name]) for name in component.parameter_names)
            self.lines += [
                f"R_{component.name} {a} {b} {R:.9g}",
                f"C_{component.name} {a} {b} {tau / R:.9g}",
            ]
        elif component.symbol in ("R", "C", "L"):
            self.lines.append(f"{component.name} {a} {b} {float(self.values[component.name]):.9g}")
        else:
            self.write_chain(component, component.name, a, b)

    def write_chain(self, node: Component | Line, name: str, a: str, b: str) -> None:
        """Write the Foster chain of an element that is not lumped."""
        part = Circuit(tree=node)
        decades = np.log10(self.fmax / self.fmin)
        omega = 2 * np.pi * np.geomspace(self.fmin, self.fmax, max(int(_POINTS * decades), 2) + 1)
        z = part.impedance(omega / (2 * np.pi), {n: self.values[n] for n in part.names})
        grid = FrequencyGrid(omega)
        capacitive, inductive = [*_iterate_shapes(grid)], [*_iterate_inductive_shapes(grid)]
        for parts in (capacitive, inductive, capacitive + inductive):
            links, worst = _fit_foster_chain(z, parts)
            if worst < _GOOD:
                break
        if worst > _MAX_DEVIATION:
            raise CircuitError(
                f"{node}: no chain of positive R, C and L has its impedance (it misses by "
                f"{100 * worst:.2g} %), and SPICE has no element for it"
            )
        said = f"* {node}: a chain of {len(links)}, within {100 * worst:.1g} % of its impedance"
        self.lines.append(said)
        for k, link in enumerate(links, 1):
            here = b if k == len(links) else self.add_node()
            self.lines += [f"{kind}_{name}_{k} {a} {here} {value:.9g}" for kind, value in link]
            a = here


#: Elements beside each other: kind and value.
_Link = tuple[tuple[str, float], ...]
_Maker = Callable[[float], _Link]


def _fit_foster_chain(z: ComplexArray, parts: list[tuple[ComplexArray, _Maker]]) -> tuple[list[_Link], float]:
    """Return the links of a chain with the impedance z (F,), and its largest relative deviation."""
    from scipy.optimize import nnls

    columns = np.array([shape for shape, _ in parts]) / np.abs(z)
    size = np.linalg.norm(columns, axis=1)
    unit = z / np.abs(z)
    right = np.concatenate([unit.real, unit.imag])

    def amplitudes(chosen: IntArray) -> FloatArray:
        scaled = columns[chosen] / size[chosen, np.newaxis]
        matrix = np.concatenate([scaled.real, scaled.imag], axis=1).T
        return np.asarray(nnls(matrix, right, maxiter=30 * len(parts))[0] / size[chosen])

    every = np.arange(len(parts))
    share = amplitudes(every) * np.abs(columns).max(axis=1)
    kept = every[share > _NEGLIGIBLE]
    found = amplitudes(kept)
    worst = float(np.abs(found @ columns[kept] - unit).max())
    return [parts[k][1](float(value)) for k, value in zip(kept, found, strict=True) if value > 0], worst


def _iterate_shapes(grid: FrequencyGrid) -> Iterator[tuple[ComplexArray, _Maker]]:
    """Yield shapes (F,) of amplitude one, and what makes a link of an amplitude."""
    s = grid.j_omega
    yield np.ones_like(s), lambda R: (("R", R),)
    yield 1 / s, lambda D: (("C", 1 / D),)
    for tau in _list_times(grid.omega).tolist():
        yield 1 / (1 + s * tau), partial(_make_rc, tau)


def _iterate_inductive_shapes(grid: FrequencyGrid) -> Iterator[tuple[ComplexArray, _Maker]]:
    s = grid.j_omega
    yield np.ones_like(s), lambda R: (("R", R),)
    yield s, lambda L: (("L", L),)
    for tau in _list_times(grid.omega).tolist():
        yield s * tau / (1 + s * tau), partial(_make_rl, tau)


def _make_rc(tau: float, R: float) -> _Link:
    return ("R", R), ("C", tau / R)


def _make_rl(tau: float, R: float) -> _Link:
    return ("R", R), ("L", tau * R)


def _list_times(omega: FloatArray) -> FloatArray:
    low, high = -np.log10(omega.max()) - _BEYOND, -np.log10(omega.min()) + _BEYOND
    return np.asarray(10 ** np.linspace(low, high, int(_PER_DECADE * (high - low)) + 1))

"""The arcs of a circuit: a resistor and the CPE or capacitor beside it, and their time constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, Node, Parallel, components


class _Pair(NamedTuple):
    resistor: Component
    storage: Component


class Arc(_Pair):
    """A resistor and what is beside it; values `p` are numbers, or columns (n,), by parameters' names."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of its parameters: R, then C, or Q and alpha."""
        return (self.resistor.name, *self.storage.parameter_names)

    def alpha(self, p: Mapping[str, Any]) -> Any:
        """Return the exponent, of a capacitor 1."""
        return p[self.names[2]] if len(self.names) > 2 else 1.0

    def tau(self, p: Mapping[str, Any]) -> Any:
        """Return the time constant (R Q)^(1/alpha), s."""
        R, Q, *_ = self.names
        return (p[R] * p[Q]) ** (1 / self.alpha(p))

    def log_tau(self, p: Mapping[str, Any]) -> Any:
        """Return its logarithm."""
        R, Q, *_ = self.names
        with np.errstate(all="ignore"):  # what is held at a bound may be zero
            return np.log(p[R] * p[Q]) / self.alpha(p)

    def write(self, p: Mapping[str, FloatArray], tau: FloatArray, alpha: Any, size: FloatArray) -> None:
        """Write it into columns (n,): time constants, exponents unless it is a capacitor's, resistances."""
        R, Q, *exponents = self.names
        p[R][:], p[Q][:] = size, tau ** (alpha if exponents else 1.0) / size
        for name in exponents:
            p[name][:] = alpha


def name_columns(circuit: Circuit, values: FloatArray) -> dict[str, FloatArray]:
    """Return name -> column (n,) of parameters (n, P), no copy of it."""
    return dict(zip(circuit.names, values.T, strict=True))


def iterate_parallels(node: Node) -> Iterator[Parallel]:
    """Yield every parallel connection of a tree."""
    if isinstance(node, Component):
        return
    if isinstance(node, Parallel):
        yield node
    for child in node.children:
        yield from iterate_parallels(child)


def arcs(node: Node) -> Iterator[Arc]:
    """Yield every parallel connection of a resistor and a CPE or capacitor."""
    for parallel in iterate_parallels(node):
        storage = [c for c in parallel.children if isinstance(c, Component) and c.symbol in ("CPE", "C")]
        others = [c for child in parallel.children if child not in storage for c in components(child)]
        resistors = [c for c in others if c.symbol == "R"]
        if storage and resistors:
            yield Arc(resistors[0], storage[0])

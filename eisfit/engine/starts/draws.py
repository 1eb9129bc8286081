"""Random starts for any circuit: each element is given the size of the impedance at a measured frequency.

No topology is assumed, so resonances, inductive branches and negative resistances are reached, which a grid
of relaxation times misses. An element that matters somewhere in the sweep has there about the impedance that
was measured; a frequency of the sweep is drawn for each element, and its parameters follow from both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, IntArray
from eisfit.engine.starts.random_numbers import Random
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import CircuitParameter
from eisfit.model.elements.base import UNITS
from eisfit.model.notation import Component, Node, components
from eisfit.records import dataclass

_SIZE_SPREAD = 0.4  # decades, of an element's impedance about the measured one
_TIME_SPREAD = 0.3
_RATIO_SPREAD = 0.7
_LEAST_EXPONENT = 0.45
_AT_BENDS = 0.6  # share of the frequencies drawn where ln|Z| bends, with `together`


def draw_random_starts(
    circuit: Circuit,
    omega: FloatArray,
    impedance: ComplexArray,
    count: int,
    rng: Random,
    *,
    together: bool = False,
) -> FloatArray:
    """Return start parameters (B, count, P): the same random numbers for every spectrum.

    Parameters
    ----------
    circuit
        Its given values are kept and its bounds kept to; what an expression gives starts as one.
    omega
        (F,) or (B, F) rad/s.
    impedance
        (B, F) complex ohm.
    count
        Starts for each spectrum.
    rng
        Where the random numbers come from; as many are taken whatever the spectra are.
    together
        Elements side by side in one branch share their frequency, drawn for the most part where ln|Z| bends:
        resonances are hit more often, everything else less.
    """
    draw = _Draw.of(omega, impedance, together)
    frequency = {}
    for members in _iterate_branches(circuit.tree):
        shared = rng.random(count)
        own = rng.random((len(members), count))
        for component, one in zip(members, own, strict=True):
            frequency[component.name] = shared if together else one
    columns = {}
    for component in components(circuit.tree):
        place = draw.find_frequency(frequency[component.name])
        rows = [circuit.parameters[name] for name in component.parameter_names]
        columns.update(_draw_element(component, rows, draw, place, rng))
    return np.stack([columns[name] for name in circuit.names], axis=-1)


@dataclass(frozen=True, eq=False, repr=False)
class _Draw:
    """What is drawn from: omega and |Z| (B, F), and the cumulated chance (B, F) of each frequency."""

    omega: FloatArray
    modulus: FloatArray
    chance: FloatArray

    @classmethod
    def of(cls, omega: FloatArray, impedance: ComplexArray, at_bends: bool) -> _Draw:
        modulus = np.abs(impedance)
        modulus = np.maximum(modulus, 1e-12 * modulus.max(axis=1, keepdims=True))
        even = np.full(modulus.shape, 1 / modulus.shape[1])
        omega = np.broadcast_to(omega, modulus.shape)
        if at_bends and modulus.shape[1] > 4:
            even = _AT_BENDS * _measure_bends(omega, modulus) + (1 - _AT_BENDS) * even
        return cls(omega, modulus, np.cumsum(even, axis=1))

    def find_frequency(self, uniform: FloatArray) -> IntArray:
        """Return the frequency (B, S) that each of (S,) numbers from 0 to 1 stands for."""
        found = np.sum(self.chance[:, :, np.newaxis] < uniform, axis=1)
        return np.asarray(np.minimum(found, self.omega.shape[1] - 1), dtype=np.intp)


def _measure_bends(omega: FloatArray, modulus: FloatArray) -> FloatArray:
    """Return how much ln|Z| bends at each frequency (B, F), as shares of one."""
    x, y = np.log(omega), np.log(modulus)
    slope = np.diff(y, axis=1) / np.where(np.diff(x, axis=1) == 0, 1.0, np.diff(x, axis=1))
    bend = np.zeros(y.shape)
    bend[:, 1:-1] = np.abs(np.diff(slope, axis=1))
    return np.asarray((bend + 1e-12) / np.sum(bend + 1e-12, axis=1, keepdims=True))


def _iterate_branches(node: Node) -> Iterator[list[Component]]:
    """Yield the components that stand side by side, each in exactly one list."""
    if isinstance(node, Component):
        yield [node]
        return
    direct = [child for child in node.children if isinstance(child, Component)]
    if direct:
        yield direct
    for child in node.children:
        if not isinstance(child, Component):
            yield from _iterate_branches(child)


def _draw_element(
    component: Component, rows: list[CircuitParameter], draw: _Draw, place: IntArray, rng: Random
) -> dict[str, FloatArray]:
    """Return the parameters (B, S) of an element that matters at the frequencies `place` (B, S)."""
    row, count = np.arange(len(place))[:, np.newaxis], place.shape[1]
    omega, size = draw.omega[row, place], draw.modulus[row, place]
    exponent = _draw_exponent(component, rows, count, rng)
    found = {}
    for own, kind in zip(rows, component.element.parameters, strict=True):
        noise, sign = rng.normal(0, 1, count), rng.random(count)
        if own.scale == "linear" and kind.unit == "":
            value = np.broadcast_to(exponent, place.shape)
        else:
            value = _value(kind.unit, size * 10 ** (_SIZE_SPREAD * noise), omega, exponent, noise)
            value = _clip(own, value, sign)
        found[own.name] = _take_given(own, value)
    return found


def _draw_exponent(component: Component, rows: list[CircuitParameter], count: int, rng: Random) -> FloatArray:
    """Return an element's exponent (S,): at random in its bounds, or what the circuit gives."""
    uniform = rng.random(count)
    for row, kind in zip(rows, component.element.parameters, strict=True):
        if kind.unit == "" and kind.scale == "linear":
            low = min(max(row.min, _LEAST_EXPONENT * kind.max), row.max)
            drawn = low + (row.max - low) * uniform
            return drawn if row.value is None else np.full(count, row.value)
    return np.ones(count)


def _value(unit: str, z: FloatArray, w: FloatArray, exponent: FloatArray, noise: FloatArray) -> FloatArray:
    """Return what makes an element's impedance about z ohm at w rad/s; times and numbers spread by noise."""
    ohms, seconds, _ = UNITS.get(unit, UNITS[""])
    value = z**ohms / w ** (exponent if isinstance(seconds, str) else seconds)
    return np.asarray(value if ohms else 10 ** ((_TIME_SPREAD if seconds else _RATIO_SPREAD) * noise) * value)


def _clip(row: CircuitParameter, value: FloatArray, uniform: FloatArray) -> FloatArray:
    """Return the values with a sign that the bounds allow, and within them."""
    if row.max <= 0:
        value = -value
    elif row.min < 0:
        value = np.where(uniform < 0.5, -value, value)
    return np.minimum(np.maximum(value, row.min), row.max)


def _take_given(row: CircuitParameter, value: FloatArray) -> FloatArray:
    if row.value is not None:
        return np.full(value.shape, row.value)
    return np.ones(value.shape) if row.expr is not None else np.asarray(value)

"""A circuit's weighted impedance and Jacobian for a batch in few passes over memory, for the solver.

`Circuit.evaluate` gives derivatives by the parameters themselves, for everybody. Here they are taken back
down the tree (reverse accumulation: A. Griewank, A. Walther, Evaluating Derivatives, SIAM 2008, ch. 3): the
values go up, the weight comes down, and each derivative is written once, where it is wanted, already weighted
and by the logarithm of its parameter. Branches in parallel are added as admittances, so that R beside CPE
costs one reciprocal.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.coordinates import Coordinates
from eisfit.model.elements import FrequencyGrid
from eisfit.model.elements._complex_parts import j_power
from eisfit.model.elements._two_rails import two_rail_line
from eisfit.model.notation import Component, Line, Node, Series
from eisfit.records import dataclass

#: Takes d(result)/d(this branch) and writes the derivatives by its parameters.
Backward = Callable[[ComplexArray], None]

#: Elements that are amplitude**power times a fixed shape of the frequency.
_MONOMIALS: dict[str, tuple[int, Callable[[FrequencyGrid], ComplexArray]]] = {
    "L": (1, lambda grid: grid.j_omega),
    "W": (1, lambda grid: grid.warburg),
    "C": (-1, lambda grid: 1 / grid.j_omega),
}


@dataclass(frozen=True, eq=False, repr=False)
class _Place:
    """Where a batch is evaluated, `values` (B, P) or `theta` (B, V), and `out` (B, V, F) for derivatives."""

    coordinates: Coordinates
    grid: FrequencyGrid
    values: FloatArray
    theta: FloatArray
    out: ComplexArray

    def first(self, component: Component) -> int:
        """Return the column of a component's first parameter."""
        return self.coordinates.position[component.parameter_names[0]]

    def value(self, k: int) -> FloatArray:
        """Return parameter k (B, 1)."""
        return self.values[:, k : k + 1]

    def slot(self, k: int) -> ComplexArray | None:
        """Return where the derivative by parameter k goes, (B, F); None where it is fixed."""
        column = self.coordinates.column.get(k)
        return None if column is None else self.out[:, column]


def evaluate(
    coordinates: Coordinates, grid: FrequencyGrid, theta: FloatArray, seed: ComplexArray, out: ComplexArray
) -> ComplexArray:
    """Return Z (B, F) at theta (B, V) and write seed * dZ/dtheta into `out` (B, V, F).

    For circuits without expressions. `seed` is the weight, (1 or B, 1 or F).
    """
    values = coordinates.physical(theta)
    z, backward = _evaluate_branch(_Place(coordinates, grid, values, theta, out), coordinates.circuit.tree, 1)
    backward(seed)
    _chain_times(coordinates, values, theta, out)
    return np.broadcast_to(z, (out.shape[0], out.shape[2]))


def impedance(coordinates: Coordinates, grid: FrequencyGrid, theta: FloatArray) -> ComplexArray:
    """Return Z (B, F) at theta (B, V), without derivatives."""
    nothing = np.empty((0, 0, 0), dtype=np.complex128)
    place = _Place(coordinates, grid, coordinates.physical(theta), theta, nothing)
    z = _evaluate_branch(place, coordinates.circuit.tree, 1)[0]
    return np.broadcast_to(z, (len(theta), grid.omega.shape[-1]))


def _chain_times(coordinates: Coordinates, values: FloatArray, theta: FloatArray, out: ComplexArray) -> None:
    """Turn derivatives by ln Q into those by ln tau, Q = tau^alpha / R."""
    for q, r, alpha in coordinates.ties:
        if (q, r, alpha) in coordinates.simple:
            continue  # `_evaluate_arc` has done so already
        v = coordinates.column[q]
        by_q = out[:, v]
        out[:, coordinates.column[r]] -= by_q
        if alpha is None:
            continue
        if alpha in coordinates.column:
            out[:, coordinates.column[alpha]] += theta[:, v : v + 1] * by_q
        by_q *= values[:, alpha, np.newaxis]


def _evaluate_branch(place: _Place, node: Node, sign: int) -> tuple[ComplexArray, Backward]:
    """Return the impedance (sign 1) or admittance (sign -1) of a branch, and its way back."""
    if isinstance(node, Component):
        return _evaluate_component(place, node, sign)
    if (found := place.coordinates.find_simple_arc(node)) is not None:
        return _evaluate_arc(place, *found) if sign > 0 else _invert(*_evaluate_arc(place, *found))
    if isinstance(node, Line):
        return _evaluate_line(place, node) if sign > 0 else _invert(*_evaluate_line(place, node))
    own = 1 if isinstance(node, Series) else -1  # impedances add up in series, admittances in parallel
    parts = [_evaluate_branch(place, child, own) for child in node.children]
    total = parts[0][0]
    for other, _ in parts[1:]:
        total = total + other

    def backward(adjoint: ComplexArray) -> None:
        for _, part in parts:
            part(adjoint)

    return (total, backward) if own == sign else _invert(total, backward)


def _evaluate_line(place: _Place, node: Line) -> tuple[ComplexArray, Backward]:
    """Return the impedance of a transmission line of any sub-circuits, and the way back into each."""
    shape = (len(place.values), place.grid.omega.shape[-1])
    ways = [None if part is None else _evaluate_branch(place, part, 1) for part in node.parts]
    z, by_parts = two_rail_line([None if way is None else way[0] for way in ways], shape)

    def backward(adjoint: ComplexArray) -> None:
        for way, by_part in zip(ways, by_parts, strict=True):
            if way is not None:
                way[1](adjoint * by_part)

    return z, backward


def _invert(value: ComplexArray, backward: Backward) -> tuple[ComplexArray, Backward]:
    """Return 1/value, whose derivative is -1/value^2."""
    inverse = 1 / value

    def invert_backward(adjoint: ComplexArray) -> None:
        factor = inverse * inverse
        factor = (
            factor * adjoint if adjoint.shape != factor.shape else np.multiply(factor, adjoint, out=factor)
        )
        backward(np.negative(factor, out=factor))

    return inverse, invert_backward


def _evaluate_arc(place: _Place, q: int, r: int, alpha: int) -> tuple[ComplexArray, Backward]:
    """Return R / (1 + x), x = (j omega tau)^alpha: a resistor beside a CPE, all three parameters free.

    With u = 1 / (1 + x): dZ/dln R = Z, dZ/dln tau = -alpha Z x u, dZ/dalpha = -Z x u ln(j omega tau).
    """
    exponent = place.value(alpha)
    log_tau = place.theta[:, place.coordinates.column[q], np.newaxis]
    log_x = place.grid.log_omega + log_tau
    x = j_power(log_x, exponent)
    u = 1 + x
    np.reciprocal(u, out=u)
    z = u * place.value(r)

    def backward(adjoint: ComplexArray) -> None:
        by_r = np.multiply(adjoint, z, out=place.slot(r))
        np.multiply(x, u, out=u)
        np.multiply(by_r, u, out=u)
        np.multiply(u, -exponent, out=place.slot(q))
        log_j = np.empty(z.shape, dtype=np.complex128)
        np.negative(log_x, out=log_j.real)
        log_j.imag = -0.5 * np.pi
        np.multiply(u, log_j, out=place.slot(alpha))

    return z, backward


def _evaluate_component(place: _Place, component: Component, sign: int) -> tuple[ComplexArray, Backward]:
    if component.symbol == "R":
        return _evaluate_resistor(place, component, sign)
    if component.symbol == "CPE":
        return _evaluate_constant_phase(place, component, sign)
    if component.symbol in _MONOMIALS:
        return _evaluate_monomial(place, component, sign)
    return _evaluate_any(place, component) if sign > 0 else _invert(*_evaluate_any(place, component))


def _evaluate_resistor(place: _Place, component: Component, sign: int) -> tuple[ComplexArray, Backward]:
    k = place.first(component)
    value = place.value(k) if sign > 0 else 1 / place.value(k)

    def backward(adjoint: ComplexArray) -> None:
        slot = place.slot(k)
        if slot is None:
            return
        if place.coordinates.log[k]:
            np.multiply(adjoint, sign * value, out=slot)
        else:
            np.multiply(adjoint, 1.0 if sign > 0 else -(value**2), out=slot)

    return value.astype(np.complex128), backward


def _evaluate_monomial(place: _Place, component: Component, sign: int) -> tuple[ComplexArray, Backward]:
    k = place.first(component)
    power, shape = _MONOMIALS[component.symbol]
    form = shape(place.grid) if sign > 0 else 1 / shape(place.grid)
    value = place.value(k) ** (power * sign) * form

    def backward(adjoint: ComplexArray) -> None:
        slot = place.slot(k)
        if slot is not None:
            np.multiply(adjoint, value, out=slot)
            if power * sign < 0:
                np.negative(slot, out=slot)
            if not place.coordinates.log[k]:
                slot /= place.value(k)

    return value, backward


def _evaluate_constant_phase(place: _Place, component: Component, sign: int) -> tuple[ComplexArray, Backward]:
    k = place.first(component)
    q, alpha = place.value(k), place.value(k + 1)
    # One real exponential and a phase per row: much cheaper than a complex power per point.
    modulus = np.multiply(-sign * alpha, place.grid.log_omega)
    np.exp(modulus, out=modulus)
    value = modulus * (np.exp(-0.5j * sign * np.pi * alpha) * q**-sign)

    def backward(adjoint: ComplexArray) -> None:
        by_q, by_alpha = place.slot(k), place.slot(k + 1)
        scaled = np.multiply(adjoint, value, out=by_q)
        if sign > 0:
            np.negative(scaled, out=scaled)
        if by_alpha is not None:
            np.multiply(scaled, place.grid.log_j_omega, out=by_alpha)
        if by_q is not None and not place.coordinates.log[k]:
            by_q /= q

    return value, backward


def _evaluate_any(place: _Place, component: Component) -> tuple[ComplexArray, Backward]:
    """Return the impedance of an element by its own formula."""
    k, element = place.first(component), component.element
    values = [place.value(k + i) for i in range(len(element.parameters))]
    z, derivatives = element.evaluate(place.grid, *values)

    def backward(adjoint: ComplexArray) -> None:
        for i, derivative in enumerate(derivatives):
            slot = place.slot(k + i)
            if slot is not None:
                np.multiply(adjoint, derivative, out=slot)
                if place.coordinates.log[k + i]:
                    slot *= values[i]

    return z, backward

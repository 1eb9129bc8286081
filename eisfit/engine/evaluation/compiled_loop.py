"""The solver's iteration for numba: row after row, on a tape (see `eisfit.engine.evaluation.compiled`).

What is a number for each frequency stands in rows of one array `w`, named by their number (the imaginary part
follows the real part). Nothing here makes an array: there are no references to be counted, and the machine
code needs nothing of numba's own (see `eisfit.engine.evaluation.machine_code`).
"""

# ruff: noqa: PLR0917, C901 - plain loops over plain arguments, which is what numba knows

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import carray, njit, types  # type: ignore[attr-defined, unused-ignore]
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
Array = NDArray[Any]
Arrays = tuple[Array, ...]

# Columns of an instruction.
OP, Z, A, B, SIDE, ADJOINT, INNER, SIGN, K = range(9)  # three parameters from K, their Jacobian rows from J
J = K + 3
ADD, INVERSE, RESISTOR, MONOMIAL, CONSTANT_PHASE, ARC, GERISCHER = range(7)
REFLECTIVE, TRANSMISSIVE, REFLECTIVE_POWER, TRANSMISSIVE_POWER, LINE = range(7, 12)
# What the working room holds.
W, JACOBIAN, VALUES, LOGS, NORMAL, NEW_NORMAL, MATRIX, STEP, TRIAL, EXTRA, HELD = range(11)
# Rows of a grid, after the pairs that shape the monomials.
OMEGA, LOG_OMEGA = 8, 9

_QUARTER = 0.5 * math.pi
_LOG2_E = 1 / math.log(2)
_LN_2_HIGH, _LN_2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
_ROUND = 1.5 * 2.0**52
_ONE_BITS = 1023 << 52
_DOUBLINGS, _TERMS = 7, 11
_LOG_SMALL = math.log(0.5)  # of abs(x), below which differences of tanh are told by their series
_SMALLEST = 2.0 / 2**_DOUBLINGS


_INNER: dict[str, Any] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}
_ANY_ORDER = {"contract", "reassoc", "nsz", "arcp"}  # of sums, for vector instructions


def _compile_in_any_order(function: Function) -> Function:
    compiled: Function = njit(fastmath=_ANY_ORDER, **_INNER)(function)
    return compiled


def _compile_in_order(function: Function) -> Function:
    compiled: Function = njit(fastmath={"contract"}, **_INNER)(function)
    return compiled


@_compile_in_order
def _write_power(w: Array, out: int, room: int, x: Array, slope: float, offset: float) -> None:
    """Write exp(slope x + offset) to the last bit or two, in vector instructions; uses row `room` up.

    exp(v) = 2^k exp(r) with k = round(v / ln 2): added to a large number, k stands in the lowest bits of the
    sum, from where a shift brings it into the exponent.
    """
    bits = w.view(np.int64)
    for f in range(w.shape[1]):
        v = min(max(slope * x[f] + offset, -700.0), 700.0)
        shifted = v * _LOG2_E + _ROUND
        w[room, f] = shifted
        k = shifted - _ROUND
        r = (v - k * _LN_2_HIGH) - k * _LN_2_LOW
        p = r * (1 / 479001600.0) + 1 / 39916800.0
        p = p * r + 1 / 3628800.0
        p = p * r + 1 / 362880.0
        p = p * r + 1 / 40320.0
        p = p * r + 1 / 5040.0
        p = p * r + 1 / 720.0
        p = p * r + 1 / 120.0
        p = p * r + 1 / 24.0
        p = p * r + 1 / 6.0
        w[out, f] = ((p * r + 0.5) * r + 1.0) * r + 1.0
    for f in range(w.shape[1]):
        bits[room, f] = (bits[room, f] << 52) + _ONE_BITS
    for f in range(w.shape[1]):
        w[out, f] *= w[room, f]


@_compile_in_order
def _write_expm1(w: Array, out: int, x: int) -> None:
    """Write exp(-2x) - 1 for Re x >= |Im x|: the power series of x / 128, doubled seven times.

    E(2x) = E (2 + E), and as |1 + E| <= 1 nothing is lost, near zero either.
    """
    for f in range(w.shape[1]):
        w[out, f], w[out + 1, f] = 1.0, 0.0
    for n in range(_TERMS, 0, -1):
        share, one = -_SMALLEST / n, 1.0 if n > 1 else 0.0
        for f in range(w.shape[1]):
            # exp(-40) cannot be told from nothing
            p, q = min(w[x, f], 20.0), min(max(w[x + 1, f], -20.0), 20.0)
            a, b = w[out, f], w[out + 1, f]
            w[out, f] = share * (p * a - q * b) + one
            w[out + 1, f] = share * (p * b + q * a)
    for _ in range(_DOUBLINGS):
        for f in range(w.shape[1]):
            a, b = w[out, f], w[out + 1, f]
            w[out, f], w[out + 1, f] = a * (2.0 + a) - b * b, 2.0 * b * (1.0 + a)


@_compile_in_any_order
def _multiply(w: Array, out: int, a: int, b: int, factor: float) -> None:
    """Write factor a b, complex."""
    for f in range(w.shape[1]):
        p, q, x, y = w[a, f], w[a + 1, f], w[b, f], w[b + 1, f]
        w[out, f] = factor * (p * x - q * y)
        w[out + 1, f] = factor * (p * y + q * x)


@_compile_in_any_order
def _write_inverse(w: Array, out: int, a: int) -> None:
    for f in range(w.shape[1]):
        p, q = w[a, f], w[a + 1, f]
        size = 1.0 / (p * p + q * q)
        w[out, f] = p * size
        w[out + 1, f] = -q * size


@_compile_in_any_order
def _inverse_backward(w: Array, inner: int, z: int, adjoint: int) -> None:
    for f in range(w.shape[1]):
        a, b, p, q = w[z, f], w[z + 1, f], w[adjoint, f], w[adjoint + 1, f]
        x, y = b * b - a * a, -2.0 * a * b
        w[inner, f] = x * p - y * q
        w[inner + 1, f] = x * q + y * p


@_compile_in_any_order
def _write_arc(w: Array, z: int, rest: int, grid: Array, R: float, log_tau: float, alpha: float) -> None:
    """Z = R / (1 + x), and rest = x / (1 + x)."""
    _write_power(w, rest, z, grid[LOG_OMEGA], alpha, alpha * log_tau)
    cosine, sine = math.cos(_QUARTER * alpha), math.sin(_QUARTER * alpha)
    for f in range(w.shape[1]):
        x, y = w[rest, f] * cosine, w[rest, f] * sine
        size = 1.0 / ((1.0 + x) * (1.0 + x) + y * y)
        w[z, f] = R * (1.0 + x) * size
        w[z + 1, f] = -R * y * size
        w[rest, f] = (x * (1.0 + x) + y * y) * size
        w[rest + 1, f] = y * size


@_compile_in_any_order
def _arc_backward(w: Array, code: Array, grid: Array, log_tau: float, alpha: float) -> None:
    """Write dZ/dln R = Z, dZ/dln tau = -alpha Z rest, dZ/dalpha = -ln(j omega tau) Z rest."""
    by_r, by_tau, by_alpha = code[J], code[J + 1], code[J + 2]
    _multiply(w, by_r, code[Z], code[ADJOINT], 1.0)
    _multiply(w, by_tau, code[SIDE], by_r, -1.0)
    _differentiate_power(w, by_alpha, by_tau, grid, log_tau, alpha)


@_compile_in_any_order
def _differentiate_power(w: Array, out: int, slope: int, grid: Array, log_tau: float, power: float) -> None:
    """Write the slopes by the power of j omega tau and by ln tau, of that by the logarithm of the whole."""
    _differentiate_exponent(w, out, slope, grid, log_tau)
    for f in range(w.shape[1]):
        w[slope, f] *= power
        w[slope + 1, f] *= power


@_compile_in_any_order
def _differentiate_exponent(w: Array, out: int, slope: int, grid: Array, log_tau: float) -> None:
    """Write ln(j omega tau) times a slope. Loops of few rows each: others do not become vectors."""
    for f in range(w.shape[1]):
        w[out, f] = (grid[LOG_OMEGA, f] + log_tau) * w[slope, f] - _QUARTER * w[slope + 1, f]
    for f in range(w.shape[1]):
        w[out + 1, f] = (grid[LOG_OMEGA, f] + log_tau) * w[slope + 1, f] + _QUARTER * w[slope, f]


@_compile_in_any_order
def _write_constant_phase(w: Array, z: int, grid: Array, log_q: float, alpha: float, sign: int) -> None:
    _write_power(w, z, z + 1, grid[LOG_OMEGA], -sign * alpha, -sign * log_q)
    cosine, sine = math.cos(_QUARTER * alpha), -sign * math.sin(_QUARTER * alpha)
    for f in range(w.shape[1]):
        size = w[z, f]
        w[z, f] = size * cosine
        w[z + 1, f] = size * sine


@_compile_in_any_order
def _constant_phase_backward(w: Array, code: Array, grid: Array) -> None:
    _multiply(w, code[J], code[Z], code[ADJOINT], -float(code[SIGN]))
    _differentiate_exponent(w, code[J + 1], code[J], grid, 0.0)


@_compile_in_any_order
def _write_finite_length(w: Array, z: int, slope: int, R: float, share: float, sign: float) -> None:
    """Z = R coth(x)/x (sign 1) or R tanh(x)/x (sign -1) of x in `slope`; there a share of dZ/dln x."""
    _write_expm1(w, z, slope)
    for f in range(w.shape[1]):
        a, b, x, y = w[z, f], w[z + 1, f], w[slope, f], w[slope + 1, f]
        # coth x = -(2 + E) / E, tanh x = -E / (2 + E)
        size = -1.0 / (a * a + b * b) if sign > 0 else -1.0 / ((2.0 + a) * (2.0 + a) + b * b)
        u, v = (a * (2.0 + a) + b * b) * size, -sign * 2.0 * b * size
        per = 1.0 / (x * x + y * y)
        p, q = (u * x + v * y) * per, (v * x - u * y) * per
        w[z, f], w[z + 1, f] = R * p, R * q
        w[slope, f] = share * R * (1.0 - (u * u - v * v) - p)
        w[slope + 1, f] = share * R * (-2.0 * u * v - q)


@_compile_in_any_order
def _write_diffusion(
    w: Array, z: int, slope: int, grid: Array, R: float, log_tau: float, p: float, sign: float
) -> None:
    """Z = R coth(x)/x (sign 1) or R tanh(x)/x (sign -1), x = (j omega tau)^p, and dZ/dln x."""
    cosine, sine = math.cos(_QUARTER * p), math.sin(_QUARTER * p)
    _write_power(w, slope, z, grid[LOG_OMEGA], p, p * log_tau)
    for f in range(w.shape[1]):
        size = w[slope, f]
        w[slope, f] = size * cosine
        w[slope + 1, f] = size * sine
    _write_finite_length(w, z, slope, R, 1.0, sign)
    if sign < 0:
        for f in range(w.shape[1]):
            size = p * (grid[LOG_OMEGA, f] + log_tau)
            if size < _LOG_SMALL:
                size = math.exp(size)
                w[slope, f], w[slope + 1, f] = _transmissive_slope(complex(size * cosine, size * sine), R)


@_compile_in_any_order
def _transmissive_slope(x: complex, R: float) -> tuple[float, float]:
    """R (1 - tanh^2 x - tanh x / x) by its series, as `eisfit.model.elements.diffusion`."""
    square = 4.0 * x * x
    tail = complex(1.0, 0.0)
    for n in range(8, 1, -1):
        tail = 1.0 + tail * square / ((2 * n) * (2 * n + 1))
    p, q = x.real, x.imag
    cosh = complex(math.cosh(p) * math.cos(q), math.sinh(p) * math.sin(q))
    found = -R * square / 6.0 * tail / (cosh * cosh)
    return found.real, found.imag


@_compile_in_any_order
def _diffusion_backward(w: Array, code: Array, grid: Array, log_tau: float, p: float) -> None:
    """Write dZ/dln R = Z, dZ/dln tau = p dZ/dln x, dZ/dp = ln(j omega tau) dZ/dln x."""
    by_r, by_tau, by_p = code[J], code[J + 1], code[J + 2]
    _multiply(w, by_r, code[Z], code[ADJOINT], 1.0)
    _multiply(w, by_tau, code[SIDE], code[ADJOINT], 1.0)
    _differentiate_power(w, by_p, by_tau, grid, log_tau, p)


@_compile_in_any_order
def _write_line(w: Array, z: int, slope: int, inner: int, rail: float) -> None:
    """Z = R coth(u)/u, u = sqrt(R Y), of a rail R along which an admittance Y is spread, and dZ/dln Y."""
    for f in range(w.shape[1]):
        p, q = rail * w[inner, f], rail * w[inner + 1, f]
        root = math.sqrt(0.5 * (math.sqrt(p * p + q * q) + p))
        w[slope, f] = root
        w[slope + 1, f] = 0.5 * q / root
    _write_finite_length(w, z, slope, rail, 0.5, 1.0)


@_compile_in_any_order
def _line_backward(w: Array, code: Array) -> None:
    """Write dZ/dln R = Z + dZ/dln Y, and in the adjoint of Y dZ/dY."""
    rail, inner, y = code[J], code[INNER], code[A]
    _multiply(w, rail, code[Z], code[ADJOINT], 1.0)
    _multiply(w, inner, code[SIDE], code[ADJOINT], 1.0)
    for f in range(w.shape[1]):
        a, b, p, q = w[inner, f], w[inner + 1, f], w[y, f], w[y + 1, f]
        w[rail, f] += a
        w[rail + 1, f] += b
        size = 1.0 / (p * p + q * q)
        w[inner, f] = (a * p + b * q) * size
        w[inner + 1, f] = (b * p - a * q) * size


@_compile_in_any_order
def _write_gerischer(w: Array, z: int, slope: int, grid: Array, R: float, tau: float) -> None:
    for f in range(w.shape[1]):
        x = grid[OMEGA, f] * tau
        size = math.sqrt(1.0 + x * x)
        c = math.sqrt(0.5 * (size + 1.0))
        p, q = R * c / size, -0.5 * R * x / (c * size)
        share = -0.5 * x / (size * size)
        w[z, f], w[z + 1, f] = p, q
        w[slope, f] = share * (x * p - q)
        w[slope + 1, f] = share * (x * q + p)


@_compile_in_any_order
def _write_resistor(w: Array, z: int, value: float) -> None:
    for f in range(w.shape[1]):
        w[z, f], w[z + 1, f] = value, 0.0


@_compile_in_any_order
def _write_monomial(w: Array, z: int, grid: Array, shape: int, factor: float) -> None:
    for f in range(w.shape[1]):
        w[z, f], w[z + 1, f] = factor * grid[shape, f], factor * grid[shape + 1, f]


@_compile_in_any_order
def _add(w: Array, z: int, a: int, b: int) -> None:
    for f in range(w.shape[1]):
        w[z, f], w[z + 1, f] = w[a, f] + w[b, f], w[a + 1, f] + w[b + 1, f]


@_compile_in_any_order
def _evaluate_forward(w: Array, tape: Array, values: Array, logs: Array, grid: Array) -> None:
    """Write the impedances of all branches."""
    for i in range(tape.shape[0]):
        code = tape[i]
        op, z, k, sign = code[OP], code[Z], code[K], code[SIGN]
        if op == ADD:
            _add(w, z, code[A], code[B])
        elif op == INVERSE:
            _write_inverse(w, z, code[A])
        elif op == RESISTOR:
            _write_resistor(w, z, values[k] if sign > 0 else 1.0 / values[k])
        elif op == MONOMIAL:
            _write_monomial(w, z, grid, code[A], values[k] if sign > 0 else 1.0 / values[k])
        elif op == CONSTANT_PHASE:
            _write_constant_phase(w, z, grid, logs[k], values[code[K + 1]], sign)
        elif op == ARC:
            _write_arc(w, z, code[SIDE], grid, values[k], logs[code[K + 1]], values[code[K + 2]])
        elif op == GERISCHER:
            _write_gerischer(w, z, code[SIDE], grid, values[k], values[code[K + 1]])
        elif op == LINE:
            _write_line(w, z, code[SIDE], code[A], values[k])
        else:
            p = 0.5 if op < REFLECTIVE_POWER else values[code[K + 2]]
            kind = 1.0 if op in (REFLECTIVE, REFLECTIVE_POWER) else -1.0
            _write_diffusion(w, z, code[SIDE], grid, values[k], logs[code[K + 1]], p, kind)


@_compile_in_any_order
def _differentiate_backward(w: Array, tape: Array, values: Array, logs: Array, grid: Array) -> None:
    """Write the derivatives by all parameters."""
    for i in range(tape.shape[0] - 1, -1, -1):
        code = tape[i]
        op, z, adjoint = code[OP], code[Z], code[ADJOINT]
        if op == INVERSE:
            _inverse_backward(w, code[INNER], z, adjoint)
        elif op in (RESISTOR, MONOMIAL):
            _multiply(w, code[J], z, adjoint, float(code[SIGN]))
        elif op == CONSTANT_PHASE:
            _constant_phase_backward(w, code, grid)
        elif op == ARC:
            _arc_backward(w, code, grid, logs[code[K + 1]], values[code[K + 2]])
        elif op == GERISCHER:
            _multiply(w, code[J + 1], code[SIDE], adjoint, 1.0)
            _multiply(w, code[J], z, adjoint, 1.0)
        elif op == LINE:
            _line_backward(w, code)
        elif op != ADD:
            p = 0.5 if op < REFLECTIVE_POWER else values[code[K + 2]]
            _diffusion_backward(w, code, grid, logs[code[K + 1]], p)


@_compile_in_any_order
def _expand_parameters(
    theta: Array, free: Array, logarithmic: Array, ties: Array, fixed: Array, values: Array, logs: Array
) -> None:
    """Write the parameters of one row, and their logarithms; a time constant stays in the place of its Q."""
    for k in range(fixed.size):
        logs[k] = fixed[k]
    for v in range(free.size):
        logs[free[v]] = theta[v]
    for t in range(ties.shape[0]):
        q, r, alpha = ties[t, 0], ties[t, 1], ties[t, 2]
        logs[q] = logs[q] * logs[alpha] - logs[r]
    for k in range(logs.size):
        values[k] = math.exp(logs[k]) if logarithmic[k] else logs[k]


@_compile_in_any_order
def _chain_times(w: Array, ties: Array, theta: Array, values: Array) -> None:
    """Turn derivatives by ln Q into those by ln tau, Q = tau^alpha / R."""
    for t in range(ties.shape[0]):
        exponent, log_tau = values[ties[t, 2]], theta[ties[t, 6]]
        for row in range(2):
            by_q, by_r, by_alpha = ties[t, 3] + row, ties[t, 4] + row, ties[t, 5] + row
            for f in range(w.shape[1]):
                slope = w[by_q, f]
                w[by_r, f] -= slope
                w[by_alpha, f] += log_tau * slope
                w[by_q, f] = exponent * slope


@_compile_in_any_order
def _seed_adjoint(w: Array, adjoint: int, weight: Array) -> bool:
    """Begin the way back with the weights where both parts have the same, else with one; return which."""
    F = w.shape[1]
    different = 0
    for f in range(F):
        different += 1 if weight[f] != weight[F + f] else 0
    for f in range(F):
        w[adjoint, f] = 1.0 if different else weight[f]
    return different == 0


@_compile_in_any_order
def _residual(w: Array, jacobian: Array, z: int, target: Array, weight: Array, V: int, weighed: bool) -> None:
    """Write the weighted residual below the Jacobian, and weigh that too where it is not yet."""
    F = w.shape[1]
    for f in range(F):
        jacobian[V, f] = weight[f] * (w[z, f] - target[f])
    for f in range(F):
        jacobian[V, F + f] = weight[F + f] * (w[z + 1, f] - target[F + f])
    if weighed:
        return
    for v in range(V):
        for f in range(2 * F):
            jacobian[v, f] *= weight[f]


@_compile_in_any_order
def _write_gram(jacobian: Array, normal: Array) -> None:
    """Write the lower triangle of J J^T, two rows by two."""
    for i in range(0, normal.shape[0], 2):
        for j in range(0, i + 2, 2):
            px = py = qx = qy = 0.0
            for f in range(jacobian.shape[1]):
                p, q, x, y = jacobian[i, f], jacobian[i + 1, f], jacobian[j, f], jacobian[j + 1, f]
                px += p * x
                py += p * y
                qx += q * x
                qy += q * y
            normal[i, j], normal[i, j + 1], normal[i + 1, j], normal[i + 1, j + 1] = px, py, qx, qy


@_compile_in_any_order
def _evaluate_normal_equations(
    theta: Array, plan: Arrays, grid: Array, target: Array, weight: Array, room: Arrays, normal: Array
) -> float:
    """Write J^T J, and J^T r in the row below, at theta (V,); return chisqr."""
    tape, free, logarithmic, ties, fixed = plan
    w, jacobian, values, logs = room[W], room[JACOBIAN], room[VALUES], room[LOGS]
    V = free.size
    _expand_parameters(theta, free, logarithmic, ties, fixed, values, logs)
    root = tape[tape.shape[0] - 1]
    weighed = _seed_adjoint(w, root[ADJOINT], weight)
    _evaluate_forward(w, tape, values, logs, grid)
    _differentiate_backward(w, tape, values, logs, grid)
    _chain_times(w, ties, theta, values)
    _residual(w, jacobian, root[Z], target, weight, V, weighed)
    _write_gram(jacobian, normal)
    return normal[V, V] if math.isfinite(normal[V, V]) else math.inf


@_compile_in_any_order
def _factorise(matrix: Array, V: int) -> bool:
    """Cholesky in place, its diagonal inverted; return whether the matrix is positive definite."""
    for i in range(V):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i > j:
                matrix[i, j] = total * matrix[j, j]
            elif total > 0.0:
                matrix[i, i] = 1.0 / math.sqrt(total)
            else:
                return False
    return True


@_compile_in_any_order
def _substitute(matrix: Array, x: Array, V: int) -> None:
    """Solve with the factor of `_factorise`, in place."""
    for i in range(V):
        total = x[i]
        for k in range(i):
            total -= matrix[i, k] * x[k]
        x[i] = total * matrix[i, i]
    for i in range(V - 1, -1, -1):
        x[i] *= matrix[i, i]
        for k in range(i):
            x[k] -= matrix[i, k] * x[i]


@_compile_in_any_order
def _invert(matrix: Array, size: Array, inverse: Array, V: int) -> None:
    """Write the inverse of what `_factorise` was given, rows and columns times their sizes, over the factor.

    L^-1 takes the place of the factor L, then its products are the inverse.
    """
    for j in range(V):
        for i in range(j + 1, V):
            total = 0.0
            for k in range(j, i):
                total -= matrix[i, k] * matrix[k, j]
            matrix[i, j] = total * matrix[i, i]
    for i in range(V):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, V):
                total += matrix[k, i] * matrix[k, j]
            inverse[i * V + j] = inverse[j * V + i] = total * size[i] * size[j]


@_compile_in_any_order
def _compute_step(theta: Array, normal: Array, extra: Array, box: Array, room: Arrays) -> tuple[float, float]:
    """Write the damped step; return the fall of chisqr that it promises, and its longest part."""
    matrix, step, held = room[MATRIX], room[STEP], room[HELD]
    V = theta.size
    for i in range(V):
        slope = normal[V, i]
        held[i] = (theta[i] <= box[0, i] and slope > 0) or (theta[i] >= box[1, i] and slope < 0)
        for j in range(i):
            matrix[i, j] = 0.0 if held[i] or held[j] else normal[i, j]
        matrix[i, i] = normal[i, i] + extra[i]
        step[i] = 0.0 if held[i] else -slope
    if not _factorise(matrix, V):
        return math.nan, math.nan
    _substitute(matrix, step, V)
    promised, longest = 0.0, 0.0
    for i in range(V):
        promised += step[i] * (extra[i] * step[i] - normal[V, i])
        longest = max(longest, abs(step[i]))
    return promised, longest


@_compile_in_any_order
def _propose_trial(
    theta: Array,
    chisqr: float,
    damping: float,
    normal: Array,
    box: Array,
    limits: tuple[float, ...],
    room: Arrays,
) -> tuple[float, bool]:
    """Write the next trial; return the fall of chisqr that it promises, and whether it is the last."""
    step, trial, extra = room[STEP], room[TRIAL], room[EXTRA]
    tolerance, inertia, short = limits[0], limits[1], limits[2]
    for i in range(theta.size):
        extra[i] = damping * (normal[i, i] + inertia * chisqr + 1e-300)
    promised, longest = _compute_step(theta, normal, extra, box, room)
    for i in range(theta.size):
        trial[i] = min(max(theta[i] + step[i], box[0, i]), box[1, i])
    return promised, promised <= tolerance * chisqr and longest < short


@_compile_in_any_order
def _accept_trial(theta: Array, normal: Array, room: Arrays) -> None:
    """Take over the trial and its normal matrix."""
    for i in range(theta.size):
        theta[i] = room[TRIAL][i]
    for i in range(normal.shape[0]):
        for j in range(normal.shape[1]):
            normal[i, j] = room[NEW_NORMAL][i, j]


@_compile_in_any_order
def _sum_coordinates(theta: Array) -> float:
    total = 0.0
    for i in range(theta.size):
        total += theta[i]
    return total


@_compile_in_any_order
def _descend(
    theta: Array,
    plan: Arrays,
    grid: Array,
    target: Array,
    weight: Array,
    box: Array,
    room: Arrays,
    damping: float,
    limits: tuple[float, ...],
    ceiling: float,
    max_iterations: int,
    trace: Array,
) -> tuple[float, bool, int]:
    """Minimise one row in place; return its chisqr, whether it has converged, and the steps taken.

    Chisqr after each step is written to the trace, as far as that goes.
    """
    tolerance, least, most, at_most, trusted = limits[0], limits[3], limits[4], limits[5], limits[6]
    trial, new_normal, normal = room[TRIAL], room[NEW_NORMAL], room[NORMAL]
    for i in range(theta.size):
        trial[i] = theta[i]
    chisqr, growth, promised = math.inf, 2.0, math.nan if math.isnan(_sum_coordinates(theta)) else math.inf
    for steps in range(max_iterations + 1):
        new = math.inf
        if not math.isnan(promised):
            new = _evaluate_normal_equations(trial, plan, grid, target, weight, room, new_normal)
        better, fall, bound = new < chisqr, chisqr - new, tolerance * chisqr
        if better:
            _accept_trial(theta, normal, room)
            chisqr = new
        elif steps == 0:  # this row cannot be evaluated
            return chisqr, False, steps
        if steps < trace.size:
            trace[steps] = chisqr
        if steps > 0:
            gain = fall / max(promised, 1e-300)
            damping *= max(0.1, 1.0 - (2.0 * min(gain, 1.0) - 1.0) ** 3) if better else growth
            damping, growth = max(damping, least), 2.0 if better else 2.0 * growth
            if promised <= bound or (better and fall <= bound and gain > 0.25):
                return chisqr, True, steps
            if damping > most:
                return chisqr, False, steps
        promised, last = _propose_trial(theta, chisqr, damping, normal, box, limits, room)
        if damping <= trusted and chisqr - at_most * promised > ceiling:
            return chisqr, False, steps
        if last and steps < max_iterations:
            for i in range(theta.size):
                theta[i] = trial[i]
            return chisqr - promised, True, steps + 1
    return chisqr, False, max_iterations


@_compile_in_any_order
def _linearise(
    theta: Array, plan: Arrays, grid: Array, target: Array, weight: Array, room: Arrays, told: Array
) -> float:
    """Write the residual, what no change of the parameters takes off it, and (J^T J)^-1; return chisqr."""
    jacobian, normal, matrix, step, size = room[JACOBIAN], room[NORMAL], room[MATRIX], room[STEP], room[EXTRA]
    V, N = theta.size, jacobian.shape[1]
    chisqr = _evaluate_normal_equations(theta, plan, grid, target, weight, room, normal)
    for i in range(V):
        size[i] = 1.0 / math.sqrt(normal[i, i]) if normal[i, i] > 0.0 else 1.0
        step[i] = normal[V, i] * size[i]
        for j in range(i + 1):
            matrix[i, j] = normal[i, j] * size[i] * size[j]
    sound = _factorise(matrix, V)
    if sound:
        _substitute(matrix, step, V)
        _invert(matrix, size, told[2 * N :], V)
    for f in range(N // 2):
        told[2 * f], told[2 * f + 1] = jacobian[V, f], jacobian[V, N // 2 + f]
    for v in range(V):
        share = step[v] * size[v] if sound else math.nan
        for f in range(N):
            jacobian[V, f] -= share * jacobian[v, f]
    for f in range(N // 2):
        told[N + 2 * f], told[N + 2 * f + 1] = jacobian[V, f], jacobian[V, N // 2 + f]
    return chisqr


@_compile_in_any_order
def _minimise_rows(
    problem: tuple[Any, ...],
    theta: Array,
    state: Array,
    room: Arrays,
    damping: float,
    limits: tuple[float, ...],
    most: Array,
    traces: Array,
) -> None:
    """Minimise every row of theta (B, V) in place.

    To `state` are written its chisqr, whether it has converged, and its steps. Where the most steps are less
    than none it is described where it stands.
    """
    plan, grids, targets, weights, boxes, ceilings = problem
    for b in range(theta.shape[0]):
        g, t, m = min(b, grids.shape[0] - 1), min(b, targets.shape[0] - 1), min(b, most.size - 1)
        box, ceiling = boxes[min(b, boxes.shape[0] - 1)], ceilings[min(b, ceilings.size - 1)]
        grid, target, weight = grids[g], targets[t], weights[t]
        if most[m] < 0:
            state[b, 0] = _linearise(theta[b], plan, grid, target, weight, room, traces[b])
            continue
        chisqr, converged, steps = _descend(
            theta[b], plan, grid, target, weight, box, room, damping, limits, ceiling, most[m], traces[b]
        )
        state[b, 0], state[b, 1], state[b, 2] = chisqr, 1.0 if converged else 0.0, steps


def iterate(
    sizes: Any, tape: Any, free: Any, logarithmic: Any, ties: Any, fixed: Any,
    grids: Any, targets: Any, weights: Any, boxes: Any, ceilings: Any, limits: Any, most: Any,
    theta: Any, state: Any, traces: Any,
    w: Any, jacobian: Any, values: Any, logs: Any, normal: Any, new_normal: Any, matrix: Any,
    step: Any, trial: Any, extra: Any, held: Any,
) -> int:  # fmt: skip
    """Do the same, given where everything stands in memory; `sizes` says how large it is."""
    V, P, F, even, rows, jacobians = sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]
    lines, tied, G, T, X, C, B = sizes[6], sizes[7], sizes[8], sizes[9], sizes[10], sizes[11], sizes[12]
    plan = (
        carray(tape, (lines, J + 3)),
        carray(free, (V,)),
        carray(logarithmic, (P,)),
        carray(ties, (tied, 7)),
        carray(fixed, (P,)),
    )
    problem = (
        plan,
        carray(grids, (G, LOG_OMEGA + 1, F)),
        carray(targets, (T, 2 * F)),
        carray(weights, (T, 2 * F)),
        carray(boxes, (X, 2, V)),
        carray(ceilings, (C,)),
    )
    room = (
        carray(w, (rows, F)),
        carray(jacobian, (jacobians, 2 * F)),
        carray(values, (P,)),
        carray(logs, (P,)),
        carray(normal, (even, even)),
        carray(new_normal, (even, even)),
        carray(matrix, (V, V)),
        carray(step, (V,)),
        carray(trial, (V,)),
        carray(extra, (V,)),
        carray(held, (V,)),
    )
    all_limits = (limits[0], limits[1], limits[2], limits[3], limits[4], limits[5], limits[6])
    place, ends = carray(theta, (B, V)), carray(state, (B, 3))
    steps, all_traces = carray(most, (sizes[13],)), carray(traces, (B, sizes[14]))
    _minimise_rows(problem, place, ends, room, limits[7], all_limits, steps, all_traces)
    return 0


def compile_loop(arguments: str) -> tuple[str, str]:
    """Compile `iterate`; return its module in LLVM's language, and its name there.

    It is called as numba's functions call each other: where the result goes and where an exception would go,
    then the arguments.

    Parameters
    ----------
    arguments
        A letter each: a pointer to whole numbers (i) or to floats (d).
    """
    pointer: Any = types.CPointer
    kinds = {"i": pointer(types.int64), "d": pointer(types.float64)}
    function = njit(fastmath=_ANY_ORDER, **{**_INNER, "_nrt": True})(iterate)
    function.compile(types.int64(*(kinds[letter] for letter in arguments)))
    (found,) = function.overloads.values()
    return str(found.library.get_llvm_str()), str(found.fndesc.llvm_func_name)

"""Elements of one's own: a formula in a notebook, checked before anything is fitted with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from inspect import signature
from itertools import product
from typing import Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import CircuitError, did_you_mean
from eisfit.model.elements import ELEMENTS, Asymptote, Element, FrequencyGrid, Parameter
from eisfit.model.elements.base import UNITS

Formula = Callable[..., Any]

_SYMBOL = re.compile(r"[A-Za-z]+")
_FREQUENCY = np.geomspace(1e5, 1e-3, 33)
_STEP = 1e-3  # of the complex steps, relative: what is left out goes as its fourth power, 1e-12
_AGREEMENT = 1e-5  # relative to the largest |Z|, with which two derivatives must agree
_RATIOS = (0.3, 3.0)
_MOST_ROWS = 400
_KEYS = ("unit", "min", "max", "scale", "typical", "describe")
_registered: set[str] = set()


def register_element(
    symbol: str,
    formula: Formula,
    parameters: Mapping[str, str | Mapping[str, Any]],
    *,
    derivative: Formula | None = None,
    title: str = "",
    reference: str = "",
) -> Element:
    """Add an element to those that circuit strings may contain, in this process.

    To have it everywhere (other processes, the command line), put what this returns into a package as an
    entry point of the group ``eisfit.elements``; see docs/howto/extend.md.

    Parameters
    ----------
    symbol
        As it stands in circuit strings: letters.
    formula
        ``formula(omega, *parameters)`` -> impedance, complex ohm, for omega (F,) rad/s and parameters that
        are numbers or (B, 1), by broadcasting.
    parameters
        Name -> unit, or a mapping with ``unit`` and, where wanted, ``min`` (0), ``max`` (infinite), ``scale``
        (``log`` where both are as they are, else ``linear``), ``typical`` and ``describe``. Units are ohm, F,
        H, s, ``S s^alpha``, ``ohm s^-1/2``, ``ohm s^alpha``, or empty for a number.
    derivative
        ``derivative(omega, *parameters)`` -> the derivatives by each parameter, in order; checked against
        differences. None: made from the formula by complex steps (Lyness and Moler, SIAM J. Numer. Anal. 4
        (1967) 202), p +- h and p +- j h, exact to 1e-12 of Z/p, for which the formula must be analytic in its
        parameters.
    title, reference
        For lists.

    Returns
    -------
    Element
        As it is kept.

    Raises
    ------
    CircuitError
        When the symbol is taken or is no word, a unit is not known, the formula gives no finite impedance of
        the right shape, or its derivative is not that of the formula.

    Examples
    --------
    >>> import numpy as np
    >>> def bounded(omega, R, tau):
    ...     x = np.sqrt(1j * omega * tau)
    ...     return R * np.tanh(x) / x
    >>> element = register_element("Wx", bounded, {"R": "ohm", "tau": {"unit": "s", "typical": 0.1}})
    >>> from eisfit import circuit
    >>> circuit("R0-Wx1").names
    ('R0', 'Wx1_R', 'Wx1_tau')
    """
    _check_symbol(symbol)
    if not isinstance(parameters, Mapping):
        raise CircuitError(
            f"{symbol}: parameters are a mapping of names to units, such as {{'R': 'ohm', 'tau': 's'}}, "
            f"not {type(parameters).__name__}"
        )
    rows = tuple(_read_parameter(symbol, name, given) for name, given in parameters.items())
    if not rows:
        raise CircuitError(f"{symbol}: an element needs a parameter")
    _check_order(symbol, formula, [row.symbol for row in rows])
    _check_formula(symbol, formula, rows)
    slopes = derivative or _make_slopes(formula)
    _check_derivative(symbol, formula, slopes, rows, given=derivative is not None)

    def evaluate(grid: FrequencyGrid, *values: FloatArray) -> tuple[ComplexArray, tuple[ComplexArray, ...]]:
        z = np.asarray(formula(grid.omega, *values), dtype=np.complex128)
        return z, tuple(np.asarray(slope, dtype=np.complex128) for slope in slopes(grid.omega, *values))

    limit = Asymptote("as its formula says", lambda omega, *p: np.asarray(formula(omega, *p)))
    element = Element(
        symbol=symbol,
        title=title or "registered here",
        formula="registered as a function",
        parameters=rows,
        evaluate=evaluate,
        low=limit,
        high=limit,
        reference=reference,
        scan=lambda times: _list_starts(rows, times),
    )
    ELEMENTS[symbol] = element
    _registered.add(symbol)
    return element


def _check_symbol(symbol: str) -> None:
    if not _SYMBOL.fullmatch(symbol) or symbol == "p":
        raise CircuitError(f"{symbol!r}: an element's symbol is letters only, and not p")
    known = ELEMENTS.get(symbol)  # of other packages too where they were looked up: not from within one
    if known is not None and symbol not in _registered:
        raise CircuitError(f"{symbol!r}: there is such an element already ({known.title})")


def _read_parameter(symbol: str, name: str, given: str | Mapping[str, Any]) -> Parameter:
    """Return a row of the parameter table."""
    said = {"unit": given} if isinstance(given, str) else dict(given)
    place = f"{symbol}_{name}"
    for key in said:
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS) or f"; there is {', '.join(_KEYS)}"
            raise CircuitError(f"{place}: no {key!r}{near}")
    unit = said.get("unit", "")
    if unit not in UNITS:
        units = ", ".join(u or "'' (a number)" for u in UNITS)
        raise CircuitError(f"{place}: the unit {unit!r} is none of {units}")
    low, high = float(said.get("min", 0.0)), float(said.get("max", np.inf))
    scale: Any = said.get("scale", "log" if low >= 0 and np.isinf(high) else "linear")
    if not low < high or scale not in ("log", "linear") or (scale == "log" and low < 0):
        raise CircuitError(f"{place}: bounds {low:g} to {high:g} on the scale {scale!r} make no range")
    typical = float(said.get("typical", np.clip(UNITS[unit][2], low, min(high, 1e300))))
    if not low <= typical <= high:
        raise CircuitError(f"{place}: the typical value {typical:g} lies outside {low:g} to {high:g}")
    return Parameter(name, unit, said.get("describe", name), low, high, scale, typical)


def _list_trials(rows: tuple[Parameter, ...]) -> list[FloatArray]:
    """Return the parameters (3, 1) each: typical values, and some beside them."""
    factors = np.array([[1.0], [0.7], [1.3]])
    return [np.clip(row.typical * factors, row.min, row.max) for row in rows]


def _check_order(symbol: str, formula: Formula, names: list[str]) -> None:
    """Refuse a formula whose arguments have the parameters' names in another order."""
    try:
        taken = list(signature(formula).parameters)
    except (TypeError, ValueError):  # of a function that is not written in Python
        return
    misplaced = taken[:1] and taken[0] in names
    if misplaced or (taken[1:] != names and sorted(taken[1:]) == sorted(names)):
        raise CircuitError(
            f"{symbol}: the formula takes ({', '.join(taken)}), but is handed (omega, {', '.join(names)})"
        )


def _check_formula(symbol: str, formula: Formula, rows: tuple[Parameter, ...]) -> None:
    omega, values = 2 * np.pi * _FREQUENCY, _list_trials(rows)
    try:
        with np.errstate(all="ignore"):
            batch = np.broadcast_to(np.asarray(formula(omega, *values), dtype=complex), (3, omega.size))
            single = np.asarray(formula(omega, *(float(v[1, 0]) for v in values)), dtype=complex)
    except Exception as error:  # whatever the user's function raises
        raise CircuitError(
            f"{symbol}: the formula fails for omega ({omega.size},) and parameters (3, 1): {error}"
        ) from None
    if not np.isfinite(batch).all():
        raise CircuitError(f"{symbol}: the formula gives no finite impedance at its typical values")
    if not np.allclose(batch[1], single, rtol=1e-9, atol=0):
        raise CircuitError(
            f"{symbol}: the formula gives other numbers for parameters (3, 1) than for each alone"
        )


def _make_slopes(formula: Formula) -> Formula:
    """Return the derivatives of an analytic formula, from four steps around each parameter."""

    def slopes(omega: FloatArray, *values: FloatArray) -> tuple[ComplexArray, ...]:
        return tuple(_slope(formula, omega, values, k) for k in range(len(values)))

    return slopes


def _slope(formula: Formula, omega: FloatArray, values: tuple[FloatArray, ...], k: int) -> ComplexArray:
    value = np.asarray(values[k], dtype=np.float64)
    h = np.where(value == 0, _STEP, _STEP * np.abs(value))
    total: Any = 0.0
    for turn in (1, 1j, -1, -1j):
        moved = (*values[:k], value + turn * h, *values[k + 1 :])
        total = total + np.asarray(formula(omega, *moved)) / turn
    return np.asarray(total / (4 * h), dtype=np.complex128)


def _check_derivative(
    symbol: str, formula: Formula, slopes: Formula, rows: tuple[Parameter, ...], *, given: bool
) -> None:
    """Compare with central differences along the real axis, whose error is about 1e-9."""
    omega, values = 2 * np.pi * _FREQUENCY, _list_trials(rows)
    try:
        with np.errstate(all="ignore"):
            found = list(slopes(omega, *values))
    except Exception as error:  # whatever the user's function raises
        what = "derivative" if given else "formula, asked with complex parameters,"
        raise CircuitError(f"{symbol}: the {what} fails: {error}{'' if given else _CURE}") from None
    if len(found) != len(rows):
        raise CircuitError(f"{symbol}: {len(found)} derivatives for {len(rows)} parameters")
    for k, row in enumerate(rows):
        h = 1e-4 * np.where(values[k] == 0, 1.0, np.abs(values[k]))
        up, down = ([*values[:k], values[k] + turn * h, *values[k + 1 :]] for turn in (1, -1))
        expected = (np.asarray(formula(omega, *up)) - np.asarray(formula(omega, *down))) / (2 * h)
        if not np.any(expected):
            raise CircuitError(f"{symbol}: the impedance does not depend on {row.symbol}")
        largest = np.abs(np.asarray(formula(omega, *values)) / np.where(values[k] == 0, 1.0, values[k])).max()
        if not (np.abs(found[k] - expected) <= _AGREEMENT * (largest + np.abs(expected))).all():
            what = "the derivative by" if given else "the formula is not analytic in"
            raise CircuitError(f"{symbol}: {what} {row.symbol}{' is wrong' if given else _CURE}")


_CURE = ": it takes an absolute value, a real part or a condition; give derivative="


def _list_starts(rows: tuple[Parameter, ...], times: FloatArray) -> FloatArray:
    """Return rows (n, P) at an amplitude of one ohm; see `Element.scan`."""
    first = next((k for k, row in enumerate(rows) if row.unit == "ohm"), None)
    found: list[tuple[float, ...]] = []
    for time in times.tolist():
        choices = [(1.0,) if k == first else _list_options(row, time) for k, row in enumerate(rows)]
        found += product(*choices)
    step = -(-len(found) // _MOST_ROWS)
    return np.array(found[::step])


def _list_options(row: Parameter, time: float) -> tuple[float, ...]:
    if UNITS[row.unit][1] in (1, "alpha"):
        return (float(np.clip(time, row.min, row.max)),)  # beside one ohm
    if row.scale == "linear" and np.isfinite(row.max):
        low = row.min if np.isfinite(row.min) else row.max - 1.0
        return tuple(float(low + share * (row.max - low)) for share in (0.5, 0.9))
    return tuple(float(np.clip(ratio, row.min, row.max)) for ratio in _RATIOS)

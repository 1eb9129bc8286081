"""Every element in `ELEMENTS`, a new one included: value, derivatives, limits, units.

The reference is the formula that the element prints of itself, evaluated by mpmath with 40 digits, and
impedance.py 1.7.1's element of the same symbol (its parameters come in the same order).
"""

from __future__ import annotations

import itertools
import re
import warnings
from functools import partial

import impedance.models.circuits.elements as impedance_py
import mpmath
import numpy as np
import pytest

from eisfit.model.elements import ELEMENTS, FrequencyGrid

FREQUENCY = np.geomspace(1e-6, 1e9, 50)
OMEGA = 2 * np.pi * FREQUENCY
#: By unit, values from tiny to huge; every combination is tried.
VALUES = {
    "ohm": (1e-6, 3.7, 1e9),
    "F": (1e-13, 2.2e-6, 50.0),
    "H": (1e-12, 4.7e-7, 10.0),
    "s": (1e-9, 0.4, 1e6),
    "S s^alpha": (1e-12, 3.3e-5, 20.0),
    "ohm s^-1/2": (1e-5, 5.5, 1e6),
    "ohm s^alpha": (1e-12, 4.7e-7, 10.0),
    "": (0.2, 0.5, 0.83, 1.0),
}
LARGEST_COUNT = 12  # of combinations tried for one element
#: Slopes by ln p below this share of Z do not count: 1e-25, where the reference's own 40 digits end. Where
#: currents of faces and wall nearly cancel, a slope is right to the rounding of Z, which is all a fit sees.
ROUNDING = {"TLMf": 4e-15}
#: Where impedance.py's formula is not the one it documents: see tests/model/test_elements_other_programs.py.
IMPEDANCE_PY_DIFFERS = ("La", "T")
FUNCTIONS = ("sqrt", "coth", "tanh", "exp", "sinh", "cosh", "I0", "I1")
BESSEL = {"I0": partial(mpmath.besseli, 0), "I1": partial(mpmath.besseli, 1)}

every_element = pytest.mark.parametrize("element", ELEMENTS.values(), ids=list(ELEMENTS))


def names(element):
    return [row.symbol or element.symbol for row in element.parameters]


def samples(element):
    inside = ([v for v in VALUES[row.unit] if row.min <= v <= row.max] for row in element.parameters)
    every = list(itertools.product(*inside))
    stride = next(
        k for k in (1, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 433) if len(every) <= k * LARGEST_COUNT
    )  # coprime to 3 and 4
    return every[::stride]


def printed_formula(element):
    """Return the printed formula as a function of (omega, *parameters) in mpmath.

    ``Z = ... with u = ... with Y = ...``: what is used stands before what it is made of.
    """
    steps = [step.split(" = ") for step in reversed(element.formula.split(" with "))]
    codes = [(name, compile(as_python(text), element.symbol, "eval")) for name, text in steps]
    functions = {name: BESSEL.get(name) or getattr(mpmath, name) for name in FUNCTIONS}
    functions["j"] = mpmath.mpc(0, 1)

    def value(omega, *parameters):
        scope = functions | {"omega": omega} | dict(zip(names(element), parameters, strict=True))
        for name, code in codes:
            scope[name] = eval(code, scope)
        return scope["Z"]

    return value


def as_python(text):
    tokens = re.findall(r"[A-Za-z_]\w*|\d+\.?\d*|\*\*|[-+*/()]", text.replace("^", "**"))
    python = tokens[0]
    for before, token in itertools.pairwise(tokens):
        product = re.match(r"[\w)]", before) and re.match(r"[\w(]", token) and before not in FUNCTIONS
        python += ("*" if product else "") + token
    return python


def evaluate(element, values, omega=OMEGA):
    """Return Z (F,) and the derivatives (F,), no floating-point trouble allowed."""
    columns = [np.array([[value]]) for value in values]
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        z, slopes = element.evaluate(FrequencyGrid(omega), *columns)
    shape = (1, omega.size)
    return np.broadcast_to(z, shape)[0], [np.broadcast_to(slope, shape)[0] for slope in slopes]


@every_element
def test_value_is_that_of_impedance_py(element):
    theirs = getattr(impedance_py, element.symbol, None)
    if theirs is None or element.symbol in IMPEDANCE_PY_DIFFERS:
        pytest.skip(f"impedance.py has no such {element.symbol}")
    frequency = np.geomspace(1e-6, 1e9, 50)
    values = [row.typical for row in element.parameters]
    z = evaluate(element, values, 2 * np.pi * frequency)[0]
    reference = np.asarray(theirs(values, frequency)) * np.ones(50)
    assert np.abs(z - reference) == pytest.approx(0, abs=1e-12 * np.abs(reference).max())
    assert np.all(np.abs(z - reference) <= 1e-12 * np.abs(reference))


@every_element
def test_value_is_the_printed_formula(element):
    formula = printed_formula(element)
    with mpmath.workdps(40):
        for values in samples(element):
            z = evaluate(element, values)[0]
            reference = np.array([complex(formula(mpmath.mpf(w), *map(mpmath.mpf, values))) for w in OMEGA])
            assert np.all(np.abs(z - reference) <= 1e-12 * np.abs(reference)), values


@every_element
def test_derivatives_are_those_of_the_printed_formula(element):
    formula = printed_formula(element)
    count = len(element.parameters)
    omega = OMEGA[::2]  # the value is held at every frequency, above
    with mpmath.workdps(40):
        for values in samples(element):
            z, slopes = evaluate(element, values, omega)
            assert len(slopes) == count
            rounding = ROUNDING.get(element.symbol, 1e-25)
            exact = [mpmath.mpf(value) for value in values]
            for k, slope in enumerate(slopes):
                reference = np.array([complex(derivative(formula, w, exact, k)) for w in omega])
                nothing = rounding * np.abs(z / values[k])
                assert np.all(np.abs(slope - reference) <= 1e-9 * np.abs(reference) + nothing), (values, k)


def derivative(formula, omega, values, k):
    """Return a central difference in 40 digits, of which 12 are left out: wrong by a relative 1e-20 or so."""
    step = values[k] * mpmath.mpf("1e-12")
    below, above = ([v + n * step * (i == k) for i, v in enumerate(values)] for n in (-1, 1))
    return (formula(mpmath.mpf(omega), *above) - formula(mpmath.mpf(omega), *below)) / (2 * step)


@every_element
def test_batches_give_the_same_as_single_rows(element):
    rows = samples(element)
    columns = [np.array(column)[:, np.newaxis] for column in zip(*rows, strict=True)]
    shape = (len(rows), OMEGA.size)
    z, slopes = element.evaluate(FrequencyGrid(OMEGA), *columns)
    for b, values in enumerate(rows):
        one, one_slopes = evaluate(element, values)
        assert np.broadcast_to(z, shape)[b] == pytest.approx(one, rel=1e-14)
        for slope, single in zip(slopes, one_slopes, strict=True):
            assert np.broadcast_to(slope, shape)[b] == pytest.approx(single, rel=1e-14)


@every_element
def test_a_grid_for_each_spectrum(element):
    values = [row.typical for row in element.parameters]
    columns = [np.full((2, 1), value) for value in values]
    z = element.evaluate(FrequencyGrid(np.stack([OMEGA, 3 * OMEGA])), *columns)[0]
    for row, omega in zip(np.broadcast_to(z, (2, OMEGA.size)), (OMEGA, 3 * OMEGA), strict=True):
        assert row == pytest.approx(evaluate(element, values, omega)[0], rel=1e-14)


def dimension(unit, values):
    """Return the powers of ohm and of second in a unit; an exponent may be a parameter."""
    base = {"ohm": (1, 0), "S": (-1, 0), "F": (-1, 1), "H": (1, 1), "s": (0, 1)}
    ohm = second = 0.0
    for word in unit.split():
        symbol, _, exponent = word.partition("^")
        power = values.get(exponent) or (float(mpmath.mpf(exponent)) if exponent else 1.0)
        ohm, second = ohm + power * base[symbol][0], second + power * base[symbol][1]
    return ohm, second


@every_element
def test_units_make_an_impedance(element):
    """In units of ohm k times smaller and of second a times smaller, the number for Z is k times larger."""
    k, a = 7.3, 11.9
    values = dict(zip(names(element), (row.typical for row in element.parameters), strict=True))
    powers = [dimension(row.unit, values) for row in element.parameters]
    scaled = [v * k**ohm * a**second for v, (ohm, second) in zip(values.values(), powers, strict=True)]
    z = evaluate(element, list(values.values()))[0]
    assert evaluate(element, scaled, OMEGA / a)[0] == pytest.approx(k * z, rel=1e-12)


@every_element
@pytest.mark.parametrize(("end", "omega"), [("low", 1e-9), ("high", 1e13)])
def test_limits(element, end, omega):
    values = [row.typical for row in element.parameters]
    limit = getattr(element, end)
    z = evaluate(element, values, np.array([omega]))[0]
    assert limit.impedance(np.array([omega]), *values) == pytest.approx(z, rel=1e-6)
    assert limit.formula


@every_element
def test_limits_are_approached(element):
    """The next decade towards the end is never farther from the limit: it is the limit, not a crossing."""
    values = [row.typical for row in element.parameters]
    for limit, omega in (
        (element.low, 10.0 ** np.arange(-3, -10, -1)),
        (element.high, 10.0 ** np.arange(3, 13)),
    ):
        z = evaluate(element, values, omega)[0]
        off = np.abs(limit.impedance(omega, *values) / z - 1)
        assert np.all(np.diff(off) <= 1e-14), limit.formula


@every_element
def test_parameter_table(element):
    assert element.title
    assert element.formula.startswith("Z = ")
    assert len(set(names(element))) == len(element.parameters)
    for row in element.parameters:
        assert row.min < row.typical < row.max or row.symbol == "alpha"
        assert row.unit in VALUES, "give this unit values in VALUES"
        assert row.describe
        assert row.scale in ("log", "linear")
        if row.scale == "log":
            assert row.min == 0.0


def test_the_issues_elements_are_there():
    assert {"R", "C", "L", "CPE", "W", "Wo", "Ws"} <= set(ELEMENTS)
    assert all(symbol == element.symbol for symbol, element in ELEMENTS.items())


def test_derivative_near_the_branch_of_the_series():
    """Ws switches to a power series at |x| = 0.5: both sides hold to 1e-9 of mpmath."""
    element = ELEMENTS["Ws"]
    formula = printed_formula(element)
    x = np.array([1e-8, 1e-4, 0.1, 0.49999, 0.50001, 0.7, 5.0, 40.0])
    slope = evaluate(element, (2.0, 1.0), x**2)[1][1]
    with mpmath.workdps(40):
        exact = [mpmath.mpf(2), mpmath.mpf(1)]
        reference = np.array([complex(derivative(formula, w, exact, 1)) for w in x**2])
    assert np.all(np.abs(slope - reference) <= 1e-9 * np.abs(reference))

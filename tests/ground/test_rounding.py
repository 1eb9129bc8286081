"""Rounding: the PDG's own examples, its limits, and numbers that are none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eisfit.rounding import latex_value_with_error, significant, value_with_error

# The rule and the first three examples: R. L. Workman et al. (Particle Data Group), PTEP 2022,
# 083C01, Introduction, section 5.3 (Rounding). The others follow from its limits 354/355 and 949/950.
PDG = [
    (0.827, 0.119, "0.83 ± 0.12"),
    (0.827, 0.367, "0.8 ± 0.4"),
    (14.674, 0.964, "14.7 ± 1.0"),
    (36.8123, 0.354, "36.81 ± 0.35"),
    (36.8123, 0.355, "36.8 ± 0.4"),
    (36.8123, 0.949, "36.8 ± 0.9"),
    (36.8123, 0.950, "36.8 ± 1.0"),
    (36.8123, 0.3, "36.81 ± 0.30"),
    (36.8123, 1.00, "36.8 ± 1.0"),
]


@pytest.mark.parametrize(("value", "stderr", "expected"), PDG)
def test_pdg_rule(value: float, stderr: float, expected: str) -> None:
    assert value_with_error(value, stderr) == expected
    assert value_with_error(-value, stderr) == f"-{expected}"
    assert value_with_error(value, -stderr) == expected


@pytest.mark.parametrize(
    ("value", "stderr", "expected"),
    [
        (None, None, "n/a"),
        (None, 0.1, "n/a"),
        (math.nan, 0.1, "n/a"),
        (math.inf, 0.1, "inf"),
        (-math.inf, None, "-inf"),
        (36.8, None, "36.8"),
        (36.8, 0.0, "36.8"),
        (36.8, math.nan, "36.8 ± ?"),
        (36.8, math.inf, "36.8 ± inf"),
        (0.0, None, "0"),
        (0.0, 0.12, "0.00 ± 0.12"),
        (0.0, 1.2e-8, "(0.0 ± 1.2)e-8"),
        (1.2345e-5, 4.6e-7, "(1.23 ± 0.05)e-5"),
        (6.8123e7, 4.2e5, "(6.81 ± 0.04)e7"),
        (123456.0, 712.0, "123500 ± 700"),
        (0.00512, 0.000123, "0.00512 ± 0.00012"),
        (9.9996, 0.004, "10.000 ± 0.004"),
        (99999.7, 0.6, "99999.7 ± 0.6"),
        (36.8, 5000.0, "37 ± 5000"),
        (36.8, 1e7, "37 ± 1.0e7"),
        (49.99999999999999, 1.5e-15, "50.00000000000 ± 0.00000000005"),
        (-2e-5, 1e-30, "(-2.0000000000000 ± 0.0000000000020)e-5"),
        (1e-300, 1e-302, "(1.000 ± 0.010)e-300"),
    ],
)
def test_special_numbers(value: float | None, stderr: float | None, expected: str) -> None:
    assert value_with_error(value, stderr) == expected


def test_an_error_that_is_not_to_be_had_is_a_question_mark() -> None:
    assert value_with_error(36.8, math.nan) == "36.8 ± ?"


@pytest.mark.parametrize(
    ("value", "stderr", "expected"),
    [
        (36.8123, 0.4, r"$36.8 \pm 0.4$"),
        (1.2345e-5, 4.6e-7, r"$(1.23 \pm 0.05)\times 10^{-5}$"),
        (36.8, None, "$36.8$"),
        (6.8e7, None, r"$6.8\times 10^{7}$"),
        (36.8, math.nan, r"$36.8 \pm ?$"),
        (36.8, math.inf, r"$36.8 \pm \infty$"),
        (math.inf, None, r"$\infty$"),
        (None, 0.1, "--"),
    ],
)
def test_latex(value: float | None, stderr: float | None, expected: str) -> None:
    assert latex_value_with_error(value, stderr) == expected


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (51.9, 4, "51.90"),
        (0.0123456, 3, "0.0123"),
        (0.00099996, 4, "0.001000"),
        (-2.5, 1, "-2"),  # half to even
        (123456.0, 2, "120000"),
        (1234567.0, 7, "1234567"),
        (6.8e7, 2, "6.8e7"),
        (1e-9, 1, "1e-9"),
        (math.nan, 3, "n/a"),
        (0.0, 3, "0"),
    ],
)
def test_significant(value: float, digits: int, expected: str) -> None:
    assert significant(value, digits) == expected


def test_significant_needs_a_digit() -> None:
    with pytest.raises(ValueError, match="digits must be 1 or more, not 0"):
        significant(1.0, 0)


@given(
    st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-12),
    st.floats(1e-12, 1e12),
)
def test_never_off_by_more_than_the_rounding(value: float, stderr: float) -> None:
    text = value_with_error(value, stderr)
    pair, _, power = text.strip("(").partition(")e")
    number, error = (float(part) * 10.0 ** int(power or 0) for part in pair.split(" ± "))
    shown = max(stderr, 1e-12 * abs(value))  # double precision carries no less
    assert abs(error - shown) <= 0.15 * shown
    assert abs(number - value) <= max(0.51 * error, 0.06 * abs(value))

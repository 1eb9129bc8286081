"""Bessel functions against mpmath and the tables of Abramowitz and Stegun."""

import mpmath
import numpy as np
import pytest

from eisfit.coating.physics import bessel

X = np.array(
    [
        1e-4,
        0.03,
        0.7,
        2.404825557695773,
        3.831705970207512,
        9.0,
        17.3,
        24.9999,
        25.0,
        31.4,
        88.8,
        700.1,
        2500.0,
    ]
)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (bessel.j0, lambda x: mpmath.besselj(0, x)),
        (bessel.j1, lambda x: mpmath.besselj(1, x)),
        (bessel.y0, lambda x: mpmath.bessely(0, x)),
        (bessel.y1, lambda x: mpmath.bessely(1, x)),
    ],
)
def test_functions_are_those_of_mpmath(ours, theirs):
    expected = np.array([float(theirs(mpmath.mpf(x))) for x in X])
    assert ours(X) == pytest.approx(expected, rel=1e-13, abs=5e-15)
    assert ours(np.zeros(0)).shape == (0,)


def test_values_of_a_table():
    """Abramowitz and Stegun (1964), table 9.1 at x = 5."""
    five = np.array([5.0])
    found = [f(five).item() for f in (bessel.j0, bessel.j1, bessel.y0, bessel.y1)]
    assert found == pytest.approx([-0.1775967713, -0.3275791376, -0.3085176252, 0.1478631434], abs=1e-10)


def test_zeros_are_those_of_mpmath():
    zeros = bessel.find_zeros(600)
    assert (np.diff(zeros) > 0).all() and bessel.find_zeros(0).size == 0
    for k in (1, 2, 10, 600):
        assert zeros[k - 1] == pytest.approx(float(mpmath.besseljzero(1, k)), rel=1e-15)

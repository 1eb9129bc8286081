"""The two-rail line, against finite volumes of the same equations and against closed forms of its limits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from eisfit.model.elements._two_rails import solve_two_rails


def line(*parts):
    """Return the impedance of a line at one frequency, and its five derivatives."""
    *rails, wall, top, floor = parts
    z, slopes = solve_two_rails(*rails, np.array([complex(wall)]), top, floor)
    return z[0], [slope[0] for slope in slopes]


def network(m_i, m_e, wall, top, floor, *, n):
    """Kirchhoff's equations of the line cut into n pieces: an impedance without any closed form."""
    h = 1 / n
    share = np.full(n + 1, h)
    share[[0, -1]] /= 2
    Y = wall * share
    Y[0] += top
    Y[-1] += floor
    i, e = np.arange(n + 1), np.arange(n + 1) + n + 1
    branches = [
        (i[:-1], i[1:], np.full(n, 1 / (m_i * h))),
        (e[:-1], e[1:], np.full(n, 1 / (m_e * h))),
        (i, e, Y),
    ]
    size = 2 * n + 2
    rows, columns, values = [], [], []
    for one, two, g in branches:
        rows += [one, two, one, two]
        columns += [one, two, two, one]
        values += [g, g, -g, -g]
    matrix = csc_array(
        coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (size, size))
    )
    keep = np.arange(size - 1)  # the last electronic node is the ground, where the electrons leave
    injected = np.zeros(size - 1, dtype=matrix.dtype)
    injected[0] = 1
    kept = csc_array(matrix[keep][:, keep])
    kept.indices, kept.indptr = kept.indices.astype(np.intc), kept.indptr.astype(np.intc)  # scipy 1.11
    return splu(kept).solve(injected)[0]


def finite_volume(m_i, m_e, wall, top, floor):
    """`network`, its error of second order removed by Richardson's extrapolation."""
    coarse, fine = (network(m_i, m_e, wall, top, floor, n=n) for n in (1500, 3000))
    return (4 * fine - coarse) / 3


CASES = [
    (1e5, 6e5, 1e-6, 1.5e-6, 5e-8),
    (1e5, 6e3, 1e-6, 1.5e-6, 5e-8),
    (10.0, 1.0, 1.0, 0.3, 0.2),
    (1.0, 30.0, 2.0, 1e-9, 3.0),
    (1e-3, 1e-4, 2.0, 0.5, 0.1),
    (3.0, 4.0, 1 + 4j, 0.2 + 0.8j, 0.1 + 0.4j),
    (300.0, 40.0, 0.1 + 0.4j, 0.02 + 0.08j, 0.01 + 0.04j),
]


@pytest.mark.parametrize("case", CASES)
def test_line_against_finite_volumes(case):
    assert line(*case)[0] == pytest.approx(finite_volume(*case), rel=2e-7)


@pytest.mark.parametrize("case", CASES[:5])
def test_line_is_the_solution_of_the_differential_equation(case):
    """eta'' = m eta/z with DESIGN.md's end conditions, by mpmath at 40 digits."""
    with mpmath.workdps(40):
        a, b, w, t, g = (mpmath.mpf(x) for x in case)
        m = a + b
        k = mpmath.sqrt(m * w)
        # eta = A cosh(k x) + B sinh(k x) on 0..1; I = (m_e - eta')/m.
        rows = mpmath.matrix(
            [
                [t * m, -k],
                [-k * mpmath.sinh(k) - m * g * mpmath.cosh(k), -k * mpmath.cosh(k) - m * g * mpmath.sinh(k)],
            ]
        )
        A, B = mpmath.lu_solve(rows, mpmath.matrix([m - b, -b]))
        eta_1 = A * mpmath.cosh(k) + B * mpmath.sinh(k)
        resistance = A + b * (1 - (b - (eta_1 - A)) / m)
        assert float(resistance) == pytest.approx(line(*case)[0], rel=2e-13)


def test_continued_through_the_series_near_zero():
    """The formulas' own switch to power series (u = 0.5) shows neither in Z nor in its derivatives."""
    for v in (0.24999999, 0.25000001, 1e-8):
        with mpmath.workdps(40):
            u = mpmath.sqrt(mpmath.mpf(v))
            expected = u * mpmath.coth(u)  # de Levie's pore
        found, slopes = line(v, 0.0, 1.0, 0.0, 0.0)
        assert found == pytest.approx(float(expected), rel=4e-15)
        with mpmath.workdps(40):
            slope = (mpmath.coth(u) / u - 1 / mpmath.sinh(u) ** 2) / 2
        assert slopes[0] == pytest.approx(float(slope), rel=1e-13)


def test_rails_without_resistance_leave_the_interface_of_the_whole_area():
    found, slopes = line(0.0, 0.0, 2.0, 0.5, 0.3)
    assert found == pytest.approx(1 / 2.8, rel=1e-14)
    assert slopes[2:] == pytest.approx([-1 / 2.8**2] * 3, rel=1e-14)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_by_complex_step_in_mpmath(case):
    def reference(*x):
        a, b, w, t, g = x
        m = a + b
        u = mpmath.sqrt(m * w)
        C, S = u * mpmath.coth(u), u / mpmath.sinh(u)
        top = a**2 * (C + m * g) + 2 * a * b * S + b**2 * (C + m * t)
        return top / (m**2 * (w + (t + g) * C + m * t * g)) + a * b / m

    found, slopes = line(*case)
    with mpmath.workdps(50):
        point = [mpmath.mpmathify(x) for x in case]
        assert complex(reference(*point)) == pytest.approx(complex(found), rel=1e-12)
        for index, slope in enumerate(slopes):
            order = tuple(int(index == k) for k in range(5))
            expected = complex(mpmath.diff(reference, tuple(point), order))
            assert complex(slope) == pytest.approx(expected, rel=1e-9, abs=1e-12 * abs(complex(found)))


def test_nothing_overflows():
    for scale in (1e-150, 1e-30, 1.0, 1e30, 1e100):
        found, slopes = line(scale, 2 * scale, 1.0, 0.5, 0.1)
        assert np.isfinite(found)
        assert all(np.isfinite(slope) for slope in slopes)

"""The two-rail line, against finite volumes of the same equations and against closed forms of its limits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from eisfit.coating.electrode import (
    Channels,
    interface_resistance,
    line,
    line_impedance,
    line_resistance,
    resistance_slope,
)

UM = 1e-4  # cm


def plate(**changes):
    values = {
        "pitch": 100 * UM,
        "depth": 60 * UM,
        "mouth_radius": 20 * UM,
        "floor_radius": 10 * UM,
        "area": np.pi * 0.6**2,
        "hexagonal": False,
    }
    return Channels(**{**values, **changes})


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
    return splu(csc_array(matrix[keep][:, keep])).solve(injected)[0]


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
    m_i, m_e, *_ = case
    F, _ = line(*case)
    assert F + m_i * m_e / (m_i + m_e) == pytest.approx(finite_volume(*case), rel=2e-7)


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
        F, _ = line(*case)
        assert float(resistance - a * b / m) == pytest.approx(float(F), rel=2e-13)


def test_continued_through_the_series_near_zero():
    """The formula's own switch to power series (v = 0.01) shows neither in F nor in its derivatives."""
    for v in (0.00999999, 0.01000001, 1e-8):
        with mpmath.workdps(40):
            u = mpmath.sqrt(mpmath.mpf(v))
            expected = u * mpmath.coth(u)  # de Levie's pore
        F, slopes = line(v, 0.0, 1.0, 0.0, 0.0)
        assert float(F) == pytest.approx(float(expected), rel=4e-15)
        with mpmath.workdps(40):
            slope = (mpmath.coth(u) / u - 1 / mpmath.sinh(u) ** 2) / 2
        assert float(slopes[0]) == pytest.approx(float(slope), rel=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_by_complex_step_in_mpmath(case):
    def reference(*x):
        a, b, w, t, g = x
        m = a + b
        u = mpmath.sqrt(m * w)
        C, S = u * mpmath.coth(u), u / mpmath.sinh(u)
        top = a**2 * (C + m * g) + 2 * a * b * S + b**2 * (C + m * t)
        return top / (m**2 * (w + (t + g) * C + m * t * g))

    F, slopes = line(*case)
    with mpmath.workdps(50):
        point = [mpmath.mpmathify(x) for x in case]
        assert complex(reference(*point)) == pytest.approx(complex(F), rel=1e-12)
        for index, slope in enumerate(slopes):
            order = tuple(int(index == k) for k in range(5))
            expected = complex(mpmath.diff(reference, tuple(point), order))
            assert complex(slope) == pytest.approx(expected, rel=1e-9, abs=1e-12 * abs(complex(F)))


def test_nothing_overflows():
    for scale in (1e-150, 1e-30, 1.0, 1e30, 1e100):
        F, slopes = line(scale, 2 * scale, 1.0, 0.5, 0.1)
        assert np.isfinite(F)
        assert all(np.isfinite(slope) for slope in slopes)
    Z, dZ = line_impedance(2 * np.pi * np.logspace(-6, 9, 31), 1e4, 1e4, 1.0, 1e3, 0.9, 0.2, 0.1)
    assert np.isfinite(Z).all()
    assert np.isfinite(dZ).all()


def test_perfect_rails_and_a_flat_plate_show_the_interface_over_the_true_area():
    channels = plate()
    expected = 87.9 / float(channels.true_area)
    assert line_resistance(channels, 0.0, 0.0, 87.9) == pytest.approx(expected, rel=1e-14)
    flat = plate(depth=0.0, floor_radius=20 * UM)
    rails = flat.ionic_rail(9e-3), flat.electronic_rail(1e-4, 1 / 140)
    assert float(flat.true_area) == pytest.approx(float(flat.area), rel=1e-14)
    assert line_resistance(flat, *rails, 87.9) == pytest.approx(87.9 / float(flat.area), rel=1e-13)


def test_infinite_solid_conductivity_leaves_de_levies_pore_with_end_faces():
    """With a perfect solid: a pore loaded by its floor (a textbook line), in parallel with the top."""
    channels = plate()
    a, i = float(channels.ionic_rail(9e-3)), 20.0
    wall, top, floor = float(channels.wall) / i, float(channels.top) / i, float(channels.floor) / i
    z0, u = np.sqrt(a / wall), np.sqrt(a * wall)
    pore = z0 * (1 / floor + z0 * np.tanh(u)) / (z0 + np.tanh(u) / floor)
    expected = 1 / (top + 1 / pore) / float(channels.count)
    assert line_resistance(channels, a, 0.0, i) == pytest.approx(expected, rel=1e-12)
    assert line_resistance(channels, a, channels.electronic_rail(1e12), i) == pytest.approx(
        expected, rel=1e-9
    )


def test_conductivities_come_back_from_the_rails_of_the_whole_electrode():
    channels = plate()
    R_ion = channels.ionic_rail(9e-3) / channels.count
    R_el = channels.electronic_rail(1e-4) / channels.count
    assert [float(v) for v in channels.conductivities(R_ion, R_el)] == pytest.approx([9e-3, 1e-4], rel=1e-12)
    # One channel's pore by hand: 60 um / (9 mS/cm pi 20 um 10 um) = 106103 ohm.
    assert float(channels.ionic_rail(9e-3)) == pytest.approx(106103.3, abs=0.1)


def test_no_film_is_no_change():
    channels = plate()
    assert channels.electronic_rail(1e-4, 0.0) == channels.electronic_rail(1e-4)


def test_geometry_of_the_paper():
    """RRML_FACTS.md: wall 5733 um2, mouth 1257, floor 314; true area 1.48 and 1.55 times."""
    square = plate()
    assert float(square.wall) / UM**2 == pytest.approx(5733, abs=0.5)
    assert float(square.floor) / UM**2 == pytest.approx(314, abs=0.5)
    assert float(square.cell - square.top) / UM**2 == pytest.approx(1257, abs=0.5)
    assert float(square.true_area / square.area) == pytest.approx(1.48, abs=0.005)
    hexagonal = plate(hexagonal=True)
    assert float(hexagonal.true_area / hexagonal.area) == pytest.approx(1.55, abs=0.005)


def test_inverse_finds_the_interface_over_many_decades():
    rng = np.random.default_rng(3)
    n = 2000
    channels = plate(depth=10 ** rng.uniform(-4, -1, n), hexagonal=rng.random(n) < 0.5)
    a = channels.ionic_rail(10 ** rng.uniform(-5, 0, n))
    b = channels.electronic_rail(10 ** rng.uniform(-9, 2, n))
    interface = 10 ** rng.uniform(-3, 6, n)
    found = interface_resistance(channels, a, b, line_resistance(channels, a, b, interface))
    np.testing.assert_allclose(found, interface, rtol=1e-10)


def test_slope_of_resistance_over_interface_by_finite_volumes():
    channels, i = plate(), 60.0
    a, b = float(channels.ionic_rail(9e-3)), float(channels.electronic_rail(1e-4))

    def log_resistance(interface):
        areas = (float(A) / interface for A in (channels.wall, channels.top, channels.floor))
        return np.log(finite_volume(a, b, *areas) - a * b / (a + b))

    expected = (log_resistance(i * 1.01) - log_resistance(i / 1.01)) / (2 * np.log(1.01))
    assert float(resistance_slope(channels, a, b, i)) == pytest.approx(expected, rel=1e-4)


def test_inverse_of_an_impossible_resistance_is_nan():
    channels = plate()
    assert np.isnan(interface_resistance(channels, 1.0, 1.0, -5.0))


def test_the_order_of_magnitude_of_the_design():
    """DESIGN.md: 12 mm disc, square, kappa 9 mS/cm, sigma_s 1e-4 S/cm, 51.9 to 36.8 ohm: f very near 1."""
    channels = plate()
    ionic, bare = channels.ionic_rail(9e-3), channels.electronic_rail(1e-4)
    coated = channels.electronic_rail(1e-4, 5e-7 / 70e-6)
    R_i = interface_resistance(channels, ionic, bare, 51.9)
    crossing = 5e-7 / 3.8e-8 + 70e-6 * 5e-7
    f = R_i / (interface_resistance(channels, ionic, coated, 36.8) - crossing)
    assert f == pytest.approx(1.0, abs=0.02)


def test_impedance_batches_and_low_frequency_limit():
    omega = 2 * np.pi * np.logspace(4, -7, 12)
    one = line_impedance(omega, 10.0, 20.0, 50.0, 1e-4, 0.9, 0.3, 0.1)
    two = line_impedance(omega, [10.0, 5.0], [20.0, 1.0], [50.0, 40.0], 1e-4, 0.9, 0.3, 0.1)
    assert one.impedance.shape == (12,)
    assert one.derivative.shape == (12, 7)
    assert two.derivative.shape == (2, 12, 7)
    np.testing.assert_allclose(two.impedance[0], one.impedance, rtol=1e-14)
    dc = finite_volume(10.0, 20.0, 0.6 / 50, 0.3 / 50, 0.1 / 50)
    assert one.impedance[-1].real == pytest.approx(dc, rel=1e-4)
    assert line_impedance([1e30], 10.0, 20.0, 50.0, 1e-4, 0.9).impedance[0].real == pytest.approx(
        200 / 30, rel=1e-6
    )


def test_impedance_derivatives_by_central_differences_in_mpmath():
    values = (10.0, 20.0, 50.0, 1e-4, 0.9, 0.3, 0.1)
    omega = 300.0

    def reference(*x):
        a, b, R, Q, n, at, ag = x
        Y = 1 / R + Q * (1j * mpmath.mpf(omega)) ** n
        m, w, t, g = a + b, (1 - at - ag) * Y, at * Y, ag * Y
        u = mpmath.sqrt(m * w)
        C, S = u * mpmath.coth(u), u / mpmath.sinh(u)
        top = a**2 * (C + m * g) + 2 * a * b * S + b**2 * (C + m * t)
        return a * b / m + top / (m**2 * (w + (t + g) * C + m * t * g))

    Z, dZ = line_impedance([omega], *values)
    with mpmath.workdps(40):
        point = tuple(mpmath.mpf(str(x)) for x in values)
        assert complex(reference(*point)) == pytest.approx(complex(Z[0]), rel=1e-12)
        for index in range(7):
            order = tuple(int(index == k) for k in range(7))
            assert complex(dZ[0, index]) == pytest.approx(
                complex(mpmath.diff(reference, point, order)), rel=1e-9
            )

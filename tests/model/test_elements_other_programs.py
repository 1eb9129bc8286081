"""Elements against other programs and against each other's closed forms, far beyond usual values.

tests/model/test_elements.py holds every element against its printed formula; here that formula is held
against formulas and networks that were written down elsewhere.
"""

from __future__ import annotations

import warnings

import impedance.models.circuits.elements as impedance_py
import mpmath
import numpy as np
import pytest

from eisfit import Spectrum, fit
from eisfit.fitting.derived import list_formulas
from eisfit.model.circuit import Circuit
from eisfit.model.elements import ELEMENTS, FrequencyGrid
from eisfit.model.elements._hyperbolic import Wedge, log1p_exp, logistic

FREQUENCY = np.geomspace(1e-6, 1e9, 50)
OMEGA = 2 * np.pi * FREQUENCY


def impedance(symbol, *values, omega=OMEGA):
    """Return Z (F,); no floating-point trouble allowed."""
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        z, slopes = ELEMENTS[symbol].evaluate(FrequencyGrid(omega), *(np.array([[v]]) for v in values))
    assert all(np.isfinite(slope).all() for slope in slopes)
    return np.broadcast_to(z, (1, omega.size))[0]


def assert_equal(z, reference, rel=1e-12):
    assert np.all(np.abs(z - reference) <= rel * np.abs(reference))


@pytest.mark.parametrize("alpha", [0.3, 0.75, 1.0])
def test_la_is_what_impedance_py_documents_not_what_it_computes(alpha):
    """impedance.py: docstring L (j omega)^alpha, code (L j omega)^alpha; the two agree for L^(1/alpha)."""
    L = 3.3e-6
    assert_equal(impedance("La", L, alpha), np.asarray(impedance_py.La([L ** (1 / alpha), alpha], FREQUENCY)))
    with mpmath.workdps(30):
        closed = [complex(L * mpmath.mpc(0, w) ** mpmath.mpf(alpha)) for w in OMEGA]
    assert_equal(impedance("La", L, alpha), np.array(closed))


def test_la_with_exponent_one_is_an_inductor_in_henry():
    assert_equal(impedance("La", 2e-6, 1.0), np.asarray(impedance_py.L([2e-6], FREQUENCY)))


@pytest.mark.parametrize("values", [(20.0, 6.0, 0.8, 0.05), (3.0, 3.0, 20.0, 1e-4), (1e3, 0.5, 1e-3, 7.0)])
def test_t_is_that_of_impedance_py_where_it_does_not_cut_off_the_sine(values):
    """impedance.py sets sinh(u) = 1e10 where u > 100, which leaves B / (1e10 u) where nothing is."""
    u = np.sqrt(values[2] + 1j * OMEGA * values[3])
    right = u.real < 100
    assert 20 < right.sum() < 50
    theirs = np.asarray(impedance_py.T(list(values), FREQUENCY))
    z = impedance("T", *values)
    assert_equal(z[right], theirs[right])
    assert_equal(z, theirs, rel=2e-10)


@pytest.mark.parametrize("symbol", ["G", "Gs", "K", "Zarc", "TLMQ"])
def test_elements_are_those_of_impedance_py_at_other_values(symbol):
    rng = np.random.default_rng(11)
    for _ in range(20):
        values = [float(v) for v in (10 ** rng.uniform(-2, 3), 10 ** rng.uniform(-4, 1), rng.uniform(0.4, 1))]
        values = values[: len(ELEMENTS[symbol].parameters)]
        theirs = np.asarray(getattr(impedance_py, symbol)(values, FREQUENCY))
        z = impedance(symbol, *values)
        assert_equal(z, theirs)


def test_arcs_are_a_resistor_beside_its_storage():
    R, tau, alpha = 31.0, 2e-3, 0.81
    cpe = np.asarray(impedance_py.CPE([tau**alpha / R, alpha], FREQUENCY))
    assert_equal(impedance("Zarc", R, tau, alpha), 1 / (1 / R + 1 / cpe))
    assert_equal(impedance("K", R, tau), 1 / (1 / R + 1j * OMEGA * tau / R))
    assert_equal(impedance("HN", R, tau, alpha, 1.0), 1 / (1 / R + 1 / cpe))
    assert_equal(impedance("HN", R, tau, 1.0, 0.5), np.asarray(impedance_py.G([R, tau], FREQUENCY)))


def test_a_long_gerischer_is_the_semi_infinite_one_and_a_short_one_an_arc():
    R, tau = 8.0, 0.3
    assert_equal(impedance("Gs", R, tau, 50.0), np.asarray(impedance_py.G([R, tau], FREQUENCY)))
    slow = OMEGA < 1e3
    assert_equal(impedance("Gs", R, tau, 1e-8)[slow], (R / 1e-8 / (1 + 1j * OMEGA * tau))[slow])


LINE = {"R_ion": 31.0, "R_el": 7.0, "R_ct": 52.0, "Q": 2e-3, "alpha": 0.88}


def ladder(omega, *, R_ion, R_el, R_ct, Q, alpha, rungs=4000):
    """Solve a ladder of resistors and interfaces as a plain network.

    The current enters the ionic rail at one end and leaves the electronic rail at the other.

    Kirchhoff's laws for one frequency: in rung k the current from rail to rail is Y/n times the voltage
    between them, at the rung's middle. Converges as 1/n^2.
    """
    Y = (1 / R_ct + Q * (1j * omega) ** alpha) / rungs
    r = R_ion / rungs, R_el / rungs
    # The voltage v_k between the rails at rung k: (r_i + r_e)(Y v_k) + 2 v_k - v_k-1 - v_k+1 = 0, and the
    # half steps at the ends carry all current in the ionic rail (start), the electronic one (end).
    n, step = rungs, r[0] + r[1]
    diagonal = np.full(n, 2 + step * Y)
    diagonal[0] = diagonal[-1] = 1 + step * Y
    right = np.zeros(n, dtype=complex)
    right[0], right[-1] = r[0], r[1]
    from scipy.linalg import solve_banded

    banded = np.zeros((3, n), dtype=complex)
    banded[0, 1:] = banded[2, :-1] = -1
    banded[1] = diagonal
    v = solve_banded((1, 1), banded, right)
    ionic = 1 - np.cumsum(Y * v)[:-1]  # between rungs k and k + 1
    return r[0] / 2 + r[0] * ionic.sum() + v[-1] + r[1] / 2


@pytest.mark.parametrize("frequency", [1e-4, 0.3, 20.0, 1e3])
def test_the_two_rail_line_is_the_limit_of_a_ladder(frequency):
    omega = 2 * np.pi * frequency
    network = ladder(omega, **LINE)
    assert impedance("TLMe", *LINE.values(), omega=np.array([omega]))[0] == pytest.approx(network, rel=3e-6)


def test_faces_without_area_leave_the_two_rail_line():
    assert_equal(impedance("TLMf", *LINE.values(), 0.0, 0.0), impedance("TLMe", *LINE.values()), rel=1e-12)


def test_faces_of_a_perfect_electrode_only_share_its_area():
    # Neither rail resists: the interface of the whole area, wherever it lies.
    _, _, *interface = LINE.values()
    found = impedance("TLMf", 1e-15, 1e-15, *interface, 1.6, 0.1)
    R_ct, Q, alpha = interface
    assert_equal(found, 1 / (1 / R_ct + Q * (1j * OMEGA) ** alpha), rel=1e-8)


def test_the_lines_are_special_cases_of_the_two_rail_line():
    R_ion, _, R_ct, Q, alpha = LINE.values()
    one_rail = impedance("TLM", R_ion, R_ct, Q, alpha)
    assert_equal(impedance("TLMe", R_ion, 1e-13, R_ct, Q, alpha)[:40], one_rail[:40], rel=1e-9)
    blocking = np.asarray(impedance_py.TLMQ([R_ion, Q, alpha], FREQUENCY))
    assert_equal(impedance("TLM", R_ion, 1e30, Q, alpha), blocking)
    interface = 1 / (1 / R_ct + Q * (1j * OMEGA) ** alpha)
    assert_equal(one_rail, np.sqrt(R_ion * interface) / np.tanh(np.sqrt(R_ion / interface)))


def test_the_rails_can_be_exchanged():
    R_ion, R_el, *rest = LINE.values()
    assert_equal(impedance("TLMe", R_ion, R_el, *rest), impedance("TLMe", R_el, R_ion, *rest), rel=1e-14)


def test_paasch_is_the_two_rail_line_without_its_constant():
    R_ion, R_el, R_ct, Q, _ = LINE.values()
    M = R_ion + R_el
    values = (R_ion**2 + R_el**2) / M, 2 * R_ion * R_el / M, M / R_ct, M * Q
    expected = impedance("TLMe", R_ion, R_el, R_ct, Q, 1.0) - R_ion * R_el / M
    assert_equal(impedance("T", *values), expected, rel=1e-9)


EXTREME = {
    "K": (1e-9, 1e9),
    "Zarc": (1e-9, 1e290, 1.0),
    "HN": (1e9, 1e-290, 1.0, 1.0),
    "G": (1e9, 1e280),
    "Gs": (1e-9, 1e250, 1e20),
    "TLMQ": (1e12, 1e12, 1.0),
    "TLM": (1e12, 1e-12, 1e12, 1.0),
    "TLMe": (1e12, 1e-12, 1e-12, 1e12, 1.0),
    "TLMf": (1e12, 1e-12, 1e-12, 1e12, 1.0, 1e6, 1e-6),
    "T": (1e9, 1e9, 1e12, 1e12),
    "La": (1e9, 1.0),
}


@pytest.mark.parametrize(("symbol", "values"), EXTREME.items(), ids=list(EXTREME))
def test_nothing_overflows(symbol, values):
    z = impedance(symbol, *values, omega=np.geomspace(1e-12, 1e12, 97))
    assert np.isfinite(z).all()


@pytest.mark.parametrize(
    ("symbol", "values", "omega", "expected"),
    [
        # Far below the line's own time Z = 1/Y + (R_ion + R_el)/3 + ..., since the currents fall linearly.
        ("TLMQ", (1e-6, 1e-9, 1.0), 1e-6, 1 / 3),
        ("TLM", (1e-9, 1e9, 1e-9, 1.0), 1e-6, 1 / 3),
        ("TLMe", (1e-9, 1e-9, 1e9, 1e-9, 1.0), 1e-6, 1 / 3),
    ],
)
def test_the_rails_slope_does_not_cancel(symbol, values, omega, expected):
    columns = [np.array([[v]]) for v in values]
    slopes = ELEMENTS[symbol].evaluate(FrequencyGrid(np.array([omega])), *columns)[1]
    assert slopes[0][0, 0] == pytest.approx(expected, rel=1e-12)


def test_the_shared_functions_hold_to_mpmath():
    x = np.array(
        [r * np.exp(1j * t) for r in 10.0 ** np.arange(-9.0, 2.5, 0.5) for t in (0.0, 0.3, np.pi / 4)]
    )
    wedge = Wedge(x)
    with mpmath.workdps(60):
        exact = [mpmath.mpc(v) for v in x]
        pairs = {
            "coth": (wedge.coth, [mpmath.coth(v) for v in exact]),
            "tanh": (wedge.tanh, [mpmath.tanh(v) for v in exact]),
            "csch": (wedge.csch, [mpmath.csch(v) for v in exact]),
            "sech": (wedge.sech, [mpmath.sech(v) for v in exact]),
            "coth_rise": (wedge.coth_rise(), [mpmath.coth(v) / v - mpmath.csch(v) ** 2 for v in exact]),
            "tanh_slope": (wedge.tanh_slope(), [mpmath.sech(v) ** 2 - mpmath.tanh(v) / v for v in exact]),
        }
    for name, (value, reference) in pairs.items():
        assert np.all(np.abs(value - np.array(reference, complex)) <= 1e-12 * np.abs(value)), name


def test_logarithms_of_sums_hold_to_mpmath():
    a = np.array(
        [complex(r, t) for r in (-300.0, -30.0, -1.0, 0.0, 1e-9, 2.0, 40.0, 1e3) for t in (0.0, 0.9, 1.57)]
    )
    with mpmath.workdps(500):
        exact = [mpmath.exp(mpmath.mpc(v)) for v in a]
        log = np.array([complex(mpmath.log(1 + s)) for s in exact])
        one = np.array([complex(1 / (1 + s)) for s in exact])
        other = np.array([complex(s / (1 + s)) for s in exact])
    assert log1p_exp(a) == pytest.approx(log, rel=1e-13)
    assert_equal(logistic(a)[0], one, rel=1e-13)
    assert_equal(logistic(a)[1], other, rel=1e-13)


@pytest.mark.parametrize(
    ("string", "symbols"),
    [
        ("R0-La1-L1", "R La L"),
        ("Wo1-Ws_d-W1-W_o", "Wo Ws W W"),
        ("G1-Gs1-G_s", "G Gs G"),
        ("T1-TLMQ1-TLM1-TLMe1-T_LM", "T TLMQ TLM TLMe T"),
        ("R0-K1-K2-Zarc_sei-HN1", "R K K Zarc HN"),
        ("R0-T", "R T"),
        ("RT", "R Wo"),
        ("R(QT)", "R CPE Wo"),
    ],
)
def test_symbols_make_no_circuit_string_ambiguous(string, symbols):
    from eisfit.model.notation import components, parse

    assert " ".join(c.symbol for c in components(parse(string))) == symbols


def test_names_units_and_roles_in_a_circuit():
    circuit = Circuit.from_string("La1-R_s-TLMe_ct-Gs1-HN1")
    assert circuit.names[3:8] == (
        "TLMe_ct_R_ion",
        "TLMe_ct_R_el",
        "TLMe_ct_R_ct",
        "TLMe_ct_Q",
        "TLMe_ct_alpha",
    )
    assert circuit.parameters["La1_L"].unit == "ohm s^alpha"
    roles = {name: p.role for name, p in circuit.parameters.items()}
    assert roles["La1_L"] == "inductance"
    assert roles["Gs1_phi"] == "diffusion"
    assert roles["TLMe_ct_R_ion"] == "charge_transfer"
    assert roles["HN1_beta"] == "other"


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_scaling_a_circuit_scales_its_impedance(symbol):
    """`impedance_power`, by which starts are scaled, is that of the formula."""
    rows = ELEMENTS[symbol].parameters
    values = [row.typical for row in rows]
    scaled = [v * 7.0**row.impedance_power for v, row in zip(values, rows, strict=True)]
    assert_equal(impedance(symbol, *scaled), 7.0 * impedance(symbol, *values))


@pytest.mark.parametrize("symbol", [s for s, element in ELEMENTS.items() if element.scan])
def test_scans_are_rows_of_parameters_within_bounds(symbol):
    element = ELEMENTS[symbol]
    rows = element.scan(np.array([1e-3, 1.0]))
    assert rows.shape[1] == len(element.parameters)
    assert np.all(rows[:, 0] == 1.0)
    for column, row in zip(rows.T, element.parameters, strict=True):
        assert np.all((column >= row.min) & (column <= row.max))


def test_derived_quantities_of_arcs_that_are_one_element():
    """f_peak = 1/(2 pi tau) is where -Z'' of a ZARC is largest; tau/R is the capacitance beside R."""
    circuit = Circuit.from_string("R_s-Zarc1-K2-p(R_ct,C_dl)")
    values = {"R_s": 1.0, "Zarc1_R": 20.0, "Zarc1_tau": 4e-3, "Zarc1_alpha": 0.8, "K2_R": 5.0, "K2_tau": 0.1}
    values |= {"R_ct": 7.0, "C_dl": 1.0}
    found = {name: formula(values) for name, (_, formula, _) in list_formulas(circuit).items()}
    frequency = np.geomspace(10, 200, 20_001)
    z = np.asarray(impedance_py.Zarc([20.0, 4e-3, 0.8], frequency))
    assert found["f_peak_Zarc1"] == pytest.approx(frequency[np.argmin(z.imag)], rel=2e-4)
    assert found["C_K2"] == pytest.approx(0.1 / 5.0)
    assert found["R_p"] == pytest.approx(20.0 + 5.0 + 7.0)


def test_arcs_of_one_element_come_in_the_order_of_their_time_constants():
    frequency = np.geomspace(1e5, 1e-2, 40)
    values = {"R0": 3.0, "Zarc1_R": 30.0, "Zarc1_tau": 0.5, "Zarc1_alpha": 0.9}
    values |= {"Zarc2_R": 11.0, "Zarc2_tau": 2e-4, "Zarc2_alpha": 0.8}
    model = Circuit.from_string("R0-Zarc1-Zarc2")
    found = fit(Spectrum(frequency=frequency, impedance=model.impedance(frequency, values)), model)
    assert found["Zarc1_tau"].value == pytest.approx(2e-4, rel=1e-4)
    assert found["Zarc2_tau"].value == pytest.approx(0.5, rel=1e-4)

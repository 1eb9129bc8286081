"""The solver's coordinates: there and back, the chain rule against complex differences, the box."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.engine.arcs import arcs
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.model.circuit import Circuit
from eisfit.model.elements import ELEMENTS, FrequencyGrid
from eisfit.model.elements.base import UNITS
from eisfit.model.notation import parse

OMEGA = 2 * np.pi * np.geomspace(1e5, 1e-2, 17)
SCALES = Scales(1.0, 200.0, OMEGA.min(), OMEGA.max())

CONSTRAINED = {
    "free": ("R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)", {}),
    "capacitor": ("R_s-p(R_ct,C_dl)", {}),
    "alone": ("CPE1-L1-Wo1-Ws1-C1", {}),
    "fixed alpha": ("R_s-p(R_ct,CPE_ct)", {"fix": {"CPE_ct_alpha": 0.8}}),
    "fixed R": ("R_s-p(R_ct,CPE_ct)", {"fix": {"R_ct": 30.0}}),
    "bounded Q": ("R_s-p(R_ct,CPE_ct)", {"bound": {"CPE_ct_Q": (1e-7, 1e-1)}}),
    "R by expression": ("R_s-p(R_ct,CPE_ct)", {"expr": {"R_ct": "3*R_s + 2"}}),
    "Q by expression": ("R_s-p(R_1,CPE_1)-p(R_2,CPE_2)", {"expr": {"CPE_2_Q": "7*CPE_1_Q"}}),
    "chained expressions": (
        "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)",
        {"expr": {"R_2": "R_1**1.5/R_s", "R_1": "2*R_s"}, "fix": {"CPE_1_alpha": 0.9}},
    ),
    "alpha by expression": ("R_s-p(R_1,CPE_1)-p(R_2,CPE_2)", {"expr": {"CPE_2_alpha": "CPE_1_alpha - 0.1"}}),
    "nested": ("p(R1-p(R2,CPE2),CPE1)", {}),
}
every = pytest.mark.parametrize("case", CONSTRAINED)
TYPICAL = {"ohm": 20.0, "F": 1e-4, "H": 1e-5, "S s^alpha": 2e-3, "ohm s^-1/2": 4.0, "s": 3.0, "": 0.75}


def made(case):
    string, constraints = CONSTRAINED[case]
    circuit = Circuit.from_string(string).constrain(**constraints)
    rng = np.random.default_rng(3)
    values = {}
    for name, p in circuit.parameters.items():
        if p.free:
            span = 0.1 if p.unit == "" else 1.0
            values[name] = TYPICAL[p.unit] * np.exp(span * rng.uniform(-1, 1, 4))
        elif p.expr is None:
            values[name] = np.full(4, p.value)
    complete = circuit.resolve(values)
    return circuit, Coordinates(circuit, SCALES), np.stack([complete[name] for name in circuit.names], axis=1)


@every
def test_there_and_back(case):
    circuit, coordinates, values = made(case)
    theta = coordinates.internal(values)
    assert theta.shape == (4, sum(p.free for p in circuit.parameters.values()))
    assert coordinates.physical(theta) == pytest.approx(values, rel=1e-12)
    assert coordinates.internal(coordinates.physical(theta)) == pytest.approx(theta, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("case", [name for name in CONSTRAINED if "expression" not in name])
def test_parameters_by_their_coordinates(case):
    """dp/dtheta against central differences of 4th order of physical(theta)."""
    _, coordinates, values = made(case)
    theta, step = coordinates.internal(values), 1e-3
    found = coordinates.differentiate(values, theta)
    for v in range(coordinates.size):
        ahead = [coordinates.physical(theta + n * step * np.eye(coordinates.size)[v]) for n in (1, -1, 2, -2)]
        slope = (8 * (ahead[0] - ahead[1]) - (ahead[2] - ahead[3])) / (12 * step)
        assert found[:, :, v] == pytest.approx(slope[:, coordinates.free], rel=1e-8, abs=1e-12)


@every
def test_chain_rule_by_differences(case):
    """dZ/dtheta against central differences of 4th order of Z(physical(theta))."""
    circuit, coordinates, values = made(case)
    theta = coordinates.internal(values)
    grid = FrequencyGrid(OMEGA)
    shape = (4, len(circuit.names), OMEGA.size)

    def z(at):
        return np.array(circuit.evaluate(grid, coordinates.physical(at), np.empty(shape, dtype=complex)))

    slopes = np.empty(shape, dtype=complex)
    circuit.evaluate(grid, coordinates.physical(theta), slopes)
    found = coordinates.apply_chain_rule(slopes, values.copy(), theta)
    assert found.shape == (4, coordinates.size, OMEGA.size)
    h = 1e-3
    for v in range(coordinates.size):
        step = np.zeros(coordinates.size)
        step[v] = h
        reference = (
            z(theta - 2 * step) - 8 * z(theta - step) + 8 * z(theta + step) - z(theta + 2 * step)
        ) / (12 * h)
        scale = np.abs(reference).max() + 1e-6
        assert np.abs(found[:, v] - reference).max() <= 2e-8 * scale, (case, v)


@pytest.mark.parametrize(
    ("string", "expected"),
    [
        ("R_s-p(R_ct,CPE_ct)", [("R_ct", "CPE_ct")]),
        ("p(R_ct-W_d,C_dl)-p(R1,L1)-p(R2,R3)", [("R_ct", "C_dl")]),
        ("p(CPE1,R1-p(R2,CPE2))", [("R1", "CPE1"), ("R2", "CPE2")]),
        ("R1", []),
        ("p(C1,L1)", []),
    ],
)
def test_arcs(string, expected):
    assert [(r.name, c.name) for r, c in arcs(parse(string))] == expected


def test_a_cpe_beside_a_resistor_moves_as_its_time_constant():
    _, coordinates, values = made("free")
    theta = coordinates.internal(values)
    names = list(coordinates.circuit.names)
    q, r, a = (values[:, names.index(n)] for n in ("CPE_ct_Q", "R_ct", "CPE_ct_alpha"))
    column = coordinates.column[names.index("CPE_ct_Q")]
    assert theta[:, column] == pytest.approx(np.log((q * r) ** (1 / a)))


def test_bounds_hold_in_the_box():
    circuit = Circuit.from_string("R_s-p(R_ct,CPE_ct)").constrain(
        bound={"R_ct": (5.0, 40.0), "CPE_ct_alpha": (0.6, 0.9), "CPE_ct_Q": (1e-6, 1e-3)}
    )
    coordinates = Coordinates(circuit, SCALES)
    far = np.array([[1e3] * 4, [-1e3] * 4])
    values = coordinates.physical(coordinates.clip(far))
    table = dict(zip(circuit.names, values.T, strict=True))
    assert table["R_ct"] == pytest.approx([40.0, 5.0])
    assert table["CPE_ct_alpha"].tolist() == [0.9, 0.6]
    assert table["CPE_ct_Q"] == pytest.approx([1e-3, 1e-6])
    assert np.isfinite(values).all()


def test_the_box_is_finite_for_every_unit():
    circuit = Circuit.from_string("R1-C1-L1-CPE1-W1-Wo1-Ws1-p(R2,CPE2)")
    coordinates = Coordinates(circuit, SCALES)
    assert np.isfinite(coordinates.low).all()
    assert np.isfinite(coordinates.high).all()
    assert np.all(coordinates.low < coordinates.high)


@pytest.mark.parametrize("bound", [(1e15, 1e16), (1e-20, 1e-19)])
def test_bounds_far_outside_what_the_data_shows_are_kept(bound):
    circuit = Circuit.from_string("R_s-p(R_ct,C_dl)").constrain(bound={"R_ct": bound})
    coordinates = Coordinates(circuit, SCALES)
    values = coordinates.physical(coordinates.clip(np.zeros((1, 3))))
    assert bound[0] * (1 - 1e-9) <= values[0, 1] <= bound[1] * (1 + 1e-9)


def test_scales():
    scales = Scales.of(np.array([1.0, 100.0]), np.array([[3 + 4j, 0.0], [0.6 + 0.8j, 2.0]]))
    assert (scales.z_low, scales.z_high) == (1.0, 5.0)
    assert (scales.omega_low, scales.omega_high) == (1.0, 100.0)
    assert Scales.of(np.array([1.0]), np.array([0j])).z_high == 1.0
    for unit in ("ohm", "F", "H", "S s^alpha", "ohm s^-1/2", "s"):
        low, high = scales.range(unit)
        assert 0 < low < high < np.inf


def test_every_unit_of_a_parameter_has_a_span():
    """Of one without, the solver could not say where a value is searched."""
    units = {row.unit for element in ELEMENTS.values() for row in element.parameters}
    assert units <= set(UNITS)
    assert all(0 < SCALES.range(unit)[0] < SCALES.range(unit)[1] for unit in UNITS)

"""Circuits: shapes, values and exact derivatives against closed forms written here, and what is refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from eisfit.errors import CircuitError, NotationError, ParameterError
from eisfit.files import to_json
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import ROLES, CircuitParameter, default_parameters
from eisfit.model.notation import Component, Series

FREQUENCY = np.geomspace(1e5, 1e-2, 23)


def randles(p, frequency):
    """R_s-p(R_ct-W_d,CPE_ct) by admittances, for complex parameters too."""
    s = 2j * np.pi * frequency
    diffusion = p["W_d_sigma"] * np.sqrt(2) / np.sqrt(s)
    storage = p["CPE_ct_Q"] * np.exp(p["CPE_ct_alpha"] * np.log(s))
    return p["R_s"] + 1 / (storage + 1 / (p["R_ct"] + diffusion))


def nested(p, frequency):
    """L_cell-p(R1-p(R2,C2,Wo3),C1): three branches and an arc within an arc."""
    s = 2j * np.pi * frequency
    x = np.sqrt(s * p["Wo3_tau"])
    inner = 1 / (1 / p["R2"] + s * p["C2"] + x * np.tanh(x) / p["Wo3_R"])
    return s * p["L_cell"] + 1 / (s * p["C1"] + 1 / (p["R1"] + inner))


def bounded(p, frequency):
    """p(R1-Ws2,CPE1-R2)-C0: a CPE that is not alone in its branch."""
    s = 2j * np.pi * frequency
    x = np.sqrt(s * p["Ws2_tau"])
    a = p["R1"] + p["Ws2_R"] * np.tanh(x) / x
    b = p["R2"] + 1 / (p["CPE1_Q"] * np.exp(p["CPE1_alpha"] * np.log(s)))
    return a * b / (a + b) + 1 / (s * p["C0"])


CASES = {
    "R_s-p(R_ct-W_d,CPE_ct)": (
        randles,
        {"R_s": 2.1, "R_ct": 51.9, "W_d_sigma": 3.3, "CPE_ct_Q": 2e-4, "CPE_ct_alpha": 0.87},
    ),
    "L_cell-p(R1-p(R2,C2,Wo3),C1)": (
        nested,
        {"L_cell": 3e-7, "R1": 5.0, "R2": 70.0, "C2": 1e-3, "Wo3_R": 30.0, "Wo3_tau": 11.0, "C1": 2e-6},
    ),
    "p(R1-Ws2,CPE1-R2)-C0": (
        bounded,
        {"R1": 9.0, "Ws2_R": 4.0, "Ws2_tau": 0.3, "CPE1_Q": 1e-3, "CPE1_alpha": 0.6, "R2": 1.5, "C0": 0.2},
    ),
}
every_case = pytest.mark.parametrize("string", CASES)


@every_case
def test_value_and_shape_of_one(string):
    closed, p = CASES[string]
    circuit = Circuit.from_string(string)
    assert set(circuit.names) == set(p)
    z = circuit.impedance(FREQUENCY, p)
    assert z.shape == FREQUENCY.shape
    assert z == pytest.approx(closed(p, FREQUENCY), rel=1e-12)


@every_case
def test_derivatives_by_complex_steps(string):
    closed, p = CASES[string]
    circuit = Circuit.from_string(string)
    z, slopes = circuit.impedance(FREQUENCY, p, derivative=True)
    assert slopes.shape == (FREQUENCY.size, len(p))
    assert z == pytest.approx(closed(p, FREQUENCY), rel=1e-12)
    for k, name in enumerate(circuit.names):
        # Steps along both axes: their errors of second order cancel, what is left is of fourth.
        h = 1e-3 * p[name]
        moved = [closed(p | {name: p[name] + step}, FREQUENCY) for step in (h * 1j, -h * 1j, h, -h)]
        reference = (moved[0] - moved[1]) / (4j * h) + (moved[2] - moved[3]) / (4 * h)
        assert slopes[:, k] == pytest.approx(reference, rel=1e-8, abs=1e-9 * np.abs(reference).max())


@every_case
def test_batches(string):
    closed, p = CASES[string]
    circuit = Circuit.from_string(string)
    factors = np.array([0.5, 0.8, 1.0, 1.1])
    batch = {name: value * factors for name, value in p.items()}
    z, slopes = circuit.impedance(FREQUENCY, batch, derivative=True)
    assert z.shape == (4, FREQUENCY.size)
    assert slopes.shape == (4, FREQUENCY.size, len(p))
    for b in range(4):
        row = {name: value[b] for name, value in batch.items()}
        assert z[b] == pytest.approx(closed(row, FREQUENCY), rel=1e-12)
        assert slopes[b] == pytest.approx(circuit.impedance(FREQUENCY, row, derivative=True)[1], rel=1e-12)


def test_one_array_among_numbers_makes_a_batch():
    circuit, (closed, p) = Circuit.from_string("R_s-p(R_ct-W_d,CPE_ct)"), CASES["R_s-p(R_ct-W_d,CPE_ct)"]
    z = circuit.impedance(FREQUENCY, p | {"R_ct": [50.0, 60.0]})
    assert z.shape == (2, FREQUENCY.size)
    assert z[1] == pytest.approx(closed(p | {"R_ct": 60.0}, FREQUENCY), rel=1e-12)
    assert circuit.impedance(FREQUENCY, p | {"R_ct": [50.0]}).shape == (1, FREQUENCY.size)


def test_a_single_resistor_and_a_single_frequency():
    circuit = Circuit.from_string("R_s")
    z, slopes = circuit.impedance([1.0, 2.0], {"R_s": 3.0}, derivative=True)
    assert z.tolist() == [3.0, 3.0]
    assert slopes.tolist() == [[1.0], [1.0]]
    assert circuit.impedance(5.0, {"R_s": 3.0}).shape == (1,)


def test_extremes_are_finite():
    circuit = Circuit.from_string("R_s-p(R_ct-W_d,CPE_ct)")
    p = {"R_s": 1e-9, "R_ct": 1e12, "W_d_sigma": 1e-12, "CPE_ct_Q": 1e-15, "CPE_ct_alpha": 1.0}
    z, slopes = circuit.impedance(np.geomspace(1e-6, 1e9, 50), p, derivative=True)
    assert np.isfinite(z).all()
    assert np.isfinite(slopes).all()


def test_values_without_a_finite_impedance_are_refused():
    with pytest.raises(ParameterError, match="give no finite impedance"):
        Circuit.from_string("R1-C1").impedance([1.0], {"R1": 1.0, "C1": 0.0})


def test_missing_and_unknown_names():
    circuit = Circuit.from_string("R_s-p(R_ct,C_dl)")
    with pytest.raises(ParameterError, match="no value for R_ct, C_dl"):
        circuit.impedance([1.0], {"R_s": 1.0})
    with pytest.raises(ParameterError, match=r"no parameter 'R_tc'; did you mean 'R_ct'\?"):
        circuit.impedance([1.0], {"R_s": 1.0, "R_tc": 2.0, "C_dl": 3.0})
    with pytest.raises(ParameterError, match="no parameter 'banana'; it has R_s, R_ct, C_dl"):
        circuit.check_names(["R_s", "banana"])


def test_arrays_of_different_length():
    with pytest.raises(ParameterError, match="must have one common length"):
        Circuit.from_string("R1-R2").impedance([1.0], {"R1": [1.0, 2.0], "R2": [1.0, 2.0, 3.0]})


def test_own_values_and_expressions_may_be_left_out():
    circuit = Circuit.from_string("R1-R2-R3").constrain(fix={"R1": 1.0}, expr={"R3": "10*R2"})
    assert circuit.impedance([1.0], {"R2": 2.0}).tolist() == [23.0]
    assert circuit.impedance([1.0], {"R1": 5.0, "R2": 2.0}).tolist() == [27.0]
    assert circuit.impedance([1.0], {"R2": [2.0, 3.0]}).ravel().tolist() == [23.0, 34.0]
    assert circuit.resolve({"R2": 2.0}) == {"R1": 1.0, "R2": 2.0, "R3": 20.0}


def test_expressions_of_expressions_come_in_order():
    circuit = Circuit.from_string("R1-R2-R3").constrain(expr={"R1": "R2 + 1", "R2": "2*R3"})
    assert list(circuit.expressions) == ["R2", "R1"]
    assert circuit.resolve({"R3": 3.0}) == {"R1": 7.0, "R2": 6.0, "R3": 3.0}


def test_constrain_gives_a_copy():
    circuit = Circuit.from_string("R_s-p(R_ct,CPE_ct)")
    changed = circuit.constrain(
        fix={"CPE_ct_alpha": 1}, start={"R_s": 2}, bound={"R_ct": (1, 100)}, expr={"CPE_ct_Q": " 1e-5*R_s "}
    )
    assert circuit.parameters["R_ct"].max == np.inf
    p = changed.parameters
    assert (p["CPE_ct_alpha"].value, p["CPE_ct_alpha"].vary, p["CPE_ct_alpha"].free) == (1.0, False, False)
    assert (p["R_s"].value, p["R_s"].free) == (2.0, True)
    assert (p["R_ct"].min, p["R_ct"].max) == (1.0, 100.0)
    assert (p["CPE_ct_Q"].expr, p["CPE_ct_Q"].free) == ("1e-5*R_s", False)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"fix": {"R_tc": 1.0}}, r"no parameter 'R_tc'; did you mean 'R_ct'\?"),
        ({"start": {"x": 1.0}}, "no parameter 'x'"),
        ({"bound": {"x": (0, 1)}}, "no parameter 'x'"),
        ({"expr": {"x": "R_s"}}, "no parameter 'x'"),
        ({"bound": {"R_ct": (10, 5)}}, "R_ct: the lower bound 10 is not below the upper bound 5"),
        ({"bound": {"R_ct": (5, 5)}}, "R_ct: the lower bound 5 is not below"),
        ({"bound": {"R_ct": (float("nan"), 5)}}, "R_ct: the lower bound nan is not below"),
        (
            {"bound": {"R_ct": (10, 50)}, "start": {"R_ct": 5}},
            "R_ct: the value 5 lies outside its bounds 10 to 50",
        ),
        ({"fix": {"CPE_ct_alpha": 1.5}}, "CPE_ct_alpha: the value 1.5 lies outside its bounds 0.2 to 1"),
        ({"fix": {"R_ct": -1.0}}, "R_ct: the value -1 lies outside"),
        ({"fix": {"R_ct": float("nan")}}, "R_ct: the value nan lies outside"),
        ({"expr": {"R_ct": "2*R_x"}}, r"unknown parameter 'R_x'; did you mean 'R_s'\?"),
        ({"expr": {"R_ct": "R_ct + 1"}}, "the expressions of R_ct depend on each other in a circle"),
        ({"expr": {"R_ct": "R_s", "R_s": "R_ct"}}, "R_s, R_ct depend on each other in a circle"),
        ({"expr": {"R_ct": "import os"}}, "is not arithmetic"),
    ],
)
def test_impossible_constraints(request_, message):
    with pytest.raises(ParameterError, match=message):
        Circuit.from_string("R_s-p(R_ct,CPE_ct)").constrain(**request_)


def test_fixed_without_a_value_is_refused():
    circuit = Circuit.from_string("R_s")
    row = dataclasses.replace(circuit.parameters["R_s"], vary=False)
    with pytest.raises(ParameterError, match="R_s: is fixed but has no value"):
        dataclasses.replace(circuit, parameters={"R_s": row}).constrain()


def test_roles_of_a_bare_string():
    circuit = Circuit.from_string("L1-R_s-p(R_film,C_coat)-p(R_sei,C_sei)-p(R_ct-W_d,C_dl)-p(R9,C9)-Wo1-Ws1")
    roles = {name: p.role for name, p in circuit.parameters.items()}
    assert roles == {
        "L1": "inductance",
        "R_s": "series",
        "R_film": "film",
        "C_coat": "film",
        "R_sei": "sei",
        "C_sei": "sei",
        "R_ct": "charge_transfer",
        "W_d_sigma": "diffusion",
        "C_dl": "charge_transfer",
        "R9": "other",
        "C9": "other",
        "Wo1_R": "diffusion",
        "Wo1_tau": "diffusion",
        "Ws1_R": "diffusion",
        "Ws1_tau": "diffusion",
    }
    assert set(roles.values()) <= set(ROLES)


def test_two_components_with_one_parameter_name():
    tree = Series((Component("CPE", "CPE"), Component("CPE_Q", "R")))
    with pytest.raises(CircuitError, match="two components give a parameter 'CPE_Q': rename 'CPE_Q'"):
        default_parameters(tree)


def test_a_bad_string():
    with pytest.raises(NotationError, match="expected"):
        Circuit.from_string("R_s-")


def test_round_trip_through_json():
    circuit = Circuit.from_string("R_s-p(R_ct,CPE_ct)").constrain(
        fix={"CPE_ct_alpha": 0.9}, bound={"R_ct": (1, 100)}, expr={"R_s": "R_ct/10"}
    )
    again = Circuit.from_dict(json.loads(to_json(circuit.to_dict())))
    assert again == circuit
    assert hash(again) == hash(circuit)
    assert again.parameters == circuit.parameters
    assert Circuit.from_dict({"name": "R1", "string": "R1"}) == Circuit.from_string("R1")


def test_from_dict_refuses_unknown_parameters():
    with pytest.raises(ParameterError, match="no parameter 'R2'"):
        Circuit.from_dict({"name": "R1", "string": "R1", "parameters": {"R2": {}}})


def test_equality_and_repr():
    one, other = Circuit.from_string("R_s"), Circuit.from_string("R_ct")
    assert one != other
    assert one != "R_s"
    assert repr(one) == "<Circuit R_s>"
    assert repr(dataclasses.replace(one, name="mine")) == "<Circuit mine: R_s>"
    assert "R_s" in one._repr_html_()


def test_frozen():
    circuit = Circuit.from_string("R_s")
    with pytest.raises(dataclasses.FrozenInstanceError):
        circuit.name = "other"
    with pytest.raises(dataclasses.FrozenInstanceError):
        circuit.parameters["R_s"].value = 3.0
    assert isinstance(circuit.parameters["R_s"], CircuitParameter)


def test_an_amplitude_may_be_negative_and_a_time_constant_not():
    """Bounds below zero make an amplitude linear; nothing has a negative time constant."""
    circuit = Circuit.from_string("R0-p(R1,CPE1)-Wo2").constrain(bound={"R1": (-1e5, 0), "CPE1_Q": (-1, 1)})
    scales = {name: p.scale for name, p in circuit.parameters.items()}
    assert scales["R1"] == scales["CPE1_Q"] == "linear"
    assert scales["R0"] == scales["Wo2_tau"] == "log"
    with pytest.raises(ParameterError, match="Wo2_tau: the lower bound -1 must not be negative"):
        circuit.constrain(bound={"Wo2_tau": (-1, 5)})

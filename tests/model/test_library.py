"""The circuit files: each one's own reference values, and a form in which nothing can be misspelt."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from eisfit.errors import CircuitError, NotationError, SchemaError
from eisfit.files import data_folder
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import ROLES
from eisfit.model.files.library import circuit, circuits, list_reference_tests, load_circuit

FILES = sorted(data_folder("circuits").glob("*.toml"))
every_file = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


@every_file
def test_reference_values_are_reproduced(path):
    tests = list_reference_tests(path)
    assert tests, f"{path.name} has no [[tests]]: a circuit without reference values is not one"
    model = load_circuit(path)
    for source, parameters, frequency, impedance in tests:
        assert "eisfit" not in source.lower()
        assert set(parameters) == set(model.names)
        assert frequency.size == impedance.size >= 4
        z = model.impedance(frequency, parameters)
        assert np.all(np.abs(z - impedance) <= 1e-10 * np.abs(impedance)), source


@every_file
def test_every_parameter_has_its_role_and_meaning(path):
    model = load_circuit(path)
    assert model.name == path.stem
    assert model.title
    assert model.references
    for parameter in model.parameters.values():
        assert parameter.role in ROLES
        assert parameter.describe
    assert model.parameters["R_s"].role == "series"
    if "R_ct" in model.parameters:
        assert model.parameters["R_ct"].role == "charge_transfer"


def test_the_issues_circuits_are_there():
    wanted = {"rs-ct", "rs-ct-w", "rs-sei-ct", "rs-sei-ct-w", "rs-sei-ct-then-w", "l-rs-sei-ct-w"}
    assert wanted | {"rs-sei-ct-wo", "rs-film-ct-w"} <= set(circuits())
    assert {"rs-rc", "rs-3arcs", "rs-cpe", "rs-ct-ws", "rs-gerischer", "rs-tlm", "rs-tlmq"} <= set(circuits())
    assert list(circuits()) == sorted(circuits())


def test_a_circuit_by_name_string_path_and_itself(tmp_path):
    named = circuit("rs-ct")
    assert (named.name, named.string) == ("rs-ct", "R_s-p(R_ct,CPE_ct)")
    assert circuit(named) is named
    assert circuit("R_s-p(R_ct,CPE_ct)").name == "R_s-p(R_ct,CPE_ct)"
    mine = shutil.copy(data_folder("circuits") / "rs-ct.toml", tmp_path / "mine.toml")
    assert circuit(mine).name == "mine"
    assert circuit(str(mine)).string == named.string


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("rs-sei-tc", r"no circuit is called 'rs-sei-tc'; did you mean 'rs-sei-ct'\?"),
        ("banana", f"no circuit is called 'banana'; they are {', '.join(circuits()[:4])},"),
        ("nowhere.toml", "nowhere.toml: there is no such circuit file"),
    ],
)
def test_unknown_circuits(source, message):
    with pytest.raises(CircuitError, match=message):
        circuit(source)


def test_a_string_that_cannot_be_read():
    with pytest.raises(NotationError, match="occurs twice"):
        circuit("R_s-R_s")


GOOD = """\
circuit = "R_s-p(R_ct,C_dl)"
title = "a test"
references = ["nobody"]

[parameters.R_s]
describe = "series resistance"
role = "series"
min = 1.0
max = 9.0
value = 3.0

[parameters.R_ct]
describe = "charge transfer"
role = "charge_transfer"
expr = " 2*R_s "

[parameters.C_dl]
describe = "double layer"
role = "charge_transfer"
vary = false
value = 1e-5

[[tests]]
source = "by hand: R_s + R_ct at zero frequency"
parameters = { R_s = 1.0, R_ct = 2.0, C_dl = 1e-30 }
frequency_Hz = [1.0]
Z_real_ohm = [3.0]
Z_imag_ohm = [0.0]
"""


@pytest.fixture
def written(tmp_path):
    """Write a circuit file with one line changed and return its path."""

    def write(old="", new=""):
        assert old in GOOD
        path = tmp_path / "mine.toml"
        path.write_text(GOOD.replace(old, new, 1) if old else GOOD, encoding="utf-8")
        return path

    return write


def test_what_a_file_says_is_in_the_circuit(written):
    p = circuit(written()).parameters
    assert (p["R_s"].min, p["R_s"].max, p["R_s"].value, p["R_s"].free) == (1.0, 9.0, 3.0, True)
    assert (p["R_ct"].expr, p["R_ct"].vary) == ("2*R_s", False)
    assert (p["C_dl"].value, p["C_dl"].vary) == (1e-5, False)
    assert isinstance(circuit(written()), Circuit)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", r"mine\.toml, line 2: titel: unknown key; did you mean 'title'\?"),
        (
            "min = 1.0",
            "minn = 1.0",
            r"mine\.toml, line 8: parameters\.R_s\.minn: unknown key; did you mean 'min'\?",
        ),
        (
            "source =",
            "sourc =",
            r"mine\.toml, line 24: tests\.0\.sourc: unknown key; did you mean 'source'\?",
        ),
        ('title = "a test"\n', "", r"mine\.toml: title: is missing"),
        ('describe = "double layer"\n', "", r"mine\.toml, line 17: parameters\.C_dl\.describe: is missing"),
        (
            "min = 1.0",
            'min = "low"',
            r"mine\.toml, line 8: parameters\.R_s\.min: must be a number",
        ),
        ('["nobody"]', "[]", r"mine\.toml, line 3: references: must not be empty"),
        (
            'role = "series"',
            'role = "sereis"',
            r"parameters\.R_s\.role: no role 'sereis'; did you mean 'series'\?",
        ),
        ('role = "series"', 'role = "xyz"', r"parameters\.R_s\.role: no role 'xyz'; roles are series,"),
        (
            "[parameters.C_dl]",
            "[parameters.C_dll]",
            r"parameters\.C_dll: no such parameter; did you mean 'C_dl'\?",
        ),
        (
            "[parameters.C_dl]",
            "[parameters.xyz]",
            r"parameters\.xyz: no such parameter; the circuit has R_s, R_ct",
        ),
        ("p(R_ct,C_dl)", "p(R_ct,C_dl", r"(?s)mine\.toml: circuit: expected '-', ',' or '\)'.*\^"),
        (
            "p(R_ct,C_dl)",
            "p(R_ct,C_dl)-W_d",
            r"parameters\.W_d_sigma: is missing; every parameter has its role",
        ),
        ("title =", "title", r"mine\.toml: is not valid TOML: .*line 2"),
    ],
)
def test_a_wrong_file_is_answered_with_place_and_remedy(written, old, new, message):
    with pytest.raises(SchemaError, match=message):
        circuit(written(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("max = 9.0", "max = 0.5", "R_s: the lower bound 1 is not below the upper bound 0.5"),
        ("value = 3.0", "value = 30.0", "R_s: the value 30 lies outside its bounds 1 to 9"),
        ("2*R_s", "2*R_x", "unknown parameter 'R_x'"),
        ("value = 1e-5", "", "C_dl: is fixed but has no value"),
    ],
)
def test_impossible_values_in_a_file_name_the_file(written, old, new, message):
    with pytest.raises(SchemaError, match=message) as caught:
        circuit(written(old, new))
    assert "mine.toml" in str(caught.value)


def test_a_file_that_changed_is_read_again(written):
    assert circuit(written()).parameters["R_s"].max == 9.0
    assert circuit(written("max = 9.0", "max = 8.0")).parameters["R_s"].max == 8.0

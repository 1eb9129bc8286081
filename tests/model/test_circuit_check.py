"""A circuit examined: its references recomputed, its expressions' units, what no spectrum can tell apart."""

from __future__ import annotations

import json
import re

import pytest

import eisfit
from eisfit.files import to_json
from eisfit.model.files.check import check_circuit

MINE = """\
circuit = "R_s-p(R_ct,C_dl)"
title = "one arc"
references = ["the lab book"]

[parameters.R_s]
describe = "series resistance"
role = "series"

[parameters.R_ct]
describe = "charge transfer"
role = "charge_transfer"

[parameters.C_dl]
describe = "double layer"
role = "charge_transfer"
"""
# R_s + R_ct / (1 + j), at omega R_ct C_dl = 1: by hand, 1 + 2/2 - j 2/2.
TEST = """
[[tests]]
source = "by hand, at omega R C = 1"
parameters = { R_s = 1.0, R_ct = 2.0, C_dl = 0.5 }
frequency_Hz = [0.15915494309189535]
Z_real_ohm = [2.0]
Z_imag_ohm = [-1.0]
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine"):
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("name", eisfit.circuits())
def test_eisfits_own_circuits_are_in_order(name):
    found = check_circuit(name)
    assert found.ok
    assert len(found.tests) >= 2
    assert all(test.deviation < 1e-10 for test in found.tests)
    assert all("alike" in remark for remark in found.remarks)


def test_a_file_in_order(written):
    found = check_circuit(written(MINE + TEST))
    assert found.ok
    assert found.remarks == ()
    assert "mine.toml: ok: R_s-p(R_ct,C_dl)\n  1 reference tests reproduced, to" in str(found)
    document = json.loads(to_json(found.to_dict()))
    assert document["ok"] is True
    assert document["parameters"] == ["R_s", "R_ct", "C_dl"]
    assert document["tests"][0]["deviation"] < 1e-12


def test_a_slip_in_the_string_shows_in_its_references(written):
    found = check_circuit(written(MINE.replace("R_s-p(R_ct,C_dl)", "p(R_s-R_ct,C_dl)") + TEST))
    assert not found.ok
    assert "FAILED: test 1 (by hand, at omega R C = 1): " in str(found)
    assert "ohm at 0.159155 Hz, where the file has 2-1j" in str(found)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[-1.0]", "[-1.0, 2.0]", "frequency_Hz, Z_real_ohm and Z_imag_ohm have 1, 1 and 2 numbers"),
        ("C_dl = 0.5", "C_dx = 0.5", r"no parameter 'C_dx'; did you mean 'C_dl'\?"),
        (", C_dl = 0.5", "", "no value for C_dl"),
    ],
)
def test_references_that_cannot_be_computed(written, old, new, problem):
    found = check_circuit(written(MINE + TEST.replace(old, new)))
    assert not found.ok
    assert re.search(problem, str(found)), str(found)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("nowhere.toml", "there is no such circuit file"),
        ("rs-sei-tc", "no circuit is called 'rs-sei-tc'; did you mean 'rs-sei-ct'?"),
        ("R_s-R_s", "'R_s' occurs twice"),
    ],
)
def test_what_cannot_be_read(source, error):
    found = check_circuit(source)
    assert not found.ok
    assert error in found.error
    assert error in str(found)
    assert found.to_dict()["string"] is None


def test_a_wrong_file_names_line_and_key(written):
    found = check_circuit(written(MINE.replace('role = "series"', 'rolle = "series"')))
    assert "mine.toml, line 7: parameters.R_s.rolle: unknown key; did you mean 'role'?" in str(found)


def test_remarks_about_the_file(written):
    said = "\n".join(check_circuit(written(MINE + TEST.replace("by hand", "EISFIT"), "My Circuit")).remarks)
    assert "values from eisfit itself prove nothing" in said
    assert "'My Circuit' cannot be asked for by name: use small letters and digits parted by '-'" in said
    (missing,) = check_circuit(written(MINE)).remarks
    assert missing.startswith("no [[tests]]: give impedances computed by another program")


def test_replacing_one_of_eisfits_is_remarked(tmp_path, monkeypatch):
    (tmp_path / "circuits").mkdir()
    (tmp_path / "circuits" / "rs-rc.toml").write_text(MINE + TEST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert check_circuit("circuits/rs-rc.toml").remarks == (
        "it replaces the circuit rs-rc that comes with eisfit",
    )
    assert check_circuit("rs-rc").remarks == ("it replaces the circuit rs-rc that comes with eisfit",)


@pytest.mark.parametrize(
    ("string", "remark"),
    [
        ("R_s-R_x-C1", "R_s and R_x stand in series: no spectrum tells them apart; keep one"),
        ("R_s-p(R1,R2,C1)", "R1 and R2 stand in parallel: no spectrum"),
        ("p(R1,p(R2,C2))", "R1 and R2 stand in parallel: no spectrum"),
        ("p(R1,C1,C2)", "C1 and C2 stand in parallel"),
        ("W1-W2-W3", "W1, W2 and W3 stand in series"),
        ("R_s-p(CPE1,CPE2,R1)", "CPE1 and CPE2 stand in parallel: only their exponents tell them apart"),
        (
            "p(R1,C1)-p(R2,C2)",
            "p(R1,C1) and p(R2,C2) are alike: no spectrum says which is which; the faster gets",
        ),
        ("p(R1,C1)-p(C2,R2)-R_s", "p(R1,C1) and p(C2,R2) are alike"),
        ("p(R1-C1,R2-C2)", "R1-C1 and R2-C2 are alike: no spectrum says which is which"),
        ("Zarc1-Zarc2", "Zarc1 and Zarc2 are alike"),
    ],
)
def test_remarks_about_what_no_spectrum_tells(string, remark):
    found = check_circuit(string)
    assert found.ok
    assert len(found.remarks) == 1
    assert found.remarks[0].startswith(remark)


@pytest.mark.parametrize(
    "string", ["R_s-p(R1-W1,CPE1)", "p(R1-p(R2,C2),C1)", "p(R1-C1,C2)", "TLMe_x-R1", "C1"]
)
def test_nothing_is_said_where_nothing_is_wrong(string):
    assert check_circuit(string).remarks == ()


def test_what_no_rule_names_is_found_from_the_derivatives(written):
    """K with R in parallel: R_K R/(R_K + R) and the time constant; three parameters, a two-parameter arc."""
    (remark,) = check_circuit("p(K_1,R_1)").remarks
    assert remark.startswith("no spectrum tells K_1_R, K_1_tau and R_1 apart: fix one of them")
    fixed = MINE.replace("R_s-p(R_ct,C_dl)", "p(K_1,R_1)").partition("[parameters.R_s]")[0]
    for name, more in (("K_1_R", "value = 2.0\nvary = false"), ("K_1_tau", ""), ("R_1", "")):
        fixed += f'[parameters.{name}]\ndescribe = "x"\nrole = "other"\n{more}\n'
    assert not [remark for remark in check_circuit(written(fixed)).remarks if "apart" in remark]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("2*R_s", False),
        ("R_s + R_s**2/R_s", False),
        ("1/C_dl", True),
        ("R_s**2", True),
        ("sqrt(R_s)", True),
        ("R_s + 3", True),
    ],
)
def test_expressions_are_held_against_their_units(written, expression, said):
    text = MINE.replace(
        'describe = "charge transfer"', f'describe = "charge transfer"\nexpr = "{expression}"'
    )
    remarks = [remark for remark in check_circuit(written(text)).remarks if "is not in ohm" in remark]
    assert bool(remarks) == said
    if said:
        assert remarks == [f"R_ct = {expression}: is not in ohm, unless a number in it has a unit of its own"]

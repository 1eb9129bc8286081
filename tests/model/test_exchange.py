"""Strings of other programs: read, written, and the impedances they mean by those programs' own formulas."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.errors import CircuitError, EisfitError
from eisfit.model.exchange import pyimpspec

F = np.geomspace(1e5, 1e-3, 30)
X = 2j * np.pi * F


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("R1-C2-[R3,P4]-[R5,[R6,C7]]", "R1-C2-p(R3,CPE4)-p(R5,p(R6,C7))"),
        ("[P1,R2]-R3", "p(CPE1,R2)-R3"),
        ("[R1-P2,C3]", "p(R1-CPE2,C3)"),
        ("R1+Q2/(R2+W2)", "R1-p(CPE2,R2-W2)"),
        ("R1+C1/R2+Q3", "R1-p(C1,R2)-CPE3"),
        ("R1/C1/L1+M2+Ma3", "p(R1,C1,L1)-Wo2-Wop3"),
        ("R1+Q1/(R2+Q2/R3)", "R1-p(CPE1,R2-p(CPE2,R3))"),
        ("R0+L1+(R1,CPE1)+(R2,CPE2)+CPE3", "R0-L1-p(R1,CPE1)-p(R2,CPE2)-CPE3"),
        ("s(R1,p(R1,C1))", "R1-p(R2,C1)"),
        ("s(R1,p(s(R1,W1),E2))", "R1-p(R2-W1,CPE1)"),
        ("R_s-K*5", "R_s-K1-K2-K3-K4-K5"),
        ("[R(RWo)]", "R1-p(R2,Wo1)"),
        ("!V=1!R{R=1:s}(R{:ct}Q)", "R_s-p(R_ct,CPE1)"),
        ("R(RQ)([RW]Q)", "R1-p(R2,CPE1)-p(R3-W1,CPE2)"),
        ("R0-p(R1,CPE1)-p(R2-Wo1,CPE2)", "R0-p(R1,CPE1)-p(R2-Wo1,CPE2)"),
    ],
)
def test_strings_of_others_are_read(theirs, ours):
    assert eisfit.circuit(theirs).string == ours


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        ("R1+Q2/(R2+X2)", "expected an element of C, CPE"),
        ("R1+(R2", "expected '+', '/', ',' or ')'"),
        ("R1+", "expected an element"),
        ("s(R1,p(R1,C1)", "expected ',' or ')'"),
        ("R1-[R2,P3", "expected '-', ',' or ')'"),
        ("R_s-K*0", "a chain has 1 to 40 elements"),
        ("R_s-K*" + 5000 * "9", "a chain has 1 to 40 elements"),
        ("R{R=1", "this brace is not closed"),
        ("R{Q=1}", "R has no parameter 'Q'"),
        ("R{R=one}", "expected NAME=VALUE"),
        ("RTlm{R_i=1}", "eisfit reads these of pyimpspec's elements"),
        ("(R{R=1}", "expected ')'"),
        ("G{Y=1,n=0.4f}", "eisfit's G has the exponent 0.5 alone"),
        ("Wo{Y=1/0.5/2}", "limits of Wo's Y cannot be translated"),
        ("R{R=5/6/7}", "lies outside its bounds"),
    ],
)
def test_what_cannot_be_read_is_said(theirs, sentence):
    with pytest.raises(CircuitError if "5/6" not in theirs else EisfitError) as told:
        eisfit.circuit(theirs)
    assert sentence in str(told.value)


#: Code -> the impedance by pyimpspec's documented equations.
MEANT = {
    "R{R=5}": lambda: 5 + 0 * X,
    "Q{Y=2e-3,n=0.8}": lambda: 1 / (2e-3 * X**0.8),
    "La{L=1e-3,n=0.7}": lambda: 1e-3 * X**0.7,
    "W{Y=0.02}": lambda: 1 / (0.02 * X**0.5),
    "W{Y=0.02,n=0.4}": lambda: 1 / (0.02 * X**0.4),
    "Wo{Y=0.3,B=7}": lambda: 1 / np.tanh((7 * X) ** 0.5) / (0.3 * X) ** 0.5,
    "Ws{Y=0.3,B=7}": lambda: np.tanh((7 * X) ** 0.5) / (0.3 * X) ** 0.5,
    "Wo{Y=0.3,B=7,n=0.4}": lambda: 1 / np.tanh((7 * X) ** 0.4) / (0.3 * X) ** 0.4,
    "G{Y=0.01,k=3}": lambda: 1 / (0.01 * (3 + X) ** 0.5),
    "Ga{R=5,tau=0.2}": lambda: 5 / (1 + 0.2 * X) ** 0.5,
    "K{R=5,tau=0.2}": lambda: 5 / (1 + 0.2 * X),
    "Zarc{R=5,tau=0.2,n=0.8}": lambda: 5 / (1 + (0.2 * X) ** 0.8),
    "Ha{R=5,tau=0.2,a=0.8,b=0.6}": lambda: 5 / (1 + (0.2 * X) ** 0.8) ** 0.6,
    "C{C=1e-3}L{L=1e-4}": lambda: 1 / (1e-3 * X) + 1e-4 * X,
}


@pytest.mark.parametrize("code", MEANT)
def test_values_of_pyimpspec_mean_what_they_mean_there(code):
    circuit = eisfit.circuit(code)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = MEANT[code]()
    expected = np.where(np.isfinite(expected), expected, np.nan)
    found = circuit.impedance(F, {})
    known = np.isfinite(expected)
    assert known.sum() > 15
    assert found[known] == pytest.approx(expected[known], rel=1e-9)
    again = eisfit.circuit(pyimpspec.write(circuit, circuit.resolve({})))
    assert again.impedance(F, {}) == pytest.approx(found, rel=1e-12)


def test_fixed_values_limits_and_labels():
    p = eisfit.circuit("R{R=5F:sol}(C{C=1e-5/50%/2e-5}R{R=50//70:ct}W{Y=0.1f})").parameters
    assert (p["R_sol"].value, p["R_sol"].vary) == (5.0, False)
    assert (p["C1"].min, p["C1"].max, p["C1"].value) == (5e-6, 2e-5, 1e-5)
    assert (p["R_ct"].min, p["R_ct"].max, p["R_ct"].vary) == (0.0, 70.0, True)
    assert (p["W1_sigma"].vary, p["W1_sigma"].value) == (False, pytest.approx(1 / (0.1 * np.sqrt(2))))
    assert pyimpspec.write(eisfit.circuit("R{R=5F:sol}"), {"R_sol": 5.0}) == "R{R=5.0f:sol}"
    with pytest.raises(CircuitError, match="pyimpspec has no element TLM"):
        pyimpspec.write(eisfit.circuit("R_s-TLM1"))


def test_a_chain_of_voigt_elements_is_fitted():
    """Three arcs, simulated; the chain finds their time constants."""
    truth = {"R_s": 1.0} | {f"K{k}_R": r for k, r in ((1, 5.0), (2, 10.0), (3, 20.0))}
    truth |= {f"K{k}_tau": t for k, t in ((1, 1e-4), (2, 1e-2), (3, 1.0))}
    result = eisfit.fit(eisfit.simulate("R_s-K*3", truth, noise=1e-3, seed=2), "R_s-K*3")
    assert sorted(result[f"K{k}_tau"].value for k in (1, 2, 3)) == pytest.approx([1e-4, 1e-2, 1.0], rel=0.02)

"""Transmission lines of any sub-circuits: against the matrix exponential of their differential equations.

The reference knows nothing of hyperbolic functions: with the potentials of both rails and the first rail's
current as the state, d/dx (phi_A, phi_B, i_A, 1) is a constant matrix; mpmath exponentiates it (300 digits,
half of which it loses at high frequency) and solves for what the faces leave open.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import eisfit
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.evaluation.kernel import evaluate
from eisfit.errors import CircuitError, NotationError
from eisfit.fitting.interop import to_impedance
from eisfit.model import drawing
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.model.notation import parse

FREQUENCY = np.geomspace(1e-4, 1e6, 7)
WALL = {"R_ct": 50.0, "CPE_dl_Q": 1e-3, "CPE_dl_alpha": 0.9}
EVERY = "line(R_ion,p(R_el,C_el),p(R_ct-W_d,CPE_dl),R_e-C_e,CPE_f)"
VALUES = WALL | {
    **{"R_ion": 30.0, "R_el": 8.0, "C_el": 1e-6, "W_d_sigma": 5.0, "R_e": 12.0, "C_e": 2e-3},
    **{"CPE_f_Q": 3e-4, "CPE_f_alpha": 0.8},
}


def reference(w, v):
    """Return Z of `EVERY` (what is not in `v` is absent) at one frequency."""
    s = mpmath.mpc(0, w)

    def cpe(name):
        return 1 / (v[f"{name}_Q"] * s ** v[f"{name}_alpha"])

    def beside(*z):
        return 1 / sum(1 / one for one in z)

    A, B = v.get("R_ion", 0), v.get("R_el", 0)
    B = beside(B, 1 / (s * v["C_el"])) if "C_el" in v else B
    ct = v["R_ct"] + v.get("W_d_sigma", 0) * (1 - mpmath.mpc(0, 1)) / mpmath.sqrt(w)
    Y = 1 / beside(ct, cpe("CPE_dl"))
    far = 1 / (v["R_e"] + 1 / (s * v["C_e"])) if "C_e" in v else 0
    near = 1 / cpe("CPE_f") if "CPE_f_Q" in v else 0
    # phi_A' = -A i, phi_B' = -B (1 - i), i' = -Y (phi_A - phi_B)
    over = mpmath.expm(mpmath.matrix([[0, 0, -A, 0], [0, 0, B, -B], [-Y, Y, 0, 0], [0, 0, 0, 0]]))
    # phi_A(0) = p, phi_B(0) = 0: i(0) = 1 - near p, and i(1) = far (phi_A(1) - phi_B(1))
    end0, end1 = (over * mpmath.matrix([p, 0, 1 - near * p, 1]) for p in (0, 1))
    rest0, rest1 = (e[2] - far * (e[0] - e[1]) for e in (end0, end1))
    p = rest0 / (rest0 - rest1)
    return p - (end0 * (1 - p) + end1 * p)[1]  # phi_A(0) - phi_B(1)


SUBSETS = {
    "line(R_ion,0,p(R_ct,CPE_dl))": ("R_ion",),
    "line(0,R_el,p(R_ct,CPE_dl))": ("R_el",),
    "line(R_ion,R_el,p(R_ct,CPE_dl))": ("R_ion", "R_el"),
    "line(R_ion,0,p(R_ct,CPE_dl),R_e-C_e)": ("R_ion", "R_e", "C_e"),
    "line(R_ion,R_el,p(R_ct,CPE_dl),open,CPE_f)": ("R_ion", "R_el", "CPE_f_Q", "CPE_f_alpha"),
    EVERY: tuple(VALUES),
}


@pytest.mark.slow
@pytest.mark.parametrize("string", SUBSETS)
def test_value_and_derivatives(string):
    circuit = eisfit.circuit(string)
    assert circuit.string == string
    values = {name: VALUES[name] for name in circuit.names}
    z, slopes = circuit.impedance(FREQUENCY, values, derivative=True)
    with mpmath.workdps(300):
        exact = {name: mpmath.mpf(value) for name, value in values.items()}
        for k, f in enumerate(FREQUENCY):
            w = 2 * mpmath.pi * mpmath.mpf(f)
            known = complex(reference(w, exact))
            assert abs(z[k] - known) <= 1e-12 * abs(known)
            for j, name in enumerate(circuit.names):
                h = exact[name] * mpmath.mpf("1e-70")
                up, down = (reference(w, {**exact, name: exact[name] + d}) for d in (h, -h))
                slope = complex((up - down) / (2 * h))
                rounding = 5e-12 * abs(known) / values[name]  # of Z: all that a fit sees
                assert abs(slopes[k, j] - slope) <= 1e-10 * abs(slope) + rounding, name


@pytest.mark.parametrize("size", [1e-9, 1e-4, 1.0, 1e4])
def test_rails_of_any_size_keep_their_digits(size):
    """From a line that is one point to one whose end no current reaches."""
    values = VALUES | {"R_ion": 30 * size, "R_el": 8 * size}
    circuit = eisfit.circuit(EVERY)
    z, slopes = circuit.impedance([3.0], values, derivative=True)
    with mpmath.workdps(300):  # the exponential takes them
        exact = {name: mpmath.mpf(value) for name, value in values.items()}
        w = 6 * mpmath.pi
        assert z[0] == pytest.approx(complex(reference(w, exact)), rel=1e-12)
        for j, name in enumerate(("R_ion", "R_el")):
            h = exact[name] * mpmath.mpf("1e-50")
            up, down = (reference(w, {**exact, name: exact[name] + d}) for d in (h, -h))
            place = circuit.names.index(name)
            assert slopes[0, place] == pytest.approx(complex((up - down) / (2 * h)), rel=1e-9), j


@pytest.mark.parametrize(
    ("line", "element", "rename"),
    [
        ("line(R_ion,0,CPE_dl)", "TLMQ1", ("R_ion", "Q", "alpha")),
        ("line(R_ion,0,p(R_ct,CPE_dl))", "TLM1", ("R_ion", "R_ct", "Q", "alpha")),
        ("line(R_ion,R_el,p(R_ct,CPE_dl))", "TLMe1", ("R_ion", "R_el", "R_ct", "Q", "alpha")),
    ],
)
def test_the_elements_are_lines(line, element, rename):
    circuit = eisfit.circuit(line)
    values = {name: VALUES[name] for name in circuit.names}
    theirs = {f"{element}_{name}": value for name, value in zip(rename, values.values(), strict=True)}
    expected = eisfit.circuit(element).impedance(FREQUENCY, theirs)
    assert circuit.impedance(FREQUENCY, values) == pytest.approx(expected, rel=1e-12)


def test_the_solver_sees_the_same_derivatives():
    """Reverse accumulation in the engine against those of the circuit, in logarithms."""
    circuit = Circuit.from_string(f"R_s-p({EVERY},L_x)")
    values = np.array([{**VALUES, "R_s": 2.0, "L_x": 1e-3}[name] for name in circuit.names])
    coordinates = Coordinates(circuit, Scales(1.0, 100.0, 1e-3, 1e6))
    theta = coordinates.internal(values[np.newaxis])
    grid = FrequencyGrid(2 * np.pi * FREQUENCY)
    out = np.empty((1, theta.size, FREQUENCY.size), dtype=complex)
    z = evaluate(coordinates, grid, theta, np.ones((1, 1), dtype=complex), out)
    slopes = np.empty((1, len(values), FREQUENCY.size), dtype=complex)
    at = coordinates.physical(theta)
    assert z == pytest.approx(circuit.evaluate(grid, at, slopes), rel=1e-12)
    assert out == pytest.approx(coordinates.apply_chain_rule(slopes, at, theta), rel=1e-9, abs=1e-12)


def test_it_is_fitted_as_the_element_is():
    truth = {"R_s": 2.0, "TLM1_R_ion": 30.0, "TLM1_R_ct": 60.0, "TLM1_Q": 3e-3, "TLM1_alpha": 0.9}
    spectrum = eisfit.simulate("R_s-TLM1", truth, noise=2e-3, seed=4)
    line = eisfit.fit(spectrum, "R_s-line(R_ion,0,p(R_ct,CPE_dl))")
    element = eisfit.fit(spectrum, "R_s-TLM1")
    assert line.statistics.chisqr == pytest.approx(element.statistics.chisqr, rel=1e-6)
    assert line["R_ct"].value == pytest.approx(element["TLM1_R_ct"].value, rel=1e-4)
    assert eisfit.FitResult.from_dict(line.to_dict()).circuit == line.circuit


def test_written_read_drawn():
    for string in (*SUBSETS, "R_s-p(line(R_1,0,C_1),C_2)"):
        assert str(parse(string.replace(",", " , "))) == string
        assert "line(R_" in drawing.draw_text(string) or "line(0," in drawing.draw_text(string)
        assert drawing.draw_svg(string).startswith("<svg")
    assert str(parse("line(R1,0,C1,open,open)")) == "line(R1,0,C1)"
    with pytest.raises(CircuitError, match=r"impedance\.py has no line"):
        to_impedance(eisfit.circuit("line(R1,0,C1)"), start={"R1": 1, "C1": 1})


@pytest.mark.parametrize(
    "wrong",
    ["line(0,0,C1)", "line(R1,0)", "line(R1,0,0)", "line(open,R1,C1)", "line(R1,0,C1,C2,C3,C4)", "line(R1,0"],
)  # fmt: skip
def test_what_is_no_line_is_said(wrong):
    with pytest.raises(NotationError):
        parse(wrong)


def test_rails_that_no_spectrum_tells_apart_are_told():
    from eisfit.model.files.check import check_circuit

    alike = "R_a and R_b are alike: no spectrum says which rail is which"
    assert alike in str(check_circuit("line(R_a,R_b,CPE_w)").to_dict())
    for told_apart in ("line(R_a,R_b,CPE_w,R_f)", "line(R_a,0,CPE_w)"):
        assert "which rail" not in str(check_circuit(told_apart).to_dict())

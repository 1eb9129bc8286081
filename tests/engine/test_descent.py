"""The way down to the digits of data without noise, made here from closed forms in numpy."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.engine.amplitudes import Amplitudes
from eisfit.engine.descent import Descents
from eisfit.engine.digits import fit_to_digits
from eisfit.engine.solver import Problem

FREQUENCY = np.geomspace(1e6, 1, 49)
S = 2j * np.pi * FREQUENCY
DECIMALS = 8


def arc(r, q, alpha):
    return r / (1 + r * q * S**alpha)


def problem(string, z):
    """Return the problem by the digits of a rounded table."""
    error = np.hypot(10.0**-DECIMALS / np.sqrt(12), 1e-10 * np.repeat(np.abs(z), 2))
    z = np.round(z.real, DECIMALS) + 1j * np.round(z.imag, DECIMALS)
    return Problem.of(eisfit.circuit(string), S.imag, z[np.newaxis], 1 / error[np.newaxis])


def coordinates(problem, values):
    names = problem.coordinates.circuit.names
    return problem.coordinates.internal(np.array([[values[name] for name in names]]))


@pytest.mark.parametrize("off", [0.5, 0.7, 0.9, 1.5])
@pytest.mark.parametrize("series", ["", "R_0-"])
def test_an_arc_beyond_the_sweep_is_found_though_its_valley_is_narrow(off, series):
    """Far above the sweep the data hold R and R^2 Q, and another arc may take R over unseen."""
    z = arc(500.0, 8e-12, 0.65) + arc(3.0, 2e-6, 0.57) + (12.0 if series else 0.0)
    fitted = problem(f"{series}p(R_1,CPE_1)-p(R_2,CPE_2)", z)
    start = {"R_0": 12.0 * off, "R_1": 500.0 * off, "CPE_1_Q": 8e-12, "CPE_1_alpha": 0.65,
             "R_2": 3.0 * off, "CPE_2_Q": 2e-6, "CPE_2_alpha": 0.57}  # fmt: skip
    theta, chisqr = Descents(fitted, coordinates(fitted, start)).finish()
    assert chisqr[0] < 2 * FREQUENCY.size
    assert (fitted.coordinates.physical(theta) > 0).all()


@pytest.mark.parametrize(
    ("string", "branches"),
    [
        ("L_1-R_1-p(R_2,CPE_2)-W_3", 4),
        ("R_1-p(C_1,R_2-p(C_2,R_3))-CPE_4", 3),
        ("p(R_1,CPE_1)", 1),
        ("p(CPE_1,CPE_2,R_1-Wo_1)-C_2", 2),
    ],
)
def test_a_branch_is_scaled_as_a_whole(string, branches):
    z = 1 + arc(40.0, 1e-4, 0.9)
    fitted = problem(string, z)
    found = Amplitudes.of(fitted.coordinates)
    theta = fitted.coordinates.internal(
        np.array([[row.element.parameters[k].typical for row, k in _rows(fitted.coordinates.circuit)]])
    )
    before, after = (
        fitted.evaluate(at, fitted.buffer(1))[0] + fitted.target.view(float) * fitted.weight
        for at in (theta, theta + np.log(2.0) * found.powers.sum(axis=0))
    )
    assert len(found.powers) == branches
    np.testing.assert_allclose(after, 2 * before, rtol=1e-9)


def _rows(circuit):
    from eisfit.model.notation import components

    return [(c, k) for c in components(circuit.tree) for k in range(len(c.element.parameters))]


def test_a_branch_with_a_given_resistance_cannot_be_scaled():
    circuit = eisfit.circuit("R_1-p(R_2,C_2)").constrain(fix={"R_2": 3.0})
    z = 1 + arc(40.0, 1e-4, 0.9)
    given = Problem.of(circuit, S.imag, z[np.newaxis], np.ones((1, 2 * z.size)))
    assert len(Amplitudes.of(given.coordinates).powers) == 1


def test_one_branch_out_of_place_is_put_where_the_digits_are():
    """An arc far above the sweep, taken for resistance in series; the third arc idles at the slow end."""
    z = 5.0 + arc(500.0, 8e-12, 0.8) + arc(30.0, 2e-6, 0.8) + arc(3.0, 1e-9, 0.9)
    fitted = problem("R_0-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)", z)
    start = {"R_0": 502.0, "R_1": 30.0, "CPE_1_Q": 2e-6, "CPE_1_alpha": 0.8, "R_2": 3.0, "CPE_2_Q": 1e-9,
             "CPE_2_alpha": 0.9, "R_3": 1e-4, "CPE_3_Q": 30.0, "CPE_3_alpha": 0.5}  # fmt: skip
    at = coordinates(fitted, start)
    assert Descents(fitted, at).finish()[1][0] > 1e3 * FREQUENCY.size
    assert fit_to_digits(fitted, at, 3.0 * FREQUENCY.size)[1] < 3 * FREQUENCY.size

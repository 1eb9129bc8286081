"""Starts from another circuit's optimum: the impedance stays what it is."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.engine.starts.carried_arcs import carry_arcs_over

FREQUENCY = np.geomspace(1e4, 1e-2, 30)
TWO = {"R_1": 3.0, "R_2": 10.0, "C_2": 1e-4, "R_3": 40.0, "CPE_3_Q": 1e-2, "CPE_3_alpha": 0.7}


def test_arcs_are_carried_over_whatever_they_are_called():
    """The series resistance becomes an arc three decades above the sweep: off by R omega tau there."""
    circuit = eisfit.circuit("p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)")
    other = eisfit.circuit("R_1-p(R_2,C_2)-p(R_3,CPE_3)")
    starts = carry_arcs_over(circuit, np.ones(len(circuit.names)), other, TWO, 2 * np.pi * FREQUENCY.max())
    z = other.impedance(FREQUENCY, TWO)
    slow, fast = (circuit.impedance(FREQUENCY, dict(zip(circuit.names, row, strict=True))) for row in starts)
    assert np.abs(slow - z).max() == pytest.approx(3.0 * 0.1, rel=0.05)
    assert np.abs(fast - z).max() == pytest.approx(3.0 * 1e-3, rel=0.05)


def test_the_least_flat_arc_gets_the_capacitor():
    circuit, other = eisfit.circuit("p(R_1,CPE_1)-p(R_2,C_2)"), eisfit.circuit("p(R_2,C_2)-p(R_3,CPE_3)")
    values = {name: TWO[name] for name in other.names}
    (row,) = carry_arcs_over(circuit, np.ones(len(circuit.names)), other, values, 1e5)
    z = circuit.impedance(FREQUENCY, dict(zip(circuit.names, row, strict=True)))
    assert z == pytest.approx(other.impedance(FREQUENCY, values), rel=1e-9)


def test_more_arcs_than_the_circuit_has_are_no_start():
    circuit, other = eisfit.circuit("R_1-p(R_2,CPE_2)"), eisfit.circuit("p(R_2,C_2)-p(R_3,CPE_3)")
    assert len(carry_arcs_over(circuit, np.ones(4), other, TWO, 1e5)) == 0

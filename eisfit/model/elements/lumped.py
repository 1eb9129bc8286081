"""Resistor, capacitor and inductor."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter

_ZERO: ComplexArray = np.zeros((1, 1), dtype=np.complex128)
_ONE: ComplexArray = np.ones((1, 1), dtype=np.complex128)


def _resistor(grid: FrequencyGrid, R: FloatArray) -> Evaluation:
    # Constant over frequency: left to broadcasting, because this is on the hot path.
    return np.asarray(R + _ZERO, dtype=np.complex128), (_ONE,)


def _capacitor(grid: FrequencyGrid, C: FloatArray) -> Evaluation:
    z = 1 / (grid.j_omega * C)
    return z, (-z / C,)


def _inductor(grid: FrequencyGrid, L: FloatArray) -> Evaluation:
    return grid.j_omega * L, (grid.j_omega,)


def _make_asymptote(formula: str, element: str) -> Asymptote:
    forms = {
        "R": lambda omega, R: R + 0j * omega,
        "C": lambda omega, C: 1 / (1j * omega * C),
        "L": lambda omega, L: 1j * omega * L,
    }
    return Asymptote(formula, forms[element])


ELEMENTS = (
    Element(
        symbol="R",
        title="resistor",
        formula="Z = R",
        parameters=(Parameter("", "ohm", "resistance", 0.0, np.inf, "log", 50.0),),
        evaluate=_resistor,
        low=_make_asymptote("R", "R"),
        high=_make_asymptote("R", "R"),
    ),
    Element(
        symbol="C",
        title="capacitor",
        formula="Z = 1 / (j omega C)",
        parameters=(Parameter("", "F", "capacitance", 0.0, np.inf, "log", 1e-5),),
        evaluate=_capacitor,
        low=_make_asymptote("infinite, as 1 / (j omega C)", "C"),
        high=_make_asymptote("0, as 1 / (j omega C)", "C"),
    ),
    Element(
        symbol="L",
        role="inductance",
        title="inductor",
        formula="Z = j omega L",
        parameters=(Parameter("", "H", "inductance", 0.0, np.inf, "log", 1e-6),),
        evaluate=_inductor,
        low=_make_asymptote("0, as j omega L", "L"),
        high=_make_asymptote("infinite, as j omega L", "L"),
    ),
)

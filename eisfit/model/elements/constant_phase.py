"""Constant phase element."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter

_QUARTER_TURN = 0.5j * np.pi


def _constant_phase(grid: FrequencyGrid, Q: FloatArray, alpha: FloatArray) -> Evaluation:
    # One real exponential and a phase per row: much cheaper than a complex power per point.
    z = np.exp(-alpha * grid.log_omega) * (np.exp(-_QUARTER_TURN * alpha) / Q)
    return z, (z * (-1 / Q), z * -grid.log_j_omega)


_FORM = Asymptote(
    "1 / (Q (j omega)^alpha), of the same phase everywhere",
    lambda omega, Q, alpha: 1 / (Q * (1j * omega) ** alpha),
)

ELEMENTS = (
    Element(
        symbol="CPE",
        title="constant phase element",
        formula="Z = 1 / (Q (j omega)^alpha)",
        parameters=(
            Parameter("Q", "S s^alpha", "pseudo-capacitance", 0.0, np.inf, "log", 1e-4),
            Parameter("alpha", "", "exponent: 1 capacitor, 0.5 diffusion-like", 0.2, 1.0, "linear", 0.85),
        ),
        evaluate=_constant_phase,
        low=_FORM,
        high=_FORM,
        reference="G. J. Brug et al., J. Electroanal. Chem. 176 (1984) 275, eq. 6 (with Q for their 1/Q)",
    ),
)

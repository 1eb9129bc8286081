"""Modified inductance, for leads and windings with eddy currents.

EC-Lab's application note 42 and impedance.py's documentation give Z = L (j omega)^alpha; impedance.py's
code computes (L j omega)^alpha instead, and its unit "H sec" fits neither. Here it is L (j omega)^alpha,
with L in ohm s^alpha, which is the same as H s^(alpha-1), so that alpha = 1 is a plain inductor with L in
henry. A value L' of impedance.py's code is L = L'^alpha here.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.model.elements._complex_parts import j_power
from eisfit.model.elements.base import Asymptote, Element, Evaluation, FrequencyGrid, Parameter

_ALPHAS = (0.5, 0.75, 0.95)


def _evaluate_modified(grid: FrequencyGrid, L: FloatArray, alpha: FloatArray) -> Evaluation:
    shape = j_power(grid.log_omega, alpha)
    z = L * shape
    return z, (shape, z * grid.log_j_omega)


_FORM = Asymptote(
    "L (j omega)^alpha, of the same phase everywhere", lambda omega, L, alpha: L * (1j * omega) ** alpha
)

ELEMENTS = (
    Element(
        symbol="La",
        role="inductance",
        title="modified inductance",
        formula="Z = L (j omega)^alpha",
        parameters=(
            Parameter("L", "ohm s^alpha", "inductance where alpha is 1", 0.0, np.inf, "log", 1e-6),
            Parameter("alpha", "", "exponent: 1 inductor, 0.5 skin effect", 0.2, 1.0, "linear", 0.9),
        ),
        evaluate=_evaluate_modified,
        low=_FORM,
        high=_FORM,
        reference="BioLogic, EC-Lab application note 42 (2019)",
        scan=lambda times: np.array([(1.0, alpha) for alpha in _ALPHAS]),
    ),
)

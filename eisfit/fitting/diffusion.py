"""Diffusion coefficients and tortuosities from the elements of a circuit, where the cell's geometry is known.

====================  ============================================  =========================================
element               formula                                       needs (`eisfit.model.geometry`)
====================  ============================================  =========================================
``W`` in a solid      D = ((V_m / (n F A sigma)) dE/dx)^2 / 2       area, molar_volume, slope
``W`` in a solution   D = (R T / (n^2 F^2 A c sigma))^2 / 2         area, concentration (and temperature)
``Wo``, ``Ws``        D = L^2 / tau                                 length
====================  ============================================  =========================================

In the solid: C. Ho, I. D. Raistrick, R. A. Huggins, J. Electrochem. Soc. 127 (1980) 343, with sigma the A of
their Z = A (1 - j) / sqrt(omega); x counts diffusing particles per formula unit of the host. In the
solution: A. J. Bard, L. R. Faulkner, Electrochemical Methods, 2nd ed. (Wiley 2001), section 10.3, of one
diffusing species (where both redox partners diffuse, 1/c stands for their sum weighted by 1/sqrt(D)). The
finite layer is plane, of thickness L, blocked (`Wo`) or held at its concentration (`Ws`) on the far side.

A pore (`TLMQ`, `TLM`) whose electronic rail is perfect gives MacMullin's number N_M = R_ion A kappa / (n L),
of n electrodes alike in series, each L thick, and with the porosity the tortuosity N_M times porosity: J.
Landesfeind et al., J. Electrochem. Soc. 163 (2016) A1373.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eisfit.engine.propagation import Formula
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import Geometry, relative_error
from eisfit.model.notation import Component, components
from eisfit.units import Uncertain

_FARADAY = 96485.33212331  # C/mol, exact product of the SI's constants
_GAS = 8.31446261815324  # J/(mol K)
_ROOM = 298.15  # K
_UNIT = "cm^2 s^-1"


def list_coefficients(circuit: Circuit, geometry: Geometry) -> dict[str, tuple[str, Formula, float]]:
    """Return name -> (unit, formula, relative error of what was given) of everything that is known.

    It goes by the label of its element, ``D_d`` of ``W_d``, or by its name where two share one.
    """
    found: dict[str, tuple[str, Formula, float]] = {}
    for component in components(circuit.tree):
        for letter, row in _derive(component, geometry):
            name = f"{letter}_{component.label or component.name}"
            found[f"{letter}_{component.name}" if name in found else name] = row
    return found


def _derive(component: Component, geometry: Geometry) -> Iterator[tuple[str, tuple[str, Formula, float]]]:
    if component.symbol in ("TLMQ", "TLM"):
        yield from _derive_pores(component, geometry)
    elif (row := _derive_coefficient(component, geometry)) is not None:
        yield "D", row


def _derive_pores(component: Component, g: Geometry) -> Iterator[tuple[str, tuple[str, Formula, float]]]:
    """Yield MacMullin's number, and the tortuosity where the porosity is known."""
    if g.area is None or g.length is None or g.kappa is None:
        return
    ionic, factor = f"{component.name}_R_ion", g.area.median * g.kappa.median / g.electrodes / g.length.median
    known = (g.area, g.length, g.kappa)
    yield "N_M", ("", lambda p: factor * p[ionic], _combine_errors(*known))
    if g.porosity is not None:
        share = factor * g.porosity.median
        yield "tortuosity", ("", lambda p: share * p[ionic], _combine_errors(*known, g.porosity))


def _derive_coefficient(component: Component, geometry: Geometry) -> tuple[str, Formula, float] | None:
    if component.symbol in ("Wo", "Ws") and geometry.length is not None:
        square = geometry.length.median**2
        tau = f"{component.name}_tau"
        return _UNIT, lambda p: square / p[tau], 2 * relative_error(geometry.length)
    if component.symbol != "W" or (known := _find_driving_force(geometry)) is None:
        return None
    (driving, error), (sigma,) = known, component.parameter_names
    return _UNIT, lambda p: 0.5 * (driving / p[sigma]) ** 2, 2 * error


def _find_driving_force(g: Geometry) -> tuple[float, float] | None:
    """Return sigma sqrt(2 D), ohm cm s^-1, and its relative error; None where unknown."""
    if g.area is None:
        return None
    area, charge = g.area.median, g.electrons * _FARADAY
    if g.slope is not None and g.molar_volume is not None:
        number = g.molar_volume.median * abs(g.slope.median) / (charge * area)
        return number, _combine_errors(g.area, g.slope, g.molar_volume)
    if g.concentration is not None:
        kelvin = _ROOM if g.temperature is None else g.temperature.median
        number = _GAS * kelvin / (charge**2 * area * g.concentration.median)
        return number, _combine_errors(g.area, g.concentration, g.temperature)
    return None


def _combine_errors(*inputs: Uncertain | None) -> float:
    """Return the relative error of a product."""
    return float(np.hypot.reduce([relative_error(value) for value in inputs]))

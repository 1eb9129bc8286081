"""The parameters of a study, one table: name, unit, transform, meaning; and their change with temperature.

The model works in coordinates: the natural logarithm of a parameter whose transform is "log", the value
itself where it is "linear". A positive parameter that is absent (no diffusion, say) is zero, its coordinate
minus infinity, and every derivative by it is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.errors import EisfitError

__all__ = ["BOLTZMANN", "INDEX", "PARAMETERS", "REFERENCE", "PhysicalParameter", "coordinates", "values"]

BOLTZMANN = 8.617333262e-5
"""eV/K, CODATA 2018."""
REFERENCE = 298.15
"""Temperature of the table's values, K."""


class PhysicalParameter(NamedTuple):
    """One parameter of a study.

    `absent` is its value where a study has no such thing; `activation` names the parameter that holds its
    activation energy, `rises` whether it rises with temperature (a conductivity) or falls (a resistance).
    """

    name: str
    unit: str
    transform: Literal["log", "linear"]
    meaning: str
    absent: float
    activation: str | None = None
    rises: bool = False


_P = PhysicalParameter
PARAMETERS: tuple[PhysicalParameter, ...] = (
    _P("area", "cm^2", "log", "projected area of the electrode", 1.0),
    _P("R_s", "ohm", "log", "series resistance: electrolyte before the electrode, leads", 0.0),
    _P("kappa", "S/cm", "log", "ionic conductivity in the pores or the pellet", 0.0, "E_kappa", True),
    _P("sigma_s", "S/cm", "log", "electronic conductivity of the solid", np.inf, "E_sigma_s", True),
    _P("R_i", "ohm cm^2", "log", "charge transfer of the uncoated interface, per true area", 0.0, "E_R_i"),
    _P("f", "", "log", "activity of the coated interface: its charge transfer is R_i/f", 1.0),
    _P("g", "", "log", "true area of the coated electrode over that of the bare one", 1.0),
    _P("Q", "S s^alpha/cm^2", "log", "double layer's CPE, per true area", 0.0),
    _P("alpha", "", "linear", "exponent of the double layer's CPE", 1.0),
    _P("W", "ohm cm^2 s^-1/2", "log", "Warburg coefficient, W (1 - j)/sqrt(omega), per true area", 0.0),
    _P("tau_d", "s", "log", "time of diffusion in a particle, radius^2/D", np.inf),
    _P("t", "cm", "log", "thickness of the film", 0.0),
    _P("rho", "ohm cm", "log", "electronic resistivity of the film", 0.0),
    _P("s_i", "S/cm", "log", "ionic conductivity of the film", np.inf, "E_s_i", True),
    _P("chi", "F/cm^2", "log", "capacitance of the film (chemical, or dielectric), per true area", 0.0),
    _P("native_R", "ohm cm^2", "log", "layer that an uncoated surface grows, per true area", 0.0, "E_native"),
    _P("native_C", "F/cm^2", "log", "capacitance of that layer, per true area", 0.0),
    _P("contact_R", "ohm", "log", "contact between the electrode and its collector", 0.0, "E_contact"),
    _P("contact_tau", "s", "log", "time constant of the contact", 0.0),
    _P("counter_R", "ohm", "log", "arc of the other electrode", 0.0, "E_counter"),
    _P("counter_Q", "S s^alpha", "log", "CPE of the other electrode", 0.0),
    _P("counter_alpha", "", "linear", "exponent of the other electrode's CPE", 1.0),
    _P("E_R_i", "eV", "linear", "activation energy of R_i", 0.0),
    _P("E_kappa", "eV", "linear", "activation energy of kappa", 0.0),
    _P("E_sigma_s", "eV", "linear", "activation energy of sigma_s", 0.0),
    _P("E_s_i", "eV", "linear", "activation energy of s_i", 0.0),
    _P("E_native", "eV", "linear", "activation energy of native_R", 0.0),
    _P("E_contact", "eV", "linear", "activation energy of contact_R", 0.0),
    _P("E_counter", "eV", "linear", "activation energy of counter_R", 0.0),
)
INDEX: dict[str, int] = {p.name: k for k, p in enumerate(PARAMETERS)}
"""Column of each parameter."""

_LOG = np.array([p.transform == "log" for p in PARAMETERS])
_ABSENT = np.array([p.absent for p in PARAMETERS])


def coordinates(given: Mapping[str, ArrayLike]) -> FloatArray:
    """Coordinates of a study's parameters.

    Parameters
    ----------
    given
        Values by name, in the table's units, numbers or (B,); what is not named is absent.

    Returns
    -------
    theta
        (B, P) in the order of `PARAMETERS`; B = 1 for numbers.

    Raises
    ------
    EisfitError
        A name that the table does not have, or a value out of range.

    Examples
    --------
    >>> theta = coordinates({"area": 1.13, "R_i": [10.0, 20.0]})
    >>> theta.shape == (2, len(PARAMETERS))
    True
    >>> float(values(theta)["R_i"][1].round(9))
    20.0
    """
    unknown = [name for name in given if name not in INDEX]
    if unknown:
        raise EisfitError(f"{unknown[0]!r} is no parameter of the coating model; it has {', '.join(INDEX)}.")
    columns = {name: np.atleast_1d(np.asarray(v, dtype=np.float64)) for name, v in given.items()}
    rows = np.broadcast_shapes((1,), *(v.shape for v in columns.values()))
    table = np.broadcast_to(_ABSENT, (*rows, len(PARAMETERS))).copy()
    for name, v in columns.items():
        if np.isnan(v).any() or (_LOG[INDEX[name]] and (v < 0).any()):
            raise EisfitError(f"{name} is {v.min():g}; it must be a number and not negative.")
        table[..., INDEX[name]] = v
    with np.errstate(divide="ignore"):
        table[..., _LOG] = np.log(table[..., _LOG])
    return table


def values(theta: FloatArray, temperature: float = REFERENCE) -> dict[str, FloatArray]:
    """Values at a temperature (K) from coordinates (..., P), each of shape (...).

    A resistance follows exp(E/k (1/T - 1/T0)), a conductivity its inverse (Arrhenius), T0 = `REFERENCE`.
    """
    table = np.array(theta, dtype=np.float64)
    table[..., _LOG] = np.exp(table[..., _LOG])
    found = {p.name: table[..., k] for k, p in enumerate(PARAMETERS)}
    for p in PARAMETERS:
        if p.activation is not None:
            found[p.name] = found[p.name] * np.exp(arrhenius(p, temperature) * found[p.activation])
    return found


def arrhenius(parameter: PhysicalParameter, temperature: float) -> float:
    """Return d ln(value)/dE at a temperature, 1/eV."""
    shift = (1 / temperature - 1 / REFERENCE) / BOLTZMANN
    return -shift if parameter.rises else shift

"""The quantities of one cell at one condition, one table: name, unit, transform, meaning.

The model works in coordinates: the natural logarithm of a quantity whose transform is "log", the value itself
where it is "linear". A positive quantity that is absent (no diffusion, say) is zero, its coordinate minus
infinity, and every derivative by it is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.errors import EisfitError


class PhysicalParameter(NamedTuple):
    """One quantity of a cell; `absent` is its value where a cell does not have it."""

    name: str
    unit: str
    transform: Literal["log", "linear"]
    meaning: str
    absent: float


COUNTER_ALPHA = 0.85
"""Exponent of the other electrode's arc: depressed as graphite's usually is."""

_P = PhysicalParameter
PARAMETERS: tuple[PhysicalParameter, ...] = (
    _P("area", "cm^2", "log", "area of the electrode", 1.0),  # projected
    _P("R_s", "ohm", "log", "series resistance", 0.0),  # electrolyte before the electrode, leads
    _P("R_more", "ohm", "linear", "series resistance of this cell beyond that of cells alike", 0.0),
    _P("kappa", "S/cm", "log", "conductivity of the electrolyte", np.inf),  # ionic, of pores or pellet
    _P("sigma_s", "S/cm", "log", "conductivity of the solid", np.inf),  # electronic
    _P("R_i", "ohm*cm^2", "log", "resistance of the reaction", 0.0),  # charge transfer, per true area
    _P("g", "1", "log", "gain of area", 1.0),  # true area that takes part over that of the geometry
    _P("Q", "S*s^alpha/cm^2", "log", "double layer", 0.0),  # its CPE, per true area
    _P("alpha", "1", "linear", "exponent of the double layer", 1.0),  # of its CPE
    _P("W", "ohm*cm^2/s^0.5", "log", "diffusion", 0.0),  # W (1 - j)/sqrt(omega), per true area
    _P("tau_d", "s", "log", "time of diffusion in a particle", np.inf),  # radius^2/D
    _P("thickness", "cm", "log", "thickness of the film", 0.0),
    _P("resistivity", "ohm*cm", "log", "resistivity of the film", 0.0),  # electronic
    _P("s_i", "S/cm", "log", "ionic conductivity of the film", np.inf),
    _P("chi", "F/cm^2", "log", "chemical capacitance of the film", 0.0),  # or dielectric, per true area
    _P("film_alpha", "1", "linear", "exponent of the film's arc", 1.0),  # of an insulating film
    _P("behind", "1", "linear", "share of the film's resistance behind the double layer", 0.0),
    _P("shorted", "1", "linear", "share of the film whose electrons are shorted to the solid", 0.0),
    _P("native_R", "ohm*cm^2", "log", "layer on the bare cell", 0.0),  # per true area
    _P("native_C", "F/cm^2", "log", "capacitance of the layer on the bare cell", 0.0),  # per true area
    _P("native_alpha", "1", "linear", "exponent of the layer on the bare cell", 1.0),  # of its arc
    _P("contact_R", "ohm", "log", "contact of the bare cell", 0.0),  # between the electrode and its collector
    _P("contact_tau", "s", "log", "time constant of the contact", 0.0),
    _P("contact_alpha", "1", "linear", "exponent of the contact", 1.0),  # of its arc
    _P("counter_R", "ohm", "log", "other electrode's resistance", 0.0),  # of its arc
    _P("counter_tau", "s", "log", "other electrode's time constant", 0.0),
    _P("counter_alpha", "1", "linear", "other electrode's exponent", COUNTER_ALPHA),  # of its arc's CPE
    _P("further_R", "ohm", "linear", "a further arc in series", 0.0),  # negative: an inductive loop
    _P("further_tau", "s", "log", "time constant of the further arc", 0.0),
    _P("further_alpha", "1", "linear", "exponent of the further arc", 1.0),
    _P("leads", "H", "linear", "inductance of the leads", 0.0),
)
INDEX: dict[str, int] = {p.name: k for k, p in enumerate(PARAMETERS)}
"""Column of each quantity."""

LINEAR = np.array([p.transform == "linear" for p in PARAMETERS])
"""Which coordinates are the value itself."""


def coordinates(given: Mapping[str, ArrayLike]) -> FloatArray:
    """Coordinates of a cell's quantities.

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
    >>> float(np.exp(theta[1, INDEX["R_i"]]).round(9))
    20.0
    """
    unknown = [name for name in given if name not in INDEX]
    if unknown:
        raise EisfitError(f"{unknown[0]!r} is no parameter of the coating model; it has {', '.join(INDEX)}.")
    columns = np.broadcast_arrays(*(np.asarray(given.get(p.name, p.absent), float) for p in PARAMETERS))
    table = np.stack([np.atleast_1d(column) for column in columns], axis=1)
    for p, column in zip(PARAMETERS, table.T, strict=True):
        if np.isnan(column).any() or (p.transform == "log" and (column < 0).any()):
            raise EisfitError(f"{p.name} is {column.min():g}; it must be a number, not negative.")
    with np.errstate(divide="ignore"):
        return np.where(LINEAR, table, np.log(np.where(LINEAR, 1.0, table)))


SCATTER = {
    "dR_s": "R_s",
    "dR_ionic": "R_s that falls with temperature",
    "dR_i": "R_i",
    "dQ": "Q",
    "dW": "W",
    "dcounter": "other electrode",
    "dcounter_Q": "other electrode's CPE",
}
"""What each scatter between cells alike is of, in words."""

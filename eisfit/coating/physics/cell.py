"""A cell: series resistance, the other electrode, contact, and the electrode on its support."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics import layers
from eisfit.coating.physics.layers import LayerKind, Slopes
from eisfit.coating.physics.parameters import (
    INDEX,
    PARAMETERS,
    REFERENCE,
    arrhenius,
    values,
)
from eisfit.coating.physics.supports import Support
from eisfit.errors import EisfitError

__all__ = ["Cell", "CellImpedance", "cell_impedance"]


@dataclass(frozen=True)
class Cell:
    """What one cell has, and its temperature.

    Parameters
    ----------
    support
        Geometry of the electrode.
    film
        Kind of the film on it, or None for an uncoated one. A "mixed" or "ohmic" film conducts electrons
        along the surface too; a "dielectric" one does not.
    native, contact, counter
        Whether it has a native layer, a contact resistance, and the other electrode in its spectrum.
    temperature
        K.
    """

    support: Support
    film: LayerKind | None = None
    native: bool = False
    contact: bool = False
    counter: bool = False
    temperature: float = REFERENCE


class CellImpedance(NamedTuple):
    """Impedance (B, F), ohm, and its derivatives by the coordinates of `PARAMETERS`, (B, F, P)."""

    impedance: ComplexArray
    derivative: ComplexArray


def cell_impedance(cell: Cell, theta: NDArray[np.float64], omega: ArrayLike) -> CellImpedance:
    """Impedance of a cell for rows of parameters, with exact derivatives.

    Parameters
    ----------
    cell
        What the cell has.
    theta
        (B, P) coordinates (`coordinates`); several cells of a study share them, and differ by what is
        added to single columns (another film's ln t, the scatter of R_s).
    omega
        (F,) rad/s, positive.

    Returns
    -------
    CellImpedance
        Derivatives are zero for parameters that the cell does not have.

    Raises
    ------
    EisfitError
        Frequencies that are not positive, or a table with another number of columns.

    Examples
    --------
    >>> from eisfit.coating.physics import Cell, Flat, cell_impedance, coordinates
    >>> theta = coordinates({"area": 2.0, "R_s": 1.0, "R_i": 10.0, "Q": 1e-5, "alpha": 0.9})
    >>> cell_impedance(Cell(Flat()), theta, [1e-6]).impedance.real.round(3)
    array([[6.]])
    """
    w = np.asarray(omega, dtype=np.float64)
    if not (w > 0).all():
        raise EisfitError("omega must be positive: the model has no impedance at zero frequency.")
    if theta.ndim != 2 or theta.shape[1] != len(PARAMETERS):
        raise EisfitError(f"theta is {theta.shape}; it must be (rows, {len(PARAMETERS)}), see coordinates.")
    value = {name: v[:, None] for name, v in values(theta, cell.temperature).items()}
    Z, slopes = _electrode(cell, value, w)
    for part, more in _in_series(cell, value, w):
        Z = Z + part
        _add(slopes, more)
    return CellImpedance(Z, _collect(slopes, value, cell.temperature, Z.shape))


def _electrode(cell: Cell, value: dict[str, FloatArray], omega: FloatArray) -> tuple[ComplexArray, Slopes]:
    z, slopes = interface(cell, value, omega)
    conducts = cell.film in {"mixed", "ohmic"}
    sheet = (value["t"] / value["rho"])[:, 0] if conducts else None
    G = cell.support.impedance(value["kappa"][:, 0], value["sigma_s"][:, 0], sheet, z)
    found = {name: G.by_z * slope for name, slope in slopes.items()}
    _add(found, {"kappa": G.by_log_kappa, "sigma_s": G.by_log_sigma})
    if conducts:
        _add(found, {"t": G.by_log_sheet, "rho": -G.by_log_sheet})
    Z = G.value / value["area"]
    found = {name: slope / value["area"] for name, slope in found.items()}
    found["area"] = -Z
    return Z, found


def interface(cell: Cell, value: dict[str, FloatArray], omega: FloatArray) -> tuple[ComplexArray, Slopes]:
    """Interface per true area of the uncoated geometry, ohm cm^2 (B, F), with derivatives by coordinate."""
    coated = cell.film is not None
    z, slopes = layers.reaction(value, coated, cell.support.particles, omega)
    if cell.film is not None:
        through, by_R, by_C = layers.layer(cell.film, value["t"] / value["s_i"], value["chi"], omega)
        z = z + through
        _add(slopes, {"t": by_R, "s_i": -by_R, "chi": by_C})
        z, slopes = z / value["g"], {name: slope / value["g"] for name, slope in slopes.items()}
        slopes["g"] = -z
    if cell.native:
        through, by_R, by_C = layers.layer("dielectric", value["native_R"], value["native_C"], omega)
        z = z + through
        _add(slopes, {"native_R": by_R, "native_C": by_C})
    return z, slopes


def _in_series(
    cell: Cell, value: dict[str, FloatArray], omega: FloatArray
) -> list[tuple[ComplexArray, Slopes]]:
    R_s = value["R_s"] + 0j * omega
    parts: list[tuple[ComplexArray, Slopes]] = [(R_s, {"R_s": R_s})]
    if cell.contact:
        fall = 1 / (1 + 1j * omega * value["contact_tau"])
        arc = value["contact_R"] * fall
        parts.append((arc, {"contact_R": arc, "contact_tau": arc * (fall - 1)}))
    if cell.counter:
        log_jw = np.log(omega) + 0.5j * np.pi
        cpe = value["counter_Q"] * np.exp(value["counter_alpha"] * log_jw)
        shunt = np.asarray(1 / (1 + value["counter_R"] * cpe), dtype=np.complex128)
        arc = value["counter_R"] * shunt
        by_Q = arc * (shunt - 1)
        by = {"counter_R": arc * shunt, "counter_Q": by_Q, "counter_alpha": by_Q * log_jw}
        parts.append((arc, by))
    return parts


def _add(slopes: Slopes, more: Slopes) -> None:
    for name, slope in more.items():
        slopes[name] = slopes[name] + slope if name in slopes else slope


def _collect(
    slopes: Slopes, value: dict[str, FloatArray], temperature: float, shape: tuple[int, ...]
) -> ComplexArray:
    derivative = np.zeros((*shape, len(PARAMETERS)), dtype=np.complex128)
    for name, slope in slopes.items():
        derivative[..., INDEX[name]] = slope
    for p in PARAMETERS:
        if p.activation is not None and p.name in slopes:
            derivative[..., INDEX[p.activation]] += slopes[p.name] * arrhenius(p, temperature)
    return derivative

"""A cell: the interface on its support, and in series the ohmic part, the other electrode, the contact."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics.layers import LayerKind, diffusion, ladder, layer
from eisfit.coating.physics.parameters import INDEX, LINEAR, PARAMETERS
from eisfit.coating.physics.supports import Support
from eisfit.errors import EisfitError
from eisfit.model.elements._complex_parts import j_power
from eisfit.records import dataclass

_INTERFACE = slice(INDEX["R_i"], INDEX["native_alpha"] + 1)
"""What the interface is made of: until it is on its support, nothing else has moved the impedance."""


@dataclass(frozen=True)
class Cell:
    """What one cell is made of.

    Parameters
    ----------
    support
        Geometry of the electrode.
    film
        Kind of the film that ions cross, or None.
    access
        Whether the film carries electrons along the surface.
    """

    support: Support
    film: LayerKind | None = None
    access: bool = False


class CellImpedance(NamedTuple):
    """Impedance (B, F), ohm, and its derivatives by the coordinates of `PARAMETERS`, (B, P, F)."""

    impedance: ComplexArray
    derivative: ComplexArray


def cell_impedance(cell: Cell, theta: FloatArray, omega: ArrayLike) -> CellImpedance:
    """Impedance of a cell for rows of its quantities, with exact derivatives.

    Parameters
    ----------
    cell
        What the cell is made of.
    theta
        (B, P) coordinates, see `coordinates`.
    omega
        (F,) rad/s; 0 gives the resistance without diffusion.

    Raises
    ------
    EisfitError
        Frequencies that are negative, or a table with another number of columns.

    Examples
    --------
    >>> from eisfit.coating.physics.parameters import coordinates
    >>> from eisfit.coating.physics.supports import Flat
    >>> theta = coordinates({"area": 2.0, "R_s": 1.0, "R_i": 10.0, "Q": 1e-5, "alpha": 0.9})
    >>> cell_impedance(Cell(Flat()), theta, [0.0]).impedance.real.round(3)
    array([[6.]])
    """
    w = np.asarray(omega, dtype=np.float64)
    if not (w >= 0).all():
        raise EisfitError("omega must be positive, or zero for the resistance without diffusion.")
    if theta.ndim != 2 or theta.shape[1] != len(PARAMETERS):
        raise EisfitError(f"theta is {theta.shape}; it must be (rows, {len(PARAMETERS)}), see coordinates.")
    table = np.where(LINEAR, theta, np.exp(np.where(LINEAR, 0.0, theta)))
    v = {p.name: table[:, k, None] for k, p in enumerate(PARAMETERS)}
    d = np.zeros((len(theta), len(PARAMETERS), w.size), dtype=np.complex128)
    Z = _find_electrode(cell, v, _find_interface(cell, v, d, w), d) + _add_in_series(v, d, w)
    return CellImpedance(Z, d)


def _find_interface(cell: Cell, v: dict[str, FloatArray], d: ComplexArray, omega: FloatArray) -> ComplexArray:
    """Interface per true area, ohm cm^2 (B, F); `d` gets its derivatives by coordinate."""
    z = _find_reaction(cell, v, d, omega)
    if cell.film is not None:
        z = _cross_film(cell.film, v, d, omega, z)
    if v["native_R"].any():
        native, by_R, by_C, by_alpha = layer(
            "dielectric", v["native_R"], v["native_C"], omega, v["native_alpha"]
        )
        z = z + native
        for name, by in (("native_R", by_R), ("native_C", by_C), ("native_alpha", by_alpha)):
            d[:, INDEX[name]] = by
    d[:, _INTERFACE] *= 1 / v["g"][..., None]
    z = z / v["g"]
    d[:, INDEX["g"]] = -z
    return z


def _cross_film(
    kind: LayerKind, v: dict[str, FloatArray], d: ComplexArray, omega: FloatArray, z: ComplexArray
) -> ComplexArray:
    """Return film and what lies below it, in series or as far as its electrons are shorted in one."""
    R_film, before, shorted = v["thickness"] / v["s_i"], 1 - v["behind"], v["shorted"]
    through, by_R, by_C, by_alpha = layer(kind, R_film, v["chi"], omega, v["film_alpha"])
    by_behind, total = -through, z + before * through
    by_R, by_C, by_alpha = before * by_R, before * by_C, before * by_alpha
    if shorted.any():
        part = before * R_film, before * v["chi"]
        total, by_z, by_front, by_store, by_shorted = _short_film(part, z, total, shorted, omega)
        d[:, _INTERFACE] *= by_z[:, None]
        d[:, INDEX["shorted"]] += by_shorted
        alone, by_front, by_store = 1 - shorted, by_front * R_film, by_store * v["chi"]
        by_behind = alone * by_behind - by_front - by_store
        by_R, by_C = alone * by_R + before * by_front, alone * by_C + before * by_store
        by_alpha = alone * by_alpha
    d[:, INDEX["thickness"]] += by_R
    d[:, INDEX["s_i"]] -= by_R
    d[:, INDEX["chi"]] += by_C
    d[:, INDEX["film_alpha"]] = by_alpha
    d[:, INDEX["behind"]] += by_behind
    return total


def _find_reaction(cell: Cell, v: dict[str, FloatArray], d: ComplexArray, omega: FloatArray) -> ComplexArray:
    """Reaction, diffusion, and what of a film lies there, beside the double layer.

    1/(1/(R + share R_film + Z_diff) + Q (j omega)^alpha); with the film's electrons shorted to the solid that
    share is a ladder, ended by R + Z_diff.
    """
    moving = omega > 0
    w = np.where(moving, omega, 1.0)
    Zd, by_W, by_tau = (
        np.where(moving, part, 0)
        for part in diffusion(v["W"], v["tau_d"] if cell.support.particles else None, w)
    )
    log_jw = np.log(w) + 0.5j * np.pi
    cpe = np.where(moving, v["Q"] * j_power(log_jw.real, v["alpha"]), 0)
    crossed = float(cell.film is not None)
    film = v["thickness"] / v["s_i"] if crossed else np.zeros_like(v["R_i"])
    share, shorted = v["behind"], crossed * v["shorted"] * (v["behind"] != 0)
    below = np.asarray(v["R_i"] + Zd, dtype=np.complex128)
    part = share * film, share * v["chi"]
    faradaic, by_below, by_R, by_C, by_shorted = _short_film(part, below, below + part[0], shorted, omega)
    by_film, by_store = (1 - shorted + by_R) * film, by_C * v["chi"]
    shunt = 1 / (1 + faradaic * cpe)
    z = np.asarray(faradaic * shunt, dtype=np.complex128)
    through, by_Q = shunt * shunt, -z * z * cpe
    d[:, INDEX["R_i"]] = v["R_i"] * by_below * through
    d[:, INDEX["behind"]] = (by_film + by_store) * through
    d[:, INDEX["thickness"]] = share * by_film * through
    d[:, INDEX["s_i"]] = -share * by_film * through
    d[:, INDEX["chi"]] = share * by_store * through
    d[:, INDEX["shorted"]] = by_shorted * through
    d[:, INDEX["W"]] = by_W * by_below * through
    d[:, INDEX["tau_d"]] = by_tau * by_below * through
    d[:, INDEX["Q"]] = by_Q
    d[:, INDEX["alpha"]] = by_Q * log_jw
    return z


def _short_film(
    film: tuple[FloatArray, FloatArray],
    z: ComplexArray,
    apart: ComplexArray,
    shorted: FloatArray,
    omega: FloatArray,
) -> tuple[ComplexArray, ...]:
    """Return a film (R, C) over z: `apart` where its electrons are, a ladder so far as they are `shorted`.

    Derivatives follow by z, by the ladder's R and C, and by `shorted`.
    """
    if not shorted.any():
        none = np.zeros_like(apart)
        return apart, none + 1, none, none, none
    joined, by_z, by_R, by_C = ladder(*film, z, omega)
    alone = 1 - shorted
    total = alone * apart + shorted * joined
    return total, alone + shorted * by_z, shorted * by_R, shorted * by_C, joined - apart


def _find_electrode(cell: Cell, v: dict[str, FloatArray], z: ComplexArray, d: ComplexArray) -> ComplexArray:
    sheet = (v["thickness"] / v["resistivity"])[:, 0] if cell.access else None
    G = cell.support.impedance(v["kappa"][:, 0], v["sigma_s"][:, 0], sheet, z)
    d[:, _INTERFACE] *= (G.by_z / v["area"])[:, None, :]
    d[:, INDEX["kappa"]] = G.by_log_kappa / v["area"]
    d[:, INDEX["sigma_s"]] = G.by_log_sigma / v["area"]
    if cell.access:
        d[:, INDEX["thickness"]] += G.by_log_sheet / v["area"]
        d[:, INDEX["resistivity"]] -= G.by_log_sheet / v["area"]
    Z = np.asarray(G.value / v["area"])
    d[:, INDEX["area"]] = -Z
    return Z


def _add_in_series(v: dict[str, FloatArray], d: ComplexArray, omega: FloatArray) -> ComplexArray:
    Z = (v["R_s"] + v["R_more"]).astype(np.complex128)
    d[:, INDEX["R_s"]], d[:, INDEX["R_more"]] = v["R_s"], 1.0
    for name in ("counter", "contact", "further"):
        if not (v[f"{name}_R"].any() or v[f"{name}_tau"].any()):
            continue  # no row has such an arc
        alpha = v[f"{name}_alpha"]
        with np.errstate(divide="ignore"):  # at zero frequency, or of a row without this arc
            log_x = np.log(omega * v[f"{name}_tau"])
            x = j_power(log_x, alpha)
        share = 1 / (1 + x)
        arc = v[f"{name}_R"] * share
        Z = Z + arc
        d[:, INDEX[f"{name}_R"]] = share if LINEAR[INDEX[f"{name}_R"]] else arc
        d[:, INDEX[f"{name}_tau"]] = -arc * alpha * x * share
        by_log = np.where(np.isfinite(log_x), log_x, 0.0) + 0.5j * np.pi
        d[:, INDEX[f"{name}_alpha"]] = -arc * x * share * by_log
    d[:, INDEX["leads"]] = 1j * omega
    return Z + d[:, INDEX["leads"]] * v["leads"]

"""A plate with channels as a two-rail transmission line: R_ct and whole spectra from geometry and transport.

Electrolyte in the channel carries ions, the solid and a film on it carry electrons; the interface joins them
along the wall, and closes the line at the top face and at the channel's floor. The line itself is
``eisfit.model.elements.end_faces``; `eisfit.coating.physics` adds how current spreads in the solid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.model.elements.base import FrequencyGrid
from eisfit.model.elements.end_faces import line, line_with_shares, shape_functions

__all__ = [
    "LINE_PARAMETERS",
    "Channels",
    "LineImpedance",
    "interface_resistance",
    "line",
    "line_impedance",
    "line_resistance",
    "resistance_slope",
]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Array = NDArray[Any]


@dataclass(frozen=True)
class Channels:
    """Geometry of a plate with identical channels, each a truncated cone; numbers or arrays over draws.

    Parameters
    ----------
    pitch, depth, mouth_radius, floor_radius
        cm; `pitch` from centre to centre.
    area
        Projected area of the electrode, cm^2.
    hexagonal
        Packing of the channels: hexagonal, else square.
    """

    pitch: Any
    depth: Any
    mouth_radius: Any
    floor_radius: Any
    area: Any
    hexagonal: Any = False

    @property
    def cell(self) -> FloatArray:
        """Projected area that belongs to one channel, cm^2."""
        return np.asarray(np.where(self.hexagonal, np.sqrt(3) / 2, 1.0) * np.square(self.pitch))

    @property
    def count(self) -> FloatArray:
        """Number of channels."""
        return np.asarray(self.area / self.cell)

    @property
    def wall(self) -> FloatArray:
        """Lateral area of one truncated cone, cm^2."""
        slant = np.hypot(self.depth, np.subtract(self.mouth_radius, self.floor_radius))
        return np.asarray(np.pi * np.add(self.mouth_radius, self.floor_radius) * slant)

    @property
    def top(self) -> FloatArray:
        """Face between the channels, per channel, cm^2."""
        return np.asarray(self.cell - np.pi * np.square(self.mouth_radius))

    @property
    def floor(self) -> FloatArray:
        """Floor of one channel, cm^2."""
        return np.asarray(np.pi * np.square(self.floor_radius))

    @property
    def true_area(self) -> FloatArray:
        """Wall, top and floor of all channels, cm^2."""
        return np.asarray(self.count * (self.wall + self.top + self.floor))

    @property
    def solid(self) -> FloatArray:
        """Mean cross-section of the solid around one channel, cm^2."""
        r1, r2 = np.asarray(self.mouth_radius), np.asarray(self.floor_radius)
        return np.asarray(self.cell - np.pi * (r1**2 + r1 * r2 + r2**2) / 3)

    def ionic_rail(self, kappa: ArrayLike) -> FloatArray:
        """Resistance of one channel's electrolyte (conductivity `kappa`, S/cm) over its depth, ohm."""
        conductance = np.asarray(kappa) * np.pi * self.mouth_radius * self.floor_radius
        return np.asarray(self.depth / conductance)

    def electronic_rail(self, sigma_s: ArrayLike, film_sheet_conductance: ArrayLike = 0.0) -> FloatArray:
        """Resistance of the solid (`sigma_s`, S/cm), with a film on its wall in parallel, over the depth.

        In ohm. A film of sheet conductance t/rho (S per square) on a wall of perimeter P adds P t/rho to
        sigma_s S.
        """
        depth = np.asarray(self.depth, dtype=np.float64)
        solid = self.solid * np.asarray(sigma_s)
        film = self.wall * np.asarray(film_sheet_conductance) / np.where(depth > 0, depth, np.inf)
        return np.asarray(depth / (solid + film))

    def conductivities(self, R_ion: ArrayLike, R_el: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Kappa and sigma_s (S/cm) from the rails of the whole electrode (ohm), as a fitted line gives them.

        Without a film; with one, sigma_s is that of the solid and the film together.
        """
        per_depth = self.depth / self.count
        pore = np.pi * np.asarray(self.mouth_radius) * self.floor_radius
        kappa, sigma_s = per_depth / (pore * np.asarray(R_ion)), per_depth / (self.solid * np.asarray(R_el))
        return np.asarray(kappa), np.asarray(sigma_s)


class LineImpedance(NamedTuple):
    """Impedance of a line, and its derivatives with respect to `LINE_PARAMETERS` along a last axis."""

    impedance: ComplexArray
    derivative: ComplexArray


LINE_PARAMETERS = ("R_ion", "R_el", "R_int", "Q", "alpha", "top", "floor")


def line_resistance(
    channels: Channels, ionic: ArrayLike, electronic: ArrayLike, interface: ArrayLike
) -> FloatArray:
    """R_ct of the electrode, (R(0) - R(inf)) / N, ohm.

    Parameters
    ----------
    channels
        The geometry.
    ionic, electronic
        Rails of one channel, ohm (`Channels.ionic_rail`, `Channels.electronic_rail`).
    interface
        Resistance of the interface per true area, ohm cm^2.
    """
    F, _ = _per_channel(channels, ionic, electronic, interface)
    return np.asarray(F / channels.count)


def interface_resistance(
    channels: Channels, ionic: ArrayLike, electronic: ArrayLike, resistance: ArrayLike
) -> FloatArray:
    """Interface resistance per true area (ohm cm^2) that gives this R_ct.

    Inverts `line_resistance`; NaN where `resistance` is not positive. F(interface) rises monotonically and
    F/interface falls to 1/A, so a solution exists, is unique, and lies below R A; Newton's method in
    logarithms, kept within a bracket, finds it.
    """
    shape = np.broadcast_shapes(*(np.shape(x) for x in (ionic, electronic, resistance, channels.count)))
    target = np.broadcast_to(np.asarray(resistance, dtype=np.float64), shape)
    good = target > 0
    goal = np.log(np.where(good, target, 1.0) * channels.count)
    high = goal + np.log(channels.wall + channels.top + channels.floor)
    x, low = high.copy(), np.full(shape, -np.inf)
    for _ in range(80):
        F, slope = _per_channel(channels, ionic, electronic, np.exp(x))
        miss = np.log(F) - goal
        high, low = np.where(miss > 0, x, high), np.where(miss < 0, x, low)
        step = x - np.clip(miss / slope, -4, 4)
        middle = np.where(np.isfinite(low), (high + np.maximum(low, high - 8)) / 2, high - 4)
        new = np.where((step >= low) & (step <= high), step, middle)
        # Newton's last step squares this: the result is right to rounding.
        done = np.abs(miss) < 1e-10
        x = new
        if done.all():
            break
    return np.where(good, np.exp(x), np.nan)


def resistance_slope(
    channels: Channels, ionic: ArrayLike, electronic: ArrayLike, interface: ArrayLike
) -> FloatArray:
    """Return d ln R_ct / d ln(interface), between 0 and 1; see `line_resistance`."""
    return _per_channel(channels, ionic, electronic, interface)[1]


def line_impedance(  # noqa: PLR0917 - a circuit element's parameters come in order
    omega: ArrayLike,
    R_ion: ArrayLike,
    R_el: ArrayLike,
    R_int: ArrayLike,
    Q: ArrayLike,
    alpha: ArrayLike,
    top: ArrayLike = 0.0,
    floor: ArrayLike = 0.0,
) -> LineImpedance:
    """Impedance of a whole porous or channelled electrode, with exact derivatives.

    Parameters
    ----------
    omega
        (F,) rad/s.
    R_ion, R_el
        The two rails over the depth, all channels in parallel, ohm.
    R_int
        Interface resistance over the whole true area, ohm.
    Q, alpha
        Constant phase element of the whole interface, S s^alpha and 1.
    top, floor
        Shares of the true area that lie at the mouth's face and at the floor.

    Returns
    -------
    LineImpedance
        Parameters of shape (B,) give impedance (B, F) and derivative (B, F, 7), ordered as `LINE_PARAMETERS`;
        numbers give (F,) and (F, 7). Ohm.

    Examples
    --------
    At low frequency, with perfect rails, the interface's own resistance:

    >>> round(float(line_impedance([1e-9], 0.0, 0.0, 50.0, 1e-5, 1.0).impedance[0].real), 6)
    50.0
    """
    columns = [np.asarray(x, dtype=np.float64)[..., None] for x in (R_ion, R_el, R_int, Q, alpha, top, floor)]
    grid = FrequencyGrid(np.asarray(omega, dtype=np.float64))
    Z, derivatives = line_with_shares(grid, *columns)
    return LineImpedance(Z, np.stack([np.broadcast_to(d, Z.shape) for d in derivatives], axis=-1))


def _per_channel(
    channels: Channels, ionic: ArrayLike, electronic: ArrayLike, interface: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """F of one channel, ohm, and d ln F / d ln(interface): `line` with the one slope that solving needs."""
    Y = 1 / np.asarray(interface, dtype=np.float64)
    a, b = np.asarray(ionic, dtype=np.float64), np.asarray(electronic, dtype=np.float64)
    total = a + b
    w, t, g = channels.wall * Y, channels.top * Y, channels.floor * Y
    p = np.divide(a, total, out=np.full(total.shape, 0.5), where=total > 0)
    pb, v, ends = p * b, total * w, t + g
    C, dC, E, dE = shape_functions(v)
    faces, both = p * a * g + (b - pb) * t, total * t * g
    numerator = C - 2 * w * E * pb + faces
    denominator = w + ends * C + both
    rise = v * dC - 2 * w * (E + v * dE) * pb + faces
    fall = w + ends * (C + v * dC) + 2 * both
    return numerator / denominator, fall / denominator - rise / numerator

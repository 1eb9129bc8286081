"""A plate with identical channels, each a truncated cone: its sizes, and the areas of one channel."""

from __future__ import annotations

import numpy as np

from eisfit.records import dataclass


@dataclass(frozen=True)
class Plate:
    """A plate with channels: what its models are given, and the areas of one channel and its cell.

    Parameters
    ----------
    pitch, depth, mouth_radius, floor_radius, base
        cm; `pitch` from centre to centre, `base` the solid between the floors and the collector.
    hexagonal
        Packing of the channels: hexagonal, else square.

    Examples
    --------
    >>> round(Plate(100e-4, 60e-4, 20e-4, 10e-4, 10e-4).wall_area * 1e8)  # um^2, of the cone in the paper
    5733
    """

    pitch: float
    depth: float
    mouth_radius: float
    floor_radius: float
    base: float
    hexagonal: bool = False

    particles = False

    @property
    def cell_area(self) -> float:
        """Projected area that belongs to the channel, cm^2."""
        return float(np.sqrt(3) / 2 if self.hexagonal else 1.0) * self.pitch**2

    @property
    def wall_area(self) -> float:
        """Lateral area of the truncated cone, cm^2."""
        slant = np.hypot(self.depth, self.mouth_radius - self.floor_radius)
        return float(np.pi * (self.mouth_radius + self.floor_radius) * slant)

    @property
    def top_area(self) -> float:
        """Face between the channels, cm^2."""
        return float(self.cell_area - np.pi * self.mouth_radius**2)

    @property
    def floor_area(self) -> float:
        """Floor of the channel, cm^2."""
        return float(np.pi * self.floor_radius**2)

    @property
    def solid_area(self) -> float:
        """Mean cross-section of the solid around the channel, cm^2."""
        return float(self.cell_area - np.pi * self.radius**2)

    @property
    def radius(self) -> float:
        """Radius of the straight channel that leaves the same solid, cm."""
        r1, r2 = self.mouth_radius, self.floor_radius
        return float(np.sqrt((r1 * r1 + r1 * r2 + r2 * r2) / 3))

    @property
    def roughness(self) -> float:
        """True area over projected area."""
        return (self.wall_area + self.top_area + self.floor_area) / self.cell_area

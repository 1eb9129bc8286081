"""Impedance of a cell from its study's parameters: supports, layers, and the circuit around them.

`parameters` holds the one table of names, units and transforms; `layers` the interface per true area;
`supports` the electrodes whose closed form is short, `channels` the plate with channels on top of `rails`
and `spreading`; `cell` puts them together.
"""

from eisfit.coating.physics.cell import Cell, CellImpedance, cell_impedance
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.parameters import INDEX, PARAMETERS, PhysicalParameter, coordinates, values
from eisfit.coating.physics.supports import AreaImpedance, Flat, Particles, Pellet, Porous, Support

__all__ = [
    "INDEX",
    "PARAMETERS",
    "AreaImpedance",
    "Cell",
    "CellImpedance",
    "ChannelPlate",
    "Flat",
    "Particles",
    "Pellet",
    "PhysicalParameter",
    "Porous",
    "Support",
    "cell_impedance",
    "coordinates",
    "values",
]

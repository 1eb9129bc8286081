"""Impedance of a cell from its own quantities: supports, layers, and the circuit around them.

`parameters` holds the one table of names, units and transforms; `layers` what the interface is made of;
`supports` the electrodes whose closed form is short, `channels` the plate with channels on top of `rails`
and `spreading`; `cell` puts them together.
"""

from eisfit.coating.physics.cell import Cell, CellImpedance, cell_impedance
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.layers import LayerKind
from eisfit.coating.physics.parameters import INDEX, PARAMETERS, PhysicalParameter, coordinates
from eisfit.coating.physics.quick_channels import QuickChannels
from eisfit.coating.physics.supports import AreaImpedance, Flat, Particles, Pellet, Porous, Support

__all__ = [
    "INDEX",
    "PARAMETERS",
    "AreaImpedance",
    "Cell",
    "CellImpedance",
    "ChannelPlate",
    "Flat",
    "LayerKind",
    "Particles",
    "Pellet",
    "PhysicalParameter",
    "Porous",
    "QuickChannels",
    "Support",
    "cell_impedance",
    "coordinates",
]

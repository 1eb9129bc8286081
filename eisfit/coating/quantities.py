"""Kinds of values in a study, each with the unit that it is kept in."""

from __future__ import annotations

from typing import Annotated, Any

from eisfit.model.schema import Reader
from eisfit.units import Uncertain, uncertain

__all__ = [
    "Area",
    "AreaDensity",
    "Conductivity",
    "Current",
    "Energy",
    "IonicConductivity",
    "LayerCapacitance",
    "LayerResistance",
    "Length",
    "MolarVolume",
    "OtherResistance",
    "Ratio",
    "Resistance",
    "Resistivity",
    "Share",
    "Slope",
    "Temperature",
    "Voltage",
]


def _of(unit: str, *, zero: bool = False, bare: bool = False) -> Any:
    return Reader(lambda value: uncertain(value, unit, zero=zero, bare=bare), unit)


Length = Annotated[Uncertain, _of("cm")]
Area = Annotated[Uncertain, _of("cm^2")]
AreaDensity = Annotated[Uncertain, _of("1/cm")]
Resistance = Annotated[Uncertain, _of("ohm", bare=True)]
OtherResistance = Annotated[Uncertain, _of("ohm", bare=True, zero=True)]
Resistivity = Annotated[Uncertain, _of("ohm*cm")]
Conductivity = Annotated[Uncertain, _of("S/cm")]
IonicConductivity = Annotated[Uncertain, _of("S/cm", zero=True)]
MolarVolume = Annotated[Uncertain, _of("cm^3/mol")]
Energy = Annotated[Uncertain, _of("eV", zero=True)]
Temperature = Annotated[Uncertain, _of("K")]
Ratio = Annotated[Uncertain, _of("1")]
Share = Annotated[Uncertain, _of("1", zero=True)]
LayerResistance = Annotated[Uncertain, _of("ohm*cm^2")]
LayerCapacitance = Annotated[Uncertain, _of("F/cm^2")]
Slope = Annotated[Uncertain, _of("V")]
Current = Annotated[Uncertain, _of("A")]
Voltage = Annotated[Uncertain, _of("V")]

"""Kinds of values in a study, each with the unit that it is kept in."""

from __future__ import annotations

from typing import Annotated, Any

from eisfit.model.schema import Reader
from eisfit.units import ZERO_CELSIUS, Uncertain, uncertain

_COLDEST = 100.0  # K: below, a number of degrees was called kelvins


def _define(unit: str, *, zero: bool = False, bare: bool = False) -> Any:
    return Reader(lambda value: uncertain(value, unit, zero=zero, bare=bare), unit)


Length = Annotated[Uncertain, _define("cm")]
Area = Annotated[Uncertain, _define("cm^2")]
AreaDensity = Annotated[Uncertain, _define("1/cm")]
Resistance = Annotated[Uncertain, _define("ohm", bare=True)]
OtherResistance = Annotated[Uncertain, _define("ohm", bare=True, zero=True)]
Resistivity = Annotated[Uncertain, _define("ohm*cm")]
Conductivity = Annotated[Uncertain, _define("S/cm")]
IonicConductivity = Annotated[Uncertain, _define("S/cm", zero=True)]
MolarVolume = Annotated[Uncertain, _define("cm^3/mol")]
Inductance = Annotated[Uncertain, _define("H", zero=True)]
Energy = Annotated[Uncertain, _define("eV", zero=True)]
Temperature = Annotated[Uncertain, _define("K")]
Ratio = Annotated[Uncertain, _define("1")]
Share = Annotated[Uncertain, _define("1", zero=True)]
LayerResistance = Annotated[Uncertain, _define("ohm*cm^2")]
LayerCapacitance = Annotated[Uncertain, _define("F/cm^2")]
Slope = Annotated[Uncertain, _define("V")]
Current = Annotated[Uncertain, _define("A")]
Voltage = Annotated[Uncertain, _define("V")]


def check_temperature(temperature: Uncertain) -> None:
    """Raise a `ValueError` for one that no cell is measured at."""
    T = temperature.median
    if T < _COLDEST:
        raise ValueError(f"temperature: {T:g} K is {T - ZERO_CELSIUS:.0f} degC; is it '{T:g} degC'?")

"""What a study says of its films: ``[[film]]`` and ``[[film.reference]]``."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from eisfit.coating.quantities import (
    Conductivity,
    Energy,
    IonicConductivity,
    Length,
    MolarVolume,
    Ratio,
    Resistivity,
    Share,
    Temperature,
    check_temperature,
)
from eisfit.model.schema import ClosedModel, Field
from eisfit.units import Uncertain

SOURCE = "Where the values come from."


class PhaseTable(ClosedModel):
    """``[[film.reference]]``: a material that the film contains, or might be compared with."""

    name: str = Field(description="For instance Ru.")
    parts: Ratio | None = Field(None, description="Molar parts in the film, as XPS areas.")
    molar_volume: MolarVolume | None = Field(None, description="Makes volumes of the molar parts.")
    resistivity: Resistivity | None = Field(None, description="Electronic resistivity of the bulk.")
    mean_free_path: Length | None = Field(None, description="Of electrons in the bulk: metals only.")
    specularity: Share | None = Field(None, description="Share that the film's surfaces mirror; 0.")
    ionic_conductivity: IonicConductivity | None = Field(None, description="Of the bulk.")
    grain_size: Length | None = Field(None, description="Of the film: boundaries scatter electrons.")
    grain_reflection: Share | None = Field(None, description="Share that a boundary reflects.")
    source: str = Field("", description=SOURCE)

    def __post_init__(self) -> None:
        reflected = self.grain_reflection
        if (
            reflected is not None
            and (reflected.a if reflected.kind == "normal" else reflected.draw(1.0)) >= 1
        ):
            raise ValueError("grain_reflection: a reflection coefficient stays below 1")


class FilmTable(ClosedModel):
    """``[[film]]``: a coating; further ones of the same material leave out what they share with the first.

    Without a thickness, that of `ald_cycles` times `growth_per_cycle` is taken. `temperature` is where the
    ionic conductivity was measured, if not at 25 degC; `activation_energy` carries it over.
    """

    name: str = Field(description="As in coated_by.")
    thickness: Length = Field(None, description="Of the film; or ald_cycles and growth_per_cycle.")
    resistivity: Resistivity | None = Field(default=None, description="Absent for an insulator.")
    ionic_conductivity: Conductivity | None = Field(default=None, description="For the ions that react.")
    ald_cycles: int | None = Field(default=None, gt=0, description="Held against the thickness.")
    growth_per_cycle: Length | None = Field(None, description="Thickness that one growth cycle adds.")
    activation_energy: Energy | None = Field(None, description="Of the ionic conductivity.")
    temperature: Temperature | None = Field(None, description="Of the conductivity, if another.")
    double_layer: Literal["below", "on"] = Field(
        default="below", description="On the film, as on a metal's, or below it, on the solid."
    )
    electrons: Literal["apart", "shorted"] = Field(
        default="apart", description="Shorted to the solid, as a metal's in contact with it, or not."
    )
    reference: list[PhaseTable] = Field(default_factory=list, description="What it is made of.")
    source: str = Field("", description=SOURCE)

    def __post_init__(self) -> None:
        if self.double_layer == "on" and self.resistivity is None:
            raise ValueError("double_layer: lies on a film that carries electrons: give its resistivity")
        if self.electrons == "shorted" and self.resistivity is None:
            raise ValueError("electrons: are shorted where a film carries any: give its resistivity")
        if self.thickness is None:
            if self.ald_cycles is None or self.growth_per_cycle is None:
                raise ValueError("thickness: is missing (or ald_cycles and growth_per_cycle)")
            object.__setattr__(self, "thickness", _multiply_growth(self.ald_cycles, self.growth_per_cycle))
        if self.temperature is not None:
            check_temperature(self.temperature)
            if self.activation_energy is None:
                raise ValueError("a temperature of the film's own needs its activation_energy")


def _multiply_growth(cycles: int, per_cycle: Uncertain) -> Uncertain:
    source = f"{cycles} growth cycles of {per_cycle}"
    return replace(per_cycle, a=cycles * per_cycle.a, b=cycles * per_cycle.b, source=source)

"""A coating study of schema 2: cells with their spectra, the electrode, films, currents, scatter.

Every value has its unit and may be exact, a range or a normal distribution, and may say its source; see
`eisfit.coating.study`, whose kinds of value these are.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from eisfit.coating.study import (
    Area,
    Conductivity,
    Depth,
    Length,
    OtherResistance,
    Ratio,
    Resistance,
    Resistivity,
    Share,
    Temperature,
    path_below,
)
from eisfit.errors import EisfitError, StudyError
from eisfit.files import read_text
from eisfit.schema import MAX_TOML, ClosedModel, Field, Reader, parse_toml
from eisfit.units import Uncertain, uncertain

__all__ = [
    "Cell",
    "FilmLayer",
    "JointFile",
    "JointStudy",
    "SpectrumFile",
    "Support",
    "load_joint_study",
]

Current = Annotated[Uncertain, Reader(lambda value: uncertain(value, "A"), "A")]
Voltage = Annotated[Uncertain, Reader(lambda value: uncertain(value, "V"), "V")]

_ROOM = Uncertain("exact", 298.15, unit="K")
_SOURCE = "Where the values come from."


class SpectrumFile(ClosedModel):
    """One of a cell's ``spectra``."""

    file: str = Field(description="Beside the study.")
    temperature: Temperature = Field(
        default=Uncertain("exact", 298.15, unit="K"), description="Of the measurement."
    )
    replicate: int = Field(1, ge=1, description="Which of several cells alike.")


class Cell(ClosedModel):
    """``[[cell]]``: cells alike, with their spectra or with published scalars."""

    name: str = Field(description="For the report.")
    coated_by: str | None = Field(default=None, description="Name of a film; absent for a bare cell.")
    spectra: list[SpectrumFile] = Field(default_factory=list, description="Files; or published scalars.")
    r_ct: Resistance | None = Field(default=None, description="Published charge-transfer resistance.")
    r_hf: Resistance | None = Field(default=None, description="Published high-frequency end.")
    c_ratio: Ratio | None = Field(default=None, description="Published capacitance over the bare cell's.")
    source: str = Field(default="", description=_SOURCE)

    def __post_init__(self) -> None:
        if bool(self.spectra) == (self.r_ct is not None):
            raise ValueError("give either spectra (files) or r_ct (a published resistance), one of the two")


class FilmLayer(ClosedModel):
    """``[[film]]``: a coating; further ones of the same material leave out what they share with the first."""

    name: str = Field(description="As in coated_by.")
    thickness: Length = Field(description="Of the film.")
    resistivity: Resistivity | None = Field(default=None, description="Absent for an insulator.")
    ionic_conductivity: Conductivity | None = Field(default=None, description="For the ions that react.")
    source: str = Field(default="", description=_SOURCE)


class Support(ClosedModel):
    """``[support]``: what the film lies on."""

    kind: Literal["channels", "flat"] = Field(description="A plate with equal channels, or a flat face.")
    area: Area = Field(description="Projected area of the electrode.")
    pitch: Length | None = Field(default=None, description="Centre to centre; channels only.")
    depth: Depth | None = Field(default=None, description="Channels only.")
    mouth_diameter: Length | None = Field(default=None, description="Channels only.")
    floor_diameter: Length | None = Field(default=None, description="Channels only.")
    packing: Literal["square", "hexagonal"] = Field("square", description="Of the channels.")
    base: Length | None = Field(default=None, description="Solid below the floors; channels only.")
    kappa: Conductivity | None = Field(default=None, description="Of the electrolyte; channels only.")
    sigma_s: Conductivity | None = Field(default=None, description="Of the solid; channels only.")
    source: str = Field(default="", description=_SOURCE)

    def __post_init__(self) -> None:
        keys = ("pitch", "depth", "mouth_diameter", "floor_diameter", "base", "kappa", "sigma_s")
        given = [key for key in keys if getattr(self, key) is not None]
        if self.kind == "flat" and given:
            raise ValueError(f"a flat support has no {given[0]}")
        missing = [key for key in keys if key not in given]
        if self.kind == "channels" and missing:
            raise ValueError(f"channels need their {missing[0]}")
        if self.kind == "channels" and self.pitch and self.mouth_diameter and self.floor_diameter:
            widest = max(self.mouth_diameter.median, self.floor_diameter.median)
            if widest >= self.pitch.median:
                raise ValueError("the channels overlap: their diameter is not below their pitch")


class Head(ClosedModel):
    """``[study]``: what it is about."""

    title: str = Field(description="One line for the report.")
    references: list[str] = Field(default_factory=list, description="As you would cite them.")
    simulated: bool = Field(False, description="Whether the spectra are simulated, not measured.")
    seed: int = Field(1, ge=0, description="Of the starts and draws.")


class Counter(ClosedModel):
    """``[counter]``: the other electrode's arc; a range by default in a full cell, none in a half cell."""

    kind: Literal["full", "half"] = Field(default="full", description="Full cell, or reference electrode.")
    resistance: OtherResistance | None = Field(default=None, description="If known.")
    source: str = Field(default="", description=_SOURCE)


class Scatter(ClosedModel):
    """``[scatter]``: how much two cells alike differ; never zero."""

    r_s: Resistance = Field(default=Uncertain("exact", 0.5, unit="ohm"), description="Ohmic, ohm.")
    r_i: Ratio = Field(default=Uncertain("exact", 0.05), description="Reaction, relative.")
    q: Ratio = Field(default=Uncertain("exact", 0.10), description="Double layer, relative.")
    counter: Ratio = Field(default=Uncertain("exact", 0.10), description="Other electrode, relative.")


class DirectCurrent(ClosedModel):
    """``[[dc]]``: a voltage that a current makes, held against the resistance of the spectra."""

    what: str = Field(description="In words.")
    cell: str = Field(description="Name of the cell it belongs to, or 'difference' (bare minus coated).")
    voltage: Voltage = Field(description="Drop, or difference between the cells.")
    current: Current = Field(description="That makes it.")
    source: str = Field(default="", description=_SOURCE)


class JointFile(ClosedModel):
    """A whole study file of schema 2."""

    schema_: Literal[2] = Field(alias="schema", description="Always 2.")
    study: Head = Field(description="What it is about.")
    cell: list[Cell] = Field(description="The cells.")
    support: Support = Field(description="The electrode.")
    film: list[FilmLayer] = Field(description="The coatings.")
    counter: Counter = Field(default=Counter(), description="The other electrode.")
    scatter: Scatter = Field(default=Scatter(), description="Between cells alike.")
    dc: list[DirectCurrent] = Field(default_factory=list, description="Voltages under current.")
    noise: Share | None = Field(default=None, description="Relative; found from the spectra if absent.")

    def __post_init__(self) -> None:
        films = [film.name for film in self.film]
        for cell in self.cell:
            if cell.coated_by is not None and cell.coated_by not in films:
                raise ValueError(
                    f"cell {cell.name!r} is coated by {cell.coated_by!r}, but no film has that name"
                )
        coated = [cell for cell in self.cell if cell.coated_by]
        if not coated or len(coated) == len(self.cell):
            raise ValueError("a study compares at least one bare and one coated cell")
        if not self.film or self.film[0].ionic_conductivity is None:
            raise ValueError("the first film needs its ionic_conductivity")
        names = {cell.name for cell in self.cell} | {"difference"}
        for row in self.dc:
            if row.cell not in names:
                raise ValueError(f"dc {row.what!r} names no cell of the study: {row.cell!r}")


@dataclass(frozen=True)
class JointStudy:
    """A validated study of schema 2 and the folder that its paths start from."""

    file: JointFile
    folder: Path
    source: str
    allow_outside: bool = False

    @classmethod
    def from_text(cls, text: str, folder: str | Path = ".", source: str = "study") -> JointStudy:
        """Read a study from TOML text.

        Raises
        ------
        SchemaError
            One sentence with the line, the key and what is wrong.
        """
        return cls(parse_toml(text, JointFile, source), Path(folder), source)

    def read(self, name: str) -> Any:
        """Return the spectrum of a file beside the study.

        Raises
        ------
        StudyError
            When there is no such file, or it lies outside the study's folder.
        """
        from eisfit.spectra.readers import read

        path = path_below(self, name, "cell.spectra")
        if not path.exists():
            raise StudyError(
                f"{self.source}: cell.spectra: there is no file {name!r} beside the study ({path})"
            )
        return read(path)


def load_joint_study(path: str | os.PathLike[str], *, allow_outside: bool = False) -> JointStudy | None:
    """Read a study file of schema 2; None where it is of schema 1, or cannot be read at all.

    Raises
    ------
    SchemaError
        One sentence with the file, the line, the key and what is wrong.
    """
    file = Path(path)
    try:
        text = read_text(file, limit=MAX_TOML)
    except EisfitError:
        return None  # schema 1's reader says in a sentence what is wrong
    if not _is_joint(text):
        return None
    return replace(JointStudy.from_text(text, file.parent, str(path)), allow_outside=allow_outside)


def _is_joint(text: str) -> bool:
    """Return whether a study's text is of schema 2: it says so in a line of its own before any table."""
    for line in text.splitlines():
        if line.lstrip().startswith("["):
            return False
        key, _, value = line.partition("=")
        if key.strip() == "schema":
            return value.split("#")[0].strip() == "2"
    return False

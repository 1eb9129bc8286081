"""A coating study: cells with their spectra, the electrode, films, currents, scatter.

A study file is TOML; every value has its unit and may be exact (``"5 nm"``), a range (``{low, high}``,
optionally ``scale = "log"``) or a normal distribution (``{value, stderr}``), and may say its ``source``.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from eisfit.coating.film.tables import SOURCE, FilmTable
from eisfit.coating.old_study import convert_schema_1
from eisfit.coating.quantities import (
    Area,
    AreaDensity,
    Conductivity,
    Current,
    Inductance,
    LayerCapacitance,
    LayerResistance,
    Length,
    OtherResistance,
    Ratio,
    Resistance,
    Share,
    Slope,
    Temperature,
    Voltage,
    check_temperature,
)
from eisfit.errors import EisfitWarning, SchemaError, StudyError
from eisfit.files import data_folder, read_text
from eisfit.model.schema import MAX_TOML, ClosedModel, Field, parse_toml, validate
from eisfit.records import dataclass
from eisfit.units import Uncertain

_ROOM = Uncertain("exact", 298.15, unit="K")
_LARGEST_ERROR = 20.0  # K: above, a temperature was stated in place of its error


class SpectrumFile(ClosedModel):
    """One of a cell's ``spectra``."""

    file: str = Field(description="Beside the study.")
    temperature: Temperature = Field(default=_ROOM, description="Of the measurement.")
    replicate: int = Field(1, ge=1, description="Which of several cells alike.")

    def __post_init__(self) -> None:
        check_temperature(self.temperature)


class Cell(ClosedModel):
    """``[[cell]]``: cells alike, with their spectra or with published scalars."""

    name: str = Field(description="For the report.")
    coated_by: str | None = Field(default=None, description="Name of a film; absent for a bare cell.")
    spectra: list[SpectrumFile] = Field(default_factory=list, description="Files; or published scalars.")
    r_ct: Resistance | None = Field(default=None, description="Published charge-transfer resistance.")
    r_hf: Resistance | None = Field(default=None, description="Published high-frequency end.")
    c_ratio: Ratio | None = Field(default=None, description="Published capacitance over the bare cell's.")
    source: str = Field(default="", description=SOURCE)

    def __post_init__(self) -> None:
        if bool(self.spectra) == (self.r_ct is not None):
            raise ValueError("give either spectra (files) or r_ct (a published resistance), one of the two")
        if self.spectra and not (self.r_hf is None and self.c_ratio is None):
            raise ValueError("r_hf and c_ratio stand beside r_ct: spectra show both themselves")
        if self.c_ratio is not None and self.coated_by is None:
            raise ValueError("c_ratio: a coated cell's capacitance over the bare cell's")

    def label(self, entry: SpectrumFile) -> str:
        """Return what the cell of a spectrum is called, with its replicate where there are several."""
        alone = all(other.replicate == 1 for other in self.spectra)
        return self.name if alone else f"{self.name} {entry.replicate}"


_KEYS: dict[str, tuple[str, ...]] = {
    "channels": ("pitch", "depth", "mouth_diameter", "floor_diameter", "base", "kappa", "sigma_s"),
    "flat": (),
    "porous": ("thickness", "porosity", "tortuosity", "area_density", "kappa", "sigma_s"),
    "particles": ("thickness", "porosity", "tortuosity", "area_density", "kappa", "sigma_s"),
    "pellet": ("thickness", "kappa"),
}
_MAY = {"porous": ("percolation",), "particles": ("percolation",), "pellet": ("contact", "spot_radius")}


class Support(ClosedModel):
    """``[support]``: what the film lies on; each kind has only its own keys."""

    kind: Literal["channels", "flat", "porous", "particles", "pellet"] = Field(
        description="A plate with channels, a flat face, a porous electrode (of particles), a pellet."
    )
    area: Area = Field(description="Projected area of the electrode.")
    pitch: Length | None = Field(default=None, description="Centre to centre; channels only.")
    depth: Length | None = Field(default=None, description="Channels only.")
    mouth_diameter: Length | None = Field(default=None, description="Channels only.")
    floor_diameter: Length | None = Field(default=None, description="Channels only.")
    packing: Literal["square", "hexagonal"] = Field("square", description="Of the channels.")
    base: Length | None = Field(default=None, description="Solid below the floors; channels only.")
    thickness: Length | None = Field(default=None, description="Porous, particles, pellet.")
    porosity: Ratio | None = Field(default=None, description="Porous, particles.")
    tortuosity: Ratio | None = Field(default=None, description="Porous, particles.")
    area_density: AreaDensity | None = Field(default=None, description="True area per volume.")
    percolation: Share | None = Field(default=None, description="Share of a film that hangs together.")
    contact: Ratio | None = Field(default=None, description="Share in contact; pellet only.")
    spot_radius: Length | None = Field(default=None, description="Of a contact spot; pellet only.")
    kappa: Conductivity | None = Field(default=None, description="Of the electrolyte, or of the pellet.")
    sigma_s: Conductivity | None = Field(default=None, description="Of the solid.")
    source: str = Field(default="", description=SOURCE)

    def __post_init__(self) -> None:
        keys = tuple(dict.fromkeys(key for kind in (*_KEYS.values(), *_MAY.values()) for key in kind))
        needed, given = _KEYS[self.kind], [key for key in keys if getattr(self, key) is not None]
        foreign = [key for key in given if key not in (*needed, *_MAY.get(self.kind, ()))]
        if foreign:
            raise ValueError(f"kind {self.kind!r} has no {foreign[0]}")
        missing = [key for key in needed if key not in given]
        if missing:
            raise ValueError(f"kind {self.kind!r} needs {', '.join(missing)}")
        if self.pitch and self.mouth_diameter and self.floor_diameter:
            widest = max(self.mouth_diameter.median, self.floor_diameter.median)
            if widest >= self.pitch.median:
                raise ValueError("the channels overlap: their diameter is not below their pitch")


class Head(ClosedModel):
    """``[study]``: what it is about."""

    title: str = Field(description="One line for the report.")
    references: list[str] = Field(default_factory=list, description="As you would cite them.")
    circuit: str = Field("rs-sei-ct-w", description="Whose one arc is quoted as R_ct of a spectrum.")
    simulated: bool = Field(False, description="Whether the spectra are simulated, not measured.")
    seed: int = Field(1, ge=0, description="Of the starts and draws.")


class Counter(ClosedModel):
    """``[counter]``: the other electrode's arc; a range by default in a full cell, none in a half cell."""

    kind: Literal["full", "half", "three_electrode", "symmetric"] = Field(
        default="full",
        description="Half, three_electrode: its arc is not seen (lithium's often is: full); symmetric: two.",
    )
    resistance: OtherResistance | None = Field(default=None, description="If known; 0: no arc is seen.")
    source: str = Field(default="", description=SOURCE)

    def __post_init__(self) -> None:
        if self.resistance is not None and self.kind != "full":
            raise ValueError("resistance: only kind 'full' has another electrode that is seen")

    @property
    def seen(self) -> bool:
        """Whether the other electrode has an arc of its own."""
        return self.kind == "full" and (self.resistance is None or self.resistance.median > 0)


class Series(ClosedModel):
    """``[series]``: what lies before the electrode; by default anything below the spectrum's start."""

    resistance: Resistance | None = Field(default=None, description="Electrolyte, leads, contacts; ohm.")
    inductance: Inductance | None = Field(default=None, description="Of the leads; none by default.")
    source: str = Field(default="", description=SOURCE)


class LayerTable(ClosedModel):
    """``[layer]``: what an uncoated surface may have grown, per true area; by default a wide range."""

    resistance: LayerResistance | None = Field(default=None, description="Of ions through it, ohm cm^2.")
    capacitance: LayerCapacitance | None = Field(default=None, description="Beside it, F/cm^2.")
    source: str = Field(default="", description=SOURCE)


class Scatter(ClosedModel):
    """``[scatter]``: how much two cells alike differ; never zero."""

    r_s: Resistance = Field(default=Uncertain("exact", 0.5, unit="ohm"), description="Ohmic, ohm.")
    r_i: Ratio = Field(default=Uncertain("exact", 0.05), description="Reaction, relative.")
    q: Ratio = Field(default=Uncertain("exact", 0.10), description="Double layer, relative.")
    w: Ratio = Field(default=Uncertain("exact", 0.05), description="Diffusion, relative.")
    counter: Ratio = Field(default=Uncertain("exact", 0.10), description="Other electrode, relative.")
    temperature: Temperature = Field(
        default=Uncertain("exact", 0.3, unit="K"),
        description="Of spectra at several temperatures without errors of their own.",
    )

    def __post_init__(self) -> None:
        if self.temperature.median > _LARGEST_ERROR:
            raise ValueError("temperature: is how far one may be from that stated; give it in K, '0.3 K'")


class DirectCurrent(ClosedModel):
    """``[[dc]]``: what a current does to a cell, held against the resistances of the spectra.

    A `share` of the capacity that a cell takes or gives less, times the `slope` of its voltage there, is the
    voltage that cost it. How long a cell lives, no impedance foretells: it is told, and moves no odds.
    """

    what: str = Field(description="In words.")
    cell: str = Field(description="Name of the cell it belongs to, or 'difference' (bare minus coated).")
    voltage: Voltage | None = Field(default=None, description="Drop, or difference between the cells.")
    share: Share | None = Field(default=None, description="Of the capacity, in place of a voltage.")
    slope: Slope | None = Field(default=None, description="Voltage over the whole capacity at that end.")
    life: Ratio | None = Field(default=None, description="Cycles, or a ratio of them, in place of both.")
    current: Current | None = Field(default=None, description="That makes the voltage.")
    width: Ratio = Field(
        default=Uncertain("exact", 0.3),
        description="Relative: how far resistances may have moved since the spectra.",
    )
    source: str = Field(default="", description=SOURCE)

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.voltage, self.share, self.life)) != 1:
            raise ValueError("give one of voltage, share (with its slope) and life")
        if (self.share is None) != (self.slope is None):
            raise ValueError("a share of the capacity needs the slope of the voltage there, and nothing else")
        if (self.life is None) == (self.current is None):
            raise ValueError("current: a voltage or a share needs the current that makes it, a life has none")


class StudyFile(ClosedModel):
    """A whole study file."""

    schema_: Literal[2] = Field(alias="schema", description="Always 2.")
    study: Head = Field(description="What it is about.")
    cell: list[Cell] = Field(description="The cells.")
    support: Support = Field(description="The electrode.")
    film: list[FilmTable] = Field(description="The coatings.")
    counter: Counter = Field(default=Counter(), description="The other electrode.")
    series: Series = Field(default=Series(), description="Ohmic part before the electrode.")
    layer: LayerTable = Field(default=LayerTable(), description="On the uncoated cells.")
    scatter: Scatter = Field(default=Scatter(), description="Between cells alike.")
    dc: list[DirectCurrent] = Field(default_factory=list, description="Voltages under current.")
    noise: Ratio | None = Field(default=None, description="Relative; found from the spectra if absent.")

    def __post_init__(self) -> None:
        films = [film.name for film in self.film]
        _refuse_repeated("films are called", films)
        _refuse_repeated("cells are called", [label for cell in self.cell for label in _list_labels(cell)])
        _refuse_repeated("spectra are of file", [entry.file for cell in self.cell for entry in cell.spectra])
        for cell in self.cell:
            if cell.coated_by is not None and cell.coated_by not in films:
                raise ValueError(
                    f"cell {cell.name!r} is coated by {cell.coated_by!r}, but no film has that name"
                )
        coated = [cell for cell in self.cell if cell.coated_by]
        if not coated or len(coated) == len(self.cell):
            raise ValueError(
                "a study compares at least one bare and one coated cell; of one kind alone eisfit track tells"
            )
        if len({bool(cell.spectra) for cell in self.cell}) > 1:
            raise ValueError("some cells have spectra and some r_ct: give spectra of all, or r_ct of all")
        if not self.film or self.film[0].ionic_conductivity is None:
            raise ValueError("the first film needs its ionic_conductivity")
        _refuse_unlike(self.film)
        self._check_facts()

    def _check_facts(self) -> None:
        _refuse_repeated("dc rows are called", [row.what for row in self.dc])
        names = {cell.name for cell in self.cell} | {"difference"}
        for row in self.dc:
            if row.cell not in names:
                raise ValueError(f"dc {row.what!r} names no cell of the study: {row.cell!r}")


def _refuse_repeated(what: str, names: Sequence[str]) -> None:
    twice = next((name for name, count in Counts(names).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"two {what} {twice!r}: they must differ")


def _refuse_unlike(films: Sequence[FilmTable]) -> None:
    """Refuse what a further film states and the first does not: films of one material are alike in it."""
    for name, usual in (("double_layer", "below"), ("electrons", "apart")):
        first, *others = (getattr(film, name) for film in films)
        stated = next((other for other in others if other not in (usual, first)), None)
        if stated is not None:
            raise ValueError(f"{name}: {stated!r} holds for all films or none; state it of the first")


def _list_labels(cell: Cell) -> set[str]:
    return {cell.label(entry) for entry in cell.spectra} | {cell.name}


@dataclass(frozen=True)
class Study:
    """A validated study, the folder that its paths start from, and whether it may open files outside it.

    `notes` tells what was assumed where it was of an older schema.
    """

    file: StudyFile
    folder: Path
    source: str
    allow_outside: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def from_text(cls, text: str, folder: str | Path = ".", source: str = "study") -> Study:
        """Read a study from TOML text.

        Raises
        ------
        SchemaError
            One sentence with the line, the key and what is wrong.
        """
        old = convert_schema_1(text, source)
        if old is None:
            return cls(parse_toml(text, StudyFile, source), Path(folder), source)
        tables, notes = old
        return cls(validate(tables, StudyFile, source), Path(folder), source, notes=tuple(notes))

    def read(self, name: str) -> Any:
        """Return the spectrum of a file beside the study.

        A study may come from anyone: it opens no file of this machine that was not sent with it.

        Raises
        ------
        StudyError
            When there is no such file, or it lies outside the study's folder (links are followed) and that
            is not allowed.

        Warns
        -----
        EisfitWarning
            Of what its reader took for granted.
        """
        from eisfit.spectra.readers import ASSUMED, read

        path = self.folder / name
        if not self.allow_outside and not _is_below(self.folder, path):
            raise StudyError(
                f"{self.source}: cell.spectra: {name!r} lies outside the study's folder: move it there, "
                "or allow it (--allow-outside, allow_outside=True)"
            )
        if not os.path.exists(path):
            raise StudyError(
                f"{self.source}: cell.spectra: there is no file {name!r} beside the study ({path})"
            )
        spectrum = read(path)
        for note in spectrum.notes:
            if note.startswith(ASSUMED):
                warnings.warn(f"spectra of the study: {note}", EisfitWarning, stacklevel=2)
        return spectrum


def _is_below(folder: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a name with a NUL in it, a circle of links
        return False


def load_study(path: str | os.PathLike[str], *, allow_outside: bool = False) -> Study:
    """Read and validate a study file; `allow_outside` as in `Study`.

    Raises
    ------
    SchemaError
        One sentence with the file, the line, the key and what is wrong.
    """
    file = Path(path)
    study = Study.from_text(read_text(file, SchemaError, MAX_TOML), file.parent, str(path))
    return replace(study, allow_outside=allow_outside)


def template() -> str:
    """Return a commented study file to start from; it is valid as it stands."""
    return (data_folder("example_spectra") / "study_template.toml").read_text(encoding="utf-8")

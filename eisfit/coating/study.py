"""A coating study: what was measured on a bare and a coated cell, on the film and on the electrode.

A study file is TOML; every value has its unit and may be exact (``"5 nm"``), a range (``{low, high}``,
optionally ``scale = "log"``) or a normal distribution (``{value, stderr}``), and may say its ``source``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from eisfit.errors import StudyError
from eisfit.files import data_folder
from eisfit.schema import ClosedModel, Field, Reader, load_toml, parse_toml
from eisfit.units import Uncertain, uncertain

__all__ = [
    "CellTable",
    "FilmTable",
    "PhaseTable",
    "Study",
    "StudyFile",
    "load_study",
    "path_below",
    "template",
]


def _of(unit: str, *, zero: bool = False, bare: bool = False) -> Any:
    return Reader(lambda value: uncertain(value, unit, zero=zero, bare=bare), unit)


Length = Annotated[Uncertain, _of("cm")]
Area = Annotated[Uncertain, _of("cm^2")]
Depth = Annotated[Uncertain, _of("cm", zero=True)]
Resistance = Annotated[Uncertain, _of("ohm", bare=True)]
OtherResistance = Annotated[Uncertain, _of("ohm", bare=True, zero=True)]
Resistivity = Annotated[Uncertain, _of("ohm*cm")]
Conductivity = Annotated[Uncertain, _of("S/cm")]
IonicConductivity = Annotated[Uncertain, _of("S/cm", zero=True)]
MolarVolume = Annotated[Uncertain, _of("cm^3/mol")]
Energy = Annotated[Uncertain, _of("eV", zero=True)]
Temperature = Annotated[Uncertain, _of("K")]
Capacitance = Annotated[Uncertain, _of("F/cm^2")]
Ratio = Annotated[Uncertain, _of("1")]
Share = Annotated[Uncertain, _of("1", zero=True)]

_SOURCE = "Where the values come from."
_OVER_TEMPERATURE = "For predictions over temperature."


class HeadTable(ClosedModel):
    """``[study]``: what it is about."""

    title: str = Field(description="One line for the report.")
    references: list[str] = Field(default_factory=list, description="As you would cite them.")
    circuit: str = Field("rs-sei-ct-w", description="Fitted to spectra: a name, a string or a file.")
    temperature: Temperature = Field(Uncertain("exact", 298.15, unit="K"), description="Of the measurements.")
    notes: list[str] = Field(default_factory=list, description="Sentences to repeat in the report.")


class CellTable(ClosedModel):
    """``[bare]`` and ``[coated]``: spectra to fit, or the charge-transfer resistance itself.

    Several spectra are cells alike: their mean counts, with their scatter. `cell_scatter` declares the
    relative scatter from cell to cell where only one cell was measured.
    """

    spectrum: str | list[str] | None = Field(None, description="One file, or those of cells alike; or r_ct.")
    r_ct: Resistance | None = Field(None, description="Charge-transfer resistance; or spectrum.")
    circuit: str | None = Field(None, description="Instead of the study's.")
    parameter: str | None = Field(None, description="Which one is R_ct, if roles do not tell.")
    cell_scatter: Share | None = Field(None, description="Relative, where one cell was measured.")
    source: str = Field("", description=_SOURCE)

    def __post_init__(self) -> None:
        if (self.spectrum is None) == (self.r_ct is None):
            raise ValueError("give either spectrum (a file to fit) or r_ct (a resistance), one of the two")
        if self.r_ct is None and not self.spectra:
            raise ValueError("spectrum names no file")

    @property
    def spectra(self) -> list[str]:
        """Names of the files to fit."""
        return [self.spectrum] if isinstance(self.spectrum, str) else list(self.spectrum or [])


class PhaseTable(ClosedModel):
    """``[[film.reference]]``: a material that the film contains, or might be compared with."""

    name: str = Field(description="For instance Ru.")
    parts: Ratio | None = Field(None, description="Molar parts in the film, as XPS areas.")
    molar_volume: MolarVolume | None = Field(None, description="Makes volumes of the molar parts.")
    resistivity: Resistivity | None = Field(None, description="Electronic resistivity of the bulk.")
    mean_free_path: Length | None = Field(None, description="Of electrons in the bulk: metals only.")
    ionic_conductivity: IonicConductivity | None = Field(None, description="Of the bulk.")
    grain_size: Length | None = Field(None, description="Of the film: boundaries scatter electrons.")
    grain_reflection: Share | None = Field(None, description="Share that a boundary reflects.")
    source: str = Field("", description=_SOURCE)

    def __post_init__(self) -> None:
        _below(self.grain_reflection, 1.0, "grain_reflection: a reflection coefficient stays below 1")


def _grown(cycles: int, per_cycle: Uncertain) -> Uncertain:
    source = f"{cycles} growth cycles of {per_cycle}"
    return replace(per_cycle, a=cycles * per_cycle.a, b=cycles * per_cycle.b, source=source)


class FilmTable(ClosedModel):
    """``[film]``: the coating.

    Without a thickness, that of `ald_cycles` times `growth_per_cycle` is taken. `temperature` is where the
    ionic conductivity was measured, if not at the cells'; `activation_energy` carries it over.
    """

    name: str = Field("film", description="For the report.")
    thickness: Length = Field(None, description="Of the film; or ald_cycles and growth_per_cycle.")
    resistivity: Resistivity = Field(description="For electrons.")
    ionic_conductivity: Conductivity = Field(description="For the ions that react.")
    electrons_cross: bool = Field(True, description="false: only ions have to cross the film.")
    ald_cycles: int | None = Field(default=None, gt=0, description="Held against the thickness.")
    growth_per_cycle: Length | None = Field(None, description="Thickness that one growth cycle adds.")
    activation_energy: Energy | None = Field(None, description="Of the ionic conductivity.")
    temperature: Temperature | None = Field(None, description="Of the conductivity, if another.")
    permittivity: Ratio | None = Field(None, description="Relative, to find the film's own arc.")
    reference: list[PhaseTable] = Field(default_factory=list, description="What it is made of.")
    source: str = Field("", description=_SOURCE)

    def __post_init__(self) -> None:
        if self.thickness is None:
            if self.ald_cycles is None or self.growth_per_cycle is None:
                raise ValueError("thickness: is missing (or ald_cycles and growth_per_cycle)")
            object.__setattr__(self, "thickness", _grown(self.ald_cycles, self.growth_per_cycle))
        if self.temperature is not None and self.activation_energy is None:
            raise ValueError("a temperature of the film's own needs its activation_energy")


class ElectrodeTable(ClosedModel):
    """``[electrode]``: a plate with identical channels, each a truncated cone."""

    pitch: Length = Field(description="From the centre of a channel to the next one's.")
    depth: Depth = Field(description="Of the channels; 0 for a flat electrode.")
    mouth_radius: Length | None = Field(None, description="At the top; or mouth_diameter.")
    mouth_diameter: Length | None = Field(None, description="At the top; or mouth_radius.")
    floor_radius: Length | None = Field(None, description="At the floor; or floor_diameter.")
    floor_diameter: Length | None = Field(None, description="At the floor; or floor_radius.")
    packing: Literal["square", "hexagonal", "both"] = Field(description="both: not known.")
    disc_diameter: Length | None = Field(None, description="Of the electrode; or area.")
    area: Area | None = Field(None, description="Projected area of the electrode; or disc_diameter.")
    sigma_s: Conductivity = Field(description="Of the solid, for electrons.")
    kappa: Conductivity = Field(description="Of the electrolyte, for ions.")
    double_layer: Capacitance | None = Field(None, description="Per true area, for spectra.")
    alpha: Ratio | None = Field(None, description="Exponent of the double layer's CPE, 1 at most.")
    other_electrode_r_ct: OtherResistance | None = Field(None, description="The counter electrode's share.")
    kappa_activation_energy: Energy | None = Field(None, description=_OVER_TEMPERATURE)
    sigma_s_activation_energy: Energy | None = Field(None, description=_OVER_TEMPERATURE)
    reaction_activation_energy: Energy | None = Field(None, description=_OVER_TEMPERATURE)
    source: str = Field("", description=_SOURCE)

    def _check_widths(self) -> None:
        pitch = _lowest(self.pitch)
        for name in ("mouth_radius", "mouth_diameter", "floor_radius", "floor_diameter"):
            value: Uncertain | None = getattr(self, name)
            width = 0.0 if value is None else _highest(value) * (2 if name.endswith("radius") else 1)
            if width >= pitch:
                raise ValueError(
                    f"{name}: a channel up to {width * 1e4:.4g} um wide does not fit a pitch of "
                    f"{pitch * 1e4:.4g} um"
                )

    def __post_init__(self) -> None:
        self._check_widths()
        _below(self.alpha, 1.0 + 1e-12, "alpha: a constant phase element's alpha is 1 at most")
        self._check_each_given_once()

    def _check_each_given_once(self) -> None:
        pairs = (
            ("mouth_radius", "mouth_diameter"),
            ("floor_radius", "floor_diameter"),
            ("disc_diameter", "area"),
        )
        for pair in pairs:
            if sum(getattr(self, name) is not None for name in pair) != 1:
                raise ValueError(f"give either {pair[0]} or {pair[1]}, one of the two")


class CyclePoint(ClosedModel):
    """A charge-transfer resistance at a cycle."""

    cycle: float = Field(description="Number of the cycle.")
    r_ct: Resistance = Field(description="Charge-transfer resistance then, a bare number in ohm.")


class CyclingTable(ClosedModel):
    """``[cycling]``: R_ct over the cycles, from a folder (or glob) of spectra or as numbers."""

    bare: str | list[CyclePoint] = Field(description="Folder or glob of spectra, or numbers.")
    coated: str | list[CyclePoint] = Field(description="Folder or glob of spectra, or numbers.")
    source: str = Field("", description=_SOURCE)


class DrawsTable(ClosedModel):
    """``[draws]``: how many times the unknown inputs are drawn, and the seed."""

    n: int = Field(default=10_000, ge=100, le=1_000_000, description="How many draws.")
    seed: int = Field(default=1, ge=0, description="The same seed gives the same draws.")


class PriorsTable(ClosedModel):
    """``[priors]``: what the hypotheses suppose before the coated cell is looked at."""

    activity_gain: Ratio = Field(
        default=Uncertain("loguniform", 0.2, 5.0),
        description="How much more active the film may make it.",
    )
    area_gain: Ratio = Field(
        default=Uncertain("loguniform", 1.0, 2.0),
        description="How much area the film may add.",
    )

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value.exact:
                raise ValueError(
                    f"{name}: an exact gain leaves the hypothesis nothing free: give a range or a normal"
                )


class StudyFile(ClosedModel):
    """A whole study file."""

    study: HeadTable = Field(description="What it is about.")
    bare: CellTable = Field(description="The uncoated cell.")
    coated: CellTable = Field(description="The same cell with the film.")
    film: FilmTable = Field(description="The coating.")
    electrode: ElectrodeTable = Field(description="The coated electrode.")
    cycling: CyclingTable | None = Field(None, description="R_ct over the cycles.")
    draws: DrawsTable = Field(DrawsTable(), description="How the unknown is drawn.")
    priors: PriorsTable = Field(PriorsTable(), description="What the hypotheses leave free.")


@dataclass(frozen=True)
class Study:
    """A validated study and the folder that its paths start from.

    Parameters
    ----------
    file
        The tables.
    folder
        Folder of the study file.
    source
        Its name, for messages.
    allow_outside
        Whether it may open files that do not lie below `folder`.
    """

    file: StudyFile
    folder: Path
    source: str
    allow_outside: bool = False

    @classmethod
    def from_text(cls, text: str, folder: str | os.PathLike[str] = ".", source: str = "study") -> Study:
        """Read a study from TOML text.

        Raises
        ------
        SchemaError
            One sentence with the line, the key and what is wrong.
        """
        return cls(parse_toml(text, StudyFile, source), Path(folder), source)

    def inputs(self) -> dict[str, Uncertain]:
        """Return every value of the film and the electrode, named as its key (``film.thickness``).

        ``electrode.packing`` is a number: square below 0.5, hexagonal above.
        """
        named = {
            f"{table}.{key}": value
            for table, model in (("film", self.file.film), ("electrode", self.file.electrode))
            for key, value in vars(model).items()
            if isinstance(value, Uncertain)
        }
        if self.file.film.temperature is not None:
            named["study.temperature"] = self.file.study.temperature
        return {**named, "electrode.packing": _PACKINGS[self.file.electrode.packing]}

    def circuit(self, which: str) -> str | Path:
        """Circuit of the ``bare`` or the ``coated`` cell; a ``.toml`` file is looked for beside the study."""
        own: CellTable = getattr(self.file, which)
        name = own.circuit or self.file.study.circuit
        return self.path(name, f"{which}.circuit") if name.endswith(".toml") else name

    def path(self, name: str, key: str) -> Path:
        """Where a file named in the study lies; see `path_below`."""
        return path_below(self, name, key)

    def existing(self, name: str, key: str) -> Path:
        """Like `path`, for a file that must exist.

        Raises
        ------
        StudyError
            When it does not, or lies outside the study's folder.
        """
        path = self.path(name, key)
        if not path.exists():
            raise StudyError(f"{self.source}: {key}: there is no file {name!r} beside the study ({path})")
        return path

    def outside(self) -> list[str]:
        """Names of the spectra that lie outside the study's folder, so that nobody misses it."""
        names = [*self.file.bare.spectra, *self.file.coated.spectra]
        return [name for name in names if not _is_below(self.folder, self.folder / name)]


class Placed(Protocol):
    """A study of either schema: where it lies, and what it may open."""

    @property
    def folder(self) -> Path:
        """Folder of the study file."""

    @property
    def source(self) -> str:
        """Its name, for messages."""

    @property
    def allow_outside(self) -> bool:
        """Whether it may open files that do not lie below `folder`."""


def path_below(study: Placed, name: str, key: str) -> Path:
    """Return where a file named in a study lies: relative names start at the study's folder.

    A study may come from anyone: it opens no file of this machine that was not sent with it.

    Raises
    ------
    StudyError
        When the file lies outside the study's folder (links are followed) and that is not allowed.
    """
    path = study.folder / name
    if not study.allow_outside and not _is_below(study.folder, path):
        raise StudyError(
            f"{study.source}: {key}: {name!r} lies outside the study's folder: move it there, "
            "or allow it (--allow-outside, allow_outside=True)"
        )
    return path


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
    return Study(load_toml(file, StudyFile), file.parent, str(path), allow_outside)


def template() -> str:
    """Return a commented study file to start from; it is valid as it stands."""
    return (data_folder("example_spectra") / "study_template.toml").read_text(encoding="utf-8")


_PACKINGS = {
    "square": Uncertain("exact", 0.0, positive=False),
    "hexagonal": Uncertain("exact", 1.0, positive=False),
    "both": Uncertain("uniform", 0.0, 1.0, positive=False, source="square and hexagonal, equally likely"),
}


def _below(value: Uncertain | None, limit: float, message: str) -> Uncertain | None:
    if value is not None and (value.a if value.kind == "normal" else _highest(value)) >= limit:
        raise ValueError(message)
    return value


def _highest(value: Uncertain) -> float:
    return value.a + 3 * value.b if value.kind == "normal" else float(value.draw(1.0))


def _lowest(value: Uncertain) -> float:
    return max(value.a - 3 * value.b, 0.0) if value.kind == "normal" else float(value.draw(0.0))

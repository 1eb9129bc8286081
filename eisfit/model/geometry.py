"""What is known of the cell besides its impedance: area, thickness, and what a diffusion coefficient needs.

It is a property of the cell, so that it travels in the spectrum's metadata, under ``geometry``, into every
result and every file. A file as the command line's ``--geometry`` takes it:

    area = "1.13 cm^2"
    length = { value = "5 um", stderr = "0.3 um" }     # of the layer that is diffused through
    molar_volume = "20.4 cm^3/mol"
    slope = "-0.35 V"                                  # dE/dx, the titration curve's, per unit of x
    electrons = 1

For diffusion in a solution, ``concentration = "1e-3 mol/cm^3"`` and ``temperature = "25 degC"`` stand in the
place of molar volume and slope. For the tortuosity of a porous electrode, ``kappa = "9 mS/cm"`` is that of
the free electrolyte, ``porosity = 0.35``, and ``electrodes = 2`` where two alike are measured together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.errors import UsageError, did_you_mean
from eisfit.records import dataclass
from eisfit.units import Uncertain, uncertain

if TYPE_CHECKING:
    from eisfit.spectra.spectrum import Spectrum

#: Canonical units of everything that has one.
UNITS = {
    "area": "cm^2",
    "length": "cm",
    "molar_volume": "cm^3/mol",
    "slope": "V",
    "concentration": "mol/cm^3",
    "temperature": "K",
    "kappa": "S/cm",
    "porosity": "1",
}
_SIGNED = ("slope",)
_KEY = "geometry"
_AREA = "area_cm2"
#: Where a spectrum's metadata tell of its cell.
METADATA_KEYS = (_KEY, _AREA)


@dataclass(frozen=True)
class Geometry:
    """Area (cm^2), diffusion length (cm) and the rest, each exact or with its error; None where unknown.

    Attributes
    ----------
    area
        Of the electrode.
    length
        Of the path of a finite diffusion (`Wo`, `Ws`), or of the pores of one electrode (`TLM`, `TLMQ`).
    molar_volume, slope
        Of a host that takes up the diffusing species, and dE/dx of its potential, V.
    concentration, temperature
        Of the diffusing species in a solution; 25 degC where no temperature is given.
    kappa, porosity
        Conductivity of the free electrolyte, and share of a porous electrode that it fills.
    electrons
        Transferred for each diffusing particle.
    electrodes
        Alike and in series in the spectrum: 2 in a symmetric cell.
    """

    area: Uncertain | None = None
    length: Uncertain | None = None
    molar_volume: Uncertain | None = None
    slope: Uncertain | None = None
    concentration: Uncertain | None = None
    temperature: Uncertain | None = None
    kappa: Uncertain | None = None
    porosity: Uncertain | None = None
    electrons: int = 1
    electrodes: int = 1

    @classmethod
    def of(cls, source: Geometry | Mapping[str, Any] | str | PathLike[str]) -> Geometry:
        """Read a mapping, or the path of a TOML file.

        Raises
        ------
        UsageError
            For an unknown key, or molar volume and concentration together.
        UnitError
            For a value whose unit or number cannot be what is due.

        Examples
        --------
        >>> Geometry.of({"area": "200 mm^2", "length": "5 um"}).area.median
        2.0
        """
        if isinstance(source, Geometry):
            return source
        if not isinstance(source, (Mapping, str, PathLike)):
            raise UsageError(
                f"geometry: a mapping such as {{'area': '1.13 cm2'}}, or a TOML file, not {source!r}"
            )
        table = dict(source) if isinstance(source, Mapping) else _read_toml(source)
        known = [field.name for field in fields(cls)]
        for key in table:
            if key not in known:
                near = did_you_mean(key, known) or f"; there are {', '.join(known)}"
                raise UsageError(f"geometry: {key!r} is no key{near}")
        values: dict[str, Any] = {
            key: uncertain(table[key], unit, f"geometry.{key}", positive=key not in _SIGNED)
            for key, unit in UNITS.items()
            if table.get(key) is not None
        }
        if "concentration" in values and {"slope", "molar_volume"} & set(values):
            raise UsageError(
                "geometry: give slope and molar_volume (diffusion in a solid) or concentration "
                "(in a solution), not both"
            )
        electrons, electrodes = (_check_count(key, table.get(key, 1)) for key in ("electrons", "electrodes"))
        return cls(**values, electrons=electrons, electrodes=electrodes)

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, Any]) -> Geometry:
        """Return what a spectrum's metadata says: ``geometry``, or the number ``area_cm2`` of a file.

        An area of exactly 1 is what instruments write when nobody has entered one: it is passed over.
        """
        if isinstance(metadata.get(_KEY), Mapping):
            return cls.of(metadata[_KEY])
        try:
            area = float(metadata.get(_AREA, "nan"))
        except (TypeError, ValueError):
            area = np.nan
        return cls(Uncertain("exact", area, unit="cm^2") if 0 < area < np.inf and area != 1 else None)

    def write_into(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return metadata that carry this geometry; an area that they had is kept where none is given."""
        area = self.area or Geometry.of_metadata(metadata).area
        whole = self if area is None else Geometry(**{**vars(self), "area": area})
        return {**metadata, _KEY: whole.to_dict()}

    def attach_to(self, spectrum: Spectrum) -> Spectrum:
        """Return a spectrum whose metadata carry this geometry."""
        return spectrum.replace(metadata=self.write_into(spectrum.metadata))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `of` reads it back."""
        known = {key: getattr(self, key) for key in UNITS}
        document = {key: value.to_dict() for key, value in known.items() if value is not None}
        return {**document, "electrons": self.electrons, "electrodes": self.electrodes}


def find_geometry(metadata: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what metadata tell of the geometry, in the order of `METADATA_KEYS`; None where nothing."""
    return tuple(metadata.get(key) for key in METADATA_KEYS)


def relative_error(value: Uncertain | None) -> float:
    """Return the standard deviation of a value over its median; zero where it is exact or unknown.

    >>> round(relative_error(Uncertain("normal", 5.0, 0.3)), 3)
    0.06
    """
    if value is None or value.exact:
        return 0.0
    if value.kind == "normal":
        return abs(value.b / value.a) if value.a else np.inf
    if value.kind == "loguniform":
        return float(np.log(value.b / value.a) / np.sqrt(12))
    return float(abs((value.b - value.a) / (value.a + value.b)) / np.sqrt(3))


def _read_toml(source: str | PathLike[str]) -> dict[str, Any]:
    """Return the table of a TOML file; a wrong key is answered with its line."""
    from eisfit.model.schema import ClosedModel, load_toml

    names = [field.name for field in fields(Geometry)]
    model = type(
        "Geometry", (ClosedModel,), {"__annotations__": dict.fromkeys(names, Any)} | dict.fromkeys(names)
    )
    return {key: value for key, value in vars(load_toml(fspath(source), model)).items() if value is not None}


def _check_count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"geometry.{key}: {value!r} must be a whole number, 1 or more")
    return value

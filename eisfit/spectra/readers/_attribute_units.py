"""The unit of an impedance that an attribute or a key of a container says beside the numbers."""

from __future__ import annotations

import re
from dataclasses import replace

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers._columns import Column
from eisfit.spectra.readers._file import File
from eisfit.spectra.readers._units import unit_of

#: What says the unit of an impedance alone: ``impedance unit: mOhm``; a mere unit may be of another array.
_ATTRIBUTE = regex(r"(?:(?:units?|of)[ _.]*){0,2}(?:Z|imp(?:edance)?)(?:[ _.]*units?)?: (\S+)", re.IGNORECASE)
_PARTS = ("real", "imag", "imag_size", "modulus")


def with_attribute_units(file: File, columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns, those of an impedance without a unit with the one that all attributes agree on."""
    said = (match[1] for line in file.beside if (match := _ATTRIBUTE.fullmatch(line)))
    ohms = {unit: told.scale for unit in said if (told := unit_of(unit)) and told.kind == "ohm"}
    if len(ohms) != 1 or file.reading.impedance_unit:
        return columns
    ((unit, scale),) = ohms.items()
    return {
        i: replace(c, unit=unit, scale=c.scale * scale) if c.quantity in _PARTS and not c.unit else c
        for i, c in columns.items()
    }

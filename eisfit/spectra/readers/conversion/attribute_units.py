"""Units that stand beside the numbers of a container: in attributes, keys, and names of groups and sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.not_measured_words import is_admittance
from eisfit.spectra.readers.names.units import is_unit, parse_unit, unit_kind

#: What says the unit of an impedance alone: ``impedance unit: mOhm``; a mere unit may be of another array.
_ATTRIBUTE = regex(r"(?:(?:units?|of)[ _.]*){0,2}(?:Z|imp(?:edance)?)(?:[ _.]*units?)?: (\S+)", re.IGNORECASE)
_TITLE = regex(
    r"(?:.*[\W_])?(?:z|eis|imp(?:edan\w+)?|spectr\w+|nyquist|data|values|results?)[\W_]*", re.IGNORECASE
)
#: Begins what a title says of all numbers.
HOLDS = "table holds: "
_PARTS = ("real", "imag", "imag_size", "modulus")


def iterate_title_units(name: str) -> Iterator[str]:
    """Yield the unit that the name of a group, a sheet or a key tells of an impedance, as an attribute.

    >>> list(iterate_title_units("cell_A/impedance_mohm")), list(iterate_title_units("EIS (mOhm)"))
    (['impedance unit: mohm'], ['impedance unit: mOhm'])
    >>> list(iterate_title_units("range_mohm")), list(iterate_title_units("mohm"))
    ([], ['impedance unit: mohm'])
    """
    last = name.rsplit("/", 1)[-1]
    if len(last) > 1 and is_admittance(last):
        yield f"{HOLDS}{last}"
    ways = [("data", last), *split_units(last)]
    for core, unit in ways:
        if unit_kind(unit) == "ohm" and _TITLE.fullmatch(core):
            yield f"impedance unit: {unit}"
            return


def with_attribute_units(file: File, columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with the units that attributes under their names tell, or all of an impedance."""
    if not file.beside or file.reading.impedance_unit:
        return columns
    columns = {i: c if c.unit else _with_own_unit(file, c) for i, c in columns.items()}
    said = (match[1] for line in file.beside if (match := _ATTRIBUTE.fullmatch(line)))
    ohms = {unit: told.scale for unit in said if (told := parse_unit(unit)) and told.kind == "ohm"}
    if len(set(ohms.values())) != 1:
        return columns
    unit, scale = next(iter(ohms.items()))
    return {
        i: replace(c, unit=unit, scale=c.scale * scale) if c.quantity in _PARTS and not c.unit else c
        for i, c in columns.items()
    }


def _with_own_unit(file: File, meaning: Column) -> Column:
    """Return a column with the unit of a key that is called as it is: ``{"units": {"z_re": "mohm"}}``."""
    begin = f"{meaning.name}: "
    units = {line.removeprefix(begin).strip() for line in file.beside if line.startswith(begin)}
    unit = units.pop() if len(units) == 1 else ""
    found = parse_name(f"{meaning.name} [{unit}]") if meaning.quantity and is_unit(unit) else meaning
    return replace(found, name=meaning.name) if found.quantity == meaning.quantity else meaning

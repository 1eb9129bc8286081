"""What words beside a table say that its bare parts are: an admittance, which is inverted, and told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.not_measured_words import is_admittance, is_impedance
from eisfit.spectra.readers.names.units import is_unit, parse_unit, unit_kind
from eisfit.spectra.readers.names.words import IN_OHM, PARTS
from eisfit.spectra.spectrum import ASSUMED

#: Names that say impedance themselves.
_NAMES_Z = regex(r"(?<![^\W_])Z|imped|ohm|[ΩΩ]", re.IGNORECASE)
_QUANTITY = regex(
    r"(?:quantity|param(?:eter)?|type|kind|property|measurement|signal|(?:mess)?größe)(?![^\W_])\W*",
    re.IGNORECASE,
)
_ATTRIBUTE = regex(r"(?:quantity|name|title|type|kind|parameter|table holds): *(.*)", re.IGNORECASE)
_UNIT = regex(
    r"(?:.*(?<![^\W_])(?:units?|einheit(?:en)?|unité|unidad|单位|單位|単位|단위|values?|data|daten|werte|in)\b\W*"
    r"|\W*(?:conductance|Y|admit+an[cz]\w*|leitwerte?|导纳|導納|アドミタンス)\W*(?:in\W)?\W*)(?:in\s+)?"
    r"[\[(]?([^\s\[\](),;:]+)[\])]?\W*",
    re.IGNORECASE,
)
_PREFIX, _LIST = regex(r"(?:units?|einheit(?:en)?)\W+", re.IGNORECASE), regex(r"[\s,;]+")
#: Data S may be those of a sample.
_SURE_S = regex(r"(?:\bin\s+|[\[(:=/]\s*)S\W*$|^\W*(?:Y|admit|conduct|leit)", re.IGNORECASE)
#: ``unit: V``, ``Z_unit: S``.
_UNIT_OF = regex(r"(?:(z|imp(?:edance)?)[\s_.-]*)?units?: *(\S+)", re.IGNORECASE)
NO_IMPEDANCE = ("volt", "ampere", "farad", "henry")
_LONGEST = 80


def with_stated_quantity(file: File, columns: dict[int, Column], lines: Iterable[str]) -> dict[int, Column]:
    """Return the columns, those of an admittance where a line over them, or their container, says so.

    Raises
    ------
    ReadError
        When the container tells volts or the like of them.
    """
    _refuse_unit(file, columns)
    if not _lack_quantity(columns):
        return columns
    names = [match[1] for line in file.beside if (match := _ATTRIBUTE.fullmatch(line))]
    units = {unit for line in (*lines, *file.beside) if (unit := _find_siemens(line))}
    if len({parse_unit(unit) for unit in units}) == 1:
        return _make_admittance(columns, min(units))
    return _make_admittance(columns, "") if names and all(map(is_admittance, names)) else columns


def _refuse_unit(file: File, columns: dict[int, Column]) -> None:
    """Refuse parts without a unit where the container tells one that no impedance has, and no other."""
    parts = [c for c in columns.values() if c.quantity in IN_OHM]
    if not file.beside or not parts or any(c.unit for c in parts) or file.reading.impedance_unit:
        return
    told = {(bool(match[1]), match[2]) for line in file.beside if (match := _UNIT_OF.fullmatch(line))}
    of_z = {unit for is_of_z, unit in told if is_of_z} or {unit for _, unit in told}
    kind = unit_kind(min(of_z)) if len(of_z) == 1 else ""
    of_name = any(is_of_z for is_of_z, _ in told) or any(_NAMES_Z.search(c.name) for c in parts)
    if kind in NO_IMPEDANCE or (kind == "siemens" and of_name):
        raise file.error(f"{parts[0].name!r} is in {min(of_z)} by its container: no unit of an impedance")


def with_titled_quantity(columns: dict[int, Column], title: str, titles: Sequence[str]) -> dict[int, Column]:
    """Return the columns under a title, or of rows under a word, those of an admittance where it says so."""
    if not title:
        return columns
    bare, others = _QUANTITY.sub("", title, 1), [_QUANTITY.sub("", one, 1) for one in titles]
    quantities = all(is_admittance(one) or is_impedance(one) for one in others)
    if not (quantities and is_admittance(bare) and _lack_quantity(columns)):
        return columns
    units = (unit for _, unit in split_units(bare) if _is_siemens(unit))
    return _make_admittance(columns, next(units, ""))


def names_quantity(name: str) -> bool:
    """Whether a column's name says that its words tell what the numbers are."""
    return bool(_QUANTITY.fullmatch(name.strip()))


def note_stated_quantity(columns: Iterable[Column]) -> list[str]:
    """Say which columns are taken as those of an admittance, as nothing in their names tells."""
    told = [
        c for c in columns if c.quantity.startswith("admittance") and parse_name(c.name).quantity in PARTS
    ]
    names, units = (
        ", ".join(repr(c.name) for c in told),
        {c.unit for c in told if c.unit and "phase" not in c.quantity},
    )
    unit = units.pop() if units else "S"
    return [f"{ASSUMED} {names} are of an admittance in {unit}, as words beside them say"] if told else []


def _lack_quantity(columns: dict[int, Column]) -> bool:
    """Whether parts are there, and neither a name nor a unit says of what they are."""
    parts = [c for c in columns.values() if c.quantity in PARTS]
    return bool(parts) and not any(
        (c.unit and c.quantity != "phase") or _NAMES_Z.search(c.name) for c in parts
    )


def _make_admittance(columns: dict[int, Column], unit: str) -> dict[int, Column]:
    told = parse_unit(unit)
    scale = told.scale if told else 1.0
    return {
        i: replace(
            c,
            quantity="admittance_phase" if c.quantity == "phase" else f"admittance_{c.quantity}",
            unit=c.unit if c.quantity == "phase" else unit,
            scale=c.scale * (1.0 if c.quantity == "phase" else scale),
        )
        if c.quantity in PARTS
        else c
        for i, c in columns.items()
    }


def _find_siemens(line: str) -> str:
    """Return the unit of an admittance that a line tells of all its numbers: ``Y in mS``, ``unit: S``."""
    bare = line.strip(" #%;!*")
    match = _UNIT.fullmatch(bare) if len(line) < _LONGEST else None
    units = _LIST.split(_PREFIX.sub("", bare, 1)) if len(line) < _LONGEST and _PREFIX.match(bare) else []
    if len(units) > 1 and all(map(is_unit, units)):
        return next(filter(_is_siemens, units), "")
    is_letter = match is not None and match[1] == "S" and not _SURE_S.search(bare)
    return match[1] if match and _is_siemens(match[1]) and not is_letter else ""


def _is_siemens(unit: str) -> bool:
    return unit_kind(unit) == "siemens"

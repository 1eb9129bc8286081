"""Units that stand in columns of their own beside the numbers: ``1000,Hz,20,mOhm``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.stated_quantity import NO_IMPEDANCE, names_quantity
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.not_measured_words import find_kind, is_admittance, is_certain
from eisfit.spectra.readers.names.units import is_unit, unit_kind
from eisfit.spectra.readers.names.words import KIND, PARTS, can_make_impedance
from eisfit.spectra.readers.tables.header_names import is_unit_of
from eisfit.spectra.readers.tables.table import Table

#: Of all parts, or of the frequency.
_WHOSE_UNIT = regex(r"(?:z|y|imp(?:edance)?|(f(?:req(?:uency)?)?))?[\s_.-]*(?:units?|einheit)", re.IGNORECASE)
_UNIT_NAME = regex(r"units?(?![^\W_])|einheit|\[\]$|$", re.IGNORECASE)


def add_units_beside(file: File, table: Table) -> list[str]:
    """Return the names with the units that stand in every row of the column beside each: ``1000,Hz,20,mOhm``.

    Raises
    ------
    ReadError
        When the unit is not the same in every row.
    """
    names, told = list(table.names), set()
    for i in range(min(len(names), table.width) - 1):
        if not (_UNIT_NAME.match(table.names[i + 1]) and np.isnan(table.matrix[:, i + 1]).all()):
            continue
        units = {*table.column(i + 1)} - {""}
        if not table.names[i + 1] and not all(map(is_unit, units)):
            continue  # names of values further right
        if _is_of_parameters(table, names, i):
            continue  # of a fit's parameters, each with a unit of its own
        if len(units) > 1 or not all(map(is_unit, units)):
            raise file.error(
                f"the units beside {table.names[i]!r} are {', '.join(sorted(units)[:4])}: write one"
            )
        names[i] += "".join(f" [{unit}]" for unit in units if is_unit_of(unit, names[i]))  # |Z|, phase, unit
        told |= units
    if bare := _add_shared_words(file, table, names):
        return bare
    ohms = [unit for unit in told if unit_kind(unit) == "ohm"]
    if len(told) == len(ohms) == 1:  # one column of units for both parts
        names = [f"{name} [{ohms[0]}]" if _lacks_ohm(name) else name for name in names]
    return names


def _add_shared_words(file: File, table: Table, names: list[str]) -> list[str]:
    """Return the names with what columns of words say of all rows: ``unit`` S, ``Zunit`` mOhm, ``type`` Y.

    Raises
    ------
    ReadError
        When a column says another unit than one of an impedance or an admittance.
    """
    named = list(names)
    for place, word in _iterate_shared_words(table, names):
        whose = _WHOSE_UNIT.fullmatch(names[place].strip())
        unit = unit_kind(word) if whose else ""
        of_frequency = bool(whose and whose[1])
        _refuse_other(file, names, place, word if whose is None else "")
        if not whose and is_admittance(word):
            named = [f"Y {one}" if _is_bare(one) else one for one in named]
        elif unit == "siemens" and not of_frequency:
            named = [f"Y {one} [{word}]" if _is_bare(one) else one for one in named]
        elif unit == "ohm" or (unit and of_frequency):
            named = [f"{one} [{word}]" if _can_have_unit(one, word, of_frequency) else one for one in named]
        beside = any(map(_lacks_ohm, named[max(0, place - 2) : place]))
        if unit in (*NO_IMPEDANCE, "siemens") and beside:
            raise file.error(f"the column {names[place]!r} says {word}, which is no unit of an impedance")
    return named if named != names else []


def _iterate_shared_words(table: Table, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the place and the word of each column that says the unit or the quantity of all rows alike."""
    for place, name in enumerate(names[: table.width]):
        told = _WHOSE_UNIT.fullmatch(name.strip()) or names_quantity(name)
        if told and np.isnan(table.matrix[:, place]).all():
            words = {*table.column(place)} - {""}
            if len(words) == 1:
                yield place, words.pop()


def _refuse_other(file: File, names: Sequence[str], place: int, word: str) -> None:
    """Refuse bare parts of which a column says another quantity, or an error."""
    if find_kind(word) in ("other", "error") and is_certain(word) and any(map(_is_bare, names)):
        raise file.error(f"the column {names[place]!r} says {word!r}, which is no impedance")


def _is_bare(name: str) -> bool:
    """Whether a name is that of a part of nobody knows what: ``Re``, ``Im``."""
    meaning = parse_name(name)
    return meaning.quantity in PARTS and not (meaning.unit or meaning.label or "Z" in name)


def _can_have_unit(name: str, unit: str, of_frequency: bool) -> bool:
    """Whether a name without a unit is of what the unit measures."""
    if of_frequency:
        meaning = parse_name(name)
        return meaning.quantity == "frequency" and not meaning.unit and is_unit_of(unit, name)
    return _lacks_ohm(name)


def _is_of_parameters(table: Table, names: Sequence[str], place: int) -> bool:
    """Whether a column, none of a spectrum, has words beside it, and a whole spectrum stands before."""
    before = {parse_name(name).quantity for name in names[:place]}
    named = place > 0 and bool(np.isnan(table.matrix[:, place - 1]).all())
    named = named and not parse_name(names[place]).quantity
    return named and "frequency" in before and can_make_impedance(before)


def _lacks_ohm(name: str) -> bool:
    """Whether a name is that of a part without a unit."""
    meaning = parse_name(name)
    return not meaning.unit and KIND.get(meaning.quantity) == "ohm"

"""Units that stand in columns of their own beside the numbers: ``1000,Hz,20,mOhm``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers._columns import column
from eisfit.spectra.readers._file import File
from eisfit.spectra.readers._header import Table
from eisfit.spectra.readers._header_names import suits
from eisfit.spectra.readers._units import is_unit, unit_of
from eisfit.spectra.readers._words import KIND

_UNIT_NAME = regex(r"units?(?![^\W_])|einheit|\[\]$|$", re.IGNORECASE)


def names_with_units_beside(file: File, table: Table, lines: Sequence[str]) -> list[str]:
    """Return the names with the units that stand in every row of the column beside each: ``1000,Hz,20,mOhm``.

    Raises
    ------
    ReadError
        When the unit is not the same in every row.
    """
    names, told = list(table.names), set()
    for i in range(min(len(names), table.matrix.shape[1]) - 1):
        if not (
            _UNIT_NAME.match(table.names[i + 1]) and np.isnan(table.matrix[:, i + 1]).all() and table.rows
        ):
            continue
        units = {table.cell(lines, row, i + 1) for row in range(len(table.rows))} - {""}
        if not table.names[i + 1] and not all(map(is_unit, units)):
            continue  # names of values further right
        if _is_of_parameters(table, names, i):
            continue  # of a fit's parameters, each with a unit of its own
        if len(units) > 1 or not all(map(is_unit, units)):
            raise file.error(
                f"the units beside {table.names[i]!r} are {', '.join(sorted(units)[:4])}: write one"
            )
        names[i] += "".join(f" [{unit}]" for unit in units if suits(unit, names[i]))  # |Z|, phase, unit
        told |= units
    ohms = [unit for unit in told if (known := unit_of(unit)) and known.kind == "ohm"]
    if len(told) == len(ohms) == 1:  # one column of units for both parts
        names = [f"{name} [{ohms[0]}]" if _lacks_ohm(name) else name for name in names]
    return names


def _is_of_parameters(table: Table, names: Sequence[str], place: int) -> bool:
    """Whether a column, none of a spectrum, has words beside it, and a whole spectrum stands before."""
    before = {column(name).quantity for name in names[:place]}
    whole = before.issuperset(("real", "imag")) or before.issuperset(("modulus", "phase"))
    named = place > 0 and bool(np.isnan(table.matrix[:, place - 1]).all())
    return "frequency" in before and whole and named and not column(names[place]).quantity


def _lacks_ohm(name: str) -> bool:
    """Whether a name is that of a part without a unit."""
    meaning = column(name)
    return not meaning.unit and KIND.get(meaning.quantity) == "ohm"

"""A column of temperatures: in degrees Celsius, and told where nothing says its unit or that it is one."""

from __future__ import annotations

import numpy as np

from eisfit.arrays import FloatArray, drop_nan, median
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.units import to_celsius
from eisfit.spectra.spectrum import ASSUMED
from eisfit.units import ZERO_CELSIUS

#: Where a number without a unit may be kelvin as well.
COLDEST, HOTTEST = 220.0, 400.0
_NEARLY_HALF = 0.49
_ROWS_AT_ONE = 3  # as many points stand at one temperature, in the mean


def settle_temperature(columns: dict[str, Column], values: dict[str, FloatArray]) -> list[str]:
    """Turn temperatures into degrees Celsius, in place; return what is taken of those without a unit."""
    if "temperature" not in columns and "time" in columns and _is_constant(columns["time"], values["time"]):
        columns["temperature"], values["temperature"] = columns.pop("time"), values.pop("time")
    if "temperature" not in columns:
        return []
    told, held = columns["temperature"], values["temperature"]
    unit, typical = told.unit, float(median(drop_nan(held))) if np.isfinite(held).any() else 0.0
    notes, is_bare_t = [], told.quantity == "time"
    if not unit and (COLDEST < typical < HOTTEST or is_bare_t):
        unit = "K" if abs((typical - ZERO_CELSIUS) % 1 - 0.5) > _NEARLY_HALF else ""
        what = "is a temperature" if is_bare_t else "which has no unit, is"
        taken = "kelvin, as its .15 tells" if unit else "degrees Celsius"
        notes.append(f"{ASSUMED} {told.name!r}{'' if is_bare_t else ','} {what} in {taken}")
    celsius = to_celsius(held, unit)
    values["temperature"] = np.where(celsius < -ZERO_CELSIUS, np.nan, celsius)  # no thermometer
    return notes


def _is_constant(column: Column, values: FloatArray) -> bool:
    """Whether what is called T, in no unit, stays the same over many points, as no time does."""
    held = drop_nan(values)
    return column.name.strip() == "T" and 0 < np.unique(held).size <= held.size / _ROWS_AT_ONE

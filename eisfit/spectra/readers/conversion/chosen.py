"""The columns of a table that matter, one a quantity, as scaled arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

import numpy as np

from eisfit.arrays import BoolArray, FloatArray
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.temperature import settle_temperature
from eisfit.spectra.readers.names.units import PER_AREA
from eisfit.spectra.readers.tables.sweeps import is_spaced_like_sweep
from eisfit.spectra.spectrum import ASSUMED

#: A resistance of the cell, a position, a picture as well: no part of an impedance where another column is.
_VAGUE = regex(r"\s*-?([RrXx]s?(?![^\W_])(?!_)|ES[RX]\b|(?i:resistance|reactance|image))")
_LOOP = regex(r"\W*(?:loop|sweep|scan)", re.IGNORECASE)
_BARE_T = regex(r"\s*T(?![^\W_])")
_COUNTERPART = str.maketrans("RrXx", "XxRr")


@dataclass(frozen=False)
class Chosen:
    """The columns that matter, each as a scaled array.

    Parameters
    ----------
    columns
        Meaning, by quantity.
    values
        (rows,) in Hz, ohm, degree, ..., by quantity.
    notes
        What was decided on the way.
    unknown
        Names of columns that say nothing we know.
    codes
        Modulus of a converter's codes that were left aside; None where there were none.
    left_out
        (rows,) that the file itself marks as no points; None where it marks none.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    values: dict[str, FloatArray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    codes: FloatArray | None = None
    left_out: BoolArray | None = None

    def __contains__(self, quantity: object) -> bool:
        return quantity in self.values

    def __getitem__(self, quantity: str) -> FloatArray:
        return self.values[quantity]

    def has_all(self, *quantities: str) -> bool:
        """Whether all of these are there."""
        return all(quantity in self.values for quantity in quantities)

    def set_column(self, quantity: str, column: Column, values: FloatArray) -> None:
        """Take a column as that of a quantity."""
        self.columns[quantity], self.values[quantity] = column, values

    def drop(self, *quantities: str) -> None:
        """Leave columns out."""
        for quantity in quantities:
            del self.columns[quantity], self.values[quantity]

    def get(self, quantity: str) -> FloatArray | None:
        """Return the column, None where the file has none."""
        return self.values.get(quantity)


def pick_columns(columns: Mapping[int, Column], matrix: FloatArray) -> Chosen:
    """Return the first column of every quantity, scaled.

    Logarithms stand behind what they are of, those per area behind the others, ``Rs`` and ``x`` behind these,
    as they may be something else, then labelled ones, and empty ones last.
    """
    filled = set(np.nonzero(~np.isnan(matrix))[1].tolist())
    chosen = Chosen(unknown=[meaning.name for meaning in columns.values() if not meaning.quantity])
    held = [(i, meaning) for i, meaning in columns.items() if meaning.quantity and i < matrix.shape[1]]
    cycles = {i for i, meaning in held if meaning.quantity == "cycle" and i in filled}
    loops = {i for i in cycles if _LOOP.match(columns[i].name)}
    filled -= loops if cycles - loops else {i for i in loops if (matrix[:, i] == matrix[:1, i]).all()}
    vague = {match[1] for _, meaning in held if (match := _VAGUE.match(meaning.name))}
    vague |= {name.lower() for name in vague if len(name) > 3}
    for index, meaning in sorted(held, key=lambda item: _rank_column(item[0], item[1], filled, vague)):
        if meaning.quantity not in chosen:
            values = np.power(meaning.base, matrix[:, index]) if meaning.base else matrix[:, index]
            chosen.set_column(meaning.quantity, meaning, values * meaning.scale)
    chosen.notes += settle_temperature(chosen.columns, chosen.values)
    if "period" in chosen and "frequency" not in chosen and _is_period(chosen):
        chosen.set_column("frequency", chosen.columns["period"], 1 / chosen["period"])
        chosen.drop("period")
        name = chosen.columns["frequency"].name
        told = f"{ASSUMED} {name!r} is a period, not a time" if _BARE_T.match(name) else ""
        chosen.notes.append(told or "frequency from the period")
    return chosen


def _is_period(chosen: Chosen) -> bool:
    """Whether a column is of periods: one called T, which may be a time, by its even steps in log T."""
    name = chosen.columns["period"].name
    return _BARE_T.match(name) is None or is_spaced_like_sweep(chosen["period"])


def drop_word_columns(chosen: Chosen) -> None:
    """Leave out a modulus and a phase without a number beside both parts: ``Phase`` of a program's steps."""
    polar = ("modulus", "phase") if chosen.has_all("real", "imag") else ()
    chosen.drop(*(one for one in polar if one in chosen and np.isnan(chosen[one]).all()))


def _rank_column(
    index: int, meaning: Column, filled: set[int], vague: set[str]
) -> tuple[bool, bool, int, bool, bool, int]:
    per_area, match = bool(PER_AREA.search(meaning.unit)), _VAGUE.match(meaning.name)
    alone = match is not None and _name_counterpart(match[1]) not in vague
    doubt = (match is not None) + alone
    return index not in filled, bool(meaning.label), doubt, per_area, bool(meaning.base), index


def _name_counterpart(name: str) -> str:
    """Return what the other part is called: ``Xs`` for ``Rs``, ``reactance`` for ``resistance``."""
    other = {"resistance": "reactance", "reactance": "resistance"}.get(name.lower())
    return other or name.translate(_COUNTERPART)

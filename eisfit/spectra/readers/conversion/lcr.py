"""Impedance from what LCR meters and tables of the admittance write."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, drop_nan, median
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.sweep import is_over_range
from eisfit.spectra.spectrum import ASSUMED

_OVER = 9.9e37  # in place of an impedance from a mark for over-range


#: Meters that hand out farads and henries, whatever the display shows: Agilent, Hioki, Tonghui, NF, R&S.
_METER = regex(
    r"(?<![^\W_])(?:E498[01]AL?|E499[01][AB]?|42[67]\dA|428[45]A|4192A|4294A|IM35\d\d(?:-\d\d)?|35[23]2-50|TH28\d\d\w?"
    r"|ZM23\d\d|LCX[12]00|LCR[ -]?(?:meter|\d{3,4}\w?))(?![^\W_])",
    re.IGNORECASE,
)
_BARE = regex(r"\W*(?:[CL][ps]|[CL]_[ps])\W*", re.IGNORECASE)
_PREFIXED = regex(r"(?<![^\W_])[fpnuµμm][FH](?![^\W_])")  # a line tells another unit
_LARGEST = {"F": 1e-2, "H": 1e4}  # more is a number of pF, nF or uH


#: Columns, what they are called, and Z from (omega, first, second). Keysight, Impedance Measurement Handbook,
#: 6th ed., 1-2: series and parallel equivalents, D = 1 / Q = Rs omega Cs = 1 / (omega Cp Rp).
_WAYS: tuple[tuple[str, str, str, Callable[[FloatArray, FloatArray, FloatArray], NDArray[Any]]], ...] = (
    ("admittance_real", "admittance_imag", "the admittance columns", lambda _, g, b: 1 / (g + 1j * b)),
    (
        "admittance_modulus",
        "admittance_phase",
        "modulus and phase of the admittance",
        lambda _, y, p: np.exp(-1j * np.radians(p)) / y,
    ),
    ("C_parallel", "admittance_real", "Cp and G", lambda w, c, g: 1 / (g + 1j * w * c)),
    ("C_parallel", "R_parallel", "Cp and Rp", lambda w, c, r: 1 / (1 / r + 1j * w * c)),
    ("C_parallel", "dissipation", "Cp and D", lambda w, c, d: 1 / (w * c * (d + 1j))),
    ("C_parallel", "quality", "Cp and Q", lambda w, c, q: 1 / (w * c * (1 / q + 1j))),
    ("C_series", "quality", "Cs and Q", lambda w, c, q: (1 / q - 1j) / (w * c)),
    ("L_series", "quality", "Ls and Q", lambda w, x, q: w * x * (1 / q + 1j)),
    ("C_series", "real", "Cs and Rs", lambda w, c, r: r - 1j / (w * c)),
    ("C_series", "dissipation", "Cs and D", lambda w, c, d: (d - 1j) / (w * c)),
    ("L_series", "real", "Ls and Rs", lambda w, x, r: r + 1j * w * x),
    ("L_series", "dissipation", "Ls and D", lambda w, x, d: w * x * (d + 1j)),
    ("R_parallel", "X_parallel", "Rp and Xp", lambda _, r, x: 1 / (1 / r + 1 / (1j * x))),
    (
        "capacitance_real",  # C' - jC'' or C' + jC'': as it loses energy
        "capacitance_imag",
        "the complex capacitance",
        lambda w, c, k: 1 / (1j * w * (c - 1j * k * np.sign(np.nanmedian(k)))),
    ),
    ("L_parallel", "R_parallel", "Lp and Rp", lambda w, x, r: 1 / (1 / r - 1j / (w * x))),
    ("L_parallel", "admittance_real", "Lp and G", lambda w, x, g: 1 / (g - 1j / (w * x))),
    ("L_parallel", "quality", "Lp and Q", lambda w, x, q: w * x / (1 / q - 1j)),
    ("L_parallel", "dissipation", "Lp and D", lambda w, x, d: w * x / (d - 1j)),
)


def compute_from_equivalents(chosen: Chosen) -> ComplexArray | None:
    """Return Z (rows,), ohm, from other columns than its own; None where they do not suffice."""
    for first, second, words, formula in _WAYS:
        if chosen.has_all(first, second):
            chosen.notes.append(f"impedance from {words}")
            z = formula(2 * np.pi * chosen["frequency"], chosen[first], chosen[second])
            over = is_over_range(chosen[first]) | is_over_range(chosen[second])
            return np.where(over, _OVER, np.asarray(z, dtype=np.complex128))
    return None


def add_meter_units(
    names: Sequence[str], values: FloatArray, beside: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the names with farad or henry where none has a unit and a line beside names a meter; notes.

    >>> values = np.array([[1e3, 1e-9, 0.02], [1e4, 1e-9, 0.03]])
    >>> add_meter_units(["f", "Cp", "D"], values, ["Keysight E4980AL"])[0]
    ['f', 'Cp (F)', 'D']
    >>> add_meter_units(["f", "Cp", "D"], values * 1e12, ["Keysight E4980AL"])[0]
    ['f', 'Cp', 'D']
    """
    bare = [i for i, name in enumerate(names) if _BARE.fullmatch(name)] if len(names) <= len(values.T) else []
    meter = next(filter(None, map(_METER.search, beside)), None) if bare else None
    if meter is None or any(map(_PREFIXED.search, beside)):
        return list(names), []
    units = {i: "F" if "c" in names[i].lower() else "H" for i in bare}
    sizes = {i: drop_nan(np.abs(values[:, i])) for i in bare}
    if any(not size.size or median(size) > _LARGEST[units[i]] for i, size in sizes.items()):
        return list(names), []
    told = " and ".join({"F": "farad", "H": "henry"}[unit] for unit in sorted({*units.values()}))
    note = f"{ASSUMED} no unit given, taken as {told}, as {meter[0]} writes it"
    return [f"{name} ({units[i]})" if i in units else name for i, name in enumerate(names)], [note]

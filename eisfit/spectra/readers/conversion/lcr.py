"""Impedance from what LCR meters and tables of the admittance write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.spectra.readers.sweep import is_over_range

_OVER = 9.9e37  # in place of an impedance from a mark for over-range


class Columns(Protocol):
    """Scaled columns by quantity, with notes."""

    notes: list[str]

    def __contains__(self, quantity: object) -> bool: ...

    def __getitem__(self, quantity: str) -> FloatArray: ...


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


def from_other_columns(chosen: Columns) -> ComplexArray | None:
    """Return Z (rows,), ohm, from other columns than its own; None where they do not suffice."""
    if "frequency" not in chosen:
        return None
    for first, second, words, formula in _WAYS:
        if first in chosen and second in chosen:
            chosen.notes.append(f"impedance from {words}")
            with np.errstate(all="ignore"):
                z = formula(2 * np.pi * chosen["frequency"], chosen[first], chosen[second])
            over = is_over_range(chosen[first]) | is_over_range(chosen[second])
            return np.where(over, _OVER, np.asarray(z, dtype=np.complex128))
    return None

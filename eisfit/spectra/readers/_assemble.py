"""From named columns to sweeps: the complex impedance, checked against the other columns, cut into sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.spectra.readers._columns import Column
from eisfit.spectra.readers._cuts import boundaries
from eisfit.spectra.readers._file import File
from eisfit.spectra.readers._lcr import from_other_columns
from eisfit.spectra.readers._sign import SignTest, kramers_kronig_sign, lost_signs
from eisfit.spectra.readers._sweep import ASSUMED, GIVEN_SIGN, GIVEN_UNIT, Sweep, plural
from eisfit.spectra.readers._units import AMBIGUOUS, IMPEDANCE_UNITS

__all__ = [
    "FROM_PHASE",
    "Chosen",
    "boundaries_of",
    "choose",
    "impedance",
    "settle_sign",
    "sweeps_of",
]


# Columns that say the same thing agree within the digits they are printed with.
_AGREE = 0.03
CANONICAL = "by eisfit's own name"  # what `eisfit convert` writes reads back as it was
FROM_PHASE = "imaginary sign taken from the phase column, which contradicts the imaginary column"


@dataclass
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
    """

    columns: dict[str, Column] = field(default_factory=dict)
    values: dict[str, FloatArray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __contains__(self, quantity: object) -> bool:
        return quantity in self.values

    def __getitem__(self, quantity: str) -> FloatArray:
        return self.values[quantity]

    def get(self, quantity: str) -> FloatArray | None:
        """Return the column, None where the file has none."""
        return self.values.get(quantity)


def choose(columns: Mapping[int, Column], matrix: FloatArray) -> Chosen:
    """Return the first column of every quantity, scaled; one that says no more than it goes first."""
    chosen = Chosen()
    for index, meaning in sorted(columns.items(), key=lambda item: (bool(item[1].label), item[0])):
        if meaning.quantity and meaning.quantity not in chosen and index < matrix.shape[1]:
            chosen.columns[meaning.quantity] = meaning
            values = np.power(10.0, matrix[:, index]) if meaning.log else matrix[:, index]
            chosen.values[meaning.quantity] = values * meaning.scale
    return chosen


def impedance(file: File, chosen: Chosen) -> ComplexArray:
    """Return Z (rows,) from the columns there are, checked against each other.

    Raises
    ------
    ReadError
        When no impedance can be had from the columns or they contradict each other.
    """
    _settle_unit(file, chosen)
    _settle_given_sign(file, chosen)
    if "real" in chosen and "imag" in chosen:
        return _checked(file, chosen, chosen["real"] + 1j * chosen["imag"])
    if "modulus" in chosen and "phase" in chosen:
        return _polar(file, chosen)
    if "real" in chosen and "phase" in chosen and "imag" not in chosen:
        chosen.notes.append("imaginary part from the real part and the phase")
        return np.asarray(chosen["real"] * (1 + 1j * np.tan(_radians(file, chosen))), dtype=np.complex128)
    z = from_other_columns(chosen)
    if z is None:
        raise file.error(_missing(chosen))
    return z


def _settle_unit(file: File, chosen: Chosen) -> None:
    """Scale the impedance to ohm as the user says, or refuse a unit that may be milli or mega.

    Raises
    ------
    ReadError
        For ``MOHM`` in a header in capitals, where nobody said what it is.
    """
    for quantity in ("real", "imag", "modulus"):
        meaning = chosen.columns.get(quantity)
        if meaning is None:
            continue
        if file.reading.impedance_unit:
            chosen.values[quantity] *= IMPEDANCE_UNITS[file.reading.impedance_unit] / abs(meaning.scale)
        elif AMBIGUOUS.match(meaning.unit):
            raise file.error(
                f"{meaning.name!r} may be milliohm or megaohm: say which, "
                "--impedance-unit mohm or --impedance-unit Mohm"
            )
    if file.reading.impedance_unit:
        chosen.notes.append(f"{GIVEN_UNIT} {file.reading.impedance_unit}")


def _settle_given_sign(file: File, chosen: Chosen) -> None:
    """Give the imaginary part and the phase the sign that the user says the columns have."""
    if file.reading.imag_sign not in ("+", "-"):
        return
    wanted = 1.0 if file.reading.imag_sign == "+" else -1.0
    for quantity in ("imag", "phase"):
        if quantity in chosen:
            chosen.values[quantity] = chosen[quantity] * wanted * np.sign(chosen.columns[quantity].scale)
    chosen.notes.append(f"{GIVEN_SIGN} the columns hold {'' if wanted > 0 else '-'}Im Z")


def settle_sign(file: File, sweeps: list[Sweep], written: str) -> int:
    """Turn the imaginary part of all `sweeps` where Kramers-Kronig says so beyond doubt; say what was found.

    Parameters
    ----------
    file
        The file, for messages.
    sweeps
        All sweeps of the file; changed in place.
    written
        How the sign was read, as a sentence for the notes.

    Returns
    -------
    int
        +1: the data confirm the sign as written; -1: it was turned; 0: they cannot tell.
    """
    if file.reading.imag_sign in ("+", "-"):
        return 0
    tests = [test for sweep in sweeps[:5] if (test := kramers_kronig_sign(sweep.frequency, sweep.impedance))]
    verdicts = {test.verdict for test in tests} - {0}
    shown = _typical(tests)
    outcome = 1 if 1 in verdicts else 0
    note = f"imaginary sign: {written}; the data alone cannot tell it (residual {shown})"
    if verdicts == {-1} and sum(test.verdict == -1 for test in tests) * 2 > len(tests):
        outcome, note = _turn(file, sweeps, written, shown)
    elif outcome == 1:
        note = f"imaginary sign: {written}; Kramers-Kronig agrees (residual {shown})"
    elif not shown:
        note = f"imaginary sign: {written}; too few points to check it with Kramers-Kronig"
    for sweep in sweeps:
        sweep.notes.append(note)
    return outcome


def _turn(file: File, sweeps: list[Sweep], written: str, shown: str) -> tuple[int, str]:
    """Turn the imaginary part against the header, where the system is certainly passive; say what was done.

    A negative real part is no passive system's: the impedance of one with a negative resistance obeys
    Kramers-Kronig only as an admittance, and its conjugate may seem to.
    """
    passive = all(bool((sweep.impedance.real[np.isfinite(sweep.impedance)] > 0).all()) for sweep in sweeps)
    if file.reading.imag_sign == "header" or not passive or written.endswith(CANONICAL):
        why = "" if passive else "; the real part is negative in places, so it may well be right"
        return 0, f"imaginary sign: {written}, although Kramers-Kronig holds only turned ({shown}){why}"
    for sweep in sweeps:
        sweep.impedance = sweep.impedance.conj()
    _refuse_lost_signs(file, sweeps[0])
    return (
        -1,
        f"{ASSUMED} imaginary sign turned against the header ({written}): Kramers-Kronig residual {shown}",
    )


def _refuse_lost_signs(file: File, sweep: Sweep) -> None:
    """Refuse a column of absolute values, in which the sign of some points cannot be had back."""
    imag = sweep.impedance.imag[np.isfinite(sweep.impedance.imag)]
    lost = lost_signs(sweep.frequency, sweep.impedance) if (imag <= 0).all() else 0
    if lost:
        raise file.error(
            f"the imaginary column holds absolute values: {plural(lost, 'point')} obey Kramers-Kronig only "
            "with the other sign; export it with its sign, or add the phase"
        )


def sweeps_of(chosen: Chosen, z: ComplexArray, cuts: list[int]) -> list[Sweep]:
    """Cut the rows into sweeps at `cuts` (first rows of the second, third, ... sweep)."""
    sweeps = []
    edges = [0, *cuts, z.size]
    used = np.isfinite(z) & (z != 0) & np.isfinite(chosen["frequency"]) & (chosen["frequency"] > 0)
    for start, stop in pairwise(edges):
        part = slice(start, stop)
        told = np.flatnonzero(used[part]) + start  # what is dropped labels nothing
        noise = chosen.get("noise")
        sweeps.append(
            Sweep(
                frequency=chosen["frequency"][part],
                impedance=z[part],
                noise=None if noise is None or not (noise[part] > 0).all() else noise[part],
                cycle=_typical_value(chosen.get("cycle"), told, whole=True),
                time_s=_first(chosen.get("time"), told),
                temperature_C=_typical_value(chosen.get("temperature"), told),
                potential_V=_typical_value(chosen.get("potential"), told),
                notes=list(chosen.notes),
            )
        )
    return sweeps


def boundaries_of(chosen: Chosen) -> list[int]:
    """Return the rows at which a new sweep begins, of a table whose conditions may change."""
    return boundaries(chosen["frequency"], chosen.get("cycle"), chosen.get("temperature"))


def _checked(file: File, chosen: Chosen, z: ComplexArray) -> ComplexArray:
    if "phase" not in chosen:
        return z
    if not np.nan_to_num(chosen["phase"]).any() and np.nan_to_num(z.imag).any():
        chosen.notes.append(f"left aside: {chosen.columns['phase'].name!r}, a column of zeros")
        return z
    if "modulus" in chosen and not np.nan_to_num(z.imag).any() and np.nan_to_num(chosen["phase"]).any():
        chosen.notes.append(f"left aside: {chosen.columns['imag'].name!r}, a column of zeros")
        return _polar(file, chosen)
    rows = np.isfinite(z) & (z != 0) & np.isfinite(chosen["phase"])
    phase = np.full(z.shape, np.nan)
    if rows.any():
        phase[rows] = _radians(file, chosen)[rows]
    if not rows.any():
        return z
    # Compare directions only: the modulus may be given per area.
    direction = np.exp(1j * phase[rows])
    sign = np.sign(np.sin(np.where(np.isfinite(phase), phase, 0.0)))
    ways = {
        "real and imaginary part agree with the phase column": z,
        FROM_PHASE: np.conj(z),
        "the imaginary column holds its absolute value: sign taken from the phase column": z.real
        + 1j * np.abs(z.imag) * sign,
    }
    off = {note: _disagree(way[rows], direction) for note, way in ways.items()}
    note = min(off, key=lambda name: off[name])
    if off[note] > 0.3 * direction.size or (ways[note] is not z and off[note] > 0.05 * direction.size):
        raise file.error(
            "the phase column contradicts the real and imaginary parts: delete the wrong columns"
        )
    if off[note]:
        note = f"{note}, but for {plural(off[note], 'row')}"
    chosen.notes.append(note)
    return next(way for name, way in ways.items() if note.startswith(name))


def _disagree(z: ComplexArray, direction: ComplexArray) -> int:
    """Count the points whose direction in the complex plane is another."""
    return int((np.abs(z / np.abs(z) - direction) > _AGREE).sum())


def _close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    distance = np.abs(a - b)
    return bool(np.quantile(distance, 0.9) < _AGREE)


def _polar(file: File, chosen: Chosen) -> ComplexArray:
    chosen.notes.append("impedance from modulus and phase")
    z: ComplexArray = chosen["modulus"] * np.exp(1j * _radians(file, chosen))
    real = chosen.get("real")
    if real is not None and not _close(real / np.abs(z), z.real / np.abs(z) + 0j):
        raise file.error("modulus and phase contradict the real part: delete the wrong columns")
    return z


def _radians(file: File, chosen: Chosen) -> FloatArray:
    """Return the phase in radians; without a unit the data decide."""
    phase, meaning = chosen["phase"], chosen.columns["phase"]
    if meaning.unit:
        return np.radians(phase)
    largest = float(np.nanmax(np.abs(phase), initial=0.0))
    if largest > 2 * np.pi:
        chosen.notes.append("phase in degrees (it exceeds 2 pi)")
        return np.radians(phase)
    fit = {
        name: _misfit(chosen, angle) for name, angle in (("degrees", np.radians(phase)), ("radians", phase))
    }
    best = min(fit, key=lambda name: fit[name])
    if not fit[best] < _AGREE or min(value for name, value in fit.items() if name != best) < 4 * fit[best]:
        raise file.error(
            f"the phase column {meaning.name!r} may be degrees or radians: name the unit in its header"
        )
    chosen.notes.append(f"phase in {best} (the other unit does not fit the other columns)")
    return np.radians(phase) if best == "degrees" else phase


def _misfit(chosen: Chosen, angle: FloatArray) -> float:
    """Distance of the angle from what the other columns, else Kramers-Kronig, say."""
    if "real" in chosen and "imag" in chosen:
        z = chosen["real"] + 1j * np.abs(chosen["imag"])
        rows = np.isfinite(z) & (z != 0) & np.isfinite(angle)
        return float(np.median(np.abs(np.abs(np.sin(angle[rows])) - z[rows].imag / np.abs(z[rows]))))
    if "modulus" not in chosen:
        return float("nan")
    test = kramers_kronig_sign(chosen["frequency"], chosen["modulus"] * np.exp(1j * angle))
    return float("nan") if test is None else min(test.as_written, test.turned)


def _missing(chosen: Chosen) -> str:
    has = ", ".join(repr(meaning.name) for meaning in chosen.columns.values()) or "none that is known"
    lacking = "imaginary" if "real" in chosen else "real" if "imag" in chosen else "real and imaginary"
    if "dissipation" in chosen or "R_parallel" in chosen:
        return f"a capacitance or an inductance needs its unit in the header: 'Cp (F)' (recognised: {has})"
    return (
        f"no column for the {lacking} part of the impedance (recognised: {has}); "
        "headers such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm' are understood"
    )


def _typical(tests: list[SignTest]) -> str:
    if not tests:
        return ""
    written = float(np.median([test.as_written for test in tests]))
    turned = float(np.median([test.turned for test in tests]))
    return str(SignTest(written, turned))


def _typical_value(values: FloatArray | None, part: NDArray[np.intp], whole: bool = False) -> float | None:
    if values is None:
        return None
    finite = values[part][np.isfinite(values[part])]
    if finite.size == 0:
        return None
    return float(finite[0]) if whole else float(np.median(finite))


def _first(values: FloatArray | None, part: NDArray[np.intp]) -> float | None:
    if values is None:
        return None
    finite = values[part][np.isfinite(values[part])]
    return float(finite[0]) if finite.size else None


def describe_sign(chosen: Chosen) -> str:
    """Return how the imaginary sign was read, in words."""
    if "imag" in chosen and "real" in chosen:
        meaning = chosen.columns["imag"]
        canonical = f" {CANONICAL}" if meaning.name == "Z_imag_ohm" else ""
        return f"{meaning.name!r} holds {'-Im Z' if meaning.scale < 0 else 'Im Z'}{canonical}"
    return "as the phase says" if "phase" in chosen else "as written"


def count_note(sweeps: list[Sweep]) -> None:
    """Say in every sweep how many the file has."""
    if len(sweeps) > 1:
        for sweep in sweeps:
            sweep.notes.append(f"the file holds {plural(len(sweeps), 'sweep')}")

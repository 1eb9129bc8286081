"""The complex impedance from the columns there are, in ohm, checked against what further columns say."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, drop_nan, from_polar
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.conversion.imag_sign import ABSOLUTE, AGREED, FROM_PHASE
from eisfit.spectra.readers.conversion.lcr import compute_from_equivalents
from eisfit.spectra.readers.conversion.missing import explain_missing_impedance, refuse_copied_frequencies
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.units import AMBIGUOUS, AMBIGUOUS_FREQUENCY, IMPEDANCE_UNITS
from eisfit.spectra.readers.names.words import IN_OHM
from eisfit.spectra.readers.sign import kramers_kronig_sign, misfit
from eisfit.spectra.readers.sweep import GIVEN_SIGN, GIVEN_UNIT, is_over_range, plural
from eisfit.spectra.spectrum import ASSUMED

#: R of an LCR meter, or of polar coordinates.
_BARE_R = regex(r"\W*(?:R(?![^\W\d_]*[a-z])|[Rr](?i:esistance|esistencia|ésistance)\b|Widerstand\b)")
_OF_LABONE = regex(r"\W*phasez\W*")
_TELLS = 0.05
_GOOD = 4.0  # times better
_NEARLY_REAL = 0.002  # Kramers-Kronig holds within this whatever the unit of a phase as small
_TURN = 363.0  # degrees, and what rounding adds
_X_AXIS = regex(r"x(?![^\W\d_])", re.IGNORECASE)
_SERIES = regex(r"\bESR\b|series|(?<![^\W_])Rs", re.IGNORECASE)
# Columns that say the same thing agree within the digits they are printed with.
_AGREE = 0.03
_CHANGES = 0.2  # of a resistance over a sweep: noise and drift stay below
#: Codes of a converter are these many, and turn so much against the impedance over a sweep.
_FEWEST_CODES, _TURNS_BY = 3, 0.2


def compute_impedance(file: File, chosen: Chosen) -> ComplexArray:
    """Return Z (rows,) from the columns there are, checked against each other.

    Raises
    ------
    ReadError
        When no impedance can be had from the columns or they contradict each other.
    """
    _settle_unit(file, chosen)
    _settle_given_sign(file, chosen)
    if "imag_size" in chosen and "imag" not in chosen and "phase" in chosen:
        chosen.set_column("imag", chosen.columns["imag_size"], chosen["imag_size"])
    _drop_zeros(chosen)
    refuse_copied_frequencies(file, chosen)
    if chosen.has_all("real", "imag"):
        return _check_parts(file, chosen, chosen["real"] + 1j * chosen["imag"])
    if chosen.has_all("modulus", "phase"):
        return _compute_from_polar(file, chosen)
    if chosen.has_all("real", "phase"):
        if _BARE_R.match(chosen.columns["real"].name):
            return _decide_modulus_or_real(file, chosen)
        chosen.notes.append("imaginary part from the real part and the phase")
        return _compute_from_real(chosen["real"], _convert_to_radians(file, chosen))
    _refuse_axes(file, chosen)
    if chosen.has_all("admittance_modulus", "phase"):
        return _compute_from_admittance(file, chosen)
    _name_capacitance(chosen)
    z = compute_from_equivalents(chosen)
    if z is None:
        raise file.error(explain_missing_impedance(chosen))
    return z


def _compute_from_real(real: FloatArray, angle: FloatArray) -> ComplexArray:
    return np.asarray(real * (1 + 1j * np.tan(angle)), dtype=np.complex128)


def _has_nonzero(values: FloatArray) -> bool:
    """Whether a number is not zero."""
    return bool((np.abs(values) > 0).any())


def _drop_zeros(chosen: Chosen) -> None:
    """Leave out both parts where they are zero throughout beside a modulus and a phase that are not."""
    polar, parts = ("modulus", "phase"), ("real", "imag")
    if not chosen.has_all(*polar, *parts) or any(_has_nonzero(chosen[q]) for q in parts):
        return
    if all(_has_nonzero(chosen[q]) for q in polar):
        names = " and ".join(repr(chosen.columns[q].name) for q in parts)
        chosen.notes.append(f"left aside: {names}, columns of zeros")
        chosen.drop(*parts)


def _decide_modulus_or_real(file: File, chosen: Chosen) -> ComplexArray:
    """Return Z of R and a phase: R is the modulus or the real part; Kramers-Kronig tells.

    Raises
    ------
    ReadError
        Where it does not tell.
    """
    name, r, angle = chosen.columns["real"].name, chosen["real"], _convert_to_radians(file, chosen)
    ways = {"the modulus": from_polar(r, angle), "the real part": _compute_from_real(r, angle)}
    off = {words: misfit(chosen["frequency"], z) for words, z in ways.items()}
    best = min(off, key=lambda words: off[words])
    if off[best] > _TELLS or max(off.values()) < 4 * off[best]:
        raise file.error(
            f"{name!r} beside a phase may be the modulus or the real part: call it '|Z|' or \"Z'\""
        )
    chosen.notes.append(f"{ASSUMED} {name!r} is {best}: only so Kramers-Kronig holds")
    return ways[best]


def _refuse_axes(file: File, chosen: Chosen) -> None:
    """Refuse y without a unit beside an x: axes of a plot, or an admittance."""
    y = [c.name for q, c in chosen.columns.items() if q.startswith("admittance") and not c.unit]
    x = [c.name for c in chosen.columns.values() if _X_AXIS.match(c.name)] + [
        name for name in chosen.unknown if _X_AXIS.match(name)
    ]
    if y and x and all(name[:1] in "yY" for name in y):
        raise file.error(
            f"{y[0]!r} beside {x[0]!r} may be the y axis of a plot or an admittance: "
            "call it 'Z_real_ohm' or 'Y_real_S'"
        )


def _compute_from_admittance(file: File, chosen: Chosen) -> ComplexArray:
    """Return Z of |Y| and a phase that may be that of Y or of Z: Kramers-Kronig must tell."""
    z: ComplexArray = np.exp(-1j * _convert_to_radians(file, chosen)) / chosen["admittance_modulus"]
    test = kramers_kronig_sign(chosen["frequency"], z)
    if test is None or not test.verdict:
        name = chosen.columns["phase"].name
        raise file.error(f"{name!r} beside |Y| may be that of Y or of Z: call it 'phase(Y)' or 'phase(Z)'")
    whose = "Y" if test.verdict > 0 else "Z"
    chosen.notes.append(f"impedance from |Y| and the phase, which is that of {whose} by Kramers-Kronig")
    return z if test.verdict > 0 else z.conj()


def _name_capacitance(chosen: Chosen) -> None:
    """Take a capacitance beside an equivalent series resistance as that of the series circuit."""
    real = chosen.columns.get("real")
    if "capacitance" in chosen and "C_series" not in chosen and real and _SERIES.search(real.name):
        chosen.set_column("C_series", chosen.columns["capacitance"], chosen["capacitance"])


def _settle_unit(file: File, chosen: Chosen) -> None:
    """Scale the impedance to ohm as the user says, or refuse a unit that may be milli or mega.

    Raises
    ------
    ReadError
        For ``MOHM`` in a header in capitals, where nobody said what it is.
    """
    if chosen.columns["frequency"].unit == AMBIGUOUS_FREQUENCY:
        name = chosen.columns["frequency"].name
        raise file.error(f"{name!r} may be millihertz or megahertz: write mHz or MHz into the header")
    parts = {q: c for q, c in chosen.columns.items() if q in (*IN_OHM, "R_parallel", "X_parallel")}
    for quantity, meaning in parts.items():
        if file.reading.impedance_unit:
            chosen.values[quantity] *= IMPEDANCE_UNITS[file.reading.impedance_unit] / abs(meaning.scale)
        elif AMBIGUOUS.match(meaning.unit):
            raise file.error(
                f"{meaning.name!r} may be milliohm or megaohm: say which, "
                "--impedance-unit mohm or --impedance-unit Mohm"
            )
    if file.reading.impedance_unit and parts:
        chosen.notes.append(f"{GIVEN_UNIT} {file.reading.impedance_unit}")


def _settle_given_sign(file: File, chosen: Chosen) -> None:
    """Give the imaginary part and the phase the sign that the user says the columns have."""
    if file.reading.imag_sign not in ("+", "-"):
        return
    wanted = 1.0 if file.reading.imag_sign == "+" else -1.0
    signed = [quantity for quantity in ("imag", "phase") if quantity in chosen]
    for quantity in signed:
        chosen.values[quantity] = chosen[quantity] * wanted * np.sign(chosen.columns[quantity].scale)
    if signed:
        chosen.notes.append(f"{GIVEN_SIGN} the columns hold {'' if wanted > 0 else '-'}Im Z")


def _check_parts(file: File, chosen: Chosen, z: ComplexArray) -> ComplexArray:
    if "modulus" in chosen and not _has_nonzero(chosen["modulus"]) and _has_nonzero(np.abs(z)):
        chosen.notes.append(f"left aside: {chosen.columns['modulus'].name!r}, a column of zeros")
    if "phase" not in chosen:
        _note_zeros(file, chosen, z)
        return z
    if not _has_nonzero(chosen["phase"]) and _has_nonzero(z.imag):
        chosen.notes.append(f"left aside: {chosen.columns['phase'].name!r}, a column of zeros")
        return z
    if "modulus" in chosen and not _has_nonzero(z.imag) and _has_nonzero(chosen["phase"]):
        chosen.notes.append(f"left aside: {chosen.columns['imag'].name!r}, a column of zeros")
        return _compute_from_polar(file, chosen)
    rows = np.isfinite(z) & (z != 0) & np.isfinite(chosen["phase"])
    if not rows.any():
        return z
    phase = np.full(z.shape, np.nan)
    phase[rows] = _convert_to_radians(file, chosen)[rows]
    # Compare directions only: the modulus may be given per area.
    direction = np.exp(1j * phase[rows])
    sign = np.sign(np.sin(np.where(np.isfinite(phase), phase, 0.0)))
    ways = {
        AGREED: z,
        FROM_PHASE: np.conj(z),
        ABSOLUTE: z.real + 1j * np.abs(z.imag) * sign,
    }
    apart = {note: _find_disagreeing(way[rows], direction) for note, way in ways.items()}
    off = {note: int(rows_apart.sum()) for note, rows_apart in apart.items()}
    note = min(off, key=lambda name: off[name])
    if off[note] > 0.3 * direction.size or (ways[note] is not z and off[note] > 0.05 * direction.size):
        return _compute_beside_codes(file, chosen, phase)
    but = f", but for {plural(off[note], 'row')}" if off[note] else ""
    chosen.notes += [note + but, *_note_contradictions(chosen, np.flatnonzero(rows)[apart[note]])]
    return ways[note]


def _note_contradictions(chosen: Chosen, places: NDArray[np.intp]) -> list[str]:
    """Say at which frequencies the parts and the phase beside them contradict each other."""
    return [
        f"{ASSUMED} the real and the imaginary part at {f:.6g} Hz are right: the phase beside them is another"
        for f in chosen["frequency"][places[:3]]
    ]


def _note_zeros(file: File, chosen: Chosen, z: ComplexArray) -> None:
    """Say where a column of zeros makes the impedance real, or imaginary: analysers save a modulus so too.

    Raises
    ------
    ReadError
        Where what is left is that of no resistance: it changes with the frequency.
    """
    if not _has_nonzero(z.real):
        name = chosen.columns["real"].name
        chosen.notes.append(f"{ASSUMED} {name!r} is zero in every row: no resistance at all")
    if not _has_nonzero(z.imag):
        real, imag = (chosen.columns[part].name for part in ("real", "imag"))
        _refuse_changing(file, z.real, real, imag)
        chosen.notes.append(
            f"{ASSUMED} {imag!r} is zero in every row: a pure resistance (if {real!r} holds the modulus, "
            "the phase is missing)"
        )


def _refuse_changing(file: File, values: FloatArray, name: str, zero: str) -> None:
    """Refuse a resistance that changes with the frequency beside a column of zeros."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0) & ~is_over_range(values)])
    if sizes.size and np.ptp(sizes) > _CHANGES * sizes.max() and file.reading.imag_sign != "header":
        raise file.error(
            f"{zero!r} is zero in every row although {name!r} changes, as no resistance does: was it not "
            "saved? (if it is right as it stands: --imag-sign header)"
        )


def _find_disagreeing(z: ComplexArray, direction: ComplexArray) -> NDArray[np.bool_]:
    """Return whose points' direction in the complex plane is another."""
    return np.asarray(np.abs(z / np.abs(z) - direction) > _AGREE)


def _are_close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    distance = np.abs(a - b)
    return bool(np.quantile(distance, 0.9) < _AGREE)


def _compute_from_polar(file: File, chosen: Chosen) -> ComplexArray:
    if np.nanmin(chosen["modulus"], initial=0.0) < 0:
        name = chosen.columns["modulus"].name
        raise file.error(f"{name!r} holds negative numbers, a modulus none: is it a logarithm?")
    chosen.notes.append("impedance from modulus and phase")
    if not _has_nonzero(chosen["phase"]):
        name = chosen.columns["phase"].name
        _refuse_changing(file, chosen["modulus"], chosen.columns["modulus"].name, name)
        chosen.notes.append(
            f"{ASSUMED} {name!r} is zero in every row: a pure resistance, or no phase was saved"
        )
    z = from_polar(chosen["modulus"], _convert_to_radians(file, chosen))
    real = chosen.get("real")
    if (
        real is not None
        and not _are_close(real / np.abs(z), z.real / np.abs(z) + 0j)
        and not _set_codes_aside(file, chosen, z)
    ):
        raise file.error("modulus and phase contradict the real part: delete the wrong columns")
    over = is_over_range(chosen["modulus"]) | is_over_range(chosen["phase"])
    return np.where(over, complex(np.inf, 0), z)


def _compute_beside_codes(file: File, chosen: Chosen, phase: FloatArray) -> ComplexArray:
    """Return Z of modulus and phase where the parts that contradict the phase are a converter's codes.

    Raises
    ------
    ReadError
        Where they are none, or there is no modulus.
    """
    if "modulus" in chosen:
        z = from_polar(chosen["modulus"], phase)
        if _set_codes_aside(file, chosen, z):
            chosen.notes.append("impedance from modulus and phase")
            return z
    raise file.error("the phase column contradicts the real and imaginary parts: delete the wrong columns")


def _set_codes_aside(file: File, chosen: Chosen, z: ComplexArray) -> bool:
    """Leave parts aside that are a converter's codes, as an AD5933 writes them beside |Z| and phase; say so.

    Codes are whole numbers without a unit, and no multiple of the parts of Z.

    Raises
    ------
    ReadError
        Where |Z| is so small that it was not calibrated.
    """
    parts = [q for q in ("real", "imag") if q in chosen]
    codes = np.array([chosen[q] for q in parts])
    times = drop_nan(codes[0] / z.real)
    alike = times.size < _FEWEST_CODES or np.ptp(times) < _TURNS_BY * np.abs(times).max()
    if alike or any(chosen.columns[q].unit for q in parts) or (drop_nan(codes.ravel()) % 1).any():
        return False
    if np.nanmax(np.abs(z), initial=0.0) < 1:
        name = chosen.columns["modulus"].name
        raise file.error(f"{name!r} of less than 1 beside a converter's codes is not calibrated")
    names = ", ".join(repr(chosen.columns[q].name) for q in parts)
    chosen.notes.append(f"left aside: {names}, whole numbers that contradict the phase: a converter's codes")
    chosen.codes = np.sqrt((codes**2).sum(axis=0))
    chosen.drop(*parts)
    return True


def _convert_to_radians(file: File, chosen: Chosen) -> FloatArray:
    """Return the phase in radians; without a unit the data decide."""
    phase, meaning = chosen["phase"], chosen.columns["phase"]
    sizes = [values for name in ("phase", "modulus") if (values := chosen.get(name)) is not None]
    phase = np.where(np.any([is_over_range(values) for values in sizes], axis=0), np.nan, phase)
    largest = float(np.nanmax(np.abs(phase), initial=0.0))
    if meaning.unit:
        if largest > _TURN:
            written = largest / abs(meaning.scale)
            raise file.error(
                f"{meaning.name!r} holds {written:.4g} {meaning.unit}, more than a turn: mend its unit"
            )
        if meaning.unit == "grad" and _GOOD * _misfit(chosen, np.radians(0.9 * phase)) < _misfit(
            chosen, np.radians(phase)
        ):
            raise file.error(
                f"{meaning.name!r} seems to be in gons, of which 400 make a turn: write gon or deg"
            )
        return np.radians(phase)
    if largest > 2 * np.pi:
        chosen.notes.append("phase in degrees (it exceeds 2 pi)")
        return np.radians(phase)
    fit = {
        name: _misfit(chosen, angle) for name, angle in (("degrees", np.radians(phase)), ("radians", phase))
    }
    best = min(fit, key=lambda name: fit[name])
    why = "the other unit does not fit the other columns"
    other = min(value for name, value in fit.items() if name != best)
    by_columns = chosen.has_all("real", "imag")
    unclear = not fit[best] < _AGREE or other < max(_GOOD * fit[best], 0.0 if by_columns else _NEARLY_REAL)
    if _OF_LABONE.fullmatch(meaning.name) and (unclear or not fit["radians"] > _AGREE):
        best, why, unclear = "radians", "as LabOne's are", False
    if unclear:
        if len(set(file.angles)) != 1:
            raise file.error(
                f"the phase column {meaning.name!r} may be degrees or radians: name the unit in its header"
            )
        best, why = file.angles[0], "as another phase in the file is"
    file.angles.append(best)
    chosen.notes.append(f"phase in {best} ({why})")
    return np.radians(phase) if best == "degrees" else phase


def _misfit(chosen: Chosen, angle: FloatArray) -> float:
    """Distance of the angle from what the other columns, else Kramers-Kronig, say."""
    if chosen.has_all("real", "imag"):
        z = chosen["real"] + 1j * np.abs(chosen["imag"])
        rows = np.isfinite(z) & (z != 0) & np.isfinite(angle)
        return float(np.median(np.abs(np.abs(np.sin(angle[rows])) - z[rows].imag / np.abs(z[rows]))))
    if "modulus" not in chosen:
        return float("inf")
    return misfit(chosen["frequency"], from_polar(chosen["modulus"], angle))

"""What the numbers say of how a file was read: another reading that suits them, columns that disagree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, from_polar, median
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.units import PER_AREA
from eisfit.spectra.readers.names.words import IN_OHM, PARTS
from eisfit.spectra.readers.sign import SignTest, misfit

#: Median relative residuals of Kramers-Kronig. Of 404 spectra in public files 387 lie below 5 %, one more
#: below 10 %; but for two the 16 others are simulated, scrambled or toys: their authors say so.
DOUBTFUL = 0.04
NOTHING = 0.1
#: Above it another reading that fits so much better is told, below DOUBTFUL.
TELLS = 0.01
#: Another reading counts where it fits so well, and so many times better.
FITS = 0.03
BETTER = 5.0
#: What noise may hide: so small a phase, or a modulus for the real part.
_RADIANS, _MODULUS = "a phase in radians", "modulus and imaginary part"
#: Columns agree within the digits they are printed with; a factor between them that is constant within this
#: tells a wrong unit where it is a power of a thousand, or of 2 pi.
_SAME = 0.02
_TWO_PI = "a factor of 2 pi"
_FACTORS = {_TWO_PI: 2 * np.pi, "a factor of 1000": 1e3, "a factor of 1e6": 1e6, "a factor of 1e9": 1e9}
HALF_TURNS = "a phase that is 180 degrees off in places, as an arctangent's is"
_OMEGA = regex(r"[wω]|omega", re.IGNORECASE)
_FEWEST = 5
_LARGEST_DECIBEL = 300.0
_LARGEST_LOG = 11  # of a frequency in hertz


def find_likelier(
    frequency: FloatArray, impedance: ComplexArray, test: SignTest, doubtful: float = DOUBTFUL
) -> str:
    """Return what else the two columns of numbers seem to be, where Kramers-Kronig does not hold as read.

    Parameters
    ----------
    frequency
        (F,) Hz, as read.
    impedance
        (F,) ohm, as read: a column each for the two parts, or for modulus and phase.
    test
        Of the impedance as read.
    doubtful
        Residual below which the reading chosen holds.

    Returns
    -------
    str
        The reading that fits, in words; empty where none does, or the one chosen holds.
    """
    if test.misfit < doubtful:
        return ""
    best, words = min(test.misfit / BETTER, FITS), ""
    for name, f, z in _iterate_readings(frequency, impedance):
        if doubtful < DOUBTFUL and name not in (_RADIANS, _MODULUS):
            continue
        if (found := misfit(f, z)) < best:
            best, words = found, name
    return words


def _iterate_readings(f: FloatArray, z: ComplexArray) -> Iterator[tuple[str, FloatArray, ComplexArray]]:
    """Yield what the numbers may be instead."""
    good = np.isfinite(z) & np.isfinite(f)
    f, z = f[good], z[good]
    a, b, angle = z.real, z.imag, np.angle(z)
    size = float(np.abs(b).max(initial=0.0))
    yield "imaginary and real part", f, b + 1j * a
    if (a >= np.abs(b)).all():
        yield _MODULUS, f, np.sqrt(a**2 - b**2) + 1j * b
    if a.min(initial=0.0) >= 0 and size <= 180:
        yield "modulus and phase in degrees", f, from_polar(a, np.radians(b))
    if a.min(initial=0.0) >= 0 and size <= np.pi:
        yield "modulus and phase in radians", f, from_polar(a, b)
    yield from [(HALF_TURNS, f, np.where(a < 0, -z, z))] * bool((a < 0).any() and (a > 0).any())
    degrees = np.degrees(angle)
    if np.abs(degrees).max(initial=0.0) <= np.pi:
        yield _RADIANS, f, from_polar(np.abs(z), degrees)
    yield "a phase in milliradians", f, from_polar(np.abs(z), degrees / 1000)
    yield "a phase in degrees", f, from_polar(np.abs(z), np.radians(angle))
    if np.abs(np.log10(np.abs(z[z != 0]))).max(initial=0.0) < 1:
        yield "the logarithm of the modulus", f, from_polar(10.0 ** np.abs(z), angle)
    if np.abs(z).max(initial=0.0) < _LARGEST_DECIBEL:
        yield "decibels of the modulus", f, from_polar(10.0 ** (np.abs(z) / 20), angle)
    if f.max(initial=0.0) <= _LARGEST_LOG:
        yield "the logarithm of the frequency", np.asarray(10.0**f, np.float64), z


#: What other columns must hold of an impedance (omega, Z): Keysight, Impedance Measurement Handbook, 1-2.
_FOLLOWS: dict[str, Callable[[FloatArray, ComplexArray], FloatArray]] = {
    "modulus": lambda _, z: np.abs(z),
    "admittance_modulus": lambda _, z: 1 / np.abs(z),
    "admittance_real": lambda _, z: (1 / z).real,
    "admittance_imag": lambda _, z: (1 / z).imag,
    "R_parallel": lambda _, z: 1 / (1 / z).real,
    "C_parallel": lambda w, z: (1 / z).imag / w,
    "C_series": lambda w, z: -1 / (w * z.imag),
    "L_series": lambda w, z: z.imag / w,
    "L_parallel": lambda w, z: -1 / (w * (1 / z).imag),
}


def find_misnamed_frequency(chosen: Chosen, columns: Mapping[int, Column], matrix: FloatArray) -> str:
    """Return the column that runs like a frequency where the one that is called so does not; empty: none.

    A sweep of equal steps of log f over a decade or more is no chance; numbers that are counted, turn back or
    take steps of very different lengths are no such sweep.
    """
    frequency = chosen["frequency"]
    if _is_geometric(frequency) or not _is_uneven(frequency):
        return ""
    others = (c.name for i, c in columns.items() if i < matrix.shape[1] and _is_geometric(matrix[:, i]))
    return next(others, "")


def _is_geometric(values: FloatArray) -> bool:
    """Whether numbers run in equal steps of their logarithm, over a decade."""
    if values.size < _FEWEST or not (np.isfinite(values).all() and (values > 0).all()):
        return False
    steps = np.diff(np.log(values))
    return bool(np.ptp(steps) < _SAME * np.abs(steps).min() and abs(steps.sum()) > np.log(10))


def _is_uneven(values: FloatArray) -> bool:
    """Whether numbers are counted, or do not run one way in steps of a like length."""
    steps = np.diff(np.log(values)) if (values > 0).all() else np.zeros(1)
    return bool((np.diff(values) == 1).all() or np.ptp(steps) > np.abs(median(steps)))


def find_conflict(chosen: Chosen, z: ComplexArray, columns: Mapping[int, Column], matrix: FloatArray) -> str:
    """Return which column of the same thing contradicts those that were taken, and by what; empty where none.

    Parameters
    ----------
    chosen
        The columns that were taken.
    z
        (rows,) ohm, made of them.
    columns
        The meaning of all columns, by place.
    matrix
        (rows, columns) as written.
    """
    told = (
        _compare_repeated(chosen, columns, matrix)
        or _compare_moduli(chosen, columns, matrix)
        or _compare_derived(chosen, z)
    )
    if not told:
        return ""
    names = [chosen.columns[q].name for q in ("frequency", *PARTS) if q in chosen]
    name, words = told
    return f"{name!r} contradicts {', '.join(map(repr, (n for n in names if n != name)))} by {words}"


def _compare_repeated(
    chosen: Chosen, columns: Mapping[int, Column], matrix: FloatArray
) -> tuple[str, str] | None:
    """Compare columns of the same quantity: ``f`` and ``omega``, an impedance in two units."""
    for place, named in columns.items():
        is_omega = not named.quantity and _OMEGA.fullmatch(named.name.strip())
        meaning = replace(named, quantity="frequency", scale=1 / (2 * np.pi)) if is_omega else named
        taken = chosen.columns.get(meaning.quantity)
        own_column = taken is meaning and meaning.quantity != "frequency"  # alike named ones are one object
        if taken is None or own_column or meaning.base or meaning.label != taken.label:
            continue
        if meaning.quantity not in ("frequency", "real", "imag") or place >= matrix.shape[1]:
            continue
        if bool(PER_AREA.search(meaning.unit)) != bool(PER_AREA.search(taken.unit)):
            continue  # an area may be any factor
        values, own = matrix[:, place] * meaning.scale, chosen[meaning.quantity]
        if words := _describe_factor(values, own):
            return meaning.name, words
        twice = meaning.quantity == "frequency" and meaning.name == taken.name  # a part over each
        if twice and not np.allclose(values, own, rtol=_SAME, equal_nan=True):
            return f"another column {meaning.name}", "more than two per cent"
    return None


def _compare_moduli(
    chosen: Chosen, columns: Mapping[int, Column], matrix: FloatArray
) -> tuple[str, str] | None:
    """Compare columns that are called a modulus alike: parts whose primes a program left out are so."""
    taken = chosen.columns.get("modulus")
    if taken is None or chosen.has_all("real", "imag"):
        return None
    for place, meaning in columns.items():
        alike = meaning.quantity == "modulus" and not meaning.base
        values = matrix[:, place] * meaning.scale if alike else None
        if values is None or (chosen.codes is not None and np.allclose(values, chosen.codes, rtol=1e-3)):
            continue
        if words := _describe_factor(values, chosen["modulus"], whole=True):
            return f"another column {meaning.name}", words
    return None


def _compare_derived(chosen: Chosen, z: ComplexArray) -> tuple[str, str] | None:
    """Compare the impedance with what else follows from one: modulus, admittance, equivalent circuits."""
    omega = 2 * np.pi * chosen["frequency"]
    for quantity in (q for q in _FOLLOWS if q in chosen):
        expected = _FOLLOWS[quantity](omega, z)
        words = _describe_factor(chosen[quantity], expected, whole=quantity == "modulus")
        if quantity == "modulus" and not words and _is_smaller(chosen[quantity], z):
            words = "being less than the real part"
        # Capacitances are written in F under any prefix: against a unit that is told they prove none.
        if words and (words == _TWO_PI or quantity[1:2] != "_" or not _has_unit(chosen)):
            return chosen.columns[quantity].name, words
    return None


def compare_modulus(chosen: Chosen, z: ComplexArray) -> str:
    """Return that a modulus column is a constant times that of the parts, where no unit says why; or empty.

    An area may be, in either column.
    """
    held = [chosen.columns[q] for q in ("modulus", "real", "imag") if q in chosen]
    if len(held) < 3 or any(PER_AREA.search(meaning.unit) for meaning in held):
        return ""
    ratio = chosen["modulus"] / np.abs(z)
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    typical = float(median(ratio)) if ratio.size >= _FEWEST else 1.0
    if abs(typical - 1) < _SAME or float(median(np.abs(ratio / typical - 1))) > _SAME:
        return ""
    name, *parts = (meaning.name for meaning in held)
    words = f"although {name!r} is {typical:.4g} times as large (an area?)"
    return f"{' and '.join(parts)} hold the impedance, {words}"


def _is_smaller(modulus: FloatArray, z: ComplexArray) -> bool:
    """Whether a modulus that is nearly right is less than the real part in nine points of ten."""
    good = np.isfinite(z) & np.isfinite(modulus) & (z != 0) & (np.abs(z.imag) > 1e-3 * np.abs(z))
    if good.sum() < _FEWEST:
        return False
    ratio, share = modulus[good] / np.abs(z[good]), modulus[good] / np.abs(z.real[good])
    return bool(abs(float(median(ratio)) - 1) < _SAME and np.mean(share < 1) > 0.9)


def _has_unit(chosen: Chosen) -> bool:
    return any(chosen.columns[part].unit for part in IN_OHM if part in chosen.columns)


def _describe_factor(values: FloatArray, expected: FloatArray, *, whole: bool = False) -> str:
    """Return by what numbers are off, where it is the factor of a unit, or where `whole` no factor at all."""
    ratio = np.abs(values / expected)
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    if ratio.size < _FEWEST:
        return ""
    typical = float(median(ratio))
    if float(median(np.abs(ratio / typical - 1))) > _SAME:
        return "more than a constant factor" if whole else ""
    return next(
        (words for words, k in _FACTORS.items() if min(abs(typical / k - 1), abs(typical * k - 1)) < _SAME),
        "",
    )

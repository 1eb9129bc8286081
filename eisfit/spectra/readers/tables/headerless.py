"""Which column is which where no header tells: the usual order, or another one that Kramers-Kronig proves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, drop_nan, from_polar, median, relative_differences
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.sign import SignTest, kramers_kronig_sign
from eisfit.spectra.readers.tables.headerless_order import find_only_order, find_orders, is_angular
from eisfit.spectra.readers.tables.sweeps import (
    has_triplets,
    is_spaced_like_sweep,
    looks_like_frequency,
    looks_like_sweep,
    runs_one_way,
)

_FEWEST_ROWS = 3
_LARGEST_LOG = 11  # of a frequency in hertz
_EXACT = 0.002  # residuals below tell nothing
_BETTER = 2.0  # so much better must other columns obey than those in front
_LIKELIER = 0.25  # an order that fits so much better than the one taken is asked for
_CLEARLY = 0.3  # another order must fit this much better than the usual one
_BROKEN = 0.1  # residual that no order of the columns explains
_APART = 0.02
_ROUNDED = 0.06  # between frequencies written with two digits and with more
_SMALLEST, _LARGEST = 1e-6, 1e13  # ohm, typical of a spectrum: a bus bar's, a film's of quartz
_MOST, _OF_AN_INDUCTOR = 0.9, np.pi / 3  # of the points; phase at the highest frequency
_POLAR = ("frequency", "modulus", "phase")
#: Units of a phase in radians, and up to which number it may be that of a passive system.
_ANGLES = {"degrees": (np.pi / 180, 91), "radians": (1.0, 1.6)}
_IMPEDANCE = regex(
    r"imped[ae]n|(?<![^\W_])EIS(?![^\W_])|nyquist|ohms?(?![^\W_])|Ω|(?<![^\W_])Z(?![^\W\d_])", re.IGNORECASE
)
_NAME = regex(r"[^\W\d][^:=]{0,24}")
_SPEAKERS = ".zma"  # their programs write frequency, modulus, phase in degrees


@dataclass(frozen=True)
class Reading:
    """One way of reading three columns.

    Parameters
    ----------
    words
        The order in words.
    columns
        Meaning, by position.
    test
        How well the impedance so read obeys Kramers-Kronig; None: too few points.
    frequency
        (rows,) Hz, so read.
    impedance
        (rows,) ohm, so read.
    beside
        Columns of further spectra beside this one.
    """

    words: str
    columns: dict[int, Column]
    test: SignTest | None
    frequency: FloatArray
    impedance: ComplexArray
    beside: tuple[dict[int, Column], ...] = ()

    @property
    def place(self) -> int:
        """Of the frequency's column."""
        return next(i for i, meaning in self.columns.items() if meaning.quantity == "frequency")

    @property
    def proven(self) -> bool:
        """Whether the data obey Kramers-Kronig with one sign and not with the other."""
        return self.test is not None and self.test.verdict != 0

    @property
    def misfit(self) -> float:
        """Residual with the better sign."""
        return np.inf if self.test is None else self.test.misfit


def read_headerless(file: File, matrix: FloatArray, above: Sequence[str] = ()) -> Reading:
    """Return how to read a table without header, below the lines `above`.

    Raises
    ------
    ReadError
        When there are not three columns, or no order makes sense.
    """
    if matrix.shape[1] > max(12, matrix.shape[0]) and not has_triplets(matrix):
        raise file.error(
            f"a matrix of {matrix.shape[0]} x {matrix.shape[1]} numbers without frequencies: "
            "give them, read(path, frequency=...)"
        )
    bare = _describe_lost_names(above, matrix.shape[1])
    start = 1 if matrix.shape[1] >= 4 and _is_index(matrix[:, 0]) else 0
    if matrix.shape[1] - start < 3:
        raise file.error(f"a table {bare} needs three columns: frequency, real part, imaginary part")
    extra = matrix.shape[1] - start > 3
    readings = _list_readings(matrix, start, _is_of_speaker(file))
    moved = [] if any(one.proven for one in readings) or not extra else _find_moved(matrix, start)
    readings = moved or readings
    if not readings:
        raise file.error(
            f"a table {bare} must start with the frequency, but the numbers of its first column "
            "are none: add a header line such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm'"
        )
    chosen = _select_best(readings)
    _refuse_likelier(file, chosen, readings, bare)
    if extra and not moved:
        _refuse_moved(file, matrix, start, chosen)
    _refuse_constant(file, matrix, chosen, bare)
    place = chosen.place
    if _may_be_logarithms(matrix[:, place]):
        raise file.error(
            f"a table {bare}, the first numbers of which may be frequencies or their logarithms: "
            "add a header line, 'frequency_Hz' or 'log_f'"
        )
    spaced = is_spaced_like_sweep(matrix[:, place]) and not _has_two_kinds(chosen, matrix, start)
    if extra and not chosen.proven and not _has_modulus(matrix, start):
        raise file.error(
            f"{matrix.shape[1]} columns {bare}, and the first three are no impedance spectrum "
            "that obeys Kramers-Kronig: add a header line such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm'"
        )
    shown = _is_of_speaker(file) or (extra and spaced and _has_modulus(matrix, start))
    if not shown and (why := _explain_lost_proof(file, chosen, spaced, above)):
        raise file.error(f"{matrix.shape[1]} columns {bare}, and {why}")
    beside = _find_further_spectra(file, matrix, start, chosen) if extra and not moved else ()
    aside = 0 if beside else matrix.shape[1] - start - 3
    words = f"{chosen.words}, {aside} more left aside" if aside else chosen.words
    return replace(chosen, beside=beside, words=words)


def _describe_lost_names(above: Sequence[str], width: int) -> str:
    """Return how a table lacks names, in words: without a header, or below words that name no columns."""
    line = next((line.strip(" #%;,\t") for line in reversed(above) if line.strip()), "")
    words = [word.strip('" ') for word in re.split(r"[,;\t]" if re.search(r"[,;\t]", line) else r"\s+", line)]
    named = len(words) > 1 and 2 * len(words) > width > 2 and all(map(_NAME.fullmatch, words))
    return f"whose names, {quote(line)}, are not understood" if named else "without a header"


def _explain_lost_proof(file: File, chosen: Reading, spaced: bool, above: Sequence[str]) -> str:
    """Return why nothing shows that numbers are a spectrum, with the cure; empty where something does.

    The user's word does, the file's name or a line above the table does, and Kramers-Kronig, which few other
    things over a frequency obey.
    """
    said = file.reading.impedance_unit or file.reading.imag_sign != "auto"
    told = any(map(_IMPEDANCE.search, [Path(file.name).name, *above]))
    if spaced and (said or told):
        return ""
    cure = "add a header line such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm'"
    cure += f", or say the sign of the third, --imag-sign + or - (taken then as {chosen.words})" * spaced
    proven = chosen.proven and _positive_share(chosen) > 0.5
    if not (proven or (spaced and _is_likely(chosen))):
        return f"nothing proves that they are frequency and impedance (Kramers-Kronig does not): {cure}"
    size = float(median(drop_nan(np.abs(chosen.impedance))))
    if not _SMALLEST < size < _LARGEST:
        return f"{size:.2g} ohm is no impedance of a cell's: {cure}"
    if _grows_like_moduli(chosen):
        return f"they may be storage and loss modulus, or an inductor's impedance: {cure}"
    return ""


def _is_likely(chosen: Reading) -> bool:
    """Whether numbers obey Kramers-Kronig better with one sign, or are too few and capacitive as written."""
    if chosen.test is not None:
        return chosen.test.likely != 0 and _positive_share(chosen) > _MOST
    z = _sort_by_frequency(chosen)
    return bool((z.real > 0).all() and (z.imag < 0).all() and (np.diff(np.abs(z)) < 0).all())


def _positive_share(chosen: Reading) -> float:
    """Return the share of points whose real part is positive."""
    return float(np.mean(chosen.impedance[np.isfinite(chosen.impedance)].real > 0))


def _sort_by_frequency(chosen: Reading) -> ComplexArray:
    """Return the impedance in the order of the frequencies, without what is missing."""
    good = np.isfinite(chosen.impedance)
    return chosen.impedance[good][np.argsort(chosen.frequency[good], kind="stable")]


def _grows_like_moduli(chosen: Reading) -> bool:
    """Whether numbers are inductive all over, and not the more so the higher f, as an inductor is."""
    if chosen.test is None:
        return False
    z = _sort_by_frequency(chosen)
    z = z if chosen.test.as_written < chosen.test.turned else z.conj()
    (low, high), inductive = np.angle(z[[0, -1]]), float(np.mean(z.imag > 0)) > _MOST
    return inductive and bool(abs(z[-1]) > abs(z[0]) and high < max(low, _OF_AN_INDUCTOR))


def _has_two_kinds(chosen: Reading, matrix: FloatArray, start: int) -> bool:
    """Whether two columns that break Kramers-Kronig differ as capacitances and resistances do."""
    b, c = (np.abs(matrix[:, start + i]) for i in (1, 2))
    (b_low, b_high), (c_low, c_high) = (
        (np.nanmin(v, initial=np.inf), np.nanmax(v, initial=0.0))
        for v in (b, c)  # a column may be empty
    )
    apart = b_high < _APART * c_low or c_high < _APART * b_low
    return bool(apart and chosen.test is not None and chosen.misfit > _BROKEN)


def _is_of_speaker(file: File) -> bool:
    return file.name.lower().endswith(_SPEAKERS)


def _find_further_spectra(
    file: File, matrix: FloatArray, start: int, chosen: Reading
) -> tuple[dict[int, Column], ...]:
    """Return the columns of further spectra, each behind frequencies of its own.

    Raises
    ------
    ReadError
        When columns may be another spectrum, and nothing tells which.
    """
    width, place = matrix.shape[1], chosen.place
    again = [i for i in range(start + 3, width) if _begins_another(matrix, i, place)]
    if again:
        period = again[0] - place
        if again != list(range(place + period, width, period)) or (width - start) % period:
            raise file.error(
                f"column {again[0] + 1} holds frequencies again, and nothing tells which columns are a "
                "spectrum's: add a header line such as 'f_A,Z_real_A,Z_imag_A,f_B,Z_real_B,Z_imag_B'"
            )
        return tuple(
            {k + i - place: replace(c, name=f"column {k + i - place + 1}") for k, c in chosen.columns.items()}
            for i in again
        )
    for i in range(start + 3, width - 1, 2):
        parts = matrix[:, i] + 1j * matrix[:, i + 1]
        if any(_is_same(way, chosen.impedance) for way in (parts, parts.conj())):
            continue
        test = kramers_kronig_sign(matrix[:, start], parts)
        if (width - start) % 2 and test is not None and test.verdict and not _has_modulus(matrix, start):
            raise file.error(
                f"columns {i + 1} and {i + 2} may be another spectrum at the same frequencies: "
                "add a header line such as 'f,Z_real_A,Z_imag_A,Z_real_B,Z_imag_B'"
            )
    return ()


def _is_same(values: ComplexArray | FloatArray, others: ComplexArray | FloatArray) -> bool:
    """Whether numbers are others as they were read before, but for a few of them."""
    off = relative_differences(values, others)
    return bool(off.size and median(off) < 0.01)


def _begins_another(matrix: FloatArray, index: int, place: int) -> bool:
    """Whether a column holds the frequencies again, rounded or fewer, or others of an impedance behind it."""
    f, first = matrix[:, index], matrix[:, place]
    off = relative_differences(f, first)
    if off.size >= _FEWEST_ROWS and off.max() < _ROUNDED:
        return True
    if index + 2 >= matrix.shape[1] or not looks_like_sweep(f):
        return False
    test = kramers_kronig_sign(f, matrix[:, index + 1] + 1j * matrix[:, index + 2])
    return test is not None and test.verdict != 0


def _may_be_logarithms(values: FloatArray) -> bool:
    """Whether numbers lie between those of log f and are spaced as evenly, by less than half a decade."""
    steps = np.abs(np.diff(drop_nan(values)))
    if steps.size < _FEWEST_ROWS or np.abs(drop_nan(values)).max() > _LARGEST_LOG:
        return False
    return bool(np.ptp(steps) < 1e-3 * steps.max() and steps.max() < 0.5)


def _list_readings(matrix: FloatArray, start: int, of_speaker: bool) -> list[Reading]:
    """Return the possible readings, the usual order first."""
    a, b, c = (matrix[:, start + i] for i in range(3))
    if of_speaker and _is_positive(b):
        words = "frequency, |Z|, phase in degrees, as .zma files are"
        return [_read_as(words, start, _POLAR, a, from_polar(b, np.radians(c)))]
    found = []
    if looks_like_frequency(a):
        found.append(_read_as("frequency, Z', Z''", start, ("frequency", "real", "imag"), a, b + 1j * c))
        # with the phase first it is the usual order where b is a part of an impedance too
        for modulus, angle, names in ((b, c, _POLAR), (c, b, ("frequency", "phase", "modulus"))):
            for unit, (size, most) in _ANGLES.items():
                if _is_positive(modulus) and np.nanmax(np.abs(angle), initial=0.0) <= most:
                    called = {"modulus": "|Z|", "phase": f"phase in {unit}"}
                    words = ", ".join(called.get(name, name) for name in names)
                    found.append(
                        _read_as(words, start, names, a, from_polar(modulus, size * angle), angle=unit)
                    )
    if looks_like_frequency(c):
        found.append(_read_as("Z', Z'', frequency", start, ("real", "imag", "frequency"), c, a + 1j * b))
    usual = "Z', Z'', frequency" if _has_sweep_last(a, b, c) else "frequency, Z', Z''"
    return [reading for reading in found if reading.proven or reading.words == usual]


def _has_sweep_last(a: FloatArray, b: FloatArray, c: FloatArray) -> bool:
    """Whether the last of three columns alone is a sweep, and those before it are no modulus and phase."""
    parts = np.nanmin(a, initial=np.inf) < 0 or np.nanmax(np.abs(b), initial=0.0) > 91
    return bool(parts and runs_one_way(c) and is_spaced_like_sweep(c) and not looks_like_frequency(a))


def _is_positive(values: FloatArray) -> bool:
    return bool(np.nanmin(values, initial=np.inf) > 0)


def _read_as(
    words: str, start: int, names: tuple[str, ...], f: FloatArray, z: ComplexArray, *, angle: str = "degrees"
) -> Reading:
    columns = {}
    for place, name in enumerate(names, start):
        scale, unit = (np.degrees(_ANGLES[angle][0]), angle[:3]) if name == "phase" else (1.0, "")
        columns[place] = Column(f"column {place + 1}", name, scale, unit)
    return Reading(words, columns, kramers_kronig_sign(f, z), f, z)


def _find_moved(matrix: FloatArray, start: int) -> list[Reading]:
    """Return the reading whose columns stand elsewhere than in front; none where nothing proves it."""
    order = find_only_order(matrix, find_orders(matrix, start))
    if order is None:
        return []
    f, a, b = (matrix[:, i] for i in order.places)
    words = "columns {}, {}, {}: frequency, Z', Z''".format(*(i + 1 for i in order.places))
    found = _read_as(words, 0, ("frequency", "real", "imag"), f, a + 1j * b)
    columns = {
        i: replace(c, name=f"column {i + 1}")
        for i, c in zip(order.places, found.columns.values(), strict=True)
    }
    return [replace(found, columns=columns)]


def _select_best(readings: list[Reading]) -> Reading:
    best = min(readings, key=lambda reading: reading.misfit)
    usual = readings[0]
    clearly = best.misfit < _CLEARLY * usual.misfit and usual.misfit > 0.01
    return best if clearly else usual


def _refuse_likelier(file: File, chosen: Reading, readings: list[Reading], bare: str) -> None:
    """Refuse the usual order where another fits much better, and neither is exact."""
    for other in readings:
        if chosen.misfit > _EXACT and other.misfit < _LIKELIER * chosen.misfit:
            raise file.error(f"a table {bare} that may be {chosen.words} or {other.words}: add a header line")


def _refuse_moved(file: File, matrix: FloatArray, start: int, chosen: Reading) -> None:
    """Refuse angular frequencies beside frequencies, and parts that obey worse than others behind them.

    A time in front of the parts may obey half: nothing else shows that it is none.
    """
    cure = "add a header line such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm'"
    if is_angular(matrix, chosen.place, range(start, matrix.shape[1])):
        raise file.error(f"column {chosen.place + 1} is 2 pi times another one, an angular frequency: {cure}")
    orders = find_orders(matrix, start) if chosen.misfit > _EXACT else []
    if orders and _BETTER * orders[0].misfit < chosen.misfit and set(orders[0].places) != set(chosen.columns):
        where = "{}, {} and {}".format(*(i + 1 for i in orders[0].places))
        raise file.error(
            f"{matrix.shape[1]} columns without a header: {where} may be frequency and impedance: {cure}"
        )


def _is_index(values: FloatArray) -> bool:
    steps = np.diff(values)
    return bool(
        values.size > 2
        and min(values[0], values[-1]) in (0, 1)
        and abs(steps.sum()) == steps.size
        and (np.abs(steps) == 1).all()
    )


def _has_modulus(matrix: FloatArray, start: int) -> bool:
    """Whether a column behind the first three holds the modulus of the two parts."""
    modulus = np.hypot(matrix[:, start + 1], matrix[:, start + 2])
    return any(_is_same(other, modulus) for other in matrix[:, start + 3 :].T)


def _refuse_constant(file: File, matrix: FloatArray, reading: Reading, bare: str) -> None:
    for place, meaning in reading.columns.items():
        values = matrix[:, place]
        known = values[np.isfinite(values)]
        if matrix.shape[0] > _FEWEST_ROWS and (known.size == 0 or known.max() == known.min()):
            raise file.error(
                f"a table {bare}, of which {meaning.name} never changes, "
                "cannot be frequency, real part, imaginary part: add a header line"
            )

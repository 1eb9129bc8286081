"""From what a reader found in a file to frozen spectra: zeros dropped, repeats treated, all of it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, FloatArray, median
from eisfit.errors import ReadError, SpectrumError
from eisfit.records import dataclass
from eisfit.spectra.cycle_numbers import FROM_LABEL, FROM_SHEET, find_label_cycle
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import MAX_SWEEPS, File
from eisfit.spectra.spectrum import ASSUMED, TURNED, Spectrum

_OF_SIGN = regex(rf"imaginary sign:|{ASSUMED} the imaginary part is positive")
#: Begins the note on a unit that the user gave.
GIVEN_UNIT = "impedance unit as given:"
GIVEN_SIGN = "imaginary sign as given:"
#: Ends the note on rows that hold what analysers write where they could not measure.
OVER_RANGE = "with the instrument's mark for over-range"
#: What analysers write where they could not measure: 9.9E+37, 9.91E+37 (SCPI), 9.99999E+28, 9.99999E+99.
_OVER_RANGE, _NINES = 1e18, 9.8
_LONE = 1e6  # times as large as most others

# Above this no electrochemical impedance is measured: a misread decimal comma or an Excel accident.
_HIGHEST_FREQUENCY = 1e11
_FAR, _FEWEST_BESIDE = np.log(100.0), 5  # of |Z| from one point to the next; points
_MOST_COMPARED, _ROUNDED = 20, 1e-5  # sweeps; relative
_CONVERTED = 1e-3  # relative: what four digits, and a tenth of a degree, leave of |Z| and phase
_CONDITIONS = ("cycle", "temperature_C", "potential_V")
#: Begins the note on a sweep that the file holds once more, in another form.
COPY_LEFT = "left aside: the same sweep in another form"
_DRIFT, _OF_RESONATORS = 1e-3, 2e4  # relative; Hz, above which a sweep may be as narrow
_NARROW = 0.005  # relative: the range of a sweep over a resonance, or a drift
_NEAR = np.log(10.0)  # of f: a capacitor's |Z| changes as much as f
# Points measured again at the same frequency, as bands share some, that differ less are averaged unasked.
_SAME, _FEW_TWICE, _SHARE_TWICE = 0.008, 3, 0.08


@dataclass(frozen=False)
class Sweep:
    """One sweep as written in the file: any order, zeros and gaps included.

    Parameters
    ----------
    frequency
        (F,) Hz.
    impedance
        (F,) complex, ohm.
    noise
        (F,) ohm, where the file has it.
    times
        (F,) s of each point, where the file has them.
    cycle, time_s, temperature_C, potential_V
        Conditions, where the file has them.
    metadata
        What else the file says.
    notes
        What the reader decided.
    sign
        Of the imaginary part where the file does not say it: +1 as written or -1 turned, as the data prove;
        0 as written, for want of a proof. None: the file says it.
    form
        What the columns hold and in what scale; empty where that is not known.
    """

    frequency: NDArray[np.float64]
    impedance: NDArray[np.complex128]
    noise: NDArray[np.float64] | None = None
    times: NDArray[np.float64] | None = None
    cycle: float | None = None
    time_s: float | None = None
    temperature_C: float | None = None
    potential_V: float | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sign: int | None = None
    form: frozenset[tuple[str, float, float]] = frozenset()

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Keep the rows where `mask` is true."""
        self.frequency, self.impedance = self.frequency[mask], self.impedance[mask]
        self.noise = None if self.noise is None else self.noise[mask]
        self.times = None if self.times is None else self.times[mask]


class ManySweepsError(ReadError):
    """More sweeps than a spectrum file may hold."""


def refuse_many(file: File, number: int) -> None:
    """Refuse more than `MAX_SWEEPS` sweeps.

    Raises
    ------
    ManySweepsError
        Where there are more.
    """
    if number > MAX_SWEEPS:
        raise ManySweepsError(
            f"{file.name}: more than {MAX_SWEEPS} sweeps: is its first column the frequency?"
        )


def asks_for_unit(error: ReadError) -> bool:
    """Whether an error asks the user for a unit: there is a spectrum, which is not to be left out."""
    return "--impedance-unit" in str(error)


def drop_notes(sweeps: Iterable[Sweep], begin: str) -> None:
    """Leave out the notes that begin so."""
    for sweep in sweeps:
        sweep.notes = [note for note in sweep.notes if not note.startswith(begin)]


def plural(number: int, thing: str) -> str:
    """Return ``1 point`` or ``2 points``.

    >>> plural(1, "point"), plural(2, "point")
    ('1 point', '2 points')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def make_spectra(file: File, sweeps: Iterable[Sweep]) -> tuple[Spectrum, ...]:
    """Turn `sweeps` into spectra, leaving out empty ones.

    Raises
    ------
    ReadError
        When nothing is left, or a sweep's numbers are no spectrum.
    """
    sweeps = list(sweeps)
    refuse_many(file, len(sweeps))
    for sweep in sweeps:
        _drop_rows(file, sweep)
    _agree_on_sign(sweeps)
    filled = [sweep for sweep in sweeps if sweep.frequency.size]
    _refuse_points(file, filled)
    empty = f", and {len(sweeps) - len(filled)} without a point" * (len(sweeps) > len(filled))
    filled = _drop_copied_sweeps(filled)
    spectra: list[Spectrum] = []
    for sweep in filled:
        _refuse_drift(file, sweep)
        if len(filled) > 1 or empty:
            sweep.notes.append(f"the file holds {plural(len(filled), 'sweep')}{empty}")
        _name_cycle(sweep)
        _note_doubts(sweep)
        _note_outliers(sweep)
        spectra.append(_make_spectrum(file, sweep, len(spectra), file.reading.average_duplicates))
    if not spectra:
        raise file.error("no row with a frequency and a finite impedance")
    return tuple(spectra)


def _drop_copied_sweeps(sweeps: Sequence[Sweep]) -> list[Sweep]:
    """Return the sweeps without those that are another in another form: parts, modulus, kiloohm; it is said.

    Of two with the same numbers in the same form (pasted twice, or cells as alike) both are kept, and told.
    """
    kept: list[Sweep] = []
    for sweep in sweeps:
        before = range(max(0, len(kept) - _MOST_COMPARED), len(kept))
        first = next((i for i in before if _is_copy(kept[i], sweep)), None)
        if first is None:
            kept.append(sweep)
        elif _is_converted(kept[first], sweep):
            name = next(
                (f"({sweep.metadata[key]!r})" for key in ("label", "sheet") if key in sweep.metadata), ""
            )
            kept[first].notes.append(" ".join(f"{COPY_LEFT} {name}".split()))
        else:
            kept.append(sweep)
            told = f"although spectrum {first + 1} has the same numbers"
            sweep.notes.append(f"{ASSUMED} it is one of its own, {told}")
    return kept


def _is_copy(one: Sweep, other: Sweep) -> bool:
    """Whether two sweeps have the same numbers but for how they are rounded, more so in another form."""
    if one.frequency.size != other.frequency.size or one.frequency.size < _FEWEST_BESIDE:
        return False
    near = _CONVERTED if _is_converted(one, other) else _ROUNDED
    if abs(one.impedance.sum() - other.impedance.sum()) > near * np.abs(one.impedance).sum():
        return False  # quick, for a thousand of them
    order, place = (np.argsort(sweep.frequency, kind="stable") for sweep in (one, other))
    f, z = one.frequency[order], one.impedance[order]
    same = np.abs(other.frequency[place] - f) <= near * f
    return bool((same & (np.abs(other.impedance[place] - z) <= near * np.abs(z))).all())


def _is_converted(one: Sweep, other: Sweep) -> bool:
    """Whether two sweeps are written in two forms, and nothing says that their conditions differ."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in _CONDITIONS]
    alike = all(None in pair or pair[0] == pair[1] for pair in pairs)
    return alike and bool(one.form and other.form) and one.form != other.form


def _name_cycle(sweep: Sweep) -> None:
    """Give a sweep the cycle that its sheet, its group or a line above it names, where nothing else does."""
    for place, source in (("label", FROM_LABEL), ("sheet", FROM_SHEET)):
        cycle = find_label_cycle(str(sweep.metadata.get(place, "")))
        if sweep.cycle is None and cycle is not None:
            sweep.cycle = cycle
            sweep.notes.append(f"cycle {source}")


def _refuse_points(file: File, sweeps: list[Sweep]) -> None:
    """Refuse sweeps of one point each, all of one frequency: a resistance over cycles."""
    if len(sweeps) >= _FEWEST_BESIDE and all(sweep.frequency.size == 1 for sweep in sweeps):
        f = sweeps[0].frequency[0]
        if all(sweep.frequency[0] == f for sweep in sweeps):
            raise make_one_frequency_error(file, len(sweeps), f)


def make_one_frequency_error(file: File, rows: int, frequency: float, about: str = "") -> ReadError:
    """Return the error of rows that are all at one frequency, or (`about`) near it."""
    told = f"all {rows} rows are at {about}{frequency:g} Hz"
    return file.error(f"{told}: a sweep of something else, no spectrum")


def _refuse_drift(file: File, sweep: Sweep) -> None:
    """Refuse one frequency that drifts by less than a sweep would be: a monitor's, a Mott-Schottky plot's."""
    f = sweep.frequency
    if f.size >= _FEWEST_BESIDE and f.max() < _OF_RESONATORS and 0 < np.ptp(f) < _DRIFT * f.min():
        raise make_one_frequency_error(file, f.size, f[0], "about ")


def _agree_on_sign(sweeps: list[Sweep]) -> None:
    """Turn sweeps whose sign nothing tells as those were turned that stand beside them in the same file."""
    if {sweep.sign for sweep in sweeps} - {None, 0} != {-1}:
        return
    for sweep in sweeps:
        if sweep.sign == 0 and (sweep.impedance.real > 0).all():
            sweep.impedance = sweep.impedance.conj()
            sweep.notes = [note for note in sweep.notes if not _OF_SIGN.match(note)]
            sweep.notes.append(f"{ASSUMED} {TURNED}, as the data prove it of spectra beside it in the file")


def _drop_rows(file: File, sweep: Sweep) -> None:
    f, z = sweep.frequency, sweep.impedance
    largest = np.max(np.abs([f, z.real, z.imag]), axis=0, initial=0.0)
    polar = np.isinf(z.real) & (z.imag == 0)  # of a modulus and a phase, one of which was over-range
    over = is_over_range(largest) | polar
    mark = f", {largest[over].max(initial=0.0):.6G}" if over.any() and not polar.any() else ""
    finite = np.isfinite(f) & np.isfinite(z) & ~over
    zero = finite & ((f == 0) | (z == 0))
    negative = finite & (f < 0)
    if negative.any():
        raise file.error(f"a negative frequency ({f[negative][0]:g} Hz)")
    for mask, reason in (
        (~finite & ~over, "without a finite number"),
        (over, f"{OVER_RANGE}{mark}"),
        (zero, "where the instrument wrote zeros"),
    ):
        if mask.any():
            sweep.notes.append(f"dropped {plural(int(mask.sum()), 'row')} {reason}")
    sweep.keep(finite & ~zero)
    _drop_copies(sweep)
    if sweep.frequency.size and sweep.frequency.max() > _HIGHEST_FREQUENCY:
        raise file.error(
            f"frequencies up to {sweep.frequency.max():.3g} Hz cannot be measured: "
            "probably a decimal comma lost in a spreadsheet; export the data again"
        )


def is_over_range(values: FloatArray) -> BoolArray:
    """Return where numbers are an analyser's mark for over-range: nines beyond what can be measured, 1E+99.

    >>> is_over_range(np.array([9.9e37, -9.99999e28, 1e30, 9.9e5, 1e99])).tolist()
    [True, True, False, False, True]
    """
    large = (np.abs(values) > _OVER_RANGE) & np.isfinite(values)
    if large.any():
        digits = np.log10(np.abs(values[large]))
        # A whole decade below 1E+40 may be data in a small unit, unless nothing beside it is nearly as large.
        lone = large.mean() < 0.5 and np.nanmedian(np.abs(values)) < _OVER_RANGE / _LONE
        decades = np.isin(digits, np.arange(19 if lone else 40, 309))
        large[large] = (10 ** (digits - np.floor(digits)) >= _NINES) | decades
    return large


def _note_doubts(sweep: Sweep) -> None:
    """Say what looks like rad/s (whole decades of 2 pi at both ends) or like a turned impedance."""
    if sweep.frequency.size < 2:
        return
    if median(sweep.impedance.real) < 0:
        sweep.notes.append(
            "the real part is negative in most points: turned by 180 degrees, or a wrong column?"
        )
    size = sweep.frequency.size
    if size >= _FEWEST_BESIDE and np.ptp(sweep.frequency) < _NARROW * sweep.frequency.min():
        share = 100 * np.ptp(sweep.frequency) / sweep.frequency.min()
        sweep.notes.append(f"{ASSUMED} {share:.2g} % of frequency are a sweep, and no drift of one frequency")
    ends = np.log10(np.array([sweep.frequency.min(), sweep.frequency.max()]) / (2 * np.pi))
    if ends[1] - ends[0] > 0.5 and np.abs(ends - np.round(ends)).max() < 1e-5:
        sweep.notes.append(
            "the frequencies run from and to whole decades of 2 pi: if they are rad/s, divide them by 2 pi"
        )


def _note_outliers(sweep: Sweep) -> None:
    """Say which points lie far beyond both neighbours, and where all further ones do: a unit that changed."""
    order = np.argsort(sweep.frequency, kind="stable")
    f = sweep.frequency[order]
    size = np.log(np.abs(sweep.impedance[order]))
    if size.size < _FEWEST_BESIDE:
        return
    beyond = np.abs(np.diff(size)) > _FAR
    if not beyond.any():
        return
    off = np.zeros(size.size, dtype=bool)
    off[1:-1] = beyond[:-1] & beyond[1:] & (np.sign(np.diff(size)[:-1]) != np.sign(np.diff(size)[1:]))
    off[0], off[-1] = beyond[0] and not beyond[1], beyond[-1] and not beyond[-2]
    near = beyond & ~off[:-1] & ~off[1:] & (np.diff(np.log(f)) < _NEAR)
    sweep.notes += [
        f"{ASSUMED} the unit is the same throughout, although the impedance changes a hundredfold from "
        f"{f[place]:.6g} to {f[place + 1]:.6g} Hz"
        for place in np.flatnonzero(near)[:3]
    ]
    sweep.notes += [
        f"{ASSUMED} the impedance at {told:.6g} Hz is right, although it lies a hundred times beyond those "
        "beside it: a lost decimal mark?"
        for told in f[off][:3]
    ]


def _drop_copies(sweep: Sweep) -> None:
    if _are_distinct(sweep.frequency):
        return
    rows = np.column_stack([sweep.frequency, sweep.impedance.real, sweep.impedance.imag])
    _, first = np.unique(rows, axis=0, return_index=True)
    copies = len(rows) - len(first)
    if copies:
        mask = np.zeros(len(rows), dtype=bool)
        mask[first] = True
        sweep.keep(mask)
        sweep.notes.append(f"dropped {plural(copies, 'exact copy').replace('copys', 'copies')} of a row")


def _are_distinct(frequency: NDArray[np.float64]) -> bool:
    return len(set(frequency.tolist())) == frequency.size


def _is_remeasured(sweep: Sweep) -> bool:
    """Whether a few points were measured twice with the same result: averaging those changes nothing."""
    if _are_distinct(sweep.frequency):
        return False
    unique, inverse, counts = np.unique(sweep.frequency, return_inverse=True, return_counts=True)
    repeats = sweep.frequency.size - unique.size
    if not 0 < repeats <= max(_FEW_TWICE, _SHARE_TWICE * sweep.frequency.size):
        return False
    z = sweep.impedance
    mean = (np.bincount(inverse, z.real) + 1j * np.bincount(inverse, z.imag)) / counts
    return bool((np.abs(z - mean[inverse]) < _SAME * np.abs(z)).all())


def _make_spectrum(file: File, sweep: Sweep, index: int, average: bool) -> Spectrum:
    f = sweep.frequency
    if f.size >= _FEWEST_BESIDE and f.min() == f.max() and not average:
        raise make_one_frequency_error(file, f.size, f[0])
    known = sweep.times is not None and np.isfinite(sweep.times).all()
    fields: dict[str, Any] = {
        "noise": sweep.noise,
        "times": sweep.times if known else None,
        "cycle": sweep.cycle,
        "time_s": sweep.time_s,
        "temperature_C": sweep.temperature_C,
        "potential_V": sweep.potential_V,
        "source": file.name,
        "index": index,
        "metadata": sweep.metadata,
        "notes": tuple(sweep.notes),
    }
    try:
        if average or _is_remeasured(sweep):
            return Spectrum.averaged(sweep.frequency, sweep.impedance, **fields)
        return Spectrum(frequency=sweep.frequency, impedance=sweep.impedance, **fields)
    except SpectrumError as error:
        place = f"sweep {index + 1}: " if index else ""
        raise file.error(f"{place}{error}") from None

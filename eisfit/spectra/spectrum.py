"""One impedance spectrum: frozen, validated, sorted from high to low frequency."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import ComplexArray, FloatArray, drop_masked
from eisfit.errors import SpectrumError, expect_document
from eisfit.records import SPECTRUM_SCHEMA, SameDocument, dataclass
from eisfit.rounding import hertz
from eisfit.spectra.others_names import describe_where
from eisfit.spectra.sums import combine
from eisfit.spectra.vectors import (
    check_impedance,
    check_length,
    check_spectrum,
    freeze,
    make_noise,
    make_number,
    make_sweep,
    make_times,
    make_vector,
    sort_grid,
)

if TYPE_CHECKING:
    import pandas as pd

#: Fields that are one number.
_NUMBERS = ("cycle", "time_s", "temperature_C", "potential_V")
_PLAIN = ("source", "index", *_NUMBERS)  # fields that a document has as they are
_NOTHING: Mapping[str, Any] = MappingProxyType({})
#: Relative: 0.1 Hz of a logarithmic sweep is 0.09999999999999998 in memory and 0.1 in the file.
_SAME_FREQUENCY = 1e-9

#: The columns of every table of a spectrum.
COLUMNS = ("frequency_Hz", "Z_real_ohm", "Z_imag_ohm")
#: Begins a note on what the file does not say and its reader took for granted; every command tells those.
ASSUMED = "assumed:"
#: In the note of a reader that took the other sign of Z'' than the file's header says.
TURNED = "imaginary sign turned"


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(SameDocument):
    """An impedance spectrum with its provenance.

    Parameters
    ----------
    frequency
        (F,) Hz, positive, in any order; stored from high to low.
    impedance
        (F,) complex, ohm; Z'' < 0 for a capacitor.
    noise
        Standard deviation of the real and of the imaginary part, ohm: one number or (F,). None: unknown.
    cycle
        Cycle number, where known.
    time_s, temperature_C, potential_V
        When and under what conditions it was measured, where known.
    axes
        Where it stands on other axes, by name: ``soc`` (%), ``thickness`` (nm), ``pressure`` (MPa),
        ``amplitude`` (mV), or one of your own; see `eisfit.spectra.axes`.
    times
        (F,) s, when each point was measured, on the clock of `time_s`; None: unknown.
    source
        File (or other origin) that it came from.
    index
        Position within `source`, counted from 0.
    metadata
        What the file says besides (instrument, date, area, ...).
    notes
        What the reader recognised or decided, one sentence each.

    Raises
    ------
    SpectrumError
        When lengths differ, numbers are not finite, a frequency is not positive or occurs twice.

    Examples
    --------
    >>> s = Spectrum(frequency=[1.0, 100.0, 10.0], impedance=[3 - 1j, 1 - 0.1j, 2 - 0.5j])
    >>> s.frequency
    array([100.,  10.,   1.])
    >>> s.points
    3
    """

    frequency: FloatArray
    impedance: ComplexArray
    noise: FloatArray | None = None
    cycle: float | None = None
    time_s: float | None = None
    temperature_C: float | None = None
    potential_V: float | None = None
    axes: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    times: FloatArray | None = field(default=None, kw_only=True)
    source: str = ""
    index: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        scalar = self.noise is None or np.ndim(np.asarray(self.noise)) == 0
        given, masked = drop_masked(self.frequency, self.impedance, None if scalar else self.noise)
        frequency, impedance = make_sweep(given[0]), make_vector(given[1], "impedance", np.complex128)
        known = self.noise if scalar else given[2]
        noise = None if known is None else make_noise(known, frequency.size)
        check_length(frequency, impedance)
        frequency, order = sort_grid(frequency.tobytes())
        check_impedance(impedance)
        found: dict[str, Any] = {
            "frequency": frequency,
            "impedance": freeze(impedance if order is None else impedance[order]),
            "noise": None if noise is None else freeze(noise if order is None else noise[order]),
            "axes": _freeze(self.axes and {name: float(value) for name, value in self.axes.items()}),
            "metadata": _freeze(self.metadata and dict(self.metadata)),
        }
        if self.times is not None:
            times = make_times(self.times, frequency.size)
            found["times"] = freeze(times if order is None else times[order])
            found["time_s"] = float(times.min()) if self.time_s is None else self.time_s
        for name in _NUMBERS:
            if (value := getattr(self, name)) is not None and type(value) is not float:
                found[name] = make_number(value, name)
        found["notes"] = (*self.notes, f"left out {masked} masked points") if masked else tuple(self.notes)
        self.__dict__.update(found)  # a frozen class's fields, all at once: there are many spectra

    @classmethod
    def averaged(cls, frequency: ArrayLike, impedance: ArrayLike, **fields: Any) -> Spectrum:
        """Build a spectrum, averaging the impedance (and `times`) of points that share a frequency.

        A measured `noise` of repeated points is combined as that of a mean.
        """
        f = make_vector(frequency, "frequency", np.float64)
        z = make_vector(impedance, "impedance", np.complex128)
        check_spectrum(f, z)
        unique, inverse, counts = np.unique(f, return_inverse=True, return_counts=True)
        mean = np.bincount(inverse, z.real) / counts + 1j * np.bincount(inverse, z.imag) / counts
        if fields.get("noise") is not None:
            variance = make_noise(fields["noise"], f.size) ** 2
            fields["noise"] = np.sqrt(np.bincount(inverse, variance)) / counts
        if fields.get("times") is not None:
            fields["times"] = np.bincount(inverse, make_times(fields["times"], f.size)) / counts
        repeated = int(f.size - unique.size)
        if repeated:
            note = f"averaged {repeated} repeated point{'s' if repeated > 1 else ''}"
            fields["notes"] = (*fields.get("notes", ()), note)
        return cls(frequency=unique, impedance=mean, **fields)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame | Mapping[str, ArrayLike], **fields: Any) -> Spectrum:
        """Build a spectrum from a table's columns.

        Parameters
        ----------
        frame
            A DataFrame or a mapping with the columns ``frequency_Hz, Z_real_ohm, Z_imag_ohm`` (and
            ``noise_ohm``), as `to_frame` gives, or ``frequency`` (Hz) and ``impedance`` (complex, ohm).
            Tables with other headers are read by `eisfit.fit`, `eisfit.check`, ... as those of files.
        **fields
            Any other of a spectrum's, such as ``cycle=50``.

        Raises
        ------
        SpectrumError
            When it is no table, or a column is missing; names those that are there.

        Examples
        --------
        >>> Spectrum.from_frame({"frequency": [10.0, 1.0], "impedance": [1 - 1j, 2 - 3j]}, cycle=50)
        <Spectrum spectrum: 2 points, 1 Hz to 10 Hz, cycle 50>
        """
        if not (hasattr(frame, "columns") or isinstance(frame, Mapping)):
            raise SpectrumError(
                f"{type(frame).__name__} is no table: give a DataFrame, or a mapping of columns"
            )
        present = [str(name) for name in (frame.columns if hasattr(frame, "columns") else frame)]
        if {"frequency", "impedance"} <= set(present):
            return cls(np.asarray(frame["frequency"]), np.asarray(frame["impedance"]), **fields)
        missing = [name for name in COLUMNS if name not in present]
        if missing:
            raise SpectrumError(
                f"the table has no column {', '.join(missing)}; it has {', '.join(present)} "
                "(eisfit.fit, check, ... take a table with other headers as it is)"
            )
        f, real, imag = (np.asarray(frame[name], dtype=np.float64) for name in COLUMNS)
        more = {"noise": "noise_ohm", "times": "time_s"}
        known = {key: np.asarray(frame[name]) for key, name in more.items() if name in present}
        return cls(f, real + 1j * imag, **{**known, **fields})

    @property
    def points(self) -> int:
        """Number of frequencies."""
        return int(self.frequency.size)

    @property
    def omega(self) -> FloatArray:
        """Angular frequency, rad/s, (F,)."""
        return 2 * np.pi * self.frequency

    @property
    def name(self) -> str:
        """Short name for tables and legends: the file's name, with the index where a file holds several."""
        base = self.source.replace("\\", "/").rsplit("/", 1)[-1] or "spectrum"
        return f"{base}#{self.index}" if self.index else base

    def replace(self, **changes: Any) -> Spectrum:
        """Return a copy with some fields changed (validated again); other points have no times of these."""
        if "frequency" in changes and "times" not in changes:
            changes["times"] = None
        return dataclasses.replace(self, **changes)

    def __add__(self, other: Any) -> Spectrum:
        return combine(self, other, 1.0)

    def __sub__(self, other: Any) -> Spectrum:
        return combine(self, other, -1.0)

    def select(self, fmin: float | None = None, fmax: float | None = None) -> Spectrum:
        """Return the part between two frequencies (Hz, both included, in whatever digits they were written).

        Raises
        ------
        SpectrumError
            When no point is left.
        """
        low = -np.inf if fmin is None else make_number(fmin, "fmin")
        high = np.inf if fmax is None else make_number(fmax, "fmax")
        above = self.frequency >= low * (1 - _SAME_FREQUENCY)
        return self.keep(above & (self.frequency <= high * (1 + _SAME_FREQUENCY)))

    def keep(self, mask: ArrayLike) -> Spectrum:
        """Return the points where `mask` (F,) is true."""
        chosen = np.asarray(mask, dtype=bool)
        if not chosen.any():
            raise SpectrumError(
                f"{self.name}: no point is left of {self.points} "
                f"({hertz(self.frequency[-1])} to {hertz(self.frequency[0])}): widen the frequency range"
            )
        columns = {name: getattr(self, name) for name in ("frequency", "impedance", "noise", "times")}
        return self.replace(**{k: None if c is None else c[chosen] for k, c in columns.items()})

    def to_frame(self) -> pd.DataFrame:
        """Return a table with the columns ``frequency_Hz, Z_real_ohm, Z_imag_ohm`` (and ``noise_ohm``)."""
        import pandas as pd

        return pd.DataFrame(self.to_columns())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "schema": SPECTRUM_SCHEMA,
            **{name: getattr(self, name) for name in _PLAIN},
            "axes": dict(self.axes),
            "metadata": dict(self.metadata),
            "notes": list(self.notes),
            "data": {name: column.tolist() for name, column in self.to_columns().items()},
        }

    @classmethod
    @expect_document("spectrum", SpectrumError)
    def from_dict(cls, document: Mapping[str, Any]) -> Spectrum:
        """Rebuild a spectrum from `to_dict`'s document."""
        data = document["data"]
        f, real, imag = (data[name] for name in COLUMNS)
        kept = (*_PLAIN, "axes", "metadata", "notes")
        fields = {name: document[name] for name in kept if name in document}
        impedance = np.asarray(real, dtype=float) + 1j * np.asarray(imag, dtype=float)
        fields["times"] = data.get("time_s")
        return cls(frequency=f, impedance=impedance, noise=data.get("noise_ohm"), **fields)

    def summary(self) -> dict[str, Any]:
        """Return the ``spectrum`` block of every JSON result, with what is simulated or was assumed."""
        block: dict[str, Any] = {
            "source": self.source,
            "index": self.index,
            "cycle": self.cycle,
            "points": self.points,
            "frequency_min_Hz": float(self.frequency[-1]),
            "frequency_max_Hz": float(self.frequency[0]),
        }
        block |= {"simulated": True} if self.metadata.get("simulated") else {}
        told = [note.removeprefix(ASSUMED).strip() for note in self.notes if note.startswith(ASSUMED)]
        return block | ({"assumed": told} if told else {})

    def plot(self, ax: Any = None, *, kind: str = "nyquist", **options: Any) -> Any:
        """Draw the spectrum and return the axes.

        Parameters
        ----------
        ax
            Axes to draw on, one or two for a Bode plot; a new figure where None.
        kind
            ``nyquist`` (one axes) or ``bode`` (two: magnitude and phase).
        **options
            Of ``eisfit.plot.nyquist`` or ``eisfit.plot.bode``.

        Raises
        ------
        UsageError
            For another kind.
        """
        from eisfit.display import plot

        return plot.draw_spectrum(kind, self.frequency, self.impedance, ax, {"label": self.name, **options})

    def to_columns(self) -> dict[str, FloatArray]:
        """Return the columns of `to_frame` by name."""
        columns = dict(zip(COLUMNS, (self.frequency, self.impedance.real, self.impedance.imag), strict=True))
        more = {"noise_ohm": self.noise, "time_s": self.times}
        return columns | {name: column for name, column in more.items() if column is not None}

    def __len__(self) -> int:
        return self.points

    def __getitem__(self, which: Any) -> Spectrum:
        """Return some of the points, counted from the highest frequency: ``s[5:]``, ``s[::2]``, a mask."""
        chosen = np.zeros(self.points, dtype=bool)
        try:
            chosen[which] = True
        except (IndexError, TypeError, ValueError):
            raise SpectrumError(
                f"{self.name}: {which!r} is no choice of {self.points} points: use a slice, a mask or numbers"
            ) from None
        return self.keep(chosen)

    def __iter__(self) -> Iterator[tuple[float, complex]]:
        return iter(zip(self.frequency.tolist(), self.impedance.tolist(), strict=True))

    if not TYPE_CHECKING:  # what all attributes are, a type checker knows from the fields

        def __getattr__(self, name: str) -> Any:
            """Say what an attribute that others give their spectra is called here."""
            told = describe_where(name)
            raise AttributeError(f"'Spectrum' object has no attribute {name!r}{told}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor: a copy is as frozen as the original, arrays and metadata too.
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return _rebuilt, ({**fields, "axes": dict(self.axes), "metadata": dict(self.metadata)},)

    def __repr__(self) -> str:
        cycle = "" if self.cycle is None else f", cycle {self.cycle:g}"
        span = f"{hertz(self.frequency[-1])} to {hertz(self.frequency[0])}"
        return f"<Spectrum {self.name}: {self.points} points, {span}{cycle}>"

    def _repr_html_(self) -> str:
        from eisfit.display.report.html import spectrum_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_spectra

        document = self.to_dict()
        table = spectrum_html(document)
        return place_beside(table, lambda: draw_spectra([document]), alt="Nyquist plot")


def _freeze(told: Any) -> Mapping[str, Any]:
    return MappingProxyType(told) if told else _NOTHING


def _rebuilt(fields: dict[str, Any]) -> Spectrum:
    return Spectrum(**fields)

"""Spectra in a row: a folder, a glob, a list of files or one file with loops, ordered along an axis."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import select_items
from eisfit.errors import EisfitError, ReadError, UsageError, expect_document
from eisfit.files import printable_name
from eisfit.records import SERIES_SCHEMA, SameDocument, dataclass
from eisfit.spectra.axes import check_own_axes, find_axis, find_axis_value, split_axes
from eisfit.spectra.cycle_numbers import compile_pattern, drop_cells, drop_counters, find_name_cycle
from eisfit.spectra.manifest import Listing, is_manifest_name, lists_files
from eisfit.spectra.placing import find_axis_in_names, note_axes, place_on_axes, set_cycles, sort_spectra
from eisfit.spectra.readers import read_all
from eisfit.spectra.spectrum import Spectrum
from eisfit.spectra.spectrum_files import find_files, leave_out_others, list_folders

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

PathName = str | PathLike[str]


@dataclass(frozen=True)
class UnreadFile:
    """A file of a series that could not be read; beside fits it becomes a `FitFailure`.

    Parameters
    ----------
    source
        Its path.
    error
        Why not, one sentence.
    cycle
        Its cycle, where the manifest or its name tells it.
    """

    source: str
    error: str
    cycle: float | None = None


_COPIES = 5  # named in notes
_DRAWN = 40  # spectra in a notebook's small figure


@dataclass(frozen=True, eq=False, repr=False)
class Series(SameDocument, Sequence[Spectrum]):
    """Spectra in the order of their cycles (or of another axis), and the files that could not be read.

    Parameters
    ----------
    spectra
        In the order of `cycles`, or of `axes`; those without a place come last.
    failures
        What could not be read.
    label
        Name for tables and legends.
    notes
        What was decided on the way, one sentence each.
    axes
        Names of the axes it runs over, of `eisfit.spectra.axes`.

    Examples
    --------
    >>> s = Spectrum(frequency=[100, 10, 1], impedance=[1 - 1j, 2 - 1j, 3 - 0.1j], cycle=50)
    >>> series = Series((s, s.replace(cycle=100)), label="bare")
    >>> series.cycles
    array([ 50., 100.])
    >>> series
    <Series bare: 2 spectra, cycles 50 to 100>
    """

    spectra: tuple[Spectrum, ...]
    failures: tuple[UnreadFile, ...] = ()
    label: str = ""
    notes: tuple[str, ...] = ()
    axes: tuple[str, ...] = ("cycle",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spectra", tuple(self.spectra))
        object.__setattr__(self, "failures", tuple(self.failures))
        object.__setattr__(self, "notes", tuple(self.notes))
        object.__setattr__(self, "axes", tuple(self.axes))

    @property
    def cycles(self) -> NDArray[np.float64]:
        """Cycle numbers (n,); NaN where unknown."""
        return np.array([np.nan if s.cycle is None else s.cycle for s in self.spectra], dtype=np.float64)

    def along(self, by: str | Sequence[str]) -> Series:
        """Return the series in the order of another axis, or of two (see `eisfit.spectra.axes`)."""
        axes = split_axes(by)
        ordered = sort_spectra([place_on_axes(s, Path(s.source), axes, None, {}) for s in self.spectra], axes)
        check_own_axes(ordered, axes)
        notes = dict.fromkeys((*self.notes, *note_axes(ordered, axes)))
        names = tuple(axis.name for axis in axes)
        return dataclasses.replace(self, spectra=tuple(ordered), notes=tuple(notes), axes=names)

    def __len__(self) -> int:
        return len(self.spectra)

    @overload
    def __getitem__(self, index: int) -> Spectrum: ...
    @overload
    def __getitem__(self, index: slice | NDArray[Any] | list[Any]) -> Series: ...
    def __getitem__(self, index: int | slice | NDArray[Any] | list[Any]) -> Spectrum | Series:
        """Return one spectrum, or a shorter series: ``s[0]``, ``s[2:5]``, ``s[s.cycles > 100]``."""
        if isinstance(index, str):
            raise UsageError(f"spectra have numbers, 0 to {len(self) - 1}, and no names such as {index!r}")
        found = select_items(self.spectra, index)
        return dataclasses.replace(self, spectra=found) if isinstance(found, tuple) else found

    def __iter__(self) -> Iterator[Spectrum]:
        return iter(self.spectra)

    def to_frame(self) -> pd.DataFrame:
        """Return all points in one table, with the columns ``cycle, source, index`` in front."""
        import pandas as pd

        points = [len(spectrum) for spectrum in self.spectra]
        parts = [spectrum.to_columns() for spectrum in self.spectra]
        front = {
            "cycle": np.repeat(self.cycles, points),
            "source": np.repeat(np.array([s.source for s in self.spectra], dtype=object), points),
            "index": np.repeat(np.array([s.index for s in self.spectra], dtype=int), points),
        }
        missing = [np.full(count, np.nan) for count in points]
        whole = {
            name: np.concatenate([p.get(name, gap) for p, gap in zip(parts, missing, strict=True)])
            for name in dict.fromkeys(name for part in parts for name in part)
        }  # as whole columns: a frame for each of 10,000 spectra takes six seconds
        return pd.DataFrame(front | whole) if parts else pd.DataFrame()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "schema": SERIES_SCHEMA,
            "label": self.label,
            "notes": list(self.notes),
            "axes": list(self.axes),
            "failures": [dataclasses.asdict(failure) for failure in self.failures],
            "spectra": [spectrum.to_dict() for spectrum in self.spectra],
        }

    @classmethod
    @expect_document("series", ReadError)
    def from_dict(cls, document: Mapping[str, Any]) -> Series:
        """Rebuild a series from `to_dict`'s document.

        Raises
        ------
        ReadError
            When the document is no series.
        """
        spectra = tuple(Spectrum.from_dict(item) for item in document["spectra"])
        failures = tuple(UnreadFile(**item) for item in document.get("failures", ()))
        return cls(
            spectra,
            failures,
            document.get("label", ""),
            tuple(document.get("notes", ())),
            tuple(document.get("axes", ("cycle",))),
        )

    def to_xarray(self) -> xarray.Dataset:
        """Return `Z_real` and `Z_imag`, ohm, over `cycle` and `frequency`, Hz.

        See `eisfit.display.xarray_datasets`.

        Raises
        ------
        UsageError
            When xarray is not installed.
        """
        from eisfit.display.xarray_datasets import series_dataset

        return series_dataset(self.to_dict())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the Nyquist plots of all spectra on one `ax`, coloured by their place, and return it."""
        from eisfit.display import plot

        axis = find_axis(self.axes[0])
        documents = [spectrum.to_dict() for spectrum in self.spectra]
        if axis.name == "cycle":
            return plot.nyquist_cycles(documents, ax=ax)
        places = [find_axis_value(spectrum, axis) for spectrum in self.spectra]
        return plot.nyquist_cycles(documents, places=places, label=axis.label, ax=ax)

    def __repr__(self) -> str:
        known = self.cycles[np.isfinite(self.cycles)]
        cycles = f", cycles {known.min():g} to {known.max():g}" if known.size else ", no cycle numbers"
        if self.axes != ("cycle",):
            cycles = f", over {' and '.join(self.axes)}"
        failed = f", {len(self.failures)} unreadable" if self.failures else ""
        what = "spectrum" if len(self) == 1 else "spectra"
        return f"<Series {self.label or 'unnamed'}: {len(self)} {what}{cycles}{failed}>"

    def _repr_html_(self) -> str:
        from eisfit.display.report.html import series_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_spectra

        table = series_html(self.to_dict())
        if not self.spectra:
            return table
        few = self[:: -(-len(self) // _DRAWN)]
        documents = [one.to_dict() for one in few]
        return place_beside(table, lambda: draw_spectra(documents), alt="Nyquist plots")


def read_series(
    source: PathName | Iterable[PathName],
    *,
    by: str | Sequence[str] | None = None,
    cycle_pattern: str | None = None,
    axis_pattern: str | None = None,
    manifest: PathName | None = None,
    average_duplicates: bool = False,
    impedance_unit: str | None = None,
    imag_sign: str = "auto",
) -> Series:
    """Read a series of spectra.

    Spectra stand on axes: cycle, time, temperature, potential, soc (state of charge), thickness, pressure,
    amplitude, or one of your own. The cycle of a spectrum comes from the manifest where it lists the file,
    else from the data or the file's header, else from the file's name (``bare_cycle_050.csv``, ``cyc12``,
    ``C0050``, ``cycle=50``); never from the order of the files. The other axes come from the manifest, the
    data or header, or the names of files and sheets, with `by` of folders too (``25C``, ``298K``, ``SOC050``,
    ``5nm``, ``3.7V``, ``24h``). Where no cycle is known and the
    names spell out another axis for all, the series runs over that one.

    Parameters
    ----------
    source
        A folder, a glob pattern, a list of files, or one file.
    by
        The axis to run over, such as ``temperature``, or two (``"temperature,soc"``); None: ``cycle``, or
        what the names spell out.
    axis_pattern
        Regular expression with one group that finds the number of the first axis of `by` in a name; it wins
        over the data. A second group may hold its unit.
    cycle_pattern
        Regular expression with one group that finds the cycle in a file's name; replaces the built-in ones
        and wins over the data.
    manifest
        CSV file with the column ``file`` and those of axes (``cycle``, ``temperature``, ``thickness / um``,
        ...); a ``manifest.csv`` in the folder is found by itself.
    average_duplicates, impedance_unit, imag_sign
        As in `eisfit.read`.

    Raises
    ------
    ReadError
        When nothing is there or nothing can be read.
    UsageError
        When a pattern is no regular expression with a group.
    """
    reading: dict[str, Any] = {"average_duplicates": average_duplicates}
    reading |= {"impedance_unit": impedance_unit, "imag_sign": imag_sign}
    axes = () if by is None else split_axes(by)
    if axis_pattern is not None and not axes:
        raise UsageError("axis_pattern: say which axis it finds, with by (--by)")
    cycle_pattern = axis_pattern if axes and axes[0].name == "cycle" and axis_pattern else cycle_pattern
    pattern, place = compile_pattern(cycle_pattern), compile_pattern(axis_pattern, "axis_pattern")
    _refuse_spectra(source)
    files, label, notes = find_files(source)
    listing = _find_manifest(files, manifest)
    listed = Listing(listing) if listing else None
    files, skipped = leave_out_others(
        [f for f in files if listing is None or f.resolve() != listing.resolve()],
        meant=not _describe_folders(source),
    )
    if not files:
        name = source if isinstance(source, (str, PathLike)) else "the list of files"
        raise ReadError(f"{name}: no spectra in it{_describe_folders(source)}")
    notes += skipped
    spectra: list[Spectrum] = []
    failures: list[UnreadFile] = []
    for file in files:
        told = (listed.find(file) if listed else None) or {}
        try:
            found = read_all(file, **reading)
        except EisfitError as error:
            cycle = told.get("cycle", find_name_cycle(file, pattern))
            failures.append(UnreadFile(printable_name(str(file)), str(error), cycle))
            continue
        numbered = set_cycles(found, file, pattern, told.get("cycle"))
        spectra += [place_on_axes(s, file, axes, place, told) for s in numbered]
    if not spectra:
        raise _make_nothing_error(source, failures)
    notes += _note_copies(spectra)
    spectra = drop_cells(drop_counters(spectra))
    guessed = find_axis_in_names(spectra) if by is None else None
    series = Series(tuple(spectra), tuple(failures), label, tuple(notes))
    return series.along(by or (guessed.name if guessed else "cycle"))


def _note_copies(spectra: Sequence[Spectrum]) -> list[str]:
    """Return a note for each of the first files that hold another one's numbers."""
    first: dict[bytes, Spectrum] = {}
    notes = [
        f"{one.name} holds the numbers of {known.name} again"
        for one in spectra
        if (known := first.setdefault(one.frequency.tobytes() + one.impedance.tobytes(), one)) is not one
    ]
    return notes[:_COPIES] + (
        [f"and {len(notes) - _COPIES} more hold those of others"] if notes[_COPIES:] else []
    )


def _refuse_spectra(source: Any) -> None:
    """Refuse what is read already."""
    for one in source if isinstance(source, (list, tuple)) else [source]:
        if isinstance(one, (Spectrum, Series, Mapping, tuple, np.ndarray)) or hasattr(one, "columns"):
            raise UsageError(
                f"{type(one).__name__}: read_series takes files; spectra go to eisfit.track, fit_many or "
                "Series(...) as they are"
            )


def _find_manifest(files: list[Path], given: PathName | None) -> Path | None:
    if given is not None:
        return Path(given)
    return next((file for file in files if is_manifest_name(file) and lists_files(file)), None)


def _describe_folders(source: object) -> str:
    names = list_folders(source) if isinstance(source, (str, PathLike)) else []
    return f"; name one of its folders: {', '.join(names[:5])}" if names else ""


def _make_nothing_error(source: object, failures: list[UnreadFile]) -> ReadError:
    if len(failures) == 1:
        return ReadError(f"{failures[0].error}{_describe_folders(source)}")
    first = f"; the first: {failures[0].error}" if failures else ""
    name = source if isinstance(source, (str, PathLike)) else "the list of files"
    return ReadError(f"{name}: none of {len(failures)} files can be read{first}")

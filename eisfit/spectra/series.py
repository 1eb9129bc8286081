"""Spectra in a row: a folder, a glob, a list of files or one file with loops, ordered by cycle."""

from __future__ import annotations

import dataclasses
import glob
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from eisfit.errors import EisfitError, ReadError
from eisfit.spectra.readers import read_all
from eisfit.spectra.readers._cycles import compiled, cycle_of_name, is_counter, without_counters
from eisfit.spectra.readers._manifest import file_key, manifest_columns, manifest_cycles
from eisfit.spectra.spectrum import Spectrum
from eisfit.spectra.spectrum_files import may_hold_spectra, natural

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

__all__ = ["CycleSeries", "Failure", "read_series"]

PathName = str | PathLike[str]


@dataclass(frozen=True)
class Failure:
    """A file that could not be read.

    Parameters
    ----------
    source
        Its path.
    error
        Why not, one sentence.
    """

    source: str
    error: str


_DRAWN = 40  # spectra in a notebook's small figure


@dataclass(frozen=True, eq=False, repr=False)
class CycleSeries(Sequence[Spectrum]):
    """Spectra in the order of their cycles, and the files that could not be read.

    Parameters
    ----------
    spectra
        In the order of `cycles`; those without a cycle come last.
    failures
        What could not be read.
    label
        Name for tables and legends.
    notes
        What was decided on the way, one sentence each.

    Examples
    --------
    >>> s = Spectrum(frequency=[100, 10, 1], impedance=[1 - 1j, 2 - 1j, 3 - 0.1j], cycle=50)
    >>> series = CycleSeries((s, s.replace(cycle=100)), label="bare")
    >>> series.cycles
    array([ 50., 100.])
    >>> series
    <CycleSeries bare: 2 spectra, cycles 50 to 100>
    """

    spectra: tuple[Spectrum, ...]
    failures: tuple[Failure, ...] = ()
    label: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "spectra", tuple(self.spectra))
        object.__setattr__(self, "failures", tuple(self.failures))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def cycles(self) -> NDArray[np.float64]:
        """Cycle numbers (n,); NaN where unknown."""
        return np.array([np.nan if s.cycle is None else s.cycle for s in self.spectra], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.spectra)

    @overload
    def __getitem__(self, index: int) -> Spectrum: ...
    @overload
    def __getitem__(self, index: slice) -> CycleSeries: ...
    def __getitem__(self, index: int | slice) -> Spectrum | CycleSeries:
        """Return one spectrum, or a shorter series."""
        if isinstance(index, slice):
            return dataclasses.replace(self, spectra=self.spectra[index])
        return self.spectra[index]

    def __iter__(self) -> Iterator[Spectrum]:
        return iter(self.spectra)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CycleSeries):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_frame(self) -> pd.DataFrame:
        """Return all points in one table, with the columns ``cycle, source, index`` in front."""
        import pandas as pd

        frames = []
        for spectrum in self.spectra:
            frame = spectrum.to_frame()
            for place, name in enumerate(("cycle", "source", "index")):
                frame.insert(place, name, getattr(spectrum, name))
            frames.append(frame)
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "schema": "eisfit.series/1",
            "label": self.label,
            "notes": list(self.notes),
            "failures": [dataclasses.asdict(failure) for failure in self.failures],
            "spectra": [spectrum.to_dict() for spectrum in self.spectra],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> CycleSeries:
        """Rebuild a series from `to_dict`'s document.

        Raises
        ------
        ReadError
            When the document is no series.
        """
        try:
            spectra = tuple(Spectrum.from_dict(item) for item in document["spectra"])
            failures = tuple(Failure(**item) for item in document.get("failures", ()))
        except (KeyError, TypeError) as error:
            raise ReadError(f"not a series document: {error}") from None
        return cls(spectra, failures, document.get("label", ""), tuple(document.get("notes", ())))

    def to_xarray(self) -> xarray.Dataset:
        """Return `Z_real` and `Z_imag`, ohm, over `cycle` and `frequency`, Hz; see `eisfit.display.labelled`.

        Raises
        ------
        UsageError
            When xarray is not installed.
        """
        from eisfit.display.labelled import series_dataset

        return series_dataset(self.to_dict())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the Nyquist plots of all spectra on one `ax`, coloured by cycle, and return it."""
        from eisfit.display import plot

        return plot.nyquist_cycles([spectrum.to_dict() for spectrum in self.spectra], ax=ax)

    def __repr__(self) -> str:
        known = self.cycles[np.isfinite(self.cycles)]
        cycles = f", cycles {known.min():g} to {known.max():g}" if known.size else ", no cycle numbers"
        failed = f", {len(self.failures)} unreadable" if self.failures else ""
        what = "spectrum" if len(self) == 1 else "spectra"
        return f"<CycleSeries {self.label or 'unnamed'}: {len(self)} {what}{cycles}{failed}>"

    def _repr_html_(self) -> str:
        from eisfit.display import plot, report

        table = report.series_html(self.to_dict())
        if not self.spectra:
            return table
        few = self[:: -(-len(self) // _DRAWN)]
        return plot.place_beside(table, lambda figure: few.plot(figure.subplots()), alt="Nyquist plots")


def read_series(
    source: PathName | Iterable[PathName],
    *,
    cycle_pattern: str | None = None,
    manifest: PathName | None = None,
    average_duplicates: bool = False,
    impedance_unit: str | None = None,
    imag_sign: str = "auto",
) -> CycleSeries:
    """Read a series of spectra.

    The cycle of a spectrum comes from the manifest where it lists the file, else from the data or the file's
    header, else from the file's name (``bare_cycle_050.csv``, ``cyc12``, ``C0050``, ``cycle=50``); never from
    the order of the files.

    Parameters
    ----------
    source
        A folder, a glob pattern, a list of files, or one file.
    cycle_pattern
        Regular expression with one group that finds the cycle in a file's name; replaces the built-in ones
        and wins over the data.
    manifest
        CSV file with the columns ``file`` and ``cycle``; a ``manifest.csv`` in the folder is found by itself.
    average_duplicates, impedance_unit, imag_sign
        As in `eisfit.read`.

    Raises
    ------
    ReadError
        When nothing is there or nothing can be read.
    UsageError
        When `cycle_pattern` is no regular expression with a group.
    """
    reading: dict[str, Any] = {"average_duplicates": average_duplicates}
    reading |= {"impedance_unit": impedance_unit, "imag_sign": imag_sign}
    pattern = compiled(cycle_pattern)
    files, label, notes = _files(source)
    listing = _find_manifest(files, manifest)
    cycles = manifest_cycles(listing) if listing else {}
    files, skipped = _spectrum_files(
        [f for f in files if listing is None or f.resolve() != listing.resolve()]
    )
    if not files:
        name = source if isinstance(source, (str, PathLike)) else "the list of files"
        raise ReadError(f"{name}: no spectra in it{_hint_at_folders(source)}")
    notes += skipped
    spectra: list[Spectrum] = []
    failures: list[Failure] = []
    for file in files:
        try:
            found = read_all(file, **reading)
        except EisfitError as error:
            failures.append(Failure(str(file), str(error)))
            continue
        spectra += _with_cycles(found, file, pattern, cycles)
    if not spectra:
        raise _nothing(source, failures)
    spectra = without_counters(spectra)
    ordered = sorted(spectra, key=lambda s: (s.cycle is None, s.cycle or 0.0))
    return CycleSeries(tuple(ordered), tuple(failures), label, (*notes, *_cycle_notes(ordered)))


def _files(source: PathName | Iterable[PathName]) -> tuple[list[Path], str, list[str]]:
    if not isinstance(source, (str, PathLike)):
        return [Path(item) for item in source], "", []
    path = Path(source)
    if path.is_dir():
        return _folder(path)
    if not path.exists() and glob.has_magic(str(source)):
        files = natural(Path(name) for name in glob.glob(str(source), recursive=True))  # noqa: PTH207
        if not files:
            raise ReadError(f"{source}: no file matches")
        return [f for f in files if f.is_file()], str(source), []
    return [path], path.stem, []


def _folder(path: Path) -> tuple[list[Path], str, list[str]]:
    try:
        files = natural(f for f in path.iterdir() if f.is_file() and not f.name.startswith("."))
        if files:
            return files, path.name, []
        deeper = natural(f for f in path.rglob("*") if f.is_file() and not f.name.startswith("."))
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror}") from None
    if not deeper:
        raise ReadError(f"{path}: the folder is empty")
    return deeper, path.name, ["the folder has no files itself: its subfolders were read"]


def _spectrum_files(files: list[Path]) -> tuple[list[Path], list[str]]:
    if len(files) == 1:
        return files, []
    wanted = {f: may_hold_spectra(f) for f in files}
    kept, other = ([f for f in files if wanted[f] is yes] for yes in (True, False))
    if not other:
        return kept, []
    names = ", ".join(f.name for f in other[:5]) + (", ..." if len(other) > 5 else "")
    what = "1 file that holds" if len(other) == 1 else f"{len(other)} files that hold"
    return kept, [f"skipped {what} no spectra: {names}"]


def _hint_at_folders(source: object) -> str:
    folder = Path(source) if isinstance(source, (str, PathLike)) else None
    if folder is None or not folder.is_dir():
        return ""
    names = [f.name for f in natural(folder.iterdir()) if f.is_dir() and not f.name.startswith(".")]
    return f"; name one of its folders: {', '.join(names[:5])}" if names else ""


def _find_manifest(files: list[Path], given: PathName | None) -> Path | None:
    if given is not None:
        return Path(given)
    for file in files:
        if file.name.lower() == "manifest.csv" and {"file", "cycle"} <= set(manifest_columns(file)):
            return file
    return None


def _with_cycles(
    found: tuple[Spectrum, ...],
    file: Path,
    pattern: re.Pattern[str] | None,
    listed: Mapping[str, float | None],
) -> list[Spectrum]:
    given = listed.get(file_key(file.name))
    if given is not None and len(found) == 1:
        return [found[0].replace(cycle=given, notes=(*found[0].notes, "cycle from the manifest"))]
    named = cycle_of_name(file, pattern)
    if named is None or len(found) > 1:
        return list(found)
    spectrum = found[0]
    if pattern is None and spectrum.cycle is not None and not is_counter(spectrum, named):
        return [spectrum]
    return [spectrum.replace(cycle=named, notes=(*spectrum.notes, "cycle from the file's name"))]


def _cycle_notes(spectra: list[Spectrum]) -> list[str]:
    unknown = [s.name for s in spectra if s.cycle is None]
    known = [s.cycle for s in spectra if s.cycle is not None]
    twice = sorted({cycle for cycle in known if known.count(cycle) > 1})
    notes = []
    if unknown:
        shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        notes.append(f"the cycle of {len(unknown)} of {len(spectra)} spectra is unknown: {shown}")
    if twice:
        shown = ", ".join(f"{cycle:g}" for cycle in twice[:10]) + (", ..." if len(twice) > 10 else "")
        notes.append(f"several spectra under one cycle number: {shown}")
    return notes


def _nothing(source: object, failures: list[Failure]) -> ReadError:
    if len(failures) == 1:
        return ReadError(failures[0].error)
    first = f"; the first: {failures[0].error}" if failures else ""
    name = source if isinstance(source, (str, PathLike)) else "the list of files"
    return ReadError(f"{name}: none of {len(failures)} files can be read{first}")

"""What the user names on the command line, turned into spectra; a file that fails stays in its place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from eisfit.cli.all_commands import current, say
from eisfit.errors import EisfitError, UsageError

if TYPE_CHECKING:
    from eisfit.fitting.failure import FitFailure
    from eisfit.spectra.series import Series
    from eisfit.spectra.spectrum import Spectrum

Listed = TypeVar("Listed", bound=Iterable[Any])

# The readers are imported where they are used: help needs this module but none of them.


def read_sources(sources: list[str], **reading: Any) -> list[Spectrum | FitFailure]:
    """Return the spectra of files, folders, globs and ``-``, and a `FitFailure` for each that fails.

    `reading` is how files are read: options of `eisfit.read`.
    """
    from eisfit.fitting.failure import FitFailure

    found: list[Spectrum | FitFailure] = []
    for source in sources:
        try:
            found.extend(collect_assumed(_read(source, reading)))
        except UsageError:
            raise
        except EisfitError as error:
            found.append(
                FitFailure("<stdin>" if source == "-" else source, f"{error}{_resolve_circuit(source)}")
            )
    return found


def _resolve_circuit(source: str) -> str:
    """Return how a circuit is given, where one is named in the place of a file; else nothing."""
    from eisfit.model.files.library import circuit as find_circuit

    if source == "-" or os.path.exists(source):
        return ""
    try:
        find_circuit(source)
    except EisfitError:
        return ""
    return f", but a circuit: -c {source}"


def _read(source: str, reading: dict[str, Any]) -> list[Spectrum | FitFailure]:
    from eisfit.fitting.failure import FitFailure
    from eisfit.spectra.readers import read_all
    from eisfit.spectra.series import read_series

    if source == "-":
        return list(read_all(source, **reading))
    # A single file too: its name may tell the cycle, as it does in a folder.
    series = report_unread(read_series(source, **reading))
    return [*series, *FitFailure.of_series(series)]


def report_unread(series: Series) -> Series:
    """Return a series, and say which folders were left out of it."""
    from eisfit.spectra.spectrum_files import NOT_READ

    for note in series.notes:
        if note.startswith(NOT_READ):
            say(f"{series.label}: {note}")
    return series


def collect_series(sources: list[str], **options: Any) -> Series:
    """Return one series of all that is named; `options` are those of `eisfit.read_series`."""
    from eisfit.spectra.series import read_series

    return collect_assumed(read_series(sources[0] if len(sources) == 1 else sources, **options))


def collect_assumed(spectra: Listed) -> Listed:
    """Return spectra, and collect what their readers assumed: it is reported when all has been shown."""
    from eisfit.spectra.readers import ASSUMED

    for one in spectra:
        current.assumed.spectra += 1
        for note in getattr(one, "notes", ()):
            if note.startswith(ASSUMED):
                current.assumed.add(one.name, note)
    return spectra

"""``eisfit report``."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.command import Option, echo
from eisfit.cli.commands.fit import fit_spectra
from eisfit.cli.options import (
    Arcs,
    Cell,
    Constraints,
    Files,
    OwnCircuit,
    Points,
    Reading,
    Weighting,
)
from eisfit.cli.output import guard, track_progress
from eisfit.cli.sources import collect_assumed, report_unread
from eisfit.errors import EisfitError, ReadError, UsageError, expect_document
from eisfit.files import parse_json, read_text
from eisfit.records import CELLS_SCHEMA, FIT_SCHEMA, TRACK_SCHEMA
from eisfit.spectra import WEIGHTING

_RESULTS = ("track.json", "fit.json")  # as commands write them
_LEAST = 2000  # bytes of a page for a spectrum


@guard
def report(
    files: Files,
    output: Annotated[
        Path, Option("--output", "-o", metavar="FILE", help="The page; its name ends in .html.")
    ] = Path("report.html"),
    circuit: OwnCircuit = None,
    weighting: Weighting = WEIGHTING,
    constraints: Constraints = Constraints(),
    points: Points = Points(),
    cell: Cell = Cell(),
    reading: Reading = Reading(),
    series: Annotated[bool, Option(help="All the files are the cycles of one cell.")] = False,
    title: Annotated[str | None, Option(help="Of the page; the files' names by default.")] = None,
) -> int:
    """Fit, and write one page with linked figures that opens in any browser, without a network.

    A folder, a quoted glob or a file with loops is a series: it gets a slider and trends over its cycles.
    Without a circuit one is chosen by the data. What fit --output or track --output wrote, the folder or its
    fit.json or track.json, is shown as it is.

    Example:  eisfit report cell_folder/ --circuit rs-sei-ct-w -o report.html
    """
    from eisfit.cli.pages.html_report import check_page, check_size, html_report
    from eisfit.display.report.words import count
    from eisfit.model.files.library import is_given
    from eisfit.tracking.series_result import SeriesResult

    check_page(output)
    if is_given(circuit):
        constraints.of(circuit)  # a wrong name is told before files are read
    options: dict[str, Any] = {"weighting": weighting, "geometry": cell.read()}
    options |= points.check()
    sources: list[Any] = [files] if series else list(files)
    found = [_find_results(source, reading.options) for source in sources]
    check_size(output, _LEAST * sum(len(one) for one in found if not isinstance(one, list)))
    results = _fit_all(found, circuit, constraints, options)
    html_report(results, output, title=title)
    fits = [fit for one in results for fit in (one if isinstance(one, SeriesResult) else [one])]
    failed = sum(fit.error is not None for fit in fits)
    told = f", {failed} failed (listed in the page)" if failed else ""
    echo(f"{output}: {count(len(fits), 'spectrum')}{told}")
    return int(failed > 0)


def _find_results(source: Any, read_as: dict[str, Any]) -> Any:
    """Return stored results, a `Series`, or the spectra and failures of a file, folder or list of files."""
    from eisfit.fitting.failure import FitFailure

    try:
        stored = _read_stored(source) if isinstance(source, str) else None
        if stored is not None:
            return stored
        found = _read(source, read_as)
    except UsageError:
        raise
    except EisfitError as error:
        return (FitFailure(source if isinstance(source, str) else source[0], str(error)),)
    if isinstance(found, tuple):
        return found
    cycles = {spectrum.cycle for spectrum in found}
    if len(cycles) > 1 and None not in cycles:
        return found
    return (*found, *FitFailure.of_series(found))


def _fit_all(
    found: list[Any], circuit: str | None, constraints: Constraints, options: dict[str, Any]
) -> list[Any]:
    """Return the fits of all that was found, in order: one circuit for all series, one for all others."""
    from eisfit.spectra.series import Series

    series = [one for one in found if isinstance(one, Series)]
    tracked = iter(_track_all(series, circuit, constraints, options) if series else ())
    single = [spectrum for one in found if isinstance(one, tuple) for spectrum in one]
    fits = fit_spectra(single, circuit, constraints, Arcs(), **options)
    fitted = iter(track_progress(fits, "fitting", len(single)))
    results: list[Any] = []
    for one in found:
        if isinstance(one, list):
            results += one
        else:
            results += [next(tracked)] if isinstance(one, Series) else islice(fitted, len(one))
    return results


def _track_all(
    series: list[Any], circuit: str | None, constraints: Constraints, options: dict[str, Any]
) -> list[Any]:
    from eisfit.fitting.common_circuit import choose_circuit
    from eisfit.tracking.track import note_choice, track

    choice = choose_circuit([spectrum for one in series for spectrum in one], circuit, options)
    chosen = constraints.of(choice.circuit)
    followed = (note_choice(track(one, chosen, **options), choice) for one in series)
    return list(track_progress(followed, "tracking", len(series)))


def _read(source: Any, read_as: dict[str, Any]) -> Any:
    """Return the spectra of standard input as a tuple, all else as a series."""
    from eisfit.spectra.readers import read_all
    from eisfit.spectra.series import read_series

    if source == "-":
        return collect_assumed(read_all(source, **read_as))
    return collect_assumed(report_unread(read_series(source, **read_as)))


def _read_stored(source: str) -> list[Any] | None:
    """Return the results in a file of eisfit's, or in a folder that it wrote and that holds no spectra."""
    from eisfit.spectra.spectrum_files import find_files, may_hold_spectra

    if source.lower().endswith(".json"):
        return _read_results(Path(source))
    if os.path.isdir(source) and not any(map(may_hold_spectra, find_files(source)[0])):
        known = [Path(source, name) for name in _RESULTS if os.path.isfile(Path(source, name))]
        return _read_results(known[0]) if known else None
    return None


def _read_results(path: Path) -> list[Any] | None:
    """Return the results in a file that eisfit wrote; None where it is another kind of JSON."""
    from eisfit.fitting.result import result_or_failure
    from eisfit.tracking.series_result import SeriesResult

    document = parse_json(read_text(path, ReadError), str(path), ReadError)
    kind = document.get("schema") if isinstance(document, dict) else None
    try:
        with expect_document(str(kind)):
            if kind == FIT_SCHEMA:
                return [result_or_failure(row) for row in document["results"]]
            if kind == TRACK_SCHEMA:
                return [SeriesResult.from_dict(document)]
            if kind == CELLS_SCHEMA:
                return [SeriesResult.from_dict(cell) for cell in document["cells"]]
    except (EisfitError, ValueError) as error:
        raise ReadError(f"{path}: {error}; give the file that --output wrote, which holds the data") from None
    return None

"""``eisfit batch``: whole folders, over many processes, into a store from which a later run continues."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.all_commands import INTERRUPTED, Remarks, current, say
from eisfit.cli.command import Exit, Option, echo
from eisfit.cli.options import (
    Arcs,
    Cell,
    Constraints,
    Files,
    Frequencies,
    Json,
    OwnCircuit,
    Reading,
    Weighting,
)
from eisfit.cli.output import check_not_read, guard, print_json, print_text, shows_progress
from eisfit.errors import ReadError, UsageError
from eisfit.spectra import WEIGHTING

_INTERVAL = 0.5  # s between two lines of progress on a terminal
_MAX_SHOWN = 10  # failures listed


@guard
def batch(
    files: Files,
    circuit: OwnCircuit = None,
    weighting: Weighting = WEIGHTING,
    constraints: Constraints = Constraints(),
    arcs: Arcs = Arcs(),
    span: Frequencies = Frequencies(),
    cell: Cell = Cell(),
    store: Annotated[
        Path | None, Option(help="SQLite file that keeps the results; a second run fits what is new.")
    ] = None,
    workers: Annotated[int | None, Option(min=1, help="Processes; without it, this one.")] = None,
    dask: Annotated[
        str | None, Option(metavar="ADDRESS", help="A Dask scheduler's address, or local.")
    ] = None,
    export: Annotated[
        Path | None, Option(metavar="FILE", help="Write all results: .csv, .jsonl or .parquet.")
    ] = None,
    finish: Annotated[str, Option(help="kernel, or lmfit: finish every fit in lmfit.")] = "kernel",
    manifest: Annotated[
        Path | None,
        Option(help="CSV file with the columns file and cycle; a manifest.csv in a folder is found."),
    ] = None,
    watch: Annotated[bool, Option(help="Go on: fit files as they are written, until Ctrl-C.")] = False,
    settle: Annotated[
        float, Option(min=0.1, help="With --watch: seconds for which a file must not change.")
    ] = 5.0,
    reading: Reading = Reading(),
    json: Json = False,
) -> int:
    """Fit thousands of spectra; what a store has already is not fitted again.

    Without a circuit one is chosen for all of them, by the first, the middle and the last file.

    Example:  eisfit batch cells/ --store results.sqlite --workers 8 --export results.csv
    """
    from eisfit.batch.export import check_export
    from eisfit.batch.many import dask_executor, fit_many
    from eisfit.cli.batch_sources import list_paths
    from eisfit.cli.watching import watch_folders
    from eisfit.model.files.library import is_given

    limits = span.check()
    if is_given(circuit):
        arcs.of(constraints.of(circuit))  # a wrong name is told before files are read
    if workers is not None and dask is not None:
        raise UsageError("--workers and --dask exclude each other")
    if export is not None:
        check_export(export)
    _check_manifest(manifest)
    options: dict[str, Any] = {
        "workers": workers if dask is None else dask_executor(dask),
        "finish": finish,
        "weighting": weighting,
        **limits,
        "geometry": cell.read(),
        "progress": False,
    }
    read_as = {"manifest": manifest, **reading.options}
    if watch:
        if store is None or export is not None:
            raise UsageError(
                "--watch needs --store, and writes no --export: when the watching is over, run the same "
                "command with --export in place of --watch"
            )
        chosen = constraints.of(_choose_circuit(_list_present(files), circuit, read_as, options))
        options |= arcs.of(chosen)
        return watch_folders(files, chosen, store, settle, json, read_as, options)
    paths = list_paths(files)
    if export is not None:
        check_not_read([export], [path for path, _ in paths], "--export")
    once = list(_iterate_spectra([one for one in paths if one[0] == "-"][:1], read_as))
    chosen = constraints.of(_choose_circuit(paths, circuit, read_as, options, once))
    options |= arcs.of(chosen)
    run = _Run(export, len(paths))
    many = run.many = fit_many(
        run.count(_iterate_spectra(paths, read_as, once)), chosen, store=store, **options
    )
    try:
        run.run()
    except KeyboardInterrupt:
        many.close()
        echo(f"\neisfit: stopped after {run.done} results; {_describe_resuming(store)}", err=True)
        raise Exit(INTERRUPTED) from None
    _show(run, store, json)
    return int(bool(many.failed))


def _check_manifest(manifest: Path | None) -> None:
    from eisfit.spectra.manifest import Listing

    if manifest is not None:
        Listing(manifest)


def _describe_resuming(store: Path | None) -> str:
    if store is None:
        return "none is kept, because there was no --store"
    return f"all that were finished are in {store}: run the same command again to go on"


def _list_present(files: list[str]) -> list[tuple[str, Path | None]]:
    """Return the files that a watched folder has already."""
    from eisfit.cli.batch_sources import list_paths

    try:
        return list_paths(files)
    except ReadError:
        return []


def _choose_circuit(
    paths: list[tuple[str, Path | None]],
    circuit: str | None,
    read_as: dict[str, Any],
    options: dict[str, Any],
    once: Sequence[Any] = (),
) -> Any:
    """Return the circuit that is named, or one chosen by the first, the middle and the last file."""
    from eisfit.fitting.common_circuit import choose_circuit
    from eisfit.fitting.identify.choice import sample_lot
    from eisfit.model.files.library import is_given

    files = [] if is_given(circuit) else paths
    assumed, current.assumed = current.assumed, Remarks()  # they are read again, and counted then
    spectra = list(_iterate_spectra(sample_lot(files), read_as, once))
    current.assumed = assumed
    choice = choose_circuit(spectra, circuit, options, count=max(len(files), len(spectra)))
    if choice.note:
        say(f"{choice.note}; --circuit {shlex.quote(choice.circuit.name)} keeps it")
    return choice.circuit


def _iterate_spectra(
    paths: list[tuple[str, Path | None]], read_as: dict[str, Any], once: Sequence[Any] = ()
) -> Iterator[Any]:
    """Yield the spectra of one file after the other, so that no more than a few are in memory.

    `once` are those of standard input, which can be read only once.
    """
    from eisfit.cli.batch_sources import read_spectra

    for path, root in paths:
        yield from once if path == "-" and once else read_spectra(path, root, **read_as)


class _Run:
    """A run under way: counts, the export, and the line of progress."""

    many: Any

    def __init__(self, export: Path | None, files: int) -> None:
        self.export, self.files = export, files
        self.read = self.done = self.flagged = 0
        self.failures: list[tuple[str, str]] = []
        self.begin = time.monotonic()
        self.told = self.begin

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def run(self) -> None:
        if self.export is None:
            for _ in self.results():
                pass
            return
        from eisfit.batch.export import export_results

        export_results(self.results(), self.export)

    def count(self, spectra: Iterator[Any]) -> Iterator[Any]:
        """Yield the spectra; of a slow drive thousands are read before the first is fitted."""
        for one in spectra:
            self.read += 1
            self.show_progress()
            yield one

    def results(self) -> Iterator[Any]:
        for result in self.many:
            self.done += 1
            self.flagged += result.error is None and not result.ok
            if result.error is not None:
                self.failures.append((result.source, result.error))
            self.show_progress()
            yield result
        if shows_progress():
            echo("\r\x1b[K", nl=False, err=True)

    def show_progress(self) -> None:
        now = time.monotonic()
        if not shows_progress() or now - self.told < _INTERVAL:
            return
        self.told = now
        part = min((self.read + self.done) / (2 * self.files), 1.0)
        left = self.seconds * (1 - part) / part
        line = f"{self.read} of about {self.files} read, {self.done} fitted, {_format_duration(left)} left"
        echo(f"\r\x1b[K{line}, {len(self.failures)} failed", nl=False, err=True)


def _where_to_look(run: _Run) -> str:
    if not run.flagged:
        return ""
    return " (see their flags)" if run.export else " (--export FILE.csv lists their flags)"


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _show(run: _Run, store: Path | None, json: bool) -> None:
    from eisfit.cli.watching import summarise
    from eisfit.display.report.words import count

    many = run.many
    if json:
        print_json(
            {
                **summarise(many, run.failures, spectra=run.done, not_ok=run.flagged, store=store),
                "export": None if run.export is None else str(run.export),
                "seconds": run.seconds,
            }
        )
        return
    fitted = f"{many.fitted} fitted, {many.reused} from the store, {many.failed} failed"
    lines = [
        f"{count(run.done, 'spectrum')} in {run.seconds:.1f} s: {fitted}, "
        f"{run.flagged} not usable as they stand{_where_to_look(run)}",
    ]
    lines += [str(many.audit)] if many.audit.count else []
    shown = run.failures[:_MAX_SHOWN]
    lines += [f"  failed: {e if e.startswith(s) else f'{s}: {e}'}" for s, e in shown]
    more = len(run.failures) - _MAX_SHOWN
    lines += [f"  and {more} more (--json lists them all)"] if more > 0 else []
    print_text("\n".join(lines))

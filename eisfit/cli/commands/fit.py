"""``eisfit fit``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from eisfit.cli.all_commands import count_remarks, say
from eisfit.cli.command import Exit, Option
from eisfit.cli.options import (
    Arcs,
    Cell,
    Constraints,
    Export,
    Files,
    Json,
    OwnCircuit,
    Points,
    Reading,
    Results,
    Weighting,
)
from eisfit.cli.output import Folder, get_width, guard, make_stem, print_json, print_text, track_progress
from eisfit.cli.sources import read_sources
from eisfit.errors import FitError, UsageError
from eisfit.files import write_atomic, write_json
from eisfit.records import FIT_SCHEMA
from eisfit.spectra import WEIGHTING


def _print_thresholds(value: bool) -> None:
    """Print the thresholds of verdicts, where the option asks for them."""
    if value:
        from eisfit.display.report.grades import grades_text

        print_text(grades_text(width=get_width()))
        raise Exit


@guard
def fit(
    files: Files,
    circuit: OwnCircuit = None,
    weighting: Weighting = WEIGHTING,
    constraints: Constraints = Constraints(),
    arcs: Arcs = Arcs(),
    points: Points = Points(),
    drop_invalid: Annotated[bool, Option(help="Leave out points that fail the Kramers-Kronig test.")] = False,
    loss: Annotated[
        str,
        Option(
            words=("linear", "soft_l1", "huber", "cauchy"),
            help="{}: all but the first are less pulled by outliers.",
        ),
    ] = "linear",
    representation: Annotated[
        str, Option(words=("impedance", "admittance", "modulus_phase"), help="{}.")
    ] = "impedance",
    interval: Annotated[
        float | None, Option(metavar="LEVEL", help="Give an interval of this level, such as 0.95.")
    ] = None,
    errors: Annotated[
        str | None,
        Option(
            words=("covariance", "profile", "bootstrap", "mcmc"),
            help="How intervals are found: {}; the first where it is not said.",
        ),
    ] = None,
    cell: Cell = Cell(),
    repeats: Annotated[
        int | None, Option(metavar="N", help="Repeated fits of bootstrap (1000), or steps of mcmc.")
    ] = None,
    finish: Annotated[
        str,
        Option(
            words=("lmfit", "kernel"),
            help="lmfit, or kernel: three times as fast for one file, the same numbers; needs --circuit.",
        ),
    ] = "lmfit",
    reading: Reading = Reading(),
    explain_grade: Annotated[  # its callback prints and stops
        bool,
        Option(
            help="Print grades, verdicts and every limit with its source, and stop.",
            callback=_print_thresholds,
        ),
    ] = False,
    methods: Annotated[
        bool, Option(help="Print a paragraph for a paper on each fit, and nothing else.")
    ] = False,
    export: Export = None,
    json: Json = False,
    written: Results = Results(),
) -> int:
    """Fit a circuit to spectra. No start values are needed, and no circuit: without one, it is identified.

    Example:  eisfit fit cell.mpt --circuit rs-sei-ct-w --fmax 2e4 --output results
    """
    from eisfit.model.files.library import is_given

    written.check()
    limits = points.check()
    texts = _make_writer(methods, export, json)
    _check_finish(finish, is_given(circuit), errors)
    if is_given(circuit):
        arcs.of(constraints.of(circuit))  # a wrong name is told before files are read
    spectra = read_sources(files, **reading.options)
    options: dict[str, Any] = {"weighting": weighting, **limits, "loss": loss}
    options |= {"drop_invalid": drop_invalid, "representation": representation, "geometry": cell.read()}
    found = fit_spectra(spectra, circuit, constraints, arcs, kernel=finish == "kernel", **options)
    if interval is not None or errors is not None:
        found = (_add_intervals(result, interval, errors or "covariance", repeats) for result in found)
    results = list(track_progress(found, "fitting", len(spectra)))
    written.write(lambda target: _write_fits(results, target))
    if texts is None:
        _show_fits(results, json)
    else:
        print_text("\n\n".join(texts(result) for result in results))
    return int(any(result.error is not None for result in results))


def _make_writer(methods: bool, export: str | None, json: bool) -> Callable[[Any], str] | None:
    """Return what makes a fit's text where it is not the usual table."""
    if methods + (export is not None) + json > 1:
        raise UsageError("--methods, --export and --json exclude each other")
    if not methods and export is None:
        return None

    def text(result: Any) -> str:
        from eisfit.display.report.methods import methods_text
        from eisfit.fitting.interop import export as exported

        if export is None or result.error is not None:
            return methods_text(result.to_dict())
        return exported(result, export)

    return text


def fit_spectra(
    spectra: list[Any],
    circuit: str | None,
    constraints: Constraints,
    arcs: Arcs,
    *,
    kernel: bool = False,
    **options: Any,
) -> Iterable[Any]:
    """Fit spectra with the circuit that is named, finished in lmfit or in the kernel, or one they choose."""
    from eisfit.model.files.library import is_given, parse_rank

    def constrain(found: Any) -> tuple[Any, dict[str, Any]]:
        held = constraints.of(found)
        return held, arcs.of(held)

    if not is_given(circuit):
        from eisfit.fitting.fit_alike import fit_alike

        held = constrain if constraints or arcs else None
        return fit_alike(spectra, held, place=parse_rank(circuit) or 1, **options)
    chosen, meant = constrain(circuit)
    if kernel:
        from eisfit.batch.many import fit_many

        return fit_many(spectra, chosen, **options, **meant)
    from eisfit.fitting.fit import fit_each

    return fit_each(spectra, chosen, **options, **meant)


def _check_finish(finish: str, given: bool, errors: str | None) -> None:

    if finish == "kernel" and not (given and errors is None):
        what = f"has no --errors {errors}: leave one of them out" if given else "needs --circuit"
        raise UsageError(f"--finish kernel {what}")


def _add_intervals(result: Any, level: float | None, method: str, count: int | None) -> Any:
    from eisfit.fitting.errors.intervals import add_intervals, intervals
    from eisfit.verdict import LEVEL, Flag

    if result.error:
        return result
    try:
        found = intervals(result, LEVEL if level is None else level, method, count=count)
    except FitError as error:
        flag = Flag("no_interval", str(error), "use --errors profile")
        return result.replace_flags((*result.flags, flag))
    parted = [_split_cause(note) for note in found.notes]
    told = [Flag("interval_doubtful", cause, cure) for cause, cure in parted]
    return add_intervals(result.replace_flags((*result.flags, *told)), found)


def _split_cause(note: str) -> tuple[str, str]:
    """Return cause and cure of a note on intervals, which says them in this order."""
    cause, mark, cure = note.partition("; use ")
    if not mark:
        cause, mark, cure = note.partition(": ")
        return cause, cure
    return cause, f"use {cure}".replace(" steps or more", " steps or more (--repeats)")


def _show_fits(results: list[Any], json: bool) -> None:
    from eisfit.display.report.fits import fit_text, fits_text

    documents = [result.to_dict(data=False) for result in results]
    if json:
        print_json({"schema": FIT_SCHEMA, "results": documents})
    elif len(documents) == 1:
        print_text(fit_text(documents[0], width=get_width()))
    else:
        print_text(fits_text(documents, width=get_width()))
        _report_chosen(results)
    doubtful = next((r for r in results if r.error is None and not r.ok), None)
    if doubtful is not None and not json and not doubtful.spectrum.source.startswith("<"):
        from eisfit.fitting.verdicts.flag_kinds import is_beyond_circuits

        source = shlex.quote(doubtful.spectrum.source)
        if is_beyond_circuits(doubtful.flags):
            say(f"What in the data can no circuit give?  eisfit check {source}")
        else:
            say(f"Which circuit does the data support?  eisfit compare {source}")


def _report_chosen(results: list[Any]) -> None:
    """Say once which circuit was chosen for spectra that were given none."""
    causes = [
        (result.spectrum.name, flag.cause)
        for result in results
        if result.error is None
        for flag in result.flags
        if flag.name == "circuit_chosen"
    ]
    alike = len({cause for _, cause in causes}) == 1
    for line in [causes[0][1]] if alike else count_remarks(causes, len(results)):
        say(line)


def _write_fits(results: list[Any], target: Folder) -> None:
    from eisfit.display import plot
    from eisfit.display.report.fit_tables import fits_csv
    from eisfit.display.report.names import tell_apart
    from eisfit.display.report.words import name_of

    documents = [result.to_dict() for result in results]
    write_json(target.path / "fit.json", {"schema": FIT_SCHEMA, "results": documents})
    write_atomic(target.path / "fit.csv", fits_csv(documents))
    taken: set[str] = set()
    for document in tell_apart(documents):
        if document["error"] is None:
            figure = plot.new_figure()
            plot.fit_overview(document, figure=figure)
            target.save(figure, make_stem(name_of(document), taken), "fit", document)

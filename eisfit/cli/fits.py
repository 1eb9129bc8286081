"""``eisfit fit`` and ``eisfit track``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from eisfit.cli.options import (
    DEFAULT_CIRCUIT,
    AverageDuplicates,
    Bounds,
    CircuitName,
    Drop,
    DropInductive,
    Expressions,
    Files,
    Fixed,
    FrequencyMax,
    FrequencyMin,
    Json,
    Output,
    Starts,
    Weighting,
    check_range,
    constrained,
)
from eisfit.cli.output import (
    folder,
    guarded,
    print_json,
    print_text,
    progress,
    stem,
    width,
    write_atomic,
    write_json,
)
from eisfit.cli.sources import gather, gather_series

__all__ = ["COMMANDS"]


@guarded
def fit(
    files: Files,
    circuit: CircuitName = DEFAULT_CIRCUIT,
    weighting: Weighting = "modulus",
    fix: Fixed = None,
    start: Starts = None,
    bound: Bounds = None,
    expr: Expressions = None,
    fmin: FrequencyMin = None,
    fmax: FrequencyMax = None,
    drop: Drop = None,
    drop_inductive: DropInductive = False,
    drop_invalid: Annotated[
        bool, typer.Option("--drop-invalid", help="Leave out points that fail the Kramers-Kronig test.")
    ] = False,
    loss: Annotated[str, typer.Option(help="linear, or soft_l1, huber, cauchy: less pulled by outliers.")] = (
        "linear"
    ),
    representation: Annotated[
        str, typer.Option(help="impedance, admittance or modulus_phase.")
    ] = "impedance",
    interval: Annotated[
        float | None, typer.Option(metavar="LEVEL", help="Give an interval of this level, such as 0.95.")
    ] = None,
    errors: Annotated[
        str | None,
        typer.Option(help="How intervals are found: covariance (default), profile, bootstrap or mcmc."),
    ] = None,
    average_duplicates: AverageDuplicates = False,
    json: Json = False,
    output: Output = None,
) -> int:
    """Fit a circuit to spectra. No start values are needed.

    Example:  eisfit fit cell.mpt --circuit rs-sei-ct-w --fmax 2e4 --output results
    """
    check_range(fmin, fmax)
    chosen = constrained(circuit, fix, start, bound, expr)
    spectra = gather(files, average_duplicates=average_duplicates)
    options = {"weighting": weighting, "fmin": fmin, "fmax": fmax, "drop": drop, "loss": loss}
    options |= {"drop_inductive": drop_inductive, "drop_invalid": drop_invalid}
    options |= {"representation": representation}
    found = _fits(spectra, chosen, options)
    if interval is not None or errors is not None:
        level = 0.95 if interval is None else interval
        found = (_with_intervals(result, level, errors or "covariance") for result in found)
    results = list(progress(found, "fitting", len(spectra)))
    if output is not None:
        _write_fits(results, folder(output))
    _show_fits(results, json)
    return int(any(result.error is not None for result in results))


def _fits(spectra: list[Any], chosen: Any, options: dict[str, Any]) -> Iterator[Any]:
    from eisfit.fit import fit_or_failure
    from eisfit.result import FitFailure

    for spectrum in spectra:
        is_failure = isinstance(spectrum, FitFailure)
        yield spectrum if is_failure else fit_or_failure(spectrum, chosen, validate=True, **options)


def _with_intervals(result: Any, level: float, method: str) -> Any:
    from eisfit.uncertainty import intervals, with_intervals

    return result if result.error else with_intervals(result, intervals(result, level, method))


def _show_fits(results: list[Any], json: bool) -> None:
    from eisfit import report

    documents = [result.to_dict(data=False) for result in results]
    if json:
        print_json({"schema": "eisfit.fit/1", "results": documents})
    elif len(documents) == 1:
        print_text(report.fit_text(documents[0], width=width()))
    else:
        print_text(report.fits_text(documents, width=width()))


def _write_fits(results: list[Any], target: Path) -> None:
    from eisfit import plot, report

    documents = [result.to_dict() for result in results]
    write_json(target / "fit.json", {"schema": "eisfit.fit/1", "results": documents})
    write_atomic(target / "fit.csv", report.fits_csv(documents))
    taken: set[str] = set()
    for result, document in zip(results, documents, strict=True):
        if result.error is None:
            figure = plot.new_figure()
            plot.fit_overview(document, figure=figure)
            plot.save(figure, target / f"{stem(result.spectrum.name, taken)}.png")


@guarded
def track(
    files: Files,
    circuit: CircuitName = DEFAULT_CIRCUIT,
    weighting: Weighting = "modulus",
    fix: Fixed = None,
    start: Starts = None,
    bound: Bounds = None,
    expr: Expressions = None,
    fmin: FrequencyMin = None,
    fmax: FrequencyMax = None,
    average_duplicates: AverageDuplicates = False,
    cycle_pattern: Annotated[
        str | None,
        typer.Option(help="Regular expression with one group that finds the cycle in a file's name."),
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="CSV file with the columns file and cycle.")] = None,
    json: Json = False,
    output: Output = None,
) -> int:
    """Follow the parameters over the cycles: one row a cycle, failures in sight, growth of each.

    Example:  eisfit track cell_folder/ --circuit rs-sei-ct-w --output results
    """
    from eisfit.track import track as follow

    check_range(fmin, fmax)
    chosen = constrained(circuit, fix, start, bound, expr)
    series = gather_series(
        files, cycle_pattern=cycle_pattern, manifest=manifest, average_duplicates=average_duplicates
    )
    result = follow(series, chosen, weighting=weighting, fmin=fmin, fmax=fmax)
    if output is not None:
        _write_track(result, folder(output))
    _show_track(result, json)
    return int(bool(result.failures))


def _show_track(result: Any, json: bool) -> None:
    from eisfit import report

    document = result.to_dict(data=False)
    if json:
        print_json(document)
        return
    print_text(report.track_text(document, width=width()))
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)


def _write_track(result: Any, target: Path) -> None:
    from eisfit import plot

    document = result.to_dict()
    write_json(target / "track.json", document)
    write_atomic(target / "track.csv", result.to_frame().to_csv(index=False))
    figure = plot.new_figure()
    plot.trends(document, figure=figure)
    plot.save(figure, target / "track.png")


COMMANDS = (fit, track)

"""``eisfit track``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from eisfit.cli.options import (
    DEFAULT_CIRCUIT,
    AverageDuplicates,
    Bounds,
    CircuitName,
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
    width,
    write_atomic,
    write_json,
)
from eisfit.cli.sources import gather_series
from eisfit.errors import UsageError

__all__ = ["COMMANDS"]


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
    shared: Annotated[
        list[str] | None, typer.Option("--shared", metavar="NAME", help="One value for all cycles.")
    ] = None,
    smooth: Annotated[
        list[str] | None,
        typer.Option("--smooth", metavar="NAME", help="Smooth over the cycles, as much as the data bears."),
    ] = None,
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
    result = follow(series, chosen, joint=_joint(shared, smooth), weighting=weighting, fmin=fmin, fmax=fmax)
    if output is not None:
        _write_track(result, folder(output))
    _show_track(result, json)
    return int(bool(result.failures))


def _joint(shared: list[str] | None, smooth: list[str] | None) -> dict[str, str]:
    both = set(shared or ()) & set(smooth or ())
    if both:
        raise UsageError(f"{sorted(both)[0]} cannot be both --shared and --smooth")
    return {**dict.fromkeys(shared or (), "shared"), **dict.fromkeys(smooth or (), "smooth")}


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


COMMANDS = (track,)

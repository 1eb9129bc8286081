"""``eisfit track``."""

from __future__ import annotations

import dataclasses
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
    Order,
    Output,
    Peaks,
    Starts,
    Weighting,
    arcs_meant,
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
    peak: Peaks = None,
    order: Order = None,
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
    crossing: Annotated[
        list[str] | None,
        typer.Option(
            "--crossing",
            metavar="NAME=VALUE",
            help="When a parameter reaches a value, or with x a multiple: R_ct=2x. Looks beyond the data.",
        ),
    ] = None,
    cycling: Annotated[
        list[Path] | None,
        typer.Option("--cycling", metavar="CSV", help="Cycling data of the cell; once for each cell."),
    ] = None,
    json: Json = False,
    output: Output = None,
) -> int:
    """Follow the parameters over the cycles: one row a cycle, failures in sight, growth of each.

    Several folders are several cells: one table, and the growth of each compared with the first.

    Example:  eisfit track cell_folder/ --circuit rs-sei-ct-w --output results
    """
    from eisfit.compare_series import compare_series
    from eisfit.track import track as follow

    check_range(fmin, fmax)
    chosen = constrained(circuit, fix, start, bound, expr)
    options: dict[str, Any] = {
        "joint": _joint(shared, smooth),
        "weighting": weighting,
        "fmin": fmin,
        "fmax": fmax,
        **arcs_meant(chosen, peak, order),
    }
    cells = [[one] for one in files] if _are_cells(files) else [files]
    results = [
        follow(
            gather_series(
                cell, cycle_pattern=cycle_pattern, manifest=manifest, average_duplicates=average_duplicates
            ),
            chosen,
            **options,
        )
        for cell in cells
    ]
    result = results[0] if len(results) == 1 else compare_series(_named(results, files))
    ends = [_crossings(one, crossing) for one in results]
    beside = _beside(results, cycling)
    if output is not None:
        _write_track(result, folder(output))
    _show_track(result, json, ends, beside)
    return int(any(one.failures for one in results))


def _are_cells(sources: list[str]) -> bool:
    """Return whether several folders are named: each is then a cell of its own."""
    return len(sources) > 1 and all(Path(source).is_dir() for source in sources)


def _named(results: list[Any], sources: list[str]) -> list[Any]:
    """Return the series with different labels: the folders' names, or their paths where names are alike."""
    labels = [result.label for result in results]
    if len(set(labels)) == len(labels):
        return results
    return [dataclasses.replace(r, label=source) for r, source in zip(results, sources, strict=True)]


def _joint(shared: list[str] | None, smooth: list[str] | None) -> dict[str, str]:
    both = set(shared or ()) & set(smooth or ())
    if both:
        raise UsageError(f"{sorted(both)[0]} cannot be both --shared and --smooth")
    return {**dict.fromkeys(shared or (), "shared"), **dict.fromkeys(smooth or (), "smooth")}


def _beside(results: list[Any], files: list[Path] | None) -> list[tuple[Any, list[Any]]]:
    """Return each cell's cycling table, with the share of its voltage drops that the impedance explains."""
    from eisfit.cycle_table import read_cycle_table
    from eisfit.polarisation import explained

    if not files:
        return []
    if len(files) != len(results):
        raise UsageError(
            f"--cycling: {len(files)} files for {len(results)} cells; give one for each, in order"
        )
    found = []
    for result, file in zip(results, files, strict=True):
        table = read_cycle_table(file, label=result.label or file.stem)
        drops = [figure.cycle for figure in table.figures if figure.name == "polarisation resistance"]
        found.append((table, [explained(table, result, cycle) for cycle in drops]))
    return found


def _crossings(result: Any, wanted: list[str] | None) -> list[Any]:
    """Return when parameters reach what the texts say, like R_ct=120 or R_ct=2x."""
    found = []
    for text in wanted or ():
        name, _, target = text.partition("=")
        try:
            number = float(target.removesuffix("x"))
        except ValueError:
            raise UsageError(
                f"--crossing {text!r}: expected NAME=VALUE or NAME=FACTORx, like R_ct=2x"
            ) from None
        kind = "factor" if target.endswith("x") else "value"
        found.append(result.growth(name.strip()).crossing(**{kind: number}, extrapolate=True))
    return found


def _show_track(result: Any, json: bool, ends: list[list[Any]], beside: list[tuple[Any, list[Any]]]) -> None:
    document = result.to_dict(data=False)
    if json:
        cycling = [{**t.to_dict(), "explained": [e.to_dict() for e in shares]} for t, shares in beside]
        crossings = [[end.to_dict() for end in cell] for cell in ends]
        more: dict[str, Any] = {"cycling": cycling} if beside else {}
        more |= {"crossings": crossings if len(crossings) > 1 else crossings[0]} if any(crossings) else {}
        print_json({**document, **more})
        return
    _print_track(result, document)
    labels = [cell.label for cell in result] if len(ends) > 1 else [""]
    for label, cell in zip(labels, ends, strict=True):
        for end in cell:
            print_text(f"{label}: {end}" if label else str(end))
    for table, shares in beside:
        print_text("\n".join(["", str(table), *(f"  {share}" for share in shares)]))


def _print_track(result: Any, document: Any) -> None:
    if document["schema"] == "eisfit.cells/1":
        from eisfit.report.cells import cells_text

        print_text(cells_text(document, width=width()))
        return
    from eisfit import report

    print_text(report.track_text(document, width=width()))
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)


def _write_track(result: Any, target: Path) -> None:
    from eisfit import plot
    from eisfit.plot.series import cells_trends, nyquist_waterfall

    document = result.to_dict()
    write_json(target / "track.json", document)
    write_atomic(target / "track.csv", result.to_frame().to_csv(index=False))
    cells = document.get("cells") or [document]
    figure = plot.new_figure()
    cells_trends(cells, figure=figure)
    plot.save(figure, target / "track.png")
    for cell in cells:
        fits = [row for row in cell["results"] if row["error"] is None]
        if fits:
            ax = plot.new_axes(4.8, 5.2)
            nyquist_waterfall(fits, ax=ax)
            plot.save(ax, target / (f"spectra_{cell['label']}.png" if len(cells) > 1 else "spectra.png"))


COMMANDS = (track,)

"""``eisfit track``."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.all_commands import say
from eisfit.cli.command import Option
from eisfit.cli.commands.drt import write_map
from eisfit.cli.options import (
    Arcs,
    Cell,
    Constraints,
    Files,
    Frequencies,
    Json,
    OwnCircuit,
    Placing,
    Reading,
    Results,
    Weighting,
)
from eisfit.cli.output import Folder, format_frame, get_width, guard, print_json, print_text
from eisfit.cli.sources import collect_series
from eisfit.errors import FitError, UsageError
from eisfit.files import write_atomic, write_json
from eisfit.records import CELLS_SCHEMA
from eisfit.spectra import WEIGHTING


@guard
def track(
    files: Files,
    circuit: OwnCircuit = None,
    weighting: Weighting = WEIGHTING,
    constraints: Constraints = Constraints(),
    arcs: Arcs = Arcs(),
    span: Frequencies = Frequencies(),
    reading: Reading = Reading(),
    placing: Placing = Placing(),
    cell: Cell = Cell(),
    shared: Annotated[list[str] | None, Option(metavar="NAME", help="One value for all cycles.")] = None,
    smooth: Annotated[
        list[str] | None,
        Option(metavar="NAME", help="Smooth over the cycles, as much as the data bears."),
    ] = None,
    arrhenius: Annotated[
        list[str] | None,
        Option(metavar="NAME", help="Obeys Arrhenius' law inside one fit of all."),
    ] = None,
    crossing: Annotated[
        list[str] | None,
        Option(
            metavar="NAME=VALUE",
            help="When a parameter reaches a value, or with x a multiple: R_ct=2x. Looks beyond the data.",
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        Option(metavar="NAME=CELL,CELL", help="Replicates: groups of cells are compared, not cells."),
    ] = None,
    relaxation: Annotated[
        bool,
        Option("--drt", help="Distributions of relaxation times along the axis too, beside the arcs."),
    ] = False,
    drift: Annotated[
        bool,
        Option("--correct-drift", help="Interpolate each sweep's points over time to its middle first."),
    ] = False,
    cycling: Annotated[
        list[Path] | None,
        Option(metavar="CSV", help="Cycling data of the cell; once for each cell."),
    ] = None,
    animate: Annotated[
        bool,
        Option(help="With --output: the Nyquist plots as a moving picture too (GIF)."),
    ] = False,
    json: Json = False,
    written: Results = Results(),
) -> int:
    """Follow the parameters over cycles, temperature, state of charge, ...: one row a spectrum, and laws.

    Several folders are several cells: one table, and the growth of each compared with the first. Without a
    circuit one is chosen for all of them, by the first, the middle and the last spectrum.

    Example:  eisfit track cell_folder/ --circuit rs-sei-ct-w --output results
              eisfit track cell/*degC.mpt --by temperature
    """
    from eisfit.fitting.common_circuit import choose_circuit
    from eisfit.model.files.library import is_given
    from eisfit.tracking.comparison.compare_series import compare_series
    from eisfit.tracking.track import note_choice
    from eisfit.tracking.track import track as follow

    written.check()
    if animate and written.output is None:
        raise UsageError("--animate writes a file: say where with --output DIR")
    limits = span.check()
    joint = _modes(shared, smooth, arrhenius)

    def constrain(found: Any) -> tuple[Any, list[Any], dict[str, Any]]:
        """Return the circuit as it is to be fitted, what is to be reached, and which arcs are meant."""
        held = constraints.of(found)
        held.check_names(joint)
        return held, _parse_levels(crossing, held), arcs.of(held)

    if is_given(circuit):
        constrain(circuit)  # a wrong name is told before files are read
    options: dict[str, Any] = {"weighting": weighting, **limits}
    geometry = cell.read()
    read_as = reading.options
    cells = [[one] for one in files] if _are_cells(files) else [files]
    series = [collect_series(cell, **placing.options, **read_as) for cell in cells]
    corrected = [_remove_drift(one) for one in series] if drift else []
    series = [one.series for one in corrected] or series
    choice = choose_circuit([spectrum for one in series for spectrum in one], circuit, options)
    chosen, wanted, meant = constrain(choice.circuit)
    options |= {"joint": joint, "geometry": geometry, **meant}
    results = [note_choice(follow(one, chosen, **options), choice) for one in series]
    named = _relabel(results, files)
    groups = _parse_groups(group, named)
    result = results[0] if len(results) == 1 else compare_series(named, groups=groups)
    ends = [_find_crossings(one, wanted) for one in results]
    beside = _read_cycling_tables(results, cycling)
    maps = [one.drt() for one in results] if relaxation else []
    more = _list_more(ends, beside, maps)
    more |= {"drift": [one.to_dict(data=False) for one in corrected]} if drift else {}

    def write(target: Folder) -> None:
        _write_track(result, target, more)
        for one in maps:
            write_map(one, target, _name_figure("drt", one.label, maps), beside=True)
        if animate:
            _write_animations(results, target.path)

    written.write(write)
    _show_track(result, json, ends, beside, more)
    for one in () if json else maps:
        print_text(f"\n{one}")
    return int(any(one.failures for one in results))


def _remove_drift(series: Any) -> Any:
    from eisfit.validation.drift import correct_drift

    return correct_drift(series)


def _are_cells(sources: list[str]) -> bool:
    """Return whether several folders are named: each is then a cell of its own."""
    return len(sources) > 1 and all(os.path.isdir(source) for source in sources)


def _relabel(results: list[Any], sources: list[str]) -> list[Any]:
    """Return the series with different labels: the folders' names, or their paths where names are alike."""
    labels = [result.label for result in results]
    if len(set(labels)) == len(labels):
        return results
    return [dataclasses.replace(r, label=source) for r, source in zip(results, sources, strict=True)]


def _parse_groups(given: list[str] | None, results: list[Any]) -> dict[str, list[str]] | None:
    """Return the cells of each group, from texts like bare=cell_1,cell_2."""
    if not given:
        return None
    found = {}
    for text in given:
        name, _, cells = text.partition("=")
        if not name or not cells:
            raise UsageError(f"--group {text!r}: expected NAME=CELL,CELL, like bare=cell_1,cell_2")
        found[name.strip()] = [cell.strip() for cell in cells.split(",")]
    if len(results) < 2:
        raise UsageError("--group: replicates are folders of their own; name each of them")
    return found


def _modes(shared: list[str] | None, smooth: list[str] | None, arrhenius: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for mode, names in (("shared", shared), ("smooth", smooth), ("arrhenius", arrhenius)):
        for name in names or ():
            if name in found:
                raise UsageError(f"{name} cannot be both --{found[name]} and --{mode}")
            found[name] = mode
    return found


def _read_cycling_tables(results: list[Any], files: list[Path] | None) -> list[tuple[Any, list[Any]]]:
    """Return each cell's cycling table, with the share of its voltage drops that the impedance explains."""
    from eisfit.tracking.cycles.table import read_cycle_table

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
        found.append((table, [result.explained(table, cycle) for cycle in drops]))
    return found


def _parse_levels(texts: list[str] | None, circuit: Any) -> list[tuple[str, str, float]]:
    """Return name, `value` or `factor`, and number of texts like R_ct=120 or R_ct=2x."""
    found = []
    for text in texts or ():
        name, _, target = text.partition("=")
        try:
            number = float(target.removesuffix("x"))
        except ValueError:
            raise UsageError(
                f"--crossing {text!r}: expected NAME=VALUE or NAME=FACTORx, like R_ct=2x"
            ) from None
        found.append((name.strip(), "factor" if target.endswith("x") else "value", number))
    circuit.check_names(name for name, _, _ in found)
    return found


def _find_crossings(result: Any, wanted: list[tuple[str, str, float]]) -> list[Any]:
    """Return when parameters reach what is asked for, where they have a growth at all."""
    found = []
    for name, kind, number in wanted:
        try:
            found.append(result.crossing(name, **{kind: number}))
        except FitError as error:
            say(f"--crossing: {error}")
    return found


def _list_more(ends: list[list[Any]], beside: list[tuple[Any, list[Any]]], maps: list[Any]) -> dict[str, Any]:
    """Return what the document gets beside the track: cycling data, values reached, distributions."""
    cycling = [{**t.to_dict(), "explained": [e.to_dict() for e in shares]} for t, shares in beside]
    crossings = [[{**end.to_dict(), "text": str(end)} for end in cell] for cell in ends]
    more: dict[str, Any] = {"cycling": cycling} if beside else {}
    more |= {"drt": [one.to_dict() for one in maps]} if maps else {}
    return more | ({"crossings": crossings if len(crossings) > 1 else crossings[0]} if any(crossings) else {})


def _show_track(
    result: Any,
    json: bool,
    ends: list[list[Any]],
    beside: list[tuple[Any, list[Any]]],
    more: dict[str, Any],
) -> None:
    document = result.to_dict(data=False)
    if json:
        print_json({**document, **more})
        return
    _print_track(document)
    labels = [cell.label for cell in result] if len(ends) > 1 else [""]
    for label, cell in zip(labels, ends, strict=True):
        for end in cell:
            print_text(f"{label}: {end}" if label else str(end))
    for table, shares in beside:
        print_text("\n".join(["", str(table), *(f"  {share}" for share in shares)]))


def _print_track(document: Any) -> None:
    if document["schema"] == CELLS_SCHEMA:
        from eisfit.display.report.cells import cells_text

        print_text(cells_text(document, width=get_width()))
        return
    from eisfit.display.report.tracks import track_text

    print_text(track_text(document, width=get_width()))


def _write_track(result: Any, target: Folder, more: dict[str, Any]) -> None:
    from eisfit.display import plot
    from eisfit.display.plot.joint import joint_overview
    from eisfit.display.plot.series import add_groups, cells_trends, series_waterfall

    document = {**result.to_dict(), **more}
    write_json(target.path / "track.json", document)
    write_atomic(target.path / "track.csv", format_frame(result.to_frame(), index=False))
    cells = document.get("cells") or [document]
    figure = plot.new_figure()
    cells_trends(add_groups(cells, document.get("groups")), figure=figure)
    target.save(figure, "track", "track", document)
    for cell in cells:
        if cell.get("joint"):
            drawn = plot.new_figure()
            joint_overview(cell, figure=drawn)
            target.save(drawn, _name_figure("joint", cell["label"], cells), "joint", cell, beside=True)
        if any(row["error"] is None for row in cell["results"]):
            ax = series_waterfall(cell, figure=plot.new_figure())
            target.save(ax, _name_figure("spectra", cell["label"], cells), "spectra", cell, beside=True)


def _write_animations(results: list[Any], target: Path) -> None:
    for result in results:
        if len(result.failures) < len(result):
            result.animate(target / f"{_name_figure('spectra', result.label, results)}.gif")


def _name_figure(what: str, label: str, cells: list[Any]) -> str:
    """Return the name of a figure's file without its ending, with the cell's where there are several.

    Cells whose folders have one name are called by their paths.

    >>> _name_figure("spectra", "gamry/eis", [1, 2]), _name_figure("spectra", "eis", [1])
    ('spectra_gamry_eis', 'spectra')
    """
    return f"{what}_{label}".replace("\\", "_").replace("/", "_") if len(cells) > 1 else what

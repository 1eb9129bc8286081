"""``eisfit drt``."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from eisfit.cli.answers import Answers
from eisfit.cli.command import Option
from eisfit.cli.options import Files, Frequencies, Json, Placing, Reading, Results
from eisfit.cli.output import Folder, format_frame, guard, print_json, print_text
from eisfit.cli.sources import collect_series
from eisfit.errors import UsageError
from eisfit.files import write_atomic, write_json
from eisfit.records import DRT_SCHEMA


@guard
def drt(
    files: Files,
    regularisation: Annotated[
        float | None, Option(help="Strength; found by generalised cross-validation by default.")
    ] = None,
    span: Frequencies = Frequencies(),
    placing: Placing = Placing(),
    reading: Reading = Reading(),
    json: Json = False,
    results: Results = Results(),
) -> int:
    """Compute distributions of relaxation times: which processes a spectrum holds, without a circuit.

    With --by the peaks are followed along that axis, each with its law; eisfit track --drt holds them against
    the arcs of a circuit too.

    Example:  eisfit drt cell.mpt --output results
              eisfit drt cell/*degC.mpt --by temperature
    """
    from eisfit.display.report.relaxation import drt_text
    from eisfit.validation.drt import drt as compute

    results.check()
    limits = span.check()
    if placing.by is not None:
        return _show_along_axis(
            files, limits, regularisation, {**placing.options, **reading.options}, json, results
        )
    if any(placing.options.values()):
        raise UsageError("--axis-pattern, --cycle-pattern and --manifest place spectra on an axis: give --by")
    found = Answers.of(
        "drt",
        DRT_SCHEMA,
        files,
        reading,
        lambda s: compute(s.select(**limits), regularisation=regularisation),
        {"schema": DRT_SCHEMA},
    )
    found.write(results, _draw)
    return found.show(json, drt_text)


def _show_along_axis(
    files: list[str],
    limits: dict[str, float | None],
    regularisation: float | None,
    read_as: dict[str, Any],
    json: bool,
    results: Results,
) -> int:
    """Show the distributions along an axis."""
    from eisfit.tracking.relaxation.distributions import drt_series

    series = collect_series(files, **read_as)
    kept = dataclasses.replace(series, spectra=tuple(one.select(**limits) for one in series))
    found = drt_series(kept, regularisation=regularisation)
    document = found.to_dict()

    def write(target: Folder) -> None:
        write_json(target.path / "drt.json", document)
        write_map(found, target, "drt")

    results.write(write)
    if json:
        print_json(document)
    else:
        print_text(str(found))
    return int(any(row["error"] for row in document["rows"]))


def write_map(found: Any, target: Folder, name: str, *, beside: bool = False) -> None:
    """Write the distributions along an axis as a figure and as a table."""
    from eisfit.display import plot

    figure = plot.new_figure()
    found.plot(figure)
    target.save(figure, name, "drt_map", {}, beside=beside)
    write_atomic(target.path / f"{name}.csv", format_frame(found.to_frame(), index=False))


def _draw(document: Any) -> Any:
    from eisfit.display import plot

    curve = document["distribution"]
    return plot.drt(
        curve["tau_s"],
        curve["gamma_ohm"],
        low=curve["low_ohm"],
        high=curve["high_ohm"],
        peaks=document["peaks"],
        ax=plot.new_axes(),
    )

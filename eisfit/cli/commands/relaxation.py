"""``eisfit drt``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.command import Option
from eisfit.cli.options import Files, Frequencies, Json, Reading, Results
from eisfit.cli.output import (
    Folder,
    guard,
    print_json,
    print_text,
    progress,
    stem,
    width,
    write_json,
)
from eisfit.cli.sources import read_sources
from eisfit.errors import EisfitError, UsageError

__all__ = ["COMMANDS"]


@guard
def drt(
    files: Files,
    regularisation: Annotated[
        float | None, Option(help="Strength; found by generalised cross-validation by default.")
    ] = None,
    span: Frequencies = Frequencies(),
    reading: Reading = Reading(),
    json: Json = False,
    results: Results = Results(),
) -> int:
    """Compute distributions of relaxation times: which processes a spectrum holds, without a circuit.

    Example:  eisfit drt cell.mpt --output results
    """
    results.check()
    limits = span.checked()
    spectra = read_sources(files, **reading.options)
    found = (_document(spectrum, limits, regularisation) for spectrum in spectra)
    documents = list(progress(found, "distributions", len(spectra)))
    results.write(lambda target: _write(documents, target))
    _show(documents, json)
    return int(any(document.get("error") for document in documents))


def _document(spectrum: Any, limits: dict[str, float | None], regularisation: float | None) -> dict[str, Any]:
    from eisfit.fitting.failure import FitFailure
    from eisfit.validation.drt import drt as compute

    if isinstance(spectrum, FitFailure):
        return spectrum.to_dict()
    try:
        return {
            **compute(spectrum.select(**limits), regularisation=regularisation).to_dict(),
            "error": None,
        }
    except UsageError:
        raise
    except EisfitError as error:
        return {"schema": "eisfit.drt/1", "spectrum": spectrum.summary(), "error": str(error)}


def _show(documents: list[dict[str, Any]], json: bool) -> None:
    from eisfit.display.report import relaxation

    if json:
        rows = [{key: value for key, value in document.items() if key != "data"} for document in documents]
        print_json({"schema": "eisfit.drt/1", "results": rows})
    else:
        print_text(relaxation.drts_text(documents, width=width()))


def _write(documents: list[dict[str, Any]], target: Folder) -> None:
    from eisfit.display import plot

    write_json(target.path / "drt.json", {"schema": "eisfit.drt/1", "results": documents})
    taken: set[str] = set()
    for document in documents:
        if not document.get("error"):
            curve = document["distribution"]
            ax = plot.new_axes()
            plot.drt(
                curve["tau_s"],
                curve["gamma_ohm"],
                low=curve["low_ohm"],
                high=curve["high_ohm"],
                peaks=document["peaks"],
                ax=ax,
            )
            name = Path(document["spectrum"]["source"].replace("\\", "/")).stem
            target.save(ax, stem(f"{name}_drt", taken), "drt", document)


COMMANDS = (drt,)

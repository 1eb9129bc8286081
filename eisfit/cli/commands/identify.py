"""``eisfit identify``."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

from eisfit.cli.command import Option
from eisfit.cli.manners import say
from eisfit.cli.options import Drop, DropInductive, Files, Frequencies, Json, Reading, Results, Weighting
from eisfit.cli.output import (
    Folder,
    frame_csv,
    guard,
    print_json,
    print_text,
    progress,
    stem,
    width,
    write_atomic,
    write_json,
)
from eisfit.cli.sources import read_sources
from eisfit.errors import EisfitError, UsageError

__all__ = ["COMMANDS"]

_SCHEMA = "eisfit.identify/1"


@guard
def identify(
    files: Files,
    weighting: Weighting = "modulus",
    span: Frequencies = Frequencies(),
    drop: Drop = None,
    drop_inductive: DropInductive = False,
    reading: Reading = Reading(),
    everything: Annotated[
        bool,
        Option("--all", help="Show circuits below 1 % too, and every drawing of the same impedance."),
    ] = False,
    json: Json = False,
    results: Results = Results(),
) -> int:
    """Find the circuit that a spectrum supports, without a list of candidates.

    Example:  eisfit identify cell.mpt
    """
    results.check()
    options = {"weighting": weighting, **span.checked(), "drop": drop}
    options["drop_inductive"] = drop_inductive
    spectra = read_sources(files, **reading.options)
    found = [_identified(s, options) for s in progress(spectra, "identifying", len(spectra))]
    documents = [item if isinstance(item, dict) else item.to_dict(data=False) for item in found]
    results.write(lambda target: _write(found, documents, target))
    if json:
        print_json({"schema": _SCHEMA, "results": documents})
    else:
        _show(documents, everything)
    return int(any(document["error"] for document in documents))


def _show(documents: list[dict[str, Any]], everything: bool) -> None:
    from eisfit.display import report

    print_text(report.identifications_text(documents, width=width(), everything=everything))
    source = str(documents[0]["spectrum"]["source"]) if len(documents) == 1 else ""
    if source and documents[0]["best"] and not source.startswith("<"):
        say(f"next  eisfit fit {shlex.quote(source)}   takes number 1")


def _identified(spectrum: Any, options: dict[str, Any]) -> Any:
    """Return an identification, or the document of a failure."""
    from eisfit.fitting.identify.identify import identify as find

    if not hasattr(spectrum, "select"):
        return _failed(spectrum.to_dict()["spectrum"], spectrum.error)
    try:
        return find(spectrum, **options)
    except UsageError:
        raise
    except EisfitError as error:
        return _failed(spectrum.summary(), str(error))


def _failed(summary: dict[str, Any], error: str) -> dict[str, Any]:
    rest: dict[str, Any] = {"best": None, "probability": 0.0, "ok": False, "tried": 0, "noise": 0.0}
    return {"spectrum": summary, **rest, "circuits": [], "flags": [], "error": error}


def _write(found: list[Any], documents: list[dict[str, Any]], target: Folder) -> None:
    from eisfit.display import plot

    whole = [item if isinstance(item, dict) else item.to_dict() for item in found]
    write_json(target.path / "identify.json", {"schema": _SCHEMA, "results": whole})
    taken: set[str] = set()
    for item, document in zip(found, documents, strict=True):
        if document["error"] or not document["circuits"]:
            continue
        name = stem(f"{item.spectrum.name}_identify", taken)
        write_atomic(target.path / f"{name}.csv", frame_csv(item.to_frame()))
        figure = plot.new_figure()
        plot.identification(document, ax=figure.subplots())
        target.save(figure, name, "identify", document)


COMMANDS = (identify,)

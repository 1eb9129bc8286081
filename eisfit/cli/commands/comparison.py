"""``eisfit compare``."""

from __future__ import annotations

from typing import Annotated, Any

from eisfit.cli.command import Option
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

_SCHEMA = "eisfit.compare/1"


@guard
def compare(
    files: Files,
    circuits: Annotated[
        str | None,
        Option(help="Names, strings or .toml files, parted by commas; those that suit by default."),
    ] = None,
    weighting: Weighting = "modulus",
    span: Frequencies = Frequencies(),
    drop: Drop = None,
    drop_inductive: DropInductive = False,
    reading: Reading = Reading(),
    json: Json = False,
    results: Results = Results(),
) -> int:
    """Say which circuit a spectrum supports, and which it cannot.

    Example:  eisfit compare cell.mpt --circuits rs-ct-w,rs-sei-ct-w
    """
    from eisfit.model.files.library import circuit as find_circuit

    results.check()
    chosen = None if circuits is None else [find_circuit(name) for name in _parted(circuits)]
    options = {"weighting": weighting, **span.checked(), "drop": drop}
    options["drop_inductive"] = drop_inductive
    spectra = read_sources(files, **reading.options)
    found = [_compared(s, chosen, options) for s in progress(spectra, "comparing", len(spectra))]
    documents = [item if isinstance(item, dict) else item.to_dict(data=False) for item in found]
    results.write(lambda target: _write(found, documents, target))
    if json:
        print_json({"schema": _SCHEMA, "results": documents})
    else:
        from eisfit.display import report

        print_text(report.comparisons_text(documents, width=width()))
    return int(any(document["error"] for document in documents))


def _parted(text: str) -> list[str]:
    """Return the circuits of a list; a comma within brackets belongs to a circuit string."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    names = [part.strip() for part in parts]
    if not all(names):
        raise UsageError(f"--circuits {text!r}: expected names parted by commas, such as rs-ct,rs-ct-w")
    return names


def _compared(spectrum: Any, circuits: list[Any] | None, options: dict[str, Any]) -> Any:
    """Return a comparison, or the document of a failure."""
    from eisfit.fitting.comparison.compare import compare as rank

    if not hasattr(spectrum, "select"):
        return _failed(spectrum.to_dict()["spectrum"], spectrum.error)
    try:
        return rank(spectrum, circuits, **options)
    except UsageError:
        raise
    except EisfitError as error:
        return _failed(spectrum.summary(), str(error))


def _failed(summary: dict[str, Any], error: str) -> dict[str, Any]:
    keys = dict.fromkeys(("weighting", "best"))
    return {"spectrum": summary, **keys, "ok": False, "verdict": [], "ranked": [], "error": error}


def _write(found: list[Any], documents: list[dict[str, Any]], target: Folder) -> None:
    from eisfit.display import plot
    from eisfit.display.plot.comparison import comparison_height

    whole = [item if isinstance(item, dict) else item.to_dict() for item in found]
    write_json(target.path / "compare.json", {"schema": _SCHEMA, "results": whole})
    taken: set[str] = set()
    for item, document in zip(found, documents, strict=True):
        if document["error"]:
            continue
        name = stem(f"{item.spectrum.name}_compare", taken)
        write_atomic(target.path / f"{name}.csv", frame_csv(item.to_frame()))
        if any(row["bic"] is not None for row in document["ranked"]):
            ax = plot.new_axes(5.2, comparison_height(document))
            plot.comparison(document, ax=ax)
            target.save(ax, name, "compare", document)


COMMANDS = (compare,)

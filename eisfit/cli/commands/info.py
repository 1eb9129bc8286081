"""``eisfit info``."""

from __future__ import annotations

from typing import Any

from eisfit.cli.all_commands import Remarks, current
from eisfit.cli.options import Files, Json, Reading
from eisfit.cli.output import get_width, guard, print_json, print_text
from eisfit.cli.sources import read_sources
from eisfit.records import INFO_SCHEMA


@guard
def info(
    files: Files,
    reading: Reading = Reading(),
    json: Json = False,
) -> int:
    """Say what was recognised in files, and how: format, sweeps, sign, cycle.

    Example:  eisfit info measurements/*.DTA
    """
    from eisfit.display.report.spectra import spectra_text

    spectra = read_sources(files, **reading.options)
    current.assumed = Remarks()  # the notes below have them
    documents = [{"error": None, **_make_document(spectrum)} for spectrum in spectra]
    if json:
        rows = [{key: value for key, value in document.items() if key != "data"} for document in documents]
        print_json({"schema": INFO_SCHEMA, "results": rows})
    else:
        print_text(spectra_text(documents, width=get_width()))
    return int(any(document["error"] for document in documents))


def _make_document(spectrum: Any) -> dict[str, Any]:
    if hasattr(spectrum, "summary"):
        return {**spectrum.to_dict(), "spectrum": spectrum.summary()}
    return dict(spectrum.to_dict())

"""``eisfit identify``."""

from __future__ import annotations

import shlex
from functools import partial
from typing import Annotated, Any

from eisfit.cli.all_commands import say
from eisfit.cli.answers import Answers
from eisfit.cli.command import Option
from eisfit.cli.options import Files, Json, Points, Reading, Results, Weighting
from eisfit.cli.output import guard
from eisfit.records import IDENTIFY_SCHEMA
from eisfit.spectra import WEIGHTING

_FAILED: dict[str, Any] = {
    "best": None,
    "probability": 0.0,
    "ok": False,
    "tried": 0,
    "noise": 0.0,
    "circuits": [],
    "flags": [],
}


@guard
def identify(
    files: Files,
    weighting: Weighting = WEIGHTING,
    points: Points = Points(),
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
    from eisfit.display.report.identification import identification_text
    from eisfit.fitting.identify.identify import identify as find

    results.check()
    options = {"weighting": weighting, **points.check()}
    found = Answers.of("identify", IDENTIFY_SCHEMA, files, reading, lambda s: find(s, **options), _FAILED)
    found.write(results, _draw, table=True)
    code = found.show(json, partial(identification_text, everything=everything))
    documents = found.documents
    source = str(documents[0]["spectrum"]["source"]) if len(documents) == 1 and not json else ""
    if source and documents[0]["best"] and not source.startswith("<"):
        say(f"next  eisfit fit {shlex.quote(source)}   takes number 1")
    return code


def _draw(document: Any) -> Any:
    from eisfit.display import plot

    if not document["circuits"]:
        return None
    return plot.identification(document, ax=plot.new_axes())

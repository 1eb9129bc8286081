"""``eisfit compare``."""

from __future__ import annotations

from typing import Annotated, Any

from eisfit.cli.answers import Answers
from eisfit.cli.command import Option
from eisfit.cli.options import Files, Json, Points, Reading, Results, Weighting
from eisfit.cli.output import guard
from eisfit.errors import UsageError
from eisfit.records import COMPARE_SCHEMA
from eisfit.spectra import WEIGHTING

_FAILED: dict[str, Any] = {"weighting": None, "best": None, "ok": False, "verdict": [], "ranked": []}


@guard
def compare(
    files: Files,
    circuits: Annotated[
        str | None,
        Option(
            "--circuits",
            "-c",
            help="Names, strings or .toml files, parted by commas; those that suit by default.",
        ),
    ] = None,
    weighting: Weighting = WEIGHTING,
    points: Points = Points(),
    reading: Reading = Reading(),
    json: Json = False,
    results: Results = Results(),
) -> int:
    """Say which circuit a spectrum supports, and which it cannot.

    Example:  eisfit compare cell.mpt --circuits rs-ct-w,rs-sei-ct-w
    """
    from eisfit.display.report.comparison import comparison_text
    from eisfit.fitting.comparison.compare import compare as rank
    from eisfit.model.files.library import circuit as find_circuit

    results.check()
    chosen = None if circuits is None else [find_circuit(name) for name in _split_list(circuits)]
    options = {"weighting": weighting, **points.check()}
    found = Answers.of(
        "compare", COMPARE_SCHEMA, files, reading, lambda s: rank(s, chosen, **options), _FAILED
    )
    found.write(results, _draw, table=True)
    return found.show(json, comparison_text)


def _split_list(text: str) -> list[str]:
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


def _draw(document: Any) -> Any:
    from eisfit.display import plot
    from eisfit.display.plot.comparison import compute_comparison_height

    if all(row["bic"] is None for row in document["ranked"]):
        return None
    return plot.comparison(document, ax=plot.new_axes(5.2, compute_comparison_height(document)))

r"""Tables as a paper prints them: parameter ± standard error, unit; in Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap

from eisfit.display.report.fit_tables import fit_latex
from eisfit.display.report.latex import escape_tex, latex_symbol, latex_table, latex_unit
from eisfit.display.report.markdown import markdown_table
from eisfit.display.report.words import (
    Document,
    append_unit,
    axes_of,
    bracket,
    clean,
    explain_failure,
    format_judged,
    title_of,
)
from eisfit.errors import UsageError
from eisfit.records import FIT_SCHEMA, TRACK_SCHEMA
from eisfit.rounding import latex_value_with_error, value_with_error


def paper_table(document: Document, form: str) -> str:
    """Return the parameters of fits, or of a track, with standard errors.

    One fit gives a row a parameter, several give a row a spectrum. What is not determined stands in brackets.

    Parameters
    ----------
    document
        ``eisfit.fit/2`` or ``eisfit.track/2``.
    form
        ``md`` or ``latex``.

    Raises
    ------
    UsageError
        For a document of another kind.
    """
    kind = str(document.get("schema"))
    if kind == FIT_SCHEMA:
        fits = [one for one in document["results"] if not one.get("error")]
        lost = [f"{title_of(one)}: {explain_failure(one)}" for one in document["results"] if one.get("error")]
        table = (
            _format_one(fits[0], form)
            if len(fits) == 1
            else _format_many(*_collect_fits(fits), form)
            if fits
            else ""
        )
        return table + "".join(f"{'%' if form == 'latex' else '-'} {line}\n" for line in lost)
    if kind == TRACK_SCHEMA and document.get("rows") is not None:
        return _format_many(*_collect_track(document), form)
    raise UsageError("--format paper-md and paper-latex are of eisfit fit and eisfit track")


def _format_one(fit: Document, form: str) -> str:
    if form == "latex":
        return fit_latex(fit)
    rows = [
        [
            name,
            format_judged(row),
            clean(row.get("unit")),
            clean(row.get("verdict")),
        ]
        for name, row in fit["parameters"].items()
    ]
    return markdown_table(["parameter", "value ± error", "unit", "verdict"], rows)


def _collect_fits(fits: Sequence[Document]) -> tuple[str, dict[str, str], list[tuple[str, Document]]]:
    units = {name: clean(row.get("unit")) for fit in fits for name, row in fit["parameters"].items()}
    return "spectrum", units, [(title_of(fit), fit["parameters"]) for fit in fits]


def _collect_track(document: Document) -> tuple[str, dict[str, str], list[tuple[str, Document]]]:
    axis = axes_of(document)[0]
    head = append_unit(str(axis["name"]), axis.get("unit"))
    units = {name: clean(unit) for name, unit in (document.get("units") or {}).items()}
    rows: list[tuple[str, Document]] = []
    for row in document["rows"]:
        place = "" if row.get(axis["name"]) is None else f"{row[axis['name']]:g}"
        keys = {"value": "", "stderr": "_stderr", "verdict": "_verdict"}
        blocks = {name: {key: row.get(f"{name}{end}") for key, end in keys.items()} for name in units}
        rows.append((place, blocks))
    return head, units, rows


def _format_many(head: str, units: Mapping[str, str], rows: Sequence[tuple[str, Document]], form: str) -> str:
    if form == "latex":
        titles = [append_unit(latex_symbol(name), latex_unit(unit)) for name, unit in units.items()]
        cells = [
            [escape_tex(label), *_cells(blocks, units, latex_value_with_error)] for label, blocks in rows
        ]
        return latex_table("l" + "r" * len(units), [escape_tex(head), *titles], cells)
    cells = [[label, *_cells(blocks, units, value_with_error)] for label, blocks in rows]
    return markdown_table([head, *starmap(append_unit, units.items())], cells)


def _cells(blocks: Document, names: Iterable[str], write: Callable[[float, float | None], str]) -> list[str]:
    """Return values with their errors, in brackets where not determined; empty where there is none."""
    found = [blocks.get(name) or {} for name in names]
    return [
        "" if b.get("value") is None else bracket(write(b["value"], b.get("stderr")), b.get("verdict"))
        for b in found
    ]

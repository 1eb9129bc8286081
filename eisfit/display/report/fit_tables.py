"""Fits for spreadsheets and manuscripts: CSV with exact numbers, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.display.report.latex import escape_tex, latex_symbol, latex_table, latex_unit
from eisfit.display.report.markdown import escape_md, markdown_table
from eisfit.display.report.words import (
    Document,
    bracket,
    clean,
    describe_constraint,
    describe_verdict,
    explain_failure,
    flag_name,
    flag_text,
    flags_of,
    format_measured,
    list_parameter_rows,
    name_of,
    units_of,
)
from eisfit.files import to_csv
from eisfit.rounding import latex_value_with_error

_HEAD = ("parameter", "value", "unit", "verdict", "meaning")

_STATISTICS: Mapping[str, type] = {
    **dict.fromkeys(("chisqr", "redchi", "aic", "bic"), float),
    **dict.fromkeys(("ndata", "nvarys"), int),
    "rms_relative_residual": float,
}
#: The first columns of a fit's row, as `_describe` fills them: whose it is, and what was made of it.
_FIRST: Mapping[str, type] = {
    **{"source": str, "index": int, "cycle": float, "circuit": str, "weighting": str},
    **{"grade": str, "ok": bool, "flags": str, "error": str},
}


def fits_csv(documents: Sequence[Document]) -> str:
    """Return one row per result with exact numbers: NAME, NAME_stderr, NAME_verdict, derived, statistics.

    Parameters
    ----------
    documents
        What ``FitResult.to_dict()`` gives. Failed files keep their row, with the reason under `error`.

    Returns
    -------
    str
        RFC 4180 text with plain line feeds; an unknown number is an empty field.
    """
    head = fit_columns(documents)
    return to_csv(head, [[row.get(name) for name in head] for row in map(fit_row, documents)])


def fit_columns(documents: Sequence[Document]) -> list[str]:
    """Return the columns of a table of fits: those of all parameters and derived quantities that occur."""
    names = list(units_of(documents))
    derived = list(dict.fromkeys(n for d in documents for n in d.get("derived") or {} if n not in names))
    head = list(_FIRST)
    head += [column for name in names for column in (name, f"{name}_stderr", f"{name}_verdict")]
    head += [column for name in derived for column in (name, f"{name}_stderr")]
    return [*head, *_STATISTICS]


def fit_row(document: Document) -> dict[str, Any]:
    """Return the cells of one fit by column, values as they are in its document."""
    row = _describe(document)
    values = {**(document.get("derived") or {}), **(document.get("parameters") or {})}
    for name, block in values.items():
        row[name], row[f"{name}_stderr"] = block.get("value"), block.get("stderr")
    for name, block in (document.get("parameters") or {}).items():
        row[f"{name}_verdict"] = block.get("verdict")
    return row | {key: (document.get("statistics") or {}).get(key) for key in _STATISTICS}


def column_type(column: str) -> type:
    """Return whether a column of the table holds text, whole numbers, truths or numbers."""
    return str if column.endswith("_verdict") else {**_FIRST, **_STATISTICS}.get(column, float)


def _describe(document: Document) -> dict[str, Any]:
    """Return the first columns of a fit's row: its spectrum, circuit and verdict."""
    spectrum, circuit = document.get("spectrum") or {}, document.get("circuit") or {}
    return {
        "source": spectrum.get("source"),
        "index": spectrum.get("index"),
        "cycle": spectrum.get("cycle"),
        "circuit": circuit.get("string"),
        "weighting": document.get("weighting"),
        "grade": document.get("grade"),
        "ok": document.get("ok"),
        "flags": " ".join(dict.fromkeys(flag_name(flag) for flag in flags_of(document))),
        "error": document.get("error"),
    }


def fit_markdown(document: Document) -> str:
    """Return one fit as Markdown: the verdict, then a parameter table."""
    lines = [f"**{escape_md(name_of(document))}: {escape_md(describe_verdict(document))}**", ""]
    if document.get("error"):
        return "\n".join([*lines, escape_md(explain_failure(document)), ""])
    lines += [f"- {escape_md(flag_name(flag))}: {escape_md(flag_text(flag))}" for flag in flags_of(document)]
    lines += [""] if flags_of(document) else []
    return "".join(f"{line}\n" for line in lines) + markdown_table(_HEAD, list_parameter_rows(document))


def fit_latex(document: Document) -> str:
    r"""Return one fit as a LaTeX table (packages ``booktabs`` and, for the micro sign, none).

    A fit that is not usable says so in the caption; what is not determined stands in brackets.
    """
    circuit = document.get("circuit") or {}
    words = describe_verdict(document)
    caption = f"Parameters of {escape_tex(name_of(document))}"
    if circuit.get("string"):
        caption += rf", circuit \texttt{{{escape_tex(clean(circuit['string']))}}}"
    if document.get("error"):
        return f"% {explain_failure(document)}\n% no table: the fit failed\n"
    if not document.get("ok"):
        caption += rf" \textbf{{({escape_tex(words)})}}"
    rows = [
        [latex_symbol(name), _to_latex(row), latex_unit(row.get("unit")), escape_tex(_verdict(row))]
        for name, row in (document.get("parameters") or {}).items()
    ]
    whole = latex_table("llll", ["Parameter", "Value", "Unit", "Verdict"], rows)
    return f"\\begin{{table}}\n\\centering\n\\caption{{{caption}.}}\n{whole}\\end{{table}}\n"


def _to_latex(row: Mapping[str, Any]) -> str:
    unknown = format_measured(row).endswith("?")
    value = latex_value_with_error(row.get("value"), float("nan") if unknown else row.get("stderr"))
    return bracket(value, row.get("verdict"))


def _verdict(row: Mapping[str, Any]) -> str:
    said = clean(row.get("verdict")), describe_constraint(row)
    return ", ".join(dict.fromkeys(word for word in said if word))

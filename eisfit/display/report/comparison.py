"""A comparison of circuits in words: the verdict first, then the ranking with what makes it so."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.display.report.html import html_fragment, html_line, html_table
from eisfit.display.report.table import tabulate, wrap, wrap_all
from eisfit.display.report.words import WIDTH, Document, clean, explain_failure, percent, title_of
from eisfit.rounding import significant

_HEAD = ["circuit", "free", "rms", "x noise", "BIC", "AICc", "weight", "held out"]


def comparison_text(document: Document, *, width: int = WIDTH) -> str:
    """Return a comparison as text.

    Parameters
    ----------
    document
        What ``Comparison.to_dict()`` gives.
    width
        Columns of the terminal.
    """
    name = title_of(document)
    if document.get("error"):
        return "\n".join(wrap(f"{name}: FAILED: {explain_failure(document)}", width=width)) + "\n"
    lines = wrap(f"{name}: {_write_headline(document)}", width=width)
    lines += wrap_all(map(clean, document.get("verdict") or []), width=width, indent="  ")
    ranked = document.get("ranked") or []
    lines += ["", *tabulate(_HEAD, _get_rows(ranked), width=width, right=range(1, len(_HEAD)))]
    refused = (f"{', '.join(names)} refused: {reason}" for reason, names in _group_refusals(ranked).items())
    return "\n".join([*lines, *wrap_all(refused, width=width), "", *wrap(_make_legend(), width=width)]) + "\n"


def comparison_html(document: Document) -> str:
    """Return a comparison as an HTML fragment."""
    ranked = document.get("ranked") or []
    rows = [[*cells, clean(row.get("refused"))] for cells, row in zip(_get_rows(ranked), ranked, strict=True)]
    said = [html_line(clean(text)) for text in document.get("verdict") or []]
    title = html_line(f"{title_of(document)}: {_write_headline(document)}", bold=True)
    return html_fragment([title, *said, html_table([*_HEAD, "refused"], rows), html_line(_make_legend())])


def _group_refusals(ranked: Sequence[Document]) -> dict[str, list[str]]:
    """Return reason -> the circuits refused for it."""
    found: dict[str, list[str]] = {}
    for row in ranked:
        if row.get("refused"):
            found.setdefault(clean(row["refused"]), []).append(_get_name(row))
    return found


def _write_headline(document: Document) -> str:
    if not document.get("best"):
        return "NO CIRCUIT"
    return clean(document["best"]) if document.get("ok") else "NONE FITS"


def _get_rows(ranked: Sequence[Document]) -> list[list[str]]:
    lowest = {
        key: min((r[key] for r in ranked if r.get(key) is not None), default=0.0) for key in ("bic", "aicc")
    }
    best = next((row for row in ranked if not row.get("refused")), None)
    if best is not None:
        lowest = {key: best[key] or 0.0 for key in lowest}
    return [
        [
            _get_name(row) + (" (refused)" if row.get("refused") else ""),
            str(row.get("free") or ""),
            percent(row.get("rms_relative_residual")),
            f"{row.get('misfit') or 0:.2f}",
            *(_format_difference(row.get(key), lowest[key]) for key in ("bic", "aicc")),
            "" if row.get("refused") else f"{row.get('weight') or 0:.2f}",
            significant(row.get("cross_validation"), 3),
        ]
        for row in ranked
    ]


def _format_difference(value: float | None, lowest: float) -> str:
    return "n/a" if value is None else f"{value - lowest:+.1f}"


def _get_name(row: Document) -> str:
    return clean((row.get("circuit") or {}).get("name"))


def _make_legend() -> str:
    return (
        "BIC and AICc: difference to the best, lower is better, ranked by BIC; weight: Akaike's, of those "
        "not refused; x noise: residual over what the noise alone leaves; held out: rms weighted residual at "
        "frequencies that the fit had not seen (5 folds)"
    )

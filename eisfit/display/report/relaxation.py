"""Distributions of relaxation times in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from eisfit.display.report.html import html_fragment, html_line, html_table
from eisfit.display.report.table import tabulate, wrap, wrap_all
from eisfit.display.report.words import (
    WIDTH,
    Document,
    clean,
    count,
    explain_failure,
    flag_name,
    flag_text,
    flags_of,
    name_of,
)
from eisfit.rounding import significant, value_with_error

_HEAD = ("peak", "tau / s", "f / Hz", "resistance / ohm", "width / decades")
_TERMS = (
    ("series_resistance", "series resistance", "ohm"),
    ("inductance", "inductance", "H"),
    ("warburg", "Warburg coefficient", "ohm s^-1/2"),
    ("elastance", "1 / series capacitance", "1/F"),
)


def drt_text(document: Document, *, width: int = WIDTH) -> str:
    """Return one distribution as text: its peaks, what stands beside it, how it was regularised.

    Parameters
    ----------
    document
        What ``DRTResult.to_dict()`` gives (``eisfit.drt/1``).
    width
        Columns of the terminal.
    """
    if document.get("error"):
        return f"{name_of(document)}: FAILED: {explain_failure(document)}\n"
    lines = wrap(f"{name_of(document)}: {count(len(document['peaks']), 'peak')}", width=width)
    flags = [f"{flag_name(flag).upper()}: {flag_text(flag)}" for flag in flags_of(document)]
    lines += [*wrap_all(flags, width=width, indent="  "), "", *_tabulate_peaks(document, width), ""]
    lines += wrap_all(_list_besides(document), width=width)
    return "\n".join(lines) + "\n"


def _list_besides(document: Document) -> list[str]:
    """Return what stands beside the peaks, a line each."""
    total = significant(document["polarisation_resistance"], 4)
    lines = [f"polarisation resistance {total} ohm (area of the whole distribution)"]
    lines += [
        f"{title} {significant(document[key], 4)} {unit}" for key, title, unit in _TERMS if document[key]
    ]
    rule = "generalised cross-validation" if document["criterion"] == "gcv" else "given"
    return [*lines, f"regularisation {significant(document['regularisation'], 3)} ({rule})"]


def drt_html(document: Document) -> str:
    """Return one distribution as HTML for a notebook: its peaks, and what stands beside them."""
    if document.get("error"):
        return html_fragment([html_line(drt_text(document))])
    peaks = document["peaks"]
    parts = [html_line(f"{name_of(document)}: {len(peaks)} peaks", bold=True)]
    parts += [html_line(flag_text(flag)) for flag in flags_of(document)]
    parts.append(html_table(_HEAD, [_list_peak(number, peak) for number, peak in enumerate(peaks, 1)]))
    return html_fragment([*parts, *(html_line(said) for said in _list_besides(document))])


def _tabulate_peaks(document: Document, width: int) -> list[str]:
    rows = [_list_peak(number, peak) for number, peak in enumerate(document["peaks"], 1)]
    return tabulate(_HEAD, rows, width=width, right=(0,)) if rows else ["no peak stands out from the noise"]


def _list_peak(number: int, peak: Mapping[str, Any]) -> list[str]:
    frequency = 1 / (2 * math.pi * peak["tau"])
    return [
        str(number),
        significant(peak["tau"], 3),
        significant(frequency, 3),
        clean(value_with_error(peak["resistance"], peak.get("resistance_stderr"))),
        significant(peak["width"], 2),
    ]

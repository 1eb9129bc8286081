"""Results in words: text for terminals, HTML for notebooks, CSV, Markdown and LaTeX.

Every function takes the plain documents that the results' ``to_dict()`` give and returns a string.
The functions of `eisfit.display.report.explanation` are offered here too, and imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from eisfit.display.report.comparison import comparison_html, comparison_text, comparisons_text
from eisfit.display.report.exchange import fit_latex, fit_markdown, fits_csv
from eisfit.display.report.fits import fit_text, fits_text
from eisfit.display.report.grades import grades_text
from eisfit.display.report.html import (
    check_html,
    circuit_html,
    fit_html,
    fits_html,
    series_html,
    spectrum_html,
    track_html,
)
from eisfit.display.report.identification import (
    identification_html,
    identification_text,
    identifications_text,
)
from eisfit.display.report.intervals import interval_words, intervals_html, intervals_text
from eisfit.display.report.lists import check_text, checks_text, circuits_text, spectra_text, track_text

__all__ = [
    "check_html",
    "check_text",
    "checks_text",
    "circuit_html",
    "circuits_text",
    "comparison_html",
    "comparison_text",
    "comparisons_text",
    "fit_html",
    "fit_latex",
    "fit_markdown",
    "fit_text",
    "fits_csv",
    "fits_html",
    "fits_text",
    "grades_text",
    "identification_html",
    "identification_text",
    "identifications_text",
    "interval_words",
    "intervals_html",
    "intervals_text",
    "series_html",
    "spectra_text",
    "spectrum_html",
    "track_html",
    "track_text",
]


def __getattr__(name: str) -> Any:
    if name.startswith("explanation_"):
        return getattr(import_module("eisfit.display.report.explanation"), name)
    raise AttributeError(f"module 'eisfit.display.report' has no attribute {name!r}")

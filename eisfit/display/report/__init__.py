"""Results in words: text for terminals, HTML for notebooks, CSV, Markdown and LaTeX.

Every function takes the plain documents that the results' ``to_dict()`` give and returns a string.
Each is imported on first use: a command needs few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

_NAMES = {
    "captions": ("caption",),
    "comparison": (
        "comparison_html",
        "comparison_text",
        "comparisons_text",
    ),
    "fit_tables": (
        "fit_latex",
        "fit_markdown",
        "fits_csv",
    ),
    "fits": (
        "fit_text",
        "fits_text",
    ),
    "grades": ("grades_text",),
    "html": (
        "check_html",
        "circuit_html",
        "fit_html",
        "fits_html",
        "series_html",
        "spectrum_html",
        "track_html",
    ),
    "identification": (
        "identification_html",
        "identification_text",
        "identifications_text",
    ),
    "intervals": (
        "interval_words",
        "intervals_html",
        "intervals_text",
    ),
    "lists": (
        "check_text",
        "checks_text",
        "circuits_text",
        "spectra_text",
        "track_text",
    ),
    "methods": ("methods_text",),
    "paper": ("paper_table",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)  # noqa: PLE0605 - made of the table


def __getattr__(name: str) -> Callable[..., str]:
    if name not in _HOME:
        raise AttributeError(f"module 'eisfit.display.report' has no attribute {name!r}")
    function: Callable[..., str] = getattr(import_module(f"eisfit.display.report.{_HOME[name]}"), name)
    return function

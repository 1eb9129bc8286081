"""The page for the browser: a report in one file, `eisfit view`, and the build that runs in the browser.

Every function takes plain documents and returns the text of a page, which loads nothing from outside: its
Content-Security-Policy forbids it.
"""

from __future__ import annotations

from eisfit.display.pages.entries import entry, measurement, ranking
from eisfit.display.pages.trends import trend_rows
from eisfit.display.pages.workbench import group_measured, report_page, workbench_page

__all__ = [
    "entry",
    "group_measured",
    "measurement",
    "ranking",
    "report_page",
    "trend_rows",
    "workbench_page",
]

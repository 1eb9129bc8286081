"""Pages for the browser: a report in one file, and the page of `eisfit view`.

Every function takes plain documents and returns the text of a page. Bokeh is imported in this package alone,
and only when a page is made. A page loads nothing from outside: its Content-Security-Policy forbids it.
"""

from __future__ import annotations

from eisfit.display.pages.entries import drawing, entry, measurement, ranking
from eisfit.display.pages.report_page import report_page
from eisfit.display.pages.trends import trend_rows
from eisfit.display.pages.view_page import view_page

__all__ = ["drawing", "entry", "measurement", "ranking", "report_page", "trend_rows", "view_page"]

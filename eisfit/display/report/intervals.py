"""Intervals of parameters in words: an open side is an answer too."""

from __future__ import annotations

import math

from eisfit.display.report.html import html_fragment, html_line, html_table
from eisfit.display.report.table import tabulate, wrap, wrap_all
from eisfit.display.report.words import WIDTH, Document, clean
from eisfit.rounding import significant

NOT_DETERMINED = "not determined"


def format_interval(row: Document) -> str:
    """Return an interval, rounded to a tenth of its width.

    >>> format_interval({"low": 36.2131, "high": 37.5172})
    '36.2 to 37.5'
    >>> format_interval({"low": 9.312e-4, "high": 1.1521e-3})
    '(0.93 to 1.15)e-3'
    >>> format_interval({"low": 99.2441, "high": 100.163})
    '99.24 to 100.16'
    >>> format_interval({"low": 120.3, "high": None})
    'not determined: > 120'
    >>> format_interval({"low": None, "high": 0.0123})
    'not determined: < 0.0123'
    >>> format_interval({"low": None, "high": None})
    'not determined'
    """
    low, high = row.get("low"), row.get("high")
    if low is None and high is None:
        return NOT_DETERMINED
    if low is None or high is None:
        return (
            f"{NOT_DETERMINED}: {'<' if low is None else '>'} {significant(high if low is None else low, 3)}"
        )
    digits = _count_digits(low, high)
    ends = significant(low, digits), significant(high, digits)
    power = math.floor(math.log10(max(abs(low), abs(high)) or 1.0))  # one power of ten for both
    if "e" not in "".join(ends):
        return " to ".join(_round_end(end, digits - power) for end in (low, high))
    scaled = (_round_end(end / 10.0**power, digits) for end in (low, high))
    return f"({' to '.join(scaled)})e{power}"


def _round_end(end: float, digits: int) -> str:
    """Return a number to so many digits as its larger neighbour of order one would have."""
    own = math.floor(math.log10(abs(end))) if end else 0
    return significant(end, max(1, digits + own))


def _count_digits(low: float, high: float) -> int:
    """Return the significant digits that show a tenth of the width."""
    largest, gap = max(abs(low), abs(high)), abs(high - low)
    if gap == 0 or largest == 0:
        return 5
    return min(9, max(2, math.floor(math.log10(largest)) - math.floor(math.log10(gap)) + 2))


def intervals_text(document: Document, *, width: int = WIDTH) -> str:
    """Return intervals as a table, with the criterion and what to know besides.

    Parameters
    ----------
    document
        What ``Intervals.to_dict()`` gives.
    width
        Columns of the terminal.
    """
    head, rows = _build_table(document)
    lines = [*tabulate(head, rows, width=width), "", *wrap(_describe_method(document), width=width)]
    lines += wrap_all((f"NOTE: {clean(note)}" for note in document.get("notes") or []), width=width)
    return "\n".join(lines) + "\n"


def intervals_html(document: Document) -> str:
    """Return intervals as an HTML table."""
    said = [_describe_method(document), *(clean(note) for note in document.get("notes") or [])]
    return html_fragment([html_table(*_build_table(document)), *map(html_line, said)])


def _build_table(document: Document) -> tuple[list[str], list[list[str]]]:
    title = f"{100 * float(document.get('level') or 0):g} % interval"
    rows = {**(document.get("intervals") or {}), **(document.get("derived") or {})}
    return ["parameter", "value", title, "unit"], [
        [clean(name), significant(row.get("value"), 5), format_interval(row), clean(row.get("unit"))]
        for name, row in rows.items()
    ]


def _describe_method(document: Document) -> str:
    return f"{clean(document.get('method'))}: {clean(document.get('criterion'))}"

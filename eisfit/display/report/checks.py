"""Kramers-Kronig checks as plain text: one in full, or many in a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.display.report.fits import list_reasons, short_verdict, verdict_lines
from eisfit.display.report.names import tell_apart
from eisfit.display.report.table import tabulate, wrap
from eisfit.display.report.words import (
    WIDTH,
    Document,
    clean,
    describe_verdict,
    explain_failure,
    format_points,
    percent,
    points_of,
    short_titles,
    span_of,
    spectrum_block,
)
from eisfit.rounding import MISSING, hertz_range, significant

#: The smooth drift of a resistance that the Kramers-Kronig test misses in most sweeps, and the same over the
#: noise (simulated cells, 0.05 to 2 % noise); how often it sees more stands in the benchmarks.
_UNSEEN, _UNSEEN_OVER_NOISE, _MOST_UNSEEN = 0.02, 10.0, 0.5
#: Points, at least and a decade, below which not even Z' 20 % off or a wrong sign was seen (simulated cells).
_FEW, _FEW_A_DECADE = 10, 3.2


def check_text(document: Document, *, width: int = WIDTH) -> str:
    """Return one Kramers-Kronig check as text, the verdict first.

    Parameters
    ----------
    document
        What ``KramersKronigResult.to_dict()`` gives.
    width
        Columns of the terminal.
    """
    lines = verdict_lines(document, width=width)
    if document.get("error"):
        return "\n".join(lines) + "\n"
    parts = [
        f"{format_points(document)} points",
        span_of(document),
        f"{document.get('rc_elements')} RC elements (mu {significant(document.get('mu'), 3)})",
        f"noise {percent(document.get('noise_relative'))} of |Z|",
        f"residual rms {percent(document.get('rms_residual'))}",
        f"largest {percent(document.get('max_residual'))}",
    ]
    lines += wrap("Kramers-Kronig: " + ", ".join(parts), width=width)
    for failing in document.get("ranges") or []:
        reason = clean(failing.get("cause"))
        lines += wrap(f"fails {_describe_where(failing)}" + (f": {reason}" if reason else ""), width=width)
    if document.get("ok"):
        lines += wrap(_describe_unseen(document), width=width)
    return "\n".join(lines) + "\n"


def describe_check(document: Document) -> str:
    """Return one check in a line: its verdict, the noise, and where it fails."""
    if document.get("error"):
        return f"not tested: {explain_failure(document)}"
    noise, largest = (percent(document.get(key)) for key in ("noise_relative", "max_residual"))
    where = ", ".join(_format_range(failing) for failing in document.get("ranges") or [])
    said = f"{describe_verdict({**document, 'flags': ()})} (noise {noise} of |Z|, largest residual {largest})"
    return f"{said} at {where}" if where else said


def _describe_unseen(document: Document) -> str:
    """Return a remark on which faults a spectrum that passed may hide."""
    block, points = spectrum_block(document), points_of(document)
    low, high = block.get("frequency_min_Hz"), block.get("frequency_max_Hz")
    decades = math.log10(high / low) if low and high else 0.0
    if points is None or not decades or points >= max(_FEW, _FEW_A_DECADE * decades):
        drift = max(_UNSEEN, _UNSEEN_OVER_NOISE * (document.get("noise_relative") or 0.0))
        much = f"of less than about {100 * drift:.0f} % " if drift < _MOST_UNSEEN else ""
        return f"passed; a smooth drift {much}during the sweep would not show"
    return f"passed; of {points} points over {decades:.1f} decades hardly any error would show"


def checks_text(documents: Sequence[Document], *, width: int = WIDTH) -> str:
    """Return many checks as a table, one row each, and below it what is wrong with which."""
    if not documents:
        return "no spectra\n"
    documents = tell_apart(documents)
    head = ["spectrum", "verdict", "points", "RC", "noise", "rms", "largest", "fails at"]
    names = short_titles(documents, width // 3)
    rows = [_make_row(document, name) for document, name in zip(documents, names, strict=True)]
    lines = tabulate(head, rows, width=width, right=(2, 3, 4, 5, 6), flexible=7)
    return "\n".join([*lines, *list_reasons(documents, width=width)]) + "\n"


def _make_row(document: Document, name: str) -> list[str]:
    if document.get("error"):
        return [name, "FAILED", *[""] * 6]
    elements = document.get("rc_elements")
    return [
        name,
        short_verdict(document),
        format_points(document),
        MISSING if elements is None else str(elements),
        *(percent(document.get(key)) for key in ("noise_relative", "rms_residual", "max_residual")),
        ", ".join(_format_range(failing) for failing in document.get("ranges") or []),
    ]


def _describe_where(failing: Mapping[str, Any]) -> str:
    alone = failing.get("low_Hz") == failing.get("high_Hz")
    return f"at {_format_range(failing)}" if alone else f"from {_format_range(failing)}"


def _format_range(failing: Mapping[str, Any]) -> str:
    return hertz_range(failing.get("low_Hz"), failing.get("high_Hz"))

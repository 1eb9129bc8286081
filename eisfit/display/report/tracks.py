"""A tracked series as plain text: a row a spectrum, then the laws of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.display.report.along_axis import describe_laws, list_energies, place_text
from eisfit.display.report.fits import list_reasons, short_verdict
from eisfit.display.report.names import tell_apart
from eisfit.display.report.table import list_blocks, wrap, wrap_all
from eisfit.display.report.words import (
    WIDTH,
    Document,
    axes_of,
    clean,
    describe_circuit,
    flag_name,
    format_number_of_law,
    format_tracked,
    rate_unit,
    title_columns,
    tracked_units,
)
from eisfit.rounding import significant

#: A law that is no straight line -> which coefficient makes its shape, and how that is told.
SHAPES = {
    "sqrt": (1, "{} {unit} per root of a {axis}"),
    "exponential": (-1, "by {} of itself per {axis}"),
    "power": (-1, "exponent {}"),
    "breakpoint": (-1, "at {axis} {}"),
}


def track_text(document: Document, *, width: int = WIDTH) -> str:
    """Return parameters over cycles as text: one row a cycle, then the growth, then what is wrong.

    Parameters
    ----------
    document
        What ``SeriesResult.to_dict()`` gives (``eisfit.track/2``).
    width
        Columns of the terminal.
    """
    rows = list(document.get("rows") or [])
    if not rows:
        return "no spectra\n"
    titles, axes = title_columns(tracked_units(document)), axes_of(document)
    head = [*(axis["name"] for axis in axes), "verdict", *titles.values()]
    cells = [_make_row(row, list(titles), axes) for row in rows]
    cells += list_energies(document, list(titles), len(axes))
    about = clean(document.get("label")), describe_circuit(document)
    lines = [
        *wrap("; ".join(part for part in about if part), width=width),
        *list_blocks(head, cells, width=width, fixed=len(axes) + 1),
    ]
    laws = (document.get("growth") or {}).items()
    growth = wrap_all([describe_growth(name, law or {}) for name, law in laws], width=width)
    said = (*describe_laws(document), *map(clean, document.get("notes") or []), *describe_swapped(rows))
    bad = tell_apart([{**row, "spectrum": row} for row in rows])
    after = [*growth, *wrap_all(said, width=width)]
    return "\n".join([*lines, *([""] if after else []), *after, *list_reasons(bad, width=width)]) + "\n"


def describe_swapped(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence on usable rows whose arcs stand against their names: others may say the reverse."""
    swapped = [r for r in rows if r.get("ok") and "arcs_swapped" in map(flag_name, r.get("flags") or [])]
    if not swapped:
        return []
    return [
        f"in {len(swapped)} of {len(rows)} spectra the arcs stand against the order of their names "
        "(arcs_swapped): read these as exchanged, or say the order that is meant (--order FASTER,SLOWER)"
    ]


def _make_row(row: Mapping[str, Any], names: Sequence[str], axes: Sequence[Mapping[str, Any]]) -> list[str]:
    values = [format_tracked(row, name) for name in names]
    return [*(place_text(row, axis) for axis in axes), short_verdict(row), *values]


def describe_growth(name: str, law: Document) -> str:
    """Return how a parameter grows, empty where no law was found."""
    if law.get("slope") is None:
        return ""
    unit = clean(law.get("unit"))
    slope = format_number_of_law(law["slope"], law.get("slope_stderr"))
    axis = rate_unit(law)
    text = f"{clean(name)} changes by {slope} {unit} per {axis}".replace("  ", " ")
    if law.get("law") not in (None, "linear"):
        text += _describe_law(law, unit, axis)
    if law.get("intercept") is not None and not _is_far_from_zero(law):
        start = format_number_of_law(law["intercept"], law.get("intercept_stderr"))
        text += f", from {start} {unit}".rstrip()
        text += " at the first spectrum" if axis == "second" else f" at {axis} 0"
    if alike := law.get("correlation"):
        text += f"; the errors allow for neighbours that deviate alike (correlation {alike:g})"
    if alone := law.get("left_out"):
        text += f"; off both its neighbours, and left out: {axis} {', '.join(f'{one:g}' for one in alone)}"
    return text + _describe_doubling(law.get("doubling") or {}, axis)


def _describe_law(law: Mapping[str, Any], unit: str, axis: str) -> str:
    """Return over what a rate that changes is the mean, and the number that makes the law's shape."""
    name, numbers = clean(law["law"]), law.get("coefficients") or ()
    over = f" over {axis}s {law['first']:g} to {law['last']:g}" if law.get("last") is not None else ""
    if name not in SHAPES or not numbers:
        return f"{over} ({name})"
    place, words = SHAPES[name]
    matrix = law.get("coefficients_covariance")
    error = None if matrix is None else matrix[place][place] ** 0.5
    number = format_number_of_law(numbers[place], error)
    return f"{over} ({name}: {words.format(number, unit=unit, axis=axis)})"


def _is_far_from_zero(law: Mapping[str, Any]) -> bool:
    """Return whether cycle 0 lies farther before the first one than they span: its value is then unknown."""
    first, last = law.get("first") or 0.0, law.get("last") or 0.0
    return bool(first > last - first)


def _describe_doubling(found: Mapping[str, Any], axis: str) -> str:
    """Return when the value at cycle 0 had doubled, where that was measured; beyond, it must be asked for."""
    if found.get("cycle") is None or found.get("extrapolated"):
        return ""
    when = format_number_of_law(found["cycle"], found.get("stderr"))
    text = f"; doubles {when} s after it" if axis == "second" else f"; doubles at {axis} {when}"
    if found.get("stderr") is None:
        return text
    low, high = (
        "open" if found.get(end) is None else significant(found[end], 4, trailing_zeros=False)
        for end in ("low", "high")
    )
    return f"{text} ({100 * found['level']:g} %: {low} to {high})"

"""Checks, tracks, circuits and spectra as plain text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.display.report.along import energy_rows, law_sentences, place_words
from eisfit.display.report.fits import reasons, short_verdict, verdict_lines
from eisfit.display.report.table import blocks, table, wrap
from eisfit.display.report.words import (
    WIDTH,
    Document,
    append_unit,
    axes_of,
    clean,
    cycle_of,
    cycle_words,
    describe_circuit,
    failure,
    format_number_of_law,
    format_tracked,
    name_of,
    percent,
    points_of,
    resistances_first,
    short_titles,
    shorten,
    span_of,
    spectrum_block,
)
from eisfit.rounding import MISSING, hertz, significant

#: What the Kramers-Kronig test misses in most sweeps; how often it sees more stands in the benchmarks.
_UNSEEN = "passed; a smooth drift of less than about 2 % during the sweep would not show"
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
    points = points_of(document)
    parts = [
        f"{MISSING if points is None else points} points",
        span_of(document),
        f"{document.get('rc_elements')} RC elements (mu {significant(document.get('mu'), 3)})",
        f"noise {percent(document.get('noise_relative'))} of |Z|",
        f"residual rms {percent(document.get('rms_residual'))}",
        f"largest {percent(document.get('max_residual'))}",
    ]
    lines += wrap("Kramers-Kronig: " + ", ".join(parts), width=width)
    for failing in document.get("ranges") or []:
        reason = clean(failing.get("cause"))
        lines += wrap(f"fails {_tell_where(failing)}" + (f": {reason}" if reason else ""), width=width)
    if document.get("ok"):
        lines += wrap(_tell_unseen(document), width=width)
    return "\n".join(lines) + "\n"


def _tell_unseen(document: Document) -> str:
    """Return what a spectrum that passed may hide."""
    block, points = spectrum_block(document), points_of(document)
    low, high = block.get("frequency_min_Hz"), block.get("frequency_max_Hz")
    if points is None or not low or not high:
        return _UNSEEN
    decades = math.log10(high / low)
    if points >= max(_FEW, _FEW_A_DECADE * decades):
        return _UNSEEN
    return f"passed; of {points} points over {decades:.1f} decades hardly any error would show"


def checks_text(documents: Sequence[Document], *, width: int = WIDTH) -> str:
    """Return many checks as a table, one row each, and below it what is wrong with which."""
    if not documents:
        return "no spectra\n"
    head = ["spectrum", "verdict", "points", "RC", "noise", "rms", "largest", "fails at"]
    names = short_titles(documents, width // 3)
    rows = [_check_row(document, name) for document, name in zip(documents, names, strict=True)]
    lines = table(head, rows, width=width, right=(2, 3, 4, 5, 6), flexible=7)
    return "\n".join([*lines, *reasons(documents, width=width)]) + "\n"


def _check_row(document: Document, name: str) -> list[str]:
    if document.get("error"):
        return [name, "FAILED", *[""] * 6]
    points, elements = points_of(document), document.get("rc_elements")
    return [
        name,
        short_verdict(document),
        MISSING if points is None else str(points),
        MISSING if elements is None else str(elements),
        *(percent(document.get(key)) for key in ("noise_relative", "rms_residual", "max_residual")),
        ", ".join(_range(failing) for failing in document.get("ranges") or []),
    ]


def _tell_where(failing: Mapping[str, Any]) -> str:
    alone = failing.get("low_Hz") == failing.get("high_Hz")
    return f"at {_range(failing)}" if alone else f"from {_range(failing)}"


def _range(failing: Mapping[str, Any]) -> str:
    low, high = hertz(failing.get("low_Hz")), hertz(failing.get("high_Hz"))
    return low if low == high else f"{low} to {high}"


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
    units = document.get("units") or {}
    names = [name for name in units if any(row.get(name) is not None for row in rows)]
    names = resistances_first(names, units)
    titles = [append_unit(clean(name), clean(units[name])) for name in names]
    axes = axes_of(document)
    head = [*(axis["name"] for axis in axes), "verdict", *titles]
    cells = [_track_row(row, names, axes) for row in rows]
    cells += energy_rows(document, names, len(axes))
    about = clean(document.get("label")), describe_circuit(document)
    lines = [
        *wrap("; ".join(part for part in about if part), width=width),
        *blocks(head, cells, width=width, fixed=len(axes) + 1),
    ]
    laws = (document.get("growth") or {}).items()
    growth = [line for name, law in laws for line in _growth(name, law, width)]
    growth += [line for text in law_sentences(document) for line in wrap(text, width=width)]
    bad = [{**row, "spectrum": row} for row in rows]
    notes = [line for note in document.get("notes") or [] for line in wrap(clean(note), width=width)]
    after = [*growth, *notes]
    return "\n".join([*lines, *([""] if after else []), *after, *reasons(bad, width=width)]) + "\n"


def _track_row(row: Mapping[str, Any], names: Sequence[str], axes: Sequence[Mapping[str, Any]]) -> list[str]:
    values = [format_tracked(row, name) for name in names]
    return [*(place_words(row, axis) for axis in axes), short_verdict(row), *values]


def _growth(name: str, law: Mapping[str, Any] | None, width: int) -> list[str]:
    if not law or law.get("slope") is None:
        return []
    unit = clean(law.get("unit"))
    slope = format_number_of_law(law["slope"], law.get("slope_stderr"))
    axis = {"cycle": "cycle", "time": "second"}.get(law.get("over", "cycle"), "spectrum")
    text = f"{clean(name)} changes by {slope} {unit} per {axis}".replace("  ", " ")
    if law.get("law") not in (None, "linear"):
        text += _tell_law(law, unit, axis)
    if law.get("intercept") is not None and not _is_far_from_zero(law):
        start = format_number_of_law(law["intercept"], law.get("intercept_stderr"))
        text += f", from {start} {unit}".rstrip()
        text += " at the first spectrum" if axis == "second" else f" at {axis} 0"
    return wrap(text + _doubling(law.get("doubling") or {}, axis), width=width)


def _tell_law(law: Mapping[str, Any], unit: str, axis: str) -> str:
    """Return over what a rate that changes is the mean, and the number that makes the law's shape."""
    name, numbers = clean(law["law"]), law.get("coefficients") or ()
    over = f" over {axis}s {law['first']:g} to {law['last']:g}" if law.get("last") is not None else ""
    shapes = {
        "sqrt": (1, f"{{}} {unit} per root of a {axis}"),
        "exponential": (-1, f"by {{}} of itself per {axis}"),
        "power": (-1, "exponent {}"),
        "breakpoint": (-1, f"at {axis} {{}}"),
    }
    if name not in shapes or not numbers:
        return f"{over} ({name})"
    place, words = shapes[name]
    matrix = law.get("coefficients_covariance")
    error = None if matrix is None else matrix[place][place] ** 0.5
    return f"{over} ({name}: {words.format(format_number_of_law(numbers[place], error))})"


def _is_far_from_zero(law: Mapping[str, Any]) -> bool:
    """Return whether cycle 0 lies farther before the first one than they span: what was there, none tells."""
    first, last = law.get("first") or 0.0, law.get("last") or 0.0
    return bool(first > last - first)


def _doubling(found: Mapping[str, Any], axis: str) -> str:
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


def circuits_text(circuits: Sequence[Mapping[str, Any]], *, width: int = WIDTH) -> str:
    """Return the circuits that can be named, each with its string and parameters.

    Parameters
    ----------
    circuits
        Each with `name`, `title`, `string` and `parameters` (names, or rows as ``Circuit.to_dict()`` gives
        them with their names); a single circuit's rows are shown as a table.
    width
        Columns of the terminal.
    """
    if not circuits:
        return "no circuits\n"
    lines: list[str] = []
    for circuit in circuits:
        lines += wrap(f"{clean(circuit.get('name'))}: {clean(circuit.get('title'))}", width=width)
        lines += wrap(clean(circuit.get("string")), width=width, indent="    ")
        lines += _circuit_parameters(circuit.get("parameters") or (), width, whole=len(circuits) == 1)
        if len(circuits) == 1:
            cited = [f"reference: {clean(text)}" for text in circuit.get("references") or ()]
            lines += [line for text in cited for line in wrap(text, width=width)]
        lines.append("")
    return "\n".join(lines)


def _circuit_parameters(rows: Sequence[Any], width: int, *, whole: bool) -> list[str]:
    named = [row if isinstance(row, Mapping) else {"name": row} for row in rows]
    if not (whole and any("describe" in row for row in named)):
        return wrap(" ".join(clean(row["name"]) for row in named), width=width, indent="    ")
    head = ["parameter", "unit", "bounds", "role", "meaning"]
    cells = [[clean(row.get(key)) for key in ("name", "unit", "role", "describe")] for row in named]
    for cell, row in zip(cells, named, strict=True):
        cell.insert(2, _bounds(row))
    return ["", *table(head, cells, width=width, flexible=4)]


def _bounds(row: Mapping[str, Any]) -> str:
    if row.get("expr"):
        return f"= {clean(row['expr'])}"
    if row.get("vary") is False:
        return f"fixed at {significant(row.get('value'))}"
    low, high = row.get("min"), row.get("max")
    at_least, at_most = low is not None and math.isfinite(low), high is not None and math.isfinite(high)
    if at_least and at_most:
        return f"{low:g} to {high:g}"
    return f">= {low:g}" if at_least else f"<= {high:g}" if at_most else "any"


def spectra_text(documents: Sequence[Document], *, width: int = WIDTH) -> str:
    """Return what was read (``eisfit info``): source, points, range, cycle, and what the reader noted.

    Parameters
    ----------
    documents
        What ``Spectrum.to_dict()`` gives; one with `error` could not be read.
    width
        Columns of the terminal.
    """
    if not documents:
        return "no spectra\n"
    head = ["spectrum", "points", "range", "cycle", ""]
    names = short_titles(documents, width // 2)
    rows = [_spectrum_row(document, name) for document, name in zip(documents, names, strict=True)]
    lines = table(head, rows, width=width, right=(1, 3), flexible=4)
    for document in documents:
        said = [f"FAILED: {failure(document)}"] if document.get("error") else []
        said += [clean(note) for note in document.get("notes") or []]
        if said:
            lines += ["", f"{shorten(name_of(document), width - 1)}:"]
            lines += [line for text in said for line in wrap(text, width=width, indent="  ")]
    return "\n".join(lines) + "\n"


def _spectrum_row(document: Document, name: str) -> list[str]:
    if document.get("error"):
        return [name, "", "FAILED", "", ""]
    points = points_of(document)
    cycle = cycle_words(cycle_of(document))
    noise = "measured noise" if (document.get("data") or {}).get("noise_ohm") is not None else ""
    return [name, MISSING if points is None else str(points), span_of(document), cycle, noise]

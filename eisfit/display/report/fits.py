"""Fits as plain text: one in full, or many in a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eisfit.display.report.intervals import format_interval
from eisfit.display.report.names import tell_apart
from eisfit.display.report.table import list_blocks, tabulate, wrap, wrap_all
from eisfit.display.report.words import (
    WIDTH,
    Document,
    clean,
    count,
    cycle_of,
    describe_circuit,
    describe_meaning,
    describe_parameter_verdict,
    describe_verdict,
    explain_failure,
    flag_name,
    flag_text,
    flags_of,
    format_cycle,
    format_judged,
    format_measured,
    list_forbidding,
    list_goodness,
    percent,
    points_of,
    short_titles,
    span_of,
    title_columns,
    title_of,
    units_of,
)
from eisfit.rounding import hertz, significant

_STRONG_CORRELATION = 0.9  # absolute correlation from which two parameters are reported to trade off
_MAX_LISTED = 5
_MIN_ADDED = 0.01  # of the polarisation resistance, from which on the share of diffusion is reported
_MIN_HIDDEN = 2.0  # standard errors, from which on what the noise may hide is reported


def fit_text(document: Document, *, width: int = WIDTH) -> str:
    """Return one fit as text: the verdict first, then parameters, statistics, derived values, correlations.

    Parameters
    ----------
    document
        What ``FitResult.to_dict()`` gives.
    width
        Columns of the terminal.

    Returns
    -------
    str
        Lines ending in a newline.
    """
    lines = verdict_lines(document, width=width)
    if not document.get("error"):
        lines += wrap(_describe_data(document), width=width)
        lines += ["", *_tabulate_parameters(document, width), "", *_describe_statistics(document, width)]
        lines += _tabulate_derived(document, width) + _describe_endless(document, width)
        lines += _list_correlations(document, width)
    return "\n".join(lines) + "\n"


def verdict_lines(document: Document, *, width: int) -> list[str]:
    """Return the verdict, of a fit with the parameter that matters most, and the flags by their level."""
    name = title_of(document)
    if document.get("error"):
        return wrap(f"{name}: FAILED: {explain_failure(document)}", width=width)
    lines = wrap(f"{name}: {describe_verdict(document)}{_write_headline(document)}", width=width)
    return lines + wrap_all(_list_flags(document), width=width, indent="  ")


def _write_headline(document: Document) -> str:
    """Return the value that is asked for most with its error and verdict."""
    name, row = _pick_main(document)
    if not document.get("ok") or not row.get("verdict"):
        return ""
    return f": {clean(name)} = {format_measured(row)} ohm, {describe_parameter_verdict(row)}"


def _pick_main(document: Document) -> tuple[str, Document]:
    """Return the charge-transfer resistance where there is one: its name and row, else nothing."""
    rows = (document.get("parameters") or {}).items()
    wanted = [
        (n, row) for n, row in rows if row.get("role") == "charge_transfer" and row.get("unit") == "ohm"
    ]
    return wanted[0] if len(wanted) == 1 else ("", {})


def _list_flags(document: Document) -> list[str]:
    """Return each flag's name, cause and cure; a cure that the next flag shares is said there."""
    flags = [flag for flag in flags_of(document) if flag_text(flag)]
    lines = []
    for flag, after in zip(flags, [*flags, {}][1:], strict=True):
        shared = all(flag.get(key) == after.get(key) for key in ("name", "cure"))
        said = flag_text({"cause": flag.get("cause")} if shared else flag)
        level = clean(flag.get("level"))
        lines.append(f"{level}  {flag_name(flag)}: {said}".strip())
    return lines


def _describe_data(document: Document) -> str:
    spectrum = document.get("spectrum") or {}
    points = points_of(document)
    parts = [
        describe_circuit(document),
        None if points is None else count(points, "point"),
        None if spectrum.get("frequency_min_Hz") is None else span_of(document),
        None if spectrum.get("cycle") is None else f"cycle {format_cycle(spectrum['cycle'])}",
        f"weighting {clean(document['weighting'])}" if document.get("weighting") else None,
    ]
    return "; ".join(part for part in parts if part)


def _tabulate_parameters(document: Document, width: int) -> list[str]:
    parameters = document.get("parameters") or {}
    parted = any(row.get("stderr_model") for row in parameters.values())
    rows = [
        [
            clean(name),
            format_judged(row),
            _format_interval(row),
            clean(row.get("unit")),
            *([_get_error_part(row, "noise"), _get_error_part(row, "model")] if parted else ["", ""]),
            describe_parameter_verdict(row),
            describe_meaning(row),
        ]
        for name, row in parameters.items()
    ]
    parts = ["noise", "model"] if parted else ["", ""]
    note = "verdict" if any(row[6] for row in rows) else ""
    head = ["parameter", "value", _title_interval(parameters), "unit", *parts, note, "meaning"]
    return tabulate(head, rows, width=width, flexible=7)


def _get_error_part(row: Document, part: str) -> str:
    """Return the part of an error that the noise or the model makes."""
    error = row.get(f"stderr_{part}")
    return "" if error is None else significant(error, 2)


def _title_interval(rows: Document) -> str:
    asked = next((row["interval"] for row in rows.values() if _is_asked(row)), None)
    return f"{100 * asked['level']:g} % interval ({clean(asked['method'])})" if asked else ""


def _format_interval(row: Document) -> str:
    return format_interval(row["interval"]) if _is_asked(row) else ""


def _is_asked(row: Document) -> bool:
    """Return whether the interval was asked for: that of an open parameter stands in its verdict."""
    return bool(row.get("interval")) and row.get("verdict") != "open"


def _describe_statistics(document: Document, width: int) -> list[str]:
    statistics = document.get("statistics") or {}
    parts = list_goodness(statistics)
    if statistics.get("nvarys") is not None:
        parts.insert(0, f"{statistics.get('ndata')} data, {statistics['nvarys']} free parameters")
    if statistics.get("noise") is not None:
        parts.append(f"noise {percent(statistics['noise'])} of each part")
    lines = wrap(", ".join(parts), width=width) if parts else []
    if document.get("covariance_rescaled"):
        lines += wrap("standard errors: scaled by the residuals (noise not measured)", width=width)
    elif document.get("covariance_rescaled") is False:
        lines += wrap("standard errors: from the measured noise", width=width)
    return lines + (wrap(hidden, width=width) if (hidden := _describe_hidden(document)) else [])


def _describe_hidden(document: Document) -> str:
    """Return how far the noise may hide an error of the main parameter, where it is much."""
    name, row = _pick_main(document)
    hidden, error = row.get("hidden"), row.get("stderr")
    if row.get("stderr_model") or not hidden or not error or hidden < _MIN_HIDDEN * error:
        return ""
    return (
        f"{clean(name)} ± {significant(hidden, 2)} ohm if the circuit departs by as much as this noise hides"
    )


def _describe_endless(document: Document, width: int) -> list[str]:
    """Return what a semi-infinite Warburg has added to R_p at the end of the sweep, where it is much."""
    total = (document.get("derived") or {}).get("R_p")
    low = (document.get("spectrum") or {}).get("frequency_min_Hz")
    if not total or not low:
        return []
    lines = []
    for name, row in (document.get("parameters") or {}).items():
        sigma = row.get("value") if row.get("verdict") != "open" else None
        if row.get("unit") == "ohm s^-1/2" and sigma:
            added = sigma / math.sqrt(2 * math.pi * low)  # of Z = sigma (1 - j) / sqrt(omega)
            if added > max(_MIN_ADDED * total["value"], _MIN_HIDDEN * (total.get("stderr") or 0.0)):
                told = f"{significant(added, 2)} ohm at {hertz(low)} and without end below"
                element = clean(name).removesuffix("_sigma")
                lines += wrap(f"R_p is of the arcs alone: {element} adds to it, {told}", width=width)
    return lines


def _tabulate_derived(document: Document, width: int) -> list[str]:
    derived = document.get("derived") or {}
    rows = [
        [
            clean(name),
            format_judged(row),
            _format_interval(row),
            clean(row.get("unit")),
        ]
        for name, row in derived.items()
    ]
    title = _title_interval(derived)
    return ["", *tabulate(["derived", "value", title, "unit"], rows, width=width)] if rows else []


def _list_correlations(document: Document, width: int) -> list[str]:
    strong = [
        f"{clean(first)} and {clean(second)} {value:+.3f}"
        for first, second, value in document.get("correlations") or []
        if value is not None and abs(value) >= _STRONG_CORRELATION
    ]
    if not strong:
        return []
    more = f", and {len(strong) - _MAX_LISTED} more" if len(strong) > _MAX_LISTED else ""
    return ["", *wrap("strong correlations: " + ", ".join(strong[:_MAX_LISTED]) + more, width=width)]


def fits_text(documents: Sequence[Document], *, width: int = WIDTH) -> str:
    """Return many fits as a table, one row each, and below it every failure with its reason.

    Parameters
    ----------
    documents
        What ``FitResult.to_dict()`` gives; circuits may differ.
    width
        Columns of the terminal; a wider table continues below itself.
    """
    if not documents:
        return "no spectra\n"
    documents = tell_apart(documents)
    named = list(zip(documents, short_titles(documents, width // 3), strict=True))
    circuits = dict.fromkeys(describe_circuit(one) for one in documents if one.get("parameters"))
    if len(circuits) <= 1:
        lines = _tabulate(named, width, told=True)
    else:
        lines = _list_circuits(named, width)
        for circuit in circuits:
            lines += ["", *wrap(circuit, width=width)]
            lines += _tabulate([pair for pair in named if describe_circuit(pair[0]) == circuit], width)
    return "\n".join([*lines, *list_reasons(documents, width=width)]) + "\n"


def _tabulate(named: Sequence[tuple[Document, str]], width: int, *, told: bool = False) -> list[str]:
    """Return the parameters of fits that have them in common; with cycle and verdict where `told`."""
    documents = [document for document, _ in named]
    columns = {"spectrum": [name for _, name in named]}
    if told and any(cycle_of(document) is not None for document in documents):
        columns["cycle"] = [format_cycle(cycle_of(document)) for document in documents]
    if told:
        columns["verdict"] = [short_verdict(document) for document in documents]
    fixed = len(columns)
    for name, title in title_columns(units_of(documents)).items():
        rows = [(document.get("parameters") or {}).get(name) for document in documents]
        columns[title] = [format_judged(row) if row else "" for row in rows]
    return list_blocks(list(columns), list(zip(*columns.values(), strict=True)), width=width, fixed=fixed)


def _list_circuits(named: Sequence[tuple[Document, str]], width: int) -> list[str]:
    """Return one row a spectrum: its verdict and its circuit, where these differ."""
    rows = []
    for document, name in named:
        rms = (document.get("statistics") or {}).get("rms_relative_residual")
        circuit = describe_circuit(document) if document.get("parameters") else ""
        told = "" if rms is None else percent(rms)
        rows.append([name, format_cycle(cycle_of(document)), short_verdict(document), told, circuit])
    return tabulate(["spectrum", "cycle", "verdict", "rms", "circuit"], rows, width=width, flexible=4)


def short_verdict(document: Document) -> str:
    """Return the verdict in few letters: the grade, and the first flag that forbids the use.

    >>> short_verdict({"grade": "D", "flags": ["misfit", "at_bound"]}), short_verdict({"ok": True})
    ('D misfit +1', 'usable')
    """
    if document.get("error"):
        return "FAILED"
    names = [] if document.get("ok") else list_forbidding(document)
    words = " ".join(filter(None, (clean(document.get("grade")), *names[:1]))) or describe_verdict(document)
    return f"{words} +{len(names) - 1}" if len(names) > 1 else words


def list_reasons(documents: Sequence[Document], *, width: int) -> list[str]:
    """Return the count of failures and doubtful fits, each with its reason, as lines after an empty one."""
    bad = [document for document in documents if document.get("error") or not document.get("ok")]
    if not bad:
        return []
    failed = sum(1 for document in bad if document.get("error"))
    total = f"{failed} of {count(len(documents), 'spectrum')} failed"
    unfit = "not passed" if any("rc_elements" in document for document in bad) else "not usable"
    lines = ["", *wrap(f"{total}, {len(bad) - failed} {unfit}:", width=width)]
    for document in bad:
        lines += [f"  {line}" for line in verdict_lines(document, width=width - 2)]
    return lines

"""Words and numbers that every report writes the same way."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.rounding import MISSING, hertz_range, significant, value_with_error
from eisfit.verdict import DOUBTED

Document = Mapping[str, Any]
WIDTH = 100  # columns, where the caller does not know the terminal's
SHOWN = "shown_as"  # of a spectrum whose file has the name of another one's
_PLURALS = {"spectrum": "spectra"}


def clean(value: object) -> str:
    r"""Return a string on one line without control characters, which a terminal would obey.

    >>> clean("bare\x1b[31m.mpt\n")
    'bare[31m.mpt'
    """
    text = "" if value is None else str(value)
    spaced = " ".join(text.split())
    return "".join(
        letter for letter in spaced if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co"}
    )


def shorten(text: str, length: int) -> str:
    """Return the text with its middle left out where it is longer than `length`.

    >>> shorten("a_very_long_name_cycle_050.csv", 20)
    'a_very_l...e_050.csv'
    """
    if len(text) <= length:
        return text
    if length < 8:
        return text[:length]
    tail = (length - 3) // 2 + (length - 3) % 2
    return f"{text[: length - 3 - tail]}...{text[-tail:]}"


def short_titles(documents: Sequence[Document], length: int) -> list[str]:
    """Return the titles of spectra, shortened to `length` or as far as they stay different."""
    titles = [title_of(document) for document in documents]
    longest = max(map(len, titles), default=0)
    for size in range(max(length, 12), longest):
        short = [shorten(title, size) for title in titles]
        if len(set(short)) == len(set(titles)):
            return short
    return titles


def spectrum_block(document: Document) -> Document:
    """Return what identifies the spectrum: its own block, or the document itself where it is a spectrum's."""
    block = document.get("spectrum")
    return block if isinstance(block, Mapping) else document


def name_of(document: Document) -> str:
    """Return the file's name, with the index where a file holds several."""
    block = spectrum_block(document)
    base = clean(block.get(SHOWN)) or path_of(document)[-1] or "spectrum"
    return f"{base}#{block['index']}" if block.get("index") else base


def path_of(document: Document) -> list[str]:
    """Return the parts of a file's path."""
    return clean(spectrum_block(document).get("source")).replace("\\", "/").rstrip("/").split("/")


def title_of(document: Document) -> str:
    """Return the name, and that the data is simulated where the document knows it."""
    return f"{name_of(document)} (simulated)" if is_simulated(document) else name_of(document)


def is_simulated(document: Document) -> bool:
    """Return whether the document says of its data that it is simulated."""
    blocks = (document, spectrum_block(document), document.get("spectrum_document") or {})
    notes = [clean(note).lower() for block in blocks for note in block.get("notes") or []]
    marks = [block.get("simulated") or (block.get("metadata") or {}).get("simulated") for block in blocks]
    return any(marks) or any(note.startswith("simulated") for note in notes)


def span_of(document: Document) -> str:
    """Return ``10 mHz to 100 kHz``."""
    block = spectrum_block(document)
    low, high = block.get("frequency_min_Hz"), block.get("frequency_max_Hz")
    frequencies = (document.get("data") or {}).get("frequency_Hz")
    if low is None and frequencies:
        low, high = min(frequencies), max(frequencies)
    return MISSING if low is None or high is None else hertz_range(low, high)


def points_of(document: Document) -> int | None:
    """Return the number of points, where known."""
    points = spectrum_block(document).get("points")
    frequencies = (document.get("data") or {}).get("frequency_Hz")
    return len(frequencies) if points is None and frequencies is not None else points


def format_points(document: Document) -> str:
    """Return the number of points as tables show it."""
    points = points_of(document)
    return MISSING if points is None else str(points)


def cycle_of(document: Document) -> float | None:
    """Return the cycle of the spectrum, None where it is not known."""
    cycle: float | None = spectrum_block(document).get("cycle")
    return cycle


def describe_circuit(document: Document) -> str:
    """Return the circuit of a result: ``name: string``, or its string alone where that is its name."""
    circuit = document.get("circuit") or {}
    name, string = clean(circuit.get("name")), clean(circuit.get("string"))
    return string if name in ("", string) else f"{name}: {string}"


def percent(fraction: float | None) -> str:
    """Return a fraction in percent.

    >>> percent(0.00523), percent(None)
    ('0.523 %', 'n/a')
    """
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    return f"{significant(100 * fraction, 3)} %"


def axes_of(document: Document) -> list[Mapping[str, Any]]:
    """Return the axes of a track document: name and unit of each."""
    return list(document.get("axes") or [{"name": "cycle", "unit": ""}])


def axis_label(axis: Mapping[str, Any]) -> str:
    """Return an axis as figures name it.

    >>> axis_label({"name": "temperature", "unit": "degC"}), axis_label({"name": "cycle", "unit": ""})
    ('temperature / °C', 'cycle')
    """
    return append_unit(str(axis["name"]), axis_unit(axis))


def axis_unit(axis: Mapping[str, Any]) -> str:
    """Return an axis's unit as it is printed."""
    return str({"degC": "°C"}.get(axis["unit"], axis["unit"]))


def append_unit(name: str, unit: str | None) -> str:
    """Return a name with its unit, as heads of columns and axes are written.

    >>> append_unit("R_ct", "ohm"), append_unit("CPE_ct_alpha", "")
    ('R_ct / ohm', 'CPE_ct_alpha')
    """
    return f"{name} / {unit}" if unit else name


def format_cycle(cycle: float | None) -> str:
    """Return a cycle number, empty where unknown."""
    return "" if cycle is None else f"{cycle:g}"


def count(number: int, thing: str) -> str:
    """Return a number of things.

    >>> count(1, "point"), count(2, "point"), count(2, "spectrum")
    ('1 point', '2 points', '2 spectra')
    """
    return f"{number} {thing if number == 1 else _PLURALS.get(thing, f'{thing}s')}"


def format_measured(row: Document) -> str:
    """Return the value and error of a parameter block; a free parameter without an error is ``± ?``."""
    return value_with_error(row.get("value"), error_of(row))


def format_judged(row: Document) -> str:
    """Return the value and error of a parameter or derived quantity, in brackets where not determined."""
    return bracket(format_measured(row), row.get("verdict"))


def error_of(row: Document) -> float | None:
    """Return the standard error of a parameter block: NaN where it should have one and has none."""
    stderr: float | None = row.get("stderr")
    free = bool(row.get("vary", is_doubted(row.get("verdict")))) and not row.get("expr")
    return math.nan if stderr is None and free else stderr


def format_number_of_law(value: float | None, stderr: float | None) -> str:
    """Return a number of a growth law: of two points, which leave no error, few digits.

    >>> format_number_of_law(-0.0042704, None), format_number_of_law(0.12348, 0.0031)
    ('-0.00427 ± ?', '0.1235 ± 0.0031')
    """
    return value_with_error(value, math.nan if stderr is None else stderr)


def rate_unit(law: Document) -> str:
    """Return what a law's rate is per; ``spectrum`` where these were counted.

    >>> rate_unit({"over": "cycle"}), rate_unit({"over": "time"}), rate_unit({"over": "index"})
    ('cycle', 'second', 'spectrum')
    """
    return {"cycle": "cycle", "time": "second"}.get(law.get("over", "cycle"), "spectrum")


def list_parameter_rows(document: Document) -> list[list[Any]]:
    """Return name, value with its error (in brackets: not determined), unit, verdict and meaning of each."""
    rows = (document.get("parameters") or {}).items()
    return [
        [
            name,
            format_judged(row),
            row.get("unit"),
            describe_parameter_verdict(row),
            describe_meaning(row),
        ]
        for name, row in rows
    ]


def list_goodness(statistics: Document) -> list[str]:
    """Return the numbers that say how good a fit is, one text each."""
    known = [key for key in ("chisqr", "redchi", "aic", "bic") if statistics.get(key) is not None]
    parts = [f"{key} {significant(statistics[key], 4)}" for key in known]
    if statistics.get("rms_relative_residual") is not None:
        parts.append(f"rms residual {percent(statistics['rms_relative_residual'])} of |Z|")
    return parts


def format_tracked(row: Document, name: str) -> str:
    """Return the value and error of one parameter in a track's row, empty where it has none.

    In brackets where it is not determined.
    """
    if row.get(name) is None:
        return ""
    text = value_with_error(row[name], row.get(f"{name}_stderr"))
    return bracket(text, row.get(f"{name}_verdict"))


def bracket(text: str, verdict: object) -> str:
    """Return a value in brackets where its verdict says that it is not determined.

    >>> bracket("4100 ± 500", "extrapolated"), bracket("12.1 ± 0.3", "determined")
    ('(4100 ± 500)', '12.1 ± 0.3')
    """
    return f"({text})" if is_doubted(verdict) else text


def is_doubted(verdict: object) -> bool:
    """Whether the data do not determine what has this verdict."""
    return verdict in DOUBTED


def describe_constraint(row: Document) -> str:
    """Return what is peculiar to a parameter: fixed, tied, at its bound."""
    if row.get("expr"):
        return f"= {clean(row['expr'])}"
    if row.get("vary") is False:
        return "fixed"
    bound = row.get("at_bound")
    if isinstance(bound, str) and bound:
        return f"at bound ({clean(bound)})"
    return "at bound" if bound else ""


def describe_meaning(row: Document) -> str:
    """Return the description of a parameter, else its role in words."""
    return clean(row.get("describe")) or clean(row.get("role")).replace("_", " ")


def flags_of(document: Document) -> Sequence[Any]:
    """Return the flags, whether whole or by name only."""
    return list(document.get("flags") or [])


def flag_name(flag: Any) -> str:
    """Return a flag's name."""
    return clean(flag.get("name") if isinstance(flag, Mapping) else flag)


def flag_text(flag: Any) -> str:
    """Return a flag's cause and cure as one sentence, empty where only its name is known."""
    if not isinstance(flag, Mapping):
        return ""
    cause, cure = (clean(flag.get(key)).rstrip(".") for key in ("cause", "cure"))
    return (". " if cure[:1].isupper() else "; ").join(part for part in (cause, cure) if part)


def explain_failure(document: Document) -> str:
    """Return why a file failed, without its name in front."""
    text = clean(document.get("error"))
    for name in (clean(spectrum_block(document).get("source")), name_of(document)):
        text = text.removeprefix(f"{name}: ")
    return text


def describe_outcome(document: Document) -> str:
    """Return the verdict, and of a file that failed also why."""
    return f"FAILED: {explain_failure(document)}" if document.get("error") else describe_verdict(document)


def describe_verdict(document: Document) -> str:
    """Return ``FAILED``, or the verdict: of a fit its grade and whether it is usable, of a check ``pass``.

    >>> describe_verdict({"ok": False, "rc_elements": 9, "flags": ["kk_failed"]})
    'fails: kk_failed'
    """
    if document.get("error"):
        return "FAILED"
    is_check = "rc_elements" in document
    words = ("pass", "fails") if is_check else ("usable", "not usable")
    said = words[0] if document.get("ok") else words[1] + explain_refusal(document)
    return f"{clean(document['grade'])}, {said}" if document.get("grade") else said


def list_forbidding(document: Document) -> list[str]:
    """Return the names of the flags that forbid the use; of all where none is said to.

    >>> list_forbidding({"flags": [{"name": "misfit", "level": "forbids"}, {"name": "other"}]})
    ['misfit']
    """
    flags = flags_of(document)
    grave = [flag for flag in flags if isinstance(flag, Mapping) and flag.get("level") == "forbids"] or flags
    return list(dict.fromkeys(flag_name(flag) for flag in grave))


def explain_refusal(document: Document) -> str:
    """Return what goes behind ``not usable``: the flags that forbid the use, nothing where there is none."""
    names = list_forbidding(document)
    return f": {', '.join(names)}" if names else ""


def describe_parameter_verdict(row: Document) -> str:
    """Return a parameter's verdict: ``determined``, or the limit of an open one; and what is peculiar to it.

    >>> describe_parameter_verdict({"verdict": "open", "interval": {"low": 120.0, "high": None}})
    'open: > 120'
    """
    word, told, bounds = clean(row.get("verdict")), describe_constraint(row), row.get("interval") or {}
    if word == "open":
        ends = [(sign, bounds.get(end)) for sign, end in ((">", "low"), ("<", "high"))]
        limits = [f"{sign} {significant(value, 2)}" for sign, value in ends if value is not None]
        return ": ".join(["open", " and ".join(limits) or told]).removesuffix(": ")
    if told in ("fixed", ""):
        return word or told
    return f"{word}, {told}" if word else told


def units_of(documents: Sequence[Document]) -> dict[str, str]:
    """Return the parameters of all documents with their units, in the order of first appearance."""
    units: dict[str, str] = {}
    for document in documents:
        for name, row in (document.get("parameters") or {}).items():
            units.setdefault(name, clean(row.get("unit")))
    return units


def tracked_units(document: Document) -> dict[str, str]:
    """Return the parameters that a track's rows have values of, with their units."""
    rows, units = document.get("rows") or [], document.get("units") or {}
    return {n: clean(unit) for n, unit in units.items() if any(row.get(n) is not None for row in rows)}


def put_resistances_first(units: Mapping[str, str]) -> dict[str, str]:
    """Return parameters with units, ohms first: a long table continues below itself, and they are looked for.

    >>> put_resistances_first({"CPE_ct_alpha": "", "R_ct": "ohm"})
    {'R_ct': 'ohm', 'CPE_ct_alpha': ''}
    """
    return dict(sorted(units.items(), key=lambda row: row[1] != "ohm"))


def title_columns(units: Mapping[str, str]) -> dict[str, str]:
    """Return the heads of a table's columns of parameters by their names, resistances first.

    >>> title_columns({"CPE_ct_alpha": "", "R_ct": "ohm"})
    {'R_ct': 'R_ct / ohm', 'CPE_ct_alpha': 'CPE_ct_alpha'}
    """
    return {name: append_unit(clean(name), unit) for name, unit in put_resistances_first(units).items()}

"""An ``eisfit.explain/2`` document as text and Markdown, and the tables that the page shares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from eisfit.display.report.markdown import markdown_lines
from eisfit.display.report.words import WIDTH, Document
from eisfit.rounding import significant

#: Hypotheses in short, and in one letter or two.
_HYPOTHESES = {
    "barrier_only": ("barrier alone", "B"),
    "electronic_access": ("access alone", "E"),
    "intrinsic_activity": ("reaction alone", "A"),
    "area_gain": ("area alone", "G"),
    "access_and_activity": ("access and reaction", "EA"),
    "access_and_area": ("access and area", "EG"),
    "native_layer": ("native layer", "N"),
    "contact": ("poor contact", "C"),
}
NAMES = {key: name for key, (name, _) in _HYPOTHESES.items()}
LETTERS = {key: letter for key, (_, letter) in _HYPOTHESES.items()}
ELECTRONS = "electrons along the film"
FACTORS = {
    "ions_through_film": "ions through the film",
    "electrons_along_film": ELECTRONS,
    "reaction": "reaction",
    "area": "area that takes part",
    "native_layer": "bare cell's own layer gone",
    "contact": "bare cell's contact gone",
    "cell_to_cell": "scatter between cells",
}
#: What each contribution beside the barrier is called in sentences, with a gain above one; and below.
EFFECTS = {
    "electrons_along_film": ELECTRONS,
    "reaction": "a faster reaction",
    "area": "a larger area",
    "native_layer": "a layer on the bare cell that the film replaces",
    "contact": "a small arc of the bare cell alone, as of a poorer contact",
}
LESS = {"reaction": "a slower reaction", "area": "a smaller area"}
OUTSIDE = "What outside the hypotheses would explain it"
SILENT = "Facts that moved no odds"
VOLTAGES = "Voltages under current, stated and predicted"
AT_WORK = (
    "Each share is over the hypotheses that hold the effect; the percentage is their probability together."
)
_MIDDLE_AND_ENDS = ("median", "low95", "high95")
_DIGITS = 3  # of R_ct, in ohms of print
_SIDES = {"r_ct": "R_ct", "r_hf": "high-frequency end", "r_total": "R(0)"}
_NO_CHANCE = 1e-9
_OPEN = 0.005
"""Bits still open below which no measurement is proposed."""


class Table(NamedTuple):
    """Rows of text under a title."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def explanation_text(document: Document) -> str:
    """Return the three sentences, contradictions, ledger and contributions for a terminal."""
    lines = [*document["headline"], *(f"note: {note}" for note in document.get("notes", []))]
    lines += [f"contradiction: {row['text']}" for row in document["contradictions"]]
    shown = 1 + bool(document["fits"]) + bool(document.get("silent")) + _is_something_open(document)
    shown += bool(document["outside"]["causes"])
    for table in list_tables(document)[:shown]:
        lines += ["", *_align(table)]
    return "\n".join(lines)


def _align(table: Table) -> list[str]:
    """Return a table's lines; where it is wide, a word of its heads on each line."""
    heads: list[Sequence[str]] = [table.head]
    if sum(max(map(len, column)) + 2 for column in zip(table.head, *table.rows, strict=True)) > WIDTH:
        first, *rest = table.head
        words = zip_longest(*(reversed(head.split()) for head in rest), fillvalue="")
        lines = [["", *row] for row in words][::-1]
        heads = [*lines[:-1], [first, *lines[-1][1:]]]
    rows = [*heads, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left, *right = widths
    return [
        "  ".join([row[0].ljust(left), *(c.rjust(w) for c, w in zip(row[1:], right, strict=True))]).rstrip()
        for row in rows
    ]


def explanation_markdown(document: Document) -> str:
    """Return the report, without drawings, as Markdown."""
    parts = [f"# {document['title']}", "\n".join(f"{k}. {s}" for k, s in enumerate(document["headline"], 1))]
    if document["contradictions"]:
        parts += ["## Contradictions", "\n".join(f"- {row['text']}" for row in document["contradictions"])]
    if document.get("notes"):
        parts += ["## Notes", "\n".join(f"- {note}" for note in document["notes"])]
    for table in list_tables(document):
        body = markdown_lines(table.head, table.rows).rstrip()
        parts += [f"## {table.title}", *([table.note] if table.note else []), body]
    parts.append(f"Made by eisfit {document['eisfit']}, seed {document['seed']}.")
    return "\n\n".join(parts) + "\n"


def list_tables(document: Document) -> list[Table]:
    """Return the tables of a report in their order: ledger first where odds are told."""
    rows = [_tabulate_ledger(document)] if document["ledger"] else [_tabulate_misses(document)]
    if document.get("silent"):
        rows.append(Table(SILENT, ["no odds from", "why"], [list(row) for row in document["silent"].items()]))
    if document["outside"]["causes"]:
        rows.append(_tabulate_causes(document))
    fits = bool(document["fits"])
    rows += [_tabulate_shares(document, "r_ct")] if fits else []
    if _is_something_open(document):
        rows.append(_tabulate_next(document))
    if document["predictions"].get("voltages"):
        rows.append(_tabulate_voltages(document))
    rows += [_tabulate_shares(document, quantity) for quantity in ("r_hf", "r_total") if fits]
    if document["swing"]:
        rows.append(_tabulate_swing(document))
    rows += _check_films(document)
    return [
        *rows,
        *([_tabulate_thickness(document), _tabulate_parameters(document)] if fits else []),
        _tabulate_inputs(document),
    ]


def _check_films(document: Document) -> list[Table]:
    """Return the table of what the films' values were held against, where anything was."""
    rows = [
        [film["name"], check["quantity"].replace("_", " "), check["verdict"]]
        for film in document.get("films") or []
        for check in film["checks"]
    ]
    head = ["film", "value", "beside what it is made of"]
    return [Table("The film's values, held against what its parts allow", head, rows)] if rows else []


def _is_something_open(document: Document) -> bool:
    return any(row["open_bits"] >= _OPEN for row in document["next_experiments"])


def format_capped(value: float, decimals: int = 1) -> str:
    """Log-odds; nothing beyond a thousand to one is printed."""
    if abs(value) >= 3:
        return "≤ -3" if value < 0 else "≥ +3"
    return format_signed(value, decimals)


def format_signed(value: float, decimals: int) -> str:
    """Return a number with its sign, zero without."""
    told = f"{value:+.{decimals}f}"
    return told if float(told) else told[1:]


def format_probability(p: float) -> str:
    """Return a probability in words, never 0 or 100 %."""
    return "> 99 %" if p > 0.99 else "< 0.1 %" if p < 0.001 else f"{100 * p:.2g} %"


def sort_hypotheses(document: Document) -> list[str]:
    """Hypotheses, the most probable first."""
    return sorted(document["hypotheses"], key=lambda name: -document["hypotheses"][name]["log_evidence"])


def _tabulate_ledger(document: Document) -> Table:
    order = sort_hypotheses(document)
    rows = [
        [datum, *(format_capped(row[name]) for name in order)] for datum, row in document["ledger"].items()
    ]
    p = [format_probability(document["hypotheses"][name]["probability"]) for name in order]
    note = (
        "Change of log10 odds of each hypothesis against all the others, by each datum after those above it; "
        "all were equally likely before. Columns add up to the odds of the last row."
    )
    head = ["log10 odds", *(NAMES[name] for name in order)]
    return Table("What each datum says", head, [*rows, ["probability", *p]], note)


def _tabulate_misses(document: Document) -> Table:
    rows = [
        [NAMES[name], _format_chance(document["hypotheses"][name]["p_value"])]
        for name in sort_hypotheses(document)
    ]
    return Table("No hypothesis fits", ["hypothesis", "p-value"], rows)


def _format_chance(p: float) -> str:
    return f"{p:.1g}" if p > _NO_CHANCE else f"< {_NO_CHANCE:.0e}"


def _tabulate_causes(document: Document) -> Table:
    rows = [
        [row["text"], NAMES[row["hypothesis"]], _format_chance(row["p_value"])]
        for row in document["outside"]["causes"]
    ]
    note = f"{document['outside']['tried']} causes were tried, each alone beside a hypothesis."
    if not document["fits"]:
        note += " Below p = 0.001 a cause does not mend the misfit."
    return Table(OUTSIDE, ["cause", "beside", "p-value"], rows, note)


def select_shares(document: Document, quantity: str = "r_ct") -> dict[str, Mapping[str, float]]:
    """Return the effects that change a quantity, by name: those that some decimal of print shows."""
    rows, least = document["contributions"][quantity], 0.5 * 10.0 ** -choose_decimals(document)
    return {name: row for name, row in rows.items() if find_farther_end(row) >= least}


def choose_decimals(document: Document) -> int:
    """Return how many decimals ohms have in print: one, more for cells of less than ten."""
    both = [document[key][cell]["median"] for key in ("r_ct", "electrode") for cell in ("bare", "coated")]
    largest_one = max((abs(r) for r in both if r is not None and math.isfinite(r)), default=0.0)
    return max(_DIGITS - 1 - math.floor(math.log10(largest_one)), 1) if largest_one > 0 else 1


def name_effect(name: str, row: Mapping[str, float]) -> str:
    """Return an effect in words, with its probability where not all hypotheses hold it."""
    at_work = row.get("at_work", 1.0)
    return FACTORS[name] if at_work > 0.99 else f"{FACTORS[name]}, {format_probability(at_work)}"


def find_farther_end(row: Mapping[str, float]) -> float:
    """Return the farther end of an interval from zero."""
    return max(abs(row["low95"]), abs(row["high95"]))


def _tabulate_shares(document: Document, quantity: str) -> Table:
    rows = select_shares(document, quantity)
    sure = all(row.get("at_work", 1.0) > 0.99 for row in rows.values())
    held = {name: [] if sure else [format_probability(row["at_work"])] for name, row in rows.items()}
    places = choose_decimals(document)
    body = [
        [FACTORS[name], *held[name], *(format_signed(row[key], places) for key in _MIDDLE_AND_ENDS)]
        for name, row in rows.items()
    ]
    note = (
        "Shapley values; medians over the posterior need not add up, shares of one draw do. R_ct is "
        "R(0) - R(inf) of the model without the other electrode's arc; one arc of a fitted circuit may read "
        "less."
    )
    if not sure:
        note += f" {AT_WORK}"
    head = ["effect / ohm", *([] if sure else ["at work"]), "median", "2.5 %", "97.5 %"]
    return Table(f"Shares of the change of {_SIDES[quantity]} / ohm", head, body, note)


def _tabulate_next(document: Document) -> Table:
    rows = [
        [row["experiment"], f"{row['expected_bits']:.2f}", row["effort"]]
        for row in document["next_experiments"]
    ]
    left = document["next_experiments"][0]["open_bits"]
    head = ["next measurement", f"expected gain / bit of {left:.2f}", "effort"]
    return Table("Next measurement, by expected gain", head, rows)


def _tabulate_voltages(document: Document) -> Table:
    keys = ("measured", "linear", "butler_volmer")
    rows = [
        [row["what"], *(_format_millivolts(row[key]) for key in keys), _name_readings(row["holds"])]
        for row in document["predictions"]["voltages"]
    ]
    head = ["voltage under current / mV", "stated", "predicted, linear", "by Butler-Volmer", "meets"]
    return Table(VOLTAGES, head, rows, "What the impedance makes of each current, 95 %.")


def _format_millivolts(entry: Mapping[str, float]) -> str:
    low, high = (significant(1e3 * entry[key], 2) for key in ("low95", "high95"))
    return low if low == high else f"{low} to {high}"


def _name_readings(holds: Mapping[str, bool]) -> str:
    told = {"linear": "linear", "butler_volmer": "Butler-Volmer"}
    return "both" if all(holds.values()) else ", ".join(told[k] for k in told if holds[k]) or "neither"


def _tabulate_swing(document: Document) -> Table:
    best = sort_hypotheses(document)[0]
    odds = math.log10(math.e) * _compute_log_odds(document, best)
    rows = [
        [e["meaning"], *(format_capped(e[key], 2) for key in ("half", "double"))]
        for e in document["swing"].values()
    ]
    lowest = min(e[key] for e in document["swing"].values() for key in ("half", "double"))
    reach = (
        "whichever of these priors is half or twice as wide, it outweighs the others"
        if odds + lowest > 0
        else "one prior's width can bring it below even odds"
    )
    note = (
        f"Change of log10 odds of {NAMES[best]} against all the others, {format_capped(odds)} as stated: "
        f"{reach}. "
        "The priors that matter most come first; 0.30 is a factor of two."
    )
    return Table("How much is prior?", ["prior", "half as wide", "twice as wide"], rows, note)


def _compute_log_odds(document: Document, best: str) -> float:
    """Natural logarithm of the odds of a hypothesis against all the others."""
    logs = {name: entry["log_evidence"] for name, entry in document["hypotheses"].items()}
    others = [value for name, value in logs.items() if name != best]
    top = max(others)
    return float(logs[best] - top - math.log(sum(math.exp(value - top) for value in others)))


def _tabulate_thickness(document: Document) -> Table:
    rows = [
        [significant(row["thickness_nm"], 2), *(significant(row[k], 3) for k in _MIDDLE_AND_ENDS)]
        for row in document["predictions"]["thickness"]
    ]
    head = ["film / nm", "R_ct / ohm", "2.5 %", "97.5 %"]
    return Table("Predicted over the film's thickness", head, rows)


def _tabulate_parameters(document: Document) -> Table:
    rows = [
        [p["meaning"], *(significant(p[k], 3) for k in _MIDDLE_AND_ENDS), p["unit"]]
        for p in document["parameters"].values()
    ]
    return Table("Parameters", ["parameter", "median", "2.5 %", "97.5 %", "unit"], rows)


def _tabulate_inputs(document: Document) -> Table:
    rows = [
        [p["meaning"], *(significant(p[k], 3) for k in ("value", "low68", "high68")), p["unit"], p["source"]]
        for p in document["inputs"].values()
    ]
    head = ["input", "centre", "-1 sd", "+1 sd", "unit", "source"]
    return Table("Inputs with their sources", head, rows)

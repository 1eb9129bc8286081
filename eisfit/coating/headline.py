"""The three sentences at the top: what changed, what explains it, what would settle the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.display.report.explanation import FACTORS, format_capped, format_signed, largest, shares

__all__ = ["headline"]

_ELECTRONS = "electrons along the film"
#: Of hypotheses of two effects: what each changes, and what it is called.
_PAIRS = {
    "access_and_activity": {"electrons_along_film": _ELECTRONS, "reaction": "a faster reaction"},
    "access_and_area": {"electrons_along_film": _ELECTRONS, "area": "a larger area"},
}
_SHORT = {
    "barrier_only": "the barrier alone",
    "electronic_access": f"{_ELECTRONS} alone",
    "intrinsic_activity": "a faster reaction",
    "area_gain": "a larger area",
    "native_layer": "a layer on the bare cell that the film replaces",
    "contact": "a poorer contact of the bare cell",
    **{name: " and ".join(parts.values()) for name, parts in _PAIRS.items()},
}
_LARGELY = 0.9  # a probability from which one hypothesis stands for all
_RATHER = 0.5  # below: all the others together are more probable
_SMALL = 0.01  # of the change: shares below it are told together
_LITTLE = 0.1  # of the change: an effect that is there, but is not what made it
_USEFUL = 0.1  # of the open bits: what is expected to bring less settles nothing
_LEAST = 0.1  # a probability from which a hypothesis is named where none is decided
_GAINS = {
    "f": "the reaction is {} times as fast",
    "g": "the area that takes part is {} times as large",
}


def headline(document: Mapping[str, Any]) -> list[str]:
    """Return the three sentences of a document."""
    kind = " (simulated cells)" if document["simulated"] else ""
    changed = _tell_change(document, kind)
    if not document["fits"]:
        ways = [row for row in document["contradictions"] if "deviations" in row]
        way = max(ways, key=lambda row: row["deviations"])["text"] if ways else ""
        tried = len(document["hypotheses"])
        missed = f"None of the {tried} hypotheses fits the data (p < 0.001){kind}: no odds are told."
        return [changed, missed, way or "Check the spectra and the noise first."]
    return [changed, _tell_explanation(document, kind), _settle(document)]


def _tell_change(document: Mapping[str, Any], kind: str) -> str:
    r, own = document["r_ct"], document["electrode"]
    if not r["usable"]:
        return (
            f"The circuit's fits give no R_ct that can be used{kind}; by the model the electrode's own "
            f"changed from {_span(own['bare'])} to {_span(own['coated'])} ohm."
        )
    if r["change"]["low95"] < 0 < r["change"]["high95"]:
        said = f"simulated cells; {r['source']}" if kind else r["source"]
        both = f"{r['bare']['median']:.1f} and {r['coated']['median']:.1f} ohm ({said})"
        return (
            f"R_ct of the fit hardly changed, {both}; by the model the electrode's whole interface went from "
            f"{_span(own['bare'])} to {_span(own['coated'])} ohm."
        )
    change, doubt = r["change"], "" if r["verdict"] == "determined" else f", {r['verdict']}"
    verb, sign = ("fell", -1) if change["median"] < 0 else ("rose", 1)
    low, high = sorted((sign * change["low95"], sign * change["high95"]))
    digits = 1 if high - low < 20 else 0
    bare, coated, size, low, high = (
        f"{value:.{digits}f}"
        for value in (r["bare"]["median"], r["coated"]["median"], sign * change["median"], low, high)
    )
    known = f"{low} to {high}; {r['source']}{doubt}"
    text = f"R_ct {verb} from {bare} to {coated} ohm{kind}, by {size} ohm ({known})"
    if own["other_electrode"]["median"] < 1e-6 or r["source"] == "published":
        return f"{text}."
    return f"{text}; the other electrode's share of each is {_span(own['other_electrode'])} ohm by the model."


def _tell_explanation(document: Mapping[str, Any], kind: str) -> str:
    p = {name: h["probability"] for name, h in document["hypotheses"].items()}
    order = sorted(p, key=lambda name: -p[name])
    best, second = order[0], order[1]
    if p[best] < _RATHER:
        return _tell_undecided(p, order, kind)
    largely = p[best] >= _LARGELY
    alone = _tell_stronger_effect(document, best) if largely else ""
    named = alone or _explains(_SHORT[best]) + ("" if largely else " best")
    text = f"{named}, probability {_percent(p[best])}{kind}"
    text += f"; next {_SHORT[second]}, {_percent(p[second])}" if p[second] >= 0.01 else ""
    rows = {name: row[best] for name, row in document["ledger"].items()}
    deciding = max(rows, key=lambda name: rows[name])
    size = "".join(f"; {_gain(name, gain)}" for name, gain in document["gains"].items())
    shared = _tell_shares(document) if largely else ""
    told = f"{deciding} (log10 odds {format_capped(rows[deciding])})"
    return f"{text}{size}{shared}. What speaks most for it: {told}."


def _explains(what: str) -> str:
    verb = "explain" if what.startswith(_ELECTRONS) else "explains"
    return f"{what[:1].upper()}{what[1:]} {verb} it"


def _tell_stronger_effect(document: Mapping[str, Any], best: str) -> str:
    """Return which of a hypothesis' two effects made the change, where the other one is there beside it."""
    parts, change = _PAIRS.get(best, {}), document["electrode"]["change"]["median"]
    rows, ends = (document["contributions"][quantity] for quantity in ("r_ct", "r_hf"))
    made = [name for name in parts if rows[name]["median"] * change >= _LITTLE * change**2]
    if len(made) != 1:
        return ""
    (other,) = (name for name in parts if name not in made)
    part, end = (format_signed(found[other]["median"]) for found in (rows, ends))
    return (
        f"{_explains(parts[made[0]])}, beside {parts[other]}, which changed R(0) - R(inf) by {part} and "
        f"R(inf) by {end} ohm: together"
    )


def _tell_undecided(p: Mapping[str, float], order: Sequence[str], kind: str) -> str:
    """Return what is left where no hypothesis is more probable than all the others together."""
    likely = [f"{_SHORT[name]} {_percent(p[name])}" for name in order if p[name] >= _LEAST]
    out = [_SHORT[name] for name in order if p[name] < 0.01]
    excluded = f" Below 1 %: {', '.join(out)}." if out else ""
    return f"No hypothesis is decided{kind}: {', '.join(likely)}.{excluded}"


def _gain(name: str, gain: Mapping[str, Any]) -> str:
    told = _GAINS[name].format(_span(gain))
    if gain["seen"]:
        return told
    return (
        f"{told}, within twice the scatter between cells ({100 * gain['scatter']:.1f} %): no gain to be seen"
    )


def _tell_shares(document: Mapping[str, Any]) -> str:
    """Return what each effect changes R_ct by: a hypothesis may hold what hardly matters there."""
    rows, change = shares(document), document["electrode"]["change"]
    small = [row for row in rows.values() if largest(row) < _SMALL * abs(change["median"])]
    order = sorted((n for n in rows if rows[n] not in small), key=lambda name: -abs(rows[name]["median"]))
    if not order:
        return ""
    told = [f"{FACTORS[name]} {_format_signed(rows[name])}" for name in order]
    told += [f"the rest below {max(map(largest, small)):.1g}"] if small else []
    part = "" if document["r_ct"]["source"] == "published" else " (a fitted arc may read another part of it)"
    return f"; by the model R(0) - R(inf) changed by {_format_signed(change)} ohm{part}: {', '.join(told)}"


def _format_signed(row: Mapping[str, float]) -> str:
    decimals = 0 if row["high95"] - row["low95"] >= 20 else 1
    middle, low, high = (format_signed(row[key], decimals) for key in ("median", "low95", "high95"))
    return f"{middle} ({low} to {high})"


def _settle(document: Mapping[str, Any]) -> str:
    rows = document["next_experiments"]
    if not rows or rows[0]["open_bits"] < 0.1:
        return "Among these hypotheses hardly anything is left to settle; others were not tried."
    first = rows[0]
    gain = f"{first['expected_bits']:.2f} of {first['open_bits']:.2f} bit"
    if first["expected_bits"] < _USEFUL * first["open_bits"]:
        return f"Nothing that was tried is expected to settle the rest: {first['experiment']} brings {gain}."
    return f"To settle the rest: {first['experiment']} ({gain})."


def _span(entry: Mapping[str, float]) -> str:
    middle, low, high = (f"{entry[key]:#.3g}".rstrip(".") for key in ("median", "low95", "high95"))
    return f"{middle} ({low} to {high})"


def _percent(p: float) -> str:
    return "above 99 %" if p > 0.99 else "below 1 %" if p < 0.01 else f"{100 * p:.0f} %"

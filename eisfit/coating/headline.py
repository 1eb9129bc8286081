"""The three sentences at the top: what changed, what explains it, what would settle the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.display.report.explanation import (
    EFFECTS,
    ELECTRONS,
    FACTORS,
    LESS,
    choose_decimals,
    find_farther_end,
    format_capped,
    format_signed,
    select_shares,
    sort_hypotheses,
)
from eisfit.rounding import significant
from eisfit.verdict import limit

_SCATTER = "differences between cells alike, beside the film's barrier,"
_PLURAL = (ELECTRONS, _SCATTER)
#: What each hypothesis is called with electrons along the film too.
_WITH = {
    name: other
    for name, one in HYPOTHESES.items()
    for other, more in HYPOTHESES.items()
    if not one.access and more == replace(one, statement=more.statement, access=True)
}
_BARRIER = {"barrier_only": "the barrier alone", "electronic_access": f"{ELECTRONS} alone"}
_SMALL = 0.01  # of the change: shares below it are told together
_NOT_SEEN = ("open", "ambiguous")  # verdicts of a resistance that the fit does not tell
_NAMED = 2  # causes outside the hypotheses in one sentence
_NONE_BEYOND = "of other areas, temperatures, electrolytes and further arcs none is as likely"
_GAINS = {
    "f": "the reaction is {} times as fast",
    "g": "the area that takes part is {} times as large",
}


def write_headline(document: Mapping[str, Any]) -> list[str]:
    """Return the three sentences of a document."""
    kind = " (simulated cells)" if document["simulated"] else ""
    changed = _describe_change(document, kind)
    if not document["fits"]:
        tried, chance = len(document["hypotheses"]), limit("study_fits")
        missed = f"None of the {tried} hypotheses fits the data (p < {chance:g}){kind}: no odds are told."
        return [changed, missed, _describe_conflict(document)]
    likelier = next((row for row in document["outside"]["causes"] if _is_likelier(row, document)), None)
    if likelier is not None:
        return [changed, *_describe_likelier(document, likelier, kind)]
    last = f"{_name_next(document)}{_describe_scatter(document)}{_describe_ties(document)}"
    return [changed, _describe_cause(document, kind), last]


def _describe_conflict(document: Mapping[str, Any]) -> str:
    """Return which inputs would have to change where no hypothesis fits."""
    odd = [row for row in document["contradictions"] if "without" in row]
    if odd:
        explained = _name_hypothesis(odd[0]["without"], document)
        return f"{odd[0]['text'].rstrip('.')} by {explained}: see that cell first."
    causes = document["outside"]["causes"]
    fitting = [
        f"if {row['text']}, beside {_name_with_gain(row)} (p = {significant(row['p_value'], 1)})"
        for row in causes
        if row["fits"]
    ]
    if fitting:
        return f"It fits {', or '.join(fitting[:_NAMED])}."
    ways = [row for row in document["contradictions"] if "deviations" in row]
    if ways:
        return str(max(ways, key=lambda row: row["deviations"])["text"])
    broken = sum("breaks" in row for row in document["contradictions"])
    if broken:
        return (
            f"{broken} of the spectra break Kramers-Kronig: measure them again, or leave out what breaks it."
        )
    if causes and causes[0]["misfit_left"] < limit("study_nearest"):
        left = significant(100 * causes[0]["misfit_left"], 1)
        nearest = f"{causes[0]['text']} ({left} % of the misfit left)"
        return f"Nothing that was tried mends it alone; nearest: {nearest}."
    return "Nothing that was tried mends it; check the spectra, and which cell each belongs to."


def _describe_ties(document: Mapping[str, Any]) -> str:
    causes = [row["text"] for row in document["outside"]["causes"] if not _is_likelier(row, document)]
    if not causes:
        return ""
    return f" Outside the hypotheses, as likely: {'; or '.join(causes[:_NAMED])}."


def _describe_scatter(document: Mapping[str, Any]) -> str:
    """Return what the answer owes to how much cells alike were taken to differ."""
    widened = [row["text"] for row in document["contradictions"] if "widened" in row]
    if widened:
        return f" {widened[0]}"
    gains = [row for name, row in document["gains"].items() if name in _GAINS]
    surest = max(entry["probability"] for entry in document["hypotheses"].values())
    if surest < limit("study_best") or not gains or not gains[0]["seen"] or gains[0]["replicated"]:
        return ""
    taken, enough = 100 * gains[0]["scatter"], 50 * abs(math.log(gains[0]["median"]))
    return (
        f" No replicates show how much cells alike differ: {taken:.0f} % in the reaction is taken, "
        f"{significant(enough, 2)} % would do away with this gain."
    )


def _is_likelier(cause: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Return whether a cause outweighs all hypotheses, and is not the best one by another name."""
    if not cause["fits"] or cause["log10_odds"] <= limit("study_outside"):
        return False
    best = sort_hypotheses(document)[0]
    return not (cause["what"] == "area" and "area" in HYPOTHESES[best].effects)


def _describe_likelier(document: Mapping[str, Any], cause: Mapping[str, Any], kind: str) -> list[str]:
    """Return the last two sentences where a cause outside the hypotheses outweighs them all."""
    p = {name: h["p_value"] for name, h in document["hypotheses"].items()}
    best = sort_hypotheses(document)[0]
    chances = f"p = {significant(cause['p_value'], 1)} beside {significant(p[best], 1)}"
    near = cause["log10_odds"] - limit("study_outside")
    rivals = [row for row in document["outside"]["causes"] if row is not cause and row["log10_odds"] > near]
    others = [f"{_name_with_gain(row)} if {row['text']}" for row in rivals if _is_likelier(row, document)]
    more = f" Nearly as likely: {'; or '.join(others[:_NAMED])}." if others else ""
    odds = f"{chances}; log10 odds {format_capped(cause['log10_odds'])}"
    named = _name_with_gain(cause)
    verb = "are" if named.startswith(ELECTRONS) else "is"
    first = f"Of the {len(p)} hypotheses {_name_hypothesis(best, document)} is the best{kind}"
    what = "is far more likely still" if cause["hypothesis"] == best else f"{named} {verb} far more likely"
    unused = "no probability and no share below is to be used"
    both = f"Those are two causes at once, which no hypothesis holds: {unused}."
    check = both if cause["what"] == "R_i" else f"See first whether that is so: until then {unused}."
    return [f"{first}, but {what} if {cause['text']} ({odds}).", f"{check}{more}"]


def _describe_change(document: Mapping[str, Any], kind: str) -> str:
    r, own = document["r_ct"], document["electrode"]
    modelled = (
        f"; by the model the electrode's whole interface went from {_span(own['bare'])} to "
        f"{_span(own['coated'])} ohm"
        if document["fits"]
        else ""
    )
    if not r["usable"]:
        return f"The circuit's fits give no R_ct that can be used{kind}{modelled}."
    change, places = r["change"], choose_decimals(document)
    doubt = "" if r["verdict"] == "determined" else f", {r['verdict']}"
    unsure = r["verdict"] in _NOT_SEEN
    if unsure or change["low95"] < 0 < change["high95"]:
        said = f"simulated cells; {r['source']}{doubt}" if kind else f"{r['source']}{doubt}"
        both = f"{r['bare']['median']:.{places}f} and {r['coated']['median']:.{places}f} ohm ({said})"
        wide = limit("study_unchanged") * abs(r["bare"]["median"])
        known = change["high95"] - change["low95"] < wide and not unsure
        whose = "published numbers" if r["source"] == "published" else "fits"
        verb = (
            f"R_ct of the {whose} hardly changed," if known else f"The {whose} leave open how R_ct changed:"
        )
        return f"{verb} {both}{modelled}."
    verb, sign = ("fell", -1) if change["median"] < 0 else ("rose", 1)
    low, high = sorted((sign * change["low95"], sign * change["high95"]))
    digits = places if high - low < 20 else 0
    bare, coated, size, low, high = (
        f"{value:.{digits}f}"
        for value in (r["bare"]["median"], r["coated"]["median"], sign * change["median"], low, high)
    )
    known = f"{low} to {high}; {r['source']}{doubt}"
    text = f"R_ct {verb} from {bare} to {coated} ohm{kind}, by {size} ohm ({known})"
    if own["other_electrode"]["median"] < 1e-6 or r["source"] == "published" or not document["fits"]:
        return f"{text}."
    return f"{text}; the other electrode's share of each is {_span(own['other_electrode'])} ohm by the model."


def _describe_cause(document: Mapping[str, Any], kind: str) -> str:
    p, idle = _join_idle_access(document)
    order = sorted(p, key=lambda name: -p[name])
    best, second = order[0], order[1]
    if p[best] < limit("study_best"):
        return _describe_undecided(document, p, order, kind)
    largely = p[best] >= limit("study_alone")
    beside = _describe_stronger_effect(document, best) if largely else ""
    what = _SCATTER if _is_of_scatter(document, best) else _name_hypothesis(best, document)
    named = beside or _add_verb(what) + ("" if largely else " best") + idle
    text = f"{named}, probability {_percent(p[best])}{kind}"
    text += f"; next {_name_hypothesis(second, document)}, {_percent(p[second])}" if p[second] >= 0.01 else ""
    rows = {name: row[best] for name, row in document["ledger"].items()}
    deciding = max(rows, key=lambda name: rows[name])
    size = "".join(f"; {_name_gain(name, document['gains'])}" for name in _GAINS if name in document["gains"])
    size += _describe_energy(document["gains"])
    shared = _describe_shares(document) if largely else ""
    told = f"{deciding} (log10 odds {format_capped(rows[deciding])})"
    return f"{text}{size}{shared}. What speaks most for it: {told}."


def _join_idle_access(document: Mapping[str, Any]) -> tuple[dict[str, float], str]:
    """Return the probabilities, and the words on electrons along the film that change next to nothing.

    Hypotheses with and without them are one then: no data part them, and none need to.
    """
    p = {name: h["probability"] for name, h in document["hypotheses"].items()}
    rows = [document["contributions"][quantity]["electrons_along_film"] for quantity in ("r_ct", "r_hf")]
    size = max(map(find_farther_end, rows))
    if not rows[0]["at_work"] or size >= _SMALL * abs(document["electrode"]["change"]["median"]):
        return p, ""
    joined = {
        name: chance + sum(p.get(n, 0.0) for n in (_WITH.get(name),) if n) for name, chance in p.items()
    }
    least = f"{max(size, 0.1 ** (choose_decimals(document) + 1)):.1g}"
    told = f", with or without electrons along the film (at most {least} ohm)"
    return {name: chance for name, chance in joined.items() if name not in _WITH.values()}, told


def _is_of_scatter(document: Mapping[str, Any], best: str) -> bool:
    """Return whether the film's own effects, under a hypothesis without a gain, cannot make the change."""
    if best != "barrier_only":
        return False
    change = document["electrode"]["change"]["median"]
    film = document["contributions"]["r_ct"]["ions_through_film"]["median"]
    return bool(film * change < limit("study_made") * change**2)


def _add_verb(what: str) -> str:
    verb = "explain" if what.startswith(_PLURAL) else "explains"
    what += "," if ", " in what and not what.endswith(",") else ""
    return f"{what[:1].upper()}{what[1:]} {verb} it"


def _name_hypothesis(name: str, document: Mapping[str, Any]) -> str:
    """Return a hypothesis in words."""
    return _BARRIER.get(name, " and ".join(_name_parts(name, document).values()))


def _name_with_gain(cause: Mapping[str, Any]) -> str:
    """Return the hypothesis that a cause stands beside, in words."""
    name = cause["hypothesis"]
    return _BARRIER.get(name, " and ".join(_list_parts(name, cause["gain"]).values()))


def _name_parts(name: str, document: Mapping[str, Any]) -> dict[str, str]:
    """Return what a hypothesis changes beside the barrier, in words, with the direction."""
    return _list_parts(name, document["hypotheses"][name].get("gain"))


def _list_parts(name: str, gain: float | None) -> dict[str, str]:
    less = gain is not None and gain < 1
    words = {**EFFECTS, **LESS} if less else EFFECTS
    return {effect: words[effect] for effect in HYPOTHESES[name].effects}


def _describe_stronger_effect(document: Mapping[str, Any], best: str) -> str:
    """Return what made the change, where something of the best hypothesis is there beside it."""
    parts, change = _name_parts(best, document), document["electrode"]["change"]["median"]
    rows, ends = (document["contributions"][quantity] for quantity in ("r_ct", "r_hf"))
    least = limit("study_made") * change**2
    made = [n for n in (*parts, "ions_through_film") if rows[n]["median"] * change >= least]
    by = [name for name in made if name in parts] or made
    others = [name for name in parts if name not in by]
    if not by or not others:
        return ""
    what, places = {**parts, "ions_through_film": "the barrier"}, choose_decimals(document)
    told = [
        f"{parts[n]}, which changed R(0) - R(inf) by {format_signed(rows[n]['median'], places)} and R(inf) "
        f"by {format_signed(ends[n]['median'], places)} ohm"
        for n in others
    ]
    return f"{_add_verb(' and '.join(what[n] for n in by))}, beside {' and '.join(told)}: together"


def _describe_undecided(
    document: Mapping[str, Any], p: Mapping[str, float], order: Sequence[str], kind: str
) -> str:
    """Return the sentence where no hypothesis is more probable than all the others together."""
    likely = [
        f"{_name_hypothesis(name, document)} {_percent(p[name])}"
        for name in order
        if p[name] >= limit("study_named")
    ]
    out = [_name_hypothesis(name, document) for name in order if p[name] < 0.01]
    excluded = f" Below 1 %: {', '.join(out)}." if out else ""
    return f"No hypothesis is decided{kind}: {', '.join(likely)}.{excluded}"


def _describe_energy(gains: Mapping[str, Any]) -> str:
    """Return by how much the reaction's activation energy changed, where it did."""
    if "Ea:gain" not in gains or not gains["Ea:gain"]["seen"]:
        return ""
    change = gains["Ea:gain"]
    size = sorted(abs(change[key]) for key in ("low95", "high95"))
    verb = "lower" if change["median"] < 0 else "higher"
    told = f"{abs(change['median']):.3f} eV ({size[0]:.3f} to {size[1]:.3f})"
    return f", its activation energy {verb} by {told}"


def _name_gain(name: str, gains: Mapping[str, Any]) -> str:
    gain = gains[name]
    told = _GAINS[name].format(_span(gain)) + " at 25 °C" * (name == "f" and "Ea:gain" in gains)
    if gain["seen"]:
        return told
    return (
        f"{told}, within twice the scatter between cells ({100 * gain['scatter']:.1f} %): no gain to be seen"
    )


def _describe_shares(document: Mapping[str, Any]) -> str:
    """Return by how much each effect of the best hypothesis changes R_ct: some hardly matter."""
    rows, change = select_shares(document), document["electrode"]["change"]
    rows = {name: row for name, row in rows.items() if row.get("at_work", 1.0) >= limit("study_best")}
    small = [row for row in rows.values() if find_farther_end(row) < _SMALL * abs(change["median"])]
    order = sorted((n for n in rows if rows[n] not in small), key=lambda name: -abs(rows[name]["median"]))
    if not order:
        return ""
    places = choose_decimals(document)
    told = [f"{FACTORS[name]} {_format_signed(rows[name], places)}" for name in order]
    told += [f"the rest below {max(map(find_farther_end, small)):.1g}"] if small else []
    part = "" if document["r_ct"]["source"] == "published" else " (a fitted arc may read another part of it)"
    whole = _format_signed(change, places)
    return f"; by the model R(0) - R(inf) changed by {whole} ohm{part}: {', '.join(told)}"


def _format_signed(row: Mapping[str, float], places: int) -> str:
    places = 0 if row["high95"] - row["low95"] >= 20 else places
    middle, low, high = (format_signed(row[key], places) for key in ("median", "low95", "high95"))
    return f"{middle} ({low} to {high})"


def _name_next(document: Mapping[str, Any]) -> str:
    rows = document["next_experiments"]
    if not rows or rows[0]["open_bits"] < limit("study_settled"):
        beyond = _NONE_BEYOND if document["outside"]["tried"] else "others were not tried"
        end = "" if document["outside"]["causes"] else f"; {beyond}"
        return f"Among these hypotheses hardly anything is left to settle{end}."
    first = rows[0]
    gain = f"{first['expected_bits']:.2f} of {first['open_bits']:.2f} bit"
    if first["expected_bits"] < limit("study_useful") * first["open_bits"]:
        return f"Nothing that was tried is expected to settle the rest: {first['experiment']} brings {gain}."
    return f"To settle the rest: {first['experiment']} ({gain})."


def _span(entry: Mapping[str, float]) -> str:
    middle, low, high = (f"{entry[key]:#.3g}".rstrip(".") for key in ("median", "low95", "high95"))
    return f"{middle} ({low} to {high})"


def _percent(p: float) -> str:
    return "above 99 %" if p > 0.99 else "below 1 %" if p < 0.01 else f"{100 * p:.0f} %"

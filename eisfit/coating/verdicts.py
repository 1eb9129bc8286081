"""The conclusion of a coating study in plain sentences, made from its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eisfit.rounding import significant, value_with_error

__all__ = ["conclude", "words"]

Document = Mapping[str, Any]

_WORDS = {
    "film.thickness": "the film's thickness",
    "film.resistivity": "the film's electronic resistivity",
    "film.ionic_conductivity": "the film's ionic conductivity",
    "electrode.pitch": "the distance between the channels",
    "electrode.depth": "the channels' depth",
    "electrode.mouth_diameter": "the channels' mouth",
    "electrode.mouth_radius": "the channels' mouth",
    "electrode.floor_diameter": "the channels' floor",
    "electrode.floor_radius": "the channels' floor",
    "electrode.packing": "the channels' packing",
    "electrode.disc_diameter": "the electrode's diameter",
    "electrode.area": "the electrode's area",
    "electrode.sigma_s": "the solid's electronic conductivity",
    "electrode.kappa": "the electrolyte's conductivity",
    "electrode.other_electrode_r_ct": "the other electrode's share of R_ct",
    "bare.r_ct": "the bare cell's R_ct",
    "coated.r_ct": "the coated cell's R_ct",
}


def words(name: str) -> str:
    """Return what an input is called in a sentence.

    >>> words("electrode.sigma_s")
    "the solid's electronic conductivity"
    """
    return _WORDS.get(name, name)


def conclude(d: Document) -> list[str]:
    """Return the sentences; `d` is the explanation's document without them."""
    sentences = [_change(d), *d["doubts"], *_solutions(d)]
    if d["infeasible"] < d["draws"]:
        sentences += [_barrier(d), _access(d), _activity(d), _threshold(d), _without_access(d)]
        sentences += [_hypotheses(d), _measure(d), *_foretold(d)]
        sentences += (d["cycling"] or {}).get("verdicts", [])
    return [sentence for sentence in [*sentences, *_caveats(d)] if sentence]


def _change(d: Document) -> str:
    r = d["r_ct"]
    bare = value_with_error(r["bare"], r["bare_stderr"])
    coated = value_with_error(r["coated"], r["coated_stderr"])
    change, error = r["change"], r["change_stderr"]
    if abs(change) <= 2 * error:
        return f"R_ct is {bare} ohm bare and {coated} ohm coated: no change beyond the error."
    verb = "falls" if change < 0 else "rises"
    by = value_with_error(abs(change), error)
    share = abs(change) / r["bare"]
    relative = (
        f"{share:.0%}" if share < 2 else f"to {significant(r['coated'] / r['bare'], 2)} times the bare one"
    )
    return f"R_ct {verb} from {bare} to {coated} ohm, by {by} ohm ({relative})."


def _solutions(d: Document) -> list[str]:
    lost, n = d["infeasible"], d["draws"]
    if lost == 0:
        return []
    why = "the film's crossing alone would exceed what the coated cell shows"
    if lost == n:
        return [
            f"None of the {n} draws admits a solution: {why}. The film's thickness, its conductivity or the "
            "electrode's area cannot be as stated."
        ]
    return [f"{lost} of {n} draws ({lost / n:.1%}) admit no solution ({why}); the rest is what follows."]


def _barrier(d: Document) -> str:
    barrier = d["barrier"]
    rise = _span(barrier["rise"], "ohm")
    text = (
        "As a mere barrier to ions "
        f"({significant(d['film']['ionic_crossing_ohm_cm2'], 3)} ohm cm2 of true area) "
        f"the film would raise R_ct by {rise}, to {significant(barrier['r_ct']['median'], 3)} ohm"
    )
    if d["r_ct"]["change"] < 0:
        return text + ": it falls, so something else more than makes up for it."
    low, high = barrier["rise"]["low95"], barrier["rise"]["high95"]
    inside = low <= d["r_ct"]["change"] <= high
    return text + (
        ": this alone accounts for the rise." if inside else ": this alone is not what was measured."
    )


def _access(d: Document) -> str:
    entry = d["contributions"]["electronic_access"]
    if max(abs(entry["low95"]), abs(entry["high95"])) < 0.02 * d["r_ct"]["bare"]:
        return "By carrying electrons along the walls the film changes R_ct by less than 2 %."
    sheet = significant(d["film"]["sheet_resistance_ohm"], 3)
    return (
        f"By carrying electrons along the walls ({sheet} ohm per square) the film contributes "
        f"{_span(entry, 'ohm')} to the change."
    )


def _activity(d: Document) -> str:
    f, entry = d["activity_gain"], d["contributions"]["intrinsic_activity"]
    text = (
        f"With the film as measured, the interface would have to be f = {_span(f)} "
        "times as active as the bare one; "
        f"this contributes {_span(entry, 'ohm')}. "
    )
    if f["low95"] > 1:
        return text + "The kinetics have become faster: f = 1 lies outside the interval."
    if f["high95"] < 1:
        return text + "The kinetics have become slower: f = 1 lies outside the interval."
    return text + "Unchanged kinetics (f = 1) lie inside the interval: the inputs don't decide."


def _threshold(d: Document) -> str:
    t = d["thresholds"]
    name = "sigma_s_for_unchanged_kinetics_S_per_cm"
    if t[name] is None:
        f = d["activity_gain"]
        if f["low95"] <= 1 <= f["high95"]:
            return "Whether the kinetics changed does not hang on the solid's conductivity."
        return "At no conductivity of the solid would unchanged kinetics (f = 1) suffice."
    span = _span({"median": t[name], "low95": t[name + "_low95"], "high95": t[name + "_high95"]}, "S/cm")
    return (
        f"No change of the kinetics is needed if the solid conducts {span}; if it "
        "conducts better, the reaction has "
        "become faster, if worse, slower. In "
        f"{t['share_of_draws_with_faster_kinetics']:.0%} of the draws it is "
        "faster."
    )


def _without_access(d: Document) -> str:
    t = d["thresholds"]
    name = "f_without_electronic_access"
    if t[name] is None:
        return "If the film carried no electrons along the walls, no activity of the interface would suffice."
    span = _span({"median": t[name], "low95": t[name + "_low95"], "high95": t[name + "_high95"]})
    return (
        "If the film carried no electrons along the walls, the interface would have to be "
        f"{span} times as active."
    )


def _hypotheses(d: Document) -> str:
    ranked = sorted(d["hypotheses"].items(), key=lambda item: -item[1]["probability"])
    best = ranked[0][1]["probability"]
    if best == 0:
        return "None of the hypotheses foretells what was measured: some input is wrong."
    alive = [(name, entry) for name, entry in ranked if entry["probability"] > best / 10]
    dead = [name.replace("_", " ") for name, entry in ranked if entry["probability"] <= best / 100]
    listed = ", ".join(f"{name.replace('_', ' ')} ({entry['probability']:.0%})" for name, entry in alive)
    text = (
        f"The data favours {listed}"
        if len(alive) == 1
        else f"Several hypotheses fit: {listed}; the data can't decide"
    )
    return text + (f". Refuted by it (below a hundredth of the best): {', '.join(dead)}." if dead else ".")


def _measure(d: Document) -> str:
    best = d["sensitivity"]["most_informative"]
    if not best:
        return ""
    return (
        "The one measurement that would narrow the answer most is "
        f"{words(best['input'])} ({best['input']}): it "
        f"carries {min(best['first'], 1.0):.0%} of the variance of the reaction's share."
    )


def _foretold(d: Document) -> list[str]:
    change = d["predictions"]["spectrum"]["high_frequency_change_by_access"]
    carries = abs(change["median"]) > 0.005 * d["r_ct"]["bare"]
    test = (
        "A test: a film that carries electrons along the walls lowers the high-frequency resistance by "
        f"{_span({k: -change[j] for k, j in _FLIPPED}, 'ohm')}, one that does not leaves it."
    )
    return [test if carries else "", _thick(d, carries), _capacitance(d)]


def _thick(d: Document, carries: bool) -> str:
    last = d["thickness_scan"][-1]
    fitted, alone, same = (
        _span(last[name], "ohm") for name in ("film_and_gain", "no_electronic_access", "unchanged_kinetics")
    )
    text = f"At {significant(last['thickness_nm'], 3)} nm R_ct would be {fitted} with the gain that was found"
    without = f", {alone} if the film carried no electrons" if carries else ""
    return f"{text}{without}, and {same} if the kinetics were unchanged. {_best(d)}"


def _best(d: Document) -> str:
    """Return the best thickness under the readings that fit the two cells."""
    best = d["predictions"]["best_thickness"]
    found = {best[name]["thickness_nm"] for name in ("film_and_gain", "unchanged_kinetics") if name in best}
    thin = d["thickness_scan"][0]["thickness_nm"]
    if found == {thin}:
        return (
            f"Thinner is better down to {significant(thin, 2)} nm, the end of the scan, as long as it covers."
        )
    numbers = " or ".join(significant(nm, 2) for nm in sorted(found))
    return f"R_ct would be lowest at {numbers} nm." if found else ""


def _capacitance(d: Document) -> str:
    """Return what an area gain would do that a gain of activity would not."""
    area = d["hypotheses"]["area_gain"]
    if area["probability"] < 0.01:
        return ""
    text = (
        f"A gain of area ({_span(area['needed'])} times) would raise the double layer's capacitance alike, "
        "a gain of activity would not"
    )
    ratio = d["capacitance_ratio"]
    if not ratio:
        return f"{text}: compare the capacitances of the two arcs."
    return f"{text}; the fits give a ratio of {value_with_error(ratio['value'], ratio['stderr'])}."


_FLIPPED = (("median", "median"), ("low95", "high95"), ("high95", "low95"))


def _caveats(d: Document) -> list[str]:
    told = []
    if "electrode.other_electrode_r_ct" not in d["inputs"]:
        told.append(
            "All of R_ct is ascribed to the coated electrode; where the cell has "
            "another one, give its share as "
            "electrode.other_electrode_r_ct."
        )
    if not all(cell["replicated"] for cell in d["cells"].values()):
        told.append(
            "How much cells alike differ is not in these errors: give several spectra each, or cell_scatter."
        )
    if d["film_from_spectrum"]:
        told.append(d["film_from_spectrum"]["verdict"])
    return told + [check["verdict"] for check in d["film"]["checks"]]


def _span(entry: Document, unit: str = "") -> str:
    """``9.0 ohm (95 %: 5.6 to 27)``, or the number alone where it does not vary."""
    unit = f" {unit}" if unit else ""
    median, low, high = (entry[key] for key in ("median", "low95", "high95"))
    if abs(high - low) <= 1e-3 * abs(median):
        return f"{significant(median, 3)}{unit}"
    return f"{significant(median, 3)}{unit} (95 %: {significant(low, 3)} to {significant(high, 3)})"

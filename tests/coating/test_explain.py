"""The document, the sentences and the page of an explanation; all cells are simulated."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from eisfit.coating.contributions import QUANTITIES, _shapley, compute_resistances, draw_samples
from eisfit.coating.explain import Explanation, explain, fit_jointly
from eisfit.coating.headline import write_headline
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.problem import Block
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.study import Study, load_study
from eisfit.display.report.explanation import FACTORS
from eisfit.display.report.explanation_page import explanation_html
from eisfit.errors import SchemaError
from eisfit.files import data_folder, to_json


def test_a_barrier_that_raises_the_resistance_as_it_must_is_told(flat):
    document = explain(Study.from_text(flat(20.0, 25.0))).document
    assert (
        max(document["hypotheses"], key=lambda n: document["hypotheses"][n]["probability"]) == "barrier_only"
    )
    assert document["headline"][0].startswith("R_ct rose")
    assert (
        "ohm" not in document["headline"][1]
    )  # several hypotheses share it: no share is told as if one held
    sure = {"barrier_only": {"probability": 0.99}, "contact": {"probability": 0.01}}
    assert "ions through the film +5.0 (+4.9 to +5.1)" in write_headline(document | {"hypotheses": sure})[1]
    assert document["contributions"]["r_ct"]["ions_through_film"]["median"] == pytest.approx(5.0, abs=0.2)


@pytest.mark.slow
def test_shares_add_up_to_the_change_in_every_draw():
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "published.toml"))
    for drawn in draw_samples(find_posteriors(problem), 60, 1):
        shares = _shapley(problem, *problem.blocks, drawn)
        ends = [compute_resistances(problem, block, drawn) for block in problem.blocks]
        for quantity in QUANTITIES:
            total = sum(shares[quantity].values())
            np.testing.assert_allclose(total, ends[1][quantity] - ends[0][quantity], rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def published():
    return explain(data_folder("example_spectra") / "rrml" / "published.toml")


def test_published_numbers_alone_decide_little_and_contradict_each_other(published):
    document = published.document
    assert document["r_ct"]["change"]["median"] == pytest.approx(-15.1, abs=0.3)
    assert max(published.probabilities.values()) < 0.6
    assert (
        0.3 < document["next_experiments"][0]["expected_bits"] < document["next_experiments"][0]["open_bits"]
    )
    told = " ".join(row["text"] for row in document["contradictions"])
    # 50 mV over 0.2C of 3.5 mAh/cm2 on 10 to 14 mm; 0.096 V over 1C of the same.
    assert "50 mV" in told or "0.05 V" in told
    assert "96 mV" in told
    # 36.8 ohm at 2.75 to 5.39 mA: 101 to 198 mV, by Butler-Volmer 2 kT/e asinh(I R/(2 kT/e)) 73 to 105.
    assert "by Butler-Volmer: only the latter meets it" in told


def test_the_document_is_json_and_comes_back(published):
    document = json.loads(to_json(published.to_dict()))
    keys = "headline r_ct hypotheses ledger contradictions contributions parameters swing next_experiments"
    assert set(f"{keys} predictions inputs".split()) <= set(document)
    assert Explanation.from_dict(document).headline == published.headline
    assert len(published.headline) == 3
    with pytest.raises(SchemaError, match="explain/2"):
        Explanation.from_dict({"schema": "eisfit.explain/1"})


def test_the_page_loads_nothing_and_is_the_same_again(published):
    page = published.to_html()
    assert page == published.to_html()
    assert "http" not in page
    assert "<script src" not in page
    assert "Figure 1" in page
    assert published.to_markdown().startswith("# RRML")


def test_the_page_reaches_its_first_figure_within_150_words(published):
    page = published.to_html()
    before = re.sub(r"<[^>]+>", " ", page[page.index("<main>") : page.index("<figure")])
    assert len(before.split()) <= 150
    assert "fell from 51.9 to 36.8" in before
    assert "(14.5\u201315.7; published)" in before
    assert "no impedance foretells it" in page[page.index("Figure 1") : page.index("Figure 2")]


def test_numbers_of_the_page_are_set_as_in_print(published):
    page = published.to_html()
    assert re.search(r"\u2212\d+ to \d", page)  # a range that begins below zero has no dash
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]+>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?<![\w.])-\d", text)  # a minus, not a hyphen
    assert "log<sub>10</sub> odds" in page


def test_the_page_tells_how_far_measured_points_are_from_the_model(published):
    """Points 5 % farther from the origin than the line: 4.8 % of their own |Z|."""
    ends = {f"Z_real_{end}_ohm": [3.0, 6.0] for end in ("low95", "high95", "model")}
    ends |= {f"Z_imag_{end}_ohm": [-4.0, -8.0] for end in ("low95", "high95", "model")}
    row = {"cell": "bare", "coated": False, "temperature_K": 298.15, **ends}
    row |= {"Z_real_ohm": [3.15, 6.3], "Z_imag_ohm": [-4.2, -8.4]}
    document = published.to_dict()
    document["predictions"]["spectra"] = [row]
    page = Explanation.from_dict(document).to_html()
    assert f"bare, 25 °C</b>: {100 * 0.05 / 1.05:.1f} %" in page
    assert "<polyline class='model'" in page


@pytest.mark.slow
def test_a_gain_within_twice_the_cells_scatter_is_none_to_be_seen():
    """One cell of each kind, 5 % of scatter between them: 1.09 is none, 1.11 is one."""
    document = explain(data_folder("example_spectra") / "other_coatings" / "interlayer.toml").document
    assert document["gains"]["f"]["scatter"] == pytest.approx(0.05)
    assert document["gains"]["f"]["seen"]
    assert "no gain to be seen" not in document["headline"][1]
    small = {"median": 1.09, "low95": 0.98, "high95": 1.21, "scatter": 0.05, "seen": False}
    told = write_headline(document | {"gains": {"f": small}})[1]
    assert "1.09 (0.980 to 1.21) times as fast, within twice the scatter between cells (5.0 %)" in told
    assert "no gain to be seen" in told


def test_of_two_effects_the_one_that_made_the_change_is_named(published):
    """Electrons that changed the arc by +0.3 of -13 ohm do not explain it; half of it each, both do."""
    document = published.to_dict()
    rest = {name: {"probability": 0.001} for name in document["hypotheses"]}
    document["hypotheses"] = rest | {"access_and_activity": {"probability": 0.99}}

    def told(electrons, reaction):
        rows = {"electrons_along_film": electrons, "reaction": reaction, "ions_through_film": 8.0}
        ends = {name: _span(m) for name, m in rows.items()}
        change = {"median": -13.0, "low95": -13.1, "high95": -12.9}
        parts = {"r_ct": ends, "r_hf": {name: _span(-1.2) for name in rows}}
        electrode = document["electrode"] | {"change": change}
        return write_headline(document | {"contributions": parts, "electrode": electrode})[1]

    alone = (
        "A faster reaction explains it, beside electrons along the film, which changed R(0) - R(inf) by +0.3 "
    )
    assert told(0.3, -13.3).startswith(f"{alone}and R(inf) by -1.2 ohm: together, probability 99 %")
    ends = "changed R(0) - R(inf) by +0.3 and R(inf) by -1.2 ohm"
    page = explanation_html(published.to_dict() | {"headline": [ends]})
    assert "<i>R</i>(\u221e) by +0.3 and <i>R</i>(\u221e) by \u22121.2\u00a0Ω" in page
    assert told(-13.3, 0.3).startswith("Electrons along the film explain it, beside a faster reaction, which")
    assert told(-6.5, -6.5).startswith(
        "Electrons along the film and a faster reaction explain it, probability"
    )


def _span(median):
    return {"median": median, "low95": median - 0.1, "high95": median + 0.1, "at_work": 1.0}


def document_of_one_part(document, name, factor, shares, gains):
    """A document in which one hypothesis is left, with the shares of its part and of the barrier."""
    rest = {other: {"probability": 0.001} for other in document["hypotheses"]}
    none = dict.fromkeys(FACTORS, dict.fromkeys(("median", "low95", "high95", "at_work"), 0.0))
    ends = {
        key: {"median": m, "low95": m - 0.1, "high95": m + 0.1, "at_work": 1.0} for key, m in shares.items()
    }
    change = sum(shares.values())
    changed = {"change": {"median": change, "low95": change - 0.1, "high95": change + 0.1}}
    return document | {
        "hypotheses": rest | {name: {"probability": 0.99, "gain": gains.get("f", {}).get("median")}},
        "contributions": {"r_ct": none | ends, "r_hf": none | {factor: none[factor] | {"at_work": 1.0}}},
        "electrode": document["electrode"] | changed,
        "gains": gains,
    }


def test_what_explains_a_rise_has_risen(published):
    """A contact that is gone lowers R; where R rose, the barrier made it. A slower reaction is called so."""
    shares = {"ions_through_film": 8.4, "contact": -1.7}
    document = document_of_one_part(published.to_dict(), "contact", "contact", shares, {})
    assert write_headline(document)[1].startswith(
        "The barrier explains it, beside a small arc of the bare cell"
    )
    slower = {"median": 0.1, "low95": 0.09, "high95": 0.11, "scatter": 0.05, "seen": True, "replicated": True}
    shares = {"ions_through_film": 8.0, "reaction": 900.0}
    document = document_of_one_part(
        published.to_dict(), "intrinsic_activity", "reaction", shares, {"f": slower}
    )
    assert write_headline(document)[1].startswith("A slower reaction explains it, probability 99 %")


def test_where_nothing_fits_no_value_of_the_model_is_told_and_what_mends_it_is(published):
    loop = {"text": "all cells have an inductive loop of 6.3 ohm at 71 mHz", "p_value": 0.7, "fits": True}
    loop |= {"hypothesis": "intrinsic_activity", "gain": 0.5}
    arc = {"text": "the bare cells have a further arc", "p_value": 0.0, "fits": False, "misfit_left": 0.04}
    nothing = {"tried": 16, "causes": []}
    document = published.to_dict() | {"fits": False, "contradictions": [], "outside": nothing}
    assert write_headline(document)[2].startswith("Nothing that was tried mends it; check the spectra")
    told = write_headline(document | {"outside": nothing | {"causes": [loop]}})
    assert told[2] == f"It fits if {loop['text']}, beside a slower reaction (p = 0.7)."
    assert "by the model" not in told[0]
    told = write_headline(document | {"outside": nothing | {"causes": [arc]}})
    assert told[2].endswith("nearest: the bare cells have a further arc (4 % of the misfit left).")
    broken = {"what": "a.csv", "text": "a.csv breaks Kramers-Kronig", "breaks": "10 mHz"}
    told = write_headline(document | {"contradictions": [broken]})
    assert told[2].startswith("1 of the spectra break Kramers-Kronig")


def test_causes_outside_the_hypotheses_that_are_as_likely_are_told(published):
    cause = {"text": "the coated cells have 0.7 times the area stated", "p_value": 0.3, "fits": True}
    cause |= {"log10_odds": 0.5}
    document = published.to_dict() | {"outside": {"tried": 16, "causes": [cause]}}
    assert write_headline(document)[2].endswith(f"Outside the hypotheses, as likely: {cause['text']}.")


def test_another_area_than_stated_is_no_more_likely_than_a_gain_of_area_which_it_is(published):
    """A coated cell of 0.7 times the area: only the priors of the two differ, by a factor of 160."""
    cause = {"text": "the coated cells have 0.7 times the area stated", "what": "area", "p_value": 1.0}
    cause |= {"fits": True, "log10_odds": 2.2, "hypothesis": "barrier_only", "gain": None}
    document = published.to_dict() | {"outside": {"tried": 16, "causes": [cause]}}
    found = {name: dict(h, p_value=1.0) for name, h in document["hypotheses"].items()}
    best = {"area_gain": found["area_gain"] | {"log_evidence": 0.0, "probability": 0.99, "gain": 0.7}}
    told = write_headline(document | {"hypotheses": found | best})
    assert told[2].endswith(f"Outside the hypotheses, as likely: {cause['text']}.")
    best = {"native_layer": found["native_layer"] | {"log_evidence": 0.0, "probability": 0.99}}
    told = write_headline(document | {"hypotheses": found | best})
    assert f"but the barrier alone is far more likely if {cause['text']}" in told[1]


def test_electrons_along_the_film_that_change_nothing_halve_no_probability(published):
    """Two hypotheses that differ by next to nothing are one: neither was decided, at 50 % each."""
    document = document_of_one_part(
        published.to_dict(),
        "intrinsic_activity",
        "reaction",
        {"reaction": -20.0, "ions_through_film": 4.0},
        {},
    )
    both = {"intrinsic_activity": 0.49, "access_and_activity": 0.5}
    document["hypotheses"] |= {name: {"probability": p, "gain": 1.7} for name, p in both.items()}
    idle = {"median": 0.01, "low95": -0.02, "high95": 0.03, "at_work": 0.5}
    document["contributions"]["r_ct"]["electrons_along_film"] = idle
    told = write_headline(document)[1]
    idle_too = "with or without electrons along the film (at most 0.03 ohm), probability 99 %"
    assert told.startswith(f"A faster reaction explains it, {idle_too}")
    document["contributions"]["r_ct"]["electrons_along_film"] = idle | {"low95": -1.0}
    assert "next" in write_headline(document)[1] or "No hypothesis" in write_headline(document)[1]


def test_numbers_that_no_hypothesis_can_meet_get_no_odds(flat):
    text = flat(20.0, 20.0).replace("5 nm", "5 um")  # a film of 5000 ohm cm2
    document = explain(Study.from_text(text)).document
    assert not document["fits"]
    assert document["ledger"] == {}
    assert all(entry["probability"] is None for entry in document["hypotheses"].values())
    assert "would have to be" in document["headline"][2]


def test_a_fit_without_hypotheses_finds_the_example_s_truth():
    text = (data_folder("example_spectra") / "rrml" / "study.toml").read_text(encoding="utf-8")
    pair = [
        line for line in text.splitlines() if "_5C" not in line and "_45C" not in line and "_2_" not in line
    ]
    study = Study.from_text("\n".join(pair), data_folder("example_spectra") / "rrml")
    problem = build_problem(study)
    assert [type(block) for block in problem.blocks] == [Block] * 3
    row = next(line for line in fit_jointly(study).splitlines() if line.startswith("sigma_s"))
    low, high = row[row.index("(") + 1 : row.index(")")].split(" to ")
    assert float(low) < 2e-3 < float(high)  # make_physical.py

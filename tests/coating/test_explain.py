"""Cells, all of them simulated, explained by one physical model: study, posterior, evidence, story."""

from __future__ import annotations

import dataclasses
import json
import re
from functools import cache

import numpy as np
import pytest

from eisfit.coating.contributions import QUANTITIES, _shapley, draws, resistances
from eisfit.coating.explain import Explanation, explain, fit_jointly
from eisfit.coating.headline import headline
from eisfit.coating.inference.assembly import problem_of
from eisfit.coating.inference.evidence import ledger, log_odds, prior_swing
from eisfit.coating.inference.likelihood import Likelihood
from eisfit.coating.inference.posterior import Mode, Posterior, probabilities
from eisfit.coating.inference.problem import HYPOTHESES, Block
from eisfit.coating.inference.search import posteriors
from eisfit.coating.physics import INDEX
from eisfit.coating.study import Study, load_study
from eisfit.errors import SchemaError
from eisfit.files import data_folder, to_json

FLAT = """
schema = 2
[study]
title = "flat"
simulated = true
[[cell]]
name = "bare"
r_ct = {{ value = "{bare} ohm", stderr = "0.05 ohm" }}
[[cell]]
name = "coated"
coated_by = "film"
r_ct = {{ value = "{coated} ohm", stderr = "0.05 ohm" }}
[support]
kind = "flat"
area = "1 cm^2"
[[film]]
name = "film"
thickness = "5 nm"
ionic_conductivity = {{ value = "1e-7 S/cm", stderr = "1e-9 S/cm" }}
[counter]
kind = "half"
"""


def flat(bare, coated):
    return Study.from_text(FLAT.format(bare=bare, coated=coated))


@pytest.fixture(scope="module")
def risen():
    problem = problem_of(flat(20.0, 25.0))
    return problem, posteriors(problem)


def test_the_optimum_of_scalars_is_the_closed_form_of_a_linear_model(risen):
    """Barrier alone on a flat face, 20 + 5 ohm: ln of R_i + s(scatter) and of the film, all Gaussian."""
    problem, found = risen
    barrier = found["barrier_only"]
    # The bare cell's R = R_i exp(d1), the coated one's R_i exp(d2) + t/s_i: linear about the optimum.
    assert barrier.chi2 < 2
    prior = problem.priors["R_i"]
    R_i = np.exp(barrier.sample[:, barrier.names.index("R_i")] * prior.sd + prior.mean)
    assert np.median(R_i) == pytest.approx(20.0, rel=0.03)
    # Two cells of scatter 5 %/sqrt2 each and one known film: the mean of two logarithms, R_i = 20 in both.
    assert np.std(np.log(R_i)) == pytest.approx(0.05 / 2, rel=0.15)


@pytest.mark.slow
def test_evidence_of_scalars_is_that_of_plain_draws_from_the_prior():
    """Every parameter drawn, nothing integrated: the mean likelihood, with errors wide enough to hit."""
    text = FLAT.format(bare=20.0, coated=15.0).replace('stderr = "0.05 ohm"', 'stderr = "0.8 ohm"')
    problem = problem_of(Study.from_text(text))
    found = posteriors(problem)
    rng, plain = np.random.default_rng(3), {}
    for name, posterior in found.items():
        u = rng.standard_normal((240_000, len(posterior.names)))
        off = [
            (problem.predict(b, HYPOTHESES[name], posterior.names, u) - b.data) / b.error
            for b in problem.blocks
        ]
        plain[name] = np.log(np.mean(np.exp(-0.5 * sum((r * r).sum(axis=1) for r in off))))
    exact = {name: posterior.log_evidence for name, posterior in found.items()}
    best = max(plain, key=lambda name: plain[name])
    for name, value in plain.items():
        if value > plain[best] - 4:
            assert exact[name] - exact[best] == pytest.approx(value - plain[best], abs=0.12), name


def test_an_insulator_on_a_flat_face_has_no_access_hypotheses(risen):
    assert set(risen[1]) == {
        "barrier_only", "intrinsic_activity", "area_gain", "native_layer", "contact",
    }  # fmt: skip


def test_a_barrier_that_raises_the_resistance_as_it_must_is_told():
    document = explain(flat(20.0, 25.0)).document
    assert (
        max(document["hypotheses"], key=lambda n: document["hypotheses"][n]["probability"]) == "barrier_only"
    )
    assert document["headline"][0].startswith("R_ct rose")
    assert (
        "ohm" not in document["headline"][1]
    )  # several hypotheses share it: no share is told as if one held
    sure = {"barrier_only": {"probability": 0.99}, "contact": {"probability": 0.01}}
    assert "ions through the film +5.0 (+4.9 to +5.1)" in headline(document | {"hypotheses": sure})[1]
    assert document["contributions"]["r_ct"]["ions_through_film"]["median"] == pytest.approx(5.0, abs=0.2)


def simulated_pair(hypothesis, u, seed=0):
    problem = problem_of(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    return simulated(problem.with_blocks(problem.pair), hypothesis, u, seed)[0]


def simulated(problem, hypothesis, u, seed):
    """Return the problem with data of a truth in the final model, and the truth's own chi2."""
    names = problem.names(HYPOTHESES[hypothesis])
    at = np.array([[u.get(name, 0.0) for name in names]])
    rng, blocks, off = np.random.default_rng(seed), [], 0.0
    for block in problem.blocks:
        value = problem.finished().predict(block, HYPOTHESES[hypothesis], names, at)[0]
        error = np.repeat(0.003 * np.hypot(*value.reshape(-1, 2).T), 2)
        noise = rng.standard_normal(value.size)
        blocks.append(dataclasses.replace(block, data=value + error * noise, error=error))
        off += float(noise @ noise)
    return problem.with_blocks(blocks), off + float((at**2).sum())


def test_the_truth_is_no_better_than_what_a_search_over_temperatures_finds():
    """A truth from the priors: from the means of the energies, chi2 ends as high as the truth's own."""
    problem = problem_of(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    cells = {block.cell for block in problem.pair}
    own = problem.with_blocks([b for b in problem.blocks if b.cell in cells])
    names = own.names(HYPOTHESES["contact"])
    truth = np.random.default_rng(104).standard_normal(len(names)).round(1)
    made, chi2 = simulated(own, "contact", dict(zip(names, truth, strict=True)), 104)
    # A fit of P parameters lies below the truth by chi2 of P degrees of freedom: 16 is a chance of 1 %.
    assert posteriors(made)["contact"].chi2 < chi2 - 16


@pytest.mark.parametrize(
    ("hypothesis", "u"),
    [
        ("intrinsic_activity", {"f": 0.9, "sigma_s": 0.6}),
        pytest.param("area_gain", {"g": 1.0, "sigma_s": 0.6}, marks=pytest.mark.slow),
        pytest.param("access_and_activity", {"f": 0.9, "sigma_s": 0.6}, marks=pytest.mark.slow),
    ],
)
def test_three_different_cells_get_three_different_answers(hypothesis, u):
    problem = simulated_pair(hypothesis, u)
    found = posteriors(problem)
    p = probabilities(found)
    assert max(p, key=lambda name: p[name]) == hypothesis
    assert found[hypothesis].p_value > 1e-3
    rows = ledger(problem, found, 1)
    for name in p:
        odds = sum(row[name] for row in rows.values())
        before = np.log10(1 / (len(p) - 1))
        assert odds + before == pytest.approx(odds_of(found)[name], abs=1e-6)


def odds_of(found):
    return log_odds({name: posterior.log_evidence for name, posterior in found.items()})


@pytest.mark.slow
def test_shares_add_up_to_the_change_in_every_draw():
    problem = problem_of(load_study(data_folder("example_spectra") / "rrml" / "published.toml"))
    for drawn in draws(posteriors(problem), 60, 1):
        shares = _shapley(problem, *problem.blocks, drawn)
        ends = [resistances(problem, block, drawn) for block in problem.blocks]
        for quantity in QUANTITIES:
            total = sum(shares[quantity].values())
            np.testing.assert_allclose(total, ends[1][quantity] - ends[0][quantity], rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_a_wider_prior_swings_as_a_search_with_that_prior_does():
    problem = problem_of(flat(20.0, 15.0))
    found = posteriors(problem)
    best = max(found, key=lambda name: found[name].log_evidence)
    swing = prior_swing(found, problem)
    name = next(key for key in swing if key in {"f", "g", "native_R", "contact_R", "area"})
    wide = dataclasses.replace(problem.priors[name], sd=2 * problem.priors[name].sd)
    again = posteriors(dataclasses.replace(problem, priors={**problem.priors, name: wide}))
    change = odds_of(again)[best] - odds_of(found)[best]
    assert swing[name]["double"] == pytest.approx(change, abs=0.05)


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


@pytest.mark.slow
def test_a_gain_within_twice_the_cells_scatter_is_none_to_be_seen():
    """One cell of each kind, 5 % of scatter between them: 1.09 is none, 1.11 is one."""
    document = explain(data_folder("example_spectra") / "other_coatings" / "interlayer.toml").document
    assert document["gains"]["f"]["scatter"] == pytest.approx(0.05)
    assert document["gains"]["f"]["seen"]
    assert "no gain to be seen" not in document["headline"][1]
    small = {"median": 1.09, "low95": 0.98, "high95": 1.21, "scatter": 0.05, "seen": False}
    told = headline(document | {"gains": {"f": small}})[1]
    assert "1.09 (0.980 to 1.21) times as fast, within twice the scatter between cells (5.0 %)" in told
    assert "no gain to be seen" in told


def test_numbers_that_no_hypothesis_can_meet_get_no_odds():
    text = FLAT.format(bare=20.0, coated=20.0).replace("5 nm", "5 um")  # a film of 5000 ohm cm2
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
    problem = problem_of(study)
    assert [type(block) for block in problem.blocks] == [Block] * 3
    row = next(line for line in fit_jointly(study).splitlines() if line.startswith("sigma_s"))
    low, high = row[row.index("(") + 1 : row.index(")")].split(" to ")
    assert float(low) < 2e-3 < float(high)  # make_physical.py


def test_derivatives_are_those_of_finite_differences():
    """Half the gradient of chi2 for rows of three hypotheses: scalars, and spectra with corrections."""
    study = load_study(data_folder("example_spectra") / "rrml" / "study.toml")
    whole = problem_of(study)
    hypotheses, which = ("intrinsic_activity", "access_and_area", "native_layer"), np.arange(3)
    for problem in (whole.with_blocks(whole.blocks[1::3]), problem_of(flat(20.0, 15.0))):
        shape = np.array([[1.0], [1.1], [0.9]])
        ratios = [shape * np.linspace(0.9, 1.1j, block.omega.size) for block in problem.blocks]
        likelihood = Likelihood(problem, hypotheses)
        u = 0.3 * np.random.default_rng(1).standard_normal((3, len(likelihood.names))) * likelihood.free
        _, gradient, _ = likelihood(u, which, ratios)
        numeric = np.zeros_like(u)
        for k, step in enumerate(1e-5 * np.eye(len(likelihood.names))):
            up, down = (likelihood(u + sign * step, which, ratios)[0] for sign in (1, -1))
            numeric[:, k] = (up - down) / 4e-5
        for row, expected, free in zip(gradient, numeric, likelihood.free, strict=True):
            largest = np.abs(expected).max()
            np.testing.assert_allclose(row[free], expected[free], rtol=1e-4, atol=1e-6 * largest)
            assert not row[~free].any()


def test_a_hypothesis_among_others_is_the_hypothesis_alone():
    problem = simulated_pair("access_and_activity", {"f": 0.9, "sigma_s": 0.6})
    hypotheses = ["barrier_only", "native_layer", "access_and_activity"]
    together, rng = Likelihood(problem, hypotheses), np.random.default_rng(2)
    u = 0.3 * rng.standard_normal((3, len(together.names))) * together.free
    values = together(u, np.arange(3))[0]
    for k, name in enumerate(hypotheses):
        alone = Likelihood(problem, [name])
        assert alone.names == tuple(np.array(together.names)[together.free[k]])
        own = alone(u[k, together.free[k]][None], np.zeros(1, dtype=int))[0]
        np.testing.assert_allclose(values[k], own[0], rtol=1e-12)


def test_two_optima_add_up_and_share_the_draws():
    """Modes at -5 and 5, the second e times less likely: weights 1/(1 + 1/e) and the rest."""
    modes = tuple(Mode(np.array([at]), np.eye(1) * 0.01, 0.0, log) for at, log in ((-5.0, 2.0), (5.0, 1.0)))
    found = Posterior("barrier_only", ("R_i",), modes, 1)
    assert found.log_evidence == pytest.approx(2 + np.log1p(np.exp(-1)))
    drawn = found.draws(20_000, np.random.default_rng(1))
    assert (drawn < 0).mean() == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01)


def test_a_resistance_falls_with_temperature_and_a_conductivity_rises():
    problem = problem_of(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    names = problem.names(HYPOTHESES["barrier_only"])
    cold, warm = (
        next(b for b in problem.blocks if b.cell == problem.cells[0] and abs(b.temperature - T) < 1)
        for T in (298.15, 318.15)
    )
    here, there = (problem.affine(block, names)[0] for block in (cold, warm))
    change = np.where(np.isfinite(here), there, 0) - np.where(np.isfinite(here), here, 0)
    inverse = (1 / 318.15 - 1 / 298.15) / 8.617333262e-5
    assert change[INDEX["R_i"]] == pytest.approx(0.6 * inverse)
    assert change[INDEX["kappa"]] == pytest.approx(-0.15 * inverse)
    assert change[INDEX["area"]] == 0
    assert there[INDEX["native_R"]] == -np.inf  # a layer that the cell does not have stays away


@cache
def searched(name):
    study = load_study(data_folder("example_spectra") / "other_coatings" / f"{name}.toml")
    problem = problem_of(study)
    return problem, posteriors(problem, study.file.study.seed)


@pytest.mark.parametrize(
    ("name", "best", "parameter", "low", "high"),
    [
        ("flat_film", "intrinsic_activity", "f", 1.5, 3.5),  # 120 to 62 ohm with a film of 5 to 20 in the way
        ("interlayer", "intrinsic_activity", "f", 13.0, 20.0),  # 900/60 and the film's 1 to 10 ohm cm2
        ("artificial_sei", "native_layer", "native_R", 80.0, 90.0),  # make_physical.py: 85 ohm cm2
    ],
)
def test_other_coatings_say_the_right_thing(name, best, parameter, low, high):
    problem, found = searched(name)
    assert max(found, key=lambda key: found[key].log_evidence) == best
    assert "electronic_access" not in found  # a face that is flat to electrons has nothing to reach
    prior = problem.priors[parameter]
    u = found[best].draws(400, np.random.default_rng(1))[:, found[best].names.index(parameter)]
    assert low < np.exp(prior.mean + prior.sd * np.median(u)) < high


def test_draws_of_scalars_are_many_and_their_evidence_is_that_of_other_draws():
    """A layer of its own resistance on the bare cell is met by one draw of the prior in thousands."""
    study = load_study(data_folder("example_spectra") / "other_coatings" / "flat_film.toml")
    first, second = (posteriors(problem_of(study), seed)["native_layer"] for seed in (1, 2))
    assert first.sample is not None
    column = first.sample[:, first.names.index("native_R")]
    assert len(np.unique(column)) > 200
    # 400 draws that count leave ln E an error of 0.05 each, for weights as uneven as these.
    assert first.log_evidence == pytest.approx(second.log_evidence, abs=0.25)


def test_a_barrier_cannot_lower_a_resistance():
    """900 to 60 ohm: cells alike within 5 % make that once in e^(2.7/0.05)^2/2, whatever the film is."""
    _, found = searched("interlayer")
    assert found["barrier_only"].log_evidence < found["intrinsic_activity"].log_evidence - 100

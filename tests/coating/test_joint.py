"""Cells, all of them simulated, explained by one physical model: study, posterior, evidence, story."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from eisfit.coating.explain import explain
from eisfit.coating.joint.assembly import problem_of
from eisfit.coating.joint.contributions import QUANTITIES, _shapley, draws, resistances
from eisfit.coating.joint.evidence import ledger, prior_swing
from eisfit.coating.joint.explanation import JointExplanation, fit_jointly
from eisfit.coating.joint.posterior import posteriors, probabilities
from eisfit.coating.joint.problem import HYPOTHESES, Block
from eisfit.coating.joint.quick_channels import QuickChannels
from eisfit.coating.joint.response import LOCALS, LOG_LOCALS, respond
from eisfit.coating.joint.study import JointStudy, load_joint_study
from eisfit.coating.physics import ChannelPlate, Flat
from eisfit.errors import SchemaError, StudyError
from eisfit.files import data_folder, to_json

PLATE = QuickChannels(100e-4, 60e-4, 20e-4, 10e-4, 20e-4)
LOCAL = {
    "area": 1.13, "thickness": 5.25e-7, "resistivity": 70e-6, "s_i": 3.8e-8, "chi": 1e-4, "kappa": 9e-3,
    "sigma_s": 1e-3, "R_i": 80.0, "Q": 1.6e-5, "W": 4.0, "g": 1.2, "R_s": 3.4, "counter_R": 4.0,
    "counter_tau": 1e-4, "native_R": 7.0, "native_C": 2e-6, "contact_R": 4.0, "contact_tau": 1e-5,
}  # fmt: skip
OMEGA = 2 * np.pi * np.geomspace(1e5, 1e-2, 12)

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


def local(**changes):
    values = {**LOCAL, **changes}
    return np.array([[*(np.log(values[name]) for name in LOG_LOCALS), 0.88, 0.3]])


@pytest.mark.parametrize(
    "support", [PLATE, ChannelPlate(100e-4, 60e-4, 20e-4, 10e-4, 20e-4, modes=1), Flat()]
)
@pytest.mark.parametrize(("film", "access"), [(False, False), (True, False), (True, True)])
def test_derivatives_are_those_of_finite_differences(support, film, access):
    exact = respond(support, OMEGA, local(), film=film, access=access).derivative
    for k, name in enumerate(LOCALS):
        step = np.zeros((1, len(LOCALS)))
        step[0, k] = 1e-4
        ends = [
            respond(support, OMEGA, local() + s * step, film=film, access=access).impedance for s in (1, -1)
        ]
        numeric = (ends[0] - ends[1]) / 2e-4
        assert np.abs(numeric - exact[..., k]).max() < 1e-5 * (1 + np.abs(numeric).max()), name


@pytest.mark.parametrize("access", [False, True])
@pytest.mark.parametrize("sigma_s", [1e-4, 1e-3, 1e-2])
def test_the_search_s_channels_are_near_those_that_finish(access, sigma_s):
    exact = ChannelPlate(100e-4, 60e-4, 20e-4, 10e-4, 20e-4, modes=2)
    Z = [
        respond(s, OMEGA, local(sigma_s=sigma_s), film=access, access=access).impedance
        for s in (PLATE, exact)
    ]
    assert np.abs(Z[0] / Z[1] - 1).max() < 0.08


def test_a_flat_cell_at_rest_is_the_sum_of_its_resistances():
    Z = respond(Flat(), np.array([0.0]), local(g=1.0), film=True, access=False).impedance[0, 0]
    v = LOCAL
    layers = v["R_i"] + v["native_R"] + v["thickness"] / v["s_i"] + v["resistivity"] * v["thickness"]
    assert pytest.approx(layers / v["area"] + v["R_s"] + 0.3 + v["counter_R"] + v["contact_R"]) == Z


def flat(bare, coated):
    return JointStudy.from_text(FLAT.format(bare=bare, coated=coated))


def test_evidence_of_scalars_is_the_closed_form_of_a_linear_model():
    """Barrier alone on a flat face, 20 + 5 ohm: ln of R_i + s(scatter) and of the film, all Gaussian."""
    problem = problem_of(flat(20.0, 25.0))
    found = posteriors(problem)["barrier_only"]
    # The bare cell's R = R_i exp(d1), the coated one's R_i exp(d2) + t/s_i: linear about the optimum.
    assert found.chi2 < 2
    R_i = np.exp(found.u[found.names.index("R_i")] * 0.7 + problem.priors["R_i"].mean)
    assert R_i == pytest.approx(20.0, rel=0.03)
    sd = np.sqrt(found.covariance[found.names.index("R_i"), found.names.index("R_i")]) * 0.7
    # Two cells of scatter 5 %/sqrt2 each and one known film: the mean of two logarithms, R_i = 20 in both.
    assert sd == pytest.approx(0.05 / 2, rel=0.15)


def test_an_insulator_on_a_flat_face_has_no_access_hypotheses():
    assert set(posteriors(problem_of(flat(20.0, 25.0)))) == {
        "barrier_only", "intrinsic_activity", "area_gain", "native_layer", "contact",
    }  # fmt: skip


def test_a_barrier_that_raises_the_resistance_as_it_must_is_told():
    document = explain(flat(20.0, 25.0)).document
    assert (
        max(document["hypotheses"], key=lambda n: document["hypotheses"][n]["probability"]) == "barrier_only"
    )
    assert document["headline"][0].startswith("R_ct rose")
    assert document["contributions"]["r_ct"]["ions_through_film"]["median"] == pytest.approx(5.0, abs=0.2)


def simulated_pair(hypothesis, u, seed=0):
    study = load_joint_study(data_folder("example_spectra") / "rrml" / "physical.toml")
    problem = problem_of(study)
    pair = [problem.blocks[0], next(b for b in problem.blocks if b.coated)]
    names = problem.names(HYPOTHESES[hypothesis])
    at = np.array([[u.get(name, 0.0) for name in names]])
    rng, blocks = np.random.default_rng(seed), []
    for block in pair:
        value = problem.finished().predict(block, HYPOTHESES[hypothesis], names, at)[0][0]
        error = np.repeat(0.003 * np.hypot(*value.reshape(-1, 2).T), 2)
        blocks.append(
            dataclasses.replace(block, data=value + error * rng.standard_normal(value.size), error=error)
        )
    return problem.with_blocks(blocks)


@pytest.mark.parametrize(
    ("hypothesis", "u"),
    [
        ("intrinsic_activity", {"f": 0.9, "sigma_s": 0.6}),
        ("area_gain", {"g": 1.0, "sigma_s": 0.6}),
        ("access_and_activity", {"f": 0.9, "sigma_s": 0.6}),
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
        q = np.clip(p[name], 1e-12, 1 - 1e-12)
        assert odds + before == pytest.approx(np.log10(q / (1 - q)), abs=1e-6)


def test_shares_add_up_to_the_change_in_every_draw():
    problem = simulated_pair("access_and_activity", {"f": 0.9})
    found = posteriors(problem, finish=False)
    for drawn in draws(problem, found, 20, 1):
        shares = _shapley(problem, *problem.blocks, drawn)
        ends = [resistances(problem, block, drawn) for block in problem.blocks]
        for quantity in QUANTITIES:
            total = sum(shares[quantity].values())
            np.testing.assert_allclose(total, ends[1][quantity] - ends[0][quantity], rtol=1e-6, atol=1e-6)


def test_a_wider_prior_swings_as_a_search_with_that_prior_does():
    problem = problem_of(flat(20.0, 15.0))
    found = posteriors(problem)
    best = max(found, key=lambda name: found[name].log_evidence)
    swing = prior_swing(found, problem)
    wide = dataclasses.replace(problem.priors["f"], sd=2 * problem.priors["f"].sd)
    again = probabilities(posteriors(dataclasses.replace(problem, priors={**problem.priors, "f": wide})))
    assert swing["f"]["double"] == pytest.approx(again[best], abs=0.03)


@pytest.fixture(scope="module")
def published():
    return explain(data_folder("example_spectra") / "rrml" / "published.toml")


def test_published_numbers_alone_decide_little_and_contradict_each_other(published):
    document = published.document
    assert document["r_ct"]["change"]["median"] == pytest.approx(-15.1, abs=0.3)
    assert max(published.probabilities.values()) < 0.6
    told = " ".join(row["text"] for row in document["contradictions"])
    # 50 mV over 0.2C of 3.5 mAh/cm2 on 10 to 14 mm; 0.096 V over 1C of the same.
    assert "50 mV" in told or "0.05 V" in told
    assert "0.096 V" in told
    assert "0.253 V" not in told


def test_the_document_is_json_and_comes_back(published):
    document = json.loads(to_json(published.to_dict()))
    keys = "headline r_ct hypotheses ledger contradictions contributions parameters swing next_experiments"
    assert set(f"{keys} predictions inputs".split()) <= set(document)
    assert JointExplanation.from_dict(document).headline == published.headline
    assert len(published.headline) == 3
    with pytest.raises(SchemaError, match="explain/2"):
        JointExplanation.from_dict({"schema": "eisfit.explain/1"})


def test_the_page_loads_nothing_and_is_the_same_again(published):
    page = published.to_html()
    assert page == published.to_html()
    assert "http" not in page
    assert "<script src" not in page
    assert "Figure 1" in page
    assert published.to_markdown().startswith("# RRML")


def test_numbers_that_no_hypothesis_can_meet_get_no_odds():
    text = FLAT.format(bare=20.0, coated=20.0).replace("5 nm", "5 um")  # a film of 5000 ohm cm2
    document = explain(JointStudy.from_text(text)).document
    assert not document["fits"]
    assert document["ledger"] == {}
    assert all(entry["probability"] is None for entry in document["hypotheses"].values())
    assert "would have to be" in document["headline"][2]


def test_a_fit_without_hypotheses_finds_the_example_s_truth():
    text = (data_folder("example_spectra") / "rrml" / "physical.toml").read_text(encoding="utf-8")
    pair = [
        line for line in text.splitlines() if "_5C" not in line and "_45C" not in line and "_2_" not in line
    ]
    study = JointStudy.from_text("\n".join(pair), data_folder("example_spectra") / "rrml")
    problem = problem_of(study)
    assert [type(block) for block in problem.blocks] == [Block] * 3
    row = next(line for line in fit_jointly(study).splitlines() if line.startswith("sigma_s"))
    low, high = row[row.index("(") + 1 : row.index(")")].split(" to ")
    assert float(low) < 2e-3 < float(high)  # make_physical.py


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('area = "1 cm^2"', 'area = "1 cm"', "support.area: '1 cm' is in 'cm', but an area is due"),
        ('kind = "half"', 'kind = "half"\nshare = 1', "counter.share: unknown key"),
        ('coated_by = "film"', 'coated_by = "skin"', "no film has that name"),
        ('coated_by = "film"', "", "at least one bare and one coated cell"),
        ('kind = "flat"', 'kind = "channels"', "channels need their pitch"),
        ('area = "1 cm^2"', 'area = "1 cm^2"\npitch = "1 um"', "a flat support has no pitch"),
    ],
)
def test_a_wrong_study_is_told_in_a_sentence(old, new, message):
    text = FLAT.format(bare=20.0, coated=25.0)
    assert old in text
    with pytest.raises(SchemaError, match=message.replace("(", r"\(").replace("^", r"\^")):
        JointStudy.from_text(text.replace(old, new))


def test_a_missing_spectrum_is_told(tmp_path):
    text = FLAT.format(bare=20.0, coated=25.0).replace(
        'r_ct = { value = "20.0 ohm", stderr = "0.05 ohm" }', 'spectra = [{ file = "none.csv" }]'
    )
    with pytest.raises(StudyError, match=r"no file 'none.csv'"):
        problem_of(JointStudy.from_text(text, tmp_path))

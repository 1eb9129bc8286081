"""Posteriors of hypotheses on cells, all of them simulated: likelihood, search, evidence, odds."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from eisfit.coating.inference.assembly import build_problem, make_size_priors
from eisfit.coating.inference.corrections import correct_to_limit, extrapolate
from eisfit.coating.inference.descent import minimise
from eisfit.coating.inference.evidence import build_ledger, compute_prior_swing, log_odds
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.likelihood import Likelihood
from eisfit.coating.inference.posterior import Mode, Posterior, compute_probabilities
from eisfit.coating.inference.problem import MODES, Block
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.physics.parameters import INDEX
from eisfit.coating.study import Study, load_study
from eisfit.files import data_folder


@pytest.fixture(scope="module")
def risen(flat):
    problem = build_problem(Study.from_text(flat(20.0, 25.0)))
    return problem, find_posteriors(problem)


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
def test_evidence_of_scalars_is_that_of_plain_draws_from_the_prior(flat):
    """Every parameter drawn, nothing integrated: the mean likelihood, with errors wide enough to hit."""
    text = flat(20.0, 15.0).replace('stderr = "0.05 ohm"', 'stderr = "0.8 ohm"')
    problem = build_problem(Study.from_text(text))
    found = find_posteriors(problem)
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
    assert set(risen[1]) == {name for name, hypothesis in HYPOTHESES.items() if not hypothesis.access}


def simulated_pair(hypothesis, u, seed=0):
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    return simulated(problem.with_blocks(problem.pair), hypothesis, u, seed)[0]


def simulated(problem, hypothesis, u, seed):
    """Return the problem with data of a truth in the final model, and the truth's own chi2."""
    names = problem.names(HYPOTHESES[hypothesis])
    at = np.array([[u.get(name, 0.0) for name in names]])
    rng, blocks, off = np.random.default_rng(seed), [], 0.0
    for block in problem.blocks:
        value = problem.finish().predict(block, HYPOTHESES[hypothesis], names, at)[0]
        error = np.repeat(0.003 * np.hypot(*value.reshape(-1, 2).T), 2)
        noise = rng.standard_normal(value.size)
        blocks.append(dataclasses.replace(block, data=value + error * noise, error=error))
        off += float(noise @ noise)
    return problem.with_blocks(blocks), off + float((at**2).sum())


def own_pair():
    """Return the problem of the shipped study with the blocks of its pair of cells alone."""
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    cells = {block.cell for block in problem.pair}
    return problem.with_blocks([b for b in problem.blocks if b.cell in cells])


def test_the_truth_is_no_better_than_what_a_search_over_temperatures_finds():
    """A truth from the priors: from the means of the energies, chi2 ends as high as the truth's own."""
    own = own_pair()
    names = [n for n in own.names(HYPOTHESES["contact"]) if not n.startswith(("dW:", "dR_ionic:"))]
    truth = np.random.default_rng(104).standard_normal(len(names)).round(1)
    made, chi2 = simulated(own, "contact", dict(zip(names, truth, strict=True)), 104)
    # A fit of P parameters lies below the truth by chi2 of P degrees of freedom: 16 is a chance of 1 %.
    assert find_posteriors(made)["contact"].chi2 < chi2 - 16


def test_an_optimum_is_one_at_the_limit_of_its_own_place():
    """Over temperatures it moves with the limit: at that of where the search came from chi2 is 23 above."""
    own = own_pair()
    names = own.names(HYPOTHESES["barrier_only"])
    truth = np.random.default_rng(6).standard_normal(len(names)).round(1)
    truth[names.index("sigma_s")] = -1.6
    made = simulated(own, "barrier_only", dict(zip(names, truth, strict=True)), 6)[0]
    found = find_posteriors(made)["barrier_only"]
    likelihood, row = Likelihood(made.finish(), ["barrier_only"]), np.zeros(1, dtype=int)
    limit = correct_to_limit(made, likelihood, found.u[None], row)
    chi2 = minimise(likelihood, found.u[None], row, 50, limit).chi2
    assert found.chi2 - chi2[0] < 0.5


def test_more_starts_are_tried_before_no_hypothesis_is_said_to_fit(monkeypatch):
    """From the priors' means alone chi2 of 144 numbers ends at 290."""
    monkeypatch.setattr("eisfit.coating.inference.search._STARTS", 1)
    names = simulated_pair("native_layer", {}).names(HYPOTHESES["native_layer"])
    truth = np.random.default_rng(22).standard_normal(len(names)).round(1)
    made = simulated_pair("native_layer", dict(zip(names, truth, strict=True)), 22)
    assert find_posteriors(made)["native_layer"].p_value > 1e-3


@pytest.mark.slow
def test_two_ways_to_share_the_slopes_with_temperature_are_both_found():
    """What falls with temperature may be the series resistance or the electrolyte in the channels."""
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    cells = {block.cell for block in problem.pair}
    own = problem.with_blocks([b for b in problem.blocks if b.cell in cells or b.film == "RRML 40 nm"])
    names = own.names(HYPOTHESES["contact"])
    truth = np.random.default_rng(20).standard_normal(len(names)).round(1)
    found = find_posteriors(simulated(own, "contact", dict(zip(names, truth, strict=True)), 20)[0])["contact"]
    first, second = found.modes
    assert second.log_evidence > first.log_evidence - 2
    k = found.names.index("Ea:series")
    assert abs(first.u[k] - second.u[k]) > 1


def test_sizes_of_an_arc_that_drowns_in_noise_are_those_of_the_noise():
    """20 kohm of solid, 0.3 % of noise: 60 ohm hide an arc of 40, wherever its peak is."""
    omega = 2 * np.pi * np.geomspace(1e5, 1e-2, 36)
    noise = np.random.default_rng(1).standard_normal(72)
    data = np.tile([2e4, 0.0], 36) + 60.0 * noise
    block = Block("bare", "bare", omega, data, np.full(72, 60.0), coated=False)
    priors = make_size_priors(block, 1.0)
    assert abs(np.log(40.0) - priors["R_i"].mean) < 3 * priors["R_i"].sd
    assert priors["Q"].mean == pytest.approx(np.log(1.5 / (1e3**0.88 * 80)), abs=1.5)


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
    found = find_posteriors(problem)
    p = compute_probabilities(found)
    assert max(p, key=lambda name: p[name]) == hypothesis
    assert found[hypothesis].p_value > 1e-3
    rows = build_ledger(problem, found, 1, {})
    for name in p:
        odds = sum(row[name] for row in rows.values())
        before = np.log10(1 / (len(p) - 1))
        assert odds + before == pytest.approx(odds_of(found)[name], abs=1e-6)


def odds_of(found):
    return log_odds({name: posterior.log_evidence for name, posterior in found.items()})


@pytest.mark.slow
def test_a_wider_prior_swings_as_a_search_with_that_prior_does(flat):
    problem = build_problem(Study.from_text(flat(20.0, 15.0)))
    found = find_posteriors(problem)
    best = max(found, key=lambda name: found[name].log_evidence)
    swing = compute_prior_swing(found, problem)
    name = next(key for key in swing if key in {"f", "g", "native_R", "contact_R", "area"})
    wide = dataclasses.replace(problem.priors[name], sd=2 * problem.priors[name].sd)
    again = find_posteriors(dataclasses.replace(problem, priors={**problem.priors, name: wide}))
    change = odds_of(again)[best] - odds_of(found)[best]
    assert swing[name]["double"] == pytest.approx(change, abs=0.05)


def test_derivatives_are_those_of_finite_differences(flat):
    """Half the gradient of chi2 for rows of three hypotheses: scalars, and spectra with corrections."""
    study = load_study(data_folder("example_spectra") / "rrml" / "study.toml")
    whole = build_problem(study)
    hypotheses, which = ("intrinsic_activity", "access_and_area", "native_layer"), np.arange(3)
    for problem in (whole.with_blocks(whole.blocks[1::3]), build_problem(Study.from_text(flat(20.0, 15.0)))):
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


def test_the_final_model_is_corrected_to_the_limit_of_many_modes():
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    problem = problem.with_blocks(problem.pair)
    final, *more = (
        Likelihood(problem.finish(modes, slopes=False), ["access_and_area"]) for modes in (MODES, 24, 48, 96)
    )
    u, row = np.zeros((1, len(final.names))), np.zeros(1, dtype=int)
    u[0, final.names.index("sigma_s")] = -1.5  # a solid that hardly conducts
    corrections = correct_to_limit(problem, final, u, row)
    each = zip(final.impedances(u, row), corrections, *(one.impedances(u, row) for one in more), strict=True)
    for six, correction, *finer in each:
        limit = extrapolate(*finer)
        assert np.abs(six / limit - 1).max() > 0.015
        assert np.abs(six * correction / limit - 1).max() < 0.0025


def test_two_optima_add_up_and_share_the_draws():
    """Modes at -5 and 5, the second e times less likely: weights 1/(1 + 1/e) and the rest."""
    modes = tuple(Mode(np.array([at]), np.eye(1) * 0.01, 0.0, log) for at, log in ((-5.0, 2.0), (5.0, 1.0)))
    found = Posterior("barrier_only", ("R_i",), modes, 1)
    assert found.log_evidence == pytest.approx(2 + np.log1p(np.exp(-1)))
    drawn = found.draws(20_000, np.random.default_rng(1))
    assert (drawn < 0).mean() == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01)


def test_draws_are_the_same_where_a_covariance_differs_by_rounding():
    turned = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]
    covariance = (turned * [1e-6, 1e-6, 0.1, 0.1, 1.0, 1.0]) @ turned.T  # axes of equal length turn freely
    shaken = covariance * (1 + 1e-13 * np.sin(np.arange(36.0)).reshape(6, 6))
    drawn = [
        Posterior("a", tuple("abcdef"), (Mode(np.zeros(6), own, 0.0, 0.0),), 6)
        for own in (covariance, (shaken + shaken.T) / 2)
    ]
    first, second = (posterior.draws(50, np.random.default_rng(1)) for posterior in drawn)
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_a_resistance_falls_with_temperature_and_a_conductivity_rises():
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
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
    problem = build_problem(study)
    return problem, find_posteriors(problem, study.file.study.seed)


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
    first, second = (find_posteriors(build_problem(study), seed)["native_layer"] for seed in (1, 2))
    assert first.sample is not None
    column = first.sample[:, first.names.index("native_R")]
    assert len(np.unique(column)) > 200
    # 400 draws that count leave ln E an error of 0.05 each, for weights as uneven as these.
    assert first.log_evidence == pytest.approx(second.log_evidence, abs=0.25)


def test_a_barrier_cannot_lower_a_resistance():
    """900 to 60 ohm: cells alike within 5 % make that once in e^(2.7/0.05)^2/2, whatever the film is."""
    _, found = searched("interlayer")
    assert found["barrier_only"].log_evidence < found["intrinsic_activity"].log_evidence - 100

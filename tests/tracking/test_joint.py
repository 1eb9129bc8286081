"""Joint fits: the linear algebra against dense matrices, errors against the scatter of repeats."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from scipy.interpolate import make_smoothing_spline

import eisfit
from eisfit.errors import UsageError
from eisfit.model.simulate import frequencies, simulate
from eisfit.tracking.joint.bordered import Bordered
from eisfit.tracking.joint.errors import Smoothing
from eisfit.tracking.joint.joint import Joint, fit_jointly
from eisfit.tracking.joint.problem import JointProblem, Measured
from eisfit.tracking.joint.smoothness import Strength, compute_axis, compute_penalty, cross_validate
from eisfit.tracking.joint.solver import make_linear_system, minimise_banded
from eisfit.tracking.series_result import SeriesResult

CIRCUIT = eisfit.circuit("R_s-p(R_ct,CPE_ct)")
FREQUENCY = frequencies(0.1, 1e4, 5)
CYCLES = 8
MODES = {"R_s": "shared", "R_ct": "smooth", "CPE_ct_alpha": "shared"}


def truth(k):
    return {"R_s": 2.0, "R_ct": 40 + 6.0 * k, "CPE_ct_Q": 1e-4 * (1 + 0.05 * k), "CPE_ct_alpha": 0.9}


def single_fits(seed=0, noise=0.01):
    return [
        eisfit.fit(
            simulate(
                CIRCUIT, truth(k), frequency=FREQUENCY, noise=noise, seed=100 * seed + k, cycle=5 * k + 3
            ),
            CIRCUIT,
            start=truth(k),
        )
        for k in range(CYCLES)
    ]


@pytest.fixture(scope="module")
def singles():
    return single_fits()


@pytest.mark.parametrize(("cycles", "n", "s"), [(3, 3, 2), (6, 2, 0), (7, 3, 1), (4, 0, 2)])
def test_the_bordered_system_against_a_dense_one(cycles, n, s):
    rng = np.random.default_rng(cycles)
    square = rng.standard_normal((cycles, n, n))
    blocks = square @ square.transpose(0, 2, 1) + 9 * np.eye(n)
    coupling, border = rng.standard_normal((2, cycles, n)), rng.standard_normal((cycles, n, s))
    corner = 30 * np.eye(s)
    dense = np.zeros((cycles * n + s, cycles * n + s))
    for k in range(cycles):
        own = np.arange(k * n, (k + 1) * n)
        dense[np.ix_(own, own)] = blocks[k]
        dense[own, cycles * n :] = border[k]
        for d in (1, 2):
            if k + d < cycles:
                dense[own, own + d * n] = dense[own + d * n, own] = coupling[d - 1, k]
    dense[cycles * n :, : cycles * n] = dense[: cycles * n, cycles * n :].T
    dense[cycles * n :, cycles * n :] = corner
    system = Bordered(blocks, coupling, border, corner)
    g, h = rng.standard_normal((cycles, n)), rng.standard_normal(s)
    x, y = system.solve(g, h)
    assert np.r_[x.ravel(), y] == pytest.approx(np.linalg.solve(dense, np.r_[g.ravel(), h]))
    inverse = np.linalg.inv(dense)
    for k, found in enumerate(system.covariance()):
        rows = np.r_[k * n : (k + 1) * n, cycles * n : cycles * n + s].astype(int)
        assert found == pytest.approx(inverse[np.ix_(rows, rows)])


def test_the_penalty_is_the_integral_of_the_squared_second_derivative():
    x = np.array([0.0, 1, 2.5, 3, 5, 6])
    bands = compute_penalty(x)
    dense = np.diag(bands[0]) + sum(
        np.diag(bands[d][: x.size - d], d) + np.diag(bands[d][: x.size - d], -d) for d in (1, 2)
    )
    assert dense @ x == pytest.approx(0, abs=1e-12)
    # of x^2 the second derivative is 2, over the length that the inner points stand for
    length = np.sum((x[2:] - x[:-2]) / 2)
    assert x**2 @ dense @ x**2 == pytest.approx(4 * length)


def test_a_strong_penalty_of_a_nearly_straight_course_against_exact_arithmetic(singles):
    """Here x B x from x itself is all rounding, and the last steps of a fit went by it."""
    problem = JointProblem.of(singles, CIRCUIT, dict.fromkeys(CIRCUIT.names, "free") | {"R_ct": "smooth"})
    theta, column, k = problem.own.copy(), problem.names.index("R_ct"), np.arange(float(CYCLES))
    theta[:, column] = 3.7 + 0.1 * k + 1e-6 * k**2
    bands = Smoothing(problem, compute_penalty(k), {"R_ct": Strength(2.0**40)}).bands()
    nothing = Measured(np.zeros(CYCLES), np.tile(np.eye(4), (CYCLES, 1, 1)), np.zeros((CYCLES, 4)))
    system = make_linear_system(problem, theta, nothing, bands)
    x = [Fraction(value) for value in theta[:, column].tolist()]
    second = [x[j - 1] - 2 * x[j] + x[j + 1] for j in range(1, CYCLES - 1)]
    assert system.cost == pytest.approx(2.0**40 * float(sum(s**2 for s in second)), rel=1e-5)
    pull = [sum(s * (1, -2, 1)[j - i] for i, s in enumerate(second) if 0 <= j - i < 3) for j in range(CYCLES)]
    assert system.gradient[:, column] == pytest.approx([2.0**40 * float(p) for p in pull], rel=1e-9, abs=1e-3)


def test_the_axis_follows_the_cycles_where_they_rise():
    assert compute_axis(np.array([10.0, 20, 30, 60])) == pytest.approx([0, 1, 2, 5])
    assert compute_axis(np.array([5.0, 5, np.nan])) == pytest.approx([0, 1, 2])


def test_cross_validation_predicts_as_well_as_scipys_spline():
    """scipy.interpolate.make_smoothing_spline chooses its strength by generalised cross-validation."""
    rng = np.random.default_rng(2)
    x, noise = np.arange(60.0), 0.1
    y = np.sin(x / 9)
    measured = y + noise * rng.standard_normal(60)
    chosen = cross_validate(x, measured, np.full(60, noise))
    bands = chosen.strength * compute_penalty(x)
    dense = np.diag(bands[0] + noise**-2) + sum(
        np.diag(bands[d][: 60 - d], d) + np.diag(bands[d][: 60 - d], -d) for d in (1, 2)
    )
    ours = np.linalg.solve(dense, measured / noise**2)
    theirs = make_smoothing_spline(x, measured)(x)
    assert np.std(ours - y) < 1.3 * np.std(theirs - y) < 0.7 * noise
    assert chosen.folds == 60
    # -2 ln(density) of the left-out values: 1 from their scatter, and a little from what is not known
    assert min(chosen.scores) == pytest.approx(1.0, rel=0.5)


def test_shared_is_one_value_and_smooth_scatters_less(singles):
    fits, told = fit_jointly(singles, CIRCUIT, MODES)
    assert told.converged
    assert len({fit["R_s"].value for fit in fits}) == 1
    assert len({fit["CPE_ct_Q"].value for fit in fits}) == CYCLES
    for k, fit in enumerate(fits):
        for name in CIRCUIT.names:
            assert abs(fit[name].value - truth(k)[name]) < 4.5 * fit[name].stderr
    for name in CIRCUIT.names:
        assert np.mean([f[name].stderr for f in fits]) < np.mean([f[name].stderr for f in singles])
    assert fits[3].ok
    assert fits[3].covar.shape == (4, 4)


def test_all_free_is_every_cycle_by_itself(singles):
    fits, _ = fit_jointly(singles, CIRCUIT, {"R_s": "free"})
    # equal noise in all cycles: its size comes from all of them, redchi weighted by degrees of freedom
    pooled = np.mean([fit.statistics.redchi for fit in singles])
    for alone, together in zip(singles, fits, strict=True):
        for name in CIRCUIT.names:
            assert together[name].value == pytest.approx(alone[name].value, rel=1e-4)
            known = alone[name].stderr * np.sqrt(pooled / alone.statistics.redchi)
            assert together[name].stderr == pytest.approx(known, rel=1e-3)


def test_noise_that_differs_from_cycle_to_cycle_stays_with_its_cycle():
    fits = [*single_fits(1)[:4], *single_fits(2, noise=0.05)[4:]]
    result, _ = fit_jointly(fits, CIRCUIT, {"R_s": "free"})
    for alone, together in zip(fits, result, strict=True):
        assert together["R_ct"].stderr == pytest.approx(alone["R_ct"].stderr, rel=0.05)


@pytest.mark.slow
def test_sharing_what_does_not_change_gives_the_weighted_mean_of_a_linear_problem():
    """Resistors alone: the least-squares solution is the mean of all points, its error noise/sqrt(points)."""
    circuit = eisfit.circuit("R_s-p(R_ct,C_dl)").constrain(fix={"R_ct": 1e-9, "C_dl": 1e-6})
    z = np.array([[3.0, 3.2, 2.9, 3.1], [3.3, 3.1, 3.2, 3.0], [2.9, 3.0, 3.1, 3.4]])
    spectra = [
        eisfit.Spectrum(frequency=[40.0, 30, 20, 10], impedance=row + 0j, noise=[0.1] * 4, cycle=k)
        for k, row in enumerate(z)
    ]
    fits = [eisfit.fit(s, circuit, weighting="noise") for s in spectra]
    result, _ = fit_jointly(fits, circuit, {"R_s": "shared"})
    assert result[0]["R_s"].value == pytest.approx(z.mean(), rel=1e-5)
    assert result[0]["R_s"].stderr == pytest.approx(0.1 / np.sqrt(12), rel=1e-4)


@pytest.mark.slow
def test_errors_are_the_scatter_of_repeats():
    pulls = []
    for seed in range(1, 31):
        fits, _ = fit_jointly(single_fits(seed), CIRCUIT, MODES)
        pulls.append(
            [[(f[n].value - truth(k)[n]) / f[n].stderr for n in CIRCUIT.names] for k, f in enumerate(fits)]
        )
    rms = np.sqrt(np.mean(np.square(pulls), axis=(0, 1)))
    # 30 repeats of a shared parameter: known to 1/sqrt(60) = 13 %
    assert rms == pytest.approx(1, abs=0.3)
    assert np.mean(rms) == pytest.approx(1, abs=0.15)


COURSES = {
    "line": lambda u, rng: 0.7 * u,
    "wave": lambda u, rng: 0.15 * np.sin(2 * np.pi * u),
    "walk": lambda u, rng: np.cumsum(np.cumsum(rng.standard_normal(u.size))) * 0.3 / u.size**1.5,
}


@pytest.mark.slow
@pytest.mark.parametrize(("course", "cycles", "seeds"), [("line", 5, 40), ("wave", 5, 40), ("walk", 10, 40)])
def test_errors_are_true_over_few_cycles_whatever_the_course(course, cycles, seeds):
    """A wave over five cycles is no straight line, though a line predicts left-out cycles better."""
    pulls = []
    for seed in range(seeds):
        rng = np.random.default_rng([7, seed])
        log_growth = COURSES[course](np.linspace(0, 1, cycles), rng)
        truths = [{**truth(0), "R_ct": 40 * np.exp(g)} for g in log_growth]
        spectra = [
            simulate(CIRCUIT, p, frequency=FREQUENCY, noise=0.01, seed=1000 * seed + k, cycle=k)
            for k, p in enumerate(truths)
        ]
        fits = eisfit.track(spectra, CIRCUIT, start=truths[0], joint={"R_ct": "smooth", "R_s": "shared"})
        pulls += [(f["R_ct"].value - p["R_ct"]) / f["R_ct"].stderr for f, p in zip(fits, truths, strict=True)]
    # 40 series with at least two independent values each: the rms is known to 1/sqrt(160) = 8 %
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1, abs=0.2)


def test_a_value_left_out_is_predicted_as_if_the_curve_were_fitted_without_it():
    """The shares' shortcut against fits that leave each cycle out, as dense matrices."""
    rng = np.random.default_rng(4)
    x, stderr = compute_axis(np.array([0.0, 1, 2, 4, 5, 7, 8, 9])), rng.uniform(0.5, 2, 8)
    y = np.sin(x) + stderr * rng.standard_normal(8)
    chosen = cross_validate(x, y, stderr)
    bands = compute_penalty(x)
    dense = np.diag(bands[0]) + sum(
        np.diag(bands[d][: 8 - d], d) + np.diag(bands[d][: 8 - d], -d) for d in (1, 2)
    )
    place = len(chosen.tried) // 2
    terms = []
    for k in range(8):
        weight = np.diag(np.where(np.arange(8) == k, 0.0, stderr**-2))
        inverse = np.linalg.inv(weight + chosen.tried[place] * dense)
        variance = inverse[k, k] + stderr[k] ** 2
        terms.append((y[k] - (inverse @ weight @ y)[k]) ** 2 / variance + np.log(variance / stderr[k] ** 2))
    assert chosen.scores[place] == pytest.approx(np.mean(terms), rel=1e-6)
    assert chosen.weights.sum() == pytest.approx(1)
    assert 2 < chosen.freedom < 8


def test_the_errors_of_a_mixture_against_dense_matrices():
    """Two cycles' own parameters, two strengths: E[V] + E[(m - m0)^2], written out."""
    spectra = [f.spectrum for f in single_fits(3)[:5]]
    fits = list(eisfit.track(spectra, CIRCUIT, start=truth(0)))
    modes = dict.fromkeys(CIRCUIT.names, "free") | {"R_ct": "smooth"}
    problem = JointProblem.of(fits, CIRCUIT, modes)
    one = Strength(30.0, (30.0, 3000.0), (1.0, 1.0), 5)
    smoothing = Smoothing(problem, compute_penalty(np.arange(5.0)), {"R_ct": one})
    state = minimise_banded(problem, smoothing.bands())
    data = problem.measure(state.theta)
    normal, gradient = data.normal, data.gradient
    column, size = problem.names.index("R_ct"), 4 * 5
    ends = []
    for strength in one.tried:
        matrix, pull = np.zeros((size, size)), gradient.ravel().copy()
        for k in range(5):
            matrix[4 * k : 4 * k + 4, 4 * k : 4 * k + 4] = normal[k]
        bands, rows = strength * compute_penalty(np.arange(5.0)), np.arange(5) * 4 + column
        dense = np.diag(bands[0]) + sum(
            np.diag(bands[d][: 5 - d], d) + np.diag(bands[d][: 5 - d], -d) for d in (1, 2)
        )
        matrix[np.ix_(rows, rows)] += dense
        pull[rows] += dense @ state.theta[:, column]
        ends.append((np.linalg.inv(matrix), -np.linalg.solve(matrix, pull)))
    odds = np.array([1.0, 100**0.25]) / (1 + 100**0.25)  # equal scores: the prior's fourth root alone
    expected = sum(w * (v + np.outer(m, m)) for w, (v, m) in zip(odds, ends, strict=True))
    found = smoothing.covariance(state.theta)
    for k in range(5):
        assert found[k] == pytest.approx(expected[4 * k : 4 * k + 4, 4 * k : 4 * k + 4], rel=1e-3, abs=1e-12)


def test_a_cycle_that_does_not_share_is_flagged(singles):
    odd = simulate(CIRCUIT, {**truth(4), "R_s": 2.3}, frequency=FREQUENCY, noise=0.01, seed=4, cycle=23)
    fits = [*singles[:4], eisfit.fit(odd, CIRCUIT, start=truth(4)), *singles[5:]]
    result, _ = fit_jointly(fits, CIRCUIT, {"R_s": "shared"})
    assert "strained" in [flag.name for flag in result[4].flags]
    assert not result[4].ok


def test_spectra_of_different_lengths_and_failures_go_together(singles):
    spectra = [f.spectrum for f in singles]
    spectra[2] = spectra[2].select(fmin=0.5)
    result = eisfit.track(spectra, CIRCUIT, joint=MODES, strength={"R_ct": 1e4})
    assert result.joint.strengths["R_ct"].strength == 1e4
    assert any(note == "joint fit: R_ct smooth, strength 10000, as given" for note in result.notes)
    assert len({fit["R_s"].value for fit in result}) == 1
    back = SeriesResult.from_dict(json.loads(json.dumps(result.to_dict(), default=float)))
    assert back.joint == result.joint
    assert Joint.from_dict(json.loads(json.dumps(result.joint.to_dict()))) == result.joint


def test_mistakes_are_named(singles):
    with pytest.raises(UsageError, match="no mode 'smoth'; there are shared, smooth, free"):
        fit_jointly(singles, CIRCUIT, {"R_s": "smoth"})
    with pytest.raises(UsageError, match="no parameter 'R_cc'"):
        fit_jointly(singles, CIRCUIT, {"R_cc": "shared"})
    with pytest.raises(UsageError, match="R_s does not vary: it cannot be shared"):
        fit_jointly(singles, CIRCUIT.constrain(fix={"R_s": 2.0}), {"R_s": "shared"})
    with pytest.raises(UsageError, match="R_ct: smooth over 2 spectra has no meaning"):
        fit_jointly(singles[:2], CIRCUIT, {"R_ct": "smooth"})
    with pytest.raises(UsageError, match="R_ct: the strength of smoothness must be positive, not -1"):
        fit_jointly(singles, CIRCUIT, {"R_ct": "smooth"}, strength=-1)
    robust = eisfit.fit(singles[0].spectrum, CIRCUIT, start=truth(0), loss="huber")
    with pytest.raises(UsageError, match="robust losses cannot be combined"):
        fit_jointly([robust, *singles[1:]], CIRCUIT, MODES)


def test_what_is_derived_per_area_stays_in_a_joint_fit(singles):
    spectra = [f.spectrum.replace(metadata={"area_cm2": 2.0}) for f in singles[:4]]
    result = eisfit.track(spectra, CIRCUIT, start=truth(0), joint={"R_s": "shared"})
    for fit in result:
        assert fit.derived["R_ct_area"]["value"] == pytest.approx(2.0 * fit["R_ct"].value)
        assert fit.derived["R_ct_area"]["stderr"] == pytest.approx(2.0 * fit["R_ct"].stderr, rel=1e-3)

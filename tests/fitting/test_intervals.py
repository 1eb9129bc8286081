"""Intervals: against lmfit.conf_interval, closed forms and the truth of simulated repeats."""

from __future__ import annotations

import json

import lmfit
import numpy as np
import pytest
from scipy import stats

import eisfit
from eisfit.display import plot
from eisfit.errors import EisfitError, ParameterError, UsageError
from eisfit.fitting.errors.intervals import add_intervals, intervals
from eisfit.fitting.errors.intervals_result import Intervals
from eisfit.fitting.errors.refit import Refit
from eisfit.fitting.errors.sampling import Jump, autocorrelation_time, make_log_density, run_walkers

TRUTH = {"R_s": 2.0, "R_ct": 20.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.85}
F = np.geomspace(1e5, 1.0, 36)


def simulated(seed=1, noise=0.01, frequency=F, **fields):
    spectrum = eisfit.simulate("rs-ct", TRUTH, frequency=frequency, noise=noise, seed=seed)
    return spectrum.replace(**fields)


@pytest.fixture(scope="module")
def result():
    return eisfit.fit(simulated(), "rs-ct")


def by_lmfit(result, level, scale=True):
    """The same intervals from lmfit, with residuals written out here; F test, or chi2 for measured noise."""
    f, z = result.spectrum.frequency, result.spectrum.impedance
    error = np.abs(z) if scale else result.spectrum.noise

    def residual(params):
        p = params.valuesdict()
        model = p["R_s"] + p["R_ct"] / (1 + p["R_ct"] * p["CPE_ct_Q"] * (2j * np.pi * f) ** p["CPE_ct_alpha"])
        r = (model - z) / error
        return np.concatenate([r.real, r.imag])

    minimizer = lmfit.Minimizer(residual, result.params, scale_covar=scale)
    chi2 = None if scale else lambda best, new: stats.chi2.cdf(new.chisqr - best.chisqr, 1)
    found = lmfit.conf_interval(minimizer, result.lmfit, sigmas=[level], prob_func=chi2)
    return {name: (rows[0][1], rows[2][1]) for name, rows in found.items()}


@pytest.mark.parametrize("level", [0.68, 0.95])
def test_profile_is_lmfits_conf_interval(result, level):
    """lmfit's root finder stops at 5e-4 of the value's bracket: some thousandths of the standard error."""
    ours, theirs = intervals(result, level, "profile"), by_lmfit(result, level)
    for name, row in ours.items():
        error = result[name].stderr
        assert row.low == pytest.approx(theirs[name][0], abs=0.01 * error)
        assert row.high == pytest.approx(theirs[name][1], abs=0.01 * error)


def test_profile_with_measured_noise_uses_chi2():
    spectrum = simulated(2)
    fitted = eisfit.fit(spectrum, "rs-ct", weighting="noise")
    ours, theirs = intervals(fitted, 0.95, "profile"), by_lmfit(fitted, 0.95, scale=False)
    assert ours.criterion == "chisqr - chisqr_min <= chi2(1) = 3.841"
    assert ours["R_ct"].low == pytest.approx(theirs["R_ct"][0], abs=0.01 * fitted["R_ct"].stderr)


def test_covariance_interval_is_t_times_stderr(result):
    row, width = intervals(result)["R_ct"], stats.t.ppf(0.975, 72 - 4)
    assert row.high - row.value == pytest.approx(width * result["R_ct"].stderr)
    assert intervals(result, names=("R_s",)).keys() == {"R_s"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "options"),
    [("bootstrap", {}), ("bootstrap", {"kind": "parametric"}), ("mcmc", {"count": 800})],
)
def test_sampling_methods_agree_with_the_profile_of_a_nearly_linear_fit(result, method, options):
    sampled, exact = intervals(result, method=method, **options), intervals(result, method="profile")
    for name, row in sampled.items():
        width = exact[name].high - exact[name].low
        assert row.high - row.low == pytest.approx(width, rel=0.25)
        assert row.low == pytest.approx(exact[name].low, abs=0.15 * width)
    again = intervals(result, method=method, **options)
    assert again.to_dict() == sampled.to_dict()


def test_mcmc_keeps_the_bounds(result):
    low = result["R_ct"].value * 0.999
    bounded = eisfit.fit(simulated(), "rs-ct", bound={"R_ct": (low, 100.0)})
    found = intervals(bounded, method="mcmc", count=500)
    column = found.samples[:, bounded.circuit.names.index("R_ct")]
    assert column.min() >= low
    assert found.samples.shape == (70 * 16, 4)


def test_a_short_chain_is_told(result):
    (note,) = intervals(result, method="mcmc", count=200).notes
    assert note.startswith("the chain is short: 200 steps for an autocorrelation time of ")


@pytest.mark.slow
def test_the_posterior_is_that_of_lmfits_emcee(result):
    """The same density, but emcee's walkers through lmfit: quantiles alike to four times the chains' scatter.

    emcee's remembers 47 steps, so that it is worth 500 draws; how it goes hangs on the last digit of the fit.
    """
    refit = Refit.of(result, plain=True)
    density, size = make_log_density(refit), refit.theta.size
    spread = np.sqrt(np.diag(refit.covariance() * result.statistics.redchi))
    params = lmfit.Parameters()
    for k, value in enumerate(refit.theta):
        params.add(f"theta_{k}", value=value, min=value - 12 * spread[k], max=value + 12 * spread[k])
    minimizer = lmfit.Minimizer(lambda p: density(np.array([[v.value for v in p.values()]]))[0], params)
    start = refit.theta + spread * np.random.default_rng(3).standard_normal((16, size))
    options = {"pos": start, "steps": 1700, "nwalkers": 16, "burn": 300, "seed": 3, "progress": False}
    reference = minimizer.emcee(**options, run_mcmc_kwargs={"skip_initial_state_check": True}).flatchain
    values = refit.problem.coordinates.physical(reference.to_numpy())
    mine = intervals(result, method="mcmc", count=1700).samples
    for k in range(size):
        theirs = np.quantile(values[:, k], [0.025, 0.16, 0.5, 0.84, 0.975])
        off = np.quantile(mine[:, k], [0.025, 0.16, 0.5, 0.84, 0.975]) - theirs
        assert (np.abs(off) < np.array([0.5, 0.35, 0.25, 0.35, 0.5]) * (theirs[3] - theirs[1]) / 2).all()


@pytest.mark.slow
def test_walkers_find_both_ends_of_a_bent_valley():
    """Rosenbrock's density has closed-form moments: x is N(1, 1), and y given x is N(x^2, 0.3^2)."""
    rng = np.random.default_rng(5)

    def density(p):
        return -((1 - p[:, 0]) ** 2) / 2 - (p[:, 1] - p[:, 0] ** 2) ** 2 / (2 * 0.3**2)

    chain = run_walkers(density, rng.normal(1, 0.5, (40, 2)), 20_000, rng)[4000:]
    assert chain[..., 0].mean() == pytest.approx(1.0, abs=0.1)
    assert chain[..., 0].std() == pytest.approx(1.0, abs=0.1)
    assert (chain[..., 1] - chain[..., 0] ** 2).std() == pytest.approx(0.3, rel=0.1)


@pytest.mark.slow
def test_two_optima_are_visited_as_often_as_they_weigh():
    """A mixture of two normal densities far apart, a third and two thirds of it, of unlike widths."""
    rng, means = np.random.default_rng(11), np.array([[0.0, 0.0], [30.0, -20.0]])
    widths, shares = np.array([[1.0, 0.2], [0.5, 2.0]]), np.array([1 / 3, 2 / 3])

    def density(p):
        away = ((p[:, np.newaxis] - means) / widths) ** 2
        return np.log(np.sum(shares / widths.prod(axis=1) * np.exp(-0.5 * away.sum(axis=2)), axis=1) + 1e-300)

    start = np.concatenate(
        [mean + width * rng.normal(size=(8, 2)) for mean, width in zip(means, widths, strict=True)]
    )
    jump = Jump([(mean, np.diag(width**2)) for mean, width in zip(means, widths, strict=True)])
    chain = run_walkers(density, start, 6000, rng, jump)
    first = chain[..., 0] < 15
    assert first.mean() == pytest.approx(1 / 3, abs=0.03)
    assert chain[first][:, 1].std() == pytest.approx(0.2, rel=0.05)
    assert chain[~first][:, 1].std() == pytest.approx(2.0, rel=0.05)


def test_the_autocorrelation_time_of_an_autoregression():
    """x' = a x + noise: (1 + a) / (1 - a), in closed form."""
    rng, a = np.random.default_rng(7), 0.9
    chain = np.empty((20_000, 8, 1))
    chain[0] = rng.normal(size=(8, 1))
    for k in range(1, len(chain)):
        chain[k] = a * chain[k - 1] + np.sqrt(1 - a * a) * rng.normal(size=(8, 1))
    assert autocorrelation_time(chain) == pytest.approx((1 + a) / (1 - a), rel=0.1)


@pytest.mark.slow
def test_posterior_of_a_straight_line_is_students(capsys):
    """R in series with a known L: linear, so that the posterior is Student's but for the prior in ln R, whose
    influence is small here; the chain goes on until it is long enough, and nothing is printed."""
    f = np.geomspace(1e5, 1e3, 30)
    s = eisfit.simulate("R_s-L_1", {"R_s": 10.0, "L_1": 1e-4}, noise=0.01, frequency=f)
    fitted = eisfit.fit(s, "R_s-L_1", weighting="unit", fix={"L_1": 1e-4})
    found, exact = intervals(fitted, method="mcmc"), intervals(fitted)["R_s"]
    assert not found.notes
    assert capsys.readouterr().out == ""
    assert found["R_s"].high - found["R_s"].low == pytest.approx(exact.high - exact.low, rel=0.08)


def by_time_constant(result, level):
    """lmfit's interval of tau, in a fit whose parameters are R_s, R_ct, tau and alpha, written out here."""
    f, z = result.spectrum.frequency, result.spectrum.impedance

    def residual(params):
        p = params.valuesdict()
        model = p["R_s"] + p["R_ct"] / (1 + (2j * np.pi * f * p["tau"]) ** p["alpha"])
        r = (model - z) / np.abs(z)
        return np.concatenate([r.real, r.imag])

    params = lmfit.Parameters()
    tau = (result["R_ct"].value * result["CPE_ct_Q"].value) ** (1 / result["CPE_ct_alpha"].value)
    start = {"R_s": result["R_s"].value, "R_ct": result["R_ct"].value, "tau": tau}
    for name, value in {**start, "alpha": result["CPE_ct_alpha"].value}.items():
        params.add(name, value=value, min=0)
    minimizer = lmfit.Minimizer(residual, params)
    best = minimizer.least_squares()
    rows = lmfit.conf_interval(minimizer, best, p_names=["tau"], sigmas=[level])["tau"]
    return rows[0][1], rows[2][1]


def test_profile_of_a_derived_quantity_is_that_of_a_fit_written_in_it():
    """An arc half outside the sweep: its time constant has a lopsided interval."""
    fitted = eisfit.fit(simulated(3, 0.02, np.geomspace(1e5, 150, 25)), "rs-ct")
    found = intervals(fitted, method="profile")
    low, high = by_time_constant(fitted, 0.95)
    tau, plain = found["tau_ct"], intervals(fitted)["tau_ct"]
    assert (tau.low, tau.high) == (pytest.approx(low, rel=2e-3), pytest.approx(high, rel=2e-3))
    assert high - tau.value > 1.1 * (tau.value - low)
    assert plain.high - tau.value == pytest.approx(tau.value - plain.low)
    assert found["f_peak_ct"].low == pytest.approx(1 / (2 * np.pi * tau.high), rel=1e-4)
    assert found["R_p"].high == pytest.approx(found["R_ct"].high, rel=1e-4)
    assert intervals(fitted, method="profile", names=("R_p",)).derived.keys() == {"R_p"}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["covariance", "bootstrap", "mcmc"])
def test_derived_quantities_have_intervals_by_every_method(result, method):
    exact = intervals(result, method="profile").derived
    found = intervals(result, method=method, count={"bootstrap": 1000, "mcmc": 800}.get(method)).derived
    assert set(found) == set(exact) == {"tau_ct", "f_peak_ct", "C_ct", "C_brug_ct", "R_p"}
    for name, row in exact.items():
        width = row.high - row.low
        assert found[name].high - found[name].low == pytest.approx(width, rel=0.25), name
    marked = add_intervals(result, intervals(result, method=method, count=400, names=("R_p",)))
    assert marked.derived["R_p"]["interval"]["method"] == method
    assert "interval" not in marked.derived["C_ct"]


def test_what_was_given_of_the_cell_widens_the_interval():
    given = {"area": {"value": "2 cm^2", "stderr": "0.1 cm^2"}}
    fitted = eisfit.fit(simulated(), "rs-ct", geometry=given)
    for method in ("covariance", "profile", "bootstrap"):
        row = intervals(fitted, method=method)["R_p_area"]
        assert np.log(row.high / row.low) == pytest.approx(2 * 1.99 * 0.05, rel=0.06), method


def test_an_open_side_opens_what_follows_from_it():
    c = "R_s-p(R_ct,C_dl)"
    s = eisfit.simulate(c, {"R_s": 2.0, "R_ct": 2e6, "C_dl": 1e-3}, frequency=np.geomspace(1e5, 3, 40))
    found = intervals(eisfit.fit(s, c), method="profile")
    assert found["R_p"].high is None
    assert found["R_p"].low == pytest.approx(found["R_ct"].low, rel=0.01)
    assert found["tau_ct"].high is None
    assert found["f_peak_ct"].low is None


def test_bootstrap_of_another_form_and_loss(result):
    fitted = eisfit.fit(simulated(), "rs-ct", loss="huber", representation="admittance")
    found = intervals(fitted, method="bootstrap", count=300)
    plain = intervals(fitted)
    width = plain["R_ct"].high - plain["R_ct"].low
    assert found["R_ct"].high - found["R_ct"].low == pytest.approx(width, rel=0.3)


def test_an_open_side_is_said():
    """R_ct of an arc whose peak (0.08 Hz) lies far below the sweep has a lower limit only."""
    c = "R_s-p(R_ct,C_dl)"
    s = eisfit.simulate(c, {"R_s": 2.0, "R_ct": 2e6, "C_dl": 1e-3}, frequency=np.geomspace(1e5, 3, 40))
    fitted = eisfit.fit(s, c)
    row = intervals(fitted, method="profile")["R_ct"]
    assert row.high is None
    assert row.low < 2e6
    assert not row.determined
    text = str(intervals(fitted, method="profile"))
    assert "not determined: > " in text
    assert any(f.name == "undetermined" and "> " in f.cause for f in fitted.flags) or not fitted.ok


def test_an_interval_ends_at_a_bound_that_the_user_gave(result):
    low = result["R_ct"].value * 0.999
    fitted = eisfit.fit(simulated(), "rs-ct", bound={"R_ct": (low, 100.0)})
    assert intervals(fitted, method="profile")["R_ct"].low == pytest.approx(low)
    assert intervals(fitted)["R_ct"].low == low


def test_covariance_has_no_interval_at_a_bound_but_the_profile_has():
    s = eisfit.simulate("R_s-p(R_ct,C_dl)", {"R_s": 2, "R_ct": 20, "C_dl": 1e-4}, noise=0.01, seed=4)
    fitted = next(
        f for f in (eisfit.fit(s.replace(impedance=s.impedance * (1 + k * 1e-9)), "rs-ct") for k in range(1))
    )
    if fitted["CPE_ct_alpha"].at_bound:
        found = intervals(fitted)
        assert "CPE_ct_alpha" not in found
        assert "no standard error for CPE_ct_alpha" in found.notes[0]
    row = intervals(fitted, method="profile")["CPE_ct_alpha"]
    assert row.low < 1.0
    assert row.high == pytest.approx(1.0, abs=5e-3)


def test_tied_parameters_have_intervals_but_no_profile():
    fitted = eisfit.fit(simulated(), "rs-ct", expr={"R_s": "R_ct/10"})
    assert intervals(fitted)["R_s"].high == pytest.approx(intervals(fitted)["R_ct"].high / 10)
    assert intervals(fitted, method="bootstrap", count=300)["R_s"].low > 0
    assert "R_s" not in intervals(fitted, method="profile")
    with pytest.raises(ParameterError, match="R_s has no interval: it is tied"):
        intervals(fitted, method="profile", names=("R_s",))


def test_result_carries_the_intervals_into_json_and_back(result):
    found = intervals(result, 0.9, "profile")
    marked = add_intervals(result, found)
    block = marked.to_dict(data=False)["parameters"]["R_ct"]["interval"]
    assert marked.to_dict(data=False)["derived"]["R_p"]["interval"]["low"] == found["R_p"].low
    assert block == {"level": 0.9, "low": found["R_ct"].low, "high": found["R_ct"].high, "method": "profile"}
    back = eisfit.FitResult.from_dict(json.loads(json.dumps(marked.to_dict())))
    assert back["R_ct"].interval == block
    assert "90 % interval (profile)" in str(marked)
    assert result["R_ct"].interval is None
    assert intervals(back, 0.9, "profile")["R_ct"].low == pytest.approx(found["R_ct"].low)


def test_intervals_are_a_mapping_to_frames_json_and_figures(result):
    found = intervals(result, method="profile")
    back = Intervals.from_dict(json.loads(json.dumps(found.to_dict())))
    assert back.to_dict() == found.to_dict()
    assert list(found.to_frame().columns) == ["value", "unit", "low", "high"]
    assert "95 % interval" in repr(found)
    assert "<table>" in found._repr_html_()
    ax = plot.new_axes()
    assert found.plot(ax=ax) is ax
    axes = found.plot_profiles(figure=plot.new_figure())
    assert len(axes) == len(found) == 4
    with pytest.raises(ParameterError, match=r"no interval for 'R_tc'; did you mean 'R_ct'\?"):
        _ = found["R_tc"]
    with pytest.raises(EisfitError, match="method='profile'"):
        intervals(result).plot_profiles(figure=plot.new_figure())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "profil"}, "did you mean 'profile'"),
        ({"level": 95}, "must lie between 0 and 1"),
        ({"method": "bootstrap", "count": 50}, "50 repeats are too few for 95 % intervals; use 200 or more"),
        ({"method": "bootstrap", "kind": "residul"}, "did you mean 'residual'"),
        ({"method": "mcmc", "count": 10}, "too few for mcmc"),
        ({"names": ("R_tc",)}, "no parameter 'R_tc'"),
    ],
)
def test_wrong_requests_are_refused(result, options, words):
    with pytest.raises(UsageError, match=words):
        intervals(result, **options)


def test_a_robust_loss_has_no_likelihood():
    fitted = eisfit.fit(simulated(), "rs-ct", loss="huber")
    with pytest.raises(UsageError, match="use covariance or bootstrap"):
        intervals(fitted, method="profile")


@pytest.mark.slow
@pytest.mark.parametrize(("method", "count", "least"), [("covariance", 200, 180), ("profile", 80, 70)])
def test_intervals_cover_the_truth(method, count, least):
    """95 % of 200: 190 with a standard deviation of 3.1; of 80: 76 with 2; three of them are allowed."""
    inside = dict.fromkeys(TRUTH, 0)
    for fitted in eisfit.fit_many((simulated(1000 + seed) for seed in range(count)), "rs-ct", start=TRUTH):
        for name, row in intervals(fitted, method=method).items():
            low, high = (
                end if end is not None else open_ for end, open_ in ((row.low, 0), (row.high, np.inf))
            )
            inside[name] += low <= TRUTH[name] <= high
    assert min(inside.values()) >= least, inside

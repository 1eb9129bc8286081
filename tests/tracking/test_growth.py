"""Growth of a parameter, against numpy's polyfit and the closed forms of a weighted straight line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import chi2

from eisfit.errors import FitError
from eisfit.tracking.growth.growth import Growth, fit_growth
from eisfit.tracking.growth.spikes import find_followers

CYCLE = np.array([3.0, 50, 100, 150, 200, 250])
STDERR = np.array([0.5, 0.4, 0.6, 0.5, 0.8, 0.3])
VALUE = 50 + 0.25 * CYCLE + STDERR * np.array([1.2, -0.4, 0.7, -1.9, 0.1, 0.6])


def _line(cycle, value, stderr, **named):
    return fit_growth(cycle, value, stderr, law="linear", **named)


@pytest.mark.parametrize("times", [1.0, 2.0])  # chance explains the first scatter (20 %), not the second
def test_against_polyfit(times):
    value = 50 + 0.25 * CYCLE + times * (VALUE - 50 - 0.25 * CYCLE)
    growth = _line(CYCLE, value, STDERR, name="R_ct", unit="ohm")
    # numpy.polyfit, weights 1/stderr; cov="unscaled" takes the errors as they are
    (slope, intercept), unscaled = np.polyfit(CYCLE, value, 1, w=1 / STDERR, cov="unscaled")
    scatter = np.sqrt(np.sum(((value - intercept - slope * CYCLE) / STDERR) ** 2) / 4)
    assert growth.slope == pytest.approx(slope, rel=1e-10)
    assert growth.intercept == pytest.approx(intercept, rel=1e-10)
    assert growth.scatter == pytest.approx(scatter, rel=1e-9)
    assert scatter > 1
    wider = scatter if chi2.sf(4 * scatter**2, 4) < 0.15 else 1.0
    assert wider == pytest.approx(1.0 if times == 1.0 else scatter)
    assert growth.slope_stderr == pytest.approx(np.sqrt(unscaled[0, 0]) * wider, rel=1e-9)
    assert growth.intercept_stderr == pytest.approx(np.sqrt(unscaled[1, 1]) * wider, rel=1e-9)
    assert growth.covariance == pytest.approx(unscaled[0, 1] * wider**2, rel=1e-9)


def test_errors_are_not_made_smaller_by_a_lucky_line():
    value = 50 + 0.25 * CYCLE + 0.01 * STDERR * np.array([1, -1, 1, -1, 1, -1])
    growth = _line(CYCLE, value, STDERR, name="R_ct")
    weight = 1 / STDERR**2
    middle = np.sum(weight * CYCLE) / np.sum(weight)
    # Bevington, Robinson, Data Reduction and Error Analysis, eq. 6.21-6.22, about the weighted mean
    assert growth.slope_stderr == pytest.approx(1 / np.sqrt(np.sum(weight * (CYCLE - middle) ** 2)), rel=1e-9)
    assert growth.scatter < 0.1


@pytest.mark.slow
def test_the_slope_error_is_the_scatter_of_repeats():
    rng = np.random.default_rng(5)
    growths = [
        _line(CYCLE, 50 + 0.25 * CYCLE + STDERR * rng.standard_normal(6), STDERR, name="R")
        for _ in range(2000)
    ]
    weight = 1 / STDERR**2
    middle = np.sum(weight * CYCLE) / np.sum(weight)
    known = 1 / np.sqrt(np.sum(weight * (CYCLE - middle) ** 2))
    assert np.std([g.slope for g in growths]) == pytest.approx(known, rel=0.06)


def test_two_points_give_a_line_without_errors():
    growth = _line([0, 100], [50, 60], [1, 1], name="R_ct")
    assert growth.slope == pytest.approx(0.1)
    assert growth.slope_stderr is None
    assert growth.scatter is None
    assert growth.points == 2
    assert growth(200) == pytest.approx(70)
    assert growth.doubling_cycle == pytest.approx(500)


@pytest.mark.parametrize("slope", [0.0, -0.2])
def test_what_does_not_grow_does_not_double(slope):
    value = 50 + slope * CYCLE + STDERR * np.array([1, -1, 1, -1, 1, -1])
    assert _line(CYCLE, value, STDERR, name="R_ct").doubling_cycle is None


def test_rows_without_a_number_are_left_out():
    value = VALUE.copy()
    stderr = STDERR.copy()
    value[1], stderr[2] = np.nan, np.nan
    use = [0, 3, 4, 5]
    expected = _line(CYCLE[use], VALUE[use], STDERR[use], name="R_ct")
    assert _line(CYCLE, value, stderr, name="R_ct") == expected


@pytest.mark.parametrize("cycle", [[], [5], [5, 5, 5], [np.nan, 5]])
def test_too_few_cycles_are_refused(cycle):
    with pytest.raises(FitError, match=r"R_ct: a growth needs two cycles .* but there"):
        _line(cycle, np.ones(len(cycle)), np.ones(len(cycle)), name="R_ct")


def test_there_and_back():
    growth = _line(CYCLE, VALUE, STDERR, name="R_ct", unit="ohm")
    assert Growth.from_dict(growth.to_dict()) == growth


def test_a_doubling_is_told_with_its_interval_where_it_was_measured():
    """The line 50 + 0.1 x doubles at 500, beyond cycle 250: in the document, but not in the sentence."""
    beyond = _line(CYCLE, 50 + 0.1 * CYCLE, STDERR, name="R_ct", unit="ohm")
    assert beyond.doubling.cycle == pytest.approx(500)
    assert beyond.doubling.extrapolated
    assert "doubles" not in str(beyond)
    steep = _line(CYCLE, 5 + 0.1 * CYCLE, STDERR, name="R_ct", unit="ohm")
    assert "; R_ct doubles at cycle 50" in str(steep)
    document = steep.to_dict()["doubling"]
    assert document["low"] < 50 < document["high"]
    assert Growth.from_dict(json.loads(json.dumps(steep.to_dict()))) == steep
    assert _line(CYCLE, 5 - 0.01 * CYCLE, STDERR, name="R_ct").doubling is None


def _slow_scatter(rng, size, correlation):
    deviations = rng.standard_normal(size)
    for k in range(1, size):
        deviations[k] = correlation * deviations[k - 1] + np.sqrt(1 - correlation**2) * deviations[k]
    return deviations


def test_neighbours_that_deviate_alike_against_generalised_least_squares():
    cycle = np.linspace(0, 200, 21)
    value = 30 + 0.05 * cycle + 0.6 * _slow_scatter(np.random.default_rng(2), 21, 0.85)
    error = np.linspace(0.05, 0.1, 21)
    growth = _line(cycle, value, error, name="R_ct")
    assert growth.correlation > 0.3
    # The textbook's form, with the covariance of all points written out
    alike = growth.correlation ** np.abs(np.subtract.outer(np.arange(21), np.arange(21)))
    inverse = np.linalg.inv(alike * np.outer(error, error))
    design = np.column_stack([np.ones(21), cycle])
    covariance = np.linalg.inv(design.T @ inverse @ design)
    line = covariance @ design.T @ inverse @ value
    off = value - design @ line
    assert growth.slope == pytest.approx(line[1], rel=1e-9)
    assert growth.slope_stderr == pytest.approx(
        np.sqrt(covariance[1, 1] * (off @ inverse @ off) / 19), rel=1e-9
    )
    # Films of several thicknesses are no neighbours, and six cycles do not tell
    assert fit_growth(cycle, value, error, name="R", law="linear", one_cell=False).correlation == 0
    assert _line(CYCLE, VALUE + 5 * CYCLE**0.5, STDERR, name="R").correlation == 0


@pytest.mark.parametrize("correlation", [0.0, 0.85])
def test_slow_scatter_is_no_growth(correlation):
    """Without the correlation: a growth in 43 % of such series, a breakpoint in 67 %."""
    rng = np.random.default_rng(20261130)
    cycle, told, broken, repeats = np.linspace(0, 200, 41), 0, 0, 40
    for _ in range(repeats):
        value = 30 * (1 + 0.02 * _slow_scatter(rng, 41, correlation)) * (1 + 0.003 * rng.standard_normal(41))
        growth = fit_growth(cycle, value, 0.003 * value, name="R_ct")
        told += abs(growth.slope) > 3 * growth.slope_stderr
        broken += growth.law == "breakpoint"
    assert told <= (0.25 if correlation else 0.05) * repeats
    assert broken <= (0.35 if correlation else 0.1) * repeats


def test_a_cycle_alone_off_both_neighbours_is_left_out_and_named():
    rng = np.random.default_rng(4)
    cycle = np.linspace(0, 200, 21)
    value = (30 + 0.05 * cycle) * (1 + 0.003 * rng.standard_normal(21))
    spoilt = np.where(cycle == 120, 1.5 * value, value)
    growth = fit_growth(cycle, spoilt, 0.003 * spoilt, name="R_ct", unit="ohm")
    assert growth.left_out == (120.0,)
    assert growth.points == 20
    assert growth.slope == pytest.approx(0.05, abs=4 * growth.slope_stderr)
    assert growth.slope_stderr < 0.001
    assert "off both neighbours: cycle 120" in str(growth)
    assert fit_growth(cycle, value, 0.003 * value, name="R_ct").left_out == ()


@pytest.mark.parametrize(
    "law",
    [
        lambda x: 10 + 1.5 * np.sqrt(x),  # its second point lies high above the line of its neighbours
        lambda x: 30 + 0.02 * x + 0.4 * np.maximum(x - 120, 0),
        lambda x: np.where(x < 100, 30.0, 36.0),
        lambda x: np.where(x == 200, 45.0, 30.0),  # a sudden end, or one bad spectrum: who knows
    ],
)
def test_laws_knees_steps_and_ends_are_no_outliers(law):
    rng = np.random.default_rng(6)
    for size in (10, 21, 41):
        cycle = np.linspace(0, 200, size)
        for _ in range(5):
            value = law(cycle) * (1 + 0.003 * rng.standard_normal(size))
            assert fit_growth(cycle, value, 0.003 * value, name="R", law="linear").left_out == ()


def test_a_last_cycle_far_off_makes_no_correlation():
    """Its line is tilted, and what is left looks like slow scatter: no interval held."""
    cycle = np.linspace(0, 200, 41)
    value = (30 + 0.05 * cycle) * (1 + 0.003 * np.random.default_rng(3).standard_normal(41))
    value[-1] *= 1.5
    growth = fit_growth(cycle, value, 0.003 * value, name="R_ct")
    assert growth.correlation == 0
    assert abs(growth.rate(0, 200)[0] - 0.05) < growth.quantile(0.95) * growth.slope_stderr


def test_points_at_one_place_are_no_division_by_zero():
    """Cells mixed in one series, and repeats: numpy's warning stood on the user's terminal."""
    x = np.repeat([1.0, 2.0, 3.0, 4.0], 3)
    y = np.where(np.arange(12) == 5, 50.0, x + np.tile([0.0, 0.01, -0.01], 4))
    assert find_followers(x, y, np.full(12, 0.01)).tolist() == [k != 5 for k in range(12)]

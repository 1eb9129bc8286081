"""Growth of two cells compared, against scipy's Welch test and Fieller's theorem."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import norm, t, ttest_ind, ttest_ind_from_stats

from eisfit.errors import UsageError
from eisfit.tracking.comparison.compare_growth import GrowthComparison, compare_growth
from eisfit.tracking.comparison.replicates import check_groups, compare_replicates
from eisfit.tracking.growth.growth import fit_growth

CYCLE = np.arange(10.0, 210, 20)
WOBBLE = np.random.default_rng(0).standard_normal((2, 10))


def growth(slope, row=0, noise=1.0, cycle=CYCLE):
    return fit_growth(
        cycle,
        40 + slope * cycle + noise * WOBBLE[row],
        np.full(10, noise),
        name="R_ct",
        unit="ohm",
        law="linear",
    )


def test_difference_and_test_are_welchs():
    one, other = growth(0.2), growth(0.1, 1, 0.4)
    found = compare_growth(one, other, labels=("bare", "coated"))
    assert found.difference == pytest.approx(other.slope - one.slope)
    # scipy: standard error of a mean = std/sqrt(n) with n - 1 degrees of freedom; here dof = 8, so n = 9
    known = ttest_ind_from_stats(
        other.slope, other.slope_stderr * 3, 9, one.slope, one.slope_stderr * 3, 9, equal_var=False
    )
    assert found.p == pytest.approx(known.pvalue, rel=1e-8)
    assert "they differ" in str(found)
    assert "bare" in str(found)


def test_the_ratios_interval_covers_the_truth():
    """Fieller: r is in the interval exactly where b - r a is within its own error of zero."""
    one, other = growth(0.2), growth(0.1, 1, 0.4)
    found = compare_growth(one, other)
    quantile = (found.difference_high - found.difference) / found.difference_stderr
    for end in (found.ratio_low, found.ratio_high):
        off = other.slope - end * one.slope
        assert abs(off) == pytest.approx(
            quantile * np.hypot(other.slope_stderr, end * one.slope_stderr), rel=1e-9
        )
    assert found.ratio_low < 0.5 < found.ratio_high


def test_repeats_of_equal_cells_differ_as_often_as_chance_has_it():
    rng = np.random.default_rng(1)
    ps = []
    for _ in range(300):
        pair = [
            fit_growth(CYCLE, 40 + 0.2 * CYCLE + rng.standard_normal(10), np.ones(10), name="R", law="linear")
            for _ in range(2)
        ]
        ps.append(compare_growth(*pair).p)
    # at least as careful as its level, since errors are never made smaller by a lucky scatter
    assert np.mean(np.array(ps) < 0.05) < 0.05 + norm.ppf(0.999) * np.sqrt(0.05 * 0.95 / 300)


def test_a_flat_first_cell_has_no_ratio():
    found = compare_growth(growth(0.0), growth(0.1, 1))
    assert (found.ratio_low, found.ratio_high) == (None, None)
    assert "ratio" not in str(found)


def test_different_laws_are_compared_over_their_common_cycles():
    late = fit_growth(
        CYCLE + 50, 10 * np.exp(0.01 * (CYCLE + 50)) + WOBBLE[0], np.ones(10), name="R_ct", law="exponential"
    )
    found = compare_growth(growth(0.2), late)
    assert (found.first, found.last) == (60, 190)
    assert found.rates[1] == pytest.approx(10 * (np.exp(1.9) - np.exp(0.6)) / 130, rel=0.05)


def test_there_and_back():
    found = compare_growth(growth(0.2), growth(0.1, 1), labels=("bare", "coated"))
    assert GrowthComparison.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert list(found.to_frame()["cell"]) == ["bare", "coated", "difference"]
    assert "bare" in found._repr_html_()


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match=r"R_ct: .* have no cycles in common"):
        compare_growth(growth(0.2), growth(0.1, cycle=CYCLE + 500))
    two = fit_growth([0, 100], [50, 60], [1, 1], name="R_ct")
    with pytest.raises(UsageError, match="R_ct of second: too few cycles"):
        compare_growth(growth(0.2), two)


def cells(slopes, noise=0.05):
    return [growth(slope, k % 2, noise) for k, slope in enumerate(slopes)]


BARE, COATED = (0.20, 0.23, 0.18), (0.10, 0.13, 0.11, 0.08)


def test_groups_that_scatter_are_compared_by_welchs_test_of_their_cells():
    one, other = cells(BARE), cells(COATED)
    found = compare_replicates(one, other, labels=("bare", "coated"))
    known = ttest_ind([g.slope for g in other], [g.slope for g in one], equal_var=False)
    assert found.p == pytest.approx(known.pvalue, rel=1e-6)
    interval = known.confidence_interval(0.95)
    assert (found.difference_low, found.difference_high) == pytest.approx((interval.low, interval.high))
    assert found.cells == (3, 4)
    assert "(bare, 3 cells) and" in str(found)
    assert GrowthComparison.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_single_cell_is_taken_to_scatter_like_the_others():
    one, other = cells(BARE), cells((0.1,))
    found = compare_replicates(one, other)
    scatter = np.std([g.slope for g in one], ddof=1)
    assert found.difference_stderr == pytest.approx(scatter * np.sqrt(1 / 3 + 1), rel=1e-6)
    assert found.dof == 2
    assert found.p == pytest.approx(2 * t.cdf(-abs(found.difference) / found.difference_stderr, 2))


@pytest.mark.slow
def test_cells_alike_by_luck_are_not_more_certain_than_their_fits():
    one, other = [growth(0.2), growth(0.2)], [growth(0.1, 1), growth(0.1, 1)]
    found = compare_replicates(one, other)
    known = [group[0].slope_stderr / np.sqrt(2) for group in (one, other)]
    assert found.stderrs == pytest.approx(tuple(known))


@pytest.mark.slow
def test_replicates_of_one_kind_differ_as_often_as_chance_has_it():
    rng = np.random.default_rng(3)
    ps = [
        compare_replicates(*(cells(0.2 + 0.02 * rng.standard_normal(3)) for _ in range(2))).p
        for _ in range(400)
    ]
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.035)  # Welch's is a little too strict


def test_mistakes_with_groups_are_named():
    late = growth(0.1, cycle=CYCLE + 500)
    with pytest.raises(UsageError, match="the cells of bare and coated have no cycles in common"):
        compare_replicates(cells(BARE), [late], labels=("bare", "coated"))
    with pytest.raises(UsageError, match="where a group has two cells or more"):
        compare_replicates(cells((0.2,)), cells((0.1,)))
    with pytest.raises(UsageError, match="needs two of them"):
        check_groups({"bare": ["a"]}, ["a", "b"])
    with pytest.raises(UsageError, match="group bare: no cell 'c'; there are a, b"):
        check_groups({"bare": ["c"], "coated": ["b"]}, ["a", "b"])
    with pytest.raises(UsageError, match="group coated: has no cells"):
        check_groups({"bare": ["a"], "coated": []}, ["a", "b"])
    with pytest.raises(UsageError, match="cell a is in more than one group"):
        check_groups({"bare": ["a"], "coated": ["b", "a"]}, ["a", "b"])

"""Growth laws, bands and crossings against scipy's curve_fit, numpy's polyfit and closed forms."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import curve_fit, minimize_scalar
from scipy.stats import t as student

from eisfit.errors import FitError, UsageError
from eisfit.tracking.growth import laws
from eisfit.tracking.growth.band import Band
from eisfit.tracking.growth.crossing import Crossing
from eisfit.tracking.growth.growth import Growth, fit_growth
from eisfit.tracking.growth.laws import LAWS, OWN_LAWS
from eisfit.tracking.growth.minimum import find_bounded_minimum

DOCS = Path(__file__).resolve().parents[2] / "docs"
CYCLE = np.array([1.0, 25, 50, 80, 100, 140, 180, 200, 260, 300, 350, 400])
STDERR = 0.3 + 0.002 * CYCLE
WOBBLE = np.random.default_rng(3).standard_normal(CYCLE.size) * STDERR

# The laws in another notation, for scipy.optimize.curve_fit (numerical derivatives, MINPACK).
FORMULAS = {
    "linear": (lambda x, a, b: a + b * x, (40, 0.1)),
    "sqrt": (lambda x, a, b: a + b * x**0.5, (40, 2.0)),
    "exponential": (lambda x, a, c: a * np.exp(c * x), (40, 0.003)),
    "power": (lambda x, a, b, c: a + b * x**c, (40, 1e-3, 2.0)),
    "breakpoint": (lambda x, a, b, d, c: a + b * x + d * np.clip(x - c, 0, None), (40, 0.02, 0.3, 220.0)),
}


def noisy(law):
    formula, truth = FORMULAS[law]
    return formula(CYCLE, *truth) + WOBBLE


@pytest.mark.parametrize("law", FORMULAS)
def test_coefficients_errors_and_band_against_curve_fit(law):
    growth = fit_growth(CYCLE, noisy(law), STDERR, name="R_ct", law=law)
    formula, truth = FORMULAS[law]
    best, covariance = curve_fit(formula, CYCLE, noisy(law), p0=truth, sigma=STDERR, absolute_sigma=True)
    residual = (noisy(law) - formula(CYCLE, *best)) / STDERR
    scale = max(np.sum(residual**2) / (CYCLE.size - len(best)), 1.0)
    assert growth.coefficients == pytest.approx(best, rel=2e-4)
    assert np.sqrt(np.diag(growth.coefficients_covariance)) == pytest.approx(
        np.sqrt(np.diag(covariance) * scale), rel=5e-3
    )
    x = np.array([10.0, 190.0, 390.0])
    step = 1e-6 * np.abs(best)
    slopes = np.stack([(formula(x, *(best + h)) - formula(x, *(best - h))) / (2 * s)
                       for s, h in zip(step, np.diag(step), strict=True)], axis=1)  # fmt: skip
    sigma = np.sqrt(np.einsum("ni,ij,nj->n", slopes, covariance * scale, slopes))
    quantile = student.ppf(0.95, CYCLE.size - len(best)) if scale > 1 else 1.6448536
    band = growth.band(x, level=0.9)
    assert np.subtract(band.high, band.value) == pytest.approx(quantile * sigma, rel=5e-3)


@pytest.mark.parametrize("law", FORMULAS)
def test_the_law_that_made_the_values_is_chosen(law):
    growth = fit_growth(CYCLE, noisy(law), STDERR, name="R_ct")
    assert growth.law == law
    assert growth.candidates[0]["law"] == law


def test_aicc_is_hurvich_and_tsais():
    growth = fit_growth(CYCLE, noisy("linear"), STDERR, name="R_ct", law="linear")
    line = np.polyfit(CYCLE, noisy("linear"), 1, w=1 / STDERR)
    chisqr = np.sum(((noisy("linear") - np.polyval(line, CYCLE)) / STDERR) ** 2)
    n, k = CYCLE.size, 3  # two coefficients and the scale
    assert growth.aicc == pytest.approx(n * np.log(chisqr / n) + 2 * k * n / (n - k - 1))


@pytest.mark.slow
def test_laws_are_not_chosen_where_points_are_too_few():
    growth = fit_growth([1, 50, 100, 150], [1, 7.1, 10, 12.2], [0.1] * 4, name="R_ct")
    assert growth.law == "linear"
    assert growth.aicc is None


@pytest.mark.slow
def test_a_straight_line_stays_one_in_most_repeats():
    rng = np.random.default_rng(8)
    laws = [
        fit_growth(CYCLE, 40 + 0.1 * CYCLE + STDERR * rng.standard_normal(12), STDERR, name="R").law
        for _ in range(40)
    ]
    assert laws.count("linear") > 32


@pytest.mark.slow
def test_the_doubling_of_a_line_is_fiellers():
    """Ratio -a/b of two normal numbers: E. C. Fieller, J. R. Stat. Soc. B 16 (1954) 175."""
    growth = fit_growth(CYCLE, noisy("linear"), STDERR, name="R_ct", law="linear")
    (a, b), c = growth.coefficients, np.array(growth.coefficients_covariance)
    found = growth.crossing(value=100.0, extrapolate=True)
    q2 = growth.quantile(0.95) ** 2
    # (a - 100 + b x)^2 = q^2 (c00 + 2 c01 x + c11 x^2)
    roots = np.roots([b**2 - q2 * c[1, 1], 2 * (b * (a - 100) - q2 * c[0, 1]), (a - 100) ** 2 - q2 * c[0, 0]])
    assert found.cycle == pytest.approx((100 - a) / b, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(sorted(roots), rel=1e-6)
    assert found.extrapolated
    assert str(found).startswith("R_ct reaches 100 at cycle 6")
    doubled = growth.crossing(factor=2, extrapolate=True)
    assert doubled.cycle == pytest.approx(a / b)
    variance = c[0, 0] / b**2 + a**2 * c[1, 1] / b**4 - 2 * a * c[0, 1] / b**3
    assert doubled.stderr == pytest.approx(np.sqrt(variance), rel=1e-3)
    assert "R_ct doubles at cycle" in str(doubled)


@pytest.mark.slow
def test_the_interval_of_a_crossing_covers_it():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(150):
        value = 40 * np.exp(0.003 * CYCLE) + STDERR * rng.standard_normal(CYCLE.size)
        found = fit_growth(CYCLE, value, STDERR, name="R", law="exponential").crossing(factor=2)
        hits += found.low <= np.log(2) / 0.003 <= found.high
    assert hits / 150 == pytest.approx(0.95, abs=0.04)


def test_crossings_beyond_the_data_only_when_asked():
    growth = fit_growth(CYCLE, noisy("linear"), STDERR, name="R_ct")
    found = growth.crossing(value=100.0)
    assert found.cycle is None
    assert str(found) == "R_ct reaches 100 not before cycle 400"
    assert growth.crossing(value=1e6, extrapolate=True).cycle is None


def test_an_open_end_is_open():
    growth = fit_growth([1, 2, 3, 4, 5], [1.0, 1.4, 0.9, 1.3, 1.2], [0.2] * 5, name="R", law="linear")
    found = growth.crossing(value=1.5, extrapolate=True)
    assert found.high is None
    assert "to open" in str(found)


def test_bands_beyond_the_data_only_when_asked():
    growth = fit_growth(CYCLE, noisy("sqrt"), STDERR, name="R_ct")
    with pytest.raises(UsageError, match="R_ct: cycle 500 lies outside the measured 1 to 400"):
        growth.band([100, 500])
    band = growth.band([100, 500], extrapolate=True)
    assert band.extrapolated == (False, True)
    assert band.high[1] - band.low[1] > band.high[0] - band.low[0]
    assert Band.from_dict(json.loads(json.dumps(band.to_dict()))) == band
    assert list(band.to_frame().columns) == ["cycle", "value", "low", "high", "extrapolated"]


def test_without_errors_there_is_no_band():
    growth = fit_growth([0, 100], [50, 60], [1, 1], name="R_ct")
    assert growth.band(50).low == (None,)
    assert growth.crossing(factor=1.1).low is None


@pytest.mark.parametrize("law", FORMULAS)
def test_there_and_back(law):
    growth = fit_growth(CYCLE, noisy(law), STDERR, name="R_ct", unit="ohm", law=law)
    assert Growth.from_dict(json.loads(json.dumps(growth.to_dict()))) == growth
    assert Growth.from_dict(growth.to_dict())(200.0) == growth(200.0)
    found = growth.crossing(factor=1.2, extrapolate=True)
    assert Crossing.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert "ohm per cycle" in str(growth)
    assert "R_ct" in growth._repr_html_()
    assert set(growth.to_frame().columns) == {"law", "aicc", "delta"}


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="no growth law 'linaer'; did you mean 'linear'"):
        fit_growth(CYCLE, noisy("linear"), STDERR, name="R_ct", law="linaer")
    with pytest.raises(FitError, match="the 3 cycles do not determine the law breakpoint"):
        fit_growth([1, 2, 3], [1, 2, 3], [1, 1, 1], name="R_ct", law="breakpoint")
    growth = fit_growth(CYCLE, noisy("linear"), STDERR, name="R_ct")
    with pytest.raises(UsageError, match="either a value or a factor"):
        growth.crossing()
    with pytest.raises(UsageError, match=r"level 95 is not between 0 and 1"):
        growth.band(50, level=95)


def test_every_law_is_tried_here():
    assert set(LAWS) == set(FORMULAS)


@pytest.mark.parametrize("law", OWN_LAWS, ids=lambda law: law.name)
def test_every_text_that_lists_the_laws_has_each(law):
    for text in (Growth.__doc__, fit_growth.__doc__, (DOCS / "json_keys.toml").read_text("utf-8")):
        assert f"``{law.name}``" in text or f"`{law.name}`" in text
    assert f"\n| {law.name} |" in (DOCS / "theory.md").read_text("utf-8")
    assert re.search(rf"^{law.name} .*{re.escape(law.formula)}", laws.__doc__, re.MULTILINE)


def test_a_law_is_asked_only_where_it_is_a_number_and_its_places_tell_it():
    assert [name for name, law in LAWS.items() if not law.possible(CYCLE - 100)] == ["sqrt", "power"]
    assert [name for name, law in LAWS.items() if not law.possible(CYCLE[:4])] == ["breakpoint"]


@pytest.mark.parametrize("seed", range(20))
def test_minimum_between_two_ends_is_scipys_to_the_digit(seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform(-1, 2, 3)
    steps = []

    def function(x):
        steps.append(x)
        return np.cos(3 * x + a) + b * (x - c) ** 2 + (abs(x - c) if seed % 3 == 0 else 0.0)

    found = find_bounded_minimum(function, -0.5, 1.0 + seed / 10, 1e-9)
    own, steps = steps, []
    other = minimize_scalar(
        function, bounds=(-0.5, 1.0 + seed / 10), method="bounded", options={"xatol": 1e-9}
    )
    assert found == (other.x, other.fun)
    assert own == steps


@pytest.mark.parametrize("offset", [1000, 3000, 1.7e9])
def test_cycles_that_begin_far_from_zero(offset):
    """exp(c x) overflowed: 1.7e9 s since 1970 ended in a traceback, so did 30 cycles from 3000 on."""
    cycle = np.arange(30.0)
    value = 10 * np.exp(0.06 * cycle) * (1 + 0.005 * np.random.default_rng(7).standard_normal(30))
    found = fit_growth(offset + cycle, value, 0.005 * value, name="R")
    if offset < 1e9:
        assert found.law == "exponential"
        assert found.coefficients[1] == pytest.approx(0.06, abs=0.001)
    assert np.isfinite(found(offset + cycle)).all()


def test_a_knee_between_equal_slopes_has_no_nan():
    cycle = np.arange(10.0)
    found = fit_growth(cycle, 0 * cycle, np.full(10, 1e-3), name="R", law="breakpoint")
    assert np.isfinite(found.coefficients_covariance).all()

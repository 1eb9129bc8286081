"""Tails and quantiles against scipy.special, from far inside to far outside."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from eisfit.validation import quantiles

DOF = st.floats(1, 1e4)


@given(dof=DOF, z=st.floats(-12, 40))
def test_chi_squared(dof, z):
    x = max(dof + z * math.sqrt(2 * dof), 1e-3)
    assert quantiles.chi2_above(dof, x) == pytest.approx(special.chdtrc(dof, x), rel=1e-8, abs=1e-12)


@given(upper=st.floats(1, 1e4), lower=st.floats(1, 1e4), x=st.floats(1e-6, 1e4))
def test_fisher(upper, lower, x):
    expected = special.fdtrc(upper, lower, x)
    assert quantiles.f_above(upper, lower, x) == pytest.approx(expected, rel=1e-8, abs=1e-12)


@given(dof=DOF, t=st.floats(-50, 50))
def test_student(dof, t):
    assert quantiles.t_below(dof, t) == pytest.approx(special.stdtr(dof, t), rel=1e-8, abs=1e-12)


@given(dof=DOF, p=st.floats(1e-6, 1 - 1e-6))
def test_quantiles(dof, p):
    assert quantiles.t_quantile(dof, p) == pytest.approx(special.stdtrit(dof, p), rel=1e-8, abs=1e-9)
    assert quantiles.normal_quantile(p) == pytest.approx(special.ndtri(p), rel=1e-12, abs=1e-12)


def test_ends():
    assert quantiles.gamma_above(2.5, 0.0) == 1.0
    assert quantiles.gamma_above(2.5, math.inf) == 0.0
    assert math.isnan(quantiles.gamma_above(2.5, math.nan))
    assert (quantiles.beta_below(2, 3, 0), quantiles.beta_below(2, 3, 1)) == (0.0, 1.0)
    assert math.isnan(quantiles.beta_below(2, 3, math.nan))
    assert quantiles.f_above(2, 3, 0.0) == 1.0

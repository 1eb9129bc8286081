"""Non-negative least squares of many right-hand sides, against scipy's."""

import numpy as np
import pytest
from scipy.optimize import nnls

from eisfit.validation.non_negative import NonNegative


def kernel(columns):
    """Return relaxations on a grid of time constants, above their second differences."""
    omega, tau = np.geomspace(1e5, 1e-1, 40)[:, np.newaxis], np.geomspace(1e-6, 10, columns)
    z = 1 / (1 + 1j * omega * tau)
    return np.concatenate([z.real, z.imag]), np.diff(np.eye(columns + 2), 2, axis=0)[:, 1:-1]


@pytest.mark.parametrize("strength", [1e-2, 0.1, 1.0])  # from pivots that must not be trusted to easy ones
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_is_what_scipy_finds_one_by_one(seed, strength):
    rng = np.random.default_rng(seed)
    a, d = kernel(60)
    matrix = np.concatenate([a, strength * d])
    right = np.zeros((20, len(matrix)))
    right[:, : len(a)] = a @ rng.exponential(size=60) * (rng.random(60) < 0.2).sum() / 60
    right += 0.3 * rng.standard_normal(right.shape)
    found = NonNegative(matrix).solve(right)
    expected = np.array([nnls(matrix, one, maxiter=2000)[0] for one in right])
    assert (found >= 0).all()
    assert found == pytest.approx(expected, abs=1e-7 * expected.max())
    assert ((found > 0) == (expected > 0)).mean() > 0.999


@pytest.mark.parametrize("columns", [1, 7])
def test_data_without_noise_and_data_that_want_nothing(columns):
    rng = np.random.default_rng(columns)
    matrix = rng.random((30, columns))
    x = rng.random((3, columns)) * (rng.random((3, columns)) < 0.5)
    assert NonNegative(matrix).solve(x @ matrix.T) == pytest.approx(x, abs=1e-12)
    assert not NonNegative(matrix).solve(-rng.random((2, 30))).any()


def test_two_columns_that_do_the_same():
    matrix = np.random.default_rng(5).random((20, 4))
    matrix[:, 2] = matrix[:, 1]
    x = NonNegative(matrix).solve(matrix[np.newaxis, :, 1] + matrix[:, 3])
    assert x @ matrix.T == pytest.approx(matrix[np.newaxis, :, 1] + matrix[:, 3], abs=1e-7)
    assert (x >= 0).all()

"""Modes that one complex admittance joins, against a general eigenproblem."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.coating.physics.linked_modes import link_modes


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_modes_are_those_of_the_whole_matrix(n):
    rng = np.random.default_rng(n)
    d = np.cumsum(10 ** rng.uniform(-3, 2, (40, n)), axis=1)
    d[:, 0] = 0
    a = 10 ** rng.uniform(-4, 1, (40, n)) * rng.choice([-1, 1], (40, n))
    y = np.exp(rng.uniform(-15, 15, (40, 30)) + 1j * rng.uniform(-1.57, 1.57, (40, 30)))
    y[:, :3] = np.abs(y[:, :3])
    values, vectors = link_modes(d, a, y)
    whole = d[:, None, :, None] * np.eye(n) + y[..., None, None] * (a[:, None, :, None] * a[:, None, None, :])
    size = np.abs(whole).max(axis=(-2, -1))
    off = np.abs(whole @ vectors - vectors * values[..., None, :]).max(axis=(-2, -1))
    assert (off < 1e-11 * size * np.abs(vectors).max(axis=(-2, -1))).all()
    assert np.abs(vectors.swapaxes(-1, -2) @ vectors - np.eye(n)).max() < 1e-7
    total = np.trace(whole, axis1=-2, axis2=-1)
    np.testing.assert_allclose(values.sum(axis=-1), total, rtol=1e-10)

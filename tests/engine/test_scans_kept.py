"""What a grid of starts is on one sweep serves the next spectrum on it, as long as it takes little memory."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

import eisfit
from eisfit.engine.starts.guess import StartGrid


@pytest.mark.parametrize(("points", "kept"), [(60, True), (4000, False)])
def test_the_scan_of_a_long_sweep_is_not_kept(points, kept):
    """A comparison of nine circuits kept 43 MB of 4,000 points for good."""
    circuit, omega = eisfit.circuit("rs-sei-ct"), np.geomspace(1e5, 1e-2, points)
    grid = StartGrid(circuit, omega, 5 + 20 / (1 + 1j * omega), np.ones(2 * points))
    scan = weakref.ref(grid.scan)
    del grid
    assert (scan() is not None) is kept

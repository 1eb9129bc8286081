"""The scatter about a law: how often intervals hold where errors are right, and where they are too small."""

import numpy as np
import pytest
from scipy import special

from eisfit.tracking.scatter import compute_reach


def held(free, size):
    """Return how often the 95 % interval holds where points scatter by `size` times their errors.

    Chi-square over the degrees of freedom by its quantiles; it is independent of the line's deviation.
    """
    share = (np.arange(400) + 0.5) / 400
    scatter = size * np.sqrt(2 * special.gammaincinv(free / 2, share) / free)
    widths = [np.prod(compute_reach(float(one), free)) for one in scatter]
    return np.mean(2 * special.ndtr(np.array(widths) / size) - 1)


@pytest.mark.parametrize("free", [1, 2, 4, 5, 8, 30])
def test_right_errors_stay_right(free):
    assert 0.95 <= held(free, 1.0) <= 0.959


@pytest.mark.parametrize(("free", "least"), [(2, 0.875), (5, 0.92), (8, 0.93)])
def test_scatter_is_covered(free, least):
    for extra in (1.0, 2.0, 3.0, 10.0):
        assert least <= held(free, np.hypot(1, extra)) <= 0.951


def test_without_degrees_of_freedom_the_errors_stand():
    assert compute_reach(None, 0) == (1.0, pytest.approx(1.959964, rel=1e-6))

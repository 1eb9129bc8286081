"""Random starts: reproducible, in bounds, and near what the data show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eisfit import circuit
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.solver import Problem, solve
from eisfit.engine.starts.draws import draw_random_starts
from eisfit.engine.starts.random_numbers import Random
from eisfit.model.elements import ELEMENTS, FrequencyGrid

OMEGA = 2 * np.pi * np.geomspace(1e5, 1e-2, 60)


def rng():
    return Random(3)


@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
@pytest.mark.parametrize("together", [False, True])
def test_every_element_starts_finite_and_within_its_bounds(symbol, together):
    chosen = circuit(f"R0-{symbol}1" if symbol != "R" else "R0-R1")
    z = np.stack([30 - 5j * OMEGA**-0.3, 1e4 + 0j * OMEGA])
    starts = draw_random_starts(chosen, OMEGA, z, 50, rng(), together=together)
    assert starts.shape == (2, 50, len(chosen.names))
    assert np.isfinite(starts).all()
    for k, row in enumerate(chosen.parameters.values()):
        assert ((starts[..., k] >= row.min) & (starts[..., k] <= row.max)).all()
        assert len(np.unique(starts[0, :, k])) == 50


def test_every_spectrum_is_given_the_same_random_numbers():
    chosen = circuit("R0-p(C1,R1,R2-L2)")
    z = np.array([[1.0], [7.0]]) * (20 + 100 / (1 + 1j * OMEGA))
    starts = draw_random_starts(chosen, OMEGA, z, 20, rng())
    powers = np.array([1, -1, 1, 1, 1])
    assert starts[1] == pytest.approx(starts[0] * 7.0**powers, rel=1e-12)
    alone = draw_random_starts(chosen, OMEGA, z[:1], 20, rng())
    assert np.array_equal(alone[0], starts[0])


@settings(max_examples=30, deadline=None)
@given(low=st.floats(1e-6, 1e3), wide=st.floats(1.1, 1e4))
def test_bounds_are_kept_to(low, wide):
    chosen = circuit("R0-p(R1,CPE1)").constrain(bound={"R1": (low, low * wide)})
    starts = draw_random_starts(chosen, OMEGA, 50 - 3j * OMEGA[np.newaxis] ** -0.5, 30, rng())
    r1 = starts[0, :, chosen.names.index("R1")]
    assert ((r1 >= low) & (r1 <= low * wide)).all()


def test_given_values_are_kept():
    chosen = circuit("R0-p(R1,CPE1)").constrain(fix={"R0": 3.0, "CPE1_alpha": 0.8}, start={"R1": 40.0})
    starts = draw_random_starts(chosen, OMEGA, 50 - 3j * OMEGA[np.newaxis] ** -0.5, 9, rng())
    for name, value in {"R0": 3.0, "CPE1_alpha": 0.8, "R1": 40.0}.items():
        assert np.all(starts[0, :, chosen.names.index(name)] == value)


# Loudspeaker and inductive loop; impedances written out here, 0.5 % noise: simulated.
CASES = {
    "R0-L0-p(R1,L1,C1)": lambda s: 6.2 + 4e-4 * s + 1 / (1 / 28 + 1 / (0.022 * s) + 3.3e-4 * s),
    "R0-p(C1,R1,R2-L2)": lambda s: 15 + 1 / (2e-8 * s + 1 / 800 + 1 / (400 + 2000 * s)),
}


@pytest.mark.parametrize("string", CASES)
def test_a_few_starts_reach_what_a_grid_of_relaxations_misses(string):
    noise = np.random.default_rng(0).normal(0, 0.005, (2, OMEGA.size))
    truth = CASES[string](1j * OMEGA)
    z = (truth + np.abs(truth) * (noise[0] + 1j * noise[1]))[np.newaxis]
    chosen = circuit(string)
    weight = np.repeat(1 / np.abs(z), 2, axis=1)
    problem = Problem(Coordinates(chosen, Scales.of(OMEGA, z)), FrequencyGrid(OMEGA), z, weight)
    starts = draw_random_starts(chosen, OMEGA, z, 48, rng(), together=True)[0]
    ends = solve(problem, problem.coordinates.internal(starts), max_iterations=150)
    assert ends.chisqr.min() < 1.2 * 2 * OMEGA.size * 0.005**2

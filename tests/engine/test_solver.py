"""The batched solver against scipy's least_squares on a residual written here."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.solver import Problem, solve
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid

OMEGA = 2 * np.pi * np.geomspace(1e5, 1e-2, 45)
TRUTH = {"R_s": 2.0, "R_1": 10.0, "C_1": 2e-5, "R_2": 40.0, "CPE_2_Q": 3e-3, "CPE_2_alpha": 0.85}
CIRCUIT = Circuit.from_string("R_s-p(R_1,C_1)-p(R_2,CPE_2)")


def model(p, omega=OMEGA):
    s = 1j * omega
    r_s, r_1, c_1, r_2, q, alpha = p
    return r_s + r_1 / (1 + s * r_1 * c_1) + r_2 / (1 + r_2 * q * s**alpha)


def measured(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    z = model(np.array(list(TRUTH.values())))
    return scale * z * (1 + 0.01 * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size)))


def problem(targets, circuit=CIRCUIT, omega=OMEGA):
    targets = np.atleast_2d(targets)
    weight = np.repeat(1 / np.abs(targets), 2, axis=1)
    coordinates = Coordinates(circuit, Scales.of(omega, targets))
    return Problem(coordinates, FrequencyGrid(omega), targets, weight)


def starts(count, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    values = np.array(list(TRUTH.values())) * np.exp(spread * rng.normal(size=(count, 6)))
    values[:, 5] = rng.uniform(0.5, 1.0, count)
    return values


def scipys(z, start, alpha_max=1.0):
    """Minimise in logarithms (alpha as it is) with a numeric Jacobian."""
    weight = 1 / np.abs(z)

    def residual(x):
        r = (model([*np.exp(x[:5]), x[5]]) - z) * weight
        return np.concatenate([r.real, r.imag])

    x0 = np.append(np.log(start[:5]), min(start[5], alpha_max))
    bounds = ([-60.0] * 5 + [0.2], [60.0] * 5 + [alpha_max])
    found = least_squares(residual, x0, bounds=bounds, x_scale="jac", ftol=1e-13, xtol=1e-13, gtol=1e-13)
    return 2 * found.cost, np.append(np.exp(found.x[:5]), found.x[5])


def test_residual_and_jacobian():
    z = measured(1)
    task = problem(z)
    values = starts(3, 5)
    theta = task.coordinates.internal(values)
    residual, jacobian = task.evaluate(theta, task.buffer(3))
    assert residual.shape == (3, 90)
    assert jacobian.shape == (3, 6, 90)
    for b in range(3):
        r = (model(values[b]) - z) / np.abs(z)
        assert residual[b, ::2] == pytest.approx(r.real, rel=1e-10, abs=1e-12)
        assert residual[b, 1::2] == pytest.approx(r.imag, rel=1e-10, abs=1e-12)
    h = 1e-5
    for v in range(6):
        step = np.zeros(6)
        step[v] = h
        difference = [task.evaluate(theta + sign * step, task.buffer(3))[0].copy() for sign in (1, -1)]
        assert jacobian.shape[1] == 6
        fresh = task.evaluate(theta, task.buffer(3))[1]
        assert fresh[:, v] == pytest.approx((difference[0] - difference[1]) / (2 * h), rel=1e-6, abs=1e-7)


def test_reaches_what_scipy_reaches_from_the_truth():
    z = measured(2)
    task = problem(z)
    solution = solve(task, task.coordinates.internal(starts(20, 7)))
    best, where = scipys(z, np.array(list(TRUTH.values())))
    end = solution.chisqr.argmin()
    assert solution.chisqr[end] == pytest.approx(best, rel=1e-7)
    assert solution.converged[end]
    assert task.coordinates.physical(solution.theta)[end] == pytest.approx(where, rel=1e-3)
    assert np.all(solution.chisqr >= best * (1 - 1e-7))


def test_from_each_start_as_good_as_scipy():
    """Of 20 starts, at least as many reach the optimum as with scipy's trust region."""
    z = measured(3)
    task = problem(z)
    begin = starts(20, 11)
    ours = solve(task, task.coordinates.internal(begin)).chisqr
    theirs = np.array([scipys(z, start)[0] for start in begin])
    best = min(ours.min(), theirs.min())
    assert np.sum(ours < best * 1.0001) >= np.sum(theirs < best * 1.0001) - 1


def test_chisqr_never_rises():
    z = measured(4)
    task = problem(z)
    theta = task.coordinates.internal(starts(10, 13))
    before = np.full(10, np.inf)
    for steps in range(0, 30, 3):
        now = solve(task, theta, max_iterations=steps).chisqr
        assert np.all(now <= before * (1 + 1e-12))
        before = now


def test_many_spectra_in_one_batch_are_each_alone():
    targets = np.stack([measured(seed, scale) for seed, scale in ((1, 1.0), (2, 1.0), (3, 1.3))])
    together = problem(targets)
    theta = together.coordinates.internal(starts(3, 17, 0.3))
    batch = solve(together, theta)
    for b in range(3):
        weight = together.weight[b : b + 1]
        alone = Problem(together.coordinates, together.grid, targets[b : b + 1], weight)
        single = solve(alone, theta[b : b + 1])
        assert batch.chisqr[b] == pytest.approx(single.chisqr[0], rel=1e-9)
        assert batch.theta[b] == pytest.approx(single.theta[0], rel=1e-5, abs=1e-5)
        assert batch.chisqr[b] == pytest.approx(
            scipys(targets[b], np.array(list(TRUTH.values())))[0], rel=1e-6
        )


def test_spectra_with_frequencies_of_their_own():
    omegas = np.stack([OMEGA, 3 * OMEGA])
    p = np.array(list(TRUTH.values()))
    task = problem(np.stack([model(p, omega) for omega in omegas]), omega=omegas)
    solution = solve(task, task.coordinates.internal(starts(2, 19, 0.2)))
    assert task.coordinates.physical(solution.theta) == pytest.approx(np.stack([p, p]), rel=1e-5)


def test_bounds_are_kept_and_the_optimum_on_them_found():
    z = measured(5)
    task = problem(z, CIRCUIT.constrain(bound={"CPE_2_alpha": (0.2, 0.7)}))
    solution = solve(task, task.coordinates.internal(starts(12, 23, 0.3)), max_iterations=200)
    values = task.coordinates.physical(solution.theta)
    assert np.all(values[:, 5] <= 0.7)
    best, _ = scipys(z, np.array(list(TRUTH.values())), alpha_max=0.7)
    end = solution.chisqr.argmin()
    assert solution.chisqr[end] == pytest.approx(best, rel=1e-6)
    assert values[end, 5] == 0.7


def test_agreement_stops_the_search():
    z = measured(6)
    task = problem(z)
    theta = task.coordinates.internal(starts(16, 29, 0.5))
    full, early = solve(task, theta), solve(task, theta, agree=2)
    assert early.iterations <= full.iterations
    assert early.chisqr.min() == pytest.approx(full.chisqr.min(), rel=1e-6)
    assert np.sum(early.chisqr <= early.chisqr.min() * (1 + 1e-6)) >= 2


def test_noise_free_data_is_fitted_to_rounding():
    p = np.array(list(TRUTH.values()))
    task = problem(model(p))
    solution = solve(task, task.coordinates.internal(p[np.newaxis] * 1.3), max_iterations=200)
    assert task.coordinates.physical(solution.theta)[0] == pytest.approx(p, rel=1e-6)
    assert solution.chisqr[0] < 1e-15


def test_a_start_that_cannot_be_evaluated_does_not_spoil_the_others():
    z = measured(7)
    task = problem(z)
    begin = task.coordinates.internal(starts(4, 31, 0.3))
    begin[1] = np.nan
    solution = solve(task, begin)
    best, _ = scipys(z, np.array(list(TRUTH.values())))
    assert np.nanmin(solution.chisqr) == pytest.approx(best, rel=1e-6)
    assert not np.isfinite(solution.chisqr[1])

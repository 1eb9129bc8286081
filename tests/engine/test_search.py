"""Blind batches: the optimum beside the truth is reached, with help from others and alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

import eisfit
from eisfit.engine.arcs_order import are_arcs_in_order
from eisfit.engine.coordinates import Box, Coordinates, Scales
from eisfit.engine.objective import compute_noise_ceiling
from eisfit.engine.optima import order_best_ends
from eisfit.engine.search import search
from eisfit.engine.solver import Problem
from eisfit.engine.starts.neighbours import EarlierSpectra, Neighbours
from eisfit.model.circuit import Circuit
from eisfit.model.elements import FrequencyGrid
from eisfit.model.files.library import circuit as find_circuit

FREQUENCY = np.geomspace(1e5, 1e-2, 40)
NOISE = 0.003
BASE = np.array([2.0, 12.0, 2e-5, 0.88, 50.0, 4.0, 4e-3, 0.8])


def formula(p):
    """Z of rs-sei-ct-w, written out here."""
    s = 2j * np.pi * FREQUENCY
    r_s, r_sei, q_sei, a_sei, r_ct, sigma, q_ct, a_ct = p
    charge = r_ct + sigma * np.sqrt(2 / s)
    return r_s + r_sei / (1 + r_sei * q_sei * s**a_sei) + charge / (1 + charge * q_ct * s**a_ct)


def measured(count, spread, seed=0, sizes=1.0):
    """Return true parameters and spectra of cells that differ by `spread`, `sizes` times as large."""
    rng = np.random.default_rng(seed)
    truth = BASE * np.exp(spread * rng.standard_normal((count, 8)))
    truth[:, [3, 7]] = rng.uniform(0.75, 0.92, (count, 2))
    truth[:, [0, 1, 4, 5]] *= np.reshape(sizes, (-1, 1))
    truth[:, [2, 6]] /= np.reshape(sizes, (-1, 1))
    z = np.stack([formula(p) for p in truth])
    return truth, z * (1 + NOISE * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)))


def problem(z, circuit=None):
    omega = 2 * np.pi * FREQUENCY
    coordinates = Coordinates(circuit or find_circuit("rs-sei-ct-w"), Scales.of(omega, z))
    return Problem(coordinates, FrequencyGrid(omega), z, np.repeat(1 / np.abs(z), 2, axis=1))


def chisqr_of(z, p):
    return np.sum(np.abs(formula(p) / z - 1) ** 2)


def from_truth(z, p):
    """Return the chisqr of scipy's least_squares from the truth."""
    linear = np.array([3, 7])

    def values(x):
        found = np.exp(x)
        found[linear] = x[linear]
        return found

    def residual(x):
        r = formula(values(x)) / z - 1
        return np.concatenate([r.real, r.imag])

    start = np.log(p)
    start[linear] = p[linear]
    found = least_squares(residual, start, x_scale="jac", ftol=1e-13, xtol=1e-13, gtol=1e-13)
    return 2 * found.cost


@pytest.mark.parametrize(("count", "spread"), [(64, 0.1), (40, 0.6), (9, 0.2), (2, 0.2), (1, 0.2)])
def test_the_optimum_beside_the_truth(count, spread):
    truth, z = measured(count, spread)
    task = problem(z)
    attainable = np.full(count, 2 * FREQUENCY.size * NOISE**2)
    found = search(task, attainable)
    values = order_best_ends(task, found.theta, found.chisqr)[0]
    settled = np.flatnonzero(found.settled)
    assert settled.size >= 0.9 * count
    assert (found.starts >= found.agreed).all()
    assert np.array_equal(np.sort(found.chisqr, axis=1), found.chisqr)
    assert are_arcs_in_order(task.coordinates.circuit, values).all()
    for k in settled[:12]:
        assert chisqr_of(z[k], values[k]) <= from_truth(z[k], truth[k]) * 1.001


def test_neighbours_help_whatever_their_size():
    """Cells of one make and of sizes over six decades are helped by each other, each at its own size."""
    sizes = 10.0 ** np.linspace(-3, 3, 48)
    truth, z = measured(48, 0.03, sizes=sizes)
    task = problem(z)
    found = search(task, np.full(48, 2 * FREQUENCY.size * NOISE**2))
    assert found.settled.all()
    assert order_best_ends(task, found.theta, found.chisqr)[0][:, 4] == pytest.approx(truth[:, 4], rel=0.15)
    assert np.median(found.starts) <= 5  # most have not looked at their own grid at all


def test_a_spectrum_goes_on_from_its_nearest_by_that_ones_linear_model():
    """The first start is ten times nearer to the truth than where the nearest stands (free of noise)."""
    rng = np.random.default_rng(5)
    truth = BASE * np.exp(0.02 * rng.standard_normal((40, 8)))
    truth[:, [3, 7]] = BASE[[3, 7]]
    z = np.stack([formula(p) for p in truth])
    near = problem(z[:30])
    neighbours = Neighbours(near, z[:30], truth[:30])
    alike = neighbours.find_alike(3.0 * z[30:])
    assert alike.rows.tolist() == list(range(10))
    nearest, next_ones = (neighbours.starts(alike, alike.rows, k) for k in (slice(1), slice(1, None)))
    starts = np.concatenate([nearest, next_ones], axis=1)
    there = truth[30:] * np.array([3, 3, 1 / 3, 1, 3, 3, 1 / 3, 1])
    off = np.abs(near.coordinates.physical(starts[:, 0]) / there - 1).max(axis=1)
    others = np.abs(near.coordinates.physical(starts[:, 1]) / there - 1).max(axis=1)
    assert np.median(off) < 0.1 * np.median(others)


def test_a_spectrum_like_no_other_gets_no_start_from_them():
    truth, z = measured(30, 0.02)
    neighbours = Neighbours(problem(z), z, truth)
    alike = neighbours.find_alike(np.full((4, 40), 7.0 + 0j))
    assert alike.rows.size == 0
    assert neighbours.starts(alike, alike.rows, slice(1)).shape == (0, 1, 8)


def test_who_follows_a_neighbour_into_the_other_order_of_arcs_finds_the_better_one():
    """Both explain all but the noise; the neighbours stand where the arc of the Warburg is the faster one."""
    right = np.array([11.44, 117.0, 1.43e-6, 0.964, 79.8, 14.6, 4.58e-4, 0.888])
    other = np.array([11.45, 78.8, 5.2e-4, 0.875, 116.4, 14.8, 1.41e-6, 0.965])
    rng = np.random.default_rng(3)
    kick = rng.standard_normal((8, FREQUENCY.size)) + 1j * rng.standard_normal((8, FREQUENCY.size))
    z = formula(right) * (1 + 0.005 * kick)
    known = EarlierSpectra((z[4:], np.tile(other, (4, 1))))
    task, attainable = problem(z[:4]), np.full(4, 2 * FREQUENCY.size * 0.005**2)
    followed = search(task, attainable, known=known).chisqr[:, 0]
    alone = search(task, attainable).chisqr[:, 0]
    assert followed == pytest.approx(alone, rel=1e-4)


def test_how_much_noise_leaves_is_fishers_f():
    """The ladder of 27 columns and a circuit inside it, fitted to noise alone: simulated, independently."""
    rng = np.random.default_rng(0)
    inside, outside = rng.chisquare(19, 200_000), rng.chisquare(120 - 27, 200_000)
    ratio = (inside + outside) / (outside * 120 / 93)
    assert np.mean(ratio > compute_noise_ceiling(60, 27, 8)) == pytest.approx(1e-3, rel=0.3)


def test_spectra_that_the_circuit_cannot_describe_need_more_agreement():
    """One arc fitted to two: no noise explains what is left, so that every spectrum looks around itself."""
    _, z = measured(40, 0.05)
    task = problem(z, Circuit.from_string("R_s-p(R_ct,CPE_ct)"))
    found = search(task, np.full(40, 2 * FREQUENCY.size * NOISE**2))
    assert (found.starts > 5).all()
    assert (found.agreed[found.settled] >= 4).all()


def test_alone_split_shuffled():
    """What a spectrum's optimum is does not hang on its company."""
    _, z = measured(40, 0.4, seed=5)
    attainable = np.full(40, 2 * FREQUENCY.size * NOISE**2)
    whole = search(problem(z), attainable).chisqr[:, 0]
    order = np.random.default_rng(1).permutation(40)
    shuffled = search(problem(z[order]), attainable[order]).chisqr[:, 0]
    assert shuffled == pytest.approx(whole[order], rel=1e-6)
    halves = [search(problem(z[k : k + 20]), attainable[:20]).chisqr[:, 0] for k in (0, 20)]
    assert np.concatenate(halves) == pytest.approx(whole, rel=1e-6)
    for k in range(0, 40, 8):
        alone = search(problem(z[k : k + 1]), attainable[:1])
        assert alone.chisqr[0, 0] == pytest.approx(whole[k], rel=1e-6)


def test_the_order_of_the_arcs():
    circuit = find_circuit("rs-sei-ct-w")
    slow_first = BASE.copy()
    slow_first[2] = 1.0
    assert are_arcs_in_order(circuit, np.stack([BASE, slow_first])).tolist() == [True, False]


def noisy(z, seed=0):
    rng = np.random.default_rng(seed)
    return z * (1 + NOISE * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)))


def searched(frequency, z, circuit, seed=0):
    """Return parameters of the best optimum."""
    omega = 2 * np.pi * frequency
    coordinates = Coordinates(circuit, Scales.of(omega, z))
    weight = np.repeat(1 / np.abs(z), 2)[np.newaxis]
    task = Problem(coordinates, FrequencyGrid(omega), z[np.newaxis], weight)
    found = search(task, np.array([2 * omega.size * NOISE**2]), seed=seed)
    return order_best_ends(task, found.theta, found.chisqr)[0][0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_inductive_loop(seed):
    """Solar cell: R0-p(C1,R1,R2-L2); the grid of relaxations knows no such branch."""
    f = np.geomspace(1e6, 0.1, 50)
    s = 2j * np.pi * f
    z = noisy(15 + 1 / (2e-8 * s + 1 / 800 + 1 / (400 + 2000 * s)), seed)
    found = searched(f, z, Circuit.from_string("R0-p(C1,R1,R2-L2)"), seed)
    assert found == pytest.approx([15, 2e-8, 800, 400, 2000], rel=0.05)


def test_a_resonance():
    """Loudspeaker: the peak of p(R1,L1,C1) is narrow."""
    f = np.geomspace(1e4, 3, 60)
    s = 2j * np.pi * f
    z = noisy(6.2 + 4e-4 * s + 1 / (1 / 28 + 1 / (0.022 * s) + 3.3e-4 * s))
    found = searched(f, z, Circuit.from_string("R0-L0-p(R1,L1,C1)"))
    assert found == pytest.approx([6.2, 4e-4, 28, 0.022, 3.3e-4], rel=0.05)


def test_negative_amplitudes_where_bounds_allow():
    """Adsorbed intermediate: R0-p(CPE1,R1-p(R2,C2)) with R2 and C2 below zero."""
    f = np.geomspace(1e5, 1e-3, 60)
    s = 2j * np.pi * f
    z = noisy(5 + 1 / (5e-5 * s**0.88 + 1 / (120 - 40 / (1 + 0.8 * s))))
    bound = {"R2": (-1e5, 0), "C2": (-1e3, 0)}
    found = searched(f, z, Circuit.from_string("R0-p(CPE1,R1-p(R2,C2))").constrain(bound=bound))
    assert found == pytest.approx([5, 5e-5, 0.88, 120, -40, -0.02], rel=0.05)


def test_data_without_noise():
    """To the digits: an arc far below the sweep's frequencies, and SVD where normal equations stall."""
    f = np.geomspace(1e5, 1, 50)
    s = 2j * np.pi * f
    z = 3 + 1 / (1 / 40 + 2e-5 * s**0.9) + 1 / (1 / 2e5 + 3e-3 * s**0.7)
    omega = 2 * np.pi * f
    coordinates = Coordinates(Circuit.from_string("R0-p(R1,CPE1)-p(R2,CPE2)"), Scales.of(omega, z))
    weight, box = np.repeat(1 / np.abs(z), 2)[np.newaxis], Box.search(coordinates, omega, z[np.newaxis])
    task = Problem(coordinates, FrequencyGrid(omega), z[np.newaxis], weight, box)
    found = search(task, np.array([2 * f.size * 1e-10]))
    assert found.chisqr[0, 0] < 2 * f.size * 1e-20


@pytest.mark.parametrize("last_digit", [0, 1, 2])
def test_data_without_noise_along_a_curved_valley(last_digit):
    """An arc far above the sweep's frequencies: only R_2 (1 - (j omega tau)^alpha) and R_1 + R_2 are seen.

    However another processor rounds the last digit of the data.
    """
    f = np.geomspace(1e5, 0.1, 36)
    s = 2j * np.pi * f
    z = 2.8e-8 * s + 28.4 + 6332 / (1 + 6332 * 1.04e-11 * s**0.895)
    z *= 1 + last_digit * 1.5e-16 * np.random.default_rng(last_digit).standard_normal(f.size)
    truth = [2.8e-8, 28.4, 6332, 1.04e-11, 0.895]
    found = eisfit.fit((f, z), "L_1-R_1-p(R_2,CPE_2)", validate=False)
    assert [p.value for p in found.parameters.values()] == pytest.approx(truth, rel=1e-3)
    assert not any(flag.name == "not_converged" for flag in found.flags)


@pytest.mark.parametrize("seed", [9010, 9128])
def test_a_transmission_line_does_not_take_the_arc_beside_it(seed):
    """4 of 400 simulated spectra end elsewhere than at the lowest optimum; 13 did."""
    circuit, f = find_circuit("R_s-TLM_1-p(R_2,CPE_2)"), np.logspace(5, -2, 60)
    rng = np.random.default_rng(seed)
    R, alpha, tau = 10 ** rng.uniform(0.3, 1.7, 4), rng.uniform(0.75, 1, 2), 10 ** rng.uniform(-4.5, -0.5, 2)
    Q = tau**alpha / R[2:]
    values = [R[0], R[1], R[2], Q[0], alpha[0], R[3], Q[1], alpha[1]]
    truth = dict(zip(circuit.names, values, strict=True))
    noise = 10 ** rng.uniform(-3.3, -2)
    z = circuit.impedance(f, truth)
    z = z * (1 + noise * (rng.standard_normal(60) + 1j * rng.standard_normal(60)))
    blind, known = eisfit.fit((f, z), circuit), eisfit.fit((f, z), circuit, start=truth)
    assert blind.statistics.chisqr <= known.statistics.chisqr * 1.0001


def test_arcs_that_may_be_negative_are_not_exchanged():
    """(R Q)^(1/alpha) of a negative R is no time constant: the search goes on without it."""
    circuit = find_circuit("rs-sei-ct-w").constrain(bound={"R_ct": (-1e6, 1e6)})
    truth, z = measured(1, 0.1)
    found = searched(FREQUENCY, z[0], circuit)
    names = list(circuit.names)
    assert found[names.index("R_s")] == pytest.approx(truth[0, 0], rel=0.05)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "given", [{"expr": {"CPE_2_alpha": "CPE_1_alpha"}}, {"fix": {"CPE_2_alpha": 0.9121}}]
)
def test_arcs_whose_exponents_are_given_or_tied_are_exchanged(given):
    """The Warburg stood in the wrong arc: 8 of 400 simulated spectra with tied exponents, 1 of them now."""
    circuit, f = find_circuit("R_s-p(R_1,CPE_1)-p(R_2-W_2,CPE_2)"), np.logspace(5, -2, 60)
    rng = np.random.default_rng(107)
    alpha, R, tau = rng.uniform(0.75, 1), 10 ** rng.uniform(0.3, 1.7, 3), 10 ** rng.uniform(-4.5, -0.5, 2)
    Q, sigma = tau**alpha / R[1:], 10 ** rng.uniform(0, 1.3)
    truth = dict(zip(circuit.names, [R[0], R[1], Q[0], alpha, R[2], sigma, Q[1], alpha], strict=True))
    z = circuit.impedance(f, truth)
    z = z * (1 + 0.002 * (rng.standard_normal(60) + 1j * rng.standard_normal(60)))
    known = {name: value for name, value in truth.items() if name != "CPE_2_alpha"}
    blind = eisfit.fit((f, z), circuit, **given)
    assert (
        blind.statistics.chisqr
        <= eisfit.fit((f, z), circuit, start=known, **given).statistics.chisqr * 1.0001
    )

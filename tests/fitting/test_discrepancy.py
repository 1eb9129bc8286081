"""What a circuit that is only nearly true does to the errors; all spectra here are simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import eisfit
from eisfit.fitting.errors.departures.discrepancy import (
    _COUNTS,
    _compute_weights,
    _limit_errors,
    _list_first_order,
)
from eisfit.fitting.errors.departures.first_order import _iterate_alike, are_worth_trying, try_departures
from eisfit.fitting.errors.departures.fitted import _Start, fit_departures
from eisfit.fitting.errors.departures.linearised import linearise
from eisfit.fitting.errors.departures.other_order import put_in_order
from eisfit.fitting.errors.departures.shapes import Together, bend_tails, combine, list_elements, reshape_arcs
from eisfit.fitting.errors.departures.smooth import Smooth, _compute_bump
from eisfit.model.circuit import Circuit

FREQUENCY = np.geomspace(1e5, 1e-2, 61)
S = 2j * np.pi * FREQUENCY


def spectrum(z, noise, seed):
    scatter = np.random.default_rng(seed).standard_normal((2, z.size))
    return eisfit.Spectrum(
        frequency=FREQUENCY,
        impedance=z + noise * np.abs(z) * (scatter[0] + 1j * scatter[1]),
        source="simulated",
    )


def arc(resistance, tau, alpha, beta=1.0):
    return resistance / (1 + (S * tau) ** alpha) ** beta


def true(seed, noise=0.002):
    return spectrum(5 + arc(20, 1e-4, 0.9) + arc(100, 0.05, 0.85), noise, seed)


def skewed(seed, noise=0.002):
    """The slow arc is Havriliak and Negami's: its DC resistance is 100 ohm, but it is no R beside a CPE."""
    return spectrum(5 + arc(20, 1e-5, 0.9) + arc(100, 0.05, 0.9, 0.85), noise, seed)


@pytest.mark.parametrize("x", [-3.0, 0.4, 2.0, 6.0])
def test_the_phase_of_a_bump_is_bodes(x):
    """Bode (1945), ch. 14: the phase is 1/pi times the integral of du/dx ln coth |x - x'|/2."""
    length = 2.3
    at, _, phase = _compute_bump(length)

    def slope(y):
        return -y / length**2 * np.exp(-((y / length) ** 2) / 2) / np.pi**0.25

    kernel = lambda y: slope(y) * -np.log(np.tanh(abs(x - y) / 2)) if y != x else 0.0  # noqa: E731
    expected = (quad(kernel, -25, x, limit=200)[0] + quad(kernel, x, 25, limit=200)[0]) / np.pi
    assert np.interp(x, at, phase) == pytest.approx(expected, abs=1e-4)


def test_a_true_circuit_keeps_the_errors_of_the_noise():
    """But where noise by chance looks like a departure: of 300, in one or two."""
    fits = list(eisfit.fit_many([true(seed, 0.005) for seed in range(300)], "rs-sei-ct"))
    kept = [fit for fit in fits if all(p.stderr_model == 0 for p in fit.parameters.values())]
    assert len(kept) >= 298
    assert {fit.grade for fit in kept} == {"A"}
    for fit in kept:
        assert all(p.stderr == p.stderr_noise for p in fit.parameters.values())


@pytest.mark.slow
def test_a_skewed_arc_is_seen_and_its_resistance_lies_within_the_error():
    fits = list(eisfit.fit_many([skewed(seed) for seed in range(30)], "rs-sei-ct"))
    covered = [abs(fit["R_ct"].value - 100) < 2 * fit["R_ct"].stderr for fit in fits]
    by_noise = [abs(fit["R_ct"].value - 100) < 2 * fit["R_ct"].stderr_noise for fit in fits]
    assert {fit.grade for fit in fits} <= {"B", "C"}
    assert np.mean(covered) > 0.9
    assert np.mean(by_noise) < 0.1
    assert all(fit["R_ct"].stderr < 25 for fit in fits)
    # Derived quantities hold the model's part too.
    assert all(fit.derived["tau_ct"]["stderr"] > fit.derived["tau_ct"]["value"] * 0.01 for fit in fits)


@pytest.mark.parametrize(
    "weighting", ["modulus", *(pytest.param(w, marks=pytest.mark.slow) for w in ("unit", "noise"))]
)
def test_one_fit_gives_the_errors_that_many_give(weighting):
    given = [s.replace(noise=0.002 * np.abs(s.impedance)) for s in (true(1), skewed(2), skewed(3))]
    for one, row in zip(given, eisfit.fit_many(given, "rs-sei-ct", weighting=weighting), strict=True):
        alone = eisfit.fit(one, "rs-sei-ct", weighting=weighting)
        assert alone.grade == row.grade
        for name, p in alone.parameters.items():
            for part in ("stderr", "stderr_noise", "stderr_model"):
                assert getattr(p, part) == pytest.approx(
                    getattr(row[name], part), rel=1e-3, abs=1e-9 * p.value
                )
        for name, found in alone.derived.items():
            assert found["stderr"] == pytest.approx(row.derived[name]["stderr"], rel=1e-3)


def test_what_the_noise_hides_is_told_and_covers_an_arc_that_looks_true():
    """In noise of 5 % most fits are within it."""
    off, hidden, plain = [], [], []
    for seed in range(12):
        fit = eisfit.fit(skewed(seed, noise=0.05), "rs-sei-ct", validate=False)
        if fit.grade == "A":
            off.append(abs(fit["R_ct"].value - 100))
            hidden.append(fit["R_ct"].hidden)
            plain.append(fit["R_ct"].stderr_noise)
    assert len(off) >= 3
    assert all(more >= less for more, less in zip(hidden, plain, strict=True))
    assert np.mean(np.array(off) < 2 * np.array(hidden)) > 0.9


def test_noise_of_another_shape_than_the_weights_is_no_discrepancy():
    for seed in range(5):
        p = eisfit.fit(true(seed), "rs-sei-ct", weighting="proportional")["R_ct"]
        assert p.stderr < 1.5 * p.stderr_noise


def test_the_errors_of_two_resistors_alone_are_the_noises():
    fit = eisfit.fit(spectrum(np.full(61, 7.0 + 0j), 0.01, 0), "R0")
    assert fit["R0"].stderr == fit["R0"].stderr_noise


CIRCUIT = Circuit.from_string("R_s-p(R_ct,CPE_ct)-p(R1-W1,CPE1)")
VALUES = np.array([[5.0, 100.0, 1e-4, 0.9, 20.0, 3.0, 1e-3, 0.8]])
OMEGA = 2 * np.pi * FREQUENCY


def departures():
    smooth = [Smooth(CIRCUIT, OMEGA, 2.3, 0.3, wide) for wide in (None, list_elements(CIRCUIT)[1])]
    return [*reshape_arcs(CIRCUIT, OMEGA), *bend_tails(CIRCUIT, OMEGA), *smooth]


def test_a_smooth_departure_may_be_wide_in_one_element():
    """The tail by 0.5, the storages by the size of all: the others are as they were."""
    storage, tail, _ = list_elements(CIRCUIT)
    of_all, wide = (Smooth(CIRCUIT, OMEGA, 2.3, 0.3, one) for one in (None, tail))
    np.testing.assert_allclose(of_all.of(tail), 0.1 * of_all.of(storage))
    np.testing.assert_allclose(wide.of(tail), 0.5 / 0.3 * of_all.of(storage))
    np.testing.assert_allclose(wide.of(storage), of_all.of(storage))


@pytest.mark.parametrize("place", range(11))
def test_the_derivatives_of_departures_are_those_of_their_factors(place):
    departure = departures()[place]
    c = np.full((1, departure.count), 0.3)
    for change in departure.changes(VALUES, c):
        for column, slope in (change.by_parameters or {}).items():
            step = np.zeros_like(VALUES)
            step[0, column] = 1e-6 * VALUES[0, column]
            up, down = (departure.changes(VALUES + sign * step, c)[0].factor for sign in (1, -1))
            numeric = (np.log(up) - np.log(down)) / (2 * step[0, column])
            np.testing.assert_allclose(slope, numeric, rtol=1e-4, atol=1e-6 * np.abs(numeric).max())
        for k, slope in enumerate(change.by_numbers[0]):
            step = np.zeros_like(c)
            step[0, change.first + k] = 1e-6
            up, down = (
                departure.changes(VALUES, c + sign * step)[change.element.place if change.first else 0].factor
                for sign in (1, -1)
            )
            np.testing.assert_allclose(slope, (np.log(up / down) / 2e-6)[0], rtol=1e-4, atol=1e-6)


def test_departures_make_the_shapes_that_they_are_named_after():
    """Each written out: Havriliak and Negami's arc, two arcs alike, de Levie's pore, layers with an end.

    The circuit itself where c is zero.
    """
    skewed_ct, _, split_ct, _, porous_ct, _ = reshape_arcs(CIRCUIT, OMEGA)
    r, q, alpha = VALUES[0, 1:4]
    st = r * q * S**alpha
    c = np.array([[np.log(0.7) / 0.5]])
    z_cpe = 1 / (q * S**alpha)

    def shape(departure, c):
        z = z_cpe * departure.changes(VALUES, c)[0].factor[0]
        return 1 / (1 / r + 1 / z)

    np.testing.assert_allclose(shape(skewed_ct, c), r / (1 + st) ** 0.7, rtol=1e-9)
    np.testing.assert_allclose(shape(skewed_ct, 0 * c), r / (1 + st), rtol=1e-9)
    ratio = np.exp(1.5 * 0.4)
    x0, x = np.sqrt(ratio), np.sqrt(ratio * (1 + st))
    np.testing.assert_allclose(
        shape(porous_ct, np.array([[0.4]])), r * x0 * np.tanh(x0) / (x * np.tanh(x)), rtol=1e-9
    )
    c = np.array([[np.log(0.5 * (3 + 1 / 3)) / 0.5]])
    np.testing.assert_allclose(shape(split_ct, c), r / 2 / (1 + 3 * st) + r / 2 / (1 + st / 3), rtol=1e-9)
    np.testing.assert_allclose(shape(split_ct, 0 * c), r / (1 + st), rtol=1e-9)
    x = np.sqrt(2 * np.e * S / (2 * np.pi * FREQUENCY.min()))
    closed, opened = bend_tails(CIRCUIT, OMEGA)[-2:]
    for layer, z in ((closed, 1 / np.tanh(x)), (opened, np.tanh(x))):
        np.testing.assert_allclose(layer.changes(VALUES, np.ones((1, 1)))[0].factor[0], z, rtol=1e-9)


def linearised(circuit, spectra, values):
    target = np.stack([s.impedance for s in spectra])
    columns = list(range(values.shape[1]))
    held = np.zeros(values.shape, dtype=bool)
    weight = np.repeat(1 / np.abs(target), 2, axis=1)
    return linearise(
        circuit, spectra[0].omega, target, weight, values, free=columns, held=held, known_noise=False
    )


def test_departures_at_once_multiply_and_have_the_derivatives_of_the_product():
    """Three on two elements: Z and dZ/d(theta, c) of the whole circuit, against differences."""
    skewed_ct, _, split_ct, *_ = reshape_arcs(CIRCUIT, OMEGA)
    both = Together((skewed_ct, split_ct, bend_tails(CIRCUIT, OMEGA)[0]))
    start = _Start.of(linearised(CIRCUIT, [true(1)], VALUES), [both], np.zeros(1, dtype=np.intp), VALUES)
    problem, c = start.problem(np.ones(1)), np.array([[0.3, -0.2, 0.5]])
    z, _ = problem.compute_impedance(VALUES, c)
    storage, tail = (change.element for change in (both.changes(VALUES, c)[0], both.changes(VALUES, c)[2]))
    factors = [part.changes(VALUES, c[:, [k]])[0].factor[0] for k, part in enumerate(both.parts)]
    r_s, r, q, alpha, r_1, sigma, q_1, alpha_1 = VALUES[0]
    z_ct = factors[0] * factors[1] / (q * S**alpha)
    warburg = factors[2] * sigma * (1 - 1j) / np.sqrt(OMEGA)
    one = 1 / (1 / (r_1 + warburg) + q_1 * S**alpha_1)
    np.testing.assert_allclose(z[0], r_s + 1 / (1 / r + 1 / z_ct) + one, rtol=1e-9)
    assert (storage.component.name, tail.component.name) == ("CPE_ct", "W1")
    theta = np.concatenate([problem.coordinates.internal(VALUES), c], axis=1)
    _, jacobian = problem.evaluate(theta, np.empty(0, dtype=complex))
    for k in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[0, k] = 1e-6
        up, down = (problem.evaluate(theta + sign * step, np.empty(0, dtype=complex))[0] for sign in (1, -1))
        np.testing.assert_allclose(jacobian[0, k], (up - down)[0] / 2e-6, rtol=1e-4, atol=1e-6)


def test_a_cell_that_departs_in_two_ways_is_described_by_them_at_once():
    """The arc is Cole and Davidson's, the tail behind its resistor has an exponent of 0.45 (simulated)."""
    r, tail = 100, 30 * (S / np.abs(S[-1])) ** -0.45
    slow = 1 / (1 / (r + tail) + 1 / arc(r, 0.01, 1.0, 0.8) - 1 / r)
    cell = spectrum(5 + slow, 0.001, 4)
    circuit = eisfit.circuit("rs-ct-w")
    fit = next(iter(eisfit.fit_many([cell], circuit)))
    fits = linearised(circuit, [cell], np.array([list(fit.values.values())]))
    shapes, tails = reshape_arcs(circuit, fits.omega), bend_tails(circuit, fits.omega)
    alone = fit_departures(fits, [*shapes, *tails])
    at_once = fit_departures(fits, combine(shapes, tails))
    assert max(t.evidence[0] for t in at_once) > max(t.evidence[0] for t in alone) + 12
    best = max(at_once, key=lambda trial: trial.evidence[0])
    assert best.variance[0] < 1.3 * 0.001**2
    place = circuit.names.index("R_ct")
    assert abs(fit["R_ct"].value + best.shift[0, place] - r) < 3 * np.sqrt(best.covar[0, place, place])


def test_the_dispersive_elements_are_those_with_a_phase_of_their_own():
    assert [e.component.name for e in list_elements(CIRCUIT)] == ["CPE_ct", "W1", "CPE1"]


def test_no_error_is_larger_than_a_departure_can_make_it():
    """A resistance moves by a factor e^3 at most, an exponent stays within 0.2 to 1: correlations stay."""
    fits = linearised(CIRCUIT, [true(1)], VALUES)
    size = np.where(np.arange(8) == 1, 1e6, 1e-3) * VALUES[0]
    size[3] = 500.0
    apart = np.eye(8) + 0.5 * (1 - np.eye(8))
    covar = _limit_errors(fits, (apart * size[:, np.newaxis] * size)[np.newaxis])[0]
    told = np.sqrt(np.diag(covar))
    exponent = CIRCUIT.parameters["CPE_ct_alpha"]
    expected = size.copy()
    expected[1], expected[3] = 100 * np.exp(3), 0.5 * (exponent.max - exponent.min)
    np.testing.assert_allclose(told, expected)
    np.testing.assert_allclose(covar / told[:, np.newaxis] / told, apart)


def test_arcs_of_quite_other_sizes_are_no_rivals():
    """The slow arc is the film's: exchanged where it has 5 times the resistance, not 1e5 times."""
    circuit = eisfit.circuit("rs-sei-ct")
    place = {name: k for k, name in enumerate(circuit.names)}
    values = np.zeros((2, len(circuit.names)))
    given = {"R_s": 5, "R_sei": 100, "CPE_sei_Q": 1e-3, "CPE_sei_alpha": 0.9}
    given |= {"R_ct": 20, "CPE_ct_Q": 1e-6, "CPE_ct_alpha": 0.9}
    for name, value in given.items():
        values[:, place[name]] = value
    values[1, place["R_sei"]] = 2e6
    rows, orders = put_in_order(linearised(circuit, [true(1), true(2)], values))
    assert rows.tolist() == [0]
    assert orders[0, place["R_ct"]] == pytest.approx(100)


def test_a_skewed_arc_is_fitted_to_its_end_and_the_error_is_no_wider_than_needed():
    """The stated error stays within four times the rms of the true one (simulated, Gerischer's element)."""
    z = [5 + arc(20, 1e-5, 0.9) + 100 / np.sqrt(1 + S * tau) for tau in (0.02, 0.05, 0.1, 0.2)]
    fits = list(eisfit.fit_many([spectrum(one, 0.001, k) for k, one in enumerate(z)], "rs-sei-ct"))
    off = np.array([abs(fit["R_ct"].value - 100) for fit in fits])
    stated = np.array([fit["R_ct"].stderr for fit in fits])
    assert (off < 2 * stated).all()
    assert np.median(stated) < 4 * np.sqrt(np.mean(off**2))


@pytest.mark.parametrize(("lot", "most"), [(true, 0.5), pytest.param(skewed, 1.0, marks=pytest.mark.slow)])
def test_the_screen_loses_no_departure_that_is_seen(lot, most):
    """Where it is worked out by itself (simulated, sizes that drift), it is among those worth trying."""
    some = [lot(seed) for seed in range(20)]
    some = [s.replace(impedance=s.impedance * (1 + 0.002 * k)) for k, s in enumerate(some)]
    circuit = eisfit.circuit("rs-sei-ct")
    values = np.array([list(r.values.values()) for r in eisfit.fit_many(some, circuit)])
    fits = linearised(circuit, some, values)
    evidence = np.stack([t.evidence for t in try_departures(fits, _list_first_order(fits))], axis=1)
    worth = are_worth_trying(fits, _list_first_order(fits), _COUNTS)
    assert [len(group) for group in _iterate_alike(fits)] == [20]
    seen = 1 - _compute_weights(evidence)[:, 0] > 0.5
    assert not (seen & ~worth).any()
    assert np.mean(worth) <= most

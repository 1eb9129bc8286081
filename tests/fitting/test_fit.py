"""Blind fits against independent ones: scipy and lmfit on residuals and impedances written here."""

from __future__ import annotations

import dataclasses
import json

import lmfit
import numpy as np
import pytest
from scipy.optimize import least_squares

import eisfit
from eisfit.errors import FitError, NotationError, ParameterError, SpectrumError, UsageError
from eisfit.files import to_json
from eisfit.fitting.result import FitResult
from eisfit.spectra.spectrum import Spectrum

FREQUENCY = np.geomspace(1e5, 1e-2, 60)
TIGHT = {"ftol": 1e-14, "xtol": 1e-14, "gtol": 1e-14}


def arc(s, r, q, alpha):
    return 1 / (q * s**alpha + 1 / r)


def warburg(s, sigma):
    return sigma * np.sqrt(2) / np.sqrt(s)


#: Every circuit in circuits/, written out again, with the ranges its random parameters are drawn from:
#: name -> (parameters in order, impedance).
MODELS = {
    "rs-ct": ("R_s R_ct Q_ct a_ct", lambda s, p: p[0] + arc(s, *p[1:4])),
    "rs-ct-w": (
        "R_s R_ct W Q_ct a_ct",
        lambda s, p: p[0] + arc(s, p[1] + warburg(s, p[2]), p[3], p[4]),
    ),
    "rs-sei-ct": (
        "R_s R_sei Q_sei a_sei R_ct Q_ct a_ct",
        lambda s, p: p[0] + arc(s, *p[1:4]) + arc(s, *p[4:7]),
    ),
    "rs-sei-ct-w": (
        "R_s R_sei Q_sei a_sei R_ct W Q_ct a_ct",
        lambda s, p: p[0] + arc(s, *p[1:4]) + arc(s, p[4] + warburg(s, p[5]), p[6], p[7]),
    ),
    "rs-sei-ct-then-w": (
        "R_s R_sei Q_sei a_sei R_ct Q_ct a_ct W",
        lambda s, p: p[0] + arc(s, *p[1:4]) + arc(s, *p[4:7]) + warburg(s, p[7]),
    ),
    "l-rs-sei-ct-w": (
        "L R_s R_sei Q_sei a_sei R_ct W Q_ct a_ct",
        lambda s, p: s * p[0] + p[1] + arc(s, *p[2:5]) + arc(s, p[5] + warburg(s, p[6]), p[7], p[8]),
    ),
    "rs-sei-ct-wo": (
        "R_s R_sei Q_sei a_sei R_ct Q_ct a_ct R_o tau_o",
        lambda s, p: (
            p[0]
            + arc(s, *p[1:4])
            + arc(s, *p[4:7])
            + p[7] / (np.sqrt(s * p[8]) * np.tanh(np.sqrt(s * p[8])))
        ),
    ),
    "rs-film-ct-w": (
        "R_s R_film Q_film a_film R_sei Q_sei a_sei R_ct W Q_ct a_ct",
        lambda s, p: (
            p[0] + arc(s, *p[1:4]) + arc(s, *p[4:7]) + arc(s, p[7] + warburg(s, p[8]), p[9], p[10])
        ),
    ),
}  # fmt: skip
TIMES = {"film": (1e-5, 3e-5), "sei": (3e-4, 1e-3), "ct": (2e-2, 1e-1)}


def truth(name, seed):
    """Draw parameters: arcs at least a decade apart, each seen in the sweep."""
    rng = np.random.default_rng([seed, *name.encode()])
    drawn, q_alpha = {}, {}
    for word in MODELS[name][0].split():
        kind, _, label = word.partition("_")
        if kind == "a":
            drawn[word] = q_alpha[label][1]
        elif kind == "Q":
            alpha, tau = rng.uniform(0.75, 0.98), np.exp(rng.uniform(*np.log(TIMES[label])))
            q_alpha[label] = (tau**alpha / drawn[f"R_{label}"], alpha)
            drawn[word] = q_alpha[label][0]
        else:
            low, high = {"R": (5, 50), "W": (1, 5), "L": (3e-7, 1e-6), "tau": (10, 40)}[kind]
            drawn[word] = rng.uniform(low, high)
    return np.array(list(drawn.values()))


def simulated(name, seed, noise=0.005, p=None, frequency=FREQUENCY):
    p = truth(name, seed) if p is None else p
    z = MODELS[name][1](2j * np.pi * frequency, p)
    rng = np.random.default_rng([seed, 1])
    kick = rng.normal(size=z.size) + 1j * rng.normal(size=z.size)
    return p, Spectrum(frequency, z + noise * np.abs(z) * kick, source=f"{name}, seed {seed}, simulated")


def weights_by_hand(s, weighting):
    modulus = np.abs(s.impedance)
    if weighting == "modulus":
        return 1 / modulus, 1 / modulus
    if weighting == "unit":
        rms = np.sqrt(np.mean(modulus**2))
        return np.ones_like(modulus) / rms, np.ones_like(modulus) / rms
    if weighting == "noise":
        return 1 / s.noise, 1 / s.noise
    parts = (np.abs(s.impedance.real), np.abs(s.impedance.imag))
    return tuple(1 / np.maximum(part, 0.01 * modulus) for part in parts)


def residual_by_hand(name, s, weighting):
    omega = 2j * np.pi * s.frequency
    real, imag = weights_by_hand(s, weighting)

    def residual(p):
        r = MODELS[name][1](omega, p) - s.impedance
        return np.concatenate([r.real * real, r.imag * imag])

    return residual


def independent(name, s, start, weighting="modulus"):
    """scipy's least_squares from the truth, every parameter in units of its start; returns (chisqr, p)."""
    residual = residual_by_hand(name, s, weighting)
    words = MODELS[name][0].split()
    high = np.array(
        [1 / a if word.startswith("a_") else np.inf for word, a in zip(words, start, strict=True)]
    )
    found = least_squares(
        lambda x: residual(x * start), np.ones(start.size), bounds=(0, high), x_scale="jac", **TIGHT
    )
    return 2 * found.cost, found.x * start


def test_every_circuit_has_its_model_here():
    assert set(MODELS) <= set(eisfit.circuits())  # the others are in tests/fitting/test_fit_elements.py
    for name, (words, formula) in MODELS.items():
        c, p = eisfit.circuit(name), truth(name, 0)
        assert len(words.split()) == len(c.names)
        ours = c.impedance(FREQUENCY, dict(zip(c.names, p, strict=True)))
        assert ours == pytest.approx(formula(2j * np.pi * FREQUENCY, p), rel=1e-10)


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2, 3, 4))])
@pytest.mark.parametrize("name", MODELS)
def test_blind_fits_reach_the_optimum_beside_the_truth(name, seed):
    p, s = simulated(name, seed)
    result = eisfit.fit(s, name)
    chisqr, _ = independent(name, s, p)
    assert result.statistics.chisqr <= chisqr * (1 + 1e-5)
    assert result.lmfit.success


# The cases of scaling


def test_a_large_arc_in_ohm_and_a_small_one_in_farad():
    """R 100 ohm - (100 kohm beside 1 nF), noise-free: impedance.py answers 8327 ohm / 8.7 kohm / 1.5 nF."""
    f = np.geomspace(1e6, 1, 61)
    s = Spectrum(f, 100 + 1 / (2j * np.pi * f * 1e-9 + 1e-5))
    r = eisfit.fit(s, "R0-p(R1,C1)")
    assert r.values == pytest.approx({"R0": 100.0, "R1": 1e5, "C1": 1e-9}, rel=1e-8)
    assert r.statistics.rms_relative_residual < 1e-9


@pytest.mark.parametrize("decades", [(1e5, 1e-2), (1e6, 1e-1), (1e5, 1e-3)])
def test_a_coating_of_many_megaohm(decades):
    f = np.geomspace(*decades, 71)
    s = Spectrum(f, 370 + arc(2j * np.pi * f, 6.8e7, 1.3e-8, 0.9))
    r = eisfit.fit(s, "R0-p(R1,CPE1)")
    assert r.values == pytest.approx(
        {"R0": 370.0, "R1": 6.8e7, "CPE1_Q": 1.3e-8, "CPE1_alpha": 0.9}, rel=1e-6
    )


@pytest.mark.parametrize(("ohm", "second"), [(1e-6, 1.0), (1e7, 1.0), (1.0, 1e-4), (1.0, 1e5), (1e6, 1e4)])
def test_the_answer_scales_with_the_units(ohm, second):
    """A spectrum in other units of ohm and second gives the same answer in those units."""
    _, s = simulated("rs-sei-ct", 3)
    one = eisfit.fit(s, "rs-sei-ct")
    other = eisfit.fit(Spectrum(s.frequency / second, s.impedance * ohm), "rs-sei-ct")
    errors = []
    for name, row in one.parameters.items():
        gradient = np.zeros(len(one.parameters))  # of the value in the other units by the values in these
        k = one.var_names.index(name)
        gradient[k] = {"ohm": ohm, "S s^alpha": 1 / ohm, "": 1.0}[row.unit]
        if row.unit == "S s^alpha":
            alpha = one.var_names.index(name.replace("_Q", "_alpha"))
            gradient[k] *= second ** one.values[one.var_names[alpha]]
            gradient[alpha] = gradient[k] * row.value * np.log(second)
        assert other[name].value == pytest.approx(row.value * gradient[k], rel=2e-5)
        errors.append(np.sqrt(gradient @ one.covar @ gradient))
    # `covar` is the noise's; what a circuit that is nearly true adds scales likewise.
    assert [row.stderr_noise for row in other.parameters.values()] == pytest.approx(errors, rel=1e-3)
    for name in ("R_s", "R_sei", "R_ct"):
        assert other[name].stderr == pytest.approx(one[name].stderr * ohm, rel=2e-2)
    assert other.statistics.chisqr == pytest.approx(one.statistics.chisqr, rel=1e-8)


# Weightings, errors and statistics


@pytest.mark.parametrize("weighting", ["modulus", "proportional", "unit", "noise"])
@pytest.mark.parametrize("name", ["rs-ct-w", "rs-sei-ct"])
def test_weightings_against_scipy(name, weighting):
    p, s = simulated(name, 1)
    s = s.replace(noise=0.005 * np.abs(s.impedance) * np.linspace(0.5, 2, s.points))
    r = eisfit.fit(s, name, weighting=weighting)
    chisqr, best = independent(name, s, p, weighting)
    assert r.statistics.chisqr == pytest.approx(chisqr, rel=1e-8)
    assert list(r.values.values()) == pytest.approx(list(best), rel=1e-4)
    assert r.weighting == weighting
    assert r.covariance_rescaled is (weighting != "noise")


def lmfits(name, s, start, weighting="modulus", names=None, **changes):
    """An independent lmfit.minimize: leastsq, numeric Jacobian, parameters in units of their start."""
    names = names or eisfit.circuit(name).names
    residual = residual_by_hand(name, s, weighting)
    params = lmfit.Parameters()
    for parameter, value in zip(names, start, strict=True):
        params.add(parameter, value=1.0)
        params.add(f"x_{parameter}", expr=f"{parameter}*{float(value)!r}")
    for parameter, change in changes.items():
        params[parameter].set(**change)

    def scaled(params):
        return residual(np.array([params[f"x_{n}"].value for n in names]))

    options = {"epsfcn": 1e-12, "ftol": 1e-14, "xtol": 1e-14}
    found = lmfit.minimize(scaled, params, method="leastsq", scale_covar=weighting != "noise", **options)
    return found, {n: found.params[f"x_{n}"] for n in names}


@pytest.mark.parametrize("weighting", ["modulus", "noise"])
@pytest.mark.parametrize("name", ["rs-ct", "rs-ct-w", "rs-sei-ct", "rs-sei-ct-w"])
def test_values_errors_and_statistics_are_lmfits(name, weighting):
    p, s = simulated(name, 2)
    s = s.replace(noise=0.004 * np.abs(s.impedance))
    r = eisfit.fit(s, name, weighting=weighting)
    found, reference = lmfits(name, s, p, weighting)
    factors = dict(zip(r.circuit.names, p, strict=True))
    for parameter, row in r.parameters.items():
        assert row.value == pytest.approx(reference[parameter].value, rel=1e-3)
        assert row.stderr == pytest.approx(found.params[parameter].stderr * factors[parameter], rel=1e-3)
    for key in ("chisqr", "redchi", "aic", "bic"):
        assert getattr(r.statistics, key) == pytest.approx(getattr(found, key), rel=1e-6)
    for key in ("ndata", "nvarys", "nfree"):
        assert getattr(r.statistics, key) == getattr(found, key)
    z = MODELS[name][1](2j * np.pi * s.frequency, np.array(list(r.values.values())))
    rms = np.sqrt(np.mean(np.abs(z / s.impedance - 1) ** 2))
    assert r.statistics.rms_relative_residual == pytest.approx(rms, rel=1e-6)
    correlations = {(a, b): c for a, b, c in r.correlations}
    for (a, b), c in correlations.items():
        assert c == pytest.approx(found.params[a].correl[b], abs=5e-3)


# Fixed parameters, bounds and expressions


def test_fixed_parameters():
    p, s = simulated("rs-ct-w", 4)
    held = 1.1 * p[1]
    r = eisfit.fit(s, "rs-ct-w", fix={"R_ct": held, "CPE_ct_alpha": 0.9})
    start = np.where(np.arange(5) == 1, held, p)
    start[4] = 0.9
    found, reference = lmfits("rs-ct-w", s, start, R_ct={"vary": False}, CPE_ct_alpha={"vary": False})
    assert (r["R_ct"].value, r["R_ct"].stderr, r["R_ct"].vary) == (held, None, False)
    assert r["CPE_ct_alpha"].value == 0.9
    assert r.statistics.chisqr == pytest.approx(found.chisqr, rel=1e-8)
    for k, name in ((0, "R_s"), (2, "W_d_sigma"), (3, "CPE_ct_Q")):
        assert r[name].value == pytest.approx(reference[name].value, rel=1e-4)
        assert r.params[name].stderr == pytest.approx(found.params[name].stderr * start[k], rel=1e-3)
        # A circuit held to wrong values is not true: what is not noise in its residual is the model's part.
        assert r[name].stderr_noise < r.params[name].stderr
        assert r[name].stderr_model > 0
    assert r.var_names == ("R_s", "W_d_sigma", "CPE_ct_Q")
    assert r.covar.shape == (3, 3)


def test_expressions_with_their_jacobian():
    p, s = simulated("rs-sei-ct", 5)
    r = eisfit.fit(s, "rs-sei-ct", expr={"R_ct": "1.3*R_sei + 0.5*R_s", "CPE_ct_alpha": "CPE_sei_alpha"})
    names = list(r.circuit.names)
    residual = residual_by_hand("rs-sei-ct", s, "modulus")

    def complete(x):
        r_s, r_sei, q_sei, a, q_ct = x * start
        return np.array([r_s, r_sei, q_sei, a, 1.3 * r_sei + 0.5 * r_s, q_ct, a])

    start = p[[0, 1, 2, 3, 5]]
    high = np.array([np.inf, np.inf, np.inf, 1 / start[3], np.inf])
    found = least_squares(lambda x: residual(complete(x)), np.ones(5), bounds=(0, high), **TIGHT)
    assert r.statistics.chisqr == pytest.approx(2 * found.cost, rel=1e-8)
    assert [r[name].value for name in names] == pytest.approx(list(complete(found.x)), rel=1e-4)
    covar = np.linalg.inv(found.jac.T @ found.jac) * 2 * found.cost / (2 * s.points - 5)
    errors = np.sqrt(np.diag(covar)) * start
    free = ["R_s", "R_sei", "CPE_sei_Q", "CPE_sei_alpha", "CPE_ct_Q"]
    assert [r.params[name].stderr for name in free] == pytest.approx(list(errors), rel=1e-3)
    # the tied parameter's error by hand: 1.3 R_sei + 0.5 R_s with their correlation
    gradient = np.array([0.5 * start[0], 1.3 * start[1], 0, 0, 0])
    assert r.params["R_ct"].stderr == pytest.approx(np.sqrt(gradient @ covar @ gradient), rel=1e-2)
    gradient = np.array([0.5, 1.3, 0, 0, 0])
    assert r["R_ct"].stderr_noise == pytest.approx(np.sqrt(gradient @ r.covar @ gradient), rel=1e-6)
    assert r["R_ct"].expr == "1.3*R_sei + 0.5*R_s"
    assert r["R_ct"].value == 1.3 * r["R_sei"].value + 0.5 * r["R_s"].value


def test_an_expression_may_name_a_later_parameter():
    _, s = simulated("rs-sei-ct", 6)
    r = eisfit.fit(s, "rs-sei-ct", expr={"R_s": "R_ct/5", "CPE_sei_alpha": "CPE_ct_alpha"})
    assert r["R_s"].value == pytest.approx(r["R_ct"].value / 5)
    assert r["CPE_sei_alpha"].value == r["CPE_ct_alpha"].value


def test_unknown_noise_is_estimated_and_gives_a_p_value():
    """Where the circuit is right redchi is about one and p anything, where it is wrong p is tiny."""
    _, s = simulated("rs-sei-ct-w", 40)
    assert s.noise is None
    right = eisfit.fit(s, "rs-sei-ct-w", weighting="noise")
    wrong = eisfit.fit(s, "rs-ct", weighting="noise")
    # Standard deviation of redchi over 2F numbers: sqrt(2 / nfree), and as much again from the estimate.
    assert right.statistics.redchi == pytest.approx(1, abs=4 * np.sqrt(4 / right.statistics.nfree))
    assert 1e-4 < right.statistics.p_value <= 1
    assert wrong.statistics.p_value < 1e-6
    assert not right.covariance_rescaled
    assert eisfit.fit(s, "rs-sei-ct-w").statistics.p_value is None


def test_points_that_fail_kramers_kronig_are_dropped_on_request_and_named():
    _, s = simulated("rs-sei-ct-w", 41)
    z = s.impedance.copy()
    z[20] *= 1.2
    r = eisfit.fit(s.replace(impedance=z), "rs-sei-ct-w", drop_invalid=True)
    assert r.spectrum.points == s.points - 1
    (flag,) = (flag for flag in r.flags if flag.name == "points_dropped")
    assert f"{s.frequency[20]:.4g}" in flag.cause
    clean = eisfit.fit(s, "rs-sei-ct-w", drop_invalid=True)
    assert clean.spectrum.points == s.points


@pytest.mark.parametrize(
    "expr", ["R_sei**1.1", "sqrt(R_sei)*10", "exp(log(R_sei))*2", "R_sei*pi/e", "2e1 + R_sei"]
)
def test_every_kind_of_expression_is_lmfits(expr):
    _, s = simulated("rs-sei-ct", 6)
    r = eisfit.fit(s, "rs-sei-ct", expr={"R_ct": expr})
    value = eval(
        expr, {"R_sei": r["R_sei"].value} | {k: getattr(np, k) for k in ("sqrt", "exp", "log", "pi", "e")}
    )
    assert r["R_ct"].value == pytest.approx(value, rel=1e-12)
    assert r["R_ct"].stderr > 0


def test_bounds_are_kept_and_the_optimum_on_them_found():
    p, s = simulated("rs-ct", 7)
    low = 1.2 * p[1]
    r = eisfit.fit(s, "rs-ct", bound={"R_ct": (low, 1e6)})
    residual = residual_by_hand("rs-ct", s, "modulus")
    start = p.copy()
    start[1] = low
    found = least_squares(
        lambda x: residual(np.array([x[0], 1.0, x[1], x[2]]) * start),
        np.ones(3),
        bounds=(0, [np.inf, np.inf, 1 / p[3]]),
        **TIGHT,
    )
    assert r["R_ct"].value == pytest.approx(low, rel=1e-9)
    assert r["R_ct"].at_bound
    assert r.statistics.chisqr == pytest.approx(2 * found.cost, rel=1e-6)
    assert not r.ok


def test_inactive_bounds_change_nothing():
    p, s = simulated("rs-ct", 8)
    free = eisfit.fit(s, "rs-ct")
    bounded = eisfit.fit(s, "rs-ct", bound={"R_ct": (p[1] / 2, p[1] * 2), "CPE_ct_Q": (p[2] / 9, p[2] * 9)})
    assert bounded.values == pytest.approx(free.values, rel=1e-6)
    assert [row.stderr for row in bounded.parameters.values()] == pytest.approx(
        [row.stderr for row in free.parameters.values()], rel=1e-4
    )


def test_start_values_lead_to_the_same_place():
    p, s = simulated("rs-sei-ct-w", 9)
    blind = eisfit.fit(s, "rs-sei-ct-w")
    names = blind.circuit.names
    led = eisfit.fit(s, "rs-sei-ct-w", start=dict(zip(names, p, strict=True)))
    assert led.values == pytest.approx(blind.values, rel=1e-5)
    assert (led.starts, led.agreed) == (1, 1)
    partly = eisfit.fit(s, "rs-sei-ct-w", start={"R_ct": p[4]})
    assert partly.values == pytest.approx(blind.values, rel=1e-4)


def test_frequency_range():
    _, s = simulated("rs-ct", 10)
    r = eisfit.fit(s, "rs-ct", fmin=1.0, fmax=1e4)
    assert r.spectrum.frequency.min() >= 1.0
    assert r.spectrum.frequency.max() <= 1e4
    assert r.values == eisfit.fit(s.select(1.0, 1e4), "rs-ct").values


# Order, determinism, what is refused


@pytest.mark.parametrize(
    "string", ["R_s-p(R_sei,CPE_sei)-p(R_ct,CPE_ct)", "R_s-p(R_ct,CPE_ct)-p(R_sei,CPE_sei)"]
)
def test_arcs_come_out_in_the_order_of_their_roles(string):
    """SEI is the faster one, wherever it stands in the string."""
    _, s = simulated("rs-sei-ct", 11)
    r = eisfit.fit(s, string)
    assert r.derived["tau_sei"]["value"] < r.derived["tau_ct"]["value"]


@pytest.mark.parametrize("string", ["R_0-p(R_1,CPE_1)-p(R_2,CPE_2)", "R_0-p(R_2,CPE_2)-p(R_1,CPE_1)"])
def test_arcs_without_roles_come_out_in_the_order_of_the_string(string):
    _, s = simulated("rs-sei-ct", 11)
    r = eisfit.fit(s, string)
    first, second = ("1", "2") if string.index("R_1") < string.index("R_2") else ("2", "1")
    assert r.derived[f"tau_{first}"]["value"] < r.derived[f"tau_{second}"]["value"]


_TWO = "R_0-p(R_1,CPE_1)-p(R_2,CPE_2)"


@pytest.mark.parametrize(
    "bound", [{"R_1": (0, 1e5)}, {"CPE_1_alpha": (0.5, 1)}, {"R_2": (1e-3, None), "CPE_2_Q": (None, 10)}]
)
def test_a_bound_that_every_arc_keeps_does_not_exchange_them(bound):
    _, s = simulated("rs-sei-ct", 11)
    free, r = eisfit.fit(s, _TWO), eisfit.fit(s, _TWO, bound=bound)
    assert list(r.values.values()) == pytest.approx(list(free.values.values()), rel=1e-6)
    assert not r.alternatives and not r.flags


def test_a_bound_that_the_slow_arc_alone_keeps_says_which_is_which():
    _, s = simulated("rs-sei-ct", 11)
    free = eisfit.fit(s, _TWO)
    between = (free["R_1"].value * free["R_2"].value) ** 0.5
    slow_first = (between, None) if free["R_1"].value < free["R_2"].value else (None, between)
    r = eisfit.fit(s, _TWO, bound={"R_1": slow_first})
    assert r["R_1"].value == pytest.approx(free["R_2"].value, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_sei_is_the_faster_arc_or_the_result_says_otherwise(seed):
    for name in ("rs-sei-ct", "rs-sei-ct-then-w", "rs-sei-ct-w"):
        _, s = simulated(name, seed + 20)
        r = eisfit.fit(s, name)
        in_order = r.derived["tau_sei"]["value"] < r.derived["tau_ct"]["value"]
        # Beside a Warburg the arcs are not alike, and the data itself may (weakly) prefer the other order.
        assert in_order or (
            name == "rs-sei-ct-w" and not r.ok and "arcs_swapped" in {f.name for f in r.flags}
        )


def test_a_value_given_by_the_user_keeps_its_arc():
    """A fixed R of the second arc names that arc: it must not be exchanged."""
    p, s = simulated("rs-sei-ct", 12)
    r = eisfit.fit(s, "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)", fix={"R_2": float(p[1])})
    assert r["R_2"].value == p[1]
    assert r.derived["tau_2"]["value"] < r.derived["tau_1"]["value"]


def test_the_same_input_gives_the_same_answer():
    _, s = simulated("rs-sei-ct-w", 13)
    one, two = eisfit.fit(s, "rs-sei-ct-w"), eisfit.fit(s, "rs-sei-ct-w")
    assert to_json(one.to_dict()) == to_json(two.to_dict())
    other = eisfit.fit(s, "rs-sei-ct-w", seed=7)
    assert other.values == pytest.approx(one.values, rel=1e-5)


def test_the_order_of_the_points_does_not_matter():
    _, s = simulated("rs-sei-ct", 14)
    shuffled = np.random.default_rng(0).permutation(s.points)
    t = Spectrum(s.frequency[shuffled], s.impedance[shuffled], source=s.source)
    assert eisfit.fit(t, "rs-sei-ct").values == eisfit.fit(s, "rs-sei-ct").values


def test_too_few_points():
    _, s = simulated("rs-sei-ct-w", 0)
    with pytest.raises(
        FitError, match=r"3 points \(6 numbers\) cannot determine the 8 parameters of rs-sei-ct-w"
    ):
        eisfit.fit(s.keep(np.arange(60) < 3), "rs-sei-ct-w")
    with pytest.raises(FitError, match="2 points"):
        eisfit.fit(s.keep(np.arange(60) < 2), "rs-ct")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"circuit": "rs-sei-tc"},
            UsageError,
            r"no circuit is called 'rs-sei-tc'; did you mean 'rs-sei-ct'\?",
        ),
        ({"circuit": "R_s-"}, NotationError, "expected an element"),
        ({"weighting": "modulos"}, UsageError, r"no weighting is called 'modulos'; did you mean 'modulus'\?"),
        ({"fix": {"R_tc": 1.0}}, ParameterError, r"no parameter 'R_tc'; did you mean 'R_ct'\?"),
        ({"bound": {"R_ct": (100, 200)}, "start": {"R_ct": 50}}, ParameterError, "the value 50 lies outside"),
        ({"expr": {"R_ct": "9**9**9**9"}}, ParameterError, "is not a finite number"),
        ({"expr": {"R_ct": "__import__('os')"}}, ParameterError, "is not allowed"),
        ({"expr": {"R_ct": "CPE_ct_Q*R_ct"}}, ParameterError, "in a circle"),
        ({"fmin": 1e7}, SpectrumError, "no point is left"),
        (
            {"fix": {"R_s": 1.0, "R_ct": 1.0, "CPE_ct_Q": 1.0, "CPE_ct_alpha": 1.0}},
            ParameterError,
            "every parameter is fixed; there is nothing to fit",
        ),
    ],
)
def test_impossible_requests(options, error, message):
    _, s = simulated("rs-ct", 0)
    with pytest.raises(error, match=message):
        eisfit.fit(s, **{"circuit": "rs-ct", **options})


@pytest.mark.parametrize("expr", ["R_s/0", "log(R_s - R_s)", "-R_s", "sqrt(-R_s)", "1e300*R_s**40"])
def test_an_expression_that_leads_nowhere_is_answered_by_eisfit(expr):
    """Whatever comes of it, no error of lmfit, scipy or numpy reaches the user."""
    _, s = simulated("rs-ct", 0)
    try:
        r = eisfit.fit(s, "rs-ct", expr={"R_ct": expr})
    except eisfit.EisfitError as error:
        message = str(error)
    else:
        message = "R_ct"
        assert not r.ok
    assert "R_ct" in message
    assert "\n" not in message


# Shapes of data that a blind fit must survive


@pytest.mark.slow
@pytest.mark.parametrize(
    "impedance",
    [
        np.full(30, 5.0 + 0j),
        np.full(30, 0 - 5.0j),
        1 / (2j * np.pi * np.geomspace(1e5, 1, 30) * 1e-6),
        2j * np.pi * np.geomspace(1e5, 1, 30) * 1e-6,
        np.geomspace(1e-9, 1e9, 30) * (1 - 1j),
        -5.0 - 1j * np.linspace(1, 2, 30),
        np.exp(2j * np.pi * np.random.default_rng(0).random(30)),
    ],
    ids=["resistor", "constant phase", "capacitor", "inductor", "eighteen decades", "negative", "noise"],
)
@pytest.mark.parametrize("name", ["rs-ct", "rs-sei-ct-w", "l-rs-sei-ct-w"])
def test_data_of_another_kind_gives_a_result_that_is_not_ok_or_one_sentence(impedance, name):
    s = Spectrum(np.geomspace(1e5, 1, 30), impedance)
    r = eisfit.fit(s, name)
    assert not r.ok
    assert r.flags
    assert np.isfinite(r.fitted).all()
    json.loads(to_json(r.to_dict()))
    assert str(r)


def test_a_single_point_and_a_resistor():
    r = eisfit.fit(Spectrum([10.0], [5 + 0j]), "R_s")
    assert r["R_s"].value == pytest.approx(5.0)


@pytest.mark.parametrize(
    "string",
    ["R1-C1", "R1-L1", "R1-CPE1", "R1-W1", "R1-Ws1", "R1-Wo1", "p(R1,L1)-R2-C2", "C1", "p(R1-p(R2,C2),C1)"],
)
def test_circuits_without_the_usual_arcs(string):
    c = eisfit.circuit(string)
    values = {"R1": 10.0, "R2": 30.0, "C1": 1e-4, "C2": 1e-2, "L1": 1e-3, "CPE1_Q": 1e-3, "CPE1_alpha": 0.7}
    values |= {"W1_sigma": 5.0, "Ws1_R": 20.0, "Ws1_tau": 3.0, "Wo1_R": 20.0, "Wo1_tau": 3.0}
    p = {name: values[name] for name in c.names}
    s = Spectrum(FREQUENCY, c.impedance(FREQUENCY, p))
    r = eisfit.fit(s, string)
    assert r.values == pytest.approx(p, rel=1e-5)


def test_result_of_a_fit_goes_to_json_and_back():
    _, s = simulated("rs-sei-ct-w", 15)
    r = eisfit.fit(s, "rs-sei-ct-w", bound={"R_ct": (1, 1000)})
    again = FitResult.from_dict(json.loads(to_json(r.to_dict())))
    assert to_json(again.to_dict()) == to_json(r.to_dict())
    assert again.lmfit is None
    assert again.fitted == pytest.approx(r.fitted, rel=1e-12)
    with pytest.raises(dataclasses.FrozenInstanceError):
        r.ok = True


def test_lmfits_own_objects_are_there():
    _, s = simulated("rs-ct", 16)
    r = eisfit.fit(s, "rs-ct")
    assert isinstance(r.lmfit, lmfit.minimizer.MinimizerResult)
    assert r.params["R_ct"].value == r["R_ct"].value
    assert r.params["R_ct"].stderr == r["R_ct"].stderr
    assert "R_ct" in lmfit.fit_report(r.lmfit)
    assert r.lmfit.residual.size == 2 * s.points
    assert np.sum(r.lmfit.residual**2) == pytest.approx(r.statistics.chisqr)


def test_a_warburg_in_the_faster_arc_is_found():
    """The grid of start values cannot tell which arc has the Warburg; the fit must."""
    truth = {
        "R_s": 4.1, "R_sei": 15.0, "CPE_sei_Q": 0.17, "CPE_sei_alpha": 0.86,
        "R_ct": 24.0, "W_d_sigma": 7.6, "CPE_ct_Q": 0.0011, "CPE_ct_alpha": 0.75,
    }  # fmt: skip
    frequency = np.geomspace(1e5, 1e-2, 60)
    spectrum = eisfit.simulate("rs-sei-ct-w", truth, frequency=frequency, noise=0.005, seed=1)
    result = eisfit.fit(spectrum, "rs-sei-ct-w")
    assert result["R_ct"].value == pytest.approx(24, rel=0.02)
    assert result["R_sei"].value == pytest.approx(15, rel=0.05)


def test_a_negative_resistance_is_no_bound_and_keeps_its_error():
    """An adsorbed intermediate: R2 and C2 below zero, far inside their bounds; simulated, 0.5 % noise."""
    f = np.geomspace(1e5, 1e-3, 60)
    s = 2j * np.pi * f
    rng = np.random.default_rng(2)
    z = 5 + 1 / (5e-5 * s**0.88 + 1 / (120 - 40 / (1 + 0.8 * s)))
    z *= 1 + 0.005 * (rng.standard_normal(60) + 1j * rng.standard_normal(60))
    bound = {"R2": (-1e5, 0), "C2": (-1e3, 0)}
    for result in (
        eisfit.fit(eisfit.Spectrum(f, z), "R0-p(CPE1,R1-p(R2,C2))", bound=bound),
        *eisfit.fit_many([eisfit.Spectrum(f, z)], "R0-p(CPE1,R1-p(R2,C2))", bound=bound),
    ):
        for name, truth in (("R2", -40), ("C2", -0.02), ("R1", 120)):
            p = result[name]
            assert not p.at_bound
            assert abs(p.value - truth) < 5 * p.stderr < abs(truth)

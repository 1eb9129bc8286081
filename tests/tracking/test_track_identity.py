"""The same arc over the series: simulated cells whose time constants drift together and part again."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import eisfit
from eisfit.engine.starts.guess import StartGrid
from eisfit.engine.starts.random_numbers import Random
from eisfit.engine.swapped_arcs import exchange_arcs as in_other_orders
from eisfit.model.simulate import simulate
from eisfit.tracking import series_fits as fits_module
from eisfit.tracking.identity import Candidate, Features, find_path
from eisfit.tracking.series_fits import Fits

STEPS = 13
NOISE = 0.004


def truth(k, least=2.2):
    """Return the parameters at one step: tau_ct / tau_sei falls from 60 to `least` and rises again."""
    u = k / (STEPS - 1)
    near = np.exp(-(((u - 0.5) / 0.18) ** 2))
    ratio = 60 ** (1 - near) * least**near
    r_sei, r_ct, alpha = 12 + 4 * u, 40 + 30 * u, 0.88
    return {
        "R_s": 2.0, "R_sei": r_sei, "R_ct": r_ct, "CPE_sei_alpha": alpha, "CPE_ct_alpha": alpha,
        "CPE_sei_Q": 1e-3**alpha / r_sei, "CPE_ct_Q": (1e-3 * ratio) ** alpha / r_ct,
    }  # fmt: skip


@pytest.fixture(scope="module")
def series():
    return [simulate("rs-sei-ct", truth(k), noise=NOISE, seed=k, cycle=10 * (k + 1)) for k in range(STEPS)]


@pytest.fixture(scope="module")
def tracked(series):
    return eisfit.track(series, "rs-sei-ct")


def assert_true_where_ok(result):
    for k, fit in enumerate(result):
        for name in ("R_sei", "R_ct"):
            if fit.ok:
                assert abs(fit[name].value - truth(k)[name]) < 4.5 * fit[name].stderr


def test_arcs_keep_their_names_through_a_close_encounter(tracked):
    assert_true_where_ok(tracked)
    assert [fit.ok for fit in tracked][:4] == [True] * 4
    assert [fit.ok for fit in tracked][-4:] == [True] * 4


def test_merged_arcs_are_undetermined_there_and_said_so(tracked):
    middle = tracked[STEPS // 2]
    assert not middle.ok
    flag = next(flag for flag in middle.flags if flag.name == "arcs_merged")
    assert "R_sei and R_ct" in flag.cause
    assert not any(flag.name in ("jump", "arcs_swapped") for fit in tracked for flag in fit.flags)
    assert tracked.growth("R_ct").points == sum(fit.ok for fit in tracked) < STEPS


def exchange_arcs(fit):
    """Return a fit with its two arcs under each other's names."""
    old, swapped = fit.parameters, {}
    for name in old:
        other = name.replace("sei", "#").replace("ct", "sei").replace("#", "ct")
        swapped[name] = dataclasses.replace(old[other], name=name)
    derived = {
        n.replace("sei", "#").replace("ct", "sei").replace("#", "ct"): d for n, d in fit.derived.items()
    }
    return dataclasses.replace(fit, parameters=swapped, derived=derived)


@pytest.mark.parametrize(
    "places", [(1, 4, 11), *(pytest.param(k, marks=pytest.mark.slow) for k in ((2,), (9, 10)))]
)
def test_blind_fits_with_exchanged_arcs_are_put_right(series, monkeypatch, places):
    honest = fits_module.fit_or_failure

    def planted(spectrum, circuit, **options):
        fit = honest(spectrum, circuit, **options)
        return exchange_arcs(fit) if spectrum.cycle / 10 - 1 in places else fit

    monkeypatch.setattr(fits_module, "fit_or_failure", planted)
    result = eisfit.track(series, "rs-sei-ct", loss="linear")  # fitted one by one
    assert_true_where_ok(result)
    assert all(result[k].ok for k in places)
    note = next(note for note in result.notes if note.startswith("neighbours led to another optimum"))
    assert {str(10 * (k + 1)) for k in places} <= set(note.partition(": ")[2].split(", "))


def test_a_jump_is_flagged_and_kept(series):
    spectra = [
        simulate("rs-sei-ct", {**truth(0), "R_ct": 40.0 * (1 + (k > 3))}, noise=NOISE, seed=k, cycle=k + 1)
        for k in range(7)
    ]
    result = eisfit.track(spectra, "rs-sei-ct")
    jumps = [(k, flag) for k, fit in enumerate(result) for flag in fit.flags if flag.name == "jump"]
    assert [k for k, _ in jumps] == [4]
    assert "from cycle 4 to here: R_ct times 2.0" in jumps[0][1].cause
    assert result[4].ok


CIRCUIT = eisfit.circuit("R_s-p(R_1,C_1)-p(R_2,C_2)")
A = np.array([1.0, 10, 1e-4, 50, 1e-2])
B = np.array([1.0, 50, 1e-2, 10, 1e-4])  # the arcs of A exchanged


def candidate(values, chisqr, features):
    return Candidate(values, chisqr, features.of(values[np.newaxis])[0], 0.0, blind=True)


def test_features_are_closed_forms():
    features = Features(CIRCUIT)
    assert features.names == ["R_1", "tau of R_1", "R_2", "tau of R_2", "R_s"]
    assert features.of(A[np.newaxis])[0] == pytest.approx(np.log([10, 1e-3, 50, 0.5, 1]))
    assert in_other_orders(features.circuit, A[np.newaxis])[0] == pytest.approx(B[np.newaxis])


def test_a_cpe_and_a_capacitor_exchange_their_time_constants():
    features = Features(eisfit.circuit("R_s-p(R_1,CPE_1)-p(R_2,C_2)"))
    values = np.array([1.0, 10, 2e-4, 0.8, 50, 1e-2])
    (row,) = in_other_orders(features.circuit, values[np.newaxis])[0]
    tau = (10 * 2e-4) ** (1 / 0.8)
    assert row == pytest.approx([1, 50, 0.5**0.8 / 50, 0.8, 10, tau / 10])


def test_the_path_prefers_smoothness_among_equals_and_the_better_optimum_among_unequals():
    features = Features(CIRCUIT)
    a, b = candidate(A, 1.0, features), candidate(B, 1.0, features)
    errors, nfree = np.zeros((4, 5)), np.full(4, 100.0)
    assert find_path([[a], [b, a], [b, a], [a]], errors, nfree) == [0, 1, 1, 0]
    worse = candidate(A, 2.0, features)  # 100 ln 2 = 69: no smoothness is worth that
    assert find_path([[a], [b, worse], [a, b], [a]], errors, nfree) == [0, 0, 0, 0]


def test_the_roles_decide_where_the_arcs_stand_against_them_at_every_cycle():
    """Of a cell with R_ct 400 and R_sei 6 ohm the track told R_ct = 6, where each fit told 400."""

    def place(feature, disorder):
        return Candidate(np.array([feature]), 1.0, np.array([feature]), disorder, True)

    errors, nfree = np.full((3, 1), 0.1), np.full(3, 50.0)
    still = [place(0.0, 1.0)] * 3
    moving = [place(10 + step, 0.0) for step in (0, 0.25, 0)]  # as by chance
    usual = np.array([0.05])
    found = [list(pair) for pair in zip(still, moving, strict=True)]
    assert find_path(found, errors, nfree, usual=usual) == [1, 1, 1]
    jumping = [place(10 + step, 0.0) for step in (0, 5, 0)]
    found = [list(pair) for pair in zip(still, jumping, strict=True)]
    assert find_path(found, errors, nfree, usual=usual) == [0, 0, 0]
    crossed = [[place(0.0, 0.0)], still[:1], still[:1]]  # they were seen to cross
    assert find_path(crossed, errors, nfree, usual=usual) == [0, 0, 0]


def test_what_is_left_out_stays_left_out_where_a_neighbour_wins(series, monkeypatch):
    honest = fits_module.fit_or_failure

    def planted(spectrum, circuit, **options):
        fit = honest(spectrum, circuit, **options)
        return exchange_arcs(fit) if spectrum.cycle == 30 else fit

    monkeypatch.setattr(fits_module, "fit_or_failure", planted)
    dropped = float(series[0].frequency[20])
    result = eisfit.track(series[:4], "rs-sei-ct", drop=[dropped], fmin=0.1, loss="linear")
    assert {fit.spectrum.points for fit in result} == {60}
    assert_true_where_ok(result)


@pytest.mark.slow
def test_a_measured_series_has_no_swap_that_is_not_flagged(real_spectra):
    """A Li-ion cell being cycled (AutoEIS, MIT licence), a part of its 130 spectra."""
    path = real_spectra / "AUTODIAL+AutoEIS/src/autoeis/assets/battery_data.npy"
    spectra = [s.replace(cycle=k + 1) for k, s in enumerate(eisfit.read_series(path))][60:74]
    result = eisfit.track(spectra, "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-CPE_d")
    usable = [fit for fit in result if fit.ok]
    assert len(usable) >= 8
    times = np.log([[fit.derived[f"tau_{k}"]["value"] for k in (1, 2, 3)] for fit in usable])
    moved = np.abs(np.diff(times, axis=0))
    apart = np.abs(times[1:, :, np.newaxis] - times[:-1, np.newaxis, :])
    for step, others in zip(moved, apart, strict=True):
        np.fill_diagonal(others, np.inf)
        assert (step < others.min(axis=1)).all()  # each arc is nearest to its own past


@pytest.mark.slow
def test_no_start_leads_to_a_better_optimum(real_spectra):
    """Held against sixty scattered starts of each spectrum by itself, which know nothing of the series."""
    path = real_spectra / "AUTODIAL+AutoEIS/src/autoeis/assets/battery_data.npy"
    circuit = eisfit.circuit("R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-p(R_3,CPE_3)-CPE_d")
    spectra = list(eisfit.read_series(path))[90:98]
    known = Fits.of(spectra, circuit, {}, "kernel")
    rows, rng = known.rows, Random(1)
    for k, row in enumerate(known.candidates):
        grid = StartGrid(circuit, spectra[k].omega, spectra[k].impedance, rows.weights[k])
        ends = rows.solve(np.full(60, k), grid.scatter(60, rng, exchange=True))
        assert min(one.chisqr for one in row) <= ends.chisqr.min() * (1 + 1e-4)

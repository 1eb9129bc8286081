"""Identification: structures found from simulated spectra, written out here without eisfit's elements."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

import eisfit
from eisfit import Identification, Spectrum, identify
from eisfit.errors import SpectrumError
from eisfit.fitting.identify.choice import choose
from eisfit.fitting.identify.moves import list_moves
from eisfit.fitting.identify.roles import compute_crossover, name_parts
from eisfit.fitting.identify.structures import Arc, circuit_of, count_orders, count_parameters, shape_of
from eisfit.fitting.identify.trials import Workbench
from eisfit.fitting.identify.usable import drop_top
from eisfit.model.notation import parse
from eisfit.spectra.noise import compute_weights

F = np.geomspace(1e5, 1e-2, 61)
S = 2j * np.pi * F


def arc(r, tau, alpha, inside=0.0):
    return 1 / (tau**alpha / r * S**alpha + 1 / (r + inside))


def noisy(z, noise=0.003, seed=0):
    error = np.random.default_rng(seed).normal(0, noise, (2, z.size))
    return Spectrum(frequency=F, impedance=z + np.abs(z) * (error[0] + 1j * error[1]))


WARBURG = 2.0 * (1 - 1j) / np.sqrt(S.imag)
TRUTHS = {
    "R0-p(R1,CPE1)": 2 + arc(10, 1e-3, 0.85),
    "R0-p(R1,C1)": 2 + arc(10, 1e-3, 1.0),
    "R0-p(R1,CPE1)-p(R2,CPE2)": 2 + arc(10, 1e-4, 0.85) + arc(30, 0.1, 0.8),
    "L0-R0-p(R1,CPE1)-p(R2-W2,CPE2)": 3e-7 * S + 2 + arc(10, 2e-4, 0.85) + arc(30, 0.1, 0.85, WARBURG),
    "R0-p(R1,CPE1)-CPE2": 2 + arc(10, 1e-3, 0.85) + 40 / S**0.9,
    "R0-p(R1,CPE1,R2-L2)": 2 + 1 / (1 / arc(30, 1e-3, 0.85) + 1 / (40 + 30 * S)),
}


@cache
def identified(truth):
    return identify(noisy(TRUTHS[truth]))


@pytest.fixture
def found():
    return identified("L0-R0-p(R1,CPE1)-p(R2-W2,CPE2)")


SMALL = ("R0-p(R1,CPE1)",)


@pytest.mark.parametrize(
    "truth", [t if t in SMALL else pytest.param(t, marks=pytest.mark.slow) for t in TRUTHS]
)
def test_the_structure_is_named(truth):
    result = identified(truth)
    assert shape_of(parse(truth)) in [shape_of(parse(text)) for text in result.first.drawings]
    assert result.first.grade == "A"
    assert result.probability > 0.3
    assert not result.first.at_bound


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_warburg_is_found_in_its_arc_whatever_the_random_starts(seed):
    """It stayed in the other arc for a chi-square of 123, and another circuit was named."""
    truth = "L0-R0-p(R1,CPE1)-p(R2-W2,CPE2)"
    spectrum = noisy(TRUTHS[truth])
    bench = Workbench(spectrum, compute_weights(spectrum, "modulus"), 0.003**2, seed)
    parent = bench.fit_in_full(bench.fit_roughly(structure("R0-p(R1,CPE1)-p(R2-W2,CPE2)"), []))
    assert bench.fit_in_full(bench.fit_roughly(structure(truth), [parent])).chisqr / 0.003**2 < 96


@pytest.mark.slow
def test_a_name_and_its_spectrum_give_the_values(found):
    first = found.first
    assert found.best.string == "L-R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"
    assert first.assigned
    for name, value in {"R_s": 2, "R_sei": 10, "R_ct": 30, "W_d_sigma": 2, "L": 3e-7}.items():
        assert first.values[name] == pytest.approx(value, rel=0.1)
    z = found.best.impedance(F, first.values)
    assert np.sqrt(np.mean(np.abs(z / found.spectrum.impedance - 1) ** 2)) == pytest.approx(first.rms)


@pytest.mark.slow
def test_probabilities_are_those_of_one_ranking(found):
    shares = [row.probability for row in found.circuits]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert len({row.circuit.string for row in found.circuits}) == len(shares)


@pytest.mark.slow
def test_the_same_spectrum_gives_the_same_answer(monkeypatch):
    # numba takes over in a process that has solved enough, between two of many calls: other last digits.
    monkeypatch.setenv("EISFIT_ENGINE", "numpy")
    spectrum = noisy(TRUTHS["L0-R0-p(R1,CPE1)-p(R2-W2,CPE2)"])
    assert identify(spectrum).to_dict() == identify(spectrum).to_dict()


@pytest.mark.slow
def test_another_size_of_the_cell_changes_no_probability(found):
    z = found.spectrum.impedance
    larger = identify(Spectrum(frequency=found.spectrum.frequency, impedance=1e3 * z))
    assert larger.best.string == found.best.string
    assert larger.probability == pytest.approx(found.probability, abs=0.02)


@pytest.mark.slow
def test_it_goes_to_json_and_comes_back(found):
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    back = Identification.from_dict(document)
    assert back.to_dict() == found.to_dict()


@pytest.mark.slow
def test_it_prints_and_goes_to_a_frame(found):
    text = str(found)
    assert "L-R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)" in text.splitlines()[0]
    assert "assignment" in text
    assert "<table" in found._repr_html_()
    frame = found.to_frame()
    assert frame.index[0] == found.best.string
    assert frame["probability"].iloc[0] == found.probability
    ax = found.plot()
    assert ax.get_xlabel().startswith("probability")


def test_data_that_break_kramers_kronig_get_no_ranking():
    z = TRUTHS["R0-p(R1,CPE1)-p(R2,CPE2)"] * np.geomspace(1, 3, F.size)  # it drifts while it is measured
    result = identify(noisy(z))
    assert result.circuits == ()
    assert result.best is None
    assert result.probability == 0.0
    assert [flag.name for flag in result.flags] == ["no_ranking"]
    assert "no circuit is named" in str(result)


@pytest.mark.slow
def test_a_single_wild_point_is_left_out_and_said():
    z = TRUTHS["R0-p(R1,CPE1)"].copy()
    z[30] *= 1.5
    result = identify(noisy(z))
    assert shape_of(parse("R0-p(R1,CPE1)")) == shape_of(result.best.tree)
    assert [flag.name for flag in result.flags] == ["points_dropped"]
    assert result.spectrum.points == F.size - 1


@pytest.mark.slow
def test_a_top_of_the_sweep_that_no_passive_circuit_gives_is_left_out_and_said():
    amplifier = 1 / (1 + 1j * F / 3e5) ** 3  # its bandwidth, of third order, ends soon above the sweep
    result = identify(noisy(TRUTHS["R0-p(R1,CPE1)"] * amplifier, 0.001))
    (flag,) = result.flags
    assert flag.name == "points_dropped"
    assert "high end" in flag.cause
    assert result.ok
    assert result.spectrum.points >= 0.75 * F.size


def test_too_few_points_are_one_sentence():
    with pytest.raises(SpectrumError, match="cannot tell circuits apart"):
        identify(Spectrum(frequency=F[:5], impedance=TRUTHS["R0-p(R1,CPE1)"][:5]))


# --- grammar ---

STRINGS = [
    "R0-p(R1,CPE1)",
    "L0-R0-p(R1-W2,CPE1)-p(R3,C3)",
    "R0-p(R1-p(R2,CPE2),CPE1)",
    "p(R1,CPE1,R2-L2)-Wo3",
]


def structure(string):
    tree = parse(string)
    return tree.children if not isinstance(tree, eisfit.model.notation.Component) else (tree,)


@pytest.mark.parametrize("string", STRINGS)
def test_neighbours_are_circuits_that_read_and_are_in_the_grammar(string):
    found = list(list_moves(structure(string), {}, inductive=True))
    assert len({shape_of(s) for s in found}) > 10
    for other in found:
        circuit = eisfit.circuit(circuit_of(other).string)  # every name is there once
        assert len(circuit.names) == count_parameters(other)
        for part in other:
            assert Arc.of(part) is None or Arc.of(part).node == part


def test_every_move_has_one_back():
    """What adds one element is undone by what takes one away."""
    start = structure("R0-p(R1,CPE1)")
    for larger in list_moves(start, {}, inductive=True):
        back = {shape_of(s) for s in list_moves(larger, {}, inductive=True)}
        assert shape_of(start) in back or len(larger) < 2, circuit_of(larger).string


def test_orders_count_equal_parts():
    assert count_orders(structure("R0-p(R1,CPE1)-p(CPE2,R2)-p(R3,CPE3)")) == 6
    assert count_orders(structure("R0-p(R1,CPE1)-p(R2,C2)")) == 1


def test_noise_of_few_points_is_what_a_circuit_leaves():
    """The Kramers-Kronig test of 9 points takes 10 % for noise, and a line of 5 % rms would explain them."""
    spectrum = noisy(2 + arc(10, 1e-4, 0.85), seed=9).keep(np.arange(F.size) % 7 == 0)
    found = identify(spectrum)
    assert found.best.string == "R_s-p(R_ct,CPE_ct)"
    assert 0.001 < found.noise < 0.006


def test_one_of_many_circuits_is_told_to_be_one():
    """Three skewed arcs (S. Havriliak, S. Negami, Polymer 8 (1967) 161): a sum of arcs only imitates them."""
    frequency = np.geomspace(1e5, 1e-2, 60)
    s = 2j * np.pi * frequency
    arcs = ((5, 1e-4, 0.9, 0.5), (8, 1e-2, 0.95, 0.45), (9, 1, 0.9, 0.5))
    z = 1 + sum(r / (1 + (s * tau) ** a) ** b for r, tau, a, b in arcs)
    error = np.random.default_rng(0).normal(0, 3e-4, (2, z.size))
    spectrum = Spectrum(frequency=frequency, impedance=z + np.abs(z) * (error[0] + 1j * error[1]))
    result = identify(spectrum)
    assert result.first.grade == "B" and result.first.free >= 9
    assert [flag.name for flag in result.flags] == ["one_of_many"]
    assert "one_of_many" in [flag.name for flag in choose(spectrum).flags]


@pytest.mark.parametrize("number", [3, 6])
def test_what_no_small_circuit_explains_is_given_the_same_circuit_from_any_seed(number):
    """Four skewed arcs: larger circuits of more kinds imitate them as well, and chance had the choice."""
    rng = np.random.default_rng(number)
    s = 2j * np.pi * np.geomspace(1e5, 1e-2, 36)
    z = 1 + 0 * s
    for time in (2e-5, 2e-3, 0.2, 5):
        r, a, b = 10 ** rng.uniform(0.3, 1), rng.uniform(0.7, 0.95), rng.uniform(0.45, 0.8)
        z = z + r / (1 + (s * time) ** a) ** b
    error = rng.normal(0, 5e-4, (2, z.size))
    spectrum = Spectrum(frequency=s.imag / (2 * np.pi), impedance=z + np.abs(z) * (error[0] + 1j * error[1]))
    found = [identify(spectrum, seed=seed) for seed in range(3)]
    assert len({shape_of(one.best.tree) for one in found}) == 1
    assert all(one.first.rms < 0.006 for one in found)


@pytest.mark.slow
def test_a_larger_circuit_that_imitates_is_told_and_not_named():
    """Seven RC arcs nine tenths of a decade apart: no small circuit explains them to 0.05 %."""
    frequency = np.geomspace(1e5, 1e-2, 36)
    s = 2j * np.pi * frequency
    sizes, times = (9, 14, 6, 12, 20, 8, 15), 10.0 ** np.linspace(-4.5, 1, 7)
    z = 2 + sum(r / (1 + s * tau) for r, tau in zip(sizes, times, strict=True))
    error = np.random.default_rng(0).normal(0, 5e-4, (2, z.size))
    result = identify(Spectrum(frequency=frequency, impedance=z + np.abs(z) * (error[0] + 1j * error[1])))
    assert result.first.grade == "B"
    assert result.first.free <= 11
    assert [flag.name for flag in result.flags] == ["closer_circuit", "one_of_many"]


@pytest.mark.slow
def test_data_without_noise_get_the_smallest_that_reaches_their_digits():
    """A plain capacitor, not a CPE with an exponent of one: R / (1 + s RC) and two R / sqrt(1 + s tau)."""
    f = np.geomspace(1995262.31, 0.1, 58)
    s = 2j * np.pi * f
    z = 0.6628 / (1 + s * 0.6628 * 1.43e-7) + 1.527e-3 / np.sqrt(1 + s * 2.53e-3)
    z = z + 0.9396 / np.sqrt(1 + s * 0.03436)
    found = identify(Spectrum(f, np.round(z.real, 8) + 1j * np.round(z.imag, 8)))
    assert found.first.free == 6
    assert found.first.rms < 1e-7
    assert "C" in found.best.string
    assert "CPE" not in found.best.string


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_data_without_noise_show_what_lies_far_outside_the_sweep(monkeypatch, engine):
    """A wire's inductance of a hundred thousandth of |Z|; an arc that peaks four decades above the sweep."""
    if engine == "numba":
        pytest.importorskip("numba")
    monkeypatch.setenv("EISFIT_ENGINE", engine)
    f = np.geomspace(1e5, 1, 60)
    s = 2j * np.pi * f
    wire = 161 + 2.83e-8 * s + 1920 / (1 + 1920 * 1.59e-10 * s**0.728)
    arcs = 8.06 / (1 + 8.06 * 6.46e-12 * s**0.83) + 1230 / (1 + 1230 * 1.24e-4 * s**0.618)
    for z, least, most in ((wire, 4, 5), (arcs, 6, 6)):
        first = identify(Spectrum(f, np.round(z.real, 8) + 1j * np.round(z.imag, 8))).first
        assert least <= first.free <= most
        assert first.rms < 1e-8
        assert not first.at_bound


def test_a_resistance_alone_without_noise():
    """Leaving it out left a circuit of nothing: a TypeError."""
    assert identify((np.logspace(4, -1, 30), np.full(30, 10 + 0j))).best.string == "R_s"


def test_of_equal_arcs_the_slowest_is_said_to_hold_the_diffusion():
    """A weak Warburg serves in either arc and behind both; noise put it into the fast one."""
    values = {
        "R0": 2.0, "R1": 10.0, "W1_sigma": 0.2, "CPE1_Q": 1e-4, "CPE1_alpha": 0.9, "R2": 20.0, "CPE2_Q": 0.02,
        "CPE2_alpha": 0.9,
    }  # fmt: skip
    frequency = np.geomspace(1e5, 1e-2, 50)
    s = eisfit.simulate("R0-p(R1-W1,CPE1)-p(R2,CPE2)", values, frequency, noise=0.003, seed=1)
    drawings = eisfit.identify(s).first.drawings
    assert "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)" in drawings
    assert "R_s-p(R1-W_d,CPE1)-p(R2,CPE2)" not in drawings


@pytest.mark.parametrize("resistance", [1.4, 7e4])
def test_a_resistor_that_a_diffusion_hides_does_not_order_the_arcs(resistance):
    """Storage and Warburg are equal at omega^-0.4 = sqrt(2) sigma Q, 50 s; R C is 5e-8 s or 9e-3 s."""
    values = {
        "R1": 150.0, "CPE1_Q": 1e-6, "CPE1_alpha": 0.9, "R2": resistance, "W2_sigma": 1.8e7, "CPE2_Q": 1.9e-7,
        "CPE2_alpha": 0.9,
    }  # fmt: skip
    structure = parse("p(R2-W2,CPE2)-p(R1,CPE1)").children
    named = circuit_of(name_parts(structure, values).structure).string
    assert named == "p(R1,CPE1)-p(R2-W_d,CPE2)"
    arc = Arc.of(structure[0])
    assert compute_crossover(arc, values) == pytest.approx((np.sqrt(2) * 1.8e7 * 1.9e-7) ** 2.5, rel=0.01)


@pytest.mark.parametrize(
    ("tail", "named"), [("TLM1", "R_s-p(R1,CPE1)-TLM2"), ("W1", "R_s-p(R_ct,CPE_ct)-W_d")]
)
def test_an_arc_beside_a_pore_is_not_named_charge_transfer(tail, named):
    """The pore holds it: R_ct of the arc was told to be 90 % too small, determined."""
    values = {**dict.fromkeys(("R1", "R2", "CPE2_Q", "TLM1_Q", "TLM1_R_ion"), 0.5), "CPE2_alpha": 0.8}
    structure = parse(f"R1-p(R2,CPE2)-{tail}").children
    assert circuit_of(name_parts(structure, values | _parameters_of(tail)).structure).string == named


@pytest.mark.parametrize(
    ("inner", "capacitance", "named"),
    [
        (0.8, 1e-6, "R_s-p(R_sei-p(R_ct,CPE_ct),C_sei)"),
        (0.5, 1e-6, "R_s-p(R1-p(R2,CPE2),C1)"),  # what an electrode of 25 um shows of diffusion around it
        (0.8, 2e-10, "R_s-p(R1-p(R2,CPE2),C1)"),  # a pellet: bulk and grain boundaries
    ],
)
def test_an_arc_that_is_no_interface_is_not_named_charge_transfer(inner, capacitance, named):
    """R_ct of 18 of 20 simulated microelectrodes was that of diffusion, eight times too large, determined."""
    values = {"R1": 10.0, "R2": 1e4, "C2": capacitance / 100, "R3": 1e5, "CPE3_alpha": inner}
    values["CPE3_Q"] = (1e5 * capacitance) ** inner / 1e5  # of this capacitance at the arc's peak
    structure = parse("R1-p(R2-p(R3,CPE3),C2)").children
    assert circuit_of(name_parts(structure, values).structure).string == named


def _parameters_of(tail):
    return dict.fromkeys(parse(tail).parameter_names, 0.5)


def test_an_insulator_measured_beyond_the_range_of_the_instrument_ends():
    """100 pF beside 7.5e10 ohm, noise beyond 5e7 ohm: an internal error, for nnls did not end."""
    f = np.geomspace(1e5, 1e-2, 43)
    z = 1 / (1.05e-10 * 2j * np.pi * f + 1 / 7.5e10)
    for seed in range(8):
        error = np.random.default_rng(seed).normal(0, 0.003, (2, f.size)) * (1 + np.abs(z) / 5e7)
        drop_top(Spectrum(frequency=f, impedance=z + np.abs(z) * (error[0] + 1j * error[1])))

"""Circuits of the less common elements, fitted from no start at all.

The data come from the elements' formulas (tests/test_elements*.py hold those against mpmath and
impedance.py) with 0.2 % of Gaussian noise; found is the optimum of the truth, or one that fits better.
"""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.files import data_folder
from eisfit.model.files.library import list_reference_tests

FREQUENCY = np.geomspace(1e5, 1e-2, 60)
NOISE = 0.002
ARC = {"R": 12.0, "tau": 3e-4, "alpha": 0.9}
SLOW = {"R": 30.0, "tau": 0.05, "alpha": 0.8}
LINE = {"R_ion": 30.0, "R_ct": 60.0, "Q": 3e-3, "alpha": 0.9}


def of(component, values, *left_out):
    return {f"{component}_{key}": value for key, value in values.items() if key not in left_out}


CASES = {
    "R0-Zarc1-Zarc2": of("Zarc1", ARC) | of("Zarc2", SLOW),
    "R0-K1-K2": of("K1", ARC, "alpha") | of("K2", SLOW, "alpha"),
    "R0-K1-Zarc1": of("K1", ARC, "alpha") | of("Zarc1", SLOW),
    "R0-G1": {"G1_R": 20.0, "G1_tau": 0.1},
    "R0-Gs1": {"Gs1_R": 20.0, "Gs1_tau": 0.1, "Gs1_phi": 0.8},
    "L1-R0-HN1": {"L1": 1e-6} | of("HN1", SLOW) | {"HN1_beta": 0.6},
    "R0-TLMQ1": of("TLMQ1", LINE, "R_ct"),
    "R0-TLM1": of("TLM1", LINE),
    "R0-TLMe1": of("TLMe1", LINE) | {"TLMe1_R_el": 8.0},
    # The faces' areas come from geometry; a spectrum alone does not tell them.
    "R0-TLMf1": of("TLMf1", LINE) | {"TLMf1_R_el": 8.0, "TLMf1_top": 1.6, "TLMf1_floor": 0.1},
    "R0-Gt1": {"Gt1_R": 20.0, "Gt1_tau": 0.1, "Gt1_phi": 0.8},
    "R0-p(R1-Wsph1,CPE1)": {
        **{"R1": 10.0, "Wsph1_R": 50.0, "Wsph1_tau": 30.0, "CPE1_Q": 1e-4, "CPE1_alpha": 0.9},
    },
    "R0-p(R1-Wcyl1,CPE1)": {
        **{"R1": 10.0, "Wcyl1_R": 40.0, "Wcyl1_tau": 30.0, "CPE1_Q": 1e-4, "CPE1_alpha": 0.9},
    },
    "R0-line(R1,0,p(R2,CPE1))": {"R1": 30.0, "R2": 60.0, "CPE1_Q": 3e-3, "CPE1_alpha": 0.9},
    "R0-line(R1,0,p(R2,CPE1),R3)": {"R1": 30.0, "R2": 60.0, "CPE1_Q": 3e-3, "CPE1_alpha": 0.9, "R3": 20.0},
    "R0-T1": {"T1_A": 20.0, "T1_B": 6.0, "T1_a": 0.8, "T1_b": 0.05},
    "La1-R0-p(R1,CPE1)": {"La1_L": 2e-5, "La1_alpha": 0.8, "R1": 30.0, "CPE1_Q": 1e-3, "CPE1_alpha": 0.85},
    "R0-p(R1-Gs1,CPE1)": {
        **{"R1": 10.0, "Gs1_R": 20.0, "Gs1_tau": 1.0, "Gs1_phi": 0.8},
        **{"CPE1_Q": 1e-4, "CPE1_alpha": 0.9},
    },
    # A CPE's arc before a capacitor's: the arcs share one grid of time constants.
    "R0-p(R1,CPE1)-p(R2,C2)": {"R1": 12.0, "CPE1_Q": 1e-5, "CPE1_alpha": 0.8, "R2": 20.0, "C2": 1e-2},
}


FILES = ("rs-rc", "rs-3arcs", "rs-cpe", "rs-ct-ws", "rs-gerischer", "rs-tlm", "rs-tlmq")


def simulated(string, seed, scatter=0.35):
    """Return the circuit, a spectrum of parameters scattered about the case's, and those.

    A circuit file is simulated at the first parameters of its own reference values.
    """
    rng = np.random.default_rng(seed)
    circuit = eisfit.circuit(string)
    truth = {}
    path = data_folder("circuits") / f"{string}.toml"
    middle = {"R0": 5.0} | CASES[string] if string in CASES else list_reference_tests(path)[0][1]
    for name, row in circuit.parameters.items():
        value = middle[name]
        step = rng.normal(0, scatter)
        truth[name] = value * np.exp(step) if row.scale == "log" else min(value + 0.1 * step, 1.0)
    z = circuit.impedance(FREQUENCY, truth)
    z = z + NOISE * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
    return circuit, eisfit.Spectrum(frequency=FREQUENCY, impedance=z), truth


def chisqr(circuit, spectrum, values):
    off = circuit.impedance(spectrum.frequency, values) - spectrum.impedance
    return np.sum(np.abs(off / spectrum.impedance) ** 2) / NOISE**2


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2))])
@pytest.mark.parametrize("string", [*CASES, *FILES])
def test_the_global_optimum_is_found_blind(string, seed):
    circuit, spectrum, truth = simulated(string, seed)
    result = eisfit.fit(spectrum, circuit, weighting="modulus")
    found = {name: result[name].value for name in circuit.names}
    assert chisqr(circuit, spectrum, found) <= 1.001 * chisqr(circuit, spectrum, truth)


@pytest.mark.parametrize("string", [s for s in (*CASES, *FILES) if "TLMe" not in s])  # rails can be exchanged
def test_the_truth_lies_within_the_errors(string):
    circuit, spectrum, truth = simulated(string, 5)
    result = eisfit.fit(spectrum, circuit, weighting="modulus")
    assert not {flag.name for flag in result.flags} & {"not_converged", "misfit"}
    for name in circuit.names:
        assert result[name].value == pytest.approx(truth[name], abs=4.5 * result[name].stderr), name


def test_the_two_rails_are_found_up_to_their_exchange():
    circuit, spectrum, truth = simulated("R0-TLMe1", 4, scatter=0.0)
    result = eisfit.fit(spectrum, circuit, weighting="modulus")
    rails = sorted(("TLMe1_R_el", "TLMe1_R_ion"), key=lambda name: result[name].value)
    for name, expected in zip(rails, sorted((truth["TLMe1_R_ion"], truth["TLMe1_R_el"])), strict=True):
        assert result[name].value == pytest.approx(expected, abs=4.5 * result[name].stderr)

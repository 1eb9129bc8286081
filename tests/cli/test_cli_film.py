"""`eisfit film`: simulated films of known conductivity, read from files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import eisfit

EPS0, FREQUENCY = 8.8541878128e-14, np.logspace(6, -1, 50)  # F/cm; Hz
CONDUCTIVITY, INTERFACE, AREA = 2e-9, 100.0, 0.5  # S/cm, ohm cm^2, cm^2
CIRCUIT = ("--circuit", "R_s-p(R_film,C_film)", "--area", "0.5 cm^2")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A folder with four films, their thickness in the names."""
    folder, rng = tmp_path_factory.mktemp("films"), np.random.default_rng(2)
    for nm in (5, 10, 20, 40):
        t = nm * 1e-7
        r, c = (t / CONDUCTIVITY + INTERFACE) / AREA, EPS0 * 20 * AREA / t
        z = 3 + r / (1 + 2j * np.pi * FREQUENCY * r * c)
        z = z * (1 + 1e-3 * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size)))
        eisfit.Spectrum(FREQUENCY, z).to_frame().to_csv(folder / f"film_{nm}nm.csv", index=False)
    return folder


def test_four_thicknesses_give_conductivity_and_interfaces(films, run):
    code, out, _ = run("film", films, "--by", "thickness", *CIRCUIT, "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["schema"], found["basis"]) == ("eisfit.film/1", "thickness series")
    for name, truth in (("ionic_conductivity_S_per_cm", CONDUCTIVITY), ("offset_ohm_cm2", INTERFACE)):
        assert abs(found["values"][name] - truth) <= 4 * found["stderr"][name]


def test_one_file_gives_what_its_arc_says(films, run):
    code, out, _ = run("film", films / "film_10nm.csv", *CIRCUIT, "--permittivity", "20")
    assert code == 0
    assert "film, from arc" in out
    assert "thickness: (1.000" in out


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (CIRCUIT, 2, "4 spectra: say what they run over"),
        ((*CIRCUIT, "--by", "cycle"), 2, "a film's law runs over thickness or temperature"),
        ((*CIRCUIT, "--label", "metal", "--by", "thickness"), 1, "R_metal"),
    ],
)
def test_what_cannot_be_is_a_sentence(films, run, options, code, sentence):
    done, out, err = run("film", films, *options)
    assert (done, out) == (code, "")
    assert sentence in err
    assert "Traceback" not in err

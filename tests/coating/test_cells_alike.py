"""Cells alike differ in more than their reaction: studies made by formulas of this file, of flat cells."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.likelihood import Likelihood
from eisfit.coating.inference.search import exchange_electrodes
from eisfit.coating.physics.parameters import SCATTER
from eisfit.coating.study import Study

BOLTZMANN_EV = 8.617333262e-5
FREQUENCY = np.geomspace(1e5, 1e-2, 50)
JW = 2j * np.pi * FREQUENCY
HEAD = """schema = 2
study = { title = "cells alike", simulated = true }
support = { kind = "flat", area = "1.13 cm^2" }
counter = { kind = "half" }
[[film]]
name = "film"
thickness = { value = "5 nm", stderr = "0.3 nm" }
ionic_conductivity = { value = "3e-8 S/cm", stderr = "0.3e-8 S/cm" }
resistivity = { value = "70 uohm*cm", stderr = "7 uohm*cm" }
"""


def simulate(rng, *, coated=False, celsius=25, gain=1.0, electrolyte=5.0, wider=1.0, layer=0.0):
    """Spectrum, ohm: 120 ohm cm^2 of reaction, a film of 17 ohm cm^2 and 100 uF/cm^2."""
    warmth = (1 / (273.15 + celsius) - 1 / 298.15) / BOLTZMANN_EV
    z = 120 / gain * np.exp(0.6 * warmth) + wider * 5 * np.exp(0.4 * warmth) * (1 - 1j) / np.sqrt(JW.imag)
    z = 1 / (1 / z + 2e-5 * JW**0.88)
    if coated:
        R = 5e-7 / 3e-8 * np.exp(0.45 * warmth)
        s = np.sqrt(JW * R * 1e-4)
        z = z + R * np.tanh(s) / s
    if layer:
        z = z + layer / (1 + JW * layer * 2e-6)
    Z = z / 1.13 + electrolyte * np.exp(0.15 * warmth)
    return Z + 0.002 * np.abs(Z) * (rng.standard_normal(Z.size) + 1j * rng.standard_normal(Z.size))


def study_of(folder, bare, coated, head=HEAD):
    """Study of spectra by (replicate, degC), bare and coated."""
    text = head
    for name, spectra in (("bare", bare), ("coated", coated)):
        files = []
        for (replicate, celsius), Z in spectra.items():
            file = f"{name}_{replicate}_{celsius}.csv"
            columns = np.column_stack([FREQUENCY, Z.real, Z.imag])
            head = "frequency_Hz,Z_real_ohm,Z_imag_ohm"
            np.savetxt(folder / file, columns, delimiter=",", header=head, comments="")
            at = f'temperature = "{celsius} degC", replicate = {replicate}'
            files.append(f'{{ file = "{file}", {at} }}')
        by = 'coated_by = "film"\n' if name == "coated" else ""
        text += f'[[cell]]\nname = "{name}"\n{by}spectra = [{", ".join(files)}]\n'
    return Study.from_text(text, folder)


def explain(folder, bare, coated):
    return eisfit.explain(study_of(folder, bare, coated)).to_dict()


def most_probable(document):
    return max(document["hypotheses"], key=lambda name: document["hypotheses"][name]["log_evidence"])


@pytest.mark.parametrize("electrolyte", [4.6, 5.4])
def test_cells_may_differ_in_how_much_electrolyte_lies_before_them(tmp_path, electrolyte):
    """By 8 %, as a wetter separator: what it adds falls with temperature. No hypothesis fitted, or a wrong
    one: a scatter of R_s stood still over temperatures, as a contact's does."""
    rng = np.random.default_rng(1)
    temperatures = (5, 25, 45)
    bare = {(1, t): simulate(rng, celsius=t) for t in temperatures}
    coated = {(1, t): simulate(rng, coated=True, celsius=t, electrolyte=electrolyte) for t in temperatures}
    document = explain(tmp_path, bare, coated)
    assert document["fits"]
    assert most_probable(document) == "barrier_only"
    assert not [row for row in document["outside"]["causes"] if row["log10_odds"] > 0]


def test_a_scatter_of_diffusion_is_no_larger_area(tmp_path):
    """4 % of the Warburg coefficient, as of two electrodes alike: "a larger area", 99 %, was the answer."""
    rng = np.random.default_rng(2)
    document = explain(tmp_path, {(1, 25): simulate(rng)}, {(1, 25): simulate(rng, coated=True, wider=0.96)})
    assert document["fits"]
    assert most_probable(document) == "barrier_only"
    assert document["hypotheses"]["area_gain"]["probability"] < 0.1


def test_replicates_may_differ_in_diffusion(tmp_path):
    """By 4 %: no hypothesis fitted three cells of each kind."""
    rng = np.random.default_rng(3)
    wider = dict(zip((1, 2, 3), (0.96, 1.0, 1.04), strict=True))
    bare = {(k, 25): simulate(rng, wider=w) for k, w in wider.items()}
    coated = {(k, 25): simulate(rng, coated=True, gain=1.5, wider=1 / w) for k, w in wider.items()}
    document = explain(tmp_path, bare, coated)
    assert document["fits"]
    assert most_probable(document) == "intrinsic_activity"
    assert document["gains"]["f"]["low95"] < 1.5 < document["gains"]["f"]["high95"]


@pytest.mark.parametrize(
    ("gain", "said"), [(1.8, "It fits if the reaction in the"), (1.25, "Those are two causes at once")]
)
def test_a_changed_reaction_beside_a_layer_of_the_bare_cell_is_named(tmp_path, gain, said):
    """Where the film also replaces a layer: "the layer explains it, above 99 %" was the answer, or another
    double layer or electrode was blamed."""
    rng = np.random.default_rng(4)
    bare = {(1, 25): simulate(rng, layer=40)}
    document = explain(tmp_path, bare, {(1, 25): simulate(rng, coated=True, gain=gain)})
    cause = document["outside"]["causes"][0]
    assert (cause["what"], cause["hypothesis"]) == ("R_i", "native_layer")
    assert float(cause["text"].split()[-4]) == pytest.approx(1 / gain, rel=0.2)
    assert document["headline"][2].startswith(said)


def test_the_electrode_s_arc_and_the_other_electrode_s_exchange_their_places(tmp_path):
    """Where diffusion shows little either may be either's. In simulated pairs whose reaction and contact
    changed all hypotheses ended where they are exchanged, and the other electrode was blamed in 4 of 12."""
    rng = np.random.default_rng(5)
    spectra = {(1, 25): simulate(rng)}, {(1, 25): simulate(rng, coated=True)}
    problem = build_problem(study_of(tmp_path, *spectra, HEAD.replace("half", "full")))
    likelihood, row = Likelihood(problem, ["intrinsic_activity"]), np.zeros(1, dtype=int)
    u = rng.uniform(-0.7, 0.7, (1, len(likelihood.names)))
    for k, name in enumerate(likelihood.names):
        u[:, k] = -9.0 if name == "W" else 0.0 if name.startswith("d") else u[:, k]
    u[:, likelihood.names.index("f")] = 0.0
    u[:, likelihood.names.index("dcounter:bare")] = 0.5
    u[:, likelihood.names.index("dcounter:coated")] = -0.5
    exchanged = exchange_electrodes(likelihood, u, row)
    before, after = (likelihood.impedances(place, row)[0] for place in (u, exchanged))
    assert np.abs(after / before - 1).max() < 0.03  # what the scatter moves
    gain = problem.priors["f"].value(exchanged[0, likelihood.names.index("f")])
    assert gain == pytest.approx(np.exp(0.1 / np.sqrt(2)))


def test_replicates_show_their_own_scatter(tmp_path):
    """One bare cell of three has a reaction 1.6 times as slow: its gain was too sure, and no word."""
    rng = np.random.default_rng(6)
    bare = {(k, 25): simulate(rng, gain=1 / 1.6 if k == 2 else 1.0) for k in (1, 2, 3)}
    coated = {(k, 25): simulate(rng, coated=True, gain=1.8) for k in (1, 2, 3)}
    document = explain(tmp_path, bare, coated)
    (row,) = [row for row in document["contradictions"] if "widened" in row]
    assert row["text"].startswith("Replicates differ by 2")
    assert "in R_i, not by the 5.0 % that cells alike were taken to differ by" in row["text"]
    assert "that of bare 2 is 1.6" in row["text"]
    assert row["text"] in document["headline"][2]
    assert document["gains"]["f"]["low95"] < 1.8 < document["gains"]["f"]["high95"]


@pytest.mark.slow
def test_the_replicate_without_which_a_hypothesis_fits_is_named(tmp_path):
    """One bare cell of three has a layer of its own; "nothing that was tried mends it" was the answer."""
    rng = np.random.default_rng(7)
    bare = {(k, 25): simulate(rng, layer=40 if k == 3 else 0.0) for k in (1, 2, 3)}
    coated = {(k, 25): simulate(rng, coated=True, gain=1.5) for k in (1, 2, 3)}
    document = explain(tmp_path, bare, coated)
    assert not document["fits"]
    assert document["headline"][2].startswith("Without bare 3 the data fits (p = ")
    assert document["headline"][2].endswith(" by a faster reaction: see that cell first.")


def test_a_pair_says_what_its_gain_owes_to_cells_alike(tmp_path):
    rng = np.random.default_rng(8)
    document = explain(tmp_path, {(1, 25): simulate(rng)}, {(1, 25): simulate(rng, coated=True, gain=1.5)})
    said = "No replicates show how much cells alike differ: 5 % in the reaction is taken, 2"
    assert said in document["headline"][2]


def test_every_scatter_between_cells_has_its_words(tmp_path):
    """One that has none is neither widened by replicates nor drawn for cells that are not made yet."""
    rng = np.random.default_rng(5)
    warm = {(1, celsius): simulate(rng, celsius=celsius) for celsius in (10, 25)}
    film = {(1, celsius): simulate(rng, coated=True, celsius=celsius) for celsius in (10, 25)}
    full = HEAD.replace('kind = "half"', 'kind = "full"')
    priors = build_problem(study_of(tmp_path, warm, film, full)).priors
    found = {name.partition(":")[0] for name, prior in priors.items() if prior.source == "scatter"}
    assert found == set(SCATTER)

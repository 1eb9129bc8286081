"""Causes that are none of the hypotheses, put into simulated spectra: they are found, with their sizes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import eisfit
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.departures import Outside, find_outside_causes
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.posterior import LEAST_P
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.outside_causes import describe_outside
from eisfit.coating.physics.parameters import INDEX
from eisfit.coating.study import Study, load_study
from eisfit.files import data_folder

NOISE = 0.003


def simulated(hypothesis, seed, *, changed=None, added=None):
    """The example's pair from the priors' means, one quantity of the coated cell changed or a part added."""
    whole = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    problem = whole.with_blocks(whole.pair)
    fine, rng, blocks = problem.finish(24, slopes=False), np.random.default_rng(seed), []
    names = problem.names(HYPOTHESES[hypothesis])
    for block in problem.blocks:
        offset, _ = problem.affine(block, names)
        if block.coated and changed:
            offset[INDEX[changed[0]]] += changed[1]
        Z = fine.compute_impedance(HYPOTHESES[hypothesis], block, offset[None]).impedance[0]
        Z = Z + (added(block) if added else 0)
        error = np.repeat(NOISE * np.abs(Z), 2)
        data = Z.view(np.float64) + error * rng.standard_normal(error.size)
        blocks.append(replace(block, data=data, error=error))
    return problem.with_blocks(blocks)


def causes(problem):
    found = find_posteriors(problem)
    misses = max(p.p_value for p in found.values()) < LEAST_P
    return misses, found, find_outside_causes(problem, found, misses)


_FLAT = """schema = 2
study = { title = "a slower reaction" }
support = { kind = "flat", area = "1.13 cm^2" }
cell = [
  { name = "bare", spectra = [{ file = "bare.csv" }] },
  { name = "coated", coated_by = "film", spectra = [{ file = "coated.csv" }] },
]
[[film]]
name = "film"
thickness = "3 nm"
ionic_conductivity = { low = "1e-11 S/cm", high = "1e-8 S/cm", scale = "log" }
"""


def test_another_exponent_of_the_other_electrode_refuses_nothing(tmp_path):
    """Two arcs and a tail, the fast arc with 0.88: with 0.85 taken for granted no hypothesis fitted them."""
    values = {"R_s": 3.4, "R_sei": 6.0, "CPE_sei_Q": 2e-5, "CPE_sei_alpha": 0.88, "W_d_sigma": 3.5}
    values |= {"CPE_ct_Q": 1.2e-3, "CPE_ct_alpha": 0.86}
    for seed, (name, resistance) in enumerate({"bare": 48.0, "coated": 83.0}.items()):
        cell = eisfit.simulate("rs-sei-ct-w", {**values, "R_ct": resistance}, noise=NOISE, seed=seed)
        cell.to_frame().to_csv(tmp_path / f"{name}.csv", index=False)
    problem = build_problem(Study.from_text(_FLAT, tmp_path))
    found = find_posteriors(problem)
    best = max(found, key=lambda name: found[name].log_evidence)
    assert best == "intrinsic_activity" and found[best].p_value > 0.01
    fixed = {name: prior for name, prior in problem.priors.items() if name != "counter_alpha"}
    stiff = find_posteriors(replace(problem, priors=fixed))
    assert max(p.log_evidence for p in stiff.values()) < found[best].log_evidence - 10


def test_an_inductive_loop_of_all_cells_is_found_where_nothing_fits():
    problem = simulated("intrinsic_activity", 41, added=lambda b: -6.0 / (1 + 2j * b.omega))
    misses, found, (tried, rows) = causes(problem)
    assert misses
    assert tried > 12
    assert (rows[0].what, rows[0].cells) == ("arc", "all")
    assert rows[0].size == pytest.approx(-6.0, rel=0.1)
    assert rows[0].where == pytest.approx(2.0, rel=0.2)
    assert rows[0].posterior.p_value > 0.01
    text = describe_outside(problem, found, misses)["causes"][0]["text"]
    assert text.startswith("all cells have an inductive loop of 6")


def test_leads_of_a_microhenry_are_found():
    misses, _, (_, rows) = causes(simulated("barrier_only", 42, added=lambda b: 1e-6j * b.omega))
    assert misses
    assert rows[0].what == "leads"
    assert rows[0].size == pytest.approx(1e-6, rel=0.2)


def test_a_study_that_states_its_leads_gets_odds():
    text = (data_folder("example_spectra") / "rrml" / "study.toml").read_text(encoding="utf-8")
    stated = text.replace("[series]", '[series]\ninductance = { low = "0 uH", high = "3 uH" }')
    study = Study.from_text(stated, folder=data_folder("example_spectra") / "rrml")
    leads = build_problem(study).priors["leads"]
    assert leads.mean == pytest.approx(1.5e-6)
    problem = simulated("barrier_only", 42, added=lambda b: 1e-6j * b.omega)
    found = find_posteriors(replace(problem, priors={**problem.priors, "leads": leads}))
    assert max(p.p_value for p in found.values()) > 0.01
    best = max(found.values(), key=lambda p: p.log_evidence)
    size = leads.mean + leads.sd * best.u[best.names.index("leads")]
    assert size == pytest.approx(1e-6, rel=0.1)


def test_another_counter_electrode_is_told_beside_a_contact_that_explains_as_well():
    misses, found, (_, rows) = causes(simulated("barrier_only", 43, changed=("counter_R", np.log(0.4))))
    assert not misses
    assert max(found, key=lambda name: found[name].log_evidence) != "barrier_only"
    other = next(row for row in rows if row.what == "counter_R")
    assert other.size == pytest.approx(0.4, rel=0.25)


@pytest.mark.parametrize(("size", "told"), [(2e-7, 1), (-2e-7, 0)])
def test_leads_of_a_negative_inductance_are_no_cause(monkeypatch, size, told):
    posterior = SimpleNamespace(chi2=100.0, count=100, p_value=0.5, log_evidence=-60.0, names=())
    cause = Outside("leads", "all", "barrier_only", size, np.nan, posterior)
    monkeypatch.setattr("eisfit.coating.outside_causes.find_outside_causes", lambda *_: (1, [cause]))
    assert len(describe_outside(None, {"barrier_only": posterior}, misses=False)["causes"]) == told

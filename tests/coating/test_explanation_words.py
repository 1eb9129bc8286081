"""The words of an explanation."""

import numpy as np
import pytest

from eisfit.coating import contributions
from eisfit.coating.explanation_document import plain_name
from eisfit.coating.inference import hypotheses, search
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.posterior import Posterior
from eisfit.coating.physics.parameters import PARAMETERS
from eisfit.coating.study import load_study
from eisfit.display.report.explanation import EFFECTS, FACTORS, LESS, NAMES
from eisfit.files import data_folder


@pytest.mark.parametrize("name", sorted({name for one in HYPOTHESES.values() for name in one.free}))
def test_every_parameter_that_a_hypothesis_frees_has_a_name_in_words(name):
    """One without would be told by its symbol."""
    assert len(plain_name(name)) > len(name) and " " in plain_name(name)


def test_every_parameter_that_a_hypothesis_frees_enters_some_cell():
    """One that has a prior and no term would be a hypothesis that changes nothing, and nobody told."""
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    for hypothesis in HYPOTHESES.values():
        assert set(hypothesis.free) <= set(problem.names(hypothesis))


def test_every_hypothesis_and_every_contribution_has_its_words():
    assert list(NAMES) == list(HYPOTHESES)
    effects = {hypotheses.ACCESS, *hypotheses.EFFECTS}
    assert effects == set(EFFECTS) == set(FACTORS) - {"ions_through_film", "cell_to_cell"}
    assert set(LESS) <= effects


@pytest.mark.parametrize("name", HYPOTHESES)
def test_all_effects_together_make_the_coated_cell(name):
    """An effect whose share were forgotten would leave some of the change to nobody."""
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    names = problem.names(HYPOTHESES[name])
    u = np.random.default_rng(5).standard_normal((4, len(names)))
    u[:, [one.startswith("dT:") for one in names]] = 0.0  # both at one temperature
    draw = contributions.Draw(Posterior(name, names, (), 1), u)
    bare, coated = problem.isothermal
    shares = contributions._shapley(problem, bare, coated, draw)
    before, after = (contributions.compute_resistances(problem, block, draw) for block in (bare, coated))
    for quantity, parts in shares.items():
        assert set(parts) == {"ions_through_film", "cell_to_cell", *HYPOTHESES[name].effects}
        assert sum(parts.values()) == pytest.approx(after[quantity] - before[quantity], abs=1e-5)


def test_the_search_moves_every_small_arc_along_the_spectrum():
    """One that begins on the wrong side of another arc stays there: no descent goes through it."""
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    arcs = [p.name for p in PARAMETERS if p.name.endswith(("_tau", "_C")) and p.name in problem.priors]
    assert {"counter_tau", "native_C"} <= set(arcs) <= set(search._MOVES)
    for name in arcs:
        assert search._MOVES[name][1] == f"{name.rpartition('_')[0]}_R"
    assert set(search._MOVES) <= set(problem.priors)

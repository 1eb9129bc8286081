"""The words of an explanation."""

import pytest

from eisfit.coating.inference import hypotheses, search
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.physics.parameters import INDEX, PARAMETERS
from eisfit.coating.story import plain_name
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
    effects = {"electrons_along_film", *hypotheses.EFFECTS.values()}
    assert effects == set(EFFECTS) == set(FACTORS) - {"ions_through_film", "cell_to_cell"}
    assert set(LESS) <= effects


def test_every_effect_is_made_by_something_that_its_hypothesis_frees():
    """One that is not is no share of any change: the reaction's gain, and quantities of a cell."""
    assert set(hypotheses.EFFECTS) - {"f"} <= set(INDEX)
    for hypothesis in HYPOTHESES.values():
        assert set(hypothesis.free) <= {*INDEX, "f", "Ea:gain"}
        assert not hypothesis.free or hypotheses.EFFECTS.keys() & hypothesis.free


def test_the_search_moves_every_small_arc_along_the_spectrum():
    """One that begins on the wrong side of another arc stays there: no descent goes through it."""
    problem = build_problem(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    arcs = [p.name for p in PARAMETERS if p.name.endswith(("_tau", "_C")) and p.name in problem.priors]
    assert {"counter_tau", "native_C"} <= set(arcs) <= set(search._MOVES)
    for name in arcs:
        assert search._MOVES[name][1] == f"{name.rpartition('_')[0]}_R"
    assert set(search._MOVES) <= set(problem.priors)

"""The words of an explanation."""

import pytest

from eisfit.coating.headline import _EFFECTS
from eisfit.coating.inference.assembly import problem_of
from eisfit.coating.inference.hypotheses import EFFECTS, HYPOTHESES
from eisfit.coating.story import plain
from eisfit.coating.study import load_study
from eisfit.display.report.explanation import FACTORS, NAMES
from eisfit.files import data_folder


@pytest.mark.parametrize("name", sorted({name for one in HYPOTHESES.values() for name in one.free}))
def test_every_parameter_that_a_hypothesis_frees_has_a_name_in_words(name):
    """One without would be told by its symbol."""
    assert len(plain(name)) > len(name) and " " in plain(name)


def test_every_parameter_that_a_hypothesis_frees_enters_some_cell():
    """One that has a prior and no term would be a hypothesis that changes nothing, and nobody told."""
    problem = problem_of(load_study(data_folder("example_spectra") / "rrml" / "study.toml"))
    for hypothesis in HYPOTHESES.values():
        assert set(hypothesis.free) <= set(problem.names(hypothesis))


def test_every_hypothesis_and_every_contribution_has_its_words():
    assert list(NAMES) == list(HYPOTHESES)
    effects = {"electrons_along_film", *EFFECTS.values()}
    assert effects == set(_EFFECTS) == set(FACTORS) - {"ions_through_film", "cell_to_cell"}

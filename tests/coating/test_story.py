"""The words of an explanation."""

import pytest

from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.story import plain


@pytest.mark.parametrize("name", sorted({name for one in HYPOTHESES.values() for name in one.free}))
def test_every_parameter_that_a_hypothesis_frees_has_a_name_in_words(name):
    """One without would be told by its symbol."""
    assert len(plain(name)) > len(name) and " " in plain(name)

"""A study that several files take: a flat electrode of 1 cm^2 in a half cell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_FLAT = """
schema = 2
[study]
title = "flat"
simulated = true
[[cell]]
name = "bare"
r_ct = {{ value = "{bare} ohm", stderr = "0.05 ohm" }}
[[cell]]
name = "coated"
coated_by = "film"
r_ct = {{ value = "{coated} ohm", stderr = "0.05 ohm" }}
[support]
kind = "flat"
area = "1 cm^2"
[[film]]
name = "film"
thickness = "5 nm"
ionic_conductivity = {{ value = "1e-7 S/cm", stderr = "1e-9 S/cm" }}
[counter]
kind = "half"
"""


@pytest.fixture(scope="session")
def flat() -> Callable[[float, float], str]:
    """Return the study's text for two resistances, ohm."""
    return lambda bare, coated: _FLAT.format(bare=bare, coated=coated)

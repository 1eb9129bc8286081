"""The attribution over the cycles, on a flat electrode whose answer is a closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eisfit.coating.explain import explain
from eisfit.coating.study import Study
from eisfit.errors import StudyError

STUDY = """
study = { title = "ageing", circuit = "R_s-p(R_ct,C_dl)" }
bare = { r_ct = 50 }
coated = { r_ct = 40 }
draws = { n = 100, seed = 1 }
[film]
thickness = "5 nm"
resistivity = "70 uohm*cm"
ionic_conductivity = "5e-8 S/cm"
[electrode]
pitch = "100 um"
depth = "0 um"
mouth_diameter = "40 um"
floor_diameter = "40 um"
packing = "square"
area = "1 cm^2"
sigma_s = "1e-4 S/cm"
kappa = "9 mS/cm"
[cycling]
bare = BARE
coated = COATED
"""


def over(bare, coated, folder="."):
    text = STUDY.replace("BARE", bare).replace("COATED", coated)
    return explain(Study.from_text(text, folder))


def test_a_flat_electrode_in_closed_form():
    """1 cm2: R_i = R_bare, reaction = R_coated - t/s = R_coated - 10, f = R_bare / (R_coated - 10)."""
    explanation = over(
        "[{cycle = 1, r_ct = 50}, {cycle = 100, r_ct = 100}, {cycle = 200, r_ct = 150}]",
        "[{cycle = 1, r_ct = 40}, {cycle = 100, r_ct = 46}, {cycle = 300, r_ct = 80}]",
    )
    document = explanation.document["cycling"]
    assert [row["cycle"] for row in document["rows"]] == [1, 100]
    assert document["rows"][1]["activity_gain"]["median"] == pytest.approx(100 / 36, rel=1e-6)
    assert document["gain_growth"]["median"] == pytest.approx((100 / 36) / (50 / 30), rel=1e-6)
    assert document["bare_interface_growth"]["median"] == pytest.approx(2.0)
    assert document["coated_reaction_growth"]["median"] == pytest.approx(1.2, rel=1e-6)
    assert document["transport_share_change_ohm"]["median"] == pytest.approx(0, abs=1e-6)
    text = " ".join(explanation.verdicts)
    assert "the bare interface's resistance grows 2.00 times" in text
    assert "The film's advantage grows" in text
    assert "it stays what it was while the interfaces age" in text
    assert "Over the cycles" in explanation.to_markdown()


@pytest.mark.parametrize(
    ("bare", "coated", "words"),
    [
        ("60", "65", "The film's advantage shrinks"),
        (
            "{value = 60, stderr = 5}",
            "{value = 46, stderr = 5}",
            "No change of the film's advantage is certain",
        ),
    ],
)
def test_the_other_ways_it_can_go(bare, coated, words):
    explanation = over(
        f"[{{cycle = 1, r_ct = 50}}, {{cycle = 9, r_ct = {bare}}}]",
        f"[{{cycle = 1, r_ct = 40}}, {{cycle = 9, r_ct = {coated}}}]",
    )
    assert words in " ".join(explanation.verdicts)


def test_one_common_cycle_is_no_trend_and_none_is_refused():
    one = over("[{cycle = 1, r_ct = 50}]", "[{cycle = 1, r_ct = 40}, {cycle = 2, r_ct = 41}]")
    assert "Only cycle 1 is common to both cells." in one.verdicts
    with pytest.raises(StudyError, match="no cycle in common"):
        over("[{cycle = 1, r_ct = 50}]", "[{cycle = 2, r_ct = 40}]")


def write(path, r_ct):
    frequency = np.logspace(5, -1, 37)
    Z = 3 + r_ct / (1 + 2j * math.pi * frequency * r_ct * 1e-4)
    Z = Z * (1 + 0.001 * np.random.default_rng(1).standard_normal(37))
    rows = "\n".join(f"{f:.6e},{z.real:.8e},{z.imag:.8e}" for f, z in zip(frequency, Z, strict=True))
    path.write_text(f"frequency_Hz,Z_real_ohm,Z_imag_ohm\n{rows}\n", encoding="utf-8")


def test_folders_of_spectra_are_tracked(tmp_path):
    for name, r_ct in (
        ("bare_cycle_1", 50),
        ("bare_cycle_50", 75),
        ("coated_cycle_1", 40),
        ("coated_cycle_50", 44),
    ):
        write(tmp_path / f"{name}.csv", r_ct)
    document = over('"bare_*.csv"', '"coated_*.csv"', tmp_path).document["cycling"]
    assert document["bare_interface_growth"]["median"] == pytest.approx(1.5, rel=0.01)
    assert document["coated_reaction_growth"]["median"] == pytest.approx(34 / 30, rel=0.01)

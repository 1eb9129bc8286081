"""Measured films held against thin-film theory and mixtures; expected numbers worked out beside each."""

from __future__ import annotations

import pytest

from eisfit.coating.film.checks import check_film, describe_film
from eisfit.coating.study import Study, load_study
from eisfit.files import data_folder

HEAD = """
schema = 2
study = { title = "films" }
cell = [{ name = "bare", r_ct = 50 }, { name = "coated", coated_by = "film", r_ct = 40 }]
support = { kind = "flat", area = "1 cm^2" }
[[film]]
name = "film"
thickness = "5 nm"
"""


def film(text):
    return Study.from_text(HEAD + text).file.film[0]


RU = """
[[film.reference]]
name = "Ru"
resistivity = "7 uohm*cm"
mean_free_path = "6.6 nm"
"""


def test_the_paper_s_resistivity_against_thin_ruthenium():
    """5 nm of Ru by Sondheimer's exact integral (mpmath in test_film.py): 11.286 uohm cm; 70 is 6.2 times it.

    His thick-film form, 7 (1 + 3/8 6.6/5) = 10.465 uohm cm, would say 6.7, but needs a film of several paths.
    """
    table = film('resistivity = "70 uohm*cm"\nionic_conductivity = "3.8e-8 S/cm"' + RU)
    (check,) = check_film(table)
    assert check["expected_low"] == pytest.approx(11.286e-6, rel=1e-4)
    assert check["ratio"] == pytest.approx(6.20, abs=0.01)
    assert check["verdict"].startswith("70 uohm cm is 6.2 times what a pure 5 nm Ru film would show")
    assert "6.7 times by its short form for thick films" in check["verdict"]
    assert "the other constituents' share" in check["verdict"]


def test_surfaces_that_mirror_half_of_the_electrons():
    """The same integral by mpmath with p = 1/2: 8.8988 uohm cm; in the form for thick films 8.7325."""
    ru = RU + "specularity = 0.5\n"
    (check,) = check_film(film('resistivity = "70 uohm*cm"\nionic_conductivity = "3.8e-8 S/cm"' + ru))
    assert check["expected_low"] == pytest.approx(8.8988e-6, rel=1e-4)
    assert "surfaces that mirror 50% of the electrons; 8.0 times by its short form" in check["verdict"]


def test_grain_boundaries_add_by_matthiessen():
    """Mayadas-Shatzkes, l = D, R = 1/2: alpha = 1, 1/(3 (1/3 - 1/2 + 1 - ln 2)) = 2.3755, 7 x 1.3755 more."""
    grains = RU + 'grain_size = "6.6 nm"\ngrain_reflection = 0.5\n'
    (check,) = check_film(film('resistivity = "70 uohm*cm"\nionic_conductivity = "3.8e-8 S/cm"' + grains))
    assert check["expected_low"] == pytest.approx(11.286e-6 + 7e-6 * 1.3755, rel=1e-3)
    assert "Mayadas-Shatzkes" in check["verdict"]


@pytest.mark.parametrize(
    ("value", "words"),
    [("11.3", "conducts like the metal itself"), ("5", "no film of this metal conducts so well")],
)
def test_the_other_verdicts_on_a_metal(value, words):
    (check,) = check_film(film(f'resistivity = "{value} uohm*cm"\nionic_conductivity = "1e-8 S/cm"' + RU))
    assert words in check["verdict"]


@pytest.mark.parametrize(("cycles", "words"), [(40, "agree (ratio 1.00)"), (80, "do not agree (ratio 0.50)")])
def test_thickness_against_growth(cycles, words):
    grown = f'ald_cycles = {cycles}\ngrowth_per_cycle = "0.125 nm"\n'
    (check,) = check_film(film('resistivity = "70 uohm*cm"\nionic_conductivity = "1e-8 S/cm"\n' + grown))
    assert words in check["verdict"]


def mixture(resistivity, conductivity, blocking="0 S/cm"):
    return film(
        f"""resistivity = "{resistivity}"
ionic_conductivity = "{conductivity}"
[[film.reference]]
name = "metal"
parts = 1
molar_volume = "10 cm^3/mol"
resistivity = "10 uohm*cm"
ionic_conductivity = "{blocking}"
[[film.reference]]
name = "oxide"
parts = 1
molar_volume = "10 cm^3/mol"
resistivity = "100 uohm*cm"
ionic_conductivity = "1e-8 S/cm"
"""
    )


def test_mixture_bounds_by_hand():
    """Halves of s = 10 and 1 (in 1/100 uohm cm), by hand.

    Upper 1/(0.5/30 + 0.5/21) - 20 = 4.705882; lower 1/(0.5/12 + 0.5/3) - 2 = 2.8. Ions, 0 and 1e-8: 0 to
    1/(0.5/3 + 0.5/2) - 2 = 0.4, times 1e-8.
    """
    electrons, ions = check_film(mixture("25 uohm*cm", "3e-9 S/cm"))
    assert electrons["expected_low"] == pytest.approx(100e-6 / 4.705882, rel=1e-6)
    assert electrons["expected_high"] == pytest.approx(100e-6 / 2.8, rel=1e-6)
    assert electrons["ratio"] == 1
    assert (
        "lies between the Hashin-Shtrikman bounds of a mixture of 50% metal and 50% oxide"
        in electrons["verdict"]
    )
    assert ions["expected_high"] == pytest.approx(4e-9, rel=1e-6)
    assert "the parts explain it" in ions["verdict"]


def test_values_outside_the_bounds_are_said_with_their_factor():
    electrons, ions = check_film(mixture("100 uohm*cm", "4e-8 S/cm"))
    assert electrons["ratio"] == pytest.approx(2.8)
    assert "lies above" in electrons["verdict"]
    assert "by a factor 2.8" in electrons["verdict"]
    assert ions["ratio"] == pytest.approx(10.0)
    below, _ = check_film(mixture("10 uohm*cm", "1e-9 S/cm"))
    assert "lies below" in below["verdict"]
    assert below["ratio"] == pytest.approx(10 / 21.25)


def test_the_paper_s_film_has_a_verdict_for_each_measured_value():
    document = describe_film(load_study(data_folder("example_spectra") / "rrml" / "study.toml").file.film[0])
    assert {check["quantity"] for check in document["checks"]} == {
        "thickness",
        "resistivity",
        "ionic_conductivity",
    }
    assert document["ionic_crossing_ohm_cm2"] == pytest.approx(5.25e-7 / 3.8e-8)

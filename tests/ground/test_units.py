"""Values with units and distributions; references: conversions by hand, scipy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eisfit.units import Uncertain, UnitError, quantity, uncertain

GOOD = [
    ("5 nm", "cm", 5e-7),
    ("12 mm", "cm", 1.2),
    ("5.5 Å", "cm", 5.5e-8),
    ("70 uohm*cm", "ohm*cm", 7e-5),
    ("70 µΩ·cm", "ohm*cm", 7e-5),
    ("70 uohm cm", "ohm*cm", 7e-5),
    ("3.8e-8 S/cm", "S/cm", 3.8e-8),
    ("9 mS/cm", "S/cm", 9e-3),
    ("1.13 cm2", "cm^2", 1.13),
    ("10 µF/cm²", "F/cm^2", 1e-5),
    ("25 degC", "K", 298.15),
    ("50 kJ/mol", "eV", 50 / 96.4853321),
    ("30 %", "1", 0.3),
    ("1.5", "1", 1.5),
    ("1 kOhm", "ohm", 1000.0),
    ("2 1/(ohm*cm)", "S/cm", 2.0),
    ("2 in", "cm", 5.08),
    ("77 degF", "K", 298.15),
    ("1 kcal/mol", "eV", 4184 / 96485.3321),
    (0.25, "cm", 0.25),
]


@pytest.mark.parametrize(("text", "unit", "value"), GOOD)
def test_reads(text, unit, value):
    assert quantity(text, unit) == pytest.approx(value, rel=1e-9)


BAD = [
    (
        "70 uohm/cm",
        "ohm*cm",
        r"^film.x: '70 uohm/cm' is in 'uohm/cm', but a resistivity is due, for example '70 uohm\*cm'$",
    ),
    ("5 nm", "S/cm", "'5 nm' is in 'nm', but a conductivity is due"),
    ("5 florps", "cm", "'florps' in '5 florps' is not a unit; a length is due"),
    ("5 (nm", "cm", "is not a unit"),
    ("5 degC*cm", "cm", "'degC\\*cm' in '5 degC\\*cm' is not a unit"),
    ("5 mAh", "cm", "'5 mAh' is in 'mAh', but a length is due"),
    ("5 kdegC", "K", "is not a unit"),
    ("5 )nm(", "cm", "is not a unit"),
    ("5 nm; import os", "cm", "is not a unit"),
    ("nm", "cm", "does not start with a number"),
    ("5", "cm", "'5' has no unit; a length is due"),
    (True, "cm", "True is not a value"),
    (None, "cm", "None is not a value"),
    (float("nan"), "cm", "nan is not a finite number"),
    ("1e999 nm", "cm", "is not a finite number"),
]


@pytest.mark.parametrize(("text", "unit", "message"), BAD)
def test_refuses_in_one_sentence(text, unit, message):
    with pytest.raises(UnitError, match=message) as caught:
        quantity(text, unit, "film.x")
    assert "\n" not in str(caught.value)


def test_distributions():
    exact = uncertain("5 nm", "cm")
    assert exact.exact
    assert exact.median == 5e-7
    uniform = uncertain({"low": "5 nm", "high": "7 nm"}, "cm")
    assert uniform.median == pytest.approx(6e-7)
    log = uncertain({"low": "1e-6 S/cm", "high": "1e-2 S/cm", "scale": "log"}, "S/cm")
    assert log.median == pytest.approx(1e-4)
    normal = uncertain({"value": 51.9, "stderr": 0.4, "source": "a fit"}, "ohm", bare=True)
    assert normal.source == "a fit"
    u = np.array([0.025, 0.5, 0.975])
    np.testing.assert_allclose(normal.draw(u), stats.norm(51.9, 0.4).ppf(u), rtol=1e-12)
    shared = uncertain({"low": 5, "high": 7, "unit": "nm"}, "cm")
    assert shared.median == pytest.approx(6e-7)


def test_a_wide_normal_of_a_positive_quantity_is_cut_at_zero():
    wide = uncertain({"value": 1.0, "stderr": 2.0}, "1")
    u = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(wide.draw(u), stats.truncnorm(-0.5, np.inf, 1.0, 2.0).ppf(u), rtol=1e-9)
    assert (wide.draw([0.0, 1.0]) > 0).all()
    assert np.isfinite(wide.draw([0.0, 1.0])).all()


def test_a_temperature_difference_is_not_a_temperature():
    assert uncertain({"value": "25 degC", "stderr": "2 degC"}, "K").b == pytest.approx(2.0)


WRONG = [
    ({"low": "7 nm", "high": "5 nm"}, "low .* is above high"),
    ({"low": "5 nm", "hihg": "7 nm"}, "unknown key 'hihg'; did you mean 'high'"),
    ({"low": "5 nm"}, "give a value, or"),
    ({"low": "0 nm", "high": "7 nm", "scale": "log"}, "must start above zero"),
    ({"low": "1 nm", "high": "7 nm", "scale": "lgo"}, "scale is 'linear' or 'log', not 'lgo'"),
    ({"value": "5 nm", "stderr": "-1 nm"}, "stderr must not be negative"),
    ("-5 nm", "must be positive"),
    ("0 nm", "must be positive"),
    ({"low": "-1 nm", "high": "5 nm"}, "must be positive"),
    (5.0, "5.0 has no unit; a length is due, for example '5 nm'"),
]


@pytest.mark.parametrize(("table", "message"), WRONG)
def test_refuses_what_cannot_be(table, message):
    with pytest.raises(UnitError, match=message):
        uncertain(table, "cm", "film.thickness")


def test_prints_and_goes_to_a_document():
    assert str(Uncertain("normal", 51.9, 0.4, "ohm")) == "51.9 ± 0.4 ohm"
    assert str(Uncertain("loguniform", 1e-6, 1e-2, "S/cm")) == "1e-06 to 0.01 S/cm (log)"
    assert str(Uncertain("exact", 1.5)) == "1.5"
    assert Uncertain("loguniform", 1.0, 2.0).to_dict() == {
        "low": 1.0,
        "high": 2.0,
        "scale": "log",
        "unit": "1",
        "source": "",
    }
    assert uncertain(exact := Uncertain("exact", 1.0), "1") is exact


HOSTILE = [
    "5 cm^9^9^9",
    "5 cm^99",
    "5 cm^-99999999999",
    "5 cm**1e9",
    "5 cm/0",
    "5 K/0.1",
    "5 7*cm",
    "5 " + "(" * 3000 + "cm" + ")" * 3000,
    "5 " + "cm " * 30_000,
    "5 " + "a " * 29 + "!",  # a pattern that can match in many ways would try them all
    "5 " + "a*" * 29 + "!",
    "5 " + "m" * 60 + "^",
    "5 cm\x00",
    "5 cm.__class__",
    "5 cm@2",
    "1" * 100_000 + " cm",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_is_computed_but_one_number_and_one_unit(text):
    with pytest.raises(UnitError) as caught:
        quantity(text, "cm")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("value", [10**400, 10**6000, -(10**6000)], ids=["400", "6000", "negative"])
def test_huge_integers_are_not_finite(value):
    with pytest.raises(UnitError, match="is not a finite number"):
        quantity(value, "cm")
    with pytest.raises(UnitError, match="is not a finite number"):
        uncertain({"value": value, "unit": "nm"}, "cm")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3 mol·cm⁻³", "mol/cm^3", 3.0),
        ("2 S / ( m )", "S/cm", 0.02),
        ("4 1/s", "Hz", 4.0),
        ("5 mm ** 2", "cm^2", 0.05),
        ("6 m^-1 S", "S/cm", 0.06),
    ],
)
def test_one_unit_expression(text, unit, value):
    assert quantity(text, unit) == pytest.approx(value, rel=1e-12)


@given(st.text(alphabet="cmn µΩ^*/()1290.-+eE% ", max_size=70))
def test_any_text_ends_in_a_number_or_a_sentence(text):
    try:
        assert np.isfinite(quantity(text, "cm"))
    except UnitError as error:
        assert "\n" not in str(error)


@given(st.floats(1e-12, 1e12), st.sampled_from([("nm", 1e-7), ("um", 1e-4), ("mm", 0.1), ("m", 100.0)]))
def test_a_unit_is_a_factor(number, unit):
    assert quantity(f"{number!r} {unit[0]}", "cm") == pytest.approx(number * unit[1], rel=1e-12)

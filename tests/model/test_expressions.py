"""Expressions between parameters: values, exact derivatives, and what is not arithmetic refused."""

from __future__ import annotations

import lmfit
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eisfit.errors import ParameterError
from eisfit.model.expressions import Expression

NAMES = ["R_sei", "R_ct", "CPE_ct_alpha", "e"]
AT = {"R_sei": 4.3, "R_ct": 51.9, "CPE_ct_alpha": 0.83}

# text, the same in numpy for complex numbers
ARITHMETIC = [
    ("2*R_sei", lambda p: 2 * p["R_sei"]),
    ("R_sei + R_ct", lambda p: p["R_sei"] + p["R_ct"]),
    ("R_sei - R_ct", lambda p: p["R_sei"] - p["R_ct"]),
    ("R_ct - R_ct", lambda p: 0 * p["R_ct"]),
    ("R_sei * R_ct", lambda p: p["R_sei"] * p["R_ct"]),
    ("R_sei / R_ct", lambda p: p["R_sei"] / p["R_ct"]),
    ("R_ct * R_ct / (R_ct + R_sei)", lambda p: p["R_ct"] ** 2 / (p["R_ct"] + p["R_sei"])),
    ("R_sei ** 2", lambda p: p["R_sei"] ** 2),
    ("R_sei ** -0.5", lambda p: p["R_sei"] ** -0.5),
    ("2 ** R_sei", lambda p: 2 ** p["R_sei"]),
    ("R_ct ** CPE_ct_alpha", lambda p: np.exp(p["CPE_ct_alpha"] * np.log(p["R_ct"]))),
    ("-R_sei", lambda p: -p["R_sei"]),
    ("+R_sei - -3.5e-2", lambda p: p["R_sei"] + 0.035),
    ("sqrt(R_sei)", lambda p: np.sqrt(p["R_sei"])),
    ("exp(-R_sei / 10)", lambda p: np.exp(-p["R_sei"] / 10)),
    ("log(R_ct)", lambda p: np.log(p["R_ct"])),
    ("log10(R_ct * R_sei)", lambda p: np.log(p["R_ct"] * p["R_sei"]) / np.log(10)),
    ("pi * R_sei", lambda p: np.pi * p["R_sei"]),
    ("sqrt(exp(R_sei) + 1) ** (1 / 3)", lambda p: (np.exp(p["R_sei"]) + 1) ** (1 / 6)),
    ("  2*R_sei\n", lambda p: 2 * p["R_sei"]),
]
ids = [text for text, _ in ARITHMETIC]


@pytest.mark.parametrize(("text", "closed"), ARITHMETIC, ids=ids)
def test_value_and_derivative_by_complex_step(text, closed):
    expression = Expression(text, NAMES)
    value, slopes = expression.evaluate(AT)
    assert value == pytest.approx(closed(AT), rel=1e-14, abs=1e-14)
    assert set(slopes) == set(expression.names)
    for name, slope in slopes.items():
        stepped = closed(AT | {name: AT[name] + 1e-30j})
        assert slope == pytest.approx(np.imag(stepped) / 1e-30, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(("text", "closed"), ARITHMETIC, ids=ids)
def test_means_the_same_in_lmfit(text, closed):
    params = lmfit.Parameters()
    for name, value in AT.items():
        params.add(name, value=value)
    params.add("tied", expr=Expression(text, NAMES).text)
    assert Expression(text, NAMES).evaluate(AT)[0] == pytest.approx(
        params["tied"].value, rel=1e-14, abs=1e-14
    )


def test_batches():
    batch = {name: np.array([value, 2 * value, 3 * value]) for name, value in AT.items()}
    for text, closed in ARITHMETIC:
        value, slopes = Expression(text, NAMES).evaluate(batch)
        assert np.broadcast_to(value, 3) == pytest.approx(closed(batch), rel=1e-14, abs=1e-13)
        assert all(np.broadcast_to(slope, 3).shape == (3,) for slope in slopes.values())


def test_a_parameter_may_be_called_like_a_constant():
    assert Expression("2*e", ["e"]).evaluate({"e": 5.0}) == (10.0, {"e": 2.0})
    assert Expression("2*e", ["R"]).evaluate({"R": 5.0})[0] == pytest.approx(2 * np.e)


HOSTILE = [
    "__import__('os').system('true')",
    "().__class__.__bases__",
    "R_sei.real",
    "R_sei[0]",
    "lambda: 1",
    "[x for x in (1, 2)]",
    "{R_sei}",
    "'text'",
    "b'text'",
    "f'{R_sei}'",
    "True",
    "None",
    "1j",
    "R_sei if R_ct else 1",
    "R_sei and R_ct",
    "R_sei < R_ct",
    "R_sei // 2",
    "R_sei % 2",
    "R_sei << 2",
    "R_sei @ R_ct",
    "~R_sei",
    "not R_sei",
    "sqrt",
    "sqrt(1, 2)",
    "sqrt(x=1)",
    "sqrt(*R_sei)",
    "sqrt()",
    "eval('1')",
    "open('x')",
    "abs(R_sei)",
    "(R_sei := 3)",
    "R_sei, R_ct",
    "...",
    "",
    "   ",
    "2*",
    "R_sei = 3",
    "import os",
    "R_sei\x00",
    "R_sei; R_ct",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_arithmetic_is_refused(text):
    with pytest.raises(ParameterError, match=r"expression .*(not allowed|not arithmetic|unknown parameter)"):
        Expression(text, NAMES)


def test_an_unknown_parameter_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match=r"unknown parameter 'R_cr'; did you mean 'R_ct'\?"):
        Expression("2*R_cr", NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "9**9**9**9*R_sei",
        "R_sei**9**9**9",
        "1e308*10",
        "1e999",
        "10.0**400*R_sei",
        "0/0",
        "R_sei + 1/0",
        "1" + "0" * 400,
        "(-8)**0.5",
    ],
)
def test_numbers_beyond_all_floats_are_refused_at_once(text):
    """They must neither hang (integer powers) nor reach lmfit, which answers with errors of its own."""
    with pytest.raises(ParameterError, match="is not a finite number") as caught:
        Expression(text, NAMES)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "R_sei" + ")" * 5000,
        "-" * 5000 + "R_sei",
        "+".join(["R_sei"] * 20000),
        "1" + "0" * 5000,
        "+".join(["R_sei"] * 84),
    ],
    ids=["brackets", "signs", "sum", "digits", "just too long"],
)
def test_long_and_deep_texts_are_refused_in_one_short_sentence(text):
    with pytest.raises(ParameterError, match="is longer than 500 characters") as caught:
        Expression(text, NAMES)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["-" * 490 + "R_sei", "+".join(["R_sei"] * 80), "0+" * 240 + "R_sei"])
def test_the_longest_texts_are_evaluated(text):
    assert np.isfinite(Expression(text, NAMES).evaluate(AT)[0])


def test_too_many_brackets_are_refused():
    with pytest.raises(ParameterError, match="is not arithmetic"):
        Expression("(" * 220 + "R_sei" + ")" * 220, NAMES)


@pytest.mark.parametrize(
    "text", ["R_sei/(R_ct-R_ct)", "log(0*R_sei)", "sqrt(-R_sei)", "(0*R_sei)**-1", "R_sei/0"]
)
def test_division_by_zero_gives_no_finite_number_and_no_warning(text):
    assert not np.isfinite(Expression(text, NAMES).evaluate(AT)[0])


@pytest.mark.parametrize("text", ["R_sei**2", "2**R_sei", "R_sei**-1", "3**2*R_sei", "sqrt(R_sei)"])
def test_complex_steps_go_through(text):
    """`eisfit.fitting.derived` differentiates by a complex step through the expressions."""
    expression = Expression(text, NAMES)
    stepped = expression.evaluate({"R_sei": 4.3 + 1e-30j})[0]
    assert np.imag(stepped) / 1e-30 == pytest.approx(expression.evaluate(AT)[1]["R_sei"], rel=1e-13)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30) | st.text(alphabet="R_seict0123459.*/+-() eogsqrtlpx", max_size=30))
def test_any_text_is_an_expression_or_a_parameter_error(text):
    try:
        expression = Expression(text, NAMES)
    except ParameterError as error:
        message = str(error)
    else:
        message = "expression"
        expression.evaluate(AT)
    assert message.startswith("expression")

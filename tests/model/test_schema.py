"""Closed schemas: what is wrong in a TOML file is said with file, line, key and the nearest right key."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, Literal

import pytest

from eisfit.errors import EisfitError, SchemaError
from eisfit.model.schema import ClosedModel, Field, Limits, Reader, keys_of, load_toml, parse_toml, validate


class Layer(ClosedModel):
    thickness: float
    name: str = "film"


class Cell(ClosedModel):
    area: float = Field(gt=0)
    layer: Layer
    other: Layer | None = None
    layers: list[Layer] = Field(default_factory=list)
    named: dict[str, Layer] = Field(default_factory=dict)


GOOD = """\
area = 1.5  # cm2

[layer]
thickness = 5.0
"""


def test_good():
    cell = parse_toml(GOOD, Cell, "cell.toml")
    assert (cell.area, cell.layer.thickness, cell.layer.name) == (1.5, 5.0, "film")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aera = 2\n" + GOOD, r"^cell\.toml, line 1: aera: unknown key; did you mean 'area'\?$"),
        (
            GOOD + "thicknes = 2\n",
            r"^cell\.toml, line 5: layer\.thicknes: unknown key; did you mean 'thickness'\?$",
        ),
        (GOOD + "xyz = 2\n", r"^cell\.toml, line 5: layer\.xyz: unknown key$"),
        (
            "area = 1.0\n[layer]\nthicknes = 2\n",
            r"line 3: layer\.thicknes: unknown key; did you mean 'thickness'",
        ),
        ("area = 1.0\nlayer = { thicknes = 2 }\n", r"line 2: layer\.thicknes: unknown key; did you mean"),
        (
            GOOD + "[other]\nthickness=1\nnam = 'x'\n",
            r"line 7: other\.nam: unknown key; did you mean 'name'\?",
        ),
        (
            GOOD + "[[layers]]\nthickness=1\nnam = 'x'\n",
            r"line 7: layers\.0\.nam: unknown key; did you mean 'name'",
        ),
        (
            GOOD + "[named.top]\nthickness=1\nnam = 'x'\n",
            r"line 7: named\.top\.nam: unknown key; did you mean 'name'",
        ),
        ("[layer]\nthickness = 5.0\n", r"^cell\.toml: area: is missing$"),
        ("area = 1.0\n[layer]\n", r"^cell\.toml, line 2: layer\.thickness: is missing$"),
        ("area = -1.0\n[layer]\nthickness = 5.0\n", r"^cell\.toml, line 1: area: must be above 0$"),
        (
            "area = 'x'\n[layer]\nthickness = 5.0\n",
            r"^cell\.toml, line 1: area: must be a number, not 'x'$",
        ),
        ("area = 1.0\nlayer = 3\n", r"^cell\.toml, line 2: layer: must be a table, not 3$"),
        ("area = \n", r"^cell\.toml: is not valid TOML: .*line 1"),
        ("area = 1\narea = 2\n", r"^cell\.toml: is not valid TOML: "),
    ],
)
def test_every_wrong_text_names_the_place(text, message):
    with pytest.raises(SchemaError, match=message):
        parse_toml(text, Cell, "cell.toml")


def test_a_table_without_text_names_no_line():
    with pytest.raises(SchemaError, match=r"^here: aera: unknown key; did you mean 'area'\?$"):
        validate({"aera": 1.0}, Cell, "here")


def test_a_table_that_is_none():
    with pytest.raises(SchemaError, match=r"^here: the file: must be a table, not nothing$"):
        validate(None, Cell, "here")


def test_files(tmp_path):
    path = tmp_path / "cell.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_toml(path, Cell).area == 1.5
    path.write_bytes(b"area = 1 # \xff\xfe")
    with pytest.raises(SchemaError, match=r"cell\.toml: is not a UTF-8 text file"):
        load_toml(path, Cell)
    with pytest.raises(SchemaError, match=r"nowhere\.toml: there is no such file"):
        load_toml(tmp_path / "nowhere.toml", Cell)
    with pytest.raises(SchemaError, match="cannot be read: Is a directory"):
        load_toml(tmp_path, Cell)


class Odd(ClosedModel):
    """One key of each kind."""

    kind: Literal["a", "b", 2] = "a"
    count: int = Field(1, ge=1, le=9)
    text: str = Field("x", min_length=1, max_length=3)
    share: Annotated[float, Limits(finite=True)] = 0.5
    yes: bool = False
    numbers: list[float] = Field(default_factory=list, max_length=2)
    either: str | list[str] | None = None
    length: Annotated[
        str, Reader(lambda text: text.removesuffix(" cm") if text.endswith("cm") else int(text))
    ] = ""
    schema_: Literal[1] = Field(1, alias="schema")

    def __post_init__(self) -> None:
        if self.yes and self.either is None:
            raise ValueError("Yes needs either")
        if self.count == 7:
            raise ValueError("count: Not seven")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kind = 'c'", "kind: must be 'a', 'b' or 2, not 'c'"),
        ("kind = 2.0", "kind: must be 'a', 'b' or 2, not 2.0"),
        ("count = 0", "count: must be at least 1"),
        ("count = 10", "count: must be at most 9"),
        ("count = 7", "line 1: count: not seven"),
        ("count = 1.5", "count: must be a whole number, not 1.5"),
        ("count = true", "count: must be a whole number, not true"),
        ("count = nan", "count: must be a whole number, not nan"),
        ("text = ''", "text: must not be empty"),
        ("text = 'four'", "text: has 4, more than 3"),
        ("text = 1", "text: must be text, not 1"),
        ("share = inf", "share: must be a finite number"),
        ("share = true", "share: must be a number, not true"),
        (f"share = 0x{'f' * 400}", "share: is too large a number"),
        (f"text = 0x{'f' * 400}", "text: must be text, not a number of hundreds of digits"),
        ("yes = 1", "yes: must be true or false, not 1"),
        ("yes = true", "the file: yes needs either"),
        ("numbers = 1", "numbers: must be a list, not 1"),
        ("numbers = [1, 'x']", "numbers.1: must be a number, not 'x'"),
        ("numbers = [1, 2, 3]", "numbers: has 3, more than 2"),
        ("either = 1", "either: must be a list, not 1"),
        ("length = 'x'", "length: invalid literal"),
        ("schema = 2", "schema: must be 1, not 2"),
    ],
)
def test_every_kind_of_value_says_what_it_must_be(line, message):
    with pytest.raises(SchemaError, match=re.escape(message)):
        parse_toml(line, Odd, "odd.toml")


def test_every_kind_of_value_is_read():
    text = (
        "kind = 2\ncount = 3.0\nyes = true\nnumbers = [1, inf]\neither = ['p']\nlength = '5 cm'\nschema = 1"
    )
    odd = parse_toml(text, Odd, "odd.toml")
    assert (odd.kind, odd.count, odd.yes, odd.either) == (2, 3, True, ["p"])
    assert odd.numbers == [1.0, float("inf")]
    assert (odd.length, odd.schema_, odd.share) == ("5", 1, 0.5)
    assert keys_of(Odd)["count"].limits == Limits(ge=1, le=9)
    assert keys_of(Cell)["area"].default is dataclasses.MISSING


def test_tables_too_deep_or_numbers_too_long_are_a_sentence():
    for text in ("x = " + "[" * 5000 + "]" * 5000, "area = " + "9" * 5000):
        with pytest.raises(SchemaError, match=r"^deep\.toml: "):
            parse_toml(text, Cell, "deep.toml")


def test_models_are_frozen_and_closed():
    layer = Layer(thickness=1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.thickness = 2.0
    with pytest.raises(TypeError, match="other"):
        Layer(thickness=1.0, other=2)
    assert issubclass(SchemaError, EisfitError)

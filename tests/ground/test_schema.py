"""Closed schemas: what is wrong in a TOML file is said with file, line, key and the nearest right key."""

from __future__ import annotations

import pydantic
import pytest

from eisfit.errors import EisfitError, SchemaError
from eisfit.schema import ClosedModel, load_toml, parse_toml, validate


class Layer(ClosedModel):
    thickness: float
    name: str = "film"


class Cell(ClosedModel):
    area: float
    layer: Layer
    other: Layer | None = None
    layers: list[Layer] = pydantic.Field(default_factory=list)
    named: dict[str, Layer] = pydantic.Field(default_factory=dict)

    @pydantic.field_validator("area")
    @classmethod
    def positive(cls, value):
        if value <= 0:
            raise ValueError("Must be positive")
        return value


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
        ("area = -1.0\n[layer]\nthickness = 5.0\n", r"^cell\.toml, line 1: area: must be positive$"),
        (
            "area = 'x'\n[layer]\nthickness = 5.0\n",
            r"^cell\.toml, line 1: area: input should be a valid number",
        ),
        ("area = 1.0\nlayer = 3\n", r"^cell\.toml, line 2: layer: input should be"),
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
    with pytest.raises(SchemaError, match=r"^here: the file: input should be"):
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


def test_models_are_frozen_and_closed():
    layer = Layer(thickness=1.0)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        layer.thickness = 2.0
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        Layer(thickness=1.0, other=2)
    assert issubclass(SchemaError, EisfitError)

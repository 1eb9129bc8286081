"""Records are dataclasses: held against those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any

import pytest

import eisfit
from eisfit.records import dataclass


def classes(decorator: Any) -> tuple[Any, Any, Any]:
    """Return a class, one with a check that derives from it, and one that is compared by identity."""

    @decorator(frozen=True)
    class Plain:
        x: float
        names: list[str] = dataclasses.field(default_factory=list, compare=False)
        unit: str = "ohm"

    @decorator(frozen=True)
    class Checked(Plain):
        most: float = dataclasses.field(default=9.0, kw_only=True, repr=False)

        def __post_init__(self) -> None:
            if self.x > self.most:
                raise ValueError("too large")

    @decorator(frozen=True, eq=False, repr=False)
    class Alone:
        x: float

    for cls in (Plain, Checked, Alone):
        cls.__qualname__ = cls.__name__
    return Plain, Checked, Alone


OURS, THEIRS = classes(dataclass), classes(dataclasses.dataclass)
CALLS = [
    ((), {}),
    ((1.0,), {}),
    ((1.0, ["a"], "F"), {}),
    ((1.0,), {"unit": "F"}),
    ((), {"unit": "F", "x": 2.0}),
    ((1.0,), {"x": 2.0}),
    ((1.0, [], "F", 3.0), {}),
    ((1.0,), {"most": 0.5}),
    ((1.0,), {"most": 5.0}),
    ((1.0,), {"colour": "red"}),
]


@pytest.mark.parametrize("k", range(3))
@pytest.mark.parametrize(("args", "given"), CALLS)
def test_a_call_does_what_it_does_with_the_library(k, args, given):
    made = []
    for cls in (OURS[k], THEIRS[k]):
        try:
            one = cls(*args, **given)
        except (TypeError, ValueError) as error:
            made.append(type(error))
        else:
            made.append({f.name: getattr(one, f.name) for f in dataclasses.fields(one)})
    assert made[0] == made[1]


def test_a_misspelt_name_has_its_neighbour_named():
    with pytest.raises(TypeError, match="'temperature'; did you mean 'temperature_C'"):
        eisfit.Spectrum([1.0, 2.0], [1.0, 2.0], temperature=25.0)


def test_what_follows_from_the_fields_is_the_same():
    for ours, theirs in zip(OURS[:2], THEIRS[:2], strict=True):
        assert repr(ours(1.0, ["a"])) == repr(theirs(1.0, ["a"]))
        assert hash(ours(1.0, ["a"])) == hash(theirs(1.0, ["b"]))
        assert ours(1.0, ["a"]) == ours(1.0, ["b"]) != ours(2.0)
        assert ours(1.0) != theirs(1.0)
        assert dataclasses.asdict(ours(1.0)) == dataclasses.asdict(theirs(1.0))
        assert dataclasses.replace(ours(1.0), unit="F") == ours(1.0, unit="F")
        assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
        assert ours.__match_args__ == theirs.__match_args__
    alone = OURS[2](1.0)
    assert alone != OURS[2](1.0)
    assert len({alone, alone, OURS[2](1.0)}) == 2


def test_each_has_a_default_of_its_own():
    one, other = OURS[0](1.0), OURS[0](1.0)
    one.names.append("a")
    assert other.names == []


def test_it_is_frozen():
    one = OURS[0](1.0)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        one.x = 2.0
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del one.x


def test_it_is_not_frozen_where_that_is_said():
    loose = dataclass(frozen=False)(type("Loose", (), {"__annotations__": {"x": "int"}}))
    library = dataclasses.dataclass(type("Loose", (), {"__annotations__": {"x": "int"}}))
    for kind in (loose, library):
        one = kind(1)
        one.x = 2
        assert one == kind(x=2) and one != kind(1) and repr(one) == "Loose(x=2)"
        with pytest.raises(TypeError, match="unhashable"):
            hash(one)


@dataclass(frozen=True)
class Travelling:
    """Of the module, so that it can be pickled."""

    x: float
    unit: str = "ohm"


def test_it_travels():
    one = Travelling(1.0, "F")
    assert pickle.loads(pickle.dumps(one)) == copy.copy(one) == copy.deepcopy(one) == one

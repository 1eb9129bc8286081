"""Patterns that are compiled later can be compiled, all of them."""

from copy import copy
from importlib import import_module
from pkgutil import walk_packages

from eisfit.spectra import readers
from eisfit.spectra.patterns import regex

KIND = type(regex(""))


def patterns_in(value):
    if isinstance(value, KIND):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return [one for part in inside for one in patterns_in(part)]


def test_every_pattern_of_the_readers_is_one():
    names = [found.name for found in walk_packages(readers.__path__, f"{readers.__name__}.")]
    seen = patterns_in([value for name in names for value in vars(import_module(name)).values()])
    assert len(seen) > 100
    for one in seen:
        one.search("Freq/Hz\t1.5e-3 Ohm")


def test_a_pattern_can_be_copied():
    assert copy(regex("[0-9]+")).findall("12 and 3") == ["12", "3"]

"""The default of an option stands in the command and in the library's call: it is the same."""

import dataclasses
import importlib
import inspect

import pytest

import eisfit
from eisfit.cli.all_commands import NAMES

CALLS = {name: getattr(eisfit, name) for name in NAMES if name in eisfit.__all__} | {"batch": eisfit.fit_many}


def options(name):
    """Return the options of a command with their defaults, those of groups among them."""
    command = inspect.unwrap(getattr(importlib.import_module(f"eisfit.cli.commands.{name}"), name))
    found = {}
    for key, parameter in inspect.signature(command).parameters.items():
        found |= vars(parameter.default) if dataclasses.is_dataclass(parameter.default) else {key: parameter}
    return {k: v.default if isinstance(v, inspect.Parameter) else v for k, v in found.items()}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_an_option_has_the_default_of_the_call(name):
    asked = options(name)
    for key, parameter in inspect.signature(CALLS[name]).parameters.items():
        if key in asked and inspect.Parameter.empty not in (asked[key], parameter.default):
            assert (asked[key] or None) == (parameter.default or None), key


@pytest.mark.parametrize("name", [name for name in NAMES if "weighting" in options(name)])
def test_every_command_weighs_as_a_fit_does_unless_told(name):
    assert options(name)["weighting"] == inspect.signature(eisfit.fit).parameters["weighting"].default

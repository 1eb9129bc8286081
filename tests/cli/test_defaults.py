"""What stands in a command and in the library's call is the same: defaults, and the words that are taken."""

import dataclasses
import importlib
import inspect
import typing

import pytest

import eisfit
from eisfit.cli import options as shared
from eisfit.cli.all_commands import NAMES
from eisfit.cli.commands import fit as fit_command
from eisfit.display.report.methods import _FORMS, _WEIGHTS
from eisfit.engine.objective import LOSSES, REPRESENTATIONS
from eisfit.fitting.errors.intervals import METHODS
from eisfit.fitting.interop import FORMS
from eisfit.spectra.noise import WEIGHTINGS
from eisfit.spectra.readers.names.units import IMPEDANCE_UNITS

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


OF_FIT = typing.get_type_hints(inspect.unwrap(fit_command.fit), include_extras=True)


@pytest.mark.parametrize(
    ("option", "known"),
    [
        (shared.Weighting, WEIGHTINGS),
        (shared.ImpedanceUnit, IMPEDANCE_UNITS),
        (shared.Export, FORMS),
        (OF_FIT["loss"], LOSSES),
        (OF_FIT["representation"], REPRESENTATIONS),
        (OF_FIT["errors"], METHODS),
    ],
)
def test_an_option_offers_the_words_that_the_library_takes(option, known):
    (declared,) = option.__metadata__
    assert declared.autocompletion("") == list(known)


def test_the_paragraph_for_a_paper_knows_every_weighting_and_form():
    assert (list(_WEIGHTS), list(_FORMS)) == (list(WEIGHTINGS), list(REPRESENTATIONS))

"""A question of the page about one spectrum: what it may hold, and what it means for `eisfit.fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from eisfit.arrays import BoolArray
from eisfit.errors import UsageError
from eisfit.model.circuit import Circuit
from eisfit.model.schema import ClosedModel, Field, Limits, validate
from eisfit.spectra import WEIGHTING
from eisfit.spectra.spectrum import Spectrum

_NAME = Limits(max_length=80)
_NUMBER = Limits(finite=True)
MOST_PARAMETERS = 30  # more than anybody moves by hand


class Ask(ClosedModel):
    """A question about one spectrum; sizes are limited, other keys refused."""

    op: str
    spectrum: dict[str, Any]
    circuit: Annotated[str, Limits(min_length=1, max_length=400)] | None = None
    like: Annotated[str, Limits(min_length=1, max_length=400)] | None = None
    weighting: str = WEIGHTING
    masks: list[Annotated[float, _NUMBER]] = Field(default_factory=list, max_length=100_000)
    range: list[Annotated[float, _NUMBER]] = Field(default_factory=list, max_length=2)
    values: dict[str, Annotated[float, _NUMBER]] = Field(default_factory=dict, max_length=MOST_PARAMETERS)
    held: list[Annotated[str, _NAME]] = Field(default_factory=list, max_length=MOST_PARAMETERS)


def check_question(request: dict[str, Any]) -> tuple[Ask, Spectrum]:
    """Return a question and its spectrum; UsageError where it is not one."""
    ask = validate(request, Ask, "the request")
    if ask.range and (len(ask.range) != 2 or not ask.range[0] <= ask.range[1]):
        raise UsageError("range: two frequencies in Hz, the lower one first")
    return ask, Spectrum.from_dict(ask.spectrum)


def find_used_points(ask: Ask, spectrum: Spectrum) -> BoolArray:
    """Return the mask (F,) of the points that are neither masked nor outside the range."""
    f = spectrum.frequency
    used = ~np.isin(f, np.array(ask.masks, dtype=float))
    if ask.range:
        used &= (f >= ask.range[0]) & (f <= ask.range[1])
    if not used.any():
        raise UsageError("every point is masked: unmask some")
    return used


def make_fit_options(ask: Ask, chosen: Circuit) -> dict[str, Any]:
    """Return start and fix of `eisfit.fit`."""
    chosen.check_names(ask.held)
    values = complete_values(chosen, ask.values) if ask.values else {}
    fixed = {name: values[name] for name in ask.held if name in values}
    start = {name: value for name, value in values.items() if name not in fixed}
    return {"start": start or None, "fix": fixed or None}


def select_free_values(chosen: Circuit, given: Mapping[str, float]) -> dict[str, float]:
    """Return the values of the free parameters; the circuit's fixed and tied ones are left out."""
    chosen.check_names(given)
    free = {name: float(value) for name, value in given.items() if chosen.parameters[name].free}
    chosen.constrain(start=free)
    return free


def complete_values(chosen: Circuit, given: Mapping[str, float]) -> dict[str, float]:
    """Return the values of the free parameters; UsageError where one is missing."""
    free = select_free_values(chosen, given)
    missing = [name for name, p in chosen.parameters.items() if p.free and name not in free]
    if missing:
        raise UsageError(f"no value for {', '.join(missing)}")
    return free


def estimate_values(chosen: Circuit, size: float) -> dict[str, float]:
    """Return values to begin with: resistances of the spectrum's size, exponents near 1, times near 1 s."""
    guesses = {"ohm": size, "": 0.9, "s": 1.0, "ohm s^-1/2": size}
    rows = chosen.parameters.items()
    return {
        n: p.value if p.value is not None else min(max(guesses.get(p.unit, 1e-4), p.min), p.max)
        for n, p in rows
    }

"""The parameters of a circuit: their properties from the elements, and those that the circuit adds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from eisfit.errors import CircuitError, ParameterError
from eisfit.model.notation import Component, Node, components
from eisfit.records import dataclass

#: Role -> labels that suggest it where a circuit is given as a bare string.
ROLES: dict[str, tuple[str, ...]] = {
    "series": ("s", "S", "ohm", "hf", "el"),
    "inductance": (),
    "film": ("film", "f", "coat", "coating"),
    "sei": ("sei", "SEI", "cei"),
    "charge_transfer": ("ct", "dl", "CT", "DL"),
    "diffusion": (),
    "other": (),
}


@dataclass(frozen=True)
class CircuitParameter:
    """One parameter of a circuit: what its element says of it and what the circuit adds.

    Attributes
    ----------
    name, unit, describe, role
        As printed; `role` is one of `ROLES`.
    min, max
        Bounds.
    scale
        ``log`` where it is fitted as its logarithm; see `allow_sign`.
    value
        Start or fixed value; None: taken from the spectrum.
    vary
        False: fixed at `value`.
    expr
        Expression that gives it from other parameters, or None.
    component, symbol
        The component it belongs to and the symbol within.
    """

    name: str
    unit: str
    describe: str
    role: str
    min: float
    max: float
    scale: Literal["log", "linear"]
    component: str
    symbol: str
    value: float | None = None
    vary: bool = True
    expr: str | None = None

    @property
    def free(self) -> bool:
        """True where the fit decides the value."""
        return self.vary and self.expr is None

    @property
    def is_amplitude(self) -> bool:
        """Whether it can be negative where the user allows it: no time, no ratio, no exponent."""
        return self.unit not in ("s", "")


def default_parameters(tree: Node) -> dict[str, CircuitParameter]:
    """Return the parameter table of a tree as its elements give it."""
    table: dict[str, CircuitParameter] = {}
    for component in components(tree):
        for name, row in zip(component.parameter_names, component.element.parameters, strict=True):
            if name in table:
                raise CircuitError(f"two components give a parameter {name!r}: rename {component.name!r}")
            table[name] = CircuitParameter(
                name=name,
                unit=row.unit,
                describe=row.describe,
                role=_find_role(component),
                min=row.min,
                max=row.max,
                scale=row.scale,
                component=component.name,
                symbol=row.symbol,
            )
    return table


def _find_role(component: Component) -> str:
    for role, labels in ROLES.items():
        if component.label in labels:
            return role
    return component.element.role


def allow_sign(p: CircuitParameter) -> CircuitParameter:
    """Return the parameter as it is fitted within its bounds: an amplitude that may be negative, linearly.

    A negative resistance or capacitance describes an adsorbed intermediate or a passive film; a negative
    time constant or ratio describes nothing.
    """
    if p.scale == "log" and p.min < 0 and p.is_amplitude:
        return dataclasses.replace(p, scale="linear")
    return p


def check_parameter(p: CircuitParameter) -> None:
    """Raise ParameterError where bounds and value contradict each other."""
    if not p.min < p.max:
        raise ParameterError(f"{p.name}: the lower bound {p.min:g} is not below the upper bound {p.max:g}")
    if p.value is not None and not p.min <= p.value <= p.max:
        raise ParameterError(
            f"{p.name}: the value {p.value:g} lies outside its bounds {p.min:g} to {p.max:g}"
        )
    if p.scale == "log" and p.min < 0:
        raise ParameterError(
            f"{p.name}: the lower bound {p.min:g} must not be negative: only an amplitude can be"
        )
    if not p.vary and p.expr is None and p.value is None:
        raise ParameterError(f"{p.name}: is fixed but has no value")


def restore_bounds(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter's row read from JSON, where an infinite bound is null."""
    infinite = {"min": -np.inf, "max": np.inf}
    return {**row, **{key: end for key, end in infinite.items() if row.get(key, end) is None}}

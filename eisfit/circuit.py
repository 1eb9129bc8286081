"""A circuit: a tree of elements that gives impedance and exact derivatives for whole batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.elements import FrequencyGrid
from eisfit.errors import CircuitError, ParameterError, did_you_mean
from eisfit.expressions import Expression
from eisfit.from_lmfit import changes_of
from eisfit.notation import Component, Node, Series, components, parse

__all__ = ["ROLES", "Circuit", "CircuitParameter"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

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
_ROLE_OF_SYMBOL = {
    "L": "inductance",
    "La": "inductance",
    "W": "diffusion",
    "Wo": "diffusion",
    "Ws": "diffusion",
    "G": "diffusion",
    "Gs": "diffusion",
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
        ``log`` where it is fitted as its logarithm.
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


@dataclass(frozen=True, eq=False, repr=False)
class Circuit:
    """An equivalent circuit; frozen, `constrain` returns a changed copy.

    Build one with `eisfit.circuit`.

    Attributes
    ----------
    tree
        What `eisfit.notation.parse` gives.
    name
        Name of its file in ``circuits/``, or the circuit string.
    parameters
        Name -> `CircuitParameter`, in the order of the string.
    """

    tree: Node
    name: str = ""
    title: str = ""
    references: tuple[str, ...] = ()
    parameters: Mapping[str, CircuitParameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.string)
        if not self.parameters:
            object.__setattr__(self, "parameters", default_parameters(self.tree))

    @classmethod
    def from_string(cls, string: str) -> Circuit:
        """Build a circuit from a string (see `eisfit.notation`)."""
        return cls(tree=parse(string))

    @property
    def string(self) -> str:
        """The circuit in the common notation."""
        return str(self.tree)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(self.parameters)

    @cached_property
    def expressions(self) -> dict[str, Expression]:
        """Name -> parsed expression, each after those it depends on."""
        given = {name: p.expr for name, p in self.parameters.items() if p.expr is not None}
        parsed = {name: Expression(text, list(self.names)) for name, text in given.items()}
        return _in_order(parsed)

    def constrain(
        self,
        *,
        fix: Mapping[str, float] | None = None,
        start: Mapping[str, float] | None = None,
        bound: Mapping[str, tuple[float, float]] | None = None,
        expr: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Circuit:
        """Return a copy with parameters fixed, started, bounded or tied.

        Parameters
        ----------
        fix, start, bound, expr
            By parameter name, in the parameter's unit.
        params
            lmfit's ``Parameters``, of this circuit's names or some of them: their values, bounds, `vary` and
            `expr` count, where they say something; the four above go before them.

        Raises
        ------
        ParameterError
            For an unknown name, a value outside its bounds, or an expression that is not arithmetic.
        """
        changes: dict[str, dict[str, Any]] = {}
        for name, p in (params or {}).items():
            self.check_names([name])
            changes[name] = changes_of(p, positive=self.parameters[name].scale == "log")
        for name, (low, high) in (bound or {}).items():
            changes.setdefault(name, {}).update(min=float(low), max=float(high))
        for name, value in (start or {}).items():
            changes.setdefault(name, {}).update(value=float(value))
        for name, value in (fix or {}).items():
            changes.setdefault(name, {}).update(value=float(value), vary=False)
        for name, text in (expr or {}).items():
            changes.setdefault(name, {}).update(expr=text.strip(), vary=False)
        self.check_names(changes)
        parameters = {n: dataclasses.replace(p, **changes.get(n, {})) for n, p in self.parameters.items()}
        for parameter in parameters.values():
            _check_parameter(parameter)
        changed = dataclasses.replace(self, parameters=parameters)
        _ = changed.expressions  # refuses a wrong one now, not in the fit
        return changed

    def check_names(self, names: Iterable[str]) -> None:
        """Raise ParameterError for the first of `names` that is not a parameter."""
        for name in names:
            if name not in self.parameters:
                near = did_you_mean(name, self.names)
                raise ParameterError(
                    f"{self.name}: no parameter {name!r}{near or '; it has ' + ', '.join(self.names)}"
                )

    @overload
    def impedance(
        self, frequency: ArrayLike, params: Mapping[str, ArrayLike], derivative: Literal[False] = False
    ) -> ComplexArray: ...
    @overload
    def impedance(
        self, frequency: ArrayLike, params: Mapping[str, ArrayLike], derivative: Literal[True]
    ) -> tuple[ComplexArray, ComplexArray]: ...
    def impedance(
        self, frequency: ArrayLike, params: Mapping[str, ArrayLike], derivative: bool = False
    ) -> ComplexArray | tuple[ComplexArray, ComplexArray]:
        """Return the impedance, and on request its exact derivatives.

        Parameters
        ----------
        frequency
            (F,) Hz.
        params
            Name -> number or (B,) array. Names with a value or an expression in the circuit may be left out.
        derivative
            Also return dZ/dp, (F, P) or (B, F, P), in the order of `names`.

        Returns
        -------
        Z
            (F,) complex ohm, or (B, F) where a parameter is an array.

        Raises
        ------
        ParameterError
            For a missing or unknown name, or values that give no finite impedance.
        """
        columns, batched = self._columns(params)
        grid = FrequencyGrid(2 * np.pi * np.atleast_1d(np.asarray(frequency, dtype=np.float64)))
        slopes = np.empty((len(columns), len(self.names), grid.omega.size), dtype=np.complex128)
        with np.errstate(all="ignore"):
            z = self.evaluate(grid, columns, slopes)
        if not np.isfinite(z).all():
            raise ParameterError(f"{self.name}: these parameter values give no finite impedance")
        dz = np.moveaxis(slopes, 1, 2)
        if not batched:
            z, dz = z[0], dz[0]
        return (z, dz) if derivative else z

    def evaluate(self, grid: FrequencyGrid, columns: FloatArray, slopes: ComplexArray) -> ComplexArray:
        """Return Z (B, F) for parameters (B, P) and write dZ/dp into `slopes` (B, P, F). The hot path."""
        shape = (slopes.shape[0], slopes.shape[2])
        return np.broadcast_to(_evaluate(self.tree, grid, columns, slopes, 0)[0], shape)

    def resolve(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return `values` completed by the circuit's own values and expressions."""
        known = {n: p.value for n, p in self.parameters.items() if p.value is not None} | dict(values)
        for name, expression in self.expressions.items():
            row = self.parameters[name]
            known[name] = np.clip(expression.evaluate(known)[0], row.min, row.max)  # as lmfit does
        return known

    def _columns(self, params: Mapping[str, ArrayLike]) -> tuple[FloatArray, bool]:
        self.check_names(params)
        given = {name: np.asarray(value, dtype=np.float64) for name, value in params.items()}
        missing = [
            n for n, p in self.parameters.items() if n not in given and p.value is None and p.expr is None
        ]
        if missing:
            raise ParameterError(f"{self.name}: no value for {', '.join(missing)}")
        values = self.resolve(given)
        try:
            stacked = np.broadcast_arrays(*(np.atleast_1d(values[name]) for name in self.names))
        except ValueError:
            raise ParameterError(f"{self.name}: parameter arrays must have one common length") from None
        return np.stack(stacked, axis=1), any(np.ndim(values[name]) for name in self.names)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``circuit`` block of every JSON result, with what `from_dict` needs besides."""
        keys = ("value", "min", "max", "vary", "expr", "unit", "role", "describe")
        rows = {n: {key: getattr(p, key) for key in keys} for n, p in self.parameters.items()}
        return {"name": self.name, "string": self.string, "title": self.title, "parameters": rows}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Circuit:
        """Rebuild a circuit from `to_dict`'s document."""
        plain = cls.from_string(document["string"])
        rows = document.get("parameters", {})
        plain.check_names(rows)
        parameters = {
            n: dataclasses.replace(p, **_bounds(rows.get(n, {}))) for n, p in plain.parameters.items()
        }
        return dataclasses.replace(
            plain, name=document["name"], title=document.get("title", ""), parameters=parameters
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Circuit):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.name, self.string))

    def __repr__(self) -> str:
        name = "" if self.name == self.string else f"{self.name}: "
        return f"<Circuit {name}{self.string}>"

    def _repr_html_(self) -> str:
        from eisfit import drawing, plot, report

        table = report.circuit_html(self.to_dict())
        draw = partial(drawing.on_axes, self.string)
        return plot.beside(table, lambda figure: draw(figure.subplots()), height=1.8, alt=self.string)


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
                role=_role(component),
                min=row.min,
                max=row.max,
                scale=row.scale,
                component=component.name,
                symbol=row.symbol,
            )
    return table


def _role(component: Component) -> str:
    for role, labels in ROLES.items():
        if component.label in labels:
            return role
    return _ROLE_OF_SYMBOL.get(component.symbol, "other")


def _check_parameter(p: CircuitParameter) -> None:
    if not p.min < p.max:
        raise ParameterError(f"{p.name}: the lower bound {p.min:g} is not below the upper bound {p.max:g}")
    if p.value is not None and not p.min <= p.value <= p.max:
        raise ParameterError(
            f"{p.name}: the value {p.value:g} lies outside its bounds {p.min:g} to {p.max:g}"
        )
    if p.scale == "log" and p.min < 0:
        raise ParameterError(f"{p.name}: the lower bound {p.min:g} must not be negative")
    if not p.vary and p.expr is None and p.value is None:
        raise ParameterError(f"{p.name}: is fixed but has no value")


def _bounds(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter row read from JSON, where an infinite bound is null."""
    kept = {key: value for key, value in row.items() if key in CircuitParameter.__dataclass_fields__}
    if "min" in kept and kept["min"] is None:
        kept["min"] = -np.inf
    if "max" in kept and kept["max"] is None:
        kept["max"] = np.inf
    return kept


def _in_order(expressions: dict[str, Expression]) -> dict[str, Expression]:
    """Return the expressions, each after those it depends on."""
    ordered: dict[str, Expression] = {}
    waiting = dict(expressions)
    while waiting:
        ready = [name for name, e in waiting.items() if not set(e.names) & set(waiting)]
        if not ready:
            raise ParameterError(f"the expressions of {', '.join(waiting)} depend on each other in a circle")
        for name in ready:
            ordered[name] = waiting.pop(name)
    return ordered


def _evaluate(
    node: Node, grid: FrequencyGrid, columns: FloatArray, slopes: ComplexArray, first: int
) -> tuple[ComplexArray, int]:
    """Return Z of a node whose parameters start at column `first`, and the column after its last."""
    if isinstance(node, Component):
        after = first + len(node.element.parameters)
        z, derivatives = node.element.evaluate(grid, *(columns[:, k : k + 1] for k in range(first, after)))
        for k, derivative in enumerate(derivatives, first):
            slopes[:, k] = derivative
        return z, after
    z, after = _evaluate(node.children[0], grid, columns, slopes, first)
    for child in node.children[1:]:
        middle = after
        other, after = _evaluate(child, grid, columns, slopes, middle)
        if isinstance(node, Series):
            z = z + other
        else:
            z = _parallel(z, other, slopes[:, first:middle], slopes[:, middle:after])
    return z, after


def _parallel(a: ComplexArray, b: ComplexArray, da: ComplexArray, db: ComplexArray) -> ComplexArray:
    """Return a b / (a + b) and scale the derivatives of both in place: dZ = (Z/a)^2 da + (Z/b)^2 db."""
    inverse = 1 / (a + b)
    share_a, share_b = b * inverse, a * inverse
    da *= (share_a * share_a)[..., np.newaxis, :]
    db *= (share_b * share_b)[..., np.newaxis, :]
    return a * share_a

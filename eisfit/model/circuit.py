"""A circuit: a tree of elements that gives impedance and exact derivatives for whole batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import ParameterError, SpectrumError, did_you_mean, expect_document
from eisfit.files import to_json_ready
from eisfit.model.circuit_parameters import (
    CircuitParameter,
    allow_sign,
    check_parameter,
    default_parameters,
    restore_bounds,
)
from eisfit.model.elements import FrequencyGrid
from eisfit.model.elements._two_rails import two_rail_line
from eisfit.model.expressions import Expression, parse_expressions
from eisfit.model.given_parameters import list_changes, read_array, refuse_forms, values_by_name
from eisfit.model.notation import Component, Line, Node, Parallel, Series, parse
from eisfit.records import SameDocument, dataclass
from eisfit.spectra.vectors import make_vector

if TYPE_CHECKING:
    from eisfit.model.drawing import CircuitDrawing

    Values = Mapping[str, Any] | Sequence[ArrayLike] | Any

_ROUNDING = 1e-9  # by which an expression may leave a bound that it is meant to reach


@dataclass(frozen=True, eq=False, repr=False)
class Circuit(SameDocument):
    """An equivalent circuit; frozen, `constrain` returns a changed copy.

    Build one with `eisfit.circuit`.

    Attributes
    ----------
    tree
        What `eisfit.model.notation.parse` gives.
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
        if not isinstance(self.tree, (Component, Line, Series, Parallel)):
            raise ParameterError(f"Circuit takes what is parsed: eisfit.circuit({self.tree!r}) builds one")
        object.__setattr__(self, "name", self.name or self.string)
        if not self.parameters:
            object.__setattr__(self, "parameters", default_parameters(self.tree))

    @classmethod
    def from_string(cls, string: str) -> Circuit:
        """Build a circuit from a string (see `eisfit.model.notation`)."""
        return cls(tree=parse(string))

    @property
    def string(self) -> str:
        """The circuit in the common notation."""
        return str(self.tree)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(self.parameters)

    @property
    def free_names(self) -> tuple[str, ...]:
        """Names of the parameters that a fit varies, in order."""
        return tuple(name for name, p in self.parameters.items() if p.free)

    @property
    def free_columns(self) -> list[int]:
        """Where these stand in `names`."""
        return [k for k, p in enumerate(self.parameters.values()) if p.free]

    @cached_property
    def expressions(self) -> dict[str, Expression]:
        """Name -> parsed expression, each after those it depends on."""
        given = {name: p.expr for name, p in self.parameters.items() if p.expr is not None}
        return parse_expressions(given, list(self.names))

    def untie(self, names: Iterable[str]) -> frozenset[str]:
        """Return what some parameters are made of in the end: those of expressions in place of what is tied.

        >>> sorted(Circuit.from_string("R1-R2").constrain(expr={"R2": "2*R1"}).untie(["R2"]))
        ['R1']
        """
        found = frozenset(names)
        while tied := found & set(self.expressions):
            found = (found - tied).union(*(self.expressions[name].names for name in tied))
        return found

    def constrain(
        self,
        *,
        fix: Mapping[str, float] | None = None,
        start: Any = None,
        bound: Mapping[str, tuple[float | None, float | None]] | None = None,
        expr: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Circuit:
        """Return a copy with parameters fixed, started, bounded or tied.

        Parameters
        ----------
        fix, expr
            By parameter name: values in the parameter's unit, expressions in other parameters.
        start
            Start values by name; or a list of them in the order of `names` (all, or those that vary); or a
            fit, of this circuit or another with some of its parameters.
        bound
            By name (low, high); None leaves a side as it is. A bound below zero lets an amplitude (R, Q, C,
            ...) be negative.
        params
            lmfit's ``Parameters``, of this circuit's names or some of them: their values, bounds, `vary` and
            `expr` count, where they say something; the four above go before them.

        Raises
        ------
        ParameterError
            For an unknown name, a value outside its bounds, an expression that is not arithmetic, or options
            that contradict each other.
        """
        refuse_forms(fix=fix, bound=bound, expr=expr)
        self.check_names([*(params or {}), *(bound or {}), *(fix or {}), *(expr or {})])
        changes = list_changes(self.parameters, fix=fix, start=start, bound=bound, expr=expr, params=params)
        self.check_names(changes)
        parameters = {
            n: allow_sign(dataclasses.replace(p, **changes.get(n, {}))) for n, p in self.parameters.items()
        }
        for parameter in parameters.values():
            check_parameter(parameter)
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
        self, frequency: ArrayLike, params: Values, derivative: Literal[False] = False
    ) -> ComplexArray: ...
    @overload
    def impedance(
        self, frequency: ArrayLike, params: Values, derivative: Literal[True]
    ) -> tuple[ComplexArray, ComplexArray]: ...
    def impedance(
        self, frequency: ArrayLike, params: Values, derivative: bool = False
    ) -> ComplexArray | tuple[ComplexArray, ComplexArray]:
        """Return the impedance, and on request its exact derivatives.

        Parameters
        ----------
        frequency
            (F,) Hz.
        params
            Name -> number or (B,) array; names with a value or an expression in the circuit may be left out.
            Or a list in the order of `names`.
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
        if isinstance(frequency, Mapping):
            raise ParameterError("impedance takes the frequency first: impedance(frequency, {name: value})")
        columns, batched = self._columns(params)
        f = make_vector(np.atleast_1d(frequency), "frequency", np.float64)
        if not (f >= 0).all():
            raise SpectrumError(f"frequency: must be positive, but {f[~(f >= 0)][0]:g} Hz is among them")
        grid = FrequencyGrid(2 * np.pi * f)
        slopes = np.empty((len(columns), len(self.names), grid.omega.size), dtype=np.complex128)
        with np.errstate(all="ignore"):
            z = self.evaluate(grid, columns, slopes)
        if not np.isfinite(z).all():
            at = "" if f.all() else " at 0 Hz"
            raise ParameterError(f"{self.name}: these parameter values give no finite impedance{at}")
        dz = np.moveaxis(slopes, 1, 2)
        if not batched:
            z, dz = z[0], dz[0]
        return (z, dz) if derivative else z

    def evaluate(
        self,
        grid: FrequencyGrid,
        columns: FloatArray,
        slopes: ComplexArray,
        factors: Mapping[int, ComplexArray] | None = None,
    ) -> ComplexArray:
        """Return Z (B, F) for parameters (B, P) and write dZ/dp into `slopes` (B, P, F). The hot path.

        `factors` (B, F) multiply the impedance of elements, each by the column of its first parameter.
        """
        shape = (slopes.shape[0], slopes.shape[2])
        return np.broadcast_to(
            _Evaluation(grid, columns, slopes, factors or {}).evaluate(self.tree, 0)[0], shape
        )

    def resolve(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return `values` completed by the circuit's own values and expressions.

        Raises
        ------
        ParameterError
            Where an expression leaves its parameter's bounds, and `values` does not have the parameter
            itself: it is then held at the bound, as in lmfit.
        """
        known = {n: p.value for n, p in self.parameters.items() if p.value is not None} | dict(values)
        for name, expression in self.expressions.items():
            row = self.parameters[name]
            given = expression.evaluate(known)[0]
            known[name] = np.clip(given, row.min, row.max)
            if name not in values and not _is_close(given, known[name]):
                worst = np.ravel(given)[np.argmax(np.abs(np.ravel(given - known[name])))]
                raise ParameterError(
                    f"{name} = {row.expr} gives {worst:.6g}, outside its bounds {row.min:g} to {row.max:g}: "
                    "change the values, or allow it with bound"
                )
        return known

    def expressions_held(self, values: Mapping[str, float]) -> dict[str, tuple[float, float]]:
        """Return the expressions outside their parameter's bounds: name -> what they give, what is kept."""
        found = {}
        for name, expression in self.expressions.items():
            row, given = self.parameters[name], float(expression.evaluate(values)[0])
            if not _is_close(given, np.clip(given, row.min, row.max)):
                found[name] = (given, float(values[name]))
        return found

    def name_values(self, params: Values) -> Mapping[str, ArrayLike]:
        """Return values by name, of a list those in the order of `names`.

        They may be a fit, lmfit's ``Parameters``, the `parameters` of a fit, or a row of a table.

        Raises
        ------
        ParameterError
            For something else, or a list that is shorter or longer.
        """
        return values_by_name(self.name, self.names, params)

    def _columns(self, params: Values) -> tuple[FloatArray, bool]:
        params = self.name_values(params)
        self.check_names(params)
        given = {name: read_array(name, value) for name, value in params.items()}
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
        """Return the ``circuit`` block of every JSON result, with what `from_dict` needs; no bound: None."""
        keys = ("value", "min", "max", "vary", "expr", "unit", "role", "describe")
        rows = {n: {key: to_json_ready(getattr(p, key)) for key in keys} for n, p in self.parameters.items()}
        return {"name": self.name, "string": self.string, "title": self.title, "parameters": rows}

    @classmethod
    @expect_document("circuit")
    def from_dict(cls, document: Mapping[str, Any]) -> Circuit:
        """Rebuild a circuit from `to_dict`'s document."""
        plain = cls.from_string(document["string"])
        rows = {n: restore_bounds(row) for n, row in document.get("parameters", {}).items()}
        plain.check_names(rows)
        known = CircuitParameter.__dataclass_fields__
        given = {n: {key: row[key] for key in row if key in known} for n, row in rows.items()}
        parameters = {n: dataclasses.replace(p, **given.get(n, {})) for n, p in plain.parameters.items()}
        return dataclasses.replace(
            plain, name=document["name"], title=document.get("title", ""), parameters=parameters
        )

    def __hash__(self) -> int:
        return hash((self.name, self.string))

    def __repr__(self) -> str:
        name = "" if self.name == self.string else f"{self.name}: "
        return f"<Circuit {name}{self.string}>"

    def draw(self) -> CircuitDrawing:
        """Return the circuit drawn: a picture in a notebook, text in a terminal; ``.save`` writes a file.

        Examples
        --------
        >>> Circuit.from_string("R_s-p(R_ct,C_dl)").draw()
        o──R_s──┬──R_ct──┬──o
                └──C_dl──┘
        """
        from eisfit.model.drawing import CircuitDrawing

        return CircuitDrawing(self.string)

    def _repr_html_(self) -> str:
        from eisfit.display.report.html import circuit_html
        from eisfit.model import drawing

        return drawing.draw_svg(self.string) + circuit_html(self.to_dict())


def _is_close(given: Any, held: Any) -> bool:
    return bool(np.all(np.abs(given - held) <= _ROUNDING * np.abs(held)))


@dataclass(frozen=True, eq=False)
class _Evaluation:
    """Evaluates nodes; each returns Z and the column after its last, its parameters start at `first`."""

    grid: FrequencyGrid
    columns: FloatArray
    slopes: ComplexArray
    factors: Mapping[int, ComplexArray]

    def evaluate(self, node: Node, first: int) -> tuple[ComplexArray, int]:
        if isinstance(node, Component):
            return self._evaluate_component(node, first)
        if isinstance(node, Line):
            return self._evaluate_line(node, first)
        z, after = self.evaluate(node.children[0], first)
        for child in node.children[1:]:
            middle = after
            other, after = self.evaluate(child, middle)
            if isinstance(node, Series):
                z = z + other
            else:
                z = _combine_parallel(z, other, self.slopes[:, first:middle], self.slopes[:, middle:after])
        return z, after

    def _evaluate_component(self, node: Component, first: int) -> tuple[ComplexArray, int]:
        after = first + len(node.element.parameters)
        own = (self.columns[:, k : k + 1] for k in range(first, after))
        z, derivatives = node.element.evaluate(self.grid, *own)
        for k, derivative in enumerate(derivatives, first):
            self.slopes[:, k] = derivative
        if first in self.factors:
            self.slopes[:, first:after] *= self.factors[first][:, np.newaxis]
            z = z * self.factors[first]
        return z, after

    def _evaluate_line(self, node: Line, first: int) -> tuple[ComplexArray, int]:
        """Scale the derivatives of a line's parts in place."""
        shape = (self.slopes.shape[0], self.slopes.shape[2])
        parts: list[ComplexArray | None] = []
        ends = [first]
        for part in node.parts:
            z, after = (None, ends[-1]) if part is None else self.evaluate(part, ends[-1])
            parts.append(z)
            ends.append(after)
        z, by_parts = two_rail_line(parts, shape)
        for by_part, start, end in zip(by_parts, ends, ends[1:], strict=False):
            self.slopes[:, start:end] *= by_part[:, np.newaxis, :]
        return z, ends[-1]


def _combine_parallel(a: ComplexArray, b: ComplexArray, da: ComplexArray, db: ComplexArray) -> ComplexArray:
    """Return a b / (a + b) and scale the derivatives of both in place: dZ = (Z/a)^2 da + (Z/b)^2 db."""
    inverse = 1 / (a + b)
    share_a, share_b = b * inverse, a * inverse
    da *= (share_a * share_a)[..., np.newaxis, :]
    db *= (share_b * share_b)[..., np.newaxis, :]
    return a * share_a

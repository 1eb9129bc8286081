"""Results of many spectra in columns: what a batch computes, and what travels between processes.

Single `FitResult` objects are made of the rows where they are wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray, are_all_rows
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter, Statistics
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import CircuitParameter
from eisfit.records import dataclass, make_record
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import limit

if TYPE_CHECKING:
    from eisfit.fitting.derived import Column

T = TypeVar("T")
#: What of a result may be another for a row that was looked at by itself.
OF_ONE_ROW = ("grade", "flags", "parameters", "derived", "alternatives")


class Lazy(Generic[T]):
    """A value that is computed when it is first asked for; to send it to another process is to ask for it."""

    def __init__(self, find: Callable[[], T]) -> None:
        self._find = find

    @cached_property
    def value(self) -> T:
        """The value."""
        return self._find()

    def __reduce__(self) -> tuple[Any, ...]:
        return _make_lazy, (self.value,)


def _make_lazy(value: T) -> Lazy[T]:
    return Lazy(lambda: value)


@dataclass(frozen=True, eq=False, repr=False)
class RowVerdict:
    """What is said of a row that was looked at by itself.

    Whether its fit can be used is `known`; the verdicts of parameters and of what follows from them, which
    that does not need, are the `rest`: together `OF_ONE_ROW`.
    """

    known: Mapping[str, Any]
    rest: Lazy[Mapping[str, Any]]

    def __getitem__(self, name: str) -> Any:
        return self.known[name] if name in self.known else self.rest.value[name]


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """What is known of all rows of a group on one frequency grid.

    Attributes
    ----------
    weighting, rescaled
        How they were fitted, and whether the covariance takes the size of the noise from the residuals.
    ndata
        Numbers fitted in each row.
    free
        Columns of the fitted parameters.
    values, stderr, stderr_noise, at_bound
        (B, P); an error is NaN where there is none. The second is the noise's part of it.
    held, covar
        (B, V) fitted parameters held at a bound; (B, V, V) of the noise, zero there, NaN where singular.
    grade
        (B,) by the residuals.
    statistics
        Name -> (B,), for `Statistics`.
    derived
        Name -> `Column`.
    starts, agreed
        (B,) of the search.
    verdicts
        Row -> its `OF_ONE_ROW`; in the other rows every fitted parameter is determined, without a flag.
    """

    weighting: str
    rescaled: bool
    ndata: int
    free: tuple[int, ...]
    values: FloatArray
    stderr: FloatArray
    stderr_noise: FloatArray
    at_bound: NDArray[np.bool_]
    held: NDArray[np.bool_]
    covar: FloatArray
    grade: NDArray[Any]
    statistics: Mapping[str, NDArray[Any]]
    derived: Lazy[Mapping[str, Column]]
    starts: NDArray[np.intp]
    agreed: NDArray[np.intp]
    verdicts: Mapping[int, Lazy[RowVerdict]] = field(default_factory=dict)

    def row(self, b: int, spectrum: Spectrum, circuit: Circuit) -> FitResult:
        """Return one row's result."""
        return self.rows(np.array([b])).results([spectrum], circuit)[0]

    def rows(self, chosen: IntArray) -> Table:
        """Return the table of some rows."""
        if are_all_rows(chosen, len(self.values)):
            return self
        names = ("values", "stderr", "stderr_noise", "at_bound", "held", "covar", "grade", "starts", "agreed")
        known = [(new, self.verdicts.get(old)) for new, old in enumerate(chosen.tolist())]
        return replace(
            self,
            **{name: getattr(self, name)[chosen] for name in names},
            statistics={name: column[chosen] for name, column in self.statistics.items()},
            derived=Lazy(lambda: {name: column.take(chosen) for name, column in self.derived.value.items()}),
            verdicts={b: verdict for b, verdict in known if verdict is not None},
        )

    def results(self, spectra: Sequence[Spectrum], circuit: Circuit) -> list[FitResult]:
        """Return the result of every row, for the spectra and the circuit that were fitted.

        Their numbers stay in the columns until someone asks for them.
        """
        same = _shared_fields(circuit, self.weighting, self.rescaled)
        quiet, doubted = {**same, "flags": (), "alternatives": ()}, self.verdicts
        columns = zip(spectra, self.grade.tolist(), self.starts.tolist(), self.agreed.tolist(), strict=True)
        return [
            FitResult.of_columns(
                _Row(self, b),
                {**same, "spectrum": spectrum, "starts": starts, "agreed": agreed}
                if b in doubted
                else {**quiet, "spectrum": spectrum, "starts": starts, "agreed": agreed, "grade": grade},
            )
            for b, (spectrum, grade, starts, agreed) in enumerate(columns)
        ]


@dataclass(frozen=True, eq=False, repr=False)
class SplitTable:
    """A table, some rows of which have another one that is made when somebody asks for one of them.

    Attributes
    ----------
    table
        Of all rows.
    places
        Row -> its place in the other one, of those that this one says nothing of.
    other
        Table of these.
    """

    table: Table
    places: Mapping[int, int]
    other: Lazy[Table]

    def row(self, b: int, spectrum: Spectrum, circuit: Circuit) -> FitResult:
        """Return one row's result."""
        if b in self.places:
            return self.other.value.row(self.places[b], spectrum, circuit)
        return self.table.row(b, spectrum, circuit)


@dataclass(frozen=True, eq=False, repr=False)
class LazyTable:
    """A table that is made when somebody asks for more of a result than what it was made from.

    Attributes
    ----------
    weighting, rescaled, starts, agreed
        As those of the table.
    table
        The table itself.
    """

    weighting: str
    rescaled: bool
    starts: NDArray[np.intp]
    agreed: NDArray[np.intp]
    table: Lazy[Table | SplitTable]

    def row(self, b: int, spectrum: Spectrum, circuit: Circuit) -> FitResult:
        """Return one row's result."""
        return self.table.value.row(b, spectrum, circuit)

    def results(self, spectra: Sequence[Spectrum], circuit: Circuit) -> list[FitResult]:
        """Return the result of every row, for the spectra and the circuit that were fitted."""
        same = _shared_fields(circuit, self.weighting, self.rescaled)
        columns = zip(spectra, self.starts.tolist(), self.agreed.tolist(), strict=True)
        return [
            FitResult.of_columns(
                _LazyRow(self, b), {**same, "spectrum": spectrum, "starts": starts, "agreed": agreed}
            )
            for b, (spectrum, starts, agreed) in enumerate(columns)
        ]


#: Places of spectra, and the table of their results.
Tables = list[tuple[list[int], Table | LazyTable]]


def _shared_fields(circuit: Circuit, weighting: str, rescaled: bool) -> dict[str, Any]:
    """Return what all results of a table have."""
    return {
        "circuit": circuit,
        "weighting": weighting,
        "covariance_rescaled": rescaled,
        "loss": "linear",
        "representation": "impedance",
        "chosen_by": "user",
        "lmfit": None,
    }


class _LazyRow:
    """One row of a table that is not made yet."""

    __slots__ = ("b", "made", "table")

    def __init__(self, table: LazyTable, b: int) -> None:
        self.table, self.b = table, b
        self.made: FitResult | None = None

    def field(self, name: str, result: FitResult) -> Any:
        """Return a field of the row's result."""
        if self.made is None:
            self.made = self.table.row(self.b, result.spectrum, result.circuit)
        return getattr(self.made, name)


class _Row:
    """One row of a table, from which a result takes what it is asked for."""

    __slots__ = ("b", "table")

    def __init__(self, table: Table, b: int) -> None:
        self.table, self.b = table, b

    def field(self, name: str, result: FitResult) -> Any:
        """Return a field of the row's result."""
        if name in OF_ONE_ROW and self.b in self.table.verdicts:
            return self.table.verdicts[self.b].value[name]
        if name == "parameters":
            circuit = result.circuit
            return {name: self._get_parameter(k, p) for k, (name, p) in enumerate(circuit.parameters.items())}
        if name == "derived":
            return self._derive(_find_fixed(result.circuit, result.spectrum))
        if name == "statistics":
            columns = self.table.statistics.items()
            numbers = {name: _to_number(column[self.b]) for name, column in columns}
            return make_record(Statistics, {"p_value": None, "ndata": self.table.ndata, **numbers})
        held = self.table.held[self.b]
        if name == "var_names":
            names, free = result.circuit.names, self.table.free
            return tuple(names[k] for k, out in zip(free, held.tolist(), strict=True) if not out)
        covar = self.table.covar[self.b]
        return covar[np.ix_(~held, ~held)] if np.isfinite(covar).all() else None

    def _get_parameter(self, k: int, p: CircuitParameter) -> FittedParameter:
        table, b = self.table, self.b
        total, noise = _to_number(table.stderr[b, k]), _to_number(table.stderr_noise[b, k])
        known = total is not None and noise is not None
        fields = {
            "name": p.name,
            "value": float(table.values[b, k]),
            "stderr": total,
            "unit": p.unit,
            "min": p.min,
            "max": p.max,
            "vary": p.free,
            "expr": p.expr,
            "at_bound": bool(table.at_bound[b, k]),
            "role": p.role,
            "describe": p.describe,
            "stderr_noise": noise,
            "stderr_model": math.sqrt(max(total * total - noise * noise, 0.0)) if known else None,
            "hidden": None,
            "verdict": "determined" if p.free or p.expr else "fixed",
            "interval": None,
        }
        return make_record(FittedParameter, fields)

    def _derive(self, fixed: set[str]) -> dict[str, dict[str, Any]]:
        found = {}
        for name, column in self.table.derived.value.items():
            if column.rows is not None and not column.rows[self.b]:
                continue
            row = column.document(self.b)
            sharp = row["stderr"] is not None and row["stderr"] <= limit("determined") * abs(row["value"])
            found[name] = {**row, "verdict": "fixed" if name in fixed else "determined" if sharp else "open"}
        return found


def _find_fixed(circuit: Circuit, spectrum: Spectrum) -> set[str]:
    """Return the derived quantities that follow from fixed parameters alone."""
    fixed = {name for name, p in circuit.parameters.items() if not p.free and not p.expr}
    if not fixed:
        return set()
    from eisfit.fitting.derived import list_dependencies
    from eisfit.model.geometry import Geometry

    inputs = list_dependencies(circuit, Geometry.of_metadata(spectrum.metadata))
    return {name for name, used in inputs.items() if used <= fixed}


def _to_number(value: Any) -> Any:
    """Return Python's number, None for what is not finite."""
    return value.item() if np.isfinite(value) else None

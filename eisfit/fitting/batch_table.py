"""Results of many spectra in columns: what a batch computes, and what travels between processes.

Single `FitResult` objects are made of the rows where they are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from eisfit.fitting.result import FitResult, FittedParameter, Statistics
from eisfit.model.circuit import Circuit
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag

__all__ = ["Column", "Table"]

FloatArray = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A derived quantity: unit, values (B,), standard errors (B,); `rows` (B,) says where it is known."""

    unit: str
    value: FloatArray
    error: FloatArray
    rows: NDArray[np.bool_] | None = None

    @classmethod
    def empty(cls, unit: str, count: int) -> Column:
        """Return a column that is known nowhere yet."""
        return cls(unit, np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, dtype=bool))

    def fill(self, rows: Sequence[int], value: FloatArray, error: FloatArray) -> None:
        """Take over some rows of whole columns."""
        self.value[rows], self.error[rows] = value[rows], error[rows]
        if self.rows is not None:
            self.rows[rows] = True


@dataclass(frozen=True)
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
    values, stderr, at_bound
        (B, P); an error is NaN where there is none.
    held, covar
        (B, V) fitted parameters held at a bound; (B, V, V), zero there, NaN where singular.
    statistics
        Name -> (B,), for `Statistics`.
    derived
        See `Column`.
    starts, agreed
        (B,) of the search.
    verdicts
        Row -> flags and whether the result can be used; the other rows have no flag.
    """

    weighting: str
    rescaled: bool
    ndata: int
    free: tuple[int, ...]
    values: FloatArray
    stderr: FloatArray
    at_bound: NDArray[np.bool_]
    held: NDArray[np.bool_]
    covar: FloatArray
    statistics: Mapping[str, NDArray[Any]]
    derived: Mapping[str, Column]
    starts: NDArray[np.intp]
    agreed: NDArray[np.intp]
    verdicts: Mapping[int, tuple[tuple[Flag, ...], bool]] = field(default_factory=dict)

    def row(self, b: int, spectrum: Spectrum, circuit: Circuit) -> FitResult:
        """Return one row's result."""
        return self.part(b).results([spectrum], circuit)[0]

    def part(self, b: int) -> Table:
        """Return the table of one row."""
        rows = slice(b, b + 1)
        arrays = ("values", "stderr", "at_bound", "held", "covar", "starts", "agreed")
        derived = {
            name: Column(c.unit, c.value[rows], c.error[rows], None if c.rows is None else c.rows[rows])
            for name, c in self.derived.items()
        }
        return Table(
            weighting=self.weighting,
            rescaled=self.rescaled,
            ndata=self.ndata,
            free=self.free,
            **{name: getattr(self, name)[rows] for name in arrays},
            statistics={name: column[rows] for name, column in self.statistics.items()},
            derived=derived,
            verdicts={0: self.verdicts[b]} if b in self.verdicts else {},
        )

    def results(self, spectra: Sequence[Spectrum], circuit: Circuit) -> list[FitResult]:
        """Return the result of every row, for the spectra and the circuit that were fitted."""
        columns = zip(
            spectra,
            self._parameters(circuit),
            self._statistics(),
            self._covariances(),
            self._names(circuit),
            self._derived(),
            self.starts.tolist(),
            self.agreed.tolist(),
            strict=True,
        )
        names = ("spectrum", "parameters", "statistics", "covar", "var_names", "derived", "starts", "agreed")
        same = {
            "circuit": circuit,
            "weighting": self.weighting,
            "covariance_rescaled": self.rescaled,
            "ok": True,
            "flags": (),
            "loss": "linear",
            "representation": "impedance",
            "lmfit": None,
        }
        found = []
        for b, row in enumerate(columns):
            fields = {**same, **dict(zip(names, row, strict=True))}
            if b in self.verdicts:
                fields["flags"], fields["ok"] = self.verdicts[b]
            found.append(_made(FitResult, fields))
        return found

    def _parameters(self, circuit: Circuit) -> list[dict[str, FittedParameter]]:
        found: list[dict[str, FittedParameter]] = [{} for _ in self.values]
        for k, (name, p) in enumerate(circuit.parameters.items()):
            same = {"name": name, "unit": p.unit, "min": p.min, "max": p.max, "vary": p.free, "expr": p.expr}
            same |= {"role": p.role, "describe": p.describe, "interval": None}
            columns = self.values[:, k].tolist(), _numbers(self.stderr[:, k]), self.at_bound[:, k].tolist()
            for row, value, stderr, at_bound in zip(found, *columns, strict=True):
                fields = {**same, "value": value, "stderr": stderr, "at_bound": at_bound}
                row[name] = _made(FittedParameter, fields)
        return found

    def _derived(self) -> list[dict[str, dict[str, Any]]]:
        found: list[dict[str, dict[str, Any]]] = [{} for _ in self.values]
        for name, column in self.derived.items():
            known = [True] * len(found) if column.rows is None else column.rows.tolist()
            columns = column.value.tolist(), _numbers(column.error), known
            for row, value, stderr, there in zip(found, *columns, strict=True):
                if there:
                    row[name] = {"value": value, "stderr": stderr, "unit": column.unit}
        return found

    def _statistics(self) -> list[Statistics]:
        names = list(self.statistics)
        columns = zip(*(column.tolist() for column in self.statistics.values()), strict=True)
        same = {"p_value": None, "ndata": self.ndata}
        return [_made(Statistics, {**same, **dict(zip(names, row, strict=True))}) for row in columns]

    def _covariances(self) -> list[FloatArray | None]:
        finite = np.asarray(np.isfinite(self.covar).all(axis=(1, 2)))
        bounded = np.asarray(self.held.any(axis=1))
        return [
            (one[np.ix_(~held, ~held)] if some else one.copy()) if valid else None
            for one, held, some, valid in zip(
                self.covar, self.held, bounded.tolist(), finite.tolist(), strict=True
            )
        ]

    def _names(self, circuit: Circuit) -> list[tuple[str, ...]]:
        names = tuple(circuit.names[k] for k in self.free)
        if not self.held.any():
            return [names] * len(self.values)
        return [tuple(n for n, out in zip(names, row, strict=True) if not out) for row in self.held.tolist()]


def _numbers(column: FloatArray) -> list[float | None]:
    """Return Python's numbers, None for what is not finite."""
    if np.isfinite(column).all():
        return list(column.tolist())
    return [x if np.isfinite(x) else None for x in column.tolist()]


def _made(kind: type[T], fields: dict[str, Any]) -> T:
    """Return an instance of a frozen dataclass with all these fields, faster than its constructor.

    Measured: the constructors alone limited a process to 4,000 results a second.
    """
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", fields)
    return made

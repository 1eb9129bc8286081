"""Results of many spectra in columns: what a batch computes, and what travels between processes.

Single `FitResult` objects are made of the rows where they are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.fitting.derived import dependencies
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter, Statistics
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import Geometry
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import limit

__all__ = ["OF_ONE_ROW", "Column", "Table", "geometry_told"]

T = TypeVar("T")
_NUMBERS = ("value", "at_bound", "stderr", "stderr_noise", "stderr_model")
#: What of a result may be another for a row that was looked at by itself.
OF_ONE_ROW = ("grade", "flags", "parameters", "derived", "alternatives")


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
    values, stderr, stderr_noise, at_bound
        (B, P); an error is NaN where there is none. The second is the noise's part of it.
    held, covar
        (B, V) fitted parameters held at a bound; (B, V, V) of the noise, zero there, NaN where singular.
    grade
        (B,) by the residuals.
    statistics
        Name -> (B,), for `Statistics`.
    derived
        See `Column`.
    starts, agreed
        (B,) of the search.
    verdicts
        Row -> what was found there; in the other rows every fitted parameter is determined, without a flag.
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
    derived: Mapping[str, Column]
    starts: NDArray[np.intp]
    agreed: NDArray[np.intp]
    verdicts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def row(self, b: int, spectrum: Spectrum, circuit: Circuit) -> FitResult:
        """Return one row's result."""
        return self.part(b).results([spectrum], circuit)[0]

    def part(self, b: int) -> Table:
        """Return the table of one row."""
        rows = slice(b, b + 1)
        arrays = (
            "values",
            "stderr",
            "stderr_noise",
            "at_bound",
            "held",
            "covar",
            "grade",
            "starts",
            "agreed",
        )
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
            self._derived(circuit, spectra),
            self.grade.tolist(),
            self.starts.tolist(),
            self.agreed.tolist(),
            strict=True,
        )
        names = [
            *("spectrum", "parameters", "statistics", "covar", "var_names"),
            *("derived", "grade", "starts", "agreed"),
        ]
        same = {
            "circuit": circuit,
            "weighting": self.weighting,
            "covariance_rescaled": self.rescaled,
            "flags": (),
            "loss": "linear",
            "representation": "impedance",
            "alternatives": (),
            "chosen_by": "user",
            "lmfit": None,
        }
        found = []
        for b, row in enumerate(columns):
            fields = {**same, **dict(zip(names, row, strict=True))}
            if b in self.verdicts:
                fields |= self.verdicts[b]
            found.append(_made(FitResult, fields))
        return found

    def _parameters(self, circuit: Circuit) -> list[dict[str, FittedParameter]]:
        found: list[dict[str, FittedParameter]] = [{} for _ in self.values]
        for k, (name, p) in enumerate(circuit.parameters.items()):
            same = {"name": name, "unit": p.unit, "min": p.min, "max": p.max, "vary": p.free, "expr": p.expr}
            same |= {"role": p.role, "describe": p.describe, "interval": None, "hidden": None}
            same["verdict"] = "determined" if p.free or p.expr else "fixed"
            total, noise = self.stderr[:, k], self.stderr_noise[:, k]
            model = np.sqrt(np.maximum(total**2 - noise**2, 0.0))
            columns = [self.values[:, k].tolist(), self.at_bound[:, k].tolist()]
            columns += [_numbers(column) for column in (total, noise, model)]
            for row, *numbers in zip(found, *columns, strict=True):
                row[name] = _made(FittedParameter, {**same, **dict(zip(_NUMBERS, numbers, strict=True))})
        return found

    def _derived(self, circuit: Circuit, spectra: Sequence[Spectrum]) -> list[dict[str, dict[str, Any]]]:
        found: list[dict[str, dict[str, Any]]] = [{} for _ in self.values]
        fixed = _fixed(circuit, spectra)
        for name, column in self.derived.items():
            known = [True] * len(found) if column.rows is None else column.rows.tolist()
            with np.errstate(invalid="ignore"):
                sharp = column.error <= limit("determined") * np.abs(column.value)
            columns = column.value.tolist(), _numbers(column.error), sharp.tolist(), known
            for row, value, stderr, determined, there in zip(found, *columns, strict=True):
                if there:
                    verdict = "fixed" if name in fixed else "determined" if determined else "open"
                    row[name] = {"value": value, "stderr": stderr, "unit": column.unit, "verdict": verdict}
        return found

    def _statistics(self) -> list[Statistics]:
        names = list(self.statistics)
        columns = zip(*(_numbers(column) for column in self.statistics.values()), strict=True)
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


def _fixed(circuit: Circuit, spectra: Sequence[Spectrum]) -> set[str]:
    """Return the derived quantities that follow from fixed parameters alone."""
    fixed = {name for name, p in circuit.parameters.items() if not p.free and not p.expr}
    if not fixed:
        return set()
    geometries = {repr(geometry_told(s.metadata)): s.metadata for s in spectra}
    inputs = [dependencies(circuit, Geometry.of_metadata(told)) for told in geometries.values()]
    return {name for one in inputs for name, used in one.items() if used <= fixed}


def geometry_told(metadata: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what metadata tell of the cell's geometry, (None, None) where nothing."""
    return metadata.get("geometry"), metadata.get("area_cm2")


def _numbers(column: NDArray[Any]) -> list[float | None]:
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

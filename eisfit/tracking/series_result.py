"""What tracking returns: one fit a cycle, failures in their places, growth of any parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from eisfit.errors import EisfitError, UsageError, did_you_mean
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult, result_or_failure
from eisfit.model.circuit import Circuit
from eisfit.tracking.cycles.polarisation import Explained, explain_polarisation
from eisfit.tracking.cycles.table import CycleTable
from eisfit.tracking.growth.crossing import Crossing
from eisfit.tracking.growth.growth import Growth
from eisfit.tracking.growth.series_growth import growth_of, growths
from eisfit.tracking.identity import Features
from eisfit.tracking.joint.joint import Joint, joint_fit
from eisfit.tracking.jumps import judge_jumps

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

__all__ = ["SeriesResult"]

Row = FitResult | FitFailure

_PANELS = 4  # small ones, beside a notebook's table


@dataclass(frozen=True, eq=False, repr=False)
class SeriesResult(Sequence[Row]):
    """Fits of a series, in the order of its cycles.

    Attributes
    ----------
    circuit
        What was fitted to all.
    results
        One `FitResult` per spectrum, or a `FitFailure` where that was not possible.
    label
        Name for tables and legends.
    notes
        What was decided on the way.
    joint
        What a joint fit of all cycles decided; None where each was fitted by itself.
    """

    circuit: Circuit
    results: tuple[Row, ...]
    label: str = ""
    notes: tuple[str, ...] = ()
    joint: Joint | None = None

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.results[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.results)

    @property
    def ok(self) -> bool:
        """True where every spectrum gave a fit that can be used."""
        return all(result.ok for result in self.results)

    @property
    def failures(self) -> tuple[FitFailure, ...]:
        """Spectra that gave no fit."""
        return tuple(result for result in self.results if isinstance(result, FitFailure))

    @property
    def cycles(self) -> NDArray[np.float64]:
        """(N,) cycle numbers, NaN where unknown."""
        return np.array([np.nan if c is None else c for c in map(_cycle, self.results)], dtype=float)

    def growth(self, name: str, law: str = "auto", *, over: str = "cycle") -> Growth:
        """Return how fast a parameter grows, from the fits that can be used.

        Of a parameter that a joint fit made smooth, the fits of each cycle by itself are taken: neighbours on
        a smooth curve err together, and a law through them would look more certain than it is.

        Parameters
        ----------
        name
            Of the parameter.
        law
            ``auto`` (by AICc), or one of `eisfit.tracking.growth.laws`.
        over
            ``cycle``, or ``time``: seconds since the first spectrum, where the data tells the time.

        Raises
        ------
        EisfitError
            For an unknown parameter.
        UsageError
            For an unknown law or axis.
        FitError
            When fewer than two cycles have a trustworthy value, or all share one.
        """
        if name not in self.circuit.parameters:
            raise EisfitError(f"no parameter {name!r}{did_you_mean(name, self.circuit.names)}")
        return growth_of(self.results, self.circuit, self.joint, name, law=law, over=over)

    def crossing(
        self,
        name: str,
        value: float | None = None,
        *,
        factor: float | None = None,
        law: str = "auto",
        over: str = "cycle",
        level: float = 0.95,
        extrapolate: bool = True,
    ) -> Crossing:
        """Return when a parameter reaches a value, or a multiple of its value at cycle 0, with its interval.

        ``t.crossing("R_ct", factor=2)`` is the cycle at which R_ct doubles. For the other arguments and the
        errors see `growth` and `eisfit.tracking.growth.growth.Growth.crossing`.
        """
        growth = self.growth(name, law, over=over)
        return growth.crossing(value, factor=factor, level=level, extrapolate=extrapolate)

    def explained(self, table: CycleTable, cycle: float) -> Explained:
        """Return how much of the polarisation at one cycle the impedance explains.

        Parameters
        ----------
        table
            From `eisfit.read_cycle_table`, with a voltage drop and a current at this cycle.
        cycle
            Where the drop was measured.

        Raises
        ------
        EisfitError
            When the table has no drop and current there, or fewer than two cycles have a usable fit.
        """
        return explain_polarisation(table, self.results, cycle, label=self.label)

    def fit_jointly(
        self, joint: Mapping[str, str], *, strength: float | Mapping[str, float] | None = None
    ) -> SeriesResult:
        """Fit all cycles once more, at once, with parameters that are shared, smooth or free.

        Parameters
        ----------
        joint
            Parameter -> ``shared`` (one value for all cycles), ``smooth`` (over the cycles) or ``free``.
        strength
            Of smoothness, for all smooth parameters or by name; None: chosen by cross-validation.

        Raises
        ------
        UsageError
            For an unknown mode or parameter, or where this is a joint fit already.
        """
        if self.joint is not None:
            raise UsageError("this is a joint fit already: start again from the track of single fits")
        fits = [result for result in self.results if isinstance(result, FitResult)]
        if not joint or not fits:
            return self
        together, told = joint_fit(fits, self.circuit, joint, strength=strength)
        followed = iter(judge_jumps(together, Features(self.circuit)))
        results = tuple(next(followed) if isinstance(r, FitResult) else r for r in self.results)
        return replace(self, results=results, joint=told, notes=(*told.notes, *self.notes))

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the JSON document; without `data` it holds the rows but cannot be read back."""
        document = {
            "schema": "eisfit.track/2",
            "label": self.label,
            "circuit": {"name": self.circuit.name, "string": self.circuit.string},
            "units": {name: p.unit for name, p in self.circuit.parameters.items()},
            "rows": [_row(result, self.circuit) for result in self.results],
            "growth": growths(self.results, self.circuit, self.joint),
            "notes": list(self.notes),
            "joint": None if self.joint is None else self.joint.to_dict(),
        }
        if data:
            document["circuit_document"] = self.circuit.to_dict()
            document["results"] = [result.to_dict() for result in self.results]
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> SeriesResult:
        """Rebuild from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document holds the rows only.
        """
        if "results" not in document:
            raise EisfitError("not a complete track document: the results are missing")
        return cls(
            circuit=Circuit.from_dict(document["circuit_document"]),
            results=tuple(result_or_failure(row) for row in document["results"]),
            label=document["label"],
            notes=tuple(document["notes"]),
            joint=Joint.from_dict(document["joint"]) if document.get("joint") else None,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cycle: cycle, ok, error, flags, then each parameter and its stderr.

        The units of the columns are in ``frame.attrs["units"]``.
        """
        import pandas as pd

        frame = pd.DataFrame([_row(result, self.circuit) for result in self.results])
        frame.attrs["units"] = column_units(self.circuit)
        return frame

    def to_xarray(self) -> xarray.Dataset:
        """Return `value` and `stderr` over `cycle` and `parameter`; data and fit over `frequency` too.

        Units are attributes, those of the parameters the coordinate `unit`; see `eisfit.display.labelled`.

        Raises
        ------
        UsageError
            When xarray is not installed.
        """
        from eisfit.display.labelled import track_dataset

        return track_dataset(self.to_dict())

    def plot(self, name: str = "R_ct", ax: Axes | None = None, **options: Any) -> Axes:
        """Draw one parameter over the cycles with errors and growth on `ax` (a new one where None)."""
        from eisfit.display.plot.series import cells_trend

        if name not in self.circuit.parameters:
            raise EisfitError(f"no parameter {name!r}{did_you_mean(name, self.circuit.names)}")
        return cells_trend([self.to_dict(data=False)], name, ax=ax, **options)

    def plot_all(self, **options: Any) -> tuple[Axes, ...]:
        """Draw every parameter over the cycles, a small panel each, as `eisfit.display.plot.cells_trends`."""
        from eisfit.display.plot.series import cells_trends

        return cells_trends([self.to_dict(data=False)], **options)

    def plot_joint(self, **options: Any) -> tuple[Axes, ...]:
        """Draw what is shared or smooth among the single fits, and how its smoothness was chosen.

        Raises
        ------
        EisfitError
            When this is no joint fit.
        """
        from eisfit.display.plot.joint import joint_overview

        return joint_overview(self.to_dict(data=False), **options)

    def plot_spectra(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the Nyquist plots with their fits one above the other, coloured by cycle."""
        from eisfit.display.plot.series import nyquist_waterfall

        fits = [result.to_dict() for result in self.results if isinstance(result, FitResult)]
        return nyquist_waterfall(fits, ax=ax, **options)

    def animate(self, path: str | PathLike[str], **options: Any) -> Path:
        """Write the Nyquist plots and fits as a moving picture (.gif or .html), and return its path."""
        from eisfit.display.plot.animation import nyquist_animation

        fits = [result.to_dict() for result in self.results if isinstance(result, FitResult)]
        return nyquist_animation(fits, path, **options)

    def __str__(self) -> str:
        from eisfit.display import report

        return report.track_text(self.to_dict(data=False))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from eisfit.display import plot, report

        document = self.to_dict(data=False)
        names = [n for n, p in self.circuit.parameters.items() if p.free and p.unit == "ohm"][:_PANELS]
        return plot.place_beside(
            report.track_html(document),
            lambda figure: plot.cells_trends([document], names=names, figure=figure),
            alt="parameters over the cycles",
        )


def column_units(circuit: Circuit) -> dict[str, str]:
    """Return the unit of every column of a table that holds a circuit's parameters and their errors."""
    return {f"{name}{end}": p.unit for name, p in circuit.parameters.items() for end in ("", "_stderr")}


def _cycle(result: Row) -> float | None:
    return result.spectrum.cycle if isinstance(result, FitResult) else result.cycle


def _row(result: Row, circuit: Circuit) -> dict[str, Any]:
    """Return one row of the table, with the same columns for a fit and for a failure."""
    fitted = result if isinstance(result, FitResult) else None
    summary = result.to_dict(data=False)["spectrum"]
    row: dict[str, Any] = {
        "cycle": summary["cycle"],
        "source": summary["source"],
        "index": summary["index"],
        "grade": result.grade,
        "ok": result.ok,
        "error": result.error,
        "flags": [flag.name for flag in result.flags],
        "redchi": fitted.statistics.redchi if fitted else None,
        "rms_relative_residual": fitted.statistics.rms_relative_residual if fitted else None,
    }
    for name in circuit.names:
        row[name] = fitted[name].value if fitted else None
        row[f"{name}_stderr"] = fitted[name].stderr if fitted else None
        row[f"{name}_stderr_noise"] = fitted[name].stderr_noise if fitted else None
        row[f"{name}_verdict"] = fitted[name].verdict if fitted else None
    return row

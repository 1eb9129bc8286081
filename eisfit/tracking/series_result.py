"""What tracking returns: one fit a cycle, failures in their places, growth of any parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import select_items
from eisfit.errors import EisfitError, UsageError, did_you_mean, expect_document
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult, result_or_failure
from eisfit.model.circuit import Circuit
from eisfit.records import TRACK_SCHEMA, ShownAsText, dataclass
from eisfit.spectra.axes import AXES, Axis, find_axis
from eisfit.tracking.arrhenius import Arrhenius
from eisfit.tracking.cycles.polarisation import Explained, explain_polarisation
from eisfit.tracking.cycles.table import CycleTable
from eisfit.tracking.given_series import locate
from eisfit.tracking.growth.axis_laws import SeriesLaws
from eisfit.tracking.growth.crossing import Crossing
from eisfit.tracking.growth.growth import Growth
from eisfit.tracking.growth.values import list_parts, main_parameter
from eisfit.tracking.identity import Features
from eisfit.tracking.joint.joint import Joint, fit_jointly
from eisfit.tracking.series_flags import judge_jumps
from eisfit.tracking.table_rows import list_area_units, list_units, make_row
from eisfit.verdict import LEVEL

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

    from eisfit.tracking.relaxation.distributions import SeriesDRT

Row = FitResult | FitFailure

PANELS = 4  # small ones, beside a notebook's table


@dataclass(frozen=True, eq=False, repr=False)
class SeriesResult(ShownAsText, Sequence[Row]):
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
    axes
        Names of the axis, or the two axes of a grid, that the series runs over.
    places
        Of each spectrum, where it stands on each axis; None where unknown.
    """

    circuit: Circuit
    results: tuple[Row, ...]
    label: str = ""
    notes: tuple[str, ...] = ()
    joint: Joint | None = None
    axes: tuple[str, ...] = ("cycle",)
    places: tuple[tuple[float | None, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice | NDArray[Any] | list[Any]) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice | NDArray[Any] | list[Any]) -> Row | tuple[Row, ...]:
        """Return one result, or several: ``t[0]``, ``t[2:5]``, ``t[t.cycles > 100]``."""
        if isinstance(index, str):
            raise UsageError(f"results have numbers; a parameter of all of them is to_frame()[{index!r}]")
        return select_items(self.results, index)

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
        return np.array([locate(one, AXES["cycle"]) for one in self.results], dtype=float)

    def along(self) -> tuple[Axis, ...]:
        """Return the axes that it runs over."""
        return tuple(find_axis(name) for name in self.axes)

    def _places(self) -> list[tuple[float | None, ...]]:
        left = self.results[len(self.places) :]
        return [*self.places, *(tuple(locate(one, axis) for axis in self.along()) for one in left)]

    def arrhenius(self, name: str = "R_ct", form: str = "auto") -> Arrhenius:
        """Return the activation energy of a parameter or a sum of resistances, from the fits of use.

        Parameters
        ----------
        name
            Of the parameter: a resistance, a Warburg coefficient, a time constant; or a sum of resistances
            such as ``R_s+R_1``, which can be determined where its parts are not.
        form
            ``plain``: A exp(E/(k T)); ``times_temperature``: A T exp(E/(k T)), as hopping demands; ``auto``:
            by AICc where the data tell, else plain, with the other energy beside it.

        Raises
        ------
        EisfitError
            For an unknown parameter.
        UsageError
            For an unknown form, a sum of what is no resistance, or a grid (take one of its lines).
        FitError
            When fewer than three temperatures have a trustworthy value.
        """
        list_parts(self.circuit, name)
        if len(self.axes) > 1:
            raise UsageError(
                f"a grid over {' and '.join(self.axes)} has one for each line: to_dict()['grid']"
            )
        return self._laws.arrhenius(name, form)

    def drt(self, **options: Any) -> SeriesDRT:
        """Return the distributions of relaxation times along the axis, beside the circuit's arcs.

        Options are those of `eisfit.drt`; see `eisfit.tracking.relaxation.distributions`.
        """
        from eisfit.tracking.relaxation.distributions import compute_distributions

        places = np.array(self._places(), dtype=float).reshape(-1, len(self.axes))
        return compute_distributions(
            self.results, self.axes, places, circuit=self.circuit, label=self.label, **options
        )

    @property
    def _fits(self) -> list[FitResult]:
        return [result for result in self.results if isinstance(result, FitResult)]

    @property
    def _laws(self) -> SeriesLaws:
        return SeriesLaws(self._fits, self.circuit, self.joint)

    def growth(self, name: str, law: str = "auto", *, over: str = "cycle") -> Growth:
        """Return how fast a parameter grows, from the fits that can be used.

        Of a parameter that a joint fit made smooth, the fits of each cycle by itself are taken: neighbours on
        a smooth curve err together, and a law through them would look more certain than it is.

        Parameters
        ----------
        name
            Of the parameter, or a sum of resistances such as ``R_s+R_1``.
        law
            ``auto`` (by AICc), or one of `eisfit.tracking.growth.laws`.
        over
            ``cycle``; ``time``: seconds since the first spectrum, where the data tells the time; or another
            axis.

        Raises
        ------
        EisfitError
            For an unknown parameter.
        UsageError
            For an unknown law or axis.
        FitError
            When fewer than two cycles have a trustworthy value, or all share one.
        """
        list_parts(self.circuit, name)
        return self._laws.growth(name, over, law)

    def crossing(
        self,
        name: str,
        value: float | None = None,
        *,
        factor: float | None = None,
        law: str = "auto",
        over: str = "cycle",
        level: float = LEVEL,
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
        if len(self.axes) > 1:
            raise UsageError("a joint fit runs over one axis: give it a line of the grid")
        fits = self._fits
        if not joint or not fits:
            return self
        axis = self.along()[0]
        together, told = fit_jointly(fits, self.circuit, joint, strength=strength, along=axis)
        followed = iter(judge_jumps(together, Features(self.circuit), axis))
        results = tuple(next(followed) if isinstance(r, FitResult) else r for r in self.results)
        return replace(self, results=results, joint=told, notes=(*told.notes, *self.notes))

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the JSON document; without `data` it holds the rows but cannot be read back."""
        axes = self.along()
        document = {
            "schema": TRACK_SCHEMA,
            "axis": self.axes[0],
            "axes": [{"name": axis.name, "unit": axis.unit} for axis in axes],
            "label": self.label,
            "circuit": {"name": self.circuit.name, "string": self.circuit.string},
            "units": {name: p.unit for name, p in self.circuit.parameters.items()},
            "rows": self._rows(),
            **self._laws.to_dict(axes),
            "notes": list(self.notes),
            "joint": None if self.joint is None else self.joint.to_dict(),
        }
        if data:
            document["circuit_document"] = self.circuit.to_dict()
            document["results"] = [result.to_dict() for result in self.results]
        return document

    def _rows(self) -> list[dict[str, Any]]:
        """Return the rows of the table, each labelled by its place on the axes."""
        areas = list_area_units(self.results)
        places = [dict(zip(self.axes, place, strict=True)) for place in self._places()]
        rows = [make_row(result, self.circuit, areas) for result in self.results]
        return [place | row for place, row in zip(places, rows, strict=True)]

    @classmethod
    @expect_document("track")
    def from_dict(cls, document: Mapping[str, Any]) -> SeriesResult:
        """Rebuild from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document holds the rows only.
        """
        axes = tuple(axis["name"] for axis in document.get("axes") or ({"name": "cycle"},))
        return cls(
            circuit=Circuit.from_dict(document["circuit_document"]),
            results=tuple(result_or_failure(row) for row in document["results"]),
            label=document["label"],
            notes=tuple(document["notes"]),
            joint=Joint.from_dict(document["joint"]) if document.get("joint") else None,
            axes=axes,
            places=tuple(tuple(row.get(name) for name in axes) for row in document["rows"]),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a spectrum: its axes, cycle, ok, error, flags, then each parameter and its stderr.

        Where the area of the cell is known, the resistances and capacitances per area follow.

        The units of the columns are in ``frame.attrs["units"]``.
        """
        import pandas as pd

        frame = pd.DataFrame(self._rows())
        areas = list_area_units(self.results)
        units = list_units(self.circuit) | areas | {f"{name}_stderr": unit for name, unit in areas.items()}
        frame.attrs["units"] = units | {a.name: a.unit for a in self.along() if a.unit}
        return frame

    def to_latex(self) -> str:
        """Return a LaTeX table, one row a spectrum: value ± standard error; brackets: not determined."""
        from eisfit.display.report.paper import paper_table

        return paper_table(self.to_dict(data=False), "latex")

    def to_xarray(self) -> xarray.Dataset:
        """Return `value` and `stderr` over `cycle` and `parameter`; data and fit over `frequency` too.

        Units are attributes, those of the parameters the coordinate `unit`: `eisfit.display.xarray_datasets`.

        Raises
        ------
        UsageError
            When xarray is not installed.
        """
        from eisfit.display.xarray_datasets import track_dataset

        return track_dataset(self.to_dict())

    def plot(self, name: str | None = None, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a parameter (None: R_ct, or the last resistance) over the cycles with errors and growth."""
        from eisfit.display.plot.series import cells_trend

        name = main_parameter(self.circuit) if name is None else name
        if not isinstance(name, str) or isinstance(ax, str):
            several = [name, ax] if isinstance(name, str) else list(name)
            raise UsageError(f"plot draws one parameter, plot_all(names={several}) several")
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
        """Draw the Nyquist plots with their fits one above the other, coloured by their place on the axis."""
        from eisfit.display.plot.series import series_waterfall

        return series_waterfall(self.to_dict(), ax=ax, **options)

    def animate(self, path: str | PathLike[str], **options: Any) -> Path:
        """Write the Nyquist plots and fits as a moving picture (.gif or .html), and return its path."""
        from eisfit.display.plot.animation import nyquist_animation

        return nyquist_animation([fit.to_dict() for fit in self._fits], path, **options)

    def __str__(self) -> str:
        from eisfit.display.report.tracks import track_text

        return track_text(self.to_dict(data=False))

    def _repr_html_(self) -> str:
        from eisfit.display.report.html import track_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_trends

        document = self.to_dict(data=False)
        names = [n for n, p in self.circuit.parameters.items() if p.free and p.unit == "ohm"][:PANELS]
        text, alt = track_html(document), "parameters over the cycles"
        return place_beside(text, lambda: draw_trends([document], names), columns=2, alt=alt)

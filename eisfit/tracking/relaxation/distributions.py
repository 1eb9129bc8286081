"""The distribution of relaxation times of every spectrum of a series: a map, its processes and their laws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from eisfit.arrays import FloatArray, finite
from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.records import DRT_SERIES_SCHEMA, dataclass
from eisfit.spectra.axes import find_axis, split_axes
from eisfit.spectra.series import Series
from eisfit.spectra.spectrum import Spectrum
from eisfit.tracking.arrhenius import compute_coordinates
from eisfit.tracking.given_series import locate, place_in_order
from eisfit.tracking.relaxation.arcs import Arc, match_arcs
from eisfit.tracking.relaxation.follow_peaks import follow_peaks
from eisfit.tracking.relaxation.processes import Process
from eisfit.validation.drt import DRTResult, drt
from eisfit.verdict import limit

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = FitResult | FitFailure
_PER_DECADE = 12  # of the map's grid
_MIN_SPECTRA = 2  # spectra in which a peak must stand to be a process
_MAX_RMS = limit("usable_rms")


@dataclass(frozen=True, eq=False, repr=False)
class SeriesDRT:
    """Distributions of relaxation times along a series.

    Attributes
    ----------
    distributions
        One of each spectrum, in the order of the series; a `FitFailure` where there is none.
    axis, second
        The axis, and the second one of a grid, along whose first the peaks are followed; else "".
    places
        (N, 1 or 2) of each spectrum on the axes; NaN where unknown.
    processes
        The peaks that belong together, from fast to slow, each with its laws.
    arcs
        Each arc of the circuit, and which process it is.
    label
        Of the series.
    notes
        What was decided on the way.
    """

    distributions: tuple[DRTResult | FitFailure, ...]
    axis: str
    second: str
    places: FloatArray
    processes: tuple[Process, ...]
    arcs: tuple[Arc, ...]
    label: str = ""
    notes: tuple[str, ...] = ()

    def map(self) -> tuple[FloatArray, FloatArray]:
        """Return time constants (T,) s and the distributions on them (N, T) ohm; NaN beyond each's own."""
        known = [one for one in self.distributions if isinstance(one, DRTResult)]
        ends = [np.log(one.tau[[0, -1]]) for one in known] or [np.zeros(2)]
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        grid = np.linspace(low, high, max(2, round((high - low) / np.log(10) * _PER_DECADE) + 1))
        rows = [
            np.interp(grid, np.log(one.tau), one.gamma, left=np.nan, right=np.nan)
            if isinstance(one, DRTResult)
            else np.full(grid.size, np.nan)
            for one in self.distributions
        ]
        return np.exp(grid), np.array(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        tau, gamma = self.map()
        names = (self.axis, self.second) if self.second else (self.axis,)
        return {
            "schema": DRT_SERIES_SCHEMA,
            "label": self.label,
            "axes": [{"name": name, "unit": find_axis(name).unit} for name in names],
            "rows": [self._make_row(k, names) for k in range(len(self.distributions))],
            "processes": [one.to_dict() for one in self.processes],
            "arcs": [one.to_dict() for one in self.arcs],
            "map": {
                "tau_s": tau.tolist(),
                "gamma_ohm": [[finite(g) for g in row] for row in gamma.tolist()],
            },
            "notes": list(self.notes),
        }

    def _make_row(self, k: int, names: Sequence[str]) -> dict[str, Any]:
        one = self.distributions[k]
        known = one if isinstance(one, DRTResult) else None
        row = {
            **{name: finite(place) for name, place in zip(names, self.places[k].tolist(), strict=True)},
            "source": known.spectrum.source if known else one.source,  # type: ignore[union-attr]
            "index": known.spectrum.index if known else one.index,  # type: ignore[union-attr]
            "error": None if known else one.error,  # type: ignore[union-attr]
            "flags": [flag.name for flag in one.flags],
            "polarisation_resistance": known.polarisation_resistance if known else None,
            "series_resistance": known.series_resistance if known else None,
        }
        for process in self.processes:
            row |= process.columns(k)
        return row

    def to_frame(self) -> pd.DataFrame:
        """Return one row a spectrum: its place, then time constant and resistance of every process."""
        import pandas as pd

        document = self.to_dict()
        frame = pd.DataFrame(document["rows"])
        units = {axis["name"]: axis["unit"] for axis in document["axes"] if axis["unit"]}
        for process in self.processes:
            units |= {f"tau_{process.number}": "s", f"R_{process.number}": "ohm"}
        frame.attrs["units"] = units
        return frame

    def plot(self, figure: Figure | None = None) -> tuple[Axes, ...]:
        """Draw the map with the processes on it, and their resistances beside the circuit's arcs."""
        from eisfit.display.plot.relaxation_map import relaxation_map

        return relaxation_map(self.to_dict(), figure=figure)

    def __str__(self) -> str:
        from eisfit.display.report.relaxation_map import relaxation_map_text

        return relaxation_map_text(self.to_dict())

    __repr__ = __str__


def drt_series(
    series: Series | Iterable[Any] | str | PathLike[str],
    *,
    by: str | Sequence[str] | None = None,
    **options: Any,
) -> SeriesDRT:
    """Compute the distribution of every spectrum of a series, and follow its peaks along the axis.

    No circuit is needed. ``eisfit.track(...).drt()`` gives the same with the circuit's arcs beside it.

    Parameters
    ----------
    series, by
        As for `eisfit.track`.
    **options
        Of `eisfit.drt`.

    Raises
    ------
    UsageError
        For an option without meaning, or one spectrum where several belong.
    ReadError
        When files cannot be read.
    """
    rows, given = place_in_order(series, by)
    rows += FitFailure.of_series(given)
    places = np.array([[locate(one, axis) for axis in split_axes(given.axes)] for one in rows], dtype=float)
    return compute_distributions(
        rows, given.axes, places.reshape(-1, len(given.axes)), label=given.label, **options
    )


def compute_distributions(
    rows: Sequence[Row | Spectrum],
    axes: Sequence[str],
    places: FloatArray,
    *,
    circuit: Circuit | None = None,
    label: str = "",
    **options: Any,
) -> SeriesDRT:
    """Compute the distribution of every spectrum, follow its peaks, and hold them against a circuit's arcs.

    Parameters
    ----------
    rows
        Spectra, or fits of them, in their order.
    axes
        Names of the one or two axes.
    places
        (N, 1 or 2) of each spectrum.
    circuit
        What was fitted; None: there are no arcs beside the peaks.
    label
        Of the series.
    **options
        Of `eisfit.drt`.

    Raises
    ------
    UsageError
        For an option without meaning.
    """
    found = tuple(_compute_distribution(one, options) for one in rows)
    peaks = [one.peaks if _describes_spectrum(one) else () for one in found]
    every = follow_peaks(peaks, _linearise_places(places[:, 0], find_axis(axes[0]).name))
    numbered = every[:, np.sum(every >= 0, axis=0) >= min(_MIN_SPECTRA, len(found))]
    one_line = len(axes) == 1
    along = find_axis(axes[0]) if one_line else None
    processes = tuple(
        Process.of(
            number + 1,
            [row[k] if k >= 0 else None for row, k in zip(peaks, column, strict=True)],
            places[:, 0],
            along,
        )
        for number, column in enumerate(numbered.T.tolist())
    )
    fits = [one for one in rows if not isinstance(one, Spectrum)]
    arcs = match_arcs(processes, fits, circuit, places[:, 0], along) if circuit else ()
    second = "" if one_line else axes[1]
    notes = _describe_flags(found, every.shape[1] - numbered.shape[1])
    return SeriesDRT(found, axes[0], second, places, processes, arcs, label, notes)


def _compute_distribution(one: Row | Spectrum, options: Mapping[str, Any]) -> DRTResult | FitFailure:
    if isinstance(one, FitFailure):
        return one
    spectrum = one if isinstance(one, Spectrum) else one.spectrum
    try:
        return drt(spectrum, **options)
    except UsageError:
        raise
    except EisfitError as error:
        return FitFailure.of(spectrum, str(error))


def _describes_spectrum(one: DRTResult | FitFailure) -> TypeGuard[DRTResult]:
    """Return whether a distribution describes its spectrum: below the ceiling of a usable fit's grade."""
    return isinstance(one, DRTResult) and one.rms_residual < _MAX_RMS


def _linearise_places(places: FloatArray, axis: str) -> FloatArray:
    """Return where logarithms move about evenly: 1/(k T) of temperatures, else the place."""
    return compute_coordinates(places, "plain")[0] if axis == "temperature" else places


def _describe_flags(found: Sequence[DRTResult | FitFailure], lone: int) -> tuple[str, ...]:
    flagged = Counter(flag.name for one in found if isinstance(one, DRTResult) for flag in one.flags)
    said = [f"the distributions say {name} at {n} of {len(found)} spectra" for name, n in flagged.items()]
    if lone:
        said.append(f"{lone} peaks stand in one spectrum alone and are not followed: see eisfit.drt of it")
    missed = sum(isinstance(one, DRTResult) and not _describes_spectrum(one) for one in found)
    if missed:
        said.append(
            f"{missed} of {len(found)} distributions miss their spectrum by more than {100 * _MAX_RMS:g} % "
            "(no sum of positive relaxations, such as blocking electrodes or loops): their peaks are not "
            "followed"
        )
    return tuple(said)

"""A film from its spectra: one arc, films of several thicknesses, or one film at several temperatures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from eisfit.coating.film.arc import (
    FilmCell,
    FilmEstimate,
    area_of,
    film_from_fit,
    log_variance,
    make_no_arc_error,
)
from eisfit.coating.film.film import EPSILON_0
from eisfit.coating.film.series import thickness_series
from eisfit.display.report.table import tabulate
from eisfit.display.report.words import WIDTH
from eisfit.errors import EisfitError, FitError, StudyError
from eisfit.fitting.errors.intervals import intervals
from eisfit.fitting.errors.likelihood import quantile
from eisfit.fitting.result import FitResult
from eisfit.records import FILM_SCHEMA, Document, ShownAsText, dataclass
from eisfit.rounding import significant, value_with_error
from eisfit.spectra.axes import AXES
from eisfit.tracking.arrhenius import fit_arrhenius
from eisfit.tracking.growth.values import select_values
from eisfit.tracking.series_result import SeriesResult
from eisfit.units import Uncertain, uncertain
from eisfit.validation.quantiles import normal_quantile

if TYPE_CHECKING:
    import pandas as pd

_CM_PER_NM = 1e-7
_MAX_PERMITTIVITY = 1e4  # relative permittivity that only ferroelectrics pass
_NAMES = {
    "ionic_conductivity_S_per_cm": ("ionic conductivity", "S/cm"),
    "area_resistance_ohm_cm2": ("area resistance", "ohm cm^2"),
    "area_capacitance_F_per_cm2": ("area capacitance", "F/cm^2"),
    "thickness_cm": ("thickness", "cm"),
    "peak_Hz": ("peak", "Hz"),
    "relative_permittivity": ("relative permittivity", ""),
    "volumetric_capacitance_F_per_cm3": ("capacitance by volume", "F/cm^3"),
    "offset_ohm_cm2": ("interfaces", "ohm cm^2"),
    "activation_energy_eV": ("activation energy", "eV"),
}


@dataclass(frozen=True, repr=False)
class FilmResult(ShownAsText, Document):
    """What spectra say of a film.

    Attributes
    ----------
    values, stderr
        By name, the unit in the name: ``ionic_conductivity_S_per_cm``, ``area_resistance_ohm_cm2``,
        ``area_capacitance_F_per_cm2``, ``thickness_cm``, ``relative_permittivity``,
        ``volumetric_capacitance_F_per_cm3``, ``offset_ohm_cm2`` (interfaces), ``activation_energy_eV``. The
        95 % interval takes 1.96 standard errors, also where few spectra scatter by more than their errors.
    basis
        ``arc``, ``thickness series`` or ``temperature series``.
    rows
        What each spectrum alone says, or the reason why it says nothing.
    notes
        What was decided, a sentence each.
    """

    values: Mapping[str, float]
    stderr: Mapping[str, float]
    basis: str
    rows: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("values", "stderr"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {"schema": FILM_SCHEMA, "basis": self.basis, **super().to_dict()}

    def __reduce__(self) -> tuple[Any, ...]:
        return FilmResult, (dict(self.values), dict(self.stderr), self.basis, self.rows, self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a spectrum."""
        import pandas as pd

        return pd.DataFrame([dict(row) for row in self.rows])

    def __str__(self) -> str:
        lines = [f"film, from {self.basis}"]
        for name, value in self.values.items():
            words, unit = _NAMES[name]
            lines.append(f"  {words}: {value_with_error(value, self.stderr.get(name))} {unit}".rstrip())
        return "\n".join([*lines, *_tabulate(self.rows), *self.notes])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def _tabulate(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what each spectrum says: its resistance, and what follows with the same relative error."""
    shown = [row for row in rows if row.get("R_ohm")]
    if not shown:
        return []
    axis = next(iter(shown[0]))
    names = [name for name in ("area_resistance_ohm_cm2", "ionic_conductivity_S_per_cm") if name in shown[0]]
    lines = []
    for row in shown:
        share = row["R_ohm_stderr"] / row["R_ohm"]
        known = [(row[name], share * row[name]) if name in row else None for name in names]
        cells = [
            value_with_error(*pair) if pair else "" for pair in ((row["R_ohm"], row["R_ohm_stderr"]), *known)
        ]
        lines.append([f"{row[axis]:g}", *cells])
    head = [f"{axis} / {AXES[axis].unit}", "R / ohm", *(" / ".join(_NAMES[name]) for name in names)]
    return ["", *tabulate(head, lines, width=WIDTH), ""]


def film(
    source: FitResult | SeriesResult,
    *,
    label: str = "film",
    area: Any = None,
    films: int = 1,
    thickness: Any = None,
    permittivity: Any = None,
) -> FilmResult:
    """Return a film's conductivity, thickness, permittivity or capacitance, and activation energy.

    A fit gives what one arc says. A track over the thickness gives the conductivity from the slope of the
    area resistance, and the interfaces' part from its offset. A track over the temperature gives the
    activation energy of the conductivity, and the film's numbers at each temperature.

    Parameters
    ----------
    source
        What `eisfit.fit` or `eisfit.track` returns.
    label
        Of the film's arc in the circuit: ``R_film`` with ``CPE_film`` or ``C_film``.
    area
        That the film covers on one electrode: cm^2, or text with a unit, or ``{"value": .., "stderr": ..}``;
        None: the spectrum's own.
    films
        Equal films in series: 2 in a symmetric cell of two coated electrodes.
    thickness
        cm, or text with a unit (``"5 nm"``); it gives permittivity and capacitance by volume.
    permittivity
        Relative; gives the thickness where that is not known. A mixed conductor's capacitance is chemical,
        not dielectric: then leave this out.

    Raises
    ------
    StudyError
        Where the data do not show the film, with the reason; a metal makes no arc of its own.
    UnitError
        For a number that cannot be read.
    """
    said = (("permittivity", permittivity, "1"), ("thickness", thickness, "cm"))
    known = {n: None if v is None else uncertain(v, unit, n, bare=True) for n, v, unit in said}
    if isinstance(source, FitResult):
        cell = _to_cell(source, area, films)
        estimate = film_from_fit(source.to_dict(), cell, label=label, **known)
        return _estimate_from_arc(_widen_errors(estimate, source, cell, label))
    if not isinstance(source, SeriesResult):
        raise StudyError(
            f"{type(source).__name__}: a film comes from what eisfit.fit or eisfit.track returns"
        )
    if f"R_{label}" not in source.circuit.parameters:
        raise make_no_arc_error(label, f"R_{label}")
    if source.axes == ("thickness",):
        return _estimate_from_thicknesses(source, label, area, films)
    if source.axes == ("temperature",):
        return _estimate_from_temperatures(source, label, area, films, known)
    raise StudyError(
        f"a film comes from one fit, or from a track over thickness or temperature, not over "
        f"{' and '.join(source.axes)}"
    )


def _to_cell(fit: FitResult, area: Any, films: int) -> FilmCell:
    told = area_of(fit.spectrum.metadata) if area is None else uncertain(area, "cm^2", "area", bare=True)
    return FilmCell(told, films)


def _widen_errors(estimate: FilmEstimate, fit: FitResult, cell: FilmCell, label: str) -> FilmEstimate:
    """Return the estimate with errors of resistance and capacitance that reach as far as their profiles do.

    Where another arc overlaps, chisqr is no parabola: of 120 simulated arcs beside one at a third of their
    frequency, 90 % lay within two errors from the covariance, and 94 to 97 % within two of these.
    """
    if fit.loss != "linear":
        return estimate  # a robust loss is no likelihood
    area = log_variance(cell.area)
    more = {
        name: max(_find_reach(fit, f"{name}_{label}") ** 2 - (estimate.log_covariance[k][k] - area), 0.0)
        for k, name in enumerate(("R", "C"))
    }
    made_of = {"area_resistance_ohm_cm2": "R", "area_capacitance_F_per_cm2": "C"}  # beside what is given
    given = estimate.basis == "thickness as given"
    made_of |= {"ionic_conductivity_S_per_cm": "R"} if given else {"thickness_cm": "C"}
    stderr = {
        name: math.sqrt(error**2 + estimate.values[name] ** 2 * more.get(made_of.get(name, ""), 0.0))
        for name, error in estimate.stderr.items()
    }
    return replace(estimate, stderr=stderr)


def _find_reach(fit: FitResult, name: str) -> float:
    """Return the relative error of a parameter or derived quantity from the longer side of its profile."""
    row = intervals(fit, method="profile", names=(name,), rough=True)[name]
    if row.low is None or row.high is None:
        raise StudyError(f"the arc yields no film: {name} is limited on one side only (95 %, profile)")
    known = fit[name].stderr if name in fit.parameters else fit.derived[name]["stderr"]
    reach = max(row.high - row.value, row.value - row.low) / quantile(fit, 0.95)
    return max(reach, known or 0.0) / row.value


def _estimate_from_arc(estimate: FilmEstimate) -> FilmResult:
    """Return an arc's numbers, with permittivity and capacitance by volume where the thickness was given."""
    values, stderr, notes = dict(estimate.values), dict(estimate.stderr), []
    if estimate.basis == "thickness as given":
        # Independent: the capacitance comes from the spectrum, the thickness from elsewhere.
        capacitance, t = values["area_capacitance_F_per_cm2"], values["thickness_cm"]
        relative = math.hypot(stderr["area_capacitance_F_per_cm2"] / capacitance, stderr["thickness_cm"] / t)
        for name, value in (
            ("relative_permittivity", capacitance * t / EPSILON_0),
            ("volumetric_capacitance_F_per_cm3", capacitance / t),
        ):
            values[name], stderr[name] = value, value * relative
        if values["relative_permittivity"] > _MAX_PERMITTIVITY:
            notes.append(
                f"a relative permittivity of {values['relative_permittivity']:.2g} is that of no usual "
                "dielectric: the capacitance may be chemical, or of an interface"
            )
    return FilmResult(values, stderr, "arc", notes=tuple(notes))


def _list_rows(
    source: SeriesResult, label: str, area: Any, films: int, known: Mapping[str, Uncertain | None]
) -> list[dict[str, Any]]:
    """Return what each spectrum says of the film, or why not."""
    rows: list[dict[str, Any]] = []
    resistance = _iterate_resistances(source, f"R_{label}")
    for result, place in zip(source.results, source.places, strict=False):
        row: dict[str, Any] = {
            source.axes[0]: place[0],
            "source": result.to_dict(data=False)["spectrum"]["source"],
        }
        rows.append(row)
        if not isinstance(result, FitResult):
            row["error"] = result.error
            continue
        value, error = next(resistance)
        row |= {"R_ohm": value, "R_ohm_stderr": error}
        missing = f"R_{label} is not determined by a fit that can be used" if value is None else None
        try:
            cell = _to_cell(result, area, films)
            row |= {**film_from_fit(result.to_dict(), cell, label=label, **known).values, "error": missing}
        except EisfitError as reason:
            row["error"] = str(reason) if missing else None
    return rows


def _iterate_resistances(source: SeriesResult, name: str) -> Iterator[tuple[float | None, float | None]]:
    """Yield each fit's resistance and its error as weights in a law; None where it is not determined.

    A law needs no more of the arc: where its capacitance is not determined, the resistance may be.
    """
    fits = [result for result in source.results if isinstance(result, FitResult)]
    for value, error in zip(*select_values(fits, None, name), strict=True):
        good = math.isfinite(value) and math.isfinite(error)
        yield (float(value), float(error)) if good else (None, None)


def _select_usable(rows: Sequence[Mapping[str, Any]], axis: str) -> list[Mapping[str, Any]]:
    good = [row for row in rows if row[axis] is not None and row.get("R_ohm")]
    if len(good) < 3:
        first = next((f"; the first that fails: {row['error']}" for row in rows if row["error"]), "")
        raise StudyError(f"{len(good)} of {len(rows)} spectra show the film, three are needed{first}")
    return good


def _collect_flags(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(f"left out: {row['error']}" for row in rows if row["error"])


def _estimate_from_thicknesses(source: SeriesResult, label: str, area: Any, films: int) -> FilmResult:
    rows = _list_rows(source, label, area, films, {})
    good = _select_usable(rows, "thickness")
    pairs = zip(rows, source.results, strict=False)
    own = [
        _to_cell(fit, area, films).area for row, fit in pairs if row in good and isinstance(fit, FitResult)
    ]
    factors = [one.median / films for one in own]
    found = thickness_series(
        [row["thickness"] * _CM_PER_NM for row in good],
        [row["R_ohm"] * factor for row, factor in zip(good, factors, strict=True)],
        [row["R_ohm_stderr"] * factor for row, factor in zip(good, factors, strict=True)],
    )
    # Areas are measured alike: their error scales both results.
    low, high = own[0].draw([0.15865525, 0.84134475])
    common = 0.0 if own[0].exact else float(math.log(high / low)) / 2
    values, stderr = {}, {}
    for name in ("ionic_conductivity_S_per_cm", "offset_ohm_cm2"):
        values[name] = found[name]
        stderr[name] = math.hypot(found[f"{name}_stderr"], common * found[name])
    notes = _collect_flags(rows)
    if found["scatter"] > 1:
        times = significant(found["scatter"], 2)
        notes = (f"the films scatter about the line by {times} of their errors, which hold that", *notes)
    return FilmResult(values, stderr, "thickness series", tuple(rows), notes)


def _estimate_from_temperatures(
    source: SeriesResult, label: str, area: Any, films: int, known: Mapping[str, Uncertain | None]
) -> FilmResult:
    rows = _list_rows(source, label, area, films, known)
    good = _select_usable(rows, "temperature")
    columns = [[row[key] for row in good] for key in ("temperature", "R_ohm", "R_ohm_stderr")]
    try:
        law = fit_arrhenius(*columns, name=f"R_{label}", unit="ohm", of=len(rows))
    except FitError as error:
        raise StudyError(str(error)) from None
    energy = {"activation_energy_eV": law.activation_energy_eV}
    notes = (str(law), *_collect_flags(rows))
    stderr = {"activation_energy_eV": (law.high - law.low) / (2 * normal_quantile(0.975))}
    return FilmResult(energy, stderr, "temperature series", tuple(rows), notes)

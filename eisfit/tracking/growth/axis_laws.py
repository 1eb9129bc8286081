"""What each parameter does along an axis: growth, activation energies, thickness lines, curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from eisfit.arrays import NORMAL_95, FloatArray, distinct
from eisfit.errors import FitError
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import relative_error
from eisfit.records import dataclass
from eisfit.spectra.axes import AXES, Axis, find_axis, find_axis_value, list_axis_values
from eisfit.tracking.arrhenius import Arrhenius, fit_arrhenius
from eisfit.tracking.growth.growth import BAND_POINTS, Growth, fit_growth
from eisfit.tracking.growth.values import find_unit, iterate_useful_sums, select_values
from eisfit.tracking.joint.joint import Joint
from eisfit.tracking.joint.smoothness import compute_axis as in_units
from eisfit.tracking.joint.smoothness import compute_penalty, cross_validate
from eisfit.units import Uncertain

_MIN_PLACES = 4
_NM_PER_CM = 1e7


@dataclass(frozen=True, eq=False)
class SeriesLaws:
    """What the parameters of a series do along its axes."""

    fits: Sequence[FitResult]
    circuit: Circuit
    joint: Joint | None

    def growth(self, name: str, over: str, law: str = "auto") -> Growth:
        """Return how fast a parameter grows; see `SeriesResult.growth`.

        Raises
        ------
        UsageError
            For an unknown law or axis.
        FitError
            When fewer than two cycles have a trustworthy value, or all share one.
        """
        if self._is_shared(name):
            raise FitError(f"{name}: all cycles share one value, which does not grow")
        values, errors = self._list_values(name)
        places = _list_places(self.fits, over)
        return fit_growth(places, values, errors, name=name, unit=find_unit(self.circuit, name), law=law)

    def arrhenius(self, name: str, form: str = "auto") -> Arrhenius:
        """Return the activation energy of a parameter or a sum of resistances; see `SeriesResult.arrhenius`.

        Raises
        ------
        UsageError
            For an unknown form.
        FitError
            When fewer than three temperatures have a trustworthy value.
        """
        if self.joint is not None and name in self.joint.laws:
            return self.joint.laws[name]
        if self._is_shared(name):
            raise FitError(f"{name}: all temperatures share one value, which has no activation energy")
        temperature, (value, error) = self._list_places(AXES["temperature"]), self._list_values(name)
        unit = find_unit(self.circuit, name)
        return fit_arrhenius(temperature, value, error, name=name, unit=unit, form=form)

    def to_dict(self, axes: Sequence[Axis]) -> dict[str, Any]:
        """Return the laws as parts of a series' document: `growth`, `arrhenius`, `lines` or `curves`.

        A grid has `grid`: a part for each value of its second axis, without growth.
        """
        found: dict[str, Any] = {"growth": {}, "arrhenius": {}}
        grows = axes[0].name in ("cycle", "time")
        if len(axes) > 1:
            parts = groupby(self.fits, key=lambda fit: find_axis_value(fit.spectrum, axes[1]))
            lines = [(value, replace(self, fits=list(part), joint=None)) for value, part in parts]
            laws = [(value, {} if grows else line._list_laws(axes[0])) for value, line in lines]
            return {**found, "grid": [{axes[1].name: value, **law} for value, law in laws]}
        if grows:
            return {**found, "growth": dict(self._iterate_growths(axes[0]))}
        return {**found, **self._list_laws(axes[0])} if self.fits else found

    def _list_laws(self, axis: Axis) -> dict[str, Any]:
        if axis.name == "temperature":
            return {"arrhenius": dict(self._iterate_energies())}
        if axis.name == "thickness":
            return {"lines": dict(self._iterate_lines(axis))}
        return {"curves": dict(self._iterate_curves(axis))}

    def _is_shared(self, name: str) -> bool:
        return self.joint is not None and self.joint.modes.get(name) == "shared"

    def _list_places(self, axis: Axis) -> FloatArray:
        return list_axis_values((fit.spectrum for fit in self.fits), axis)

    def _list_values(self, name: str) -> tuple[FloatArray, FloatArray]:
        return select_values(self.fits, self.joint, name)

    def _iterate_growths(self, axis: Axis) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the growth of every positive free parameter that has one, with its band."""
        over = "index" if axis.name == "cycle" and _is_unnumbered(self.fits) else axis.name
        for name, _ in self._iterate_positive():
            try:
                yield name, self.growth(name, over).document_over(over)
            except FitError:
                continue  # fewer than two usable cycles, or one value for all: there is no growth to tell

    def _iterate_positive(self) -> Iterator[tuple[str, str]]:
        rows = self.circuit.parameters.items()
        yield from ((n, p.unit) for n, p in rows if p.free and p.scale == "log")

    def _iterate_resistances(self) -> Iterator[tuple[str, str]]:
        """Yield names and units of resistances, then of the sums that say more than their parts."""
        yield from ((name, unit) for name, unit in self._iterate_positive() if unit.startswith("ohm"))
        if self.joint is None:
            yield from ((name, "ohm") for name in iterate_useful_sums(self.fits, self.circuit))

    def _iterate_energies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the activation energies of resistances and of time constants, with their bands."""
        times = [(name, unit) for name, unit in self._iterate_positive() if unit == "s"]
        for name, _ in (*self._iterate_resistances(), *times):
            try:
                law = self.arrhenius(name)
            except FitError:
                continue  # fewer than three usable temperatures: nothing to tell
            yield name, describe_energy(law)

    def _iterate_lines(self, axis: Axis) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield straight lines over the thickness: slope, the film's part, and offset, the interfaces'."""
        places = self._list_places(axis)
        areas = {fit.geometry.area for fit in self.fits}
        area = areas.pop() if len(areas) == 1 else None
        for name, unit in self._iterate_resistances():
            value, error = self._list_values(name)
            if distinct(places[np.isfinite(value) & np.isfinite(places)]).size >= 3:
                yield name, fit_thickness_line(places, value, error, axis, name=name, unit=unit, area=area)

    def _iterate_curves(self, axis: Axis) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield a smooth curve for every parameter that has enough usable values."""
        places = self._list_places(axis)
        for name, _ in self._iterate_positive():
            curve = fit_smooth_curve(places, *self._list_values(name), axis)
            if curve is not None:
                yield name, curve


def describe_energy(law: Arrhenius) -> dict[str, Any]:
    """Return an activation energy with its band."""
    return {**law.to_dict(), "band": law.band(np.linspace(law.first, law.last, BAND_POINTS))}


def fit_thickness_line(
    places: FloatArray,
    value: FloatArray,
    error: FloatArray,
    axis: Axis,
    *,
    name: str,
    unit: str,
    area: Uncertain | None = None,
) -> dict[str, Any]:
    """Return the straight line of one resistance over the thickness, with its band."""
    line = fit_growth(places, value, error, name=name, unit=unit, law="linear", one_cell=False)
    reach, slope_stderr, offset_stderr = line.quantile(0.95), line.slope_stderr, line.intercept_stderr
    found = {
        **_write_interval("slope", line.slope, slope_stderr, reach),
        "slope_unit": f"{unit}/{axis.unit}",
        **_write_interval("offset", line.intercept, offset_stderr, reach),
        "unit": unit,
        "covariance": line.covariance,
        "points": line.points,
        "scatter": line.scatter,
        "band": _rename_cycle(line.band(np.linspace(line.first, line.last, BAND_POINTS)).to_dict(), axis),
    }
    if area is None:
        return found
    resistivity, per_cm = line.slope * area.median * _NM_PER_CM, area.median * _NM_PER_CM
    stderr = None
    if slope_stderr is not None:
        stderr = math.hypot(slope_stderr * per_cm, resistivity * relative_error(area))
    return {**found, **_write_interval("resistivity_ohm_cm", resistivity, stderr, reach)}


def _write_interval(name: str, value: float, stderr: float | None, reach: float) -> dict[str, float | None]:
    """Return a value with its standard error and its 95 % interval, which `reach` standard errors make."""
    low, high = (None, None) if stderr is None else (value - reach * stderr, value + reach * stderr)
    return {name: value, f"{name}_stderr": stderr, f"{name}_low": low, f"{name}_high": high}


def _rename_cycle(band: dict[str, Any], axis: Axis) -> dict[str, Any]:
    return {axis.name if key == "cycle" else key: band[key] for key in ("cycle", "value", "low", "high")}


def fit_smooth_curve(
    places: FloatArray, value: FloatArray, error: FloatArray, axis: Axis
) -> dict[str, Any] | None:
    """Return a smooth curve through the logarithms, as smooth as cross-validation asks for, at the points.

    The band is that of P. J. Green and B. W. Silverman, Nonparametric Regression (1994), 3.8. None where
    fewer than four places have a value; several values at one place count together.
    """
    good = np.isfinite(value) & np.isfinite(places)
    x, which = np.unique(places[good], return_inverse=True)
    if x.size < _MIN_PLACES:
        return None
    weights = (value / error)[good] ** 2
    at_place = np.bincount(which, weights)
    y, s = np.bincount(which, weights * np.log(value[good])) / at_place, 1 / np.sqrt(at_place)
    strength = cross_validate(in_units(x), y, s).strength
    inverse = np.linalg.inv(np.diag(1 / s**2) + strength * _expand_bands(compute_penalty(in_units(x))))
    smooth, width = inverse @ (y / s**2), NORMAL_95 * np.sqrt(np.diag(inverse))
    band = {
        axis.name: x,
        "value": np.exp(smooth),
        "low": np.exp(smooth - width),
        "high": np.exp(smooth + width),
    }
    return {"band": {key: column.tolist() for key, column in band.items()}, "points": int(good.sum())}


def fit_law_along(
    places: FloatArray, value: FloatArray, error: FloatArray, axis: Axis, *, name: str, unit: str
) -> dict[str, dict[str, Any]]:
    """Return the law of one positive quantity along an axis under its kind; nothing where it has none.

    ``arrhenius`` over the temperature, ``lines`` of a resistance over the thickness, ``growth`` over cycles
    and time, else ``curves``.
    """
    try:
        if axis.name == "temperature":
            return {"arrhenius": describe_energy(fit_arrhenius(places, value, error, name=name, unit=unit))}
        if axis.name == "thickness" and unit == "ohm":
            return {"lines": fit_thickness_line(places, value, error, axis, name=name, unit=unit)}
        if axis.name in ("cycle", "time"):
            growth = fit_growth(places, value, error, name=name, unit=unit)
            return {"growth": growth.document_over(axis.name)}
    except FitError:
        return {}  # too few places with a value: there is no law to tell
    curve = fit_smooth_curve(places, value, error, axis)
    return {} if curve is None else {"curves": curve}


def _expand_bands(bands: FloatArray) -> FloatArray:
    size = bands.shape[1]
    lower = sum(np.diag(bands[d][: size - d], -d) for d in (1, 2))
    return np.asarray(np.diag(bands[0]) + lower + np.transpose(lower))


def _is_unnumbered(fits: Sequence[FitResult]) -> bool:
    """Return whether these are the spectra of one file in their order, without cycle numbers."""
    spectra = [fit.spectrum for fit in fits]
    places = {(spectrum.source, spectrum.index) for spectrum in spectra}
    ordered = len({source for source, _ in places}) == 1 and len(places) == len(spectra)
    return ordered and all(spectrum.cycle is None for spectrum in spectra)


def _list_places(fits: Sequence[FitResult], over: str) -> FloatArray:
    """Return the cycles (N,) of some fits, or their times from the first spectrum on; NaN where unknown."""
    if over == "index":
        return np.array([fit.spectrum.index for fit in fits], dtype=float)
    values = list_axis_values((fit.spectrum for fit in fits), find_axis(over))
    if over != "time":
        return values
    return values - np.nanmin(values) if np.isfinite(values).any() else values

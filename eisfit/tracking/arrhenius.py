"""Activation energies: ln of a resistance over 1/(k T), with or without the factor 1/T of hopping.

Transport that hops obeys sigma T = A exp(-E/(k T)) (N. F. Mott, R. W. Gurney, Electronic Processes in Ionic
Crystals, 1940), an exchange current or a conductance of transition-state form R = A exp(E/(k T)). Both have
two coefficients, and over the temperatures of a laboratory differ by a curvature that few measurements show:
they are told apart by AICc, and where it does not tell, both energies are given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.errors import FitError, UsageError
from eisfit.records import Document, ShownAsText, dataclass
from eisfit.tracking.scatter import compute_chisqr, compute_reach, find_common_variance
from eisfit.units import BOLTZMANN_EV, ZERO_CELSIUS
from eisfit.validation.quantiles import t_quantile

FORMS = ("plain", "times_temperature")
_CLEAR_DIFFERENCE = 6.0  # AICc by which one form is the better one: odds of 20 (Burnham, Anderson 2002, 2.6)
_OUTLIER = 4.0  # robust standard deviations from the line of the others
_TEMPERATURE_ERROR = 0.3  # K, to which the temperature of a cell in a chamber is known at best
_MIN_FREEDOM = 3  # degrees of freedom from which the scatter can show that a point is an outlier


@dataclass(frozen=True, repr=False)
class Arrhenius(ShownAsText, Document):
    """An activation energy, from one parameter at several temperatures.

    Attributes
    ----------
    name, unit
        Of the parameter.
    activation_energy_eV, stderr
        Of 1/value (or T/value): positive where the value falls with the temperature, as a resistance does.
    prefactor, prefactor_stderr
        The value at infinite temperature, in `unit` (`unit`/K for ``times_temperature``).
    form
        ``plain``: value = A exp(E/(k T)); ``times_temperature``: value = A T exp(E/(k T)).
    told_apart
        Whether the data or the user chose the form; else `other_activation_energy_eV` is as good.
    aicc_difference
        AICc of ``times_temperature`` less that of ``plain``.
    covariance
        (2, 2) of ln A and E.
    points, of
        Temperatures in the line, and all.
    scatter
        Root of the weighted mean square deviation of what the spectra say one by one; where chance does not
        explain it, every point has an error of ln(value) more, the same for all, which does.
    low, high
        95 % interval of the energy, eV.
    left_out
        Temperatures (degC) that do not follow the line of the others.
    first, last
        Lowest and highest temperature in the line, degC.
    """

    name: str
    unit: str
    activation_energy_eV: float
    stderr: float
    prefactor: float
    prefactor_stderr: float
    form: str
    told_apart: bool
    aicc_difference: float
    other_activation_energy_eV: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    points: int
    of: int
    scatter: float | None
    low: float
    high: float
    left_out: tuple[float, ...]
    first: float
    last: float

    def __call__(self, temperature: ArrayLike) -> FloatArray:
        """Return the parameter at temperatures in degC."""
        x, shift = compute_coordinates(np.asarray(temperature, dtype=float), self.form)
        return np.asarray(np.exp(np.log(self.prefactor) + self.activation_energy_eV * x + shift))

    def band(self, temperature: ArrayLike) -> dict[str, list[float]]:
        """Return the line with its 95 % band, as columns: temperature, value, low, high."""
        places = np.atleast_1d(np.asarray(temperature, dtype=float))
        x, _ = compute_coordinates(places, self.form)
        design = np.stack([np.ones_like(x), x], axis=1)
        error = np.sqrt(np.einsum("ni,ij,nj->n", design, np.array(self.covariance), design))
        width = (self.high - self.low) / (2 * self.stderr) * error if self.stderr else error
        value = self(places)
        return {
            "temperature": places.tolist(),
            "value": value.tolist(),
            "low": (value * np.exp(-width)).tolist(),
            "high": (value * np.exp(width)).tolist(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        unit = self.unit if self.form == "plain" else f"{self.unit}/K"
        return {**super().to_dict(), "prefactor_unit": unit}

    def replace_numbers(
        self,
        log_prefactor: float,
        energy: float,
        covariance: FloatArray,
        *,
        places: FloatArray,
        alone: FloatArray,
        error: FloatArray,
    ) -> Arrhenius:
        """Return the same law with the numbers of a joint fit.

        Parameters
        ----------
        log_prefactor, energy, covariance
            ln A, E (eV), and their covariance (2, 2) from the noise of the spectra.
        places
            (N,) all temperatures, degC.
        alone, error
            (N,) what the spectra say one by one, ln(value), and its errors; infinite where they say nothing.
        """
        known = np.isfinite(error)
        x, shift = compute_coordinates(places[known], self.form)
        off, s = (alone[known] - log_prefactor - energy * x - shift), error[known]
        common, wider = _compute_widening(_design(x), off, s)
        line = _Line(
            log_prefactor, energy, covariance * np.outer(wider, wider), float(np.sum((off / s) ** 2)), common
        )
        other = energy + self.other_activation_energy_eV - self.activation_energy_eV  # they differ by kT
        return replace(
            _make_law(line, self.name, self.unit, places[known]),
            form=self.form,
            told_apart=self.told_apart,
            of=places.size,
            aicc_difference=self.aicc_difference,
            other_activation_energy_eV=other,
        )

    def __str__(self) -> str:
        from eisfit.display.report.along_axis import describe_energy

        return f"{self.name}: {describe_energy(self.to_dict())}"


def compute_coordinates(temperature: FloatArray, form: str) -> tuple[FloatArray, FloatArray]:
    """Return 1/(k T), 1/eV, and what the form adds to the logarithm, of temperatures in degC."""
    kelvin = temperature + ZERO_CELSIUS
    shift = np.log(kelvin) if form == "times_temperature" else np.zeros_like(kelvin)
    return 1 / (BOLTZMANN_EV * kelvin), shift


def fit_arrhenius(
    temperature: ArrayLike,
    value: ArrayLike,
    stderr: ArrayLike,
    *,
    name: str,
    unit: str = "",
    form: str = "auto",
    of: int | None = None,
) -> Arrhenius:
    """Fit an activation energy by weighted least squares in ln(value).

    Parameters
    ----------
    temperature
        (N,) degC.
    value, stderr
        (N,) positive; rows with a NaN or without an error are left out.
    form
        ``auto``, ``plain`` or ``times_temperature``; see `Arrhenius`.
    of
        How many temperatures there are in all; N where None.

    Raises
    ------
    UsageError
        For an unknown form.
    FitError
        When fewer than three different temperatures are left.
    """
    if form not in ("auto", *FORMS):
        raise UsageError(f"no form {form!r}; there are auto, {', '.join(FORMS)}")
    t, y, s = (np.asarray(column, dtype=float) for column in (temperature, value, stderr))
    use = np.isfinite(t) & np.isfinite(y) & np.isfinite(s) & (y > 0) & (s > 0) & (t > -ZERO_CELSIUS)
    total = t.size if of is None else of
    t, y, s = t[use], np.log(y[use]), (s / np.where(y > 0, y, 1.0))[use]
    if np.unique(t).size < 3:
        raise FitError(
            f"{name}: an activation energy needs three temperatures with a trustworthy value, but there are "
            f"{np.unique(t).size}"
        )
    keep = _find_followers(t, y, s)
    t_kept, y, s = t[keep], y[keep], s[keep]
    lines = {one: _fit_line(t_kept, y, s, one) for one in FORMS}
    difference = _compare_forms(t_kept, y, s, min(line.common for line in lines.values()))
    told = form != "auto" or abs(difference) > _CLEAR_DIFFERENCE
    better = "times_temperature" if difference < 0 and told else "plain"
    chosen = form if form != "auto" else better
    other = lines[FORMS[1 - FORMS.index(chosen)]].energy
    found = _make_law(lines[chosen], name, unit, t_kept)
    return replace(
        found,
        form=chosen,
        told_apart=bool(told),
        aicc_difference=difference,
        other_activation_energy_eV=other,
        of=total,
        left_out=tuple(t[~keep].tolist()),
    )


@dataclass(frozen=True)
class _Line:
    """ln A and E with their covariance, chi-square by the errors alone, and the variance added to these."""

    log_prefactor: float
    energy: float
    covariance: FloatArray
    chisqr: float
    common: float


def _fit_line(t: FloatArray, y: FloatArray, s: FloatArray, form: str) -> _Line:
    x, shift = compute_coordinates(t, form)
    common = find_common_variance(_design(x), y - shift, s)
    middle = float(np.average(x, weights=1 / (s**2 + common)))
    straight = np.stack([np.ones_like(x), x - middle], axis=1)
    (level, slope), inverse = _solve_line(straight, y - shift, s**2 + common)
    back = np.array([[1.0, -middle], [0.0, 1.0]])
    chisqr = compute_chisqr(straight, y - shift, s**2)[0]
    return _Line(float(level - slope * middle), float(slope), back @ inverse @ back.T, chisqr, common)


def _solve_line(design: FloatArray, y: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of a line through points with these variances, and their covariance."""
    weighted = design.T / variance
    covariance = np.asarray(np.linalg.inv(weighted @ design), dtype=np.float64)
    return covariance @ (weighted @ y), covariance


def _compute_widening(straight: FloatArray, off: FloatArray, s: FloatArray) -> tuple[float, FloatArray]:
    """Return the variance in common, and factors (2,) on the errors of a line that weighs without it."""
    common = find_common_variance(straight, off, s)
    weighted = straight.T / s**2
    inverse = np.linalg.inv(weighted @ straight)
    whole = inverse @ (weighted * (s**2 + common)) @ weighted.T @ inverse
    return common, np.sqrt(np.diag(whole) / np.diag(inverse))


def _compare_forms(t: FloatArray, y: FloatArray, s: FloatArray, common: float) -> float:
    """Return AICc of hopping less that of the plain form, with the same errors.

    Where these were taken from the scatter, by the likelihood with the scatter left open.
    """
    places = [compute_coordinates(t, form) for form in FORMS]
    plain, hopping = (compute_chisqr(_design(x), y - shift, s**2 + common)[0] for x, shift in places)
    if not common:
        return hopping - plain
    return (t.size - 2) * float(np.log(hopping / plain))


def _design(x: FloatArray) -> FloatArray:
    return np.stack([np.ones_like(x), x - x.mean()], axis=1)


def _find_followers(t: FloatArray, y: FloatArray, s: FloatArray) -> Any:
    """Return which points follow the line of the others; one at a time is set aside, half of them at most."""
    keep = np.ones(t.size, dtype=bool)
    x, _ = compute_coordinates(t, "plain")
    slack = BOLTZMANN_EV * x**2 * _TEMPERATURE_ERROR
    while keep.sum() - 3 >= max(_MIN_FREEDOM - 1, t.size // 2):
        kept = np.flatnonzero(keep)
        off = [_distance(_design(x[kept]), y[kept], s[kept], slack[kept], k) for k in range(kept.size)]
        worst = int(np.argmax(off))
        if off[worst] <= 1:
            return keep
        keep[kept[worst]] = False
    return keep


def _distance(design: FloatArray, y: FloatArray, s: FloatArray, slack: FloatArray, k: int) -> float:
    """Return how far point k lies off the line of the others, in units of what chance allows.

    That is its error, that of the line, the scatter which the others show about it, and what an energy of
    1 eV makes of a temperature a little off (`slack`).
    """
    others = np.arange(y.size) != k
    common = find_common_variance(design[others], y[others], s[others])
    line, covariance = _solve_line(design[others], y[others], s[others] ** 2 + common)
    variance = s[k] ** 2 + common + design[k] @ covariance @ design[k]
    # Student's t of so few degrees of freedom has long tails: as rare as 4 sigma of a normal one.
    limit = t_quantile(y.size - 3, 1 - 3.2e-5) if common else _OUTLIER
    allowed = max(limit**2 * variance, _OUTLIER**2 * (variance + (line[1] * slack[k]) ** 2))
    return float(abs(y[k] - design[k] @ line) / np.sqrt(allowed))


def _make_law(line: _Line, name: str, unit: str, t: FloatArray) -> Arrhenius:
    free = t.size - 2
    scatter = float(np.sqrt(line.chisqr / free)) if free else None
    _, quantile = compute_reach(scatter, free)
    covariance = line.covariance
    stderr = float(np.sqrt(covariance[1, 1]))
    width = quantile * stderr
    prefactor = float(np.exp(line.log_prefactor))
    return Arrhenius(
        name,
        unit,
        line.energy,
        stderr,
        prefactor,
        prefactor * float(np.sqrt(covariance[0, 0])),
        "plain",
        True,
        0.0,
        line.energy,
        _to_pairs(covariance),
        int(t.size),
        int(t.size),
        scatter,
        line.energy - width,
        line.energy + width,
        (),
        float(t.min()),
        float(t.max()),
    )


def _to_pairs(covariance: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = covariance.tolist()
    return (a, b), (c, d)

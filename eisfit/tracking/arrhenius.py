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
from eisfit.records import Document, Told, dataclass
from eisfit.tracking.scatter import reach
from eisfit.units import BOLTZMANN_EV, ZERO_CELSIUS
from eisfit.validation.quantiles import t_quantile

FORMS = ("plain", "times_temperature")
_TOLD = 6.0  # AICc by which one form is the better one: odds of 20 (Burnham, Anderson 2002, 2.6)
_OUTLIER = 4.0  # robust standard deviations from the line of the others
_LEAST_FREE = 3  # degrees of freedom from which the scatter can convict a point


@dataclass(frozen=True, repr=False)
class Arrhenius(Told, Document):
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
        explain it, errors are multiplied by it.
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
        x, shift = law_coordinates(np.asarray(temperature, dtype=float), self.form)
        return np.asarray(np.exp(np.log(self.prefactor) + self.activation_energy_eV * x + shift))

    def band(self, temperature: ArrayLike) -> dict[str, list[float]]:
        """Return the line with its 95 % band, as columns: temperature, value, low, high."""
        places = np.atleast_1d(np.asarray(temperature, dtype=float))
        x, _ = law_coordinates(places, self.form)
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
        self, log_prefactor: float, energy: float, covariance: FloatArray, places: FloatArray, chisqr: float
    ) -> Arrhenius:
        """Return the same law with the numbers of a joint fit.

        Parameters
        ----------
        log_prefactor, energy, covariance
            ln A, E (eV), and their covariance (2, 2) from the noise of the spectra.
        places
            (N,) all temperatures, degC.
        chisqr
            Of what the spectra say one by one about this law.
        """
        line = _Line(log_prefactor, energy, covariance, chisqr)
        other = energy + self.other_activation_energy_eV - self.activation_energy_eV  # they differ by kT
        return replace(
            _arrhenius(line, self.name, self.unit, places), form=self.form, told_apart=self.told_apart,
            aicc_difference=self.aicc_difference, other_activation_energy_eV=other,
        )  # fmt: skip

    def __str__(self) -> str:
        from eisfit.display.report.along import energy_words

        return f"{self.name}: {energy_words(self.to_dict())}"


def law_coordinates(temperature: FloatArray, form: str) -> tuple[FloatArray, FloatArray]:
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
    keep = _followers(t, y, s)
    lines = {one: _line(t[keep], y[keep], s[keep], one) for one in FORMS}
    difference = lines["times_temperature"].chisqr - lines["plain"].chisqr
    widened = max(1.0, min(line.chisqr for line in lines.values()) / max(int(keep.sum()) - 2, 1))
    told = form != "auto" or abs(difference) / widened > _TOLD
    better = "times_temperature" if difference < 0 and told else "plain"
    chosen = form if form != "auto" else better
    other = lines[FORMS[1 - FORMS.index(chosen)]].energy
    found = _arrhenius(lines[chosen], name, unit, t[keep])
    return replace(found, form=chosen, told_apart=bool(told), aicc_difference=float(difference / widened),
                   other_activation_energy_eV=other, of=total, left_out=tuple(t[~keep].tolist()))  # fmt: skip


@dataclass(frozen=True)
class _Line:
    log_prefactor: float
    energy: float
    covariance: FloatArray
    chisqr: float


def _line(t: FloatArray, y: FloatArray, s: FloatArray, form: str) -> _Line:
    x, shift = law_coordinates(t, form)
    middle = float(np.average(x, weights=1 / s**2))
    design = np.stack([np.ones_like(x), x - middle], axis=1) / s[:, np.newaxis]
    inverse = np.linalg.inv(design.T @ design)
    level, slope = inverse @ (design.T @ ((y - shift) / s))
    back = np.array([[1.0, -middle], [0.0, 1.0]])
    residual = (y - shift) / s - design @ np.array([level, slope])
    return _Line(
        float(level - slope * middle), float(slope), back @ inverse @ back.T, float(residual @ residual)
    )


def _followers(t: FloatArray, y: FloatArray, s: FloatArray) -> Any:
    """Return which points follow the line of the others; one at a time is set aside, half of them at most.

    Each is held against the line through all others, in units of its error, of that line's, and of the
    scatter that the others show about it.
    """
    keep = np.ones(t.size, dtype=bool)
    while keep.sum() - 3 >= max(_LEAST_FREE - 1, t.size // 2):
        kept = np.flatnonzero(keep)
        x, _ = law_coordinates(t[kept], "plain")
        design = np.stack([np.ones_like(x), x - x.mean()], axis=1) / s[kept, np.newaxis]
        basis, _ = np.linalg.qr(design)
        target = y[kept] / s[kept]
        residual = target - basis @ (basis.T @ target)
        # Without a point, the line and its chi-square follow from the point's share in its own value
        # (R. D. Cook, S. Weisberg, Residuals and Influence in Regression, 1982, 2.2).
        gap = residual**2 / np.maximum(1 - np.sum(basis**2, axis=1), 1e-12)
        free = kept.size - 3
        scatter = np.maximum((float(residual @ residual) - gap) / free, 0.0)
        worst = int(np.argmax(gap / np.maximum(scatter, 1.0)))
        if gap[worst] <= _OUTLIER**2 * max(float(scatter[worst]), 1.0):
            return keep
        # Student's t of so few degrees of freedom has long tails: as rare as 4 sigma of a normal one.
        limit = _OUTLIER if scatter[worst] <= 1 else t_quantile(free, 1 - 3.2e-5)
        if gap[worst] <= limit**2 * max(float(scatter[worst]), 1.0):
            return keep
        keep[kept[worst]] = False
    return keep


def _arrhenius(line: _Line, name: str, unit: str, t: FloatArray) -> Arrhenius:
    free = t.size - 2
    scatter = float(np.sqrt(line.chisqr / free)) if free else None
    factor, quantile = reach(scatter, free)
    covariance = line.covariance * factor**2
    stderr = float(np.sqrt(covariance[1, 1]))
    width = quantile * stderr
    prefactor = float(np.exp(line.log_prefactor))
    return Arrhenius(
        name, unit, line.energy, stderr, prefactor, prefactor * float(np.sqrt(covariance[0, 0])), "plain",
        True, 0.0, line.energy, _pairs(covariance), int(t.size), int(t.size), scatter, line.energy - width,
        line.energy + width, (), float(t.min()), float(t.max()),
    )  # fmt: skip


def _pairs(covariance: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = covariance.tolist()
    return (a, b), (c, d)

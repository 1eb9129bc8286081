"""From a spectrum to the film: conductivity and thickness from its arc.

An arc of R_f and C_f over n films of area A in series gives, per film, the ionic conductivity
s = t n / (R_f A) and the thickness t = eps0 eps_r A n / C_f. Errors come from the fit's full covariance:
without the correlation of Q and alpha they would be about ten times too large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.film.film import EPSILON_0
from eisfit.display.report.words import is_doubted
from eisfit.errors import StudyError
from eisfit.fitting.verdicts.flag_kinds import get_kind
from eisfit.model.geometry import Geometry
from eisfit.records import Document, dataclass
from eisfit.rounding import significant
from eisfit.units import Uncertain, uncertain
from eisfit.verdict import FORBIDS

_MAX_ERROR = 0.5  # relative standard error beyond which a parameter is not known


@dataclass(frozen=True)
class FilmCell:
    """The cell that a spectrum was measured on, as far as a film's numbers need it.

    Parameters
    ----------
    area
        Area that the film covers on one electrode, cm^2 (the true area, channels included).
    films
        Equal films in series between the leads: 2 in a symmetric cell of two coated electrodes, 1 where one
        electrode is coated, or where a reference electrode stands between.
    """

    area: Uncertain
    films: int = 1

    def __post_init__(self) -> None:
        if self.films not in (1, 2):
            raise StudyError(f"a cell has 1 or 2 films between its leads, not {self.films}")


def area_of(metadata: Mapping[str, Any]) -> Uncertain:
    """Return the area of a spectrum's metadata (``geometry``, ``area_cm2``, or ``area`` with its unit).

    Raises
    ------
    StudyError
        Where none is known.
    """
    area = Geometry.of_metadata(metadata).area
    return _describe_area(metadata) if area is None else area


@dataclass(frozen=True)
class FilmEstimate(Document):
    """What a film's arc says about one film.

    Parameters
    ----------
    values
        ``area_resistance_ohm_cm2``, ``area_capacitance_F_per_cm2``, ``peak_Hz``, and where permittivity or
        thickness are known ``thickness_cm`` and ``ionic_conductivity_S_per_cm``.
    stderr
        Their standard errors.
    log_covariance
        Covariance of the logarithms of resistance, capacitance, thickness and conductivity (as far as given).
    basis
        How the thickness came about.
    """

    values: dict[str, float]
    stderr: dict[str, float]
    log_covariance: tuple[tuple[float, ...], ...]
    basis: str


def film_from_fit(
    fit: Mapping[str, Any],
    cell: FilmCell,
    *,
    permittivity: Uncertain | None = None,
    thickness: Uncertain | None = None,
    label: str = "film",
) -> FilmEstimate:
    """Conductivity and thickness of a film from the arc that it makes in a fitted spectrum.

    Parameters
    ----------
    fit
        ``FitResult.to_dict()``, with its data: the covariance is needed.
    cell
        Area and number of films.
    permittivity
        Relative; gives the thickness from the capacitance, and the conductivity from both.
    thickness
        cm, where it is known otherwise (TEM); it then replaces that from the capacitance.
    label
        Of the arc's resistor and CPE (or capacitor) in the circuit: ``R_film``, ``CPE_film``.

    Raises
    ------
    StudyError
        When the circuit has no such arc or the data does not resolve it, with the reason.
    """
    R, Q, alpha, covariance = _read_arc(fit, label)
    tau = (R * Q) ** (1 / alpha)
    _require_inside(fit, 1 / (2 * math.pi * tau), label)
    # ln R and ln C = ln tau - ln R (Hsu, Mansfeld, Corrosion 57 (2001) 747), by (R, Q, alpha).
    of_R = [1 / R, 0.0, 0.0]
    of_C = [1 / (alpha * R) - 1 / R, 1 / (alpha * Q), -math.log(R * Q) / alpha**2]
    jacobian = np.array([of_R, of_C])
    arc = jacobian @ covariance @ jacobian.T
    area, n = cell.area.median, cell.films
    # Independent logarithmic variances: R_f, C_f (joint), then area, permittivity, thickness.
    joint = np.zeros((5, 5))
    joint[:2, :2] = arc
    for place, value in ((2, cell.area), (3, permittivity), (4, thickness)):
        joint[place, place] = log_variance(value) if value is not None else 0.0
    logs = {
        "area_resistance_ohm_cm2": (math.log(R * area / n), [1, 0, 1, 0, 0]),
        "area_capacitance_F_per_cm2": (math.log(tau / R * n / area), [0, 1, -1, 0, 0]),
    }
    basis = "no thickness: neither a permittivity nor a thickness is known"
    if thickness is not None:
        t = math.log(thickness.median)
        logs["thickness_cm"] = (t, [0, 0, 0, 0, 1])
        logs["ionic_conductivity_S_per_cm"] = (t - math.log(R * area / n), [-1, 0, -1, 0, 1])
        basis = "thickness as given"
    elif permittivity is not None:
        t = math.log(EPSILON_0 * permittivity.median * area * R / (n * tau))
        logs["thickness_cm"] = (t, [0, -1, 1, 1, 0])
        # eps0 eps_r / (R C): area and number of films cancel.
        logs["ionic_conductivity_S_per_cm"] = (t - math.log(R * area / n), [-1, -1, 0, 1, 0])
        basis = "thickness from the capacitance"
    return _make_estimate(
        logs, joint, 1 / (2 * math.pi * tau), float(arc[0, 0] + 2 * arc[0, 1] + arc[1, 1]), basis
    )


def _describe_area(metadata: Mapping[str, Any]) -> Uncertain:
    found = metadata.get("area")
    if found in (None, "", 0):
        said = " (1 cm^2 is what instruments write where none was entered)" if "area_cm2" in metadata else ""
        raise StudyError(f"the spectrum does not say its electrode's area{said}: give it (area=, --area)")
    return uncertain(found, "cm^2", "area", bare=True)


def _read_arc(fit: Mapping[str, Any], label: str) -> tuple[float, float, float, FloatArray]:
    """R, Q, alpha (1 for a capacitor) and their covariance; refused where the fit does not determine them."""
    parameters = fit["parameters"]
    capacitor = f"C_{label}" in parameters
    names = [f"R_{label}"] + ([f"C_{label}"] if capacitor else [f"CPE_{label}_Q", f"CPE_{label}_alpha"])
    missing = [name for name in names if name not in parameters]
    if missing:
        raise make_no_arc_error(label, missing[0])
    _refuse_flagged(fit, names)
    _refuse_undetermined(fit, names)
    covariance = _covariance(fit, names)
    values = [float(parameters[name]["value"]) for name in names] + ([1.0] if capacitor else [])
    for name, value, variance in zip(names, values, np.diag(covariance), strict=False):
        if math.sqrt(variance) > _MAX_ERROR * abs(value):
            error = significant(math.sqrt(variance), 2)
            raise _make_refusal(names, f"{name} is {significant(value, 3)} with a standard error of {error}")
    return values[0], values[1], values[2], covariance


def make_no_arc_error(label: str, missing: str) -> StudyError:
    """Return the refusal of a circuit that has no arc of a film."""
    return StudyError(
        f"the circuit has no arc labelled {label!r} ({missing} is missing); a film that conducts electrons "
        "well, such as a metal, makes none"
    )


def _refuse_flagged(fit: Mapping[str, Any], names: list[str]) -> None:
    for flag in fit.get("flags", []):
        name, cause = flag["name"], flag["cause"]
        spoils = get_kind(name).spoils_film
        grave = spoils == "any" and flag.get("level", FORBIDS) == FORBIDS
        if grave or (spoils == "own" and any(own in cause for own in names[:2])):
            raise _make_refusal(names, f"{name}: {cause}")


def _refuse_undetermined(fit: Mapping[str, Any], names: list[str]) -> None:
    """Refuse an arc that is ambiguous or open: its standard error does not show that."""
    for name in names:
        verdict = fit["parameters"][name].get("verdict")
        if is_doubted(verdict):
            raise _make_refusal(names, f"{name} is {verdict} in this fit")


def _covariance(fit: Mapping[str, Any], names: list[str]) -> FloatArray:
    """Covariance (3, 3) of `names`, zero where a parameter was not varied."""
    known = (fit.get("covariance") or {}).get("matrix")
    if known is None:
        raise _make_refusal(names, "the fit gives no covariance")
    order = list(fit["covariance"]["names"])
    varied = [(k, order.index(name)) for k, name in enumerate(names) if name in order]
    covariance = np.zeros((3, 3))
    for i, row in varied:
        for j, column in varied:
            covariance[i, j] = known[row][column]
    return covariance


def _make_refusal(names: list[str], reason: str) -> StudyError:
    return StudyError(f"the arc of {names[0]} yields no film: {reason}")


def _require_inside(fit: Mapping[str, Any], peak: float, label: str) -> None:
    spectrum = fit["spectrum"]
    low, high = spectrum["frequency_min_Hz"], spectrum["frequency_max_Hz"]
    if not low <= peak <= high:
        span = f"{significant(low, 3)} to {significant(high, 3)} Hz"
        raise _make_refusal(
            [f"R_{label}"], f"its peak, {significant(peak, 3)} Hz, lies outside the measured {span}"
        )


def log_variance(value: Uncertain) -> float:
    """Return the variance of the logarithm: exact for a log-uniform range, else from the 68 % half-width."""
    if value.exact:
        return 0.0
    low, high = value.draw([0.15865525, 0.84134475])
    if value.kind == "loguniform":
        return math.log(value.b / value.a) ** 2 / 12
    if value.kind == "uniform":
        return ((value.b - value.a) / value.median) ** 2 / 12
    return float(math.log(high / low) / 2) ** 2


def _make_estimate(
    logs: Mapping[str, tuple[float, Sequence[float]]],
    joint: FloatArray,
    peak: float,
    log_tau_variance: float,
    basis: str,
) -> FilmEstimate:
    rows = np.array([row for _, row in logs.values()], dtype=np.float64)
    covariance = rows @ joint @ rows.T
    values = {name: math.exp(value) for name, (value, _) in logs.items()}
    errors = {name: values[name] * math.sqrt(covariance[k, k]) for k, name in enumerate(logs)}
    values["peak_Hz"], errors["peak_Hz"] = peak, peak * math.sqrt(max(log_tau_variance, 0.0))
    return FilmEstimate(values, errors, tuple(tuple(row) for row in covariance.tolist()), basis)

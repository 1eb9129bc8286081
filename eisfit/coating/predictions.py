"""What each reading of a coating's effect foretells, so that a further measurement can tell them apart.

The readings ("suppositions") all reproduce the two measured cells except where they leave no room to:
``unchanged_kinetics`` (film as measured, f = 1), ``film_and_gain`` (film as measured, f fitted),
``no_electronic_access`` (the film carries no electrons along the wall, f fitted so) and ``barrier_only``
(neither: the film only stands in the ions' way).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.attribution import Model, median_and_interval
from eisfit.coating.electrode import line_impedance
from eisfit.coating.film.film import BOLTZMANN_EV, arrhenius

__all__ = [
    "SUPPOSITIONS",
    "Fitted",
    "apparent_energies",
    "best_thickness",
    "depth_scan",
    "spectra",
    "temperature_scan",
    "thickness_scan",
]


SUPPOSITIONS = ("unchanged_kinetics", "film_and_gain", "no_electronic_access", "barrier_only")

_NO_RAIL = 1e-300  # ohm: a flat electrode has no rails, and 0/0 is none

_ENERGIES = {
    "reaction": "electrode.reaction_activation_energy",
    "film": "film.activation_energy",
    "kappa": "electrode.kappa_activation_energy",
    "sigma_s": "electrode.sigma_s_activation_energy",
}


@dataclass(frozen=True)
class Fitted:
    """A model over draws with what the two cells say about it.

    Parameters
    ----------
    model
        See `Model`.
    R_i
        Interface resistance of the bare cell, ohm cm^2.
    f, f_alone
        Gain of activity with the film's electronic access, and without.
    """

    model: Model
    R_i: FloatArray
    f: FloatArray
    f_alone: FloatArray

    @classmethod
    def to(cls, model: Model) -> Fitted:
        """Solve for what the two cells' R_ct say."""
        return cls(model, model.bare_interface(), model.gain(), model.gain(access=False))

    def reaction(self, supposition: str) -> FloatArray:
        """Interface resistance under the film, ohm cm^2."""
        gain = {"film_and_gain": self.f, "no_electronic_access": self.f_alone}.get(supposition)
        return self.R_i if gain is None else self.R_i / gain

    def coated(self, supposition: str, model: Model | None = None) -> FloatArray:
        """R_ct of a coated cell under a supposition, ohm; `model` where something else about it changed."""
        access = supposition in ("unchanged_kinetics", "film_and_gain")
        return (model or self.model).resistance(self.reaction(supposition), crossing=True, access=access)


def thickness_scan(
    fitted: Fitted, low: float = 2e-7, high: float = 40e-7, points: int = 39
) -> list[dict[str, Any]]:
    """R_ct over the film's thickness (cm), its resistivity and conductivity kept, for each supposition."""
    rows = []
    for t in np.linspace(low, high, points):
        film = replace(fitted.model.film, thickness=np.array([t]))
        model = replace(fitted.model, film=film)
        rows.append({"thickness_nm": round(float(t) * 1e7, 6), **_each(partial(fitted.coated, model=model))})
    return rows


def best_thickness(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Where each supposition's median R_ct is lowest within the scan, and whether that is the scan's edge."""
    best: dict[str, Any] = {}
    for name in SUPPOSITIONS:
        values = [row[name]["median"] for row in rows]
        if not np.isfinite(values).all():
            continue
        k = int(np.argmin(values))
        edge = k in (0, len(rows) - 1)
        best[name] = {"thickness_nm": rows[k]["thickness_nm"], "R_ct": values[k], "at_edge": edge}
    return best


def depth_scan(
    fitted: Fitted, factors: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
) -> list[dict[str, Any]]:
    """R_ct of the bare and the coated electrode over the channels' depth, the same projected area, ohm."""
    channels, rows = fitted.model.channels, []
    for factor in factors:
        depth = np.asarray(channels.depth) * factor
        model = replace(fitted.model, channels=replace(channels, depth=depth))
        bare = median_and_interval(model.resistance(fitted.R_i, crossing=False, access=False))
        row = {"depth_um": float(np.median(depth)) * 1e4, "bare": bare}
        rows.append({**row, **_each(partial(fitted.coated, model=model))})
    return rows


def temperature_scan(
    fitted: Fitted, x: Mapping[str, FloatArray], reference: float, low: float = 263.15, high: float = 333.15
) -> list[dict[str, Any]]:
    """R_ct of the bare and the coated electrode over temperature (K); empty without activation energies.

    Needs the activation energies of the reaction, of the film's ionic conductivity, of the electrolyte and of
    the solid; the film's electronic resistivity, metallic, is kept.
    """
    if not all(name in x for name in _ENERGIES.values()):
        return []
    rows = []
    for T in np.linspace(low, high, 15):
        model, warm = _at_temperature(fitted, x, float(T), reference)
        bare = model.resistance(warm.R_i, crossing=False, access=False)
        row = {"temperature_C": round(float(T) - 273.15, 2), "bare": median_and_interval(bare)}
        rows.append({**row, **_each(partial(warm.coated, model=model))})
    return rows


def apparent_energies(
    fitted: Fitted, x: Mapping[str, FloatArray], reference: float
) -> dict[str, dict[str, float]]:
    """Activation energy (eV) that R_ct would show around `reference` (K); empty without the inputs' own.

    A film that only stands in the ions' way mixes its own energy in; rails mix in theirs.
    """
    if not all(name in x for name in _ENERGIES.values()):
        return {}
    logs: dict[str, list[FloatArray]] = {}
    for T in (reference - 5, reference + 5):
        model, warm = _at_temperature(fitted, x, T, reference)
        bare = model.resistance(warm.R_i, crossing=False, access=False)
        for name, value in {"bare": bare, **{s: warm.coated(s, model) for s in SUPPOSITIONS}}.items():
            logs.setdefault(name, []).append(np.log(value))
    per_kelvin = BOLTZMANN_EV / (1 / (reference - 5) - 1 / (reference + 5))
    return {
        name: median_and_interval(np.atleast_1d((cold - hot) * per_kelvin))
        for name, (cold, hot) in logs.items()
    }


def spectra(fitted: Fitted, x: Mapping[str, FloatArray]) -> dict[str, Any]:
    """Return the electrode's own spectrum, bare and coated, at the median inputs; and R(inf) over all draws.

    Without a double-layer capacitance only R(inf), the resistance of the two rails side by side, is given.
    The film's way of showing in it is a firm prediction: where it carries electrons along the wall, R(inf)
    falls.
    """
    model, count = fitted.model, fitted.model.channels.count
    high = {}
    for name, access in (("without_access", False), ("with_access", True)):
        ionic, electronic = model.rails(access=access)
        high[name] = ionic * (electronic / np.maximum(ionic + electronic, _NO_RAIL)) / count
    change = high["with_access"] - high["without_access"]
    document: dict[str, Any] = {
        "high_frequency_resistance": {
            name: median_and_interval(np.atleast_1d(v)) for name, v in high.items()
        },
        "high_frequency_change_by_access": median_and_interval(np.atleast_1d(change)),
    }
    if "electrode.double_layer" in x:
        document["curves"] = _curves(fitted, x)
    return document


def _curves(fitted: Fitted, x: Mapping[str, FloatArray]) -> dict[str, Any]:
    at = {name: np.array([np.median(values)]) for name, values in x.items()}
    model = Model.from_inputs(at, electrons_cross=fitted.model.electrons_cross)
    one = Fitted.to(model)
    alpha = at.get("electrode.alpha", np.ones(1))
    frequency = np.logspace(5, -2, 71)
    cases = {"bare": (one.R_i, False)}
    for name in ("unchanged_kinetics", "film_and_gain", "no_electronic_access"):
        cases[name] = (one.reaction(name) + model.crossing, name != "no_electronic_access")
    curves: dict[str, Any] = {"frequency_Hz": frequency.tolist()}
    for name, (interface, access) in cases.items():
        if not np.isfinite(interface).all():
            continue
        area, count = model.channels.true_area, model.channels.count
        ionic, electronic = model.rails(access=access)
        # A capacitance per area read at 1 rad/s where the interface is a constant phase element.
        Z = line_impedance(
            2 * np.pi * frequency,
            ionic / count,
            electronic / count,
            interface / area,
            at["electrode.double_layer"] * area,
            alpha,
            count * model.channels.top / area,
            count * model.channels.floor / area,
        ).impedance[0]
        apex = float(frequency[np.argmax(-Z.imag)])
        curves[name] = {"Z_real_ohm": Z.real.tolist(), "Z_imag_ohm": Z.imag.tolist(), "apex_Hz": apex}
    return curves


def _at_temperature(
    fitted: Fitted, x: Mapping[str, FloatArray], T: float, reference: float
) -> tuple[Model, Fitted]:
    """Return the electrode at a temperature, and the interface there."""
    speed = {key: arrhenius(1.0, x[name], T, reference) for key, name in _ENERGIES.items()}
    model = fitted.model
    film = replace(model.film, ionic_conductivity=model.film.ionic_conductivity * speed["film"])
    kappa, sigma_s = model.kappa * speed["kappa"], model.sigma_s * speed["sigma_s"]
    return replace(model, film=film, kappa=kappa, sigma_s=sigma_s), replace(
        fitted, R_i=fitted.R_i / speed["reaction"]
    )


def _each(coated: Callable[[str], FloatArray]) -> dict[str, dict[str, float]]:
    return {name: median_and_interval(coated(name)) for name in SUPPOSITIONS}

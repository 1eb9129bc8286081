"""What part of a change of R_ct each property of a film accounts for, draw by draw.

The bare cell's R_ct gives the interface's own resistance R_i, the coated cell's gives the gain f of its
activity. Three factors then stand between the two cells, each on or off: the *ionic crossing* (with the
electrons' way across, t/s_i + rho t), the *electronic access* (the film as a current collector along the
wall, t/rho) and the *intrinsic activity* (f). Their Shapley values (L. S. Shapley, Contributions to the
Theory of Games II (1953) 307) add up to the whole change, and do not depend on an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray
from eisfit.coating.electrode import Channels, interface_resistance, line_resistance
from eisfit.coating.film.film import Film, arrhenius
from eisfit.units import Uncertain, latin_hypercube

__all__ = [
    "FACTORS",
    "Model",
    "draw",
    "median_and_interval",
    "shapley",
    "thinned",
    "unchanged_kinetics_sigma_s",
]


FACTORS = ("ionic_crossing", "electronic_access", "intrinsic_activity")


def draw(inputs: Mapping[str, Uncertain], n: int, seed: int) -> dict[str, FloatArray]:
    """Draw every input `n` times (stratified, repeatable); exact ones stay one number, shape (1,)."""
    unknown = [name for name, value in inputs.items() if not value.exact]
    uniform = latin_hypercube(n, len(unknown), seed)
    drawn = {name: inputs[name].draw(uniform[:, k]) for k, name in enumerate(unknown)}
    return {name: drawn[name] if name in drawn else value.draw([0.5]) for name, value in inputs.items()}


@dataclass(frozen=True)
class Model:
    """A bare and a coated electrode, alike but for the film; every field a number or an array over draws.

    Parameters
    ----------
    channels
        Geometry.
    kappa, sigma_s
        Conductivities of the electrolyte and of the solid, S/cm.
    film
        The coating.
    r_bare, r_coated
        Charge-transfer resistance of the two cells' electrodes, ohm.
    other
        The other electrode's share, already taken off both, ohm.
    electrons_cross
        Whether electrons have to cross the film to react (at its outer face), as ions do.
    """

    channels: Channels
    kappa: FloatArray
    sigma_s: FloatArray
    film: Film
    r_bare: FloatArray
    r_coated: FloatArray
    electrons_cross: bool = True
    other: FloatArray | float = 0.0

    INPUTS: ClassVar[tuple[str, ...]] = (
        "bare.r_ct",
        "coated.r_ct",
        "film.thickness",
        "film.resistivity",
        "film.ionic_conductivity",
        "film.temperature",
        "film.activation_energy",
        "study.temperature",
        *(
            f"electrode.{name}"
            for name in (
                "pitch",
                "depth",
                "mouth_radius",
                "mouth_diameter",
                "floor_radius",
                "floor_diameter",
                "disc_diameter",
                "area",
                "packing",
                "sigma_s",
                "kappa",
                "other_electrode_r_ct",
            )
        ),
    )

    @classmethod
    def from_inputs(cls, x: Mapping[str, FloatArray], *, electrons_cross: bool = True) -> Model:
        """Build the model from drawn inputs, named as `Study.inputs` names them."""
        other = x.get("electrode.other_electrode_r_ct", np.zeros(1))
        channels = Channels(
            pitch=x["electrode.pitch"],
            depth=x["electrode.depth"],
            mouth_radius=_radius(x, "mouth"),
            floor_radius=_radius(x, "floor"),
            area=x["electrode.area"]
            if "electrode.area" in x
            else np.pi / 4 * x["electrode.disc_diameter"] ** 2,
            hexagonal=x["electrode.packing"] > 0.5,
        )
        film = Film(x["film.thickness"], x["film.resistivity"], _ionic_conductivity(x))
        return cls(
            channels,
            x["electrode.kappa"],
            x["electrode.sigma_s"],
            film,
            x["bare.r_ct"] - other,
            x["coated.r_ct"] - other,
            electrons_cross,
            other,
        )

    @property
    def crossing(self) -> FloatArray:
        """What the film adds in series with the reaction, ohm cm^2."""
        return np.asarray(self.film.crossing if self.electrons_cross else self.film.ionic_crossing)

    def rails(self, *, access: bool, sigma_s: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Ionic and electronic rail of a channel, ohm; with `access` the film carries electrons too."""
        solid = self.sigma_s if sigma_s is None else sigma_s
        sheet = self.film.sheet_conductance if access else 0.0
        return self.channels.ionic_rail(self.kappa), self.channels.electronic_rail(solid, sheet)

    def bare_interface(self, sigma_s: FloatArray | None = None) -> FloatArray:
        """R_i: the interface's resistance per true area without a film, ohm cm^2."""
        return interface_resistance(self.channels, *self.rails(access=False, sigma_s=sigma_s), self.r_bare)

    def gain(self, *, access: bool = True, sigma_s: FloatArray | None = None) -> FloatArray:
        """f: how much more active the interface must be than the bare one; NaN where no f will do.

        None will where the film's crossing alone exceeds what the coated cell shows.
        """
        rails = self.rails(access=access, sigma_s=sigma_s)
        reaction = interface_resistance(self.channels, *rails, self.r_coated) - self.crossing
        return np.asarray(self.bare_interface(sigma_s) / np.where(reaction > 0, reaction, np.nan))

    def resistance(self, reaction: FloatArray, *, crossing: bool, access: bool) -> FloatArray:
        """R_ct with `reaction` (ohm cm^2) as the interface, the film's parts on or off, ohm."""
        interface = reaction + self.crossing if crossing else reaction
        return line_resistance(self.channels, *self.rails(access=access), interface)


def thinned(x: Mapping[str, FloatArray], n: int) -> dict[str, FloatArray]:
    """Return the first `n` draws: as random a sample as all, where a scan's medians need no more."""
    return {name: values[:n] for name, values in x.items()}


def shapley(model: Model, R_i: FloatArray, f: FloatArray) -> dict[str, FloatArray]:
    """Shapley values of the three `FACTORS`, ohm; they add up to R_ct coated - R_ct bare in every draw."""
    value = {
        (c, a, k): model.resistance(R_i / f if k else R_i, crossing=bool(c), access=bool(a))
        for c in (0, 1)
        for a in (0, 1)
        for k in (0, 1)
    }
    shares = {}
    for place, name in enumerate(FACTORS):
        total: Any = 0.0
        for others in ((0, 0), (0, 1), (1, 0), (1, 1)):
            on, off = list(others), list(others)
            on.insert(place, 1)
            off.insert(place, 0)
            # Of the 6 orders, 2 have this factor first, 2 last, and 1 each one other before it.
            weight = 1 / 6 if sum(others) == 1 else 1 / 3
            total = total + weight * (value[on[0], on[1], on[2]] - value[off[0], off[1], off[2]])
        shares[name] = np.asarray(total)
    return shares


def unchanged_kinetics_sigma_s(model: Model, *, low: float = 1e-9, high: float = 1e3) -> FloatArray:
    """Conductivity of the solid (S/cm) at which f = 1: no change of kinetics needed; NaN where there is none.

    f rises with sigma_s: the poorer the solid, the more a film that carries electrons helps by itself.
    Bisection in the logarithm, then a straight line, to 1e-6; no f at all counts as too large a one.
    """
    shape = np.shape(model.gain())
    a, b = np.full(shape, np.log(low)), np.full(shape, np.log(high))

    def too_high(x: FloatArray) -> NDArray[np.bool_]:
        return ~np.asarray(model.gain(sigma_s=np.exp(x)) < 1)

    possible = ~too_high(a) & too_high(b) & np.isfinite(model.gain(sigma_s=np.exp(b)))
    for _ in range(15):
        middle = (a + b) / 2
        above = too_high(middle)
        a, b = np.where(above, a, middle), np.where(above, middle, b)
    low_f, high_f = (np.log(model.gain(sigma_s=np.exp(x))) for x in (a, b))
    # Within 1e-3 ln f is straight; where no f is found at the upper end the middle has to do.
    rise = high_f - low_f
    part = np.divide(-low_f, rise, out=np.full(shape, 0.5), where=rise > 0)
    return np.where(possible, np.exp(a + np.clip(part, 0, 1) * (b - a)), np.nan)


def median_and_interval(values: FloatArray) -> dict[str, float]:
    """Median, 2.5 % and 97.5 % quantile of the finite values; NaN where there is none."""
    good = values[np.isfinite(values)]
    if not good.size:
        return dict.fromkeys(("median", "low95", "high95"), float("nan"))
    low, median, high = np.quantile(good, [0.025, 0.5, 0.975])
    return {"median": float(median), "low95": float(low), "high95": float(high)}


def _ionic_conductivity(x: Mapping[str, FloatArray]) -> FloatArray:
    """Return the film's ionic conductivity at the cells' temperature."""
    measured = x["film.ionic_conductivity"]
    if "film.temperature" not in x:
        return measured
    return arrhenius(measured, x["film.activation_energy"], x["study.temperature"], x["film.temperature"])


def _radius(x: Mapping[str, FloatArray], end: str) -> FloatArray:
    name = f"electrode.{end}_radius"
    return x[name] if name in x else x[f"electrode.{end}_diameter"] / 2

"""A study's cells as one problem: each spectrum's quantities are linear in the standardised parameters.

Parameters u are (theta - mean) / sd of Gaussian priors, mostly of logarithms. Everything multiplies (a gain,
a cell's scatter, an Arrhenius factor), so each spectrum has ``local = offset + map @ u`` in logarithms, and
the residuals' derivative is the response's times that map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eisfit.coating.joint.quick_channels import QuickChannels
from eisfit.coating.joint.response import COUNTER_ALPHA, LOCALS, respond
from eisfit.coating.physics import ChannelPlate, Support

__all__ = [
    "HYPOTHESES",
    "INFINITE",
    "Block",
    "Hypothesis",
    "Prior",
    "Problem",
    "activation_energies",
]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_BOLTZMANN_EV = 8.617333262e-5
REFERENCE_K = 298.15
"""Of the priors, K."""
_AT = {name: k for k, name in enumerate(LOCALS)}
_ABSENT = np.log(1e-9)
INFINITE = 1e12  # rad/s: every capacitance is a short


@dataclass(frozen=True)
class Hypothesis:
    """A switch position: which parameters it frees, and whether the film carries electrons along the wall."""

    statement: str
    free: tuple[str, ...] = ()
    access: bool = False


HYPOTHESES: dict[str, Hypothesis] = {
    "barrier_only": Hypothesis("the film only stands in the ions' way"),
    "electronic_access": Hypothesis("the film carries electrons along the wall", access=True),
    "intrinsic_activity": Hypothesis("the film makes the reaction faster or slower", ("f",)),
    "area_gain": Hypothesis("more of the surface takes part", ("g",)),
    "access_and_activity": Hypothesis("the film carries electrons and changes the reaction", ("f",), True),
    "access_and_area": Hypothesis("the film carries electrons and more surface takes part", ("g",), True),
    "native_layer": Hypothesis("the bare cell has a layer that the film replaces", ("native_R", "native_C")),
    "contact": Hypothesis("the bare cell has a poorer contact", ("contact_R", "contact_tau")),
}
_FREED = {name for hypothesis in HYPOTHESES.values() for name in hypothesis.free}


@dataclass(frozen=True)
class Prior:
    """Mean and standard deviation of a parameter (of its logarithm where `log`)."""

    mean: float
    sd: float
    unit: str = "1"
    log: bool = True
    source: str = "default"


@dataclass(frozen=True)
class Block:
    """One cell's data at one condition: a spectrum, or scalars at zero and infinite frequency.

    Parameters
    ----------
    name, cell
        Of the datum and of its cell (with the replicate).
    omega
        (F,) rad/s.
    data
        (N,) real numbers, ohm: real and imaginary parts in turn, or scalars.
    error
        (N,) ohm.
    combine
        (N, F) real weights of Re Z for scalars; None for a spectrum.
    coated, film
        Whether it is, and by which one.
    temperature
        K.
    """

    name: str
    cell: str
    omega: FloatArray
    data: FloatArray
    error: FloatArray
    coated: bool
    film: str | None = None
    temperature: float = REFERENCE_K
    combine: FloatArray | None = None


@dataclass(frozen=True)
class Problem:
    """Blocks of data with the priors of everything unknown.

    Parameters
    ----------
    support
        Geometry of the electrode.
    blocks
        The data.
    priors
        By name.
    ratios
        Published capacitance ratios: (cell, logarithm, its error).
    """

    support: Support
    blocks: tuple[Block, ...]
    priors: Mapping[str, Prior]
    ratios: tuple[tuple[str, float, float], ...] = ()
    conducting: bool = True
    cells: tuple[str, ...] = field(default=())

    def with_blocks(
        self, blocks: Sequence[Block], ratios: Sequence[tuple[str, float, float]] = ()
    ) -> Problem:
        """Return the same cells and priors with other data."""
        return replace(self, blocks=tuple(blocks), ratios=tuple(ratios))

    def finished(self) -> Problem:
        """Return the problem with the support that results are computed from, channels with two modes."""
        plate = self.support
        if not isinstance(plate, QuickChannels):
            return self
        sizes = (plate.pitch, plate.depth, plate.mouth_radius, plate.floor_radius, plate.base)
        return replace(self, support=ChannelPlate(*sizes, hexagonal=plate.hexagonal, modes=2))

    def names(self, hypothesis: Hypothesis) -> tuple[str, ...]:
        """Return the parameters that are free under a hypothesis."""
        return tuple(name for name in self.priors if name not in _FREED or name in hypothesis.free)

    def affine(self, block: Block, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return offset (L,) and map (L, P) from standardised parameters to a block's local quantities."""
        offset, matrix = np.zeros(len(LOCALS)), np.zeros((len(LOCALS), len(names)))
        place = {name: k for k, name in enumerate(names)}
        terms = self._terms(block)
        for local, name, factor in terms:
            if name in place:
                prior = self.priors[name]
                offset[_AT[local]] += factor * prior.mean
                matrix[_AT[local], place[name]] += factor * prior.sd
        here = {name for _, name, _ in terms} & set(names)
        for arc in ("native_R", "contact_R", "counter_R"):
            if arc not in here:
                offset[_AT[arc]], matrix[_AT[arc]] = _ABSENT, 0.0
        return offset, matrix

    def _terms(self, block: Block) -> list[tuple[str, str, float]]:
        """(local, parameter, factor) of what makes up each local quantity."""
        shared = (
            "area",
            "chi",
            "kappa",
            "sigma_s",
            "R_i",
            "Q",
            "W",
            "R_s",
            "alpha",
            "counter_R",
            "counter_tau",
        )
        terms = [(name, name, 1.0) for name in shared]
        for name in ("thickness", "s_i", "resistivity"):
            own = f"{name}:{block.film}"
            terms.append((name, own if own in self.priors else name, 1.0))
        for local, name in (("R_more", "dR_s"), ("R_i", "dR_i"), ("Q", "dQ"), ("counter_R", "dcounter")):
            terms.append((local, f"{name}:{block.cell}", 1.0))
        if block.coated:
            terms += [("R_i", "f", -1.0), ("g", "g", 1.0)]
        else:
            terms += [(n, n, 1.0) for n in ("native_R", "native_C", "contact_R", "contact_tau")]
        hotter = (1 / block.temperature - 1 / REFERENCE_K) / _BOLTZMANN_EV
        if hotter:
            rises = {"R_i": 1, "native_R": 1, "contact_R": 1, "counter_R": 1, "W": 1, "R_s": 1}
            # The counter electrode's CPE stays: its time constant goes with R^(1/alpha).
            terms.append(("counter_tau", "Ea:counter", hotter / COUNTER_ALPHA))
            falls = {"kappa": -1, "sigma_s": -1, "s_i": -1}
            terms += [(n, f"Ea:{_MATERIAL[n]}", s * hotter) for n, s in {**rises, **falls}.items()]
        return terms

    def predict(
        self, block: Block, hypothesis: Hypothesis, names: Sequence[str], u: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return what a block would read, (B, N), and its derivatives (B, N, P) by `u` (B, P)."""
        offset, matrix = self.affine(block, names)
        # Beyond e^40 nothing is physical, and a stray start must not overflow.
        local = np.clip(offset + u @ matrix.T, -60, 40)
        access = block.coated and hypothesis.access and self.conducting
        answer = respond(self.support, block.omega, local, film=block.coated, access=access)
        slope = answer.derivative @ matrix
        if block.combine is not None:
            return answer.impedance.real @ block.combine.T, np.einsum(
                "nf,bfp->bnp", block.combine, slope.real
            )
        B, F = answer.impedance.shape
        values = np.stack([answer.impedance.real, answer.impedance.imag], axis=-1).reshape(B, 2 * F)
        return values, np.stack([slope.real, slope.imag], axis=2).reshape(B, 2 * F, -1)

    def residuals(
        self, hypothesis: Hypothesis, names: Sequence[str], u: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the data's residuals (B, N) in errors, and their derivatives (B, N, P)."""
        rows, slopes = [], []
        for block in self.blocks:
            value, slope = self.predict(block, hypothesis, names, u)
            rows.append((value - block.data) / block.error)
            slopes.append(slope / block.error[:, None])
        for cell, ratio, error in self.ratios:
            factor = np.zeros(len(names))
            for name, sign in (("g", 1.0), (f"dQ:{cell}", 1.0), (f"dQ:{self.cells[0]}", -1.0)):
                if name in names:
                    factor[names.index(name)] += sign * self.priors[name].sd
            shift = self.priors["g"].mean if "g" in names else 0.0
            rows.append((u @ factor + shift - ratio)[:, None] / error)
            slopes.append(np.broadcast_to(factor / error, (u.shape[0], 1, factor.size)))
        return np.concatenate(rows, axis=1), np.concatenate(slopes, axis=1)


_MATERIAL = {
    "R_i": "reaction",
    "native_R": "layer",
    "contact_R": "contact",
    "counter_R": "counter",
    "W": "diffusion",
    "R_s": "series",
    "kappa": "kappa",
    "sigma_s": "sigma_s",
    "s_i": "film",
}

# eV.
_ENERGIES = {
    "reaction": (0.6, 0.05),
    "layer": (0.45, 0.1),
    "film": (0.45, 0.1),
    "contact": (0.0, 0.02),
    "kappa": (0.15, 0.03),
    "sigma_s": (0.2, 0.1),
    "series": (0.15, 0.1),
    "counter": (0.6, 0.1),
    "diffusion": (0.4, 0.15),
}


def activation_energies() -> dict[str, Prior]:
    """Priors of the activation energies, one a material."""
    return {f"Ea:{name}": Prior(mean, sd, "eV", log=False) for name, (mean, sd) in _ENERGIES.items()}

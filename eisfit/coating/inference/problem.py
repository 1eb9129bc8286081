"""A study's cells as one problem: each spectrum's quantities are linear in the standardised parameters.

Parameters u are (theta - mean) / sd of Gaussian priors, mostly of logarithms. Everything multiplies (a gain,
a cell's scatter, an Arrhenius factor), so each spectrum has ``local = offset + map @ u`` in logarithms, and
the residuals' derivative is the response's times that map.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import BoolArray, FloatArray
from eisfit.coating.inference.hypotheses import BARE_ARCS, HYPOTHESES, Hypothesis
from eisfit.coating.physics.cell import Cell, CellImpedance, cell_impedance
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.layers import LayerKind
from eisfit.coating.physics.parameters import COUNTER_ALPHA, INDEX, LINEAR, PARAMETERS
from eisfit.coating.physics.quick_channels import QuickChannels
from eisfit.coating.physics.supports import Support
from eisfit.records import dataclass
from eisfit.units import BOLTZMANN_EV

REFERENCE_K = 298.15
"""Of the priors, K."""
_EXPONENTS = {p.name: p.absent for p in PARAMETERS if p.name.endswith("_alpha")}
"""Of arcs, where no parameter moves them."""
_ABSENT = np.array(
    [-np.inf if p.transform == "log" and p.absent == 0 else _EXPONENTS.get(p.name, 0.0) for p in PARAMETERS]
)
_REPLACED = np.isinf(_ABSENT) | np.array([p.name in _EXPONENTS for p in PARAMETERS])
CHANGED_REACTION = "change:R_i"
"""Of the coated cells, beside a hypothesis that has no gain of the reaction."""
_CHANGES = ("Ea:", "change:", "dT:")
"""Parameters that move a quantity which a cell has, and make none."""
INFINITE = 1e12  # rad/s: every capacitance is a short
MODES = 6
"""Of the solid in the channels' final model: with four, activation energies and alpha are off by a third of
their errors where three temperatures make those small."""
SEARCH_MODES = 3
"""Of the model that leads the search to where the final one ends it."""


_FREED = {name for hypothesis in HYPOTHESES.values() for name in hypothesis.free}


@dataclass(frozen=True)
class Prior:
    """Mean and standard deviation of a parameter (of its logarithm where `log`)."""

    mean: float
    sd: float
    unit: str = "1"
    log: bool = True
    source: str = "default"

    def value(self, u: ArrayLike) -> FloatArray:
        """Return the parameter where it stands u standard deviations from its mean."""
        found = self.mean + self.sd * np.asarray(u)
        return np.asarray(np.exp(found) if self.log else found)


ARC_ALPHA = Prior(0.92, 0.06, log=False)
"""Exponent of the arc of a layer, a film or a contact: 0.8 of surface layers, 1 of a film alike all over."""

UNITY = Prior(1.0, 3e-3, log=False)
"""Share of a film for which something holds that holds for all of it or none."""


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
    breaks
        Where a spectrum breaks Kramers-Kronig, in words; empty where it does not.
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
    breaks: str = ""

    @property
    def arrhenius_factor(self) -> float:
        """By which an activation energy, eV, moves the logarithm of a resistance from the reference."""
        return (1 / self.temperature - 1 / REFERENCE_K) / BOLTZMANN_EV


@dataclass(frozen=True)
class Departure:
    """What some cells may have, or how they may differ from the others, beyond what every hypothesis holds.

    Parameters
    ----------
    priors
        Of its parameters.
    terms
        (quantity of the cell, parameter, factor): by how much the parameter moves the quantity's coordinate.
    cells
        Which it is about: "bare", "coated" or "all".
    """

    priors: Mapping[str, Prior]
    terms: tuple[tuple[str, str, float], ...]
    cells: str = "coated"

    def of(self, block: Block) -> bool:
        """Return whether a block's cell is meant."""
        return self.cells in {"all", "coated" if block.coated else "bare"}


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
    film
        Kind of the films.
    cells
        Names, the first bare.
    departures
        What is tried beyond the hypotheses; hypotheses of a table of their own free their parameters.
    electrodes
        Alike in series: 2 in a symmetric cell.
    true_area
        About what the interface of one electrode, or of all in series, has, cm^2.
    """

    support: Support
    blocks: tuple[Block, ...]
    priors: Mapping[str, Prior]
    ratios: tuple[tuple[str, float, float], ...] = ()
    film: LayerKind = "mixed"
    cells: tuple[str, ...] = field(default=())
    departures: tuple[Departure, ...] = ()
    electrodes: int = 1
    true_area: float = 1.0

    def with_blocks(
        self, blocks: Sequence[Block], ratios: Sequence[tuple[str, float, float]] = ()
    ) -> Problem:
        """Return the same cells and priors with other data."""
        return replace(self, blocks=tuple(blocks), ratios=tuple(ratios))

    def finish(self, modes: int = MODES, *, slopes: bool = True) -> Problem:
        """Return the problem with the support that results are computed from, channels with their modes.

        Published scalars are weighed by draws of the quick model. Without `slopes` the channels have no
        derivatives, and take half the time.
        """
        plate = self.support
        if self.scalar or not isinstance(plate, QuickChannels):
            return self
        sizes = (plate.pitch, plate.depth, plate.mouth_radius, plate.floor_radius, plate.base)
        finer = ChannelPlate(*sizes, hexagonal=plate.hexagonal, modes=modes, slopes=slopes, sampled=True)
        return replace(self, support=finer)

    def names(self, hypothesis: Hypothesis) -> tuple[str, ...]:
        """Return the parameters that are free under a hypothesis and touch any of the data."""
        return tuple(name for name in self._touching if name not in self._switched or name in hypothesis.free)

    @cached_property
    def _touching(self) -> tuple[str, ...]:
        touched = {name for block in self.blocks for _, name, _ in self._terms(block)}
        return tuple(name for name in self.priors if name in touched)

    @cached_property
    def _switched(self) -> frozenset[str]:
        return frozenset(_FREED).union(*(departure.priors for departure in self.departures))

    @property
    def scalar(self) -> bool:
        """Whether published scalars are the data."""
        return self.blocks[0].combine is not None

    @property
    def pair(self) -> tuple[Block, Block]:
        """A bare block and one with the first film, of like temperatures if there are, nearest to 25 degC."""
        first = next(b.film for b in self.blocks if b.coated)
        bare, coated = ([b for b in self.blocks if b.film == film] for film in (None, first))
        return min(itertools.product(bare, coated), key=_describe_gap)

    @property
    def isothermal(self) -> tuple[Block, Block]:
        """The pair, both at the bare one's temperature: what it lacks is not held against the film."""
        bare, coated = self.pair
        return bare, replace(coated, temperature=bare.temperature)

    def affine(self, block: Block, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return offset (L,) and map (L, P) from standardised parameters to a block's coordinates."""
        offsets, maps = self.affines(block, names, np.ones((1, len(names)), dtype=bool))
        return offsets[0], maps[0]

    def affines(self, block: Block, names: Sequence[str], free: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Return the same, offsets (H, L) and maps (H, L, P), where (H, P) of the parameters are free.

        A quantity that a cell does not have is absent: what only changes it (with temperature, say) leaves
        it so. The exponent of an arc stands in place of what it is where nothing moves it.
        """
        place = {name: k for k, name in enumerate(names)}
        means, slopes = np.zeros((2, len(PARAMETERS), len(names)))
        makes = np.zeros(means.shape, dtype=bool)
        for local, name, factor in self._terms(block):
            if name in place:
                prior, at = self.priors[name], (INDEX[local], place[name])
                means[at] += factor * prior.mean
                slopes[at] += factor * prior.sd
                makes[at] |= not name.startswith(_CHANGES)
        made = (free[:, None] & makes).any(axis=2)
        offsets = np.where(made & _REPLACED, 0.0, _ABSENT)
        here = np.isfinite(offsets)
        offsets = offsets + np.where(here, (free[:, None] * means).sum(axis=2), 0.0)
        return offsets, free[:, None] * slopes * here[..., None]

    def compute_shifts(
        self, block: Block, chosen: Sequence[str], names: Sequence[str], u: FloatArray
    ) -> FloatArray:
        """Return what `chosen` ones of the parameters add to a block's coordinates, (n, L), for u (n, P)."""
        found = np.zeros((len(u), len(PARAMETERS)))
        for local, name, factor in self._terms(block):
            if name in chosen and name in names:
                prior = self.priors[name]
                found[:, INDEX[local]] += factor * (prior.mean + prior.sd * u[:, names.index(name)])
        return found

    def _terms(self, block: Block) -> list[tuple[str, str, float]]:
        """(local, parameter, factor) of what makes up each local quantity."""
        terms = [(name, name, 1.0) for name in _SHARED]
        for name in ("thickness", "s_i", "resistivity", "chi"):
            own = f"{name}:{block.film}"
            terms.append((name, own if own in self.priors else name, 1.0))
        terms += self._scale_capacitance(block)
        for local, name in _DIFFER:
            terms.append((local, f"{name}:{block.cell}", 1.0))
        if "counter_R" in self.priors:
            terms.append(("counter_R", f"dcounter:{block.cell}", 1.0))
            follows = (f"{name}:{block.cell}" for name in ("dcounter", "dcounter_Q"))
            terms += [("counter_tau", name, 1 / COUNTER_ALPHA) for name in follows]
        if block.coated:
            terms += [("R_i", "f", -1.0), ("g", "g", 1.0)]
            terms += [(name, name, 1.0) for name in ("behind", "shorted")]
            terms += [("film_alpha", "film_alpha", 1.0)] * (self.film == "dielectric")
        else:
            terms += [(name, name, 1.0) for arc in BARE_ARCS.values() for name in arc]
        hotter = block.arrhenius_factor
        if hotter:
            # The counter electrode's CPE stays: its time constant goes with R^(1/alpha).
            terms.append(("counter_tau", "Ea:counter", hotter / COUNTER_ALPHA))
            terms += [(name, f"Ea:{material}", sign * hotter) for name, (material, sign) in _WARMED.items()]
            terms += [("R_i", "Ea:gain", hotter)] * block.coated
        if f"dT:{block.name}" in self.priors:
            terms += list_warming(f"dT:{block.name}", self.priors, block.temperature)
        terms += [term for departure in self.departures if departure.of(block) for term in departure.terms]
        return terms

    def _scale_capacitance(self, block: Block) -> list[tuple[str, str, float]]:
        """Return the terms of a further film's capacitance, by its thickness over the first one's.

        What a mixed conductor stores grows with its volume; what an insulator holds falls with its thickness.
        """
        first = next((name for name in self.priors if name.startswith("thickness:")), "")
        own = f"thickness:{block.film}"
        if block.film is None or own == first:
            return []
        power = -1.0 if self.film == "dielectric" else 1.0
        return [("chi", own, power), ("chi", first, -power)]

    def ratio_slopes(self, cell: str, names: Sequence[str]) -> tuple[FloatArray, float]:
        """Return slopes (P,) and offset of the logarithm of a cell's capacitance over the bare one's."""
        factor = np.zeros(len(names))
        for name, sign in (("g", 1.0), (f"dQ:{cell}", 1.0), (f"dQ:{self.cells[0]}", -1.0)):
            if name in names:
                factor[names.index(name)] += sign * self.priors[name].sd
        return factor, self.priors["g"].mean if "g" in names else 0.0

    def compute_impedance(
        self, hypothesis: Hypothesis, block: Block, local: FloatArray, omega: FloatArray | None = None
    ) -> CellImpedance:
        """Return the impedance of a block's cell for coordinates (B, L), at its own frequencies or others."""
        access = block.coated and hypothesis.access and self.film == "mixed"
        cell = Cell(self.support, self.film if block.coated else None, access)
        return cell_impedance(cell, clip_coordinates(local), block.omega if omega is None else omega)

    def predict(
        self, block: Block, hypothesis: Hypothesis, names: Sequence[str], u: FloatArray
    ) -> FloatArray:
        """Return what a block would read, (B, N), for standardised parameters (B, P)."""
        offset, matrix = self.affine(block, names)
        Z = self.compute_impedance(hypothesis, block, offset + u @ matrix.T).impedance
        return Z.real @ block.combine.T if block.combine is not None else Z.view(np.float64)


def _describe_gap(pair: tuple[Block, Block]) -> tuple[float, float]:
    """Return how far two blocks' temperatures lie apart, if more than a kelvin, and from the reference."""
    gap = abs(pair[0].temperature - pair[1].temperature)
    return gap if gap >= 1 else 0.0, abs(pair[0].temperature - REFERENCE_K)


def clip_coordinates(local: FloatArray) -> FloatArray:
    """Keep coordinates within e^40, beyond which nothing is physical but a stray start may come."""
    absent = np.isinf(local)
    return np.where(absent | LINEAR, local, np.clip(np.where(absent, 0.0, local), -60.0, 40.0))


_SHARED = (
    "area", "kappa", "sigma_s", "R_i", "Q", "W", "tau_d", "R_s", "alpha", "counter_R", "counter_tau",
    "counter_alpha", "leads",
)  # fmt: skip
# Which quantity a cell's own scatter moves.
_DIFFER = (("R_more", "dR_s"), ("R_s", "dR_ionic"), ("R_i", "dR_i"), ("Q", "dQ"), ("W", "dW"))
# Material whose activation energy counts, and whether the quantity falls (1) or rises with temperature.
_WARMED = {
    "R_i": ("reaction", 1),
    "native_R": ("layer", 1),
    "contact_R": ("contact", 1),
    "counter_R": ("counter", 1),
    "W": ("diffusion", 1),
    "R_s": ("series", 1),
    "kappa": ("kappa", -1),
    "sigma_s": ("sigma_s", -1),
    "s_i": ("film", -1),
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
    "gain": (0.0, 0.05),  # by which the film changes the reaction's
}


def make_energy_priors() -> dict[str, Prior]:
    """Priors of the activation energies, one a material."""
    return {f"Ea:{name}": Prior(mean, sd, "eV", log=False) for name, (mean, sd) in _ENERGIES.items()}


def compute_warming(name: str, temperature: float) -> float:
    """Return what a bare cell's own size changes by from the reference to a temperature, K; logarithm."""
    material, alpha = ("counter", COUNTER_ALPHA) if name == "counter_tau" else (_WARMED[name][0], 1.0)
    return _ENERGIES[material][0] / alpha * (1 / temperature - 1 / REFERENCE_K) / BOLTZMANN_EV


def list_warming(
    parameter: str, priors: Mapping[str, Prior], kelvin: float = REFERENCE_K
) -> tuple[tuple[str, str, float], ...]:
    """Return the terms of a parameter that is a change of temperature, K, about one of `kelvin`.

    Activation energies are the means of `priors`, what a study states of its film among them.
    """
    energies = {name: prior.mean for name, prior in ({**make_energy_priors(), **priors}).items()}
    each = 1 / (BOLTZMANN_EV * kelvin**2)
    terms = [(n, parameter, -energies[f"Ea:{part}"] * sign * each) for n, (part, sign) in _WARMED.items()]
    return (*terms, ("counter_tau", parameter, -energies["Ea:counter"] * each / COUNTER_ALPHA))

"""A study's cells as one problem: every spectrum's local quantities are linear in the standardised parameters.

Parameters u are (theta - mean) / sd of Gaussian priors, mostly of logarithms. Everything multiplies (a gain, a
cell's scatter, an Arrhenius factor), so each spectrum has ``local = offset + map @ u`` in logarithms, and the
residuals' derivative is the response's times that map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.coating.joint.response import LOCALS, Geometry, respond
from eisfit.coating.joint.study import Cell, JointStudy
from eisfit.units import Uncertain

__all__ = ["HYPOTHESES", "INFINITE", "Block", "Hypothesis", "Prior", "Problem", "activation_energies", "problem_of"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_BOLTZMANN_EV = 8.617333262e-5
_REFERENCE_K = 298.15
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
    temperature: float = _REFERENCE_K
    combine: FloatArray | None = None


@dataclass(frozen=True)
class Problem:
    """Blocks of data with the priors of everything unknown.

    Parameters
    ----------
    geometry
        Of the electrode.
    blocks
        The data.
    priors
        By name.
    ratios
        Published capacitance ratios: (cell, logarithm, its error).
    """

    geometry: Geometry
    blocks: tuple[Block, ...]
    priors: Mapping[str, Prior]
    ratios: tuple[tuple[str, float, float], ...] = ()
    conducting: bool = True
    cells: tuple[str, ...] = field(default=())

    def with_blocks(self, blocks: Sequence[Block], ratios: Sequence[tuple[str, float, float]] = ()) -> Problem:
        """Return the same cells and priors with other data."""
        return replace(self, blocks=tuple(blocks), ratios=tuple(ratios))

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
        shared = ("area", "chi", "kappa", "sigma_s", "R_i", "Q", "W", "R_s", "alpha", "counter_R", "counter_tau")
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
        hotter = (1 / block.temperature - 1 / _REFERENCE_K) / _BOLTZMANN_EV
        if hotter:
            rises = {"R_i": 1, "native_R": 1, "contact_R": 1, "counter_R": 1, "W": 1, "R_s": 1}
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
        answer = respond(self.geometry, block.omega, local, film=block.coated, access=access)
        slope = answer.derivative @ matrix
        if block.combine is not None:
            return answer.impedance.real @ block.combine.T, np.einsum("nf,bfp->bnp", block.combine, slope.real)
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
    "R_s": "kappa",
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
    "counter": (0.6, 0.1),
    "diffusion": (0.4, 0.15),
}


def activation_energies() -> dict[str, Prior]:
    """Priors of the activation energies, one a material."""
    return {f"Ea:{name}": Prior(mean, sd, "eV", log=False) for name, (mean, sd) in _ENERGIES.items()}


def problem_of(study: JointStudy) -> Problem:
    """Return the problem of a study, its spectra read and its priors centred on the bare cell's size."""
    file, support = study.file, study.file.support
    blocks, ratios = _blocks(study)
    geometry = _geometry(study)
    cells = tuple(dict.fromkeys(block.cell for block in blocks))
    bare = next(block for block in blocks if not block.coated)
    priors = {**_scales(bare, support.area.median * geometry.roughness), **_given(study)}
    if file.counter.kind == "half":
        priors.pop("counter_R")
    scatter, half = file.scatter, 1 / np.sqrt(2)
    for cell in cells:
        priors[f"dR_s:{cell}"] = Prior(0.0, scatter.r_s.median * half, "ohm", log=False, source="scatter")
        for name, size in (("R_i", scatter.r_i), ("Q", scatter.q), ("counter", scatter.counter)):
            priors[f"d{name}:{cell}"] = Prior(0.0, size.median * half, source="scatter")
    if any(block.temperature != _REFERENCE_K for block in blocks):
        priors |= activation_energies()
    conducting = file.film[0].resistivity is not None
    return Problem(geometry, blocks, priors, ratios, conducting, cells)


def _geometry(study: JointStudy) -> Geometry:
    support = study.file.support
    if support.kind == "flat":
        return Geometry()
    numbers = [getattr(support, k) for k in ("depth", "pitch", "mouth_diameter", "floor_diameter", "base")]
    depth, pitch, mouth, floor, base = (value.median for value in numbers)
    return Geometry(depth, pitch, mouth / 2, floor / 2, base, support.packing == "hexagonal")


def _given(study: JointStudy) -> dict[str, Prior]:
    support, first = study.file.support, study.file.film[0]
    given = {"area": _log_prior(support.area)}
    for name in ("kappa", "sigma_s"):
        value = getattr(support, name)
        given[name] = _log_prior(value) if value is not None else Prior(0.0, 1e-6)
    for film in study.file.film:
        given[f"thickness:{film.name}"] = _log_prior(film.thickness)
        for name, value in (("s_i", film.ionic_conductivity), ("resistivity", film.resistivity)):
            if value is not None and film is not first:
                given[f"{name}:{film.name}"] = _log_prior(value)
    assert first.ionic_conductivity is not None  # validated
    given["s_i"] = _log_prior(first.ionic_conductivity)
    given["resistivity"] = (
        _log_prior(first.resistivity) if first.resistivity else Prior(np.log(1e-3), 1e-6, "ohm*cm")
    )
    if study.file.counter.resistance is not None and study.file.counter.resistance.median > 0:
        given["counter_R"] = _log_prior(study.file.counter.resistance)
    return given


def _log_prior(value: Uncertain) -> Prior:
    """A Gaussian in the logarithm with the same central 68 %; a spread below 0.3 % is taken as that."""
    low, high = np.log(value.draw(np.array([0.1587, 0.8413])))
    return Prior((low + high) / 2, max(float(high - low) / 2, 3e-3), value.unit, source=value.source or "study")


def _scales(bare: Block, true_area: float) -> dict[str, Prior]:
    """Priors of what no study gives, centred on the bare cell's own size: wide, the same for every hypothesis."""
    if bare.combine is None:
        Z = bare.data.reshape(-1, 2)
        real, minus = Z[:, 0], -Z[:, 1]
        start = max(float(real[np.argmax(bare.omega)]), 1e-6)
        slow = bare.omega < 2 * np.pi * 3
        tail = int(np.argmin(np.where(slow, minus, np.inf))) if slow.any() else int(np.argmin(bare.omega))
        span = max(float(real[tail]) - start, 1e-3)
        body = bare.omega > 2 * bare.omega[tail]
        peak = float(bare.omega[body][np.argmax(minus[body])]) if body.any() else 1e3
        last = int(np.argmin(bare.omega))
        warburg = max(minus[last] * np.sqrt(bare.omega[last]), 1e-3 * span)
    else:
        span, start, peak, warburg = float(bare.data[0]), 0.1 * float(bare.data[0]), 1e3, 0.05 * bare.data[0]
    log = np.log
    return {
        "R_i": Prior(log(0.8 * span * true_area), 0.7, "ohm*cm^2", source="size of the bare cell"),
        "Q": Prior(log(1.5 / (peak**0.88 * span * true_area)), 0.8, "S*s^alpha/cm^2", source="size of the bare cell"),
        "alpha": Prior(0.88, 0.05, log=False),
        "W": Prior(log(warburg * true_area), 0.8, "ohm*cm^2/s^0.5", source="size of the bare cell"),
        "R_s": Prior(log(start), 0.5, "ohm", source="size of the bare cell"),
        "counter_R": Prior(log(0.08 * span), 0.7, "ohm", source="default: 4 to 16 % of the bare cell"),
        "counter_tau": Prior(log(0.2 / peak), 1.2, "s"),
        "chi": Prior(log(1e-4), 2.0, "F/cm^2"),
        "f": Prior(0.0, 0.9),
        "g": Prior(0.35, 0.2),
        "native_R": Prior(log(7.0), 1.0, "ohm*cm^2"),
        "native_C": Prior(log(2e-6), 0.8, "F/cm^2"),
        "contact_R": Prior(log(4.5), 0.75, "ohm"),
        "contact_tau": Prior(-log(2 * np.pi * 1e4), 1.15, "s"),
    }


def _blocks(study: JointStudy) -> tuple[tuple[Block, ...], tuple[tuple[str, float, float], ...]]:
    blocks: list[Block] = []
    ratios: list[tuple[str, float, float]] = []
    for cell in study.file.cell:
        if not cell.spectra:
            blocks.append(_scalars(cell))
            if cell.c_ratio is not None:
                ratio = _log_prior(cell.c_ratio)
                ratios.append((cell.name, ratio.mean, ratio.sd))
        for entry in cell.spectra:
            spectrum = study.read(entry.file)
            noise = study.file.noise.median if study.file.noise is not None else _noise(spectrum)
            data = np.ascontiguousarray(spectrum.impedance).view(np.float64)
            name = cell.name if all(e.replicate == 1 for e in cell.spectra) else f"{cell.name} {entry.replicate}"
            blocks.append(
                Block(
                    entry.file,
                    name,
                    spectrum.omega,
                    data,
                    np.repeat(noise * np.abs(spectrum.impedance), 2),
                    cell.coated_by is not None,
                    cell.coated_by,
                    entry.temperature.median,
                )
            )
    return tuple(sorted(blocks, key=lambda block: block.coated)), tuple(ratios)


def _scalars(cell: Cell) -> Block:
    values = [(cell.r_ct, (1.0, -1.0)), (cell.r_hf, (0.0, 1.0))]
    rows = [(v, w) for v, w in values if v is not None]
    data = np.array([v.median for v, _ in rows])
    # A published number without an error is known to its last digit at best: 0.5 % is taken.
    error = np.array([max(v.b if v.kind == "normal" else 0.0, 0.005 * v.median) for v, _ in rows])
    weights = np.array([w for _, w in rows])
    omega = np.array([0.0, INFINITE])
    return Block(
        cell.name, cell.name, omega, data, error, cell.coated_by is not None, cell.coated_by, combine=weights
    )


def _noise(spectrum: Any) -> float:
    """Relative error of a point: the noise seen, and at least 0.2 %, which no instrument's accuracy beats."""
    from eisfit.spectra.noise import attainable_chisqr, weights

    chisqr = attainable_chisqr(spectrum, weights(spectrum))
    return max(float(np.sqrt(chisqr / (2 * spectrum.points))), 2e-3)


"""The problem of a study: spectra read, values as Gaussians of logarithms, the rest centred on their size."""

from __future__ import annotations

from typing import Any

import numpy as np

from eisfit.coating.joint.problem import (
    INFINITE,
    REFERENCE_K,
    Block,
    Prior,
    Problem,
    activation_energies,
)
from eisfit.coating.joint.quick_channels import QuickChannels
from eisfit.coating.joint.study import Cell, JointStudy
from eisfit.coating.physics import Flat, Support
from eisfit.units import Uncertain

__all__ = ["problem_of"]


def problem_of(study: JointStudy) -> Problem:
    """Return the problem of a study, its spectra read and its priors centred on the bare cell's size."""
    file, support = study.file, study.file.support
    blocks, ratios = _blocks(study)
    quick, roughness = _support(study)
    cells = tuple(dict.fromkeys(block.cell for block in blocks))
    bare = next(block for block in blocks if not block.coated)
    priors = {**_scales(bare, support.area.median * roughness), **_given(study)}
    if file.counter.kind == "half":
        priors.pop("counter_R")
    scatter, half = file.scatter, 1 / np.sqrt(2)
    for cell in cells:
        priors[f"dR_s:{cell}"] = Prior(0.0, scatter.r_s.median * half, "ohm", log=False, source="scatter")
        for name, size in (("R_i", scatter.r_i), ("Q", scatter.q), ("counter", scatter.counter)):
            priors[f"d{name}:{cell}"] = Prior(0.0, size.median * half, source="scatter")
    if any(block.temperature != REFERENCE_K for block in blocks):
        priors |= activation_energies()
    conducting = file.film[0].resistivity is not None
    return Problem(quick, blocks, priors, ratios, conducting, cells)


def _support(study: JointStudy) -> tuple[Support, float]:
    """Return the support that a search uses, and true over projected area."""
    table = study.file.support
    if table.kind == "flat":
        return Flat(), 1.0
    numbers = [getattr(table, k) for k in ("pitch", "depth", "mouth_diameter", "floor_diameter", "base")]
    pitch, depth, mouth, floor, base = (value.median for value in numbers)
    plate = QuickChannels(pitch, depth, mouth / 2, floor / 2, base, table.packing == "hexagonal")
    return plate, (plate.wall + plate.cell - np.pi * (mouth**2 - floor**2) / 4) / plate.cell


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
    """Return a Gaussian in the logarithm with the same central 68 %, and a spread of 0.3 % at least."""
    low, high = np.log(value.draw(np.array([0.1587, 0.8413])))
    return Prior(
        (low + high) / 2, max(float(high - low) / 2, 3e-3), value.unit, source=value.source or "study"
    )


def _scales(bare: Block, true_area: float) -> dict[str, Prior]:
    """Priors of what no study gives: centred on the bare cell's own size, wide, the same for all."""
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
        warburg = max(np.sqrt(2) * minus[last] * np.sqrt(bare.omega[last]), 1e-3 * span)
    else:
        span, start, peak, warburg = float(bare.data[0]), 0.1 * float(bare.data[0]), 1e3, 0.05 * bare.data[0]
    log = np.log
    return {
        "R_i": Prior(log(0.8 * span * true_area), 0.7, "ohm*cm^2", source="size of the bare cell"),
        "Q": Prior(
            log(1.5 / (peak**0.88 * span * true_area)), 0.8, "S*s^alpha/cm^2", source="size of the bare cell"
        ),
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
            name = (
                cell.name if all(e.replicate == 1 for e in cell.spectra) else f"{cell.name} {entry.replicate}"
            )
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

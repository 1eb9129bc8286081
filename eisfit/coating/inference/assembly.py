"""The problem of a study: spectra read, values as Gaussians of logarithms, the rest centred on their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.coating.film.film import EPSILON_0
from eisfit.coating.film.tables import FilmTable
from eisfit.coating.inference.problem import (
    ARC_ALPHA,
    INFINITE,
    REFERENCE_K,
    UNITY,
    Block,
    Prior,
    Problem,
    compute_warming,
    make_energy_priors,
)
from eisfit.coating.physics.layers import LayerKind
from eisfit.coating.physics.parameters import COUNTER_ALPHA
from eisfit.coating.physics.quick_channels import QuickChannels
from eisfit.coating.physics.supports import Flat, Particles, Pellet, Porous, Support
from eisfit.coating.study import Cell, Study
from eisfit.errors import SpectrumError
from eisfit.rounding import hertz_range
from eisfit.units import BOLTZMANN_EV, Uncertain

_CENTRAL = np.array([0.1587, 0.8413])  # 68 % of a normal distribution
_ARCS = ("native_alpha", "contact_alpha", "film_alpha", "counter_alpha")
LAST_DIGIT = 0.005  # relative error of a published number that comes without one
# The electrode has a high-frequency end of its own: what is left for R_s may be a tenth of the start.
_START_OVER_R_S = 3.0
_SEEN = 3.0  # errors of a point: an imaginary part below is none to be seen


def build_problem(study: Study) -> Problem:
    """Return the problem of a study, its spectra read and its priors centred on the bare cell's size."""
    file, support = study.file, study.file.support
    blocks, ratios = _read_blocks(study)
    quick, roughness = _make_support(study)
    cells = tuple(dict.fromkeys(block.cell for block in blocks))
    electrodes = 2 if file.counter.kind == "symmetric" else 1  # alike in series
    bare = min((b for b in blocks if not b.coated), key=lambda b: abs(b.temperature - REFERENCE_K))
    true_area = support.area.median * roughness / electrodes
    priors = {**make_size_priors(bare, true_area), **_read_priors(study)}
    if not quick.particles:
        priors.pop("tau_d")
    if all(block.combine is not None for block in blocks):
        priors = {n: p for n, p in priors.items() if n not in _ARCS}  # resistances tell nothing of these
    if not file.counter.seen:
        priors = {name: prior for name, prior in priors.items() if not name.startswith("counter")}
    priors["area"] = replace(priors["area"], mean=priors["area"].mean - np.log(electrodes))
    priors |= _make_scatter_priors(study, priors, blocks)
    if any(block.temperature != REFERENCE_K for block in blocks):
        priors = {**make_energy_priors(), **priors}
        if len({block.temperature for block in blocks if block.coated}) == 1:
            priors.pop("Ea:gain")  # at one temperature it is part of the gain
    priors |= _read_temperatures(study)
    return Problem(quick, blocks, priors, ratios, _find_kind(file.film[0]), cells, (), electrodes, true_area)


def _make_scatter_priors(
    study: Study, priors: Mapping[str, Prior], blocks: Sequence[Block]
) -> dict[str, Prior]:
    """Return priors of what each cell has beyond cells alike.

    Where a cell is measured at several temperatures one half of the series resistance's variance is a
    contact's, which they leave as it is, the other an electrolyte's, which goes with all of that resistance.
    """
    file, half = study.file, 1 / np.sqrt(2)
    scatter, warmed = file.scatter, len({block.temperature for block in blocks}) > 1
    ohmic = scatter.r_s.median * half * (half if warmed else 1.0)
    relative = [("R_i", scatter.r_i.median), ("Q", scatter.q.median)]
    relative += [("W", scatter.w.median)] * any(block.combine is None for block in blocks)
    relative += [("counter", scatter.counter.median)] * file.counter.seen
    relative += [("counter_Q", scatter.q.median)] * ("counter_alpha" in priors)
    if warmed:
        stated, start = file.series.resistance, _START_OVER_R_S * float(np.exp(priors["R_s"].mean))
        relative.append(("R_ionic", scatter.r_s.median * half / (start if stated is None else stated.median)))
    given = {}
    for cell in dict.fromkeys(block.cell for block in blocks):
        given[f"dR_s:{cell}"] = Prior(0.0, ohmic, "ohm", log=False, source="scatter")
        given |= {f"d{name}:{cell}": Prior(0.0, size * half, source="scatter") for name, size in relative}
    return given


def _find_kind(film: FilmTable) -> LayerKind:
    """Return the kind: a film with a resistivity carries electrons too; one without is an insulator."""
    return "dielectric" if film.resistivity is None else "mixed"


def _make_support(study: Study) -> tuple[Support, float]:
    """Return the support that a search uses, and true over projected area."""
    table = study.file.support
    if table.kind == "flat":
        return Flat(), 1.0
    if table.kind == "pellet":
        contact, spot = (_get_median(table.contact, 1.0), table.spot_radius)
        return Pellet(_get_median(table.thickness), contact, spot.median if spot else None), contact
    if table.kind != "channels":
        build = Porous if table.kind == "porous" else Particles
        support = build(
            _get_median(table.thickness),
            _get_median(table.porosity),
            _get_median(table.tortuosity),
            _get_median(table.area_density),
            percolation=_get_median(table.percolation, 2 / 3),
        )
        return support, support.thickness * support.area_density
    sizes = (table.pitch, table.depth, table.mouth_diameter, table.floor_diameter, table.base)
    pitch, depth, mouth, floor, base = (_get_median(value) for value in sizes)
    plate = QuickChannels(pitch, depth, mouth / 2, floor / 2, base, table.packing == "hexagonal")
    return plate, plate.roughness


def _get_median(value: Uncertain | None, otherwise: float = np.nan) -> float:
    return otherwise if value is None else value.median


def _read_priors(study: Study) -> dict[str, Prior]:
    support = study.file.support
    given = {"area": _log_prior(support.area)}
    for name in ("kappa", "sigma_s"):
        value = getattr(support, name)
        if value is not None:
            given[name] = _log_prior(value)
    given |= _read_films(study.file.film)
    if study.file.counter.resistance is not None and study.file.counter.seen:
        given["counter_R"] = _log_prior(study.file.counter.resistance)
    own = {"native_R": study.file.layer.resistance, "native_C": study.file.layer.capacitance}
    given |= {name: _log_prior(value) for name, value in own.items() if value is not None}
    if study.file.series.resistance is not None:
        given["R_s"] = _log_prior(study.file.series.resistance)
    inductance = study.file.series.inductance
    if inductance is not None and any(cell.spectra for cell in study.file.cell):
        given["leads"] = _linear_prior(inductance, 1e-9)
    return given


def _read_temperatures(study: Study) -> dict[str, Prior]:
    """Return priors of what spectra's temperatures are beyond those stated.

    Of a cell at one temperature what is not stated is in the scatter between cells.
    """
    entries = [(cell.label(entry), entry) for cell in study.file.cell for entry in cell.spectra]
    met = {(label, entry.temperature.median) for label, entry in entries}
    count = Counter(label for label, _ in met)
    given = {}
    for label, entry in entries:
        stated = float(np.ptp(entry.temperature.draw(_CENTRAL))) / 2
        spread = stated or (study.file.scatter.temperature.median if count[label] > 1 else 0.0)
        if spread:
            given[f"dT:{entry.file}"] = Prior(0.0, spread, "K", log=False, source="study")
    return given


def _read_films(films: Sequence[FilmTable]) -> dict[str, Prior]:
    """Return priors of the films; a further one has the first one's value of what it does not state."""
    first, given = films[0], {}
    for film in films:
        own = "" if film is first else f":{film.name}"
        given[f"thickness:{film.name}"] = _log_prior(film.thickness)
        if film.ionic_conductivity is not None:
            given[f"s_i{own}"] = _move_to_reference(film)
        if film.resistivity is not None:
            given[f"resistivity{own}"] = _log_prior(film.resistivity)
    if first.resistivity is None:  # permittivity of 20, within a factor of two
        given["chi"] = Prior(np.log(20 * EPSILON_0 / first.thickness.median), 0.7, "F/cm^2", source="default")
    if first.double_layer == "on":
        given["behind"] = replace(UNITY, source="study")
    if first.electrons == "shorted":
        given["shorted"] = replace(UNITY, source="study")
    if first.activation_energy is not None:
        given["Ea:film"] = _linear_prior(first.activation_energy, 1e-3)
    return given


def _move_to_reference(film: FilmTable) -> Prior:
    """Prior of a film's ionic conductivity at the reference temperature."""
    assert film.ionic_conductivity is not None  # the caller looks
    prior = _log_prior(film.ionic_conductivity)
    if film.temperature is None or film.activation_energy is None:
        return prior
    warmer = (1 / REFERENCE_K - 1 / film.temperature.median) / BOLTZMANN_EV
    return replace(prior, mean=prior.mean - film.activation_energy.median * warmer)


def _log_prior(value: Uncertain) -> Prior:
    """Return a Gaussian in the logarithm with the same central 68 %, and a spread of 0.3 % at least."""
    low, high = np.log(value.draw(_CENTRAL))
    return Prior(
        (low + high) / 2, max(float(high - low) / 2, 3e-3), value.unit, source=value.source or "study"
    )


def _linear_prior(value: Uncertain, least: float) -> Prior:
    """Return a Gaussian with the same central 68 %, and a spread of `least` at least."""
    low, high = value.draw(_CENTRAL)
    spread = max(float(high - low) / 2, least)
    return Prior(float(low + high) / 2, spread, value.unit, log=False, source="study")


def make_size_priors(bare: Block, true_area: float) -> dict[str, Prior]:
    """Priors of quantities that no study gives: wide, centred on the bare cell's own impedance."""
    start, span, peak, warburg = _estimate_sizes(bare)
    log = np.log
    priors = {
        "R_i": Prior(log(0.8 * span * true_area), 1.0, "ohm*cm^2", source="size of the bare cell"),
        "Q": Prior(
            log(1.5 / (peak**0.88 * span * true_area)), 1.2, "S*s^alpha/cm^2", source="size of the bare cell"
        ),
        "alpha": Prior(0.88, 0.05, log=False),
        "W": Prior(log(warburg * true_area), 0.8, "ohm*cm^2/s^0.5", source="size of the bare cell"),
        "R_s": Prior(log(start / _START_OVER_R_S), 1.3, "ohm", source="size of the bare cell"),
        "counter_R": Prior(
            log(0.08 * span), 0.8, "ohm", source="size of the bare cell: 4 to 18 % of its arc"
        ),
        "counter_tau": Prior(log(0.2 / peak), 1.4, "s"),
        "tau_d": Prior(log(100.0), 2.0, "s"),
        "chi": Prior(log(1e-4), 2.0, "F/cm^2"),
        "f": Prior(0.0, 0.9),
        "g": Prior(0.35, 0.2),
        "native_R": Prior(log(7.0), 1.0, "ohm*cm^2"),
        "native_C": Prior(log(2e-6), 0.8, "F/cm^2"),
        "contact_R": Prior(log(4.5), 0.75, "ohm"),
        "contact_tau": Prior(-log(2 * np.pi * 1e4), 1.15, "s"),
        **dict.fromkeys(_ARCS, ARC_ALPHA),
        "counter_alpha": Prior(COUNTER_ALPHA, 0.05, log=False),
    }
    for name in ("R_i", "W", "R_s", "counter_R", "counter_tau"):
        seen = priors[name]
        priors[name] = replace(seen, mean=seen.mean - compute_warming(name, bare.temperature))
    return priors


def _estimate_sizes(bare: Block) -> tuple[float, float, float, float]:
    """Return where a cell's real part begins, its arc's size and peak (rad/s), and its Warburg coefficient.

    Noise sets the least size: an arc that drowns in it is as large as it at most, its peak anywhere.
    """
    if bare.combine is not None:
        span = float(bare.data[0])
        return float(bare.data[1]) if bare.data.size > 1 else 0.1 * span, span, 1e3, 0.05 * span
    real, minus = bare.data.reshape(-1, 2).T * np.array([[1], [-1]])
    omega, error = bare.omega, bare.error[::2]
    first, last = int(np.argmax(omega)), int(np.argmin(omega))
    start = max(float(real[first]), 1e-6)
    slow = omega < 2 * np.pi * 3
    tail = int(np.argmin(np.where(slow, minus, np.inf))) if slow.any() else last
    span = max(float(real[tail]) - start, float(error[first]))
    body = (omega > 2 * omega[tail]) & (minus > _SEEN * error)
    peak = float(omega[body][np.argmax(minus[body])]) if body.any() else 1e3
    warburg = max(max(float(minus[last]), float(error[last])) * float(np.sqrt(omega[last])), 1e-3 * span)
    return start, span, peak, warburg


def _read_blocks(study: Study) -> tuple[tuple[Block, ...], tuple[tuple[str, float, float], ...]]:
    blocks: list[Block] = []
    ratios: list[tuple[str, float, float]] = []
    for cell in study.file.cell:
        if not cell.spectra:
            blocks.append(_make_scalar_block(cell))
            if cell.c_ratio is not None:
                ratio = _log_prior(cell.c_ratio)
                ratios.append((cell.name, ratio.mean, ratio.sd))
        for entry in cell.spectra:
            spectrum = study.read(entry.file)
            seen, breaks = _test_spectrum(spectrum)
            noise = study.file.noise.median if study.file.noise is not None else seen
            data = np.ascontiguousarray(spectrum.impedance).view(np.float64)
            blocks.append(
                Block(
                    entry.file,
                    cell.label(entry),
                    spectrum.omega,
                    data,
                    np.repeat(noise * np.abs(spectrum.impedance), 2),
                    cell.coated_by is not None,
                    cell.coated_by,
                    entry.temperature.median,
                    breaks=breaks,
                )
            )
    return tuple(sorted(blocks, key=lambda block: block.coated)), tuple(ratios)


def _make_scalar_block(cell: Cell) -> Block:
    values = [(cell.r_ct, (1.0, -1.0)), (cell.r_hf, (0.0, 1.0))]
    rows = [(v, w) for v, w in values if v is not None]
    data = np.array([v.median for v, _ in rows])
    error = np.array([estimate_published_error(v) for v, _ in rows])
    weights = np.array([w for _, w in rows])
    omega = np.array([0.0, INFINITE])
    return Block(
        cell.name, cell.name, omega, data, error, cell.coated_by is not None, cell.coated_by, combine=weights
    )


def estimate_published_error(value: Uncertain) -> float:
    """Return the standard error of a published number, half of a range's central 68 %.

    It is known to its last digit at best.
    """
    low, high = value.draw(_CENTRAL)
    half = value.b if value.kind == "normal" else float(high - low) / 2
    return max(half, LAST_DIGIT * value.median)


def _test_spectrum(spectrum: Any) -> tuple[float, str]:
    """Return the relative error of a point, and where the spectrum breaks Kramers-Kronig.

    The error is the noise seen, and at least 0.2 %, which no instrument's accuracy beats.
    """
    from eisfit.validation.kramers_kronig import check_once

    try:
        tested = check_once(spectrum)
    except SpectrumError:  # too few points to tell
        return 2e-3, ""
    seen = tested.unexplained / np.abs(spectrum.impedance)
    breaks = "; ".join(f"{hertz_range(r.low_Hz, r.high_Hz)}, {r.cause}" for r in tested.ranges)
    return max(float(np.sqrt(np.mean(seen**2))), 2e-3), breaks

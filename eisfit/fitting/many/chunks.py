"""Fit a chunk of spectra: in batches where that settles them, by `eisfit.fit` one by one where not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.starts.neighbours import EarlierSpectra
from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fitted_points import SELECTING, select_points
from eisfit.fitting.many.errors_and_flags import Optima, make_tables
from eisfit.fitting.many.fit import find_optima
from eisfit.fitting.many.table import Tables
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.spectra import WEIGHTING
from eisfit.spectra.noise import compute_many_weights
from eisfit.spectra.spectrum import Spectrum

Result = FitResult | FitFailure

#: Frequency grid, as bytes -> what is known of spectra on it.
Memory = dict[bytes, EarlierSpectra]

_BATCHED = {"weighting", "seed", *SELECTING}
_POINTS = 1 << 18  # of spectra fitted together: what is known of all of them then takes some 100 MB


def goes_in_batches(options: Mapping[str, Any]) -> bool:
    """Return whether spectra may be fitted together with these options of `eisfit.fit`."""
    return set(options) <= _BATCHED


@dataclass(frozen=True, eq=False, repr=False)
class Fitted:
    """What became of a chunk.

    Attributes
    ----------
    tables
        Places in the chunk, and the table of their results.
    kept
        Place -> the spectrum as it was fitted, where points were left out of it.
    single
        Place -> result, of what was fitted one by one.
    """

    tables: Tables
    kept: dict[int, Spectrum]
    single: dict[int, Result]

    def results(self, spectra: Sequence[Spectrum], circuit: Circuit) -> list[Result]:
        """Return one result or failure for each spectrum of the chunk, in order."""
        found: dict[int, Result] = {}
        for places, table in self.tables:
            fitted = [self.kept.get(k, spectra[k]) for k in places]
            found.update(zip(places, table.results(fitted, circuit), strict=True))
        found.update(self.single)
        return [found[k] for k in range(len(spectra))]


def fit_chunk(
    spectra: Sequence[Spectrum],
    circuit: Circuit,
    options: Mapping[str, Any],
    finish: str,
    memory: Memory | None = None,
) -> Fitted:
    """Fit spectra.

    Parameters
    ----------
    spectra, circuit
        What to fit.
    options
        Of `eisfit.fit`, without those that change the circuit.
    finish
        ``kernel`` or ``lmfit``.
    memory
        Of earlier chunks of the same circuit and options; this one's is added.
    """
    kept, tables = _fit_in_batch(spectra, circuit, options, {} if memory is None else memory)
    settled = {k for places, _ in tables for k in places}
    left = [k for k in range(len(spectra)) if k not in settled]
    single = _fit_alone(spectra, left, circuit, options)
    if finish == "lmfit":
        for places, table in tables:
            for row, k in enumerate(places):
                single[k] = _finish_in_lmfit(spectra[k], table.row(row, kept[k], circuit), options)
    changed = {k: one for k, one in kept.items() if one is not spectra[k]}
    return Fitted(tables, changed, single)


def _fit_in_batch(
    spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any], memory: Memory
) -> tuple[dict[int, Spectrum], Tables]:
    """Return the spectra as they are fitted, and places and tables of those that the batch could settle."""
    if not goes_in_batches(options):
        return {}, []
    weighting, seed = options.get("weighting", WEIGHTING), int(options.get("seed", 0))
    kept = dict(_select_points(spectra, options))
    sweeps = {id(one.frequency): one.frequency for one in kept.values()}  # most share the array
    groups: dict[bytes, list[int]] = {sweep.tobytes(): [] for sweep in sweeps.values()}
    group_of = {number: groups[sweep.tobytes()] for number, sweep in sweeps.items()}
    for k, one in kept.items():
        if weighting != "noise" or one.noise is not None:
            group_of[id(one.frequency)].append(k)
    tables = Tables()
    for grid, group in groups.items():
        known = memory.setdefault(grid, EarlierSpectra())
        lots = _split_group(group, len(grid) // 8)
        found = (_find_optima({k: kept[k] for k in lot}, circuit, weighting, seed, known) for lot in lots)
        tables += make_tables(lot for lot in found if lot is not None)
    return kept, tables


def _find_optima(
    lot: Mapping[int, Spectrum], circuit: Circuit, weighting: str, seed: int, known: EarlierSpectra
) -> tuple[list[int], Optima] | None:
    """Return optima of spectra on one grid, by their places, and the places of these; None of none."""
    target = np.concatenate([s.impedance for s in lot.values()]).reshape(len(lot), -1)
    weight = _compute_weights([*lot.values()], target, weighting)
    sound = np.isfinite(weight).all(axis=1)
    places: list[int] = np.array([*lot])[sound].tolist()
    if not places:
        return None
    chosen = [lot[k] for k in places]
    measured = (target, weight) if sound.all() else (target[sound], weight[sound])
    rows, optima = find_optima(chosen, measured[0], circuit, weighting, measured[1], seed=seed, known=known)
    return None if optima is None else ([places[row] for row in rows.tolist()], optima)


def _split_group(group: list[int], points: int) -> Iterator[list[int]]:
    """Yield a group of spectra of so many points in parts."""
    rows = max(1, _POINTS // points)
    for first in range(0, len(group), rows):
        yield group[first : first + rows]


def _select_points(spectra: Sequence[Spectrum], options: Mapping[str, Any]) -> Iterator[tuple[int, Spectrum]]:
    """Yield place and spectrum as it is fitted; `eisfit.fit` says what is wrong with the others."""
    selecting = {name: options[name] for name in SELECTING if name in options}
    if not selecting:
        yield from enumerate(spectra)
        return
    for k, spectrum in enumerate(spectra):
        try:
            yield k, select_points(spectrum, **selecting)
        except UsageError:
            raise
        except EisfitError:
            continue


def _compute_weights(spectra: Sequence[Spectrum], target: ComplexArray, weighting: str) -> FloatArray:
    noise = np.stack([s.noise for s in spectra if s.noise is not None]) if weighting == "noise" else None
    return compute_many_weights(target, weighting, noise)


def _fit_alone(
    spectra: Sequence[Spectrum], left: Sequence[int], circuit: Circuit, options: Mapping[str, Any]
) -> dict[int, Result]:
    """Return the results of some spectra that are fitted one by one."""
    if not left:
        return {}
    from eisfit.fitting.fit import fit_or_failure  # loads what batches have no use for

    return {k: fit_or_failure(spectra[k], circuit, **options) for k in left}


def _finish_in_lmfit(spectrum: Spectrum, result: FitResult, options: Mapping[str, Any]) -> FitResult:
    """Return the fit that lmfit makes from where the kernel ended."""
    from eisfit.fitting.fit import fit

    start = {name: p.value for name, p in result.parameters.items() if p.vary}
    again = fit(spectrum, result.circuit, start=start, **options)
    return dataclasses.replace(again, circuit=result.circuit, starts=result.starts, agreed=result.agreed)

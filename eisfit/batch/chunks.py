"""Fit a chunk of spectra: in batches where that settles them, by `eisfit.fit` one by one where not.

The hundredth of every thousand fits of the batch is finished in lmfit too, and the two are compared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.batch.audit import Compared, compare_with_lmfit
from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.batch_fit import find_optima
from eisfit.fitting.batch_result import table_of
from eisfit.fitting.batch_table import Table
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fit import fit, fit_or_failure
from eisfit.fitting.result import FitResult
from eisfit.fitting.selection import SELECTING, selected
from eisfit.model.circuit import Circuit
from eisfit.spectra.noise import weights
from eisfit.spectra.spectrum import Spectrum

__all__ = ["Fitted", "Result", "fit_chunk"]

Result = FitResult | FitFailure

AUDIT_EVERY, AUDIT_FIRST = 1000, 99  # a lot of a few dozen does not wait for lmfit's import
_BATCHED = {"weighting", "seed", *SELECTING}


@dataclass(frozen=True)
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
    audit
        Comparisons with lmfit.
    """

    tables: list[tuple[list[int], Table]]
    kept: dict[int, Spectrum]
    single: dict[int, Result]
    audit: list[Compared]

    def results(self, spectra: Sequence[Spectrum], circuit: Circuit) -> list[Result]:
        """Return one result or failure for each spectrum of the chunk, in order."""
        found: dict[int, Result] = {}
        for places, table in self.tables:
            fitted = [self.kept.get(k, spectra[k]) for k in places]
            found.update(zip(places, table.results(fitted, circuit), strict=True))
        found.update(self.single)
        return [found[k] for k in range(len(spectra))]


def fit_chunk(
    spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any], finish: str, first: int = 0
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
    first
        Index of the first spectrum in the whole series, where one in a thousand is held against lmfit.
    """
    kept, tables = _by_batch(spectra, circuit, options)
    settled = {k for places, _ in tables for k in places}
    single: dict[int, Result] = {
        k: fit_or_failure(spectrum, circuit, **options)
        for k, spectrum in enumerate(spectra)
        if k not in settled
    }
    audit = []
    for places, table in tables:
        for row, k in enumerate(places):
            if finish == "lmfit" or (first + k) % AUDIT_EVERY == AUDIT_FIRST:
                result = table.row(row, kept[k], circuit)
                if finish == "lmfit":
                    single[k] = _by_lmfit(spectra[k], result, options)
                else:
                    audit.append(compare_with_lmfit(result))
    changed = {k: one for k, one in kept.items() if one is not spectra[k]}
    return Fitted(tables, changed, single, audit)


def _by_batch(
    spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any]
) -> tuple[dict[int, Spectrum], list[tuple[list[int], Table]]]:
    """Return the spectra as they are fitted, and places and tables of those that the batch could settle."""
    if not set(options) <= _BATCHED:
        return {}, []
    weighting = options.get("weighting", "modulus")
    kept: dict[int, Spectrum] = {}
    groups: dict[bytes, list[tuple[int, FloatArray]]] = {}
    for k, spectrum in enumerate(spectra):
        try:
            one = selected(spectrum, **{k: options[k] for k in SELECTING if k in options})
            weight = weights(one, weighting)
        except UsageError:
            raise
        except EisfitError:
            continue  # eisfit.fit says what is wrong with it
        kept[k] = one
        groups.setdefault(one.frequency.tobytes(), []).append((k, weight))
    tables = []
    for members in groups.values():
        places, weight_rows = zip(*members, strict=True)
        chosen, seed = [kept[k] for k in places], int(options.get("seed", 0))
        rows, optima = find_optima(chosen, circuit, weighting, np.stack(weight_rows), seed=seed)
        if optima is not None:
            tables.append(([places[row] for row in rows.tolist()], table_of(optima)))
    return kept, tables


def _by_lmfit(spectrum: Spectrum, result: FitResult, options: Mapping[str, Any]) -> FitResult:
    """Return the fit that lmfit makes from where the kernel ended."""
    start = {name: p.value for name, p in result.parameters.items() if p.vary}
    again = fit(spectrum, result.circuit, start=start, **options)
    return dataclasses.replace(again, circuit=result.circuit, starts=result.starts, agreed=result.agreed)

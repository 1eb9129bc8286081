"""One circuit for spectra that were given none: a common one where it serves, else identified."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from eisfit.errors import EisfitError, FitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fit_alike import serves
from eisfit.fitting.fitted_points import SELECTING
from eisfit.fitting.identify.choice import (
    choose_common,
    identify_some,
    list_likely,
    sample_lot,
)
from eisfit.fitting.many.chunks import fit_chunk
from eisfit.fitting.result import FitResult
from eisfit.model import COMMON
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import is_given, parse_rank
from eisfit.records import dataclass
from eisfit.spectra.spectrum import Spectrum


@dataclass(frozen=True, eq=False)
class SeriesChoice:
    """The circuit of spectra that belong together, and who chose it.

    Attributes
    ----------
    circuit
        For every one of the spectra.
    note
        How it was chosen; empty where it was given.
    chosen_by
        ``user``, ``identify``, or ``default`` where it is the common one.
    """

    circuit: Circuit
    note: str = ""
    chosen_by: str = "user"

    def mark(self, row: FitResult | FitFailure) -> FitResult | FitFailure:
        """Return a fit whose circuit states how it was chosen."""
        if not self.note or isinstance(row, FitFailure):
            return row
        return dataclasses.replace(row, chosen_by=self.chosen_by)


def choose_circuit(
    spectra: Sequence[Spectrum | FitResult | FitFailure],
    circuit: str | PathLike[str] | Circuit | None,
    options: Mapping[str, Any],
    count: int | None = None,
) -> SeriesChoice:
    """Return one circuit for spectra that belong together.

    Parameters
    ----------
    spectra
        Of one kind of cell.
    circuit
        Where one is given, it is that. None: ``rs-sei-ct-w`` where it leaves the first, the middle and the
        last spectrum nothing to look for, else what `eisfit.identify` ranks first by these, or what comes
        closest to all; ``"#2"``: the second that it ranks.
    options
        Of `eisfit.fit`; points left out, weighting and seed count.
    count
        Of all spectra, where these are some of them.

    Raises
    ------
    UsageError
        For an unknown circuit.
    FitError
        Where a place in the ranking is asked for that there is not.
    """
    if is_given(circuit):
        return SeriesChoice(find_circuit(circuit))
    there = [_get_spectrum(one) for one in spectra if not isinstance(one, FitFailure)]
    asked = {name: options.get(name) for name in (*SELECTING, "weighting", "seed")}
    kept = {name: value for name, value in asked.items() if value is not None}
    common = find_circuit(COMMON)
    looked_at = sample_lot(there)
    if circuit is None and there and _serves_each(looked_at, common, kept):
        where = f"in each of {len(looked_at)} spectra looked at " if len(looked_at) > 1 else ""
        told = f"{COMMON} was chosen: {where}it leaves noise alone, all is determined"
        return SeriesChoice(common, told, "default")
    try:
        found = identify_some(there, **kept)
    except UsageError:
        raise
    except EisfitError as error:
        if circuit is not None:
            raise
        return SeriesChoice(common, f"{COMMON} was taken, none can be chosen: {error}", "default")
    try:
        choice = choose_common(found, count or len(there), parse_rank(circuit) or 1)
    except FitError:
        if circuit is not None:
            raise
        return _choose_closest(looked_at, list_likely(found, common), count or len(there), kept)
    return SeriesChoice(choice.circuit, choice.flags[0].cause, "identify")


def _choose_closest(
    spectra: Sequence[Spectrum], circuits: Sequence[Circuit], count: int, options: Mapping[str, Any]
) -> SeriesChoice:
    """Return the circuit with the lowest sum of BIC, of those that can be used if some can."""
    sums = []
    for circuit in circuits:
        fits = _fit_sample(spectra, circuit, options)
        there = [fit.statistics.bic for fit in fits if isinstance(fit, FitResult)]
        poor = sum(not isinstance(fit, FitResult) or fit.grade == "D" for fit in fits)
        sums.append((poor, sum(there) if len(there) == len(spectra) else np.inf))
    best = min(range(len(circuits)), key=sums.__getitem__)
    usable = len(spectra) - int(sums[best][0])
    cause = (
        f"{circuits[best].name} was chosen for all {count} spectra: each of {len(spectra)} looked at has its "
        f"own circuit; of {len(circuits)} tried this can be used for {usable} of them, as many as any, "
        "and has the lowest sum of BIC of those that can"
    )
    return SeriesChoice(circuits[best], cause, "identify")


def _serves_each(spectra: Sequence[Spectrum], common: Circuit, options: Mapping[str, Any]) -> bool:
    return all(serves(one) for one in _fit_sample(spectra, common, options))


def _fit_sample(
    spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any]
) -> list[FitResult | FitFailure]:
    return fit_chunk(spectra, circuit, options, "kernel").results(spectra, circuit)


def _get_spectrum(one: Spectrum | FitResult) -> Spectrum:
    return one.spectrum if isinstance(one, FitResult) else one

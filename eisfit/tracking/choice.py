"""The circuit of a series that was given none: a common one where it serves, else identified."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fit_alike import serves
from eisfit.fitting.identify.choice import choose_for_all, look_at, place_of
from eisfit.fitting.result import FitResult
from eisfit.fitting.selection import SELECTING
from eisfit.model import COMMON
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.records import dataclass
from eisfit.spectra.spectrum import Spectrum
from eisfit.tracking.series_fits import Fits
from eisfit.tracking.series_result import SeriesResult

__all__ = ["SeriesChoice", "choose_circuit"]


@dataclass(frozen=True, eq=False)
class SeriesChoice:
    """The circuit of a series, and who chose it.

    Attributes
    ----------
    circuit
        For every spectrum of the series.
    note
        How it was chosen; empty where it was given.
    chosen_by
        ``user``, or ``identify``.
    """

    circuit: Circuit
    note: str = ""
    chosen_by: str = "user"

    def mark(self, tracked: SeriesResult) -> SeriesResult:
        """Return a series with the circuit that says how that was chosen."""
        if not self.note:
            return tracked
        rows = tuple(
            row if isinstance(row, FitFailure) else dataclasses.replace(row, chosen_by=self.chosen_by)
            for row in tracked.results
        )
        return dataclasses.replace(tracked, results=rows, notes=(self.note, *tracked.notes))


def choose_circuit(
    spectra: Sequence[Spectrum | FitResult | FitFailure],
    circuit: str | PathLike[str] | Circuit | None,
    options: Mapping[str, Any],
) -> SeriesChoice:
    """Return one circuit for spectra that belong together.

    Parameters
    ----------
    spectra
        Of one kind of cell.
    circuit
        As for `eisfit.track`: where one is given, it is that.
    options
        Of `eisfit.fit`; points left out, weighting and seed count.

    Raises
    ------
    UsageError
        For an unknown circuit.
    FitError
        Where a place in the ranking is asked for that there is not.
    """
    place = place_of(circuit)
    if circuit is not None and place is None:
        return SeriesChoice(find_circuit(circuit))
    there = [_spectrum_of(one) for one in spectra if not isinstance(one, FitFailure)]
    kept = {name: options[name] for name in (*SELECTING, "weighting", "seed") if name in options}
    common = find_circuit(COMMON)
    looked_at = look_at(there)
    if circuit is None and there and _serves_all(looked_at, common, kept):
        where = f"in each of {len(looked_at)} spectra looked at " if len(looked_at) > 1 else ""
        return SeriesChoice(common, f"{COMMON} was chosen: {where}it leaves noise alone, all is determined")
    try:
        choice = choose_for_all(there, place or 1, **kept)
    except UsageError:
        raise
    except EisfitError as error:
        if circuit is not None:
            raise
        return SeriesChoice(common, f"{COMMON} was taken, none can be chosen: {error}")
    return SeriesChoice(choice.circuit, choice.flags[0].cause, "identify")


def _serves_all(spectra: Sequence[Spectrum], common: Circuit, options: Mapping[str, Any]) -> bool:
    fits = Fits.of(spectra, common, options, "kernel")
    found = fits.results([row[0] for row in fits.candidates])
    return len(found) == len(spectra) and all(serves(one) for one in found)


def _spectrum_of(one: Spectrum | FitResult) -> Spectrum:
    return one.spectrum if isinstance(one, FitResult) else one

"""What is sent to a worker and back: numbers, names and documents; spectra and circuit are not sent back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from eisfit.errors import CircuitError, NotationError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.many.chunks import Fitted, Memory, Result, fit_chunk
from eisfit.fitting.many.table import Tables
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import METADATA_KEYS
from eisfit.records import dataclass
from eisfit.spectra.spectrum import Spectrum

# What a fit and its flags ask of a spectrum, beside frequencies and geometry.
_SENT = ("impedance", "noise", "cycle", "source", "index", "notes")
_CHANGED = ("frequency", "impedance", "noise", "notes")


@dataclass(frozen=True)
class Package:
    """A chunk on its way to a worker; frequency grids that spectra share travel once."""

    grids: tuple[Any, ...]
    spectra: tuple[tuple[int, dict[str, Any]], ...]
    circuit: dict[str, Any]
    options: dict[str, Any]
    finish: str

    @classmethod
    def of(
        cls,
        spectra: Sequence[Spectrum],
        circuit: dict[str, Any],
        options: dict[str, Any],
        finish: str,
    ) -> Package:
        """Pack spectra; `circuit` is a document."""
        places: dict[bytes, int] = {}
        grids: list[Any] = []
        packed: list[tuple[int, dict[str, Any]]] = []
        for spectrum in spectra:
            key = spectrum.frequency.tobytes()
            if key not in places:
                places[key] = len(grids)
                grids.append(spectrum.frequency)
            columns = {name: getattr(spectrum, name) for name in _SENT}
            told = {name: spectrum.metadata[name] for name in METADATA_KEYS if name in spectrum.metadata}
            packed.append((places[key], {**columns, "metadata": told} if told else columns))
        return cls(tuple(grids), tuple(packed), circuit, options, finish)

    def unpack(self) -> list[Spectrum]:
        """Return the spectra, without what a fit does not need of them."""
        return [Spectrum(frequency=self.grids[k], **columns) for k, columns in self.spectra]


@dataclass(frozen=True)
class _SingleResult:
    """A result of a single fit without spectrum and circuit; or an error."""

    fields: dict[str, Any]
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a package."""

    tables: Tables
    changed: dict[int, dict[str, Any]]
    single: dict[int, _SingleResult]

    def restore(self, spectra: Sequence[Spectrum], circuit: Circuit) -> list[Result]:
        """Return the results of the spectra that were sent."""
        kept = {k: _restore_columns(spectra[k], columns) for k, columns in self.changed.items()}
        single = {k: _restore_result(one, kept.get(k, spectra[k]), circuit) for k, one in self.single.items()}
        return Fitted(self.tables, kept, single).results(spectra, circuit)


def fit_package(package: Package) -> Outcome:
    """Fit a package in a worker."""
    spectra, circuit = package.unpack(), _find_circuit(package.circuit)
    fitted = fit_chunk(spectra, circuit, package.options, package.finish, _get_memory(package))
    changed = {k: _list_changes(one) for k, one in fitted.kept.items()}
    single = {}
    for k, result in fitted.single.items():
        single[k] = _strip(result)
        if isinstance(result, FitResult) and _is_changed(result.spectrum, spectra[k]):
            changed[k] = _list_changes(result.spectrum)
    return Outcome(fitted.tables, changed, single)


def _find_circuit(document: dict[str, Any]) -> Circuit:
    try:
        return Circuit.from_dict(document)
    except NotationError as error:
        raise CircuitError(
            f"a worker process does not know the circuit: {error.message}; register an element of your own "
            'at the top of the script, before `if __name__ == "__main__":`, or let a package offer it'
        ) from None


def _get_memory(package: Package) -> Memory:
    """Return what this process knows from earlier packages of the same circuit and options."""
    return _make_memory(repr((package.circuit, package.options)))


@lru_cache(maxsize=1)
def _make_memory(settings: str) -> Memory:
    return {}


def _strip(result: Result) -> _SingleResult:
    if isinstance(result, FitFailure):
        return _SingleResult({}, result.error)
    left_out = ("spectrum", "circuit", "lmfit")
    names = [f.name for f in dataclasses.fields(result) if f.name not in left_out]
    return _SingleResult({name: getattr(result, name) for name in names})


def _restore_result(one: _SingleResult, spectrum: Spectrum, circuit: Circuit) -> Result:
    if one.error is not None:
        return FitFailure.of(spectrum, one.error)
    return FitResult(spectrum=spectrum, circuit=circuit, **one.fields)


def _is_changed(kept: Spectrum, sent: Spectrum) -> bool:
    return kept.points != sent.points or (kept.noise is None) != (sent.noise is None)


def _list_changes(kept: Spectrum) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in _CHANGED}


def _restore_columns(spectrum: Spectrum, columns: Mapping[str, Any]) -> Spectrum:
    """Return the spectrum as it was fitted: with points left out, or with the noise that was estimated."""
    return spectrum.replace(**columns)

"""Spectra that belong together and were given no circuit: one for all where one serves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eisfit.errors import EisfitError, FitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fit import fit, fit_or_failure
from eisfit.fitting.fitted_points import SELECTING
from eisfit.fitting.identify.choice import Choice, choose_for_all
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import BELIEVED, Flag

#: Says of a circuit which values and bounds are given, and which options of `eisfit.fit` go with that.
Constrain = Callable[[Circuit], tuple[Circuit, dict[str, Any]]]


def fit_alike(
    spectra: Sequence[Spectrum | FitFailure],
    constrain: Constrain | None = None,
    *,
    place: int = 1,
    **options: Any,
) -> Iterator[FitResult | FitFailure]:
    """Yield the fits of spectra with a circuit that `eisfit.identify` chooses, in order.

    Parameters
    ----------
    spectra
        Of one kind of cell; what could not be read is handed on.
    constrain
        What is to be done with the circuit before it is fitted.
    place
        Of the circuit in the ranking, 1 for the most probable.
    options
        Of `eisfit.fit`.
    """
    there = [spectrum for spectrum in spectra if not isinstance(spectrum, FitFailure)]
    choices = _choose_circuits(there, constrain is not None, place, options)
    for spectrum in spectra:
        if isinstance(spectrum, FitFailure):
            yield spectrum
            continue
        choice = choices[id(spectrum)]
        if choice is None:
            yield fit_or_failure(spectrum, f"#{place}", **options)
        else:
            yield _fit_with_choice(spectrum, choice, constrain, options)


def fit_like(spectrum: Spectrum, known: str | Circuit, **options: Any) -> FitResult:
    """Fit with a circuit that served another spectrum, where it serves this one too; else with its own.

    It serves where the fit is of grade A with every parameter determined: more elements would show nothing,
    and one that is too many would show as a parameter that is not.

    Parameters
    ----------
    spectrum
        What was measured.
    known
        The circuit, as `eisfit.fit` takes it.
    options
        Of `eisfit.fit`.

    Raises
    ------
    FitError, UsageError
        As `eisfit.fit` without a circuit.
    """
    try:
        result = fit(spectrum, known, **options)
    except FitError:
        return fit(spectrum, None, **options)
    if not serves(result):
        return fit(spectrum, None, **options)
    cause = f"{result.circuit.string}, the circuit of another spectrum, serves here too: all is determined"
    told = Flag("circuit_chosen", cause, "eisfit identify shows which others do")
    return dataclasses.replace(result, chosen_by="identify").replace_flags((*result.flags, told))


def serves(result: FitResult | FitFailure) -> bool:
    """Return whether a fit needs no other circuit: grade A, and every parameter is determined."""
    if isinstance(result, FitFailure) or result.grade != "A":
        return False
    return all(p.verdict in BELIEVED for p in result.parameters.values())


def _choose_circuits(
    spectra: Sequence[Spectrum], constrained: bool, place: int, options: dict[str, Any]
) -> dict[int, Choice | None]:
    """Return circuits by the spectra's `id`: one for all where one serves, else one a file, else one each.

    A spectrum by itself is left to `eisfit.fit`, which chooses too, unless something is held.
    """
    alone = len(spectra) < 2
    choice = None if alone and not constrained else _choose_common(spectra, place, options)
    if choice is not None or alone:
        return {id(spectrum): choice for spectrum in spectra}
    parts: dict[Any, list[Spectrum]] = {}
    by_file = len({spectrum.source for spectrum in spectra}) > 1
    for spectrum in spectra:
        parts.setdefault(spectrum.source if by_file else id(spectrum), []).append(spectrum)
    found: dict[int, Choice | None] = {}
    for part in parts.values():
        found |= _choose_circuits(part, constrained, place, options)
    return found


def _choose_common(spectra: Sequence[Spectrum], place: int, options: dict[str, Any]) -> Choice | None:
    kept = {name: options[name] for name in (*SELECTING, "weighting", "seed") if name in options}
    try:
        return choose_for_all(spectra, place, **kept)
    except UsageError:
        raise
    except EisfitError:
        return None  # each is asked alone, and says itself what is wrong with it


def _fit_with_choice(
    spectrum: Spectrum, choice: Choice, constrain: Constrain | None, options: dict[str, Any]
) -> FitResult | FitFailure:
    """Return the fit with the common circuit, or with one of its own where that alone can be used."""
    circuit, more = (choice.circuit, {}) if constrain is None else constrain(choice.circuit)
    result = fit_or_failure(spectrum, circuit, **options, **more)
    if isinstance(result, FitFailure):
        return result
    if constrain is None and not result.ok:
        own = fit_or_failure(spectrum, None, **options)
        if own.error is None and own.ok:
            return own
    chosen = dataclasses.replace(result, chosen_by="identify")
    return chosen.replace_flags((*chosen.flags, choice.flags[0]))

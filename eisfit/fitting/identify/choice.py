"""The circuit of a fit that was given none: identified, and told in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eisfit.errors import EisfitError, FitError
from eisfit.fitting.identify.identification import Identification, IdentifiedCircuit
from eisfit.fitting.identify.identify import identify
from eisfit.fitting.identify.structures import shape
from eisfit.model.circuit import Circuit
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag

__all__ = ["Choice", "choose", "choose_for_all"]

_LOOKED_AT = 3  # spectra of a lot: first, middle and last
_UNSEEN = 1e-3  # probability of a circuit that one of them does not name


@dataclass(frozen=True, eq=False)
class Choice:
    """A chosen circuit.

    Attributes
    ----------
    answer
        What was chosen, with its values.
    spectrum
        The points that it was chosen by: outliers are left out.
    flags
        How it was chosen, and what was left out.
    """

    answer: IdentifiedCircuit
    spectrum: Spectrum
    flags: tuple[Flag, ...]

    @property
    def circuit(self) -> Circuit:
        """The circuit."""
        return self.answer.circuit


def choose(spectrum: Spectrum, **options: Any) -> Choice:
    """Identify the circuit of one spectrum.

    Parameters
    ----------
    spectrum
        The points to be fitted.
    options
        Of `eisfit.identify`.

    Raises
    ------
    FitError
        Where the data allow no ranking.
    """
    found = identify(spectrum, **options)
    return _chosen(found, found.first, "")


def choose_for_all(spectra: Sequence[Spectrum], **options: Any) -> Choice:
    """Identify one circuit for spectra that belong together, by the first, the middle and the last.

    Parameters
    ----------
    spectra
        In any order.
    options
        Of `eisfit.identify`.

    Raises
    ------
    FitError
        Where none of those allows a ranking.
    """
    places = sorted({0, len(spectra) // 2, len(spectra) - 1})[:_LOOKED_AT]
    found, failed = [], ""
    for place in places:
        try:
            one = identify(spectra[place], **options)
        except EisfitError as error:
            failed = str(error)
            continue
        if one.first is not None:
            found.append(one)
        else:
            failed = _why(one)
    if not found:
        raise FitError(failed)
    best, first = max(
        ((answer, one) for one in found for answer in one.circuits),
        key=lambda pair: sum(np.log(_chance(pair[0], one)) for one in found),
    )
    return _chosen(
        first, best, f" for all {len(spectra)} spectra, by {len(found)} of them" if len(spectra) > 1 else ""
    )


def _chance(answer: IdentifiedCircuit, found: Identification) -> float:
    wanted = shape(answer.circuit.tree)
    chances = [row.probability for row in found.circuits if shape(row.circuit.tree) == wanted]
    return max([_UNSEEN, *chances])


def _why(found: Identification) -> str:
    flag = found.flags[0]
    return f"{found.spectrum.name}: no circuit can be chosen: {flag.cause}; {flag.cure}"


def _chosen(found: Identification, answer: IdentifiedCircuit | None, scope: str) -> Choice:
    if answer is None:
        raise FitError(_why(found))
    others = [row for row in found.circuits if row is not answer]
    second = f"; next {others[0].circuit.string} ({_percent(others[0].probability)})" if others else ""
    cause = (
        f"{answer.circuit.string} was chosen{scope} out of {found.tried} circuits, "
        f"probability {_percent(answer.probability)}{second}"
    )
    told = Flag("circuit_chosen", cause, "eisfit identify shows the ranking; --circuit takes another")
    dropped = tuple(flag for flag in found.flags if flag.name == "points_dropped")
    return Choice(answer, found.spectrum, (told, *dropped))


def _percent(probability: float) -> str:
    if probability < 0.01:
        return "< 1 %"
    return "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"

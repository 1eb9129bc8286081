"""The circuit of a fit that was given none: identified, and told in one line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from eisfit.errors import EisfitError, FitError
from eisfit.fitting.identify.structures import shape_of
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.rounding import significant
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag, limit

if TYPE_CHECKING:  # what identifies is loaded where a circuit is to be identified
    from eisfit.fitting.identify.identification import Identification, IdentifiedCircuit

T = TypeVar("T")

_MAIN, _ARCS = "R_ct", {"R_sei", "R_ct"}

_TOLD = (
    "points_dropped",
    "closer_circuit",
    "one_of_many",
    "negative_resistance",
)  # of identify, where a fit is told of its circuit

# Probability by each spectrum looked at, from which a circuit may stand for all; a rival's too.
_SERVES = 0.01
_SMALLER, _RIVALS, _LARGER = 3, 2, 2  # circuits tried where the chosen one's parameters are not determined


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
        How it was chosen, what was left out, and which larger circuit comes closer.
    ranked
        All that were ranked, where the first was asked for.
    """

    answer: IdentifiedCircuit
    spectrum: Spectrum
    flags: tuple[Flag, ...]
    ranked: tuple[IdentifiedCircuit, ...] = ()

    @property
    def circuit(self) -> Circuit:
        """The circuit."""
        return self.answer.circuit

    @property
    def others(self) -> list[IdentifiedCircuit]:
        """What may serve in its place, by grade: the closest smaller circuits, rivals, larger ones.

        The larger ones are the most probable whose grade is no worse: better than a small one that misses.
        """
        serving = [row for row in self.ranked if row is not self.answer and row.grade != "D"]
        serving = [row for row in serving if not row.at_bound]
        smaller = [row for row in serving if row.free < self.answer.free]
        not_smaller = [row for row in serving if row.free >= self.answer.free]
        rivals = [row for row in not_smaller if row.probability >= _SERVES]
        larger = [row for row in not_smaller if row not in rivals and row.grade <= self.answer.grade]
        closest = sorted(smaller, key=lambda row: row.chisqr)
        some = [*closest[:_SMALLER], *rivals[:_RIVALS], *larger[:_LARGER]]
        return sorted(some, key=lambda row: row.grade)

    def choose_instead(self, row: IdentifiedCircuit) -> Choice:
        """Return the choice of another circuit because the data do not determine this one's parameters."""
        cause = (
            f"{row.circuit.string} was chosen: {self.circuit.string} is more probable "
            f"({_percent(self.answer.probability)}, {100 * self.answer.rms:.2g} % rms), but the data do not "
            "determine the parameters it needs"
        )
        told = dataclasses.replace(self.flags[0], cause=cause)
        kept = (flag for flag in self.flags[1:] if flag.name != "drawn_otherwise")
        return dataclasses.replace(self, answer=row, flags=(told, *_describe_drawn(row), *kept))


def choose(spectrum: Spectrum, place: int = 1, **options: Any) -> Choice:
    """Identify the circuit of one spectrum.

    Parameters
    ----------
    spectrum
        The points to be fitted.
    place
        In the ranking, 1 for the most probable.
    options
        Of `eisfit.identify`.

    Raises
    ------
    FitError
        Where the data allow no ranking, or it has fewer places.
    """
    from eisfit.fitting.identify.identify import identify

    found = identify(spectrum, **options)
    return _choose_row(found, found.circuits, place, "")


def sample_lot(lot: Sequence[T]) -> list[T]:
    """Return the spectra, or files, by which the circuit of a lot is chosen: first, middle and last."""
    return [lot[k] for k in sorted({0, len(lot) // 2, len(lot) - 1})] if lot else []


def choose_for_all(spectra: Sequence[Spectrum], place: int = 1, **options: Any) -> Choice:
    """Identify one circuit for spectra that belong together, by the first, the middle and the last.

    Parameters
    ----------
    spectra
        In any order.
    place
        In their common ranking, 1 for the most probable.
    options
        Of `eisfit.identify`.

    Raises
    ------
    FitError
        Where none of those allows a ranking, or they have no circuit in common.
    """
    return choose_common(identify_some(spectra, **options), len(spectra), place)


def identify_some(spectra: Sequence[Spectrum], **options: Any) -> list[Identification]:
    """Return the rankings of the first, the middle and the last spectrum.

    Raises
    ------
    FitError
        Where none of them allows one.
    """
    from eisfit.fitting.identify.identify import identify

    found, failed = [], "no spectrum is there to choose a circuit by"
    for spectrum in sample_lot(spectra):
        try:
            one = identify(spectrum, **options)
        except EisfitError as error:
            failed = str(error)
            continue
        if one.first is not None:
            found.append(one)
        else:
            failed = _describe_failure(one)
    if not found:
        raise FitError(failed)
    return found


def choose_common(found: Sequence[Identification], count: int, place: int) -> Choice:
    """Return the circuit that no ranking excludes.

    Parameters
    ----------
    found
        Rankings of some spectra.
    count
        Of all spectra.
    place
        In their common ranking, 1 for the most probable.

    Raises
    ------
    FitError
        Where there is none, or none at that place.
    """
    scope = f" for all {count} spectra, by {len(found)} of them" if count > 1 else ""
    common = _find_common(found)
    if not common:
        raise FitError(f"no circuit is ranked for each of {len(found)} spectra: each has its own")
    return _choose_row(found[0], common, place, scope)


def list_likely(found: Sequence[Identification], common: Circuit) -> list[Circuit]:
    """Return a common circuit and those that some ranking does not exclude, each structure once."""
    rows = [row.circuit for one in found for row in one.circuits if row.probability >= _SERVES]
    return list({shape_of(circuit.tree): circuit for circuit in (*rows, common)}.values())


def _find_common(found: Sequence[Identification]) -> list[IdentifiedCircuit]:
    """Return the circuits that no ranking excludes, with the probability of being the one for all."""
    once = [row for row in found[0].circuits if all(_find_chance(row, one) >= _SERVES for one in found)]
    if not once:
        return []
    logs = np.array([sum(np.log(_find_chance(row, one)) for one in found) for row in once])
    share = np.exp(logs - logs.max())
    share /= share.sum()
    order = np.argsort(-share, kind="stable")
    return [dataclasses.replace(once[k], probability=float(share[k])) for k in order]


def _find_chance(answer: IdentifiedCircuit, found: Identification) -> float:
    wanted = shape_of(answer.circuit.tree)
    return max(
        (row.probability for row in found.circuits if shape_of(row.circuit.tree) == wanted), default=0.0
    )


def _describe_failure(found: Identification) -> str:
    flag = found.flags[0]
    return f"{found.spectrum.name}: no circuit can be chosen: {flag.cause}; {flag.cure}"


def _choose_row(found: Identification, ranked: Sequence[IdentifiedCircuit], place: int, scope: str) -> Choice:
    if not ranked:
        raise FitError(_describe_failure(found))
    if place > len(ranked):
        raise FitError(
            f"{found.spectrum.name}: there is no circuit #{place}: the ranking ends at #{len(ranked)}"
        )
    answer = ranked[place - 1]
    number = f" as #{place}" if place > 1 else ""
    other = next((row for row in ranked if row is not answer), None)
    second = f"; {'next' if place == 1 else 'first'} {_describe_row(other)}" if other else ""
    cause = (
        f"{answer.circuit.string} was chosen{number}{scope} out of {found.tried} circuits, "
        f"probability {_percent(answer.probability)}{second}"
    )
    if answer.assigned and len(_ARCS & set(answer.values)) > 1:
        cause += "; which arc is sei and which ct is an assignment, by time constants and capacitances"
    told = Flag("circuit_chosen", cause, "eisfit identify shows the ranking; --circuit '#2' takes its second")
    others = tuple(flag for flag in found.flags if flag.name in _TOLD)
    flags = (told, *_describe_drawn(answer), *others)
    return Choice(answer, found.spectrum, flags, tuple(ranked) if place == 1 else ())


def _describe_drawn(row: IdentifiedCircuit) -> Iterator[Flag]:
    """Yield what R_ct is where the same impedance is drawn otherwise, if that is another value."""
    here, arcs = row.values.get(_MAIN), _ARCS & set(row.values)
    alike = [(s, v) for s, v in zip(row.drawings[1:], row.drawn, strict=False) if _ARCS & set(v) == arcs]
    there = {string: values[_MAIN] for string, values in alike if here and values[_MAIN] > 0}
    if not here or not there:
        return
    string = max(there, key=lambda s: abs(float(np.log(there[s] / here))))
    if abs(there[string] / here - 1) > limit("usable_rms"):
        seen = (
            f"drawn as {string}, which these data do not tell from {row.circuit.string}, {_MAIN} is "
            f"{significant(there[string], 3)} ohm in place of {significant(here, 3)}; errors do not hold that"
        )
        cure = (
            "chemistry decides: layers behind each other are drawn in series, a film with pores nested; give "
            "the circuit that is meant (--circuit)"
        )
        yield Flag("drawn_otherwise", seen, cure)


def _describe_row(row: IdentifiedCircuit) -> str:
    return f"{row.circuit.string} ({_percent(row.probability)})"


def _percent(probability: float) -> str:
    if probability < 0.01:
        return "< 1 %"
    return "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"

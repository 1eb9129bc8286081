"""The impedance as a voltage over a current, where a table has the parts of both and none of Z."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.concepts import count_concepts
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.units import parse_unit, unit_kind
from eisfit.spectra.readers.names.words import PARTS
from eisfit.spectra.spectrum import ASSUMED

VOLT_PER_AMPERE = "V/A"
#: ``VR(out)``, ``IP(V1)``: SPICE's real and imaginary part, magnitude, phase.
_SPICE = regex(r"(?:(?=[A-Z]{2})|(?=[a-z]{2}))([VIvi])([RIMPrimp])\((?![A-Za-z]\))([^()]+)\)$")
_SPICE_PARTS = {"R": "real", "I": "imag", "M": "modulus", "P": "phase"}
_NODE = regex(r"(?<![^\W_])([VI])\([^()]*\)")
_LETTER = regex(
    r"(?<![^\W_])(?:([VUE])(?=re|im|mag|abs|ph|(?![^\W_]))|I(?=re|im|abs|ph|(?![^\W_])))",
    re.IGNORECASE,
)
_OF_SOURCE = regex(r"I\w?\(V|(?:^|\W)V\w*[.#](?:i|branch)", re.IGNORECASE)
_KINDS = {"potential": "volt", "current": "ampere"}
_TURN = 360.0


@dataclass(frozen=True)
class _Part:
    """A part of a voltage or a current: what of which, with its factor to volt, ampere or degree."""

    name: str
    part: str
    scale: float
    unit: str


def settle_voltage_and_current(chosen: Chosen, columns: Mapping[int, Column], matrix: FloatArray) -> None:
    """Give `chosen` the impedance of one voltage and one current, where it has none of its own."""
    if any(name in chosen for name in ("real", "imag", "modulus", "admittance_real", "admittance_modulus")):
        return
    found: dict[tuple[str, str], tuple[_Part, FloatArray]] = {}
    for i, meaning in columns.items():
        told = _find_meaning(meaning.name) if i < matrix.shape[1] else None
        if told is None:
            continue
        whose, part = told
        if (whose, part.part) in found:
            return  # of several nodes nobody knows which
        found[whose, part.part] = part, matrix[:, i] * part.scale
    for taken in (("real", "imag"), ("modulus", "phase"), ("modulus",)):
        parts = [found.get((whose, part)) for whose in _KINDS for part in taken]
        if all(parts) and (len(taken) > 1 or "phase" in chosen):
            _set_impedance(chosen, taken, [part for part in parts if part is not None])
            return


def _set_impedance(chosen: Chosen, taken: tuple[str, ...], parts: list[tuple[_Part, FloatArray]]) -> None:
    voltage, current = parts[0][0].name, parts[len(taken)][0].name
    values = [value for _, value in parts]
    if taken[0] == "real":
        z, notes = orient_impedance(
            np.asarray((values[0] + 1j * values[1]) / (values[2] + 1j * values[3]), np.complex128), current
        )
        _add(chosen, {"real": z.real, "imag": z.imag}, f"{voltage}/{current}", VOLT_PER_AMPERE)
        chosen.notes += notes
    else:
        _add(chosen, {"modulus": values[0] / values[len(taken)]}, f"{voltage}/{current}", VOLT_PER_AMPERE)
    if "phase" in taken:
        (first, of_voltage), (_, of_current) = parts[1], parts[3]
        largest = np.nanmax(np.abs([of_voltage, of_current]), initial=0.0)
        turn = _TURN if first.unit or largest > 2 * np.pi else 2 * np.pi
        angle = _wrap_angle(of_voltage - of_current, turn, current, chosen)
        _add(chosen, {"phase": angle}, f"{first.name} - {parts[3][0].name}", first.unit and "deg")
    chosen.notes.append("impedance as the voltage over the current")
    if not all(part.unit or _SPICE.match(part.name) or part.part == "phase" for part, _ in parts):
        chosen.notes.append(f"{ASSUMED} no unit given for voltage and current, taken as volt and ampere")


def _add(chosen: Chosen, values: dict[str, FloatArray], name: str, unit: str) -> None:
    for quantity, value in values.items():
        chosen.set_column(quantity, Column(name, quantity, 1.0, unit), value)


def _wrap_angle(angle: FloatArray, turn: float, current: str, chosen: Chosen) -> FloatArray:
    """Return an angle within half a turn, without the half turn of a source's own current."""
    within = (angle + turn / 2) % turn - turn / 2
    if is_of_source(current) and (np.abs(within) > turn / 4).all():
        chosen.notes.append(_note_turn(current))
        within = angle % turn - turn / 2
    return np.asarray(within, np.float64)


def orient_impedance(z: ComplexArray, name: str) -> tuple[ComplexArray, list[str]]:
    """Return Z, turned where the current is a source's own and every real part is negative, and a note.

    >>> orient_impedance(np.array([-1.0 + 2j]), "V(n001)/I(V1)")[0].real.tolist()
    [1.0]
    """
    if is_of_source(name) and (z.real < 0).all():
        return -z, [_note_turn(name)]
    return z, []


def is_of_source(name: str) -> bool:
    """Whether a trace is the current of a voltage source, or a voltage over it.

    >>> is_of_source("I(V1)"), is_of_source("V1.i"), is_of_source("V(a)/I(R1)")
    (True, True, False)
    """
    return _OF_SOURCE.search(_SPICE.sub(r"\1(\3)", name.replace(" ", ""))) is not None  # IR(V1): I(V1)


def _note_turn(name: str) -> str:
    return f"{ASSUMED} {name} turned by 180 degrees: SPICE counts a source's current into its plus pin"


def _find_meaning(name: str) -> tuple[str, _Part] | None:
    """Return whose part of a voltage or a current a name says, None where it says neither."""
    if spice := _SPICE.fullmatch(name.strip()):
        whose = "potential" if spice[1] in "vV" else "current"
        return whose, _Part(name, _SPICE_PARTS[spice[2].upper()], 1.0, "")
    for core, unit in split_units(_NODE.sub(r"\1", name)):
        concepts, label = count_concepts(_LETTER.sub(_spell_letter, core))
        if concepts is None or (label and not label.isdigit()):
            continue
        of = [whose for whose in _KINDS if concepts[whose]]
        named = [part for part in PARTS if concepts[part]] or ["modulus"] * (concepts["bar"] > 0)
        named = named or ["imag" if concepts["primes"] > 1 else "real"] * (concepts["primes"] > 0)
        given = parse_unit(unit)
        if len(of) == len(named) == 1 and _fits(of[0], named[0], unit_kind(unit)):
            return of[0], _Part(name, named[0], given.scale if given else 1.0, unit)
    return None


def _spell_letter(letter: re.Match[str]) -> str:
    return " voltage " if letter[1] else " current "


def _fits(whose: str, part: str, kind: str) -> bool:
    return kind in ("", "angle" if part == "phase" else _KINDS[whose])

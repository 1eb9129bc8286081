"""An impedance that a simulator names by the formula it was asked for: ``real(1/ec.Y11) (Ω)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.names.name_signs import split_sign
from eisfit.spectra.readers.names.not_measured_words import find_kind
from eisfit.spectra.readers.names.units import parse_unit
from eisfit.spectra.readers.names.words import can_make_impedance

_OF_FORMULA = regex(r"(re|real|im|imag|abs|arg)\((.*)\)\s*[(\[]([^()\[\]]+)[)\]]\s*")
_OPERATOR = regex(r"[./*]")  # a name alone may be anything
_QUANTITIES = {
    **{"re": "real", "real": "real", "im": "imag", "imag": "imag"},
    **{"abs": "modulus", "arg": "phase"},
}


def take_formula_parts(columns: Mapping[int, Column]) -> dict[int, Column]:
    """Return the columns, those of one formula's two parts in a unit of an impedance as its parts.

    >>> names = ["real(1/ec.Y11) (Ω)", "-imag(1/ec.Y11) (mΩ)"]
    >>> found = take_formula_parts({i: Column(name, "") for i, name in enumerate(names)})
    >>> [(column.quantity, column.scale) for column in found.values()]
    [('real', 1.0), ('imag', -0.001)]
    """
    if any(c.quantity in ("real", "imag", "modulus", "phase") for c in columns.values()):
        return dict(columns)
    found = {i: part for i, c in columns.items() if not c.quantity and (part := _read_part(c))}
    parts = [part.quantity for _, part in found.values()]
    one = len({formula for formula, _ in found.values()}) == 1 and len(set(parts)) == len(parts)
    if not one or not can_make_impedance(parts):
        return dict(columns)
    return {i: found[i][1] if i in found else c for i, c in columns.items()}


def _read_part(column: Column) -> tuple[str, Column] | None:
    """Return the formula and the part of it that a column's name says; None where it says none."""
    sign, text = split_sign(column.name.strip(" #%\"'"))
    match = _OF_FORMULA.fullmatch(text)
    unit = parse_unit(match[3] if match else "")
    if match is None or unit is None:
        return None
    formula, quantity = match[2].replace(" ", ""), _QUANTITIES[match[1]]
    if unit.kind != ("angle" if quantity == "phase" else "ohm") or find_kind(formula):
        return None
    known = replace(column, quantity=quantity, scale=sign * unit.scale, unit=match[3])
    return (formula, known) if _OPERATOR.search(formula) else None

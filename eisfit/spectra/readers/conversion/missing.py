"""Why a table has no impedance: what its columns are instead, or which one it lacks."""

from __future__ import annotations

import re

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.name_units import BRACKET
from eisfit.spectra.readers.names.units import parse_unit, unit_kind
from eisfit.spectra.readers.names.words import KIND, PARTS

#: What people measure beside impedance, and why it gives none.
_OTHERS = (
    (regex(r"(?<![^\W_])[kMG]?Pa(?![^\W_]|[\s_.·*/]+[sm])"), "a mechanical modulus, or a pressure"),
    (
        regex(r"^[γg]a?m?m?a?\W.*(?:[oO]hm|Ω)|(?<![^\W_])DRT(?![^\W_])|relaxation|^[hgGγ].{0,6}(?:tau|τ)"),
        "a distribution of relaxation times: export the impedance that it was computed from",
    ),
    (
        regex(r"permi+t+iv|^(?:eps|[εϵ]|er'|e'|e\")|dielectric", re.IGNORECASE),
        "a permittivity; area and thickness are taken from Novocontrol's text alone: export Z' and Z''",
    ),
    (
        regex(r"^M(?:od)?_?(?:'|\"|re|im)|electric\w* modulus", re.IGNORECASE),
        "an electric modulus needs the cell's vacuum capacitance: export Z' and Z''",
    ),
    (
        regex(r"(?<![^\W_])[fpnuµm]?[FH][ .*·/_]*c?m(?:\^?-?2|²|⁻²)"),
        "it is per area: multiply it with the area of the electrode, and write F",
    ),
    (
        regex(r"^\W*1\s*/\s*\(?C\w{0,4}\s*(?:\^|\*\*)?\s*[2²]|^\W*C\w{0,4}\s*(?:\^?\s*\(?-2|⁻²|\*\*\s*-2)"),
        "1/C², as in a Mott-Schottky plot; export the impedance that it was computed from",
    ),
    (regex(r"(?<![^\W_])dB"), "decibels of what? export ohm, or write '|Z| (dBohm)' if 0 dB is 1 ohm"),
    (
        regex(r"^-?(?:C[ps]?\*?(?:['\"]|_?(?:re|im)(?![^\W_])|_?(?:real|imag))|(?:Re|Im)\(C)"),
        "a complex capacitance; export Z' and Z''",
    ),
    (
        regex(r"^-?(?:sigma|rho|[σρ])|conductiv|resistiv", re.IGNORECASE),
        "a conductivity or a resistivity needs the sample's area and thickness: export Z' and Z''",
    ),
    (
        regex(r"^V[RIMP]\(|^(?:Re|Im|mag|ph\w*)\(V\(", re.IGNORECASE),
        "a voltage; print one, and the source's current beside it, or V/I",
    ),
    (
        regex(
            r"(?=.*(?:Z|[Rr]e|[Ii]m)).*(?:%|norm|a\.? ?u\.|\bp\.?u\b|\barb|\bcounts\b"
            r"|(?i:dimensionless|unitless)|\[-\])"
        ),
        "a part of something has lost its ohms",
    ),
    (regex(r"[\s(\[][x×*·] ?A(?:rea)?[)\]\s]*$"), "it is multiplied by an area: write the unit (Ohm cm2)"),
    (
        regex(r"(?<![^\W_])(?:Pa|N|kg)[\s_.·*/]+[sm](?![^\W_])|rayl|rho[\s_*·]*c(?![^\W_])", re.IGNORECASE),
        "an acoustic or a mechanical impedance",
    ),
    (
        regex(r"(?<![^\W_])S_?[1-9]{2}(?!\d)|reflection|gamma", re.IGNORECASE),
        "a scattering parameter: save it as Touchstone (.s1p), which says to which resistance it is",
    ),
)

_FEWEST = 5


#: ``10^-3 Z'``, ``1000*Z'``, ``Z' x 10^3``: what was done, or what is to do?
_POWER = r"10\s*(?:\^|\*\*)\s*\(?[-+]?\d+\)?|10[⁺⁻⁰¹²³⁴-⁹]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_FACTOR = regex(
    rf"^\W*({_POWER})\s*[*·×x ]\s*(?=[-|(]*[A-Za-z])|[*·×/]\s*({_POWER})\s*(?=$|[\s\[(])"
    rf"|\sx\s*({_POWER})(?![^\W_])"
)


#: ``Z'(S)``, ``Real (V)``; Re(H) is the real part of an H.
_UNIT_APART = regex(r"(?:(?<=[\s'\"])[(/]|\[)([^()\[\]/]+)[)\]]?\s*$")
_REACTIVE = regex(r"\W*(?:[CL][ps]?(?![^\W_])|(?i:capac|induct|kapaz|indukt))")


def _explain_column(name: str) -> str:
    """Return why a column that is not understood is no part of an impedance; empty where nothing tells."""
    match = _FACTOR.search(name)
    rest = f"{name[: match.start()]} {name[match.end() :]}".strip() if match else ""
    if match and KIND.get(parse_name(rest).quantity) == "ohm":
        factor = next(filter(None, match.groups()))
        return f"{factor!r} in {name!r} may be a factor: apply it, or take it out"
    told = [unit for match in BRACKET.finditer(name) if (unit := parse_unit(match[1].strip()))]
    if len({unit.scale for unit in told}) > len({unit.kind for unit in told}):
        return f"{name!r} tells two units: leave the wrong one out"
    reason = next((reason for pattern, reason in _OTHERS if pattern.search(name)), "")
    return f"{name!r} is no impedance: {reason}" if reason else _explain_unit(name)


def _explain_unit(name: str) -> str:
    """Return that a name of an impedance tells the unit of something else; empty where it does not."""
    match = _UNIT_APART.search(name)
    kind = unit_kind(match[1].strip()) if match else ""
    if match is None or kind in ("", "ohm"):
        return ""
    if KIND.get(parse_name(name[: match.start()]).quantity) != "ohm":
        return ""
    cure = "call admittances Y' and Y''" if kind == "siemens" else "mend the header"
    return f"{name!r} has a unit that no impedance has: {cure}"


def explain_missing_impedance(chosen: Chosen) -> str:
    """Return why the columns there are give no impedance, and what would."""
    has = ", ".join(repr(meaning.name) for meaning in chosen.columns.values())
    if "imag_size" in chosen:
        return f"{chosen.columns['imag_size'].name!r} holds absolute values: its sign is lost, add the phase"
    if reason := next(filter(None, map(_explain_column, chosen.unknown)), ""):
        return reason
    lacking = "imaginary" if "real" in chosen else "real" if "imag" in chosen else "real and imaginary"
    others = f"; not: {', '.join(map(repr, chosen.unknown[:6]))}" if any(chosen.unknown[:6]) else ""
    if "capacitance" in chosen:
        name = chosen.columns["capacitance"].name
        return f"{name!r} may be that of the series or of the parallel circuit: call it Cs or Cp"
    if "modulus" in chosen and {"dissipation", "quality"} & set(chosen.values):
        return "|Z| and a loss do not tell a capacitor from a coil: add the phase, or Cp, Cs, Lp or Ls"
    if any(map(_REACTIVE.match, chosen.unknown)):
        return f"a capacitance or an inductance needs its unit in the header: 'Cp (F)' (recognised: {has})"
    return (
        f"no column for the {lacking} part of the impedance (recognised: {has}{others}); "
        "headers such as 'frequency_Hz,Z_real_ohm,Z_imag_ohm' are understood"
    )


def refuse_copied_frequencies(file: File, chosen: Chosen) -> None:
    """Refuse a part that holds the frequencies again: a program wrote the wrong variable."""
    f = chosen["frequency"]
    parts = [q for q in PARTS if q in chosen] if np.count_nonzero(f) >= _FEWEST else []
    for name in (chosen.columns[q].name for q in parts if np.array_equal(np.abs(chosen[q]), f)):
        raise file.error(f"{name!r} holds the frequencies again: no impedance was saved there")
